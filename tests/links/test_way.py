"""The way of a link: proposed, verified, reviewed, exchanged, checked, published, and remembered when rejected."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import Conflict, UnreadableInput, UsageError
from catalog.link_checking import check
from catalog.link_proposing import propose
from catalog.link_reviewing import accept, reject, reviewer_of
from catalog.linking.listing import MATERIAL, Entry, entries, shipped_links
from catalog.linking.model import Link, LinkState
from catalog.linking.scoring import CLOSE, EXACT, STRUCTURE, witnesses
from catalog.links import all_links, find_link, public_links
from catalog.registry import Registry, create_registry, open_registry
from catalog.sssom import read_sssom, write_sssom
from tests.links.far import COD_BASE, MP_BASE, Far

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BASE = "https://example.org"
RUTILE, ANATASE, COPPER = (entries()[MATERIAL + name] for name in ("rutile", "anatase", "copper"))
CURATOR = "Example Curator <https://orcid.org/0000-0002-1825-0097>"
WHO: dict[str, Any] = {"now": NOW, "actor": "test"}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    create_registry(tmp_path, BASE, now=NOW)
    with open_registry(tmp_path) as opened:
        yield opened


@pytest.fixture
def far() -> Far:
    made = Far(options={"optimade:cod": COD_BASE, "optimade:mp": MP_BASE})
    made.put("cod", "9004141", formula="O2Ti", space_group=136).put(
        "cod", "9008213", formula="O2Ti", space_group=141
    )
    made.put("mp", "mp-2657", formula="O2Ti", space_group=136).put(
        "mp", "mp-390", formula="O2Ti", space_group=141
    )
    made.put("wikidata", "Q753", formula="Cu", label="copper", cas="7440-50-8").find(
        "wikidata", "7440-50-8", "Q753"
    )
    made.put("pubchem", "23978", formula="Cu", label="Copper").find("pubchem", "7440-50-8", "23978")
    made.put("chebi", "30052", formula="Cu", label="copper(0)").find("chebi", "7440-50-8", "30052")
    return made


def by_object(links: list[Link]) -> dict[str, Link]:
    return {link.object.rpartition("/")[2]: link for link in links}


def proposed(registry: Registry, far: Far, *materials: Entry) -> dict[str, Link]:
    return by_object(propose(registry, far, materials, **WHO).links)


def test_a_formula_alone_names_no_phase(registry: Registry, far: Far) -> None:
    found = proposed(registry, far, entries()[f"{MATERIAL}titanium-dioxide"])
    structures = {name: link for name, link in found.items() if link.database == "cod"}
    assert structures.keys() == {"9004141", "9008213"}
    assert all(
        link.vetoes == ("phase-unknown",) and link.state is LinkState.QUEUED for link in structures.values()
    )


def test_a_named_phase_has_one_entry_that_is_sure(registry: Registry, far: Far) -> None:
    found = proposed(registry, far, RUTILE)
    (sure,) = [link for link in found.values() if link.database == "cod" and link.confidence >= 0.9]
    assert sure.object.endswith("9004141")
    assert sure.predicate == STRUCTURE
    assert sure.facts is not None
    assert sure.facts.space_group == 136
    # The list (NCrystal) and the database itself: two witnesses, nothing against it.
    assert sure.state is LinkState.UNREVIEWED
    assert sure.reviewer is None
    assert "9004141" in public_links(registry)
    assert "Not reviewed by a person" in public_links(registry)


def test_a_database_that_repeats_another_is_no_second_witness() -> None:
    assert witnesses(["chemicals 1.5.2 (PubChem)", "PubChem by cas"]) == {"pubchem"}
    assert witnesses(["COD index", "optimade:cod", "COD index: formula and space group"]) == {"cod"}
    assert witnesses(["Wikidata by cas", "EMMO chemical-substance", "Wikidata by inchikey"]) == {
        "wikidata",
        "emmo",
    }


def test_the_same_registry_and_answers_make_the_same_links(tmp_path: Path, far: Far) -> None:
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        create_registry(tmp_path / name, BASE, now=NOW)
        with open_registry(tmp_path / name) as registry:
            propose(registry, far, [COPPER, RUTILE, ANATASE], **WHO)
            again = propose(
                registry, far, [COPPER, RUTILE, ANATASE], now=NOW + timedelta(days=9), actor="test"
            )
            assert again.count(LinkState.UNREVIEWED) > 0
            texts.append(public_links(registry))
    assert texts[0] == texts[1]


def test_what_cannot_be_reached_is_said_and_nothing_is_concluded(registry: Registry, far: Far) -> None:
    before = public_links(registry)
    far.down = {"cod", "mp", "wikidata", "pubchem", "chebi"}
    made = propose(registry, far, [COPPER, RUTILE], **WHO)
    assert {"optimade", "wikidata", "pubchem", "chebi"} <= made.unreachable.keys()
    assert all("unverified" in link.vetoes for link in made.links)
    assert public_links(registry) == before
    queued = next(link for link in made.links)
    with pytest.raises(Conflict, match="not read"):
        accept(registry, queued, reviewer=CURATOR, **WHO)


def test_a_person_accepts_and_the_program_leaves_it(registry: Registry, far: Far) -> None:
    link = proposed(registry, far, COPPER)["Q753"]
    done = accept(registry, link, reviewer="Example Curator <0000-0002-1825-0097>", predicate=EXACT, **WHO)
    assert (done.state, done.predicate, done.reviewer, done.review_date) == (
        LinkState.ACCEPTED,
        EXACT,
        CURATOR,
        NOW.date(),
    )
    assert done.confidence == 0.95
    made = propose(registry, far, [COPPER], **WHO)
    assert made.settled == 1
    assert find_link(registry, link.id) == done
    text = public_links(registry)
    assert f"<{COPPER.query.material}> <{EXACT}> <http://www.wikidata.org/entity/Q753>" in text
    assert f"<{COPPER.query.material}> <{CLOSE}> <http://www.wikidata.org/entity/Q753>" not in text
    assert 'reviewer_label> "Example Curator"' in text


def test_a_rejection_is_remembered_and_takes_a_shipped_link_away(registry: Registry, far: Far) -> None:
    shipped = next(link for link in shipped_links() if link.object.endswith("Q753"))
    assert shipped.object in public_links(registry)
    reject(registry, find_link(registry, shipped.id), reviewer=CURATOR, because="made up for the test", **WHO)
    assert shipped.object not in public_links(registry)
    assert propose(registry, far, [COPPER], **WHO).settled == 1
    assert shipped.object not in public_links(registry)
    assert find_link(registry, shipped.id).comment == "made up for the test"


def test_reviews_have_rules(registry: Registry, far: Far) -> None:
    found = proposed(registry, far, COPPER, RUTILE)
    with pytest.raises(UsageError, match="the levels of the two allow: closeMatch, relatedMatch"):
        accept(registry, found["CID23978"], reviewer=CURATOR, predicate=EXACT, **WHO)
    with pytest.raises(UsageError, match="allow: referenceStructure"):
        accept(registry, found["9004141"], reviewer=CURATOR, predicate=CLOSE, **WHO)
    own = dataclasses.replace(found["Q753"], author="example curator")
    with pytest.raises(Conflict, match="another person"):
        accept(registry, own, reviewer="Example Curator", predicate=EXACT, **WHO)
    for nobody in ("", "123", "Name <0000-0002-1825-0098>", "<0000-0002-1825-0097>"):
        with pytest.raises(UsageError):
            reviewer_of(nobody)


def test_sssom_goes_out_and_comes_in_again(registry: Registry, far: Far, tmp_path: Path) -> None:
    found = proposed(registry, far, COPPER, RUTILE)
    accept(registry, found["Q753"], reviewer=CURATOR, predicate=EXACT, **WHO)
    reject(registry, found["9004141"], reviewer=CURATOR, because="another\tcrystal", **WHO)
    text = write_sssom(all_links(registry), BASE, title="Example")
    assert "\tNot\tcod:9004141\t" in text
    made = read_sssom(registry, text.encode(), where="links.sssom.tsv", **WHO)
    assert (made.stored, made.refused) == (0, {})
    (tmp_path / "other").mkdir()
    create_registry(tmp_path / "other", BASE, now=NOW)
    with open_registry(tmp_path / "other") as other:
        made = read_sssom(other, text.encode(), where="links.sssom.tsv", **WHO)
        assert made.refused == {}
        states = by_object(all_links(other))
        assert states["9004141"].state is LinkState.REJECTED
        # Shipped and thus vouched for; a review of what was never read there waits for it.
        assert states["Q753"].reviewer == CURATOR
        assert states["23978" if "23978" in states else "CID23978"].state is LinkState.UNREVIEWED
        assert write_sssom(all_links(other), BASE, title="Example").count("\n") == text.count("\n")


BY = "semapv:ManualMappingCuration"
HEADER = "#curie_map:\n#  ex: https://example.net/\n#mapping_set_id: https://example.net/set\n"
COLUMNS = "subject_id\tpredicate_id\tobject_id\tmapping_justification\tconfidence\treviewer_label\tpredicate_modifier\n"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("xmaterial:copper\towl:sameAs\twikidata:Q753\t{by}\t1\t\t", "owl"),
        ("xmaterial:copper\thttp://www.w3.org/2002/07/owl#sameAs\twikidata:Q753\t{by}\t1\t\t", "allowed"),
        ("xmaterial:nothing\tskos:closeMatch\twikidata:Q753\t{by}\t1\t\t", "no material"),
        ("ex:copper\tskos:closeMatch\twikidata:Q753\t{by}\t1\t\t", "no material"),
        ("xmaterial:copper\tskos:closeMatch\thttp://127.0.0.1:5000/Q753\t{by}\t1\t\t", "known database"),
        ("xmaterial:copper\tskos:closeMatch\twikidata:Q0\t{by}\t1\t\t", "known database"),
        ("xmaterial:copper\tskos:closeMatch\twikidata:Q753\t{by}\t1.5\t\t", "between 0 and 1"),
        ("xmaterial:copper\tskos:closeMatch\twikidata:Q753\tby hand\t1\t\t", "semapv"),
        ("xmaterial:copper\tskos:closeMatch\twikidata:Q753\tsemapv:By hand\t1\t\t", "semapv"),
        ("xmaterial:copper\tskos:closeMatch\twikidata:Q753\tsemapv:a>b\t1\t\t", "semapv"),
        ("xmaterial:copper\tskos:relatedMatch\thttps://a.org/v1/structures/a<b\t{by}\t1\t\t", "known database"),
        ("xmaterial:copper\tskos:relatedMatch\thttps://a.org/v1/structures/%zz\t{by}\t1\t\t", "known database"),
        ("xmaterial:copper\tskos:closeMatch\twikidata:Q753\t{by}\tnan\t\t", "between 0 and 1"),
        ("xmaterial:copper\tskos:closeMatch\twikidata:Q753\t{by}\t1\t\tNo", "modifier"),
        ("xmaterial:copper\tskos:closeMatch\twikidata:Q753\t{by}\t1\t\tNot", "needs a reviewer"),
        ("xmaterial:copper\tskos:closeMatch\twikidata:Q753\t{by}\t1\tunknown\t", "placeholder"),
        ("xmaterial:copper\tskos:exactMatch\tcod:9008468\t{by}\t1\t\t", "allowed"),
        ("xmaterial:copper\txafs:sampleMaterial\twikidata:Q753\t{by}\t1\t\t", "allowed"),
        ("xmaterial:copper\tskos:closeMatch\tnobody:1\t{by}\t1\t\t", "curie_map"),
        ("xmaterial:copper\tskos:closeMatch\twikidata:Q753\t{by}\tsure\t\t", "no number"),
        ("xmaterial:copper\tskos:closeMatch\tror:026v1ze26\t{by}\t1\t\t", "allowed: none"),
        ("https://example.org/record/nothing#sample\txafs:sampleMaterial\txmaterial:copper\t{by}\t1\t\t", "no record"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_right_are_left_out_with_the_line(registry: Registry, row: str, why: str) -> None:
    good = "xmaterial:copper\tskos:closeMatch\tpubchem:23978\t{by}\t0.7\tExample Curator\tNot"
    table = (HEADER + COLUMNS + row + "\n" + good + "\n").replace("{by}", BY)
    made = read_sssom(registry, table.encode(), where="t.tsv", **WHO)
    assert list(made.refused) == [5]
    assert why in made.refused[5]
    assert registry.link(shipped("CID23978").id).state is LinkState.REJECTED


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"",
        b"#curie_map: &a [*a]\nsubject_id\n",
        b"subject_id\tobject_id\nx\ty\n",
        b"#a: 1\n#a: 2\n" + COLUMNS.encode(),
        COLUMNS.encode() + b'"' + b"x" * 200_000,
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(registry: Registry, content: bytes) -> None:
    with pytest.raises(UnreadableInput):
        read_sssom(registry, content, where="t.tsv", **WHO)
    assert list(registry.links()) == []


def test_a_review_from_elsewhere_waits_until_the_entry_was_read(registry: Registry, far: Far) -> None:
    row = "xmaterial:copper\tskos:closeMatch\tchebi:30052\t{by}\t0.9\tExample Curator\t"
    read_sssom(registry, (HEADER + COLUMNS + row + "\n").replace("{by}", BY).encode(), where="t.tsv", **WHO)
    (link,) = registry.links(databases=["chebi"])
    assert (link.state, link.reviewer) == (LinkState.QUEUED, "Example Curator")
    outcomes = {item.link.id: item.outcome for item in check(registry, far, **WHO)}
    assert outcomes[link.id] == "confirmed"
    assert registry.link(link.id).state is LinkState.ACCEPTED


def test_the_check_finds_rot_and_never_takes_a_network_for_it(registry: Registry, far: Far) -> None:
    found = proposed(registry, far, COPPER, RUTILE)
    accept(registry, found["Q753"], reviewer=CURATOR, **WHO)
    accept(registry, found["mp-2657"], reviewer=CURATOR, **WHO)
    accept(registry, found["9004141"], reviewer=CURATOR, **WHO)
    wanted = [found[name].id for name in ("Q753", "mp-2657", "9004141")]

    def outcomes(days: int) -> list[str]:
        later = NOW + timedelta(days=days)
        made = {item.link.id: item.outcome for item in check(registry, far, now=later, actor="test")}
        return [made.get(identifier, "") for identifier in wanted]

    before = public_links(registry)
    far.down = {"wikidata", "cod", "mp", "pubchem", "chebi"}
    assert outcomes(1) == ["unreachable"] * 3
    assert public_links(registry) == before
    far.down = set()
    far.put("wikidata", "Q753", gone=404).put("mp", "mp-2657", formula="O2Sn", space_group=136)
    assert outcomes(2)[:2] == ["gone", "changed"]
    assert registry.link(wanted[0]).state is LinkState.ACCEPTED
    assert registry.link(wanted[1]).vetoes == ("formula",)
    assert registry.link(wanted[1]).state is LinkState.QUEUED
    assert outcomes(5)[0] == "gone"
    assert registry.link(wanted[0]).state is LinkState.ACCEPTED
    assert outcomes(10)[0] == "broken"
    assert registry.link(wanted[0]).state is LinkState.BROKEN
    assert "entity/Q753" not in public_links(registry)
    assert [item["why"] for item in registry.link(wanted[0]).failures] == ["HTTP 404"] * 3


def test_an_entry_that_moved_is_queued_under_its_new_name(registry: Registry, far: Far) -> None:
    found = proposed(registry, far, COPPER)
    accept(registry, found["Q753"], reviewer=CURATOR, **WHO)
    far.put("wikidata", "Q753", moved="Q999")
    moved = [item for item in check(registry, far, **WHO) if item.outcome == "moved"]
    assert [item.detail for item in moved] == ["http://www.wikidata.org/entity/Q999"]
    states = by_object(list(registry.links(databases=["wikidata"])))
    assert (states["Q753"].state, states["Q999"].state) == (LinkState.BROKEN, LinkState.QUEUED)
    assert states["Q999"].reviewer is None


def test_the_oldest_are_checked_first(registry: Registry, far: Far) -> None:
    proposed(registry, far, COPPER, RUTILE)
    first = check(registry, far, limit=5, now=NOW + timedelta(days=1), actor="test")
    assert len(first) == 5
    second = check(registry, far, limit=5, now=NOW + timedelta(days=2), actor="test")
    good = {item.link.id for item in first if item.outcome == "good"}
    assert not good & {item.link.id for item in second}


def shipped(target: str) -> Link:
    return next(link for link in shipped_links() if link.object.endswith(target))


def test_what_is_shipped_was_read_by_nobody_here_and_cannot_be_accepted_before(
    registry: Registry, far: Far
) -> None:
    with pytest.raises(Conflict, match="not read"):
        accept(registry, shipped("Q753"), reviewer=CURATOR, **WHO)
    row = "xmaterial:copper\tskos:exactMatch\twikidata:Q753\t{by}\t0.9\tExample Curator\t"
    read_sssom(registry, (HEADER + COLUMNS + row + "\n").replace("{by}", BY).encode(), where="t.tsv", **WHO)
    waits = registry.link(shipped("Q753").id)
    assert (waits.state, waits.vetoes) == (LinkState.QUEUED, ("unverified",))
    check(registry, far, **WHO)
    accepted = registry.link(waits.id)
    assert (accepted.state, accepted.predicate, accepted.vetoes) == (LinkState.ACCEPTED, EXACT, ())


def test_a_table_without_a_reviewer_changes_nothing_that_is_shown(registry: Registry) -> None:
    before = public_links(registry)
    row = "xmaterial:copper\tskos:exactMatch\twikidata:Q753\t{by}\t1\t\t"
    made = read_sssom(
        registry, (HEADER + COLUMNS + row + "\n").replace("{by}", BY).encode(), where="t.tsv", **WHO
    )
    assert (made.stored, made.same) == (0, 1)
    assert public_links(registry) == before


def test_addresses_as_people_copy_them_are_put_right(registry: Registry) -> None:
    for given, target in {
        "https://matvoc.nims.go.jp/entity/Q2057": "https://matvoc.wikibase.cloud/entity/Q2057",
        "https://www.wikidata.org/wiki/Q58": "http://www.wikidata.org/entity/Q58",
        "https://materialsproject.org/materials/mp-aaaaft": "https://materialsproject.org/materials/mp-149",
    }.items():
        predicate = "relatedMatch" if "mp-" in given else "closeMatch"
        row = f"xmaterial:copper\tskos:{predicate}\t{given}\t{BY}\t0.5\t\t\n"
        made = read_sssom(registry, (HEADER + COLUMNS + row).encode(), where="t.tsv", **WHO)
        assert made.refused == {}, given
        assert target in {link.object for link in registry.links(states=[LinkState.QUEUED])}


def test_the_formula_alone_is_accepted_only_by_who_says_how_they_know(registry: Registry, far: Far) -> None:
    found = proposed(registry, far, entries()[f"{MATERIAL}titanium-dioxide"])
    link = dataclasses.replace(found["9004141"], vetoes=(), matched=("formula",))
    with pytest.raises(UsageError, match="formula alone"):
        accept(registry, link, reviewer=CURATOR, **WHO)
    accepted = accept(registry, link, reviewer=CURATOR, comment="its diffraction pattern", **WHO)
    assert accepted.confidence == link.confidence < 0.5


def test_a_rejection_survives_that_another_entry_moves_there(registry: Registry, far: Far) -> None:
    far.put("wikidata", "Q999", formula="Cu", label="copper").find("wikidata", "7440-50-8", "Q753", "Q999")
    found = proposed(registry, far, COPPER)
    with pytest.raises(UsageError, match="a veto speaks against it"):
        accept(registry, found["Q753"], reviewer=CURATOR, **WHO)
    accept(registry, found["Q753"], reviewer=CURATOR, comment="the older entry", **WHO)
    wrong = reject(registry, found["Q999"], reviewer=CURATOR, because="made up for the test", **WHO)
    far.put("wikidata", "Q753", moved="Q999")
    assert "moved" in {item.outcome for item in check(registry, far, **WHO)}
    assert registry.link(found["Q753"].id).state is LinkState.BROKEN
    assert registry.link(wrong.id) == wrong


def test_a_shipped_link_to_a_former_name_is_taken_back_when_that_is_found(
    registry: Registry, far: Far
) -> None:
    far.put("wikidata", "Q753", moved="Q999").put("wikidata", "Q999", formula="Cu", label="copper")
    assert "entity/Q753" in public_links(registry)
    found = proposed(registry, far, COPPER)
    assert (found["Q753"].state, found["Q753"].comment) == (
        LinkState.BROKEN,
        "now http://www.wikidata.org/entity/Q999",
    )
    assert found["Q999"].state is LinkState.QUEUED
    assert "entity/Q753" not in public_links(registry)
