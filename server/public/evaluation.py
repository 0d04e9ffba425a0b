"""From a question to its whole answer, through the broker; what becomes of it otherwise is an HTTP answer."""

from __future__ import annotations

import re
from typing import Any

from flask import g, request

from server.public.clients import client_of
from server.public.errors import Refused
from server.public.languages import gettext
from server.public.protocol import Question
from server.public.query_words import in_words
from server.public.site import release, site
from server.query.client import Answer
from server.query.errors import QueryProblem, ServiceRefused

# A client that is not told otherwise by the broker may come back after this many seconds.
RETRY_AFTER_S = 30
# Who asks the same again is told the same: no time makes it another answer.
SAME_AGAIN = frozenset({"query-timeout", "query-memory", "result-too-large", "query-cancelled"})
# Where a problem with the query stands in the WSGI environment when the query was evaluated on the short way.
PROBLEM = "xafscat.problem"
# What a limit is counted in, where its value alone would not say.
UNITS = {
    "query-timeout": "second",
    "query-memory": "byte",
    "result-too-large": "byte",
    "query-too-long": "byte",
}
# Long enough that nobody guesses another's.
_WORD = re.compile(r"[0-9A-Za-z-]{32,64}")
_UNDECLARED = re.compile(r"the prefix (\S+): is not declared")


def evaluate(asked: Question, format_name: str) -> Answer:
    """The whole answer to ``asked`` in a format of the protocol. Raises Refused."""
    if (known := request.environ.pop(PROBLEM, None)) is not None:
        raise refusal(known)
    client = site().query
    if client is None:
        raise Refused("sparql-off", site().query_off, headers={"Retry-After": str(RETRY_AFTER_S)})
    current = release()
    try:
        answered = client.run(
            asked.query,
            format_name,
            base=f"{current.base}/sparql",
            default_graphs=asked.default_graphs,
            named_graphs=asked.named_graphs,
            client=client_of(request.environ, site().trusted_proxies),
            request_id=request_word(),
        )
    except QueryProblem as problem:
        raise refusal(problem) from problem
    if answered.release != current.number:
        # A release was published in between: the answer states the one it was taken from.
        g.pop("release", None)
        release()
    return answered


def request_word() -> str:
    """The word under which the client may cancel its query (header ``X-Query-Id``); "" when it gave none."""
    word = request.headers.get("X-Query-Id", "")
    return word if _WORD.fullmatch(word) else ""


def refusal(problem: QueryProblem) -> Refused:
    """The HTTP answer to a query that has none."""
    members: dict[str, Any] = {
        name: value for name in ("line", "column", "limit") if (value := getattr(problem, name)) is not None
    }
    headers = {}
    if "limit" in members and (unit := UNITS.get(problem.code)):
        members["unit"] = unit
    if problem.code == ServiceRefused.code:
        members["federate"] = recipe(f"{release().base}/sparql")
    if problem.retry_after or (problem.status in {429, 503} and problem.code not in SAME_AGAIN):
        headers["Retry-After"] = str(problem.retry_after or RETRY_AFTER_S)
    detail = in_words(problem)
    undeclared = _UNDECLARED.fullmatch(problem.detail)
    if undeclared and (namespace := site().vocabulary.prefixes.get(undeclared[1])):
        declaration = f"PREFIX {undeclared[1]}: <{namespace}>"
        detail = gettext(
            "%(problem)s. Begin the query with: %(declaration)s", problem=detail, declaration=declaration
        )
    return Refused(problem.code, detail, members, headers)


def recipe(endpoint: str) -> str:
    """A query with which whoever federates from an endpoint of their own reaches this one."""
    return (
        "PREFIX xafs: <https://w3id.org/xafscat/ns#>\n"
        "SELECT ?spectrum ?element WHERE {\n"
        "  # patterns about your own data here, then:\n"
        f"  SERVICE <{endpoint}> {{ ?spectrum a xafs:Spectrum ; xafs:element ?element }}\n"
        "}"
    )
