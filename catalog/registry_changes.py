"""The registry: the truth about every deposit. One method a change, one transaction each.

A change is on disk when its method returns, and undone as a whole when it raises. Nothing is ever deleted.
Reading sees one moment and waits for nobody. Any number of commands may work at once: with at most ``BATCH``
deposits in one call, none of them waits for another longer than a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

from sqlalchemy import Connection, Executable, bindparam, func, literal, select, update

from catalog.document import canonical_json
from catalog.errors import Conflict
from catalog.ids import record_iri
from catalog.registry_engine import Database
from catalog.registry_links import RegistryLinks
from catalog.registry_rows import (
    Change,
    NewDeposit,
    Publication,
    Record,
    Release,
    Saved,
    available_of,
    record_of,
    version_rows,
)
from catalog.registry_tables import (
    attachment,
    blob,
    event,
    metadata,
    publication,
    record,
    release,
    source,
    version,
)
from catalog.states import GONE, Standing, State, next_hidden_until, next_state

BATCH = 200


Rows: TypeAlias = dict[str, list[Any]]
_T = TypeVar("_T")


class Registry(RegistryLinks):
    """An open registry. ``base`` is the catalog's base IRI; ``notes`` says what opening it has changed.

    Use it as a context manager, or call close.
    """

    def __init__(self, database: Database, base: str, notes: tuple[str, ...] = ()) -> None:
        super().__init__(database, base)
        self.notes = notes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.database.dispose()

    def save_deposit(self, deposit: NewDeposit, *, now: datetime, actor: str) -> Saved:
        """Save one deposit as a draft; see save_deposits."""
        return self.save_deposits([deposit], now=now, actor=actor)[0]

    def save_deposits(self, deposits: Sequence[NewDeposit], *, now: datetime, actor: str) -> list[Saved]:
        """Save deposits as drafts, all or none, and return where each is now.

        One whose source was saved before, or stands twice in the list, is not saved again: its ``Saved`` names
        the record that has it. Raises Conflict for an id that is taken or that is not the document's.
        """
        prepared = [version_rows(self._own(item), 1, self.base, now, actor) for item in deposits]
        with self.database.writing() as connection:
            known = self._known_sources(connection, [item.source_sha256 for item in deposits])
            saved: list[Saved] = []
            new: list[tuple[NewDeposit, Rows]] = []
            for item, rows in zip(deposits, prepared, strict=True):
                if item.source_sha256 in known:
                    saved.append(known[item.source_sha256])
                    continue
                known[item.source_sha256] = Saved(item.record_id, 1, new=False)
                saved.append(Saved(item.record_id, 1))
                new.append((item, rows))
            self._refuse_taken(connection, [item.record_id for item, _ in new])
            if new:
                connection.execute(record.insert(), [_record_row(item, now) for item, _ in new])
                self._insert(connection, [rows for _, rows in new])
        return saved

    def save_version(
        self, deposit: NewDeposit, *, now: datetime, actor: str, expected: int | None = None
    ) -> Saved:
        """Save a new version of the record ``deposit.record_id``, which keeps its state.

        When nothing has changed, nothing is stored: ``Saved.new`` is False and names the version that has it. A
        date until which the record is hidden can be set before it is scheduled and only be moved to later after
        that; a public record cannot be hidden again. Raises NotFound for an unknown id, and Conflict when the
        current version is not the ``expected`` one, the state allows no update, or the source is another
        record's, unless that one is withdrawn or closed.
        """
        self._own(deposit)
        with self.database.writing() as connection:
            present = self._record(connection, deposit.record_id)
            next_state(present.standing.state, "update")
            if expected is not None and present.version != expected:
                raise Conflict(
                    f"somebody else has made version {present.version} meanwhile; look at it and try again",
                    where=deposit.record_id,
                )
            if self._unchanged(connection, present, deposit):
                return Saved(present.id, present.version, new=False)
            owner = self._known_sources(connection, [deposit.source_sha256]).get(deposit.source_sha256)
            if owner and owner.record_id != present.id:
                self._give_up_source(connection, owner.record_id, deposit.source_sha256)
            rows = version_rows(deposit, present.version + 1, self.base, now, actor)
            if owner and owner.record_id == present.id:
                rows["source"] = []
            self._insert(connection, [rows])
            changed = {
                "version": present.version + 1,
                "available": available_of(deposit.document),
                "hidden_until": _hidden_until(present, deposit, now),
            }
            connection.execute(update(record).where(record.c.id == present.id).values(changed))
        return Saved(present.id, present.version + 1)

    def set_standing(self, change: Change, *, now: datetime, actor: str) -> Record:
        """Change the standing of one record and log it; Conflict when the record has changed meanwhile."""
        if self.set_standings([change], now=now, actor=actor):
            raise Conflict("the record was changed by somebody else; try again", where=change.record.id)
        return self.record(change.record.id)

    def set_standings(self, changes: Sequence[Change], *, now: datetime, actor: str) -> list[str]:
        """Change the standing of records and log it; gives the ids left alone, as they have changed meanwhile."""
        left = []
        with self.database.writing() as connection:
            ids = [change.record.id for change in changes]
            rows = connection.execute(select(record).where(record.c.id.in_(ids)))
            present = {row.id: record_of(row) for row in rows}
            changed, events = [], []
            for change in changes:
                if present.get(change.record.id) != change.record:
                    left.append(change.record.id)
                    continue
                changed.append({"key": change.record.id, **_standing_row(change.after)})
                events.append(_event_row(now, actor, change.action, change.record.id, change.detail))
            if changed:
                connection.execute(update(record).where(record.c.id == bindparam("key")), changed)
                connection.execute(event.insert(), events)
        return left

    def record_release(
        self,
        new: Release,
        publications: Iterable[Publication],
        *,
        removed: Iterable[str] = (),
        now: datetime,
        actor: str,
    ) -> None:
        """Note that ``new`` is public: what it shows of each record that it changed, and which it no longer shows.

        A record's ``issued`` is set by the first release that shows it and never changed after; ``modified`` by
        each that changes it. Raises Conflict unless the release's number is above all before.
        """
        shown = list(publications)
        with self.database.writing() as connection:
            latest = connection.scalar(select(func.max(release.c.number))) or 0
            if new.number <= latest:
                raise Conflict(f"release {latest} exists already", where=f"release {new.number}")
            connection.execute(
                release.insert(),
                {
                    "number": new.number,
                    "hash": new.hash,
                    "published_at": new.published_at,
                    "records": new.records,
                    "triples": new.triples,
                    "last_event": new.last_event,
                },
            )
            gone = list(removed)
            if shown:
                self._show(connection, shown)
                connection.execute(_shown_by(new.number, now, actor))
            if gone:
                chosen = publication.delete().where(publication.c.record_id == bindparam("gone"))
                connection.execute(chosen, [{"gone": record_id} for record_id in gone])
                told = {"release": new.number}
                rows = [_event_row(now, actor, "hide", record_id, told) for record_id in gone]
                connection.execute(event.insert(), rows)
            detail = {"number": new.number, "changed": len(shown), "removed": len(gone)}
            log(connection, now, actor, "release", None, detail)

    def _show(self, connection: Connection, shown: list[Publication]) -> None:
        insert = self.database.insert(publication)
        replaced = {name: insert.excluded[name] for name in ("public_sha", "release", "datestamp", "sets")}
        connection.execute(
            insert.on_conflict_do_update(index_elements=["record_id"], set_=replaced),
            [
                {
                    "record_id": item.record_id,
                    "public_sha": item.public_sha,
                    "release": item.release,
                    "datestamp": item.datestamp,
                    "sets": item.sets,
                }
                for item in shown
            ],
        )
        dated = update(record).where(record.c.id == bindparam("shown"))
        connection.execute(
            dated.values(
                issued=func.coalesce(record.c.issued, bindparam("first")), modified=bindparam("changed")
            ),
            [{"shown": item.record_id, "first": item.issued, "changed": item.datestamp} for item in shown],
        )

    def _own(self, deposit: NewDeposit) -> NewDeposit:
        if deposit.document.get("id") != record_iri(self.base, deposit.record_id):
            raise Conflict(
                "the document is about another record than the one it is saved as", where=deposit.record_id
            )
        return deposit

    def _known_sources(self, connection: Connection, hashes: Sequence[str]) -> dict[str, Saved]:
        query = select(source).where(source.c.sha256.in_(hashes))
        return {row.sha256: Saved(row.record_id, row.version, new=False) for row in connection.execute(query)}

    def _refuse_taken(self, connection: Connection, ids: Sequence[str]) -> None:
        taken = connection.scalar(select(record.c.id).where(record.c.id.in_(ids)).limit(1))
        if taken or len(set(ids)) < len(ids):
            raise Conflict("a record with this id exists already", where=taken or "")

    def _give_up_source(self, connection: Connection, owner_id: str, sha256: str) -> None:
        """Make a source free that a withdrawn or closed record has; Conflict for one that is in use."""
        state = self._record(connection, owner_id).standing.state
        if state not in GONE:
            raise Conflict(
                f"this content is record {owner_id} ({state}) already, and one source is one record: "
                "withdraw that one first, or state what is different",
                where=owner_id,
            )
        connection.execute(source.delete().where(source.c.sha256 == sha256))

    def _unchanged(self, connection: Connection, present: Record, deposit: NewDeposit) -> bool:
        at = (version.c.record_id == present.id, version.c.number == present.version)
        stored = connection.execute(select(version.c.document, version.c.form).where(*at)).one()
        columns = (attachment.c.part, attachment.c.role, attachment.c.name, attachment.c.sha256)
        held = (attachment.c.record_id == present.id, attachment.c.version == present.version)
        files = {tuple(row) for row in connection.execute(select(*columns).where(*held))}
        return (
            stored.document == canonical_json(deposit.document)
            and stored.form == deposit.form
            and files == {(item.part, item.role, item.name, item.sha256) for item in deposit.attachments}
        )

    def _insert(self, connection: Connection, prepared: list[Rows]) -> None:
        for table in metadata.sorted_tables:
            rows = [row for item in prepared for row in item.get(table.name, ())]
            if rows and table is blob:
                connection.execute(self.database.insert(blob).on_conflict_do_nothing(), rows)
            elif rows:
                connection.execute(table.insert(), rows)


def log(
    connection: Connection,
    now: datetime,
    actor: str,
    action: str,
    record_id: str | None,
    detail: Mapping[str, Any],
) -> None:
    """Write one event; part of the change it tells of."""
    connection.execute(event.insert(), _event_row(now, actor, action, record_id, detail))


def _shown_by(number: int, now: datetime, actor: str) -> Executable:
    """An event for each record whose public document a release changed, written in one go."""
    columns = {
        "at": literal(now, event.c.at.type),
        "actor": literal(actor, event.c.actor.type),
        "action": literal("show"),
        "record_id": publication.c.record_id,
        "detail": literal({"release": number}, event.c.detail.type),
    }
    rows = select(*columns.values()).where(publication.c.release == number).order_by(publication.c.record_id)
    return event.insert().from_select(list(columns), rows)


def batches(items: Iterable[_T], size: int = BATCH) -> Iterator[list[_T]]:
    """``items`` in lists of at most ``size``, each fit for one call."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _event_row(
    now: datetime, actor: str, action: str, record_id: str | None, detail: Mapping[str, Any]
) -> dict[str, Any]:
    return {"at": now, "actor": actor, "action": action, "record_id": record_id, "detail": dict(detail)}


def _standing_row(standing: Standing) -> dict[str, Any]:
    return {
        "state": standing.state,
        "hidden_until": standing.hidden_until,
        "issued": standing.issued,
        "modified": standing.modified,
        "withdrawn_on": standing.withdrawn_on,
        "reason": standing.reason,
    }


def _record_row(deposit: NewDeposit, now: datetime) -> dict[str, Any]:
    return {
        "id": deposit.record_id,
        "state": State.DRAFT,
        "version": 1,
        "hidden_until": deposit.hidden_until,
        "created": now,
        "available": available_of(deposit.document),
    }


def _hidden_until(present: Record, deposit: NewDeposit, now: datetime) -> date | None:
    stated = deposit.hidden_until
    # A day of grace: the date of the form may still be tomorrow in UTC when it has come in the catalog's zone.
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    if present.standing.state is State.PUBLISHED and stated is not None and stated > tomorrow:
        raise Conflict("the record is public and cannot be hidden again; withdraw it", where=present.id)
    return next_hidden_until(present.standing, stated)
