from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog.cli.common import LISTED
from catalog.config import Settings, load_settings

if TYPE_CHECKING:
    from conftest import Command


def test_init_makes_a_catalog_with_its_base_and_settings(command: Command) -> None:
    said = command("init", "--base", "https://xafs.example.org/")
    assert "https://xafs.example.org/record/" in said
    assert load_settings(command.home, environ={}) == Settings(home=command.home)
    assert "#timezone" in (command.home / "settings.toml").read_text(encoding="utf-8")
    assert command.json("status")["base"] == "https://xafs.example.org"


def test_init_keeps_settings_that_are_there_and_obeys_them(command: Command) -> None:
    command.home.mkdir()
    settings = command.home / "settings.toml"
    settings.write_text('timezone = "Asia/Tokyo"\n', encoding="utf-8")
    command("init")
    assert settings.read_text(encoding="utf-8") == 'timezone = "Asia/Tokyo"\n'


def test_init_refuses_a_second_time_and_changes_nothing(catalog: Command) -> None:
    catalog("init", "--base", "https://other.example.org", code=1)
    assert "there is a catalog already; use it as it is, or give another --home [conflict]" in catalog.err
    assert catalog.json("status")["base"] == "https://xafs.example.org"


def test_init_refuses_a_base_that_is_no_address(command: Command) -> None:
    command("init", "--base", "ftp://xafs.example.org", code=2)
    assert "[usage]" in command.err
    command("status", code=2)


def test_ingest_stores_forms_with_their_data_files_and_gives_receipts(
    catalog: Command, deposits: Path
) -> None:
    names = ["fe-foil-pf9c.yaml", "fe-foil-pf9c_Fe-K.xdi"]
    receipts = {
        Path(line["file"]).name: line
        for line in catalog.lines("ingest", *(deposits / name for name in names))
    }
    form = receipts["fe-foil-pf9c.yaml"]
    assert form.keys() == {
        "file", "result", "record", "version", "publishable", "levels", "missing", "findings"
    }  # fmt: skip
    assert form["publishable"] is True
    assert (form["result"], form["version"], form["levels"], form["missing"]) == (
        "stored",
        1,
        ["findable", "reusable", "reference"],
        [],
    )
    assert receipts["fe-foil-pf9c_Fe-K.xdi"]["result"] == "attached"
    assert catalog.states() == {"draft": 1}


def test_what_was_stored_before_is_a_duplicate(catalog: Command, form: Path) -> None:
    (first,) = catalog.lines("ingest", form)
    (second,) = catalog.lines("ingest", form)
    assert (second["result"], second["record"]) == ("duplicate", first["record"])
    assert [item["code"] for item in second["findings"]] == ["duplicate"]
    assert catalog.states() == {"draft": 1}


def test_a_call_that_was_stopped_is_published_when_it_is_repeated(catalog: Command, form: Path) -> None:
    catalog("ingest", form)
    catalog("ingest", form, "--publish")
    assert catalog.states() == {"published": 1}


@pytest.mark.parametrize("name", ["ingest", "inspect", "validate"])
def test_an_empty_path_is_not_the_present_folder(catalog: Command, name: str) -> None:
    catalog(name, "", code=2)
    assert "a path is empty" in catalog.err


def test_a_catalog_in_a_folder_is_no_deposit(
    catalog: Command, form: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(catalog.home.parent)
    (form.parent / "raw.dat").write_text("7000 1\n", encoding="utf-8")
    stated = form.read_text(encoding="utf-8").replace("edge: K}", "edge: K, files: [raw.dat]}")
    form.write_text(stated, encoding="utf-8")
    catalog("ingest", form, "--publish")
    catalog("backup", "copy")
    receipts = catalog.lines("ingest", ".", "--publish", code=1)[:-1]
    assert {each["file"] for each in receipts if "home" in each["file"]} == {"home"}
    assert {each["file"] for each in receipts if "copy/data" in each["file"]} == {"copy/data"}
    assert catalog.states() == {"published": 1}


def test_a_deposit_that_is_not_findable_is_kept_and_said_so(catalog: Command, deposits: Path) -> None:
    said = catalog("ingest", deposits / "feo_Fe-K.xdi", code=1)
    assert "still needed: access, creators, license" in said
    assert "1 stored; 1 not yet findable" in said
    assert catalog.states() == {"draft": 1}


def test_a_bad_file_stops_no_other(catalog: Command, form: Path, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("title: [unclosed\n", encoding="utf-8")
    (tmp_path / "b.bin").write_bytes(b"\0\1\2")
    receipts = catalog.lines("ingest", tmp_path / "a.yaml", tmp_path / "b.bin", form, "nowhere", code=1)
    assert {Path(each["file"]).name: each["result"] for each in receipts} == {
        "a.yaml": "refused",
        "b.bin": "refused",
        "form.yaml": "stored",
        "nowhere": "refused",
    }


def test_an_empty_folder_is_a_wrong_call(catalog: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    catalog("ingest", tmp_path / "empty", code=2)
    assert "there is no file to ingest [usage]" in catalog.err


def test_defaults_fill_what_the_files_do_not_state(catalog: Command, deposits: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules:\n  - set: {license: CC0-1.0, access: open, creators: [{name: Example Group}]}\n"
        "  - {when: {path: '*.dat'}, set: {kind: user}}\n",
        encoding="utf-8",
    )
    (receipt,) = catalog.lines("ingest", deposits / "feo_Fe-K.xdi", "--defaults", rules)
    assert receipt["levels"] == ["findable"]
    assert f"warning: {rules}:3: Rule 2 of the defaults file selected no file" in catalog.err
    assert "license: CC0-1.0" in catalog("show", receipt["record"])
    # A file that is known already is not read again, so which rules select it is not known.
    catalog("ingest", deposits / "feo_Fe-K.xdi", "--defaults", rules)
    assert "selected no file" not in catalog.err


def test_malformed_defaults_stop_before_anything_is_stored(
    catalog: Command, form: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - set: {lisense: CC0-1.0}\n", encoding="utf-8")
    catalog("ingest", form, "--defaults", rules, code=1)
    assert f"{rules}:2" in catalog.err
    assert "[unreadable-input]" in catalog.err
    assert catalog.states() == {}


def test_several_processes_store_the_same(catalog: Command, deposits: Path) -> None:
    names = sorted(deposits.glob("fe*.yaml"))
    receipts = catalog.lines("ingest", *names, "--jobs", "2")
    assert [Path(each["file"]) for each in receipts] == names
    assert catalog.states() == {"draft": len(names)}


def test_publish_takes_only_what_is_findable(catalog: Command, deposits: Path, form: Path) -> None:
    *receipts, made = catalog.lines("ingest", form, deposits / "feo_Fe-K.xdi", "--publish", code=1)
    assert [each["levels"] for each in receipts] == [["findable"], []]
    assert (made["release"], made["added"], made["left"]) == (1, 1, {})
    assert catalog.states() == {"draft": 1, "published": 1}


def test_findings_come_in_japanese(catalog: Command, deposits: Path) -> None:
    assert "ライセンス（例: CC-BY-4.0）を記入してください。" in catalog(
        "ingest", deposits / "feo_Fe-K.xdi", "--lang", "ja", code=1
    )


def test_update_makes_a_new_version_of_the_same_record(catalog: Command, foil: str, form: Path) -> None:
    receipt = catalog.json("update", foil, form)
    assert (receipt["result"], receipt["record"], receipt["version"]) == ("stored", foil, 2)
    assert "Example foil" not in catalog("show", foil, "--format", "public")
    assert json.loads(catalog("publish", "--json"))["changed"] == 1
    assert "Example foil" in catalog("show", foil, "--format", "public")
    assert "Example foil" not in catalog("show", foil, "--version", "1")


def test_update_with_the_content_of_another_record_is_refused_until_that_is_taken_back(
    catalog: Command, foil: str, form: Path
) -> None:
    (other,) = catalog.lines("ingest", form)
    catalog("update", foil, form, code=1)
    assert "[conflict]" in catalog.err
    assert other["record"] in catalog.err
    catalog("withdraw", other["record"], "--reason", "It belongs to the foil.")
    assert catalog.json("update", foil, form)["version"] == 2
    assert "is a draft again" in catalog("reopen", other["record"])
    assert catalog.states() == {"draft": 1, "published": 1}


def test_two_files_of_the_same_bytes_are_published_once(catalog: Command, form: Path) -> None:
    form.with_name("copy.yaml").write_bytes(form.read_bytes())
    *_, made = catalog.lines("ingest", form, form.with_name("copy.yaml"), "--publish")
    assert (made["added"], made["left"]) == (1, {})


def test_update_with_the_same_content_stores_nothing(catalog: Command, foil: str, form: Path) -> None:
    catalog("update", foil, form)
    assert catalog.json("update", foil, form)["result"] == "duplicate"
    assert len(catalog.json("history", foil)["versions"]) == 2


@pytest.mark.parametrize(
    ("content", "record", "code", "error"),
    [
        ("title: a\n", "nosuchrecord", 1, "[not-found]"),
        ("spectra: [{element: Fe}]\n---\nspectra: [{element: Fe}]\n", None, 2, "[usage]"),
    ],
)
def test_update_refuses(
    catalog: Command, foil: str, tmp_path: Path, content: str, record: str | None, code: int, error: str
) -> None:
    path = tmp_path / "next.yaml"
    path.write_text(content, encoding="utf-8")
    catalog("update", record or foil, path, code=code)
    assert error in catalog.err
    assert len(catalog.json("history", foil)["versions"]) == 1


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"no deposit at all\n", "not-recognised", None),
        (b"spectra: [{element: Fe}]\ntitle: a\ntitle: b\n", "unreadable", 3),
        (b"PK\x03\x04" + bytes(60), "convert-first", None),
    ],
    ids=["no-form", "key-twice", "archive"],
)
def test_update_gives_a_receipt_of_what_cannot_be_read(
    catalog: Command, foil: str, tmp_path: Path, content: bytes, code: str, line: int | None
) -> None:
    path = tmp_path / "next.yaml"
    path.write_bytes(content)
    receipt = catalog.json("update", foil, path, code=1)
    assert (receipt["result"], receipt["record"]) == ("refused", None)
    assert [(item["code"], item["line"]) for item in receipt["findings"]] == [(code, line)]
    said = catalog("update", foil, path, "--lang", "ja", code=1)
    assert any("ぁ" <= char <= "ん" for char in said)
    assert len(catalog.json("history", foil)["versions"]) == 1


def test_warnings_of_many_files_are_counted(catalog: Command, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(LISTED + 1):
        (folder / f"{number:02}.yaml").write_text(
            f"title: Example {number}\naccess: metadata-only\navailable: 2999-01-01\nlicense: CC0-1.0\n"
            f"creators: [{{name: Example Group}}]\nfacility: Photon Factory\nsample: {{name: foil {number}}}\n"
            "spectra: [{element: Fe, edge: K}]\n",
            encoding="utf-8",
        )
    said = catalog("ingest", folder)
    assert f"warning available-unused: {LISTED + 1} files, such as {folder}/00.yaml" in said
    assert "--receipt FILE or --json" in said


def test_a_draft_met_again_is_told_with_what_it_lacks(catalog: Command, form: Path) -> None:
    form.write_text(form.read_text(encoding="utf-8").replace("license: CC-BY-4.0\n", ""), encoding="utf-8")
    (first,) = catalog.lines("ingest", form, code=1)
    (again,) = catalog.lines("ingest", form)
    assert (again["result"], again["publishable"], again["missing"]) == ("duplicate", False, first["missing"])
    told = [item["code"] for item in first["findings"] if item["severity"] != "info"]
    assert [item["code"] for item in again["findings"]] == ["duplicate", *told]
