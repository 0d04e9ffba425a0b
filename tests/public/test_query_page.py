"""The query page without scripts: what was asked stays what is asked, wherever the page leads."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient

from server.public.app import create_app
from server.public.citations import CitationStore
from server.public.snippets import query_snippets

BROWSER = {"Accept": "text/html"}
NOWHERE = "http://127.0.0.1:1/nowhere?a=1&b=2"
GRAPHS = {"default-graph-uri": [NOWHERE, "urn:second"], "named-graph-uri": ["urn:named"]}
QUERY = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


def links(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'href="(/sparql\?[^"]*)"', page)]


def fields(form: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form):
        found.setdefault(name, []).append(html.unescape(value))
    return found


def forms(page: str) -> dict[str, dict[str, list[str]]]:
    """The hidden fields of each form by the address it asks."""
    return {
        found[1]: fields(found[2])
        for found in re.finditer(r'<form[^>]* action="([^"]+)"(.*?)</form>', page, re.S)
    }


def test_chosen_graphs_go_along_wherever_the_result_leads(published: Any, tmp_path: Path) -> None:
    store = CitationStore(tmp_path / "citations", max_bytes=100_000, row_bytes=10_000)
    client = create_app(replace(published.app.extensions["xafscat"], citations=store)).test_client()
    page = client.get("/sparql", query_string={"query": QUERY, **GRAPHS}, headers=BROWSER).text
    assert html.escape(NOWHERE) in page
    leading = [link for link in links(page) if "&format=" in link and "format=html" not in link]
    assert len(leading) >= 5
    (share,) = re.findall(r'href="([^"]*)" id="share"', page)
    for link in [*leading, html.unescape(share)]:
        asked = parse_qs(urlsplit(link).query)
        assert {name: asked.get(name) for name in GRAPHS} == GRAPHS
        assert asked["query"] == [QUERY]
    (table,) = [link for link in leading if link.endswith("format=csv")]
    assert client.get(table).text.split() == ["n", "0"]
    # The way back to everything.
    whole = [link for link in links(page) if parse_qs(urlsplit(link).query).keys() == {"query", "format"}]
    assert any("format=html" in link for link in whole)
    assert forms(page)["/sparql"] == GRAPHS
    assert forms(page)["/cite"] == {"query": [QUERY], **GRAPHS}
    made = client.post("/cite", data=forms(page)["/cite"])
    assert json.loads(made.text)["default_graphs"] == GRAPHS["default-graph-uri"]
    cited = client.get(made.headers["Location"], headers=BROWSER).text
    (editor,) = links(cited)
    assert parse_qs(urlsplit(editor).query) == {"query": [QUERY], **GRAPHS}
    for program in re.findall(r"<pre[^>]*><code data-origin[^>]*>(.*?)</code>", page, re.S)[:3]:
        assert all(iri in html.unescape(program) for iris in GRAPHS.values() for iri in iris)


def test_a_mistake_is_mended_with_the_same_graphs(live: FlaskClient) -> None:
    page = live.get("/sparql", query_string={"query": "SELECT * {", **GRAPHS}, headers=BROWSER)
    assert page.status_code == 400
    assert forms(page.text)["/sparql"] == GRAPHS


def test_without_chosen_graphs_nothing_is_said_of_them(live: FlaskClient) -> None:
    page = live.get("/sparql", query_string={"query": QUERY, "default-graph-uri": ""}, headers=BROWSER).text
    assert forms(page)["/sparql"] == {}
    assert "Ask the whole catalog" not in page


def test_programs_name_each_graph_as_their_language_has_it() -> None:
    graphs = {"default-graph-uri": ["urn:a", "urn:it's"], "named-graph-uri": ["urn:b"]}
    programs = {item.name: item.text for item in query_snippets("http://e/sparql", QUERY, graphs)}
    assert "--data-urlencode 'default-graph-uri=urn:it'\"'\"'s' \\\n" in programs["curl"]
    asked = next(line for line in programs["Python"].split("\n") if line.startswith("answer = "))
    data = eval(asked.partition("data=")[2].partition(", headers")[0], {"query": QUERY})
    assert data == {"query": QUERY, **graphs}
    assert (
        '`default-graph-uri` = c(r"[urn:a]", r"[urn:it\'s]"), `named-graph-uri` = c(r"[urn:b]")'
        in programs["R"]
    )
    assert '.multi = "explode")' in programs["R"]
    one = {
        item.name: item.text
        for item in query_snippets("http://e/sparql", QUERY, {"named-graph-uri": ["urn:b"]})
    }
    assert ".multi" not in one["R"]
