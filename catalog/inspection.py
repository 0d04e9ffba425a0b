"""What a file is and states, without storing anything: the work behind ``inspect`` and the first half of intake."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeAlias

from catalog.bounded import Limits, Overrun, pool
from catalog.days import check_days
from catalog.defaults import Defaults
from catalog.document import Form, FormValue
from catalog.errors import CatalogError, reason_of
from catalog.findings import Finding, define, finding
from catalog.form import FormRefused
from catalog.mapping import RecordDocument
from catalog.naming import name_conflicts
from catalog.normalise import Normalised, normalise
from catalog.privacy import hidden_names_shown
from catalog.projection import public_document
from catalog.readers import DEFAULT_MAX_BYTES, Reading, Source, choose
from catalog.readers._others import what_else
from catalog.shacl import Shapes
from catalog.sidecars import merge_sidecars
from catalog.states import Standing, State
from catalog.validation import Report, merge_findings, validate
from catalog.vocabulary import Vocabulary, vocabulary

Outcome: TypeAlias = Literal["read", "ask", "refuse"]

define(
    "not-recognised",
    "error",
    "No reader knows this file; xafscat formats lists what can be read.",
    "このファイルを読めるリーダーがありません。読める形式は xafscat formats で分かります。",
)
define(
    "empty-file",
    "error",
    "The file is empty.",
    "ファイルが空です。",
)
define(
    "not-xafs",
    "error",
    "The file holds no X-ray absorption spectrum.",
    "X線吸収スペクトルのファイルではありません。",
)
define(
    "unreadable",
    "error",
    "{detail}",
    "読み込めません: {detail}。",
)
define(
    "reader-failed",
    "error",
    "The reader {reader} failed on this file ({detail}); please report it with the file.",
    "リーダー {reader} がこのファイルで失敗しました（{detail}）。ファイルとともに報告してください。",
)

define(
    "read-timeout",
    "error",
    "Reading this file took more than {value} s and was stopped; split it, or raise the setting read_timeout_s.",
    "このファイルの読み込みが {value} 秒を超えたため中止しました。"
    "分割するか、設定 read_timeout_s を大きくしてください。",
)
define(
    "read-memory",
    "error",
    "Reading this file needs more than {value} bytes of memory and was stopped; split it, or raise the setting "
    "read_memory_bytes.",
    "このファイルの読み込みに {value} バイトを超えるメモリーが必要なため中止しました。"
    "分割するか、設定 read_memory_bytes を大きくしてください。",
)
define(
    "read-crashed",
    "error",
    "The process that read this file died; the file is damaged, hostile or nested too deeply. "
    "If it is sound, please report it.",
    "このファイルを読んでいたプロセスが異常終了しました。壊れているか、悪意があるか、入れ子が深すぎるファイルです。"
    "正常なファイルの場合は報告してください。",
)

# A draft is assessed as what it would be if it were published now; the date matters only to embargoes.
ASSESSED = Standing(State.PUBLISHED)
DEFAULT_LIMITS = Limits(seconds=30, memory=2 << 30)
DRAFT_BASE = "https://draft.invalid"
DRAFT_IRI = f"{DRAFT_BASE}/record/draft"


@dataclass(slots=True)
class Inspected:
    """What one file turned out to be. ``reading`` is None when it was refused."""

    file: str
    reader: str | None = None
    outcome: Outcome = "refuse"
    reading: Reading | None = None
    findings: list[Finding] = field(default_factory=list)
    is_data: bool = False
    sidecars: list[Path] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(slots=True)
class Assessed:
    """A deposit form made into a record document, with all findings and the levels it reaches."""

    normalised: Normalised
    report: Report
    findings: list[Finding]
    missing: list[str]

    @property
    def document(self) -> RecordDocument:
        """The record document."""
        return self.normalised.document


def look(path: Path, name: str, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Inspected:
    """Read one file with the reader its content asks for. Never raises for what the file holds."""
    started = time.perf_counter()
    seen = Inspected(name)
    try:
        source = Source(path, name, max_bytes)
        _read(source, seen)
    except (CatalogError, OSError) as error:
        seen.findings += refusal(error, name)
    seen.seconds = time.perf_counter() - started
    return seen


def look_bounded(
    items: Iterable[tuple[Path, str]], limits: Limits, *, max_bytes: int = DEFAULT_MAX_BYTES, jobs: int = 1
) -> Iterator[Inspected]:
    """``look`` at each (path, name), in order, each within ``limits`` in a process that may fail."""
    asked = ((*item, max_bytes) for item in items)
    for (_, name, _), seen in pool.map(_look, asked, limits, jobs=jobs):
        yield Inspected(name, findings=[overrun(seen, name)]) if isinstance(seen, Overrun) else seen


def _look(path: Path, name: str, max_bytes: int) -> Inspected:
    return look(path, name, max_bytes=max_bytes)


def overrun(item: Overrun, name: str) -> Finding:
    """What is said of the file ``name`` whose reading was ended."""
    if item.kind == "crash":
        return finding("read-crashed", file=name)
    if item.kind == "memory":
        return finding("read-memory", file=name, value=f"{item.limits.memory:,}")
    return finding("read-timeout", file=name, value=f"{item.limits.seconds:g}")


def _read(source: Source, seen: Inspected) -> None:
    if source.size == 0:
        seen.findings.append(finding("empty-file", file=seen.file))
        return
    reader = choose(source)
    if reader is None:
        seen.findings.append(what_else(source) or finding("not-recognised", file=seen.file))
        return
    seen.reader, seen.is_data = reader.name, reader.is_data
    try:
        reading = reader.read(source)
    except (CatalogError, OSError, MemoryError):
        raise
    except Exception as error:  # a reader's bug must not stop a batch; it is named, not hidden
        detail = f"{type(error).__name__}: {error}"
        seen.findings.append(finding("reader-failed", file=seen.file, reader=reader.name, detail=detail))
        return
    seen.findings += reading.findings
    if not reading.is_xafs or not reading.forms:
        if not any(item.severity == "error" for item in reading.findings):
            seen.findings.append(finding("not-xafs", file=seen.file))
        return
    if reader.is_data:
        seen.sidecars, found = merge_sidecars(reading, source)
        seen.findings += found
        seen.findings += name_conflicts(reading, source.name)
    seen.reading = reading
    seen.outcome = "read" if all(_states_edge(form) for form in reading.forms) else "ask"


def _states_edge(form: Form) -> bool:
    spectra = form.values.get("spectra") or [{}]
    return all(_edge_known(spectrum) for spectrum in spectra)


def _edge_known(spectrum: dict[str, Any]) -> bool:
    from catalog.xray import normalise_edge, normalise_element

    try:
        element = normalise_element(spectrum["element"]) if spectrum.get("element") else ""
        stated = spectrum.get("edge") or ""
        found = [normalise_edge(item) for item in (stated if isinstance(stated, list) else [stated]) if item]
    except CatalogError:
        return False
    return bool(found) and all(shells and (element or named) for named, shells in found)


def refusal(error: CatalogError | OSError, name: str) -> list[Finding]:
    """What is said of the file ``name`` that ``error`` kept from being read."""
    if isinstance(error, FormRefused):
        return error.findings
    if isinstance(error, OSError):
        return [finding("unreadable", file=name, detail=reason_of(error))]
    line = error.where.removeprefix(name).lstrip(":").partition(":")[0]
    return [finding("unreadable", file=name, line=int(line) if line.isdigit() else None, detail=error.detail)]


def assess(
    form: Form,
    *,
    iri: str = DRAFT_IRI,
    base: str = DRAFT_BASE,
    today: date,
    attachments: dict[str, Any] | None = None,
    words: Vocabulary | None = None,
    required: str | None = None,
    shapes: Sequence[Shapes] = (),
) -> Assessed:
    """Normalise ``form`` and validate what would be public of it, by the levels and by a group's own ``shapes``."""
    normalised = normalise(
        form, iri=iri, base=base, vocabulary=words or vocabulary(), attachments=attachments or {}
    )
    public = public_document(normalised.document, ASSESSED, today, lambda _iri: True)
    assert public is not None  # a published standing always projects
    (report,) = validate(
        [public], required=required, shapes=shapes, pointers=normalised.pointers, forms={iri: form}
    )
    said = [*normalised.findings, *check_days(normalised.document, today)]
    findings = merge_findings(said, report.findings) + hidden_names_shown(form, public)
    missing = sorted({item.path.lstrip("/") for item in report.findings if item.level and item.value is None})
    return Assessed(normalised, report, findings, missing)


def facts(document: RecordDocument, words: Vocabulary) -> dict[str, Any]:
    """What a record document states, flat, in plain units; keys without a statement are absent."""
    sample = document.get("sample", {})
    spectra = document.get("spectra", [])
    spectrum = spectra[0] if spectra else {}
    measurement = spectrum.get("measurement", {})
    monochromator = measurement.get("monochromator", {})
    edge = spectrum.get("edge")
    found: dict[str, Any] = {
        "element": spectrum.get("element"),
        "edge": ",".join(edge) if isinstance(edge, list) else edge,
        "d_spacing_angstrom": _number(monochromator.get("d_spacing")),
        "crystal": monochromator.get("crystal"),
        "reflection": monochromator.get("reflection"),
        "facility": _name(document.get("facility"), words),
        "beamline": _name(document.get("beamline"), words),
        "sample_name": _text(sample.get("sample_name")),
        "formula": sample.get("formula"),
        "start_time": next(
            (
                measurement[key]
                for key in ("started", "date", "date_month", "date_year")
                if key in measurement
            ),
            None,
        ),
        "mode": _mode(measurement.get("mode"), words),
        "licence": words.notation(document["license"]) if "license" in document else None,
        "doi": (document.get("doi") or "").removeprefix("https://doi.org/") or None,
        "orcids": [
            credit["agent"].rpartition("/")[2]
            for credit in document.get("credits", [])
            if isinstance(credit.get("agent"), str) and "orcid.org" in credit["agent"]
        ]
        or None,
        "ring_energy_gev": _number(measurement.get("ring_energy")),
        "n_spectra": len(spectra),
        "temperature_k": _number(measurement.get("temperature")),
    }
    return {key: value for key, value in found.items() if value is not None}


def inspect_file(
    path: Path,
    name: str,
    *,
    today: date,
    language: str = "en",
    max_bytes: int = DEFAULT_MAX_BYTES,
    defaults: Defaults | None = None,
) -> dict[str, Any]:
    """The JSON object of ``xafscat inspect`` for one file: the first deposit's facts, all findings."""
    seen = look(path, name, max_bytes=max_bytes)
    started = time.perf_counter()
    findings = list(seen.findings)
    stated: dict[str, Any] = {}
    missing: list[str] = []
    suggestions: dict[str, FormValue] = {}
    if seen.reading is not None:
        for form in seen.reading.forms if defaults else ():
            findings += defaults.apply(form, seen.reading, name) if defaults else []
        assessed = [assess(form, today=today) for form in seen.reading.forms]
        for each in assessed:
            # What is only missing is listed in ``missing``; a finding is about something that is there.
            findings += [item for item in each.findings if not (item.level and item.value is None)]
        stated = facts(assessed[0].document, vocabulary())
        if len(assessed) > 1:
            stated["n_spectra"] = sum(len(each.document.get("spectra", [])) for each in assessed)
        missing = sorted({key for each in assessed for key in each.missing})
        suggestions = {pointer.lstrip("/"): value for pointer, value in seen.reading.suggestions.items()}
        for number, further in sorted(seen.reading.more_suggestions.items()):
            suggestions |= {f"forms/{number}{pointer}": value for pointer, value in further.items()}
    return {
        "file": name,
        "reader": seen.reader,
        "outcome": seen.outcome,
        "missing": missing,
        "facts": stated,
        "suggestions": suggestions,
        "findings": [item.as_json(language) for item in findings],
        "seconds": round(seen.seconds + time.perf_counter() - started, 6),
    }


def inspect_files(
    items: Iterable[tuple[Path, str]],
    limits: Limits,
    *,
    today: date,
    language: str = "en",
    max_bytes: int = DEFAULT_MAX_BYTES,
    jobs: int = 1,
    defaults: Defaults | None = None,
) -> Iterator[dict[str, Any]]:
    """``inspect_file`` of each (path, name), in order, each within ``limits`` in a process that may fail."""
    asked = ((*item, today, language, max_bytes, defaults) for item in items)
    for (_, name, *_), seen in pool.map(_inspect, asked, limits, jobs=jobs):
        yield refused(overrun(seen, name), language, limits.seconds) if isinstance(seen, Overrun) else seen


def _inspect(
    path: Path, name: str, today: date, language: str, max_bytes: int, defaults: Defaults | None
) -> dict[str, Any]:
    return inspect_file(path, name, today=today, language=language, max_bytes=max_bytes, defaults=defaults)


def still_typed(missing: Iterable[str]) -> list[str]:
    """The fields a person has to type for these missing keys, once for all spectra of a file.

    Element and edge are one ("Fe K"), and a title is made when they and the sample's name are there.
    """
    names = {key.rpartition("/")[2] if key.startswith("spectra/") else key for key in missing}
    if "element" in names:
        names = names - {"element"} | {"edge"}
    return sorted(names - {"title"})


def refused(item: Finding, language: str, seconds: float = 0.0) -> dict[str, Any]:
    """The JSON object of ``xafscat inspect`` for a file that could not even be opened, or whose reading was ended."""
    return {
        "file": item.file,
        "reader": None,
        "outcome": "refuse",
        "missing": [],
        "facts": {},
        "suggestions": {},
        "findings": [item.as_json(language)],
        "seconds": seconds,
    }


def _number(quantity: dict[str, str] | None) -> float | None:
    return float(quantity["value"]) if quantity and "value" in quantity else None


def _text(texts: dict[str, str] | None) -> str | None:
    if not texts:
        return None
    return texts.get("en") or texts.get("@none") or next(iter(texts.values()))


def _name(place: Any, words: Vocabulary) -> str | None:
    if isinstance(place, dict):
        return _text(place.get("name"))
    return words.label(place, "en") if place else None


def _mode(iri: str | None, words: Vocabulary) -> str | None:
    """transmission, fluorescence or electron-yield, whichever particular mode was stated."""
    return words.notation(words.broader(iri) or iri) if iri else None
