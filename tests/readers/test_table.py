from __future__ import annotations

import io
import time
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from catalog.errors import UnreadableInput
from catalog.readers import Reading, Source, choose, readers
from catalog.readers._table_cells import MAX_COLUMNS, MAX_ROWS
from catalog.readers.table import read, sniff

DATA = Path(__file__).resolve().parents[1] / "data"
HEADINGS = ["title", "sample name", "formula", "element", "edge", "temperature (K)"]
ROW = ["Example foil", "iron foil", "Fe", "Fe", "K", 298]


def csv_of(tmp_path: Path, text: str, encoding: str = "utf-8") -> Source:
    path = tmp_path / "deposits.txt"
    path.write_bytes(text.encode(encoding))
    return Source(path, "deposits.txt")


def xlsx_of(tmp_path: Path, *rows: list[Any], sheet: str = "Sheet") -> Source:
    book = openpyxl.Workbook()
    book.worksheets[0].title = sheet
    for row in rows:
        book.worksheets[0].append(row)
    path = tmp_path / "book.bin"
    book.save(path)
    book.close()
    return Source(path, "book.bin")


def values(reading: Reading) -> list[dict[str, Any]]:
    return [form.values for form in reading.forms]


def one(source: Source) -> dict[str, Any]:
    reading = read(source)
    assert [item.text() for item in reading.findings] == []
    (form,) = reading.forms
    return form.values


# --- what is read ----------------------------------------------------------------------------------------


def test_the_bundled_table_is_three_spectra_in_two_deposits() -> None:
    source = Source(DATA / "deposits.csv", "deposits.csv")
    reader = choose(source)
    assert reader is not None
    assert reader.name == "table"
    first, second = values(reader.read(source))
    assert first["title"] == {"en": "Copper foil", "ja": "銅箔"}
    assert first["creators"] == [{"name": "Example Researcher A"}, {"name": "Example Researcher B"}]
    assert first["spectra"] == [{"element": "Cu", "edge": "K"}]
    assert second["spectra"] == [{"element": "Ni", "edge": "K"}, {"element": "O", "edge": "K"}]
    assert second["facility"] == "SPring-8"


@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_separator_and_encoding_are_told_by_evidence(tmp_path: Path, separator: str, encoding: str) -> None:
    rows = [["表題", "試料名", "元素", "吸収端"], ["例の箔", "鉄箔", "Fe", "K"]]
    source = csv_of(tmp_path, "\r\n".join(separator.join(row) for row in rows), encoding)
    assert sniff(source) > 0
    assert one(source) == {
        "title": "例の箔",
        "sample": {"name": "鉄箔"},
        "spectra": [{"element": "Fe", "edge": "K"}],
    }


def test_the_same_rows_read_alike_from_both_kinds(tmp_path: Path) -> None:
    text = "\n".join(",".join(map(str, row)) for row in (HEADINGS, ROW))
    assert one(csv_of(tmp_path, text)) == one(xlsx_of(tmp_path, HEADINGS, ROW))


def test_funding_stands_in_cells_one_value_for_each_funder(tmp_path: Path) -> None:
    headings = ["element", "edge", "funder", "award number", "round.id", "name of the round-robin (Japanese)"]
    row = ["Fe", "K", "Example Foundation; Example Trust", "EX-1;", "foil-2026", "例示"]
    form = one(xlsx_of(tmp_path, headings, row))
    assert form["funding"] == [{"funder": "Example Foundation", "award": "EX-1"}, {"funder": "Example Trust"}]
    assert form["round"] == {"id": "foil-2026", "name": {"ja": "例示"}}
    reading = read(xlsx_of(tmp_path, headings, [*row[:3], "EX-1; EX-2; EX-3", *row[4:]]))
    assert [(item.code, item.path) for item in reading.findings] == [
        ("table-list-uneven", "/funding/0/award")
    ]


def test_rows_of_one_deposit_agree_about_funding(tmp_path: Path) -> None:
    headings = ["deposit", "element", "edge", "funder"]
    rows = [["a", "Fe", "K", "Example Foundation"], ["a", "Ni", "K", "Example Foundation"]]
    assert one(xlsx_of(tmp_path, headings, *rows))["funding"] == [{"funder": "Example Foundation"}]
    reading = read(xlsx_of(tmp_path, headings, rows[0], ["a", "Ni", "K", "Example Trust"]))
    assert [item.code for item in reading.findings] == ["table-rows-disagree"]


def test_headings_are_paths_labels_or_keys(tmp_path: Path) -> None:
    headings = [
        "title.ja",
        "表題（英語）",
        "Sample Name",
        "spectra.element",
        "吸収端",
        "d_spacing",
        "Licence",
    ]
    row = ["箔", "Foil", "iron foil", "Fe", "K", "3.1355 Å", "CC0-1.0"]
    assert one(xlsx_of(tmp_path, headings, row)) == {
        "title": {"ja": "箔", "en": "Foil"},
        "sample": {"name": "iron foil"},
        "spectra": [{"element": "Fe", "edge": "K", "monochromator": {"d_spacing": "3.1355 Å"}}],
        "license": "CC0-1.0",
    }


def test_banners_and_blank_rows_stand_above_two_rows_of_headings(tmp_path: Path) -> None:
    source = xlsx_of(
        tmp_path,
        ["Example beamtime 2026, all data are examples"],
        [],
        ["title (English)", "title (Japanese)", "element", "edge"],
        ["表題（英語）", "表題（日本語）", "元素", "吸収端"],
        ["Foil", "箔", "Fe", "K"],
    )
    reading = read(source)
    assert values(reading) == [
        {"title": {"en": "Foil", "ja": "箔"}, "spectra": [{"element": "Fe", "edge": "K"}]}
    ]
    origin = reading.forms[0].origins["/title/ja"]
    assert (origin.source, origin.line, origin.key, origin.raw) == ("book.bin", 5, "Sheet!B5", "箔")


def test_cells_merged_downwards_say_the_same_in_each_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (
        ["a table"],
        HEADINGS,
        ROW,
        [None, None, None, "Co", "K", 77],
        [None, None, None, "Ni", "K", 4],
        ROW,
    ):
        sheet.append(row)
    for area in ("A1:F1", "A3:A5", "B3:B4", "C3:D3", "F6:F1048576"):
        sheet.merge_cells(area)
    path = tmp_path / "book.bin"
    book.save(path)
    told = values(read(Source(path, "book.bin")))
    assert [each.get("title") for each in told] == ["Example foil"] * 4
    names = [each.get("sample", {}).get("name") for each in told]
    assert names == ["iron foil", "iron foil", None, "iron foil"]
    assert [each["spectra"][0].get("element") for each in told] == [None, "Co", "Ni", "Fe"]


def test_units_come_from_the_cell_or_else_from_the_heading(tmp_path: Path) -> None:
    headings = ["element", "edge", "温度（°C）", "pressure", "d-spacing [nm]"]
    spectrum = one(xlsx_of(tmp_path, headings, ["Fe", "K", 25, 3, "3.1355 Å"]))["spectra"][0]
    assert (spectrum["temperature"], spectrum["pressure"]) == ("25 °C", "3")
    assert spectrum["monochromator"] == {"d_spacing": "3.1355 Å"}


def test_cells_are_texts_as_a_person_reads_them(tmp_path: Path) -> None:
    headings = [
        "element",
        "edge",
        "reflection",
        "measured on",
        "ended",
        "measured simultaneously",
        "first energy (eV)",
    ]
    row = ["Fe", "K", 111, date(2026, 5, 1), datetime(2026, 5, 1, 13, 0), True, 7111.25]
    spectrum = one(xlsx_of(tmp_path, headings, row))["spectra"][0]
    assert spectrum["monochromator"]["reflection"] == "111"
    assert (spectrum["started"], spectrum["ended"]) == ("2026-05-01", "2026-05-01T13:00:00")
    assert spectrum["calibration"]["simultaneous"] == "true"
    assert spectrum["energy"]["first"] == "7111.25 eV"


def test_several_values_share_a_cell(tmp_path: Path) -> None:
    headings = ["creators.name", "ORCID iD", "papers", "edge", "element"]
    row = ["A; B", "; 0000-0002-1825-0097", "10.1/a;10.1/b", "L2;L3", "Pt"]
    form = one(xlsx_of(tmp_path, headings, row))
    assert form["creators"] == [{"name": "A"}, {"name": "B", "orcid": "0000-0002-1825-0097"}]
    assert form["papers"] == ["10.1/a", "10.1/b"]
    assert form["spectra"][0]["edge"] == ["L2", "L3"]


def test_as_many_values_as_names_are_asked(tmp_path: Path) -> None:
    reading = read(xlsx_of(tmp_path, ["creators.name", "affiliation", "element"], ["A; B", "One", "Fe"]))
    (found,) = reading.findings
    assert (found.code, found.value, found.line) == ("table-list-uneven", "Sheet!B2", 2)


def test_rows_of_a_deposit_may_not_disagree(tmp_path: Path) -> None:
    headings = ["deposit", "title", "element", "edge"]
    rows = [["a", "One", "Fe", "K"], ["a", "Two", "Co", "K"], ["a", "One", "Ni", "K"]]
    reading = read(xlsx_of(tmp_path, headings, *rows))
    (found,) = reading.findings
    assert (found.code, found.path, found.line) == ("table-rows-disagree", "/title", 3)
    (form,) = values(reading)
    assert [each["element"] for each in form["spectra"]] == ["Fe", "Co", "Ni"]


def test_an_unknown_column_is_kept_private_and_told(tmp_path: Path) -> None:
    reading = read(xlsx_of(tmp_path, ["element", "edge", "担当者"], ["Fe", "K", "example person"]))
    (found,) = reading.findings
    assert (found.code, found.severity) == ("table-column-unknown", "warning")
    assert [(pair.key, pair.value, pair.line) for pair in reading.private] == [
        ("Table.担当者", "example person", 2)
    ]
    assert "example person" not in str(values(reading))


def test_every_sheet_with_headings_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Notes only"])
    for name in ("one", "two"):
        sheet = book.create_sheet(name)
        sheet.append(["element", "edge"])
        sheet.append(["Fe", "K"])
    book.create_sheet("hidden").sheet_state = "hidden"
    path = tmp_path / "book.xlsx"
    book.save(path)
    book.close()
    reading = read(Source(path, "book.xlsx"))
    assert [form.origins["/spectra/0/edge"].key for form in reading.forms] == ["one!B2", "two!B2"]


# --- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "energy,mu\n7000,0.1\n7001,0.2\n",
        "# energy mu\n7000 0.1\n",
        "name,age\nx,1\n",
        "title: x\nlicense: y\n",
        "a,b,c\n1,2,3\n",
        "element\nFe\n",
        "",
    ],
)
def test_other_files_are_left_to_others(tmp_path: Path, text: str) -> None:
    assert sniff(csv_of(tmp_path, text)) == 0


def test_a_word_file_and_an_archive_are_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "x.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(UnreadableInput, match="the workbook is broken"):
        read(Source(path, "x.docx"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.txt", "x")
    assert sniff(Source(path, "x.zip")) == 0


@pytest.mark.parametrize(
    ("headings", "message"),
    [
        (["element", "edge", "吸収端"], "the columns B, C mean the same field"),
        (["title", "title (en)", "element", "edge"], "the columns A, B mean the same field"),
        (["title (en)", "title", "element", "edge"], "the columns A, B mean the same field"),
    ],
)
def test_two_columns_of_one_field_are_refused(tmp_path: Path, headings: list[str], message: str) -> None:
    with pytest.raises(UnreadableInput, match=message):
        read(xlsx_of(tmp_path, headings, ["x"] * len(headings)))


def test_rows_of_headings_that_disagree_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="disagree") as caught:
        read(xlsx_of(tmp_path, ["element", "edge", "title"], ["吸収端", "元素", "表題"], ["Fe", "K", "x"]))
    assert caught.value.where == "book.bin:2"


def test_headings_alone_are_no_deposit(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="no row below"):
        read(xlsx_of(tmp_path, ["element", "edge"]))


def test_formulas_and_errors_are_told_and_not_evaluated(tmp_path: Path) -> None:
    headings = ["element", "edge", "title", "formula"]
    reading = read(xlsx_of(tmp_path, headings, ["Fe", "K", '=HYPERLINK("http://127.0.0.1/x")', "#REF!"]))
    assert [(item.code, item.value, item.path) for item in reading.findings] == [
        ("table-formula", "Sheet!C2", "/title"),
        ("table-cell-error", "Sheet!D2", "/sample/formula"),
    ]
    assert values(reading) == [{"spectra": [{"element": "Fe", "edge": "K"}]}]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", "元素,吸収端\n".encode("euc-jp"), b"element,edge\nFe,\x81\n"]
)
def test_a_text_of_no_known_encoding_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    source = Source(path, "x.csv")
    with pytest.raises(UnreadableInput):
        read(source)


def test_an_open_quote_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="quote") as caught:
        read(csv_of(tmp_path, 'element,edge\nFe,K\n"Co,K\n'))
    assert caught.value.where == "deposits.txt:3"


def test_control_characters_are_findings(tmp_path: Path) -> None:
    reading = read(csv_of(tmp_path, 'element,edge,title\nFe,K,"a\nb"\n'))
    assert [item.code for item in reading.findings] == ["form-line-break"]


# --- hostile workbooks -----------------------------------------------------------------------------------


def rewritten(
    source: Source, change: dict[str, tuple[bytes, bytes]], extra: dict[str, bytes] | None = None
) -> Source:
    """The workbook with parts changed, and others added."""
    target = source.path.with_name(f"{source.path.name}.xlsx")
    with zipfile.ZipFile(source.path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename in change:
                before, after = change[part.filename]
                assert before in content
                content = content.replace(before, after, 1)
            new.writestr(part.filename, content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return Source(target, "hostile.xlsx")


SHEET = "xl/worksheets/sheet1.xml"


def test_a_claimed_size_and_a_far_row_cost_nothing(tmp_path: Path) -> None:
    source = xlsx_of(tmp_path, ["element", "edge"], ["Fe", "K"])
    far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    hostile = rewritten(source, {SHEET: (b"</sheetData>", far)})
    hostile = rewritten(hostile, {SHEET: (b'ref="A1:B2"', b'ref="A1:XFD1048576"')})
    started = time.perf_counter()
    assert values(read(hostile)) == [{"spectra": [{"element": "Fe", "edge": "K"}]}]
    assert time.perf_counter() - started < 5


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    source = xlsx_of(tmp_path, ["element", "edge"], ["Fe", "K"])
    hostile = rewritten(source, {}, {"xl/media/bomb.bin": b"\0" * (101 * 1024 * 1024)})
    assert hostile.size < 1_000_000
    with pytest.raises(UnreadableInput, match="unpacks to more than 100 MiB"):
        read(hostile)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<worksheet", b'<!DOCTYPE w [<!ENTITY a "xx">]><worksheet'),
        (b"<worksheet", b'<!DOCTYPE w SYSTEM "file:///etc/passwd"><worksheet'),
    ],
)
def test_a_document_type_is_refused(tmp_path: Path, before: bytes, after: bytes) -> None:
    source = xlsx_of(tmp_path, ["element", "edge"], ["Fe", "K"])
    with pytest.raises(UnreadableInput, match="document type"):
        read(rewritten(source, {SHEET: (before, after)}))


def test_a_document_type_across_two_chunks_or_in_utf_16_is_refused(tmp_path: Path) -> None:
    source = xlsx_of(tmp_path, ["element", "edge"], ["Fe", "K"])
    padded = b"<!--" + b" " * ((1 << 20) - 13) + b"-->" + b"<!DOCTYPE w>"
    with pytest.raises(UnreadableInput, match="document type"):
        read(rewritten(source, {}, {"xl/more.xml": padded}))
    with pytest.raises(UnreadableInput, match="not UTF-8"):
        read(rewritten(source, {}, {"xl/more.xml": "<!DOCTYPE w>".encode("utf-16")}))


def test_broken_workbooks_are_refused(tmp_path: Path) -> None:
    source = xlsx_of(tmp_path, ["element", "edge"], ["Fe", "K"])
    content = source.path.read_bytes()
    for number, broken in enumerate(
        (content[: len(content) // 2], content[:40], b"PK\x03\x04xl/" + b"\0" * 100)
    ):
        path = tmp_path / f"broken{number}"
        path.write_bytes(broken)
        with pytest.raises(UnreadableInput):
            read(Source(path, "broken"))
    with pytest.raises(UnreadableInput, match="broken"):
        read(rewritten(source, {SHEET: (b"</sheetData>", b"")}))


def test_too_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="columns"):
        read(csv_of(tmp_path, "element,edge\n" + "x," * MAX_COLUMNS + "x\n"))
    with pytest.raises(UnreadableInput, match="rows"):
        read(csv_of(tmp_path, "element,edge\n" + "Fe,K\n" * (MAX_ROWS + 1)))
    with pytest.raises(UnreadableInput, match=r"characters|field larger"):
        read(csv_of(tmp_path, "element,edge\nFe," + "x" * 100_002))


def test_nothing_outside_the_workbook_is_followed(tmp_path: Path) -> None:
    source = xlsx_of(tmp_path, ["element", "edge"], ["Fe", "K"])
    link = b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    hostile = rewritten(source, {}, {"xl/externalLinks/externalLink1.xml": link})
    assert values(read(hostile)) == [{"spectra": [{"element": "Fe", "edge": "K"}]}]


def test_a_text_in_markdown_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Notes\n\n| title, element, edge, license, facility |\n|---|\n", encoding="utf-8")
    assert choose(Source(path, path.name)) is None


def test_sniffing_never_fails(tmp_path: Path) -> None:
    for number, head in enumerate(
        (b"PK\x03\x04", b"\xff\xfe\xff", bytes(range(256)), b'"' * 1000, b"," * 70_000)
    ):
        path = tmp_path / f"x{number}"
        path.write_bytes(head)
        assert 0 <= sniff(Source(path, "x")) <= 100
    assert "table" in readers()


def test_a_workbook_is_made_of_bytes_only(tmp_path: Path) -> None:
    """The reader takes the bounded content, never the path."""
    source = xlsx_of(tmp_path, ["element", "edge"], ["Fe", "K"])
    small = Source(source.path, "book.bin", max_bytes=100)
    with pytest.raises(UnreadableInput, match="max_file_bytes"):
        read(small)
    assert io.BytesIO(source.content()).getbuffer().nbytes == source.size
