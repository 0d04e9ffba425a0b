"""Two servers of one release, ours and ``oxigraph serve-read-only``, and clients that load either in the same way.

The clients of one load share at most two processes, each of which waits for all its connections at once: a process for
every client would spend more of the machine on clients than on what is measured.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

JSON = "application/sparql-results+json"
TRIPLES = "application/n-triples"
# The clients of a load have one address; quotas are measured elsewhere.
UNLIMITED = {f"XAFSCAT_CLIENT_{name}": "0" for name in ("QUERIES", "SECONDS", "ERRORS")}
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_PROCESSES = 2


class Server(NamedTuple):
    """Where an endpoint listens."""

    port: int
    path: str


class Load(NamedTuple):
    """What clients saw: answers a second of all of them; seconds of one, the median and the 99th of a hundred;
    how many were refused with 503 because too many waited."""

    rate: float
    p50: float
    p99: float
    refused: int


def program() -> str | None:
    """The ``oxigraph`` program (``pip install oxigraph`` has one), if there is one."""
    return shutil.which("oxigraph") or shutil.which("oxigraph", path=str(Path(sys.executable).parent))


def request(server: Server, query: str, accept: str = JSON) -> bytes:
    """The GET of a query over a connection that stays."""
    target = f"{server.path}?{urlencode({'query': query})}"
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAccept: {accept}\r\n\r\n".encode()


def ask(server: Server, query: str, accept: str = JSON) -> bytes:
    """The body of the 200 answer to a query, over a connection of its own."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        return fetch(connection, request(server, query, accept))


def fetch(connection: socket.socket, asked: bytes) -> bytes:
    """The body of a 200 answer, of stated length or in chunks."""
    connection.sendall(asked)
    reading = _Reading()
    while not reading.take(connection):
        pass
    assert not reading.refused, reading.body()
    return reading.body()


class _Reading:
    """An answer that arrives in pieces."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Expect the next answer."""
        self.begun = time.perf_counter()
        self._received = bytearray()
        self._head = self._end = 0
        self.refused = False

    def take(self, connection: socket.socket) -> bool:
        """Read what has arrived; whether the answer is whole."""
        piece = connection.recv(1 << 18)
        assert piece, "the server hung up"
        received = self._received
        received += piece
        if not self._head:
            found = received.find(b"\r\n\r\n")
            if found < 0:
                return False
            self._head = found + 4
            self.refused = received.startswith(b"HTTP/1.1 503")
            assert self.refused or received.startswith(b"HTTP/1.1 200"), bytes(received[:2000])
            length = _LENGTH.search(received, 0, self._head)
            self._end = self._head + int(length[1]) if length else 0
        return len(received) >= self._end if self._end else received.endswith(_LAST_CHUNK)

    def body(self) -> bytes:
        """What was answered, out of its chunks."""
        body = bytes(self._received[self._head :])
        if self._end:
            return body
        pieces, at = [], 0
        while size := int(body[at : (line := body.index(b"\r\n", at))], 16):
            pieces.append(body[line + 2 : line + 2 + size])
            at = line + 4 + size
        return b"".join(pieces)


def load(server: Server, query: str, accept: str, clients: int, seconds: float, *, repeated: bool) -> Load:
    """What ``clients`` see that ask again at once: the same query, or one that nobody has asked before."""
    context = multiprocessing.get_context("spawn")
    shares = [clients // _PROCESSES + (n < clients % _PROCESSES) for n in range(min(clients, _PROCESSES))]
    pipes = [context.Pipe() for _ in shares]
    processes = [
        context.Process(target=_drive, args=(server, query, accept, share, seconds, repeated, pipe[1]))
        for share, pipe in zip(shares, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    for pipe, _ in pipes:
        pipe.recv()  # all are connected before any of them begins
    for pipe, _ in pipes:
        pipe.send(None)
    seen = [pipe.recv() for pipe, _ in pipes]
    for process in processes:
        process.join()
    times = sorted(took for each, _, _ in seen for took in each)
    rate = sum(len(each) / lasted for each, _, lasted in seen)
    refused = sum(number for _, number, _ in seen)
    return Load(rate, times[len(times) // 2], times[len(times) * 99 // 100], refused)


def _drive(
    server: Server, query: str, accept: str, clients: int, seconds: float, repeated: bool, pipe: Connection
) -> None:
    numbers = count()

    def asked() -> bytes:
        # A comment makes it another query to every cache, and the same one to the engine.
        word = "" if repeated else f" #{os.getpid()}.{time.time_ns()}.{next(numbers)}"
        return request(server, query + word, accept)

    connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(clients)]
    with selectors.DefaultSelector() as waiting:
        for connection in connections:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            fetch(connection, asked())
        pipe.send("ready")
        pipe.recv()
        begun, times, refused = time.perf_counter(), [], 0
        for connection in connections:
            waiting.register(connection, selectors.EVENT_READ, _Reading())
            connection.sendall(asked())
        # Where answers take longer than the time there is, each client gets one all the same.
        while time.perf_counter() - begun < seconds or len(times) + refused < clients:
            for key, _ in waiting.select(seconds):
                connection = key.fileobj  # type: ignore[assignment]
                if key.data.take(connection):
                    if key.data.refused:
                        refused += 1
                    else:
                        times.append(time.perf_counter() - key.data.begun)
                    key.data.begin()
                    connection.sendall(asked())
    pipe.send((times, refused, time.perf_counter() - begun))
    for connection in connections:
        connection.close()


@contextmanager
def ours(home: Path, environment: dict[str, str] = UNLIMITED) -> Iterator[Server]:
    """Our server of a catalog, without quotas unless told."""
    command = [sys.executable, "-c", "from catalog.cli import main; main(prog_name='xafscat')"]
    command += ["--home", str(home), "serve", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield Server(int(line.rstrip("/\n").rpartition(":")[2]), "/sparql")
        finally:
            process.terminate()


@contextmanager
def oxigraph(store: Path) -> Iterator[Server]:
    """``oxigraph serve-read-only`` of a release's store."""
    found = program()
    assert found, "pip install oxigraph"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [found, "serve-read-only", "--location", str(store), "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(500):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.02)
            yield Server(port, "/query")
        finally:
            process.terminate()
