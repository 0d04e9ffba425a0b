"""What the commands for links share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from catalog.cli.common import console, plain, print_json
from catalog.errors import NotFound, UsageError

if TYPE_CHECKING:
    from catalog.config import Settings
    from catalog.linking.listing import Entry
    from catalog.linking.model import Facts, Link
    from catalog.net import CachedHttp

mode_option = click.option(
    "--mode",
    type=click.Choice(["offline", "record", "live"]),
    help="Ask databases never, where the cache has no answer, or also where it is stale. Default: setting link_mode.",
)


def client_of(settings: Settings, mode: str | None) -> CachedHttp:
    """The client for databases, as the settings have it."""
    from catalog.net import MODES, CachedHttp

    wanted = next(each for each in MODES if each == (mode or settings.link_mode))
    options = {"cod_index": str(settings.links_path / "cod-index.sqlite")}
    for part in filter(None, (part.strip() for part in settings.link_optimade.split(","))):
        name, _, base = part.partition("=")
        options[f"optimade:{name}"] = base
    return CachedHttp(settings.links_path / "cache.sqlite", wanted, contact=settings.contact, options=options)


def chosen(materials: Iterable[str]) -> list[Entry]:
    """The materials of these ids or IRIs, substances with their phases."""
    import difflib

    from catalog.linking.listing import MATERIAL, entries

    known = entries()
    wanted = [text if text.startswith(MATERIAL) else MATERIAL + text for text in materials]
    if not wanted:
        raise UsageError("name materials, such as rutile, or take --all")
    for iri in wanted:
        if iri not in known:
            near = difflib.get_close_matches(
                iri.rpartition("/")[2], [each.rpartition("/")[2] for each in known], n=3
            )
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise NotFound(f"there is no such material in the list{hint}", where=iri.rpartition("/")[2])
    with_phases = dict.fromkeys(wanted)
    for iri in wanted:
        with_phases.update(dict.fromkeys(_phases(iri)))
    return [known[iri] for iri in with_phases]


def _phases(iri: str) -> list[str]:
    from catalog.vocabulary import vocabulary

    return vocabulary().materials.values(iri, "http://www.w3.org/2004/02/skos/core#narrower")


def predicate_iri(text: str | None) -> str | None:
    """The IRI of a predicate by its name."""
    from catalog.linking.scoring import SKOS, STRUCTURE

    if text is None or "://" in text:
        return text
    name = text.rpartition(":")[2]
    return STRUCTURE if name == "referenceStructure" else SKOS + name


def link_body(item: Link) -> dict[str, Any]:
    """A link as JSON."""
    from catalog.registry_links import as_json

    return as_json(item)


def print_done(done: list[Link], as_json: bool) -> None:
    """Say what became of links."""
    if as_json:
        print_json([link_body(item) for item in done])
        return
    for item in done:
        click.echo(
            f"{item.state}: {item.id} {item.subject} {item.predicate.rpartition('#')[2]} {item.object}"
        )


def print_links(links: list[Link]) -> None:
    """A table of links."""
    from rich.table import Table

    if not links:
        return
    table = Table(box=None, padding=(0, 1))
    # Whatever the width, an id can be copied and no word is cut.
    for heading in ("id", "material", "entry", "says", "sure", "state", "against it"):
        table.add_column(heading, no_wrap=heading in {"id", "sure", "state"}, overflow="fold")
    for item in links:
        table.add_row(
            item.id,
            plain(item.subject.rpartition("/")[2]),
            plain(_entry(item)),
            plain(_said(item.facts)),
            f"{item.confidence:g}",
            str(item.state),
            ", ".join(item.vetoes),
        )
    console().print(table)


def _entry(item: Link) -> str:
    from catalog.linking.databases import database_of

    database = database_of(item.object)
    return f"{database.name} {database.identifier(item.object)}" if database else item.object


def _said(facts: Facts | None) -> str:
    if facts is None:
        return ""
    group = f"space group {facts.space_group}" if facts.space_group else ""
    return ", ".join(filter(None, (next(iter(facts.label.values()), ""), facts.reduced, group)))
