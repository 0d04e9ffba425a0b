"""From error codes to HTTP: one table, one shape of body.

A program gets ``application/problem+json`` (RFC 9457) with the stable ``code``; a browser a page; both say the same.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from catalog.errors import CatalogError
from server.public.languages import gettext, mark
from server.public.negotiation import Offer, best
from server.public.site import here, release

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a code is answered: the HTTP status and a title (English; translated when shown)."""

    status: int
    title: str


ANSWERS: dict[str, Answer] = {
    # Requests.
    "bad-request": Answer(400, mark("The request cannot be understood")),
    "not-found": Answer(404, mark("There is nothing here")),
    "method-not-allowed": Answer(405, mark("This address does not take that method")),
    "not-acceptable": Answer(406, mark("None of the formats asked for is available")),
    "withdrawn": Answer(410, mark("This record was withdrawn")),
    "length-required": Answer(411, mark("The request must state its length")),
    "request-too-large": Answer(413, mark("The request is too large")),
    "range": Answer(416, mark("That part of the file does not exist")),
    "media-type": Answer(415, mark("This kind of request body is not taken")),
    # Queries, before they run.
    "query-missing": Answer(400, mark("There is no query")),
    "query-repeated": Answer(400, mark("There is more than one query")),
    "query-malformed": Answer(400, mark("The query cannot be parsed")),
    "query-too-complex": Answer(400, mark("The query is too complex")),
    "query-format": Answer(406, mark("There is no such result format")),
    "query-refused-update": Answer(403, mark("The catalog cannot be changed by SPARQL")),
    "query-refused-service": Answer(403, mark("SERVICE is not evaluated here")),
    "query-too-long": Answer(413, mark("The query is too long")),
    "address-too-long": Answer(414, mark("The query is too long for an address")),
    # Queries, while they run.
    "query-timeout": Answer(503, mark("The query took too long")),
    "query-memory": Answer(503, mark("The query needed too much memory")),
    "query-crashed": Answer(500, mark("The query could not be evaluated")),
    "query-cancelled": Answer(503, mark("The query was cancelled")),
    "result-too-large": Answer(503, mark("The result is too large")),
    "result-not-representable": Answer(406, mark("The result cannot be expressed in this format")),
    "client-limit": Answer(429, mark("Too many queries from one address")),
    "busy": Answer(503, mark("Too many queries are waiting")),
    "query-unavailable": Answer(503, mark("The query service does not answer")),
    "sandbox-unavailable": Answer(503, mark("The SPARQL endpoint is off")),
    "sparql-off": Answer(503, mark("The SPARQL endpoint is off")),
    # Named queries and citations.
    "parameter-unknown": Answer(400, mark("The query has no such parameter")),
    "parameter-invalid": Answer(400, mark("A parameter has a value of the wrong type")),
    "citation-quota": Answer(429, mark("Too many citations in a short time")),
    "citations-full": Answer(507, mark("There is no room for another citation")),
    "citations-off": Answer(503, mark("Citations are off")),
    # The service itself.
    "no-release": Answer(503, mark("Nothing has been published yet")),
    "damaged": Answer(503, mark("The published data is damaged")),
    "no-access": Answer(503, mark("The published data cannot be read")),
    "internal": Answer(500, mark("Something went wrong here")),
}

# What Werkzeug raises on its own; anything else it raises below 500 is a bad request.
_BY_STATUS = {
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    411: "length-required",
    413: "request-too-large",
    416: "range",
    415: "media-type",
}
# Where what is in front of the application puts a refusal (Refused) that the application is to word.
REFUSED = "xafscat.refused"
_FORMS = (
    Offer(("application/problem+json", "application/json"), "problem"),
    Offer(("text/html", "application/xhtml+xml"), "page"),
    Offer(("text/plain",), "text"),
)


@dataclass
class Refused(Exception):
    """A request is refused: ``code`` of ANSWERS, a sentence for people, further members and headers.

    ``query`` is what was asked, and ``graphs`` of which graphs, for the page that lets it be mended.
    """

    code: str
    detail: str = ""
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    graphs: Mapping[str, list[str]] = field(default_factory=dict)


def answer(refused: Refused) -> Response:
    """The response to a refusal, in the form the client reads."""
    known = ANSWERS.get(refused.code, ANSWERS["internal"])
    title = gettext(known.title)
    form = best(request.headers.get("Accept"), _FORMS, default="problem") or "problem"
    body = {
        "type": here(f"/problems#{refused.code}"),
        "title": title,
        "status": known.status,
        "code": refused.code,
        "detail": refused.detail or title,
        **refused.members,
    }
    if form == "page":
        page = render_template(
            "error.html", problem=body, detail=refused.detail, query=refused.query, graphs=refused.graphs
        )
        response = Response(page, known.status, content_type="text/html; charset=utf-8")
    elif form == "text":
        response = Response(_text(body), known.status, content_type="text/plain; charset=utf-8")
    else:
        content = json.dumps(body, ensure_ascii=False, indent=1) + "\n"
        response = Response(content, known.status, content_type="application/problem+json")
    response.headers.update(dict(refused.headers))
    response.headers["Cache-Control"] = "no-store"
    response.vary.update(["Accept", "Accept-Language"])
    return response


def install(app: Flask) -> None:
    """Make every error of ``app`` answer by the table."""
    app.register_error_handler(Refused, answer)
    app.register_error_handler(CatalogError, _catalog_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _catalog_error(error: CatalogError) -> Response:
    if error.code in ANSWERS:
        # Where it happened may be a path of this machine: it goes to the log, not to the world.
        if ANSWERS[error.code].status >= 500:
            LOG.error("%s", error)
            return answer(Refused(error.code))
        return answer(Refused(error.code, error.detail))
    return _unexpected(error)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= 500:
        return _unexpected(error)
    if status == 404:
        try:
            release()
        except CatalogError as none:
            # Below which path the catalog answers is known from its release: without one nothing is truly absent.
            return _catalog_error(none)
    code = _BY_STATUS.get(status, "bad-request")
    allowed = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
    return answer(Refused(code, headers=headers))


def _unexpected(error: Exception) -> Response:
    LOG.error("unexpected error", exc_info=error)
    return answer(
        Refused("internal", gettext("The request could not be answered; the operator finds why in the log."))
    )


def _text(body: Mapping[str, Any]) -> str:
    lines = [f"{body['status']} {body['title']}", str(body["detail"])]
    lines += [
        f"{key}: {item}" for key, item in body.items() if key not in {"type", "title", "status", "detail"}
    ]
    return "\n".join(lines) + "\n"
