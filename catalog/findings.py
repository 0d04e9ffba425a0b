"""Findings: what is wrong or noteworthy in an input, as data (an exception is for what stops the work).

Each finding has a stable code, a severity, one sentence in English and Japanese that names the fix, and where
it applies: document path (JSON pointer into the deposit form), file and line. ``CODES`` is the whole list;
``docs/findings.md`` documents each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from catalog.wording import Sentence, Words

Severity: TypeAlias = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    ``message`` maps ``en`` and ``ja`` to a sentence; ``level`` and ``shape`` are set by SHACL findings.
    """

    code: str
    severity: Severity
    message: dict[str, str]
    path: str = ""
    file: str = ""
    line: int | None = None
    value: str | None = None
    level: str = ""
    shape: str = ""

    def text(self, language: str = "en") -> str:
        """The sentence in ``language`` (English when that is missing)."""
        return self.message.get(language) or self.message["en"]

    def shown_value(self, language: str = "en") -> str | None:
        """The value the finding is about; one that is a sentence in ``language``."""
        return self.value.text(language) if isinstance(self.value, Sentence) else self.value

    def as_json(self, language: str = "en") -> dict[str, Any]:
        """The stable machine-readable form: code, severity, message, path, line; file, value, level, shape if set."""
        body: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity,
            "message": self.text(language),
            "path": self.path,
            "line": self.line,
        }
        for key in ("file", "value", "level", "shape"):
            if getattr(self, key):
                body[key] = getattr(self, key)
        return body


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding: its severity and its sentence templates (``str.format`` fields) in both languages."""

    severity: Severity
    en: str
    ja: str


CODES: dict[str, Code] = {}


def define(code: str, severity: Severity, en: str, ja: str) -> None:
    """Register a finding code; each module defines its own codes beside the code that reports them."""
    if code in CODES:
        raise ValueError(f"finding code {code!r} is defined twice")
    CODES[code] = Code(severity, en, ja)


def finding(
    code: str,
    *,
    path: str = "",
    file: str = "",
    line: int | None = None,
    value: str | None = None,
    **fields: object,
) -> Finding:
    """The finding ``code`` with its templates filled from ``value`` and ``fields``, a Sentence in each language.

    Raises KeyError for a code nobody defined: codes are part of the interface.
    """
    kind = CODES[code]
    fields = {"value": value or "", **fields}
    english = {key: shorten(str(item)) for key, item in fields.items()}
    words = {
        key: shorten(item.text("ja")) for key, item in fields.items() if isinstance(item, Sentence | Words)
    }
    message = {"en": kind.en.format(**english), "ja": kind.ja.format(**(english | words))}
    kept = value if value is None or isinstance(value, Sentence) else shorten(value)
    return Finding(code, kind.severity, message, path, file, line, kept)


def shorten(text: str, limit: int = 200) -> str:
    """``text`` fit to be shown: at most ``limit`` characters, control characters replaced."""
    # A hostile value must not fill a terminal or smuggle control characters into it.
    clean = "".join(
        char
        if char.isprintable() or char in "\N{IDEOGRAPHIC SPACE}\N{NO-BREAK SPACE}"
        else "\N{REPLACEMENT CHARACTER}"
        for char in text[: limit + 1]
    )
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def wrongly_said(findings: Iterable[Finding]) -> list[Finding]:
    """The errors about what was said, as against what a level needs: a person corrects them before it is shown."""
    return [item for item in findings if item.severity == "error" and not item.level]
