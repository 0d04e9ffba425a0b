"""Takes an answer as it is made: small ones stay in memory, large ones go to a file that has no name."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from server.query.errors import NotRepresentable, ResultTooLarge
from server.query.protocol import MAX_INLINE

_CHUNK = 256 * 1024
# XML 1.0 has no way to write these characters, nor the engine a name for a property that ends like the last.
_NO_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|<oxprefix: ")
_OVERLAP = 16


class Spool:
    """A binary writer for the engine's serialisers.

    Raises ResultTooLarge beyond ``limit`` bytes and, for ``xml``, NotRepresentable where the document would not be
    well-formed. Carriage returns, which an XML parser would turn into line feeds, become character references.
    """

    def __init__(self, folder: Path, limit: int, *, xml: bool = False) -> None:
        self._folder = folder
        self._limit = limit
        self._xml = xml
        self._parts: list[bytes] = []
        self._pending = 0
        self._tail = b""
        self._file: int | None = None
        self.size = 0

    def write(self, data: bytes) -> int:
        """Take the next piece; the number of bytes taken is all of them."""
        piece = self._checked(bytes(data)) if self._xml else bytes(data)
        self.size += len(piece)
        if self.size > self._limit:
            raise ResultTooLarge(
                f"the answer has more than {self._limit:,} bytes; ask for less, or in parts with LIMIT and OFFSET",
                limit=self._limit,
            )
        self._parts.append(piece)
        self._pending += len(piece)
        if self._pending >= _CHUNK:
            self._spill()
        return len(data)

    def flush(self) -> None:
        """Nothing: the engine calls it, ``finish`` does the work."""

    def finish(self) -> tuple[bytes, int | None]:
        """The whole answer as bytes, or as an open file that now belongs to the caller (and no bytes)."""
        if self._file is None and self.size <= MAX_INLINE:
            return b"".join(self._parts), None
        self._spill()
        file, self._file = self._file, None
        return b"", file

    def discard(self) -> None:
        """Forget everything taken so far."""
        self._parts.clear()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _checked(self, piece: bytes) -> bytes:
        # A forbidden sequence may begin in one piece and end in the next.
        found = _NO_XML.search(self._tail + piece)
        if found:
            what = "a property has no XML name" if len(found[0]) > 3 else f"there is {found[0]!r} in it"
            raise NotRepresentable(f"the answer cannot be written as XML ({what}); ask for another format")
        self._tail = (self._tail + piece)[-_OVERLAP:]
        return piece.replace(b"\r", b"&#13;")

    def _spill(self) -> None:
        if self._file is None:
            self._file = _nameless(self._folder)
        left = memoryview(b"".join(self._parts))
        self._parts.clear()
        self._pending = 0
        while left:
            left = left[os.write(self._file, left) :]


def _nameless(folder: Path) -> int:
    with suppress(OSError, AttributeError):
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    # Not every file system has files without a name.
    file, name = tempfile.mkstemp(dir=folder)
    Path(name).unlink()
    return file
