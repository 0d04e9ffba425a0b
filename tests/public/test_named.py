"""Example queries as an API: typed parameters, terms and not text, every format, and their RDF."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from server.public.examples import example, examples, parse
from server.public.parameters import kinds
from server.query.formats import FORMATS

if TYPE_CHECKING:
    from flask.testing import FlaskClient

SH = "http://www.w3.org/ns/shacl#"
ATTACKS = [
    'Fe" } UNION { ?s ?p ?o } #',
    'Fe" . SERVICE <http://127.0.0.1/> { ?a ?b ?c } ?x <a:b> "',
    'a" } INSERT DATA { <a:b> <a:b> <a:b> } #',
    "UNDEF",
    "?element",
    '"Fe"',
    "<http://example.org/>",
    "Fe\\",
    "Fe } { VALUES",
    "{{ 7 * 7 }}",
    "%(name)s {0}",
]


GRAPHS = {"graph-of-calibrated-spectra", "links-of-a-composition"}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", [item.name for item in examples()])
def test_every_example_has_its_texts_its_page_and_its_answer(live: FlaskClient, name: str) -> None:
    found = example(name)
    assert found is not None
    for texts in (found.title, found.description, found.theme, *(item.title for item in found.parameters)):
        assert set(texts) == {"en", "ja"}
    assert found.keywords
    assert found.filled({}) == found.query
    extension, format_name = ("ttl", "turtle") if name in GRAPHS else ("csv", "csv")
    answer = live.get(f"/q/{name}.{extension}")
    assert answer.status_code == 200
    assert set(ox.parse(answer.data, format=ox.RdfFormat.TURTLE)) if name in GRAPHS else rows(answer.text)
    asked = live.get("/sparql", query_string={"query": found.query, "format": format_name})
    assert asked.text == answer.text
    for language in ("en", "ja"):
        page = live.get(f"/q/{name}?lang={language}", headers={"Accept": "text/html"})
        assert (page.status_code, found.title[language] in page.text) == (200, True)
        assert all(f'name="{item.name}"' in page.text for item in found.parameters)


def test_parameters_narrow_the_answer(live: FlaskClient) -> None:
    path = "/q/one-foil-over-beamlines.csv"
    copper = rows(live.get(path).text)
    iron = rows(live.get(path, query_string={"element": "Fe", "edge": "k"}).text)
    assert rows(live.get(path, query_string={"element": "", "edge": "K"}).text) == copper
    assert iron
    assert iron != copper
    japanese = rows(live.get(path, query_string={"language": "ja"}).text)
    assert len(japanese) == len(copper)
    assert japanese != copper
    assert rows(live.get(path, query_string={"element": "Rn"}).text) == []
    tolerant = "/q/assigned-energy-off-the-table.csv"
    assert [row["difference_eV"] for row in rows(live.get(tolerant).text)] == ["1.3"]
    assert len(rows(live.get(tolerant, query_string={"tolerance": "1.29"}).text)) == 1
    assert len(rows(live.get(tolerant, query_string={"tolerance": "1.3"}).text)) == 0


@pytest.mark.parametrize(
    ("extension", "media_type"),
    [
        ("csv", "text/csv"),
        ("tsv", "text/tab-separated-values"),
        ("json", "application/sparql-results+json"),
        ("srj", "application/sparql-results+json"),
        ("xml", "application/sparql-results+xml"),
    ],
)
def test_a_suffix_chooses_the_format(live: FlaskClient, extension: str, media_type: str) -> None:
    response = live.get(f"/q/coverage-by-edge.{extension}")
    assert (response.status_code, response.mimetype) == (200, media_type)
    assert response.headers["X-Release"]
    again = live.get(f"/q/coverage-by-edge.{extension}", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("extension", ["ttl", "nt", "jsonld", "json", "rdf", "xml", "nq", "trig"])
def test_a_graph_is_answered_in_every_format_of_graphs(live: FlaskClient, extension: str) -> None:
    response = live.get(f"/q/links-of-a-composition.{extension}", query_string={"formula": "TiO2"})
    found = {item.extension: item.media_type for item in FORMATS if item.shape == "graph"}
    assert response.mimetype == found[{"json": "jsonld", "xml": "rdf"}.get(extension, extension)]
    triples = {
        quad.triple
        for quad in ox.parse(response.data, format=ox.RdfFormat.from_media_type(response.mimetype))
    }
    about = {triple.subject.value for triple in triples if triple.predicate.value.endswith("#prefLabel")}
    assert {iri.rpartition("/")[2] for iri in about} == {"titanium-dioxide", "rutile", "anatase"}
    assert any(triple.predicate.value.endswith("sssom/confidence") for triple in triples)
    table = live.get("/q/links-of-a-composition.csv")
    assert (table.status_code, json.loads(table.text)["code"]) == (406, "query-format")
    page = live.get("/q/links-of-a-composition?formula=TiO2", headers={"Accept": "text/html"}).text
    assert "/q/links-of-a-composition.ttl?formula=TiO2" in page
    assert "links-of-a-composition.csv" not in page


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", ["element", "edge", "language"])
def test_a_value_of_the_wrong_type_is_refused(live: FlaskClient, name: str, attack: str) -> None:
    response = live.get("/q/one-foil-over-beamlines.csv", query_string={name: attack})
    if (name, attack) == ("language", "UNDEF"):  # which has the form of a language
        assert (response.status_code, rows(response.text)) == (200, [])
        return
    body = json.loads(response.text)
    assert (response.status_code, body["code"], body["parameter"]) == (400, "parameter-invalid", name)
    assert body["expected"]["type"] == "string"


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_text_is_bound_as_a_term(live: FlaskClient, attack: str) -> None:
    found = example("beamlines-with-si311-and-l3")
    assert found is not None
    query = found.filled({"crystal": kinds()["text"].read(attack)})
    lines = query.split("\n")
    assert len(lines) == len(found.query.split("\n"))
    (line,) = [item for item in lines if item.strip().startswith("VALUES ?crystal")]
    assert next(iter(ox.Store().query(f"SELECT ?crystal {{ {line} }}")))["crystal"] == ox.Literal(attack)
    response = live.get(f"/q/{found.name}.csv", query_string={"crystal": attack})
    assert (response.status_code, rows(response.text)) == (200, [])


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("element", ["Fe", "fe", " PB "], ["", "Xx", "26", "Fe;Cu"]),
        ("shell", ["K", "l3"], ["", "X", "K1"]),
        ("integer", ["1", "-12"], ["", "1.0", "1e3", "９", "1" * 19]),
        ("decimal", ["1", "-1.5", ".5", "2."], ["", "1e3", "NaN", "INF", "1,5", "."]),
        ("language", ["en", "ja-Latn"], ["", "*", "english language", "e"]),
        ("text", ["a", "鉄 箔"], ["", "  ", "a\nb", "a\u2028b", "x" * 201, "\x00"]),
        ("mode", ["transmission"], ["", "?mode", "<https://w3id.org/xafscat/mode/transmission>"]),
        ("facility", ["Photon Factory"], ["", "nowhere at all", "<a:b>", "x" * 201]),
        ("license", ["CC-BY-4.0"], ["", "no such licence"]),
    ],
)
def test_types_take_what_they_should(kind: str, good: list[str], bad: list[str]) -> None:
    for text in good:
        term = kinds()[kind].read(text)
        # What is written reads back as the same value.
        asked = f"ASK {{ VALUES ?x {{ {term} }} FILTER(?x = {term} && DATATYPE(?x) = DATATYPE({term}) || ISIRI(?x)) }}"
        assert bool(ox.Store().query(asked))
    for text in bad:
        with pytest.raises(ValueError, match=r"^"):
            kinds()[kind].read(text)


@pytest.mark.parametrize(
    "address",
    [
        "http://www.wikidata.org/entity/Q193521",
        "https://www.wikidata.org/entity/Q193521",
        "https://www.wikidata.org/wiki/Q193521",
        "http://wikidata.org/wiki/Q193521/",
        "https://m.wikidata.org/wiki/Q193521?uselang=ja#P274",
        "https://www.wikidata.org/wiki/Special:EntityData/Q193521.ttl",
        "https://pubchem.ncbi.nlm.nih.gov/compound/26042#section=Structures",
        "https://commonchemistry.cas.org/detail?cas_rn=13463-67-7",
    ],
)
def test_an_entry_is_known_by_any_of_its_addresses(address: str) -> None:
    """Each is the one IRI that links have."""
    found = kinds()["entry"].read(address).value
    if "wikidata" in address:
        assert found == "http://www.wikidata.org/entity/Q193521"
    elif "pubchem" in address:
        assert found == "http://rdf.ncbi.nlm.nih.gov/pubchem/compound/CID26042"
    else:
        assert found == address


def test_an_address_from_the_browser_asks_of_its_entry(live: FlaskClient) -> None:
    path = "/q/spectra-of-a-database-entry.csv"
    page = "https://pubchem.ncbi.nlm.nih.gov/compound/26042#section=Structures"
    assert rows(live.get(path, query_string={"entry": page}).text) == rows(live.get(path).text) != []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/q/nothing", 404, "not-found"),
        ("/q/nothing.csv", 404, "not-found"),
        ("/q/coverage-by-edge.", 404, "not-found"),
        ("/q/coverage-by-edge.exe", 406, "query-format"),
        ("/q/coverage-by-edge.ttl.csv", 406, "query-format"),
        ("/q/coverage-by-edge.csv?element=Fe", 400, "parameter-unknown"),
        ("/q/one-foil-over-beamlines.csv?element=Fe&element=Cu", 400, "parameter-invalid"),
        ("/q/one-foil-over-beamlines?element=Xx", 400, "parameter-invalid"),
    ],
)
def test_mistakes_are_said(live: FlaskClient, path: str, status: int, code: str) -> None:
    response = live.get(path, headers={"Accept": "application/json"})
    assert (response.status_code, json.loads(response.text)["code"]) == (status, code)


def test_examples_are_shacl_executables(live: FlaskClient) -> None:
    store = ox.Store()
    store.load(live.get("/q.ttl").data, format=ox.RdfFormat.TURTLE)
    query = f"""PREFIX sh: <{SH}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
      PREFIX schema: <https://schema.org/>
      SELECT ?example ?text ?title {{
        ?example a sh:SPARQLExecutable, sh:SPARQLSelectExecutable ; sh:select ?text ; rdfs:comment ?title ;
          schema:target <http://127.0.0.1:8000/sparql> FILTER(LANG(?title) = "ja") }}"""
    found = {row["example"].value.rpartition("/")[2]: row["text"].value for row in store.query(query)}
    assert found == {item.name: item.query for item in examples() if item.name not in GRAPHS}
    constructs = query.replace("SPARQLSelectExecutable", "SPARQLConstructExecutable").replace(
        "sh:select", "sh:construct"
    )
    graphs = {row["example"].value.rpartition("/")[2]: row["text"].value for row in store.query(constructs)}
    assert graphs == {item.name: item.query for item in examples() if item.name in GRAPHS}
    one = ox.Store()
    accepted = live.get("/q/one-foil-over-beamlines", headers={"Accept": "text/turtle"})
    one.load(accepted.data, format=ox.RdfFormat.TURTLE)
    defaults = {
        row["name"].value: row["value"].value
        for row in one.query(
            f"""PREFIX sh: <{SH}> SELECT ?name ?value {{ ?e sh:parameter ?p .
            ?p sh:name ?name ; sh:defaultValue ?value ; sh:datatype ?type FILTER(LANG(?name) = "en") }}"""
        )
    }
    assert defaults == {"Element": "Cu", "Edge": "K", "Language of the names": "en"}
    assert accepted.mimetype == "text/turtle"


@pytest.mark.parametrize(
    ("head", "query"),
    [
        ("a: {type: element}", "ASK {}"),
        ("a: {type: element}", 'ASK { VALUES ?a { "Fe" } }'),
        ("a: {type: element}", 'ASK {\nVALUES ?a { "Fe" }\nVALUES ?a { "Cu" }\n}'),
        ("a: {type: nothing}", 'ASK {\nVALUES ?a { "Fe" }\n}'),
    ],
)
def test_a_parameter_without_one_place_is_no_parameter(head: str, query: str) -> None:
    with pytest.raises(ValueError, match="parameter a"):
        parse("x", f"#+ parameters:\n#+   {head}\n{query}")
