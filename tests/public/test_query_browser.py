"""The query page in a real browser: write, run, mend, switch the format, share, cancel, cite; and nobody shut out."""

from __future__ import annotations

import csv
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from catalog.resources import data_root
from tests.public.test_browser import INKED, Visit, address, browser, until, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

__all__ = ["address", "browser", "visit"]

pytestmark = pytest.mark.browser

AXE = data_root() / "node_modules" / "axe-core" / "axe.min.js"
PREFIX = "PREFIX xafs: <https://w3id.org/xafscat/ns#>\n"
COUNTS = (
    PREFIX
    + "SELECT ?element (COUNT(?s) AS ?spectra) { ?s xafs:element ?element } GROUP BY ?element ORDER BY ?element"
)
RECORDS = PREFIX + "SELECT ?record { ?record a xafs:Deposit } ORDER BY ?record LIMIT 5"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
SERIOUS = {"serious", "critical"}
HINTS = ".CodeMirror-hints li"


def write(page: Page, query: str) -> None:
    """Replace what stands in the editor."""
    page.locator("#editor .CodeMirror").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(query)
    assert page.evaluate("editor.getValue()") == query


def run(page: Page) -> None:
    """Run it, and wait for the result."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_selector("#results")


def test_a_query_is_written_run_and_mended(visit: Visit) -> None:
    visit.open("/sparql")
    write(visit.page, "ASK { ?s ?p ?o")
    visit.page.keyboard.press("Control+Enter")
    visit.page.wait_for_selector("text=The query cannot be parsed")
    write(visit.page, "ASK { ?s ?p ?o }")
    run(visit.page)
    assert visit.page.locator("#results strong").inner_text() == "Yes"
    assert visit.page.evaluate("document.activeElement.closest('#outcome') !== null")
    assert visit.strangers() == []


def test_an_example_is_one_click_away(visit: Visit) -> None:
    visit.open("/sparql")
    visit.page.locator(".examples a.fill", has_text="How many spectra at each").click()
    assert "COUNT(?spectrum)" in visit.page.evaluate("editor.getValue()")
    run(visit.page)
    assert visit.page.locator("#results tbody tr").count() > 3
    assert visit.said == []


def test_labels_can_be_switched_and_lead_to_records(visit: Visit) -> None:
    visit.open("/sparql?" + urlencode({"query": RECORDS}))
    cell = visit.page.locator("#results tbody td").first
    label = cell.locator(".label")
    assert label.is_visible()
    assert not cell.locator(".short").is_visible()
    visit.page.get_by_label("Show IRIs instead of labels").check()
    assert (label.is_visible(), cell.locator(".short").is_visible()) == (False, True)
    cell.locator("a").click()
    visit.page.wait_for_url("**/record/*")


def test_a_link_is_shared_and_going_back_works(visit: Visit) -> None:
    visit.open("/sparql")
    write(visit.page, COUNTS)
    run(visit.page)
    shared = visit.page.url
    assert "SELECT" in shared
    assert visit.page.locator("#share").evaluate("link => link.href") == shared
    write(visit.page, "ASK {}")
    run(visit.page)
    visit.page.wait_for_selector("#results strong")
    visit.page.go_back()
    visit.page.wait_for_selector("#results table")
    assert visit.page.evaluate("editor.getValue()") == COUNTS
    visit.page.goto(shared)
    assert visit.page.evaluate("editor.getValue()") == COUNTS
    assert visit.page.locator("#results tbody tr").count() > 3


def test_chosen_graphs_stay_chosen_until_one_leaves_them(visit: Visit) -> None:
    visit.open("/sparql?" + urlencode({"query": "ASK { ?s ?p ?o }", "default-graph-uri": "urn:other"}))
    answer = visit.page.locator("#results strong")
    assert answer.inner_text() == "No"
    write(visit.page, "ASK { ?s ?p ?o . }")
    run(visit.page)
    share = visit.page.locator("#share")
    until(visit.page, lambda: "%3Fo+.+" in str(share.get_attribute("href")))
    assert answer.inner_text() == "No"
    assert "urn%3Aother" in str(share.get_attribute("href"))
    until(visit.page, lambda: share.evaluate("link => link.href") == visit.page.url)
    visit.page.get_by_role("link", name="Ask the whole catalog").click()
    visit.page.wait_for_url(lambda url: "other" not in url)
    assert answer.inner_text() == "Yes"
    assert visit.said == []


def test_another_format_is_a_file(visit: Visit) -> None:
    visit.open("/sparql")
    write(visit.page, COUNTS)
    visit.page.get_by_label("Result as").select_option("csv")
    with visit.page.expect_download() as started:
        visit.page.get_by_role("button", name="Run", exact=True).click()
    with started.value.path().open(encoding="utf-8", newline="") as stream:
        read = list(csv.reader(stream))
    visit.page.get_by_label("Result as").select_option("html")
    run(visit.page)
    rows = visit.page.locator("#results tbody tr")
    shown = [row.locator("td").all_inner_texts() for row in rows.all()]
    assert shown == read[1:]


def test_numbers_have_a_chart(visit: Visit) -> None:
    visit.open("/sparql?" + urlencode({"query": COUNTS}))
    visit.page.locator("details.chart summary").click()
    canvas = visit.page.locator("details.chart canvas")
    canvas.wait_for()
    until(visit.page, lambda: canvas.evaluate(INKED) > 1000)
    bars = canvas.evaluate(INKED)
    visit.page.get_by_label("Drawn as").select_option("points")
    until(visit.page, lambda: 0 < canvas.evaluate(INKED) < bars)
    assert visit.said == []


def test_cancel_stops_what_runs(visit: Visit, published: Any) -> None:
    client = published.app.extensions["xafscat"].query
    visit.open("/sparql")
    write(visit.page, SLOW)
    visit.page.get_by_role("button", name="Run", exact=True).click()
    cancel = visit.page.get_by_role("button", name="Cancel")
    cancel.wait_for()
    until(visit.page, lambda: client.stats()["running"] == 1)
    cancel.click()
    visit.page.wait_for_selector("text=Cancelled: the query was stopped.")
    until(visit.page, lambda: client.stats()["running"] == 0)
    assert not cancel.is_visible()
    write(visit.page, "ASK {}")
    run(visit.page)


def test_the_editor_completes_and_lets_the_keyboard_out(visit: Visit) -> None:
    visit.open("/sparql")
    write(visit.page, PREFIX + "SELECT * { ?s xafs:eleme")
    visit.page.keyboard.press("Control+Space")
    visit.page.locator(HINTS, has_text="xafs:element").wait_for()
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("editor.getValue()") == PREFIX + "SELECT * { ?s xafs:element"
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.closest('#editor') === null")
    assert visit.strangers() == []


def held_back(visit: Visit) -> Route:
    """Open the page; the request for its words waits until it is continued."""
    asked: list[Route] = []
    visit.page.route("**/sparql/words.json", lambda route: asked.append(route))  # noqa: PLW0108 - not a builtin
    visit.open("/sparql")
    until(visit.page, lambda: asked)
    return asked[0]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (PREFIX + "SELECT * { ?s xafs:eleme", ["xafs:element"]),
        (PREFIX + "SELECT * { ?s a xafs:Spec", ["xafs:Spectrum", "xafs:SpectrumCount"]),
        ("PREFIX dcat", ["dcat: <http://www.w3.org/ns/dcat#>"]),
    ],
)
def test_words_that_come_late_complete_what_was_typed(visit: Visit, typed: str, offered: list[str]) -> None:
    words = held_back(visit)
    write(visit.page, typed)
    visit.page.keyboard.press("Control+Space")
    assert visit.page.locator(HINTS).count() == 0
    words.continue_()
    visit.page.locator(HINTS).first.wait_for()
    assert visit.page.locator(HINTS).all_inner_texts() == offered
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("editor.getValue()").endswith(offered[0])


def test_a_known_prefix_is_declared_once_and_an_unknown_one_left_alone(visit: Visit) -> None:
    words = held_back(visit)
    write(visit.page, "SELECT * { ?s ")
    visit.page.keyboard.type("nobody:knows ?x . ?s dcat:them")
    with visit.page.expect_response("**/sparql/words.json"):
        words.continue_()
    lines = visit.page.locator("#editor .CodeMirror-line")
    # The words have arrived, but not yet been read: the keys go on until they are.
    deadline = time.monotonic() + 10
    while not lines.filter(has_text="PREFIX dcat:").count() and time.monotonic() < deadline:
        visit.page.keyboard.type("e")
    visit.page.keyboard.type(" ?theme ; foaf:name ?name }")
    lines.filter(has_text="PREFIX foaf:").wait_for()
    lines.filter(has_text="PREFIX dcat:").wait_for()
    assert visit.page.evaluate("editor.getValue()").count("PREFIX") == 2


def test_the_parameters_of_an_example_can_be_read(visit: Visit) -> None:
    """Also in Japanese, which may be broken anywhere, and also on a narrow screen."""
    visit.open("/q/one-foil-over-beamlines?lang=ja")
    room = visit.page.locator(".scroll", has=visit.page.locator("table.parameters"))
    assert room.evaluate("room => room.scrollWidth <= room.clientWidth")
    meanings = room.locator("td:nth-child(2)")
    assert meanings.count() == 3
    # One line each, not one letter a line.
    assert all(cell.evaluate("cell => cell.clientHeight") < 60 for cell in meanings.all())
    assert visit.said == []


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ja", 375)])
def test_axe_finds_nothing_serious(browser: Browser, address: str, language: str, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci")
    context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = context.new_page()
    for path in (
        "/sparql",
        "/sparql?" + urlencode({"query": COUNTS}),
        "/sparql?" + urlencode({"query": "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 3"}),
        "/sparql?" + urlencode({"query": "ASK {"}),
        "/sparql?" + urlencode({"query": COUNTS, "default-graph-uri": "http://127.0.0.1/" + "graph" * 40}),
        "/sparql?" + urlencode({"query": "ASK {", "named-graph-uri": "http://127.0.0.1/" + "graph" * 40}),
        "/q",
        "/q/one-foil-over-beamlines",
        "/records",
    ):
        page.goto(address + path + ("&" if "?" in path else "?") + f"lang={language}", wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run()")
        assert found["passes"], path
        serious = [
            (path, item["id"], item["nodes"][0]["html"][:200])
            for item in found["violations"]
            if item["impact"] in SERIOUS
        ]
        assert serious == []
    context.close()
