"""Work on strangers' files in child processes with bounds of time and memory, which may be ended without harm.

A child is started once and does one call after another, so that a bound costs a message each way. One that
overruns its time, its memory or its stack is killed and replaced; what it worked on is reported as an ``Overrun``
and everything else goes on.
"""

from __future__ import annotations

import atexit
import contextlib
import math
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, Literal, TypeAlias

from catalog.errors import CatalogError

Kind: TypeAlias = Literal["time", "memory", "crash"]

# A child has to import the program before it can begin; the machine may be busy.
START_SECONDS = 120.0
# The processor's own clock ends a child whose parent is gone; while it is there, the parent's clock comes first.
_CPU_MARGIN = 5
# Calls handed out or done for each child, before the first of them is asked for.
_AHEAD = 8
_BEGUN, _DONE, _FAILED, _MEMORY = "begun", "done", "failed", "memory"
_CHILD = "import sys; sys.path[:] = sys.argv[2:]; from catalog.bounded import serve; serve(int(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may take: seconds, and bytes of address space of the process that makes it."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Overrun:
    """A call that was ended: by its time, by its memory, or because its process died."""

    kind: Kind
    limits: Limits


class ChildFailed(CatalogError):
    """A process for reading files does not start; this is a fault of the installation, not of a file."""

    code = "child-failed"


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    connection: Connection[Any, Any]
    path: list[str]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()


@dataclass(slots=True)
class _Call:
    child: _Child
    number: int
    item: tuple[Any, ...]
    deadline: float
    begun: bool = False


@dataclass
class Pool:
    """Child processes kept for the next call. Safe to use from several threads."""

    _idle: list[_Child] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _owner: int = field(default_factory=os.getpid)

    def map(
        self, task: Callable[..., Any], items: Iterable[tuple[Any, ...]], limits: Limits, *, jobs: int = 1
    ) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """Each item and ``task(*item)`` or an Overrun, in their order, made in at most ``jobs`` processes.

        ``task`` is found by its name in its module; it, the items and the results are pickled. What it raises is
        raised here and ends the iteration.
        """
        waiting = enumerate(items)
        busy: dict[Any, _Call] = {}
        done: dict[int, Any] = {}
        taken = given = 0
        more = True
        try:
            while True:
                while more and len(busy) < jobs and taken - given < _AHEAD * jobs:
                    number, item = next(waiting, (-1, ()))
                    if more := number >= 0:
                        taken += 1
                        call = self._send(number, task, item, limits)
                        busy[call.child.connection] = call
                if given in done:
                    item, result = done.pop(given)
                    given += 1
                    if isinstance(result, _Raised):
                        raise result.error
                    yield item, result
                elif busy:
                    for call, result in self._receive(busy, limits):
                        done[call.number] = call.item, result
                else:
                    return
        finally:
            for call in busy.values():
                call.child.kill()

    def call(self, task: Callable[..., Any], *arguments: Any, limits: Limits) -> Any:
        """The result of one call, or an Overrun."""
        return next(self.map(task, [arguments], limits))[1]

    def close(self) -> None:
        """End all children that wait for work."""
        with self._lock:
            children, self._idle = self._idle, []
            own = self._owner == os.getpid()
        for child in children:
            # After a fork they are somebody else's children.
            if own:
                child.kill()

    def _send(self, number: int, task: Callable[..., Any], item: tuple[Any, ...], limits: Limits) -> _Call:
        message = (task, item, limits, Path.cwd())
        child = self._take()
        try:
            child.connection.send(message)
        except OSError:  # it was ended from outside while it waited
            child.kill()
            child = _start()
            child.connection.send(message)
        return _Call(child, number, item, time.monotonic() + START_SECONDS)

    def _receive(self, busy: dict[Any, _Call], limits: Limits) -> Iterator[tuple[_Call, Any]]:
        """What has come from the busy children, at the latest when the next deadline has passed."""
        rest = min(call.deadline for call in busy.values()) - time.monotonic()
        ready = wait(list(busy), timeout=max(rest, 0))
        for connection in ready:
            call = busy[connection]
            try:
                kind, value = call.child.connection.recv()
            except (EOFError, OSError):
                if not call.begun:
                    raise ChildFailed(
                        "a process for reading files does not start; reinstall xafscat"
                    ) from None
                yield self._ended(busy, call, Overrun("crash", limits))
                continue
            if kind == _BEGUN:
                call.begun = True
                call.deadline = time.monotonic() + limits.seconds
            elif kind == _MEMORY:
                yield self._ended(busy, call, Overrun("memory", limits))
            else:
                del busy[connection]
                with self._lock:
                    self._idle.append(call.child)
                yield call, _Raised(value) if kind == _FAILED else value
        now = time.monotonic()
        for call in [call for key, call in busy.items() if key not in ready and call.deadline <= now]:
            yield self._ended(busy, call, Overrun("time", limits))

    def _ended(self, busy: dict[Any, _Call], call: _Call, overrun: Overrun) -> tuple[_Call, Overrun]:
        del busy[call.child.connection]
        call.child.kill()
        return call, overrun

    def _take(self) -> _Child:
        with self._lock:
            if self._owner != os.getpid():
                self._idle, self._owner = [], os.getpid()
            idle = self._idle.pop() if self._idle else None
        if idle and idle.path != sys.path:  # it would not find what is found here, such as a plugin
            idle.kill()
            idle = None
        return idle or _start()


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


pool = Pool()
atexit.register(pool.close)
_inside: Connection[Any, Any] | None = None
_limits = Limits(START_SECONDS, 0)


def is_child() -> bool:
    """Whether this process is such a child: what it calls is within its bounds already."""
    return _inside is not None


def renew() -> None:
    """Begin the time of the present call anew; outside a child this does nothing.

    For work whose steps are each bounded, such as the deposits of one file.
    """
    if _inside is not None:
        spent = resource.getrusage(resource.RUSAGE_SELF)
        seconds = spent.ru_utime + spent.ru_stime + _limits.seconds
        _limit(resource.RLIMIT_CPU, math.ceil(seconds) + _CPU_MARGIN)
        _inside.send((_BEGUN, None))


def serve(descriptor: int) -> None:
    """The life of a child: calls from the connection ``descriptor``, one after another, until it is closed."""
    global _inside, _limits  # noqa: PLW0603 - a process has one parent
    _inside = connection = Connection(descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interruption means
    _limit(resource.RLIMIT_CORE, 0)
    while True:
        try:
            task, arguments, _limits, folder = connection.recv()
            os.chdir(folder)  # relative paths mean what they mean to the caller, also after it moved
        except EOFError:
            return
        except Exception as error:  # a task that cannot be found is told, or the parent would wait
            connection.send((_FAILED, error))
            continue
        _limit(resource.RLIMIT_AS, _limits.memory)
        renew()
        connection.send(_answer(task, arguments))


def _answer(task: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        return _DONE, task(*arguments)
    except MemoryError:
        return _MEMORY, None
    except Exception as error:
        return _FAILED, error


def _limit(which: int, most: int) -> None:
    _, hard = resource.getrlimit(which)
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with contextlib.suppress(OSError, ValueError):  # a system that refuses a limit keeps its own
        resource.setrlimit(which, (soft, hard))


def _start() -> _Child:
    ours, theirs = Pipe()
    # -P: the child looks where this process looks, and nowhere else. Libraries that start a thread for each
    # processor would take address space for each.
    path = list(sys.path)
    command = [sys.executable, "-P", "-c", _CHILD, str(theirs.fileno()), *path]
    process = subprocess.Popen(
        command,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    theirs.close()
    return _Child(process, ours, path)
