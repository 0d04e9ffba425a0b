"""What resolvers share: reading answers that nobody vouches for."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, TypeAlias

from catalog.errors import Unreachable
from catalog.formula import FormulaError, reduced
from catalog.resolvers import Answer

Json: TypeAlias = dict[str, Any]
MAX_TEXT = 300
MAX_ENTRIES = 100


def json_of(answer: Answer) -> Json:
    """The JSON object of an answer. Raises Unreachable: what is malformed says nothing."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Unreachable("the answer is not JSON", where=answer.url[:300]) from error
    if not isinstance(body, dict):
        raise Unreachable("the answer is not a JSON object", where=answer.url[:300])
    return body


def items(value: Any) -> list[Json]:
    """The objects in a list, at most ``MAX_ENTRIES``; anything else in it, or instead of it, is passed over."""
    return [item for item in value[:MAX_ENTRIES] if isinstance(item, dict)] if isinstance(value, list) else []


def inside(value: Any, *keys: str | int) -> Any:
    """What stands at this path of keys and positions, or None."""
    for key in keys:
        if isinstance(key, int):
            value = value[key] if isinstance(value, list) and len(value) > key else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: Any) -> str:
    """A short printable line, or the empty string."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    line = " ".join(str(value).split())
    return line if len(line) <= MAX_TEXT and line.isprintable() else ""


def space_group(value: Any) -> int | None:
    """A space group number, or None."""
    good = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 230
    return int(value) if good else None


def formula(value: Any) -> tuple[str, str]:
    """A formula as it is written, and reduced; both empty where it is none of definite counts."""
    written = text(value)
    try:
        return (written, reduced(written)) if written else ("", "")
    except FormulaError:
        return "", ""


def moment(answer: Answer) -> datetime:
    """When the answer was retrieved."""
    return datetime.fromisoformat(answer.retrieved)


def seen(answer: Answer) -> dict[str, Any]:
    """The fields of Facts that say where a fact is from."""
    return {"url": answer.url, "sha256": answer.sha256, "retrieved": moment(answer)}


def expect(answer: Answer, *statuses: int) -> None:
    """Raise Unreachable unless the answer has one of these statuses (200 if none is named)."""
    if answer.status not in (statuses or (200,)):
        raise Unreachable(f"HTTP {answer.status}", where=answer.url[:300])
