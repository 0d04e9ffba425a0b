"""What holds for every address: headers, errors, health, no trace of the Host header, no cookies."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from catalog.errors import Damaged
from catalog.releases import NoRelease
from server.public.app import create_app, create_application
from server.public.errors import ANSWERS
from server.public.site import KEPT_PAGES, PageCache
from server.query.client import QueryClient
from server.query.errors import PROBLEMS

BROWSER = {"Accept": "text/html"}
PATHS = [
    "/",
    "/records",
    "/records?element=Fe&edge=K",
    "/record/foil7k3m9q",
    "/record/foil7k3m9q.html",
    "/record/foil7k3m9q.jsonld",
    "/record/foil7k3m9q/curve/spectrum-1.json",
    "/record/gone4x9p2a",
    "/record/none",
    "/sparql",
    "/sparql?format=html",
    "/sparql?query=ASK{}",
    "/ontology",
    "/ontology.html",
    "/ontology.rdf",
    "/context.jsonld",
    "/shapes",
    "/shapes.html",
    "/shapes/findable",
    "/shapes/findable.html",
    "/edge",
    "/edge/Fe-K",
    "/edge/Fe-K.html",
    "/facility/photon-factory.html",
    "/beamline",
    "/kind/standard.html",
    "/mode",
    "/sample/foil-set-7",
    "/sample/foil-set-7.html",
    "/round/foil-2026",
    "/round/foil-2026.html",
    "/catalog",
    "/problems",
    "/healthz",
    "/robots.txt",
    "/static/style.css",
    "/static/uplot/uPlot.iife.min.js",
    "/nothing/here",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_guarded_and_readable_from_anywhere(client: FlaskClient, path: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        with client.open(path, method=method) as response:
            assert response.status_code < 500 or "ASK" in path
            headers = response.headers
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Access-Control-Allow-Origin"] == "*"
            assert "Set-Cookie" not in headers
            if response.mimetype == "text/html" and method == "GET":
                assert headers["Content-Language"] == "en"
                assert "Accept-Language" in headers["Vary"]


@pytest.mark.parametrize("path", PATHS)
def test_the_host_header_is_never_repeated(client: FlaskClient, path: str) -> None:
    hostile = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "evil.example"}
    with client.get(path, headers={**hostile, **BROWSER}) as response:
        assert b"evil.example" not in response.data
        assert "evil.example" not in str(response.headers)


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/records/", "/record//foil7k3m9q", "/sparql/", "/./", "/..%2f"]
)
def test_odd_paths_are_no_redirects(client: FlaskClient, path: str) -> None:
    response = client.get("/", environ_overrides={"PATH_INFO": path})
    assert response.status_code in {200, 404}
    assert "Location" not in response.headers


@pytest.mark.parametrize("path", [path for path in PATHS if "static" not in path])
def test_nothing_is_asked_of_another_host(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=BROWSER)
    if response.mimetype == "text/html":
        for attribute in ('src="', 'action="', 'srcset="'):
            for part in response.text.split(attribute)[1:]:
                assert part.startswith("/"), part[:80]
        for part in response.text.split('<link rel="stylesheet" href="')[1:]:
            assert part.startswith("/static/")
        assert "<style" not in response.text
        assert "style=" not in response.text


def test_the_catalog_leads_to_the_start_page(client: FlaskClient) -> None:
    response = client.get("/catalog", headers={**BROWSER, "Host": "evil.example"})
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert b"dcat:Catalog" in client.get("/catalog").data


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("application/json", "application/problem+json"),
        ("application/sparql-results+json", "application/problem+json"),
        ("text/html,*/*;q=0.1", "text/html; charset=utf-8"),
        ("text/plain", "text/plain; charset=utf-8"),
    ],
)
def test_an_error_has_one_shape(client: FlaskClient, accept: str | None, content_type: str) -> None:
    response = client.get("/nothing", headers={"Accept": accept} if accept else {})
    assert (response.status_code, response.content_type) == (404, content_type)
    assert response.headers["Cache-Control"] == "no-store"
    assert "not-found" in response.text
    if "json" in content_type:
        assert json.loads(response.data) == {
            "type": "/problems#not-found",
            "title": "There is nothing here",
            "status": 404,
            "code": "not-found",
            "detail": "There is nothing here",
        }


def test_errors_speak_the_readers_language(client: FlaskClient) -> None:
    body = json.loads(client.get("/nothing", headers={"Accept-Language": "ja"}).data)
    assert body["title"] == "ここには何もありません"
    assert json.loads(client.get("/nothing?lang=ja").data) == body


def test_every_code_is_explained(client: FlaskClient) -> None:
    page = client.get("/problems").text
    for code, answer in ANSWERS.items():
        assert f'<tr id="{code}">' in page
        assert 400 <= answer.status < 600


def test_every_problem_of_a_query_has_its_answer() -> None:
    for code, kind in PROBLEMS.items():
        assert ANSWERS[code].status == kind.status, code


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("DELETE", "/record/foil7k3m9q"), ("PUT", "/ontology")]
)
def test_a_method_that_is_not_taken_is_answered_with_those_that_are(
    client: FlaskClient, method: str, path: str
) -> None:
    response = client.open(path, method=method)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_fault_of_ours_tells_nothing_of_the_inside(fake_release: Any, make_site: Any, caplog: Any) -> None:
    def broken(identifier: str) -> None:
        raise RuntimeError("/secret/path and a password")

    fake_release.record = broken
    client = create_app(make_site(fake_release)).test_client()
    for headers in ({}, BROWSER):
        response = client.get("/record/foil7k3m9q", headers=headers)
        assert response.status_code == 500
        assert b"secret" not in response.data
        assert b"RuntimeError" not in response.data
    assert "/secret/path" in caplog.text


def test_health(client: FlaskClient, live: FlaskClient) -> None:
    assert json.loads(client.get("/healthz").data)["sparql"] == "off"
    body = json.loads(live.get("/healthz").data)
    assert (body["status"], body["release"], body["sparql"]) == ("ok", 2, "ready")
    assert live.get("/healthz").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "problem", [NoRelease("run publish", where="/home"), Damaged("broken", where="/home/x")]
)
def test_without_a_release_every_page_says_so(make_site: Any, problem: Any, caplog: Any) -> None:
    client = create_app(make_site(problem)).test_client()
    health = client.get("/healthz")
    assert (health.status_code, json.loads(health.data)["reason"]) == (503, problem.code)
    for path in (
        "/",
        "/records",
        "/record/foil7k3m9q",
        "/sparql",
        "/sparql?query=ASK{}",
        "/ontology",
        "/edge/Fe-K",
        "/xafs/api/openapi.json",
        "/xafs/records",
    ):
        for headers in ({}, BROWSER):
            response = client.get(path, headers=headers)
            assert response.status_code == 503, path
            assert b"/home" not in response.data
    assert client.get("/problems").status_code == 200
    with client.get("/static/style.css") as style:
        assert style.status_code == 200


def test_a_newer_release_that_cannot_be_shown_is_reported(fake_release: Any, make_site: Any) -> None:
    site = make_site(fake_release, trouble=lambda: Damaged("the newest is broken"))
    body = json.loads(create_app(site).test_client().get("/healthz").data)
    assert (body["status"], body["reason"], body["release"]) == ("degraded", "damaged", 7)


def test_static_files_are_kept_by_their_build(client: FlaskClient) -> None:
    page = client.get("/record/foil7k3m9q.html").text
    address = next(part.split('"')[0] for part in page.split('src="') if "uPlot.iife.min.js" in part)
    assert address.startswith("/static/uplot/uPlot.iife.min.js?v=")
    with client.get(address) as kept, client.get("/static/style.css") as asked:
        assert "immutable" in kept.headers["Cache-Control"]
        assert "immutable" not in asked.headers.get("Cache-Control", "")
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/%2e%2e/app.py").status_code == 404


def test_the_vendored_library_keeps_its_licence() -> None:
    from server.public.site import HERE

    folder = HERE / "static" / "uplot"
    assert "MIT License" in (folder / "LICENSE").read_text()
    assert "uplot@1.6.32" in (folder / "README.md").read_text()


def test_a_server_makes_the_site_from_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XAFSCAT_HOME", str(tmp_path))
    monkeypatch.setenv("XAFSCAT_TITLE_EN", "A title of our own")
    monkeypatch.setenv("XAFSCAT_SERVE_SOCKET", str(tmp_path / "nobody.sock"))
    client = create_application().test_client()
    assert json.loads(client.get("/healthz").data) == {"status": "unavailable", "reason": "no-release"}
    assert "A title of our own" in client.get("/problems").text
    monkeypatch.setenv("XAFSCAT_SERVE_SPARQL_OFF", "no sandbox on this machine")
    off = create_application()
    assert off.extensions["xafscat"].query is None
    assert off.extensions["xafscat"].query_off == "no sandbox on this machine"


def test_a_broker_that_is_gone_is_an_error_and_not_a_wait(
    fake_release: Any, make_site: Any, tmp_path: Path
) -> None:
    site = make_site(fake_release, query=QueryClient(tmp_path / "nobody.sock"), query_off="")
    client = create_app(site).test_client()
    response = client.get("/sparql?query=ASK{}")
    assert (response.status_code, json.loads(response.data)["code"]) == (503, "query-unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert json.loads(client.get("/healthz").data)["sparql"] == "unavailable"
    assert client.get("/record/foil7k3m9q").status_code == 200


def test_the_settings_licence_of_the_metadata_is_stated(fake_release: Any, make_site: Any) -> None:
    site = make_site(fake_release, metadata_license="http://creativecommons.org/licenses/by/4.0/")
    client = create_app(site).test_client()
    foot = client.get("/records").text.split("<footer")[1]
    assert 'href="http://creativecommons.org/licenses/by/4.0/"' in foot
    assert "Creative Commons Attribution 4.0" in foot
    assert b"<http://creativecommons.org/licenses/by/4.0/>" in client.get("/sparql").data
    assert "publicdomain/zero" in client.get("/record/foil7k3m9q.html").text


def test_kept_pages_follow_the_release_the_language_and_the_address(
    fake_release: Any, make_site: Any
) -> None:
    client = create_app(make_site(fake_release)).test_client()
    first = client.get("/records").text
    assert client.get("/records").text == first
    assert client.get("/records", headers={"Accept-Language": "ja"}).text != first
    assert client.get("/records?element=Pb").text != first
    del fake_release.entries["oxide8x2w0"]
    assert client.get("/records").text == first
    fake_release.number, fake_release.hash = 8, "cd" * 32
    assert "Lead oxide" in first
    assert "Lead oxide" not in client.get("/records").text


def test_the_store_of_kept_pages_is_bounded() -> None:
    cache = PageCache()
    made = [cache.get(number, lambda number=number: f"page {number}") for number in range(KEPT_PAGES + 10)]  # type: ignore[misc]
    assert made[-1] == f"page {KEPT_PAGES + 9}"
    assert cache.get(KEPT_PAGES + 9, lambda: "again") == made[-1]
    assert cache.get(0, lambda: "again") == "again"


@pytest.mark.parametrize("taken_off", [True, False])
def test_a_catalog_whose_base_has_a_path_answers_below_it(
    fake_release: Any, make_site: Any, taken_off: bool
) -> None:
    fake_release.base = "https://example.org/data/xafs"
    for entry in fake_release.entries.values():
        entry.document["id"] = entry.document["id"].replace("http://127.0.0.1:8000", fake_release.base)
    client = create_app(make_site(fake_release)).test_client()
    root = "" if taken_off else "/data/xafs"
    for path in (
        "/",
        "/records",
        "/record/foil7k3m9q",
        "/sparql",
        "/ontology",
        "/edge/Fe-K",
        "/shapes/findable",
        "/no",
    ):
        response = client.get(root + path, headers=BROWSER)
        assert response.status_code == (404 if path == "/no" else 200)
        for target in re.findall(r'(?:href|src|action|data-curve)="([^"]+)"', response.text):
            assert target.startswith(("/data/xafs/", "http", "?", "#")), (path, target)
        for target in response.headers.getlist("Link"):
            assert target.startswith(("</data/xafs/", "<http")), target
    assert client.get(root + "/catalog", headers=BROWSER).headers["Location"] == "/data/xafs/"
    assert client.get("/data/xafsx/").status_code == 404
    file = re.search(
        r'href="([^"]+/files/[^"]+)"', client.get(root + "/record/foil7k3m9q", headers=BROWSER).text
    )
    assert file
    with client.get(file[1]) as response:
        assert response.status_code == 200
