"""RDF/XML for harvesters: what ``write_triples`` makes of the same graph, byte for byte, in a fraction of the time.

Statements are plain tuples here. What many records say (a licence, a keyword, a media type) is written once and
kept; what is new goes through pyoxigraph's terms, which check it. Tested against ``write_triples``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple, TypeAlias
from xml.sax.saxutils import escape

import pyoxigraph as ox

from catalog.mapping import context
from catalog.xml_writing import KEPT, LONG

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
XSD = "http://www.w3.org/2001/XMLSchema#"
BLANK = "_:"
DESCRIPTION = "rdf:Description"
# Declared whether they are used or not, as pyoxigraph does.
_ALWAYS = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "its": "http://www.w3.org/2005/11/its",
}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_QUOTES = {"'": "&apos;", '"': "&quot;"}


class Node(NamedTuple):
    """Something with an IRI, or a blank node (``_:`` and its label)."""

    name: str


class Literal(NamedTuple):
    """A text with its language, or with the IRI of its datatype; a plain text has neither."""

    text: str
    language: str = ""
    datatype: str = ""


# Subject (as in Node), predicate, object.
Statement: TypeAlias = tuple[str, str, Node | Literal]


class _Property(NamedTuple):
    """A statement about a subject, which stands first; ``tag`` names the subject's element where this is its type."""

    order: str
    line: str
    tag: str
    prefixes: tuple[str, ...]


def triple_of(statement: Statement) -> ox.Triple:
    """The statement as pyoxigraph has it. Raises ValueError for what is no IRI or no language."""
    subject, predicate, value = statement
    term = _term(value) if isinstance(value, Literal) else _node(value.name)
    return ox.Triple(_node(subject), ox.NamedNode(predicate), term)


def rdf_xml(statements: Iterable[Statement]) -> str:
    """The element ``rdf:RDF`` of a graph. Raises ValueError for what is no IRI, no language or no word."""
    described: dict[str, list[_Property]] = {}
    for subject, predicate, value in statements:
        written = _property if len(value[0]) < LONG else _property.__wrapped__
        described.setdefault(subject, []).append(written(predicate, value))
    used = {""}
    lines = []
    for (_, about, prefix), name in sorted([(_subject(name), name) for name in described]):
        properties = sorted(described[name])
        used.add(prefix)
        used.update(*[item.prefixes for item in properties])
        tag = properties[0].tag
        lines.append(f"\t<{tag or DESCRIPTION} {about}>\n")
        # What is stated twice is written once.
        said = dict.fromkeys([item.line for item in properties])
        lines += list(said)[bool(tag) :]
        lines.append(f"\t</{tag.partition(' ')[0] or DESCRIPTION}>\n")
    return f"{_opening(frozenset(used))}\n{''.join(lines)}</rdf:RDF>"


@lru_cache(maxsize=KEPT)
def _property(predicate: str, value: Node | Literal) -> _Property:
    name, declared, prefix = _predicate(predicate)
    tag = ""
    if isinstance(value, Literal):
        stated, suffix, further = _kind(value.language, value.datatype)
        line = f"\t\t<{name}{declared}{stated}>{_escaped(value.text)}</{name}>\n"
        written = f"{_quoted(value.text)}{suffix}"
    else:
        written, further = str(_node(value.name)), _prefix(value.name)
        line = f"\t\t<{name}{declared} {_place('resource', value.name)}/>\n"
        if predicate == TYPE and not value.name.startswith(BLANK):
            tag = "".join(_name(value.name))
    # A type is before everything else; a predicate ends where no IRI goes on.
    order = f"{predicate if predicate != TYPE else ''} {written}"
    return _Property(order, line, tag, (prefix, further))


@lru_cache(maxsize=256)
def _predicate(iri: str) -> tuple[str, str, str]:
    """The element of a property, its namespace's declaration and prefix: one of the two is ""."""
    ox.NamedNode(iri)  # checked
    return *_name(iri), _prefix(iri)


@lru_cache(maxsize=256)
def _kind(language: str, datatype: str) -> tuple[str, str, str]:
    """What is said of a text in its element and after it in N-Triples, and the prefix of its datatype's namespace."""
    term = _term(Literal("", language, datatype))
    suffix = str(term).removeprefix('""')
    if term.language:
        return f' xml:lang="{term.language}"', suffix, _prefix(term.datatype.value)
    return (f' rdf:datatype="{_escaped(datatype)}"' if suffix else ""), suffix, _prefix(term.datatype.value)


def _quoted(text: str) -> str:
    """A text in N-Triples."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return str(ox.Literal(text))


@lru_cache(maxsize=KEPT)
def _subject(name: str) -> tuple[str, str, str]:
    """How a subject is sorted, what is said of it in its element, and the prefix of its namespace, if it has one."""
    return str(_node(name)), _place("about", name), _prefix(name)


@lru_cache(maxsize=256)
def _opening(used: frozenset[str]) -> str:
    stated = [(iri, prefix) for iri, prefix in _prefixes().items() if prefix in used | _ALWAYS.keys()]
    return "<rdf:RDF" + "".join(f' xmlns:{prefix}="{_escaped(iri)}"' for iri, prefix in sorted(stated)) + ">"


@cache
def _prefixes() -> dict[str, str]:
    """The prefixes by namespace."""
    return {iri: prefix for prefix, iri in {**context().prefixes, **_ALWAYS}.items()}


def _split(iri: str) -> int:
    return max(iri.rfind("#"), iri.rfind("/")) + 1


def _prefix(iri: str) -> str:
    return _prefixes().get(iri[: _split(iri)], "")


def _name(iri: str) -> tuple[str, str]:
    """The name of an element, and its namespace's declaration where it has no prefix. Raises ValueError."""
    at, prefix = _split(iri), _prefix(iri)
    if not _WORD.fullmatch(iri[at:]):
        raise ValueError(
            f"{iri!r} does not end in a name of XML: it is a property or type of no vocabulary here"
        )
    return (f"{prefix}:{iri[at:]}", "") if prefix else (iri[at:], f' xmlns="{_escaped(iri[:at])}"')


def _place(key: str, name: str) -> str:
    if name.startswith(BLANK):
        return f'rdf:nodeID="{name.removeprefix(BLANK)}"'
    return f'rdf:{key}="{_escaped(name)}"'


def _term(value: Literal) -> ox.Literal:
    if value.language:
        return ox.Literal(value.text, language=value.language)
    return ox.Literal(value.text, datatype=ox.NamedNode(value.datatype or XSD + "string"))


@lru_cache(maxsize=KEPT)
def _node(name: str) -> ox.NamedNode | ox.BlankNode:
    if name.startswith(BLANK):
        return ox.BlankNode(name.removeprefix(BLANK))
    return ox.NamedNode(name)


def _escaped(text: str) -> str:
    return escape(text, _QUOTES)
