"""The standard SHACL validation report in Turtle, as any engine would give it, with the file of each result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyoxigraph as ox

from catalog.findings import shorten
from catalog.shacl_constraints import SH
from catalog.shacl_data import RDF_TYPE, Alternative, Inverse, Path, Predicate, Steps
from catalog.shacl_shapes import Result
from catalog.validation import Report

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FILE_NAME = ox.NamedNode("https://w3id.org/xafscat/ns#fileName")
_PREFIXES = {
    "sh": SH,
    "xafs": "https://w3id.org/xafscat/ns#",
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def as_turtle(reports: Sequence[Report]) -> str:
    """The report; findings made before there was RDF stand as comments at its top."""
    results = [(report.file, result) for report in reports for result in report.results]
    others = [(report, item) for report in reports for item in report.findings if not item.shape]
    failed = bool(results) or any(item.severity == "error" for _, item in others)
    # Findings made before there was RDF have no place in a SHACL report; they are not kept silent about.
    notes = [
        f"# {shorten(report.file or report.iri)}: {item.severity}: {shorten(item.text())} [{item.code}]\n"
        for report, item in others
    ]
    content = ox.serialize(
        _graph(results, conforms=not failed), format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES
    )
    assert content is not None  # it is returned when no output is given
    lines = content.decode().splitlines(keepends=True)
    prefixes = sorted(lines[: len(_PREFIXES)])  # they come in the order of a hash
    return "".join([*notes, *prefixes, *lines[len(_PREFIXES) :]])


def _graph(results: Sequence[tuple[str, Result]], *, conforms: bool) -> Iterator[ox.Triple]:
    whole = ox.BlankNode("report")
    yield ox.Triple(whole, RDF_TYPE, _sh("ValidationReport"))
    yield ox.Triple(whole, _sh("conforms"), ox.Literal(conforms))
    for number, (file, result) in enumerate(results, 1):
        node = ox.BlankNode(f"result{number}")
        shape = result.shape
        yield ox.Triple(whole, _sh("result"), node)
        yield ox.Triple(node, RDF_TYPE, _sh("ValidationResult"))
        yield ox.Triple(node, _sh("focusNode"), result.focus)
        if shape.path is not None:
            yield from _path(node, _sh("resultPath"), shape.path, f"path{number}")
        if result.value is not None:
            yield ox.Triple(node, _sh("value"), result.value)
        yield ox.Triple(node, _sh("sourceShape"), shape.node)
        yield ox.Triple(node, _sh("sourceConstraintComponent"), result.component)
        yield ox.Triple(node, _sh("resultSeverity"), shape.severity)
        for message in shape.messages:
            yield ox.Triple(node, _sh("resultMessage"), message)
        if file:  # drafts have no IRI of their own yet
            yield ox.Triple(node, _FILE_NAME, ox.Literal(file))


def _path(subject: ox.BlankNode, predicate: ox.NamedNode, path: Path, label: str) -> Iterator[ox.Triple]:
    """``subject predicate path``, with the blank nodes a path that is no single property needs."""
    match path:
        case Predicate(iri):
            yield ox.Triple(subject, predicate, iri)
        case Steps(parts):
            yield from _list(subject, predicate, parts, label)
        case Alternative(parts):
            node = ox.BlankNode(label)
            yield ox.Triple(subject, predicate, node)
            yield from _list(node, _sh("alternativePath"), parts, f"{label}a")
        case Inverse(inner):
            node = ox.BlankNode(label)
            yield ox.Triple(subject, predicate, node)
            yield from _path(node, _sh("inversePath"), inner, f"{label}i")


def _list(
    subject: ox.BlankNode, predicate: ox.NamedNode, parts: Sequence[Path], label: str
) -> Iterator[ox.Triple]:
    for number, part in enumerate(parts):
        node = ox.BlankNode(f"{label}n{number}")
        yield ox.Triple(subject, predicate, node)
        yield from _path(node, ox.NamedNode(_RDF + "first"), part, f"{label}p{number}")
        subject, predicate = node, ox.NamedNode(_RDF + "rest")
    yield ox.Triple(subject, predicate, ox.NamedNode(_RDF + "nil"))


def _sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(SH + name)
