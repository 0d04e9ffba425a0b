"""Plain fields of a form put on the parts of the record document, as their shape and the context say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog.errors import CatalogError
from catalog.iso_dates import parse_day
from catalog.mapping import RecordDocument
from catalog.normalise_spectrum import TRUTH
from catalog.normalise_values import Work, is_address
from catalog.plain_fields import XAFS, PlainField
from catalog.quantity import decimal_text, parse_number


def put_plain_fields(work: Work, document: RecordDocument, fields: Iterable[PlainField]) -> None:
    """Put what the form says under each of ``fields`` on the part it belongs to; what cannot be read is a finding."""
    for field in fields:
        for pointer, part in _parts(document, field.part.removeprefix(XAFS)):
            _put(work, part, f"{pointer}/{field.name}", field)


def _parts(document: RecordDocument, kind: str) -> Iterator[tuple[str, RecordDocument]]:
    """The parts of a type, each with the pointer of the form's group it was made from."""
    if kind == "Deposit":
        yield "", document
    if kind == "Sample" and "sample" in document:
        yield "/sample", document["sample"]
    for index, spectrum in enumerate(document.get("spectra", ())):
        pointer = f"/spectra/{index}"
        measurement = spectrum.get("measurement", {})
        for name, part, below in (
            ("Spectrum", spectrum, ""),
            ("Measurement", measurement, ""),
            ("Monochromator", measurement.get("monochromator"), "/monochromator"),
            ("EnergyCalibration", spectrum.get("calibration"), "/calibration"),
        ):
            if kind == name and part:
                yield pointer + below, part


def _put(work: Work, part: RecordDocument, pointer: str, field: PlainField) -> None:
    if field.unit:
        work.quantity(pointer, part, field.key, part["id"].partition("#")[2], field.unit)
        return
    if field.writing == "languages":
        if texts := work.language_map(work.form.get(pointer), pointer, part, field.key):
            part[field.key] = texts
        return
    stated = work.text(pointer, part, field.key)
    if stated is None:
        return
    try:
        part[field.key] = _value(stated, field)
    except (CatalogError, ValueError):
        work.report(_REFUSALS[field.writing], pointer, stated)


_REFUSALS = {
    "number": "number-unreadable",
    "integer": "number-unreadable",
    "truth": "truth-unreadable",
    "date": "day-unreadable",
    "iri": "address-malformed",
}


def _value(stated: str, field: PlainField) -> str:
    match field.writing:
        case "number":
            return decimal_text(parse_number(stated))
        case "integer":
            number = parse_number(stated)
            if number != number.to_integral_value():
                raise ValueError(stated)
            return decimal_text(number)
        case "truth":
            if stated.casefold() not in TRUTH:
                raise ValueError(stated)
            return TRUTH[stated.casefold()]
        case "date":
            return parse_day(stated).isoformat()
        case "iri":
            if not is_address(stated):
                raise ValueError(stated)
    return stated
