"""Citable queries: kept once, shown ever after, without what was withdrawn since, beside today's answer."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from catalog.approval import approve_ready
from catalog.backup import backup, restore
from catalog.config import Settings, load_settings
from catalog.curation import withdraw
from catalog.intake import find, ingest
from catalog.publishing import publish
from catalog.registry import create_registry, open_registry
from catalog.resources import data_root
from catalog.verification import rebuild
from server.public import citing
from server.public.app import create_app
from server.public.citations import Citation, CitationStore, StoreFull
from server.public.comparison import attributed, compare, rows_of, rows_of_graph
from server.public.environment import site_of
from server.public.languages import read_languages
from server.public.site import HERE
from tests.public.conftest import BASE, NOW, broker

QUERY = """PREFIX xafs: <https://w3id.org/xafscat/ns#> PREFIX dcterms: <http://purl.org/dc/terms/>
SELECT ?record ?title { ?record a xafs:Deposit ; dcterms:title ?title FILTER(LANG(?title) = "en") }"""
DEPOSITS = ("ag-foil-sp14", "anatase", "au-foil-sp14", "ceo2")
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@dataclass
class Citing:
    """A client of a catalog that keeps citations in a folder of the test, and the site behind it."""

    client: FlaskClient
    site: Any
    store: CitationStore

    def cite(self, query: str, **headers: str) -> Any:
        return self.client.post("/cite", data=query, content_type="application/sparql-query", headers=headers)


@pytest.fixture
def catalog(published: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Citing]:
    monkeypatch.setattr(citing, "ALLOWANCE", citing.Allowance())
    store = CitationStore(tmp_path / "citations", max_bytes=200_000, row_bytes=4 * 10**6)
    site = replace(published.app.extensions["xafscat"], citations=store)
    yield Citing(create_app(site).test_client(), site, store)


def test_a_query_is_cited_once(catalog: Citing) -> None:
    made = catalog.cite(QUERY)
    body = json.loads(made.text)
    assert made.status_code == 201
    assert body["id"].endswith(made.headers["Location"])
    assert body["release_hash"] in body["cite_as"] or body["release_hash"][:12] in body["cite_as"]
    again = catalog.cite(QUERY)
    assert (again.status_code, json.loads(again.text)["id"]) == (200, body["id"])
    assert catalog.cite(QUERY + " ").status_code == 201
    shown = json.loads(catalog.client.get(made.headers["Location"]).text)
    assert shown["query"] == QUERY
    assert len(shown["rows"]) == shown["total"] > 10
    assert (shown["withheld"], shown["today"]["same"], shown["today"]["added"]) == (0, True, [])
    assert catalog.client.get(made.headers["Location"] + ".rq").text == QUERY


def test_a_browser_is_led_to_the_page(catalog: Citing) -> None:
    browser = {"Accept": "text/html"}
    made = catalog.client.post("/cite", data={"query": QUERY, "lang": "ja"}, headers=browser)
    assert (made.status_code, made.headers["Location"].endswith("?lang=ja")) == (303, True)
    page = catalog.client.get(made.headers["Location"], headers=browser)
    assert page.status_code == 200
    assert "引用方法" in page.text
    assert "@misc{" in page.text
    assert "/record/" in page.text
    known = catalog.client.get(
        made.headers["Location"], headers=browser | {"If-None-Match": page.headers["ETag"]}
    )
    assert known.status_code == 304


@pytest.mark.parametrize("query", ["ASK { ?s ?p ?o }", "CONSTRUCT { ?s a ?t } WHERE { ?s a ?t }", COUNT])
def test_every_kind_of_query_can_be_cited(catalog: Citing, query: str) -> None:
    made = catalog.cite(query)
    assert made.status_code == 201
    shown = json.loads(catalog.client.get(made.headers["Location"]).text)
    assert (shown["today"]["same"], shown["withheld"]) == (True, 0)
    assert len(shown["rows"]) == shown["total"] > 0


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("SELECT * {", 400, "query-malformed"),
        ("INSERT DATA {}", 403, "query-refused-update"),
        ("SELECT * { SERVICE <http://a/> {} }", 403, "query-refused-service"),
        ("", 400, "query-missing"),
        ("#" * 20_000, 413, "query-too-long"),
    ],
)
def test_what_has_no_answer_is_not_cited(catalog: Citing, query: str, status: int, code: str) -> None:
    response = catalog.cite(query)
    assert (response.status_code, json.loads(response.text)["code"]) == (status, code)
    assert _kept(catalog) == 0


@pytest.mark.parametrize("name", ["x", "a" * 16, "../citations", "%00", "'; DROP TABLE citations; --"])
def test_an_unknown_citation_is_not_found(catalog: Citing, name: str) -> None:
    assert catalog.client.get(f"/cite/{name}").status_code == 404


def test_a_long_answer_is_kept_as_its_digest(catalog: Citing) -> None:
    catalog.store.row_bytes = 100
    made = catalog.cite(QUERY)
    shown = json.loads(catalog.client.get(made.headers["Location"]).text)
    assert (made.status_code, shown["rows"], shown["today"]["same"]) == (201, None, True)
    page = catalog.client.get(made.headers["Location"], headers={"Accept": "text/html"})
    assert (page.status_code, shown["digest"] in page.text) == (200, True)


def test_the_store_has_a_quota(catalog: Citing) -> None:
    catalog.store.max_bytes = 2000
    answers = [catalog.cite(f"ASK {{ ?s{number} ?p ?o }}") for number in range(6)]
    codes = [answer.status_code for answer in answers]
    assert codes == sorted(codes)
    assert set(codes) == {201, 507}
    assert json.loads(answers[-1].text)["code"] == "citations-full"
    # One that is there already takes no room.
    assert catalog.cite("ASK { ?s0 ?p ?o }").status_code == 200


def test_a_client_has_a_quota(catalog: Citing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citing, "PER_CLIENT", 2)
    assert [catalog.cite(f"ASK {{ ?s{number} ?p ?o }}").status_code for number in range(3)] == [201, 201, 429]
    # What is there already is given to whoever has made enough, and to others without counting.
    assert [catalog.cite(f"ASK {{ ?s{number % 2} ?p ?o }}").status_code for number in range(5)] == [200] * 5
    refused = catalog.cite(QUERY)
    assert json.loads(refused.text)["code"] == "citation-quota"
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    other = catalog.client.post(
        "/cite",
        data=QUERY,
        content_type="application/sparql-query",
        environ_overrides={"REMOTE_ADDR": "127.0.0.9"},
    )
    assert other.status_code == 201
    # Behind a proxy each client has a quota of its own.
    assert catalog.cite(QUERY, **{"X-Forwarded-For": "203.0.113.7"}).status_code in {200, 201}


def test_an_allowance_comes_back_and_forgets_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citing, "CLIENTS", 3)
    allowance = citing.Allowance()
    assert [allowance.wait("a", 0.0) for _ in range(citing.PER_CLIENT)] == [0.0] * citing.PER_CLIENT
    assert allowance.wait("a", 100.0) == 500.0
    assert allowance.wait("a", 600.0) == 0.0
    for name in "bcd":
        assert allowance.wait(name, 601.0) == 0.0
    assert len(allowance._made) == 3


def test_without_a_store_there_are_no_citations(published: Any) -> None:
    site = replace(published.app.extensions["xafscat"], citations=None)
    client = create_app(site).test_client()
    assert client.post("/cite", data={"query": COUNT}).status_code == 503
    assert client.get("/cite/aaaaaaaaaaaaaaaa").status_code == 503
    assert "/cite" not in client.get("/sparql?query=ASK{}&format=html").text


def test_rows_of_withdrawn_records_are_left_out(tmp_path: Path) -> None:
    """A record is cited, withdrawn and the next release published; then the catalog is restored from its backup."""
    home = tmp_path / "home"
    home.mkdir()
    create_registry(home, BASE, now=NOW)
    settings = load_settings(home, environ={})
    with open_registry(settings.registry_path) as registry:
        found = find([data_root() / "examples" / "deposits" / f"{name}.yaml" for name in DEPOSITS], settings)
        receipts = list(ingest(found, registry=registry, settings=settings, now=NOW, actor="test"))
        ids = [str(receipt.record_id) for receipt in receipts]
        approve_ready(registry, ids, settings=settings, now=NOW, actor="test")
        publish(settings, registry, now=NOW, actor="test")
        with serving(settings) as client:
            made = client.post("/cite", data=QUERY, content_type="application/sparql-query")
            location = made.headers["Location"]
            before = json.loads(client.get(location).text)
            assert (before["withheld"], before["today"]["same"]) == (0, True)
            row = before["rows"][0]
            gone, title = row[0]["value"].rpartition("/")[2], row[1]["value"]
            assert [other[1]["value"] for other in before["rows"]].count(title) == 1
            assert title in client.get(location, headers={"Accept": "text/html"}).text
            reason = {"en": "An example of a withdrawal.", "ja": "取り下げの例。"}
            withdraw(registry, gone, reason=reason, zone=settings.zone, now=NOW, actor="test")
            publish(settings, registry, now=NOW, actor="test")
            shown_without(client, location, before, gone, title)
    backup(home, tmp_path / "bag", now=NOW)
    restore(tmp_path / "bag", tmp_path / "again")
    restored = load_settings(tmp_path / "again", environ={})
    with open_registry(restored.registry_path) as registry:
        rebuild(restored, registry, now=NOW, actor="test")
    with serving(restored) as client:
        shown_without(client, location, before, gone, title)


def shown_without(client: FlaskClient, location: str, before: Any, gone: str, title: str) -> None:
    """The citation is shown without that record, says so, and differs from today in nothing."""
    after = json.loads(client.get(location).text)
    left_out = [item for item in before["rows"] if item not in after["rows"]]
    assert (after["withheld"], [item[1]["value"] for item in left_out]) == (1, [title])
    assert (after["total"], after["release"], after["digest"]) == (
        before["total"],
        before["release"],
        before["digest"],
    )
    assert (after["today"]["added"], after["today"]["gone"]) == ([], [])
    assert after["today"]["release"] > before["release"]
    for accept in ("application/json", "text/html"):
        text = client.get(location, headers={"Accept": accept}).text
        assert title not in text
        assert gone not in text
    assert "1 row is left out" in client.get(location, headers={"Accept": "text/html"}).text


@contextmanager
def serving(settings: Settings) -> Iterator[FlaskClient]:
    """A client of a catalog with a broker of its own."""
    # Paths of sockets are short by law, those of tests are not.
    with tempfile.TemporaryDirectory(prefix="xafs") as run, broker(settings, Path(run) / "q.sock") as socket:
        site = site_of(settings, read_languages(HERE / "translations"), socket=socket)
        assert site.query is not None
        with site.query:
            assert site.query.wait_ready(20)["state"] == "ready"
            yield create_app(site).test_client()
            site.release.close()  # type: ignore[attr-defined]


def test_rows_that_name_no_record_go_with_any_withdrawal() -> None:
    title = {"type": "literal", "value": "a title"}
    citation = _citation([([title], None)])
    unknown = compare(citation, None, (["t"], []), withdrawals=True)  # type: ignore[arg-type]
    assert (unknown.shown, unknown.withheld, unknown.gone) == ([], 1, [])
    still = compare(citation, None, (["t"], [[title]]), withdrawals=True)  # type: ignore[arg-type]
    assert (still.shown, still.withheld, still.gone) == ([[title]], 0, [])
    none = compare(citation, None, (["t"], []), withdrawals=False)  # type: ignore[arg-type]
    assert (none.shown, none.withheld, none.gone) == ([[title]], 0, [[title]])


def test_a_row_is_about_a_record_only_with_its_values(published: Any) -> None:
    release = published.app.extensions["xafscat"].release()
    entry = release.latest(1)[0]
    iri = {"type": "uri", "value": f"{release.base}/record/{entry.id}"}
    title = {"type": "literal", "value": next(iter(entry.document["title"].values()))}
    other = {"type": "literal", "value": "of another record"}
    found = attributed([[iri, title], [iri, other], [title], [iri, None]], release)
    assert [about for _, about in found] == [[entry.id], None, None, [entry.id]]


def test_the_difference_with_today_counts_rows() -> None:
    one, two, three = ([{"type": "literal", "value": text}] for text in ("1", "2", "3"))
    citation = _citation([(one, None), (one, None), (two, None)])
    found = compare(citation, None, (["t"], [one, three, two]), withdrawals=False)  # type: ignore[arg-type]
    assert (found.added, found.gone, found.same) == ([three], [one], False)


def test_terms_are_kept_without_labels_of_blank_nodes() -> None:
    results = {
        "head": {"vars": ["a", "b"]},
        "results": {"bindings": [{"a": {"type": "bnode", "value": "x1"}}]},
    }
    assert rows_of(results) == (["a", "b"], [[{"type": "bnode", "value": ""}, None]])
    content = b'<a:b> <a:c> "x"@ja .\n<a:b> <a:c> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
    _, rows = rows_of_graph(content)
    assert {"type": "literal", "value": "x", "xml:lang": "ja"} in [row[2] for row in rows]


def test_the_store_is_shared_and_refuses_when_full(tmp_path: Path) -> None:
    one = CitationStore(tmp_path, max_bytes=700, row_bytes=1000)
    two = CitationStore(tmp_path, max_bytes=700, row_bytes=1000)
    facts: dict[str, Any] = {
        "dataset": ([], []),
        "kind": "ASK",
        "columns": ["answer"],
        "rows": [],
        "release": 1,
        "release_hash": "h",
    }
    kept, new = one.keep(query="a", **facts)
    assert (new, two.find(kept.id), two.keep(query="a", **facts)) == (True, kept, (kept, False))
    with pytest.raises(StoreFull):
        two.keep(query="b", **facts)


def _citation(rows: list[Any]) -> Citation:
    return Citation("a", "", 1, "h", "q", ([], []), "SELECT", ["t"], rows, len(rows), "d")


def _kept(catalog: Citing) -> int:
    with sqlite3.connect(catalog.store._path) as store:
        return int(store.execute("SELECT count(*) FROM citations").fetchone()[0])
