"""The deposit form in YAML with a comment for each key: what is asked stands ready, the rest behind a #."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from catalog.field_words import EXAMPLES
from catalog.fields import Field, fields
from catalog.form import Kind
from catalog.validation import LEVELS

_HEAD = {
    "en": (
        "A deposit form. Fill in the keys that stand ready; they are what the level {level} asks.",
        "Every other key has a # before it: take the # away to use the key. Values behind # are examples.",
        "Several deposits in one file are separated by a line of three hyphens (---).",
        "What is not known is written as unknown. Units are written with the value: 298 K, 25 °C, 5 µm.",
    ),
    "ja": (
        "登録票です。# のない項目に記入してください。レベル {level} に必要な項目です。",
        "ほかの項目は行頭に # があります。使うときは # を外してください。# の後の値は記入例です。",
        "一つのファイルに複数の登録を書くときは、ハイフン三つの行（---）で区切ります。",
        "不明な項目は unknown と書きます。単位は値とともに書きます（298 K、25 °C、5 µm）。",
    ),
}
_WORDS = {
    "en": {
        "asked": "Asked by {level}",
        "example": "For example {example}",
        "one": "One of: {words}",
        "stop": ". ",
        "comma": ", ",
    },
    "ja": {
        "asked": "{level} に必要",
        "example": "例: {example}",
        "one": "次のいずれか: {words}",
        "stop": "。",
        "comma": "、",
    },
}
# A plain YAML text: what is not this is quoted.
_PLAIN = re.compile(r"[A-Za-z\u00b0-\uffef][\w .:/°µÅ+-]*(?<![ :])|\d+(?:\.\d+)? [A-Za-z°µÅ]+", re.ASCII)
# Written by readers of data files only.
_LEFT_OUT = ("spectra.header",)


def yaml_template(language: str = "en") -> str:
    """The template. A line ``#key: example`` becomes a key of the form when its # is taken away."""
    lines = [f"# {line.format(level=LEVELS[0])}" for line in _HEAD[language]]
    return "\n".join([*lines, *_group("", 0, language)]) + "\n"


def _group(place: str, depth: int, language: str) -> Iterator[str]:
    for each in fields():
        if each.path.rpartition(".")[0] == place and not each.path.startswith(_LEFT_OUT):
            yield from _field(each, depth, language)


def _field(each: Field, depth: int, language: str) -> Iterator[str]:
    indent = "  " * depth
    if depth == 0:
        yield ""
    yield f"{indent}# {_comment(each, language)}"
    mark = "" if _ready(each) else "#"
    if not each.is_group or Kind.LANGUAGES in each.key.kinds:
        value = "" if not mark else " " + _example(each)
        yield f"{indent}{mark}{each.name}:{value}"
        return
    yield f"{indent}{mark}{each.name}:"
    lines = list(_group(each.path, depth + 1, language))
    if each.key.item is not None:
        lines = _as_item(lines, depth + 1)
    yield from lines


def _as_item(lines: list[str], depth: int) -> list[str]:
    """The lines of a group as the one item of a list: a hyphen before its first key, best one that stands ready."""
    keys = [number for number, line in enumerate(lines) if not line.lstrip().startswith("# ")]
    first = next((number for number in keys if not lines[number].lstrip().startswith("#")), keys[0])
    indent, mark = "  " * depth, "#" if lines[first].lstrip().startswith("#") else ""
    moved = [lines[first - 1], lines[first].replace(f"{indent}{mark}", f"{indent}{mark}- ", 1)]
    rest = lines[: first - 1] + lines[first + 1 :]
    return moved + ["  " + line for line in rest]


def _ready(each: Field) -> bool:
    """Whether the first level asks for it, or for something in it."""
    return any(
        rule.asks and rule.level == LEVELS[0]
        for other in fields()
        if (other.path + ".").startswith(each.path + ".")
        for rule in other.rules
    )


def _comment(each: Field, language: str) -> str:
    words = _WORDS[language]
    parts = [each.text(each.meaning, language) if each.meaning else ""]
    if each.required:
        parts.append(words["asked"].format(level=each.required))
    # A rule with a condition says itself when it asks.
    parts += [rule.message(language) for rule in each.rules if rule.asks and rule.shape.path is None]
    if each.choices:
        parts.append(words["one"].format(words=words["comma"].join(choice.word for choice in each.choices)))
    elif each.example and _ready(each):
        parts.append(words["example"].format(example=each.example))
    text = words["stop"].join(part.rstrip(".。") for part in parts if part)
    return f"{each.text(each.label, language)} - {text}"


def _example(each: Field) -> str:
    value = EXAMPLES.get(each.path, each.example)
    japanese = EXAMPLES.get(f"{each.path}.ja")
    if each.has_languages and japanese:
        return (
            f"{{en: {json.dumps(value, ensure_ascii=False)}, ja: {json.dumps(japanese, ensure_ascii=False)}}}"
        )
    text = value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    return f"[{text}]" if each.is_list and Kind.TEXT not in each.key.kinds else text
