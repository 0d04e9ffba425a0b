"""A record's addresses: page, data, tombstone, files, curve."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from datetime import datetime

import pyoxigraph as ox
import pytest
from flask import Flask
from flask.testing import FlaskClient

from catalog.exports import exports, rdf_exports
from catalog.mapping import to_triples
from server.public.signposts import in_headers, of_page

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FOIL, OXIDE, GONE = "/record/foil7k3m9q", "/record/oxide8x2w0", "/record/gone4x9p2a"
TYPES = {
    "ttl": "text/turtle; charset=utf-8",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "html": "text/html; charset=utf-8",
}


@pytest.mark.parametrize(("suffix", "content_type"), TYPES.items())
def test_a_suffix_names_a_representation_whatever_is_accepted(
    client: FlaskClient, suffix: str, content_type: str
) -> None:
    for accept in (None, "text/html", "image/png", "*/*;q=0"):
        response = client.get(f"{FOIL}.{suffix}", headers={"Accept": accept} if accept else {})
        assert (response.status_code, response.content_type) == (200, content_type)
        assert "Accept" not in response.headers.get("Vary", "").split(", ")


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "text/turtle; charset=utf-8"),
        ("*/*", "text/turtle; charset=utf-8"),
        (BROWSER["Accept"], "text/html; charset=utf-8"),
        ("application/ld+json", "application/ld+json"),
        ("application/rdf+xml;q=0.9, text/html;q=0.1", "application/rdf+xml"),
        ("application/n-triples", "application/n-triples"),
    ],
)
def test_one_address_gives_what_the_client_reads(
    client: FlaskClient, accept: str | None, content_type: str
) -> None:
    response = client.get(FOIL, headers={"Accept": accept} if accept else {})
    assert (response.status_code, response.content_type) == (200, content_type)
    assert "Accept" in response.headers["Vary"]


def test_a_client_that_reads_nothing_we_have_is_told_what_there_is(client: FlaskClient) -> None:
    response = client.get(FOIL, headers={"Accept": "image/png"})
    body = json.loads(response.data)
    assert (response.status_code, body["code"]) == (406, "not-acceptable")
    assert set(body["available"]) == {
        "text/html",
        *(item.media_type for item in exports().values() if not item.profile),
    }


def test_every_format_of_every_published_record_holds_its_document(live: FlaskClient) -> None:
    release = live.application.extensions["xafscat"].release()
    seen = 0
    for entry in release.entries():
        if entry.state == "published":
            expected = set(to_triples(entry.document))
            for export in rdf_exports().values():
                response = live.get(f"/record/{entry.id}.{export.extension}")
                assert {quad.triple for quad in ox.parse(response.data, format=export.rdf_format)} == expected
            assert live.get(f"/record/{entry.id}", headers=BROWSER).status_code == 200
            seen += 1
    assert seen >= 40


def test_the_endpoint_and_the_record_say_the_same(live: FlaskClient) -> None:
    release = live.application.extensions["xafscat"].release()
    entry = next(item for item in release.entries() if item.state == "published")
    iri = entry.document["id"]
    query = (
        f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o FILTER(?s = <{iri}> || STRSTARTS(STR(?s), '{iri}#')) }}"
    )
    answer = live.get("/sparql", query_string={"query": query, "format": "ntriples"})
    # The store has its own spelling of some literals; both sides are compared in it.
    stores = [ox.Store(), ox.Store()]
    stores[0].extend(ox.Quad(*triple) for triple in to_triples(entry.document) if "#" in str(triple.subject))
    stores[0].extend(ox.Quad(*triple) for triple in to_triples(entry.document) if triple.subject.value == iri)
    stores[1].extend(ox.parse(answer.data, format=ox.RdfFormat.N_TRIPLES))
    assert set(stores[0]) == set(stores[1])
    assert len(stores[0]) > 50


def test_the_page_tells_what_was_measured(client: FlaskClient) -> None:
    page = re.sub(r"<[^>]+>", " ", client.get(FOIL, headers=BROWSER).text)
    page = re.sub(r"\s+", " ", page)
    for text in (
        "Iron foil, Fe K edge",
        "鉄箔 Fe K吸収端",
        "standard data",
        "Fe K edge",
        "X-ray absorption fine structure",
        "transmission",
        "21 May 2020 13:00 (UTC+09:00)",
        "298.15 K (stated: 25 °C)",
        "6612 – 8112 eV",
        "Pressure stated to be unknown",
        "Si(111)",
        "3.13551 Å",
        "2.5 GeV",
        "7112.0 eV",
        "at the same time",
        "12398.52 eV Å",
        "Photon Factory BL-9C",
        "5 µm",
        "7439-89-6",
        "Example Person",
        "ORCID 0000-0002-1825-0097",
        "Creative Commons Attribution 4.0",
        "Creative Commons Zero",
        "10.99999/example.foil",
        "Fe_foil.xdi",
        hashlib.sha256(b"# energy mu\n7000 0.1\n7200 1.1\n").hexdigest(),
        "Beamline.focusing",
        "parabolic mirror",
        "findable",
    ):
        assert text in page, text
    japanese = client.get(FOIL + "?lang=ja", headers=BROWSER).text
    for text in (
        "標準データ",
        "透過法",
        "フォトンファクトリー",
        "記載: 25 °C",
        "2020年5月21日",
        "例示 太郎",
        "一次微分",
    ):
        assert text in japanese, text


def test_an_embargoed_record_shows_its_date_and_no_way_to_the_file(client: FlaskClient) -> None:
    response = client.get(OXIDE, headers=BROWSER)
    assert "The files are under embargo until 1 April 2027." in response.text
    assert f"{OXIDE}/files/" not in response.text
    assert "L<sub>2,3</sub>" in response.text
    assert "PbO<sub>2</sub>" in response.text
    assert b"downloadURL" not in client.get(f"{OXIDE}.ttl").data
    assert b"downloadURL" in client.get(f"{FOIL}.ttl").data


def test_links_lead_to_the_other_representations(client: FlaskClient) -> None:
    links = client.head(FOIL).headers.getlist("Link")
    assert f'<{FOIL}.jsonld>; rel="alternate"; type="application/ld+json"' in links
    assert f'<{FOIL}.html>; rel="alternate"; type="text/html"' in links
    # RDF is metadata, which has a licence of its own; the page stands for the data.
    assert '<http://creativecommons.org/publicdomain/zero/1.0/>; rel="license"' in links
    page = client.head(FOIL, headers=BROWSER).headers.getlist("Link")
    assert '<http://creativecommons.org/licenses/by/4.0/>; rel="license"' in page
    assert '<https://doi.org/10.99999/example.foil>; rel="cite-as"' in links


def test_a_representation_the_client_has_is_not_sent_again(client: FlaskClient) -> None:
    tags = {suffix: client.get(f"{FOIL}.{suffix}").headers["ETag"] for suffix in TYPES}
    tags["ja"] = client.get(f"{FOIL}.html?lang=ja").headers["ETag"]
    assert len(set(tags.values())) == len(tags)
    for suffix in TYPES:
        again = client.get(f"{FOIL}.{suffix}", headers={"If-None-Match": tags[suffix]})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tags[suffix]
        assert client.get(f"{FOIL}.{suffix}", headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.get(f"{FOIL}.html?lang=en", headers={"If-None-Match": tags["ja"]}).status_code == 200
    assert all('"r7-' in tag for tag in tags.values())


@pytest.mark.parametrize("suffix", TYPES)
def test_a_withdrawn_record_leaves_a_tombstone_in_every_format(client: FlaskClient, suffix: str) -> None:
    response = client.get(f"{GONE}.{suffix}")
    assert (response.status_code, response.content_type) == (410, TYPES[suffix])
    for text in ("wrong sample", "2026-11-19", "2026-11-01"):
        assert text in response.text
    if suffix != "html":
        syntax = next(item.rdf_format for item in exports().values() if item.extension == suffix)
        triples = {quad.triple for quad in ox.parse(response.data, format=syntax)}
        assert {str(triple.subject) for triple in triples} == {"<http://127.0.0.1:8000/record/gone4x9p2a>"}
        assert len(triples) == 5


def test_a_tombstone_follows_the_client_too(client: FlaskClient) -> None:
    assert client.get(GONE).content_type == TYPES["ttl"]
    page = client.get(GONE, headers={**BROWSER, "Accept-Language": "ja"})
    assert (page.status_code, page.content_type) == (410, TYPES["html"])
    assert "試料の記載に誤りがあったため。" in page.text
    assert client.get(GONE, headers={"Accept": "image/png"}).status_code == 406
    assert client.get(f"{GONE}/files/{'0' * 16}").status_code == 404


def test_withdrawn_for_real(live: FlaskClient, published) -> None:  # type: ignore[no-untyped-def]
    assert live.get(f"/record/{published.withdrawn}").status_code == 410
    assert "取り下げの例。" in live.get(f"/record/{published.withdrawn}.html?lang=ja").text
    query = f"ASK {{ <http://127.0.0.1:8000/record/{published.withdrawn}> ?p ?o }}"
    assert json.loads(live.get("/sparql", query_string={"query": query}).data)["boolean"] is False


@pytest.mark.parametrize("accept", [BROWSER["Accept"], "application/json", "text/turtle", None])
@pytest.mark.parametrize(
    "form", ["{}", "{}.ttl", "{}.html", "{}/files/0123456789abcdef", "{}/curve/spectrum-1.json"]
)
def test_a_hidden_record_and_one_that_never_was_are_answered_byte_for_byte_alike(
    live: FlaskClient,
    published,
    form: str,
    accept: str | None,  # type: ignore[no-untyped-def]
) -> None:
    unknown = secrets.token_hex(5)
    headers = {"Accept": accept} if accept else {}
    answers = [
        live.get("/record/" + form.format(name), headers=headers)
        for name in (published.hidden, unknown, unknown)
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert answers[0].data == answers[1].data == answers[2].data
    assert list(answers[0].headers) == list(answers[1].headers)
    assert published.hidden.encode() not in answers[0].data


@pytest.mark.parametrize(
    "path",
    [
        "/record/",
        "/record/x.pdf",
        "/record/foil7k3m9q.",
        "/record/FOIL7K3M9Q",
        "/record/..",
        "/record/%00",
        "/record/a%2Fb",
    ],
)
def test_what_is_no_record(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def modified_of(client: FlaskClient) -> str:
    release = client.application.extensions["xafscat"].release()
    return str(release.record(FOIL.rpartition("/")[2]).document["about"]["modified"])


def test_a_file_is_given_out_whole_and_safely(client: FlaskClient) -> None:
    data = b"# energy mu\n7000 0.1\n7200 1.1\n"
    sha = hashlib.sha256(data).hexdigest()
    address = f"{FOIL}/files/{sha[:16]}"
    assert address in client.get(FOIL, headers=BROWSER).text
    with client.get(address) as response:
        assert (response.status_code, response.data) == (200, data)
        assert response.headers["Content-Type"] == "text/plain"
        assert response.headers["Content-Disposition"] == "attachment; filename=Fe_foil.xdi"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert response.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(bytes.fromhex(sha)).decode()}:"
        assert response.headers["ETag"] == f'"{sha}"'
        # When the bytes came here is nobody's business.
        assert response.last_modified == datetime.fromisoformat(modified_of(client))
    with client.get(address, headers={"If-None-Match": f'"{sha}"'}) as same:
        assert (same.status_code, same.data) == (304, b"")
    with client.get(address, headers={"Range": "bytes=2-7"}) as part:
        assert (part.status_code, part.data) == (206, b"energy")
        assert part.headers["Content-Range"] == f"bytes 2-7/{len(data)}"
    with client.get(address, headers={"Range": "bytes=900-"}) as beyond:
        assert beyond.status_code == 416
    with client.head(address) as head:
        assert (head.data, head.headers["Content-Length"]) == (b"", str(len(data)))


@pytest.mark.parametrize(
    "prefix", ["0123456789abcdef", "zz", "../../etc/passwd", "a" * 70, "ABCDEF0123456789"]
)
def test_what_is_no_file(client: FlaskClient, prefix: str) -> None:
    assert client.get(f"{FOIL}/files/{prefix}").status_code == 404


def test_the_curve_is_what_the_release_has(client: FlaskClient) -> None:
    response = client.get(f"{FOIL}/curve/spectrum-1.json")
    assert response.content_type == "application/json"
    body = json.loads(response.data)
    assert len(body["energy_ev"]) == len(body["signal"]) == 600
    assert client.get(f"{FOIL}/curve/spectrum-2.json").status_code == 404
    assert client.get(f"{OXIDE}/curve/spectrum-1.json").status_code == 404
    assert client.get(f"{FOIL}/curve/..%2f..json").status_code == 404


def test_open_files_of_the_published_examples_are_what_the_record_says(live: FlaskClient) -> None:
    release = live.application.extensions["xafscat"].release()
    checked = 0
    for entry in release.latest(10):
        for spectrum in entry.document["spectra"]:
            for file in spectrum["files"]:
                if "download_url" in file:
                    path = file["download_url"].removeprefix(release.base)
                    with live.get(path) as response:
                        assert hashlib.sha256(response.data).hexdigest() == file["checksum"]["digest"]
                        assert str(len(response.data)) == file["bytes"]
                    checked += 1
    assert checked >= 9


def test_of_many_files_the_headers_name_ten_and_the_linkset_all(app: Flask, client: FlaskClient) -> None:
    entry = app.extensions["xafscat"].release().record(FOIL.rpartition("/")[2])
    file = entry.document["spectra"][0]["files"][0]
    many = [{**file, "download_url": f"{file['download_url']}{number}"} for number in range(90)]
    spectra = [{**entry.document["spectra"][0], "files": many}]
    with app.test_request_context(FOIL):
        document = {**entry.document, "spectra": spectra}
        assert sum(post.relation == "item" for post in in_headers(document)) == 10
        assert sum(post.relation == "item" for post in of_page(document)) == 90
