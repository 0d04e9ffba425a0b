"""Shapes tried on the examples that lie beside them: what passes, what fails, and which shapes never fired.

A group's folder is laid out as ``shapes/`` is: ``*.ttl`` files, and ``examples/FILE/SHAPE/pass*`` and ``fail*``, where
FILE is the name of the Turtle file and SHAPE the last part of the shape's IRI. FILE may be left out when there is
one file. An example is a record document (.json), JSON-LD with a context besides ours (.jsonld), Turtle (.ttl) or a
deposit form (.yaml).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from catalog.errors import CatalogError, UnreadableInput, UsageError
from catalog.group_shapes import load_shapes, shape_files
from catalog.inspection import ASSESSED, DRAFT_IRI, assess, look
from catalog.mapping import context_json, to_triples
from catalog.projection import public_document
from catalog.rdf_input import parse_bounded
from catalog.shacl import Data, Shape, Shapes
from catalog.shacl_data import index
from catalog.vocabulary import vocabulary
from catalog.wording import Sentence

SUFFIXES = (".json", ".jsonld", ".ttl", ".yaml", ".yml")
MAX_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class Tried:
    """One shape and what its examples showed: ``fired`` on a failing one, ``problems`` as sentences."""

    code: str
    iri: str
    passing: int = 0
    failing: int = 0
    fired: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether it has both kinds of examples, fired, and nothing went otherwise than it should."""
        return self.fired and bool(self.passing and self.failing) and not self.problems

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form."""
        return {
            "shape": self.iri,
            "code": self.code,
            "passing": self.passing,
            "failing": self.failing,
            "fired": self.fired,
            "good": self.good,
            "problems": list(self.problems),
        }


def try_examples(folder: Path, *, today: date, own: bool = False) -> tuple[list[Tried], list[str]]:
    """What the examples of each reporting shape show, and the example files that belong to no shape.

    ``own`` allows the namespace of the catalog's levels. Raises UsageError for shapes that cannot be used.
    """
    tried: list[Tried] = []
    used: set[Path] = set()
    files = shape_files(folder)
    for path in files:
        shapes = load_shapes(path, own=own)
        for shape in shapes.by_iri.values():
            if not (shape.constraints or shape.rules):
                continue
            places = [folder / "examples" / path.stem / name_of(shape)]
            if len(files) == 1:
                places.append(folder / "examples" / name_of(shape))
            examples = [each for place in places for each in _examples(place)]
            used |= set(examples)
            tried.append(_try(shape, shapes, examples, today))
    root = folder / "examples"
    strays = [
        str(path.relative_to(folder))
        for path in sorted(root.rglob("*"))
        if path.is_file() and path not in used
    ]
    return tried, strays


def name_of(shape: Shape) -> str:
    """The last part of a shape's IRI: the name of the folder of its examples."""
    return shape.iri.replace("#", "/").rstrip("/").rpartition("/")[2]


def _examples(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from sorted(
            path
            for path in place.iterdir()
            if path.suffix in SUFFIXES and path.name.startswith(("pass", "fail")) and path.is_file()
        )


def _try(shape: Shape, shapes: Shapes, examples: list[Path], today: date) -> Tried:
    tried = Tried(shape.iri.rpartition("/")[2].replace("#", "-"), shape.iri)
    for path in examples:
        try:
            data = _data(path, today)
        except (CatalogError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            detail = error.detail if isinstance(error, CatalogError) else f"{type(error).__name__}: {error}"
            tried.problems.append(f"{path.name}: it cannot be read: {detail}")
            continue
        reporting = {result.shape.iri for result in shapes.validate(data)}
        if shapes.reach(data)[shape.iri] == 0:
            tried.problems.append(f"{path.name}: the shape met nothing to look at")
        if path.name.startswith("pass"):
            tried.passing += 1
            tried.problems += [f"{path.name}: {iri} reports it" for iri in sorted(reporting)]
            continue
        tried.failing += 1
        if shape.iri in reporting:
            tried.fired = True
        else:
            tried.problems.append(f"{path.name}: the shape does not report it")
        tried.problems += [
            f"{path.name}: {iri} reports it as well" for iri in sorted(reporting - {shape.iri})
        ]
    if not tried.passing:
        tried.problems.append("it has no passing example (pass*.json)")
    if not tried.failing:
        tried.problems.append("it has no failing example (fail*.json)")
    return tried


def _data(path: Path, today: date) -> Data:
    """The graph of an example with the authorities it names."""
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"an example has at most {MAX_BYTES >> 20} MiB", where=path.name)
    triples = _triples(path, today)
    data = Data(triples)
    named = {each.object.value for each in triples if isinstance(each.object, ox.NamedNode)}
    for iri in named:
        if ox.NamedNode(iri) not in data.nodes:
            data.add(index(vocabulary().authority_triples(iri)))
    return data


def _triples(path: Path, today: date) -> list[ox.Triple]:
    if path.suffix == ".ttl":
        return parse_bounded(path.read_bytes(), "turtle", path.name, DRAFT_IRI)
    if path.suffix in (".yaml", ".yml"):
        return _form_triples(path, today)
    document = json.loads(path.read_text(encoding="utf-8"))
    if path.suffix == ".json":
        return to_triples(document)
    own = document.get("@context", {})
    document["@context"] = [context_json(), *(own if isinstance(own, list) else [own])]
    return parse_bounded(json.dumps(document).encode(), "jsonld", path.name, DRAFT_IRI)


def _form_triples(path: Path, today: date) -> list[ox.Triple]:
    seen = look(path, path.name)
    if seen.reading is None:
        problems = "; ".join(item.text() for item in seen.findings)
        raise UnreadableInput(Sentence("{text}", text=problems), where=path.name)
    document = assess(seen.reading.forms[0], today=today).document
    public = public_document(document, ASSESSED, today, lambda _iri: True)
    assert public is not None  # a published standing always projects
    return to_triples(public)
