"""How the processes of a query talk: one packet a message, a JSON line and a body, large bodies as open files.

Unix sockets of type SOCK_SEQPACKET keep messages apart, so a message is whole or absent; nothing is ever parsed
from a stream that was cut.
"""

from __future__ import annotations

import array
import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import orjson

# Below the size from which C libraries fetch every receive buffer from the kernel and give it back.
MAX_PACKET = 96 * 1024
# A query or result up to this size travels inside the packet, a larger one as a file.
MAX_INLINE = 64 * 1024
_FD_BYTES = array.array("i").itemsize
_ANCILLARY = socket.CMSG_SPACE(_FD_BYTES)
# What a worker gets is a line of its broker's (which store) before the client's own message; this one is the broker's.
OPEN = b'{"op":"open"}\n'
_CUT = int(socket.MSG_TRUNC | socket.MSG_CTRUNC)
_MAX_SOCKET_PATH = 107


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may use, and how many run and wait at a time. Sizes in bytes, times in seconds.

    ``seconds`` is wall clock from the start of evaluation; ``memory_bytes`` what a query may add to the memory of
    an idle worker; ``queue_seconds`` how long a query may wait for a worker before it is turned away. The last four
    are what one client may use: queries at once and beside them waiting, seconds and errors within a minute; 0 queries,
    seconds or errors are no limit.
    """

    seconds: float = 20.0
    memory_bytes: int = 2**30
    result_bytes: int = 50_000_000
    query_bytes: int = 16_000
    workers: int = 3
    queue: int = 64
    queue_seconds: float = 10.0
    client_queries: int = 2
    client_waiting: int = 14
    client_seconds: float = 60.0
    client_errors: int = 30

    def as_json(self) -> str:
        """The limits as one argument of a command line; ``from_json`` reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Limits:
        """The limits that ``as_json`` wrote."""
        known = {item.name for item in fields(cls)}
        return cls(**{key: value for key, value in json.loads(text).items() if key in known})


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a JSON object, the bytes after it, and an open file that now belongs to the receiver (or None)."""

    head: dict[str, Any]
    body: bytes = b""
    file: int | None = None


def send(channel: socket.socket, head: dict[str, Any], body: bytes = b"", file: int | None = None) -> None:
    """Send one message; ``file`` stays open on this side. Raises OSError when the other side is gone."""
    send_raw(channel, encode(head) + body, file)


def send_raw(channel: socket.socket, packet: bytes, file: int | None = None) -> None:
    """Send one message that is encoded already."""
    if file is None:
        channel.send(packet)
    else:
        channel.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))])


def receive_raw(channel: socket.socket) -> tuple[bytes, int | None]:
    """The next message as it came, empty when the other side is gone; the caller owns the file."""
    packet, ancillary, flags, _ = channel.recvmsg(MAX_PACKET, _ANCILLARY)
    if not ancillary and not flags & _CUT:
        return packet, None
    files = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            files.frombytes(data[: len(data) - len(data) % _FD_BYTES])
    for surplus in files[1:]:
        os.close(surplus)
    file = files[0] if files else None
    if flags & _CUT:
        if file is not None:
            os.close(file)
        raise OSError("a message was cut")
    return packet, file


def receive(channel: socket.socket) -> Message | None:
    """The next message, None when the other side is gone. Raises OSError or ValueError for what is no message."""
    packet, file = receive_raw(channel)
    if not packet:
        return None
    try:
        head, body = decode(packet)
    except ValueError:
        if file is not None:
            os.close(file)
        raise
    return Message(head, body, file)


def encode(head: dict[str, Any]) -> bytes:
    """The JSON line a message begins with."""
    try:
        return orjson.dumps(head, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # half of a surrogate pair: the path of a store need not be UTF-8
        return json.dumps(head).encode() + b"\n"


def decode(packet: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON object of a message and the bytes after it. Raises ValueError."""
    line, _, body = packet.partition(b"\n")
    try:
        head = orjson.loads(line)
    except ValueError:
        head = json.loads(line)
    if not isinstance(head, dict):
        raise ValueError("a message begins with a JSON object")  # noqa: TRY004 - like any other malformed message
    return head, body


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected channels, for a process and its child."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def connect(path: Path, timeout: float | None = None) -> socket.socket:
    """A channel to the broker that listens at ``path``. Raises OSError."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        channel.settimeout(timeout)
        _with_short_path(path, channel.connect)
    except BaseException:
        channel.close()
        raise
    return channel


def listen(path: Path) -> socket.socket:
    """A listening channel at ``path``, for this user only. Raises OSError, when another broker has it as well."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path)
        mask = os.umask(0o177)
        try:
            _with_short_path(path, channel.bind)
        finally:
            os.umask(mask)
        channel.listen(1024)
    except BaseException:
        channel.close()
        raise
    return channel


def _remove_stale(path: Path) -> None:
    if not path.exists():
        return
    try:
        connect(path, 1.0).close()
    except ConnectionRefusedError:
        with suppress(FileNotFoundError):
            path.unlink()
    else:
        raise OSError(f"another query broker listens at {path}")


def _with_short_path(path: Path, action: Any) -> None:
    # A socket address holds 107 bytes; a longer path is reached through its open folder.
    if len(os.fsencode(path)) <= _MAX_SOCKET_PATH:
        action(str(path))
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        action(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
