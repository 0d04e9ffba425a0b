"""Links in releases: published at the cost of what changed, the same as built anew, and no more than is public."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.link_reviewing import accept, reject
from catalog.linking.listing import MATERIAL, shipped_links
from catalog.linking.model import Facts, Link, LinkState
from catalog.linking.scoring import BROAD, EXACT, SAMPLE_MATERIAL
from catalog.publishing import make_release
from catalog.verification import verify
from tests.publishing.conftest import BASE, World
from tests.publishing.test_statistics import check as statistics_agree

CURATOR = "Example Curator <https://orcid.org/0000-0002-1825-0097>"
PREFIXES = (
    "PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX sssom: <https://w3id.org/sssom/> "
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX xafs: <https://w3id.org/xafscat/ns#> "
    "PREFIX prov: <http://www.w3.org/ns/prov#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
)
IRON = f"{MATERIAL}iron"
TITANIA = {"name": "titanium dioxide", "formula": "TiO2"}


def shipped(material: str, database: str) -> Link:
    return next(
        link for link in shipped_links() if (link.subject, link.database) == (MATERIAL + material, database)
    )


def read(link: Link, day: int, **facts: Any) -> Link:
    """The link with what its database says, read on a day of January."""
    at = datetime(2026, 1, day, tzinfo=UTC)
    return dataclasses.replace(link, matched=("formula",), facts=Facts(link.object, retrieved=at, **facts))


def store(world: World, *links: Link) -> None:
    world.registry.put_links(links, now=world.now, actor="test")


def is_sound(world: World) -> None:
    """The release verifies, its statistics are what queries count, and one built from nothing is the same."""
    assert verify(world.settings, world.registry) == []
    statistics_agree(world)
    before = world.shown()
    make_release(world.settings, world.registry, now=world.now, actor="test", anew="for this test")
    after = world.shown()
    assert {key: value for key, value in after.items() if before[key] != value} == {}


def test_a_review_is_published_and_the_release_is_the_one_that_a_rebuild_makes(filled: World) -> None:
    world = filled
    link = read(shipped("iron", "wikidata"), 2, formula="Fe", reduced="Fe", label={"en": "iron", "ja": "鉄"})
    store(world, link)
    world.wait(days=1)
    assert world.publish().number == 3
    mapping = f"{PREFIXES} SELECT ?v {{ ?m owl:annotatedTarget <{link.object}> ; %s ?v }}"
    assert world.ask(mapping % "sssom:reviewer_label") == []
    word = {"reviewer": CURATOR, "comment": "made up for the test"}
    accept(world.registry, link, predicate=EXACT, now=world.now, actor="test", **word)
    made = world.publish()
    assert (made.number, made.added, made.changed, made.anew) == (4, 0, 0, "")
    assert world.ask(mapping % "sssom:reviewer_label") == [('"Example Curator"',)]
    assert world.ask(mapping % "owl:annotatedProperty") == [(f"<{EXACT}>",)]
    assert world.ask(f"{PREFIXES} SELECT ?p {{ <{IRON}> ?p <{link.object}> }}") == [(f"<{EXACT}>",)]
    assert world.publish().number is None
    is_sound(world)


def test_a_rejected_shipped_link_leaves_nothing_of_its_entry(filled: World) -> None:
    link = shipped("iron", "pubchem")
    anything = f"SELECT * {{ {{ <{link.object}> ?p ?o }} UNION {{ ?s ?p <{link.object}> }} }}"
    assert filled.ask(anything)
    reject(filled.registry, link, reviewer=CURATOR, because="for this test", now=filled.now, actor="test")
    assert filled.publish().anew == ""
    assert filled.ask(anything) == []
    assert filled.agrees()


@pytest.mark.parametrize("state", [LinkState.QUEUED, LinkState.REJECTED, LinkState.BROKEN])
def test_what_is_not_public_makes_no_release(filled: World, state: LinkState) -> None:
    link = dataclasses.replace(
        shipped("iron", "wikidata"), object="http://www.wikidata.org/entity/Q999999", state=state
    )
    store(filled, read(link, 2, formula="Fe", label={"en": "secret"}))
    filled.wait(hours=1)
    assert filled.publish().number is None


@pytest.mark.parametrize(
    "changes", [{"subject": f"{MATERIAL}of-an-older-list"}, {"object": f"{BASE}/record/aaaaaaaaaa"}]
)
def test_links_write_about_materials_of_the_list_and_entries_alone(filled: World, changes: Any) -> None:
    store(filled, dataclasses.replace(shipped("iron", "wikidata"), state=LinkState.ACCEPTED, **changes))
    filled.wait(hours=1)
    assert filled.publish().number is None


def test_an_entry_of_two_materials_is_told_of_once_as_it_was_read_last(filled: World) -> None:
    entry = shipped("titanium-dioxide", "pubchem")
    phase = dataclasses.replace(
        entry, subject=f"{MATERIAL}rutile", predicate=BROAD, state=LinkState.ACCEPTED, reviewer=CURATOR
    )
    store(filled, read(entry, 3, formula="O2Ti", reduced="O2Ti", label={"en": "Titania"}))
    store(filled, read(phase, 9, formula="TiO2", reduced="O2Ti", label={"en": "Titanium dioxide"}))
    filled.publish()
    rows = filled.ask(
        f"{PREFIXES} SELECT ?l ?t {{ <{entry.object}> rdfs:label ?l ; prov:generatedAtTime ?t }}"
    )
    assert rows == [
        ('"Titanium dioxide"@en', '"2026-01-09T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>')
    ]
    assert (
        len(filled.ask(f"SELECT ?m {{ ?m ?p <{entry.object}> FILTER(CONTAINS(STR(?m), 'material/')) }}")) > 2
    )
    statistics_agree(filled)


def sample_link(world: World, identifier: str, material: str, state: LinkState) -> Link:
    return Link(
        subject=f"{BASE}/record/{identifier}#sample",
        predicate=SAMPLE_MATERIAL,
        object=MATERIAL + material,
        database="",
        state=state,
        justification="semapv:ManualMappingCuration",
        confidence=0.95,
        reviewer=CURATOR,
        review_date=world.now.date(),
    )


def test_a_word_on_one_sample_changes_that_record_alone(filled: World) -> None:
    world = filled
    world.deposit("dddddddddd", sample=TITANIA, spectra=[{"element": "Ti", "edge": "K"}])
    world.deposit("eeeeeeeeee", sample=TITANIA, spectra=[{"element": "Ti", "edge": "K"}])
    world.publish()
    materials = f"{PREFIXES} SELECT ?r ?m {{ ?r xafs:sample/xafs:sampleMaterial ?m . ?r a xafs:Deposit }}"

    def told() -> dict[str, str]:
        return {record[-11:-1]: material.strip("<>") for record, material in world.ask(materials)}

    assert told()["dddddddddd"] == told()["eeeeeeeeee"] == f"{MATERIAL}titanium-dioxide"
    store(world, sample_link(world, "dddddddddd", "anatase", LinkState.ACCEPTED))
    world.wait(days=1)
    made = world.publish()
    assert (made.added, made.changed, made.anew) == (0, 1, "")
    assert told()["dddddddddd"] == f"{MATERIAL}anatase"
    assert told()["eeeeeeeeee"] == f"{MATERIAL}titanium-dioxide"
    store(world, sample_link(world, "dddddddddd", "anatase", LinkState.BROKEN))
    store(world, sample_link(world, "eeeeeeeeee", "titanium-dioxide", LinkState.REJECTED))
    assert world.publish().changed == 2
    assert told()["dddddddddd"] == f"{MATERIAL}titanium-dioxide"
    assert "eeeeeeeeee" not in told()
    is_sound(world)


def test_a_withdrawn_or_hidden_record_leaves_no_trace_of_its_material(filled: World) -> None:
    world = filled
    secret = {"name": "rutile-TiO2", "formula": "TiO2"}
    later = (world.now + timedelta(days=400)).date()
    before = world.shown()
    world.deposit("ffffffffff", sample=secret, hidden_until=later, spectra=[{"element": "Ti", "edge": "K"}])
    store(world, sample_link(world, "ffffffffff", "anatase", LinkState.ACCEPTED))
    world.publish()
    assert world.shown() == before
    world.deposit("gggggggggg", sample=secret, spectra=[{"element": "Ti", "edge": "K"}])
    world.publish()
    trace = f"SELECT ?s ?p {{ ?s ?p <{MATERIAL}rutile> FILTER(STRSTARTS(STR(?s), '{BASE}/')) }}"
    assert len(world.ask(trace)) == 3, "the sample, the evidence for it, and how often it was measured"
    world.withdraw("gggggggggg")
    world.publish()
    assert world.ask(trace) == []
    assert verify(world.settings, world.registry) == []
