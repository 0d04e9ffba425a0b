"""Damage is noticed, interruptions are mended, and the registry alone makes the same release again."""

from __future__ import annotations

import importlib
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import catalog.release_building
from catalog.authorities import release_triple
from catalog.engines import engine
from catalog.errors import Damaged, StorageFull
from catalog.release_files import FORMAT, Layout, file_sha256
from catalog.states import State
from catalog.verification import check_at_start, rebuild, verify

FLIPS = 40


class Interrupted(BaseException):
    """A process that ends here, as far as its program can tell."""


def codes(world: Any) -> set[str]:
    return {item.code for item in verify(world.settings, world.registry)}


def _describe_store_anew(world: Any) -> None:
    manifest = world.public / "current" / "manifest.json"
    content = json.loads(manifest.read_text())
    kept = {name: entry for name, entry in content["files"].items() if not name.startswith("store/")}
    store = world.public / "current" / "store"
    content["files"] = kept | {
        f"store/{path.name}": [file_sha256(path), path.stat().st_size] for path in sorted(store.iterdir())
    }
    manifest.write_text(json.dumps(content))


def start(world: Any) -> Any:
    return check_at_start(world.settings, world.registry, now=world.now, actor="test")


def test_a_whole_catalog_has_no_findings(world: Any) -> None:
    assert verify(world.settings, world.registry) == []
    assert start(world) is None
    world.deposit("aaaaaaaaaa", data="7112 1.0")
    world.publish()
    assert verify(world.settings, world.registry) == []
    assert start(world) is None


@pytest.mark.parametrize("by", ["start", "publish"])
def test_a_release_of_an_older_format_is_made_anew(filled: Any, by: str) -> None:
    """What an older program left: its manifest states the format before, and its index has fewer tables."""
    world = filled
    before = world.release()
    shown = {item.id: (item.sha256, item.datestamp) for item in before.entries()}
    folder = before.path
    before.close()
    manifest = json.loads((folder / "manifest.json").read_text())
    with closing(sqlite3.connect(folder / "index.sqlite")) as index, index:
        index.execute("DROP TABLE members")
        index.execute("DROP TABLE sets")
    size = (folder / "index.sqlite").stat().st_size
    manifest["files"]["index.sqlite"] = [file_sha256(folder / "index.sqlite"), size]
    manifest["format"] = FORMAT - 1
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Damaged, match=f"format {FORMAT - 1}, .* reads {FORMAT}; run 'xafscat rebuild'"):
        world.release()
    made = start(world) if by == "start" else world.publish()
    assert made is not None
    assert by == "publish" or "format" in made.anew
    after = world.release()
    assert after.manifest.format == FORMAT
    assert {item.id: (item.sha256, item.datestamp) for item in after.entries()} == shown
    assert after.sets()
    after.close()
    assert start(world) is None
    assert verify(world.settings, world.registry) == []


def test_findings_say_what_and_what_to_do_in_both_languages(filled: Any) -> None:
    world = filled
    (world.public / "current").unlink()
    (found,) = verify(world.settings, world.registry)
    assert (found.code, found.value) == ("no-release-shown", "2")
    assert "xafscat rebuild" in found.text("en")
    assert "xafscat rebuild" in found.text("ja")


def test_any_flipped_byte_is_noticed(filled: Any) -> None:
    world = filled
    release = world.release()
    used = [row.place for row in release.rows()]
    release.close()
    pack = world.public / "documents" / "1.pack"
    files = [*release.path.rglob("*"), *(world.public / "files").glob("??/*"), pack]
    places = [path for path in files if path.is_file() and path.stat().st_size]
    chance = random.Random(5)
    unnoticed = []
    for number in range(FLIPS):
        path = places[number % len(places)]
        content = path.read_bytes()
        offset = chance.randrange(len(content))
        if path == pack:  # what only older releases refer to is theirs
            place = chance.choice(used)
            offset = place.offset + chance.randrange(place.length)
        flipped = (
            content[:offset] + bytes([content[offset] ^ (1 << chance.randrange(8))]) + content[offset + 1 :]
        )
        path.chmod(0o644)
        path.write_bytes(flipped)
        if not verify(world.settings, world.registry):
            unnoticed.append((path.name, offset))
        path.write_bytes(content)
    assert unnoticed == []
    assert verify(world.settings, world.registry) == []


def test_what_is_lost_is_noticed_and_made_again(filled: Any) -> None:
    world = filled
    before = world.shown()
    losses: list[Callable[[], Any]] = [
        lambda: shutil.rmtree(world.public),
        (world.public / "current").unlink,
        lambda: shutil.rmtree(world.public / "current" / "store"),
        (world.public / "current" / "index.sqlite").unlink,
        lambda: (world.public / "current" / "manifest.json").write_text("{}"),
        lambda: shutil.rmtree(world.public / "documents"),
        lambda: shutil.rmtree(world.settings.run_path),
    ]
    for lose in losses:
        lose()
        world.wait(hours=1)
        if world.settings.run_path.exists():
            assert verify(world.settings, world.registry) != []
            made = start(world)
            assert made is not None
            assert made.anew
            assert (made.added, made.changed, made.withdrawn) == (0, 0, 0)
        assert world.shown() == before
        assert verify(world.settings, world.registry) == []
        assert start(world) is None


def test_publishing_mends_as_well(filled: Any) -> None:
    world = filled
    (world.public / "current" / "index.sqlite").unlink()
    world.wait(hours=1)
    world.deposit("dddddddddd")
    made = world.publish()
    assert (made.added, made.changed, made.number) == (1, 0, 3)
    assert "not whole" in made.anew
    assert verify(world.settings, world.registry) == []


def test_a_store_that_lost_its_tail_is_noticed_at_start(filled: Any) -> None:
    world = filled
    store = world.public / "current" / "store"
    shutil.rmtree(store)
    shutil.copytree(world.public / "releases" / "1" / "store", store)
    # As a power cut would have it: files that are whole, of their size, and of the past.
    _describe_store_anew(world)
    assert {"triple-missing", "triple-extra"} <= codes(world)
    made = start(world)
    assert made.number == 3
    assert "which release" in made.anew
    assert verify(world.settings, world.registry) == []


def test_a_release_the_registry_never_heard_of_is_replaced(filled: Any) -> None:
    world = filled
    before = world.shown()
    (world.public / "current").unlink()
    (world.public / "current").symlink_to("releases/1")
    assert "release-behind" in codes(world)
    assert start(world).number == 3
    assert world.shown() == before


def test_what_the_store_holds_too_much_is_noticed(filled: Any) -> None:
    world = filled
    opened = engine().edit(world.public / "current" / "store")
    opened.apply([], [release_triple("https://example.org/xafs", 77)])
    opened.flush()
    opened.close()
    assert codes(world) == {"release-unreadable"}
    _describe_store_anew(world)
    assert codes(world) == {"release-count", "triple-extra"}


def test_a_record_that_must_be_hidden_is_noticed(filled: Any) -> None:
    world = filled
    with closing(sqlite3.connect(world.settings.registry_path)) as connection:
        connection.execute("UPDATE record SET state = ? WHERE id = 'bbbbbbbbbb'", (State.CLOSED.value,))
        connection.commit()
    assert "hidden-record-shown" in codes(world)
    assert rebuild(world.settings, world.registry, now=world.now, actor="test").number == 3
    assert codes(world) == {"standing-differs"}
    release = world.release()
    assert release.record("bbbbbbbbbb") is None
    release.close()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE record SET state = 'published' WHERE id = 'scheduled0'", "standing-differs"),
        ("UPDATE record SET state = 'published' WHERE id = 'scheduled0'", "registry-says-otherwise"),
        (
            """UPDATE record SET reason = '{"en": "Other."}' WHERE id = 'withdrawn0'""",
            "registry-says-otherwise",
        ),
        ("UPDATE record SET available = '2020-01-01' WHERE id = 'embargoed0'", "available-differs"),
        ("DELETE FROM attachment WHERE record_id = 'embargoed0' AND role = 'data'", "attachments-differ"),
        ("UPDATE attachment SET name = 'other.dat' WHERE record_id = 'embargoed0'", "attachments-differ"),
        ("UPDATE blob SET bytes = bytes + 1", "stored-file-damaged"),
        ("UPDATE record SET hidden_until = '2020-01-01' WHERE id = 'scheduled0'", "hidden-until-differs"),
        ("UPDATE release SET triples = triples + 1", "release-count"),
        ("DELETE FROM event WHERE action = 'publish' AND record_id = 'embargoed0'", "standing-differs"),
    ],
)
def test_what_was_changed_past_the_catalog_is_noticed(world: Any, statement: str, found: str) -> None:
    world.deposit("scheduled0", hidden_until=date(2999, 1, 1))
    world.deposit("embargoed0", data="7112 1.0", access="embargoed", available="2999-01-01")
    world.deposit("withdrawn0")
    world.publish()
    world.withdraw("withdrawn0")
    world.publish()
    assert codes(world) == set()
    with closing(sqlite3.connect(world.settings.registry_path)) as connection, connection:
        assert connection.execute(statement).rowcount
    assert found in codes(world)


def test_what_is_changed_and_not_published_yet_is_no_difference(world: Any) -> None:
    world.deposit("aaaaaaaaaa", data="7112 1.0")
    spectrum = {"element": "Fe", "edge": "K", "calibration": {"reference": "aaaaaaaaaa"}}
    world.deposit("bbbbbbbbbb", spectra=[spectrum])
    world.publish()
    world.update("aaaaaaaaaa", data="7112 1.1", title="Another title")
    world.deposit("cccccccccc")
    assert codes(world) == set()
    world.withdraw("aaaaaaaaaa")
    world.wait(days=1)
    assert codes(world) == set()


def test_a_value_that_cannot_be_read_is_damage(world: Any) -> None:
    world.deposit("aaaaaaaaaa")
    world.publish()
    with closing(sqlite3.connect(world.settings.registry_path)) as connection, connection:
        connection.execute("UPDATE publication SET datestamp = 'yesterday'")
    with pytest.raises(Damaged, match="yesterday"):
        verify(world.settings, world.registry)


def test_a_lost_data_file_is_named(filled: Any) -> None:
    world = filled
    release = world.release()
    sha = release.files("aaaaaaaaaa")[0].path.name
    release.close()
    (world.public / "files" / sha[:2] / sha).unlink()
    assert codes(world) == {"public-file-damaged"}
    world.files.path(sha).unlink()
    assert codes(world) == {"public-file-damaged", "stored-file-damaged"}
    made = rebuild(world.settings, world.registry, now=world.now, actor="test")
    assert made.missing_files == [sha]
    assert (made.changed, made.withdrawn) == (0, 0)


def test_a_file_nobody_serves_is_named_and_removed_by_a_rebuild(filled: Any) -> None:
    world = filled
    stray = world.public / "files" / "ab" / ("ab" + "0" * 62)
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("secret")
    assert codes(world) == {"public-file-unserved"}
    rebuild(world.settings, world.registry, now=world.now, actor="test")
    assert not stray.exists()


def test_debris_is_a_warning_and_swept_at_start(filled: Any) -> None:
    world = filled
    debris = world.public / "releases" / "9.tmp"
    debris.mkdir()
    (debris / "index.sqlite").write_text("half")
    (found,) = verify(world.settings, world.registry)
    assert (found.code, found.severity, found.value) == ("debris", "warning", "9.tmp")
    assert start(world) is None
    assert not debris.exists()


STAGES = [
    ("catalog.release_building", "Draft.seal", "before"),
    ("catalog.release_building", "Draft._make_store", "before"),
    ("catalog.release_building", "Draft._make_store", "after"),
    ("catalog.release_building", "Draft.seal", "after"),
    ("catalog.publishing", "write_plan", "after"),
    ("catalog.publishing", "link_files", "after"),
    ("catalog.publishing", "show", "after"),
    ("catalog.publishing", "_record", "after"),
    ("catalog.publishing", "write_look", "after"),
    ("catalog.publishing", "forget_plan", "after"),
    ("catalog.publishing", "keep_newest", "after"),
]


def third_day(world: Any) -> None:
    world.wait(days=1)
    world.deposit("dddddddddd", data="9659 1.0")
    world.update("aaaaaaaaaa", title="Example data: a third title")
    world.withdraw("bbbbbbbbbb")
    world.deposit("eeeeeeeeee", draft=True)


def picture(world: Any) -> dict[str, Any]:
    """What the world sees, what the registry noted of it, and which files are open."""
    noted = {
        row.record_id: (row.public_sha, row.issued, row.datestamp) for row in world.registry.publications()
    }
    return {**world.shown(), "noted": noted, "open": sorted(_open_files(world))}


CALM: dict[str, Any] = {}


@pytest.fixture
def calm(make_world: Callable[..., Any]) -> dict[str, Any]:
    """The picture after the third day when nothing is interrupted; made once."""
    if not CALM:
        world = make_world("calm", filled=True, keep=2)
        third_day(world)
        world.publish()
        CALM.update(picture(world))
    return CALM


@pytest.mark.parametrize(
    ("module", "name", "when"), STAGES, ids=[f"{when} {name}" for _, name, when in STAGES]
)
def test_an_interruption_at_any_stage_is_mended(
    make_world: Callable[..., Any],
    calm: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    name: str,
    when: str,
) -> None:
    world = make_world("torn", filled=True, keep=2)
    third_day(world)
    with monkeypatch.context() as patch:
        _interrupt(patch, module, name, when)
        with pytest.raises(Interrupted):
            world.publish()
    assert world.release_number() in {2, 3}
    shutil.copytree(world.settings.home, world.settings.home.with_name("same"), symlinks=True)
    world.publish()
    assert picture(world) == calm
    assert verify(world.settings, world.registry) == []
    assert world.registry.latest_release().number == Layout(world.public).current_number()
    assert world.publish().number is None
    # The same, had the server been started first.
    same = make_world("same", keep=2)
    same.now = world.now
    start(same)
    assert not list((same.public / "releases").glob("*.tmp"))
    assert verify(same.settings, same.registry) == []
    same.publish()
    assert picture(same) == calm


def _open_files(world: Any) -> list[str]:
    return [path.name for path in (world.public / "files").glob("??/*")]


def _interrupt(patch: pytest.MonkeyPatch, module: str, name: str, when: str) -> None:
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    original = getattr(owner, last)

    def interrupted(*args: Any, **options: Any) -> Any:
        if when == "after":
            original(*args, **options)
        raise Interrupted

    patch.setattr(owner, last, interrupted)
    # A process that is killed does not clean up after itself.
    patch.setattr(catalog.release_building.Draft, "__exit__", _leave_open)


def _leave_open(draft: Any, *_: object) -> None:
    for part in (draft._pack, draft._packs, draft.index, draft._spooled):
        part.close()


def test_a_withdrawal_after_an_interruption_leaves_nothing_of_the_unshown(
    filled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was about to be shown, and then was not, is in no file of the public folder."""
    world = filled
    world.deposit("dddddddddd", data="canary content", title="Canary title")
    with monkeypatch.context() as patch:
        _interrupt(patch, "catalog.publishing", "link_files", "after")
        with pytest.raises(Interrupted):
            world.publish()
    assert len(_open_files(world)) == 5
    world.withdraw("dddddddddd")
    assert world.publish().number is None
    assert len(_open_files(world)) == 3
    pack = world.public / "documents" / "1.pack"
    release = world.release()
    assert pack.stat().st_size == release.manifest.documents["1"]
    release.close()
    assert verify(world.settings, world.registry) == []


def test_a_full_disk_leaves_the_release_before(make_world: Callable[..., Any], small_disk: Path) -> None:
    """Whatever room is left, a publication happens or does not, and never by half."""
    world = make_world(small_disk / "home", filled=True, keep=2)
    ballast = small_disk / "ballast"
    outcomes = []
    for step, room in enumerate((0, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)):
        world.wait(hours=1)
        world.deposit(f"d{step:09d}", data=f"content {step}")
        number = world.release_number()
        leave_room(small_disk, ballast, room * 1024)
        try:
            world.publish()
            outcomes.append("published")
        except StorageFull:
            outcomes.append("full")
            assert world.release_number() in {number, number + 1}
        ballast.unlink()
        assert check_at_start(world.settings, world.registry, now=world.now, actor="test") is None
        assert verify(world.settings, world.registry) == []
    assert outcomes[0] == "full"
    assert outcomes[-1] == "published"
    world.publish()
    assert verify(world.settings, world.registry) == []
    release = world.release()
    assert sum(identifier.startswith("d") for identifier in release.ids()) == len(outcomes)
    release.close()


def leave_room(disk: Path, ballast: Path, room: int) -> None:
    """Fill the disk but for about ``room`` bytes."""
    found = os.statvfs(disk)
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    os.posix_fallocate(descriptor, 0, max(1, found.f_bavail * found.f_frsize - room))
    os.close(descriptor)
