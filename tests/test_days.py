"""Days that contradict the day on which a record is looked at."""

from __future__ import annotations

from datetime import date

import pytest

from catalog.days import check_days
from catalog.projection import COAR, EMBARGOED, OPEN

TODAY = date(2027, 4, 1)


@pytest.mark.parametrize(
    ("access", "available", "codes"),
    [
        (OPEN, "2027-04-02", ["available-too-late"]),
        (OPEN, "2027-04-01", []),
        (OPEN, None, []),
        (EMBARGOED, "2027-04-02", []),
        (COAR + "c_16ec", "2027-04-02", ["available-unused"]),
        (None, "2027-04-02", []),
    ],
)
def test_a_day_still_to_come_needs_an_embargo(
    access: str | None, available: str | None, codes: list[str]
) -> None:
    stated = {"access": access, "available": available}
    document = {key: value for key, value in stated.items() if value}
    assert [item.code for item in check_days(document, TODAY)] == codes


@pytest.mark.parametrize(
    ("key", "stated", "told"),
    [
        ("started", "2027-04-02T23:00:00+14:00", False),
        ("started", "2027-04-03T01:00:00", True),
        ("date", "2027-04-02", False),
        ("date", "2027-04-03", True),
        ("date_month", "2027-04", False),
        ("date_month", "2027-05", True),
        ("date_year", "2027", False),
        ("date_year", "2099", True),
    ],
)
def test_nothing_was_measured_on_a_day_to_come(key: str, stated: str, told: bool) -> None:
    document = {"spectra": [{}, {"measurement": {key: stated}}]}
    found = list(check_days(document, TODAY))
    assert [(item.code, item.path) for item in found] == [("date-to-come", "/spectra/1/started")] * told
