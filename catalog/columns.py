"""The columns of a spreadsheet of deposits, and what a person's heading means by one of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from catalog.fields import Field, by_path, fields, other_labels
from catalog.vocabulary_names import MAX_NAME, name_key

# Rows with the same word in this column are spectra of one deposit.
DEPOSIT = "deposit"
LANGUAGES = {"en": ("English", "英語"), "ja": ("Japanese", "日本語")}
# Several values in one cell stand apart by this.
SEPARATOR = ";"

_DEPOSIT_LABEL = {
    "en": "deposit (rows with the same word are spectra of one deposit)",
    "ja": "登録（同じ語の行は一つの登録のスペクトル）",
}
_DEPOSIT_WORDS = ("deposit", "deposit id", "登録", "登録番号")
# An affiliation has one column for its name; header pairs come from data files only.
_LEFT_OUT = {"creators.affiliation", "spectra.header.key", "spectra.header.value"}
# Known by any of their names, so that one suffices.
_ONE_LANGUAGE = {"facility", "beamline"}
_TAGS = {
    **{tag: tag for tag in LANGUAGES},
    **{name_key(word): tag for tag, words in LANGUAGES.items() for word in words},
    "英": "en",
    "和": "ja",
    "日": "ja",
}
_BRACKETS = re.compile(r"(.+?)\s*(?:[(（\[［](.+?)[)）\]］]|/\s*(\S+))\s*")


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``path`` is the field's, with the language after a dot where it is of one; "deposit" is special."""

    path: str
    label: Mapping[str, str]
    field: Field | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading cell means: a column, and the unit of its bare numbers ("" when it names none)."""

    column: Column
    unit: str = field(default="")


@cache
def columns() -> tuple[Column, ...]:
    """The columns of a template, in the order of the form; the deposit's own comes first."""
    leaves = [each for each in fields() if not each.is_group and each.path not in _LEFT_OUT]
    found = [Column(DEPOSIT, _DEPOSIT_LABEL)]
    for each in leaves:
        label = _label(each)
        if each.has_languages and each.path not in _ONE_LANGUAGE:
            found += [Column(f"{each.path}.{tag}", _in_language(label, tag), each, tag) for tag in LANGUAGES]
        else:
            found.append(Column(each.path, _with_unit(label, each.unit), each))
    return tuple(found)


def heading(text: str) -> Heading | None:
    """What the heading ``text`` means: a path of the form or a label in either language, with a language or a unit
    in brackets; None when it means nothing, or several things."""
    if len(text) > MAX_NAME:
        return None
    if known := _names().get(name_key(text)):
        return known
    if not (parts := _BRACKETS.fullmatch(text.strip())):
        return None
    known, inside = _names().get(name_key(parts[1])), parts[2] or parts[3]
    column = known.column if known else None
    if column is None or column.field is None or column.language:
        return None
    if tag := _TAGS.get(name_key(inside)):
        tagged = f"{column.path}.{tag}"
        return Heading(Column(tagged, {}, column.field, tag)) if column.field.has_languages else None
    return Heading(column, inside.strip()) if column.field.unit else None


@cache
def _names() -> Mapping[str, Heading]:
    """Every name of a column by its key; names of two columns lead to none. The unit is set where the name says it."""
    found: dict[str, Heading | None] = {name_key(word): Heading(columns()[0]) for word in _DEPOSIT_WORDS}

    def add(name: str, column: Column, unit: str = "") -> None:
        key = name_key(name)
        known = found.setdefault(key, Heading(column, unit))
        if known is not None and known.column.path != column.path:
            found[key] = None

    for column in columns():
        add(column.path, column)
        for label in column.label.values():
            add(label, column, column.field.unit if column.field else "")
    for path, each in ((column.field.path, column.field) for column in columns() if column.field):
        taken = set(found)
        for name in {path, *_label(each).values(), *each.label.values()}:
            if name_key(name) not in taken:
                add(name, Column(path, each.label, each))
    for name, path in _further_names().items():
        if name not in found and (further := by_path().get(path)):
            found[name] = Heading(Column(path, further.label, further))
    return {key: meant for key, meant in found.items() if key and meant}


def _further_names() -> dict[str, str]:
    """Other names that only one field has: the last of its path, its words, its property's and shapes' labels."""
    meant: dict[str, set[str]] = {}
    for each in fields():
        if not each.is_group and each.path not in _LEFT_OUT:
            for name in (each.name, *other_labels(each)):
                meant.setdefault(name_key(name), set()).add(each.path)
    found = {key: next(iter(paths)) for key, paths in meant.items() if len(paths) == 1}
    for word in ("affiliation", "所属", "creators.affiliation"):
        found[name_key(word)] = "creators.affiliation.name"
    for word in ("creators", "作成者", "登録者"):
        found[name_key(word)] = "creators.name"
    return {**found, "sample": "sample.name", "試料": "sample.name", "吸収元素": "spectra.element"}


def _label(field: Field) -> dict[str, str]:
    """The field's label, with that of its group where another column has the same."""
    same = _counted()
    group = by_path().get(field.path.rpartition(".")[0])
    made = {}
    for language, text in field.label.items():
        alone = same[language, name_key(text)] == 1 or group is None
        made[language] = text if alone else f"{group.text(group.label, language)}: {text}"  # type: ignore[union-attr]
    return made


@cache
def _counted() -> Counter[tuple[str, str]]:
    leaves = [each for each in fields() if not each.is_group and each.path not in _LEFT_OUT]
    return Counter((language, name_key(text)) for each in leaves for language, text in each.label.items())


def _in_language(label: Mapping[str, str], tag: str) -> dict[str, str]:
    english, japanese = LANGUAGES[tag]
    made = {"en": f"{label['en']} ({english})"}
    return {**made, "ja": f"{label['ja']}（{japanese}）"} if "ja" in label else made


def _with_unit(label: Mapping[str, str], unit: str) -> dict[str, str]:
    brackets = {"en": " ({})", "ja": "（{}）"}
    return {tag: text + (brackets[tag].format(unit) if unit else "") for tag, text in label.items()}
