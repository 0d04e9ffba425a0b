"""What is sent: whole, packed for who accepts it, and kept for who asks again; and who it is that asks."""

from __future__ import annotations

import gzip
import io
from contextlib import ExitStack
from tempfile import TemporaryFile

import pytest
import zstandard
from flask.testing import FlaskClient

from server.public.cache import Kept, Large, ResponseCache
from server.public.clients import client_of, networks
from server.public.delivery import MAX_IN_MEMORY, repeatable
from server.public.encoding import coding, packed_stream

ROWS = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p LIMIT 200"
LARGE = "SELECT ?s ?p ?o { ?s ?p ?o }"


@pytest.mark.parametrize("query", [ROWS, LARGE], ids=["small", "large"])
def test_a_packed_answer_is_the_same_answer(live: FlaskClient, query: str) -> None:
    asked = {"query": query, "format": "csv"}
    plain = live.get("/sparql", query_string=asked)
    zipped = live.get("/sparql", query_string=asked, headers={"Accept-Encoding": "gzip, deflate"})
    packed = live.get("/sparql", query_string=asked, headers={"Accept-Encoding": "gzip, zstd"})
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Encoding"] == "zstd"
    assert gzip.decompress(zipped.data) == plain.data
    assert zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed.data)).read() == plain.data
    assert len(packed.data) < len(plain.data) / 3
    for response in (plain, zipped, packed):
        assert int(response.headers["Content-Length"]) == len(response.data)
        assert {"Accept", "Accept-Encoding"} <= set(response.headers["Vary"].split(", "))
    assert plain.headers["ETag"] == zipped.headers["ETag"] == packed.headers["ETag"]


def test_an_answer_given_before_is_given_again(live: FlaskClient) -> None:
    asked = {"query": "SELECT ?s { ?s a <http://www.w3.org/ns/dcat#Catalog> } # asked twice"}
    first, again = live.get("/sparql", query_string=asked), live.get("/sparql", query_string=asked)
    posted = live.post("/sparql", data=asked)
    assert first.headers["Server-Timing"].startswith("query;dur=")
    assert again.headers["Server-Timing"] == posted.headers["Server-Timing"] == "cache;desc=hit"
    assert first.data == again.data == posted.data
    assert "ETag" not in posted.headers
    other = live.get("/sparql", query_string={**asked, "format": "csv"})
    assert other.headers["Server-Timing"].startswith("query;dur=")
    elsewhere = live.get("/sparql", query_string={**asked, "default-graph-uri": "http://e/none"})
    assert elsewhere.json == {"head": {"vars": ["s"]}, "results": {"bindings": []}}


def test_an_answer_that_differs_each_time_is_not_kept(live: FlaskClient) -> None:
    asked = {"query": "SELECT (STRUUID() AS ?n) {}", "format": "csv"}
    first = live.get("/sparql", query_string=asked)
    again = live.get("/sparql", query_string=asked)
    assert first.data != again.data
    assert first.headers["Cache-Control"] == "no-store"
    assert "ETag" not in first.headers


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("SELECT (1NOW() AS ?x) {}", False),
        ("SELECT (RAND #\n() AS ?x) {}", False),
        ("SELECT (struuid() AS ?x) {}", False),
        ("SELECT (bnode ('x') AS ?x) {}", False),
        ("SELECT ?now { ?now ?p 'rand' }", True),
    ],
)
def test_what_has_the_same_answer_each_time(query: str, same: bool) -> None:
    assert repeatable(query) is same


def test_the_cache_has_a_bound() -> None:
    cache = ResponseCache(20_000)
    for number in range(50):
        cache.put(number, Kept((("Content-Type", "text/csv"),), bytes(1000)))
        cache.learn(f"query={number}", number, 10)
    assert cache.size <= 20_000
    assert 5 < len(cache) < 30
    assert cache.recall("query=49") is not None
    assert cache.get(0) is None
    assert cache.recall("query=0") is None
    cache.put("large", Kept((), bytes(10_000)))
    assert cache.get("large") is None
    before = cache.size
    cache.put(49, Kept((("Content-Type", "text/csv"),), bytes(1000)))
    assert cache.size == before
    cache.put("never", Kept((), b""))
    off = ResponseCache(0)
    off.put(1, Kept((), b""))
    assert off.get(1) is None


@pytest.mark.parametrize("accepted", ["identity", "gzip"])
def test_a_large_answer_is_kept_too(live: FlaskClient, accepted: str) -> None:
    asked = {"query": f"SELECT * {{ ?s ?p ?o }} # large, {accepted}", "format": "tsv"}
    headers = {"Accept-Encoding": accepted}
    first, again, more = (live.get("/sparql", query_string=asked, headers=headers) for _ in range(3))
    assert first.headers["Server-Timing"].startswith("query;dur=")
    assert again.headers["Server-Timing"] == more.headers["Server-Timing"] == "cache;desc=hit"
    assert first.data == again.data == more.data
    assert len(first.data) == int(again.headers["Content-Length"])
    assert (len(first.data) > MAX_IN_MEMORY) == (accepted == "identity")


def test_files_are_kept_while_somebody_reads_them_and_few_at_a_time() -> None:
    cache = ResponseCache(1_000_000)
    with ExitStack() as stack:
        files = [stack.enter_context(TemporaryFile()) for _ in range(100)]
        for number, file in enumerate(files):
            file.write(b"x" * number)
            file.flush()
            cache.put(number, Kept((), Large(file, number)))
        assert 50 < len(cache) <= 64
        assert sum(not file.closed for file in files) == len(cache)
        kept = cache.get(99)
        assert kept is not None
        assert isinstance(kept.body, Large)
        one, other = iter(kept.body), iter(kept.body)
        del kept
        for number in range(100):
            cache.put(f"bytes {number}", Kept((), bytes(50_000)))
        assert cache.get(99) is None
        assert next(one) == next(other) == b"x" * 99
        assert not files[99].closed
        del one, other
        assert files[99].closed
        cut = iter(Large(stack.enter_context(TemporaryFile()), 5))
        with pytest.raises(OSError, match="cut"):
            next(cut)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ""),
        ("", ""),
        ("identity", ""),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("br, zstd;q=0.2, gzip;q=0.9", "gzip"),
        ("*", "zstd"),
        ("*;q=0", ""),
        ("zstd;q=0, *", "gzip"),
        ("identity, gzip;q=0.5", ""),
        ("gzip;q=nonsense", ""),
        ("gzip" + "," * 5000, "gzip"),
    ],
)
def test_the_coding_follows_the_client(header: str | None, expected: str) -> None:
    assert coding(header) == expected


def test_a_source_that_breaks_off_is_an_error() -> None:
    def broken() -> object:
        yield b"x" * 100
        raise OSError("a spooled answer was cut")

    with pytest.raises(OSError, match="cut"):
        packed_stream(broken(), "gzip", 1000)  # type: ignore[arg-type]


PROXY = networks("127.0.0.1, ::1, 10.1.0.0/16")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.1, 10.1.2.3", "198.51.100.1"),
        ("127.0.0.1", "made up", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9, made up, 10.1.2.3", "10.1.2.3"),
        ("::ffff:192.0.2.7", "", "192.0.2.7"),
        ("2001:db8::1", "", "2001:db8::/64"),
        ("::1", "2001:db8:0:0:9::2", "2001:db8::/64"),
        ("", "198.51.100.1", ""),
    ],
)
def test_who_asks(peer: str, forwarded: str, client: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    assert client_of(environ, PROXY) == client


def test_service_is_refused_with_the_way_round(live: FlaskClient) -> None:
    body = live.get("/sparql", query_string={"query": "ASK { SERVICE <http://a/> {} }"}).get_json(force=True)
    assert body["code"] == "query-refused-service"
    assert "SERVICE <http://127.0.0.1:8000/sparql>" in body["federate"]
