"""Clients that others wrote ask the served example catalog; whatever the format, they get the same rows."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import socket
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from catalog.examples import make_demo
from catalog.resources import data_root

QUERY = """
PREFIX xafs: <https://w3id.org/xafscat/ns#>
SELECT ?element ?edge (COUNT(?spectrum) AS ?spectra) WHERE {
  ?spectrum a xafs:Spectrum ; xafs:element ?element ; xafs:edge ?edge .
} GROUP BY ?element ?edge
"""
GRAPH = """PREFIX xafs: <https://w3id.org/xafscat/ns#>
CONSTRUCT { ?spectrum xafs:element ?element } WHERE { ?spectrum xafs:element ?element FILTER(?element != "\\\\") }"""
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
RESULTS = "{http://www.w3.org/2005/sparql-results#}"
Rows = set[tuple[str, ...]]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the endpoint of an example catalog that is served where its base says."""
    home = tmp_path_factory.mktemp("clients") / "home"
    program = "from catalog.cli import main; main(prog_name='xafscat')"
    with socket.socket() as reserved:
        # Bound but not listening: nobody else gets the port, and the server can take it.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        make_demo(home, now=datetime(2026, 5, 1, tzinfo=UTC), base=f"http://127.0.0.1:{port}")
        command = [sys.executable, "-c", program, "--home", str(home), "serve", "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline().split()[-1] == f"http://127.0.0.1:{port}/"
                yield f"http://127.0.0.1:{port}/sparql"
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def rows(endpoint: str) -> Rows:
    """The answer as curl gets it in CSV."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    found = from_csv(curl(endpoint, "text/csv"))
    assert len(found) > 15
    return found


def curl(endpoint: str, media_type: str, query: str = QUERY) -> str:
    command = ["curl", "-sS", "--fail", endpoint, "-H", f"Accept: {media_type}"]
    answer = subprocess.run(
        [*command, "--data-urlencode", f"query={query}"], capture_output=True, text=True, check=True
    )
    return answer.stdout


def from_json(text: str) -> Rows:
    answer = json.loads(text)
    names = answer["head"]["vars"]
    return {tuple(row[name]["value"] for name in names) for row in answer["results"]["bindings"]}


def from_xml(text: str) -> Rows:
    return {
        tuple(
            binding[0].text or ""
            for name in ("element", "edge", "spectra")
            for binding in row
            if binding.get("name") == name
        )
        for row in ElementTree.fromstring(text).iter(f"{RESULTS}result")
    }


def from_turtle(text: str) -> Rows:
    return {tuple(map(str, triple)) for triple in rdflib.Graph().parse(data=text, format="turtle")}


def from_csv(text: str) -> Rows:
    return {tuple(row) for row in list(csv.reader(io.StringIO(text)))[1:]}


def from_tsv(text: str) -> Rows:
    """Literals come as in Turtle: ``"Fe"``, and numbers bare or with their type."""
    head, *lines = text.splitlines()
    assert head == "?element\t?edge\t?spectra"
    return {tuple(cell.partition("^^")[0].strip('"') for cell in line.split("\t")) for line in lines}


def test_an_address_too_long_for_a_query_is_explained_and_one_too_long_for_http_is_not(endpoint: str) -> None:
    """What docs/sparql-limits.md says of both: beyond 65,534 bytes no request reaches the catalog."""
    host, port = endpoint.split("/")[2].split(":")
    found = []
    for length in (65_534, 65_535):
        connection = HTTPConnection(host, int(port), timeout=30)
        connection.request("GET", "/sparql?query=".ljust(length, "x"))
        answer = connection.getresponse()
        found.append((answer.status, answer.headers.get_content_type(), bool(answer.read())))
        connection.close()
    assert found[0] == (414, "application/problem+json", True)
    assert (found[1][0], found[1][2]) == (414, False)


def test_curl_gets_the_same_in_every_format(endpoint: str, rows: Rows) -> None:
    assert from_json(curl(endpoint, "application/sparql-results+json")) == rows
    assert from_xml(curl(endpoint, "application/sparql-results+xml")) == rows
    assert from_tsv(curl(endpoint, "text/tab-separated-values")) == rows


@pytest.mark.parametrize("format_name", ["json", "xml", "csv", "tsv"])
def test_sparqlwrapper_gets_the_same(endpoint: str, rows: Rows, format_name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations are not ours
        from SPARQLWrapper import SPARQLWrapper

        client = SPARQLWrapper(endpoint)
        client.setQuery(QUERY)
        client.setReturnFormat(format_name)
        answer = client.query().convert()
    found = {
        "json": lambda: from_json(json.dumps(answer)),
        "xml": lambda: from_xml(answer.toxml()),
        "csv": lambda: from_csv(answer.decode()),
        "tsv": lambda: from_tsv(answer.decode()),
    }[format_name]()
    assert found == rows


@pytest.mark.parametrize("format_name", [None, "xml", "json-ld", "turtle", "n3", "rdf+xml"])
def test_sparqlwrapper_gets_graphs(endpoint: str, format_name: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations are not ours
        from SPARQLWrapper import SPARQLWrapper

        client = SPARQLWrapper(endpoint)
        client.setQuery(GRAPH)
        if format_name:
            client.setReturnFormat(format_name)
        answer = client.query().convert()
    if not isinstance(answer, rdflib.Graph):
        answer = rdflib.Graph().parse(data=answer, format="turtle")
    assert {tuple(map(str, triple)) for triple in answer} == from_turtle(curl(endpoint, "text/turtle", GRAPH))


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_the_store_of_rdflib_gets_the_same(endpoint: str, rows: Rows, method: str) -> None:
    graph = rdflib.Graph(SPARQLStore(endpoint, method=method))
    assert {tuple(str(term) for term in row) for row in graph.query(QUERY)} == rows


def test_the_store_of_rdflib_matches_triples(endpoint: str, rows: Rows) -> None:
    graph = rdflib.Graph(SPARQLStore(endpoint))
    element = rdflib.URIRef("https://w3id.org/xafscat/ns#element")
    iron = sum(int(count) for symbol, _, count in rows if symbol == "Fe")
    assert len(list(graph.subjects(element, rdflib.Literal("Fe")))) == iron


@pytest.fixture(scope="module")
def comunica(endpoint: str) -> dict[str, str]:
    """What Comunica answers, by media type; it is told the address alone and reads there what it is."""
    if shutil.which("node") is None or not (data_root() / "node_modules/@comunica/query-sparql").is_dir():
        pytest.skip("Comunica is not installed: npm ci")
    program = Path(__file__).with_name("comunica.js")
    answer = subprocess.run(
        ["node", program, endpoint], input=QUERY, capture_output=True, text=True, check=True
    )
    return json.loads(answer.stdout)  # type: ignore[no-any-return]


def test_comunica_gets_the_same(comunica: dict[str, str], rows: Rows) -> None:
    assert from_json(comunica["application/sparql-results+json"]) == rows
    assert from_xml(comunica["application/sparql-results+xml"]) == rows
    assert from_csv(comunica["text/csv"]) == rows
    assert from_tsv(comunica["text/tab-separated-values"]) == rows


# What has to survive being written down in three languages.
AWKWARD = QUERY.replace(
    "} GROUP",
    r"""  FILTER(?element NOT IN ('a\'b', "c\\d", 'e "f" $HOME `g`', ']-"'))
} GROUP""",
)
# Programs of a page, by language: of a query, of an example and of a graph.
PAGES = {
    "/sparql?format=html&query=" + quote(AWKWARD): "table",
    "/q/coverage-by-edge": "table",
    "/q/links-of-a-composition": "graph",
    "/sparql?format=html&query=" + quote(GRAPH): "graph",
    "/sparql?format=html&default-graph-uri=urn:a%26b&query=" + quote(COUNT): "another graph",
}


def programs(endpoint: str, page: str) -> dict[str, str]:
    """The programs that a page offers to copy."""
    address = endpoint.removesuffix("/sparql") + page
    with urlopen(Request(address, headers={"Accept": "text/html"})) as answer:
        text = answer.read().decode()
    found = re.findall(
        r'<pre tabindex="0" aria-label="(\w+)"><code data-origin[^>]*>(.*?)</code>', text, re.DOTALL
    )
    return {name: html.unescape(program) for name, program in found}


def expected(endpoint: str, page: str) -> Rows:
    """What a program of that page is to get, as rows."""
    if page.startswith("/q/"):
        graph = PAGES[page] == "graph"
        with urlopen(f"{endpoint.removesuffix('/sparql')}{page}.{'ttl' if graph else 'csv'}") as answer:
            text = answer.read().decode()
            return from_turtle(text) if graph else from_csv(text)
    if PAGES[page] == "another graph":
        return {("0",)}
    query = GRAPH if PAGES[page] == "graph" else AWKWARD
    told = curl(endpoint, "text/turtle" if query == GRAPH else "text/csv", query)
    return from_turtle(told) if query == GRAPH else from_csv(told)


@pytest.mark.parametrize(
    "page", PAGES, ids=["query", "example", "example of a graph", "graph", "another graph"]
)
@pytest.mark.parametrize("language", ["curl", "Python", "R"])
def test_a_copied_program_runs(
    endpoint: str, language: str, page: str, peer: Callable[[str], str], tmp_path: Path
) -> None:
    graph, out = PAGES[page] == "graph", tmp_path / "table.csv"
    program = programs(endpoint, page).get(language)
    if program is None:
        assert (language, page) == ("R", "/q/links-of-a-composition"), "R has no reader of RDF that all have"
        return
    if language == "curl":
        command = ["sh", "-c", program]
    elif language == "Python":
        keep = "" if graph else f"\ntable.to_csv({str(out)!r}, index=False)"
        command = [peer("python"), "-c", program + keep]
    elif (r := shutil.which("Rscript")) is None:
        pytest.skip("there is no R on this machine")
    else:
        if (
            "httr2" in program
            and subprocess.run([r, "-e", "library(httr2)"], capture_output=True, check=False).returncode
        ):
            pytest.skip("R has no package httr2 on this machine")
        keep = "" if graph else f'\nwrite.csv(table, "{out}", row.names = FALSE, quote = FALSE)'
        command = [r, "-e", program + keep]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    told = out.read_text(encoding="utf-8") if out.exists() else done.stdout
    assert (from_turtle(told) if graph else from_csv(told)) == expected(endpoint, page)
