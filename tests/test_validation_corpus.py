"""Which level each open XDI file reaches, and what is most often missing: a table to be looked at when it changes.

``XAFSCAT_WRITE_LEVELS=1 pytest tests/test_validation_corpus.py`` writes it anew.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from catalog.defaults import load_defaults
from catalog.document import Origin
from catalog.inspection import ASSESSED, assess, look
from catalog.normalise_values import StoredFile
from catalog.projection import public_document
from catalog.validation import Report, validate

DATA = Path(__file__).parent / "data"
TABLE = DATA / "levels-xdi.csv"
COMMONEST = DATA / "levels-xdi-findings.csv"
FOLDERS = ("xdi-spec/data", "xdi-xaslib", "xdi-bmm", "xdi-misc")


@pytest.fixture(scope="module")
def reports(request: pytest.FixtureRequest) -> dict[str, Report | None]:
    """The report for each file as ingest would store it; None for what is refused."""
    shared: Path = request.getfixturevalue("shared")
    return judge(shared / "data" / "corpus")


@cache
def judge(corpus: Path) -> dict[str, Report | None]:
    defaults = load_defaults(DATA / "corpus-defaults.yaml")
    judged: dict[str, Report | None] = {}
    for path in sorted(path for folder in FOLDERS for path in (corpus / folder).rglob("*.xdi")):
        name = path.relative_to(corpus).as_posix()
        reading = look(path, name).reading
        if reading is None:
            judged[name] = None
            continue
        (form,) = reading.forms
        defaults.apply(form, reading, name)
        form.put("/spectra/0/files/0", path.name, Origin("header", path.name))
        content = path.read_bytes()
        stored = StoredFile(hashlib.sha256(content).hexdigest(), len(content), "text/plain")
        today = date(2026, 11, 20)
        document = assess(form, today=today, attachments={path.name: stored}).document
        public = public_document(document, ASSESSED, today, lambda _iri: True)
        assert public is not None
        # All that keeps a file from the highest level, not only from the next.
        (judged[name],) = validate([public], required="reference")
    return judged


def level(report: Report | None) -> str:
    return "refused" if report is None else report.levels[-1] if report.levels else "none"


def table(reports: dict[str, Report | None]) -> str:
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["file", "level"])
    lines.writerows([name, level(report)] for name, report in reports.items())
    return out.getvalue()


def commonest(reports: dict[str, Report | None]) -> str:
    """The ten findings of the most files, of all levels."""
    counted: Counter[str] = Counter()
    for report in reports.values():
        if report is not None:
            counted.update({item.code for item in report.findings})
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["code", "files"])
    lines.writerows(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:10])
    return out.getvalue()


@pytest.mark.skipif(not os.environ.get("XAFSCAT_WRITE_LEVELS"), reason="the table is only compared")
def test_write_the_table(reports: dict[str, Report | None]) -> None:
    TABLE.write_text(table(reports), encoding="utf-8")
    COMMONEST.write_text(commonest(reports), encoding="utf-8")


def test_every_file_reaches_the_level_of_the_table(reports: dict[str, Report | None]) -> None:
    assert table(reports) == TABLE.read_text(encoding="utf-8")


def test_the_ten_commonest_findings_are_those_of_the_table(reports: dict[str, Report | None]) -> None:
    assert commonest(reports) == COMMONEST.read_text(encoding="utf-8")
