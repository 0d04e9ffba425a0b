"""The whole path on real files: every good XDI file of the corpus, from header to the answer of a query."""

from __future__ import annotations

import csv
import re
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from catalog.approval import approve_ready
from catalog.config import load_settings
from catalog.defaults import load_defaults
from catalog.engines import engine
from catalog.inspection import inspect_file
from catalog.intake import find, ingest
from catalog.publishing import publish
from catalog.registry import create_registry, open_registry
from catalog.releases import open_current
from catalog.verification import verify
from catalog.vocabulary import vocabulary

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
FOLDERS = ("xdi-spec/data", "xdi-xaslib", "xdi-bmm", "xdi-misc")
# Files that state no edge on purpose: not absorption spectra.
NOT_XAFS = {"nonxafs_1d.xdi", "nonxafs_2d.xdi", "nonxafs_negvalues.xdi"}

COUNT = """
PREFIX xafs: <https://w3id.org/xafscat/ns#>
SELECT ?facility ?element ?edge (COUNT(?spectrum) AS ?spectra) WHERE {
  ?spectrum a xafs:Spectrum ; xafs:element ?element ; xafs:edge ?edge .
  OPTIONAL { ?spectrum xafs:facility ?facility }
} GROUP BY ?facility ?element ?edge
"""

LINKED = """
PREFIX xafs: <https://w3id.org/xafscat/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?record ?material (COUNT(?entry) AS ?entries) WHERE {
  ?record xafs:sample/xafs:sampleMaterial ?material .
  OPTIONAL {
    ?material skos:broader? ?linked .
    ?linked skos:exactMatch|skos:closeMatch|xafs:referenceStructure ?entry
  }
} GROUP BY ?record ?material
"""


def listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def material_table() -> dict[tuple[str, str], list[str]]:
    """The materials that may be meant, by name and formula."""
    with (Path(__file__).parent / "data" / "material-names.csv").open(encoding="utf-8", newline="") as table:
        return {(row["name"], row["formula"]): row["material"].split(",") for row in csv.DictReader(table)}


def header(path: Path) -> dict[str, str]:
    """The header pairs of an XDI file, read in the simplest way there is: the test's own eyes."""
    pairs: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        match = re.match(r"#\s*([A-Za-z]\w*)\.(\w+):\s*(.*?)\s*(\|\|.*)?$", line)
        if match:
            pairs.setdefault(f"{match[1]}.{match[2]}".casefold(), match[3])
    return pairs


def files(corpus: Path) -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (corpus / folder).rglob("*.xdi"))


def stated(pairs: dict[str, str], *keys: str) -> str | None:
    return next((pairs[key] for key in keys if pairs.get(key)), None)


@pytest.fixture(scope="module")
def corpus(request: pytest.FixtureRequest) -> Path:
    shared: Path = request.getfixturevalue("shared")
    return shared / "data" / "corpus"


def test_every_file_has_the_right_outcome_element_and_edge(corpus: Path) -> None:
    outcomes: Counter[str] = Counter()
    for path in files(corpus):
        pairs = header(path)
        element = stated(pairs, "element.symbol", "scan.element", "scanparameters.element")
        edge = stated(pairs, "element.edge", "scan.edge", "scanparameters.edge")
        seen = inspect_file(path, path.name, today=date(2026, 11, 20))
        outcomes[seen["outcome"]] += 1
        if path.name in NOT_XAFS:
            assert seen["outcome"] == "refuse", path
            assert seen["findings"], path
        elif element and edge:
            assert seen["outcome"] == "read", (path, seen["findings"])
            assert seen["facts"]["element"].casefold() == element.casefold(), path
            assert seen["facts"]["edge"].casefold() == edge.casefold(), path
        else:
            assert seen["outcome"] == "ask", path
            assert "edge" not in seen["facts"] or "element" not in seen["facts"], path
    assert outcomes["read"] == 389
    assert outcomes["refuse"] == len(NOT_XAFS)


def test_from_headers_to_the_answer_of_a_query(corpus: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    create_registry(home, "https://xafs.example.org", now=NOW)
    settings = load_settings(home, environ={})
    defaults = load_defaults(Path(__file__).parent / "data" / "corpus-defaults.yaml")
    with open_registry(settings.registry_path) as registry:
        found = find([corpus / folder for folder in FOLDERS], settings)
        receipts = [
            receipt
            for receipt in ingest(
                found,
                registry=registry,
                settings=settings,
                now=NOW,
                actor="test",
                defaults=defaults,
                jobs=2,
            )
            if receipt.file.endswith(".xdi")
        ]
        results = Counter(receipt.result for receipt in receipts)
        ids = [receipt.record_id for receipt in receipts if receipt.result == "stored" and receipt.record_id]
        approved = approve_ready(registry, ids, settings=settings, now=NOW, actor="test")
        made = publish(settings, registry, now=NOW, actor="test")
        assert verify(settings, registry) == []
    assert defaults.unused_rules() == []
    assert results["refused"] == len(NOT_XAFS)
    assert approved.refused == {}
    assert made.added == len(ids) == results["stored"]

    expected = expected_counts(
        [path for path in files(corpus) if path.name not in NOT_XAFS and not is_duplicate(path, receipts)]
    )
    with (
        closing(open_current(settings.public_path)) as release,
        closing(engine().read(release.store_path)) as store,
    ):
        answer = Counter(
            {
                (
                    row["facility"].value if row["facility"] else None,
                    row["element"].value,
                    row["edge"].value,
                ): int(row["spectra"].value)
                for row in store.query(COUNT)
            }
        )
        linked = {
            row["record"].value: (row["material"].value, row["entries"].value) for row in store.query(LINKED)
        }
        materials = {entry.document["id"]: entry.document for entry in release.entries()}
    assert answer == expected
    assert sum(expected.values()) == len(ids)
    # Most samples have a material of the list, as the table that was fixed beforehand says, and none another one.
    table = material_table()
    wrong = []
    for iri, document in materials.items():
        sample = document.get("sample", {})
        names = [text for texts in sample.get("sample_name", {}).values() for text in listed(texts)]
        allowed = {
            name for text in names or [""] for name in table.get((text, sample.get("formula", "")), ())
        }
        if iri in linked and allowed and linked[iri][0].rpartition("/")[2] not in allowed:
            wrong.append((names, sample.get("formula"), linked[iri][0]))
    assert wrong == []
    assert len(linked) / len(ids) >= 0.7
    with_entry = sum(int(entries) > 0 for _, entries in linked.values())
    # The shipped links alone, none of them looked at by a person.
    assert with_entry > 60
    print(f"{len(linked)} of {len(ids)} with a material, {with_entry} with an entry of a database")


def is_duplicate(path: Path, receipts: list) -> bool:  # type: ignore[type-arg]
    return any(Path(receipt.file) == path and receipt.result == "duplicate" for receipt in receipts)


def expected_counts(paths: list[Path]) -> Counter[tuple[str | None, str, str]]:
    """Counts by facility and edge from the headers alone, with the facilities the defaults file gives."""
    words = vocabulary()
    counts: Counter[tuple[str | None, str, str]] = Counter()
    for path in paths:
        pairs = header(path)
        name = stated(pairs, "facility.name")
        beamline = pairs.get("beamline.name", "")
        if name is None and beamline.startswith("SSRL"):
            name = "SSRL"
        elif name is None and beamline.startswith(("APS", "20BM", "13ID")):
            name = "APS"
        facility = words.facility(name) if name else None
        element = (
            stated(pairs, "element.symbol", "scan.element", "scanparameters.element") or ""
        ).capitalize()
        edge = (stated(pairs, "element.edge", "scan.edge", "scanparameters.edge") or "").upper()
        counts[facility, element, edge] += 1
    return counts
