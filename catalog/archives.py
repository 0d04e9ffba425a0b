"""Archives (zip, tar, tar.gz) unpacked for reading, as if every member of theirs were out to harm.

Nothing is written outside the folder given, no link or device is made, and what is written is bounded: in bytes, in
members, in the ratio to what was packed, and in archives within archives. XLSX files and Athena projects are packed
too, but are files of a format, not archives.
"""

from __future__ import annotations

import gzip
import lzma
import shutil
import stat
import struct
import tarfile
import tempfile
import unicodedata
import weakref
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from catalog.bounded import Limits, Overrun, pool
from catalog.errors import reason_of
from catalog.findings import Finding, define, finding
from catalog.wording import Words

define(
    "archive-refused",
    "error",
    "The archive {value!r} was left out from here on: {reason}.",
    "アーカイブ「{value}」はここから先を使いませんでした: {reason}",
)
define(
    "archive-member-refused",
    "error",
    "{value!r} was not unpacked: {reason}.",
    "「{value}」は展開しませんでした: {reason}",
)

MAX_MEMBERS = 10_000
MAX_DEPTH = 2
# Text of numbers packs to a tenth; what packs a thousandfold was made to.
MAX_RATIO = 200
_FREE_BYTES = 1 << 20
_CHUNK = 1 << 16
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP = b"\x1f\x8b"
# Members by which a zip file tells that it is a document: OOXML; OpenDocument and EPUB.
_DOCUMENT = {"[Content_Types].xml", "mimetype"}
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError, OSError,
    ValueError, NotImplementedError, RuntimeError, KeyError, IndexError, struct.error,
)  # fmt: skip

_LEADS_OUT = Words("its path leads out of the archive", "パスがアーカイブの外を指しています")
_CAME_BEFORE = Words("a member of this name came before", "同じ名前のファイルが前にあります")
_ENCRYPTED = Words(
    "it is encrypted; pack it again without a password",
    "暗号化されています。パスワードなしで作り直してください",
)
_NO_FILE = Words("it is a link or a device, not a file", "リンクまたはデバイスで、ファイルではありません")
_METHOD = Words(
    "it is packed by a method other than deflate or bzip2",
    "圧縮方式が deflate でも bzip2 でもありません",
)
_EMPTY = Words("it holds no file", "ファイルがありません")


class Member(NamedTuple):
    """A file of an archive: where it was written, and its name: ``archive.zip!/folder/file``."""

    path: Path
    name: str


@dataclass
class Workspace:
    """A temporary folder for what archives hold; it goes with this object, or with ``close``."""

    limits: Limits
    max_file_bytes: int
    max_archive_bytes: int
    _folder: Path | None = None
    _count: int = 0

    def members(self, path: Path, name: str) -> list[Member | Finding] | None:
        """The files of the archive at ``path`` and what was left out, sorted by name; None for any other file."""
        if not _looks_packed(path):
            return None
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="xafscat-"))
            self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._count += 1
        into = self._folder / str(self._count)
        bounds = _Bounds(self.max_file_bytes, self.max_archive_bytes)
        found = pool.call(_unpack, path, name, into, bounds, limits=self.limits)
        if isinstance(found, Overrun):
            seconds, memory = f"{self.limits.seconds:g}", f"{self.limits.memory:,}"
            reason = {
                "time": Words(
                    f"unpacking took more than {seconds} s (setting read_timeout_s)",
                    f"展開に {seconds} 秒より長くかかりました（設定 read_timeout_s）",
                ),
                "memory": Words(
                    f"unpacking needs more than {memory} bytes (setting read_memory_bytes)",
                    f"展開に {memory} バイトより多くのメモリが要ります（設定 read_memory_bytes）",
                ),
                "crash": Words("the process that unpacked it died", "展開していたプロセスが停止しました"),
            }
            return [finding("archive-refused", file=name, value=name, reason=reason[found.kind])]
        made: list[Member | Finding] | None = found
        return made

    def close(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            self._remove()
            self._folder = None


@dataclass
class _Bounds:
    """What may still be written of one archive and those in it."""

    file_bytes: int
    rest: int
    members: int = MAX_MEMBERS


class _Refused(Exception):
    """The archive as a whole is not worth going on with; the reason says why."""

    def __init__(self, en: str, ja: str) -> None:
        self.reason = Words(en, ja)
        super().__init__(en)


@dataclass
class _Unpacking:
    name: str
    into: Path
    bounds: _Bounds
    packed: int
    depth: int
    found: list[Member | Finding] = field(default_factory=list)
    written: int = 0
    seen: set[str] = field(default_factory=set)

    def take(self, member: str, stream: IO[bytes]) -> None:
        """Write one member, or note why not. Raises _Refused when the archive's bounds are reached."""
        shown = f"{self.name}!/{_printable(member)}"
        parts = _safe_parts(member)
        if parts is None:
            self.refuse(member, _LEADS_OUT)
            return
        if any(part.startswith(".") or part == "__MACOSX" for part in parts):
            return  # as for folders: hidden files are skipped without a word
        if "/".join(parts) in self.seen:
            self.refuse(member, _CAME_BEFORE)
            return
        self.seen.add("/".join(parts))
        target = self.into.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("xb") as out:
                self._copy(stream, out)
        except _TooLarge:
            target.unlink()
            most = f"{self.bounds.file_bytes:,}"
            self.refuse(
                member,
                Words(
                    f"it has more than {most} bytes (setting max_file_bytes)",
                    f"{most} バイトより大きいためです（設定 max_file_bytes）",
                ),
            )
            return
        inner = _unpack(target, shown, self.into / f".{len(self.seen)}", self.bounds, self.depth + 1)
        if inner is None:
            self.found.append(Member(target, shown))
        else:
            self.found += inner
            target.unlink()

    def refuse(self, member: str, reason: Words) -> None:
        shown = f"{self.name}!/{_printable(member)}"
        self.found.append(finding("archive-member-refused", file=shown, value=shown, reason=reason))

    def count(self) -> None:
        """Note one more member, of whatever kind."""
        self.bounds.members -= 1
        if self.bounds.members < 0:
            raise _Refused(
                f"it has more than {MAX_MEMBERS:,} members", f"ファイルが {MAX_MEMBERS:,} 個より多いためです"
            )

    def _copy(self, stream: IO[bytes], out: IO[bytes]) -> None:
        size = 0
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            self.written += len(chunk)
            self.bounds.rest -= len(chunk)
            if self.bounds.rest < 0:
                raise _Refused(
                    "unpacked it is larger than the setting max_archive_bytes allows",
                    "展開した大きさが設定 max_archive_bytes を超えます",
                )
            if self.written > max(_FREE_BYTES, MAX_RATIO * self.packed):
                raise _Refused(
                    f"it unpacks to more than {MAX_RATIO} times its size",
                    f"展開すると元の {MAX_RATIO} 倍より大きくなります",
                )
            if size > self.bounds.file_bytes:
                raise _TooLarge
            out.write(chunk)


class _TooLarge(Exception):
    """One member is larger than any file may be."""


def _looks_packed(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError:
        return False
    return head.startswith((*_ZIP, _GZIP)) or head[257:262] == b"ustar"


def _unpack(
    path: Path, name: str, into: Path, bounds: _Bounds, depth: int = 0
) -> list[Member | Finding] | None:
    if not _looks_packed(path):
        return None
    work = _Unpacking(name, into, bounds, path.stat().st_size, depth)
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
        is_archive = _unpack_zip(path, work) if head in _ZIP else _unpack_tar(path, work)
    except _Refused as error:
        work.found.append(finding("archive-refused", file=name, value=name, reason=error.reason))
    except _DAMAGE as error:
        work.found.append(finding("archive-refused", file=name, value=name, reason=_damaged(error)))
    else:
        if not is_archive:
            return None
        if not work.found:
            work.found.append(finding("archive-refused", file=name, value=name, reason=_EMPTY))
    return sorted(work.found, key=lambda item: item.name if isinstance(item, Member) else item.file)


def _unpack_zip(path: Path, work: _Unpacking) -> bool:
    with zipfile.ZipFile(path) as archive:
        if not _DOCUMENT.isdisjoint(archive.NameToInfo):
            return False
        _check_depth(work)
        for info in archive.infolist():
            work.count()
            name, kind = _zip_name(info), info.external_attr >> 16
            if name.endswith("/") or (name.endswith("\\") and not info.file_size):
                continue  # a folder; Windows tools write it with a backslash
            if info.flag_bits & 1:
                work.refuse(name, _ENCRYPTED)
            elif kind and stat.S_IFMT(kind) not in {0, stat.S_IFREG}:
                work.refuse(name, _NO_FILE)
            elif info.compress_type not in _METHODS:
                work.refuse(name, _METHOD)
            else:
                _guarded(work, name, partial(archive.open, info))
    return True


def _unpack_tar(path: Path, work: _Unpacking) -> bool:
    try:
        archive = tarfile.open(path, mode="r:*")  # noqa: SIM115 - closed below
    except tarfile.ReadError:
        return False
    with archive:
        _check_depth(work)
        for member in archive:
            work.count()
            name = _guessed(member.name.encode("utf-8", "surrogateescape"))
            if member.isdir():
                continue
            if not member.isreg() or member.issparse():
                work.refuse(name, _NO_FILE)
            else:
                _guarded(work, name, partial(archive.extractfile, member))
    return True


def _guarded(work: _Unpacking, name: str, opened: Callable[[], Any]) -> None:
    """Take a member; one that is damaged is noted, and the others are taken."""
    try:
        with opened() as stream:
            work.take(name, stream)
    except _DAMAGE as error:
        work.refuse(name, _damaged(error))


def _damaged(error: Exception) -> Words:
    if isinstance(error, OSError):  # its own text would show where it was to be written
        reason = reason_of(error)
        return Words(f"it cannot be unpacked ({reason})", f"展開できません（{reason.text('ja')}）")
    return Words(f"it is damaged ({error})", f"壊れています（{error}）")


def _check_depth(work: _Unpacking) -> None:
    if work.depth >= MAX_DEPTH:
        raise _Refused(
            f"archives are nested more than {MAX_DEPTH} deep",
            f"アーカイブの入れ子が {MAX_DEPTH} 段より深いためです",
        )


def _zip_name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x800:  # the member says that its name is UTF-8
        return info.orig_filename
    return _guessed(info.orig_filename.encode("cp437", "replace"))


def _guessed(raw: bytes) -> str:
    """A name without a declared encoding: UTF-8, else Shift_JIS as Windows writes it in Japan."""
    for encoding in ("utf-8", "cp932", "cp437"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _safe_parts(member: str) -> list[str] | None:
    """The parts of a member's path, or None for one that is absolute, goes up, or names a drive."""
    parts = member.replace("\\", "/").split("/")
    if not parts[0] or ":" in parts[0] or "\0" in member:
        return None
    kept = [part for part in parts if part not in {"", "."}]
    return None if ".." in kept or not kept else kept


def _printable(member: str) -> str:
    # A name may hold line breaks, and marks that turn the direction of what follows.
    return "".join(
        char if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} else "�" for char in member
    )
