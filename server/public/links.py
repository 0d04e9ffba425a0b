"""Links on pages: only http and https ever become an ``href``."""

from __future__ import annotations

import re
from urllib.parse import quote

NAMESPACE = "https://w3id.org/xafscat/"
# The kinds of thing that have a page of their own here, under the path of their IRI.
AUTHORITIES = (
    *(
        "edge",
        "facility",
        "beamline",
        "material",
        "kind",
        "form",
        "mode",
        "technique",
        "monochromator",
        "calibration-feature",
        "spectrum-relation",
    ),
    *("access", "license", "media-type", "unit", "edge-type"),
)
_WEB = re.compile(r"https?://[^\s<>\"'`{}|\\^\x00-\x20\x7f-\x9f]+", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def web_link(target: object) -> str:
    """``target`` where it is an address of the web or a path of this site, else the empty string.

    >>> web_link("https://doi.org/10.1/x"), web_link("javascript:alert(1)"), web_link("/record/1"), web_link("//evil")
    ('https://doi.org/10.1/x', '', '/record/1', '')
    """
    text = str(target or "")
    if text.startswith("/") and not text.startswith(("//", "/\\")):
        return quote(text, safe="/#?&=%:@!$'()*+,;~.-_")
    return text if _WEB.fullmatch(text) else ""


def local_path(iri: object) -> str:
    """The page of this site about one of our own IRIs, else the empty string.

    >>> local_path("https://w3id.org/xafscat/edge/Fe-K"), local_path("https://orcid.org/0000-0002-1825-0097")
    ('/edge/Fe-K', '')
    """
    text = str(iri or "")
    if not text.startswith(NAMESPACE):
        return ""
    kind, _, name = text[len(NAMESPACE) :].partition("/")
    return f"/{kind}/{name}" if kind in (*AUTHORITIES, "shapes") and _NAME.fullmatch(name) else ""
