"""Approving drafts in bulk: those without errors whose public document would reach the findable level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from catalog.config import Settings
from catalog.curation import approve_many
from catalog.findings import wrongly_said
from catalog.projection import public_document
from catalog.registry import Registry, batches
from catalog.states import Standing, State
from catalog.validation import validate

PUBLISHED = Standing(State.PUBLISHED)
LEAST_LEVEL = "findable"


@dataclass(slots=True)
class Approved:
    """What became of the drafts: public with the next release, scheduled for a date, or left with the reason."""

    published: list[str] = field(default_factory=list)
    scheduled: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def approve_ready(
    registry: Registry, drafts: Iterable[str], *, settings: Settings, now: datetime, actor: str
) -> Approved:
    """Approve each draft without errors that reaches the findable level; leave the others, with the reason."""
    approved = Approved()
    today = now.astimezone(settings.zone).date()
    for page in batches(drafts):
        ready = []
        for deposit in registry.deposits(ids=page):
            public = public_document(deposit.document, PUBLISHED, today, lambda _iri: True)
            assert public is not None  # a published standing always projects
            (report,) = validate([public], levels=(LEAST_LEVEL,), plausibility=False)
            errors = [item for item in report.findings if item.severity == "error" and not report.levels]
            errors += wrongly_said(registry.findings(deposit.record.id))
            if errors:
                approved.refused[deposit.record.id] = " ".join(item.text() for item in errors)
            else:
                ready.append(deposit.record.id)
        changed = approve_many(registry, ready, zone=settings.zone, now=now, actor=actor)
        for record_id, standing in changed.done.items():
            target = approved.scheduled if standing.state is State.SCHEDULED else approved.published
            target.append(record_id)
        for record_id, error in changed.refused.items():
            # Another call may have approved it meanwhile, which is what was wanted.
            if registry.record(record_id).standing.state not in {State.PUBLISHED, State.SCHEDULED}:
                approved.refused[record_id] = error.detail
    return approved
