"""Calls in child processes: in order, ended by their limits, and without a mark on the calls beside them."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog import bounded
from catalog.bounded import Limits, Overrun, Pool
from catalog.config import load_settings
from catalog.inspection import DEFAULT_LIMITS, inspect_files, look_bounded
from catalog.intake import find, ingest
from catalog.registry import create_registry, open_registry

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
XDI = """\
# XDI/1.0
# Element.symbol: Fe
# Element.edge: K
# Column.1: energy eV
# Column.2: mutrans
#---
7000.0 0.0
7200.0 1.0
"""
LIMITS = Limits(seconds=20, memory=1 << 30)


@pytest.fixture
def pool() -> Any:
    made = Pool()
    yield made
    made.close()


def test_results_come_in_the_order_of_the_items_from_several_processes(pool: Pool) -> None:
    items = [(0.2,), (0.0,), (0.05,), (0.0,)]
    assert [item for item, _ in pool.map(time.sleep, items, LIMITS, jobs=2)] == items
    numbers = pool.map(divmod, ((number, 7) for number in range(100)), LIMITS, jobs=2)
    assert [result for _, result in numbers] == [divmod(number, 7) for number in range(100)]


def test_one_child_does_many_calls(pool: Pool) -> None:
    children = {pool.call(os.getpid, limits=LIMITS) for _ in range(5)}
    assert len(children) == 1
    assert os.getpid() not in children


@pytest.mark.parametrize(
    ("task", "item", "limits", "kind"),
    [
        (time.sleep, (60,), Limits(0.2, 1 << 30), "time"),
        # The processor is busy in one call that no signal handler of Python interrupts.
        (pow, (7, 10**9), Limits(0.2, 1 << 30), "time"),
        (bytearray, (2 << 30,), LIMITS, "memory"),
        (os.abort, (), LIMITS, "crash"),
        (os._exit, (0,), LIMITS, "crash"),
    ],
)
def test_an_overrun_ends_one_call_and_no_other(
    pool: Pool, task: Any, item: tuple[Any, ...], limits: Limits, kind: str
) -> None:
    before = pool.call(os.getpid, limits=limits)
    answer = pool.call(task, *item, limits=limits)
    assert answer == Overrun(kind, limits)  # type: ignore[arg-type]
    after = pool.call(os.getpid, limits=limits)
    assert after != before
    assert not Path(f"/proc/{before}").exists()


def test_what_a_task_raises_is_raised_here_and_the_child_goes_on(pool: Pool) -> None:
    before = pool.call(os.getpid, limits=LIMITS)
    with pytest.raises(ZeroDivisionError):
        pool.call(divmod, 1, 0, limits=LIMITS)
    assert pool.call(os.getpid, limits=LIMITS) == before


def test_an_iteration_that_is_given_up_leaves_no_process(pool: Pool) -> None:
    results = pool.map(time.sleep, [(0,), (60,)], LIMITS, jobs=2)
    next(results)
    started = time.monotonic()
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 30
    assert pool.call(len, "abc", limits=LIMITS) == 3


def test_a_call_inside_a_child_knows_it(pool: Pool) -> None:
    assert pool.call(bounded.is_child, limits=LIMITS)
    assert not bounded.is_child()


def test_a_step_begins_the_time_anew(pool: Pool) -> None:
    steps = (
        "import time, catalog.bounded\nfor _ in range(4):\n    time.sleep(0.4)\n    catalog.bounded.renew()"
    )
    assert pool.call(exec, steps, limits=Limits(1.2, 1 << 30)) is None
    alone = steps.replace("catalog.bounded.renew()", "pass")
    assert pool.call(exec, alone, limits=Limits(1.2, 1 << 30)) == Overrun("time", Limits(1.2, 1 << 30))


@pytest.fixture
def slow_yaml(tmp_path: Path) -> Path:
    """A form whose reading takes seconds: 23 MB of YAML."""
    path = tmp_path / "slow.yaml"
    path.write_text("title: x\ncreators:\n" + "  - {name: A, orcid: B}\n" * 1_000_000)
    return path


def test_a_slow_file_is_refused_with_the_limit_and_the_others_are_read(
    slow_yaml: Path, tmp_path: Path
) -> None:
    fine = tmp_path / "fine.xdi"
    fine.write_text(XDI)
    limits = Limits(2.5, 2 << 30)
    items = [(slow_yaml, "slow.yaml"), (fine, "fine.xdi")]
    slow, read = inspect_files(items, limits, today=NOW.date())
    assert (slow["outcome"], slow["findings"][0]["code"], slow["findings"][0]["value"]) == (
        "refuse",
        "read-timeout",
        "2.5",
    )
    assert (read["outcome"], read["facts"]["element"]) == ("read", "Fe")


def test_a_batch_goes_on_after_a_file_over_its_limit(slow_yaml: Path, tmp_path: Path) -> None:
    (tmp_path / "fine.xdi").write_text(XDI)
    home = tmp_path / ".home"
    home.mkdir()
    create_registry(home, "http://127.0.0.1:8000", now=NOW)
    settings = load_settings(home, {"read_timeout_s": 2.5}, environ={})
    with open_registry(settings.registry_path) as registry:
        found = find([tmp_path], settings)
        receipts = {
            Path(receipt.file).name: receipt
            for receipt in ingest(found, registry=registry, settings=settings, now=NOW, actor="test", jobs=2)
        }
    assert receipts["fine.xdi"].result == "stored"
    assert receipts["slow.yaml"].result == "refused"
    assert [item.code for item in receipts["slow.yaml"].findings] == ["read-timeout"]


def test_memory_is_bounded_as_set(tmp_path: Path) -> None:
    path = tmp_path / "long.xdi"
    path.write_text(XDI + ("7300.0 1.0" + " " * 90 + "\n") * 500_000)
    (seen,) = look_bounded([(path, "long.xdi")], Limits(60, 200 << 20))
    assert [item.code for item in seen.findings] == ["read-memory"]
    assert "209,715,200" in seen.findings[0].text()
    assert DEFAULT_LIMITS.memory > 200 << 20
