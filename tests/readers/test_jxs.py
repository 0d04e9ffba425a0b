from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from catalog.config import load_settings
from catalog.document import Origin
from catalog.intake import find
from catalog.readers import Reading, Source, choose
from catalog.readers.jxs import READER

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = (ROOT / "tests" / "data" / "samples" / "jxs.yaml").read_text(encoding="utf-8")
SPECTRUM = "/spectra/0"
SWAPPED = "CAS_number: zn-1\n  model_number: 7440-66-6"


def read(folder: Path, *swaps: tuple[str, str], text: str = SAMPLE) -> Reading:
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "file.yml"
    path.write_text(text, encoding="utf-8")
    return READER.read(Source(path, "file.yml"))


def codes(reading: Reading) -> list[str]:
    return [item.code for item in reading.findings]


def test_a_whole_document(tmp_path: Path) -> None:
    reading = read(tmp_path)
    (form,) = reading.forms
    spectrum = form.values["spectra"][0]
    assert {pair["key"]: pair["value"] for pair in spectrum.pop("header")} == {
        "instrument.monochromator.type": "DCM",
        "reference sample": "copper",
        "instrument.arrangement": "DCM//S1",
    }
    assert spectrum == {
        "technique": "XAFS",
        "element": "Zn",
        "edge": "K",
        "mode": "transmission",
        "files": ["zn_foil.dat"],
        "monochromator": {
            "type": "crystal",
            "crystal": "Si",
            "reflection": "111",
            "d_spacing": "3.13551 angstrom",
        },
        "started": "2026-05-01T10:05:00",
        "ended": "2026-05-01T10:25:00",
        "calibration": {
            "standard": "zinc foil",
            "feature": "white line peak maximum",
            "assigned_energy": "9661.2 eV",
        },
        "energy": {"first": "9200 eV", "last": "10.3e3 eV", "points": "1480"},
        "ring_energy": "2.5 GeV",
        "temperature": "25 ℃",
    }
    assert form.values["title"] == {"en": "Zn foil, example data", "ja": "亜鉛箔（例示データ）"}
    assert form.values["sample"] == {
        "name": "zinc foil",
        "formula": "Zn",
        "cas": "7440-66-6",
        "form": "foil",
        "thickness": "5 μm",
    }
    assert form.values["creators"] == [{"name": "Photon Factory"}]
    line = SAMPLE.splitlines().index("      edge: K-edge") + 1
    assert form.origins[f"{SPECTRUM}/edge"] == Origin(
        "header", "file.yml", line, "measurement.edges[0].edge", "K-edge"
    )
    assert codes(reading) == ["document-placeholder"]
    assert (reading.findings[0].value, reading.findings[0].path) == ("0 mA", f"{SPECTRUM}/ring_current")
    assert ("local.beamtime", "2026X000") in [(pair.key, pair.value) for pair in reading.private]


def test_edges_of_one_element_are_one_spectrum_and_others_are_more(tmp_path: Path) -> None:
    edges = "      edge: L3-edge\n    - element: Zn\n      edge: L2\n    - element: Cu\n      edge: K\n"
    reading = read(tmp_path, ("      edge: K-edge\n", edges))
    first, second = reading.forms[0].values["spectra"]
    assert (first["element"], first["edge"]) == ("Zn", ["L3", "L2"])
    assert (second["element"], second["edge"]) == ("Cu", "K")
    assert first["monochromator"] == second["monochromator"]
    assert reading.forms[0].origins["/spectra/1/started"].key == "measurement.measured_time.start_time"
    first["monochromator"]["crystal"] = "Ge"
    assert second["monochromator"]["crystal"] == "Si"


@pytest.mark.parametrize(
    ("swap", "code", "absent"),
    [
        (("edge: K-edge", "edge: L-edge"), "document-edge", f"{SPECTRUM}/edge"),
        (("element: Zn", "element: Zz"), "document-edge", f"{SPECTRUM}/element"),
        (("energy: 2.5", "energy: 10000"), "document-refused", f"{SPECTRUM}/ring_energy"),
        (("CAS_number: 7440-66-6", "CAS_number: 7440-66-7"), "document-refused", "/sample/cas"),
        (
            ("CAS_number: 7440-66-6", "CAS_number: zn-1\n  model_number: 7440-66-6"),
            "document-cas-swapped",
            "/sample/cas",
        ),
        (("chemical_formula: Zn", "chemical_formula: Zn-foil"), "document-formula-form", "/sample/formula"),
        (("license: CC-BY-4.0", "license: CC-BY-NC-SA"), "document-licence-unversioned", "/license"),
        (("title: Zn foil, example data", "title: N/A"), "document-placeholder", "/title/en"),
        (
            ('start_time: "2026-05-01 10:05:00"', "start_time: 43500"),
            "document-refused",
            f"{SPECTRUM}/started",
        ),
        (("data_points: 1480", "data_points: many"), "document-refused", f"{SPECTRUM}/energy/points"),
        (
            ("detection: transmission\n      - ", "detection: fluorescence\n      - "),
            "document-modes",
            f"{SPECTRUM}/mode",
        ),
        (("    number: 2", "    number: 7"), "document-blocks-partial", f"{SPECTRUM}/energy/first"),
        (
            ("crystal_d: 3.13551", "crystal_d: 313551"),
            "document-refused",
            f"{SPECTRUM}/monochromator/d_spacing",
        ),
        (
            ("title: Zn foil, example data", "title: made by Anna Example"),
            "document-names-people",
            "/title/en",
        ),
    ],
)
def test_what_is_wrong_is_reported_and_left_out(
    swap: tuple[str, str], code: str, absent: str, tmp_path: Path
) -> None:
    reading = read(tmp_path, swap)
    assert code in codes(reading)
    assert reading.forms[0].get(absent) is None
    found = next(item for item in reading.findings if item.code == code)
    assert found.line
    assert found.text("ja") != found.text("en")


def test_a_swapped_cas_number_and_a_formula_with_a_form_are_suggestions(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        ("CAS_number: 7440-66-6", "CAS_number: zn-1\n  lot_number: 7440-66-6"),
        ("chemical_formula: Zn", "chemical_formula: Zn-foil"),
        ("license: CC-BY-4.0", "license: CC BY-NC-SA"),
    )
    assert reading.suggestions == {
        "/sample/cas": "7440-66-6",
        "/sample/formula": "Zn",
        "/license": "CC-BY-NC-SA-4.0",
    }


def test_a_person_who_deposited_is_only_suggested(tmp_path: Path) -> None:
    reading = read(tmp_path, ("    name: Photon Factory\n  contact", "    name: Anna Example\n  contact"))
    assert "creators" not in reading.forms[0].values
    assert reading.suggestions == {
        "/creators/0/name": "Anna Example",
        "/creators/0/affiliation": "Photon Factory",
    }
    assert "Anna" not in str([item.text() for item in reading.findings])
    assert "Anna" not in str(reading.forms[0].values)


def test_required_fields_are_those_of_the_schema(tmp_path: Path, shared: Path) -> None:
    """The published ``$id`` values lead validators astray: without them the schema judges its own examples."""
    folder = shared / "data/corpus/xafs-schema"
    schema = json.loads((folder / "schema/xafs-schema.json").read_text(encoding="utf-8"))
    for definition in schema["definitions"].values():
        definition.pop("$id", None)
    validator = jsonschema.Draft202012Validator(schema)
    example = yaml.load((folder / "jxs-xafsDB-wg.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    rows = yaml.safe_load((ROOT / "ontology/aliases/jxs.yaml").read_text(encoding="utf-8"))["required"]
    paths = [row["path"] for row in rows]
    for path in paths:
        reduced = json.loads(json.dumps(example))
        *parents, key = path.split(".")
        node = reduced
        for parent in parents:
            node = node[parent]
        del node[key]
        assert any("is a required property" in error.message for error in validator.iter_errors(reduced)), (
            path
        )
        found = [
            item
            for item in read(tmp_path, text=json.dumps(reduced)).findings
            if item.code == "jxs-field-missing"
        ]
        assert [item.value for item in found] == [path]


def test_the_schema_and_parts_of_a_document_are_refused_with_the_reason(tmp_path: Path, shared: Path) -> None:
    for name, code in (
        ("schema/xafs-schema.json", "jxs-schema"),
        ("schema/xafs-schema-strict.json", "jxs-schema"),
        ("xafs-LineExample.yml", "jxs-fragment"),
        ("xafs-HardwareExample.yml", "jxs-fragment"),
    ):
        path = shared / "data/corpus/xafs-schema" / name
        source = Source(path, name)
        assert choose(source) is READER
        reading = READER.read(source)
        assert (reading.is_xafs, reading.forms, codes(reading)) == (False, [], [code])


def test_the_document_claims_its_data_file_at_intake(tmp_path: Path) -> None:
    (tmp_path / "meta.yml").write_text(SAMPLE, encoding="utf-8")
    (tmp_path / "zn_foil.dat").write_text("9809     KEK-PF  BL9C\n", encoding="utf-8")
    found = find([tmp_path], load_settings(tmp_path / "home"))
    assert [name for _, name in found.files] == [str(tmp_path / "meta.yml")]
    assert found.attached == [str(tmp_path / "zn_foil.dat")]


def test_several_documents_in_one_file_are_several_deposits(tmp_path: Path) -> None:
    other = SAMPLE.replace("element: Zn", "element: Cu").replace("license: CC-BY-4.0", "license: CC BY")
    reading = read(tmp_path, text=SAMPLE + "---\n" + other)
    assert [form.get(f"{SPECTRUM}/element") for form in reading.forms] == ["Zn", "Cu"]
    assert reading.suggestions == {}
    assert reading.suggestions_of(1) == {"/license": "CC-BY-4.0"}
