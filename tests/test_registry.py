from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from catalog.document import Origin
from catalog.errors import CatalogError, Conflict, Damaged, NotFound, NotInitialised, StorageFull, UsageError
from catalog.findings import Finding
from catalog.readers import HeaderPair
from catalog.registry import (
    Attachment,
    Change,
    NewDeposit,
    Publication,
    Registry,
    Release,
    Saved,
    check_base,
    create_registry,
    open_registry,
)
from catalog.registry_engine import Database, database_url
from catalog.states import Standing, State

BASE = "https://example.org/xafs"
NOW = datetime(2026, 5, 2, 3, 4, 5, 678, tzinfo=UTC)
Make = Callable[..., NewDeposit]


def save(registry: Registry, deposit: NewDeposit, now: datetime = NOW) -> Saved:
    return registry.save_deposit(deposit, now=now, actor="test")


def publish(registry: Registry, record_id: str, number: int, now: datetime = NOW) -> None:
    before = registry.record(record_id)
    after = replace(before.standing, state=State.PUBLISHED)
    registry.set_standing(Change(before, "publish", after), now=now, actor="test")
    shown = Publication(record_id, "ab" * 32, number, now.date(), now)
    registry.record_release(release(number, registry, now), [shown], now=now, actor="test")


def release(number: int, registry: Registry, now: datetime = NOW) -> Release:
    return Release(number, f"{number:064x}", now, 1, 42, registry.last_event())


def attachment(content: str = "a", part: str = "spectrum-1.file-1", role: str = "data") -> Attachment:
    return Attachment(part, role, "foil.xdi", content * 64, 7, "text/plain")


# Making and opening


def test_a_new_registry_keeps_its_base_and_is_private(tmp_path: Path) -> None:
    create_registry(tmp_path, BASE + "/", now=NOW)
    with open_registry(tmp_path) as registry:
        assert registry.base == BASE
        assert registry.notes == ()
        assert [event.action for event in registry.events()] == ["init"]
    assert {path.name for path in tmp_path.iterdir()} <= {"registry.sqlite", "registry.sqlite-queue"}
    assert (tmp_path / "registry.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_registry_is_made_once(tmp_path: Path) -> None:
    create_registry(tmp_path / "registry.sqlite", BASE, now=NOW)
    with pytest.raises(Conflict, match="already"):
        create_registry(tmp_path, "https://example.org/other", now=NOW)
    with open_registry(f"sqlite:///{tmp_path}/registry.sqlite") as registry:
        assert registry.base == BASE


def test_commits_are_durable_and_references_are_enforced(registry: Registry) -> None:
    with registry.database.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


@pytest.mark.parametrize(
    "base",
    [
        "",
        "example.org",
        "ftp://example.org",
        "javascript:alert(1)",
        "https://",
        "https://example.org/?a=1",
        "https://example.org/#x",
        "https://example.org/a b",
        "https://example.org/<x>",
        "https://example.org/\n",
    ],
)
def test_a_base_that_starts_no_iri_is_refused(base: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        create_registry(tmp_path, base, now=NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_base_may_have_a_port_and_a_path() -> None:
    assert check_base("http://127.0.0.1:8000") == "http://127.0.0.1:8000"
    assert check_base("https://example.org/a/b/") == "https://example.org/a/b"


def test_opening_nothing_says_how_to_begin(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NotInitialised, match="xafscat init"):
            open_registry(where)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be looked at " * 50])
def test_a_file_that_is_no_registry_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "registry.sqlite").write_bytes(content)
    with pytest.raises(Damaged):
        open_registry(tmp_path)


# Saving and reading back


def test_everything_of_a_deposit_comes_back(registry: Registry, make_deposit: Make) -> None:
    problem = Finding("x-y", "warning", {"en": "Wrong.", "ja": "誤り。"}, "/sample", "a.xdi", 4, "v")
    origins = {
        "/facility": Origin("header", "foil.xdi", 3, "Facility.name", "PF"),
        "/title": Origin("person"),
    }
    deposit = make_deposit(
        "foil000001",
        extra={"available": "2027-04-01"},
        origins=origins,
        findings=[problem, Finding("b", "error", {"en": "B"})],
        attachments=[attachment(), attachment("b", "spectrum-1", "curve")],
        headers=[HeaderPair("Column.1", "energy eV", 7)],
        hidden_until=date(2027, 1, 1),
    )
    assert save(registry, deposit) == Saved("foil000001", 1)

    record = registry.record("foil000001")
    assert record.standing == Standing(State.DRAFT, hidden_until=date(2027, 1, 1))
    assert (record.version, record.created, record.available) == (1, NOW, date(2027, 4, 1))
    assert registry.document("foil000001") == deposit.document
    form = registry.form("foil000001")
    assert (form.values, form.origins) == (deposit.form, origins)
    assert registry.findings("foil000001") == list(deposit.findings)
    assert registry.attachments("foil000001") == sorted(deposit.attachments, key=lambda item: item.part)
    assert registry.headers("foil000001") == [("Column.1", "energy eV", 7)]
    assert list(registry.blobs()) == [("a" * 64, 7), ("b" * 64, 7)]
    assert registry.is_referenced("a" * 64)
    assert not registry.is_referenced("c" * 64)
    (found,) = registry.deposits()
    assert (found.record, found.document, list(found.attachments)) == (
        record,
        deposit.document,
        registry.attachments("foil000001"),
    )
    history = registry.history("foil000001")
    assert [(item.number, item.created, item.actor) for item in history.versions] == [(1, NOW, "test")]
    assert [(item.action, item.detail) for item in history.events] == [
        ("deposit", {"version": 1, "source": "foil000001.xdi"})
    ]


@pytest.mark.parametrize(
    "text", ["鉄箔 Fe K吸収端", "ｱｲｳ", "e\u0301", "\u200fעברית", "🧪", "a\u2028b", "\x00\x01"]
)
def test_text_is_kept_to_the_letter(registry: Registry, make_deposit: Make, text: str) -> None:
    save(registry, make_deposit("foil000001", extra={"note": {"@none": text}}, form={"note": text}))
    assert registry.document("foil000001")["note"] == {"@none": text}
    assert registry.form("foil000001").values == {"note": text}


def test_an_undecodable_file_name_does_not_stop_a_deposit(registry: Registry, make_deposit: Make) -> None:
    name = b"\xff\xfe.xdi".decode(errors="surrogateescape")
    origins = {"/title": Origin("header", name, 1, "Sample.name", "x")}
    deposit = make_deposit(
        "foil000001", source_name=name, origins=origins, attachments=[replace(attachment(), name=name)]
    )
    save(registry, deposit)
    assert registry.form("foil000001").origins == origins
    assert registry.attachments("foil000001")[0].name == "\\udcff\\udcfe.xdi"


def test_a_document_that_is_no_unicode_is_refused_before_anything_is_stored(
    registry: Registry, make_deposit: Make
) -> None:
    with pytest.raises(CatalogError, match="surrogate"):
        registry.save_deposits(
            [make_deposit("foil000001"), make_deposit("foil000002", extra={"note": "\ud800"})],
            now=NOW,
            actor="test",
        )
    assert registry.counts()[State.DRAFT] == 0


def test_a_time_without_zone_is_refused_and_another_zone_is_the_same_moment(
    registry: Registry, make_deposit: Make
) -> None:
    with pytest.raises(Exception, match="time zone"):
        save(registry, make_deposit("foil000001"), datetime(2026, 5, 2))
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    save(registry, make_deposit("foil000001"), tokyo)
    assert registry.record("foil000001").created == NOW


def test_a_document_about_another_record_is_refused(registry: Registry, make_deposit: Make) -> None:
    foreign = replace(make_deposit("foil000001"), record_id="foil000002")
    with pytest.raises(Conflict, match="another record"):
        save(registry, foreign)
    assert list(registry.records()) == []


def test_a_batch_is_saved_whole_or_not_at_all(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("foil000001"))
    taken = make_deposit("foil000001", source_sha256="9" * 64)
    with pytest.raises(Conflict, match="exists"):
        registry.save_deposits([make_deposit("foil000002"), taken], now=NOW, actor="test")
    twice = [make_deposit("foil000003"), make_deposit("foil000003", source_sha256="8" * 64)]
    with pytest.raises(Conflict, match="exists"):
        registry.save_deposits(twice, now=NOW, actor="test")
    assert [record.id for record in registry.records()] == ["foil000001"]
    assert registry.find_source("8" * 64) is None


def test_the_same_source_is_one_record(registry: Registry, make_deposit: Make) -> None:
    first = make_deposit("foil000001", source_sha256="1" * 64)
    again = make_deposit("foil000002", source_sha256="1" * 64)
    other = make_deposit("foil000003", source_sha256="2" * 64)
    saved = registry.save_deposits([first, again, other], now=NOW, actor="test")
    assert saved == [Saved("foil000001", 1), Saved("foil000001", 1, new=False), Saved("foil000003", 1)]
    assert registry.save_deposit(again, now=NOW, actor="test") == Saved("foil000001", 1, new=False)
    assert [record.id for record in registry.records()] == ["foil000001", "foil000003"]
    found = registry.find_source("1" * 64)
    assert found is not None
    assert (found.record_id, found.version, found.name) == ("foil000001", 1, "foil000001.xdi")


def test_what_is_unknown_is_not_found(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("foil000001"))
    for ask in (registry.record, registry.document, registry.form, registry.history, registry.attachments):
        with pytest.raises(NotFound):
            ask("absent")
    with pytest.raises(NotFound, match="version 2"):
        registry.document("foil000001", 2)
    with pytest.raises(NotFound):
        registry.save_version(make_deposit("absent"), now=NOW, actor="test")


# Versions


def test_an_update_makes_a_version_and_keeps_the_old(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("foil000001", extra={"available": "2027-04-01"}, attachments=[attachment()]))
    newer = make_deposit(
        "foil000001", extra={"note": "b"}, source_sha256="b" * 64, attachments=[attachment("c")]
    )
    later = NOW + timedelta(days=1)
    assert registry.save_version(newer, now=later, actor="other") == Saved("foil000001", 2)
    record = registry.record("foil000001")
    assert (record.version, record.available, record.standing.modified) == (2, None, None)
    assert registry.document("foil000001")["note"] == "b"
    assert "note" not in registry.document("foil000001", 1)
    assert [item.sha256 for item in registry.attachments("foil000001")] == ["c" * 64]
    assert [item.sha256 for item in registry.attachments("foil000001", 1)] == ["a" * 64]
    assert registry.is_referenced("a" * 64)
    assert [item.actor for item in registry.history("foil000001").versions] == ["test", "other"]


def test_an_update_that_changes_nothing_makes_no_version(registry: Registry, make_deposit: Make) -> None:
    deposit = make_deposit("foil000001", attachments=[attachment()])
    save(registry, deposit)
    before = registry.last_event()
    assert registry.save_version(deposit, now=NOW, actor="test") == Saved("foil000001", 1, new=False)
    assert registry.last_event() == before
    for changed in (
        replace(deposit, attachments=[attachment("b")]),
        replace(deposit, attachments=[attachment("b")], form={"private_note": "only this"}),
    ):
        assert registry.save_version(changed, now=NOW, actor="test").new


def test_an_update_may_go_back_to_an_older_source(registry: Registry, make_deposit: Make) -> None:
    first = make_deposit("foil000001", source_sha256="1" * 64)
    save(registry, first)
    second = make_deposit("foil000001", extra={"note": "b"}, source_sha256="2" * 64)
    registry.save_version(second, now=NOW, actor="test")
    assert registry.save_version(first, now=NOW, actor="test") == Saved("foil000001", 3)
    found = registry.find_source("1" * 64)
    assert found is not None
    assert (found.record_id, found.version) == ("foil000001", 1)


def test_an_update_with_another_records_source_is_a_conflict(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("foil000001", source_sha256="1" * 64))
    save(registry, make_deposit("foil000002", source_sha256="2" * 64))
    stolen = make_deposit("foil000002", extra={"note": "b"}, source_sha256="1" * 64)
    with pytest.raises(Conflict, match="foil000001 \\(draft\\)"):
        registry.save_version(stolen, now=NOW, actor="test")
    assert registry.record("foil000002").version == 1


@pytest.mark.parametrize("state", [State.CLOSED, State.WITHDRAWN])
def test_an_update_takes_the_source_of_a_record_that_is_gone(
    registry: Registry, make_deposit: Make, state: State
) -> None:
    save(registry, make_deposit("foil000001", source_sha256="1" * 64))
    save(registry, make_deposit("foil000002", source_sha256="2" * 64))
    gone = Change(registry.record("foil000001"), "test", Standing(state))
    registry.set_standing(gone, now=NOW, actor="test")
    taken = make_deposit("foil000002", extra={"note": "b"}, source_sha256="1" * 64)
    assert registry.save_version(taken, now=NOW, actor="test") == Saved("foil000002", 2)
    found = registry.find_source("1" * 64)
    assert found is not None
    assert (found.record_id, found.version) == ("foil000002", 2)
    assert registry.document("foil000001")


def test_a_stale_update_is_refused(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("foil000001"))
    mine, theirs = (
        make_deposit("foil000001", extra={"note": note}, source_sha256=note * 64) for note in "12"
    )
    registry.save_version(theirs, now=NOW, actor="them", expected=1)
    with pytest.raises(Conflict, match="version 2"):
        registry.save_version(mine, now=NOW, actor="me", expected=1)
    assert registry.document("foil000001")["note"] == "2"


def test_a_withdrawn_record_takes_no_update(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("foil000001"))
    record = registry.record("foil000001")
    gone = Standing(State.WITHDRAWN, withdrawn_on=NOW.date(), reason={"en": "Wrong sample."})
    registry.set_standing(Change(record, "withdraw", gone), now=NOW, actor="test")
    with pytest.raises(Conflict, match="final"):
        registry.save_version(make_deposit("foil000001", extra={"note": "b"}), now=NOW, actor="test")
    assert registry.record("foil000001").standing == gone


@pytest.mark.parametrize(
    ("state", "stated", "kept"),
    [
        (State.DRAFT, None, None),
        (State.CLOSED, None, None),
        (State.DRAFT, date.max, date.max),
        (State.SCHEDULED, date.max, date(2027, 1, 1)),
        (State.DRAFT, date(2026, 6, 1), date(2026, 6, 1)),
        (State.SCHEDULED, None, date(2027, 1, 1)),
        (State.SCHEDULED, date(2026, 6, 1), date(2027, 1, 1)),
        (State.SCHEDULED, date(2028, 1, 1), date(2028, 1, 1)),
    ],
)
def test_an_update_never_shows_a_scheduled_record_earlier(
    registry: Registry, make_deposit: Make, state: State, stated: date | None, kept: date | None
) -> None:
    save(registry, make_deposit("foil000001", hidden_until=date(2027, 1, 1)))
    record = registry.record("foil000001")
    registry.set_standing(
        Change(record, "schedule", replace(record.standing, state=state)), now=NOW, actor="test"
    )
    registry.save_version(
        make_deposit("foil000001", extra={"note": "b"}, hidden_until=stated), now=NOW, actor="t"
    )
    assert registry.record("foil000001").standing == Standing(state, hidden_until=kept)


def test_a_public_record_cannot_be_hidden_again(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("foil000001"))
    publish(registry, "foil000001", 1)
    hidden = make_deposit("foil000001", extra={"note": "b"}, hidden_until=NOW.date() + timedelta(days=2))
    with pytest.raises(Conflict, match="cannot be hidden"):
        registry.save_version(hidden, now=NOW, actor="test")
    past = replace(hidden, hidden_until=NOW.date())
    assert registry.save_version(past, now=NOW, actor="test").version == 2
    assert registry.record("foil000001").standing.hidden_until is None


# Lists


def test_long_lists_come_in_pages_without_gap_or_repeat(registry: Registry, make_deposit: Make) -> None:
    ids = [f"r{number:09}" for number in range(1203)]
    registry.save_deposits([make_deposit(record_id) for record_id in ids], now=NOW, actor="test")
    assert [record.id for record in registry.records()] == ids
    assert [found.record.id for found in registry.deposits()] == ids
    assert [record.id for record in registry.records(ids=[*ids[5:1190], "absent"])] == ids[5:1190]
    assert list(registry.records(states=[State.PUBLISHED])) == []
    assert list(registry.records(ids=[])) == []
    assert registry.counts() == {**dict.fromkeys(State, 0), State.DRAFT: 1203}
    assert len(list(registry.events())) == 1204
    assert [event.record_id for event in registry.events(after=1202)] == ids[-2:]


def test_a_list_may_be_changed_while_it_is_read(registry: Registry, make_deposit: Make) -> None:
    ids = [f"r{number:09}" for number in range(620)]
    registry.save_deposits([make_deposit(record_id) for record_id in ids], now=NOW, actor="test")
    seen = []
    for record in registry.records(states=[State.DRAFT]):
        closed = replace(record.standing, state=State.CLOSED)
        registry.set_standing(Change(record, "close", closed), now=NOW, actor="test")
        seen.append(record.id)
    assert seen == ids
    assert registry.counts()[State.CLOSED] == 620


def test_the_records_that_refer_to_others_are_known_by_their_current_version(
    registry: Registry, make_deposit: Make
) -> None:
    reference = {"spectra": [{"calibration": {"reference": f"{BASE}/record/foil000001#spectrum-1"}}]}
    save(registry, make_deposit("foil000001"))
    save(registry, make_deposit("oxide00001", extra=reference))
    save(registry, make_deposit("oxide00002", extra={"note": f"{BASE}/record/"}))
    assert registry.referring_to(["foil000001"]) == {"oxide00001"}
    assert registry.referring_to(["oxide00001", "oxide00002", ""]) == set()
    registry.save_version(make_deposit("oxide00001", extra={"note": "b"}), now=NOW, actor="test")
    assert registry.referring_to(["foil000001"]) == set()


def test_what_changed_since_an_event_is_known(registry: Registry, make_deposit: Make) -> None:
    for record_id in ("b", "a", "c"):
        save(registry, make_deposit(record_id))
    seen = registry.last_event()
    assert registry.changed_since(seen) == []
    registry.save_version(make_deposit("c", extra={"note": "b"}), now=NOW, actor="test")
    publish(registry, "a", 1)
    assert registry.changed_since(seen) == ["a", "c"]
    assert registry.changed_since(0) == ["a", "b", "c"]


def test_dates_that_have_come_are_found(registry: Registry, make_deposit: Make) -> None:
    for record_id, day in (("a", 3), ("b", 2), ("c", 4)):
        save(registry, make_deposit(record_id, hidden_until=date(2027, 1, day)))
        record = registry.record(record_id)
        scheduled = replace(record.standing, state=State.SCHEDULED)
        registry.set_standing(Change(record, "schedule", scheduled), now=NOW, actor="test")
    save(registry, make_deposit("d", hidden_until=date(2027, 1, 1)))
    assert [record.id for record in registry.due(date(2027, 1, 3))] == ["b", "a"]
    assert registry.due(date(2027, 1, 1)) == []


def test_files_that_become_open_are_found(registry: Registry, make_deposit: Make) -> None:
    for number, (record_id, day) in enumerate((("a", 3), ("b", 2), ("c", 4)), 1):
        save(registry, make_deposit(record_id, extra={"available": f"2027-01-0{day}"}))
        publish(registry, record_id, number)
    save(registry, make_deposit("draft", extra={"available": "2027-01-03"}))
    save(registry, make_deposit("odd", extra={"available": "soon"}))
    assert registry.files_due(date(2027, 1, 2), date(2027, 1, 4)) == ["a", "c"]
    assert registry.files_due(date(2027, 1, 4), date(2027, 1, 9)) == []


# Standing and releases


def test_a_change_decided_on_an_old_standing_is_refused(registry: Registry, make_deposit: Make) -> None:
    for record_id in ("a", "b"):
        save(registry, make_deposit(record_id))
    old = {record.id: record for record in registry.records()}
    registry.save_version(make_deposit("a", extra={"note": "b"}), now=NOW, actor="test")
    changes = [
        Change(old[record_id], "publish", replace(old[record_id].standing, state=State.PUBLISHED))
        for record_id in ("a", "b")
    ]
    with pytest.raises(Conflict, match="somebody else"):
        registry.set_standing(changes[0], now=NOW, actor="test")
    assert registry.set_standings(changes, now=NOW, actor="test") == ["a"]
    assert registry.counts()[State.PUBLISHED] == 1
    assert [event.action for event in registry.history("a").events] == ["deposit", "update"]
    assert [event.action for event in registry.history("b").events] == ["deposit", "publish"]


def test_a_release_dates_what_it_shows(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("a"))
    assert registry.latest_release() is None
    publish(registry, "a", 1)
    assert registry.record("a").standing == Standing(State.PUBLISHED, issued=NOW.date(), modified=NOW)

    later = NOW + timedelta(days=3)
    changed = Publication("a", "cd" * 32, 2, later.date(), later)
    second = release(2, registry, later)
    registry.record_release(second, [changed], now=later, actor="test")
    standing = registry.record("a").standing
    assert (standing.issued, standing.modified) == (NOW.date(), later)
    assert list(registry.publications()) == [replace(changed, issued=NOW.date())]
    assert list(registry.publications(["absent"])) == []
    assert registry.latest_release() == second
    assert [item.number for item in registry.releases()] == [1, 2]


def test_the_history_says_which_releases_showed_a_change_and_which_one_hid_it(
    registry: Registry, make_deposit: Make
) -> None:
    for record_id in ("a", "b"):
        save(registry, make_deposit(record_id))
    publish(registry, "a", 1)
    later = NOW + timedelta(days=3)
    second = release(2, registry, later)
    shown = [
        Publication("a", "cd" * 32, 2, later.date(), later),
        Publication("b", "ef" * 32, 2, later.date(), later),
    ]
    registry.record_release(second, shown, now=later, actor="curator")
    registry.record_release(release(3, registry, later), [], removed=["b"], now=later, actor="curator")

    def told(record_id: str) -> list[tuple[str, datetime, str, int]]:
        events = registry.history(record_id).events
        return [
            (e.action, e.at, e.actor, e.detail["release"]) for e in events if e.action in {"show", "hide"}
        ]

    assert told("a") == [("show", NOW, "test", 1), ("show", later, "curator", 2)]
    assert told("b") == [("show", later, "curator", 2), ("hide", later, "curator", 3)]
    # A publication has nothing to look at again for them.
    assert registry.changed_since(second.last_event) == []


def test_releases_are_numbered_upwards(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("a"))
    publish(registry, "a", 5)
    shown = Publication("a", "ef" * 32, 5, NOW.date(), NOW)
    with pytest.raises(Conflict, match="release 5"):
        registry.record_release(release(5, registry), [shown], now=NOW, actor="test")
    assert [item.public_sha for item in registry.publications()] == ["ab" * 32]
    registry.record_release(release(6, registry), [], removed=["a"], now=NOW, actor="test")
    assert list(registry.publications()) == []


# Damage, full disk, locks


def test_a_changed_document_is_noticed(registry: Registry, make_deposit: Make, tmp_path: Path) -> None:
    for record_id in ("a", "b"):
        save(registry, make_deposit(record_id))
    assert list(registry.problems()) == []
    with closing(sqlite3.connect(tmp_path / "registry.sqlite")) as connection, connection:
        connection.execute("UPDATE version SET document = replace(document, 'foil b', 'foil c')")
    assert registry.document("a")["title"]["en"].endswith("foil a")
    with pytest.raises(Damaged):
        registry.document("b")
    with pytest.raises(Damaged):
        list(registry.deposits())
    assert list(registry.problems()) == ["b version 1: the document does not match its hash"]


def test_a_missing_row_is_noticed(registry: Registry, make_deposit: Make, tmp_path: Path) -> None:
    save(registry, make_deposit("a", attachments=[attachment()]))
    with closing(sqlite3.connect(tmp_path / "registry.sqlite")) as connection, connection:
        connection.execute("DELETE FROM blob")
    assert list(registry.problems()) == ["a row of table attachment refers to a missing row of blob"]


def test_a_full_database_stores_nothing_half(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("a"))
    with registry.database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    big = [make_deposit(f"r{number}", extra={"note": "x" * 3000}) for number in range(40)]
    with pytest.raises(StorageFull):
        registry.save_deposits(big, now=NOW, actor="test")
    assert [record.id for record in registry.records()] == ["a"]
    with registry.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    assert len(registry.save_deposits(big, now=NOW, actor="test")) == 40


def test_an_exception_undoes_a_change(registry: Registry, make_deposit: Make) -> None:
    save(registry, make_deposit("a"))
    with pytest.raises(KeyboardInterrupt), registry.database.writing() as connection:
        connection.exec_driver_sql("UPDATE record SET version = 9")
        raise KeyboardInterrupt
    assert registry.record("a").version == 1


def test_reading_goes_on_beside_a_change_and_sees_it_only_when_done(
    registry: Registry, make_deposit: Make, tmp_path: Path
) -> None:
    save(registry, make_deposit("a"))
    other = Database(database_url(tmp_path / "registry.sqlite"))
    with other.writing() as connection:
        connection.exec_driver_sql("UPDATE record SET version = 9")
        assert registry.record("a").version == 1
    other.dispose()
    assert registry.record("a").version == 9


def test_json_in_the_database_is_canonical(registry: Registry, make_deposit: Make, tmp_path: Path) -> None:
    save(registry, make_deposit("a", extra={"z": "1", "b": "鉄"}))
    with closing(sqlite3.connect(tmp_path / "registry.sqlite")) as connection:
        (stored,) = connection.execute("SELECT document FROM version").fetchone()
    assert "鉄" in stored
    assert stored == json.dumps(json.loads(stored), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
