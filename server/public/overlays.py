"""Spectra of one edge drawn over each other, on the pages of what several records have in common."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from catalog.mapping import RecordDocument
from server.public.plot import overlay
from server.public.site import release

# So many spectra of one edge are drawn over each other; more could not be told apart.
MAX_CURVES = 12


def overlays(documents: Iterable[RecordDocument]) -> list[tuple[str, str, int, Markup]]:
    """For each edge with two open spectra or more: element, edge, how many, and the drawing."""
    curves: dict[tuple[str, str], list[bytes]] = {}
    for document in documents:
        identifier = document["id"].rpartition("/")[2]
        for spectrum in document.get("spectra", []):
            element, edge = spectrum.get("element", ""), spectrum.get("edge", "")
            kept = curves.setdefault((element, edge if isinstance(edge, str) else ""), [])
            if element and len(kept) < MAX_CURVES:
                curve = release().curve(identifier, spectrum["id"].partition("#")[2])
                kept += [curve] if curve else []
    return [
        (element, edge, len(kept), drawing)
        for (element, edge), kept in sorted(curves.items())
        if len(kept) > 1 and edge and (drawing := overlay(kept))
    ]
