"""The API's own description is true: valid, whole, and nothing that it allows breaks the server."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.public import citing
from server.public.app import create_app
from server.public.citations import CitationStore
from server.public.examples import examples

SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def app(published: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    store = CitationStore(tmp_path_factory.mktemp("citations"), max_bytes=10**6, row_bytes=10**5)
    return create_app(replace(published.app.extensions["xafscat"], citations=store))


@pytest.fixture(scope="module")
def description(app: Any) -> dict[str, Any]:
    response = app.test_client().get("/api/openapi.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.headers["ETag"]
    found: dict[str, Any] = json.loads(response.text)
    return found


def test_every_example_query_is_described(description: dict[str, Any]) -> None:
    assert description["openapi"] == "3.1.0"
    for item in examples():
        operation = description["paths"][f"/q/{item.name}.{{extension}}"]["get"]
        named = {part["name"] for part in operation["parameters"] if part["in"] == "query"}
        assert named == {parameter.name for parameter in item.parameters}
    identifiers = [
        operation["operationId"] for path in description["paths"].values() for operation in path.values()
    ]
    assert len(set(identifiers)) == len(identifiers)


def test_references_lead_somewhere(description: dict[str, Any]) -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(description)):
        node: Any = description
        for part in reference.split("/"):
            node = node[part]


def test_examples_of_the_description_are_answered(app: Any, description: dict[str, Any]) -> None:
    client = app.test_client()
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            if method != "get" or path.startswith("/cite"):
                continue
            filled, query = path, {}
            for part in operation["parameters"]:
                value = part.get("example")
                if part["in"] == "path":
                    filled = filled.replace(f"{{{part['name']}}}", str(value))
                elif part["in"] == "query" and value is not None:
                    query[part["name"]] = value
            response = client.get(filled, query_string=query)
            assert response.status_code == 200, (filled, query, response.text)
            assert response.mimetype in operation["responses"]["200"]["content"], filled


@schemathesis.serializer("application/sparql-query")
def _as_it_is(context: Any, value: Any) -> bytes:
    return str(value).encode("utf-8", "replace")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_nothing_the_description_allows_breaks_the_server(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citing, "PER_CLIENT", 10**6)
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 10
    seen = 0

    @settings(
        max_examples=120,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(case=st.one_of([operation.as_strategy() for operation in operations]))
    def ask(case: Any) -> None:
        nonlocal seen
        seen += 1
        response = case.call()
        assert response.status_code not in {500, 501, 502, 504}, (case.path, response.text)
        if response.status_code >= 400:
            body = response.json()
            assert set(body) >= {"type", "title", "status", "code"} or "cancelled" in body

    ask()
    assert seen > 100


def test_cancelling_kills_the_process_that_evaluates(published: Any, live: FlaskClient) -> None:
    client = published.app.extensions["xafscat"].query
    word = secrets.token_hex(16)
    answers: list[Any] = []

    def ask() -> None:
        other = published.app.test_client()
        answers.append(other.get("/sparql", query_string={"query": SLOW}, headers={"X-Query-Id": word}))

    thread = threading.Thread(target=ask)
    thread.start()
    busy = _running(client)
    assert live.post("/sparql/cancel", headers={"X-Query-Id": secrets.token_hex(16)}).status_code == 404
    assert live.post("/sparql/cancel", headers={"X-Query-Id": "short"}).status_code == 404
    assert live.post("/sparql/cancel").status_code == 404
    assert live.get("/sparql/cancel").status_code == 405
    assert thread.is_alive()
    cancelled = live.post("/sparql/cancel", headers={"X-Query-Id": word})
    assert (cancelled.status_code, json.loads(cancelled.text)) == (200, {"cancelled": True})
    thread.join(5)
    assert [json.loads(answer.text)["code"] for answer in answers] == ["query-cancelled"]
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in busy) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(Path(f"/proc/{pid}").exists() for pid in busy)
    assert live.post("/sparql/cancel", headers={"X-Query-Id": word}).status_code == 404
    assert live.get("/sparql", query_string={"query": "ASK {}"}).status_code == 200


def _running(client: Any) -> list[int]:
    """The processes that evaluate, as soon as there is one."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if busy := [int(pid) for pid, state in client.stats()["workers"].items() if state == "busy"]:
            return busy
        time.sleep(0.02)
    raise AssertionError("no query runs")
