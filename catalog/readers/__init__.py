"""Readers: one module a file format, one constant ``READER`` in it.

A reader turns a file into deposit forms; it decides by content whether a file is its own, never by the
file's name. Members are found by scanning this folder and the entry points ``xafscat.readers``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from catalog.document import Form, FormValue, Origin
from catalog.errors import UnreadableInput
from catalog.findings import Finding
from catalog.plugins import plugins
from catalog.wording import Sentence

HEAD_BYTES = 65_536
DEFAULT_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Source:
    """A file to be read: its path, the name it was given by, and a bound on what is read of it."""

    path: Path
    name: str
    max_bytes: int = DEFAULT_MAX_BYTES

    @cached_property
    def size(self) -> int:
        """Size in bytes."""
        return self.path.stat().st_size

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB, enough to tell a format."""
        with self.path.open("rb") as stream:
            return stream.read(HEAD_BYTES)

    def content(self) -> bytes:
        """The whole file. Raises UnreadableInput when it is larger than ``max_bytes``."""
        if self.size > self.max_bytes:
            raise UnreadableInput(
                Sentence(
                    "the file has {size:,} bytes; at most {most:,} are read (setting max_file_bytes)",
                    size=self.size,
                    most=self.max_bytes,
                ),
                where=self.name,
            )
        with self.path.open("rb") as stream:
            content = stream.read(self.max_bytes + 1)
        if len(content) > self.max_bytes:
            raise UnreadableInput(
                Sentence("the file grew beyond the limit while it was read"), where=self.name
            )
        return content


@dataclass(frozen=True, slots=True)
class HeaderPair:
    """A header entry nobody mapped: kept privately, published only when its key is on the allow-list."""

    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one spectrum for a plot: photon energy in eV against a signal without unit."""

    energy_ev: tuple[float, ...]
    signal: tuple[float, ...]
    signal_label: str


@dataclass(slots=True)
class Reading:
    """What a reader got out of one file.

    ``forms`` holds a form per deposit; ``curves`` maps (form number, pointer of the spectrum) to its points;
    ``suggestions`` maps a form pointer to a value that was inferred and that a person has to confirm, for the first
    form, and ``more_suggestions`` does so by form number for the others; ``is_xafs`` False says the file is
    well-formed but holds no X-ray absorption data.
    """

    forms: list[Form] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    private: list[HeaderPair] = field(default_factory=list)
    suggestions: dict[str, FormValue] = field(default_factory=dict)
    curves: dict[tuple[int, str], Curve] = field(default_factory=dict)
    is_xafs: bool = True
    more_suggestions: dict[int, dict[str, FormValue]] = field(default_factory=dict)

    def suggestions_of(self, number: int) -> dict[str, FormValue]:
        """The suggestions for the form ``number`` (from 0), to be read or added to."""
        return self.more_suggestions.setdefault(number, {}) if number else self.suggestions


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader: ``sniff`` gives 0 (not mine) to 100 (certainly mine); ``read`` a Reading or UnreadableInput.

    ``title`` is the format's name in ``en`` and ``ja``; ``specification`` a reference for it; ``is_data`` says
    that the file itself is measured data, and so an attachment of the spectra read from it. ``sidecar`` lists the
    endings by which the reader's files stand beside a data file of the same stem (".info"): what they state is
    merged into that file's deposit where its own header is silent, and they are no deposit by themselves.
    """

    name: str
    title: dict[str, str]
    specification: str
    sniff: Callable[[Source], int]
    read: Callable[[Source], Reading]
    is_data: bool = False
    sidecar: tuple[str, ...] = ()


@cache
def readers() -> dict[str, Reader]:
    """All readers by name."""
    found: list[Reader] = plugins(__name__, "READER")
    return {reader.name: reader for reader in sorted(found, key=lambda reader: reader.name)}


def choose(source: Source) -> Reader | None:
    """The reader most sure of ``source``, or None when none is."""
    scored = [(reader.sniff(source), reader.name, reader) for reader in readers().values()]
    score, _, reader = max(scored, key=lambda entry: entry[:2])
    return reader if score > 0 else None


__all__ = ["Curve", "Form", "HeaderPair", "Origin", "Reader", "Reading", "Source", "choose", "readers"]
