"""Ends connections over which next to nothing moves, so that nobody holds a thread or a file by being slow.

The web server waits for a slow client as long as it likes, whether it sends its request or takes its answer. The kernel
counts the bytes that were acknowledged in both directions; who moves too few of them is hung up on.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# Slower than this is no connection that a person could use.
BYTES_PER_SECOND = 10
_LOOKS = 6
# ``tcpi_bytes_acked`` and ``tcpi_bytes_received`` of the kernel's ``struct tcp_info`` (Linux 4.1 and later).
_COUNTS = struct.Struct("=QQ")
_COUNTS_OFFSET = 120


class Warden(threading.Thread):
    """Looks at the TCP connections of this process until it ends; ``seconds`` is how long one may be slow.

    A connection that waits for its answer is slow as well: ``seconds`` has to be longer than an answer may take.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(name="connections", daemon=True)
        self._seconds = seconds
        self._stop_asked = threading.Event()
        # By inode: the bytes moved, and when that was.
        self._seen: dict[int, tuple[int, float]] = {}

    def run(self) -> None:
        """Look again and again."""
        while not self._stop_asked.wait(self._seconds / _LOOKS):
            self.look(time.monotonic())

    def stop(self) -> None:
        """Have ``run`` return."""
        self._stop_asked.set()

    def look(self, now: float) -> int:
        """Hang up on whoever has been slow for too long at ``now`` (seconds); how many they were."""
        seen: dict[int, tuple[int, float]] = {}
        ended = 0
        for inode, connection in _connections():
            with connection:
                moved = _moved(connection)
                if moved is None:
                    continue
                before, since = self._seen.get(inode, (moved, now))
                if moved - before >= BYTES_PER_SECOND * self._seconds:
                    before, since = moved, now
                if now - since < self._seconds:
                    seen[inode] = before, since
                    continue
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                ended += 1
        self._seen = seen
        return ended


def _connections() -> Iterator[tuple[int, socket.socket]]:
    """A second handle of each connected TCP socket of this process, with its inode, to be closed."""
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if not str(entry.readlink()).startswith("socket:"):
                continue
            number = os.dup(int(entry.name))
        except OSError:  # closed meanwhile
            continue
        connection = socket.socket(fileno=number)
        try:
            if connection.family not in {socket.AF_INET, socket.AF_INET6}:
                raise OSError
            connection.getpeername()
            inode = os.fstat(number).st_ino
        except OSError:  # no connection: one that listens, or has ended
            connection.close()
            continue
        yield inode, connection


def _moved(connection: socket.socket) -> int | None:
    """The bytes that the other side has taken and sent so far; None where the kernel does not tell."""
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    except OSError:
        return None
    if len(told) < _COUNTS_OFFSET + _COUNTS.size:
        return None
    acknowledged, received = _COUNTS.unpack_from(told, _COUNTS_OFFSET)
    return int(acknowledged + received)
