"""Data files of the Ritsumeikan University SR Center (BL-10, BL-11): CSV in UTF-8 or Shift_JIS with a header.

One scan records several signals at once (fluorescence, electron yield); the file is one spectrum, and which signal
is meant is for a person to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import MAXYEAR, datetime, timedelta
from decimal import Decimal

from catalog.alias_tables import alias_table
from catalog.document import Form, FormValue, Origin
from catalog.errors import InputError
from catalog.findings import define, finding
from catalog.quantity import decimal_text, parse_quantity
from catalog.readers import HeaderPair, Reader, Reading, Source
from catalog.readers._curves import thinned_curve
from catalog.readers._encoding import decode, decode_head, encoding_findings, lines
from catalog.readers._hints import Window, finest, named_edges, suggested_edge, suggested_formula, symbols
from catalog.readers._personal import is_private
from catalog.readers._ritsumeikan_text import FIRST_LINE, Cell, Contents, plain, take_apart
from catalog.wording import Sentence
from catalog.xray import normalise_edge, parse_crystal

define(
    "ritsumeikan-refused",
    "warning",
    "{key}: {detail}. The value was left out; correct it in the file or state it by hand.",
    "{key}: {detail}。この値は使いませんでした。ファイルを直すか、手で入力してください。",
)
define(
    "ritsumeikan-current",
    "warning",
    "A ring current of {value} is more than this ring stores ({most} mA); it was left out. Check the decimal point.",
    "蓄積電流 {value} はこのリングの蓄積電流（{most} mA）を超えるため使いませんでした。小数点を確かめてください。",
)
define(
    "ritsumeikan-signals",
    "info",
    "Several signals were recorded in this scan ({value}); state the detection mode of the spectrum you deposit.",
    "この測定では複数の信号（{value}）が記録されています。登録するスペクトルの検出法を入力してください。",
)
define(
    "ritsumeikan-points",
    "warning",
    "The header announces {value} points, the table has {rows}: the scan was stopped, or the file was cut.",
    "ヘッダーの測定点数は {value} ですが、表は {rows} 点です。測定が中断されたか、ファイルが切れています。",
)
define(
    "ritsumeikan-names-people",
    "warning",
    "The file names people or user folders ({value}); opening the file publishes them too. "
    "Take them out or restrict access to the file.",
    "ファイルに人名や利用者のフォルダーが書かれています（{value}）。ファイルを公開すると一緒に公開されます。"
    "取り除くか、ファイルの公開を制限してください。",
)

SPECTRUM = "/spectra/0"
_FACILITY = "Ritsumeikan University SR Center"
_DOUBLE_D = re.compile(r"(?:(.*?)\s*,\s*)?2d\s*=\s*([0-9.]{1,12})\s*(nm|A|Å)", re.IGNORECASE)
_TIME = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
_TIMES = re.compile(rf"({_TIME})\s*-\s*({_TIME})")
_CURRENT = re.compile(r"([0-9.]+)\s*(?:-\s*[0-9.]+)?\s*mA")
_MAX_PAIRS = 60


def sniff(source: Source) -> int:
    """Certain when the first line names the Ritsumeikan SR Center and a table follows."""
    head = decode_head(source.head)
    if head is None:
        return 0
    first = re.split(r"[\r\n]", head[:200], maxsplit=1)[0]
    return 95 if FIRST_LINE.fullmatch(first.strip()) else 0


def read(source: Source) -> Reading:
    """The scan as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for a header that breaks off or a table that is not all numbers.
    """
    decoded = decode(source.content(), source.name)
    contents = take_apart(lines(decoded.text, source.name), source.name)
    reading = Reading([Form()], findings=encoding_findings(decoded, source.name))
    _Filling(contents, source.name, reading).run()
    return reading


class _Filling:
    def __init__(self, contents: Contents, name: str, reading: Reading) -> None:
        self.contents, self.name, self.reading = contents, name, reading
        self.form = reading.forms[0]
        self.pairs = 0
        self.announced: Cell | None = None
        self.kinds: dict[str, Callable[[Cell], None]] = {
            "sample": self.sample,
            "crystal": self.crystal,
            "points": self.points,
            "date": self.date,
            "times": self.times,
            "current": self.current,
            "edge": self.edge,
            "grating": self.grating,
            "public": self.public,
        }

    def run(self) -> None:
        self.form.put(SPECTRUM, {}, Origin("header", self.name, 1))
        self.form.put("/facility", _FACILITY, Origin("header", self.name, 1, "Facility", _FACILITY))
        if beamline := self.contents.beamline:
            self.form.put("/beamline", beamline, Origin("header", self.name, 1, "Beamline", beamline))
        self.day = ""
        for section, cells in (("fields", self.contents.entries), ("record", self.contents.record)):
            meaning = {plain(row["label"]): row["means"] for row in alias_table("ritsumeikan")[section]}
            for cell in cells:
                kind = meaning.get(plain(cell.label))
                if kind is None or not cell.text:
                    self.reading.private.append(HeaderPair(cell.label[:80] or "Line", cell.text, cell.line))
                    continue
                self.kinds[kind](cell)
        if self.contents.dates:
            line, (day, start, end) = self.contents.dates
            self.day = day
            self.moments(Cell("Date", f"{start}-{end}", line, ",".join((day, start, end))))
        self.blocks()
        self.table()
        self.suggest()

    def put(self, pointer: str, value: FormValue, cell: Cell) -> None:
        origin = Origin("header", self.name, cell.line, cell.label, cell.text)
        self.form.put(pointer, value, origin)

    def refuse(self, cell: Cell, path: str, detail: Sentence) -> None:
        self.reading.findings.append(
            finding(
                "ritsumeikan-refused",
                path=path, file=self.name, line=cell.line, value=cell.text, key=cell.label, detail=detail,
            )
        )  # fmt: skip

    def public(self, cell: Cell) -> None:
        if self.pairs < _MAX_PAIRS and not is_private(cell.text):
            self.put(f"{SPECTRUM}/header/{self.pairs}", {"key": cell.label, "value": cell.text[:500]}, cell)
            self.pairs += 1
        else:
            self.reading.private.append(HeaderPair(cell.label, cell.text, cell.line))

    def sample(self, cell: Cell) -> None:
        if is_private(cell.text):
            self.reading.private.append(HeaderPair(cell.label, cell.text, cell.line))
            self.reading.findings.append(
                finding("ritsumeikan-names-people", file=self.name, line=cell.line, value=cell.label)
            )
        else:
            self.put("/sample/name", cell.text, cell)

    def crystal(self, cell: Cell) -> None:
        match = _DOUBLE_D.fullmatch(cell.text)
        here = f"{SPECTRUM}/monochromator"
        try:
            crystal, reflection = parse_crystal(match[1] or "" if match else cell.text)
        except InputError as error:
            self.refuse(cell, here, error.detail)
        else:
            for key, value in (("type", "crystal"), ("crystal", crystal), ("reflection", reflection)):
                self.put(f"{here}/{key}", value, cell)
        if match:
            try:
                half = parse_quantity(f"{match[2]} {match[3]}", "Å").value / 2
            except InputError as error:
                self.refuse(cell, f"{here}/d_spacing", error.detail)
            else:
                self.put(f"{here}/d_spacing", f"{decimal_text(half)} Å", cell)

    def grating(self, cell: Cell) -> None:
        self.put(f"{SPECTRUM}/monochromator/type", "grating", cell)
        self.public(cell)

    def points(self, cell: Cell) -> None:
        self.announced = cell if cell.text.isascii() and cell.text.isdigit() else None

    def date(self, cell: Cell) -> None:
        self.day = cell.text

    def times(self, cell: Cell) -> None:
        self.moments(cell)

    def moments(self, cell: Cell) -> None:
        match = _TIMES.fullmatch(cell.text.strip())
        try:
            start, end = (
                datetime.strptime(f"{self.day} {time}", "%Y/%m/%d %H:%M:%S")  # noqa: DTZ007 - no zone is stated
                for time in (match.groups() if match else ("", ""))
            )
        except ValueError:
            self.refuse(
                cell, f"{SPECTRUM}/started", Sentence("{text!r} is no date with a time", text=cell.text)
            )
            return
        self.put(f"{SPECTRUM}/started", start.isoformat(), cell)
        if end >= start:
            self.put(f"{SPECTRUM}/ended", end.isoformat(), cell)
        elif end.year < MAXYEAR:
            # The file states one day: a scan that ends at an earlier hour ended on the next.
            origin = Origin("inferred", self.name, cell.line, cell.label, cell.text)
            self.form.put(f"{SPECTRUM}/ended", (end + timedelta(days=1)).isoformat(), origin)

    def current(self, cell: Cell) -> None:
        match = _CURRENT.fullmatch(cell.text.strip())
        path = f"{SPECTRUM}/ring_current"
        most = alias_table("ritsumeikan")["ring"][0]["most_milliamperes"]
        text = f"{match[1]} mA" if match else cell.text
        try:
            value = parse_quantity(text, "mA").value
        except InputError as error:
            self.refuse(cell, path, error.detail)
            return
        if value > Decimal(most):
            self.reading.findings.append(
                finding(
                    "ritsumeikan-current", path=path, file=self.name, line=cell.line, value=text, most=most
                )
            )
        elif value > 0:
            self.put(path, text, cell)

    def edge(self, cell: Cell) -> None:
        try:
            element, shells = normalise_edge(cell.text)
        except InputError as error:
            self.refuse(cell, f"{SPECTRUM}/edge", error.detail)
            return
        if element:
            self.put(f"{SPECTRUM}/element", element, cell)
        self.put(f"{SPECTRUM}/edge", shells[0] if len(shells) == 1 else list(shells), cell)

    def blocks(self) -> None:
        for line, raw, cells in self.contents.blocks:
            number = re.sub(r"\D", "", cells[0])
            self.public(Cell(f"Block {number}", ", ".join(filter(None, cells[1:])), line, raw))

    def table(self) -> None:
        contents = self.contents
        column = contents.columns["energy"][0]
        label = contents.labels[column]
        for end, (line, cells) in (("first", contents.first), ("last", contents.last)):
            self.put(f"{SPECTRUM}/energy/{end}", f"{cells[column]} eV", Cell(label, cells[column], line, ""))
        points = str(len(contents.energy))
        self.form.put(
            f"{SPECTRUM}/energy/points", points, Origin("header", self.name, contents.first[0], label)
        )
        if self.announced and int(self.announced.text) != len(contents.energy):
            self.reading.findings.append(
                finding(
                    "ritsumeikan-points",
                    path=f"{SPECTRUM}/energy/points",
                    file=self.name, line=self.announced.line, value=self.announced.text, rows=points,
                )
            )  # fmt: skip
        currents = contents.columns.get("current")
        line, cells = contents.first
        if currents and len(cells) > currents[0] and not self.form.get(f"{SPECTRUM}/ring_current"):
            self.current(Cell(contents.labels[currents[0]], f"{cells[currents[0]]} mA", line, ""))
        self.signals()

    def signals(self) -> None:
        contents = self.contents
        recorded = [key for key, values in contents.sums.items() if key != "incident" and any(values)]
        if len(recorded) == 1:
            self.reading.suggestions[f"{SPECTRUM}/mode"] = recorded[0]
        elif recorded:
            shown = ", ".join(recorded)
            self.reading.findings.append(
                finding(
                    "ritsumeikan-signals",
                    path=f"{SPECTRUM}/mode",
                    file=self.name,
                    line=contents.label_line,
                    value=shown,
                )
            )
        if not recorded or recorded[0] == "transmission":
            return
        incident = contents.sums["incident"]
        ratio = [
            y / i0 if i0 else float("nan") for y, i0 in zip(contents.sums[recorded[0]], incident, strict=True)
        ]
        if curve := thinned_curve(contents.energy, ratio, f"{recorded[0]}/I0"):
            self.reading.curves[0, SPECTRUM] = curve

    def suggest(self) -> None:
        sample = self.form.get("/sample/name") or ""
        prefixes = tuple(row["word"] for row in alias_table("ritsumeikan")["prefixes"])
        if formula := suggested_formula(sample, prefixes=prefixes):
            self.reading.suggestions["/sample/formula"] = formula
        if self.form.get(f"{SPECTRUM}/element") and self.form.get(f"{SPECTRUM}/edge"):
            return
        stretches = self.stretches()
        energy = self.contents.energy
        scan = (
            min([min(energy), *(low for low, _, _ in stretches)]),
            max([max(energy), *(high for _, high, _ in stretches)]),
        )
        whole = self.announced is None or len(energy) >= 0.9 * int(self.announced.text)
        curve = self.reading.curves.get((0, SPECTRUM)) if whole else None
        hinted = symbols((sample,))
        edge = suggested_edge(hinted, named_edges(self.name)[0], curve, scan, finest(stretches))
        self.reading.suggestions |= {f"{SPECTRUM}/{key}": value for key, value in edge.items()}

    def stretches(self) -> list[tuple[float, float, float]]:
        """From, to and step in eV of each block, where the blocks state the energies they end at."""
        found: list[Window] = []
        steps = []
        before = None
        for _, _, cells in self.contents.blocks:
            if not cells[0].casefold().startswith("block"):
                continue
            try:
                end = float(cells[2])
                step = float(cells[4]) if len(cells) > 4 else 0.0
            except (ValueError, IndexError):
                return []
            if before is not None:
                found.append((min(before, end), max(before, end)))
                steps.append(step)
            before = end
        return [(low, high, step) for (low, high), step in zip(found, steps, strict=True)]


READER = Reader(
    name="ritsumeikan",
    title={"en": "Ritsumeikan University SR Center (CSV)", "ja": "立命館大学SRセンター（CSV）"},
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
