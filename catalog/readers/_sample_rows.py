"""What documents say of the sample in several values at once: formula and form, CAS and product number, main sample and
reference. Each method fills the form from one row of an alias table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from catalog.alias_tables import alias_table
from catalog.errors import CatalogError, InputError
from catalog.findings import define
from catalog.formula import parse as parse_formula
from catalog.ids import check_cas
from catalog.readers._documents import SPECTRUM, Filling, Row, is_placeholder
from catalog.readers._foreign import Stated, Tree
from catalog.wording import Sentence

define(
    "document-formula-form",
    "warning",
    "{value!r} is no formula but formula and form in one, and was left out; write {formula} and the form {form} apart.",
    "「{value}」は化学式に形態を付けた書き方のため使いませんでした。"
    "化学式 {formula} と形態 {form} を分けて書いてください。",
)
define(
    "document-cas-swapped",
    "warning",
    "{value!r} is no CAS number, but {other} ({used!r}) is one: the two were probably swapped, and neither was used.",
    "「{value}」はCAS番号ではなく、{other}（{used}）がCAS番号です。入れ替わっているとみなし、どちらも使いませんでした。",
)

_FORMS = re.compile(r"(.{1,80})[-_ ](foil|powder|pellet|film|solution|glass|liquid|gas)", re.IGNORECASE)


@dataclass(slots=True)
class SampleRows:
    """The methods by the names that rows give them under ``as``."""

    filling: Filling

    def special(self) -> dict[str, Callable[[Row, Tree], None]]:
        """The methods by kind of row."""
        return {
            "formula": self.formula,
            "cas": self.cas,
            "reference": self.reference,
            "main-text": self.main_text,
        }

    def formula(self, row: Row, tree: Tree) -> None:
        """A chemical formula; one with the sample's form behind it is none, and a known mistake is not repeated."""
        for group in self.samples(row, tree):
            stated = group.first(row["path"].rpartition(".")[2])
            if stated is None or self.filling.nothing(stated, row["fills"]):
                continue
            if self.has_form(stated, row["fills"], suggest=True):
                continue
            doubtful = [
                each
                for each in alias_table(self.filling.table).get("doubtful", ())
                if each["formula"] == stated.text
            ]
            if doubtful:
                self.filling.refuse(
                    stated,
                    row["fills"],
                    Sentence(
                        "{text!r} {because}",
                        text=stated.text,
                        because=Sentence.of_data(doubtful[0]["because"]),
                    ),
                )
            else:
                self.filling.take({**row, "as": "text"}, stated)

    def has_form(self, stated: Stated, pointer: str, *, suggest: bool) -> bool:
        """Whether a formula is "Pb-foil", which is reported and not used."""
        match = _FORMS.fullmatch(stated.text.strip())
        if match is None or not _is_formula(match[1]):
            return False
        self.filling.keep(stated)
        self.filling.report(
            "document-formula-form", stated, pointer, formula=match[1], form=match[2].casefold()
        )
        if suggest:
            self.filling.suggest("/sample/formula", match[1])
            self.filling.suggest("/sample/form", match[2].casefold())
        return True

    def cas(self, row: Row, tree: Tree) -> None:
        """A CAS number; where it is none and the product number is, both are left out."""
        for group in self.samples(row, tree):
            stated = group.first(row["path"].rpartition(".")[2])
            if stated is None or self.filling.nothing(stated, row["fills"]):
                continue
            try:
                self.filling.put(row["fills"], check_cas(stated.text.strip()), stated)
            except InputError as error:
                beside = [each for key in row["beside"] if (each := group.first(key))]
                if swapped := next((each for each in beside if _is_cas(each.text)), None):
                    self.filling.report(
                        "document-cas-swapped", stated, row["fills"], other=swapped.path, used=swapped.text
                    )
                    self.filling.suggest(row["fills"], swapped.text.strip())
                    self.filling.keep(stated)
                else:
                    self.filling.refuse(stated, row["fills"], error.detail)

    def reference(self, row: Row, tree: Tree) -> None:
        """The reference sample: published by its name, and suggested as the standard of the calibration."""
        for group in tree.groups(row["path"]):
            tag = group.first("tag")
            if "tagged" in row and (tag is None or tag.text.casefold() != row["tagged"]):
                continue
            formula = group.first("chemical_formula")
            if formula and not is_placeholder(formula.text):
                self.has_form(formula, f"{SPECTRUM}/calibration/standard", suggest=False)
            stated = group.first("name") or formula
            if stated is None or is_placeholder(stated.text) or not (text := self.filling.clean(stated, "")):
                continue
            self.filling.public("reference sample", stated)
            self.filling.suggest(f"{SPECTRUM}/calibration/standard", text)
            if any(self.filling.tree.groups(path) for path in row.get("detector", ())):
                self.filling.suggest(f"{SPECTRUM}/calibration/simultaneous", "true")

    def main_text(self, row: Row, tree: Tree) -> None:
        """A text about the main sample."""
        for group in self.samples(row, tree):
            if stated := group.first(row["path"].rpartition(".")[2]):
                self.filling.take({**row, "as": "text"}, stated)

    def samples(self, row: Row, tree: Tree) -> list[Tree]:
        """The samples a row of the main sample is for: those that are not tagged as the reference."""
        groups = tree.groups(row["path"].rpartition(".")[0])
        return [
            each
            for each in groups
            if (each.first("tag") or Stated("", "main", 0)).text.casefold() != "reference"
        ]


def _is_formula(text: str) -> bool:
    try:
        return bool(parse_formula(text))
    except CatalogError:
        return False


def _is_cas(text: str) -> bool:
    try:
        return bool(check_cas(text.strip()))
    except CatalogError:
        return False
