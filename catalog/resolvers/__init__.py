"""Resolvers: one module a database, one constant ``RESOLVER`` in it.

A resolver finds entries of its database for a material of the list, and reads what the database says of one entry.
It asks through the client it is handed and never opens a connection of its own. Members are found by scanning this
folder and the entry points ``xafscat.resolvers``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from catalog.linking.databases import Database
from catalog.linking.model import Candidate, Facts, Gone, Moved, Query
from catalog.plugins import plugins


@dataclass(frozen=True, slots=True)
class Answer:
    """What a database answered: ``url`` after the allowed redirects, HTTP status, headers in lower case, the body,
    its SHA-256 in hex and when it was retrieved (ISO 8601, UTC). ``moved`` is where a permanent redirect led."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    sha256: str
    retrieved: str
    moved: str = ""


class Http(Protocol):
    """The one way out: cached, rate-limited, bounded. See ``catalog.net``.

    ``options`` is what the operator set for resolvers: ``cod_index`` (a path), ``optimade:NAME`` (a base URL).
    """

    options: Mapping[str, str]

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        policy: Policy,
        accept: str = "application/json",
    ) -> Answer:
        """The answer to a GET, from the cache or the network as the mode allows.

        A refusal such as 400, 404, 410 or 501 is an answer. Raises Unreachable (``catalog.errors``) when nothing can
        be known: offline and not in the cache, no key, timeout, 429 and 5xx after the retries, an answer too large.
        """


@dataclass(frozen=True, slots=True)
class Policy:
    """How a database wants to be asked.

    ``hosts`` may be asked and redirected to (a host, asked by https; one that an operator set may be a whole origin
    such as ``http://127.0.0.1:5010``); ``per_second`` is the rate over all of them, ``days`` an answer
    stays fresh, ``key`` the environment variable of an API key and ``key_header`` the header it is sent in.
    """

    hosts: tuple[str, ...]
    per_second: float
    days: float
    key: str = ""
    key_header: str = ""


class Finder(Protocol):
    """Looks for entries of a material."""

    def __call__(self, query: Query, http: Http, /) -> Iterable[Candidate]:
        """Candidates in the order of the database; nothing is chosen here. Raises Unreachable."""


class Reader(Protocol):
    """Reads one entry."""

    def __call__(self, iri: str, http: Http, /) -> Facts | Gone | Moved:
        """What the database says of the entry. Raises Unreachable."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """A way to ask databases: ``name`` in commands, ``title`` in ``en`` and ``ja``, whose entries it finds and reads,
    which fields of a query ``find`` needs at least one of (none: any will do), and the policy.

    ``find`` or ``read`` is None where a database cannot be asked so (ICSD is named by its ids only). ``order``
    sorts those that read entries of the same database: the first that can is asked.
    """

    name: str
    title: dict[str, str]
    databases: tuple[Database, ...]
    policy: Policy
    find: Finder | None = None
    read: Reader | None = None
    needs: frozenset[str] = field(default_factory=frozenset)
    order: int = 50


@cache
def resolvers() -> dict[str, Resolver]:
    """All resolvers by name, in the order they are asked."""
    found: list[Resolver] = plugins(__name__, "RESOLVER")
    return {item.name: item for item in sorted(found, key=lambda item: (item.order, item.name))}


def readers_of(iri: str) -> list[Resolver]:
    """The resolvers that can read this entry, in the order they are to be asked."""
    return [
        item
        for item in resolvers().values()
        if item.read is not None and any(database.owns(iri) for database in item.databases)
    ]


__all__ = ["Answer", "Finder", "Http", "Policy", "Reader", "Resolver", "readers_of", "resolvers"]
