"""The example catalog of ``xafscat demo``: the bundled example deposits, ingested and published."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from catalog.approval import approve_ready
from catalog.config import SETTINGS_FILE, load_settings
from catalog.curation import withdraw
from catalog.errors import CatalogError
from catalog.intake import find, ingest
from catalog.publishing import publish
from catalog.registry import create_registry, open_registry
from catalog.resources import data_root

DEMO_BASE = "http://127.0.0.1:8000"
ACTOR = "demo"

# The deposit of this form is published and then withdrawn, so that the demo shows a tombstone.
WITHDRAWN = "withdrawn-cuo.yaml"
REASON = {
    "en": "Example of a withdrawal: the sample was mislabelled.",
    "ja": "取り下げの例: 試料名に誤りがありました。",
}

SETTINGS = """\
# Settings of the example catalog; docs/settings.md explains each.
title = {en = "xafscat example catalog", ja = "xafscat 例示カタログ"}
publisher_name.en = "xafscat example catalog (calculated example data)"
publisher_name.ja = "xafscat 例示カタログ（計算による例示データ）"
"""

Say = Callable[[str], None]


def make_demo(home: Path, *, now: datetime, base: str = DEMO_BASE, say: Say = lambda _text: None) -> bool:
    """Make the example catalog in ``home``, its IRIs below ``base``; False when there is one, which stays as it is.

    It appears whole or not at all: an interrupted start leaves nothing that the next one could mistake for it.
    """
    if (home / "registry.sqlite").exists():
        return False
    unfinished = home.with_name(home.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    (unfinished / SETTINGS_FILE).write_text(SETTINGS, encoding="utf-8")
    _fill(unfinished, base, now, say)
    if home.is_dir():
        home.rmdir()  # an empty folder is in the way; anything else is somebody's and stops us here
    unfinished.rename(home)
    return True


def _fill(home: Path, base: str, now: datetime, say: Say) -> None:
    settings = load_settings(home, environ={})
    create_registry(settings.registry_path, base, now=now, actor=ACTOR)
    with open_registry(settings.registry_path) as registry:
        found = find([data_root() / "examples" / "deposits"], settings)
        receipts = list(ingest(found, registry=registry, settings=settings, now=now, actor=ACTOR))
        stored = [receipt for receipt in receipts if receipt.result == "stored" and receipt.record_id]
        bad = [receipt for receipt in receipts if not receipt.good]
        if bad:
            raise CatalogError("an example deposit is not good", where=bad[0].file)
        say(f"{len(stored)} example deposits stored")
        ids = [receipt.record_id for receipt in stored if receipt.record_id]
        approve_ready(registry, ids, settings=settings, now=now, actor=ACTOR)
        publish(settings, registry, now=now, actor=ACTOR)
        for receipt in stored:
            if receipt.record_id and Path(receipt.file).name == WITHDRAWN:
                withdraw(registry, receipt.record_id, reason=REASON, zone=settings.zone, now=now, actor=ACTOR)
        made = publish(settings, registry, now=now, actor=ACTOR)
        say(f"release {made.number} published")
