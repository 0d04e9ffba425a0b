"""The pages in a real browser: nothing fails, nothing is fetched from elsewhere, the plot is drawn."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]
WIDTHS = {"desktop": (1280, 900), "phone": (360, 740)}
# Whether a canvas holds anything but its background.
INKED = """canvas => {
  if (!canvas.width || !canvas.height) return 0;
  // A copy, because the browser complains of canvases that are drawn fast and read often.
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  const {data} = copy.getImageData(0, 0, canvas.width, canvas.height);
  let ink = 0;
  for (let at = 3; at < data.length; at += 4) ink += data[at] > 0;
  return ink;
}"""


class Quiet(WSGIRequestHandler):
    """Says nothing of the requests it serves."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


@dataclass
class Visit:
    """A page that was opened, what its console said and what it asked of whom."""

    page: Page
    base: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open a page of the site and wait until its plots are drawn."""
        self.page.goto(self.base + path, wait_until="load")
        for figure in self.page.locator("figure[data-curve]").all():
            figure.and_(self.page.locator("[data-drawn=true]")).wait_for()

    def strangers(self) -> list[str]:
        """The addresses asked for that are not of this site."""
        return [url for url in self.asked if not url.startswith((self.base + "/", "data:"))]


def until(page: Page, condition: Callable[[], object]) -> None:
    """Wait for what the page does in its own time, from here: its policy forbids Playwright to wait inside."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def address(published) -> Iterator[str]:  # type: ignore[no-untyped-def]
    server = make_server("127.0.0.1", 0, published.app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=WIDTHS)
def visit(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Visit]:
    width, height = WIDTHS[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(10_000)
    page = context.new_page()
    found = Visit(page, address)
    page.on("console", lambda message: found.said.append(message.text))
    page.on("pageerror", lambda error: found.said.append(str(error)))
    page.on("request", lambda asked: found.asked.append(asked.url))
    yield found
    context.close()


def first_open_record(published: Any) -> str:
    release = published.app.extensions["xafscat"].release()
    return next(entry.id for entry in release.latest(50) if entry.document["access"].endswith("c_abf2"))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_is_quiet_local_and_fits(visit: Visit, published: Any, language: str) -> None:
    record = first_open_record(published)
    for path in (
        "/",
        "/records",
        f"/record/{record}",
        f"/record/{published.embargoed}",
        "/sparql",
        "/sparql?query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D+LIMIT+50",
        "/ontology",
        "/shapes/findable",
        "/facility/photon-factory",
        "/material/iron",
        "/material/rutile",
        "/edge",
        "/problems",
    ):
        visit.open(path + ("&" if "?" in path else "?") + f"lang={language}")
        assert visit.page.locator("main h1").count() == 1, path
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert visit.page.evaluate("document.documentElement.lang") == language
    assert visit.said == []
    assert visit.strangers() == []


def test_the_spectrum_is_drawn_and_can_be_zoomed(visit: Visit, published: Any) -> None:
    visit.open(f"/record/{first_open_record(published)}")
    visit.page.wait_for_selector("figure[data-drawn=true] canvas")
    canvas = visit.page.locator("figure canvas").first
    assert canvas.evaluate(INKED) > 1000
    box = canvas.bounding_box()
    assert box is not None
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    over = visit.page.locator("figure .u-over").first.bounding_box()
    assert over is not None
    middle = over["y"] + over["height"] / 2
    visit.page.mouse.move(over["x"] + over["width"] * 0.3, middle)
    visit.page.mouse.down()
    visit.page.mouse.move(over["x"] + over["width"] * 0.6, middle, steps=5)
    visit.page.mouse.up()
    until(visit.page, lambda: canvas.evaluate("canvas => canvas.toDataURL()") != before)
    assert visit.said == []


def test_without_scripts_the_spectrum_is_still_there(browser: Browser, address: str, published: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/record/{first_open_record(published)}")
    assert page.locator("figure svg path").count() == 1
    box = page.locator("figure svg").bounding_box()
    assert box is not None
    assert box["height"] > 150
    page.goto(f"{address}/sparql")
    page.get_by_label("SPARQL query").fill("SELECT ?s { ?s ?p ?o } LIMIT 3")
    page.get_by_role("button", name="Run").click()
    assert page.locator("#results tbody tr").count() == 3
    assert page.get_by_role("button", name="Cancel").count() == 0
    # A mistake is a page of its own, with the query to be mended.
    page.goto(f"{address}/sparql?query=ASK+%7B&format=html")
    mended = page.get_by_label("Query", exact=True)
    assert mended.input_value() == "ASK {"
    mended.fill("ASK { ?s ?p ?o }")
    page.get_by_role("button", name="Run again").click()
    assert page.locator("#results strong").inner_text() == "Yes"
    context.close()


def test_commands_to_copy_name_the_address_that_was_opened(visit: Visit) -> None:
    visit.open("/")
    command = visit.page.locator("pre", has_text="curl").first.inner_text()
    assert command.startswith(f"curl {visit.base}/sparql")
    assert visit.said == []


def test_the_keyboard_reaches_the_content_first(visit: Visit) -> None:
    visit.open("/")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.className") == "skip"
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("document.activeElement.id") == "main"


def test_hostile_text_does_nothing_in_a_browser(browser: Browser, fake_release: Any, make_site: Any) -> None:
    from catalog.releases import Entry
    from server.public.app import create_app

    payload = '</title><img src=x onerror=pwned=1><script>pwned=1</script>" onfocus=pwned=1 autofocus x="'
    entry = fake_release.entries["foil7k3m9q"]
    document = {
        **entry.document,
        "title": {"en": payload, "ja": payload},
        "note": {"@none": payload},
        "doi": payload,
    }
    fake_release.entries["foil7k3m9q"] = Entry(
        entry.id, "published", document, entry.issued, entry.datestamp, entry.release, entry.sha256
    )
    server = make_server(
        "127.0.0.1", 0, create_app(make_site(fake_release)), request_handler=Quiet, threaded=True
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = browser.new_context()
    page = context.new_page()
    for path in ("/", "/records", "/record/foil7k3m9q"):
        page.goto(f"http://127.0.0.1:{server.port}{path}", wait_until="load")
        assert page.evaluate("typeof pwned") == "undefined"
        assert payload in page.inner_text("main") or path == "/records"
    context.close()
    server.shutdown()
    thread.join()
    server.server_close()
