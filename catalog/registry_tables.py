"""The tables of the registry, as they are now; ``catalog/migrations`` makes them step by step.

Types are those every SQL database has. Times are text in UTC with a fixed number of digits, so that they sort
as text; JSON is canonical text, so that its hash can be recomputed from what is stored.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator

from catalog.document import canonical_json

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class UtcTime(TypeDecorator[datetime]):
    """A moment: an aware datetime here, sortable UTC text in the database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """The text to store. Raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time in the registry needs a time zone")
        return value.astimezone(UTC).strftime(TIME_FORMAT)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """The moment that was stored."""
        return None if value is None else datetime.strptime(value, TIME_FORMAT).replace(tzinfo=UTC)


class JsonText(TypeDecorator[Any]):
    """A JSON value, stored as its canonical text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The text to store; half a surrogate pair (of an undecodable file name) is stored escaped."""
        return None if value is None else canonical_json(value).encode(errors="backslashreplace").decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The value that was stored."""
        return None if value is None else json.loads(value)


class FreeText(TypeDecorator[str]):
    """Text from outside, such as a file name: what is no Unicode is escaped, so that it can be stored."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text to store."""
        return None if value is None else value.encode(errors="backslashreplace").decode()


metadata = MetaData()


def _of_version() -> list[Column[Any]]:
    return [Column("record_id", String(64), primary_key=True), Column("version", Integer, primary_key=True)]


def _version_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["record_id", "version"], ["version.record_id", "version.number"])


setting = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("hidden_until", Date),
    Column("issued", Date),
    Column("modified", UtcTime),
    Column("withdrawn_on", Date),
    Column("reason", JsonText),
    Column("created", UtcTime, nullable=False),
    Column("available", Date),
    Index("record_by_state", "state", "id"),
    Index("record_by_available", "available"),
)

version = Table(
    "version",
    metadata,
    Column("record_id", String(64), ForeignKey("record.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("document", Text, nullable=False),
    Column("form", JsonText, nullable=False),
    Column("origins", JsonText, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("actor", FreeText, nullable=False),
)

finding = Table(
    "finding",
    metadata,
    *_of_version(),
    Column("ordinal", Integer, primary_key=True),
    Column("body", JsonText, nullable=False),
    _version_key(),
)

header = Table("header", metadata, *_of_version(), Column("pairs", JsonText, nullable=False), _version_key())

blob = Table(
    "blob",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
)

attachment = Table(
    "attachment",
    metadata,
    *_of_version(),
    Column("part", String(128), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("name", FreeText, nullable=False),
    Column("sha256", String(64), ForeignKey("blob.sha256"), nullable=False),
    _version_key(),
    Index("attachment_by_sha256", "sha256"),
)

source = Table(
    "source",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("record_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", FreeText, nullable=False),
    _version_key(),
)

reference = Table(
    "reference", metadata, *_of_version(), Column("target", String(64), primary_key=True), _version_key()
)
Index("reference_by_target", reference.c.target)

likeness = Table(
    "likeness",
    metadata,
    *_of_version(),
    Column("part", String(128), primary_key=True),
    Column("element", String(3), nullable=False),
    Column("edge", String(16), nullable=False),
    Column("formula", Text, nullable=False),
    Column("facility", Text, nullable=False),
    Column("curve", Text, nullable=False),
    _version_key(),
    Index("likeness_by_edge", "element", "edge"),
)

event = Table(
    "event",
    metadata,
    # SQLite makes an INTEGER key its row number; AUTOINCREMENT sees to it that no number is ever used twice.
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", FreeText, nullable=False),
    Column("action", String(32), nullable=False),
    Column("record_id", String(64), ForeignKey("record.id")),
    Column("detail", JsonText, nullable=False),
    Index("event_by_record", "record_id", "seq"),
    sqlite_autoincrement=True,
)

release = Table(
    "release",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("records", Integer, nullable=False),
    Column("triples", BigInteger, nullable=False),
    Column("last_event", Integer, nullable=False, server_default=text("0")),
)

publication = Table(
    "publication",
    metadata,
    Column("record_id", String(64), ForeignKey("record.id"), primary_key=True),
    Column("public_sha", String(64), nullable=False),
    Column("release", Integer, ForeignKey("release.number"), nullable=False),
    Column("datestamp", UtcTime, nullable=False),
    Column("sets", Text),
    Index("publication_by_datestamp", "datestamp", "record_id"),
)

link = Table(
    "link",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("subject", Text, nullable=False),
    Column("predicate", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("database", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("justification", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("mapping_date", Date),
    Column("reviewer", FreeText),
    Column("review_date", Date),
    Column("last_verified", UtcTime),
    Column("body", JsonText, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("changed", UtcTime, nullable=False),
    Index("link_by_subject", "subject", "object"),
    Index("link_by_state", "state", "id"),
)
