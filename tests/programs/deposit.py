"""Saves deposits with a file each until it is told to stop or killed; one line of JSON for each that is saved.

Arguments: the home folder, a prefix for ids, how many calls (0: for ever), deposits in a call.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from catalog.filestore import FileStore
from catalog.registry import Attachment, NewDeposit, open_registry

NOW = datetime(2026, 5, 2, tzinfo=UTC)


def main() -> None:
    home, prefix, calls, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    files = FileStore(home / "files")
    with open_registry(home) as registry:
        print(json.dumps({"ready": os.getpid()}), flush=True)
        for call in itertools.count():
            if calls and call == calls:
                break
            batch = []
            for item in range(size):
                record_id = f"{prefix}-{call:05}-{item:03}"
                blob = files.put_bytes(record_id.encode() * 2000)
                attached = Attachment(
                    "spectrum-1.file-1", "data", "a.xdi", blob.sha256, blob.size, "text/plain"
                )
                document = {"id": f"{registry.base}/record/{record_id}", "title": {"en": record_id}}
                batch.append(
                    NewDeposit(
                        record_id, document, {}, {}, blob.sha256, f"{record_id}.xdi", attachments=[attached]
                    )
                )
            asked = time.perf_counter()
            saved = registry.save_deposits(batch, now=NOW, actor=prefix)
            done = {
                "ids": [each.record_id for each in saved],
                "sha256": [each.source_sha256 for each in batch],
                "seconds": time.perf_counter() - asked,
            }
            print(json.dumps(done), flush=True)


main()
