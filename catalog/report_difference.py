"""What changed since an earlier report: findings that are new, gone, unchanged."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from catalog.errors import UsageError
from catalog.findings import Finding
from catalog.validation import Report

MAX_BYTES = 256 * 1024 * 1024

# A deposit: its file, its IRI, and which of the deposits with both it is.
Deposit: TypeAlias = tuple[str, str, int]
# A finding in its deposit; messages are left out, for they change with the language.
Mark: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Old:
    """A finding of the earlier report."""

    deposit: Deposit
    code: str
    path: str
    value: str
    message: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        """The file, else the record, it was about."""
        return self.deposit[0] or self.deposit[1]

    @property
    def mark(self) -> Mark:
        """What identifies it in its deposit."""
        return self.code, self.path, self.value


@dataclass(slots=True)
class Difference:
    """The difference: counts, the findings that are gone, and how many earlier deposits were not checked again."""

    new: int = 0
    unchanged: int = 0
    skipped: int = 0
    gone: list[Old] = field(default_factory=list)
    fresh: dict[int, list[int]] = field(default_factory=dict)
    gone_from: dict[int, list[Old]] = field(default_factory=dict)

    def is_new(self, report: int, item: Finding) -> bool:
        """Whether this very finding of the report with that number is new."""
        return id(item) in self.fresh.get(report, ())


def read_previous(path: Path) -> list[dict[str, Any]]:
    """The deposits of an earlier ``--format json`` report. Raises UsageError for anything else."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError("the earlier report is too large", where=str(path))
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the earlier report cannot be read: {error.strerror}", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "the earlier report is not JSON; use one made with --format json", where=str(path)
        ) from error
    fitting = isinstance(content, list) and all(
        isinstance(each, dict) and isinstance(each.get("findings"), list) for each in content
    )
    if not fitting or not all(isinstance(item, dict) for each in content for item in each["findings"]):
        raise UsageError("this is no report made with --format json", where=str(path))
    found: list[dict[str, Any]] = [each for each in content if each.get("checked", True)]
    return found


def compare(reports: Sequence[Report], previous: Sequence[dict[str, Any]]) -> Difference:
    """What changed since ``previous``. Deposits are matched by file, record and their order in the file."""
    before: dict[Deposit, list[Old]] = {}
    for deposit, body in _numbered(
        [(str(each.get("file", "")), str(each.get("record", ""))) for each in previous]
    ):
        before[deposit] = [_old(deposit, item) for item in previous[body]["findings"]]
    difference = Difference()
    for deposit, number in _numbered([(report.file, report.iri) for report in reports]):
        olds = before.pop(deposit, [])
        left = Counter(old.mark for old in olds)
        for item in reports[number].findings:
            mark = _mark(item)
            if left[mark] > 0:
                left[mark] -= 1
                difference.unchanged += 1
            else:
                difference.new += 1
                difference.fresh.setdefault(number, []).append(id(item))
        for old in olds:
            if left[old.mark] > 0:
                left[old.mark] -= 1
                difference.gone.append(old)
                difference.gone_from.setdefault(number, []).append(old)
    difference.skipped = len(before)
    return difference


def _numbered(names: Sequence[tuple[str, str]]) -> Iterator[tuple[Deposit, int]]:
    seen: Counter[tuple[str, str]] = Counter()
    for number, name in enumerate(names):
        yield (*name, seen[name]), number
        seen[name] += 1


def _old(deposit: Deposit, item: dict[str, Any]) -> Old:
    code, path, value, message = (str(item.get(key) or "") for key in ("code", "path", "value", "message"))
    return Old(deposit, code, path, value, message, item)


def _mark(item: Finding) -> Mark:
    return item.code, item.path, item.value or ""
