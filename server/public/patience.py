"""Slow clients wait for each other, and nobody waits for them.

A thread that reads a request's body or sends a large answer is held by its client for as long as that likes. Only some
of the threads may be held so, and few by one client; whoever comes too many is told at once.
"""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from server.public.app import MAX_BODY_BYTES
from server.public.clients import client_of
from server.public.delivery import MAX_IN_MEMORY
from server.public.errors import REFUSED, Refused
from server.public.languages import mark

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from server.public.site import Site

# Threads are left beside both kinds, for queries that run and wait and for pages (``server.web.BLOCKING_THREADS``).
UPLOADS = 64
DOWNLOADS = 96
_PER_CLIENT = 16
_RETRY_AFTER_S = "5"
_WHY = {
    "client-limit": mark(
        "Other requests or answers of this address are still on their way; let them come to an end."
    ),
    "busy": mark("Too many requests or large answers are on their way to or from slow clients."),
}
_CUT = mark("The body of the request is shorter than its Content-Length says.")


class Slots:
    """So many may be held at once, and so many by one client; ``each`` 0 is no limit of its own."""

    def __init__(self, total: int, each: int) -> None:
        self._total = total
        self._each = each
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()

    def take(self, client: str) -> str:
        """Take one for a client; the code of the error when there is none, empty when there was."""
        with self._lock:
            if self._each and self._held[client] >= self._each:
                return "client-limit"
            if self._held.total() >= self._total:
                return "busy"
            self._held[client] += 1
            return ""

    def free(self, client: str) -> None:
        """Give it back."""
        with self._lock:
            self._held[client] -= 1
            if not self._held[client]:
                del self._held[client]


class Patience:
    """A WSGI application that takes in a request's body before ``application`` sees it, and watches large answers.

    ``refusing`` is the application that words a refusal which it finds in its environment under ``REFUSED``.
    """

    def __init__(self, application: WSGIApplication, refusing: WSGIApplication, site: Site) -> None:
        self._application = application
        self._refusing = refusing
        self._trusted = site.trusted_proxies
        each = _PER_CLIENT if site.limits.client_queries else 0
        self.uploads = Slots(UPLOADS, each)
        self.downloads = Slots(DOWNLOADS, each)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        length = environ.get("CONTENT_LENGTH") or ""
        # A longer one is refused unread, one of unknown length as well.
        if length.isdecimal() and 0 < int(length) <= MAX_BODY_BYTES:
            refused = self._take_in(environ, int(length))
            if refused is not None:
                return self._refuse(environ, start_response, refused)
        told: list[Any] = []

        def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            told[:] = [status, headers, exc_info]

        answer = self._application(environ, started)
        if isinstance(answer, list):
            # The server sends what it is given whole without holding a thread.
            start_response(*told)
            return answer
        if environ["REQUEST_METHOD"] == "HEAD" or _size(told[1]) <= MAX_IN_MEMORY:
            start_response(*told)
            try:
                return [b"".join(answer)]
            finally:
                _close(answer)
        client = client_of(environ, self._trusted)
        code = self.downloads.take(client)
        if code:
            _close(answer)
            return self._refuse(environ, start_response, _too_many(code))
        start_response(*told)
        return _Held(answer, self.downloads, client)

    def _take_in(self, environ: WSGIEnvironment, length: int) -> Refused | None:
        client = client_of(environ, self._trusted)
        code = self.uploads.take(client)
        if code:
            return _too_many(code)
        try:
            body = _read(environ["wsgi.input"], length)
        finally:
            self.uploads.free(client)
        environ["wsgi.input"] = io.BytesIO(body)
        # Half of a query can be another query.
        return Refused("bad-request", _CUT) if len(body) != length else None

    def _refuse(
        self, environ: WSGIEnvironment, start_response: StartResponse, refused: Refused
    ) -> Iterable[bytes]:
        environ[REFUSED] = refused
        return self._refusing(environ, start_response)


class _Held:
    """The body of a large answer, whose slot is given back when it is closed."""

    def __init__(self, answer: Iterable[bytes], slots: Slots, client: str) -> None:
        self._answer = answer
        self._slots: Slots | None = slots
        self._client = client

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.free(self._client)
            _close(self._answer)


def _too_many(code: str) -> Refused:
    return Refused(code, _WHY[code], headers={"Retry-After": _RETRY_AFTER_S})


def _read(stream: Any, length: int) -> bytes:
    pieces, left = [], length
    while left and (piece := stream.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _size(headers: list[tuple[str, str]]) -> float:
    """What the answer says of its length; without a word it may be any."""
    stated = next((value for name, value in headers if name.lower() == "content-length"), "")
    return int(stated) if stated.isdecimal() else float("inf")


def _close(answer: Iterable[bytes]) -> None:
    close = getattr(answer, "close", None)
    if close is not None:
        close()
