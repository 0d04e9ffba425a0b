"""The receipt file of a batch: what became of each file, on disk as it happens, and where to go on after a stop.

A line (CSV) or an object (JSON) a deposit, written when the deposit is on disk. When the same call is repeated with the
same receipt file, a data file whose receipt is there and that has not changed is not read again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from catalog.errors import StorageFull, UsageError
from catalog.findings import Finding
from catalog.intake import Found, Receipt

MAX_BYTES = 1 << 30
COLUMNS = (
    "file", "result", "record", "version", "publishable", "levels", "missing", "findings", "messages", "sha256", "call",
)  # fmt: skip
# What is done needs no second reading; what was refused may have been mended by other means.
_DONE = {"stored", "duplicate"}
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class ReceiptFile:
    """An open receipt file. ``call`` names everything but the files that decides what is made of them."""

    path: Path
    call: str
    language: str = "en"
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _digests: dict[str, str] = field(default_factory=dict)

    def resume(self, found: Found) -> list[Receipt]:
        """Take the files that are done out of ``found`` and give their receipts; what else was told is forgotten.

        Raises UsageError for a file that is no receipt, and leaves it as it is.
        """
        told: dict[str, list[dict[str, Any]]] = {}
        for row in self._read():
            told.setdefault(row["file"], []).append(row)
        kept: list[Receipt] = []
        rest = []
        for path, name in found.files:
            if path.resolve() == self.path.resolve():
                continue  # it lies in the folder it tells of
            digest = self._digests[name] = _digest(path)
            rows = told.get(name, [])
            same = all((row["sha256"], row["call"]) == (digest, self.call) for row in rows)
            if rows and same and name in found.data and all(row["result"] in _DONE for row in rows):
                self._rows += rows
                kept += [_receipt(row) for row in rows]
            else:
                rest.append((path, name))
        found.files[:] = rest
        self._write(self._rows)
        return kept

    def add(self, receipt: Receipt) -> None:
        """Write one more receipt. Raises StorageFull when the disk refuses; what was written stays whole."""
        row = {
            **receipt.as_json(self.language),
            "sha256": self._digests.get(receipt.file, ""),
            "call": self.call,
        }
        try:
            if self._is_json:
                self._append_json(row)
            else:
                with self.path.open("a", encoding="utf-8", newline="") as stream:
                    stream.write(_csv_line(row))
        except OSError as error:
            raise StorageFull(
                f"the receipt cannot be written: {error.strerror}", where=str(self.path)
            ) from error

    @property
    def _is_json(self) -> bool:
        return self.path.suffix.casefold() == ".json"

    def _append_json(self, row: dict[str, Any]) -> None:
        # Whatever happens between two calls, the file is a whole array.
        text = json.dumps(row, ensure_ascii=False)
        with self.path.open("r+b") as stream:
            end = stream.seek(0, io.SEEK_END)
            stream.seek(end - len(b"\n]\n"))
            first = end == len(b"[\n]\n")
            stream.write((("\n" if first else ",\n") + text + "\n]\n").encode("utf-8", "backslashreplace"))

    def _read(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        wrong = UsageError("this file is no receipt of an ingest; give another name", where=str(self.path))
        try:
            if self.path.stat().st_size > MAX_BYTES:
                raise wrong
            text = self.path.read_text(encoding="utf-8")
            rows = json.loads(text) if self._is_json else list(_csv_rows(text))
            for row in rows:
                if set(row) - {"messages"} != set(COLUMNS) - {"messages"}:
                    raise wrong
        except (OSError, ValueError, TypeError, KeyError, RecursionError, csv.Error) as error:
            raise wrong from error
        yield from rows

    def _write(self, rows: list[dict[str, Any]]) -> None:
        if self._is_json:
            body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
            text = f"[\n{body}\n]\n" if rows else "[\n]\n"
        else:
            text = ",".join(COLUMNS) + "\n" + "".join(map(_csv_line, rows))
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            fresh.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
            fresh.replace(self.path)
        except OSError as error:
            raise UsageError(
                f"the receipt cannot be written: {error.strerror}", where=str(self.path)
            ) from error


def call_digest(*parts: str | bytes) -> str:
    """A short name for what a call was made with: its options and the content of its defaults files."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]


def _digest(path: Path) -> str:
    """The SHA-256 of a file and of those beside it with the same stem, which may be its sidecars."""
    digest = hashlib.sha256()
    try:
        beside = sorted(each for each in path.parent.iterdir() if each.stem == path.stem and each.is_file())
        for each in beside:
            with each.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    except OSError:
        return ""
    return digest.hexdigest()


def _csv_line(row: dict[str, Any]) -> str:
    cells = dict(row)
    findings = row["findings"]
    cells["findings"] = " ".join(f"{item['severity']}:{item['code']}" for item in findings)
    cells["messages"] = "\n".join(" ".join(item["message"].split()) for item in findings)
    cells["publishable"] = json.dumps(row["publishable"]) if row["publishable"] is not None else ""
    for key in ("levels", "missing"):
        cells[key] = " ".join(row[key])
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writerow({key: _cell(cells[key]) for key in COLUMNS})
    return out.getvalue().encode("utf-8", "backslashreplace").decode()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith((*_FORMULA, "'")) else text


def _csv_rows(text: str) -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError
    for cells in reader:
        if None in cells or None in cells.values():
            continue  # the last line of a call that was ended while it wrote
        row: dict[str, Any] = {key: cell.removeprefix("'") for key, cell in cells.items()}
        row["record"] = row["record"] or None
        row["version"] = int(row["version"]) if row["version"] else None
        row["publishable"] = json.loads(row["publishable"] or "null")
        for key in ("levels", "missing"):
            row[key] = row[key].split()
        row["findings"] = [
            {"code": code, "severity": severity, "message": message, "path": "", "line": None}
            for (severity, _, code), message in zip(
                (token.partition(":") for token in row["findings"].split()),
                row["messages"].split("\n"),
                strict=False,
            )
        ]
        yield row


def _receipt(row: dict[str, Any]) -> Receipt:
    findings = tuple(
        Finding(
            item["code"], item["severity"], {"en": item["message"]}, item["path"], line=item["line"],
            file=item.get("file", ""), value=item.get("value"), level=item.get("level", ""),
        )
        for item in row["findings"]
    )  # fmt: skip
    return replace(
        Receipt(row["file"], row["result"]),
        record_id=row["record"],
        version=row["version"],
        publishable=row["publishable"],
        levels=tuple(row["levels"]),
        missing=tuple(row["missing"]),
        findings=findings,
    )
