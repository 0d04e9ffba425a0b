"""Publishing one more deposit at 1,000, 10,000 and 100,000: the cost of what changed, not of what is there."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench._measure import Row, seconds
from bench.generate import deposits, stored_files
from catalog.config import Settings, load_settings
from catalog.curation import approve_many
from catalog.filestore import FileStore
from catalog.normalise_values import StoredFile
from catalog.publishing import publish
from catalog.registry import Registry, batches, create_registry, open_registry

BASE = "http://127.0.0.1:8000"
SIZES = (1_000, 10_000, 100_000)
QUICK_SIZES = (50, 200)
ROUNDS = 7
COMMAND = """
import sys
from datetime import UTC, datetime
from catalog.config import load_settings
from catalog.publishing import publish
from catalog.registry import open_registry
settings = load_settings(sys.argv[1], environ={})
with open_registry(settings.registry_path) as registry:
    assert publish(settings, registry, now=datetime.now(UTC), actor="bench").added == 1
"""


def run(quick: bool) -> list[Row]:
    """Seconds to publish one more deposit, at growing sizes of one catalog."""
    sizes = QUICK_SIZES if quick else SIZES
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        home.mkdir()
        create_registry(home, BASE, now=datetime.now(UTC))
        settings = load_settings(home, {"keep_releases": 3}, environ={})
        with open_registry(settings.registry_path) as registry:
            return list(_grow(settings, registry, sizes))


def _grow(settings: Settings, registry: Registry, sizes: tuple[int, ...]) -> Iterable[Row]:
    catalog = _Catalog(settings, registry, stored_files(FileStore(settings.files_path)))
    single: dict[int, float] = {}
    for size in sizes:
        new = size - catalog.size
        catalog.add(new)
        yield Row(f"publish {new:,} more, to {size:,}", new / seconds(catalog.publish), "deposits/s")
        times = []
        for _ in range(ROUNDS):
            catalog.add(1)
            times.append(seconds(catalog.publish))
        single[size] = statistics.median(times)
        yield Row(
            f"publish one more at {size:,}", single[size], "s", f"slowest of {ROUNDS}: {max(times):.3f} s"
        )
        yield Row(f"look when nothing has changed at {size:,}", seconds(catalog.publish), "s")
        catalog.add(1)
        command = [sys.executable, "-c", COMMAND, str(settings.home)]
        started = seconds(lambda: subprocess.run(command, check=True))  # noqa: B023 (called at once)
        yield Row(f"the same as a command at {size:,}", started, "s", "with the start of the program")
        index = settings.public_path / "current" / "index.sqlite"
        yield Row(f"size of the index at {size:,}", index.stat().st_size / 2**20, "MiB")
    first, last = sizes[0], sizes[-1]
    note = "flat would be 1"
    yield Row(f"one more: {last:,} against {first:,}", single[last] / single[first], "times", note)


class _Catalog:
    """A catalog that grows by generated deposits."""

    def __init__(self, settings: Settings, registry: Registry, stored: list[StoredFile]) -> None:
        self._settings, self._registry, self._stored = settings, registry, stored
        self._now = datetime.now(UTC).replace(microsecond=0)
        self.size = 0

    def add(self, count: int) -> None:
        """Save and approve ``count`` more."""
        numbers = range(self.size, self.size + count)
        for batch in batches(deposits(numbers, BASE, self._stored)):
            self._registry.save_deposits(batch, now=self._now, actor="bench")
            ids = [item.record_id for item in batch]
            approve_many(self._registry, ids, zone=self._settings.zone, now=self._now, actor="bench")
        self.size += count

    def publish(self) -> None:
        """Publish what was added."""
        self._now += timedelta(seconds=1)
        made = publish(self._settings, self._registry, now=self._now, actor="bench")
        assert not made.refused, made.refused
