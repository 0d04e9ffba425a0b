"""SPEC files and their relatives: several scans in one file, each with number, command, date, labels and rows.

Each scan over a photon energy becomes a spectrum of one deposit, called by its number; others are left out and named.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from catalog.document import Form
from catalog.errors import UnreadableInput
from catalog.findings import define
from catalog.readers import Reader, Reading, Source
from catalog.readers._encoding import decode, decode_head, encoding_findings, lines
from catalog.readers._scan_dates import moments, put_moment
from catalog.readers._scan_form import Hints, ScanStatements, comment, finish
from catalog.readers._scan_roles import Axis, axis_of, bare_axis, signals_of
from catalog.readers._scan_table import Table, read_table
from catalog.readers._several import part_id
from catalog.readers._spec_text import Contents, Scan, scan_line, take_apart
from catalog.readers._statements import Statements
from catalog.wording import Sentence

define(
    "spec-no-energy",
    "info",
    "Scan {value} ({command}) was left out: {detail}.",
    "スキャン {value}（{command}）は除きました: {detail}",
)
define(
    "spec-several",
    "info",
    "The file holds {value} scans over energy; each is a spectrum of this deposit, called by its number.",
    "エネルギースキャンが {value} 個あります。それぞれを番号で呼ぶスペクトルとして1件の登録にまとめました。",
)

_FIRST = re.compile(r"#(?:F|S|D|U|E|C)\s")
_NUMBERED_LABEL = re.compile(r"(?:^|\s)[0-9]{1,3}_(.+?)(?=\s+[0-9]{1,3}_|\s*$)")
_E0 = re.compile(r"exafs_edge_energy\s+([0-9.]{1,12})")
_BEGAN = re.compile(r"(?:Acquisition|Scan) (?P<what>started|ended) at (?P<when>.{10,60})")
_LEAST_ROWS = 5
_MAX_TEXTS = 20


def sniff(source: Source) -> int:
    """Certain when a scan begins (#S with a number) and labels its columns within the first 64 KiB."""
    head = decode_head(source.head)
    if head is None or not _FIRST.match(head):
        return 0
    rows = re.split(r"\r\n|\r|\n", head)
    begun = next((place for place, row in enumerate(rows) if scan_line(row)), None)
    if begun is None:
        return 0
    return 90 if any(row.startswith(("#L ", "#C 1_")) for row in rows[begun:]) else 0


def read(source: Source) -> Reading:
    """The scans as spectra of one deposit form with their curves, suggestions and findings.

    Raises UnreadableInput, with the line, for a damaged file and for one without a scan over energy.
    """
    name = source.name
    decoded = decode(source.content(), name)
    contents = take_apart(lines(decoded.text, name), name)
    reading = Reading([Form()], findings=encoding_findings(decoded, name))
    above = ScanStatements(reading, reading.forms[0], name)
    texts = _read_header(above, contents)
    offset = _offset(contents)
    numbers: set[str] = set()
    left = Sentence("it has no rows")
    _place_times(contents)
    for scan in contents.scans:
        place = len(reading.forms[0].get("/spectra") or [])
        # One list of what names people: it is reported once for the file.
        said = ScanStatements(reading, reading.forms[0], name, f"/spectra/{place}", above.personal)
        labels, label_line = _labels(scan)
        if not scan.rows:
            left = Sentence("it has no rows")
        else:
            table = read_table(iter(scan.rows), name)
            axis = _axis(labels, table)
            if isinstance(axis, Axis):
                _read_scan(said, scan, table, labels, axis, numbers, Hints(list(texts)), offset)
                continue
            left = axis
        said.report(
            "spec-no-energy", "", label_line or scan.line, scan.number, command=scan.command[:80], detail=left
        )
    spectra = reading.forms[0].get("/spectra")
    if not spectra:
        raise UnreadableInput(
            Sentence("no scan of the file runs over a photon energy; the last: {left}", left=left),
            where=name,
        )
    if len(spectra) > 1:
        above.report("spec-several", "/spectra", contents.scans[0].line, str(len(spectra)))
    above.close()
    return reading


def _read_header(said: Statements, contents: Contents) -> list[str]:
    """Keep what stands above the scans; gives what may name the sample."""
    texts = []
    for key, value, line in contents.entries:
        if key == "F":
            # The path of the file on the beamline's computer names the user as a rule.
            said.private("File", value, line, person=bool(re.search(r"[\\/].*[\\/]", value)))
            texts.append(re.split(r"[\\/]", value)[-1])
        elif key == "U" or (key == "C" and "User =" in value):
            said.private("User", value, line, person=value.casefold() != "root")
        elif key == "C":
            comment(said, value, line)
            texts.append(value)
    return texts[:_MAX_TEXTS]


def _place_times(contents: Contents) -> None:
    """Give each scan the time that stands above its first line, as the relatives of SPEC write it."""
    header = contents.entries
    above = [entry for entry in header if _is_start(entry)]
    if not any(key == "F" for key, _, _ in header):
        above += [entry for entry in header if entry[0] == "D"]
    for scan in contents.scans:
        end = scan.rows[-1][0] if scan.rows else 0
        following = [entry for entry in scan.entries if _is_start(entry) and 0 < end < entry[2]]
        own = [entry for entry in scan.entries if entry not in following]
        dated = any(entry[0] == "D" for entry in own)
        scan.entries = own if dated else [*above, *own]
        above = following


def _is_start(entry: tuple[str, str, int]) -> bool:
    match = _BEGAN.fullmatch(entry[1])
    return entry[0] == "C" and match is not None and match["what"] == "started"


def _offset(contents: Contents) -> timedelta | None:
    """The beamline's offset from UTC, where the file states its beginning both as local time and since 1970."""
    stated = {key: value for key, value, _ in contents.entries if key in {"E", "D"}}
    local = moments(stated.get("D", ""))
    epoch = stated.get("E", "")
    if len(local) != 1 or not re.fullmatch(r"[0-9]{1,10}", epoch):
        return None
    since = datetime.fromtimestamp(int(epoch), UTC).replace(tzinfo=None)
    offset = local[0].when - since
    # A file that was begun anew keeps the first second count; no zone is that far or between quarters of an hour.
    is_zone = abs(offset) <= timedelta(hours=14) and offset.total_seconds() % 900 == 0
    return offset if is_zone else None


def _labels(scan: Scan) -> tuple[list[str], int]:
    for key, value, line in scan.entries:
        if key == "L":
            parts = re.split(r"\s{2,}|\t", value)
            return [part for part in parts if part], line
        if key == "C" and value.startswith("1_"):
            return [match[1].strip() for match in _NUMBERED_LABEL.finditer(value)], line
    return [], 0


def _axis(labels: list[str], table: Table) -> Axis | Sentence:
    if table.rows < _LEAST_ROWS:
        return Sentence("it has {rows} rows", rows=table.rows)
    if all(re.fullmatch(r"Column [0-9]+", label) for label in labels):
        return bare_axis(table)
    return axis_of(labels, table)


def _read_scan(
    said: Statements,
    scan: Scan,
    table: Table,
    labels: list[str],
    axis: Axis,
    numbers: set[str],
    hints: Hints,
    offset: timedelta | None,
) -> None:
    said.put(said.spectrum, {}, f"S {scan.number}", scan.line)
    said.of_spectrum("id", part_id(scan.number, numbers), "S", scan.line, scan.number)
    said.pair("Scan", f"{scan.number} {scan.command}"[:200], scan.line)
    hints.texts.append(scan.command)
    for key, value, line in scan.entries:
        if key == "D":
            _put_date(said, value, line, offset)
        elif key == "C" and (match := _BEGAN.fullmatch(value)):
            put_moment(said, match["what"], match["when"], "Acquisition", line)
        elif key == "C" and (match := _E0.fullmatch(value)):
            hints.e0 = _in_ev(match[1]), "exafs_edge_energy", line
        elif key == "C" and not value.startswith("1_"):
            comment(said, value, line)
            hints.texts.append(value)
    hints.labels = labels
    finish(said, table, labels, axis, signals_of(labels, table, axis), hints)


def _put_date(said: Statements, text: str, line: int, offset: timedelta | None) -> None:
    found = moments(text)
    if offset is None or len(found) != 1 or found[0].zone:
        put_moment(said, "started", text, "D", line)
    else:
        when = found[0].when.replace(tzinfo=timezone(offset))
        said.of_spectrum("started", when.isoformat(), "D", line, text)


def _in_ev(text: str) -> float:
    value = float(text) if text.count(".") < 2 and text.strip(".") else 0.0
    return value * 1000 if value < 150 else value


READER = Reader(
    name="spec",
    title={"en": "SPEC scans", "ja": "SPEC のスキャン"},
    specification="https://certif.com/spec_help/scans.html",
    sniff=sniff,
    read=read,
    is_data=True,
)
