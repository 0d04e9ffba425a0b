"""The client for databases: what it keeps, what it refuses, and how it waits, against a server that misbehaves."""

from __future__ import annotations

import contextlib
import gzip
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import Damaged, Unreachable
from catalog.net import MODES, CachedHttp
from catalog.resolvers import Policy

Reply = Callable[[BaseHTTPRequestHandler], None]


class Far:
    """The far side: answers each path as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        far = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                far.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                replies = far.replies[self.path.partition("?")[0]]
                (replies.pop(0) if len(replies) > 1 else replies[0])(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"

    def policy(self, **more: Any) -> Policy:
        return Policy(**{"hosts": (self.origin,), "per_second": 1000.0, "days": 30.0, **more})


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> Reply:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def far() -> Iterator[Far]:
    made = Far()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(tmp_path: Path, waits: list[float]) -> Iterator[Callable[..., CachedHttp]]:
    made: list[CachedHttp] = []

    def make(mode: Any = "record", **more: Any) -> CachedHttp:
        made.append(CachedHttp(tmp_path / "links" / "cache.sqlite", mode, sleep=waits.append, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_what_was_recorded_is_answered_offline(far: Far, client: Callable[..., CachedHttp]) -> None:
    far.replies["/a"] = [reply(body=b'{"x": 1}', ETag='"1"', Set_Cookie="a=b")]
    with pytest.raises(Unreachable, match="offline"):
        client("offline").get(far.origin + "/a", policy=far.policy())
    http = client("record", contact="mailto:curator@example.org")
    first = http.get(far.origin + "/a", {"q": "ä b"}, policy=far.policy())
    assert http.get(far.origin + "/a", {"q": "ä b"}, policy=far.policy()) == first
    assert (http.sent, http.kept, len(far.asked)) == (1, 1, 1)
    assert client("offline").get(far.origin + "/a", {"q": "ä b"}, policy=far.policy()) == first
    assert first.body == b'{"x": 1}'
    assert "curator@example.org" in far.asked[0][1]["user-agent"]
    assert far.asked[0][0] == "/a?q=%C3%A4+b"
    far.replies["/b"] = [reply()]
    http.get(far.origin + "/b", policy=far.policy())
    assert "cookie" not in far.asked[-1][1]
    assert MODES == ("offline", "record", "live")


def test_live_asks_again_what_is_stale_and_only_then(far: Far, client: Callable[..., CachedHttp]) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    far.replies["/a"] = [reply(body=b"1", ETag='"1"'), reply(304, b""), reply(body=b"2")]
    http = client("live", clock=lambda: moment)
    assert http.get(far.origin + "/a", policy=far.policy()).body == b"1"
    moment += timedelta(days=29)
    assert http.get(far.origin + "/a", policy=far.policy()).body == b"1"
    assert len(far.asked) == 1
    moment += timedelta(days=2)
    again = http.get(far.origin + "/a", policy=far.policy())
    assert (again.body, again.retrieved, far.asked[1][1]["if-none-match"]) == (
        b"1",
        moment.isoformat(),
        '"1"',
    )
    moment += timedelta(days=31)
    assert http.get(far.origin + "/a", policy=far.policy()).body == b"2"


def test_refusals_of_one_entry_are_answers(far: Far, client: Callable[..., CachedHttp]) -> None:
    for status in (400, 404, 410, 501):
        far.replies[f"/{status}"] = [reply(status)]
        assert client().get(f"{far.origin}/{status}", policy=far.policy()).status == status
        assert client("offline").get(f"{far.origin}/{status}", policy=far.policy()).status == status


def test_a_busy_database_is_asked_again_when_it_says_and_at_most_three_times(
    far: Far, client: Callable[..., CachedHttp], waits: list[float]
) -> None:
    far.replies["/busy"] = [reply(503, Retry_After="7"), reply(429), reply(body=b'"at last"')]
    assert client().get(far.origin + "/busy", policy=far.policy()).body == b'"at last"'
    assert waits[0] == 7
    assert 0 < waits[1] <= 4
    far.replies["/down"] = [reply(502)]
    before = len(far.asked)
    with pytest.raises(Unreachable, match="HTTP 502"):
        client().get(far.origin + "/down", policy=far.policy())
    assert len(far.asked) == before + 3
    far.replies["/later"] = [reply(503, Retry_After="3600")]
    before = len(far.asked)
    with pytest.raises(Unreachable, match="3600 s"):
        client().get(far.origin + "/later", policy=far.policy())
    assert len(far.asked) == before + 1
    with pytest.raises(Unreachable, match="offline"):
        client("offline").get(far.origin + "/down", policy=far.policy())


def test_a_host_that_fails_again_and_again_is_left_alone(far: Far, client: Callable[..., CachedHttp]) -> None:
    far.replies |= {"/down": [reply(502)], "/up": [reply()], "/closed": [reply(429, Retry_After="86400")]}
    http = client()
    http.get(far.origin + "/up", policy=far.policy())
    for number in range(4):
        with pytest.raises(Unreachable, match="HTTP 502" if number < 3 else "not asked again in this run"):
            http.get(far.origin + "/down", {"n": str(number)}, policy=far.policy())
    assert len(far.asked) == 1 + 3 * 3
    # What is in the cache needs nobody.
    assert http.get(far.origin + "/up", policy=far.policy()).status == 200
    http = client()
    for why in ("HTTP 429", "not asked again in this run: HTTP 429"):
        with pytest.raises(Unreachable, match=why):
            http.get(far.origin + "/closed", policy=far.policy())
    assert len(far.asked) == 1 + 3 * 3 + 1


def test_a_name_of_the_net_does_not_lead_into_our_own(far: Far, client: Callable[..., CachedHttp]) -> None:
    far.replies["/a"] = [reply()]
    host = f"localhost:{far.server.server_address[1]}"
    with pytest.raises(Unreachable, match="not of the public net"):
        client().get(f"https://{host}/a", policy=far.policy(hosts=(host,)))
    assert far.asked == []
    # An operator may name a server of their own as a whole origin.
    origin = f"http://{host}"
    assert client().get(f"{origin}/a", policy=far.policy(hosts=(origin,))).status == 200


def test_a_server_that_knows_dates_alone_is_asked_by_date(
    far: Far, client: Callable[..., CachedHttp]
) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    then = "Thu, 01 Jan 2026 00:00:00 GMT"
    far.replies["/a"] = [reply(body=b"1", Last_Modified=then), reply(304, b"")]
    http = client("live", clock=lambda: moment)
    http.get(far.origin + "/a", policy=far.policy())
    moment += timedelta(days=31)
    assert http.get(far.origin + "/a", policy=far.policy()).body == b"1"
    assert far.asked[1][1]["if-modified-since"] == then


def test_the_rate_is_kept(far: Far, client: Callable[..., CachedHttp], waits: list[float]) -> None:
    far.replies["/a"] = [reply()]
    http = client()
    for number in range(3):
        http.get(far.origin + "/a", {"n": str(number)}, policy=far.policy(per_second=0.5))
    assert [round(wait) for wait in waits] == [2, 4]


def test_redirects_stay_with_the_database(far: Far, client: Callable[..., CachedHttp]) -> None:
    far.replies |= {
        "/old": [reply(301, Location="/new")],
        "/new": [reply(body=b'"here"')],
        "/for-now": [reply(302, Location="/old")],
        "/away": [reply(302, Location="http://169.254.169.254/latest/meta-data")],
        "/file": [reply(302, Location="file:///etc/passwd")],
        "/no-address": [reply(302, Location="http://[::1")],
        "/long": [_redirecting_without_end],
        "/loop": [reply(302, Location="/loop")],
    }
    moved = client().get(far.origin + "/old", policy=far.policy())
    assert (moved.moved, moved.body) == (far.origin + "/new", b'"here"')
    assert client().get(far.origin + "/for-now", policy=far.policy()).moved == ""
    for path, why in {
        "/away": "not the database's",
        "/file": "not the database's",
        "/no-address": "not the database's",
        "/long": "larger than",
        "/loop": "more than 5",
    }.items():
        with pytest.raises(Unreachable, match=why):
            client(max_bytes=10**6).get(far.origin + path, policy=far.policy())
    asked = len(far.asked)
    for url in ("http://example.org/", "https://user:secret@example.org/", "ftp://example.org/"):
        with pytest.raises(Unreachable, match="not one of the database's"):
            client().get(url, policy=far.policy(hosts=("example.org",)))
    assert len(far.asked) == asked


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"x" * 65536)


def _redirecting_without_end(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "/new")
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"x" * 65536)


def _dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    _drip(handler, b"x")


def _dripping_until_the_end(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    _drip(handler, b" ")


def _dripping_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.flush_headers()
    _drip(handler, b"X-More: 1\r\n")


def _drip(handler: BaseHTTPRequestHandler, what: bytes) -> None:
    # Each byte comes in time: only the whole takes too long.
    with contextlib.suppress(OSError):
        for _ in range(600):
            handler.wfile.write(what)
            time.sleep(0.05)


def _short(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"only this")


def _nothing(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


@pytest.mark.parametrize(
    ("misbehaviour", "why"),
    [
        (_endless, "larger than"),
        (_dripping, "longer than"),
        (_dripping_until_the_end, "longer than"),
        (_dripping_headers, "longer than"),
        (_short, "no answer: "),
        (_nothing, "no answer: "),
        (reply(body=gzip.compress(b"0" * 50_000_000), Content_Encoding="gzip"), "larger than"),
        (reply(body=b"not gzip", Content_Encoding="gzip"), "no answer: "),
        (reply(body=b"<html>", Content_Type="text/html"), "not JSON but 'text/html'"),
        (reply(body=b"{"), "not JSON"),
        (reply(304, b""), "never asked"),
        (reply(503, Retry_After="\xb2"), "HTTP 503"),
        (reply(503, Retry_After="Mon, 01 Jan 99999999999 00:00:00 GMT"), "HTTP 503"),
        (reply(503, Retry_After="9" * 400), "to be asked again"),
    ],
    ids=[
        *("endless", "drips", "drips to the end", "drips headers", "short", "closed", "bomb", "no gzip"),
        *("page", "half", "unchanged", "odd digit", "far date", "large number"),
    ],
)
def test_bad_answers_are_no_answers(
    far: Far, client: Callable[..., CachedHttp], misbehaviour: Reply, why: str
) -> None:
    far.replies["/a"] = [misbehaviour]
    total = 0.3 if "longer" in why else 30.0
    with pytest.raises(Unreachable, match=why):
        client(total_s=total, max_bytes=10**6).get(far.origin + "/a", policy=far.policy())
    with pytest.raises(Unreachable, match="offline"):
        client("offline").get(far.origin + "/a", policy=far.policy())


def test_a_key_comes_from_the_environment_and_goes_nowhere_else(
    far: Far, client: Callable[..., CachedHttp], tmp_path: Path
) -> None:
    far.replies |= {"/a": [reply()], "/no": [reply(401)]}
    policy = far.policy(key="EXAMPLE_KEY", key_header="X-API-KEY")
    with pytest.raises(Unreachable, match="set EXAMPLE_KEY"):
        client(environ={}).get(far.origin + "/a", policy=policy)
    http = client(environ={"EXAMPLE_KEY": "s3cret-value"})
    http.get(far.origin + "/a", policy=policy)
    assert far.asked[0][1]["x-api-key"] == "s3cret-value"
    with pytest.raises(Unreachable, match="set EXAMPLE_KEY") as refused:
        http.get(far.origin + "/no", policy=policy)
    assert "s3cret" not in str(refused.value)
    assert all(b"s3cret" not in path.read_bytes() for path in (tmp_path / "links").iterdir())


def test_a_damaged_cache_is_noticed(far: Far, client: Callable[..., CachedHttp], tmp_path: Path) -> None:
    far.replies["/a"] = [reply()]
    client().get(far.origin + "/a", policy=far.policy())
    path = tmp_path / "links" / "cache.sqlite"
    with sqlite3.connect(path) as cache:
        cache.execute("UPDATE answers SET body = x'00'")
    cache.close()
    with pytest.raises(Damaged, match="does not match its hash"):
        client("offline").get(far.origin + "/a", policy=far.policy())
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(Damaged, match="no cache"):
        CachedHttp(other)
    with pytest.raises(Damaged, match="no cache"):
        CachedHttp(tmp_path)
