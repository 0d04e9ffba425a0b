"""Harvesting a release: pages of its records by datestamp and set, and tokens that say where the next page begins.

A token holds everything the next page needs, so that nothing is kept between requests; it names the release its
list began with, so that the list is whole whatever is published meanwhile. It is signed with what only the holder of
the release's files knows: what is changed, cut, made up or of another release is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, replace

from catalog.errors import UsageError
from catalog.release_files import INDEX
from catalog.release_index import RecordRow, Span
from catalog.releases import Release

SIGNATURE_BYTES = 12
# Longer than any token made here: what is longer is none.
MAX_TOKEN = 600


class BadToken(UsageError):
    """A token that was never given out, or whose release is gone."""

    code = "bad-token"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list goes on: what was asked for, the last datestamp (seconds) and id, how many were given of all."""

    release: int
    verb: str
    prefix: str
    set: str
    first: int | None
    last: int | None
    seconds: int = -1
    id: str = ""
    given: int = 0
    total: int = 0

    @property
    def span(self) -> Span:
        """The records of the whole list."""
        return Span(self.first, self.last, self.set)


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a list; ``following`` is where the next page begins, None when this is the last."""

    rows: list[RecordRow]
    given: int
    total: int
    following: Cursor | None


def page(release: Release, cursor: Cursor, limit: int) -> Page:
    """The page at a cursor. One row more is looked for than is given, so that no page is ever empty."""
    total = cursor.total or release.changes_total(cursor.span)
    found = release.changes(cursor.span, (cursor.seconds, cursor.id), limit + 1)
    rows = found[:limit]
    following = None
    if len(found) > limit:
        end = rows[-1]
        following = replace(
            cursor,
            seconds=int(end.modified.timestamp()),
            id=end.id,
            given=cursor.given + len(rows),
            total=total,
        )
    return Page(rows, cursor.given, total, following)


def token_of(cursor: Cursor, release: Release) -> str:
    """The token of a cursor: letters, digits, ``-`` and ``_``."""
    content = json.dumps([*asdict(cursor).values()], ensure_ascii=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_signature(content, release) + content).decode().rstrip("=")


def release_of(token: str) -> int:
    """The number of the release a token belongs to, not yet checked. Raises BadToken."""
    content = _content(token)
    try:
        number = json.loads(content)[0]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise BadToken("this token was not given out here") from error
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**53:
        raise BadToken("this token was not given out here")
    return number


def cursor_of(token: str, release: Release) -> Cursor:
    """The cursor of a token of that release. Raises BadToken for one that was changed or belongs to another."""
    content = _content(token)
    signed = _decoded(token)[:SIGNATURE_BYTES]
    if not hmac.compare_digest(signed, _signature(content, release)):
        raise BadToken("this token was not given out here, or its release is gone")
    try:
        return Cursor(*json.loads(content))
    except (ValueError, TypeError) as error:
        raise BadToken("this token was not given out here") from error


def _content(token: str) -> bytes:
    return _decoded(token)[SIGNATURE_BYTES:]


def _decoded(token: str) -> bytes:
    if len(token) > MAX_TOKEN or not token.isascii():
        raise BadToken("this token was not given out here")
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise BadToken("this token was not given out here") from error


def _signature(content: bytes, release: Release) -> bytes:
    # Number and hash of a release are public; the hash of its index is known to nobody who has not got the file.
    key = f"xafscat harvest {release.number} {release.hash} {release.manifest.files[INDEX][0]}".encode()
    return hmac.new(key, content, hashlib.sha256).digest()[:SIGNATURE_BYTES]
