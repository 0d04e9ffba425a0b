"""What a release is made of: the frame around its records, and a record as it is to be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import pyoxigraph as ox

from catalog.mapping import RecordDocument


@dataclass(frozen=True, slots=True)
class Frame:
    """What a release shows beside its records: the catalog's own document, the shipped vocabulary, and links.

    ``links`` is the graph of the public links of materials, as sorted N-Triples.
    """

    base: str
    catalog: RecordDocument
    shipped: Callable[[], Iterable[ox.Triple]]
    recipe: str
    links: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as it is to be shown: its stamped public document or tombstone, dates, and what goes with it.

    ``release`` is the number of the release that changed it, ``curves`` the SHA-256 in hex of the points of each
    spectrum whose data are open, by its fragment, ``sets`` the specs of the harvest sets it is or was in.
    """

    id: str
    document: RecordDocument
    issued: date
    modified: datetime
    release: int
    curves: dict[str, str] = field(default_factory=dict)
    sets: tuple[str, ...] = ()

    @property
    def withdrawn(self) -> bool:
        """Whether this is a tombstone."""
        return bool(self.document.get("type") == "xafs:Withdrawn")
