"""Times as beamline programs write them, and what they may mean: month names, ISO, and figures in either order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from catalog.alias_tables import alias_table
from catalog.findings import define
from catalog.readers._statements import Statements
from catalog.wording import Sentence

define(
    "scan-date-ambiguous",
    "warning",
    "{key}: {value!r} is {first} or {second}; none was taken. State the date, or accept the suggestion.",
    "{key}:「{value}」は {first} とも {second} とも読めるため使いませんでした。"
    "日時を入力するか、候補を承認してください。",
)
define(
    "scan-date-zone",
    "info",
    "{key}: {value!r} names a time zone that is not in the table; the time was taken as local time without a zone.",
    "{key}:「{value}」の時間帯の略号は表にないため、時間帯なしの現地時刻としました。",
)

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?P<name>[A-Za-z]{3})[a-z]{0,6}\.?"
_TIME = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
    r"(?:\s*(?P<half>[AaPp])[Mm])?"
)
_ZONE = r"(?:\s+(?P<zone>[A-Z]{2,5}))?"
_DATES = [
    # Tue Jul  9 15:35:15 2019 CDT
    re.compile(
        rf"(?:[A-Za-z]{{3}},?\s+)?{_MONTH}\s+(?P<day>[0-9]{{1,2}})\s+{_TIME}\s+(?P<year>[0-9]{{4}}){_ZONE}"
    ),
    # Mar 14, 2024 00:31:46.895015
    re.compile(rf"{_MONTH}\s+(?P<day>[0-9]{{1,2}}),\s*(?P<year>[0-9]{{4}})\s+{_TIME}{_ZONE}"),
    # 26-Apr-95 23:49:40
    re.compile(rf"(?P<day>[0-9]{{1,2}})-{_MONTH}-(?P<year>[0-9]{{2}}|[0-9]{{4}})(?:\s+{_TIME})?{_ZONE}"),
    # 05:04:43  5-NOV-95
    re.compile(rf"{_TIME}\s+(?P<day>[0-9]{{1,2}})-{_MONTH}-(?P<year>[0-9]{{2}}|[0-9]{{4}})"),
    # 2019-12-17 12:08:56.932
    re.compile(rf"(?P<year>[0-9]{{4}})-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}})[T ]+{_TIME}"),
]
# 10/3/02 10:20:36 PM, 6-10-83: which of the first two is the month is not said.
_FIGURES = re.compile(
    rf"(?P<one>[0-9]{{1,2}})(?P<mark>[/-])(?P<two>[0-9]{{1,2}})(?P=mark)(?P<year>[0-9]{{4}}|[0-9]{{2}})"
    rf"(?:\s+(?:at\s+)?{_TIME})?{_ZONE}"
)
# Before 1968 nobody recorded an absorption spectrum with a synchrotron.
_FIRST_YEAR = 68
_MAX_TEXT = 120


@dataclass(frozen=True, slots=True)
class Moment:
    """A time and the name of its zone, as far as they are written; ``has_time`` False for a mere date."""

    when: datetime
    zone: str
    has_time: bool

    def text(self, facility: str | None = None) -> tuple[str, bool]:
        """The time in ISO 8601, and whether its zone (if it names one) is understood at that facility."""
        if not self.has_time:
            return self.when.date().isoformat(), True
        if not self.zone:
            return self.when.isoformat(), True
        for row in alias_table("scans")["zones"]:
            if row["name"] == self.zone and (row["at"] == "" or row["at"] == facility):
                offset = timezone(timedelta(minutes=int(row["minutes"])))
                return self.when.replace(tzinfo=offset).isoformat(), True
        return self.when.isoformat(), False


def moments(text: str) -> list[Moment]:
    """What ``text`` may mean: one time, two where the order of month and day is open (month first), or none."""
    text = text.strip()
    if len(text) > _MAX_TEXT:
        return []
    for pattern in _DATES:
        if match := pattern.fullmatch(text):
            parts = match.groupdict()
            name = (parts.get("name") or "").casefold()
            month = _MONTHS.index(name) + 1 if name in _MONTHS else int(parts.get("month") or 0)
            return list(_made(parts, month, int(parts["day"])))
    if match := _FIGURES.fullmatch(text):
        parts = match.groupdict()
        one, two = int(parts["one"]), int(parts["two"])
        orders = [(one, two)] if one == two else [(one, two), (two, one)]
        return [each for month, day in orders for each in _made(parts, month, day)]
    return []


def put_moment(
    said: Statements, path: str, text: str, key: str, line: int, facility: str | None = None
) -> None:
    """Fill a time of the spectrum; an ambiguous one becomes a suggestion (month first) and a finding."""
    found = moments(text)
    if not found:
        said.refuse(path, text, key, Sentence("{text!r} is no date that is understood", text=text[:60]), line)
        return
    written, is_known = found[0].text(facility)
    if len(found) > 1:
        second, _ = found[1].text(facility)
        said.report("scan-date-ambiguous", path, line, text, key=key, first=written, second=second)
        said.reading.suggestions[f"{said.spectrum}/{path}"] = written
        return
    if not is_known:
        said.report("scan-date-zone", path, line, text, key=key)
    said.of_spectrum(path, written, key, line, text)


def _made(parts: dict[str, str | None], month: int, day: int) -> Iterator[Moment]:
    year = int(parts["year"] or 0)
    if year < 100:
        year += 1900 if year >= _FIRST_YEAR else 2000
    has_time = bool(parts.get("hour"))
    hour, minute, second = (int(parts.get(key) or 0) for key in ("hour", "minute", "second"))
    half = (parts.get("half") or "").casefold()
    if half and not 1 <= hour <= 12:
        return
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        when = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone is told by its name
    except ValueError:
        return
    yield Moment(when, parts.get("zone") or "", has_time)
