"""Citable queries: ``POST /cite`` keeps a query with its release and answer, ``/cite/{id}`` shows it ever after."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, render_template, request

from server.public.citations import Citation, CitationStore, StoreFull, Terms
from server.public.clients import client_of
from server.public.comparison import Comparison, attributed, compare, rows_of, rows_of_graph
from server.public.errors import Refused
from server.public.evaluation import evaluate
from server.public.languages import choice, gettext, language
from server.public.negotiation import Offer, best
from server.public.protocol import PAGE, PAGE_TYPES, Question, question
from server.public.query_page import reader
from server.public.representations import HTML
from server.public.results import view_of
from server.public.site import etag, here, release, site
from server.query.formats import shape_of
from server.query.lexer import query_kind

if TYPE_CHECKING:
    from server.public.results import ResultsView

blueprint = Blueprint("citing", __name__)

# A person cites a handful of queries; whoever wants more in ten minutes fills the store.
PER_CLIENT, WINDOW_S, CLIENTS = 20, 600.0, 4096
# So many rows of a difference are shown; the numbers count all of them.
SHOWN = 100
# Reading and comparing a longer answer would hold up everybody else.
MOST_BYTES = 5_000_000
SUFFIXES = {"json": "json", "rq": "rq", "html": PAGE}
OFFERS = (
    Offer(("application/json",), "json"),
    Offer(PAGE_TYPES, PAGE),
    Offer(("application/sparql-query",), "rq"),
)


class Allowance:
    """How many new citations each client has made of late; kept in memory, by address, and nowhere else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, client: str, now: float) -> float:
        """The seconds until ``client`` may make one more; 0 means now, and counts it."""
        with self._lock:
            made = self._made.setdefault(client, deque())
            self._made.move_to_end(client)
            while len(self._made) > CLIENTS:
                self._made.popitem(last=False)
            while made and made[0] <= now - WINDOW_S:
                made.popleft()
            if len(made) >= PER_CLIENT:
                return made[0] + WINDOW_S - now
            made.append(now)
            return 0.0


ALLOWANCE = Allowance()


@blueprint.post("/cite")
def cite() -> Response:
    """Evaluate a query and keep it with its answer; who sends it again is led to the same citation, uncounted."""
    store = _store()
    asked = question(request, site().limits.query_bytes)
    assert asked is not None  # a POST that asks nothing was refused
    columns, rows, kind = _answer(asked)
    current, new = release(), False
    dataset = list(asked.default_graphs), list(asked.named_graphs)
    kept = store.known(asked.query, dataset, current.hash, columns, rows)
    if kept is None:
        _count_one_more()
        try:
            kept, new = store.keep(
                query=asked.query,
                dataset=dataset,
                kind=kind,
                columns=columns,
                rows=attributed(rows, current),
                release=current.number,
                release_hash=current.hash,
            )
        except StoreFull as error:
            detail = gettext("The operator can make room for more citations.")
            raise Refused("citations-full", detail) from error
    address = here(f"/cite/{kept.id}")
    if best(request.headers.get("Accept"), OFFERS, default="json") == PAGE:
        named = request.form.get("lang") or request.args.get("lang")
        chosen = f"?lang={named}" if named in site().languages.codes else ""
        return Response(status=303, headers={"Location": address + chosen, "Cache-Control": "no-store"})
    response = _json(_facts(kept), 201 if new else 200)
    response.headers["Location"] = address
    return response


@blueprint.get("/cite/<name>")
def cited(name: str) -> Response:
    """A citation: the query, its rows as they were, how to cite it, and what today's release answers."""
    identifier, dot, extension = name.partition(".")
    citation = _store().find(identifier) if identifier.isalnum() and identifier.isascii() else None
    if citation is None or (dot and extension not in SUFFIXES):
        raise Refused("not-found")
    accepted = best(request.headers.get("Accept"), OFFERS, default="json")
    chosen = SUFFIXES.get(extension, accepted)
    if chosen is None:
        raise Refused("not-acceptable", members={"available": [offer.media_types[0] for offer in OFFERS]})
    tag = etag(f"cite-{citation.id}-{chosen}")
    if request.if_none_match.contains_weak(tag):
        response, known = Response(status=304), True
    elif chosen == "rq":
        response, known = (
            Response(citation.query, content_type="application/sparql-query; charset=utf-8"),
            True,
        )
    else:
        comparison, trouble = _compared(citation)
        known = not trouble
        made = _as_json(citation, comparison, trouble) if chosen == "json" else None
        response = made or Response(_page(citation, comparison, trouble), content_type=HTML)
    if known:
        response.set_etag(tag)
    response.headers["Cache-Control"] = "public, no-cache" if known else "no-store"
    response.vary.add("Accept")
    return response


def _store() -> CitationStore:
    store = site().citations
    if store is None:
        raise Refused("citations-off", gettext("This catalog keeps no citations."))
    return store


def _count_one_more() -> None:
    """Count a new citation of whoever asks. Raises Refused when that is one too many."""
    wait = ALLOWANCE.wait(client_of(request.environ, site().trusted_proxies), time.monotonic())
    if wait > 0:
        detail = gettext(
            "%(count)s new citations in %(minutes)s minutes are enough.", count=PER_CLIENT, minutes=10
        )
        raise Refused("citation-quota", detail, headers={"Retry-After": str(int(wait) + 1)})


def _answer(asked: Question) -> tuple[list[str], list[Terms], str]:
    kind = query_kind(asked.query)
    graph = shape_of(kind) == "graph"
    answered = evaluate(asked, "ntriples" if graph else "json")
    if answered.size > MOST_BYTES:
        answered.close()
        detail = gettext("An answer of more than %(limit)s bytes cannot be cited.", limit=f"{MOST_BYTES:,}")
        raise Refused("result-too-large", detail, {"limit": MOST_BYTES, "unit": "byte"})
    content = answered.read()
    columns, rows = rows_of_graph(content) if graph else rows_of(json.loads(content))
    return columns, rows, answered.kind


def _compared(citation: Citation) -> tuple[Comparison, str]:
    """The comparison with today, and why it could not be made, if it could not."""
    current, trouble = release(), ""
    today: tuple[list[str], list[Terms]] | None = None
    if current.hash == citation.hash and citation.rows is not None:
        # Nothing can have changed, and to find that out row by row would take long.
        return Comparison([terms for terms, _ in citation.rows], same=True, added=[], gone=[]), ""
    try:
        columns, rows, _ = _answer(_question(citation))
        today = columns, rows
    except Refused as refused:
        trouble = refused.detail or refused.code
    withdrawals = current.number != citation.release and current.withdrawn_since(citation.release)
    return compare(citation, current, today, withdrawals=withdrawals), trouble


def _question(citation: Citation) -> Question:
    default, named = citation.dataset
    return Question(citation.query, tuple(default), tuple(named))


def _facts(citation: Citation) -> dict[str, Any]:
    address = f"{release().base}/cite/{citation.id}"
    return {
        "id": address,
        "made": citation.made,
        "release": citation.release,
        "release_hash": citation.hash,
        "query": citation.query,
        "default_graphs": citation.dataset[0],
        "named_graphs": citation.dataset[1],
        "kind": citation.kind,
        "total": citation.total,
        "digest": citation.digest,
        "cite_as": cite_as(citation),
    }


def cite_as(citation: Citation) -> str:
    """The sentence by which a paper cites it."""
    title, _ = choice(site().title, language())
    address = f"{release().base}/cite/{citation.id}"
    return gettext(
        "%(catalog)s. Answer to a SPARQL query of release %(release)s (%(hash)s), %(date)s. %(address)s",
        catalog=title,
        release=citation.release,
        hash=citation.hash[:12],
        date=citation.made[:10],
        address=address,
    )


def _bibtex(citation: Citation) -> str:
    title, _ = choice(site().title, "en")
    lines = {
        "title": f"{title}: answer to a SPARQL query",
        "year": citation.made[:4],
        "version": f"release {citation.release}, {citation.hash[:12]}",
        "url": f"{release().base}/cite/{citation.id}",
    }
    plain = {key: text.translate({ord(letter): None for letter in "{}\\"}) for key, text in lines.items()}
    return (
        f"@misc{{{citation.id},\n" + "".join(f"  {key} = {{{text}}},\n" for key, text in plain.items()) + "}"
    )


def _as_json(citation: Citation, comparison: Comparison, trouble: str) -> Response:
    columns = citation.columns
    body = _facts(citation) | {
        "columns": columns,
        "rows": None if citation.rows is None else comparison.shown,
        "withheld": comparison.withheld,
        "today": {
            "release": release().number,
            "release_hash": release().hash,
            "same": comparison.same,
            "added": comparison.added,
            "gone": comparison.gone,
            "problem": trouble or None,
        },
    }
    return _json(body, 200)


def _page(citation: Citation, comparison: Comparison, trouble: str) -> str:
    def view(rows: list[Terms] | None, limit: int | None = None) -> ResultsView | None:
        if rows is None:
            return None
        bindings = [dict(zip(citation.columns, terms, strict=False)) for terms in rows]
        return view_of(citation.columns, bindings[:limit], *reader())

    return render_template(
        "citation.html",
        citation=citation,
        graphs=_question(citation).graphs,
        cite_as=cite_as(citation),
        bibtex=_bibtex(citation),
        results=view(comparison.shown) if citation.rows is not None else None,
        comparison=comparison,
        added=view(comparison.added, SHOWN),
        gone=view(comparison.gone, SHOWN),
        trouble=trouble,
        shown_limit=SHOWN,
    )


def _json(body: dict[str, Any], status: int) -> Response:
    content = json.dumps(body, ensure_ascii=False, indent=1) + "\n"
    return Response(content, status, content_type="application/json")
