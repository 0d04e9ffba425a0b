"""One spectrum of a deposit form made into its parts: measurement, monochromator, calibration, files."""

from __future__ import annotations

import re
from typing import Any

from catalog.errors import CatalogError, InputError
from catalog.findings import define
from catalog.ids import safe_file_name
from catalog.mapping import RecordDocument
from catalog.normalise_values import Work
from catalog.quantity import decimal_text, parse_number
from catalog.wording import Sentence
from catalog.xray import Edge, normalise_edge, normalise_element, parse_crystal

define(
    "element-unknown",
    "error",
    "{value!r} is not a chemical element; write its symbol, for example Fe.",
    "「{value}」は元素ではありません。Fe のように元素記号で書いてください。",
)
define(
    "edge-unknown",
    "error",
    "No absorption edge can be made of this: {detail}",
    "吸収端として使えません: {detail}。",
)
define(
    "edge-conflict",
    "error",
    "The edge {value!r} names another element than {element!r}; correct one of them.",
    "吸収端「{value}」の元素が「{element}」と異なります。どちらかを直してください。",
)
define(
    "edge-untabulated",
    "error",
    "The element {element} has no tabulated {value} edge.",
    "元素 {element} には {value} 吸収端の表がありません。",
)
define(
    "crystal-unreadable",
    "warning",
    'The crystal {value!r} was not understood; write crystal: Si and reflection: "111".',
    '結晶「{value}」を解釈できません。crystal: Si、reflection: "111" のように書いてください。',
)
define(
    "reference-malformed",
    "error",
    "{value!r} is not a record of this catalog; write a record id, with #spectrum-1 for one spectrum.",
    "「{value}」はこのカタログのレコードではありません。レコードの id（スペクトルは #spectrum-1）で書いてください。",
)
define(
    "number-unreadable",
    "error",
    "{value!r} is not a number.",
    "「{value}」は数値ではありません。",
)
define(
    "part-id-malformed",
    "error",
    "{value!r} cannot be the id of a spectrum; use up to 20 letters and digits.",
    "「{value}」はスペクトルの id に使えません。英数字20文字以内にしてください。",
)
define(
    "truth-unreadable",
    "error",
    "{value!r} is neither true nor false.",
    "「{value}」は true でも false でもありません。",
)

MEASUREMENT_TYPES = ["prov:Activity", "sosa:Observation", "xafs:Measurement"]
TRUTH = {"true": "true", "yes": "true", "はい": "true", "false": "false", "no": "false", "いいえ": "false"}
# The id of a part stands in its IRI, after a hyphen and before a dot.
_PART_ID = re.compile(r"[A-Za-z0-9]{1,20}")
_RECORD = re.compile(r"([0-9a-z]+)(#[A-Za-z0-9.-]+)?")


def normalise_spectrum(
    work: Work, document: RecordDocument, sample: RecordDocument | None, index: int
) -> RecordDocument:
    """The spectrum at ``/spectra/<index>`` of the form, as a part of ``document``."""
    pointer = f"/spectra/{index}"
    number = _number(work, pointer, index)
    path = f"spectrum-{number}"
    spectrum = work.part("", "spectra", pointer, ["dcat:Dataset", "xafs:Spectrum"], number)
    spectrum["position"] = str(index + 1)
    for key in ("title", "description"):
        if texts := work.language_map(work.form.get(f"{pointer}/{key}"), f"{pointer}/{key}"):
            spectrum[key] = texts
    edges = _edges(work, spectrum, pointer)
    for key in ("facility", "beamline"):
        if key in document:
            part = document[key]
            spectrum[key] = part["id"] if isinstance(part, dict) else part
    if sample:
        spectrum["of_sample"] = sample["id"]
        if "formula_reduced" in sample:
            spectrum["formula_reduced"] = sample["formula_reduced"]
    for end in ("first", "last"):
        work.quantity(f"{pointer}/energy/{end}", spectrum, f"energy_{end}", path)
    if points := work.text(f"{pointer}/energy/points"):
        if points.isdigit():
            spectrum["points"] = str(int(points))
        else:
            work.report("number-unreadable", f"{pointer}/energy/points", points)
    spectrum["measurement"] = _measurement(work, document, sample, pointer, path, edges)
    _calibration(work, spectrum, pointer, path)
    spectrum["files"] = _files(work, document, pointer, path)
    spectrum["header"] = _header(work, pointer, path)
    _entitle(work, spectrum, sample, pointer)
    return {key: item for key, item in spectrum.items() if item not in ([], {})}


def _number(work: Work, pointer: str, index: int) -> str:
    stated = work.text(f"{pointer}/id")
    if stated is None:
        return str(index + 1)
    if _PART_ID.fullmatch(stated):
        return stated
    work.report("part-id-malformed", f"{pointer}/id", stated)
    return str(index + 1)


def _edges(work: Work, spectrum: RecordDocument, pointer: str) -> list[Edge]:
    """The edges stated, with the shortcuts ``element`` and ``edge`` put on the spectrum."""
    element = work.text(f"{pointer}/element")
    if element:
        try:
            element = normalise_element(element)
        except CatalogError:
            work.report("element-unknown", f"{pointer}/element", element)
            element = None
    stated = work.form.get(f"{pointer}/edge")
    several = isinstance(stated, list)
    shells: list[str] = []
    for position in range(len(stated)) if isinstance(stated, list) else (0,):
        where = f"{pointer}/edge/{position}" if several else f"{pointer}/edge"
        text = work.text(where)
        if not text:
            continue
        try:
            named, found = normalise_edge(text)
        except InputError as error:
            work.report("edge-unknown", where, text, detail=error.detail)
            continue
        if named and element and named != element:
            work.report("edge-conflict", where, text, element=element)
            continue
        element = element or named or None
        shells += [shell for shell in found if shell not in shells]
    if element:
        spectrum["element"] = element
    if not element:
        # An edge without its element is stated all the same; it only cannot be looked up.
        _put_shells(spectrum, shells)
        return []
    known = []
    for shell in shells:
        if work.vocabulary.edge_iri(element, shell):
            known.append(Edge(element, shell))
        else:
            work.report("edge-untabulated", f"{pointer}/edge", shell, element=element)
    _put_shells(spectrum, [edge.shell for edge in known])
    return known


def _put_shells(spectrum: RecordDocument, shells: list[str]) -> None:
    if shells:
        spectrum["edge"] = sorted(shells) if len(shells) > 1 else shells[0]


def _measurement(
    work: Work,
    document: RecordDocument,
    sample: RecordDocument | None,
    pointer: str,
    path: str,
    edges: list[Edge],
) -> RecordDocument:
    measurement = work.part(path, "measurement", pointer, MEASUREMENT_TYPES)
    if iris := [iri for edge in edges if (iri := work.vocabulary.edge_iri(edge.element, edge.shell))]:
        measurement["measured_edge"] = sorted(iris)
    for key in ("mode", "technique"):
        if concept := work.concept(key, f"{pointer}/{key}", measurement, key):
            measurement[key] = concept
    work.moment(f"{pointer}/started", measurement, "started")
    work.moment(f"{pointer}/ended", measurement, "ended")
    for key in ("temperature", "pressure", "ring_energy", "ring_current"):
        work.quantity(f"{pointer}/{key}", measurement, key, f"{path}.measurement")
    if sample:
        measurement["feature_of_interest"] = sample["id"]
    beamline = document.get("beamline")
    if beamline:
        measurement["used"] = [beamline["id"] if isinstance(beamline, dict) else beamline]
    if monochromator := _monochromator(work, measurement, pointer, f"{path}.measurement"):
        measurement["monochromator"] = monochromator
    return measurement


def _monochromator(work: Work, measurement: RecordDocument, pointer: str, path: str) -> RecordDocument | None:
    here = f"{pointer}/monochromator"
    stated = work.form.get(here)
    if not isinstance(stated, dict) or not stated:
        work.text(here, measurement, "monochromator")
        return None
    part = work.part(path, "monochromator", here, ["prov:Entity", "xafs:Monochromator"])
    if kind := work.concept("monochromator", f"{here}/type", part, "monochromator_type"):
        part["monochromator_type"] = kind
    crystal = work.text(f"{here}/crystal", part, "crystal")
    reflection = work.text(f"{here}/reflection", part, "reflection")
    if crystal:
        material, cut = crystal, ""
        if not crystal.isalpha():
            try:
                material, cut = parse_crystal(crystal)
            except CatalogError:
                work.report("crystal-unreadable", f"{here}/crystal", crystal)
        part["crystal"] = material
        reflection = reflection or cut
    if reflection:
        part["reflection"] = reflection
    work.quantity(f"{here}/d_spacing", part, "d_spacing", f"{path}.monochromator")
    return part


def _calibration(work: Work, spectrum: RecordDocument, pointer: str, path: str) -> None:
    here = f"{pointer}/calibration"
    stated = work.form.get(here)
    if not isinstance(stated, dict) or not stated:
        work.text(here, spectrum, "calibration")
        return
    part = work.part(path, "calibration", here, ["prov:Activity", "xafs:EnergyCalibration"])
    if standard := work.language_map(stated.get("standard"), f"{here}/standard", part, "standard"):
        part["standard"] = standard
    if feature := work.concept("calibration-feature", f"{here}/feature", part, "feature"):
        part["feature"] = feature
    if edge := work.text(f"{here}/edge", part, "calibration_edge"):
        _calibration_edge(work, part, edge, f"{here}/edge")
    for key in ("assigned_energy", "energy_shift"):
        work.quantity(f"{here}/{key}", part, key, f"{path}.calibration")
    if simultaneous := work.text(f"{here}/simultaneous", part, "simultaneous"):
        if truth := TRUTH.get(simultaneous.casefold()):
            part["simultaneous"] = truth
        else:
            work.report("truth-unreadable", f"{here}/simultaneous", simultaneous)
    if reference := work.text(f"{here}/reference", part, "reference"):
        _reference(work, part, reference, f"{here}/reference")
    if hc := work.text(f"{here}/hc", part, "hc"):
        try:
            part["hc"] = decimal_text(parse_number(hc.removesuffix("eV Å").strip()))
        except CatalogError:
            work.report("number-unreadable", f"{here}/hc", hc)
    spectrum["calibration"] = part


def _calibration_edge(work: Work, part: RecordDocument, stated: str, pointer: str) -> None:
    try:
        element, shells = normalise_edge(stated)
    except InputError as error:
        work.report("edge-unknown", pointer, stated, detail=error.detail)
        return
    iri = work.vocabulary.edge_iri(element, shells[0]) if element and len(shells) == 1 else None
    if iri:
        part["calibration_edge"] = iri
    else:
        work.report(
            "edge-unknown", pointer, stated, detail=Sentence("write element and one edge, for example Fe K")
        )


def _reference(work: Work, part: RecordDocument, stated: str, pointer: str) -> None:
    named = _RECORD.fullmatch(stated.removeprefix(f"{work.base}/record/"))
    if named:
        part["reference"] = f"{work.base}/record/{named[0]}"
    else:
        work.report("reference-malformed", pointer, stated)


def _files(work: Work, document: RecordDocument, pointer: str, path: str) -> list[RecordDocument]:
    files = []
    for index, name in enumerate(work.form.get(f"{pointer}/files") or []):
        attachment = work.attachments.get(name)
        if attachment is None:
            continue
        number = str(index + 1)
        part = work.part(path, "files", f"{pointer}/files/{index}", "dcat:Distribution", number)
        part["file_name"] = safe_file_name(name)
        part["bytes"] = str(attachment.size)
        part["media_type"] = f"https://www.iana.org/assignments/media-types/{attachment.media_type}"
        part["access_url"] = document["id"]
        if "license" in document:
            part["license"] = document["license"]
        checksum = work.part(f"{path}.file-{number}", "checksum", f"{pointer}/files/{index}", "spdx:Checksum")
        part["checksum"] = {
            **checksum,
            "algorithm": "spdx:checksumAlgorithm_sha256",
            "digest": attachment.sha256,
        }
        if attachment.withheld:
            part["withheld"] = "true"
        files.append(part)
    return files


def _header(work: Work, pointer: str, path: str) -> list[RecordDocument]:
    pairs: list[dict[str, Any]] = work.form.get(f"{pointer}/header") or []
    parts = []
    for index, pair in enumerate(pairs):
        if not pair.get("key") or not pair.get("value"):
            continue
        here = f"{pointer}/header/{index}"
        part = work.part(path, "header", here, "schema:PropertyValue", str(index + 1))
        parts.append({**part, "property_key": pair["key"], "property_value": pair["value"]})
    return parts


def _entitle(work: Work, spectrum: RecordDocument, sample: RecordDocument | None, pointer: str) -> None:
    """A title and a description in both languages, where element, edge and sample name are stated."""
    names = (sample or {}).get("sample_name")
    edge = spectrum.get("edge")
    if not names or not edge or "element" not in spectrum:
        return
    label = f"{spectrum['element']} {','.join(edge) if isinstance(edge, list) else edge}"
    technique = (work.text(f"{pointer}/technique") or "XAFS").upper()
    english = names.get("en") or names.get("@none") or names.get("ja")
    japanese = names.get("ja") or names.get("@none") or names.get("en")
    if english and japanese:
        spectrum.setdefault(
            "title",
            {"en": f"{label}-edge {technique} of {english}", "ja": f"{japanese}の{label}吸収端{technique}"},
        )
        spectrum.setdefault(
            "description",
            {
                "en": f"X-ray absorption spectrum, {label} edge.",
                "ja": f"X線吸収スペクトル（{label}吸収端）。",
            },
        )
