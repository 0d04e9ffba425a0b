"""The deposit form as a file: every value the text it was, and one clear error for what is not understood."""

from __future__ import annotations

import json
import os
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.document import Origin
from catalog.errors import UnreadableInput
from catalog.readers import Reading, Source
from catalog.readers._nodes import MAX_DEPTH, MAX_TEXT, MAX_VALUES
from catalog.readers.record import READER


class Bytes(Source):
    """A source in memory, so that thousands of inputs need no disk."""

    def __init__(self, content: bytes | str) -> None:
        super().__init__(Path("unused"), "form.yaml")
        held = content.encode() if isinstance(content, str) else content
        # The cached properties of Source, given beforehand.
        self.__dict__.update(size=len(held), head=held[:65_536], held=held)

    def content(self) -> bytes:
        held: bytes = self.__dict__["held"]
        return held


def read(content: bytes | str) -> Reading:
    return READER.read(Bytes(content))


def values(content: bytes | str) -> dict[str, Any]:
    (form,) = read(content).forms
    return form.values


def codes(content: bytes | str) -> list[tuple[str, str, int | None]]:
    return [(item.code, item.path, item.line) for item in read(content).findings]


FOIL = """\
title: {en: "Iron foil, Fe K edge", ja: "鉄箔 Fe K吸収端"}
sample:
  name: iron foil
  cas: 7439-89-6
spectra:
  - element: Fe
    edge: K
    calibration: {assigned_energy: 7112.0 eV, simultaneous: true}
    files: [Fe_foil.dat]
"""


def test_a_form_is_read_with_the_origin_of_every_value() -> None:
    (form,) = read(FOIL).forms
    assert form.values == {
        "title": {"en": "Iron foil, Fe K edge", "ja": "鉄箔 Fe K吸収端"},
        "sample": {"name": "iron foil", "cas": "7439-89-6"},
        "spectra": [
            {
                "element": "Fe",
                "edge": "K",
                "calibration": {"assigned_energy": "7112.0 eV", "simultaneous": "true"},
                "files": ["Fe_foil.dat"],
            }
        ],
    }
    place = "/spectra/0/calibration/assigned_energy"
    assert form.origins["/title/ja"] == Origin("person", "form.yaml", 1, "ja", "鉄箔 Fe K吸収端")
    assert form.origins[place] == Origin("person", "form.yaml", 8, "assigned_energy", "7112.0 eV")
    assert form.origins["/spectra/0/files/0"] == Origin("person", "form.yaml", 9, "files", "Fe_foil.dat")
    assert form.origin("/sample/formula") == Origin("person", "form.yaml", 3, "sample")
    assert {pointer for pointer in form.origins if form.get(pointer) is None} == set()


def test_json_gives_the_same_form_with_its_own_lines() -> None:
    (form,) = read(FOIL).forms
    text = json.dumps(form.values, indent=1, ensure_ascii=False)
    (again,) = read(text).forms
    assert again.values == form.values
    assert again.origins.keys() == form.origins.keys()
    lines = text.splitlines()
    texts = [origin for origin in again.origins.values() if origin.raw is not None]
    assert len(texts) == 9
    assert all(f'"{origin.raw}"' in lines[(origin.line or 0) - 1] for origin in texts)


@pytest.mark.parametrize(
    "text",
    [
        "7112.0",
        "012",
        "0x1F",
        "12:30:45",
        "NO",
        "on",
        "true",
        "1e-14",
        "1_000",
        "190:20:30",
        "2024-05-21",
        "Null",
        "=",
    ],
)
def test_a_plain_value_stays_the_text_it_is(text: str) -> None:
    assert values(f"sample: {{formula: {text}}}\ndoi: {text}\n") == {"sample": {"formula": text}, "doi": text}


@pytest.mark.parametrize(
    "number", ["7112.0", "1.10", "1e400", "-0.0", "1E-14", "123456789012345678901234567890"]
)
def test_a_json_number_stays_exact(number: str) -> None:
    assert values(f'{{"doi": {number}}}') == {"doi": number}


def test_json_is_read_as_json_even_where_yaml_differs() -> None:
    text = '{\n\t"title": "\\ud83d\\ude00 \\/ \\u00e9\\u2028",\n\t"kind": true,\n\t"access": null\n}'
    assert values(text) == {"title": "😀 / é\u2028", "kind": "true"}
    assert READER.sniff(Bytes(text)) > 0


def test_an_empty_value_counts_as_not_said() -> None:
    text = "title: ''\nnote: ~\ndoi:\nkind: null\naccess: 'null'\npapers: [10.1/a, '', 10.1/b]\n"
    assert values(text) == {"access": "null", "papers": ["10.1/a", "10.1/b"]}
    assert [code for code, _, _ in codes(text)] == ["form-value-empty"] * 4
    (form,) = read(text).forms
    assert form.origins["/papers/1"].raw == "10.1/b"
    assert "/doi" not in form.origins


def test_one_item_may_stand_for_a_list_of_one() -> None:
    text = "papers: 10.1/a\ncreators: {name: A}\nspectra: {edge: K, files: a.dat, header: {key: A.b, value: c}}\n"
    (form,) = read(text).forms
    assert form.values == {
        "papers": ["10.1/a"],
        "creators": [{"name": "A"}],
        "spectra": [{"edge": "K", "files": ["a.dat"], "header": [{"key": "A.b", "value": "c"}]}],
    }
    assert form.origins["/papers/0"] == Origin("person", "form.yaml", 1, "papers", "10.1/a")
    assert form.origins["/spectra/0/files/0"].raw == "a.dat"


def test_block_texts_lose_only_the_line_end_of_the_notation() -> None:
    text = "title: >\n  Iron\n  foil\nnote: |+\n  first\n   second\n\nprivate_note: |-\n  x\n"
    assert values(text) == {"title": "Iron foil", "note": "first\n second", "private_note": "x"}
    assert codes(text) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_counted(end: str) -> None:
    assert values(FOIL.replace("\n", end)) == values(FOIL)
    with pytest.raises(UnreadableInput, match=r"form\.yaml:3: 'titel'"):
        read(end.join(["note: x", "", "titel: y", ""]))
    with pytest.raises(UnreadableInput, match=r"form\.yaml:3: 'titel'"):
        read(end.join(['{"note": "x",', "", '"titel": "y"}']))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_with_a_byte_order_mark_is_read(encoding: str) -> None:
    assert values(FOIL.encode(encoding)) == values(FOIL)
    assert READER.sniff(Bytes(FOIL.encode(encoding))) == 90
    assert values('{"title": "鉄箔"}'.encode(encoding)) == {"title": "鉄箔"}


def test_characters_that_are_no_line_breaks_break_no_line() -> None:
    text = "title: a\u2028b\u2029c \ufeffd\nnote: x\n"
    (form,) = read(text).forms
    assert form.values == {"title": "a\u2028b\u2029c \ufeffd", "note": "x"}
    assert form.origins["/note"].line == 2


def test_a_file_may_hold_several_deposits() -> None:
    several = read("---\ntitle: a\n---\n# nothing\n---\ntitle: b\n...\n").forms
    assert [form.values["title"] for form in several] == ["a", "b"]
    assert [form.origins["/title"].line for form in several] == [2, 6]
    lines = read('{"title": "a"}\n{"title": "b"}\n').forms
    assert [(form.values["title"], form.origins["/title"].line) for form in lines] == [("a", 1), ("b", 2)]


def test_a_comma_that_split_a_value_is_pointed_out() -> None:
    text = "kind: user\nsample: {name: a foil, form, formula: Fe}\n"
    assert values(text)["sample"] == {"name": "a foil", "formula": "Fe"}
    assert codes(text) == [("form-value-split", "/sample/form", 2)]
    with pytest.raises(UnreadableInput, match=r"form\.yaml:1: 'Fe K edge' .* comma .* 'en': put quotes"):
        read("title: {en: Iron foil, Fe K edge}")
    assert codes("sample: {name: foil, form: }") == [("form-value-empty", "/sample/form", 1)]


def test_line_breaks_and_control_characters_in_values_are_findings() -> None:
    text = '{"title": "a\\r\\nSet-Cookie: b",\n"note": "a\\nb",\n"doi": "\\u0000",\n"kind": "\\u001b[2J"'
    text += ',\n"access": "o\\u202epen"}'
    assert codes(text) == [
        ("form-line-break", "/title", 1),
        ("form-control-character", "/doi", 3),
        ("form-control-character", "/kind", 4),
        ("form-control-character", "/access", 5),
    ]


def test_the_example_of_the_guide_is_a_deposit_without_findings() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "deposit.md").read_text(encoding="utf-8")
    example_form = guide.split("```yaml\n")[1].split("```")[0]
    assert values(example_form)["spectra"][0]["calibration"]["assigned_energy"] == "7112.0 eV"
    assert codes(example_form) == []


def test_a_hostile_iri_is_but_a_text() -> None:
    assert values("license: 'javascript:alert(1)'")["license"] == "javascript:alert(1)"


REFUSED = [
    ("title: x\nnote: &a y\n", 2, "anchors"),
    ("title: x\nnote: *a\n", 2, "aliases"),
    ("title: x\nnote: !!python/object/apply:os.system [id]\n", 2, "tags"),
    ("title: x\nnote: !!str y\n", 2, "tags"),
    ("title: x\nnote: ! y\n", 2, "tags"),
    ("title: x\n!!str note: y\n", 2, "tags"),
    ("title: x\n&k note: y\n", 2, "anchors"),
    ("title: x\naccess: restricted\naccess: open\n", 3, "twice (first on line 2)"),
    ("sample: {name: a, 'name': b}\n", 1, "twice"),
    ("title: x\n<<: {note: y}\n", 2, "merge"),
    ("title: x\n? [a]\n: b\n", 2, "a key has to be a text"),
    ("title: {{ template }}\n", 1, "a key has to be a text"),
    ("title: .nan\n", 1, "finite"),
    ("title: NaN\n", 1, "finite"),
    ("spectra: [{pressure: -.inf}]\n", 1, "finite"),
    ("spectra: [{pressure: Infinity}]\n", 1, "finite"),
    ("title: x\n'@id': http://example.org/other\n", 2, "JSON-LD"),
    ("sample:\n  '@reverse': {x: y}\n", 2, "JSON-LD"),
    ("title: x\n@id: y\n", 2, "JSON-LD"),
    ("titel: x\n", 1, "title"),
    ("title: x\nsample:\n  colour:\n", 3, "'colour'"),
    ("sample: foil\n", 1, "sample: {"),
    ("title: [a, b]\n", 1, "title: text"),
    ("title: Iron foil: Fe\n", 1, "needs quotes"),
    ("title: x\n\tnote: y\n", 2, "tabs"),
    ('title: "never closed\nnote: x\n', 3, "began on line 1"),
    ("sample: {name: a\n", 2, "bracket"),
    ('title: "C:\\data"\n', 1, "single quotes"),
    ("title: [" + "[" * 10_000, 1, "nested"),
    ("title: " + "{a: " * 10_000, 1, "nested"),
    ("title:\n" + "".join(" " * depth + "a:\n" for depth in range(1, 500)), MAX_DEPTH + 1, "nested"),
    ('{"title": ' + '{"a": ' * 10_000, 1, "nested"),
    ('{"title": ' + "[" * 10_000 + "]" * 10_000 + "}", 1, "nested"),
    ('{"title": "x",\n"title": "y"}', 2, "twice (first on line 1)"),
    ('{"title": "x",\n"@context": "http://example.org/"}', 2, "JSON-LD"),
    ('{"title":\nNaN}', 2, "finite"),
    ('{"title": -Infinity}', 1, "finite"),
    ('{"title": "\\ud800"}', 1, "surrogate"),
    ('{"title": "x",}', 1, "key in double quotes"),
    ('{"title": "x"\n"note": "y"}', 2, "comma"),
    ('{"title": "x"', 1, "the file ends"),
    ('{"title": "x\ny"}', 1, "control character"),
    ('{"title": 012}', 1, "found '012}'"),
    ('{"title": 1.}', 1, "found '.}'"),
    ('{"title": maybe}', 1, "double quotes"),
    ('{"title" "x"}', 1, "colon"),
    ('{"title": "x"} and more', 1, "found 'and more'"),
    ('[{"title": "a"}]', 1, "mapping"),
    ("- title: a\n- title: b\n", 1, "mapping"),
    ("title: x\n---\njust a text\n", 3, "mapping"),
    (b"title: x\nnote: \x93\xfa\x96\x7b\n", 2, "UTF-8"),
    (b"title: x\nnote: \x00\n", 2, "U+0000"),
    (b"title: x\nnote: \x1b[31m\n", 2, "U+001B"),
    ("title: x\nnote: \x9b31m\n", 2, "U+009B"),
    ("title: x\n".encode("utf-16-le"), 1, "UTF-16 without"),
    (b"\xff\xfet\x00i", 1, "UTF-16-LE"),
    (b"\xff\xfe\x00\xd8", 1, "UTF-16"),
    ("note: " + "x" * (MAX_TEXT + 1), 1, "too long"),
    ('{"note": "' + "x" * (MAX_TEXT + 1) + '"}', 1, "too long"),
    ('{"doi": ' + "1" * (MAX_TEXT + 1) + "}", 1, "too long"),
    ("papers: [" + "a," * MAX_VALUES + "b]", 1, "values"),
]


@pytest.mark.parametrize(("content", "line", "says"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_understood_is_refused_with_its_line(content: bytes | str, line: int, says: str) -> None:
    with pytest.raises(UnreadableInput) as refused:
        read(content)
    assert refused.value.where == f"form.yaml:{line}"
    assert says in refused.value.detail
    assert len(refused.value.detail) < 1000


@pytest.mark.parametrize("content", ["", "\n", "# a comment\n", "---\n---\n", "\ufeff", "null", "~"])
def test_a_file_without_a_deposit_is_refused(content: str) -> None:
    with pytest.raises(UnreadableInput, match="no deposit form"):
        read(content)


def test_all_unknown_keys_are_named_at_once() -> None:
    with pytest.raises(UnreadableInput) as refused:
        read("titel: x\nkind: user\nlicence: y\nsample: {temperature: 298 K}\n")
    assert refused.value.where == "form.yaml:1"
    for part in ("title", "line 3: 'licence'", "license", "line 4: 'temperature'", "spectra.temperature"):
        assert part in refused.value.detail


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    letters = "abcdefghijklmnop"
    lines = ["title: x", "note: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{key}: &{key} [{', '.join([f'*{before}'] * 9)}]" for before, key in pairwise(letters)]
    with pytest.raises(UnreadableInput, match=r"form\.yaml:2: anchors"):
        read("\n".join(lines))


def test_a_sparse_file_of_three_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_text("title: x\n")
    os.truncate(path, 3 * 1024**3)
    source = Source(path, "huge.yaml")
    start = time.perf_counter()
    assert READER.sniff(source) == 0
    with pytest.raises(UnreadableInput, match=r"huge\.yaml: the file has 3,221,225,472 bytes"):
        READER.read(source)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("content", "least", "most"),
    [
        (FOIL, 90, 90),
        ("title: x\n", 90, 90),
        ('{"title": "x"}', 90, 90),
        ('{"title": "x"}\n{"title": "y"}\n', 90, 90),
        ("\n\n# a deposit\n---\ntitle: x\nkind: user\n", 90, 90),
        ("title: x\n" + "note: y\n" * 20_000, 90, 90),
        ("titel: x\nlicence: y\nsample: z\n", 1, 89),
        ("title: Iron foil: Fe\n", 1, 50),
        ("title: [" + "[" * 60_000, 1, 90),
        ("title: x\nnote: \x93\xfa".encode("latin-1"), 90, 90),
        ("- title: a\n- title: b\n", 1, 90),
        ("", 0, 0),
        ("{}", 0, 0),
        ("name: x\nversion: 3\n", 0, 0),
        ('{"data": [], "meta": {"title": "x"}}', 0, 0),
        ('{"@context": "x", "@graph": [], "@id": "y", "title": "z"}', 0, 0),
        ("# XDI/1.0 GSE/1.0\n# Element.symbol: Fe\n# Element.edge: K\n# ---\n 7000.0 1.0\n", 0, 0),
        ("  9809     KEK-PF   BL9C\n Fe foil   07.05.12 23:28\n", 0, 0),
        (b"PK\x03\x04\x14\x00title: x\n", 0, 0),
        (b"\x89HDF\r\n\x1a\n\x00\x00title: x\n", 0, 0),
        ("? " * 30_000, 0, 0),
    ],
)
def test_content_decides_whether_a_file_is_a_deposit_form(
    content: bytes | str, least: int, most: int
) -> None:
    start = time.perf_counter()
    assert least <= READER.sniff(Bytes(content)) <= most
    assert time.perf_counter() - start < 1


def test_no_real_data_file_is_taken_for_a_deposit_form(shared: Path) -> None:
    corpus = shared / "data" / "corpus"
    taken = {
        path.relative_to(corpus).as_posix()
        for path in corpus.rglob("*")
        if path.is_file() and READER.sniff(Source(path, path.name)) > 0
    }
    # Metadata of a repository that shares words with the form; reading it says which keys are not the form's.
    assert all(name.startswith("mdr-records/") and name.endswith(".json") for name in taken), taken
    for name in taken:
        with pytest.raises(UnreadableInput, match="is not a key of the deposit form"):
            READER.read(Source(corpus / name, name))


SHOWN = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(SHOWN)
@example("\u2028")
@example("\ufeff")
@example("a\u0085b")
@example("\U0010fffd\u2029")
@example("null")
@example("*a: &b, {c}")
@example(" \ttrailing ")
@example("\ud7ff\ue000\ufffe\uffff")
def test_any_text_comes_back_exactly_as_it_was(text: str) -> None:
    written = {
        "note": text,
        "sample": {"name": {"en": text}},
        "papers": [text, text],
        "spectra": [{"edge": text}],
    }
    escaped = json.dumps(written)
    for content in (
        escaped,
        json.dumps(written, indent="\t", ensure_ascii=True),
        yaml.safe_dump(written),
        yaml.safe_dump(written, default_style="'", width=10),
        yaml.safe_dump(written, default_style='"', allow_unicode=False),
    ):
        assert values(content) == written
    plain = json.dumps(written, ensure_ascii=False)
    try:
        assert values(plain) == written
    except UnreadableInput as refused:
        assert "control character" in refused.detail
        assert any(char == "\x7f" or "\x80" <= char <= "\x9f" or char in "\ufffe\uffff" for char in text)


ALPHABET = [*"{}[]:,-?&*!|>'\"%@`#~ \n\r\t\\u0e1.\u2028😀", "title", "spectra", "null", "---\n", "<<", "NaN"]


@given(st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(ALPHABET), max_size=60).map("".join)))
@example(b"\xff\xfe\x00\xdc")
@example("!%ff x")
@example("%TAG ! tag:%c3\n--- !a x")
@example('"\\ud800": 1')
@example("{" * 100 + "title")
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes | str) -> None:
    source = Bytes(content)
    assert 0 <= READER.sniff(source) <= 100
    try:
        reading = READER.read(source)
    except UnreadableInput as refused:
        assert refused.where.startswith("form.yaml")
        assert refused.detail
    else:
        assert reading.forms
        json.dumps([form.values for form in reading.forms]).encode("utf-8")


@given(
    st.recursive(
        st.text(max_size=5),
        lambda below: (
            st.lists(below, max_size=3)
            | st.dictionaries(
                st.sampled_from(["title", "en", "sample", "name", "spectra", "x"]), below, max_size=3
            )
        ),
        max_leaves=10,
    )
)
def test_any_structure_is_read_or_refused_alike_in_yaml_and_json(structure: Any) -> None:
    outcomes = []
    for content in (json.dumps(structure), yaml.safe_dump(structure, default_style='"')):
        try:
            outcomes.append([form.values for form in read(content).forms])
        except UnreadableInput as refused:
            outcomes.append([type(refused)])
    assert outcomes[0] == outcomes[1]
