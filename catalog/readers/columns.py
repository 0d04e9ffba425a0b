"""Columns of numbers with little or no header: the last resort, for what programs and people write to pass data on.

A column of photon energies is known by its label, else by its values. Element and edge are never read, whatever
comments say: they are suggested. Computed spectra are recognised by their programs and refused.
"""

from __future__ import annotations

import re
from itertools import chain

from catalog.alias_tables import alias_table, meanings
from catalog.document import Form
from catalog.errors import UnreadableInput
from catalog.findings import define
from catalog.readers import Reader, Reading, Source
from catalog.readers._columns_text import Contents, computed_by, take_apart
from catalog.readers._encoding import decode_head
from catalog.readers._scan_dates import put_moment
from catalog.readers._scan_form import Hints, ScanStatements, begin, comment, finish, place_of, say_once
from catalog.readers._scan_roles import Axis, Signal, axis_of, bare_axis, meaning, signals_of
from catalog.readers._scan_table import Table, is_row, read_table, split
from catalog.readers._several import part_id
from catalog.readers._statements import Statements
from catalog.wording import Sentence

define(
    "columns-computed",
    "error",
    "The spectrum was computed ({value}), not measured; this catalog holds measurements. Deposit it where "
    "computed data belong.",
    "計算で得られたスペクトル（{value}）です。このカタログは測定データを扱うため登録できません。",
)
define(
    "columns-no-energy",
    "error",
    "No column holds photon energies: {value}. Label the column, for example '# energy_eV mu', if it does.",
    "エネルギーの列がありません（{value}）。エネルギーの列であれば「# energy mu」のようにラベルを付けてください。",
)
define(
    "columns-only",
    "info",
    "The file holds columns and hardly anything else; what was measured, where and how has to come from a person or a "
    "defaults file.",
    "ファイルには数値の列のほかにほとんど情報がありません。測定の内容は手で入力するか、既定値ファイルで与えてください。",
)
define(
    "columns-several",
    "info",
    "The file holds {value} spectra side by side; each became a deposit of its own, titled by the label of its column.",
    "スペクトルが {value} 個並んでいます。列のラベルを題名として、それぞれ1件の登録にしました。",
)

_COMPUTED, _LABELLED, _BARE, _NUMBERS = 30, 20, 10, 2
_SNIFFED, _SNIFFED_ROWS = 32_768, 40
_LEAST_ROWS, _LEAST_BARE_ROWS = 5, 20
_MAX_SPECTRA = 200


def sniff(source: Source) -> int:
    """Low scores only, so that every format of its own goes first: labelled columns, bare ones, any rows of numbers."""
    head = decode_head(source.head[:_SNIFFED])
    if head is None:
        return 0
    rows = list(enumerate(re.split(r"\r\n|\r|\n", head), 1))
    if source.size > _SNIFFED:
        rows.pop()
    contents = take_apart(rows)
    if contents is None:
        return 0
    width = len(split(contents.first[1]))
    table = [text for _, text in rows[contents.first[0] - 1 :][:_SNIFFED_ROWS] if text.strip()]
    numbers = [text for text in table if is_row(text) and len(split(text)) == width]
    if len(numbers) < _LEAST_ROWS or 2 * len(numbers) < len(table):
        return 0
    if computed_by(head):
        return _COMPUTED
    if any(meaning(label)[0] == "energy" for label in contents.labels):
        return _LABELLED
    try:
        return _BARE if isinstance(bare_axis(read_table(enumerate(numbers, 1), "")), Axis) else _NUMBERS
    except UnreadableInput:
        return _NUMBERS


def read(source: Source) -> Reading:
    """The spectrum as a deposit form, or a form for each spectrum of a wide table; element and edge suggested at most.

    Raises UnreadableInput, with the line, for a table that is not all numbers. What was computed, or has no photon
    energies, is no absorption spectrum and says why.
    """
    said, rows = begin(source, "Table")
    head = decode_head(source.head) or ""
    if by := computed_by(head):
        return _refused(said, "columns-computed", 1, by)
    contents = take_apart(rows)
    if contents is None:
        raise UnreadableInput(
            Sentence("no row of numbers stands in the first lines of the file"), where=source.name
        )
    table = read_table(chain([contents.first], rows), source.name, marks="#;:!%")
    line = contents.label_line or contents.first[0]
    axis = axis_of(contents.labels, table) if contents.labels else bare_axis(table)
    if contents.labels and (word := _processed(contents.labels)):
        axis = Sentence("column {label!r} is {word}", label=contents.labels[0], word=Sentence.of_data(word))
    least = _LEAST_ROWS if contents.labels else _LEAST_BARE_ROWS
    if isinstance(axis, Axis) and table.rows < least:
        axis = Sentence("{rows} rows are too few for a spectrum", rows=table.rows)
    if isinstance(axis, Sentence):
        return _refused(said, "columns-no-energy", line, axis)
    wide = _spectra(contents.labels, table, axis)
    if len(wide) > _MAX_SPECTRA:
        raise UnreadableInput(
            Sentence(
                "the table has {count} spectra; at most {most} are read", count=len(wide), most=_MAX_SPECTRA
            ),
            where=source.name,
        )
    hints = _read_comments(said, contents)
    hints.labels = contents.labels
    said.report("columns-only", "", line)
    if len(wide) < 2:
        finish(said, table, contents.labels, axis, signals_of(contents.labels, table, axis), hints)
    else:
        _put_spectra(said, table, contents, axis, wide, hints)
    said.close()
    return said.reading


def _refused(said: Statements, code: str, line: int, value: str) -> Reading:
    said.report(code, "", line, value)
    said.reading.is_xafs = False
    said.reading.forms.clear()
    return said.reading


def _processed(labels: list[str]) -> str:
    found: str = meanings("columns", "processed", "label", "means").get(labels[0].casefold(), "")
    return found


def _read_comments(said: Statements, contents: Contents) -> Hints:
    hints = Hints()
    for line, text in contents.comments:
        body = text.strip().lstrip("#;:!%*").strip()
        if not body.strip("-=_* "):
            continue
        comment(said, body, line)
        place_of(said, body, line, "comment")
        hints.texts.append(body)
        for row in alias_table("columns")["comments"]:
            if match := re.search(row["pattern"], body[:300]):
                if row["means"] == "started":
                    put_moment(said, "started", match[1], "comment", line, said.form.get("/facility"))
                elif match[1].count(".") < 2 and match[1].strip("."):
                    value = float(match[1])
                    hints.e0 = value * 1000 if value < 150 else value, "E0", line
    return hints


def _spectra(labels: list[str], table: Table, axis: Axis) -> list[int]:
    """The columns of a table of spectra side by side: all but the energies, if no label is that of a detector."""
    if len(labels) != len(table.columns) or len(labels) < 4:
        return []
    others = [column for column in range(len(labels)) if column != axis.column]
    if any(meaning(labels[column])[0] for column in others) or len(set(labels)) < len(labels):
        return []
    # Names of samples begin with letters in every spectrum; counters and settings are short words.
    return others if all(re.match(r"[A-Za-z]", labels[column]) for column in others) else []


def _put_spectra(
    said: Statements, table: Table, contents: Contents, axis: Axis, wide: list[int], hints: Hints
) -> None:
    reading, line = said.reading, contents.label_line
    used: set[str] = set()
    for number, column in enumerate(wide):
        label = contents.labels[column]
        if number:
            reading.forms.append(Form())
        each = ScanStatements(reading, reading.forms[number], said.name, said.spectrum, said.personal)
        if number:
            each.put(each.spectrum, {}, "Table", 1)
            for pointer, origin in said.form.origins.items():
                if pointer in {"/facility", "/beamline", f"{said.spectrum}/started"}:
                    each.form.put(pointer, said.form.get(pointer), origin)
        each.of_spectrum("id", part_id(label, used), "label", line, label)
        each.text("/title", label, "label", line)
        signal = Signal(label, None, list(table.columns[column]))
        own = Hints([label, *hints.texts], e0=None if number else hints.e0, sample=(label, line))
        finish(each, table, contents.labels, axis, [signal], own)
    say_once(reading)
    said.report("columns-several", "", line, str(len(wide)))


READER = Reader(
    name="columns",
    title={"en": "Columns of numbers with or without labels", "ja": "数値の列（ラベルの有無を問わない）"},
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
