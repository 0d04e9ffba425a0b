"""A record as DCAT-AP 3.0.1 in RDF/XML, for data portals."""

from __future__ import annotations

from collections.abc import Mapping

import pyoxigraph as ox

from catalog.exports import Export, Harvested, write_triples
from catalog.exports._dcat import DCAT, SERIES, dataset, round_series, sample_series
from catalog.exports._rdfxml import TYPE, Node, rdf_xml, triple_of
from catalog.facts import Texts, facts
from catalog.mapping import RecordDocument

PROFILE = "http://data.europa.eu/r5r/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def triples(
    document: RecordDocument,
    catalog: RecordDocument | None = None,
    series_names: Mapping[str, Texts] | None = None,
) -> list[ox.Triple]:
    """The graph of the data set; ``series_names`` are what samples and rounds are called where several records tell
    of them."""
    return list(map(triple_of, dataset(facts(document, catalog), series_names)))


def series_triples(
    iri: str, names: Texts, catalog: RecordDocument | None = None
) -> tuple[str, list[ox.Triple]]:
    """IRI and graph of the data sets of a round-robin or of a physical sample, as a series of their own."""
    fact = facts({"id": iri}, catalog)
    is_round = iri.rpartition("/")[0].endswith("/round")
    listed = iri if is_round else iri + SERIES
    said = (round_series if is_round else sample_series)(fact, iri, names)
    page = [(listed, TYPE, Node(DCAT + "Dataset")), (listed, DCAT + "landingPage", Node(iri))]
    return listed, list(map(triple_of, [*page, *said]))


def write(document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
    """The data set in RDF/XML."""
    return write_triples(triples(document, catalog), ox.RdfFormat.RDF_XML)


def payload(document: RecordDocument, catalog: RecordDocument | None = None) -> str:
    """The same for OAI-PMH."""
    return rdf_xml(dataset(facts(document, catalog)))


EXPORT = Export(
    name="dcat",
    media_type="application/rdf+xml",
    profile=PROFILE,
    extension="dcat",
    title={"en": "DCAT-AP 3", "ja": "DCAT-AP 3"},
    write=write,
    order=65,
    oai=(Harvested("dcat", "http://www.openarchives.org/OAI/2.0/rdf.xsd", RDF, payload),),
)
