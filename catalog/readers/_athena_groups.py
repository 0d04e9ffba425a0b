"""An Athena project as it lies in memory: groups of parameters and arrays, whatever notation they were written in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from catalog.readers._encoding import Decoded

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

NULL = "@&^^null^^&@"
"""What Athena writes for no value."""

MAX_GROUPS = 2_000
MAX_POINTS = 1_000_000


@dataclass(slots=True)
class Group:
    """One group of a project: its parameters, its arrays as texts, and the metadata of an XDI file it came from."""

    key: str
    line: int | None
    args: dict[str, Value] = field(default_factory=dict)
    arrays: dict[str, list[str]] = field(default_factory=dict)
    xdi: dict[str, Value] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The parameter ``name`` as text; an empty text where it has none, or Athena's null value."""
        value = self.args.get(name)
        return value.strip() if isinstance(value, str) and value != NULL else ""


@dataclass(slots=True)
class Project:
    """What a project file holds: its groups in order, the comment lines of its head, and its journal."""

    groups: list[Group] = field(default_factory=list)
    head: list[str] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    decoded: Decoded = field(default_factory=lambda: Decoded("", "ascii"))
