"""Defaults files: which files a rule selects, what it fills, and what is refused when the file is loaded."""

from __future__ import annotations

import doctest
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalog.globs
from catalog.defaults import Defaults, load_defaults
from catalog.document import Form, Origin
from catalog.errors import UnreadableInput
from catalog.findings import finding
from catalog.globs import path_matches
from catalog.readers import HeaderPair, Reading


def load(tmp_path: Path, text: str) -> Defaults:
    path = tmp_path / "defaults.yaml"
    path.write_text(text, encoding="utf-8")
    return load_defaults(path)


def header_form(values: dict[str, Any] | None = None, **header: str) -> Form:
    """A form whose facility and beamline names came from a header, and whose other values came from a person."""
    form = Form(dict(values or {}))
    for number, (key, raw) in enumerate(header.items(), start=1):
        form.put(f"/{key}", raw.upper(), Origin("header", "f.xdi", number, f"{key.title()}.name", raw))
    return form


def filled(defaults: Defaults, form: Form, path: str = "data/f.xdi", reading: Reading | None = None) -> Form:
    assert defaults.apply(form, reading or Reading(), path) == []
    return form


EXAMPLE = """
rules:
  - when: {path: "xdi-xaslib/**", header: {Facility.name: absent}}
    set: {license: CC0-1.0, facility: "Advanced Photon Source", access: open}
  - when: {header: {Beamline.name: "13*"}}
    set:
      beamline: 13-BM-D
      monochromator: {type: crystal, crystal: Si, d_spacing: 3.13550 Å}
      mode: transmission
      creators: [{name: Example Researcher A, orcid: 0000-0002-1825-0097}]
"""


def test_only_absent_values_are_filled_and_each_knows_its_origin(tmp_path: Path) -> None:
    form = filled(load(tmp_path, EXAMPLE), Form({"access": "embargoed"}), "corpus/xdi-xaslib/Fe/foil.xdi")
    assert form.values == {"access": "embargoed", "license": "CC0-1.0", "facility": "Advanced Photon Source"}
    expected = Origin("template", str(tmp_path / "defaults.yaml"), 4, "license", "CC0-1.0")
    assert form.origins == {
        "/license": expected,
        "/facility": Origin("template", expected.source, 4, "facility", "Advanced Photon Source"),
    }


def test_a_mapped_and_an_unmapped_header_pair_are_tested_alike(tmp_path: Path) -> None:
    defaults = load(tmp_path, EXAMPLE)
    mapped = filled(defaults, header_form({"spectra": [{}]}, beamline="13bma"))
    private = Reading(private=[HeaderPair("beamline.NAME", " 13bma ", 3)])
    unmapped = filled(defaults, Form({"spectra": [{}]}), reading=private)
    other = filled(defaults, header_form({"spectra": [{}]}, beamline="X23A2"))
    assert mapped.values["spectra"] == unmapped.values["spectra"] != [{}]
    assert mapped.values["beamline"] == "13BMA"
    assert unmapped.values["beamline"] == "13-BM-D"
    assert other.values == {"spectra": [{}], "beamline": "X23A2"}


@pytest.mark.parametrize(("stated", "told"), [(None, True), ("77 K", False)])
def test_a_rule_that_fills_what_the_header_says_in_words_is_told(
    tmp_path: Path, stated: str | None, told: bool
) -> None:
    defaults = load(tmp_path, "rules: [{set: {temperature: 20 K}}]")
    words = finding("xdi-value-in-words", path="/spectra/0/temperature", value="room temperature", key="x")
    form = Form({"spectra": [{"temperature": stated} if stated else {}]})
    found = defaults.apply(form, Reading([form], findings=[words]), "f.xdi")
    assert [(item.code, item.value) for item in found] == [("defaults-over-words", "room temperature")] * told
    assert all("'20 K'" in item.text() for item in found)


def test_a_value_a_person_wrote_is_no_header(tmp_path: Path) -> None:
    defaults = load(tmp_path, "rules: [{when: {header: {Beamline.name: present}}, set: {access: open}}]")
    person = Form({"beamline": "13"}, {"/beamline": Origin("person", "f.yaml", 1, "Beamline.name", "13")})
    assert "access" not in filled(defaults, person).values


@pytest.mark.parametrize(
    ("test", "value", "selected"),
    [
        ("absent", None, True),
        ("absent", "APS", False),
        ("present", None, False),
        ("present", "APS", True),
        ("APS", "APS", True),
        ("APS", "aps", False),
        ("AP?", "APS", True),
        ("'*PS'", "APS", True),
        ("'[AN]PS'", "NPS", True),
        ("A", "APS", False),
        ("'a[1]'", "a[1]", True),
        ("[NSLS, APS]", "APS", True),
        ("[NSLS, absent]", None, True),
        ("[NSLS, absent]", "APS", False),
    ],
)
def test_header_tests(tmp_path: Path, test: str, value: str | None, selected: bool) -> None:
    defaults = load(
        tmp_path, f"rules: [{{when: {{header: {{facility.NAME: {test}}}}}, set: {{kind: user}}}}]"
    )
    form = header_form() if value is None else header_form(facility=value)
    assert ("kind" in filled(defaults, form).values) is selected
    assert (defaults.unused_rules() == []) is selected


@pytest.mark.parametrize(
    ("path", "glob", "matches"),
    [
        ("xdi-xaslib/Fe/a.xdi", "xdi-xaslib/**", True),
        ("./xdi-xaslib//a.xdi", "xdi-xaslib/**", True),
        ("/data/xdi-xaslib/a.xdi", "xdi-xaslib/**", True),
        ("old-xdi-xaslib/a.xdi", "xdi-xaslib/**", False),
        ("xdi-xaslib.xdi", "xdi-xaslib/**", False),
        ("a/b/c.xdi", "*.xdi", True),
        ("a/b/c.xdi", "a/*.xdi", False),
        ("a/b/c.xdi", "a/**/*.xdi", True),
        ("a/c.xdi", "a/**/*.xdi", True),
        ("a/c.xdi", "/a/*.xdi", False),
        ("/a/c.xdi", "/a/*.xdi", True),
        ("/b/a/c.xdi", "/a/*.xdi", False),
        ("a/c1.xdi", "c[0-9].xdi", True),
        ("a/c[1].xdi", "c[[]1].xdi", True),
        ("a/C.XDI", "*.xdi", False),
        ("鉄/箔.xdi", "鉄/*", True),
    ],
)
def test_path_globs(path: str, glob: str, matches: bool) -> None:
    assert path_matches(path, glob) is matches


def test_a_glob_with_many_stars_stays_fast() -> None:
    assert not path_matches("a/" * 2000 + "b", "/".join(["**", "a*a*a*a*a*b"] * 20))
    assert not path_matches("a" * 20_000, "*a" * 50 + "b")


@given(st.lists(st.text("ab.-", min_size=1, max_size=4), min_size=1, max_size=5))
def test_every_path_matches_itself_and_the_star_of_stars(names: list[str]) -> None:
    path = "/".join(names)
    assert path_matches(path, path)
    assert path_matches(path, "**")
    assert path_matches(f"/x/{path}", f"{names[0]}/**") or len(names) == 1 or names[0] == "."


def test_groups_are_filled_key_by_key_and_texts_and_lists_as_a_whole(tmp_path: Path) -> None:
    defaults = load(
        tmp_path,
        """
rules:
  - set:
      title: {en: Default title}
      papers: [10.1107/default]
      sample: {name: default, form: foil}
      monochromator: {crystal: Si, d_spacing: 3.1355 Å}
      calibration: {feature: first-derivative maximum}
  - set: {sample: {form: powder, cas: 7439-89-6}}
""",
    )
    form = filled(
        defaults,
        Form(
            {
                "title": {"ja": "鉄箔"},
                "papers": ["10.1107/own"],
                "sample": {"name": "own"},
                "spectra": [{"monochromator": {"crystal": "Ge"}}, {"calibration": "unknown"}, {}],
            }
        ),
    )
    assert form.values == {
        "title": {"ja": "鉄箔"},
        "papers": ["10.1107/own"],
        "sample": {"name": "own", "form": "foil", "cas": "7439-89-6"},
        "spectra": [
            {
                "monochromator": {"crystal": "Ge", "d_spacing": "3.1355 Å"},
                "calibration": {"feature": "first-derivative maximum"},
            },
            {"calibration": "unknown", "monochromator": {"crystal": "Si", "d_spacing": "3.1355 Å"}},
            {
                "monochromator": {"crystal": "Si", "d_spacing": "3.1355 Å"},
                "calibration": {"feature": "first-derivative maximum"},
            },
        ],
    }
    assert form.origin("/spectra/2/monochromator/d_spacing") == Origin(
        "template", defaults.name, 7, "d_spacing", "3.1355 Å"
    )


def test_the_example_of_the_guide_is_a_defaults_file(tmp_path: Path) -> None:
    guide = (Path(__file__).resolve().parents[1] / "docs" / "deposit.md").read_text(encoding="utf-8")
    defaults = load(tmp_path, guide.partition("## A defaults file")[2].split("```yaml\n")[1].split("```")[0])
    form = filled(defaults, header_form({"spectra": [{}]}, beamline="GSECARS"), "xdi-xaslib/Fe/foil.xdi")
    assert form.values == {
        "license": "CC0-1.0",
        "facility": "Advanced Photon Source",
        "access": "open",
        "beamline": "GSECARS",
        "kind": "standard",
        "spectra": [{"monochromator": {"type": "crystal", "crystal": "Si"}}],
    }


def test_values_are_copied_not_shared(tmp_path: Path) -> None:
    defaults = load(tmp_path, "rules: [{set: {sample: {name: x}, energy: {first: 1 eV}}}]")
    first, second = (filled(defaults, Form({"spectra": [{}, {}]})) for _ in range(2))
    first.values["sample"]["name"] = first.values["spectra"][0]["energy"]["first"] = "changed"
    assert second.values["sample"] == {"name": "x"}
    assert first.values["spectra"][1]["energy"] == {"first": "1 eV"}


def test_a_spectrum_key_without_a_spectrum_is_reported(tmp_path: Path) -> None:
    form = Form({})
    (found,) = load(tmp_path, "rules:\n  - set:\n      mode: transmission\n").apply(form, Reading(), "f")
    assert (found.code, found.line, found.value, form.values) == ("defaults-no-spectrum", 3, "mode", {})


def test_rules_that_select_nothing_in_a_whole_run_are_reported(tmp_path: Path) -> None:
    defaults = load(tmp_path, EXAMPLE)
    assert [item.line for item in defaults.unused_rules()] == [3, 5]
    filled(defaults, Form({}), "xdi-xaslib/f.xdi")
    (unused,) = defaults.unused_rules()
    assert (unused.code, unused.line, unused.value) == ("defaults-rule-unused", 5, "2")
    copy: Defaults = pickle.loads(pickle.dumps(defaults))
    filled(copy, header_form({"spectra": [{}]}, beamline="13"))
    defaults.used |= copy.used
    assert defaults.unused_rules() == []


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 0, "rules"),
        ("rules: []", 1, "rules"),
        ("rules: x", 1, "rules"),
        ("- set: {kind: user}", 1, "mapping"),
        ("rule: [{set: {kind: user}}]", 1, "use: rules"),
        ("rules:\n  - set: {kind: user}\n    wenn: {}", 3, "use: when"),
        ("rules:\n  - when: {pth: x}\n    set: {kind: user}", 2, "use: path"),
        ("rules:\n  - when: {path: x}", 2, "sets nothing"),
        ("rules:\n  - when: {path: x}\n    set: {}", 3, "sets nothing"),
        ("rules:\n  - when: {path: x}\n    set:\n      licence: CC0-1.0", 4, "license"),
        ("rules: [{set: {'@id': x}}]", 1, "JSON-LD"),
        ("rules: [{set: {spectra: [{mode: transmission}]}}]", 1, "each spectrum"),
        ("rules: [{set: {files: [a.dat]}}]", 1, "no default"),
        ("rules: [{set: {sample: foil}}]", 1, "sample: {"),
        ('rules: [{set: {title: "a\\nb"}}]', 1, "one line"),
        ("rules: [{when: x, set: {kind: user}}]", 1, "path, header"),
        ("rules: [{when: {path: []}, set: {kind: user}}]", 1, "no value"),
        ("rules: [{when: {path: {a: b}}, set: {kind: user}}]", 1, "list of texts"),
        ("rules: [{when: {path: 'a**/b'}, set: {kind: user}}]", 1, "stand alone"),
        ("rules: [{when: {path: 'a/[b'}, set: {kind: user}}]", 1, "not closed"),
        ("rules: [{when: {path: 'a/[!]'}, set: {kind: user}}]", 1, "not closed"),
        ("rules: [{when: {path: '..\\b'}, set: {kind: user}}]", 1, "backslash"),
        ("rules: [{when: {path: '../b'}, set: {kind: user}}]", 1, "goes up"),
        ("rules: [{when: {header: x}, set: {kind: user}}]", 1, "Facility.name: absent"),
        ("rules: [{when: {header: {A.b: x, a.B: y}}, set: {kind: user}}]", 1, "twice"),
        ("rules: [{when: {header: {A.b: *13}}, set: {kind: user}}]", 1, "quotes"),
        ("rules: &a [{set: {kind: user}}]", 1, "anchors"),
        ("rules: [{set: {kind: user}}]\n---\nrules: [{set: {kind: user}}]", 0, "one mapping"),
        ("rules: [" + "[" * 10_000, 1, "nested"),
    ],
)
def test_a_defaults_file_that_is_not_understood_is_refused(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    with pytest.raises(UnreadableInput, match=r"defaults\.yaml") as refused:
        load(tmp_path, text)
    assert says in refused.value.detail
    assert refused.value.where.endswith(f"defaults.yaml:{line}" if line else "defaults.yaml")


def test_a_defaults_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="cannot be read"):
        load_defaults(tmp_path / "nothing.yaml")
    with pytest.raises(UnreadableInput, match="cannot be read"):
        load_defaults(tmp_path)
    large = tmp_path / "large.yaml"
    large.write_text("#" * (1024 * 1024 + 1))
    with pytest.raises(UnreadableInput, match="bytes"):
        load_defaults(large)


def test_examples_in_the_documentation_strings() -> None:
    assert doctest.testmod(catalog.globs).failed == 0
    assert doctest.testmod(catalog.globs).attempted > 0
