"""Whether a raw file, or a text of the form, names somebody whose credit is hidden; that is not for the public."""

from __future__ import annotations

import gzip
import re
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.document import Form
from catalog.findings import Finding, define, finding
from catalog.ids import stated_identity
from catalog.mapping import RecordDocument
from catalog.wording import Words

define(
    "file-withheld",
    "warning",
    "The file {value!r} {reason} whose credit is hidden; it is kept, and withheld from the public. "
    "To publish it, take the name out of the file, or show the credit.",
    "ファイル「{value}」は保存しますが、公開しません（{reason}）。"
    "公開するには、ファイルから名前を取り除くか、クレジットを表示にしてください。",
)

define(
    "hidden-name",
    "error",
    "The text names a creator whose credit is hidden, and would be public. Take the name out, or show the credit.",
    "公開される文に、クレジットを非表示にした人の名前があります。名前を取り除くか、クレジットを表示にしてください。",
)
define(
    "hidden-name-perhaps",
    "warning",
    "The public text holds {name!r}, which is in the name of a creator whose credit is hidden. "
    "Take it out if that is meant.",
    "公開される文に、クレジットを非表示にした人の名前の一部「{name}」があります。その人のことなら取り除いてください。",
)

NAMES = Words("names a person", "クレジットを非表示にした人の名前があるため")
UNSEARCHABLE = Words(
    "is packed and may name a person",
    "圧縮されていて、クレジットを非表示にした人の名前を含むかもしれないため",
)
_MAX_BYTES = 64 << 20
# HDF5 packs its data sets, PDF its pages.
_PACKED = (
    b"PK\x03\x04",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"\x89HDF\r\n\x1a\n",
    b"%PDF",
    b"7z\xbc\xaf",
)
_ENCODINGS = (
    "utf-8", "cp932", "euc_jp", "iso2022_jp", "latin-1", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be",
)  # fmt: skip
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "æ": "ae", "å": "aa"})
_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff々]{3,}")
# A family name of two letters would be found in any table of columns.
_LEAST = 4
# What is never public, has checks of its own, or is a name itself.
_NO_TEXT = {"creators", "private_note", "facility", "beamline", "license", "access", "doi", "collection"}


def hidden_names(form: Form) -> list[str]:
    """The names and ORCIDs by which a file may tell of the creators whose credit is hidden, folded."""
    return list(_hidden(form))


def hidden_names_shown(form: Form, public: RecordDocument) -> list[Finding]:
    """The texts of ``form`` that are in the ``public`` document and name a creator whose credit is hidden."""
    # A short word alone says nobody's name in a text: Li is an element as well.
    names = {
        name: whole
        for name, whole in _hidden(form).items()
        if whole or len(name) >= _LEAST or not name.isascii()
    }
    if not names:
        return []
    # Ids of samples and round-robins stand in addresses, blanks as code points.
    shown = _spaced(stated_identity(" ".join(text for _, text in _leaves(public))))
    found = []
    for pointer, text in _leaves(form.values):
        parts = pointer.split("/")
        credit = parts[1] == "creators" and not _is_hidden(form.values["creators"][int(parts[2])])
        if (parts[1] in _NO_TEXT and not credit) or "files" in parts:
            continue
        said = [name for name in names if _says(_spaced(text), name) and _says(shown, name)]
        if credit:  # others may share a part of a name
            said = [name for name in said if names[name]]
        if said:
            whole = any(names[name] for name in said)
            origin = form.origin(pointer)
            place = (
                {"path": pointer, "file": origin.source, "line": origin.line} if origin else {"path": pointer}
            )
            code = "hidden-name" if whole else "hidden-name-perhaps"
            found.append(finding(code, value=text, name=said[0], **place))
    return found


def withheld_because(path: Path, names: list[str]) -> Words | None:
    """Why the file at ``path`` must be withheld for the sake of ``names``; None when it need not be."""
    if not names:
        return None
    with path.open("rb") as stream:
        content = stream.read(_MAX_BYTES)
    if content.startswith(_PACKED):
        return UNSEARCHABLE
    if content.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path) as stream:
                content = stream.read(_MAX_BYTES)
        except (OSError, EOFError, zlib.error):
            return UNSEARCHABLE
    # A file whose own name says who measured it names that person as well.
    texts = [_spaced(path.name)]
    for encoding in _ENCODINGS:
        text = content.decode(encoding, "ignore")
        texts.append(_spaced(text))
        if "\\u" in text:  # as JSON may write what is not ASCII
            texts.append(_spaced(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)))
    spellings = {spelling for name in names for spelling in _spellings(name)}
    return NAMES if any(_says(text, name) for text in texts for name in spellings) else None


def _is_hidden(person: Any) -> bool:
    return isinstance(person, dict) and str(person.get("credit", "")).casefold() == "hidden"


def _hidden(form: Form) -> dict[str, bool]:
    """Names and ORCIDs of creators whose credit is hidden, and whether each is a whole name."""
    found: dict[str, bool] = {}
    for person in form.values.get("creators") or []:
        if not _is_hidden(person):
            continue
        for name in _texts(person.get("name")):
            words = _WORD.findall(_folded(name))
            whole = [*(" ".join(order) for order in (words, words[::-1])), "".join(words)]
            # Chinese characters and kana are written without blanks: three and more are a whole name.
            found |= dict.fromkeys(whole, len(words) > 1 or _is_whole(words))
            for word in words:
                if len(word) >= _LEAST or not word.isascii():
                    found.setdefault(word, False)
        if orcid := str(person.get("orcid") or ""):
            found[_spaced(orcid.rpartition("/")[2])] = True
    # One letter, Latin or Chinese, says nobody's name.
    return {name: whole for name, whole in found.items() if len(name) > 1}


def _is_whole(words: list[str]) -> bool:
    return len(words) == 1 and _UNSPACED.fullmatch(words[0]) is not None


def _leaves(node: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """The texts of a nested value with their JSON pointers."""
    if isinstance(node, str):
        yield pointer, node
        return
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, each in items:
        yield from _leaves(each, f"{pointer}/{key}")


def _spellings(name: str) -> set[str]:
    """A name as it stands, without its accents, and with umlauts written as two letters."""
    plain = "".join(each for each in unicodedata.normalize("NFD", name) if not unicodedata.combining(each))
    return {name, plain if plain.isascii() else name, name.translate(_UMLAUTS)}


def _says(text: str, name: str) -> bool:
    if not name.isascii():
        return name in text or name.replace(" ", "") in text.replace(" ", "")
    return re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text) is not None


def _spaced(text: str) -> str:
    """``text`` folded, and with a blank for whatever may stand between the parts of a name."""
    return re.sub(r"[\s_.,;:/\\'\u2010-\u2015\u2019-]+", " ", _folded(text))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _texts(name: Any) -> Iterator[str]:
    if isinstance(name, str):
        yield name
    elif isinstance(name, dict):
        for each in name.values():
            yield from _texts(each)
