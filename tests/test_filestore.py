from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from catalog import filestore
from catalog.errors import CatalogError, Conflict, Damaged, NotFound, StorageFull, UnreadableInput
from catalog.filestore import Blob, FileStore, Swept

CONTENT = b"# XDI/1.0\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LIMIT = 1_000_000


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def given(tmp_path: Path) -> Path:
    path = tmp_path / "Fe foil.xdi"
    path.write_bytes(CONTENT)
    return path


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def left_behind(files: FileStore) -> list[Path]:
    """Every regular file of the store but the lock."""
    return sorted(path for path in files.root.rglob("*") if path.is_file() and path.name != ".lock")


def test_a_file_is_stored_under_its_hash(files: FileStore, given: Path) -> None:
    assert files.put(given, limit=LIMIT) == Blob(SHA256, len(CONTENT))
    assert files.path(SHA256) == files.root / SHA256[:2] / SHA256
    with files.open(SHA256) as stream:
        assert stream.read() == CONTENT
    assert files.verify(SHA256) == Blob(SHA256, len(CONTENT))
    assert left_behind(files) == [files.path(SHA256)]


def test_streams_and_bytes_are_stored_alike(files: FileStore) -> None:
    assert (
        files.put(io.BytesIO(CONTENT), limit=LIMIT) == files.put_bytes(CONTENT) == Blob(SHA256, len(CONTENT))
    )
    assert files.put_bytes(b"").size == 0


def test_a_content_is_stored_once(files: FileStore, given: Path) -> None:
    files.put(given, limit=LIMIT)
    first = files.path(SHA256).stat().st_ino
    files.put_bytes(CONTENT)
    assert files.path(SHA256).stat().st_ino == first
    assert list(files.stored()) == [SHA256]


def test_the_folder_is_private_and_its_files_can_be_served_but_not_changed(
    files: FileStore, given: Path
) -> None:
    files.put(given, limit=LIMIT)
    assert files.root.stat().st_mode & 0o777 == 0o700
    assert files.path(SHA256).stat().st_mode & 0o777 == 0o444


def test_content_and_names_are_on_disk_before_the_answer(
    files: FileStore, given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.put_bytes(b"something before")
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def noted_fsync(descriptor: int) -> None:
        steps.append("fsync " + Path(f"/proc/self/fd/{descriptor}").readlink().parent.name)
        fsync(descriptor)

    def noted_rename(self: Path, target: Path) -> Path:
        steps.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    files.put(given, limit=LIMIT)
    assert steps == ["fsync incoming", "rename", "fsync files"]


@pytest.mark.parametrize("size", [len(CONTENT) - 1, 1, 0])
def test_a_larger_file_is_refused_and_leaves_nothing(files: FileStore, given: Path, size: int) -> None:
    with pytest.raises(UnreadableInput, match="max_file_bytes"):
        files.put(given, limit=size)
    with pytest.raises(UnreadableInput, match="max_file_bytes"):
        files.put(io.BytesIO(CONTENT), limit=size)
    assert left_behind(files) == []
    assert files.put(given, limit=len(CONTENT)).size == len(CONTENT)


def test_a_huge_sparse_file_is_refused_at_once(files: FileStore, tmp_path: Path) -> None:
    huge = tmp_path / "huge.xdi"
    with huge.open("wb") as stream:
        stream.truncate(3 * 2**30)
    before = time.perf_counter()
    with pytest.raises(UnreadableInput):
        files.put(huge, limit=LIMIT)
    assert time.perf_counter() - before < 1
    assert not files.root.exists()


def test_what_is_no_readable_file_is_refused(files: FileStore, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "absent", Path("/dev/zero")):
        with pytest.raises(UnreadableInput) as caught:
            files.put(path, limit=LIMIT)
        assert caught.value.where == str(path)


def test_a_file_that_changed_since_it_was_read_is_refused(files: FileStore, given: Path) -> None:
    with pytest.raises(Conflict, match="changed"):
        files.put(given, limit=LIMIT, expected="0" * 64)
    assert left_behind(files) == []
    assert files.put(given, limit=LIMIT, expected=SHA256).sha256 == SHA256


@pytest.mark.parametrize("name", ["", "../" * 21 + "x", "A" * 64, "0" * 63, "0" * 64 + "\n", "/etc/passwd"])
def test_a_name_that_is_no_hash_leads_nowhere(files: FileStore, name: str) -> None:
    for ask in (files.path, files.open, files.verify):
        with pytest.raises(NotFound):
            ask(name)


def test_an_unknown_hash_is_not_found(files: FileStore) -> None:
    with pytest.raises(NotFound):
        files.open("0" * 64)


def test_rot_is_noticed_and_healed_by_the_same_content(files: FileStore, given: Path) -> None:
    files.put(given, limit=LIMIT)
    path = files.path(SHA256)
    path.chmod(0o644)
    path.write_bytes(b"?" + CONTENT[1:])
    with pytest.raises(Damaged, match="changed"):
        files.verify(SHA256)
    files.put(given, limit=LIMIT)
    assert files.verify(SHA256).size == len(CONTENT)
    assert left_behind(files) == [path]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_nothing_half(
    files: FileStore, given: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    for call in ("write", "fsync"):
        files.put_bytes(b"before")
        with monkeypatch.context() as patch:

            def fail(*_arguments: object) -> int:
                raise OSError(code, os.strerror(code))

            patch.setattr(filestore.os, call, fail)
            with pytest.raises(StorageFull, match="full"):
                files.put(given, limit=LIMIT)
        assert list(files.stored()) == [hashlib.sha256(b"before").hexdigest()]
        assert len(left_behind(files)) == 1
    files.put(given, limit=LIMIT)


def test_a_really_full_disk(tmp_path: Path) -> None:
    program = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from catalog.errors import StorageFull
from catalog.filestore import FileStore
from catalog.registry import NewDeposit, create_registry, open_registry
home, now = Path(sys.argv[1]), datetime(2026, 5, 2, tzinfo=UTC)
files = FileStore(home / "files")
create_registry(home, "https://example.org/xafs", now=now)
with open_registry(home) as registry:
    saved, refused, number = [], 0, 0
    while refused < 20:
        number += 1
        record_id = f"r{number}"
        document = {"id": f"{registry.base}/record/{record_id}", "note": "x" * 50_000}
        try:
            blob = files.put_bytes(record_id.encode() * 20_000)
            registry.save_deposit(NewDeposit(record_id, document, {}, {}, blob.sha256, ""), now=now, actor="test")
            saved.append((record_id, blob.sha256))
        except StorageFull:
            refused += 1
    assert len(saved) > 10, len(saved)
    assert [record.id for record in registry.records()] == sorted(record_id for record_id, _ in saved)
    for record_id, sha256 in saved:
        files.verify(sha256)
        registry.document(record_id)
    assert list((home / "files" / "incoming").iterdir()) == []
    for sha256 in list(files.stored())[:5]:
        files.path(sha256).unlink()
    blob = files.put_bytes(b"after")
    document = {"id": f"{registry.base}/record/after"}
    registry.save_deposit(NewDeposit("after", document, {}, {}, blob.sha256, ""), now=now, actor="test")
    assert list(registry.problems()) == []
"""
    mounted = [
        "unshare",
        "-rm",
        "sh",
        "-c",
        'mount -t tmpfs -o size=12m none "$1" && exec "$2" -c "$3" "$1"',
        "sh",
    ]
    try:
        allowed = subprocess.run([*mounted, str(tmp_path), "true", ""], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare program to make a small disk with")
    if allowed.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    done = subprocess.run(
        [*mounted, str(tmp_path), sys.executable, program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


# Sweeping


def test_a_sweep_removes_what_is_old_and_not_referenced(files: FileStore) -> None:
    kept, gone = (files.put_bytes(content).sha256 for content in (b"kept", b"gone"))
    assert files.sweep({kept}.__contains__, datetime.now(UTC) - timedelta(hours=1)) == Swept(0, 0, 0)
    assert files.sweep({kept}.__contains__, soon()) == Swept(0, 1, 4)
    assert list(files.stored()) == [kept]
    with pytest.raises(NotFound):
        files.open(gone)


def test_a_file_put_again_is_young_again(files: FileStore) -> None:
    path = files.path(files.put_bytes(b"old").sha256)
    os.utime(path, (0, 0))
    files.put_bytes(b"old")
    assert files.sweep(lambda _: False, datetime.now(UTC) - timedelta(hours=1)) == Swept(0, 0, 0)
    os.utime(path, (0, 0))
    assert files.sweep(lambda _: False, datetime.now(UTC) - timedelta(hours=1)) == Swept(0, 1, 3)


def test_a_file_named_while_the_sweep_runs_stays(files: FileStore) -> None:
    sha256 = files.put_bytes(b"just in time").sha256
    answers = iter([False, True])
    assert files.sweep(lambda _: next(answers), soon()) == Swept(0, 0, 0)
    assert list(files.stored()) == [sha256]


def test_a_sweep_of_nothing_is_nothing(files: FileStore) -> None:
    assert files.sweep(lambda _: False, soon()) == Swept(0, 0, 0)


def test_debris_of_a_killed_process_is_swept_but_not_the_work_of_a_living_one(files: FileStore) -> None:
    program = """
import sys
from pathlib import Path
from catalog.filestore import FileStore
print("ready", flush=True)
FileStore(Path(sys.argv[1])).put(sys.stdin.buffer, limit=10**9)
"""
    command = [sys.executable, "-c", program, str(files.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.write(b"x" * 3_000_000)
        process.stdin.flush()
        incoming = files.root / "incoming"
        while not (incoming.is_dir() and any(path.stat().st_size for path in incoming.iterdir())):
            time.sleep(0.01)
        assert files.sweep(lambda _: False, soon()) == Swept(0, 0, 0)
        process.kill()
        process.wait()
        size = left_behind(files)[0].stat().st_size
        assert files.sweep(lambda _: False, soon()) == Swept(1, 0, size)
        assert left_behind(files) == []


def hammer(root: Path, seed: int) -> list[str]:
    files = FileStore(root)
    kept = []
    for number in range(60):
        kept.append(files.put_bytes(b"shared %d" % (number % 7)).sha256)
        if seed == 0:
            files.sweep(lambda _: False, datetime.now(UTC) - timedelta(seconds=30))
    return [sha256 for sha256 in kept if files.verify(sha256)]


def test_many_processes_may_store_the_same_content_beside_sweeps(files: FileStore) -> None:
    # Started anew rather than forked: the test process has threads.
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(hammer, [files.root] * 3, range(3)))
    assert {len(kept) for kept in found} == {60}
    assert len(left_behind(files)) == 7


def test_an_error_names_the_file(files: FileStore, given: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        files.put(given, limit=1)
    assert caught.value.where == str(given)
