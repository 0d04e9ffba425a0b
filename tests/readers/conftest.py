"""An example XDI file for the tests of its reader, whole or with entries changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.readers import Reading, Source
from catalog.readers.xdi import READER

HEADER = [
    "# XDI/1.0 GSE/1.0",
    "# Column.1: energy eV",
    "# Column.2: i0",
    "# Column.3: itrans",
    "# Column.4: mutrans",
    "# Element.symbol: Cu",
    "# Element.edge: K",
    "# Scan.edge_energy: 8980.0",
    "# Mono.name: Si 111",
    "# Mono.d_spacing: 3.13553",
    "# Beamline.name: 13ID",
    "# Beamline.focusing: yes",
    "# Facility.name: APS",
    "# Facility.energy: 7.00 GeV",
    "# Facility.xray_source: APS Undulator A",
    "# Scan.start_time: 2001-06-26T22:27:31",
    "# Detector.I0: 10cm  N2",
    "# Sample.name: Cu",
    "# Sample.prep: Cu metal foil",
    "# GSE.EXTRA:  config 1",
    "# ///",
    "# Cu foil Room Temperature",
    "# measured at beamline 13-ID",
    "#----",
    "# energy i0 itrans mutrans",
]
ROWS = [
    "  8779.0  149013.7  550643.089065  -1.3070486",
    "  8789.0  144864.7  531876.119084  -1.3006104",
    "  8999.50  132978.7  489591.10592  -1.3033816",
]


class Xdi:
    """Makes XDI files in a folder of the test and reads them."""

    header, rows = HEADER, ROWS

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(
        self,
        *extra: str,
        drop: str | tuple[str, ...] = (),
        rows: list[str] | None = None,
        first: str = HEADER[0],
    ) -> str:
        """The example with ``extra`` entries after its first line and without header lines that start with ``drop``."""
        kept = [line for line in HEADER[1:] if not (drop and line.startswith(drop))]
        lines = [first, *[f"# {entry}" for entry in extra], *kept, *(ROWS if rows is None else rows)]
        return "\n".join(lines) + "\n"

    def swapped(self, key: str, value: str) -> str:
        """The example with the value of ``key`` replaced."""
        return self.text(f"{key}: {value}", drop=f"# {key}:")

    def source(self, content: str | bytes, name: str = "file.xdi", given: str | None = None) -> Source:
        """A file of that content, and the name it is given by."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Source(path, given or name)

    def read(self, content: str | bytes, given: str | None = None) -> Reading:
        """What the reader makes of that content."""
        return READER.read(self.source(content, given=given))


@pytest.fixture
def xdi(tmp_path: Path) -> Xdi:
    return Xdi(tmp_path)
