"""The SPARQL rules of a batch of deposits, answered by one query each from a store in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pyoxigraph as ox

from catalog.literals import compare
from catalog.shacl_data import Data, Term
from catalog.shacl_sparql import FOCUS, GRAPH, Rule

# The number of a rule, of a deposit in the batch, the focus node and the value found (None where none is selected).
Answer: TypeAlias = tuple[int, int, Term, Term | None]

_IS = ox.NamedNode(FOCUS)


@dataclass(frozen=True, slots=True)
class Question:
    """A rule with the focus nodes it is asked of: the number of the deposit -> nodes."""

    rule: Rule
    focus: Mapping[int, Iterable[Term]]


def answers(batch: Sequence[Data], questions: Sequence[Question]) -> list[Answer]:
    """What the rules find, each deposit looked at alone, sorted and each answer once.

    A deposit is a named graph that holds what the rules can look at. A value has the spelling of the deposit's own
    data, not the store's.
    """
    asked = [question for question in questions if any(question.focus.values())]
    if not asked:
        return []
    graphs = [ox.NamedNode(f"urn:xafscat:deposit:{number}") for number in range(len(batch))]
    numbers = {graph.value: number for number, graph in enumerate(graphs)}
    concerned = sorted({number for question in asked for number in question.focus})
    wanted = _wanted(question.rule for question in asked)
    store = ox.Store()
    store.bulk_extend(_quads(batch, graphs, concerned, wanted, asked))
    found: set[Answer] = set()
    for place, question in enumerate(questions):
        if not any(question.focus.values()):
            continue
        rows = store.query(question.rule.query(f"{FOCUS}:{asked.index(question)}"))
        assert isinstance(rows, ox.QuerySolutions)  # a rule is a SELECT
        for row in rows:
            number = numbers[row[GRAPH].value]
            value = _selected(row)
            found.add((place, number, row["this"], _as_written(batch[number], value)))
    return sorted(found, key=lambda answer: (answer[0], answer[1], str(answer[2]), str(answer[3])))


def _wanted(rules: Iterable[Rule]) -> frozenset[ox.NamedNode] | None:
    wanted: set[ox.NamedNode] = set()
    for rule in rules:
        if rule.properties is None:
            return None
        wanted |= rule.properties
    return frozenset(wanted)


def _quads(
    batch: Sequence[Data],
    graphs: Sequence[ox.NamedNode],
    concerned: Iterable[int],
    wanted: frozenset[ox.NamedNode] | None,
    asked: Sequence[Question],
) -> Iterator[ox.Quad]:
    kept: dict[int, list[tuple[ox.NamedNode, Term]]] = {}  # deposits share what an authority says of itself
    for number in concerned:
        graph = graphs[number]
        for node, properties in batch[number].nodes.items():
            assert not isinstance(node, ox.Literal)  # it has properties
            pairs = kept.get(id(properties))
            if pairs is None:
                names = properties if wanted is None else wanted & properties.keys()
                pairs = kept[id(properties)] = [(name, value) for name in names for value in properties[name]]
            for predicate, value in pairs:
                yield ox.Quad(node, predicate, value, graph)
    for place, question in enumerate(asked):
        mark = ox.NamedNode(f"{FOCUS}:{place}")
        for number, nodes in question.focus.items():
            for node in nodes:
                yield ox.Quad(mark, _IS, node, graphs[number])  # a focus node may be a literal


def _selected(row: ox.QuerySolution) -> Term | None:
    try:
        value: Term | None = row["value"]
    except KeyError:
        return None
    return value


def _as_written(data: Data, value: Term | None) -> Term | None:
    if not isinstance(value, ox.Literal):
        return value
    alike: Term | None = None
    for properties in data.nodes.values():
        for values in properties.values():
            if value in values:
                return value
            alike = alike or next(
                (
                    each
                    for each in values
                    if isinstance(each, ox.Literal)
                    and each.datatype == value.datatype
                    and compare(each, value) == 0
                ),
                None,
            )
    return alike or value
