"""CDIF-4-XAS documents: one data set in schema.org JSON-LD with the terms of https://w3id.org/cdif/xas/.

Contexts are not fetched and no inference is made: terms are told by the last part of their name, in the present
spelling ("xas:dspacing") and in the one before it ("xas:d_spacing").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from catalog.alias_tables import alias_table
from catalog.errors import InputError
from catalog.findings import define, finding
from catalog.readers import Reader, Reading, Source
from catalog.readers._documents import SPECTRUM, Filling, Row
from catalog.readers._foreign import Stated, Tree, outline, trees
from catalog.readers._repository import fill_record, refusal
from catalog.readers._schema_org import Linked, local, schema_org_record
from catalog.xray import normalise_edge, normalise_element, parse_crystal

define(
    "cdif-no-dataset",
    "error",
    "The document describes no data set: it holds terms or other things, and no schema:Dataset.",
    "データセットの記述ではありません。語彙などが書かれており、schema:Dataset がありません。",
)
define(
    "cdif-sample-name",
    "info",
    "The sample is only called {value!r}; the data set's name was suggested as its name.",
    "試料名が「{value}」としか書かれていないため、データセットの名前を候補として示しました。",
)
define(
    "cdif-assumed",
    "info",
    "{key}: {value!r} was supplied by the program that wrote the document, because the data file only says {said!r}; "
    "it was left out.",
    "{key}:「{value}」は文書を作ったプログラムが補った値で、データファイルには「{said}」としかないため使いませんでした。",
)

_SIGNS = (b"w3id.org/cdif", b"cdi4exas", b"ddialliance.org/Specification/DDI-CDI")
_TEMPERATURE = re.compile(r'temperature reported as "([^"]{1,60})"')
_SUPPLIED = "not recorded in the source file"
_MAX_THINGS = 2_000


def sniff(source: Source) -> int:
    """Sure when the context names CDIF, the XAS terms or DDI-CDI."""
    if b"@context" not in source.head or not any(sign in source.head for sign in _SIGNS):
        return 0
    return 92 if "@context" in outline(source) else 0


def read(source: Source) -> Reading:
    """A form per document of the file. Raises UnreadableInput, with the line, for what is no safe JSON."""
    reading = Reading()
    for tree in trees(source):
        record, linked, node = schema_org_record(tree)
        if not linked.named("Dataset"):
            reading.findings.append(finding("cdif-no-dataset", file=source.name, line=tree.line))
        elif not refusal(record, source.name, reading):
            record.identifiers = [
                each for each in record.identifiers if each.path != "@id" or "doi.org/" in each.text
            ]
            filling = fill_record(record, source.name, "cdif", reading)
            _Filled(filling, linked, node).run([text.text for _, text in record.descriptions])
    reading.is_xafs = bool(reading.forms)
    return reading


class _Filled:
    def __init__(self, filling: Filling, linked: Linked, node: Tree) -> None:
        self.filling, self.linked, self.node = filling, linked, node
        self.rows: dict[str, Row] = {row["term"]: row for row in alias_table("cdif")["properties"]}
        self.open = {row["term"] for row in alias_table("cdif")["public"]}
        self.notes: list[str] = []

    def run(self, descriptions: list[str]) -> None:
        """Put what the data set states about the experiment."""
        self.notes = descriptions
        self.keywords()
        self.modes()
        self.place()
        for event in self.linked.values(self.node, "wasGeneratedBy"):
            for key, place in (("startTime", "started"), ("startDate", "started"), ("endTime", "ended")):
                for stated in self.linked.texts(event, key):
                    self.filling.take({"fills": f"{SPECTRUM}/{place}", "as": "moment", "path": key}, stated)
            for sample in self.linked.values(event, "object", "mainEntity"):
                self.sample(sample)
            for thing in self.things(event):
                self.thing(thing)
        self.signals()
        self.facility_of_beamline()
        if identity := self.node.first("@id"):
            self.filling.public("CDIF document", identity)
        self.filling.finish()

    def keywords(self) -> None:
        meanings = alias_table("cdif")["keywords"]
        for group in self.linked.values(self.node, "keywords"):
            stated = self.linked.text(group, "termCode") or self.linked.text(group, "name")
            signs = [each.text for each in self.linked.texts(group, "about", "inDefinedTermSet")]
            means = next((row["means"] for row in meanings for sign in signs if row["sign"] in sign), None)
            if stated is None or means is None:
                continue
            try:
                value: str | list[str]
                if means == "element":
                    value = normalise_element(stated.text)
                else:
                    _, shells = normalise_edge(stated.text)
                    value = shells[0] if len(shells) == 1 else list(shells)
            except InputError as error:
                self.filling.refuse(stated, f"{SPECTRUM}/{means}", error.detail)
            else:
                self.filling.put(f"{SPECTRUM}/{means}", value, stated)  # type: ignore[arg-type]

    def modes(self) -> None:
        for group in self.linked.values(self.node, "measurementTechnique"):
            sets = self.linked.texts(group, "inDefinedTermSet")
            stated = self.linked.text(group, "name")
            if stated and any(each.text.casefold().endswith("mode") for each in sets):
                self.filling.take(
                    {"fills": f"{SPECTRUM}/mode", "as": "concept", "scheme": "mode", "path": "mode"}, stated
                )

    def place(self) -> None:
        for role in self.linked.values(self.node, "contributor"):
            name = self.linked.text(role, "roleName")
            if name and name.text.casefold() == "facility":
                for house in self.linked.values(role, "contributor"):
                    if stated := self.linked.text(house, "name"):
                        self.filling.take({"fills": "/facility", "as": "text"}, stated)

    def sample(self, sample: Tree) -> None:
        stated = self.linked.text(sample, "name")
        if stated is None:
            return
        if stated.text.casefold() in {row["word"] for row in alias_table("cdif")["sample_names"]}:
            self.filling.keep(stated)
            self.filling.report("cdif-sample-name", stated, "/sample/name")
            if (title := self.linked.text(self.node, "name")) and (
                text := self.filling.clean(title, "/sample/name")
            ):
                self.filling.suggest("/sample/name", text)
        else:
            self.filling.take({"fills": "/sample/name", "as": "text"}, stated)

    def things(self, event: Tree) -> Iterator[Tree]:
        """The experiment and what it used, where and on what, each once however the document refers to it."""
        seen: set[int] = set()
        waiting = [event]
        while waiting and len(seen) < _MAX_THINGS:
            thing = waiting.pop(0)
            if id(thing.node) not in seen:
                seen.add(id(thing.node))
                yield thing
                waiting += self.linked.values(thing, "used", "instrument", "location", "object", "mainEntity")

    def thing(self, thing: Tree) -> None:
        kinds = {
            _term(each.text) for each in (*thing.every("@type"), *self.linked.texts(thing, "additionalType"))
        }
        for group in self.linked.values(thing, "additionalType"):
            kinds |= {_term(each.text) for each in group.every("@id")}
        stated = self.linked.text(thing, "name")
        if stated and "facility" in kinds:
            self.filling.take({"fills": "/facility", "as": "text"}, stated)
        if stated and "beamline" in kinds:
            self.filling.take({"fills": "/beamline", "as": "text"}, stated)
        if stated and "monochromator" in kinds:
            self.filling.take({"fills": f"{SPECTRUM}/monochromator", "as": "crystal", "path": "name"}, stated)
        for group in self.linked.values(thing, "additionalProperty"):
            self.property(group, kinds)

    def property(self, group: Tree, kinds: set[str]) -> None:
        """One schema:PropertyValue: its term says what it is."""
        ids = [each for one in self.linked.values(group, "propertyID") for each in one.every("@id")]
        term = next((_term(each.text) for each in (*ids, *self.linked.texts(group, "propertyID"))), "")
        value, unit = self.linked.text(group, "value"), self.linked.text(group, "unitText", "unitCode")
        if value is None or self.filling.nothing(value, ""):
            return
        said = self.linked.text(group, "description")
        if said and _SUPPLIED in said.text:
            self.filling.report(
                "cdif-assumed", replace(value, path=term), f"{SPECTRUM}/header", said="nothing"
            )
            return
        row = self.rows.get(term)
        if row is None:
            if term in self.open:
                self.filling.public(
                    term, value if unit is None else replace(value, text=f"{value.text} {unit.text}")
                )
            return
        stated = value if unit is None else replace(value, text=f"{value.text} {unit.text}")
        if row["as"] == "temperature" and (noted := self.noted()):
            self.filling.keep(value)
            self.filling.report("cdif-assumed", replace(stated, path=term), row["fills"], said=noted)
            self.filling.public(term, replace(value, path=f"{value.path} (as reported)", text=noted))
        elif row["as"] == "plane":
            self.plane(row, value)
        else:
            if term == "monochromatortype":
                self.filling.put(f"{SPECTRUM}/monochromator/type", "crystal", value)
            self.filling.take({**row, "path": term}, stated)

    def noted(self) -> str | None:
        """What the data file says of the temperature, where the document's number is only its interpretation."""
        return next((match[1] for text in self.notes if (match := _TEMPERATURE.search(text))), None)

    def plane(self, row: Row, value: Stated) -> None:
        crystal = self.filling.form.get(f"{SPECTRUM}/monochromator/crystal") or "Si"
        try:
            _, reflection = parse_crystal(f"{crystal} {value.text}")
        except InputError as error:
            self.filling.refuse(value, row["fills"], error.detail)
        else:
            self.filling.put(row["fills"], reflection, value)

    def facility_of_beamline(self) -> None:
        """A known beamline tells its facility, where the document does not."""
        from catalog.vocabulary import vocabulary

        words = vocabulary()
        beamline = words.beamline(self.filling.form.get("/beamline") or "")
        if (
            beamline
            and (facility := words.beamline_facility(beamline))
            and (name := words.label(facility, "en"))
        ):
            self.filling.suggest("/facility", name)

    def signals(self) -> None:
        meanings = {row["term"]: row["means"] for row in alias_table("cdif")["signals"]}
        found = {
            meanings[term]
            for group in self.linked.values(self.node, "variableMeasured")
            for one in self.linked.values(group, "propertyID")
            for each in one.every("@id")
            if (term := _term(each.text)) in meanings
        }
        if len(found) == 1:
            self.filling.suggest(f"{SPECTRUM}/mode", found.pop())


def _term(name: str) -> str:
    """The last part of a term's name without case and underscores."""
    return re.split(r"[/#:]", local(name).rstrip("/#"))[-1].replace("_", "").casefold()


READER = Reader(
    name="cdif",
    title={"en": "CDIF-4-XAS metadata (JSON-LD)", "ja": "CDIF-4-XASメタデータ（JSON-LD）"},
    specification="https://w3id.org/cdif/xas/",
    sniff=sniff,
    read=read,
)
