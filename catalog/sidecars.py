"""Sidecars: files beside a data file, of the same stem, that state what its header does not.

A reader with ``sidecar`` endings reads them. Precedence is header before sidecar before template before what a reader
inferred; where header and sidecar differ, the header is kept and a finding says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path, PurePath

from catalog.axis import is_inferred
from catalog.document import Form, FormValue
from catalog.errors import CatalogError, InputError, reason_of
from catalog.findings import Finding, define, finding
from catalog.iso_dates import iso_date
from catalog.quantity import parse_quantity
from catalog.readers import Reader, Reading, Source, choose, readers
from catalog.vocabulary import vocabulary

define(
    "sidecar-disagrees",
    "warning",
    "The sidecar says {value!r} for {key}, the data file says {stated!r}; the data file was used. Correct one of them.",
    "{key} は付属ファイルでは「{value}」、データファイルでは「{stated}」です（データファイルを使いました）。"
    "どちらかを直してください。",
)
define(
    "sidecar-unreadable",
    "warning",
    "The sidecar beside the file could not be read and was not used: {value}",
    "付属ファイルを読めないため使いませんでした: {value}",
)
define(
    "sidecar-alone",
    "error",
    "{value!r} describes a data file of the same name that is not beside it; deposit both together.",
    "「{value}」は同名のデータファイルの付属ファイルですが、データファイルが見つかりません。一緒に登録してください。",
)

define(
    "record-disagrees",
    "warning",
    "The deposit says {stated!r} for {key}, its data file {file_name!r} says {value!r}; the deposit was followed. "
    "Correct one of them.",
    "{key} は登録票では「{stated}」、データファイル「{file_name}」では「{value}」です"
    "（登録票を使いました）。どちらかを直してください。",
)

# A number with or without a unit; files round, so only its first digits are compared.
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*[A-Za-zÅ]{0,4}")
_NEAR = 1e-4
_PAIRS = "/spectra/0/header/"
# Half of one source and half of the other would say what neither does.
_TOGETHER = ({"element", "edge"}, {"crystal", "reflection", "d_spacing"}, {"started", "ended"})
# What a record and a header state in words that can be compared; samples have many names.
_COMPARED = (
    "element", "edge", "mode", "monochromator/crystal", "monochromator/reflection", "monochromator/d_spacing",
    "started", "temperature", "ring_energy", "sample/formula", "facility", "beamline",
)  # fmt: skip
# Unit, and what two statements of one value may be apart.
_QUANTITIES = {"temperature": ("K", Decimal(2)), "ring_energy": ("GeV", Decimal("0.1"))}
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}.*")


def merge_sidecars(reading: Reading, source: Source) -> tuple[list[Path], list[Finding]]:
    """Fill what the forms of ``reading`` leave absent from the sidecars beside ``source``.

    Gives the sidecars used and findings: those of the sidecars, and where they disagree with the data file. What a
    sidecar states leaves the suggestions of ``reading``.
    """
    used, findings = [], []
    for path, reader in _sidecars(source):
        name = str(PurePath(source.name).with_name(path.name))
        try:
            beside = reader.read(Source(path, name, source.max_bytes))
        except (CatalogError, OSError) as error:
            detail = reason_of(error) if isinstance(error, OSError) else error.detail
            findings.append(finding("sidecar-unreadable", file=name, value=detail))
            continue
        used.append(path)
        findings += beside.findings
        for form in reading.forms:
            for other in beside.forms[:1]:
                findings += _merge(form, other, name)
        reading.private += beside.private
        for pointer, value in beside.suggestions.items():
            reading.suggestions.setdefault(pointer, value)
        for pointer in list(reading.suggestions):
            if all(
                form.get(pointer) is not None and not is_inferred(form, pointer) for form in reading.forms
            ):
                del reading.suggestions[pointer]
    return used, findings


def disagreements(form: Form, spectrum: str, other: Form, file_name: str) -> Iterator[Finding]:
    """Where a deposit form and the header of the data file of its ``spectrum`` (a pointer) differ; the form is kept."""
    for key in _COMPARED:
        for target, pointer in ((f"{spectrum}/{key}", f"/spectra/0/{key}"), (f"/{key}", f"/{key}")):
            present, value = form.get(target), other.get(pointer)
            if not isinstance(present, str) or not isinstance(value, str) or is_inferred(other, pointer):
                continue
            if _differ(key, (present, form), (value, other)):
                origin = form.origin(target)
                yield finding(
                    "record-disagrees",
                    path=target, file=origin.source if origin else "", line=origin.line if origin else None,
                    value=value, key=key.rpartition("/")[2], stated=present, file_name=file_name,
                )  # fmt: skip


def _differ(key: str, first: tuple[str, Form], second: tuple[str, Form]) -> bool:
    """Whether two forms state different things for ``key``; what cannot be understood is no difference."""
    (present, _), (value, _) = first, second
    if key == "started":
        return _moments_differ(present, value)
    if key in _QUANTITIES:
        unit, near = _QUANTITIES[key]
        try:
            one, two = (parse_quantity(text, unit, default_unit=unit).value for text in (present, value))
        except InputError:
            return False
        return abs(one - two) > near
    if key in {"facility", "beamline", "mode"}:
        known = [_known(key, text, form.get("/facility")) for text, form in (first, second)]
        return None not in known and known[0] != known[1]
    return not _agree(_plainly(present), _plainly(value))


def _known(key: str, text: str, facility: FormValue) -> str | None:
    """The IRI of a facility, a beamline or a mode, whatever it is called."""
    words = vocabulary()
    if key != "beamline":
        return words.facility(text) if key == "facility" else words.concept("mode", text)
    # A beamline of the form's own facility goes before one of the same name elsewhere.
    place = words.facility(facility) if isinstance(facility, str) else None
    return words.beamline(text, place) or words.beamline(text)


def _moments_differ(present: str, value: str) -> bool:
    shorter = min(len(present := iso_date(present)), len(value := iso_date(value)))
    if shorter <= len("2020-01-01"):  # one of them states no time
        return present[:shorter] != value[:shorter]
    try:
        one, two = datetime.fromisoformat(present), datetime.fromisoformat(value)
    except ValueError:
        return False
    if (one.tzinfo is None) == (two.tzinfo is None):
        return abs(one - two) > timedelta(minutes=1)  # a header may state no seconds
    # One of them states no zone; days of two zones are at most one apart.
    return abs(one.replace(tzinfo=None) - two.replace(tzinfo=None)) > timedelta(hours=26)


def data_beside(path: Path, max_bytes: int) -> Path | None:
    """The data file that the sidecar at ``path`` describes: the same stem, in the same folder, read as data."""
    try:
        names = sorted(each for each in path.parent.glob(f"{_escaped(path.stem)}.*") if each != path)
    except OSError:
        return None
    for each in names:
        try:
            source = Source(each, each.name, max_bytes)
            reader = choose(source) if _is_here(each) and source.size else None
        except OSError:
            continue
        if reader and reader.is_data:
            return each
    return None


def _sidecars(source: Source) -> Iterator[tuple[Path, Reader]]:
    for reader in readers().values():
        for ending in reader.sidecar:
            for spelling in dict.fromkeys((ending, ending.upper())):
                path = source.path.with_suffix(spelling)
                try:
                    if path != source.path and _is_here(path) and choose(Source(path, path.name)) is reader:
                        yield path, reader
                        break
                except OSError:
                    continue


def _merge(form: Form, other: Form, name: str) -> Iterator[Finding]:
    stated = {pointer: other.get(pointer) for pointer in other.origins}
    for index in range(len(form.values.get("spectra") or [])) if "/spectra/0" in stated else ():
        here = f"/spectra/{index}"
        values = {
            f"{here}{pointer.removeprefix('/spectra/0')}": pointer
            for pointer in stated
            if pointer.startswith("/spectra/0/") and not pointer.startswith(_PAIRS)
        }
        yield from _merge_values(form, other, values, name)
        for pointer in stated:
            if pointer.startswith(_PAIRS):
                _add_pair(form, f"{here}/header", other, pointer)
    yield from _merge_values(
        form, other, {pointer: pointer for pointer in stated if not pointer.startswith("/spectra")}, name
    )


def _merge_values(form: Form, other: Form, places: dict[str, str], name: str) -> Iterator[Finding]:
    """Merge what ``other`` states at the values of ``places`` into ``form`` at their keys."""
    differing = set()
    for target, pointer in places.items():
        value, present = other.get(pointer), form.get(target)
        if present is None or is_inferred(form, target) or isinstance(value, dict) or _agree(present, value):
            continue
        differing.add(target)
        yield finding(
            "sidecar-disagrees",
            path=target, file=name, line=other.origins[pointer].line,
            value=_shown(value), key=target.rpartition("/")[2], stated=_shown(present),
        )  # fmt: skip
    apart = {
        key for target in differing for group in _TOGETHER if (key := target.rpartition("/")[2]) in group
    }
    barred = {key for group in _TOGETHER if not apart.isdisjoint(group) for key in group}
    for target, pointer in places.items():
        value = other.get(pointer)
        absent = form.get(target) is None or is_inferred(form, target)
        if absent and not isinstance(value, dict) and target.rpartition("/")[2] not in barred:
            form.put(target, value, other.origins[pointer])


def _add_pair(form: Form, header: str, other: Form, pointer: str) -> None:
    value = other.get(pointer)
    if isinstance(value, dict):
        form.put(f"{header}/{len(form.get(header) or [])}", dict(value), other.origins[pointer])


def _is_here(path: Path) -> bool:
    """Whether ``path`` is a file in its own folder, and no link to one elsewhere."""
    return path.is_file() and path.resolve().parent == path.parent.resolve()


def _agree(first: object, second: object) -> bool:
    if not isinstance(first, str) or not isinstance(second, str):
        return first == second
    if first.strip().casefold() == second.strip().casefold():
        return True
    if _MOMENT.fullmatch(first) and _MOMENT.fullmatch(second):
        # A header may state no seconds.
        return first[:16] == second[:16]
    one, two = (_NUMBER.fullmatch(text.strip()) for text in (first, second))
    if one and two:
        return abs(float(one[1]) - float(two[1])) <= _NEAR * max(float(one[1]), float(two[1]))
    return False


def _plainly(text: str) -> str:
    """An edge without its element and a formula or reflection without blanks and brackets, for comparison."""
    return re.sub(r"^[A-Z][a-z]?[ _-](?=[KLM][1-5]?$)|[\s()]", "", text.strip())


def _shown(value: object) -> str:
    return (
        value
        if isinstance(value, str)
        else ", ".join(map(str, value))
        if isinstance(value, list)
        else str(value)
    )


def _escaped(stem: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", stem)
