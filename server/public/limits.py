"""The limits a query runs under, as they are stated to clients."""

from __future__ import annotations

from decimal import Decimal

from server.query.protocol import Limits


def limit_headers(limits: Limits) -> dict[str, str]:
    """The headers that state the limits beside an answer: seconds, bytes, and what one client may use (0: any)."""
    return {
        "X-Query-Time-Limit": f"{limits.seconds:g}",
        "X-Query-Memory-Limit": str(limits.memory_bytes),
        "X-Query-Result-Limit": str(limits.result_bytes),
        "X-Query-Length-Limit": str(limits.query_bytes),
        "X-Client-Limit": (
            f"queries={limits.client_queries}, seconds={limits.client_seconds:g}, errors={limits.client_errors}"
        ),
    }


def limit_facts(limits: Limits) -> dict[str, Decimal | int]:
    """The limits by the term of the ontology that states each; what is not limited is not there.

    >>> found = limit_facts(Limits(client_queries=0))
    >>> found["queryTimeLimit"], "clientQueryLimit" in found
    (Decimal('20.0'), False)
    """
    of_a_client: dict[str, Decimal | int] = {
        "clientQueryLimit": limits.client_queries,
        "clientTimeLimit": Decimal(str(limits.client_seconds)),
        "clientErrorLimit": limits.client_errors,
    }
    return {
        "queryTimeLimit": Decimal(str(limits.seconds)),
        "queryMemoryLimit": limits.memory_bytes,
        "queryResultLimit": limits.result_bytes,
        "queryLengthLimit": limits.query_bytes,
        **{name: value for name, value in of_a_client.items() if value},
    }


def limits_sentence(limits: Limits) -> str:
    """The limits in English.

    >>> for sentence in limits_sentence(Limits()).split(". "):
    ...     print(sentence)
    A query may run 20 s, use 1,074 MB of memory, have 16,000 bytes and give 50 MB; beyond that it is an error
    One client may have 2 queries at once, 60 s of evaluation a minute, 30 errors a minute.
    """
    return (
        f"A query may run {limits.seconds:g} s, use {limits.memory_bytes / 1e6:,.0f} MB of memory, have "
        f"{limits.query_bytes:,} bytes and give {limits.result_bytes / 1e6:,.0f} MB; beyond that it is an error."
        f"{_client_sentence(limits)}"
    )


def _client_sentence(limits: Limits) -> str:
    parts = [
        f"{limits.client_queries} queries at once" if limits.client_queries else "",
        f"{limits.client_seconds:g} s of evaluation a minute" if limits.client_seconds else "",
        f"{limits.client_errors} errors a minute" if limits.client_errors else "",
    ]
    stated = ", ".join(filter(None, parts))
    return f" One client may have {stated}." if stated else ""
