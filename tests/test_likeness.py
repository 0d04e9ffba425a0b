"""The same spectrum under other digits, one more of a kind, names that disagree, and files that name who is hidden."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.config import Settings, load_settings
from catalog.defaults import load_defaults
from catalog.document import Form
from catalog.intake import Receipt, find, ingest
from catalog.likeness import NEAR, distance, fingerprint
from catalog.naming import name_conflicts
from catalog.privacy import NAMES, UNSEARCHABLE, hidden_names, hidden_names_shown, withheld_because
from catalog.projection import public_document
from catalog.readers import Curve, Reading
from catalog.registry import Registry, create_registry, open_registry
from catalog.sidecars import disagreements
from catalog.states import Standing, State
from catalog.wording import Words

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
E0 = 7112.0
RULES = """\
rules:
  - set:
      facility: Photon Factory
      creators: [{name: Hanako Exampleperson, credit: hidden}]
"""


def mu(energy: float, *, peak: float = 0.3, offset: float = 0.0) -> float:
    """A step with a white line and a wiggle: a calculated curve, no measured one."""
    x = energy - E0
    step = 0.5 + math.atan(x / 1.5) / math.pi
    return offset + 2.0 * (step + peak * math.exp(-(((x - 6) / 4) ** 2)) + 0.03 * step * math.sin(x / 7))


def grid(step: float, low: float = -50, high: float = 100) -> list[float]:
    return [E0 + low + step * number for number in range(int((high - low) / step) + 1)]


def curve(step: float = 0.5, digits: int | None = None, **shape: float) -> Curve:
    values = [mu(energy, **shape) for energy in grid(step)]
    if digits is not None:
        values = [float(f"{value:.{digits}g}") for value in values]
    return Curve(tuple(grid(step)), tuple(values), "mutrans")


def xdi(made: Curve, name: str = "iron oxide", formula: str = "Fe2O3", extra: str = "") -> str:
    head = (
        f"# XDI/1.0\n# Element.symbol: Fe\n# Element.edge: K\n# Sample.name: {name}\n"
        f"# Sample.formula: {formula}\n# Column.1: energy eV\n# Column.2: mutrans\n{extra}#---\n"
    )
    points = zip(made.energy_ev, made.signal, strict=True)
    return head + "".join(f"{energy!r} {signal!r}\n" for energy, signal in points)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    create_registry(home, "https://xafs.example.org", now=NOW)
    return load_settings(home, environ={})


@pytest.fixture
def registry(settings: Settings) -> Any:
    with open_registry(settings.registry_path) as opened:
        yield opened


def take(registry: Registry, settings: Settings, folder: Path, rules: str = RULES) -> dict[str, Receipt]:
    defaults = folder.parent / "rules.yaml"
    defaults.write_text(rules)
    found = find([folder], settings)
    receipts = ingest(
        found, registry=registry, settings=settings, now=NOW, actor="test", defaults=load_defaults(defaults)
    )
    return {Path(receipt.file).name: receipt for receipt in receipts}


def codes(receipt: Receipt) -> set[str]:
    return {item.code for item in receipt.findings}


@pytest.mark.parametrize(
    "copy", [curve(digits=4), curve(step=0.7), curve(step=0.3, digits=5), curve(offset=0.4), curve(step=1.0)]
)
def test_digits_grid_and_background_do_not_change_a_fingerprint(copy: Curve) -> None:
    own, other = (fingerprint(each, "Fe", "K") for each in (curve(), copy))
    assert own
    assert distance(own, other) <= NEAR


def test_another_sample_changes_it() -> None:
    own, other = (fingerprint(each, "Fe", "K") for each in (curve(), curve(peak=0.36)))
    assert distance(own, other) > NEAR


@pytest.mark.parametrize(
    "made",
    [
        Curve(tuple(grid(1, -10, 100)), tuple(mu(each) for each in grid(1, -10, 100)), "x"),
        Curve(tuple(grid(1, -50, 40)), tuple(mu(each) for each in grid(1, -50, 40)), "x"),
        Curve((E0,), (1.0,), "x"),
        Curve(tuple(grid(1)), tuple(1.0 for _ in grid(1)), "x"),
        Curve((E0 - 40, E0 - 40, E0 + 90), (0.0, 1.0, 1.0), "x"),
    ],
)
def test_a_curve_without_a_whole_step_has_none(made: Curve) -> None:
    assert fingerprint(made, "Fe", "K") == () or len(made.energy_ev) == 3


def test_copies_and_kinds_are_told_at_intake_and_kept(
    registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "1.xdi").write_text(xdi(curve()))
    (folder / "2.xdi").write_text(xdi(curve(digits=4), name="rounded"))
    (folder / "3.xdi").write_text(xdi(curve(peak=0.5), name="another"))
    (folder / "4.xdi").write_text(xdi(curve(peak=0.7), name="hematite", formula="FeO"))
    receipts = take(registry, settings, folder)
    told = {name: codes(receipt) & {"same-spectrum", "one-more"} for name, receipt in receipts.items()}
    assert told == {
        "1.xdi": set(),
        "2.xdi": {"same-spectrum", "one-more"},
        "3.xdi": {"one-more"},
        "4.xdi": set(),
    }
    (said,) = [item for item in receipts["2.xdi"].findings if item.code == "same-spectrum"]
    assert said.value == receipts["1.xdi"].record_id
    assert receipts["2.xdi"].record_id
    assert "same-spectrum" in {item.code for item in registry.findings(receipts["2.xdi"].record_id)}
    (later := folder / "later").mkdir()
    (later / "5.xdi").write_text(xdi(curve(step=0.4), name="rebinned"))
    (receipt,) = take(registry, settings, later).values()
    assert "same-spectrum" in codes(receipt)
    assert next(item.text() for item in receipt.findings if item.code == "one-more").startswith(
        "The catalog has 3 "
    )


def test_the_same_bytes_are_told_where_no_curve_can_be_read(
    registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    form = (
        "title: {title}\nsample: {{name: {title}}}\n"
        "spectra:\n  - {{element: Fe, edge: K, files: [raw.bin]}}\n  - {{element: Fe, edge: K, files: [raw.bin]}}\n"
    )
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
        (folder / "raw.bin").write_bytes(b"\0example data")
        (folder / f"{folder.name}.yaml").write_text(form.format(title=folder.name), encoding="utf-8")
    (first,) = [each for each in take(registry, settings, folders[0]).values() if each.record_id]
    assert "same-file" not in codes(first)
    (tmp_path / "both").mkdir()
    for folder in folders[1:]:
        folder.rename(tmp_path / "both" / folder.name)
    told = take(registry, settings, tmp_path / "both")
    stored = [each for each in told.values() if each.record_id]
    assert len(stored) == 2
    for receipt in stored:
        (said,) = [item for item in receipt.findings if item.code == "same-file"]
        assert (said.value, "raw.bin" in said.text()) == (first.record_id, True)


def test_the_curve_the_catalog_makes_of_two_files_is_no_file_of_theirs(
    registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    text = xdi(curve())
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "1.xdi").write_text(text)
    (folder / "2.xdi").write_text(text.replace("\n", "\n# Sample.note: again\n", 1))
    told = take(registry, settings, folder)
    assert len({each.record_id for each in told.values()}) == 2
    assert not any("same-file" in codes(each) for each in told.values())


def test_a_withdrawn_record_is_no_longer_compared(
    registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    from catalog.curation import withdraw

    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "1.xdi").write_text(xdi(curve()))
    (receipt,) = take(registry, settings, folder).values()
    assert receipt.record_id
    withdraw(registry, receipt.record_id, reason={"en": "a trial"}, zone=UTC, now=NOW, actor="test")
    (folder / "1.xdi").write_text(xdi(curve(digits=5)))
    (again,) = take(registry, settings, folder).values()
    assert again.result == "stored"
    assert not codes(again) & {"same-spectrum", "one-more"}


@pytest.mark.parametrize(
    ("place", "code", "shown"),
    [
        ("data/Co-K-sample.xdi", "name-disagrees", "Co K"),
        ("data/Fe-L3-sample.xdi", "name-disagrees", "Fe L3"),
        ("Er/sample.xdi", "folder-disagrees", "Er"),
        ("Fe/Fe-K-sample.xdi", "", ""),
        ("data/K-sample.xdi", "", ""),
        ("In the lab/sample.xdi", "", ""),
    ],
)
def test_names_and_folders_that_disagree_are_told(place: str, code: str, shown: str) -> None:
    reading = Reading([Form({"spectra": [{"element": "Fe", "edge": "K"}]})])
    for name in (place, f"batch.zip!/{place}"):
        told = list(name_conflicts(reading, name))
        assert [(item.code, item.value) for item in told] == ([(code, shown)] if code else [])
        assert all("Fe K" in item.text() for item in told)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Cu_foil.xdi", "Cu"), ("cu_metal_01.xdi", "Cu"), ("CuFoil.xdi", "Cu"), ("CuO_K.xdi", "Cu, O"),
        ("Ni2O3_rt_01.xdi", "Ni, O"), ("Cu foil K.xdi", "Cu"),
        ("Fe_foil.xdi", None), ("Fe3O4_L.xdi", None), ("greenrust_SO4_001.xdi", None), ("In_situ.xdi", None),
        ("NO_name.xdi", None), ("SIS.xdi", None), ("Co12.xdi", None), ("CuO_on_Fe2O3.xdi", None),
    ],
)  # fmt: skip
def test_a_foil_or_a_formula_in_a_name_is_compared(name: str, said: str | None) -> None:
    told = list(name_conflicts(Reading([Form({"spectra": [{"element": "Fe", "edge": "K"}]})]), name))
    assert [item.value for item in told if item.code == "name-disagrees"] == ([said] if said else [])


def test_a_name_is_compared_with_what_is_stated_and_with_any_spectrum_of_the_file() -> None:
    for spectrum in ({}, {"edge": "K"}, {"element": "nonsense", "edge": "K"}, {"element": "Co"}):
        assert not list(name_conflicts(Reading([Form({"spectra": [spectrum]})]), "Co-K.dat"))
    two = [
        Form({"spectra": [{"element": "Fe", "edge": "K"}]}),
        Form({"spectra": [{"edge": ["Co L2", "Co L3"]}]}),
    ]
    assert not list(name_conflicts(Reading(two), "Co/Co-L3.dat"))
    assert list(name_conflicts(Reading(two[:1]), "Co-L3.dat"))


@pytest.mark.parametrize(
    ("key", "form", "header", "told"),
    [
        ("facility", "Photon Factory", "APS", True),
        ("facility", "フォトンファクトリー", "PF", False),
        ("facility", "A lab nobody knows", "APS", False),
        ("beamline", "BL-9C", "13-BM-D", True),
        ("beamline", "BL-9C", "BL9C", False),
        ("temperature", "10 K", "300 K", True),
        ("temperature", "25 °C", "298 K", False),
        ("temperature", "cold", "300 K", False),
        ("ring_energy", "2.5 GeV", "7.0 GeV", True),
        ("ring_energy", "2.5", "2.5 GeV", False),
        ("mode", "transmission", "fluorescence", True),
        ("mode", "透過法", "transmission", False),
        ("started", "2020-01-02T03:00:00", "2020-01-02T19:08:35", True),
        ("started", "2020-01-02T03:00", "2020-01-02T03:00:35", False),
        ("started", "2020-01-02T03:00:00+09:00", "2020-01-02T03:00:00-06:00", True),
        ("started", "2020-01-02T03:00:00+09:00", "2020-01-01T18:00:00Z", False),
        ("started", "2020-01-02T03:00:00+09:00", "2020-01-01T18:00:00", False),
        ("started", "2020-01-02", "2020-01-02T19:08:35", False),
        ("started", "2020/1/3", "2020-01-02T19:08:35", True),
        ("started", "2020", "2020-01-02T19:08:35", False),
    ],
)
def test_a_form_is_compared_with_the_header_of_its_file(key: str, form: str, header: str, told: bool) -> None:
    def stating(value: str) -> Form:
        whole = {key: value} if key in {"facility", "beamline"} else {}
        if key == "beamline":
            whole["facility"] = "Photon Factory" if value.startswith("BL") else "APS"
        return Form({"spectra": [{} if whole else {key: value}], **whole})

    found = list(disagreements(stating(form), "/spectra/0", stating(header), "Fe.xdi"))
    assert {item.code for item in found} <= {"record-disagrees"}
    assert (header in {item.value for item in found}) is told


def test_a_record_and_the_header_of_its_file_that_disagree_are_told(
    registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "Fe.xdi").write_text(xdi(curve(), extra="# Mono.d_spacing: 3.1551\n# Mono.name: Si 111\n"))
    form = (
        "title: x\nsample: {name: x, formula: Fe2 O3}\nspectra:\n  - {element: Fe, edge: L3, files: [Fe.xdi],\n"
        "     monochromator: {type: crystal, crystal: Si, reflection: '111', d_spacing: 3.13551 Å}}\n"
    )
    (folder / "form.yaml").write_text(form)
    receipt = take(registry, settings, folder)["form.yaml"]
    told = [item for item in receipt.findings if item.code == "record-disagrees"]
    assert sorted(item.path.rpartition("/")[2] for item in told) == ["d_spacing", "edge"]
    assert receipt.record_id
    assert registry.document(receipt.record_id)["spectra"][0]["edge"] == "L3"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"# PI: Hanako Exampleperson", NAMES),
        (b"# user EXAMPLEPERSON, Hanako", NAMES),
        (b"# From file /data/exampleperson/foil.001", NAMES),
        (b"# PI: 0000-0002-1825-0097", NAMES),
        ("# 測定者: 例示 花子".encode("cp932"), NAMES),
        ("# 測定者: 例示花子".encode(), NAMES),
        (b"PK\x03\x04 packed", UNSEARCHABLE),
        (b"# PI: somebody else, exampleperson2 no", NAMES),
        (b"# PI: Li", None),
        ("測定者 例示 花子".encode("utf-16-be"), NAMES),
        ("# Hanako Exampleperson".encode("utf-32-le"), NAMES),
        ("測定者 例示花子".encode("iso2022_jp"), NAMES),
        (rb'{"user": "\u4f8b\u793a\u82b1\u5b50"}', NAMES),
        (b"# PI: Joerg Toepfer", NAMES),
        (b"# PI: Jorg Topfer", NAMES),
        (b"\x89HDF\r\n\x1a\n packed", UNSEARCHABLE),
        (b"# energy mu", None),
    ],
)
def test_a_file_that_names_who_is_hidden_is_found(
    tmp_path: Path, content: bytes, reason: Words | None
) -> None:
    path = tmp_path / "foil.dat"
    path.write_bytes(content)
    people = [
        {"name": {"en": "Hanako Exampleperson", "ja": "例示 花子"}, "credit": "hidden"},
        {"name": "Li", "credit": "shown"},
        {"name": "X", "orcid": "0000-0002-1825-0097", "credit": "Hidden"},
        {"name": "Jörg Töpfer", "credit": "hidden"},
    ]
    names = hidden_names(Form({"creators": people}))
    assert withheld_because(path, names) == reason
    assert withheld_because(path, []) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("note: Measured by Hanako Exampleperson.", [("hidden-name", "/note", 10)]),
        ("description: {ja: 例示花子が測定。}", [("hidden-name", "/description/ja", 10)]),
        ("note: See https://orcid.org/0000-0002-1825-0097", [("hidden-name", "/note", 10)]),
        ("note: The cell of Exampleperson.", [("hidden-name-perhaps", "/note", 10)]),
        ("round: {id: hanako exampleperson}", [("hidden-name", "/round/id", 10)]),
        ("round: {id: 例示花子の会}", [("hidden-name", "/round/id", 10)]),
        ("round: {id: exampleperson-hanako-foil}", [("hidden-name", "/round/id", 10)]),
        ("note: 試料は見本太郎が作製した。", [("hidden-name", "/note", 10)]),
        ("note: 見本　太郎による。", [("hidden-name", "/note", 10)]),
        (
            "funding: {funder: Example Foundation, award_title: Plans of Hanako Exampleperson}",
            [("hidden-name", "/funding/0/award_title", 10)],
        ),
        ("private_note: Measured by Hanako Exampleperson.", []),
        ("note: Li foil beside it.", []),
    ],
)
def test_a_public_text_that_names_who_is_hidden_is_told(
    registry: Registry, settings: Settings, tmp_path: Path, change: str, told: list[tuple[str, str, int]]
) -> None:
    path = tmp_path / "named.yaml"
    people = """\
creators:
  - {name: {en: Hanako Exampleperson, ja: 例示 花子}, orcid: 0000-0002-1825-0097, credit: hidden}
  - {name: Li, credit: hidden}
  - {name: 見本太郎, credit: hidden}
"""
    rest = "facility: Photon Factory\nsample: {name: Li2O}\nspectra: [{element: Fe, edge: K}]\n"
    path.write_text(f"access: open\nlicense: CC0-1.0\n{people}{rest}{change}\n", encoding="utf-8")
    (receipt,) = take(registry, settings, path).values()
    found = [item for item in receipt.findings if item.code.startswith("hidden-name")]
    assert [(item.code, item.path, item.line) for item in found] == told
    assert receipt.good is not any(item.severity == "error" for item in found)


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ({"name": "Exampleperson, Hanako"}, ["/creators/1/name"]),
        (
            {"name": "Someone Else", "affiliation": "Hanako Exampleperson Institute"},
            ["/creators/1/affiliation"],
        ),
        ({"name": "Taro Exampleperson"}, []),
    ],
)
def test_who_is_hidden_and_credited_at_once_is_told(shown: dict[str, str], told: list[str]) -> None:
    people = [{"name": "Hanako Exampleperson", "credit": "hidden"}, shown]
    public = {
        "credits": [
            {"credit_name": {"@none": shown["name"]}, "affiliation_name": shown.get("affiliation", "")}
        ]
    }
    found = hidden_names_shown(Form({"creators": people}), public)
    assert [item.path for item in found] == told


def test_such_a_file_is_kept_and_never_public(registry: Registry, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "1.xdi").write_text(xdi(curve(), extra="# Scan.experimenters: Hanako Exampleperson\n"))
    (folder / "2.xdi").write_text(xdi(curve(peak=0.6)))
    receipts = take(registry, settings, folder, RULES + "      access: open\n      license: CC0-1.0\n")
    assert "file-withheld" in codes(receipts["1.xdi"])
    assert "file-withheld" not in codes(receipts["2.xdi"])
    shown = {}
    for name, receipt in receipts.items():
        assert receipt.record_id
        assert [file.role for file in registry.attachments(receipt.record_id)].count("data") == 1
        document = registry.document(receipt.record_id)
        public = public_document(document, Standing(State.PUBLISHED), date(2026, 11, 20), lambda _iri: True)
        assert public
        shown[name] = public["spectra"][0].get("files")
    assert shown["1.xdi"] is None
    assert shown["2.xdi"]
