"""The deposit form filled from the header of a 9809 file, each value with its origin."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from catalog.alias_tables import alias_table, meanings
from catalog.document import Form, FormValue, Origin
from catalog.errors import InputError
from catalog.findings import Finding, define, finding
from catalog.quantity import parse_quantity
from catalog.readers import HeaderPair
from catalog.readers._personal import is_private
from catalog.readers._pf9809_header import Header, Stated
from catalog.wording import Sentence
from catalog.xray import parse_crystal

define(
    "pf9809-absent",
    "warning",
    "The header does not state {value}; a person or a defaults file has to.",
    "ヘッダーに {value} がありません。手で入力するか、既定値ファイルで与えてください。",
)
define(
    "pf9809-refused",
    "warning",
    "{key}: {detail}. The value was left out; correct it in the file or state it by hand.",
    "{key}: {detail}。この値は使いませんでした。ファイルを直すか、手で入力してください。",
)
define(
    "pf9809-placeholder",
    "info",
    "{key}: {value!r} stands for nothing recorded and was left out.",
    "{key}:「{value}」は記録なしの意味とみなし、使いませんでした。",
)
define(
    "pf9809-disagreement",
    "warning",
    "{key} says {value!r}, but the first line says {stated!r}, which was used; correct one of them.",
    "{key} は「{value}」ですが、1行目は「{stated}」です（1行目を使いました）。どちらかを直してください。",
)
define(
    "pf9809-dates",
    "warning",
    "The scan ends ({value}) before it starts ({start}); correct the dates.",
    "測定の終了（{value}）が開始（{start}）より前になっています。日時を直してください。",
)
define(
    "pf9809-names-people",
    "warning",
    "The file names people or user folders ({value}); opening the file publishes them too. "
    "Take them out or restrict access to the file.",
    "ファイルに人名や利用者のフォルダーが書かれています（{value}）。ファイルを公開すると一緒に公開されます。"
    "取り除くか、ファイルの公開を制限してください。",
)

SPECTRUM = "/spectra/0"
# The format dates from 1998 and the oldest beamlines that write it from 1982.
_FIRST_YEAR = 80
_MOST_MILLIAMPERES = Decimal(1000)
_LEAST_D, _MOST_D = Decimal("0.2"), Decimal(60)
_SERIAL = re.compile(r"([A-Z]+)-([A-Z0-9]+)_0*([0-9]+)", re.IGNORECASE)
_MAX_BLOCKS = 60


@dataclass(slots=True)
class Filled:
    """A form made from a header, what was found on the way, and the entries that stay private."""

    form: Form
    findings: list[Finding] = field(default_factory=list)
    private: list[HeaderPair] = field(default_factory=list)


def moment(text: str) -> datetime:
    """The local time that a 9809 file writes as ``22.05.11 17:26``; years from 80 are 19xx. Raises ValueError."""
    year, month, day, hour, minute = (int(part) for part in re.split(r"[.: ]+", text.strip()))
    century = 1900 if year >= _FIRST_YEAR else 2000
    return datetime(century + year, month, day, hour, minute)  # noqa: DTZ001 - the file states no zone


def persistent_key(serial: str) -> str | None:
    """The Photon Factory's key of a measurement in the spelling it is published in; None for another text.

    >>> persistent_key("KEKPF-BL9C_039215")
    'KEKPF-BL9C_39215'
    """
    match = _SERIAL.fullmatch(serial)
    return f"{match[1].upper()}-{match[2].upper()}_{match[3]}" if match else None


def fill_form(header: Header, name: str) -> Filled:
    """The deposit form of ``header``; ``name`` is the file as given."""
    return _Filling(header, name).run()


class _Filling:
    def __init__(self, header: Header, name: str) -> None:
        self.header, self.name = header, name
        self.filled = Filled(Form())
        self.pairs = 0

    def run(self) -> Filled:
        # A spectrum there is, whatever the header says about it.
        self.filled.form.put(SPECTRUM, {}, Origin("header", self.name, 1))
        self.place()
        self.sample()
        self.dates()
        self.ring()
        self.monochromator()
        self.mode()
        self.scan()
        self.serial()
        self.sort_the_rest()
        return self.filled

    def report(self, code: str, key: str, path: str, value: str | None = None, **fields: object) -> None:
        stated = self.header.stated.get(key)
        line = stated.line if stated else None
        shown = value if value is not None else stated.text if stated else None
        self.filled.findings.append(
            finding(code, path=path, file=self.name, line=line, value=shown, key=_spoken(key), **fields)
        )

    def put(self, pointer: str, key: str, value: FormValue) -> None:
        stated = self.header.stated[key]
        origin = Origin("header", self.name, stated.line, _spoken(key), stated.text)
        self.filled.form.put(pointer, value, origin)

    def pair(self, key: str, value: str, stated: Stated) -> None:
        """A public header pair: how the spectrum was measured, where the form has no key for it."""
        origin = Origin("header", self.name, stated.line, key, stated.text)
        self.filled.form.put(f"{SPECTRUM}/header/{self.pairs}", {"key": key, "value": value}, origin)
        self.pairs += 1

    def place(self) -> None:
        for key, pointer in (("Facility", "/facility"), ("Beamline", "/beamline")):
            if key in self.header.stated:
                self.put(pointer, key, self.header.get(key))
            else:
                self.report("pf9809-absent", key, pointer, key.casefold())
        facility, beamline = self.header.get("Facility"), self.header.get("Beamline")
        for row in alias_table("pf9809")["beamlines"]:
            if (row["facility"], row["word"]) == (facility, beamline):
                self.put("/beamline", "Beamline", row["beamline"])
        station = self.header.get("Station")
        if station and beamline and _code(station) != _code(beamline):
            self.report("pf9809-disagreement", "Station", "/beamline", stated=beamline)

    def sample(self) -> None:
        comments = self.header.comments
        told = [each for each in comments if is_private(each.text)]
        if told:
            shown = ", ".join(f"line {each.line}" for each in told)
            self.filled.findings.append(
                finding("pf9809-names-people", file=self.name, line=told[0].line, value=shown)
            )
        elif comments and comments[0].text.casefold() != "unknown":
            origin = Origin("header", self.name, comments[0].line, "Comment", comments[0].text)
            self.filled.form.put("/sample/name", comments[0].text, origin)
            comments = comments[1:]
        self.filled.private += [HeaderPair("Comment", each.text, each.line) for each in comments]

    def dates(self) -> None:
        moments = {}
        for key, pointer in (("Start", f"{SPECTRUM}/started"), ("End", f"{SPECTRUM}/ended")):
            if key not in self.header.stated:
                continue
            try:
                moments[key] = moment(self.header.get(key))
            except ValueError:
                self.report(
                    "pf9809-refused",
                    key,
                    pointer,
                    detail=Sentence("{value!r} is no date", value=self.header.get(key)),
                )
            else:
                self.put(pointer, key, moments[key].isoformat())
        if "Start" not in self.header.stated:
            self.report("pf9809-absent", "Start", f"{SPECTRUM}/started", Sentence("the date"))
        elif len(moments) == 2 and moments["End"] < moments["Start"]:
            start = moments["Start"].isoformat()
            self.report("pf9809-dates", "End", f"{SPECTRUM}/ended", moments["End"].isoformat(), start=start)

    def ring(self) -> None:
        if "Ring_energy" in self.header.stated:
            self.quantity("Ring_energy", f"{SPECTRUM}/ring_energy", "GeV", "")
        current = self.header.get("Ring_current")
        if not current:
            return
        if self.is_zero(current):
            self.report("pf9809-placeholder", "Ring_current", f"{SPECTRUM}/ring_current", f"{current} mA")
            return
        self.quantity("Ring_current", f"{SPECTRUM}/ring_current", "mA", " mA", most=_MOST_MILLIAMPERES)
        end = self.header.stated.get("Ring_current_end")
        if end and not self.is_zero(end.text):
            self.pair("Ring current at the end", f"{end.text} mA", end)

    def is_zero(self, text: str) -> bool:
        return not text.strip("+-0.") and "0" in text

    def quantity(
        self,
        key: str,
        pointer: str,
        unit: str,
        suffix: str,
        *,
        least: Decimal = Decimal(0),
        most: Decimal | None = None,
    ) -> None:
        text = f"{self.header.get(key)}{suffix}"
        try:
            value = parse_quantity(text, unit).value
            if value <= least or (most is not None and value > most):
                raise InputError(Sentence("{text!r} is beyond what can be", text=text))
        except InputError as error:
            self.report("pf9809-refused", key, pointer, text, detail=error.detail)
        else:
            self.put(pointer, key, text)

    def monochromator(self) -> None:
        here = f"{SPECTRUM}/monochromator"
        if "Mono" in self.header.stated:
            try:
                crystal, reflection = parse_crystal(self.header.get("Mono"))
            except InputError as error:
                self.report("pf9809-refused", "Mono", here, detail=error.detail)
            else:
                for end, value in (("type", "crystal"), ("crystal", crystal), ("reflection", reflection)):
                    self.put(f"{here}/{end}", "Mono", value)
        if "D" in self.header.stated:
            suffix = "" if self.header.get("D")[-1:].isalpha() else " Å"
            self.quantity("D", f"{here}/d_spacing", "Å", suffix, least=_LEAST_D, most=_MOST_D)
        else:
            self.report("pf9809-absent", "D", f"{here}/d_spacing", Sentence("the lattice spacing D"))
        if angle := self.header.stated.get("Initial_angle"):
            self.pair("Initial angle", f"{angle.text} deg", angle)

    def mode(self) -> None:
        code, word = self.header.get("Mode_code"), self.header.get("Mode")
        if not code:
            self.report("pf9809-absent", "Mode", f"{SPECTRUM}/mode", Sentence("the detection mode"))
            return
        by_code = meanings("pf9809", "modes", "code", "mode").get(code)
        by_word = meanings("pf9809", "modes", "word", "mode").get(word.casefold())
        if by_code and by_word and by_code != by_word:
            detail = Sentence(
                "the word {word!r} and the code {code} are different modes", word=word, code=code
            )
            self.report("pf9809-refused", "Mode", f"{SPECTRUM}/mode", detail=detail)
        elif mode := by_word or by_code:
            self.put(f"{SPECTRUM}/mode", "Mode", mode)
        else:
            detail = Sentence(
                "{word!r} with the code {code} is no known detection mode", word=word, code=code
            )
            self.report("pf9809-refused", "Mode", f"{SPECTRUM}/mode", detail=detail)

    def scan(self) -> None:
        for key in ("Repetition", "Electronics"):
            if stated := self.header.stated.get(key):
                self.pair(key, stated.text, stated)
        unit = {"energy": "eV", "angle": "deg"}.get(self.axis, "")
        for index, block in enumerate(self.header.blocks[:_MAX_BLOCKS], 1):
            _, first, last, step, seconds, points = block.raw.split()
            value = f"{first} to {last} {unit}, step {step} {unit}, {seconds} s a point, {points} points"
            self.pair(f"Block {index}", " ".join(value.split()), Stated(block.raw, block.line))

    @property
    def axis(self) -> str:
        """In what the blocks are stated: "energy", "angle" or "" where the header does not say."""
        code = self.header.get("Axis_code")
        known: str = meanings("pf9809", "axes", "code", "axis").get(code, self.header.get("Axis").casefold())
        return known

    def serial(self) -> None:
        if "Serial" not in self.header.stated:
            return
        stated = self.header.stated["Serial"]
        key = persistent_key(stated.text)
        self.pair("Serial", key or stated.text, stated)
        beamline = self.header.get("Beamline")
        if key and beamline and _code(key.partition("-")[2].partition("_")[0]) != _code(beamline):
            self.report("pf9809-disagreement", "Serial", "/beamline", stated=beamline)

    def sort_the_rest(self) -> None:
        """What may name a user's folder or file stays private, and so does what nobody understood."""
        for key in ("File", "Param_file"):
            if stated := self.header.stated.get(key):
                word = stated.text.casefold()
                if word in meanings("pf9809", "placeholders", "word", "word"):
                    self.report("pf9809-placeholder", key, "")
                self.filled.private.append(HeaderPair(_spoken(key), stated.text, stated.line))
        self.filled.private += [HeaderPair("Line", each.text, each.line) for each in self.header.unread]


def _spoken(key: str) -> str:
    return key.replace("_", " ")


def _code(beamline: str) -> str:
    return re.sub(r"^(?:AR)?(?:BL)?0*", "", re.sub(r"[\s_-]", "", beamline.upper()))
