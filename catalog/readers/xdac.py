"""XDAC and its relatives: the scan programs of NSLS beamlines (XDAC, NSLS_DAC) and of MRCAT at APS (MRCAT_XAFS).

One layout: a program line, a quoted title with place and date, settings, three lines of comment, a rule, labels, rows.
Element and edge are never stated; E0 is the energy the scan was set up around and may be left from another scan.
"""

from __future__ import annotations

import re
from copy import deepcopy

from catalog.alias_tables import alias_table
from catalog.document import Origin
from catalog.errors import UnreadableInput
from catalog.findings import define
from catalog.readers import Reader, Reading, Source
from catalog.readers._encoding import decode_head
from catalog.readers._scan_dates import put_moment
from catalog.readers._scan_form import Hints, ScanStatements, begin, complete, finish, say_once
from catalog.readers._scan_roles import axis_of, transmission
from catalog.readers._scan_table import Row, Table, is_row, read_table
from catalog.readers._statements import Statements, plain
from catalog.wording import Sentence

define(
    "xdac-renamed",
    "info",
    "The header calls this file {value!r}; it was renamed since.",
    "ヘッダーに書かれたファイル名は「{value}」です。名前が変更されています。",
)

define(
    "xdac-channels",
    "info",
    "{value} samples were measured beside each other; each became a deposit of its own, called by its channel.",
    "{value} 個の試料が同時に測定されています。チャンネルごとに1件の登録にしました。",
)

_LISTED = re.compile(r"\b([1-9]): *(.{1,80}?)(?=\s+[1-9]: |\s*$)")
_FIRST = re.compile(r"([A-Z_]{3,20}) V[0-9.]{1,8} Datafile\b.{0,40}")
_TITLE = re.compile(
    r'"(?P<file>[^"]{0,200})" created (?:at (?P<at>.{1,60}?) )?on (?P<date>.{6,60}?)(?: on (?P<on>[\w. -]{1,40}))?\s*'
)
_US_DATE = re.compile(r"([0-9/]{6,10}) at (.{4,15})")
_SETTING = re.compile(r"\s{0,4}([A-Za-z][A-Za-z0-9_ ]{0,30}?)= {0,4}(.*)")
_RULE = re.compile(r"-{20,}\s*")
_PUBLIC = {"num_regions", "srb", "srss", "spp", "settling time", "offsets", "gains", "diffraction element"}
_MAX_HEADER = 100


def sniff(source: Source) -> int:
    """Certain when the first line is that of one of the programs and the second the quoted title."""
    head = decode_head(source.head[:2_000])
    rows = re.split(r"\r\n|\r|\n", head or "", maxsplit=2)
    match = _FIRST.fullmatch(rows[0])
    if match is None or match[1] not in {row["word"] for row in alias_table("xdac")["programs"]}:
        return 0
    return 95 if len(rows) > 1 and rows[1].startswith('"') else 50


def read(source: Source) -> Reading:
    """The scan as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for a header that breaks off or a table that is not all numbers.
    """
    name = source.name
    said, rows = begin(source, "Datafile")
    header: list[Row] = []
    for line, text in rows:
        if _RULE.fullmatch(text):
            break
        if line > _MAX_HEADER:
            raise UnreadableInput(
                Sentence("no line of dashes ends the header within {most} lines", most=_MAX_HEADER),
                where=f"{name}:{line}",
            )
        header.append((line, text))
    else:
        raise UnreadableInput(
            Sentence("the file ends before the line of dashes that ends the header"), where=name
        )
    line, text = next(rows, (len(header) + 2, ""))
    labels = text.split()
    if not labels or is_row(text):
        raise UnreadableInput(
            Sentence("no row of column labels follows the line of dashes"), where=f"{name}:{line}"
        )
    hints = _read_header(said, header)
    hints.labels = labels
    table = read_table(rows, name)
    channels = _channels(labels) if len(labels) == len(table.columns) else []
    if len(channels) < 2:
        return complete(said, table, labels, hints, line)
    return _complete_channels(said, table, labels, hints, line, channels)


def _channels(labels: list[str]) -> list[tuple[str, int, int]]:
    """Number, incident and transmitted column of each sample that was measured beside others in the same scan."""
    found = []
    for column, label in enumerate(labels):
        if match := re.fullmatch(r"It([1-9])", label):
            incident = "I0" if match[1] == "1" and "I0" in labels else f"I0{match[1]}"
            if incident in labels:
                found.append((match[1], labels.index(incident), column))
    return found


def _complete_channels(
    said: Statements,
    table: Table,
    labels: list[str],
    hints: Hints,
    line: int,
    channels: list[tuple[str, int, int]],
) -> Reading:
    """A deposit for each sample; the comments may number what each is ("1: Re powder  2: NH4ReO4")."""
    axis = axis_of(labels, table)
    if isinstance(axis, Sentence):
        raise UnreadableInput(axis, where=f"{said.name}:{line}")
    hints.sample = None
    listed = {match[1]: match[2] for text in hints.texts for match in _LISTED.finditer(text)}
    forms = [deepcopy(said.form) for _ in channels[1:]]
    said.reading.forms += forms
    for number, (channel, incident, transmitted) in enumerate(channels):
        each = ScanStatements(
            said.reading, said.reading.forms[number], said.name, said.spectrum, said.personal
        )
        each.of_spectrum("id", f"channel{channel}", labels[transmitted], line, labels[transmitted])
        if channel in listed:
            each.text("/sample/name", plain(listed[channel]), labels[transmitted], line)
        signal = transmission(labels, table, incident, transmitted)
        finish(each, table, labels, axis, [signal], hints if not number else Hints(hints.texts, labels))
    say_once(said.reading)
    said.report("xdac-channels", "", line, str(len(channels)))
    said.close()
    return said.reading


def _read_header(said: Statements, header: list[Row]) -> Hints:
    hints = Hints()
    comments: list[Row] = []
    _read_title(said, header[1] if len(header) > 1 else (2, ""), header[0][1].split()[0])
    for line, text in header[2:]:
        # Settings stand before the comments, which may hold any text, an equals sign too.
        match = _SETTING.fullmatch(text) if not comments else None
        if match is None:
            if text.strip():
                comments.append((line, text.strip()))
            continue
        parts = re.split(r"\.?\s{2,}(?=Ring energy=)", text.strip())
        for part in parts:
            key, _, value = part.partition("=")
            _read_setting(said, hints, key.strip(), value.strip(), line)
    for line, text in comments:
        said.private("Comment", text, line)
    if comments:
        hints.sample = comments[0][1], comments[0][0]
        hints.texts += [text for _, text in comments]
    return hints


def _read_title(said: Statements, title: Row, program: str) -> None:
    line, text = title
    match = _TITLE.fullmatch(text.strip())
    facility, beamline = "", ""
    if match is None:
        said.refuse(
            "started", text[:200], "title", Sentence("the second line is no title with place and date"), line
        )
    else:
        place = (match["at"] or match["on"] or "").strip()
        known: dict[str, str] = next(
            (row for row in alias_table("xdac")["places"] if row["word"] == place), {}
        )
        facility, beamline = known.get("facility", ""), known.get("beamline", place)
    if facility:
        said.put("/facility", facility, "title", line, text)
    else:
        rows = (row["facility"] for row in alias_table("xdac")["programs"] if row["word"] == program)
        said.form.put("/facility", next(rows), Origin("inferred", said.name, 1, "program", program))
    if beamline:
        said.put("/beamline", beamline, "title", line, text)
    if match is None:
        return
    written = _US_DATE.sub(r"\1 \2", match["date"])
    put_moment(said, "started", written, "title", line, said.form.get("/facility"))
    said.private("File", match["file"], line)
    recorded = re.split(r"[\\/:]", match["file"])[-1]
    if recorded and recorded != re.split(r"[\\/]", said.name)[-1]:
        said.report("xdac-renamed", "", line, recorded[:100])


def _read_setting(said: Statements, hints: Hints, key: str, value: str, line: int) -> None:
    if key == "Ring energy":
        said.quantity("ring_energy", value, "GeV", key, line)
    elif key == "E0":
        try:
            hints.e0 = float(value), "E0", line
        except ValueError:
            said.refuse("", value, key, Sentence("{value!r} is no number", value=value[:40]), line)
    elif key.casefold() in _PUBLIC:
        if key == "Diffraction element" and value:
            said.crystal(value.rstrip("."), key, line)
        said.pair(key, value, line)
    else:
        said.private(key, value, line)


READER = Reader(
    name="xdac",
    title={
        "en": "XDAC, NSLS_DAC and MRCAT_XAFS (NSLS, APS sector 10)",
        "ja": "XDAC・NSLS_DAC・MRCAT_XAFS形式（NSLS・APSセクター10）",
    },
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
