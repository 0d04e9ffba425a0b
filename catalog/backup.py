"""Backup and restore of a catalog: its registry, files, settings and citations. All else is made from these.

A backup is a BagIt bag (RFC 8493), so that anybody can check it, for example with ``sha256sum -c``. Its last file,
``tagmanifest-sha256.txt``, is written when all others are on disk: a backup without it is not whole.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from catalog.config import CITATIONS_FILE, CITATIONS_FOLDER, SETTINGS_FILE
from catalog.errors import Conflict, Damaged, NotFound, UsageError
from catalog.filestore import CHUNK, FILE_MODE, FOLDER_MODE, FileStore, fsync_folder, refusals_reported
from catalog.registry import FILE_NAME, open_registry
from catalog.registry_engine import contents_of_copy, copy_database

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
TAGS = ("bag-info.txt", "bagit.txt", MANIFEST)
CITATIONS = f"{CITATIONS_FOLDER}/{CITATIONS_FILE}"
_LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)\n")
# The only names a backup may hold, so that a forged one cannot write outside the home folder.
_PAYLOAD = re.compile(
    rf"data/({re.escape(FILE_NAME)}|{re.escape(SETTINGS_FILE)}|{re.escape(CITATIONS)}|files/([0-9a-f]{{2}})/\2[0-9a-f]{{62}})"
)


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds: files of the payload, their bytes, and the records in its registry."""

    files: int
    bytes: int
    records: int


def backup(home: Path, target: Path, *, now: datetime, link: bool = False) -> BackupReport:
    """Copy the catalog in ``home`` to the new or empty folder ``target`` while others go on working.

    The copy is of one moment: that of its registry, with every file the registry names then, and the citations there
    are a little later. ``link`` makes hard
    links of the files in place of copies: quick and small, but on the same disk, and not read again. Raises UsageError
    for a target that is not empty or lies in ``home``, NotInitialised, Damaged when a file has rotted, StorageFull.
    """
    home, target = home.resolve(), target.resolve()
    if target.is_relative_to(home):
        raise UsageError(
            "a backup inside the catalog itself is none; choose another folder", where=str(target)
        )
    with open_registry(home) as registry, _emptied_on_failure(target), refusals_reported(str(target)):
        (target / "data").mkdir()
        registry.database.copy_to(target / "data" / FILE_NAME)
        lines = [*_copy_payload(home, target, link)]
        report = _report(target, lines)
        _write(target / "bagit.txt", DECLARATION)
        _write(target / "bag-info.txt", _info(report, registry.base, now))
        _write(target / MANIFEST, "".join(f"{digest}  {name}\n" for name, digest in lines))
        _fsync_folders(target)
        _write(target / TAG_MANIFEST, "".join(f"{_hash(target / name)}  {name}\n" for name in TAGS))
        fsync_folder(target)
        fsync_folder(target.parent)
    return report


def verify_backup(source: Path) -> BackupReport:
    """Read every byte of a backup again and compare it with the manifest.

    Raises NotFound when there is no whole backup, Damaged, naming the file, for anything that is missing, changed or
    added.
    """
    return _report(source, _checked(source))


def restore(source: Path, home: Path) -> BackupReport:
    """Make the catalog ``home`` from a backup, after checking all of it; the public store is to be rebuilt.

    ``home`` appears when it is complete, or not at all. Raises Conflict when it exists and is not empty; else like
    verify_backup.
    """
    home = home.absolute()
    if home.is_symlink() or (home.exists() and (not home.is_dir() or any(home.iterdir()))):
        raise Conflict("there is something already; restore to a new folder", where=str(home))
    lines = _checked(source)
    report = _report(source, lines)
    home.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    try:
        with refusals_reported(str(home)):
            fresh.chmod(0o755)
            (fresh / "files").mkdir(mode=FOLDER_MODE)
            for name, digest in lines:
                copied = fresh / name.removeprefix("data/")
                copied.parent.mkdir(parents=True, exist_ok=True)
                if _copy(source / name, copied) != digest:
                    raise Damaged("the file changed after it was checked", where=str(source / name))
                copied.chmod(FILE_MODE if "/files/" in name else 0o600)
            # Refuses a registry that is newer than this program, and brings an older one up to date.
            open_registry(fresh).close()
            _fsync_folders(fresh)
            fresh.rename(home)
            fsync_folder(home.parent)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return report


@contextmanager
def _emptied_on_failure(target: Path) -> Iterator[None]:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError("the target of a backup must be a new or empty folder", where=str(target))
    target.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for entry in target.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        raise


def _copy_payload(home: Path, target: Path, link: bool) -> Iterator[tuple[str, str]]:
    """Copy settings and files; yields the name in the bag and the SHA-256 of each file of the payload, in order."""
    files = FileStore(home / "files")
    _, blobs = contents_of_copy(target / "data" / FILE_NAME)
    for sha256, size in blobs:
        name = f"data/files/{sha256[:2]}/{sha256}"
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        yield name, _keep(files.path(sha256), target / name, size, link)
    yield f"data/{FILE_NAME}", _hash(target / "data" / FILE_NAME)
    settings = home / SETTINGS_FILE
    if settings.exists():
        yield f"data/{SETTINGS_FILE}", _copy(settings, target / "data" / SETTINGS_FILE)
    if (home / CITATIONS).exists():
        copy = target / "data" / CITATIONS
        copy.parent.mkdir()
        copy_database(home / CITATIONS, copy)
        yield f"data/{CITATIONS}", _hash(copy)


def _keep(stored: Path, copy: Path, size: int, link: bool) -> str:
    try:
        if link:
            os.link(stored, copy)
        elif _copy(stored, copy) != stored.name:
            raise Damaged(
                "the file's content has changed; restore it from an older backup", where=str(stored)
            )
    except FileNotFoundError as error:
        raise Damaged("a file that the registry names is missing", where=str(stored)) from error
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise UsageError(
                "the target is on another disk; links need the same one", where=str(copy)
            ) from error
        raise
    if copy.stat().st_size != size:
        raise Damaged(f"the file should have {size:,} bytes", where=str(stored))
    return stored.name


def _checked(source: Path) -> list[tuple[str, str]]:
    """Name and SHA-256 of the files of the payload, after every byte of the backup was compared with its hash."""
    if not (source / TAG_MANIFEST).is_file():
        raise NotFound(f"there is no whole backup here ({TAG_MANIFEST} is missing)", where=str(source))
    tags = _lines(source / TAG_MANIFEST)
    if tuple(name for name, _ in tags) != TAGS:
        raise Damaged(
            "the list of the backup's own files is not as it was written", where=str(source / TAG_MANIFEST)
        )
    for name, digest in tags:
        _compare(source / name, digest)
    payload = _lines(source / MANIFEST)
    for name, digest in payload:
        if not _PAYLOAD.fullmatch(name) or ("/files/" in name and not name.endswith(digest)):
            raise Damaged(
                f"the manifest names {name[:200]!r}, which no backup holds", where=str(source / MANIFEST)
            )
    listed = {name for name, _ in payload} | {TAG_MANIFEST, *TAGS}
    if len(listed) != len(payload) + 1 + len(TAGS) or f"data/{FILE_NAME}" not in listed:
        raise Damaged("the manifest names a file twice, or no registry", where=str(source / MANIFEST))
    present = set(_names(source))
    for name in sorted(present ^ listed):
        what = "is missing" if name in listed else "was not written by the backup"
        raise Damaged(f"a file {what}", where=str(source / name))
    for name, digest in payload:
        _compare(source / name, digest)
    return payload


def _lines(path: Path) -> list[tuple[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            matches = [_LINE.fullmatch(line) for line in stream]
    except UnicodeDecodeError as error:
        raise Damaged("the list of files is not text any more", where=str(path)) from error
    found = [(match[2], match[1]) for match in matches if match]
    if len(found) != len(matches):
        raise Damaged("a line of the list of files cannot be read", where=str(path))
    return found


def _names(source: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(source):
        for name in (*files, *folders):
            path = Path(folder) / name
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                yield path.relative_to(source).as_posix()
            elif not stat.S_ISDIR(mode):
                raise Damaged("a backup holds files and folders only", where=str(path))


def _compare(path: Path, digest: str) -> None:
    try:
        found = _hash(path)
    except FileNotFoundError as error:
        raise Damaged("a file is missing", where=str(path)) from error
    if found != digest:
        raise Damaged("the file has changed since the backup was made", where=str(path))


def _report(target: Path, lines: list[tuple[str, str]]) -> BackupReport:
    records, blobs = contents_of_copy(target / "data" / FILE_NAME)
    present = {name.rpartition("/")[2] for name, _ in lines}
    for sha256, _ in blobs:
        if sha256 not in present:
            raise Damaged("a file that the registry names is missing from the backup", where=sha256)
    return BackupReport(len(lines), sum((target / name).stat().st_size for name, _ in lines), records)


def _info(report: BackupReport, base: str, now: datetime) -> str:
    return (
        f"Bag-Software-Agent: xafscat\nBagging-Date: {now.astimezone(UTC).date()}\n"
        f"External-Description: registry, files, settings and citations of the catalog {base}\n"
        f"Payload-Oxum: {report.bytes}.{report.files}\n"
    )


def _copy(source: Path, target: Path) -> str:
    """Copy a file durably; gives the SHA-256 of what was read."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("xb") as writer:
        while chunk := reader.read(CHUNK):
            digest.update(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _fsync_folders(root: Path) -> None:
    for folder, _, _ in os.walk(root, topdown=False):
        fsync_folder(Path(folder))
