"""Write a release of the ontology: the folder ``release/<version>`` with every syntax, and its manifest.

    python ontology/release.py            the manifest of the version in the header, into the repository
    python ontology/release.py FOLDER     every file of that version, into FOLDER (for a web server or an archive)

A release is the terms, the lists of values and the JSON-LD context. Facilities, beamlines, edges and alignments are
lists that grow at any time and are not part of it. The repository keeps the manifest alone: it names each file with
its hash, and the files follow from the sources by this script, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph as ox

HERE = Path(__file__).resolve().parent
RELEASES = HERE / "release"
SOURCES = ("xafscat", "schemes")
CONTEXT = "context.jsonld"
HEADER = ox.NamedNode("https://w3id.org/xafscat/ns")
VERSION = ox.NamedNode("http://www.w3.org/2002/07/owl#versionInfo")
OWN = "https://w3id.org/xafscat/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


def triples(name: str) -> list[Any]:
    """The triples of a source, each once, in an order that depends on nothing but themselves."""
    path = HERE / f"{name}.ttl"
    return sorted({quad.triple for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)}, key=str)


def version() -> str:
    """The version that the header of the ontology states."""
    (found,) = (
        item.object.value
        for item in triples("xafscat")
        if (item.subject, item.predicate) == (HEADER, VERSION)
    )
    return str(found)


def files() -> dict[str, bytes]:
    """Every file of the release of the sources as they are, by name."""
    made = {CONTEXT: (HERE / CONTEXT).read_bytes()}
    for name in SOURCES:
        made[f"{name}.ttl"] = (HERE / f"{name}.ttl").read_bytes()
        made |= {f"{name}.{ending}": write(triples(name)).encode() for ending, write in WRITERS.items()}
    return dict(sorted(made.items()))


def manifest() -> dict[str, Any]:
    """What the manifest of the release says: version, files with their hashes, and every IRI that it defines."""
    described = {item.subject.value for name in SOURCES for item in triples(name)}
    return {
        "version": version(),
        "iri": f"{HEADER.value}/{version()}",
        "triples": {name: len(triples(name)) for name in SOURCES},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files().items()},
        "terms": sorted(iri for iri in described if iri.startswith(OWN)),
    }


def manifest_text() -> str:
    """The manifest as it stands in the repository."""
    return json.dumps(manifest(), indent=1, ensure_ascii=False) + "\n"


def ntriples(graph: list[Any]) -> str:
    """One line a triple, sorted."""
    return "".join(f"{triple} .\n" for triple in graph)


def jsonld(graph: list[Any]) -> str:
    """Expanded, flattened JSON-LD with sorted keys: no context is needed to read it."""
    nodes: dict[str, dict[str, Any]] = defaultdict(dict)
    for triple in graph:
        node = nodes[triple.subject.value]
        if triple.predicate.value == f"{RDF}type":
            node.setdefault("@type", []).append(triple.object.value)
        else:
            node.setdefault(triple.predicate.value, []).append(_value(triple.object))
    content = [{"@id": iri, **nodes[iri]} for iri in sorted(nodes)]
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _value(term: Any) -> dict[str, str]:
    if isinstance(term, ox.NamedNode):
        return {"@id": term.value}
    if term.language:
        return {"@language": term.language, "@value": term.value}
    if term.datatype.value == XSD_STRING:
        return {"@value": term.value}
    return {"@type": term.datatype.value, "@value": term.value}


def rdfxml(graph: list[Any]) -> str:
    """RDF/XML with one element a subject."""
    spaces = sorted({_split(triple.predicate.value)[0] for triple in graph} - {RDF})
    prefixes = {RDF: "rdf"} | {space: f"n{number}" for number, space in enumerate(spaces, 1)}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<rdf:RDF"]
    lines += [f"  xmlns:{prefix}={quoteattr(space)}" for space, prefix in prefixes.items()]
    lines[-1] += ">"
    subject = None
    for triple in graph:
        if triple.subject != subject:
            lines += [" </rdf:Description>"] if subject else []
            subject = triple.subject
            lines.append(f" <rdf:Description rdf:about={quoteattr(subject.value)}>")
        space, local = _split(triple.predicate.value)
        lines.append(_element(f"{prefixes[space]}:{local}", triple.object))
    return "\n".join([*lines, " </rdf:Description>", "</rdf:RDF>", ""])


def _element(name: str, term: Any) -> str:
    if isinstance(term, ox.NamedNode):
        return f"  <{name} rdf:resource={quoteattr(term.value)}/>"
    kind = ""
    if term.language:
        kind = f" xml:lang={quoteattr(term.language)}"
    elif term.datatype.value != XSD_STRING:
        kind = f" rdf:datatype={quoteattr(term.datatype.value)}"
    return f"  <{name}{kind}>{escape(term.value)}</{name}>"


def _split(iri: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?)([A-Za-z_][A-Za-z0-9_.-]*)", iri)
    assert found, f"{iri} cannot be written as an XML name"
    return found[1], found[2]


WRITERS: dict[str, Callable[[list[Any]], str]] = {"nt": ntriples, "jsonld": jsonld, "rdf": rdfxml}


def main(arguments: list[str]) -> None:
    """Write the manifest, or every file where a folder is given."""
    if arguments:
        folder = Path(arguments[0])
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files().items():
            (folder / name).write_bytes(content)
    else:
        folder = RELEASES / version()
        folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(manifest_text(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
