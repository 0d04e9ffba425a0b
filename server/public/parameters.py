"""The types a parameter of an example query can have: from the text of a request to an RDF term, or a refusal.

A value never meets the text of a query as text: it becomes a term here, and the term is written by the RDF library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyoxigraph as ox

from catalog.formula import FormulaError, reduced
from catalog.linking.databases import DATABASES
from catalog.vocabulary import vocabulary
from catalog.xray import ELEMENTS, SHELLS

Bound: TypeAlias = ox.NamedNode | ox.Literal

XSD = "http://www.w3.org/2001/XMLSchema#"
MAX_TEXT = 200
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: ``read`` makes the term of a text or raises ValueError; ``schema`` says in JSON Schema what it takes.

    ``datatype`` is the IRI of its literals' datatype, empty for a type whose values are IRIs.
    """

    read: Callable[[str], Bound]
    schema: Mapping[str, Any] = field(default_factory=dict)
    datatype: str = ""
    choices: tuple[str, ...] = ()


def _element(text: str) -> Bound:
    symbol = text.strip().capitalize()
    if symbol not in ELEMENTS:
        raise ValueError(text)
    return ox.Literal(symbol)


def _shell(text: str) -> Bound:
    name = text.strip().upper()
    if name not in SHELLS:
        raise ValueError(text)
    return ox.Literal(name)


def _text(text: str) -> Bound:
    if not text.strip() or len(text) > MAX_TEXT or _CONTROL.search(text):
        raise ValueError(text)
    return ox.Literal(text)


def _language(text: str) -> Bound:
    if len(text) > 35 or not _LANGUAGE.fullmatch(text):
        raise ValueError(text)
    return ox.Literal(text.lower())


def _number(pattern: re.Pattern[str], datatype: str) -> Callable[[str], Bound]:
    def read(text: str) -> Bound:
        if not pattern.fullmatch(text.strip()):
            raise ValueError(text)
        return ox.Literal(text.strip(), datatype=ox.NamedNode(XSD + datatype))

    return read


def _concept(scheme: str) -> Kind:
    """A value of one of the catalog's lists: its word, its label or its IRI."""

    def read(text: str) -> Bound:
        iri = vocabulary().license(text) if scheme == "license" else vocabulary().concept(scheme, text)
        if len(text) > MAX_TEXT or iri is None:
            raise ValueError(text)
        return ox.NamedNode(iri)

    return Kind(
        read, {"type": "string", "maxLength": MAX_TEXT, "minLength": 1}, choices=vocabulary().choices(scheme)
    )


def _place(find: Callable[[str], str | None]) -> Kind:
    def read(text: str) -> Bound:
        iri = find(text) if 0 < len(text.strip()) <= MAX_TEXT else None
        if iri is None:
            raise ValueError(text)
        return ox.NamedNode(iri)

    return Kind(read, {"type": "string", "maxLength": MAX_TEXT, "minLength": 1})


def _entry(text: str) -> Bound:
    """An entry of a known database, by any address that people know it by or have in their browser."""
    if "://" in text and len(text) <= MAX_TEXT:
        page = text.partition("#")[0].rstrip().rstrip("/")
        # Some databases name an entry in the query of the address, others only what the page is to look like.
        for form in (text, page, page.partition("?")[0]):
            for database in DATABASES.values():
                with suppress(ValueError):
                    return ox.NamedNode(database.canonical(form))
    raise ValueError(text)


def _formula(text: str) -> Bound:
    try:
        return ox.Literal(reduced(text))
    except FormulaError as error:
        raise ValueError(text) from error


def kinds() -> Mapping[str, Kind]:
    """The types by the name that the head of an example uses."""
    string = {"type": "string", "minLength": 1}
    return {
        "element": Kind(_element, {"type": "string", "enum": list(ELEMENTS)}, XSD + "string"),
        "shell": Kind(_shell, {"type": "string", "enum": list(SHELLS)}, XSD + "string", SHELLS[:9]),
        "text": Kind(
            _text,
            {
                **string,
                "maxLength": MAX_TEXT,
                "pattern": r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*\S[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$",
            },
            XSD + "string",
        ),
        "language": Kind(
            _language,
            {**string, "maxLength": 35, "pattern": f"^{_LANGUAGE.pattern}$"},
            XSD + "string",
            ("en", "ja"),
        ),
        "entry": Kind(_entry, {**string, "maxLength": MAX_TEXT}),
        "formula": Kind(_formula, {**string, "maxLength": MAX_TEXT}, XSD + "string"),
        "integer": Kind(
            _number(_INTEGER, "integer"),
            {"type": "string", "pattern": f"^{_INTEGER.pattern}$"},
            XSD + "integer",
        ),
        "decimal": Kind(
            _number(_DECIMAL, "decimal"),
            {"type": "string", "pattern": f"^{_DECIMAL.pattern}$"},
            XSD + "decimal",
        ),
        "facility": _place(vocabulary().facility),
        "beamline": _place(vocabulary().beamline),
        **{
            scheme: _concept(scheme)
            for scheme in ("mode", "technique", "kind", "form", "license", "monochromator")
        },
    }
