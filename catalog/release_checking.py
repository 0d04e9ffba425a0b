"""Whether a release is what the registry, its documents and its manifest say: findings for all that is not."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from catalog.authorities import authority_document, check_ownership, learned_facts
from catalog.config import Settings
from catalog.document import canonical_json
from catalog.engines import engine
from catalog.errors import CatalogError, Damaged
from catalog.findings import Finding, define, finding
from catalog.ids import record_iri
from catalog.mapping import RecordDocument, to_triples
from catalog.publishing import frame_of
from catalog.registry import Publication, Registry
from catalog.release_dumps import differences, dump, expected_dump
from catalog.release_files import Layout, changed_files, documents_hash, file_sha256, open_files
from catalog.release_frame import Frame
from catalog.release_index import index_of
from catalog.releases import Entry, Release
from catalog.states import State

# Differing triples named one by one; the rest is counted.
NAMED = 10

define(
    "release-file-changed",
    "error",
    "The file {value} is not as the manifest says. Run 'xafscat rebuild'.",
    "ファイル {value} が目録と一致しません。xafscat rebuild を実行してください。",
)
define(
    "release-hash",
    "error",
    "The documents do not add up to the release's hash {value}. Run 'xafscat rebuild'.",
    "文書がリリースのハッシュ {value} と一致しません。xafscat rebuild を実行してください。",
)
define(
    "release-count",
    "error",
    "There are {value} {what}, the manifest says {expected}. Run 'xafscat rebuild'.",
    "{what} は {value} 件ですが、目録では {expected} 件です。xafscat rebuild を実行してください。",
)
define(
    "document-unreadable",
    "error",
    "A public document cannot be read: {value}. Run 'xafscat rebuild'.",
    "公開文書を読めません: {value}。xafscat rebuild を実行してください。",
)
define(
    "document-differs",
    "error",
    "The record {value} is shown otherwise than the registry noted. Run 'xafscat rebuild'.",
    "レコード {value} の公開内容が台帳の記録と異なります。xafscat rebuild を実行してください。",
)
define(
    "record-not-noted",
    "error",
    "The record {value} is shown, but the registry never noted that. Run 'xafscat rebuild'.",
    "レコード {value} は公開されていますが、台帳に記録がありません。xafscat rebuild を実行してください。",
)
define(
    "record-not-shown",
    "error",
    "The registry noted that the record {value} is shown, but it is not. Run 'xafscat rebuild'.",
    "レコード {value} は台帳では公開済みですが、公開されていません。xafscat rebuild を実行してください。",
)
define(
    "foreign-subject-shown",
    "error",
    "A document says something of a stranger: {value}. Run 'xafscat rebuild'.",
    "文書が自分以外について述べています: {value}。xafscat rebuild を実行してください。",
)
define(
    "authority-differs",
    "error",
    "What is shown of {value} is not what the records say. Run 'xafscat rebuild'.",
    "{value} の公開内容が、レコードの記述と一致しません。xafscat rebuild を実行してください。",
)
define(
    "triple-missing",
    "error",
    "The store lacks a triple of a public document: {value} Run 'xafscat rebuild'.",
    "公開文書のトリプルがストアにありません: {value} xafscat rebuild を実行してください。",
)
define(
    "triple-extra",
    "error",
    "The store holds a triple of no public document: {value} Run 'xafscat rebuild'.",
    "どの公開文書にもないトリプルがストアにあります: {value} xafscat rebuild を実行してください。",
)
define(
    "triples-differ",
    "error",
    "{value} more triples differ between the store and the documents. Run 'xafscat rebuild'.",
    "ストアと文書で異なるトリプルがほかに {value} 件あります。xafscat rebuild を実行してください。",
)
define(
    "public-file-damaged",
    "error",
    "The open file {value} is missing from the public folder or has changed. Run 'xafscat rebuild'.",
    "公開ファイル {value} が公開フォルダーにないか、内容が変わっています。xafscat rebuild を実行してください。",
)
define(
    "public-file-unserved",
    "error",
    "The public folder holds the file {value}, which no release serves. Run 'xafscat rebuild'.",
    "どのリリースにも属さないファイル {value} が公開フォルダーにあります。xafscat rebuild を実行してください。",
)
define(
    "release-recipe",
    "warning",
    "Release {value} was made with another program, vocabulary or setting; 'xafscat publish' makes it anew.",
    "リリース {value} は、異なるプログラム・語彙・設定で作られています。xafscat publish で作り直されます。",
)
define(
    "hidden-record-shown",
    "error",
    "The record {value} is shown, though it is not public. Run 'xafscat rebuild'.",
    "レコード {value} は非公開のはずですが、公開されています。xafscat rebuild を実行してください。",
)


@dataclass(frozen=True, slots=True)
class Noted:
    """What a release is compared with, as it was while nothing was being published.

    ``shown`` is what the registry noted of each record, ``visible`` the ids of the records that may be shown,
    ``unserved`` the hashes of the public files that no release on disk serves.
    """

    shown: dict[str, Publication]
    visible: frozenset[str]
    unserved: tuple[str, ...]

    @classmethod
    def now(cls, registry: Registry, layout: Layout) -> Noted:
        """The state of this moment; the caller holds the lock of publishing."""
        shown = {row.record_id: row for row in registry.publications()}
        visible = frozenset(
            record.id for record in registry.records(states=(State.PUBLISHED, State.WITHDRAWN))
        )
        present = {path.name for path in (layout.public / "files").glob("??/*")}
        for number in layout.numbers():
            with suppress(Damaged), index_of(layout, number) as index:
                present.difference_update(index.served())
        return cls(shown, visible, tuple(sorted(present)))


def check_release(
    settings: Settings, base: str, release: Release, noted: Noted, progress: Callable[[int], None]
) -> Iterator[Finding]:
    """All that is wrong with a release; reads every byte of it. ``progress`` is told the number of records done."""
    manifest = release.manifest
    damaged = changed_files(Layout(settings.public_path), manifest)
    yield from (finding("release-file-changed", value=f"{release.number}/{name}") for name in damaged)
    frame = frame_of(settings, base)
    seen = _Seen()
    yield from _records(noted, release, seen, progress)
    if seen.unreadable:
        return
    for what, count in (("records", seen.records), ("withdrawn", seen.withdrawn)):
        if count != manifest.totals.get(what, 0):
            stated = str(manifest.totals.get(what, 0))
            yield finding("release-count", value=str(count), what=what, expected=stated)
    yield from _authorities(release, seen)
    if documents_hash(manifest.recipe, release.catalog, seen.hashes, release.links) != manifest.hash:
        yield finding("release-hash", value=manifest.hash)
    yield from _files(Layout(settings.public_path), seen.served, noted.unserved)
    if manifest.recipe != frame.recipe:
        yield finding("release-recipe", value=str(release.number))
    elif not any(name.startswith("store/") for name in damaged):
        yield from _store(release, frame, settings.run_path)


@dataclass(slots=True)
class _Seen:
    """What the documents of a release add up to."""

    records: int = 0
    withdrawn: int = 0
    unreadable: bool = False
    hashes: list[bytes] = field(default_factory=list)
    served: set[str] = field(default_factory=set)
    learned: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, entry: Entry, curves: Iterable[str], base: str) -> None:
        """Count a record that could be read."""
        if entry.state == "published":
            self.records += 1
        else:
            self.withdrawn += 1
        self.hashes.append(bytes.fromhex(entry.sha256))
        self.served.update(open_files(entry.document), curves)
        for iri, text in set(learned_facts(entry.document, base)):
            self.learned.setdefault(iri, Counter())[text] += 1


def _records(
    noted: Noted, release: Release, seen: _Seen, progress: Callable[[int], None]
) -> Iterator[Finding]:
    unseen = dict(noted.shown)
    for row in release.all_rows():
        progress(seen.records + seen.withdrawn)
        if row.id not in noted.visible:
            yield finding("hidden-record-shown", value=row.id)
        publication = unseen.pop(row.id, None)
        try:
            entry = release.record(row.id)
        except Damaged as error:
            seen.unreadable = True
            yield finding("document-unreadable", value=str(error))
            continue
        assert entry is not None  # its row was just read
        yield from _entry(entry, publication, release.base)
        seen.add(entry, release.curves(row.id).values(), release.base)
    yield from (finding("record-not-shown", value=identifier) for identifier in sorted(unseen))


def _entry(entry: Entry, noted: Publication | None, base: str) -> Iterator[Finding]:
    if noted is None:
        yield finding("record-not-noted", value=entry.id)
    elif (noted.public_sha, noted.issued, noted.datestamp) != (entry.sha256, entry.issued, entry.datestamp):
        yield finding("document-differs", value=entry.id)
    try:
        check_ownership(record_iri(base, entry.id), to_triples(entry.document), base)
    except CatalogError as error:
        yield finding("foreign-subject-shown", value=str(error))


def _authorities(release: Release, seen: _Seen) -> Iterator[Finding]:
    expected = {iri: authority_document(iri, facts.items()) for iri, facts in seen.learned.items()}
    shown: dict[str, RecordDocument] = {document["id"]: document for document in release.authorities()}
    for iri in sorted(expected.keys() | shown.keys()):
        if expected.get(iri) != shown.get(iri):
            yield finding("authority-differs", value=iri)
    seen.hashes += [hashlib.sha256(canonical_json(document).encode()).digest() for document in shown.values()]


def _files(layout: Layout, served: set[str], unserved: Iterable[str]) -> Iterator[Finding]:
    for sha in sorted(served):
        path = layout.file(sha)
        if not path.is_file() or file_sha256(path) != sha:
            yield finding("public-file-damaged", value=sha)
    yield from (finding("public-file-unserved", value=sha) for sha in unserved)


def _store(release: Release, frame: Frame, scratch: Path) -> Iterator[Finding]:
    store = engine(release.manifest.engine).read(release.store_path)
    try:
        count, stated = store.count(), release.manifest.totals["triples"]
    finally:
        store.close()
    if count != stated:
        yield finding("release-count", value=str(count), what="triples", expected=str(stated))
    more = 0
    for number, (kind, line) in enumerate(
        differences(expected_dump(release, frame, scratch), dump(release, scratch))
    ):
        if number < NAMED:
            yield finding(f"triple-{kind}", value=line)
        else:
            more += 1
    if more:
        yield finding("triples-differ", value=str(more))
