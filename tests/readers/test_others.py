from __future__ import annotations

import bz2
import gzip
import lzma
from datetime import date
from pathlib import Path

import pytest

from catalog.inspection import inspect_file
from catalog.readers import Source, choose
from catalog.readers._others import what_else

CIF = "# a structure\ndata_global\n_chemical_name_mineral 'Copper'\nloop_\n_publ_author_name\n'X'\n"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (CIF.encode(), "CIF"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "PNG"),
        (b"<!DOCTYPE html>\n<html>", "HTML"),
        (b"data_ 1 2\n", None),
        (b"7000 0.1\n7001 0.2\n", None),
        (b"\0\1\2\3", None),
        (("#" + "x" * 60 + "\n").encode() * 1_000 + b"data_x ", None),
    ],
)
def test_what_a_file_is_that_holds_no_spectrum(tmp_path: Path, content: bytes, kind: str | None) -> None:
    path = tmp_path / "file.xdi"
    path.write_bytes(content)
    found = what_else(Source(path, path.name))
    assert (found.value if found else None) == kind
    if kind:
        assert choose(Source(path, path.name)) is None
        seen = inspect_file(path, path.name, today=date(2026, 1, 1))
        assert (seen["outcome"], [item["code"] for item in seen["findings"]]) == (
            "refuse",
            ["not-a-spectrum"],
        )
        assert kind in seen["findings"][0]["message"]


XDI = b"# XDI/1.0\n# Element.symbol: Cu\n# Element.edge: K\n# Column.1: energy eV\n#---\n8979 1\n8980 2\n"


@pytest.mark.parametrize(
    ("content", "kind", "wanted"),
    [
        (gzip.compress(XDI, mtime=0), "gzip", "unpacked"),
        (bz2.compress(XDI), "bzip2", "unpacked"),
        (lzma.compress(XDI), "xz", "unpacked"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Microsoft Office 97-2003", "XLSX"),
    ],
    ids=["gzip", "bzip2", "xz", "office"],
)
def test_what_is_wrapped_otherwise_is_told_how_to_be_handed_in(
    tmp_path: Path, content: bytes, kind: str, wanted: str
) -> None:
    path = tmp_path / "file.xdi"
    path.write_bytes(content)
    seen = inspect_file(path, path.name, today=date(2026, 1, 1))
    (found,) = seen["findings"]
    assert (seen["outcome"], found["code"], found["value"]) == ("refuse", "convert-first", kind)
    assert wanted in found["message"]
    said = what_else(Source(path, path.name))
    assert said
    assert "保存" in said.text("ja") or "展開" in said.text("ja")
