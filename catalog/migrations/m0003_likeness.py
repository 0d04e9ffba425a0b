"""What can be compared of each spectrum: its kind, and a fingerprint of its curve.

The kinds are filled from the documents. The curves lie outside the registry: those of earlier versions stay without a
fingerprint until their record is updated.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

TITLE = "spectra compared by kind and curve"


def upgrade(connection: Connection) -> None:
    """Add the table and fill it from the documents."""
    tables = MetaData()
    Table(
        "version",
        tables,
        Column("record_id", String(64), primary_key=True),
        Column("number", Integer, primary_key=True),
    )
    likeness = Table(
        "likeness",
        tables,
        Column("record_id", String(64), primary_key=True),
        Column("version", Integer, primary_key=True),
        Column("part", String(128), primary_key=True),
        Column("element", String(3), nullable=False),
        Column("edge", String(16), nullable=False),
        Column("formula", Text, nullable=False),
        Column("facility", Text, nullable=False),
        Column("curve", Text, nullable=False),
        ForeignKeyConstraint(["record_id", "version"], ["version.record_id", "version.number"]),
        Index("likeness_by_edge", "element", "edge"),
    )
    likeness.create(connection, checkfirst=False)
    last = ("", 0)
    while page := _page(connection, last):
        rows = [row for record_id, number, body in page for row in _rows(record_id, number, json.loads(body))]
        if rows:
            connection.execute(likeness.insert(), rows)
        last = page[-1][:2]


def _page(connection: Connection, after: tuple[str, int]) -> list[tuple[str, int, str]]:
    query = text(
        "SELECT record_id, number, document FROM version WHERE record_id > :id "
        "OR (record_id = :id AND number > :number) ORDER BY record_id, number LIMIT 500"
    )
    found = connection.execute(query, {"id": after[0], "number": after[1]})
    return [(row.record_id, row.number, row.document) for row in found]


def _rows(record_id: str, number: int, document: dict[str, Any]) -> list[dict[str, Any]]:
    facility = document.get("facility")
    rows = []
    for spectrum in document.get("spectra", []):
        edge = spectrum.get("edge")
        if spectrum.get("element") and edge:
            rows.append(
                {
                    "record_id": record_id,
                    "version": number,
                    "part": spectrum["id"].partition("#")[2],
                    "element": spectrum["element"],
                    "edge": ",".join(edge) if isinstance(edge, list) else edge,
                    "formula": spectrum.get("formula_reduced", ""),
                    "facility": facility if isinstance(facility, str) else "",
                    "curve": "",
                }
            )
    return rows
