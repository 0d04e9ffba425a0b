"""The forms an answer can take: name, media type and the engine's own name for it, together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Shape: TypeAlias = Literal["rows", "graph"]


@dataclass(frozen=True, slots=True)
class Format:
    """One form of answer: ``shape`` says for which queries, ``engine`` is pyoxigraph's name for it.

    One without an ``engine`` is written by ``sheets.WRITERS``, for people: it is sent as a file to be kept.
    ``xml``: XML 1.0 cannot hold most control characters, so an answer must be looked through before it is sent.
    """

    name: str
    shape: Shape
    media_type: str
    extension: str
    engine: str = ""
    aliases: tuple[str, ...] = ()
    xml: bool = False
    # What clients write for it in ``format=`` beside its name.
    spoken: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All that stands for it in ``format=`` beside its name: extension, media types and what clients write."""
        return (self.extension, self.media_type, *self.aliases, *self.spoken)

    @property
    def disposition(self) -> str:
        """The ``Content-Disposition`` of an answer that is a file to be opened elsewhere; else empty."""
        return "" if self.engine else f'attachment; filename="results.{self.extension.rpartition(".")[2]}"'

    @property
    def content_type(self) -> str:
        """The media type with the charset where the type is textual and defines one."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


# The first of each shape is what a client gets that does not choose.
FORMATS: tuple[Format, ...] = (
    Format(
        "json",
        "rows",
        "application/sparql-results+json",
        "srj",
        "JSON",
        ("application/json",),
        spoken=("sparql-results+json",),
    ),
    Format(
        "xml",
        "rows",
        "application/sparql-results+xml",
        "srx",
        "XML",
        ("application/xml", "text/xml"),
        xml=True,
        spoken=("sparql-results+xml",),
    ),
    Format("csv", "rows", "text/csv", "csv", "CSV"),
    Format("tsv", "rows", "text/tab-separated-values", "tsv", "TSV"),
    Format(
        "xlsx",
        "rows",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
    # After csv, whose media type it shares: only its name chooses it.
    Format("csv-safe", "rows", "text/csv", "safe.csv"),
    Format(
        "turtle", "graph", "text/turtle", "ttl", "TURTLE", ("application/x-turtle",), spoken=("n3", "text/n3")
    ),
    Format(
        "jsonld",
        "graph",
        "application/ld+json",
        "jsonld",
        "JSON_LD",
        ("application/json",),
        spoken=("json", "json-ld", "ld+json"),
    ),
    Format(
        "ntriples",
        "graph",
        "application/n-triples",
        "nt",
        "N_TRIPLES",
        ("text/plain",),
        spoken=("n-triples",),
    ),
    Format(
        "rdfxml",
        "graph",
        "application/rdf+xml",
        "rdf",
        "RDF_XML",
        ("application/xml", "text/xml"),
        xml=True,
        spoken=("xml", "rdf+xml", "rdf/xml"),
    ),
    Format("nquads", "graph", "application/n-quads", "nq", "N_QUADS"),
    Format("trig", "graph", "application/trig", "trig", "TRIG"),
)
BY_NAME: dict[str, Format] = {form.name: form for form in FORMATS}


def shape_of(kind: str | None) -> Shape:
    """What a query of that kind (``lexer.query_kind``) yields: rows, or a graph."""
    return "graph" if kind in {"CONSTRUCT", "DESCRIBE"} else "rows"


def formats_of(shape: Shape) -> tuple[Format, ...]:
    """The formats an answer of that shape can have, the default first."""
    return tuple(form for form in FORMATS if form.shape == shape)
