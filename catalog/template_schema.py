"""The JSON Schema of the deposit form, for editors that complete and check YAML and JSON while one writes.

It follows the form's table exactly: what it refuses the reader refuses. Words of a scheme are offered, not
enforced, because the catalog understands labels and other spellings as well.
"""

from __future__ import annotations

from typing import Any

from catalog.fields import Field, by_path
from catalog.form import LANGUAGE_TAG, UNKNOWN, Key, Kind
from catalog.plain_fields import form_table

IRI = "https://w3id.org/xafscat/deposit-form.schema.json"
# All YAML and JSON scalars are read as texts; one left empty counts as not said.
_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_UNKNOWN = {"enum": sorted(UNKNOWN)}


def schema() -> dict[str, Any]:
    """The schema of one deposit form (JSON Schema 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": IRI,
        "title": "XAFS deposit form / XAFS登録票",
        "description": "What docs/deposit.md describes. Made from the form's table, the shapes and the ontology.",
        **_group(form_table(), ""),
        "$defs": {
            "text": _SCALAR,
            "languages": {
                "anyOf": [
                    {"$ref": "#/$defs/text"},
                    {
                        "type": "object",
                        "patternProperties": {f"^{LANGUAGE_TAG.pattern}$": {"$ref": "#/$defs/text"}},
                        "additionalProperties": False,
                    },
                ]
            },
        },
    }


def _group(key: Key, path: str) -> dict[str, Any]:
    properties = {
        name: _described(below, f"{path}.{name}" if path else name) for name, below in key.keys.items()
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _described(key: Key, path: str) -> dict[str, Any]:
    field = by_path()[path]
    body: dict[str, Any] = {"title": " / ".join(dict.fromkeys(field.label.values()))}
    if field.meaning:
        body["description"] = "\n".join(dict.fromkeys(field.meaning.values()))
    if field.example and not field.choices:
        body["examples"] = [field.example]
    return {**body, **_kinds(key, path, field)}


def _kinds(key: Key, path: str, field: Field | None) -> dict[str, Any]:
    allowed: list[dict[str, Any]] = []
    if Kind.TEXT in key.kinds:
        if field and field.choices:
            allowed.append({"enum": [choice.word for choice in field.choices]})
        allowed.append({"$ref": "#/$defs/text"})
    if Kind.GROUP in key.kinds:
        allowed.append(_group(key, path))
        if Kind.LANGUAGES not in key.kinds:
            allowed.append(_UNKNOWN)
    if Kind.LANGUAGES in key.kinds:
        allowed.append({"$ref": "#/$defs/languages"})
    if Kind.LIST in key.kinds and key.item:
        item = _kinds(key.item, path, None)
        allowed.append({"type": "array", "items": item})
        if key.kinds == (Kind.LIST,):  # a single item may stand for a list of one
            allowed.append(item)
    return allowed[0] if len(allowed) == 1 else {"anyOf": allowed}
