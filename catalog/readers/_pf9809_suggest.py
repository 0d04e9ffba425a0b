"""What a 9809 file lets one infer without stating it: suggestions to confirm, and names that disagree with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import PurePath

from catalog.alias_tables import meanings
from catalog.document import Form, FormValue
from catalog.findings import Finding, define, finding
from catalog.readers import Curve
from catalog.readers._hints import (
    Window,
    named_edges,
    reaches,
    suggested_edge,
    suggested_formula,
    symbols,
)
from catalog.readers._pf9809_header import Header

define(
    "pf9809-name-edge",
    "warning",
    "The file name says {value}, which is no absorption edge; nothing was made of it. State element and edge.",
    "ファイル名の「{value}」は吸収端ではないため使いませんでした。元素と吸収端を入力してください。",
)
define(
    "pf9809-name-range",
    "warning",
    "The file name says {value}, but the scan goes from {first} to {last} eV and does not reach that edge.",
    "ファイル名は {value} ですが、測定範囲（{first}〜{last} eV）にその吸収端がありません。",
)
define(
    "pf9809-name-date",
    "warning",
    "The file name says {value}, the header says {stated}; the header was used. Correct one of them.",
    "ファイル名は {value}、ヘッダーは {stated} です（ヘッダーを使いました）。どちらかを直してください。",
)
define(
    "pf9809-name-beamline",
    "warning",
    "The file name says beamline {value}, the header says {stated}; the header was used. Correct one of them.",
    "ファイル名のビームラインは {value}、ヘッダーは {stated} です（ヘッダーを使いました）。どちらかを直してください。",
)
define(
    "pf9809-renamed",
    "info",
    "The header calls this file {value!r}; it was renamed since.",
    "ヘッダーに書かれたファイル名は「{value}」です。名前が変更されています。",
)

_BEAMLINE = re.compile(r"BL[ _-]?0?([0-9]{1,2}[A-Z]{0,2}[0-9]?)(?![A-Z0-9])", re.IGNORECASE)
_DAY = re.compile(r"(?<![0-9])((?:19|20)?[0-9]{2})([01][0-9])([0-3][0-9])(?![0-9])")
_YEAR = re.compile(r"(?<![A-Za-z0-9])((?:19[89]|20[0-9])[0-9])(?![A-Za-z0-9])")


def suggest(
    header: Header, form: Form, curve: Curve | None, scan: Window | None, fine: Window | None, name: str
) -> dict[str, FormValue]:
    """Suggested values by form pointer.

    ``scan`` is the range of the whole scan in eV, ``fine`` that of its finest steps; ``curve`` is given only
    when the table holds the whole scan.
    """
    found: dict[str, FormValue] = {}
    comment = form.get("/sample/name") or ""
    if formula := suggested_formula(comment, meanings("pf9809", "diluents", "word", "word")):
        found["/sample/formula"] = formula
    if scan:
        hinted = symbols((PurePath(name).stem, header.get("File"), comment))
        edge = suggested_edge(hinted, named_edges(name)[0], curve, scan, fine)
        found |= {f"/spectra/0/{key}": value for key, value in edge.items()}
    return found


def compare_with_name(
    header: Header, form: Form, scan: tuple[float, float] | None, name: str
) -> list[Finding]:
    """Findings where the file's own name says another thing than its header."""
    stem = PurePath(name).stem
    edges, wrong = named_edges(name)
    path = "/spectra/0/edge"
    findings = [finding("pf9809-name-edge", path=path, file=name, value=each) for each in wrong]
    if scan and edges and not any(reaches(edge, scan) for edge in edges):
        shown = ", ".join(f"{edge.element} {edge.shell}" for edge in edges)
        first, last = (f"{energy:.0f}" for energy in scan)
        findings.append(
            finding("pf9809-name-range", path=path, file=name, value=shown, first=first, last=last)
        )
    findings += _compare_dates(form, stem, name)
    beamline = header.get("Beamline")
    for match in _BEAMLINE.finditer(stem):
        if beamline and _code(match[1]) != _code(beamline):
            line = header.stated["Beamline"].line
            findings.append(
                finding(
                    "pf9809-name-beamline",
                    path="/beamline",
                    file=name,
                    line=line,
                    value=match[0],
                    stated=beamline,
                )
            )
    recorded = header.get("File")
    if recorded and _plain(PurePath(recorded.replace(":", "/")).name) not in _plain(PurePath(name).name):
        findings.append(finding("pf9809-renamed", file=name, line=header.stated["File"].line, value=recorded))
    return findings


def _compare_dates(form: Form, stem: str, name: str) -> Iterator[Finding]:
    started = form.get("/spectra/0/started")
    if not isinstance(started, str):
        return
    stated = datetime.fromisoformat(started).date()
    origin = form.origins["/spectra/0/started"]
    for match in _DAY.finditer(stem):
        year = int(match[1]) if len(match[1]) == 4 else 2000 + int(match[1])
        try:
            told = date(year, int(match[2]), int(match[3]))
        except ValueError:
            continue
        # Other six digits are numbers of samples and runs: only a near date is meant as one.
        if told != stated and abs(told.year - stated.year) <= 30 and len(match[1]) == 4:
            yield _date(name, origin.line, told.isoformat(), stated.isoformat())
    for match in _YEAR.finditer(stem):
        if int(match[1]) != stated.year:
            yield _date(name, origin.line, match[1], stated.isoformat())


def _date(name: str, line: int | None, value: str, stated: str) -> Finding:
    return finding(
        "pf9809-name-date", path="/spectra/0/started", file=name, line=line, value=value, stated=stated
    )


def _plain(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.casefold())


def _code(beamline: str) -> str:
    return re.sub(r"^(?:AR)?(?:BL)?0*", "", re.sub(r"[\s_-]", "", beamline.upper()))
