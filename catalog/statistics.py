"""What there is how often: tallies of public documents, kept up with each publication, and the graph made of them.

Every tally is a sum over documents, so that a document that changes costs its own tallies, old and new, and the rest
stays. The graph is VoID about the whole store, and counts in this project's terms that answer what would otherwise be
counted over all records. It belongs to one document, ``BASE/statistics``, and counts itself as well.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Any, TypeAlias

import pyoxigraph as ox

from catalog.mapping import RDF_TYPE, XSD, RecordDocument, context

# (kind, key); the key of a group is canonical JSON. Values are whole numbers, or sums of energies in eV.
Tallies: TypeAlias = dict[tuple[str, str], Decimal]

CLASS, PROPERTY, CLASS_PROPERTY = "class", "property", "class property"
SUBJECTS, TRIPLES, LINKS = "subjects", "triples", "links"
SPECTRA, CALIBRATIONS, ENERGIES = "spectra", "calibrations", "energies"
# The groups that spectra are counted by.
GROUPS = (
    ("element",),
    ("edge",),
    ("facility",),
    ("beamline",),
    ("material",),
    ("element", "edge"),
    ("element", "edge", "facility"),
)
# So many of the newest records are named.
LATEST = 100

XAFS = "https://w3id.org/xafscat/ns#"
SHIPPED = "https://w3id.org/xafscat/"
VOID = "http://rdfs.org/ns/void#"
DCTERMS = "http://purl.org/dc/terms/"
PROV_ENTITY = "http://www.w3.org/ns/prov#Entity"
FOAF = "http://xmlns.com/foaf/0.1/"
_INTEGER, _DECIMAL = ox.NamedNode(XSD + "integer"), ox.NamedNode(XSD + "decimal")
_CATALOG_TYPES = ("http://www.w3.org/ns/dcat#Catalog", "http://www.w3.org/ns/dcat#Dataset")
_TYPE = RDF_TYPE.value
_DATASET_OF_CATALOG = "http://www.w3.org/ns/dcat#dataset"
_HASH_DIGITS = 12
# An IRI as text, a number, or a literal: rows are made several times, terms of the store once.
_Value: TypeAlias = str | int | ox.Literal
_Row: TypeAlias = tuple[str, str, _Value]
_Facts: TypeAlias = Iterable[tuple[str, _Value]]


def tally(triples: Iterable[ox.Triple], base: str) -> Tallies:
    """The tallies of a document's distinct triples: classes, properties, both together, subjects, links to others."""
    return _tally(
        (
            (
                triple.subject.value,  # type: ignore[union-attr]
                triple.predicate.value,
                triple.object.value if isinstance(triple.object, ox.NamedNode) else None,
            )
            for triple in triples
        ),
        base,
    )


def tally_links(links: Iterable[ox.Triple], shipped: Iterable[ox.Triple], base: str) -> Tallies:
    """The tallies of links of shipped materials, whose types and existence are counted with the shipped lists."""
    triples = list(links)
    subjects = {triple.subject for triple in triples}
    known = (
        [item for item in shipped if item.predicate == RDF_TYPE and item.subject in subjects]
        if triples
        else []
    )
    found = tally([*known, *triples], base)
    added(found, tally(known, base), -1)
    return found


def _tally(rows: Iterable[tuple[str, str, _Value | None]], base: str) -> Tallies:
    """Like ``tally``, of (subject, property, object); of objects only IRIs matter."""
    found: Counter[tuple[str, str]] = Counter()
    types: dict[str, list[str]] = {}
    properties: dict[str, list[str]] = {}
    for subject, predicate, value in rows:
        properties.setdefault(subject, []).append(predicate)
        if not isinstance(value, str):
            continue
        if predicate == _TYPE:
            types.setdefault(subject, []).append(value)
        elif target := _target(value, base):
            found[LINKS, f"{predicate} {target}"] += 1
    catalog = f"{base}/catalog"
    for subject, own in properties.items():
        found[TRIPLES, ""] += len(own)
        for predicate in own:
            found[PROPERTY, predicate] += 1
        if subject == catalog and all(predicate == _DATASET_OF_CATALOG for predicate in own):
            # A record's word that the catalog lists it: the catalog is another document's subject, with these types.
            for kind in _CATALOG_TYPES:
                found[CLASS_PROPERTY, f"{kind} {_DATASET_OF_CATALOG}"] += len(own)
            continue
        found[SUBJECTS, ""] += 1
        for kind in types.get(subject, ()):
            found[CLASS, kind] += 1
            for predicate in own:
                found[CLASS_PROPERTY, f"{kind} {predicate}"] += 1
    return {key: Decimal(count) for key, count in found.items()}


def tally_record(document: RecordDocument, base: str) -> Tallies:
    """The tallies of a record's spectra by element, edge, facility and beamline, and of their calibrations.

    Facilities and beamlines that only the record itself describes have no name to be counted by.
    """
    found: Tallies = {}
    for spectrum in document.get("spectra", []):
        values = {
            "element": _listed(spectrum.get("element")),
            "edge": _listed(spectrum.get("edge")),
            "facility": [iri for iri in _iris(spectrum.get("facility")) if not iri.startswith(f"{base}/")],
            "material": _listed(document.get("sample", {}).get("material")),
            "beamline": [iri for iri in _iris(spectrum.get("beamline")) if not iri.startswith(f"{base}/")],
        }
        for group in GROUPS:
            for combined in product(*(values[name] for name in group)):
                _add(found, SPECTRA, dict(zip(group, combined, strict=True)), Decimal(1))
        calibration = spectrum.get("calibration", {})
        energy = calibration.get("assigned_energy", {}).get("value")
        if energy is None:
            continue
        standards = [
            {"standard": text, **({} if language == "@none" else {"language": language})}
            for language, texts in calibration.get("standard", {}).items()
            for text in _listed(texts)
        ]
        for standard, facility in product(standards, values["facility"]):
            key = {**standard, "facility": facility}
            _add(found, CALIBRATIONS, key, Decimal(1))
            _add(found, ENERGIES, key, Decimal(energy))
    return found


def added(total: Tallies, more: Mapping[tuple[str, str], Decimal], sign: int = 1) -> None:
    """Add ``more`` to ``total``, or take it away; what becomes nothing leaves no trace."""
    for key, value in more.items():
        changed = total.get(key, Decimal()) + sign * value
        if changed:
            total[key] = changed
        else:
            total.pop(key, None)


def statistics(base: str, tallies: Tallies, latest: Sequence[str], license_iri: str) -> list[ox.Triple]:
    """The graph of the statistics: of ``tallies`` of everything else in the store, and of itself.

    ``latest`` are the IRIs of the newest records. Deterministic, each triple once.
    """
    counts = list(_counts(base, tallies))
    fixed = dict(tallies)
    added(fixed, _tally(counts, base))
    # VoID describes the graph it is part of: what it says changes what it has to say, until it does not. Only what
    # there is decides how many rows that takes; the numbers are put in when that is settled.
    own: Tallies = {}
    settled = False
    while not settled:
        whole = dict(fixed)
        added(whole, own)
        own = _tally(_void(base, whole, license_iri, latest), base)
        settled = own.keys() <= whole.keys()
    added(fixed, own)
    return [
        ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), _term(value))
        for subject, predicate, value in (*_void(base, fixed, license_iri, latest), *counts)
    ]


def void_part(base: str, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Of the statistics' graph, the description of the store: classes, properties, vocabularies, links."""
    own = (f"{base}/statistics#graph", f"{base}/statistics#class-", f"{base}/statistics#property-")
    prefixes = (*own, f"{base}/statistics#links-")
    return [triple for triple in triples if triple.subject.value.startswith(prefixes)]  # type: ignore[union-attr]


def _counts(base: str, tallies: Tallies) -> Iterator[_Row]:
    document = f"{base}/statistics"
    for (kind, key), value in sorted(tallies.items()):
        if kind not in {SPECTRA, CALIBRATIONS}:
            continue
        group = json.loads(key)
        facts: list[tuple[str, _Value]] = [
            (XAFS + _PROPERTIES[name], _value(name, group)) for name in sorted(group) if name in _PROPERTIES
        ]
        if kind == SPECTRA:
            node = f"{document}#spectra-{_digest(key)}"
            by = " ".join(name for name in GROUPS[-1] + ("beamline", "material") if name in group)
            facts += [(f"{XAFS}countedBy", ox.Literal(by)), (f"{XAFS}spectrumCount", int(value))]
            yield from _about(node, {f"{XAFS}SpectrumCount", PROV_ENTITY}, facts)
        else:
            node = f"{document}#calibrations-{_digest(key)}"
            mean = (tallies.get((ENERGIES, key), Decimal()) / value).quantize(Decimal("1E-6")).normalize()
            facts += [
                (f"{XAFS}spectrumCount", int(value)),
                (f"{XAFS}meanAssignedEnergy", ox.Literal(f"{mean:f}", datatype=_DECIMAL)),
            ]
            yield from _about(node, {f"{XAFS}CalibrationSummary", PROV_ENTITY}, facts)


_PROPERTIES = {
    "element": "ofElement",
    "edge": "ofEdge",
    "facility": "ofFacility",
    "beamline": "ofBeamline",
    "material": "ofMaterial",
    "standard": "ofStandard",
}


def _value(name: str, group: Mapping[str, str]) -> str | ox.Literal:
    if name in {"facility", "beamline", "material"}:
        return group[name]
    language = group.get("language") if name == "standard" else None
    return ox.Literal(group[name], language=language) if language else ox.Literal(group[name])


def _void(base: str, tallies: Tallies, license_iri: str, latest: Sequence[str]) -> Iterator[_Row]:
    document = f"{base}/statistics"
    graph = f"{document}#graph"
    parts: dict[str, list[tuple[str, Decimal]]] = {}
    for (kind, key), value in sorted(tallies.items()):
        parts.setdefault(kind, []).append((key, value))
    classes, properties = parts.get(CLASS, []), parts.get(PROPERTY, [])
    yield from _about(document, {f"{VOID}DatasetDescription"}, [(f"{FOAF}primaryTopic", graph)])
    yield from _about(document, (), [(f"{XAFS}latestRecord", record) for record in latest])
    yield from _about(
        graph,
        {f"{VOID}Dataset"},
        [
            (f"{VOID}sparqlEndpoint", f"{base}/sparql"),
            (f"{DCTERMS}license", license_iri),
            (f"{VOID}uriSpace", ox.Literal(f"{base}/")),
            (f"{VOID}triples", int(tallies[TRIPLES, ""])),
            (f"{VOID}distinctSubjects", int(tallies[SUBJECTS, ""])),
            (f"{VOID}classes", len(classes)),
            (f"{VOID}properties", len(properties)),
            *(
                (f"{VOID}vocabulary", namespace)
                for namespace in _namespaces([key for key, _ in (*classes, *properties)])
            ),
        ],
    )
    for name, measure, part in (("property", "triples", properties), ("class", "entities", classes)):
        for iri, count in part:
            node = f"{document}#{name}-{_slug(iri)}"
            yield from _about(graph, (), [(f"{VOID}{name}Partition", node)])
            yield from _about(node, (), [(f"{VOID}{name}", iri), (f"{VOID}{measure}", int(count))])
    for key, count in parts.get(CLASS_PROPERTY, []):
        kind, _, predicate = key.partition(" ")
        owner = f"{document}#class-{_slug(kind)}"
        node = f"{owner}-{_slug(predicate)}"
        yield from _about(owner, set(), [(f"{VOID}propertyPartition", node)])
        yield from _about(node, set(), [(f"{VOID}property", predicate), (f"{VOID}triples", int(count))])
    for key, count in parts.get(LINKS, []):
        predicate, _, target = key.partition(" ")
        node = f"{document}#links-{_digest(key)}"
        yield from _about(graph, set(), [(f"{VOID}subset", node)])
        yield from _about(
            node,
            {f"{VOID}Linkset"},
            [
                (f"{VOID}linkPredicate", predicate),
                (f"{VOID}subjectsTarget", graph),
                (f"{VOID}objectsTarget", target),
                (f"{VOID}triples", int(count)),
            ],
        )


def _about(subject: str, types: Iterable[str], facts: _Facts) -> Iterator[_Row]:
    for kind in sorted(types):
        yield subject, _TYPE, kind
    for predicate, value in facts:
        yield subject, predicate, value


def _target(iri: str, base: str) -> str:
    """The site a link leads to, when it is another one than this catalog and its shipped lists."""
    if iri.startswith((f"{base}/", SHIPPED)):
        return ""
    scheme, separator, rest = iri.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/" if separator and scheme in {"http", "https"} else ""


def _namespaces(iris: Iterable[str]) -> list[str]:
    return sorted(set(map(_namespace, iris)))


@lru_cache(maxsize=10_000)
def _namespace(iri: str) -> str:
    """The namespace of the context that a term is from; without a prefix it is cut at its last # or /."""
    known = sorted(context().prefixes.values(), key=len, reverse=True)
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1
    return next((namespace for namespace in known if iri.startswith(namespace)), iri[:cut])


@lru_cache(maxsize=10_000)
def _slug(iri: str) -> str:
    short = context().compact(iri)
    return short.replace(":", ".") if short != iri else _digest(iri)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]


def _term(value: _Value) -> ox.NamedNode | ox.Literal:
    if isinstance(value, str):
        return ox.NamedNode(value)
    return ox.Literal(str(value), datatype=_INTEGER) if isinstance(value, int) else value


def _add(found: Tallies, kind: str, group: Mapping[str, str], value: Decimal) -> None:
    key = (kind, json.dumps(group, ensure_ascii=False, sort_keys=True))
    found[key] = found.get(key, Decimal()) + value


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return sorted({str(item) for item in value}) if isinstance(value, list) else [str(value)]


def _iris(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
