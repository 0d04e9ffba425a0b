"""The shipped material that a sample's name, formula and CAS number mean, or why none may be named.

``match`` reads each field by itself into claims, compares them, and never chooses between readings: what is a
mixture, doped, supported, of variable composition or unknown is refused, what disagrees is a conflict, what was
understood in part waits for a person. A formula names a substance; only a mineral or a phase word names a phase.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Literal

from catalog.formula import FormulaError, is_numbered, parse, reduced
from catalog.ids import IdError, check_cas
from catalog.linking.nomenclature import compound, element
from catalog.vocabulary import vocabulary
from catalog.vocabulary_graph import NS, SKOS
from catalog.xray import ELEMENTS

Outcome = Literal["ok", "review", "conflict", "refuse"]
Field = Literal["name", "formula", "cas", "form", "element"]

MAX_TEXT = 300
# Signs that a sample is not one substance of definite composition, with what they say.
_REFUSALS = {
    "doped": r"\b(?:co-?)?dop(?:ed|ing|ant)\b|ドープ|添加|\b[A-Z][a-z]?[0-9][A-Za-z0-9]*:\s?[A-Z]|\b[A-Z][a-z]?O:[A-Z]",
    "mixture": r"\bmix(?:ed|ture)?\b|混合|複合|\bcomposite\b|\band\b|\s\+\s|&|\+(?=[A-Z][a-z]?[A-Z0-9(])",
    "supported": r"[\w)\]]\s*/\s*[A-Z]|@|\bon\s|supported|coated|担持|\b(?:wt|mol|at|vol)\.?\s?%|\d\s?%|\bppm\b",
    "alloy or trade name": r"\balloy\b|合金|\bsteel\b|\bbr(?:ass|onze)\b|鋼|真鍮|黄銅|青銅",
    "not a substance": r"\bglass\b|\bslag\b|\bsoil\b|\bsediment\b|\bclay\b|\bash\b|\btape\b|ガラス|土壌|テープ",
    "variable composition": r"(?<![A-Za-z])[xnyδ]\s*\(?H2O|\d?\s*[-±]\s*[xyδ]\b|\([^()]*[xyδ]\)[A-Z]",
    "solid solution": r"\([A-Z][a-z]?\d*\+?\s*,\s*[A-Z]",
    "no definite composition": r"ferrihydrite|pyrrhotite|green rust|pentlandite|wolframite|hornblende|birnessite|"
    r"schwertmannite|smectite|montmorillonite|illite|biotite|フェリハイドライト|磁硫鉄鉱",
}
_REFUSE = {why: re.compile(sign, re.IGNORECASE if sign[1] == "b" else 0) for why, sign in _REFUSALS.items()}
_PURITY = re.compile(r"[,;(]?\s*\b9\d(?:\.\d+)?\s*%\)?")
_DILUTED = re.compile(
    r"\b(?:(?:diluted|pressed|mixed)\s+)?(?:in|with)\s+(?:BN|boron nitride|cellulose|PEG?|polyethylene)\b(?:\s+pellet)?"
    r"|BN(?:希釈|ペレット)"
)
_SOLUTION = re.compile(
    r"\bsolution\b|\baqueous\b|\baq\b\.?|水溶液|溶液|\b\d+(?:\.\d+)?\s*m?M\b", re.IGNORECASE
)
_FORM = re.compile(
    r"\b(?:foils?|metal(?:lic)?|powder|pellet|films?|thin|sheet|plate|wire|rod|single crystal|crystal|bulk|elemental|"
    r"element|reference|standard|sample|pure|room temperature|r\.?t\.?|[0-9]+ ?K|nanoparticles)\b"
    r"|箔|フォイル|金属|粉末|ペレット|薄膜|単結晶|標準試料|試薬|室温",
    re.IGNORECASE,
)
_UNSHAPED = re.compile(r"\b(?:gel|suspension|slurry|liquid|gas)\b|ゲル|懸濁|液体|気体", re.IGNORECASE)
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon"}
_PREFIX = re.compile(r"(alpha|beta|gamma|delta|epsilon)-?(?=[A-Z])")
_TYPES = frozenset(
    (  # noqa: SIM905
        "perovskite spinel pyrochlore rocksalt fluorite corundum wurtzite zincblende cubic "
        "monoclinic tetragonal orthorhombic hexagonal trigonal rutile stuffed layered"
    ).split()
)
_GROUP = re.compile(r"_?(OH|CO3|SO4|PO4|NO3|NH4|CN|C2O4)_([2-9])")
_WATER = re.compile(r"[·.]\s*\d*\s*\(?H2O|\s\d*(?:\.\d+)?\(H2O\)\d*|\(H2O\)\d*$")
_TAIL = re.compile(r"\(?H2O\)?\d*|\d+(?:\.\d+)?\(?H2O\)?|SO4|CO3|PO4|NO3|Cl|Br|F|I")
_METALLOIDS = frozenset(
    (  # noqa: SIM905
        "H He B C N O F Ne Si P S Cl Ar Ge As Se Br Kr Sb Te I Xe At Rn"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one field says: the field, its text (or the part meant), and how it was understood."""

    field: Field
    text: str
    says: str


@dataclass(frozen=True, slots=True)
class Match:
    """``outcome``; the IRI of the material, of a candidate when it is "review", else None; the reduced formula."""

    outcome: Outcome
    material: str | None
    reduced: str | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    field: Field
    text: str
    kind: Literal["formula", "name", "phase", "cas", "elements", "word", "unknown"]
    reduced: str = ""
    dry: str = ""
    material: str = ""
    elements: frozenset[str] = frozenset()
    anion: str = ""
    waters: int = 0


def match(
    name: str = "", formula: str = "", cas: str = "", form: str = "", elements: Collection[str] = ()
) -> Match:
    """The material that the fields mean. ``elements`` are those whose edges were measured: they must be in it.

    >>> match("rutile-TiO2").material
    'https://w3id.org/xafscat/material/rutile'
    >>> match("calcium sulfate, gypsum", formula="CaSO4").outcome
    'conflict'
    """
    fields: list[tuple[Field, str]] = [("name", name), ("formula", formula), ("cas", cas)]
    evidence: list[Evidence] = []
    claims: list[_Claim] = []
    doubts = 0
    for field, stated in fields:
        text = _clean(stated)
        if not text:
            continue
        refusals = [
            why for why, sign in _REFUSE.items() if sign.search(_DILUTED.sub("", _PURITY.sub("", text)))
        ]
        if len(text) > MAX_TEXT or refusals:
            evidence += [Evidence(field, stated[:MAX_TEXT], why) for why in refusals or ["too long"]]
            return Match("refuse", None, None, tuple(evidence))
        claims += _read(field, text)
    if _REFUSE["not a substance"].search(form):
        return Match("refuse", None, None, (*evidence, Evidence("form", form, "not a substance")))
    if _UNSHAPED.search(form):
        evidence.append(Evidence("form", form, "not the solid that the formula names"))
        doubts += 1
    if _SOLUTION.search(f"{name} {form}"):
        evidence.append(Evidence("form", form or name, "a solution: the material is its solute"))
        doubts += 1
    for claim in claims:
        evidence.append(Evidence(claim.field, claim.text, _says(claim)))
    return _compare(claims, evidence, doubts, frozenset(elements))


def _compare(claims: list[_Claim], evidence: list[Evidence], doubts: int, measured: frozenset[str]) -> Match:
    exact = [claim for claim in claims if claim.reduced]
    strong = [claim for claim in exact if claim.kind == "formula"] or exact
    # A structure type bears the name of a mineral: rutile RuO2.
    exact = [
        c for c in exact if c in strong or not (c.kind == "phase" and c.material.rpartition("/")[2] in _TYPES)
    ]
    # A common name may leave the water out.
    dry = {claim.dry for claim in exact if claim.dry}
    said = {c.reduced for c in exact if not (c.kind == "name" and c.reduced in dry)}
    if len(said) > 1:
        return Match("conflict", None, None, tuple(evidence))
    unknown = [claim for claim in claims if claim.kind == "unknown"]
    if not said:
        partly = any(claim.kind == "elements" for claim in claims)
        return Match("review" if partly else "refuse", None, None, tuple(evidence))
    (formula,) = said
    atoms = frozenset(parse(formula))
    loose = [claim for claim in claims if claim.kind == "elements"]
    if any(_contradicts(claim, formula, dry) for claim in loose):
        return Match("conflict", None, None, tuple(evidence))
    if measured - atoms:
        evidence.append(Evidence("element", " ".join(sorted(measured)), "measured, and not in the formula"))
        doubts += 1
    metals = atoms - _METALLOIDS
    if len(atoms) > 1 and metals == atoms:
        evidence.append(Evidence("formula", formula, "metals alone: an alloy of unstated composition"))
        return Match("refuse", None, None, tuple(evidence))
    substance = _known().substances.get(formula)
    hydrate = any(claim.dry for claim in exact)
    if substance and hydrate and not vocabulary().materials.values(substance, f"{NS}waterMolecules"):
        substance, doubts = None, doubts + 1
    phases = {claim.material for claim in exact if claim.kind == "phase" and claim.reduced == formula}
    phases |= {
        phase
        for c in claims
        if c.kind in {"word", "phase"}
        for word in (c.text.casefold(), c.material.rpartition("/")[2])
        for phase in _phases(substance, word)
    }
    if len(phases) > 1:
        return Match("conflict", None, formula, tuple(evidence))
    doubts += sum(not _misspelt(substance, claim.text) for claim in unknown)
    doubts += sum("read as O" in item.says for item in evidence)
    organic = {"C", "H"} <= atoms and all(
        c.kind == "formula" and not re.search(r"[(·]", c.text) for c in exact
    )
    material = next(iter(phases), None) or (None if organic else substance)
    return Match("review" if doubts else "ok", material, formula, tuple(evidence))


def _contradicts(claim: _Claim, formula: str, dry: set[str]) -> bool:
    """Whether a name without a valence cannot mean the formula: other elements, other water, oxide for hydroxide."""
    atoms = parse(formula)
    # What is more may be water, which is not oxygen alone: a sulfide is no sulfate.
    if not claim.elements <= set(atoms) or set(atoms) - claim.elements not in (set(), {"H"}, {"H", "O"}):
        return True
    substance = _known().substances.get(formula, "")
    waters = vocabulary().materials.values(substance, f"{NS}waterMolecules")
    if claim.waters and ("H" not in atoms or any(float(each) != claim.waters for each in waters)):
        return True
    if waters and not dry:
        return False
    salt = parse(next(iter(dry), formula))
    if claim.anion == "hydroxide":
        return salt.get("H") != salt.get("O")
    return claim.anion == "oxide" and "H" in salt


def _read(field: Field, text: str) -> Iterator[_Claim]:
    bare = _FORM.sub(" ", _SOLUTION.sub(" ", _DILUTED.sub(" ", _PURITY.sub(" ", text)))).strip(" ,;")
    for whole in dict.fromkeys((text, bare)):
        if claim := _claim(field, whole):
            yield claim
            return
    bare = re.sub(r"\(([a-z][a-z ]{2,}|[ァ-ヴー一-龥]{2,})\)", r" \1 ", bare)
    bare = re.sub(r"(?<=[A-Za-z0-9)])-(?=[a-z]{3,}\b)|(?<=[a-z]{3})-(?=[A-Z])", " ", bare)
    bare = re.sub(r"(?<=[ァ-ヴー])型|(?<=[a-z])[ -]type\b|(?<=\d)_(?=[a-z]{3})", " ", bare)
    tokens = [token for token in re.split(r"[\s,;]+", bare) if token]
    start = 0
    while start < len(tokens):
        for end in range(len(tokens), start, -1):
            if claim := _claim(field, " ".join(tokens[start:end])):
                yield claim
                start = end
                break
        else:
            yield _Claim(field, tokens[start], "unknown")
            start += 1


def _claim(field: Field, text: str) -> _Claim | None:
    known = _known()
    if greek := _PREFIX.match(text):
        rest = _claim(field, text[greek.end() :])
        phases = _phases(known.substances.get(rest.reduced), greek[1]) if rest else []
        if rest and len(phases) == 1:
            return _Claim(field, text, "phase", rest.reduced, rest.dry, phases[0])
    graph = vocabulary().materials
    found = known.names.get(text.casefold())
    # "TiN" is no tin: what is written as a formula is one, unless a label is written just so.
    labels = graph.values(found, f"{SKOS}prefLabel", f"{SKOS}altLabel") if found else ()
    if (
        re.fullmatch(r"(?:[A-Z][a-z]?\d*){2,}", text)
        and text not in labels
        and (written := _formula(field, text))
    ):
        return written
    if found:
        stated = graph.values(found, f"{NS}formula")[0]
        kind: Literal["phase", "name"] = "phase" if graph.values(found, f"{SKOS}broader") else "name"
        return _Claim(field, text, kind, reduced(stated), _dry(stated), found)
    if symbol := element(text):
        return _Claim(field, text, "name", symbol)
    try:
        number = check_cas(text)
        if iri := known.numbers.get(number):
            stated = vocabulary().materials.values(iri, f"{NS}formula")[0]
            return _Claim(field, text, "cas", reduced(stated), _dry(stated), iri)
    except IdError:
        pass
    if text.casefold() in _TYPES or text.casefold() in known.words:
        return _Claim(field, text, "word")
    if named := compound(text):
        return _Claim(
            field,
            text,
            "name" if named.formula else "elements",
            named.reduced,
            _dry(named.formula),
            "",
            named.elements,
            named.anion,
            named.waters,
        )
    return _formula(field, text)


def _formula(field: Field, text: str) -> _Claim | None:
    first, *others = text.split(" ")
    if not re.match(r"[A-Z(\[0-9]", first) or not all(_TAIL.fullmatch(each) for each in others):
        return None
    if is_numbered(text):
        return None
    try:
        return _Claim(field, text, "formula", reduced(text), _dry(text))
    except FormulaError:
        return None


def _dry(text: str) -> str:
    water = _WATER.search(text)
    try:
        return reduced(text[: water.start()]) if water else ""
    except FormulaError:
        return ""


def _clean(text: str) -> str:
    text = re.sub("[・･•⋅∙]", "·", text)
    text = unicodedata.normalize("NFKC", re.sub("[·]", "\ue000", text)).replace("\ue000", "·").strip()
    for letter, word in _GREEK.items():
        text = re.sub(rf"{letter}(?=-|[A-Z])", word, text)
    text = re.sub(r"\s+\((?=[IVX,]+\))", "(", text)
    text = re.sub(r"\(?\bacac\b\)?|\(acac\)|acac(?=[0-9])", "(C5H7O2)", text)
    return re.sub(r"\s+", " ", _GROUP.sub(r"(\1)\2", text))


def _phases(substance: str | None, word: str) -> list[str]:
    graph = vocabulary().materials
    phases = graph.values(substance, f"{SKOS}narrower") if substance else []
    exact = [
        phase
        for phase in phases
        if word in (each.casefold() for each in graph.values(phase, f"{SKOS}hiddenLabel"))
    ]
    named = [phase for phase in phases if word == phase.rpartition("/")[2]]
    return exact or named


def _misspelt(substance: str | None, word: str) -> bool:
    """Whether an unknown word is a phase of the substance with letters wrong, or the beginning of its name."""
    names = (
        phase.rpartition("/")[2]
        for phase in vocabulary().materials.values(substance or "", f"{SKOS}narrower")
    )
    lower = word.casefold()
    return any(
        SequenceMatcher(None, lower, name).ratio() >= 0.85 or (len(lower) >= 3 and name.startswith(lower))
        for name in names
    )


def _says(claim: _Claim) -> str:
    match claim.kind:
        case "unknown":
            return "not understood"
        case "word":
            return "a phase or structure type"
        case "elements":
            return "the elements " + " ".join(sorted(claim.elements))
        case _:
            return f"{claim.kind}: {claim.reduced}"


@dataclass(frozen=True, slots=True)
class _Known:
    names: dict[str, str]
    substances: dict[str, str]
    numbers: dict[str, str]
    words: frozenset[str]


@cache
def _known() -> _Known:
    graph = vocabulary().materials
    names: dict[str, str] = {}
    substances: dict[str, str] = {}
    numbers: dict[str, str] = {}
    words: set[str] = set()
    for iri in graph.typed(f"{NS}Material"):
        for text in graph.values(iri, f"{SKOS}prefLabel", f"{SKOS}altLabel"):
            if text not in ELEMENTS:
                names[text.casefold()] = iri
        words.update(text.casefold() for text in graph.values(iri, f"{SKOS}hiddenLabel"))
        numbers.update(dict.fromkeys(graph.values(iri, f"{NS}casNumber"), iri))
        if not graph.values(iri, f"{SKOS}broader"):
            substances[graph.values(iri, f"{NS}formulaReduced")[0]] = iri
    return _Known(names, substances, numbers, frozenset(words))
