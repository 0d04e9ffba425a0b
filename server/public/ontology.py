"""What records are made of: the ontology, the JSON-LD context and the shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pyoxigraph as ox
from flask import Blueprint, Response, render_template

from catalog.exports import Export
from catalog.resources import data_root
from server.public import terms
from server.public.errors import Refused
from server.public.links import AUTHORITIES, NAMESPACE
from server.public.representations import graph_writer, represent, split_name
from server.public.responses import conditional
from server.public.shapes import LevelView, levels, shapes_files
from server.public.site import etag, site

blueprint = Blueprint("ontology", __name__)


@blueprint.get("/ontology")
@blueprint.get("/ontology.<extension>")
def ontology(extension: str = "") -> Response:
    """The terms of the ontology, as a page or as RDF."""
    source = _from_file(data_root() / "ontology" / "xafscat.ttl")
    return represent("/ontology", extension, _ontology_page, source, keep=True)


@blueprint.get("/context.jsonld")
def jsonld_context() -> Response:
    """The JSON-LD context of record documents."""
    path = data_root() / "ontology" / "context.jsonld"
    return conditional(etag("context"), "application/ld+json", path.read_bytes)


@blueprint.get("/shapes")
@blueprint.get("/shapes.<extension>")
def shapes(extension: str = "") -> Response:
    """All levels of shapes: what "valid" means here."""
    triples = graph_writer(lambda: [item for path in shapes_files().values() for item in _triples(path)])
    return represent("/shapes", extension, lambda: _shapes_page(levels(), single=False), triples, keep=True)


@blueprint.get("/shapes/<name>")
def level(name: str) -> Response:
    """The shapes of one level."""
    stem, extension = split_name(name)
    path = shapes_files().get(stem)
    if path is None:
        raise Refused("not-found")
    chosen = [item for item in levels() if item.name == stem]
    return represent(
        f"/shapes/{stem}", extension, lambda: _shapes_page(chosen, single=True), _from_file(path)
    )


def _shapes_page(shown: Iterable[LevelView], *, single: bool) -> str:
    return render_template("shapes.html", levels=list(shown), single=single)


def _ontology_page() -> str:
    vocabulary = site().vocabulary
    schemes = {kind: terms.authority(vocabulary, NAMESPACE + kind) for kind in AUTHORITIES}
    return render_template("ontology.html", terms=vocabulary.terms(), schemes=schemes)


def _from_file(path: Path) -> Callable[[Export], bytes]:
    """Turtle as it was written, with its comments; other syntaxes from its triples."""
    write = graph_writer(lambda: _triples(path))
    return lambda export: path.read_bytes() if export.rdf_format == ox.RdfFormat.TURTLE else write(export)


def _triples(path: Path) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(path=str(path))]
