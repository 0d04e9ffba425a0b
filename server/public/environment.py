"""The public site of one catalog, from its home folder and the environment."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from sqlite3 import Error as SqliteError

from catalog.config import Settings, load_settings
from catalog.release_watching import ReleaseWatcher
from catalog.vocabulary import vocabulary
from server.limits import limits_of
from server.public.cache import ResponseCache
from server.public.citations import CitationStore
from server.public.clients import networks
from server.public.languages import Languages
from server.public.site import CC0, Site
from server.query.client import QueryClient

LOG = logging.getLogger("xafscat.public")
# Where the broker listens, for a web process that ``serve`` starts; else the place in the catalog's folder.
SOCKET = "XAFSCAT_SERVE_SOCKET"
# Set when ``serve`` knows that queries cannot be answered: the reason, for people.
SPARQL_OFF = "XAFSCAT_SERVE_SPARQL_OFF"


def site_from_environment(languages: Languages) -> Site:
    """The site of the catalog at ``XAFSCAT_HOME``. Raises UsageError for a setting that is wrong.

    It may be made before anything is published: until then every page says so.
    """
    settings = load_settings()
    socket = os.environ.get(SOCKET)
    return site_of(
        settings,
        languages,
        socket=Path(socket) if socket else settings.run_path / "query.sock",
        off=os.environ.get(SPARQL_OFF, ""),
    )


def site_of(settings: Settings, languages: Languages, *, socket: Path, off: str = "") -> Site:
    """The site with these settings, whose queries go to the broker at ``socket``; ``off`` says why none do."""
    words = vocabulary()
    watcher = ReleaseWatcher(settings.public_path)
    return Site(
        release=watcher,
        vocabulary=words,
        languages=languages,
        query=None if off else QueryClient(socket, query_bytes=settings.query_max_bytes),
        query_off=off,
        citations=_citations(settings),
        title=dict(settings.title),
        metadata_license=words.license(settings.metadata_license) or CC0,
        contact=settings.contact or "",
        limits=limits_of(settings),
        trouble=lambda: watcher.problem,
        past=watcher.past,
        oai_admin_email=settings.oai_admin_email or "",
        answers=ResponseCache(settings.cache_bytes),
        trusted_proxies=networks(settings.trusted_proxies),
    )


def _citations(settings: Settings) -> CitationStore | None:
    if settings.citation_bytes == 0:
        return None
    try:
        return CitationStore(
            settings.citations_path, max_bytes=settings.citation_bytes, row_bytes=settings.citation_row_bytes
        )
    except (OSError, SqliteError) as error:
        # Everything else is served without it, from a disk that may be read-only.
        LOG.warning("no citations are kept: %s: %s", settings.citations_path, error)
        return None
