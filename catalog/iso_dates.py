"""Days as people write them, made ISO 8601 where the order of year, month and day is beyond doubt."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

# A year first leaves no doubt; 3/1/2023 is another day in Tokyo than in London.
_YEAR_FIRST = re.compile(
    r"(\d{4})(?:\s?年\s?(\d{1,2})\s?月(?:\s?(\d{1,2})\s?日)?|[-/.](\d{1,2})[-/.](\d{1,2})(?![\d/.-]))"
)


def iso_date(stated: str) -> str:
    """``stated`` with a day (or a month) at its beginning in ISO 8601, the rest as it was.

    >>> iso_date("2023/1/3 9:30")
    '2023-01-03 9:30'
    >>> iso_date("２０２３年１月")
    '2023-01'
    >>> iso_date("3/1/2023")
    '3/1/2023'
    """
    text = unicodedata.normalize("NFKC", stated).strip()
    found = _YEAR_FIRST.match(text)
    if found is None:
        return text
    year, month, day = found[1], found[2] or found[4], found[3] or found[5]
    return "-".join([year, *(f"{int(part):02}" for part in (month, day) if part)]) + text[found.end() :]


def parse_day(stated: str) -> date:
    """The day that ``stated`` is. Raises ValueError for a month, a moment, and what is no day.

    >>> parse_day("2027.4.1")
    datetime.date(2027, 4, 1)
    """
    return date.fromisoformat(iso_date(stated))
