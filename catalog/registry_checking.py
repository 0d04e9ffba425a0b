"""Whether the registry is of one piece, and says of every record what was published of it: findings for what is not.

Every change of a record has its event, and a publication looks at what has one. Where the two disagree, somebody or
something has changed the database past the catalog.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog.config import Settings
from catalog.curation import calendar_day
from catalog.findings import Finding, define, finding
from catalog.mapping import RecordDocument
from catalog.projecting import Projector
from catalog.publishing import frame_of
from catalog.registry import Deposit, Publication, Registry
from catalog.registry import Release as ReleaseRow
from catalog.registry_rows import available_of
from catalog.release_files import Layout
from catalog.release_index import index_of
from catalog.releases import Release
from catalog.states import STATE_AFTER, State

define(
    "standing-differs",
    "error",
    "The record {value} is {state} in the registry, but its events make it {expected}. Restore a backup.",
    "レコード {value} は台帳では {state} ですが、履歴では {expected} です。バックアップから復元してください。",
)
define(
    "hidden-until-differs",
    "error",
    "The record {value} would become public before the date it was scheduled for. Restore a backup.",
    "レコード {value} は予約した日付より前に公開されます。バックアップから復元してください。",
)
define(
    "attachments-differ",
    "error",
    "The files of the record {value} are not those that its document names. Restore a backup.",
    "レコード {value} のファイルが文書の記載と一致しません。バックアップから復元してください。",
)
define(
    "available-differs",
    "error",
    "The date from which the files of {value} are open is not that of its document. Restore a backup.",
    "レコード {value} のファイルの公開日が文書の記載と一致しません。バックアップから復元してください。",
)
define(
    "registry-says-otherwise",
    "error",
    "The registry says of the record {value} what was not published, and no event tells of a change. Restore a backup.",
    "レコード {value} の台帳の内容が公開内容と異なりますが、変更の履歴がありません。バックアップから復元してください。",
)


def check_records(registry: Registry) -> Iterator[Finding]:
    """Records whose state, files or dates are not what their events and their current document say."""
    for record, turn in registry.turns():
        state, expected = record.standing.state, STATE_AFTER[turn.action] if turn else State.DRAFT
        if state is not expected:
            yield finding("standing-differs", value=record.id, state=state.value, expected=expected.value)
        elif turn and turn.action == "schedule":
            until = str(record.standing.hidden_until or "")
            if until < str(turn.detail.get("hidden_until", "")):  # an update may move it to later
                yield finding("hidden-until-differs", value=record.id)
    for deposit in registry.deposits():
        if _files(deposit.document) != _attached(deposit):
            yield finding("attachments-differ", value=deposit.record.id)
        if deposit.record.available != available_of(deposit.document):
            yield finding("available-differs", value=deposit.record.id)


def check_published(
    settings: Settings,
    registry: Registry,
    release: Release,
    latest: ReleaseRow,
    shown: Mapping[str, Publication],
) -> Iterator[Finding]:
    """Records that the registry would publish otherwise than ``release`` shows them, without an event since.

    ``latest`` is what the registry noted of ``release``, ``shown`` what it noted of each record when that was the
    current one.
    """
    frame = frame_of(settings, registry.base)
    if release.manifest.recipe != frame.recipe:
        return  # another program may well say the same otherwise
    day = calendar_day(latest.published_at, settings.zone)
    otherwise = []
    with index_of(Layout(settings.public_path), release.number) as index:
        projector = Projector(registry, frame, settings.files_path, latest.published_at, day, index)
        projector.look_at_all()
        for deposit in registry.deposits():
            before = shown.get(deposit.record.id)
            verdict = projector.verdict(deposit, before, release.number)
            if (before.public_sha if before else "") != verdict.sha256:
                otherwise.append(deposit.record.id)
    # Asked last: what was changed while this looked has its event by now.
    changed = set(registry.changed_since(latest.last_event))
    changed |= registry.referring_to(changed)
    yield from (finding("registry-says-otherwise", value=each) for each in otherwise if each not in changed)


def _files(document: RecordDocument) -> set[tuple[str, str, str]]:
    return {
        (part["id"].partition("#")[2], part["file_name"], part["checksum"]["digest"])
        for spectrum in document.get("spectra", [])
        for part in spectrum.get("files", [])
    }


def _attached(deposit: Deposit) -> set[tuple[str, str, str]]:
    return {(item.part, item.name, item.sha256) for item in deposit.attachments if item.role == "data"}
