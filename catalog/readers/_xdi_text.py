"""The text of an XDI file: encoding, line ends and trailers, and the version line that tells the format."""

from __future__ import annotations

import re

from catalog.errors import UnreadableInput
from catalog.wording import Sentence

_VERSION_BYTES = re.compile(rb"(?:\xef\xbb\xbf)?[ \t]*#[ \t]*XDI/[0-9]", re.IGNORECASE)
_VERSION = re.compile(r"[ \t]*#[ \t]*XDI/([0-9]+\.[0-9]+)(?![0-9.])(.*)", re.IGNORECASE)
_KANA = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]")
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def is_xdi(head: bytes) -> bool:
    """Whether the first bytes of a file are an XDI version line, after a byte order mark if there is one."""
    if head[:2] in _UTF16:
        head = head[2:1026].decode(_UTF16[head[:2]], errors="replace").encode()
    return _VERSION_BYTES.match(head) is not None


def version(line: str) -> tuple[str, str] | None:
    """Version and application text of a version line, for example ("1.1", "Epics StepScan File / 2.0")."""
    match = _VERSION.fullmatch(line)
    return (match[1], match[2].strip()) if match else None


def decode(content: bytes, name: str) -> tuple[str, str]:
    """Text and encoding of a file, without byte order mark and without what follows a Ctrl-Z.

    XDI is ASCII or UTF-8; for other files the choice between Shift_JIS and Windows-1252 follows what the bytes
    would say. Raises UnreadableInput for binary content.
    """
    if content[:2] in _UTF16:
        encoding = _UTF16[content[:2]]
        try:
            return _trimmed(content[2:].decode(encoding), name), encoding
        except UnicodeDecodeError as error:
            raise UnreadableInput(
                Sentence("the file is no valid UTF-16 text; save it as UTF-8"), where=name
            ) from error
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return _trimmed(content.decode("utf-8"), name), "utf-8"
    except UnicodeDecodeError:
        # A binary body is told by its NUL bytes before its characters are guessed at.
        encoding = _legacy_encoding(content)
        return _trimmed(content.decode(encoding), name), encoding


def _trimmed(text: str, name: str) -> str:
    # DOS programs end a file with Ctrl-Z and may pad the last block with NUL.
    text = text.partition("\x1a")[0].rstrip("\0")
    position = text.find("\0")
    if position >= 0:
        line = len(re.findall("\r\n|\r|\n", text[:position])) + 1
        raise UnreadableInput(
            Sentence("the line holds NUL bytes: this is no text file, or it was damaged"),
            where=f"{name}:{line}",
        )
    return text


def _legacy_encoding(content: bytes) -> str:
    try:
        text = content.decode("cp932")
    except UnicodeDecodeError:
        text = ""
    # Nearly any byte is half-width kana in Shift_JIS: only full-width signs are evidence.
    if len(_KANA.findall(text)) > len(_HALF_WIDTH_KANA.findall(text)):
        return "cp932"
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"
