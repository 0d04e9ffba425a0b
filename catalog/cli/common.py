"""What the commands share: the home folder, output for people and programs, errors as exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.errors import CatalogError, NotInitialised, UsageError, refused_by_system

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from catalog.config import Settings
    from catalog.registry import Registry

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
# Of more than these only the number is told, or what needs attention.
LISTED = 20
FINDINGS = 1
WRONG_CALL = 2

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs (stable keys).")
jobs_option = click.option(
    "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Files read at a time."
)
template_option = click.option(
    "--template",
    "template_name",
    metavar="NAME",
    help="What the beamline NAME knows of its files, behind all else that is stated (see: xafscat templates).",
)
language_option = click.option(
    "--lang", type=click.Choice(["en", "ja"]), default="en", show_default=True, help="Language of findings."
)


class CommandGroup(click.Group):
    """A click group that lists commands in the order of work and turns what a user can act on into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order they were added: the order in which one meets them."""
        del ctx
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error a user can act on is one clear line, never a traceback."""
        try:
            return super().invoke(ctx)
        except (CatalogError, OSError) as error:
            told = error if isinstance(error, CatalogError) else refused_by_system(error)
            if told is None:
                raise
            wrong_call = isinstance(told, UsageError | NotInitialised)
            click.echo(f"error: {told} [{told.code}]", err=True)
            ctx.exit(WRONG_CALL if wrong_call else FINDINGS)


def _no_empty_path(context: click.Context, _: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    if "" in given:  # a variable of a script that is not set; the present folder would be walked
        raise click.BadParameter("a path is empty; write . for the present folder", context)
    return given


paths_argument = click.argument("paths", nargs=-1, required=True, callback=_no_empty_path)


def now() -> datetime:
    """The present moment in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def home_of(context: click.Context) -> Path:
    """The home folder given by --home or XAFSCAT_HOME."""
    return Path(context.find_root().obj)


def settings_of(context: click.Context) -> Settings:
    """The settings of the home folder."""
    from catalog.config import load_settings

    return load_settings(home_of(context))


def today(settings: Settings) -> date:
    """Today's date in the catalog's zone."""
    from zoneinfo import ZoneInfo

    return now().astimezone(ZoneInfo(settings.timezone)).date()


@contextmanager
def opened_registry(context: click.Context) -> Iterator[tuple[Registry, Settings]]:
    """The registry and the settings of the home folder; raises NotInitialised when there is no catalog."""
    from catalog.registry import open_registry

    settings = settings_of(context)
    registry = open_registry(settings.home)
    try:
        yield registry, settings
    finally:
        registry.close()


def actor() -> str:
    """Who changes something: the account that runs the command."""
    import getpass

    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):
        return "command"


def print_json(body: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(body, ensure_ascii=False, indent=2, default=_plain))


def print_json_line(body: Any) -> None:
    """One JSON object on a line of its own, at once."""
    click.echo(json.dumps(body, ensure_ascii=False, default=_plain))
    sys.stdout.flush()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def console() -> Console:
    """A rich console on standard output."""
    from rich.console import Console

    return Console(highlight=False)


def plain(text: str, limit: int = 2000) -> str:
    """A stranger's text fit for the console: no markup, no control characters, at most ``limit`` characters."""
    from rich.markup import escape

    from catalog.findings import shorten

    return escape(shorten(text, limit))


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error (on a terminal only); yields a function that is told the count done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar: Progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(description, total=total)
        yield lambda done: bar.update(task, completed=done)
