"""Validating deposits by all shapes, SPARQL rules included, one at a time and in batches, against pySHACL.

The verdicts are compared before anything is timed. "Mapping included" begins with the document; "from terms" with the
data graph and its authorities in memory, where pySHACL too begins (with its own graph).
"""

from __future__ import annotations

import copy
import multiprocessing
import time
from functools import cache
from typing import Any

import pyoxigraph as ox
import pyshacl
import rdflib

from bench._documents import public_documents
from bench._measure import Row, in_turn, seconds
from catalog.mapping import to_triples
from catalog.resources import data_root
from catalog.shacl import Data, Shapes, compile_shapes
from catalog.shacl_data import index
from catalog.validation import LEVELS, PLAUSIBILITY, validate
from catalog.validation_data import data_of
from catalog.vocabulary import vocabulary

FILES = (*LEVELS, PLAUSIBILITY)


def run(quick: bool) -> list[Row]:
    """Milliseconds per deposit, deposits a second and ratios."""
    documents = public_documents()
    sample = documents[: 3 if quick else 12]
    broken = [_broken(document) for document in sample]
    rounds = 2 if quick else 5
    many = (documents * 1000)[: 100 if quick else 1000]
    _compare(sample + broken)
    return [
        *_one_at_a_time(sample, "a deposit", rounds),
        *_one_at_a_time(broken, "a failing deposit", rounds),
        *_batches(many, rounds),
    ]


def _one_at_a_time(documents: list[dict[str, Any]], what: str, rounds: int) -> list[Row]:
    graphs = [_graph(document) for document in documents]
    data = [_data(document) for document in documents]
    text = "\n".join((data_root() / "shapes" / f"{name}.ttl").read_text(encoding="utf-8") for name in FILES)
    preloaded = rdflib.Graph().parse(data=text, format="turtle")
    count = len(documents)
    rows = []
    ours, theirs, ratio = in_turn(
        lambda: [_shapes().validate(each) for each in data],
        lambda: [pyshacl.validate(graph, shacl_graph=preloaded, inplace=True) for graph in graphs],
        rounds,
    )
    rows += [
        Row(f"{what}, from terms", ours / count * 1e3, "ms", "grows with the deposit, not the catalog"),
        Row("  pyshacl, shapes preloaded", theirs / count * 1e3, "ms"),
        Row("  pyshacl, shapes preloaded / ours", ratio, "times", "aim: 40"),
    ]
    _, plain, over = in_turn(
        lambda: [_shapes().validate(each) for each in data],
        lambda: [
            pyshacl.validate(graph, shacl_graph=text, shacl_graph_format="turtle", inplace=True)
            for graph in graphs
        ],
        1 if rounds < 3 else 2,
    )
    core, _, _ = in_turn(lambda: [_shapes().validate_core(each) for each in data], lambda: None, rounds)
    whole, _, whole_ratio = in_turn(
        lambda: [validate([document]) for document in documents],
        lambda: [pyshacl.validate(graph, shacl_graph=preloaded, inplace=True) for graph in graphs],
        1 if rounds < 3 else 3,
    )
    return [
        *rows,
        Row("  pyshacl, shapes parsed each time", plain / count * 1e3, "ms"),
        Row("  pyshacl, shapes parsed each time / ours", over, "times"),
        Row("  of ours without the SPARQL rules", core / count * 1e3, "ms"),
        Row(f"{what}, mapping and report included", whole / count * 1e3, "ms"),
        Row(
            "  pyshacl, shapes preloaded / that",
            whole_ratio,
            "times",
            "pyshacl neither maps nor words a report",
        ),
    ]


def _batches(many: list[dict[str, Any]], rounds: int) -> list[Row]:
    data = [_data(document) for document in many]
    levels = compile_shapes(_triples(LEVELS))
    count = len(many)
    rows = []
    for what, action, note in (
        ("core shapes of the levels, from terms", lambda: [levels.validate_core(each) for each in data], ""),
        ("core shapes, plausibility included", lambda: [_shapes().validate_core(each) for each in data], ""),
        ("all shapes, from terms", lambda: _shapes().validate_each(data), "a query for each SPARQL rule"),
        ("validate, from documents", lambda: validate(many), "mapping, authorities and report included"),
    ):
        action()
        one = min(seconds(action) for _ in range(rounds))
        two = min(_on_two_cores(action) for _ in range(rounds))
        busy = min(_processor_seconds(action) for _ in range(rounds))
        rows += [
            Row(f"batch of {count:,}: {what}, one core", count / one, "deposits/s", note),
            Row(f"batch of {count:,}: {what}, a second of one core's time", count / busy, "deposits"),
            Row(f"batch of {count:,}: {what}, two cores", 2 * count / two, "deposits/s"),
        ]
    return rows


def _on_two_cores(action: Any) -> float:
    """Seconds until two processes, forked with all they need in memory and warm, have each done ``action``."""
    context = multiprocessing.get_context("fork")
    begin, ready = context.Event(), [context.Event() for _ in range(2)]

    def work(number: int) -> None:
        action()  # a forked page is copied when it is first touched
        ready[number].set()
        begin.wait()
        action()

    workers = [context.Process(target=work, args=(number,)) for number in range(2)]
    for worker, event in zip(workers, ready, strict=True):
        worker.start()
        event.wait()

    def both() -> None:
        begin.set()
        for worker in workers:
            worker.join()

    taken = seconds(both)
    assert all(worker.exitcode == 0 for worker in workers)
    return taken


def _processor_seconds(action: Any) -> float:
    """What the action takes of a processor, whatever else the machine does meanwhile."""
    begun = time.process_time()
    action()
    return time.process_time() - begun


def _compare(documents: list[dict[str, Any]]) -> None:
    shapes = rdflib.Graph()
    for name in FILES:
        shapes.parse(data_root() / "shapes" / f"{name}.ttl")
    found = _shapes().validate_each([_data(document) for document in documents])
    for document, results in zip(documents, found, strict=True):
        conforms, report, _ = pyshacl.validate(_graph(document), shacl_graph=shapes, inplace=True)
        assert bool(conforms) is (not results)
        assert len(set(report.objects(None, rdflib.SH.result))) == len(results)


def _broken(document: dict[str, Any]) -> dict[str, Any]:
    """The deposit without licence and detection mode, its scan ending below the edge."""
    broken = copy.deepcopy(document)
    del broken["license"]
    spectrum = broken["spectra"][0]
    spectrum["measurement"].pop("mode", None)
    if "value" in spectrum.get("energy_last", {}):
        spectrum["energy_last"]["value"] = "10"
    return broken


@cache
def _shapes() -> Shapes:
    return compile_shapes(_triples(FILES))


def _triples(names: tuple[str, ...]) -> list[ox.Triple]:
    return [
        quad.triple for name in names for quad in ox.parse(path=str(data_root() / "shapes" / f"{name}.ttl"))
    ]


def _with_authorities(document: dict[str, Any]) -> list[ox.Triple]:
    """The document with the authority triples of what it names, as validate adds them."""
    triples = to_triples(document)
    named = {triple.object.value for triple in triples if isinstance(triple.object, ox.NamedNode)}
    own = {triple.subject.value for triple in triples}
    return triples + [t for iri in sorted(named - own) for t in vocabulary().authority_triples(iri)]


def _data(document: dict[str, Any]) -> Data:
    data = data_of(document)
    named = {
        value.value
        for each in data.nodes.values()
        for values in each.values()
        for value in values
        if isinstance(value, ox.NamedNode)
    }
    for iri in sorted(named - {str(getattr(node, "value", "")) for node in data.nodes}):
        data.add(_authority(iri))
    return data


@cache
def _authority(iri: str) -> dict[Any, Any]:
    return index(vocabulary().authority_triples(iri))


def _graph(document: dict[str, Any]) -> rdflib.Graph:
    content = ox.serialize(set(_with_authorities(document)), format=ox.RdfFormat.N_TRIPLES)
    return rdflib.Graph().parse(data=content, format="nt")
