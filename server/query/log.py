"""The query log: one JSON line a query, with nothing that tells who asked or what was sought.

It holds no address, no text and no name; a query is known by its hash, so that repeated ones can be counted.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

from server.query.lexer import outline

LOG = logging.getLogger("xafscat.query")
_HASH_DIGITS = 16


class QueryLog:
    """Appends to a file, which may be moved away at any time: the next line begins a new one.

    A log that cannot be written (a full disk) costs its lines and no answer.
    """

    def __init__(self, path: Path) -> None:
        self._handler = _Handler(path, encoding="utf-8")

    def note(self, text: bytes, *, code: str, seconds: float | None, size: int, release: int | None) -> None:
        """Note a query and how it ended: ``code`` of the error, "" for an answer of ``size`` bytes."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "query": hashlib.sha256(text).hexdigest()[:_HASH_DIGITS],
            "shape": outline(text.decode("utf-8", "replace")),
            "outcome": code or "answered",
            "seconds": None if seconds is None else round(seconds, 4),
            "bytes": size,
            "release": release,
        }
        record = logging.LogRecord("query", logging.INFO, "", 0, json.dumps(line), None, None)
        self._handler.handle(record)

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


class _Handler(WatchedFileHandler):
    """Says once, and not at every line, that it cannot write."""

    _well = True

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        if self._well:
            self._well = False
            LOG.error("the query log cannot be written; its lines are lost")
