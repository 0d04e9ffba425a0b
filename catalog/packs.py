"""Packs: append-only files that hold the public documents, each found by its place and checked by its hash.

Readers need no lock and no write access, and a document once written stays where it is while any release
refers to it. What no kept release refers to is overwritten with zeros.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from catalog.errors import Damaged

SUFFIX = ".pack"
REBUILD = "run 'xafscat rebuild'"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands: the pack's number, byte offset and (compressed) length, and its SHA-256."""

    pack: int
    offset: int
    length: int
    sha256: bytes


class PackReader:
    """The packs of a folder, open for reading; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[int, int] = {}

    def get(self, place: Place) -> bytes:
        """The document at ``place``. Raises Damaged when it is not there whole."""
        try:
            stored = os.pread(self._descriptor(place.pack), place.length, place.offset)
            content = zlib.decompress(stored)
        except (OSError, zlib.error) as error:
            raise Damaged(
                f"a document cannot be read ({error}); {REBUILD}", where=self._where(place)
            ) from error
        if hashlib.sha256(content).digest() != place.sha256:
            raise Damaged(f"a document does not match its hash; {REBUILD}", where=self._where(place))
        return content

    def close(self) -> None:
        """Close the files."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _descriptor(self, number: int) -> int:
        if number not in self._open:
            fresh = os.open(pack_path(self._folder, number), os.O_RDONLY | os.O_CLOEXEC)
            if self._open.setdefault(number, fresh) != fresh:
                os.close(fresh)  # another thread was faster
        return self._open[number]

    def _where(self, place: Place) -> str:
        return f"{pack_path(self._folder, place.pack)} at byte {place.offset}"


class PackWriter:
    """Appends to one pack; a new one is made when ``end`` is 0.

    ``end`` is where the last release's documents end; what an interrupted publication left after it is cut.
    """

    def __init__(self, folder: Path, number: int, end: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.number, self.end, self._folder = number, end, folder
        path = pack_path(folder, number)
        if end and (not path.exists() or path.stat().st_size < end):
            raise Damaged(f"the pack is shorter than its {end:,} bytes; {REBUILD}", where=str(path))
        self._stream = path.open("r+b" if end else "wb")
        self._stream.truncate(end)
        self._stream.seek(end)

    def put(self, content: bytes) -> Place:
        """Append a document; it is durable after ``sync``."""
        stored = zlib.compress(content, 6)
        place = Place(self.number, self.end, len(stored), hashlib.sha256(content).digest())
        self._stream.write(stored)
        self.end += len(stored)
        return place

    def sync(self) -> None:
        """Bring everything appended to the disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def pack_path(folder: Path, number: int) -> Path:
    """The file of a pack."""
    return folder / f"{number}{SUFFIX}"


def blank(folder: Path, pack: int, offset: int, length: int) -> None:
    """Overwrite a document that no release refers to any more."""
    path = pack_path(folder, pack)
    if path.exists():
        with path.open("r+b") as stream:
            stream.seek(offset)
            stream.write(bytes(length))


def pack_numbers(folder: Path) -> list[int]:
    """The numbers of the packs in ``folder``."""
    return sorted(int(path.stem) for path in folder.glob(f"*{SUFFIX}") if path.stem.isdigit())
