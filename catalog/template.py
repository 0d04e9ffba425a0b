"""Templates of the deposit form to be filled in, and what programs need of it: made from the one list of fields."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

from catalog.columns import columns
from catalog.errors import UsageError
from catalog.facets import facets
from catalog.template_schema import schema
from catalog.template_yaml import yaml_template

FORMATS = ("yaml", "csv", "xlsx", "schema", "facets")
LANGUAGES = ("en", "ja")


def template(output: str, language: str = "en") -> bytes:
    """A template as a file: ``yaml``, ``csv`` or ``xlsx``; ``schema`` is the JSON Schema of the form, ``facets`` the
    fields to narrow a list by. ``language`` is that of comments, headings and lists (``en`` or ``ja``).

    Raises UsageError for another format or language.
    """
    if language not in LANGUAGES:
        raise UsageError(f"there are no templates in {language!r}; use one of: {', '.join(LANGUAGES)}")
    makers: dict[str, Callable[[], bytes]] = {
        "yaml": lambda: yaml_template(language).encode(),
        "csv": lambda: csv_template(language),
        "xlsx": lambda: _xlsx(language),
        "schema": lambda: _json(schema()),
        "facets": lambda: _json([facet.as_json() for facet in facets()]),
    }
    if output not in makers:
        raise UsageError(f"{output!r} is no format of templates; use one of: {', '.join(FORMATS)}")
    return makers[output]()


def csv_template(language: str) -> bytes:
    """One line of headings. The byte order mark tells spreadsheet programs that it is UTF-8."""
    text = io.StringIO()
    headings = [column.label.get(language) or column.label["en"] for column in columns()]
    csv.writer(text, lineterminator="\r\n").writerow(headings)
    return text.getvalue().encode("utf-8-sig")


def _xlsx(language: str) -> bytes:
    from catalog.template_xlsx import xlsx_template

    return xlsx_template(language)


def _json(body: object) -> bytes:
    return (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode()
