"""Suggestions that a person confirms: what was inferred becomes stated, in a new version that says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from catalog.config import Settings
from catalog.document import FormValue, Origin, split_pointer
from catalog.errors import NotFound, UsageError
from catalog.filestore import FileStore
from catalog.findings import Finding
from catalog.ids import record_iri
from catalog.inspection import assess
from catalog.likeness import likenesses
from catalog.mapping import RecordDocument
from catalog.normalise_values import StoredFile
from catalog.readers import Curve, HeaderPair
from catalog.registry import Registry
from catalog.registry_rows import Attachment, NewDeposit, Saved

# Findings about the files, which a new version made from the same files keeps.
_KEPT = {"suggestion", "file-withheld", "same-spectrum", "one-more", "record-disagrees"}


def suggestions(registry: Registry, record_id: str) -> dict[str, FormValue]:
    """What may be confirmed of a record, by pointer. Raises NotFound for an unknown record."""
    form = registry.form(record_id)
    return {
        item.path: _value(item.value)
        for item in registry.findings(record_id)
        if item.code == "suggestion" and item.value and form.get(item.path) is None
    }


def accept(
    registry: Registry,
    record_id: str,
    fields: Sequence[str] = (),
    *,
    settings: Settings,
    now: datetime,
    actor: str,
) -> tuple[Saved, dict[str, FormValue]]:
    """Confirm the suggestions for ``fields`` (all, when none are given): the new version, and what it states now.

    A field is a pointer (``/spectra/0/edge``) or its last name (``edge``). The values get the origin "accepted", and
    the properties are listed as inferred. Raises NotFound for a record without suggestions, UsageError for a field
    that has none, Conflict for a record that takes no update or was changed meanwhile.
    """
    version = registry.record(record_id).version
    offered = suggestions(registry, record_id)
    if not offered:
        raise NotFound("nothing is suggested for this record", where=record_id)
    chosen = _chosen(offered, fields)
    form = registry.form(record_id)
    for pointer, value in chosen.items():
        form.put(pointer, value, Origin("accepted", actor, key="accept-suggestion", raw=_text(value)))
    attachments = registry.attachments(record_id)
    old = registry.document(record_id)
    assessed = assess(
        form,
        iri=record_iri(registry.base, record_id),
        base=registry.base,
        today=now.astimezone(settings.zone).date(),
        attachments=_stored(old, attachments),
    )
    kept = [item for item in registry.findings(record_id) if item.path not in chosen and _is_of_files(item)]
    deposit = NewDeposit(
        record_id=record_id,
        document=assessed.document,
        form=form.values,
        origins=form.origins,
        source_sha256=registry.source_of(record_id).sha256,
        source_name=registry.source_of(record_id).name,
        findings=[*kept, *assessed.findings],
        attachments=attachments,
        headers=[HeaderPair(*pair) for pair in registry.headers(record_id)],
        likenesses=likenesses(assessed.document, curves_of(assessed.document, attachments, settings)),
        hidden_until=registry.record(record_id).standing.hidden_until,
    )
    return registry.save_version(deposit, now=now, actor=actor, expected=version), chosen


def _is_of_files(item: Finding) -> bool:
    """Whether a finding is about the files: about cells of a spreadsheet, or no place of the form."""
    whole = bool(item.file) and not item.path and not item.level
    return item.code in _KEPT or whole or item.code.startswith("table-")


def _chosen(offered: dict[str, FormValue], fields: Sequence[str]) -> dict[str, FormValue]:
    if not fields:
        return offered
    chosen: dict[str, FormValue] = {}
    for field in fields:
        wanted = field.strip("/").replace(".", "/")
        found = [
            pointer
            for pointer in offered
            if pointer.strip("/") == wanted or split_pointer(pointer)[-1] == wanted
        ]
        if not found:
            known = ", ".join(pointer.strip("/") for pointer in offered)
            raise UsageError(f"nothing is suggested for {field!r}; there is: {known}")
        chosen |= {pointer: offered[pointer] for pointer in found}
    return chosen


def _stored(document: RecordDocument, attachments: Sequence[Attachment]) -> dict[str, StoredFile]:
    """The data files by the name the form has for them; one that was withheld stays so."""
    withheld = {
        file["checksum"]["digest"]
        for spectrum in document.get("spectra", [])
        for file in spectrum.get("files", [])
        if file.get("withheld") == "true"
    }
    return {
        each.name: StoredFile(each.sha256, each.size, each.media_type, each.sha256 in withheld)
        for each in attachments
        if each.role == "data"
    }


def curves_of(
    document: RecordDocument, attachments: Sequence[Attachment], settings: Settings
) -> dict[str, Curve]:
    """The stored curves of a version's spectra, by pointer of the spectrum."""
    stored = {each.part: each.sha256 for each in attachments if each.role == "curve"}
    files = FileStore(settings.files_path)
    curves = {}
    for index, spectrum in enumerate(document.get("spectra", [])):
        if digest := stored.get(spectrum["id"].partition("#")[2]):
            with files.open(digest) as stream:
                body = json.load(stream)
            curves[f"/spectra/{index}"] = Curve(
                tuple(body["energy_ev"]), tuple(body["signal"]), body["label"]
            )
    return curves


def _value(stored: str | None) -> FormValue:
    if stored and stored.startswith("["):
        try:
            found: Any = json.loads(stored)
        except ValueError:
            return stored
        return found if isinstance(found, list) else stored
    return stored or ""


def _text(value: FormValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
