"""Releases as everybody reads them: immutable, opened read-only, followed when the next one is shown."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson
import pyoxigraph as ox

from catalog.errors import Damaged, NotFound
from catalog.mapping import RecordDocument
from catalog.packs import PackReader
from catalog.release_files import INDEX, STORE, Layout, Manifest, missing_files, read_manifest
from catalog.release_index import FileRow, IndexReader, RecordRow, Span

# More would be file handles for nothing: look-ups take microseconds.
IDLE_READERS = 16


class NoRelease(NotFound):
    """Nothing has been published yet."""

    code = "no-release"


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as a release shows it: its public document, or the tombstone of a withdrawn one.

    ``issued`` is the day it was first shown, ``datestamp`` the moment it last changed, ``release`` the number of
    the release that changed it, ``sha256`` the hash of the document's canonical JSON in hex.
    """

    id: str
    state: Literal["published", "withdrawn"]
    document: RecordDocument
    issued: date
    datestamp: datetime
    release: int
    sha256: str


class OpenFile(NamedTuple):
    """A data file everybody may have: where it is (named by its SHA-256), the depositor's name for it, its type."""

    path: Path
    name: str
    media_type: str


class Release:
    """One release, open for reading. Safe to share between threads; it never changes.

    The files are given up when the last reference goes, so a request can keep the release it began with.
    """

    def __init__(self, layout: Layout, manifest: Manifest) -> None:
        self._layout = layout
        self.manifest = manifest
        self.path = layout.release(manifest.number)
        self._packs = PackReader(layout.documents)
        self._idle: list[IndexReader] = []
        self._spectra_by: dict[str, dict[str, int]] = {}
        self._finalizer = weakref.finalize(self, _close, self._packs, self._idle)
        with self._index() as index:
            if index.meta("release") != str(manifest.number) or index.meta("hash") != manifest.hash:
                raise Damaged(
                    "the index belongs to another release; run 'xafscat rebuild'", where=str(self.path)
                )

    @property
    def number(self) -> int:
        """The release's number: higher is newer."""
        return self.manifest.number

    @property
    def hash(self) -> str:
        """The hash over all public documents, in hex."""
        return self.manifest.hash

    @property
    def base(self) -> str:
        """What the IRIs of this catalog begin with."""
        return self.manifest.base

    @property
    def made(self) -> str:
        """The moment of publication, ISO 8601 in UTC."""
        return self.manifest.made

    @property
    def store_path(self) -> Path:
        """The folder of the triple store, to be opened read-only."""
        return self.path / STORE

    def record(self, identifier: str) -> Entry | None:
        """The record with this id; None for one that was never public."""
        with self._index() as index:
            row = index.record(identifier)
        return self._entry(row) if row else None

    def row(self, identifier: str) -> RecordRow | None:
        """The record's line in the index, without its document."""
        with self._index() as index:
            return index.record(identifier)

    def latest(self, limit: int) -> list[Entry]:
        """The published records issued last, newest first."""
        with self._index() as index:
            rows = index.latest(limit)
        return [self._entry(row) for row in rows]

    def rows(self, after: str = "", limit: int = 1000) -> list[RecordRow]:
        """A page of the records, published and withdrawn, in the order of their ids; ``after`` is the last id seen."""
        with self._index() as index:
            return list(index.records(after, limit))

    def all_rows(self) -> Iterator[RecordRow]:
        """All records, published and withdrawn, in the order of their ids, read page by page."""
        after = ""
        while page := self.rows(after):
            yield from page
            after = page[-1].id

    def ids(self) -> Iterator[str]:
        """The ids of all published records, in order."""
        return (row.id for row in self.all_rows() if not row.withdrawn)

    def entries(self) -> Iterator[Entry]:
        """All records with their documents, published and withdrawn, in the order of their ids."""
        return map(self._entry, self.all_rows())

    def counts(self) -> dict[str, int]:
        """How many records, withdrawn ones, spectra, open files, triples, elements and facilities there are."""
        return self._counts

    @cached_property
    def _counts(self) -> dict[str, int]:
        with self._index() as index:
            totals = index.totals()
        names = ("records", "withdrawn", "spectra", "files", "triples")
        groups = {"elements": "element", "facilities": "facility"}
        return {
            **{name: totals.get(name, 0) for name in names},
            **{name: len(self.spectra_by(column)) for name, column in groups.items()},
        }

    def spectra_by(self, column: str) -> dict[str, int]:
        """The number of spectra by a facet such as element or material, most frequent first; counted once."""
        if column not in self._spectra_by:
            with self._index() as index:
                self._spectra_by[column] = index.spectra_by(column)
        return self._spectra_by[column]

    def listed(
        self, *, text: str = "", offset: int = 0, limit: int = 50, **chosen: str
    ) -> tuple[int, list[Entry]]:
        """How many records have one spectrum of that element, edge, facility, beamline and mode, and those words.

        What is not given, or "", is any. And a page of them, newest first.
        """
        with self._index() as index:
            total, rows = index.listed(chosen, offset, limit, text)
        return total, [self._entry(row) for row in rows]

    def withdrawn_since(self, release: int) -> bool:
        """Whether any record was withdrawn after the release of that number."""
        with self._index() as index:
            return index.withdrawn_since(release)

    def files(self, identifier: str) -> list[OpenFile]:
        """The open files of a record."""
        with self._index() as index:
            return [self._open_file(row) for row in index.files(identifier)]

    def file(self, identifier: str, sha_prefix: str) -> OpenFile | None:
        """The open file of a record whose SHA-256 begins with ``sha_prefix`` (at least 8 hex digits)."""
        if len(sha_prefix) < 8:
            return None
        return next((file for file in self.files(identifier) if file.path.name.startswith(sha_prefix)), None)

    def curve(self, identifier: str, part: str) -> bytes | None:
        """The points of a spectrum as JSON, when its data are open; ``part`` is its fragment, ``spectrum-1``."""
        with self._index() as index:
            sha = index.curve(identifier, part)
        if sha is None:
            return None
        try:
            return self._layout.file(sha).read_bytes()
        except OSError as error:
            raise Damaged(
                f"the points of a spectrum cannot be read ({error.strerror}); run 'xafscat rebuild'",
                where=f"{identifier}#{part}",
            ) from error

    def curves(self, identifier: str) -> dict[str, str]:
        """The SHA-256 in hex of the open points of each spectrum of a record, by its fragment."""
        with self._index() as index:
            return index.curves(identifier)

    def authority(self, iri: str) -> RecordDocument | None:
        """The document of a person, organisation, sample or round-robin that published records name."""
        with self._index() as index:
            found = index.authority(iri)
        return self._document(found[0]) if found else None

    def authorities(self) -> Iterator[RecordDocument]:
        """The documents of all learned authorities, in the order of their IRIs."""
        with self._index() as index:
            places = [place for _, place in index.authorities()]
        yield from map(self._document, places)

    def series(self, offset: int, limit: int) -> tuple[int, list[str]]:
        """How many samples and round-robins its records name, and the IRIs of some, in order."""
        with self._index() as index:
            return index.series(self.base, offset, limit)

    @cached_property
    def catalog(self) -> RecordDocument:
        """The document of the catalog itself."""
        with self._index() as index:
            content: RecordDocument = orjson.loads(index.meta("catalog"))
        return content

    @cached_property
    def links(self) -> str:
        """The graph of the public links of materials, as sorted N-Triples."""
        with self._index() as index:
            return index.meta("links")

    @cached_property
    def link_graph(self) -> dict[str, list[ox.Triple]]:
        """The triples of the public links by subject: materials, mappings, entries of databases."""
        found: dict[str, list[ox.Triple]] = {}
        for quad in ox.parse(self.links, format=ox.RdfFormat.N_TRIPLES):
            subject = quad.subject
            assert isinstance(subject, ox.NamedNode)  # links are made without blank nodes
            found.setdefault(subject.value, []).append(quad.triple)
        return found

    def links_of(self, material: str) -> list[ox.Triple]:
        """The triples of a material's public links and of their mappings."""
        return [
            triple
            for subject, triples in self.link_graph.items()
            if subject == material or subject.startswith(f"{material}#")
            for triple in triples
        ]

    def of_materials(self, materials: Sequence[str], *, offset: int, limit: int) -> tuple[int, list[Entry]]:
        """How many records have a sample of one of these materials, and a page of them, newest first."""
        with self._index() as index:
            total, rows = index.of_materials(materials, offset, limit)
        return total, [self._entry(row) for row in rows]

    def naming(self, authority: str, *, offset: int, limit: int) -> tuple[int, list[Entry]]:
        """How many records name a learned authority, and a page of them, in the order of their ids."""
        with self._index() as index:
            total, rows = index.naming(authority, offset, limit)
        return total, [self._entry(row) for row in rows]

    @cached_property
    def statistics(self) -> list[ox.Triple]:
        """The graph of the statistics, as ``catalog.statistics`` makes it; empty for a release of an older program."""
        with self._index() as index:
            text = index.meta("statistics")
        return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)]

    def describe(self, iri: str) -> RecordDocument | None:
        """The document that owns an IRI: a record's (also of its fragments), an authority's or the catalog's."""
        owner = iri.partition("#")[0]
        if owner == f"{self.base}/catalog":
            return self.catalog
        prefix = f"{self.base}/record/"
        if owner.startswith(prefix):
            entry = self.record(owner.removeprefix(prefix))
            return entry.document if entry else None
        return self.authority(iri)

    def shown(self, offset: int, limit: int) -> list[RecordRow]:
        """A page of the published records, in the order of their ids."""
        with self._index() as index:
            return index.shown(offset, limit)

    def sets(self) -> list[str]:
        """The specs of all harvest sets."""
        with self._index() as index:
            return index.sets()

    def sets_of(self, identifiers: Sequence[str]) -> dict[str, list[str]]:
        """The specs of the harvest sets of each of these records; a withdrawn one keeps those it had."""
        with self._index() as index:
            return index.sets_of(identifiers)

    def changes(self, span: Span, after: tuple[int, str] = (-1, ""), limit: int = 100) -> list[RecordRow]:
        """A page of the records of a span, by datestamp and id; ``after`` is the last one seen."""
        with self._index() as index:
            return index.changes(span, after, limit)

    def changes_total(self, span: Span) -> int:
        """How many records a span holds."""
        with self._index() as index:
            return index.changes_total(span)

    def earliest(self) -> datetime | None:
        """The oldest datestamp of any record, withdrawn ones included."""
        with self._index() as index:
            return index.earliest()

    def entry(self, row: RecordRow) -> Entry:
        """The record of a row, with its document."""
        return self._entry(row)

    def close(self) -> None:
        """Give up the files now; no thread may be using the release."""
        self._finalizer()

    def _entry(self, row: RecordRow) -> Entry:
        return Entry(
            row.id,
            "withdrawn" if row.withdrawn else "published",
            self._document(row.place),
            row.issued,
            row.modified,
            row.release,
            row.place.sha256.hex(),
        )

    def _document(self, place: Any) -> RecordDocument:
        content: RecordDocument = orjson.loads(self._packs.get(place))
        return content

    def _open_file(self, row: FileRow) -> OpenFile:
        return OpenFile(self._layout.file(row.sha256), row.name, row.media_type)

    @contextmanager
    def _index(self) -> Iterator[IndexReader]:
        if not self._finalizer.alive:
            raise Damaged("the release was closed", where=str(self.path))
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = IndexReader(self.path / INDEX)
        try:
            yield reader
        finally:
            if len(self._idle) < IDLE_READERS:
                self._idle.append(reader)
            else:
                reader.close()


def open_release(public: Path, number: int) -> Release:
    """A release by its number. Raises Damaged when it is not there whole."""
    layout = Layout(public)
    manifest = read_manifest(layout.release(number))
    if missing := missing_files(layout, manifest):
        raise Damaged(
            f"{len(missing)} files are missing or cut, {missing[0]} among them; run 'xafscat rebuild'",
            where=str(layout.release(number)),
        )
    return Release(layout, manifest)


def open_current(public: Path) -> Release:
    """The release that is shown. Raises NoRelease before the first publication, Damaged when it is not whole."""
    number = Layout(public).current_number()
    while number is not None:
        try:
            return open_release(public, number)
        except Damaged:
            # It may have been removed, as an old one, between the look at the link and the opening.
            if (now := Layout(public).current_number()) == number:
                raise
            number = now
    raise NoRelease("nothing has been published yet; run 'xafscat publish'", where=str(public))


def _close(packs: PackReader, idle: list[IndexReader]) -> None:
    packs.close()
    while idle:
        idle.pop().close()
