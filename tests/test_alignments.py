"""The alignments: well-formed SSSOM, careful predicates, nothing unverified, and equal to what is made from them."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType

import pyoxigraph as ox
import pytest
import yaml

from catalog.linking.listing import shipped_links
from catalog.linking.model import Link, LinkState
from catalog.linking.scoring import SAMPLE_MATERIAL
from catalog.mapping import context
from catalog.resources import data_root
from catalog.sssom import write_sssom
from catalog.vocabulary import vocabulary
from catalog.vocabulary_graph import BASE

ONTOLOGY = data_root() / "ontology"
TABLES = sorted((ONTOLOGY / "alignments").glob("*.sssom.tsv"))
VERIFIED = Path(__file__).parent / "data" / "verified-iris.tsv"
NAMES = {"panet", "chmo", "esrfet", "chameo", "cdif", "nexus", "xdi", "jxs", "matvoc"}
SKOS = "http://www.w3.org/2004/02/skos/core#"

# What SSSOM asks of a mapping set and of a mapping, and the further slots every set here has.
SET_SLOTS = {"mapping_set_id", "license", "curie_map"}
OUR_SET_SLOTS = {
    *("mapping_set_version", "mapping_set_title", "mapping_set_description", "mapping_provider"),
    *("subject_source", "subject_source_version", "object_source", "object_source_version", "mapping_date"),
}
ROW_SLOTS = ["subject_id", "predicate_id", "object_id", "mapping_justification"]
COLUMNS = [
    *("subject_id", "subject_label", "predicate_id", "object_id", "object_label"),
    *("mapping_justification", "confidence", "comment"),
]
JUSTIFICATIONS = {"semapv:ManualMappingCuration", "semapv:LexicalMatching", "semapv:MappingChaining"}
SECOND_HAND = Decimal("0.8")


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_alignments", ONTOLOGY / "build_alignments.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()


@cache
def verified() -> dict[str, dict[str, str]]:
    with VERIFIED.open(encoding="utf-8", newline="") as table:
        rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["iri"]: row for row in rows}


def structural_faults(path: Path) -> list[str]:
    """What keeps a file from being an SSSOM table: header, columns, slots, CURIEs, values."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = [line[1:] for line in lines if line.startswith("#")]
    header = yaml.safe_load("\n".join(head)) or {}
    faults = [f"header lacks {slot}" for slot in sorted((SET_SLOTS | OUR_SET_SLOTS) - header.keys())]
    prefixes = header.get("curie_map") or {}
    if not str(header.get("license")).startswith("https://creativecommons.org/licenses/"):
        faults.append("license is not the address of a licence")
    if len(lines) == len(head):
        return [*faults, "no table"]
    columns = lines[len(head)].split("\t")
    if [name for name in columns if name != "predicate_modifier"] != COLUMNS:
        return [*faults, f"columns are {columns}"]
    used = set()
    for number, line in enumerate(lines[len(head) + 1 :], len(head) + 2):
        cells = line.split("\t")
        row = dict(zip(columns, cells, strict=False))
        if len(cells) != len(columns):
            faults.append(f"{number}: {len(cells)} cells")
            continue
        faults += [f"{number}: no {slot}" for slot in ROW_SLOTS if not row[slot]]
        for slot in ROW_SLOTS:
            prefix, colon, rest = row[slot].partition(":")
            used.add(prefix)
            if not (colon and rest and prefix in prefixes) or re.search(r"[\s<>\"{}|\\^`]", rest):
                faults.append(f"{number}: {slot} is no CURIE: {row[slot]}")
        if row["predicate_id"].partition(":")[2] not in SCRIPT.SIGNS:
            faults.append(f"{number}: predicate {row['predicate_id']}")
        if row["mapping_justification"] not in JUSTIFICATIONS:
            faults.append(f"{number}: justification {row['mapping_justification']}")
        if not re.fullmatch(r"0\.\d+|1\.0", row["confidence"]):
            faults.append(f"{number}: confidence {row['confidence']}")
        if row.get("predicate_modifier", "") not in {"", "Not"}:
            faults.append(f"{number}: modifier {row['predicate_modifier']}")
    return faults + [f"prefix {prefix} is not used" for prefix in sorted(prefixes.keys() - used)]


def test_every_vocabulary_has_its_table() -> None:
    assert {path.name.partition(".")[0] for path in TABLES} == NAMES == set(SCRIPT.ORDER)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_a_table_is_sssom(path: Path) -> None:
    assert structural_faults(path) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("#license:", "#licence:"), "header lacks license"),
        (("#mapping_set_id:", "#mapping_set:"), "header lacks mapping_set_id"),
        (("predicate_id", "predicate"), "columns are"),
        (("skos:exactMatch", "skos:sameMatch"), "predicate skos:sameMatch"),
        (("skos:exactMatch", ""), "no predicate_id"),
        (("semapv:ManualMappingCuration", "ManualMappingCuration"), "mapping_justification is no CURIE"),
        (("semapv:ManualMappingCuration", "semapv:Guess"), "justification semapv:Guess"),
        (("\t0.95\t", "\t95\t"), "confidence 95"),
        (("obo:CHMO_0000298", "chmo:0000298"), "object_id is no CURIE"),
        (("obo:CHMO_0000298\t", "obo:CHMO_0000298"), "cells"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    text = (ONTOLOGY / "alignments" / "chmo.sssom.tsv").read_text(encoding="utf-8")
    changed = tmp_path / "chmo.sssom.tsv"
    changed.write_text(text.replace(*change), encoding="utf-8")
    faults = structural_faults(changed)
    assert change[0] in text
    assert any(fault in each for each in faults), faults


# The command `sssom validate`, for several files in one process: starting it takes seconds.
SSSOM_VALIDATE = """
import json, sys
from sssom.cli import validate
faults = {}
for path in sys.argv[1:]:
    try:
        validate.main([path], standalone_mode=False)
    except Exception as error:
        faults[path] = f"{type(error).__name__}: {error}"
json.dump(faults, sys.stdout)
"""


def _links_of_every_kind() -> str:
    """What `xafscat link export` writes: shipped links, reviewed and rejected ones, and that of a sample."""
    first, second, *_ = links = shipped_links()
    reviewer = "Example Curator <https://orcid.org/0000-0002-1825-0097>"
    reviewed = {"reviewer": reviewer, "review_date": date(2026, 1, 1)}
    links += [
        replace(first, state=LinkState.ACCEPTED, author="Example Author", tool="xafscat", **reviewed),
        replace(second, state=LinkState.REJECTED, comment="made up for the test", **reviewed),
        Link(
            "https://example.org/record/x#sample",
            SAMPLE_MATERIAL,
            first.subject,
            "",
            LinkState.ACCEPTED,
            "semapv:ManualMappingCuration",
            1.0,
            **reviewed,
        ),
    ]
    return write_sssom(links, "https://example.org", title="Example")


def test_sssom_validate_accepts_each_table_and_no_faulty_one(
    tmp_path: Path, peer: Callable[[str], Path]
) -> None:
    interpreter = peer("sssom").resolve().with_name("python")
    text = (ONTOLOGY / "alignments" / "chmo.sssom.tsv").read_text(encoding="utf-8")
    faulty = {
        "justification": text.replace("semapv:ManualMappingCuration", "ManualMappingCuration"),
        "confidence": text.replace("\t0.95\t", "\t95\t"),
    }
    for name, changed in faulty.items():
        assert changed != text
        (tmp_path / f"{name}.sssom.tsv").write_text(changed, encoding="utf-8")
    wrong = sorted(map(str, tmp_path.iterdir()))
    links = tmp_path / "links.sssom.tsv"
    links.write_text(_links_of_every_kind(), encoding="utf-8")
    done = subprocess.run(
        [str(interpreter), "-c", SSSOM_VALIDATE, *map(str, TABLES), str(links), *wrong],
        check=True,
        capture_output=True,
        text=True,
        timeout=240,
        env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore"},  # none of our modules
    )
    faults = json.loads(done.stdout)
    assert sorted(faults) == wrong, (faults, done.stderr[-2000:])
    assert all("ValidationError" in fault for fault in faults.values())


def test_the_turtle_equals_what_its_script_writes() -> None:
    assert SCRIPT.turtle() == (ONTOLOGY / "alignments.ttl").read_text(encoding="utf-8"), (
        "run: python ontology/build_alignments.py"
    )


def test_the_crosswalk_equals_what_its_script_writes() -> None:
    if not SCRIPT.CROSSWALK.is_file():
        pytest.skip("the documentation is not beside the ontology")
    assert SCRIPT.crosswalk() == SCRIPT.CROSSWALK.read_text(encoding="utf-8"), (
        "run: python ontology/build_alignments.py"
    )


def test_the_turtle_says_each_mapping_once_and_no_more() -> None:
    graph = [
        quad.triple for quad in ox.parse(path=str(ONTOLOGY / "alignments.ttl"), format=ox.RdfFormat.TURTLE)
    ]
    assert len(graph) == len(set(graph))
    assert not [term for triple in graph for term in triple if isinstance(term, ox.BlankNode)]
    stated = {
        (triple.subject.value, triple.predicate.value, triple.object.value)
        for triple in graph
        if triple.predicate.value.startswith(SKOS)
    }
    wanted = {
        (mapping.subject, mapping.predicate.replace("skos:", SKOS), mapping.object)
        for each in SCRIPT.sets()
        for mapping in each.mappings
        if not mapping.negated
    }
    axioms = [triple for triple in graph if triple.predicate.value.endswith("#annotatedTarget")]
    assert stated == wanted
    assert len(axioms) == len({triple.subject for triple in axioms}) == len(wanted) > 150


def test_rows_are_sorted_and_no_pair_has_two_predicates() -> None:
    for each in SCRIPT.sets():
        order = [(row["subject_id"], row["predicate_id"], row["object_id"]) for row in each.rows]
        assert order == sorted(order), each.name
        pairs = Counter((row["subject_id"], row["object_id"]) for row in each.rows)
        assert [pair for pair, count in pairs.items() if count > 1] == [], each.name


def test_exact_means_exact_and_the_rest_says_why() -> None:
    for each in SCRIPT.sets():
        exact = defaultdict(set)
        for mapping in each.mappings:
            if mapping.predicate == "skos:exactMatch":
                assert Decimal(mapping.confidence) >= Decimal("0.9"), mapping
                exact[mapping.subject].add(mapping.object)
            else:
                assert len(mapping.comment) > 5, mapping
        # Two things that are each exactly ours would be exactly one another.
        assert {subject: objects for subject, objects in exact.items() if len(objects) > 1} == {}


def test_subjects_are_ours_under_our_labels() -> None:
    words = vocabulary()
    for each in SCRIPT.sets():
        for mapping in each.mappings:
            label = words.label(mapping.subject, "en") or verified()[mapping.subject]["label"]
            assert mapping.subject_label == label, mapping
            used = words.authority_triples(mapping.subject) or mapping.subject in {
                term.predicate.value for term in context().terms.values()
            }
            assert used, f"{mapping.subject} is neither shipped nor in the context"


def test_objects_were_verified_and_what_is_second_hand_is_held_lightly() -> None:
    for each in SCRIPT.sets():
        for mapping in each.mappings:
            if mapping.object.startswith(f"{BASE}field/"):
                continue
            row = verified()[mapping.object]
            assert row["status"] in {"V", "V2"}, mapping.object
            assert row["label"] == mapping.object_label, mapping.object
            if row["status"] == "V2":
                assert Decimal(mapping.confidence) <= SECOND_HAND, mapping


def test_only_fields_without_an_iri_are_named_by_us() -> None:
    objects = {mapping.object for each in SCRIPT.sets() for mapping in each.mappings}
    ours = {iri for iri in objects if iri.startswith(BASE)}
    assert {iri for iri in ours if not re.fullmatch(rf"{BASE}field/xdi/[A-Za-z]+\.[A-Za-z_]+", iri)} == set()
    elsewhere = {iri.removeprefix("https://w3id.org/cdif/xdi/") for iri in verified()}
    assert {iri for iri in ours if iri.rpartition("/")[2] in elsewhere} == set()


def mapped(name: str) -> dict[tuple[str, str], str]:
    """(subject, object) -> predicate of one table, as CURIEs."""
    (found,) = (each for each in SCRIPT.sets() if each.name == name)
    return {(row["subject_id"], row["object_id"]): row["predicate_id"] for row in found.rows}


@pytest.mark.parametrize(
    ("name", "subject", "target", "predicate"),
    [
        ("chmo", "panet:PaNET01196", "obo:CHMO_0000298", "exactMatch"),
        ("chmo", "panet:PaNET01197", "obo:CHMO_0000299", "exactMatch"),
        ("chmo", "panet:PaNET01198", "obo:CHMO_0000300", "closeMatch"),
        ("chmo", "panet:PaNET01199", "obo:CHMO_0000305", "closeMatch"),
        ("esrfet", "panet:PaNET01196", "esrfet:XAS", "closeMatch"),
        ("esrfet", "panet:PaNET01199", "esrfet:XANES", "closeMatch"),
        ("cdif", "xafs:Measurement", "cx:analysisevent", "closeMatch"),
        ("cdif", "xafs:assignedEnergy", "cx:edgeenergy", "relatedMatch"),
        ("nexus", "xafs:Spectrum", "nxmanual:applications/NXxas.html", "relatedMatch"),
        ("xdi", "xafs:crystalMaterial", "xdi:Mono.name", "broadMatch"),
        ("matvoc", "panet:PaNET01196", "mv:Q2152", "closeMatch"),
    ],
)
def test_predicates_that_were_thought_about(name: str, subject: str, target: str, predicate: str) -> None:
    assert mapped(name)[subject, target] == f"skos:{predicate}"


def test_a_false_friend_is_kept_and_makes_no_triple() -> None:
    negated = [mapping for each in SCRIPT.sets() for mapping in each.mappings if mapping.negated]
    assert [mapping.object for mapping in negated] == ["https://w3id.org/cdif/xas/calibrationmethod"]
    assert "calibrationmethod" not in (ONTOLOGY / "alignments.ttl").read_text(encoding="utf-8")
    assert "≠ `calibrationmethod`" in SCRIPT.crosswalk()


# Where the place of a value in the deposit form is not called as the record document calls it.
FORM_NAMES = {
    "/sample/name": {"sample_name"},
    "/papers/0": {"papers"},
    "/spectra/0/monochromator": {"monochromator", "crystal", "reflection"},
}


def test_the_aliases_of_xdi_agree_with_the_alignment() -> None:
    aliases = yaml.safe_load((ONTOLOGY / "aliases" / "xdi.yaml").read_text(encoding="utf-8"))["fields"]
    objects: dict[str, set[str]] = defaultdict(set)
    (table,) = (each for each in SCRIPT.sets() if each.name == "xdi")
    for mapping in table.mappings:
        objects[mapping.object_label.lower()].add(mapping.subject)
    terms = context().terms
    assert len(aliases) > 20
    for alias in aliases:
        keys = FORM_NAMES.get(alias["pointer"], {alias["pointer"].rpartition("/")[2]})
        wanted = {terms[key].predicate.value for key in keys}
        assert objects[alias["keys"][0]] & wanted, f"{alias['keys'][0]} has no row in xdi.sssom.tsv"
        for name in [*alias["keys"], *alias.get("also", [])]:
            for subject in objects.get(name, ()):
                # Element.edge also bears on the edge of the element, Mono.name on two properties.
                assert objects[name] & wanted, f"{name}: {alias['pointer']} against {subject}"


def test_fields_of_the_xdi_dictionary_are_mapped_or_passed_on() -> None:
    aliases = yaml.safe_load((ONTOLOGY / "aliases" / "xdi.yaml").read_text(encoding="utf-8"))
    (table,) = (each for each in SCRIPT.sets() if each.name == "xdi")
    known = {mapping.object_label.lower() for mapping in table.mappings} | set(aliases["public"])
    dictionary = {
        "facility": "name energy current xray_source",
        "beamline": "name collimation focusing harmonic_rejection",
        "mono": "name d_spacing",
        "detector": "i0 it if ir",
        "sample": "name id stoichiometry prep temperature",
        "scan": "start_time end_time edge_energy",
        "element": "symbol edge reference ref_edge",
    }
    tags = {f"{family}.{tag}" for family, names in dictionary.items() for tag in names.split()}
    # The names of the experimenters are private and mapped to nothing.
    assert tags - known == set()
    assert "sample.experimenters" not in known


def test_keys_of_jxs_are_those_of_the_schema(shared: Path) -> None:
    path = shared / "data" / "corpus" / "xafs-schema" / "schema" / "xafs-schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    (table,) = (each for each in SCRIPT.sets() if each.name == "jxs")
    for mapping in table.mappings:
        pointer = mapping.object.partition("#")[2]
        node = schema
        for part in pointer.split("/")[1:]:
            node = node[part]
        assert node
        assert mapping.object_label == re.sub("[@.]", ".", pointer.rpartition("/")[2]).lstrip(".")


def crosswalk_rows(shared: Path, name: str) -> list[dict[str, str]]:
    path = shared / "data" / "corpus" / "cdif-jsonld" / "crosswalks" / name
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize(
    ("name", "file", "hub", "spoke"),
    [
        ("xdi", "xdi-to-cdifxas.sssom.tsv", "object_id", "subject_id"),
        ("nexus", "cdifxas-to-nexus.sssom.tsv", "subject_id", "object_id"),
    ],
)
def test_ours_do_not_contradict_those_of_cdif(
    shared: Path, name: str, file: str, hub: str, spoke: str
) -> None:
    """Where CDIF has a field for a concept that is ours too, the same field is mapped here, and to the same thing."""
    ours, through = mapped(name), mapped("cdif")
    fields = {target for _, target in ours}
    checked = 0
    for row in crosswalk_rows(shared, file):
        concept = row[hub].replace("cdifxas:", "cx:")
        field = row[spoke]
        if row["predicate_id"] != "skos:exactMatch" or field not in fields:
            continue
        subjects = {subject for subject, target in ours if target == field}
        hubs = {subject for subject, target in through if target == concept}
        assert not hubs or subjects & hubs, (field, concept)
        checked += bool(hubs)
    assert checked >= 8


def test_the_crosswalk_has_a_row_for_every_subject() -> None:
    page = SCRIPT.crosswalk()
    for each in SCRIPT.sets():
        for row in each.rows:
            assert f"| `{row['subject_id']}` |" in page
            assert page.count(f"| `{row['subject_id']}` |") <= 2


# What a row of the JXS reader fills, where the place is not called as the record document calls it.
JXS_NAMES = {
    "/spectra/0/edge": {"edge", "element", "measured_edge"},
    "/creators": {"credit_name", "affiliation_name"},
    "/spectra/0/energy": {"energy_first", "energy_last"},
    "/spectra/0/files": {"file_name"},
    "/spectra/0/calibration/standard": {"standard", "calibration"},
    "/spectra/0/monochromator": {"reflection", "crystal"},
    "/spectra/0/monochromator/type": {"monochromator_type"},
    "/sample/name": {"sample_name"},
}
# Parts of the schema that no row of the reader reads: when it was deposited, and blocks whose parts are read.
JXS_UNREAD = {"data_info.deposite_time.create_time", "measurement.energy_calibration"}


def test_every_key_the_jxs_reader_reads_has_its_row_in_the_alignment() -> None:
    table = yaml.safe_load((ONTOLOGY / "aliases" / "jxs.yaml").read_text(encoding="utf-8"))
    (mapped_keys,) = (each for each in SCRIPT.sets() if each.name == "jxs")
    objects: dict[str, set[str]] = defaultdict(set)
    for mapping in mapped_keys.mappings:
        objects[mapping.object_label].add(mapping.subject)
    terms = context().terms
    assert len(table["fields"]) > 30
    read: set[str] = set()
    for row in table["fields"]:
        place = row["fills"].removesuffix("/en").removesuffix("/ja")
        names = JXS_NAMES.get(place, {place.rpartition("/")[2]})
        wanted = {terms[name].predicate.value for name in names if name in terms}
        # A row for a block reads its parts: data_depositor its organization and its name.
        labels = {label for label in objects if label == row["path"] or label.startswith(f"{row['path']}.")}
        read |= labels
        found = set().union(*(objects[label] for label in labels))
        assert found & wanted, f"{row['path']} fills {row['fills']} and has no row in jxs.sssom.tsv"
    public = {row["path"] for row in table["public"]}
    assert objects.keys() - read - public == JXS_UNREAD


def test_terms_the_cdif_reader_reads_are_in_the_alignment() -> None:
    table = yaml.safe_load((ONTOLOGY / "aliases" / "cdif.yaml").read_text(encoding="utf-8"))
    (mapped_terms,) = (each for each in SCRIPT.sets() if each.name == "cdif")
    objects: dict[str, set[str]] = defaultdict(set)
    for mapping in mapped_terms.mappings:
        objects[mapping.object.rpartition("/")[2]].add(mapping.subject)
    terms = context().terms
    for row in table["properties"]:
        if row["term"] == "chemicalcomposition":  # the spelling before samplechemicalcomposition
            assert row["term"] not in objects
        else:
            assert terms[row["fills"].rpartition("/")[2]].predicate.value in objects[row["term"]], row
