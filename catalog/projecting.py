"""From the registry's records to what a release shows of them: projected, judged, stamped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from catalog.document import canonical_json
from catalog.findings import define, finding, wrongly_said
from catalog.harvest_sets import sets_of
from catalog.linking.model import Link, LinkState
from catalog.linking.samples import with_material
from catalog.mapping import RecordDocument
from catalog.projection import public_document, stamped
from catalog.registry import Attachment, Deposit, Publication, Record, Registry
from catalog.release_files import open_files
from catalog.release_frame import Frame, Shown
from catalog.release_index import IndexReader
from catalog.states import State
from catalog.validation import Report, validate

LEAST_LEVEL = "findable"

define(
    "stored-file-missing",
    "error",
    "The data file {value} is not in the file store; restore it from a backup, then publish again.",
    "データファイル {value} がファイル保管庫にありません。バックアップから戻してから公開し直してください。",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a release shows of a record. ``shown`` None shows nothing; ``why`` says why it is not its newest version."""

    id: str
    shown: Shown | None = None
    sha256: str = ""
    why: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A version of a record that may be shown: its projected document, what belongs to it, and the judgement."""

    document: RecordDocument
    attachments: tuple[Attachment, ...]
    report: Report


class Projector:
    """Projects records as they stand on ``today`` and stamps them with ``now`` where they have changed.

    ``index`` answers for the records that are not looked at: whether they are public.
    """

    def __init__(
        self,
        registry: Registry,
        frame: Frame,
        files: Path,
        now: datetime,
        today: date,
        index: IndexReader,
    ) -> None:
        self._registry, self._frame, self._files = registry, frame, files
        self._now, self._today, self._index = now, today, index
        # What persons have said of samples: few, and the database that such links lead to is our own list.
        self._reviews: dict[str, list[Link]] = {}
        for link in registry.links(states=(LinkState.ACCEPTED, LinkState.REJECTED), databases=[""]):
            self._reviews.setdefault(link.subject, []).append(link)
        self._looked: set[str] | None = set()
        self._public: dict[str, bool] = {}
        self._prefix = f"{frame.base}/record/"

    def look_at(self, identifiers: Iterable[str]) -> None:
        """These records may look different now; the others are as the index has them."""
        self._looked = set(identifiers)

    def look_at_all(self) -> None:
        """Nothing of the index is to be relied on."""
        self._looked = None

    def verdict(self, deposit: Deposit, before: Publication | None, number: int) -> Verdict:
        """What release ``number`` shows of a record; ``before`` is what the world has seen of it so far."""
        record = deposit.record
        if record.standing.state is State.WITHDRAWN:
            # What was never public leaves no trace, not even a tombstone.
            return self._tombstone(deposit, before, number) if before else Verdict(record.id)
        if record.standing.state is not State.PUBLISHED:
            return Verdict(record.id)
        newest = self._candidate(deposit.document, deposit, deposit.attachments, self.is_public)
        why = self._objections(newest) + self._said_wrongly(record)
        if before is None:
            why += self._missing_files(newest)
            return (
                Verdict(record.id, why=why) if why else self._stamped(record.id, newest, before, number, why)
            )
        # What is public stays so: a version that may not be shown leaves the one before in its place.
        chosen = (self._earlier(deposit) or newest) if why else newest
        return self._stamped(record.id, chosen, before, number, why)

    def is_public(self, iri: str) -> bool:
        """Whether a record of this catalog is shown by the release under way."""
        identifier = iri.removeprefix(self._prefix)
        if self._looked is not None and identifier not in self._looked:
            row = self._index.record(identifier)
            return row is not None and not row.withdrawn
        if identifier not in self._public:
            self._public[identifier] = self._decide(identifier)
        return self._public[identifier]

    def _decide(self, identifier: str) -> bool:
        for deposit in self._registry.deposits(ids=[identifier]):
            if deposit.record.standing.state is not State.PUBLISHED:
                return False
            # Judged without the references to other records: whether a record is shown never depends on them.
            newest = self._candidate(deposit.document, deposit, deposit.attachments, lambda _: False)
            if not self._objections(newest) and not self._said_wrongly(deposit.record):
                return True
            return (
                bool(list(self._registry.publications(ids=[identifier])))
                and self._earlier(deposit) is not None
            )
        return False

    def _candidate(
        self,
        document: RecordDocument,
        deposit: Deposit,
        attachments: tuple[Attachment, ...],
        is_public: Callable[[str], bool],
    ) -> _Candidate:
        public = public_document(document, deposit.record.standing, self._today, is_public)
        assert public is not None  # a published standing always projects
        public = with_material(public, self._reviews.get(f"{document['id']}#sample", ()))
        (report,) = validate([public], plausibility=False)  # levels only: nobody reads its warnings
        return _Candidate(public, attachments, report)

    def _objections(self, candidate: _Candidate) -> list[dict[str, str]]:
        if LEAST_LEVEL in candidate.report.levels:
            return []
        return [dict(item.message) for item in candidate.report.findings if item.severity == "error"]

    def _said_wrongly(self, record: Record) -> list[dict[str, str]]:
        """What a person has to correct in the newest version; the first was looked at when it was approved."""
        found = self._registry.findings(record.id) if record.version > 1 else ()
        return [dict(item.message) for item in wrongly_said(found)]

    def _missing_files(self, candidate: _Candidate) -> list[dict[str, str]]:
        return [
            dict(finding("stored-file-missing", value=sha).message)
            for sha in sorted(open_files(candidate.document))
            if not (self._files / sha[:2] / sha).is_file()
        ]

    def _earlier(self, deposit: Deposit) -> _Candidate | None:
        """The newest earlier version that may be shown."""
        identifier = deposit.record.id
        for number in range(deposit.record.version - 1, 0, -1):
            document = self._registry.document(identifier, number)
            attachments = tuple(self._registry.attachments(identifier, number))
            candidate = self._candidate(document, deposit, attachments, self.is_public)
            if not self._objections(candidate) and not wrongly_said(
                self._registry.findings(identifier, number)
            ):
                return candidate
        return None

    def _stamped(
        self,
        identifier: str,
        chosen: _Candidate,
        before: Publication | None,
        number: int,
        why: list[dict[str, str]],
    ) -> Verdict:
        curves = _open_curves(chosen)
        issued = before.issued if before else self._today
        sets = tuple(sets_of(chosen.document))
        if before and before.sets in {None, " ".join(sets)}:
            same = self._stamp(chosen, issued, before.datestamp)
            if _sha256(same) == before.public_sha:
                shown = Shown(identifier, same, issued, before.datestamp, before.release, curves, sets)
                return Verdict(identifier, shown, before.public_sha, why)
        document = self._stamp(chosen, issued, self._now)
        shown = Shown(identifier, document, issued, self._now, number, curves, sets)
        return Verdict(identifier, shown, _sha256(document), why)

    def _stamp(self, chosen: _Candidate, issued: date, modified: datetime) -> RecordDocument:
        return stamped(
            chosen.document,
            issued=issued,
            modified=modified,
            levels=chosen.report.conforms_to,
            base=self._frame.base,
            metadata_license=self._frame.catalog["license"],
        )

    def _tombstone(self, deposit: Deposit, before: Publication, number: int) -> Verdict:
        document = public_document(deposit.document, deposit.record.standing, self._today, self.is_public)
        assert document is not None  # a withdrawn standing always leaves a tombstone
        sha = _sha256(document)
        # It is deleted from the sets it was last seen in, so that whoever harvests those hears of it.
        sets = tuple((before.sets or "").split())
        if sha == before.public_sha:
            shown = Shown(
                before.record_id, document, before.issued, before.datestamp, before.release, {}, sets
            )
        else:
            shown = Shown(before.record_id, document, before.issued, self._now, number, {}, sets)
        return Verdict(before.record_id, shown, sha)


def _open_curves(candidate: _Candidate) -> dict[str, str]:
    """The points of each spectrum that has an open file: they tell as much as the file does."""
    open_parts = {
        spectrum["id"].partition("#")[2]
        for spectrum in candidate.document.get("spectra", [])
        if any("download_url" in file for file in spectrum.get("files", []))
    }
    return {
        item.part: item.sha256
        for item in candidate.attachments
        if item.role == "curve" and item.part in open_parts
    }


def _sha256(document: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()
