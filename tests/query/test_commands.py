"""The commands in real processes: query, serve and demo, from the first line to a clean end."""

from __future__ import annotations

import csv
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from click.testing import CliRunner, Result

from catalog.cli import main
from catalog.errors import UsageError
from server.supervisor import PortInUse, free_port

COMMAND = [sys.executable, "-c", "from catalog.cli import main; main(prog_name='xafscat')"]
COUNT = "SELECT (COUNT(*) AS ?n) { ?s a xafs:Spectrum }"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@pytest.fixture
def ask(demo_home: Path) -> Callable[..., Result]:
    """A function that runs ``xafscat query`` on the example catalog."""

    def run(*arguments: str, stdin: str | None = None, **environ: str) -> Result:
        return CliRunner().invoke(
            main, ["--home", str(demo_home), "query", *arguments], input=stdin, env=environ
        )

    return run


class Served:
    """A running ``xafscat`` command that serves, and what it has said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("Serving "):
                break
        else:
            raise AssertionError(self.lines)
        self.url = self.lines[-1].removeprefix("Serving ")
        self.port = urlsplit(self.url).port or 80

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            connection.request(
                "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )
            response = connection.getresponse()
            return response.status, response.read()

    def query(self, text: str) -> tuple[int, bytes]:
        return self.get("/sparql?" + urlencode({"query": text}), Accept="text/csv, application/problem+json")

    def children(self) -> list[int]:
        """All processes below this one."""
        parents: dict[int, list[int]] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            fields = stat_fields(path)
            if fields:
                parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
        found = [self.process.pid]
        for pid in found:
            found += parents.get(pid, [])
        return found[1:]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)


def stat_fields(path: Path) -> list[str]:
    """The fields of a process behind its name: state, parent ...; empty when it has gone."""
    try:
        return path.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return []


def running(pids: list[int]) -> list[int]:
    """Those of the processes that still run."""
    return [pid for pid in pids if (stat_fields(Path(f"/proc/{pid}/stat")) or ["Z"])[0] != "Z"]


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def served(home: Path, *arguments: str, **environ: str) -> Iterator[Served]:
    """Run a serving command until the block ends."""
    command = [*COMMAND, "--home", str(home), *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environ}
    ) as process:
        try:
            yield Served(process)
        finally:
            process.terminate()


def test_a_table_for_people(ask: Callable[..., Result]) -> None:
    done = ask(
        "SELECT ?facility ?title { ?facility a xafs:Facility ; skos:prefLabel ?title } LIMIT 3", COLUMNS="120"
    )
    assert done.exit_code == 0
    assert "facility" in done.stdout
    assert "3 rows in" in done.stdout
    assert "xfacility:" in done.stdout


def test_yes_or_no(ask: Callable[..., Result]) -> None:
    assert ask("ASK { ?s a xafs:Spectrum }").stdout == "yes\n"
    assert ask("ASK { ?s a xafs:Nothing }").stdout == "no\n"


@pytest.mark.parametrize("form", ["json", "csv", "tsv", "xml"])
def test_rows_for_programs(ask: Callable[..., Result], form: str) -> None:
    done = ask(COUNT, "--format", form)
    assert done.exit_code == 0
    if form == "json":
        assert int(json.loads(done.stdout)["results"]["bindings"][0]["n"]["value"]) > 40
    elif form == "csv":
        assert int(list(csv.reader(io.StringIO(done.stdout)))[1][0]) > 40


def test_a_spreadsheet_of_rows(ask: Callable[..., Result]) -> None:
    from openpyxl import load_workbook

    done = ask(COUNT, "--format", "xlsx")
    assert done.exit_code == 0
    sheet = load_workbook(io.BytesIO(done.stdout_bytes)).worksheets[0]
    assert sheet["A1"].value == "n"
    assert int(sheet["A2"].value) > 40


def test_every_format_that_a_refusal_names_is_one_of_the_command(ask: Callable[..., Result]) -> None:
    for wrong in (("ASK {}", "turtle"), ("CONSTRUCT WHERE { ?s a xafs:Spectrum }", "csv")):
        said = ask(wrong[0], "--format", wrong[1]).stderr
        named = said.partition("choose one of ")[2].split(" [")[0].split(", ")
        assert named
        assert set(named) <= set(ask("--help").stdout.partition("--format [")[2].partition("]")[0].split("|"))


def test_a_graph_is_turtle_unless_asked_otherwise(ask: Callable[..., Result]) -> None:
    query = "CONSTRUCT { ?s a xafs:Spectrum } WHERE { ?s a xafs:Spectrum } LIMIT 1"
    assert " a <https://w3id.org/xafscat/ns#Spectrum> ." in ask(query).stdout
    assert "rdf-syntax-ns#type>" in ask(query, "--format", "ntriples").stdout


def test_a_query_from_a_file_or_standard_input(ask: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "count.rq"
    path.write_text(COUNT, encoding="utf-8")
    from_file = ask("-f", str(path), "--format", "csv")
    assert from_file.stdout.startswith("n\n") or from_file.stdout.startswith("n\r\n")
    assert ask("-f", "-", "--format", "csv", stdin=COUNT).stdout == from_file.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["SELECT * {"], 2, "query-malformed"),
        (["SELECT * { SERVICE <http://127.0.0.1/> {} }"], 2, "query-refused-service"),
        (["INSERT DATA {}"], 2, "query-refused-update"),
        (["ASK {}", "--format", "turtle"], 2, "query-format"),
        ([], 2, "usage"),
        (["ASK {}", "-f", "-"], 2, "usage"),
        (["ASK {}", "--format", "parquet"], 2, "parquet"),
    ],
)
def test_a_wrong_call_is_exit_code_2(
    ask: Callable[..., Result], arguments: list[str], code: int, word: str
) -> None:
    done = ask(*arguments)
    assert done.exit_code == code
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_a_limit_is_exit_code_1(ask: Callable[..., Result]) -> None:
    begun = time.monotonic()
    done = ask(SLOW, XAFSCAT_QUERY_TIMEOUT_S="0.3")
    assert time.monotonic() - begun < 5
    assert done.exit_code == 1
    assert "query-timeout" in done.stderr


def test_without_a_catalog(tmp_path: Path) -> None:
    for command in (["query", "ASK {}"], ["serve", "--port", "0"]):
        done = CliRunner().invoke(main, ["--home", str(tmp_path / "nothing"), *command])
        assert done.exit_code == 2
        assert "xafscat init" in done.stderr


def test_serve_answers_and_stops_everything(demo_home: Path) -> None:
    with served(demo_home, "serve", "--port", "0", "--release-due") as server:
        assert server.lines == [f"Serving http://127.0.0.1:{server.port}/"]
        assert server.get("/healthz")[0] == 200
        status, body = server.query(f"PREFIX xafs: <https://w3id.org/xafscat/ns#> {COUNT}")
        assert status == 200
        assert int(body.split()[1]) > 40
        status, body = server.query("SELECT * { SERVICE <http://127.0.0.1/> {} }")
        assert status == 403
        assert json.loads(body)["code"] == "query-refused-service"
        children = server.children()
        # The broker with three workers, the web server's main process and one web process, a publication perhaps.
        assert len(children) >= 6
        begun = time.monotonic()
        assert server.stop(signal.SIGINT) == 0
        assert time.monotonic() - begun < 6
        assert running(children) == []
        assert not list((demo_home / "run").glob("*.sock"))


def test_a_killed_serve_leaves_no_process(demo_home: Path) -> None:
    with served(demo_home, "serve", "--port", "0") as server:
        children = server.children()
        server.stop(signal.SIGKILL)
        wait_until(lambda: not running(children))


def test_dead_children_are_replaced(demo_home: Path) -> None:
    with served(demo_home, "serve", "--port", "0") as server:
        for name in ("server.query.broker", "server.web"):
            victim = next(
                pid
                for pid in server.children()
                if name in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
            )
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda victim=victim: victim not in server.children())
        wait_until(lambda: answers(server))
        assert server.stop() == 0
        assert server.process.stderr is not None
        said = server.process.stderr.read()
        assert "the query broker ended (signal 9); it starts again in 0.5 s" in said
        assert "the web server ended (signal 9); it starts again in 0.5 s" in said


def answers(server: Served) -> bool:
    try:
        return server.query("ASK {}")[0] == 200
    except OSError:
        return False


def test_serve_refuses_a_port_in_use(demo_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = CliRunner().invoke(main, ["--home", str(demo_home), "serve", "--port", str(port)])
        assert done.exit_code == 2
        assert f"port {port} is in use" in done.stderr


def test_demo_takes_the_next_port_and_keeps_its_catalog(demo_home: Path) -> None:
    with (
        served(demo_home, "serve", "--port", "0") as first,
        served(demo_home, "demo", "--port", str(first.port)) as demo,
    ):
        assert demo.port > first.port
        assert demo.lines[0] == f"Port {first.port} is in use; taking {demo.port}."
        assert first.query("ASK {}")[0] == demo.query("ASK {}")[0] == 200
        assert demo.process.stdout is not None
        invitation = [demo.process.stdout.readline() for _ in range(7)]
        command = next(line for line in invitation if line.startswith("  curl "))
        pasted = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
        assert pasted.stdout.startswith("element,spectra")
        assert demo.stop() == 0
        assert first.get("/healthz")[0] == 200


def test_demo_makes_iris_of_its_port_and_keeps_them(tmp_path: Path) -> None:
    home, found = tmp_path / "demo", []
    origins = """SELECT DISTINCT ?origin { ?s ?p ?o FILTER(STRSTARTS(STR(?s), "http://127"))
      BIND(REPLACE(STR(?s), "^(http://127[^/]*)/.*$", "$1") AS ?origin) }"""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        free = reserved.getsockname()[1]
    for port in (free, free + 1):
        with served(home, "demo", "--port", str(port)) as demo:
            assert demo.url == f"http://127.0.0.1:{demo.port}/"
            found.append((demo.port, demo.query(origins), demo.lines))
            assert demo.stop() == 0
    (port, first, _), (_, second, lines) = found
    assert first == second == (200, f"origin\r\nhttp://127.0.0.1:{port}\r\n".encode())
    assert f"The example catalog in {home} is served as it was made: the IRIs in it keep their port." in lines


def test_serve_without_a_sandbox_serves_the_rest(demo_home: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import platform\nplatform.machine = lambda: 'other'\n", encoding="utf-8"
    )
    with served(demo_home, "serve", "--port", "0", PYTHONPATH=str(tmp_path)) as server:
        assert server.get("/healthz")[0] == 200
        assert server.query("ASK {}")[0] == 503
        server.stop()
        assert server.process.stderr is not None
        assert "SPARQL is off: queries are evaluated on Linux" in server.process.stderr.read()


def test_ports() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse):
            free_port("127.0.0.1", port)
        assert port < free_port("127.0.0.1", port, search=True) < port + 100
    assert free_port("127.0.0.1", 0) > 0
    with pytest.raises(UsageError, match="no host"):
        free_port("no.such.host.invalid", 8000)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("XAFSCAT_")]:
        monkeypatch.delenv(name)


def test_what_is_due_is_released_while_serving(tmp_path: Path) -> None:
    from catalog.approval import approve_ready
    from catalog.config import load_settings
    from catalog.intake import find, ingest
    from catalog.publishing import publish
    from catalog.registry import create_registry, open_registry

    home, then = tmp_path / "home", datetime(2020, 1, 1, tzinfo=UTC)
    home.mkdir()
    create_registry(home, "https://example.org/xafs", now=then)
    deposit = json.loads(DEPOSIT)
    for name, extra in (("open", {}), ("hidden", {"hidden_until": "2020-02-01"})):
        (tmp_path / f"{name}.json").write_text(json.dumps({**deposit, **extra}), encoding="utf-8")
    settings = load_settings(home, environ={})
    with open_registry(home) as registry:
        found = find([tmp_path / "open.json", tmp_path / "hidden.json"], settings)
        kept = list(ingest(found, registry=registry, settings=settings, now=then, actor="test"))
        shown, hidden = (str(receipt.record_id) for receipt in kept)
        approve_ready(registry, [shown, hidden], settings=settings, now=then, actor="test")
        publish(settings, registry, now=then, actor="test")
    with served(home, "serve", "--port", "0") as server:
        assert [server.get(f"/record/{name}.ttl")[0] for name in (shown, hidden)] == [200, 404]
    with served(home, "serve", "--port", "0", "--release-due") as server:
        wait_until(lambda: server.get(f"/record/{hidden}.ttl")[0] == 200)
        query = f"ASK {{ <https://example.org/xafs/record/{hidden}> ?p ?o }}"
        assert b"true" in server.query(query)[1]
        assert server.stop() == 0


DEPOSIT = """
{"title": "Example data: iron foil", "description": "Example data, not a measurement.", "kind": "standard",
 "access": "open", "license": "CC-BY-4.0", "facility": "Photon Factory", "beamline": "BL-9C",
 "creators": [{"name": "Example Person", "orcid": "0000-0002-1825-0097"}],
 "sample": {"name": "iron foil", "formula": "Fe", "form": "foil"},
 "spectra": [{"element": "Fe", "edge": "K", "technique": "XAFS", "mode": "transmission"}]}
"""
