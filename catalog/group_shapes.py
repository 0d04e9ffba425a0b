"""A group's own shapes: a folder of Turtle files, their IRIs and their messages, refused where unsafe.

``catalog.shacl`` refuses constructs; here is refused what would read without bounds, fetch, or pass for a level.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from catalog.errors import UnreadableInput, UsageError
from catalog.rdf_input import parse_bounded
from catalog.shacl import Shapes, compile_shapes
from catalog.validation import NAMESPACE
from catalog.vocabulary import vocabulary
from catalog.vocabulary_graph import NS

MAX_FILES = 100
MAX_BYTES = 2 * 1024 * 1024
MAX_TRIPLES = 50_000
_IMPORTS = "http://www.w3.org/2002/07/owl#imports"


def shape_files(folder: Path) -> list[Path]:
    """The Turtle files directly in ``folder``, or the one file given. Raises UsageError when there is none."""
    if folder.is_file():
        return [folder]
    found = sorted(path for path in folder.glob("*.ttl") if path.is_file())
    if not found:
        raise UsageError("there is no Turtle file (*.ttl) of shapes in this folder", where=str(folder))
    if len(found) > MAX_FILES:
        raise UsageError(f"at most {MAX_FILES} files of shapes are read", where=str(folder))
    return found


def load_shapes(path: Path, *, own: bool = False) -> Shapes:
    """The compiled shapes of one file; ``own`` allows the namespace of the catalog's levels.

    Raises UsageError, naming file, shape and construct, for what is malformed, unsafe or not supported.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"a file of shapes has at most {MAX_BYTES >> 20} MiB", where=str(path))
        content = path.read_bytes()
        triples = parse_bounded(content, "turtle", path.name, "urn:xafscat:shapes", most=MAX_TRIPLES)
    except OSError as error:
        raise UsageError(f"the shapes cannot be read: {error.strerror}", where=str(path)) from error
    except UnreadableInput as error:
        raise UsageError(error.detail, where=error.where) from error
    if any(triple.predicate.value == _IMPORTS for triple in triples):
        raise UsageError(
            "owl:imports cannot be used: nothing is fetched; copy the shapes here", where=path.name
        )
    _refuse_undeclared(triples, path.name)
    shapes = compile_shapes(triples, source=path.name)
    for iri in shapes.by_iri:
        if iri.startswith(NAMESPACE) and not own:
            raise UsageError(
                "this IRI belongs to the catalog's levels; use your own", where=f"{path.name}: {iri}"
            )
    return shapes


def _refuse_undeclared(triples: Iterable[ox.Triple], name: str) -> None:
    """A class or property that the vocabulary does not have would be asked for in vain, and nobody would notice."""
    declared = {term.iri.removeprefix(NS) for term in vocabulary().terms()}
    used = {
        part.value.removeprefix(NS)
        for triple in triples
        for part in (triple.predicate, triple.object)
        if isinstance(part, ox.NamedNode) and part.value.startswith(NS)
    }
    for term in sorted(used - declared - {""}):
        near = difflib.get_close_matches(term, declared, n=1)
        meant = f"; did you mean xafs:{near[0]}?" if near else ""
        raise UsageError(f"the vocabulary has no term xafs:{term}{meant}", where=name)


def load_folder(folder: Path) -> tuple[Shapes, ...]:
    """The shapes of every file of a group's folder. Raises UsageError as above."""
    return tuple(load_shapes(path) for path in shape_files(folder))
