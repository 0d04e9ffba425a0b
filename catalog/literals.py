"""RDF literals by value: whether a lexical form belongs to its datatype, and which of two comes first.

Nothing is repaired: ``"2020-13-45"^^xsd:date`` is no date. Datatypes beyond XSD cannot be judged and pass.
"""

from __future__ import annotations

import base64
import binascii
import re
from decimal import Decimal
from math import isnan
from typing import TypeAlias

import pyoxigraph as ox

XSD = "http://www.w3.org/2001/XMLSchema#"

Comparable: TypeAlias = tuple[str, Decimal | float | str | bool]

# The bounds of the types derived from integer; None is unbounded.
_INTEGERS: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    **{name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in (("long", 64), ("int", 32))},
    **{name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in (("short", 16), ("byte", 8))},
    **{f"unsigned{name}": (0, 2**bits - 1) for name, bits in (("Long", 64), ("Int", 32))},
    **{f"unsigned{name}": (0, 2**bits - 1) for name, bits in (("Short", 16), ("Byte", 8))},
}
_ZONE = r"(?P<zone>Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
# XSD asks for four digits at least and lets an implementation stop somewhere.
_YEAR = r"(?P<year>-?(?:[1-9]\d{3,8}|0\d{3}))"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12]\d|3[01])"
_TIME = r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d(?:\.\d+)?)"
_MIDNIGHT = r"24:00:00(?:\.0+)?"


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


_INTEGER = _form(r"[+-]?\d+")
_FORMS = {
    "boolean": _form("true|false|1|0"),
    "decimal": _form(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"),
    "double": _form(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?INF|NaN"),
    "dateTime": _form(f"{_YEAR}-{_MONTH}-{_DAY}T(?:{_TIME}|{_MIDNIGHT}){_ZONE}"),
    "date": _form(f"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}"),
    "time": _form(f"(?:{_TIME}|{_MIDNIGHT}){_ZONE}"),
    "gYear": _form(_YEAR + _ZONE),
    "gYearMonth": _form(f"{_YEAR}-{_MONTH}{_ZONE}"),
    "gMonthDay": _form(f"--{_MONTH}-{_DAY}{_ZONE}"),
    "gMonth": _form(f"--{_MONTH}{_ZONE}"),
    "gDay": _form(f"---{_DAY}{_ZONE}"),
    "duration": _form(
        r"-?P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
    ),
    "hexBinary": _form(r"(?:[0-9A-Fa-f]{2})*"),
    "language": _form(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*"),
}
_FORMS["float"] = _FORMS["double"]
_FORMS["dateTimeStamp"] = _form(_FORMS["dateTime"].pattern.removesuffix("?"))
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_well_formed(literal: ox.Literal) -> bool:
    """Whether the text of ``literal`` is one of its datatype's."""
    datatype: str = literal.datatype.value
    if not datatype.startswith(XSD):
        return True
    name = datatype[len(XSD) :]
    text: str = literal.value
    if name in _INTEGERS:
        return _is_integer(text, *_INTEGERS[name])
    if name == "base64Binary":
        return _is_base64(text)
    form = _FORMS.get(name)
    if form is None:
        return True
    found = form.fullmatch(text)
    return found is not None and _day_exists(found.groupdict())


def compare(left: ox.Literal, right: ox.Literal) -> int | None:
    """Negative, zero or positive as ``left`` is before, at or after ``right``; None where there is no order.

    Numbers of all types compare with each other, dates and times only with the same kind and only when both
    or neither have a zone, plain strings by code point, false before true. An ill-typed literal has no order.
    """
    one, other = _comparable(left), _comparable(right)
    if one is None or other is None or one[0] != other[0]:
        return None
    first, second = one[1], other[1]
    if isinstance(first, Decimal) and isinstance(second, float):
        first = float(first)
    elif isinstance(first, float) and isinstance(second, Decimal):
        second = float(second)
    if isinstance(first, float) and (isnan(first) or isnan(second)):  # type: ignore[arg-type]
        return None
    return (first > second) - (first < second)  # type: ignore[operator]


def _comparable(literal: ox.Literal) -> Comparable | None:
    datatype: str = literal.datatype.value
    if literal.language is not None or not datatype.startswith(XSD) or not is_well_formed(literal):
        return None
    name = datatype[len(XSD) :]
    text: str = literal.value
    if name in _INTEGERS or name == "decimal":
        return "number", Decimal(text)
    if name in {"double", "float"}:
        return "number", float(text.replace("INF", "inf"))
    if name == "string":
        return name, text
    if name == "boolean":
        return name, text in {"true", "1"}
    if name in {"dateTime", "dateTimeStamp", "date", "time", "gYear", "gYearMonth"}:
        return _moment("dateTime" if name == "dateTimeStamp" else name, text)
    return None


def _moment(name: str, text: str) -> Comparable:
    found = _FORMS[name].fullmatch(text)
    assert found is not None  # only well-formed texts come here
    parts = {key: part for key, part in found.groupdict().items() if part is not None}
    days = _days(*(int(parts.get(key, "1")) for key in ("year", "month", "day")))
    hour = parts.get("hour", "24" if "24:00:00" in text else "0")
    minutes = (days * 24 + int(hour)) * 60 + int(parts.get("minute", "0"))
    zone = parts.get("zone", "")
    if zone not in {"", "Z"}:
        minutes -= int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[4:6]))
    return f"{name} with zone" if zone else name, minutes * 60 + Decimal(parts.get("second", "0"))


def _is_integer(text: str, least: int | None, most: int | None) -> bool:
    if not _INTEGER.fullmatch(text):
        return False
    if least is None and most is None:
        return True
    value = Decimal(text)  # int() refuses very long texts
    return (least is None or value >= least) and (most is None or value <= most)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _day_exists(parts: dict[str, str | None]) -> bool:
    day, month, year = parts.get("day"), parts.get("month"), parts.get("year")
    if day is None or month is None:
        return True
    if int(day) > _MONTH_DAYS[int(month) - 1]:
        return False
    return month != "02" or day != "29" or year is None or _is_leap(int(year))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days(year: int, month: int, day: int) -> int:
    """Days since a fixed day in the proleptic Gregorian calendar; ``datetime`` knows only years 1 to 9999."""
    before = year - 1
    leap_days = before // 4 - before // 100 + before // 400
    february = 29 if _is_leap(year) else 28
    lengths = (31, february, *_MONTH_DAYS[2:])
    return before * 365 + leap_days + sum(lengths[: month - 1]) + day
