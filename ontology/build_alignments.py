"""Write ``alignments.ttl`` and ``docs/crosswalk.md`` from the SSSOM tables in ``alignments/``.

    python ontology/build_alignments.py

The tables are the source; both results depend on them and on the labels of the ontology alone, so a test can
demand that they equal the files. A row that says "Not" is kept in its table and makes no triple.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TABLES = HERE / "alignments"
TURTLE = HERE / "alignments.ttl"
CROSSWALK = HERE.parent / "docs" / "crosswalk.md"
ORDER = ("xdi", "jxs", "cdif", "nexus", "panet", "chmo", "esrfet", "chameo", "matvoc")
FIELDS, TERMS = ORDER[:4], ORDER[4:]
SIGNS = {"exactMatch": "=", "closeMatch": "≈", "broadMatch": "⊂", "narrowMatch": "⊃", "relatedMatch": "~"}
NOT = "≠"

PREFIXES = {
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sssom": "https://w3id.org/sssom/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


@dataclass(frozen=True, slots=True)
class Mapping:
    """One row of a table, its CURIEs expanded. ``negated`` says that the predicate does not hold."""

    subject: str
    subject_label: str
    predicate: str
    negated: bool
    object: str
    object_label: str
    justification: str
    confidence: str
    comment: str


@dataclass(frozen=True, slots=True)
class MappingSet:
    """One table: its name, what its header says, and its rows."""

    name: str
    header: dict[str, Any]
    rows: tuple[dict[str, str], ...]

    @property
    def mappings(self) -> tuple[Mapping, ...]:
        """The rows with full IRIs."""
        return tuple(self._mapping(row) for row in self.rows)

    def expand(self, curie: str) -> str:
        """The IRI of a CURIE. Raises KeyError for a prefix that the header does not declare."""
        prefix, _, rest = curie.partition(":")
        namespace: str = self.header["curie_map"][prefix]
        return namespace + rest

    def _mapping(self, row: dict[str, str]) -> Mapping:
        return Mapping(
            self.expand(row["subject_id"]),
            row["subject_label"],
            row["predicate_id"],
            row.get("predicate_modifier", "") == "Not",
            self.expand(row["object_id"]),
            row["object_label"],
            row["mapping_justification"],
            row["confidence"],
            row["comment"],
        )


def read(path: Path) -> MappingSet:
    """The table in an SSSOM file: a YAML header behind number signs, then tab-separated rows."""
    import yaml

    lines = path.read_text(encoding="utf-8").splitlines()
    header = [line[1:] for line in lines if line.startswith("#")]
    table = csv.DictReader(lines[len(header) :], delimiter="\t", quoting=csv.QUOTE_NONE)
    return MappingSet(path.name.partition(".")[0], yaml.safe_load("\n".join(header)), tuple(table))


def sets() -> list[MappingSet]:
    """Every table, in the order of the crosswalk."""
    found = {path.name.partition(".")[0]: read(path) for path in TABLES.glob("*.sssom.tsv")}
    return [found.pop(name) for name in ORDER if name in found] + [found[name] for name in sorted(found)]


def turtle() -> str:
    """The whole Turtle document: each mapping as a triple, and an axiom that says how sure it is and why."""
    head = ["# Alignments: written by build_alignments.py from alignments/*.sssom.tsv. Do not edit."]
    head += [f"@prefix {prefix}: <{namespace}> ." for prefix, namespace in PREFIXES.items()]
    return "\n".join([*head, *(block for each in sets() for block in _blocks(each))]) + "\n"


def _blocks(each: MappingSet) -> Iterator[str]:
    iri, header = each.header["mapping_set_id"], each.header
    facts = [
        f"dcterms:title {_text(header['mapping_set_title'])}@en",
        f"dcterms:description {_text(header['mapping_set_description'])}@en",
        f"dcterms:license <{header['license'].replace('https://creativecommons', 'http://creativecommons')}>",
        f"dcterms:creator <{header['mapping_provider']}>",
        f"owl:versionInfo {_text(header['mapping_set_version'])}",
        f"sssom:object_source <{header['object_source']}>",
        f"sssom:object_source_version {_text(header['object_source_version'])}",
    ]
    if comment := header.get("comment"):
        facts.append(f"rdfs:comment {_text(comment)}@en")
    yield f"\n<{iri}> a sssom:MappingSet ;\n    " + " ;\n    ".join(facts) + " ."
    for mapping in each.mappings:
        if mapping.negated:
            continue
        yield f"\n<{mapping.subject}> {mapping.predicate} <{mapping.object}> ."
        yield _axiom(iri, mapping)


def _axiom(iri: str, mapping: Mapping) -> str:
    key = "\t".join((mapping.subject, mapping.predicate, mapping.object)).encode()
    facts = [
        f"owl:annotatedSource <{mapping.subject}>",
        f"owl:annotatedProperty {mapping.predicate}",
        f"owl:annotatedTarget <{mapping.object}>",
        f"sssom:subject_label {_text(mapping.subject_label)}",
        f"sssom:object_label {_text(mapping.object_label)}",
        f"sssom:mapping_justification {mapping.justification}",
        f'sssom:confidence "{mapping.confidence}"^^xsd:decimal',
    ]
    if mapping.comment:
        facts.append(f"rdfs:comment {_text(mapping.comment)}@en")
    name = f"{iri}#{hashlib.sha256(key).hexdigest()[:12]}"
    return f"<{name}> a owl:Axiom ;\n    " + " ;\n    ".join(facts) + " ."


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


CROSSWALK_HEAD = """\
# Crosswalk

Which field of other formats and vocabularies says what ours says. Made by `ontology/build_alignments.py` from the SSSOM
tables in `ontology/alignments/`, which also give reason, confidence and version of each mapping; never edited by hand.

`=` the same  `≈` nearly the same  `⊂` ours is narrower  `⊃` ours is broader  `~` related  `≠` looks alike and is not

## Fields

XDI is the 1.0 dictionary and what files use beyond it; JXS the metadata schema of the Japanese XAFS database
working group; CDIF the glossary of CDIF-4-XAS (`https://w3id.org/cdif/xas/`); NeXus the released NXxas, the NXxas
family of the XraySpectroscopy fork, and base classes. "Key" is the key of the record document.

| ours | key | 日本語 | XDI | JXS | CDIF | NeXus |
|---|---|---|---|---|---|---|
"""

CROSSWALK_TERMS = """
## Techniques, modes and classes

| ours | name | PaNET | CHMO | ESRFET | CHAMEO | MatVoc |
|---|---|---|---|---|---|---|
"""


def crosswalk() -> str:
    """The page of the documentation."""
    tables = {each.name: each for each in sets()}
    fields = _rows([tables[name] for name in FIELDS])
    terms = _rows([tables[name] for name in TERMS])
    return CROSSWALK_HEAD + "".join(fields) + CROSSWALK_TERMS + "".join(terms)


def _rows(columns: list[MappingSet]) -> Iterator[str]:
    from catalog.mapping import context
    from catalog.vocabulary import vocabulary

    words, names = vocabulary(), context()
    places = {term.iri: place for place, term in enumerate(words.terms())}
    subjects: dict[str, str] = {}
    for each in columns:
        subjects.update((mapping.subject, row["subject_id"]) for mapping, row in _pairs(each))
    keys = {term.predicate.value: key for key, term in names.terms.items()}
    for subject in sorted(subjects, key=lambda iri: (places.get(iri, len(places)), iri)):
        curie = subjects[subject]
        cells = ["<br>".join(_cell(each, subject)) for each in columns]
        if columns[0].name == FIELDS[0]:
            key = keys.get(subject, "")
            first = [f"`{curie}`", f"`{key}`" if key else "", words.label(subject, "ja") or ""]
        else:
            first = [f"`{curie}`", words.label(subject, "en") or ""]
        yield "| " + " | ".join([*first, *cells]) + " |\n"


def _pairs(each: MappingSet) -> Iterator[tuple[Mapping, dict[str, str]]]:
    return zip(each.mappings, each.rows, strict=True)


def _cell(each: MappingSet, subject: str) -> Iterator[str]:
    for mapping, row in _pairs(each):
        if mapping.subject == subject:
            sign = NOT if mapping.negated else SIGNS[mapping.predicate.partition(":")[2]]
            # A concept goes by its name in its IRI, a field of a file by its path, which is its label.
            shown = (
                row["object_id"].partition(":")[2] if each.name in {"cdif", "panet"} else mapping.object_label
            )
            shown = row["object_id"] if each.name in {"chmo", "matvoc"} else shown
            yield f"{sign} `{shown}`"


if __name__ == "__main__":
    TURTLE.write_text(turtle(), encoding="utf-8", newline="\n")
    CROSSWALK.write_text(crosswalk(), encoding="utf-8", newline="\n")
