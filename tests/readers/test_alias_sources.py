"""Each row of the alias tables is where it says it was seen, whatever the file's encoding or packing."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.readers import Source
from catalog.readers._nexus_file import Hdf5, opened

ALIASES = Path(__file__).resolve().parents[2] / "ontology" / "aliases"
ENCODINGS = {"als": "cp1252", "athena": "utf-8", "lucia": "latin-1", "spellings": "utf-8"}


def rows(table: str) -> list[tuple[str, dict[str, Any]]]:
    sections = yaml.safe_load((ALIASES / f"{table}.yaml").read_text(encoding="utf-8"))
    found = [(name, row) for name, section in sections.items() for row in section]
    assert len(found) > 10
    return found


@pytest.mark.parametrize("table", ENCODINGS)
def test_a_row_quotes_its_file(table: str, shared: Path) -> None:
    for name, row in rows(table):
        if "documented" in row:
            assert re.match(r"https?://", row["documented"]), (name, row)
            continue
        content = (shared / "data" / "corpus" / row["from"]).read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        assert row["text"] in content.decode(ENCODINGS[table]), (name, row)


def test_a_place_in_a_nexus_file_is_there(shared: Path) -> None:
    for name, row in rows("nexus"):
        if "documented" in row:
            assert re.match(r"https?://", row["documented"]), (name, row)
            continue
        path = shared / "data" / "corpus" / row["from"]
        with opened(Source(path, path.name)) as file:
            if "path" in row:
                assert any(file.find(entry, row["path"]) is not None for entry in file.entries()), (name, row)
            else:
                assert row["word"].casefold() in {text.casefold() for text in texts(file)}, (name, row)


def texts(file: Hdf5) -> set[str]:
    found: set[str] = set()
    file.root.visititems(lambda _name, node: found.add(file.text(node)))
    return found


def test_each_name_of_an_xdi_entry_says_where_it_comes_from(shared: Path) -> None:
    table = yaml.safe_load((ALIASES / "xdi.yaml").read_text(encoding="utf-8"))
    names = [name for row in table["fields"] for name in [*row["keys"], *row.get("also", [])]]
    told = [*(row["write"] for row in table["seen"]), *table["dictionary"], *table["anticipated"]]
    assert sorted(names) == sorted(told)
    for row in table["seen"]:
        assert row["text"].rstrip(":").casefold() == row["write"]
        lines = (shared / "data" / "corpus" / row["from"]).read_text(encoding="utf-8").splitlines()
        assert any(line.lstrip("# ").startswith(row["text"]) for line in lines), row
