"""The NeXus reader, on a sample that this module makes (``XAFSCAT_WRITE_SAMPLE=1 pytest`` writes it anew)."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from catalog.errors import UnreadableInput
from catalog.inspection import inspect_file
from catalog.readers import Reading, Source, choose
from catalog.readers import _nexus_file as limits
from catalog.readers.nexus import READER

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "data" / "samples" / "nexus.h5"
ENERGY = np.arange(7080.0, 7180.0, 2.0)


def absorption(edge: float = 7120.0) -> np.ndarray:
    """A calculated step with a white line."""
    step = 0.5 + np.arctan((ENERGY - edge) / 1.5) / math.pi
    return np.round(0.05 + 0.9 * step + 0.25 * np.exp(-(((ENERGY - edge - 6) / 4) ** 2)), 5)


def group(parent: Any, name: str, kind: str) -> Any:
    made = parent.create_group(name, track_order=True)
    made.attrs["NX_class"] = kind
    return made


def new_form(parent: Any, name: str, sample: str, element: str = "Fe") -> Any:
    """An entry in the form of pynxxas: element, edge, energy and intensity at its top."""
    entry = group(parent, name, "NXentry")
    entry["definition"] = "NXxas"
    group(entry, "element", "NXelement")["symbol"] = element
    group(entry, "edge", "NXedge")["name"] = "K"
    entry.create_dataset("energy", data=ENERGY, track_times=False).attrs["units"] = "eV"
    entry.create_dataset("intensity", data=absorption(), track_times=False)
    entry["mode"] = "transmission"
    group(entry, "sample", "NXsample")["name"] = sample
    instrument = group(entry, "instrument", "NXinstrument")
    source = group(instrument, "source", "NXsource")
    source["name"] = "APS"
    source["energy"] = 7.0
    source["energy"].attrs["units"] = "GeV"
    source["ring_current"] = "87.1  ||  S:SRcurrentAI.VAL"
    group(instrument, "beamline", "NXparameters")["name"] = "13-ID-E"
    crystal = group(group(instrument, "monochromator", "NXmonochromator"), "crystal", "NXcrystal")
    crystal["type"] = "Si"
    crystal["reflection"] = [1, 1, 1]
    crystal["d_spacing"] = "3.13550"
    instrument["monochromator/energy"] = h5py.SoftLink(f"{entry.name}/energy")
    scan = group(entry, "scan", "NXparameters")
    scan["start_time"] = "2026-05-01 10:00:00"
    scan["data_collector"] = "xafscat example data"
    return entry


def old_form(parent: Any, name: str = "old") -> Any:
    """An entry of the definition of 2008: the counts of two detectors over the energies of the monochromator."""
    entry = group(parent, name, "NXentry")
    entry["title"] = "Example data: Cu K-edge, calculated"
    entry["definition"] = "NXxas"
    entry["start_time"] = "2026-05-01T11:00:00"
    instrument = group(entry, "instrument", "NXinstrument")
    group(instrument, "source", "NXsource")["name"] = "SOLEIL"
    energy = (ENERGY + 1860) / 1000
    group(instrument, "monochromator", "NXmonochromator").create_dataset(
        "energy", data=energy, track_times=False
    ).attrs["units"] = "keV"
    incident = np.full(len(ENERGY), 1000.0)
    for detector, data in (("incoming_beam", incident), ("absorbed_beam", incident * np.exp(-absorption()))):
        group(instrument, detector, "NXdetector").create_dataset("data", data=data, track_times=False)
    group(entry, "sample", "NXsample")["name"] = "Example oxide (calculated)"
    group(entry, "data", "NXdata")["mode"] = "Transmission"
    return entry


def write_sample(path: Path) -> None:
    with h5py.File(path, "w", track_order=True) as file:
        new_form(file, "fe2o3_a", "Fe2O3 (example data; calculated)")
        outer = group(file, "outer", "NXentry")
        new_form(outer, "fe2o3_b", "Fe2O3 (example data; calculated)")
        old_form(file)


def made(folder: Path, write: Callable[[Any], object], name: str = "file.h5") -> Source:
    path = folder / name
    with h5py.File(path, "w") as file:
        write(file)
    return Source(path, name)


def read(folder: Path, write: Callable[[Any], object]) -> Reading:
    return READER.read(made(folder, write))


def codes(reading: Reading) -> list[str]:
    return [item.code for item in reading.findings]


def plain(file: Path) -> dict[str, Any]:
    """Everything in an HDF5 file by its path; the last digits of an exponential differ between processors."""
    found: dict[str, Any] = {}

    def visit(name: str, node: Any) -> None:
        found[name] = {key: str(value) for key, value in node.attrs.items()}
        if isinstance(node, h5py.Dataset):
            value = np.asarray(node[()])
            found[name] = (found[name], (np.round(value, 9) if value.dtype.kind == "f" else value).tolist())

    with h5py.File(file) as opened:
        opened.visititems(visit)
    return found


def test_the_sample_is_what_this_module_makes(tmp_path: Path) -> None:
    write_sample(tmp_path / "nexus.h5")
    if os.environ.get("XAFSCAT_WRITE_SAMPLE"):
        shutil.copy(tmp_path / "nexus.h5", SAMPLE)
    assert plain(SAMPLE) == plain(tmp_path / "nexus.h5")
    assert len(plain(SAMPLE)) > 40


def test_entries_of_one_sample_are_spectra_of_one_deposit() -> None:
    reading = READER.read(Source(SAMPLE, "nexus.h5"))
    first, second = reading.forms
    assert first.values["sample"] == {"name": "Fe2O3 (example data; calculated)"}
    assert (first.values["facility"], first.values["beamline"]) == ("APS", "13-ID-E")
    assert [spectrum["id"] for spectrum in first.values["spectra"]] == ["fe2o3a", "fe2o3b"]
    spectrum = dict(first.values["spectra"][1])
    assert spectrum == {
        "id": "fe2o3b",
        "element": "Fe",
        "edge": "K",
        "mode": "transmission",
        "started": "2026-05-01T10:00:00",
        "ring_energy": "7.0 GeV",
        "ring_current": "87.1 mA",
        "monochromator": {"type": "crystal", "crystal": "Si", "reflection": "111", "d_spacing": "3.13550 Å"},
        "energy": {"first": "7080.0 eV", "last": "7178.0 eV", "points": "50"},
    }
    assert first.origins["/spectra/1/element"].key == "/outer/fe2o3_b/NXelement/symbol"
    assert codes(reading) == ["names-people"]
    # Who collected the data is private, whatever else is not.
    assert ["xafscat example data" in json.dumps(form.values) for form in reading.forms] == [False, False]
    assert "xafscat example data" in {pair.value for pair in reading.private}
    assert second.values["spectra"][0]["mode"] == "transmission"


def test_the_old_form_states_no_element_and_counts_make_the_absorption() -> None:
    reading = READER.read(Source(SAMPLE, "nexus.h5"))
    spectrum = reading.forms[1].values["spectra"][0]
    assert "element" not in spectrum
    assert spectrum["energy"] == {"first": "8.94 keV", "last": "9.038 keV", "points": "50"}
    curve = reading.curves[1, "/spectra/0"]
    assert curve.signal_label == "ln(I0/instrument/absorbed_beam/data)"
    assert curve.energy_ev[0] == pytest.approx(8940)
    assert curve.signal == pytest.approx(absorption())
    assert reading.suggestions_of(1)["/spectra/0/element"] == "Cu"
    assert reading.suggestions_of(1)["/spectra/0/edge"] == "K"
    seen = inspect_file(SAMPLE, "nexus.h5", today=date(2026, 11, 20))
    assert seen["outcome"] == "ask"
    assert seen["suggestions"]["forms/1/spectra/0/element"] == "Cu"


def test_a_definition_states_the_mode(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        entry = new_form(file, "one", "Fe2O3")
        del entry["mode"], entry["definition"]
        entry["definition"] = "NXxas_tey"

    assert read(tmp_path, write).forms[0].get("/spectra/0/mode") == "total-electron-yield"


def test_a_stack_of_spectra_over_one_axis(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        entry = new_form(file, "one", "Fe foil")
        del entry["intensity"]
        entry["intensity"] = np.stack([absorption(), absorption() * 2, absorption() * 3], axis=1)
        entry["sample/temperature"] = [100.0, 200.0, 300.0]
        entry["sample/temperature"].attrs["units"] = "K"

    reading = read(tmp_path, write)
    spectra = reading.forms[0].values["spectra"]
    assert [each["temperature"] for each in spectra] == ["100.0 K", "200.0 K", "300.0 K"]
    assert [each["id"] for each in spectra] == ["one", "onex2", "onex3"]
    assert reading.curves[0, "/spectra/2"].signal == pytest.approx(absorption() * 3)
    assert "nexus-stack" in codes(reading)


def test_a_calculated_spectrum_is_refused(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        new_form(file, "one", "Fe2O3")["calculated"] = True

    reading = read(tmp_path, write)
    assert not reading.is_xafs
    assert codes(reading) == ["nexus-computed"]


def test_a_synthetic_mineral_is_no_calculation(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        new_form(file, "one", "Synthetic goethite")["title"] = "synthetic goethite, data of the second run"

    assert read(tmp_path, write).is_xafs


def test_an_edge_beyond_the_energies_is_no_fact(tmp_path: Path) -> None:
    reading = read(tmp_path, lambda file: new_form(file, "one", "Cu foil", "Cu"))
    assert reading.forms[0].get("/spectra/0/element") is None
    assert "stated-out-of-reach" in codes(reading)


def test_nexus_of_another_kind_is_refused(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        entry = new_form(file, "one", "Fe2O3")
        del entry["definition"]
        entry["definition"] = "NXarpes"

    reading = read(tmp_path, write)
    assert not reading.is_xafs
    assert codes(reading) == ["nexus-entry-left-out", "nexus-not-xas"]


def external(file: Any) -> None:
    entry = new_form(file, "one", "Fe2O3")
    del entry["energy"], entry["instrument/monochromator/energy"]
    entry["energy"] = h5py.ExternalLink("secret.h5", "/energy")


def test_an_external_link_is_never_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["energy"] = ENERGY
    reading = read(tmp_path, external)
    assert not reading.is_xafs
    assert codes(reading) == ["nexus-entry-left-out", "nexus-link-refused"]
    (told,) = reading.findings[1:]
    assert (told.severity, told.value) == ("error", "/one/energy")
    assert "/one/energy leads to secret.h5:/energy;" in told.text()
    assert "/one/energy は secret.h5:/energy を指しています" in told.text("ja")
    seen = inspect_file(tmp_path / "file.h5", "file.h5", today=date(2026, 9, 1))
    assert seen["outcome"] == "refuse"
    # The link is there and good: only the reader declines it.
    with h5py.File(tmp_path / "file.h5") as file:
        assert len(file["one/energy"]) == len(ENERGY)


def test_a_soft_link_through_an_external_one_is_not_followed(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        external(file)
        file["away"] = h5py.ExternalLink("secret.h5", "/")
        del file["one/energy"]
        file["one/energy"] = h5py.SoftLink("/away/energy")

    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["energy"] = ENERGY
    reading = read(tmp_path, write)
    assert not reading.is_xafs
    assert [item.value for item in reading.findings if item.code == "nexus-link-refused"] == ["/away"]


def test_an_entry_that_is_an_external_link_is_refused_by_its_place(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        file["entry"] = h5py.ExternalLink("scan_0001.h5", "/entry")

    reading = read(tmp_path, write)
    assert not reading.is_xafs
    assert codes(reading) == ["nexus-link-refused"]
    assert "/entry leads to scan_0001.h5:/entry;" in reading.findings[0].text()


def test_only_what_an_entry_lacks_is_an_error_where_it_leads_elsewhere(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        whole = new_form(file, "one", "Fe2O3")
        whole["raw"] = h5py.ExternalLink("raw.h5", "/frames")
        without = new_form(file, "two", "FeO")
        del without["intensity"]
        without["intensity"] = h5py.ExternalLink("signal.h5", "/mu")

    reading = read(tmp_path, write)
    assert reading.is_xafs
    found = {item.code: item for item in reading.findings}
    assert found["nexus-link-refused"].value == "/two/intensity"
    assert found["nexus-elsewhere"].value == "/one/raw -> raw.h5:/frames"
    assert found["nexus-elsewhere"].severity == "warning"


def test_external_storage_and_virtual_data_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "raw.bin").write_bytes(ENERGY.tobytes())
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["energy"] = ENERGY

    def stored_elsewhere(file: Any) -> None:
        external(file)
        del file["one/energy"]
        raw = [(str(tmp_path / "raw.bin"), 0, ENERGY.nbytes)]
        file["one"].create_dataset("energy", shape=ENERGY.shape, dtype="f8", external=raw)

    def virtual(file: Any) -> None:
        external(file)
        del file["one/energy"]
        layout = h5py.VirtualLayout(ENERGY.shape, dtype="f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "energy", shape=ENERGY.shape)
        file["one"].create_virtual_dataset("energy", layout)

    targets = {stored_elsewhere: str(tmp_path / "raw.bin"), virtual: f"{tmp_path / 'secret.h5'}:energy"}
    for write, target in targets.items():
        reading = read(tmp_path, write)
        assert not reading.is_xafs
        (told,) = (item for item in reading.findings if item.code == "nexus-link-refused")
        assert f"/one/energy leads to {target};" in told.text()


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        entry = new_form(file, "one", "Fe2O3")
        entry["self"] = entry
        file["again"] = file["/"]
        entry["left"] = h5py.SoftLink("right")
        entry["right"] = h5py.SoftLink("left")
        del entry["mode"]
        entry["mode"] = h5py.SoftLink("left")

    reading = read(tmp_path, write)
    assert [len(form.values["spectra"]) for form in reading.forms] == [1]
    assert reading.forms[0].get("/spectra/0/mode") is None


@pytest.mark.parametrize("shape", [(2**40,), (2**20, 2**20), (2_000_001,)])
def test_absurd_shapes_are_refused_before_anything_is_read(tmp_path: Path, shape: tuple[int, ...]) -> None:
    def write(file: Any) -> None:
        entry = new_form(file, "one", "Fe2O3")
        del entry["intensity"]
        entry.create_dataset("intensity", shape=shape, dtype="f8", chunks=tuple(min(n, 64) for n in shape))

    source = made(tmp_path, write)
    assert source.size < 1_000_000
    with pytest.raises(UnreadableInput, match="at most 2,000,000 values"):
        READER.read(source)


def test_a_huge_piece_around_few_values_is_refused(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        entry = new_form(file, "one", "Fe2O3")
        del entry["intensity"]
        entry.create_dataset(
            "intensity", shape=(50,), maxshape=(None,), dtype="f8", chunks=(2**27,), compression="gzip"
        )

    with pytest.raises(UnreadableInput, match="pieces of 1,073,741,824 bytes"):
        READER.read(made(tmp_path, write))


def test_giant_attributes_and_texts_say_nothing(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        entry = new_form(file, "one", "Fe2O3")
        entry["energy"].attrs["units"] = "eV"
        entry["instrument"].attrs["note"] = np.zeros(8_000)
        del entry["sample/name"], entry["mode"]
        entry["sample"].create_dataset("name", data=np.bytes_(b"x" * 1_000_000))
        entry["mode"] = "t" * 1_000_000
        entry["instrument"].attrs.create("NX_class", "NXinstrument")

    reading = read(tmp_path, write)
    assert reading.forms[0].get("/sample/name") is None
    assert reading.forms[0].get("/spectra/0/mode") is None


def test_more_objects_than_a_file_has_are_not_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MAX_STEPS", 50)
    with pytest.raises(UnreadableInput, match="more groups and data sets"):
        read(tmp_path, lambda file: [new_form(file, f"e{number}", "Fe2O3") for number in range(5)])


def test_a_name_with_line_ends_and_direction_marks_is_shown_plainly(tmp_path: Path) -> None:
    reading = read(tmp_path, lambda file: new_form(file, "one", "Fe\n2O3 \u202e lagnis\x07"))
    assert reading.forms[0].get("/sample/name") == "Fe 2O3 lagnis"


@pytest.mark.parametrize("cut", [8, 100, 2_000, 20_000])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.h5"
    path.write_bytes(SAMPLE.read_bytes()[:cut])
    source = Source(path, path.name)
    assert choose(source) is READER
    with pytest.raises(UnreadableInput, match="HDF5 cannot open it"):
        READER.read(source)


def test_damage_anywhere_is_refused_or_does_no_harm(tmp_path: Path) -> None:
    whole = SAMPLE.read_bytes()
    chance = random.Random(5)
    refused = 0
    for number in range(40):
        content = bytearray(whole)
        for _ in range(chance.choice([1, 5, 40])):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path = tmp_path / f"{number}.h5"
        path.write_bytes(content)
        try:
            READER.read(Source(path, path.name))
        except UnreadableInput:
            refused += 1
    assert 5 < refused < 40


def test_a_file_beyond_the_limit_is_not_opened() -> None:
    with pytest.raises(UnreadableInput, match="at most 1,000 are read"):
        READER.read(Source(SAMPLE, "nexus.h5", 1_000))


def test_other_lengths_of_energies_and_signal_are_refused(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        entry = new_form(file, "one", "Fe2O3")
        del entry["intensity"]
        entry["intensity"] = absorption()[:-1]

    with pytest.raises(UnreadableInput, match="has the shape 49, the energies have 50 values"):
        read(tmp_path, write)
