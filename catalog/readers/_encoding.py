"""The text of a file that states no encoding: chosen by evidence, and said.

Byte order mark, then strict UTF-8; what is left is Shift_JIS (cp932) or a Western encoding (cp1252, latin-1). Nearly
any bytes are valid in all of these, so the one under which they say more wins, not the first that fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.errors import UnreadableInput
from catalog.findings import Finding, define, finding
from catalog.wording import Sentence

define(
    "text-encoding",
    "info",
    "The text is not UTF-8; it was read as {value}. Save the file as UTF-8 if words look wrong.",
    "文字コードが UTF-8 ではないため {value} として読みました。文字化けがあれば UTF-8 で保存してください。",
)

# libxdi reads lines of up to 8,192 characters; a table of a thousand detector channels needs more.
MAX_LINE = 65_536
MAX_LINES = 2_000_000

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# A DOS program may leave the rest of its last block behind the Ctrl-Z; more than that is content.
_MAX_PADDING = 512
# The choice is made on the first so many bytes that are not ASCII.
_EVIDENCE = 4_096
_LINE_END = re.compile(b"\r\n|\r|\n")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_SJIS_RUN = re.compile(rb"(?:[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]|[\xa1-\xdf])+")
_SJIS_SIGN = re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]|[\xa1-\xdf]")
# Letters of Western European languages, and the signs of measurement beside them.
_WESTERN = frozenset("éèêëàâäáãåçôöóòõøûüúùîïíìñÿýßæœÉÈÊËÀÂÄÁÃÅÇÔÖÓÒÕØÛÜÚÙÎÏÍÌÑÆŒ°µ·±²³¹¼½¾×÷ª º«»§©®")
_WESTERN_ALONE = frozenset("–—‘’“”•…€™‰†")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text without byte order mark, Ctrl-Z or what follows it, and the encoding it was in.

    ``encoding`` is ``ascii``, ``utf-8``, ``utf-16-le``, ``utf-16-be``, ``utf-32-le``, ``utf-32-be``, ``cp932``,
    ``cp1252`` or ``latin-1``. Line ends stand as they were.
    """

    text: str
    encoding: str


def decode(content: bytes, name: str = "") -> Decoded:
    """The text of a file. Raises UnreadableInput, with the line, for binary content and damaged UTF-16 or -32."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return Decoded(_trimmed(content[len(mark) :].decode(encoding), name), encoding)
            except UnicodeDecodeError as error:
                shown = encoding.upper()
                raise UnreadableInput(
                    Sentence(
                        "the file begins as {shown} but is no valid {shown} text; save it as UTF-8",
                        shown=shown,
                    ),
                    where=name,
                ) from error
    content = _before_end_mark(content, name)
    if content.isascii():
        return Decoded(_trimmed(content.decode("ascii"), name), "ascii")
    try:
        return Decoded(_trimmed(content.decode("utf-8"), name), "utf-8")
    except UnicodeDecodeError:
        _refuse_binary(content, name)
    encoding = _legacy_encoding(content)
    return Decoded(_trimmed(content.decode(encoding), name), encoding)


def decode_head(head: bytes) -> str | None:
    """The beginning of a file as text, for telling its format; None for what holds NUL bytes. Never raises.

    The last line may be cut, and within it the last character may be wrong.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    head = head.partition(b"\x1a")[0].rstrip(b"\0")
    if b"\0" in head:
        return None
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(head) - 4 and error.reason == "unexpected end of data":
            return head[: error.start].decode("utf-8")
    return head.decode(_legacy_encoding(head[:-1] or head), "replace")


def encoding_findings(decoded: Decoded, name: str) -> list[Finding]:
    """The finding that says how the file ``name`` was read, unless it is UTF-8 or plain ASCII."""
    if decoded.encoding in {"ascii", "utf-8"}:
        return []
    return [finding("text-encoding", file=name, value=decoded.encoding)]


def lines(text: str, name: str) -> Iterator[tuple[int, str]]:
    """Number (from 1) and text of each line, whichever of LF, CRLF and CR ends it; nothing else ends a line.

    Raises UnreadableInput for a line of more than 65,536 characters and for more than 2,000,000 lines.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    start, number = 0, 1
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end - start > MAX_LINE:
            raise UnreadableInput(
                Sentence("the line has more than {most:,} characters", most=MAX_LINE),
                where=f"{name}:{number}",
            )
        if number > MAX_LINES:
            raise UnreadableInput(
                Sentence("the file has more than {most:,} lines", most=MAX_LINES), where=f"{name}:{number}"
            )
        yield number, text[start:end]
        start, number = end + 1, number + 1


def _before_end_mark(content: bytes, name: str) -> bytes:
    """What stands before the Ctrl-Z by which DOS programs end a text; a binary file has it anywhere."""
    text, mark, rest = content.partition(b"\x1a")
    if mark and len(rest.strip(b"\x1a\0 \t\r\n")) > _MAX_PADDING:
        line = len(_LINE_END.findall(text)) + 1
        raise UnreadableInput(
            Sentence(
                "the line holds the character Ctrl-Z, which ends a text, but the file goes on: this "
                "is no text file, or it was damaged"
            ),
            where=f"{name}:{line}",
        )
    return text.rstrip(b"\0")


def _trimmed(text: str, name: str) -> str:
    text = text.partition("\x1a")[0].rstrip("\0")
    position = text.find("\0")
    if position >= 0:
        _refuse(text[:position].encode("utf-8", "replace"), name)
    return text


def _refuse_binary(content: bytes, name: str) -> None:
    position = content.find(b"\0")
    if position >= 0:
        _refuse(content[:position], name)


def _refuse(before: bytes, name: str) -> None:
    line = len(_LINE_END.findall(before)) + 1
    raise UnreadableInput(
        Sentence("the line holds NUL bytes: this is no text file, or it was damaged"), where=f"{name}:{line}"
    )


def _legacy_encoding(content: bytes) -> str:
    western = "cp1252" if _fits(content, "cp1252") else "latin-1"
    if not _fits(content, "cp932"):
        return western
    return "cp932" if _japanese_score(content) > _western_score(content, western) else western


def _fits(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _japanese_score(content: bytes) -> int:
    """How much Japanese the bytes say: common signs in pairs of high bytes, and runs of half-width kana, count.

    A pair whose second byte is ASCII is nothing alone: any accented letter before a letter makes one.
    """
    score = seen = 0
    for run in _SJIS_RUN.finditer(content):
        signs = _SJIS_SIGN.findall(run[0])
        if len(signs) == 1:
            score += _lone(signs[0])
        else:
            score += sum(_weight(sign, len(signs)) for sign in signs)
        seen += len(run[0])
        if seen > _EVIDENCE:
            break
    return score


def _lone(sign: bytes) -> int:
    if len(sign) == 1:
        return -1
    if sign[1] < 0x80:
        return 0
    return _weight(sign, 1)


def _weight(sign: bytes, run: int) -> int:
    if len(sign) == 1:
        return 1 if run >= 3 else -1
    if sign[0] in (0x82, 0x83):
        return 3
    # Lead bytes up to 0x97 are signs and the common kanji; the rest is rare.
    return 2 if sign[0] <= 0x97 else -1


def _western_score(content: bytes, encoding: str) -> int:
    """How much Western text the bytes say: letters and signs alone or in pairs count, longer runs count against."""
    score = seen = 0
    for run in _HIGH_RUN.finditer(content):
        text = run[0].decode(encoding)
        likely = len(text) <= 2 and all(char in _WESTERN for char in text)
        likely = likely or (len(text) == 1 and text in _WESTERN_ALONE)
        score += len(text) if likely else -len(text)
        seen += len(text)
        if seen > _EVIDENCE:
            break
    return score
