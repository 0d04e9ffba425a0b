"""The pages around the records: home, the list, what errors mean, health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, render_template, request

from catalog.errors import CatalogError
from catalog.mapping import RecordDocument
from server.public.behind import FACETS, facet_query, list_query
from server.public.discovery import data_catalog, page_number, script
from server.public.elements import table
from server.public.errors import ANSWERS, Refused
from server.public.examples import examples
from server.public.languages import gettext, language
from server.public.links import web_link
from server.public.plot import drawing
from server.public.responses import conditional
from server.public.site import etag, kept, release, site
from server.public.values import Value
from server.public.view import Viewer

blueprint = Blueprint("pages", __name__)

LATEST = 8
PAGE_SIZE = 50
# Characters of a search; what is longer was pasted by mistake.
MOST_SEARCHED = 200
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Line:
    """A record in a list. ``drawing`` is a small picture of its first open spectrum, or empty."""

    id: str
    title: Value
    edges: list[tuple[str, str]]
    place: Value | None
    access: str
    issued: str
    drawing: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """What the list can be narrowed by: values with their labels and numbers of spectra, and the query for them."""

    name: str
    title: str
    values: list[tuple[str, str, int]]
    query: str


@blueprint.get("/")
def home() -> Response:
    """What this catalog is, what is in it, how to ask it."""
    tag = etag("home")
    return conditional(tag, HTML, kept(tag, _home))


@blueprint.get("/records")
def records() -> Response:
    """The published records, newest first, by words and by each facet when asked."""
    chosen = {name: request.args.get(name, "").strip() for name in FACETS}
    text = request.args.get("q", "").strip()[:MOST_SEARCHED]
    page = page_number()
    tag = etag("records")
    return conditional(tag, HTML, kept(tag, lambda: _records(chosen, text, page)))


@blueprint.get("/problems")
def problems() -> Response:
    """What each error code means."""
    rows = [(code, item.status, gettext(item.title)) for code, item in ANSWERS.items()]
    return Response(render_template("problems.html", rows=rows), content_type=HTML)


@blueprint.get("/healthz")
def health() -> Response:
    """Whether the catalog answers: 200 with the release, or 503 with the reason."""
    try:
        current = release()
    except CatalogError as error:
        g.pop("release", None)
        return _json({"status": "unavailable", "reason": error.code}, 503)
    trouble = site().trouble()
    body: dict[str, Any] = {
        "status": "ok",
        "release": current.number,
        "hash": current.hash,
        "sparql": _sparql_state(),
    }
    if trouble is not None:
        # The release before is shown, whole; somebody has to look at the newer one.
        body |= {"status": "degraded", "reason": trouble.code}
    return _json(body, 200)


def _sparql_state() -> str:
    client = site().query
    if client is None:
        return "off"
    try:
        return str(client.stats()["state"])
    except CatalogError:
        return "unavailable"


def _home() -> str:
    current = release()
    counts = current.counts()
    viewer = Viewer(site().vocabulary, language(), release().base)
    return render_template(
        "home.html",
        counts=counts,
        cells=table(current.spectra_by("element")),
        latest=[line(viewer, entry.document, draw=True) for entry in current.latest(LATEST)],
        examples=examples()[:4],
        data_catalog=script(data_catalog),
    )


def _records(chosen: Mapping[str, str], text: str, page: int) -> str:
    current = release()
    # What no spectrum has matches nothing, and is no term to write into a query either.
    facets = {name: current.spectra_by(name) for name in FACETS}
    known = all(
        not value or (value in facets[name] and (web_link(value) or not FACETS[name][1]))
        for name, value in chosen.items()
    )
    offset = (page - 1) * PAGE_SIZE
    total, entries = current.listed(**chosen, text=text, offset=offset, limit=PAGE_SIZE) if known else (0, [])
    pages = max(1, -(-total // PAGE_SIZE))
    if page > pages:
        raise Refused("not-found", gettext("The list has %(pages)s pages.", pages=pages))
    viewer = Viewer(site().vocabulary, language(), release().base)
    return render_template(
        "records.html",
        lines=[line(viewer, entry.document) for entry in entries],
        total=total,
        page=page,
        pages=pages,
        chosen=chosen,
        text=text,
        facets=[_facet(name, counts, viewer) for name, counts in facets.items()],
        query=list_query(chosen) if known else "",
    )


def _facet(name: str, counts: Mapping[str, int], viewer: Viewer) -> Facet:
    # Places that only one record describes have a name and no IRI: they are found by the other facets.
    iris = FACETS[name][1]
    values = [
        (
            value,
            viewer.vocabulary.label(value, viewer.language) or viewer.short(value) if iris else value,
            count,
        )
        for value, count in counts.items()
        if not iris or web_link(value)
    ]
    titles = {
        "element": gettext("Element"),
        "edge": gettext("Edge"),
        "facility": gettext("Facility"),
        "beamline": gettext("Beamline"),
        "mode": gettext("Detection mode"),
        "material": gettext("Material"),
    }
    return Facet(name, titles[name], sorted(values, key=lambda item: item[1]), facet_query(name))


def line(viewer: Viewer, document: RecordDocument, *, draw: bool = False) -> Line:
    """A record as a line of a list."""
    view = viewer.record(document)
    picture = ""
    if draw:
        curves = (release().curve(view.id, spectrum.anchor) for spectrum in view.spectra)
        picture = next((drawing(curve, width=240, height=72, points=160) for curve in curves if curve), "")
    return Line(
        id=view.id,
        title=view.title,
        edges=list(dict.fromkeys((spectrum.element, spectrum.shells) for spectrum in view.spectra)),
        place=next((row.values[0] for row in view.place), None),
        access=view.access,
        issued=view.issued,
        drawing=picture,
    )


def _json(body: dict[str, Any], status: int) -> Response:
    import json

    response = Response(json.dumps(body) + "\n", status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
