"""Authorities: what records name, shipped (edges, facilities, concepts) or learned from them (physical samples).

Round-robins, which are learned as well, have a module of their own.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, render_template

from catalog.exports import rdf_exports
from catalog.mapping import RecordDocument
from server.public import terms
from server.public.errors import Refused
from server.public.languages import language
from server.public.links import AUTHORITIES, NAMESPACE
from server.public.materials import material_page
from server.public.representations import HTML, graph_writer, represent, split_name
from server.public.responses import conditional
from server.public.site import etag, kept, release, site
from server.public.view import Viewer

blueprint = Blueprint("authorities", __name__)

KIND = "any(" + ",".join(f"'{kind}'" for kind in AUTHORITIES) + ")"
_SLUG = re.compile(r"[A-Za-z0-9_~-]{1,1000}")


@blueprint.get(f"/<{KIND}:kind>")
def index(kind: str) -> Response:
    """All authorities of one kind."""
    tag = etag(f"authorities-{kind}")
    return conditional(tag, HTML, kept(tag, lambda: _index_page(kind)))


@blueprint.get(f"/<{KIND}:kind>/<name>")
def shipped(kind: str, name: str) -> Response:
    """A shipped authority: an edge, a facility, a beamline, a concept."""
    stem, extension = split_name(name)
    iri = f"{NAMESPACE}{kind}/{stem}"
    triples = site().vocabulary.authority_triples(iri)
    if not triples:
        raise Refused("not-found")
    if kind == "material":
        # What releases say of a material belongs to it: its links, and the mappings that vouch for them.
        triples = [*triples, *release().links_of(iri)]
    return represent(f"/{kind}/{stem}", extension, lambda: _page(iri, kind), graph_writer(lambda: triples))


@blueprint.get("/sample/<name>")
def sample(name: str) -> Response:
    """A physical sample that published records name."""
    stem, extension, iri, document = learned("sample", name)

    def page() -> str:
        name = Viewer(site().vocabulary, language(), release().base).text(document.get("sample_name"))
        return render_template(
            "sample.html", iri=iri, name=name, path=f"/sample/{stem}", formats=list(rdf_exports().values())
        )

    return represent(f"/sample/{stem}", extension, page, lambda export: export.write(document))


def learned(kind: str, name: str) -> tuple[str, str, str, RecordDocument]:
    """Name, suffix, IRI and document of a sample or a round-robin of this catalog. Raises Refused for no such thing."""
    stem, extension = split_name(name)
    iri = f"{release().base}/{kind}/{stem}"
    document = release().authority(iri) if _SLUG.fullmatch(stem) else None
    if document is None:
        raise Refused("not-found")
    return stem, extension, iri, document


def _index_page(kind: str) -> str:
    vocabulary = site().vocabulary
    scheme = terms.authority(vocabulary, NAMESPACE + kind)
    return render_template(
        "authorities.html", kind=kind, scheme=scheme, members=terms.members(vocabulary, kind)
    )


def _page(iri: str, kind: str) -> str:
    if kind == "material":
        return material_page(iri)
    vocabulary = site().vocabulary
    return render_template(
        "authority.html",
        term=terms.authority(vocabulary, iri),
        facts=terms.facts(vocabulary, iri, language()),
        kind=kind,
        formats=list(rdf_exports().values()),
    )
