"""Deposits from files into the registry: walk, prepare, save, and a receipt for every file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from catalog.archives import Workspace
from catalog.arranging import Arrangement
from catalog.bounded import Overrun, pool
from catalog.config import Settings
from catalog.defaults import Defaults
from catalog.filestore import FileStore
from catalog.findings import Finding, define, finding, wrongly_said
from catalog.inspection import look, overrun
from catalog.likeness import compare, same_files
from catalog.preparing import Prepared, PreparedDeposit, Preparer, named_files
from catalog.readers import Source, choose
from catalog.registry import BATCH, Registry
from catalog.registry_rows import Record, Saved
from catalog.sidecars import data_beside
from catalog.states import GONE, State
from catalog.walk import FoundFile, walk
from catalog.wording import Sentence

Result: TypeAlias = Literal["stored", "duplicate", "attached", "skipped", "refused"]
Progress: TypeAlias = Callable[[int], None]

define(
    "duplicate",
    "info",
    "This file is already record {value} ({state}); nothing was stored.",
    "このファイルはすでにレコード {value}（{state}）として登録されています。保存しませんでした。",
)
define(
    "duplicate-gone",
    "warning",
    "This file is record {value}, which was taken back ({state}); nothing was stored; {what_to_do}.",
    "このファイルはレコード {value} ですが、取り下げられています（{state}）。保存しませんでした。{what_to_do}。",
)
define(
    "draft-renewed",
    "info",
    "This file was draft {value}; what is made of it now is its new version.",
    "このファイルは下書き {value} でした。今回読み取った内容を新しい版として保存しました。",
)

FINDABLE = "findable"
_AGAIN = {
    State.CLOSED: Sentence("xafscat reopen makes it a draft again"),
    State.WITHDRAWN: Sentence("a withdrawal is final, and a corrected file is a new deposit"),
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one deposit of one file.

    ``record_id`` and ``version`` are set when it is stored (or was before: "duplicate"); "attached" is a data
    file that a deposit form named, or a sidecar of a data file; "skipped" a path that is no file of the batch
    (a link that leaves it, a device); "refused" a file nothing could be made of. ``publishable`` says of a draft
    whether ``publish`` takes it: it is findable, and nothing it says is wrong. ``missing`` lists the form keys
    the findable level still needs.
    """

    file: str
    result: Result
    record_id: str | None = None
    version: int | None = None
    publishable: bool | None = None
    levels: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing is left to do: stored, publishable, and without errors."""
        if self.result in {"duplicate", "attached", "skipped"}:
            return True
        errors = any(item.severity == "error" for item in self.findings)
        return self.result == "stored" and FINDABLE in self.levels and not errors

    def as_json(self, language: str = "en") -> dict[str, Any]:
        """The stable machine-readable form."""
        return {
            "file": self.file,
            "result": self.result,
            "record": self.record_id,
            "version": self.version,
            "publishable": self.publishable,
            "levels": list(self.levels),
            "missing": list(self.missing),
            "findings": [item.as_json(language) for item in self.findings],
        }


@dataclass(frozen=True)
class Found:
    """The files of a call, sorted into those to prepare, those a form claims, and those that cannot be read."""

    files: list[tuple[Path, str]] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)
    unreadable: list[Finding] = field(default_factory=list)
    # The names of those among ``files`` that are measured data, and refer to nothing outside their folder.
    data: set[str] = field(default_factory=set)
    # Holds what archives were unpacked to, as long as this object is there.
    workspace: Workspace | None = None

    def __len__(self) -> int:
        return len(self.files) + len(self.attached) + len(self.unreadable)


def find(paths: Sequence[Path], settings: Settings, jobs: int = 1) -> Found:
    """The files below ``paths``. A data file that a deposit form among them names belongs to that form."""
    found = Found(
        workspace=Workspace(settings.read_limits, settings.max_file_bytes, settings.max_archive_bytes)
    )
    files: list[tuple[Path, str]] = []
    forms: list[tuple[Path, str]] = []
    sidecars: list[tuple[Path, str]] = []
    walked: list[FoundFile] = []
    for item in walk(paths, found.workspace):
        if isinstance(item, Finding):
            found.unreadable.append(item)
        else:
            walked.append(item)
    asked = ((*item, settings.max_file_bytes) for item in walked)
    for (path, name, _), kind in pool.map(_kind, asked, settings.read_limits, jobs=jobs):
        (sidecars if kind == "sidecar" else files).append((path, name))
        if kind == "data":
            found.data.add(name)
        if kind == "form":
            forms.append((path, name))
    # Forms are read for their claims only when there is something to claim.
    claimed: set[Path] = set()
    if len(forms) < len(files):
        asked = ((*item, settings.max_file_bytes) for item in forms)
        for _, claims in pool.map(_claims, asked, settings.read_limits, jobs=jobs):
            claimed.update(() if isinstance(claims, Overrun) else claims)
    for path, name in files:
        if path.resolve() in claimed:
            found.attached.append(name)
        else:
            found.files.append((path, name))
    for path, name in sidecars:
        beside = pool.call(data_beside, path, settings.max_file_bytes, limits=settings.read_limits)
        if isinstance(beside, Path):
            found.attached.append(name)
        else:
            found.unreadable.append(finding("sidecar-alone", file=name, value=path.name))
    return found


def ingest(
    found: Found,
    *,
    registry: Registry,
    settings: Settings,
    now: datetime,
    actor: str,
    defaults: Defaults | None = None,
    arrangement: Arrangement = "read",
    jobs: int = 1,
    progress: Progress | None = None,
) -> Iterator[Receipt]:
    """Store each file's deposits as drafts; yields a receipt per deposit once it is on disk.

    One file's failure stops no other. Raises StorageFull when the disk refuses; what was yielded is safe.
    """
    for item in found.unreadable:
        yield Receipt(item.file, "refused" if item.severity == "error" else "skipped", findings=(item,))
    for name in found.attached:
        yield Receipt(name, "attached")
    files = FileStore(settings.files_path)
    files.sweep_incoming()
    preparer = Preparer(
        registry.base, settings, files, now.astimezone(settings.zone).date(), defaults, arrangement
    )
    batch: list[Prepared] = []
    done = 0
    for prepared in _prepared(preparer, found.files, jobs):
        batch.append(prepared)
        if defaults:
            defaults.used.update(*(each.applied_rules for each in prepared.deposits))
        if sum(max(1, len(each.deposits)) for each in batch) >= BATCH:
            yield from _save(batch, preparer, registry, now, actor)
            done += len(batch)
            batch = []
            if progress:
                progress(done)
    yield from _save(batch, preparer, registry, now, actor)
    if progress:
        progress(done + len(batch))


def _prepared(preparer: Preparer, files: Iterable[tuple[Path, str]], jobs: int) -> Iterator[Prepared]:
    limits = preparer.settings.read_limits
    for (path, name), prepared in pool.map(preparer.prepare, files, limits, jobs=jobs):
        yield _whole(prepared, path, name)


def prepare_one(preparer: Preparer, path: Path, name: str, record_id: str) -> Prepared:
    """One file prepared as a deposit of a record that exists, in a process with limits."""
    limits = preparer.settings.read_limits
    return _whole(pool.call(preparer.prepare, path, name, record_id, limits=limits), path, name)


def _whole(prepared: Prepared | Overrun, path: Path, name: str) -> Prepared:
    """What was prepared, or the refusal of a file whose reading was ended."""
    if isinstance(prepared, Overrun):
        return Prepared(path, name, None, "refuse", [overrun(prepared, name)])
    return prepared


def _save(
    batch: list[Prepared], preparer: Preparer, registry: Registry, now: datetime, actor: str
) -> Iterator[Receipt]:
    made = _compared([(prepared, each) for prepared in batch for each in prepared.deposits], registry)
    saved = registry.save_deposits([each.deposit for _, each in made], now=now, actor=actor) if made else []
    places = iter(zip(made, saved, strict=True))
    for prepared in batch:
        if not prepared.deposits:
            yield Receipt(prepared.name, "refused", findings=tuple(prepared.findings))
        for _ in prepared.deposits:
            (_, each), place = next(places)
            if place.new:
                yield stored_as(prepared, each, place)
            else:
                yield _known(prepared, each, place, preparer, registry, now, actor)


def _compared(
    made: list[tuple[Prepared, PreparedDeposit]], registry: Registry
) -> list[tuple[Prepared, PreparedDeposit]]:
    """The deposits with findings about spectra like theirs that are stored, or come before them in the batch."""
    edges = {(each.element, each.edge) for _, one in made for each in one.deposit.likenesses}
    there = registry.likenesses(edges)
    holders = registry.holders(each.sha256 for _, one in made for each in one.deposit.attachments)
    known = {one.deposit.source_sha256 for _, one in made if registry.find_source(one.deposit.source_sha256)}
    compared = []
    for prepared, one in made:
        deposit = one.deposit
        if deposit.source_sha256 not in known:
            # Deposits of one file share it.
            siblings = {each.deposit.record_id for each in prepared.deposits}
            told = compare(deposit.likenesses, there)
            told += same_files(deposit.attachments, holders, siblings)
            if told:
                findings = [*deposit.findings, *(replace(item, file=prepared.name) for item in told)]
                one = replace(one, deposit=replace(deposit, findings=findings))  # noqa: PLW2901
            for each in deposit.likenesses:
                there[each.element, each.edge].append((deposit.record_id, each))
            for file in deposit.attachments:
                holders.setdefault(file.sha256, deposit.record_id)
            known.add(deposit.source_sha256)
        compared.append((prepared, one))
    return compared


def _known(
    prepared: Prepared,
    made: PreparedDeposit,
    place: Saved,
    preparer: Preparer,
    registry: Registry,
    now: datetime,
    actor: str,
) -> Receipt:
    """A file that was stored before: a draft takes what is made of it now, with other defaults perhaps."""
    record = registry.record(place.record_id)
    source = registry.find_source(made.deposit.source_sha256)
    same_name = source is not None and Path(source.name).name == prepared.path.name
    if same_name and record.standing.state is State.DRAFT and len(prepared.deposits) == 1:
        again = prepare_one(preparer, prepared.path, prepared.name, place.record_id)
        if not again.deposits:
            return Receipt(prepared.name, "refused", findings=tuple(again.findings))
        renewed = registry.save_version(again.deposits[0].deposit, now=now, actor=actor)
        if renewed.new:
            note = finding("draft-renewed", file=prepared.name, value=place.record_id)
            receipt = stored_as(again, again.deposits[0], renewed)
            return replace(receipt, findings=(note, *receipt.findings))
    return duplicate_of(prepared, made, record)


def duplicate_of(prepared: Prepared, made: PreparedDeposit, record: Record) -> Receipt:
    """The receipt of a file whose content ``record`` has; how to show it again, when that was taken back."""
    state = record.standing.state
    kind = "duplicate-gone" if state in GONE else "duplicate"
    said = Sentence.of_data(state.value)
    note = finding(kind, file=prepared.name, value=record.id, state=said, what_to_do=_AGAIN.get(state, ""))
    receipt = Receipt(prepared.name, "duplicate", record.id, record.version, None, made.levels, made.missing)
    if state is not State.DRAFT:
        return replace(receipt, findings=(note,))
    # The call that stored it may have been stopped before it told of it.
    told = tuple(item for item in made.deposit.findings if item.severity != "info")
    return replace(receipt, publishable=_is_publishable(made), findings=(note, *told))


def stored_as(prepared: Prepared, made: PreparedDeposit, saved: Saved) -> Receipt:
    """The receipt of a deposit that is on disk."""
    return Receipt(
        prepared.name,
        "stored",
        saved.record_id,
        saved.version,
        _is_publishable(made),
        made.levels,
        made.missing,
        tuple(made.deposit.findings),
    )


def _is_publishable(made: PreparedDeposit) -> bool:
    return FINDABLE in made.levels and not wrongly_said(made.deposit.findings)


def _kind(path: Path, name: str, max_bytes: int) -> Literal["data", "sidecar", "form", "unknown"]:
    """What a file is to the others; "unknown" when it has no reader or cannot be opened, which preparing reports."""
    try:
        source = Source(path, name, max_bytes)
        reader = choose(source) if source.size else None
    except OSError:
        return "unknown"
    if reader is None:
        return "unknown"
    return "sidecar" if reader.sidecar else "data" if reader.is_data else "form"


def _claims(path: Path, name: str, max_bytes: int) -> set[Path]:
    reading = look(path, name, max_bytes=max_bytes).reading
    return {file for form in (reading.forms if reading else []) for file in named_files(path, form)}
