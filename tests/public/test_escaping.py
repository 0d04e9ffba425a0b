"""Hostile text in every field of a document stays text, whatever page or header it reaches."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from catalog.releases import Entry
from server.public.app import create_app
from server.public.links import local_path, web_link

PAYLOADS = [
    "<script>alert(1)</script>",
    "</title><script src=//evil.example></script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/",
    "/\\evil.example/",
    'http://ok.example/"onclick="alert(1)',
    "https://ok.example/\r\nSet-Cookie: a=b",
    "\r\nX-Injected: yes",
    "</textarea></pre></code><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "%(name)s %s {0}",
    "<!--",
    "]]>",
    "&lt;b&gt;",
    "\u202eevil\u2066",
    "\x00\x1b[31m",
]
# What a page is made by, rather than what it shows.
STRUCTURE = {"type"}
URL_ATTRIBUTES = {"href", "src", "action", "formaction", "data-curve", "poster", "srcset", "xlink:href"}


class Page(HTMLParser):
    """Elements, attributes and text of a page as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.comments: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def check(text: str) -> Page:
    """The page, in which nothing is executable or leads to an address that is not of the web."""
    page = Page(text)
    assert page.comments == []
    for tag, attributes in page.elements:
        assert tag in ALLOWED, tag
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        if tag == "script" and attributes.get("type") == "application/ld+json":
            # Data, which no browser runs; its text is checked to hold nothing that could end it.
            assert "src" not in attributes
        elif tag == "script":
            assert (attributes.get("src") or "").startswith("/static/")
        for name in URL_ATTRIBUTES & set(attributes):
            target = attributes[name] or ""
            assert target == "" or target.startswith(("http://", "https://", "/", "?", "#")), (
                tag,
                name,
                target,
            )
            assert not target.startswith(("//", "/\\")), target
    return page


ALLOWED = frozenset(
    re.findall(
        r"\w+",
        "html head meta title link script body a header div nav main article section aside footer h1 h2 h3 p span b"
        " em small strong code pre dl dt dd ul ol li table caption thead tbody tr th td time figure figcaption"
        " details summary svg path sub br form label textarea select option optgroup button input output",
    )
)


def poisoned(node: Any, payload: str, *, top: bool = True) -> Any:
    """A copy of a document in which every text but the record's own id and the types is the payload."""
    if isinstance(node, dict):
        kept = STRUCTURE | ({"id"} if top else set())
        return {
            key: item if key in kept else poisoned(item, payload, top=False) for key, item in node.items()
        }
    if isinstance(node, list):
        return [poisoned(item, payload, top=False) for item in node]
    return payload


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for item in node.values():
            yield from texts(item)
    elif isinstance(node, list):
        for item in node:
            yield from texts(item)
    else:
        yield node


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_hostile_text_in_every_field_stays_text(fake_release, make_site, payload: str, language: str) -> None:  # type: ignore[no-untyped-def]
    clean = fake_release.entries["foil7k3m9q"].document
    document = poisoned(clean, payload)
    assert set(texts(document)) > {payload}
    fake_release.entries = {"foil7k3m9q": Entry("foil7k3m9q", "published", document, *_rest(fake_release))}
    fake_release.spectra_by = lambda column: {"element": {payload: 3, "Fe": 1}, "edge": {payload: 3}}.get(
        column, {}
    )
    client = create_app(make_site(fake_release, title={"en": payload, "ja": payload})).test_client()
    for path in ("/", "/records", "/record/foil7k3m9q.html", "/sparql?format=html"):
        response = client.get(path, headers={"Accept-Language": language})
        assert response.status_code == 200, path
        page = check(response.text)
        assert "X-Injected" not in response.headers
        assert "Set-Cookie" not in response.headers
        if path != "/sparql?format=html":
            values = [item for _, attributes in page.elements for item in attributes.values() if item]
            assert plain(payload) in plain("".join(page.text) + " ".join(values))


def plain(text: str) -> str:
    """Text without what HTML cannot hold, or writes in another way."""
    return text.replace("\r\n", "\n").replace("\x00", "").replace("\ufffd", "")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_in_a_tombstone_stays_text(fake_release, make_site, payload: str) -> None:  # type: ignore[no-untyped-def]
    clean = copy.deepcopy(fake_release.entries["gone4x9p2a"].document)
    document = {**clean, "reason": {"en": payload, "ja": payload}, "issued": payload, "withdrawn": payload}
    fake_release.entries["gone4x9p2a"] = Entry("gone4x9p2a", "withdrawn", document, *_rest(fake_release))
    client = create_app(make_site(fake_release)).test_client()
    response = client.get("/record/gone4x9p2a.html")
    assert response.status_code == 410
    check(response.text)


@pytest.mark.parametrize("payload", [item for item in PAYLOADS if "\x00" not in item])
def test_hostile_text_in_a_request_stays_text(client, payload: str) -> None:  # type: ignore[no-untyped-def]
    browser = {"Accept": "text/html"}
    for arguments in ({"query": payload}, {"example": payload}, {"query": "ASK {}", "format": payload}):
        check(client.get("/sparql", query_string=arguments, headers=browser).text)
    for name in ("lang", "element", "edge", "page"):
        response = client.get("/records", query_string={name: payload}, headers=browser)
        assert response.status_code in {200, 400}
        check(response.text)
    response = client.get(
        "/x", headers=browser, environ_overrides={"PATH_INFO": f"/{payload}".encode().decode("latin-1")}
    )
    assert response.status_code in {404, 405}
    page = check(response.text)
    assert "evil" not in "".join(page.text)


@pytest.mark.parametrize("payload", [item for item in PAYLOADS if "\x00" not in item])
def test_hostile_values_in_results_stay_text(live, payload: str) -> None:  # type: ignore[no-untyped-def]
    escaped = payload.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n")
    query = f'SELECT ?x ?y {{ BIND("{escaped}" AS ?x) BIND(IRI(?x) AS ?y) }}'
    response = live.get("/sparql", query_string={"query": query}, headers={"Accept": "text/html"})
    assert response.status_code == 200, response.text
    page = check(response.text)
    assert payload.replace("\r\n", "\n") in "".join(page.text).replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("https://doi.org/10.1000/x", True),
        ("HTTP://example.org/", True),
        ("http://example.org/日本", True),
        ("/record/1", True),
        ("", False),
        (None, False),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("https:javascript:alert(1)", False),
        ("https://a b/", False),
        ("https://a\n/", False),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("ftp://a/", False),
        ("mailto:a@b", False),
        ("file:///etc/passwd", False),
        ('http://a/"onclick="x', False),
    ],
)
def test_only_addresses_of_the_web_become_links(target: object, kept: bool) -> None:
    assert bool(web_link(target)) is kept


def test_only_our_own_terms_lead_here() -> None:
    assert local_path("https://w3id.org/xafscat/edge/Fe-K") == "/edge/Fe-K"
    assert local_path("https://w3id.org/xafscat/shapes/findable") == "/shapes/findable"
    for other in (
        "https://w3id.org/xafscat/edge/../../x",
        "https://w3id.org/xafscat/ns#element",
        "https://evil/edge/Fe-K",
    ):
        assert local_path(other) == ""


def _rest(release) -> tuple[Any, ...]:  # type: ignore[no-untyped-def]
    entry = next(iter(release.entries.values()))
    return entry.issued, entry.datestamp, entry.release, entry.sha256
