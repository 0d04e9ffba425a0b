"""Data files, stored once each under the SHA-256 of their content: ``files/<2 hex>/<sha256>``.

A file is on disk under its final name, whole and durable, before ``put`` returns; only then may the registry
name it. The folder is private; the files themselves never change, and releases serve hard links of them.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from catalog.errors import Conflict, Damaged, NotFound, UnreadableInput, reason_of, refused_by_system
from catalog.wording import Sentence

CHUNK = 1 << 20
# Readable by the public process through a hard link; the folder keeps others away from what is not public.
FILE_MODE = 0o444
FOLDER_MODE = 0o700
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored content: its SHA-256 in lower-case hex and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep removed: files half written by ended processes, files nobody refers to; bytes freed."""

    debris: int
    unreferenced: int
    freed_bytes: int


class FileStore:
    """The files below ``root``. Any number of processes may put files and sweep at the same time."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._incoming = self.root / "incoming"
        self._ready = False

    def put(self, source: Path | BinaryIO, *, limit: int, expected: str | None = None) -> Blob:
        """Store a file of at most ``limit`` bytes and return its hash and size, once it is durable.

        A content that is there already is not stored again, unless its copy on disk has rotted.
        ``expected`` is the SHA-256 that was read before: Conflict when the content has changed since. Raises
        UnreadableInput for what is too large, unreadable or no regular file, StorageFull when the disk is full
        and NoAccess when this folder cannot be written to; then nothing is left behind.
        """
        if not isinstance(source, Path):
            return self._store(source, limit, expected, str(getattr(source, "name", "")))
        try:
            # Not blocking: a named pipe would be waited for until somebody writes to it.
            descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise UnreadableInput(
                Sentence("the file cannot be read: {reason}", reason=reason_of(error)), where=str(source)
            ) from error
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise UnreadableInput(Sentence("this is no regular file"), where=str(source))
            if found.st_size > limit:
                raise _too_large(limit, str(source))
            with open(descriptor, "rb", buffering=0, closefd=False) as stream:
                return self._store(stream, limit, expected, str(source))
        finally:
            os.close(descriptor)

    def put_bytes(self, content: bytes) -> Blob:
        """Store ``content``; like put."""
        return self._store(io.BytesIO(content), len(content), None, "")

    def path(self, sha256: str) -> Path:
        """Where the content with this hash is or would be. Raises NotFound for what is no SHA-256."""
        if not _SHA256.fullmatch(sha256):
            raise NotFound("not a SHA-256 in lower-case hex", where=sha256[:80])
        return self.root / sha256[:2] / sha256

    def open(self, sha256: str) -> BinaryIO:
        """The content as a binary stream. Raises NotFound."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError as error:
            raise NotFound("no stored file has this hash", where=sha256) from error

    def verify(self, sha256: str) -> Blob:
        """Read the content again and compare its hash. Raises NotFound or Damaged."""
        with self.open(sha256) as stream:
            digest, size = hashlib.sha256(), 0
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
        if digest.hexdigest() != sha256:
            raise Damaged(
                "the file's content has changed; restore it from a backup", where=str(self.path(sha256))
            )
        return Blob(sha256, size)

    def stored(self) -> Iterator[str]:
        """The hashes of all stored files, in order."""
        for shard in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(entry.name for entry in os.scandir(shard) if _SHA256.fullmatch(entry.name))

    def sweep(self, referenced: Callable[[str], bool], older_than: datetime) -> Swept:
        """Remove what ended processes left half-written, and files that nobody refers to and that are old.

        ``referenced`` is asked right before a removal. ``older_than`` must leave room for deposits under
        way: a file is stored (or found stored, which makes it young again) before the registry names it.
        """
        if not self.root.is_dir():
            return Swept(0, 0, 0)
        unreferenced = 0
        debris, freed = self.sweep_incoming()
        for sha256 in self.stored():
            path = self.path(sha256)
            if path.stat().st_mtime >= older_than.timestamp() or referenced(sha256):
                continue
            with self._lock(fcntl.LOCK_EX):
                found = path.stat()
                if found.st_mtime < older_than.timestamp() and not referenced(sha256):
                    path.unlink()
                    unreferenced, freed = unreferenced + 1, freed + found.st_size
        return Swept(debris, unreferenced, freed)

    def sweep_incoming(self) -> tuple[int, int]:
        """Remove what ended processes left half-written; the number of files and of bytes. Costs nothing otherwise."""
        debris = freed = 0
        for path in sorted(self._incoming.glob("*")):
            with self._lock(fcntl.LOCK_EX):
                size = _remove_abandoned(path)
            if size is not None:
                debris, freed = debris + 1, freed + size
        return debris, freed

    def _store(self, stream: BinaryIO, limit: int, expected: str | None, where: str) -> Blob:
        with refusals_reported(where or str(self.root)):
            self._prepare()
            with self._temporary() as (descriptor, temporary):
                digest, size = _copy(stream, descriptor, limit, where)
                if expected is not None and digest != expected:
                    raise Conflict("the file changed while it was being read; try again", where=where)
                os.fchmod(descriptor, FILE_MODE)
                os.fsync(descriptor)
                self._settle(temporary, self.path(digest))
        return Blob(digest, size)

    def _prepare(self) -> None:
        if self._ready:
            return
        self.root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        self._incoming.mkdir(exist_ok=True)
        for number in range(256):
            (self.root / f"{number:02x}").mkdir(exist_ok=True)
        # Also when another process made the folders: it may not have come to this line yet.
        fsync_folder(self.root)
        fsync_folder(self.root.parent)
        self._ready = True

    @contextmanager
    def _temporary(self) -> Iterator[tuple[int, Path]]:
        # The lock tells a sweep that the file's writer lives; it goes with the process, however that ends.
        with self._lock(fcntl.LOCK_SH):
            descriptor, name = tempfile.mkstemp(dir=self._incoming)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield descriptor, Path(name)
        finally:
            Path(name).unlink(missing_ok=True)
            os.close(descriptor)

    def _settle(self, temporary: Path, final: Path) -> None:
        with self._lock(fcntl.LOCK_SH):
            if self._intact(final):
                os.utime(final)
            else:
                temporary.rename(final)
        # Also when it was there: who stored it may not have come to this line yet.
        fsync_folder(final.parent)

    def _intact(self, final: Path) -> bool:
        try:
            self.verify(final.name)
        except (NotFound, Damaged):
            return False
        return True

    @contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        descriptor = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def refusals_reported(where: str) -> Iterator[None]:
    """A full disk or quota becomes StorageFull, a missing right NoAccess."""
    try:
        yield
    except OSError as error:
        refused = refused_by_system(error, where)
        if refused is None:
            raise
        raise refused from error


def fsync_folder(path: Path) -> None:
    """Make the names in the folder ``path`` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(stream: BinaryIO, descriptor: int, limit: int, where: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := _read(stream, where):
        size += len(chunk)
        if size > limit:
            raise _too_large(limit, where)
        digest.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[os.write(descriptor, view) :]
    return digest.hexdigest(), size


def _read(stream: BinaryIO, where: str) -> bytes:
    try:
        return stream.read(CHUNK)
    except OSError as error:
        raise UnreadableInput(
            Sentence("the file cannot be read: {reason}", reason=reason_of(error)), where=where
        ) from error


def _too_large(limit: int, where: str) -> UnreadableInput:
    return UnreadableInput(
        Sentence("the file has more than {most:,} bytes (setting max_file_bytes)", most=limit), where=where
    )


def _remove_abandoned(path: Path) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        size = os.fstat(descriptor).st_size
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return None
    finally:
        os.close(descriptor)
    return size
