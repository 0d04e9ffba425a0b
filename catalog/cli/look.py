"""Commands that store nothing: formats, inspect, validate."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli.common import (
    FINDINGS,
    console,
    jobs_option,
    json_option,
    language_option,
    paths_argument,
    plain,
    print_json,
    print_json_line,
    settings_of,
    template_option,
    today,
)
from catalog.errors import UsageError
from catalog.findings import Finding

if TYPE_CHECKING:
    from catalog.config import Settings


@click.command()
@json_option
def formats(as_json: bool) -> None:
    """List the file formats that can be read and the formats records are served in."""
    from rich.table import Table

    from catalog.exports import exports
    from catalog.readers import readers

    known = list(readers().values())
    written = list(exports().values())
    if as_json:
        print_json(
            {
                "readers": [
                    {"name": reader.name, "title": reader.title, "specification": reader.specification}
                    for reader in known
                ],
                "exports": [
                    {"name": each.name, "media_type": each.media_type, "extension": each.extension}
                    for each in written
                ],
            }
        )
        return
    table = Table(
        "reader", "format", "specification", title="Read (the content decides, never the file name)"
    )
    for reader in known:
        table.add_row(reader.name, reader.title["en"], reader.specification)
    console().print(table)
    table = Table("export", "media type", "suffix", title="Written")
    for each in written:
        table.add_row(each.name, each.media_type, f".{each.extension}")
    console().print(table)


@click.command()
@json_option
@language_option
def templates(as_json: bool, lang: str) -> None:
    """List the beamline templates: what a facility knows of its files, for --template."""
    from catalog.defaults import template_titles

    titles = template_titles()
    if as_json:
        print_json([{"name": name, "title": dict(title)} for name, title in titles.items()])
    else:
        for name, title in titles.items():
            click.echo(f"{name}  {title[lang]}")


@click.command()
@paths_argument
@template_option
@jobs_option
@json_option
@language_option
@click.pass_context
def inspect(
    context: click.Context,
    paths: tuple[str, ...],
    template_name: str | None,
    jobs: int,
    as_json: bool,
    lang: str,
) -> None:
    """Say what files are and what they state; store nothing.

    Directories are walked. The outcome of a file is "read" (element and edge are stated), "ask" (an XAFS
    file, but a person or a template must state element or edge) or "refuse" (malformed, not XAFS, hostile).
    What could be inferred is listed under suggestions, never under facts. With --template, what the beamline knows
    counts among the facts, and is not missing.

    With --json, one JSON object a line per file. Exit code 1 when a file was refused or has an error.
    """
    settings = settings_of(context)
    seen_files = _inspected(paths, settings, today(settings), lang, jobs, template_name)
    wrong = False
    count = 0
    for seen in seen_files:
        count += 1
        wrong |= seen["outcome"] == "refuse" or any(item["severity"] == "error" for item in seen["findings"])
        if as_json:
            print_json_line(seen)
        else:
            _print_inspected(seen)
    if not count:
        raise UsageError("there is no file to inspect", where=", ".join(paths))
    context.exit(FINDINGS if wrong else 0)


@click.command()
@paths_argument
@jobs_option
@language_option
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "html", "turtle"]),
    default="text",
    show_default=True,
    help="Report for people, for programs, as a page, or as a standard SHACL validation report.",
)
@click.option(
    "--level",
    type=click.Choice(["findable", "reusable", "reference"]),
    default="findable",
    show_default=True,
    help="The level that has to be reached; what the next one needs is told besides.",
)
@click.option(
    "--shapes",
    "shapes_paths",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A folder (or file) of a group's own shapes in Turtle, checked besides; may be repeated.",
)
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An earlier report (--format json): tells what is new, gone and unchanged.",
)
@click.option(
    "--defaults",
    "defaults_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Rules that fill what the files do not state (see ingest).",
)
@template_option
@click.pass_context
def validate(
    context: click.Context,
    paths: tuple[str, ...],
    jobs: int,
    lang: str,
    output: str,
    level: str,
    shapes_paths: tuple[Path, ...],
    since: Path | None,
    defaults_path: Path | None,
    template_name: str | None,
) -> None:
    """Check deposits against the shapes; store nothing.

    Takes deposit forms, data files, spreadsheets, record documents (JSON), and Turtle, N-Triples, JSON-LD or
    RDF/XML of this catalog or of others; directories are walked. The report says for each finding the file, line
    and key, what is wrong and what to do, which level the deposit reaches and what the next one needs.

    Exit code 1 when there is an error or the level is not reached.
    """
    from catalog.checking import check
    from catalog.defaults import chosen_defaults
    from catalog.group_shapes import load_folder
    from catalog.report import render
    from catalog.report_difference import read_previous

    settings = settings_of(context)
    own = [shapes for path in shapes_paths for shapes in load_folder(path)]
    previous = read_previous(since) if since else None
    defaults = chosen_defaults(defaults_path, template_name)
    checked = check(
        [Path(path) for path in paths],
        today=today(settings),
        max_bytes=settings.max_file_bytes,
        max_archive_bytes=settings.max_archive_bytes,
        limits=settings.read_limits,
        jobs=jobs,
        defaults=defaults,
        required=level,
        shapes=own,
    )
    if not checked:
        raise UsageError("there is no file to validate", where=", ".join(paths))
    click.echo(render(checked, output, lang, since=previous), nl=False)
    context.exit(FINDINGS if any(not each.good for each in checked) else 0)


def _inspected(
    paths: tuple[str, ...], settings: Settings, day: date, lang: str, jobs: int, template: str | None
) -> Iterator[dict[str, Any]]:
    """What each file is, in the order of the walk, and what the walk had to leave out, in its place."""
    from catalog.archives import Workspace
    from catalog.defaults import load_template
    from catalog.inspection import inspect_files, refused
    from catalog.walk import walk

    workspace = Workspace(settings.read_limits, settings.max_file_bytes, settings.max_archive_bytes)
    left_out: deque[tuple[int, Finding]] = deque()
    given = 0

    def files() -> Iterator[tuple[Path, str]]:
        nonlocal given
        for found in walk([Path(path) for path in paths], workspace):
            if not isinstance(found, Finding):
                given += 1
                yield found
            elif found.severity == "info":  # about a folder met twice, not about a file
                click.echo(f"{found.file}: {found.text(lang)}", err=True)
            else:
                left_out.append((given, found))

    results = inspect_files(
        files(),
        settings.read_limits,
        today=day,
        language=lang,
        max_bytes=settings.max_file_bytes,
        jobs=jobs,
        defaults=load_template(template) if template else None,
    )
    for number, seen in enumerate(results):
        while left_out and left_out[0][0] <= number:
            yield refused(left_out.popleft()[1], lang)
        yield seen
    for _, item in left_out:
        yield refused(item, lang)


def _print_inspected(seen: dict[str, object]) -> None:
    out = console()
    colour = {"read": "green", "ask": "yellow", "refuse": "red"}[str(seen["outcome"])]
    out.print(f"[bold]{plain(str(seen['file']))}[/]  [{colour}]{seen['outcome']}[/]  {seen['reader'] or ''}")
    for label in ("facts", "suggestions"):
        stated = seen[label]
        assert isinstance(stated, dict)
        if stated:
            text = ", ".join(f"{key}={plain(str(value), 200)}" for key, value in stated.items())
            out.print(f"  {label}: {text}", soft_wrap=True)
    if missing := seen["missing"]:
        assert isinstance(missing, list)
        out.print(f"  still needed: {', '.join(missing)}")
    findings = seen["findings"]
    assert isinstance(findings, list)
    for item in findings:
        line = f" line {item['line']}" if item["line"] else ""
        out.print(f"  {item['severity']}{line}: {plain(item['message'])} [dim]\\[{item['code']}][/]")
