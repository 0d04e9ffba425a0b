"""The steps that make the registry's tables: one module a step, ``m0001_...`` first.

A step is never changed once released, so it spells its own tables and imports nothing that may move on. It is
one constant and one function: ``TITLE`` and ``upgrade(connection)``. Each runs with the others in one
transaction: a failing step leaves the registry as it was.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, text

from catalog.errors import Conflict


@dataclass(frozen=True, slots=True)
class Migration:
    """A step: the schema version it leads to, what it does, and the function that does it."""

    number: int
    title: str
    upgrade: Callable[[Connection], None]


@cache
def migrations() -> tuple[Migration, ...]:
    """All steps in order, numbered from 1 without a gap."""
    steps = []
    for number, name in enumerate(sorted(module.name for module in pkgutil.iter_modules(__path__)), 1):
        if not name.startswith(f"m{number:04}_"):
            raise ValueError(f"migration {name} is out of order: m{number:04}_... comes next")
        module = importlib.import_module(f"{__name__}.{name}")
        steps.append(Migration(number, module.TITLE, module.upgrade))
    return tuple(steps)


def newest() -> int:
    """The schema version this program works with."""
    return len(migrations())


def migrate(connection: Connection, present: int) -> list[str]:
    """Bring the tables from schema ``present`` (0: none) to the newest; gives the titles of the steps done.

    Raises Conflict when the registry is newer than this program.
    """
    if present > newest():
        raise Conflict(
            f"the registry has schema {present} and this xafscat knows only up to {newest()}: upgrade xafscat"
        )
    steps = migrations()[present:]
    for step in steps:
        step.upgrade(connection)
    if steps:
        connection.execute(text("DELETE FROM setting WHERE name = 'schema'"))
        connection.execute(
            text("INSERT INTO setting (name, value) VALUES ('schema', :number)"), {"number": str(newest())}
        )
    return [step.title for step in steps]
