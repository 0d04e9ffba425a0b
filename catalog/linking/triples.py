"""Links as triples: the link itself, the mapping that vouches for it, and the little that may be shown of its target.

Links and mappings belong to their material, facts to the entry they are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pyoxigraph as ox

from catalog.formula import FormulaError, hill, parse
from catalog.linking.databases import Database, database_of
from catalog.linking.listing import entries
from catalog.linking.model import Facts, Link, LinkState
from catalog.mapping import RDF_TYPE, XSD

NS = "https://w3id.org/xafscat/ns#"
SSSOM = "https://w3id.org/sssom/"
SEMAPV = "https://w3id.org/semapv/vocab/"
OWL = "http://www.w3.org/2002/07/owl#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
PROV = "http://www.w3.org/ns/prov#"
_UNREVIEWED = {
    "en": "Not reviewed by a person. Given by: {sources}.",
    "ja": "人による確認は未了。出典: {sources}",
}


def link_triples(links: Iterable[Link]) -> list[ox.Triple]:
    """The triples of the public links of materials among ``links``, each once; others make none.

    An entry that several materials are linked to is told of once, as it was read last. Nothing is said of a
    subject that is no material of the list (any more) or of a target that is no entry of a database.
    """
    public = [
        link for link in links if link.public and link.subject in entries() and database_of(link.object)
    ]
    found: dict[ox.Triple, None] = {}
    newest: dict[str, Facts | None] = {}
    for link in public:
        found.update(dict.fromkeys(_of(link)))
        known = newest.setdefault(link.object, link.facts)
        if link.facts and (known is None or _when(link.facts) > _when(known)):
            newest[link.object] = link.facts
    for iri, facts in newest.items():
        if database := database_of(iri):
            found.update(dict.fromkeys(_target(iri, database, facts)))
    return list(found)


def search_triples() -> list[ox.Triple]:
    """For each substance of the list the search of COD for its formula: a formula alone leads to a search, no entry."""
    return [
        _iri(material, f"{RDFS}seeAlso", search_url(entry.query.hill))
        for material, entry in entries().items()
        if entry.query.level == "substance" and "." not in entry.query.hill
    ]


def search_url(formula: str) -> str:
    """The address of COD's search for a formula in Hill order.

    >>> search_url("O2Ti")
    'https://www.crystallography.net/cod/result?formula=O2%20Ti'
    """
    parts = re.findall(r"[A-Z][a-z]?\d*", formula)
    return "https://www.crystallography.net/cod/result?formula=" + "%20".join(parts)


def mapping_iri(link: Link) -> str:
    """The IRI of the mapping that vouches for a link: a fragment of the material."""
    return f"{link.subject}#link-{link.id}"


def _of(link: Link) -> Iterator[ox.Triple]:
    database = database_of(link.object)
    subject, target = ox.NamedNode(link.subject), ox.NamedNode(link.object)
    predicate, mapping = ox.NamedNode(link.predicate), mapping_iri(link)
    yield ox.Triple(subject, predicate, target)
    yield _iri(mapping, RDF_TYPE.value, f"{OWL}Axiom")
    yield ox.Triple(ox.NamedNode(mapping), ox.NamedNode(f"{OWL}annotatedSource"), subject)
    yield ox.Triple(ox.NamedNode(mapping), ox.NamedNode(f"{OWL}annotatedProperty"), predicate)
    yield ox.Triple(ox.NamedNode(mapping), ox.NamedNode(f"{OWL}annotatedTarget"), target)
    yield _iri(mapping, f"{SSSOM}mapping_justification", SEMAPV + link.justification.partition(":")[2])
    yield _literal(mapping, f"{SSSOM}confidence", f"{link.confidence:g}", "decimal")
    texts = {
        "mapping_tool": link.tool,
        "mapping_tool_version": link.tool_version,
        "object_source_version": link.facts.version if link.facts else "",
    }
    for name, text in texts.items():
        if text:
            yield _text(mapping, SSSOM + name, text)
    if link.mapping_date:
        yield _literal(mapping, f"{SSSOM}mapping_date", link.mapping_date.isoformat(), "date")
    if link.state is LinkState.ACCEPTED:
        yield from _review(link, mapping)
    else:
        sources = "; ".join(link.sources)
        for tag, words in _UNREVIEWED.items():
            yield _text(mapping, f"{RDFS}comment", words.format(sources=sources), tag)
    if database:
        yield _text(mapping, f"{SSSOM}object_label", database.label(link.object))


def _when(facts: Facts) -> datetime:
    return facts.retrieved or datetime.min.replace(tzinfo=UTC)


def _review(link: Link, mapping: str) -> Iterator[ox.Triple]:
    name, _, orcid = (link.reviewer or "").partition("<")
    if name.strip():
        yield _text(mapping, f"{SSSOM}reviewer_label", name.strip())
    if orcid:
        yield _iri(mapping, f"{SSSOM}reviewer_id", orcid.rstrip(">"))
    if link.review_date:
        yield _literal(mapping, f"{SSSOM}review_date", link.review_date.isoformat(), "date")
    if link.comment:
        yield _text(mapping, f"{RDFS}comment", link.comment, "en")


def _target(iri: str, database: Database, facts: Facts | None) -> Iterator[ox.Triple]:
    yield _iri(iri, RDF_TYPE.value, f"{NS}DatabaseEntry")
    yield _text(iri, f"{NS}database", database.name)
    if facts is None:
        return
    shown = set(database.publish)
    if "label" in shown:
        for tag, label in facts.label.items():
            yield _text(iri, f"{RDFS}label", label, tag)
    if "reduced" in shown and facts.reduced:
        yield _text(iri, f"{NS}formulaReduced", facts.reduced)
        try:
            yield _text(iri, f"{NS}formulaHill", hill(facts.formula or facts.reduced))
            for element in sorted(parse(facts.reduced)):
                yield _text(iri, f"{NS}formulaElement", element)
        except FormulaError:  # what was read as reduced is all that is known
            pass
    if "space_group" in shown and facts.space_group:
        yield _literal(iri, f"{NS}spaceGroupNumber", str(facts.space_group), "integer")
    if "mineral" in shown and facts.mineral:
        yield _text(iri, f"{NS}mineral", facts.mineral)
    if "inchikey" in shown and facts.inchikey:
        yield _text(iri, f"{NS}inchiKey", facts.inchikey)
    if "cas" in shown:
        for number in facts.cas:
            yield _text(iri, f"{NS}casNumber", number)
    if "retrieved" in shown and facts.retrieved:
        yield _literal(
            iri, f"{PROV}generatedAtTime", facts.retrieved.strftime("%Y-%m-%dT%H:%M:%SZ"), "dateTime"
        )


def _iri(subject: str, predicate: str, value: str) -> ox.Triple:
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(value))


def _text(subject: str, predicate: str, value: str, language: str = "") -> ox.Triple:
    literal = ox.Literal(value, language=language) if language else ox.Literal(value)
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), literal)


def _literal(subject: str, predicate: str, value: str, datatype: str) -> ox.Triple:
    return ox.Triple(
        ox.NamedNode(subject),
        ox.NamedNode(predicate),
        ox.Literal(value, datatype=ox.NamedNode(XSD + datatype)),
    )
