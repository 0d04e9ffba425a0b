"""The receipt file of ``ingest``: what it says, and that a batch that was stopped goes on from it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from catalog.bounded import Pool

if TYPE_CHECKING:
    from conftest import Command

XDI = """\
# XDI/1.0
# Element.symbol: Fe
# Element.edge: K
# Sample.name: sample {number}
# Column.1: energy eV
# Column.2: mutrans
#---
7000.0 0.0
7200.0 1.{number}
"""


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    folder = tmp_path / "batch"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.xdi").write_text(XDI.format(number=number))
    (folder / "bad.xdi").write_text("nothing known")
    return folder


def rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".json":
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return found
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were prepared so far."""
    names: list[str] = []
    plain = Pool.map

    def watched(self: Pool, task: Any, items: Any, limits: Any, *, jobs: int = 1) -> Any:
        for item, result in plain(self, task, items, limits, jobs=jobs):
            if task.__name__ == "prepare":
                names.append(Path(item[0]).name)
            yield item, result

    monkeypatch.setattr(Pool, "map", watched)
    return names


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_every_file_has_its_receipt_and_the_same_call_reads_only_what_is_not_done(
    catalog: Command, batch: Path, ending: str, read_files: list[str]
) -> None:
    receipt = batch.parent / f"receipt.{ending}"
    catalog("ingest", batch, "--receipt", receipt, code=1)
    first = rows(receipt)
    by_name = {Path(row["file"]).name: row for row in first}
    assert sorted(by_name) == ["0.xdi", "1.xdi", "2.xdi", "3.xdi", "bad.xdi"]
    stored, bad = by_name["0.xdi"], by_name["bad.xdi"]
    assert stored["result"] == "stored"
    assert stored["record"]
    missing = stored["missing"].split() if ending == "csv" else stored["missing"]
    assert missing == ["access", "creators", "facility", "license"]
    assert bad["result"] == "refused"
    assert "not-recognised" in json.dumps(bad)
    assert len(read_files) == 5
    del read_files[:]
    printed = catalog.lines("ingest", batch, "--receipt", receipt, code=1)
    assert read_files == ["bad.xdi"]
    assert [line["result"] for line in printed] == ["stored"] * 4 + ["refused"]
    key = ("file", "result", "record", "missing", "sha256", "call")
    assert sorted([row[name] for name in key] for row in rows(receipt)) == sorted(
        [row[name] for name in key] for row in first
    )
    assert catalog.states() == {"draft": 4}


def test_a_changed_file_a_new_sidecar_and_other_rules_are_read_again(
    catalog: Command, batch: Path, read_files: list[str]
) -> None:
    receipt = batch.parent / "receipt.csv"
    catalog("ingest", batch, "--receipt", receipt, code=1)
    del read_files[:]
    (batch / "1.xdi").write_text(XDI.format(number=7))
    (batch / "2.notes").write_text("beside it")
    catalog("ingest", batch, "--receipt", receipt, code=1)
    assert {"1.xdi", "2.xdi"} <= set(read_files)
    assert not {"0.xdi", "3.xdi"} & set(read_files)
    del read_files[:]
    rules = batch.parent / "rules.yaml"
    rules.write_text("rules:\n  - set: {license: CC0-1.0}\n")
    catalog("ingest", batch, "--receipt", receipt, "--defaults", rules, code=1)
    assert {f"{number}.xdi" for number in range(4)} <= set(read_files)


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_a_call_that_was_killed_goes_on_where_it_stopped(
    catalog: Command, batch: Path, ending: str, read_files: list[str]
) -> None:
    receipt = batch.parent / f"receipt.{ending}"
    catalog("ingest", batch, "--receipt", receipt, code=1)
    text = receipt.read_text(encoding="utf-8")
    if ending == "csv":
        # The last line is cut in the middle, as when the power fails.
        receipt.write_text(text[: text.index("2.xdi") + 60], encoding="utf-8")
    else:
        receipt.write_text(json.dumps(json.loads(text)[:2]), encoding="utf-8")
    del read_files[:]
    printed = catalog.lines("ingest", batch, "--receipt", receipt, code=1)
    assert len(read_files) >= 3
    assert sorted(line["result"] for line in printed) == ["duplicate"] * 2 + ["refused"] + ["stored"] * 2
    assert len(rows(receipt)) == 5


@pytest.mark.parametrize("name", ["receipt.csv", "receipt.json"])
def test_a_file_that_is_no_receipt_is_never_overwritten(catalog: Command, batch: Path, name: str) -> None:
    receipt = batch.parent / name
    receipt.write_text('{"my": "thesis"}', encoding="utf-8")
    catalog("ingest", batch, "--receipt", receipt, code=2)
    assert "no receipt of an ingest" in catalog.err
    assert receipt.read_text(encoding="utf-8") == '{"my": "thesis"}'


def test_a_receipt_in_the_folder_it_tells_of_is_no_deposit(catalog: Command, batch: Path) -> None:
    for _ in range(2):
        catalog("ingest", batch, "--receipt", batch / "receipt.csv", code=1)
    assert len(rows(batch / "receipt.csv")) == 5


def test_a_name_that_a_spreadsheet_would_compute_is_quoted(
    catalog: Command, batch: Path, read_files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "=HYPERLINK(x)\n.xdi"
    (batch / "0.xdi").rename(batch / name)
    monkeypatch.chdir(batch)
    for _ in range(2):
        catalog("ingest", name, "--receipt", "../receipt.csv", code=1)
    (row,) = rows(batch.parent / "receipt.csv")
    assert row["file"] == f"'{name}"
    assert len(read_files) == 1
