"""FAIR Signposting: typed links that lead a machine from a record's page to its identifier, data and metadata.

Source: https://signposting.org/FAIR/ . Level 1 is the ``Link`` header, level 2 the same as a linkset (RFC 9264).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Response
from werkzeug.urls import iri_to_uri

from catalog.exports import exports
from catalog.facts import Facts, facts
from catalog.mapping import RecordDocument
from server.public.discovery import LINKSET, by_content
from server.public.links import web_link
from server.public.responses import link
from server.public.site import release

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9.+-]{1,127}/[A-Za-z0-9.+-]{1,127}")
TYPES = ("https://schema.org/AboutPage", "https://schema.org/Dataset")


# Each is a line of the answer: clients take about a hundred, proxies a few kilobytes.
MOST_IN_HEADERS = 10


@dataclass(frozen=True, slots=True)
class Signpost:
    """One typed link."""

    relation: str
    target: str
    type: str = ""
    profile: str = ""

    def header(self) -> str:
        """As a value of ``Link``."""
        stated = {"rel": self.relation, "type": self.type, "profile": self.profile}
        return link(self.target, **{key: value for key, value in stated.items() if value})

    def json(self) -> dict[str, str]:
        """As a member of a linkset."""
        stated = {"href": self.target, "type": self.type, "profile": self.profile}
        return {key: value for key, value in stated.items() if value}


def of_page(document: RecordDocument) -> Iterator[Signpost]:
    """The links of a record's page."""
    fact = facts(document, release().catalog)
    # What a depositor wrote goes into a header only when it is an address or a media type.
    yield Signpost("cite-as", iri_to_uri(web_link(fact.identifier) or fact.iri))
    for kind in TYPES:
        yield Signpost("type", kind)
    for creator in fact.creators:
        if author := web_link(creator.iri):
            yield Signpost("author", iri_to_uri(author))
    if licence := web_link(fact.licence):
        yield Signpost("license", iri_to_uri(licence))
    for export in exports().values():
        yield Signpost("describedby", f"{fact.iri}.{export.extension}", export.media_type, export.profile)
    for file in fact.files:
        if file.url:
            media_type = file.media_type if _MEDIA_TYPE.fullmatch(file.media_type) else ""
            yield Signpost("item", iri_to_uri(file.url), media_type)
    yield Signpost("linkset", linkset_address(fact), LINKSET)


def in_headers(document: RecordDocument) -> Iterator[Signpost]:
    """The links that go into headers: of many of one relation (files, authors) the linkset alone has the rest."""
    told: Counter[str] = Counter()
    for post in of_page(document):
        told[post.relation] += 1
        if post.relation not in {"item", "author"} or told[post.relation] <= MOST_IN_HEADERS:
            yield post


def linkset_address(fact: Facts) -> str:
    """Where the linkset of a record is."""
    return f"{fact.iri}/linkset.json"


def linkset(document: RecordDocument) -> Response:
    """The linkset: the page's links, and those back from its files and metadata."""
    iri = str(document["id"])
    links: dict[str, dict[str, list[dict[str, str]]]] = {}
    for post in of_page(document):
        if post.relation == "linkset":
            continue
        links.setdefault(iri, {}).setdefault(post.relation, []).append(post.json())
        if post.relation in {"describedby", "item"}:
            back = "describes" if post.relation == "describedby" else "collection"
            links.setdefault(post.target, {})[back] = [{"href": iri, "type": "text/html"}]
    content = json.dumps(
        {"linkset": [{"anchor": anchor, **item} for anchor, item in links.items()]}, indent=1
    )
    return by_content(content.encode() + b"\n", LINKSET)
