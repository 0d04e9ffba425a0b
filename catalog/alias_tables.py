"""The alias tables beside the ontology: what a format writes, what it means, and the file that shows it."""

from __future__ import annotations

from functools import cache
from typing import Any

from catalog.resources import data_root


@cache
def alias_table(name: str) -> dict[str, Any]:
    """The table ``ontology/aliases/<name>.yaml``: lists of rows by section. Callers must not change it."""
    import yaml

    text = (data_root() / "ontology" / "aliases" / f"{name}.yaml").read_text(encoding="utf-8")
    # libyaml is in every wheel of PyYAML; the slow loader is for builds without it.
    table: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return table


@cache
def meanings(name: str, section: str, key: str, value: str) -> dict[str, Any]:
    """Column ``key`` -> column ``value`` of a section; texts are compared case folded, so keys are."""
    return {
        str(row[key]).casefold(): row[value]
        for row in alias_table(name)[section]
        if key in row and value in row
    }
