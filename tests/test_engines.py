"""The engine contract, against every engine there is."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from catalog.engines import Engine, StoreWriter, canonical_dump, engine, engines, n_triples
from catalog.engines._sorting import sorted_lines
from catalog.errors import Conflict, Damaged, NotFound, StorageFull

XSD = "http://www.w3.org/2001/XMLSchema#"
HOSTILE = (
    'a" . } ; DROP ALL ; INSERT DATA { <http://x/a> <http://x/b> "c',
    'line\nfeed, tab\t, quote", back\\slash, \\u0041',
    "\u2028\u2029 \ufeff 鉄箔 \U0001f9ea \u202e",
    "\x00\x07",
    "",
)


def triple(number: int, value: str = "") -> ox.Triple:
    return ox.Triple(
        ox.NamedNode(f"http://example.org/s{number}"),
        ox.NamedNode("http://example.org/p"),
        ox.Literal(value or f"value {number}"),
    )


def typed(text: str, datatype: str) -> ox.Triple:
    node = ox.NamedNode("http://example.org/s")
    return ox.Triple(node, node, ox.Literal(text, datatype=ox.NamedNode(XSD + datatype)))


@pytest.fixture(params=sorted(engines()))
def member(request: pytest.FixtureRequest) -> Engine:
    return engine(request.param)


def load(store: StoreWriter, folder: Path, triples: Iterable[ox.Triple]) -> None:
    path = folder.with_suffix(".nt")
    path.write_bytes(n_triples(triples))
    store.load(path)
    path.unlink()


def filled(member: Engine, folder: Path, numbers: range) -> Path:
    store = member.create(folder)
    load(store, folder, (triple(number) for number in numbers))
    store.flush()
    store.close()
    return folder


def held(member: Engine, folder: Path) -> set[ox.Triple]:
    store = member.read(folder)
    try:
        return set(store.triples())
    finally:
        store.close()


def test_an_unknown_engine_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="oxigraph"):
        engine("abacus")


def test_what_is_loaded_is_read_back(member: Engine, tmp_path: Path) -> None:
    folder = filled(member, tmp_path / "store", range(100))
    store = member.read(folder)
    assert store.count() == 100
    assert store.holds(triple(7))
    assert not store.holds(triple(7, "something else"))
    assert list(store.triples("http://example.org/s7")) == [triple(7)]
    assert bool(store.query("ASK { <http://example.org/s7> ?p ?o }"))
    store.close()


def test_a_change_deletes_before_it_inserts(member: Engine, tmp_path: Path) -> None:
    folder = filled(member, tmp_path / "store", range(3))
    store = member.edit(folder)
    store.apply([triple(0), triple(1), triple(9)], [triple(1), triple(5)])
    store.flush()
    store.close()
    assert held(member, folder) == {triple(1), triple(2), triple(5)}


def test_a_change_of_nothing_is_none(member: Engine, tmp_path: Path) -> None:
    folder = filled(member, tmp_path / "store", range(3))
    store = member.edit(folder)
    store.apply([], [])
    store.close()
    assert held(member, folder) == {triple(number) for number in range(3)}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_value_ends_the_data_it_stands_in(member: Engine, tmp_path: Path, text: str) -> None:
    folder = filled(member, tmp_path / "store", range(2))
    hostile = triple(5, text or "x")
    for deletes, inserts, expected in (([], [hostile], 3), ([hostile], [], 2)):
        store = member.edit(folder)
        store.apply(deletes, inserts)
        store.flush()
        store.close()
        assert len(held(member, folder)) == expected
        assert (hostile in held(member, folder)) == bool(inserts)


def test_a_checkpoint_leaves_its_source_as_it_was(member: Engine, tmp_path: Path) -> None:
    source = filled(member, tmp_path / "1", range(50))
    reader = member.read(source)
    member.checkpoint(source, tmp_path / "2")
    store = member.edit(tmp_path / "2")
    store.apply([triple(3)], [triple(99)])
    store.flush()
    store.close()
    assert held(member, source) == set(reader.triples()) == {triple(number) for number in range(50)}
    assert held(member, tmp_path / "2") == (held(member, source) - {triple(3)}) | {triple(99)}
    reader.close()
    shutil.rmtree(source)
    assert len(held(member, tmp_path / "2")) == 50


def test_a_store_without_its_scratch_files_is_whole(member: Engine, tmp_path: Path) -> None:
    folder = filled(member, tmp_path / "1", range(50))
    for pattern in member.scratch_files:
        for path in folder.glob(pattern):
            path.unlink()
    member.checkpoint(folder, tmp_path / "2")
    assert held(member, folder) == held(member, tmp_path / "2")


def test_reading_changes_no_file(member: Engine, tmp_path: Path) -> None:
    folder = filled(member, tmp_path / "store", range(50))
    before = {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.iterdir()}
    assert len(held(member, folder)) == 50
    assert {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.iterdir()} == before


def test_canonical_form_is_what_a_store_gives_back(member: Engine, tmp_path: Path) -> None:
    given = [
        typed("3.13550", "decimal"),
        typed("3.1355", "decimal"),
        typed("PT60M", "duration"),
        typed("2026-05-01T03:00:00.500Z", "dateTime"),
        typed("0012", "integer"),
        triple(1),
        triple(1),
    ]
    store = member.create(tmp_path / "store")
    load(store, tmp_path / "store", given)
    store.flush()
    store.close()
    canonical = member.canonical(given)
    assert len(canonical) == len(set(canonical)) == 5
    assert set(canonical) == held(member, tmp_path / "store")


def test_the_dump_does_not_depend_on_the_way_there(member: Engine, tmp_path: Path) -> None:
    once = filled(member, tmp_path / "1", range(200))
    store = member.create(tmp_path / "2")
    numbers = list(range(300))
    random.Random(1).shuffle(numbers)
    for start in range(0, 300, 50):
        store.apply([], [triple(number) for number in numbers[start : start + 50]])
    store.apply([triple(number) for number in range(200, 300)], [])
    store.flush()
    store.close()
    dumps = []
    for folder in (once, tmp_path / "2"):
        reader = member.read(folder)
        dumps.append(list(canonical_dump(reader.triples(), tmp_path)))
        reader.close()
    assert dumps[0] == dumps[1]
    assert dumps[0] == sorted(dumps[0])
    assert dumps[0][0] == b'<http://example.org/s0> <http://example.org/p> "value 0" .'


def test_two_writers_are_one_too_many(member: Engine, tmp_path: Path) -> None:
    folder = filled(member, tmp_path / "store", range(3))
    store = member.edit(folder)
    with pytest.raises(Conflict):
        member.edit(folder)
    program = (
        "import sys; from pathlib import Path; from catalog.engines import engine\n"
        "from catalog.errors import Conflict\n"
        "try: engine(sys.argv[1]).edit(Path(sys.argv[2]))\n"
        "except Conflict: print('refused')"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, member.name, str(folder)], capture_output=True, text=True, check=True
    )
    assert run.stdout == "refused\n"
    store.close()
    member.edit(folder).close()


def test_a_closed_store_says_so(member: Engine, tmp_path: Path) -> None:
    store = member.create(tmp_path / "store")
    store.close()
    with pytest.raises(Conflict, match="closed"):
        store.count()


def test_a_store_is_never_made_by_accident(member: Engine, tmp_path: Path) -> None:
    for opened in (member.edit, member.read):
        with pytest.raises(Damaged):
            opened(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
    folder = filled(member, tmp_path / "store", range(3))
    with pytest.raises(Conflict):
        member.create(folder)
    with pytest.raises(Conflict):
        member.checkpoint(folder, folder)


def test_a_lost_file_is_noticed(member: Engine, tmp_path: Path) -> None:
    folder = filled(member, tmp_path / "store", range(20_000))
    max(folder.iterdir(), key=lambda path: path.stat().st_size).unlink()
    with pytest.raises(Damaged, match="rebuild"):
        held(member, folder)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB; skipped where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if (
        os.geteuid() != 0
        or shutil.which("mount") is None
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_and_harms_no_other_store(member: Engine, small_disk: Path) -> None:
    before = filled(member, small_disk / "1", range(10))
    chance = random.Random(1)
    with pytest.raises(StorageFull):
        filled_with_noise(member, small_disk / "2", chance)
    assert len(held(member, before)) == 10
    shutil.rmtree(small_disk / "2")
    member.checkpoint(before, small_disk / "3")
    assert len(held(member, small_disk / "3")) == 10


def filled_with_noise(member: Engine, folder: Path, chance: random.Random) -> None:
    store = member.create(folder)
    try:
        for start in range(0, 20_000, 100):
            store.apply([], [triple(start + number, chance.randbytes(2000).hex()) for number in range(100)])
        store.flush()
    finally:
        store.close()


def test_sorting_more_than_fits_the_memory(tmp_path: Path) -> None:
    chance = random.Random(2)
    lines = [f"{chance.randrange(500)}".encode() for _ in range(2000)]
    for run_lines in (1, 7, 1999, 2000, 2001):
        assert list(sorted_lines(iter(lines), tmp_path, run_lines=run_lines)) == sorted(set(lines))
    assert list(sorted_lines(iter([]), tmp_path)) == []
    assert list(tmp_path.iterdir()) == []
