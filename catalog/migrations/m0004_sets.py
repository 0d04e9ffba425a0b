"""The sets a harvester was told of a record: a tombstone keeps them, a change of them is a change of the record."""

from __future__ import annotations

from sqlalchemy import Connection, text

TITLE = "harvest sets of what is public"


def upgrade(connection: Connection) -> None:
    """Add the column; nothing is known of what was public before, and the next release fills it."""
    connection.execute(text("ALTER TABLE publication ADD COLUMN sets TEXT"))
