"""Errors a caller can act on: a stable code, a sentence, and where it happened.

No HTTP and no exit status lives here; the edge (command, server) translates codes.
Every code is documented in ``docs/errors.md``.
"""

from __future__ import annotations

import errno
import os
from typing import ClassVar

from catalog.wording import Sentence


class CatalogError(Exception):
    """Something the caller asked for cannot be done.

    ``code`` is a stable word, ``detail`` a sentence that says what to do, ``where`` names the file,
    line, key or record concerned (empty when there is none).
    """

    code: ClassVar[str] = "catalog-error"

    def __init__(self, detail: str, *, where: str = "") -> None:
        self.detail = detail
        self.where = where
        super().__init__(f"{where}: {detail}" if where else detail)


class InputError(CatalogError):
    """What somebody wrote cannot be used; ``detail`` is said in the language of whoever reads the finding."""

    detail: Sentence

    def __init__(self, detail: Sentence, *, where: str = "") -> None:
        super().__init__(detail, where=where)


class UnreadableInput(InputError):
    """A file or text is malformed, hostile or not what it claims to be."""

    code = "unreadable-input"


class UsageError(CatalogError):
    """The call itself is wrong: an option, an argument, a setting."""

    code = "usage"


class NotFound(CatalogError):
    """No record, file, release or setting of that name."""

    code = "not-found"


class Conflict(CatalogError):
    """The change does not fit the present state (a transition not allowed, a duplicate, a stale version)."""

    code = "conflict"


class NotInitialised(CatalogError):
    """The home folder holds no catalog yet: run ``xafscat init``."""

    code = "not-initialised"


class Damaged(CatalogError):
    """Stored data does not match its manifest, hash or count."""

    code = "damaged"


class StorageFull(CatalogError):
    """The disk refused a write; nothing was stored half."""

    code = "storage-full"


class NoAccess(CatalogError):
    """The system does not let this account read or write what the catalog needs."""

    code = "no-access"


class Unreachable(CatalogError):
    """A database on the net gave no answer that can be relied on: nothing is known, nothing is concluded."""

    code = "unreachable"


_REASONS = {
    errno.EACCES: Sentence("permission denied"),
    errno.EPERM: Sentence("permission denied"),
    errno.ENOENT: Sentence("there is no such file"),
    errno.EISDIR: Sentence("it is a directory"),
    errno.ELOOP: Sentence("its links lead in a circle"),
    errno.EIO: Sentence("the disk reports an error"),
    errno.EROFS: Sentence("the disk is mounted for reading only"),
    errno.ENOTDIR: Sentence("a part of the path is no directory"),
    errno.EEXIST: Sentence("there is a file of that name"),
    errno.ENAMETOOLONG: Sentence("the name is too long"),
}
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_RIGHT = frozenset({errno.EACCES, errno.EPERM})
_DENIED = frozenset(_REASONS) - {errno.ENOENT}


def reason_of(error: OSError) -> Sentence:
    """What the system says kept a file from being read."""
    return _REASONS.get(error.errno or 0) or Sentence("{reason}", reason=error.strerror or error)


def refused_by_system(error: OSError, where: str = "") -> CatalogError | None:
    """What a full disk or a missing right means to a caller, or None for what may be a fault of the program."""
    named = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else where
    if error.errno in FULL:
        return StorageFull("the disk is full; nothing was stored half", where=where or named)
    if error.errno in _DENIED and named:
        advice = "; give the account that runs this the right to it" if error.errno in _NO_RIGHT else ""
        return NoAccess(f"{reason_of(error)}{advice}", where=named)
    return None
