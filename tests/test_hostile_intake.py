"""Hostile files on the whole way of intake: refused with a reason or read, in bounds, beside files that are fine."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from catalog.config import load_settings
from catalog.intake import Receipt, find, ingest
from catalog.registry import create_registry, open_registry

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
XDI = """\
# XDI/1.0
# Element.symbol: Fe
# Element.edge: K
# Column.1: energy eV
# Column.2: mutrans
#---
7000.0 0.0
7200.0 1.0
"""
ENTITIES = """\
<?xml version="1.0"?>
<!DOCTYPE resource [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>
<resource xmlns="http://datacite.org/schema/kernel-4"><titles><title>&b;&f;</title></titles></resource>
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile")
    (made / "fine.xdi").write_text(XDI)
    (made / "field.csv").write_text('title,element,edge\n"' + "x" * 50_000_000 + '",Fe,K\n')
    (made / "entities.xml").write_text(ENTITIES)
    (made / "line\nbreak \u202eidx.xdi").write_text(XDI + "7300.0 1.0\n")
    (made / "nested.json").write_text("[" * 200_000)
    (made / "project.prj").write_text(
        "# Athena project file -- Demeter version 0.9\nsystem('touch owned');\n"
    )
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["title", "element", "edge", "sample.name"])
    sheet.append(["Iron", "Fe", "K", "foil"])
    sheet.append(["=HYPERLINK(1)", "Fe", "K", '=CMD|"calc"!A1'])
    book.save(made / "formulas.xlsx")
    sheet.cell(1_048_576, 1).value = None
    sheet.row_dimensions[1_048_576].height = 20
    book.save(made / "rows.xlsx")
    with zipfile.ZipFile(made / "slip.zip", "w") as archive:
        archive.writestr("../../slipped.xdi", XDI)
        archive.writestr("inside.xdi", XDI + "7400.0 1.0\n")
    with zipfile.ZipFile(made / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.xdi", XDI + "0" * 30_000_000)
    return made


@pytest.fixture(scope="module")
def receipts(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Receipt]:
    home = tmp_path_factory.mktemp("home")
    create_registry(home, "http://127.0.0.1:8000", now=NOW)
    settings = load_settings(home, environ={})
    with open_registry(settings.registry_path) as registry:
        found = find([folder], settings, jobs=2)
        made = list(ingest(found, registry=registry, settings=settings, now=NOW, actor="test", jobs=2))
    return {receipt.file.removeprefix(f"{folder}/"): receipt for receipt in made}


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("fine.xdi", "stored"),
        ("field.csv", "refused"),
        ("entities.xml", "refused"),
        ("line\nbreak \u202eidx.xdi", "stored"),
        ("nested.json", "refused"),
        ("project.prj", "refused"),
        ("formulas.xlsx", "stored"),
        ("rows.xlsx", "stored"),
        ("slip.zip!/../../slipped.xdi", "refused"),
        ("slip.zip!/inside.xdi", "stored"),
        ("bomb.zip", "refused"),
    ],
)
def test_each_ends_in_its_receipt_with_a_reason(receipts: dict[str, Receipt], name: str, result: str) -> None:
    receipt = receipts[name]
    assert receipt.result == result, receipt.findings
    codes = {item.code: item.severity for item in receipt.findings}
    assert not codes.keys() & {"reader-failed", "read-crashed", "read-timeout", "read-memory"}
    if result == "refused":
        assert "error" in codes.values()
    for item in receipt.findings:
        assert "\n" not in item.text()
        assert "\u202e" not in item.text()


def test_nothing_was_written_beside_or_run(folder: Path, receipts: dict[str, Receipt]) -> None:
    assert receipts
    assert not list(folder.parent.rglob("slipped.xdi"))
    assert not list(folder.rglob("owned"))
    assert not Path("owned").exists()


def test_formulas_are_texts_or_findings_and_never_values(receipts: dict[str, Receipt]) -> None:
    assert any("formula" in item.code for item in receipts["formulas.xlsx"].findings)
