"""The first tables: settings, records with versions, findings, files, sources, events, releases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

TITLE = "first tables"


def upgrade(connection: Connection) -> None:
    """Make the tables in an empty database."""
    tables = MetaData()
    Table(
        "setting",
        tables,
        Column("name", String(64), primary_key=True),
        Column("value", Text, nullable=False),
    )
    Table(
        "record",
        tables,
        Column("id", String(64), primary_key=True),
        Column("state", String(16), nullable=False),
        Column("version", Integer, nullable=False),
        Column("hidden_until", Date),
        Column("issued", Date),
        Column("modified", String(27)),
        Column("withdrawn_on", Date),
        Column("reason", Text),
        Column("created", String(27), nullable=False),
        Index("record_by_state", "state", "id"),
    )
    Table(
        "version",
        tables,
        Column("record_id", String(64), ForeignKey("record.id"), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("document", Text, nullable=False),
        Column("form", Text, nullable=False),
        Column("origins", Text, nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("created", String(27), nullable=False),
        Column("actor", Text, nullable=False),
    )
    Table(
        "finding",
        tables,
        *_of_version(),
        Column("ordinal", Integer, primary_key=True),
        Column("body", Text, nullable=False),
        _version_key(),
    )
    Table("header", tables, *_of_version(), Column("pairs", Text, nullable=False), _version_key())
    Table(
        "blob",
        tables,
        Column("sha256", String(64), primary_key=True),
        Column("bytes", BigInteger, nullable=False),
        Column("media_type", Text, nullable=False),
    )
    Table(
        "attachment",
        tables,
        *_of_version(),
        Column("part", String(128), primary_key=True),
        Column("role", String(16), primary_key=True),
        Column("name", Text, nullable=False),
        Column("sha256", String(64), ForeignKey("blob.sha256"), nullable=False),
        _version_key(),
        Index("attachment_by_sha256", "sha256"),
    )
    Table(
        "source",
        tables,
        Column("sha256", String(64), primary_key=True),
        Column("record_id", String(64), nullable=False),
        Column("version", Integer, nullable=False),
        Column("name", Text, nullable=False),
        _version_key(),
    )
    Table(
        "event",
        tables,
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("at", String(27), nullable=False),
        Column("actor", Text, nullable=False),
        Column("action", String(32), nullable=False),
        Column("record_id", String(64), ForeignKey("record.id")),
        Column("detail", Text, nullable=False),
        Index("event_by_record", "record_id", "seq"),
        sqlite_autoincrement=True,
    )
    Table(
        "release",
        tables,
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("hash", String(64), nullable=False),
        Column("published_at", String(27), nullable=False),
        Column("records", Integer, nullable=False),
        Column("triples", BigInteger, nullable=False),
    )
    Table(
        "publication",
        tables,
        Column("record_id", String(64), ForeignKey("record.id"), primary_key=True),
        Column("public_sha", String(64), nullable=False),
        Column("release", Integer, ForeignKey("release.number"), nullable=False),
        Column("datestamp", String(27), nullable=False),
        Index("publication_by_datestamp", "datestamp", "record_id"),
    )
    tables.create_all(connection, checkfirst=False)


def _of_version() -> list[Column[Any]]:
    return [Column("record_id", String(64), primary_key=True), Column("version", Integer, primary_key=True)]


def _version_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["record_id", "version"], ["version.record_id", "version.number"])
