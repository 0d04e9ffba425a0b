"""Catalogs of generated deposits to ask; one that was made before is taken where ``XAFSCAT_BENCH_HOME`` names it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.generate import deposits, stored_files
from catalog.config import load_settings
from catalog.curation import approve_many
from catalog.filestore import FileStore
from catalog.publishing import publish
from catalog.registry import batches, create_registry, open_registry

BASE = "http://127.0.0.1:8000"


@contextmanager
def published(size: int) -> Iterator[Path]:
    """The home of a catalog of ``size`` published deposits, or of the one that the environment names."""
    if home := os.environ.get("XAFSCAT_BENCH_HOME"):
        yield Path(home)
        return
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "home"
        made.mkdir()
        now = datetime.now(UTC)
        create_registry(made, BASE, now=now)
        settings = load_settings(made, environ={})
        with open_registry(settings.registry_path) as registry:
            stored = stored_files(FileStore(settings.files_path))
            for batch in batches(deposits(range(size), BASE, stored)):
                registry.save_deposits(batch, now=now, actor="bench")
                ids = [item.record_id for item in batch]
                approve_many(registry, ids, zone=settings.zone, now=now, actor="bench")
            publish(settings, registry, now=now, actor="bench")
        yield made


def store_of(home: Path) -> Path:
    """The store of a catalog's current release."""
    return (home / "public" / "current").resolve() / "store"
