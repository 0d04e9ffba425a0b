"""Makes the example deposits: facts from the literature, spectra calculated from tabulated cross-sections.

Nothing here was measured, and every file says so. Run ``python examples/build.py`` (needs xraydb and numpy) after
a change; a test compares the committed files with what this makes.

Sources of the facts: formula, CAS numbers and densities are those of common reference works; edge energies and
cross-sections are Elam, Ravel and Sieber's tables as xraydb has them; the calibration energies are the tabulated
ones, and for the copper foil named "Kraft" the 8980.3 eV of Kraft, Stuempel, Becker and Kuetgens (1996).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "deposits"
CREATOR = "{name: {en: xafscat example data, ja: xafscat 例示データ}, affiliation: {name: xafscat}}"
NOTE_EN = (
    "Example data: calculated from tabulated cross-sections (xraydb, Elam tables); nothing was measured."
)
NOTE_JA = "例示データ: 表の断面積（xraydb、Elam の表）から計算したもので、測定データではありません。"

# Beamlines, with the monochromator cut used there: facility, beamline, crystal, reflection, d in angstrom.
BEAMLINES = {
    "pf9c": ("Photon Factory", "BL-9C", "Si", "111", "3.13551"),
    "pf12c": ("Photon Factory", "BL-12C", "Si", "111", "3.13551"),
    "sp14": ("SPring-8", "BL14B2", "Si", "311", "1.63747"),
    "aps13": ("APS", "13-ID-E", "Si", "111", "3.13477"),
    "bmm": ("NSLS-II", "BMM", "Si", "111", "3.13541"),
    "aichi": ("Aichi SR", "BL5S1", "Si", "111", "3.13551"),
    "saga": ("SAGA-LS", "BL11", "Si", "111", "3.13551"),
}


ROUND: dict[str, Any] = {
    "kind": "round-robin",
    "more": {
        "round": "{id: example-cu-foil, name: {en: 'Example round-robin: copper foil', ja: '例: 銅箔のラウンドロビン'}}"
    },
}


@dataclass(frozen=True)
class Example:
    """One example deposit; ``spectra`` lists (element, shell, mode)."""

    slug: str
    name: tuple[str, str]
    formula: str
    density: float
    form: str
    where: str
    spectra: tuple[tuple[str, str, str], ...]
    cas: str = ""
    kind: str = "standard"
    temperature: str = "298 K"
    preparation: str = ""
    started: str = ""
    calibration: str = "simultaneous"  # simultaneous, separate, Kraft or none
    license: str = "CC-BY-4.0"
    more: dict[str, Any] = field(default_factory=dict)
    bare: bool = False  # only what the findable level asks


def foil(
    symbol: str, english: str, japanese: str, density: float, shell: str, cas: str, where: str, **more: Any
) -> Example:
    """A metal foil with its own calibration."""
    more.setdefault("preparation", "none, an ideal foil")
    return Example(
        f"{symbol.lower()}-foil-{where}",
        (f"{english} foil", f"{japanese}箔"),
        symbol,
        density,
        "foil",
        where,
        ((symbol, shell, "transmission"),),
        cas,
        **more,
    )


def oxide(
    slug: str,
    name: tuple[str, str],
    formula: str,
    density: float,
    edge: tuple[str, str],
    where: str,
    **more: Any,
) -> Example:
    """A powder pressed with boron nitride."""
    more.setdefault("preparation", "pressed with boron nitride")
    return Example(slug, name, formula, density, "pellet", where, ((*edge, "transmission"),), **more)


EXAMPLES = (
    # A round-robin: one foil on four beamlines (and a fifth calibration convention).
    foil("Cu", "copper", "銅", 8.96, "K", "7440-50-8", "pf12c", **ROUND),
    foil("Cu", "copper", "銅", 8.96, "K", "7440-50-8", "sp14", calibration="Kraft", **ROUND),
    foil("Cu", "copper", "銅", 8.96, "K", "7440-50-8", "aps13", **ROUND),
    foil("Cu", "copper", "銅", 8.96, "K", "7440-50-8", "bmm", **ROUND),
    foil("Ti", "titanium", "チタン", 4.506, "K", "7440-32-6", "saga"),
    foil("V", "vanadium", "バナジウム", 6.11, "K", "7440-62-2", "bmm"),
    foil("Cr", "chromium", "クロム", 7.19, "K", "7440-47-3", "pf9c"),
    foil("Fe", "iron", "鉄", 7.874, "K", "7439-89-6", "pf9c"),
    foil("Fe", "iron", "鉄", 7.874, "K", "7439-89-6", "aichi"),
    foil("Co", "cobalt", "コバルト", 8.9, "K", "7440-48-4", "pf12c"),
    foil("Ni", "nickel", "ニッケル", 8.908, "K", "7440-02-0", "saga"),
    foil("Zn", "zinc", "亜鉛", 7.14, "K", "7440-66-6", "aps13"),
    foil("Zr", "zirconium", "ジルコニウム", 6.511, "K", "7440-67-7", "sp14"),
    foil("Mo", "molybdenum", "モリブデン", 10.28, "K", "7439-98-7", "sp14"),
    foil("Ag", "silver", "銀", 10.49, "K", "7440-22-4", "sp14"),
    foil("Ta", "tantalum", "タンタル", 16.65, "L3", "7440-25-7", "bmm"),
    foil("W", "tungsten", "タングステン", 19.25, "L3", "7440-33-7", "pf12c"),
    foil("Pt", "platinum", "白金", 21.45, "L3", "7440-06-4", "sp14"),
    foil("Pt", "platinum", "白金", 21.45, "L3", "7440-06-4", "bmm"),
    foil("Au", "gold", "金", 19.3, "L3", "7440-57-5", "sp14"),
    foil("Pb", "lead", "鉛", 11.34, "L3", "7439-92-1", "aps13"),
    oxide("rutile", ("rutile", "ルチル"), "TiO2", 4.23, ("Ti", "K"), "saga"),
    oxide("anatase", ("anatase", "アナターゼ"), "TiO2", 3.78, ("Ti", "K"), "aichi", calibration="separate"),
    oxide(
        "v2o5",
        ("vanadium pentoxide", "五酸化二バナジウム"),
        "V2O5",
        3.357,
        ("V", "K"),
        "bmm",
        cas="1314-62-1",
    ),
    oxide(
        "cr2o3",
        ("chromium(III) oxide", "酸化クロム(III)"),
        "Cr2O3",
        5.22,
        ("Cr", "K"),
        "pf9c",
        cas="1308-38-9",
    ),
    oxide(
        "mno2", ("manganese dioxide", "二酸化マンガン"), "MnO2", 5.03, ("Mn", "K"), "aps13", cas="1313-13-9"
    ),
    oxide(
        "mno",
        ("manganese(II) oxide", "酸化マンガン(II)"),
        "MnO",
        5.43,
        ("Mn", "K"),
        "aps13",
        cas="1344-43-0",
        license="CC0-1.0",
    ),
    oxide("fe2o3", ("iron(III) oxide", "酸化鉄(III)"), "Fe2O3", 5.24, ("Fe", "K"), "pf9c", cas="1309-37-1"),
    oxide(
        "fe3o4",
        ("magnetite", "マグネタイト"),
        "Fe3O4",
        5.17,
        ("Fe", "K"),
        "aichi",
        cas="1317-61-9",
        calibration="separate",
    ),
    oxide(
        "feo",
        ("iron(II) oxide", "酸化鉄(II)"),
        "FeO",
        5.74,
        ("Fe", "K"),
        "pf9c",
        cas="1345-25-1",
        license="CC0-1.0",
    ),
    oxide(
        "co3o4",
        ("cobalt(II,III) oxide", "四酸化三コバルト"),
        "Co3O4",
        6.11,
        ("Co", "K"),
        "pf12c",
        cas="1308-06-1",
    ),
    oxide(
        "nio",
        ("nickel(II) oxide", "酸化ニッケル(II)"),
        "NiO",
        6.67,
        ("Ni", "K"),
        "saga",
        cas="1313-99-1",
        bare=True,
    ),
    oxide("cuo", ("copper(II) oxide", "酸化銅(II)"), "CuO", 6.31, ("Cu", "K"), "pf12c", cas="1317-38-0"),
    oxide(
        "cu2o",
        ("copper(I) oxide", "酸化銅(I)"),
        "Cu2O",
        6.0,
        ("Cu", "K"),
        "pf12c",
        cas="1317-39-1",
        temperature="10 K",
    ),
    oxide("zno", ("zinc oxide", "酸化亜鉛"), "ZnO", 5.61, ("Zn", "K"), "aps13", cas="1314-13-2"),
    oxide(
        "zro2",
        ("zirconium dioxide", "二酸化ジルコニウム"),
        "ZrO2",
        5.68,
        ("Zr", "K"),
        "aichi",
        cas="1314-23-4",
        calibration="none",
    ),
    oxide(
        "moo3",
        ("molybdenum trioxide", "三酸化モリブデン"),
        "MoO3",
        4.69,
        ("Mo", "K"),
        "sp14",
        cas="1313-27-5",
    ),
    oxide("ceo2", ("cerium dioxide", "二酸化セリウム"), "CeO2", 7.22, ("Ce", "L3"), "pf12c"),
    oxide("pbo2", ("lead dioxide", "二酸化鉛"), "PbO2", 9.38, ("Pb", "L3"), "sp14", bare=True),
    oxide("zns", ("sphalerite", "閃亜鉛鉱"), "ZnS", 4.09, ("Zn", "K"), "aps13", cas="1314-98-3"),
    oxide(
        "mos2",
        ("molybdenum disulfide", "二硫化モリブデン"),
        "MoS2",
        5.06,
        ("Mo", "K"),
        "sp14",
        cas="1317-33-5",
    ),
    oxide(
        "fes2", ("pyrite", "黄鉄鉱"), "FeS2", 5.01, ("Fe", "K"), "aichi", cas="12068-85-8", calibration="none"
    ),
    Example(
        "goethite",
        ("goethite (mineral)", "針鉄鉱（鉱物）"),
        "FeOOH",
        4.27,
        "powder",
        "aps13",
        (("Fe", "K", "fluorescence"),),
        "20344-49-4",
        kind="user",
        preparation="ground, spread on tape",
    ),
    Example(
        "cu-sulfate-solution",
        ("copper(II) sulfate, 0.1 mol/L in water", "硫酸銅(II)水溶液 0.1 mol/L"),
        "CuSO4",
        1.02,
        "solution",
        "aichi",
        (("Cu", "K", "fluorescence"),),
        "7758-98-7",
        kind="user",
        preparation="dissolved in pure water, liquid cell",
        more={"concentration": "0.1 mol/L"},
    ),
    # A cathode material: one deposit with two edges, and one physical sample measured in two modes.
    Example(
        "linimno2-cathode",
        ("cathode LiNi0.5Mn0.5O2", "正極 LiNi0.5Mn0.5O2"),
        "LiNi0.5Mn0.5O2",
        4.6,
        "powder",
        "sp14",
        (("Ni", "K", "transmission"), ("Mn", "K", "transmission")),
        kind="user",
        preparation="mixed with boron nitride",
    ),
    Example(
        "lco-transmission",
        ("cathode LiCoO2", "正極 LiCoO2"),
        "LiCoO2",
        5.05,
        "powder",
        "pf9c",
        (("Co", "K", "transmission"),),
        "12190-79-3",
        kind="user",
        preparation="pressed with boron nitride",
        more={"sample_id": "example-lco-1"},
    ),
    Example(
        "lco-electron-yield",
        ("cathode LiCoO2", "正極 LiCoO2"),
        "LiCoO2",
        5.05,
        "powder",
        "saga",
        (("Co", "K", "electron-yield"),),
        "12190-79-3",
        kind="user",
        preparation="spread on carbon tape",
        more={"sample_id": "example-lco-1"},
    ),
    # What is not simply public.
    oxide(
        "embargoed-linio2",
        ("lithium nickel oxide", "ニッケル酸リチウム"),
        "LiNiO2",
        4.8,
        ("Ni", "K"),
        "saga",
        kind="user",
        more={"access": "embargoed", "available": "2031-04-01"},
    ),
    oxide(
        "scheduled-limn2o4",
        ("lithium manganese oxide", "マンガン酸リチウム"),
        "LiMn2O4",
        4.28,
        ("Mn", "K"),
        "pf9c",
        kind="user",
        more={"hidden_until": "2031-04-01"},
    ),
    oxide(
        "withdrawn-cuo",
        ("copper(II) oxide, mislabelled", "酸化銅(II)（試料名の誤り）"),
        "CuO",
        6.31,
        ("Cu", "K"),
        "bmm",
        kind="user",
    ),
    oxide(
        "hidden-credit-nb2o5",
        ("niobium pentoxide", "五酸化二ニオブ"),
        "Nb2O5",
        4.6,
        ("Nb", "K"),
        "sp14",
        cas="1313-96-8",
        kind="user",
        more={"hidden_credit": True},
    ),
)


def grid(edge: float) -> list[float]:
    """Photon energies in eV around an edge: coarse, fine, then coarse again."""
    fine = [edge - 20 + step for step in range(61)]
    below = [edge - 150 + 10 * step for step in range(13)]
    above = [edge + 45 + 5 * step for step in range(112)]
    return [*below, *fine, *above]


def spectrum_file(example: Example, element: str, shell: str, mode: str) -> tuple[str, str]:
    """Name and text of the XDI file with the calculated spectrum."""
    import numpy as np
    import xraydb

    edge = xraydb.xray_edge(element, shell).energy
    energies = grid(edge)
    absorption = xraydb.material_mu(
        example.formula, np.array(energies), density=example.density, kind="total"
    )
    below = float(absorption[0])
    step = (
        float(
            xraydb.material_mu(
                example.formula, np.array([edge + 50.0]), density=example.density, kind="total"
            )[0]
        )
        - below
    )
    column = {"transmission": "mutrans", "fluorescence": "mufluor"}.get(mode, "mu")
    facility, beamline, crystal, reflection, spacing = BEAMLINES[example.where]
    name = f"{example.slug}_{element}-{shell}.xdi"
    lines = [
        "# XDI/1.0 xafscat/examples",
        f"# Element.symbol: {element}",
        f"# Element.edge: {shell}",
        f"# Facility.name: {facility}",
        f"# Beamline.name: {beamline}",
        f"# Mono.name: {crystal}({reflection})",
        f"# Mono.d_spacing: {spacing}",
        f"# Sample.name: {example.name[0]}",
        "# Column.1: energy eV",
        f"# Column.2: {column}",
        "# ///",
        "# Example data, calculated with xraydb from tabulated (Elam) cross-sections.",
        "# Nothing was measured; facility and beamline only show how such a record looks.",
        "#---------------------",
        "# energy " + column,
    ]
    lines += [
        f"{energy:.2f} {(float(mu) - below) / step:.5f}"
        for energy, mu in zip(energies, absorption, strict=True)
    ]
    return name, "\n".join(lines) + "\n"


def form(example: Example, index: int) -> str:
    """The deposit form of an example as YAML."""
    import xraydb

    facility, beamline, crystal, reflection, spacing = BEAMLINES[example.where]
    english, japanese = example.name
    edges = " and ".join(f"{element} {shell}" for element, shell, _ in example.spectra)
    lines = [
        "# Example data: calculated, not measured. Made by examples/build.py.",
        f'title: {{en: "Example: {english}, {edges} edge", ja: "例: {japanese} {edges.replace(" and ", "・")}吸収端"}}',
    ]
    if not example.bare:
        lines.append(f"kind: {example.kind}")
    lines.append(f"access: {example.more.get('access', 'open')}")
    stated = ("round", "available", "hidden_until")
    lines += [f"{key}: {example.more[key]}" for key in stated if key in example.more]
    lines += [f"license: {example.license}", "creators:"]
    if example.more.get("hidden_credit"):
        # ORCID's own fictitious example researcher.
        lines.append("  - {name: Josiah Carberry, orcid: 0000-0002-1825-0097, credit: hidden}")
    lines += [f"  - {CREATOR}", f"facility: {facility}"]
    if not example.bare:
        lines.append(f"beamline: {beamline}")
    lines += ["sample:", f'  name: {{en: "{english}", ja: "{japanese}"}}']
    if not example.bare:
        if "sample_id" in example.more:
            lines.append(f"  id: {example.more['sample_id']}")
        lines += [f"  formula: {example.formula}", f"  form: {example.form}"]
        lines += [
            f"  {key}: {value}"
            for key, value in (("cas", example.cas), ("preparation", example.preparation))
            if value
        ]
        if "concentration" in example.more:
            lines.append(f"  concentration: {example.more['concentration']}")
    lines.append("spectra:")
    for element, shell, mode in example.spectra:
        energies = grid(xraydb.xray_edge(element, shell).energy)
        lines += [f"  - element: {element}", f"    edge: {shell}"]
        if not example.bare:
            lines += [
                "    technique: XAFS",
                f"    mode: {mode}",
                f"    temperature: {example.temperature}",
                f'    monochromator: {{type: crystal, crystal: {crystal}, reflection: "{reflection}", d_spacing: {spacing} Å}}',
                f"    started: {example.started or f'{2015 + index % 10}-{1 + index % 12:02d}'}",
                f"    energy: {{first: {energies[0]:g} eV, last: {energies[-1]:g} eV, points: {len(energies)}}}",
            ]
            lines += calibration(example, element, shell)
        lines.append(f"    files: [{example.slug}_{element}-{shell}.xdi]")
    lines.append(f'note: {{en: "{NOTE_EN}", ja: "{NOTE_JA}"}}')
    return "\n".join(lines) + "\n"


def calibration(example: Example, element: str, shell: str) -> list[str]:
    """The calibration lines: on a foil of the same element, simultaneous or separate."""
    import xraydb

    if example.calibration == "none":
        return []
    assigned = 8980.3 if example.calibration == "Kraft" else xraydb.xray_edge(element, shell).energy
    simultaneous = "false" if example.calibration == "separate" else "true"
    standard = f"{element} foil"
    return [
        f"    calibration: {{standard: {standard}, edge: {element} {shell}, feature: first-derivative maximum, "
        f"assigned_energy: {assigned} eV, simultaneous: {simultaneous}, hc: 12398.42}}"
    ]


def build() -> dict[str, str]:
    """Every example file: name -> text."""
    files: dict[str, str] = {}
    for index, example in enumerate(EXAMPLES):
        files[f"{example.slug}.yaml"] = form(example, index)
        for element, shell, mode in example.spectra:
            name, text = spectrum_file(example, element, shell, mode)
            files[name] = text
    return files


def main() -> int:
    """Write the files, removing those no longer made."""
    FOLDER.mkdir(exist_ok=True)
    files = build()
    for old in FOLDER.iterdir():
        if old.name not in files and old.suffix in {".yaml", ".xdi"}:
            old.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(EXAMPLES)} deposits, {len(files)} files in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
