from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog import backup as module
from catalog.backup import BackupReport, backup, restore, verify_backup
from catalog.errors import CatalogError, Conflict, Damaged, NotFound, NotInitialised, StorageFull, UsageError
from catalog.filestore import FileStore
from catalog.registry import Attachment, NewDeposit, Registry, create_registry, open_registry
from server.public.citations import CitationStore

NOW = datetime(2026, 5, 2, 3, 4, 5, tzinfo=UTC)
CITED: dict[str, Any] = {
    "query": "ASK {}",
    "dataset": ([], []),
    "kind": "ASK",
    "columns": ["answer"],
    "rows": [],
    "release": 1,
    "release_hash": "h",
}
FLIPS = int(os.environ.get("XAFSCAT_TEST_FLIPS", "60"))
PROGRAM = Path(__file__).parent / "programs" / "deposit.py"


@pytest.fixture
def home(tmp_path: Path, make_deposit: Callable[..., NewDeposit]) -> Path:
    """A home folder with two records, three files (one not referred to), settings and something public."""
    home = tmp_path / "home"
    home.mkdir()
    create_registry(home, "https://example.org/xafs", now=NOW)
    files = FileStore(home / "files")
    files.put_bytes(b"nobody refers to this")
    with open_registry(home) as registry:
        for record_id in ("a", "b"):
            blob = files.put_bytes(f"# XDI/1.0 {record_id}\n".encode() * 50)
            attached = Attachment("spectrum-1.file-1", "data", "a.xdi", blob.sha256, blob.size, "text/plain")
            registry.save_deposit(make_deposit(record_id, attachments=[attached]), now=NOW, actor="test")
    (home / "settings.toml").write_text('timezone = "Asia/Tokyo"\n', encoding="utf-8")
    CitationStore(home / "citations", max_bytes=10**6, row_bytes=10**6).keep(**CITED)
    (home / "public").mkdir()
    (home / "public" / "secret-free.txt").write_text("made from the rest", encoding="utf-8")
    return home


@pytest.fixture
def bag(home: Path, tmp_path: Path) -> Path:
    backup(home, tmp_path / "bag", now=NOW)
    return tmp_path / "bag"


def contents(registry: Registry) -> tuple[object, ...]:
    return (
        registry.base,
        list(registry.deposits()),
        [registry.history(record.id) for record in registry.records()],
        list(registry.events()),
        list(registry.blobs()),
    )


def test_a_restored_catalog_equals_the_one_backed_up(home: Path, tmp_path: Path) -> None:
    report = backup(home, tmp_path / "bag", now=NOW)
    assert (report.files, report.records) == (5, 2)
    assert verify_backup(tmp_path / "bag") == report
    assert restore(tmp_path / "bag", tmp_path / "deep" / "new") == report
    new = tmp_path / "deep" / "new"
    with open_registry(home) as before, open_registry(new) as after:
        assert contents(after) == contents(before)
        files = FileStore(new / "files")
        assert sorted(files.stored()) == [sha256 for sha256, _ in after.blobs()]
        for sha256, size in after.blobs():
            assert files.verify(sha256).size == size
    assert (new / "settings.toml").read_bytes() == (home / "settings.toml").read_bytes()
    kept, made = CitationStore(new / "citations", max_bytes=10**6, row_bytes=10**6).keep(**CITED)
    assert (kept.query, made) == ("ASK {}", False)
    assert sorted(path.name for path in new.parent.iterdir()) == ["new"]
    assert not (new / "public").exists()
    assert (new / "files").stat().st_mode & 0o777 == 0o700
    assert (new / "registry.sqlite").stat().st_mode & 0o777 == 0o600
    assert {path.stat().st_mode & 0o777 for path in (new / "files").glob("??/*")} == {0o444}


def test_a_restored_catalog_goes_on_working(
    bag: Path, tmp_path: Path, make_deposit: Callable[..., NewDeposit]
) -> None:
    restore(bag, tmp_path / "new")
    FileStore(tmp_path / "new" / "files").put_bytes(b"more")
    with open_registry(tmp_path / "new") as registry:
        assert registry.save_deposit(make_deposit("c"), now=NOW, actor="test").new
        assert not registry.save_deposit(make_deposit("a"), now=NOW, actor="test").new
    assert verify_backup(bag).records == 2


def test_a_backup_holds_nothing_that_is_not_needed(bag: Path) -> None:
    names = sorted(path.relative_to(bag).as_posix() for path in bag.rglob("*") if path.is_file())
    rest = [name for name in names if not name.startswith("data/files/")]
    assert len(names) - len(rest) == 2
    assert rest == [
        "bag-info.txt",
        "bagit.txt",
        "data/citations/citations.sqlite",
        "data/registry.sqlite",
        "data/settings.toml",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
    ]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="the sha256sum program is not here")
def test_anybody_can_check_a_backup(bag: Path) -> None:
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        done = subprocess.run(
            ["sha256sum", "--strict", "-c", manifest], cwd=bag, capture_output=True, check=False
        )
        assert done.returncode == 0
    oxum = re.search(
        r"^Payload-Oxum: (\d+)\.(\d+)$", (bag / "bag-info.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    payload = [path for path in (bag / "data").rglob("*") if path.is_file()]
    assert oxum is not None
    assert (int(oxum[1]), int(oxum[2])) == (sum(path.stat().st_size for path in payload), len(payload))


def test_links_save_space_on_the_same_disk(home: Path, tmp_path: Path) -> None:
    report = backup(home, tmp_path / "bag", now=NOW, link=True)
    assert verify_backup(tmp_path / "bag") == report
    linked = list((tmp_path / "bag" / "data" / "files").glob("??/*"))
    assert {path.stat().st_nlink for path in linked} == {2}
    restore(tmp_path / "bag", tmp_path / "new")
    assert {path.stat().st_nlink for path in (tmp_path / "new" / "files").glob("??/*")} == {1}


# Refusals


def test_a_backup_overwrites_nothing(home: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for target in (tmp_path / "full", tmp_path / "file"):
        with pytest.raises(UsageError, match="empty"):
            backup(home, target, now=NOW)
    for target in (home, home / "public" / "bag", home / "files"):
        with pytest.raises(UsageError, match="inside"):
            backup(home, target, now=NOW)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    assert backup(home, tmp_path / "empty", now=NOW).records == 2


def test_a_backup_needs_a_catalog(tmp_path: Path) -> None:
    with pytest.raises(NotInitialised):
        backup(tmp_path / "absent", tmp_path / "bag", now=NOW)
    assert not (tmp_path / "bag").exists()


def test_a_restore_overwrites_nothing(bag: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for target in (home, tmp_path / "file", tmp_path / "link"):
        with pytest.raises(Conflict, match="something already"):
            restore(bag, target)
    (tmp_path / "empty").mkdir()
    assert restore(bag, tmp_path / "empty").records == 2


def test_what_is_no_backup_is_not_restored(home: Path, tmp_path: Path) -> None:
    for source in (home, tmp_path / "absent"):
        with pytest.raises(NotFound, match="no whole backup"):
            restore(source, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_newer_registry_is_not_restored(home: Path, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with open_registry(home) as registry:
        backup(home, tmp_path / "bag", now=NOW)
        assert registry.counts()
    path = tmp_path / "bag" / "data" / "registry.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE setting SET value = '99' WHERE name = 'schema'")
    reseal(tmp_path / "bag")
    with pytest.raises(Conflict, match="upgrade"):
        restore(tmp_path / "bag", tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", "home"]


# Damage


def reseal(bag: Path) -> None:
    """Write the manifests anew, as somebody would who forges a backup."""
    import hashlib

    def seal(manifest: str, names: list[str]) -> None:
        sums = [f"{hashlib.sha256((bag / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
        (bag / manifest).write_text("".join(sums), encoding="utf-8")

    payload = sorted(path.relative_to(bag).as_posix() for path in (bag / "data").rglob("*") if path.is_file())
    seal("manifest-sha256.txt", payload)
    seal("tagmanifest-sha256.txt", ["bag-info.txt", "bagit.txt", "manifest-sha256.txt"])


def test_one_flipped_bit_anywhere_is_noticed(bag: Path, tmp_path: Path) -> None:
    chance = random.Random(11)
    paths = sorted(path for path in bag.rglob("*") if path.is_file())
    for number in range(FLIPS):
        path = paths[number % len(paths)]
        content = path.read_bytes()
        place = chance.randrange(len(content))
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        path.chmod(0o644)
        path.write_bytes(changed)
        for read in (verify_backup, lambda source: restore(source, tmp_path / "new")):
            with pytest.raises(Damaged):
                read(bag)
        path.write_bytes(content)
    assert not (tmp_path / "new").exists()
    assert verify_backup(bag).records == 2


def test_a_missing_cut_or_added_file_is_noticed(bag: Path) -> None:
    for path in sorted(path for path in bag.rglob("*") if path.is_file()):
        content = path.read_bytes()
        path.unlink()
        with pytest.raises((Damaged, NotFound)):
            verify_backup(bag)
        path.write_bytes(content[:-1])
        with pytest.raises(Damaged):
            verify_backup(bag)
        path.write_bytes(content)
    (bag / "data" / "more.txt").write_text("x", encoding="utf-8")
    with pytest.raises(Damaged, match="not written"):
        verify_backup(bag)
    (bag / "data" / "more.txt").unlink()
    (bag / "data" / "link").symlink_to("/etc/passwd")
    with pytest.raises(Damaged, match="files and folders only"):
        verify_backup(bag)


@pytest.mark.parametrize(
    "name",
    ["data/../../evil", "/etc/evil", "data/files/ab/evil", "data/files/../registry.sqlite", "data/evil\\x"],
)
def test_a_forged_backup_writes_nowhere_else(bag: Path, tmp_path: Path, name: str) -> None:
    manifest = bag / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text(encoding="utf-8") + f"{'0' * 64}  {name}\n", encoding="utf-8")
    tag = bag / "tagmanifest-sha256.txt"
    import hashlib

    lines = tag.read_text(encoding="utf-8").splitlines()
    lines[-1] = f"{hashlib.sha256(manifest.read_bytes()).hexdigest()}  manifest-sha256.txt"
    tag.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(Damaged, match="which no backup holds"):
        restore(bag, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", "home"]


def test_a_backup_without_a_file_of_its_registry_is_damaged(bag: Path) -> None:
    next((bag / "data" / "files").glob("??/*")).unlink()
    reseal(bag)
    with pytest.raises(Damaged, match="missing from the backup"):
        verify_backup(bag)


@pytest.mark.parametrize("link", [False, True])
def test_rot_in_the_catalog_is_noticed_by_its_backup(home: Path, tmp_path: Path, link: bool) -> None:
    with open_registry(home) as registry:
        (sha256, size), (other, _) = registry.blobs()
    path = FileStore(home / "files").path(sha256)
    path.chmod(0o644)
    path.write_bytes(b"?" * (size + 1))
    with pytest.raises(Damaged, match=sha256):
        backup(home, tmp_path / "bag", now=NOW, link=link)
    path.unlink()
    with pytest.raises(Damaged, match="missing"):
        backup(home, tmp_path / "bag", now=NOW, link=link)
    assert list((tmp_path / "bag").iterdir()) == []
    FileStore(home / "files").verify(other)


def test_a_damaged_registry_is_not_backed_up(home: Path, tmp_path: Path) -> None:
    path = home / "registry.sqlite"
    content = bytearray(path.read_bytes())
    for place in range(3 * 4096, len(content), 4096):
        content[place : place + 64] = b"?" * 64
    path.write_bytes(content)
    with pytest.raises(Damaged):
        backup(home, tmp_path / "bag", now=NOW)
    assert not (tmp_path / "bag").exists() or list((tmp_path / "bag").iterdir()) == []


def test_an_interrupted_backup_or_restore_leaves_nothing_that_looks_whole(
    home: Path, bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_copy", full)
    with pytest.raises(StorageFull):
        backup(home, tmp_path / "other", now=NOW)
    with pytest.raises(StorageFull):
        restore(bag, tmp_path / "new")
    assert list((tmp_path / "other").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", "home", "other"]


def test_damaged_citations_are_not_backed_up(home: Path, tmp_path: Path) -> None:
    (home / "citations" / "citations.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(Damaged, match=r"citations\.sqlite"):
        backup(home, tmp_path / "bag", now=NOW)
    assert list((tmp_path / "bag").iterdir()) == []


def test_a_catalog_without_citations_is_backed_up(home: Path, tmp_path: Path) -> None:
    shutil.rmtree(home / "citations")
    report = backup(home, tmp_path / "bag", now=NOW)
    assert (report.files, restore(tmp_path / "bag", tmp_path / "new")) == (4, report)
    assert not (tmp_path / "new" / "citations").exists()


# While others write


def test_a_backup_beside_a_writer_is_of_one_moment(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    create_registry(home, "https://example.org/xafs", now=NOW)
    command = [sys.executable, str(PROGRAM), str(home), "w", "0", "3"]
    reports: list[BackupReport] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        try:
            for number in range(5):
                for _ in range(4):
                    writer.stdout.readline()
                reports.append(backup(home, tmp_path / f"bag{number}", now=NOW))
        finally:
            writer.kill()
    assert [report.records for report in reports] == sorted({report.records for report in reports})
    for number, report in enumerate(reports):
        # Three deposits are saved in one transaction, each with a file: no backup sees a part of it.
        assert report.records % 3 == 0
        assert report.files == report.records + 1
        restore(tmp_path / f"bag{number}", tmp_path / f"new{number}")
        with open_registry(tmp_path / f"new{number}") as registry:
            assert list(registry.problems()) == []
            assert len(list(registry.deposits())) == report.records


def test_every_error_of_a_backup_says_where(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        verify_backup(tmp_path)
    assert caught.value.where == str(tmp_path)
