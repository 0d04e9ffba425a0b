"""What goes into the registry and what comes out of it: plain frozen data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sqlalchemy import Row

from catalog.document import Origin, canonical_json
from catalog.errors import UnreadableInput
from catalog.findings import Finding
from catalog.states import Standing, State
from catalog.wording import Sentence

if TYPE_CHECKING:
    from catalog.readers import HeaderPair

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

Role: TypeAlias = Literal["data", "curve"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file of a version: the fragment id of its part, such as ``spectrum-1.file-1``, and its content."""

    part: str
    role: Role
    name: str
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """What can be compared of a spectrum: its fragment, edge, reduced formula, facility's IRI, and fingerprint.

    ``formula`` and ``facility`` are empty where nothing is stated, ``curve`` where there is none to compare.
    """

    part: str
    element: str
    edge: str
    formula: str = ""
    facility: str = ""
    curve: tuple[int, ...] = ()

    @property
    def kind(self) -> tuple[str, str, str, str]:
        """What makes two spectra of one kind."""
        return self.element, self.edge, self.formula, self.facility


@dataclass(frozen=True, slots=True)
class NewDeposit:
    """A deposit to be saved; its files are already in the file store.

    ``document`` is the record document with the IRI of ``record_id``. ``source_sha256`` identifies what it was
    read from: a deposit with the same one is a duplicate. ``hidden_until`` keeps the whole record invisible.
    """

    record_id: str
    document: Mapping[str, Any]
    form: Mapping[str, Any]
    origins: Mapping[str, Origin]
    source_sha256: str
    source_name: str
    findings: Sequence[Finding] = ()
    attachments: Sequence[Attachment] = ()
    headers: Sequence[HeaderPair] = ()
    likenesses: Sequence[Likeness] = ()
    hidden_until: date | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """Where a deposit is now. ``new`` is False when the same source was saved before: nothing was stored."""

    record_id: str
    version: int
    new: bool = True


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A source that was saved before: where its deposit went, and by what name it came."""

    sha256: str
    record_id: str
    version: int
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record's row: its current version, its standing, and the date its files become open (None: not stated)."""

    id: str
    version: int
    standing: Standing
    created: datetime
    available: date | None


@dataclass(frozen=True, slots=True)
class Deposit:
    """A record with the document and the attachments of its current version."""

    record: Record
    document: dict[str, Any]
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a record: when and by whom it was saved, and the SHA-256 of its document."""

    number: int
    created: datetime
    actor: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Event:
    """A change: its number in the log, when, who, what, to which record (None: the catalog), and details."""

    seq: int
    at: datetime
    actor: str
    action: str
    record_id: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """All versions and events of a record, oldest first."""

    versions: tuple[Version, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of standing: the record as it was when this was decided, the action's name, and the new standing."""

    record: Record
    action: str
    after: Standing
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """A release: its number and hash, when it was published, what it holds, and the last event it has seen."""

    number: int
    hash: str
    published_at: datetime
    records: int
    triples: int
    last_event: int


# What a release tells of its records, once it is made: no change that another would have to look at.
RELEASE_EVENTS = ("show", "hide")


@dataclass(frozen=True, slots=True)
class Publication:
    """What the world sees of a record: the SHA-256 of its public document or tombstone, since which release.

    ``issued`` is the date of the first release that showed it, ``datestamp`` the moment of the last one that
    changed it. ``sets`` are the specs of the harvest sets it is in (those it was in, when it is withdrawn),
    separated by spaces; None where that was never noted.
    """

    record_id: str
    public_sha: str
    release: int
    issued: date
    datestamp: datetime
    sets: str | None = None


def record_of(row: AnyRow) -> Record:
    """The record of a row of table ``record``."""
    standing = Standing(
        State(row.state), row.hidden_until, row.issued, row.modified, row.withdrawn_on, row.reason
    )
    return Record(row.id, row.version, standing, row.created, row.available)


def version_rows(
    deposit: NewDeposit, number: int, base: str, now: datetime, actor: str
) -> dict[str, list[Any]]:
    """The rows of one version, by table name, without the row of the record itself."""
    key = {"record_id": deposit.record_id, "version": number}
    document = canonical_json(deposit.document)
    blobs = {file.sha256: file for file in deposit.attachments}
    return {
        "version": [
            {
                "record_id": deposit.record_id,
                "number": number,
                "document": document,
                "form": deposit.form,
                "origins": {pointer: _compact(origin) for pointer, origin in deposit.origins.items()},
                "sha256": sha256_of(document),
                "created": now,
                "actor": actor,
            }
        ],
        "finding": [
            {**key, "ordinal": ordinal, "body": _compact(item)}
            for ordinal, item in enumerate(deposit.findings)
        ],
        "header": (
            [{**key, "pairs": [[pair.key, pair.value, pair.line] for pair in deposit.headers]}]
            if deposit.headers
            else []
        ),
        "blob": [
            {"sha256": file.sha256, "bytes": file.size, "media_type": file.media_type}
            for file in blobs.values()
        ],
        "attachment": [
            {**key, "part": file.part, "role": file.role, "name": file.name, "sha256": file.sha256}
            for file in deposit.attachments
        ],
        "likeness": [
            {
                **key,
                **{name: getattr(each, name) for name in ("part", "element", "edge", "formula", "facility")},
                "curve": " ".join(map(str, each.curve)),
            }
            for each in deposit.likenesses
        ],
        "reference": [
            {**key, "target": target}
            for target in sorted(references(deposit.document, base, deposit.record_id))
        ],
        "source": [{**key, "sha256": deposit.source_sha256, "name": deposit.source_name}],
        "event": [
            {
                "at": now,
                "actor": actor,
                "action": "deposit" if number == 1 else "update",
                "record_id": deposit.record_id,
                "detail": {"version": number, "source": deposit.source_name},
            }
        ],
    }


def sha256_of(text: str) -> str:
    """The SHA-256 of a text in UTF-8, in hex. Raises UnreadableInput for a text that is no Unicode."""
    try:
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise UnreadableInput(
            Sentence("the document holds half a surrogate pair; write its text in UTF-8")
        ) from error


def references(document: Mapping[str, Any], base: str, record_id: str) -> set[str]:
    """The ids of the other records of this catalog that ``document`` mentions."""
    prefix = f"{base}/record/"
    found = {
        re.split("[#/?]", text.removeprefix(prefix), maxsplit=1)[0]
        for text in _texts(document)
        if text.startswith(prefix)
    }
    return {target for target in found if target != record_id and re.fullmatch("[0-9a-z-]{1,64}", target)}


def available_of(document: Mapping[str, Any]) -> date | None:
    """The date from which the document's files are open, or None when it states none."""
    stated = document.get("available")
    try:
        return date.fromisoformat(stated) if isinstance(stated, str) else None
    except ValueError:
        return None


def _compact(item: Origin | Finding) -> dict[str, Any]:
    # Fields at their default are left out: they are most of them, and origins outnumber the document's values.
    values = ((name, getattr(item, name)) for name in item.__slots__)
    return {name: value for name, value in values if value is not None and value != ""}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
