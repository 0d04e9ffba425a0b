"""The broker: one process that owns the workers and the Unix socket queries come in by.

``python -m server.query.broker --public DIR --socket PATH --limits JSON``. It answers every query whole or with
an error, kills what runs too long, and moves to a new release between queries.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import resource
import selectors
import signal
import socket
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.query import sandbox
from server.query.errors import Busy, Cancelled, NoRelease, QueryProblem, TimedOut
from server.query.log import QueryLog
from server.query.pool import Pool, ReleaseStore, Worker
from server.query.protocol import Limits, decode, listen, receive_raw, send, send_raw
from server.query.quota import Quotas

_TICK_SECONDS = 0.5
# Upper bounds, in seconds, of the classes that durations are counted in; the last class has none.
DURATIONS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


@dataclass(eq=False)
class _Client:
    """A connection; it asks one thing at a time."""

    channel: socket.socket
    query: _Query | None = None


@dataclass(eq=False)
class _Query:
    """A query on its way; ``due`` is when waiting, or evaluation, has lasted too long."""

    broker: Broker
    client: _Client
    word: str
    packet: bytes
    file: int | None
    due: float
    worker: Worker | None = None
    # Who asks, as the quotas call it; and when evaluation began.
    asker: str = ""
    began: float | None = None

    def answered(self, packet: bytes, file: int | None) -> bool:
        """Pass the worker's answer on as it is."""
        return self.broker.pass_on(self, packet, file)

    def failed(self, failure: QueryProblem) -> None:
        """Tell the client that there is no answer."""
        self.broker.fail(self, failure)


class Broker:
    """Serves queries about the current release of ``public`` on the Unix socket ``path`` until ``stop``.

    ``log`` is the file of the query log, if there is to be one. Raises OSError when it cannot be opened.
    """

    def __init__(self, public: Path, path: Path, limits: Limits, log: Path | None = None) -> None:
        self._log = QueryLog(log) if log else None
        self._quotas = Quotas(limits)
        self._link = str(public / "current")
        self._releases = str(public / "releases")
        self._path = path
        self._limits = limits
        self._listener = listen(path)
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._pool = Pool(limits, path.parent, self._selector, self._release, self._dispatch)
        self._clients: set[_Client] = set()
        self._queue: deque[_Query] = deque()
        self._next_tick = 0.0
        self._stopping = False
        self._answered = 0
        self._seconds = 0.0
        self._bytes = 0
        self._cached = 0
        self._durations: Counter[float] = Counter()
        self._problems: Counter[str] = Counter()

    def stop(self) -> None:
        """Have ``run`` return soon; safe to call from a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Serve until ``stop`` is called, then end every worker and remove the socket."""
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(wake_read, selectors.EVENT_READ, lambda: os.read(wake_read, 512))
        previous = signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        try:
            while not self._stopping:
                wait = self._until_next()
                if wait <= 0:
                    self._on_time()
                    continue
                for key, _ in self._selector.select(wait):
                    key.data()
        finally:
            signal.set_wakeup_fd(previous)
            os.close(wake_read)
            os.close(wake_write)
            self._close()

    def pass_on(self, query: _Query, packet: bytes, file: int | None) -> bool:
        """Send a worker's message on to the client that waits for it; whether the worker asks to be replaced."""
        self._forget(query)
        try:
            send_raw(query.client.channel, packet, file)
        except OSError:
            self._hang_up(query.client)
        # Counted while the client reads; whatever it asks next is heard afterwards.
        head, _ = decode(packet)
        self._ended(query, "" if head["ok"] else head["code"], head.get("size", 0), head.get("release"))
        return bool(head.get("recycle"))

    def fail(self, query: _Query, failure: QueryProblem) -> None:
        """Tell the client of ``query`` that there is no answer."""
        self._ended(query, failure.code)
        self._forget(query)
        self._reply(query.client, {"ok": False, **failure.as_message()})

    def _on_time(self) -> None:
        now = time.monotonic()
        for task in self._pool.overdue(now):
            task.failed(TimedOut.of(self._limits.seconds))
        while self._queue and self._queue[0].due <= now:
            query = self._queue.popleft()
            own = self._quotas.in_its_own_way(query.asker, now)
            self.fail(query, self._pool.trouble or own or self._busy("no worker became free in time"))
        self._pool.fill(now)
        if now >= self._next_tick:
            self._next_tick = now + _TICK_SECONDS
            self._pool.tidy()
        self._dispatch()

    def _until_next(self) -> float:
        due = min(self._next_tick, self._pool.next_due())
        if self._queue:
            due = min(due, self._queue[0].due)
        return due - time.monotonic()

    def _release(self) -> ReleaseStore | None:
        try:
            name = os.readlink(self._link).rpartition("/")[2]  # noqa: PTH115 - asked once a query
            return ReleaseStore(int(name), f"{self._releases}/{name}/store")
        except (OSError, ValueError):
            return None

    def _accept(self) -> None:
        with suppress(BlockingIOError, ConnectionError):
            channel, _ = self._listener.accept()
            channel.setblocking(False)
            client = _Client(channel)
            self._clients.add(client)
            self._selector.register(channel, selectors.EVENT_READ, lambda: self._hear(client))

    def _hear(self, client: _Client) -> None:
        if client not in self._clients:
            return  # hung up by what came before it in the same round
        head: dict[str, Any] = {}
        packet, file = b"", None
        try:
            packet, file = receive_raw(client.channel)
            head, _ = decode(packet) if packet else ({}, b"")
        except BlockingIOError:
            return
        except (OSError, ValueError):
            head = {}
        operation = head.get("op")
        self._cached += int(head.get("cached", 0))
        if operation == "query" and client.query is None:
            now = time.monotonic()
            client.query = _Query(
                *(self, client, str(head.get("id", "")), packet, file, now + self._limits.queue_seconds),
                asker=str(head.get("client", "")),
            )
            self._ask(client.query, now)
            return
        if file is not None:
            os.close(file)
        if operation == "cancel":
            self._reply(client, {"ok": True, "found": self._cancel(str(head.get("id", "")))})
        elif operation == "refused":
            self._reply(client, self._refused(head, packet))
        elif operation == "stats":
            self._reply(client, {"ok": True, **self._report()})
        else:
            self._hang_up(client)

    def _ask(self, query: _Query, now: float) -> None:
        refusal = self._quotas.refusal(query.asker, now)
        self._quotas.waits(query.asker, now)
        if refusal is not None:
            self.fail(query, refusal)
        elif self._pool.off is not None:
            self.fail(query, self._pool.off)
        elif len(self._queue) >= self._limits.queue and not self._make_room(query.asker):
            self.fail(query, self._busy("too many queries are waiting already"))
        else:
            self._queue.append(query)
            self._dispatch()

    def _make_room(self, asker: str) -> bool:
        """Turn away the newest query of the client that has most waiting, if it has more than ``asker`` would have."""
        waiting = Counter(query.asker for query in self._queue if query.asker)
        crowd, number = max(waiting.items(), key=lambda item: item[1], default=("", 0))
        if number <= waiting[asker] + 1:
            return False
        newest = next(query for query in reversed(self._queue) if query.asker == crowd)
        self._queue.remove(newest)
        self.fail(newest, self._busy("too many queries are waiting, most of them of this address"))
        return True

    def _dispatch(self) -> None:
        while self._queue:
            release = self._release()
            if self._pool.off is not None:
                self.fail(self._queue.popleft(), self._pool.off)
            elif release is None:
                self.fail(self._queue.popleft(), NoRelease("nothing has been published yet"))
            elif (worker := self._pool.free(release.path)) is None or (query := self._next()) is None:
                return
            else:
                query.began = time.monotonic()
                self._quotas.runs(query.asker, query.began)
                self._pool.give(worker, query, release)

    def _next(self) -> _Query | None:
        """The query that has waited longest of those whose client may have a worker."""
        now, free = time.monotonic(), self._limits.workers - self._pool.running
        for query in self._queue:
            if self._quotas.may_run(query.asker, free, now):
                self._queue.remove(query)
                return query
        return None

    def _refused(self, head: dict[str, Any], packet: bytes) -> dict[str, Any]:
        """Count a query that the client itself refused; the answer is what becomes of it."""
        asker, code, now = str(head.get("client", "")), str(head.get("code", "")), time.monotonic()
        over = self._quotas.refusal(asker, now)
        if over is None:
            self._quotas.refused(asker, code, now)
        code = code if over is None else over.code
        self._problems[code] += 1
        if self._log is not None:
            self._log.note(decode(packet)[1], code=code, seconds=None, size=0, release=None)
        return {"ok": True} if over is None else {"ok": False, **over.as_message()}

    def _cancel(self, word: str) -> bool:
        queries = [client.query for client in self._clients if client.query is not None]
        found = [query for query in queries if word and query.word == word]
        for query in found:
            self._withdraw(query)
            self.fail(query, Cancelled("the query was cancelled"))
        return bool(found)

    def _withdraw(self, query: _Query) -> None:
        if query.worker is not None:
            self._pool.kill(query.worker)
        else:
            self._queue.remove(query)

    def _hang_up(self, client: _Client) -> None:
        if client.query is not None:
            self._ended(client.query, Cancelled.code)
            self._withdraw(client.query)
            self._forget(client.query)
        self._clients.discard(client)
        self._selector.unregister(client.channel)
        client.channel.close()

    def _ended(self, query: _Query, code: str, size: int = 0, release: int | None = None) -> None:
        """Count what became of a query, once."""
        now = time.monotonic()
        seconds = None if query.began is None else now - query.began
        self._quotas.ended(query.asker, seconds, code, now)
        self._seconds += seconds or 0.0
        self._bytes += size
        if seconds is not None:
            self._durations[next((bound for bound in DURATIONS if seconds <= bound), math.inf)] += 1
        if code:
            self._problems[code] += 1
        else:
            self._answered += 1
        if self._log is not None:
            text = _text(query)
            self._log.note(text, code=code, seconds=seconds, size=size, release=release)

    def _forget(self, query: _Query) -> None:
        query.client.query = None
        if query.file is not None:
            os.close(query.file)

    def _reply(self, client: _Client, head: dict[str, Any]) -> None:
        try:
            send(client.channel, head)
        except OSError:
            self._hang_up(client)

    def _busy(self, why: str) -> QueryProblem:
        return Busy(f"the endpoint is busy: {why}", retry_after=max(1, round(self._limits.queue_seconds)))

    def _report(self) -> dict[str, Any]:
        release, states, off = self._release(), self._pool.count(), self._pool.off
        trouble = off or self._pool.trouble
        able = states["idle"] + states["busy"] > 0
        return {
            "state": "off" if off else "ready" if able else "starting",
            "problem": trouble.as_message() if trouble else None,
            "release": release.number if release else None,
            "workers": self._pool.states,
            "waiting": len(self._queue),
            "running": self._pool.running,
            "answered": self._answered,
            "seconds": round(self._seconds, 3),
            "bytes": self._bytes,
            "durations": [self._durations[bound] for bound in (*DURATIONS, math.inf)],
            "cached": self._cached,
            "clients": len(self._quotas),
            "problems": dict(self._problems),
            "workers_started": self._pool.started,
        }

    def _close(self) -> None:
        self._selector.unregister(self._listener)
        self._listener.close()
        with suppress(FileNotFoundError):
            self._path.unlink()
        for client in list(self._clients):
            self._hang_up(client)
        self._pool.close()
        self._selector.close()
        if self._log is not None:
            self._log.close()


def _text(query: _Query) -> bytes:
    """The text of a query, which is part of its packet or a file of its own."""
    if query.file is None:
        return decode(query.packet)[1]
    return os.pread(query.file, os.fstat(query.file).st_size, 0)


def main() -> None:
    """Read the command line and serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="server.query.broker")
    parser.add_argument("--public", type=Path, required=True)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--limits", type=Limits.from_json, default=Limits())
    parser.add_argument("--log", type=Path, help="file of the query log; none without it")
    parser.add_argument("--parent", type=int, help="process id to end with")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.INFO)
    if arguments.parent is not None:
        sandbox.die_with_parent(arguments.parent)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    broker = Broker(arguments.public, arguments.socket, arguments.limits, arguments.log)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: broker.stop())
    broker.run()


if __name__ == "__main__":
    main()
