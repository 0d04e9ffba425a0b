from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from catalog.exports import exports

if TYPE_CHECKING:
    from conftest import Command


@pytest.fixture
def draft(catalog: Command, foil: str, form: Path) -> str:
    """The id of a draft beside the published foil."""
    del foil
    (receipt,) = catalog.lines("ingest", form)
    return str(receipt["record"])


def test_list_shows_the_records_and_their_state(catalog: Command, foil: str, draft: str) -> None:
    listed = {line["record"]: line for line in catalog.lines("list")}
    assert {record: line["state"] for record, line in listed.items()} == {foil: "published", draft: "draft"}
    assert listed[draft] == {
        "record": draft,
        "state": "draft",
        "version": 1,
        "hidden_until": None,
        "issued": None,
        "edges": ["Fe K"],
        "title": "Example foil",
    }
    assert [line["record"] for line in catalog.lines("list", "--state", "draft")] == [draft]
    assert len(catalog.lines("list", "--state", "draft", "--state", "published")) == 2
    assert "2 records" in catalog("list")
    catalog("list", "--state", "nosuchstate", code=2)


def test_hostile_titles_do_no_harm_on_a_terminal(catalog: Command, form: Path) -> None:
    text = form.read_text(encoding="utf-8").replace("Example foil", '"[/b] [red] \\e]0;x\\a"')
    form.write_text(text, encoding="utf-8")
    (receipt,) = catalog.lines("ingest", form, code=1)
    shown = catalog("list") + catalog("history", receipt["record"]) + catalog("show", receipt["record"])
    assert "[/b]" in shown
    assert "\x1b" not in shown


def test_history_says_who_did_what(catalog: Command, foil: str) -> None:
    found = catalog.json("history", foil)
    assert [event["action"] for event in found["events"]] == ["deposit", "publish", "show"]
    assert found["events"][-1]["detail"] == {"release": 1}
    assert [version["number"] for version in found["versions"]] == [1]
    assert found["events"][0]["actor"].startswith("command")
    assert found["events"][0]["at"][10] == "T"
    assert "deposit" in catalog("history", foil)


def test_show_gives_back_the_form_that_was_deposited(catalog: Command, draft: str, form: Path) -> None:
    shown = yaml.safe_load(catalog("show", draft))
    assert shown == yaml.safe_load(form.read_text(encoding="utf-8"))


def test_show_gives_the_record_document(catalog: Command, draft: str) -> None:
    document = json.loads(catalog("show", draft, "--format", "document"))
    assert document["id"] == f"https://xafs.example.org/record/{draft}"
    assert document["spectra"][0]["measurement"]["measured_edge"] == ["https://w3id.org/xafscat/edge/Fe-K"]


@pytest.mark.parametrize("name", exports())
def test_show_gives_every_export(catalog: Command, foil: str, name: str) -> None:
    assert f"https://xafs.example.org/record/{foil}" in catalog("show", foil, "--format", name)


def test_a_draft_has_no_public_form(catalog: Command, draft: str) -> None:
    catalog("show", draft, "--format", "public", code=1)
    assert "the current release does not hold this record [not-found]" in catalog.err


def test_hidden_credit_is_in_the_private_forms_only(catalog: Command, deposits: Path) -> None:
    (receipt, _) = catalog.lines("ingest", deposits / "hidden-credit-nb2o5.yaml", "--publish")
    for name in ("form", "document"):
        assert "Josiah Carberry" in catalog("show", receipt["record"], "--format", name)
    for name in ("public", *exports()):
        assert "Carberry" not in catalog("show", receipt["record"], "--format", name)


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["nosuchrecord"], 1, "[not-found]"),
        (["{id}", "--format", "docx"], 2, "use one of: form, document, public, xdi, turtle"),
        (["{id}", "--version", "9"], 1, "[not-found]"),
    ],
)
def test_show_refuses(catalog: Command, foil: str, arguments: list[str], code: int, error: str) -> None:
    catalog("show", *(each.format(id=foil) for each in arguments), code=code)
    assert error in catalog.err


def test_before_the_first_release_nothing_is_public(catalog: Command, form: Path) -> None:
    (receipt,) = catalog.lines("ingest", form)
    catalog("show", receipt["record"], "--format", "turtle", code=1)
    assert "[no-release]" in catalog.err


def test_withdrawing_a_published_record_leaves_a_tombstone(catalog: Command, foil: str) -> None:
    said = catalog(
        "withdraw", foil, "--reason", "The sample was mislabelled.", "--reason-ja", "試料名の誤り。"
    )
    assert "xafscat publish" in said
    assert json.loads(catalog("publish", "--json"))["withdrawn"] == 1
    tombstone = json.loads(catalog("show", foil, "--format", "public"))
    assert tombstone["type"] == "xafs:Withdrawn"
    assert tombstone["reason"] == {"en": "The sample was mislabelled.", "ja": "試料名の誤り。"}
    catalog("show", foil, "--format", "turtle", code=1)
    assert "--format public shows its tombstone" in catalog.err
    catalog("withdraw", foil, "--reason", "again", code=1)
    assert "[conflict]" in catalog.err


def test_withdrawing_a_draft_closes_it(catalog: Command, draft: str) -> None:
    assert "was never public and is closed" in catalog("withdraw", draft, "--reason", "Not ours.")
    assert catalog.states() == {"closed": 1, "published": 1}
    assert json.loads(catalog("publish", "--json"))["release"] is None


def test_a_withdrawal_needs_a_reason(catalog: Command, foil: str) -> None:
    catalog("withdraw", foil, code=2)
    catalog("withdraw", foil, "--reason", " ", code=2)
    assert catalog.states() == {"published": 1}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"note": "thanks to Example Hidden"}, "hidden-name"),
        ({"temperature": "298 furlong"}, "quantity"),
    ],
)
def test_a_version_that_says_something_wrongly_is_not_shown(
    catalog: Command, form: Path, said: dict[str, str], code: str
) -> None:
    stated = yaml.safe_load(form.read_text(encoding="utf-8"))
    stated["creators"] = [{"name": "Example Group"}, {"name": "Example Hidden", "credit": "hidden"}]
    form.write_text(yaml.safe_dump(stated), encoding="utf-8")
    receipt, _ = catalog.lines("ingest", form, "--publish")
    record = str(receipt["record"])
    (stated["spectra"][0] if "temperature" in said else stated).update(said)
    form.write_text(yaml.safe_dump(stated), encoding="utf-8")
    changed = catalog.json("update", record, form, code=1)
    assert any(code in item["code"] and item["severity"] == "error" for item in changed["findings"])
    (made,) = catalog.lines("publish", code=1)
    assert (made["release"], made["changed"], list(made["refused"])) == (None, 0, [record])
    (value,) = said.values()
    assert value not in catalog("query", "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "--format", "ntriples")
    stated["title"] = "Example foil, corrected"
    stated["note"] = "nobody is named"
    stated["spectra"][0].pop("temperature", None)
    form.write_text(yaml.safe_dump(stated), encoding="utf-8")
    catalog("update", record, form)
    (made,) = catalog.lines("publish")
    assert (made["changed"], made["refused"]) == (1, {})
