"""Many spectra in a file: one deposit or many, and the same ids either way."""

from __future__ import annotations

from catalog.arranging import Part, arranged
from catalog.document import Form, Origin
from catalog.readers import Curve, Reading


def form(*edges: str, sample: str = "foil", **values: str) -> Form:
    made = Form()
    made.put("/sample/name", sample, Origin("header", "f", 1, "Sample", sample))
    for key, value in values.items():
        made.put(f"/{key}", value, Origin("header", "f", 2, key, value))
    for index, edge in enumerate(edges):
        made.put(f"/spectra/{index}/edge", edge, Origin("header", "f", 10 + index, "Edge", edge))
    return made


def curve(label: str) -> Curve:
    return Curve((1.0, 2.0), (0.0, 1.0), label)


def edges(parts: list[Part]) -> list[list[str]]:
    return [[each["edge"] for each in part.form.values["spectra"]] for part in parts]


def test_as_read_nothing_changes() -> None:
    reading = Reading(
        [form("K"), form("L3", "L2")], curves={(1, "/spectra/1"): curve("L2")}, suggestions={"/x": "1"}
    )
    parts, told = arranged(reading, "read", "f")
    assert [part.form for part in parts] == reading.forms
    assert ([part.key for part in parts], told) == (["0", "1"], [])
    assert parts[1].curves == {"/spectra/1": curve("L2")}
    assert [part.suggestions for part in parts] == [{"/x": "1"}, {}]


def test_split_makes_a_deposit_of_each_spectrum_with_its_own_things() -> None:
    reading = Reading(
        [form("K", "L3", "L2", title="all", facility="PF")],
        curves={(0, f"/spectra/{index}"): curve(str(index)) for index in range(3)},
        suggestions={"/spectra/2/element": "Fe", "/spectra/1/element": "Co", "/sample/formula": "Fe"},
    )
    parts, _ = arranged(reading, "split", "f")
    assert edges(parts) == [["K"], ["L3"], ["L2"]]
    assert [part.key for part in parts] == ["0/1", "0/2", "0/3"]
    third = parts[2]
    assert third.form.values["spectra"][0]["id"] == "3"
    assert third.form.values["facility"] == "PF"
    assert "title" not in third.form.values
    assert third.form.origins["/spectra/0/edge"].line == 12
    assert "/title" not in third.form.origins
    assert third.curves == {"/spectra/0": curve("2")}
    assert third.suggestions == {"/spectra/0/element": "Fe", "/sample/formula": "Fe"}
    third.form.values["sample"]["name"] = "changed"
    assert parts[0].form.get("/sample/name") == "foil"


def test_a_stated_id_is_kept_when_split() -> None:
    made = form("K", "L3")
    made.values["spectra"][1]["id"] = "scan7"
    parts, _ = arranged(Reading([made]), "split", "f")
    assert [part.form.values["spectra"][0]["id"] for part in parts] == ["1", "scan7"]
    alone, _ = arranged(Reading([form("K")]), "split", "f")
    assert alone[0].key == "0"


def test_together_makes_one_deposit_of_what_is_of_one_sample() -> None:
    first, second = form("K", facility="PF", title="one"), form("L3", facility="PF", title="two")
    first.values["spectra"][0]["id"] = second.values["spectra"][0]["id"] = "1"
    reading = Reading([first, second], curves={(1, "/spectra/0"): curve("L3")})
    (part,), told = arranged(reading, "together", "f")
    assert (edges([part]), told) == ([["K", "L3"]], [])
    assert part.form.origins["/spectra/1/edge"].raw == "L3"
    assert part.curves == {"/spectra/1": curve("L3")}
    assert [each.get("id") for each in part.form.values["spectra"]] == ["1", None]


def test_what_differs_is_never_put_together() -> None:
    reading = Reading([form("K"), form("L3", sample="powder", facility="PF")])
    parts, (told,) = arranged(reading, "together", "f")
    assert edges(parts) == [["K"], ["L3"]]
    assert (told.code, told.value) == ("together-refused", "sample, facility")
