"""The fields that a list of records can be narrowed by, derived from the fields of the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from catalog.fields import Field, fields

FacetKind: TypeAlias = Literal["concept", "authority", "word", "range"]

# Not of any scheme, and still the same few values in many records.
_AUTHORITIES = {"facility", "beamline"}
_WORDS = {
    "spectra.element",
    "spectra.edge",
    "spectra.monochromator.crystal",
    "spectra.monochromator.reflection",
}


@dataclass(frozen=True, slots=True)
class Facet:
    """A field to narrow a list by. ``document`` are the keys from the record document down to the value.

    ``kind`` says what the values are: IRIs of a scheme, IRIs of authorities, words, or quantities in ``unit``.
    """

    path: str
    label: Mapping[str, str]
    kind: FacetKind
    document: tuple[str, ...]
    term: str
    unit: str = ""

    def as_json(self) -> dict[str, Any]:
        """The configuration of the facet for programs."""
        body = {
            "field": self.path,
            "label": dict(self.label),
            "kind": self.kind,
            "document": list(self.document),
            "property": self.term,
        }
        return {**body, "unit": self.unit} if self.unit else body


def facets() -> tuple[Facet, ...]:
    """The facets, in the order of the form."""
    return tuple(
        Facet(each.path, each.label, kind, each.document, each.term, each.unit)
        for each in fields()
        if each.document and (kind := _kind(each))
    )


def _kind(field: Field) -> FacetKind | None:
    if any(choice.iri for choice in field.choices):
        return "concept"
    if field.path in _AUTHORITIES:
        return "authority"
    if field.path in _WORDS or field.choices:
        return "word"
    return "range" if field.unit else None
