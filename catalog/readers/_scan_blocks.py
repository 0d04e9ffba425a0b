"""The blocks of a scan, as documents list them: from, to and step of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from catalog.errors import CatalogError, InputError
from catalog.findings import define
from catalog.quantity import decimal_text, parse_number, parse_quantity
from catalog.readers._documents import SPECTRUM, Filling, Row
from catalog.readers._foreign import Stated, Tree

define(
    "document-blocks",
    "warning",
    "The {value} blocks of the scan all repeat {detail}, which cannot be; the range was left out. "
    "Take it from the data file.",
    "{value} 個の測定ブロックがすべて {detail} を繰り返しており、ありえないため範囲を使いませんでした。"
    "データファイルから取ってください。",
)
define(
    "document-blocks-partial",
    "info",
    "{value} blocks of the scan are announced and {rows} are listed: the range of the scan was left to the data file.",
    "測定ブロックは {value} 個とありますが、記載は {rows} 個です。測定範囲はデータファイルから取ってください。",
)

_ENERGIES = {"eV", "keV"}
_MAX_BLOCKS = 50
_START, _END, _STEP = (
    ("start", "start_energy"),
    ("end", "end_energy"),
    ("delta", "delta_energy", "step_energy"),
)


@dataclass(frozen=True, slots=True)
class _Block:
    group: Tree
    start: Stated
    end: Stated
    unit: str

    @property
    def step(self) -> str:
        """The step as a plain number; empty where none is stated."""
        stated = self.group.first(*_STEP)
        try:
            return decimal_text(parse_number(stated.text)) if stated else ""
        except CatalogError:
            return ""


def put_blocks(filling: Filling, row: Row, tree: Tree) -> None:
    """The ends of the scan in eV, from the blocks at the row's path; blocks in degrees are published as they stand.

    Blocks that all say the same are reported and left out, and so is the range of a scan only some blocks of which
    are listed (``number`` of the row is the path of their number).
    """
    blocks = list(_blocks(tree.groups(row["path"])))[:_MAX_BLOCKS]
    if not blocks:
        return
    pointer = f"{SPECTRUM}/energy"
    spans = {(block.start.text, block.end.text) for block in blocks}
    units = {block.unit for block in blocks}
    announced = tree.first(row["number"]) if "number" in row else None
    if len(spans) == 1 and (len(blocks) > 1 or blocks[0].start.text == blocks[0].end.text):
        for block in blocks:
            for leaf in block.group.leaves():
                filling.keep(leaf)
        count = replace(blocks[0].start, text=str(len(blocks)))
        filling.report("document-blocks", count, pointer, detail=blocks[0].start.text)
    elif not units <= _ENERGIES:
        for number, block in enumerate(blocks, 1):
            text = f"{block.start.text} to {block.end.text} step {block.step} {block.unit}"
            filling.public(f"Block {number}", replace(block.start, text=text))
    elif announced and announced.text.strip() != str(len(blocks)):
        filling.report("document-blocks-partial", announced, pointer, rows=str(len(blocks)))
    else:
        _put_ends(filling, blocks)


def _blocks(groups: Iterable[Tree]) -> Iterator[_Block]:
    for group in groups:
        start, end = group.first(*_START), group.first(*_END)
        if start and end:
            unit = group.first(*(f"{key}_unit" for key in _START))
            yield _Block(group, start, end, unit.text.strip() if unit else "")


def _put_ends(filling: Filling, blocks: Sequence[_Block]) -> None:
    """The lowest and the highest energy, whichever way the scan went."""
    ends = []
    for block in blocks:
        for stated in (block.start, block.end):
            text = f"{stated.text} {block.unit}"
            try:
                ends.append((parse_quantity(text, "eV").value, replace(stated, text=text)))
            except InputError as error:
                filling.refuse(stated, f"{SPECTRUM}/energy", error.detail)
                return
    ends.sort(key=lambda end: end[0])
    for place, (_, stated) in (("first", ends[0]), ("last", ends[-1])):
        where = {"fills": f"{SPECTRUM}/energy/{place}", "path": stated.path, "as": "quantity", "of": "eV"}
        filling.take(where, stated)
