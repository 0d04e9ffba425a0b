"""Write ``edges.ttl``: the absorption edges K to M5 of elements 1 to 98 with their tabulated energies.

    python ontology/build_edges.py

Energies are those of the Elam table as the package ``xraydb`` carries it; names and identifiers of the elements
come from ``elements.csv``. The result depends on nothing else, so a test can demand that it equals the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHELLS = ("K", "L1", "L2", "L3", "M1", "M2", "M3", "M4", "M5")

HEADER = """\
# Absorption edges: written by build_edges.py from elements.csv and the Elam table of xraydb. Do not edit.
@prefix cxedge: <https://w3id.org/cdif/xas/edge/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix qudt: <http://qudt.org/schema/qudt/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix unit: <http://qudt.org/vocab/unit/> .
@prefix wd: <http://www.wikidata.org/entity/> .
@prefix xafs: <https://w3id.org/xafscat/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

SOURCE = """
<{source}> a prov:Entity , dcterms:BibliographicResource ;
    skos:prefLabel "Elam table of X-ray absorption edges (XrayDB {version})"@en ,
        "Elamの吸収端表（XrayDB {version}）"@ja ;
    dcterms:bibliographicCitation
        "W. T. Elam, B. D. Ravel, J. R. Sieber, Radiation Physics and Chemistry 63 (2002) 121-128" ;
    dcterms:source <https://doi.org/10.1016/S0969-806X(01)00227-4> ;
    dcat:version "{version}" .
"""

ELEMENT = """
obo:{chebi} a skos:Concept ;
    skos:prefLabel "{name_en}"@en , "{name_ja}"@ja ;
    skos:notation "{symbol}" .
"""

EDGE = """
<https://w3id.org/xafscat/edge/{symbol}-{shell}> a xafs:AbsorptionEdge , skos:Concept ;
    skos:prefLabel "{symbol} {shell} edge"@en , "{name_ja} {shell}吸収端"@ja ;
    skos:altLabel "{name_en} {shell} edge"@en , "{symbol} {shell}吸収端"@ja ;
    skos:notation "{symbol}-{shell}" ;
    skos:inScheme <https://w3id.org/xafscat/edge> ;
    skos:broader cxedge:{type} ;
    xafs:edgeType cxedge:{type} ;
    xafs:absorbingElement obo:{chebi} ;
    dcterms:subject wd:{wikidata} ;
    xafs:tabulatedEnergy <https://w3id.org/xafscat/edge/{symbol}-{shell}#tabulated_energy> .
<https://w3id.org/xafscat/edge/{symbol}-{shell}#tabulated_energy> a qudt:QuantityValue ;
    qudt:numericValue "{energy}"^^xsd:decimal ;
    qudt:hasUnit unit:EV ;
    prov:wasDerivedFrom <{source}> .
"""


def build() -> str:
    """The whole Turtle document."""
    return "".join(_blocks())


def _blocks() -> Iterator[str]:
    import xraydb

    # "XrayDB Version: 9.2, Python Version: 4.5.8": the table is a property of the former alone.
    version = xraydb.get_xraydb().get_version().partition(",")[0].rpartition(" ")[2]
    source = f"https://w3id.org/xafscat/source/elam-xraydb-{version}"
    yield HEADER
    yield SOURCE.format(source=source, version=version)
    with (HERE / "elements.csv").open(encoding="utf-8", newline="") as table:
        elements = list(csv.DictReader(table))
    for element in elements:
        yield ELEMENT.format(**element)
        edges = xraydb.xray_edges(element["symbol"])
        for shell in SHELLS:
            if shell in edges:
                energy = _decimal(edges[shell].energy)
                yield EDGE.format(**element, shell=shell, type=shell.lower(), energy=energy, source=source)


def _decimal(energy: float) -> str:
    """The shortest decimal of ``energy`` in eV, without trailing zeros: the form in which Oxigraph keeps it."""
    return f"{Decimal(repr(float(energy))).normalize():f}"


if __name__ == "__main__":
    (HERE / "edges.ttl").write_text(build(), encoding="utf-8", newline="\n")
