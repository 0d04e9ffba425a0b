"""What is to be said of one field, for a person: meaning, levels, example, unit, property, and the shapes' words."""

from __future__ import annotations

from typing import Any

from catalog.fields import Field

_WORDS = {
    "en": {
        "key": "key",
        "required": "required at",
        "asked": "looked at by",
        "example": "example",
        "unit": "unit",
        "words": "words",
        "property": "property",
        "languages": "may be given in several languages",
        "list": "several values may be given",
        "plausibility": "plausibility",
        "none": "no level",
        "plain": "added by a shape",
    },
    "ja": {
        "key": "キー",
        "required": "必須となるレベル",
        "asked": "検査するレベル",
        "example": "記入例",
        "unit": "単位",
        "words": "使える語",
        "property": "プロパティ",
        "languages": "複数の言語で書けます",
        "list": "複数の値を書けます",
        "plausibility": "妥当性",
        "none": "なし",
        "plain": "シェイプで追加された項目",
    },
}


def explain(field: Field, language: str = "en") -> str:
    """The explanation as lines of text."""
    words = _WORDS[language]
    rows = [
        (words["key"], field.path),
        (words["required"], field.required or words["none"]),
        (words["asked"], ", ".join(field.levels)),
        (words["example"], field.example),
        (words["unit"], field.unit),
        (words["words"], ", ".join(_word(choice.word, choice.label, language) for choice in field.choices)),
        (words["property"], field.term),
    ]
    lines = [
        field.text(field.label, language),
        f"  {field.text(field.meaning, language)}" if field.meaning else "",
    ]
    lines += [f"  {name}: {value}" for name, value in rows if value]
    for name, holds in (("languages", field.has_languages), ("list", field.is_list), ("plain", field.plain)):
        if holds:
            lines.append(f"  {words[name]}")
    lines += [
        f"  {rule.level or words['plausibility']}: {rule.message(language)} [{rule.code}]"
        for rule in field.rules
    ]
    return "\n".join(line for line in lines if line) + "\n"


def as_json(field: Field) -> dict[str, Any]:
    """All that is known of a field, in both languages, for programs."""
    return {
        "field": field.path,
        "label": dict(field.label),
        "meaning": dict(field.meaning),
        "required": field.required or None,
        "levels": list(field.levels),
        "example": field.example,
        "unit": field.unit or None,
        "choices": [
            {"word": each.word, "iri": each.iri or None, "label": dict(each.label)} for each in field.choices
        ],
        "property": field.term or None,
        "rules": [
            {
                "code": rule.code,
                "level": rule.level or None,
                "shape": rule.shape.iri,
                "message": {language: rule.message(language) for language in ("en", "ja")},
            }
            for rule in field.rules
        ],
    }


def _word(word: str, label: Any, language: str) -> str:
    other = label.get(language, "")
    return f"{word} ({other})" if other and other != word and language == "ja" else word
