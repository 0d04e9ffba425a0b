"""The sentences of queries without an answer, in the reader's language.

Broker, workers and lexer speak English, with the values in it. Here is what they say, as messages with named fields; a
sentence that is none of these stays as it was said.
"""

from __future__ import annotations

import re
from functools import cache

from server.public.languages import SOURCE_LANGUAGE, gettext, language, mark
from server.query.errors import QueryProblem

SENTENCES: dict[str, tuple[str, ...]] = {
    "query-malformed": (
        mark("the prefix %(prefix)s: is not declared"),
        mark("this %(bracket)s closes nothing"),
        mark("this %(bracket)s is never closed"),
        mark("this string has no end, or holds a line break or an escape that SPARQL does not know"),
        mark("no SPARQL token begins with %(character)s"),
        mark("write a blank after '<' where it means 'less than'"),
        mark("the query is not SPARQL at, or a little before, this place"),
        mark("the query is not SPARQL at, or a little before, this place (%(expected)s)"),
        mark("the query is not SPARQL: %(rule)s"),
        mark("a graph of the dataset is no absolute IRI: %(reason)s"),
        mark("there is no such function here: %(name)s"),
        mark("the query holds half of a surrogate pair, which is no character"),
    ),
    "query-too-complex": (
        mark("brackets are nested more than %(limit)s deep"),
        mark("there are more than %(limit)s operators"),
    ),
    "query-refused-service": (
        mark(
            "SERVICE is not evaluated here, because this endpoint contacts no other server. Send "
            "the query to an endpoint of your own and name this one in its SERVICE"
        ),
    ),
    "query-refused-update": (mark("this endpoint only answers queries, and %(word)s is an update"),),
    "query-too-long": (mark("the query has %(size)s bytes, and may have %(limit)s"),),
    "query-format": (mark("%(kind)s queries are not answered in %(format)s; choose one of %(choices)s"),),
    "query-timeout": (
        mark("the query took longer than %(limit)s s and was stopped; ask for less, or add LIMIT"),
    ),
    "query-memory": (mark("the query needs more than %(limit)s MiB of memory"),),
    "query-crashed": (
        mark("the process that evaluated the query ended (%(how)s)"),
        mark("the engine could not evaluate the query: %(reason)s"),
    ),
    "query-cancelled": (mark("the query was cancelled"),),
    "result-too-large": (
        mark("the answer has more than %(limit)s bytes; ask for less, or in parts with LIMIT and OFFSET"),
        mark("the answer has more than %(limit)s bytes; ask for less"),
    ),
    "result-not-representable": (
        mark("the answer has more rows or columns than a spreadsheet; ask for csv"),
        mark("a value has more than %(limit)s characters, the bound of a cell; ask for csv"),
        mark("the answer holds control characters, which no spreadsheet can; ask for csv"),
        mark("the answer cannot be written as XML (a property has no XML name); ask for another format"),
        mark("the answer cannot be written as XML (there is %(character)s in it); ask for another format"),
    ),
    "client-limit": (
        mark("this address has %(limit)s queries under way or waiting; wait for one to end"),
        mark("this address has used its %(limit)s s of evaluation a minute"),
        mark("queries from this address had %(limit)s errors within a minute"),
        mark(
            "another query of this address is running, and has what one address may have; wait "
            "for it, or cancel it"
        ),
    ),
    "busy": (
        mark("the endpoint is busy: no worker became free in time"),
        mark("the endpoint is busy: too many queries are waiting already"),
        mark("the endpoint is busy: too many queries are waiting, most of them of this address"),
    ),
    "no-release": (mark("nothing has been published yet"),),
    "query-unavailable": (
        mark("the query broker does not start"),
        mark("the query broker does not answer: %(reason)s"),
        mark("the query broker ended while the query ran"),
        mark("the query broker is not running"),
        mark("the query client is closed"),
        mark("no worker can be started: %(reason)s"),
        mark("the query workers do not start"),
        mark("the release cannot be opened: %(reason)s"),
    ),
}
_FIELD = re.compile(r"%\\\((\w+)\\\)s")


def in_words(problem: QueryProblem) -> str:
    """What became of a query, as a sentence for the reader of this request."""
    if language() != SOURCE_LANGUAGE:
        for sentence in SENTENCES.get(problem.code, ()):
            if found := pattern(sentence).fullmatch(problem.detail):
                return gettext(sentence, **found.groupdict())
    return problem.detail[:1].upper() + problem.detail[1:]


@cache
def pattern(sentence: str) -> re.Pattern[str]:
    """What matches a message whose fields are filled in.

    >>> pattern("the query took %(seconds)s s").fullmatch("the query took 20 s")["seconds"]
    '20'
    """
    return re.compile(_FIELD.sub(r"(?P<\1>.+)", re.escape(sentence)), re.DOTALL)
