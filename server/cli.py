"""The commands that serve a catalog or ask it: ``serve``, ``demo`` and ``query``."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
from click.core import ParameterSource

from catalog.cli.common import WRONG_CALL, actor, console, home_of, now
from catalog.errors import NotInitialised, UsageError
from server.query.formats import BY_NAME

if TYPE_CHECKING:
    from catalog.config import Settings
    from server.query.client import Answer

DEMO_HOME = "demo-data"
DEMO_PORT = 8000
_CELL = 200


@click.command()
@click.option("--host", help="Address to listen on; 0.0.0.0 is all of them.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1, 64), help="Number of web processes.  [default: 1]")
@click.option(
    "--release-due", is_flag=True, help="Release what becomes due (embargoes, dates) while serving."
)
@click.pass_context
def serve(
    context: click.Context, host: str | None, port: int | None, workers: int | None, release_due: bool
) -> None:
    """Serve the published catalog: pages, records, files and the SPARQL endpoint.

    Prints "Serving http://HOST:PORT/" on a line of its own once it answers. Ctrl-C stops everything it started.
    Settings are those of settings.toml in the home folder; options win. Exit code 2 when the port is in use.
    """
    from catalog.config import load_settings
    from server.supervisor import Supervisor, free_port

    settings = load_settings(home_of(context), {"host": host, "port": port, "workers": workers})
    chosen = free_port(settings.host, settings.port)
    _check(settings)
    supervisor = Supervisor(settings, chosen, release_due=release_due, say=_say, warn=_warn)
    context.exit(supervisor.run())


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=DEMO_PORT, show_default=True, help="Port to try first."
)
@click.pass_context
def demo(context: click.Context, port: int) -> None:
    """Make an example catalog (once), serve it, and say what to look at.

    The examples are calculated and labelled so. The catalog is kept in ./demo-data, or in --home when that is
    given. A port in use is no obstacle: the next free one is taken.
    """
    from catalog.config import load_settings
    from catalog.examples import make_demo
    from server.supervisor import Supervisor, free_port

    stated = context.find_root().get_parameter_source("home")
    home = Path(DEMO_HOME) if stated in {None, ParameterSource.DEFAULT} else home_of(context)
    chosen = free_port("127.0.0.1", port, search=True)
    if chosen != port:
        _say(f"Port {port} is in use; taking {chosen}.")
    made = make_demo(home, now=now(), base=f"http://127.0.0.1:{chosen}", say=_say)
    settings = load_settings(home, {"host": "127.0.0.1"})
    if not made:
        _say(f"The example catalog in {home} is served as it was made: the IRIs in it keep their port.")
    _check(settings)
    supervisor = Supervisor(settings, chosen, release_due=True, say=_say, warn=_warn)
    context.exit(supervisor.run(lambda: _say(_invitation(supervisor.url))))


@click.command()
@click.argument("query_text", metavar="[QUERY]", required=False)
@click.option(
    "-f",
    "--file",
    "stream",
    type=click.File(encoding="utf-8"),
    help="Read the query from a file (- for standard input).",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", *BY_NAME]),
    help="Form of the answer.  [default: table for SELECT and ASK, turtle for CONSTRUCT and DESCRIBE]",
)
@click.pass_context
def query(
    context: click.Context, query_text: str | None, stream: TextIO | None, format_name: str | None
) -> None:
    """Ask the published catalog a SPARQL query.

    \b
    Examples:
      xafscat query 'SELECT ?title { ?s a xafs:Spectrum ; dcterms:title ?title } LIMIT 5'
      xafscat query -f facilities.rq --format csv > facilities.csv

    The prefixes of the catalog need no declaration. Limits are those of the endpoint; SERVICE is not evaluated.
    Exit code 1 when the query fails or hits a limit, 2 when it is malformed or refused.
    """
    from catalog.config import load_settings
    from server.query.errors import QueryRefused
    from server.query.lexer import query_kind

    if (query_text is None) == (stream is None):
        raise UsageError("give the query as an argument or with -f FILE, one of the two")
    try:
        text = stream.read() if stream else query_text
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the query is not UTF-8: byte {error.start + 1} of what was read",
            where=getattr(stream, "name", "-f"),
        ) from error
    graph = query_kind(text or "") in {"CONSTRUCT", "DESCRIBE"}
    name = format_name or ("turtle" if graph else "table")
    settings = load_settings(home_of(context))
    try:
        answer = _ask(settings, text or "", "json" if name == "table" else name)
    except QueryRefused as problem:
        click.echo(f"error: {problem} [{problem.code}]", err=True)
        context.exit(WRONG_CALL)
    if name == "table":
        _print_table(answer)
        return
    for piece in answer.chunks():
        click.echo(piece, nl=False)


COMMANDS = [serve, query, demo]


def _ask(settings: Settings, text: str, format_name: str) -> Answer:
    from catalog.releases import open_current
    from catalog.vocabulary import vocabulary
    from server.limits import limits_of
    from server.query.client import ask_once

    if not settings.public_path.exists():
        raise NotInitialised("there is no catalog here; run 'xafscat init'", where=str(settings.home))
    release = open_current(settings.public_path)
    try:
        return ask_once(
            release.store_path,
            text,
            format_name,
            limits_of(settings),
            base=f"{release.base}/sparql",
            prefixes=vocabulary().prefixes,
            spool=Path(tempfile.gettempdir()),
        )
    finally:
        release.close()


def _print_table(answer: Answer) -> None:
    from rich.table import Table
    from rich.text import Text

    found = json.loads(answer.read())
    if "boolean" in found:
        click.echo("yes" if found["boolean"] else "no")
        return
    names, rows = found["head"]["vars"], found["results"]["bindings"]
    table = Table(header_style="bold")
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(name))) for name in names))
    output = console()
    output.print(table)
    output.print(f"{len(rows):,} row{'' if len(rows) == 1 else 's'} in {answer.seconds:.3f} s")


def _cell(term: dict[str, Any] | None) -> str:
    if term is None:
        return ""
    if not isinstance(term["value"], str):
        return json.dumps(term["value"], ensure_ascii=False)
    text = _short(term["value"]) if term["type"] == "uri" else term["value"]
    text = "".join(char if char.isprintable() else " " for char in text)
    tag = f"@{term['xml:lang']}" if "xml:lang" in term else ""
    return (text if len(text) <= _CELL else text[: _CELL - 1] + "…") + tag


def _short(iri: str) -> str:
    from catalog.vocabulary import vocabulary

    fits = [(space, prefix) for prefix, space in vocabulary().prefixes.items() if iri.startswith(space)]
    if not fits:
        return iri
    space, prefix = max(fits, key=lambda fit: len(fit[0]))
    return f"{prefix}:{iri.removeprefix(space)}"


def _check(settings: Settings) -> None:
    # A host that only shows releases made elsewhere has no registry to compare them with.
    from catalog.registry import open_registry
    from catalog.verification import check_at_start

    if not settings.registry_path.exists() and (settings.public_path / "current").exists():
        return
    if not settings.registry_path.exists():
        raise NotInitialised(
            "there is no catalog here; run 'xafscat init', or 'xafscat demo' for an example",
            where=str(settings.home),
        )
    registry = open_registry(settings.home)
    try:
        rebuilt = check_at_start(settings, registry, now=now(), actor=actor())
    finally:
        registry.close()
    if rebuilt is not None:
        _warn(
            "the release that was shown cannot be served; "
            f"release {rebuilt.number} was made from the registry ({rebuilt.anew})"
        )


def _invitation(url: str) -> str:
    return (
        f"\nOpen {url} in a browser: records, spectra, and a query form at {url}sparql.\n"
        "Ask it from a terminal:\n\n"
        f"  curl -H 'Accept: text/csv' --data-urlencode query='{_EXAMPLE}' {url}sparql\n\n"
        "Ctrl-C stops it. The data is example data, calculated from tables."
    )


_EXAMPLE = (
    "PREFIX xafs: <https://w3id.org/xafscat/ns#> "
    "SELECT ?element (COUNT(*) AS ?spectra) { ?s a xafs:Spectrum ; xafs:element ?element } "
    "GROUP BY ?element ORDER BY DESC(?spectra) ?element"
)


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()


def _warn(text: str) -> None:
    click.echo(f"xafscat: {text}", err=True)
