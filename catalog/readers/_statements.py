"""What a data file states, put into a deposit form: values with their origin, public pairs, and what stays private.

Shared by the readers of formats whose headers are few and plain. The findings are the same for all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from catalog.document import Form, FormValue, Origin, OriginKind
from catalog.errors import InputError
from catalog.findings import define, finding
from catalog.quantity import parse_quantity
from catalog.readers import HeaderPair, Reading
from catalog.readers._personal import is_private, names_somebody
from catalog.wording import Sentence
from catalog.xray import parse_crystal

define(
    "stated-refused",
    "warning",
    "{key}: {detail}. The value was left out; correct it in the file or state it by hand.",
    "{key}: {detail}。この値は使いませんでした。ファイルを直すか、手で入力してください。",
)
define(
    "stated-placeholder",
    "info",
    "{key}: {value!r} stands for nothing recorded and was left out.",
    "{key}:「{value}」は記録なしの意味とみなし、使いませんでした。",
)
define(
    "stated-out-of-reach",
    "warning",
    "The file says {value}, but the spectrum goes from {first} to {last} eV and does not reach that edge; nothing was "
    "made of it. State element and edge.",
    "ファイルには {value} とありますが、スペクトルの範囲（{first}〜{last} eV）にその吸収端がないため使いませんでした。"
    "元素と吸収端を入力してください。",
)
define(
    "names-people",
    "warning",
    "The file names people or user folders ({value}); opening the file publishes them too. "
    "Take them out or restrict access to the file.",
    "ファイルに人名や利用者のフォルダーが書かれています（{value}）。ファイルを公開すると一緒に公開されます。"
    "取り除くか、ファイルの公開を制限してください。",
)

# Control characters, and marks that turn the direction of writing: they could show a text as another.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_MAX_PUBLIC_VALUE = 500
_MAX_PUBLIC_PAIRS = 100
_MAX_NAMES = 20


def plain(text: str) -> str:
    """``text`` on one line, without control characters and direction marks, blanks between words single."""
    return " ".join(_UNSEEN.sub(" ", text).split())


@dataclass(slots=True)
class Statements:
    """The statements of one file, or of one part of it, about the spectrum at ``spectrum`` of ``form``.

    ``name`` is the file as given. Lines count from 1; None where the format has none.
    """

    reading: Reading
    form: Form
    name: str
    spectrum: str = "/spectra/0"
    personal: dict[str, None] = field(default_factory=dict)

    def put(
        self,
        pointer: str,
        value: FormValue,
        key: str,
        line: int | None = None,
        raw: str | None = None,
        kind: OriginKind = "header",
    ) -> None:
        """Fill a key of the form, with where it came from."""
        self.form.put(pointer, value, Origin(kind, self.name, line, key, raw))

    def of_spectrum(
        self, path: str, value: FormValue, key: str, line: int | None = None, raw: str | None = None
    ) -> None:
        """Fill a key of this spectrum."""
        self.put(f"{self.spectrum}/{path}", value, key, line, raw)

    def pair(self, key: str, value: str, line: int | None = None) -> None:
        """A public header pair: how the spectrum was measured. What is not for the public stays private."""
        here = f"{self.spectrum}/header"
        number = len(self.form.get(here) or [])
        if is_private(value) or len(value) > _MAX_PUBLIC_VALUE or number >= _MAX_PUBLIC_PAIRS:
            self.private(key, value, line)
        elif value:
            self.put(f"{here}/{number}", {"key": key, "value": value}, key, line, value)

    def private(self, key: str, value: str, line: int | None = None, *, person: bool = False) -> None:
        """A header pair that is kept and never published; ``person`` says that such an entry names people."""
        if not value:
            return
        self.reading.private.append(HeaderPair(key[:80], value, line or 0))
        self.note_person(key, value, certain=person)

    def note_person(self, key: str, value: str, *, certain: bool = False) -> None:
        """Remember for the finding of ``close`` that ``key`` names somebody, if its value does."""
        if certain or names_somebody(value):
            self.personal[key[:80]] = None

    def text(self, pointer: str, value: str, key: str, line: int | None = None) -> None:
        """A text as stated, unless it is not for the public."""
        if is_private(value):
            self.private(key, value, line)
        elif value:
            self.put(pointer, value, key, line, value)

    def quantity(
        self,
        path: str,
        text: str,
        unit: str,
        key: str,
        line: int | None = None,
        *,
        least: Decimal = Decimal(0),
        most: Decimal | None = None,
    ) -> None:
        """A number with its unit for a key of this spectrum; what is none, or is out of bounds, is reported."""
        try:
            value = parse_quantity(text, unit).value
        except InputError as error:
            self.refuse(path, text, key, error.detail, line)
            return
        if value <= least or (most is not None and value > most):
            self.refuse(path, text, key, Sentence("{text!r} is beyond what can be", text=text), line)
        else:
            self.of_spectrum(path, text, key, line, text)

    def crystal(self, text: str, key: str, line: int | None = None) -> None:
        """Material and reflection of the monochromator crystal, as ``Si311`` or ``Si (111)`` write them."""
        try:
            crystal, reflection = parse_crystal(text)
        except InputError as error:
            self.refuse("monochromator/crystal", text, key, error.detail, line)
            return
        for end, value in (("type", "crystal"), ("crystal", crystal), ("reflection", reflection)):
            self.of_spectrum(f"monochromator/{end}", value, key, line, text)

    def refuse(self, path: str, text: str, key: str, detail: Sentence, line: int | None = None) -> None:
        """Report a value that was left out."""
        self.report("stated-refused", path, line, text, key=key, detail=detail)

    def report(
        self, code: str, path: str, line: int | None = None, value: str | None = None, **fields: object
    ) -> None:
        """Report a finding about this spectrum; an absolute ``path`` is one of the form."""
        pointer = path if path.startswith("/") or not path else f"{self.spectrum}/{path}"
        self.reading.findings.append(
            finding(code, path=pointer, file=self.name, line=line, value=value, **fields)
        )

    def close(self) -> None:
        """Report once what names people."""
        if self.personal:
            keys = list(self.personal)
            shown = ", ".join(keys[:_MAX_NAMES]) + (", …" if len(keys) > _MAX_NAMES else "")
            self.report("names-people", "", None, shown)
