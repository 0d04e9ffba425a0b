"""Reports as one page of HTML that needs nothing else: no scripts, nothing fetched, readable by everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from catalog.findings import Finding, shorten
from catalog.report_difference import Difference
from catalog.report_words import TEXT, causes, count_deposits, level_line, message, name_of, place, summary
from catalog.validation import Report

_STYLE = """
:root { color-scheme: light dark; --line: rgb(128 128 128 / 40%);
  --error: #a40000; --warning: #7a4b00; --info: #1d4f91; }
@media (prefers-color-scheme: dark) { :root { --error: #ff9c9c; --warning: #ffcf87; --info: #a8cbff; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 2rem; } h3 { margin-bottom: .2rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; padding: .3rem 0; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
.error { color: var(--error); font-weight: 600; } .warning { color: var(--warning); font-weight: 600; }
.info { color: var(--info); } .skip { position: absolute; left: -999rem; } .skip:focus { position: static; }
code { font-size: .9em; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html_lines(reports: Sequence[Report], language: str, difference: Difference | None) -> Iterator[str]:
    """The lines of the page. Every text of a file is escaped and shortened."""
    words = TEXT[language]
    yield "<!DOCTYPE html>"
    yield f'<html lang="{language}">'
    yield '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield f"<title>{words['title']}</title><style>{_STYLE}</style></head>"
    yield f'<body><a class="skip" href="#deposits">{words["skip"]}</a>'
    yield f"<main><h1>{words['title']}</h1>"
    yield f"<p>{escape(summary(reports, language))}</p>"
    if difference:
        yield from _since(difference, language)
    if found := causes(reports, language):
        yield f'<section aria-labelledby="causes"><h2 id="causes">{words["causes"]}</h2><table>'
        yield _head(words["severity"], words["message"], words["place"], words["code"])
        for cause in found:
            count = f"{count_deposits(len(cause.names), language)}{words['colon']}{cause.shown(language)}"
            yield _row(
                _severity(cause.severity, language), escape(cause.text), escape(count), _code(cause.code)
            )
        yield "</tbody></table></section>"
    yield f'<section aria-labelledby="deposits"><h2 id="deposits">{words["details"]}</h2>'
    for number, report in enumerate(reports):
        yield from _deposit(number, report, language, difference)
    yield "</section></main></body></html>"


def _deposit(number: int, report: Report, language: str, difference: Difference | None) -> Iterator[str]:
    words = TEXT[language]
    anchor = f"deposit-{number + 1}"
    yield f'<article aria-labelledby="{anchor}"><h3 id="{anchor}">{escape(name_of(report))}</h3>'
    yield f"<p>{escape(level_line(report, language))}</p>"
    if report.findings:
        yield f"<table><caption>{escape(name_of(report))}</caption>"
        yield _head(words["severity"], words["place"], words["message"], words["code"])
        for item in report.findings:
            fresh = difference is not None and difference.is_new(number, item)
            severity = _severity(item.severity, language) + (f" ({words['new']})" if fresh else "")
            yield _finding(item, severity, language)
        yield "</tbody></table>"
    else:
        yield f"<p>{words['good']}</p>"
    if report.needs and report.next_level:
        yield f"<details><summary>{escape(words['needed'].format(level=report.next_level))}</summary><ul>"
        for item in report.needs:
            yield f"<li>{escape(message(item, language))} <code>{escape(shorten(item.path))}</code></li>"
        yield "</ul></details>"
    yield "</article>"


def _finding(item: Finding, severity: str, language: str) -> str:
    return _row(severity, escape(place(item, language)), escape(message(item, language)), _code(item.code))


def _since(difference: Difference, language: str) -> Iterator[str]:
    words = TEXT[language]
    counts = words["since"].format(new=difference.new, gone=len(difference.gone), same=difference.unchanged)
    yield f"<p>{escape(counts)}</p>"
    if difference.skipped:
        yield f"<p>{escape(words['skipped'].format(count=difference.skipped))}</p>"
    if difference.gone:
        yield f"<details><summary>{words['gone']}{words['colon']}{len(difference.gone)}</summary><ul>"
        for old in difference.gone:
            where = words["comma"].join(shorten(part) for part in (old.name, old.path, old.value) if part)
            yield f"<li>{escape(where)}{words['colon']}{escape(shorten(old.message))} {_code(old.code)}</li>"
        yield "</ul></details>"


def _head(*names: str) -> str:
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    return f"<thead><tr>{cells}</tr></thead><tbody>"


def _row(*cells: str) -> str:
    first, *rest = cells
    return f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"


def _severity(severity: str, language: str) -> str:
    return f'<span class="{severity}">{TEXT[language][severity]}</span>'


def _code(code: str) -> str:
    return f"<code>{escape(shorten(code))}</code>"
