"""What the endpoint says of itself to programs, and its limits as terms."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from catalog.vocabulary import vocabulary
from server.public.app import create_app
from server.public.site import Site
from server.query.protocol import Limits

SD = "http://www.w3.org/ns/sparql-service-description#"


@pytest.mark.parametrize(
    ("accept", "engine"),
    [(None, "TURTLE"), ("application/rdf+xml", "RDF_XML"), ("application/ld+json", "JSON_LD")],
)
def test_the_service_describes_itself(live: FlaskClient, accept: str | None, engine: str) -> None:
    response = live.get("/sparql", headers={"Accept": accept} if accept else {})
    triples = {quad.triple for quad in ox.parse(response.data, format=getattr(ox.RdfFormat, engine))}
    service = ox.NamedNode("http://127.0.0.1:8000/sparql")
    assert ox.Triple(service, ox.NamedNode(SD + "endpoint"), service) in triples
    assert sum(triple.predicate.value == SD + "resultFormat" for triple in triples) == 10
    graph = ox.NamedNode("http://127.0.0.1:8000/sparql#default-graph")
    (total,) = (
        triple.object
        for triple in triples
        if triple.subject == graph and triple.predicate.value.endswith("#triples")
    )
    assert any(triple.predicate.value.endswith("#classPartition") for triple in triples)
    assert live.get("/.well-known/void").data == live.get("/sparql").data
    count = live.get(
        "/sparql", query_string={"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "format": "csv"}
    )
    assert isinstance(total, ox.Literal)
    assert total.value == list(csv.reader(io.StringIO(count.text)))[1][0]


def test_a_program_reads_the_limits_of_the_service(
    live: FlaskClient, fake_release: object, make_site: Callable[..., Site]
) -> None:
    limited = Limits(seconds=2.5, result_bytes=10**7, client_queries=3, client_seconds=0.0, client_errors=40)
    other = create_app(make_site(fake_release, limits=limited)).test_client()
    found = []
    for client in (live, other):
        store = ox.Store()
        store.load(client.get("/sparql").data, format=ox.RdfFormat.TURTLE)
        query = """PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
          SELECT ?term ?value { ?s a sd:Service ; ?term ?value FILTER(CONTAINS(STR(?term), "xafscat/ns#")) }"""
        terms = {row["term"].value.partition("#")[2]: row["value"] for row in store.query(query)}
        assert {f"xafs:{name}" for name in terms} <= {term.name for term in vocabulary().terms()}
        assert not list(store.quads_for_pattern(None, ox.NamedNode(f"{SD}feature"), None))
        found.append(
            {name: (value.value, value.datatype.value.partition("#")[2]) for name, value in terms.items()}
        )
    # The tests' own address is not limited: of a client nothing is said.
    assert found[0] == {
        "queryTimeLimit": ("20", "decimal"),
        "queryMemoryLimit": ("1073741824", "integer"),
        "queryResultLimit": ("50000000", "integer"),
        "queryLengthLimit": ("16000", "integer"),
    }
    assert found[1] == {
        **found[0],
        "queryTimeLimit": ("2.5", "decimal"),
        "queryResultLimit": ("10000000", "integer"),
        "clientQueryLimit": ("3", "integer"),
        "clientErrorLimit": ("40", "integer"),
    }
