"""Validation reports as text and HTML for people, JSON for programs, and the standard SHACL report in Turtle."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from catalog.errors import UsageError
from catalog.report_difference import Difference, compare
from catalog.report_html import html_lines
from catalog.report_text import text_lines
from catalog.report_turtle import as_turtle
from catalog.report_words import words_of
from catalog.validation import Report

FORMATS = ("text", "json", "html", "turtle")


def render(
    reports: Iterable[Report],
    output: str = "text",
    language: str = "en",
    *,
    since: list[dict[str, Any]] | None = None,
) -> str:
    """The reports as one text ending in a line break. ``output`` is one of FORMATS.

    ``language`` is ``en`` or ``ja``; Turtle holds both. ``since`` is an earlier report (``read_previous``) whose
    difference is told; Turtle has no place for it. Raises UsageError for another format or language.
    """
    words_of(language)
    listed = list(reports)
    difference = compare(listed, since) if since is not None else None
    match output:
        case "text":
            return "\n".join(text_lines(listed, language, difference)) + "\n"
        case "html":
            return "\n".join(html_lines(listed, language, difference)) + "\n"
        case "json":
            bodies = [
                as_json(each, language) | _changes(number, each, difference)
                for number, each in enumerate(listed)
            ]
            return json.dumps(bodies, ensure_ascii=False, indent=2) + "\n"
        case "turtle":
            return as_turtle(listed)
    raise UsageError(f"{output!r} is no format of reports; use one of: {', '.join(FORMATS)}")


def as_json(report: Report, language: str = "en") -> dict[str, Any]:
    """The machine-readable form of one report: file, record, levels reached, findings, what the next level needs."""
    return {
        "file": report.file,
        "record": report.iri,
        "levels": list(report.levels),
        "findings": [item.as_json(language) for item in report.findings],
        "next_level": report.next_level,
        "needs": [item.as_json(language) for item in report.needs],
    }


def _changes(number: int, report: Report, difference: Difference | None) -> dict[str, Any]:
    """With a difference: which findings of the report are new, and those it no longer has."""
    if difference is None:
        return {}
    return {
        "new": [place for place, item in enumerate(report.findings) if difference.is_new(number, item)],
        "gone": [old.body for old in difference.gone_from.get(number, ())],
    }
