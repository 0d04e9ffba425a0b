"""A record as XDI and back: what XDI has words for comes back as it was, and what is lost is listed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.approval import PUBLISHED
from catalog.errors import NotFound
from catalog.fields import fields
from catalog.inspection import assess, facts, look
from catalog.projection import public_document
from catalog.readers import Curve
from catalog.resources import data_root
from catalog.vocabulary import vocabulary
from catalog.xdi_writing import LOST, xdi_file

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
CURVE = Curve((7000.0, 7100.5, 7112.0, 7150.25), (0.01, 0.02, 0.5, 1.0), "mutrans")
FORMS = sorted((data_root() / "examples" / "deposits").glob("*.yaml"))
# Facts of inspect that are of what XDI has no words for.
NOT_IN_XDI = {"orcids", "n_spectra"}


def public(path: Path) -> dict[str, Any]:
    seen = look(path, path.name)
    assert seen.reading
    document = assess(seen.reading.forms[0], today=TODAY).document
    shown = public_document(document, PUBLISHED, TODAY, lambda _iri: True)
    assert shown
    return shown


def back(content: bytes, folder: Path) -> dict[str, Any]:
    path = folder / "back.xdi"
    path.write_bytes(content)
    return public(path)


def told(document: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in facts(document, vocabulary()).items() if key not in NOT_IN_XDI}
    # XDI takes no date of a month or a year alone.
    if len(found.get("start_time", "")) < len("2026-11-20"):
        found.pop("start_time", None)
    return found


def header(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (each["property_key"], each["property_value"]) for each in document["spectra"][0].get("header", [])
    }


@pytest.mark.parametrize("path", FORMS[::4], ids=lambda path: path.stem)
def test_an_example_comes_back_with_all_that_xdi_has_words_for(path: Path, tmp_path: Path) -> None:
    document = public(path)
    again = back(xdi_file(document, CURVE), tmp_path)
    edge = document["spectra"][0]["edge"]
    if isinstance(edge, str):
        assert told(again) == told(document)
    for key in ("temperature", "ring_energy", "started", "ended"):
        assert value(again, key) == value(document, key)


def test_all_that_xdi_has_words_for_comes_back(tmp_path: Path) -> None:
    form = tmp_path / "form.yaml"
    form.write_text(
        "title: Example\nlicense: CC-BY-4.0\naccess: open\ndoi: 10.99999/example\npapers: [10.99999/paper]\n"
        "creators: [{name: Example Group}]\nfacility: Photon Factory\n"
        "sample: {name: 銅箔, formula: Cu, cas: 7440-50-8, thickness: 5 µm, concentration: 3 wt%}\n"
        "spectra: [{element: Cu, edge: K, pressure: 100 kPa, temperature: 77 K}]\n",
        encoding="utf-8",
    )
    document = public(form)
    again = back(xdi_file(document, CURVE), tmp_path)
    for key in ("license", "doi", "papers"):
        assert again[key] == document[key]
    for key in ("cas", "concentration"):
        assert again["sample"][key] == document["sample"][key]
    assert again["sample"]["thickness"]["value"] == document["sample"]["thickness"]["value"] == "5"
    assert value(again, "pressure") == value(document, "pressure") == "100000"


def value(document: dict[str, Any], key: str) -> Any:
    found = document["spectra"][0].get("measurement", {}).get(key)
    return found.get("value") if isinstance(found, dict) else found


def test_headers_of_real_files_come_back(shared: Path, tmp_path: Path) -> None:
    corpus = shared / "data" / "corpus"
    paths = [
        *sorted((corpus / "xdi-bmm").rglob("*.xdi"))[::30],
        *sorted((corpus / "xdi-xaslib").rglob("*.xdi"))[::20],
    ]
    assert len(paths) > 12
    for path in paths:
        document = public(path)
        again = back(xdi_file(document, CURVE), tmp_path)
        assert told(again) == told(document), path
        assert header(again) == header(document), path


def test_what_is_lost_is_named_by_keys_of_the_form() -> None:
    known = {each.path for each in fields()}
    assert set(LOST) <= known
    assert len(set(LOST)) == len(LOST)


def test_a_text_never_becomes_a_line_of_its_own(tmp_path: Path) -> None:
    document = public(FORMS[0])
    document["sample"]["sample_name"] = {"en": "foil\n# Element.symbol: Cu\n#---\u202e"}
    document["spectra"][0]["header"] = [{"property_key": "A.b: c\n# X.y", "property_value": "1"}]
    content = xdi_file(document, CURVE).decode()
    assert content.count("\n# Element.symbol:") == 1
    assert "X.y" not in content


def test_without_a_curve_there_is_a_header_and_no_such_spectrum_is_an_error() -> None:
    document = public(FORMS[0])
    assert xdi_file(document, None).decode().splitlines()[-1] == "# energy mutrans"
    with pytest.raises(NotFound, match="spectra"):
        xdi_file(document, None, 99)
