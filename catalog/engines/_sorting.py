"""Sorting more lines than fit the memory."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO

# About 100 MB of lines of usual length.
RUN_LINES = 500_000


def sorted_lines(lines: Iterable[bytes], scratch: Path, *, run_lines: int = RUN_LINES) -> Iterator[bytes]:
    """The distinct ``lines`` (no line ends in them) in byte order; runs are spilled to ``scratch``.

    The spilled files have no name, so that nothing is left behind when the process dies.
    """
    source = iter(lines)
    first = sorted(set(islice(source, run_lines)))
    with ExitStack() as stack:
        runs: list[Iterator[bytes]] = []
        run = first
        while run:
            following = list(islice(source, run_lines))
            if not following and not runs:
                yield from run
                return
            runs.append(_spilled(run, stack.enter_context(tempfile.TemporaryFile(dir=scratch))))
            run = sorted(set(following))
        previous = None
        for line in heapq.merge(*runs):
            if line != previous:
                yield line
                previous = line


def _spilled(run: list[bytes], stream: IO[bytes]) -> Iterator[bytes]:
    for line in run:
        stream.write(line + b"\n")
    run.clear()
    stream.seek(0)
    return (line[:-1] for line in stream)
