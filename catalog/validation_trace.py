"""From a SHACL result back to what was written: the finding with the shape's words and the form's path and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from catalog.document import Form
from catalog.findings import Finding, Severity, shorten
from catalog.mapping import RecordDocument
from catalog.shacl import Data, Result, Shape
from catalog.shacl_constraints import COMPONENTS, SH, text_of
from catalog.shacl_data import Term
from catalog.shacl_shapes import INFO, SPARQL, VIOLATION, WARNING

_SEVERITIES: dict[ox.NamedNode, Severity] = {VIOLATION: "error", WARNING: "warning", INFO: "info"}
_MAX_COUNT = COMPONENTS["maxCount"].iri
_UNIQUE_LANG = COMPONENTS["uniqueLang"].iri
_CHOICES = {COMPONENTS[name].iri for name in ("or", "xone", "and", "not")} | {SPARQL}
# Parts of the record document that the deposit form spells differently, or not at all.
_FORM_KEYS = {"measurement": "", "credits": "creators", "about": ""}


@dataclass(slots=True)
class Trace:
    """The way back from a SHACL result to what was written."""

    iri: str
    document: RecordDocument
    pointers: Mapping[str, str]
    form: Form | None
    places: dict[str, str] | None = None

    def finding(self, result: Result, level: str, data: Data) -> Finding:
        """The finding for a result: the shape's words, the form's path and line."""
        shape = result.shape
        pointer = self._pointer(result.focus, shape.key)
        origin = self.form.origin(pointer) if self.form else None
        value = _value(result, data)
        return Finding(
            code=_code(shape),
            severity=_SEVERITIES[shape.severity],
            message=_message(result),
            path=pointer,
            file=origin.source if origin else "",
            line=origin.line if origin else None,
            value=None if value is None else shorten(value),
            level=level,
            shape=shape.iri,
        )

    def _pointer(self, focus: Term, key: str) -> str:
        place = ""
        part = text_of(focus) or ""
        if self.places is None:
            self.places = _places(self.document)
        while part.startswith(self.iri):
            known = self.pointers.get(part, self.places.get(part))
            if known is not None:
                place = known
                break
            # A part the form does not have lies where the part around it lies.
            around, dot, _ = part.rpartition(".")
            part = around if dot and "#" in around else part.rpartition("#")[0]
        return f"{place}/{key}" if key else place


def _places(document: RecordDocument) -> dict[str, str]:
    """Part IRI -> form pointer, from the document alone."""
    places: dict[str, str] = {}

    def walk(node: Any, pointer: str) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("id"), str):
                places.setdefault(node["id"], pointer)
            for key, value in node.items():
                name = _FORM_KEYS.get(key, key)
                inner = f"{pointer}/{name}" if name else pointer
                # Credits are numbered anew when hidden ones are gone: their numbers say nothing of the form.
                if isinstance(value, list) and key != "credits":
                    for number, item in enumerate(value):
                        walk(item, f"{inner}/{number}")
                else:
                    for item in value if isinstance(value, list) else [value]:
                        walk(item, inner)

    walk(document, "")
    return places


def _value(result: Result, data: Data) -> str | None:
    """What to show as the wrong value; None when something is missing."""
    values = result.shape.values(data, result.focus)
    if result.component == _MAX_COUNT:
        return ", ".join(sorted(_shown(value) for value in values))
    if result.component == _UNIQUE_LANG:
        tagged = [value for value in values if isinstance(value, ox.Literal) and value.language]
        tags = [value.language for value in tagged]
        return ", ".join(sorted(str(value) for value in tagged if tags.count(value.language) > 1))
    if result.value is None or (result.component in _CHOICES and result.value == result.focus):
        return None  # something is missing, or the part as a whole is wrong, which the path says
    return _shown(result.value)


def _shown(term: Term) -> str:
    text = text_of(term)
    return str(term) if text is None else text


def _code(shape: Shape) -> str:
    """``findable-title`` for ``.../shapes/findable#title``."""
    if not isinstance(shape.node, ox.NamedNode):
        return "shacl"
    return shape.iri.rpartition("/")[2].replace("#", "-") or "shacl"


def _message(result: Result) -> dict[str, str]:
    stated = {message.language or "en": message.value for message in result.shape.messages}
    if stated:
        return stated if "en" in stated else {"en": next(iter(stated.values())), **stated}
    rule = result.component.value.removeprefix(SH).removesuffix("ConstraintComponent")
    return {
        "en": f"This does not meet the rule {rule} of {result.shape.iri}.",
        "ja": f"{result.shape.iri} の規則 {rule} を満たしていません。",
    }
