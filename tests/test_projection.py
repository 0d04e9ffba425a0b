"""The one public projection: what each state shows, and what never leaves."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import pytest

from catalog.mapping import to_triples
from catalog.projection import EMBARGOED, OPEN, public_document, stamped
from catalog.states import Standing, State

IRI = "http://127.0.0.1:8000/record/7k3m9q2xw0"
TODAY = date(2026, 11, 20)
PUBLISHED = Standing(State.PUBLISHED)
SECRET = "canary-5b1c"


def private_document() -> dict[str, Any]:
    return {
        "id": IRI,
        "type": ["dcat:Dataset", "xafs:Deposit"],
        "title": {"en": "Iron foil"},
        "access": OPEN,
        "private_note": {"@none": SECRET},
        "facility": "https://w3id.org/xafscat/facility/photon-factory",
        "facility_name": {"en": "Photon Factory", "ja": "フォトンファクトリー"},
        "credits": [
            {"credit_name": {"@none": SECRET}, "agent": f"https://orcid.org/{SECRET}", "hidden": "true"},
            {"credit_name": {"@none": "Shown Group"}},
        ],
        "spectra": [
            {
                "id": f"{IRI}#spectrum-1",
                "type": ["dcat:Dataset", "xafs:Spectrum"],
                "calibration": {
                    "id": f"{IRI}#spectrum-1.calibration",
                    "type": "xafs:EnergyCalibration",
                    "reference": "http://127.0.0.1:8000/record/other#spectrum-1",
                },
                "files": [
                    {
                        "id": f"{IRI}#spectrum-1.file-1",
                        "type": "dcat:Distribution",
                        "checksum": {"id": f"{IRI}#spectrum-1.file-1.checksum", "digest": "ab" * 32},
                    }
                ],
            }
        ],
    }


def project(
    document: dict[str, Any], standing: Standing = PUBLISHED, today: date = TODAY, shown: bool = True
) -> Any:
    return public_document(document, standing, today, lambda _iri: shown)


@pytest.mark.parametrize("state", [State.DRAFT, State.SCHEDULED, State.CLOSED])
def test_hidden_states_show_nothing(state: State) -> None:
    assert project(private_document(), Standing(state)) is None


def test_secrets_never_leave() -> None:
    before = private_document()
    document = deepcopy(before)
    public = project(document)
    assert SECRET in json.dumps(before)
    assert SECRET not in json.dumps(public)
    assert document == before, "the projection changed its input"


def test_credits_are_numbered_after_hidden_ones_are_gone() -> None:
    public = project(private_document())
    (credit,) = public["credits"]
    assert (credit["id"], credit["position"]) == (f"{IRI}#credit-1", "1")
    assert public["creators"] == [f"{IRI}#credit-1.agent"]


def test_the_facility_is_credited_when_all_are_hidden() -> None:
    document = private_document()
    del document["credits"][1]
    (credit,) = project(document)["credits"]
    assert credit["agent"] == document["facility"]
    assert credit["credit_name"]["en"] == "Photon Factory"


def test_nobody_is_credited_when_nobody_was() -> None:
    document = private_document()
    document["credits"] = []
    assert "credits" not in project(document)


def test_a_reference_to_a_hidden_record_is_dropped() -> None:
    assert "reference" in project(private_document())["spectra"][0]["calibration"]
    assert "reference" not in project(private_document(), shown=False)["spectra"][0]["calibration"]


@pytest.mark.parametrize(
    ("today", "access", "open_files"),
    [
        (date(2027, 3, 31), EMBARGOED, False),
        (date(2027, 4, 1), OPEN, True),
        (date(2028, 2, 29), OPEN, True),
    ],
)
def test_an_embargo_ends_on_its_date(today: date, access: str, open_files: bool) -> None:
    document = {**private_document(), "access": EMBARGOED, "available": "2027-04-01"}
    public = project(document, today=today)
    assert public["access"] == access
    assert ("download_url" in public["spectra"][0]["files"][0]) is open_files
    assert public["available"] == "2027-04-01"


def test_a_withdrawn_record_is_a_tombstone_without_triples() -> None:
    standing = Standing(
        State.WITHDRAWN,
        issued=date(2026, 1, 2),
        withdrawn_on=TODAY,
        reason={"en": "Mislabelled."},
    )
    public = project(private_document(), standing)
    assert public == {
        "id": IRI,
        "type": "xafs:Withdrawn",
        "issued": "2026-01-02",
        "withdrawn": "2026-11-20",
        "reason": {"en": "Mislabelled."},
    }
    assert to_triples(public) == []


def test_the_stamp_names_dates_levels_and_the_metadata_licence() -> None:
    public = project(private_document())
    stamp = stamped(
        public,
        issued=TODAY,
        modified=datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC),
        levels=["https://w3id.org/xafscat/shapes/findable"],
        base="http://127.0.0.1:8000",
        metadata_license="http://creativecommons.org/publicdomain/zero/1.0/",
    )
    assert stamp["about"]["modified"] == "2026-11-20T01:02:03Z"
    assert stamp["about"]["license"] != stamp.get("license")
    assert stamp["about"]["conforms_to"] == stamp["conforms_to"]
    assert stamp["catalog"] == "http://127.0.0.1:8000/catalog"
    subjects = {triple.subject.value for triple in to_triples(stamp)}
    assert all(subject.startswith((IRI, "http://127.0.0.1:8000/catalog")) for subject in subjects)
