"""A person's word on a link: accepted as one of the predicates its levels allow, or rejected for good."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime
from functools import cache

from catalog.errors import Conflict, UsageError
from catalog.ids import IdError, normalise_orcid, orcid_iri
from catalog.linking.databases import DATABASES
from catalog.linking.listing import entries
from catalog.linking.model import Link, LinkState
from catalog.linking.scoring import (
    EXACT,
    FORBIDDEN,
    NEVER_EXACT,
    PREDICATES,
    SAMPLE_MATERIAL,
    VETO_WORDS,
    reviewed_confidence,
)
from catalog.rdf_input import parse_bounded
from catalog.registry import Registry
from catalog.resources import data_root
from catalog.validation import PLAUSIBILITY

_REVIEWER = re.compile(r"(?P<name>[^<>\t\n]{2,200}?)\s*(?:<(?P<orcid>[^<>\s]+)>)?")


@cache
def _placeholder() -> re.Pattern[str]:
    """What plausibility takes for no name in a credit."""
    file = data_root() / "shapes" / f"{PLAUSIBILITY}.ttl"
    (pattern,) = {
        getattr(triple.object, "value", "")
        for triple in parse_bounded(file.read_bytes(), "turtle", file.name, "urn:xafscat:shapes", most=50_000)
        if triple.predicate.value == "http://www.w3.org/ns/shacl#pattern" and "unknown" in str(triple.object)
    }
    return re.compile(pattern, re.IGNORECASE)


def reviewer_of(text: str) -> str:
    """Who reviews: ``NAME`` or ``NAME <ORCID iD>``, the iD as its IRI. Raises UsageError.

    >>> reviewer_of("Example Curator <0000-0002-1825-0097>")
    'Example Curator <https://orcid.org/0000-0002-1825-0097>'
    """
    found = _REVIEWER.fullmatch(text.strip())
    if not found or not re.search(r"[^\W\d_]", found["name"]):
        raise UsageError("a reviewer is a person: NAME, or NAME <ORCID iD>", where="--as")
    if _placeholder().search(found["name"].strip()):
        raise UsageError("a placeholder is no reviewer: name the person", where="--as")
    if not found["orcid"]:
        return found["name"].strip()
    try:
        return f"{found['name'].strip()} <{orcid_iri(normalise_orcid(found['orcid']))}>"
    except IdError as error:
        raise UsageError(error.detail, where="--as") from error


def allowed_predicates(link: Link) -> tuple[str, ...]:
    """The predicates that the levels of both ends allow, the usual one first."""
    entry = entries().get(link.subject)
    if entry is None:
        return (SAMPLE_MATERIAL,)
    database = DATABASES.get(link.database)
    level = database.level if database else "substance"
    if database and not database.level:
        return ()
    allowed = PREDICATES[entry.query.level, level]
    return tuple(each for each in allowed if each != EXACT) if link.database in NEVER_EXACT else allowed


def obstacles(link: Link) -> tuple[str, ...]:
    """The vetoes that no reviewer may pass over. A shipped link whose entry nobody here has read yet is unverified,
    however many sources gave it."""
    found = {veto for veto in link.vetoes if veto in FORBIDDEN}
    if link.facts is None and link.subject in entries():
        found.add("unverified")
    return tuple(veto for veto in FORBIDDEN if veto in found)


def accept(
    registry: Registry,
    link: Link,
    *,
    reviewer: str,
    predicate: str | None = None,
    comment: str = "",
    now: datetime,
    actor: str,
) -> Link:
    """Store that a person confirmed the link. Raises Conflict where the entry was not read or does not agree, and
    for an exactMatch by its own author; UsageError for a predicate that the levels do not allow."""
    if fatal := obstacles(link):
        why = "; ".join(VETO_WORDS[veto]["en"] for veto in fatal)
        raise Conflict(f"this cannot be accepted: {why}", where=link.id)
    chosen = predicate or link.predicate
    if chosen not in allowed_predicates(link):
        names = ", ".join(each.rpartition("#")[2] for each in allowed_predicates(link))
        raise UsageError(f"the levels of the two allow: {names}", where="--predicate")
    person = reviewer_of(reviewer)
    if chosen == EXACT and link.author and same_person(link.author, person):
        raise Conflict("an exactMatch is reviewed by another person than its author", where=link.id)
    if "formula" not in link.matched and link.facts is not None and not comment and link.subject in entries():
        raise UsageError("the formula was not compared: say with --comment how you know", where="--comment")
    if not comment and (link.vetoes or set(link.matched) == {"formula"}):
        raise UsageError(
            "a veto speaks against it, or the formula alone was compared: say with --comment how you know",
            where="--comment",
        )
    accepted = dataclasses.replace(
        link,
        state=LinkState.ACCEPTED,
        predicate=chosen,
        reviewer=person,
        review_date=now.date(),
        confidence=reviewed_confidence(link.confidence, link.matched),
        comment=" ".join(comment.split()) or link.comment,
    )
    registry.put_links([accepted], now=now, actor=actor)
    return accepted


def reject(registry: Registry, link: Link, *, reviewer: str, because: str, now: datetime, actor: str) -> Link:
    """Store that a person found the link wrong; it is kept, so that it is never proposed or shown again."""
    rejected = dataclasses.replace(
        link,
        state=LinkState.REJECTED,
        reviewer=reviewer_of(reviewer),
        review_date=now.date(),
        comment=" ".join(because.split()),
    )
    registry.put_links([rejected], now=now, actor=actor)
    return rejected


def same_person(one: str, other: str) -> bool:
    """Whether two reviewers are one: the same ORCID iD, or else the same name."""
    first, second = (text.partition("<") for text in (one, other))
    if first[2] and second[2]:
        return first[2] == second[2]
    return first[0].strip().casefold() == second[0].strip().casefold()
