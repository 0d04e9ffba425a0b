"""Small hand-made releases, brokers in real processes, and the example catalog for whole servers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox
import pytest

from server.query.client import QueryClient
from server.query.protocol import Limits

START_SECONDS = 30.0
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@dataclass
class Broker:
    """A broker process over a folder of releases, and a client of it."""

    process: subprocess.Popen[bytes]
    client: QueryClient
    socket: Path
    public: Path

    def good(self, release: int = 1) -> None:
        """The next good query is answered, and rightly."""
        answer = self.client.run("SELECT ?o { <http://e/s7> <http://e/p> ?o }", "csv")
        assert answer.read() == f"o\r\nvalue 7 of {release}\r\n".encode()

    def wait_for(self, state: Callable[[dict[str, object]], object]) -> dict[str, object]:
        """The broker's statistics as soon as ``state`` holds of them."""
        deadline = time.monotonic() + START_SECONDS
        while not state(found := self.client.stats()):
            assert time.monotonic() < deadline, found
            time.sleep(0.01)
        return found


@pytest.fixture(scope="session")
def make_release() -> Callable[..., None]:
    """A function that makes release ``number`` in a folder, with triples that say so, and shows it."""

    def make(public: Path, number: int, count: int = 2000) -> None:
        path = public / "releases" / str(number) / "store"
        path.parent.mkdir(parents=True)
        store = ox.Store(str(path))
        store.bulk_extend(
            ox.Quad(
                ox.NamedNode(f"http://e/s{index}"),
                ox.NamedNode("http://e/p"),
                ox.Literal(f"value {index} of {number}"),
            )
            for index in range(count)
        )
        store.add(
            ox.Quad(ox.NamedNode("http://e/odd"), ox.NamedNode("http://e/control"), ox.Literal("a\x01b\r\nc"))
        )
        store.flush()
        del store
        link = public / "next"
        link.symlink_to(f"releases/{number}")
        link.replace(public / "current")

    return make


@pytest.fixture(scope="session")
def start_broker(make_release: Callable[..., None]) -> Callable[..., object]:
    """A context manager that runs a broker over release 1 (none when ``release`` is False) with these limits."""

    @contextmanager
    def start(
        folder: Path, *, release: bool = True, log: Path | None = None, **limits: float
    ) -> Iterator[Broker]:
        public, socket = folder / "public", folder / "run" / "query.sock"
        public.mkdir(exist_ok=True)
        if release:
            make_release(public, 1)
        command = [sys.executable, "-P", "-m", "server.query.broker", "--public", str(public)]
        command += ["--socket", str(socket), "--parent", str(os.getpid())]
        command += ["--limits", Limits(**limits).as_json()]  # type: ignore[arg-type]
        command += ["--log", str(log)] if log else []
        with ExitStack() as stack:
            process = stack.enter_context(subprocess.Popen(command, stderr=subprocess.DEVNULL))
            stack.callback(process.terminate)
            client = stack.enter_context(QueryClient(socket))
            client.wait_ready(START_SECONDS)
            yield Broker(process, client, socket, public)

    return start


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, start_broker: Callable[..., object]) -> Iterator[Broker]:
    """A broker with small limits, shared by the tests of a module."""
    limits = {"seconds": 1.0, "memory_bytes": 400 * 2**20, "result_bytes": 150_000}
    with start_broker(tmp_path_factory.mktemp("broker"), **limits) as started:  # type: ignore[attr-defined]
        yield started


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of the example catalog, published."""
    from catalog.examples import make_demo

    home = tmp_path_factory.mktemp("demo") / "home"
    make_demo(home, now=datetime(2026, 11, 20, 3, 0, tzinfo=UTC))
    return home
