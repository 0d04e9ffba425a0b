"""Query results made ready for a page: a table with links and labels, yes or no, or a graph as text.

A cell of an IRI has both its label and the IRI in short, so that the reader may switch between them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalog.mapping import context

if TYPE_CHECKING:
    from server.public.labels import Labels
    from server.public.view import Viewer

# A page is for reading: more rows than this are counted and offered whole, as files.
MAX_ROWS = 1000
XSD = "http://www.w3.org/2001/XMLSchema#"
NUMBERS = {
    "integer",
    "decimal",
    "double",
    "float",
    "long",
    "int",
    "short",
    "nonNegativeInteger",
    "positiveInteger",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row: text, link, language, datatype (a prefixed name), each empty when there is none.

    ``short`` is the IRI as people write it, where ``text`` is a label; ``number`` whether it is a number.
    """

    text: str
    href: str = ""
    lang: str = ""
    type: str = ""
    iri: str = ""
    short: str = ""
    number: bool = False


@dataclass(slots=True)
class ResultsView:
    """What the page shows: ``boolean``, or a table, or a graph as ``text``, or nothing of ``too_long`` bytes.

    ``numeric`` names the columns that hold numbers and nothing else, ``labelled`` says whether any IRI has a label.
    """

    boolean: bool | None = None
    columns: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)
    total: int = 0
    text: str = ""
    too_long: int = 0
    numeric: list[str] = field(default_factory=list)
    labelled: bool = False


def table(content: bytes, viewer: Viewer, labels: Labels) -> ResultsView:
    """The view of SPARQL results in JSON: all rows are counted, the first MAX_ROWS shown."""
    results: dict[str, Any] = json.loads(content)
    if "boolean" in results:
        return ResultsView(boolean=bool(results["boolean"]))
    columns: list[str] = results["head"].get("vars", [])
    bindings: list[dict[str, Any]] = results["results"]["bindings"]
    return view_of(columns, bindings, viewer, labels)


def view_of(
    columns: list[str], bindings: Sequence[Mapping[str, Any]], viewer: Viewer, labels: Labels
) -> ResultsView:
    """The view of rows whose terms are written as in SPARQL results in JSON."""
    rows = [[_cell(row.get(name), viewer, labels) for name in columns] for row in bindings[:MAX_ROWS]]
    numeric = [
        name
        for number, name in enumerate(columns)
        if (held := [row[number] for row in rows if row[number].text]) and all(cell.number for cell in held)
    ]
    labelled = any(cell.short for row in rows for cell in row)
    return ResultsView(columns=columns, rows=rows, total=len(bindings), numeric=numeric, labelled=labelled)


def _cell(term: Mapping[str, Any] | None, viewer: Viewer, labels: Labels) -> Cell:
    if term is None:
        return Cell("")
    value = str(term.get("value", ""))
    if term.get("type") == "uri":
        href, short = viewer.href(value), viewer.short(value)
        label, lang = labels.of(value)
        if label:
            return Cell(label, href, lang, iri=value, short=short)
        return Cell(short, href, iri=value)
    if term.get("type") == "bnode":
        return Cell(f"_:{value}")
    datatype = str(term.get("datatype", ""))
    kind = "" if datatype in {"", XSD + "string"} else context().compact(datatype)
    number = datatype.removeprefix(XSD) in NUMBERS and value not in {"NaN", "INF", "-INF"}
    return Cell(value, lang=str(term.get("xml:lang", "")), type=kind, number=number)
