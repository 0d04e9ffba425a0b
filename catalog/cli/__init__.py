"""The command ``xafscat``: parse arguments, call the use cases, print."""

from __future__ import annotations

from importlib.metadata import entry_points

import click

from catalog import __version__
from catalog.cli.common import CONTEXT_SETTINGS, CommandGroup
from catalog.cli.deposits import ingest, init, update
from catalog.cli.link import link
from catalog.cli.look import formats, inspect, templates, validate
from catalog.cli.operate import backup, publish, rebuild, restore, status, verify
from catalog.cli.records import accept_suggestion, history, list_records, reopen, show, withdraw
from catalog.cli.shapes import shapes, template


@click.group(cls=CommandGroup, context_settings=CONTEXT_SETTINGS)
@click.version_option(__version__, prog_name="xafscat")
@click.option(
    "--home",
    type=click.Path(file_okay=False),
    envvar="XAFSCAT_HOME",
    default="xafscat-data",
    show_default=True,
    show_envvar=True,
    help="Folder of the catalog's state.",
)
@click.pass_context
def main(context: click.Context, home: str) -> None:
    """A linked-data catalog of X-ray absorption (XAFS) deposits.

    \b
    A first round:
      xafscat init
      xafscat inspect FILE_OR_FOLDER
      xafscat ingest FILE_OR_FOLDER --publish
      xafscat query 'SELECT * WHERE { ?s a xafs:Spectrum } LIMIT 5'
      xafscat serve

    Exit codes: 0 good, 1 findings or partial failure, 2 wrong call. Every command takes --help.
    """
    context.obj = home


for command in (
    init,
    formats,
    inspect,
    validate,
    template,
    templates,
    shapes,
    ingest,
    update,
    accept_suggestion,
    history,
    list_records,
    show,
    publish,
    withdraw,
    reopen,
    link,
    status,
    verify,
    rebuild,
    backup,
    restore,
):
    main.add_command(command)

# serve, query and demo belong to the server package, which the catalog does not import.
for entry in entry_points(group="xafscat.commands"):
    for command in entry.load():
        main.add_command(command)
