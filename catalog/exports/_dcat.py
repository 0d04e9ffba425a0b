"""A record as DCAT-AP 3.0.1 describes a data set: what portals read, without the spectra's own properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog.authorities import ROUND_DESCRIPTION
from catalog.exports._rdfxml import TYPE, XSD, Literal, Node, Statement
from catalog.facts import SAME_AS, Facts, Named, Texts, best
from catalog.ids import NO_PUBLISHER

DCAT = "http://www.w3.org/ns/dcat#"
DCTERMS = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
SPDX = "http://spdx.org/rdf/terms#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
# The data theme of the EU Publications Office that natural science belongs to.
SCIENCE = "http://publications.europa.eu/resource/authority/data-theme/TECH"
ORG = "http://www.w3.org/ns/org#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
PROV = "http://www.w3.org/ns/prov#"
XAFS = "https://w3id.org/xafscat/ns#"
VCARD = "http://www.w3.org/2006/vcard/ns#"
# The role of a funder, of the Library of Congress' list of relators: DCAT leaves roles to such lists.
FUNDER = "http://id.loc.gov/vocabulary/relators/fnd"
SERIES = "#datasets"
DATE_TYPES = ("gYear", "gYearMonth", "date")


def triple(subject: str, predicate: str, value: Node | Literal | str) -> Statement:
    """A statement; a plain text becomes a literal."""
    return subject, predicate, Literal(value) if isinstance(value, str) else value


def typed(subject: str, *kinds: str) -> Iterator[Statement]:
    """What a thing is."""
    for kind in kinds:
        yield subject, TYPE, Node(kind)


def said(subject: str, predicate: str, pairs: Texts) -> Iterator[Statement]:
    """A text in its languages."""
    for tag, text in pairs:
        yield subject, predicate, Literal(text, tag)


def date_literal(text: str) -> Literal:
    """A date-time, a date, a month or a year with its type."""
    kind = "dateTime" if "T" in text else DATE_TYPES[text.count("-")]
    return Literal(text, datatype=XSD + kind)


def dataset(fact: Facts, series_names: Mapping[str, Texts] | None = None) -> Iterator[Statement]:
    """The data set, its distributions, people, licences and series.

    ``series_names`` are the names of physical samples and round-robins, by IRI, where several records of one are
    described together: each record may call it something else.
    """
    iri = fact.iri
    yield from typed(iri, DCAT + "Dataset")
    yield from said(iri, DCTERMS + "title", fact.titles)
    yield from said(iri, DCTERMS + "description", fact.descriptions or fact.titles)
    yield from said(iri, RDFS + "comment", fact.notes)
    for identifier in dict.fromkeys((fact.identifier, iri)):
        yield triple(iri, DCTERMS + "identifier", identifier)
    yield triple(iri, DCAT + "landingPage", Node(iri))
    for word in fact.keywords:
        yield triple(iri, DCAT + "keyword", Literal(word, "en"))
    yield from said(iri, DCAT + "keyword", fact.sample)
    yield triple(iri, DCAT + "theme", Node(SCIENCE))
    yield from typed(SCIENCE, SKOS + "Concept")
    yield from said(SCIENCE, SKOS + "prefLabel", (("en", "Science and technology"),))
    for edge in fact.edges:
        if edge.iri:
            yield triple(iri, DCTERMS + "subject", Node(edge.iri))
    for mode in fact.modes:
        yield from _named(iri, DCTERMS + "subject", mode, mode.iri, SKOS + "Concept")
    if fact.kind:
        yield from _named(iri, DCTERMS + "type", fact.kind, fact.kind.iri, SKOS + "Concept")
    yield from _instrument(fact)
    yield from _agents(fact)
    yield from contact(fact, iri)
    yield from _funding(fact)
    # Of the data set as well as of its files: a record may describe none.
    yield from licence(iri, fact.licence)
    dates = (("issued", fact.issued), ("modified", fact.modified), ("available", fact.public_from))
    for key, value in dates:
        if value:
            yield triple(iri, DCTERMS + key, date_literal(value))
    if fact.access:
        yield triple(iri, DCTERMS + "accessRights", Node(fact.access))
        yield from typed(fact.access, DCTERMS + "RightsStatement")
    for paper in fact.papers:
        yield triple(iri, DCTERMS + "isReferencedBy", Node(paper))
    yield from _temporal(fact)
    yield from _series(fact, series_names or {})
    yield from _distributions(fact)


def publisher(fact: Facts) -> str:
    """The IRI of the publisher."""
    return fact.publisher.iri or f"{fact.catalog.iri or fact.iri}#publisher"


def contact(fact: Facts, subject: str) -> Iterator[Statement]:
    """Whom to ask about a resource, with an address of e-mail or of a page."""
    if fact.contact:
        iri, address = fact.contact.iri, fact.contact_address
        yield triple(subject, DCAT + "contactPoint", Node(iri))
        yield from typed(iri, VCARD + "Kind", VCARD + "Organization")
        yield from said(iri, VCARD + "fn", fact.contact.names)
        yield triple(iri, VCARD + ("hasEmail" if address.startswith("mailto:") else "hasURL"), Node(address))


def licence(subject: str, iri: str) -> Iterator[Statement]:
    """A licence, typed: readers refuse one that is not."""
    if iri:
        yield triple(subject, DCTERMS + "license", Node(iri))
        yield from typed(iri, DCTERMS + "LicenseDocument")


def _named(subject: str, predicate: str, item: Named, iri: str, kind: str) -> Iterator[Statement]:
    """What a data set has, with its type and names."""
    yield triple(subject, predicate, Node(iri))
    yield from typed(iri, kind)
    yield from said(iri, SKOS + "prefLabel", item.names)


def _instrument(fact: Facts) -> Iterator[Statement]:
    """Where it was measured: the facility as a place as well, as DCAT has no word for facilities."""
    if fact.facility:
        place = fact.facility.iri or f"{fact.iri}#facility"
        yield from _named(fact.iri, XAFS + "facility", fact.facility, place, DCTERMS + "Location")
        yield triple(fact.iri, DCTERMS + "spatial", Node(place))
    if fact.beamline:
        beamline = fact.beamline.iri or f"{fact.iri}#beamline"
        yield from _named(fact.iri, XAFS + "beamline", fact.beamline, beamline, XAFS + "Beamline")
    if fact.laboratory_source:
        yield triple(fact.iri, XAFS + "laboratorySource", fact.laboratory_source)


def _agents(fact: Facts) -> Iterator[Statement]:
    yield triple(fact.iri, DCTERMS + "publisher", Node(publisher(fact)))
    yield from typed(publisher(fact), FOAF + "Agent")
    # An agent must have a name.
    yield from said(publisher(fact), FOAF + "name", fact.publisher.names or tuple(NO_PUBLISHER.items()))
    if fact.publisher_iri:
        yield triple(publisher(fact), SAME_AS, Node(fact.publisher_iri))
    for number, creator in enumerate(fact.creators, 1):
        # The credit as printed here: what an ORCID is called elsewhere is said elsewhere.
        iri = f"{fact.iri}#credit-{number}.agent"
        yield triple(fact.iri, DCTERMS + "creator", Node(iri))
        yield from typed(iri, *([FOAF + creator.kind] if creator.kind else []), FOAF + "Agent")
        yield from said(iri, FOAF + "name", creator.names)
        if creator.iri:
            yield triple(iri, DCTERMS + "identifier", creator.iri)
        if creator.affiliation:
            place = f"{iri}.affiliation"
            yield triple(iri, ORG + "memberOf", Node(place))
            yield from typed(place, FOAF + "Organization", FOAF + "Agent")
            yield from said(place, FOAF + "name", creator.affiliation.names)
            if creator.affiliation.iri:
                yield triple(place, DCTERMS + "identifier", creator.affiliation.iri)


def _funding(fact: Facts) -> Iterator[Statement]:
    for number, item in enumerate(fact.funding, 1):
        grant = f"{fact.iri}#funding-{number}"
        # As printed here, like a creator.
        funder = f"{grant}.funder"
        yield triple(fact.iri, PROV + "qualifiedAttribution", Node(grant))
        yield from typed(grant, PROV + "Attribution")
        yield triple(grant, DCAT + "hadRole", Node(FUNDER))
        yield triple(grant, PROV + "agent", Node(funder))
        yield from typed(funder, FOAF + "Organization", FOAF + "Agent")
        yield from said(funder, FOAF + "name", item.funder.names)
        if item.funder.iri:
            yield triple(funder, DCTERMS + "identifier", item.funder.iri)
        if item.award:
            yield triple(grant, DCTERMS + "identifier", item.award)
        yield from said(grant, DCTERMS + "title", item.title)
        if item.url:
            yield triple(grant, FOAF + "page", Node(item.url))
            yield from typed(item.url, FOAF + "Document")
    if fact.funding:
        yield from typed(FUNDER, DCAT + "Role", SKOS + "Concept")
        yield from said(FUNDER, SKOS + "prefLabel", (("en", "Funder"), ("ja", "資金提供者")))


def _temporal(fact: Facts) -> Iterator[Statement]:
    for number, text in enumerate(fact.collected, 1):
        period = f"{fact.iri}#collected-{number}"
        start, _, end = text.partition("/")
        yield triple(fact.iri, DCTERMS + "temporal", Node(period))
        yield from typed(period, DCTERMS + "PeriodOfTime")
        yield triple(period, DCAT + "startDate", date_literal(start))
        yield triple(period, DCAT + "endDate", date_literal(end or start))


def _series(fact: Facts, names: Mapping[str, Texts]) -> Iterator[Statement]:
    if fact.round:
        yield triple(fact.iri, DCAT + "inSeries", Node(fact.round.iri))
        yield from round_series(fact, fact.round.iri, names.get(fact.round.iri) or fact.round.names)
    if fact.specimen:
        yield triple(fact.iri, DCAT + "inSeries", Node(fact.specimen + SERIES))
        yield from sample_series(fact, fact.specimen, names.get(fact.specimen) or fact.sample)
    if fact.collection:
        # Publisher and contact of one that is not ours are not for this catalog to say.
        yield triple(fact.iri, DCAT + "inSeries", Node(fact.collection))
        titles = (("en", f"Collection {fact.collection}"), ("ja", f"データ集 {fact.collection}"))
        yield from _one_series(fact.collection, titles, titles)


def round_series(fact: Facts, iri: str, names: Texts) -> Iterator[Statement]:
    """The series of a round-robin's data sets."""
    yield from _one_series(iri, names, tuple(ROUND_DESCRIPTION.items()))
    yield from _answerable(fact, iri)


def sample_series(fact: Facts, specimen: str, names: Texts) -> Iterator[Statement]:
    """The series of the data sets of a physical sample."""
    sample = best(names) or specimen.rpartition("/")[2]
    titles = (("en", f"Spectra of the physical sample: {sample}"), ("ja", f"同一試料のスペクトル: {sample}"))
    yield from _one_series(specimen + SERIES, titles, titles)
    yield from _answerable(fact, specimen + SERIES)


def _one_series(iri: str, titles: Texts, descriptions: Texts) -> Iterator[Statement]:
    yield from typed(iri, DCAT + "DatasetSeries")
    yield from said(iri, DCTERMS + "title", titles)
    yield from said(iri, DCTERMS + "description", descriptions)


def _answerable(fact: Facts, series: str) -> Iterator[Statement]:
    """The catalog's publisher and contact, for a series that it makes."""
    yield triple(series, DCTERMS + "publisher", Node(publisher(fact)))
    yield from contact(fact, series)


def _distributions(fact: Facts) -> Iterator[Statement]:
    for number, file in enumerate(fact.files, 1):
        iri = f"{fact.iri}#distribution-{number}"
        yield triple(fact.iri, DCAT + "distribution", Node(iri))
        yield from typed(iri, DCAT + "Distribution")
        if file.name:
            yield triple(iri, DCTERMS + "title", file.name)
        yield triple(iri, DCAT + "accessURL", Node(fact.iri))
        yield from licence(iri, file.licence)
        if file.url:
            yield triple(iri, DCAT + "downloadURL", Node(file.url))
        if file.media_type:
            media_type = Node(MEDIA_TYPES + file.media_type)
            for predicate in (DCAT + "mediaType", DCTERMS + "format"):
                yield triple(iri, predicate, media_type)
            yield from typed(media_type.name, DCTERMS + "MediaType", DCTERMS + "MediaTypeOrExtent")
        if file.bytes is not None:
            size = Literal(str(file.bytes), datatype=XSD + "nonNegativeInteger")
            yield triple(iri, DCAT + "byteSize", size)
        if file.sha256:
            checksum = f"{iri}.checksum"
            yield triple(iri, SPDX + "checksum", Node(checksum))
            yield from typed(checksum, SPDX + "Checksum")
            yield triple(checksum, SPDX + "algorithm", Node(SPDX + "checksumAlgorithm_sha256"))
            yield from typed(SPDX + "checksumAlgorithm_sha256", SPDX + "ChecksumAlgorithm")
            value = Literal(file.sha256, datatype=XSD + "hexBinary")
            yield triple(checksum, SPDX + "checksumValue", value)
