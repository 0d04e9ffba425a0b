"""How machines find what is here: sitemap, robots, the catalog's pages for portals, the list of interfaces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, request
from lxml import etree

from catalog.errors import CatalogError
from catalog.exports import exports, write_triples
from catalog.facts import texts
from catalog.ids import NO_PUBLISHER
from catalog.mapping import RecordDocument
from catalog.portal import PREFIXES, members, members_total, page_triples, pages_of
from catalog.release_index import RecordRow
from server.public.errors import Refused
from server.public.languages import gettext
from server.public.representations import PAGE, wanted
from server.public.responses import link
from server.public.site import here, release, site

blueprint = Blueprint("discovery", __name__)

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
PAGES = ("/", "/records", "/sparql", "/ontology", "/shapes")
API_CATALOG = "https://www.rfc-editor.org/info/rfc9727"
LINKSET = "application/linkset+json"


def by_content(content: bytes, content_type: str, vary: Iterable[str] = ()) -> Response:
    """A response whose tag is its content's, so that a release that changes nothing here changes no tag."""
    response = Response(content, content_type=content_type)
    response.headers["Cache-Control"] = "public, no-cache"
    response.vary.update(vary)
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/catalog")
@blueprint.get("/catalog.<extension>")
def catalog(extension: str = "") -> Response:
    """The catalog as DCAT, a page at a time; for a browser its page is the start page."""
    chosen = wanted(extension)
    if chosen == PAGE:
        response = Response(status=303, headers={"Location": here("/")})
        response.vary.add("Accept")
        return response
    number, current, size = page_number(), release(), site().portal_page
    last = pages_of(current, size)
    if number > last:
        raise Refused("not-found", gettext("The list has %(pages)s pages.", pages=last))
    export = exports()[chosen]
    assert export.rdf_format is not None
    content = write_triples(page_triples(current, number, size), export.rdf_format, PREFIXES)
    response = by_content(content, export.content_type, () if extension else ("Accept",))
    for relation, target in (("first", 1), ("prev", number - 1), ("next", number + 1), ("last", last)):
        if 1 <= target <= last:
            response.headers.add("Link", link(f"{current.base}/catalog?page={target}", rel=relation))
    return response


def page_number() -> int:
    """The page asked for. Raises Refused."""
    text = request.args.get("page", "1")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 10**8 or len(text) > 9:
        raise Refused("bad-request", gettext("The page is a number from 1."))
    return int(text)


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Crawlers may read every page; queries are no pages."""
    lines = ["User-agent: *", "Disallow: /sparql?", "Allow: /"]
    with suppress(CatalogError):  # where nothing is published yet, there is nothing to find
        lines.append(f"Sitemap: {release().base}/sitemap.xml")
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """The pages of the site, or the list of their parts where they are too many for one."""
    parts = _sitemaps()
    if parts == 1:
        return _urls(1)
    root = etree.Element(f"{{{SITEMAP}}}sitemapindex", nsmap={None: SITEMAP})  # type: ignore[dict-item]
    for number in range(1, parts + 1):
        place = etree.SubElement(root, f"{{{SITEMAP}}}sitemap")
        etree.SubElement(place, f"{{{SITEMAP}}}loc").text = f"{release().base}/sitemap-{number}.xml"
    return by_content(etree.tostring(root, encoding="UTF-8", xml_declaration=True), "application/xml")


@blueprint.get("/sitemap-<int:number>.xml")
def sitemap_part(number: int) -> Response:
    """One part of the sitemap."""
    if not 1 <= number <= _sitemaps():
        raise Refused("not-found")
    return _urls(number)


def _sitemaps() -> int:
    return max(1, -(-(members_total(release()) + len(PAGES)) // site().sitemap_size))


def _urls(number: int) -> Response:
    base, size = release().base, site().sitemap_size
    begin = (number - 1) * size
    addresses: list[tuple[str, RecordRow | None]] = [
        (base + path, None) for path in PAGES[begin : begin + size]
    ]
    rows, series = members(release(), max(0, begin - len(PAGES)), size - len(addresses))
    addresses += [(f"{base}/record/{row.id}", row) for row in rows]
    # When the page of a sample or round last changed is not kept: a record may have left it.
    addresses += [(iri, None) for iri in series]
    root = etree.Element(f"{{{SITEMAP}}}urlset", nsmap={None: SITEMAP})  # type: ignore[dict-item]
    for address, row in addresses:
        place = etree.SubElement(root, f"{{{SITEMAP}}}url")
        etree.SubElement(place, f"{{{SITEMAP}}}loc").text = address
        if row is not None:
            etree.SubElement(place, f"{{{SITEMAP}}}lastmod").text = row.modified.strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            )
    return by_content(etree.tostring(root, encoding="UTF-8", xml_declaration=True), "application/xml")


@blueprint.get("/.well-known/api-catalog")
def api_catalog() -> Response:
    """The interfaces of this catalog (RFC 9727)."""
    base = release().base
    own = f"{base}/.well-known/api-catalog"
    interfaces: dict[str, dict[str, Any]] = {
        f"{base}/sparql": {
            "service-desc": [{"href": f"{base}/sparql", "type": "text/turtle"}],
            "service-doc": [{"href": f"{base}/sparql?format=html", "type": "text/html"}],
        },
        f"{base}/oai": {"service-desc": [{"href": f"{base}/oai?verb=Identify", "type": "text/xml"}]},
        f"{base}/catalog": {"service-desc": [{"href": f"{base}/catalog", "type": "text/turtle"}]},
        f"{base}/q": {"service-desc": [{"href": f"{base}/api/openapi.json", "type": "application/json"}]},
        f"{base}/sitemap.xml": {"service-meta": [{"href": f"{base}/robots.txt", "type": "text/plain"}]},
        f"{base}/.well-known/void": {"service-meta": [{"href": f"{base}/catalog", "type": "text/turtle"}]},
    }
    linkset: list[dict[str, Any]] = [{"anchor": own, "item": [{"href": anchor} for anchor in interfaces]}]
    linkset += [{"anchor": anchor, **links} for anchor, links in interfaces.items()]
    content = json.dumps({"linkset": linkset}, indent=1).encode() + b"\n"
    response = by_content(content, f'{LINKSET}; profile="{API_CATALOG}"')
    response.headers.add("Link", link(own, rel="api-catalog"))
    return response


def data_catalog() -> dict[str, Any]:
    """The catalog as schema.org has it, for the start page."""
    current = release()
    document = current.catalog
    return {
        "@context": "https://schema.org/",
        "@type": "DataCatalog",
        "@id": f"{current.base}/catalog",
        "url": f"{current.base}/",
        "name": _said(document.get("title")),
        "description": _said(document.get("description")),
        "license": document.get("license", ""),
        **_publisher(document.get("publisher") or {}),
        "isAccessibleForFree": True,
        "numberOfItems": current.counts()["records"],
    }


def _publisher(agent: RecordDocument) -> dict[str, Any]:
    if agent.get("name", NO_PUBLISHER) == NO_PUBLISHER:
        return {}
    known = {"@id": agent["same_as"]} if "same_as" in agent else {}
    return {"publisher": {"@type": "Organization", **known, "name": _said(agent["name"])}}


def _said(value: Any) -> list[Any]:
    return [{"@value": text, "@language": tag} if tag else text for tag, text in texts(value)]


def script(make: Callable[[], dict[str, Any]]) -> str:
    """JSON for a script element of a page: nothing in it can end the element or begin another."""
    text = json.dumps(make(), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
