"""How the registry talks to its database: everything that differs between SQLite and others is in here."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, exc, make_url
from sqlalchemy.dialects import postgresql, sqlite

from catalog.errors import CatalogError, Conflict, Damaged, NoAccess, StorageFull, UsageError

# A writer holds the database for a batch, well under a second; half a minute means a stuck process.
BUSY_TIMEOUT_S = 30


class Database:
    """A database: ``reading()`` and ``writing()`` give a connection inside one transaction.

    With SQLite a read sees one moment and neither waits for a writer nor stops one; writers queue up.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._writer = self.engine.execution_options(writes=True)
        self.path = Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees the database as it is now, until it is given back."""
        with translated(self.url), self.engine.connect() as connection, connection.begin():
            try:
                yield connection
            except ValueError as error:  # a date that is none, a state that there is not
                raise Damaged(
                    f"a value in the registry cannot be read ({error}); restore a backup"
                ) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that alone may write; committed (and on disk) on leaving, undone by an exception."""
        with translated(self.url):
            with self._turn():
                connection = self._writer.connect()
                try:
                    transaction = connection.begin()
                except BaseException:
                    connection.close()
                    raise
            with connection, transaction:
                yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        # SQLite lets writers poll for its lock, so one that writes batch after batch can starve all others.
        # Who wants to write next therefore holds this file until it has begun; the last writer, back for
        # more, has to wait for the file.
        if self.path is None:
            yield
            return
        descriptor = os.open(f"{self.path}-queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def insert(self, table: Table) -> Any:
        """An INSERT that knows ON CONFLICT, which SQLite and PostgreSQL spell alike but SQL does not have."""
        return (sqlite if self.path else postgresql).insert(table)

    def copy_to(self, target: Path) -> None:
        """A consistent copy of the database file at ``target``, made while others write.

        Raises Damaged when the copy fails SQLite's own check, UsageError when the database is not SQLite.
        """
        if self.path is None:
            raise UsageError("back up this database with its own tool (pg_dump), and the files with rsync")
        copy_database(self.path, target)

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy at ``target`` of the SQLite file ``source``, made while others write. Raises Damaged."""
    with (
        translated(database_url(source)),
        closing(sqlite3.connect(source, timeout=BUSY_TIMEOUT_S)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        # One file, not three, is what a manifest can name.
        copy.execute("PRAGMA journal_mode=DELETE")
    with target.open("rb") as stream:
        os.fsync(stream.fileno())
    problems = check_file(target)
    if problems:
        raise Damaged(f"its copy fails SQLite's check: {problems[0]}", where=str(source))


def contents_of_copy(path: Path) -> tuple[int, list[tuple[str, int]]]:
    """Of a copy made by copy_to: the number of records, and SHA-256 and bytes of every file, by hash.

    The copy is not changed by reading it. Raises Damaged.
    """
    url = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with translated(database_url(path)), closing(sqlite3.connect(url, uri=True)) as copy:
        records = copy.execute("SELECT count(*) FROM record").fetchone()[0]
        return records, copy.execute("SELECT sha256, bytes FROM blob ORDER BY sha256").fetchall()


def check_file(path: Path) -> list[str]:
    """What SQLite finds wrong with the database file at ``path``: broken pages, indexes and references."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
            if not found:
                dangling = connection.execute("PRAGMA foreign_key_check").fetchmany(20)
                found = [f"a row of table {row[0]} refers to a missing row of {row[2]}" for row in dangling]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return found


def make_engine(url: URL) -> Engine:
    """The engine for ``url``, with SQLite set to durable commits (FULL) and concurrent readers (WAL)."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def database_url(where: Path | str) -> URL:
    """The database URL of a path or of a URL text."""
    if isinstance(where, str) and "://" in where:
        return make_url(where)
    return URL.create("sqlite", database=str(Path(where).absolute()))


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Database errors become the catalog's own: StorageFull, Conflict (too long busy), NoAccess, Damaged."""
    try:
        yield
    except (exc.DatabaseError, sqlite3.DatabaseError) as error:
        found = _meaning(error, url)
        if found is None:
            raise
        raise found from error


def _meaning(error: Exception, url: URL) -> CatalogError | None:
    where = url.database or url.render_as_string()
    text = str(getattr(error, "orig", error)).lower()
    # On a full disk SQLite says so for the log, but calls it an input/output error for its shared memory.
    full = "disk i/o error" in text and url.database is not None and _free_bytes(Path(url.database)) < 2**20
    if full or "disk is full" in text or "no space left" in text:
        return StorageFull("the disk is full; nothing of this change was stored", where=where)
    if "is locked" in text:
        return Conflict(
            f"another command has been writing for over {BUSY_TIMEOUT_S} seconds; try again", where=where
        )
    if "readonly database" in text or "unable to open database file" in text:
        return NoAccess(
            "the registry cannot be written to; give the account that runs this the right to change the file and its"
            " folder",
            where=where,
        )
    if "malformed" in text or "not a database" in text or "disk i/o error" in text:
        return Damaged(f"the registry cannot be read ({text}); restore a backup", where=where)
    return None


def _free_bytes(path: Path) -> int:
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize


def _on_connect(connection: Any, _record: object) -> None:
    # The driver must not begin transactions on its own: _on_begin says how.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
