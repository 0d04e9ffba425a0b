"""What keeps the public folder in order: the lock of publishing, its notes, and the removal of what is not needed.

The notes lie in the private ``run`` folder and may be lost: then more is looked at than need be, and nothing else.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from catalog.errors import Conflict, Damaged
from catalog.packs import blank, pack_numbers, pack_path
from catalog.release_files import INDEX, UNFINISHED, Layout, manifests, missing_files, remove, write_whole
from catalog.release_index import index_of

LOCK, PLAN, LOOK = "publish.lock", "publishing.plan", "publishing.json"
LOCK_POLL_S = 0.05
# A reader that has just looked at the link must find what it leads to.
FEWEST_RELEASES = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """A release about to be shown: its number, the last event it has seen, the files it adds to the public folder."""

    number: int
    last_event: int
    files: list[str]


@dataclass(frozen=True, slots=True)
class Look:
    """How far publishing has looked: up to which event and day, for which release, and what it refused.

    ``refused`` maps a record id to the sentences that say why, in ``en`` and ``ja``.
    """

    release: int
    hash: str
    last_event: int
    day: date
    refused: dict[str, list[dict[str, str]]] = field(default_factory=dict)


@contextmanager
def publishing_lock(run: Path, wait_s: float) -> Iterator[None]:
    """Only one process at a time changes the public folder. Raises Conflict after waiting ``wait_s`` seconds."""
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(run / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + wait_s
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Conflict(
                        "another command is publishing or verifying; wait for it to end and try again",
                        where=str(run / LOCK),
                    ) from None
                time.sleep(LOCK_POLL_S)
        yield
    finally:
        os.close(descriptor)


def write_plan(run: Path, plan: Plan) -> None:
    """Note what is about to be shown, durably."""
    write_whole(run / PLAN, json.dumps(asdict(plan)))


def read_plan(run: Path) -> Plan | None:
    """The plan of a publication that did not end; None when there is none."""
    content = _read(run / PLAN)
    return Plan(**content) if content else None


def forget_plan(run: Path) -> None:
    """The publication has ended."""
    (run / PLAN).unlink(missing_ok=True)


def write_look(run: Path, look: Look) -> None:
    """Note how far publishing has looked."""
    write_whole(run / LOOK, json.dumps({**asdict(look), "day": look.day.isoformat()}, ensure_ascii=False))


def read_look(run: Path) -> Look | None:
    """How far publishing has looked; None when nobody noted it."""
    content = _read(run / LOOK)
    return Look(**{**content, "day": date.fromisoformat(content["day"])}) if content else None


def sweep(layout: Layout, run: Path) -> list[str]:
    """Remove what interrupted publications left, and say what; call it with the lock held.

    That is every unfinished folder, every release that was never shown, packs nobody refers to, and files
    that were to be served but never were.
    """
    removed = []
    for path in sorted(layout.releases.glob(f"*{UNFINISHED}")):
        remove(path)
        removed.append(path.name)
    layout.current.with_name(layout.current.name + UNFINISHED).unlink(missing_ok=True)
    with suppress(Damaged):
        current = layout.current_number()
        for number in layout.numbers():
            if current is None or number > current:
                remove(layout.release(number))
                removed.append(str(number))
    kept = manifests(layout)
    # A release without a readable manifest may still need its packs: rebuild decides.
    if len(kept) == len(layout.numbers()):
        used = {int(number) for manifest in kept.values() for number in manifest.documents}
        present = set(pack_numbers(layout.documents))
        for number in present - used:
            pack_path(layout.documents, number).unlink()
            removed.append(pack_path(layout.documents, number).name)
        # Documents that were written after the last release was sealed, and never shown.
        for number in present & used:
            end = max(manifest.documents.get(str(number), 0) for manifest in kept.values())
            if pack_path(layout.documents, number).stat().st_size > end:
                os.truncate(pack_path(layout.documents, number), end)
                removed.append(f"the end of {pack_path(layout.documents, number).name}")
    plan = read_plan(run)
    if plan and plan.number not in kept:
        removed += _unlink_unserved(layout, plan.files, list(kept))
        forget_plan(run)
    return removed


def keep_newest(layout: Layout, keep: int) -> list[int]:
    """Remove all but the newest releases, and every document and file that only removed ones had; their numbers.

    Whenever it is interrupted, the next call ends the work.
    """
    numbers = layout.numbers()
    removed = []
    while len(numbers) > max(keep, FEWEST_RELEASES):
        oldest, following = numbers[0], numbers[1]
        if (layout.release(following) / INDEX).is_file():
            with index_of(layout, following) as index:
                superseded, unserved = index.superseded(), index.unserved()
            for pack, offset, length in superseded:
                blank(layout.documents, pack, offset, length)
            _unlink_unserved(layout, unserved, numbers[1:])
        remove(layout.release(oldest))
        removed.append(oldest)
        numbers = numbers[1:]
    if removed:
        used = {int(number) for manifest in manifests(layout).values() for number in manifest.documents}
        for number in set(pack_numbers(layout.documents)) - used:
            pack_path(layout.documents, number).unlink()
    return removed


def drop_damaged(layout: Layout) -> list[int]:
    """Remove the releases that cannot be opened any more, except the one that is shown; their numbers."""
    kept, current, removed = manifests(layout), layout.current_number(), []
    for number in layout.numbers():
        damaged = number not in kept or missing_files(layout, kept[number])
        if damaged and number != current:
            remove(layout.release(number))
            removed.append(number)
    return removed


def sweep_files(layout: Layout) -> list[str]:
    """Remove the public files that no release on disk serves; looks at every one of them."""
    present = [path.name for path in (layout.public / "files").glob("??/*")]
    readable = [number for number in layout.numbers() if (layout.release(number) / INDEX).is_file()]
    return _unlink_unserved(layout, present, readable)


def _unlink_unserved(layout: Layout, files: list[str], numbers: list[int]) -> list[str]:
    removed = []
    candidates = set(files)
    for number in numbers:
        if not candidates:
            break
        if not (layout.release(number) / INDEX).is_file():
            return []
        with index_of(layout, number) as index:
            candidates = {sha for sha in candidates if not index.serves(sha)}
    for sha in sorted(candidates):
        with suppress(FileNotFoundError):
            layout.file(sha).unlink()
            removed.append(sha)
    return removed


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content
