"""The measurement info file that XafsM2 of Aichi SR writes beside each 9809 file: what was measured, and how.

It is a sidecar: it states the edge that the data file does not. Text in Shift_JIS, one ``key : value`` a line.
"""

from __future__ import annotations

import re
from datetime import datetime

from catalog.document import Form, FormValue, Origin
from catalog.errors import InputError, UnreadableInput
from catalog.findings import define, finding
from catalog.quantity import parse_quantity
from catalog.readers import HeaderPair, Reader, Reading, Source
from catalog.readers._encoding import decode, decode_head, encoding_findings, lines
from catalog.readers._personal import is_private
from catalog.wording import Sentence
from catalog.xray import normalise_edge, parse_crystal

define(
    "aichi-info-refused",
    "warning",
    "{key}: {detail}. The value was left out; correct it in the file or state it by hand.",
    "{key}: {detail}。この値は使いませんでした。ファイルを直すか、手で入力してください。",
)
define(
    "aichi-info-placeholder",
    "info",
    "{key}: {value!r} stands for nothing recorded and was left out.",
    "{key}:「{value}」は記録なしの意味とみなし、使いませんでした。",
)

SPECTRUM = "/spectra/0"
_FIRST_LINE = re.compile(r"#\s{0,4}[0-9]{4}\s{1,4}XAFS Measurement Info File\b.*", re.IGNORECASE)
_ENTRY = re.compile(r"([A-Za-z][A-Za-z0-9 ._/()-]{0,40}?)\s*:\s?(.*)")
_EDGE = re.compile(r"([A-Za-z]{1,2})\s*-\s*([A-Z0-9]{1,4})\s*(?:\(.*\))?", re.IGNORECASE)
_MONO = re.compile(r"(\S+)\s+([0-9.]{1,12})")
_CURRENT = re.compile(r"([0-9.]{1,12})\s*\[mA\]")
_MAX_LINES = 5_000
# How the scan was made, for which the form has no key.
_PUBLIC = (
    "Measurement Type",
    "Initial Position",
    "Block",
    "Block End",
    "Step",
    "Repeats",
    "QXAFS Dir",
    "QXAFS MeasTime",
)
_MAX_PAIRS = 60


def sniff(source: Source) -> int:
    """Certain when the first line says what the file is."""
    head = decode_head(source.head[:4_096])
    first = re.split(r"[\r\n]", head[:200], maxsplit=1)[0] if head else ""
    return 95 if _FIRST_LINE.fullmatch(first.strip()) else 0


def read(source: Source) -> Reading:
    """What the file states, as a deposit form without data. Raises UnreadableInput for a file that is no such text."""
    decoded = decode(source.content(), source.name)
    reading = Reading([Form()], findings=encoding_findings(decoded, source.name))
    filling = _Filling(source.name, reading)
    for line, text in lines(decoded.text, source.name):
        if line > _MAX_LINES:
            raise UnreadableInput(
                Sentence("the file has more than {most:,} lines", most=_MAX_LINES),
                where=f"{source.name}:{line}",
            )
        if line == 1 and not _FIRST_LINE.fullmatch(text.strip()):
            raise UnreadableInput(
                Sentence("the first line is not that of a measurement info file"), where=f"{source.name}:1"
            )
        if text.startswith("#") or not text.strip():
            continue
        match = _ENTRY.fullmatch(text[:2_000].strip())
        if match is None:
            raise UnreadableInput(Sentence("the line is no 'key : value'"), where=f"{source.name}:{line}")
        filling.take(match[1], match[2].strip(), line)
    reading.suggestions["/facility"] = "Aichi SR"
    return reading


class _Filling:
    def __init__(self, name: str, reading: Reading) -> None:
        self.name, self.reading, self.form = name, reading, reading.forms[0]
        self.form.put(SPECTRUM, {}, Origin("sidecar", name, 1))
        self.pairs = 0
        self.reads = {
            "Start Date Time": self.started,
            "End Date": self.ended,
            "Ring Current": self.current,
            "Monochro. Crystal": self.crystal,
            "Selected Edge": self.edge,
        }

    def take(self, key: str, value: str, line: int) -> None:
        """Put an entry where it belongs; what nobody reads stays private."""
        if key in self.reads and value:
            try:
                self.reads[key](key, value, line)
            except InputError as error:
                self.report("aichi-info-refused", key, value, line, detail=error.detail)
        elif key in _PUBLIC and value and self.pairs < _MAX_PAIRS and not is_private(value):
            self.put(f"{SPECTRUM}/header/{self.pairs}", {"key": key, "value": value[:500]}, key, value, line)
            self.pairs += 1
        else:
            self.reading.private.append(HeaderPair(key, value, line))

    def put(self, pointer: str, stated: FormValue, key: str, raw: str, line: int) -> None:
        self.form.put(pointer, stated, Origin("sidecar", self.name, line, key, raw))

    def report(self, code: str, key: str, value: str, line: int, **fields: object) -> None:
        self.reading.findings.append(
            finding(code, path=SPECTRUM, file=self.name, line=line, value=value, key=key, **fields)
        )

    def started(self, key: str, value: str, line: int) -> None:
        self.put(f"{SPECTRUM}/started", _moment(value), key, value, line)

    def ended(self, key: str, value: str, line: int) -> None:
        self.put(f"{SPECTRUM}/ended", _moment(value), key, value, line)

    def current(self, key: str, value: str, line: int) -> None:
        match = _CURRENT.fullmatch(value)
        text = f"{match[1]} mA" if match else value
        if parse_quantity(text, "mA").value <= 0:
            self.report("aichi-info-placeholder", key, value, line)
        else:
            self.put(f"{SPECTRUM}/ring_current", text, key, value, line)

    def crystal(self, key: str, value: str, line: int) -> None:
        match = _MONO.fullmatch(value)
        crystal, reflection = parse_crystal(match[1] if match else value)
        here = f"{SPECTRUM}/monochromator"
        for end, stated in (("type", "crystal"), ("crystal", crystal), ("reflection", reflection)):
            self.put(f"{here}/{end}", stated, key, value, line)
        if match and parse_quantity(f"{match[2]} Å", "Å").value > 0:
            self.put(f"{here}/d_spacing", f"{match[2]} Å", key, value, line)

    def edge(self, key: str, value: str, line: int) -> None:
        match = _EDGE.fullmatch(value)
        element, shells = normalise_edge(f"{match[1]} {match[2]}" if match else value)
        if element:
            self.put(f"{SPECTRUM}/element", element, key, value, line)
        self.put(f"{SPECTRUM}/edge", shells[0] if len(shells) == 1 else list(shells), key, value, line)


def _moment(text: str) -> str:
    try:
        moment = datetime.strptime(text, "%y.%m.%d %H:%M:%S.%f" if "." in text[9:] else "%y.%m.%d %H:%M:%S")  # noqa: DTZ007
    except ValueError as error:
        raise InputError(Sentence("{text!r} is no date: {error}", text=text, error=error)) from error
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


READER = Reader(
    name="aichi_info",
    title={
        "en": "Measurement info file of Aichi SR (sidecar)",
        "ja": "あいちSRの測定情報ファイル（付属ファイル）",
    },
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    sidecar=(".info",),
)
