"""Numbers, dates, sizes and formulae as readers write them."""

from __future__ import annotations

import re
from datetime import date, datetime

from markupsafe import Markup, escape

from server.public.languages import language

# Readers of English come from everywhere: day before month, as most of them write it.
LOCALES = {"en": "en_GB"}
_FORMULA = re.compile(r"[A-Za-z0-9()\[\].·*+-]{1,200}")
_INDEX = re.compile(r"(?<=[A-Za-z)\]])([0-9]+(?:\.[0-9]+)?)")
_SHELL = re.compile(r"([KLMNOP])([1-7](?:,[1-7])*)")


def formula(text: object) -> Markup:
    """A formula with its numbers as indices; anything else is left as it is.

    >>> formula("Fe2O3")
    Markup('Fe<sub>2</sub>O<sub>3</sub>')
    """
    if not _FORMULA.fullmatch(str(text)):
        return escape(text)
    return Markup(_INDEX.sub(r"<sub>\1</sub>", str(escape(text))))  # noqa: S704 - escaped, only <sub> is added


def shell(text: object) -> Markup:
    """A shell with its number as an index.

    >>> shell("L2,3")
    Markup('L<sub>2,3</sub>')
    """
    return Markup(_SHELL.sub(r"\1<sub>\2</sub>", str(escape(text))))  # noqa: S704 - escaped, only <sub> is added


def number(value: int | float | None) -> str:
    """A whole number with the separators of the reader's language."""
    from babel.numbers import format_decimal

    return "" if value is None else format_decimal(value, locale=LOCALES.get(language(), language()))


def size(value: int | None) -> str:
    """A size of a file, in decimal units."""
    if value is None:
        return ""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.3g} {unit}" if amount < 1000 else f"{amount:.0f} {unit}"
        amount /= 1000
    raise AssertionError("unreachable")


def day(stated: object) -> str:
    """An ISO date of any precision as the reader's language writes it; other text is left as it is."""
    from babel.dates import format_date, format_skeleton

    text = str(stated or "")
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return format_date(
                date.fromisoformat(text), format="long", locale=LOCALES.get(language(), language())
            )
        if re.fullmatch(r"\d{4}-\d{2}", text):
            return format_skeleton(
                "yMMMM", date.fromisoformat(f"{text}-01"), locale=LOCALES.get(language(), language())
            )
        if "T" in text:
            moment = datetime.fromisoformat(text)
            written = format_date(moment.date(), format="long", locale=LOCALES.get(language(), language()))
            zone = moment.strftime("%z")
            offset = (
                f" (UTC{zone[:3]}:{zone[3:5]})" if zone and zone[1:5] != "0000" else " UTC" if zone else ""
            )
            return f"{written} {moment:%H:%M}{offset}"
    except ValueError:
        pass
    return text
