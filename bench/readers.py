"""Reading data files: files a second by format, peak memory, and larch reading the same files in the same run.

The files are those of the corpus beside the project, or else the samples of the tests. Larch needs an environment of
its own: give its Python as ``XAFSCAT_BENCH_LARCH_PYTHON``; without it there are no ratios.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench._measure import Row

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "data" / "corpus"
SAMPLES = ROOT / "tests" / "data" / "samples"
LARCH = "XAFSCAT_BENCH_LARCH_PYTHON"

OURS = """
import json, resource, sys, time
from pathlib import Path
from catalog.errors import CatalogError
from catalog.readers import Source, choose
def read(path):
    source = Source(Path(path), path)
    reader = choose(source)
    return reader.name if reader and reader.read(source).forms else None
def good(path):
    try:
        return read(path)
    except CatalogError:
        return None
"""
THEIRS = """
import json, resource, sys, time, warnings
warnings.filterwarnings("ignore")
from larch.io import read_athena, read_xdi
def read(path):
    if path.endswith(".prj"):
        project = read_athena(path, do_preedge=False, do_bkg=False, do_fft=False)
        return "athena" if all(len(group.energy) for group in project.groups.values()) else None
    return "xdi" if len(read_xdi(path).array_labels) else None
def good(path):
    try:
        return read(path)
    except Exception:
        return None
"""
# Answers a line of JSON with a line of JSON: what can be read, or the seconds it takes to read everything once.
SERVE = """
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
idle = peak()
for line in sys.stdin:
    order, paths = json.loads(line)
    if order == "sort":
        answer = [good(path) for path in paths]
    else:
        begun = time.perf_counter()
        for path in paths:
            read(path)
        answer = [time.perf_counter() - begun, idle, peak()]
    print("\\n@" + json.dumps(answer), flush=True)
"""


class Worker:
    """A process that reads files; its time does not hold its start."""

    def __init__(self, python: str, program: str) -> None:
        self.process = subprocess.Popen(
            [python, "-c", program + SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )

    def ask(self, order: str, paths: list[str]) -> list:  # type: ignore[type-arg]
        """The answer to an order; what the program prints besides is passed over."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([order, paths]) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("@"):
                answer: list = json.loads(line[1:])  # type: ignore[type-arg]
                return answer
        raise RuntimeError(f"a worker ended with code {self.process.wait()}")

    def close(self) -> None:
        """End the process."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(timeout=60)


def run(quick: bool) -> list[Row]:
    """Files a second of each format by itself, then larch over ours on the XDI files and Athena projects of both."""
    folder = CORPUS if CORPUS.is_dir() else SAMPLES
    every = sorted(str(path) for path in folder.rglob("*") if path.is_file() and path.name != "SOURCES.md")
    ours = Worker(sys.executable, OURS)
    formats: dict[str, list[str]] = {}
    for path, name in zip(every, ours.ask("sort", every), strict=True):
        if name:
            formats.setdefault(name, []).append(path)
    ours.close()
    if quick:
        formats = {name: paths[:3] for name, paths in formats.items()}
    rows = []
    for name, paths in sorted(formats.items()):
        rows += _alone(name, paths, 1 if quick else 5)
    if python := os.environ.get(LARCH):
        for name in ("xdi", "athena"):
            rows += _against(python, name, formats.get(name, []), 1 if quick else 5)
    return rows


def _alone(name: str, paths: list[str], rounds: int) -> Iterator[Row]:
    worker = Worker(sys.executable, OURS)
    worker.ask("time", paths)
    taken = [worker.ask("time", paths) for _ in range(rounds)]
    worker.close()
    size = sum(Path(path).stat().st_size for path in paths) / 1024**2
    seconds = statistics.median(each[0] for each in taken)
    note = f"{len(paths)} files, {size:.2f} MiB; grows with the size of the file"
    yield Row(name, len(paths) / seconds, "files/s", note)
    yield Row(f"{name}, memory for reading", taken[-1][2] - taken[-1][1], "MiB", "beyond the idle process")


def _against(python: str, name: str, paths: list[str], rounds: int) -> Iterator[Row]:
    """The two programs in turn, on the files that both read without an error."""
    ours, theirs = Worker(sys.executable, OURS), Worker(python, THEIRS)
    both = [path for path, good in zip(paths, theirs.ask("sort", paths), strict=True) if good == name]
    for worker in (ours, theirs):
        worker.ask("time", both)
    pairs = [(ours.ask("time", both), theirs.ask("time", both)) for _ in range(rounds)]
    ours.close()
    theirs.close()
    ratio = statistics.median(other[0] / own[0] for own, other in pairs)
    own, other = pairs[-1]
    note = f"{len(both)} files of {len(paths)} that larch reads"
    yield Row(f"larch / ours, {name}", ratio, "times", note)
    yield Row(f"larch, {name}", len(both) / statistics.median(each[1][0] for each in pairs), "files/s")
    yield Row(f"peak memory of larch / ours, {name}", other[2] / own[2], "times", f"{own[2]:.0f} MiB ours")
