"""Days of a record that contradict the day on which it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from catalog.findings import Finding, define, finding
from catalog.mapping import RecordDocument
from catalog.projection import EMBARGOED, OPEN

define(
    "available-too-late",
    "error",
    "The files are to be open from {value} on, but access is open now; write access: embargoed, or take the date out.",
    "ファイルの公開日が {value} なのに公開区分が open です。access: embargoed とするか、日付を削除してください。",
)
define(
    "available-unused",
    "warning",
    "The files do not become open on {value} with this access right; write access: embargoed if they are to.",
    "この公開区分ではファイルは {value} になっても公開されません。公開する場合は access: embargoed としてください。",
)
define(
    "date-to-come",
    "warning",
    "The spectrum was measured on a day that has not come yet, {value}; check the date.",
    "測定日 {value} はまだ来ていません。日付を確かめてください。",
)

_MOMENTS = ("started", "date", "date_month", "date_year")


def check_days(document: RecordDocument, today: date) -> Iterator[Finding]:
    """Findings for files that are open before the day they are to be, and for measurements of days to come."""
    access, available = document.get("access"), document.get("available")
    if available and access not in {None, EMBARGOED} and date.fromisoformat(available) > today:
        yield finding(
            "available-too-late" if access == OPEN else "available-unused", path="/available", value=available
        )
    # It may be tomorrow where it was measured.
    latest = (today + timedelta(days=1)).isoformat()
    for number, spectrum in enumerate(document.get("spectra", [])):
        measurement = spectrum.get("measurement", {})
        for key in _MOMENTS:
            stated = str(measurement.get(key, ""))
            if stated[:10] > latest[: len(stated)]:
                yield finding("date-to-come", path=f"/spectra/{number}/started", value=stated)
