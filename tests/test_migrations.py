from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from catalog import migrations
from catalog.document import Origin
from catalog.errors import Conflict, UsageError
from catalog.migrations import Migration, newest
from catalog.registry import create_registry, open_registry
from catalog.registry_engine import Database, database_url
from catalog.registry_tables import metadata
from catalog.states import State

SNAPSHOT = Path(__file__).parent / "data" / "registry-schema-1.sql"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A home folder with a registry of schema 1."""
    with closing(sqlite3.connect(tmp_path / "registry.sqlite")) as connection:
        connection.executescript(SNAPSHOT.read_text(encoding="utf-8"))
    return tmp_path


def schema_of(path: Path) -> dict[str, Any]:
    engine = create_engine(f"sqlite:///{path}")
    try:
        found = inspect(engine)
        return {
            name: {
                "columns": {
                    column["name"]: (str(column["type"]), column["nullable"], column["default"])
                    for column in found.get_columns(name)
                },
                "key": found.get_pk_constraint(name)["constrained_columns"],
                "references": sorted(
                    str(sorted(key.items(), key=str)) for key in found.get_foreign_keys(name)
                ),
                "indexes": sorted(str(sorted(index.items(), key=str)) for index in found.get_indexes(name)),
            }
            for name in found.get_table_names()
        }
    finally:
        engine.dispose()


def stored_schema(home: Path) -> str:
    with closing(sqlite3.connect(home / "registry.sqlite")) as connection:
        return str(connection.execute("SELECT value FROM setting WHERE name = 'schema'").fetchone()[0])


def test_the_steps_make_the_tables_the_program_uses(tmp_path: Path, old: Path) -> None:
    (tmp_path / "new").mkdir()
    create_registry(tmp_path / "new", "https://example.org/xafs", now=datetime(2026, 5, 1, tzinfo=UTC))
    engine = create_engine(f"sqlite:///{tmp_path}/direct.sqlite")
    metadata.create_all(engine)
    engine.dispose()
    open_registry(old).close()
    wanted = schema_of(tmp_path / "direct.sqlite")
    assert schema_of(tmp_path / "new" / "registry.sqlite") == wanted
    assert schema_of(old / "registry.sqlite") == wanted


def test_an_old_registry_is_brought_up_to_date_and_says_so(old: Path) -> None:
    assert stored_schema(old) == "1"
    with open_registry(old) as registry:
        assert len(registry.notes) == newest() - 1
        assert "brought up to date" in registry.notes[0]
        assert [record.id for record in registry.records()] == ["foil000001", "oxide00001"]
        assert registry.record("foil000001").available == date(2027, 4, 1)
        assert registry.record("foil000001").standing.state is State.PUBLISHED
        assert registry.referring_to(["foil000001"]) == {"oxide00001"}
        assert "ja" in registry.document("foil000001")["title"]
        assert registry.form("foil000001").origins == {"/title": Origin("person")}
        assert registry.findings("oxide00001")[0].code == "title-generated"
        assert registry.headers("oxide00001") == [("Column.1", "energy eV", 3)]
        assert registry.attachments("oxide00001")[0].name == "hematite.xdi"
        latest = registry.latest_release()
        assert latest is not None
        assert (latest.number, latest.last_event) == (1, 0)
        assert list(registry.problems()) == []
    assert stored_schema(old) == str(newest())
    with open_registry(old) as registry:
        assert registry.notes == ()


def test_a_newer_registry_is_refused_and_left_alone(old: Path) -> None:
    with closing(sqlite3.connect(old / "registry.sqlite")) as connection, connection:
        connection.execute("UPDATE setting SET value = '99' WHERE name = 'schema'")
    with pytest.raises(Conflict, match="upgrade"):
        open_registry(old)
    assert stored_schema(old) == "99"


def test_a_step_that_fails_leaves_the_registry_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_connection: object) -> None:
        raise ZeroDivisionError

    steps = (*migrations.migrations(), Migration(newest() + 1, "fails", fail))
    before = schema_of(old / "registry.sqlite")
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "migrations", lambda: steps)
        with pytest.raises(ZeroDivisionError):
            open_registry(old)
    assert schema_of(old / "registry.sqlite") == before
    assert stored_schema(old) == "1"
    open_registry(old).close()


def test_two_programs_may_bring_it_up_to_date_at_once(old: Path) -> None:
    program = "import sys; from catalog.registry import open_registry; open_registry(sys.argv[1]).close()"
    started = [subprocess.Popen([sys.executable, "-c", program, str(old)]) for _ in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    with open_registry(old) as registry:
        assert list(registry.problems()) == []


def test_steps_are_numbered_and_titled() -> None:
    steps = migrations.migrations()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.title for step in steps)


def test_the_tables_and_the_upsert_can_be_said_to_postgresql(tmp_path: Path) -> None:
    dialect = postgresql.dialect()
    for table in metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect)).strip().startswith("CREATE TABLE")
    database = Database(database_url(tmp_path / "registry.sqlite"))
    database.path = None
    upsert = database.insert(metadata.tables["blob"]).on_conflict_do_nothing()
    assert str(upsert.compile(dialect=dialect)).endswith("ON CONFLICT DO NOTHING")
    with pytest.raises(UsageError, match="pg_dump"):
        database.copy_to(tmp_path / "copy.sqlite")
    database.dispose()
