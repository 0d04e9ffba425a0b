"""RDF documents of others, told by their content and read within bounds: Turtle, N-Triples, JSON-LD, RDF/XML.

Nothing is fetched: a context or an entity elsewhere is refused. What comes out are plain triples.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal, TypeAlias

import pyoxigraph as ox

from catalog.bounded import Limits, Overrun, pool
from catalog.errors import UnreadableInput
from catalog.readers import Source
from catalog.wording import Sentence

RdfKind: TypeAlias = Literal["turtle", "jsonld", "rdfxml"]

MAX_BYTES = 32 * 1024 * 1024
MAX_TRIPLES = 500_000
# Values of one property of one node: each is compared with the others.
MAX_VALUES = 5_000
LIMITS = Limits(seconds=30, memory=2 << 30)
_FORMATS = {
    "turtle": ox.RdfFormat.TURTLE,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}

_TURTLE = re.compile(
    r"""(?:\s|\#[^\n]*(?:\n|$))*
    (?: @(?:prefix|base)\s | (?:prefix|base)\s+(?:[\w.-]*:\s*)?<
      | (?:<[^<>\s]*>|_:\S+)\s+(?:<[^<>\s]+>|a\s|[\w.-]*:) )""",
    re.VERBOSE | re.IGNORECASE,
)
_JSON_LD = re.compile(r'"@(?:context|graph|id)"\s*:')
_XML = re.compile(r"\s*<(?:\?xml|!--|!DOCTYPE|[\w.-]*:?RDF\b)", re.IGNORECASE)
_RDF_NAMESPACE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def recognise(head: bytes) -> RdfKind | None:
    """Which RDF a document is, by how it begins; None for what is none."""
    if b"\0" in head:
        return None
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    if text.lstrip()[:1] in {"{", "["} and _JSON_LD.search(text):
        return "jsonld"
    if _XML.match(text):
        return "rdfxml" if _RDF_NAMESPACE in text else None
    return "turtle" if _TURTLE.match(text) else None


def read_rdf(source: Source, kind: RdfKind, base: str) -> list[ox.Triple]:
    """The triples of a document; relative IRIs are taken from ``base``.

    Raises UnreadableInput, naming the file and where the parser says so the line, for what is malformed, too
    large, hostile, or needs something from elsewhere.
    """
    if source.size > MAX_BYTES:
        raise UnreadableInput(
            Sentence("at most {most} MiB of RDF are read; split it", most=MAX_BYTES >> 20), where=source.name
        )
    return parse_bounded(source.content(), kind, source.name, base)


def parse_bounded(
    content: bytes, kind: RdfKind, name: str, base: str, *, most: int = MAX_TRIPLES
) -> list[ox.Triple]:
    """The triples of ``content``, parsed in another process with limits of time, memory and size; see ``read_rdf``."""
    if kind == "rdfxml" and _DECLARATION.search(content):
        raise UnreadableInput(
            Sentence("the XML declares a document type; entities are not expanded, so remove <!DOCTYPE ...>"),
            where=name,
        )
    answer = pool.call(_as_ntriples, content.removeprefix(b"\xef\xbb\xbf"), kind, most, base, limits=LIMITS)
    if isinstance(answer, Overrun):
        raise UnreadableInput(
            Sentence(
                "the RDF cannot be parsed within the limits of time and memory; it is nested too "
                "deeply, or too large"
            ),
            where=name,
        )
    if isinstance(answer, str):
        raise _refused(answer, name)
    triples = [quad.triple for quad in ox.parse(answer, format=ox.RdfFormat.N_TRIPLES)]
    _check_values(triples, name)
    return triples


def _as_ntriples(content: bytes, kind: RdfKind, most: int, base: str) -> bytes | str:
    """The triples as N-Triples, or why there are none. Deep nesting can exhaust the parser's stack: for a child."""
    lines = []
    try:
        for quad in ox.parse(content, format=_FORMATS[kind], base_iri=base):
            if isinstance(quad.object, ox.Triple):
                return "it holds a triple about a triple, which SHACL does not know"
            if not isinstance(quad.graph_name, ox.DefaultGraph):
                return "it holds a named graph; give the triples without one"
            lines.append(f"{quad.subject} {quad.predicate} {quad.object} .\n")
            if len(lines) > most:
                return f"it has more than {most:,} triples; split it"
    except SyntaxError as error:
        line = f"line {error.lineno}: " if error.lineno else ""
        return f"{line}{error.msg}"
    except (ValueError, OSError) as error:
        return str(error)
    return "".join(lines).encode()


def _refused(reason: str, name: str) -> UnreadableInput:
    if "LoadDocumentCallback" in reason:
        reason = (
            "its context is on another server, and nothing is fetched; write the context into the document"
        )
    line = re.match(r"line (\d+): ", reason)
    where = f"{name}:{line[1]}" if line else name
    return UnreadableInput(
        Sentence("this is not valid RDF: {reason}", reason=reason[line.end() if line else 0 :]), where=where
    )


def _check_values(triples: list[ox.Triple], name: str) -> None:
    counts = Counter((triple.subject, triple.predicate) for triple in triples)
    if counts and (most := counts.most_common(1)[0])[1] > MAX_VALUES:
        (subject, predicate), number = most
        raise UnreadableInput(
            Sentence(
                "{subject} has {number:,} values of {predicate}; at most {most:,} are compared",
                subject=subject,
                number=number,
                predicate=predicate,
                most=MAX_VALUES,
            ),
            where=name,
        )
