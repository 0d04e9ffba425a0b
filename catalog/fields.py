"""Every field of the deposit form with all that is said of it, from the form's table, the shapes and the ontology.

Templates, field guide, spreadsheet headers, ``shapes explain`` and facets are made from this one list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import pyoxigraph as ox

from catalog.errors import NotFound
from catalog.field_words import EXAMPLES, WORDS
from catalog.form import Key, Kind
from catalog.mapping import context
from catalog.normalise_values import UNITS
from catalog.plain_fields import PLACES, PlainField, form_table, plain_fields
from catalog.shacl_constraints import SH
from catalog.shacl_shapes import VIOLATION, Shape
from catalog.validation import LEVELS, PLAUSIBILITY, level_shapes
from catalog.vocabulary import vocabulary
from catalog.vocabulary_names import name_key

# The key of the record document, where it is not the last name of the path.
_DOCUMENT_KEYS = {
    "private_note": "",
    "hidden_until": "",
    "collection_doi": "collection",
    "round.id": "round",
    "round.name": "round_name",
    "funding.funder": "funder_name",
    "funding.funder_id": "funder",
    "creators": "credits",
    "creators.name": "credit_name",
    "creators.orcid": "agent",
    "creators.ror": "agent",
    "creators.affiliation": "affiliation_name",
    "creators.affiliation.name": "affiliation_name",
    "creators.affiliation.ror": "affiliation",
    "creators.credit": "",
    "sample.id": "specimen",
    "sample.name": "sample_name",
    "spectra.id": "",
    "spectra.monochromator.type": "monochromator_type",
    "spectra.energy": "",
    "spectra.energy.first": "energy_first",
    "spectra.energy.last": "energy_last",
    "spectra.calibration.edge": "calibration_edge",
    "spectra.header.key": "property_key",
    "spectra.header.value": "property_value",
}
_SCHEMES = {
    "kind": "kind",
    "access": "access",
    "license": "license",
    "sample.form": "form",
    "spectra.technique": "technique",
    "spectra.mode": "mode",
    "spectra.monochromator.type": "monochromator",
    "spectra.calibration.feature": "calibration-feature",
}
_WORDS_ONLY = {
    "creators.credit": ("shown", "hidden"),
    "spectra.calibration.simultaneous": ("true", "false"),
    "spectra.edge": ("K", "L1", "L2", "L3", "M1", "M2", "M3", "M4", "M5"),
}
_OTHER_PLACES = {
    "http://www.w3.org/ns/prov#Attribution": "creators",
    "https://schema.org/Grant": "funding",
    "http://www.w3.org/ns/dcat#Distribution": "spectra.files",
    "https://schema.org/PropertyValue": "spectra.header",
}
# From a part of the record down to the value, as keys of the record document.
_WAYS = {
    "Deposit": (),
    "Sample": ("sample",),
    "Spectrum": ("spectra",),
    "Measurement": ("spectra", "measurement"),
    "Monochromator": ("spectra", "measurement", "monochromator"),
    "EnergyCalibration": ("spectra", "calibration"),
}
_ON_MEASUREMENT = {"technique", "mode", "temperature", "pressure", "ring_energy", "ring_current"}
_MIN_COUNT = ox.NamedNode(SH + "MinCountConstraintComponent")


@dataclass(frozen=True, slots=True)
class Choice:
    """A word of a list to choose from, with its label in both languages and its IRI ("" for a plain word)."""

    word: str
    label: Mapping[str, str]
    iri: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A shape that speaks about a field: its code and messages, the level ("" for plausibility), and whether it
    asks that the field be there (always, or under a condition)."""

    code: str
    level: str
    shape: Shape
    asks: bool

    def message(self, language: str) -> str:
        """The shape's message in ``language``, else in English."""
        return message_of(self.shape, language)


@dataclass(frozen=True, slots=True)
class Field:
    """One key of the form. ``label``, ``meaning`` are by language; ``unit`` a symbol; ``rules`` from the shapes.

    ``document`` are the keys that lead to it in a record document, ``term`` its property's IRI; both are
    empty for what never becomes RDF.
    """

    path: str
    key: Key
    label: Mapping[str, str]
    meaning: Mapping[str, str]
    document: tuple[str, ...] = ()
    term: str = ""
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    example: str = ""
    rules: tuple[Rule, ...] = field(default_factory=tuple)
    plain: bool = False

    @property
    def name(self) -> str:
        """The key itself, the last name of the path."""
        return self.path.rpartition(".")[2]

    @property
    def is_group(self) -> bool:
        """Whether it holds keys of its own and is not written as a text."""
        return Kind.GROUP in self.key.kinds or bool(self.key.item and Kind.GROUP in self.key.item.kinds)

    @property
    def is_list(self) -> bool:
        """Whether several values may be given."""
        return Kind.LIST in self.key.kinds

    @property
    def has_languages(self) -> bool:
        """Whether it may be given in several languages."""
        return Kind.LANGUAGES in self.key.kinds

    @property
    def required(self) -> str:
        """The first level that asks for it, whatever else is stated; "" when none does."""
        return next((rule.level for rule in self.rules if rule.asks and rule.shape.path is not None), "")

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that say anything about it."""
        return tuple(level for level in LEVELS if any(rule.level == level for rule in self.rules))

    def text(self, texts: Mapping[str, str], language: str) -> str:
        """The text in ``language``, else in English, else the key."""
        return texts.get(language) or texts.get("en") or self.name


@cache
def fields() -> tuple[Field, ...]:
    """Every field, in the order of the form; groups stand before their keys."""
    plain = {each.path: each for each in plain_fields()}
    rules = _rules()
    return tuple(_field(path, key, plain.get(path), rules) for path, key in _walk(form_table(), ""))


@cache
def by_path() -> Mapping[str, Field]:
    """The fields by path, ``sample.name``."""
    return {each.path: each for each in fields()}


def find(text: str) -> list[Field]:
    """The fields that ``text`` names: a path, a key, a label in either language, a property or the code of a shape.

    Raises NotFound, with near names, when there is none.
    """
    wanted = text.strip().lstrip("/").replace("/", ".")
    wanted = ".".join(part for part in wanted.split(".") if not part.isdigit())
    if wanted in by_path():
        return [by_path()[wanted]]
    term = context().expand(text.strip())
    key = name_key(wanted)
    for matches in (
        lambda each: term and each.term == term,
        lambda each: any(rule.code == wanted or rule.shape.iri == text.strip() for rule in each.rules),
        lambda each: key in {name_key(each.name), *map(name_key, each.label.values())},
    ):
        if found := [each for each in fields() if matches(each)]:
            return found
    raise NotFound(_unknown(wanted), where=text)


def rules() -> tuple[tuple[str, Rule], ...]:
    """Every rule with the path of the field it speaks about ("" for the deposit as a whole)."""
    return tuple((path, rule) for path, listed in _rules().items() for rule in listed)


def other_labels(field: Field) -> list[str]:
    """What else a field is called: by its words, the ontology, and the shapes that speak about it."""
    stated = WORDS.get(field.path)
    known = _terms().get(field.term)
    own = [name for rule in field.rules for name in rule.shape.names.values()]
    return [*([stated[0], stated[2]] if stated else []), *(known[0].values() if known else []), *own]


def message_of(shape: Shape, language: str) -> str:
    """The message of ``shape`` in ``language``, else in English, else any."""
    texts = {message.language or "en": message.value for message in shape.messages}
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def _unknown(wanted: str) -> str:
    import difflib

    names = [each.path for each in fields()]
    near = difflib.get_close_matches(wanted, [*names, *{each.name for each in fields()}], n=3, cutoff=0.6)
    hint = f"did you mean {', '.join(near)}?" if near else "docs/fields.md lists them"
    return f"there is no such field; {hint}"


def _walk(key: Key, path: str) -> Iterator[tuple[str, Key]]:
    for name, below in (key.item or key).keys.items():
        here = f"{path}.{name}" if path else name
        yield here, below
        yield from _walk(below, here)


def _field(path: str, key: Key, plain: PlainField | None, rules: Mapping[str, list[Rule]]) -> Field:
    own = rules.get(path, [])
    document = _document(path, plain)
    term = context().terms[document[-1]].predicate.value if document else ""
    label, meaning = _words(path, term, own)
    unit = plain.unit[0] if plain and plain.unit else UNITS.get(document[-1] if document else "", ("",))[0]
    return Field(
        path=path,
        key=key,
        label=label,
        meaning=meaning,
        document=document,
        term=term,
        unit=unit,
        choices=_choices(path, plain),
        example=EXAMPLES.get(path, "") or _example(plain, unit),
        rules=tuple(own),
        plain=plain is not None,
    )


def _document(path: str, plain: PlainField | None) -> tuple[str, ...]:
    if plain:
        return (*_WAYS[plain.part.rpartition("#")[2]], plain.key)
    place, _, name = path.rpartition(".")
    key = _DOCUMENT_KEYS.get(path, name)
    if not key or key not in context().terms:
        return ()
    if place == "spectra" and (key in _ON_MEASUREMENT or key in {"started", "ended", "monochromator"}):
        return ("spectra", "measurement", key)
    parent: tuple[str, ...] = ()
    if place in {"spectra.energy", "creators.affiliation", "round"}:
        parent = _document(place.rpartition(".")[0], None)
    elif place:
        parent = _document(place, None)
    return (*parent, key)


def _words(path: str, term: str, own: list[Rule]) -> tuple[dict[str, str], dict[str, str]]:
    """Label and meaning: a shape's name is what reports say; the ontology defines its own terms."""
    name = path.rpartition(".")[2]
    stated = WORDS.get(path)
    label = {"en": stated[0], "ja": stated[2]} if stated else {}
    meaning = {"en": stated[1], "ja": stated[3]} if stated else {}
    shape = next((rule.shape for rule in own if {"en", "ja"} <= rule.shape.names.keys()), None)
    known = _terms().get(term)
    if known and not label:
        label = {language: known[0][language] for language in ("en", "ja") if language in known[0]}
    if known and not meaning:
        meaning = {language: known[1][language] for language in ("en", "ja") if language in known[1]}
    if shape:
        label = dict(shape.names)
        meaning = meaning or dict(shape.descriptions)
    return label or {"en": name.replace("_", " ")}, meaning


@cache
def _terms() -> Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]:
    return {term.iri: (term.label, term.definition) for term in vocabulary().terms()}


def _choices(path: str, plain: PlainField | None) -> tuple[Choice, ...]:
    words = vocabulary()
    if path in _SCHEMES:
        scheme = _SCHEMES[path]
        found = [(word, words.concept(scheme, word) or "") for word in words.choices(scheme)]
        return tuple(Choice(word, _labels(iri), iri) for word, iri in found)
    if path in _WORDS_ONLY:
        return tuple(Choice(word, {}) for word in _WORDS_ONLY[path])
    return tuple(Choice(word, {}) for word in plain.choices) if plain else ()


def _example(plain: PlainField | None, unit: str) -> str:
    if plain and (plain.example or plain.choices):
        return plain.example or plain.choices[0]
    return f"1 {unit}" if unit else ""


def _labels(iri: str) -> dict[str, str]:
    labels = {language: vocabulary().label(iri, language) for language in ("en", "ja")}
    return {language: label for language, label in labels.items() if label}


@cache
def _rules() -> Mapping[str, list[Rule]]:
    """The reporting shapes by the path of the field they speak about, levels in order."""
    found: dict[str, list[Rule]] = {}
    for name in (*LEVELS, PLAUSIBILITY):
        level = name if name in LEVELS else ""
        for shape, targets in level_shapes(name).targeted:
            places = {_place(target.term) for target in targets if target.kind == "targetClass"}
            for each in (shape, *shape.properties):
                if each.constraints or each.rules:
                    path = _path(next(iter(sorted(places)), ""), each.key)
                    found.setdefault(path, []).append(_rule(each, level))
    return found


def _rule(shape: Shape, level: str) -> Rule:
    code = shape.iri.rpartition("/")[2].replace("#", "-")
    counts = any(component == _MIN_COUNT for component, _ in shape.constraints)
    asks = shape.severity == VIOLATION and (counts or shape.path is None)
    return Rule(code, level, shape, asks)


def _place(term: object) -> str:
    iri = term.value if isinstance(term, ox.NamedNode) else ""
    return PLACES.get(iri, _OTHER_PLACES.get(iri, ""))


def _path(place: str, key: str) -> str:
    """The field's path, or that of the nearest group the form has."""
    names = [part for part in [*place.split("."), *key.split("/")] if part and not part.isdigit()]
    while names:
        if _exists(names):
            return ".".join(names)
        names.pop()
    return ""


def _exists(names: list[str]) -> bool:
    here: Key | None = form_table()
    for name in names:
        here = (here.item or here).keys.get(name) if here else None
    return here is not None
