"""SHACL shapes compiled once into closures and set-wise SPARQL rules, then evaluated over many small graphs.

Everything that would pass silently is refused when the shapes are compiled: a construct that is not
supported, a shape nothing leads to, a shape that asks nothing. pySHACL is the oracle of the tests, not needed
at work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path as FilePath
from typing import NoReturn

import pyoxigraph as ox

from catalog.errors import UsageError
from catalog.shacl_constraints import COMPONENTS, ON_NOTHING, SH, Check, Conforms, text_of
from catalog.shacl_data import RDF_TYPE, Alternative, Data, Inverse, Path, Predicate, Steps, Term
from catalog.shacl_shapes import INFO, VIOLATION, WARNING, Result, Shape, Shapes, Target
from catalog.shacl_sparql import Rule, read_rule

__all__ = ["Data", "Result", "Shape", "Shapes", "compile_shapes", "read_shapes"]

XAFS = "https://w3id.org/xafscat/ns#"
MAX_DEPTH = 20

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FIRST, _REST, _NIL = (ox.NamedNode(_RDF + name) for name in ("first", "rest", "nil"))
_CLASS_TYPES = {
    ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#Class"),
    ox.NamedNode("http://www.w3.org/2002/07/owl#Class"),
}
_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_PLAIN = {"name", "description", "order", "group", "defaultValue"}
_STRUCTURE = {"path", "property", "message", "severity", "deactivated", "flags", "sparql", *_TARGETS}
_QUALIFIED = {"qualifiedValueShape", "qualifiedValueShapesDisjoint"}
_REASONS = {
    "node": "its result does not say what is wrong; name the properties with sh:property",
    "closed": "a record may carry properties of later versions",
    "target": "other engines ignore such targets silently; use sh:targetClass",
    "js": "scripts are never run",
    "rule": "shapes check, they do not change data",
}


def read_shapes(path: FilePath) -> Shapes:
    """The compiled shapes of a Turtle file. Raises UsageError naming the file and the place."""
    try:
        triples = list(ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE))
    except SyntaxError as error:
        where = f"{path.name}:{error.lineno or 0}"
        raise UsageError(f"the shapes are not valid Turtle: {error.msg}", where=where) from error
    return compile_shapes((quad.triple for quad in triples), source=path.name)


def compile_shapes(triples: Iterable[ox.Triple], *, source: str = "") -> Shapes:
    """Compile a shapes graph; ``source`` names it in errors.

    Raises UsageError, naming the shape and the construct, for anything not supported, malformed, or such that
    it could never report anything.
    """
    compiler = _Compiler(Data(triples), source)
    targeted = tuple(
        (compiler.shape(node), targets)
        for node in compiler.graph.nodes
        if (targets := compiler.targets(node))
    )
    compiler.check_all_used()
    return Shapes(targeted, {shape.iri: shape for shape in compiler.shapes.values() if _is_named(shape)})


def _is_named(shape: Shape) -> bool:
    return isinstance(shape.node, ox.NamedNode)


class _Compiler:
    """The shapes of one graph under compilation."""

    def __init__(self, graph: Data, source: str) -> None:
        self.graph = graph
        self.source = source
        self.shapes: dict[Term, Shape] = {}
        self.open: list[Term] = []
        self.nested: set[Term] = set()

    def targets(self, node: Term) -> tuple[Target, ...]:
        """The target declarations of ``node``."""
        found = [Target(kind, term) for kind in _TARGETS for term in self.graph.values(node, _sh(kind))]
        for target in found:
            if target.kind != "targetNode" and not isinstance(target.term, ox.NamedNode):
                self.refuse(node, f"sh:{target.kind} {target.term}", "its value must be an IRI")
        return tuple(found)

    def shape(self, node: Term) -> Shape:
        """The compiled shape ``node``, compiled now if it was not yet."""
        if len(self.open) > MAX_DEPTH:
            self.refuse(node, "a shape nested that deep", f"at most {MAX_DEPTH} are")
        if node in self.open:
            self.refuse(node, "a shape that contains itself", "write the shapes out")
        if self.open:
            self.nested.add(node)
        if node not in self.shapes:
            self.open.append(node)
            self.shapes[node] = self._compile(node)
            self.open.pop()
        return self.shapes[node]

    def check_all_used(self) -> None:
        """Raise UsageError for a shape that was declared but is neither targeted nor part of another."""
        for name in ("NodeShape", "PropertyShape"):
            for node in self.graph.instances(_sh(name)):
                if node not in self.shapes:
                    self.refuse(
                        node, "a shape without a target", "nothing leads to it: it would check nothing"
                    )
        for node, shape in self.shapes.items():
            # Asked of many deposits at once, so it must be known beforehand of which nodes.
            if shape.rules and (node in self.nested or not self.targets(node)):
                self.refuse(node, "sh:sparql in a shape that is part of another", "give its shape a target")

    def refuse(self, node: Term, construct: str, reason: str) -> NoReturn:
        """Raise UsageError, naming the shape and the construct."""
        named = [term for term in (node, *reversed(self.open)) if isinstance(term, ox.NamedNode)]
        inside = "in " if named and named[0] != node else ""
        shape = f"{inside}{named[0].value}" if named else "a shape without an IRI"
        where = f"{self.source}: {shape}" if self.source else shape
        raise UsageError(f"{construct} cannot be used: {reason}", where=where)

    def items(self, node: Term, head: Term) -> list[Term]:
        """The members of the RDF list at ``head``; ``node`` is the shape it belongs to."""
        found: list[Term] = []
        seen: set[Term] = set()
        while head != _NIL:
            first, rest = self.graph.values(head, _FIRST), self.graph.values(head, _REST)
            if len(first) != 1 or len(rest) != 1 or head in seen:
                self.refuse(node, "a list", "it is not a well-formed RDF list: write ( ... )")
            seen.add(head)
            found.append(first[0])
            head = rest[0]
        if not found:
            self.refuse(node, "an empty list", "it could never be met, or never fail")
        return found

    def path(self, node: Term, path: Term, depth: int = 0) -> Path:
        """The compiled property path of the shape ``node``."""
        properties = self.graph.nodes.get(path, {})
        if isinstance(path, ox.NamedNode):
            return Predicate(path)
        if depth < MAX_DEPTH and len(properties) in (1, 2):
            if _FIRST in properties:
                return Steps(tuple(self.path(node, item, depth + 1) for item in self.items(node, path)))
            for value in properties.get(_sh("inversePath"), ()):
                return Inverse(self.path(node, value, depth + 1))
            for value in properties.get(_sh("alternativePath"), ()):
                return Alternative(
                    tuple(self.path(node, item, depth + 1) for item in self.items(node, value))
                )
        kinds = ", ".join(f"sh:{key.value.removeprefix(SH)}" for key in properties) or str(path)
        reason = "use a property, a sequence, sh:alternativePath or sh:inversePath"
        return self.refuse(node, f"the path {kinds}", reason)

    def _compile(self, node: Term) -> Shape:
        graph = self.graph
        if isinstance(node, ox.Literal) or node not in graph.nodes:
            self.refuse(node, f"the shape {node}", "nothing is said about it")
        declared = _Declaration(self, node)
        declared.check()
        messages = [term for term in declared.values("message") if isinstance(term, ox.Literal)]
        constraints = tuple(declared.constraints())
        properties = tuple(self._property(node, term) for term in declared.values("property"))
        rules = tuple(self._rule(declared, term) for term in declared.values("sparql"))
        if not constraints and not properties and not rules:
            self.refuse(node, "a shape without a constraint", "it asks nothing")
        return Shape(
            node=node,
            path=self.path(node, declared.values("path")[0]) if declared.has_path else None,
            severity=declared.severity(),
            messages=tuple(messages),
            names=_by_language(declared.values("name")),
            descriptions=_by_language(declared.values("description")),
            key=_text(graph.values(node, ox.NamedNode(XAFS + "key"))),
            about=_text(graph.values(node, ox.NamedNode(XAFS + "field"))),
            constraints=constraints,
            on_nothing=tuple(each for each in constraints if each[0] in ON_NOTHING),
            properties=properties,
            rules=rules,
            deactivated=ox.Literal(True) in declared.values("deactivated"),
        )

    def _property(self, node: Term, term: Term) -> Shape:
        if not self.graph.values(term, _sh("path")):
            self.refuse(node, f"sh:property {term}", "that shape has no sh:path")
        return self.shape(term)

    def _rule(self, declared: _Declaration, term: Term) -> Rule:
        graph = self.graph
        if declared.has_path:
            declared.refuse("sh:sparql on a property shape", "put it on a node shape with a target")
        for predicate in graph.nodes.get(term, {}):
            name = predicate.value.removeprefix(SH)
            if predicate != RDF_TYPE and name not in {"select", "prefixes"}:
                declared.refuse(f"{name} on a SPARQL rule", "say it on the shape")
        stated = [text_of(text) for text in graph.values(term, _sh("select"))]
        if len(stated) != 1 or stated[0] is None:
            declared.refuse("sh:sparql", "it needs one sh:select")
        prefixes: dict[str, str] = {}
        for owner in graph.values(term, _sh("prefixes")):
            for item in graph.values(owner, _sh("declare")):
                name = _text(graph.values(item, _sh("prefix")))
                namespace = _text(graph.values(item, _sh("namespace")))
                if not namespace or prefixes.setdefault(name, namespace) != namespace:
                    declared.refuse(f"the prefix {name}:", "it needs one sh:namespace")
        return read_rule(stated[0], prefixes, declared.refuse)


class _Declaration:
    """One shape under compilation, as the constraint factories see it."""

    def __init__(self, compiler: _Compiler, node: Term) -> None:
        self.compiler = compiler
        self.node = node
        self.has_path = bool(self.values("path"))

    def values(self, parameter: str) -> Sequence[Term]:
        """The values of ``sh:<parameter>``."""
        return self.compiler.graph.values(self.node, _sh(parameter))

    def items(self, node: Term) -> list[Term]:
        """The members of an RDF list."""
        return self.compiler.items(self.node, node)

    def conforms(self, node: Term) -> Conforms:
        """Whether a node conforms to the shape ``node``."""
        return self.compiler.shape(node).conforms

    def refuse(self, construct: str, reason: str) -> NoReturn:
        """Raise UsageError, naming the shape and the construct."""
        self.compiler.refuse(self.node, construct, reason)

    def check(self) -> None:
        """Refuse what is not supported or contradicts itself."""
        kinds = self.compiler.graph.values(self.node, RDF_TYPE)
        if len(self.values("path")) > 1:
            self.refuse("a second sh:path", "a property shape has one")
        if self.has_path and _sh("NodeShape") in kinds:
            self.refuse("sh:path on a sh:NodeShape", "make it a sh:PropertyShape")
        if not _CLASS_TYPES.isdisjoint(kinds):
            self.refuse("a class that is a shape", "give the shape an IRI of its own and sh:targetClass")
        known = _PLAIN | _STRUCTURE | _QUALIFIED | COMPONENTS.keys()
        for predicate in self.compiler.graph.nodes[self.node]:
            name = predicate.value.removeprefix(SH)
            if name != predicate.value and name not in known:
                self.refuse(f"sh:{name}", _REASONS.get(name, "it is not supported"))
        if self.values("flags") and not self.values("pattern"):
            self.refuse("sh:flags", "there is no sh:pattern beside it")
        if self.values("qualifiedValueShape") and not (
            self.values("qualifiedMinCount") or self.values("qualifiedMaxCount")
        ):
            self.refuse("sh:qualifiedValueShape", "it needs sh:qualifiedMinCount or sh:qualifiedMaxCount")

    def severity(self) -> ox.NamedNode:
        """The severity, sh:Violation when none is stated."""
        stated = self.values("severity")
        if not stated:
            return VIOLATION
        if len(stated) > 1 or stated[0] not in (VIOLATION, WARNING, INFO):
            self.refuse(f"sh:severity {stated[0]}", "use one of sh:Violation, sh:Warning, sh:Info")
        severity = stated[0]
        assert isinstance(severity, ox.NamedNode)
        return severity

    def constraints(self) -> Iterator[tuple[ox.NamedNode, Check]]:
        """The checks of this shape with their components."""
        for name, component in COMPONENTS.items():
            values = self.values(name)
            if values and component.property_only and not self.has_path:
                self.refuse(f"sh:{name} on a node shape", "it needs a sh:path")
            if component.single and len(values) > 1:
                self.refuse(f"sh:{name} twice", "a shape has one")
            for value in values:
                yield component.iri, component.factory(self, value)


def _sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(SH + name)


def _text(values: Sequence[Term]) -> str:
    return (text_of(values[0]) or "") if values else ""


def _by_language(values: Sequence[Term]) -> dict[str, str]:
    return {value.language or "en": value.value for value in values if isinstance(value, ox.Literal)}
