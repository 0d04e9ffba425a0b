"""Athena projects (.prj): several groups of a spectrum each, as Perl data text or JSON, packed with gzip or not.

The text is taken apart by a tokenizer and never evaluated. Groups of one sample are spectra of one deposit; a group
of another sample is a deposit of its own.
"""

from __future__ import annotations

import re
from collections import Counter

from catalog.document import Form
from catalog.errors import UnreadableInput
from catalog.findings import define, finding
from catalog.readers import Reader, Reading, Source
from catalog.readers._athena_form import Spectrum, fill, numbers, place, placeholder_label
from catalog.readers._athena_groups import Group
from catalog.readers._athena_text import FIRST_LINE, read_project, unpacked_head
from catalog.readers._encoding import decode_head, encoding_findings
from catalog.readers._several import part_id
from catalog.readers._statements import Statements, plain
from catalog.wording import Sentence

define(
    "athena-group-left-out",
    "info",
    "The group {value!r} holds χ(k), a result of an analysis or nothing, and no spectrum of absorption over energy; "
    "it was left out.",
    "グループ「{value}」は χ(k)・解析結果・空のいずれかで、エネルギーに対する吸収スペクトルではないため"
    "対象から外しました。",
)
define(
    "athena-empty",
    "error",
    "The Athena project holds no group with a spectrum of absorption over energy.",
    "Athena プロジェクトに、エネルギーに対する吸収スペクトルのグループがありません。",
)

# Beamlines number the scans of one sample by the ending of the file's name.
_SCAN = re.compile(r"(.*\S)\.[0-9]{3,4}")


def sniff(source: Source) -> int:
    """Certain when the (unpacked) text begins as an Athena project does."""
    head = decode_head(unpacked_head(source.head)[:2_048])
    if head is None:
        return 0
    head = head.lstrip()
    if head.startswith(FIRST_LINE):
        return 100
    return 100 if head.startswith("{") and "_____header" in head and FIRST_LINE in head else 0


def read(source: Source) -> Reading:
    """The groups as deposit forms with their curves, suggestions and findings.

    Raises UnreadableInput, with the line, for anything that is no plain data, and for what unpacks beyond the limit.
    """
    name = source.name
    project = read_project(source.content(), name, source.max_bytes)
    reading = Reading(findings=encoding_findings(project.decoded, name))
    spectra = [spectrum for group in project.groups if (spectrum := _spectrum(group, reading, name))]
    if not spectra:
        reading.is_xafs = False
        reading.findings.append(finding("athena-empty", file=name))
        return reading
    taken: set[str] = set()
    for sample, members in _by_sample(spectra, reading, name):
        reading.forms.append(Form())
        identified = [(part_id(member.group.key, taken), member) for member in members]
        fill(reading, len(reading.forms) - 1, name, sample, identified)
    about = Statements(reading, reading.forms[0], name)
    for text in project.journal:
        about.private("journal", text[:2_000])
    for pair in reading.private:
        about.note_person(pair.key, pair.value)
    about.close()
    return reading


def _spectrum(group: Group, reading: Reading, name: str) -> Spectrum | None:
    """The group with its points; None, and a finding, for what is no absorption over energy."""
    if group.get("is_xmu") != "1" or not group.arrays.get("x") or not group.arrays.get("y"):
        label = plain(group.get("label")) or group.key
        reading.findings.append(finding("athena-group-left-out", file=name, line=group.line, value=label))
        return None
    energy, signal = numbers(group.arrays["x"]), numbers(group.arrays["y"])
    if len(energy) != len(signal):
        raise UnreadableInput(
            Sentence(
                "the group {key!r} has {energy:,} energies and {signal:,} values of absorption",
                key=group.key,
                energy=len(energy),
                signal=len(signal),
            ),
            where=f"{name}:{group.line}" if group.line else name,
        )
    return Spectrum(group, energy, signal)


def _by_sample(spectra: list[Spectrum], reading: Reading, name: str) -> list[tuple[str, list[Spectrum]]]:
    """Sample name and its spectra. Equal labels are one sample, and so are several that differ in a scan's number.

    A deposit is of one beamline: what says to come from another one is apart.
    """
    stems = Counter(match[1] for each in spectra if (match := _SCAN.fullmatch(_label(each.group))))
    found: list[tuple[str, tuple[str, str], list[Spectrum]]] = []
    for each in spectra:
        sample, here = _label(each.group), place(each.group)
        if placeholder_label(sample):
            line = each.group.line
            reading.findings.append(
                finding(
                    "stated-placeholder",
                    path="/sample/name", file=name, line=line, value=sample, key="label",
                )
            )  # fmt: skip
            sample = ""
        match = _SCAN.fullmatch(sample)
        if match and stems[match[1]] > 1:
            sample = match[1]
        same = next(
            (
                members
                for other, there, members in found
                if sample and other == sample and all(map(_compatible, here, there))
            ),
            None,
        )
        if same is None:
            found.append((sample, here, [each]))
        else:
            same.append(each)
    return [(sample, members) for sample, _, members in found]


def _compatible(one: str, other: str) -> bool:
    """Whether two statements may be the same: equal, or one of them missing."""
    return not one or not other or one == other


def _label(group: Group) -> str:
    """The group's label; before Athena had labels, the group's key was its name."""
    return plain(group.get("label")) if "label" in group.args else plain(group.key)


READER = Reader(
    name="athena",
    title={"en": "Athena project (.prj)", "ja": "Athena プロジェクト（.prj）"},
    specification="https://bruceravel.github.io/demeter/documents/Athena/output/project.html",
    sniff=sniff,
    read=read,
    is_data=True,
)
