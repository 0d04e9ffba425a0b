"""The parts below the broker: packets, the spool, problems as they travel, the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.query import errors
from server.query.errors import NotRepresentable, QueryProblem, ResultTooLarge, problem
from server.query.protocol import MAX_INLINE, Limits, decode, encode, pair, receive, send
from server.query.spool import Spool

PROJECT = Path(__file__).resolve().parents[2]

TRIES = """
import os, socket, subprocess, sys, threading
from server.query import sandbox
sandbox.die_with_parent(os.getppid())
sandbox.enter()
threading.Thread(target=lambda: print("thread")).start()
tries = {
    "socket": lambda: socket.socket(), "udp": lambda: socket.socket(type=socket.SOCK_DGRAM),
    "unix": lambda: socket.socket(socket.AF_UNIX), "netlink": lambda: socket.socket(16, socket.SOCK_RAW, 0),
    "pair": lambda: socket.socketpair(), "fork": os.fork, "program": lambda: subprocess.run(["true"]),
    "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}), "signal": lambda: os.kill(os.getppid(), 0),
}
for name, action in tries.items():
    try:
        action()
    except PermissionError:
        continue
    print("could", name)
"""


def test_a_message_keeps_head_body_and_file(tmp_path: Path) -> None:
    ours, theirs = pair()
    with ours, theirs, (tmp_path / "file").open("w+b") as stream:
        stream.write(b"spooled")
        stream.flush()
        send(ours, {"a": "é"}, b"\n\x00body", stream.fileno())
        send(ours, {})
        first, second = receive(theirs), receive(theirs)
        assert first is not None
        assert second is not None
        assert (first.head, first.body) == ({"a": "é"}, b"\n\x00body")
        assert first.file is not None
        assert os.pread(first.file, 100, 0) == b"spooled"
        os.close(first.file)
        assert (second.head, second.body, second.file) == ({}, b"", None)
        ours.close()
        assert receive(theirs) is None


def test_a_path_that_is_not_utf_8_travels_as_it_is() -> None:
    head = {"store": os.fsdecode(b"/srv/caf\xe9/store"), "release": 3}
    assert decode(encode(head) + b"body") == (head, b"body")


@pytest.mark.parametrize("packet", [b"x", b"[1]\nbody", b"\xff\n", b""])
def test_what_is_no_message_is_told(packet: bytes) -> None:
    with pytest.raises(ValueError):
        decode(packet)


def test_limits_travel_as_text() -> None:
    limits = Limits(seconds=1.5, workers=3)
    assert Limits.from_json(limits.as_json()) == limits
    assert Limits.from_json('{"seconds": 2, "later": 1}') == Limits(seconds=2)


@pytest.mark.parametrize("kind", sorted(errors.PROBLEMS.values(), key=lambda kind: kind.code))
def test_problems_travel_whole(kind: type[QueryProblem]) -> None:
    sent = kind("a sentence", line=2, column=3, limit=5, retry_after=7)
    received = problem(sent.as_message())
    assert type(received) is kind
    assert vars(received) == vars(sent)
    assert 400 <= kind.status < 600


def test_an_unknown_problem_is_a_crash() -> None:
    assert problem({"code": "from-the-future", "detail": "x"}).code == "query-crashed"


def test_every_problem_is_documented() -> None:
    text = (PROJECT / "docs" / "sparql-limits.md").read_text(encoding="utf-8")
    assert [code for code in errors.PROBLEMS if f"`{code}`" not in text] == []


def test_a_small_answer_stays_in_memory(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10**6)
    assert spool.write(b"abc") == 3
    spool.write(b"def")
    assert spool.finish() == (b"abcdef", None)


def test_a_large_answer_goes_to_a_file_without_a_name(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10**7)
    pieces = [bytes([number % 251]) * 50_000 for number in range(40)]
    for piece in pieces:
        spool.write(piece)
    body, file = spool.finish()
    assert body == b""
    assert file is not None
    assert os.pread(file, 10**7, 0) == b"".join(pieces)
    assert spool.size == 2_000_000 > MAX_INLINE
    assert list(tmp_path.iterdir()) == []
    os.close(file)


def test_the_cap_is_exact(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10)
    spool.write(b"x" * 10)
    with pytest.raises(ResultTooLarge):
        spool.write(b"x")
    spool.discard()


@pytest.mark.parametrize("bad", [b"\x00", b"\x0b", b"\x1f", b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"<oxprefix: "])
def test_forbidden_xml_is_found_across_pieces(tmp_path: Path, bad: bytes) -> None:
    for cut in range(len(bad) + 1):
        spool = Spool(tmp_path, 1000, xml=True)
        with pytest.raises(NotRepresentable):
            for piece in (b"<a>", b"x" + bad[:cut], bad[cut:] + b"y"):
                spool.write(piece)
    plain = Spool(tmp_path, 1000)
    plain.write(bad)
    assert plain.finish() == (bad, None)


def test_a_process_in_the_sandbox_can_do_nothing_to_others() -> None:
    done = subprocess.run([sys.executable, "-c", TRIES], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("thread\n", "", 0)


def test_the_self_test_notices_a_sandbox_that_is_none() -> None:
    code = "from server.query import sandbox; sandbox.prove()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "could open a socket" in done.stderr
