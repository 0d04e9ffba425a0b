"""What can become of a query other than an answer: one class a code, with the HTTP status that suits it.

``QueryRefused`` is the asker's doing and known before evaluation, ``QueryFailed`` came of evaluating it.
``docs/sparql-limits.md`` documents each code.
"""

from __future__ import annotations

from typing import Any, ClassVar

from catalog.errors import CatalogError


class QueryProblem(CatalogError):
    """A query without an answer.

    ``status`` is a hint for HTTP; ``retry_after`` is in seconds, None when repeating is no use; ``line`` and
    ``column`` count from 1 and are None when the place is not known; ``limit`` is the value of the limit that was
    hit, in the unit its setting has.
    """

    code: ClassVar[str] = "query-crashed"
    status: ClassVar[int] = 500

    def __init__(
        self,
        detail: str,
        *,
        line: int | None = None,
        column: int | None = None,
        limit: float | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.line = line
        self.column = column
        self.limit = limit
        self.retry_after = retry_after
        super().__init__(detail, where="" if line is None else f"line {line}, column {column}")

    def as_message(self) -> dict[str, Any]:
        """The problem as it travels between processes; ``problem`` reads it."""
        fields = {name: getattr(self, name) for name in ("line", "column", "limit", "retry_after")}
        return {
            "code": self.code,
            "detail": self.detail,
            **{name: value for name, value in fields.items() if value is not None},
        }


class QueryRefused(QueryProblem):
    """The query is not evaluated, whatever the state of the server."""

    code = "query-malformed"
    status = 400


class QueryMalformed(QueryRefused):
    """The text is not a SPARQL query."""

    code = "query-malformed"


class TooComplex(QueryRefused):
    """The text nests deeper, or chains more operators, than any honest query does."""

    code = "query-too-complex"


class ServiceRefused(QueryRefused):
    """The query wants another server contacted."""

    code = "query-refused-service"
    status = 403


class UpdateRefused(QueryRefused):
    """The text is an update."""

    code = "query-refused-update"
    status = 403


class TooLong(QueryRefused):
    """The text has more bytes than a query may have."""

    code = "query-too-long"
    status = 413


class FormatUnsuited(QueryRefused):
    """A query of this kind has no answer in the format asked for."""

    code = "query-format"
    status = 406


class QueryFailed(QueryProblem):
    """The query was taken but has no answer."""


class Crashed(QueryFailed):
    """The engine broke off for a reason of its own."""

    code = "query-crashed"
    status = 500


class TimedOut(QueryFailed):
    """Evaluation took longer than a query may."""

    code = "query-timeout"
    status = 503

    @classmethod
    def of(cls, seconds: float) -> TimedOut:
        """The failure with the limit in seconds that was hit."""
        return cls(
            f"the query took longer than {seconds:g} s and was stopped; ask for less, or add LIMIT",
            limit=seconds,
        )


class MemoryExceeded(QueryFailed):
    """Evaluation needed more memory than a query may have."""

    code = "query-memory"
    status = 503

    @classmethod
    def of(cls, limit: int) -> MemoryExceeded:
        """The failure with the limit in bytes that was hit."""
        return cls(f"the query needs more than {limit / 2**20:,.0f} MiB of memory", limit=limit)


class ResultTooLarge(QueryFailed):
    """The answer has more bytes than an answer may have."""

    code = "result-too-large"
    status = 503


class NotRepresentable(QueryFailed):
    """The answer holds characters that the format cannot express (control characters in XML)."""

    code = "result-not-representable"
    status = 406


class Busy(QueryFailed):
    """No worker was free in time."""

    code = "busy"
    status = 503


class ClientLimit(QueryFailed):
    """Whoever asks has used what one client may."""

    code = "client-limit"
    status = 429


class Cancelled(QueryFailed):
    """Somebody stopped the query."""

    code = "query-cancelled"
    status = 503


class SandboxUnavailable(QueryFailed):
    """This system offers no way to lock the workers in, so none evaluates anything."""

    code = "sandbox-unavailable"
    status = 503


class NoRelease(QueryFailed):
    """Nothing has been published yet."""

    code = "no-release"
    status = 503


class Unavailable(QueryFailed):
    """The query broker does not answer."""

    code = "query-unavailable"
    status = 503


PROBLEMS: dict[str, type[QueryProblem]] = {
    kind.code: kind
    for kind in (
        QueryMalformed,
        TooComplex,
        ServiceRefused,
        UpdateRefused,
        TooLong,
        FormatUnsuited,
        Crashed,
        TimedOut,
        MemoryExceeded,
        ResultTooLarge,
        NotRepresentable,
        Busy,
        ClientLimit,
        Cancelled,
        SandboxUnavailable,
        NoRelease,
        Unavailable,
    )
}


def problem(message: dict[str, Any]) -> QueryProblem:
    """The problem that ``as_message`` described; one of an unknown code counts as a crash."""
    fields = {name: message.get(name) for name in ("line", "column", "limit", "retry_after")}
    return PROBLEMS.get(str(message.get("code")), Crashed)(str(message.get("detail", "")), **fields)
