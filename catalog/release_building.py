"""Making a release: the one before it copied by hard links, what changed put in, sealed, and shown at once.

Everything happens in a folder nobody reads. Until ``show`` the release before is the one the world sees; a process
that dies at any point leaves only what ``sweep`` removes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pyoxigraph as ox

from catalog.authorities import authority_document, check_ownership, learned_facts, release_triple
from catalog.document import canonical_json
from catalog.engines import Engine, StoreWriter, n_triples, parsed
from catalog.errors import Conflict, Damaged
from catalog.ids import record_iri
from catalog.index_writing import IndexWriter
from catalog.mapping import RecordDocument, to_triples
from catalog.packs import PackReader, PackWriter, Place
from catalog.release_files import (
    INDEX,
    MANIFEST,
    STORE,
    UNFINISHED,
    Layout,
    Manifest,
    documents_hash,
    file_sha256,
    open_files,
    remove,
    sync,
)
from catalog.release_frame import Frame, Shown
from catalog.release_index import RecordRow, index_of
from catalog.statistics import LATEST, Tallies, added, statistics, tally, tally_links, tally_record

# Up to so many documents change in one transaction, which is held in memory; more are loaded as new files.
FEW_DOCUMENTS = 1000
BATCH_TRIPLES = 50_000
# When more than this part of the documents is new, the store is put in order at once.
SETTLE_SHARE = 0.2
SPOOL = "triples.nt"
_TEXT = {
    ox.NamedNode("http://www.w3.org/2001/XMLSchema#string"),
    ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"),
}
TIME = "%Y-%m-%dT%H:%M:%SZ"


class Draft:
    """A release under way. ``previous`` is the one it starts from; None starts from nothing, by bulk load.

    ``replaces`` are the releases on disk that it does not start from and comes after. Use as a context
    manager: what is not sealed by then is removed.
    """

    def __init__(
        self,
        layout: Layout,
        number: int,
        previous: Manifest | None,
        frame: Frame,
        engine: Engine,
        replaces: Sequence[int] = (),
    ) -> None:
        self.number, self.frame = number, frame
        self._replaces = replaces if previous is None else ()
        self._layout, self._previous, self._engine = layout, previous, engine
        self.folder = layout.releases / f"{number}{UNFINISHED}"
        remove(self.folder)
        self.folder.mkdir(parents=True)
        if previous:
            shutil.copyfile(layout.release(previous.number) / INDEX, self.folder / INDEX)
        self.index = IndexWriter(self.folder / INDEX)
        pack = max(map(int, previous.documents)) if previous else number
        self._pack = PackWriter(layout.documents, pack, previous.documents[str(pack)] if previous else 0)
        self._packs = PackReader(layout.documents)
        # By owner, the place its document had in the release before and the one it has now, if any.
        self._changes: dict[str, tuple[Place | None, Place | None]] = {}
        # The documents that are shown no more, and what those count that are shown now.
        self._gone: list[Place] = []
        self._tallies: Tallies = {}
        self._touched: set[str] = set()
        self.files: set[str] = set()
        self._spool_path = self.folder / SPOOL
        self._spooled = self._spool_path.open("wb")
        self.sealed = False

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *_: object) -> None:
        for part in (self._pack, self._packs, self.index, self._spooled):
            part.close()
        if not self.sealed:
            remove(self.folder)

    @property
    def changed(self) -> bool:
        """Whether anything differs from the release this one starts from."""
        catalog = canonical_json(self.frame.catalog)
        same = (self.index.meta("catalog"), self.index.meta("links")) == (catalog, self.frame.links)
        return bool(self._changes) or self._previous is None or not same

    def show(self, shown: Shown) -> bool:
        """Put a record in, or replace it; False when it is there already, the same."""
        content = canonical_json(shown.document).encode()
        old = self.index.record(shown.id)
        same = old and old.place.sha256 == hashlib.sha256(content).digest()
        sets = tuple(self.index.sets_of([shown.id])[shown.id])
        if same and self.index.curves(shown.id) == shown.curves and sets == shown.sets:
            return False
        iri = record_iri(self.frame.base, shown.id)
        triples = to_triples(shown.document)
        check_ownership(iri, triples, self.frame.base)
        if old:
            self._touched |= self._dropped(old)
        place = self._put(iri, old.place if old else None, content, triples)
        stored = self._stored(triples)
        self._count(stored, shown.document)
        row = RecordRow(
            *(shown.id, shown.withdrawn, place, shown.issued, shown.modified, len(stored), shown.release)
        )
        facts = learned_facts(shown.document, self.frame.base)
        self._touched |= self.index.put_record(row, shown.document, facts, shown.curves, shown.sets)
        self.files.update(shown.curves.values(), open_files(shown.document))
        return True

    def drop(self, identifier: str) -> bool:
        """Take a record out without a trace; False when it is not there."""
        old = self.index.record(identifier)
        if old is None:
            return False
        self._touched |= self._dropped(old)
        self._note(record_iri(self.frame.base, identifier), old.place, None)
        return True

    def seal(self, now: datetime) -> Manifest:
        """Finish the files and bring them to the disk, in a folder under the release's own number."""
        self._learn()
        self._pack.sync()
        old_catalog, old_text = self.index.meta("catalog"), self._text()
        self._put_frame(now, self._statistics())
        totals = self.index.totals()
        release_hash = self._hash()
        self.index.put_meta("hash", release_hash)
        self._make_store(old_catalog, old_text, totals["triples"])
        self._note_unserved()
        self.index.finish()
        manifest = Manifest(
            number=self.number,
            hash=release_hash,
            base=self.frame.base,
            made=now.astimezone(UTC).strftime(TIME),
            recipe=self.frame.recipe,
            engine=self._engine.name,
            totals=totals,
            documents=self._documents(),
            files=self._files(),
        )
        manifest.write(self.folder / MANIFEST)
        sync([self._layout.documents, self.folder / STORE, self.folder])
        self.folder.rename(self._layout.release(self.number))
        sync([self._layout.releases])
        self.sealed = True
        return manifest

    def _learn(self) -> None:
        for iri in sorted(self._touched):
            document = authority_document(iri, self.index.facts(iri))
            found = self.index.authority(iri)
            old = found[0] if found else None
            if document is None:
                if old:
                    self.index.put_authority(iri, None, 0)
                    self._note(iri, old, None)
                continue
            content = canonical_json(document).encode()
            if old and old.sha256 == hashlib.sha256(content).digest():
                continue
            triples = to_triples(document)
            check_ownership(iri, triples, self.frame.base)
            place = self._put(iri, old, content, triples)
            stored = self._stored(triples)
            self._count(stored)
            self.index.put_authority(iri, place, len(stored))

    def _statistics(self) -> str:
        """The graph of the statistics as N-Triples, made from what the index knows and what has changed."""
        tallies, base = self.index.tallies(), self.frame.base
        if not tallies:
            added(tallies, tally(self._engine.canonical(self.frame.shipped()), base))
        else:
            old_catalog = json.loads(self.index.meta("catalog"))
            old_own = [*to_triples(old_catalog), release_triple(base, 0)]
            added(tallies, tally(self._stored(old_own), base), -1)
        added(tallies, self._tallies)
        for place in self._gone:
            document = self._document(place)
            added(tallies, self._tallied(self._stored(to_triples(document)), document), -1)
        added(tallies, tally(self._stored(self._own_triples()), base))
        if (before := self.index.meta("links")) != self.frame.links:
            for text, sign in ((before, -1), (self.frame.links, 1)):
                added(tallies, tally_links(parsed(text), self.frame.shipped(), base), sign)
        self.index.put_tallies(tallies)
        latest = [record_iri(base, row.id) for row in self.index.latest(LATEST)]
        triples = statistics(base, tallies, latest, self.frame.catalog["license"])
        check_ownership(f"{base}/statistics", triples, base)
        return n_triples(sorted(triples, key=str)).decode()

    def _count(self, stored: Iterable[ox.Triple], document: RecordDocument | None = None) -> None:
        added(self._tallies, self._tallied(stored, document or {}))

    def _tallied(self, stored: Iterable[ox.Triple], document: RecordDocument) -> Tallies:
        return {**tally(stored, self.frame.base), **tally_record(document, self.frame.base)}

    def _put_frame(self, now: datetime, counted: str) -> None:
        own = len(self._stored(self._own_triples())) + f"{self.frame.links}{counted}".count("\n")
        shipped = int(self.index.meta("shipped_triples") or len(self._engine.canonical(self.frame.shipped())))
        before = int(self.index.meta("frame_triples") or 0)
        self.index.add("triples", shipped + own - before)
        for name, value in {
            "release": str(self.number),
            "made": now.astimezone(UTC).strftime(TIME),
            "base": self.frame.base,
            "catalog": canonical_json(self.frame.catalog),
            "shipped_triples": str(shipped),
            "frame_triples": str(shipped + own),
            "links": self.frame.links,
            "statistics": counted,
        }.items():
            self.index.put_meta(name, value)

    def _text(self) -> str:
        """The graphs of links and statistics, which the index keeps as N-Triples."""
        return self.index.meta("links") + self.index.meta("statistics")

    def _own_triples(self) -> list[ox.Triple]:
        triples = to_triples(self.frame.catalog)
        check_ownership(self.frame.catalog["id"], triples, self.frame.base)
        return [*triples, release_triple(self.frame.base, self.number)]

    def _note_unserved(self) -> None:
        for number in self._replaces:
            with suppress(Damaged), index_of(self._layout, number) as replaced:
                self.index.note_unserved(replaced.served())

    def _hash(self) -> str:
        places = self._changes.values()
        hashes = self.index.hashes(
            {old.sha256 for old, _ in places if old}, [new.sha256 for _, new in places if new]
        )
        return documents_hash(self.frame.recipe, self.frame.catalog, hashes, self.frame.links)

    def _make_store(self, old_catalog: str, old_text: str, total: int) -> None:
        path = self.folder / STORE
        if self._previous is None:
            counted = parsed(self._text())
            self._spool(chain(self.frame.shipped(), self._own_triples(), counted))
            store = self._engine.create(path)
        else:
            self._engine.checkpoint(self._layout.release(self._previous.number) / STORE, path)
            store = self._engine.edit(path)
        try:
            if self._previous is None:
                self._load(store)
                if store.count() != total:
                    raise Damaged(
                        f"the store holds {store.count()} triples, its documents {total}", where=str(path)
                    )
            else:
                self._change(store, self._previous.number, old_catalog, old_text)
            store.flush()
        finally:
            store.close()

    def _change(self, store: StoreWriter, previous: int, old_catalog: str, old_text: str) -> None:
        deletes, inserts = [release_triple(self.frame.base, previous)], self._own_triples()
        if old_catalog != canonical_json(self.frame.catalog):
            deletes += to_triples(json.loads(old_catalog))
        before, after = (set(text.splitlines(keepends=True)) for text in (old_text, self._text()))
        deletes += parsed("".join(sorted(before - after)))
        inserts += parsed("".join(sorted(after - before)))
        if len(self._changes) <= FEW_DOCUMENTS:
            for old, new in self._changes.values():
                deletes += self._triples_at(old)
                inserts += self._triples_at(new)
            store.apply(deletes, inserts)
            return
        # Nobody reads this store yet, so that it need not change in one step.
        for old, _ in self._changes.values():
            deletes += self._triples_at(old)
            if len(deletes) > BATCH_TRIPLES:
                store.apply(deletes, [])
                deletes = []
        store.apply(deletes, inserts)
        for _, new in self._changes.values():
            self._spool(self._triples_at(new))
        self._load(store)

    def _spool(self, triples: Iterable[ox.Triple]) -> None:
        self._spooled.write(n_triples(triples))

    def _load(self, store: StoreWriter) -> None:
        self._spooled.close()
        store.load(self._spool_path)
        self._spool_path.unlink()
        if len(self._changes) > SETTLE_SHARE * self.index.total("records"):
            store.settle()

    def _dropped(self, old: RecordRow) -> set[str]:
        return self.index.drop_record(old.id, self._document(old.place))

    def _document(self, place: Place) -> RecordDocument:
        content: RecordDocument = json.loads(self._packs.get(place))
        return content

    def _triples_at(self, place: Place | None) -> list[ox.Triple]:
        return to_triples(self._document(place)) if place else []

    def _stored(self, triples: list[ox.Triple]) -> Collection[ox.Triple]:
        """The triples the store will hold: spellings of one value beside each other become one."""
        typed = [
            (triple.subject, triple.predicate)
            for triple in triples
            if isinstance(triple.object, ox.Literal) and triple.object.datatype not in _TEXT
        ]
        if len(typed) == len(set(typed)):
            return set(triples)
        return self._engine.canonical(triples)

    def _put(self, owner: str, old: Place | None, content: bytes, triples: list[ox.Triple]) -> Place:
        place = self._pack.put(content)
        if self._previous is None:
            if owner in self._changes:
                raise Conflict("a document is put into a release twice", where=owner)
            self._spool(triples)
        self._note(owner, old, place)
        return place

    def _note(self, owner: str, old: Place | None, new: Place | None) -> None:
        if old is not None:
            self._gone.append(old)
        first = self._changes.setdefault(owner, (old, new))
        self._changes[owner] = (first[0], new)

    def _documents(self) -> dict[str, int]:
        packs = dict(self._previous.documents) if self._previous else {}
        packs[str(self._pack.number)] = self._pack.end
        return packs

    def _files(self) -> dict[str, tuple[str, int]]:
        """Name, SHA-256 and size of each file; those shared with the release before keep their recorded hash."""
        for pattern in self._engine.scratch_files:
            for path in (self.folder / STORE).glob(pattern):
                path.unlink()
        self._spooled.close()
        self._spool_path.unlink(missing_ok=True)
        found = {}
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            name = path.relative_to(self.folder).as_posix()
            known = self._known_hash(name, path)
            if known is None:
                sync([path])
                known = file_sha256(path)
            found[name] = (known, path.stat().st_size)
        return found

    def _known_hash(self, name: str, path: Path) -> str | None:
        if self._previous is None or name not in self._previous.files:
            return None
        with suppress(OSError):
            if path.samefile(self._layout.release(self._previous.number) / name):
                return self._previous.files[name][0]
        return None
