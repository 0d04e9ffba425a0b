"""What a candidate is worth: the predicate its levels allow, what speaks against it, and how sure it is.

Pure. A formula alone never makes a link to an entry: three common formulae in four have more than one space group
in the Crystallography Open Database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.formula import FormulaError, parse, reduced
from catalog.linking.model import Candidate, Facts, Gone, Moved, Query

SKOS = "http://www.w3.org/2004/02/skos/core#"
EXACT, CLOSE, BROAD = f"{SKOS}exactMatch", f"{SKOS}closeMatch", f"{SKOS}broadMatch"
RELATED = f"{SKOS}relatedMatch"
STRUCTURE = "https://w3id.org/xafscat/ns#referenceStructure"
SAMPLE_MATERIAL = "https://w3id.org/xafscat/ns#sampleMaterial"
# What may be said of a material and an entry of that level, the first unless a reviewer chooses another.
PREDICATES = {
    ("substance", "substance"): (CLOSE, EXACT, RELATED),
    ("phase", "substance"): (BROAD, CLOSE, EXACT, RELATED),
    ("phase", "phase"): (STRUCTURE,),
    ("substance", "phase"): (RELATED,),
}
# A CID stands for a drawing of bonds, so it is the same thing as a material only where that is made of molecules.
NEVER_EXACT = frozenset({"pubchem"})

# What speaks against a link. Those that no reviewer may pass over come first.
FORBIDDEN = ("unverified", "gone", "moved", "formula", "hydrate", "space-group", "level")
VETOES = (*FORBIDDEN, "formula-unstated", "phase-unknown", "sample", "disagreement")
VETO_WORDS = {
    "unverified": {"en": "the entry was not read", "ja": "相手の項目をまだ読んでいません"},
    "gone": {"en": "the database has it no more", "ja": "データベースから消えています"},
    "moved": {"en": "the entry goes by another identifier now", "ja": "別の識別子に移りました"},
    "formula": {"en": "the entry has another formula", "ja": "組成式が異なります"},
    "formula-unstated": {"en": "the entry states no formula", "ja": "相手に組成式がありません"},
    "hydrate": {"en": "the entry holds another amount of water", "ja": "水和数が異なります"},
    "space-group": {"en": "the entry has another space group", "ja": "空間群が異なります"},
    "level": {
        "en": "the entry is an atom or ion, not the substance",
        "ja": "相手は原子またはイオンで、物質ではありません",
    },
    "phase-unknown": {"en": "the phase is not known", "ja": "相がわかりません"},
    "sample": {
        "en": "the sample is a mixture, doped or a solution",
        "ja": "試料は混合物、添加物入り、または溶液です",
    },
    "disagreement": {
        "en": "sources give different entries of this database",
        "ja": "出典によってこのデータベースの項目が異なります",
    },
}

REVIEWED, STRUCTURED, IDENTIFIED, NAMED, FORMULA_ONLY, NOTHING = 0.95, 0.9, 0.7, 0.5, 0.4, 0.1
_IDENTIFIERS = frozenset({"cas", "inchikey"})
_ATOM = re.compile(r"\b(?:atom|ion|cation|anion|\w+\([0-9]*[+-]\))", re.IGNORECASE)
_CHARGED = re.compile(r"\([0-9]*[+-]\)|[0-9]*[+-]$")
# PubChem writes the charge at the end ("Cu+2"), Wikidata raised ("Cu²⁺").
_ION = re.compile(r"[+-][0-9]*$|[⁺⁻]$")
# Compilations that repeat another source are the same witness.
_SAME_WITNESS = {
    "chemicals": "pubchem",
    "dara": "cod",
    "optimade:cod": "cod",
    "optimade:mp": "materials project",
    "mp": "materials project",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a candidate: the IRI to link (another one when it had moved), predicate, justification,
    confidence (0 to 1), the fields that agree, and the vetoes in the order of ``VETOES``."""

    iri: str
    predicate: str
    justification: str
    confidence: float
    matched: tuple[str, ...]
    vetoes: tuple[str, ...]


def judge(
    query: Query, candidate: Candidate, found: Facts | Gone | Moved | None, *, level: str, database: str = ""
) -> Judgement:
    """Compare a material with what its database says of the candidate. ``level`` is that of the database's entries;
    ``found`` None says that the database could not be asked."""
    vetoes: set[str] = set()
    matched = set(candidate.matched)
    iri = candidate.iri
    facts: Facts | None = None
    match found:
        case None:
            vetoes.add("unverified")
        case Gone():
            vetoes.add("gone")
        case Moved():
            iri = found.to
            vetoes.add("moved")
        case Facts():
            facts = found
    if facts is not None:
        if not facts.verified:
            vetoes.add("unverified")
        vetoes |= _composition(query, facts, matched)
        vetoes |= _structure(query, facts, level, matched)
        _names(query, facts, matched)
        if level == "substance" and _is_atom(facts):
            vetoes.add("level")
    if level == "phase" and query.level == "substance":
        vetoes.add("phase-unknown")
    same_level = bool(facts and query.level == "phase" and level == "substance" and _is_phase(query, facts))
    predicate = CLOSE if same_level else PREDICATES[query.level, level or "substance"][0]
    if database in NEVER_EXACT and query.level == "phase":
        predicate = BROAD
    return Judgement(
        iri,
        predicate,
        _justification(matched, candidate),
        _confidence(matched, query),
        tuple(sorted(matched)),
        tuple(veto for veto in VETOES if veto in vetoes),
    )


def witnesses(sources: Iterable[str]) -> set[str]:
    """The independent ones among sources: a compilation made from another database is no second witness.

    >>> sorted(witnesses(["chemicals 1.5.2 (PubChem)", "PubChem by InChIKey", "EMMO chemical-substance"]))
    ['emmo', 'pubchem']
    """
    found = set()
    for source in sources:
        text = source.casefold().strip()
        for start in ("materials project", "cod index", "optimade:mp", "optimade:cod"):
            if text.startswith(start):
                first = "cod" if "cod" in start else "materials project"
                break
        else:
            first = re.split(r"[\s,;(/]", text)[0]
        found.add(_SAME_WITNESS.get(first, first))
    return found - {""}


def may_publish(judgement: Judgement, sources: Iterable[str]) -> bool:
    """Whether a link may be shown before anybody reviewed it: two witnesses agree, nothing speaks against it."""
    return (
        not judgement.vetoes
        and len(witnesses(sources)) >= 2
        and judgement.predicate in {CLOSE, RELATED, STRUCTURE}
        and judgement.confidence > FORMULA_ONLY
    )


def reviewed_confidence(confidence: float, matched: Iterable[str]) -> float:
    """How sure a link is once a person has accepted it: a review adds to an identifier with the formula alone."""
    found = set(matched)
    return max(confidence, REVIEWED) if "formula" in found and _IDENTIFIERS & found else confidence


def _composition(query: Query, facts: Facts, matched: set[str]) -> set[str]:
    vetoes = set()
    stated = facts.reduced
    if facts.formula:
        try:
            # Never trust what is stated as reduced where it can be computed.
            stated = reduced(facts.formula)
        except FormulaError:
            return {"formula-unstated"}
    if not stated:
        return {"formula-unstated"}
    if stated == query.reduced:
        matched.add("formula")
    elif query.waters and stated == _without_water(query.reduced, query.waters):
        vetoes.add("hydrate")
    else:
        vetoes.add("formula")
    if facts.waters is not None and query.waters is not None and facts.waters != query.waters:
        vetoes.add("hydrate")
    if set(query.identifiers.get("inchikey", ())) & {facts.inchikey} - {""}:
        matched.add("inchikey")
    if set(query.identifiers.get("cas", ())) & set(facts.cas):
        matched.add("cas")
    return vetoes


def _without_water(text: str, waters: float) -> str:
    water = int(waters)
    if waters != water:
        return ""
    # The reduced formula may be a fraction of the formula unit that the molecules of water are counted in.
    for units in range(1, 5):
        counts = {element: int(count) * units for element, count in parse(text).items()}
        counts["H"] = counts.get("H", 0) - 2 * water
        counts["O"] = counts.get("O", 0) - water
        if min(counts.values()) >= 0:
            return reduced("".join(f"{element}{count}" for element, count in counts.items() if count))
    return ""


def _structure(query: Query, facts: Facts, level: str, matched: set[str]) -> set[str]:
    if level != "phase" or query.level != "phase":
        return set()
    if facts.space_group is None or query.space_group is None:
        return {"phase-unknown"}
    if facts.space_group != query.space_group:
        return {"space-group"}
    matched.add("space_group")
    return set()


def _names(query: Query, facts: Facts, matched: set[str]) -> None:
    own = {name.casefold() for name in (*query.names, query.mineral) if name}
    theirs = {text.casefold() for text in (*facts.label.values(), facts.phase, facts.mineral) if text}
    if own & theirs:
        matched.add("name")


def _is_phase(query: Query, facts: Facts) -> bool:
    own = {name.casefold() for name in (*query.names, query.mineral) if name}
    return bool(
        own & {facts.mineral.casefold(), facts.phase.casefold(), *map(str.casefold, facts.label.values())}
    )


def _is_atom(facts: Facts) -> bool:
    named = any(_ATOM.search(text) or _CHARGED.search(text) for text in facts.label.values())
    return named or _ION.search(facts.formula.strip()) is not None


def _confidence(matched: set[str], query: Query) -> float:
    if "formula" not in matched:
        return NOTHING
    if "space_group" in matched and query.level == "phase":
        return STRUCTURED
    if _IDENTIFIERS & matched:
        return IDENTIFIED
    return NAMED if {"name", "list"} & matched else FORMULA_ONLY


def _justification(matched: set[str], candidate: Candidate) -> str:
    if _IDENTIFIERS & matched or candidate.resolver == "seed":
        return "semapv:BackgroundKnowledgeBasedMatching"
    if "name" in matched and "formula" not in matched:
        return "semapv:LexicalMatching"
    return "semapv:CompositeMatching"
