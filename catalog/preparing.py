"""A file made ready to be saved: read, defaults applied, attachments stored, normalised and validated.

Runs in worker processes; what it returns is plain data. Nothing is written but content-addressed files, which
are harmless until a record names them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from catalog.arranging import Arrangement, Part, arranged
from catalog.axis import follow_hc, hc_values
from catalog.bounded import renew
from catalog.config import Settings
from catalog.defaults import Defaults
from catalog.document import Form, Origin
from catalog.errors import CatalogError, InputError, reason_of
from catalog.filestore import FileStore
from catalog.findings import Finding, define, finding
from catalog.ids import mint_id, record_iri
from catalog.inspection import Inspected, Outcome, assess, look
from catalog.iso_dates import parse_day
from catalog.likeness import likenesses
from catalog.mapping import RecordDocument
from catalog.normalise_values import StoredFile
from catalog.privacy import hidden_names, withheld_because
from catalog.readers import Curve, Reading, Source, choose
from catalog.registry_rows import Attachment, NewDeposit
from catalog.sidecars import disagreements
from catalog.wording import Sentence

define(
    "file-missing",
    "error",
    "The file {value!r} is not beside the deposit form; give its name relative to the form.",
    "ファイル「{value}」が登録票と同じ場所にありません。登録票からの相対名で書いてください。",
)
define(
    "file-outside",
    "error",
    "The file {value!r} lies outside the folder of the deposit form and was not read.",
    "ファイル「{value}」は登録票のフォルダの外にあるため読みませんでした。",
)
define(
    "file-unreadable",
    "error",
    "The file {value!r} could not be read: {detail}",
    "ファイル「{value}」を読めません: {detail}",
)
define(
    "suggestion",
    "info",
    "{key} may be {value!r}; if it is, confirm it with xafscat accept-suggestion.",
    "{key} は「{value}」と推定されます。正しければ xafscat accept-suggestion で確定してください。",
)


@dataclass(frozen=True, slots=True)
class PreparedDeposit:
    """One deposit ready to be saved, the levels it would reach, and the form keys the next level still needs.

    ``applied_rules`` numbers the rules of the defaults file that have selected a file so far.
    """

    deposit: NewDeposit
    levels: tuple[str, ...]
    missing: tuple[str, ...]
    applied_rules: frozenset[int] = frozenset()


@dataclass(slots=True)
class Prepared:
    """All deposits of one file; ``outcome`` as for inspect, ``findings`` the file's, which its deposits have too."""

    path: Path
    name: str
    reader: str | None
    outcome: Outcome
    findings: list[Finding]
    deposits: list[PreparedDeposit] = field(default_factory=list)


@dataclass(frozen=True)
class Preparer:
    """What preparing a file needs: the catalog's base, settings and files, the defaults, and today's date."""

    base: str
    settings: Settings
    files: FileStore
    today: date
    defaults: Defaults | None = None
    arrangement: Arrangement = "read"

    def prepare(self, path: Path, name: str, record_id: str | None = None) -> Prepared:
        """Prepare one file; ``record_id`` is given for an update. Raises StorageFull only."""
        seen = look(path, name, max_bytes=self.settings.max_file_bytes)
        prepared = Prepared(path, name, seen.reader, seen.outcome, seen.findings)
        if seen.reading is None:
            return prepared
        parts, told = arranged(seen.reading, self.arrangement if seen.is_data else "read", name)
        prepared.findings += told
        for part, concerning in zip(parts, _by_part(prepared.findings, parts), strict=True):
            renew()  # each deposit of a file is bounded, not their number
            prepared.deposits.append(self._deposit(path, name, seen, part, record_id, concerning))
        return prepared

    def _deposit(
        self,
        path: Path,
        name: str,
        seen: Inspected,
        part: Part,
        record_id: str | None,
        concerning: list[Finding],
    ) -> PreparedDeposit:
        assert seen.reading is not None
        form, curves = part.form, part.curves
        extra = list(concerning)
        applied: frozenset[int] = frozenset()
        before = hc_values(form)
        if self.defaults:
            extra += self.defaults.apply(form, seen.reading, name)
            applied = frozenset(self.defaults.used)
        follow_hc(form, before, curves)
        extra += _suggested(form, part, name)
        names = hidden_names(form)
        named = not seen.is_data
        stored = self._store_named(path, form, curves, extra) if named else self._store_source(path, form)
        for stated, file in stored.items() if names else ():
            target = beside(path, stated) if named else path
            if reason := withheld_because(target, names):
                stored[stated] = replace(file, withheld=True)
                extra.append(
                    finding("file-withheld", path="/creators", file=name, value=stated, reason=reason)
                )
        identity = record_id or mint_id()
        assessed = assess(
            form,
            iri=record_iri(self.base, identity),
            base=self.base,
            today=self.today,
            attachments=stored,
        )
        deposit = NewDeposit(
            record_id=identity,
            document=assessed.document,
            form=form.values,
            origins=form.origins,
            source_sha256=_source_digest(path, part.key, stored, seen.sidecars),
            source_name=name,
            findings=extra + assessed.findings,
            attachments=self._attachments(assessed.document, stored, curves),
            headers=seen.reading.private,
            likenesses=likenesses(assessed.document, curves),
            hidden_until=_hidden_until(form),
        )
        return PreparedDeposit(deposit, assessed.report.levels, tuple(assessed.missing), applied)

    def _store_source(self, path: Path, form: Form) -> dict[str, StoredFile]:
        file = self._store(path)
        for index in range(len(form.values.get("spectra") or [])):
            if not form.get(f"/spectra/{index}/files"):
                form.put(f"/spectra/{index}/files/0", path.name, Origin("header", path.name))
        return {path.name: file}

    def _store_named(
        self, path: Path, form: Form, curves: dict[str, Curve], extra: list[Finding]
    ) -> dict[str, StoredFile]:
        stored: dict[str, StoredFile] = {}
        for index, spectrum in enumerate(form.values.get("spectra") or []):
            for position, name in enumerate(spectrum.get("files") or []):
                pointer = f"/spectra/{index}/files/{position}"
                try:
                    target = beside(path, name)
                    stored[name] = self._store(target)
                    reading = _data_reading(target, self.settings)
                    if reading and f"/spectra/{index}" not in curves and reading.curves:
                        curves[f"/spectra/{index}"] = next(iter(reading.curves.values()))
                    if reading and len(reading.forms) == 1:
                        extra += disagreements(form, f"/spectra/{index}", reading.forms[0], name)
                except InputError as error:
                    code = error.code if error.code in {"file-missing", "file-outside"} else "file-unreadable"
                    extra.append(_at(form, code, pointer, name, error.detail))
                except OSError as error:
                    extra.append(_at(form, "file-unreadable", pointer, name, reason_of(error)))
        return stored

    def _store(self, path: Path) -> StoredFile:
        with path.open("rb") as stream:
            head = stream.read(65_536)
        blob = self.files.put(path, limit=self.settings.max_file_bytes)
        return StoredFile(blob.sha256, blob.size, _media_type(head))

    def _attachments(
        self, document: RecordDocument, stored: dict[str, StoredFile], curves: dict[str, Curve]
    ) -> list[Attachment]:
        by_digest = {file.sha256: file for file in stored.values()}
        attachments = []
        for index, spectrum in enumerate(document.get("spectra", [])):
            fragment = spectrum["id"].partition("#")[2]
            for part in spectrum.get("files", []):
                file = by_digest[part["checksum"]["digest"]]
                place = part["id"].partition("#")[2]
                attachments.append(
                    Attachment(place, "data", part["file_name"], file.sha256, file.size, file.media_type)
                )
            if curve := curves.get(f"/spectra/{index}"):
                blob = self.files.put_bytes(_curve_json(curve))
                name = f"{fragment}.json"
                attachments.append(
                    Attachment(fragment, "curve", name, blob.sha256, blob.size, "application/json")
                )
        return attachments


def _by_part(findings: list[Finding], parts: list[Part]) -> list[list[Finding]]:
    """For each deposit of a file the findings of the file that concern it: all but those of the lines of others."""
    lines = [{origin.line for origin in part.form.origins.values() if origin.line} for part in parts]
    taken = set().union(*lines)
    return [[item for item in findings if item.line in own or item.line not in taken] for own in lines]


class FileOutside(InputError):
    """A form names a file outside its own folder."""

    code = "file-outside"


class FileMissing(InputError):
    """A form names a file that is not there."""

    code = "file-missing"


def beside(form_path: Path, stated: str) -> Path:
    """The file ``stated`` in a form at ``form_path``: a regular file inside the form's folder, or an error."""
    folder = form_path.resolve().parent
    if "\0" in stated:
        raise FileMissing(Sentence("the name holds a NUL character"))
    target = (folder / stated).resolve()
    if not target.is_relative_to(folder):
        raise FileOutside(Sentence("the file lies outside the form's folder"))
    if not target.is_file():
        raise FileMissing(Sentence("there is no such file"))
    return target


def named_files(form_path: Path, form: Form) -> list[Path]:
    """The files beside ``form_path`` that ``form`` claims; those that are missing or outside are left out."""
    found = []
    for spectrum in form.values.get("spectra") or []:
        for stated in spectrum.get("files") or []:
            try:
                found.append(beside(form_path, stated))
            except (CatalogError, OSError):
                continue
    return found


def _source_digest(path: Path, key: str, stored: dict[str, StoredFile], sidecars: list[Path]) -> str:
    """What identifies a deposit's source: its file with its sidecars, its place in it, and the files it names."""
    digest = hashlib.sha256()
    for each in (path, *sidecars):
        with each.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    for sha256 in sorted(file.sha256 for file in stored.values()):
        digest.update(sha256.encode())
    digest.update(key.encode())
    return digest.hexdigest()


def _hidden_until(form: Form) -> date | None:
    stated = form.values.get("hidden_until")
    if not stated:
        return None
    # A date that cannot be read must hide the record, not show it: far in the future, and a finding says why.
    try:
        return parse_day(stated)
    except ValueError:
        return date.max


def _data_reading(path: Path, settings: Settings) -> Reading | None:
    """What the data file of a form states by itself; None for one that no reader takes as data."""
    source = Source(path, path.name, settings.max_file_bytes)
    reader = choose(source)
    if reader is None or not reader.is_data:
        return None
    try:
        return reader.read(source)
    except CatalogError:
        return None


def _curve_json(curve: Curve) -> bytes:
    body = {"energy_ev": curve.energy_ev, "signal": curve.signal, "label": curve.signal_label}
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


def _media_type(head: bytes) -> str:
    if b"\0" in head:
        return "application/octet-stream"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut at the end of the head is no sign of binary content.
        return "text/plain" if error.start > len(head) - 4 else "application/octet-stream"
    return "text/plain"


def _suggested(form: Form, part: Part, name: str) -> list[Finding]:
    """What was inferred and is not stated, for a person to confirm."""
    return [
        finding(
            "suggestion",
            path=pointer,
            file=name,
            value=value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
            key=pointer.lstrip("/"),
        )
        for pointer, value in part.suggestions.items()
        if form.get(pointer) is None
    ]


def _at(form: Form, code: str, pointer: str, value: str, detail: str) -> Finding:
    origin = form.origin(pointer)
    return finding(
        code,
        path=pointer,
        file=origin.source if origin else "",
        line=origin.line if origin else None,
        value=value,
        detail=detail,
    )
