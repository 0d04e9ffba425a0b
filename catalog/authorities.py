"""Learned authorities: people, organisations, physical samples and round-robins that published records name.

What is said of them is the sum of what published documents say, whatever the order they were published in; when
the last record that names one is gone, so is the authority. Also the catalog's own document, and the rule that
every subject of the graph is written by exactly one document.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

from catalog.document import canonical_json
from catalog.errors import CatalogError, UsageError
from catalog.ids import stated_identity
from catalog.mapping import RecordDocument
from catalog.normalise_values import is_address

PERSON, ORGANISATION, SPECIMEN, ROUND = "person", "organisation", "specimen", "round"
# Outside supertypes are spelled out, so that no client needs to infer them.
TYPES = {
    PERSON: ["foaf:Agent", "foaf:Person", "prov:Agent", "prov:Person"],
    ORGANISATION: ["foaf:Agent", "foaf:Organization", "org:Organization", "prov:Agent", "prov:Organization"],
    SPECIMEN: ["prov:Entity", "sosa:Sample"],
    ROUND: ["dcat:Dataset", "dcat:DatasetSeries"],
}
NAME_KEYS = {PERSON: "name", ORGANISATION: "name", SPECIMEN: "sample_name", ROUND: "title"}
ORCID, ROR, FUNDERS = "https://orcid.org/", "https://ror.org/", "https://doi.org/10.13039/"
# DCAT-AP asks for a description of a series; what one is made of is the same everywhere.
ROUND_DESCRIPTION = {
    "en": "A round-robin: samples of one material measured on several beamlines, to be compared.",
    "ja": "ラウンドロビン。同じ物質の試料を複数のビームラインで測定し、比較するためのデータ。",
}
# DCAT-AP asks for a description of a catalog; what is in one is the same everywhere.
CATALOG_DESCRIPTION = {
    "en": "Published X-ray absorption (XAFS) deposits: what was measured, where, on which sample, where the data are.",
    "ja": "公開されたX線吸収（XAFS）データの登録情報。測定対象、場所、試料、データの所在を示す。",
}
DCAT_DATASET = ox.NamedNode("http://www.w3.org/ns/dcat#dataset")
DCAT_VERSION = ox.NamedNode("http://www.w3.org/ns/dcat#version")


class OwnershipError(CatalogError):
    """A document says something about a subject that belongs to another document."""

    code = "foreign-subject"


def learned_facts(document: RecordDocument, base: str) -> list[tuple[str, str]]:
    """What a public document says of learned authorities: (IRI, canonical JSON) pairs.

    Only identifiers of ORCID, ROR and Crossref's funders and the samples and round-robins of this catalog are learned;
    anything else belongs to the record or to a shipped list.
    """
    found = []
    for credit in document.get("credits", []):
        person, organisation = credit.get("agent"), credit.get("affiliation")
        if not _starts(organisation, ROR):
            organisation = None
        if _starts(person, ORCID):
            found.append((person, _fact(PERSON, credit.get("credit_name"), organisation)))
        if _starts(person, ROR):
            found.append((person, _fact(ORGANISATION, credit.get("credit_name"))))
        if organisation:
            found.append((organisation, _fact(ORGANISATION, credit.get("affiliation_name"))))
    found += [
        (grant["funder"], _fact(ORGANISATION, grant.get("funder_name")))
        for grant in document.get("funding", [])
        if _starts(grant.get("funder"), ROR) or _starts(grant.get("funder"), FUNDERS)
    ]
    if _starts(document.get("round"), f"{base}/round/"):
        found.append((document["round"], _fact(ROUND, document.get("round_name"))))
    sample = document.get("sample", {})
    if _starts(sample.get("specimen"), f"{base}/sample/"):
        found.append((sample["specimen"], _fact(SPECIMEN, sample.get("sample_name"))))
    return found


def authority_document(iri: str, facts: Iterable[tuple[str, int]]) -> RecordDocument | None:
    """The document of a learned authority from (fact, number of records that say so); None without facts.

    One name a language: the most frequent spelling, so that no query's rows are multiplied. The printed names
    stay with the credits.
    """
    kinds: set[str] = set()
    names: dict[str, Counter[str]] = {}
    affiliations: set[str] = set()
    for text, uses in facts:
        fact: dict[str, Any] = json.loads(text)
        kinds.add(fact["kind"])
        affiliations.update(fact.get("affiliations", ()))
        for language, name in fact.get("names", {}).items():
            for item in name if isinstance(name, list) else [name]:
                names.setdefault(language, Counter())[item] += uses
    if not kinds:
        return None
    kind = min(kinds)
    document: RecordDocument = {"id": iri, "type": TYPES[kind]}
    if names:
        document[NAME_KEYS[kind]] = {
            language: min(counted, key=lambda item: (-counted[item], item))
            for language, counted in sorted(names.items())
        }
    if affiliations:
        document["affiliation"] = sorted(affiliations)
    if kind == ROUND:
        base, _, own = iri.rpartition("/round/")
        document.setdefault("title", {"@none": stated_identity(own)})
        document |= {"description": dict(ROUND_DESCRIPTION), "publisher": f"{base}/catalog#publisher"}
    return document


def catalog_document(
    base: str,
    *,
    title: Mapping[str, str],
    publisher: Mapping[str, str],
    metadata_license: str,
    publisher_iri: str | None = None,
    contact: str | None = None,
) -> RecordDocument:
    """The document of the catalog itself and its publisher; records add themselves to it.

    ``publisher_iri`` is the publisher's own, which is another document's to describe.
    ``contact`` is where readers write: an e-mail address, or the address of a page. Raises UsageError for an address
    that cannot be an IRI.
    """
    iri = f"{base}/catalog"
    if publisher_iri and not is_address(publisher_iri):
        raise UsageError(f"{publisher_iri!r} is no IRI", where="publisher_iri")
    document: RecordDocument = {
        "id": iri,
        "type": ["dcat:Catalog", "dcat:Dataset"],
        "title": dict(title),
        "description": dict(CATALOG_DESCRIPTION),
        "license": metadata_license,
        "publisher": {
            "id": f"{iri}#publisher",
            "type": ["foaf:Agent", "prov:Agent"],
            "name": dict(publisher),
            **({"same_as": publisher_iri} if publisher_iri else {}),
        },
    }
    if contact:
        is_page = contact.startswith(("https://", "http://"))
        if is_page and not is_address(contact):
            raise UsageError(f"{contact!r} is no address of a page", where="contact")
        document["contact_point"] = {
            "id": f"{iri}#contact_point",
            "type": ["vcard:Kind", "vcard:Organization"],
            "contact_name": dict(publisher),
            **(
                {"contact_page": contact}
                if is_page
                else {"contact_email": f"mailto:{quote(contact.removeprefix('mailto:'), safe='@+.-_')}"}
            ),
        }
    return document


def release_triple(base: str, number: int) -> ox.Triple:
    """The triple that says which release a store holds."""
    return ox.Triple(ox.NamedNode(f"{base}/catalog"), DCAT_VERSION, ox.Literal(str(number)))


def check_ownership(iri: str, triples: Iterable[ox.Triple], base: str) -> None:
    """Raise OwnershipError unless the document ``iri`` writes only about itself and its fragments.

    A record may say besides that the catalog lists it.
    """
    catalog = ox.NamedNode(f"{base}/catalog")
    owner = ox.NamedNode(iri)
    for triple in triples:
        subject = triple.subject
        if not isinstance(subject, ox.NamedNode):
            raise OwnershipError("a published document has a blank node", where=iri)
        if subject == owner or subject.value.startswith(iri + "#"):
            continue
        if (subject, triple.predicate, triple.object) != (catalog, DCAT_DATASET, owner):
            raise OwnershipError(f"the document describes {subject.value}, which is not its own", where=iri)


def _fact(kind: str, names: Mapping[str, Any] | None, affiliation: str | None = None) -> str:
    fact: dict[str, Any] = {"kind": kind, "names": dict(names or {})}
    if affiliation:
        fact["affiliations"] = [affiliation]
    return canonical_json(fact)


def _starts(value: Any, prefix: str) -> bool:
    return isinstance(value, str) and value.startswith(prefix) and "#" not in value
