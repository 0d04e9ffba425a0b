"""Deposit form to record document: what is made of each value, and what is said of those that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.document import Form, Origin
from catalog.mapping import to_triples
from catalog.normalise import Normalised, normalise
from catalog.normalise_values import StoredFile
from catalog.vocabulary import vocabulary

BASE = "http://127.0.0.1:8000"
IRI = f"{BASE}/record/7k3m9q2xw0"

FULL: dict[str, Any] = {
    "title": {"en": "Iron foil, Fe K edge", "ja": "鉄箔 Fe K吸収端"},
    "kind": "standard",
    "access": "embargoed",
    "available": "2027-04-01",
    "license": "CC-BY-4.0",
    "doi": "https://doi.org/10.48505/NIMS.0000",
    "creators": [
        {
            "name": "Example Group",
            "affiliation": {"name": "Photon Factory", "ror": "https://ror.org/01g5y5k24"},
        },
        {"name": "Josiah Carberry", "orcid": "0000-0002-1825-0097", "credit": "hidden"},
    ],
    "facility": "KEK-PF",
    "beamline": "BL-9C",
    "sample": {
        "name": {"en": "iron foil", "ja": "鉄箔"},
        "formula": "Fe",
        "form": "foil",
        "cas": "7439-89-6",
        "thickness": "5 µm",
        "id": "PF 12/3",
    },
    "spectra": [
        {
            "element": "Fe",
            "edge": "K",
            "technique": "XAFS",
            "mode": "transmission",
            "temperature": "25 °C",
            "monochromator": {"type": "crystal", "crystal": "Si(111)", "d_spacing": "0.313551 nm"},
            "started": "2020-05-21 13:00:00+09:00",
            "energy": {"first": "6.612 keV", "last": "8112 eV", "points": "676"},
            "calibration": {
                "standard": "iron foil",
                "edge": "Fe K",
                "feature": "first-derivative maximum",
                "assigned_energy": "7112.0 eV",
                "simultaneous": "yes",
                "reference": "0123456789#spectrum-1",
                "hc": "12398.52",
            },
            "files": ["Fe_foil.dat", "absent.dat"],
        }
    ],
    "papers": ["doi:10.1107/S1600577516005270"],
    "note": "Example data.",
    "private_note": "not for the world",
}
FILES = {"Fe_foil.dat": StoredFile("ab" * 32, 1234, "text/plain")}


def made(values: dict[str, Any]) -> Normalised:
    form = Form(values, {"": Origin("person", "deposit.yaml", 1)})
    return normalise(form, iri=IRI, base=BASE, vocabulary=vocabulary(), attachments=FILES)


def codes(values: dict[str, Any]) -> set[str]:
    return {item.code for item in made(values).findings}


def spectrum(**keys: Any) -> dict[str, Any]:
    return {"sample": {"name": "x"}, "spectra": [{"element": "Fe", "edge": "K", **keys}]}


def test_a_full_form() -> None:
    result = made(FULL)
    assert result.findings == []
    document = result.document
    assert document["doi"] == "https://doi.org/10.48505/nims.0000"
    assert document["license"] == "http://creativecommons.org/licenses/by/4.0/"
    assert document["facility"] == "https://w3id.org/xafscat/facility/photon-factory"
    assert document["beamline"] == "https://w3id.org/xafscat/beamline/pf-bl9c"
    assert document["credits"][0]["affiliation"] == "https://ror.org/01g5y5k24"
    assert document["credits"][1]["hidden"] == "true"
    assert document["sample"]["specimen"] == f"{BASE}/sample/PF~20~12~2f~3"
    (only,) = document["spectra"]
    assert only["title"] == {"en": "Fe K-edge XAFS of iron foil", "ja": "鉄箔のFe K吸収端XAFS"}
    assert only["energy_first"]["value"] == "6612"
    assert only["energy_first"]["stated"] == "6.612 keV"
    measurement = only["measurement"]
    assert measurement["started"] == "2020-05-21T13:00:00+09:00"
    assert measurement["temperature"]["value"] == "298.15"
    assert measurement["measured_edge"] == ["https://w3id.org/xafscat/edge/Fe-K"]
    mono = measurement["monochromator"]
    assert (mono["crystal"], mono["reflection"], mono["d_spacing"]["value"]) == ("Si", "111", "3.13551")
    assert mono["d_spacing"]["id"] == f"{IRI}#spectrum-1.measurement.monochromator.d_spacing"
    calibration = only["calibration"]
    assert calibration["assigned_energy"]["value"] == "7112"
    assert calibration["simultaneous"] == "true"
    assert calibration["reference"] == f"{BASE}/record/0123456789#spectrum-1"
    (file,) = only["files"]
    assert file["checksum"]["digest"] == "ab" * 32
    assert result.pointers[f"{IRI}#spectrum-1.measurement"] == "/spectra/0"


def test_all_of_it_maps_to_rdf_about_the_record_alone() -> None:
    document = made(FULL).document
    public = {
        key: item for key, item in document.items() if key not in {"facility_name", "private_note", "credits"}
    }
    subjects = {triple.subject.value for triple in to_triples(public)}
    assert subjects
    assert all(subject == IRI or subject.startswith(IRI + "#") for subject in subjects)


def test_the_input_is_not_changed() -> None:
    from copy import deepcopy

    before = deepcopy(FULL)
    made(FULL)
    assert before == FULL


def test_a_beamline_of_another_facility_names_both() -> None:
    values = {"facility": "フォトンファクトリー", "beamline": "BL-14B2"}
    (told,) = [item for item in made(values).findings if item.code.startswith("beamline-")]
    assert (told.severity, told.path) == ("warning", "/beamline")
    assert told.text() == (
        "The facility is Photon Factory, but the beamline 'BL-14B2' is one of SPring-8; correct one of them."
    )
    assert told.text("ja").startswith(
        "施設はフォトンファクトリーですが、ビームライン「BL-14B2」はSPring-8のものです。"
    )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"license": "do what you like"}, "licence-unknown"),
        ({"kind": "wonderful"}, "concept-unknown"),
        ({"doi": "javascript:alert(1)"}, "identifier-malformed"),
        ({"creators": [{"name": "A", "orcid": "0000-0002-1825-0098"}]}, "identifier-malformed"),
        ({"creators": [{"orcid": "0000-0002-1825-0097"}]}, "credit-unnamed"),
        ({"sample": {"name": "x", "cas": "7439-89-7"}}, "identifier-malformed"),
        ({"sample": {"name": "x", "formula": "Fe(1-x)S"}}, "formula-unparsed"),
        ({"facility": "Nowhere Light Source"}, "facility-unregistered"),
        ({"facility": "Photon Factory", "beamline": "BL-99Z"}, "beamline-unregistered"),
        ({"facility": "Photon Factory", "beamline": "BL-14B2"}, "beamline-elsewhere"),
        ({"available": "next spring"}, "day-unreadable"),
        ({"hidden_until": "2031-01"}, "day-unreadable"),
        (spectrum(element="Xx"), "element-unknown"),
        (spectrum(edge="L21"), "edge-unknown"),
        (spectrum(edge="Cu K"), "edge-conflict"),
        (spectrum(element="H", edge="M5"), "edge-untabulated"),
        (spectrum(temperature="5 furlongs"), "quantity-unreadable"),
        (spectrum(temperature="298"), "unit-assumed"),
        (spectrum(started="2021-13-01"), "date-unreadable"),
        (spectrum(energy={"points": "many"}), "number-unreadable"),
        (spectrum(calibration={"simultaneous": "perhaps"}), "truth-unreadable"),
        (spectrum(calibration={"reference": "http://elsewhere.example/record/x"}), "reference-malformed"),
        (spectrum(calibration={"hc": "about twelve"}), "number-unreadable"),
        (spectrum(monochromator={"crystal": "a bent one (?)"}), "crystal-unreadable"),
        (spectrum(id="../../record/other"), "part-id-malformed"),
        ({"title": {"klingon!": "nuqneH"}}, "language-unknown"),
    ],
)
def test_what_cannot_be_used_is_a_finding(values: dict[str, Any], code: str) -> None:
    assert code in codes(values)
    (item, *_) = [item for item in made(values).findings if item.code == code]
    assert item.file == "deposit.yaml"
    assert item.message["en"]
    assert item.message["ja"]


@pytest.mark.parametrize(
    ("stated", "key", "value"),
    [
        ("2021-11-03", "date", "2021-11-03"),
        ("2021-11", "date_month", "2021-11"),
        ("2021", "date_year", "2021"),
        ("2001-06-26T22:27:31", "started", "2001-06-26T22:27:31"),
        ("1997-04-19 21:41:34", "started", "1997-04-19T21:41:34"),
        ("2020-02-29T00:00:00Z", "started", "2020-02-29T00:00:00+00:00"),
    ],
)
def test_dates_keep_their_precision(stated: str, key: str, value: str) -> None:
    measurement = made(spectrum(started=stated)).document["spectra"][0]["measurement"]
    assert measurement[key] == value
    assert len({"started", "date", "date_month", "date_year"} & set(measurement)) == 1


@pytest.mark.parametrize(
    ("stated", "key"),
    [
        ("2021-11-04", "ended_date"),
        ("2021-12", "ended_month"),
        ("2022", "ended_year"),
        ("2021-11-03T14:00:00+09:00", "ended"),
    ],
)
def test_an_end_keeps_its_precision_beside_the_start(stated: str, key: str) -> None:
    measurement = made(spectrum(started="2021-11-03", ended=stated)).document["spectra"][0]["measurement"]
    assert {
        name: text for name, text in measurement.items() if name.startswith(("start", "end", "date"))
    } == {
        "date": "2021-11-03",
        key: stated,
    }


def test_an_unreadable_quantity_keeps_what_was_stated() -> None:
    temperature = made(spectrum(temperature="rather cold")).document["spectra"][0]["measurement"][
        "temperature"
    ]
    assert temperature["stated"] == "rather cold"
    assert "value" not in temperature


def test_two_shells_make_two_edges() -> None:
    only = made(spectrum(element="Pt", edge="L2,3")).document["spectra"][0]
    assert only["edge"] == ["L2", "L3"]
    assert [iri.rpartition("/")[2] for iri in only["measurement"]["measured_edge"]] == ["Pt-L2", "Pt-L3"]


def test_the_calibration_edge_is_never_defaulted() -> None:
    calibration = made(spectrum(calibration={"assigned_energy": "7112 eV"})).document["spectra"][0][
        "calibration"
    ]
    assert "calibration_edge" not in calibration


def test_unknown_is_stated_and_absent_is_silent() -> None:
    document = made({"sample": {"name": "x", "formula": "unknown", "cas": "不明"}}).document
    assert document["sample"]["stated_unknown"] == ["xafs:casNumber", "xafs:formula"]
    assert "formula" not in document["sample"]
    assert "stated_unknown" not in made({"sample": {"name": "x"}}).document["sample"]


def test_a_missing_title_is_made_from_edge_and_sample() -> None:
    result = made(spectrum())
    assert result.document["title"]["en"] == "Fe K-edge XAFS of x"
    assert "title-generated" in {item.code for item in result.findings}


def test_an_unregistered_place_is_a_part_of_the_record() -> None:
    document = made({"facility": "Our laboratory source", "beamline": "R1"}).document
    assert document["facility"]["id"] == f"{IRI}#facility"
    assert document["beamline"]["name"] == {"@none": "R1"}


def test_a_creator_without_orcid_gets_no_blank_node() -> None:
    (credit,) = made({"creators": ["Somebody"]}).document["credits"]
    assert credit == {"credit_name": {"@none": "Somebody"}}


text = st.text(max_size=30)
scalars = st.one_of(
    text, st.sampled_from(["unknown", "Fe", "K", "7112 eV", "2020-01-01", "\0", "\n", "http://x"])
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "title": st.one_of(text, st.dictionaries(st.sampled_from(["en", "ja", "@id", "x y"]), text)),
            "license": scalars,
            "doi": scalars,
            "facility": scalars,
            "beamline": scalars,
            "creators": st.lists(st.fixed_dictionaries({"name": text}, optional={"orcid": text}), max_size=2),
            "sample": st.fixed_dictionaries(
                {}, optional={"name": text, "formula": text, "id": text, "thickness": text}
            ),
            "spectra": st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "id": scalars,
                        "element": scalars,
                        "edge": scalars,
                        "started": scalars,
                        "temperature": scalars,
                        "calibration": st.fixed_dictionaries(
                            {}, optional={"reference": scalars, "hc": scalars}
                        ),
                    },
                ),
                max_size=2,
            ),
        },
    )
)
def test_any_text_becomes_a_document_or_findings(values: dict[str, Any]) -> None:
    document = made(values).document
    public = {
        key: item for key, item in document.items() if key not in {"facility_name", "private_note", "credits"}
    }
    for triple in to_triples(public):
        assert triple.subject.value == IRI or triple.subject.value.startswith(IRI + "#")


def test_unknown_in_place_of_a_group() -> None:
    document = made(
        {
            "sample": "unknown",
            "spectra": [{"calibration": "unknown", "monochromator": "不明", "header": [{"key": "a"}]}],
        }
    ).document
    assert document["stated_unknown"] == ["xafs:sample"]
    (only,) = document["spectra"]
    assert only["stated_unknown"] == ["xafs:energyCalibration"]
    assert only["measurement"]["stated_unknown"] == ["xafs:monochromator"]
    assert "header" not in only


def test_a_round_robin_is_named_by_id_or_by_its_address() -> None:
    name = {"en": "Example round", "ja": "例示ラウンド"}
    document = made({"title": "Example", "round": {"id": " foil 2026/1 ", "name": name}}).document
    assert document["round"] == f"{BASE}/round/foil~20~2026~2f~1"
    assert document["round_name"] == name
    again = made({"title": "Example", "round": {"id": document["round"]}}).document
    assert again["round"] == document["round"]
    assert "round_name" not in again


@pytest.mark.parametrize(
    "address",
    ["example.org", "https://[bad", "https://example.org/%zz", "https://a/#b#c", "http://a b", "ftp://a"],
)
def test_what_cannot_stand_as_an_iri_is_no_address(address: str) -> None:
    result = made({"title": "Example", "funding": [{"funder": "Example Trust", "award_uri": address}]})
    assert [(item.code, item.path) for item in result.findings] == [
        ("address-malformed", "/funding/0/award_uri")
    ]
    assert "award_uri" not in result.document["funding"][0]
    assert to_triples(result.document)


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"name": "Example round"}, "round-unnamed"),
        ({"id": "https://example.org/round/foil"}, "identifier-malformed"),
        ({"id": f"{BASE}/round/two words"}, "identifier-malformed"),
        ({"id": "x" * 81}, "identifier-malformed"),
    ],
)
def test_a_round_robin_without_a_usable_id_is_a_finding(stated: dict[str, str], code: str) -> None:
    result = made({"title": "Example", "round": stated})
    assert "round" not in result.document
    assert [(item.code, item.severity) for item in result.findings] == [(code, "error")]


def test_funding_is_a_part_for_each_award() -> None:
    funding: list[dict[str, Any]] = [
        {"award": "EX-0"},
        {
            "funder": {"en": "Example Foundation", "ja": "例示財団"},
            "funder_id": "doi:10.13039/501100000000",
            "award": " EX-1 ",
            "award_title": {"ja": "例示課題"},
            "award_uri": "https://example.org/award/1",
        },
        {"funder": "Example Trust", "funder_id": "https://ror.org/01g5y5k25", "award_uri": "javascript:x"},
    ]
    result = made({"title": "Example", "funding": funding})
    assert result.document["funding"] == [
        {
            "id": f"{IRI}#funding-2",
            "type": "schema:Grant",
            "funder_name": {"en": "Example Foundation", "ja": "例示財団"},
            "funder": "https://doi.org/10.13039/501100000000",
            "award": "EX-1",
            "award_title": {"ja": "例示課題"},
            "award_uri": "https://example.org/award/1",
        },
        {
            "id": f"{IRI}#funding-3",
            "type": "schema:Grant",
            "funder_name": {"@none": "Example Trust"},
            "funder": {
                "id": f"{IRI}#funding-3.funder",
                "type": [
                    "foaf:Agent",
                    "foaf:Organization",
                    "org:Organization",
                    "prov:Agent",
                    "prov:Organization",
                ],
                "name": {"@none": "Example Trust"},
            },
        },
    ]
    assert [(item.code, item.path) for item in result.findings] == [
        ("funder-unnamed", "/funding/0"),
        ("identifier-malformed", "/funding/2/funder_id"),
        ("address-malformed", "/funding/2/award_uri"),
    ]


def test_a_name_confirmed_by_a_person_may_stand_where_nothing_is_kept() -> None:
    form = Form({**FULL, "round": {"id": "foil", "name": {"en": "Example"}}, "funding": [{"award": "EX-0"}]})
    for pointer in ("/round/name/en", "/round/id", "/funding/0/award"):
        form.origins[pointer] = Origin("accepted")
    document = normalise(form, iri=IRI, base=BASE, vocabulary=vocabulary()).document
    assert document["round"] == f"{BASE}/round/foil"


def test_a_creator_is_a_person_or_an_organisation() -> None:
    both = {"name": "Example", "orcid": "0000-0002-1825-0097", "ror": "https://ror.org/026v1ze26"}
    result = made({"title": "Example", "creators": [both]})
    assert [(item.code, item.path) for item in result.findings] == [
        ("credit-person-or-organisation", "/creators/0/ror")
    ]
