"""Links to materials databases: what was found, who reviewed it, and what the database said."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Date, Float, Index, MetaData, String, Table, Text

TITLE = "links to materials databases"


def upgrade(connection: Connection) -> None:
    """Add the table; there were no links before."""
    link = Table(
        "link",
        MetaData(),
        Column("id", String(16), primary_key=True),
        Column("subject", Text, nullable=False),
        Column("predicate", Text, nullable=False),
        Column("object", Text, nullable=False),
        Column("database", String(64), nullable=False),
        Column("state", String(16), nullable=False),
        Column("justification", Text, nullable=False),
        Column("confidence", Float, nullable=False),
        Column("mapping_date", Date),
        Column("reviewer", Text),
        Column("review_date", Date),
        Column("last_verified", String(27)),
        Column("body", Text, nullable=False),
        Column("created", String(27), nullable=False),
        Column("changed", String(27), nullable=False),
        Index("link_by_subject", "subject", "object"),
        Index("link_by_state", "state", "id"),
    )
    link.create(connection, checkfirst=False)
