"""Plugin families: a module each beside the family's own, and those that installed packages bring."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import Any


def plugins(family: str, constant: str) -> list[Any]:
    """The ``constant`` of each public module of the package ``family``, and what the entry points of
    ``xafscat.`` and its last name load, in no order that means anything.

    Raises ImportError or AttributeError for a plugin that is none.
    """
    package = importlib.import_module(family)
    found = [
        getattr(importlib.import_module(f"{family}.{module.name}"), constant)
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    ]
    group = f"xafscat.{family.rpartition('.')[2]}"
    return found + [entry.load() for entry in entry_points(group=group)]
