"""A deposit form filled from a metadata document by the rows of an alias table, each value with its origin."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeAlias

from catalog.alias_tables import alias_table
from catalog.document import Form, FormValue, Origin
from catalog.errors import InputError
from catalog.findings import define, finding
from catalog.readers import HeaderPair, Reading
from catalog.readers._foreign import Stated, Tree
from catalog.readers._personal import is_private
from catalog.readers._xdi_aliases import Alias
from catalog.readers._xdi_values import InWords, NothingStated, read_value
from catalog.wording import Sentence

define(
    "document-refused",
    "warning",
    "{key}: {detail}. The value was left out; correct it in the file or state it by hand.",
    "{key}: {detail}。この値は使いませんでした。ファイルを直すか、手で入力してください。",
)
define(
    "document-placeholder",
    "info",
    "{key}: {value!r} stands for nothing recorded and was left out.",
    "{key}:「{value}」は記録なしの意味とみなし、使いませんでした。",
)
define(
    "document-in-words",
    "info",
    "{key} is stated in words ({value!r}); it is kept as text, and no number was made of it.",
    "{key} は文章（{value}）で書かれているため、文字のまま残し、数値にはしませんでした。",
)
define(
    "document-disagrees",
    "warning",
    "{key} says {value!r}, but {other} says {used!r}, which was used; correct one of them.",
    "{key} は「{value}」ですが、{other} は「{used}」です（後者を使いました）。どちらかを直してください。",
)
define(
    "document-cleaned",
    "info",
    "{key}: line breaks, control characters or marks of text direction were taken out of the value.",
    "{key}: 値から改行・制御文字・文字方向の記号を取り除きました。",
)
define(
    "document-names-people",
    "warning",
    "The file names people or user folders ({value}); that was kept out of the record.",
    "ファイルに人名や利用者のフォルダーが書かれています（{value}）。この内容はレコードに入れていません。",
)
define(
    "document-licence-unversioned",
    "warning",
    "The licence {value!r} names no version, so it is none that can be linked to; confirm {licence} or state another.",
    "ライセンス「{value}」に版がないため特定できません。{licence} でよいか確認するか、別のものを入力してください。",
)

Row: TypeAlias = dict[str, Any]
Special: TypeAlias = Callable[[Row, Tree], None]

SPECTRUM = "/spectra/0"
_NOTATION = re.compile(r"(?:^|\.)@(?:context|type)\b")
_LONG_KEYS = ("/description", "/note", "/preparation")
_MAX_TOLD, _MAX_FINDINGS = 300, 300
_MAX_TEXT, _MAX_LONG, _MAX_PAIRS, _MAX_PRIVATE = 500, 20_000, 60, 5_000


@dataclass(slots=True)
class Filling:
    """One document on its way into a form, which is appended to the forms of ``reading`` with one spectrum.

    ``tree`` is the document's root, ``name`` the file as given, ``table`` names the alias table. ``special`` has a
    function for each kind of row that takes more than one value of the document to read; ``used`` holds the paths of
    the values that need not be kept privately any more.
    """

    tree: Tree
    name: str
    table: str
    reading: Reading
    special: Mapping[str, Special] = field(default_factory=dict)
    form: Form = field(default_factory=Form)
    used: set[str] = field(default_factory=set)
    pairs: int = 0
    number: int = 0

    def __post_init__(self) -> None:
        self.number = len(self.reading.forms)
        self.reading.forms.append(self.form)
        self.form.put(SPECTRUM, {}, Origin("header", self.name, self.tree.line))

    def fill(self, special: Mapping[str, Special]) -> None:
        """Put what each row of the table finds into the form; of several rows for one place the first wins."""
        self.special = special
        for row in alias_table(self.table)["fields"]:
            if row["as"] in special:
                special[row["as"]](row, self.tree)
            else:
                for stated in self.found(row, self.tree):
                    self.take(row, stated)
        for row in alias_table(self.table).get("public", ()):
            for stated in self.found(row, self.tree):
                self.public(row.get("key", row["path"]), stated)

    def found(self, row: Row, tree: Tree) -> list[Stated]:
        """What stands at the row's path, each with the unit beside it, where what ``where`` names stands there too."""
        parent, _, key = row["path"].rpartition(".")
        found = []
        for group in tree.groups(parent):
            stated = group.first(key)
            wanted = row.get("where", {})
            beside = {each: (group.first(each) or Stated("", "", 0)).text for each in wanted}
            if stated is None or any(beside[each].casefold() != word for each, word in wanted.items()):
                continue
            if "unit" in row and (unit := group.first(row["unit"])):
                self.used.add(unit.path)
                stated = Stated(stated.path, f"{stated.text} {unit.text}", stated.line)
            found.append(stated)
        return found

    def take(self, row: Row, stated: Stated) -> None:
        """Read one value as the row says and put it where the row says."""
        pointer = row["fills"]
        if self.nothing(stated, pointer):
            return
        try:
            values = self.read(row, stated)
        except NothingStated:
            self.report("document-placeholder", stated, pointer)
            self.keep(stated)
        except InWords:
            self.report("document-in-words", stated, pointer)
            self.public(stated.path, stated)
        except InputError as error:
            self.refuse(stated, pointer, error.detail)
        else:
            for place, value in values.items():
                self.put(place, value, stated)

    def read(self, row: Row, stated: Stated) -> dict[str, FormValue]:
        """The form values of one text. Raises CatalogError for a value that is not what the row says."""
        pointer, kind = row["fills"], row["as"]
        if kind == "text":
            return {pointer: text} if (text := self.clean(stated, pointer)) else {}
        stated = replace(stated, text=plain_text(stated.text))
        if kind == "licence":
            return self.licence(pointer, stated)
        if kind == "word":
            words = {each["word"].casefold(): each["means"] for each in alias_table(self.table)[row["words"]]}
            word = words.get(stated.text.casefold())
            if word is None:
                raise InputError(
                    Sentence(
                        "{text!r} is none of {words}", text=stated.text[:80], words=", ".join(sorted(words))
                    )
                )
            return {pointer: word}
        if kind == "concept":
            from catalog.vocabulary import vocabulary

            if vocabulary().concept(row["scheme"], stated.text) is None:
                self.public(stated.path, stated)
                return {}
            return {pointer: stated.text}
        alias = Alias(pointer, kind, (row["path"],), canonical=row.get("of", ""), unit=row.get("assumed"))
        return read_value(alias, stated.text)

    def licence(self, pointer: str, stated: Stated) -> dict[str, FormValue]:
        """The licence a text names; one without a version is only suggested."""
        from catalog.vocabulary import vocabulary

        text = stated.text.strip()
        if vocabulary().license(text):
            return {pointer: text}
        unversioned = {
            each["word"].casefold(): each["licence"] for each in alias_table("documents")["licences"]
        }
        licence = unversioned.get(re.sub(r"[\s_-]+", " ", text).casefold())
        if licence is None:
            # Normalisation says that it is unknown, and which are known.
            return {pointer: cleaned} if (cleaned := self.clean(stated, pointer)) else {}
        self.report("document-licence-unversioned", stated, pointer, licence=licence)
        self.suggest(pointer, licence)
        return {}

    def put(self, pointer: str, value: FormValue, stated: Stated) -> None:
        """Put a value into the form, unless another one stands there: then the first is kept and both are reported."""
        before = self.form.get(pointer)
        if before not in (None, {}):
            if before != value:
                origin = self.form.origins.get(pointer, Origin("header"))
                self.report("document-disagrees", stated, pointer, other=origin.key, used=origin.raw)
            return
        self.used.add(stated.path)
        self.form.put(
            pointer, value, Origin("header", self.name, stated.line, stated.path, stated.text[:_MAX_TEXT])
        )

    def public(self, key: str, stated: Stated) -> None:
        """Publish a value as a pair of the header, unless it says nothing or names somebody."""
        if self.pairs >= _MAX_PAIRS or stated.path in self.used or self.nothing(stated, f"{SPECTRUM}/header"):
            return
        if text := self.clean(stated, f"{SPECTRUM}/header"):
            self.put(f"{SPECTRUM}/header/{self.pairs}", {"key": key, "value": text}, stated)
            self.pairs += 1

    def nothing(self, stated: Stated, pointer: str) -> bool:
        """Whether a value is a placeholder, which is reported once, and not a statement."""
        if not is_placeholder(stated.text):
            return False
        if stated.path not in self.used:
            self.report("document-placeholder", stated, pointer)
            self.keep(stated)
        return True

    def clean(self, stated: Stated, pointer: str) -> str:
        """The text for ``pointer`` without what disturbs a reader; empty, and kept privately, if it names somebody."""
        long = pointer.rstrip("/0123456789").endswith(_LONG_KEYS) or "/description/" in pointer
        text = plain_text(stated.text, long=long)
        if text != stated.text.strip() and _disturbing(stated.text, long=long):
            self.report("document-cleaned", stated, pointer)
        if is_private(text):
            self.keep(stated)
            self.report("document-names-people", Stated(stated.path, stated.path, stated.line), pointer)
            return ""
        if len(text) > (_MAX_LONG if long else _MAX_TEXT):
            self.refuse(
                stated, pointer, Sentence("{text!r}... is too long for what it should be", text=text[:40])
            )
            return ""
        return text

    def keep(self, stated: Stated) -> None:
        """Keep a value privately."""
        self.used.add(stated.path)
        if len(self.reading.private) < _MAX_PRIVATE:
            self.reading.private.append(HeaderPair(stated.path, stated.text[:_MAX_LONG], stated.line))

    def keep_the_rest(self) -> None:
        """Keep privately whatever has not been used, but for what only belongs to the notation of JSON-LD."""
        for stated in self.tree.leaves():
            if stated.path not in self.used and not _NOTATION.search(stated.path):
                self.keep(stated)

    def finish(self) -> None:
        """To be called when everything is put in: settle the suggestions, keep the rest."""
        self.drop_answered()
        self.keep_the_rest()

    @property
    def suggestions(self) -> dict[str, FormValue]:
        """The suggestions for this form."""
        return self.reading.suggestions_of(self.number)

    def suggest(self, pointer: str, value: FormValue) -> None:
        """Suggest a value where the form states none; the first suggestion stays."""
        if self.form.get(pointer) is None:
            self.suggestions.setdefault(pointer, value)

    def drop_answered(self) -> None:
        """Take back the suggestions that the form answers by now."""
        suggestions = self.suggestions
        for pointer in list(suggestions):
            # Whoever is credited is a whole: a suggested affiliation belongs to the suggested person.
            whole = "/creators" if pointer.startswith("/creators/") else pointer
            if self.form.get(whole) is not None:
                del suggestions[pointer]

    def refuse(self, stated: Stated, pointer: str, detail: Sentence) -> None:
        """Report that a value could not be used, and why; it is kept privately."""
        self.report("document-refused", stated, pointer, detail=detail)
        self.keep(stated)

    def report(self, code: str, stated: Stated, pointer: str, **fields: object) -> None:
        """Add a finding about a value; what a hostile file says at length is cut."""
        if len(self.reading.findings) >= _MAX_FINDINGS:
            return
        fields = {
            key: text if isinstance(text, Sentence) or not isinstance(text, str) else text[:_MAX_TOLD]
            for key, text in fields.items()
        }
        self.reading.findings.append(
            finding(
                code,
                path=pointer, file=self.name, line=stated.line, value=stated.text[:200], key=stated.path, **fields,
            )
        )  # fmt: skip


@cache
def _placeholders() -> frozenset[str]:
    return frozenset(row["word"].casefold() for row in alias_table("documents")["placeholders"])


def is_placeholder(text: str) -> bool:
    """Whether ``text`` stands for nothing recorded."""
    return text.strip().casefold() in _placeholders()


def plain_text(text: str, *, long: bool = False) -> str:
    """``text`` without control characters and marks of direction; in one line unless ``long``."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(char for char in text if char in "\n\t" or not _is_format(char))
    return kept.strip() if long else " ".join(kept.split())


def _disturbing(text: str, *, long: bool) -> bool:
    return any(_is_format(char) and not (long and char in "\n\r\t") for char in text.strip())


def _is_format(char: str) -> bool:
    # Joiners are letters' business in several scripts; everything else without a shape is taken out.
    return unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} and char not in "\u200c\u200d"
