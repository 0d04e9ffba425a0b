"""From an evaluated query to what is sent: headers and body, whole, packed when the client likes, and kept.

Both ways to an answer (``lane`` and ``sparql``) end here, so that they cannot differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.public.cache import Kept, Large, ResponseCache
from server.public.encoding import MIN_BYTES, Coding, packed_stream, packed_whole

if TYPE_CHECKING:
    from server.query.client import Answer

# What an answer says that was not evaluated again.
HIT = ("Server-Timing", "cache;desc=hit")
# A larger answer is sent from a file.
MAX_IN_MEMORY = 1_000_000
# Archives themselves.
_PACKED = frozenset({"xlsx"})
# Functions whose value differs from one evaluation to the next; a comment may stand before the bracket.
_WORDS = ("now", "rand", "uuid", "bnode")
_VOLATILE = re.compile(rf"(?:{'|'.join(_WORDS)})(?:\s|#[^\r\n]*[\r\n])*\(")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is sent: the headers that depend on the answer, and the body."""

    headers: tuple[tuple[str, str], ...]
    body: bytes | Large


def repeatable(query: str) -> bool:
    """Whether a query has the same answer each time it is evaluated on the same release.

    >>> repeatable("SELECT * { ?known ?now ?o }"), repeatable("SELECT (NOW () AS ?t) {}")
    (True, False)
    """
    lowered = query.lower()
    # Most queries have none of the words, and to look for them one by one is quicker than for all at once.
    return not any(word in lowered for word in _WORDS) or _VOLATILE.search(lowered) is None


def delivery(answer: Answer, chosen: Coding, *, tag: str, cache: ResponseCache | None) -> Delivery:
    """The answer as it is sent; kept in ``cache``, where there is one, under its tag and coding.

    ``tag`` is empty for an answer that would not be the same again.
    """
    if answer.size < MIN_BYTES or answer.format.name in _PACKED:
        chosen = ""
    headers = [("Content-Type", answer.media_type)]
    if answer.format.disposition:
        headers.append(("Content-Disposition", answer.format.disposition))
    if chosen:
        headers.append(("Content-Encoding", chosen))
    if tag:
        # Weak: packed or not, it is the same answer.
        headers += [("ETag", f'W/"{tag}"'), ("Cache-Control", "public, no-cache")]
    else:
        headers.append(("Cache-Control", "no-store"))
    body: bytes | Large
    if answer.size <= MAX_IN_MEMORY:
        body = packed_whole(answer.read(), chosen)
    elif chosen:
        file, size = packed_stream(answer.chunks(), chosen, MAX_IN_MEMORY)
        if size > MAX_IN_MEMORY:
            body = Large(file, size)
        else:
            with file:
                body = file.read()
    else:
        body = Large(answer.file(), answer.size)
    # With its length stated, an answer that is cut on the way cannot pass for a whole one.
    headers.append(("Content-Length", str(len(body))))
    if cache is not None and tag:
        cache.put((tag, chosen), Kept(tuple(headers), body))
    timing = ("Server-Timing", f"query;dur={answer.seconds * 1000:.1f}")
    return Delivery((*headers, timing), body)


def kept(cache: ResponseCache | None, tag: str, chosen: Coding) -> Kept | None:
    """The answer of that tag as the client likes it, if it was given before."""
    if cache is None or not tag:
        return None
    found = cache.get((tag, chosen))
    if found is None and chosen:
        plain = cache.get((tag, ""))
        # A short one is never packed; a longer one might be, for this client.
        found = plain if plain is not None and len(plain.body) < MIN_BYTES else None
    return found
