"""Programs to copy that ask what a page asks: for a shell, Python and R. Whatever the query holds, it stays text."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Snippet:
    """A program: its language for people, and its text."""

    name: str
    text: str


def query_snippets(
    endpoint: str, query: str, graphs: Mapping[str, list[str]], *, graph: bool = False
) -> list[Snippet]:
    """Programs that send ``query`` to ``endpoint`` and read the answer as a table, or as Turtle for a graph.

    ``graphs`` are those chosen by the protocol's parameters.
    """
    query = query.strip("\n")
    accept = "text/turtle" if graph else "text/csv"
    mark = next(word for word in _marks() if word not in query.split("\n"))
    fields = [
        f"  --data-urlencode {shlex.quote(f'{name}={iri}')} \\\n"
        for name, iris in graphs.items()
        for iri in iris
    ]
    shell = (
        f"curl {shlex.quote(endpoint)} \\\n  -H 'Accept: {accept}' \\\n{''.join(fields)}"
        f"  --data-urlencode query@- <<'{mark}'\n{query}\n{mark}"
    )
    headers = f'headers={{"Accept": "{accept}"}}'
    more = "".join(f", {name!r}: {iris!r}" for name, iris in graphs.items())
    python = (
        "import requests\n\n"
        f"query = {_python(query)}\n"
        f"answer = requests.post({json.dumps(endpoint)}, data={{'query': query{more}}}, {headers}, timeout=60)\n"
        "answer.raise_for_status()  # an answer is whole, or it is an error\n"
    )
    reading = "print(answer.text)"
    if not graph:
        python = "import io\n\nimport pandas as pd\n" + python
        reading = "table = pd.read_csv(io.BytesIO(answer.content))\nprint(table)"
    r_graphs = "".join(f", `{name}` = c({', '.join(map(_r, iris))})" for name, iris in graphs.items())
    if any(len(iris) > 1 for iris in graphs.values()):
        r_graphs += ', .multi = "explode"'
    r = (
        "library(httr2)\n\n"
        f"query <- {_r(query)}\n"
        f"answer <- request({json.dumps(endpoint)}) |>\n"
        f'  req_headers(Accept = "{accept}") |>\n'
        f"  req_body_form(query = query{r_graphs}) |>\n"
        "  req_perform()\n"
        + (
            "cat(resp_body_string(answer))"
            if graph
            else "table <- read.csv(text = resp_body_string(answer))\nprint(table)"
        )
    )
    return [Snippet("curl", shell), Snippet("Python", python + reading), Snippet("R", r)]


def download_snippets(address: str, parameters: Mapping[str, str], extension: str) -> list[Snippet]:
    """Programs that fetch the answer of a named query."""
    suffix = "csv" if extension in {"srj", "csv"} else extension
    arguments = urlencode(parameters)
    url = f"{address}.{suffix}" + (f"?{arguments}" if arguments else "")
    if suffix != "csv":
        python = f"import rdflib\n\ngraph = rdflib.Graph().parse({json.dumps(url)})\nprint(graph.serialize())"
        return [Snippet("curl", f"curl {shlex.quote(url)}"), Snippet("Python", python)]
    return [
        Snippet("curl", f"curl {shlex.quote(url)}"),
        Snippet("Python", f"import pandas as pd\n\ntable = pd.read_csv({json.dumps(url)})\nprint(table)"),
        Snippet("R", f"table <- read.csv({json.dumps(url)})\nprint(table)"),
    ]


def _marks() -> list[str]:
    return ["QUERY", *(f"QUERY{number}" for number in range(1, 20_000))]


def _python(text: str) -> str:
    # A raw string shows the query as it is, wherever that will do.
    raw = '"""' not in text and not text.endswith(('"', "\\"))
    control = any(ord(letter) < 32 and letter != "\n" for letter in text)
    return f'r"""{text}"""' if raw and not control else repr(text)


def _r(text: str) -> str:
    dashes = next("-" * number for number in range(20_000) if f']{"-" * number}"' not in text)
    return f'r"{dashes}[{text}]{dashes}"'
