"""SERVICE over real HTTP: refused in every spelling and every way to ask, with nothing sent to whom it names."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.query.test_commands import Served, served

QUERY, FORM = "application/sparql-query", "application/x-www-form-urlencoded"

# HERE is replaced by the address of a listener on the loopback interface.
SERVICES = {
    "plain": "SELECT * { SERVICE <HERE> { ?s ?p ?o } }",
    "lower case": "SELECT * { service <HERE> { ?s ?p ?o } }",
    "silent": "SELECT * { SERVICE SILENT <HERE> { ?s ?p ?o } }",
    "mixed case, silent": "SELECT * { SeRvIcE sIlEnT <HERE> { ?s ?p ?o } }",
    "no blank": "SELECT*{SERVICE<HERE>{?s?p?o}}",
    "no blank, silent": "SELECT*{SERVICESILENT<HERE>{?s?p?o}}",
    "nested": "SELECT * { SERVICE <HERE> { SERVICE <HERE> { ?s ?p ?o } } }",
    "in a group": "SELECT * { { { SERVICE <HERE> { ?s ?p ?o } } } }",
    "in a sub-select": "SELECT * { { SELECT ?s { SERVICE <HERE> { ?s ?p ?o } } } }",
    "in EXISTS": "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <HERE> { ?s ?p ?o } } }",
    "in NOT EXISTS": "SELECT * { ?s ?p ?o FILTER NOT EXISTS { SERVICE SILENT <HERE> { ?s ?p ?o } } }",
    "in an expression of SELECT": "SELECT (EXISTS { SERVICE <HERE> { ?s ?p ?o } } AS ?x) {}",
    "in BIND": "SELECT * { BIND(EXISTS { SERVICE <HERE> { ?s ?p ?o } } AS ?x) }",
    "in HAVING": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o } HAVING (EXISTS { SERVICE <HERE> { ?a ?b ?c } })",
    "in ORDER BY": "SELECT * { ?s ?p ?o } ORDER BY (EXISTS { SERVICE <HERE> { ?a ?b ?c } })",
    "in OPTIONAL": "SELECT * { OPTIONAL { SERVICE <HERE> { ?s ?p ?o } } }",
    "in MINUS": "SELECT * { ?s ?p ?o MINUS { SERVICE <HERE> { ?s ?p ?o } } }",
    "in UNION": "SELECT * { { ?s ?p ?o } UNION { SERVICE <HERE> { ?s ?p ?o } } }",
    "in GRAPH": "SELECT * { GRAPH ?g { SERVICE <HERE> { ?s ?p ?o } } }",
    "ASK": "ASK { SERVICE <HERE> { ?s ?p ?o } }",
    "CONSTRUCT": "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <HERE> { ?s ?p ?o } }",
    "DESCRIBE": "DESCRIBE ?s WHERE { SERVICE <HERE> { ?s ?p ?o } }",
    "FROM": "SELECT * FROM <HERE> { SERVICE <HERE> { ?s ?p ?o } }",
    "variable by VALUES": "SELECT * { VALUES ?e { <HERE> } SERVICE ?e { ?s ?p ?o } }",
    "variable by BIND": "SELECT * { BIND(<HERE> AS ?e) SERVICE ?e { ?s ?p ?o } }",
    "variable by trailing VALUES": "SELECT * { SERVICE $e { ?s ?p ?o } } VALUES $e { <HERE> }",
    "prefixed name": "PREFIX e: <HERE> SELECT * { SERVICE e:x { ?s ?p ?o } }",
    "empty prefix": "PREFIX : <HERE> SELECT * { SERVICE: { ?s ?p ?o } }",
    "keyword that looks like a prefix": "PREFIX : <HERE> SELECT * { service:x { ?s ?p ?o } }",
    "relative IRI": "BASE <HERE> SELECT * { SERVICE <x> { ?s ?p ?o } }",
    "comment between": "SELECT * { SERVICE # SILENT\n<HERE> { ?s ?p ?o } }",
    "comments ended by a carriage return": "SELECT * { #\rSERVICE#\rSILENT#\r<HERE> { ?s ?p ?o } }",
    "escaped letter": "SELECT * { \\u0053ERVICE <HERE> { ?s ?p ?o } }",
    "long escape": "SELECT * { SERV\\U00000049CE <HERE> { ?s ?p ?o } }",
    "escaped altogether": "SELECT * { \\u0053\\u0045\\u0052\\u0056\\u0049\\u0043\\u0045 <HERE> { ?s ?p ?o } }",
    "after a number": "SELECT * { ?a ?b 1SERVICE <HERE> { ?s ?p ?o } }",
    "after a string with a hash": "SELECT * { ?a ?b '# no comment' . SERVICE <HERE> { ?s ?p ?o } }",
    "after an IRI with a hash": "SELECT * { ?a <http://e/#x> ?b . SERVICE <HERE> { ?s ?p ?o } }",
}
MALFORMED = {
    "no end": "SELECT * { SERVICE <HERE>",
    "no group": "SELECT * { SERVICE <HERE> ?s ?p ?o }",
    "no address": "SELECT * { SERVICE { ?s ?p ?o } }",
    "in the short form of CONSTRUCT": "CONSTRUCT WHERE { SERVICE <HERE> { ?s ?p ?o } }",
    "outside a group": "SELECT * SERVICE <HERE> { ?s ?p ?o }",
}
HARMLESS = {
    "string": "ASK { FILTER(STRLEN('SERVICE <HERE> {}') > 5) }",
    "long string": 'ASK { FILTER(CONTAINS("""a "SERVICE" <HERE> {""", "SERVICE")) }',
    "IRI": "ASK { FILTER(STR(<HERESERVICE>) != '') }",
    "comment": "ASK { # SERVICE <HERE> { ?s ?p ?o }\n FILTER(1 = 1) }",
    "variable": "ASK { VALUES ?service { 1 } FILTER(?service = 1) }",
    "language tag": "ASK { FILTER(LANG('x'@service) = 'service') }",
    "prefix": "PREFIX service: <http://example.org/> ASK { VALUES ?x { service:x } FILTER(?x = service:x) }",
    "local name": "PREFIX e: <http://example.org/> ASK { VALUES ?x { e:SERVICE } FILTER(ISIRI(?x)) }",
    "name": "PREFIX e: <http://e.org/> ASK { { SELECT (1 AS ?serviceSilent) {} } FILTER(?serviceSilent = 1) }",
}


@pytest.fixture(scope="module")
def server(demo_home: Path) -> Iterator[Served]:
    """The example catalog behind a real web server, without quotas of clients."""
    quotas = {"XAFSCAT_CLIENT_QUERIES": "0", "XAFSCAT_CLIENT_SECONDS": "0", "XAFSCAT_CLIENT_ERRORS": "0"}
    with served(demo_home, "serve", "--port", "0", **quotas) as running:
        yield running


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """A server on the loopback interface; at the end nobody may have called."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.fixture(params=["GET", "form", "direct", "page"])
def ask(request: pytest.FixtureRequest, server: Served, listener: socket.socket) -> object:
    """A function that asks a query in one of the ways there are: its status and its body."""
    here = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    accept = "text/html" if request.param == "page" else "application/json"

    def run(query: str) -> tuple[int, bytes]:
        text = query.replace("HERE", here)
        form = urlencode({"query": text})
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
            if request.param in {"GET", "page"}:
                connection.request("GET", f"/sparql?{form}", headers={"Accept": accept})
            else:
                kind, body = (FORM, form) if request.param == "form" else (QUERY, text)
                connection.request("POST", "/sparql", body, {"Content-Type": kind, "Accept": accept})
            response = connection.getresponse()
            return response.status, response.read()

    run.page = accept == "text/html"  # type: ignore[attr-defined]
    return run


def test_service_is_refused_with_the_recipe(ask) -> None:  # type: ignore[no-untyped-def]
    for name, query in SERVICES.items():
        status, body = ask(query)
        assert status == 403, name
        if ask.page:
            assert b"query-refused-service" in body, name
            assert b"SERVICE &lt;http://127.0.0.1:8000/sparql&gt; { ?spectrum" in body, name
        else:
            told = json.loads(body)
            assert told["code"] == "query-refused-service", name
            assert "endpoint of your own" in told["detail"], name
            assert "SERVICE <http://127.0.0.1:8000/sparql> { ?spectrum" in told["federate"], name


def test_what_is_malformed_as_well_is_refused(ask) -> None:  # type: ignore[no-untyped-def]
    for name, query in MALFORMED.items():
        status, body = ask(query)
        assert status in {400, 403}, name
        assert b"query-refused-service" in body or b"query-malformed" in body, name


def test_the_mere_word_is_answered(ask) -> None:  # type: ignore[no-untyped-def]
    for name, query in HARMLESS.items():
        status, body = ask(query)
        assert status == 200, (name, body)
        assert (b"<strong>Yes</strong>" in body) if ask.page else (json.loads(body)["boolean"] is True), name


def test_a_listener_would_have_noticed() -> None:
    """Whoever connects is seen by the listener even before it accepts."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
        with socket.create_connection(listening.getsockname()):
            listening.setblocking(True)
            listening.settimeout(5)
            listening.accept()[0].close()
