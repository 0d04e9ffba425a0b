"""The table of the deposit form: what it accepts, what it says of the rest, and that the guide explains all of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from catalog.document import Form, Origin
from catalog.findings import CODES
from catalog.form import DEPOSIT, Kind, check_keys, check_text, key_at, names, suggestions

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "deposit.md"


def codes(values: dict[str, Any]) -> list[tuple[str, str]]:
    form = Form(values)
    return [(item.path, item.code) for item in check_keys(form) + check_text(form)]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"title": "Iron foil"},
        {"title": {"en": "Iron foil", "ja": "鉄箔", "zh-Hant": "鐵箔"}},
        {"note": "first line\nsecond line\twith a tab"},
        {"sample": {"name": {"ja": "鉄箔"}, "preparation": {"en": "ground,\nthen pressed"}}},
        {"sample": "unknown"},
        {"spectra": [{"edge": ["L2", "L3"], "monochromator": "不明", "energy": {"first": "unknown"}}]},
        {"spectra": [{"edge": "K", "header": [{"key": "Beamline.focusing", "value": "no"}]}]},
        {"creators": [{"name": "A"}, {"name": "B", "affiliation": {"en": "C", "ja": "D"}}]},
        {"creators": [{"name": "B", "affiliation": {"name": "C", "ror": "https://ror.org/x"}}]},
        {"papers": ["10.1107/x", "10.1107/y"]},
        {"title": "両\u2028U+2028 is no line break here \U0001f600"},
    ],
)
def test_what_the_form_takes(values: dict[str, Any]) -> None:
    assert codes(values) == []


@pytest.mark.parametrize(
    ("values", "pointer", "code"),
    [
        ({"titel": "x"}, "/titel", "form-key-unknown"),
        ({"id": "x"}, "/id", "form-key-unknown"),
        ({"sample": {"temperature": "298 K"}}, "/sample/temperature", "form-key-unknown"),
        ({"title": {"English": "x"}}, "/title/English", "form-key-unknown"),
        (
            {"creators": [{"affiliation": {"name": "C", "rr": "x"}}]},
            "/creators/0/affiliation/rr",
            "form-key-unknown",
        ),
        ({"spectra": [{"element": "Fe"}, {"Edge": "K"}]}, "/spectra/1/Edge", "form-key-unknown"),
        ({"a/b~c": "x"}, "/a~1b~0c", "form-key-unknown"),
        ({"@id": "x"}, "/@id", "form-keyword-refused"),
        ({"title": {"@none": "x"}}, "/title/@none", "form-keyword-refused"),
        ({"sample": {"@reverse": {"x": "y"}}}, "/sample/@reverse", "form-keyword-refused"),
        ({"title": ["x"]}, "/title", "form-kind-wrong"),
        ({"title": {"en": {"x": "y"}}}, "/title/en", "form-kind-wrong"),
        ({"license": {"en": "x"}}, "/license", "form-kind-wrong"),
        ({"sample": "iron foil"}, "/sample", "form-kind-wrong"),
        ({"spectra": "unknown"}, "/spectra", "form-kind-wrong"),
        ({"spectra": ["unknown", "K"]}, "/spectra/1", "form-kind-wrong"),
        ({"creators": ["A"]}, "/creators/0", "form-kind-wrong"),
        ({"papers": [["x"]]}, "/papers/0", "form-kind-wrong"),
        ({"title": "a\r\nSet-Cookie: b"}, "/title", "form-line-break"),
        ({"doi": "10.1/x\ty"}, "/doi", "form-line-break"),
        ({"spectra": [{"files": ["a\n.dat"]}]}, "/spectra/0/files/0", "form-line-break"),
        ({"note": "a\x1b[31mb"}, "/note", "form-control-character"),
        ({"note": {"ja": "a\x00"}}, "/note/ja", "form-control-character"),
        ({"title": "a\x85b"}, "/title", "form-control-character"),
        ({"title": "a\uffffb"}, "/title", "form-control-character"),
    ],
)
def test_what_the_form_refuses(values: dict[str, Any], pointer: str, code: str) -> None:
    assert codes(values) == [(pointer, code)]


@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [
        ("titel", "", ["title"]),
        ("licence", "", ["license"]),
        ("Facility", "", ["facility"]),
        ("collection doi", "", ["collection_doi"]),
        ("temperature", "/sample", ["spectra.temperature"]),
        ("element", "", ["spectra.element"]),
        ("authors", "", ["creators"]),
        ("d-spacing", "/spectra/0/monochromator", ["d_spacing"]),
        ("x" * 100_000, "/spectra/0/energy", ["first", "last", "points"]),
    ],
)
def test_suggestions(name: str, place: str, expected: list[str]) -> None:
    here = key_at(place)
    assert here is not None
    assert suggestions(name, here)[: len(expected)] == expected


def test_a_finding_has_the_line_of_its_key_or_of_the_nearest_parent() -> None:
    form = Form({"sample": {"colour": "red"}}, {"/sample": Origin("person", "f.yaml", 7, "sample")})
    (found,) = check_keys(form)
    assert (found.file, found.line, found.value) == ("f.yaml", 7, "colour")


def test_a_wrong_kind_is_answered_with_an_example() -> None:
    (found,) = check_keys(Form({"spectra": [{"energy": "7000 eV"}]}))
    assert "energy: {first: ..., last: ...}" in found.text("en")
    assert "energy: {first: ..., last: ...}" in found.text("ja")


def test_every_place_of_the_table_is_reachable_by_its_pointer() -> None:
    for name in names():
        pointer = "".join(f"/{part}" for part in name.split("."))
        for listed in ("creators", "funding", "spectra", "header"):
            pointer = pointer.replace(f"/{listed}/", f"/{listed}/0/")
        assert key_at(pointer) is not None, pointer
    assert key_at("/spectra/x/edge") is None
    assert key_at("/title/en/x") is None


def test_groups_have_keys_and_lists_have_items() -> None:
    for name in names():
        key = DEPOSIT
        for part in name.split("."):
            key = (key.item or key).keys[part]
        assert (Kind.GROUP in key.kinds) == bool(key.keys), name
        assert (Kind.LIST in key.kinds) == (key.item is not None), name


def test_the_guide_explains_exactly_the_keys_of_the_table() -> None:
    explained = re.findall(r"^\| `([a-z_.]+)` \|", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(explained) == sorted(names())


def test_messages_are_in_both_languages() -> None:
    for code in ("form-key-unknown", "form-kind-wrong", "form-keyword-refused", "form-line-break"):
        assert CODES[code].en != CODES[code].ja
