"""Element and edge as the name and the folder of a file say them, against what the file states.

Names are hints and never facts: where they differ, what the file states is kept, and a finding tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from catalog.document import Form
from catalog.errors import CatalogError
from catalog.findings import Finding, define, finding
from catalog.readers import Reading
from catalog.readers._hints import named_edges, named_elements
from catalog.xray import ELEMENTS, normalise_edge, normalise_element

define(
    "name-disagrees",
    "warning",
    "The file's name says {value}, the file itself {stated}, which was used. Correct one of them.",
    "ファイル名は {value}、ファイルの中身は {stated} です（中身を使いました）。どちらかを直してください。",
)
define(
    "folder-disagrees",
    "warning",
    "The file lies in the folder {value}, but states {stated}, which was used. Move it, or correct it.",
    "ファイルはフォルダー {value} にありますが、中身は {stated} です（中身を使いました）。"
    "移すか、訂正してください。",
)


# Words in the codes of readers that look at names with what they know of their format.
_TOLD = {"name", "folder"}


def name_conflicts(reading: Reading, name: str) -> Iterator[Finding]:
    """Findings where no spectrum of the file is of the element or edge that its name or its folder says."""
    stated = list(dict.fromkeys(edge for form in reading.forms for edge in _stated(form)))
    # What a reader has said of the name is not said twice.
    if not stated or any(_TOLD & set(item.code.split("-")) for item in reading.findings):
        return
    shown = ", ".join(" ".join(part for part in each if part) for each in stated)
    path = PurePath(name.rpartition("!/")[2])
    named, _ = named_edges(path.name)
    if named and not any(_agree(each, (one.element, one.shell)) for each in stated for one in named):
        said = ", ".join(f"{one.element} {one.shell}" for one in named)
        yield finding("name-disagrees", path="/spectra", file=name, value=said, stated=shown)
    elements = [] if named else named_elements(path.name)
    if elements and not any(element in {"", *elements} for element, _ in stated):
        yield finding("name-disagrees", path="/spectra", file=name, value=", ".join(elements), stated=shown)
    folder = path.parent.name
    if folder in ELEMENTS and not any(element in {"", folder} for element, _ in stated):
        yield finding("folder-disagrees", path="/spectra", file=name, value=folder, stated=shown)


def _stated(form: Form) -> Iterator[tuple[str, str]]:
    for spectrum in form.values.get("spectra") or []:
        try:
            element = normalise_element(spectrum["element"]) if spectrum.get("element") else ""
            edge = spectrum.get("edge") or ""
            for each in edge if isinstance(edge, list) else [edge]:
                of, shells = normalise_edge(each) if each else (None, ("",))
                yield from ((of or element, shell) for shell in shells or ("",))
        except (CatalogError, AttributeError, TypeError):
            continue


def _agree(stated: tuple[str, str], named: tuple[str, str]) -> bool:
    """Whether what is stated is what is named, as far as it is stated."""
    return all(not one or one == other for one, other in zip(stated, named, strict=True))
