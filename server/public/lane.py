"""A short way for the commonest request, a program's GET of a query: past the framework, with the same answer.

An answer that was given before, from the same release, is given again without being evaluated.

Evaluating a small query takes less time than a framework around it. Whatever is not plain goes the long way, and a test
holds both to the same status, headers and bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from catalog.errors import CatalogError
from server.public.clients import client_of
from server.public.delivery import HIT, delivery, kept
from server.public.encoding import coding
from server.public.errors import Refused
from server.public.evaluation import PROBLEM
from server.public.limits import limit_headers
from server.public.protocol import PAGE, Question, choose_format
from server.public.responses import CORS, SECURITY
from server.public.sparql import answer_headers, answer_tag
from server.query.errors import QueryProblem
from server.query.lexer import query_kind

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from catalog.releases import Release
    from server.public.cache import Kept, Large
    from server.public.encoding import Coding
    from server.public.site import Site

# A request with any of these is for the long way: validators, a word to cancel by, bodies, ranges.
_NOT_PLAIN = frozenset({"HTTP_IF_NONE_MATCH", "HTTP_X_QUERY_ID", "HTTP_TRANSFER_ENCODING", "HTTP_RANGE"})


class SparqlLane:
    """A WSGI application that answers plain queries itself and leaves the rest to ``application``."""

    def __init__(self, application: WSGIApplication, site: Site) -> None:
        self._application = application
        self._site = site
        always = {**SECURITY, **CORS, **limit_headers(site.limits)}
        self._always = [*always.items(), ("Vary", "Accept, Accept-Encoding"), *answer_headers(site)]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if (
            environ["PATH_INFO"] != "/sparql"
            or environ["REQUEST_METHOD"] != "GET"
            or not _NOT_PLAIN.isdisjoint(environ)
            or (release := self._current()) is None
            or (client := self._site.query) is None
        ):
            return self._application(environ, start_response)
        accept, packed = environ.get("HTTP_ACCEPT"), environ.get("HTTP_ACCEPT_ENCODING")
        request = (release.number, release.hash, environ["QUERY_STRING"], accept, packed)
        if (known := self._site.answers.recall(request)) is not None:
            client.note_cached()
            return self._send(start_response, release, [*known.headers, HIT], known.body)
        asked = self._plain(environ)
        chosen = _format(asked.format_name, accept, query_kind(asked.query)) if asked else ""
        if asked is None or not chosen:
            return self._application(environ, start_response)
        tag = answer_tag(release, asked, chosen)
        found = kept(self._site.answers, tag, coding(packed))
        if found is not None:
            self._learn(request, tag, coding(packed), found)
            client.note_cached()
            return self._send(start_response, release, [*found.headers, HIT], found.body)
        try:
            answer = client.run(
                *(asked.query, chosen),
                base=f"{release.base}/sparql",
                client=client_of(environ, self._site.trusted_proxies),
            )
        except QueryProblem as problem:
            # The long way says it in words; it need not evaluate the query again to do so.
            environ[PROBLEM] = problem
            return self._application(environ, start_response)
        if answer.release != release.number:
            # Another one was published in between: the long way begins anew with it.
            answer.close()
            return self._application(environ, start_response)
        made = delivery(answer, coding(packed), tag=tag, cache=self._site.answers)
        return self._send(start_response, release, made.headers, made.body)

    def _send(
        self,
        start_response: StartResponse,
        release: Release,
        headers: Iterable[tuple[str, str]],
        body: bytes | Large,
    ) -> Iterable[bytes]:
        start_response("200 OK", [*headers, ("X-Release", str(release.number)), *self._always])
        return [body] if isinstance(body, bytes) else body

    def _learn(self, request: tuple[Any, ...], tag: str, packed: Coding, found: Kept) -> None:
        key = (tag, packed if any(name == "Content-Encoding" for name, _ in found.headers) else "")
        self._site.answers.learn(request, key, sum(len(str(part)) for part in request))

    def _plain(self, environ: WSGIEnvironment) -> Question | None:
        try:
            given = parse_qsl(
                environ["QUERY_STRING"], keep_blank_values=True, errors="strict", max_num_fields=2
            )
        except ValueError:
            return None
        values = dict(given)
        query = values.pop("query", "")
        name = values.pop("format", "").strip().lower()
        if values or len(given) > 1 + ("format" in dict(given)) or not query.strip():
            return None
        if len(query.encode("utf-8", "surrogatepass")) > self._site.limits.query_bytes:
            return None
        return Question(query, format_name=name)

    def _current(self) -> Release | None:
        try:
            return self._site.release()
        except CatalogError:  # none yet, or damaged: the long way says so
            return None


@lru_cache(maxsize=256)
def _format(name: str, accept: str | None, kind: str | None) -> str:
    """The format of the answer; empty for a page and for what is refused."""
    try:
        chosen = choose_format(name, accept, kind)
    except (Refused, RuntimeError):  # its words need a request's language, which there is none of here
        return ""
    return "" if chosen == PAGE else chosen


def with_lane(application: Any) -> SparqlLane:
    """The Flask application with the short way before it."""
    return SparqlLane(application, application.extensions["xafscat"])
