"""The statistics of a release say what a query over the whole store would count, itself included."""

from __future__ import annotations

from typing import Any

PREFIXES = (
    "PREFIX void: <http://rdfs.org/ns/void#> PREFIX xafs: <https://w3id.org/xafscat/ns#> "
    "PREFIX qudt: <http://qudt.org/schema/qudt/> PREFIX dcterms: <http://purl.org/dc/terms/> "
)
# What is stated, and the plain query that counts the same.
PAIRS = {
    "classes": (
        "SELECT ?c ?n { [] void:class ?c ; void:entities ?n }",
        "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c",
    ),
    "properties": (
        "SELECT ?p ?n { ?g void:sparqlEndpoint [] ; void:propertyPartition [ void:property ?p ; void:triples ?n ] }",
        "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    ),
    "properties of classes": (
        "SELECT ?c ?p ?n { ?x void:class ?c ; void:propertyPartition [ void:property ?p ; void:triples ?n ] }",
        "SELECT ?c ?p (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o } GROUP BY ?c ?p",
    ),
    "triples and subjects": (
        "SELECT ?n ?m { ?g void:sparqlEndpoint [] ; void:triples ?n ; void:distinctSubjects ?m }",
        "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?m) { ?s ?p ?o }",
    ),
    "spectra by element, edge and facility": (
        "SELECT ?e ?d ?f ?n { ?x xafs:countedBy 'element edge facility' ; xafs:ofElement ?e ; xafs:ofEdge ?d ; "
        "xafs:ofFacility ?f ; xafs:spectrumCount ?n }",
        "SELECT ?e ?d ?f (COUNT(*) AS ?n) { ?s xafs:element ?e ; xafs:edge ?d ; xafs:facility ?f } GROUP BY ?e ?d ?f",
    ),
    "spectra by element": (
        "SELECT ?e ?n { ?x xafs:countedBy 'element' ; xafs:ofElement ?e ; xafs:spectrumCount ?n }",
        "SELECT ?e (COUNT(*) AS ?n) { ?s xafs:element ?e } GROUP BY ?e",
    ),
    "calibrations": (
        "SELECT ?t ?f ?n ?v { ?x a xafs:CalibrationSummary ; xafs:ofStandard ?t ; xafs:ofFacility ?f ; "
        "xafs:spectrumCount ?n ; xafs:meanAssignedEnergy ?v }",
        "SELECT ?t ?f (COUNT(*) AS ?n) (AVG(?e) AS ?v) { ?s xafs:facility ?f ; xafs:energyCalibration ?c . "
        "?c xafs:calibrationStandardName ?t ; xafs:assignedEnergy/qudt:numericValue ?e } GROUP BY ?t ?f",
    ),
}
CALIBRATED = {
    "element": "Fe",
    "edge": "K",
    "mode": "transmission",
    "calibration": {
        "standard": {"en": "iron foil", "ja": "鉄箔"},
        "edge": "Fe K",
        "feature": "first-derivative maximum",
    },
}


def calibrated(energy: str) -> dict[str, Any]:
    return {**CALIBRATED, "calibration": {**CALIBRATED["calibration"], "assigned_energy": energy}}


def check(world: Any) -> None:
    for name, (stated, counted) in PAIRS.items():
        assert world.ask(PREFIXES + stated) == world.ask(PREFIXES + counted), name
    assert world.agrees()


def test_statistics_are_what_a_query_counts_after_every_change(world: Any) -> None:
    world.publish()
    assert world.ask(f"{PREFIXES}SELECT * {{ ?x xafs:spectrumCount ?n }}") == []
    check(world)
    world.deposit("aaaaaaaaaa", spectra=[calibrated("7112.0 eV"), {"element": "Fe", "edge": "K"}])
    world.deposit("bbbbbbbbbb", spectra=[calibrated("7111.2 eV")])
    world.deposit("cccccccccc", spectra=[{"element": "Pb", "edge": ["L2", "L3"]}])
    world.publish()
    check(world)
    found = world.ask(f"{PREFIXES}SELECT ?v {{ ?x xafs:meanAssignedEnergy ?v }}")
    assert {value for (text,) in found for value in [text.split('"')[1]]} == {"7111.6"}
    world.update("bbbbbbbbbb", spectra=[calibrated("7110 eV"), {"element": "Cu", "edge": "K"}])
    world.withdraw("cccccccccc")
    world.publish()
    check(world)
    assert world.ask(f"{PREFIXES}SELECT * {{ ?x xafs:ofElement 'Pb' }}") == []
    latest = {iri for (iri,) in world.ask(f"{PREFIXES}SELECT ?r {{ ?x xafs:latestRecord ?r }}")}
    assert {iri.rpartition("/")[2] for iri in latest} == {"aaaaaaaaaa>", "bbbbbbbbbb>"}


def test_what_is_hidden_is_not_counted(make_world: Any) -> None:
    one, other = make_world("one"), make_world("other")
    for world in (one, other):
        world.deposit("aaaaaaaaaa")
    other.deposit("bbbbbbbbbb", draft=True, spectra=[{"element": "Pt", "edge": "L3"}])
    statistics = []
    for world in (one, other):
        world.publish()
        release = world.release()
        statistics.append(release.statistics)
        release.close()
    assert statistics[0] == statistics[1]
