"""Bulk ingest of generated deposits: deposits a second and the peak memory of the process that does it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from bench._measure import Row, seconds
from catalog.resources import data_root

WORKER = """
import json, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from catalog.approval import approve_ready
from catalog.config import load_settings
from catalog.intake import find, ingest
from catalog.publishing import publish
from catalog.registry import create_registry, open_registry
folder, home, jobs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
now = datetime.now(UTC)
home.mkdir(parents=True)
create_registry(home, "http://127.0.0.1:8000", now=now)
settings = load_settings(home, environ={})
with open_registry(settings.registry_path) as registry:
    begun = time.perf_counter()
    found = find([folder], settings)
    receipts = list(ingest(found, registry=registry, settings=settings, now=now, actor="bench", jobs=jobs))
    stored = time.perf_counter()
    assert all(receipt.result == "stored" and receipt.good for receipt in receipts), receipts[0]
    ids = [receipt.record_id for receipt in receipts]
    approve_ready(registry, ids, settings=settings, now=now, actor="bench")
    approved = time.perf_counter()
    made = publish(settings, registry, now=now, actor="bench")
    published = time.perf_counter()
    assert made.added == len(receipts)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([stored - begun, approved - stored, published - approved, peak]))
"""


def run(quick: bool) -> list[Row]:
    """Ingest, approve and publish generated deposit forms, with one and with two jobs."""
    count = 200 if quick else 10_000
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "forms"
        rows.append(
            Row(
                "writing the forms", seconds(lambda: write_forms(folder, count)), "s", f"{count:,} YAML files"
            )
        )
        for jobs in (1, 2):
            home = Path(scratch) / f"home-{jobs}"
            ingest, approve, publish, peak = _run(folder, home, jobs)
            note = f"{jobs} job{'s' if jobs > 1 else ''}; linear in the number of deposits"
            rows.append(Row("ingest", count / ingest, "deposits/s", note))
            if jobs == 1:
                rows.append(Row("approve", count / approve, "deposits/s"))
                rows.append(Row("publish, first release", count / publish, "deposits/s"))
            rows.append(Row("peak memory", peak, "MiB", f"{jobs} jobs, the process that writes"))
    return rows


def write_forms(folder: Path, count: int) -> None:
    """``count`` deposit forms made from an example, each with its own title and sample; no data files."""
    folder.mkdir()
    template = (data_root() / "examples" / "deposits" / "fe2o3.yaml").read_text(encoding="utf-8")
    lines = [line for line in template.splitlines() if "files:" not in line]
    text = textwrap.dedent("\n".join(lines)) + "\n"
    for number in range(count):
        form = text.replace("iron(III) oxide", f"iron(III) oxide, batch {number}")
        (folder / f"{number:06}.yaml").write_text(form, encoding="utf-8")


def _run(folder: Path, home: Path, jobs: int) -> list[float]:
    command = [sys.executable, "-c", WORKER, str(folder), str(home), str(jobs)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: list[float] = json.loads(done.stdout)
    return figures
