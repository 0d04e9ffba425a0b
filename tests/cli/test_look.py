from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from catalog.exports import exports
from catalog.readers import readers

if TYPE_CHECKING:
    from conftest import Command

KEYS = {"file", "reader", "outcome", "missing", "facts", "suggestions", "findings", "seconds"}


def test_formats_lists_readers_and_exports(command: Command) -> None:
    listed = command.json("formats")
    assert [each["name"] for each in listed["readers"]] == list(readers())
    assert [each["name"] for each in listed["exports"]] == list(exports())
    shown = command("formats")
    assert all(name in shown for name in [*readers(), *exports()])


def test_inspect_prints_an_object_a_line_and_stores_nothing(command: Command, deposits: Path) -> None:
    paths = [deposits / "fe-foil-pf9c.yaml", deposits / "fe-foil-pf9c_Fe-K.xdi"]
    seen = command.lines("inspect", *paths)
    assert [each["file"] for each in seen] == [str(path) for path in paths]
    assert [each["reader"] for each in seen] == ["record", "xdi"]
    for each in seen:
        assert each.keys() == KEYS
        assert each["outcome"] == "read"
        assert (each["facts"]["element"], each["facts"]["edge"]) == ("Fe", "K")
        assert each["facts"]["d_spacing_angstrom"] == 3.13551
        assert each["seconds"] < 60
    assert (seen[0]["missing"], seen[1]["missing"]) == ([], ["access", "creators", "license"])
    assert not command.home.exists()


def test_inspect_asks_for_an_edge_that_is_not_stated(
    command: Command, deposits: Path, tmp_path: Path
) -> None:
    text = (deposits / "fe-foil-pf9c_Fe-K.xdi").read_text(encoding="utf-8")
    path = tmp_path / "scan_001.xdi"
    path.write_text(
        "".join(line for line in text.splitlines(True) if "Element." not in line), encoding="utf-8"
    )
    (seen,) = command.lines("inspect", path)
    assert seen["outcome"] == "ask"
    assert {"element", "edge"} & seen["facts"].keys() == set()
    assert (seen["suggestions"]["spectra/0/element"], seen["suggestions"]["spectra/0/edge"]) == ("Fe", "K")
    assert "suggestions" in command("inspect", path)


def test_an_error_in_a_file_that_is_read_is_exit_code_1(command: Command, form: Path) -> None:
    form.write_text(form.read_text(encoding="utf-8") + "\ndoi: not a DOI\n", encoding="utf-8")
    (seen,) = command.lines("inspect", form, code=1)
    assert seen["outcome"] == "read"
    assert "error" in {item["severity"] for item in seen["findings"]}


def test_inspect_refuses_with_a_reason_and_exit_code_1(command: Command, form: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.xdi").touch()
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)))
    seen = {Path(each["file"]).name: each for each in command.lines("inspect", tmp_path, code=1)}
    assert {name: each["outcome"] for name, each in seen.items()} == {
        "empty.xdi": "refuse",
        "form.yaml": "read",
        "noise.bin": "refuse",
    }
    assert [item["code"] for item in seen["empty.xdi"]["findings"]] == ["empty-file"]
    assert [item["code"] for item in seen["noise.bin"]["findings"]] == ["not-recognised"]
    assert seen["noise.bin"]["findings"][0].keys() >= {"code", "severity", "message", "path", "line"}


def test_a_path_that_is_not_there_is_refused(command: Command, tmp_path: Path) -> None:
    (seen,) = command.lines("inspect", tmp_path / "nowhere.xdi", code=1)
    assert (seen["outcome"], seen["findings"][0]["code"]) == ("refuse", "path-not-found")


def test_there_must_be_something_to_look_at(command: Command, tmp_path: Path) -> None:
    command("inspect", tmp_path, code=2)
    assert "there is no file to inspect [usage]" in command.err
    command("validate", tmp_path, code=2)
    assert "there is no file to validate [usage]" in command.err


def test_a_file_above_the_limit_is_refused_by_size(
    command: Command, form: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XAFSCAT_MAX_FILE_BYTES", "100")
    (seen,) = command.lines("inspect", form, code=1)
    assert "max_file_bytes" in seen["findings"][0]["message"]


def test_hostile_values_do_no_harm_on_a_terminal(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "form [b] \x1b.yaml"
    path.write_text(
        'sample: {name: "[red]x[/] \\e]0;title\\a"}\nspectra: [{element: Fe, edge: K}]\n', encoding="utf-8"
    )
    shown = command("inspect", path, code=1)
    assert "[red]x[/]" in shown
    assert "\x1b" not in shown
    assert "\x1b" not in command("validate", path, code=1)


def test_validate_says_what_is_missing_and_where(command: Command, form: Path) -> None:
    assert "Level reached: findable." in command("validate", form)
    form.write_text(form.read_text(encoding="utf-8").replace("edge: K", "edge: Q9"), encoding="utf-8")
    said = command("validate", form, code=1)
    assert "line 7" in said
    assert "findable" in said
    (report,) = json.loads(command("validate", form, "--format", "json", "--lang", "ja", code=1))
    assert report["levels"] == []
    codes = {item["code"]: item for item in report["findings"]}
    assert codes["edge-unknown"]["path"] == "/spectra/0/edge"
    assert "吸収端ではありません" in codes["edge-unknown"]["message"]


def test_validate_gives_a_standard_report(command: Command, deposits: Path) -> None:
    turtle = command("validate", deposits / "feo_Fe-K.xdi", "--format", "turtle", code=1)
    triples = [quad.triple for quad in ox.parse(turtle.encode(), format=ox.RdfFormat.TURTLE)]
    predicates = {triple.predicate.value.rpartition("#")[2] for triple in triples}
    assert {"conforms", "focusNode", "resultMessage", "sourceShape"} <= predicates


def test_validate_takes_defaults(command: Command, deposits: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules: [{set: {license: CC0-1.0, access: open, creators: [{name: Example Group}]}}]\n",
        encoding="utf-8",
    )
    command("validate", deposits / "feo_Fe-K.xdi", "--defaults", rules)


def test_every_bundled_deposit_is_good(command: Command, deposits: Path) -> None:
    reports = json.loads(command("validate", *sorted(deposits.glob("*.yaml")), "--format", "json"))
    assert len(reports) >= 40
    assert [report["file"] for report in reports if "findable" not in report["levels"]] == []
