"""The keys of a deposit form, as one table: what each key takes, and what to say when a key is not in it.

``docs/deposit.md`` explains every key; a test holds the two together. The table says nothing about meaning:
units, dates and names are the business of ``normalise``, completeness that of the shapes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from catalog.document import Form, join_pointer, split_pointer
from catalog.errors import UnreadableInput
from catalog.findings import Finding, define, finding
from catalog.wording import Sentence

define(
    "form-key-unknown",
    "error",
    "{value!r} is not a key of the deposit form at this place; use instead: {choices}.",
    "「{value}」はこの位置で使えるキーではありません。代わりに使えるキー: {choices}",
)
define(
    "form-kind-wrong",
    "error",
    "{key!r} is not written in the form it takes; write {example}.",
    "「{key}」の書き方が違います。{example} のように書いてください。",
)
define(
    "form-keyword-refused",
    "error",
    "{value!r} is a JSON-LD keyword; a deposit form has short keys only. Remove it.",
    "「{value}」は JSON-LD のキーワードです。登録票では使えないので、削除してください。",
)
define(
    "form-control-character",
    "error",
    "The text holds {character}, a control character or a mark of text direction; remove it.",
    "文字列に制御文字または書字方向の記号 {character} が含まれています。取り除いてください。",
)
define(
    "form-line-break",
    "error",
    "The text has to stand on one line, without line breaks or tabs; only descriptions, notes and the "
    "preparation may have several lines.",
    "この項目は改行やタブを含まない1行で書いてください。複数行にできるのは説明・注記・調製法だけです。",
)

UNKNOWN = frozenset({"unknown", "不明"})
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# What XML 1.0 cannot carry would be lost in half of the exports; C1 controls move a terminal's cursor.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
"""Control characters, and marks that turn the direction of writing: no text for people needs them."""
_BREAK = re.compile("[\t\n\r]")


class FormRefused(UnreadableInput):
    """A form that says something nobody understands; ``findings`` has every place of it in both languages."""

    def __init__(self, findings: list[Finding], source: str) -> None:
        self.findings = findings
        first, *others = findings
        sentences = [first.text(), *(f"line {item.line}: {item.text()}" for item in others)]
        super().__init__(Sentence("{text}", text=" ".join(sentences)), where=f"{source}:{first.line}")


class Kind(Enum):
    """What a key takes; the value is an example of how it is written."""

    TEXT = "text"
    LANGUAGES = "text or {{en: text, ja: text}}"
    GROUP = "{{{keys}: ...}}"
    LIST = "[{item}, ...]"


@dataclass(frozen=True, slots=True)
class Key:
    """What may stand at one place of the form.

    ``kinds`` are the accepted kinds; ``keys`` the keys of a GROUP, ``item`` what a LIST holds;
    ``long`` allows line breaks.
    """

    kinds: tuple[Kind, ...]
    keys: Mapping[str, Key] = field(default_factory=dict)
    item: Key | None = None
    long: bool = False

    def child(self, part: str) -> Key | None:
        """What the key or list index ``part`` below this place takes; None where there is no such place."""
        if self.item is not None:
            return self.item if part.isdigit() else None
        if part in self.keys:
            return self.keys[part]
        if Kind.LANGUAGES in self.kinds and LANGUAGE_TAG.fullmatch(part):
            return Key((Kind.TEXT,), long=self.long)
        return None

    def example(self) -> str:
        """How a value is written, for a message."""
        keys = ": ..., ".join(list(self.keys)[:2])
        item = self.item.example() if self.item else ""
        return " | ".join(kind.value.format(keys=keys, item=item) for kind in self.kinds)


def _group(**keys: Key) -> Key:
    return Key((Kind.GROUP,), keys=keys)


def _list(item: Key) -> Key:
    return Key((Kind.LIST,), item=item)


_TEXT = Key((Kind.TEXT,))
_LANGUAGES = Key((Kind.LANGUAGES,))
_LONG = Key((Kind.LANGUAGES,), long=True)

CREATOR = _group(
    name=_LANGUAGES,
    orcid=_TEXT,
    ror=_TEXT,
    affiliation=Key((Kind.GROUP, Kind.LANGUAGES), keys={"name": _LANGUAGES, "ror": _TEXT}),
    credit=_TEXT,
)
ROUND = _group(id=_TEXT, name=_LANGUAGES)
FUNDING = _group(
    funder=_LANGUAGES,
    funder_id=_TEXT,
    award=_TEXT,
    award_title=_LANGUAGES,
    award_uri=_TEXT,
)
SAMPLE = _group(
    id=_TEXT,
    name=_LANGUAGES,
    formula=_TEXT,
    form=_TEXT,
    cas=_TEXT,
    thickness=_TEXT,
    concentration=_TEXT,
    preparation=_LONG,
)
SPECTRUM = _group(
    id=_TEXT,
    title=_LANGUAGES,
    description=_LONG,
    element=_TEXT,
    edge=Key((Kind.TEXT, Kind.LIST), item=_TEXT),
    technique=_TEXT,
    mode=_TEXT,
    temperature=_TEXT,
    pressure=_TEXT,
    ring_energy=_TEXT,
    ring_current=_TEXT,
    monochromator=_group(type=_TEXT, crystal=_TEXT, reflection=_TEXT, d_spacing=_TEXT),
    started=_TEXT,
    ended=_TEXT,
    energy=_group(first=_TEXT, last=_TEXT, points=_TEXT),
    calibration=_group(
        standard=_LANGUAGES,
        edge=_TEXT,
        feature=_TEXT,
        assigned_energy=_TEXT,
        energy_shift=_TEXT,
        simultaneous=_TEXT,
        reference=_TEXT,
        hc=_TEXT,
    ),
    files=_list(_TEXT),
    header=_list(_group(key=_TEXT, value=_TEXT)),
)
DEPOSIT = _group(
    title=_LANGUAGES,
    description=_LONG,
    note=_LONG,
    private_note=_LONG,
    kind=_TEXT,
    access=_TEXT,
    available=_TEXT,
    hidden_until=_TEXT,
    license=_TEXT,
    doi=_TEXT,
    collection_doi=_TEXT,
    round=ROUND,
    papers=_list(_TEXT),
    creators=_list(CREATOR),
    funding=_list(FUNDING),
    facility=_LANGUAGES,
    laboratory_source=_TEXT,
    beamline=_LANGUAGES,
    sample=SAMPLE,
    spectra=_list(SPECTRUM),
)

# Words people write that no comparison of letters would lead to the key.
_OTHER_WORDS = {
    "author": "creators",
    "authors": "creators",
    "contributors": "creators",
    "composition": "sample.formula",
    "publications": "papers",
    "references": "papers",
    "rights": "license",
    "synchrotron": "facility",
    "embargo": "available",
    "material": "sample",
    "absorber": "spectra.element",
    "date": "spectra.started",
    "grant": "funding",
    "grants": "funding",
    "sponsor": "funding.funder",
    "series": "round",
    "dspacing": "spectra.monochromator.d_spacing",
    "e0": "spectra.calibration.assigned_energy",
}


def key_at(pointer: str, root: Key = DEPOSIT) -> Key | None:
    """What the form takes at the JSON ``pointer``; None where it has no such place."""
    key: Key | None = root
    for part in split_pointer(pointer):
        key = key.child(part) if key else None
    return key


def extended(additions: Iterable[tuple[str, str, Key]], root: Key = DEPOSIT) -> Key:
    """``root`` with further keys: (path of the group, name, what it takes) each, the outermost group being "".

    Raises KeyError for a group that the form does not have; a key that is there already stays as it is.

    >>> sorted(extended([("sample", "supplier", Key((Kind.TEXT,)))]).keys["sample"].keys.keys() - SAMPLE.keys.keys())
    ['supplier']
    """
    for place, name, key in additions:
        root = _with_key(root, place.split(".") if place else [], name, key)
    return root


def _with_key(here: Key, place: list[str], name: str, key: Key) -> Key:
    if here.item is not None:
        return replace(here, item=_with_key(here.item, place, name, key))
    if not place:
        return replace(here, keys={**here.keys, name: here.keys.get(name, key)})
    return replace(here, keys={**here.keys, place[0]: _with_key(here.keys[place[0]], place[1:], name, key)})


def names(key: Key = DEPOSIT, path: str = "") -> Iterator[str]:
    """Every key of the form with the path to it, for example ``spectra.energy.first``; lists add nothing."""
    for name, below in (key.item or key).keys.items():
        here = f"{path}.{name}" if path else name
        yield here
        yield from names(below, here)


def suggestions(name: str, here: Key = DEPOSIT) -> list[str]:
    """The keys ``name`` may be meant for: near spellings at this place, else the key or one near it elsewhere."""
    allowed = list(here.keys) or ["en", "ja"]
    wanted = name.strip().casefold().replace("-", "_").replace(" ", "_")
    if near := difflib.get_close_matches(wanted[:64], allowed, n=2, cutoff=0.7):
        return near
    paths = {path: path.rpartition(".")[2] for path in names()}
    if elsewhere := [path for path, last in paths.items() if last == wanted]:
        return elsewhere
    if wanted in _OTHER_WORDS:
        return [_OTHER_WORDS[wanted]]
    near = difflib.get_close_matches(wanted[:64], set(paths.values()), n=1, cutoff=0.8)
    return [path for path, last in paths.items() if last in near] or allowed


def check_keys(form: Form, root: Key = DEPOSIT) -> list[Finding]:
    """Findings for unknown keys, JSON-LD keywords, and values of another kind than their key takes."""
    return list(_check(form, form.values, root, ()))


def check_text(form: Form, root: Key = DEPOSIT) -> list[Finding]:
    """Findings for control characters and direction marks, and for line breaks and tabs where a key takes one line."""
    found = []
    for parts, text in _texts(form.values, ()):
        if control := UNSEEN.search(text):
            found.append(
                _report(form, "form-control-character", parts, text, character=f"U+{ord(control[0]):04X}")
            )
        elif _BREAK.search(text) and not ((key := key_at(join_pointer(*parts), root)) and key.long):
            found.append(_report(form, "form-line-break", parts, text))
    return found


def _check(form: Form, value: Any, key: Key, parts: tuple[str | int, ...]) -> Iterator[Finding]:
    if isinstance(value, dict):
        as_group = Kind.GROUP in key.kinds and (
            Kind.LANGUAGES not in key.kinds or not value.keys().isdisjoint(key.keys)
        )
        if not as_group and Kind.LANGUAGES not in key.kinds:
            yield _wrong(form, key, parts)
            return
        for name, item in value.items():
            below = key.keys.get(name) if as_group else key.child(name)
            if name.startswith("@"):
                yield _report(form, "form-keyword-refused", (*parts, name), name)
            elif below is None:
                choices = ", ".join(suggestions(name, key if as_group else Key(())))
                yield _report(form, "form-key-unknown", (*parts, name), name, choices=choices)
            else:
                yield from _check(form, item, below, (*parts, name))
    elif isinstance(value, list):
        if key.item is None:
            yield _wrong(form, key, parts)
            return
        for index, item in enumerate(value):
            yield from _check(form, item, key.item, (*parts, index))
    elif isinstance(value, str):
        takes_text = Kind.TEXT in key.kinds or Kind.LANGUAGES in key.kinds
        if not takes_text and not (Kind.GROUP in key.kinds and value.strip().casefold() in UNKNOWN):
            yield _wrong(form, key, parts)


def _wrong(form: Form, key: Key, parts: tuple[str | int, ...]) -> Finding:
    name = next((str(part) for part in reversed(parts) if isinstance(part, str)), "deposit")
    example = f"[{key.example()}, ...]" if parts and isinstance(parts[-1], int) else key.example()
    return _report(form, "form-kind-wrong", parts, None, key=name, example=f"{name}: {example}")


def _texts(value: Any, parts: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield parts, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, (*parts, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*parts, index))


def _report(
    form: Form, code: str, parts: tuple[str | int, ...], value: str | None, **fields: object
) -> Finding:
    pointer = join_pointer(*parts)
    origin = form.origin(pointer)
    return finding(
        code,
        path=pointer,
        file=origin.source if origin else "",
        line=origin.line if origin else None,
        value=value,
        **fields,
    )
