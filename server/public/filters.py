"""What templates may call beside Jinja's own: links, numbers, dates, formulae."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import g, request

from catalog import __version__
from server.public.behind import naming_query
from server.public.formatting import day, formula, number, shell, size
from server.public.languages import NAMES, SOURCE_LANGUAGE, choice, gettext, language
from server.public.links import local_path, web_link
from server.public.site import here

if TYPE_CHECKING:
    from server.public.site import Site

SAMPLE_QUERY = """\
PREFIX xafs: <https://w3id.org/xafscat/ns#>
SELECT ?element ?edge (COUNT(*) AS ?spectra)
WHERE { ?spectrum xafs:element ?element ; xafs:edge ?edge }
GROUP BY ?element ?edge
ORDER BY DESC(?spectra) ?element"""
FORMAT_NAMES = {
    "json": "JSON",
    "xml": "XML",
    "csv": "CSV",
    "tsv": "TSV",
    "turtle": "Turtle",
    "jsonld": "JSON-LD",
    "ntriples": "N-Triples",
    "rdfxml": "RDF/XML",
    "nquads": "N-Quads",
    "trig": "TriG",
}
DEFAULT_QUERY = """\
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX xafs: <https://w3id.org/xafscat/ns#>

SELECT ?record ?title
WHERE {
  ?record a xafs:Deposit ;
          dcterms:title ?title .
  FILTER(LANG(?title) = "en")
}
LIMIT 20
"""

FILTERS: dict[str, Callable[..., Any]] = {
    "web_link": web_link,
    "local_path": local_path,
    "formula": formula,
    "shell": shell,
    "number": number,
    "size": size,
    "day": day,
}


def address(path: str, **arguments: object) -> str:
    """A path of this site that keeps the language the reader chose in the address; a list is a repeated argument."""
    path, _, fragment = path.partition("#")
    asked = request.args.get("lang")
    if asked == language() and "lang" not in arguments:
        arguments["lang"] = asked
    query = urlencode({key: item for key, item in arguments.items() if item not in (None, "")}, doseq=True)
    return here(path) + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")


def in_language(code: str) -> str:
    """The address of this page in another language."""
    arguments = [(key, item) for key, item in request.args.items(multi=True) if key != "lang"]
    return "?" + urlencode([*arguments, ("lang", code)])


def kind_name(kind: str) -> str:
    """What the authorities of a kind are called together, where no scheme names them."""
    names = {
        "facility": gettext("Facilities"),
        "beamline": gettext("Beamlines"),
        "edge": gettext("Absorption edges"),
        "material": gettext("Materials"),
    }
    return names.get(kind, kind.replace("-", " ").capitalize())


def excerpt(query: str, line: int, column: int) -> str:
    """The line of a query that a place is in, and below it a mark.

    >>> print(excerpt("ASK {", 1, 6))
    ASK {
         ^
    """
    lines = query.split("\n")
    stated = lines[line - 1].rstrip("\r") if 0 < line <= len(lines) else ""
    start = max(0, column - 60)
    return f"{stated[start : start + 100]}\n{' ' * (column - 1 - start)}^"


def page_names(site: Site, code: str) -> dict[str, Any]:
    """The names every template knows."""
    return {
        "site": site,
        "site_title": choice(site.title, code),
        "language": code,
        "languages": [(item, NAMES.get(item, item)) for item in site.languages.codes],
        "source_language": SOURCE_LANGUAGE,
        "address": address,
        "in_language": in_language,
        "here": here,
        "asset": lambda name: here(f"/static/{name}?v={site.build}"),
        "version": __version__,
        "current": g.get("release"),
        "metadata_license_name": site.vocabulary.label(site.metadata_license, code) or site.metadata_license,
        "kind_name": kind_name,
        "excerpt": excerpt,
        "records_query": naming_query,
        "default_query": DEFAULT_QUERY,
        "format_names": FORMAT_NAMES,
        "sample_query": SAMPLE_QUERY,
    }
