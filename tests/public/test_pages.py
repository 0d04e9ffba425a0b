"""Home, the list, ontology, shapes and authorities."""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from lxml import html

from catalog.resources import data_root
from server.public.elements import PLACES, table
from server.public.examples import parse
from server.public.formatting import formula, shell
from server.public.plot import drawing
from server.public.values import quantity, shells_text

BROWSER = {"Accept": "text/html"}


def test_home_tells_what_there_is(live: FlaskClient) -> None:
    page = live.get("/").text
    release = live.application.extensions["xafscat"].release()
    counts = release.counts()
    numbers = re.findall(r"<dd>(?:<a [^>]+>)?(\d+)", page)
    assert numbers == [str(counts[name]) for name in ("records", "spectra", "elements", "facilities")]
    assert counts["records"] >= 40
    linked = re.findall(r'href="/records\?element=(\w+)"', page)
    assert set(linked) == set(release.spectra_by("element"))
    assert page.count('<a href="/record/') == 8
    assert page.count('<span class="spark"><svg') >= 1
    assert "curl <span data-base>http://127.0.0.1:8000</span>/sparql" in page
    assert "--data-urlencode" in page
    assert "PREFIX xafs:" in page


def test_the_list_is_whole_and_can_be_narrowed(live: FlaskClient) -> None:
    release = live.application.extensions["xafscat"].release()
    published = {entry.id for entry in release.entries() if entry.state == "published"}
    listed: list[str] = []
    page = 1
    while page <= -(-len(published) // 50):
        listed += re.findall(r'href="/record/([0-9a-z]+)"', live.get(f"/records?page={page}").text)
        page += 1
    assert sorted(listed) == sorted(published)
    iron = re.findall(r'href="/record/([0-9a-z]+)"', live.get("/records?element=Fe&edge=K").text)
    expected = {
        entry.id
        for entry in release.entries()
        if entry.state == "published"
        and any(item["element"] == "Fe" and "K" in item["edge"] for item in entry.document["spectra"])
    }
    assert set(iron) == expected
    assert len(iron) == len(expected) > 2
    assert "No published record matches." in live.get("/records?element=Og").text


@pytest.mark.parametrize(
    ("page", "status"), [("1", 200), ("0", 400), ("-1", 400), ("x", 400), ("٣", 400), ("999", 404)]
)
def test_pages_are_numbers(live: FlaskClient, page: str, status: int) -> None:
    assert live.get(f"/records?page={page}").status_code == status


def test_the_ontology_is_given_as_it_is_written(client: FlaskClient) -> None:
    source = (data_root() / "ontology" / "xafscat.ttl").read_bytes()
    assert client.get("/ontology").data == client.get("/ontology.ttl").data == source
    triples = {quad.triple for quad in ox.parse(source, format=ox.RdfFormat.TURTLE)}
    for suffix, syntax in (("nt", "N_TRIPLES"), ("jsonld", "JSON_LD"), ("rdf", "RDF_XML")):
        parsed = ox.parse(client.get(f"/ontology.{suffix}").data, format=getattr(ox.RdfFormat, syntax))
        assert {quad.triple for quad in parsed} == triples
    page = client.get("/ontology", headers=BROWSER).text
    assert '<tr id="measuredEdge">' in page
    assert "X線吸収" in page
    assert 'href="/edge"' in page


def test_the_context_is_the_one_records_are_written_with(client: FlaskClient) -> None:
    response = client.get("/context.jsonld")
    assert response.content_type == "application/ld+json"
    assert response.data == (data_root() / "ontology" / "context.jsonld").read_bytes()


def test_shapes_in_words_and_as_data(client: FlaskClient) -> None:
    source = (data_root() / "shapes" / "findable.ttl").read_bytes()
    assert client.get("/shapes/findable").data == source
    page = client.get("/shapes/findable", headers=BROWSER).text
    assert "Give the deposit a title." in page
    assert "表題を記入してください。" in client.get("/shapes/findable.html?lang=ja").text
    assert "<h1>Shapes</h1>" in client.get("/shapes.html").text
    assert client.get("/shapes/none").status_code == 404
    assert len(list(ox.parse(client.get("/shapes.nt").data, format=ox.RdfFormat.N_TRIPLES))) > 100


def test_authorities_have_pages_and_data(client: FlaskClient) -> None:
    page = client.get("/edge/Fe-K", headers=BROWSER).text
    for text in ("Fe K edge", "鉄 K吸収端", "7112 eV", "https://w3id.org/xafscat/edge/Fe-K"):
        assert text in page
    triples = {
        str(quad.subject) for quad in ox.parse(client.get("/edge/Fe-K").data, format=ox.RdfFormat.TURTLE)
    }
    assert "<https://w3id.org/xafscat/edge/Fe-K>" in triples
    assert "フォトンファクトリー" in client.get("/facility/photon-factory.html").text
    assert client.get("/edge/Fe-Q").status_code == 404
    assert client.get("/nonsense/Fe-K").status_code == 404
    assert client.get("/edge").text.count('<th scope="row">') == 799
    for kind in (
        "facility",
        "beamline",
        "kind",
        "form",
        "mode",
        "technique",
        "license",
        "calibration-feature",
    ):
        assert client.get(f"/{kind}").text.count('<th scope="row">') >= 3, kind


def test_a_material_has_a_page_with_names_formula_links_and_siblings(client: FlaskClient) -> None:
    page = client.get("/material/rutile", headers=BROWSER).text
    for text in (
        "rutile",
        "ルチル",
        "TiO2",
        "O2Ti",
        "136",
        "Materials Project mp-2657",
        "Not reviewed by a person",
    ):
        assert text in page
    assert 'href="https://materialsproject.org/materials/mp-2657"' in page
    assert 'href="/material/titanium-dioxide"' in page
    siblings = page.partition("Other phases of this composition")[2]
    assert 'href="/material/anatase"' in siblings
    assert 'href="/material/rutile"' not in siblings.partition("</ul>")[0]
    japanese = client.get("/material/rutile?lang=ja", headers=BROWSER).text
    assert "同じ組成の他の相" in japanese
    assert "人による確認は未了" in japanese
    substance = client.get("/material/titanium-dioxide", headers=BROWSER).text
    assert "13463-67-7" in substance
    assert "Other phases" not in substance
    data = client.get("/material/rutile.nt").data
    assert {"<https://w3id.org/xafscat/material/rutile>"} <= {
        str(quad.subject) for quad in ox.parse(data, format=ox.RdfFormat.N_TRIPLES)
    }
    assert client.get("/material/unobtainium").status_code == 404
    assert client.get("/material").text.count('<th scope="row">') > 280


def test_records_that_name_an_authority_are_one_query_away(live: FlaskClient) -> None:
    page = live.get("/facility/photon-factory.html").text
    address = re.search(r'href="(/sparql\?query=[^"]+)"', page)
    assert address
    rows = live.get(address[1].replace("&amp;", "&") + "&format=csv").text.splitlines()
    assert len(rows) > 5
    edge = re.search(r'href="(/sparql\?query=[^"]+)"', live.get("/edge/Fe-K.html").text)
    assert edge
    assert len(live.get(edge[1].replace("&amp;", "&") + "&format=csv").text.splitlines()) > 3


def test_a_physical_sample_has_a_page(client: FlaskClient) -> None:
    assert "iron foil" in client.get("/sample/foil-set-7.html").text
    assert b"sosa:Sample" in client.get("/sample/foil-set-7").data
    assert client.get("/sample/unknown").status_code == 404
    assert 'href="/sample/foil-set-7"' in client.get("/record/foil7k3m9q.html").text


def test_a_round_robin_shows_its_records_side_by_side(live: FlaskClient) -> None:
    page = html.fromstring(live.get("/round/example-cu-foil.html").text)
    assert page.findtext(".//h1") == "Example round-robin: copper foil"
    rows = [
        [" ".join(cell.text_content().split()) for cell in row]
        for row in page.iterfind(".//section[@id='records']//tbody/tr")
    ]
    assert sorted(row[2:6] for row in rows) == [
        ["Advanced Photon Source", "APS 13-ID-E", "transmission", "8979.0 eV"],
        ["National Synchrotron Light Source II", "NSLS-II BMM (6-BM)", "transmission", "8979.0 eV"],
        ["Photon Factory", "Photon Factory BL-12C", "transmission", "8979.0 eV"],
        ["SPring-8", "SPring-8 BL14B2", "transmission", "8980.3 eV"],
    ]
    assert {row[6] for row in rows} == {"reference"}
    assert page.find(".//figure[@class='plot overlay']") is not None
    japanese = live.get("/round/example-cu-foil.html?lang=ja").text
    assert "例: 銅箔のラウンドロビン" in japanese
    assert "放射光" not in page.text_content()
    record = page.find(".//tbody/tr/th/a").get("href")
    assert re.fullmatch(r"/record/\w+#spectrum-1", record)
    assert 'href="/round/example-cu-foil"' in live.get(record.partition("#")[0] + ".html").text


def test_the_query_behind_a_round_robin_gives_its_records(live: FlaskClient) -> None:
    page = live.get("/round/example-cu-foil.html").text
    address = re.search(r'href="(/sparql\?query=[^"]+)"', page)
    assert address
    lines = live.get(address[1].replace("&amp;", "&") + "&format=csv").text.splitlines()
    assert len(lines) == 1 + 4
    assert [line.endswith(",8980.3") for line in lines[1:]].count(True) == 1


@pytest.mark.parametrize(
    "path", ["/round/unknown", "/round/unknown.ttl", "/round/%7e", "/round/example-cu-foil.bib"]
)
def test_what_is_no_round_robin_is_not_found(live: FlaskClient, path: str) -> None:
    assert live.get(path).status_code == 404


def test_a_round_robin_is_data_and_has_pages(live: FlaskClient) -> None:
    answer = live.get("/round/example-cu-foil", headers={"Accept": "text/turtle"})
    assert b"dcat:DatasetSeries" in answer.data
    assert live.get("/round/example-cu-foil.html?page=2").status_code == 404
    assert live.get("/round/example-cu-foil.html?page=x").status_code == 400


def test_a_record_tells_its_round_robin_and_who_paid(client: FlaskClient) -> None:
    page = html.fromstring(client.get("/record/foil7k3m9q.html").text)
    (told,) = page.iterfind(".//a[@href='/round/foil-2026']")
    assert told.text == "Example round-robin"
    first, second = page.iterfind(".//section[@id='funding']//li")
    assert " ".join(first.text_content().split()) == "Example Foundation Example project Award: EX-1"
    assert [each.get("href") for each in first.iterfind(".//a")] == [
        *("https://doi.org/10.13039/501100000000", "https://example.org/award/1")
    ]
    assert (second.text_content().strip(), second.find(".//a")) == ("Example Trust", None)
    japanese = client.get("/record/foil7k3m9q.html?lang=ja").text
    assert "例示財団" in japanese
    assert "例示課題" in japanese


def test_robots_may_read_the_pages(client: FlaskClient) -> None:
    text = client.get("/robots.txt").text
    assert "Allow: /" in text
    assert "Disallow: /sparql?" in text


def test_the_periodic_table_has_every_element_once() -> None:
    from catalog.xray import ELEMENTS

    assert set(PLACES) == set(ELEMENTS)
    assert len(set(PLACES.values())) == len(PLACES) == 118
    assert [cell.symbol for cell in table({})][:3] == ["H", "He", "Li"]
    heats = {cell.symbol: cell.heat for cell in table({"Fe": 100, "Cu": 20, "Mn": 5, "Pb": 1})}
    assert (heats["Fe"], heats["Cu"], heats["Mn"], heats["Pb"], heats["H"]) == (4, 3, 2, 1, 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Fe2O3", "Fe<sub>2</sub>O<sub>3</sub>"),
        ("LiNi0.5Mn0.5O2", "LiNi<sub>0.5</sub>Mn<sub>0.5</sub>O<sub>2</sub>"),
        ("CuSO4·5H2O", "CuSO<sub>4</sub>·5H<sub>2</sub>O"),
        ("Ca(OH)2", "Ca(OH)<sub>2</sub>"),
        ("<b>2", "&lt;b&gt;2"),
        ("some Fe2", "some Fe2"),
    ],
)
def test_formulae_have_indices(text: str, shown: str) -> None:
    assert formula(text) == shown


def test_shells_as_people_write_them() -> None:
    assert shell(shells_text(["L2", "L3"])) == "L<sub>2,3</sub>"
    assert shell("K") == "K"
    assert shell("<L3>") == "&lt;L<sub>3</sub>&gt;"


@pytest.mark.parametrize(
    ("stated", "value", "unit", "text", "note"),
    [
        ("7112.0 eV", "7112", "unit:EV", "7112.0 eV", ""),
        ("7.112 keV", "7112", "unit:EV", "7112 eV", "stated: 7.112 keV"),
        ("298K", "298", "unit:K", "298 K", ""),
        ("298", "298", "unit:K", "298 K", ""),
        ("5 um", "5", "unit:MicroM", "5 µm", "stated: 5 um"),
        ("about 5", None, "", "about 5", "as stated; not readable as a quantity"),
    ],
)
def test_quantities_keep_their_precision(
    app,
    stated: str,
    value: str | None,
    unit: str,
    text: str,
    note: str,  # type: ignore[no-untyped-def]
) -> None:
    part = {"stated": stated, **({"value": value, "in_unit": unit} if value else {})}
    with app.test_request_context():
        shown = quantity(part)
    assert shown is not None
    assert (shown.text, shown.note) == (text, note)


def test_a_drawing_is_a_path_of_numbers() -> None:
    svg = str(drawing(b'{"energy_ev": [1, 2, null, 4], "signal": [0, 1, 5, 0.5]}', width=100, height=100))
    assert re.fullmatch(
        r'<svg viewBox="0 0 100 100"[^>]*><path d="M0.0 96.0L33.3 4.0L100.0 50.0"/></svg>', svg
    )
    assert drawing(b'{"energy_ev": [1], "signal": [0]}') == ""
    long = {"energy_ev": list(range(50_000)), "signal": [step % 7 for step in range(50_000)]}
    import json

    assert str(drawing(json.dumps(long).encode())).count("L") <= 600


def test_an_example_is_its_file() -> None:
    example = parse("name", '#+ title: {en: "A: b", ja: "甲"}\n#+ description: plain\n# kept\nASK {}\n')
    assert (example.title, example.description) == ({"en": "A: b", "ja": "甲"}, {"en": "plain"})
    assert example.query == "# kept\nASK {}\n"
