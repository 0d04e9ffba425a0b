"""Verification: registry, files, release, manifest, index and store compared; and the release made anew.

Nothing here relies on the store: it is derived, and can be made again at any time. What ``rebuild`` makes has
the same documents, the same hash and the same canonical dump as the release made step by step, but for the
triple with its own, higher number.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from catalog.authorities import release_triple
from catalog.config import Settings
from catalog.engines import engine
from catalog.errors import CatalogError, Damaged
from catalog.filestore import FileStore
from catalog.findings import Finding, define, finding
from catalog.publishing import WAIT_S, Progress, Publication, adopt, make_release
from catalog.registry import Registry
from catalog.registry_checking import check_published, check_records
from catalog.release_checking import Noted, check_release
from catalog.release_files import UNFINISHED, Layout
from catalog.release_upkeep import publishing_lock, sweep
from catalog.releases import NoRelease, Release, open_current

define(
    "registry-damaged",
    "error",
    "The registry is damaged: {value}. Restore a backup.",
    "台帳が壊れています: {value}。バックアップから復元してください。",
)
define(
    "stored-file-damaged",
    "error",
    "The stored file {value} is missing or has changed. Restore it from a backup.",
    "保管ファイル {value} がないか、内容が変わっています。バックアップから復元してください。",
)
define(
    "no-release-shown",
    "error",
    "The registry knows release {value}, but none is shown. Run 'xafscat rebuild'.",
    "台帳にはリリース {value} がありますが、公開されていません。xafscat rebuild を実行してください。",
)
define(
    "release-unreadable",
    "error",
    "The release cannot be opened: {value}. Run 'xafscat rebuild'.",
    "リリースを開けません: {value}。xafscat rebuild を実行してください。",
)
define(
    "release-behind",
    "error",
    "Release {value} is shown, the registry knows release {expected}. Run 'xafscat rebuild'.",
    "公開中のリリースは {value} ですが、台帳では {expected} です。xafscat rebuild を実行してください。",
)
define(
    "debris",
    "warning",
    "An interrupted publication left {value}; the next 'xafscat publish' removes it.",
    "中断された公開処理の残り {value} があります。次の xafscat publish で削除されます。",
)


def verify(
    settings: Settings, registry: Registry, *, progress: Progress | None = None, wait_s: float = WAIT_S
) -> list[Finding]:
    """Everything that does not agree: nothing when all is well.

    Reads every stored file, document and triple; ``progress`` is told the number of records done. Changes
    nothing. Raises Conflict when a publication does not end within ``wait_s`` seconds.
    """
    found = [finding("registry-damaged", value=text) for text in registry.problems()]
    whole = not found
    if whole:
        found += check_records(registry)
    found += _stored_files(FileStore(settings.files_path), registry)
    layout = Layout(settings.public_path)
    with publishing_lock(settings.run_path, wait_s):
        debris = sorted(path.name for path in layout.releases.glob(f"*{UNFINISHED}"))
        found += [finding("debris", value=name) for name in debris]
        latest = registry.latest_release()
        try:
            release = open_current(settings.public_path)
        except NoRelease:
            return [*found, finding("no-release-shown", value=str(latest.number))] if latest else found
        except CatalogError as error:
            return [*found, finding("release-unreadable", value=str(error))]
        noted = Noted.now(registry, layout)
    # The release never changes, so that others may publish from here on.
    if latest is None or (latest.number, latest.hash) != (release.number, release.hash):
        expected = f"{latest.number} ({latest.hash[:12]})" if latest else "none"
        shown = f"{release.number} ({release.hash[:12]})"
        found.append(finding("release-behind", value=shown, expected=expected))
    elif latest.triples != release.manifest.totals["triples"]:
        stated = str(release.manifest.totals["triples"])
        found.append(
            finding(
                "release-count", value=str(latest.triples), what="triples in the registry", expected=stated
            )
        )
    try:
        found += check_release(settings, registry.base, release, noted, progress or (lambda _: None))
        if whole and latest is not None and latest.number == release.number:
            found += check_published(settings, registry, release, latest, noted.shown)
    except Damaged as error:
        found.append(finding("release-unreadable", value=str(error)))
    finally:
        release.close()
    return found


def rebuild(
    settings: Settings,
    registry: Registry,
    *,
    now: datetime,
    actor: str,
    progress: Progress | None = None,
    wait_s: float = WAIT_S,
) -> Publication:
    """Make a release from the registry alone, by bulk load, and show it.

    It gets the next number, since a release never changes; its hash is that of the one before when the
    documents are the same, and no record's date changes then. What became public meanwhile is in it.
    """
    return make_release(
        settings, registry, now=now, actor=actor, progress=progress, wait_s=wait_s, anew="asked to"
    )


def check_at_start(
    settings: Settings, registry: Registry, *, now: datetime, actor: str, wait_s: float = WAIT_S
) -> Publication | None:
    """Make sure that the release that is shown is whole and the one the registry knows; before serving it.

    Sweeps what an interrupted publication left and tells the registry of a release it had shown. Then looks at
    the sizes of all files, at the index, and at the release number in the store: a store that lost its tail in a
    power cut does not have it. When anything is wrong, rebuilds and gives what was made; None when all is
    well or nothing has been published yet.
    """
    layout = Layout(settings.public_path)
    with publishing_lock(settings.run_path, wait_s):
        sweep(layout, settings.run_path)
        adopt(settings, registry, now=now, actor=actor)
    latest = registry.latest_release()
    if latest is None:
        return None
    reason = ""
    try:
        release = open_current(settings.public_path)
        try:
            if (release.number, release.hash) != (latest.number, latest.hash):
                reason = f"release {release.number} is shown, the registry knows {latest.number}"
            elif not _says_its_number(release):
                reason = "the store does not say which release it holds"
        finally:
            release.close()
    except CatalogError as error:
        reason = str(error)
    if not reason:
        return None
    return make_release(settings, registry, now=now, actor=actor, wait_s=wait_s, anew=reason)


def _stored_files(files: FileStore, registry: Registry) -> Iterator[Finding]:
    for sha, size in registry.blobs():
        try:
            same = files.verify(sha).size == size
        except CatalogError:
            same = False
        if not same:
            yield finding("stored-file-damaged", value=sha)


def _says_its_number(release: Release) -> bool:
    store = engine(release.manifest.engine).read(release.store_path)
    try:
        return store.holds(release_triple(release.base, release.number))
    finally:
        store.close()
