"""The SPARQL 1.1 Protocol's way of asking: from an HTTP request to a query, its dataset and its result format.

Everything that can be decided before a query runs is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from flask import Request
from werkzeug.datastructures import MultiDict

from server.public.errors import Refused
from server.public.languages import gettext
from server.public.negotiation import Offer, best
from server.query.formats import formats_of, shape_of

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"


# A page is given only to who prefers one.
PAGE = "html"
PAGE_TYPES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Question:
    """What a request asks: a query text, the graphs of its dataset (empty: the catalog), the format asked by name."""

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format_name: str = ""

    @property
    def graphs(self) -> dict[str, list[str]]:
        """The chosen graphs as the protocol's parameters: those of a name that has any."""
        chosen = {"default-graph-uri": self.default_graphs, "named-graph-uri": self.named_graphs}
        return {name: list(iris) for name, iris in chosen.items() if iris}


def question(request: Request, max_bytes: int) -> Question | None:
    """The question of a request; None for a GET that has none. Raises Refused for anything else."""
    if request.method == "POST":
        return _posted(request, max_bytes)
    _strict(request.query_string)
    if "update" in request.args:
        raise _no_update()
    if "query" not in request.args:
        return None
    return _asked(request.args, (), max_bytes, in_address=True)


def choose_format(name: str, accept: str | None, kind: str | None) -> str:
    """The name of the format for a query of that kind (None when it is unknown: the query will not parse).

    A page where that is preferred; JSON or Turtle for who says nothing. Raises Refused.
    """
    own = formats_of(shape_of(kind))
    if name:
        called = next((item.name for item in own if name in {item.name, *item.words}), "")
        if called or name == PAGE:
            return called or PAGE
        choices = ", ".join(item.name for item in own)
        detail = gettext(
            "%(kind)s queries are answered in one of: %(choices)s.", kind=kind or "", choices=choices
        )
        raise Refused("query-format", detail.strip(), {"available": [item.name for item in own]})
    offers = [Offer((item.media_type, *item.aliases), item.name) for item in own]
    chosen = best(accept, [*offers, Offer(PAGE_TYPES, PAGE)], default=own[0].name)
    if chosen is None:
        available = [item.media_type for item in own]
        detail = gettext("Ask for one of: %(types)s.", types=", ".join(available))
        raise Refused("not-acceptable", detail, {"available": available})
    return chosen


def _posted(request: Request, max_bytes: int) -> Question:
    content_type = request.mimetype
    if content_type == UPDATE:
        raise _no_update()
    if content_type in {QUERY, FORM}:
        _plain_text(request)
    if content_type == QUERY:
        if (request.content_length or 0) > max_bytes:
            raise _too_long("query-too-long", max_bytes)
        try:
            text = request.get_data().decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused("bad-request", gettext("The query is not valid UTF-8.")) from error
        return _checked(text, request.args, request.args.get("format", ""), max_bytes)
    if content_type == FORM:
        _strict(request.get_data(cache=True, parse_form_data=False))
        if "update" in request.form:
            raise _no_update()
        return _asked(request.form, request.args.getlist("format"), max_bytes, in_address=False)
    raise Refused(
        "media-type",
        gettext("Send the query as %(form)s or as %(query)s.", form=FORM, query=QUERY),
        headers={"Accept-Post": f"{FORM}, {QUERY}"},
    )


def _asked(
    values: MultiDict[str, str], formats: Sequence[str], max_bytes: int, *, in_address: bool
) -> Question:
    queries = values.getlist("query")
    if not queries:
        raise Refused("query-missing", gettext("Put the query into the parameter query."))
    if len(queries) > 1:
        raise Refused(
            "query-repeated", gettext("The parameter query is given %(count)s times.", count=len(queries))
        )
    if in_address and len(queries[0].encode()) > max_bytes:
        raise _too_long("address-too-long", max_bytes)
    return _checked(queries[0], values, next(iter([*values.getlist("format"), *formats]), ""), max_bytes)


def _checked(text: str, values: MultiDict[str, str], format_name: str, max_bytes: int) -> Question:
    if not text.strip():
        raise Refused("query-missing", gettext("The query is empty."))
    if len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        raise _too_long("query-too-long", max_bytes)
    return Question(
        text,
        # Links made by other endpoints' forms have an empty one.
        tuple(filter(None, values.getlist("default-graph-uri"))),
        tuple(filter(None, values.getlist("named-graph-uri"))),
        format_name.strip().lower(),
    )


def _plain_text(request: Request) -> None:
    """Refuse a body that would have to be unpacked or read as something else than UTF-8."""
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding not in {"", "identity"}:
        detail = gettext("Send the body as it is, without Content-Encoding.")
        raise Refused("media-type", detail, headers={"Accept-Encoding": "identity"})
    if request.mimetype_params.get("charset", "utf-8").strip().lower() not in {"utf-8", "utf8"}:
        raise Refused("media-type", gettext("Send the query in UTF-8."))


def _strict(given: bytes) -> None:
    """Refuse what is not UTF-8: read leniently, it would be another question, with an answer of its own."""
    try:
        unquote_to_bytes(given).decode()
    except UnicodeDecodeError as error:
        raise Refused("bad-request", gettext("The query is not valid UTF-8.")) from error


def _too_long(code: str, max_bytes: int) -> Refused:
    detail = gettext("A query may have %(limit)s bytes; this one has more.", limit=f"{max_bytes:,}")
    return Refused(code, detail, {"limit": max_bytes, "unit": "byte"})


def _no_update() -> Refused:
    detail = gettext("This endpoint only answers queries; what is published changes by releases.")
    return Refused("query-refused-update", detail)
