"""Writing the index of a release that is being made: a record taken out, a record put in, totals kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from catalog.errors import Damaged
from catalog.mapping import RecordDocument
from catalog.packs import Place
from catalog.postings import Changes, pack
from catalog.release_index import PUBLISHED, ROW, SPECTRUM_TERMS, WITHDRAWN, IndexReader, RecordRow
from catalog.release_schema import SCHEMA
from catalog.search_words import words_of
from catalog.vocabulary import vocabulary

HASH_BYTES = 32
# Blocks of words that may have changed in memory, of at most 2 KiB each.
MOST_BLOCKS = 20_000
# Of the release itself and not of the one before it: emptied when a release is begun.
OF_THIS_RELEASE = ("superseded", "unserved")


class IndexWriter(IndexReader):
    """The index of a release that is being made. Nothing is kept before ``finish``: what is interrupted is swept."""

    def __init__(self, path: Path) -> None:
        fresh = not path.exists()
        super().__init__(path, immutable=False)
        self._words = Changes()
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            self._run(f"PRAGMA {pragma}")
        # What was withdrawn must not stay readable in unused pages.
        self._run("PRAGMA secure_delete = ON")
        self._run("BEGIN")
        if fresh:
            for statement in SCHEMA.split(";\n"):
                self._run(statement)
        for table in OF_THIS_RELEASE:
            self._run(f"DELETE FROM {table}")  # noqa: S608

    def put_meta(self, name: str, value: str) -> None:
        """Set an entry of the release's own description."""
        self._run("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, value)

    def add(self, name: str, number: int) -> None:
        """Add to a total."""
        self._run(
            "INSERT INTO totals VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
            name,
            number,
        )

    def put_tallies(self, tallies: Mapping[tuple[str, str], Decimal]) -> None:
        """Replace all tallies; only rows that differ are written."""
        before = self.tallies()
        for kind, name in before.keys() - tallies.keys():
            self._run("DELETE FROM tallies WHERE kind = ? AND name = ?", kind, name)
        for (kind, name), value in tallies.items():
            if before.get((kind, name)) != value:
                self._run("INSERT OR REPLACE INTO tallies VALUES (?, ?, ?)", kind, name, f"{value:f}")

    def drop_record(self, identifier: str, document: RecordDocument) -> set[str]:
        """Take a record and all its rows out; the IRIs of the authorities it said something of.

        ``document`` is the one it was put in with.
        """
        key = self._value("SELECT key FROM records WHERE id = ?", identifier)
        if key is None:
            return set()
        row = self.record(identifier)
        assert row is not None
        self._run(
            "INSERT INTO superseded VALUES (?, ?, ?)", row.place.pack, row.place.offset, row.place.length
        )
        self.add("withdrawn" if row.withdrawn else "records", -1)
        self.add("triples", -row.triples)
        columns = ", ".join(SPECTRUM_TERMS)
        for numbers in self._all(f"SELECT {columns}, curve FROM spectra WHERE record = ?", key):  # noqa: S608
            self.add("spectra", -1)
            self._forget_terms(numbers[:-1])
            self._unserve(numbers[-1])
        self._forget_terms(edge for (edge,) in self._all("SELECT edge FROM edges WHERE record = ?", key))
        for media_type, sha in self._all("SELECT media_type, sha256 FROM files WHERE record = ?", key):
            self.add("files", -1)
            self._forget_terms([media_type])
            self._unserve(sha)
        if not row.withdrawn:
            self._note_words(document, key, says=False)
        touched = self._forget_facts(key)
        for (number,) in self._all('SELECT "set" FROM members WHERE record = ?', key):
            self._run("UPDATE sets SET uses = uses - 1 WHERE key = ?", number)
            self._run("DELETE FROM sets WHERE key = ? AND uses = 0", number)
        for table in ("spectra", "edges", "files", "learned", "members"):
            self._run(f"DELETE FROM {table} WHERE record = ?", key)  # noqa: S608
        self._run("DELETE FROM records WHERE key = ?", key)
        return touched

    def put_record(
        self,
        row: RecordRow,
        document: RecordDocument,
        facts: Iterable[tuple[str, str]] = (),
        curves: dict[str, str] | None = None,
        sets: Iterable[str] = (),
    ) -> set[str]:
        """Put a record in; the IRIs of the authorities it says something of.

        ``facts`` are (IRI, text) pairs; ``curves`` the SHA-256 in hex of the points of each spectrum whose
        data are open, by its fragment; ``sets`` the specs of its harvest sets.
        """
        place = row.place
        self._run(
            f"INSERT INTO records ({ROW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            *(row.id, WITHDRAWN if row.withdrawn else PUBLISHED),
            *(place.pack, place.offset, place.length, place.sha256),
            *(row.issued.toordinal(), int(row.modified.timestamp()), row.triples, row.release),
        )
        self.add("withdrawn" if row.withdrawn else "records", 1)
        self.add("triples", row.triples)
        key = self._value("SELECT key FROM records WHERE id = ?", row.id)
        for spec in sets:
            self._run(
                "INSERT INTO sets (spec, uses) VALUES (?, 1) ON CONFLICT (spec) DO UPDATE SET uses = uses + 1",
                spec,
            )
            self._run("INSERT INTO members SELECT ?, key FROM sets WHERE spec = ?", key, spec)
        file_number = 0
        for number, spectrum in enumerate(document.get("spectra", []), 1):
            part = spectrum["id"].partition("#")[2]
            curve = bytes.fromhex((curves or {}).get(part, "")) or None
            self._run(
                "INSERT INTO spectra VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(key, number, part, *(self._term(text) for text in _spectrum_terms(document, spectrum))),
                *(spectrum.get("formula_reduced"), curve),
            )
            for edge in _edges(spectrum):
                self._run("INSERT INTO edges VALUES (?, ?, ?)", key, number, self._term(edge))
            self.add("spectra", 1)
            self._serve(curve)
            for file in spectrum.get("files", []):
                if "download_url" in file:
                    file_number += 1
                    self._put_file(key, file_number, number, file)
        if not row.withdrawn:
            self._note_words(document, key, says=True)
        return self._learn(key, facts)

    def put_authority(self, iri: str, place: Place | None, triples: int) -> None:
        """Put in, replace, or (without a place) take out the document of a learned authority."""
        if present := self.authority(iri):
            old = present[0]
            self._run("INSERT INTO superseded VALUES (?, ?, ?)", old.pack, old.offset, old.length)
            self._run("DELETE FROM authorities WHERE iri = ?", iri)
            self.add("triples", -present[1])
        if place:
            self._run(
                "INSERT INTO authorities VALUES (?, ?, ?, ?, ?, ?)",
                *(iri, place.pack, place.offset, place.length, place.sha256, triples),
            )
            self.add("triples", triples)

    def hashes(self, gone: Collection[bytes], new: Iterable[bytes]) -> list[bytes]:
        """The sorted SHA-256 of every document but the catalog's own, now that some are gone and some are new.

        Raises Damaged when one that is gone was not there.
        """
        # Kept as one value, because to read it from all rows costs as much as the rest of a small publication.
        joined = self._value("SELECT sorted FROM hashes") or b""
        before = [joined[start : start + HASH_BYTES] for start in range(0, len(joined), HASH_BYTES)]
        kept = [sha for sha in before if sha not in gone]
        if len(before) != len(kept) + len(gone):
            raise Damaged(
                "the index lacks the hash of a document that it shows; run 'xafscat rebuild'",
                where=str(self._path),
            )
        now = sorted([*kept, *new])
        self._run("INSERT OR REPLACE INTO hashes VALUES (1, ?)", b"".join(now))
        return now

    def note_unserved(self, files: Iterable[str]) -> None:
        """Note files that a release before this one served; ``finish`` leaves those that this one serves as well."""
        for sha in files:
            self._run("INSERT OR IGNORE INTO unserved VALUES (?)", bytes.fromhex(sha))

    def finish(self) -> None:
        """Write everything to the file. The caller brings it to the disk."""
        self._write_words()
        self._run("DELETE FROM unserved WHERE sha256 IN (SELECT sha256 FROM served)")
        self._run("COMMIT")
        self.close()

    def close(self) -> None:
        """Close the file; without ``finish`` it is worthless."""
        with suppress(sqlite3.Error):
            super().close()

    def _note_words(self, document: RecordDocument, key: int, *, says: bool) -> None:
        self._words.note(words_of(document, vocabulary()), key, says)
        if len(self._words) > MOST_BLOCKS:
            self._write_words()

    def _write_words(self) -> None:
        for word, block, more, less in self._words.take():
            before = self._bits("word = ? AND block = ?", word, block).get(block, 0)
            if bits := before & ~less | more:
                self._run("INSERT OR REPLACE INTO words VALUES (?, ?, ?)", word, block, pack(bits))
            elif before:
                self._run("DELETE FROM words WHERE word = ? AND block = ?", word, block)

    def _put_file(self, record: int, number: int, spectrum: int, file: RecordDocument) -> None:
        sha = bytes.fromhex(file["checksum"]["digest"])
        media_type = file.get("media_type", "").removeprefix("https://www.iana.org/assignments/media-types/")
        self._run(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(record, number, spectrum, sha, file.get("file_name", sha.hex()[:16])),
            *(self._term(media_type or None), int(file["bytes"]) if "bytes" in file else None),
        )
        self.add("files", 1)
        self._serve(sha)

    def _serve(self, sha: bytes | None) -> None:
        if sha:
            self._run("INSERT INTO served VALUES (?, 1) ON CONFLICT DO UPDATE SET uses = uses + 1", sha)

    def _unserve(self, sha: bytes | None) -> None:
        if sha:
            self._run("UPDATE served SET uses = uses - 1 WHERE sha256 = ?", sha)
            self._run(
                "INSERT OR IGNORE INTO unserved SELECT sha256 FROM served WHERE sha256 = ? AND uses = 0", sha
            )
            self._run("DELETE FROM served WHERE sha256 = ? AND uses = 0", sha)

    def _learn(self, record: int, facts: Iterable[tuple[str, str]]) -> set[str]:
        touched = set()
        for iri, text in sorted(set(facts)):
            key = self._value("SELECT key FROM facts WHERE iri = ? AND text = ?", iri, text)
            if key is None:
                self._run("INSERT INTO facts (iri, text, uses) VALUES (?, ?, 1)", iri, text)
                key = self._value("SELECT last_insert_rowid()")
            else:
                self._run("UPDATE facts SET uses = uses + 1 WHERE key = ?", key)
            self._run("INSERT INTO learned VALUES (?, ?)", record, key)
            touched.add(iri)
        return touched

    def _forget_facts(self, record: int) -> set[str]:
        touched = set()
        for fact, iri in self._all(
            "SELECT f.key, f.iri FROM learned l JOIN facts f ON f.key = l.fact WHERE l.record = ?", record
        ):
            self._run("UPDATE facts SET uses = uses - 1 WHERE key = ?", fact)
            self._run("DELETE FROM facts WHERE key = ? AND uses = 0", fact)
            touched.add(iri)
        return touched

    def _term(self, text: str | None) -> int | None:
        if text is None:
            return None
        self._run(
            "INSERT INTO terms (text, uses) VALUES (?, 1) ON CONFLICT (text) DO UPDATE SET uses = uses + 1",
            text,
        )
        return int(self._value("SELECT key FROM terms WHERE text = ?", text))

    def _forget_terms(self, keys: Iterable[int | None]) -> None:
        for key in keys:
            if key is not None:
                self._run("UPDATE terms SET uses = uses - 1 WHERE key = ?", key)
                self._run("DELETE FROM terms WHERE key = ? AND uses = 0", key)

    def _all(self, sql: str, *values: Any) -> list[Any]:
        return list(self.rows(sql, *values))

    def _run(self, sql: str, *values: Any) -> None:
        self._all(sql, *values)


def _edges(spectrum: RecordDocument) -> set[str]:
    edge = spectrum.get("edge", [])
    return set(edge if isinstance(edge, list) else [edge])


def _spectrum_terms(document: RecordDocument, spectrum: RecordDocument) -> tuple[str | None, ...]:
    return (
        spectrum.get("element"),
        _place_term(document, spectrum, "facility"),
        _place_term(document, spectrum, "beamline"),
        spectrum.get("measurement", {}).get("mode"),
        document.get("sample", {}).get("material"),
    )


def _place_term(document: RecordDocument, spectrum: RecordDocument, key: str) -> str | None:
    """The IRI of a registered facility or beamline, the name of one that only this record describes."""
    value = spectrum.get(key)
    if isinstance(value, dict) or (isinstance(value, str) and value.startswith(document["id"] + "#")):
        described = value if isinstance(value, dict) else document.get(key)
        names = described.get("name", {}) if isinstance(described, dict) else {}
        for language in ("en", "@none", *sorted(names)):
            if language in names:
                return str(names[language])
        return None
    return value
