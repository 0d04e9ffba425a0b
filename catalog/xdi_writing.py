"""A spectrum of a record as an XDI file: what XDI has words for, and the curve.

XDI has no words for the title, credits and access of a record, for the calibration and the form of the sample, for a
date of a month or year alone, and for a second spectrum, paper or language. ``LOST``
lists the keys of the deposit form that a round trip through XDI loses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from catalog.errors import NotFound
from catalog.mapping import RecordDocument
from catalog.readers import Curve
from catalog.vocabulary import vocabulary

LOST = (
    "title", "description", "note", "private_note", "kind", "access", "available", "hidden_until",
    "collection_doi", "round", "creators", "funding", "laboratory_source", "sample.id", "sample.form",
    "spectra.id", "spectra.title", "spectra.description",
    "spectra.calibration", "spectra.files",
)  # fmt: skip
# XDI takes whole dates and moments only.
_MOMENTS = ("started", "date")
_FIRST = "# XDI/1.0 xafscat"
# Keys of header pairs are a stranger's text; what is no XDI key cannot be written as one.
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_KEY = re.compile(r"[A-Za-z]\w{0,63}\.\w{1,64}", re.ASCII)


def xdi_file(document: RecordDocument, curve: Curve | None, number: int = 0) -> bytes:
    """The XDI file of a spectrum (by its place) of a record's public document, in UTF-8.

    Without a curve the table is empty, which XDI does not allow: such a file is a header to be filled. Raises
    NotFound when there is no such spectrum.
    """
    spectra = document.get("spectra", [])
    if number >= len(spectra):
        raise NotFound(f"the record has {len(spectra)} spectra", where=str(document.get("id", "")))
    mode = spectra[number].get("measurement", {}).get("mode")
    fluorescence = (
        mode is not None and vocabulary().notation(vocabulary().broader(mode) or mode) == "fluorescence"
    )
    label = "mufluor" if fluorescence else "mutrans"
    written: set[str] = set()
    lines = [_FIRST]
    for key, value in [*_entries(document, spectra[number]), ("Column.1", "energy eV"), ("Column.2", label)]:
        if key.casefold() not in written and (text := _BREAKS.sub(" ", value).strip()):
            written.add(key.casefold())
            lines.append(f"# {key}: {text}")
    lines += ["# ///", f"# {document.get('id', '')}", "#---", f"# energy {label}"]
    points = zip(curve.energy_ev, curve.signal, strict=True) if curve else ()
    lines += [f"{energy!r} {signal!r}" for energy, signal in points]
    return ("\n".join(lines) + "\n").encode()


def _entries(document: RecordDocument, spectrum: RecordDocument) -> Iterator[tuple[str, str]]:
    words = vocabulary()
    sample = document.get("sample", {})
    measurement = spectrum.get("measurement", {})
    monochromator = measurement.get("monochromator", {})
    edge = spectrum.get("edge", "")
    yield "Element.symbol", spectrum.get("element", "")
    yield "Element.edge", edge if isinstance(edge, str) else "L2,3" if sorted(edge) == ["L2", "L3"] else ""
    crystal, reflection = monochromator.get("crystal", ""), monochromator.get("reflection", "")
    yield "Mono.name", f"{crystal}({reflection})" if crystal and reflection else crystal
    yield "Mono.d_spacing", _quantity(monochromator.get("d_spacing")).removesuffix(" Å")
    for key in ("facility", "beamline"):
        place = document.get(key)
        name = (
            _text(place.get("name")) if isinstance(place, dict) else words.label(place, "en") if place else ""
        )
        yield f"{key.capitalize()}.name", name or ""
    yield "Facility.energy", _quantity(measurement.get("ring_energy"))
    yield "Facility.current", _quantity(measurement.get("ring_current"))
    yield "Sample.name", _text(sample.get("sample_name"))
    yield "Sample.formula", sample.get("formula", "")
    yield "Sample.prep", _text(sample.get("preparation"))
    yield "Sample.concentration", _text(sample.get("concentration"))
    yield "Sample.thickness", _quantity(sample.get("thickness"))
    yield "Sample.cas", sample.get("cas", "")
    yield "Sample.temperature", _quantity(measurement.get("temperature"))
    yield "Sample.pressure", _quantity(measurement.get("pressure"))
    yield "Scan.start_time", next((measurement[key] for key in _MOMENTS if key in measurement), "")
    yield "Scan.end_time", measurement.get("ended", measurement.get("ended_date", ""))
    yield "Scan.detection_mode", words.notation(measurement["mode"]) or "" if "mode" in measurement else ""
    yield "Data.license", words.notation(document["license"]) or "" if "license" in document else ""
    yield "Data.doi", str(document.get("doi", "")).removeprefix("https://doi.org/")
    yield "Publication.doi", next(iter(document.get("papers", ())), "").removeprefix("https://doi.org/")
    for pair in spectrum.get("header", []):
        if _KEY.fullmatch(pair["property_key"]):
            yield pair["property_key"], pair["property_value"]


def _quantity(quantity: Any) -> str:
    """A quantity as it was stated: its unit was the source's own, which XDI lets it keep."""
    return str(quantity.get("stated") or quantity.get("value") or "") if isinstance(quantity, dict) else ""


def _text(texts: Any) -> str:
    if not isinstance(texts, dict):
        return str(texts or "")
    return str(texts.get("en") or texts.get("@none") or next(iter(texts.values()), ""))
