"""Things that have a page and are RDF: one address each, and a suffix for every representation."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyoxigraph as ox
from flask import Response, request

from catalog.exports import Export, exports, rdf_exports, write_triples
from server.public.errors import Refused
from server.public.languages import gettext
from server.public.negotiation import Offer, best
from server.public.responses import conditional, link
from server.public.site import etag, here, kept

PAGE = "html"
HTML = "text/html; charset=utf-8"
# What a client gets that does not say: data, as a browser always says that it wants a page.
DEFAULT = "turtle"
# Other names clients use for a syntax, beside its registered type.
ALIASES = {"turtle": ("application/x-turtle",), "jsonld": ("application/json",), "ntriples": ("text/plain",)}


def family(of_record: bool = False) -> dict[str, Export]:
    """The exports of a thing: all of them of a record, those that write any graph of anything else."""
    return exports() if of_record else rdf_exports()


def offers(of_record: bool = False) -> list[Offer[str]]:
    """The representations of a thing that are negotiated, data first."""
    data = [
        Offer((item.media_type, *ALIASES.get(item.name, ())), item.name)
        for item in family(of_record).values()
        if not item.profile
    ]
    return [*data, Offer(("text/html", "application/xhtml+xml"), PAGE)]


def wanted(extension: str, *, of_record: bool = False) -> str:
    """The representation to give: by suffix where there is one, else by negotiation.

    Raises Refused: ``not-found`` for a suffix nobody offers, ``not-acceptable`` with the list of what there is.
    """
    if extension:
        names = {item.extension: item.name for item in family(of_record).values()} | {PAGE: PAGE}
        if extension not in names:
            raise Refused("not-found")
        return names[extension]
    chosen = best(request.headers.get("Accept"), offers(of_record), default=DEFAULT)
    if chosen is None:
        available = [offer.media_types[0] for offer in offers(of_record)]
        detail = gettext("Ask for one of: %(types)s.", types=", ".join(available))
        raise Refused("not-acceptable", detail, {"available": available})
    return chosen


def split_name(name: str) -> tuple[str, str]:
    """A name and its suffix ("" when it has none that is offered: names of beamlines may hold dots)."""
    stem, _, ending = name.rpartition(".")
    known = {item.extension for item in family().values()} | {PAGE}
    return (stem, ending) if stem and ending in known else (name, "")


def represent(
    path: str,
    extension: str,
    page: Callable[[], str],
    data: Callable[[Export], bytes],
    *,
    keep: bool = False,
    of_record: bool = False,
) -> Response:
    """The response for the thing at ``path``, with ``Link`` headers to all its representations.

    ``keep`` has its page kept for the next who asks: for the few pages that many ask for. ``of_record`` offers
    the formats that only records are given out in as well.
    """
    chosen = wanted(extension, of_record=of_record)
    vary = () if extension else ("Accept",)
    if chosen == PAGE:
        tag = etag(PAGE)
        response = conditional(tag, HTML, kept(tag, page) if keep else page, vary=vary)
    else:
        export = exports()[chosen]
        response = conditional(etag(chosen), export.content_type, lambda: data(export), vary=vary)
    for item in family().values():
        response.headers.add(
            "Link", link(here(f"{path}.{item.extension}"), rel="alternate", type=item.media_type)
        )
    response.headers.add("Link", link(here(f"{path}.{PAGE}"), rel="alternate", type="text/html"))
    return response


def graph_writer(triples: Callable[[], Iterable[ox.Triple]]) -> Callable[[Export], bytes]:
    """Writes a graph in the syntax of an export. Raises Refused for an export that is no RDF syntax."""

    def write(export: Export) -> bytes:
        if export.rdf_format is None:
            raise Refused("not-acceptable")
        return write_triples(triples(), export.rdf_format)

    return write
