"""A cited answer beside today's: which of its rows may still be shown, and what the same query answers now.

A row is about the records it names, when all its values stand in their documents; such a row goes with the first of
them that is withdrawn. Of any other row (a count, a value taken from a record that is not named) it cannot be told
what it came from: once a record was withdrawn, it is shown only if today's release gives it as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from server.public.citations import Citation, Row, Terms, digest_of, key_of
from server.public.links import NAMESPACE

if TYPE_CHECKING:
    from catalog.releases import Release

XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


@dataclass(slots=True)
class Comparison:
    """``shown``: the cited rows that may be shown; ``withheld`` counts the others.

    ``added`` and ``gone`` are today's rows that were not there, and shown rows that are not there any more; both are
    None where today's answer is not known, or the cited one was not kept. ``same`` is None where that is not known.
    """

    shown: list[Terms] = field(default_factory=list)
    withheld: int = 0
    added: list[Terms] | None = None
    gone: list[Terms] | None = None
    same: bool | None = None


class Attribution:
    """Says which records a row is about, as one release has them."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._values: dict[str, frozenset[str]] = {}

    def of(self, terms: Terms) -> list[str] | None:
        """The ids of the records that a row names, if all its values are theirs; else None."""
        prefix = f"{self._release.base}/record/"
        iris = [term["value"] for term in terms if term and term["type"] == "uri"]
        ids = sorted(
            {
                iri.removeprefix(prefix).partition("#")[0].partition("/")[0]
                for iri in iris
                if iri.startswith(prefix)
            }
        )
        if not ids:
            return None
        known = [self._of_record(name) for name in ids]
        for term in terms:
            value = term["value"] if term else ""
            ours = not term or value.startswith((prefix, NAMESPACE)) or value in {"true", "false"}
            if not ours and not any(value in values for values in known):
                return None
        return ids

    def _of_record(self, name: str) -> frozenset[str]:
        if name not in self._values:
            entry = self._release.record(name)
            self._values[name] = frozenset(_scalars(entry.document)) if entry else frozenset()
        return self._values[name]


def rows_of(results: Mapping[str, Any]) -> tuple[list[str], list[Terms]]:
    """Columns and rows of SPARQL results in JSON; the labels of blank nodes mean nothing and are left out."""
    if "boolean" in results:
        value = str(bool(results["boolean"])).lower()
        return ["answer"], [[{"type": "literal", "value": value}]]
    columns = list(results["head"].get("vars", []))
    return columns, [[_plain(row.get(name)) for name in columns] for row in results["results"]["bindings"]]


def rows_of_graph(content: bytes) -> tuple[list[str], list[Terms]]:
    """Columns and rows of a graph in N-Triples, sorted."""
    quads = ox.parse(content, format=ox.RdfFormat.N_TRIPLES)
    rows: list[Terms] = [[_term(item) for item in quad.triple] for quad in quads]
    return ["subject", "predicate", "object"], sorted(rows, key=key_of)


def attributed(rows: Sequence[Terms], release: Release) -> list[Row]:
    """The rows with the records each is about."""
    attribution = Attribution(release)
    return [(terms, attribution.of(terms)) for terms in rows]


def compare(
    citation: Citation, release: Release, today: tuple[list[str], list[Terms]] | None, *, withdrawals: bool
) -> Comparison:
    """A citation beside today's answer (None when there is none). ``withdrawals``: whether there were any since."""
    found = Comparison()
    if today is not None:
        found.same = digest_of(*today) == citation.digest
    if citation.rows is None:
        return found
    now = Counter(map(key_of, today[1])) if today is not None else Counter()
    left = Counter(now)
    gone: list[Terms] = []
    for terms, about in citation.rows:
        key = key_of(terms)
        still = left[key] > 0
        left[key] -= still
        if not (still or now[key] > 0 or _may_be_shown(about, release, withdrawals=withdrawals)):
            found.withheld += 1
            continue
        found.shown.append(terms)
        if not still:
            gone.append(terms)
    if today is not None:
        before = Counter(key_of(terms) for terms, _ in citation.rows)
        found.added, found.gone = [], gone
        for terms in today[1]:
            if before[key_of(terms)] > 0:
                before[key_of(terms)] -= 1
            else:
                found.added.append(terms)
    return found


def _may_be_shown(about: list[str] | None, release: Release, *, withdrawals: bool) -> bool:
    if about is None:
        return not withdrawals
    entries = [release.record(name) for name in about]
    return all(entry is not None and entry.state == "published" for entry in entries)


def _plain(term: Mapping[str, Any] | None) -> dict[str, str] | None:
    if term is None:
        return None
    if term.get("type") == "bnode":
        return {"type": "bnode", "value": ""}
    if term.get("type") == "triple":
        return {"type": "literal", "value": str(term.get("value"))}
    return {str(key): str(item) for key, item in term.items()}


def _term(term: Any) -> dict[str, str]:
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, ox.Literal):
        found = {"type": "literal", "value": term.value}
        if term.language:
            found["xml:lang"] = term.language
        elif term.datatype.value != XSD_STRING:
            found["datatype"] = term.datatype.value
        return found
    return {"type": "bnode", "value": ""}


def _scalars(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        for item in part.values():
            yield from _scalars(item)
    elif isinstance(part, list):
        for item in part:
            yield from _scalars(item)
    elif part is not None:
        yield str(part)
