"""RDF to record document to RDF and back: nothing lost, nothing added, for the examples and 1,000 made documents."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyoxigraph as ox
import pytest

from catalog.config import load_settings
from catalog.document import canonical_json
from catalog.examples import make_demo
from catalog.mapping import (
    LIST_KEYS,
    PREFIXED_KEYS,
    MappingError,
    RecordDocument,
    context,
    from_triples,
    part_fragment,
    to_bytes,
    to_triples,
)
from catalog.releases import Release, open_current

BASE = "http://127.0.0.1:8000"
XSD = "http://www.w3.org/2001/XMLSchema#"
FORMATS = [ox.RdfFormat.N_TRIPLES, ox.RdfFormat.TURTLE, ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD]

# Where parts are nested: key of the part -> keys of the parts inside it. "" is the record.
PARTS: dict[str, tuple[str, ...]] = {
    "": ("about", "credits", "funding", "sample", "spectra", "facility", "beamline", "contact_point"),
    "funding": ("funder",),
    "credits": ("agent",),
    "sample": ("thickness", "material_evidence"),
    "spectra": ("measurement", "calibration", "files", "header", "energy_first", "energy_last"),
    "measurement": ("monochromator", "temperature", "pressure", "ring_energy", "ring_current"),
    "monochromator": ("d_spacing",),
    "calibration": ("assigned_energy", "energy_shift", "d_spacing"),
    "files": ("checksum",),
}
NUMBERED = {"credits", "funding", "spectra", "files", "header"}
# Keys of these kinds of part are its parts; every other key of the context may stand in any of them.
NESTED = {key for keys in PARTS.values() for key in keys}
TEXTS = [
    "Fe foil",
    "鉄箔 Fe K吸収端",
    'quotes " and \\ and \t tab',
    "two\nlines\r\nand more",
    "emoji 🧪 and combining e\u0301",
    "<b>&amp;</b> ]]>",
    " leading and trailing ",
    "\u00a0Å µm °C ⁻¹",
    "'",
]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    home = tmp_path_factory.mktemp("round-trip") / "demo-data"
    assert make_demo(home, now=datetime(2026, 11, 20, 3, 0, tzinfo=UTC))
    with closing(open_current(load_settings(home, environ={}).public_path)) as opened:
        yield opened


def unordered(value: Any) -> Any:
    """A document with its lists in one order: the order of values is no statement, that of parts is xafs:position."""
    if isinstance(value, dict):
        return {key: unordered(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((unordered(item) for item in value), key=canonical_json)
    return value


def assert_round_trip(document: RecordDocument, chance: random.Random) -> None:
    """Document -> triples -> document -> triples: the triples are the same, and so is the document.

    The document that comes back depends on nothing but the triples.
    """
    iri = document["id"]
    triples = to_triples(document)
    assert len(triples) == len(set(triples)), "a triple is said twice"
    backs = []
    for _ in range(2):
        mixed = list(triples)
        chance.shuffle(mixed)
        again = from_triples(mixed, iri)
        assert unordered(again) == unordered(document)
        assert sorted(map(str, to_triples(again))) == sorted(map(str, triples))
        backs.append(canonical_json(again))
    assert backs[0] == backs[1]


def test_the_examples_go_both_ways(release: Release) -> None:
    documents = [entry.document for entry in release.entries() if entry.document]
    published = [document for document in documents if document.get("type") != "xafs:Withdrawn"]
    assert len(published) >= 40
    for document in [*published, *release.authorities(), release.catalog]:
        assert_round_trip(document, random.Random(document["id"]))
        assert canonical_json(from_triples(to_triples(document), document["id"])) == canonical_json(document)


@pytest.mark.parametrize("rdf_format", FORMATS, ids=str)
def test_the_examples_go_both_ways_through_every_syntax(release: Release, rdf_format: ox.RdfFormat) -> None:
    documents = [entry.document for entry in release.entries() if entry.document]
    for document in [each for each in documents if each.get("type") != "xafs:Withdrawn"][::4]:
        content = to_bytes(document, rdf_format)
        triples = [quad.triple for quad in ox.parse(content, format=rdf_format)]
        assert canonical_json(from_triples(triples, document["id"])) == canonical_json(document)


class Maker:
    """Makes record documents that use any key of the context with any value it may have."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.root = f"{BASE}/record/{seed:010x}"
        self.used: set[str] = set()

    def document(self) -> RecordDocument:
        """One document in the form that the mapping gives back: sorted lists, one value where there is one."""
        document = self.part("", "")
        if self.random.random() < 0.9:
            document["catalog"] = f"{BASE}/catalog"
            self.used.add("catalog")
        return document

    def part(self, key: str, path: str) -> RecordDocument:
        node: RecordDocument = {"id": f"{self.root}#{path}" if path else self.root}
        node["type"] = self.some(["dcat:Dataset", "prov:Entity", "sosa:Sample", "xafs:Spectrum"], 2)
        plain = [name for name, term in context().terms.items() if name not in NESTED and not term.reverse]
        for name in self.random.sample(plain, self.random.randint(3, 12)):
            if self.free(node, name):
                node[name] = self.values(name)
                self.used.add(name)
        for name in PARTS.get(key, ()):
            if self.random.random() < 0.7:
                node[name] = self.parts(name, path)
                self.used.add(name)
        return node

    def parts(self, name: str, path: str) -> Any:
        if name not in NUMBERED:
            made: Any = self.part(name, part_fragment(path, name))
            return [made] if name in LIST_KEYS else made
        # Ten and more: numbers are ordered as numbers.
        numbers = sorted(self.random.sample([1, 2, 3, 9, 10, 11], self.random.randint(1, 3)))
        return [self.part(name, part_fragment(path, name, str(number))) for number in numbers]

    def free(self, node: RecordDocument, name: str) -> bool:
        """Whether no other key of the same property and kind stands in the node: their values would mix."""
        term = context().terms[name]
        return not any(
            other != name and other in context().terms and context().terms[other].predicate == term.predicate
            for other in node
        )

    def values(self, name: str) -> Any:
        term = context().terms[name]
        if term.kind == "language":
            tags = self.random.sample(["en", "ja", "@none", "de", "zh-hant"], self.random.randint(1, 3))
            return {tag: self.some(TEXTS, 2) for tag in tags}
        made = self.some([self.value(name) for _ in range(4)], 3)
        return [made] if name in LIST_KEYS and isinstance(made, str) else made

    def value(self, name: str) -> str:
        term = context().terms[name]
        if term.kind == "iri":
            if name in PREFIXED_KEYS:
                return self.random.choice(
                    ["unit:EV", "unit:K", "xafs:formula", "xafs:casNumber", "spdx:checksum"]
                )
            place = self.random.choice(["kind/user", "edge/Fe-K", "facility/spring-8", "shapes/findable"])
            elsewhere = f"https://doi.org/10.99999/{self.random.randint(1, 999)}"
            return self.random.choice(
                [f"https://w3id.org/xafscat/{place}", elsewhere, f"{self.root}#elsewhere"]
            )
        datatype = term.datatype.value.removeprefix(XSD) if term.datatype else "string"
        return LEXICAL[datatype](self.random)

    def some(self, choices: list[str], most: int) -> Any:
        found = sorted(set(self.random.sample(choices, self.random.randint(1, most))))
        return found if len(found) > 1 else found[0]


LEXICAL: dict[str, Callable[[random.Random], str]] = {
    "string": lambda chance: chance.choice(TEXTS),
    "anyURI": lambda chance: f"https://doi.org/10.99999/{chance.randint(1, 99)}",
    "boolean": lambda chance: chance.choice(["true", "false"]),
    "date": lambda chance: f"{chance.randint(1980, 2030)}-02-{chance.randint(10, 28)}",
    "dateTime": lambda chance: f"{chance.randint(1980, 2030)}-02-{chance.randint(10, 28)}T13:00:00+09:00",
    "gYearMonth": lambda chance: f"{chance.randint(1980, 2030)}-{chance.randint(10, 12)}",
    "gYear": lambda chance: str(chance.randint(1980, 2030)),
    "integer": lambda chance: str(chance.randint(-5, 10**6)),
    "nonNegativeInteger": lambda chance: str(chance.randint(0, 10**12)),
    "decimal": lambda chance: f"{Decimal(chance.randint(-(10**9), 10**9)).scaleb(-chance.randint(0, 6)):f}",
    "hexBinary": lambda chance: f"{chance.getrandbits(256):064x}",
}


def test_a_thousand_made_documents_go_both_ways() -> None:
    used: set[str] = set()
    triples = 0
    for seed in range(1000):
        maker = Maker(seed)
        document = maker.document()
        assert_round_trip(document, maker.random)
        used |= maker.used
        triples += len(to_triples(document))
    assert used == context().terms.keys(), "a key of the context was never tried"
    assert triples > 100_000


def test_made_documents_go_both_ways_through_every_syntax() -> None:
    for seed in range(2000, 2040):
        document = Maker(seed).document()
        for rdf_format in FORMATS:
            triples = [quad.triple for quad in ox.parse(to_bytes(document, rdf_format), format=rdf_format)]
            assert unordered(from_triples(triples, document["id"])) == unordered(document)


def test_a_loss_would_be_seen() -> None:
    document = Maker(7).document()
    triples = to_triples(document)
    own = [triple for triple in triples if triple.subject.value == document["id"]]
    for lost in own:
        kept = [triple for triple in triples if triple != lost]
        try:
            again = from_triples(kept, document["id"])
        except MappingError as error:  # a part that nothing refers to any more
            assert "nothing refers to" in str(error)
        else:
            assert unordered(again) != unordered(document)


def test_the_nesting_tried_is_that_of_the_examples(release: Release) -> None:
    found: dict[str, set[str]] = {}

    def look(node: Any, key: str) -> None:
        for name, value in node.items():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and "id" in item:
                    found.setdefault(key, set()).add(name)
                    look(item, name)

    for entry in release.entries():
        look(entry.document, "")
    assert found
    assert {
        key: names - set(PARTS.get(key, ()))
        for key, names in found.items()
        if names - set(PARTS.get(key, ()))
    } == {}
