"""A repository's record of a data set, whatever schema it is written in, made into a deposit form.

A record that says nothing of X-ray absorption is refused with that reason. One that does says who made what and under
which licence; element and edge it states in a sentence at most, so that a person is asked for the rest.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from catalog.alias_tables import alias_table
from catalog.errors import CatalogError, InputError
from catalog.findings import define, finding
from catalog.ids import funder_iri, normalise_doi, normalise_orcid, normalise_ror
from catalog.normalise_values import is_address
from catalog.readers import Reading
from catalog.readers._documents import SPECTRUM, Filling, is_placeholder
from catalog.readers._foreign import Stated, Tree
from catalog.xray import ELEMENTS, normalise_element

define(
    "record-not-xafs",
    "error",
    "The record {value!r} is not about X-ray absorption: neither title, description nor keywords name it.",
    "レコード「{value}」はX線吸収に関するものではありません（表題・説明・キーワードのいずれにも記載がありません）。",
)
define(
    "record-not-data",
    "error",
    "The record {value!r} is about X-ray absorption but is no data: it calls itself {kind}.",
    "レコード「{value}」はX線吸収に関するものですが、データではなく {kind} とされています。",
)
define(
    "record-several-files",
    "info",
    "The record holds {value} files; a deposit is one sample, so deposit the files of each sample "
    "and name this record's DOI.",
    "このレコードには {value} 個のファイルがあります。"
    "登録は試料ごとですので、試料ごとにファイルを登録し、このDOIを記載してください。",
)

Text = tuple[str, Stated]
"""A text with its language, empty where none is stated."""

_TAG = re.compile(r"<[^<>]{0,300}>")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_MAX_CREATORS, _MAX_FUNDING, _MAX_TEXTS, _MAX_SCANNED = 500, 200, 50, 20_000
# How the identifiers of funders look that the form takes; others (ISNI, GRID) are kept privately.
_FUNDER_ID = re.compile(r"ror\.org/|\b10\.13039/")
_FACILITY_WORDS = 5
_PAPERS = {"iscitedby", "isreferencedby", "isdocumentedby", "issupplementto", "isdescribedby"}


@dataclass(slots=True)
class Creator:
    """A creator as stated: name, ORCID iD, affiliation and its ROR."""

    name: Stated
    orcid: Stated | None = None
    affiliation: Stated | None = None
    ror: Stated | None = None


@dataclass(slots=True)
class Grant:
    """Funding as stated: the funder and its identifier; number, title and address of the award."""

    funder: Stated
    identifier: Stated | None = None
    number: Stated | None = None
    title: Stated | None = None
    address: Stated | None = None


@dataclass(slots=True)
class Record:
    """What a record states, before anything is made of it. ``kinds`` are the types of resource it calls itself.

    ``tree`` is the document: what is not used of it is kept privately. XML has none, and its ``rest`` is kept.

    ``relations`` are pairs of a relation's name in lower case and what is related; ``files`` names of files.
    """

    tree: Tree
    kinds: list[Stated] = field(default_factory=list)
    titles: list[Text] = field(default_factory=list)
    descriptions: list[Text] = field(default_factory=list)
    keywords: list[Stated] = field(default_factory=list)
    identifiers: list[Stated] = field(default_factory=list)
    licences: list[Stated] = field(default_factory=list)
    access: Stated | None = None
    creators: list[Creator] = field(default_factory=list)
    funding: list[Grant] = field(default_factory=list)
    relations: list[tuple[str, Stated]] = field(default_factory=list)
    files: list[Stated] = field(default_factory=list)
    rest: list[Stated] = field(default_factory=list)


def refusal(record: Record, name: str, reading: Reading) -> bool:
    """Whether the record is none of X-ray absorption data; the reason is put into ``reading`` then."""
    first = next((text for _, text in record.titles), Stated("", name, record.tree.line))
    code, fields = "record-not-xafs", {}
    if speaks_of_xafs(record):
        kinds = {kind.text.casefold(): kind.text for kind in record.kinds if not is_placeholder(kind.text)}
        if not kinds or any(row["word"] in kinds for row in alias_table("documents")["data_kinds"]):
            return False
        code, fields = "record-not-data", {"kind": ", ".join(kinds.values())[:80]}
    reading.is_xafs = False
    shown = " ".join(first.text.split())[:100]
    reading.findings.append(finding(code, file=name, line=first.line, value=shown, **fields))
    return True


def speaks_of_xafs(record: Record) -> bool:
    """Whether title, description or keywords name X-ray absorption."""
    return any(_xafs_words().search(text[:_MAX_SCANNED]) for text in _texts(record))


def fill_record(record: Record, name: str, table: str, reading: Reading) -> Filling:
    """A form with what every record states, appended to ``reading``.

    The caller adds what its schema adds, then calls ``finish`` of what it gets.
    """
    filling = Filling(record.tree, name, table, reading)
    for pointer, texts in (("/title", record.titles), ("/description", record.descriptions)):
        _put_texts(filling, pointer, texts)
    _put_identifiers(filling, record)
    for stated in record.licences[:1]:
        filling.take({"fills": "/license", "as": "licence"}, stated)
    for stated in record.licences[1:]:
        filling.keep(stated)
    for number, creator in enumerate(record.creators[:_MAX_CREATORS]):
        _put_creator(filling, f"/creators/{number}", creator)
    for grant in record.funding[:_MAX_FUNDING]:
        _put_grant(filling, grant)
    _suggest_element(filling, record)
    _suggest_place(filling, record)
    if len(record.files) > 1:
        first = replace(record.files[0], text=str(len(record.files)))
        filling.report("record-several-files", first, f"{SPECTRUM}/files")
    for stated in (*record.keywords, *record.files, *record.rest):
        filling.keep(stated)
    return filling


def plain(stated: Stated) -> Stated:
    """A text without the HTML that descriptions are written in."""
    text = re.sub(r"</(?:p|div|li|h[1-6])>|<br\s*/?>", "\n", stated.text)
    return replace(stated, text=html.unescape(_TAG.sub("", text)).strip())


def _put_texts(filling: Filling, pointer: str, texts: list[Text]) -> None:
    """One text a language (en-US and en-GB are one); a text without a language only where none has one."""
    tagged = [(_language(tag), stated) for tag, stated in texts[:_MAX_TEXTS] if _language(tag)]
    for language, stated in tagged or [("", stated) for _, stated in texts[:1]]:
        place = f"{pointer}/{language}" if language else pointer
        if filling.nothing(stated, pointer):
            continue
        if filling.form.get(place) is not None:
            filling.keep(stated)
        elif text := filling.clean(plain(stated), place):
            filling.put(place, text, stated)


def _language(tag: str) -> str:
    language = tag.partition("-")[0].casefold()
    return language if _LANGUAGE.fullmatch(language) else ""


def _put_identifiers(filling: Filling, record: Record) -> None:
    for stated in record.identifiers:
        if filling.nothing(stated, "/doi"):
            continue
        doi = _doi(stated.text)
        if doi and filling.form.get("/doi") in (None, doi):
            filling.put("/doi", doi, stated)
        else:
            filling.keep(stated)
    papers = 0
    for relation, stated in record.relations:
        doi = _doi(stated.text)
        if doi and relation == "ispartof" and filling.form.get("/collection_doi") is None:
            filling.put("/collection_doi", doi, stated)
        elif doi and relation in _PAPERS:
            filling.put(f"/papers/{papers}", doi, stated)
            papers += 1
        else:
            filling.keep(stated)


def _put_creator(filling: Filling, pointer: str, creator: Creator) -> None:
    if filling.nothing(creator.name, pointer) or not (name := filling.clean(creator.name, f"{pointer}/name")):
        return
    # A creator before this one may have been left out.
    here = f"/creators/{len(filling.form.values.get('creators') or [])}"
    filling.put(f"{here}/name", name, creator.name)
    if creator.orcid and not is_placeholder(creator.orcid.text):
        try:
            filling.put(f"{here}/orcid", normalise_orcid(creator.orcid.text), creator.orcid)
        except InputError as error:
            filling.refuse(creator.orcid, f"{here}/orcid", error.detail)
    house = creator.affiliation
    if house is None or is_placeholder(house.text):
        return
    if text := filling.clean(house, f"{here}/affiliation/name"):
        filling.put(f"{here}/affiliation/name", text, house)
        if creator.ror:
            try:
                filling.put(f"{here}/affiliation/ror", normalise_ror(creator.ror.text), creator.ror)
            except InputError as error:
                filling.refuse(creator.ror, f"{here}/affiliation/ror", error.detail)


def _put_grant(filling: Filling, grant: Grant) -> None:
    # One before this one may have been left out, and two records of a funder may be one.
    here = f"/funding/{len(filling.form.values.get('funding') or [])}"
    if filling.nothing(grant.funder, here) or not (name := filling.clean(grant.funder, f"{here}/funder")):
        return
    filling.put(f"{here}/funder", name, grant.funder)
    if stated := grant.identifier:
        if not _FUNDER_ID.search(stated.text):
            filling.keep(stated)
        else:
            try:
                filling.put(f"{here}/funder_id", funder_iri(stated.text), stated)
            except InputError as error:
                filling.refuse(stated, f"{here}/funder_id", error.detail)
    for key, part in (("award", grant.number), ("award_title", grant.title)):
        if (
            part
            and not filling.nothing(part, f"{here}/{key}")
            and (text := filling.clean(part, f"{here}/{key}"))
        ):
            filling.put(f"{here}/{key}", text, part)
    if address := grant.address:
        if is_address(address.text):
            filling.put(f"{here}/award_uri", address.text, address)
        else:
            filling.keep(address)


def _suggest_element(filling: Filling, record: Record) -> None:
    """The element, where title and keywords name one alone."""
    found: dict[str, None] = {}
    for text in (*(keyword.text for keyword in record.keywords), *(title.text for _, title in record.titles)):
        for word in re.findall(r"[A-Za-z]{1,13}", text[:_MAX_SCANNED]):
            try:
                symbol = normalise_element(word)
            except CatalogError:
                continue
            # A symbol in small letters is a word ("in", "as", "no"); one letter alone is anything.
            if word.casefold() != symbol.casefold() or (word in ELEMENTS and len(word) > 1):
                found[symbol] = None
    if len(found) == 1:
        filling.suggest(f"{SPECTRUM}/element", next(iter(found)))


def _suggest_place(filling: Filling, record: Record) -> None:
    """Facility and beamline, where title and description name one facility alone that is known."""
    from catalog.vocabulary import vocabulary

    words = vocabulary()
    texts = [plain(text).text[:_MAX_SCANNED] for _, text in (*record.titles, *record.descriptions)]
    tokens = [token.strip(".,;:()") for text in texts for token in text.split()][:3_000]
    found: dict[str, str] = {}
    for start, token in enumerate(tokens):
        if not token[:1].isupper():
            continue
        for width in range(min(_FACILITY_WORDS, len(tokens) - start), 0, -1):
            name = " ".join(tokens[start : start + width])
            # One word is a facility's name only if it is an abbreviation of some length, or has a digit.
            if width == 1 and not (
                len(name) > 2 and (name.isupper() or any(char.isdigit() for char in name))
            ):
                continue
            if iri := words.facility(name):
                found.setdefault(iri, name)
                break
    if len(found) != 1:
        return
    ((iri, name),) = found.items()
    filling.suggest("/facility", name)
    lines = {
        each: token
        for token in tokens
        if any(map(str.isdigit, token)) and (each := words.beamline(token, iri))
    }
    if len(lines) == 1:
        filling.suggest("/beamline", next(iter(lines.values())))


def _texts(record: Record) -> Iterator[str]:
    for _, text in (*record.titles, *record.descriptions):
        yield text.text
    for keyword in record.keywords:
        yield keyword.text


def _doi(text: str) -> str | None:
    try:
        return normalise_doi(text.strip())
    except CatalogError:
        return None


@cache
def _xafs_words() -> re.Pattern[str]:
    words = "|".join(re.escape(row["word"]) for row in alias_table("documents")["xafs"])
    return re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])", re.IGNORECASE)
