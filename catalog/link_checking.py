"""Whether links still hold: each is read again, oldest first; a network that fails is never taken for rot."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from catalog.errors import Unreachable
from catalog.link_proposing import verify
from catalog.linking.databases import database_of
from catalog.linking.listing import entries
from catalog.linking.model import Candidate, Facts, Gone, Link, LinkState, Moved
from catalog.linking.scoring import judge
from catalog.links import all_links
from catalog.registry import Registry
from catalog.resolvers import Http, readers_of

# Gone only when it was gone twice, a week apart: databases have bad days too.
PATIENCE = timedelta(days=7)
CHECKED = (LinkState.ACCEPTED, LinkState.UNREVIEWED, LinkState.QUEUED)

Outcome: TypeAlias = Literal["good", "confirmed", "changed", "moved", "gone", "broken", "unreachable"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a link: ``good`` as before; ``confirmed`` a waiting review now holds; ``changed`` withdrawn and
    queued, as the entry says something else; ``moved`` queued under its new IRI; ``gone`` for the first time;
    ``broken`` withdrawn; ``unreachable`` nothing is known."""

    link: Link
    outcome: Outcome
    detail: str = ""


def check(
    registry: Registry,
    http: Http,
    *,
    limit: int | None = None,
    now: datetime,
    actor: str,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Checked]:
    """Read the entries of links again, those verified longest ago first, at most ``limit``; store what follows."""
    never = datetime.min.replace(tzinfo=UTC)
    known = {link.id: link for link in all_links(registry)}
    due = [link for link in known.values() if link.state in CHECKED and readers_of(link.object)]
    due.sort(key=lambda link: (link.last_verified or never, link.id))
    found = []
    for number, link in enumerate(due[:limit], 1):
        checked, stored = _check(link, http, now)
        if checked.outcome == "moved":
            # What is said of the entry by its present name stands: nobody's word on it is undone.
            stored = [item for item in stored if item.id == link.id or _is_new(known.get(item.id))]
        if stored:
            registry.put_links(stored, now=now, actor=actor)
            known |= {item.id: item for item in stored}
        found.append(checked)
        progress(number)
    return found


def _check(link: Link, http: Http, now: datetime) -> tuple[Checked, list[Link]]:
    try:
        said = verify(link.object, http)
    except Unreachable as error:
        return Checked(link, "unreachable", error.detail), []
    match said:
        case Gone():
            return _gone(link, said, now)
        case Moved():
            old = dataclasses.replace(link, state=LinkState.BROKEN, comment=f"now {said.to}")
            new = dataclasses.replace(
                link,
                object=said.to,
                state=LinkState.QUEUED,
                vetoes=("unverified",),
                facts=None,
                reviewer=None,
                review_date=None,
                last_verified=None,
                comment=f"given as {link.object}",
            )
            return Checked(old, "moved", said.to), [old, new]
        case Facts():
            return _read(link, said, now)


def _is_new(known: Link | None) -> bool:
    return known is None or known.state is LinkState.BROKEN


def _gone(link: Link, said: Gone, now: datetime) -> tuple[Checked, list[Link]]:
    failures = (*link.failures, {"at": now.isoformat(), "why": said.why})
    first = datetime.fromisoformat(str(failures[0]["at"]))
    broken = now - first >= PATIENCE
    changed = dataclasses.replace(link, failures=failures, state=LinkState.BROKEN if broken else link.state)
    return Checked(changed, "broken" if broken else "gone", said.why), [changed]


def _read(link: Link, facts: Facts, now: datetime) -> tuple[Checked, list[Link]]:
    entry, database = entries().get(link.subject), database_of(link.object)
    if entry is None or database is None:
        return Checked(link, "good"), []
    candidate = Candidate(link.subject, link.object, link.tool, link.matched, link.sources, facts)
    judgement = judge(entry.query, candidate, facts, level=database.level, database=database.name)
    verified = dataclasses.replace(
        link,
        facts=facts,
        failures=(),
        last_verified=now,
        vetoes=judgement.vetoes,
        matched=tuple(sorted({*link.matched, *judgement.matched})),
    )
    if fatal := [veto for veto in judgement.vetoes if veto not in link.vetoes]:
        changed = dataclasses.replace(verified, state=LinkState.QUEUED)
        outcome: Outcome = "changed" if link.state is not LinkState.QUEUED else "good"
        return Checked(changed, outcome, ", ".join(fatal)), [changed]
    if link.state is LinkState.QUEUED and link.reviewer and not judgement.vetoes:
        accepted = dataclasses.replace(verified, state=LinkState.ACCEPTED)
        return Checked(accepted, "confirmed", link.reviewer), [accepted]
    return Checked(verified, "good"), [verified]
