"""Commands about single records: history, list, show, withdraw."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from catalog.cli.common import (
    actor,
    console,
    json_option,
    now,
    opened_registry,
    plain,
    print_json,
    print_json_line,
    today,
)
from catalog.errors import NotFound, UsageError
from catalog.states import State

if TYPE_CHECKING:
    from catalog.config import Settings
    from catalog.registry import Registry


@click.command()
@click.argument("record_id")
@json_option
@click.pass_context
def history(context: click.Context, record_id: str, as_json: bool) -> None:
    """Show the versions and events of a record: who did what, when."""
    from rich.table import Table

    with opened_registry(context) as (registry, _settings):
        found = registry.history(record_id)
    if as_json:
        print_json(
            {
                "record": record_id,
                "versions": [
                    {
                        "number": each.number,
                        "created": each.created,
                        "actor": each.actor,
                        "sha256": each.sha256,
                    }
                    for each in found.versions
                ],
                "events": [
                    {"at": each.at, "actor": each.actor, "action": each.action, "detail": each.detail}
                    for each in found.events
                ],
            }
        )
        return
    table = Table("when (UTC)", "who", "what", "detail", title=f"Record {record_id}")
    for event in found.events:
        detail = ", ".join(f"{key}={value}" for key, value in event.detail.items())
        table.add_row(f"{event.at:%Y-%m-%d %H:%M:%S}", plain(event.actor), event.action, plain(detail))
    console().print(table)


@click.command("accept-suggestion")
@click.argument("record_id")
@click.argument("fields", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Only show what is suggested.")
@json_option
@click.pass_context
def accept_suggestion(
    context: click.Context, record_id: str, fields: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """Confirm what was inferred about the record RECORD_ID: all of it, or the FIELDS named (edge, sample/formula).

    Makes a new version in which the values are stated, and marked as inferred and confirmed.
    """
    from catalog.accepting import accept, suggestions

    with opened_registry(context) as (registry, settings):
        if dry_run:
            version, values = registry.record(record_id).version, suggestions(registry, record_id)
        else:
            saved, values = accept(registry, record_id, fields, settings=settings, now=now(), actor=actor())
            version = saved.version
    if as_json:
        print_json(
            {
                "record": record_id,
                "version": version,
                "accepted": {} if dry_run else values,
                "suggested": values,
            }
        )
        return
    for pointer, value in values.items():
        click.echo(f"{pointer.lstrip('/')}: {plain(str(value))}")
    if not dry_run:
        click.echo(f"{record_id} is now version {version}.")


@click.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in State]),
    help="Only records in this state (may be given several times).",
)
@json_option
@click.pass_context
def list_records(context: click.Context, states: tuple[str, ...], as_json: bool) -> None:
    """List the records of the registry with state, version and title. With --json, one object a line."""
    from rich.table import Table

    table = Table("record", "state", "version", "hidden until", "edges", "title")
    count = 0
    with opened_registry(context) as (registry, _settings):
        for deposit in registry.deposits(states=[State(state) for state in states] or None):
            record = deposit.record
            row = _row(record, deposit.document)
            count += 1
            if as_json:
                print_json_line(row)
            else:
                table.add_row(
                    row["record"],
                    row["state"],
                    str(row["version"]),
                    row["hidden_until"] or "",
                    plain(", ".join(row["edges"])),
                    plain(row["title"] or ""),
                )
    if not as_json:
        console().print(table)
        console().print(f"{count} records")


@click.command()
@click.argument("record_id")
@click.option(
    "--format",
    "output",
    default="form",
    show_default=True,
    help="form (what was deposited), document, public (what the world would see), xdi (the first spectrum as "
    "an XDI file), or an export such as turtle.",
)
@click.option("--version", "number", type=int, help="An earlier version (form, document and xdi).")
@click.pass_context
def show(context: click.Context, record_id: str, output: str, number: int | None) -> None:
    """Print a record: its deposit form, its record document, or what is public of it.

    The private forms (form, document) show hidden credit and private notes; keep them to yourself.
    """
    import yaml

    from catalog.exports import exports
    from catalog.releases import open_current

    with opened_registry(context) as (registry, settings):
        if output == "form":
            form = registry.form(record_id, number).values
            click.echo(yaml.safe_dump(form, allow_unicode=True, sort_keys=False), nl=False)
            return
        if output == "document":
            print_json(registry.document(record_id, number))
            return
        registry.record(record_id)
        if output == "xdi":
            sys.stdout.buffer.write(_xdi(registry, settings, record_id, number))
            return
    family = exports()
    if output != "public" and output not in family:
        choices = ", ".join(["form", "document", "public", "xdi", *family])
        raise UsageError(f"{output!r} is no format; use one of: {choices}", where="--format")
    with closing(open_current(settings.public_path)) as release:
        entry = release.record(record_id)
        catalog = release.catalog
    if entry is None:
        raise NotFound("the current release does not hold this record", where=record_id)
    public = entry.document
    if output == "public":
        print_json(public)
        return
    if entry.state == "withdrawn":
        raise NotFound("the record was withdrawn; --format public shows its tombstone", where=record_id)
    sys.stdout.buffer.write(family[output].write(public, catalog))


def _xdi(registry: Registry, settings: Settings, record_id: str, number: int | None) -> bytes:
    """The first spectrum of a record as XDI, of what would be public of it."""
    from catalog.accepting import curves_of
    from catalog.approval import PUBLISHED
    from catalog.projection import public_document
    from catalog.xdi_writing import xdi_file

    document = registry.document(record_id, number)
    curves = curves_of(document, registry.attachments(record_id, number), settings)
    public = public_document(document, PUBLISHED, today(settings), lambda _iri: True)
    return xdi_file(public or {}, curves.get("/spectra/0"))


@click.command()
@click.argument("record_id")
@click.option("--reason", required=True, help="Why, in English; it will be public on the tombstone page.")
@click.option("--reason-ja", help="The same in Japanese.")
@click.pass_context
def withdraw(context: click.Context, record_id: str, reason: str, reason_ja: str | None) -> None:
    """Take a record back for good: a published one leaves a tombstone, any other is closed.

    The tombstone appears with the next publish. Copies harvested before cannot be recalled.
    """
    from catalog.curation import withdraw

    texts = {"en": reason, **({"ja": reason_ja} if reason_ja else {})}
    with opened_registry(context) as (registry, settings):
        standing = withdraw(registry, record_id, reason=texts, zone=settings.zone, now=now(), actor=actor())
    if standing.state is State.WITHDRAWN:
        click.echo(f"{record_id} is withdrawn; xafscat publish replaces it by a tombstone")
    else:
        click.echo(f"{record_id} was never public and is closed")


@click.command()
@click.argument("record_id")
@click.pass_context
def reopen(context: click.Context, record_id: str) -> None:
    """Make a closed or scheduled record a draft again, to be changed or published.

    A withdrawn record was public, and its withdrawal is final.
    """
    from catalog.curation import reopen

    with opened_registry(context) as (registry, _):
        reopen(registry, record_id, now=now(), actor=actor())
    click.echo(f"{record_id} is a draft again; xafscat publish {record_id} makes it public")


def _row(record: Any, document: dict[str, Any]) -> dict[str, Any]:
    titles = document.get("title", {})
    hidden_until = record.standing.hidden_until
    edges = []
    for spectrum in document.get("spectra", []):
        edge = spectrum.get("edge", [])
        edges += [
            f"{spectrum.get('element', '?')} {shell}" for shell in ([edge] if isinstance(edge, str) else edge)
        ]
    return {
        "record": record.id,
        "state": record.standing.state.value,
        "version": record.version,
        "hidden_until": hidden_until.isoformat() if hidden_until else None,
        "issued": record.standing.issued.isoformat() if record.standing.issued else None,
        "edges": edges,
        "title": titles.get("en") or titles.get("@none") or next(iter(titles.values()), None),
    }
