"""Days as people write them."""

from __future__ import annotations

import pytest

from catalog.iso_dates import iso_date, parse_day


@pytest.mark.parametrize(
    ("stated", "meant"),
    [
        ("2023-01-03", "2023-01-03"),
        ("2023-1-3", "2023-01-03"),
        ("2023/1/3", "2023-01-03"),
        ("2023.01.03", "2023-01-03"),
        ("2023年1月3日", "2023-01-03"),
        ("２０２３年 １月 ３日", "2023-01-03"),
        ("2023年1月", "2023-01"),
        ("2023/1/3 09:30", "2023-01-03 09:30"),
        ("2023-01-03T09:30:00+09:00", "2023-01-03T09:30:00+09:00"),
        # Of what could be another day, or is none, nothing is made.
        ("3/1/2023", "3/1/2023"),
        ("23/1/3", "23/1/3"),
        ("2023/1", "2023/1"),
        ("2023/1/3/4", "2023/1/3/4"),
        ("2023/1/345", "2023/1/345"),
        ("45000", "45000"),
    ],
)
def test_a_year_first_is_read(stated: str, meant: str) -> None:
    assert iso_date(stated) == meant


@pytest.mark.parametrize(
    "stated", ["2023/13/1", "2023/2/30", "2023年2月", "2023-01-03T09:30", "next year", ""]
)
def test_what_is_no_day_is_refused(stated: str) -> None:
    with pytest.raises(ValueError):
        parse_day(stated)
