from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Command


def published(command: Command, *arguments: str, code: int = 0) -> dict[str, Any]:
    made: dict[str, Any] = command.json("publish", *arguments, code=code)
    return made


def test_publish_takes_drafts_that_are_findable_and_names_those_left(
    catalog: Command, form: Path, deposits: Path
) -> None:
    (good,) = catalog.lines("ingest", form)
    (bad,) = catalog.lines("ingest", deposits / "feo_Fe-K.xdi", code=1)
    made = published(catalog, code=1)
    assert (made["release"], made["added"]) == (1, 1)
    assert made["left"].keys() == {bad["record"]}
    assert "State a licence" in made["left"][bad["record"]]
    assert [line["record"] for line in catalog.lines("list", "--state", "published")] == [good["record"]]
    assert "no release was made" in catalog("publish", code=1)
    assert f"left as draft: {bad['record']}" in catalog.err


def test_publish_takes_only_the_records_that_are_named(catalog: Command, form: Path, deposits: Path) -> None:
    (receipt,) = catalog.lines("ingest", form)
    catalog("ingest", deposits / "feo.yaml")
    assert published(catalog, receipt["record"])["added"] == 1
    assert catalog.states() == {"draft": 1, "published": 1}
    assert published(catalog, receipt["record"])["release"] is None
    catalog("publish", "nosuchrecord", code=1)
    assert "[not-found]" in catalog.err


def test_due_only_approves_nothing(catalog: Command, form: Path) -> None:
    catalog("ingest", form)
    assert published(catalog, "--due-only")["release"] in {None, 1}
    assert catalog.states() == {"draft": 1}


def test_a_record_hidden_until_a_date_is_scheduled_and_invisible(
    catalog: Command, foil: str, form: Path
) -> None:
    form.write_text(f"hidden_until: 2999-01-01\n{form.read_text(encoding='utf-8')}", encoding="utf-8")
    (receipt,) = catalog.lines("ingest", form)
    before = catalog.json("status")["release"]
    made = published(catalog)
    assert (made["release"], made["scheduled"]) == (None, [receipt["record"]])
    after = catalog.json("status")
    assert after["release"] == before
    assert after["scheduled"] == [{"record": receipt["record"], "hidden_until": "2999-01-01"}]
    assert "hidden until 2999-01-01" in catalog("status")
    assert foil != receipt["record"]


def test_an_update_moves_the_date_of_a_scheduled_record_later_but_never_earlier(
    catalog: Command, form: Path
) -> None:
    text = form.read_text(encoding="utf-8")

    def hidden_until(stated: str) -> str:
        form.write_text(f"hidden_until: {stated}\n{text}", encoding="utf-8")
        if catalog.states():
            (line,) = catalog.lines("list")
            catalog("update", line["record"], form)
        else:
            catalog("ingest", form, "--publish")
        ((entry,), states) = catalog.json("status")["scheduled"], catalog.states()
        assert states == {"scheduled": 1}
        return str(entry["hidden_until"])

    assert hidden_until("2990-01-01") == "2990-01-01"
    assert hidden_until("2999-01-01") == "2999-01-01"
    assert hidden_until("2995-01-01") == "2999-01-01"


def test_status_names_what_waits_for_a_date(catalog: Command, form: Path) -> None:
    text = form.read_text(encoding="utf-8").replace(
        "access: open", "access: embargoed\navailable: 2999-02-01"
    )
    form.write_text(text, encoding="utf-8")
    receipt, *_ = catalog.lines("ingest", form, "--publish")
    assert catalog.json("status")["embargoed"] == [{"record": receipt["record"], "available": "2999-02-01"}]
    assert f"files open on 2999-02-01  {receipt['record']}" in catalog("status")


def test_what_another_call_has_approved_is_not_left(catalog: Command, form: Path) -> None:
    (receipt,) = catalog.lines("ingest", form)
    catalog("publish", receipt["record"])
    assert catalog.json("publish", receipt["record"])["left"] == {}


def test_what_was_taken_back_is_not_published(catalog: Command, form: Path) -> None:
    (receipt,) = catalog.lines("ingest", form)
    catalog("withdraw", receipt["record"], "--reason", "A mistake.")
    catalog("publish", receipt["record"], code=1)
    assert "possible are: reopen, update" in catalog.err
    catalog("withdraw", receipt["record"], "--reason", "Once more.", code=1)
    assert "was never public, and is kept so" in catalog.err


def test_status_counts_records_and_names_the_release(catalog: Command, foil: str) -> None:
    found = catalog.json("status")
    assert found.keys() == {
        "home", "base", "records", "release", "changes_since_release", "scheduled", "embargoed"
    }  # fmt: skip
    assert found["records"] == {"draft": 0, "scheduled": 0, "published": 1, "closed": 0, "withdrawn": 0}
    assert found["release"].keys() == {"number", "published_at", "records", "triples", "hash"}
    assert (found["release"]["number"], found["release"]["records"]) == (1, 1)
    assert not found["changes_since_release"]
    catalog("withdraw", foil, "--reason", "Example.")
    assert catalog.json("status")["changes_since_release"]
    assert "current release" in catalog("status")


def test_verify_is_content_with_what_publish_made(catalog: Command, foil: str) -> None:
    assert catalog.json("verify") == {"good": True, "findings": []}
    assert "agree" in catalog("verify")
    assert foil


def test_verify_notices_damage_and_rebuild_mends_it(catalog: Command, foil: str) -> None:
    (index,) = catalog.home.glob("public/releases/*/index.sqlite")
    index.chmod(0o644)
    content = bytearray(index.read_bytes())
    content[-100] ^= 0xFF
    index.write_bytes(content)
    found = catalog.json("verify", code=1)
    assert not found["good"]
    assert found["findings"][0]["severity"] == "error"
    made = catalog.json("rebuild")
    assert made["release"] > 1
    assert catalog.json("verify") == {"good": True, "findings": []}
    assert f"record/{foil}" in catalog("show", foil, "--format", "turtle")


def test_rebuild_makes_the_public_folder_anew(catalog: Command, foil: str) -> None:
    before = catalog("show", foil, "--format", "ntriples")
    shutil.rmtree(catalog.home / "public")
    assert "was built from the registry" in catalog("rebuild")
    assert catalog("show", foil, "--format", "ntriples") == before
    assert catalog.json("verify")["good"]


def test_a_backup_can_be_restored_elsewhere(catalog: Command, foil: str, tmp_path: Path) -> None:
    report = catalog.json("backup", tmp_path / "copy")
    assert report["files"] >= 3
    assert report["bytes"] > 1000
    again = type(catalog)(tmp_path / "elsewhere")
    assert "Release" in again("restore", tmp_path / "copy")
    for name in ("document", "ntriples"):
        assert again("show", foil, "--format", name) == catalog("show", foil, "--format", name)
    assert again.json("verify")["good"]


def test_a_backup_without_a_release_restores_too(catalog: Command, form: Path, tmp_path: Path) -> None:
    catalog("ingest", form)
    catalog("backup", tmp_path / "copy")
    again = type(catalog)(tmp_path / "elsewhere")
    assert "Release" not in again("restore", tmp_path / "copy")
    assert again.states() == {"draft": 1}


def test_backup_and_restore_overwrite_nothing(catalog: Command, foil: str, tmp_path: Path) -> None:
    catalog("backup", tmp_path / "copy")
    catalog("backup", tmp_path / "copy", code=2)
    assert "new or empty folder [usage]" in catalog.err
    catalog("restore", tmp_path / "copy", code=1)
    assert "[conflict]" in catalog.err
    assert catalog.states() == {"published": 1}
    assert foil


def test_a_damaged_backup_restores_nothing(catalog: Command, foil: str, tmp_path: Path) -> None:
    catalog("backup", tmp_path / "copy")
    victim = next((tmp_path / "copy" / "data" / "files").glob("*/*"))
    victim.chmod(0o644)
    victim.write_bytes(b"something else")
    again = type(catalog)(tmp_path / "elsewhere")
    again("restore", tmp_path / "copy", code=1)
    assert "[damaged]" in again.err
    assert victim.name in again.err
    assert not again.home.exists()
    assert foil


@pytest.mark.parametrize(
    "arguments", [["status"], ["list"], ["publish"], ["verify"], ["rebuild"], ["history", "x"], ["show", "x"]]
)
def test_without_a_catalog_a_command_says_how_to_make_one(command: Command, arguments: list[str]) -> None:
    command(*arguments, code=2)
    assert "xafscat init" in command.err
    assert "[not-initialised]" in command.err
    assert not command.home.exists()


def test_an_unknown_setting_is_a_wrong_call(catalog: Command) -> None:
    (catalog.home / "settings.toml").write_text("prot = 8001\n", encoding="utf-8")
    catalog("status", code=2)
    assert "did you mean port? [usage]" in catalog.err


def test_json_is_whole_and_nothing_else_on_standard_output(catalog: Command, foil: str) -> None:
    for arguments in (["status"], ["verify"], ["rebuild"], ["history", foil], ["formats"]):
        json.loads(catalog(*arguments, "--json"))
        assert catalog.err == "", arguments
