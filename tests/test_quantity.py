from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.quantity import CANONICAL_UNITS, QuantityError, decimal_text, parse_number, parse_quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("7112.0 eV", "eV", "7112"),
        ("7.112 keV", "eV", "7112"),
        ("7112ev", "eV", "7112"),
        ("+1.5E3 eV", "eV", "1500"),
        ("-0.25 eV", "eV", "-0.25"),
        ("−0.25 eV", "eV", "-0.25"),
        ("７１１２ ｅＶ", "eV", "7112"),
        ("3.13551 Å", "Å", "3.13551"),
        ("3.1354087 \u212b", "Å", "3.1354087"),
        ("3.1354087 A\u030a", "Å", "3.1354087"),
        ("3.13551 A", "Å", "3.13551"),
        ("3.13551 Angstroms", "Å", "3.13551"),
        ("0.313551 nm", "Å", "3.13551"),
        ("5 µm", "µm", "5"),
        ("5 \u03bcm", "µm", "5"),
        ("5um", "µm", "5"),
        ("5 microns", "µm", "5"),
        ("0.005 mm", "µm", "5"),
        (".35 mm", "µm", "350"),
        ("10K", "K", "10"),
        ("77 kelvin", "K", "77"),
        ("25 °C", "K", "298.15"),
        ("25℃", "K", "298.15"),
        ("25 C", "K", "298.15"),
        ("-196 degC", "K", "77.15"),
        ("1 atm", "Pa", "101325"),
        ("1 GPa", "Pa", "1000000000"),
        ("1e-9 mbar", "Pa", "0.0000001"),
        ("1 Torr", "Pa", "133.322368421"),
        ("7.00 GeV", "GeV", "7"),
        ("3.0 geV", "GeV", "3"),
        ("2584 MeV", "GeV", "2.584"),
        ("101.8 mA", "mA", "101.8"),
        ("0.1 A", "mA", "100"),
        ("99.5 ma", "mA", "99.5"),
    ],
)
def test_reads_what_people_write(text: str, unit: str, value: str) -> None:
    quantity = parse_quantity(text, unit)
    assert (decimal_text(quantity.value), quantity.unit) == (value, unit)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", "eV"),
        ("eV", "eV"),
        ("7112", "eV"),
        ("7,112 eV", "eV"),
        ("7112 7113 eV", "eV"),
        ("10-20 K", "K"),
        ("298 ± 2 K", "K"),
        ("~300 K", "K"),
        ("3.13551(2) Å", "Å"),
        ("nan K", "K"),
        ("inf eV", "eV"),
        ("0x1F eV", "eV"),
        ("room temperature", "K"),
        ("7.00 missing units", "GeV"),
        ("101x ma", "mA"),
        ("5 furlongs", "µm"),
        ("5 mev", "eV"),
        ("5 pa m", "Pa"),
        ("1e999999 eV", "eV"),
        ("1e-41 eV", "eV"),
        ("-300 °C", "K"),
        ("9" * 100 + " eV", "eV"),
        ("1.4.9 eV", "eV"),
        ("5 eV\nX: 1", "eV"),
    ],
)
def test_refuses_rather_than_guesses(text: str, unit: str) -> None:
    with pytest.raises(QuantityError):
        parse_quantity(text, unit)


def test_a_bare_number_takes_the_default_unit_only_when_there_is_one() -> None:
    assert decimal_text(parse_quantity("3.0", "GeV", default_unit="GeV").value) == "3"
    assert decimal_text(parse_quantity("20 eV", "eV", default_unit="keV").value) == "20"
    with pytest.raises(QuantityError, match="states no unit"):
        parse_quantity("3.0", "GeV")


def test_an_unknown_unit_lists_the_known_ones() -> None:
    with pytest.raises(QuantityError, match="'parsec' is not known here; write one of pm, Å, nm"):
        parse_quantity("1 parsec", "Å")


def test_an_unknown_canonical_unit_is_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="furlong"):
        parse_quantity("1", "furlong")


def test_a_plain_number_is_read_exactly_and_nothing_beside_it() -> None:
    assert decimal_text(parse_number(" 12398.5200 ")) == "12398.52"
    for text in ("", "12398.52 eV", "1,000", "nan", "1e99", "9" * 100):
        with pytest.raises(QuantityError):
            parse_number(text)


def test_decimal_text_refuses_what_is_not_finite() -> None:
    for special in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(QuantityError):
            decimal_text(Decimal(special))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=12))
def test_decimal_text_is_exact_and_canonical(value: Decimal) -> None:
    text = decimal_text(value)
    assert Decimal(text) == value
    assert decimal_text(Decimal(text)) == text
    assert "E" not in text
    assert not ("." in text and text.endswith(("0", ".")))


@given(st.integers(-(10**12), 10**12), st.integers(0, 12))
def test_conversion_is_exact(digits: int, places: int) -> None:
    number = Decimal(digits).scaleb(-places)
    assert parse_quantity(f"{number:f} nm", "Å").value == number * 10
    assert parse_quantity(f"{number:f} keV", "eV").value == number * 1000


@given(st.text(max_size=60), st.sampled_from(CANONICAL_UNITS))
def test_only_quantity_errors_escape(text: str, unit: str) -> None:
    try:
        assert parse_quantity(text, unit).value.is_finite()
    except QuantityError as error:
        assert error.detail
