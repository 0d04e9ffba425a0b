"""Example queries as an API: ``/q`` lists them, ``/q/{name}`` explains one, ``/q/{name}.csv?element=Fe`` runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import MultiDict

from catalog.exports import Export, exports
from server.public.errors import Refused
from server.public.example_rdf import example_triples
from server.public.examples import Example, by_theme, example, examples
from server.public.languages import gettext
from server.public.limits import limit_headers
from server.public.parameters import Bound
from server.public.protocol import Question
from server.public.representations import HTML, PAGE, graph_writer, represent, wanted
from server.public.responses import conditional
from server.public.site import etag, release, site
from server.public.snippets import download_snippets
from server.public.sparql import data_response
from server.query.formats import Format, formats_of, shape_of
from server.query.lexer import query_kind

blueprint = Blueprint("named", __name__)

# Beside the extensions of the formats themselves: what people type.
SHORT = {"rows": {"json": "json", "xml": "xml"}, "graph": {"json": "jsonld", "xml": "rdfxml"}}


@blueprint.get("/q")
@blueprint.get("/q.<extension>")
def index(extension: str = "") -> Response:
    """All example queries by theme; as RDF, all of them as SHACL executables."""
    page = lambda: render_template("queries.html", themes=by_theme())  # noqa: E731
    return represent("/q", extension, page, _writer(examples()))


@blueprint.get("/q/<name>")
def named(name: str) -> Response:
    """What a query asks and takes; with a suffix, its answer."""
    stem, dot, extension = name.partition(".")
    found = example(stem)
    if found is None or (dot and not extension):
        raise Refused("not-found", gettext("There is no example query of that name."))
    if extension and extension != "html":
        return _run(found, extension)
    terms = bound(found, request.args)
    chosen = wanted(extension)
    if chosen == PAGE:
        return conditional(etag("q"), HTML, lambda: _page(found, terms), vary=["Accept"])
    export = exports()[chosen]
    write = _writer([found])
    return conditional(etag(f"q-{chosen}"), export.content_type, lambda: write(export), vary=["Accept"])


def bound(found: Example, given: MultiDict[str, str]) -> dict[str, Bound]:
    """The terms of the parameters a request gives; an empty one is not given. Raises Refused."""
    terms: dict[str, Bound] = {}
    known = {parameter.name: parameter for parameter in found.parameters}
    for name, values in given.lists():
        if name == "lang":
            continue
        if name not in known:
            raise Refused(
                "parameter-unknown",
                gettext(
                    "This query has no such parameter; it has: %(names)s.", names=", ".join(known) or "–"
                ),
                {"parameters": list(known)},
            )
        if len(values) > 1:
            raise Refused(
                "parameter-invalid",
                gettext("The parameter %(name)s is given more than once.", name=name),
                {"parameter": name},
            )
        if not values[0]:
            continue
        parameter = known[name]
        try:
            terms[name] = parameter.kind.read(values[0])
        except ValueError as error:
            raise Refused(
                "parameter-invalid",
                gettext("The parameter %(name)s takes: %(type)s.", name=name, type=parameter.type),
                {"parameter": name, "expected": dict(parameter.kind.schema)},
            ) from error
    return terms


def runs_as(found: Example) -> list[Format]:
    """The formats a query is answered in."""
    return list(formats_of(shape_of(query_kind(found.query))))


def suffix_format(found: Example, extension: str) -> Format | None:
    """The format that a suffix names for a query: its extension, its name, or a short word for it."""
    shape = shape_of(query_kind(found.query))
    wanted = SHORT[shape].get(extension, extension)
    return next((item for item in formats_of(shape) if wanted in {item.extension, item.name}), None)


def _run(found: Example, extension: str) -> Response:
    chosen = suffix_format(found, extension)
    if chosen is None:
        available = [item.extension for item in runs_as(found)]
        detail = gettext("This query is answered as: %(choices)s.", choices=", ".join(available))
        raise Refused("query-format", detail, {"available": available})
    response = data_response(Question(found.filled(bound(found, request.args))), chosen.name)
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers.update(limit_headers(site().limits))
    return response


def _page(found: Example, terms: Mapping[str, Bound]) -> str:
    given = {key: item for key, item in request.args.items() if item and key != "lang"}
    return render_template(
        "query.html",
        example=found,
        query=found.filled(terms),
        given=given,
        formats=runs_as(found),
        kinds={parameter.name: parameter.kind for parameter in found.parameters},
        snippets=download_snippets(f"{release().base}/q/{found.name}", given, runs_as(found)[0].extension),
        limits=site().limits,
    )


def _writer(shown: Iterable[Example]) -> Callable[[Export], bytes]:
    base = release().base
    return graph_writer(lambda: [item for one in shown for item in example_triples(one, base)])
