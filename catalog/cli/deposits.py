"""Commands that store deposits: init, ingest, update."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli.common import (
    FINDINGS,
    LISTED,
    actor,
    console,
    home_of,
    jobs_option,
    json_option,
    language_option,
    now,
    opened_registry,
    paths_argument,
    plain,
    print_json,
    print_json_line,
    progress,
    template_option,
)
from catalog.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from catalog.arranging import Arrangement
    from catalog.config import Settings
    from catalog.intake import Receipt
    from catalog.receipts import ReceiptFile
    from catalog.registry import Registry

COLOURS = {
    "stored": "green",
    "duplicate": "cyan",
    "attached": "dim",
    "skipped": "yellow",
    "refused": "red",
}
DEFAULT_BASE = "http://127.0.0.1:8000"

defaults_option = click.option(
    "--defaults",
    "defaults_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Rules that fill what the files do not state, by path and header value (docs/deposit.md).",
)


@click.command()
@click.option(
    "--base",
    default=DEFAULT_BASE,
    show_default=True,
    help="IRI that all record IRIs start with. It is fixed here for good: use the address the public will see.",
)
@click.pass_context
def init(context: click.Context, base: str) -> None:
    """Make a new, empty catalog in the home folder."""
    from catalog.config import SETTINGS_FILE, load_settings, settings_template
    from catalog.registry import check_base, create_registry

    home = home_of(context)
    settings = load_settings(home)
    check_base(base)  # before anything is made
    home.mkdir(parents=True, exist_ok=True)
    create_registry(settings.registry_path, base=base, now=now())
    template = home / SETTINGS_FILE
    if not template.exists():
        template.write_text(settings_template(), encoding="utf-8")
    click.echo(f"A new catalog in {home}, with record IRIs below {base.rstrip('/')}/record/")
    click.echo(f"Its settings are in {template}. Next: xafscat ingest FILE_OR_FOLDER --publish")


@click.command()
@paths_argument
@defaults_option
@template_option
@click.option(
    "--split", "arrangement", flag_value="split", help="Make each spectrum of a data file a deposit."
)
@click.option(
    "--together", "arrangement", flag_value="together", help="Make all spectra of a data file one deposit."
)
@jobs_option
@click.option(
    "--receipt",
    "receipt_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what becomes of each file to this file, CSV or (ending in .json) JSON, and go on from it "
    "when the same call is repeated.",
)
@click.option("--publish", "publish_now", is_flag=True, help="Publish what reaches the findable level.")
@json_option
@language_option
@click.pass_context
def ingest(
    context: click.Context,
    paths: tuple[str, ...],
    defaults_path: Path | None,
    template_name: str | None,
    arrangement: Arrangement | None,
    jobs: int,
    receipt_path: Path | None,
    publish_now: bool,
    as_json: bool,
    lang: str,
) -> None:
    """Store deposits from files as drafts: deposit forms, spreadsheets, data files (see: xafscat formats).

    Directories and archives (zip, tar) are walked. A data file that a deposit form names belongs to it. What a
    file does not state can come from --defaults. A file that was stored before is a duplicate and is not stored
    again; one bad file stops no other. With --json, one receipt a line per file. A call that was stopped is
    repeated as it was: what is stored stays, and with --receipt it is not even read again.

    Exit code 1 when a file was refused or a deposit does not reach the findable level yet.
    """
    from catalog.defaults import chosen_defaults
    from catalog.intake import find, ingest

    defaults = chosen_defaults(defaults_path, template_name)
    with opened_registry(context) as (registry, settings):
        found = find([Path(path) for path in paths], settings, jobs)
        if not len(found):
            raise UsageError("there is no file to ingest", where=", ".join(paths))
        written = _receipt_file(receipt_path, defaults_path, f"{template_name} {arrangement}", lang)
        receipts = written.resume(found) if written else []
        resumed = bool(receipts)
        if as_json:
            for receipt in receipts:
                print_json_line(receipt.as_json(lang))
        with progress("Ingesting", len(found.files)) as told:
            for receipt in ingest(
                found,
                registry=registry,
                settings=settings,
                now=now(),
                actor=actor(),
                defaults=defaults,
                arrangement=arrangement or "read",
                jobs=jobs,
                progress=told,
            ):
                receipts.append(receipt)
                if written:
                    written.add(receipt)
                if as_json:
                    print_json_line(receipt.as_json(lang))
        # What was stored by an earlier call is not read again, and the rules that select it are not known.
        known = resumed or any(receipt.result == "duplicate" for receipt in receipts)
        unused = defaults.unused_rules() if defaults and not known else []
        for item in unused:
            click.echo(f"{item.severity}: {item.file}:{item.line}: {item.text(lang)}", err=True)
        if not as_json:
            _print_receipts(receipts, lang)
        good = all(receipt.good for receipt in receipts)
        if publish_now:
            good = _publish_ready(registry, settings, receipts, as_json) and good
    context.exit(0 if good else FINDINGS)


@click.command()
@click.argument("record_id")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@defaults_option
@template_option
@json_option
@language_option
@click.pass_context
def update(
    context: click.Context,
    record_id: str,
    path: Path,
    defaults_path: Path | None,
    template_name: str | None,
    as_json: bool,
    lang: str,
) -> None:
    """Store PATH as a new version of the record RECORD_ID.

    PATH is one file that holds one deposit. The earlier versions are kept (xafscat history). What is public
    changes with the next publish. Exit code 1 when the file was refused, or its content
    is another record's.
    """
    from catalog.defaults import chosen_defaults
    from catalog.updating import update

    defaults = chosen_defaults(defaults_path, template_name)
    with opened_registry(context) as (registry, settings):
        receipt = update(
            record_id,
            path,
            registry=registry,
            settings=settings,
            now=now(),
            actor=actor(),
            defaults=defaults,
        )
    if as_json:
        print_json(receipt.as_json(lang))
    else:
        _print_receipts([receipt], lang)
    context.exit(0 if receipt.good else FINDINGS)


def _receipt_file(
    path: Path | None, defaults_path: Path | None, options: str, lang: str
) -> ReceiptFile | None:
    from catalog import __version__
    from catalog.receipts import ReceiptFile, call_digest

    if path is None:
        return None
    rules = defaults_path.read_bytes() if defaults_path else b""
    return ReceiptFile(path, call_digest(__version__, rules, options), lang)


def _publish_ready(registry: Registry, settings: Settings, receipts: list[Receipt], as_json: bool) -> bool:
    from catalog.cli.operate import approve_and_publish
    from catalog.intake import FINDABLE
    from catalog.states import State

    # Two files of the same bytes are one record.
    ready = dict.fromkeys(
        receipt.record_id
        for receipt in receipts
        # A call that was stopped leaves drafts, which the same call meets as duplicates.
        if receipt.result in {"stored", "duplicate"}
        and receipt.record_id
        and FINDABLE in receipt.levels
        # One of an earlier call may have been published by it.
        and registry.record(receipt.record_id).standing.state is State.DRAFT
    )
    return approve_and_publish(registry, settings, ready, as_json=as_json)


def _print_receipts(receipts: list[Receipt], lang: str) -> None:
    """A line per file that needs attention, then the counts: a batch of thousands stays readable."""
    out = console()
    # By code: the files whose warnings are not worth a line each.
    warned: dict[str, list[str]] = {}
    for receipt in receipts:
        if len(receipts) <= LISTED or not receipt.good:
            _print_receipt(out, receipt, lang)
            continue
        for code in dict.fromkeys(item.code for item in receipt.findings if item.severity == "warning"):
            warned.setdefault(code, []).append(receipt.file)
    for code, files in warned.items():
        out.print(f"[yellow]warning[/] {code}: {len(files)} files, such as {plain(files[0])}", soft_wrap=True)
    if warned:
        out.print(
            "  --receipt FILE or --json tells each warning; docs/findings.md explains them.", soft_wrap=True
        )
    counts = Counter(receipt.result for receipt in receipts)
    incomplete = sum(receipt.result == "stored" and "findable" not in receipt.levels for receipt in receipts)
    summary = ", ".join(f"{count} {result}" for result, count in counts.items())
    out.print(f"[bold]{summary}[/]" + (f"; {incomplete} not yet findable" if incomplete else ""))


def _print_receipt(out: Console, receipt: Receipt, lang: str) -> None:
    where = f"  {receipt.record_id} v{receipt.version}" if receipt.record_id else ""
    out.print(f"[{COLOURS[receipt.result]}]{receipt.result}[/] {plain(receipt.file)}{where}", soft_wrap=True)
    if receipt.missing:
        out.print(f"  still needed: {', '.join(receipt.missing)}", soft_wrap=True)
    for item in receipt.findings:
        if item.severity != "info" or receipt.result != "stored":
            line = f" line {item.line}" if item.line else ""
            out.print(f"  {item.severity}{line}: {plain(item.text(lang))}", soft_wrap=True)
