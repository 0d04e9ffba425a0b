"""What became of a query is said in the reader's language, with its values, and nothing that is said is forgotten."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import server.query
from server.public.errors import answer
from server.public.evaluation import refusal
from server.public.query_words import SENTENCES, pattern
from server.query import errors
from server.query.protocol import Limits
from server.query.quota import Quotas

JAPANESE = {"Accept-Language": "ja"}
# Said to operators: where no query can run, the endpoint is off and says so in other words.
NOT_OF_QUERIES = {"sandbox-unavailable"}
CODES = {kind.__name__: kind.code for kind in errors.PROBLEMS.values()}


def said() -> set[tuple[str, str]]:
    """Each code with a sentence that the query package raises, the values in it replaced by a 7."""
    found = set()
    for path in Path(server.query.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name in CODES:
                names = {"cls": CODES[node.name]}
                found |= {(code, text) for call in ast.walk(node) for code, text in _told(call, names)}
            found |= set(_told(node, CODES))
    return found


def _told(node: ast.AST, codes: dict[str, str]) -> list[tuple[str, str]]:
    if not isinstance(node, ast.Call):
        return []
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "_busy":
        return [("busy", f"the endpoint is busy: {_text(node.args[0])}")]
    if name == "_Refused" and isinstance(node.args[0], ast.Constant):
        return [(str(node.args[0].value), text)] if (text := _text(node.args[1])) else []
    text = _text(node.args[0]) if name in codes and node.args else ""
    return [(codes[name], text)] if text and text != "the endpoint is busy: 7" else []


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return ""


def test_every_sentence_of_the_query_package_is_known() -> None:
    told = {(code, text) for code, text in said() if code not in NOT_OF_QUERIES}
    assert len(told) > 35
    # Its two endings stand in a variable.
    told -= {("result-not-representable", "the answer cannot be written as XML (7); ask for another format")}
    unknown = {
        (code, text)
        for code, text in told
        if not any(pattern(sentence).fullmatch(text) for sentence in SENTENCES[code])
    }
    assert unknown == set()


@pytest.mark.parametrize(
    ("query", "code", "sentence"),
    [
        ("SELECT * { ?s a foo:Bar }", "query-malformed", "接頭辞 foo: が宣言されていません"),
        (
            "SELECT * { ?s a xafs:Deposit }",
            "query-malformed",
            "接頭辞 xafs: が宣言されていません。クエリの先頭に次の行を書いてください: "
            "PREFIX xafs: <https://w3id.org/xafscat/ns#>",
        ),
        ("SELECT * {", "query-malformed", "この '{' が閉じられていません"),
        (
            "SELECT * { ?s ?p 'a\n' }",
            "query-malformed",
            "この文字列は閉じられていないか、改行またはSPARQLにないエスケープを含みます",
        ),
        ("SELECT ?o { ?s ?p ?o } GROUP BY ?s", "query-malformed", "クエリはSPARQLの規則に合いません: "),
        (
            "SELECT *\nWHERE { ?s ?p }",
            "query-malformed",
            "クエリはこの位置、またはその少し前で、SPARQLとして読めません",
        ),
        ("ASK { FILTER(<http://x.example/f>(1)) }", "query-malformed", "この関数はここにはありません: "),
        (
            "ASK { SERVICE <http://a/> {} }",
            "query-refused-service",
            "このエンドポイントは他のサーバーに接続しないため、",
        ),
        ("DROP ALL", "query-refused-update", "このエンドポイントはクエリだけに答えます。DROP は更新です"),
        ("ASK " + "{" * 300 + "}" * 300, "query-too-complex", "括弧の入れ子が250段を超えています"),
    ],
)
def test_a_japanese_reader_is_told_in_japanese(
    live: FlaskClient, query: str, code: str, sentence: str
) -> None:
    machine = live.get("/sparql", query_string={"query": query}, headers=JAPANESE)
    body = json.loads(machine.data)
    assert (body["code"], body["detail"][: len(sentence)]) == (code, sentence)
    assert "Accept-Language" in machine.headers["Vary"]
    page = live.get(
        "/sparql", query_string={"query": query, "lang": "ja"}, headers={"Accept": "text/html"}
    ).text
    assert sentence.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;") in page
    if "line" in body:
        assert f"{body['line']}行目、{body['column']}文字目" in page
    english = json.loads(live.get("/sparql", query_string={"query": query}).data)["detail"]
    assert english.isascii()
    assert english[0].isupper() or english.startswith("SERVICE")


def test_values_are_kept(live: FlaskClient) -> None:
    query = "SELECT ?s ?a { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f } LIMIT 4000000"
    told = live.get("/sparql", query_string={"query": query, "format": "csv"}, headers=JAPANESE)
    body = json.loads(told.data)
    assert (told.status_code, body["code"]) == (503, "result-too-large")
    assert (
        body["detail"] == "結果が50,000,000バイトを超えました。範囲を狭めるか、LIMITとOFFSETで分けてください"
    )


def test_every_message_has_a_form_of_its_own() -> None:
    """A filled message is never taken for another that stands before it."""
    for sentences in SENTENCES.values():
        for sentence in sentences:
            filled = re.sub(r"%\(\w+\)s", "7", sentence)
            assert next(other for other in sentences if pattern(other).fullmatch(filled)) == sentence


def test_a_client_in_its_own_way_gets_429(published: Any) -> None:
    quotas = Quotas(Limits(workers=2))
    quotas.waits("a", 0.0)
    quotas.runs("a", 0.0)
    own = quotas.in_its_own_way("a", 0.0)
    assert own is not None
    assert quotas.in_its_own_way("b", 0.0) is None
    with published.app.test_request_context("/sparql", headers=JAPANESE):
        published.app.preprocess_request()
        response = answer(refusal(own))
    body = json.loads(response.data)
    assert (response.status_code, response.headers["Retry-After"], body["code"]) == (429, "1", "client-limit")
    assert body["limit"] == 1
    assert body["detail"].endswith("終わるのを待つか、中止してください")
