"""Results for spreadsheet programs: nothing in them acts as a formula, and nothing is lost."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from server.query.errors import NotRepresentable, QueryProblem, ResultTooLarge

DANGEROUS = ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "#N/A", "  =1", "＝1"]
QUERY = (
    "SELECT ?text ?number ?long ?when ?iri ?none { VALUES ?text { "
    + " ".join(f"'{text}'" for text in DANGEROUS)
    + " '鉄箔' } BIND(-1.5 AS ?number) BIND(12345678901234567890 AS ?long) "
    "BIND('2026-11-20'^^<http://www.w3.org/2001/XMLSchema#date> AS ?when) BIND(<http://e/s7> AS ?iri) }"
)


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory, start_broker: Callable[..., Any]) -> Iterator[Any]:
    """A broker whose time limit leaves room for the import of a library on a busy machine."""
    with start_broker(tmp_path_factory.mktemp("sheets"), seconds=15.0, result_bytes=150_000) as started:
        yield started


def test_no_cell_of_a_workbook_is_a_formula(roomy: Any) -> None:
    answer = roomy.client.run(QUERY, "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.read())).active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == ["text", "number", "long", "when", "iri", "none"]
    assert [row[0].value for row in rows[1:]] == [*DANGEROUS, "鉄箔"]
    assert {cell.data_type for row in rows for cell in row[:1]} == {"s"}
    assert {row[1].value for row in rows[1:]} == {-1.5}
    assert {row[2].value for row in rows[1:]} == {"12345678901234567890"}
    assert {row[4].value for row in rows[1:]} == {"http://e/s7"}
    assert {row[5].value for row in rows[1:]} == {None}


def test_no_value_of_safe_csv_begins_a_formula(roomy: Any) -> None:
    text = roomy.client.run(QUERY, "csv-safe").read().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in rows[1:]] == [
        *(text if text == "#N/A" else f"'{text}" for text in DANGEROUS),
        "鉄箔",
    ]
    assert {row[1] for row in rows[1:]} == {"-1.5"}
    standard = roomy.client.run(QUERY, "csv").read().decode()
    assert "\r\n=HYPERLINK(1)," in standard


def test_a_yes_or_no_is_a_row(roomy: Any) -> None:
    assert roomy.client.run("ASK {}", "csv-safe").read().decode("utf-8-sig") == "answer\r\ntrue\r\n"
    sheet = openpyxl.load_workbook(io.BytesIO(roomy.client.run("ASK {}", "xlsx").read())).active
    assert sheet is not None
    assert [row[0].value for row in sheet.iter_rows()] == ["answer", "true"]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT ?o { <http://e/odd> ?p ?o }", NotRepresentable),  # a control character
        (f"SELECT ('{'x' * 33_000}' AS ?long) {{}}", QueryProblem),
        ("SELECT * { ?s <http://e/p> ?o . ?a ?b ?c }", ResultTooLarge),
    ],
)
def test_what_no_sheet_can_hold_is_an_error(roomy: Any, query: str, kind: type[QueryProblem]) -> None:
    with pytest.raises(kind):
        roomy.client.run(query, "xlsx")
    roomy.good()


def test_a_killed_worker_leaves_no_file(broker: Any) -> None:
    with pytest.raises(QueryProblem):
        broker.client.run("SELECT ?z { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STRLEN(?z) > 9) }", "xlsx")
    deadline = time.monotonic() + 10
    while left := [path for path in Path(broker.socket.parent).iterdir() if path != broker.socket]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
