"""The SPARQL protocol, against a published catalog and a running broker."""

from __future__ import annotations

import csv
import io
import json
import re
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from server.public.protocol import choose_format
from server.query.formats import FORMATS

XAFS = "PREFIX xafs: <https://w3id.org/xafscat/ns#>"
SELECT = f"{XAFS} SELECT ?s ?element {{ ?s xafs:element ?element }} ORDER BY ?s LIMIT 3"
CONSTRUCT = f"{XAFS} CONSTRUCT {{ ?s ?p ?o }} WHERE {{ ?s a xafs:Deposit ; ?p ?o }} ORDER BY ?s ?p ?o LIMIT 5"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_three_ways_to_ask_give_the_same(live: FlaskClient) -> None:
    by_get = live.get("/sparql", query_string={"query": SELECT})
    by_form = live.post("/sparql", data={"query": SELECT})
    direct = live.post("/sparql", data=SELECT.encode(), content_type="application/sparql-query")
    assert by_get.status_code == by_form.status_code == direct.status_code == 200
    assert by_get.data == by_form.data == direct.data
    assert len(json.loads(by_get.data)["results"]["bindings"]) == 3
    assert by_get.content_type == "application/sparql-results+json"
    assert "no-cache" in by_get.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("accept", "named", "query", "content_type"),
    [
        (None, "", SELECT, "application/sparql-results+json"),
        ("*/*", "", SELECT, "application/sparql-results+json"),
        (None, "", "ASK {}", "application/sparql-results+json"),
        (None, "", CONSTRUCT, "text/turtle; charset=utf-8"),
        ("*/*", "", "DESCRIBE <http://127.0.0.1:8000/catalog>", "text/turtle; charset=utf-8"),
        ("text/csv", "", SELECT, "text/csv; charset=utf-8"),
        ("text/csv", "xml", SELECT, "application/sparql-results+xml"),
        ("application/json", "", SELECT, "application/sparql-results+json"),
        ("application/json", "", CONSTRUCT, "application/ld+json"),
        (
            "text/tab-separated-values;q=0.9, image/png",
            "",
            SELECT,
            "text/tab-separated-values; charset=utf-8",
        ),
        ("application/sparql-results+xml, application/rdf+xml", "", CONSTRUCT, "application/rdf+xml"),
        ("application/n-triples", "", CONSTRUCT, "application/n-triples"),
        ("text/html", "", SELECT, "text/html; charset=utf-8"),
        ("text/html", "csv", SELECT, "text/csv; charset=utf-8"),
        (None, "html", CONSTRUCT, "text/html; charset=utf-8"),
        *(
            (None, item.name, SELECT if item.shape == "rows" else CONSTRUCT, item.content_type)
            for item in FORMATS
        ),
    ],
)
def test_the_format_follows_the_client(
    live: FlaskClient, accept: str | None, named: str, query: str, content_type: str
) -> None:
    headers = {"Accept": accept} if accept else {}
    response = live.get("/sparql", query_string={"query": query, "format": named}, headers=headers)
    assert response.status_code == 200, response.text
    assert response.content_type == content_type
    assert "Accept" in response.headers["Vary"]


def test_all_formats_of_rows_hold_the_same(live: FlaskClient) -> None:
    as_json = json.loads(live.get("/sparql", query_string={"query": SELECT}).data)
    expected = [[row["s"]["value"], row["element"]["value"]] for row in as_json["results"]["bindings"]]
    as_csv = rows(live.get("/sparql", query_string={"query": SELECT, "format": "csv"}).text)
    parsed = ox.parse_query_results(
        live.get("/sparql", query_string={"query": SELECT, "format": "xml"}).data,
        format=ox.QueryResultsFormat.XML,
    )
    assert isinstance(parsed, ox.QuerySolutions)
    assert as_csv[0] == ["s", "element"]
    assert as_csv[1:] == expected
    assert [[row["s"].value, row["element"].value] for row in parsed] == expected  # type: ignore[union-attr]


def test_all_formats_of_a_graph_hold_the_same(live: FlaskClient) -> None:
    formats = {"turtle": "TURTLE", "ntriples": "N_TRIPLES", "jsonld": "JSON_LD", "rdfxml": "RDF_XML"}
    graphs = [
        {
            quad.triple
            for quad in ox.parse(
                live.get("/sparql", query_string={"query": CONSTRUCT, "format": name}).data,
                format=getattr(ox.RdfFormat, engine),
            )
        }
        for name, engine in formats.items()
    ]
    assert len(graphs[0]) == 5
    assert all(graph == graphs[0] for graph in graphs)


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"query_string": {"query": "SELECT * {"}}, 400, "query-malformed"),
        ({"query_string": {"query": "SELECT * { ?s a xafs:Deposit }"}}, 400, "query-malformed"),
        ({"query_string": {"query": "  "}}, 400, "query-missing"),
        ({"query_string": "query=ASK{}&query=ASK{}"}, 400, "query-repeated"),
        ({"query_string": {"query": "DROP ALL"}}, 403, "query-refused-update"),
        ({"query_string": {"update": "DROP ALL"}}, 403, "query-refused-update"),
        (
            {"query_string": {"query": "ASK { SERVICE <http://a/> { ?s ?p ?o } }"}},
            403,
            "query-refused-service",
        ),
        ({"query_string": {"query": "ASK { service silent <http://a/> {} }"}}, 403, "query-refused-service"),
        ({"query_string": {"query": "ASK {}", "format": "turtle"}}, 406, "query-format"),
        ({"query_string": {"query": "ASK {}", "format": "<script>"}}, 406, "query-format"),
        ({"query_string": {"query": "ASK {}"}, "headers": {"Accept": "image/png"}}, 406, "not-acceptable"),
        ({"query_string": "query=ASK%7B%3Fs+%3Fp+%22%FF%22%7D"}, 400, "bad-request"),
        ({"query_string": {"query": "ASK { FILTER(<http://x.example/f>(1)) }"}}, 400, "query-malformed"),
        ({"query_string": {"query": "#" + "x" * 16_000}}, 414, "address-too-long"),
        ({"query_string": {"query": "ASK " + "{" * 300 + "}" * 300}}, 400, "query-too-complex"),
    ],
)
def test_what_a_get_is_refused(
    live: FlaskClient, request_: dict[str, object], status: int, code: str
) -> None:
    response = live.get("/sparql", **request_)  # type: ignore[arg-type]
    body = json.loads(response.data)
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert response.content_type == "application/problem+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert body["type"] == f"/problems#{code}"
    assert body["title"]
    assert body["detail"]
    assert response.headers["X-Query-Time-Limit"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"DROP ALL", "application/sparql-update", 403, "query-refused-update"),
        (b"update=DROP+ALL", FORM["Content-Type"], 403, "query-refused-update"),
        (b"ASK {}", "text/plain", 415, "media-type"),
        (b"ASK {}", "", 415, "media-type"),
        (b"", FORM["Content-Type"], 400, "query-missing"),
        (b"nothing=here", FORM["Content-Type"], 400, "query-missing"),
        (b"\xff\xfe", "application/sparql-query", 400, "bad-request"),
        (b"query=ASK+%7B+%3Fs+%3Fp+%22%FF%22+%7D", FORM["Content-Type"], 400, "bad-request"),
        (b"#" + b"x" * 16_000, "application/sparql-query", 413, "query-too-long"),
        (b"query=" + b"x" * 17_000, FORM["Content-Type"], 413, "query-too-long"),
        (b"query=" + b"x" * 200_000, FORM["Content-Type"], 413, "request-too-large"),
        (b"x" * 2_000_000, "application/sparql-query", 413, "query-too-long"),
    ],
)
def test_what_a_post_is_refused(
    live: FlaskClient, body: bytes, content_type: str, status: int, code: str
) -> None:
    response = live.post("/sparql", data=body, content_type=content_type)
    assert (response.status_code, json.loads(response.data)["code"]) == (status, code)


@pytest.mark.parametrize("media_type", ["application/sparql-query", FORM["Content-Type"]])
@pytest.mark.parametrize(
    ("parameters", "coding", "status"),
    [
        ("; charset=UTF-8", "identity", 200),
        ('; charset="utf8"', "", 200),
        ("; charset=utf-16", "", 415),
        ("; charset=iso-8859-1", "", 415),
        ("", "gzip", 415),
        ("", "identity, br", 415),
    ],
)
@pytest.mark.parametrize("path", ["/sparql", "/cite"])
def test_a_body_is_utf8_and_not_packed(
    live: FlaskClient, path: str, media_type: str, parameters: str, coding: str, status: int
) -> None:
    body = b"ASK {}" if media_type == "application/sparql-query" else b"query=ASK+%7B%7D"
    headers = {"Content-Encoding": coding} if coding else {}
    response = live.post(path, data=body, content_type=media_type + parameters, headers=headers)
    if status == 415:
        assert (response.status_code, response.mimetype) == (415, "application/problem+json")
        assert json.loads(response.data)["code"] == "media-type"
        assert response.headers.get("Accept-Encoding") == ("identity" if coding else None)
    else:
        assert response.status_code in {200, 201}


def test_a_body_of_unknown_length_is_refused(live: FlaskClient) -> None:
    response = live.post(
        "/sparql",
        input_stream=io.BytesIO(b"ASK {}"),
        content_type="application/sparql-query",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"CONTENT_LENGTH": ""},
    )
    assert (response.status_code, json.loads(response.data)["code"]) == (411, "length-required")


def test_a_mistake_is_shown_where_it_is(live: FlaskClient) -> None:
    body = json.loads(live.get("/sparql", query_string={"query": "SELECT *\nWHERE { ?s ?p }"}).data)
    assert body["line"] == 2
    assert 12 < body["column"] <= 16
    unknown = json.loads(live.get("/sparql", query_string={"query": "SELECT * { ?s a xafs:Deposit }"}).data)
    assert "PREFIX xafs: <https://w3id.org/xafscat/ns#>" in unknown["detail"]
    page = live.get("/sparql", query_string={"query": "SELECT *\nWHERE { ?s ?p }"}, headers=BROWSER)
    assert page.status_code == 400
    assert re.search(r"WHERE { \?s \?p }\n {11,16}\^", page.text)
    assert "SELECT *\nWHERE" in page.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_taken(live: FlaskClient, method: str) -> None:
    response = live.open("/sparql", method=method)
    assert response.status_code == 405
    assert {"GET", "HEAD", "OPTIONS", "POST"} == set(response.headers["Allow"].split(", "))
    assert json.loads(response.data)["code"] == "method-not-allowed"


def test_head_and_options(live: FlaskClient) -> None:
    head = live.head("/sparql", query_string={"query": SELECT})
    got = live.get("/sparql", query_string={"query": SELECT})
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(got.data))
    options = live.options(
        "/sparql", headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    )
    assert options.status_code == 200
    assert options.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in options.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in options.headers["Access-Control-Allow-Headers"]
    exposed = options.headers["Access-Control-Expose-Headers"]
    assert all(name in exposed for name in ("ETag", "Link", "Location", "Retry-After", "X-Release"))


def test_an_answer_the_client_has_is_not_sent_again(live: FlaskClient) -> None:
    first = live.get("/sparql", query_string={"query": SELECT})
    again = live.get(
        "/sparql", query_string={"query": SELECT}, headers={"If-None-Match": first.headers["ETag"]}
    )
    other = live.get(
        "/sparql",
        query_string={"query": SELECT, "format": "csv"},
        headers={"If-None-Match": first.headers["ETag"]},
    )
    assert (again.status_code, again.data, other.status_code) == (304, b"", 200)
    assert first.headers["X-Release"] == "2"
    fresh = live.get("/sparql", query_string={"query": f"{SELECT} # asked for the first time"})
    assert fresh.headers["Server-Timing"].startswith("query;dur=")
    assert first.headers["X-Query-Time-Limit"] == "20"
    assert first.headers["X-Query-Result-Limit"] == "50000000"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SELECT * {", 400),
        ("DROP ALL", 403),
        ("ASK { SERVICE <http://a/> {} }", 403),
        ("ASK { ?any ?thing 1 }", 304),
    ],
)
def test_whoever_has_any_answer_is_still_told_of_mistakes(live: FlaskClient, query: str, status: int) -> None:
    for headers in ({"If-None-Match": "*"}, {"If-None-Match": "*", "Accept": "text/csv"}):
        assert live.get("/sparql", query_string={"query": query}, headers=headers).status_code == status


def test_a_graph_nobody_has_is_empty_and_never_fetched(live: FlaskClient) -> None:
    everything = {"query": "ASK { ?s ?p ?o }"}
    assert json.loads(live.get("/sparql", query_string=everything).data)["boolean"] is True
    for name in ("default-graph-uri", "named-graph-uri"):
        asked = live.get("/sparql", query_string={**everything, name: "http://127.0.0.1:1/nowhere"})
        assert json.loads(asked.data)["boolean"] is False
    inside = live.get("/sparql", query_string={"query": "ASK FROM <http://127.0.0.1:1/nowhere> { ?s ?p ?o }"})
    assert json.loads(inside.data)["boolean"] is False


def test_a_query_that_hits_a_limit_says_which(live: FlaskClient) -> None:
    doubling = (
        "SELECT ?z { BIND('"
        + "x" * 64
        + "' AS ?a0) "
        + " ".join(f"BIND(CONCAT(?a{step},?a{step}) AS ?a{step + 1})" for step in range(21))
        + " BIND(?a21 AS ?z) }"
    )
    response = live.get("/sparql", query_string={"query": doubling})
    body = json.loads(response.data)
    assert (response.status_code, body["code"], body["limit"]) == (503, "result-too-large", 50_000_000)
    assert "Retry-After" not in response.headers
    assert json.loads(live.get("/sparql", query_string={"query": "ASK {}"}).data)["boolean"] is True


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT ?o { ?s ?p ?o } GROUP BY ?s", "The SELECT contains a variable that is unbound"),
        ("SELECT * { ?s ?p ?o } GROUP BY ?s", "SELECT * is not authorized with GROUP BY"),
        ("SELECT ?x ?x {}", "Duplicated variable name in SELECT"),
    ],
)
def test_the_rule_that_was_broken_is_named(live: FlaskClient, query: str, said: str) -> None:
    body = json.loads(live.get("/sparql", query_string={"query": query}).data)
    assert (body["code"], body["detail"]) == ("query-malformed", f"The query is not SPARQL: {said}")


@pytest.mark.parametrize(
    "name", ["xml", "rdf+xml", "rdf", "json-ld", "json", "n3", "ttl", "nt", "text/turtle"]
)
def test_formats_have_the_names_that_clients_give_them(live: FlaskClient, name: str) -> None:
    query = "CONSTRUCT WHERE { ?s a <https://w3id.org/xafscat/ns#Deposit> }"
    response = live.get("/sparql", query_string={"query": query, "format": name, "output": name})
    assert response.status_code == 200
    kinds = {"xml": "rdf+xml", "rdf": "rdf+xml", "json": "ld+json", "json-ld": "ld+json", "nt": "n-triples"}
    assert kinds.get(name, "rdf+xml" if name == "rdf+xml" else "turtle") in response.content_type


def test_an_empty_graph_parameter_says_nothing(live: FlaskClient) -> None:
    query = {"query": "ASK { ?s ?p ?o }", "default-graph-uri": ""}
    assert json.loads(live.get("/sparql", query_string=query).data)["boolean"] is True


def test_a_large_answer_is_whole(live: FlaskClient) -> None:
    query = "SELECT ?s ?p ?o { ?s ?p ?o }"
    response = live.get("/sparql", query_string={"query": query, "format": "csv"})
    count = live.get(
        "/sparql", query_string={"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "format": "csv"}
    )
    assert int(response.headers["Content-Length"]) == len(response.data) > 1_000_000
    assert len(rows(response.text)) - 1 == int(rows(count.text)[1][0])


def test_the_form_works_without_javascript(live: FlaskClient) -> None:
    page = live.get("/sparql", headers=BROWSER)
    assert page.status_code == 200
    assert '<form id="ask" action="/sparql" method="get"' in page.text
    assert '<label for="query"' in page.text
    assert 'name="format"' in page.text
    example = live.get("/sparql?example=coverage-by-edge")
    assert "COUNT(?spectrum)" in example.text
    assert live.get("/sparql?example=none").status_code == 404


def test_results_as_a_page(live: FlaskClient) -> None:
    table = live.get("/sparql", query_string={"query": SELECT}, headers=BROWSER).text
    assert table.count('<td><a href="/record/') == 3
    assert "3 rows" in table
    assert f"/sparql?{urlencode({'query': SELECT, 'format': 'csv'})}".replace("&", "&amp;") in table
    assert "<strong>Yes</strong>" in live.get("/sparql?query=ASK{}&format=html").text
    assert "No rows" in live.get("/sparql?query=SELECT+*+{+?s+<a:b>+?o+}&format=html").text
    graph = live.get("/sparql", query_string={"query": CONSTRUCT}, headers=BROWSER).text
    assert "&lt;http://127.0.0.1:8000/record/" in graph
    many = live.get(
        "/sparql", query_string={"query": "SELECT ?s { ?s ?p ?o } LIMIT 1500", "format": "html"}
    ).text
    assert "first 1,000 of 1,500 rows" in many


def test_every_example_answers(live: FlaskClient) -> None:
    from server.public.examples import examples

    assert len(examples()) >= 6
    for example in examples():
        response = live.get("/sparql", query_string={"query": example.query})
        assert response.status_code == 200, (example.name, response.text)
        table = response.is_json and json.loads(response.data)["results"]["bindings"]
        assert table or list(ox.parse(response.data, format=ox.RdfFormat.TURTLE)), example.name
        assert example.title["ja"] != example.title["en"]


def test_an_endpoint_that_is_off_says_why(client: FlaskClient) -> None:
    response = client.get("/sparql?query=ASK{}")
    body = json.loads(response.data)
    assert (response.status_code, body["code"], body["detail"]) == (
        503,
        "sparql-off",
        "switched off for this test",
    )
    assert "Retry-After" in response.headers
    assert "switched off for this test" in client.get("/sparql", headers=BROWSER).text


def test_nothing_that_may_be_chosen_lacks_a_default() -> None:
    assert choose_format("", None, None) == "json"
    assert choose_format("", "", "DESCRIBE") == "turtle"
