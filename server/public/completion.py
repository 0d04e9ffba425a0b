"""What the editor completes: prefixes, classes, properties and values of this catalog, with how often they occur."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.public.terms import members

if TYPE_CHECKING:
    from catalog.releases import Release
    from catalog.vocabulary import Vocabulary

LISTS = ("kind", "form", "mode", "technique", "monochromator", "calibration-feature", "license", "access")
COUNTED = ("facility", "beamline", "mode")


def words(release: Release, vocabulary: Vocabulary) -> dict[str, Any]:
    """The editor's words for a release: ``prefixes`` by name, ``classes`` and ``properties`` as IRIs, ``values``.

    A value is an IRI or a literal of the catalog with its label and its number of spectra (0 where not counted).
    """
    context = vocabulary.context["@context"]
    own = {term.iri: term for term in vocabulary.terms()}
    classes = [iri for iri, term in own.items() if term.kind == "class"]
    properties = {iri: None for iri, term in own.items() if term.kind == "property"}
    for item in context.values():
        stated = item.get("@id", "") if isinstance(item, dict) else item
        if isinstance(stated, str) and ":" in stated and not stated.startswith("@"):
            prefix, _, name = stated.partition(":")
            if name and not name.startswith("//") and prefix in vocabulary.prefixes:
                properties.setdefault(vocabulary.prefixes[prefix] + name)
    counts = {column: release.spectra_by(column) for column in ("element", "edge", *COUNTED)}
    values = [
        {"value": f'"{name}"', "label": column, "count": count}
        for column in ("element", "edge")
        for name, count in counts[column].items()
    ]
    values += [
        {"value": f"<{iri}>", "label": vocabulary.label(iri, "en") or "", "count": count}
        for column in COUNTED
        for iri, count in counts[column].items()
        if ":" in iri
    ]
    known = {item["value"] for item in values}
    values += [
        {"value": f"<{item.iri}>", "label": item.labels.get("en", ""), "count": 0}
        for kind in LISTS
        for item in members(vocabulary, kind)
        if f"<{item.iri}>" not in known
    ]
    return {
        "release": release.number,
        "prefixes": vocabulary.prefixes,
        "classes": sorted(classes),
        "properties": sorted(
            iri for iri in properties if iri not in classes and not iri.endswith(("#", "/"))
        ),
        "values": values,
    }
