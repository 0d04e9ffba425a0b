"""What becomes of each file of the corpus, against tables that were reviewed line by line against the files.

``tests/data/expect/*.csv``: ``path`` (relative to the corpus; a glob pattern stands for several files, and the most
specific row decides), ``outcome``, ``reader``, then any facts of ``xafscat inspect`` by their names.
``suggested_element`` and ``suggested_edge`` are what is inferred; ``findings`` holds all codes, separated by blanks.
An empty cell says that the fact is absent; a column that a table does not have is not checked.
"""

from __future__ import annotations

import csv
import fnmatch
import importlib.util
import json
import math
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from catalog.inspection import DEFAULT_LIMITS, inspect_files

ROOT = Path(__file__).resolve().parents[1]
TABLES = Path(__file__).parent / "data" / "expect"
FIXED = {"path", "outcome", "reader", "suggested_element", "suggested_edge", "findings"}
FACTS = {
    "element", "edge", "d_spacing_angstrom", "crystal", "reflection", "facility", "beamline", "sample_name", "formula",
    "start_time", "mode", "licence", "doi", "orcids", "ring_energy_gev", "n_spectra", "temperature_k",
}  # fmt: skip
# What the program does wrong, not the file.
FAULTS = {"reader-failed", "read-crashed", "read-timeout", "read-memory"}


class Row(NamedTuple):
    """One row of a table: where it stands, the pattern of its files, and its cells."""

    place: str
    pattern: str
    cells: dict[str, str]

    @property
    def weight(self) -> tuple[bool, int]:
        """How specific the pattern is: an exact path before any pattern, a longer pattern before a shorter one."""
        return not set("*?[") & set(self.pattern), len(self.pattern)


def rows() -> list[Row]:
    found = []
    for table in sorted(TABLES.glob("*.csv")):
        with table.open(encoding="utf-8", newline="") as stream:
            for number, cells in enumerate(csv.DictReader(stream), 2):
                found.append(Row(f"{table.name}:{number}", cells["path"], cells))
    return found


@pytest.fixture(scope="module")
def corpus(shared: Path) -> Path:
    return shared / "data" / "corpus"


@pytest.fixture(scope="module")
def paths(corpus: Path) -> list[str]:
    with (corpus / "MANIFEST-open.tsv").open(encoding="utf-8", newline="") as stream:
        listed = [f"{row['corpus']}/{row['file']}" for row in csv.DictReader(stream, delimiter="\t")]
    assert len(listed) == len(set(listed)) == 762
    return listed


@pytest.fixture(scope="module")
def inspected(corpus: Path, paths: list[str]) -> dict[str, dict[str, Any]]:
    items = [(corpus / path, path) for path in paths]
    return {
        seen["file"]: seen for seen in inspect_files(items, DEFAULT_LIMITS, today=date(2026, 11, 20), jobs=2)
    }


@pytest.fixture(scope="module")
def expected(paths: list[str]) -> dict[str, Row]:
    """The row of each file. Fails for a pattern that no file has, and for two rows of the same weight."""
    found: dict[str, list[Row]] = {}
    for row in rows():
        exact, _ = row.weight
        matched = [row.pattern] if exact else fnmatch.filter(paths, row.pattern)
        assert matched and set(matched) <= set(paths), f"{row.place}: no file is {row.pattern}"
        for path in matched:
            found.setdefault(path, []).append(row)
    chosen = {}
    for path, candidates in found.items():
        best = max(row.weight for row in candidates)
        (chosen[path],) = [row for row in candidates if row.weight == best]
    return chosen


def test_the_tables_have_known_columns_and_outcomes() -> None:
    for row in rows():
        assert set(row.cells) <= FIXED | FACTS, row.place
        assert row.cells["outcome"] in {"read", "ask", "refuse"}, row.place


def test_every_file_has_its_row(paths: list[str], expected: dict[str, Row]) -> None:
    assert [path for path in paths if path not in expected] == []


def test_every_file_ends_in_an_outcome_with_a_reason(inspected: dict[str, dict[str, Any]]) -> None:
    outcomes = Counter(seen["outcome"] for seen in inspected.values())
    assert sum(outcomes.values()) == 762
    assert set(outcomes) == {"read", "ask", "refuse"}
    for path, seen in inspected.items():
        codes = {item["code"]: item["severity"] for item in seen["findings"]}
        assert not codes.keys() & FAULTS, (path, seen["findings"])
        if seen["outcome"] == "refuse":
            assert "error" in codes.values(), path
        else:
            assert seen["reader"], path
            asked = {key.rpartition("/")[2] for key in seen["missing"]} & {"element", "edge"}
            assert bool(asked) == (seen["outcome"] == "ask"), (path, seen["missing"])


def test_every_fact_is_as_expected(inspected: dict[str, dict[str, Any]], expected: dict[str, Row]) -> None:
    wrong = []
    for path, row in sorted(expected.items()):
        seen = inspected[path]
        for column, cell in row.cells.items():
            if column != "path" and not agrees(cell, said := stated(seen, column)):
                wrong.append(f"{row.place} {path}: {column} is {said!r}, expected {cell!r}")
    assert not wrong, "\n".join(wrong)


def test_at_most_five_fields_are_left_to_type(inspected: dict[str, dict[str, Any]]) -> None:
    path = ROOT / "docs" / "build.py"
    spec = importlib.util.spec_from_file_location("docs_build", path)
    assert spec
    assert spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    page = build.sites_page(inspected.values())
    table = [line.strip("| ").split(" | ") for line in page.partition("|---|")[2].splitlines()[1:]]
    assert sum(int(number) for row in table for number in row[2:5]) == 762
    too_many = [row for row in table if int(row[5]) > 5]
    assert not too_many
    assert (ROOT / "docs" / "sites.md").read_text(encoding="utf-8") == page, "run: python docs/build.py"


def stated(seen: dict[str, Any], column: str) -> Any:
    if column in {"outcome", "reader"}:
        return seen[column]
    if column == "findings":
        return sorted({item["code"] for item in seen["findings"]})
    if column.startswith("suggested_"):
        return seen["suggestions"].get(f"spectra/0/{column.removeprefix('suggested_')}")
    return seen["facts"].get(column)


def agrees(cell: str, said: Any) -> bool:
    if isinstance(said, bool | int | float):
        return bool(cell) and math.isclose(float(cell), said, rel_tol=1e-9)
    if isinstance(said, list):
        return sorted(cell.split()) == sorted(said)
    if isinstance(said, dict):
        return cell == json.dumps(said, ensure_ascii=False)
    return cell == (said or "")
