"""What metadata documents of measurements state in several values at once: edges, crystal, depositor, detection mode,
data files. Each method fills the form from one row of an alias table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

from catalog.alias_tables import alias_table
from catalog.document import FormValue
from catalog.errors import CatalogError, InputError
from catalog.findings import define
from catalog.readers._documents import SPECTRUM, Filling, Row, is_placeholder, plain_text
from catalog.readers._foreign import Stated, Tree
from catalog.readers._sample_rows import SampleRows
from catalog.readers._scan_blocks import put_blocks
from catalog.xray import normalise_edge, normalise_element, parse_crystal

define(
    "document-edge",
    "warning",
    "Nothing was made of the edge: {detail}. State element and edge by hand.",
    "吸収端は使いませんでした: {detail}。元素と吸収端を手で入力してください。",
)
define(
    "document-modes",
    "info",
    "Several detection modes are recorded ({value}); state the one of the spectrum you deposit.",
    "複数の検出法（{value}）が記録されています。登録するスペクトルの検出法を入力してください。",
)
define(
    "document-depositor",
    "info",
    "{key} names a person; who deposited need not be who is credited, so it is only suggested as the creator.",
    "{key} は個人名です。登録した人がクレジットされるとは限らないため、作成者の候補として示すだけにしました。",
)

_SYMBOL = re.compile(r"([A-Z][a-z]?)[\s_-]")
_PATH = re.compile(r"[/\\]|\.\.")
_JAPANESE = re.compile("[぀-ヿ㐀-鿿]")
_MAX_NAME, _MAX_LISTED = 200, 200


@dataclass(slots=True)
class Measured:
    """The methods by the names that rows give them under ``as``."""

    filling: Filling

    def special(self) -> dict[str, Callable[[Row, Tree], None]]:
        """The methods by kind of row."""
        return SampleRows(self.filling).special() | {
            "japanese": self.japanese,
            "edges": self.edges,
            "stated-edge": self.stated_edge,
            "plane": self.plane,
            "blocks": partial(put_blocks, self.filling),
            "depositor": self.depositor,
            "modes": self.modes,
            "files": self.files,
        }

    def japanese(self, row: Row, tree: Tree) -> None:
        """A text under a key for Japanese; some programs copy the English one there."""
        for stated in self.filling.found(row, tree):
            if _JAPANESE.search(stated.text):
                self.filling.take({**row, "as": "text"}, stated)
            else:
                self.filling.nothing(stated, row["fills"])

    def edges(self, row: Row, tree: Tree) -> None:
        """A list of pairs of element and edge: the edges of one element are one spectrum."""
        shells: dict[str, list[tuple[Stated, str]]] = {}
        for group in tree.groups(row["path"]):
            element, edge = group.first("element"), group.first("edge")
            stated = edge or element
            if stated is None or is_placeholder(stated.text):
                continue
            try:
                symbol = normalise_element(element.text) if element else None
                named, found = normalise_edge(edge.text, symbol) if edge else (symbol or "", ())
            except InputError as error:
                self.filling.report("document-edge", stated, f"{SPECTRUM}/edge", detail=error.detail)
                continue
            shells.setdefault(named, [(stated, "")] if not found else []).extend(
                (stated, each) for each in found
            )
        for number, (symbol, pairs) in enumerate(shells.items()):
            here = f"/spectra/{number}"
            if number:
                self.filling.form.put(here, {}, self.filling.form.origins[SPECTRUM])
            names: list[FormValue] = [*dict.fromkeys(shell for _, shell in pairs if shell)]
            if symbol:
                self.filling.put(f"{here}/element", symbol, pairs[0][0])
            if names:
                self.filling.put(f"{here}/edge", names[0] if len(names) == 1 else names, pairs[0][0])

    def stated_edge(self, row: Row, tree: Tree) -> None:
        """Element and edge in one text, such as "Fe K"."""
        for stated in self.filling.found(row, tree):
            if not self.filling.nothing(stated, row["fills"]):
                self.put_edge(stated)

    def put_edge(self, stated: Stated) -> None:
        """Put element and edge, or say why the text names none; its element alone is suggested then."""
        filling = self.filling
        try:
            element, shells = normalise_edge(stated.text)
        except InputError as error:
            filling.keep(stated)
            filling.report("document-edge", stated, f"{SPECTRUM}/edge", detail=error.detail)
            if (match := _SYMBOL.match(stated.text)) and _is_element(match[1]):
                filling.suggest(f"{SPECTRUM}/element", match[1])
            return
        if element:
            filling.put(f"{SPECTRUM}/element", element, stated)
        filling.put(f"{SPECTRUM}/edge", shells[0] if len(shells) == 1 else list(shells), stated)

    def plane(self, row: Row, tree: Tree) -> None:
        """A crystal with its plane, "Si(111)", or the plane beside the material's own key, "(111)"."""
        parent, _, key = row["path"].rpartition(".")
        for group in tree.groups(parent):
            stated = group.first(key)
            if stated is None or self.filling.nothing(stated, row["fills"]):
                continue
            material = group.first(row.get("material", "crystal_material"))
            if material is None and is_placeholder(stated.text):
                continue
            text = (
                stated.text
                if stated.text[:1].isalpha() or material is None
                else f"{material.text} {stated.text}"
            )
            try:
                crystal, reflection = parse_crystal(text)
            except InputError as error:
                self.filling.refuse(stated, row["fills"], error.detail)
                continue
            self.filling.put(f"{row['fills']}/type", "crystal", stated)
            self.filling.put(f"{row['fills']}/crystal", crystal, material or stated)
            self.filling.put(f"{row['fills']}/reflection", reflection, stated)

    def depositor(self, row: Row, tree: Tree) -> None:
        """Who deposited: an organisation is credited, a person only suggested."""
        from catalog.vocabulary import vocabulary

        for group in tree.groups(row["path"])[:_MAX_LISTED]:
            name, role = group.first("name"), group.first("role")
            if name is None or is_placeholder(name.text) or not (text := self.filling.clean(name, "")):
                continue
            houses = [
                each.text for each in (*group.every("organization"), *group.every("affiliation.organization"))
            ]
            houses += [each.text for each in group.every("affiliation")]
            is_house = (role is not None and role.text == "organization") or text in houses
            number = len(self.filling.form.values.get("creators") or [])
            if is_house or vocabulary().facility(text):
                if text not in [each["name"] for each in self.filling.form.values.get("creators") or []]:
                    self.filling.put(f"/creators/{number}/name", text, name)
                self.filling.used.add(name.path)
            elif not row.get("houses_only"):
                self.filling.report(
                    "document-depositor", replace(name, text=name.path), f"/creators/{number}"
                )
                self.filling.suggest("/creators/0/name", text)
                if houses:
                    self.filling.suggest("/creators/0/affiliation", houses[0])

    def modes(self, row: Row, tree: Tree) -> None:
        """The detection modes of the columns: one is the spectrum's, several are for a person to choose from."""
        found = {
            each.text.casefold(): each
            for each in self.filling.found(row, tree)
            if not is_placeholder(each.text)
        }
        if len(found) == 1:
            self.filling.take({**row, "as": "mode"}, next(iter(found.values())))
        elif found:
            first = next(iter(found.values()))
            self.filling.report("document-modes", replace(first, text=", ".join(sorted(found))), row["fills"])

    def files(self, row: Row, tree: Tree) -> None:
        """The names of the measured data files, which lie beside the document; pictures and copies of it are none."""
        self.named_files(tree.every(row["path"]), row["fills"])

    def named_files(self, names: list[Stated], pointer: str, extension: str = "") -> None:
        """Put those of ``names`` that are data files."""
        endings = tuple(each["ending"] for each in alias_table(self.filling.table)["data_files"])
        for stated in names[:_MAX_LISTED]:
            name = plain_text(f"{stated.text}.{extension}" if extension else stated.text)
            if name.endswith(endings) and len(name) <= _MAX_NAME and not _PATH.search(name):
                self.filling.put(f"{pointer}/{len(self.filling.form.get(pointer) or [])}", name, stated)

    def finish(self) -> None:
        """What concerns every spectrum alike is said of every spectrum; the rest of the document stays private."""
        form = self.filling.form
        spectra = form.values["spectra"]
        shared = {key: value for key, value in spectra[0].items() if key not in {"element", "edge"}}
        origins = {
            key: origin
            for key, origin in form.origins.items()
            if key.startswith(f"{SPECTRUM}/")
            and not key.startswith((f"{SPECTRUM}/element", f"{SPECTRUM}/edge"))
        }
        for number in range(1, len(spectra)):
            spectra[number] |= deepcopy(shared)
            form.origins |= {
                key.replace(SPECTRUM, f"/spectra/{number}", 1): each for key, each in origins.items()
            }
        self.filling.finish()


def _is_element(text: str) -> bool:
    try:
        return normalise_element(text) == text
    except CatalogError:
        return False
