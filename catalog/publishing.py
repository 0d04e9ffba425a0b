"""Publishing: what the registry holds becomes what the world sees, in one step, at the cost of what changed.

Only records with a change since the last look are projected again, those whose files fall due, and those that
name a record which appeared or vanished. When nothing public has changed, no release is made, so that nothing
tells that something hidden did.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from catalog import __version__
from catalog.authorities import catalog_document
from catalog.config import Settings
from catalog.curation import calendar_day, release_due
from catalog.document import canonical_json
from catalog.engines import Engine, engine
from catalog.errors import Damaged, UsageError
from catalog.links import public_links
from catalog.projecting import Projector, Verdict
from catalog.registry import Deposit, Registry, batches
from catalog.registry import Publication as PublicationRow
from catalog.registry import Release as ReleaseRow
from catalog.registry_rows import RELEASE_EVENTS
from catalog.release_building import Draft
from catalog.release_files import (
    Layout,
    Manifest,
    full_disk_translated,
    link_files,
    missing_files,
    read_manifest,
    show,
)
from catalog.release_frame import Frame
from catalog.release_index import index_of
from catalog.release_upkeep import (
    Look,
    Plan,
    drop_damaged,
    forget_plan,
    keep_newest,
    publishing_lock,
    read_look,
    read_plan,
    sweep,
    sweep_files,
    write_look,
    write_plan,
)
from catalog.resources import data_root
from catalog.states import State
from catalog.vocabulary import vocabulary

WAIT_S = 60.0
# Bumped when the same documents make other triples or other index rows than before.
RECIPE = 5
# Events that leave a record's state as it is.
SAME_STATE = frozenset({"deposit", "update", *RELEASE_EVENTS})
Progress: TypeAlias = Callable[[int], None]


@dataclass(slots=True)
class Publication:
    """What a publication did. ``number`` is None when nothing public had changed and no release was made.

    ``refused`` maps the records that are approved but cannot be shown to sentences that say why (``en``, ``ja``);
    ``anew`` says why the release was built from the registry alone, "" when it was made from the one before.
    ``missing_files`` are the hashes of open files that are not in the file store.
    """

    number: int | None = None
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    refused: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    seconds: float = 0.0
    anew: str = ""
    missing_files: list[str] = field(default_factory=list)


def publish(
    settings: Settings,
    registry: Registry,
    *,
    now: datetime,
    actor: str,
    progress: Progress | None = None,
    wait_s: float = WAIT_S,
) -> Publication:
    """Show the world what is public now, and say what changed.

    ``progress`` is told the number of records looked at. Waits up to ``wait_s`` seconds for another publication
    to end. Raises Conflict after that, StorageFull when the disk is full; then the release before is still
    shown and nothing is lost.
    """
    return make_release(settings, registry, now=now, actor=actor, progress=progress, wait_s=wait_s)


def make_release(
    settings: Settings,
    registry: Registry,
    *,
    now: datetime,
    actor: str,
    progress: Progress | None = None,
    wait_s: float = WAIT_S,
    anew: str = "",
) -> Publication:
    """Like publish; ``anew`` is a reason to build from the registry alone, whether or not anything has changed."""
    begun = time.perf_counter()
    layout = Layout(settings.public_path)
    with publishing_lock(settings.run_path, wait_s), full_disk_translated(settings.home):
        layout.releases.mkdir(parents=True, exist_ok=True)
        sweep(layout, settings.run_path)
        adopt(settings, registry, now=now, actor=actor)
        release_due(registry, zone=settings.zone, now=now, actor=actor)
        made = _Run(settings, registry, layout, now, actor, progress or (lambda _done: None)).make(anew)
    made.seconds = time.perf_counter() - begun
    return made


def adopt(settings: Settings, registry: Registry, *, now: datetime, actor: str) -> int | None:
    """Tell the registry of a release that was shown when its publication was interrupted; its number.

    Only the very next release is adopted: it was made from this registry under this lock.
    """
    layout = Layout(settings.public_path)
    latest = registry.latest_release()
    known = latest.number if latest else 0
    try:
        number = layout.current_number()
        plan = read_plan(settings.run_path)
        if number is None or number <= known or plan is None or plan.number != number:
            return None
        manifest = read_manifest(layout.release(number))
        with index_of(layout, number) as index:
            shown = [
                PublicationRow(
                    row.id,
                    row.place.sha256.hex(),
                    row.release,
                    row.issued,
                    row.modified,
                    " ".join(index.sets_of([row.id])[row.id]),
                )
                for row in index.changed_in(number)
            ]
            removed = [
                row.record_id for row in registry.publications() if index.record(row.record_id) is None
            ]
    except Damaged:
        return None
    published_at = datetime.fromisoformat(manifest.made)
    _record(registry, manifest, shown, removed, plan.last_event, published_at, now, actor)
    forget_plan(settings.run_path)
    return number


def frame_of(settings: Settings, base: str) -> Frame:
    """What releases of this catalog show beside their records. Raises UsageError for an unknown metadata licence."""
    words = vocabulary()
    metadata_license = words.license(settings.metadata_license)
    if metadata_license is None:
        raise UsageError(
            f"the licence {settings.metadata_license!r} is not known; use an SPDX identifier such as CC0-1.0",
            where="metadata_license",
        )
    catalog = catalog_document(
        base,
        title=settings.title,
        publisher=settings.publisher_name,
        publisher_iri=settings.publisher_iri,
        metadata_license=metadata_license,
        contact=settings.contact,
    )
    return Frame(base, catalog, words.shipped_triples, _recipe(base, metadata_license))


def intact_current(layout: Layout) -> Manifest | None:
    """The manifest of the release that is shown, when its files are all there in their sizes; else None."""
    try:
        number = layout.current_number()
        if number is None:
            return None
        manifest = read_manifest(layout.release(number))
    except Damaged:
        return None
    return None if missing_files(layout, manifest) else manifest


class _Run:
    """One publication, under the lock."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        layout: Layout,
        now: datetime,
        actor: str,
        progress: Progress,
    ) -> None:
        self.settings, self.registry, self.layout = settings, registry, layout
        self.now, self.actor, self.progress = now.replace(microsecond=0), actor, progress
        self.today = calendar_day(now, settings.zone)
        self.frame = replace(frame_of(settings, registry.base), links=public_links(registry))
        self.engine: Engine = engine()
        self.latest = registry.latest_release()
        if self.latest:
            # A clock that goes back must not hide a change from who harvests by datestamp.
            self.now = max(self.now, self.latest.published_at)
        # Read first: what changes while this runs is looked at again next time.
        self.last_event = registry.last_event()
        self.made = Publication()
        self.shown: list[PublicationRow] = []
        self.removed: list[str] = []
        self.refused: dict[str, list[dict[str, str]]] = {}

    def make(self, anew: str) -> Publication:
        current = intact_current(self.layout)
        self.made.anew = anew or self._why_anew(current)
        previous = None if self.made.anew or current is None else current
        looked = self._to_look_at(previous)
        if looked is not None and not looked and not self._frame_changed(previous):
            return self._nothing()
        present = self.layout.numbers()
        number = max([*present, self.latest.number if self.latest else 0]) + 1
        with Draft(self.layout, number, previous, self.frame, self.engine, present) as draft:
            self._fill(draft, looked)
            if not draft.changed:
                return self._nothing()
            manifest = draft.seal(self.now)
            write_plan(self.settings.run_path, Plan(manifest.number, self.last_event, sorted(draft.files)))
            self.made.missing_files = link_files(self.layout, draft.files, self.settings.files_path)
        show(self.layout, manifest.number)
        _record(
            self.registry, manifest, self.shown, self.removed, self.last_event, self.now, self.now, self.actor
        )
        with suppress(OSError):  # the note spares work and nothing else
            self._note(manifest.number, manifest.hash)
        forget_plan(self.settings.run_path)
        if previous is None:
            drop_damaged(self.layout)
        keep_newest(self.layout, self.settings.keep_releases)
        if previous is None:
            sweep_files(self.layout)
        self.made.number = manifest.number
        self.made.refused = self.refused
        return self.made

    def _why_anew(self, current: Manifest | None) -> str:
        if self.latest is None:
            return "" if current is None else "the registry knows of no release"
        if current is None:
            return "the release is missing or not whole"
        if (current.number, current.hash) != (self.latest.number, self.latest.hash):
            return "the release is not the one the registry knows"
        if current.recipe != self.frame.recipe or current.engine != self.engine.name:
            return "the program, the vocabulary or a setting that all records show has changed"
        return ""

    def _to_look_at(self, previous: Manifest | None) -> list[str] | None:
        """The ids of the records that may look different now; None is all."""
        if previous is None or self.latest is None:
            return None
        look = read_look(self.settings.run_path)
        if look is None or (look.release, look.hash) != (previous.number, previous.hash):
            day = calendar_day(self.latest.published_at, self.settings.zone)
            look = Look(previous.number, previous.hash, self.latest.last_event, day)
        found = set(self.registry.changed_since(look.last_event))
        found.update(self.registry.files_due(look.day, self.today))
        if look.day != self.today:
            found.update(look.refused)
        self.refused = {key: why for key, why in look.refused.items() if key not in found}
        # Also those whose state changed while the release before was made: it may show them, and not who names them.
        events = self.registry.events(look.last_event)
        turned = {item.record_id for item in events if item.record_id and item.action not in SAME_STATE}
        with index_of(self.layout, previous.number) as index:
            for record in self.registry.records(ids=sorted(found)):
                row = index.record(record.id)
                if (row is not None and not row.withdrawn) != (record.standing.state is State.PUBLISHED):
                    turned.add(record.id)
        found.update(self.registry.referring_to(turned))
        return sorted(found)

    def _frame_changed(self, previous: Manifest | None) -> bool:
        assert previous is not None
        with index_of(self.layout, previous.number) as index:
            return (
                not same_catalog(index.meta("catalog"), self.frame) or index.meta("links") != self.frame.links
            )

    def _fill(self, draft: Draft, looked: list[str] | None) -> None:
        projector = Projector(
            self.registry, self.frame, self.settings.files_path, self.now, self.today, draft.index
        )
        seen = 0
        kept: set[str] = set()
        for deposits in self._deposits(projector, looked):
            rows = {
                row.record_id: row for row in self.registry.publications(ids=[d.record.id for d in deposits])
            }
            for deposit in deposits:
                verdict = projector.verdict(deposit, rows.get(deposit.record.id), draft.number)
                self._put(draft, verdict, rows.get(deposit.record.id))
                kept.add(deposit.record.id)
            seen += len(deposits)
            self.progress(seen)
        if looked is None:
            gone = (row.record_id for row in self.registry.publications())
            self.removed += [identifier for identifier in gone if draft.index.record(identifier) is None]
        else:
            for identifier in set(looked) - kept:
                if draft.drop(identifier):
                    self.removed.append(identifier)

    def _deposits(self, projector: Projector, looked: list[str] | None) -> Iterable[list[Deposit]]:
        visible = (State.PUBLISHED, State.WITHDRAWN)
        if looked is None:
            projector.look_at_all()
            return batches(self.registry.deposits(states=visible))
        ids = [record.id for record in self.registry.records(states=visible, ids=looked)]
        projector.look_at(looked)
        return batches(self.registry.deposits(ids=ids))

    def _put(self, draft: Draft, verdict: Verdict, before: PublicationRow | None) -> None:
        if verdict.why:
            self.refused[verdict.id] = verdict.why
        if verdict.shown is None:
            if not verdict.why and draft.drop(verdict.id):
                self.removed.append(verdict.id)
            return
        sets = " ".join(verdict.shown.sets)
        # What an older program published has its sets noted, which the world need not hear of.
        changed = before is None or before.public_sha != verdict.sha256 or before.sets != sets
        if not draft.show(verdict.shown) or not changed:
            return
        shown = verdict.shown
        self.shown.append(
            PublicationRow(shown.id, verdict.sha256, shown.release, shown.issued, shown.modified, sets)
        )
        if before is None:
            self.made.added += 1
        elif before.public_sha != verdict.sha256 or before.sets is not None:
            self.made.withdrawn += shown.withdrawn
            self.made.changed += not shown.withdrawn

    def _nothing(self) -> Publication:
        if self.latest is not None:
            self._note(self.latest.number, self.latest.hash)
        self.made.refused = self.refused
        return self.made

    def _note(self, number: int, release_hash: str) -> None:
        look = Look(number, release_hash, self.last_event, self.today, self.refused)
        write_look(self.settings.run_path, look)


def same_catalog(text: str, frame: Frame) -> bool:
    """Whether ``text`` is the catalog's own document as it is now."""
    return text == canonical_json(frame.catalog)


def _record(
    registry: Registry,
    manifest: Manifest,
    shown: list[PublicationRow],
    removed: list[str],
    last_event: int,
    published_at: datetime,
    now: datetime,
    actor: str,
) -> None:
    totals = manifest.totals
    row = ReleaseRow(
        manifest.number, manifest.hash, published_at, totals.get("records", 0), totals["triples"], last_event
    )
    registry.record_release(row, shown, removed=removed, now=now, actor=actor)


def _recipe(base: str, metadata_license: str) -> str:
    """The hash of what all triples depend on beside the documents; when it changes, everything is made anew."""
    digest = hashlib.sha256(f"{__version__}\n{RECIPE}\n{base}\n{metadata_license}\n".encode())
    root = data_root()
    for folder, pattern in (("ontology", "*.ttl"), ("ontology", "*.jsonld"), ("shapes", "*.ttl")):
        for path in sorted((root / folder).glob(pattern)):
            digest.update(f"{path.name}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
