"""Canonical dumps: what a release's store holds, and what it must hold, as sorted lines of N-Quads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import pyoxigraph as ox

from catalog.authorities import release_triple
from catalog.engines import canonical_dump, engine, parsed
from catalog.ids import record_iri
from catalog.mapping import to_triples
from catalog.release_frame import Frame
from catalog.releases import Release
from catalog.statistics import LATEST, Tallies, added, statistics, tally, tally_links, tally_record

CHUNK_TRIPLES = 10_000


def expected_triples(release: Release, frame: Frame) -> Iterator[ox.Triple]:
    """Every triple the store of ``release`` must hold, from its documents and the shipped vocabulary alone."""
    canonical = engine(release.manifest.engine).canonical
    tallies: Tallies = {}
    own = [*to_triples(release.catalog), release_triple(release.base, release.number)]
    links = parsed(release.links)
    added(tallies, tally_links(links, frame.shipped(), release.base))
    yield from links
    for triples in (list(frame.shipped()), own):
        added(tallies, tally(canonical(triples), release.base))
        yield from triples
    for document in chain((entry.document for entry in release.entries()), release.authorities()):
        triples = to_triples(document)
        added(tallies, tally(canonical(triples), release.base))
        added(tallies, tally_record(document, release.base))
        yield from triples
    latest = [record_iri(release.base, entry.id) for entry in release.latest(LATEST)]
    yield from statistics(release.base, tallies, latest, frame.catalog["license"])


def dump(release: Release, scratch: Path) -> Iterator[bytes]:
    """The canonical dump of a release's store: sorted N-Quads lines."""
    store = engine(release.manifest.engine).read(release.store_path)
    try:
        yield from canonical_dump(store.triples(), scratch)
    finally:
        store.close()


def expected_dump(release: Release, frame: Frame, scratch: Path) -> Iterator[bytes]:
    """What dump must give, made without the store."""
    canonical = engine(release.manifest.engine).canonical
    return canonical_dump(_in_canonical_form(expected_triples(release, frame), canonical), scratch)


def differences(expected: Iterable[bytes], present: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """The lines of only one of two sorted dumps: ("missing" or "extra", line)."""
    left, right = iter(expected), iter(present)
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if a == b:
            a, b = next(left, None), next(right, None)
        elif b is None or (a is not None and a < b):
            assert a is not None
            yield "missing", a.decode()
            a = next(left, None)
        else:
            yield "extra", b.decode()
            b = next(right, None)


def _in_canonical_form(
    triples: Iterable[ox.Triple], canonical: Callable[[Iterable[ox.Triple]], list[ox.Triple]]
) -> Iterator[ox.Triple]:
    chunk: list[ox.Triple] = []
    for triple in triples:
        chunk.append(triple)
        if len(chunk) >= CHUNK_TRIPLES:
            yield from canonical(chunk)
            chunk.clear()
    yield from canonical(chunk)
