"""The Crystallography Open Database from an index on disk: which entries have a formula and a space group.

The operator makes the index once with ``xafscat link cod-index FILE`` from a listing of COD: CSV with the columns of
COD's own search results (``file``, ``formula``, ``sgNumber``, ``sg``, ``mineral``, ``title``) or ``formula_reduced``,
``cod_id``, ``space_group_number``.
"""

from __future__ import annotations

import contextlib
import csv
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from catalog.errors import Damaged, Unreachable, UnreadableInput
from catalog.formula import FormulaError, hill, reduced
from catalog.linking.databases import DATABASES
from catalog.linking.model import Candidate, Facts, Gone, Query
from catalog.resolvers import Http, Policy, Resolver
from catalog.wording import Sentence

COD = DATABASES["cod"]
OPTION = "cod_index"
# Of a formula with hundreds of determinations, those of the right space group and then the lowest numbers are offered.
MAX_FOUND = 20
_BATCH = 5000
_COLUMNS = {
    "id": ("cod_id", "file", "id"),
    "formula": ("formula_reduced", "formula"),
    "space_group": ("space_group_number", "sgnumber", "sg_number"),
    "mineral": ("mineral",),
    "title": ("title", "chemname"),
}
_SCHEMA = """
CREATE TABLE entries (
  id TEXT PRIMARY KEY, formula TEXT NOT NULL, reduced TEXT NOT NULL, space_group INTEGER, mineral TEXT NOT NULL,
  title TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX by_formula ON entries (reduced, space_group);
CREATE TABLE made (source TEXT NOT NULL, at TEXT NOT NULL) STRICT;
"""


def import_index(source: Path, target: Path, *, now: datetime) -> tuple[int, int]:
    """Make the index ``target`` from a listing (CSV, or tabs between the columns); entries read, lines passed over.

    Lines without a definite formula are passed over. Raises UnreadableInput, naming the line, for what is no
    listing. ``target`` is replaced in one step, when the new one is whole.
    """
    unfinished = target.with_name(target.name + ".part")
    unfinished.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with contextlib.closing(sqlite3.connect(unfinished)) as index:
            index.executescript(_SCHEMA)
            read, passed = _fill(index, source)
            index.execute("INSERT INTO made VALUES (?, ?)", (source.name, now.astimezone(UTC).isoformat()))
            index.commit()
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return read, passed


def _fill(index: sqlite3.Connection, source: Path) -> tuple[int, int]:
    read = passed = 0
    rows: list[tuple[object, ...]] = []
    try:
        with source.open(encoding="utf-8-sig", newline="") as lines:
            head = lines.readline()
            dialect = "excel-tab" if "\t" in head else "excel"
            names = [name.strip().casefold() for name in next(csv.reader([head], dialect), [])]
            place = {
                key: next((names.index(n) for n in wanted if n in names), -1)
                for key, wanted in _COLUMNS.items()
            }
            if min(place["id"], place["formula"]) < 0:
                raise UnreadableInput(
                    Sentence("a column for the COD number and one for the formula are needed"),
                    where=f"{source}:1",
                )
            for number, cells in enumerate(csv.reader(lines, dialect), 2):
                row = _row(cells, place)
                if row is None:
                    passed += 1
                    continue
                if row == ():
                    raise UnreadableInput(
                        Sentence("this is no COD number (seven digits)"), where=f"{source}:{number}"
                    )
                rows.append(row)
                if len(rows) == _BATCH:
                    read += _put(index, rows)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableInput(
            Sentence("this is no table of text: {error}", error=error), where=str(source)
        ) from error
    return read + _put(index, rows), passed


def _put(index: sqlite3.Connection, rows: list[tuple[object, ...]]) -> int:
    index.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)", rows)
    count = len(rows)
    rows.clear()
    return count


def _row(cells: list[str], place: dict[str, int]) -> tuple[object, ...] | None:
    """The row of one line; None where it states no definite formula, () where its number is none."""

    def cell(key: str) -> str:
        return cells[place[key]].strip() if 0 <= place[key] < len(cells) else ""

    if not any(cells):
        return None
    identifier = cell("id")
    if not (identifier.isascii() and identifier.isdigit() and len(identifier) == 7):
        return ()
    try:
        # COD writes "- O2 Ti -".
        written = hill(cell("formula").strip("- "))
        short = reduced(written)
    except FormulaError:
        return None
    group = cell("space_group")
    number = int(group) if re.fullmatch("[0-9]{1,3}", group) and 1 <= int(group) <= 230 else None
    return identifier, written, short, number, cell("mineral")[:200], cell("title")[:300]


def _opened(http: Http) -> sqlite3.Connection:
    path = http.options.get(OPTION, "")
    if not path or not Path(path).is_file():
        raise Unreachable("there is no index of COD; make one with `xafscat link cod-index`", where=path)
    return sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)


def _find(query: Query, http: Http) -> Iterator[Candidate]:
    order = "ORDER BY space_group IS NOT ?, id LIMIT ?"
    rows = _rows(http, f"WHERE reduced = ? {order}", query.reduced, query.space_group, MAX_FOUND)
    for facts in rows:
        by_group = query.space_group is not None and facts.space_group == query.space_group
        matched = ("formula", "space_group") if by_group else ("formula",)
        yield Candidate(query.material, facts.iri, "cod_index", matched, ("COD index",), facts)


def _read(iri: str, http: Http) -> Facts | Gone:
    found = _rows(http, "WHERE id = ?", iri.rpartition("/")[2])
    if not found:
        # An index is of one day, and not everything has a definite formula: what is not in it may well exist.
        raise Unreachable("the entry is not in the index of COD", where=iri)
    return found[0]


def _rows(http: Http, condition: str, *values: object) -> list[Facts]:
    try:
        with contextlib.closing(_opened(http)) as index:
            source, at = index.execute("SELECT source, at FROM made").fetchone()
            query = f"SELECT id, formula, reduced, space_group, mineral, title FROM entries {condition}"  # noqa: S608
            rows = index.execute(query, values).fetchall()
    except (sqlite3.DatabaseError, TypeError) as error:
        raise Damaged(
            "the index of COD cannot be read; make it again", where=http.options.get(OPTION, "")
        ) from error
    return [
        Facts(
            iri=COD.canonical(identifier),
            label={"en": mineral or title} if mineral or title else {},
            formula=written,
            reduced=short,
            space_group=group,
            mineral=mineral,
            version=f"{source}, {at[:10]}",
            retrieved=datetime.fromisoformat(at),
        )
        for identifier, written, short, group, mineral, title in rows
    ]


RESOLVER = Resolver(
    name="cod_index",
    title={
        "en": "Index of the Crystallography Open Database",
        "ja": "COD（結晶構造オープンデータベース）の索引",
    },
    databases=(COD,),
    policy=Policy(hosts=(), per_second=1000.0, days=36500.0),
    find=_find,
    read=_read,
    needs=frozenset({"reduced"}),
    order=20,
)
