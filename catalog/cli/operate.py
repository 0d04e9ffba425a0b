"""Commands that run a catalog: publish, status, verify, rebuild, backup, restore."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli.common import (
    FINDINGS,
    LISTED,
    actor,
    console,
    home_of,
    json_option,
    now,
    opened_registry,
    print_json,
    print_json_line,
    progress,
    settings_of,
    today,
)
from catalog.states import GONE, State, next_state

if TYPE_CHECKING:
    from catalog.config import Settings
    from catalog.registry import Registry


@click.command()
@click.argument("record_ids", nargs=-1)
@click.option("--due-only", is_flag=True, help="Approve no draft; release only what has become due.")
@json_option
@click.pass_context
def publish(context: click.Context, record_ids: tuple[str, ...], due_only: bool, as_json: bool) -> None:
    """Approve drafts that reach the findable level (all, or RECORD_IDS) and make a release.

    What is due is released as well: records hidden until a date, files under embargo. A draft hidden until a
    later date is scheduled. When nothing public changes, no release is made. Exit code 1 when a draft was left.
    """
    with opened_registry(context) as (registry, settings):
        drafts: list[str] = []
        if not due_only:
            wanted = registry.records(states=[State.DRAFT], ids=record_ids or None)
            drafts = [record.id for record in wanted]
            for record_id in set(record_ids) - set(drafts):
                state = registry.record(record_id).standing.state  # an unknown id is an error
                if state in GONE:
                    next_state(state, "publish")  # and so is one taken back; one published before is none
        good = approve_and_publish(registry, settings, drafts, as_json=as_json)
    context.exit(0 if good else FINDINGS)


def approve_and_publish(
    registry: Registry, settings: Settings, drafts: Iterable[str], *, as_json: bool
) -> bool:
    """Approve the drafts that may be published, make a release, say what happened; whether none was left."""
    from catalog.approval import approve_ready
    from catalog.publishing import publish

    moment = now()
    approved = approve_ready(registry, drafts, settings=settings, now=moment, actor=actor())
    with progress("Publishing", None) as told:
        made = publish(settings, registry, now=moment, actor=actor(), progress=told)
    left = approved.refused
    if as_json:
        print_json_line(
            {
                "release": made.number,
                "added": made.added,
                "changed": made.changed,
                "withdrawn": made.withdrawn,
                "scheduled": approved.scheduled,
                "left": left,
                "refused": made.refused,
                "seconds": round(made.seconds, 3),
            }
        )
    else:
        _print_publication(made, approved.scheduled, left)
    return not left and not made.refused


@click.command()
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show what the catalog holds, the current release, and what waits for a date."""
    from rich.table import Table

    with opened_registry(context) as (registry, settings):
        counts = registry.counts()
        release = registry.latest_release()
        waiting = [
            {"record": record.id, "hidden_until": str(record.standing.hidden_until)}
            for record in registry.records(states=[State.SCHEDULED])
        ]
        embargoed = [
            {"record": record.id, "available": str(record.available)}
            for record in registry.records(ids=registry.files_due(today(settings), date.max))
        ]
        pending = len(registry.changed_since(release.last_event if release else 0))
        body: dict[str, Any] = {
            "home": str(settings.home),
            "base": registry.base,
            "records": {state.value: count for state, count in counts.items()},
            "release": {
                "number": release.number,
                "published_at": release.published_at,
                "records": release.records,
                "triples": release.triples,
                "hash": release.hash,
            }
            if release
            else None,
            "changes_since_release": pending,
            "scheduled": waiting,
            "embargoed": embargoed,
        }
    if as_json:
        print_json(body)
        return
    table = Table(show_header=False, box=None)
    table.add_row("home", body["home"])
    table.add_row("record IRIs below", f"{body['base']}/record/")
    for state, count in body["records"].items():
        table.add_row(f"records {state}", f"{count:,}")
    if release:
        table.add_row("current release", f"{release.number}, of {release.published_at:%Y-%m-%d %H:%M} UTC")
        table.add_row("in it", f"{release.records:,} records, {release.triples:,} triples")
    else:
        table.add_row("current release", "none yet: xafscat publish")
    table.add_row("changes since then", f"{pending:,} records" if pending else "none")
    dates = [(f"hidden until {entry['hidden_until']}", entry["record"]) for entry in waiting]
    dates += [(f"files open on {entry['available']}", entry["record"]) for entry in embargoed]
    for said, record_id in dates[:LISTED]:
        table.add_row(said, record_id)
    if len(dates) > LISTED:
        table.add_row("wait for a date too", f"{len(dates) - LISTED:,} more; --json names all")
    console().print(table)


@click.command()
@json_option
@click.pass_context
def verify(context: click.Context, as_json: bool) -> None:
    """Compare registry, files, release, manifest and store. Exit code 1 when anything differs."""
    from catalog.verification import verify

    with opened_registry(context) as (registry, settings):
        findings = verify(settings, registry)
    if as_json:
        print_json({"good": not findings, "findings": [item.as_json() for item in findings]})
    else:
        for item in findings:
            click.echo(f"{item.severity}: {item.text()} [{item.code}]")
        click.echo(
            f"{len(findings)} findings" if findings else "Registry, files, release, manifest and store agree."
        )
    context.exit(FINDINGS if findings else 0)


@click.command()
@json_option
@click.pass_context
def rebuild(context: click.Context, as_json: bool) -> None:
    """Make the public release anew from the registry alone."""
    from catalog.verification import rebuild

    with opened_registry(context) as (registry, settings), progress("Rebuilding", None) as told:
        made = rebuild(settings, registry, now=now(), actor=actor(), progress=told)
    if as_json:
        print_json({"release": made.number, "seconds": round(made.seconds, 3)})
    else:
        click.echo(f"Release {made.number} was built from the registry in {made.seconds:.1f} s")


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def backup(context: click.Context, target: Path, as_json: bool) -> None:
    """Copy registry, files, settings and citations to TARGET, with a manifest of hashes; works while others write.

    Keep it on another machine than the public one. The release is not copied: restore builds it again.
    """
    from catalog.backup import backup

    settings = settings_of(context)
    report = backup(settings.home, target, now=now())
    if as_json:
        print_json({"target": str(target), "files": report.files, "bytes": report.bytes})
    else:
        click.echo(f"{report.files:,} files, {report.bytes:,} bytes in {target}")


@click.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def restore(context: click.Context, source: Path) -> None:
    """Make a catalog in the (empty) home folder from the backup SOURCE, and build its release.

    Every file is compared with the backup's manifest first; a damaged backup restores nothing.
    """
    from catalog.backup import restore
    from catalog.verification import rebuild

    home = home_of(context)
    report = restore(source, home)
    with opened_registry(context) as (registry, settings):
        made = None
        if registry.latest_release() is not None:
            made = rebuild(settings, registry, now=now(), actor=actor())
    click.echo(f"{report.files:,} files restored to {home}")
    if made:
        click.echo(f"Release {made.number} was built from the registry")


def _print_publication(made: Any, scheduled: list[str], left: dict[str, str]) -> None:
    if made.number is None:
        click.echo("Nothing public has changed; no release was made.")
    else:
        click.echo(
            f"Release {made.number}: {made.added} added, {made.changed} changed, {made.withdrawn} withdrawn"
            f" ({made.seconds:.1f} s)"
        )
    if made.anew and made.number is not None:
        click.echo(f"It was built from the registry alone: {made.anew}")
    for record_id, reasons in made.refused.items():
        click.echo(
            f"newest version not shown: {record_id}: {' '.join(text['en'] for text in reasons)}", err=True
        )
    if scheduled:
        click.echo(f"{len(scheduled)} scheduled: hidden until their date")
    for record_id, reason in list(left.items())[:LISTED]:
        click.echo(f"left as draft: {record_id}: {reason}", err=True)
    if len(left) > LISTED:
        click.echo(f"... and {len(left) - LISTED} more; xafscat list --state draft shows all", err=True)
