"""The work behind ``validate``: files checked against the shapes, nothing stored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from catalog.archives import Workspace
from catalog.bounded import Limits
from catalog.checking_rdf import check_documents, check_rdf, is_document
from catalog.defaults import Defaults
from catalog.document import Form, Origin
from catalog.errors import CatalogError, UsageError, reason_of
from catalog.findings import Finding, finding
from catalog.inspection import DEFAULT_LIMITS, Inspected, assess, look_bounded, refusal
from catalog.normalise_values import StoredFile
from catalog.preparing import beside
from catalog.rdf_input import recognise
from catalog.readers import Source
from catalog.shacl import Shapes
from catalog.validation import LEVELS, Report
from catalog.walk import FoundFile, walk


@dataclass(frozen=True)
class _Check:
    """What is asked of every file."""

    today: date
    max_bytes: int
    defaults: Defaults | None
    required: str
    shapes: tuple[Shapes, ...] = field(default_factory=tuple)


def check(
    paths: Sequence[Path],
    *,
    today: date,
    max_bytes: int,
    max_archive_bytes: int = 2**30,
    limits: Limits = DEFAULT_LIMITS,
    jobs: int = 1,
    defaults: Defaults | None = None,
    required: str = LEVELS[0],
    shapes: Sequence[Shapes] = (),
) -> list[Report]:
    """A report for each deposit of each file below ``paths``, in the order of the walk.

    Files are whatever a reader reads, record documents in JSON, and RDF. ``required`` is the level that has to be
    reached, ``shapes`` are a group's own. ``limits`` bound the reading of each file, of ``jobs`` files at a time.
    A file nothing could be read from has a report that says why. Never
    raises for what a file holds; UsageError for a level there is none of.
    """
    if required not in LEVELS:
        raise UsageError(f"there is no level {required!r}; use one of: {', '.join(LEVELS)}")
    asked = _Check(today, max_bytes, defaults, required, tuple(shapes))
    workspace = Workspace(limits, max_bytes, max_archive_bytes)
    entries = [
        item for item in walk(paths, workspace) if not (isinstance(item, Finding) and item.severity == "info")
    ]
    files = [item for item in entries if isinstance(item, FoundFile) and not _is_graph(item)]
    others = set(files)
    looked = look_bounded(files, limits, max_bytes=max_bytes, jobs=jobs)
    reports: list[Report] = []
    for item in entries:
        if isinstance(item, Finding):
            reports.append(Report("", [item], file=item.file))
        elif item in others:
            reports += _check_forms(*item, next(looked), asked)
        else:
            reports += _check_graph(*item, asked)
    return reports


def _is_graph(item: FoundFile) -> bool:
    """Whether a file is a record document or RDF, which no reader takes."""
    try:
        head = Source(*item).head
    except OSError:
        return False
    return is_document(head) or recognise(head) is not None


def _check_graph(path: Path, name: str, asked: _Check) -> list[Report]:
    try:
        reports = _check_rdf(Source(path, name, asked.max_bytes), asked)
    except (CatalogError, OSError) as error:
        reports = [Report("", refusal(error, name))]
    for report in reports:
        report.file = name
    return reports


def _check_rdf(source: Source, asked: _Check) -> list[Report]:
    if is_document(source.head):
        return check_documents(source, asked.required, asked.shapes, asked.today)
    kind = recognise(source.head)
    return check_rdf(source, kind, asked.required, asked.shapes) if kind else []


def _check_forms(path: Path, name: str, seen: Inspected, asked: _Check) -> list[Report]:
    if seen.reading is None:
        return [Report("", list(seen.findings), file=name)]
    reports = []
    for number, form in enumerate(seen.reading.forms):
        extra = asked.defaults.apply(form, seen.reading, name) if asked.defaults else []
        files = _files(path, seen, form, asked, extra)
        assessed = assess(
            form, today=asked.today, attachments=files, required=asked.required, shapes=asked.shapes
        )
        # What was said of the file as a whole is said once, with its first deposit.
        whole = seen.findings if number == 0 else []
        report = assessed.report
        report.findings = [*whole, *extra, *assessed.findings]
        report.file = name
        reports.append(report)
    return reports


def _files(
    path: Path, seen: Inspected, form: Form, asked: _Check, extra: list[Finding]
) -> dict[str, StoredFile]:
    """The data files as they would be stored: the file itself, or those that the form names beside it."""
    files: dict[str, StoredFile] = {}
    for index, spectrum in enumerate(form.values.get("spectra") or []):
        if seen.is_data and not spectrum.get("files"):
            form.put(f"/spectra/{index}/files/0", path.name, Origin("header", path.name))
        for position, stated in enumerate(spectrum.get("files") or []):
            try:
                target = path if seen.is_data and stated == path.name else beside(path, stated)
                files[stated] = _digest(target, asked.max_bytes)
            except (CatalogError, OSError) as error:
                extra.append(_missing(form, f"/spectra/{index}/files/{position}", stated, error))
    return files


def _digest(path: Path, max_bytes: int) -> StoredFile:
    content = Source(path, path.name, max_bytes).content()
    kind = "application/octet-stream" if b"\0" in content[:65_536] else "text/plain"
    return StoredFile(hashlib.sha256(content).hexdigest(), len(content), kind)


def _missing(form: Form, pointer: str, value: str, error: CatalogError | OSError) -> Finding:
    code = error.code if isinstance(error, CatalogError) else ""
    origin = form.origin(pointer)
    return finding(
        code if code in {"file-missing", "file-outside"} else "file-unreadable",
        path=pointer,
        file=origin.source if origin else "",
        line=origin.line if origin else None,
        value=value,
        detail=error.detail if isinstance(error, CatalogError) else reason_of(error),
    )
