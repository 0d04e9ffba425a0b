"""Several commands at once, and commands that are killed: real processes on one home folder."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import pytest
from sqlalchemy import Connection

from catalog.filestore import FileStore
from catalog.registry import NewDeposit, Registry, create_registry, open_registry

PROGRAM = Path(__file__).parent / "programs" / "deposit.py"
KILLS = int(os.environ.get("XAFSCAT_TEST_KILLS", "20"))
NOW = datetime(2026, 5, 2, tzinfo=UTC)


@contextmanager
def depositor(
    home: Path, prefix: str, calls: int, size: int
) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """The program, started and ready: its process and its output."""
    command = [sys.executable, str(PROGRAM), str(home), prefix, str(calls), str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert "ready" in process.stdout.readline()
            yield process, process.stdout
        finally:
            process.kill()


def lines(output: IO[str]) -> list[dict[str, Any]]:
    # A killed process may leave half a line: that deposit was not acknowledged.
    return [json.loads(line) for line in output if line.endswith("\n")]


def last_event(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT max(seq) FROM event").scalar_one())


def test_commands_at_once_neither_corrupt_nor_starve_each_other(tmp_path: Path) -> None:
    create_registry(tmp_path, "https://example.org/xafs", now=NOW)
    with (
        depositor(tmp_path, "bulk", 0, 100) as (bulk, bulk_output),
        depositor(tmp_path, "one", 25, 1) as (one, one_output),
        depositor(tmp_path, "two", 25, 1) as (two, two_output),
    ):
        singles = lines(one_output) + lines(two_output)
        assert (one.wait(), two.wait()) == (0, 0)
        bulk.terminate()
        batches = lines(bulk_output)
    with open_registry(tmp_path) as registry:
        assert list(registry.problems()) == []
        stored = {record.id for record in registry.records()}
        assert {record_id for done in singles + batches for record_id in done["ids"]} <= stored
        assert sum(record_id.startswith(("one", "two")) for record_id in stored) == 50
        # A second beside what the disk itself takes for one batch, which is no matter of the locks.
        slowest_batch = max(done["seconds"] for done in batches)
        assert max(done["seconds"] for done in singles) < 1 + slowest_batch


def test_a_writer_without_pause_lets_others_in_after_each_change(registry: Registry, tmp_path: Path) -> None:
    program = """
import sys, time
from catalog.registry import open_registry
from catalog.registry_changes import log
from datetime import UTC, datetime
with open_registry(sys.argv[1]) as registry:
    while True:
        with registry.database.writing() as connection:
            log(connection, datetime(2026, 5, 2, tzinfo=UTC), "busy", "test", None, {})
            time.sleep(0.1)
"""
    overtaken = []
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) as busy:
        try:
            while registry.last_event() < 3:
                time.sleep(0.01)
            for _ in range(10):
                seen = registry.last_event()
                with registry.database.writing() as connection:
                    overtaken.append(last_event(connection) - seen)
        finally:
            busy.kill()
    # The change under way when the wish to write came up, and one more that was before it in the queue.
    assert max(overtaken) <= 2


def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    create_registry(tmp_path, "https://example.org/xafs", now=NOW)
    chance = random.Random(7)
    acknowledged: dict[str, str] = {}
    for kill in range(KILLS):
        with depositor(tmp_path, f"k{kill}", 0, chance.choice([1, 1, 5])) as (process, output):
            first = json.loads(output.readline())
            acknowledged.update(zip(first["ids"], first["sha256"], strict=True))
            try:
                process.wait(chance.uniform(0, 0.06))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            for done in lines(output):
                acknowledged.update(zip(done["ids"], done["sha256"], strict=True))
        assert process.returncode == -signal.SIGKILL

    files = FileStore(tmp_path / "files")
    with open_registry(tmp_path) as registry:
        assert list(registry.problems()) == []
        stored = {deposit.record.id: deposit for deposit in registry.deposits()}
        lost = {
            record_id
            for record_id, sha256 in acknowledged.items()
            if record_id not in stored or stored[record_id].attachments[0].sha256 != sha256
        }
        assert lost == set()
        assert len(acknowledged) >= KILLS
        for sha256, size in registry.blobs():
            assert files.verify(sha256).size == size

        files.sweep(registry.is_referenced, datetime.now(UTC) + timedelta(hours=1))
        assert list((tmp_path / "files" / "incoming").iterdir()) == []
        assert list(files.stored()) == [sha256 for sha256, _ in registry.blobs()]


def test_the_same_source_from_two_processes_is_one_record(tmp_path: Path) -> None:
    create_registry(tmp_path, "https://example.org/xafs", now=NOW)
    with (
        depositor(tmp_path, "same", 20, 1) as (_, first),
        depositor(tmp_path, "same", 20, 1) as (_, second),
    ):
        told = lines(first) + lines(second)
    with open_registry(tmp_path) as registry:
        assert len(told) == 40
        assert len(list(registry.records())) == 20
        assert [event.action for event in registry.events()].count("deposit") == 20


def test_events_are_numbered_without_a_gap(
    registry: Registry, make_deposit: Callable[..., NewDeposit]
) -> None:
    with pytest.raises(ZeroDivisionError), registry.database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO event (at, actor, action, detail) VALUES ('', '', '', '{}')")
        raise ZeroDivisionError
    for name in "abc":
        registry.save_deposit(make_deposit(name), now=NOW, actor="test")
    numbers = [event.seq for event in registry.events()]
    assert all(later == earlier + 1 for earlier, later in pairwise(numbers))
