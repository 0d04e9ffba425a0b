"""What shapes are evaluated over: triples indexed in memory, and the property paths through them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import pyoxigraph as ox

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Properties: TypeAlias = dict[ox.NamedNode, list[Term]]

RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
RDFS_SUBCLASS = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")

NOTHING: Mapping[ox.NamedNode, Sequence[Term]] = {}


def index(triples: Iterable[ox.Triple]) -> dict[Term, Properties]:
    """Triples as subject -> predicate -> objects, each object once, in the order they came."""
    nodes: dict[Term, Properties] = {}
    for subject, predicate, value in triples:
        properties = nodes.get(subject)
        if properties is None:
            properties = nodes[subject] = {}
        values = properties.get(predicate)
        if values is None:
            properties[predicate] = [value]
        elif value not in values:
            values.append(value)
    return nodes


class Data:
    """A data graph. ``nodes`` is its index; change it by ``add`` only."""

    __slots__ = ("_instances", "_inverse", "_members", "_subclasses", "nodes")

    def __init__(self, triples: Iterable[ox.Triple] = ()) -> None:
        self.nodes = index(triples)
        self._members: dict[Term, list[Term]] | None = None
        self._subclasses: dict[Term, list[Term]] = {}
        self._instances: dict[Term, Sequence[Term]] = {}
        self._inverse: dict[ox.NamedNode, dict[Term, list[Term]]] = {}

    @classmethod
    def of(cls, nodes: dict[Term, Properties]) -> Data:
        """The data graph with this index, which it takes over."""
        data = cls()
        data.nodes = nodes
        return data

    def add(self, nodes: Mapping[Term, Properties]) -> None:
        """Take in another index; a node that is new here is shared with it, not copied."""
        self._members = None
        self._subclasses = {}
        self._instances = {}
        self._inverse = {}
        for node, properties in nodes.items():
            known = self.nodes.setdefault(node, properties)
            if known is not properties:
                merged = {predicate: list(values) for predicate, values in known.items()}
                for predicate, values in properties.items():
                    merged[predicate] = list(dict.fromkeys([*merged.get(predicate, ()), *values]))
                self.nodes[node] = merged

    def values(self, node: Term, predicate: ox.NamedNode) -> Sequence[Term]:
        """The objects of ``node`` and ``predicate``."""
        return self.nodes.get(node, NOTHING).get(predicate, ())

    def subjects(self, predicate: ox.NamedNode, value: Term) -> Sequence[Term]:
        """The subjects that have ``value`` for ``predicate``."""
        return self._inverted(predicate).get(value, ())

    def subjects_of(self, predicate: ox.NamedNode) -> list[Term]:
        """Every subject of ``predicate``."""
        return [node for node, properties in self.nodes.items() if predicate in properties]

    def objects_of(self, predicate: ox.NamedNode) -> list[Term]:
        """Every object of ``predicate``."""
        return list(self._inverted(predicate))

    def instances(self, kind: Term) -> Sequence[Term]:
        """The nodes typed with ``kind`` or with a class that the data say is below it."""
        found = self._instances.get(kind)
        if found is None:
            members = self._typed()
            found = members.get(kind, ())
            if kind in self._subclasses:
                below = (node for each in self._below(kind) for node in members.get(each, ()))
                found = list(dict.fromkeys(below))
            self._instances[kind] = found
        return found

    def is_instance(self, node: Term, kind: Term) -> bool:
        """Whether ``node`` is typed with ``kind`` or with a class that the data say is below it."""
        kinds = self.values(node, RDF_TYPE)
        if kind in kinds:
            return True
        self._typed()
        return kind in self._subclasses and not self._below(kind).isdisjoint(kinds)

    def _typed(self) -> dict[Term, list[Term]]:
        if self._members is None:
            members: dict[Term, list[Term]] = {}
            for node, properties in self.nodes.items():
                for kind in properties.get(RDF_TYPE, ()):
                    members.setdefault(kind, []).append(node)
                for parent in properties.get(RDFS_SUBCLASS, ()):
                    self._subclasses.setdefault(parent, []).append(node)
            self._members = members
        return self._members

    def _below(self, kind: Term) -> set[Term]:
        found = {kind}
        waiting = [kind]
        while waiting:
            fresh = [each for each in self._subclasses.get(waiting.pop(), ()) if each not in found]
            found.update(fresh)
            waiting.extend(fresh)
        return found

    def _inverted(self, predicate: ox.NamedNode) -> dict[Term, list[Term]]:
        known = self._inverse.get(predicate)
        if known is None:
            known = self._inverse[predicate] = {}
            for node, properties in self.nodes.items():
                for value in properties.get(predicate, ()):
                    known.setdefault(value, []).append(node)
        return known


class Path(Protocol):
    """A property path: the set of nodes it leads to from a node, and the set it leads from."""

    def values(self, data: Data, node: Term) -> Sequence[Term]:
        """The nodes at the far end, each once."""

    def sources(self, data: Data, node: Term) -> Sequence[Term]:
        """The nodes from which ``node`` is at the far end, each once."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """One property."""

    iri: ox.NamedNode

    def values(self, data: Data, node: Term) -> Sequence[Term]:
        """Objects of the property."""
        return data.nodes.get(node, NOTHING).get(self.iri, ())

    def sources(self, data: Data, node: Term) -> Sequence[Term]:
        """Subjects of the property."""
        return data.subjects(self.iri, node)


@dataclass(frozen=True, slots=True)
class Inverse:
    """A path walked backwards."""

    path: Path

    def values(self, data: Data, node: Term) -> Sequence[Term]:
        """Where the path comes from."""
        return self.path.sources(data, node)

    def sources(self, data: Data, node: Term) -> Sequence[Term]:
        """Where the path goes to."""
        return self.path.values(data, node)


@dataclass(frozen=True, slots=True)
class Steps:
    """A sequence path: one path after the other."""

    parts: tuple[Path, ...]

    def values(self, data: Data, node: Term) -> Sequence[Term]:
        """What the last part leads to."""
        found: Sequence[Term] = (node,)
        for part in self.parts:
            if len(found) == 1:
                found = part.values(data, found[0])
                continue
            found = list(dict.fromkeys(value for each in found for value in part.values(data, each)))
        return found

    def sources(self, data: Data, node: Term) -> Sequence[Term]:
        """Where the first part starts."""
        found: Sequence[Term] = (node,)
        for part in reversed(self.parts):
            found = list(dict.fromkeys(value for each in found for value in part.sources(data, each)))
        return found


@dataclass(frozen=True, slots=True)
class Alternative:
    """An alternative path: any of several."""

    parts: tuple[Path, ...]

    def values(self, data: Data, node: Term) -> Sequence[Term]:
        """What any part leads to."""
        return list(dict.fromkeys(value for part in self.parts for value in part.values(data, node)))

    def sources(self, data: Data, node: Term) -> Sequence[Term]:
        """Where any part starts."""
        return list(dict.fromkeys(value for part in self.parts for value in part.sources(data, node)))
