"""The SPARQL endpoint: the protocol for programs, a plain form for people.

An answer is whole or it is an error: results are complete before the first byte is sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from werkzeug.urls import iri_to_uri

from catalog.exports import exports, write_triples
from server.public.completion import words
from server.public.delivery import HIT, delivery, kept, repeatable
from server.public.encoding import coding
from server.public.errors import Refused
from server.public.evaluation import evaluate, request_word
from server.public.examples import example
from server.public.languages import gettext
from server.public.limits import limit_headers
from server.public.links import web_link
from server.public.negotiation import best
from server.public.protocol import PAGE, Question, choose_format, question
from server.public.query_page import answer_page, query_page
from server.public.representations import HTML, offers, wanted
from server.public.responses import conditional, link
from server.public.service import PREFIXES, service_triples
from server.public.site import etag, release, site
from server.query.formats import shape_of
from server.query.lexer import query_kind

if TYPE_CHECKING:
    from catalog.releases import Release
    from server.public.cache import Large
    from server.public.site import Site

blueprint = Blueprint("sparql", __name__)


@blueprint.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    """Answer a query; without one, the form or the service description."""
    limits = site().limits
    asked = question(request, limits.query_bytes)
    if asked is None:
        return _description()
    try:
        kind = query_kind(asked.query)
        chosen = choose_format(asked.format_name, request.headers.get("Accept"), kind)
        response = answer_page(asked, shape_of(kind)) if chosen == PAGE else data_response(asked, chosen)
    except Refused as refused:
        # The page of an error offers the query again, to be mended.
        raise replace(refused, query=asked.query, graphs=asked.graphs) from refused
    response.headers.setdefault("Cache-Control", "public, no-cache")
    response.vary.add("Accept")
    return response


@blueprint.after_request
def state_limits(response: Response) -> Response:
    """Every answer of the endpoint says what its limits are, an error above all."""
    response.headers.update(limit_headers(site().limits))
    return response


@blueprint.post("/sparql/cancel")
def cancel() -> Response:
    """Kill what runs, or waits, under the word its client gave it as ``X-Query-Id``; the body says if it did."""
    client, word = site().query, request_word()
    found = bool(client and word and client.cancel(word))
    return Response(
        f'{{"cancelled": {str(found).lower()}}}\n', 200 if found else 404, content_type="application/json"
    )


@blueprint.get("/sparql/words.json")
def editor_words() -> Response:
    """What the editor completes, for the current release."""
    return conditional(
        etag("words"),
        "application/json",
        lambda: json.dumps(words(release(), site().vocabulary), ensure_ascii=False),
    )


def data_response(asked: Question, chosen: str) -> Response:
    """The answer in a format for programs; one that the client has is not evaluated again."""
    tag, packed = _tag(asked, chosen), coding(request.headers.get("Accept-Encoding"))
    cacheable = request.method != "POST"
    known = kept(site().answers, tag, packed)
    if tag and cacheable and request.if_none_match.contains_weak(tag):
        if request.if_none_match.star_tag and known is None:
            # Whoever has any answer has this one, if there is one: a malformed query has none.
            evaluate(asked, chosen).close()
        response = Response(
            status=304, headers=[("ETag", f'W/"{tag}"'), ("Cache-Control", "public, no-cache")]
        )
    elif known is not None and (client := site().query) is not None:
        client.note_cached()
        response = _response(known.body, [*known.headers, HIT])
    else:
        answered = evaluate(asked, chosen)
        # The release may have moved on while it was evaluated.
        made = delivery(answered, packed, tag=_tag(asked, chosen), cache=site().answers)
        response = _response(made.body, made.headers)
    if not cacheable:
        del response.headers["ETag"]
    response.vary.update(["Accept", "Accept-Encoding"])
    for name, value in answer_headers(site()):
        response.headers.add(name, value)
    return response


def _response(body: bytes | Large, headers: Iterable[tuple[str, str]]) -> Response:
    response = Response(body if isinstance(body, bytes) else iter(body))
    for name, value in headers:
        response.headers[name] = value
    return response


def _description() -> Response:
    """For a browser the form, for a program what this service is."""
    named = request.args.get("format", "")
    if "example" in request.args or named == PAGE:
        chosen: str | None = PAGE
    else:
        chosen = best(request.headers.get("Accept"), offers(), default="turtle")
    if chosen is None:
        raise Refused("not-acceptable")
    if chosen == PAGE:
        name = request.args.get("example", "")
        found = example(name)
        if name and found is None:
            raise Refused("not-found", gettext("There is no example query of that name."))
        return conditional(
            etag("form"), HTML, lambda: query_page(Question(found.query if found else "")), vary=["Accept"]
        )
    return _service_data(chosen)


@blueprint.get("/.well-known/void")
def void() -> Response:
    """The description of the service and what it holds, as VoID would have it found."""
    chosen = best(request.headers.get("Accept"), offers(), default="turtle")
    # Whoever prefers a page gets the data: there is no other.
    return _service_data("turtle" if chosen in {None, PAGE} else str(chosen))


@blueprint.get("/statistics")
@blueprint.get("/statistics.<extension>")
def statistics(extension: str = "") -> Response:
    """The statistics of the release as data; they are in the store as well."""
    chosen = wanted(extension)
    if chosen == PAGE:
        chosen = "turtle"
    export = exports()[chosen]
    if export.rdf_format is None:
        raise Refused("not-acceptable")
    rdf_format = export.rdf_format
    return conditional(
        etag(f"statistics-{chosen}"),
        export.content_type,
        lambda: write_triples(release().statistics, rdf_format, PREFIXES),
        vary=["Accept"],
    )


def _service_data(chosen: str) -> Response:
    export = exports()[chosen]
    if export.rdf_format is None:
        raise Refused("not-acceptable")
    rdf_format = export.rdf_format
    return conditional(
        etag(f"service-{chosen}"),
        export.content_type,
        lambda: write_triples(_service(), rdf_format, PREFIXES),
        vary=["Accept"],
    )


def _service() -> list[Any]:
    current = site()
    triples = release().counts().get("triples", 0)
    return service_triples(
        *(release().base, current.title, current.metadata_license, triples, current.limits),
        release().statistics,
    )


def answer_headers(current: Site) -> list[tuple[str, str]]:
    """What every answer says, whatever was asked: the licence of what it is made from."""
    address = web_link(current.metadata_license)
    return [("Link", link(iri_to_uri(address), rel="license"))] if address else []


def _tag(asked: Question, format_name: str) -> str:
    return answer_tag(release(), asked, format_name)


def answer_tag(current: Release, asked: Question, format_name: str) -> str:
    """The entity tag of the answer to a question from that release in that format; "" when it differs each time."""
    if not repeatable(asked.query):
        return ""
    digest = hashlib.sha256(
        repr((asked.query, asked.default_graphs, asked.named_graphs)).encode()
    ).hexdigest()
    return f"r{current.number}-{current.hash[:12]}-{digest[:20]}-{format_name}"
