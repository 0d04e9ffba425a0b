"""Looking things up in the vocabulary: lenient in spelling, strict in meaning."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.vocabulary import Vocabulary, vocabulary
from catalog.vocabulary_graph import BASE, NS
from catalog.vocabulary_names import Names, code_key, name_key, splits

FACILITY, BEAMLINE = f"{BASE}facility/", f"{BASE}beamline/"
SPELLINGS = Path(__file__).parent / "data" / "place_spellings.csv"
CC = "http://creativecommons.org/"
KINDS_OF_CONCEPT = ("kind", "form", "calibration-feature", "technique", "mode", "access", "monochromator")


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return vocabulary()


def spellings() -> list[dict[str, str]]:
    with SPELLINGS.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


@pytest.mark.parametrize("row", spellings(), ids=lambda row: f"{row['facility_text']}|{row['beamline_text']}")
def test_spellings_of_real_files(words: Vocabulary, row: dict[str, str]) -> None:
    facility = words.facility(row["facility_text"])
    assert facility == (FACILITY + row["facility"] if row["facility"] else None)
    beamline = words.beamline(row["beamline_text"], facility)
    assert beamline == (BEAMLINE + row["beamline"] if row["beamline"] else None)


def test_the_table_holds_every_spelling_of_the_xdi_corpus(shared: Path) -> None:
    table = {(row["facility_text"], row["beamline_text"]) for row in spellings()}
    corpus = shared / "data" / "corpus"
    found = set()
    for folder in (
        "xdi-spec",
        "xdi-xaslib",
        "xdi-bmm",
        "xdi-misc",
        "beamline-ascii/larch",
        "beamline-ascii/pynxxas",
    ):
        for path in sorted((corpus / folder).rglob("*")):
            if path.is_file() and (names := xdi_place(path)) is not None:
                found.add(names)
    assert len(found) >= 19
    assert found - table == set()


def xdi_place(path: Path) -> tuple[str, str] | None:
    """Facility and beamline as an XDI header states them; None for another format."""
    header = {}
    for number, line in enumerate(path.read_bytes().splitlines()):
        text = line.decode("utf-8", "replace")
        if number == 0 and not re.match(r"#\s*XDI/", text):
            return None
        if not text.startswith("#"):
            break
        if field := re.match(r"#\s*((?:facility|beamline)\.name)\s*:(.*)", text, re.IGNORECASE):
            header.setdefault(field[1].lower(), field[2].strip())
    return header.get("facility.name", ""), header.get("beamline.name", "")


def test_a_code_that_two_facilities_use_needs_the_facility(words: Vocabulary) -> None:
    assert words.beamline("6BM") is None
    assert words.beamline("6BM", f"{FACILITY}nsls-ii") == f"{BEAMLINE}nsls2-bmm"
    assert words.beamline("6BM", f"{FACILITY}aps") == f"{BEAMLINE}aps-6-bm"
    assert words.beamline("BL11") is None
    assert words.beamline("BL11", f"{FACILITY}hisor") == f"{BEAMLINE}hisor-bl11"


def test_a_code_that_one_facility_uses_still_needs_it(words: Vocabulary) -> None:
    # Only the facilities registered here are known to lack it.
    assert words.beamline("14b2") is None
    assert words.beamline("14b2", f"{FACILITY}spring-8") == f"{BEAMLINE}spring8-bl14b2"


def test_a_beamline_of_another_facility_is_not_taken(words: Vocabulary) -> None:
    assert words.beamline("SSRL 2-3", f"{FACILITY}aps") is None
    assert words.beamline("BMM", f"{FACILITY}aps") is None
    assert words.beamline("SSRL 2-3", "http://127.0.0.1:8000/record/x#facility") is None


@pytest.mark.parametrize(
    ("text", "facility", "beamline"),
    [
        ("BL14B2", "photon-factory", "spring8-bl14b2"),  # a code of one facility only
        ("PF BL-9C", "spring-8", "pf-bl9c"),  # says where it stands
        ("BL14B2", "spring-8", None),  # stands where it is said to
        ("BL-9C", "spring-8", None),  # many facilities may have one
        ("BL11", "photon-factory", None),
        ("BL-99Z9", "photon-factory", None),  # nobody's
    ],
)
def test_a_beamline_that_stands_elsewhere_is_told_where_that_is_sure(
    words: Vocabulary, text: str, facility: str, beamline: str | None
) -> None:
    found = words.beamline_elsewhere(text, f"{FACILITY}{facility}")
    assert found == (beamline and f"{BEAMLINE}{beamline}")


def test_the_facility_of_a_beamline(words: Vocabulary) -> None:
    assert words.beamline_facility(f"{BEAMLINE}ssrl-2-3") == f"{FACILITY}ssrl"
    assert words.beamline_facility(f"{BEAMLINE}nowhere") is None


@pytest.mark.parametrize(
    "text", ["", "  ", "-", "KEK", "DESY", "HASYLAB", "synchrotron", "unknown", "X" * 100_000]
)
def test_what_names_no_single_facility(words: Vocabulary, text: str) -> None:
    assert words.facility(text) is None
    assert words.beamline(text) is None
    assert words.beamline(text, f"{FACILITY}aps") is None


def test_a_facility_with_its_acronym_in_brackets(words: Vocabulary) -> None:
    assert words.facility("Advanced Photon Source (APS)") == f"{FACILITY}aps"
    assert words.facility("Photon Factory（PF）") == f"{FACILITY}photon-factory"
    assert words.facility("Advanced Photon Source (ALS)") is None
    assert words.facility("Advanced Photon Source (Argonne, sector 13)") is None


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("CC-BY-4.0", f"{CC}licenses/by/4.0/"),
        ("CC BY 4.0", f"{CC}licenses/by/4.0/"),
        ("cc-by-4.0", f"{CC}licenses/by/4.0/"),
        ("cc-by-nc-sa-4.0", f"{CC}licenses/by-nc-sa/4.0/"),
        ("https://creativecommons.org/licenses/by/4.0/", f"{CC}licenses/by/4.0/"),
        ("https://creativecommons.org/licenses/by/4.0/legalcode", f"{CC}licenses/by/4.0/"),
        ("http://creativecommons.org/licenses/by/3.0/deed.ja", f"{CC}licenses/by/3.0/"),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0", f"{CC}licenses/by-nc-sa/4.0/"),
        ("http://creativecommons.org/publicdomain/zero/1.0", f"{CC}publicdomain/zero/1.0/"),
        ("CC0", f"{CC}publicdomain/zero/1.0/"),
        ("CC0 1.0 Universal", f"{CC}publicdomain/zero/1.0/"),
        ("Creative Commons Zero 1.0 Universal", f"{CC}publicdomain/zero/1.0/"),
        ("Creative Commons Attribution 4.0 International Public License", f"{CC}licenses/by/4.0/"),
        ("クリエイティブ・コモンズ 表示 4.0 国際", f"{CC}licenses/by/4.0/"),
        ("cc-pddc", "https://spdx.org/licenses/CC-PDDC"),
        ("MIT License", "https://spdx.org/licenses/MIT"),
        ("https://spdx.org/licenses/ODbL-1.0.html", "https://spdx.org/licenses/ODbL-1.0"),
        # No version, no licence: 3.0 and 4.0 differ.
        ("CC BY-NC-SA", None),
        ("CC-BY-NC-SA", None),
        ("CC BY", None),
        ("CC-BY-4", None),
        ("Public domain", None),
        ("Open Access", None),
        ("http://creativecommons.org/licenses/by/2.1/jp/", None),
        ("https://creativecommons.org/licenses/by/4.0/../../evil", None),
        ("javascript:alert(1)", None),
        ("", None),
        ("C" * 100_000, None),
    ],
)
def test_licences(words: Vocabulary, text: str, iri: str | None) -> None:
    assert words.license(text) == iri


@pytest.mark.parametrize(
    ("scheme", "text", "iri"),
    [
        ("kind", "standard", f"{BASE}kind/standard"),
        ("kind", "round robin", f"{BASE}kind/round-robin"),
        ("form", "箔", f"{BASE}form/foil"),
        ("form", "Thin Film", f"{BASE}form/thin-film"),
        (
            "calibration-feature",
            "first-derivative maximum",
            f"{BASE}calibration-feature/first-derivative-maximum",
        ),
        ("calibration-feature", "white line peak maximum", f"{BASE}calibration-feature/white-line-maximum"),
        ("monochromator", "crystal", f"{BASE}monochromator/crystal"),
        ("monochromator", "DCM", f"{BASE}monochromator/crystal"),
        ("technique", "XAFS", "http://purl.org/pan-science/PaNET/PaNET01197"),
        ("technique", "NEXAFS", "http://purl.org/pan-science/PaNET/PaNET01199"),
        ("mode", "transmission", "https://w3id.org/cdif/xas/detectionmode/transmission"),
        ("mode", "Transmission( 2)", "https://w3id.org/cdif/xas/detectionmode/transmission"),
        ("mode", "fluorescence", f"{BASE}mode/fluorescence"),
        ("mode", "Fluorescence( 3)", f"{BASE}mode/fluorescence"),
        ("mode", "electron-yield", f"{BASE}mode/electron-yield"),
        ("mode", "TEY", "https://w3id.org/cdif/xas/detectionmode/totalelectronyield"),
        (
            "mode",
            "https://w3id.org/cdif/xas/detectionmode/herfd",
            "https://w3id.org/cdif/xas/detectionmode/herfd",
        ),
        ("mode", "https://example.org/mode", None),
        ("access", "embargoed", "http://purl.org/coar/access_right/c_f1cf"),
        ("access", "metadata-only", "http://purl.org/coar/access_right/c_14cb"),
        ("access", "close", None),
        ("media-type", "text/plain", "https://www.iana.org/assignments/media-types/text/plain"),
        ("edge-type", "L3", "https://w3id.org/cdif/xas/edge/l3"),
        ("form", "", None),
    ],
)
def test_concepts(words: Vocabulary, scheme: str, text: str, iri: str | None) -> None:
    assert words.concept(scheme, text) == iri


def test_a_scheme_that_does_not_exist_is_the_callers_mistake(words: Vocabulary) -> None:
    with pytest.raises(KeyError):
        words.concept("colour", "red")
    with pytest.raises(KeyError):
        words.choices("colour")


@pytest.mark.parametrize("scheme", KINDS_OF_CONCEPT)
def test_each_choice_is_a_concept_named_by_that_notation(words: Vocabulary, scheme: str) -> None:
    choices = words.choices(scheme)
    assert len(choices) >= 3
    iris = [words.concept(scheme, choice) for choice in choices]
    assert [words.notation(iri or "") for iri in iris] == list(choices)


def test_the_words_of_the_deposit_form(words: Vocabulary) -> None:
    assert words.choices("kind") == ("standard", "user", "round-robin")
    assert words.choices("access") == ("open", "embargoed", "restricted", "metadata-only")
    assert {"transmission", "fluorescence", "electron-yield"} <= set(words.choices("mode"))
    assert {"XAS", "XAFS", "EXAFS", "XANES"} <= set(words.choices("technique"))


def test_a_particular_mode_belongs_to_a_general_one(words: Vocabulary) -> None:
    mode = "https://w3id.org/cdif/xas/detectionmode/"
    assert words.broader(f"{mode}herfd") == f"{BASE}mode/fluorescence"
    assert words.broader(f"{mode}totalelectronyield") == f"{BASE}mode/electron-yield"
    assert words.broader(f"{mode}transmission") is None


def test_units_are_exact_in_case(words: Vocabulary) -> None:
    unit = "http://qudt.org/vocab/unit/"
    canonical = {
        "eV": "EV",
        "Å": "ANGSTROM",
        "µm": "MicroM",
        "K": "K",
        "Pa": "PA",
        "GeV": "GigaEV",
        "mA": "MilliA",
    }
    assert {symbol: words.unit(symbol) for symbol in canonical} == {k: unit + v for k, v in canonical.items()}
    assert words.unit("MA") is None


def test_edges(words: Vocabulary) -> None:
    assert words.edge_iri("Fe", "K") == f"{BASE}edge/Fe-K"
    assert words.edge_energy("Fe", "K") == Decimal(7112)
    assert words.edge_energy("Pb", "L3") == Decimal(13035)
    assert words.edge_iri("He", "L3") is None
    assert words.edge_energy("Fe", "L21") is None
    assert words.edge_iri("fe", "k") is None
    assert words.notation(f"{BASE}edge/Fe-K") == "Fe-K"


@pytest.mark.parametrize(
    ("iri", "en", "ja"),
    [
        (f"{NS}Deposit", "deposit", "登録データ"),
        (f"{BASE}edge/Fe-K", "Fe K edge", "鉄 K吸収端"),
        ("http://purl.obolibrary.org/obo/CHEBI_18248", "iron", "鉄"),
        (f"{FACILITY}photon-factory", "Photon Factory", "フォトンファクトリー"),
        (f"{BEAMLINE}pf-bl9c", "Photon Factory BL-9C", "フォトンファクトリー BL-9C"),
        ("http://purl.org/coar/access_right/c_f1cf", "embargoed access", "エンバーゴ有"),
        (f"{BASE}shapes/findable", "findable", "検索可能"),
    ],
)
def test_labels(words: Vocabulary, iri: str, en: str, ja: str) -> None:
    assert (words.label(iri, "en"), words.label(iri, "ja"), words.label(iri, "fr")) == (en, ja, en)


def test_what_is_not_shipped_has_no_label_and_no_triples(words: Vocabulary) -> None:
    for iri in ("https://orcid.org/0000-0002-1825-0097", f"{BASE}edge/Fe-X", "", "not an IRI"):
        assert words.label(iri, "en") is None
        assert words.notation(iri) is None
        assert words.authority_triples(iri) == []


def test_an_authority_owns_its_fragments(words: Vocabulary) -> None:
    edge = f"{BASE}edge/Fe-K"
    triples = words.authority_triples(edge)
    assert {triple.subject.value for triple in triples} == {edge, f"{edge}#tabulated_energy"}
    decimal = ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")
    assert ox.Literal("7112", datatype=decimal) in {triple.object for triple in triples}
    # A term of the ontology owns itself and not the namespace.
    assert {triple.subject.value for triple in words.authority_triples(f"{NS}edge")} == {f"{NS}edge"}


def test_shipped_triples_are_all_there_once(words: Vocabulary) -> None:
    triples = words.shipped_triples()
    assert len(triples) == len(set(triples))
    subjects = {triple.subject.value for triple in triples}
    assert {
        f"{NS}Deposit",
        f"{BASE}kind/user",
        f"{FACILITY}aps",
        f"{BEAMLINE}pf-bl9c",
        f"{BASE}edge/U-M5",
    } <= subjects


def test_terms_and_prefixes_for_the_documentation(words: Vocabulary) -> None:
    terms = {term.name: term for term in words.terms()}
    assert terms["xafs:Spectrum"].kind == "class"
    assert terms["xafs:key"].kind == "annotation"
    assigned = terms["xafs:assignedEnergy"]
    assert (assigned.kind, assigned.label["ja"]) == ("property", "割当エネルギー")
    assert assigned.used_on == (f"{NS}EnergyCalibration",)
    assert assigned.values == ("http://qudt.org/schema/qudt/QuantityValue",)
    assert words.prefixes["xafs"] == NS
    assert words.prefixes["xedge"] == f"{BASE}edge/"
    assert all(space.endswith(("#", "/")) for space in words.prefixes.values())
    assert set(words.prefixes) & {"id", "type", "title"} == set()


def test_edges_are_not_read_before_they_are_asked_for() -> None:
    program = (
        "from catalog.vocabulary import vocabulary; v = vocabulary();"
        "v.facility('APS'); v.license('CC0'); v.label('https://orcid.org/x', 'en');"
        "assert '_edges' not in v.__dict__; v.edge_iri('Fe', 'K'); assert '_edges' in v.__dict__"
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env=environment, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_keys_keep_what_separates_digits() -> None:
    assert name_key("10.3.2") == name_key("10-3 2") != name_key("1032")
    assert name_key("NSLS-II") == name_key("nsls ii") == name_key("ＮＳＬＳ－Ⅱ") == "nslsii"
    assert code_key("BL-9C") == code_key("9c") == code_key("Beamline 9C") == "9c"
    assert code_key("BLX") == "blx"
    assert code_key("4.0.2") == "4-0-2"
    assert list(splits("PF BL-9C")) == [("PF", " BL-9C"), ("PF BL", "-9C")]


def test_an_ambiguous_name_is_no_name() -> None:
    names = Names()
    for iri in ("urn:a", "urn:b"):
        names.add("Twin", iri)
    names.add("", "urn:a")
    assert names.find("twin") is None
    assert names.find("") is None
    assert names.clashes() == {"twin": {"urn:a", "urn:b"}}


@given(st.text(max_size=400))
def test_no_text_breaks_a_lookup_and_only_shipped_things_come_back(text: str) -> None:
    words = vocabulary()
    found = {
        words.facility(text),
        words.beamline(text),
        words.beamline(text, f"{FACILITY}aps"),
        words.license(text),
    }
    found |= {words.concept(scheme, text) for scheme in KINDS_OF_CONCEPT}
    assert all(words.authority_triples(iri) for iri in found if iri is not None)
