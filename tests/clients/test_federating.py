"""Others federate into the catalog: the recipes of the guide, run against a stand-in for Wikidata."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pyoxigraph as ox
import pytest
import rdflib

from catalog.resources import data_root
from tests.clients.test_matrix import endpoint  # noqa: F401 (a fixture)

OURS, WIKIDATA = "https://example.org/sparql", "https://query.wikidata.org/sparql"
# Single facts; the whole collected snippet is used where it is there.
FACTS = """
@prefix wd: <http://www.wikidata.org/entity/> . @prefix wdt: <http://www.wikidata.org/prop/direct/> .
wd:Q753 wdt:P231 "7440-50-8" . wd:Q677 wdt:P231 "7439-89-6" . wd:Q725 wdt:P231 "7440-47-3" .
wd:Q740 wdt:P231 "7440-48-4" . wd:Q744 wdt:P231 "7440-02-0" . wd:Q758 wdt:P231 "7440-66-6" .
"""
GUIDE = (data_root() / "docs" / "links.md").read_text(encoding="utf-8")


class Mock(BaseHTTPRequestHandler):
    """A SPARQL endpoint as Wikidata has one, of few facts; it evaluates SERVICE itself, as that does."""

    store: ox.Store

    def do_GET(self) -> None:
        self._answer(urllib.parse.urlsplit(self.path).query)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.headers["Content-Type"].startswith("application/sparql-query"):
            body = urllib.parse.urlencode({"query": body})
        self._answer(body)

    def _answer(self, form: str) -> None:
        wanted = self.headers.get("Accept", "")
        xml = "json" not in wanted and "xml" in wanted
        query = urllib.parse.parse_qs(form).get("query")
        if query is None:  # whoever asks for a service description
            self.send_error(404)
            return
        result = self.store.query(query[0])
        shape = ox.QueryResultsFormat.XML if xml else ox.QueryResultsFormat.JSON
        content = result.serialize(format=shape)
        assert content is not None
        self.send_response(200)
        self.send_header("Content-Type", f"application/sparql-results+{'xml' if xml else 'json'}")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def wikidata() -> Iterator[str]:
    store = ox.Store()
    collected = data_root().parent / "shared" / "data" / "links" / "wikidata_snippet.ttl"
    text = collected.read_text(encoding="utf-8") if collected.is_file() else FACTS
    store.load(text.encode(), format=ox.RdfFormat.TURTLE)
    handler = type("Handler", (Mock,), {"store": store})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/sparql"
    server.shutdown()
    server.server_close()


def recipe(language: str) -> str:
    """The code of the guide's section on federation in this language."""
    section = GUIDE.partition("## Federation")[2]
    (found,) = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert OURS in found
    return str(found)


def ask(address: str, query: str) -> list[tuple[str, ...]]:
    body = urllib.parse.urlencode({"query": query}).encode()
    request = Request(address, body, {"Accept": "application/sparql-results+json"})
    with urlopen(request, timeout=60) as answer:
        result = rdflib.query.Result.parse(answer, format="json")
    return [tuple(map(str, row)) for row in result]


def test_wikidata_asks_us(endpoint: str, wikidata: str) -> None:  # noqa: F811
    rows = ask(wikidata, recipe("sparql").replace(OURS, endpoint))
    copper = [row for row in rows if row[0] == "http://www.wikidata.org/entity/Q753"]
    assert len(copper) == 4
    assert {row[1] for row in copper} == {"7440-50-8"}
    assert len({row[0] for row in rows}) > 4


def test_rdflib_asks_both(endpoint: str, wikidata: str, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    program = recipe("python").replace(OURS, endpoint).replace(WIKIDATA, wikidata)
    names: dict[str, Any] = {}
    exec(compile(program, "recipe", "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) > 4
    assert all("http://www.wikidata.org/entity/Q" in line and "/material/" in line for line in printed)


def test_comunica_asks_both(endpoint: str, wikidata: str) -> None:  # noqa: F811
    folder = data_root() / "node_modules" / "@comunica" / "query-sparql"
    if shutil.which("node") is None or not folder.is_dir():
        pytest.skip("Comunica is not installed: npm ci")
    command = recipe("sh").replace(OURS, endpoint).replace(WIKIDATA, wikidata)
    query = command.partition("-q '")[2].rpartition("'")[0]
    sources = re.findall(r"sparql@\S+", command)
    assert sources == [f"sparql@{endpoint}", f"sparql@{wikidata}"]
    done = subprocess.run(
        ["node", str(folder / "bin" / "query.js"), *sources, "-q", query, "-t", "text/csv"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [line.split(",") for line in done.stdout.split()[1:]]
    assert [
        "http://www.wikidata.org/entity/Q753",
        "7440-50-8",
        "https://w3id.org/xafscat/material/copper",
    ] in rows


def test_the_endpoint_is_what_wikidata_asks_of_one(endpoint: str) -> None:  # noqa: F811
    query = "SELECT ?s { ?s ?p ?o } LIMIT 1"
    for accept in ("application/sparql-results+json", "application/sparql-results+xml"):
        for post in (False, True):
            form = urllib.parse.urlencode({"query": query})
            request = Request(
                endpoint if post else f"{endpoint}?{form}",
                form.encode() if post else None,
                {"Accept": accept, "Origin": "https://query.wikidata.org"},
            )
            with urlopen(request, timeout=30) as answer:
                assert answer.headers["Content-Type"].startswith(accept)
                assert answer.headers["Access-Control-Allow-Origin"] in {"*", "https://query.wikidata.org"}
    with urlopen(Request(endpoint, headers={"Accept": "text/turtle"}), timeout=30) as answer:
        graph = rdflib.Graph().parse(data=answer.read(), format="turtle")
    licences = set(graph.objects(None, rdflib.URIRef("http://purl.org/dc/terms/license")))
    assert licences == {rdflib.URIRef("http://creativecommons.org/publicdomain/zero/1.0/")} or any(
        "zero/1.0" in str(item) or "CC0-1.0" in str(item) for item in licences
    )
    rows = ask(
        endpoint,
        'PREFIX xafs: <https://w3id.org/xafscat/ns#> SELECT ?item { ?item xafs:database "wikidata" }',
    )
    assert rows
    assert all(row[0].startswith("http://www.wikidata.org/entity/Q") for row in rows)


def test_links_are_told_of_as_linksets(endpoint: str) -> None:  # noqa: F811
    void = """PREFIX void: <http://rdfs.org/ns/void#>
    SELECT ?target ?predicate ?n {
      ?set a void:Linkset ; void:objectsTarget ?target ; void:linkPredicate ?predicate ; void:triples ?n
    }"""
    found = {(row[0], row[1].rpartition("#")[2]): int(row[2]) for row in ask(endpoint, void)}
    counted = ask(
        endpoint,
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
        'SELECT (COUNT(*) AS ?n) { ?m skos:closeMatch ?o FILTER(STRSTARTS(STR(?o), "http://www.wikidata.org/")) }',
    )
    assert found["http://www.wikidata.org/", "closeMatch"] == int(counted[0][0]) > 20
    assert ("https://www.crystallography.net/", "referenceStructure") in found


@pytest.mark.parametrize("path", [Path("docs/links.md")])
def test_the_guide_names_no_other_address(path: Path) -> None:
    section = (data_root() / path).read_text(encoding="utf-8").partition("## Federation")[2]
    assert set(re.findall(r"https://[^\s>\"@]+/sparql\b", section)) == {OURS, WIKIDATA}
