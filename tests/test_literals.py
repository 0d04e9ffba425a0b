from __future__ import annotations

import pyoxigraph as ox
import pytest

from catalog.literals import XSD, compare, is_well_formed


def literal(text: str, datatype: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + datatype))


GOOD = {
    "string": ["", "any\ntext"],
    "boolean": ["true", "0"],
    "integer": ["7112", "-0", "+3", "9" * 5000],
    "nonNegativeInteger": ["0", "-0"],
    "byte": ["-128", "127"],
    "unsignedLong": ["18446744073709551615"],
    "decimal": ["7112.0", ".5", "5.", "-0.00"],
    "double": ["1e5", "INF", "-INF", "NaN", "3.13551E0"],
    "float": ["+INF"],
    "date": ["2028-02-29", "2027-04-01Z", "2027-04-01+14:00", "-0044-03-15", "12027-04-01", "0000-02-29"],
    "dateTime": ["2020-05-21T13:00:00+09:00", "2020-05-21T24:00:00", "2020-05-21T13:00:00.123456789Z"],
    "dateTimeStamp": ["2020-05-21T13:00:00Z"],
    "time": ["13:00:00", "24:00:00Z"],
    "gYear": ["2024", "-0001"],
    "gYearMonth": ["2024-05"],
    "gMonthDay": ["--02-29"],
    "gMonth": ["--12"],
    "gDay": ["---31"],
    "duration": ["P1Y2M3DT4H5M6.7S", "-PT1S"],
    "hexBinary": ["", "00ff", "AB"],
    "base64Binary": ["", "QUJD", "QU JD"],
    "language": ["ja", "en-GB"],
    "anyURI": ["anything goes"],
}
BAD = {
    "boolean": ["True", "yes", ""],
    "integer": ["7112.0", "1e3", "", "١٢", "1_000"],
    "nonNegativeInteger": ["-1"],
    "positiveInteger": ["0"],
    "byte": ["128"],
    "unsignedLong": ["18446744073709551616"],
    "decimal": ["1e5", "NaN", ".", "", "7,112"],
    "double": ["inf", "1e", ""],
    "date": ["2027-02-29", "2020-13-45", "2027-4-1", "20270401", "2027-04-01+14:01", "2027-04-31", "99999999999-01-01"],
    "dateTime": ["2020-05-21", "2020-05-21T24:00:01", "2020-05-21T13:00:60", "2020-05-21 13:00:00"],
    "dateTimeStamp": ["2020-05-21T13:00:00"],
    "time": ["25:00:00"],
    "gYear": ["24", "02024"],
    "gYearMonth": ["2024-13"],
    "gMonthDay": ["--02-30"],
    "duration": ["P", "PT", "1Y"],
    "hexBinary": ["0", "zz"],
    "base64Binary": ["Q"],
    "language": ["日本語"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("datatype", "text"), [(name, text) for name, texts in GOOD.items() for text in texts]
)
def test_lexical_forms_of_the_datatype(datatype: str, text: str) -> None:
    assert is_well_formed(literal(text, datatype))


@pytest.mark.parametrize(
    ("datatype", "text"), [(name, text) for name, texts in BAD.items() for text in texts]
)
def test_ill_typed_lexical_forms(datatype: str, text: str) -> None:
    assert not is_well_formed(literal(text, datatype))


def test_datatypes_of_others_cannot_be_judged() -> None:
    assert is_well_formed(ox.Literal("?", datatype=ox.NamedNode("http://example.org/t")))


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        (("10", "integer"), ("9.5", "decimal"), 1),
        (("7112", "integer"), ("7112.000", "decimal"), 0),
        (("1", "byte"), ("1e0", "double"), 0),
        (("-INF", "double"), ("0", "integer"), -1),
        (("NaN", "double"), ("NaN", "double"), None),
        (("NaN", "float"), ("1", "decimal"), None),
        (("2020-05-21T13:00:00+09:00", "dateTime"), ("2020-05-21T04:00:00Z", "dateTime"), 0),
        (("2020-05-21T24:00:00", "dateTime"), ("2020-05-22T00:00:00", "dateTime"), 0),
        (("2020-05-21T13:00:00", "dateTime"), ("2020-05-21T13:00:00Z", "dateTime"), None),
        (("2020-02-29", "date"), ("2020-03-01", "date"), -1),
        (("2020-01-01", "date"), ("2020-01-01T00:00:00", "dateTime"), None),
        (("-0044-03-15", "date"), ("0001-01-01", "date"), -1),
        (("23:59:59.9", "time"), ("24:00:00", "time"), -1),
        (("2023", "gYear"), ("2024", "gYear"), -1),
        (("2024-05", "gYearMonth"), ("2024-04", "gYearMonth"), 1),
        (("a", "string"), ("b", "string"), -1),
        (("false", "boolean"), ("1", "boolean"), -1),
        (("2020-13-45", "date"), ("2020-01-01", "date"), None),
        (("5", "string"), ("5", "integer"), None),
        (("P1D", "duration"), ("P1D", "duration"), None),
    ],
)
def test_order(left: tuple[str, str], right: tuple[str, str], order: int | None) -> None:
    forward, backward = compare(literal(*left), literal(*right)), compare(literal(*right), literal(*left))
    assert forward == order
    assert backward == (None if order is None else -order)


def test_tagged_text_has_no_order() -> None:
    assert compare(ox.Literal("a", language="en"), ox.Literal("b", language="en")) is None
