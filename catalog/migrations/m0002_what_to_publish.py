"""What a publication has to look at, without reading every document.

The date on which files become open, which records a record refers to, and the last event a release has seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, ForeignKeyConstraint, Index, Integer, MetaData, String, Table, text

TITLE = "dates of files, references between records, events seen by a release"


def upgrade(connection: Connection) -> None:
    """Add the columns and the table, and fill them from the documents."""
    connection.execute(text("ALTER TABLE record ADD COLUMN available DATE"))
    connection.execute(text("CREATE INDEX record_by_available ON record (available)"))
    connection.execute(text("ALTER TABLE release ADD COLUMN last_event INTEGER DEFAULT 0 NOT NULL"))
    tables = MetaData()
    Table(
        "version",
        tables,
        Column("record_id", String(64), primary_key=True),
        Column("number", Integer, primary_key=True),
    )
    reference = Table(
        "reference",
        tables,
        Column("record_id", String(64), primary_key=True),
        Column("version", Integer, primary_key=True),
        Column("target", String(64), primary_key=True),
        ForeignKeyConstraint(["record_id", "version"], ["version.record_id", "version.number"]),
        Index("reference_by_target", "target"),
    )
    reference.create(connection, checkfirst=False)
    base = connection.execute(text("SELECT value FROM setting WHERE name = 'base'")).scalar()
    last = ""
    while page := _page(connection, last):
        for record_id, current in page:
            _fill(connection, reference, f"{base}/record/", record_id, current)
        last = page[-1][0]


def _page(connection: Connection, after: str) -> list[tuple[str, int]]:
    query = text("SELECT id, version FROM record WHERE id > :after ORDER BY id LIMIT 500")
    return [(row.id, row.version) for row in connection.execute(query, {"after": after})]


def _fill(connection: Connection, reference: Table, prefix: str, record_id: str, current: int) -> None:
    query = text("SELECT number, document FROM version WHERE record_id = :id ORDER BY number")
    for number, body in connection.execute(query, {"id": record_id}).fetchall():
        document = json.loads(body)
        for target in sorted(set(_targets(document, prefix)) - {record_id}):
            connection.execute(reference.insert().values(record_id=record_id, version=number, target=target))
        if number == current and (available := _date(document.get("available"))):
            connection.execute(
                text("UPDATE record SET available = :available WHERE id = :id"),
                {"available": available, "id": record_id},
            )


def _targets(value: Any, prefix: str) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _targets(item, prefix)
    elif isinstance(value, list):
        for item in value:
            yield from _targets(item, prefix)
    elif isinstance(value, str) and value.startswith(prefix):
        yield re.split("[#/?]", value.removeprefix(prefix), maxsplit=1)[0]


def _date(value: Any) -> str | None:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        return None
