"""Records: their pages, their data in every export, their files and curves."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyoxigraph as ox
from flask import Blueprint, Response, render_template, send_file
from werkzeug.urls import iri_to_uri

from catalog.exports import exports
from catalog.exports.citation import sentence
from catalog.exports.schemaorg import dataset
from catalog.facts import facts
from catalog.mapping import RDF_TYPE, RecordDocument
from server.public import signposts
from server.public.behind import record_query
from server.public.discovery import script
from server.public.errors import Refused
from server.public.languages import language
from server.public.linked import DatabaseView, linked
from server.public.links import web_link
from server.public.plot import drawing
from server.public.representations import HTML, PAGE, graph_writer, represent, wanted
from server.public.responses import conditional, link
from server.public.site import etag, here, release, site
from server.public.view import Viewer

blueprint = Blueprint("records", __name__)

_ID = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{8,64}")
_PART = re.compile(r"[A-Za-z0-9.-]{1,80}")
WITHDRAWN = "https://w3id.org/xafscat/ns#Withdrawn"
XSD_DATE = ox.NamedNode("http://www.w3.org/2001/XMLSchema#date")
# What remains to be said of a withdrawn record.
TOMBSTONE_DATES = {"issued": "http://purl.org/dc/terms/issued", "withdrawn": "https://schema.org/expires"}
TOMBSTONE_REASON = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#comment")


@blueprint.get("/record/<name>")
def record(name: str) -> Response:
    """A record, or the tombstone of a withdrawn one."""
    record_id, dot, extension = name.partition(".")
    if dot and not extension:
        raise Refused("not-found")
    document, withdrawn = find(record_id)
    if withdrawn:
        return _tombstone(document, wanted(extension, of_record=True))
    response = represent(
        f"/record/{record_id}",
        extension,
        lambda: _page(document),
        lambda export: export.write(document, release().catalog),
        of_record=True,
    )
    is_page = response.mimetype == "text/html" or extension == PAGE
    if is_page or not extension:
        for post in signposts.in_headers(document):
            # The page stands for the data, whose licence it names; what is metadata has a licence of its own.
            if post.relation != "license" or is_page:
                response.headers.add("Link", post.header())
    else:
        response.headers.add("Link", link(here(f"/record/{record_id}"), rel="describes", type="text/html"))
    if not is_page and (licence := web_link(site().metadata_license)):
        response.headers.add("Link", link(iri_to_uri(licence), rel="license"))
    return response


@blueprint.get("/record/<record_id>/linkset.json")
def linkset(record_id: str) -> Response:
    """The typed links of a record as a linkset."""
    document, withdrawn = find(record_id)
    if withdrawn:
        raise Refused("withdrawn")
    return signposts.linkset(document)


@blueprint.get("/record/<record_id>/files/<prefix>")
def file(record_id: str, prefix: str) -> Response:
    """A public data file, as it was deposited; the whole of it or the ranges asked for."""
    document, _ = find(record_id)
    found = release().file(record_id, prefix) if _DIGEST.fullmatch(prefix) else None
    if found is None:
        raise Refused("not-found")
    sha256 = found.path.name
    response = send_file(
        found.path,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=found.name,
        conditional=True,
        etag=sha256,
        max_age=0,
        # Not that of the bytes, which may have been deposited long before, or again by somebody who is not public.
        last_modified=datetime.fromisoformat(document["about"]["modified"]),
    )
    # Files are of any encoding, so a charset would be a guess; nothing is named as what a browser may execute.
    if response.status_code != 304:
        is_text = found.media_type.startswith("text/")
        response.headers["Content-Type"] = "text/plain" if is_text else "application/octet-stream"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
    response.headers.add("Link", link(here(f"/record/{record_id}"), rel="collection", type="text/html"))
    return response


@blueprint.get("/record/<record_id>/curve/<spectrum>.json")
def curve(record_id: str, spectrum: str) -> Response:
    """The points of a spectrum for a plot, as JSON."""
    find(record_id)
    found = release().curve(record_id, spectrum) if _PART.fullmatch(spectrum) else None
    if found is None:
        raise Refused("not-found")
    return conditional(etag("curve"), "application/json", lambda: found)


def find(record_id: str) -> tuple[RecordDocument, bool]:
    """The public document of a record, and whether it was withdrawn.

    Raises the same Refused ``not-found`` for a hidden record and one that never was.
    """
    entry = release().record(record_id) if _ID.fullmatch(record_id) else None
    if entry is None:
        raise Refused("not-found")
    return entry.document, entry.state == "withdrawn"


def _page(document: RecordDocument) -> str:
    current = release()
    view = Viewer(site().vocabulary, language(), current.base).record(document)
    curves = {item.anchor: current.curve(view.id, item.anchor) for item in view.spectra}
    return render_template(
        "record.html",
        record=view,
        plots={anchor: drawing(points) for anchor, points in curves.items() if points},
        formats=list(exports().values()),
        stated=(fact := facts(document, current.catalog)),
        citations={tag: sentence(fact, tag) for tag in ("en", "ja")},
        data=script(lambda: dataset(document, current.catalog)),
        query=record_query(view.iri),
        databases=_databases(document),
    )


def _databases(document: RecordDocument) -> list[DatabaseView]:
    """The links of the sample's material, and of the substance that it is a phase of."""
    material = document.get("sample", {}).get("material")
    if not material:
        return []
    broader = site().vocabulary.materials.values(material, "http://www.w3.org/2004/02/skos/core#broader")
    return linked(release().link_graph, [material, *broader], language())


def _tombstone(document: RecordDocument, chosen: str) -> Response:
    if chosen == PAGE:
        reason = Viewer(site().vocabulary, language(), release().base).text(document.get("reason"))
        page = render_template("tombstone.html", document=document, reason=reason)
        response = Response(page, 410, content_type=HTML)
    else:
        export = exports()[chosen]
        if export.rdf_format is None:
            raise Refused("withdrawn")
        content = graph_writer(lambda: _gone(document))(export)
        response = Response(content, 410, content_type=export.content_type)
    response.set_etag(etag(f"gone-{chosen}"))
    response.headers["Cache-Control"] = "public, no-cache"
    response.vary.add("Accept")
    return response


def _gone(document: Mapping[str, Any]) -> list[ox.Triple]:
    subject = ox.NamedNode(document["id"])
    triples = [ox.Triple(subject, RDF_TYPE, ox.NamedNode(WITHDRAWN))]
    triples += [
        ox.Triple(subject, ox.NamedNode(predicate), ox.Literal(str(document[key]), datatype=XSD_DATE))
        for key, predicate in TOMBSTONE_DATES.items()
        if key in document
    ]
    for tag, text in (document.get("reason") or {}).items():
        literal = ox.Literal(text) if tag == "@none" else ox.Literal(text, language=tag)
        triples.append(ox.Triple(subject, TOMBSTONE_REASON, literal))
    return triples
