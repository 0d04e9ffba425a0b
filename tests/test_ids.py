from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import CatalogError
from catalog.ids import (
    IdError,
    check_cas,
    doi_iri,
    mint_id,
    normalise_doi,
    normalise_orcid,
    normalise_ror,
    orcid_iri,
    record_iri,
    ror_iri,
    safe_file_name,
    specimen_iri,
)


def test_minted_ids_are_short_random_and_fit_for_an_iri() -> None:
    ids = {mint_id() for _ in range(2000)}
    assert len(ids) == 2000
    assert all(re.fullmatch("[0-9a-hjkmnp-tv-z]{10}", item) for item in ids)


def test_record_iri() -> None:
    assert (
        record_iri("https://example.org/xafs/", "7k3m9q2xw0") == "https://example.org/xafs/record/7k3m9q2xw0"
    )


@pytest.mark.parametrize("bad", ["", "a/b", "../x", "A", "a b", "a#b", "é", "a\n", "x" * 65])
def test_record_iri_refuses_what_is_no_id(bad: str) -> None:
    with pytest.raises(IdError):
        record_iri("https://example.org", bad)


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.48505/nims.1447", "10.48505/nims.1447"),
        ("doi:10.48505/NIMS.1447", "10.48505/nims.1447"),
        ("DOI 10.18434/mds2-4032", "10.18434/mds2-4032"),
        ("https://doi.org/10.18434/mds2-4032", "10.18434/mds2-4032"),
        ("http://dx.doi.org/10.1107/S1600577525002206", "10.1107/s1600577525002206"),
        ("https://doi.org/10.1000/a%3Cb", "10.1000/a<b"),
        (" 10.20383/103.01329 ", "10.20383/103.01329"),
        ("10.1000.10/123456", "10.1000.10/123456"),
    ],
)
def test_doi(text: str, doi: str) -> None:
    assert normalise_doi(text) == doi


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.1/x",
        "11.1234/x",
        "10.1234/",
        "https://example.org/10.1234/x",
        "10.1234/a b",
        "10.1234/\x07",
        "n/a",
    ],
)
def test_no_doi(text: str) -> None:
    with pytest.raises(IdError):
        normalise_doi(text)


def test_doi_iri_holds_only_characters_of_an_iri() -> None:
    old = "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2"
    assert (
        doi_iri(old)
        == "https://doi.org/10.1002/(sici)1097-0258(19980815/30)17:15/16%3C1661::aid-sim968%3E3.0.co;2-2"
    )
    assert normalise_doi(doi_iri(old)) == old.lower()


ORCID_EXAMPLE = "0000-0002-1825-0097"  # the example of ORCID's own documentation


@pytest.mark.parametrize(
    "text",
    [
        ORCID_EXAMPLE,
        "0000000218250097",
        f"https://orcid.org/{ORCID_EXAMPLE}",
        f"http://www.orcid.org/{ORCID_EXAMPLE}/",
        f"orcid: {ORCID_EXAMPLE}",
        "0000–0002–1825–0097",
    ],
)
def test_orcid(text: str) -> None:
    assert normalise_orcid(text) == ORCID_EXAMPLE
    assert orcid_iri(text) == f"https://orcid.org/{ORCID_EXAMPLE}"


def test_orcid_check_digit_x() -> None:
    assert normalise_orcid("0000-0002-1694-233x") == "0000-0002-1694-233X"


def test_exactly_one_check_digit_is_right() -> None:
    right = []
    for digit in "0123456789X":
        try:
            right.append(normalise_orcid(ORCID_EXAMPLE[:-1] + digit))
        except IdError:
            continue
    assert right == [ORCID_EXAMPLE]


@pytest.mark.parametrize("position", [3, 8, 11, 13, 17])
def test_orcid_notices_a_changed_digit(position: int) -> None:
    digit = str((int(ORCID_EXAMPLE[position]) + 1) % 10)
    with pytest.raises(IdError, match="check digit"):
        normalise_orcid(ORCID_EXAMPLE[:position] + digit + ORCID_EXAMPLE[position + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000-0002-1825",
        "0000-0002-1825-0097-1",
        "X000-0002-1825-0097",
        "https://evil.example/0000-0002-1825-0097",
    ],
)
def test_no_orcid(text: str) -> None:
    with pytest.raises(IdError):
        normalise_orcid(text)


@pytest.mark.parametrize("ror", ["026v1ze26", "01d1kv753", "05dqf9946"])
def test_ror(ror: str) -> None:
    assert normalise_ror(f"https://ror.org/{ror}") == normalise_ror(ror.upper()) == ror
    assert ror_iri(ror) == f"https://ror.org/{ror}"


@pytest.mark.parametrize("text", ["026v1ze27", "026v1zf26", "126v1ze26", "026v1ze2", "026ulze26", ""])
def test_no_ror(text: str) -> None:
    with pytest.raises(IdError):
        normalise_ror(text)


@pytest.mark.parametrize(
    ("text", "cas"),
    [
        ("7439-89-6", "7439-89-6"),
        ("CAS 7732-18-5", "7732-18-5"),
        ("CAS RN: 12001-26-2", "12001-26-2"),
        ("[7681‐49‐4]", "7681-49-4"),
    ],
)
def test_cas(text: str, cas: str) -> None:
    assert check_cas(text) == cas


@pytest.mark.parametrize("text", ["7439-89-7", "7439-98-6", "37174-30", "7439896", "", "15170=57=7"])
def test_no_cas(text: str) -> None:
    with pytest.raises(IdError):
        check_cas(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Fe_foil.xdi", "Fe_foil.xdi"),
        ("/cars5/Data/xas_user/2013.2/someone/s_xanes.001", "s_xanes.001"),
        ("C:\\Users\\someone\\fe.dat", "fe.dat"),
        ("../../etc/passwd", "passwd"),
        ("..", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("Fe foil\r\nX-Header: 1.xdi", "Fe foilX-Header_ 1.xdi"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("鉄箔 Fe K.xdi", "鉄箔 Fe K.xdi"),
        ('a<b>"c"|d?.dat', "a_b__c__d_.dat"),
    ],
)
def test_safe_file_name(text: str, name: str) -> None:
    assert safe_file_name(text) == name


def test_a_long_file_name_keeps_its_extension() -> None:
    name = safe_file_name("鉄" * 200 + ".xdi")
    assert name.endswith("鉄.xdi")
    assert 170 <= len(name.encode()) <= 180


@given(st.text(max_size=400))
def test_any_text_makes_a_safe_file_name_and_again_the_same(text: str) -> None:
    name = safe_file_name(text)
    assert name
    assert len(name.encode()) <= 180
    assert not set(name) & set('/\\:*?"<>|\0\n\r')
    assert name[0] != "."
    assert all(unicodedata.category(char)[0] != "C" for char in name)
    assert safe_file_name(name) == name


@given(st.text(max_size=400))
def test_only_id_errors_escape(text: str) -> None:
    for check in (normalise_doi, normalise_orcid, normalise_ror, check_cas, doi_iri):
        try:
            assert check(text)
        except CatalogError as error:
            assert error.code == "identifier"


def test_two_samples_never_share_an_iri() -> None:
    stated = [
        "S 1",
        "S-1",
        "s 1",
        "s/1",
        "s-1",
        "試料1",
        "鉄箔1",
        "1",
        "A_B",
        "a.b",
        "A-B",
        "a~2e~b",
        "試料",
        "αβ",
    ]
    iris = {specimen_iri("https://xafs.example.org", identity) for identity in stated}
    assert len(iris) == len(stated)
    assert all(re.fullmatch(r"https://xafs\.example\.org/sample/[A-Za-z0-9_~-]+", iri) for iri in iris)
    # One text in two Unicode forms is one id.
    assert len({specimen_iri("b", unicodedata.normalize(form, "ガス1")) for form in ("NFC", "NFD")}) == 1


@pytest.mark.parametrize("identity", ["", " ", "x" * 81, "a\nb> <http://evil> <x", "a\x1bb"])
def test_what_cannot_name_a_sample(identity: str) -> None:
    with pytest.raises(IdError):
        specimen_iri("https://xafs.example.org", identity)
