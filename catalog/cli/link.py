"""Commands for links to materials databases: the group, and the one that proposes."""

from __future__ import annotations

import click

from catalog.cli.common import (
    FINDINGS,
    CommandGroup,
    actor,
    json_option,
    now,
    opened_registry,
    print_json,
    progress,
)
from catalog.cli.link_common import chosen, client_of, link_body, mode_option, print_links
from catalog.cli.link_review import accept, queue, reject, show
from catalog.cli.link_tables import check, cod_index, export, import_links, status
from catalog.errors import UsageError


@click.group(cls=CommandGroup)
def link() -> None:
    """Link materials to entries of databases, with evidence and review.

    \b
    A round:
      xafscat link propose rutile --mode record    ask databases, verify what they name
      xafscat link queue                           what waits for a person
      xafscat link show ID                         both sides next to each other
      xafscat link accept ID --as "NAME <ORCID>"   or: reject ID --as ... --because ...
      xafscat publish                              the world sees it
      xafscat link check --mode live               do links still hold?

    Links are public once a person accepted them, or, marked as unreviewed, when two independent sources agree
    and nothing speaks against it.
    """


@link.command()
@click.argument("materials", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All materials of the list.")
@click.option(
    "--database", "databases", multiple=True, help="Only entries of this database; may be repeated."
)
@mode_option
@json_option
@click.pass_context
def propose(
    context: click.Context,
    materials: tuple[str, ...],
    everything: bool,
    databases: tuple[str, ...],
    mode: str | None,
    as_json: bool,
) -> None:
    """Ask databases about MATERIALS (ids such as rutile; a substance with its phases) and store what they name.

    Exit code 1 when a database could not be asked; what it would say stays unverified until it can.
    """
    from catalog.link_proposing import propose
    from catalog.linking.databases import DATABASES
    from catalog.linking.listing import entries

    asked = list(entries().values()) if everything else chosen(materials)
    if unknown := sorted(set(databases) - DATABASES.keys()):
        raise UsageError(
            f"there is no database {unknown[0]!r}; there are: {', '.join(DATABASES)}", where="--database"
        )
    with opened_registry(context) as (registry, settings), client_of(settings, mode) as http:
        with progress("Asking databases", len(asked)) as told:
            made = propose(
                registry, http, asked, databases=databases or None, now=now(), actor=actor(), progress=told
            )
        sent = http.sent
    if as_json:
        print_json(
            {
                "materials": made.materials,
                "links": [link_body(item) for item in made.links],
                "settled": made.settled,
                "unreachable": made.unreachable,
                "requests": sent,
            }
        )
    else:
        print_links(made.links)
        counts: dict[str, int] = {}
        for item in made.links:
            counts[item.state] = counts.get(item.state, 0) + 1
        told_counts = (
            ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "nothing new"
        )
        click.echo(
            f"{made.materials} materials: {told_counts}; {made.settled} settled before; {sent} requests"
        )
        for name, why in list(made.unreachable.items())[:20]:
            click.echo(f"not asked: {name}: {why}", err=True)
        if len(made.unreachable) > 20:
            click.echo(f"not asked: {len(made.unreachable) - 20} more", err=True)
    context.exit(FINDINGS if made.unreachable else 0)


for command in (queue, show, accept, reject, export, import_links, check, status, cod_index):
    link.add_command(command)
