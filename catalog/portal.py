"""The catalog as data portals read it: DCAT-AP 3.0.1 in pages, each complete in itself.

A page tells of the catalog, its publisher, licence and services, of a hundred data sets, and where the next page is.
Pages are in the order of record ids, so that a changed record changes its own page and no other; after the records
come the series that they make, of round-robins and of physical samples. Nothing on a page
depends on the number of the release: equal content gives equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from catalog.exports.dcat import series_triples
from catalog.exports.dcat import triples as dataset_triples
from catalog.facts import Texts, texts
from catalog.mapping import to_triples
from catalog.release_index import RecordRow
from catalog.releases import Release

PAGE = 100
DCAT = "http://www.w3.org/ns/dcat#"
DCTERMS = "http://purl.org/dc/terms/"
HYDRA = "http://www.w3.org/ns/hydra/core#"
XSD_INTEGER = ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
PREFIXES = {"hydra": HYDRA, "dcat": DCAT, "dcterms": DCTERMS}
# The services of a catalog: path, title, the standard each conforms to.
SERVICES = (
    (
        "/sparql",
        {"en": "SPARQL endpoint", "ja": "SPARQLエンドポイント"},
        "http://www.w3.org/TR/sparql11-protocol/",
    ),
    (
        "/oai",
        {"en": "OAI-PMH 2.0", "ja": "OAI-PMH 2.0"},
        "http://www.openarchives.org/OAI/openarchivesprotocol.html",
    ),
)


def pages_of(release: Release, size: int = PAGE) -> int:
    """How many pages the catalog has; an empty one has one."""
    return max(1, -(-members_total(release) // size))


def members_total(release: Release) -> int:
    """How many data sets and series the catalog lists."""
    return release.counts()["records"] + release.series(0, 0)[0]


def members(release: Release, offset: int, limit: int) -> tuple[list[RecordRow], list[str]]:
    """Some of what the catalog lists: records in the order of their ids, and after them samples and rounds by IRI."""
    records = release.counts()["records"]
    rows = release.shown(offset, limit)
    return rows, release.series(max(0, offset - records), limit - len(rows))[1]


def page_triples(release: Release, number: int, size: int = PAGE) -> list[ox.Triple]:
    """The graph of page ``number``, from 1."""
    found = list(_catalog(release, number, size))
    names: dict[str, Texts] = {}
    iri = f"{release.base}/catalog"
    rows, series = members(release, (number - 1) * size, size)
    for row in rows:
        document = release.entry(row).document
        for authority in (
            str((document.get("sample") or {}).get("specimen", "")),
            str(document.get("round", "")),
        ):
            if authority and authority not in names:
                names[authority] = _names(release, authority)
        found.append(_triple(iri, DCAT + "dataset", document["id"]))
        found += dataset_triples(document, release.catalog, names)
    for authority in series:
        listed, described = series_triples(authority, _names(release, authority), release.catalog)
        found += [_triple(iri, DCAT + "dataset", listed), *described]
    return found


def _names(release: Release, authority: str) -> Texts:
    known = release.authority(authority) or {}
    return texts(known.get("sample_name") or known.get("title"))


def service_iri(base: str, path: str) -> str:
    """The IRI of a service."""
    return f"{base}/catalog#{path.strip('/')}"


def _catalog(release: Release, number: int, size: int) -> Iterator[ox.Triple]:
    document = release.catalog
    iri, base, last = f"{release.base}/catalog", release.base, pages_of(release, size)
    yield from to_triples(document)
    licence = str(document.get("license", ""))
    if licence:
        yield _typed(licence, DCTERMS + "LicenseDocument")
    for path, names, standard in SERVICES:
        service = service_iri(base, path)
        yield _triple(iri, DCAT + "service", service)
        yield _typed(service, DCAT + "DataService")
        for tag, text in names.items():
            yield ox.Triple(
                ox.NamedNode(service), ox.NamedNode(DCTERMS + "title"), ox.Literal(text, language=tag)
            )
        yield _triple(service, DCAT + "endpointURL", base + path)
        yield _triple(service, DCTERMS + "conformsTo", standard)
        yield _typed(standard, DCTERMS + "Standard")
        yield _triple(service, DCAT + "servesDataset", iri)
    view = page_address(base, number)
    yield _typed(iri, HYDRA + "Collection")
    total = ox.Literal(str(members_total(release)), datatype=XSD_INTEGER)
    yield ox.Triple(ox.NamedNode(iri), ox.NamedNode(HYDRA + "totalItems"), total)
    yield _triple(iri, HYDRA + "view", view)
    yield _typed(view, HYDRA + "PartialCollectionView")
    yield _triple(view, HYDRA + "first", page_address(base, 1))
    yield _triple(view, HYDRA + "last", page_address(base, last))
    if number > 1:
        yield _triple(view, HYDRA + "previous", page_address(base, number - 1))
    if number < last:
        yield _triple(view, HYDRA + "next", page_address(base, number + 1))


def page_address(base: str, number: int) -> str:
    """The address of a page, on the catalog's own base."""
    return f"{base}/catalog?page={number}"


def _triple(subject: str, predicate: str, target: str) -> ox.Triple:
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(target))


def _typed(subject: str, kind: str) -> ox.Triple:
    return ox.Triple(ox.NamedNode(subject), TYPE, ox.NamedNode(kind))
