"""Metadata documents of the JXS schema (xafs-schema 20230203) of the Japanese XAFS database group, in YAML or JSON.

A document describes one measurement, its sample and its files. The schema requires neither element nor edge. Its own
``$id`` values break its references in validators, so a document is read by the alias table and not by the schema.
"""

from __future__ import annotations

import re

from catalog.alias_tables import alias_table
from catalog.errors import CatalogError
from catalog.findings import define, finding
from catalog.quantity import parse_quantity
from catalog.readers import Reader, Reading, Source
from catalog.readers._documents import SPECTRUM, Filling, Row
from catalog.readers._foreign import Tree, outline, trees
from catalog.readers._measured import Measured
from catalog.wording import Sentence

define(
    "jxs-schema",
    "error",
    "This is the JXS schema itself and no document of it; give the metadata file of a measurement.",
    "これは JXS スキーマそのもので、メタデータではありません。測定のメタデータファイルを指定してください。",
)
define(
    "jxs-fragment",
    "error",
    "This is a part of a JXS document ({value}) without data_info, facility and sample; give the whole document.",
    "これは JXS 文書の一部（{value}）で、data_info・facility・sample がありません。文書全体を指定してください。",
)
define(
    "jxs-field-missing",
    "warning",
    "The document lacks {value}, which the JXS schema requires.",
    "JXS スキーマの必須項目 {value} がありません。",
)

# "file" is what "files" was called before 20230203.
_BLOCKS = frozenset(
    {"data_info", "facility", "file", "files", "instrument", "measurement", "sample", "reference", "local"}
)
_OWN_SIGNS = (b"deposite_time", b"measured_time", b"metadata_format", b"xafs-schema")
_PART_SIGNS = (b"detectors", b"processing_lines")
# What the schema calls its files; the fourth word is "thumbnail".
_MEASURED = frozenset({"experimental", "calibrated", "corrected"})
_ASSIGNED = re.compile(r"\(\s*([0-9]{2,6}(?:\.[0-9]{1,6})?\s*eV)\s*\)")
# No storage ring for spectroscopy stores electrons of more; 10000 GeV was meant as MeV.
_MOST_GEV = 10


def sniff(source: Source) -> int:
    """Certain when the outermost keys are blocks of the schema and what stands in them is the schema's."""
    head = source.head
    if b"@data_info" in head and b"$schema" in head:
        return 95
    whole = b"data_info" in head and any(sign in head for sign in _OWN_SIGNS)
    part = b"measurement" in head and any(sign in head for sign in _PART_SIGNS)
    keys = outline(source) if whole or part else frozenset()
    if not keys or not keys <= _BLOCKS:
        return 0
    if "data_info" in keys:
        return 95 if whole else 0
    return 60 if part and keys == {"measurement"} else 0


def read(source: Source) -> Reading:
    """A form per document of the file. Raises UnreadableInput, with the line, for what is no safe YAML or JSON."""
    reading = Reading()
    for tree in trees(source):
        keys = set(tree.names())
        if "$schema" in keys or "definitions" in keys:
            return _refused(reading, "jxs-schema", source.name)
        if not keys & {"data_info", "sample", "facility"}:
            return _refused(reading, "jxs-fragment", source.name, value=", ".join(sorted(keys))[:200])
        filling = Filling(tree, source.name, "jxs", reading)
        _report_missing(filling)
        measured = Measured(filling)
        own = _Own(filling)
        filling.fill(
            measured.special()
            | {
                "feature": own.feature,
                "count": own.count,
                "ring-energy": own.ring_energy,
                "monochromator": own.monochromator,
                "jxs-files": own.files,
            }
        )
        measured.finish()
    return reading


class _Own:
    """Rows only this schema has."""

    def __init__(self, filling: Filling) -> None:
        self.filling = filling

    def feature(self, row: Row, tree: Tree) -> None:
        """Where the energy was calibrated: a known feature, or a sentence that names one and the energy in brackets."""
        from catalog.vocabulary import vocabulary

        for stated in self.filling.found(row, tree):
            if self.filling.nothing(stated, row["fills"]):
                continue
            if vocabulary().concept("calibration-feature", stated.text):
                self.filling.take({**row, "as": "text"}, stated)
                continue
            self.filling.public(row["path"], stated)
            if energy := _ASSIGNED.search(stated.text):
                self.filling.suggest(f"{SPECTRUM}/calibration/assigned_energy", energy[1])
            for word in alias_table("jxs").get("features", ()):
                if word["word"] in stated.text.casefold():
                    self.filling.suggest(row["fills"], word["means"])

    def count(self, row: Row, tree: Tree) -> None:
        """A number of points."""
        for stated in self.filling.found(row, tree):
            if not self.filling.nothing(stated, row["fills"]):
                if stated.text.isascii() and stated.text.isdigit():
                    self.filling.put(row["fills"], stated.text, stated)
                else:
                    self.filling.refuse(
                        stated,
                        row["fills"],
                        Sentence("{text!r} is no number of points", text=stated.text[:40]),
                    )

    def ring_energy(self, row: Row, tree: Tree) -> None:
        """The energy of the ring, when there is a ring of it."""
        for stated in self.filling.found(row, tree):
            try:
                absurd = parse_quantity(stated.text, "GeV").value > _MOST_GEV
            except CatalogError:
                absurd = False  # taking it will say why
            if absurd:
                self.filling.refuse(
                    stated,
                    row["fills"],
                    Sentence("{text!r} is more than any such ring has", text=stated.text),
                )
            else:
                self.filling.take({**row, "as": "quantity"}, stated)

    def monochromator(self, row: Row, tree: Tree) -> None:
        """The kind of monochromator, where the crystal has not said it already."""
        if self.filling.form.get(row["fills"]):
            for stated in tree.every(row["path"]):
                self.filling.public(row["path"], stated)
        else:
            for stated in self.filling.found(row, tree):
                self.filling.take({**row, "as": "concept", "scheme": "monochromator"}, stated)

    def files(self, row: Row, tree: Tree) -> None:
        """The measured files: their name stands one level below their extension."""
        for group in tree.groups("files"):
            kind, extension = group.first("description"), group.first("extension")
            if kind is None or kind.text in _MEASURED:
                names = group.every("file.name")
                Measured(self.filling).named_files(names, row["fills"], extension.text if extension else "")


def _refused(reading: Reading, code: str, name: str, **fields: str) -> Reading:
    reading.is_xafs = False
    reading.findings.append(finding(code, file=name, line=1, **fields))
    return reading


def _report_missing(filling: Filling) -> None:
    for row in alias_table("jxs")["required"]:
        if filling.tree.first(row["path"]) is None:
            filling.reading.findings.append(
                finding("jxs-field-missing", file=filling.name, line=filling.tree.line, value=row["path"])
            )


READER = Reader(
    name="jxs",
    title={
        "en": "JXS metadata (xafs-schema, YAML or JSON)",
        "ja": "JXSメタデータ（xafs-schema、YAML・JSON）",
    },
    specification="https://github.com/xafs-db/xafs-schema",
    sniff=sniff,
    read=read,
)
