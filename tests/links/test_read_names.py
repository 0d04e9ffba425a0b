"""Names, forms and formulas that were once read as another substance."""

import pytest

from catalog.linking.matching import match


@pytest.mark.parametrize(
    ("name", "formula", "form"),
    [
        ("copper sulfate pentahydrate", "CuSO4", ""),
        ("copper sulphate pentahydrate", "CuSO4", ""),
        ("硫酸銅五水和物", "CuSO4", ""),
        ("copper sulfate monohydrate", "CuSO4", ""),
        ("nickel sulfate hexahydrate", "NiSO4", ""),
        ("硫酸ニッケル六水和物", "NiSO4", ""),
        ("iron phosphate dihydrate", "FePO4", ""),
        ("nickel oxide", "Ni(OH)2", ""),
        ("nickel hydroxide", "NiO", ""),
        ("nickel sulfide", "NiSO4", ""),
        ("iron hydroxide", "FeOOH", ""),
        *(("", "CuO", form) for form in ("glass", "gel", "suspension", "liquid", "gas")),
    ],
)
def test_what_disagrees_is_not_published(name: str, formula: str, form: str) -> None:
    assert match(name, formula, form=form).outcome != "ok"


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("copper sulfate pentahydrate", "CuSO4·5H2O"),
        ("copper sulfate", "CuSO4"),
        ("nickel oxide", "NiO"),
        ("nickel hydroxide", "Ni(OH)2"),
        ("nickel sulfide", "NiS"),
        ("", "CuO"),
    ],
)
def test_what_agrees_is(name: str, formula: str) -> None:
    assert match(name, formula).outcome == "ok"


@pytest.mark.parametrize(
    ("name", "material"),
    [
        ("TiN", "titanium-nitride"),
        ("TiO2(ルチル)", "rutile"),
        ("ルチル型酸化チタン", "rutile"),
        ("ルチル型TiO2", "rutile"),
        ("ルチル型二酸化チタン", "rutile"),
        ("アナターゼ型酸化チタン", "anatase"),
        ("TiO2_rutile", "rutile"),
        ("rutile type TiO2", "rutile"),
        ("酸化鉄Ⅲ", "iron-iii-oxide"),
        ("銅フォイル", "copper"),
    ],
)
def test_what_is_meant_is_read(name: str, material: str) -> None:
    found = match(name)
    assert (found.outcome, (found.material or "").rpartition("/")[2]) == ("ok", material)


def test_tin_stays_tin() -> None:
    assert match("Tin").material == match("tin").material != match("TiN").material
