"""The files behind the paths of a command: folders walked in sorted order, whatever they contain.

Only regular files come out, no folder is walked twice, and nothing outside a given folder is reached through a
link in it. Hidden entries of a folder (``.git`` among them) are
skipped without a word; a hidden path that is given itself is not.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from catalog.archives import Member, Workspace
from catalog.errors import reason_of
from catalog.findings import Finding, define, finding

define(
    "path-not-found",
    "error",
    "There is no file or folder {value!r}; check the spelling.",
    "ファイルまたはフォルダー「{value}」がありません。綴りを確かめてください。",
)
define(
    "path-unreadable",
    "error",
    "{value!r} cannot be read ({reason}); it was left out.",
    "「{value}」を読めないため（{reason}）、対象から外しました。",
)
define(
    "path-special",
    "warning",
    "{value!r} is a pipe, socket or device, not a file; it was left out.",
    "「{value}」はパイプ・ソケット・デバイスでありファイルではないため、対象から外しました。",
)
define(
    "path-link-outside",
    "warning",
    "{value!r} is a link that leads out of the given folder; it was left out. "
    "Give its target itself if it is meant.",
    "「{value}」は指定フォルダーの外を指すリンクのため、対象から外しました。"
    "必要な場合はリンク先を直接指定してください。",
)
define(
    "path-repeated",
    "info",
    "The folder {value!r} was already walked under another name; it was not walked again.",
    "フォルダー「{value}」は別の名前ですでに調べたため、もう一度は調べませんでした。",
)
define(
    "path-catalog",
    "info",
    "{value!r} holds a catalog or a copy of one; its files are no deposits and were left out.",
    "「{value}」はカタログまたはその複製のフォルダーのため、その中のファイルは対象から外しました。",
)

# What a catalog's home, or the payload of a backup, is told by; and the folders in it that are the catalog's own.
_CATALOG = frozenset({"registry.sqlite", "settings.toml"})
_OWN_FOLDERS = frozenset({"citations", "files", "links", "public", "run"})


class FoundFile(NamedTuple):
    """A regular file: its path, and its name as given (with undecodable bytes of a file name escaped)."""

    path: Path
    name: str


def walk(paths: Iterable[Path | str], workspace: Workspace | None = None) -> Iterator[FoundFile | Finding]:
    """The regular files named by ``paths`` or below them, and a finding for all that had to be left out.

    With a ``workspace``, an archive's members come in its place, named ``archive.zip!/path``.

    A given folder's entries come sorted by name; its linked folders come last, if they have not been walked
    under their own name. Never raises OSError.
    """
    for item in _walk(paths):
        if workspace is None or isinstance(item, Finding):
            yield item
        else:
            members = workspace.members(*item)
            yield from (
                [item]
                if members is None
                else (FoundFile(*each) if isinstance(each, Member) else each for each in members)
            )


def _walk(paths: Iterable[Path | str]) -> Iterator[FoundFile | Finding]:
    walked: set[tuple[int, int]] = set()
    for given in paths:
        path = Path(given)
        try:
            status = path.stat()
        except FileNotFoundError:
            yield _finding("path-not-found", path)
        except (OSError, ValueError) as error:
            yield _unreadable(path, error)
        else:
            if _is_in_catalog(path):
                yield _finding("path-catalog", path)
            elif stat.S_ISDIR(status.st_mode):
                yield from _Tree(path, walked).files()
            else:
                yield from _file(path, status)


class _Tree:
    """The walk below one given folder; ``walked`` holds (device, inode) of every folder entered so far."""

    def __init__(self, root: Path, walked: set[tuple[int, int]]) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._walked = walked
        # Later than the rest, so that a file goes by its own name and not by that of a link to its folder.
        self._linked: list[Path] = []

    def files(self) -> Iterator[FoundFile | Finding]:
        yield from self._folder(self._root)
        while self._linked:
            yield from self._folder(self._linked.pop(0))

    def _folder(self, top: Path) -> Iterator[FoundFile | Finding]:
        # A stack of our own: a hostile tree may be deeper than Python's.
        pending = [top]
        while pending:
            path = pending.pop()
            try:
                status = path.lstat() if path != top else path.stat()
                if stat.S_ISLNK(status.st_mode):
                    yield from self._link(path)
                elif stat.S_ISDIR(status.st_mode):
                    if (status.st_dev, status.st_ino) in self._walked:
                        yield _finding("path-repeated", path)
                        continue
                    self._walked.add((status.st_dev, status.st_ino))
                    with os.scandir(path) as entries:
                        names = sorted((entry.name for entry in entries), reverse=True)
                    if set(names) >= _CATALOG:
                        yield _finding("path-catalog", path)
                        names = [name for name in names if not _is_own(name)]
                    pending.extend(path / name for name in names if not name.startswith("."))
                else:
                    yield from _file(path, status)
            except OSError as error:
                yield _unreadable(path, error)

    def _link(self, path: Path) -> Iterator[FoundFile | Finding]:
        target = os.path.realpath(path, strict=True)
        if os.path.commonpath([target, self._real_root]) != self._real_root:
            yield _finding("path-link-outside", path)
            return
        if _is_in_catalog(path):
            yield _finding("path-catalog", path)
            return
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            self._linked.append(path)
        else:
            yield from _file(path, status)


def _is_own(name: str) -> bool:
    """Whether an entry of a catalog's home was put there by the catalog."""
    return name in _OWN_FOLDERS or name == "settings.toml" or name.startswith("registry.sqlite")


def _is_in_catalog(path: Path) -> bool:
    """Whether a file or folder is part of what a catalog keeps: read again, it would lose what rules its access."""
    real = path.resolve()
    return any(
        _is_own(real.relative_to(folder).parts[0]) and all((folder / name).is_file() for name in _CATALOG)
        for folder in real.parents
    )


def _file(path: Path, status: os.stat_result) -> Iterator[FoundFile | Finding]:
    if not stat.S_ISREG(status.st_mode):
        yield _finding("path-special", path)
    elif not os.access(path, os.R_OK):
        yield _unreadable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    else:
        yield FoundFile(path, _name(path))


def _unreadable(path: Path, error: Exception) -> Finding:
    reason = reason_of(error) if isinstance(error, OSError) else str(error)
    return _finding("path-unreadable", path, reason=reason)


def _finding(code: str, path: Path, reason: str = "") -> Finding:
    name = _name(path)
    return finding(code, file=name, value=name, reason=reason)


def _name(path: Path) -> str:
    # A lone surrogate, by which Python carries an undecodable byte, can be neither printed nor stored.
    return os.fsencode(path).decode("utf-8", "backslashreplace")
