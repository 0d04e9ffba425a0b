"""The deposit form filled from the header of an XDI file, entry by entry, each value with its origin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.document import Form, FormValue, Origin
from catalog.errors import InputError
from catalog.findings import Finding, define, finding
from catalog.readers import HeaderPair
from catalog.readers._personal import is_private, names_somebody
from catalog.readers._xdi_aliases import Alias, Aliases, aliases
from catalog.readers._xdi_header import Field, Header
from catalog.readers._xdi_values import InWords, NothingStated, read_value

define(
    "xdi-field-missing",
    "warning",
    "The header lacks {value}, which XDI requires; it has to come from a person or a defaults file.",
    "XDI の必須項目 {value} がヘッダーにありません。手で入力するか、既定値ファイルで与えてください。",
)
define(
    "xdi-field-recommended",
    "info",
    "The header lacks {value}, which XDI recommends.",
    "XDI の推奨項目 {value} がヘッダーにありません。",
)
define(
    "xdi-value-refused",
    "warning",
    "{key}: {detail}. The value was left out; correct it in the file or state it by hand.",
    "{key}: {detail}。この値は使いませんでした。ファイルを直すか、手で入力してください。",
)
define(
    "xdi-value-in-words",
    "info",
    "{key} is stated in words ({value!r}); it is kept as text, and no number was made of it.",
    "{key} は文章（{value}）で書かれているため、文字のまま残し、数値にはしませんでした。",
)
define(
    "xdi-placeholder",
    "info",
    "{key}: {value!r} stands for nothing recorded and was left out.",
    "{key}:「{value}」は記録なしの意味とみなし、使いませんでした。",
)
define(
    "xdi-unit-assumed",
    "info",
    "{key}: {value!r} has no unit; {unit} was taken.",
    "{key}:「{value}」に単位がないため {unit} としました。",
)
define(
    "xdi-alias",
    "info",
    "{key} is not the XDI name of this entry; it was read as {value}.",
    "{key} は XDI の正式な項目名ではありません。{value} として読みました。",
)
define(
    "xdi-repeated",
    "info",
    "{key} occurs several times with different values; the last, {value!r}, was used.",
    "{key} が異なる値で繰り返されています。最後の値「{value}」を使いました。",
)
define(
    "xdi-contradicts",
    "error",
    "{key} says {value!r}, but {other} says {used!r}: correct the file, or state in a form which it is.",
    "{key} は「{value}」ですが、{other} は「{used}」です。ファイルを直すか、どちらかを登録フォームに書いてください。",
)
define(
    "xdi-disagreement",
    "warning",
    "{key} says {value!r}, but {other} says {used!r}, which was used; correct one of them.",
    "{key} は「{value}」ですが、{other} は「{used}」です（後者を使いました）。どちらかを直してください。",
)
define(
    "xdi-dates",
    "warning",
    "The scan ends ({value}) before it starts ({start}); correct the dates.",
    "測定の終了（{value}）が開始（{start}）より前になっています。日時を直してください。",
)
define(
    "xdi-names-people",
    "warning",
    "The file names people, proposals or user folders ({value}); opening the file publishes them too. "
    "Take them out or restrict access to the file.",
    "ファイルに人名・課題番号・利用者のフォルダーが書かれています（{value}）。ファイルを公開すると一緒に公開されます。"
    "取り除くか、ファイルの公開を制限してください。",
)

# What a spectrum is of: of two statements none is chosen.
_DECISIVE = frozenset({"element", "edge"})
# So much of an entry is looked at for what it may tell of people; no public pair is longer.
_MAX_TOLD = 2_000
_MAX_PUBLIC_VALUE = 500
_MAX_PUBLIC_PAIRS = 100


@dataclass(slots=True)
class Filled:
    """A form made from a header, what was found on the way, and the entries that stay private."""

    form: Form
    findings: list[Finding] = field(default_factory=list)
    private: list[HeaderPair] = field(default_factory=list)


def fill_form(header: Header, name: str) -> Filled:
    """The deposit form of ``header``; ``name`` is the file as given."""
    return _Filling(header, name, aliases()).run()


class _Filling:
    def __init__(self, header: Header, name: str, table: Aliases) -> None:
        self.header, self.name, self.table = header, name, table
        self.filled = Filled(Form())
        self.by_key: dict[str, list[Field]] = {}
        for entry in header.fields:
            self.by_key.setdefault(entry.key, []).append(entry)
        self.used: set[Field] = set()

    def run(self) -> Filled:
        # A spectrum there is, whatever the header says about it.
        self.filled.form.put("/spectra/0", {}, Origin("header", self.name, 1))
        for alias in self.table.fields:
            self.fill(alias)
        self.compare_dates()
        self.sort_the_rest()
        self.report_absent()
        self.report_personal()
        return self.filled

    def report(self, code: str, entry: Field | None, path: str, value: str | None, **fields: object) -> None:
        line = entry.line if entry else None
        self.filled.findings.append(
            finding(code, path=path, file=self.name, line=line, value=value, **fields)
        )

    def fill(self, alias: Alias) -> None:
        """Put the best entry for ``alias`` into the form; say when another one disagrees."""
        chosen: tuple[Field, dict[str, FormValue]] | None = None
        for entry in self.candidates(alias):
            stated = self.read(alias, entry)
            if stated is None:
                continue
            if chosen is None:
                chosen = entry, stated
                self.put(alias, entry, stated)
            elif stated != chosen[1]:
                self.disagree(alias, entry, chosen[0].name, chosen[0].value)

    def candidates(self, alias: Alias) -> Iterator[Field]:
        for key in (*alias.keys, *alias.also):
            entries = self.by_key.get(key)
            if entries:
                entry, first = entries[-1], entries[0]
                if alias.kind in _DECISIVE and len({each.value.casefold() for each in entries}) > 1:
                    self.disagree(alias, entry, first.name, first.value)
                    continue
                if len({each.value for each in entries}) > 1:
                    self.report("xdi-repeated", entry, alias.pointer, entry.value, key=entry.name)
                yield entry

    def disagree(self, alias: Alias, entry: Field, other: str | None, used: str | None) -> None:
        code = "xdi-contradicts" if alias.kind in _DECISIVE else "xdi-disagreement"
        self.report(code, entry, alias.pointer, entry.value, key=entry.name, other=other, used=used)

    def read(self, alias: Alias, entry: Field) -> dict[str, FormValue] | None:
        value = entry.value
        if alias.kind == "text" and is_private(value):
            return None  # it is kept with the private entries, and told with them
        unknown = value.casefold() == "unknown"
        if unknown and alias.kind not in {"element", "edge", "crystal"}:
            return {alias.pointer: "unknown"}
        if unknown or not value or value.casefold() in self.table.placeholders:
            self.report("xdi-placeholder", entry, alias.pointer, entry.raw, key=entry.name)
            return None
        try:
            return read_value(alias, value)
        except NothingStated:
            self.report("xdi-placeholder", entry, alias.pointer, value, key=entry.name)
        except InWords:
            self.report("xdi-value-in-words", entry, alias.pointer, value, key=entry.name)
        except InputError as error:
            self.report("xdi-value-refused", entry, alias.pointer, value, key=entry.name, detail=error.detail)
        return None

    def put(self, alias: Alias, entry: Field, stated: dict[str, FormValue]) -> None:
        form = self.filled.form
        origin = Origin("header", self.name, entry.line, entry.name, entry.raw)
        for pointer, value in stated.items():
            if pointer == "/spectra/0/element" and alias.kind == "edge" and form.get(pointer) is not None:
                if form.get(pointer) != value:
                    used = form.origins[pointer]
                    self.disagree(alias, entry, used.key, used.raw)
                continue
            form.put(pointer, value, origin)
        if stated:
            self.used.add(entry)
        if entry.key in alias.also:
            self.report("xdi-alias", entry, alias.pointer, _written(alias.keys[0]), key=entry.name)
        given = stated.get(alias.pointer)
        if (
            alias.unit
            and not alias.unit_is_defined
            and isinstance(given, str)
            and given not in {entry.value, "unknown"}
        ):
            self.report(
                "xdi-unit-assumed", entry, alias.pointer, entry.value, key=entry.name, unit=alias.unit
            )

    def compare_dates(self) -> None:
        form = self.filled.form
        start, end = form.get("/spectra/0/started"), form.get("/spectra/0/ended")
        if not (isinstance(start, str) and isinstance(end, str)) or start[19:] != end[19:]:
            return
        # Texts of one shape compare as the moments they are.
        if len(start) == len(end) and end < start:
            path = "/spectra/0/ended"
            line = form.origins[path].line
            self.filled.findings.append(
                finding("xdi-dates", path=path, file=self.name, line=line, value=end, start=start)
            )

    def sort_the_rest(self) -> None:
        """What fills no key: allow-listed entries become public header pairs, the others stay private."""
        form, number = self.filled.form, 0
        for entry in self.header.fields:
            if entry in self.used or entry.key in self.table.markers:
                continue
            if number < _MAX_PUBLIC_PAIRS and self.is_public(entry):
                origin = Origin("header", self.name, entry.line, entry.name, entry.raw)
                # XDI keys have no case: one spelling, so that one query finds them all.
                family, _, key = entry.key.partition(".")
                pair: FormValue = {"key": f"{family.capitalize()}.{key}", "value": entry.value}
                form.put(f"/spectra/0/header/{number}", pair, origin)
                number += 1
            else:
                self.filled.private.append(HeaderPair(entry.name, entry.raw, entry.line))
        self.filled.private += [HeaderPair("comment", text, line) for line, text in self.header.comments]

    def is_public(self, entry: Field) -> bool:
        in_words = entry.key == "sample.temperature" and any(
            item.code == "xdi-value-in-words" and item.line == entry.line for item in self.filled.findings
        )
        return (
            (entry.key in self.table.public or in_words)
            and 0 < len(entry.value) <= _MAX_PUBLIC_VALUE
            and entry.value.casefold() not in self.table.placeholders
            and not is_private(entry.value)
        )

    def report_absent(self) -> None:
        stated = {pointer for pointer, origin in self.filled.form.origins.items() if origin.key}
        by_key = {key: alias for alias in self.table.fields for key in alias.keys}
        for code, keys in (
            ("xdi-field-missing", self.table.required),
            ("xdi-field-recommended", self.table.recommended),
        ):
            for names in keys:
                alias = by_key.get(names[0])
                spellings = {*alias.keys, *alias.also} if alias else {*names}
                if spellings.isdisjoint(self.by_key) and (alias is None or alias.pointer not in stated):
                    self.report(code, None, alias.pointer if alias else "", _written(names[0]))

    def report_personal(self) -> None:
        told: list[tuple[int, str]] = []
        for entry in self.header.fields:
            person = self.table.names_person(entry.key)
            if (
                person
                or self.table.names_proposal(entry.key, entry.value)
                or is_private(entry.raw[:_MAX_TOLD])
            ):
                told.append((entry.line, entry.name))
        for line, text in self.header.comments:
            if names_somebody(text):
                told.append((line, "comment"))
        if told:
            names = ", ".join(dict.fromkeys(name for _, name in told))
            self.filled.findings.append(
                finding("xdi-names-people", file=self.name, line=min(told)[0], value=names)
            )


def _written(key: str) -> str:
    family, _, name = key.partition(".")
    return f"{family.capitalize()}.{name}"
