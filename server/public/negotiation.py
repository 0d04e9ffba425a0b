"""Which of several representations a client wants, from its Accept header (RFC 9110, 12.5).

A missing or unreadable header gets the server's own default, never a refusal. Parameters such as ``charset`` or
``profile`` do not stop a range from matching: nothing here is offered in variants of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

# Enough for any real client; a longer header is cut there, so that reading it stays cheap.
MAX_HEADER = 4096
MAX_RANGES = 64

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's name for it
_RANGE = re.compile(rf"\s*(?P<type>{_TOKEN})/(?P<subtype>{_TOKEN})\s*(?P<parameters>(?:;.*)?)$")
_LANGUAGE = re.compile(r"\s*(?P<tag>\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?P<parameters>(?:;.*)?)$")
_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$")


@dataclass(frozen=True, slots=True)
class Offer(Generic[T]):
    """Something that can be given, the media types that name it (the first is its own), and the thing itself."""

    media_types: tuple[str, ...]
    value: T


@dataclass(frozen=True, slots=True)
class _Range:
    text: str
    quality: float
    position: int


def best(header: str | None, offers: Sequence[Offer[T]], *, default: T) -> T | None:
    """The offer the client likes best, ``default`` when it does not say, None when it refuses all of them.

    Equal quality goes to the range that names the type more exactly, then to what the client names first, then
    to the order of ``offers``; where only ``*/*`` matches, the default is what the server would choose.

    >>> offers = [Offer(("text/html",), "page"), Offer(("text/turtle",), "turtle")]
    >>> best("text/turtle;q=0.9, text/*;q=0.1", offers, default="page")
    'turtle'
    >>> best(None, offers, default="turtle"), best("image/png", offers, default="turtle")
    ('turtle', None)
    """
    ranges = _ranges(header, _RANGE)
    if not ranges:
        return default
    ranked: list[tuple[float, int, int, bool, int, T]] = []
    for order, offer in enumerate(offers):
        exactness, found = _match(offer, ranges)
        if found is not None and found.quality > 0:
            is_default = offer.value == default
            ranked.append((-found.quality, -exactness, found.position, not is_default, order, offer.value))
    return min(ranked, key=lambda entry: entry[:5])[5] if ranked else None


def best_language(header: str | None, offered: Sequence[str], *, default: str) -> str:
    """The offered language the client likes best (primary tags are compared), else ``default``.

    >>> best_language("fr, ja-JP;q=0.8, en;q=0.5", ["en", "ja"], default="en")
    'ja'
    """
    ranges = sorted(_ranges(header, _LANGUAGE), key=lambda item: (-item.quality, item.position))
    refused = {item.text.partition("-")[0] for item in ranges if item.quality == 0}
    for item in ranges:
        tag = item.text.partition("-")[0]
        if item.quality > 0 and tag in offered:
            return tag
        if item.quality > 0 and tag == "*" and default not in refused:
            return default
    return default


def _match(offer: Offer[T], ranges: Sequence[_Range]) -> tuple[int, _Range | None]:
    # The most exact range decides, even when a vaguer one is kinder: "text/*, text/html;q=0" refuses HTML.
    for exactness, patterns in (
        (2, set(offer.media_types)),
        # Only what it is sent as: an alias is a type that is not in the answer.
        (1, {offer.media_types[0].partition("/")[0] + "/*"}),
        (0, {"*/*"}),
    ):
        found = [item for item in ranges if item.text in patterns]
        if found:
            return exactness, max(found, key=lambda item: (item.quality, -item.position))
    return 0, None


def _ranges(header: str | None, form: re.Pattern[str]) -> list[_Range]:
    ranges = []
    for position, part in enumerate((header or "")[:MAX_HEADER].split(",")[:MAX_RANGES]):
        matched = form.match(part)
        quality = _quality(matched["parameters"]) if matched else None
        if matched is None or quality is None:
            continue
        groups = matched.groupdict()
        text = groups["tag"] if "tag" in groups else f"{groups['type']}/{groups['subtype']}"
        ranges.append(_Range(text.lower(), quality, position))
    return ranges


def _quality(parameters: str) -> float | None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "q":
            return float(value.strip()) if _QUALITY.match(value.strip()) else None
    return 1.0
