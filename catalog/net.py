"""The one way out: a client with a cache, for databases that links lead to. No other module opens a connection.

``offline`` answers from the cache alone, ``record`` asks what is not in it, ``live`` also what has become stale. The
cache is a file that can be copied: with the same one, the same questions have the same answers on any machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal, Self, TypeAlias
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from catalog import __version__
from catalog.errors import Damaged, StorageFull, Unreachable
from catalog.net_connections import Connections, Expired, PrivateAddress
from catalog.resolvers import Answer, Policy

Mode: TypeAlias = Literal["offline", "record", "live"]
MODES: tuple[Mode, ...] = ("offline", "record", "live")

MAX_BYTES = 8 * 2**20
MAX_REDIRECTS = 5
TRIES = 3
CONNECT_S, READ_S, TOTAL_S = 10.0, 30.0, 60.0
# A database that asks for a longer wait is asked again by the next run.
MAX_WAIT_S = 60.0
# A host that failed this often in a row is left alone for the rest of the run.
MAX_FAILURES = 3
_CHUNK = 2**16
_PERMANENT = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
_BUSY = (408, 425, 429)
_REFUSED = {401: "the key is missing or wrong", 403: "the database refuses us"}
_KEPT_HEADERS = ("content-type", "etag", "last-modified", "location")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
  key TEXT PRIMARY KEY, url TEXT NOT NULL, asked TEXT NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL,
  body BLOB NOT NULL, sha256 TEXT NOT NULL, retrieved TEXT NOT NULL, moved TEXT NOT NULL
) STRICT
"""
_COLUMNS = "url, status, headers, body, sha256, retrieved, moved"


class CachedHttp:
    """Asks databases and keeps what they answer in the SQLite file ``cache``. Use as a context manager.

    ``contact`` (an address of the operator) goes into the User-Agent, as databases ask for. ``sent`` counts the
    requests that went out, ``kept`` the answers that came from the cache.
    """

    def __init__(
        self,
        cache: Path,
        mode: Mode = "offline",
        *,
        contact: str | None = None,
        options: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
        total_s: float = TOTAL_S,
        read_s: float = READ_S,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.mode = mode
        self.options: Mapping[str, str] = dict(options or {})
        self.sent = self.kept = 0
        self._environ = os.environ if environ is None else environ
        self._max_bytes, self._total_s, self._read_s = max_bytes, total_s, read_s
        self._sleep, self._clock = sleep, clock
        self._next: dict[tuple[str, ...], float] = {}
        self._failures: dict[str, int] = {}
        self._left_alone: dict[str, str] = {}
        about = f"; {contact}" if contact else ""
        # Without a session of requests: that would read cookies, proxies and passwords of the machine, and the whole
        # body of a redirect.
        self._headers = {
            "User-Agent": f"xafscat/{__version__} (+https://w3id.org/xafscat{about})",
            "Accept-Encoding": "gzip, deflate",
        }
        self._public, self._private = Connections(private=False), Connections(private=True)
        cache.parent.mkdir(parents=True, exist_ok=True)
        self._cache: sqlite3.Connection | None = None
        try:
            self._cache = sqlite3.connect(cache, isolation_level=None)
            self._cache.execute("PRAGMA journal_mode = WAL")
            self._cache.execute(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self.close()
            raise Damaged(
                f"this is no cache of answers that can be used ({error}); move it away", where=str(cache)
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the cache and all connections."""
        self._public.close()
        self._private.close()
        if self._cache is not None:
            self._cache.close()

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        policy: Policy,
        accept: str = "application/json",
    ) -> Answer:
        """The answer to a GET; see ``catalog.resolvers.Http``."""
        asked = f"{url}?{urlencode(sorted(params.items()))}" if params else url
        if not _allowed(asked, policy):
            raise Unreachable("this address is not one of the database's", where=asked[:300])
        key = hashlib.sha256(f"{accept} {asked}".encode()).hexdigest()
        old = self._look_up(key)
        if old and (self.mode != "live" or self._is_fresh(old, policy)):
            self.kept += 1
            return old
        if self.mode == "offline":
            raise Unreachable("not in the cache, and the mode is offline", where=asked[:300])
        answer = self._ask(asked, policy, accept, old)
        self._keep(key, asked, answer)
        return answer

    def _keep(self, key: str, asked: str, answer: Answer) -> None:
        assert self._cache is not None
        row = (answer.url, asked, answer.status, json.dumps(dict(answer.headers), sort_keys=True))
        try:
            self._cache.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (key, *row, answer.body, answer.sha256, answer.retrieved, answer.moved),
            )
        except sqlite3.OperationalError as error:
            raise StorageFull(f"an answer could not be kept: {error}", where=asked[:300]) from error

    def _look_up(self, key: str) -> Answer | None:
        assert self._cache is not None
        row = self._cache.execute(f"SELECT {_COLUMNS} FROM answers WHERE key = ?", (key,)).fetchone()  # noqa: S608
        if row is None:
            return None
        url, status, headers, body, sha256, retrieved, moved = row
        if hashlib.sha256(body).hexdigest() != sha256:
            raise Damaged("an answer in the cache does not match its hash; move the cache away", where=url)
        return Answer(url, status, json.loads(headers), body, sha256, retrieved, moved)

    def _is_fresh(self, answer: Answer, policy: Policy) -> bool:
        age = self._clock() - datetime.fromisoformat(answer.retrieved)
        return age < timedelta(days=policy.days)

    def _ask(self, asked: str, policy: Policy, accept: str, old: Answer | None) -> Answer:
        headers = {"Accept": accept, **self._key(policy, asked)}
        if old and old.status == 200:
            asks = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
            headers |= {asks[name]: old.headers[name] for name in asks if name in old.headers}
        url, moved, permanent = asked, "", True
        for _ in range(MAX_REDIRECTS + 1):
            status, answered, body = self._try(url, headers, policy)
            if status not in _REDIRECTS:
                break
            target = _joined(url, answered.get("location", ""))
            if not _allowed(target, policy):
                raise Unreachable(
                    f"redirected to an address that is not the database's: {target[:200]!r}",
                    where=asked[:300],
                )
            url = target
            permanent = permanent and status in _PERMANENT
            moved = url if permanent else moved
        else:
            raise Unreachable(f"redirected more than {MAX_REDIRECTS} times", where=asked[:300])
        retrieved = self._clock().replace(microsecond=0).isoformat()
        if status == 304 and old:
            return Answer(old.url, old.status, old.headers, old.body, old.sha256, retrieved, old.moved)
        if status in _REFUSED:
            hint = f"; set {policy.key} in the environment" if policy.key else ""
            raise Unreachable(f"{_REFUSED[status]} (HTTP {status}){hint}", where=asked[:300])
        if status == 304:
            raise Unreachable("it says that nothing has changed since we never asked", where=asked[:300])
        kept = {name: answered[name] for name in _KEPT_HEADERS if name in answered}
        if status == 200 and "json" in accept:
            _check_json(body, kept.get("content-type", ""), asked)
        return Answer(url, status, kept, body, hashlib.sha256(body).hexdigest(), retrieved, moved)

    def _key(self, policy: Policy, asked: str) -> dict[str, str]:
        if not policy.key:
            return {}
        key = self._environ.get(policy.key, "")
        if not key:
            raise Unreachable(f"an API key is needed: set {policy.key} in the environment", where=asked[:300])
        return {policy.key_header: key}

    def _try(self, url: str, headers: Mapping[str, str], policy: Policy) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case and body of one address, asked up to ``TRIES`` times."""
        why, wait = "", 0.0
        host = urlsplit(url).netloc
        if host in self._left_alone:
            raise Unreachable(f"not asked again in this run: {self._left_alone[host]}", where=url[:300])
        for attempt in range(TRIES):
            if attempt:
                self._sleep(wait or 2.0**attempt * random.uniform(0.5, 1.0))  # noqa: S311 (no secret)
            self._take_turn(policy)
            try:
                status, answered, body = self._once(url, headers, policy)
            except Expired:
                why = f"the answer took longer than {self._total_s:g} s"
                break
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                why, wait = _reason(error), 0.0
                continue
            if status not in _BUSY and (status < 500 or status == 501):
                self._failures.pop(host, None)
                return status, answered, body
            why, wait = f"HTTP {status}", self._retry_after(answered)
            if wait > MAX_WAIT_S:
                why += f", to be asked again in {wait:.0f} s"
                self._failures[host] = MAX_FAILURES
                break
        self._failures[host] = self._failures.get(host, 0) + 1
        if self._failures[host] >= MAX_FAILURES:
            self._left_alone[host] = why
        raise Unreachable(f"no answer: {why}", where=url[:300])

    def _once(
        self, url: str, headers: Mapping[str, str], policy: Policy
    ) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        # What the operator set as a whole origin may be a server on this machine.
        private = f"{parts.scheme}://{parts.netloc}".lower() in policy.hosts
        adapter = self._private if private else self._public
        request = requests.Request("GET", url, headers={**self._headers, **headers}).prepare()
        self.sent += 1
        with (
            adapter.at_most(self._total_s),
            adapter.send(request, stream=True, timeout=(CONNECT_S, self._read_s)) as response,
        ):
            body = b"".join(self._bounded(response))
            return response.status_code, {k.lower(): v for k, v in response.headers.items()}, body

    def _bounded(self, response: requests.Response) -> Iterator[bytes]:
        size = 0
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > self._max_bytes:
                raise Unreachable(
                    f"the answer is larger than {self._max_bytes:,} bytes", where=response.url[:300]
                )
            yield chunk

    def _retry_after(self, headers: Mapping[str, str]) -> float:
        text = headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            return max(0.0, (parsedate_to_datetime(text) - self._clock()).total_seconds())
        return 0.0

    def _take_turn(self, policy: Policy) -> None:
        """Wait until the database may be asked again."""
        moment = time.monotonic()
        turn = max(moment, self._next.get(policy.hosts, 0.0))
        self._next[policy.hosts] = turn + 1 / policy.per_second
        if turn > moment:
            self._sleep(turn - moment)


def _allowed(url: str, policy: Policy) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.username or parts.password:
        return False
    host = parts.netloc.lower()
    return (parts.scheme == "https" and host in policy.hosts) or f"{parts.scheme}://{host}" in policy.hosts


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _check_json(body: bytes, content_type: str, asked: str) -> None:
    """Raise Unreachable for a page in the place of data, so that it is not kept for the next run."""
    try:
        json.loads(body)
    except (ValueError, RecursionError) as error:
        said = f" but {content_type[:60]!r}" if content_type else ""
        raise Unreachable(f"the answer is not JSON{said}", where=asked[:300]) from error


def _reason(error: Exception) -> str:
    """In a few words, without what an address may hold."""
    cause: object = error
    while cause is not None and not isinstance(cause, PrivateAddress):
        args = getattr(cause, "args", ())
        cause = getattr(cause, "reason", None) or next((a for a in args if isinstance(a, Exception)), None)
    return "its address is not of the public net" if cause else type(error).__name__
