"""What a text tells of people and their computers."""

from __future__ import annotations

import pytest

from catalog.readers._personal import is_private, names_somebody


@pytest.mark.parametrize(
    "text",
    [
        "Fe foil, PI Exampleperson", "10 cm N2 (PI: Hanako Exampleperson)", "proposal 2023G0999", "2019A1234",
        "proposal No. 12345", "user: someone", "by H. Exampleperson", "Prof. Exampleperson", "Exampleperson-san",
        "例示先生の試料", "測定者 例示花子", "課題番号 2023G099", "~/example/Fe.dat", "/Volumes/example/Fe",
        "GUP-123", "someone@example.org", "prepared by Hanako Exampleperson",
    ],
)  # fmt: skip
def test_texts_that_name_somebody(text: str) -> None:
    assert names_somebody(text)
    assert is_private(text)


@pytest.mark.parametrize("text", ["G:" r"\example\fe.dat", r"\\server\example", "file D:" r"\data\a.001"])
def test_a_place_on_a_computer_is_private(text: str) -> None:
    assert not names_somebody(text)
    assert is_private(text)


@pytest.mark.parametrize(
    "text",
    [
        "iron foil", "Si(111)", "PI film", "polyimide (PI)", "10 cm N2", "heated by hand", "2019-05-21",
        "2023 K", "Pb L3", "user-friendly", "DR_08_02", "transmission/fluorescence", "a 50:50 mixture", "5 µm",
        "フォトンファクトリー", "Drude model", "Fe:Al2O3",
    ],
)  # fmt: skip
def test_ordinary_texts_are_public(text: str) -> None:
    assert not is_private(text)
