"""A public document made ready for a page: labels for IRIs, texts in the reader's language, rows of facts.

Nothing here reads anything but the document and the vocabulary; templates only lay it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from catalog.mapping import RecordDocument, context
from catalog.plain_fields import BUILT_IN
from catalog.validation import LEVELS, level_iri
from server.public.languages import choice, gettext
from server.public.links import local_path
from server.public.values import Value, energy_range, moment, quantity, shells_text

if TYPE_CHECKING:
    from catalog.vocabulary import Vocabulary

ACCESS = "http://purl.org/coar/access_right/"
ACCESS_WORDS = {
    ACCESS + "c_abf2": "open",
    ACCESS + "c_f1cf": "embargoed",
    ACCESS + "c_16ec": "restricted",
    ACCESS + "c_14cb": "metadata-only",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a description list."""

    label: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of a spectrum; ``href`` is empty while the file is not public."""

    anchor: str
    name: str
    bytes: int | None
    media_type: str
    sha256: str
    href: str
    license: Value | None


@dataclass(frozen=True, slots=True)
class SpectrumView:
    """One spectrum of a record: facts in groups, files, allow-listed header pairs, and what its plot needs."""

    anchor: str
    title: Value
    element: str
    shells: str
    measured: list[Row]
    optics: list[Row]
    calibration: list[Row]
    files: list[FileView]
    header: list[tuple[str, str]]
    edge_energy: str


@dataclass(frozen=True, slots=True)
class CreditView:
    """A credit as printed, linked to the person or organisation when that is identified."""

    name: Value
    affiliation: Value | None
    orcid: str


@dataclass(frozen=True, slots=True)
class FundingView:
    """Who paid, linked to the funder's identifier; ``award`` is number or address, linked where it has an address."""

    funder: Value
    award: Value | None
    title: Value | None


@dataclass(slots=True)
class RecordView:
    """All that the page of a record shows."""

    iri: str
    id: str
    title: Value
    other_titles: list[Value]
    description: Value | None
    note: Value | None
    kind: Value | None
    access: str
    access_label: Value | None
    available: str
    license: Value | None
    metadata_license: Value | None
    doi: str
    collection: Value | None
    round: Value | None
    funding: list[FundingView]
    papers: list[Value]
    issued: str
    modified: str
    levels: list[Value]
    place: list[Row]
    further: list[Row]
    sample: list[Row]
    credits: list[CreditView]
    spectra: list[SpectrumView]
    elements: list[str] = field(default_factory=list)


class Viewer:
    """Makes views of documents for a reader of ``language``."""

    def __init__(self, vocabulary: Vocabulary, language: str, base: str) -> None:
        self.vocabulary = vocabulary
        self.language = language
        self.base = base

    def href(self, iri: str) -> str:
        """Where an IRI leads: to a page here where there is one, else to itself."""
        here = iri.removeprefix(self.base)
        if here != iri and here.startswith(("/record/", "/sample/", "/round/", "/catalog")):
            return here
        return local_path(iri) or iri

    def short(self, iri: str) -> str:
        """An IRI as people recognise it: without this catalog's base, or with a prefix."""
        here = iri.removeprefix(self.base + "/")
        return here if here != iri else context().compact(iri)

    def text(self, texts: Mapping[str, Any] | None) -> Value | None:
        """The text of a language map that suits the reader best."""
        text, lang = choice(texts or {}, self.language)
        return Value(text, lang) if text else None

    def named(self, target: Any) -> Value | None:
        """An IRI (or a part with a name) as a labelled link."""
        if not target:
            return None
        if isinstance(target, dict):
            return self.text(target.get("name")) or Value(str(target.get("id", "")))
        iri = str(target)
        label = self.vocabulary.label(iri, self.language)
        if label:
            return Value(label, self.language, href=self.href(iri))
        return Value(self.short(iri), href=self.href(iri), style="code")

    def record(self, document: RecordDocument) -> RecordView:
        """The view of a published record."""
        title = self.text(document.get("title")) or Value(document["id"])
        others = [
            Value(str(text), lang)
            for lang, text in sorted((document.get("title") or {}).items())
            if lang not in {title.lang, "@none"} and text
        ]
        about = document.get("about", {})
        spectra = [self.spectrum(spectrum, document) for spectrum in _list(document.get("spectra"))]
        access = str(document.get("access", ""))
        return RecordView(
            iri=document["id"],
            id=document["id"].rpartition("/")[2],
            title=title,
            other_titles=others,
            description=self.text(document.get("description")),
            note=self.text(document.get("note")),
            kind=self.named(document.get("kind")),
            access=ACCESS_WORDS.get(access, ""),
            access_label=self.named(access),
            available=str(document.get("available", "")),
            license=self.licence(document.get("license")),
            metadata_license=self.licence(about.get("license")),
            doi=str(document.get("doi", "")),
            collection=_address(document.get("collection")),
            round=self.round(document),
            funding=[self.grant(grant) for grant in _list(document.get("funding"))],
            papers=[value for paper in _list(document.get("papers")) if (value := _address(paper))],
            issued=str(document.get("issued", "")),
            modified=str(about.get("modified", "")),
            levels=[
                value
                for level in map(level_iri, LEVELS)  # each asks more than the one before
                if level in _list(document.get("conforms_to")) and (value := self.named(level))
            ],
            place=self.place(document),
            further=_rows(*self.others(document)),
            sample=self.sample(document.get("sample") or {}),
            credits=[self.credit(credit) for credit in _list(document.get("credits"))],
            spectra=spectra,
            elements=list(dict.fromkeys(spectrum.element for spectrum in spectra if spectrum.element)),
        )

    def licence(self, iri: Any) -> Value | None:
        """A licence by its label, linked to its text."""
        found = self.named(iri)
        return Value(found.text, found.lang, href=str(iri)) if found else None

    def place(self, document: RecordDocument) -> list[Row]:
        """Where the record was measured."""
        return _rows(
            (gettext("Facility"), self.named(document.get("facility"))),
            (gettext("Laboratory source"), _plain(document.get("laboratory_source"))),
            (gettext("Beamline"), self.named(document.get("beamline"))),
        )

    def material(self, sample: RecordDocument) -> Value | None:
        """The material of a sample, with what vouches for it."""
        named = self.named(sample.get("material"))
        evidence = sample.get("material_evidence") or {}
        if named is None:
            return None
        if reviewer := evidence.get("reviewer_label"):
            return replace(named, note=gettext("reviewed by %(name)s", name=reviewer))
        note = self.text(evidence.get("note"))
        return replace(named, note=note.text if note else "")

    def sample(self, sample: RecordDocument) -> list[Row]:
        """What was measured."""
        formula = sample.get("formula") or sample.get("formula_reduced")
        cas = sample.get("cas")
        return _rows(
            (gettext("Name"), self.text(sample.get("sample_name"))),
            (gettext("Material"), self.material(sample)),
            (gettext("Formula"), Value(str(formula), style="formula") if formula else None),
            (gettext("Form"), self.named(sample.get("form"))),
            (gettext("Thickness"), quantity(sample.get("thickness"))),
            (gettext("Concentration"), _plain(sample.get("concentration"))),
            (gettext("Preparation"), self.text(sample.get("preparation"))),
            (gettext("CAS number"), _plain(cas)),
            (gettext("Physical sample"), self.named(sample.get("specimen"))),
            *self.others(sample),
            *self.unknown(sample),
        )

    def credit(self, credit: RecordDocument) -> CreditView:
        """One credit."""
        name = self.text(credit.get("credit_name")) or Value("")
        agent = credit.get("agent")
        address = agent if isinstance(agent, str) else ""
        orcid = address.rpartition("/")[2] if address.startswith("https://orcid.org/") else ""
        href = "" if orcid else local_path(address)
        affiliation = self.text(credit.get("affiliation_name"))
        target = credit.get("affiliation")
        if target and affiliation:
            affiliation = Value(affiliation.text, affiliation.lang, href=self.href(target))
        return CreditView(Value(name.text, name.lang, href=href), affiliation or self.named(target), orcid)

    def round(self, document: RecordDocument) -> Value | None:
        """The round-robin a record belongs to, as the record calls it."""
        iri = str(document.get("round", ""))
        if not iri:
            return None
        name = self.text(document.get("round_name"))
        return Value(name.text, name.lang, href=self.href(iri)) if name else self.named(iri)

    def grant(self, grant: RecordDocument) -> FundingView:
        """One funder and its award."""
        name = self.text(grant.get("funder_name")) or Value("")
        funder = grant.get("funder")
        address = str(grant.get("award_uri", ""))
        award = str(grant.get("award", "") or address)
        return FundingView(
            Value(name.text, name.lang, href=funder if isinstance(funder, str) else ""),
            Value(award, href=address) if award else None,
            self.text(grant.get("award_title")),
        )

    def spectrum(self, spectrum: RecordDocument, document: RecordDocument) -> SpectrumView:
        """One spectrum."""
        anchor = spectrum["id"].partition("#")[2]
        measurement = spectrum.get("measurement") or {}
        element = str(spectrum.get("element", ""))
        shells = _list(spectrum.get("edge"))
        edges = _list(measurement.get("measured_edge"))
        label = " ".join(filter(None, (element, shells_text(shells))))
        edge_links = tuple(value for edge in edges if (value := self.named(edge)))
        energies = [self.vocabulary.edge_energy(element, shell) for shell in shells]
        measured = _rows(
            (gettext("Absorption edge"), edge_links or (Value(label) if label else None)),
            (gettext("Technique"), self.named(measurement.get("technique"))),
            (gettext("Detection mode"), self.named(measurement.get("mode"))),
            (gettext("Date"), moment(measurement)),
            (gettext("Temperature"), quantity(measurement.get("temperature"))),
            (gettext("Pressure"), quantity(measurement.get("pressure"))),
            (gettext("Energy range"), energy_range(spectrum)),
            (gettext("Points"), _plain(spectrum.get("points"))),
            *self.others(spectrum),
            *self.others(measurement),
            *self.unknown(spectrum),
            *self.unknown(measurement),
        )
        return SpectrumView(
            anchor=anchor,
            title=self.text(spectrum.get("title")) or Value(label),
            element=element,
            shells=shells_text(shells),
            measured=measured,
            optics=self.optics(spectrum, measurement),
            calibration=self.calibration(spectrum.get("calibration") or {}),
            files=[self.file(file, document) for file in _list(spectrum.get("files"))],
            header=[
                (str(pair.get("property_key", "")), str(pair.get("property_value", "")))
                for pair in _list(spectrum.get("header"))
            ],
            edge_energy=" ".join(str(energy) for energy in energies if energy is not None),
        )

    def optics(self, spectrum: RecordDocument, measurement: RecordDocument) -> list[Row]:
        """Beamline, monochromator and ring of one spectrum."""
        part = measurement.get("monochromator") or {}
        crystal = str(part.get("crystal", ""))
        cut = f"{crystal}({part['reflection']})" if part.get("reflection") else crystal
        return _rows(
            (gettext("Monochromator"), self.named(part.get("monochromator_type"))),
            (gettext("Crystal"), Value(cut) if cut else None),
            (gettext("d-spacing"), quantity(part.get("d_spacing"))),
            (gettext("Ring energy"), quantity(measurement.get("ring_energy"))),
            (gettext("Ring current"), quantity(measurement.get("ring_current"))),
            *self.others(part),
            *self.unknown(part),
        )

    def calibration(self, part: RecordDocument) -> list[Row]:
        """How the energy axis was fixed."""
        simultaneous = {"true": gettext("at the same time"), "false": gettext("separately")}
        reference = str(part.get("reference", ""))
        return _rows(
            (gettext("Standard"), self.text(part.get("standard"))),
            (gettext("Standard measured"), _plain(simultaneous.get(str(part.get("simultaneous", ""))))),
            (gettext("Reference spectrum"), self.named(reference)),
            (gettext("Edge"), self.named(part.get("calibration_edge"))),
            (gettext("Feature"), self.named(part.get("feature"))),
            (gettext("Assigned energy"), quantity(part.get("assigned_energy"))),
            (gettext("Energy shift"), quantity(part.get("energy_shift"))),
            (gettext("hc used"), Value(f"{part['hc']} eV Å") if part.get("hc") else None),
            *self.others(part),
            *self.unknown(part),
        )

    def file(self, file: RecordDocument, document: RecordDocument) -> FileView:
        """One file; public when the projection gave it a download address."""
        size = str(file.get("bytes", ""))
        digest = str((file.get("checksum") or {}).get("digest", ""))
        public = "download_url" in file and digest
        own = file.get("license")
        return FileView(
            anchor=str(file.get("id", "")).partition("#")[2],
            name=str(file.get("file_name", "")),
            bytes=int(size) if size.isdigit() else None,
            media_type=str(file.get("media_type", "")).partition("media-types/")[2],
            sha256=digest,
            href=f"/record/{document['id'].rpartition('/')[2]}/files/{digest[:16]}" if public else "",
            license=self.licence(own) if own and own != document.get("license") else None,
        )

    def others(self, part: RecordDocument) -> Iterator[tuple[str, tuple[Value, ...]]]:
        """What a curator's own fields say of a part, under the label of their property."""
        for key, value in part.items():
            if key in BUILT_IN or key in {"id", "type"} or key not in context().terms:
                continue
            iri = context().terms[key].predicate.value
            label = self.vocabulary.label(iri, self.language) or key.replace("_", " ")
            shown = tuple(
                each for item in _list(value) if (each := self.anything(item, context().terms[key].kind))
            )
            yield label[:1].upper() + label[1:], shown

    def anything(self, value: Any, kind: str) -> Value | None:
        """A value of a property the page knows nothing about, by the kind of its term in the context."""
        if isinstance(value, dict):
            if kind == "language":
                return self.text(value)
            if "in_unit" in value or "stated" in value:
                return quantity(
                    value, self.vocabulary.notation(context().expand(str(value.get("in_unit", ""))))
                )
        return self.named(value) if kind == "iri" else _plain(value)

    def unknown(self, part: RecordDocument) -> Iterator[tuple[str, Value]]:
        """The properties somebody stated to be unknown: different from nobody having said anything."""
        for name in _list(part.get("stated_unknown")):
            iri = context().expand(str(name))
            label = self.vocabulary.label(iri, self.language) or str(name).partition(":")[2]
            yield label[:1].upper() + label[1:], Value(gettext("stated to be unknown"), style="unknown")


def _rows(*rows: tuple[str, Value | tuple[Value, ...] | None]) -> list[Row]:
    return [Row(label, value if isinstance(value, tuple) else (value,)) for label, value in rows if value]


def _plain(value: Any) -> Value | None:
    return Value(str(value)) if value else None


def _address(iri: Any) -> Value | None:
    if not iri:
        return None
    text = str(iri)
    return Value(text.removeprefix("https://doi.org/"), href=text)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
