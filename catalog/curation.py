"""The named changes of a deposit's state. Each is logged with who made it and when.

Nothing here makes anything public by itself: the next publication shows what is ``published``. A record's date of
issue is the date of the release that first shows it, so it is set there and not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from catalog.errors import CatalogError, Conflict, NotFound, UsageError
from catalog.form import UNSEEN
from catalog.registry import Change, Record, Registry, batches
from catalog.states import Standing, State, next_state

MAX_REASON = 2000


@dataclass(slots=True)
class Changed:
    """What became of many records: the new standing by id, and why the others were left as they were."""

    done: dict[str, Standing] = field(default_factory=dict)
    refused: dict[str, CatalogError] = field(default_factory=dict)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The moment, in UTC, from which ``day`` has come in ``zone`` for good.

    Where the clock is put forward at midnight that is the moment of the change; where it is put back over
    midnight, the second one.

    >>> from zoneinfo import ZoneInfo
    >>> midnight(date(2027, 4, 1), ZoneInfo("Asia/Tokyo")).isoformat()
    '2027-03-31T15:00:00+00:00'
    """
    start = datetime.combine(day, time.min, zone)
    try:
        return max(start.astimezone(UTC), start.replace(fold=1).astimezone(UTC))
    except OverflowError:
        # The first day of the calendar, west of Greenwich's morning: come long ago.
        return datetime.min.replace(tzinfo=UTC)


def calendar_day(now: datetime, zone: tzinfo) -> date:
    """The last day that has come for good in ``zone`` at ``now``."""
    day = now.astimezone(zone).date()
    return day if midnight(day, zone) <= now else day - timedelta(days=1)


def approve(registry: Registry, record_id: str, *, zone: tzinfo, now: datetime, actor: str) -> Standing:
    """Make a draft public: at the next publication, or when the date it is hidden until has come.

    Raises NotFound, and Conflict when it is no draft or was changed meanwhile.
    """
    return _one(registry, record_id, lambda record: _approval(record, zone, now), now, actor)


def approve_many(
    registry: Registry, record_ids: Iterable[str], *, zone: tzinfo, now: datetime, actor: str
) -> Changed:
    """Approve many drafts, a batch in a transaction; those that cannot be are left alone, with the reason."""
    return _many(registry, record_ids, lambda record: _approval(record, zone, now), now, actor)


def reschedule(
    registry: Registry, record_id: str, hidden_until: date, *, zone: tzinfo, now: datetime, actor: str
) -> Standing:
    """Hide a draft or scheduled record until another date; it is scheduled afterwards.

    Raises Conflict in any other state, UsageError for a date that has come.
    """
    if midnight(hidden_until, zone) <= now:
        raise UsageError(f"{hidden_until} has come already; give a later date", where=record_id)

    def change(record: Record) -> Change:
        state = next_state(record.standing.state, "schedule")
        after = replace(record.standing, state=state, hidden_until=hidden_until)
        return Change(record, "schedule", after, {"hidden_until": hidden_until.isoformat()})

    return _one(registry, record_id, change, now, actor)


def release_due(registry: Registry, *, zone: tzinfo, now: datetime, actor: str) -> list[str]:
    """Make public what was hidden until a date that has come in ``zone`` at ``now``; gives the ids.

    Never before midnight of that date, whatever was set to the clock. To call it again changes nothing.
    """

    def change(record: Record) -> Change:
        state = next_state(record.standing.state, "release")
        until = record.standing.hidden_until
        if until is None or now < midnight(until, zone):
            raise Conflict(f"the record is hidden until {until}", where=record.id)
        after = replace(record.standing, state=state, hidden_until=None)
        return Change(record, "release", after, {"hidden_until": until.isoformat()})

    found = registry.due(now.astimezone(zone).date())
    return sorted(_many(registry, [record.id for record in found], change, now, actor).done)


def close(registry: Registry, record_id: str, *, now: datetime, actor: str) -> Standing:
    """Keep a draft or scheduled record, never public. Raises Conflict for one that is or was public."""
    return _one(registry, record_id, _closing, now, actor)


def reopen(registry: Registry, record_id: str, *, now: datetime, actor: str) -> Standing:
    """Make a closed or scheduled record a draft again. Raises Conflict for one that is or was public, or a draft."""

    def change(record: Record) -> Change:
        return Change(
            record, "reopen", replace(record.standing, state=next_state(record.standing.state, "reopen"))
        )

    return _one(registry, record_id, change, now, actor)


def withdraw(
    registry: Registry, record_id: str, *, reason: Mapping[str, str], zone: tzinfo, now: datetime, actor: str
) -> Standing:
    """Take a record back: one that was public leaves a tombstone with the reason, any other is closed.

    ``reason`` maps language tags to a sentence that will be public, on one line. A withdrawal is final. Raises
    UsageError without a reason, Conflict when it was withdrawn or closed before.
    """
    lines = {language: [line.strip() for line in text.splitlines()] for language, text in reason.items()}
    texts = {language: " ".join(filter(None, kept)) for language, kept in lines.items() if any(kept)}
    if not texts or any(len(text) > MAX_REASON for text in texts.values()):
        raise UsageError(f"give a reason of 1 to {MAX_REASON} characters; it will be public", where=record_id)
    if any(map(UNSEEN.search, texts.values())):
        raise UsageError("the reason holds a character that nobody sees; remove it", where=record_id)

    def change(record: Record) -> Change:
        if record.standing.state in (State.DRAFT, State.SCHEDULED):
            return _closing(record, {"reason": texts})
        after = replace(
            record.standing,
            state=next_state(record.standing.state, "withdraw"),
            withdrawn_on=now.astimezone(zone).date(),
            reason=texts,
        )
        return Change(record, "withdraw", after, {"reason": texts})

    return _one(registry, record_id, change, now, actor)


def _approval(record: Record, zone: tzinfo, now: datetime) -> Change:
    standing = record.standing
    if standing.state is not State.DRAFT:
        raise Conflict(f"only a draft can be approved; this record is {standing.state}", where=record.id)
    until = standing.hidden_until
    if until is not None and now < midnight(until, zone):
        after = replace(standing, state=next_state(standing.state, "schedule"))
        return Change(record, "schedule", after, {"hidden_until": until.isoformat()})
    after = replace(standing, state=next_state(standing.state, "publish"), hidden_until=None)
    return Change(record, "publish", after)


def _closing(record: Record, detail: Mapping[str, Any] | None = None) -> Change:
    # The date is kept: reopened, the record must not come out before it.
    after = replace(record.standing, state=next_state(record.standing.state, "close"))
    return Change(record, "close", after, detail or {})


def _one(
    registry: Registry, record_id: str, change: Callable[[Record], Change], now: datetime, actor: str
) -> Standing:
    return registry.set_standing(change(registry.record(record_id)), now=now, actor=actor).standing


def _many(
    registry: Registry,
    record_ids: Iterable[str],
    change: Callable[[Record], Change],
    now: datetime,
    actor: str,
) -> Changed:
    result = Changed()
    for batch in batches(record_ids):
        changes: dict[str, Change] = {}
        found = {record.id: record for record in registry.records(ids=batch)}
        for record_id in batch:
            try:
                if record_id not in found:
                    raise NotFound("there is no record with this id", where=record_id)
                changes[record_id] = change(found[record_id])
            except CatalogError as error:
                result.refused[record_id] = error
        left = registry.set_standings(list(changes.values()), now=now, actor=actor)
        for record_id in left:
            result.refused[record_id] = Conflict(
                "the record was changed by somebody else; try again", where=record_id
            )
            del changes[record_id]
        result.done.update({record_id: item.after for record_id, item in changes.items()})
    return result
