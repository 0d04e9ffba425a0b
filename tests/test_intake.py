"""Files into the registry: receipts, duplicates, attachments, updates; one bad file stops no other."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.approval import approve_ready
from catalog.bounded import Pool
from catalog.config import Settings, load_settings
from catalog.defaults import load_defaults
from catalog.errors import CatalogError, NotFound, UsageError
from catalog.intake import Receipt, find, ingest
from catalog.registry import Change, Registry, create_registry, open_registry
from catalog.resources import data_root
from catalog.states import Standing, State
from catalog.updating import update

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
BASE = "http://127.0.0.1:8000"
EXAMPLES = data_root() / "examples" / "deposits"

FORM = """\
title: Iron foil
access: open
license: CC0-1.0
creators: [{name: Example Group}]
facility: Photon Factory
sample: {name: iron foil}
spectra:
  - {element: Fe, edge: K, files: [Fe.xdi]}
"""
XDI = """\
# XDI/1.0 example/1
# Element.symbol: Fe
# Element.edge: K
# Mono.d_spacing: 3.13551
# Sample.name: iron foil
# Column.1: energy eV
# Column.2: mutrans
#-----
7000.0 0.0
7100.0 0.1
7200.0 1.0
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    create_registry(home, BASE, now=NOW)
    return load_settings(home, environ={})


@pytest.fixture
def registry(settings: Settings) -> Any:
    with open_registry(settings.registry_path) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


def take(registry: Registry, settings: Settings, *paths: Path, **options: Any) -> list[Receipt]:
    found = find(paths, settings)
    return list(ingest(found, registry=registry, settings=settings, now=NOW, actor="test", **options))


def test_a_form_and_the_file_it_names(registry: Registry, settings: Settings, folder: Path) -> None:
    (folder / "iron.yaml").write_text(FORM)
    (folder / "Fe.xdi").write_text(XDI)
    receipts = {Path(receipt.file).name: receipt for receipt in take(registry, settings, folder)}
    assert receipts["Fe.xdi"].result == "attached"
    stored = receipts["iron.yaml"]
    assert (stored.result, stored.levels, stored.missing) == ("stored", ("findable",), ())
    assert stored.good
    assert stored.record_id
    roles = {(file.part, file.role): file for file in registry.attachments(stored.record_id)}
    assert set(roles) == {("spectrum-1.file-1", "data"), ("spectrum-1", "curve")}
    content = (settings.files_path / roles["spectrum-1.file-1", "data"].sha256[:2]).iterdir()
    assert any(path.read_text() == XDI for path in content)


def test_a_data_file_alone_is_its_own_attachment(
    registry: Registry, settings: Settings, folder: Path
) -> None:
    (folder / "Fe.xdi").write_text(XDI)
    (receipt,) = take(registry, settings, folder)
    assert receipt.result == "stored"
    assert not receipt.good
    assert set(receipt.missing) == {"access", "creators", "facility", "license"}
    assert receipt.record_id
    document = registry.document(receipt.record_id)
    (file,) = document["spectra"][0]["files"]
    assert (file["file_name"], file["bytes"], file["media_type"].rpartition("/")[2]) == (
        "Fe.xdi",
        str(len(XDI)),
        "plain",
    )


def test_the_same_file_again_is_a_duplicate(registry: Registry, settings: Settings, folder: Path) -> None:
    (folder / "Fe.xdi").write_text(XDI)
    (folder / "copy under another name.dat").write_text(XDI)
    first = take(registry, settings, folder)
    assert sorted(receipt.result for receipt in first) == ["duplicate", "stored"]
    again = take(registry, settings, folder)
    assert [receipt.result for receipt in again] == ["duplicate", "duplicate"]
    assert {receipt.record_id for receipt in [*first, *again]} == {first[0].record_id}
    assert sum(registry.counts().values()) == 1


@pytest.mark.parametrize(
    ("state", "said"), [(State.CLOSED, "xafscat reopen"), (State.WITHDRAWN, "a withdrawal is final")]
)
def test_a_file_that_was_taken_back_is_not_stored_again_and_told(
    registry: Registry, settings: Settings, folder: Path, state: State, said: str
) -> None:
    (folder / "Fe.xdi").write_text(XDI)
    (first,) = take(registry, settings, folder)
    record = registry.record(first.record_id or "")
    registry.set_standing(Change(record, "test", Standing(state)), now=NOW, actor="test")
    (again,) = take(registry, settings, folder)
    (told,) = again.findings
    assert (again.result, again.record_id, told.code) == ("duplicate", record.id, "duplicate-gone")
    assert said in told.text()
    assert told.text("ja").isascii() is False


def test_one_bad_file_stops_no_other(registry: Registry, settings: Settings, folder: Path) -> None:
    (folder / "a.xdi").write_text(XDI)
    (folder / "b.xdi").write_bytes(b"")
    (folder / "c.dat").write_bytes(bytes(range(256)) * 10)
    (folder / "d.yaml").write_text(FORM + "colour: red\n")
    (folder / "e.yaml").write_text("access: open\naccess: restricted\ntitle: x\nspectra: []\n")
    (folder / "f.xdi").write_text(XDI.replace("7200.0 1.0", "7200.0 one"))
    (folder / "g.xdi").write_text(XDI.replace("iron", "another"))
    results = {Path(receipt.file).name: receipt for receipt in take(registry, settings, folder)}
    assert {name: receipt.result for name, receipt in results.items()} == {
        "a.xdi": "stored",
        "b.xdi": "refused",
        "c.dat": "refused",
        "d.yaml": "refused",
        "e.yaml": "refused",
        "f.xdi": "refused",
        "g.xdi": "stored",
    }
    for name in "bcdef":
        (refused,) = [receipt for file, receipt in results.items() if file.startswith(name)]
        assert refused.findings, name
        assert all(item.message["en"] and item.message["ja"] for item in refused.findings)
    assert [item.line for item in results["e.yaml"].findings if item.severity == "error"] == [2]
    assert [item.line for item in results["f.xdi"].findings if item.severity == "error"] == [11]
    assert sum(registry.counts().values()) == 2


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ("../outside.xdi", "file-outside"),
        ("/etc/hostname", "file-outside"),
        ("link.xdi", "file-outside"),
        ("absent.xdi", "file-missing"),
        (".", "file-missing"),
    ],
)
def test_a_form_reads_only_files_beside_it(
    registry: Registry, settings: Settings, folder: Path, stated: str, code: str
) -> None:
    (folder.parent / "outside.xdi").write_text(XDI)
    (folder / "link.xdi").symlink_to(folder.parent / "outside.xdi")
    (folder / "iron.yaml").write_text(FORM.replace("Fe.xdi", stated))
    receipts = take(registry, settings, folder / "iron.yaml")
    (receipt,) = receipts
    (item,) = [item for item in receipt.findings if item.severity == "error"]
    assert (item.code, item.line, item.path) == (code, 8, "/spectra/0/files/0")
    assert receipt.record_id
    assert registry.attachments(receipt.record_id) == []


def test_defaults_fill_what_files_do_not_say(registry: Registry, settings: Settings, folder: Path) -> None:
    (folder / "Fe.xdi").write_text(XDI)
    rules = folder.parent / "rules.yaml"
    rules.write_text(
        "rules:\n"
        "  - when: {header: {Facility.name: absent}}\n"
        "    set: {facility: Photon Factory}\n"
        "  - set: {license: CC0-1.0, access: open, creators: [{name: Example Group}]}\n"
        "  - when: {path: 'nowhere/**'}\n"
        "    set: {access: restricted}\n"
    )
    defaults = load_defaults(rules)
    (receipt,) = take(registry, settings, folder, defaults=defaults)
    assert receipt.good
    assert [item.line for item in defaults.unused_rules()] == [5]
    assert receipt.record_id
    assert registry.document(receipt.record_id)["facility"].endswith("/photon-factory")
    assert registry.form(receipt.record_id).origin("/facility").kind == "template"  # type: ignore[union-attr]


def test_several_jobs_store_the_same(settings: Settings, registry: Registry, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - set: {papers: [10.1107/S1600577516005270]}\n")
    defaults = load_defaults(rules)
    receipts = take(registry, settings, EXAMPLES, jobs=2, defaults=defaults)
    stored = [receipt for receipt in receipts if receipt.result == "stored"]
    assert len(stored) == len(list(EXAMPLES.glob("*.yaml")))
    assert all(receipt.good for receipt in stored)
    assert [receipt.file for receipt in stored] == sorted(receipt.file for receipt in stored)
    assert defaults.unused_rules() == []


def test_update_makes_a_version(registry: Registry, settings: Settings, folder: Path) -> None:
    form = folder / "iron.yaml"
    form.write_text(FORM)
    (folder / "Fe.xdi").write_text(XDI)
    first, *_ = [receipt for receipt in take(registry, settings, folder) if receipt.result == "stored"]
    assert first.record_id
    change = {"registry": registry, "settings": settings, "now": NOW, "actor": "test"}
    assert update(first.record_id, form, **change).result == "duplicate"
    form.write_text(FORM.replace("Iron foil", "Iron foil, 5 µm"))
    second = update(first.record_id, form, **change)
    assert (second.record_id, second.version, second.result) == (first.record_id, 2, "stored")
    assert registry.document(first.record_id)["title"] == {"@none": "Iron foil, 5 µm"}
    assert registry.document(first.record_id, 1)["title"] == {"@none": "Iron foil"}


def test_update_tells_what_only_the_rules_had_said(
    registry: Registry, settings: Settings, folder: Path
) -> None:
    data, rules = folder / "Fe.xdi", folder / "rules.yaml"
    data.write_text(XDI)
    rules.write_text("rules: [{set: {license: CC0-1.0, creators: [{name: A. Example}], temperature: 300 K}}]")
    defaults = load_defaults(rules)
    first, *_ = list(take(registry, settings, data, defaults=defaults))
    assert first.record_id
    data.write_text(XDI.replace("7100.0", "7101.0"))
    change = {"registry": registry, "settings": settings, "now": NOW, "actor": "test"}
    second = update(first.record_id, data, **change)
    (told,) = [item for item in second.findings if item.code == "update-unsaid"]
    assert told.value == "creators.name, license, spectra.temperature"
    assert "rules.yaml" in told.text("ja")
    assert told in registry.findings(first.record_id)
    data.write_text(XDI.replace("7100.0", "7102.0"))
    third = update(first.record_id, data, defaults=defaults, **change)
    assert "update-unsaid" not in {item.code for item in third.findings}


@pytest.mark.parametrize(
    ("state", "first", "second", "code"),
    [
        (State.DRAFT, "2999-01-01", None, "hidden-until-gone"),
        (State.DRAFT, "2999-01-01", "2998-01-01", None),
        (State.DRAFT, "next year", None, None),
        (State.DRAFT, "2999/1/1", None, "hidden-until-gone"),
        (State.SCHEDULED, "2999-01-01", None, "hidden-until-kept"),
        (State.SCHEDULED, "2999-01-01", "2998-01-01", "hidden-until-kept"),
        (State.SCHEDULED, "2999-01-01", "next year", "hidden-until-kept"),
        (State.SCHEDULED, "2999-01-01", "3000-01-01", None),
    ],
)
def test_update_tells_what_becomes_of_the_date(
    registry: Registry,
    settings: Settings,
    folder: Path,
    state: State,
    first: str,
    second: str | None,
    code: str | None,
) -> None:
    form = folder / "iron.yaml"
    (folder / "Fe.xdi").write_text(XDI)
    form.write_text(f"{FORM}hidden_until: {first}\n")
    (stored,) = [each for each in take(registry, settings, folder) if each.result == "stored"]
    record = registry.record(stored.record_id or "")
    change = Change(record, "test", replace(record.standing, state=state))
    registry.set_standing(change, now=NOW, actor="test")
    form.write_text(f"{FORM}note: changed\n" + (f"hidden_until: {second}\n" if second else ""))
    receipt = update(record.id, form, registry=registry, settings=settings, now=NOW, actor="test")
    told = {item.code for item in receipt.findings if item.code.startswith("hidden-until")}
    assert told == ({code} if code else set())


def test_a_receipt_tells_whether_a_deposit_can_be_published(
    registry: Registry, settings: Settings, folder: Path
) -> None:
    (folder / "Fe.xdi").write_text(XDI)
    (folder / "good.yaml").write_text(FORM)
    (folder / "wrong.yaml").write_text(f"{FORM}hidden_until: next year\n")
    (folder / "lacking.yaml").write_text(FORM.replace("license", "note"))
    told = {Path(each.file).name: each for each in take(registry, settings, folder)}
    assert {name: each.publishable for name, each in told.items()} == {
        "Fe.xdi": None,
        "good.yaml": True,
        "wrong.yaml": False,
        "lacking.yaml": False,
    }
    assert told["wrong.yaml"].levels == ("findable",)


def test_update_says_what_it_cannot_do(registry: Registry, settings: Settings, folder: Path) -> None:
    form = folder / "iron.yaml"
    form.write_text(FORM)
    change = {"registry": registry, "settings": settings, "now": NOW, "actor": "test"}
    with pytest.raises(NotFound):
        update("nosuchrecord", form, **change)
    (receipt, *_) = take(registry, settings, form)
    assert receipt.record_id
    (folder / "two.yaml").write_text(f"{FORM}---\n{FORM}")
    with pytest.raises(UsageError, match="several deposits"):
        update(receipt.record_id, folder / "two.yaml", **change)
    (folder / "bad.yaml").write_text("title: [unclosed")
    refused = update(receipt.record_id, folder / "bad.yaml", **change)
    assert (refused.result, refused.good, refused.record_id) == ("refused", False, None)
    assert [(item.code, item.line) for item in refused.findings] == [("unreadable", 2)]
    assert registry.record(receipt.record_id).version == receipt.version


def test_what_is_wrong_in_a_row_is_said_of_its_deposit_alone_and_keeps_it_from_the_public(
    registry: Registry, settings: Settings, folder: Path
) -> None:
    from openpyxl import Workbook

    book = Workbook()
    head = [
        "title",
        "access right",
        "licence",
        "name of the credited",
        "facility",
        "sample name",
        "element",
        "edge",
    ]
    row = ["open", "CC0-1.0", "Example Group", "Photon Factory", "iron foil", "Fe", "K"]
    for line in ([*head, "mood"], ["first", *row], ["=1+1", *row], ["third", *row]):
        book.active.append(line)
    book.save(folder / "rows.xlsx")
    told = take(registry, settings, folder / "rows.xlsx")
    codes = [[item.code for item in receipt.findings if item.code.startswith("table-")] for receipt in told]
    assert codes == [
        ["table-column-unknown"],
        ["table-column-unknown", "table-formula"],
        ["table-column-unknown"],
    ]
    assert [receipt.good for receipt in told] == [True, False, True]
    for receipt in told:
        assert receipt.record_id
        assert [item.code for item in registry.findings(receipt.record_id)] == [
            item.code for item in receipt.findings
        ]
    ids = [str(receipt.record_id) for receipt in told]
    approved = approve_ready(registry, ids, settings=settings, now=NOW, actor="test")
    assert (set(approved.published), set(approved.refused)) == ({ids[0], ids[2]}, {ids[1]})


def test_a_full_disk_stores_nothing_half(
    registry: Registry, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    (folder / "Fe.xdi").write_text(XDI)

    def refuse(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    # In this process: what a child raises is raised here, as tests/test_bounded.py shows.
    monkeypatch.setattr(
        Pool, "map", lambda _self, task, items, _limits, jobs=1: ((i, task(*i)) for i in items)
    )
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(CatalogError) as caught:
        take(registry, settings, folder)
    assert caught.value.code == "storage-full"
    monkeypatch.undo()
    assert sum(registry.counts().values()) == 0
    assert [receipt.result for receipt in take(registry, settings, folder)] == ["stored"]


def test_examples_are_found_wherever_they_are(settings: Settings, registry: Registry, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    copied.mkdir()
    for name in ("cu-foil-bmm.yaml", "cu-foil-bmm_Cu-K.xdi"):
        shutil.copy(EXAMPLES / name, copied)
    assert sorted(receipt.result for receipt in take(registry, settings, copied)) == ["attached", "stored"]


def test_a_draft_takes_what_a_corrected_defaults_file_makes_of_it(
    registry: Registry, settings: Settings, folder: Path
) -> None:
    (folder / "Fe.xdi").write_text(XDI)
    rules = folder.parent / "rules.yaml"
    text = "rules:\n  - set: {license: LICENCE, access: open, facility: APS, creators: [{name: Example Group}]}\n"
    rules.write_text(text.replace("LICENCE", "no such licence"))
    (first,) = take(registry, settings, folder, defaults=load_defaults(rules))
    assert (first.result, first.levels) == ("stored", ())
    rules.write_text(text.replace("LICENCE", "CC0-1.0"))
    (second,) = take(registry, settings, folder, defaults=load_defaults(rules))
    assert (second.result, second.record_id, second.version) == ("stored", first.record_id, 2)
    assert second.good
    assert second.findings[0].code == "draft-renewed"
    (third,) = take(registry, settings, folder, defaults=load_defaults(rules))
    assert (third.result, third.version, third.levels) == ("duplicate", 2, ("findable",))
    assert "draft" in third.findings[0].text()


def test_what_is_wrong_keeps_a_draft_from_being_published(
    registry: Registry, settings: Settings, folder: Path
) -> None:
    from catalog.approval import approve_ready

    (folder / "iron.yaml").write_text(FORM)  # it names a file that is not there
    (receipt,) = take(registry, settings, folder)
    assert receipt.levels == ("findable",)
    assert receipt.record_id
    approved = approve_ready(registry, [receipt.record_id], settings=settings, now=NOW, actor="test")
    assert approved.published == []
    assert "Fe.xdi" in approved.refused[receipt.record_id]
