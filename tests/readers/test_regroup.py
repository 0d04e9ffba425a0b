from __future__ import annotations

import copy
from datetime import date
from pathlib import Path

import pytest

from catalog.form import check_keys
from catalog.inspection import assess
from catalog.readers import Reading, Source, choose
from catalog.readers._regroup import apart, together

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples"
FILES = ["athena.prj", "nexus.h5", "als.e"]


def read(name: str) -> Reading:
    source = Source(SAMPLES / name, name)
    reader = choose(source)
    assert reader is not None
    return reader.read(source)


def spectra(reading: Reading) -> list[dict]:  # type: ignore[type-arg]
    return [spectrum for form in reading.forms for spectrum in form.values["spectra"]]


def without_header(found: list[dict]) -> list[dict]:  # type: ignore[type-arg]
    return [{key: value for key, value in each.items() if key != "header"} for each in found]


@pytest.mark.parametrize("name", FILES)
def test_nothing_of_a_spectrum_is_lost(name: str) -> None:
    reading = read(name)
    before = copy.deepcopy(reading)
    each, whole = apart(reading), together(reading)
    assert reading == before
    assert spectra(each) == spectra(reading)
    assert without_header(spectra(whole)) == without_header(spectra(reading))
    assert [len(form.values["spectra"]) for form in each.forms] == [1] * len(spectra(reading))
    assert len(whole.forms) == 1
    for other in (each, whole):
        assert len(other.curves) == len(reading.curves)
        assert (other.private, other.findings) == (reading.private, reading.findings)
        for form in other.forms:
            assert check_keys(form) == []
            assert assess(form, today=date(2026, 5, 1)).document["spectra"]
            for pointer in form.origins:
                assert form.get(pointer) is not None, pointer
        texts = {str(form.origins[pointer]) for form in other.forms for pointer in form.origins}
        assert {str(origin) for form in reading.forms for origin in form.origins.values()} == texts


def test_ids_do_not_hang_on_the_grouping() -> None:
    reading = read("athena.prj")
    ids = ["gpaf", "gpbf", "gpcf"]
    for other in (reading, apart(reading), together(reading)):
        assert [each["id"] for each in spectra(other)] == ids


def test_curves_and_suggestions_go_with_their_spectrum() -> None:
    reading = read("athena.prj")
    each, whole = apart(reading), together(reading)
    assert each.curves[2, "/spectra/0"] == reading.curves[1, "/spectra/0"] == whole.curves[0, "/spectra/2"]
    assert each.suggestions_of(2)["/spectra/0/element"] == "Fe"
    assert whole.suggestions["/spectra/2/element"] == "Fe"
    assert whole.more_suggestions == {}


def test_what_is_said_of_one_sample_is_not_said_of_all() -> None:
    reading = read("athena.prj")
    whole = together(reading)
    assert whole.forms[0].get("/sample") is None
    names = [
        {pair["key"]: pair["value"] for pair in each["header"]}["sample.name"] for each in spectra(whole)
    ]
    assert names == ["Fe2O3", "Fe2O3", "unknown glass"]
    one = together(read("als.e"))
    assert one.forms == read("als.e").forms
    assert [form.get("/sample/name") for form in apart(reading).forms] == ["Fe2O3", "Fe2O3", "unknown glass"]


def test_a_file_without_forms_stays_without() -> None:
    assert apart(Reading(is_xafs=False)) == together(Reading(is_xafs=False)) == Reading(is_xafs=False)
