"""What the readers of metadata documents share: values by path, alias tables, the corpus, hostile input."""

from __future__ import annotations

import csv
import json
import random
import re
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import UnreadableInput
from catalog.form import check_keys, check_text, key_at
from catalog.inspection import inspect_file, look
from catalog.readers import Reading, Source, readers
from catalog.readers._documents import is_placeholder, plain_text
from catalog.readers._foreign import Tree, outline, trees

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "data" / "samples"
EXPECT = ROOT / "tests" / "data" / "expect"
OURS = ("jxs", "mdr", "datacite", "cdif", "xasdb")
CORPORA = ("xafs-schema", "mdr-records", "repo-records", "cdif-jsonld", "facilities", "optimade")
SAMPLE = {
    "jxs": "jxs.yaml",
    "mdr": "mdr.json",
    "datacite": "datacite.xml",
    "cdif": "cdif.jsonld",
    "xasdb": "xasdb.json",
}


def read(folder: Path, name: str, content: str | bytes) -> Reading:
    path = folder / "file.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return readers()[name].read(Source(path, path.name))


def tree(folder: Path, content: str) -> Tree:
    path = folder / "file.txt"
    path.write_text(content, encoding="utf-8")
    (found,) = trees(Source(path, path.name))
    return found


def test_values_are_found_by_path_through_lists(tmp_path: Path) -> None:
    found = tree(
        tmp_path, '{"@id": "x", "a": [{"b": 1.50}, {"b": [2e-14, null, ""]}, [{"b": NaN}]], "c.d": "e"}'
    )
    assert [(each.path, each.text, each.line) for each in found.every("a.b")] == [
        ("a[0].b", "1.50", 1),
        ("a[1].b[0]", "2e-14", 1),
        ("a[2][0].b", "NaN", 1),
    ]
    assert found.every("a") == []
    assert [each.path for each in found.groups("a")] == ["a[0]", "a[1]", "a[2][0]"]
    assert found.first("nothing", "a.b") == found.every("a.b")[0]
    child = found.child("c.d")
    assert child is not None
    assert [each.text for each in child.leaves()] == ["e"]
    assert [each.path for each in found.leaves()] == ["@id", "a[0].b", "a[1].b[0]", "a[2][0].b", "c.d"]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ('{"a": 1,\n "a": 2}', 2, "occurs twice"),
        ("a: &x 1\nb: *x\n", 1, "anchors"),
        ("a: !!python/object:os.system x\n", 1, "tags"),
        ("a:\n  <<: {b: 1}\n", 2, "merge keys"),
        ("[" * 30 + "]" * 30, 1, "nested deeper"),
        ('{"a": "' + "x" * 200_000 + '"}', 1, "too long"),
        ("a: b\0c\n", 1, "control character"),
        ('{"a": "\\ud800"}', 1, "surrogate"),
    ],
)
def test_documents_are_parsed_as_safely_as_forms_are(
    tmp_path: Path, content: str, line: int, message: str
) -> None:
    path = tmp_path / "file.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableInput, match=message) as caught:
        trees(Source(path, "file.txt"))
    assert caught.value.where.startswith(f"file.txt:{line}")


def test_a_document_is_told_by_its_outermost_keys_and_cheap_signs_first(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('\t{"data_info": {"inner": 1},\n\t"sample": []}', encoding="utf-8")
    assert outline(Source(path, "a"), b"sample") == {"data_info", "sample"}
    assert outline(Source(path, "a"), b"nothing of it") == frozenset()


def test_texts_lose_what_disturbs_a_reader() -> None:
    assert plain_text("Cu\u202e foil\r\n\x07at \u2066RT\u200b") == "Cu foil at RT"
    assert plain_text("one\r\ntwo\u2028", long=True) == "one\ntwo"
    assert plain_text("क्‍ष") == "क्‍ष"
    assert is_placeholder(" n/a ")
    assert not is_placeholder("na")


# Alias tables and expectations


@pytest.mark.parametrize("table", [*OURS, "documents"])
def test_each_row_of_the_alias_tables_names_where_it_was_seen(table: str, shared: Path) -> None:
    path = ROOT / "ontology" / "aliases" / f"{table}.yaml"
    if not path.is_file():
        assert table == "datacite"  # what it reads is a published schema; its words are in documents.yaml
        return
    sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, section in sections.items():
        for row in section:
            if "documented" in row:
                assert re.match(r"https?://", row["documented"]), (name, row)
                continue
            content = (shared / "data" / "corpus" / row["from"]).read_bytes()
            assert row["text"] in content.decode(row.get("encoding", "utf-8")), (name, row)


@pytest.mark.parametrize("corpus", CORPORA)
def test_every_file_of_the_corpus_is_what_the_table_says(corpus: str, shared: Path) -> None:
    root = shared / "data" / "corpus"
    with (EXPECT / f"{corpus}.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (root / "MANIFEST-open.tsv").open(encoding="utf-8", newline="") as stream:
        listed = [row["file"] for row in csv.DictReader(stream, delimiter="\t") if row["corpus"] == corpus]
    used = set()
    for name in (f"{corpus}/{file}" for file in sorted(listed)):
        path = root / name
        (row,) = [each for each in rows if fnmatchcase(name, each["path"])]
        used.add(row["path"])
        seen = inspect_file(path, name, today=date(2026, 5, 1))
        found = {key: str(seen["facts"].get(key, "")) for key in row} | {
            "path": row["path"],
            "outcome": seen["outcome"],
            "reader": seen["reader"] or "",
            "findings": " ".join(sorted({item["code"] for item in seen["findings"]})),
        }
        assert found == row, name
    assert used == {row["path"] for row in rows}


@pytest.mark.parametrize("name", OURS)
def test_forms_hold_the_keys_of_the_form_and_texts_that_fit_them(name: str, shared: Path) -> None:
    corpus = shared / "data" / "corpus"
    files = [
        corpus / "cdif-jsonld/se_na2so4-testschemaorg-cdiv3.jsonLD",
        *(corpus / "mdr-records").rglob("*.json"),
    ]
    files += [corpus / "xafs-schema/jxs-xafsDB-wg.yml", *(corpus / "repo-records/xas-deposits").iterdir()]
    for path in (SAMPLES / SAMPLE[name], *files):
        seen = look(path, path.name)
        if seen.reader != name or seen.reading is None:
            continue
        for form in seen.reading.forms:
            assert check_keys(form) == [], path
            assert check_text(form) == [], path
        for pointer in seen.reading.suggestions:
            assert key_at(pointer) is not None, pointer


def test_nothing_of_a_document_is_lost(shared: Path) -> None:
    corpus = shared / "data" / "corpus"
    files = [SAMPLES / name for name in SAMPLE.values() if not name.endswith(".xml")]
    files += [*(corpus / "mdr-records/mdr-xafs-db").iterdir(), corpus / "xafs-schema/jxs-xafsDB-wg.yml"]
    files += [*(corpus / "repo-records/xas-deposits").iterdir(), *(corpus / "cdif-jsonld").rglob("*.jsonld")]
    for path in files:
        reading = look(path, path.name).reading
        assert reading is not None, path
        (form,) = reading.forms
        kept = {pair.value for pair in reading.private} | {
            str(origin.raw) for origin in form.origins.values()
        }
        said = " ".join(kept) + json.dumps(form.values, ensure_ascii=False)
        (document,) = trees(Source(path, path.name))
        for leaf in document.leaves():
            notation = re.search(r"(?:^|\.)@(?:context|type)", leaf.path)
            assert notation or not leaf.text.strip() or leaf.text[:500] in said, (path, leaf)


# Findings say what is wrong, where, in both languages


@pytest.mark.parametrize("name", OURS)
def test_every_finding_of_a_sample_has_its_place_and_both_languages(name: str) -> None:
    path = SAMPLES / SAMPLE[name]
    seen = look(path, path.name)
    assert seen.reader == name
    lines = len(path.read_text(encoding="utf-8").splitlines())
    for item in seen.findings:
        assert item.file == path.name
        assert "{" not in item.text("en") + item.text("ja")
        assert item.line is None or 1 <= item.line <= lines


# Hostile input


def changed(value: Any, text: str) -> Any:
    """A document with every text of it replaced."""
    if isinstance(value, dict):
        return {key: changed(each, text) for key, each in value.items()}
    if isinstance(value, list):
        return [changed(each, text) for each in value]
    return text if isinstance(value, str) else value


def documents(name: str) -> Any:
    content = (SAMPLES / SAMPLE[name]).read_text(encoding="utf-8")
    return yaml.safe_load(content) if name == "jxs" else json.loads(content)


@pytest.mark.parametrize(
    "text",
    [
        "Cu\n---\nevil: 1",
        "\u202eevil\u2066",
        "x" * 50_000,
        "../../etc/passwd.dat",
        "{value!r} {0}",
        "\U0001f600 " * 200,
    ],
    ids=["newline", "direction", "long", "path", "format", "emoji"],
)
@pytest.mark.parametrize("name", ["jxs", "mdr", "cdif", "xasdb"])
def test_texts_of_any_kind_become_clean_values_or_findings(name: str, text: str, tmp_path: Path) -> None:
    document = documents(name)
    for key in ("sample", "data_info", "measurement", "header", "prov:wasGeneratedBy", "local"):
        if key in document:
            document[key] = changed(document[key], text)
    reading = read(tmp_path, name, json.dumps(document, ensure_ascii=False))
    for form in reading.forms:
        for value in texts(form.values):
            assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", value)
            assert len(value) <= 20_000
        assert ".." not in json.dumps([each.get("files") for each in form.values["spectra"]])
    for item in reading.findings:
        assert len(item.text()) < 2_000


@pytest.mark.parametrize("name", ["jxs", "mdr", "cdif", "xasdb"])
def test_a_document_of_very_many_values_is_refused_and_one_of_many_is_read_in_bounds(
    name: str, tmp_path: Path
) -> None:
    document = documents(name)
    key = {"jxs": "sample", "mdr": "sample", "cdif": "schema:keywords", "xasdb": "url"}[name]
    many = [{"name": f"x{number}", "schema:name": "K"} for number in range(4_000)]
    reading = read(tmp_path, name, json.dumps(document | {key: many}))
    assert reading.forms
    assert len(reading.findings) <= 330
    assert len(reading.private) <= 5_100
    with pytest.raises(UnreadableInput, match="more than 100,000 values"):
        read(tmp_path, name, json.dumps(document | {key: many * 6}))


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value]


@pytest.mark.parametrize("name", OURS)
@given(seed=st.integers(0, 2**32), times=st.integers(1, 6))
def test_a_damaged_document_is_read_or_refused_with_a_reason(
    name: str, tmp_path_factory: pytest.TempPathFactory, seed: int, times: int
) -> None:
    chance = random.Random(seed)
    content = bytearray((SAMPLES / SAMPLE[name]).read_bytes())
    for _ in range(times):
        place = chance.randrange(len(content))
        content[place : place + chance.randrange(3)] = bytes(
            chance.choice(b'{}[]:,"-\n 0aK\xff<&') for _ in range(chance.randrange(3))
        )
    folder = tmp_path_factory.mktemp("damaged")
    try:
        reading = read(folder, name, bytes(content))
    except UnreadableInput as error:
        assert error.where.startswith("file.txt")
    else:
        assert (
            reading.forms or any(item.severity == "error" for item in reading.findings) or not reading.is_xafs
        )
