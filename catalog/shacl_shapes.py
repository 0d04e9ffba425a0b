"""Compiled SHACL shapes: evaluate them over data, count what they met.

``catalog.shacl`` makes them from a shapes graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from catalog.shacl_constraints import SH, Check
from catalog.shacl_data import NOTHING, Data, Path, Predicate, Term
from catalog.shacl_sparql import Rule
from catalog.shacl_store import Question, answers

SPARQL = ox.NamedNode(SH + "SPARQLConstraintComponent")
VIOLATION = ox.NamedNode(SH + "Violation")
WARNING = ox.NamedNode(SH + "Warning")
INFO = ox.NamedNode(SH + "Info")


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result. ``value`` is the offending node, None where something is missing or counted."""

    focus: Term
    shape: Shape
    component: ox.NamedNode
    value: Term | None


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A compiled shape.

    ``key`` is the deposit-form key it speaks about; ``about`` the property it speaks about where its path is
    not simply that property (``xafs:key``, ``xafs:field``). Without a path it is a node shape. ``rules`` are in
    SPARQL; only a node shape with targets has any, and ``collect`` leaves them to ``Shapes.validate_each``.
    """

    node: Term
    path: Path | None
    severity: ox.NamedNode = VIOLATION
    messages: tuple[ox.Literal, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    about: str = ""
    constraints: tuple[tuple[ox.NamedNode, Check], ...] = ()
    # Those of the constraints that ask something where there is no value: most shapes of a deposit meet none.
    on_nothing: tuple[tuple[ox.NamedNode, Check], ...] = ()
    properties: tuple[Shape, ...] = ()
    rules: tuple[Rule, ...] = ()
    deactivated: bool = False

    @property
    def iri(self) -> str:
        """The shape's IRI; the label of a blank node for a shape without one."""
        return str(getattr(self.node, "value", self.node))

    def values(self, data: Data, focus: Term) -> Sequence[Term]:
        """The value nodes: what the path leads to; the focus node itself for a node shape."""
        path = self.path
        if isinstance(path, Predicate):  # nearly all are: without a call of its own
            return data.nodes.get(focus, NOTHING).get(path.iri, ())
        return (focus,) if path is None else path.values(data, focus)

    def collect(self, data: Data, focus: Term, results: list[Result]) -> None:
        """Append the results of validating ``focus``."""
        if self.deactivated:
            return
        values = self.values(data, focus)
        for component, check in self.constraints if values else self.on_nothing:
            for value in check(data, focus, values):
                results.append(Result(focus, self, component, value))  # noqa: PERF401 - mostly empty
        for shape in self.properties:
            for value in values:
                shape.collect(data, value, results)

    def conforms(self, data: Data, focus: Term) -> bool:
        """Whether ``focus`` has no result."""
        if self.deactivated:
            return True
        values = self.values(data, focus)
        for _, check in self.constraints if values else self.on_nothing:
            for _ in check(data, focus, values):
                return False
        for shape in self.properties:
            for value in values:
                if not shape.conforms(data, value):
                    return False
        return True


@dataclass(frozen=True, slots=True)
class Target:
    """Where a shape applies: one target declaration."""

    kind: str
    term: Term

    def nodes(self, data: Data) -> Iterable[Term]:
        """The focus nodes in ``data``."""
        match self.kind:
            case "targetClass":
                return data.instances(self.term)
            case "targetNode":
                return (self.term,)
            case "targetSubjectsOf":
                return data.subjects_of(self.term)  # type: ignore[arg-type]
        return data.objects_of(self.term)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Shapes:
    """A compiled shapes graph: the shapes with targets, and all named shapes by IRI."""

    targeted: tuple[tuple[Shape, tuple[Target, ...]], ...]
    by_iri: Mapping[str, Shape]

    def validate(self, data: Data) -> list[Result]:
        """All results, in the order of the shapes, those of SPARQL rules last."""
        return self.validate_each([data])[0]

    def validate_each(self, batch: Sequence[Data]) -> list[list[Result]]:
        """The results of each data graph, looked at alone; a SPARQL rule is one query for the whole batch."""
        found = [self.validate_core(data) for data in batch]
        ruled = [
            (shape, targets) for shape, targets in self.targeted if shape.rules and not shape.deactivated
        ]
        if not ruled:
            return found
        questions, asked = [], []
        for shape, targets in ruled:
            focus = {
                number: nodes for number, data in enumerate(batch) if (nodes := _focus_nodes(targets, data))
            }
            for rule in shape.rules:
                questions.append(Question(rule, focus))
                asked.append(shape)
        for place, number, node, value in answers(batch, questions):
            found[number].append(Result(node, asked[place], SPARQL, node if value is None else value))
        return found

    def validate_core(self, data: Data) -> list[Result]:
        """The results of everything but SPARQL rules, in the order of the shapes."""
        results: list[Result] = []
        for shape, focus in self._applied(data):
            shape.collect(data, focus, results)
        return results

    def reach(self, data: Data) -> Counter[str]:
        """How many focus nodes each named shape met: what is not in it checked nothing."""
        met: Counter[str] = Counter()
        for shape, focus in self._applied(data):
            _count(shape, data, focus, met)
        return met

    def _applied(self, data: Data) -> Iterator[tuple[Shape, Term]]:
        for shape, targets in self.targeted:
            for focus in _focus_nodes(targets, data):
                yield shape, focus


def _focus_nodes(targets: Sequence[Target], data: Data) -> Iterable[Term]:
    if len(targets) == 1:
        return targets[0].nodes(data)
    return dict.fromkeys(node for target in targets for node in target.nodes(data))


def _count(shape: Shape, data: Data, focus: Term, met: Counter[str]) -> None:
    if shape.deactivated:
        return
    met[shape.iri] += 1
    for part in shape.properties:
        for value in shape.values(data, focus):
            _count(part, data, value, met)
