"""The broker's workers: started, given work, killed, replaced; one more than may run, so that none is missed."""

from __future__ import annotations

import logging
import os
import selectors
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from server.query.errors import QueryProblem, SandboxUnavailable, Unavailable, problem
from server.query.process import WorkerProcess
from server.query.protocol import OPEN, Limits, decode, encode, receive_raw, send_raw

LOG = logging.getLogger("xafscat.query")
_FIRST_BACKOFF_SECONDS = 0.5
_MAX_BACKOFF_SECONDS = 30.0


class ReleaseStore(NamedTuple):
    """The number of a release and the folder of its store."""

    number: int
    path: str


class Task(Protocol):
    """What a worker can be given: ``answered`` or ``failed`` is called in the end, unless it is taken back."""

    packet: bytes
    file: int | None
    due: float
    worker: Worker | None

    def answered(self, packet: bytes, file: int | None) -> bool:
        """The worker's whole message (``file`` is closed afterwards); whether the worker asks to be replaced."""

    def failed(self, failure: QueryProblem) -> None:
        """There will be no answer."""


@dataclass(eq=False)
class Worker:
    """A worker process. It is starting, opening a release, idle, busy with a task, or gone."""

    process: WorkerProcess
    state: str = "starting"
    store: str = ""
    task: Task | None = None


class Pool:
    """Up to ``limits.workers`` tasks at a time, each in a process that is killed when the task is due.

    ``release`` tells which store is current; ``freed`` is called whenever a worker may have become idle.
    ``off`` says why no worker can ever serve, ``trouble`` why none can just now.
    """

    def __init__(
        self,
        limits: Limits,
        spool: Path,
        selector: selectors.BaseSelector,
        release: Callable[[], ReleaseStore | None],
        freed: Callable[[], None],
    ) -> None:
        self._limits = limits
        self._spool = spool
        self._selector = selector
        self._release = release
        self._freed = freed
        self._workers: list[Worker] = []
        self._dying: list[WorkerProcess] = []
        self._backoff = _FIRST_BACKOFF_SECONDS
        self._next_start = 0.0
        self.off: QueryProblem | None = None
        self.trouble: QueryProblem | None = None
        self.started = 0

    @property
    def running(self) -> int:
        """The number of tasks in work."""
        return sum(worker.task is not None for worker in self._workers)

    @property
    def states(self) -> dict[str, str]:
        """The state of each worker by its process id."""
        return {str(worker.process.pid): worker.state for worker in self._workers}

    def free(self, store: str) -> Worker | None:
        """A worker for a query about ``store``; None while all that may work do."""
        if self.running >= self._limits.workers:
            return None
        idle = [worker for worker in self._workers if worker.state == "idle"]
        # The last of those that have the store open: its caches are warm.
        return next(
            (worker for worker in reversed(idle) if worker.store == store), idle[-1] if idle else None
        )

    def give(self, worker: Worker, task: Task, release: ReleaseStore) -> None:
        """Have ``worker`` do ``task``; its time begins now."""
        task.worker, task.due = worker, time.monotonic() + self._limits.seconds
        worker.task, worker.state, worker.store = task, "busy", release.path
        # If it died a moment ago, its closed channel is about to say so.
        with suppress(OSError):
            send_raw(worker.process.channel, _order(release) + task.packet, task.file)

    def overdue(self, now: float) -> list[Task]:
        """The tasks whose time is up, taken from their workers, which are killed."""
        late = [worker for worker in self._workers if worker.task is not None and worker.task.due <= now]
        found = [worker.task for worker in late if worker.task is not None]
        for worker in late:
            LOG.warning(
                "worker %d killed: a query ran longer than %g s", worker.process.pid, self._limits.seconds
            )
            self.kill(worker)
        return found

    def kill(self, worker: Worker) -> None:
        """End a worker at once, without a word to its task."""
        worker.task, worker.state = None, "gone"
        self._workers.remove(worker)
        self._selector.unregister(worker.process.channel)
        worker.process.kill()
        self._dying.append(worker.process)

    def fill(self, now: float) -> None:
        """Start the workers that are missing, unless the last ones died at once."""
        while self._missing() and now >= self._next_start:
            try:
                worker = Worker(WorkerProcess(self._limits, self._spool))
            except OSError as error:
                self._delay(Unavailable(f"no worker can be started: {error.strerror}", retry_after=30))
                return
            worker.process.channel.setblocking(False)
            self.started += 1
            self._workers.append(worker)
            self._selector.register(
                worker.process.channel, selectors.EVENT_READ, lambda worker=worker: self._hear(worker)
            )

    def next_due(self) -> float:
        """The moment ``overdue`` or ``fill`` will have something to do; infinity when that is not known."""
        due = [worker.task.due for worker in self._workers if worker.task is not None]
        return min([*due, self._next_start if self._missing() else float("inf")])

    def tidy(self) -> None:
        """Bury the dead, and move one idle worker to the current release: the others go on answering."""
        self._dying = [process for process in self._dying if not process.gone()]
        current = self._release()
        for worker in self._workers:
            if current is not None and worker.state == "idle" and worker.store != current.path:
                self._send_open(worker, current)
                return

    def close(self) -> None:
        """End all workers and wait for it."""
        for worker in list(self._workers):
            self.kill(worker)
        for process in self._dying:
            process.gone(5.0)

    def count(self) -> Counter[str]:
        """How many workers are in each state."""
        return Counter(worker.state for worker in self._workers)

    def _missing(self) -> bool:
        return self.off is None and len(self._workers) <= self._limits.workers

    def _hear(self, worker: Worker) -> None:
        if worker.state == "gone":
            return  # killed by what came before it in the same round
        try:
            packet, file = receive_raw(worker.process.channel)
        except BlockingIOError:
            return
        except OSError:
            packet, file = b"", None
        try:
            if not packet:
                self._bury(worker)
            elif worker.task is not None:
                task, worker.task, worker.state = worker.task, None, "idle"
                if task.answered(packet, file):
                    self.kill(worker)
            else:
                self._progress(worker, decode(packet)[0])
        finally:
            if file is not None:
                os.close(file)
        self._freed()

    def _progress(self, worker: Worker, head: dict[str, Any]) -> None:
        if head.get("ready"):
            worker.state = "idle"
            current = self._release()
            if current is not None:
                self._send_open(worker, current)
        elif "opened" in head:
            worker.state = "idle"
            self.trouble, self._backoff = None, _FIRST_BACKOFF_SECONDS
        elif head.get("code") == SandboxUnavailable.code:
            self.off = problem(head)
            LOG.error("SPARQL is off: %s", self.off.detail)
            for each in list(self._workers):
                self.kill(each)
        else:
            self.kill(worker)
            self._delay(problem(head))

    def _send_open(self, worker: Worker, release: ReleaseStore) -> None:
        worker.state, worker.store = "opening", release.path
        with suppress(OSError):
            send_raw(worker.process.channel, _order(release) + OPEN)

    def _bury(self, worker: Worker) -> None:
        state, task, process = worker.state, worker.task, worker.process
        self.kill(worker)
        process.gone(1.0)
        cause = process.cause_of_death()
        LOG.warning("worker %d is gone: %s", process.pid, cause.detail)
        if state in {"starting", "opening"}:
            self._delay(Unavailable("the query workers do not start", retry_after=30))
        if task is not None:
            task.failed(cause)

    def _delay(self, trouble: QueryProblem) -> None:
        LOG.error("%s; trying again in %g s", trouble.detail, self._backoff)
        self.trouble = trouble
        self._next_start = time.monotonic() + self._backoff
        self._backoff = min(self._backoff * 2, _MAX_BACKOFF_SECONDS)


@lru_cache(maxsize=4)
def _order(release: ReleaseStore) -> bytes:
    return encode({"store": release.path, "release": release.number})
