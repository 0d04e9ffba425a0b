"""What one client may use: queries at once, seconds of evaluation a minute, errors a minute.

Token buckets (one is full after a minute without use), kept in memory only and forgotten once full again. What a client
is called (an address) is its caller's choice; one without a name has no quota.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice

from server.query.errors import (
    Busy,
    Cancelled,
    ClientLimit,
    NoRelease,
    SandboxUnavailable,
    Unavailable,
)
from server.query.protocol import Limits

# So many are remembered; beyond it the one that was heard of longest ago is forgotten.
MAX_CLIENTS = 20_000
_MINUTE = 60.0
# The steps of one query follow each other within it.
_MOMENT = 0.001
# What is not the asker's doing.
_INNOCENT = frozenset(
    kind.code for kind in (Busy, Cancelled, ClientLimit, NoRelease, SandboxUnavailable, Unavailable)
)


@dataclass(slots=True)
class _Client:
    """``seconds`` and ``errors`` are what is left of the minute's; work that was begun may bring it below nothing."""

    seconds: float
    errors: float
    seen: float
    waiting: int = 0
    running: int = 0


class Quotas:
    """The quotas of all clients. Times are those of one monotonic clock; a limit of 0 is none."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._clients: OrderedDict[str, _Client] = OrderedDict()
        # Of two workers or more one is always left for somebody else.
        share = max(1, limits.workers - 1)
        self._share = min(share, limits.client_queries) if limits.client_queries else share

    def __len__(self) -> int:
        return len(self._clients)

    def refusal(self, name: str, now: float) -> ClientLimit | None:
        """Why a client may not ask just now, with the seconds after which it may."""
        if not name:
            return None
        limits, client = self._limits, self._client(name, now)
        # What is more than may run waits its turn: programs that federate or draw a page ask several things at a time.
        under_way = limits.client_queries and limits.client_queries + limits.client_waiting
        if under_way and client.waiting + client.running >= under_way:
            return ClientLimit(
                f"this address has {under_way} queries under way or waiting; wait for one to end",
                limit=under_way,
                retry_after=1,
            )
        if limits.client_seconds and client.seconds <= 0:
            return ClientLimit(
                f"this address has used its {limits.client_seconds:g} s of evaluation a minute",
                limit=limits.client_seconds,
                retry_after=_wait(-client.seconds, limits.client_seconds),
            )
        if limits.client_errors and client.errors < 1:
            return ClientLimit(
                f"queries from this address had {limits.client_errors} errors within a minute",
                limit=limits.client_errors,
                retry_after=_wait(1 - client.errors, limits.client_errors),
            )
        return None

    def may_run(self, name: str, free: int, now: float) -> bool:
        """Whether a waiting query of that client may take one of ``free`` workers.

        One client never has all of them, and one that has used half of its minute does not get the last one.
        """
        if not name or self._limits.workers == 1:
            return True
        client = self._client(name, now)
        heavy = bool(self._limits.client_seconds) and client.seconds < self._limits.client_seconds / 2
        return client.running < self._share and (free > 1 or not heavy)

    def in_its_own_way(self, name: str, now: float) -> ClientLimit | None:
        """Why a query has waited in vain, when that is the client's own other query."""
        running = self._client(name, now).running if name else 0
        if not running or running < self._share:
            return None
        return ClientLimit(
            "another query of this address is running, and has what one address may have; wait for it, or cancel it",
            limit=self._share,
            retry_after=1,
        )

    def waits(self, name: str, now: float) -> None:
        """A query of that client was taken."""
        if name:
            self._client(name, now).waiting += 1

    def runs(self, name: str, now: float) -> None:
        """A query that waited is evaluated."""
        if name:
            client = self._client(name, now)
            client.waiting -= 1
            client.running += 1

    def ended(self, name: str, seconds: float | None, code: str, now: float) -> None:
        """A query has ended, after ``seconds`` of evaluation (None: it never ran), with that code ("" is well)."""
        if not name:
            return
        client = self._client(name, now)
        if seconds is None:
            client.waiting -= 1
        else:
            client.running -= 1
            client.seconds -= seconds
        self._count(client, code)

    def refused(self, name: str, code: str, now: float) -> None:
        """A query was refused before it was taken."""
        if name:
            self._count(self._client(name, now), code)

    def _count(self, client: _Client, code: str) -> None:
        if code and code not in _INNOCENT:
            client.errors = max(client.errors - 1, 0.0)

    def _client(self, name: str, now: float) -> _Client:
        limits, client = self._limits, self._clients.get(name)
        if client is None:
            client = self._clients[name] = _Client(limits.client_seconds, limits.client_errors, now)
            self._forget(now)
            return client
        if now - client.seen < _MOMENT:
            return client  # what has come back since then is added later
        self._clients.move_to_end(name)
        minutes = max(0.0, now - client.seen) / _MINUTE
        client.seconds = min(limits.client_seconds, client.seconds + minutes * limits.client_seconds)
        client.errors = min(limits.client_errors, client.errors + minutes * limits.client_errors)
        client.seen = now
        return client

    def _forget(self, now: float) -> None:
        # Those heard of longest ago come first; a minute without a word fills any bucket that was not in debt.
        for name, client in list(islice(self._clients.items(), 2)):
            idle = client.waiting + client.running == 0
            old = now - client.seen > _MINUTE and client.seconds >= 0
            if idle and (old or len(self._clients) > MAX_CLIENTS):
                del self._clients[name]


def _wait(missing: float, a_minute: float) -> int:
    return max(1, math.ceil(missing / a_minute * _MINUTE))
