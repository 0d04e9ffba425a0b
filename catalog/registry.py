"""Making and opening a registry; the one module the rest of the program imports of it.

``Registry`` (its changes are in ``registry_changes``, its answers in ``registry_reads``) holds the truth about
every deposit; stores, indexes and pages are made from it.
"""

from __future__ import annotations

import os
import re
import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import exc, inspect, select

from catalog.errors import Conflict, Damaged, NotInitialised, UsageError
from catalog.filestore import fsync_folder
from catalog.migrations import migrate, newest
from catalog.registry_changes import BATCH, Registry, batches, log
from catalog.registry_engine import Database, database_url
from catalog.registry_rows import (
    Attachment,
    Change,
    Deposit,
    Event,
    History,
    NewDeposit,
    Publication,
    Record,
    Release,
    Saved,
    SourceFile,
    Version,
)
from catalog.registry_tables import (
    setting,
)

__all__ = [
    "BATCH",
    "Attachment",
    "Change",
    "Deposit",
    "Event",
    "History",
    "NewDeposit",
    "Publication",
    "Record",
    "Registry",
    "Release",
    "Saved",
    "SourceFile",
    "Version",
    "batches",
    "check_base",
    "create_registry",
    "open_registry",
]

FILE_NAME = "registry.sqlite"
_BASE = re.compile(r'https?://[^\s<>"{}|\\^`?#/]+(/[^\s<>"{}|\\^`?#]*)?')

_ALREADY = "there is a catalog already; use it as it is, or give another --home"


def create_registry(where: Path | str, base: str, *, now: datetime, actor: str = "init") -> None:
    """Make an empty registry for the catalog whose record IRIs start with ``base``; it can never be changed.

    ``where`` is the database file, the home folder (then it is ``registry.sqlite`` in it) or a database URL. Raises
    Conflict when there is a registry already, UsageError for a base that cannot start an IRI. What is made is
    whole or absent, whenever the process ends.
    """
    base = check_base(base)
    url = database_url(_file_in(where))
    if url.get_backend_name() != "sqlite":
        _fill(Database(url), base, now, actor)
        return
    path = Path(url.database or "")
    if path.exists():
        raise Conflict(_ALREADY, where=str(path))
    with tempfile.TemporaryDirectory(prefix=".init-", dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        fresh.touch(0o600)
        _fill(Database(database_url(fresh)), base, now, actor)
        try:
            os.link(fresh, path)
        except FileExistsError as error:
            raise Conflict(_ALREADY, where=str(path)) from error
    fsync_folder(path.parent)


def open_registry(where: Path | str) -> Registry:
    """The registry in a database file, a home folder or at a database URL.

    One with an older schema is brought up to date first (``notes`` says so). Raises NotInitialised when there is none,
    Conflict when it was written by a newer program, Damaged when it cannot be read.
    """
    url = database_url(_file_in(where))
    database = Database(url)
    if database.path is not None and not database.path.is_file():
        raise NotInitialised(
            "there is no catalog here; make one with `xafscat init`", where=str(database.path)
        )
    try:
        values = _settings(database)
        notes = []
        if int(values["schema"]) != newest():
            with database.writing() as connection:
                # Read again: another process may have been faster.
                present = connection.scalar(select(setting.c.value).where(setting.c.name == "schema"))
                notes = [
                    f"the registry was brought up to date: {title}"
                    for title in migrate(connection, int(present or 0))
                ]
        return Registry(database, values["base"], tuple(notes))
    except BaseException:
        database.dispose()
        raise


def check_base(base: str) -> str:
    """``base`` without a slash at its end. Raises UsageError unless it is an absolute http or https IRI.

    >>> check_base("https://example.org/xafs/")
    'https://example.org/xafs'
    """
    if not _BASE.fullmatch(base):
        raise UsageError(
            "the base must be an absolute http or https address without query or fragment, such as"
            " https://example.org/xafs",
            where=base[:200],
        )
    return base.rstrip("/")


def _file_in(where: Path | str) -> Path | str:
    if isinstance(where, str) and "://" in where:
        return where
    path = Path(where)
    return path / FILE_NAME if path.is_dir() else path


def _fill(database: Database, base: str, now: datetime, actor: str) -> None:
    try:
        with database.writing() as connection:
            if inspect(connection).has_table("setting"):
                raise Conflict(
                    _ALREADY,
                    where=str(database.url),
                )
            migrate(connection, 0)
            connection.execute(setting.insert(), {"name": "base", "value": base})
            log(connection, now, actor, "init", None, {"base": base})
    finally:
        database.dispose()


def _settings(database: Database) -> dict[str, str]:
    try:
        with database.reading() as connection:
            values = {row.name: row.value for row in connection.execute(select(setting))}
    except (exc.OperationalError, exc.ProgrammingError) as error:
        raise Damaged("the database holds no registry; restore a backup", where=str(database.url)) from error
    if not values.keys() >= {"schema", "base"} or not values["schema"].isdigit():
        raise Damaged(
            "the registry does not state its schema and base; restore a backup", where=str(database.url)
        )
    return values
