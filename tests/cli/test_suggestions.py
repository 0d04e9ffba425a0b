"""Beamline templates behind all that is stated, and suggestions that a person confirms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog.defaults import load_template, template_titles
from catalog.mapping import from_triples, to_triples
from catalog.registry import open_registry
from catalog.vocabulary import vocabulary

if TYPE_CHECKING:
    from conftest import Command

# A foil whose header says neither element nor edge; the name does.
XDI = """\
# XDI/1.0
# Sample.name: iron foil
# Beamline.name: {beamline}
# Column.1: energy eV
# Column.2: mutrans
#---
"""
ROWS = "".join(f"{energy} {0.1 if energy < 7112 else 1.0}\n" for energy in range(7000, 7400, 2))


@pytest.fixture
def foil(tmp_path: Path) -> Path:
    path = tmp_path / "Fe-K-foil.xdi"
    path.write_text(XDI.format(beamline="BL-9C") + ROWS)
    return path


def test_every_template_is_of_a_known_place_and_assumes_no_licence(command: Command) -> None:
    words = vocabulary()
    listed = command.json("templates")
    assert [each["name"] for each in listed] == list(template_titles())
    assert len(listed) >= 25
    for each in listed:
        assert set(each["title"]) == {"en", "ja"}
        (rule,) = load_template(each["name"]).rules
        assert not {"license", "access", "creators", "sample"} & rule.template.values.keys()
        facility = words.facility(rule.template.values["facility"])
        assert facility, each
        assert words.beamline(rule.template.values["beamline"], facility), each


def test_a_template_fills_what_nothing_else_states(catalog: Command, foil: Path) -> None:
    rules = foil.parent / "rules.yaml"
    rules.write_text("rules:\n  - set: {ring_energy: 2.4 GeV}\n")
    (line,) = catalog.lines("ingest", foil, "--template", "pf-bl9c", "--defaults", rules, code=1)
    assert "facility" not in line["missing"]
    with open_registry(catalog.home / "registry.sqlite") as registry:
        form = registry.form(line["record"])
    origins = {pointer: origin.kind for pointer, origin in form.origins.items()}
    assert (form.get("/facility"), origins["/facility"]) == ("Photon Factory", "template")
    assert origins["/beamline"] == "header"
    assert form.get("/spectra/0/ring_energy") == "2.4 GeV"
    assert form.origins["/facility"].source == "template pf-bl9c"


def test_a_template_of_another_place_gives_nothing_and_says_so(catalog: Command, foil: Path) -> None:
    foil.write_text("# XDI/1.0\n# Facility.name: SPring-8\n" + XDI.format(beamline="BL14B2")[10:] + ROWS)
    (line,) = catalog.lines("ingest", foil, "--template", "pf-bl9c", code=1)
    assert "template-elsewhere" in {item["code"] for item in line["findings"]}
    with open_registry(catalog.home / "registry.sqlite") as registry:
        assert registry.form(line["record"]).get("/spectra/0/ring_energy") is None


def test_a_template_there_is_none_of_is_named(catalog: Command, foil: Path) -> None:
    catalog("ingest", foil, "--template", "PF-BL9", code=2)
    assert "did you mean pf-bl9" in catalog.err


def test_suggestions_are_confirmed_one_by_one(catalog: Command, foil: Path) -> None:
    (line,) = catalog.lines("ingest", foil, code=1)
    record = line["record"]
    assert {"spectra/0/element", "spectra/0/edge"} <= set(line["missing"])
    offered = catalog.json("accept-suggestion", record, "--dry-run")
    mode = {"/spectra/0/mode": "transmission"}
    assert offered["suggested"] == {"/spectra/0/element": "Fe", "/spectra/0/edge": "K", **mode}
    assert offered["version"] == 1
    catalog("accept-suggestion", record, "formula", code=2)
    assert "spectra/0/edge" in catalog.err
    assert catalog.json("accept-suggestion", record, "element")["version"] == 2
    assert catalog.json("accept-suggestion", record)["accepted"] == {"/spectra/0/edge": "K", **mode}
    catalog("accept-suggestion", record, code=1)
    with open_registry(catalog.home / "registry.sqlite") as registry:
        form, document = registry.form(record), registry.document(record)
        assert registry.record(record).version == 3
        assert {file.role for file in registry.attachments(record)} == {"data", "curve"}
        assert registry.likenesses([("Fe", "K")])["Fe", "K"][0][1].curve
        assert not {item.code for item in registry.findings(record)} & {"suggestion", "findable-element"}
    assert form.origins["/spectra/0/edge"].kind == "accepted"
    (spectrum,) = document["spectra"]
    assert (spectrum["element"], spectrum["edge"]) == ("Fe", "K")
    assert spectrum["inferred"] == ["xafs:edge", "xafs:element"]
    assert spectrum["files"]
    assert (
        from_triples(to_triples(document), document["id"])["spectra"][0]["inferred"] == spectrum["inferred"]
    )


def test_nothing_is_suggested_for_what_is_stated(catalog: Command, foil: Path) -> None:
    foil.write_text(
        "# XDI/1.0\n# Element.symbol: Fe\n# Element.edge: K\n" + XDI.format(beamline="x")[10:] + ROWS
    )
    (line,) = catalog.lines("ingest", foil, code=1)
    assert catalog.json("accept-suggestion", line["record"], "--dry-run")["suggested"].keys() == {
        "/spectra/0/mode"
    }
    catalog("accept-suggestion", line["record"], "element", code=2)
    assert "nothing is suggested" in catalog.err
