"""What the pages are made from: the current release, the query broker, settings and translations."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from flask import current_app, g, request

from catalog import __version__
from catalog.errors import CatalogError
from catalog.portal import PAGE
from server.public.cache import ResponseCache
from server.public.clients import NOBODY, Networks
from server.public.languages import Languages, language
from server.query.protocol import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from catalog.releases import Release
    from catalog.vocabulary import Vocabulary
    from server.public.citations import CitationStore
    from server.query.client import QueryClient

HERE = Path(__file__).resolve().parent
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"


# Enough for the pages that many ask for: the start page, lists, the ontology, each in its languages.
KEPT_PAGES = 64
# Records on a page of OAI-PMH: large enough to be quick, small enough to hold in memory.
HARVEST_PAGE = 200
# What a sitemap may hold.
SITEMAP_SIZE = 50_000


class PageCache:
    """Rendered pages by key, the most recently used KEPT_PAGES of them; safe to share between threads."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, render: Callable[[], str]) -> str:
        """The page of ``key``, rendered when it is not kept. What raises is not kept."""
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
                return self._pages[key]
        page = render()
        with self._lock:
            self._pages[key] = page
            while len(self._pages) > KEPT_PAGES:
                self._pages.popitem(last=False)
        return page


@dataclass(frozen=True)
class Site:
    """A public site. ``release`` gives the current release, raising ``no-release`` or ``damaged`` when there is none.

    Pages link relatively, so the site works at any address, whatever the base of its IRIs. ``query`` is None when
    the endpoint is off, and ``query_off`` says why; ``citations`` is None where none are kept. ``limits`` are stated
    beside results. ``trouble`` gives the reason why a newer release cannot be shown, if there is one. ``past`` gives
    an older release that is still kept. ``answers`` are those given before; ``trusted_proxies`` may say who asks.
    """

    release: Callable[[], Release]
    vocabulary: Vocabulary
    languages: Languages = field(default_factory=Languages)
    query: QueryClient | None = None
    query_off: str = ""
    citations: CitationStore | None = None
    title: Mapping[str, str] = field(default_factory=lambda: {"en": "xafscat"})
    metadata_license: str = CC0
    contact: str = ""
    limits: Limits = field(default_factory=Limits)
    trouble: Callable[[], CatalogError | None] = lambda: None
    pages: PageCache = field(default_factory=PageCache)
    past: Callable[[int], Release | None] = lambda _: None
    oai_admin_email: str = ""
    harvest_page: int = HARVEST_PAGE
    portal_page: int = PAGE
    sitemap_size: int = SITEMAP_SIZE
    answers: ResponseCache = field(default_factory=lambda: ResponseCache(0))
    trusted_proxies: Networks = NOBODY

    @cached_property
    def build(self) -> str:
        """A word that changes whenever pages made from the same release may look different."""
        digest = hashlib.sha256(__version__.encode())
        for folder in ("templates", "static", "translations"):
            for path in sorted((HERE / folder).rglob("*")):
                if path.is_file():
                    digest.update(path.read_bytes())
        for module in sorted(HERE.glob("*.py")):
            digest.update(module.read_bytes())
        digest.update(
            repr(
                (
                    dict(self.title),
                    self.metadata_license,
                    self.contact,
                    self.query_off,
                    self.limits,
                    self.oai_admin_email,
                )
            ).encode()
        )
        return digest.hexdigest()[:8]


def site() -> Site:
    """The site of the request being answered."""
    return cast(Site, current_app.extensions["xafscat"])


def release() -> Release:
    """The release this request is answered from: the same one from beginning to end."""
    if "release" not in g:
        g.release = site().release()
    return cast("Release", g.release)


def etag(representation: str) -> str:
    """The entity tag of a representation made from the current release in the current language and build."""
    current = release()
    return f"r{current.number}-{current.hash[:12]}-{site().build}-{representation}-{language()}"


def kept(tag: str, render: Callable[[], str]) -> Callable[[], str]:
    """Like ``render``, but a page of the same address and tag that was rendered before is used again."""
    key = (tag, request.path, request.query_string)
    return lambda: site().pages.get(key, render)


def here(path: str) -> str:
    """A path of this site as links state it: below the path of the catalog's base, where that has one."""
    return request.script_root + path


class Mounted:
    """WSGI: a catalog whose base has a path (``https://example.org/xafs``) answers below it.

    A proxy may take that path off or leave it on; links carry it in either case.
    """

    def __init__(self, application: WSGIApplication, site: Site) -> None:
        self._application = application
        self._site = site

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        try:
            root = urlsplit(self._site.release().base).path.rstrip("/")
        except CatalogError:
            root = ""
        if root:
            path = environ.get("PATH_INFO", "")
            if path == root or path.startswith(root + "/"):
                environ["PATH_INFO"] = path[len(root) :] or "/"
            environ["SCRIPT_NAME"] = root
        return self._application(environ, start_response)
