"""From the shipped materials to links: databases are asked, their answers verified, and most of it waits for a person.

The same registry and the same cache of answers make the same links, with or without a network.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from catalog import __version__
from catalog.errors import Unreachable
from catalog.linking.databases import database_of
from catalog.linking.listing import Entry, shipped_links
from catalog.linking.model import Candidate, Facts, Gone, Link, LinkState, Moved, Query, link_id
from catalog.linking.scoring import Judgement, judge, may_publish
from catalog.registry import Registry
from catalog.resolvers import Http, Resolver, readers_of, resolvers

TOOL = "xafscat"
# A person has spoken about these: no run of the program changes them.
SETTLED = (LinkState.ACCEPTED, LinkState.REJECTED)


@dataclass(slots=True)
class Proposal:
    """What a run found: ``links`` new or changed, how many are settled already, and by resolver or entry why
    something could not be asked."""

    materials: int = 0
    links: list[Link] = field(default_factory=list)
    settled: int = 0
    unreachable: dict[str, str] = field(default_factory=dict)

    def count(self, state: LinkState) -> int:
        """How many of the links are in this state."""
        return sum(link.state is state for link in self.links)


def propose(
    registry: Registry,
    http: Http,
    entries: Iterable[Entry],
    *,
    databases: Collection[str] | None = None,
    now: datetime,
    actor: str,
    progress: Callable[[int], None] = lambda _: None,
) -> Proposal:
    """Ask the databases (None: all) for these materials, verify what they name, and store the links.

    Nothing that a person accepted or rejected is touched. What could not be read stays unverified and is told of.
    """
    made = Proposal()
    shipped = {link.id: link for link in shipped_links()}
    for entry in entries:
        present = {link.id: link for link in registry.links(subjects=[entry.query.material])}
        found = _candidates(entry.query, http, databases, made)
        links, moved = _links(entry.query, found, http, made, now)
        changed = [
            dataclasses.replace(old, state=LinkState.BROKEN, comment=f"now {to}")
            for old, to in ((present.get(key) or shipped.get(key), to) for key, to in moved.items())
            if old and old.state in {LinkState.UNREVIEWED, LinkState.QUEUED}
        ]
        for link in links:
            old = present.get(link.id)
            if old and old.state in SETTLED:
                made.settled += 1
                continue
            if old:
                link = dataclasses.replace(link, mapping_date=old.mapping_date, failures=old.failures)  # noqa: PLW2901
            if link.id in shipped and link.vetoes == ("unverified",) and not old:
                # The list vouches for it as long as nobody could ask the database.
                continue
            changed.append(link)
        registry.put_links(changed, now=now, actor=actor)
        made.links += changed
        made.materials += 1
        progress(made.materials)
    return made


def verify(iri: str, http: Http) -> Facts | Gone | Moved:
    """What its database says of an entry. Raises Unreachable, with what each resolver said."""
    said = []
    for resolver in readers_of(iri):
        assert resolver.read is not None
        try:
            return resolver.read(iri, http)
        except Unreachable as error:
            said.append(f"{resolver.name}: {error.detail}")
    raise Unreachable("; ".join(said) or "no resolver reads entries of this database", where=iri)


def _candidates(
    query: Query, http: Http, databases: Collection[str] | None, made: Proposal
) -> dict[str, Candidate]:
    """By IRI; what several resolvers found is one candidate with all their sources."""
    found: dict[str, Candidate] = {}
    for resolver in resolvers().values():
        if resolver.find is None or not _concerns(resolver, query, databases):
            continue
        try:
            for candidate in resolver.find(query, http):
                database = database_of(candidate.iri)
                if database and (databases is None or database.name in databases):
                    old = found.get(candidate.iri)
                    found[candidate.iri] = _merged(old, candidate) if old else candidate
        except Unreachable as error:
            made.unreachable.setdefault(resolver.name, error.detail)
    return found


def _concerns(resolver: Resolver, query: Query, databases: Collection[str] | None) -> bool:
    if databases is not None and not {item.name for item in resolver.databases} & set(databases):
        return False
    known = {*query.identifiers, *({"reduced"} if query.reduced else ())}
    return not resolver.needs or bool(resolver.needs & known)


def _merged(one: Candidate, other: Candidate) -> Candidate:
    return Candidate(
        one.material,
        one.iri,
        one.resolver,
        tuple(dict.fromkeys((*one.matched, *other.matched))),
        tuple(dict.fromkeys((*one.sources, *other.sources))),
        one.facts or other.facts,
    )


def _links(
    query: Query, found: dict[str, Candidate], http: Http, made: Proposal, now: datetime
) -> tuple[list[Link], dict[str, str]]:
    """The links of what was found; and by the id of the link to an entry's former name, its present one."""
    judged: dict[str, tuple[Candidate, Judgement, Facts | None, str]] = {}
    moved: dict[str, str] = {}
    for candidate in found.values():
        said, comment = _ask(candidate, http, made), ""
        if isinstance(said, Moved):
            moved[link_id(query.material, said.iri)] = said.to
            if said.to in found or said.to in judged:
                # It is given by its present name as well, and that stands for itself.
                continue
            # Corrected: the link is to what the entry is called now, and a person looks at it.
            comment = f"given as {said.iri}"
            candidate = dataclasses.replace(candidate, iri=said.to, facts=None)  # noqa: PLW2901
            said = _ask(candidate, http, made)
        database = database_of(candidate.iri)
        if database is None:
            continue
        judgement = judge(query, candidate, said, level=database.level, database=database.name)
        judged[judgement.iri] = (candidate, judgement, said if isinstance(said, Facts) else None, comment)
    rivals = _rivals(judged.values())
    links = []
    for candidate, judgement, facts, comment in judged.values():
        database = database_of(judgement.iri)
        name = database.name if database else ""
        vetoes = judgement.vetoes
        if name in rivals and not vetoes:
            vetoes = ("disagreement",)
        good = not comment and not vetoes and may_publish(judgement, candidate.sources)
        links.append(
            Link(
                subject=query.material,
                predicate=judgement.predicate,
                object=judgement.iri,
                database=name,
                state=LinkState.UNREVIEWED if good else LinkState.QUEUED,
                justification=judgement.justification,
                confidence=judgement.confidence,
                sources=candidate.sources,
                matched=judgement.matched,
                vetoes=vetoes,
                facts=facts,
                tool=TOOL,
                tool_version=__version__,
                mapping_date=now.date(),
                comment=comment,
                last_verified=facts.retrieved if facts else None,
            )
        )
    return sorted(links, key=lambda link: (-link.confidence, link.object)), moved


def _ask(candidate: Candidate, http: Http, made: Proposal) -> Facts | Gone | Moved | None:
    if candidate.facts is not None and candidate.facts.verified:
        return candidate.facts
    try:
        return verify(candidate.iri, http)
    except Unreachable as error:
        made.unreachable.setdefault(candidate.iri, error.detail)
        return None


def _rivals(judged: Iterable[tuple[Candidate, Judgement, Facts | None, str]]) -> set[str]:
    """The databases of substances that offer more than one entry against which nothing speaks."""
    counts: dict[str, int] = {}
    for _, judgement, _, _ in judged:
        database = database_of(judgement.iri)
        if database and database.level == "substance" and not judgement.vetoes:
            counts[database.name] = counts.get(database.name, 0) + 1
    return {name for name, count in counts.items() if count > 1}
