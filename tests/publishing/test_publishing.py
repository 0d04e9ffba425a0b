"""What a publication shows, what it never shows, and what it costs nothing to leave alone."""

from __future__ import annotations

import fcntl
import os
import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from catalog import index_writing, release_building
from catalog.authorities import OwnershipError, check_ownership
from catalog.config import load_settings
from catalog.errors import Conflict, UsageError
from catalog.mapping import to_triples
from catalog.publishing import publish
from catalog.registry import Registry
from catalog.release_files import Layout
from catalog.verification import rebuild, verify

BASE = "https://example.org/xafs"
ORCID = "0000-0002-1825-0097"
PREFIXES = """
PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX xafs: <https://w3id.org/xafscat/ns#> PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX schema: <https://schema.org/>
"""


def test_an_approved_deposit_becomes_public_and_a_draft_does_not(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.deposit("bbbbbbbbbb", draft=True)
    made = world.publish()
    assert (made.number, made.added, made.changed, made.withdrawn, made.refused) == (1, 1, 0, 0, {})
    release = world.release()
    entry = release.record("aaaaaaaaaa")
    assert entry is not None
    assert entry.document["issued"] == "2026-05-01"
    assert entry.document["about"]["modified"] == "2026-05-01T03:00:00Z"
    assert release.record("bbbbbbbbbb") is None
    assert release.counts()["records"] == 1
    release.close()
    assert world.ask(PREFIXES + "SELECT ?d { ?c a dcat:Catalog ; dcat:dataset ?d }") == [
        (f"<{BASE}/record/aaaaaaaaaa>",)
    ]
    assert world.agrees()


def test_the_date_of_issue_is_the_day_in_the_catalogs_zone(make_world: Callable[..., Any]) -> None:
    world = make_world(timezone="Asia/Tokyo")
    world.now = world.now.replace(hour=20)  # already the next day in Tokyo
    world.deposit("aaaaaaaaaa")
    world.publish()
    release = world.release()
    assert release.latest(1)[0].issued == date(2026, 5, 2)
    release.close()


def test_publishing_again_without_a_public_change_makes_no_release(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    before = world.shown()
    world.wait(hours=1)
    world.deposit("bbbbbbbbbb", draft=True)
    world.deposit("cccccccccc", hidden_until=date(2027, 1, 1))
    assert world.publish().number is None
    assert world.publish().number is None
    assert Layout(world.public).numbers() == [1]
    assert world.shown() == before


def test_an_update_that_changes_nothing_public_makes_no_release(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    world.wait(hours=1)
    world.update("aaaaaaaaaa", private_note="Sent by post.")
    assert world.publish().number is None


def test_an_update_keeps_the_date_of_issue_and_moves_the_date_of_change(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    world.wait(days=3)
    world.update("aaaaaaaaaa", title="Example data: another title")
    made = world.publish()
    assert (made.number, made.added, made.changed) == (2, 0, 1)
    release = world.release()
    entry = release.record("aaaaaaaaaa")
    assert entry is not None
    assert (entry.document["issued"], entry.document["about"]["modified"]) == (
        "2026-05-01",
        "2026-05-04T03:00:00Z",
    )
    release.close()
    titles = world.ask(PREFIXES + f"SELECT ?t {{ <{BASE}/record/aaaaaaaaaa> dcterms:title ?t }}")
    assert titles == [('"Example data: another title"',)]
    assert world.agrees()


def test_a_withdrawn_record_leaves_a_tombstone_and_no_triple(world: Any) -> None:
    world.deposit("aaaaaaaaaa", data="7112 1.0")
    world.publish()
    world.wait(days=1)
    world.withdraw("aaaaaaaaaa")
    made = world.publish()
    assert (made.withdrawn, made.changed) == (1, 0)
    release = world.release()
    entry = release.record("aaaaaaaaaa")
    assert entry is not None
    assert entry.state == "withdrawn"
    assert entry.document == {
        "id": f"{BASE}/record/aaaaaaaaaa",
        "type": "xafs:Withdrawn",
        "issued": "2026-05-01",
        "withdrawn": "2026-05-02",
        "reason": {"en": "Measured at the wrong edge.", "ja": "吸収端の誤り。"},
    }
    assert release.latest(5) == []
    assert release.file("aaaaaaaaaa", "0" * 16) is None
    assert release.files("aaaaaaaaaa") == []
    assert release.counts()["withdrawn"] == 1
    release.close()
    assert world.ask(f"SELECT ?p {{ <{BASE}/record/aaaaaaaaaa> ?p ?o }}") == []
    assert world.agrees()


def test_a_record_withdrawn_before_it_was_ever_shown_leaves_no_trace(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    before = world.shown()
    world.deposit("bbbbbbbbbb")
    world.withdraw("bbbbbbbbbb")
    assert world.publish().number is None
    assert world.shown() == before


def test_a_scheduled_record_appears_at_midnight_of_its_zone_and_never_before(world: Any) -> None:
    world.deposit("aaaaaaaaaa", hidden_until=date(2026, 6, 1))
    assert world.publish().added == 0
    world.now = world.now.replace(month=5, day=31, hour=14, minute=59, second=59)  # 23:59:59 in Tokyo
    assert world.publish().number is None
    world.wait(seconds=1)
    assert world.publish().added == 1
    release = world.release()
    assert release.latest(1)[0].issued == date(2026, 6, 1)
    release.close()


def test_embargoed_files_are_closed_until_their_date_and_open_then(world: Any) -> None:
    world.deposit("aaaaaaaaaa", data="7112 1.0", access="embargoed", available="2026-06-01")
    world.publish()
    release = world.release()
    digest = release.latest(1)[0].document["spectra"][0]["files"][0]["checksum"]["digest"]
    assert release.files("aaaaaaaaaa") == []
    assert release.curve("aaaaaaaaaa", "spectrum-1") is None
    release.close()
    assert list((world.public / "files").glob("??/*")) == []
    world.now = world.now.replace(month=5, day=31, hour=14, minute=59)
    assert world.publish().number is None
    world.wait(minutes=1)
    made = world.publish()
    assert (made.number, made.changed) == (2, 1)
    release = world.release()
    found = release.file("aaaaaaaaaa", digest[:16])
    assert found is not None
    assert found.path.read_text() == "7112 1.0"
    assert found.path.samefile(world.files.path(digest))
    assert found.name == "aaaaaaaaaa.dat"
    assert release.curve("aaaaaaaaaa", "spectrum-1") == b'{"energy_ev": [1], "signal": [8]}'
    release.close()
    assert world.agrees()


def test_a_file_leaves_the_public_folder_with_the_last_release_that_serves_it(
    make_world: Callable[..., Any],
) -> None:
    world = make_world(keep=2)
    world.deposit("aaaaaaaaaa", data="7112 1.0")
    world.deposit("bbbbbbbbbb", data="8979 1.0")
    world.publish()
    first = {path.name for path in (world.public / "files").glob("??/*")}
    world.wait(days=1)
    world.withdraw("aaaaaaaaaa")
    world.publish()
    assert {path.name for path in (world.public / "files").glob("??/*")} == first
    world.update("bbbbbbbbbb", data="8979 1.0", title="Example data: another title")
    world.publish()
    assert Layout(world.public).numbers() == [2, 3]
    release = world.release()
    served = {file.path.name for file in release.files("bbbbbbbbbb")} | set(
        release.curves("bbbbbbbbbb").values()
    )
    release.close()
    assert {path.name for path in (world.public / "files").glob("??/*")} == served
    assert verify(world.settings, world.registry) == []


def test_a_withdrawn_document_is_gone_from_the_disk_with_the_last_release_that_had_it(
    make_world: Callable[..., Any],
) -> None:
    world = make_world(keep=2)
    world.deposit("aaaaaaaaaa")
    world.deposit("bbbbbbbbbb")
    world.publish()
    release = world.release()
    place = release.rows()[0].place
    release.close()
    world.withdraw("aaaaaaaaaa")
    world.publish()
    world.update("bbbbbbbbbb", title="Example data: another title")
    world.publish()
    pack = (world.public / "documents" / "1.pack").read_bytes()
    assert set(pack[place.offset : place.offset + place.length]) == {0}
    assert verify(world.settings, world.registry) == []


def test_hidden_credit_and_private_notes_are_nowhere_in_the_public_folder(world: Any) -> None:
    people = [
        {"name": "Shown Person", "orcid": ORCID},
        {"name": "Hidden Canary", "orcid": "0000-0001-5109-3700", "credit": "hidden"},
    ]
    world.deposit("aaaaaaaaaa", creators=people, private_note="Canary note")
    world.publish()
    assert "Canary" not in str(world.shown())
    assert "5109" not in str(world.shown())


def test_a_reference_is_shown_only_while_its_target_is(world: Any) -> None:
    spectrum = {"element": "Fe", "edge": "K", "calibration": {"reference": "bbbbbbbbbb"}}
    world.deposit("aaaaaaaaaa", spectra=[spectrum])
    world.publish()
    query = PREFIXES + "SELECT ?r { ?c xafs:referenceSpectrum ?r }"
    assert world.ask(query) == []
    world.deposit("bbbbbbbbbb")
    made = world.publish()
    assert (made.added, made.changed) == (1, 1)
    assert world.ask(query) == [(f"<{BASE}/record/bbbbbbbbbb>",)]
    world.withdraw("bbbbbbbbbb")
    made = world.publish()
    assert (made.withdrawn, made.changed) == (1, 1)
    assert world.ask(query) == []
    assert world.agrees()


def test_a_target_that_appears_while_a_release_is_made_is_named_by_the_next(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectra = [{"element": "Fe", "edge": "K", "calibration": {"reference": "bbbbbbbbbb"}}]
    world.deposit("aaaaaaaaaa", spectra=spectra)
    world.publish()
    world.deposit("bbbbbbbbbb", draft=True)
    referring_to = Registry.referring_to

    def approve_meanwhile(registry: Registry, ids: Any) -> set[str]:
        found = referring_to(registry, ids)
        world.approve("bbbbbbbbbb")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Registry, "referring_to", approve_meanwhile)
        assert world.publish().added == 1
    assert world.publish().changed == 1
    rows = world.ask(PREFIXES + "SELECT ?r { ?c xafs:referenceSpectrum ?r }")
    assert rows == [(f"<{BASE}/record/bbbbbbbbbb>",)]
    assert world.agrees()


def test_a_person_is_known_while_a_public_record_names_them(world: Any) -> None:
    ror = {"name": "Example Institute", "ror": "https://ror.org/0117jxy09"}
    person = {"name": "Example Person", "orcid": ORCID, "affiliation": ror}
    other = {**person, "name": "E. Person"}
    names = (
        PREFIXES + "SELECT ?s ?n { ?s a foaf:Agent ; foaf:name ?n FILTER(STRSTARTS(STR(?s), 'https://o')) }"
    )
    world.deposit("aaaaaaaaaa", creators=[person], draft=True)
    world.publish()
    assert world.ask(names) == []
    world.approve("aaaaaaaaaa")
    world.deposit("bbbbbbbbbb", creators=[other])
    world.deposit("cccccccccc", creators=[other])
    world.publish()
    assert world.ask(names) == [(f"<https://orcid.org/{ORCID}>", '"E. Person"')]
    release = world.release()
    assert release.authority("https://ror.org/0117jxy09")["name"] == {"@none": "Example Institute"}
    assert release.describe(f"https://orcid.org/{ORCID}")["affiliation"] == ["https://ror.org/0117jxy09"]
    release.close()
    world.withdraw("bbbbbbbbbb")
    world.withdraw("cccccccccc")
    world.publish()
    assert world.ask(names) == [(f"<https://orcid.org/{ORCID}>", '"Example Person"')]
    world.withdraw("aaaaaaaaaa")
    world.publish()
    assert world.ask(names) == []
    assert world.shown()["authorities"] == []
    assert world.agrees()


def test_one_physical_sample_in_two_deposits_is_one_node(world: Any) -> None:
    sample = {"name": {"en": "iron foil", "ja": "鉄箔"}, "formula": "Fe", "id": "foil 7"}
    world.deposit("aaaaaaaaaa", sample=sample)
    world.deposit("bbbbbbbbbb", sample=sample)
    world.publish()
    rows = world.ask(
        PREFIXES + "SELECT ?p ?n { ?s xafs:specimen ?p . ?p xafs:sampleName ?n FILTER(LANG(?n) = 'en') }"
    )
    assert rows == [(f"<{BASE}/sample/foil~20~7>", '"iron foil"@en')] * 2


def test_a_round_robin_is_there_while_a_published_record_names_it(world: Any) -> None:
    iri = f"{BASE}/round/foil~20~2026"
    told = PREFIXES + f"SELECT ?n ?t {{ <{iri}> a dcat:DatasetSeries ; dcterms:title ?n ; a ?t }}"
    for identifier, name in (
        ("aaaaaaaaaa", "A round"),
        ("bbbbbbbbbb", "The round"),
        ("cccccccccc", "The round"),
    ):
        world.deposit(identifier, round={"id": "foil 2026", "name": {"en": name}})
    world.deposit("dddddddddd", round={"id": "hidden"}, draft=True)
    world.deposit("eeeeeeeeee", round={"id": "foil 2026"}, draft=True)
    world.publish()
    # The most frequent spelling, once, whatever the number of records.
    assert world.ask(told) == [
        ('"The round"@en', f"<http://www.w3.org/ns/dcat#{kind}>") for kind in ("Dataset", "DatasetSeries")
    ]
    release = world.release()
    total, entries = release.naming(iri, offset=1, limit=1)
    assert (total, [entry.id for entry in entries]) == (3, ["bbbbbbbbbb"])
    assert release.authority(iri)["publisher"] == f"{BASE}/catalog#publisher"
    assert release.authority(f"{BASE}/round/hidden") is None
    release.close()
    for identifier in ("aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"):
        world.withdraw(identifier)
    world.approve("eeeeeeeeee")
    world.publish()
    # Nobody gives it a name any more: its id stands for one.
    assert world.ask(told)[0][0] == '"foil 2026"'
    assert world.agrees()
    world.withdraw("eeeeeeeeee")
    world.publish()
    assert world.ask(told) == []
    assert world.shown()["authorities"] == []
    assert world.agrees()


def test_a_credited_organisation_is_one_while_a_published_record_names_it(world: Any) -> None:
    iri = "https://ror.org/02mhbdp94"
    credited = {"creators": [{"name": {"en": "Example survey", "ja": "例示調査班"}, "ror": iri}]}
    world.deposit("aaaaaaaaaa", **credited)
    world.publish()
    release = world.release()
    known = release.authority(iri)
    release.close()
    assert known["name"] == {"en": "Example survey", "ja": "例示調査班"}
    assert "foaf:Organization" in known["type"]
    record = f"<{BASE}/record/aaaaaaaaaa>"
    assert world.ask(f"SELECT ?a WHERE {{ {record} <http://purl.org/dc/terms/creator> ?a }}") == [
        (f"<{iri}>",)
    ]
    assert world.agrees()
    world.update("aaaaaaaaaa", creators=[{"name": "Example Person"}])
    world.publish()
    release = world.release()
    assert release.authority(iri) is None
    release.close()


def test_a_funder_is_an_organisation_while_a_published_record_names_it(world: Any) -> None:
    funder = "https://doi.org/10.13039/501100000000"
    grant = {"funder": {"en": "Example Foundation"}, "funder_id": funder, "award": "EX-1"}
    world.deposit("aaaaaaaaaa", funding=[grant, {**grant, "award": "EX-2"}, {"funder": "Example Trust"}])
    world.publish()
    rows = world.ask(
        PREFIXES + "SELECT ?a ?n { ?r a xafs:Deposit ; schema:funding ?g . ?g schema:funder/foaf:name ?n"
        " OPTIONAL { ?g schema:identifier ?a } }"
    )
    assert rows == [
        ('"EX-1"', '"Example Foundation"@en'),
        ('"EX-2"', '"Example Foundation"@en'),
        ("None", '"Example Trust"'),
    ]
    assert world.agrees()
    world.withdraw("aaaaaaaaaa")
    world.publish()
    assert world.ask(f"SELECT ?p {{ <{funder}> ?p ?o }}") == []
    assert world.shown()["authorities"] == []


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("desk+xafs@example.org", "vcard:hasEmail <mailto:desk+xafs@example.org>"),
        ("mailto:desk@example.org", "vcard:hasEmail <mailto:desk@example.org>"),
        ("https://example.org/contact", "vcard:hasURL <https://example.org/contact>"),
    ],
)
def test_the_catalog_has_the_contact_of_its_settings(world: Any, contact: str, said: str) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    world.settings = load_settings(world.settings.home, {"contact": contact}, environ={})
    assert world.publish().number == 2
    vcard = "PREFIX vcard: <http://www.w3.org/2006/vcard/ns#>"
    query = f"{PREFIXES}{vcard} SELECT ?c {{ <{BASE}/catalog> dcat:contactPoint ?c . ?c {said} ; vcard:fn ?name }}"
    assert set(world.ask(query)) == {(f"<{BASE}/catalog#contact_point>",)}
    assert world.agrees()


def test_a_contact_that_is_no_address_is_refused(world: Any) -> None:
    world.settings = load_settings(world.settings.home, {"contact": "https://example.org/%zz"}, environ={})
    with pytest.raises(UsageError, match="no address of a page"):
        world.publish()


def test_a_deposit_below_the_findable_level_is_refused_with_the_reason(world: Any) -> None:
    world.deposit("aaaaaaaaaa", license="")
    world.deposit("bbbbbbbbbb")
    made = world.publish()
    assert made.added == 1
    assert set(made.refused) == {"aaaaaaaaaa"}
    assert all(set(text) == {"en", "ja"} for text in made.refused["aaaaaaaaaa"])
    assert world.publish().refused == made.refused  # told again until it is mended
    world.update("aaaaaaaaaa", license="CC0-1.0")
    made = world.publish()
    assert (made.added, made.refused) == (1, {})


def test_a_bad_version_leaves_the_good_one_in_its_place(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    before = world.shown()
    world.wait(hours=1)
    world.update("aaaaaaaaaa", license="", title="Example data: without a licence")
    made = world.publish()
    assert made.number is None
    assert set(made.refused) == {"aaaaaaaaaa"}
    assert world.shown() == before
    rebuild(world.settings, world.registry, now=world.now, actor="test")
    assert world.shown() == before


def test_a_deposit_whose_file_was_lost_is_refused(world: Any) -> None:
    made = world.deposit("aaaaaaaaaa", data="7112 1.0")
    world.files.path(made.attachments[0].sha256).unlink()
    assert set(world.publish().refused) == {"aaaaaaaaaa"}


def test_a_changed_setting_of_the_catalog_makes_a_release(world: Any) -> None:
    from dataclasses import replace

    world.deposit("aaaaaaaaaa")
    world.publish()
    world.settings = replace(world.settings, title={"en": "Another title"})
    made = world.publish()
    assert (made.number, made.anew) == (2, "")
    titles = world.ask(PREFIXES + "SELECT ?t { ?c a dcat:Catalog ; dcterms:title ?t }")
    assert titles == [('"Another title"@en',)]
    assert world.agrees()
    assert world.publish().number is None
    world.settings = replace(world.settings, metadata_license="CC-BY-4.0")
    made = world.publish()
    assert made.number == 3
    assert "setting" in made.anew
    assert made.changed == 1
    assert world.agrees()


def test_old_releases_and_their_packs_are_removed(make_world: Callable[..., Any]) -> None:
    world = make_world(keep=2)
    world.deposit("aaaaaaaaaa")
    for number in range(4):
        world.update("aaaaaaaaaa", title=f"Example data {number}")
        world.publish()
    assert Layout(world.public).numbers() == [3, 4]
    rebuild(world.settings, world.registry, now=world.now, actor="test")
    world.update("aaaaaaaaaa", title="Example data, the last")
    world.publish()
    assert Layout(world.public).numbers() == [5, 6]
    assert [path.name for path in (world.public / "documents").iterdir()] == ["5.pack"]
    assert verify(world.settings, world.registry) == []


def test_a_second_publisher_waits_and_then_says_so(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    descriptor = os.open(world.settings.run_path / "publish.lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="another command"):
            publish(world.settings, world.registry, now=world.now, actor="test", wait_s=0.1)
    finally:
        os.close(descriptor)
    assert world.publish().number is None


def test_a_document_may_not_write_about_strangers() -> None:
    iri = f"{BASE}/record/aaaaaaaaaa"
    good = {
        "id": iri,
        "type": ["dcat:Dataset"],
        "catalog": f"{BASE}/catalog",
        "sample": {"id": f"{iri}#sample"},
    }
    check_ownership(iri, to_triples(good), BASE)
    for stranger in (f"{BASE}/record/bbbbbbbbbb", f"{iri}0", f"{BASE}/catalog", f"https://orcid.org/{ORCID}"):
        bad = {**good, "sample": {"id": stranger, "type": "sosa:Sample"}}
        with pytest.raises(OwnershipError):
            check_ownership(iri, to_triples(bad), BASE)


def test_every_subject_of_a_release_is_owned_by_one_document(world: Any) -> None:
    _history(world, random.Random(4), 25)
    release = world.release()
    owners: dict[str, str] = {}
    for document in [
        *(entry.document for entry in release.entries()),
        *release.authorities(),
        release.catalog,
    ]:
        for triple in to_triples(document):
            subject = triple.subject.value
            if subject != f"{BASE}/catalog" or document["id"] == f"{BASE}/catalog":
                assert owners.setdefault(subject, document["id"]) == document["id"]
    release.close()
    assert len(owners) > 20


@pytest.mark.parametrize("seed", range(5))
def test_any_history_gives_what_a_rebuild_gives(world: Any, seed: int) -> None:
    _history(world, random.Random(seed), 30)
    before = world.shown()
    assert world.agrees()
    assert verify(world.settings, world.registry) == []
    made = rebuild(world.settings, world.registry, now=world.now, actor="test")
    assert (made.added, made.changed, made.withdrawn) == (0, 0, 0)
    assert world.shown() == before


def test_many_changes_at_once_are_loaded_and_give_the_same(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_building, "FEW_DOCUMENTS", 1)
    monkeypatch.setattr(release_building, "BATCH_TRIPLES", 50)
    monkeypatch.setattr(index_writing, "MOST_BLOCKS", 5)
    _history(world, random.Random(11), 30)
    assert world.agrees()
    assert verify(world.settings, world.registry) == []
    before = world.shown()
    monkeypatch.undo()
    rebuild(world.settings, world.registry, now=world.now, actor="test")
    assert world.shown() == before


@pytest.mark.parametrize("seed", range(3))
def test_two_worlds_that_differ_in_what_is_hidden_look_the_same(
    make_world: Callable[..., Any], seed: int
) -> None:
    quiet, busy = make_world("quiet"), make_world("busy")
    _history(quiet, random.Random(seed), 20)
    _history(busy, random.Random(seed), 20, hidden=random.Random(seed + 100))
    assert busy.registry.last_event() > quiet.registry.last_event()
    assert quiet.shown() == busy.shown()
    assert _public_bytes(quiet) == _public_bytes(busy)


def _public_bytes(world: Any) -> dict[str, bytes]:
    """Every byte of the public folder but the stores', whose file names and salts are the engine's."""
    found = {}
    for path in sorted(world.public.rglob("*")):
        name = path.relative_to(world.public).as_posix()
        if path.is_file() and "/store/" not in name and path.name != "manifest.json":
            found[name] = path.read_bytes()
    return found


def _history(world: Any, chance: random.Random, steps: int, hidden: random.Random | None = None) -> None:
    """A random life of a catalog; ``hidden`` adds deposits, updates and references that never become public."""
    known: list[str] = []
    withdrawn: set[str] = set()
    secret: list[str] = []
    for step in range(steps):
        world.wait(hours=chance.randrange(1, 60))
        action = chance.choices(["add", "update", "withdraw", "publish"], [5, 3, 1, 4])[0]
        open_ids = [item for item in known if item not in withdrawn]
        if action == "add" or not open_ids:
            identifier = f"r{step:04d}{chance.randrange(10**5):05d}"
            _add(world, chance, identifier, open_ids)
            known.append(identifier)
        elif action == "update":
            identifier = chance.choice(open_ids)
            world.update(
                identifier, data=chance.choice(["", f"{step}"]), **_fields(chance, open_ids, f"v{step}")
            )
        elif action == "withdraw":
            identifier = chance.choice(open_ids)
            world.withdraw(identifier)
            withdrawn.add(identifier)
        else:
            world.publish()
        if hidden:
            _whisper(world, hidden, step, secret, open_ids)
            if action == "publish" and open_ids:
                assert world.publish().number is None
    world.wait(hours=1)
    world.publish()


def _add(world: Any, chance: random.Random, identifier: str, others: list[str]) -> None:
    fields = _fields(chance, others, identifier)
    today = world.now.date()
    if chance.random() < 0.2:
        world.deposit(identifier, hidden_until=today + timedelta(days=chance.randrange(1, 20)), **fields)
    elif chance.random() < 0.3:
        available = today + timedelta(days=chance.randrange(1, 20))
        fields |= {"access": "embargoed", "available": available.isoformat()}
        world.deposit(identifier, data=identifier, **fields)
    else:
        world.deposit(identifier, data=chance.choice(["", "shared content", identifier]), **fields)


def _fields(chance: random.Random, others: list[str], mark: str) -> dict[str, Any]:
    element, edge = chance.choice([("Fe", "K"), ("Cu", "K"), ("Pb", ["L2", "L3"])])
    spectrum: dict[str, Any] = {
        "element": element,
        "edge": edge,
        "mode": chance.choice(["transmission", "fluorescence"]),
    }
    if others and chance.random() < 0.4:
        spectrum["calibration"] = {"reference": chance.choice(others)}
    person: dict[str, Any] = {"name": chance.choice(["Example Person", "E. Person"]), "orcid": ORCID}
    if chance.random() < 0.5:
        person["affiliation"] = {
            "name": chance.choice(["Example Institute", "Example Inst."]),
            "ror": "0117jxy09",
        }
    return {
        "title": {"en": f"Example data {mark}"},
        "creators": [person, {"name": "Another", "credit": chance.choice(["shown", "hidden"])}],
        "sample": {"name": "foil", "formula": "Fe", "id": chance.choice(["foil-1", "foil-2", ""])},
        "facility": chance.choice(["Photon Factory", "Example Laboratory"]),
        "spectra": [spectrum],
    }


def _whisper(world: Any, hidden: random.Random, step: int, secret: list[str], others: list[str]) -> None:
    fields = _fields(hidden, [*others, *secret], f"secret {step}")
    if secret and hidden.random() < 0.3:
        world.update(hidden.choice(secret), **fields)
        return
    identifier = f"h{step:04d}{hidden.randrange(10**5):05d}"
    if hidden.random() < 0.5:
        world.deposit(identifier, draft=True, data=f"secret {step}", **fields)
    else:
        world.deposit(identifier, hidden_until=date(2099, 1, 1), data=f"secret {step}", **fields)
    secret.append(identifier)
