"""The index of a release: what is asked by number, date or file name rather than by SPARQL.

It is copied with every release, so it is kept lean: words that repeat are numbers, documents stand in packs.
It is made from public documents alone.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from catalog.errors import Damaged, StorageFull
from catalog.packs import Place
from catalog.postings import keys_of, unpack, with_keys
from catalog.release_files import INDEX, Layout
from catalog.search_words import search_terms

PUBLISHED, WITHDRAWN = 1, 0
# After everything that begins like what stands before it.
LAST = "\U0010ffff"

SPECTRUM_TERMS = ("element", "facility", "beamline", "mode", "material")
ROW = "id, state, pack, offset, length, sha256, issued, modified, triples, release"


@dataclass(frozen=True, slots=True)
class RecordRow:
    """What the index knows of a record. ``release`` is the number of the release that changed it last."""

    id: str
    withdrawn: bool
    place: Place
    issued: date
    modified: datetime
    triples: int
    release: int


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that is open to everybody: its SHA-256 in hex, the depositor's name for it, its media type."""

    sha256: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Span:
    """Records by datestamp (whole seconds, both ends inclusive; None is open) and set ("" is all).

    A group such as ``element`` holds the members of all its sets. ``shown`` leaves the withdrawn ones out.
    """

    first: int | None = None
    last: int | None = None
    set: str = ""
    shown: bool = False


def _spanned(span: Span) -> tuple[str, list[Any]]:
    where = ""
    values: list[Any] = []
    if span.first is not None:
        where, values = where + " AND modified >= ?", [*values, span.first]
    if span.last is not None:
        where, values = where + " AND modified <= ?", [*values, span.last]
    if span.shown:
        where += " AND state = 1"
    if span.set:
        where += (
            ' AND EXISTS (SELECT 1 FROM members m JOIN sets s ON s.key = m."set" WHERE m.record = records.key'
            " AND (s.spec = ? OR substr(s.spec, 1, ?) = ?))"
        )
        values = [*values, span.set, len(span.set) + 1, f"{span.set}:"]
    return where, values


class IndexReader:
    """An index, for reading; one reader belongs to one thread at a time."""

    def __init__(self, path: Path, *, immutable: bool = True) -> None:
        option = "mode=ro&immutable=1" if immutable else "mode=rwc"
        self._path = path
        try:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?{option}",
                uri=True,
                check_same_thread=False,
                isolation_level=None,
            )
        except sqlite3.Error as error:
            raise Damaged(f"the index cannot be opened: {error}", where=str(path)) from error

    def meta(self, name: str) -> str:
        """An entry of the release's own description; "" when there is none."""
        return str(self._value("SELECT value FROM meta WHERE name = ?", name) or "")

    def total(self, name: str) -> int:
        """One of the totals: records, withdrawn, spectra, files, triples."""
        return int(self._value("SELECT value FROM totals WHERE name = ?", name) or 0)

    def totals(self) -> dict[str, int]:
        """All totals by name."""
        return dict(self.rows("SELECT name, value FROM totals ORDER BY name"))

    def record(self, identifier: str) -> RecordRow | None:
        """The row of a record, published or withdrawn."""
        return next(self._records(f"SELECT {ROW} FROM records WHERE id = ?", identifier), None)  # noqa: S608

    def latest(self, limit: int) -> list[RecordRow]:
        """The published records issued last."""
        return list(
            self._records(
                f"SELECT {ROW} FROM records WHERE state = 1 ORDER BY issued DESC, id DESC LIMIT ?",  # noqa: S608
                limit,
            )
        )

    def listed(
        self, chosen: Mapping[str, str], offset: int, limit: int, text: str = ""
    ) -> tuple[int, list[RecordRow]]:
        """How many published records have one spectrum that is all of that and the words of ``text``.

        And the rows of some of them, the newest first. ``chosen`` gives values of element, edge, facility, beamline,
        mode and material; "" is any.
        """
        spectrum, wanted = list[str](), list[str]()
        for column, value in chosen.items():
            if column != "edge" and column not in SPECTRUM_TERMS:
                raise ValueError(f"records are not listed by {column!r}")
            if not value:
                continue
            named = f"{column} = (SELECT key FROM terms WHERE text = ?)"  # noqa: S608
            if column == "edge":
                spectrum.append(
                    f"EXISTS (SELECT 1 FROM edges e WHERE e.record = s.record AND e.number = s.number AND e.{named})"  # noqa: S608
                )
            else:
                spectrum.append(f"s.{named}")
            wanted.append(value)
        conditions = ["state = 1"]
        if spectrum:
            conditions.append(
                "EXISTS (SELECT 1 FROM spectra s WHERE s.record = records.key AND "  # noqa: S608
                + " AND ".join(spectrum)
                + ")"
            )
        if text.strip():
            conditions.append("key IN (SELECT value FROM json_each(?))")
            wanted.append(json.dumps(self._saying(text)))
        where = " AND ".join(conditions)
        total = (
            self._value(f"SELECT count(*) FROM records WHERE {where}", *wanted)  # noqa: S608
            if wanted
            else self.total("records")
        )
        query = f"SELECT {ROW} FROM records WHERE {where} ORDER BY issued DESC, id DESC LIMIT ? OFFSET ?"  # noqa: S608
        return total, list(self._records(query, *wanted, limit, offset))

    def of_materials(self, materials: Sequence[str], offset: int, limit: int) -> tuple[int, list[RecordRow]]:
        """How many published records have a sample of one of these materials, and the rows of some, newest first."""
        marks = ", ".join("?" * len(materials))
        where = (
            "state = 1 AND key IN (SELECT s.record FROM spectra s JOIN terms t ON t.key = s.material"  # noqa: S608
            f" WHERE t.text IN ({marks}))"
        )
        total = self._value(f"SELECT count(*) FROM records WHERE {where}", *materials)  # noqa: S608
        query = f"SELECT {ROW} FROM records WHERE {where} ORDER BY issued DESC, id DESC LIMIT ? OFFSET ?"  # noqa: S608
        return total, list(self._records(query, *materials, limit, offset))

    def naming(self, iri: str, offset: int, limit: int) -> tuple[int, list[RecordRow]]:
        """How many published records name a learned authority, and the rows of some, in the order of their ids."""
        where = "state = 1 AND key IN (SELECT l.record FROM facts f JOIN learned l ON l.fact = f.key WHERE f.iri = ?)"
        total = self._value(f"SELECT count(*) FROM records WHERE {where}", iri)  # noqa: S608
        query = f"SELECT {ROW} FROM records WHERE {where} ORDER BY id LIMIT ? OFFSET ?"  # noqa: S608
        return total, list(self._records(query, iri, limit, offset))

    def _saying(self, text: str) -> list[int]:
        """The keys of the records with all words of ``text``, by what they say or by their ids."""
        found: dict[int, int] | None = None
        for word, longer in search_terms(text):
            alike, values = ("{0} >= ? AND {0} < ?", (word, word + LAST)) if longer else ("{} = ?", (word,))
            said = self._bits(alike.format("word"), *values)
            named = self.rows(f"SELECT key FROM records WHERE {alike.format('id')}", *values)  # noqa: S608
            for block, bits in with_keys(key for (key,) in named).items():
                said[block] = said.get(block, 0) | bits
            found = (
                said
                if found is None
                else {block: found[block] & said[block] for block in found.keys() & said}
            )
        return keys_of(found or {})

    def _bits(self, where: str, *values: Any) -> dict[int, int]:
        """Which records say one of the words chosen by a condition, as bits by block."""
        found: dict[int, int] = {}
        for block, stored in self.rows(f"SELECT block, bits FROM words WHERE {where}", *values):  # noqa: S608
            try:
                found[block] = found.get(block, 0) | unpack(stored)
            except zlib.error as error:
                raise Damaged(f"the index cannot be read: {error}", where=str(self._path)) from error
        return found

    def records(self, after: str = "", limit: int = -1) -> Iterator[RecordRow]:
        """Records in the order of their ids, from the first after ``after``."""
        return self._records(f"SELECT {ROW} FROM records WHERE id > ? ORDER BY id LIMIT ?", after, limit)  # noqa: S608

    def changed_in(self, release: int) -> Iterator[RecordRow]:
        """The records that release changed."""
        return self._records(f"SELECT {ROW} FROM records WHERE release = ? ORDER BY id", release)  # noqa: S608

    def withdrawn_since(self, release: int) -> bool:
        """Whether any record was withdrawn after that release."""
        found = self._value("SELECT 1 FROM records WHERE state = 0 AND release > ? LIMIT 1", release)
        return found is not None

    def shown(self, offset: int, limit: int) -> list[RecordRow]:
        """A page of the published records, in the order of their ids."""
        query = f"SELECT {ROW} FROM records WHERE state = 1 ORDER BY id LIMIT ? OFFSET ?"  # noqa: S608
        return list(self._records(query, limit, offset))

    def sets(self) -> list[str]:
        """The specs of all sets that a record, published or withdrawn, is in."""
        return [spec for (spec,) in self.rows("SELECT spec FROM sets ORDER BY spec")]

    def sets_of(self, identifiers: Sequence[str]) -> dict[str, list[str]]:
        """The specs of the sets of each of these records."""
        found: dict[str, list[str]] = {identifier: [] for identifier in identifiers}
        marks = ", ".join("?" * len(identifiers))
        query = (
            'SELECT r.id, s.spec FROM records r JOIN members m ON m.record = r.key JOIN sets s ON s.key = m."set"'  # noqa: S608
            f" WHERE r.id IN ({marks}) ORDER BY r.id, s.spec"
        )
        for identifier, spec in self.rows(query, *identifiers):
            found[identifier].append(spec)
        return found

    def changes(self, span: Span, after: tuple[int, str], limit: int) -> list[RecordRow]:
        """The records of a span that come after (seconds, id), in the order of their datestamps and ids."""
        where, values = _spanned(span)
        query = (
            f"SELECT {ROW} FROM records WHERE (modified, id) > (?, ?){where} ORDER BY modified, id LIMIT ?"  # noqa: S608
        )
        return list(self._records(query, *after, *values, limit))

    def changes_total(self, span: Span) -> int:
        """How many records a span holds."""
        where, values = _spanned(span)
        return int(self._value(f"SELECT count(*) FROM records WHERE modified >= 0{where}", *values))  # noqa: S608

    def earliest(self) -> datetime | None:
        """The datestamp of the record that has not changed for the longest time."""
        found = self._value("SELECT min(modified) FROM records")
        return None if found is None else datetime.fromtimestamp(found, UTC)

    def files(self, identifier: str) -> list[FileRow]:
        """The open files of a record, in the order of its spectra."""
        return [
            FileRow(bytes(sha).hex(), name, media_type or "application/octet-stream")
            for sha, name, media_type in self.rows(
                "SELECT f.sha256, f.name, t.text FROM files f JOIN records r ON r.key = f.record"
                " LEFT JOIN terms t ON t.key = f.media_type WHERE r.id = ? ORDER BY f.number",
                identifier,
            )
        ]

    def curve(self, identifier: str, part: str) -> str | None:
        """The SHA-256 in hex of the points of a spectrum, when they are open; ``part`` is its fragment."""
        sha = self._value(
            "SELECT s.curve FROM spectra s JOIN records r ON r.key = s.record WHERE r.id = ? AND s.part = ?",
            identifier,
            part,
        )
        return bytes(sha).hex() if sha else None

    def curves(self, identifier: str) -> dict[str, str]:
        """The SHA-256 in hex of the open points of each spectrum of a record, by its fragment."""
        return {
            part: bytes(sha).hex()
            for part, sha in self.rows(
                "SELECT s.part, s.curve FROM spectra s JOIN records r ON r.key = s.record"
                " WHERE r.id = ? AND s.curve IS NOT NULL",
                identifier,
            )
        }

    def serves(self, sha256: str) -> bool:
        """Whether any record of this release serves that file."""
        found = self._value("SELECT uses FROM served WHERE sha256 = ?", bytes.fromhex(sha256))
        return found is not None

    def served(self) -> Iterator[str]:
        """The SHA-256 in hex of every file this release serves."""
        return (bytes(sha).hex() for (sha,) in self.rows("SELECT sha256 FROM served ORDER BY sha256"))

    def unserved(self) -> list[str]:
        """The SHA-256 in hex of the files that this release serves no more, the release before it did."""
        return [bytes(sha).hex() for (sha,) in self.rows("SELECT sha256 FROM unserved")]

    def superseded(self) -> list[tuple[int, int, int]]:
        """Pack, offset and length of the documents the release before this one had and this one has not."""
        return list(self.rows("SELECT pack, offset, length FROM superseded"))

    def spectra_by(self, column: str) -> dict[str, int]:
        """The number of spectra by element, edge, facility, beamline, mode or material, most frequent first."""
        if column != "edge" and column not in SPECTRUM_TERMS:
            raise ValueError(f"spectra are not counted by {column!r}")
        table = "edges" if column == "edge" else "spectra"
        return dict(
            self.rows(
                f"SELECT t.text, count(*) AS n FROM {table} s JOIN terms t ON t.key = s.{column}"  # noqa: S608
                " GROUP BY t.key ORDER BY n DESC, t.text"
            )
        )

    def tallies(self) -> dict[tuple[str, str], Decimal]:
        """What there is how often, as ``catalog.statistics`` counts it, of all documents and the shipped lists."""
        return {
            (kind, name): Decimal(value)
            for kind, name, value in self.rows("SELECT kind, name, value FROM tallies")
        }

    def facts(self, iri: str) -> list[tuple[str, int]]:
        """What records say of a learned authority, and how many say so."""
        return list(self.rows("SELECT text, uses FROM facts WHERE iri = ? ORDER BY text", iri))

    def authority(self, iri: str) -> tuple[Place, int] | None:
        """Where the document of a learned authority stands, and its number of triples."""
        row = next(
            self.rows("SELECT pack, offset, length, sha256, triples FROM authorities WHERE iri = ?", iri),
            None,
        )
        return (Place(*row[:4]), row[4]) if row else None

    def authorities(self) -> Iterator[tuple[str, Place]]:
        """The learned authorities and where their documents stand, in the order of their IRIs."""
        for row in self.rows("SELECT iri, pack, offset, length, sha256 FROM authorities ORDER BY iri"):
            yield row[0], Place(*row[1:])

    def series(self, base: str, offset: int, limit: int) -> tuple[int, list[str]]:
        """How many samples and round-robins published records name, and the IRIs of some, in order."""
        ends = [f"{base}/{kind}{end}" for kind in ("round", "sample") for end in "/0"]  # 0 follows the slash
        where = "FROM authorities WHERE iri >= ? AND iri < ? OR iri >= ? AND iri < ?"
        some = self.rows(f"SELECT iri {where} ORDER BY iri LIMIT ? OFFSET ?", *ends, limit, offset)
        return int(self._value(f"SELECT count(*) {where}", *ends)), [iri for (iri,) in some]

    def rows(self, sql: str, *values: Any) -> Iterator[Any]:
        """The rows of a query of this project. Raises Damaged when the file is none of ours."""
        try:
            yield from self._db.execute(sql, values)
        except sqlite3.OperationalError as error:
            if "disk is full" in str(error):
                raise StorageFull("the disk is full; free some space", where=str(self._path)) from error
            raise Damaged(f"the index cannot be read: {error}", where=str(self._path)) from error
        except sqlite3.DatabaseError as error:
            raise Damaged(f"the index cannot be read: {error}", where=str(self._path)) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _value(self, sql: str, *values: Any) -> Any:
        found = list(self.rows(sql, *values))
        return found[0][0] if found else None

    def _records(self, sql: str, *values: Any) -> Iterator[RecordRow]:
        for row in self.rows(sql, *values):
            identifier, state, pack, offset, length, sha, issued, modified, triples, release = row
            yield RecordRow(
                identifier,
                state == WITHDRAWN,
                Place(pack, offset, length, sha),
                date.fromordinal(issued),
                datetime.fromtimestamp(modified, UTC),
                triples,
                release,
            )


def index_of(layout: Layout, number: int) -> IndexReader:
    """The index of a release on disk, for reading. Raises Damaged."""
    return IndexReader(layout.release(number) / INDEX)
