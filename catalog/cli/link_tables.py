"""Commands that move links in and out, and look whether they still hold."""

from __future__ import annotations

from pathlib import Path

import click

from catalog.cli.common import (
    FINDINGS,
    actor,
    console,
    json_option,
    now,
    opened_registry,
    print_json,
    progress,
    settings_of,
)
from catalog.cli.link_common import client_of, link_body, mode_option
from catalog.errors import UsageError


@click.command()
@click.option(
    "--state", "states", multiple=True, help="Only links of this state; may be repeated. Default: all."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this new file."
)
@click.pass_context
def export(context: click.Context, states: tuple[str, ...], output: Path | None) -> None:
    """Write links as an SSSOM table, shipped ones included."""
    from catalog.linking.model import LinkState
    from catalog.links import all_links
    from catalog.sssom import write_sssom

    if unknown := sorted(set(states) - set(LinkState)):
        raise UsageError(
            f"there is no state {unknown[0]!r}; a link is {', '.join(LinkState)}", where="--state"
        )
    with opened_registry(context) as (registry, settings):
        found = [item for item in all_links(registry) if not states or item.state in states]
        text = write_sssom(found, registry.base, title=settings.title["en"])
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise UsageError("this file exists already; give another name", where=str(output)) from error
    click.echo(f"{len(found)} links in {output}")


@click.command("import")
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def import_links(context: click.Context, table: Path, as_json: bool) -> None:
    """Read links and reviews from the SSSOM table TABLE. Exit code 1 when a row was left out.

    A row with a reviewer is that person's review, one with the modifier Not a rejection, any other a candidate.
    A review of an entry that was never read here waits for `xafscat link check`.
    """
    from catalog.sssom import read_sssom

    with opened_registry(context) as (registry, _):
        made = read_sssom(registry, table.read_bytes(), where=table.name, now=now(), actor=actor())
    if as_json:
        refused = {str(line): why for line, why in made.refused.items()}
        print_json({"stored": made.stored, "same": made.same, "refused": refused})
    else:
        for line, why in made.refused.items():
            click.echo(f"{table.name}:{line}: {why}", err=True)
        click.echo(f"{made.stored} stored, {made.same} as before, {len(made.refused)} left out")
    context.exit(FINDINGS if made.refused else 0)


@click.command()
@click.option("--limit", type=click.IntRange(1), help="At most this many, those verified longest ago first.")
@mode_option
@json_option
@click.pass_context
def check(context: click.Context, limit: int | None, mode: str | None, as_json: bool) -> None:
    """Read the entries of links again: have they moved, vanished, changed? Exit code 1 when any has.

    A network that fails is never taken for a link that rots. An entry is gone when it was gone twice, a week apart.
    """
    from catalog.link_checking import check

    with (
        opened_registry(context) as (registry, settings),
        client_of(settings, mode) as http,
        progress("Checking links", limit) as told,
    ):
        found = check(registry, http, limit=limit, now=now(), actor=actor(), progress=told)
    bad = [item for item in found if item.outcome in {"changed", "moved", "gone", "broken"}]
    if as_json:
        print_json(
            [{"outcome": item.outcome, "detail": item.detail, **link_body(item.link)} for item in found]
        )
    else:
        for item in bad:
            click.echo(
                f"{item.outcome}: {item.link.id} {item.link.subject} {item.link.object}: {item.detail}"
            )
        counts: dict[str, int] = {}
        for item in found:
            counts[item.outcome] = counts.get(item.outcome, 0) + 1
        click.echo(
            ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
            or "no links to check"
        )
    context.exit(FINDINGS if bad else 0)


@click.command()
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Count links by database and state, and the materials that have one."""
    from rich.table import Table

    from catalog.linking.listing import entries
    from catalog.linking.model import LinkState
    from catalog.links import all_links

    with opened_registry(context) as (registry, settings):
        links = all_links(registry)
    counts: dict[str, dict[str, int]] = {}
    for item in links:
        by_state = counts.setdefault(item.database or "materials", dict.fromkeys(map(str, LinkState), 0))
        by_state[item.state] += 1
    linked = {item.subject for item in links if item.public}
    body = {
        "databases": counts,
        "materials": len(entries()),
        "materials_linked": len(linked & entries().keys()),
    }
    if as_json:
        print_json(body)
        return
    table = Table("database", *map(str, LinkState))
    for name, by_state in sorted(counts.items()):
        table.add_row(name, *(f"{by_state[state]:,}" for state in map(str, LinkState)))
    console().print(table)
    click.echo(f"{body['materials_linked']} of {body['materials']} materials have a public link")
    click.echo(f"answers of databases: {settings.links_path}")


@click.command("cod-index")
@click.argument("listing", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def cod_index(context: click.Context, listing: Path) -> None:
    """Make the index of the Crystallography Open Database from LISTING, so that it is asked without the net.

    LISTING is a table (CSV or tabs) with the columns of COD's own search results: file, formula, sgNumber, and, where
    there, mineral and title; or cod_id, formula_reduced, space_group_number.
    """
    from catalog.resolvers.cod_index import import_index

    settings = settings_of(context)
    read, passed = import_index(listing, settings.links_path / "cod-index.sqlite", now=now())
    click.echo(f"{read:,} entries of COD, {passed:,} lines without a definite formula passed over")
