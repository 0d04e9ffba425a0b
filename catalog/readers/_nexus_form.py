"""The deposit form filled from an NXxas entry; the place of a value is its path in the file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from catalog.alias_tables import alias_table, meanings
from catalog.document import FormValue
from catalog.errors import CatalogError
from catalog.quantity import parse_quantity
from catalog.readers import Curve, Reading
from catalog.readers._curves import thinned_curve
from catalog.readers._hints import named_edges, suggested_edge, suggested_formula, symbols
from catalog.readers._nexus_entry import QUANTITIES, Entry
from catalog.readers._several import put_edge
from catalog.readers._statements import Statements, plain
from catalog.wording import Sentence


class Filling:
    """Fills the spectra of one entry into a form, from the spectrum ``index`` on."""

    def __init__(self, reading: Reading, number: int, name: str, entry: Entry) -> None:
        self.reading, self.number, self.name, self.entry = reading, number, name, entry
        self.form = reading.forms[number]

    def run(self, index: int, identities: Sequence[str]) -> set[str]:
        """Fill one spectrum for each id; gives the keys that name people."""
        people: set[str] = set()
        for offset, identity in enumerate(identities):
            into = Statements(self.reading, self.form, self.name, f"/spectra/{index + offset}")
            into.of_spectrum("id", identity, self.entry.path, raw=self.entry.name)
            self.spectrum(into, offset)
            if index + offset == 0:
                self.of_deposit(into)
            if offset == 0:
                for path, text, person in self.entry.private:
                    into.private(self.key(path), text, person=person)
            people |= set(into.personal)
        return people

    def key(self, path: str) -> str:
        return f"{self.entry.path}/{path}"

    def of_deposit(self, into: Statements) -> None:
        for name, pointer in (
            ("facility", "/facility"), ("beamline", "/beamline"), ("sample", "/sample/name"),
            ("formula", "/sample/formula"), ("preparation", "/sample/preparation"),
        ):  # fmt: skip
            if name in self.entry.stated:
                text, path = self.entry.stated[name]
                into.text(pointer, plain(text), self.key(path))

    def spectrum(self, into: Statements, offset: int) -> None:
        entry = self.entry
        put_edge(
            into,
            plain(entry.get("element")),
            plain(entry.get("edge")),
            entry.window,
            self.key(entry.stated["element"][1] if "element" in entry.stated else "element"),
        )
        self.mode(into)
        for name in ("started", "ended"):
            if name in entry.stated:
                self.moment(into, name, *entry.stated[name])
        for name, (path, unit) in QUANTITIES.items():
            if name == "temperature" and entry.temperatures:
                text = entry.temperatures[offset]
                into.quantity(path, text, unit, self.key("NXsample/temperature"))
            elif name in entry.stated:
                text, place = entry.stated[name]
                into.quantity(path, _with_unit(text, unit), unit, self.key(place))
        self.crystal(into)
        for path, text in entry.public:
            into.pair(path, plain(text))
        self.energy(into)
        self.suggest(into, self.curve(into, entry.signals[offset]))

    def mode(self, into: Statements) -> None:
        if "mode" not in self.entry.stated:
            return
        text, path = self.entry.stated["mode"]
        word = plain(text).casefold().replace("-", " ").replace("_", " ")
        known = meanings("nexus", "modes", "word", "mode")
        own = {
            row["mode"].replace("-", " "): row["mode"]
            for row in alias_table("nexus")["definitions"]
            if "mode" in row
        }
        if mode := known.get(word) or own.get(word):
            into.of_spectrum("mode", mode, self.key(path), raw=text)
        else:
            into.refuse(
                "mode", text, self.key(path), Sentence("{text!r} is no known detection mode", text=text)
            )

    def moment(self, into: Statements, name: str, text: str, path: str) -> None:
        try:
            moment = datetime.fromisoformat(plain(text)).replace(microsecond=0)
        except ValueError:
            into.refuse(name, text, self.key(path), Sentence("{text!r} is no date with a time", text=text))
        else:
            into.of_spectrum(name, moment.isoformat(), self.key(path), raw=text)

    def crystal(self, into: Statements) -> None:
        if "crystal" not in self.entry.stated:
            return
        text, path = self.entry.stated["crystal"]
        reflection = self.entry.get("reflection")
        if reflection and not any(char.isdigit() for char in text):
            text = f"{text}({reflection})"
        into.crystal(plain(text), self.key(path))

    def energy(self, into: Statements) -> None:
        entry = self.entry
        key = self.key(entry.energy_path)
        for end, text in zip(("first", "last"), entry.ends, strict=True):
            into.of_spectrum(f"energy/{end}", text, key, raw=text)
        into.of_spectrum("energy/points", str(len(entry.energy)), key)

    def curve(self, into: Statements, signal: list[float] | None) -> Curve | None:
        curve = thinned_curve(self.entry.energy, signal, self.entry.label) if signal else None
        if curve:
            self.reading.curves[self.number, into.spectrum] = curve
        return curve

    def suggest(self, into: Statements, curve: Curve | None) -> None:
        found: dict[str, FormValue] = self.reading.suggestions_of(self.number)
        sample = plain(self.entry.get("sample"))
        hints = [*self.entry.hints, sample]
        formula = suggested_formula(sample) or next(
            (each for hint in self.entry.hints if (each := suggested_formula(hint.partition("_")[0]))), None
        )
        if formula and not self.form.get("/sample/formula"):
            found.setdefault("/sample/formula", formula)
        if self.form.get(f"{into.spectrum}/element") and self.form.get(f"{into.spectrum}/edge"):
            return
        named = [edge for hint in hints for edge in named_edges(f"{hint}.")[0]]
        edge = suggested_edge(symbols(hints), named, curve, self.entry.window, None)
        found |= {f"{into.spectrum}/{key}": value for key, value in edge.items()}


def _with_unit(text: str, unit: str) -> str:
    try:
        parse_quantity(text, unit)
    except CatalogError:
        return f"{text} {unit}" if text and text[-1].isdigit() else text
    return text
