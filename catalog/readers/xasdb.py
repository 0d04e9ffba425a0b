"""JSON exports of the CLS XASDB (one spectrum with an XDI header) and of Zenodo (a record)."""

from __future__ import annotations

import re
from dataclasses import replace

from catalog.alias_tables import alias_table
from catalog.document import Form, Origin
from catalog.errors import InputError, UnreadableInput
from catalog.findings import define, finding
from catalog.readers import HeaderPair, Reader, Reading, Source
from catalog.readers._documents import SPECTRUM, plain_text
from catalog.readers._foreign import Stated, Tree, outline, trees
from catalog.readers._personal import is_private
from catalog.readers._repository import Creator, Record, fill_record, refusal
from catalog.readers._xdi_aliases import Alias
from catalog.readers._xdi_form import fill_form
from catalog.readers._xdi_header import Field, Header
from catalog.readers._xdi_values import read_value
from catalog.wording import Sentence

define(
    "xasdb-crystals",
    "info",
    "{value!r} lists the crystals a beamline has and not the one that was used; state crystal and d-spacing by hand.",
    "「{value}」はビームラインにある結晶の一覧で、使った結晶を示していません。結晶と面間隔を手で入力してください。",
)
define(
    "xasdb-authors",
    "info",
    "{key} names people; they are only suggested as creators.",
    "{key} に人名があります。作成者の候補として示すだけにしました。",
)

_ENTRY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,60}\.[A-Za-z0-9_-]{1,60}")
_MAX_ENTRIES, _MAX_AUTHORS, _MAX_VALUE = 500, 50, 8_192
_XASDB = frozenset({"sid", "header"})
_ZENODO = frozenset({"metadata", "links", "created"})


def sniff(source: Source) -> int:
    """Sure by the outermost keys: an identifier and a header, or metadata with a record's dates and links."""
    if all(sign in source.head for sign in (b'"sid"', b'"header"')):
        return 88 if outline(source) >= _XASDB else 0
    if all(sign in source.head for sign in (b'"metadata"', b'"links"')):
        keys = outline(source)
        # The head may end within the metadata, before the links.
        return 80 if len(keys & _ZENODO) >= 2 and keys & {"id", "doi", "recid", "conceptrecid", "pids"} else 0
    return 0


def read(source: Source) -> Reading:
    """A form per spectrum or record of the file. Raises UnreadableInput, with the line, for what is no safe JSON."""
    reading = Reading()
    for tree in trees(source):
        header = tree.child("header")
        if header is not None and tree.child("sid"):
            _read_spectrum(tree, header, source.name, reading)
            continue
        record = _zenodo(tree)
        if not refusal(record, source.name, reading):
            filling = fill_record(record, source.name, "xasdb", reading)
            if record.access:
                filling.take({"fills": "/access", "as": "word", "words": "access"}, record.access)
            if until := tree.first("metadata.embargo_date", "access.embargo.until"):
                filling.take({"fills": "/available", "as": "moment", "path": "embargo"}, until)
            filling.finish()
    reading.is_xafs = bool(reading.forms)
    return reading


def _read_spectrum(tree: Tree, header: Tree, name: str, reading: Reading) -> None:
    """The header by the rules of XDI, and what only XASDB writes."""
    if len(header.names()) > _MAX_ENTRIES:
        raise UnreadableInput(
            Sentence("the header has more than {most} entries", most=_MAX_ENTRIES),
            where=f"{name}:{header.line}",
        )
    stated = {key: child for key in header.names() if (child := header.child(key))}
    version = next((key.partition("/")[2] for key in stated if key.startswith("XDI/")), "1.0")
    read_here = {row["key"] for row in alias_table("xasdb")["modes"]}
    own: dict[str, Stated] = {}
    fields = []
    for key, child in stated.items():
        text = child.first("")
        if key.casefold() == "element.edge" and child.names():
            # {"K": 7112}: the edge, and the energy that the data base has for it.
            shell = child.names()[0]
            fields.append(Field(key, plain_text(shell)[:40], shell, child.line))
            if energy := child.first(shell):
                fields.append(
                    Field("Scan.edge_energy", f"{plain_text(energy.text)} eV", energy.text, energy.line)
                )
        elif text is None or not _ENTRY.fullmatch(key):
            continue
        elif (
            key.casefold() in read_here or key.startswith("Publication.a") or _lists_crystals(key, text.text)
        ):
            own[key.casefold()] = replace(text, path=key)
        else:
            value = plain_text(text.text)[:_MAX_VALUE]
            fields.append(Field(key, value, text.text[:_MAX_VALUE], text.line))
    filled = fill_form(Header(version, "XASDB", fields), name)
    number = len(reading.forms)
    reading.forms.append(filled.form)
    reading.findings += filled.findings
    reading.private += filled.private
    _put_own(filled.form, own, name, reading)
    _publish(tree, filled.form, name, reading)
    _suggest_authors(own, name, reading, number)


def _lists_crystals(key: str, text: str) -> bool:
    return key.casefold() == "mono.name" and bool(re.search(r"[,;/]", text))


def _put_own(form: Form, own: dict[str, Stated], name: str, reading: Reading) -> None:
    for key, stated in own.items():
        if key == "mono.name":
            shown = plain_text(stated.text)[:100]
            path = f"{SPECTRUM}/monochromator"
            reading.findings.append(
                finding("xasdb-crystals", path=path, file=name, line=stated.line, value=shown)
            )
        elif not key.startswith("publication."):
            pointer = f"{SPECTRUM}/mode"
            try:
                values = read_value(Alias(pointer, "mode", (key,)), plain_text(stated.text))
            except InputError as error:
                reading.findings.append(
                    finding(
                        "document-refused",
                        path=pointer, file=name, line=stated.line, value=stated.text[:100], key=stated.path,
                        detail=error.detail,
                    )
                )  # fmt: skip
            else:
                for place, value in values.items():
                    form.put(place, value, Origin("header", name, stated.line, stated.path, stated.text))
        reading.private.append(HeaderPair(stated.path, stated.text[:_MAX_VALUE], stated.line))


def _publish(tree: Tree, form: Form, name: str, reading: Reading) -> None:
    """The data base's own identifier and address of the spectrum, and entries XDI keeps private, as public pairs."""
    open_keys = {row["key"] for row in alias_table("xasdb")["public"]}
    pairs = [
        Stated(pair.key, pair.value, pair.line)
        for pair in reading.private
        if pair.key.casefold() in open_keys
    ]
    pairs += [
        Stated(shown, stated.text, stated.line)
        for shown, key in (("XASDB.sid", "sid"), ("XASDB.url", "url"))
        if (stated := tree.first(key))
    ]
    for stated in pairs:
        text = plain_text(stated.text)
        if text and len(text) <= 500 and not is_private(text):
            number = len(form.get(f"{SPECTRUM}/header") or [])
            origin = Origin("header", name, stated.line, stated.path, stated.text)
            form.put(f"{SPECTRUM}/header/{number}", {"key": stated.path, "value": text}, origin)
    reading.private = [pair for pair in reading.private if pair.key.casefold() not in open_keys]
    reading.private += [
        HeaderPair(key, stated.text[:_MAX_VALUE], stated.line)
        for key in ("cache_path", "filepath")
        if (stated := tree.first(key))
    ]


def _suggest_authors(own: dict[str, Stated], name: str, reading: Reading, form: int) -> None:
    authors, houses = own.get("publication.authors"), own.get("publication.affiliation")
    if authors is None or not (
        names := [each for each in plain_text(authors.text).split(",") if each.strip()]
    ):
        return
    reading.findings.append(
        finding("xasdb-authors", path="/creators", file=name, line=authors.line, key=authors.path)
    )
    for number, author in enumerate(names[:_MAX_AUTHORS]):
        reading.suggestions_of(form)[f"/creators/{number}/name"] = author.strip()
        if houses and ";" not in houses.text:
            reading.suggestions_of(form)[f"/creators/{number}/affiliation"] = plain_text(houses.text)


def _zenodo(tree: Tree) -> Record:
    """The record of Zenodo's present and former JSON."""
    record = Record(tree)
    record.kinds = tree.every("metadata.resource_type.type") or tree.every("metadata.resource_type.id")
    record.titles = [("", each) for each in tree.every("metadata.title")]
    record.descriptions = [("", each) for each in tree.every("metadata.description")]
    record.keywords = [*tree.every("metadata.keywords"), *tree.every("metadata.subjects.subject")]
    doi = tree.first("doi", "metadata.doi", "pids.doi.identifier")
    record.identifiers = [doi] if doi else []
    record.licences = [*tree.every("metadata.license.id"), *tree.every("metadata.rights.id")]
    record.access = tree.first("metadata.access_right", "access.record")
    for group in tree.groups("metadata.creators"):
        if name := group.first("name", "person_or_org.name"):
            orcid = group.first("orcid", "person_or_org.identifiers.identifier")
            record.creators.append(Creator(name, orcid, group.first("affiliation", "affiliations.name")))
    for group in tree.groups("metadata.related_identifiers"):
        relation = group.first("relation", "relation_type.id")
        if relation and (related := group.first("identifier")):
            record.relations.append((relation.text.casefold(), related))
    record.files = [*tree.every("files.key"), *tree.every("files.entries.key")]
    return record


READER = Reader(
    name="xasdb",
    title={"en": "CLS XASDB and Zenodo exports (JSON)", "ja": "CLS XASDB・Zenodoのエクスポート（JSON）"},
    specification="https://xasdb.lightsource.ca/",
    sniff=sniff,
    read=read,
)
