"""Reports as plain text: causes first, then each deposit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog.findings import Finding, shorten
from catalog.report_difference import Difference
from catalog.report_words import TEXT, causes, count_deposits, level_line, message, name_of, place, summary
from catalog.validation import Report


def text_lines(reports: Sequence[Report], language: str, difference: Difference | None) -> Iterator[str]:
    """The lines of the report."""
    words = TEXT[language]
    yield summary(reports, language)
    if difference:
        yield from _since(difference, language)
    if len(reports) > 1 and any(report.findings for report in reports):
        yield ""
        yield words["causes"]
        for cause in causes(reports, language):
            yield f"  {count_deposits(len(cause.names), language)}  {cause.text} [{cause.code}]"
            yield f"    {cause.shown(language)}"
    for number, report in enumerate(reports):
        yield ""
        yield name_of(report)
        yield "  " + level_line(report, language)
        for item in report.findings:
            fresh = difference is not None and difference.is_new(number, item)
            yield from _finding(item, language, words["new"] if fresh else "")


def _finding(item: Finding, language: str, mark: str) -> Iterator[str]:
    words = TEXT[language]
    severity = words[item.severity] + (f" ({mark})" if mark else "")
    yield f"  {severity}  {place(item, language)}".rstrip()
    yield f"    {message(item, language)} [{item.code}]"


def _since(difference: Difference, language: str) -> Iterator[str]:
    words = TEXT[language]
    yield words["since"].format(new=difference.new, gone=len(difference.gone), same=difference.unchanged)
    if difference.skipped:
        yield words["skipped"].format(count=difference.skipped)
    for old in difference.gone:
        where = words["comma"].join(shorten(part) for part in (old.name, old.path, old.value) if part)
        yield f"  {words['gone']}  {where}  {shorten(old.message)} [{shorten(old.code)}]"
