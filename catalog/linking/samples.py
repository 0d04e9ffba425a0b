"""The material of a record's sample: a reviewed link, or what its name, formula and CAS number agree on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from catalog import __version__
from catalog.linking.matching import Match, match
from catalog.linking.model import Link, LinkState
from catalog.linking.scoring import SAMPLE_MATERIAL
from catalog.mapping import RecordDocument, part_fragment
from catalog.vocabulary import vocabulary

_BROADER = "http://www.w3.org/2004/02/skos/core#broader"
_SEMAPV = "https://w3id.org/semapv/vocab/"
# As sure as the fields that agree are many.
_ALONE, _TOGETHER, _REVIEWED = "0.7", "0.9", "0.95"
UNREVIEWED = {
    "en": "Not reviewed by a person: read from {fields}.",
    "ja": "人による確認は未了。{fields}から判断。",
}
_FIELDS = {
    "name": {"en": "the sample's name", "ja": "試料名"},
    "formula": {"en": "its formula", "ja": "化学式"},
    "cas": {"en": "its CAS number", "ja": "CAS番号"},
}


def with_material(public: RecordDocument, reviews: Iterable[Link] = ()) -> RecordDocument:
    """The public document with ``material`` of its sample and the evidence for it, where there is a material to name.

    ``reviews`` are the links that persons have spoken about with this sample as their subject: an accepted one
    decides, a rejected one excludes its material.
    """
    sample = public.get("sample")
    if not isinstance(sample, dict) or "id" not in sample:
        return public
    rejected = set()
    for review in reviews:
        if review.state is LinkState.ACCEPTED:
            return _linked(public, review.object, _reviewed(review))
        if review.state is LinkState.REJECTED:
            rejected.add(review.object)
    found = material_of(
        sample, {spectrum.get("element", "") for spectrum in public.get("spectra", [])} - {""}
    )
    if found is None or found[0] in rejected:
        return public
    return _linked(public, found[0], _read(found[1]))


def material_of(sample: RecordDocument, elements: Iterable[str] = ()) -> tuple[str, tuple[Match, ...]] | None:
    """The material that a sample's names, formula and CAS number agree on, with what each name was understood as.

    One sign of a mixture, a dopant or a solution, one conflict, or two materials of which none is a phase of the
    other: then none is named.
    """
    formula, cas = str(sample.get("formula", "")), str(sample.get("cas", ""))
    form = str(sample.get("form", "")).rpartition("/")[2].replace("-", " ")
    measured = tuple(sorted(elements))
    found = tuple(_match(name, formula, cas, form, measured) for name in _names(sample) or [""])
    materials = {one.material for one in found if one.outcome == "ok" and one.material}
    if not materials or any(_speaks_against(one) for one in found):
        return None
    narrow = {item for item in materials if not any(item in _broader(other) for other in materials)}
    return (narrow.pop(), found) if len(narrow) == 1 else None


@lru_cache(maxsize=50_000)
def _match(name: str, formula: str, cas: str, form: str, elements: tuple[str, ...]) -> Match:
    return match(name, formula, cas, form, elements)


def _names(sample: RecordDocument) -> list[str]:
    names = []
    for texts in (sample.get("sample_name") or {}).values():
        names += texts if isinstance(texts, list) else [texts]
    return sorted(set(map(str, names)))


def _speaks_against(one: Match) -> bool:
    """A conflict, a refusal for a reason, a solution; a name that is merely not understood says nothing."""
    match one.outcome:
        case "ok":
            return False
        case "conflict":
            return True
        case "refuse":
            return any(item.says != "not understood" for item in one.evidence)
        case "review":
            return any(item.field in {"form", "element"} for item in one.evidence)


def _broader(iri: str) -> list[str]:
    return vocabulary().materials.values(iri, _BROADER)


def _linked(public: RecordDocument, material: str, evidence: dict[str, Any]) -> RecordDocument:
    sample = public["sample"]
    record = public["id"]
    node = {
        "id": f"{record}#{part_fragment('sample', 'material_evidence')}",
        "type": "owl:Axiom",
        "annotated_source": sample["id"],
        "annotated_property": SAMPLE_MATERIAL,
        "annotated_target": material,
        **evidence,
    }
    return {**public, "sample": {**sample, "material": material, "material_evidence": node}}


def _read(found: tuple[Match, ...]) -> dict[str, Any]:
    good = [one for one in found if one.outcome == "ok" and one.material]
    said = {item.field: item.text for one in good for item in one.evidence if item.field in _FIELDS}
    fields = [field for field in _FIELDS if field in said]
    words = [_FIELDS[field]["en"] for field in fields]
    joined = {
        "en": " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words),
        "ja": "・".join(_FIELDS[field]["ja"] for field in fields),
    }
    return {
        "mapping_justification": _SEMAPV + ("CompositeMatching" if len(fields) > 1 else "LexicalMatching"),
        "confidence": _TOGETHER if len(fields) > 1 else _ALONE,
        "match_string": "; ".join(said[field] for field in fields),
        "mapping_tool": "xafscat",
        "mapping_tool_version": __version__,
        "note": {tag: text.format(fields=joined[tag]) for tag, text in UNREVIEWED.items()},
    }


def _reviewed(review: Link) -> dict[str, Any]:
    name, _, orcid = (review.reviewer or "").partition("<")
    body: dict[str, Any] = {
        "mapping_justification": f"{_SEMAPV}ManualMappingCuration",
        "confidence": _REVIEWED,
        "reviewer_label": name.strip(),
    }
    if orcid:
        body["reviewer"] = orcid.rstrip(">")
    if review.review_date:
        body["review_date"] = review.review_date.isoformat()
    if review.comment:
        body["note"] = {"en": review.comment}
    return body
