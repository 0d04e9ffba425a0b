from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from server.public.negotiation import Offer, best, best_language

OFFERS = [
    Offer(("text/turtle",), "turtle"),
    Offer(("application/ld+json", "application/json"), "jsonld"),
    Offer(("application/n-triples", "text/plain"), "ntriples"),
    Offer(("application/rdf+xml",), "rdfxml"),
    Offer(("text/html", "application/xhtml+xml"), "page"),
]
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
RDFLIB = "application/rdf+xml,text/rdf+n3;q=0.9,application/xhtml+xml;q=0.5, */*;q=0.1"
JENA = "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,*/*;q=0.3"


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, "turtle"),
        ("", "turtle"),
        ("*/*", "turtle"),
        ("rubbish, ;;;, q=1", "turtle"),
        (FIREFOX, "page"),
        (CHROME, "page"),
        (RDFLIB, "rdfxml"),
        (JENA, "turtle"),
        ("text/html", "page"),
        ("application/xhtml+xml", "page"),
        ("TEXT/HTML", "page"),
        ("application/json", "jsonld"),
        ("application/ld+json", "jsonld"),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', "jsonld"),
        ('application/ld+json; profile="http://a,b"', "jsonld"),
        ("text/turtle;charset=utf-8", "turtle"),
        ("text/turtle; q=0.5, application/ld+json; q=0.6", "jsonld"),
        ("text/turtle;q=0.5, text/html;q=0.5", "turtle"),
        ("text/html, text/turtle", "page"),
        ("*/*, application/n-triples", "ntriples"),
        ("text/*", "turtle"),
        ("text/*;q=0.5, application/rdf+xml;q=0.4", "turtle"),
        ("text/*, text/turtle;q=0, text/plain;q=0", "page"),
        ("text/turtle;q=0, */*;q=0.1", "jsonld"),
        ("text/turtle;q=1.5, application/rdf+xml", "rdfxml"),
        ("text/turtle;q=abc, application/rdf+xml;q=0.1", "rdfxml"),
        ("image/png", None),
        ("image/png, application/pdf;q=0.2", None),
        ("*/*;q=0", None),
        ("text/html;q=0", None),
    ],
)
def test_the_representation_a_client_gets(header: str | None, wanted: str | None) -> None:
    assert best(header, OFFERS, default="turtle") == wanted


def test_a_header_of_any_length_is_read_in_no_time() -> None:
    assert best("a/b," * 500_000, OFFERS, default="turtle") is None
    assert best("text/turtle;" + "q=" * 500_000, OFFERS, default="page") == "page"


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", "ja"),
        ("en-GB,en;q=0.9,ja;q=0.8", "en"),
        ("fr, de;q=0.9, ja;q=0.1", "ja"),
        ("fr", "en"),
        ("*", "en"),
        ("en;q=0, ja;q=0.1", "ja"),
        ("<script>, ja", "ja"),
    ],
)
def test_the_language_a_reader_gets(header: str | None, wanted: str) -> None:
    assert best_language(header, ["en", "ja"], default="en") == wanted


ROWS = "SELECT ?s { ?s ?p ?o } LIMIT 1"
GRAPH = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 1"


@pytest.mark.parametrize(
    ("accept", "rows", "graph"),
    [
        ("*/*", "application/sparql-results+json", "text/turtle"),
        ("image/png, */*;q=0.1", "application/sparql-results+json", "text/turtle"),
        ("text/*", "text/csv", "text/turtle"),
        ("application/*", "application/sparql-results+json", "application/ld+json"),
        ("text/*;q=0.2, application/*;q=0.9", "application/sparql-results+json", "application/ld+json"),
        ("application/*;q=0.2, text/*;q=0.9", "text/csv", "text/turtle"),
        ("text/*, text/csv;q=0, text/turtle;q=0", "text/tab-separated-values", "text/html"),
        (
            "*/*, application/sparql-results+json;q=0, text/turtle;q=0",
            "application/sparql-results+xml",
            "application/ld+json",
        ),
        (
            "application/sparql-results+xml;q=0.5, application/n-triples;q=0.5, */*;q=0.4",
            "application/sparql-results+xml",
            "application/n-triples",
        ),
        ("image/*", "", ""),
        ("*/*;q=0", "", ""),
    ],
)
def test_wildcards_choose_the_form_of_an_answer(
    live: FlaskClient, accept: str, rows: str, graph: str
) -> None:
    for query, wanted in ((ROWS, rows), (GRAPH, graph)):
        response = live.get("/sparql", query_string={"query": query}, headers={"Accept": accept})
        assert "Accept" in response.headers["Vary"]
        refused = (406, "application/problem+json")
        assert (response.status_code, response.mimetype) == ((200, wanted) if wanted else refused)
