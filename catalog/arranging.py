"""The spectra of one file as one deposit or as many: as its reader gives them, or as the operator asks."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from catalog.document import Form, FormValue
from catalog.findings import Finding, define, finding
from catalog.readers import Curve, Reading

Arrangement: TypeAlias = Literal["read", "split", "together"]

define(
    "together-refused",
    "warning",
    "The spectra of this file are not of one deposit: they differ in {value}. They were left apart.",
    "このファイルのスペクトルは {value} が異なるため、一つの登録にまとめませんでした。",
)

# Made for each deposit from what it holds.
_OWN = {"title", "description", "spectra"}


@dataclass(slots=True)
class Part:
    """One deposit of a file: its form, curves and suggestions by pointer, and what tells it from the others."""

    form: Form
    key: str
    curves: dict[str, Curve] = field(default_factory=dict)
    suggestions: dict[str, FormValue] = field(default_factory=dict)


def arranged(reading: Reading, how: Arrangement, name: str) -> tuple[list[Part], list[Finding]]:
    """The deposits of a file: a spectrum each (split), all spectra in one (together), or as the reader gives them.

    A spectrum keeps its id and so its fragment, however it is arranged. Deposits that say different things of sample,
    place or anything else that holds for the whole are never put together; a finding says so.
    """
    parts = [
        Part(
            form,
            str(number),
            {pointer: curve for (owner, pointer), curve in reading.curves.items() if owner == number},
            dict(reading.suggestions_of(number)),
        )
        for number, form in enumerate(reading.forms)
    ]
    if how == "split":
        return [each for part in parts for each in _split(part)], []
    if how == "together" and len(parts) > 1:
        if differing := _differing(parts):
            return parts, [finding("together-refused", file=name, value=", ".join(differing))]
        return [_together(parts)], []
    return parts, []


def _split(part: Part) -> Iterator[Part]:
    spectra = part.form.values.get("spectra") or []
    if len(spectra) < 2:
        yield part
        return
    for index in range(len(spectra)):
        here = f"/spectra/{index}"
        values = {key: deepcopy(value) for key, value in part.form.values.items() if key not in _OWN}
        made = Form({**values, "spectra": [deepcopy(spectra[index])]})
        for pointer, origin in part.form.origins.items():
            if not pointer.startswith("/spectra") and pointer.split("/")[1] not in _OWN:
                made.origins[pointer] = origin
            elif _below(pointer, here):
                made.origins[f"/spectra/0{pointer.removeprefix(here)}"] = origin
        # The number it has in the file, as when all are one deposit.
        made.values["spectra"][0].setdefault("id", str(index + 1))
        yield Part(
            made,
            f"{part.key}/{made.values['spectra'][0]['id']}",
            {"/spectra/0": part.curves[here]} if here in part.curves else {},
            {
                f"/spectra/0{pointer.removeprefix(here)}" if _below(pointer, here) else pointer: value
                for pointer, value in part.suggestions.items()
                if _below(pointer, here) or not pointer.startswith("/spectra")
            },
        )


def _together(parts: list[Part]) -> Part:
    first, *others = parts
    values = {key: deepcopy(value) for key, value in first.form.values.items() if key not in _OWN}
    made = Part(Form({**values, "spectra": []}), "together", {}, dict(first.suggestions))
    for pointer, origin in first.form.origins.items():
        if pointer and pointer.split("/")[1] not in _OWN:
            made.form.origins[pointer] = origin
    taken: set[str] = set()
    for part in [first, *others]:
        for index, spectrum in enumerate(part.form.values.get("spectra") or []):
            number = len(made.form.values["spectra"])
            here, there = f"/spectra/{index}", f"/spectra/{number}"
            made.form.values["spectra"].append(deepcopy(spectrum))
            if spectrum.get("id") in taken:
                del made.form.values["spectra"][-1]["id"]
            taken.add(spectrum.get("id"))
            for pointer, origin in part.form.origins.items():
                if _below(pointer, here):
                    made.form.origins[f"{there}{pointer.removeprefix(here)}"] = origin
            if here in part.curves:
                made.curves[there] = part.curves[here]
    return made


def _differing(parts: list[Part]) -> list[str]:
    keys = dict.fromkeys(key for part in parts for key in part.form.values if key not in _OWN)
    first = parts[0].form.values
    return [key for key in keys if any(part.form.values.get(key) != first.get(key) for part in parts)]


def _below(pointer: str, here: str) -> bool:
    return pointer == here or pointer.startswith(f"{here}/")
