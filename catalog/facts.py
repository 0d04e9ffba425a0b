"""The facts of a record that every harvest format states, taken once from its public document.

Formats differ in how they say things, never in what they say: each is written from these facts. Terms are the
vocabulary's own; the catalog's document gives the publisher's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote

from catalog.ids import NO_PUBLISHER, doi_address, stated_identity
from catalog.mapping import RecordDocument
from catalog.vocabulary import vocabulary

COAR_OPEN = "http://purl.org/coar/access_right/c_abf2"
COAR_EMBARGOED = "http://purl.org/coar/access_right/c_f1cf"
COAR_DATASET = "http://purl.org/coar/resource_type/c_ddb1"
DOI, ORCID, ROR = "https://doi.org/", "https://orcid.org/", "https://ror.org/"
EDGE_SCHEME = "https://w3id.org/xafscat/edge"
SAME_AS, COUNTRY = "http://www.w3.org/2002/07/owl#sameAs", "https://schema.org/addressCountry"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
# Where a measurement says when it began and ended, as exactly as it was stated.
STARTS = ("started", "date", "date_month", "date_year")
ENDS = ("ended", "ended_date", "ended_month", "ended_year")
_ORDER = {"en": 0, "@none": 1, "ja": 2}
# Everything XML 1.0 has no way to write.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Texts = tuple[tuple[str, str], ...]
_T = TypeVar("_T")


class Named(NamedTuple):
    """Something with a name in languages and, where it is identified, an IRI."""

    names: Texts
    iri: str = ""


class Creator(NamedTuple):
    """A credit as printed: names by language, ORCID or ROR address or "", affiliation or None.

    ``kind`` is "Person", "Organization", or "" for who states no id and may be a person or a group.
    """

    names: Texts
    iri: str
    affiliation: Named | None
    kind: str


class DataFile(NamedTuple):
    """A data file; ``url`` is "" while it is not open."""

    name: str
    media_type: str
    bytes: int | None
    sha256: str
    url: str
    licence: str


class Funding(NamedTuple):
    """Who paid, as printed, with the funder's ROR or Crossref address or ""; number, title, address of the award."""

    funder: Named
    award: str
    title: Texts
    url: str


class Edge(NamedTuple):
    """An absorption edge of a spectrum: element, shell, and the edge's IRI where it is tabulated."""

    element: str
    shell: str
    iri: str

    @property
    def text(self) -> str:
        """The edge as people write it: ``Fe K-edge``."""
        return f"{self.element} {self.shell}-edge"


class Facts(NamedTuple):
    """What harvest formats say of one record. Texts are (language tag or "", text) pairs, English first.

    ``publisher`` has no names where none is stated; ``publisher_iri`` is its own address, beside the catalog's for it.
    """

    iri: str
    doi: str
    titles: Texts
    descriptions: Texts
    notes: Texts
    creators: tuple[Creator, ...]
    publisher: Named
    publisher_iri: str
    catalog: Named
    contact: Named | None
    contact_address: str
    issued: str
    modified: str
    available: str
    collected: tuple[str, ...]
    licence: str
    licence_id: str
    licence_names: Texts
    access: str
    access_names: Texts
    kind: Named | None
    edges: tuple[Edge, ...]
    techniques: tuple[Named, ...]
    modes: tuple[Named, ...]
    facility: Named | None
    facility_ror: str
    country: str
    beamline: Named | None
    laboratory_source: str
    sample: Texts
    formula: str
    cas: str
    specimen: str
    round: Named | None
    funding: tuple[Funding, ...]
    papers: tuple[str, ...]
    collection: str
    references: tuple[str, ...]
    files: tuple[DataFile, ...]
    metadata_licence: str
    energy_ev: tuple[str, str]
    levels: tuple[str, ...]

    @property
    def identifier(self) -> str:
        """The address to cite: the DOI's where there is one, else the record's."""
        return doi_address(self.doi) if self.doi else self.iri

    @property
    def id(self) -> str:
        """The record's own short id."""
        return self.iri.rpartition("/")[2]

    @property
    def year(self) -> str:
        """The year of publication."""
        return self.issued[:4]

    @property
    def is_open(self) -> bool:
        """Whether the data are open to everybody."""
        return self.access == COAR_OPEN

    @property
    def public_from(self) -> str:
        """The day the data are to be had from, where one is stated or they are open; else ""."""
        return self.available or (self.issued if self.is_open else "")

    @property
    def elements(self) -> tuple[str, ...]:
        """The symbols of the absorbing elements, each once."""
        return tuple(dict.fromkeys(edge.element for edge in self.edges))

    @property
    def keywords(self) -> tuple[str, ...]:
        """Words to find the record by, in English."""
        words = [edge.text for edge in self.edges]
        terms = (*self.techniques, *self.modes, *([self.kind] if self.kind else []))
        words += [best(item.names) for item in terms]
        words += [*self.elements, self.formula, "XAFS"]
        return tuple(dict.fromkeys(word for word in words if word))


def facts(document: RecordDocument, catalog: RecordDocument | None = None) -> Facts:
    """The facts of a published record's public document; never of a tombstone."""
    spectra = _list(document.get("spectra"))
    measurements = [spectrum.get("measurement") or {} for spectrum in spectra]
    licence = str(document.get("license", ""))
    facility = _named(document.get("facility"))
    ror, country = _known(facility.iri) if facility else ("", "")
    sample = document.get("sample") or {}
    about = document.get("about") or {}
    own = catalog or {}
    publisher, contact = own.get("publisher") or {}, own.get("contact_point") or {}
    titles, published_by = texts(document.get("title")), publisher.get("name")
    return Facts(
        iri=str(document["id"]),
        doi=unquote(str(document.get("doi", "")).removeprefix(DOI)),
        titles=titles or (("", str(document["id"])),),
        descriptions=texts(document.get("description")),
        notes=texts(document.get("note")),
        creators=tuple(_creator(item) for item in _list(document.get("credits"))),
        publisher=Named(
            texts(published_by if published_by != NO_PUBLISHER else None), str(publisher.get("id", ""))
        ),
        publisher_iri=str(publisher.get("same_as", "")),
        catalog=Named(texts(own.get("title")), str(document.get("catalog", ""))),
        contact=Named(texts(contact.get("contact_name")), str(contact["id"])) if contact else None,
        contact_address=str(contact.get("contact_email") or contact.get("contact_page") or ""),
        issued=str(document.get("issued", "")),
        modified=str(about.get("modified", "")),
        available=str(document.get("available", "")),
        collected=_collected(measurements),
        licence=licence,
        licence_id=_notation(licence),
        licence_names=_labels(licence),
        access=str(document.get("access", "")),
        access_names=_labels(str(document.get("access", ""))),
        kind=_named(document.get("kind")),
        edges=_once([edge for spectrum in spectra for edge in _edges(spectrum)]),
        techniques=_each(measurements, "technique"),
        modes=_each(measurements, "mode"),
        facility=facility,
        facility_ror=ror,
        country=country,
        beamline=_named(document.get("beamline")),
        laboratory_source=xml_text(str(document.get("laboratory_source", ""))),
        sample=texts(sample.get("sample_name")),
        formula=str(sample.get("formula") or sample.get("formula_reduced") or ""),
        cas=str(sample.get("cas", "")),
        specimen=str(sample.get("specimen", "")),
        round=_round(document),
        funding=tuple(_funding(grant) for grant in _list(document.get("funding"))),
        papers=tuple(str(paper) for paper in _list(document.get("papers"))),
        collection=str(document.get("collection", "")),
        references=_references(spectra, str(document["id"])),
        files=tuple(_file(file, licence) for spectrum in spectra for file in _list(spectrum.get("files"))),
        metadata_licence=str(about.get("license", "")),
        energy_ev=_range(spectra),
        levels=tuple(str(level) for level in _list(document.get("conforms_to"))),
    )


def texts(value: Mapping[str, Any] | None) -> Texts:
    """A language map as pairs: English first, then Japanese, then the others; "" is no language."""
    if not value:
        return ()
    pairs = []
    for tag in _ranked(tuple(value)) if len(value) > 1 else value:
        found, language = value[tag], "" if tag == "@none" else tag
        if isinstance(found, str):
            pairs.append((language, xml_text(found)))
        else:
            pairs += [(language, xml_text(str(text))) for text in _list(found)]
    return tuple(pairs)


@lru_cache(maxsize=256)
def _ranked(tags: tuple[str, ...]) -> list[str]:
    return sorted(tags, key=lambda tag: (_ORDER.get(tag, 3), tag))


def best(pairs: Texts, language: str = "en") -> str:
    """The text in ``language``, else the first there is, else ""."""
    found = [text for tag, text in pairs if tag == language]
    return (found and found[0]) or (pairs[0][1] if pairs else "")


def xml_text(text: str) -> str:
    """The text with every character that XML cannot hold as the replacement character."""
    # What can be printed can be written; looking costs a tenth of replacing.
    return text if text.isprintable() else _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _creator(credit: RecordDocument) -> Creator:
    agent = credit.get("agent")
    iri = agent if isinstance(agent, str) else ""
    names, place = texts(credit.get("credit_name")), _place(credit)
    if not iri or iri.startswith(ORCID):
        return Creator(names, iri, place, "Person" if iri else "")
    return Creator(names, iri if iri.startswith(ROR) else _known(iri)[0], place, "Organization")


def _place(credit: RecordDocument) -> Named | None:
    printed, target = texts(credit.get("affiliation_name")), credit.get("affiliation")
    iri = target if isinstance(target, str) else ""
    if not iri.startswith(ROR):
        iri = _known(iri)[0] if iri else ""
    names = printed or (_labels(target) if isinstance(target, str) else ())
    return Named(names, iri) if names else None


def _round(document: RecordDocument) -> Named | None:
    iri = str(document.get("round", ""))
    names = texts(document.get("round_name"))
    return Named(names or (("", stated_identity(iri.rpartition("/")[2])),), iri) if iri else None


def _funding(grant: RecordDocument) -> Funding:
    funder = grant.get("funder")
    return Funding(
        Named(texts(grant.get("funder_name")), funder if isinstance(funder, str) else ""),
        xml_text(str(grant.get("award", ""))),
        texts(grant.get("award_title")),
        str(grant.get("award_uri", "")),
    )


def _named(target: Any) -> Named | None:
    if isinstance(target, str):
        return _shipped(target)
    if not isinstance(target, dict):
        return None
    return Named(texts(target.get("name"))) if target.get("name") else None


@lru_cache(maxsize=4096)
def _shipped(iri: str) -> Named | None:
    labels = _labels(iri)
    return Named(labels, iri) if labels else None


@lru_cache(maxsize=4096)
def _labels(iri: str) -> Texts:
    words = vocabulary()
    pairs = [(tag, words.label(iri, tag)) for tag in ("en", "ja")] if iri else []
    return tuple((tag, text) for tag, text in pairs if text)


@lru_cache(maxsize=4096)
def _notation(iri: str) -> str:
    return (vocabulary().notation(iri) or "") if iri else ""


@lru_cache(maxsize=4096)
def _known(iri: str) -> tuple[str, str]:
    """ROR address and country of a shipped organisation, "" where it is not stated."""
    stated = {
        triple.predicate.value: triple.object.value
        for triple in vocabulary().authority_triples(iri)
        if triple.predicate.value in {SAME_AS, COUNTRY} and hasattr(triple.object, "value")
    }
    same = str(stated.get(SAME_AS, ""))
    return (same if same.startswith(ROR) else ""), str(stated.get(COUNTRY, ""))


def _edges(spectrum: RecordDocument) -> Iterable[Edge]:
    element = str(spectrum.get("element", ""))
    return [_edge(element, str(shell)) for shell in _list(spectrum.get("edge"))] if element else []


@lru_cache(maxsize=1024)
def _edge(element: str, shell: str) -> Edge:
    return Edge(element, shell, vocabulary().edge_iri(element, shell) or "")


def _each(parts: list[RecordDocument], key: str) -> tuple[Named, ...]:
    return _once([item for part in parts if (item := _named(part.get(key)))])


def _once(items: list[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(items) if len(items) > 1 else items)


def _collected(measurements: list[RecordDocument]) -> tuple[str, ...]:
    """When it was measured, as ISO 8601 dates or ``start/end``, as exactly as it was stated, in order."""
    found = set()
    for part in measurements:
        stated = (next((str(part[key]) for key in keys if part.get(key)), "") for keys in (STARTS, ENDS))
        ends = [text for text in stated if text]
        # A period is as exact as the coarser of its ends.
        coarsest = min((len(text) for text in ends if "T" not in text), default=None)
        found.add("/".join(dict.fromkeys(text[:coarsest] for text in ends)))
    return tuple(sorted(found - {""}))


def _file(file: RecordDocument, licence: str) -> DataFile:
    size = str(file.get("bytes", ""))
    return DataFile(
        name=xml_text(str(file.get("file_name", ""))),
        media_type=str(file.get("media_type", "")).removeprefix(MEDIA_TYPES),
        bytes=int(size) if size.isdigit() else None,
        sha256=str((file.get("checksum") or {}).get("digest", "")),
        url=str(file.get("download_url", "")),
        licence=str(file.get("license", licence)),
    )


def _references(spectra: list[RecordDocument], own: str) -> tuple[str, ...]:
    stated = (str((spectrum.get("calibration") or {}).get("reference", "")) for spectrum in spectra)
    records = (iri.partition("#")[0] for iri in stated if iri)
    return tuple(sorted({iri for iri in records if iri != own}))


def _range(spectra: list[RecordDocument]) -> tuple[str, str]:
    ends = [spectrum.get(key) or {} for spectrum in spectra for key in ("energy_first", "energy_last")]
    stated = [str(end["value"]) for end in ends if end.get("in_unit") == "unit:EV" and "value" in end]
    return (min(stated, key=float), max(stated, key=float)) if len(stated) > 1 else ("", "")


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
