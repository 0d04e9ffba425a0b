"""A deposit form as read, with the origin of each value.

A form is the short document of ``docs/deposit.md``: nested dicts and lists whose scalars are all text.
Values are addressed by JSON pointer (RFC 6901), for example ``/spectra/0/edge``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, TypeAlias

FormValue: TypeAlias = "str | dict[str, FormValue] | list[FormValue]"
OriginKind: TypeAlias = Literal["person", "accepted", "header", "sidecar", "template", "inferred"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: the kind of source, the file as given, line (from 1), key and raw text."""

    kind: OriginKind
    source: str = ""
    line: int | None = None
    key: str | None = None
    raw: str | None = None


@dataclass(slots=True)
class Form:
    """A deposit form and, by JSON pointer, the origin of its values.

    >>> form = Form()
    >>> form.put("/spectra/0/edge", "K", Origin("header", "Fe.xdi", 4, "Element.edge", "K"))
    >>> form.get("/spectra/0/edge"), form.origin("/spectra/0/edge").line
    ('K', 4)
    """

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def get(self, pointer: str) -> Any:
        """The value at ``pointer``, or None."""
        node: Any = self.values
        for part in split_pointer(pointer):
            if isinstance(node, dict):
                node = node.get(part)
            elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
                node = node[int(part)]
            else:
                return None
        return node

    def put(self, pointer: str, value: FormValue, origin: Origin) -> None:
        """Set the value at ``pointer``, making the dicts and (appended) list items on the way."""
        parts = split_pointer(pointer)
        node: Any = self.values
        for part, following in pairwise(parts):
            node = _descend(node, part, [] if following.isdigit() else {})
        if isinstance(node, list):
            _descend(node, parts[-1], value)
            node[int(parts[-1])] = value
        else:
            node[parts[-1]] = value
        self.origins[pointer] = origin

    def origin(self, pointer: str) -> Origin | None:
        """The origin of ``pointer`` or of its nearest parent that has one (an absent key takes its parent's line)."""
        while True:
            if pointer in self.origins:
                return self.origins[pointer]
            if not pointer:
                return None
            pointer = pointer.rpartition("/")[0]


def canonical_json(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no blanks, nothing escaped. Its SHA-256 names a document.

    >>> canonical_json({"b": "鉄", "a": 1})
    '{"a":1,"b":"鉄"}'
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def split_pointer(pointer: str) -> list[str]:
    """The unescaped parts of a JSON pointer; the empty pointer has none."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def join_pointer(*parts: str | int) -> str:
    """A JSON pointer from its parts.

    >>> join_pointer("spectra", 0, "edge")
    '/spectra/0/edge'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _descend(node: Any, part: str, fresh: Any) -> Any:
    if isinstance(node, list):
        index = int(part)
        if index > len(node):
            raise IndexError(f"list item {index} would leave a gap after {len(node)} items")
        if index == len(node):
            node.append(fresh)
        return node[index]
    return node.setdefault(part, fresh)
