"""The constraint components of SHACL Core, each a closure made once from its parameter.

A check takes the data, the focus node and the value nodes, and gives the value of each violation: the
offending node, or None where the standard gives no ``sh:value``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol, TypeAlias

import pyoxigraph as ox

from catalog.literals import XSD, compare, is_well_formed
from catalog.patterns import Pattern, PatternError
from catalog.shacl_data import Data, Term

SH = "http://www.w3.org/ns/shacl#"

Check: TypeAlias = Callable[[Data, Term, Sequence[Term]], Iterable[Term | None]]
Conforms: TypeAlias = Callable[[Data, Term], bool]


class Declaration(Protocol):
    """The shape a constraint is declared on, while it is being compiled."""

    @property
    def has_path(self) -> bool:
        """Whether it is a property shape."""

    def values(self, parameter: str) -> Sequence[Term]:
        """The values of ``sh:<parameter>``."""

    def items(self, node: Term) -> list[Term]:
        """The members of an RDF list."""

    def conforms(self, node: Term) -> Conforms:
        """Whether a node conforms to the shape ``node``."""

    def refuse(self, construct: str, reason: str) -> NoReturn:
        """Raise UsageError, naming the shape and the construct."""


Factory: TypeAlias = Callable[[Declaration, Term], Check]


@dataclass(frozen=True, slots=True)
class Component:
    """A constraint component: its IRI, how to make its check, and the limits the standard sets."""

    iri: ox.NamedNode
    factory: Factory
    single: bool
    property_only: bool


COMPONENTS: dict[str, Component] = {}
# The components that may find something wrong where there is no value at all.
ON_NOTHING: set[ox.NamedNode] = set()


def _component(
    name: str, *, single: bool = False, property_only: bool = False, on_nothing: bool = False, iri: str = ""
) -> Callable[[Factory], Factory]:
    def register(factory: Factory) -> Factory:
        title = iri or name[0].upper() + name[1:]
        node = ox.NamedNode(f"{SH}{title}ConstraintComponent")
        COMPONENTS[name] = Component(node, factory, single, property_only)
        if on_nothing:
            ON_NOTHING.add(node)
        return factory

    return register


def _each(passes: Callable[[Term], bool]) -> Check:
    """A check of every value by itself."""
    return lambda _data, _focus, values: [value for value in values if not passes(value)]


def _iri(on: Declaration, parameter: str, value: Term) -> ox.NamedNode:
    if not isinstance(value, ox.NamedNode):
        on.refuse(f"sh:{parameter} {value}", "its value must be an IRI")
    return value


def _count(on: Declaration, parameter: str, value: Term) -> int:
    if not (
        isinstance(value, ox.Literal) and value.datatype.value == XSD + "integer" and value.value.isdecimal()
    ):
        on.refuse(f"sh:{parameter} {value}", "its value must be a whole number, zero or more")
    return int(value.value)


def _string(on: Declaration, parameter: str, value: Term) -> str:
    if not (isinstance(value, ox.Literal) and value.datatype.value == XSD + "string"):
        on.refuse(f"sh:{parameter} {value}", "its value must be a plain string")
    text: str = value.value
    return text


def text_of(term: Term) -> str | None:
    """What SPARQL's STR gives for an IRI or a literal; None for a blank node."""
    if isinstance(term, ox.NamedNode | ox.Literal):
        text: str = term.value
        return text
    return None


@_component("minCount", single=True, property_only=True, on_nothing=True)
def _min_count(on: Declaration, value: Term) -> Check:
    least = _count(on, "minCount", value)
    return lambda _data, _focus, values: (None,) if len(values) < least else ()


@_component("maxCount", single=True, property_only=True)
def _max_count(on: Declaration, value: Term) -> Check:
    most = _count(on, "maxCount", value)
    return lambda _data, _focus, values: (None,) if len(values) > most else ()


@_component("class")
def _class(on: Declaration, value: Term) -> Check:
    kind = _iri(on, "class", value)
    return lambda data, _focus, values: [node for node in values if not data.is_instance(node, kind)]


@_component("datatype", single=True)
def _datatype(on: Declaration, value: Term) -> Check:
    wanted = _iri(on, "datatype", value)
    return _each(
        lambda term: isinstance(term, ox.Literal) and term.datatype == wanted and is_well_formed(term)
    )


_KINDS: dict[str, tuple[type, ...]] = {
    "IRI": (ox.NamedNode,),
    "BlankNode": (ox.BlankNode,),
    "Literal": (ox.Literal,),
    "BlankNodeOrIRI": (ox.BlankNode, ox.NamedNode),
    "BlankNodeOrLiteral": (ox.BlankNode, ox.Literal),
    "IRIOrLiteral": (ox.NamedNode, ox.Literal),
}


@_component("nodeKind", single=True)
def _node_kind(on: Declaration, value: Term) -> Check:
    kinds = _KINDS.get(_iri(on, "nodeKind", value).value.removeprefix(SH))
    if kinds is None:
        on.refuse(f"sh:nodeKind {value}", f"use one of sh:{', sh:'.join(_KINDS)}")
    return _each(lambda term: isinstance(term, kinds))


@_component("in", single=True)
def _in(on: Declaration, value: Term) -> Check:
    allowed = frozenset(on.items(value))
    return _each(lambda term: term in allowed)


@_component("hasValue", on_nothing=True)
def _has_value(_on: Declaration, value: Term) -> Check:
    return lambda _data, _focus, values: () if value in values else (None,)


@_component("pattern")
def _pattern(on: Declaration, value: Term) -> Check:
    flags = "".join(_string(on, "flags", flag) for flag in on.values("flags"))
    try:
        pattern = Pattern(_string(on, "pattern", value), flags)
    except PatternError as error:
        on.refuse(f"sh:pattern {value}", error.detail)
    return _each(lambda term: (text := text_of(term)) is not None and pattern.search(text))


@_component("minLength", single=True)
def _min_length(on: Declaration, value: Term) -> Check:
    least = _count(on, "minLength", value)
    return _each(lambda term: (text := text_of(term)) is not None and len(text) >= least)


@_component("maxLength", single=True)
def _max_length(on: Declaration, value: Term) -> Check:
    most = _count(on, "maxLength", value)
    return _each(lambda term: (text := text_of(term)) is not None and len(text) <= most)


def _bound(on: Declaration, parameter: str, limit: Term, fits: Callable[[int], bool]) -> Check:
    if not isinstance(limit, ox.Literal) or compare(limit, limit) is None:
        on.refuse(f"sh:{parameter} {limit}", "its value must be a number, a date, a time or a plain string")
    return _each(
        lambda term: (
            isinstance(term, ox.Literal) and (order := compare(term, limit)) is not None and fits(order)
        )
    )


@_component("minInclusive", single=True)
def _min_inclusive(on: Declaration, value: Term) -> Check:
    return _bound(on, "minInclusive", value, lambda order: order >= 0)


@_component("minExclusive", single=True)
def _min_exclusive(on: Declaration, value: Term) -> Check:
    return _bound(on, "minExclusive", value, lambda order: order > 0)


@_component("maxInclusive", single=True)
def _max_inclusive(on: Declaration, value: Term) -> Check:
    return _bound(on, "maxInclusive", value, lambda order: order <= 0)


@_component("maxExclusive", single=True)
def _max_exclusive(on: Declaration, value: Term) -> Check:
    return _bound(on, "maxExclusive", value, lambda order: order < 0)


@_component("languageIn", single=True)
def _language_in(on: Declaration, value: Term) -> Check:
    ranges = [_string(on, "languageIn", item).casefold() for item in on.items(value)]

    def matches(term: Term) -> bool:
        if not isinstance(term, ox.Literal) or not term.language:
            return False
        tag = term.language.casefold()
        return any(each in ("*", tag) or tag.startswith(each + "-") for each in ranges)

    return _each(matches)


@_component("uniqueLang", single=True, property_only=True)
def _unique_lang(on: Declaration, value: Term) -> Check:
    if not (isinstance(value, ox.Literal) and value.value in {"true", "false"}):
        on.refuse(f"sh:uniqueLang {value}", "its value must be true or false")
    if value.value == "false":
        return lambda _data, _focus, _values: ()

    def check(_data: Data, _focus: Term, values: Sequence[Term]) -> Iterable[Term | None]:
        if len(values) < 2:
            return ()
        tags = [term.language for term in values if isinstance(term, ox.Literal) and term.language]
        return [None for tag in dict.fromkeys(tags) if tags.count(tag) > 1]

    return check


@_component("equals", on_nothing=True)
def _equals(on: Declaration, value: Term) -> Check:
    other = _iri(on, "equals", value)

    def check(data: Data, focus: Term, values: Sequence[Term]) -> Iterable[Term | None]:
        others = data.values(focus, other)
        yield from (term for term in values if term not in others)
        yield from (term for term in others if term not in values)

    return check


@_component("disjoint")
def _disjoint(on: Declaration, value: Term) -> Check:
    other = _iri(on, "disjoint", value)
    return lambda data, focus, values: [term for term in values if term in data.values(focus, other)]


def _less_than(on: Declaration, parameter: str, value: Term, fits: Callable[[int], bool]) -> Check:
    other = _iri(on, parameter, value)

    def check(data: Data, focus: Term, values: Sequence[Term]) -> Iterator[Term | None]:
        for term in values:
            for limit in data.values(focus, other):
                both = isinstance(term, ox.Literal) and isinstance(limit, ox.Literal)
                order = compare(term, limit) if both else None  # type: ignore[arg-type]
                if order is None or not fits(order):
                    yield term

    return check


@_component("lessThan", property_only=True)
def _less(on: Declaration, value: Term) -> Check:
    return _less_than(on, "lessThan", value, lambda order: order < 0)


@_component("lessThanOrEquals", property_only=True)
def _less_or_equal(on: Declaration, value: Term) -> Check:
    return _less_than(on, "lessThanOrEquals", value, lambda order: order <= 0)


def _logical(on: Declaration, value: Term, holds: Callable[[Iterator[bool]], bool]) -> Check:
    shapes = [on.conforms(item) for item in on.items(value)]
    return lambda data, _focus, values: [
        node for node in values if not holds(shape(data, node) for shape in shapes)
    ]


@_component("and")
def _and(on: Declaration, value: Term) -> Check:
    return _logical(on, value, all)


@_component("or")
def _or(on: Declaration, value: Term) -> Check:
    return _logical(on, value, any)


@_component("xone")
def _xone(on: Declaration, value: Term) -> Check:
    return _logical(on, value, lambda conforming: sum(conforming) == 1)


@_component("not")
def _not(on: Declaration, value: Term) -> Check:
    shape = on.conforms(value)
    return lambda data, _focus, values: [node for node in values if shape(data, node)]


def _qualified(on: Declaration, parameter: str, value: Term, fits: Callable[[int, int], bool]) -> Check:
    limit = _count(on, parameter, value)
    if any(flag != ox.Literal(False) for flag in on.values("qualifiedValueShapesDisjoint")):
        on.refuse("sh:qualifiedValueShapesDisjoint", "it is not supported")
    shapes = [on.conforms(node) for node in on.values("qualifiedValueShape")]
    if len(shapes) != 1:
        on.refuse(f"sh:{parameter}", "it needs one sh:qualifiedValueShape beside it")
    (shape,) = shapes
    return lambda data, _focus, values: (
        () if fits(sum(shape(data, node) for node in values), limit) else (None,)
    )


@_component("qualifiedMinCount", single=True, property_only=True, on_nothing=True)
def _qualified_min(on: Declaration, value: Term) -> Check:
    return _qualified(on, "qualifiedMinCount", value, lambda count, least: count >= least)


@_component("qualifiedMaxCount", single=True, property_only=True)
def _qualified_max(on: Declaration, value: Term) -> Check:
    return _qualified(on, "qualifiedMaxCount", value, lambda count, most: count <= most)
