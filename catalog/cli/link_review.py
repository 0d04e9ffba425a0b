"""Commands for a person's word on links: the queue, both sides of a link, accept, reject."""

from __future__ import annotations

from typing import Any

import click

from catalog.cli.common import actor, console, json_option, now, opened_registry, plain, print_json
from catalog.cli.link_common import chosen, link_body, predicate_iri, print_done, print_links
from catalog.errors import UsageError

as_option = click.option(
    "--as", "reviewer", required=True, metavar="PERSON", help='Who says so: "NAME" or "NAME <ORCID iD>".'
)


@click.command()
@click.option("--material", help="Only links of this material.")
@click.option("--database", help="Only links to this database.")
@click.option(
    "--state", default="queued", show_default=True, help="queued, unreviewed, accepted, rejected, broken."
)
@json_option
@click.pass_context
def queue(
    context: click.Context, material: str | None, database: str | None, state: str, as_json: bool
) -> None:
    """List what waits for a person (or the links of another state), the surest first."""
    from catalog.linking.model import LinkState
    from catalog.links import all_links

    if state not in list(LinkState):
        raise UsageError(f"a link is {', '.join(LinkState)}", where="--state")
    subjects = {entry.query.material for entry in chosen((material,))} if material else None
    with opened_registry(context) as (registry, _):
        found = [
            item
            for item in all_links(registry)
            if item.state == state
            and (subjects is None or item.subject in subjects)
            and database in {None, item.database}
        ]
    found.sort(key=lambda item: (-item.confidence, item.subject, item.object))
    if as_json:
        print_json([link_body(item) for item in found])
    else:
        print_links(found)
        click.echo(f"{len(found)} links {state}")


@click.command()
@click.argument("identifier")
@json_option
@click.pass_context
def show(context: click.Context, identifier: str, as_json: bool) -> None:
    """Show a link: both sides next to each other, what agrees, what speaks against it, who said so."""
    from rich.table import Table

    from catalog.link_reviewing import allowed_predicates
    from catalog.linking.listing import entries
    from catalog.linking.scoring import VETO_WORDS
    from catalog.links import find_link

    with opened_registry(context) as (registry, _):
        item = find_link(registry, identifier)
    entry = entries().get(item.subject)
    if as_json:
        print_json({**link_body(item), "allowed_predicates": list(allowed_predicates(item))})
        return
    query, facts = entry.query if entry else None, item.facts
    table = Table("", "ours", "theirs")
    table.add_row("", plain(item.subject), plain(item.object))
    if query:
        rows: list[tuple[str, Any, Any]] = [
            ("name", ", ".join(query.names), ", ".join(facts.label.values()) if facts else ""),
            ("formula, reduced", query.reduced, facts.reduced if facts else ""),
            ("space group", query.space_group, facts.space_group if facts else ""),
            ("mineral", query.mineral, facts.mineral if facts else ""),
            ("water", query.waters or "", facts.waters if facts else ""),
            ("CAS", ", ".join(query.identifiers.get("cas", ())), ", ".join(facts.cas) if facts else ""),
            ("InChIKey", ", ".join(query.identifiers.get("inchikey", ())), facts.inchikey if facts else ""),
        ]
        for name, ours, theirs in rows:
            table.add_row(name, plain(str(ours or "")), plain(str(theirs or "")))
    console().print(table)
    words = [f"{VETO_WORDS[veto]['en']} ({veto})" for veto in item.vetoes]
    for name, value in {
        "state": item.state,
        "predicate": item.predicate,
        "may be": ", ".join(each.rpartition("#")[2] for each in allowed_predicates(item)),
        "confidence": f"{item.confidence:g}, {item.justification}",
        "agrees in": ", ".join(item.matched),
        "against it": "; ".join(words) or "nothing",
        "given by": "; ".join(item.sources),
        "read": f"{facts.retrieved} {facts.url}" if facts else "never",
        "reviewer": f"{item.reviewer}, {item.review_date}" if item.reviewer else "nobody yet",
        "comment": item.comment,
    }.items():
        click.echo(f"{name:>11}: {value}")


@click.command()
@click.argument("identifiers", nargs=-1, required=True)
@as_option
@click.option("--predicate", help="exactMatch, closeMatch, broadMatch, relatedMatch or referenceStructure.")
@click.option(
    "--comment", default="", help="How you know: asked for where a veto stands, or little was compared."
)
@json_option
@click.pass_context
def accept(
    context: click.Context,
    identifiers: tuple[str, ...],
    reviewer: str,
    predicate: str | None,
    comment: str,
    as_json: bool,
) -> None:
    """Confirm links: IDENTIFIERS are those of `xafscat link queue`. They are public with the next publication.

    An entry that was not read, or that says something else, cannot be accepted; an exactMatch needs another
    person than its author.
    """
    from catalog.link_reviewing import accept
    from catalog.links import find_link

    with opened_registry(context) as (registry, _):
        done = [
            accept(
                registry,
                find_link(registry, identifier),
                reviewer=reviewer,
                predicate=predicate_iri(predicate),
                comment=comment,
                now=now(),
                actor=actor(),
            )
            for identifier in identifiers
        ]
    print_done(done, as_json)


@click.command()
@click.argument("identifiers", nargs=-1, required=True)
@as_option
@click.option("--because", required=True, help="Why it is wrong; kept with the link.")
@json_option
@click.pass_context
def reject(
    context: click.Context, identifiers: tuple[str, ...], reviewer: str, because: str, as_json: bool
) -> None:
    """Find links wrong. They are kept, and neither proposed nor shown again."""
    from catalog.link_reviewing import reject
    from catalog.links import find_link

    with opened_registry(context) as (registry, _):
        done = [
            reject(
                registry,
                find_link(registry, item),
                reviewer=reviewer,
                because=because,
                now=now(),
                actor=actor(),
            )
            for item in identifiers
        ]
    print_done(done, as_json)
