"""What a link is made of: the facts of both ends, the mapping between them, and where it stands.

The words are those of SSSOM (https://mapping-commons.github.io/sssom/) where it has one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class LinkState(StrEnum):
    """Where a link stands. Only ``ACCEPTED`` and ``UNREVIEWED`` are public, the second always marked as such."""

    QUEUED = "queued"  # a candidate that waits for a person
    UNREVIEWED = "unreviewed"  # two independent sources agree and no veto falls: closeMatch, relatedMatch
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # kept, so that it is never proposed again (SSSOM predicate_modifier Not)
    BROKEN = "broken"  # the target is gone, or says something else than when it was linked


PUBLIC_STATES = (LinkState.ACCEPTED, LinkState.UNREVIEWED)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a database says of its entry ``iri``; empty is not said.

    ``formula`` as the database writes it, ``reduced`` as OPTIMADE orders it (ours: ``catalog.formula.reduced``),
    ``waters`` the molecules of water in a formula unit of a hydrate, ``space_group`` the number (1 to 230),
    ``version`` of the source, ``url`` what was asked, ``sha256`` of the answer, ``retrieved`` in UTC.
    ``verified`` is False where the entry itself was not read and only a list told of it.
    """

    iri: str
    label: dict[str, str] = field(default_factory=dict)
    formula: str = ""
    reduced: str = ""
    waters: float | None = None
    space_group: int | None = None
    phase: str = ""
    mineral: str = ""
    cas: tuple[str, ...] = ()
    inchikey: str = ""
    version: str = ""
    url: str = ""
    sha256: str = ""
    retrieved: datetime | None = None
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Gone:
    """The database says that the entry is no more (404, 410, deprecated without a successor)."""

    iri: str
    why: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The entry goes by another IRI now: redirected, merged, renumbered."""

    iri: str
    to: str


@dataclass(frozen=True, slots=True)
class Query:
    """A material as a resolver is asked for it; all of it comes from the shipped list.

    ``level`` is "substance" or "phase"; ``identifiers`` are those the list gives, by kind (``cas``, ``inchikey``,
    ``pubchem``, ``wikidata``, ``chebi``, ``cod``, ``mp``), candidates included.
    """

    material: str
    level: str
    names: tuple[str, ...] = ()
    reduced: str = ""
    hill: str = ""
    elements: tuple[str, ...] = ()
    waters: float | None = None
    space_group: int | None = None
    mineral: str = ""
    identifiers: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that a resolver found for a material: by which fields (``inchikey``, ``cas``, ``formula``,
    ``space_group``, ``name``, ``list``), told by which independent sources, and what is known of it so far."""

    material: str
    iri: str
    resolver: str
    matched: tuple[str, ...]
    sources: tuple[str, ...]
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One mapping of the registry. ``subject`` is a material of the list, or the sample of a record.

    ``sources`` are the independent places that gave it, ``vetoes`` the words of ``catalog.linking.scoring`` that
    speak against it. ``reviewer`` is the person who accepted or rejected it, None while nobody has.
    """

    subject: str
    predicate: str
    object: str
    database: str
    state: LinkState
    justification: str
    confidence: float
    sources: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()
    vetoes: tuple[str, ...] = ()
    facts: Facts | None = None
    tool: str = ""
    tool_version: str = ""
    author: str = ""
    mapping_date: date | None = None
    reviewer: str | None = None
    review_date: date | None = None
    comment: str = ""
    last_verified: datetime | None = None
    failures: tuple[dict[str, Any], ...] = ()

    @property
    def id(self) -> str:
        """The short name of the pair it links, the same whatever becomes of it."""
        return link_id(self.subject, self.object)

    @property
    def public(self) -> bool:
        """Whether the world is told of it."""
        return self.state in PUBLIC_STATES


def link_id(subject: str, target: str) -> str:
    """The name of the link between two IRIs: ten hexadecimal digits."""
    return hashlib.sha256(f"{subject} {target}".encode()).hexdigest()[:10]
