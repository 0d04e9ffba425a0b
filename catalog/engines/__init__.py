"""Engines: one module a triple store, one constant ``ENGINE`` in it.

An engine keeps one default graph. It is written only while a release is being made and read-only ever after.
Members are found by scanning this folder and the entry points ``xafscat.engines``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pyoxigraph as ox

from catalog.engines._sorting import sorted_lines
from catalog.errors import NotFound
from catalog.plugins import plugins


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do; publishing asks before it relies on one.

    ``checkpoints``: a store can be copied to a new folder at a cost that hardly grows with its size.
    ``atomic``: ``apply`` happens whole or not at all. ``bulk``: ``load`` is much faster than ``apply``.
    ``canonicalises``: literals are stored in a canonical spelling (``3.10`` becomes ``3.1``).
    """

    checkpoints: bool
    atomic: bool
    bulk: bool
    canonicalises: bool


class StoreReader(Protocol):
    """A store open for reading; many processes may have the same one open."""

    def query(self, text: str) -> Any:
        """The result of a SPARQL query that this project wrote (never a stranger's: see ``server.query``)."""

    def triples(self, subject: str | None = None) -> Iterator[ox.Triple]:
        """All triples, or those of one subject IRI, as the engine spells them."""

    def holds(self, triple: ox.Triple) -> bool:
        """Whether the triple is in the store."""

    def count(self) -> int:
        """The number of triples, counted (linear in the size of the store)."""

    def close(self) -> None:
        """Give up the files."""


class StoreWriter(StoreReader, Protocol):
    """A store open for writing, by one process."""

    def apply(self, deletes: Iterable[ox.Triple], inserts: Iterable[ox.Triple]) -> None:
        """Take out ``deletes``, then put in ``inserts``, in one transaction."""

    def load(self, n_triples: Path) -> None:
        """Put in the triples of an N-Triples file without holding them in memory; not one transaction."""

    def settle(self) -> None:
        """Sort what ``load`` has put in among the rest; takes long, and spares a later change from doing it."""

    def flush(self) -> None:
        """Bring everything that was written to the disk."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An embedded triple store, one folder a store.

    ``create`` makes an empty store in a folder that does not exist yet, ``edit`` opens one for writing,
    ``read`` for reading, ``checkpoint`` copies a store nobody writes to (source, target) to a new folder.
    ``canonical`` gives triples as the engine would give them back, repeated ones once.
    ``scratch_files`` are name patterns of files that no reader needs. All raise StorageFull on a full disk,
    Damaged when the files are not a whole store, Conflict when another process writes to it.
    """

    name: str
    title: dict[str, str]
    capabilities: Capabilities
    create: Callable[[Path], StoreWriter]
    edit: Callable[[Path], StoreWriter]
    read: Callable[[Path], StoreReader]
    checkpoint: Callable[[Path, Path], None]
    canonical: Callable[[Iterable[ox.Triple]], list[ox.Triple]]
    scratch_files: tuple[str, ...] = ()


@cache
def engines() -> dict[str, Engine]:
    """All engines by name."""
    found: list[Engine] = plugins(__name__, "ENGINE")
    return {engine.name: engine for engine in sorted(found, key=lambda engine: engine.name)}


def engine(name: str = "oxigraph") -> Engine:
    """The engine of that name. Raises NotFound, naming those there are."""
    try:
        return engines()[name]
    except KeyError:
        raise NotFound(f"no engine is called {name!r}; there are: {', '.join(engines())}") from None


def n_triples(triples: Iterable[ox.Triple]) -> bytes:
    """Triples as N-Triples, escaped as they must be."""
    content = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert content is not None
    return content


def parsed(text: str) -> list[ox.Triple]:
    """The triples of N-Triples that this project wrote."""
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)]


def canonical_dump(triples: Iterable[ox.Triple], scratch: Path) -> Iterator[bytes]:
    """The sorted N-Quads lines (without line ends, each once) of triples an engine gave or made canonical.

    Sorting spills to unnamed files in ``scratch``, so that a store of any size fits the memory.
    """
    lines = (f"{triple.subject} {triple.predicate} {triple.object} ." for triple in triples)
    return sorted_lines((line.encode() for line in lines), scratch)


__all__ = [
    "Capabilities",
    "Engine",
    "StoreReader",
    "StoreWriter",
    "canonical_dump",
    "engine",
    "engines",
    "n_triples",
    "parsed",
]
