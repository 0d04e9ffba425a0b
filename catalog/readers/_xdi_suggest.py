"""What an XDI file lets one infer without stating it: suggestions that a person has to confirm, never facts.

Also the comparison of the header with the file's own name and folder, which are hints only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from catalog.document import Form, FormValue
from catalog.errors import CatalogError
from catalog.findings import Finding, define, finding
from catalog.ids import check_cas
from catalog.readers import Curve
from catalog.readers._edges import inferred_edge
from catalog.readers._xdi_aliases import aliases
from catalog.readers._xdi_columns import mode_of
from catalog.readers._xdi_header import Column, Header
from catalog.xray import ELEMENTS, Edge

define(
    "xdi-name-disagrees",
    "warning",
    "The file name says {value}, the header says {stated}; the header was used. Correct one of them.",
    "ファイル名は {value}、ヘッダーは {stated} です（ヘッダーを使いました）。どちらかを直してください。",
)
define(
    "xdi-folder-disagrees",
    "warning",
    "The folder says {value}, the header says {stated}; the header was used. Move the file or correct the header.",
    "フォルダー名は {value}、ヘッダーは {stated} です（ヘッダーを使いました）。"
    "ファイルを移すか、ヘッダーを直してください。",
)

_EDGE_IN_NAME = re.compile(r"(?<![A-Za-z0-9])([A-Z][a-z]?)[ _-](K|L[123]|M[1-5])(?![A-Za-z0-9])[ _-]*(.*)")
_LEADING_SYMBOL = re.compile(r"([A-Z][a-z]?)(?=[ _-])")
_CAS_IN_COMMENT = re.compile(r"\bCAS\W{0,3}([0-9]{2,7})[-=]([0-9]{2})[-=]([0-9])(?![0-9])")
_ROOM_IN_COMMENT = re.compile(r"\broom temp", re.IGNORECASE)


def suggest(
    header: Header, form: Form, columns: Sequence[Column], curve: Curve | None, name: str
) -> dict[str, FormValue]:
    """Suggested values by form pointer, only for what ``form`` does not state."""
    found: dict[str, FormValue] = {}
    element = form.get("/spectra/0/element")
    if mode := mode_of(header, columns, element):
        found["/spectra/0/mode"] = mode
    found |= _edge(form, curve, name)
    if facility := _facility(header):
        found["/facility"] = facility
    found |= _reference(header, columns)
    for _, comment in header.comments:
        if _ROOM_IN_COMMENT.search(comment):
            found["/spectra/0/temperature"] = "room temperature"
        if cas := _cas(comment):
            found["/sample/cas"] = cas
    if sample := _sample_in_name(name):
        found["/sample/name"] = sample
    return {pointer: value for pointer, value in found.items() if form.get(pointer) is None}


def compare_with_name(form: Form, name: str) -> list[Finding]:
    """Findings where the header's element or edge is another one than the file's name or folder says."""
    element, edge = form.get("/spectra/0/element"), form.get("/spectra/0/edge")
    findings = []
    stated = " ".join(item for item in (element, edge) if isinstance(item, str))
    named = _edge_in_name(name)
    if named and ((element and named.element != element) or (isinstance(edge, str) and named.shell != edge)):
        findings.append(
            _disagreement("xdi-name-disagrees", f"{named.element} {named.shell}", stated, form, name)
        )
    folder = PurePath(name).parent.name
    if element and folder in ELEMENTS and folder != element:
        findings.append(_disagreement("xdi-folder-disagrees", folder, element, form, name))
    return findings


def _disagreement(code: str, value: str, stated: str, form: Form, name: str) -> Finding:
    path = "/spectra/0/element"
    origin = form.origin(path)
    return finding(
        code, path=path, file=name, line=origin.line if origin else None, value=value, stated=stated
    )


def _edge(form: Form, curve: Curve | None, name: str) -> dict[str, FormValue]:
    element, shell = form.get("/spectra/0/element"), form.get("/spectra/0/edge")
    if element and shell:
        return {}
    named = _edge_in_name(name)
    symbol = element or (named.element if named else None) or _leading_symbol(name)
    edge = named or (inferred_edge(curve, symbol) if curve else None)
    if edge and (element in (None, edge.element)) and (shell in (None, edge.shell)):
        return {"/spectra/0/element": edge.element, "/spectra/0/edge": edge.shell}
    return {"/spectra/0/element": symbol} if symbol else {}


def _edge_in_name(name: str) -> Edge | None:
    found = {
        Edge(match[1], match[2])
        for match in _EDGE_IN_NAME.finditer(PurePath(name).stem)
        if match[1] in ELEMENTS
    }
    return found.pop() if len(found) == 1 else None


def _sample_in_name(name: str) -> str | None:
    match = _EDGE_IN_NAME.search(PurePath(name).stem)
    return match[3].strip(" _-") or None if match and match[1] in ELEMENTS else None


def _leading_symbol(name: str) -> str | None:
    match = _LEADING_SYMBOL.match(PurePath(name).stem)
    return match[1] if match and match[1] in ELEMENTS else None


def _facility(header: Header) -> str | None:
    table = aliases()
    for entry in header.fields:
        variable = entry.raw.partition("||")[2].strip()
        for prefix, facility in table.facility_by_process_variable.items():
            if variable.startswith(prefix):
                return facility
    for entry in header.fields:
        if entry.key in {"beamline.name", "facility.xray_source", "beamline.xray_source"}:
            for word in re.split(r"[\s,;()]+", entry.value):
                if word.casefold() in table.facility_by_word:
                    return table.facility_by_word[word.casefold()]
    return None


def _reference(header: Header, columns: Sequence[Column]) -> dict[str, FormValue]:
    """A reference sample named beside a reference channel may be the calibration standard."""
    labels = {column.label.casefold() for column in columns}
    if labels.isdisjoint({"irefer", "ir", "murefer", "normrefer"}):
        return {}
    for key in ("element.reference_material", "sample.reference", "element.reference"):
        for entry in header.fields:
            if entry.key == key and entry.value.casefold() not in {"none", "no", *aliases().placeholders}:
                return {
                    "/spectra/0/calibration/standard": entry.value,
                    "/spectra/0/calibration/simultaneous": "true",
                }
    return {}


def _cas(comment: str) -> str | None:
    match = _CAS_IN_COMMENT.search(comment)
    try:
        return check_cas("-".join(match.groups())) if match else None
    except CatalogError:
        return None
