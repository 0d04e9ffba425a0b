"""Runs a catalog's public side: starts the query broker and the web server, watches them, stops them all.

Nothing it starts outlives it: every child has a process group of its own and dies with its parent.
"""

from __future__ import annotations

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from catalog.errors import NoAccess, UsageError
from server.limits import limits_of
from server.metrics import serve_metrics
from server.query.client import QueryClient
from server.query.errors import QueryProblem
from server.query.protocol import connect

if TYPE_CHECKING:
    from catalog.config import Settings

Say: TypeAlias = Callable[[str], None]

# Half an hour of a day's first quarter would be late; this leaves room for one publication that fails.
RELEASE_DUE_SECONDS = 300.0
_POLL_SECONDS = 0.1
_START_SECONDS = 60.0
_BROKER_SECONDS = 20.0
_STOP_SECONDS = 4.0
_FIRST_BACKOFF_SECONDS = 0.5
_MAX_BACKOFF_SECONDS = 30.0
_MAX_DEATHS_AT_START = 3
_PORTS_TO_TRY = 100
# Who listens everywhere is reached here.
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
_PUBLISH = "from catalog.cli import main; main(prog_name='xafscat')"


class PortInUse(UsageError):
    """Another program listens at that address."""

    code = "port-in-use"


@dataclass
class _Child:
    """A process that is to run for as long as we do."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    backoff: float = _FIRST_BACKOFF_SECONDS
    not_before: float = 0.0
    deaths: int = 0

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=2, start_new_session=True
        )

    def tend(self, now: float, warn: Say) -> None:
        """Start it again when it has ended, after a pause that doubles each time."""
        if self.process is None:
            if now >= self.not_before:
                self.start()
        elif self.process.poll() is not None:
            warn(
                f"the {self.name} ended ({_how(self.process.returncode)}); it starts again in {self.backoff:g} s"
            )
            self.process = None
            self.deaths += 1
            self.not_before = now + self.backoff
            self.backoff = min(self.backoff * 2, _MAX_BACKOFF_SECONDS)


class Supervisor:
    """The public side of the catalog at ``settings.home``, at ``settings.host`` and ``port``.

    ``say`` gets the line ``Serving http://HOST:PORT/`` once that address answers, ``warn`` what goes wrong.
    """

    def __init__(self, settings: Settings, port: int, *, release_due: bool, say: Say, warn: Say) -> None:
        self._settings = settings
        self._port = port
        self._release_due = release_due
        self._say = say
        self._warn = warn
        self._stop = threading.Event()
        self._socket = _free_socket(settings.run_path)
        self._children: list[_Child] = []
        self._publication: subprocess.Popen[bytes] | None = None
        self._next_publication = 0.0

    @property
    def url(self) -> str:
        """The address of the catalog's first page."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"http://{host}:{self._port}/"

    def run(self, ready: Callable[[], None] = lambda: None) -> int:
        """Serve until SIGINT or SIGTERM; the exit code. ``ready`` is called once the address answers."""
        with _signals(self._stop), ExitStack() as stack:
            try:
                off = self._start_broker()
                self._start_metrics(stack)
                self._start_web(off)
                if not self._wait_for_web():
                    return 0 if self._stop.is_set() else 1
                self._say(f"Serving {self.url}")
                ready()
                while not self._stop.wait(_POLL_SECONDS):
                    self._tend()
                return 0
            finally:
                self._end()

    def stop(self) -> None:
        """Have ``run`` return."""
        self._stop.set()

    def _start_broker(self) -> str:
        """Start the broker; why there will be no queries, empty when there will."""
        limits = limits_of(self._settings)
        command = ["-m", "server.query.broker", "--public", str(self._settings.public_path.resolve())]
        command += ["--socket", str(self._socket), "--limits", limits.as_json()]
        if self._settings.query_log:
            command += ["--log", str((self._settings.home / self._settings.query_log).resolve())]
        broker = self._child("query broker", command, dict(os.environ))
        deadline = time.monotonic() + _BROKER_SECONDS
        with QueryClient(self._socket) as client:
            while not self._stop.wait(_POLL_SECONDS / 4):
                self._tend()
                if broker.deaths >= _MAX_DEATHS_AT_START or time.monotonic() > deadline:
                    self._warn("the query broker does not start; SPARQL answers with an error until it does")
                    return ""
                with suppress(QueryProblem):
                    found = client.stats()
                    if found["state"] == "off":
                        reason = str(found["problem"]["detail"])
                        self._warn(f"SPARQL is off: {reason}")
                        return reason
                    if found["state"] == "ready" or found["problem"]:
                        return ""
        return ""

    def _start_metrics(self, stack: ExitStack) -> None:
        settings = self._settings
        if not settings.metrics_port:
            return
        client = stack.enter_context(QueryClient(self._socket))
        try:
            server = serve_metrics(client, settings.metrics_host, settings.metrics_port)
        except OSError as error:
            raise PortInUse(
                f"the metrics cannot be served at {settings.metrics_host}:{settings.metrics_port}: {error.strerror}"
            ) from error
        stack.callback(server.server_close)
        stack.callback(server.shutdown)

    def _start_web(self, off: str) -> None:
        settings = self._settings
        command = ["-m", "server.web", "--host", settings.host, "--port", str(self._port)]
        command += ["--workers", str(settings.workers)]
        environment = {
            **os.environ,
            "XAFSCAT_HOME": str(settings.home.resolve()),
            "XAFSCAT_SERVE_SOCKET": str(self._socket),
            "XAFSCAT_SERVE_SPARQL_OFF": off,
        }
        self._child("web server", command, environment)

    def _child(self, name: str, command: list[str], environment: dict[str, str]) -> _Child:
        child = _Child(name, [sys.executable, "-P", *command, "--parent", str(os.getpid())], environment)
        child.start()
        self._children.append(child)
        return child

    def _wait_for_web(self) -> bool:
        web = self._children[-1]
        deadline = time.monotonic() + _START_SECONDS
        while not self._stop.wait(_POLL_SECONDS / 2):
            self._tend()
            # Another program could have taken the port in between: our own must be alive.
            if _answers(self._settings.host, self._port) and web.process and web.process.poll() is None:
                return True
            if web.deaths >= _MAX_DEATHS_AT_START or time.monotonic() > deadline:
                self._warn("the web server does not start")
                return False
        return False

    def _tend(self) -> None:
        now = time.monotonic()
        for child in self._children:
            child.tend(now, self._warn)
        if self._publication is not None and self._publication.poll() is not None:
            if self._publication.returncode:
                self._warn(f"releasing what is due failed ({_how(self._publication.returncode)})")
            self._publication = None
        if self._release_due and self._publication is None and now >= self._next_publication:
            self._next_publication = now + RELEASE_DUE_SECONDS
            home = str(self._settings.home)
            self._publication = subprocess.Popen(
                [sys.executable, "-P", "-c", _PUBLISH, "--home", home, "publish", "--due-only", "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _end(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        if self._publication is not None:
            running.append(self._publication)
        for process in running:
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        for process in running:
            _signal_group(process, signal.SIGKILL)
            process.wait()
        self._socket.unlink(missing_ok=True)


def free_port(host: str, port: int, *, search: bool = False) -> int:
    """``port`` if nobody listens there; 0 gives any free one. Raises PortInUse and UsageError.

    With ``search`` the next free one above it is taken instead of raising PortInUse.
    """
    for candidate in range(port, min(port + (_PORTS_TO_TRY if search else 1), 65536)):
        try:
            return _bound(host, candidate)
        except OverflowError as error:
            raise UsageError(f"there is no port {candidate}") from error
        except socket.gaierror as error:
            raise UsageError(f"there is no host {host!r}") from error
        except PermissionError as error:
            raise UsageError(f"this account may not listen at port {candidate}") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise UsageError(f"cannot listen at {host}:{candidate}: {error.strerror}") from error
    if search:
        raise PortInUse(f"ports {port} to {port + _PORTS_TO_TRY - 1} are all in use")
    raise PortInUse(f"port {port} is in use; name another with --port, or 0 for any free one")


def _bound(host: str, port: int) -> int:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        return int(probe.getsockname()[1])


def _free_socket(folder: Path) -> Path:
    # Two servers of one catalog (a demo started twice) have a broker each.
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NoAccess(
            "sockets cannot be made here; give the account that runs this the right to", where=str(folder)
        )
    path = folder.resolve() / "query.sock"
    try:
        connect(path, 1.0).close()
    except OSError:
        return path
    return path.with_name(f"query-{os.getpid()}.sock")


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(_ANYWHERE.get(host, host), port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    else:
        return True
    finally:
        connection.close()


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, previous, strict=True):
            signal.signal(number, handler)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # The group may outlive its leader, which is why it is not asked whether that still runs.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
