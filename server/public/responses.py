"""Responses that caches and browsers can trust: entity tags, 304, and the headers every answer carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask import Response, g, request

from server.public.encoding import MIN_BYTES, coding, packed_whole
from server.public.languages import language

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
# Everything served is public and no cookie is ever set, so any page of the web may read any answer.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Content-Disposition, Content-Encoding, ETag, Link, Location, Repr-Digest, Retry-After, Server-Timing, "
        "X-Client-Limit, X-Query-Length-Limit, X-Query-Memory-Limit, X-Query-Result-Limit, X-Query-Time-Limit, "
        "X-Release"
    ),
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS, POST",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type, If-None-Match, Range, X-Query-Id",
    "Access-Control-Max-Age": "86400",
}

_TEXTUAL = ("json", "xml", "n-triples", "javascript", "x-bibtex", "x-research-info-systems")


def conditional(
    tag: str, content_type: str, render: Callable[[], str | bytes], *, vary: Iterable[str] = ()
) -> Response:
    """The representation ``tag`` names, or 304 when the client has it; ``render`` runs only when it is needed."""
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        response = Response(render(), content_type=content_type)
    response.set_etag(tag)
    # Kept by whoever likes, but asked for again each time: the next release may differ, or withdraw.
    response.headers["Cache-Control"] = "public, no-cache"
    response.vary.update(vary)
    return response


def finish(response: Response) -> Response:
    """Add what every response carries."""
    for headers in (SECURITY, CORS, PREFLIGHT if request.method == "OPTIONS" else {}):
        for name, value in headers.items():
            response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", language())
        response.vary.add("Accept-Language")
    if "release" in g:
        response.headers.setdefault("X-Release", str(g.release.number))
    return response


def packed(response: Response) -> Response:
    """The response in the coding its client likes best, where it is text and long enough to gain by it.

    What has a coding already, and what is sent from a file or piece by piece, stays as it is.
    """
    if response.direct_passthrough or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    media_type = response.mimetype or ""
    textual = media_type.startswith("text/") or media_type.endswith(_TEXTUAL)
    chosen = coding(request.headers.get("Accept-Encoding"))
    body = response.get_data()
    if response.status_code != 200 or not textual or not chosen or len(body) < MIN_BYTES:
        return response
    response.set_data(packed_whole(body, chosen))
    response.headers["Content-Encoding"] = chosen
    tag, _ = response.get_etag()
    if tag:
        # Weak: packed or not, it is the same answer.
        response.set_etag(tag, weak=True)
    return response


def link(target: str, **attributes: str) -> str:
    """One value of a ``Link`` header; ``target`` and attributes are ours or were checked to be IRIs.

    >>> link("/record/1.ttl", rel="alternate", type="text/turtle")
    '</record/1.ttl>; rel="alternate"; type="text/turtle"'
    """
    stated = "".join(f'; {name}="{value}"' for name, value in attributes.items())
    return f"<{target}>{stated}"
