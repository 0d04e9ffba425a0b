"""A harvest by a real client, and a page of the DCAT catalog: records a second, server work, server memory.

Dublin Core is harvested whole, the other formats as far as ``PART`` records.

Server work is its processor time: what a core could do if clients were free.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import sickle

from bench._catalogs import published
from bench._measure import Row, seconds
from catalog.exports import harvested
from catalog.portal import PAGE

SIZE, QUICK_SIZE = int(os.environ.get("XAFSCAT_BENCH_RECORDS", "100000")), 300
PART = 5000
SERVER = """
import sys
from pathlib import Path
from werkzeug.serving import make_server
from catalog.config import load_settings
from server.public.app import create_app
from server.public.environment import site_of
from server.public.languages import read_languages
from server.public.site import HERE
settings = load_settings(sys.argv[1], environ={})
site = site_of(settings, read_languages(HERE / "translations"), socket=Path("unused"), off="not measured here")
server = make_server("127.0.0.1", 0, create_app(site), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


def run(quick: bool) -> list[Row]:
    """Records a second of a whole harvest in some formats, and what the server spends on it."""
    size = QUICK_SIZE if quick else SIZE
    with published(size) as home, _serving(home) as (process, address):
        return list(_measured(process.pid, address, size))


def _measured(pid: int, address: str, size: int) -> Iterator[Row]:
    with urllib.request.urlopen(f"{address}/oai?verb=Identify") as response:
        response.read()
    for prefix in harvested():
        some = size if prefix == "oai_dc" else min(size, PART)
        work, memory = _work(pid), list[float]()
        took = seconds(lambda: _harvest(address, prefix, some, lambda: memory.append(_memory(pid))))  # noqa: B023 (called at once)
        work = _work(pid) - work
        yield Row(f"harvest {some:,} as {prefix} with sickle", some / took, "records/s")
        yield Row(f"  server work, {prefix}", some / work, "records/s/core")
        early, late = memory[0], memory[-1]
        yield Row(f"  server memory at the end, {prefix}", late, "MiB", f"after a tenth {early:.0f}")
    last = -(-size // PAGE)
    for page in dict.fromkeys((1, max(1, last // 2), last)):
        target = f"{address}/catalog.ttl?page={page}"
        yield Row(f"catalog page {page:,} of {last:,}", seconds(lambda: _read(target)) * 1000, "ms")  # noqa: B023


def _harvest(address: str, prefix: str, size: int, look: Callable[[], None]) -> None:
    """Read the first ``size`` records; ``look`` is called at each tenth of them."""
    seen: set[str] = set()
    for record in islice(sickle.Sickle(f"{address}/oai").ListRecords(metadataPrefix=prefix), size):
        seen.add(record.header.identifier)
        if len(seen) % max(1, size // 10) == 0:
            look()
    assert len(seen) == size


def _read(target: str) -> None:
    with urllib.request.urlopen(target) as response:
        assert response.read()


@contextmanager
def _serving(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", SERVER, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def _work(pid: int) -> float:
    """The processor time a process has had, in seconds."""
    parts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """The memory a process has now, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
