"""Record documents validated by the shapes: findings in the words of the deposit form, and the level reached.

The levels are files of ``shapes/``; each asks more than the one before. Plausibility is no level: it warns. A
document is judged as it would be public, together with the authority triples of the IRIs it names: an edge, a
facility or a licence counts as known only when its own triples are there to say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import islice
from typing import TypeAlias

import pyoxigraph as ox

from catalog.document import Form
from catalog.errors import CatalogError, UsageError
from catalog.findings import Finding, define, finding
from catalog.mapping import RecordDocument
from catalog.resources import data_root
from catalog.shacl import Data, Result, Shapes, read_shapes
from catalog.shacl_constraints import text_of
from catalog.shacl_data import RDF_TYPE, Properties, Term, index
from catalog.shacl_shapes import VIOLATION
from catalog.validation_data import data_of
from catalog.validation_trace import Trace
from catalog.vocabulary import vocabulary

LEVELS = ("findable", "reusable", "reference")
"""The levels in order, each a file of ``shapes/``."""

PLAUSIBILITY = "plausibility"
"""The file of ``shapes/`` that only warns."""

BATCH = 1_000
"""How many documents share one query of each SPARQL rule."""

NAMESPACE = "https://w3id.org/xafscat/shapes/"

Authorities: TypeAlias = Callable[[str], Iterable[ox.Triple]]

define(
    "nothing-to-check",
    "error",
    "There is no deposit in this document: nothing has the type xafs:Deposit, so no shape applies.",
    "この文書には登録がありません。型が xafs:Deposit のものがないため、検査できません。",
)
define(
    "foreign-subject",
    "error",
    "The document describes {value}, which is not part of this record; remove it.",
    "このレコードの一部ではない {value} についての記述があります。削除してください。",
)
define(
    "not-rdf",
    "error",
    "The document cannot be made into RDF: {detail}",
    "この文書はRDFに変換できません: {detail}",
)

_DEPOSIT = ox.NamedNode("https://w3id.org/xafscat/ns#Deposit")
_DATASET = ox.NamedNode("http://www.w3.org/ns/dcat#dataset")


@dataclass(slots=True)
class Report:
    """What validation says of one record: findings, and the levels reached of those asked for.

    ``asked`` are the levels looked at, ``required`` the one that must be reached (the first when empty): what it and
    those below it lack are errors. ``needs`` tells, as notes, what the next level above them lacks. ``results`` are
    the SHACL results behind the findings, ``needed`` those behind the needs; ``file`` is set by who knows it.
    """

    iri: str
    findings: list[Finding] = field(default_factory=list)
    levels: tuple[str, ...] = ()
    asked: tuple[str, ...] = LEVELS
    results: tuple[Result, ...] = ()
    file: str = ""
    required: str = ""
    needs: list[Finding] = field(default_factory=list)
    needed: tuple[Result, ...] = ()

    @property
    def conforms_to(self) -> tuple[str, ...]:
        """The IRIs of the levels reached, for ``dcterms:conformsTo``."""
        return tuple(level_iri(name) for name in self.levels)

    @property
    def good(self) -> bool:
        """Whether there is no error and the required level is reached."""
        errors = any(item.severity == "error" for item in self.findings)
        reached = self.required in self.levels if self.required else self.levels[:1] == self.asked[:1]
        return not errors and reached

    @property
    def next_level(self) -> str | None:
        """The first level asked for that is not reached."""
        return next((level for level in self.asked if level not in self.levels), None)


def level_iri(level: str) -> str:
    """The IRI of a level, as in ``dcterms:conformsTo``."""
    return NAMESPACE + level


@cache
def level_shapes(level: str) -> Shapes:
    """The compiled shapes of a level, or of plausibility. Raises UsageError for a level there is none of."""
    if level not in (*LEVELS, PLAUSIBILITY):
        raise UsageError(f"there is no level {level!r}; use one of: {', '.join(LEVELS)}")
    return read_shapes(data_root() / "shapes" / f"{level}.ttl")


def validate(
    documents: Iterable[RecordDocument],
    *,
    levels: Sequence[str] = LEVELS,
    required: str | None = None,
    plausibility: bool = True,
    shapes: Sequence[Shapes] = (),
    pointers: Mapping[str, str] | None = None,
    forms: Mapping[str, Form] | None = None,
    authorities: Authorities | None = None,
) -> list[Report]:
    """A report for each public document, in order.

    What a level up to ``required`` (the first by default) lacks is an error; what the next one above it lacks stands
    apart, in ``needs``. ``plausibility`` adds its warnings, which no level depends on. ``shapes`` are a group's own,
    checked besides. ``pointers`` (part IRI -> form pointer) and ``forms`` (record IRI -> form) let findings name
    the form's own path, file and line; without them paths are derived from the document. ``authorities`` gives
    the triples of an IRI a document names, the vocabulary's by default. Each document is judged alone, so two
    versions of one record may stand in one batch. Never raises for what a document holds.
    """
    run = _run(levels, required, plausibility, shapes, authorities)
    run.pointers, run.forms = pointers or {}, forms or {}
    waiting = iter(documents)
    reports: list[Report] = []
    while batch := list(islice(waiting, BATCH)):
        reports += run.reports([run.case(document) for document in batch])
    return reports


def validate_triples(
    triples: Iterable[ox.Triple],
    iri: str,
    *,
    levels: Sequence[str] = LEVELS,
    required: str | None = None,
    plausibility: bool = True,
    shapes: Sequence[Shapes] = (),
    authorities: Authorities | None = None,
) -> Report:
    """The report for RDF that is no record document of ours; ``iri`` names it in the report."""
    run = _run(levels, required, plausibility, shapes, authorities)
    (report,) = run.reports([_Case(iri, {}, Data(triples))])
    return report


def merge_findings(normaliser: Iterable[Finding], shacl: Iterable[Finding]) -> list[Finding]:
    """All findings, without SHACL's "missing" where the normaliser has said what is wrong with the value there."""
    merged = list(normaliser)
    explained = [item.path for item in merged if item.severity != "info" and item.path]
    for item in shacl:
        missing = item.shape and item.value is None and item.path
        if not missing or not any((path + "/").startswith(item.path + "/") for path in explained):
            merged.append(item)
    return merged


@dataclass(slots=True)
class _Case:
    """One document under judgement; ``data`` is None where it could not be made into RDF."""

    iri: str
    document: RecordDocument
    data: Data | None
    said: list[Finding] = field(default_factory=list)


def _run(
    levels: Sequence[str],
    required: str | None,
    plausibility: bool,
    shapes: Sequence[Shapes],
    authorities: Authorities | None,
) -> _Run:
    if required is not None and required not in levels:
        raise UsageError(f"the level {required!r} is not among those asked for: {', '.join(levels)}")
    files = (*levels, PLAUSIBILITY) if plausibility else tuple(levels)
    return _Run(tuple(levels), required or "", files, tuple(shapes), authorities)


@dataclass(slots=True)
class _Run:
    """One call of ``validate``: what is asked, and how findings find their way back to what was written."""

    levels: tuple[str, ...]
    required: str
    files: tuple[str, ...]
    shapes: tuple[Shapes, ...]
    authorities: Authorities | None
    pointers: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    known: dict[str, dict[Term, Properties]] = field(default_factory=dict)

    def case(self, document: RecordDocument) -> _Case:
        """The document as RDF, with what is wrong before any shape looks at it."""
        iri = str(document.get("id", ""))
        try:
            data = data_of(document)
        except (CatalogError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            detail = error.detail if isinstance(error, CatalogError) else f"{type(error).__name__}: {error}"
            return _Case(iri, document, None, [finding("not-rdf", detail=detail)])
        strangers = [finding("foreign-subject", value=text) for text in _foreign_subjects(data, iri)]
        return _Case(iri, document, data, strangers)

    def reports(self, cases: Sequence[_Case]) -> list[Report]:
        """The report for each case; the data gain the authorities they name."""
        graphs = [case.data for case in cases if case.data is not None]
        for data in graphs:
            for name in _named_elsewhere(data):
                data.add(self._authority(name))
        asked = [(name, level_shapes(name)) for name in self.files] + [("", each) for each in self.shapes]
        found = [shapes.validate_each(graphs) for _, shapes in asked]
        each_graph = iter([list(zip(self._names(), rows, strict=True)) for rows in zip(*found, strict=True)])
        return [self._report(case, [] if case.data is None else next(each_graph, [])) for case in cases]

    def _names(self) -> tuple[str, ...]:
        return (*self.files, *[""] * len(self.shapes))

    def _report(self, case: _Case, found: list[tuple[str, list[Result]]]) -> Report:
        report = Report(case.iri, case.said, asked=self.levels, required=self.required)
        if case.data is None:
            return report
        held = not case.said
        if self.levels and not case.data.instances(_DEPOSIT):
            report.findings.append(finding("nothing-to-check"))
            held = False
        reached: list[str] = []
        for level, results in found:
            held = held and not any(result.shape.severity == VIOLATION for result in results)
            if level in self.levels and held:
                reached.append(level)
        report.levels = tuple(reached)
        if any(results for _, results in found):
            trace = Trace(case.iri, case.document, self.pointers, self.forms.get(case.iri))
            for name, results in found:
                self._tell(report, name, results, trace, case.data)
        return report

    def _tell(self, report: Report, name: str, results: Sequence[Result], trace: Trace, data: Data) -> None:
        level = name if name in self.levels else ""
        least = self.levels.index(self.required) if self.required else 0
        above = bool(level) and self.levels.index(level) > least
        now = [each for each in results if not (above and each.shape.severity == VIOLATION)]
        report.results += tuple(now)
        report.findings += [trace.finding(result, level, data) for result in now]
        if above and level == report.next_level:
            report.needed = tuple(each for each in results if each.shape.severity == VIOLATION)
            told = [trace.finding(result, level, data) for result in report.needed]
            report.needs = [replace(item, severity="info") for item in told]

    def _authority(self, iri: str) -> dict[Term, Properties]:
        if self.authorities is None:
            return _shipped(iri)
        if iri not in self.known:
            self.known[iri] = index(self.authorities(iri))
        return self.known[iri]


@lru_cache(maxsize=4096)
def _shipped(iri: str) -> dict[Term, Properties]:
    return index(vocabulary().authority_triples(iri))


def _named_elsewhere(data: Data) -> set[str]:
    """The IRIs the data name and say nothing about; types are vocabulary, not authorities."""
    own = data.nodes
    named: set[Term] = set()
    for properties in own.values():
        for predicate, values in properties.items():
            if predicate != RDF_TYPE:
                named.update(value for value in values if type(value) is ox.NamedNode)
    return {node.value for node in named if node not in own}  # type: ignore[union-attr]


def _foreign_subjects(data: Data, iri: str) -> list[str]:
    """What a record may not write about: anything but itself, its parts, and that the catalog lists it."""
    record = ox.NamedNode(iri)
    return [
        text_of(node) or str(node)
        for node, properties in data.nodes.items()
        if node != record
        and not (isinstance(node, ox.NamedNode) and node.value.startswith(iri + "#"))
        and properties != {_DATASET: [record]}
    ]
