from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest

from catalog.resources import data_root
from catalog.validation import LEVELS

if TYPE_CHECKING:
    from conftest import Command

SHAPES = data_root() / "shapes"
GROUP = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xafs: <https://w3id.org/xafscat/ns#> .
@prefix : <https://group.example/rules#> .
:Sample a sh:NodeShape ; sh:targetClass xafs:Sample ; sh:property :initials , :short .
:initials a sh:PropertyShape ; sh:path xafs:sampleName ; sh:pattern "^EX-" ; sh:message "Begin with EX-."@en .
:short a sh:PropertyShape ; sh:path xafs:sampleName ; sh:maxLength 40 ; sh:message "Be short."@en .
"""
FORM = "title: x\nsample: {name: NAME}\nspectra: [{element: Fe, edge: K}]\n"


@pytest.fixture
def group(tmp_path: Path) -> Path:
    """A group's folder with good examples of both its shapes."""
    folder = tmp_path / "group"
    for shape, passing, failing in (("initials", "EX-1", "1"), ("short", "EX-1", "EX-" + "x" * 50)):
        place = folder / "examples" / "rules" / shape
        place.mkdir(parents=True)
        (place / "pass.yaml").write_text(FORM.replace("NAME", passing), encoding="utf-8")
        (place / "fail.yaml").write_text(FORM.replace("NAME", failing), encoding="utf-8")
    (folder / "rules.ttl").write_text(GROUP, encoding="utf-8")
    return folder


def test_the_shipped_shapes_stand_their_own_test(command: Command) -> None:
    said = command.json("shapes", "test", SHAPES)
    assert said["good"]
    assert said["fired"] == len(said["shapes"]) > 30
    assert said["strays"] == []


def test_a_group_s_examples_are_run(command: Command, group: Path) -> None:
    said = command("shapes", "test", group)
    assert "ok  rules-initials  1 passing, 1 failing examples" in said
    assert "2 of 2 shapes fired on a failing example." in said


@pytest.mark.parametrize("suffix", [".ttl", ".json", ".jsonld"])
def test_examples_may_be_rdf_or_documents(command: Command, group: Path, suffix: str) -> None:
    example = json.loads(
        (SHAPES / "examples" / "findable" / "title" / "pass.json").read_text(encoding="utf-8")
    )
    place = group / "examples" / "rules" / "initials"
    (place / "fail.yaml").unlink()
    if suffix == ".ttl":
        text = '@prefix xafs: <https://w3id.org/xafscat/ns#> . [] a xafs:Sample ; xafs:sampleName "1" .'
    else:
        text = json.dumps({**example, **({"@context": {}} if suffix == ".jsonld" else {})})
    (place / f"fail{suffix}").write_text(text, encoding="utf-8")
    assert "2 of 2 shapes fired" in command("shapes", "test", group)


def test_what_is_not_as_it_should_be_is_told(command: Command, group: Path) -> None:
    place = group / "examples" / "rules"
    (place / "initials" / "pass.yaml").write_text(FORM.replace("NAME", "1"), encoding="utf-8")
    (place / "initials" / "fail.yaml").write_text(FORM.replace("NAME", "1" * 50), encoding="utf-8")
    (place / "short" / "fail.yaml").write_text(FORM.replace("NAME", "EX-1"), encoding="utf-8")
    (place / "short" / "broken.yaml").write_text("x", encoding="utf-8")
    said = command.json("shapes", "test", group, code=1)
    initials, short = said["shapes"]
    assert initials["problems"] == [
        "fail.yaml: https://group.example/rules#short reports it as well",
        "pass.yaml: https://group.example/rules#initials reports it",
    ]
    assert short["problems"] == ["fail.yaml: the shape does not report it"]
    assert (initials["fired"], short["fired"]) == (True, False)
    assert said["strays"] == ["examples/rules/short/broken.yaml"]
    assert "Never fired: rules-short" in command("shapes", "test", group, code=1)


def test_a_shape_that_looks_at_nothing_is_told(command: Command, group: Path) -> None:
    text = (group / "rules.ttl").read_text(encoding="utf-8")
    (group / "rules.ttl").write_text(text.replace("xafs:Sample ;", "xafs:DatabaseEntry ;"), encoding="utf-8")
    said = command("shapes", "test", group, code=1)
    assert "fail.yaml: the shape met nothing to look at" in said
    assert "0 of 2 shapes fired" in said


def test_a_shape_without_examples_is_told(command: Command, group: Path) -> None:
    shutil.rmtree(group / "examples")
    said = command.json("shapes", "test", group, code=1)
    assert said["shapes"][0]["problems"] == [
        "it has no passing example (pass*.json)",
        "it has no failing example (fail*.json)",
    ]


def test_shapes_that_cannot_be_used_are_a_wrong_call(command: Command, group: Path) -> None:
    (group / "rules.ttl").write_text(GROUP.replace("sh:maxLength 40", "sh:closed true"), encoding="utf-8")
    command("shapes", "test", group, code=2)
    assert "sh:closed cannot be used" in command.err
    command("validate", "--shapes", group, SHAPES / "examples", code=2)
    assert "https://group.example/rules#short" in command.err


def test_validate_with_a_group_s_shapes(command: Command, group: Path, form: Path) -> None:
    said = command("validate", "--shapes", group, form, code=1)
    assert "Begin with EX-. [rules-initials]" in said
    assert "Level reached: findable." in said


def test_explain(command: Command) -> None:
    assert "単位: Å" in command("shapes", "explain", "d_spacing", "--lang", "ja")
    (body,) = command.json("shapes", "explain", "sample/name")
    assert body["required"] == "findable"
    command("shapes", "explain", "temprature", code=1)
    assert "did you mean" in command.err


def test_templates_are_written_once(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"
    command("template", "--format", "xlsx", "--lang", "ja", "-o", path)
    openpyxl.load_workbook(path).close()
    command("template", "--format", "xlsx", "-o", path, code=2)
    assert "not overwritten" in command.err
    command("template", "-o", tmp_path / "nowhere" / "form.yaml", code=2)
    yaml = tmp_path / "form.yaml"
    yaml.write_text(command("template"), encoding="utf-8")
    assert "form-value-empty" in command("validate", yaml, code=1)
    assert json.loads(command("template", "--format", "schema"))["$schema"]


def test_the_levels_of_the_command_are_those_there_are(command: Command, form: Path) -> None:
    assert f"[{'|'.join(LEVELS)}]" in command("validate", "--help")
    command("validate", "--level", "reusable", form, code=1)
    command("validate", "--level", "findable", form)


def test_a_report_can_be_compared_with_the_one_before(command: Command, form: Path, tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    before.write_text(command("validate", form, "--format", "json"), encoding="utf-8")
    text = form.read_text(encoding="utf-8")
    form.write_text(text.replace("license: CC-BY-4.0", "license: mine"), encoding="utf-8")
    said = command("validate", form, "--since", before, code=1)
    assert "1 new, 0 gone" in said
    assert "error (new)" in said
    command("validate", form, "--since", form, code=2)
    assert "--format json" in command.err


def test_the_report_as_a_page(command: Command, form: Path) -> None:
    page = command("validate", form, "--format", "html", "--lang", "ja")
    assert page.startswith("<!DOCTYPE html>")
    assert 'lang="ja"' in page
