"""What every scan file gives alike: energies, points, curve and suggestions, and what disagrees with its header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from catalog.alias_tables import alias_table
from catalog.document import Form, FormValue, Origin, OriginKind
from catalog.errors import UnreadableInput
from catalog.findings import Finding, define
from catalog.readers import Curve, Reading, Source
from catalog.readers._curves import thinned_curve
from catalog.readers._edges import inferred_edge
from catalog.readers._encoding import decode, encoding_findings, lines
from catalog.readers._hints import Window, named_edges, reaches, suggested_edge, suggested_formula, symbols
from catalog.readers._personal import is_private
from catalog.readers._scan_roles import Axis, Signal, axis_of, meaning, signals_of
from catalog.readers._scan_table import Row, Table
from catalog.readers._several import put_edge
from catalog.readers._statements import Statements, plain
from catalog.readers._xdi_values import energy_text
from catalog.wording import Sentence

define(
    "scan-points",
    "warning",
    "The header announces {value} points, the table has {rows}: the scan was stopped, or the file was cut.",
    "ヘッダーの測定点数は {value} ですが、表は {rows} 点です。測定が中断されたか、ファイルが切れています。",
)
define(
    "scan-labels",
    "warning",
    "The row of labels names {labels} columns, the table has {value}; columns are told by their labels as far as "
    "there are any. Correct the labels.",
    "列ラベルは {labels} 個ですが、表は {value} 列です。ラベルのある列だけを使いました。ラベルを直してください。",
)
define(
    "scan-cut",
    "warning",
    "The last row of the table is not complete and was left out; the scan was stopped, or the file was cut.",
    "表の最後の行が途中で切れているため除きました。測定が中断されたか、ファイルが切れています。",
)
define(
    "scan-unit",
    "info",
    "The energies of column {value!r} have no unit; by their size they were taken as keV.",
    "「{value}」列のエネルギーに単位がないため、値の大きさから keV としました。",
)
define(
    "scan-no-signal",
    "info",
    "No signal could be made of the columns ({value}); there is no curve. What the columns are can be added to the "
    "table of labels, ontology/aliases/scans.yaml.",
    "列（{value}）から信号を求められないため、曲線はありません。"
    "列の意味は ontology/aliases/scans.yaml に追加できます。",
)
define(
    "scan-e0",
    "warning",
    "{key} says {value} eV, but the scan goes from {first} to {last} eV; it was not used.",
    "{key} は {value} eV ですが、測定範囲（{first}〜{last} eV）の外にあるため使いませんでした。",
)
define(
    "scan-name-range",
    "warning",
    "The file name says {value}, but the scan goes from {first} to {last} eV and does not reach that edge.",
    "ファイル名は {value} ですが、測定範囲（{first}〜{last} eV）にその吸収端がありません。",
)
define(
    "scan-name-edge",
    "warning",
    "The file name says {value}, the header says {stated}; the header was used. Correct one of them.",
    "ファイル名は {value}、ヘッダーは {stated} です（ヘッダーを使いました）。どちらかを直してください。",
)

_PATH = re.compile(r"(?:^|[\s\"'=:(])(?:(?:/[\w.+-]{1,100}){3,}|[A-Za-z]:[\\/])")
_SHELL = re.compile(r"\b[KLMN][1-5]?[ _-]?edge\b", re.IGNORECASE)
_LEADING = re.compile(r"([A-Z][a-z]?)(?=[ _-])")
_KELVIN = re.compile(r"(?<![\w.])([0-9]{1,4}(?:\.[0-9]{1,3})?) ?[Kk](?![\w/+^*-])")
_ROOM = re.compile(r"\broom[ _-]?temp|=ROOM TEMP|(?:^|,\s*)RT(?:$|,)", re.IGNORECASE)
# Around the edge energy a scan was set up with: rounding, and what people take for the edge.
_NEAR_E0 = 15.0
_MAX_SHOWN = 8


@dataclass(slots=True)
class Hints:
    """What a header says besides its statements.

    ``texts`` are comments and names that may name the sample, ``labels`` those of detector channels; ``e0`` is the
    edge energy in eV the scan was set up with, its key and line; ``announced`` the number of points and its line;
    ``sample`` the comment that most likely names the sample, and its line; ``edge`` element and edge as stated, the
    key they stand under, and its line.
    """

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    e0: tuple[float, str, int] | None = None
    announced: tuple[int, int] | None = None
    sample: tuple[str, int] | None = None
    edge: tuple[str, str, str, int] | None = None


class ScanStatements(Statements):
    """Statements whose texts hold no control characters, and no marks that turn the direction of writing."""

    __slots__ = ()

    def put(
        self,
        pointer: str,
        value: FormValue,
        key: str,
        line: int | None = None,
        raw: str | None = None,
        kind: OriginKind = "header",
    ) -> None:
        """Fill a key of the form, with where it came from."""
        if isinstance(value, dict):
            value = {name: plain(text) if isinstance(text, str) else text for name, text in value.items()}
        elif isinstance(value, str):
            value = plain(value)
        super().put(pointer, value, key, line, raw, kind)


def begin(source: Source, key: str) -> tuple[ScanStatements, Iterator[Row]]:
    """An empty spectrum of the file to be filled, and the file's lines. Raises UnreadableInput for binary content.

    ``key`` is what the first line is called in the spectrum's origin.
    """
    decoded = decode(source.content(), source.name)
    reading = Reading([Form()], findings=encoding_findings(decoded, source.name))
    said = ScanStatements(reading, reading.forms[0], source.name)
    said.put(said.spectrum, {}, key, 1)
    return said, lines(decoded.text, source.name)


def complete(said: Statements, table: Table, labels: Sequence[str], hints: Hints, line: int) -> Reading:
    """The reading of a file that is one scan. Raises UnreadableInput where no column holds photon energies."""
    axis = axis_of(labels, table)
    if isinstance(axis, Sentence):
        raise UnreadableInput(axis, where=f"{said.name}:{line}")
    finish(said, table, labels, axis, signals_of(labels, table, axis), hints)
    said.close()
    return said.reading


def comment(said: Statements, text: str, line: int, key: str = "Comment") -> None:
    """Keep a comment privately; the path of a file in it gives away the folder of a user."""
    said.private(key, text, line, person=bool(_PATH.search(text)))


def finish(
    said: Statements,
    table: Table,
    labels: Sequence[str],
    axis: Axis,
    signals: Sequence[Signal],
    hints: Hints,
) -> None:
    """Fill what the table says about the spectrum of ``said``, and suggest what it only implies."""
    _put_table(said, table, labels, axis, hints)
    energies = [value * axis.scale for value in table.columns[axis.column]]
    scan = min(energies), max(energies)
    curves = [curve for each in signals if (curve := thinned_curve(energies, each.values, plain(each.label)))]
    if curves:
        said.reading.curves[_number(said), said.spectrum] = curves[0]
    else:
        shown = plain(", ".join(labels[:_MAX_SHOWN])) or "no labels"
        said.report("scan-no-signal", "", table.first[0], shown)
    if hints.edge:
        symbol, shell, key, line = hints.edge
        put_edge(said, symbol, shell, scan, key, line)
    e0 = _checked_e0(said, scan, hints)
    _compare_name(said, scan)
    modes = {each.mode for each in signals}
    if any(meaning(label)[0] == "emission" for label in labels):
        modes.add("fluorescence")
    if len(modes) == 1 and (mode := modes.pop()):
        _suggest(said, f"{said.spectrum}/mode", mode)
    _suggest_edge(said, curves, scan, (e0 - _NEAR_E0, e0 + _NEAR_E0) if e0 else None, hints)
    _suggest_sample(said, hints)


def place_of(said: Statements, text: str, line: int, key: str) -> None:
    """Fill facility and beamline that a process variable or a program's name gives away, as inferred."""
    for row in alias_table("scans")["places"]:
        if row["prefix"] in text:
            for part in ("facility", "beamline"):
                if part in row and said.form.get(f"/{part}") is None:
                    origin = Origin("inferred", said.name, line, key, plain(text)[:80])
                    said.form.put(f"/{part}", row[part], origin)
            return


def say_once(reading: Reading) -> None:
    """Leave out findings that say again, for a further form, what was said of the file's table."""
    kept: list[Finding] = []
    for item in reading.findings:
        if item not in kept:
            kept.append(item)
    reading.findings = kept


def _put_table(said: Statements, table: Table, labels: Sequence[str], axis: Axis, hints: Hints) -> None:
    label = plain(axis.label)[:80] or f"column {axis.column + 1}"
    values = table.columns[axis.column]
    for end, (line, cells), value in (("first", table.first, values[0]), ("last", table.last, values[-1])):
        token, path = cells[axis.column], f"{said.spectrum}/energy/{end}"
        if axis.is_computed:
            said.put(path, f"{value:.3f} eV", label, line, token, kind="inferred")
        else:
            said.put(
                path, energy_text(token.replace("D", "e").replace("d", "e"), axis.scale), label, line, token
            )
    said.of_spectrum("energy/points", str(table.rows), label, table.first[0])
    if axis.is_assumed:
        said.report("scan-unit", "energy", table.first[0], label)
    if hints.announced and hints.announced[0] != table.rows:
        value, line = hints.announced
        said.report("scan-points", "energy/points", line, str(value), rows=table.rows)
    if labels and len(labels) != len(table.columns):
        said.report("scan-labels", "", table.first[0], str(len(table.columns)), labels=len(labels))
    if table.cut:
        said.report("scan-cut", "energy/points", table.cut)


def _checked_e0(said: Statements, scan: Window, hints: Hints) -> float | None:
    if hints.e0 is None:
        return None
    value, key, line = hints.e0
    if scan[0] <= value <= scan[1]:
        return value
    if value > 0:
        said.report("scan-e0", "", line, f"{value:g}", key=key, first=f"{scan[0]:.0f}", last=f"{scan[1]:.0f}")
    return None


def _compare_name(said: Statements, scan: Window) -> None:
    element, edge = (said.form.get(f"{said.spectrum}/{key}") for key in ("element", "edge"))
    named, _ = named_edges(said.name)
    for each in named:
        shown = f"{each.element} {each.shell}"
        if element and (element, edge) != (each.element, each.shell):
            said.report("scan-name-edge", "element", None, shown, stated=f"{element} {edge or ''}".strip())
        elif not reaches(each, scan):
            said.report("scan-name-range", "", None, shown, first=f"{scan[0]:.0f}", last=f"{scan[1]:.0f}")


def _suggest_edge(
    said: Statements, curves: Sequence[Curve], scan: Window, near_e0: Window | None, hints: Hints
) -> None:
    element, edge = (said.form.get(f"{said.spectrum}/{key}") for key in ("element", "edge"))
    if element and edge:
        return
    stem = PurePath(said.name).stem
    leading = _LEADING.match(stem)
    # "Mn K edge" names manganese, and potassium it does not.
    texts = [_SHELL.sub(" ", text[:300]) for text in hints.texts]
    hinted = [element] if element else symbols([stem, leading[1] if leading else "", *texts])
    named = named_edges(said.name)[0]
    named += [each for text in hints.texts for each in named_edges(text[:300])[0]]
    for curve in curves:
        found = suggested_edge(hinted, named, curve, scan, near_e0)
        if "edge" in found:
            break
        # Words in comments name elements that have nothing to do with the edge; the curve alone may tell it. The
        # labels of detector channels name every element somebody looked for.
        told = [inferred_edge(curve, each) for each in (None, *symbols(hints.labels))]
        if likely := next(filter(None, told), None):
            found = {"element": likely.element, "edge": likely.shell}
            break
    else:
        found = suggested_edge(hinted, named, None, scan, near_e0)
    for key, value in found.items():
        _suggest(said, f"{said.spectrum}/{key}", value)


def _suggest_sample(said: Statements, hints: Hints) -> None:
    if any(_ROOM.search(text[:300]) for text in hints.texts):
        _suggest(said, f"{said.spectrum}/temperature", "room temperature")
    else:
        found = {match[1] for text in hints.texts for match in _KELVIN.finditer(text[:300])}
        if len(found) == 1:
            _suggest(said, f"{said.spectrum}/temperature", f"{found.pop()} K")
    if hints.sample is None or is_private(hints.sample[0]):
        return
    text = plain(hints.sample[0])[:300]
    if text:
        _suggest(said, "/sample/name", text)
    if text and (formula := suggested_formula(text)):
        _suggest(said, "/sample/formula", formula)


def _suggest(said: Statements, pointer: str, value: str) -> None:
    if said.form.get(pointer) is None:
        said.reading.suggestions_of(_number(said)).setdefault(pointer, value)


def _number(said: Statements) -> int:
    """The place of the form among those of the file."""
    return next(number for number, form in enumerate(said.reading.forms) if form is said.form)
