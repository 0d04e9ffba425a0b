"""The citation store: queries that somebody wants to cite, each with the release it was asked of and its answer then.

One SQLite file in a folder of its own, the only place the public process writes to. A citation is named by the hash of
what it holds, so asking for the same one again adds nothing; the whole store has a quota.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from catalog.config import CITATIONS_FILE
from catalog.errors import CatalogError

# The terms of a row, each as in SPARQL results in JSON (None: unbound).
Terms: TypeAlias = list[dict[str, str] | None]
# Beside them the ids of the records it is about; None where a value stands in none of their documents, as a count does.
Row: TypeAlias = tuple[Terms, list[str] | None]

SCHEMA = """
CREATE TABLE IF NOT EXISTS citations (
  id TEXT PRIMARY KEY, made TEXT NOT NULL, release INTEGER NOT NULL, hash TEXT NOT NULL,
  query TEXT NOT NULL, dataset TEXT NOT NULL, kind TEXT NOT NULL, total INTEGER NOT NULL, digest TEXT NOT NULL,
  content BLOB, bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS citations_by_time ON citations (made);
"""
# What a row costs beside its texts, roughly: so that empty results do not come for nothing.
OVERHEAD = 512


class StoreFull(CatalogError):
    """The citation store has no room left."""

    code = "citations-full"


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited query. ``rows`` is None when the answer was too long to be kept: then ``digest`` tells another one.

    ``total`` counts the rows of the answer, ``dataset`` holds the protocol's default and named graphs.
    """

    id: str
    made: str
    release: int
    hash: str
    query: str
    dataset: tuple[list[str], list[str]]
    kind: str
    columns: list[str]
    rows: list[Row] | None
    total: int
    digest: str


class CitationStore:
    """Citations in ``folder``; safe to share between threads and processes.

    ``max_bytes`` bounds the whole store, ``row_bytes`` what is kept of one answer.
    """

    def __init__(self, folder: Path, *, max_bytes: int, row_bytes: int) -> None:
        self._path = folder / CITATIONS_FILE
        self.max_bytes, self.row_bytes = max_bytes, row_bytes
        folder.mkdir(parents=True, exist_ok=True)
        with self._open() as store:
            store.executescript(SCHEMA)

    def keep(
        self,
        *,
        query: str,
        dataset: tuple[list[str], list[str]],
        kind: str,
        columns: list[str],
        rows: list[Row],
        release: int,
        release_hash: str,
    ) -> tuple[Citation, bool]:
        """Keep an answer, and whether it is new here. Raises StoreFull."""
        digest = digest_of(columns, [terms for terms, _ in rows])
        identifier = _name(query, dataset, release_hash, digest)
        content = json.dumps([columns, rows], ensure_ascii=False, separators=(",", ":")).encode()
        # What is kept is read and compared each time it is shown: its own size counts, not that of its packing.
        kept = zlib.compress(content) if len(content) <= self.row_bytes else None
        size = OVERHEAD + len(query.encode()) + len(json.dumps(dataset)) + len(kept or b"")
        with self._open() as store:
            store.execute("BEGIN IMMEDIATE")
            if (known := self._find(store, identifier)) is not None:
                return known, False
            used = store.execute("SELECT coalesce(sum(bytes), 0) FROM citations").fetchone()[0]
            if used + size > self.max_bytes:
                raise StoreFull("the citation store is full")
            made = datetime.now(UTC).isoformat(timespec="seconds")
            names = json.dumps(dataset)
            store.execute(
                "INSERT INTO citations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (identifier, made, release, release_hash, query, names, kind, len(rows), digest, kept, size),
            )
            store.execute("COMMIT")
            found = self._find(store, identifier)
        assert found is not None
        return found, True

    def known(
        self,
        query: str,
        dataset: tuple[list[str], list[str]],
        release_hash: str,
        columns: list[str],
        rows: list[Terms],
    ) -> Citation | None:
        """The citation of that very answer, if it is kept."""
        return self.find(_name(query, dataset, release_hash, digest_of(columns, rows)))

    def find(self, identifier: str) -> Citation | None:
        """The citation of that name."""
        with self._open() as store:
            return self._find(store, identifier)

    def _find(self, store: sqlite3.Connection, identifier: str) -> Citation | None:
        row = store.execute(
            "SELECT id, made, release, hash, query, dataset, kind, total, digest, content FROM citations WHERE id = ?",
            (identifier,),
        ).fetchone()
        if row is None:
            return None
        columns, rows = json.loads(zlib.decompress(row[9])) if row[9] is not None else ([], None)
        default, named = json.loads(row[5])
        return Citation(
            id=row[0],
            made=row[1],
            release=row[2],
            hash=row[3],
            query=row[4],
            dataset=(default, named),
            kind=row[6],
            columns=columns,
            rows=None if rows is None else [(terms, about) for terms, about in rows],
            total=row[7],
            digest=row[8],
        )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as store:
            store.execute("PRAGMA synchronous = FULL")
            try:
                yield store
            finally:
                if store.in_transaction:
                    store.execute("ROLLBACK")


def key_of(terms: Terms) -> str:
    """A row as text: equal rows, and no others, have equal texts."""
    return json.dumps(terms, ensure_ascii=False, sort_keys=True)


def digest_of(columns: list[str], rows: list[Terms]) -> str:
    """The SHA-256 over an answer's columns and its rows in any order, in hex."""
    lines = sorted(map(key_of, rows))
    return hashlib.sha256("\n".join([json.dumps(columns), *lines]).encode()).hexdigest()


def _name(query: str, dataset: Any, release_hash: str, digest: str) -> str:
    whole = json.dumps([query, dataset, release_hash, digest]).encode()
    return base64.b32encode(hashlib.sha256(whole).digest()[:10]).decode().lower()
