"""Answers that were given before, kept to be given again: a release never changes, so they cannot grow old.

The key of an answer names its release; when the next one is published, the answers of the one before are no longer
asked for and make room.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import IO

# An answer larger than this part of the whole would drive out too many others.
_LARGEST_SHARE = 8
# What the bookkeeping of an entry takes besides its texts.
_OVERHEAD = 600
# So many answers at most are kept in files, of which a process may not have any number open.
_MOST_FILES = 64
_CHUNK = 256 * 1024


class Large:
    """The body of a large answer, in an open file that is now its own; it is closed when nobody reads or keeps it.

    Any number of threads may read it at the same time.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._number = file.fileno()
        self._size = size
        weakref.finalize(self, file.close)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        at = 0
        while at < self._size:
            piece = os.pread(self._number, min(_CHUNK, self._size - at), at)
            if not piece:
                raise OSError("a spooled answer was cut")
            yield piece
            at += len(piece)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer: its headers, but for those that every answer has, and its body as it is sent."""

    headers: tuple[tuple[str, str], ...]
    body: bytes | Large


class ResponseCache:
    """The most recently used answers, at most ``max_bytes`` of them; safe to share between threads.

    ``key`` stands for what is asked, ``request`` for one way of asking it that has been worked out already.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._entries: OrderedDict[Hashable, tuple[Kept | Hashable, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Kept | None:
        """The answer of a key, if it is kept."""
        found = self._touched(key)
        return found if isinstance(found, Kept) else None

    def recall(self, request: Hashable) -> Kept | None:
        """The answer that ``learn`` connected with a request, if both are kept."""
        key = self._touched(request)
        return None if key is None else self.get(key)

    def put(self, key: Hashable, kept: Kept) -> None:
        """Keep an answer, unless it is large beside the whole."""
        size = len(kept.body) + sum(len(name) + len(value) for name, value in kept.headers)
        if isinstance(kept.body, Large):
            size = max(size, self._max // _MOST_FILES)
        if size <= self._max // _LARGEST_SHARE:
            self._put(key, kept, size)

    def learn(self, request: Hashable, key: Hashable, length: int) -> None:
        """Remember what a request asks for; ``length`` is that of its texts."""
        self._put(request, key, length)

    def _touched(self, key: Hashable) -> Kept | Hashable | None:
        # Without the lock for the look itself: a dict is whole at any time, and the order is only a matter of use.
        found = self._entries.get(key)
        if found is None:
            return None
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
        return found[0]

    def _put(self, key: Hashable, value: Kept | Hashable, size: int) -> None:
        size += _OVERHEAD
        if size > self._max:
            return
        with self._lock:
            before = self._entries.pop(key, None)
            self.size += size - (before[1] if before else 0)
            self._entries[key] = (value, size)
            while self.size > self._max:
                _, (_, freed) = self._entries.popitem(last=False)
                self.size -= freed
