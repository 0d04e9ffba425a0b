"""Plain fields: keys of the deposit form that a curator added by a term, a context entry and a property shape.

A property shape whose ``sh:path`` is one property of the context and whose ``xafs:key`` the form does not have
yet adds that key; the class its node shape targets says where. The value is taken as the context and
``xafs:unit`` say it is written. Nothing else is needed: no line of Python knows such a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import pyoxigraph as ox

from catalog.errors import UsageError
from catalog.form import DEPOSIT, Key, Kind, extended, key_at
from catalog.mapping import XSD, Term, context
from catalog.resources import data_root
from catalog.vocabulary import vocabulary

Writing: TypeAlias = Literal["quantity", "languages", "text", "iri", "number", "integer", "truth", "date"]

Value: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Graph: TypeAlias = dict[str, dict[str, list[Value]]]

SH = "http://www.w3.org/ns/shacl#"
XAFS = "https://w3id.org/xafscat/ns#"

# The group of the form that a part of the record comes from; spectrum and measurement share one.
PLACES = {
    f"{XAFS}Deposit": "",
    f"{XAFS}Sample": "sample",
    f"{XAFS}Spectrum": "spectra",
    f"{XAFS}Measurement": "spectra",
    f"{XAFS}Monochromator": "spectra.monochromator",
    f"{XAFS}EnergyCalibration": "spectra.calibration",
}
# What normalise makes by rules of its own, and what belongs to parts no curator's field is put on.
BUILT_IN = frozenset(
    """
    title description note private_note kind access license available doi papers collection round round_name
    funding funder funder_name award award_title award_uri contact_point contact_name contact_email contact_page
    publisher same_as issued modified catalog conforms_to about primary_topic creators credits agent position
    credit_name affiliation_name affiliation role name facility laboratory_source beamline sample sample_name formula
    formula_reduced formula_elements form cas preparation concentration specimen material thickness spectra
    of_sample element edge points energy_first energy_last measurement feature_of_interest measured_edge
    mode technique started ended ended_date ended_month ended_year date date_month date_year used temperature
    pressure ring_energy ring_current
    monochromator monochromator_type crystal reflection d_spacing calibration standard feature
    calibration_edge assigned_energy energy_shift simultaneous reference hc header property_key
    property_value material_evidence annotated_source annotated_property annotated_target
    mapping_justification confidence match_string mapping_tool mapping_tool_version reviewer reviewer_label
    review_date files file_name access_url download_url bytes media_type checksum algorithm digest value
    in_unit stated stated_unknown inferred
    """.split()  # noqa: SIM905 - a list of a hundred words in quotes is no clearer
)
_WRITINGS: dict[str, Writing] = {
    "decimal": "number",
    "double": "number",
    "integer": "integer",
    "nonNegativeInteger": "integer",
    "positiveInteger": "integer",
    "boolean": "truth",
    "date": "date",
}
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_EXAMPLE = "http://www.w3.org/2004/02/skos/core#example"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")


@dataclass(frozen=True, slots=True)
class PlainField:
    """A field nobody programmed: ``name`` in the group ``place`` of the form, ``key`` of the parts of type ``part``.

    ``unit`` is the symbol and the prefixed QUDT name of the canonical unit of a quantity; ``choices`` the texts of
    ``sh:in``; ``example`` that of ``skos:example``; ``long`` allows line breaks.
    """

    place: str
    name: str
    part: str
    key: str
    predicate: str
    writing: Writing
    unit: tuple[str, str] | None = None
    choices: tuple[str, ...] = ()
    example: str = ""
    long: bool = False

    @property
    def path(self) -> str:
        """The path in the form, ``spectra.gauge``."""
        return f"{self.place}.{self.name}" if self.place else self.name

    @property
    def form_key(self) -> Key:
        """What the key takes."""
        return Key((Kind.LANGUAGES if self.writing == "languages" else Kind.TEXT,), long=self.long)


@cache
def plain_fields() -> tuple[PlainField, ...]:
    """The plain fields that the shipped shapes declare, in the order of their files.

    Raises UsageError, naming file and shape, for a unit that the ontology does not list.
    """
    return plain_fields_of(data_root() / "shapes")


@cache
def form_table() -> Key:
    """The keys of the deposit form: those of ``catalog.form`` and the plain fields."""
    return extended((field.place, field.name, field.form_key) for field in plain_fields())


def plain_fields_of(folder: Path) -> tuple[PlainField, ...]:
    """The plain fields that the shapes of ``folder`` declare; see ``plain_fields``."""
    found: dict[tuple[str, str], PlainField] = {}
    for path in sorted(folder.glob("*.ttl")):
        for field in _declared(path):
            found.setdefault((field.place, field.name), field)
    return tuple(found.values())


def _declared(path: Path) -> Iterator[PlainField]:
    graph: Graph = {}
    for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
        properties = graph.setdefault(_text(quad.subject), {})
        properties.setdefault(quad.predicate.value, []).append(quad.object)
    for node in graph.values():
        for target in node.get(f"{SH}targetClass", ()):
            place = PLACES.get(_text(target))
            for shape in node.get(f"{SH}property", ()) if place is not None else ():
                if field := _field(graph, _text(shape), _text(target), f"{path.name}: {_text(shape)}"):
                    yield field


def _field(graph: Graph, iri: str, part: str, where: str) -> PlainField | None:
    shape = graph.get(iri, {})
    name = next((_text(value) for value in shape.get(f"{XAFS}key", ())), "")
    properties = [value for value in shape.get(f"{SH}path", ()) if isinstance(value, ox.NamedNode)]
    if not _NAME.fullmatch(name) or len(properties) != 1:
        return None
    place = PLACES[part]
    here = DEPOSIT if not place else key_at("/" + place.replace("spectra", "spectra/0").replace(".", "/"))
    terms = [
        term
        for term in context().by_predicate.get(properties[0], ())
        if term.key not in BUILT_IN and not term.reverse
    ]
    if here is None or name in here.keys or not terms:
        return None
    unit = next((_text(value) for value in shape.get(f"{XAFS}unit", ())), "")
    term = terms[0]
    return PlainField(
        place=place,
        name=name,
        part=part,
        key=term.key,
        predicate=properties[0].value,
        writing="quantity" if unit else _writing(term),
        unit=_unit(unit, where) if unit else None,
        choices=tuple(text for head in shape.get(f"{SH}in", ()) for text in _items(graph, head)),
        example=next((_text(value) for value in shape.get(_EXAMPLE, ())), ""),
        long=term.kind == "language",
    )


def _writing(term: Term) -> Writing:
    if term.kind == "language":
        return "languages"
    if term.kind == "iri":
        return "iri"
    datatype = term.datatype.value.removeprefix(XSD) if term.datatype else ""
    return _WRITINGS.get(datatype, "text")


def _unit(iri: str, where: str) -> tuple[str, str]:
    symbol = vocabulary().notation(iri)
    if symbol is None:
        raise UsageError(
            f"xafs:unit {iri} cannot be used: the scheme of units (ontology/schemes.ttl) does not list it",
            where=where,
        )
    return symbol, context().compact(iri)


def _items(graph: Graph, head: Value) -> Iterator[str]:
    """The texts of an RDF list; the shapes' compiler judges whether it is well formed."""
    seen = set()
    while _text(head) in graph and _text(head) not in seen:
        seen.add(_text(head))
        node = graph[_text(head)]
        for item in node.get(f"{_RDF}first", ()):
            if isinstance(item, ox.Literal):
                yield item.value
        head = next(iter(node.get(f"{_RDF}rest", ())), head)


def _text(term: Value) -> str:
    return "" if isinstance(term, ox.Triple) else term.value
