"""The types of settings: what each takes, in words, and the function that makes its value or raises ValueError."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

_N = TypeVar("_N", int, float)

_SIZES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
IRI = re.compile(r'https?://[^\s<>"{}|\\^`]+')
EMAIL = re.compile(r"(mailto:)?[^\s@<>\"]+@[^\s@<>\"]+")
SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of setting: its description, and the function that makes the value or raises ValueError."""

    text: str
    parse: Callable[[Any], Any]
    languages: bool = False
    optional: bool = False


def whole(minimum: int, maximum: int) -> Kind:
    """A whole number within bounds."""
    words = f"whole number from {minimum} to {maximum}"

    def parse(value: Any) -> int:
        if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
            raise ValueError
        return _inside(int(value), minimum, maximum)

    return Kind(words, parse)


def number(minimum: float, maximum: float) -> Kind:
    """A number within bounds."""

    def parse(value: Any) -> float:
        return _inside(float("nan") if isinstance(value, bool) else float(value), minimum, maximum)

    return Kind(f"number from {minimum:g} to {maximum:g}", parse)


def size(minimum: int, maximum: int) -> Kind:
    """Bytes, also as text with a unit."""

    def parse(value: Any) -> int:
        match = _SIZE.fullmatch(str(value).strip())
        if isinstance(value, bool) or not match or match[2] not in _SIZES:
            raise ValueError
        return _inside(int(float(match[1]) * _SIZES[match[2]]), minimum, maximum)

    return Kind('size in bytes, or text such as "64 MiB" or "50 MB"', parse)


def zone(value: Any) -> str:
    """The name of a time zone."""
    ZoneInfo(value)  # raises for a zone the machine does not know
    return str(value)


def matching(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    """A text that ``pattern`` matches whole."""

    def parse(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError
        return value

    return parse


def text(value: Any) -> str:
    """A line that says something."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError
    return value


def networks(value: Any) -> str:
    """Addresses and networks, separated by commas."""
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - the caller turns it into a sentence
    for part in value.split(","):
        if part.strip():
            ipaddress.ip_network(part.strip())
    return value


def providers(value: Any) -> str:
    """Names, each perhaps with a base address, separated by commas."""
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - the caller turns it into a sentence
    for part in value.split(","):
        name, given, base = part.strip().partition("=")
        if part.strip() and not (_NAME.fullmatch(name) and (IRI.fullmatch(base) if given else True)):
            raise ValueError
    return value


def language_text(value: Any) -> dict[str, str]:
    """A text by language; a text without one is English."""
    if isinstance(value, str):
        value = {"en": value}
    good = isinstance(value, Mapping) and all(
        LANGUAGE.fullmatch(tag) and isinstance(text, str) and text.strip() and text.isprintable()
        for tag, text in value.items()
    )
    if not good:
        raise ValueError
    return dict(value)


TEXTS = Kind('text by language, such as {en = "...", ja = "..."}', language_text, languages=True)


def _inside(value: _N, minimum: _N, maximum: _N) -> _N:
    if not minimum <= value <= maximum:
        raise ValueError
    return value
