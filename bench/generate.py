"""Deposits made up for measurements: of real shape and size, the same in every run, labelled as such.

Nothing in them was measured and nobody in them exists: the ORCID iDs are of a range that is never assigned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from catalog.document import Form
from catalog.filestore import FileStore
from catalog.ids import record_iri
from catalog.normalise import normalise
from catalog.normalise_values import StoredFile
from catalog.registry import Attachment, NewDeposit
from catalog.vocabulary import vocabulary

PEOPLE, ORGANISATIONS, FILES = 500, 40, 50
MATERIALS = (
    ("Fe", "K", "iron foil", "鉄箔", "Fe", 7112.0),
    ("Fe", "K", "hematite", "ヘマタイト", "Fe2O3", 7112.0),
    ("Cu", "K", "copper foil", "銅箔", "Cu", 8979.0),
    ("Ni", "K", "nickel oxide", "酸化ニッケル", "NiO", 8333.0),
    ("Ti", "K", "anatase", "アナターゼ", "TiO2", 4966.0),
    ("Ce", "L3", "ceria", "セリア", "CeO2", 5723.0),
    ("Pt", "L3", "platinum foil", "白金箔", "Pt", 11564.0),
    ("Co", "K", "lithium cobalt oxide", "コバルト酸リチウム", "LiCoO2", 7709.0),
)
PLACES = (
    ("Photon Factory", "BL-9C"),
    ("Photon Factory", "BL-12C"),
    ("SPring-8", "BL14B2"),
    ("NSLS-II", "BMM"),
    ("APS", "13-ID-E"),
    ("Example Laboratory", "Example beamline"),
)


def record_id(number: int) -> str:
    """The id of the deposit ``number``: of the length of real ones, in no order."""
    return hashlib.sha256(f"deposit {number}".encode()).hexdigest()[:10]


def orcid(number: int) -> str:
    """An ORCID iD with a good check digit from below the range that ORCID assigns."""
    digits = f"{number:015}"
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    text = digits + ("X" if check == 10 else str(check))
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def form(number: int) -> dict[str, Any]:
    """The deposit form ``number``; its record has about 90 triples."""
    element, edge, name, japanese, formula, energy = MATERIALS[number % len(MATERIALS)]
    facility, beamline = PLACES[number // 3 % len(PLACES)]
    person = number * 7 % PEOPLE
    year, month = 2005 + number % 20, 1 + number // 20 % 12
    return {
        "title": {
            "en": f"Benchmark data: {name} {number}, {element} {edge} edge",
            "ja": f"測定用データ: {japanese} {number} {element} {edge}吸収端",
        },
        "kind": "standard",
        "access": "open",
        "license": "CC-BY-4.0",
        "creators": [
            {
                "name": {"en": f"Benchmark Person {person}"},
                "orcid": orcid(1000 + person),
                "affiliation": {"name": f"Benchmark Institute {person % ORGANISATIONS}"},
            }
        ],
        "facility": facility,
        "beamline": beamline,
        "sample": {
            "name": {"en": name, "ja": japanese},
            "formula": formula,
            "form": "foil" if "foil" in name else "powder",
            "thickness": f"{5 + number % 40} µm",
            "preparation": {"en": "Made up for measurements of speed."},
            **({"id": f"piece-{number // 10}"} if number % 5 == 0 else {}),
        },
        "spectra": [
            {
                "element": element,
                "edge": edge,
                "technique": "XAFS",
                "mode": "fluorescence" if number % 5 == 0 else "transmission",
                "temperature": f"{10 + number % 300} K",
                "monochromator": {
                    "type": "crystal",
                    "crystal": "Si",
                    "reflection": "111",
                    "d_spacing": "3.13551 Å",
                },
                "started": f"{year}-{month:02}-15T10:00:00+09:00",
                "energy": {
                    "first": f"{energy - 200} eV",
                    "last": f"{energy + 1000} eV",
                    "points": f"{400 + number % 300}",
                },
                "calibration": {
                    "standard": f"{element} foil",
                    "edge": f"{element} {edge}",
                    "feature": "first-derivative maximum",
                    "assigned_energy": f"{energy} eV",
                    "simultaneous": "true",
                    "hc": "12398.42",
                },
                "files": [f"{number}.dat"],
            }
        ],
    }


def stored_files(files: FileStore) -> list[StoredFile]:
    """The data files the deposits share among them: as many rows as with files of their own, fewer bytes."""
    made = []
    for number in range(FILES):
        content = "".join(
            f"{7000 + point} {(number * point) % 97 / 97:.6f}\n" for point in range(400)
        ).encode()
        blob = files.put_bytes(content)
        made.append(StoredFile(blob.sha256, blob.size, "text/plain"))
    return made


def deposits(numbers: Iterable[int], base: str, stored: list[StoredFile]) -> Iterator[NewDeposit]:
    """The deposits ``numbers``, ready to be saved."""
    words = vocabulary()
    for number in numbers:
        values, identifier = form(number), record_id(number)
        file, name = stored[number % len(stored)], f"{number}.dat"
        made = normalise(
            Form(values),
            iri=record_iri(base, identifier),
            base=base,
            vocabulary=words,
            attachments={name: file},
        )
        attachment = Attachment("spectrum-1.file-1", "data", name, file.sha256, file.size, file.media_type)
        source = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
        yield NewDeposit(identifier, made.document, values, {}, source, name, attachments=[attachment])
