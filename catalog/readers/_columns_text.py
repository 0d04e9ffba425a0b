"""A file of columns taken apart: comments, the row of labels if there is one, and the first row of numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from catalog.alias_tables import alias_table
from catalog.readers._scan_roles import meaning
from catalog.readers._scan_table import COMMENT_MARKS, Row, is_row, split

MAX_HEADER = 500
_HEAD = 4_000
_RULE = re.compile(r"[-=_*#\s]*")
# What may stand between labels, which may hold blanks themselves; the last is what is left where none fits.
_PARTINGS = [re.compile(parting) for parting in (",", r"\t", r"\t|\s{2,}", r"\s+")]


@dataclass(slots=True)
class Contents:
    """Comments with their lines, labels with their line (0 where there are none), and the first row of numbers."""

    comments: list[Row] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    label_line: int = 0
    first: Row = (0, "")


def computed_by(text: str) -> str:
    """The program or database of computed spectra that the first lines of a file name; "" for none."""
    head = text[:_HEAD]
    return next(
        (
            row["by"]
            for row in alias_table("columns")["computed"]
            if re.search(row["pattern"], head, re.MULTILINE)
        ),
        "",
    )


def take_apart(rows: Iterable[Row]) -> Contents | None:
    """What stands above the first row of numbers, that row included; None where there is no such row.

    ``rows`` is not read further. Two rows of numbers in a row are asked for by who needs more certainty.
    """
    contents = Contents()
    lines: Iterator[Row] = iter(rows)
    for line, text in lines:
        if line > MAX_HEADER:
            return None
        if is_row(text):
            contents.first = line, text
            _find_labels(contents, len(split(text)))
            return contents
        if text.strip():
            contents.comments.append((line, text))
    return None


def _find_labels(contents: Contents, count: int) -> None:
    """The labels: the last line above the numbers that is as many words as columns, or that names an energy."""
    for place in range(len(contents.comments) - 1, -1, -1):
        line, text = contents.comments[place]
        body = text.strip().lstrip(COMMENT_MARKS).strip()
        if _RULE.fullmatch(body):
            continue
        ways = [_words(parting.split(body)) for parting in _PARTINGS]
        labels = next((words for words in ways if len(words) == count), ways[-1])
        energies = [word for word in labels if meaning(word)[0] == "energy" or _processed(word)]
        if energies and (len(labels) == count or labels[0] in energies):
            contents.labels, contents.label_line = labels, line
            del contents.comments[place]
        return


def _words(parts: list[str]) -> list[str]:
    return [part.strip() for part in parts if part.strip()]


def _processed(word: str) -> bool:
    return any(word.casefold() == row["label"] for row in alias_table("columns")["processed"])
