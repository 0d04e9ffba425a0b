"""Links that are wrong on purpose: each is vetoed, queued or corrected, and none is ever published by the program."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.link_proposing import propose
from catalog.linking.databases import DATABASES
from catalog.linking.listing import MATERIAL, Listed, entries
from catalog.linking.model import LinkState
from catalog.links import public_links
from catalog.registry import Registry, create_registry, open_registry
from catalog.resolvers import seed
from tests.links.far import COD_BASE, MP_BASE, Far

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = Path(__file__).parent.parent / "data" / "wrong-links.csv"
with TABLE.open(encoding="utf-8", newline="") as lines:
    CASES = list(csv.DictReader(lines))
# What entries that were merged are called now, and what is said of them there.
TARGETS = {
    "Q753": {"formula": "Cu", "label": "copper"},
    "30052": {"formula": "Cu", "label": "copper(0)"},
    "mp-19770": {"formula": "Fe2O3", "space_group": 167},
}
# Two sources that agree on the wrong thing: even then.
SOURCES = ("One compilation", "Another compilation")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    create_registry(tmp_path, "https://example.org", now=NOW)
    with open_registry(tmp_path) as opened:
        yield opened


def test_there_are_enough_and_they_differ() -> None:
    assert len(CASES) >= 40
    assert len({(case["material"], case["identifier"]) for case in CASES}) == len(CASES)
    assert {case["expect"] for case in CASES} >= {
        "formula",
        "hydrate",
        "level",
        "space-group",
        "gone",
        "unverified",
    }


@pytest.mark.parametrize("case", CASES, ids=[f"{case['material']}-{case['identifier']}" for case in CASES])
def test_what_is_wrong_is_never_published(
    case: dict[str, str], registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, _, identifier = case["identifier"].partition(":")
    entry = entries()[MATERIAL + case["material"]]
    listed = Listed(kind, identifier, SOURCES)
    wrong = dataclasses.replace(entry, listed=(listed,))
    monkeypatch.setattr(seed, "entries", lambda: {entry.query.material: wrong})
    far = Far(options={"optimade:cod": COD_BASE, "optimade:mp": MP_BASE} if kind == "cod" else {})
    facts = {
        "formula": case["formula"] or None,
        "label": case["label"] or None,
        "space_group": int(case["space_group"]) if case["space_group"] else None,
    }
    if case["status"] == "gone":
        pass
    elif case["moved"]:
        far.put(kind, identifier, moved=case["moved"]).put(kind, case["moved"], **TARGETS[case["moved"]])
    else:
        far.put(kind, identifier, **facts)
    if case["status"] == "down":
        far.down = {kind}
    made = propose(registry, far, [wrong], databases=[kind], now=NOW, actor="test")
    database = DATABASES[kind]
    target = database.canonical(case["moved"] or identifier)
    (link,) = [item for item in made.links if item.object == target]
    assert link.state is LinkState.QUEUED
    if case["moved"]:
        # Corrected: what is proposed is what the entry is called now, to be looked at by a person.
        assert link.comment == f"given as {database.canonical(identifier)}"
        assert database.canonical(identifier) not in {item.object for item in made.links}
    else:
        assert set(filter(None, case["expect"].split("+"))) <= set(link.vetoes)
        assert link.vetoes
    said = [
        line for line in public_links(registry).splitlines() if line.startswith(f"<{entry.query.material}> ")
    ]
    assert not [line for line in said if f"<{database.canonical(identifier)}>" in line]


def test_the_three_cas_numbers_of_iron_oxide_lead_to_its_phases_apart(registry: Registry) -> None:
    names = {"1309-37-1": "iron-iii-oxide", "1317-60-8": "hematite", "12134-66-6": "maghemite"}
    for number, name in names.items():
        holders = [
            iri for iri, entry in entries().items() if number in entry.query.identifiers.get("cas", ())
        ]
        assert holders in ([MATERIAL + name], [])
    far = Far().put("pubchem", "14833", formula="Fe2O3", label="iron(III) oxide")
    far.find("pubchem", "1317-60-8", "14833")
    hematite = entries()[f"{MATERIAL}hematite"]
    query = dataclasses.replace(hematite.query, identifiers={"cas": ("1317-60-8",)})
    made = propose(
        registry,
        far,
        [dataclasses.replace(hematite, query=query)],
        databases=["pubchem"],
        now=NOW,
        actor="test",
    )
    (link,) = made.links
    # A phase is something narrower than the compound, and so much is said, by a person or not at all.
    assert (link.predicate.rpartition("#")[2], link.state) == ("broadMatch", LinkState.QUEUED)


@pytest.mark.parametrize(
    "sources",
    [
        ("One compilation",),
        ("chemicals 1.5.2 (PubChem)",),
        ("chemicals 1.5.2 (PubChem)", "PubChem by cas"),
    ],
)
def test_what_one_witness_gives_waits_for_a_person(
    sources: tuple[str, ...], registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entries()[f"{MATERIAL}copper"]
    query = dataclasses.replace(entry.query, identifiers={})
    one = dataclasses.replace(entry, query=query, listed=(Listed("pubchem", "999101", sources),))
    monkeypatch.setattr(seed, "entries", lambda: {query.material: one})
    far = Far().put("pubchem", "999101", formula="Cu", label="copper")
    (link,) = propose(registry, far, [one], databases=["pubchem"], now=NOW, actor="test").links
    assert (link.vetoes, link.state) == ((), LinkState.QUEUED)


def test_an_entry_that_moved_twice_is_not_followed_further(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entries()[f"{MATERIAL}copper"]
    query = dataclasses.replace(entry.query, identifiers={})
    one = dataclasses.replace(entry, query=query, listed=(Listed("wikidata", "Q999201", SOURCES),))
    monkeypatch.setattr(seed, "entries", lambda: {query.material: one})
    far = Far().put("wikidata", "Q999201", moved="Q999202").put("wikidata", "Q999202", moved="Q999203")
    (link,) = propose(registry, far, [one], databases=["wikidata"], now=NOW, actor="test").links
    assert link.state is LinkState.QUEUED
    assert "moved" in link.vetoes
