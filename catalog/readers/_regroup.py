"""The spectra of a file grouped into deposits in another way than its reader did: one each, or all of them in one."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import Any

from catalog.document import Form, FormValue, Origin
from catalog.readers import Reading

_SPECTRUM = re.compile(r"/spectra/([0-9]+)(/.*)?")


def apart(reading: Reading) -> Reading:
    """A deposit for each spectrum of ``reading``, which stays as it is; what a deposit says is said of each.

    A spectrum keeps its id, with its curve, suggestions and origins.
    """
    made = _like(reading)
    for number, form in enumerate(reading.forms):
        for index in range(len(form.values.get("spectra") or [])):
            target = len(made.forms)
            made.forms.append(_one(form, index))
            if curve := reading.curves.get((number, f"/spectra/{index}")):
                made.curves[target, "/spectra/0"] = curve
            for pointer, value in reading.suggestions_of(number).items():
                if (moved := _moved(pointer, {index: 0})) is not None:
                    made.suggestions_of(target)[moved] = value
    return made


def together(reading: Reading) -> Reading:
    """One deposit of all spectra of ``reading``, which stays as it is.

    What the deposits do not all say alike (another sample, another beamline) is no statement about the whole: it
    becomes a header pair of its spectra, under the key of the form.
    """
    made = _like(reading)
    form = Form()
    for key, value in (reading.forms[0].values if reading.forms else {}).items():
        if key != "spectra" and all(each.values.get(key) == value for each in reading.forms):
            form.values[key] = copy.deepcopy(value)
            form.origins |= {
                pointer: origin
                for pointer, origin in reading.forms[0].origins.items()
                if pointer == f"/{key}" or pointer.startswith(f"/{key}/")
            }
    made.forms = [form] if reading.forms else []
    for number, each in enumerate(reading.forms):
        start = len(form.values.get("spectra") or [])
        count = len(each.values.get("spectra") or [])
        places = {index: start + index for index in range(count)}
        _append(form, each, places)
        for index, place in places.items():
            if curve := reading.curves.get((number, f"/spectra/{index}")):
                made.curves[0, f"/spectra/{place}"] = curve
        for pointer, value in reading.suggestions_of(number).items():
            moved = _moved(pointer, places)
            # What is suggested of one of several deposits is not suggested of all of them.
            if moved is not None and (moved.startswith("/spectra/") or len(reading.forms) == 1):
                made.suggestions[moved] = value
    return made


def _like(reading: Reading) -> Reading:
    return replace(reading, forms=[], curves={}, suggestions={}, more_suggestions={})


def _one(form: Form, index: int) -> Form:
    values: dict[str, Any] = {
        key: copy.deepcopy(value) for key, value in form.values.items() if key != "spectra"
    }
    values["spectra"] = [copy.deepcopy(form.values["spectra"][index])]
    origins = {
        moved: origin
        for pointer, origin in form.origins.items()
        if (moved := _moved(pointer, {index: 0})) is not None
    }
    return Form(values, origins)


def _append(form: Form, other: Form, places: dict[int, int]) -> None:
    spectra = form.values.setdefault("spectra", [])
    spectra += copy.deepcopy(other.values.get("spectra") or [])
    form.origins |= {
        moved: origin
        for pointer, origin in other.origins.items()
        if pointer.startswith("/spectra/") and (moved := _moved(pointer, places)) is not None
    }
    apart = {key: value for key, value in other.values.items() if key != "spectra" and key not in form.values}
    for key, value in apart.items():
        for pointer, text in _texts(f"/{key}", value):
            origin = other.origin(pointer) or Origin("inferred")
            for place in places.values():
                here = f"/spectra/{place}/header"
                pair: FormValue = {"key": pointer.lstrip("/").replace("/", "."), "value": text}
                form.put(f"{here}/{len(form.get(here) or [])}", pair, origin)


def _texts(pointer: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _texts(f"{pointer}/{key}", item)]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in _texts(f"{pointer}/{index}", item)]
    return [(pointer, str(value))]


def _moved(pointer: str, places: dict[int, int]) -> str | None:
    """The pointer where its spectrum has gone; None for one of a spectrum that is not in ``places``."""
    match = _SPECTRUM.fullmatch(pointer)
    if match is None:
        return None if pointer == "/spectra" else pointer
    place = places.get(int(match[1]))
    return None if place is None else f"/spectra/{place}{match[2] or ''}"
