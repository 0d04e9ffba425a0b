"""Oxigraph, embedded: a folder of RocksDB files. The only module that opens an Oxigraph store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from catalog.engines import Capabilities, Engine, n_triples
from catalog.errors import CatalogError, Conflict, Damaged, StorageFull

# What Oxigraph says, and what it means to the caller; the first phrase found decides.
MEANINGS: tuple[tuple[str, type[CatalogError], str], ...] = (
    ("No space left", StorageFull, "the disk is full; free some space and publish again"),
    ("lock file", Conflict, "another process is writing to this store; wait for it to end"),
    ("lock hold by", Conflict, "this store is open for writing already"),
    ("Directory exists", Conflict, "a store is there already"),
)
DAMAGED = "the files are not a whole store; run 'xafscat rebuild'"


class OxigraphStore:
    """An open store: an engine's StoreReader and, where it was opened for writing, StoreWriter."""

    def __init__(self, store: ox.Store, where: str) -> None:
        self._open: ox.Store | None = store
        self._where = where

    @property
    def _store(self) -> ox.Store:
        if self._open is None:
            raise Conflict("the store was closed", where=self._where)
        return self._open

    def query(self, text: str) -> Any:
        """The result of a SPARQL query of this project."""
        with _translated(self._where):
            return self._store.query(text)

    def triples(self, subject: str | None = None) -> Iterator[ox.Triple]:
        """All triples, or those of one subject IRI."""
        node = ox.NamedNode(subject) if subject is not None else None
        with _translated(self._where):
            for quad in self._store.quads_for_pattern(node, None, None, ox.DefaultGraph()):
                yield quad.triple

    def holds(self, triple: ox.Triple) -> bool:
        """Whether the triple is in the store."""
        with _translated(self._where):
            return ox.Quad(triple.subject, triple.predicate, triple.object, ox.DefaultGraph()) in self._store

    def count(self) -> int:
        """The number of triples, counted."""
        with _translated(self._where):
            return len(self._store)

    def apply(self, deletes: Iterable[ox.Triple], inserts: Iterable[ox.Triple]) -> None:
        """Take out ``deletes``, then put in ``inserts``, in one transaction."""
        operations = [
            f"{verb} DATA {{\n{text}}}"
            for verb, triples in (("DELETE", deletes), ("INSERT", inserts))
            # Written by the engine's own serializer, so that no value can end the data block.
            if (text := n_triples(triples).decode())
        ]
        if operations:
            with _translated(self._where):
                self._store.update(";\n".join(operations))

    def load(self, n_triples: Path) -> None:
        """Put in the triples of an N-Triples file as new files, without a transaction."""
        with _translated(self._where):
            self._store.bulk_load(path=n_triples, format=ox.RdfFormat.N_TRIPLES)

    def settle(self) -> None:
        """Compact the files, which otherwise stops one of the next changes for as long."""
        with _translated(self._where):
            self._store.optimize()

    def flush(self) -> None:
        """Bring everything that was written to the disk."""
        with _translated(self._where):
            self._store.flush()

    def close(self) -> None:
        """Give up the files; the last reference closes the database."""
        self._open = None


def create(folder: Path) -> OxigraphStore:
    """An empty store in a folder that does not exist yet. Raises Conflict when it does."""
    if folder.exists():
        raise Conflict("a store is there already", where=str(folder))
    with _translated(str(folder)):
        return OxigraphStore(ox.Store(folder), str(folder))


def edit(folder: Path) -> OxigraphStore:
    """The store in ``folder``, for writing. Oxigraph would make one where none is; this raises Damaged."""
    if not (folder / "CURRENT").is_file():
        raise Damaged(DAMAGED, where=str(folder))
    with _translated(str(folder)):
        return OxigraphStore(ox.Store(folder), str(folder))


def read(folder: Path) -> OxigraphStore:
    """The store in ``folder``, for reading. Must not be called while somebody writes to that folder."""
    with _translated(str(folder)):
        return OxigraphStore(ox.Store.read_only(str(folder)), str(folder))


def checkpoint(source: Path, target: Path) -> None:
    """Copy the store ``source``, which nobody writes to, to the new folder ``target`` by hard links."""
    with _translated(str(target)):
        ox.Store.read_only(str(source)).backup(target)


def canonical(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """The triples as a store gives them back: canonical literals, each triple once."""
    memory = ox.Store()
    memory.extend(ox.Quad(item.subject, item.predicate, item.object, ox.DefaultGraph()) for item in triples)
    return [quad.triple for quad in memory]


@contextmanager
def _translated(where: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        text = str(error)
        for phrase, kind, meaning in MEANINGS:
            if phrase in text:
                raise kind(meaning, where=where) from error
        raise Damaged(f"{DAMAGED} ({text[:200]})", where=where) from error


ENGINE = Engine(
    name="oxigraph",
    title={"en": "Oxigraph, embedded", "ja": "Oxigraph（組み込み）"},
    capabilities=Capabilities(checkpoints=True, atomic=True, bulk=True, canonicalises=True),
    create=create,
    edit=edit,
    read=read,
    checkpoint=checkpoint,
    canonical=canonical,
    scratch_files=("LOG", "LOG.old.*", "LOCK"),
)
