"""The page of a material: its links, its records with those of its phases, their spectra over each other."""

from __future__ import annotations

from flask import render_template

from catalog.exports import rdf_exports
from catalog.linking.triples import NS, search_url
from server.public import terms
from server.public.behind import material_query
from server.public.discovery import page_number
from server.public.errors import Refused
from server.public.languages import gettext, language
from server.public.linked import linked
from server.public.overlays import overlays
from server.public.pages import line
from server.public.site import release, site
from server.public.view import Viewer

PAGE_SIZE = 50


def material_page(iri: str) -> str:
    """The page as HTML."""
    vocabulary, current = site().vocabulary, release()
    graph = vocabulary.materials
    phases = graph.values(iri, terms.SKOS + "narrower")
    page = page_number()
    total, entries = current.of_materials([iri, *phases], offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE)
    viewer = Viewer(vocabulary, language(), current.base)
    documents = [entry.document for entry in entries]
    pages = max(1, -(-total // PAGE_SIZE))
    if page > pages:
        raise Refused("not-found", gettext("The list has %(pages)s pages.", pages=pages))
    return render_template(
        "material.html",
        kind="material",
        term=terms.authority(vocabulary, iri),
        facts=terms.facts(vocabulary, iri, language()),
        siblings=terms.siblings(vocabulary, iri),
        databases=linked(current.link_graph, [iri, *graph.values(iri, terms.SKOS + "broader")], language()),
        lines=[line(viewer, document) for document in documents],
        total=total,
        page=page,
        pages=pages,
        overlays=overlays(documents),
        search=search_url(hill) if (hill := next(iter(graph.values(iri, NS + "formulaHill")), "")) else "",
        query=material_query(iri),
        formats=list(rdf_exports().values()),
    )
