from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest
import yaml

from catalog.columns import Column, columns, heading
from catalog.document import Form
from catalog.errors import UsageError
from catalog.field_words import EXAMPLES
from catalog.fields import by_path, fields
from catalog.inspection import assess, look
from catalog.normalise_values import StoredFile
from catalog.template import FORMATS, template

ROOT = Path(__file__).resolve().parents[1]
TODAY = date(2026, 5, 1)
# Says the same as another key, or is not to be filled in for a deposit that is public now.
LEFT_OUT = {"laboratory_source", "hidden_until", "creators.affiliation.ror"}
FILE = StoredFile("0" * 64, 100, "text/plain")


class Texts(yaml.SafeLoader):
    """YAML as the catalog reads it: every scalar a text."""


Texts.yaml_implicit_resolvers = {}


def filled(language: str = "en") -> str:
    """The YAML template with every # before a key taken away, and an example under what stands ready."""
    lines = []
    path: list[tuple[int, str]] = []
    for line in re.sub(r"(?m)^(\s*)#(?=[\w-])", r"\1", template("yaml", language).decode()).splitlines():
        if not (key := re.match(r"(\s*)(?:- )?(\w+):(.*)", line)) or line.lstrip().startswith("# "):
            lines.append(line)
            continue
        depth = len(re.match(r"[\s-]*", line)[0])  # type: ignore[index]
        path = [*[each for each in path if each[0] < depth], (depth, key[2])]
        place = ".".join(name for _, name in path)
        ready = not key[3].strip() and not by_path()[place].is_group
        lines.append(f"{line} {json.dumps(EXAMPLES[place], ensure_ascii=False)}" if ready else line)
    return "\n".join(lines) + "\n"


def read(path: Path) -> Form:
    seen = look(path, path.name)
    assert seen.reading is not None, [item.text() for item in seen.findings]
    assert [item.text() for item in seen.findings] == []
    (form,) = seen.reading.forms
    return form


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_yaml_template_filled_in_reaches_every_level(tmp_path: Path, language: str) -> None:
    path = tmp_path / "form.yaml"
    # The example of a date from which files are open asks for the access right that waits for it.
    text = filled(language).replace('access: "open"', 'access: "embargoed"')
    path.write_text(text, encoding="utf-8")
    form = read(path)
    assert {each.path for each in fields() if not each.path.startswith("spectra.header")} == (
        set(used(form.values)) | {"creators.affiliation.name", "creators.affiliation.ror"}
    )
    assessed = assess(form, today=TODAY, attachments={"Fe_foil.dat": FILE})
    assert assessed.report.levels == ("findable", "reusable", "reference"), [
        f.text() for f in assessed.findings
    ]
    assert [item.text() for item in assessed.findings if item.severity == "error"] == []


def used(values: Any, place: str = "") -> list[str]:
    found = []
    for name, value in values.items():
        path = f"{place}.{name}" if place else name
        if path in by_path():
            found.append(path)
            for item in value if isinstance(value, list) else [value]:
                found += used(item, path) if isinstance(item, dict) else []
    return found


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_yaml_template_as_it_comes_is_a_form_that_says_nothing(tmp_path: Path, language: str) -> None:
    path = tmp_path / "form.yaml"
    path.write_bytes(template("yaml", language))
    seen = look(path, path.name)
    assert seen.reading is not None
    assert {item.code for item in seen.findings} == {"form-value-empty"}
    (form,) = seen.reading.forms
    assert {"title", "access", "license", "facility"} & form.values.keys() == set()


def test_comments_speak_the_language_and_name_what_is_asked() -> None:
    english, japanese = template("yaml").decode(), template("yaml", "ja").decode()
    assert "# title - A title; made from edge and sample when absent. Asked by findable." in english
    assert "# 表題 - " in japanese
    assert "findable に必要" in japanese
    comments = [line for line in japanese.splitlines() if re.match(r"\s*# ", line)]
    assert all(re.search("[\u3040-\u30ff\u4e00-\u9fff]", line) or "DOI" in line for line in comments)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("output", ["csv", "xlsx"])
def test_a_form_written_into_a_table_comes_back_the_same(tmp_path: Path, language: str, output: str) -> None:
    path = tmp_path / f"table.{output}"
    path.write_bytes(template(output, language))
    cells = {column.path: _example(column) for column in columns() if column.field}
    row = ["", *[cells[column.path] for column in columns()[1:]]]
    if output == "csv":
        with path.open("a", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerow(row)
    else:
        book = openpyxl.load_workbook(path)
        for number, text in enumerate(row, 1):
            book.worksheets[0].cell(row=3, column=number, value=text or None)
        book.save(path)
        book.close()
    form = read(path)
    expected = _form()
    assert form.values == expected
    assert form.origins["/sample/formula"].line == (2 if output == "csv" else 3)
    document = assess(form, today=TODAY).document
    assert document == assess(Form(expected), today=TODAY).document


def _example(column: Column) -> str:
    assert column.field is not None
    if column.field.path in LEFT_OUT:
        return ""
    if column.language == "en" or not column.language:
        return EXAMPLES[column.field.path]
    return EXAMPLES.get(f"{column.field.path}.ja", "")


def _form() -> dict[str, Any]:
    """The examples as the form a person would write."""
    form = Form()
    for column in columns():
        if column.field and (text := _example(column)):
            pointer = "/" + column.path.replace(".", "/")
            for several in ("spectra", "creators", "funding"):
                pointer = pointer.replace(f"/{several}/", f"/{several}/0/")
            listed = column.field.path in {"papers", "spectra.files"}
            form.put(pointer, [text] if listed else text, None)  # type: ignore[arg-type]
    return form.values


def test_every_bundled_deposit_comes_back_from_the_workbook(tmp_path: Path) -> None:
    paths = sorted((ROOT / "examples" / "deposits").glob("*.yaml"))
    deposits = {path.stem: Form(in_english(read(path).values)) for path in paths}
    book = openpyxl.load_workbook(io.BytesIO(template("xlsx", "ja")))
    line = 3
    for word, form in deposits.items():
        for spectrum in range(len(form.values["spectra"])):
            for number, column in enumerate(columns(), 1):
                text = in_cell(form.values, column.path.split("."), spectrum) if column.field else word
                book.worksheets[0].cell(row=line, column=number, value=text or None)
            line += 1
    path = tmp_path / "deposits.xlsx"
    book.save(path)
    book.close()
    again = look(path, path.name).reading
    assert again is not None
    assert line - 3 > len(again.forms) == len(deposits) > 40
    for form, back in zip(deposits.values(), again.forms, strict=True):
        assert assess(back, today=TODAY).document == assess(form, today=TODAY).document


def in_english(value: Any, place: str = "") -> Any:
    """A form with its texts without a language as English: a column of texts has one."""
    if isinstance(value, list):
        return [in_english(each, place) for each in value]
    if isinstance(value, dict):
        return {key: in_english(each, f"{place}.{key}".strip(".")) for key, each in value.items()}
    return {"en": value} if f"{place}.en" in {column.path for column in columns()} else value


def in_cell(value: Any, path: list[str], spectrum: int) -> str:
    """What a person would write into the cell of a column for one spectrum of a deposit."""
    if not path or value is None:
        return "" if value is None else "; ".join(value) if isinstance(value, list) else str(value)
    if isinstance(value, list):
        texts = [in_cell(each, path, spectrum) for each in value]
        return "; ".join(texts) if any(texts) else ""
    if not isinstance(value, dict):
        return ""
    here = value.get(path[0])
    return in_cell(here[spectrum] if path[0] == "spectra" and here else here, path[1:], spectrum)


def test_the_workbook_is_bilingual_and_offers_lists() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template("xlsx", "ja")))
    sheet, explained, lists = book.worksheets
    assert lists.sheet_state == "hidden"
    places = {cell.value: cell.column_letter for cell in sheet[1]}
    assert sheet[f"{places['sample form']}2"].value == "試料形態"
    offered = {
        str(each.sqref).partition(":")[0]: each.formula1 for each in sheet.data_validations.dataValidation
    }
    formula = offered[f"{places['sample form']}3"]
    column = re.search(r"\$([A-Z]+)\$2", str(formula))
    assert column
    words = [cell.value for cell in lists[column[1]]]
    assert words[0] == "sample.form"
    assert "箔" in words
    keys = {row[0].value for row in explained.iter_rows()}
    assert {each.path for each in fields()} <= keys
    book.close()


def test_no_two_columns_have_one_name_and_each_is_understood() -> None:
    for language in ("en", "ja"):
        labels = [column.label.get(language, column.label["en"]) for column in columns()]
        assert len(labels) == len(set(labels))
    for column in columns():
        for name in (column.path, *column.label.values()):
            meant = heading(name)
            assert meant is not None, name
            assert meant.column.path == column.path, name


# --- the schema ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checker() -> Any:
    schema = json.loads(template("schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_every_bundled_deposit_is_valid_by_the_schema(checker: Any) -> None:
    paths = sorted((ROOT / "examples" / "deposits").glob("*.yaml"))
    assert len(paths) > 30
    for path in paths:
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Texts):
            assert [error.message for error in checker.iter_errors(document)] == [], path.name


def test_the_template_is_valid_by_the_schema(checker: Any) -> None:
    assert list(checker.iter_errors(yaml.load(filled(), Texts))) == []


@pytest.mark.parametrize(
    ("form", "valid"),
    [
        ({"title": "x"}, True),
        ({"title": {"en": "x", "ja": "y"}}, True),
        ({"papers": "10.1/x"}, True),
        ({"sample": "unknown"}, True),
        ({"spectra": {"element": "Fe"}}, True),
        ({"spectra": [{"edge": ["L2", "L3"], "energy": {"first": 7000.0}}]}, True),
        ({"titel": "x"}, False),
        ({"title": {"english": "x"}}, False),
        ({"sample": "iron foil"}, False),
        ({"spectra": [{"sample": "x"}]}, False),
        ({"sample": {"name": ["x"]}}, False),
        ({"@context": "x"}, False),
    ],
)
def test_the_schema_says_what_the_reader_says(
    checker: Any, tmp_path: Path, form: dict[str, Any], valid: bool
) -> None:
    assert checker.is_valid(form) is valid
    path = tmp_path / "form.json"
    path.write_text(json.dumps({"license": "CC0-1.0", **form}), encoding="utf-8")
    assert (look(path, "form.json").reading is not None) is valid


def test_an_unknown_format_or_language_is_refused() -> None:
    with pytest.raises(UsageError, match="xlsx"):
        template("docx")
    with pytest.raises(UsageError, match="en, ja"):
        template("yaml", "de")
    assert set(FORMATS) == {"yaml", "csv", "xlsx", "schema", "facets"}
    assert json.loads(template("facets"))[0]["field"] == "kind"
