"""Commands for curators: templates made from the shapes, shapes explained and tried."""

from __future__ import annotations

from pathlib import Path

import click

from catalog.cli.common import (
    FINDINGS,
    CommandGroup,
    json_option,
    language_option,
    print_json,
    settings_of,
    today,
)
from catalog.errors import UsageError


@click.command()
@click.option(
    "--format",
    "output",
    type=click.Choice(["yaml", "csv", "xlsx", "schema", "facets"]),
    default="yaml",
    show_default=True,
    help="A form to fill in, a table, a workbook; the JSON Schema of the form; the fields lists are narrowed by.",
)
@click.option(
    "--lang",
    type=click.Choice(["en", "ja"]),
    default="en",
    show_default=True,
    help="Language of comments, headings and lists to choose from.",
)
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file; it must not exist yet. Without it the template goes to standard output.",
)
def template(output: str, lang: str, path: Path | None) -> None:
    """Make an empty deposit form to fill in.

    It holds every field that the catalog's form, shapes and ontology know, with what each one means.
    """
    import sys

    from catalog.template import template as make

    content = make(output, lang)
    if path is None:
        if output == "xlsx" and sys.stdout.isatty():
            raise UsageError("a workbook is no text for a terminal; give a file with -o")
        click.echo(content, nl=False)
        return
    try:
        with path.open("xb") as stream:
            stream.write(content)
    except FileExistsError as error:
        raise UsageError("the file exists already; it was not overwritten", where=str(path)) from error
    except OSError as error:
        raise UsageError(f"the file cannot be written: {error.strerror}", where=str(path)) from error


@click.group(cls=CommandGroup)
def shapes() -> None:
    """Try and explain the rules that deposits are checked by."""


@shapes.command("test")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
@click.pass_context
def test(context: click.Context, folder: Path, as_json: bool) -> None:
    """Run the passing and failing examples that lie beside the shapes of FOLDER.

    Each shape needs examples in examples/FILE/SHAPE/: pass*.json must not be reported by any shape, fail*.json by this
    shape and no other. Shapes that never fired and files that belong to no shape are told.

    Exit code 1 when anything is not as it should be.
    """
    from catalog.resources import data_root
    from catalog.shape_examples import try_examples

    own = folder.resolve() == (data_root() / "shapes").resolve()
    tried, strays = try_examples(folder, today=today(settings_of(context)), own=own)
    good = all(each.good for each in tried) and not strays
    if as_json:
        fired = sum(each.fired for each in tried)
        print_json(
            {"shapes": [each.as_json() for each in tried], "fired": fired, "strays": strays, "good": good}
        )
    else:
        for each in tried:
            mark = "ok" if each.good else "FAILED"
            click.echo(f"{mark}  {each.code}  {each.passing} passing, {each.failing} failing examples")
            for problem in each.problems:
                click.echo(f"    {problem}")
        silent = [each.code for each in tried if not each.fired]
        click.echo(f"{len(tried) - len(silent)} of {len(tried)} shapes fired on a failing example.")
        if silent:
            click.echo(f"Never fired: {', '.join(silent)}")
        for stray in strays:
            click.echo(f"Belongs to no shape: {stray}")
    context.exit(0 if good else FINDINGS)


@shapes.command()
@click.argument("field")
@json_option
@language_option
def explain(field: str, as_json: bool, lang: str) -> None:
    """Say what a field means, which levels ask for it, and how it is written.

    FIELD is a key (d_spacing), its path (sample.name), its label in English or Japanese, a property
    (xafs:temperature) or the code of a finding (findable-title).
    """
    from catalog.explain import as_json as fields_json
    from catalog.explain import explain as explained
    from catalog.fields import find

    found = find(field)
    if as_json:
        print_json([fields_json(each) for each in found])
    else:
        click.echo("\n".join(explained(each, lang) for each in found), nl=False)
