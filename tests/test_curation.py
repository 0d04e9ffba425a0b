from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.curation import approve, approve_many, close, midnight, release_due, reopen, reschedule, withdraw
from catalog.errors import Conflict, NotFound, UsageError
from catalog.projection import public_document
from catalog.registry import NewDeposit, Publication, Registry, Release, open_registry
from catalog.states import Standing, State

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 5, 2, 3, 4, 5, tzinfo=UTC)
DAY = date(2027, 4, 1)
Make = Callable[..., NewDeposit]


@pytest.fixture
def scheduled(registry: Registry, make_deposit: Make) -> Registry:
    """A registry with the record "a", hidden until DAY and approved."""
    registry.save_deposit(make_deposit("a", hidden_until=DAY), now=NOW, actor="depositor")
    approve(registry, "a", zone=TOKYO, now=NOW, actor="curator")
    return registry


def release_at(registry: Registry, now: datetime, zone: ZoneInfo = TOKYO) -> list[str]:
    return release_due(registry, zone=zone, now=now, actor="clock")


def shown(registry: Registry, record_id: str) -> None:
    """Note a release that shows the record."""
    number = len(registry.releases()) + 1
    made = Release(number, "0" * 64, NOW, 1, 1, registry.last_event())
    entry = Publication(record_id, "1" * 64, number, NOW.date(), NOW)
    registry.record_release(made, [entry], now=NOW, actor="publisher")


# Approval


def test_an_approved_draft_is_public_and_undated_until_a_release_shows_it(
    registry: Registry, make_deposit: Make
) -> None:
    registry.save_deposit(make_deposit("a"), now=NOW, actor="depositor")
    standing = approve(registry, "a", zone=TOKYO, now=NOW, actor="curator")
    assert standing == Standing(State.PUBLISHED)
    events = registry.history("a").events
    assert [(event.action, event.actor) for event in events] == [
        ("deposit", "depositor"),
        ("publish", "curator"),
    ]
    shown(registry, "a")
    assert registry.record("a").standing == Standing(State.PUBLISHED, issued=NOW.date(), modified=NOW)


def test_a_draft_hidden_until_a_date_is_scheduled(scheduled: Registry) -> None:
    assert scheduled.record("a").standing == Standing(State.SCHEDULED, hidden_until=DAY)
    event = scheduled.history("a").events[-1]
    assert (event.action, event.actor, event.detail) == (
        "schedule",
        "curator",
        {"hidden_until": "2027-04-01"},
    )


def test_a_draft_whose_date_has_come_is_public(registry: Registry, make_deposit: Make) -> None:
    registry.save_deposit(make_deposit("a", hidden_until=DAY), now=NOW, actor="depositor")
    come = midnight(DAY, TOKYO)
    assert approve(registry, "a", zone=TOKYO, now=come, actor="curator") == Standing(State.PUBLISHED)


@pytest.mark.parametrize("state", [state for state in State if state is not State.DRAFT])
def test_only_a_draft_is_approved(registry: Registry, make_deposit: Make, state: State) -> None:
    registry.save_deposit(make_deposit("a"), now=NOW, actor="depositor")
    put_in(registry, "a", state)
    before = registry.last_event()
    with pytest.raises(Conflict, match="only a draft"):
        approve(registry, "a", zone=TOKYO, now=NOW, actor="curator")
    assert registry.last_event() == before


def test_many_are_approved_and_each_refusal_has_a_reason(registry: Registry, make_deposit: Make) -> None:
    ids = [f"r{number:04}" for number in range(450)]
    registry.save_deposits([make_deposit(record_id) for record_id in ids], now=NOW, actor="depositor")
    close(registry, "r0007", now=NOW, actor="curator")
    changed = approve_many(registry, [*ids, "absent"], zone=TOKYO, now=NOW, actor="curator")
    assert set(changed.done) == set(ids) - {"r0007"}
    assert {key: error.code for key, error in changed.refused.items()} == {
        "r0007": "conflict",
        "absent": "not-found",
    }
    assert registry.counts()[State.PUBLISHED] == 449


@pytest.mark.parametrize("state", [State.CLOSED, State.SCHEDULED])
def test_a_reopened_draft_is_still_hidden_until_its_date(scheduled: Registry, state: State) -> None:
    if state is State.CLOSED:
        close(scheduled, "a", now=NOW, actor="curator")
    assert reopen(scheduled, "a", now=NOW, actor="curator") == Standing(State.DRAFT, hidden_until=DAY)
    approve(scheduled, "a", zone=TOKYO, now=NOW, actor="curator")
    assert scheduled.record("a").standing == Standing(State.SCHEDULED, hidden_until=DAY)


@pytest.mark.parametrize("state", [State.DRAFT, State.PUBLISHED, State.WITHDRAWN])
def test_what_was_public_is_not_reopened(registry: Registry, make_deposit: Make, state: State) -> None:
    registry.save_deposit(make_deposit("a"), now=NOW, actor="depositor")
    put_in(registry, "a", state)
    with pytest.raises(Conflict):
        reopen(registry, "a", now=NOW, actor="curator")


# The clock


def test_a_record_is_released_at_midnight_and_not_a_moment_earlier(scheduled: Registry) -> None:
    come = midnight(DAY, TOKYO)
    for early in (timedelta(days=300), timedelta(hours=9), timedelta(seconds=1), timedelta(microseconds=1)):
        assert release_at(scheduled, come - early) == []
        assert scheduled.record("a").standing.state is State.SCHEDULED
    assert release_at(scheduled, come) == ["a"]
    assert scheduled.record("a").standing == Standing(State.PUBLISHED)
    event = scheduled.history("a").events[-1]
    assert (event.action, event.actor, event.at, event.detail) == (
        "release",
        "clock",
        come,
        {"hidden_until": "2027-04-01"},
    )


def test_the_zone_of_the_clock_does_not_matter_the_configured_zone_does(scheduled: Registry) -> None:
    # 1 April in Kiritimati, hours before it is 1 April in Tokyo; and the other way round.
    early = datetime(2027, 4, 1, 0, 30, tzinfo=ZoneInfo("Pacific/Kiritimati"))
    assert release_at(scheduled, early) == []
    assert release_at(scheduled, datetime(2027, 3, 31, 5, 0, tzinfo=timezone(-timedelta(hours=10)))) == ["a"]


@pytest.mark.parametrize(
    ("day", "zone", "moment"),
    [
        (date(2027, 4, 1), "UTC", "2027-04-01T00:00:00+00:00"),
        (date(2027, 4, 1), "Asia/Tokyo", "2027-03-31T15:00:00+00:00"),
        (date(2027, 4, 1), "America/Los_Angeles", "2027-04-01T07:00:00+00:00"),
        (date(2028, 2, 29), "Asia/Tokyo", "2028-02-28T15:00:00+00:00"),
        (date(2028, 3, 1), "Asia/Tokyo", "2028-02-29T15:00:00+00:00"),
        (date(2100, 3, 1), "Asia/Tokyo", "2100-02-28T15:00:00+00:00"),
        (date(2027, 1, 1), "Asia/Kathmandu", "2026-12-31T18:15:00+00:00"),
        # The clock was put forward from midnight to one: the day began at one.
        (date(2018, 11, 4), "America/Sao_Paulo", "2018-11-04T03:00:00+00:00"),
        # A minute after midnight it was put back to 23:01 of the day before: the second midnight counts.
        (date(2010, 11, 7), "America/St_Johns", "2010-11-07T03:30:00+00:00"),
        # 30 December 2011 did not happen in Samoa: it had come when the 31st began.
        (date(2011, 12, 30), "Pacific/Apia", "2011-12-30T10:00:00+00:00"),
        (date(2011, 12, 31), "Pacific/Apia", "2011-12-30T10:00:00+00:00"),
        (date.max, "Pacific/Pago_Pago", "9999-12-31T11:00:00+00:00"),
        (date.min, "Asia/Tokyo", "0001-01-01T00:00:00+00:00"),
    ],
)
def test_midnight_is_when_the_day_has_come_for_good(day: date, zone: str, moment: str) -> None:
    assert midnight(day, ZoneInfo(zone)).isoformat() == moment


@given(
    st.dates(date(1990, 1, 1), date(2037, 1, 1)),
    st.sampled_from(
        ["UTC", "Asia/Tokyo", "America/St_Johns", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia"]
    ),
)
def test_the_calendar_never_shows_an_earlier_day_after_midnight(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    come = midnight(day, zone)
    assert all(
        (come + timedelta(minutes=minutes)).astimezone(zone).date() >= day for minutes in range(0, 200, 10)
    )
    early = (come - timedelta(seconds=1)).astimezone(zone).date()
    assert early < day


@pytest.mark.parametrize(
    "zone", ["Asia/Tokyo", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
)
@pytest.mark.parametrize("day", [date(2028, 2, 29), date(2028, 3, 1), date(2027, 12, 31), date(2028, 1, 1)])
def test_boundaries_of_zones_and_leap_days_are_never_early(
    registry: Registry, make_deposit: Make, zone: str, day: date
) -> None:
    local = ZoneInfo(zone)
    registry.save_deposit(make_deposit("a", hidden_until=day), now=NOW, actor="depositor")
    approve(registry, "a", zone=local, now=NOW, actor="curator")
    for hours in range(-30, 0):
        assert release_at(registry, midnight(day, local) + timedelta(hours=hours), local) == []
    assert release_at(registry, midnight(day, local) - timedelta(microseconds=1), local) == []
    assert release_at(registry, midnight(day, local), local) == ["a"]


def test_a_clock_that_is_set_back_neither_releases_early_nor_hides_again(scheduled: Registry) -> None:
    come = midnight(DAY, TOKYO)
    assert release_at(scheduled, come - timedelta(minutes=1)) == []
    assert release_at(scheduled, come - timedelta(days=400)) == []
    assert release_at(scheduled, come) == ["a"]
    assert release_at(scheduled, come - timedelta(days=1)) == []
    assert scheduled.record("a").standing.state is State.PUBLISHED


def test_a_restart_at_midnight_releases_once(scheduled: Registry, tmp_path: Path) -> None:
    come = midnight(DAY, TOKYO)
    for moment, released in ((come - timedelta(seconds=1), []), (come, ["a"]), (come, [])):
        with open_registry(tmp_path) as reopened:
            assert release_at(reopened, moment) == released
    assert [event.action for event in scheduled.history("a").events] == ["deposit", "schedule", "release"]


def test_a_change_of_the_zone_moves_midnight_with_it(scheduled: Registry) -> None:
    come = midnight(DAY, TOKYO)
    assert release_at(scheduled, come, ZoneInfo("UTC")) == []
    assert release_at(scheduled, come + timedelta(hours=9), ZoneInfo("UTC")) == ["a"]


def test_only_scheduled_records_are_released(registry: Registry, make_deposit: Make) -> None:
    for record_id in ("draft", "closed", "due"):
        registry.save_deposit(make_deposit(record_id, hidden_until=DAY), now=NOW, actor="depositor")
    close(registry, "closed", now=NOW, actor="curator")
    approve(registry, "due", zone=TOKYO, now=NOW, actor="curator")
    assert release_at(registry, midnight(DAY, TOKYO) + timedelta(days=1000)) == ["due"]


def test_a_record_postponed_before_midnight_stays_hidden(scheduled: Registry) -> None:
    later = DAY + timedelta(days=365)
    eve = midnight(DAY, TOKYO) - timedelta(seconds=1)
    standing = reschedule(scheduled, "a", later, zone=TOKYO, now=eve, actor="curator")
    assert standing == Standing(State.SCHEDULED, hidden_until=later)
    assert release_at(scheduled, midnight(DAY, TOKYO)) == []
    assert release_at(scheduled, midnight(later, TOKYO)) == ["a"]


def test_a_date_that_has_come_cannot_be_set(scheduled: Registry) -> None:
    with pytest.raises(UsageError, match="has come"):
        reschedule(scheduled, "a", DAY, zone=TOKYO, now=midnight(DAY, TOKYO), actor="curator")


# Closing and withdrawing


@pytest.mark.parametrize("state", [State.DRAFT, State.SCHEDULED])
def test_what_was_never_public_is_closed(registry: Registry, make_deposit: Make, state: State) -> None:
    for record_id, change in (
        ("a", lambda: close(registry, "a", now=NOW, actor="curator")),
        ("b", lambda: withdraw(registry, "b", reason={"en": "Wrong."}, zone=TOKYO, now=NOW, actor="curator")),
    ):
        registry.save_deposit(make_deposit(record_id, hidden_until=DAY), now=NOW, actor="depositor")
        put_in(registry, record_id, state)
        assert change() == Standing(State.CLOSED, hidden_until=DAY)
        assert registry.history(record_id).events[-1].action == "close"


def test_a_withdrawn_record_leaves_a_tombstone_with_the_reason(
    registry: Registry, make_deposit: Make
) -> None:
    registry.save_deposit(make_deposit("a"), now=NOW, actor="depositor")
    approve(registry, "a", zone=TOKYO, now=NOW, actor="curator")
    shown(registry, "a")
    evening = datetime(2026, 6, 1, 20, tzinfo=UTC)
    reason = {"en": " The sample\r\n\n was mislabelled.\n", "ja": "試料の取り違え。", "fr": " "}
    standing = withdraw(registry, "a", reason=reason, zone=TOKYO, now=evening, actor="curator")
    kept = {"en": "The sample was mislabelled.", "ja": "試料の取り違え。"}
    assert standing == Standing(
        State.WITHDRAWN, issued=NOW.date(), modified=NOW, withdrawn_on=date(2026, 6, 2), reason=kept
    )
    tombstone = public_document(registry.document("a"), standing, date(2026, 6, 2), lambda _: True)
    assert tombstone is not None
    assert tombstone["reason"] == kept
    for again in (
        lambda: withdraw(registry, "a", reason=reason, zone=TOKYO, now=NOW, actor="curator"),
        lambda: close(registry, "a", now=NOW, actor="curator"),
        lambda: reschedule(registry, "a", DAY, zone=TOKYO, now=NOW, actor="curator"),
    ):
        with pytest.raises(Conflict, match="final"):
            again()


def test_a_record_withdrawn_before_its_first_release_was_never_public(
    registry: Registry, make_deposit: Make
) -> None:
    registry.save_deposit(make_deposit("a"), now=NOW, actor="depositor")
    approve(registry, "a", zone=TOKYO, now=NOW, actor="curator")
    standing = withdraw(registry, "a", reason={"en": "Wrong."}, zone=TOKYO, now=NOW, actor="curator")
    assert (standing.state, standing.issued) == (State.WITHDRAWN, None)
    assert public_document(registry.document("a"), standing, NOW.date(), lambda _: True) is None
    # A release that was under way and showed it all the same makes it a record that was public.
    shown(registry, "a")
    standing = registry.record("a").standing
    assert (standing.state, standing.issued) == (State.WITHDRAWN, NOW.date())
    assert public_document(registry.document("a"), standing, NOW.date(), lambda _: True) is not None


def test_a_withdrawal_needs_a_reason(registry: Registry, make_deposit: Make) -> None:
    registry.save_deposit(make_deposit("a"), now=NOW, actor="depositor")
    put_in(registry, "a", State.PUBLISHED)
    for reason in ({}, {"en": "  "}, {"en": "x" * 2001}, {"en": "a \x1b[31m"}, {"en": "a\u202eb"}):
        with pytest.raises(UsageError, match="reason"):
            withdraw(registry, "a", reason=reason, zone=TOKYO, now=NOW, actor="curator")
    assert registry.record("a").standing.state is State.PUBLISHED


def test_a_public_record_is_not_closed(registry: Registry, make_deposit: Make) -> None:
    registry.save_deposit(make_deposit("a"), now=NOW, actor="depositor")
    put_in(registry, "a", State.PUBLISHED)
    with pytest.raises(Conflict):
        close(registry, "a", now=NOW, actor="curator")


def test_an_unknown_record_is_not_found(registry: Registry) -> None:
    with pytest.raises(NotFound):
        approve(registry, "absent", zone=TOKYO, now=NOW, actor="curator")


def put_in(registry: Registry, record_id: str, state: State) -> None:
    """Bring a record into a state, by whatever way."""
    from catalog.registry import Change

    record = registry.record(record_id)
    registry.set_standing(
        Change(record, "test", replace(record.standing, state=state)), now=NOW, actor="test"
    )
