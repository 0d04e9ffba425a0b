"""The SPARQL behind what pages show, so that whoever sees a list can ask for it, and for more, in their own words.

Values of a request enter a query as terms that the RDF library writes.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyoxigraph as ox

# What the list of records can be narrowed by: the property of a spectrum, and whether its values are IRIs.
FACETS: dict[str, tuple[str, bool]] = {
    "element": ("xafs:element", False),
    "edge": ("xafs:edge", False),
    "facility": ("xafs:facility", True),
    "beamline": ("xafs:beamline", True),
    "mode": ("prov:wasGeneratedBy/xafs:detectionMode", True),
    "material": ("xafs:ofSample/xafs:sampleMaterial", True),
}
PREFIXES = """\
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX xafs: <https://w3id.org/xafscat/ns#>
"""
# A record, its spectra, or a part of them names the thing.
NAMING = """\
SELECT DISTINCT ?record ?title WHERE {{
  {{ ?record ?property {thing} }} UNION
  {{ ?record (xafs:sample|dcterms:hasPart) ?part . ?part ?property {thing} }} UNION
  {{ ?record dcterms:hasPart/(prov:wasGeneratedBy|xafs:energyCalibration) ?part . ?part ?property {thing} }}
  ?record a xafs:Deposit ; dcterms:title ?title .
}}
"""
# The spectra of a round-robin, and where and how each was measured.
ROUND = """\
SELECT ?record ?spectrum ?facility ?beamline ?mode ?energy WHERE {{
  ?record dcat:inSeries {thing} ; dcterms:hasPart ?spectrum .
  OPTIONAL {{ ?spectrum xafs:facility ?facility }}
  OPTIONAL {{ ?spectrum xafs:beamline ?beamline }}
  OPTIONAL {{ ?spectrum prov:wasGeneratedBy/xafs:detectionMode ?mode }}
  OPTIONAL {{ ?spectrum xafs:energyCalibration/xafs:assignedEnergy/qudt:numericValue ?energy }}
}}
ORDER BY ?record ?spectrum
"""
# Also of the phases of a substance.
MATERIAL = """\
SELECT DISTINCT ?record ?title WHERE {{
  ?material skos:broader* {thing} .
  ?record xafs:sample/xafs:sampleMaterial ?material ; dcterms:title ?title .
}}
"""
RECORD = """\
SELECT ?part ?property ?value WHERE {{
  {{ BIND({thing} AS ?part) }} UNION
  {{ {thing} dcterms:hasPart ?part }} UNION
  {{ {thing} dcterms:hasPart/(prov:wasGeneratedBy|xafs:energyCalibration) ?part }} UNION
  {{ {thing} xafs:sample ?part }}
  ?part ?property ?value .
}}
ORDER BY ?part ?property
"""


def list_query(chosen: Mapping[str, str]) -> str:
    """The query for the list of records that the facets narrow: ``element``, ``edge``, ``facility`` ...

    >>> print(list_query({"element": "Fe"}).split("WHERE")[1])
     {
      ?record a xafs:Deposit ; dcterms:issued ?issued ; dcterms:hasPart ?spectrum .
      ?spectrum xafs:element "Fe" .
    }
    ORDER BY DESC(?issued) ?record
    <BLANKLINE>
    """
    facts = [
        f"{FACETS[name][0]} {_term(value, iri=FACETS[name][1])}"
        for name, value in chosen.items()
        if value and name in FACETS
    ]
    between = " ;\n            "
    part = f"  ?spectrum {between.join(facts)} .\n" if facts else ""
    return (
        f"{PREFIXES}\nSELECT DISTINCT ?record ?issued WHERE {{\n"
        "  ?record a xafs:Deposit ; dcterms:issued ?issued"
        f"{' ; dcterms:hasPart ?spectrum' if facts else ''} .\n{part}}}\nORDER BY DESC(?issued) ?record\n"
    )


def record_query(iri: str) -> str:
    """The query for what is stated of a record, its spectra, measurements, calibrations and sample."""
    return f"{PREFIXES}\n{RECORD.format(thing=ox.NamedNode(iri))}"


def material_query(iri: str) -> str:
    """The query for the records of a material and its phases."""
    return f"{PREFIXES}PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n\n{MATERIAL.format(thing=ox.NamedNode(iri))}"


def round_query(iri: str) -> str:
    """The query for the spectra of a round-robin, side by side."""
    more = "PREFIX dcat: <http://www.w3.org/ns/dcat#>\nPREFIX qudt: <http://qudt.org/schema/qudt/>\n"
    return f"{more}{PREFIXES}\n{ROUND.format(thing=ox.NamedNode(iri))}"


def naming_query(iri: str) -> str:
    """The query for the records in which a thing is named."""
    return f"{PREFIXES}\n{NAMING.format(thing=ox.NamedNode(iri))}"


def facet_query(name: str) -> str:
    """The query for the values of a facet and the number of their spectra."""
    return (
        f"{PREFIXES}\nSELECT ?{name} (COUNT(DISTINCT ?spectrum) AS ?spectra) WHERE {{\n"
        f"  ?spectrum a xafs:Spectrum ; {FACETS[name][0]} ?{name} .\n}}\n"
        f"GROUP BY ?{name}\nORDER BY DESC(?spectra) ?{name}\n"
    )


def _term(value: str, *, iri: bool) -> str:
    return str(ox.NamedNode(value) if iri else ox.Literal(value))
