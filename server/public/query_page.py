"""The page of the endpoint: the form, examples, and a result with labels, downloads and programs to copy.

It is whole without scripts; ``static/query.js`` adds the editor, the chart and the cancelling of what runs.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, render_template, request

from server.public.evaluation import evaluate
from server.public.examples import by_theme
from server.public.labels import Labels
from server.public.languages import language
from server.public.protocol import Question
from server.public.representations import HTML
from server.public.results import ResultsView, table
from server.public.site import here, release, site
from server.public.snippets import query_snippets
from server.public.view import Viewer
from server.query.formats import Shape, formats_of

# What is longer is offered whole as a file: a page of it could neither be read nor drawn.
MAX_GRAPH = 400_000
MAX_ROWS_BYTES = 4_000_000


def answer_page(asked: Question, shape: Shape) -> Response:
    """The page with the answer to a question. Raises Refused."""
    answered = evaluate(asked, formats_of(shape)[0].name)
    if answered.size > (MAX_GRAPH if shape == "graph" else MAX_ROWS_BYTES):
        answered.close()
        view = ResultsView(too_long=answered.size)
    elif shape == "graph":
        view = ResultsView(text=answered.read().decode())
    else:
        view = table(answered.read(), *reader())
    return Response(query_page(asked, view, answered.seconds, shape), content_type=HTML)


def reader() -> tuple[Viewer, Labels]:
    """What shows the terms of a result to the reader of this request."""
    current, words, code = release(), site().vocabulary, language()
    return Viewer(words, code, current.base), Labels(current, words, code)


def query_page(
    asked: Question, results: ResultsView | None = None, seconds: float = 0.0, shape: Shape = "rows"
) -> str:
    """The page with the question in its form, and below it the results."""
    query, graphs = asked.query, asked.graphs
    link = here("/sparql?") + urlencode({"query": query, **graphs}, doseq=True)
    downloads = [(item, f"{link}&format={item.name}") for item in formats_of(shape)]
    endpoint = f"{release().base}/sparql"
    return render_template(
        "sparql.html",
        query=query,
        graphs=graphs,
        results=results,
        seconds=seconds,
        downloads=downloads,
        snippets=query_snippets(endpoint, query, graphs, graph=shape == "graph") if query else [],
        link=link,
        formats={"SELECT, ASK": formats_of("rows"), "CONSTRUCT, DESCRIBE": formats_of("graph")},
        themes=by_theme(),
        chosen_example=request.args.get("example", ""),
        limits=site().limits,
        citable=site().citations is not None,
        off=site().query_off if site().query is None else "",
    )
