"""What can be asked of the registry. Every answer is of one moment; long lists come page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, true, tuple_

from catalog.document import Form, Origin
from catalog.errors import Damaged, NotFound
from catalog.findings import Finding
from catalog.registry_engine import Database, check_file
from catalog.registry_rows import (
    RELEASE_EVENTS,
    AnyRow,
    Attachment,
    Deposit,
    Event,
    History,
    Likeness,
    Publication,
    Record,
    Release,
    SourceFile,
    Version,
    record_of,
    sha256_of,
)
from catalog.registry_tables import (
    attachment,
    blob,
    event,
    finding,
    header,
    likeness,
    publication,
    record,
    reference,
    release,
    source,
    version,
)
from catalog.states import GONE, STATE_AFTER, State

PAGE = 500
_T = TypeVar("_T")


class RegistryReads:
    """The reading half of the registry."""

    def __init__(self, database: Database, base: str) -> None:
        self.database = database
        self.base = base

    def record(self, record_id: str) -> Record:
        """The record's row. Raises NotFound."""
        with self.database.reading() as connection:
            return self._record(connection, record_id)

    def records(
        self, *, states: Collection[State] | None = None, ids: Iterable[str] | None = None
    ) -> Iterator[Record]:
        """The records in these states, or with these ids (unknown ones are left out), by id."""
        yield from self._paged(_in_states(states), (record.c.id,), ids, _records)

    def deposits(
        self, *, states: Collection[State] | None = None, ids: Iterable[str] | None = None
    ) -> Iterator[Deposit]:
        """Like records, each with its current document and attachments."""
        yield from self._paged(_in_states(states), (record.c.id,), ids, _deposits)

    def document(self, record_id: str, number: int | None = None) -> dict[str, Any]:
        """The record document of a version (None: the current one).

        Raises NotFound, and Damaged when what is stored does not match its hash.
        """
        return _document(self._version(record_id, number))

    def form(self, record_id: str, number: int | None = None) -> Form:
        """The deposit form of a version, with the origin of each value."""
        row = self._version(record_id, number)
        return Form(row.form, {pointer: Origin(**origin) for pointer, origin in row.origins.items()})

    def findings(self, record_id: str, number: int | None = None) -> list[Finding]:
        """The findings of a version, in the order they were made."""
        number = self._version(record_id, number).number
        query = select(finding.c.body).where(finding.c.record_id == record_id, finding.c.version == number)
        with self.database.reading() as connection:
            return [Finding(**body) for body in connection.scalars(query.order_by(finding.c.ordinal))]

    def headers(self, record_id: str, number: int | None = None) -> list[tuple[str, str, int]]:
        """The private header entries of a version: key, value, line."""
        number = self._version(record_id, number).number
        query = select(header.c.pairs).where(header.c.record_id == record_id, header.c.version == number)
        with self.database.reading() as connection:
            return [(key, value, line) for key, value, line in connection.scalar(query) or []]

    def attachments(self, record_id: str, number: int | None = None) -> list[Attachment]:
        """The stored files of a version, by part."""
        number = self._version(record_id, number).number
        with self.database.reading() as connection:
            return _attachments(connection, record.c.id == record_id, number).get(record_id, [])

    def history(self, record_id: str) -> History:
        """All versions and events of a record. Raises NotFound."""
        with self.database.reading() as connection:
            self._record(connection, record_id)
            columns = (version.c.number, version.c.created, version.c.actor, version.c.sha256)
            versions = select(*columns).where(version.c.record_id == record_id).order_by(version.c.number)
            events = select(event).where(event.c.record_id == record_id).order_by(event.c.seq)
            return History(
                tuple(Version(**row._mapping) for row in connection.execute(versions)),
                tuple(Event(**row._mapping) for row in connection.execute(events)),
            )

    def events(self, after: int = 0) -> Iterator[Event]:
        """The log of all changes from number ``after`` on (not included)."""
        while rows := self._rows(select(event).where(event.c.seq > after).order_by(event.c.seq).limit(PAGE)):
            yield from (Event(**row._mapping) for row in rows)
            after = rows[-1].seq

    def turns(self) -> Iterator[tuple[Record, Event | None]]:
        """Each record, and the last event that has changed its state."""
        other = event.alias()
        of_it = (other.c.record_id == record.c.id, other.c.action.in_(STATE_AFTER))
        last = select(func.max(other.c.seq)).where(*of_it).correlate(record).scalar_subquery()
        query = select(record, *(column.label(f"event_{column.key}") for column in event.c))
        yield from self._paged(
            query.select_from(record).outerjoin(event, event.c.seq == last), (record.c.id,), None, _turns
        )

    def last_event(self) -> int:
        """The number of the newest change; 0 when there is none."""
        with self.database.reading() as connection:
            return connection.scalar(select(func.max(event.c.seq))) or 0

    def changed_since(self, seq: int) -> list[str]:
        """The ids of the records with a change after event ``seq``, sorted: what a publication looks at again."""
        # No more is asked than this, or SQLite would read the index of all events by record instead of the last ones.
        told = event.c.action.not_in(RELEASE_EVENTS)
        rows = self._rows(select(event.c.record_id).where(event.c.seq > seq, told))
        return sorted({row.record_id for row in rows if row.record_id is not None})

    def referring_to(self, record_ids: Iterable[str]) -> set[str]:
        """The ids of the records whose current document mentions one of ``record_ids``."""
        current = and_(record.c.id == reference.c.record_id, record.c.version == reference.c.version)
        query = select(reference.c.record_id).join(record, current)
        found: set[str] = set()
        for page in _chunks(record_ids):
            found.update(row.record_id for row in self._rows(query.where(reference.c.target.in_(page))))
        return found

    def find_source(self, sha256: str) -> SourceFile | None:
        """Where the deposit read from this source went, or None when it was never saved."""
        rows = self._rows(select(source).where(source.c.sha256 == sha256))
        return SourceFile(**rows[0]._mapping) if rows else None

    def source_of(self, record_id: str) -> SourceFile:
        """The source that a record's deposit was last read from. Raises NotFound for an unknown record."""
        query = select(source).where(source.c.record_id == record_id).order_by(source.c.version.desc())
        rows = self._rows(query.limit(1))
        if not rows:
            raise NotFound("there is no source of this record", where=record_id)
        return SourceFile(**rows[0]._mapping)

    def likenesses(
        self, edges: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], list[tuple[str, Likeness]]]:
        """The spectra of these (element, edge), of current versions of records not withdrawn, with their records."""
        current = and_(record.c.id == likeness.c.record_id, record.c.version == likeness.c.version)
        query = select(likeness).join(record, current).where(record.c.state.not_in(GONE))
        found: dict[tuple[str, str], list[tuple[str, Likeness]]] = {}
        for element, edge in sorted(set(edges)):
            one = query.where(likeness.c.element == element, likeness.c.edge == edge)
            found[element, edge] = [
                (row.record_id, _likeness(row)) for row in self._rows(one.order_by(likeness.c.record_id))
            ]
        return found

    def holders(self, files: Iterable[str]) -> dict[str, str]:
        """By the SHA-256 of a file: the first record, not withdrawn, whose current version has it."""
        current = and_(record.c.id == attachment.c.record_id, record.c.version == attachment.c.version)
        query = select(attachment.c.sha256, func.min(record.c.id).label("holder")).join(record, current)
        query = query.where(record.c.state.not_in(GONE)).group_by(attachment.c.sha256)
        found = {}
        for page in _chunks(sorted(set(files))):
            rows = self._rows(query.where(attachment.c.sha256.in_(page)))
            found.update({row.sha256: row.holder for row in rows})
        return found

    def due(self, today: date) -> list[Record]:
        """The scheduled records whose date has come on ``today``, earliest first."""
        query = select(record).where(record.c.state == State.SCHEDULED, record.c.hidden_until <= today)
        return [record_of(row) for row in self._rows(query.order_by(record.c.hidden_until, record.c.id))]

    def files_due(self, after: date, today: date) -> list[str]:
        """The ids of published records whose files become open after ``after`` and up to ``today``."""
        between = and_(record.c.available > after, record.c.available <= today)
        # The state is compared here: in the query, SQLite would read all published records for it.
        rows = self._rows(select(record.c.id, record.c.state).where(between).order_by(record.c.id))
        return [row.id for row in rows if row.state == State.PUBLISHED]

    def publications(self, ids: Iterable[str] | None = None) -> Iterator[Publication]:
        """What the world sees of each record (or of these), by id; records never released have none."""
        query = select(publication, record.c.issued).join(record, record.c.id == publication.c.record_id)
        yield from self._paged(query, (publication.c.record_id,), ids, _publications)

    def latest_release(self) -> Release | None:
        """The newest release, or None before the first."""
        rows = self._rows(select(release).order_by(release.c.number.desc()).limit(1))
        return Release(**rows[0]._mapping) if rows else None

    def releases(self) -> list[Release]:
        """All releases, oldest first."""
        return [Release(**row._mapping) for row in self._rows(select(release).order_by(release.c.number))]

    def counts(self) -> dict[State, int]:
        """The number of records in each state."""
        rows = self._rows(select(record.c.state, func.count().label("records")).group_by(record.c.state))
        return {**dict.fromkeys(State, 0), **{State(row.state): row.records for row in rows}}

    def is_referenced(self, sha256: str) -> bool:
        """Whether any version of any record has this file."""
        return bool(self._rows(select(attachment.c.sha256).where(attachment.c.sha256 == sha256).limit(1)))

    def blobs(self) -> Iterator[tuple[str, int]]:
        """The SHA-256 and the size in bytes of every file that some version has, by hash."""
        query = select(blob.c.sha256, blob.c.bytes)
        yield from self._paged(
            query, (blob.c.sha256,), None, lambda _, rows: [(row[0], row[1]) for row in rows]
        )

    def problems(self) -> Iterator[str]:
        """What is damaged: broken pages and references of the database, documents that do not match their hash."""
        if self.database.path:
            yield from check_file(self.database.path)
        yield from self._paged(select(version), (version.c.record_id, version.c.number), None, _wrong_hashes)

    def _record(self, connection: Connection, record_id: str) -> Record:
        row = connection.execute(select(record).where(record.c.id == record_id)).first()
        if row is None:
            raise NotFound("there is no record with this id; `xafscat list` shows all", where=record_id)
        return record_of(row)

    def _version(self, record_id: str, number: int | None) -> AnyRow:
        with self.database.reading() as connection:
            wanted = self._record(connection, record_id).version if number is None else number
            query = select(version).where(version.c.record_id == record_id, version.c.number == wanted)
            row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"the record has no version {wanted}", where=record_id)
        return row

    def _rows(self, query: Select[Any]) -> list[AnyRow]:
        with self.database.reading() as connection:
            return list(connection.execute(query))

    def _paged(
        self,
        query: Select[Any],
        key: tuple[ColumnElement[Any], ...],
        ids: Iterable[str] | None,
        make: Callable[[Connection, list[AnyRow]], list[_T]],
    ) -> Iterator[_T]:
        """The items ``make`` makes of each page of ``query``, sorted by ``key``; no page is kept open meanwhile."""
        ordered = query.order_by(*key)
        if ids is not None:
            for page in _chunks(ids):
                with self.database.reading() as connection:
                    items = make(connection, list(connection.execute(ordered.where(key[0].in_(page)))))
                yield from items
            return
        names = [str(column.key) for column in key]
        condition: ColumnElement[bool] = true()
        while True:
            with self.database.reading() as connection:
                rows = list(connection.execute(ordered.where(condition).limit(PAGE)))
                items = make(connection, rows)
            yield from items
            if len(rows) < PAGE:
                return
            condition = tuple_(*key) > tuple_(*(rows[-1]._mapping[name] for name in names))


def _in_states(states: Collection[State] | None) -> Select[Any]:
    return select(record) if states is None else select(record).where(record.c.state.in_(list(states)))


def _records(_connection: Connection, rows: list[AnyRow]) -> list[Record]:
    return [record_of(row) for row in rows]


def _deposits(connection: Connection, rows: list[AnyRow]) -> list[Deposit]:
    chosen = record.c.id.in_([row.id for row in rows])
    current = and_(version.c.record_id == record.c.id, version.c.number == record.c.version)
    columns = (version.c.record_id, version.c.number, version.c.document, version.c.sha256)
    found = connection.execute(select(*columns).join(record, current).where(chosen))
    documents = {row.record_id: _document(row) for row in found}
    attached = _attachments(connection, chosen, record.c.version)
    return [
        Deposit(item, documents[item.id], tuple(attached.get(item.id, ())))
        for item in _records(connection, rows)
    ]


def _publications(_connection: Connection, rows: list[AnyRow]) -> list[Publication]:
    return [Publication(**row._mapping) for row in rows]


def _attachments(
    connection: Connection, chosen: ColumnElement[bool], number: ColumnElement[int] | int
) -> dict[str, list[Attachment]]:
    query = (
        select(attachment, blob.c.bytes, blob.c.media_type)
        .join(blob, blob.c.sha256 == attachment.c.sha256)
        .join(record, record.c.id == attachment.c.record_id)
        .where(chosen, attachment.c.version == number)
        .order_by(attachment.c.part, attachment.c.role)
    )
    found: dict[str, list[Attachment]] = {}
    for row in connection.execute(query):
        item = Attachment(row.part, row.role, row.name, row.sha256, row.bytes, row.media_type)
        found.setdefault(row.record_id, []).append(item)
    return found


def _likeness(row: AnyRow) -> Likeness:
    curve = tuple(map(int, row.curve.split()))
    return Likeness(row.part, row.element, row.edge, row.formula, row.facility, curve)


def _document(row: AnyRow) -> dict[str, Any]:
    if sha256_of(row.document) != row.sha256:
        raise Damaged(
            "the document does not match its hash; restore a backup", where=f"{row.record_id} v{row.number}"
        )
    document: dict[str, Any] = json.loads(row.document)
    return document


def _turns(_: Connection, rows: list[AnyRow]) -> list[tuple[Record, Event | None]]:
    names = [column.key for column in event.c]
    return [
        (
            record_of(row),
            Event(**{name: getattr(row, f"event_{name}") for name in names}) if row.event_seq else None,
        )
        for row in rows
    ]


def _wrong_hashes(_connection: Connection, rows: list[AnyRow]) -> list[str]:
    return [
        f"{row.record_id} version {row.number}: the document does not match its hash"
        for row in rows
        if sha256_of(row.document) != row.sha256
    ]


def _chunks(items: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, PAGE)):
        yield chunk
