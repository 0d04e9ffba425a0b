"""Record documents and RDF judged by the shapes alone: ours by its own paths, that of others by its nodes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pyoxigraph as ox

from catalog.errors import CatalogError, UnreadableInput
from catalog.findings import define, finding
from catalog.inspection import ASSESSED, DRAFT_IRI
from catalog.mapping import RecordDocument, context, from_triples
from catalog.projection import PRIVATE_KEYS, public_document
from catalog.rdf_input import RdfKind, read_rdf
from catalog.readers import Source
from catalog.shacl import Data, Shapes
from catalog.shacl_data import Term
from catalog.validation import LEVELS, Report, level_shapes, validate, validate_triples
from catalog.vocabulary import vocabulary
from catalog.vocabulary_graph import BASE, owner_of
from catalog.wording import Sentence

define(
    "authority-restated",
    "info",
    "{count} statements about things that the catalog's vocabulary describes, such as {value}, were left aside: "
    "its own hold.",
    "カタログの語彙が定める {value} などについての記述 {count} 件は使いませんでした。語彙の記述を優先します。",
)

_DEPOSIT = ox.NamedNode("https://w3id.org/xafscat/ns#Deposit")
_DATASET = ox.NamedNode("http://www.w3.org/ns/dcat#dataset")
MAX_DOCUMENTS = 100_000
# Nodes looked at for all deposits of a file together, shared ones each time.
MAX_VISITS = 2_000_000


def is_document(head: bytes) -> bool:
    """Whether a file begins like a record document in JSON: the keys of the context, and no context in it."""
    return head.lstrip()[:1] in (b"{", b"[") and b'"xafs:Deposit"' in head and b'"@context"' not in head


def check_documents(source: Source, required: str, shapes: Sequence[Shapes], today: date) -> list[Report]:
    """A report for each record document of a JSON file. Raises UnreadableInput for what is no such file."""
    documents = [_public(document, today) for document in _documents(source)]
    return validate(documents, required=required, shapes=shapes)


def check_rdf(source: Source, kind: RdfKind, required: str, shapes: Sequence[Shapes]) -> list[Report]:
    """A report for each deposit of an RDF document, or one that says there is none.

    A deposit that is written as this catalog writes it is reported by the paths of the form; any other by its
    nodes and properties. Raises UnreadableInput as ``read_rdf`` does.
    """
    triples, restated = _without_authorities(read_rdf(source, kind, DRAFT_IRI))
    data = Data(triples)
    deposits = [node for node in data.instances(_DEPOSIT) if isinstance(node, ox.NamedNode | ox.BlankNode)]
    by_subject: dict[Term, list[ox.Triple]] = {}
    for each in triples:
        by_subject.setdefault(each.subject, []).append(each)
    seen: set[Term] = set()
    visits = 0
    reports = []
    for node in deposits:
        own = _reached(data, node, set(deposits)) if len(deposits) > 1 else set(by_subject)
        seen |= own
        visits += len(own)
        if visits > MAX_VISITS:
            raise UnreadableInput(
                Sentence("the deposits share too much to be judged one by one; split the file"),
                where=source.name,
            )
        reports.append(_judge(node, [each for one in own for each in by_subject[one]], required, shapes))
    rest = [each for each in triples if each.subject not in seen]
    if not deposits or (len(deposits) > 1 and _is_looked_at(rest)):
        reports.append(_renamed(validate_triples(rest, source.name, required=required, shapes=shapes)))
    if restated and reports:
        count, example = len(restated), str(restated[0].subject)
        reports[0].findings.insert(0, finding("authority-restated", value=example, count=count))
    return reports


def _judge(node: Term, triples: list[ox.Triple], required: str, shapes: Sequence[Shapes]) -> Report:
    iri = node.value if isinstance(node, ox.NamedNode) else str(node)
    own = [each for each in triples if _belongs(each, iri)]
    try:
        document = from_triples(own, iri)
    except CatalogError:
        return _renamed(validate_triples(triples, iri, required=required, shapes=shapes))
    others: dict[str, list[ox.Triple]] = {}
    for each in triples:
        if isinstance(each.subject, ox.NamedNode) and not _belongs(each, iri):
            others.setdefault(each.subject.value, []).append(each)
    words = vocabulary()

    def authorities(name: str) -> Iterable[ox.Triple]:
        return words.authority_triples(name) or others.get(name, ())

    (report,) = validate([document], required=required, shapes=shapes, authorities=authorities)
    return report


def _belongs(triple: ox.Triple, iri: str) -> bool:
    subject = triple.subject.value if isinstance(triple.subject, ox.NamedNode) else ""
    listed = triple.predicate == _DATASET and triple.object == ox.NamedNode(iri)
    return subject == iri or subject.startswith(iri + "#") or listed


def _renamed(report: Report) -> Report:
    """The report with node and property as the path of each finding: this RDF has no form."""
    results = iter(report.results)
    named = []
    for item in report.findings:
        if not item.shape:
            named.append(item)
            continue
        result = next(results)
        path = getattr(result.shape.path, "iri", None)
        about = path.value if path is not None else result.shape.about
        focus = getattr(result.focus, "value", str(result.focus))
        named.append(replace(item, path=f"{context().compact(focus)} {context().compact(about)}".strip()))
    report.findings = named
    return report


def _reached(data: Data, start: Term, deposits: set[ox.NamedNode | ox.BlankNode]) -> set[Term]:
    """The nodes that a deposit leads to, without those of other deposits."""
    found: set[Term] = {start}
    waiting: list[Term] = [start]
    while waiting:
        for values in data.nodes.get(waiting.pop(), {}).values():
            for value in values:
                if value not in found and value in data.nodes and value not in deposits:
                    found.add(value)
                    waiting.append(value)
    return found


def _is_looked_at(triples: list[ox.Triple]) -> bool:
    data = Data(triples)
    return any(level_shapes(level).reach(data) for level in LEVELS)


def _without_authorities(triples: list[ox.Triple]) -> tuple[list[ox.Triple], list[ox.Triple]]:
    """The triples without those about things the vocabulary describes: a stranger cannot make an edge known."""
    words = vocabulary()
    kept: list[ox.Triple] = []
    restated: list[ox.Triple] = []
    for each in triples:
        iri = each.subject.value if isinstance(each.subject, ox.NamedNode) else ""
        ours = iri.startswith(BASE) or (iri and bool(words.authority_triples(owner_of(iri))))
        (restated if ours else kept).append(each)
    return kept, restated


def _documents(source: Source) -> Iterator[RecordDocument]:
    text = source.content().decode("utf-8-sig", "replace")
    decoder, place, count = json.JSONDecoder(), 0, 0
    while place < len(text):
        try:
            body, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            line = text.count("\n", 0, getattr(error, "pos", place)) + 1
            raise UnreadableInput(
                Sentence("this is not valid JSON: {error}", error=error), where=f"{source.name}:{line}"
            ) from error
        for each in body if isinstance(body, list) else [body]:
            count += 1
            if count > MAX_DOCUMENTS:
                raise UnreadableInput(
                    Sentence("the file has more than {most:,} documents", most=MAX_DOCUMENTS),
                    where=source.name,
                )
            if not isinstance(each, dict) or not isinstance(each.get("id"), str):
                raise UnreadableInput(
                    Sentence("a record document is an object with an id"), where=source.name
                )
            yield each
        while place < len(text) and text[place].isspace():
            place += 1


def _public(document: RecordDocument, today: date) -> RecordDocument:
    """The document as it would be public, where it is one from before that step; else itself."""
    credits: Any = document.get("credits")
    before = PRIVATE_KEYS & document.keys() or (
        isinstance(credits, list) and any(isinstance(each, dict) and "id" not in each for each in credits)
    )
    if not before:
        return document
    try:
        return public_document(document, ASSESSED, today, lambda _iri: True) or document
    except (AttributeError, KeyError, TypeError, ValueError):
        return document  # what is wrong with it is said when it is made into RDF
