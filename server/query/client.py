"""Asking the broker: a blocking client for web threads, and ``ask_once`` for a single query without a broker."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from server.query.errors import (
    QueryMalformed,
    QueryProblem,
    TimedOut,
    TooLong,
    Unavailable,
    problem,
)
from server.query.formats import BY_NAME, Format
from server.query.lexer import refusals
from server.query.process import WorkerProcess
from server.query.protocol import MAX_INLINE, OPEN, Limits, Message, connect, encode, receive, send_raw

_CHUNK = 64 * 1024
_CONNECT_SECONDS = 5.0
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``size`` in bytes, ``seconds`` of evaluation, ``release`` it was taken from.

    ``kind`` is SELECT, ASK or CONSTRUCT (which stands for DESCRIBE as well). Large answers lie in an open file:
    read or close it.
    """

    kind: str
    format: Format
    size: int
    seconds: float
    release: int
    _body: bytes
    # A file object, not its number: closed twice, a number might meanwhile be another thread's file.
    _file: FileIO | None

    @property
    def media_type(self) -> str:
        """The media type with its charset."""
        return self.format.content_type

    def read(self) -> bytes:
        """All bytes of the answer; to be called once."""
        return self._body if self._file is None else b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the answer in pieces, for an answer larger than one wants in memory; to be used once."""
        if self._file is None:
            yield self._body
            return
        with self._file as stream:
            stream.seek(0)
            left = self.size
            while left:
                piece = stream.read(min(_CHUNK, left))
                if not piece:
                    raise OSError("a spooled answer was cut")
                left -= len(piece)
                yield piece

    def file(self) -> FileIO:
        """The open file that a large answer lies in, now the caller's to close. Raises ValueError for a small one."""
        if self._file is None:
            raise ValueError("a small answer lies in no file")
        return self._file

    def close(self) -> None:
        """Give up an answer that is not going to be read."""
        if self._file is not None:
            self._file.close()


class QueryClient:
    """Sends queries to the broker at ``path``; any number of threads may use one client.

    Raises QueryRefused and QueryFailed (``server.query.errors``) and nothing else. Closing it cancels what runs.
    """

    def __init__(self, path: Path, *, query_bytes: int = Limits().query_bytes) -> None:
        self._path = path
        self._query_bytes = query_bytes
        self._lock = threading.Lock()
        self._free: list[socket.socket] = []
        self._used: set[socket.socket] = set()
        self._closed = False
        self._cached = 0

    def run(
        self,
        query: str,
        format_name: str,
        *,
        base: str | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        prefixes: Mapping[str, str] | None = None,
        request_id: str = "",
        client: str = "",
    ) -> Answer:
        """The whole answer to ``query`` in a format of ``formats.BY_NAME``; ``base`` resolves relative IRIs.

        The graphs are those of the protocol's parameters; ``prefixes`` need no declaration. ``request_id`` is a
        word by which ``cancel`` finds the query while it runs; ``client`` names who asks, for the quotas.
        """
        try:
            encoded = check(query, self._query_bytes)
        except QueryProblem as refused:
            if client:
                self._refused(query, refused, client)
            raise
        head: dict[str, Any] = {"op": "query", "format": format_name}
        optional = (
            ("base", base),
            ("default_graphs", default_graphs and list(default_graphs)),
            ("named_graphs", named_graphs and list(named_graphs)),
            ("prefixes", prefixes),
            ("id", request_id),
            ("client", client),
            ("cached", self._cached and self._take_cached()),
        )
        head.update({name: value for name, value in optional if value})
        return _answer(self._exchange(head, encoded))

    def note_cached(self) -> None:
        """Count an answer that was given without the broker; it learns of it with the next query."""
        with self._lock:
            self._cached += 1

    def cancel(self, request_id: str) -> bool:
        """Stop the query that runs or waits under that word; whether there was one."""
        return bool(self._exchange({"op": "cancel", "id": request_id}).head.get("found"))

    def stats(self) -> dict[str, Any]:
        """The broker's counts: state, release, workers by process id, waiting, running, answered, problems."""
        return self._exchange({"op": "stats"}).head

    def wait_ready(self, timeout: float) -> dict[str, Any]:
        """``stats`` as soon as the broker can answer or is off; raises Unavailable after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            with suppress(Unavailable):
                found = self.stats()
                if found["state"] != "starting" or time.monotonic() > deadline:
                    return found
            if time.monotonic() > deadline:
                raise Unavailable("the query broker does not start")
            time.sleep(0.02)

    def close(self) -> None:
        """Hang up; queries of this client that run are cancelled and fail with ``query-unavailable``."""
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
            for channel in self._used:
                with suppress(OSError):
                    channel.shutdown(socket.SHUT_RDWR)
        for channel in free:
            channel.close()

    def __enter__(self) -> QueryClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refused(self, query: str, refused: QueryProblem, client: str) -> None:
        """Have the broker count a query that was refused here. Raises ClientLimit instead when there were too many."""
        text = query.encode("utf-8", "replace")[:MAX_INLINE]
        head = {"op": "refused", "code": refused.code, "client": client}
        with suppress(Unavailable):
            found = self._exchange(head, text).head
            if not found.get("ok"):
                raise problem(found) from refused

    def _take_cached(self) -> int:
        with self._lock:
            cached, self._cached = self._cached, 0
        return cached

    def _exchange(self, head: dict[str, Any], body: bytes = b"") -> Message:
        # A pooled connection may be from before a restart of the broker: then a fresh one is tried, once. The
        # broker never answers a query and hangs up, so nothing is evaluated twice to an end.
        for channel, last in self._channels():
            try:
                _send(channel, head, body)
                message = receive(channel)
            except (OSError, ValueError) as error:
                self._drop(channel)
                if last:
                    raise Unavailable(f"the query broker does not answer: {error}", retry_after=5) from error
            except BaseException:
                self._drop(channel)
                raise
            else:
                if message is not None:
                    self._give_back(channel)
                    return message
                self._drop(channel)
                if last:
                    break
        raise Unavailable("the query broker ended while the query ran", retry_after=5)

    def _channels(self) -> Iterator[tuple[socket.socket, bool]]:
        pooled = self._take()
        if pooled is not None:
            yield pooled, False
        try:
            channel = connect(self._path, _CONNECT_SECONDS)
        except OSError as error:
            raise Unavailable("the query broker is not running", retry_after=5) from error
        channel.settimeout(None)
        with self._lock:
            if not self._closed:
                self._used.add(channel)
        if self._closed:
            channel.close()
            raise Unavailable("the query client is closed")
        yield channel, True

    def _take(self) -> socket.socket | None:
        with self._lock:
            if self._closed:
                raise Unavailable("the query client is closed")
            if not self._free:
                return None
            channel = self._free.pop()
            self._used.add(channel)
            return channel

    def _give_back(self, channel: socket.socket) -> None:
        with self._lock:
            self._used.discard(channel)
            if not self._closed:
                self._free.append(channel)
                return
        channel.close()

    def _drop(self, channel: socket.socket) -> None:
        with self._lock:
            self._used.discard(channel)
        channel.close()


def check(query: str, query_bytes: int) -> bytes:
    """The query as bytes, if it may be evaluated at all. Raises QueryRefused."""
    try:
        encoded = query.encode()
    except UnicodeEncodeError as error:
        raise QueryMalformed("the query holds half of a surrogate pair, which is no character") from error
    if len(encoded) > query_bytes:
        raise TooLong(
            f"the query has {len(encoded):,} bytes, and may have {query_bytes:,}", limit=query_bytes
        )
    refusal = refusals(query)
    if refusal is not None:
        raise problem(
            {
                "code": refusal.code,
                "detail": refusal.detail,
                "line": refusal.line,
                "column": refusal.column,
            }
        )
    return encoded


def ask_once(
    store: Path,
    query: str,
    format_name: str,
    limits: Limits,
    *,
    spool: Path,
    base: str | None = None,
    prefixes: Mapping[str, str] | None = None,
) -> Answer:
    """The answer of a worker started for this one query, with the same checks and limits as the endpoint's.

    ``store`` is the folder of a store, ``spool`` one for temporary files. Meant for the command line: where the
    system offers no sandbox the query is evaluated without one. Raises QueryRefused and QueryFailed.
    """
    encoded = check(query, limits.query_bytes)
    worker = WorkerProcess(limits, spool, trust=True)
    try:
        order = encode({"store": str(store), "release": 0})
        worker.channel.settimeout(_START_SECONDS)
        _next(worker)
        send_raw(worker.channel, order + OPEN)
        _next(worker)
        # Starting and opening are not the query's fault; its time begins here.
        worker.channel.settimeout(limits.seconds)
        _send(
            worker.channel,
            {"op": "query", "format": format_name, "base": base, "prefixes": prefixes},
            encoded,
            order,
        )
        return _answer(_next(worker))
    except TimeoutError as error:
        raise TimedOut.of(limits.seconds) from error
    finally:
        worker.kill()
        worker.gone(5.0)


def _next(worker: WorkerProcess) -> Message:
    try:
        message = receive(worker.channel)
    except ConnectionError:
        message = None
    if message is None:
        worker.gone(5.0)
        raise worker.cause_of_death()
    if message.head.get("ok") is False or message.head.get("ready") is False:
        raise problem(message.head)
    return message


def _send(channel: socket.socket, head: dict[str, Any], body: bytes, order: bytes = b"") -> None:
    if len(body) <= MAX_INLINE:
        send_raw(channel, order + encode(head) + body)
        return
    file = os.memfd_create("query")
    try:
        os.write(file, body)
        send_raw(channel, order + encode(head), file)
    finally:
        os.close(file)


def _answer(message: Message) -> Answer:
    head = message.head
    if not head.get("ok"):
        raise problem(head)
    return Answer(
        kind=head["kind"],
        format=BY_NAME[head["format"]],
        size=head["size"],
        seconds=head["seconds"],
        release=head["release"],
        _body=message.body,
        _file=None if message.file is None else FileIO(message.file),
    )
