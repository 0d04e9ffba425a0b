"""The limits on strangers' queries, taken from the settings."""

from __future__ import annotations

from catalog.config import Settings
from server.query.protocol import Limits


def limits_of(settings: Settings) -> Limits:
    """The limits on queries that the settings state."""
    return Limits(
        seconds=settings.query_timeout_s,
        memory_bytes=settings.query_memory_bytes,
        result_bytes=settings.query_result_bytes,
        query_bytes=settings.query_max_bytes,
        workers=settings.query_workers,
        client_queries=settings.client_queries,
        client_seconds=settings.client_seconds,
        client_errors=settings.client_errors,
    )
