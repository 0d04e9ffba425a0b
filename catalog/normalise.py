"""Deposit form to record document: the one step between what people write and what becomes RDF.

Pure: no clock, no disk, no network. Every part gets its id and types, the edge its IRI, quantities their exact
decimal, names their authority. What cannot be understood is reported as a finding and never guessed; what
nobody said stays absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.document import Form, split_pointer
from catalog.errors import InputError
from catalog.findings import Finding, define
from catalog.formula import parse as parse_formula
from catalog.formula import reduced
from catalog.ids import (
    check_cas,
    doi_iri,
    normalise_doi,
    normalise_orcid,
    normalise_ror,
    orcid_iri,
    ror_iri,
    round_iri,
    specimen_iri,
)
from catalog.mapping import RecordDocument, context
from catalog.normalise_funding import normalise_funding
from catalog.normalise_plain import put_plain_fields
from catalog.normalise_spectrum import normalise_spectrum
from catalog.normalise_values import StoredFile, Work
from catalog.plain_fields import plain_fields
from catalog.vocabulary import Vocabulary
from catalog.wording import Sentence, Words

define(
    "licence-unknown",
    "error",
    "The licence {value!r} is not known; write an SPDX id such as CC-BY-4.0 or CC0-1.0.",
    "ライセンス「{value}」が分かりません。CC-BY-4.0 や CC0-1.0 などの SPDX 識別子で書いてください。",
)
define(
    "concept-unknown",
    "error",
    "{value!r} is not a known {what}; use one of: {choices}.",
    "「{value}」は{what}として登録されていません。次のいずれかを使ってください: {choices}。",
)
define(
    "identifier-malformed",
    "error",
    "Not a valid {what}: {detail}",
    "正しい{what}ではありません: {detail}。",
)
define(
    "formula-unparsed",
    "warning",
    "The formula was kept as text: {detail}",
    "化学式は文字列として保存しました: {detail}。",
)
define(
    "facility-unregistered",
    "info",
    "The facility {value!r} is not in the list of facilities; its name was kept.",
    "施設「{value}」は施設一覧にありません。名称をそのまま保存しました。",
)
define(
    "beamline-unregistered",
    "info",
    "The beamline {value!r} is not in the list of beamlines; its name was kept.",
    "ビームライン「{value}」は一覧にありません。名称をそのまま保存しました。",
)
define(
    "beamline-elsewhere",
    "warning",
    "The facility is {facility}, but the beamline {value!r} is one of {other}; correct one of them.",
    "施設は{facility}ですが、ビームライン「{value}」は{other}のものです。どちらかを直してください。",
)
define(
    "credit-unnamed",
    "error",
    "A creator has no name; write name: (an ORCID alone is not shown to readers).",
    "作成者の名前がありません。name: を書いてください（ORCID だけでは表示できません）。",
)
define(
    "credit-person-or-organisation",
    "warning",
    "A creator has an ORCID and a ROR id; {value} was left out. Write a person's organisation under affiliation:.",
    "作成者に ORCID と ROR ID があるため {value} は使いません。個人の所属は affiliation: に書いてください。",
)
define(
    "round-unnamed",
    "error",
    "The round-robin has no id; write id: and a short word that all its records share, for example cu-foil-2026.",
    "ラウンドロビンの id がありません。参加するすべての登録に共通の短い語（例: cu-foil-2026）を id: に書いてください。",
)
define(
    "title-generated",
    "info",
    "No title was given; {value!r} was made from the edge and the sample.",
    "表題がないため、吸収端と試料名から「{value}」を作りました。",
)

# The same types as a registered facility or beamline has, so that one query finds both.
FACILITY_TYPES = ["foaf:Agent", "org:Organization", "prov:Agent", "prov:Organization", "xafs:Facility"]
BEAMLINE_TYPES = ["prov:Entity", "sosa:Platform", "xafs:Beamline"]


@dataclass(slots=True)
class Normalised:
    """A record document, what was found on the way, and the form pointer each part came from (by part IRI)."""

    document: RecordDocument
    findings: list[Finding] = field(default_factory=list)
    pointers: dict[str, str] = field(default_factory=dict)


def normalise(
    form: Form,
    *,
    iri: str,
    base: str,
    vocabulary: Vocabulary,
    attachments: Mapping[str, StoredFile] | None = None,
) -> Normalised:
    """The record document of ``form`` for the record ``iri`` of the catalog at ``base``.

    ``attachments`` maps the file names of the form to what was stored of them; a file without an attachment
    is left out (the caller reports it). Never raises for what a depositor wrote: that becomes findings.
    """
    work = Work(form, iri, base, vocabulary, dict(attachments or {}))
    document: RecordDocument = {"id": iri, "type": ["dcat:Dataset", "xafs:Deposit"]}
    work.pointers[iri] = ""
    _describe(work, document)
    _place(work, document)
    document["funding"] = normalise_funding(work)
    sample = _sample(work, document)
    spectra = form.values.get("spectra") or []
    document["spectra"] = [normalise_spectrum(work, document, sample, index) for index in range(len(spectra))]
    put_plain_fields(work, document, plain_fields())
    _title(work, document)
    _accepted(work, document)
    return Normalised(_pruned(document), work.findings, work.pointers)


def _accepted(work: Work, document: RecordDocument) -> None:
    """List on each node the properties whose values were inferred and confirmed by a person."""
    names = context()
    for pointer, origin in work.form.origins.items():
        if origin.kind != "accepted":
            continue
        *parts, key = split_pointer(pointer)
        node: Any = document
        for part in parts:
            if isinstance(node, list):
                node = node[int(part)] if int(part) < len(node) else None
            elif isinstance(node, dict):
                node = node.get(part, node.get("measurement", {}).get(part))
            else:
                node = None
        key = {"name": "sample_name"}.get(key, key) if parts else key
        if not isinstance(node, dict):
            continue
        if key not in node:
            node = node.get("measurement", {})
        if key in node and key in names.terms:
            listed = {*node.get("inferred", []), names.compact(names.terms[key].predicate.value)}
            node["inferred"] = sorted(listed)


def _describe(work: Work, document: RecordDocument) -> None:
    values = work.form.values
    for key in ("title", "description", "note", "private_note"):
        if text := work.language_map(values.get(key), f"/{key}"):
            document[key] = text
    for key, scheme in (("kind", "kind"), ("access", "access")):
        if concept := work.concept(scheme, f"/{key}"):
            document[key] = concept
    if stated := work.text("/license"):
        licence = work.vocabulary.license(stated)
        if licence:
            document["license"] = licence
        else:
            work.report("licence-unknown", "/license", stated)
    work.date("/hidden_until")  # state of the registry, not of the document; only its spelling is judged here
    if available := work.date("/available"):
        document["available"] = available
    for key, pointer in (("doi", "/doi"), ("collection", "/collection_doi")):
        if doi := _doi(work, pointer):
            document[key] = doi
    _round(work, document)
    papers = [_doi(work, f"/papers/{index}") for index in range(len(values.get("papers") or []))]
    document["papers"] = sorted({paper for paper in papers if paper})


def _round(work: Work, document: RecordDocument) -> None:
    name = work.language_map(work.form.get("/round/name"), "/round/name")
    iri = work.identifier("/round/id", Sentence("round-robin id"), lambda text: round_iri(work.base, text))
    if iri:
        document["round"] = iri
        document["round_name"] = name
    elif name and not work.text("/round/id"):
        work.report("round-unnamed", "/round", _first(name))


def _doi(work: Work, pointer: str) -> str | None:
    return work.identifier(pointer, Sentence("DOI"), lambda text: doi_iri(normalise_doi(text)))


def _place(work: Work, document: RecordDocument) -> None:
    """Facility, beamline and laboratory source: an authority where the name is known, else a part with the name."""
    facility_name = work.language_map(work.form.values.get("facility"), "/facility")
    facility_iri = None
    if facility_name:
        facility_iri = work.resolve(facility_name, work.vocabulary.facility)
        document["facility_name"] = _labels(work, facility_iri) or facility_name
        if facility_iri:
            document["facility"] = facility_iri
        else:
            document["facility"] = work.part("", "facility", "/facility", FACILITY_TYPES)
            document["facility"]["name"] = facility_name
            work.report("facility-unregistered", "/facility", _first(facility_name))
    if laboratory := work.text("/laboratory_source"):
        document["laboratory_source"] = laboratory
    beamline_name = work.language_map(work.form.values.get("beamline"), "/beamline")
    if beamline_name:
        beamline_iri = work.resolve(beamline_name, lambda text: work.vocabulary.beamline(text, facility_iri))
        if beamline_iri:
            document["beamline"] = beamline_iri
        else:
            document["beamline"] = work.part("", "beamline", "/beamline", BEAMLINE_TYPES)
            document["beamline"]["name"] = beamline_name
            _report_beamline(work, beamline_name, facility_iri)
    document["credits"] = [
        credit
        for index in range(len(work.form.values.get("creators") or []))
        if (credit := _credit(work, f"/creators/{index}", facility_iri))
    ]


def _report_beamline(work: Work, names: dict[str, str], facility_iri: str | None) -> None:
    """Say that the beamline is not known, or that it is known and stands elsewhere."""
    words = work.vocabulary
    known = facility_iri and work.resolve(names, lambda text: words.beamline_elsewhere(text, facility_iri))
    if not known or facility_iri is None:
        work.report("beamline-unregistered", "/beamline", _first(names))
        return
    here, there = (
        Words(words.label(iri, "en") or iri, words.label(iri, "ja") or iri)
        for iri in (facility_iri, words.beamline_facility(known) or known)
    )
    work.report("beamline-elsewhere", "/beamline", _first(names), facility=here, other=there)


def _ror(work: Work, pointer: str) -> str | None:
    return work.identifier(f"{pointer}/ror", Sentence("ROR id"), lambda text: ror_iri(normalise_ror(text)))


def _credit(work: Work, pointer: str, facility_iri: str | None) -> RecordDocument | None:
    stated = work.form.get(pointer)
    person: dict[str, Any] = {"name": stated} if isinstance(stated, str) else stated
    name = work.language_map(person.get("name"), f"{pointer}/name")
    if not name:
        work.report("credit-unnamed", pointer)
        return None
    credit: RecordDocument = {"credit_name": name}
    if "orcid" in person:
        if "ror" in person:
            work.report("credit-person-or-organisation", f"{pointer}/ror", str(person["ror"]))
        orcid = work.identifier(
            f"{pointer}/orcid", Sentence("ORCID"), lambda text: orcid_iri(normalise_orcid(text))
        )
        if orcid:
            credit["agent"] = orcid
    elif "ror" in person:
        if ror := _ror(work, pointer):
            credit["agent"] = ror
    elif facility_iri and work.resolve(name, work.vocabulary.facility) == facility_iri:
        # Only the deposit's own facility: a person may share a name with some other one.
        credit["agent"] = facility_iri
    affiliation = person.get("affiliation")
    if affiliation:
        _affiliate(work, credit, affiliation, f"{pointer}/affiliation")
    if str(person.get("credit", "shown")).casefold() == "hidden":
        credit["hidden"] = "true"
    return credit


def _affiliate(work: Work, credit: RecordDocument, affiliation: Any, pointer: str) -> None:
    stated: dict[str, Any]
    is_group = isinstance(affiliation, dict) and bool({"name", "ror"} & set(affiliation))
    stated = affiliation if is_group else {"name": affiliation}
    name = work.language_map(stated.get("name"), pointer)
    if name:
        credit["affiliation_name"] = name
    if "ror" in stated:
        ror = _ror(work, pointer)
        if ror:
            credit["affiliation"] = ror
    elif name and (facility := work.resolve(name, work.vocabulary.facility)):
        credit["affiliation"] = facility


def _sample(work: Work, document: RecordDocument) -> RecordDocument | None:
    stated = work.form.values.get("sample")
    if not isinstance(stated, dict) or not stated:
        work.text("/sample", document, "sample")
        return None
    sample = work.part("", "sample", "/sample", ["sosa:Sample", "xafs:Sample"])
    document["sample"] = sample
    if name := work.language_map(stated.get("name"), "/sample/name", sample, "sample_name"):
        sample["sample_name"] = name
    if preparation := work.language_map(
        stated.get("preparation"), "/sample/preparation", sample, "preparation"
    ):
        sample["preparation"] = preparation
    if concentration := work.text("/sample/concentration", sample, "concentration"):
        sample["concentration"] = concentration
    if form := work.concept("form", "/sample/form", sample, "form"):
        sample["form"] = form
    if cas := work.identifier("/sample/cas", Sentence("CAS number"), check_cas, sample, "cas"):
        sample["cas"] = cas
    specimen = work.identifier(
        "/sample/id", Sentence("sample id"), lambda text: specimen_iri(work.base, text)
    )
    if specimen:
        sample["specimen"] = specimen
    work.quantity("/sample/thickness", sample, "thickness", "sample")
    _formula(work, sample)
    return sample


def _formula(work: Work, sample: RecordDocument) -> None:
    stated = work.text("/sample/formula", sample, "formula")
    if not stated:
        return
    sample["formula"] = stated
    try:
        sample["formula_reduced"] = reduced(stated)
        sample["formula_elements"] = sorted(parse_formula(stated))
    except InputError as error:
        sample.pop("formula_reduced", None)
        work.report("formula-unparsed", "/sample/formula", stated, detail=error.detail)


def _title(work: Work, document: RecordDocument) -> None:
    """A missing title is the first spectrum's, a missing description the list of the spectra's titles."""
    titles = [
        spectrum["title"]
        for spectrum in document["spectra"]
        if {"en", "ja"} <= set(spectrum.get("title", {}))
    ]
    if not titles:
        return
    if "title" not in document:
        document["title"] = dict(titles[0])
        work.report("title-generated", "/title", titles[0]["en"])
    document.setdefault(
        "description",
        {
            "en": "; ".join(dict.fromkeys(title["en"] for title in titles)) + ".",
            "ja": "、".join(dict.fromkeys(title["ja"] for title in titles)) + "。",
        },
    )


def _labels(work: Work, iri: str | None) -> dict[str, str] | None:
    if iri is None:
        return None
    labels = {language: work.vocabulary.label(iri, language) for language in ("en", "ja")}
    return {language: label for language, label in labels.items() if label} or None


def _first(texts: Mapping[str, str]) -> str:
    return next(iter(texts.values()))


def _pruned(document: RecordDocument) -> RecordDocument:
    return {key: item for key, item in document.items() if item not in ([], {}, None)}
