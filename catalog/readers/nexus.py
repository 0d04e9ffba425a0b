"""NeXus files of X-ray absorption (NXxas, old and new forms): HDF5 with one entry a spectrum, flat or nested.

Entries of the same sample at the same place are spectra of one deposit. Nothing outside the file is read.
"""

from __future__ import annotations

import math

from catalog.alias_tables import meanings
from catalog.document import Form
from catalog.errors import UnreadableInput
from catalog.findings import define, finding
from catalog.readers import Reader, Reading, Source
from catalog.readers._nexus_entry import Entry, gather, is_computed
from catalog.readers._nexus_file import OFFSETS, SIGNATURE, Hdf5, Node, opened
from catalog.readers._nexus_form import Filling
from catalog.readers._several import part_id
from catalog.readers._statements import Statements
from catalog.wording import Sentence

define(
    "nexus-not-xas",
    "error",
    "The HDF5 file holds no entry of X-ray absorption (definition NXxas, or a scan of the energy).",
    "HDF5 ファイルに X線吸収のエントリー（定義 NXxas、またはエネルギー走査）がありません。",
)
define(
    "nexus-entry-left-out",
    "info",
    "The entry {value} was left out: {reason}.",
    "エントリー {value} は対象から外しました: {reason}。",
)
define(
    "nexus-computed",
    "error",
    "The entry {value} says that it was not measured ({words}); calculated spectra are not catalogued.",
    "エントリー {value} は測定ではないと書かれています（{words}）。計算スペクトルは登録できません。",
)
define(
    "nexus-guessed",
    "warning",
    "The entry {value} states no definition; it was taken for absorption because {axis} was scanned. Check that it is.",
    "エントリー {value} に定義がありません。{axis} が走査されているため吸収スペクトルとみなしました。"
    "確かめてください。",
)
define(
    "nexus-elsewhere",
    "warning",
    "{count} parts of the file lie in other files and were not read ({value}); put them into the file if they matter.",
    "ファイルの {count} か所が別のファイルを指しているため読みませんでした（{value}）。"
    "必要な場合はファイルに含めてください。",
)
define(
    "nexus-link-refused",
    "error",
    "{value} leads to {target}; other files are never opened, and the energies or the signal are not in this one. "
    "Put them into the file.",
    "{value} は {target} を指しています。別のファイルは開きません。"
    "エネルギーまたは信号がこのファイルにないため、ファイルに含めてください。",
)

define(
    "nexus-no-signal",
    "warning",
    "No absorption was found in the entry {value}, only its energies; the record has no curve.",
    "エントリー {value} にはエネルギーだけで吸収がないため、曲線はありません。",
)
define(
    "nexus-stack",
    "info",
    "The entry {value} holds {count} spectra over one energy axis; each became a spectrum of the deposit.",
    "エントリー {value} には同じエネルギー軸の {count} 本のスペクトルがあります。"
    "それぞれを登録のスペクトルとしました。",
)

MAX_SPECTRA = 1_000
MAX_SHOWN = 5
_LEAST_EV, _MOST_EV = 30.0, 200_000.0


def sniff(source: Source) -> int:
    """Likely for any HDF5 file: whether it holds absorption is known once it is opened."""
    head = source.head
    return 70 if any(head.startswith(SIGNATURE, offset) for offset in OFFSETS) else 0


def read(source: Source) -> Reading:
    """The entries as deposit forms with their curves, suggestions and findings.

    Raises UnreadableInput for what HDF5 cannot open, absurd shapes, and energies that lie in another file.
    """
    reading = Reading()
    with opened(source) as file:
        nodes = list(file.entries())
        without: list[str] = []
        entries = [entry for node in nodes if (entry := _entry(file, node, reading, without))]
        _report_elsewhere(file, reading, entries, lacking=not nodes or bool(without))
    if sum(len(entry.signals) for entry in entries) > MAX_SPECTRA:
        raise UnreadableInput(
            Sentence("the file holds more than {most:,} spectra", most=MAX_SPECTRA), where=source.name
        )
    if not entries:
        reading.is_xafs = False
        if not any(item.severity == "error" for item in reading.findings):
            reading.findings.append(finding("nexus-not-xas", file=source.name))
        return reading
    _fill(reading, entries, source.name)
    return reading


def _fill(reading: Reading, entries: list[Entry], name: str) -> None:
    numbers: dict[tuple[str, str, str], int] = {}
    taken: set[str] = set()
    people: dict[str, None] = {}
    for entry in entries:
        key = entry.sample_key
        number = numbers.get(key) if key else None
        if number is None:
            number = len(reading.forms)
            reading.forms.append(Form())
            if key:
                numbers[key] = number
        index = len(reading.forms[number].values.get("spectra") or [])
        identities = [part_id(entry.name, taken) for _ in entry.signals]
        people |= dict.fromkeys(sorted(Filling(reading, number, name, entry).run(index, identities)))
        path = f"/spectra/{index}"
        if len(entry.signals) > 1:
            reading.findings.append(
                finding("nexus-stack", path=path, file=name, value=entry.path, count=len(entry.signals))
            )
        if entry.signals == [None]:
            reading.findings.append(finding("nexus-no-signal", path=path, file=name, value=entry.path))
    about = Statements(reading, reading.forms[0], name)
    # One name says as much as the same field of every entry.
    about.personal = dict.fromkeys(key.rpartition("/")[2] for key in people)
    about.close()


def _entry(file: Hdf5, node: Node, reading: Reading, without: list[str]) -> Entry | None:
    """What the entry holds, if it is one of absorption; else None, and a finding that says why.

    The path of an entry that may be one, but for its energies, is put into ``without``.
    """
    path = str(node.name)
    definition = file.text(file.find(node, "definition"))
    guessed = None
    if definition and definition.casefold() not in meanings("nexus", "definitions", "word", "word"):
        _left_out(reading, file.name, path, Sentence("its definition is {definition}", definition=definition))
        return None
    if words := is_computed(file, node):
        reading.findings.append(finding("nexus-computed", file=file.name, value=path, words=words))
        return None
    if not definition:
        guessed = _scanned_energy(file, node)
        if guessed is None:
            _left_out(reading, file.name, path, Sentence("it has no definition and no scan of the energy"))
            without.append(path)
            return None
    entry = gather(file, node, guessed)
    if entry is None:
        _left_out(reading, file.name, path, Sentence("it has no energies in this file"))
        without.append(path)
        return None
    if guessed is not None:
        reading.findings.append(finding("nexus-guessed", file=file.name, value=path, axis=entry.energy_path))
    return entry


def _left_out(reading: Reading, name: str, path: str, reason: Sentence) -> None:
    reading.findings.append(finding("nexus-entry-left-out", file=name, value=path, reason=reason))


def _scanned_energy(file: Hdf5, entry: Node) -> Node | None:
    """The positions of the motor called energy, where it moved through photon energies, else None."""
    instrument = file.find(entry, "NXinstrument")
    for name, group in file.members(instrument) if instrument is not None else ():
        if "energy" not in name.casefold() or file.attribute(group, "NX_class") != "NXpositioner":
            continue
        node = file.find(group, "value")
        values = file.array(node)
        if values is None or values.ndim != 1 or values.size < 10:
            continue
        first, last = float(values[0]), float(values[-1])
        if all(map(math.isfinite, (first, last))) and _LEAST_EV < first < last < _MOST_EV:
            return node
    return None


def _report_elsewhere(file: Hdf5, reading: Reading, entries: list[Entry], *, lacking: bool) -> None:
    """Name what lies in other files: an error for each place that may be why an entry lacks energies or a signal."""
    whole = [f"{entry.path}/" for entry in entries if entry.signals != [None]]
    lacking = lacking or len(whole) < len(entries)
    needed = [place for place in file.elsewhere if lacking and not place.startswith(tuple(whole))]
    reading.findings += [
        finding("nexus-link-refused", file=file.name, value=place, target=file.elsewhere[place])
        for place in needed[:MAX_SHOWN]
    ]
    rest = [place for place in file.elsewhere if place not in needed[:MAX_SHOWN]]
    if rest:
        shown = ", ".join(f"{place} -> {file.elsewhere[place]}" for place in rest[:MAX_SHOWN])
        reading.findings.append(finding("nexus-elsewhere", file=file.name, value=shown, count=str(len(rest))))


READER = Reader(
    name="nexus",
    title={"en": "NeXus (NXxas in HDF5)", "ja": "NeXus（HDF5 の NXxas）"},
    specification="https://manual.nexusformat.org/classes/applications/NXxas.html",
    sniff=sniff,
    read=read,
    is_data=True,
)
