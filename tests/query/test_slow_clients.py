"""Clients that send or take their bytes slowly, or stop in the middle: nobody waits for them, and they are let go."""

from __future__ import annotations

import http.client
import json
import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from server.connections import Warden
from server.public.patience import Slots
from tests.query.test_commands import Served, served

SLOW, GOOD = "127.0.0.2", "127.0.0.3"
KIND = "Content-Type: application/sparql-query"
HALF = f"POST /sparql HTTP/1.1\r\nHost: x\r\n{KIND}\r\nContent-Length: 100\r\n\r\nASK {{ ?s".encode()
LARGE = f"GET /sparql?format=json&query={quote('SELECT * { ?s ?p ?o }')} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@pytest.fixture(scope="module")
def server(demo_home: Path) -> Iterator[Served]:
    """The example catalog with its ordinary quotas, and little patience."""
    with served(
        demo_home, "serve", "--port", "0", XAFSCAT_QUERY_TIMEOUT_S="2", XAFSCAT_SLOW_CLIENT_S="0.5"
    ) as running:
        yield running


def connected(server: Served, source: str, sent: bytes, *, taking: int = 0) -> socket.socket:
    """A connection from that address over which something was sent; ``taking`` bytes fit in its window."""
    connection = socket.socket()
    connection.bind((source, 0))
    if taking:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, taking)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(sent)
    return connection


def status_of(connection: socket.socket) -> int:
    """The status that was answered; 0 when the connection was closed without a word."""
    with suppress(OSError):
        head = connection.recv(12)
        return int(head[9:12] or 0)
    return 0


def asked(server: Served, method: str, query: str) -> tuple[int, bytes, float]:
    """What the good client is answered, and after how many seconds."""
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30, source_address=(GOOD, 0))
    with closing(connection):
        if method == "GET":
            connection.request("GET", f"/sparql?format=json&query={quote(query)}")
        else:
            connection.request("POST", "/sparql", query, {"Content-Type": "application/sparql-query"})
        response = connection.getresponse()
        return response.status, response.read(), time.monotonic() - begun


def well(server: Served) -> None:
    """The good client is answered, in each way, and soon."""
    for method in ("GET", "POST"):
        status, body, seconds = asked(server, method, f"ASK {{}} # {time.monotonic()}")
        assert (status, json.loads(body)["boolean"]) == (200, True)
        assert seconds < 2


def test_slow_clients_hold_up_nobody_and_are_let_go(server: Served) -> None:
    _, whole, _ = asked(server, "GET", "SELECT * { ?s ?p ?o }")
    assert len(whole) > 5_000_000
    with ExitStack() as stack:
        uploads = [stack.enter_context(connected(server, SLOW, HALF)) for _ in range(60)]
        # As many as one client may have are waited for, the others are told at once.
        deadline, refused = time.monotonic() + 10, 0
        while refused < 44 and time.monotonic() < deadline:
            refused = len(select.select(uploads, [], [], 0.05)[0])
        assert [status_of(one) for one in select.select(uploads, [], [], 0)[0]] == [429] * 44
        well(server)
        readers, begun = [], []
        for _ in range(24):
            readers.append(stack.enter_context(connected(server, SLOW, LARGE, taking=4096)))
            begun.append(status_of(readers[-1]))
        # A machine with much else to do lets the first go before the last come, which makes room.
        assert set(begun) <= {200, 429}
        assert begun[:16] == [200] * 16
        well(server)
        assert asked(server, "GET", "SELECT * { ?s ?p ?o }")[1] == whole
        # One byte a second is as good as none.
        slowest = readers[begun.index(200)]
        deadline = time.monotonic() + 40
        for sent in (HALF.replace(b"100", b"6").replace(b" ?s", b"}"), LARGE):
            while True:
                with connected(server, SLOW, sent) as again:
                    if (status := status_of(again)) == 200:
                        break
                assert (status, time.monotonic() < deadline) == (429, True)
                time.sleep(1)
                with suppress(OSError):
                    slowest.recv(1)
        left = 0
        with suppress(OSError):
            slowest.settimeout(5)
            while piece := slowest.recv(1_000_000):
                left += len(piece)
        # Content-Length tells its client that this is not the whole answer.
        assert left < len(whole) / 2
        well(server)


CUT = {
    "half a body, then silence from this side": (HALF, "end"),
    "half a body, then gone": (HALF, "close"),
    "half a body, then reset": (HALF, "reset"),
    "half a head": (HALF[:40], "end"),
    "half a head, then reset": (HALF[:40], "reset"),
    "half a chunk": (HALF.replace(b"Content-Length: 100", b"Transfer-Encoding: chunked") + b"\r\n", "end"),
}


@pytest.mark.parametrize(("sent", "how"), CUT.values(), ids=CUT)
def test_what_is_cut_is_no_query(server: Served, sent: bytes, how: str) -> None:
    connection = connected(server, GOOD, sent)
    if how == "end":
        connection.shutdown(socket.SHUT_WR)
        assert status_of(connection) in {0, 400, 411}
    elif how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    well(server)


LENGTHS = {
    "too short": ("Content-Length: 9", b"ASK { ?s ?p ?o }", {400}),
    "none": ("X-Nothing: 1", b"ASK {}", {400, 411, 415}),
    "negative": ("Content-Length: -6", b"ASK {}", {400}),
    "no number": ("Content-Length: six", b"ASK {}", {400}),
    "two": ("Content-Length: 6\r\nContent-Length: 3", b"ASK {}", {400}),
    "beyond any": ("Content-Length: 99999999999999999999", b"ASK {}", {400, 413}),
    "large": ("Content-Length: 2000000000", b"ASK {}", {413}),
    "chunked as well": (
        "Content-Length: 6\r\nTransfer-Encoding: chunked",
        b"6\r\nASK {}\r\n0\r\n\r\n",
        {400, 411},
    ),
}


@pytest.mark.parametrize(("length", "body", "statuses"), LENGTHS.values(), ids=LENGTHS)
def test_a_length_that_is_wrong_is_an_error(
    server: Served, length: str, body: bytes, statuses: set[int]
) -> None:
    head = f"POST /sparql HTTP/1.1\r\nHost: x\r\n{KIND}\r\n{length}\r\n\r\n".encode()
    with connected(server, GOOD, head + body) as connection:
        assert status_of(connection) in statuses
    well(server)


def pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        one = socket.create_connection(listening.getsockname())
        return one, listening.accept()[0]


def test_the_warden_ends_what_hardly_moves() -> None:
    warden = Warden(60)
    (idle, idle_end), (busy, busy_end), (trickling, trickling_end) = pair(), pair(), pair()
    with idle, idle_end, busy, busy_end, trickling, trickling_end:
        assert warden.look(0) == 0
        for second in (20, 40, 59):
            busy.sendall(b"x" * 1000)
            assert len(busy_end.recv(1000, socket.MSG_WAITALL)) == 1000
            trickling.sendall(b"x" * 100)
            assert len(trickling_end.recv(100, socket.MSG_WAITALL)) == 100
            assert warden.look(second) == 0
        # Both ends of each are this process's own.
        assert warden.look(61) == 4
        assert idle_end.recv(1) == trickling_end.recv(1) == b""
        busy.sendall(b"x")
        assert busy_end.recv(1) == b"x"


def test_slots_are_counted_by_client() -> None:
    slots = Slots(3, 2)
    assert [slots.take(client) for client in "aaabb"] == ["", "", "client-limit", "", "busy"]
    slots.free("a")
    assert [slots.take(client) for client in "bc"] == ["", "busy"]
    unlimited = Slots(3, 0)
    assert [unlimited.take("a") for _ in range(4)] == ["", "", "", "busy"]
