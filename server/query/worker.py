"""One process that evaluates queries, locked in: ``python -m server.query.worker``, started by the broker.

It is meant to be killed: it holds nothing but a read-only store, and its parent answers for it.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from server.query import sandbox
from server.query.errors import (
    Crashed,
    FormatUnsuited,
    MemoryExceeded,
    QueryMalformed,
    QueryProblem,
    SandboxUnavailable,
    Unavailable,
)
from server.query.formats import BY_NAME, Format, shape_of
from server.query.protocol import Limits, decode, receive, send
from server.query.sheets import WRITERS
from server.query.spool import Spool

# Measured with pyoxigraph 0.5.13: a text at both bounds of the lexer needs less than half of it.
STACK_BYTES = 64 * 2**20
_MAX_FILES = 4096
_MAX_DETAIL = 400
_MAX_SHOWN = 40
# A query this short leaves no memory worth looking for.
_SHORT_SECONDS = 0.005
_NO_FUNCTION = "The custom function "
# Among the characters that might have followed, the engine names the rule that was broken.
_SENTENCE = re.compile(r"(?:expected (?:one of )?)?[A-Z][A-Za-z*]+ [A-Za-z* ]*[a-z]{2,} [A-Za-z* ]+")
_POSITION = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


class Worker:
    """The store of one release, and the answers to queries about it."""

    def __init__(self, channel: socket.socket, limits: Limits, spool: Path) -> None:
        self._channel = channel
        self._limits = limits
        self._spool = spool
        self._store: Any = None
        self._path = ""
        self._idle_space = 0

    def serve(self) -> None:
        """Answer until the other side is gone."""
        with suppress(ConnectionError):
            send(self._channel, {"ready": True})
            # What a dying engine says is long and for nobody.
            _silence()
            while (message := receive(self._channel)) is not None:
                self._handle(message.head, *decode(message.body), message.file)

    def _handle(self, order: dict[str, Any], asked: dict[str, Any], text: bytes, given: int | None) -> None:
        began = time.perf_counter()
        body, file = b"", None
        try:
            self._open(order["store"])
            if asked["op"] == "open":
                send(self._channel, {"opened": order["store"]})
                return
            head, body, file = self._evaluate(asked, (text if given is None else _contents(given)).decode())
            head["release"] = order["release"]
        except BaseException as error:  # a panic of the engine is no Exception
            head = {"ok": False, **_problem(error, self._limits).as_message()}
        head["seconds"] = seconds = round(time.perf_counter() - began, 6)
        # Memory that a query leaves behind would be missing from the next one's allowance.
        if seconds > _SHORT_SECONDS:
            head["recycle"] = sandbox.address_space() - self._idle_space > self._limits.memory_bytes // 4
        send(self._channel, head, body, file)
        if file is not None:
            os.close(file)

    def _evaluate(self, asked: dict[str, Any], query: str) -> tuple[dict[str, Any], bytes, int | None]:
        import pyoxigraph as ox

        try:
            result = self._store.query(
                query, base_iri=asked.get("base"), prefixes=asked.get("prefixes"), **_dataset(asked)
            )
        except SyntaxError as error:
            raise _malformed(query, asked.get("prefixes") or {}, str(error)) from error
        if isinstance(result, ox.QueryTriples):
            kind, formats = "CONSTRUCT", cast(Any, ox.RdfFormat)
        else:
            kind, formats = "ASK" if isinstance(result, ox.QueryBoolean) else "SELECT", ox.QueryResultsFormat
        form = _suited(asked["format"], kind)
        if kind == "ASK" and form.engine:
            # A word or two: nothing to watch while it is written.
            body = result.serialize(format=getattr(formats, form.engine))
            return {"ok": True, "kind": kind, "format": form.name, "size": len(body)}, body, None
        spool = Spool(self._spool, self._limits.result_bytes, xml=form.xml)
        try:
            if form.engine:
                result.serialize(spool, format=getattr(formats, form.engine))
            else:
                WRITERS[form.name](result, spool, self._limits.result_bytes, self._spool)
            body, file = spool.finish()
        finally:
            spool.discard()
        return {"ok": True, "kind": kind, "format": form.name, "size": spool.size}, body, file

    def _open(self, path: str) -> None:
        if path == self._path:
            return
        from pyoxigraph import Store

        self._store, self._path = None, ""
        try:
            store = Store.read_only(path)
            bool(store.query("ASK { ?s ?p ?o }"))
        except (OSError, ValueError, RuntimeError) as error:
            raise Unavailable(f"the release cannot be opened: {error}", retry_after=30) from error
        self._store, self._path = store, path
        sandbox.limit_memory(self._limits.memory_bytes)
        self._idle_space = sandbox.address_space()


def _contents(file: int) -> bytes:
    with open(file, "rb") as stream:
        stream.seek(0)
        return stream.read()


def _dataset(head: dict[str, Any]) -> dict[str, Any]:
    # The graphs of the protocol's parameters; as in the specification they replace FROM and FROM NAMED.
    default, named = head.get("default_graphs"), head.get("named_graphs")
    if not default and not named:
        return {}
    import pyoxigraph as ox

    try:
        return {
            "default_graph": [ox.NamedNode(iri) for iri in default or ()],
            "named_graphs": [ox.NamedNode(iri) for iri in named or ()],
        }
    except ValueError as error:
        raise QueryMalformed(f"a graph of the dataset is no absolute IRI: {error}") from error


def _suited(name: str, kind: str) -> Format:
    form = BY_NAME[name]
    if form.shape != shape_of(kind):
        names = ", ".join(other.name for other in BY_NAME.values() if other.shape == shape_of(kind))
        raise FormatUnsuited(f"{kind} queries are not answered in {name}; choose one of {names}")
    return form


def _malformed(query: str, prefixes: dict[str, str], message: str) -> QueryMalformed:
    # Here, because to compile its expressions would be a third of a worker's start.
    from server.query.lexer import mistake

    better = mistake(query, prefixes)
    if better:
        return QueryMalformed(better.detail, line=better.line, column=better.column)
    found = _POSITION.fullmatch(message)
    if not found:
        return QueryMalformed(message[:_MAX_DETAIL])
    detail, expected = "the query is not SPARQL at, or a little before, this place", found[3]
    if said := [piece for piece in expected.split(", ") if _SENTENCE.fullmatch(piece)]:
        return QueryMalformed(f"the query is not SPARQL: {said[0][:_MAX_DETAIL]}")
    # The engine lists every character that might have followed; only a short list helps.
    if len(expected) <= _MAX_SHOWN and "[_]" not in expected:
        detail += f" ({expected})"
    return QueryMalformed(detail, line=int(found[1]), column=int(found[2]))


def _problem(error: BaseException, limits: Limits) -> QueryProblem:
    if isinstance(error, QueryProblem):
        return error
    if str(error).startswith(_NO_FUNCTION):
        return QueryMalformed(
            f"there is no such function here: {str(error)[len(_NO_FUNCTION) :][:_MAX_DETAIL]}"
        )
    if isinstance(error, MemoryError):
        return MemoryExceeded.of(limits.memory_bytes)
    return Crashed(f"the engine could not evaluate the query: {str(error)[:_MAX_DETAIL]}")


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)


def main() -> None:
    """Read the command line, lock this process in, serve the broker's channel."""
    parser = argparse.ArgumentParser(prog="server.query.worker")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--limits", type=Limits.from_json, required=True)
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--trust", action="store_true", help="serve even where the system offers no sandbox")
    arguments = parser.parse_args()
    sandbox.die_with_parent(arguments.parent)
    # Terminals and supervisors signal whole groups; when this process ends is its parent's decision.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    channel = socket.socket(fileno=arguments.channel)
    try:
        sandbox.enter()
    except SandboxUnavailable as problem:
        if not arguments.trust:
            send(channel, {"ready": False, **problem.as_message()})
            return
    sandbox.limit_files(_MAX_FILES)
    import pyoxigraph  # noqa: F401 - not at the cost of the first query

    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=Worker(channel, arguments.limits, arguments.spool).serve)
    thread.start()
    thread.join()
    channel.close()


if __name__ == "__main__":
    main()
