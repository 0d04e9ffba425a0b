"""The short way before the web application gives the same answers as the application itself."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from server.query.client import QueryClient

PREFIX = "PREFIX xafs: <https://w3id.org/xafscat/ns#> "
ROWS = f"{PREFIX}SELECT ?s ?e {{ ?s a xafs:Spectrum ; xafs:element ?e }} ORDER BY ?s ?e LIMIT 3"
GRAPH = f"{PREFIX}CONSTRUCT {{ ?s xafs:element ?e }} WHERE {{ ?s xafs:element 'Fe' ; xafs:element ?e }}"
LARGE = "SELECT * { ?s ?p ?o } LIMIT 20000"

SHORT: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"query": ROWS}, {}),
    ({"query": ROWS}, {"Accept": "*/*"}),
    ({"query": ROWS}, {"Accept": "text/csv;q=0.9, application/sparql-results+xml"}),
    ({"query": ROWS}, {"Accept": "text/*"}),
    ({"query": ROWS}, {"Accept": "image/png, */*;q=0.1"}),
    ({"query": GRAPH}, {"Accept": "application/*, application/ld+json;q=0"}),
    ({"query": ROWS, "format": "tsv"}, {"Accept": "text/html"}),
    ({"query": ROWS, "format": " CSV "}, {}),
    ({"query": GRAPH}, {"Accept": "application/ld+json", "Accept-Language": "ja"}),
    ({"query": GRAPH, "format": "ntriples"}, {}),
    ({"query": "ASK { ?s ?p '鉄' }"}, {}),
    ({"query": "SELECT (<x> AS ?relative) {}"}, {}),
    ({"query": LARGE}, {}),
    ({"query": LARGE}, {"Accept-Encoding": "gzip"}),
    ({"query": LARGE, "format": "csv"}, {"Accept-Encoding": "gzip;q=0.5, zstd"}),
    ({"query": f"{ROWS}00"}, {"Accept-Encoding": "zstd"}),
    ({"query": ROWS, "format": "csv-safe"}, {"Accept-Encoding": "*"}),
    ({"query": "SELECT (1 AS ?n) (NOW() > 0 AS ?later) {}"}, {}),
]
LONG: list[tuple[dict[str, str], dict[str, str]]] = [
    ({}, {}),
    ({"query": ""}, {}),
    ({"query": ROWS}, {"Accept": "text/html"}),
    ({"query": ROWS}, {"Accept": "image/png"}),
    ({"query": ROWS, "format": "html"}, {}),
    ({"query": ROWS, "format": "nothing"}, {}),
    ({"query": GRAPH, "format": "csv"}, {}),
    ({"query": ROWS, "lang": "ja"}, {}),
    ({"query": ROWS, "default-graph-uri": "http://e/g"}, {}),
    ({"query": "SELECT * {"}, {}),
    ({"query": "SELECT * { ?s ex:p ?o }"}, {"Accept-Language": "ja"}),
    ({"query": "SELECT * { SERVICE <http://a/> {} }"}, {}),
    ({"query": "INSERT DATA {}"}, {}),
    ({"query": "SELECT * {} #" + "x" * 20_000}, {}),
    ({"query": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"}, {}),
    ({"update": "INSERT DATA {}"}, {}),
]

Got = tuple[str, list[tuple[str, str]], bytes]


@pytest.fixture(scope="module")
def applications(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """The short way with the application behind it, and the application alone."""
    from catalog.config import load_settings
    from server.public.app import HERE, create_app, read_languages
    from server.public.environment import site_of
    from server.public.lane import with_lane
    from server.supervisor import limits_of

    socket = tmp_path_factory.mktemp("lane") / "query.sock"
    settings = load_settings(
        demo_home,
        {"query_timeout_s": 2.0, "client_errors": 0, "client_seconds": 0, "cache_bytes": 0},
        environ={},
    )
    command = [sys.executable, "-P", "-m", "server.query.broker", "--parent", str(os.getpid())]
    command += ["--public", str(settings.public_path), "--socket", str(socket)]
    command += ["--limits", limits_of(settings).as_json()]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as broker, QueryClient(socket) as client:
        client.wait_ready(30)
        application = create_app(
            site_of(settings, read_languages(Path(HERE) / "translations"), socket=socket)
        )
        yield with_lane(application), application
        application.extensions["xafscat"].query.close()
        broker.terminate()


def ask(
    application: Any, parameters: dict[str, str] | str, headers: dict[str, str], method: str = "GET"
) -> Got:
    """The status, the headers (sorted, without the time it took) and the body of an answer."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/sparql",
        "SCRIPT_NAME": "",
        "QUERY_STRING": parameters if isinstance(parameters, str) else urlencode(parameters),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body = application(environ, lambda status, headers, error=None: started.append((status, headers)))
    try:
        content = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    status, sent = started[0]
    varying = {"server-timing"}
    if any(name.lower() == "content-type" and "html" in value for name, value in sent):
        # A page states the time the query took, and is as long as that is.
        content, varying = re.sub(rb"\d+(\.\d+)? m?s\b", b"", content), {"server-timing", "content-length"}
    kept = sorted((name.lower(), value) for name, value in sent if name.lower() not in varying)
    return status, kept, content


@pytest.mark.parametrize(("parameters", "headers"), [*SHORT, *LONG])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_both_ways_answer_alike(
    applications: tuple[Any, Any], parameters: dict[str, str], headers: dict[str, str], method: str
) -> None:
    with_lane, alone = applications
    short, long = (ask(application, parameters, headers, method) for application in (with_lane, alone))
    assert set(short[1]) ^ set(long[1]) == set()
    assert short == long


@pytest.mark.parametrize(
    "text",
    ["query=%FF", "query=ASK%7B%7D&query=ASK%7B%7D", "query=ASK%7B%7D;x", "query", "%", "query=%ED%A0%80"],
)
def test_odd_addresses_are_answered_alike(applications: tuple[Any, Any], text: str) -> None:
    with_lane, alone = applications
    assert ask(with_lane, text, {}) == ask(alone, text, {})


@pytest.mark.parametrize(("parameters", "headers"), SHORT)
def test_plain_queries_take_the_short_way(
    applications: tuple[Any, Any],
    parameters: dict[str, str],
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_lane, _ = applications
    monkeypatch.setattr(with_lane, "_application", unreachable)
    assert ask(with_lane, parameters, headers)[0] == "200 OK"


def unreachable(*_: object) -> list[bytes]:
    raise AssertionError("the long way was taken")


@pytest.mark.parametrize(("parameters", "headers"), LONG[-6:-1])
def test_a_failed_query_is_evaluated_once(
    applications: tuple[Any, Any],
    parameters: dict[str, str],
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_lane, alone = applications
    client = alone.extensions["xafscat"].query
    runs: list[str] = []
    original: Callable[..., Any] = client.run

    def counted(query: str, *arguments: Any, **options: Any) -> Any:
        runs.append(query)
        return original(query, *arguments, **options)

    monkeypatch.setattr(client, "run", counted)
    status, _, _ = ask(with_lane, parameters, headers)
    assert status[0] in "45"
    assert len(runs) <= 1


def test_what_the_client_has_is_not_sent_again(applications: tuple[Any, Any]) -> None:
    with_lane, _ = applications
    tag = dict(ask(with_lane, {"query": ROWS}, {})[1])["etag"]
    assert ask(with_lane, {"query": ROWS}, {"If-None-Match": tag})[0] == "304 NOT MODIFIED"
