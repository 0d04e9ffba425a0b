"""The SPARQL behind lists, facets and records gives what the pages show."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from flask.testing import FlaskClient

from server.public.behind import FACETS, facet_query, list_query, naming_query, record_query


def answers(live: FlaskClient, query: str) -> list[dict[str, str]]:
    response = live.get("/sparql", query_string={"query": query, "format": "json"})
    assert response.status_code == 200, response.text
    bindings = json.loads(response.text)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in bindings]


@pytest.fixture
def release(published: Any) -> Any:
    return published.app.extensions["xafscat"].release()


@pytest.mark.parametrize("name", FACETS)
def test_a_facet_counts_what_its_query_counts(live: FlaskClient, release: Any, name: str) -> None:
    counted = {row[name]: int(row["spectra"]) for row in answers(live, facet_query(name))}
    assert counted == release.spectra_by(name)
    assert counted


@pytest.mark.parametrize("names", [(), ("element",), ("element", "edge"), ("facility",), tuple(FACETS)])
def test_a_list_is_what_its_query_lists(live: FlaskClient, release: Any, names: tuple[str, ...]) -> None:
    chosen = {name: next(iter(release.spectra_by(name))) for name in names}
    total, entries = release.listed(**chosen, limit=1000)
    rows = answers(live, list_query(chosen))
    assert len(rows) == total
    assert {row["record"].rpartition("/")[2] for row in rows} == {entry.id for entry in entries}


def test_the_page_offers_its_query_and_those_of_its_choices(live: FlaskClient) -> None:
    page = live.get("/records?element=Cu&edge=K").text
    queries = [
        parse_qs(urlparse(unescape(address)).query)["query"][0]
        for address in re.findall(r'href="(/sparql\?[^"]+)"', page)
    ]
    assert list_query({"element": "Cu", "edge": "K"}) in queries
    assert {facet_query(name) for name in FACETS} <= set(queries)
    words = live.get("/records?q=copper&element=Cu").text
    assert "index of this site" in words
    assert "index of this site" not in page


def test_a_record_and_what_it_names_have_theirs(live: FlaskClient, release: Any) -> None:
    entry = release.latest(1)[0]
    iri = f"{release.base}/record/{entry.id}"
    properties = {row["property"] for row in answers(live, record_query(iri))}
    assert len(properties) > 10
    assert "SPARQL behind" in live.get(f"/record/{entry.id}.html").text
    facility = next(iter(release.spectra_by("facility")))
    named = {row["record"] for row in answers(live, naming_query(facility))}
    listed = {f"{release.base}/record/{item.id}" for item in release.listed(facility=facility, limit=1000)[1]}
    assert named == listed


@pytest.mark.parametrize("value", ['Fe" } #', "Fe\\", "Fe\n", "?x"])
def test_values_are_terms(live: FlaskClient, value: str) -> None:
    assert answers(live, list_query({"element": value})) == []
    assert live.get("/records", query_string={"element": value}).status_code == 200
    with pytest.raises(ValueError, match="IRI"):
        list_query({"facility": "<a> } #"})
