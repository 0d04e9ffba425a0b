"""Opens the current release again and again until its input ends; prints what it saw and every disagreement.

Usage: read.py PUBLIC
"""

from __future__ import annotations

import json
import select
import sys
from pathlib import Path

from catalog.authorities import release_triple
from catalog.engines import engine
from catalog.errors import CatalogError, Damaged
from catalog.release_files import Layout
from catalog.release_watching import ReleaseWatcher
from catalog.releases import NoRelease, Release, open_current


def main(public: Path) -> None:
    watcher = ReleaseWatcher(public)
    opened, numbers, problems = 0, set(), []
    newest = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        try:
            release = open_current(public)
        except NoRelease:
            continue
        except CatalogError as error:
            problems.append(str(error))
            continue
        opened += 1
        numbers.add(release.number)
        if release.number < newest:
            problems.append(f"release {release.number} after {newest}")
        newest = max(newest, release.number)
        try:
            problems += disagreements(release)
        except Damaged as error:
            # Removed as an old one while it was read: no disagreement.
            if release.number in Layout(public).numbers():
                problems.append(str(error))
        release.close()
        if watcher().number < newest:
            problems.append(f"the watcher stayed at {watcher().number}, {watcher.problem}")
    print(json.dumps({"opened": opened, "releases": len(numbers), "problems": problems[:20]}))


def disagreements(release: Release) -> list[str]:
    """What store, index, manifest and documents of one release say differently."""
    number, totals = release.number, release.manifest.totals
    found = []
    store = engine().read(release.store_path)
    try:
        count = store.count()
        if not store.holds(release_triple(release.base, number)):
            found.append(f"{number}: the store is of another release")
        if count != totals["triples"]:
            found.append(f"{number}: {count} triples, not {totals['triples']}")
        listed = {
            row[0].value.rpartition("/")[2]
            for row in store.query("SELECT ?r { ?c <http://www.w3.org/ns/dcat#dataset> ?r }")
        }
    finally:
        store.close()
    entries = list(release.entries())
    published = {entry.id for entry in entries if entry.state == "published"}
    if listed != published:
        found.append(f"{number}: store and index list other records: {listed ^ published}")
    counts = (totals.get("records", 0), totals.get("withdrawn", 0))
    if counts != (len(published), len(entries) - len(published)):
        found.append(f"{number}: {len(entries)} records, not {counts}")
    found += [
        f"{number}: {entry.id} has no open file"
        for entry in entries
        if entry.state == "published" and not all(file.path.is_file() for file in release.files(entry.id))
    ]
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
