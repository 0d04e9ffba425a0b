"""The page of a round-robin: its records side by side, their spectra over each other."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, render_template

from catalog.exports import rdf_exports
from catalog.mapping import RecordDocument
from catalog.validation import LEVELS, level_iri
from server.public.authorities import learned
from server.public.behind import round_query
from server.public.discovery import page_number
from server.public.errors import Refused
from server.public.languages import gettext, language
from server.public.overlays import overlays
from server.public.representations import represent
from server.public.site import release, site
from server.public.values import Value, quantity, shells_text
from server.public.view import Viewer

blueprint = Blueprint("rounds", __name__)

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Compared:
    """One spectrum of a round beside the others; ``level`` is the highest that its record meets."""

    record: str
    anchor: str
    title: Value
    element: str
    shells: str
    facility: Value | None
    beamline: Value | None
    mode: Value | None
    energy: Value | None
    level: Value | None


@blueprint.get("/round/<name>")
def round_robin(name: str) -> Response:
    """A round-robin that published records name."""
    stem, extension, iri, document = learned("round", name)
    return represent(
        f"/round/{stem}", extension, lambda: _page(stem, iri, document), lambda export: export.write(document)
    )


def _page(stem: str, iri: str, document: RecordDocument) -> str:
    current, page = release(), page_number()
    total, entries = current.naming(iri, offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE)
    pages = max(1, -(-total // PAGE_SIZE))
    if page > pages:
        raise Refused("not-found", gettext("The list has %(pages)s pages.", pages=pages))
    viewer = Viewer(site().vocabulary, language(), current.base)
    records = [entry.document for entry in entries]
    return render_template(
        "round.html",
        iri=iri,
        path=f"/round/{stem}",
        name=viewer.text(document.get("title")),
        description=viewer.text(document.get("description")),
        rows=[row for record in records for row in _compared(viewer, record)],
        overlays=overlays(records),
        total=total,
        page=page,
        pages=pages,
        query=round_query(iri),
        formats=list(rdf_exports().values()),
    )


def _compared(viewer: Viewer, document: RecordDocument) -> list[Compared]:
    view = viewer.record(document)
    reached = document.get("conforms_to", [])
    level = next((iri for iri in map(level_iri, reversed(LEVELS)) if iri in reached), None)
    rows = []
    for spectrum in document.get("spectra", []):
        measurement, calibration = spectrum.get("measurement") or {}, spectrum.get("calibration") or {}
        shells = spectrum.get("edge") or []
        rows.append(
            Compared(
                record=view.id,
                anchor=spectrum["id"].partition("#")[2],
                title=view.title,
                element=str(spectrum.get("element", "")),
                shells=shells_text(shells if isinstance(shells, list) else [shells]),
                facility=viewer.named(document.get("facility")),
                beamline=viewer.named(document.get("beamline")),
                mode=viewer.named(measurement.get("mode")),
                energy=quantity(calibration.get("assigned_energy")),
                level=viewer.named(level),
            )
        )
    return rows
