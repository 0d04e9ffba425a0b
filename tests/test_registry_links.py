"""Links in the registry: what is stored comes back, every change leaves what was there before."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from catalog.errors import NotFound
from catalog.linking.model import PUBLIC_STATES, Facts, Link, LinkState
from catalog.registry import create_registry, open_registry

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RUTILE = "https://w3id.org/xafscat/material/rutile"
LINK = Link(
    subject=RUTILE,
    predicate="https://w3id.org/xafscat/ns#referenceStructure",
    object="https://www.crystallography.net/cod/9004141",
    database="cod_index",
    state=LinkState.QUEUED,
    justification="semapv:CompositeMatching",
    confidence=0.9,
    sources=("a", "b"),
    matched=("formula", "space_group"),
    facts=Facts(
        iri="https://www.crystallography.net/cod/9004141",
        label={"en": "Rutile"},
        formula="O2 Ti",
        reduced="O2Ti",
        waters=0.0,
        space_group=136,
        cas=("13463-67-7",),
        retrieved=NOW,
    ),
    mapping_date=date(2026, 1, 2),
    failures=({"at": "2026-01-01", "why": "gone"},),
)


def test_links_come_back_as_they_were_and_changes_keep_what_was_before(tmp_path: Path) -> None:
    create_registry(tmp_path, "https://example.org", now=NOW)
    with open_registry(tmp_path) as registry:
        assert registry.put_links([LINK], now=NOW, actor="test") == 1
        assert registry.put_links([LINK], now=NOW, actor="test") == 0
        assert list(registry.links()) == [LINK]
        assert registry.link(LINK.id) == LINK
        accepted = dataclasses.replace(
            LINK, state=LinkState.ACCEPTED, reviewer="Example Curator", review_date=date(2026, 1, 3)
        )
        registry.put_links([accepted], now=NOW, actor="test")
        assert list(registry.links(states=PUBLIC_STATES, subjects=[RUTILE], databases=["cod_index"])) == [
            accepted
        ]
        assert list(registry.links(states=[LinkState.QUEUED])) == []
        events = [item for item in registry.events() if item.action.startswith("link-")]
        assert [item.action for item in events] == ["link-queued", "link-accepted"]
        assert events[1].detail["before"]["state"] == "queued"
        assert events[1].detail["before"]["facts"]["space_group"] == 136
        with pytest.raises(NotFound, match="link queue"):
            registry.link("0000000000")
