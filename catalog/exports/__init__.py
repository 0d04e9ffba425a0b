"""Exports: one module a format a record is given out in, one constant ``EXPORT`` in it.

An export is made from the public document and nothing else, so all of them say the same. Members are found
by scanning this folder and the entry points ``xafscat.exports``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import pyoxigraph as ox

from catalog.mapping import RecordDocument, context
from catalog.plugins import plugins


class Writer(Protocol):
    """Writes a public document; ``catalog`` is the catalog's own document, where titles and the publisher stand."""

    def __call__(self, document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
        """The bytes of the representation."""
        ...


@dataclass(frozen=True, slots=True)
class Harvested:
    """An OAI-PMH metadata format that an export provides: its prefix, schema and namespace.

    ``payload`` gives the XML of a public document, its namespaces stated, without a declaration.
    """

    prefix: str
    schema: str
    namespace: str
    payload: Callable[[RecordDocument, RecordDocument | None], str]


@dataclass(frozen=True, slots=True)
class Export:
    """A format of a record: ``write`` gives its bytes for a public document, the same for the same document.

    ``name`` is the word for it in commands and ``format=``, ``extension`` (no dot) the suffix of its address,
    ``title`` its name in ``en`` and ``ja``. ``rdf_format`` is set when it is the record's own graph in a plain
    RDF syntax, so that other graphs (ontology, shapes) can be written in it as well; ``order`` sorts lists of
    formats for people. ``profile`` is the IRI of a schema whose media type says less than it: such a format is
    had by its suffix, never by negotiation. ``oai`` are the OAI-PMH formats it provides.
    """

    name: str
    media_type: str
    extension: str
    title: dict[str, str]
    write: Writer
    rdf_format: ox.RdfFormat | None = None
    order: int = 50
    profile: str = ""
    oai: tuple[Harvested, ...] = ()

    @property
    def content_type(self) -> str:
        """The media type with a charset where readers would otherwise guess one."""
        textual = self.media_type.startswith("text/")
        return f"{self.media_type}; charset=utf-8" if textual else self.media_type


@cache
def exports() -> dict[str, Export]:
    """All exports by name, in the order lists show them."""
    found: list[Export] = plugins(__name__, "EXPORT")
    return {export.name: export for export in sorted(found, key=lambda export: (export.order, export.name))}


def rdf_exports() -> dict[str, Export]:
    """The exports in which any graph can be written, by name."""
    return {name: export for name, export in exports().items() if export.rdf_format is not None}


@cache
def harvested() -> dict[str, Harvested]:
    """All OAI-PMH metadata formats by prefix, the one every record must have first."""
    found = [item for export in exports().values() for item in export.oai]
    return {
        item.prefix: item for item in sorted(found, key=lambda item: (item.prefix != "oai_dc", item.prefix))
    }


def write_triples(
    triples: Iterable[ox.Triple], rdf_format: ox.RdfFormat, prefixes: Mapping[str, str] | None = None
) -> bytes:
    """Any graph of this project in ``rdf_format``, sorted so that equal graphs give equal bytes.

    ``prefixes`` are further ones beside the context's; only those that are used are declared.
    """
    ordered = sorted(set(triples), key=_order)
    names = None
    if rdf_format in {ox.RdfFormat.TURTLE, ox.RdfFormat.RDF_XML}:
        known = {**context().prefixes, **(prefixes or {})}
        used = {_namespace(iri) for triple in ordered for iri in _iris(triple)}
        names = {prefix: namespace for prefix, namespace in known.items() if namespace in used}
    content = ox.serialize(ordered, format=rdf_format, prefixes=names)
    assert content is not None
    return content


def _iris(triple: ox.Triple) -> Iterable[str]:
    for term in (triple.subject, triple.predicate, triple.object):
        if isinstance(term, ox.NamedNode):
            yield term.value
        elif isinstance(term, ox.Literal):
            yield term.datatype.value


def _namespace(iri: str) -> str:
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


def _order(triple: ox.Triple) -> tuple[str, bool, str, str]:
    # A subject's type comes first, as people expect it in Turtle.
    is_type = triple.predicate.value.endswith("#type")
    return str(triple.subject), not is_type, triple.predicate.value, str(triple.object)


__all__ = ["Export", "Harvested", "exports", "harvested", "rdf_exports", "write_triples"]
