"""Releases as readers meet them: immutable, whole or refused, followed when the next one comes."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import Damaged
from catalog.release_watching import ReleaseWatcher
from catalog.releases import NoRelease, open_current, open_release

BASE = "https://example.org/xafs"


def forms(element: str, edge: Any) -> list[dict[str, Any]]:
    return [{"element": element, "edge": edge, "mode": "transmission"}]


def test_before_the_first_publication_there_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(NoRelease, match="xafscat publish") as caught:
        open_current(tmp_path)
    assert caught.value.code == "no-release"
    with pytest.raises(NoRelease):
        ReleaseWatcher(tmp_path)()


def test_an_empty_catalog_has_a_release_with_the_vocabulary_alone(world: Any) -> None:
    assert world.publish().number == 1
    release = world.release()
    assert release.counts()["records"] == 0
    assert release.counts()["triples"] > 5000
    assert (release.latest(5), list(release.ids()), release.listed()) == ([], [], (0, []))
    release.close()


def test_records_are_found_listed_and_counted(world: Any) -> None:
    world.deposit("aaaaaaaaaa", spectra=forms("Fe", "K"))
    world.deposit("bbbbbbbbbb", spectra=forms("Pb", ["L2", "L3"]))
    world.deposit("cccccccccc", spectra=[*forms("Fe", "K"), *forms("Cu", "K")])
    world.publish()
    world.wait(days=1)
    world.deposit("dddddddddd", spectra=forms("Pb", "L3"), facility="Example Laboratory")
    world.withdraw("bbbbbbbbbb")
    world.publish()
    release = world.release()
    assert release.number == 2
    assert release.counts() == {
        "records": 3,
        "withdrawn": 1,
        "spectra": 4,
        "files": 0,
        "elements": 3,
        "facilities": 2,
        "triples": release.manifest.totals["triples"],
    }
    assert release.spectra_by("element") == {"Fe": 2, "Cu": 1, "Pb": 1}
    assert release.spectra_by("edge") == {"K": 3, "L3": 1}
    assert release.spectra_by("facility")["Example Laboratory"] == 1
    assert [entry.id for entry in release.latest(2)] == ["dddddddddd", "cccccccccc"]
    assert list(release.ids()) == ["aaaaaaaaaa", "cccccccccc", "dddddddddd"]
    total, page = release.listed(element="Fe", edge="K", limit=1)
    assert (total, [entry.id for entry in page]) == (2, ["cccccccccc"])
    total, page = release.listed(element="Fe", edge="K", offset=1, limit=5)
    assert (total, [entry.id for entry in page]) == (2, ["aaaaaaaaaa"])
    assert release.listed(element="Pb", edge="L2") == (0, [])
    assert release.listed(element="Cu", edge="L3") == (0, [])
    assert release.listed()[0] == 3
    assert [entry.id for entry in release.listed(edge="L3")[1]] == ["dddddddddd"]
    assert release.listed(text="---") == (0, [])
    assert [row.id for row in release.rows("aaaaaaaaaa", 2)] == ["bbbbbbbbbb", "cccccccccc"]
    entry = release.record("dddddddddd")
    assert entry is not None
    assert (entry.state, entry.issued, entry.release) == ("published", date(2026, 5, 2), 2)
    assert release.record("nothing") is None
    with pytest.raises(ValueError, match="formula"):
        release.spectra_by("formula")
    release.close()


def test_an_iri_is_described_by_the_document_that_owns_it(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    release = world.release()
    record = f"{BASE}/record/aaaaaaaaaa"
    for iri in (record, f"{record}#sample"):
        found = release.describe(iri)
        assert found is not None
        assert found["id"] == record
    assert release.describe(f"{BASE}/catalog#publisher") == release.catalog
    assert release.describe("https://orcid.org/0000-0002-1825-0097") is not None
    assert release.describe(f"{BASE}/record/bbbbbbbbbb") is None
    assert release.describe("https://orcid.org/0000-0001-5109-3700") is None
    release.close()


def test_a_file_is_found_by_the_beginning_of_its_hash(world: Any) -> None:
    world.deposit("aaaaaaaaaa", data="7112 1.0")
    world.publish()
    release = world.release()
    (file,) = release.files("aaaaaaaaaa")
    path, name, media_type = file
    assert (name, media_type) == ("aaaaaaaaaa.dat", "text/plain")
    assert path.read_text() == "7112 1.0"
    assert release.file("aaaaaaaaaa", path.name[:16]) == file
    assert release.file("aaaaaaaaaa", path.name) == file
    assert release.file("aaaaaaaaaa", path.name[:7]) is None
    assert release.file("bbbbbbbbbb", path.name) is None
    path_of_curve = next(iter(release.curves("aaaaaaaaaa").values()))
    (world.public / "files" / path_of_curve[:2] / path_of_curve).unlink()
    with pytest.raises(Damaged, match="points"):
        release.curve("aaaaaaaaaa", "spectrum-1")
    release.close()


def test_a_watcher_moves_on_and_a_held_release_stays_as_it_was(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    watcher = ReleaseWatcher(world.public)
    held = watcher()
    assert watcher() is held
    world.wait(days=1)
    world.update("aaaaaaaaaa", title="Example data: another title")
    world.publish()
    moved = watcher.current()
    assert (held.number, moved.number) == (1, 2)
    old, new = held.record("aaaaaaaaaa"), moved.record("aaaaaaaaaa")
    assert old is not None
    assert new is not None
    assert old.document["title"]["en"] == "Example data: foil aaaaaaaaaa"
    assert new.document["title"] == {"@none": "Example data: another title"}
    watcher.close()


def test_a_watcher_keeps_what_it_has_when_the_next_release_is_damaged(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    watcher = ReleaseWatcher(world.public)
    assert watcher().number == 1
    world.deposit("bbbbbbbbbb")
    world.publish()
    index = world.public / "releases" / "2" / "index.sqlite"
    content = index.read_bytes()
    index.write_bytes(content[:-1])
    assert watcher().number == 1
    assert isinstance(watcher.problem, Damaged)
    index.write_bytes(content)
    assert watcher().number == 2
    assert watcher.problem is None
    watcher.close()


@pytest.mark.parametrize(
    "target", ["releases/1/../1", "releases/x", "../elsewhere", "releases/99", "releases/1²"]
)
def test_a_strange_link_is_damage(world: Any, target: str) -> None:
    world.publish()
    current = world.public / "current"
    current.unlink()
    current.symlink_to(target)
    with pytest.raises(Damaged, match="rebuild"):
        open_current(world.public)


def test_an_index_of_another_release_is_refused(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    world.update("aaaaaaaaaa", title="Example data, titled")
    world.publish()
    first, second = (world.public / "releases" / number / "index.sqlite" for number in "12")
    assert first.stat().st_size == second.stat().st_size
    second.write_bytes(first.read_bytes())
    with pytest.raises(Damaged, match="another release"):
        open_release(world.public, 2)


def test_a_damaged_document_harms_no_other(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.deposit("bbbbbbbbbb")
    world.publish()
    release = world.release()
    place = release.rows()[0].place
    with (world.public / "documents" / "1.pack").open("r+b") as stream:
        stream.seek(place.offset + place.length // 2)
        byte = stream.read(1)
        stream.seek(-1, 1)
        stream.write(bytes([byte[0] ^ 1]))
    with pytest.raises(Damaged):
        release.record("aaaaaaaaaa")
    assert release.record("bbbbbbbbbb") is not None
    release.close()


def test_many_threads_may_read_one_release(world: Any) -> None:
    for number in range(20):
        world.deposit(f"r{number:09d}")
    world.publish()
    release = world.release()
    wrong: list[object] = []

    def read() -> None:
        for number in range(200):
            entry = release.record(f"r{number % 20:09d}")
            if entry is None or entry.id != f"r{number % 20:09d}" or len(release.latest(3)) != 3:
                wrong.append(entry)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    release.close()
    with pytest.raises(Damaged, match="closed"):
        release.record("r000000000")


def test_a_release_never_changes(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    folder = world.public / "releases" / "1"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    world.withdraw("aaaaaaaaaa")
    world.publish()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_records_are_found_by_their_words_as_long_as_they_say_them(make_world: Any) -> None:
    world = make_world()
    world.deposit("aaaaaaaaaa", title={"en": "Example data: wustite", "ja": "例: 酸化鉄の粉末"})
    world.deposit("bbbbbbbbbb", title="Example data: unrelated")
    world.publish()
    assert found(world, "WUSTITE 酸化鉄") == found(world, "wust") == ["aaaaaaaaaa"]
    assert sorted(found(world, "example")) == ["aaaaaaaaaa", "bbbbbbbbbb"]
    assert (
        found(world, "AAAAAAAAAA") == found(world, "aaa") == found(world, "aaaaaaaaaa 粉末") == ["aaaaaaaaaa"]
    )
    assert found(world, "aaa 粉末") == found(world, "unrelated wustite") == []
    world.update("aaaaaaaaaa", title="Example data: renamed")
    world.publish()
    assert (found(world, "wustite"), found(world, "renamed")) == ([], ["aaaaaaaaaa"])
    world.withdraw("aaaaaaaaaa")
    world.publish()
    assert found(world, "renamed") == found(world, "aaaaaaaaaa") == []
    index = (world.public / "current" / "index.sqlite").read_bytes()
    assert b"wustite" not in index, "a word nobody says any more stays readable"
    assert b"renamed" not in index


def found(world: Any, text: str) -> list[str]:
    release = world.release()
    try:
        return [entry.id for entry in release.listed(text=text)[1]]
    finally:
        release.close()
