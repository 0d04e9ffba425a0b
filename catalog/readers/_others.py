"""Files that people hand in beside their spectra and that hold none: told, so that the refusal says what they are."""

from __future__ import annotations

import re

from catalog.findings import Finding, define, finding
from catalog.readers import Source
from catalog.readers._encoding import decode_head
from catalog.wording import Words

define(
    "not-a-spectrum",
    "error",
    "The file is {value} and holds no spectrum. Name it in files: of a deposit form if it belongs to one.",
    "このファイルは {value} で、スペクトルではありません。登録に含める場合は登録票の files: に書いてください。",
)
define(
    "convert-first",
    "error",
    "Files of the kind {value} are not read. Hand in {wanted} instead.",
    "{value} のファイルは読めません。代わりに{wanted}を渡してください。",
)

_SIGNATURES = (
    (b"%PDF-", "PDF"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)
_UNPACKED = Words("the unpacked file", "展開したファイル")
_TABLE = Words("a table saved as XLSX or CSV", "XLSX または CSV で保存した表")
# What may well hold deposits, in a wrapping that is not opened here; zip and tar are where archives are walked.
_OTHERWISE = (
    (30, b"mimetypeapplication/vnd.oasis.opendocument", "OpenDocument", _TABLE),
    (0, b"PK\x03\x04", "zip", _UNPACKED),
    (257, b"ustar", "tar", _UNPACKED),
    (0, b"\x1f\x8b", "gzip", _UNPACKED),
    (0, b"BZh", "bzip2", _UNPACKED),
    (0, b"\xfd7zXZ\0", "xz", _UNPACKED),
    (0, b"\x28\xb5\x2f\xfd", "zstd", _UNPACKED),
    (0, b"7z\xbc\xaf\x27\x1c", "7z", _UNPACKED),
    (0, b"Rar!\x1a\x07", "RAR", _UNPACKED),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Microsoft Office 97-2003", _TABLE),
)
_CIF = re.compile(r"\s*(?:#[^\n]*\n\s*)*data_\S*\s")
_CIF_TAG = re.compile(r"(?m)^_(?:cell|chemical|publ|journal|cod_database|symmetry|space_group)_")
_HTML = re.compile(r"\s*(?:<!doctype html|<html)", re.IGNORECASE)


def what_else(source: Source) -> Finding | None:
    """The finding that says what a file is that no reader knows; None where that is not known either."""
    head = source.head
    for start, signature, name, wanted in _OTHERWISE:
        if head.startswith(signature, start) and not (name == "zip" and b"[Content_Types].xml" in head):
            return finding("convert-first", file=source.name, value=name, wanted=wanted)
    kind = next((name for signature, name in _SIGNATURES if head.startswith(signature)), "")
    text = "" if kind else decode_head(head) or ""
    if _CIF.match(text) and _CIF_TAG.search(text):
        kind = "CIF"
    elif _HTML.match(text):
        kind = "HTML"
    return finding("not-a-spectrum", file=source.name, value=kind) if kind else None
