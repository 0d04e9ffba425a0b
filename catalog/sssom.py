"""Links as SSSOM tables (https://mapping-commons.github.io/sssom/), out of the registry and into it.

A structure of a phase is ``skos:relatedMatch`` there, since SSSOM's users know that word. A rejected link has the
``predicate_modifier`` "Not". What SSSOM has no slot for stands in ``other``: the state, the sources, the vetoes.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

from catalog.errors import NotFound, UnreadableInput, UsageError
from catalog.link_reviewing import allowed_predicates, obstacles, reviewer_of, same_person
from catalog.linking.databases import DATABASES, canonical_iri, database_of
from catalog.linking.listing import MATERIAL, entries
from catalog.linking.model import Link, LinkState
from catalog.linking.scoring import EXACT, RELATED, SAMPLE_MATERIAL, SKOS, STRUCTURE
from catalog.links import all_links
from catalog.readers._nodes import MappingNode, ScalarNode
from catalog.readers._yaml import parse as yaml_nodes
from catalog.registry import Registry
from catalog.wording import Sentence

PREFIXES = {
    "orcid": "https://orcid.org/",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": SKOS,
    "xafs": "https://w3id.org/xafscat/ns#",
    "xmaterial": MATERIAL,
    **{
        name: database.template.partition("{}")[0]
        for name, database in DATABASES.items()
        if database.template != "{}" and database.template.endswith("{}")
    },
    "doi": "https://doi.org/",
    "ror": "https://ror.org/",
}
COLUMNS = (
    *("subject_id", "subject_label", "predicate_id", "predicate_modifier", "object_id", "object_label"),
    *("mapping_justification", "author_id", "author_label", "reviewer_id", "reviewer_label", "mapping_date"),
    *("review_date", "confidence", "mapping_tool", "mapping_tool_version", "object_source"),
    *("object_source_version", "comment", "other"),
)
_NEEDED = ("subject_id", "predicate_id", "object_id", "mapping_justification")
MAX_BYTES, MAX_ROWS = 20 * 2**20, 200_000
_LICENSE = "https://creativecommons.org/publicdomain/zero/1.0/"


@dataclass(slots=True)
class Imported:
    """What became of a table: links stored, rows as they were already, and by line why one was not taken."""

    stored: int = 0
    same: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def write_sssom(links: Iterable[Link], base: str, *, title: str) -> str:
    """The table of these links. ``base`` is the catalog's, for the samples of its records."""
    rows = [_row(link, base) for link in links]
    prefixes = {**PREFIXES, "record": f"{base}/record/"}
    text = " ".join(cell for row in rows for cell in row.values())
    used = {
        name: iri
        for name, iri in sorted(prefixes.items())
        if f"{name}:" in text or name in {"skos", "semapv"}
    }
    header: dict[str, Any] = {
        "curie_map": used,
        "mapping_set_id": f"{base}/links.sssom.tsv",
        "mapping_set_title": title,
        "license": _LICENSE,
        "subject_source": "https://w3id.org/xafscat/material",
    }
    out = io.StringIO()
    for line in yaml.safe_dump(header, allow_unicode=True, sort_keys=False, width=10**6).splitlines():
        out.write(f"#{line}\n")
    columns = [name for name in COLUMNS if name in _NEEDED or any(row[name] for row in rows)]
    table = csv.DictWriter(out, columns, delimiter="\t", lineterminator="\n", extrasaction="ignore")
    table.writeheader()
    table.writerows(rows)
    return out.getvalue()


def _row(link: Link, base: str) -> dict[str, str]:
    entry, database = entries().get(link.subject), database_of(link.object)
    author, reviewer = _person(link.author), _person(link.reviewer or "")
    other = {"state": str(link.state), "sources": list(link.sources), "matched": list(link.matched)}
    if link.vetoes:
        other["vetoes"] = list(link.vetoes)
    if link.predicate == STRUCTURE:
        other["predicate"] = "xafs:referenceStructure"
    return {
        "subject_id": _curie(link.subject, base),
        "subject_label": entry.query.names[0] if entry else "",
        "predicate_id": _curie(RELATED if link.predicate == STRUCTURE else link.predicate, base),
        "predicate_modifier": "Not" if link.state is LinkState.REJECTED else "",
        "object_id": _curie(link.object, base),
        "object_label": database.label(link.object) if database else "",
        "mapping_justification": link.justification,
        "author_id": author[1],
        "author_label": author[0],
        "reviewer_id": reviewer[1],
        "reviewer_label": reviewer[0],
        "mapping_date": str(link.mapping_date or ""),
        "review_date": str(link.review_date or ""),
        "confidence": repr(link.confidence),
        "mapping_tool": link.tool,
        "mapping_tool_version": link.tool_version,
        "object_source": f"xafs:database-{link.database}" if link.database else "",
        "object_source_version": link.facts.version if link.facts else "",
        "comment": " ".join(link.comment.split()),
        "other": json.dumps(other, ensure_ascii=False, sort_keys=True),
    }


def _curie(iri: str, base: str) -> str:
    for name, start in {**PREFIXES, "record": f"{base}/record/"}.items():
        if iri.startswith(start) and len(iri) > len(start):
            return f"{name}:{iri.removeprefix(start)}"
    return iri


def _person(text: str) -> tuple[str, str]:
    name, _, iri = text.partition("<")
    return name.strip(), iri.rstrip(">").replace("https://orcid.org/", "orcid:")


def read_sssom(registry: Registry, content: bytes, *, where: str, now: datetime, actor: str) -> Imported:
    """Store the links of a table, and say of each row that was left out why.

    A row with a reviewer is that person's review, one with "Not" a rejection, any other a candidate. A review of an
    entry that was never read here waits until it is; what a person has said here is not overruled. Raises
    UnreadableInput for what is no SSSOM table.
    """
    made = Imported()
    present = {link.id: link for link in all_links(registry)}
    links: dict[str, Link] = {}
    for line, row, prefixes in _rows(content, where):
        try:
            link = _link(registry, row, prefixes, present)
        except (UsageError, NotFound) as error:
            made.refused[line] = error.detail
            continue
        except ValueError as error:
            made.refused[line] = str(error)
            continue
        old = present.get(link.id)
        if old == link:
            made.same += 1
        elif old and old.reviewer and (old.reviewer, old.state) != (link.reviewer, link.state):
            made.refused[line] = (
                f"{old.reviewer} has said here: {old.state}; see `xafscat link show {link.id}`"
            )
        elif link.id in links:
            made.refused[line] = "the same two are linked in an earlier row"
        else:
            links[link.id] = link
    made.stored = registry.put_links(links.values(), now=now, actor=actor)
    return made


def _rows(content: bytes, where: str) -> Iterator[tuple[int, dict[str, str], dict[str, str]]]:
    """Line number, cells by column, and the prefixes of the header."""
    if len(content) > MAX_BYTES:
        raise UnreadableInput(
            Sentence("an SSSOM table has at most {most} MiB", most=MAX_BYTES >> 20), where=where
        )
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UnreadableInput(Sentence("an SSSOM table is UTF-8 text"), where=where) from error
    head = [line[1:] for line in lines if line.startswith("#")]
    prefixes = {**PREFIXES, **_curie_map("\n".join(head), where)}
    table = lines[len(head) :]
    columns = table[0].split("\t") if table else []
    if lacking := [name for name in _NEEDED if name not in columns]:
        raise UnreadableInput(
            Sentence("the table lacks the columns {lacking}", lacking=", ".join(lacking)),
            where=f"{where}:{len(head) + 1}",
        )
    if len(table) > MAX_ROWS:
        raise UnreadableInput(
            Sentence("an SSSOM table has at most {most:,} rows", most=MAX_ROWS), where=where
        )
    rows = csv.reader(table[1:], delimiter="\t")
    try:
        for cells in rows:
            if any(cells):
                # A quoted cell may go on in the next line; the row is named by its last one.
                line = len(head) + 1 + rows.line_num
                yield line, dict(zip(columns, [*cells, *[""] * len(columns)], strict=False)), prefixes
    except csv.Error as error:
        raise UnreadableInput(
            Sentence("a row cannot be read: {error}", error=error),
            where=f"{where}:{len(head) + 1 + rows.line_num}",
        ) from error


def _curie_map(text: str, where: str) -> dict[str, str]:
    for node in yaml_nodes(text, where):
        for entry in node.entries if isinstance(node, MappingNode) else ():
            if entry.key == "curie_map" and isinstance(entry.value, MappingNode):
                items = entry.value.entries
                return {
                    item.key: item.value.text or "" for item in items if isinstance(item.value, ScalarNode)
                }
    return {}


def _expand(curie: str, prefixes: dict[str, str]) -> str:
    prefix, colon, rest = curie.partition(":")
    if colon and not rest.startswith("//"):
        if prefix not in prefixes:
            raise ValueError(f"the prefix {prefix!r} is not in the header's curie_map")
        return prefixes[prefix] + rest
    return curie


def _link(
    registry: Registry, row: dict[str, str], prefixes: dict[str, str], present: dict[str, Link]
) -> Link:
    subject, given = (_expand(row[name].strip(), prefixes) for name in ("subject_id", "object_id"))
    # What people write of an entry (a page's address, a host that has moved) is put right where it is understood.
    target = canonical_iri(given)
    predicate = _expand(row["predicate_id"].strip(), prefixes)
    other = _other(row.get("other", ""))
    database = database_of(target)
    is_sample = subject.startswith(f"{registry.base}/record/") and subject.endswith("#sample")
    if is_sample:
        registry.record(subject.removeprefix(f"{registry.base}/record/").removesuffix("#sample"))
        if target not in entries() or predicate != SAMPLE_MATERIAL:
            raise ValueError(
                "a sample is linked by xafs:sampleMaterial to a material of the list, and by nothing else"
            )
    elif subject not in entries():
        raise ValueError(f"{subject[:200]!r} is no material of the list and no sample of this catalog")
    elif database is None:
        raise ValueError(f"{target[:200]!r} is not the IRI of an entry of a known database")
    name = database.name if database else ""
    old = present.get(Link(subject, predicate, target, name, LinkState.QUEUED, "", 0.0).id)
    if (
        predicate == RELATED
        and database
        and (entries()[subject].query.level, database.level) == ("phase", "phase")
    ):
        predicate = STRUCTURE
    draft = Link(
        subject=subject,
        predicate=predicate,
        object=target,
        database=name,
        state=LinkState.QUEUED,
        justification=row["mapping_justification"].strip(),
        confidence=_confidence(row.get("confidence", "")),
        sources=tuple(other.get("sources", ()))
        or ((old.sources if old else ()) or (row.get("mapping_provider", "") or "SSSOM table",)),
        matched=tuple(other.get("matched", ())) or (old.matched if old else ()),
        # A material of our own list needs no reading.
        vetoes=old.vetoes if old else () if is_sample else ("unverified",),
        facts=old.facts if old else None,
        tool=row.get("mapping_tool", ""),
        tool_version=row.get("mapping_tool_version", ""),
        author=_named(row, "author", prefixes),
        mapping_date=_date(row.get("mapping_date", "")),
        comment=row.get("comment", ""),
        last_verified=old.last_verified if old else None,
        failures=old.failures if old else (),
    )
    if not re.fullmatch(r"semapv:[A-Za-z]{1,100}", draft.justification):
        raise ValueError(
            "the mapping_justification is a term of semapv, such as semapv:ManualMappingCuration"
        )
    if predicate not in allowed_predicates(draft):
        names = ", ".join(each.rpartition("#")[2] for each in allowed_predicates(draft)) or "none"
        raise ValueError(
            f"the predicate {row['predicate_id']} does not hold between these levels; allowed: {names}"
        )
    return _with_review(draft, row, prefixes, old)


def _with_review(draft: Link, row: dict[str, str], prefixes: dict[str, str], old: Link | None) -> Link:
    reviewer = _named(row, "reviewer", prefixes)
    if old and old.state is LinkState.UNREVIEWED and not reviewer and not row.get("predicate_modifier", ""):
        # Only this program says what may be shown unreviewed, and as what: a table adds reviews to it.
        return old
    state = LinkState.BROKEN if old and old.state is LinkState.BROKEN else LinkState.QUEUED
    if row.get("predicate_modifier", "") == "Not":
        if not reviewer:
            raise ValueError("a row with Not needs a reviewer: who says that it is wrong")
        state = LinkState.REJECTED
    elif row.get("predicate_modifier", ""):
        raise ValueError("the predicate_modifier is Not, or empty")
    elif reviewer:
        if draft.predicate == EXACT and draft.author and same_person(draft.author, reviewer):
            raise ValueError("an exactMatch is reviewed by another person than its author")
        # A review holds for an entry that was read; until it is, it waits with the reviewer's name.
        if against := obstacles(draft):
            state = LinkState.QUEUED
            draft = dataclasses.replace(draft, vetoes=tuple(dict.fromkeys((*against, *draft.vetoes))))
        else:
            state = LinkState.ACCEPTED
    return dataclasses.replace(
        draft,
        state=state,
        reviewer=reviewer_of(reviewer) if reviewer else None,
        review_date=_date(row.get("review_date", "")),
    )


def _named(row: dict[str, str], role: str, prefixes: dict[str, str]) -> str:
    name, identifier = row.get(f"{role}_label", "").strip(), row.get(f"{role}_id", "").strip()
    if not identifier:
        return name
    iri = _expand(identifier, prefixes)
    return f"{name or iri.rpartition('/')[2]} <{iri}>"


def _confidence(text: str) -> float:
    try:
        value = float(text) if text.strip() else 0.5
    except ValueError as error:
        raise ValueError(f"the confidence {text[:50]!r} is no number") from error
    if not 0 <= value <= 1:
        raise ValueError(f"the confidence {text} is not between 0 and 1")
    return value


def _date(text: str) -> date | None:
    return date.fromisoformat(text.strip()) if text.strip() else None


def _other(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    lists = ("sources", "matched")
    return {
        key: [str(item)[:300] for item in value[:20]]
        for key, value in found.items()
        if key in lists and isinstance(value, list)
    }
