"""Questions over all records by documented means, against the plain query on ``oxigraph serve-read-only``.

Each is asked as nobody has asked it before, so that no cache knows it. The documented means are the statistics of
docs/query.md, which publishing brings up to date; their time does not grow with the records, the plain query's does.
"""

from __future__ import annotations

import json
import os
import statistics
from itertools import count
from typing import NamedTuple

from bench._catalogs import published, store_of
from bench._http import Server, ask, ours, oxigraph, program
from bench._measure import Row, seconds
from bench.query import PREFIXES

SIZE, QUICK_SIZE = int(os.environ.get("XAFSCAT_BENCH_RECORDS", "100000")), 200
ROUNDS = 3
_NUMBERS = count()


class Question(NamedTuple):
    """What is asked, the quick query, and the plain one; ``same`` names the columns that must be equal."""

    name: str
    quick: str
    plain: str
    same: tuple[str, ...]


QUESTIONS = (
    Question(
        "spectra by element, edge and facility",
        'SELECT ?e ?d ?f ?n { ?c xafs:countedBy "element edge facility" ; xafs:ofElement ?e ; xafs:ofEdge ?d ; '
        "xafs:ofFacility ?f ; xafs:spectrumCount ?n }",
        "SELECT ?e ?d ?f (COUNT(?s) AS ?n) { ?s a xafs:Spectrum ; xafs:element ?e ; xafs:edge ?d ; "
        'xafs:facility ?f FILTER(!CONTAINS(STR(?f), "/record/")) } GROUP BY ?e ?d ?f',
        ("e", "d", "f", "n"),
    ),
    Question(
        "calibrations by standard and facility",
        "SELECT ?standard ?f ?n ?mean { ?c a xafs:CalibrationSummary ; xafs:ofStandard ?standard ; "
        "xafs:ofFacility ?f ; xafs:spectrumCount ?n ; xafs:meanAssignedEnergy ?mean }",
        "SELECT ?standard ?f (COUNT(?s) AS ?n) (AVG(?eV) AS ?mean) { ?s xafs:facility ?f ; "
        "xafs:energyCalibration ?c . ?c xafs:calibrationStandardName ?standard ; "
        "xafs:assignedEnergy/qudt:numericValue ?eV "
        'FILTER(!CONTAINS(STR(?f), "/record/")) } GROUP BY ?standard ?f',
        ("standard", "f", "n"),
    ),
    Question(
        "the 50 newest records",
        "SELECT ?record ?issued { ?x xafs:latestRecord ?record . ?record dcterms:issued ?issued } "
        "ORDER BY DESC(?issued) LIMIT 50",
        "SELECT ?record ?issued { ?record a xafs:Deposit ; dcterms:issued ?issued } "
        "ORDER BY DESC(?issued) LIMIT 50",
        ("issued",),
    ),
    Question(
        "number of triples",
        "SELECT ?n { ?g void:sparqlEndpoint ?e ; void:triples ?n }",
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
        ("n",),
    ),
)
_MORE = "PREFIX qudt: <http://qudt.org/schema/qudt/> PREFIX void: <http://rdfs.org/ns/void#> "


def run(quick: bool) -> list[Row]:
    """Milliseconds of each question both ways, and how many times as fast the documented one is."""
    rows: list[Row] = []
    with published(QUICK_SIZE if quick else SIZE) as home, ours(home) as own:
        if program() is None:
            return [Row("oxigraph program", 0, "found", "pip install oxigraph")]
        with oxigraph(store_of(home)) as theirs:
            for question in QUESTIONS:
                assert _rows(own, question, question.quick) == _rows(theirs, question, question.plain)
                pairs = [(_ask(own, question.quick), _ask(theirs, question.plain)) for _ in range(ROUNDS)]
                fast, plain = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
                rows += [
                    Row(f"{question.name}, as documented, ours", fast * 1000, "ms"),
                    Row(f"{question.name}, plain, ours", _ask(own, question.plain) * 1000, "ms"),
                    Row(f"{question.name}, plain, oxigraph", plain * 1000, "ms"),
                    Row(f"{question.name}, plain on oxigraph / ours", plain / fast, "x", "aim: at least 10"),
                ]
    return rows


def _ask(server: Server, query: str) -> float:
    return seconds(lambda: ask(server, _anew(query)))


def _anew(query: str) -> str:
    # A comment makes it another query to every cache, and the same one to the engine.
    return f"{PREFIXES}{_MORE}{query} #{os.getpid()}.{next(_NUMBERS)}"


def _rows(server: Server, question: Question, query: str) -> list[list[str]]:
    """The columns that must be equal both ways."""
    found = json.loads(ask(server, _anew(query)))["results"]["bindings"]
    assert found, question.name
    return sorted([row[name]["value"] for name in question.same] for row in found)
