"""The values of a form made exact: texts, dates, quantities, concepts and identifiers, with their findings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyoxigraph as ox

from catalog.document import Form
from catalog.errors import InputError
from catalog.findings import Finding, define, finding
from catalog.iso_dates import iso_date, parse_day
from catalog.mapping import RecordDocument, context, part_fragment
from catalog.quantity import CANONICAL_UNITS, QuantityError, decimal_text, parse_number, parse_quantity
from catalog.vocabulary import Vocabulary
from catalog.wording import Sentence

define(
    "quantity-unreadable",
    "error",
    "No quantity in {unit} can be made of this: {detail}",
    "{unit} の量として読めません: {detail}。",
)
define(
    "unit-assumed",
    "warning",
    "{value!r} has no unit; {unit} was assumed. Write the unit.",
    "「{value}」に単位がないため {unit} とみなしました。単位を書いてください。",
)
define(
    "date-unreadable",
    "error",
    "{value!r} is not a date; write 2024, 2024-05, 2024-05-21 or 2024-05-21T13:00:00+09:00.",
    "「{value}」は日付として読めません。2024、2024-05、2024-05-21、2024-05-21T13:00:00+09:00 のように書いてください。",
)
define(
    "day-unreadable",
    "error",
    "{value!r} is not a day; write it as 2027-04-01.",
    "「{value}」は日付として読めません。2027-04-01 のように年月日を書いてください。",
)
define(
    "language-unknown",
    "error",
    "{value!r} is not a language tag; use en or ja.",
    "「{value}」は言語タグではありません。en または ja を使ってください。",
)

define(
    "address-malformed",
    "error",
    "{value!r} is not an address; write one that begins with https:// or http://.",
    "「{value}」はアドレスではありません。https:// または http:// で始まるアドレスを書いてください。",
)

# The canonical unit of each quantity: as people read it, and as QUDT names it.
UNITS = {
    "thickness": ("µm", "unit:MicroM"),
    "temperature": ("K", "unit:K"),
    "pressure": ("Pa", "unit:PA"),
    "ring_energy": ("GeV", "unit:GigaEV"),
    "ring_current": ("mA", "unit:MilliA"),
    "energy_first": ("eV", "unit:EV"),
    "energy_last": ("eV", "unit:EV"),
    "assigned_energy": ("eV", "unit:EV"),
    "energy_shift": ("eV", "unit:EV"),
    "d_spacing": ("Å", "unit:ANGSTROM"),
}
UNKNOWN = frozenset({"unknown", "不明"})
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BARE_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_ENDS = {"date": "ended_date", "date_month": "ended_month", "date_year": "ended_year"}
_DATE_PARTS = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A stored data file: SHA-256 in hex, size in bytes, media type; ``withheld`` keeps it from the public."""

    sha256: str
    size: int
    media_type: str
    withheld: bool = False


@dataclass(slots=True)
class Work:
    """One normalisation under way: the form, the record's IRI, and what was found so far."""

    form: Form
    iri: str
    base: str
    vocabulary: Vocabulary
    attachments: dict[str, StoredFile]
    findings: list[Finding] = field(default_factory=list)
    pointers: dict[str, str] = field(default_factory=dict)

    def report(self, code: str, pointer: str, value: str | None = None, **fields: object) -> None:
        """Add a finding at ``pointer``, with the file and line the value (or its nearest parent) came from."""
        origin = self.form.origin(pointer)
        self.findings.append(
            finding(
                code,
                path=pointer,
                file=origin.source if origin else "",
                line=origin.line if origin else None,
                value=value,
                **fields,
            )
        )

    def part(
        self, path: str, key: str, pointer: str, types: list[str] | str, number: str = ""
    ) -> RecordDocument:
        """A new part under the part at fragment ``path``, with its id and types."""
        iri = f"{self.iri}#{part_fragment(path, key, number)}"
        self.pointers[iri] = pointer
        return {"id": iri, "type": types}

    def text(self, pointer: str, node: RecordDocument | None = None, key: str = "") -> str | None:
        """The stripped text at ``pointer``; ``unknown`` is noted on ``node`` under ``key`` and gives None."""
        value = self.form.get(pointer)
        if not isinstance(value, str) or not value.strip():
            return None
        stated = value.strip()
        if node is not None and key and stated.casefold() in UNKNOWN:
            self._state_unknown(node, key)
            return None
        return stated

    def language_map(
        self, value: Any, pointer: str, node: RecordDocument | None = None, key: str = ""
    ) -> dict[str, str]:
        """Text, or texts by language, as a language map (``@none`` for text without a language)."""
        if isinstance(value, str) and node is not None and value.strip().casefold() in UNKNOWN:
            self._state_unknown(node, key)
            return {}
        texts = language_map(value)
        for tag in [tag for tag in texts if tag != "@none" and not _LANGUAGE.fullmatch(tag)]:
            self.report("language-unknown", f"{pointer}/{tag}", tag)
            del texts[tag]
        return texts

    def concept(
        self, scheme: str, pointer: str, node: RecordDocument | None = None, key: str = ""
    ) -> str | None:
        """The IRI of the concept named at ``pointer`` in ``scheme``; an unknown name is a finding."""
        stated = self.text(pointer, node, key)
        if stated is None:
            return None
        iri = self.vocabulary.concept(scheme, stated)
        if iri is None:
            choices = ", ".join(self.vocabulary.choices(scheme))
            self.report(
                "concept-unknown",
                pointer,
                stated,
                what=Sentence.of_data(scheme.replace("-", " ")),
                choices=choices,
            )
        return iri

    def identifier(
        self,
        pointer: str,
        what: Sentence,
        normalised: Callable[[str], str],
        node: RecordDocument | None = None,
        key: str = "",
    ) -> str | None:
        """``normalised`` of the text at ``pointer``; what it refuses is a finding."""
        stated = self.text(pointer, node, key)
        if stated is None:
            return None
        try:
            return normalised(stated)
        except InputError as error:
            self.report("identifier-malformed", pointer, stated, what=what, detail=error.detail)
            return None

    def address(self, pointer: str) -> str | None:
        """The address of the web at ``pointer``."""
        stated = self.text(pointer)
        if stated is None or is_address(stated):
            return stated
        self.report("address-malformed", pointer, stated)
        return None

    def resolve(self, texts: Mapping[str, str], find: Callable[[str], str | None]) -> str | None:
        """The first authority that one of ``texts`` names."""
        return next((iri for text in texts.values() if (iri := find(text))), None)

    def quantity(
        self, pointer: str, node: RecordDocument, key: str, path: str, units: tuple[str, str] | None = None
    ) -> None:
        """Put the quantity at ``pointer`` on ``node`` as a part; an unreadable one keeps its text only.

        ``units`` are the symbol and the QUDT name of its unit where ``UNITS`` does not know the key.
        """
        stated = self.text(pointer, node, key)
        if stated is None:
            return
        unit, unit_iri = units or UNITS[key]
        part = self.part(path, key, pointer, "qudt:QuantityValue")
        try:
            if unit in CANONICAL_UNITS:
                value = parse_quantity(stated, unit, default_unit=unit).value
            else:  # a unit of a plain field that nothing is converted to
                value = parse_number(stated.removesuffix(unit))
        except QuantityError as error:
            self.report("quantity-unreadable", pointer, stated, unit=unit, detail=error.detail)
        else:
            part["value"] = decimal_text(value)
            part["in_unit"] = unit_iri
            if _BARE_NUMBER.fullmatch(stated):
                self.report("unit-assumed", pointer, stated, unit=unit)
        part["stated"] = stated
        node[key] = part

    def date(self, pointer: str) -> str | None:
        """A full date at ``pointer`` as ISO text."""
        stated = self.text(pointer)
        if stated is None:
            return None
        try:
            return parse_day(stated).isoformat()
        except ValueError:
            self.report("day-unreadable", pointer, stated)
            return None

    def moment(self, pointer: str, node: RecordDocument, key: str) -> None:
        """Put a moment on ``node`` under ``key``, or a coarser date as ``date``, ``date_month`` or ``date_year``.

        A coarser end is ``ended_date``, ``ended_month`` or ``ended_year``.
        """
        stated = self.text(pointer)
        if stated is None:
            return
        try:
            name, value = _moment(stated, key)
        except ValueError:
            self.report("date-unreadable", pointer, stated)
            return
        node[_ENDS.get(name, name) if key == "ended" else name] = value

    def _state_unknown(self, node: RecordDocument, key: str) -> None:
        names = context()
        stated = {*node.get("stated_unknown", []), names.compact(names.terms[key].predicate.value)}
        node["stated_unknown"] = sorted(stated)


def is_address(text: str) -> bool:
    """Whether ``text`` is an address of the web that can stand as an IRI."""
    if not text.startswith(("https://", "http://")) or not text.isprintable():
        return False
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def language_map(value: Any) -> dict[str, str]:
    """A form value as texts by language; anything that is no text is left out."""
    if isinstance(value, str):
        return {"@none": value.strip()} if value.strip() else {}
    if not isinstance(value, dict):
        return {}
    return {str(tag): text.strip() for tag, text in value.items() if isinstance(text, str) and text.strip()}


def _moment(stated: str, key: str) -> tuple[str, str]:
    stated = iso_date(stated)
    if parts := _DATE_PARTS.fullmatch(stated):
        year, month, day = parts.groups()
        date(int(year), int(month or 1), int(day or 1))  # raises ValueError for a day that is none
        return ("date" if day else "date_month" if month else "date_year"), stated
    moment = datetime.fromisoformat(stated)
    return key, moment.isoformat(timespec="seconds" if not moment.microsecond else "microseconds")
