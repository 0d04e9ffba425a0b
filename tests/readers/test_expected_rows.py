"""The rows of tests/data/expect for the formats read from containers and private headers, against the files."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from catalog.inspection import inspect_file
from catalog.readers import readers

EXPECT = Path(__file__).resolve().parents[1] / "data" / "expect"


@pytest.mark.parametrize(
    "table", ["als-1032-e", "athena-prj", "materials-ids", "nexus-nxxas", "soleil-lucia"]
)
def test_each_file_gives_what_its_row_says(table: str, shared: Path) -> None:
    with (EXPECT / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["reader"] in {"", *readers()}]
    assert rows
    for row in rows:
        path = row.pop("path")
        seen = inspect_file(shared / "data" / "corpus" / path, path, today=date(2026, 11, 20))
        stated = {
            "outcome": seen["outcome"],
            "reader": seen["reader"] or "",
            "findings": " ".join(sorted({item["code"] for item in seen["findings"]})),
        } | {
            key: str(
                seen["suggestions"].get(f"spectra/0/{key.removeprefix('suggested_')}", "")
                if key.startswith("suggested_")
                else seen["facts"].get(key, "")
            )
            for key in row.keys() - {"outcome", "reader", "findings"}
        }
        assert stated == row, path
