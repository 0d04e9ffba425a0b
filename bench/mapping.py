"""Document to triples, against the same graph built in rdflib and against parsing the document as JSON-LD."""

from __future__ import annotations

import json

import pyoxigraph as ox
import rdflib

from bench._documents import public_documents
from bench._measure import Row, in_turn
from catalog.mapping import context_json, to_triples


def run(quick: bool) -> list[Row]:
    """Ratios per document; the graphs are compared before anything is timed."""
    documents = public_documents()[: 5 if quick else None]
    rounds = 3 if quick else 15
    prepared = [_terms(document) for document in documents]
    for document, terms in zip(documents, prepared, strict=True):
        assert len(set(to_triples(document))) == len(_graph(terms)), "the two graphs differ"
        assert set(to_triples(document)) == set(_json_ld(document)), "the two graphs differ"
    ours, rdflib_time, over_rdflib = in_turn(
        lambda: [to_triples(document) for document in documents],
        lambda: [_graph(terms) for terms in prepared],
        rounds,
    )
    _, _, over_json_ld = in_turn(
        lambda: [to_triples(document) for document in documents],
        lambda: [list(_json_ld(document)) for document in documents],
        rounds,
    )
    triples = sum(len(to_triples(document)) for document in documents)
    return [
        Row(
            "document to triples",
            ours / len(documents) * 1e3,
            "ms",
            f"{triples / len(documents):.0f} triples each",
        ),
        Row("triples a second", triples / ours, "triples/s", "grows with the triples of the document"),
        Row("rdflib graph, same triples", rdflib_time / len(documents) * 1e3, "ms"),
        Row("rdflib / ours", over_rdflib, "times"),
        Row("JSON-LD parsed by pyoxigraph / ours", over_json_ld, "times"),
    ]


def _json_ld(document: dict) -> list[ox.Triple]:  # type: ignore[type-arg]
    content = json.dumps({"@context": context_json(), **document}).encode()
    return [quad.triple for quad in ox.parse(content, format=ox.RdfFormat.JSON_LD)]


def _terms(document: dict) -> list[tuple]:  # type: ignore[type-arg]
    """What an rdflib user would hold: plain strings, ready to be made terms."""
    rows = []
    for triple in to_triples(document):
        value = triple.object
        if isinstance(value, ox.Literal):
            rows.append(
                (
                    triple.subject.value,
                    triple.predicate.value,
                    value.value,
                    value.language,
                    value.datatype.value,
                )
            )
        else:
            rows.append((triple.subject.value, triple.predicate.value, value.value, None, None))
    return rows


def _graph(rows: list[tuple]) -> rdflib.Graph:  # type: ignore[type-arg]
    graph = rdflib.Graph()
    for subject, predicate, value, language, datatype in rows:
        if datatype is None:
            term: rdflib.term.Node = rdflib.URIRef(value)
        elif language:
            term = rdflib.Literal(value, lang=language)
        else:
            term = rdflib.Literal(value, datatype=rdflib.URIRef(datatype))
        graph.add((rdflib.URIRef(subject), rdflib.URIRef(predicate), term))
    return graph
