"""Metadata of the MDR XAFS DB (NIMS): the dialects of SPring-8, KEK and Ritsumeikan, the MDR Schema, and the record
that the repository gives out as schema.org JSON-LD.

What the documents are known to have wrong is reported and left out. Aichi and SAGA-LS write JXS, read elsewhere.
"""

from __future__ import annotations

import re

from catalog.alias_tables import alias_table
from catalog.document import join_pointer
from catalog.errors import CatalogError, UnreadableInput
from catalog.findings import define, finding
from catalog.formula import parse as parse_formula
from catalog.readers import Reader, Reading, Source
from catalog.readers._documents import SPECTRUM, Filling, Row
from catalog.readers._foreign import Stated, Tree, outline, trees
from catalog.readers._measured import Measured
from catalog.readers._repository import Creator, Record, fill_record, refusal
from catalog.readers._schema_org import schema_org_record
from catalog.wording import Sentence

define(
    "mdr-schema",
    "error",
    "This is the MDR Schema itself and no metadata of a work; give the metadata file of a work.",
    "これは MDR Schema そのもので、メタデータではありません。データのメタデータファイルを指定してください。",
)
define(
    "mdr-licence-relative",
    "warning",
    "The licence is given as the relative address {value!r}, which leads nowhere; it was read as a licence's name.",
    "ライセンスが相対アドレス「{value}」で書かれており、リンク先がありません。ライセンス名として読みました。",
)
define(
    "mdr-ror",
    "warning",
    "{value!r} is the ROR of {other}, the managing organisation, and not of {creator}; it was left out.",
    "「{value}」は管理組織（{other}）のRORで、{creator} のものではないため使いませんでした。",
)
define(
    "mdr-formula-absorber",
    "warning",
    "The composition {value!r} does not hold {element}, whose edge was measured, and was left out.",
    "組成「{value}」に測定元素 {element} が含まれないため使いませんでした。",
)

_DIALECT = frozenset(
    {"data_info", "facility", "sample", "measurement", "instrument", "local", "file", "files"}
)
# Keys of the schema that Aichi and SAGA-LS write instead.
_JXS_SIGNS = (b"deposite_time", b"measured_time", b"metadata_format", b"xafs-schema")
_SCHEMA = frozenset({"titles", "visibility", "rights", "creators", "resource_type"})
_HOSTS = (b"mdr.nims.go.jp", b"mdrs-external.nims.go.jp", b"10.48505/nims.")
# The sentence the repository makes for every work of the collection.
_SENTENCE = re.compile(
    r"spectra at (?P<edge>.{1,30}?) of (?P<sample>.{1,150}?) measured at (?P<place>.{1,80}?), "
    r"and is a part of XAFS database.{0,60}?(?P<collection>10\.48505/nims\.[0-9]{1,9})",
    re.DOTALL,
)
_SERIAL = re.compile(r"KEKPF-[A-Z0-9]{2,10}_[0-9]{1,9}")
_YAMALE = re.compile(r"(?:str|list|include|any|enum)\(")


def sniff(source: Source) -> int:
    """Certain by the outermost keys of a dialect or of the MDR Schema, and by the repository's address in a record."""
    head = source.head
    if b"data_info" in head:
        keys = outline(source)
        own = {"data_info", "sample", "measurement"} <= keys <= _DIALECT
        return 94 if own and not any(sign in head for sign in _JXS_SIGNS) else 0
    if b"titles" in head and (b"visibility" in head or b"resource_type" in head):
        return 90 if len(outline(source) & _SCHEMA) >= 4 else 0
    if b"schema.org" in head and any(host in head for host in _HOSTS):
        return 93 if "@context" in outline(source) else 0
    return 0


def read(source: Source) -> Reading:
    """A form per document of the file. Raises UnreadableInput, with the line, for what is no safe JSON or YAML."""
    reading = Reading()
    for tree in trees(source):
        if any(_YAMALE.match(each.text) for each in tree.every("titles")):
            reading.is_xafs = False
            reading.findings.append(finding("mdr-schema", file=source.name, line=tree.line))
            return reading
        if tree.child("@context"):
            _read_record(tree, source.name, reading)
        elif tree.child("titles"):
            _read_schema(tree, source.name, reading)
        elif tree.child("data_info"):
            _read_dialect(tree, source.name, reading)
        else:
            raise UnreadableInput(
                Sentence(
                    "the document has none of the keys data_info, titles and @context; give one file a "
                    "kind of document"
                ),
                where=f"{source.name}:{tree.line}",
            )
    reading.is_xafs = bool(reading.forms)
    return reading


def _read_dialect(tree: Tree, name: str, reading: Reading) -> None:
    filling = Filling(tree, name, "mdr", reading)
    measured = Measured(filling)

    def title(row: Row, tree: Tree) -> None:
        known = {each["word"].casefold(): each["kind"] for each in alias_table("mdr")["titles"]}
        for stated in filling.found(row, tree):
            if kind := known.get(stated.text.strip().casefold()):
                filling.put("/kind", kind, stated)
                filling.keep(stated)
            elif row["as"] == "title":
                filling.take({**row, "as": "text"}, stated)
            else:
                measured.japanese(row, tree)

    def serial(row: Row, tree: Tree) -> None:
        for stated in filling.found(row, tree):
            # The key that the data file bears too, in the spelling that the reader of such files gives it.
            filling.public("Serial" if _SERIAL.fullmatch(stated.text) else row["path"], stated)

    filling.fill(measured.special() | {"title": title, "title-ja": title, "serial": serial})
    if hc := _hc(tree):
        filling.suggest(f"{SPECTRUM}/calibration/hc", hc)
    measured.finish()


def _hc(tree: Tree) -> str | None:
    """The value of hc that the formulas for processed columns convert angles with."""
    for stated in tree.every("local.xafs_processed_data_format.columns.formula"):
        if match := re.match(r"(123[0-9]{2}(?:\.[0-9]{1,8})?)/\(2\*D\*", stated.text):
            return match[1]
    return None


def _read_record(tree: Tree, name: str, reading: Reading) -> None:
    record, linked, node = schema_org_record(tree)
    if refusal(record, name, reading):
        return
    record.files = []
    filling = fill_record(record, name, "mdr", reading)
    for stated in record.licences:
        if ":" not in stated.text and filling.form.get("/license") == stated.text.strip():
            filling.report("mdr-licence-relative", stated, "/license")
    parts = [each for group in linked.values(node, "hasPart") for each in linked.texts(group, "@id")]
    Measured(filling).named_files(parts, f"{SPECTRUM}/files")
    _read_sentence(filling, [text for _, text in record.descriptions])
    filling.finish()


def _read_schema(tree: Tree, name: str, reading: Reading) -> None:
    record = _schema_record(tree, name, reading)
    if refusal(record, name, reading):
        return
    filling = fill_record(record, name, "mdr", reading)
    if stated := tree.first("visibility"):
        filling.take({"fills": "/access", "as": "word", "words": "access"}, stated)
    if stated := tree.first("specimens.name"):
        filling.take({"fills": "/sample/name", "as": "text"}, stated)
    _read_sentence(filling, [text for _, text in record.descriptions])
    if stated := tree.first("chemical_compositions.description"):
        _read_composition(filling, stated)
    filling.finish()


def _schema_record(tree: Tree, name: str, reading: Reading) -> Record:
    record = Record(tree)
    for group in tree.groups("titles"):
        kind, language = group.first("title_type"), group.first("lang")
        if (stated := group.first("title")) and (kind is None or kind.text == "original"):
            record.titles.append((language.text if language else "", stated))
    for group in tree.groups("descriptions"):
        language = group.first("lang")
        record.descriptions += [
            (language.text if language else "", each) for each in group.every("description")
        ]
    record.kinds = tree.every("resource_type")
    record.keywords = [
        *tree.every("subjects.subject"),
        *tree.every("experimental_methods.category_description"),
    ]
    record.identifiers = [*tree.every("doi"), *tree.every("identifiers.identifier")]
    record.licences = [each.first("identifier", "description") for each in tree.groups("rights")]  # type: ignore[misc]
    record.licences = [each for each in record.licences if each]
    manager = {each.text for each in tree.every("managing_organization.ror")}
    house = tree.first("managing_organization.organization")
    for group in tree.groups("creators"):
        stated = group.first("name")
        if stated is None:
            continue
        ror, affiliation = group.first("ror"), group.first("organization")
        if ror and ror.text in manager and house and (affiliation or stated).text != house.text:
            reading.findings.append(
                finding(
                    "mdr-ror",
                    file=name, line=ror.line, value=ror.text, other=house.text, creator=(affiliation or stated).text,
                )
            )  # fmt: skip
            ror = None
        record.creators.append(Creator(stated, group.first("orcid"), affiliation, ror))
    return record


def _read_sentence(filling: Filling, descriptions: list[Stated]) -> None:
    """Edge, sample, place and collection, from the sentence that MDR writes into every description."""
    for stated in descriptions:
        match = _SENTENCE.search(stated.text)
        if match is None:
            continue

        def part(name: str, match: re.Match[str] = match, stated: Stated = stated) -> Stated:
            return Stated(f"{stated.path} ({name})", " ".join(match[name].split()), stated.line)

        Measured(filling).put_edge(part("edge"))
        if filling.form.get("/sample/name") is None:
            filling.take({"fills": "/sample/name", "as": "text"}, part("sample"))
        place = part("place")
        facility, _, beamline = place.text.rpartition(" ")
        if facility and any(char.isdigit() for char in beamline):
            filling.put("/facility", facility, place)
            filling.put("/beamline", beamline, place)
        else:
            filling.put("/facility", place.text, place)
        filling.put("/collection_doi", match["collection"], part("collection"))
        filling.put(f"{SPECTRUM}/technique", "XAFS", stated)
        break


def _read_composition(filling: Filling, stated: Stated) -> None:
    element = filling.form.get(f"{SPECTRUM}/element")
    try:
        holds = element is None or element in parse_formula(stated.text)
    except CatalogError:
        holds = True  # kept as text: that it is no formula is said where formulas are checked
    if holds:
        filling.take({"fills": "/sample/formula", "as": "text"}, stated)
    else:
        filling.keep(stated)
        filling.report("mdr-formula-absorber", stated, join_pointer("sample", "formula"), element=element)


READER = Reader(
    name="mdr",
    title={"en": "MDR XAFS DB metadata (JSON or YAML)", "ja": "MDR XAFS DBのメタデータ（JSON・YAML）"},
    specification="https://github.com/nims-dpfc/mdr-schema",
    sniff=sniff,
    read=read,
)
