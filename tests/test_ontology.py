"""The ontology itself: complete in both languages, owned once, free of blank nodes, and equal to its sources."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import runpy
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

import catalog
from catalog.mapping import context as mapping_context
from catalog.resources import data_root
from catalog.vocabulary import DOCUMENTS, EDGES, MATERIALS, vocabulary
from catalog.vocabulary_graph import BASE, NS, SKOS, TYPE, owner_of

ONTOLOGY = data_root() / "ontology"
FILES = (*DOCUMENTS, EDGES, MATERIALS)
RELEASES = ONTOLOGY / "release"
RDFS, OWL, SCHEMA = (
    "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/2002/07/owl#",
    "https://schema.org/",
)
LABELS = {f"{SKOS}prefLabel", f"{SKOS}altLabel", f"{SKOS}hiddenLabel", f"{SKOS}notation"}
LINKS = {f"{SKOS}closeMatch", f"{NS}referenceStructure"}
BOTH = Counter({"en": 1, "ja": 1})

# Terms that a record document never names: classes, what only edges and materials have, and annotations of shapes.
NOT_IN_CONTEXT = {
    # Statistics are triples of no document.
    *(
        "SpectrumCount",
        "CalibrationSummary",
        "countedBy",
        "spectrumCount",
        "ofElement",
        "ofEdge",
        "ofFacility",
    ),
    *("ofBeamline", "ofMaterial", "ofStandard", "meanAssignedEnergy", "latestRecord"),
    # The service is described, and is no document either.
    *("queryTimeLimit", "queryMemoryLimit", "queryResultLimit", "queryLengthLimit"),
    *("clientQueryLimit", "clientTimeLimit", "clientErrorLimit"),
    *("DatabaseEntry", "database"),
    *(
        "Deposit",
        "Spectrum",
        "Measurement",
        "Sample",
        "AbsorptionEdge",
        "Facility",
        "Beamline",
        "Monochromator",
    ),
    *("Material", "MaterialPhase", "formulaHill", "inchiKey", "waterMolecules", "mineral"),
    *("spaceGroupNumber", "referenceStructure"),
    *(
        "EnergyCalibration",
        "Withdrawn",
        "absorbingElement",
        "edgeType",
        "tabulatedEnergy",
        "key",
        "unit",
        "field",
    ),
}
# Foreign IRIs and where each was read; docs/vocabulary.md tells what the columns mean.
VERIFIED = Path(__file__).parent / "data" / "verified-iris.tsv"
STATUSES = {"V", "V2", "UNVERIFIED"}
# Prefixed names of others in the code that makes records.
PREFIXED = re.compile(
    r'"((?:dcat|dcterms|foaf|prov|sosa|qudt|unit|skos|spdx|org|schema|rdfs|xsd):[A-Za-z][\w-]*)"'
)


@cache
def triples(name: str) -> tuple[ox.Triple, ...]:
    return tuple(quad.triple for quad in ox.parse(path=str(ONTOLOGY / name), format=ox.RdfFormat.TURTLE))


def shipped() -> list[ox.Triple]:
    return [triple for name in FILES for triple in triples(name)]


@cache
def described() -> dict[str, list[ox.Triple]]:
    things: dict[str, list[ox.Triple]] = defaultdict(list)
    for triple in shipped():
        assert isinstance(triple.subject, ox.NamedNode)
        things[triple.subject.value].append(triple)
    return dict(things)


def values(thing: str, predicate: str) -> list[str]:
    return [triple.object.value for triple in described()[thing] if triple.predicate.value == predicate]


def languages(thing: str, predicate: str) -> Counter[str | None]:
    return Counter(
        triple.object.language for triple in described()[thing] if triple.predicate.value == predicate
    )


def own_terms() -> set[str]:
    return {thing for thing in described() if thing.startswith(NS)}


def test_every_turtle_file_is_loaded() -> None:
    # Mappings to other vocabularies are shipped beside the ontology and are not part of the catalog's graph.
    assert {path.name for path in ONTOLOGY.iterdir() if path.suffix == ".ttl"} == {*FILES, "alignments.ttl"}


@pytest.mark.parametrize("name", FILES)
def test_two_parsers_read_the_same(name: str) -> None:
    graph = rdflib.Graph().parse(ONTOLOGY / name, format="turtle")
    again = ox.parse(graph.serialize(format="nt").encode(), format=ox.RdfFormat.N_TRIPLES)
    assert {quad.triple for quad in again} == set(triples(name))
    assert len(graph) == len(triples(name))


def test_no_blank_nodes_and_nothing_said_twice() -> None:
    everything = shipped()
    terms = [term for triple in everything for term in (triple.subject, triple.object)]
    assert not [term for term in terms if isinstance(term, ox.BlankNode)]
    assert [triple for triple, count in Counter(everything).items() if count > 1] == []


def test_a_subject_is_described_in_one_file() -> None:
    files = defaultdict(set)
    for name in FILES:
        for triple in triples(name):
            files[triple.subject.value].add(name)
    assert {subject: names for subject, names in files.items() if len(names) > 1} == {}


def test_literals_are_as_oxigraph_keeps_them() -> None:
    for triple in shipped():
        if isinstance(triple.object, ox.Literal) and triple.object.datatype.value.endswith("#decimal"):
            text = triple.object.value
            assert text == f"{Decimal(text).normalize():f}"


def test_every_term_is_labelled_and_defined_in_both_languages() -> None:
    assert len(own_terms()) >= 60
    for term in own_terms():
        for predicate in (f"{RDFS}label", f"{SKOS}definition"):
            assert languages(term, predicate) == BOTH, (term, predicate)
        assert values(term, f"{RDFS}isDefinedBy") == [NS.removesuffix("#")], term


def test_definitions_say_more_than_the_label_and_differ_between_languages() -> None:
    for term in vocabulary().terms():
        assert len(term.definition["en"]) > len(term.label["en"]) + 5
        assert len({*term.label.values(), *term.definition.values()}) == 4, term.name
        assert re.search(r"[぀-ヿ一-鿿]", term.definition["ja"]), term.name
        assert term.definition["en"].isascii() or "Å" in term.definition["en"], term.name


def test_labels_of_classes_differ_and_so_do_those_of_properties() -> None:
    for language in ("en", "ja"):
        labels = Counter((term.kind == "class", term.label[language]) for term in vocabulary().terms())
        assert {label for label, count in labels.items() if count > 1} == set()


def test_the_header_names_version_licence_and_namespace() -> None:
    header = NS.removesuffix("#")
    version = values(header, f"{OWL}versionInfo")[0]
    assert values(header, f"{OWL}versionIRI") == [f"{header}/{version}"]
    assert values(header, "http://purl.org/dc/terms/license") == [
        "http://creativecommons.org/licenses/by/4.0/"
    ]
    assert values(header, "http://purl.org/vocab/vann/preferredNamespacePrefix") == ["xafs"]
    assert values(header, "http://purl.org/vocab/vann/preferredNamespaceUri") == [NS]
    for predicate in ("title", "description"):
        assert languages(header, f"http://purl.org/dc/terms/{predicate}") == BOTH
    for predicate in ("creator", "contributor", "publisher"):
        # The project as a group: no person is named who did not ask for it.
        assert values(header, f"http://purl.org/dc/terms/{predicate}") == [f"{BASE}contributors"]
    created, issued, modified = (
        date.fromisoformat(values(header, f"http://purl.org/dc/terms/{predicate}")[0])
        for predicate in ("created", "issued", "modified")
    )
    assert created <= issued <= modified
    assert f"{header}/{version}" in values(header, "http://purl.org/dc/terms/bibliographicCitation")[0]
    earlier = [path.name for path in RELEASES.iterdir() if path.name != version]
    earlier.sort(key=lambda name: [int(part) for part in name.split(".")])
    assert values(header, f"{OWL}priorVersion") == [f"{header}/{name}" for name in earlier[-1:]]


def test_classes_have_outside_supertypes_and_properties_say_where_they_are_used() -> None:
    for term in vocabulary().terms():
        supertypes = values(term.iri, f"{RDFS}subClassOf")
        if term.kind == "class":
            assert supertypes
            assert not [iri for iri in supertypes if iri.startswith(BASE)]
        else:
            assert term.used_on, term.name
            assert term.values, term.name
        # A domain or range would conclude types from mistakes.
        assert not values(term.iri, f"{RDFS}domain") + values(term.iri, f"{RDFS}range")


def test_every_own_iri_that_is_used_is_described() -> None:
    named = {term.value for triple in shipped() for term in (triple.predicate, triple.object) if is_own(term)}
    announced = {f"{NS.removesuffix('#')}/0.1.0"}
    assert named - set(described()) - announced == set()


def is_own(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(BASE)


@cache
def verified() -> dict[str, dict[str, str]]:
    with VERIFIED.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["iri"] for row in rows] == sorted({row["iri"] for row in rows})
    return {row["iri"]: row for row in rows}


def iris_of(path: Path) -> set[str]:
    found = set()
    for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
        for term in (quad.subject, quad.predicate, quad.object):
            if isinstance(term, ox.NamedNode):
                found.add(term.value)
            elif isinstance(term, ox.Literal):
                found.add(term.datatype.value)
    return found


def iris_in_use() -> dict[str, str]:
    """Every IRI of others that is named here, and one place that names it."""
    names = mapping_context()
    used = {}
    for path in [*ONTOLOGY.glob("*.ttl"), *(data_root() / "shapes").glob("*.ttl")]:
        used |= dict.fromkeys(iris_of(path), path.name)
    for key, term in names.terms.items():
        used[term.predicate.value] = f"context: {key}"
        if term.datatype:
            used[term.datatype.value] = f"context: {key}"
    package = Path(catalog.__file__).parent
    for path in [*package.rglob("*.py"), *(package.parent / "server").rglob("*.py")]:
        for name in PREFIXED.findall(path.read_text(encoding="utf-8")):
            used[names.expand(name)] = path.name
    # Entries that materials link to are checked against the sources their files name: test_materials.py.
    entries = {triple.object.value for triple in triples(MATERIALS) if triple.predicate.value in LINKS}
    return {iri: place for iri, place in used.items() if not iri.startswith(BASE) and iri not in entries}


def test_every_foreign_iri_was_verified() -> None:
    used = iris_in_use()
    assert len(used) > 400
    unknown = {iri: place for iri, place in used.items() if iri not in verified()}
    assert unknown == {}, "look each up in its owner's file and add it to tests/data/verified-iris.tsv"
    assert {iri for iri in used if verified()[iri]["status"] == "UNVERIFIED"} == set()


def test_the_list_says_where_each_was_read() -> None:
    for iri, row in verified().items():
        assert row["status"] in STATUSES, iri
        assert row["label"].strip() == row["label"] != "", iri
        assert row["source"].strip(), iri
        assert (row["checked"] == "-") == (row["status"] == "UNVERIFIED"), iri
    assert any(row["status"] == "UNVERIFIED" for row in verified().values())


def test_terms_of_well_known_vocabularies_exist() -> None:
    """What the list says was checked by rdflib is: its namespaces know every term of their vocabularies."""
    from rdflib import namespace as known

    spaces = [known.DCAT, known.DCTERMS, known.FOAF, known.ORG, known.OWL, known.PROV, known.RDF, known.RDFS]
    spaces += [known.SDO, known.SH, known.SKOS, known.SOSA, known.VANN, known.XSD]
    checked = 0
    for iri, row in verified().items():
        (space,) = [each for each in spaces if iri.startswith(str(each))] or [None]
        newer = iri.endswith(("dcat#version", "dcat#DatasetSeries", "dcat#inSeries", "schema.org/funding"))
        assert (space is not None) == (row["checked"] == "rdflib") or newer, iri
        if row["checked"] == "rdflib":
            assert space is not None
            assert iri.removeprefix(str(space)) in space, iri
            checked += 1
    assert checked > 250


def test_identifiers_of_elements_and_edges_are_those_of_the_collected_table(shared: Path) -> None:
    with (shared / "data" / "elements_edges.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    labels = {
        f"http://purl.obolibrary.org/obo/{row['chebi_curie'].replace(':', '_')}": row["chebi_label"]
        for row in rows
    }
    labels |= {f"http://www.wikidata.org/entity/{row['wikidata_qid']}": row["name"] for row in rows}
    listed = {iri: row["label"] for iri, row in verified().items() if row["checked"] == "elements_edges.csv"}
    assert listed == labels
    assert {row["cdif_edge_iri"] for row in rows} == {
        iri for iri in verified() if iri.startswith("https://w3id.org/cdif/xas/edge/")
    }


def context() -> dict[str, dict[str, str] | str]:
    entries = json.loads((ONTOLOGY / "context.jsonld").read_text(encoding="utf-8"))["@context"]
    assert isinstance(entries, dict)
    return entries


def test_the_context_and_the_ontology_name_the_same_terms() -> None:
    named = {
        target.removeprefix("xafs:")
        for entry in context().values()
        for target in [
            entry if isinstance(entry, str) else entry.get("@id", "") if isinstance(entry, dict) else ""
        ]
        if target.startswith("xafs:")
    }
    defined = {term.removeprefix(NS) for term in own_terms()}
    assert named - defined == set()
    assert defined - named == NOT_IN_CONTEXT


def test_the_context_coerces_values_as_the_ontology_says() -> None:
    terms = {term.name: term for term in vocabulary().terms()}
    xsd = "http://www.w3.org/2001/XMLSchema#"
    for key, entry in context().items():
        target = entry if isinstance(entry, str) else entry.get("@id", "") if isinstance(entry, dict) else ""
        if not target.startswith("xafs:"):
            continue
        types = values(terms[target].iri, TYPE)
        if isinstance(entry, dict) and entry.get("@type") == "@id":
            assert f"{OWL}DatatypeProperty" not in types, key
        elif isinstance(entry, dict) and "@container" in entry:
            assert f"{OWL}DatatypeProperty" in types, key
            assert "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString" in terms[target].values, key
        elif isinstance(entry, dict):
            assert f"{OWL}DatatypeProperty" in types, key
            assert terms[target].values == (entry["@type"],), key
        else:
            # A string is a literal or, when the document nests a part there, that part.
            assert f"{OWL}ObjectProperty" in types or terms[target].values == (f"{xsd}string",), key


def test_terms_named_by_shapes_and_code_exist() -> None:
    package = Path(catalog.__file__).parent
    sources = [
        *(data_root() / "shapes").rglob("*.ttl"),
        *package.rglob("*.py"),
        *(package.parent / "server").rglob("*.py"),
    ]
    named = {
        (name, path.name)
        for path in sources
        for name in re.findall(r"\bxafs:([A-Za-z]+)", path.read_text(encoding="utf-8"))
    }
    defined = {term.removeprefix(NS) for term in own_terms()}
    assert {(name, file) for name, file in named if name not in defined} == set()
    assert ("Deposit", "normalise.py") in named


def test_every_authority_is_typed_and_labelled_in_both_languages() -> None:
    header = NS.removesuffix("#")
    for thing in described():
        assert values(thing, TYPE), thing
        if thing in {header, f"{BASE}contributors"} or thing.startswith(NS) or owner_of(thing) != thing:
            continue
        assert languages(thing, f"{SKOS}prefLabel") == BOTH, thing
        assert set(languages(thing, f"{SKOS}altLabel")) <= {"en", "ja"}, thing
        assert all(label.strip() == label != "" for label in values(thing, f"{SKOS}prefLabel"))
        assert len(values(thing, f"{SKOS}notation")) <= 1


def test_what_others_define_is_only_typed_and_named_here() -> None:
    outside = [thing for thing in described() if not thing.startswith(BASE)]
    assert len(outside) > 150
    for thing in outside:
        assert {triple.predicate.value for triple in described()[thing]} <= LABELS | {TYPE}, thing


def test_own_concepts_are_defined_and_belong_to_the_scheme_their_iri_says() -> None:
    for name in ("kind", "form", "calibration-feature", "spectrum-relation", "monochromator", "mode"):
        scheme = f"{BASE}{name}"
        assert languages(scheme, f"{SKOS}definition") == BOTH
        members = [thing for thing in described() if thing.startswith(f"{scheme}/")]
        assert set(members) <= set(values(scheme, f"{SKOS}hasTopConcept"))
        assert members
        for member in members:
            assert languages(member, f"{SKOS}definition") == BOTH, member
            assert values(member, f"{SKOS}inScheme") == [scheme]
            assert values(member, f"{SKOS}notation") == [member.rpartition("/")[2]]
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", member.rpartition("/")[2])


def test_every_member_of_a_scheme_is_described_and_no_spelling_is_shared() -> None:
    words = vocabulary()
    schemes = [thing for thing in described() if f"{SKOS}ConceptScheme" in values(thing, TYPE)]
    assert len(schemes) == 14
    for scheme in schemes:
        name = scheme.removeprefix(BASE)
        members = values(scheme, f"{SKOS}hasTopConcept")
        assert set(members) <= set(described())
        for member in members:
            spellings = [text for predicate in LABELS for text in values(member, predicate)]
            # Units are told apart by case alone (Pa, PA); they have a lookup of their own.
            assert name == "unit" or {words.concept(name, text) for text in spellings} == {member}


def places(kind: str) -> list[str]:
    return [thing for thing in described() if f"{NS}{kind}" in values(thing, TYPE)]


def test_every_name_of_a_facility_leads_to_it_alone() -> None:
    facilities = places("Facility")
    assert len(facilities) >= 45
    for facility in facilities:
        assert re.fullmatch(rf"{BASE}facility/[a-z0-9]+(-[a-z0-9]+)*", facility)
        spellings = [text for predicate in LABELS for text in values(facility, predicate)]
        assert {vocabulary().facility(text) for text in spellings} == {facility}
        assert re.fullmatch("[A-Z]{2}", values(facility, f"{SCHEMA}addressCountry")[0])
        assert languages(facility, "http://xmlns.com/foaf/0.1/name") == BOTH


def test_every_name_of_a_beamline_leads_to_it_alone() -> None:
    words, facilities, beamlines = vocabulary(), set(places("Facility")), places("Beamline")
    assert len(beamlines) >= 200
    for beamline in beamlines:
        assert re.fullmatch(rf"{BASE}beamline/[a-z0-9]+(-[a-z0-9]+)*", beamline)
        (facility,) = values(beamline, f"{NS}facility")
        assert facility in facilities
        full = values(beamline, f"{SKOS}prefLabel") + values(beamline, f"{SKOS}altLabel")
        codes = values(beamline, f"{SKOS}notation") + values(beamline, f"{SKOS}hiddenLabel")
        assert {words.beamline(text) for text in full} == {beamline}
        assert {words.beamline(text, facility) for text in full + codes} == {beamline}
        for place in values(facility, f"{SKOS}prefLabel"):
            assert words.beamline(f"{place} {codes[0]}") == beamline
        for whole in values(beamline, "http://purl.org/dc/terms/isPartOf"):
            assert values(whole, f"{NS}facility") == [facility]


def test_japanese_facilities_are_registered() -> None:
    japanese = {
        facility.rpartition("/")[2]
        for facility in places("Facility")
        if values(facility, f"{SCHEMA}addressCountry") == ["JP"]
    }
    assert japanese >= {
        "photon-factory",
        "spring-8",
        "aichi-sr",
        "saga-ls",
        "ritsumeikan-sr",
        "nanoterasu",
        "uvsor",
        "hisor",
    }


def test_edges_equal_what_their_script_writes() -> None:
    xraydb = pytest.importorskip("xraydb", reason="xraydb is a dependency of development only")
    script = ONTOLOGY / "build_edges.py"
    assert runpy.run_path(str(script))["build"]() == (ONTOLOGY / EDGES).read_text(encoding="utf-8"), (
        f"edges.ttl differs from what build_edges.py writes with {xraydb.get_xraydb().get_version()}"
    )


@cache
def edges() -> dict[str, str]:
    return {values(thing, f"{SKOS}notation")[0]: thing for thing in places("AbsorptionEdge")}


def test_there_are_799_edges_each_with_its_energy_and_source() -> None:
    words = vocabulary()
    assert len(edges()) == 799
    for name, edge in edges().items():
        element, shell = name.split("-")
        assert edge == f"{BASE}edge/{name}" == words.edge_iri(element, shell)
        assert values(edge, f"{NS}tabulatedEnergy") == [f"{edge}#tabulated_energy"]
        quantity = f"{edge}#tabulated_energy"
        assert [Decimal(value) for value in values(quantity, "http://qudt.org/schema/qudt/numericValue")] == [
            words.edge_energy(element, shell)
        ]
        assert values(quantity, "http://qudt.org/schema/qudt/hasUnit") == ["http://qudt.org/vocab/unit/EV"]
        (source,) = values(quantity, "http://www.w3.org/ns/prov#wasDerivedFrom")
        assert "Elam" in " ".join(values(source, f"{SKOS}prefLabel"))
        (absorber,) = values(edge, f"{NS}absorbingElement")
        assert values(absorber, f"{SKOS}notation") == [element]


def test_edges_agree_with_the_collected_table(shared: Path) -> None:
    words = vocabulary()
    with (shared / "data" / "elements_edges.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == len(edges()) == 799
    for row in rows:
        edge = edges()[f"{row['symbol']}-{row['edge_iupac']}"]
        assert words.edge_energy(row["symbol"], row["edge_iupac"]) == Decimal(row["edge_energy_eV"])
        assert values(edge, f"{NS}edgeType") == values(edge, f"{SKOS}broader") == [row["cdif_edge_iri"]]
        chebi = f"http://purl.obolibrary.org/obo/{row['chebi_curie'].replace(':', '_')}"
        assert values(edge, f"{NS}absorbingElement") == [chebi]
        assert values(edge, "http://purl.org/dc/terms/subject") == [
            f"http://www.wikidata.org/entity/{row['wikidata_qid']}"
        ]


def test_elements_are_those_of_the_periodic_table_up_to_californium() -> None:
    from catalog.xray import ELEMENTS

    with (ONTOLOGY / "elements.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert {row["symbol"]: int(row["number"]) for row in rows} == dict(list(ELEMENTS.items())[:98])
    for column in ("name_en", "name_ja", "chebi", "wikidata"):
        assert len({row[column] for row in rows}) == 98
    assert all(re.fullmatch(r"[ァ-ヴー一-龥]+", row["name_ja"]) for row in rows)


DCTERMS = "http://purl.org/dc/terms/"


def deprecation_faults(graph: list[ox.Triple], named_elsewhere: set[str]) -> list[str]:
    """What is wrong with how things are given up: a replacement is named that stands, and nothing uses the old."""
    about: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for triple in graph:
        about[triple.subject.value][triple.predicate.value].append(triple.object.value)
    given_up = {iri for iri, facts in about.items() if facts.get(f"{OWL}deprecated") == ["true"]}
    faults = [
        f"{iri} is deprecated in other words than true"
        for iri, facts in about.items()
        if f"{OWL}deprecated" in facts and iri not in given_up
    ]
    for iri in sorted(given_up):
        replacements = about[iri].get(f"{DCTERMS}isReplacedBy", [])
        faults += [] if replacements else [f"{iri} does not say what replaces it"]
        faults += [
            f"{iri} is replaced by {other}, which is given up" for other in replacements if other in given_up
        ]
        faults += [
            f"{iri} is replaced by {other}, which nobody defines"
            for other in replacements
            if other not in about and other not in verified()
        ]
        if (
            not about[iri].keys() & {f"{RDFS}label", f"{SKOS}prefLabel"}
            or f"{SKOS}definition" not in about[iri]
        ):
            faults.append(f"{iri} has lost its label or definition")
        if iri in named_elsewhere:
            faults.append(f"{iri} is given up and still used")
    for iri, facts in about.items():
        if f"{DCTERMS}isReplacedBy" in facts and iri not in given_up:
            faults.append(f"{iri} is replaced and not deprecated")
    return faults


def used_by_records() -> set[str]:
    """What the context, the shapes and the lists of values name."""
    used = {term.predicate.value for term in mapping_context().terms.values()}
    used |= {member for thing in described() for member in values(thing, f"{SKOS}hasTopConcept")}
    for path in (data_root() / "shapes").glob("*.ttl"):
        used |= iris_of(path)
    return used


def test_what_is_given_up_says_what_replaces_it() -> None:
    assert deprecation_faults(shipped(), used_by_records()) == []


OLD = f"""
<{NS}old> a owl:DatatypeProperty ; owl:deprecated true ; dcterms:isReplacedBy <{NS}new> ;
    rdfs:label "old"@en ; skos:definition "Old."@en .
<{NS}new> a owl:DatatypeProperty ; rdfs:label "new"@en ; skos:definition "New."@en .
"""


@pytest.mark.parametrize(
    ("change", "used", "fault"),
    [
        (("", ""), set(), None),
        ((f"dcterms:isReplacedBy <{NS}new> ;", ""), set(), "does not say what replaces it"),
        ((f"isReplacedBy <{NS}new>", f"isReplacedBy <{NS}newer>"), set(), "which nobody defines"),
        ((f"isReplacedBy <{NS}new>", "isReplacedBy <http://purl.org/dc/terms/title>"), set(), None),
        (('"New."@en', '"New."@en ; owl:deprecated true'), set(), "which is given up"),
        (('; skos:definition "Old."@en', ""), set(), "has lost its label or definition"),
        (("owl:deprecated true ;", ""), set(), "is replaced and not deprecated"),
        (("owl:deprecated true", 'owl:deprecated "yes"'), set(), "in other words than true"),
        (("", ""), {f"{NS}old"}, "is given up and still used"),
    ],
)
def test_faults_of_giving_up_are_found(change: tuple[str, str], used: set[str], fault: str | None) -> None:
    prefixes = {"owl": OWL, "rdfs": RDFS, "skos": SKOS, "dcterms": DCTERMS}
    head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes.items())
    text = OLD.replace(*change) if change[0] else OLD
    graph = [quad.triple for quad in ox.parse((head + text).encode(), format=ox.RdfFormat.TURTLE)]
    faults = deprecation_faults(graph, used)
    assert any(fault in each for each in faults) if fault else faults == []


def release_script() -> dict[str, Any]:
    return runpy.run_path(str(ONTOLOGY / "release.py"))


def test_the_manifest_of_this_version_is_what_the_script_makes() -> None:
    script = release_script()
    path = RELEASES / script["version"]() / "manifest.json"
    assert path.is_file(), "a new version: run python ontology/release.py"
    assert script["manifest_text"]() == path.read_text(encoding="utf-8"), (
        "terms, lists or context changed. Not published yet: run python ontology/release.py. "
        "Published: raise the version in the header of xafscat.ttl first."
    )


def test_every_syntax_of_a_release_says_the_same() -> None:
    script = release_script()
    files = script["files"]()
    formats = {
        "ttl": ox.RdfFormat.TURTLE,
        "nt": ox.RdfFormat.N_TRIPLES,
        "jsonld": ox.RdfFormat.JSON_LD,
        "rdf": ox.RdfFormat.RDF_XML,
    }
    assert set(files) == {
        "context.jsonld",
        *(f"{name}.{end}" for name in ("xafscat", "schemes") for end in formats),
    }
    for name in ("xafscat", "schemes"):
        graphs = {
            frozenset(quad.triple for quad in ox.parse(files[f"{name}.{end}"], format=syntax))
            for end, syntax in formats.items()
        }
        assert graphs == {frozenset(triples(f"{name}.ttl"))}
        rdflib_reads = rdflib.Graph().parse(data=files[f"{name}.rdf"], format="xml")
        assert len(rdflib_reads) == len(triples(f"{name}.ttl"))


def test_the_script_writes_the_files_that_the_manifest_names(tmp_path: Path) -> None:
    release_script()["main"]([str(tmp_path / "out")])
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    written = {path.name for path in (tmp_path / "out").iterdir()} - {"manifest.json"}
    assert written == set(manifest["files"])
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == digest


def test_nothing_that_was_released_is_gone() -> None:
    manifests = sorted(RELEASES.glob("*/manifest.json"))
    assert manifests
    for path in manifests:
        released = json.loads(path.read_text(encoding="utf-8"))["terms"]
        assert set(released) - set(described()) == set(), f"{path.parent.name}: deprecate, never delete"


def test_the_changelog_names_every_term_once() -> None:
    text = (ONTOLOGY / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    versions = [section.split()[0] for section in sections]
    header = NS.removesuffix("#")
    assert versions[0] == values(header, f"{OWL}versionInfo")[0], "newest first"
    assert len(versions) == len(set(versions))
    added: Counter[str] = Counter()
    deprecated: Counter[str] = Counter()
    for section in sections:
        for title, body in re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", section, re.MULTILINE | re.DOTALL):
            assert title in {"Added", "Changed", "Deprecated"}, title
            names = re.findall(r"`([a-z-]+[:/][A-Za-z-]+)`", body)
            added.update(names if title == "Added" else [])
            deprecated.update(names if title == "Deprecated" else [])
    terms = {f"xafs:{term.removeprefix(NS)}" for term in own_terms()}
    own = ("kind", "form", "calibration-feature", "spectrum-relation", "monochromator", "mode")
    concepts = {
        thing.removeprefix(BASE)
        for thing in described()
        for name in own
        if thing.startswith(f"{BASE}{name}/")
    }
    assert added == Counter(terms | concepts)
    given_up = {thing for thing in described() if values(thing, f"{OWL}deprecated") == ["true"]}
    assert set(deprecated) == {
        f"xafs:{iri.removeprefix(NS)}" if iri.startswith(NS) else iri.removeprefix(BASE) for iri in given_up
    }


DOCUMENTATION = Path(__file__).resolve().parents[1] / "docs" / "vocabulary.md"


@pytest.fixture(scope="module")
def documentation() -> str:
    if not DOCUMENTATION.is_file():
        pytest.skip("the documentation is not beside the tests")
    return DOCUMENTATION.read_text(encoding="utf-8")


def test_the_documentation_has_a_row_for_every_term(documentation: str) -> None:
    words = vocabulary()
    rows = {row.split("`")[1]: row for row in documentation.splitlines() if row.startswith("| `xafs:")}
    rows.pop("xafs:", None)
    assert set(rows) == {term.name for term in words.terms()}
    for term in words.terms():
        assert term.label["ja"] in rows[term.name]
        assert term.definition["en"] in rows[term.name]
        for unit in values(term.iri, f"{NS}unit"):
            assert f"quantity in {words.notation(unit)} " in rows[term.name]


def test_the_documentation_lists_the_words_and_the_prefixes(documentation: str) -> None:
    words = vocabulary()
    own = ("monochromator", "calibration-feature", "spectrum-relation")
    for scheme in ("kind", "access", "form", "technique", "mode", *own):
        assert f"| `<{BASE}{scheme}>` | {', '.join(words.choices(scheme))} |" in documentation
    for prefix, namespace in re.findall(r"^\| `([a-z]+):` \| `(http[^`]+)` \|", documentation, re.MULTILINE):
        assert words.prefixes[prefix] == namespace


def test_queries_of_the_documentation_run(documentation: str) -> None:
    store = ox.Store()
    store.extend(ox.Quad(*triple) for triple in shipped())
    queries = re.findall(r"```sparql\n(.*?)```", documentation, re.DOTALL)
    rows = [list(store.query(query)) for query in queries]
    assert [len(found) for found in rows[:2]] == [0, 0]
    assert {row["label"].value for row in rows[2]} >= {"鉄 K吸収端", "プロメチウム L1吸収端"} - {
        "プロメチウム L1吸収端"
    }
    assert len(rows[3]) >= 40
    assert len(rows) == 4
