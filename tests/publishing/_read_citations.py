"""Citations, tags of pages and links read back into the facts they state."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from ._facts_stated import Found, Person, doi_of, words
from ._read_documents import right


def from_csl(content: bytes) -> Found:
    body = json.loads(content)
    date = lambda key: (  # noqa: E731
        "{:04}-{:02}-{:02}".format(*body[key]["date-parts"][0]) if key in body else ""
    )
    names = [item.get("literal") or f"{item['family']}, {item['given']}" for item in body["author"]]
    return {
        "title": frozenset({("", body["title"])}),
        "publisher": ("", frozenset({("", body["publisher"])})),
        "creators": tuple(Person(frozenset({("", name)})) for name in names),
        "licence": body["license"],
        "available": date("available-date"),
        "issued": date("issued"),
        **words(body["keyword"].split(", ")),
        "doi": body.get("DOI", ""),
        "round": ("", frozenset(("", text) for text in [body.get("collection-title")] if text) - UNNAMED),
    }


UNNAMED = {("", "unnamed")}
TEX = {r"\&": "&", r"\%": "%", r"\{": "{", r"\}": "}", r"\_": "_", r"\#": "#", r"\$": "$"}
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def from_bibtex(content: bytes) -> Found:
    """The fields of the entry, its braces counted as TeX counts them."""
    text = content.decode()
    fields: dict[str, str] = {}
    for match in re.finditer(r"(?m)^  (\w+) = (.*?),?$", text):
        fields[match[1]] = match[2]
    assert fields["month"] in MONTHS
    for key, value in fields.items():
        bare = re.sub(r"\\[{}]", "", value)
        assert bare.count("{") == bare.count("}"), key
    plain = lambda value: re.sub(r"\\[&%{}_#$]", lambda found: TEX[found[0]], value)  # noqa: E731
    inside = lambda key: fields[key][1:-1] if key in fields else ""  # noqa: E731
    # Braces are round the whole of a name, or the name has its parts.
    names = [
        name[1:-1] if name.startswith("{") else name
        for name in re.split(r" and (?![^{]*\})", inside("author"))
    ]
    assert all(("{" in inside("author")) or ", " in name for name in names)
    return {
        "title": frozenset({("", plain(inside("title")[1:-1]))}),
        "publisher": ("", frozenset({("", plain(inside("publisher")))})),
        "creators": tuple(Person(frozenset({("", plain(name))})) for name in names),
        "licence": licence_of(inside("note")),
        "issued": f"{inside('year')}-{MONTHS.index(fields['month']) + 1:02}-{int(inside('day')):02}",
        **words(plain(inside("keywords")).split(", ")),
        "doi": inside("doi"),
    }


def licence_of(spdx: str) -> str:
    """The address of a Creative Commons licence by its SPDX identifier."""
    if spdx == "CC0-1.0":
        return "http://creativecommons.org/publicdomain/zero/1.0/"
    kind, _, version = spdx.removeprefix("CC-").rpartition("-")
    return f"http://creativecommons.org/licenses/{kind.lower()}/{version}/"


def from_ris(content: bytes) -> Found:
    lines = [line.partition("  - ")[::2] for line in content.decode().split("\r\n") if line]
    assert lines[0] == ("TY", "DATA")
    assert lines[-1] == ("ER", "")
    every = lambda tag: [text for name, text in lines if name == tag]  # noqa: E731
    return {
        "title": frozenset(("", text) for text in every("TI") + every("TT")),
        "publisher": ("", frozenset(("", text) for text in every("PB"))),
        "creators": tuple(Person(frozenset({("", name)})) for name in every("AU")),
        "licence": "".join(every("C1")),
        "issued": "".join(every("DA")).replace("/", "-"),
        **words(every("KW")),
        "doi": "".join(every("DO")),
    }


def from_citation(content: bytes) -> Found:
    english, japanese = content.decode().splitlines()
    first_line = re.fullmatch(r"(.+) \((\d{4})\)\. (.+) \[Data set\]\. (.+)\. (\S+)", english)
    second = re.fullmatch(r"(.+)（(\d{4})）「(.+)」\[データセット\]，(.+)．(\S+)", japanese)
    assert first_line
    assert second
    assert (first_line[2], first_line[5]) == (second[2], second[5])
    return {
        "title": frozenset({("", first_line[3]), ("", second[3])}),
        "publisher": ("", frozenset({("", first_line[4]), ("", second[4])})),
        "creators": tuple(Person(frozenset({("", name)})) for name in first_line[1].split("; ")),
        "issued": first_line[2],
        "doi": doi_of(first_line[5]),
    }


def from_meta_tags(page: Any) -> Found:
    named = [(item.get("name"), item) for item in page.iterfind(".//head/meta") if item.get("name")]
    every = lambda name: [item.get("content") for key, item in named if key == name]  # noqa: E731
    language = page.get("lang")
    people: list[Person] = []
    for key, item in named:
        content = item.get("content")
        if key == "citation_author":
            people.append(Person(frozenset({("", content)})))
        elif key == "citation_author_orcid":
            people[-1] = replace(people[-1], iri=content)
        elif key == "citation_author_institution":
            people[-1] = replace(people[-1], affiliation=frozenset({("", content)}))
    assert every("DC.creator") == [text for person in people for _, text in person.names]
    assert every("citation_publication_date") == [text.replace("-", "/") for text in every("DC.date")]
    assert every("citation_keywords") == every("DC.subject")
    licence, access = right(every("DC.rights"))
    assert every("citation_publisher") == every("DC.publisher")
    return {
        "publisher": ("", frozenset(("", text) for text in every("DC.publisher"))),
        "title": frozenset(
            (item.get("lang", language), item.get("content")) for key, item in named if key == "DC.title"
        ),
        "creators": tuple(people),
        "licence": licence,
        "access": access,
        "available": "".join(every("DCTERMS.available")),
        "issued": "".join(every("DC.date")),
        **words(every("DC.subject")),
        "doi": "".join(every("citation_doi")),
    }


def from_links(links: dict[str, list[str]]) -> Found:
    return {
        "creators": tuple(links.get("author", [])),
        "licence": "".join(links.get("license", [])),
        "doi": doi_of("".join(links["cite-as"])),
    }
