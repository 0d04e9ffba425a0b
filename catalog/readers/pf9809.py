"""9809, the format of Japanese XAFS beamlines (Photon Factory, SPring-8, SAGA-LS, Aichi SR): one scan in fixed columns.

A file states angles, not energies: these are computed from the observed angle, the stated lattice spacing and hc,
and say so. It never states element or edge; what points to them becomes suggestions.
"""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import accumulate

from catalog.alias_tables import alias_table, meanings
from catalog.document import Form, Origin
from catalog.findings import Finding, define, finding
from catalog.readers import Reader, Reading, Source
from catalog.readers._curves import ASSUMED_HC, bragg_energy, d_spacing_of, implied_hc, thinned_curve
from catalog.readers._encoding import decode, decode_head, encoding_findings, lines
from catalog.readers._hints import Window, finest
from catalog.readers._pf9809_form import SPECTRUM, fill_form
from catalog.readers._pf9809_header import IDENTITY, Header, read_header
from catalog.readers._pf9809_suggest import compare_with_name, suggest
from catalog.readers._pf9809_table import Table, read_table
from catalog.wording import Sentence

define(
    "pf9809-energy-computed",
    "info",
    "The energies were computed from the observed angle with the stated D and an assumed hc of {value} eV Å; "
    "state calibration.hc in a defaults file if the beamline converts with another.",
    "エネルギーは観測角度、ファイルの D、仮定した hc = {value} eV Å から計算しました。"
    "ビームラインの換算値が異なる場合は、既定値ファイルの calibration.hc で指定してください。",
)
define(
    "pf9809-hc",
    "info",
    "Blocks stated in energy and stepped in angle show that the beamline converted with hc = {value} eV Å, not with "
    "the assumed {assumed}; state it as calibration.hc in a form or a defaults file if that is so.",
    "エネルギーで指定されたブロックと設定角度から、ビームラインの換算値は hc = {value} eV Å と分かります"
    "（仮定は {assumed}）。その通りであれば、登録票か既定値ファイルの calibration.hc で指定してください。",
)
define(
    "pf9809-no-energy",
    "warning",
    "No photon energy could be computed ({value}); state first and last energy by hand.",
    "エネルギーを計算できません（{value}）。測定範囲を手で入力してください。",
)
define(
    "pf9809-angles",
    "warning",
    "Set and observed angle differ by up to {value} eV; the energies follow the observed angle. Check the calibration.",
    "設定角度と観測角度が最大 {value} eV ずれています。エネルギーは観測角度によります。較正を確かめてください。",
)
define(
    "pf9809-points",
    "warning",
    "The header announces {value} points, the table has {rows}: the scan was stopped, or the file was cut.",
    "ヘッダーの測定点数は {value} ですが、表は {rows} 点です。測定が中断されたか、ファイルが切れています。",
)
define(
    "pf9809-columns",
    "info",
    "The row of labels names {labels} columns, the table has {value}; the table was followed.",
    "列ラベルは {labels} 個ですが、表は {value} 列です。表に従いました。",
)
define(
    "pf9809-overflow",
    "warning",
    "A number did not fit its field and is lost (****); such points are not in the curve.",
    "桁あふれ（****）のため失われた数値があります。その点は曲線に含めません。",
)

# Beyond this the difference is no rounding of the angle.
_DIFFERENCE_EV = 1.0
# A computed energy is exact to the fifth decimal of the angle: far better than the values of hc differ.
_SAME_HC = 0.03


def sniff(source: Source) -> int:
    """Certain when a line with 9809 and a facility comes first and the row of angle labels follows."""
    if b"9809" not in source.head[:40]:
        return 0
    head = decode_head(source.head)
    if head is None or not IDENTITY.match(head):
        return 0
    return 100 if "angle(c)" in head.casefold() or "NDCH" in head else 40


def read(source: Source) -> Reading:
    """The scan as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for a header that breaks off or a table that is not all numbers.
    """
    name = source.name
    decoded = decode(source.content(), name)
    rows = lines(decoded.text, name)
    header = read_header(rows, name)
    filled = fill_form(header, name)
    form = filled.form
    table = read_table(rows, header, form.get(f"{SPECTRUM}/mode"), name)
    reading = Reading([form], private=filled.private)
    reading.findings = [*encoding_findings(decoded, name), *filled.findings, *_compare(header, table, name)]
    spacing = d_spacing_of(form)
    energies = [bragg_energy(angle, spacing) for angle in table.angle] if spacing else []
    curve = thinned_curve(energies, table.ordinate, table.signal.label) if energies and table.signal else None
    if curve:
        reading.curves[0, SPECTRUM] = curve
    _put_energy(reading, form, table, energies, name)
    scan, fine = _ranges(header, spacing, energies)
    is_whole = len(table.angle) >= 0.9 * int(header.get("Points") or 0)
    reading.suggestions = suggest(header, form, curve if is_whole else None, scan, fine, name)
    reading.findings += compare_with_name(header, form, scan, name)
    if spacing and energies:
        reading.findings += _compare_angles(table, energies, spacing, name)
        _compare_hc(reading, header, table, spacing, name)
    return reading


def _put_energy(reading: Reading, form: Form, table: Table, energies: list[float], name: str) -> None:
    points = Origin("header", name, table.first[0], "Angle(o)", None)
    form.put(f"{SPECTRUM}/energy/points", str(len(table.angle)), points)
    if not energies or not all(map(math.isfinite, (energies[0], energies[-1]))):
        reason = (
            Sentence("the header states no usable D")
            if not energies
            else Sentence("the angles are not between 0 and 180 degrees")
        )
        reading.findings.append(
            finding(
                "pf9809-no-energy", path=f"{SPECTRUM}/energy", file=name, line=table.first[0], value=reason
            )
        )
        return
    for end, (line, token), energy in (
        ("first", table.first, energies[0]),
        ("last", table.last, energies[-1]),
    ):
        origin = Origin("inferred", name, line, "Angle(o)", token)
        form.put(f"{SPECTRUM}/energy/{end}", f"{energy:.3f} eV", origin)
    path = f"{SPECTRUM}/calibration/hc"
    form.put(path, ASSUMED_HC, Origin("inferred", name, table.first[0], "Angle(o)", None))
    reading.findings.append(
        finding("pf9809-energy-computed", path=path, file=name, line=table.first[0], value=ASSUMED_HC)
    )


def _ranges(
    header: Header, spacing: float | None, energies: list[float]
) -> tuple[Window | None, Window | None]:
    """The span of the scan in eV, and that of its finest steps: as the blocks say, else as the table goes."""
    axis = meanings("pf9809", "axes", "code", "axis").get(header.get("Axis_code"))
    stretches = []
    for block in header.blocks:
        ends = [block.first, block.last]
        if axis == "angle":
            ends = [bragg_energy(end, spacing or 0.0) for end in ends]
        step = abs(ends[1] - ends[0]) / block.points if block.points else 0.0
        if all(map(math.isfinite, ends)):
            stretches.append((min(ends), max(ends), step))
    finite = [energy for energy in energies if math.isfinite(energy)]
    if not stretches and finite:
        stretches = [(min(finite), max(finite), 1.0)]
    if not stretches:
        return None, None
    scan = min(low for low, _, _ in stretches), max(high for _, high, _ in stretches)
    return scan, finest(stretches)


def _compare(header: Header, table: Table, name: str) -> list[Finding]:
    findings = []
    announced = header.get("Points")
    if announced and int(announced) != len(table.angle):
        line = header.stated["Points"].line
        path = f"{SPECTRUM}/energy/points"
        findings.append(
            finding("pf9809-points", path=path, file=name, line=line, value=announced, rows=len(table.angle))
        )
    if table.columns != len(header.labels):
        labels = len(header.labels)
        findings.append(
            finding(
                "pf9809-columns", file=name, line=header.label_line, value=str(table.columns), labels=labels
            )
        )
    if table.overflow:
        findings.append(finding("pf9809-overflow", file=name, line=table.overflow))
    return findings


def _compare_angles(table: Table, energies: list[float], spacing: float, name: str) -> list[Finding]:
    differences = (
        abs(energy - bragg_energy(angle, spacing))
        for energy, angle in zip(energies, table.angle_set, strict=True)
    )
    most = max((each for each in differences if math.isfinite(each)), default=0.0)
    if most < _DIFFERENCE_EV:
        return []
    path = f"{SPECTRUM}/energy"
    return [finding("pf9809-angles", path=path, file=name, line=table.first[0], value=f"{most:.1f}")]


def _compare_hc(reading: Reading, header: Header, table: Table, spacing: float, name: str) -> None:
    """What the beamline converted with, where its blocks are stated in energy and its table in angles."""
    if meanings("pf9809", "axes", "code", "axis").get(header.get("Axis_code")) != "energy":
        return
    starts = accumulate((block.points for block in header.blocks), initial=0)
    points = [
        (Decimal(str(block.first)), table.angle_set[start])
        for start, block in zip(starts, header.blocks, strict=False)
        if start < len(table.angle_set)
    ]
    implied = implied_hc(points, spacing)
    if implied is None:
        return
    known = min(
        (row["value"] for row in alias_table("pf9809")["hc"]), key=lambda each: abs(float(each) - implied)
    )
    if abs(float(known) - implied) > _SAME_HC or known == ASSUMED_HC:
        return
    path = f"{SPECTRUM}/calibration/hc"
    reading.suggestions[path] = known
    line = header.blocks[0].line
    reading.findings.append(
        finding("pf9809-hc", path=path, file=name, line=line, value=known, assumed=ASSUMED_HC)
    )


READER = Reader(
    name="pf9809",
    title={
        "en": "9809 (Photon Factory, SPring-8, SAGA-LS, Aichi SR)",
        "ja": "9809形式（フォトンファクトリー・SPring-8・SAGA-LS・あいちSR）",
    },
    specification="https://www.apch.kindai.ac.jp/laboratory/asakura/personal/posts/"
    "how-to-import-xas-data-in-9809-format-properly-with-athena",
    sniff=sniff,
    read=read,
    is_data=True,
)
