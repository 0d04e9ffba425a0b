"""Harvesting a published catalog: real clients, deletions, publications in mid-harvest, hidden records, bad input."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import itertools
import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import oaipmh_scythe
import pytest
import sickle
import signposting
import zstandard
from flask.testing import FlaskClient
from lxml import etree
from sickle.oaiexceptions import BadResumptionToken
from werkzeug.serving import make_server

from catalog.exports import harvested
from catalog.harvest import SIGNATURE_BYTES
from catalog.release_watching import ReleaseWatcher
from catalog.vocabulary import vocabulary
from server.public.app import create_app
from server.public.languages import read_languages
from server.public.site import HERE, Site

from .conftest import BASE, World

NS = {
    "o": "http://www.openarchives.org/OAI/2.0/",
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
}
DC = "http://purl.org/dc/elements/1.1/"
OAI = "https://example.org/xafs/oai"
SCHEMA = "data/schemas/oai/OAI-PMH.xsd"


def site_of(world: World, **options: Any) -> Site:
    watcher = ReleaseWatcher(world.public)
    defaults = {"harvest_page": 3, "query_off": "switched off for this test", "past": watcher.past}
    return Site(
        release=watcher,
        vocabulary=vocabulary(),
        languages=read_languages(HERE / "translations"),
        **{**defaults, **options},
    )


def client_of(world: World, **options: Any) -> FlaskClient:
    return create_app(site_of(world, **options)).test_client()


@contextmanager
def served(world: World) -> Iterator[str]:
    """The address of the catalog on this machine."""
    server = make_server("127.0.0.1", 0, create_app(site_of(world)), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/xafs"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(client: FlaskClient, **arguments: str) -> Any:
    response = client.get("/oai", query_string={key.rstrip("_"): text for key, text in arguments.items()})
    assert (response.status_code, response.mimetype) == (200, "text/xml")
    return etree.fromstring(response.data)


def error(client: FlaskClient, **arguments: str) -> str:
    (found,) = ask(client, **arguments).findall("o:error", NS)
    assert found.text
    return str(found.get("code"))


def listed(client: FlaskClient, **arguments: str) -> list[tuple[str, str, str]]:
    """Short id, datestamp and status of all records of a list."""
    found: list[tuple[str, str, str]] = []
    answer = ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc", **arguments)
    while True:
        for header in answer.iterfind(".//o:header", NS):
            identifier = header.findtext("o:identifier", "", NS).rpartition(":")[2]
            found.append((identifier, header.findtext("o:datestamp", "", NS), header.get("status", "")))
        token = answer.find(".//o:resumptionToken", NS)
        if token is None or not token.text:
            return found
        answer = ask(client, verb="ListIdentifiers", resumptionToken=token.text)


@pytest.fixture
def seven(world: World) -> World:
    """Seven records: five published in May, one changed and one withdrawn a day later; one more is hidden."""
    for number in range(7):
        world.deposit(f"record{number}", data=f"711{number} 1.0")
    world.deposit("hidden", draft=True)
    world.publish()
    world.wait(days=1)
    world.withdraw("record3")
    world.update("record5", title="Example data: another title")
    world.publish()
    return world


def test_identify_says_what_there_is(seven: World) -> None:
    client = client_of(seven, oai_admin_email="catalog@xafs.example", title={"en": "Foils", "ja": "箔"})
    answer = ask(client, verb="Identify")
    said = {item.tag.rpartition("}")[2]: item.text for item in answer.find("o:Identify", NS)}
    assert said["repositoryName"] == "Foils"
    assert said["baseURL"] == OAI
    assert (said["protocolVersion"], said["deletedRecord"]) == ("2.0", "persistent")
    assert said["adminEmail"] == "catalog@xafs.example"
    assert said["earliestDatestamp"] == "2026-05-01T03:00:00Z"
    assert answer.findtext("o:responseDate", "", NS) == "2026-05-02T03:00:00Z"


def test_deletions_keep_their_sets_and_are_in_lists_and_alone(seven: World) -> None:
    client = client_of(seven)
    assert listed(client, from_="2026-05-02", set="edge:Fe-K") == [
        ("record3", "2026-05-02T03:00:00Z", "deleted"),
        ("record5", "2026-05-02T03:00:00Z", ""),
    ]
    alone = ask(client, verb="GetRecord", identifier="oai:example.org:record3", metadataPrefix="datacite")
    header = alone.find(".//o:header", NS)
    assert header.get("status") == "deleted"
    assert {item.text for item in header.iterfind("o:setSpec", NS)} == {
        "edge:Fe-K",
        "element:Fe",
        "facility:photon-factory",
        "kind:standard",
        "licence:CC-BY-4.0",
        "openaire_data",
    }
    assert alone.find(".//o:metadata", NS) is None


def test_a_rebuild_keeps_the_sets_of_what_was_withdrawn(seven: World) -> None:
    from catalog.publishing import make_release

    before = listed(client_of(seven), set="element")
    make_release(seven.settings, seven.registry, now=seven.now, actor="test", anew="for this test")
    assert listed(client_of(seven), set="element") == before
    assert len(before) == 7


def test_sets_are_a_hierarchy(seven: World) -> None:
    client = client_of(seven)
    specs = [item.text for item in ask(client, verb="ListSets").iterfind(".//o:setSpec", NS)]
    assert {"element", "element:Fe", "edge", "edge:Fe-K", "openaire_data"} <= set(specs)
    for spec in specs:
        assert len(listed(client, set=spec)) == 7, spec
    assert error(client, verb="ListIdentifiers", metadataPrefix="oai_dc", set="element:F") == "noRecordsMatch"


@pytest.mark.parametrize(("size", "pages"), [(1, 7), (3, 3), (7, 1), (8, 1)])
def test_no_page_is_empty_and_the_last_one_says_so(seven: World, size: int, pages: int) -> None:
    client = client_of(seven, harvest_page=size)
    answer = ask(client, verb="ListRecords", metadataPrefix="oai_dc")
    seen, count = 0, 1
    while True:
        here = len(answer.findall(".//o:record", NS))
        assert here
        token = answer.find(".//o:resumptionToken", NS)
        if pages == 1:
            assert token is None
            break
        assert (token.get("cursor"), token.get("completeListSize")) == (str(seen), "7")
        seen += here
        if not token.text:
            break
        answer = ask(client, verb="ListRecords", resumptionToken=token.text)
        count += 1
    assert count == pages


def test_both_ends_of_a_span_are_in_it(seven: World) -> None:
    client = client_of(seven)
    first, second = "2026-05-01T03:00:00Z", "2026-05-02T03:00:00Z"
    assert len(listed(client, from_=first, until=first)) == 5
    assert len(listed(client, from_=second)) == 2
    assert len(listed(client, until="2026-05-01")) == 5
    assert len(listed(client, from_="2026-05-01", until="2026-05-02")) == 7
    assert (
        error(client, verb="ListIdentifiers", metadataPrefix="oai_dc", from_="2026-05-02T03:00:01Z")
        == "noRecordsMatch"
    )


BAD = [
    ({}, "badVerb"),
    ({"verb": "Steal"}, "badVerb"),
    ({"verb": "identify"}, "badVerb"),
    ({"verb": "Identify", "x": "1"}, "badArgument"),
    ({"verb": "ListRecords"}, "badArgument"),
    ({"verb": "GetRecord", "identifier": "oai:example.org:record1"}, "badArgument"),
    ({"verb": "GetRecord", "identifier": "x", "metadataPrefix": "oai_dc"}, "idDoesNotExist"),
    (
        {"verb": "GetRecord", "identifier": "oai:example.org:hidden", "metadataPrefix": "oai_dc"},
        "idDoesNotExist",
    ),
    (
        {"verb": "GetRecord", "identifier": "oai:example.org:record1", "metadataPrefix": "x"},
        "cannotDisseminateFormat",
    ),
    ({"verb": "ListRecords", "metadataPrefix": "marc"}, "cannotDisseminateFormat"),
    ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "yesterday"}, "badArgument"),
    ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "2026-02-30"}, "badArgument"),
    ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "2026-05-01T03:00Z"}, "badArgument"),
    (
        {
            "verb": "ListRecords",
            "metadataPrefix": "oai_dc",
            "from": "2026-05-01",
            "until": "2026-05-02T00:00:00Z",
        },
        "badArgument",
    ),
    (
        {"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "2026-05-03", "until": "2026-05-02"},
        "badArgument",
    ),
    ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "set": "a b"}, "badArgument"),
    ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "set": "element:Xx"}, "noRecordsMatch"),
    ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "until": "0001-01-01"}, "noRecordsMatch"),
    ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "resumptionToken": "x"}, "badArgument"),
    ({"verb": "ListRecords", "resumptionToken": "x"}, "badResumptionToken"),
    ({"verb": "ListRecords", "resumptionToken": "é" * 20}, "badResumptionToken"),
    ({"verb": "ListRecords", "resumptionToken": "A" * 5000}, "badResumptionToken"),
    ({"verb": "ListSets", "resumptionToken": "x"}, "badResumptionToken"),
    ({"verb": "ListMetadataFormats", "identifier": "oai:example.org:none"}, "idDoesNotExist"),
    ({"verb": "ListMetadataFormats", "identifier": "oai:example.org:record3"}, "noMetadataFormats"),
    ({"verb": "GetRecord", "identifier": "\x00", "metadataPrefix": "oai_dc"}, "badArgument"),
]


def test_bad_requests_get_the_error_of_the_protocol(seven: World) -> None:
    client = client_of(seven)
    for arguments, code in BAD:
        for method in ("GET", "POST"):
            options = {"query_string" if method == "GET" else "data": arguments}
            response = client.open("/oai", method=method, headers={"Accept": "image/png"}, **options)
            assert (response.status_code, response.mimetype) == (200, "text/xml"), arguments
            answer = etree.fromstring(response.data)
            assert [item.get("code") for item in answer.findall("o:error", NS)] == [code], arguments
            bare = not answer.find("o:request", NS).attrib
            assert bare == (code in {"badVerb", "badArgument"}), arguments
    for query, code in (
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&%00=1", "badArgument"),
        ("verb=ListRecords&metadataPrefix=%ff%fe", "cannotDisseminateFormat"),
    ):
        answer = etree.fromstring(client.get(f"/oai?{query}").data)
        assert answer.find("o:error", NS).get("code") == code, query


@pytest.mark.parametrize("path", ["/oai", "/xafs/oai"])
def test_before_the_first_release_the_protocol_is_spoken(world: World, path: str) -> None:
    client = client_of(world, oai_admin_email="catalog@xafs.example")

    def said(**arguments: str) -> Any:
        response = client.get(path, query_string=arguments, base_url="https://example.org")
        assert (response.status_code, response.mimetype) == (200, "text/xml")
        assert response.headers["Cache-Control"] == "no-store"
        answer = etree.fromstring(response.data)
        # Who begins from this moment later on misses nothing of the first release, however long it takes to make.
        assert answer.findtext("o:responseDate", "", NS) == "1970-01-01T00:00:00Z"
        (found,) = answer[2:]
        return found

    about = {item.tag.rpartition("}")[2]: item.text for item in said(verb="Identify")}
    assert about["baseURL"] == f"https://example.org{path}"
    assert (about["adminEmail"], about["earliestDatestamp"]) == (
        "catalog@xafs.example",
        "1970-01-01T00:00:00Z",
    )
    assert len(said(verb="ListMetadataFormats")) == len(harvested())
    prefix, record = {"metadataPrefix": "oai_dc"}, {"identifier": "oai:example.org:record1"}
    for code, arguments in (
        ("noSetHierarchy", {"verb": "ListSets"}),
        ("noRecordsMatch", {"verb": "ListRecords", **prefix}),
        ("noRecordsMatch", {"verb": "ListIdentifiers", "set": "element:Fe", "from": "2026-01-01", **prefix}),
        ("idDoesNotExist", {"verb": "GetRecord", **prefix, **record}),
        ("idDoesNotExist", {"verb": "ListMetadataFormats", **record}),
        ("cannotDisseminateFormat", {"verb": "ListRecords", "metadataPrefix": "marc"}),
        ("badArgument", {"verb": "ListRecords", "until": "yesterday", **prefix}),
        ("badResumptionToken", {"verb": "ListRecords", "resumptionToken": made_up(1)}),
        ("badVerb", {"verb": "ListAll"}),
    ):
        assert said(**arguments).get("code") == code, arguments
    world.deposit("record1")
    world.publish()
    assert client.get("/xafs/oai?verb=Identify").status_code == 200
    assert client.get("/elsewhere/oai?verb=Identify").status_code == 404


def made_up(number: int) -> str:
    """A token of a release, signed by nobody."""
    content = b"x" * SIGNATURE_BYTES + f'[{number},"ListRecords","oai_dc","",null,null]'.encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def test_a_token_is_refused_when_any_letter_of_it_was_changed(seven: World) -> None:
    client = client_of(seven)
    token = ask(client, verb="ListRecords", metadataPrefix="oai_dc").findtext(".//o:resumptionToken", "", NS)
    assert token
    assert error(client, verb="ListIdentifiers", resumptionToken=token) == "badResumptionToken"
    for place in range(len(token) - 1):
        forged = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert error(client, verb="ListRecords", resumptionToken=forged) == "badResumptionToken", place
    first, again = (ask(client, verb="ListRecords", resumptionToken=token) for _ in range(2))
    assert etree.tostring(first) == etree.tostring(again)


def test_a_token_cannot_be_made_from_what_is_public(seven: World) -> None:
    client = client_of(seven)
    token = ask(client, verb="ListRecords", metadataPrefix="oai_dc").findtext(".//o:resumptionToken", "", NS)
    content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[SIGNATURE_BYTES:]
    release = seven.release()
    key = f"xafscat harvest {release.number} {release.hash}".encode()
    release.close()
    for changed in (content, content.replace(b"oai_dc", b"nope"), content[:-1] + b",1e400]"):
        signature = hmac.new(key, changed, hashlib.sha256).digest()[:SIGNATURE_BYTES]
        forged = base64.urlsafe_b64encode(signature + changed).decode().rstrip("=")
        assert error(client, verb="ListRecords", resumptionToken=forged) == "badResumptionToken"


def test_a_token_whose_release_is_gone_is_said_to_be_stale(make_world: Callable[..., World]) -> None:
    world = make_world(keep=1)
    for number in range(5):
        world.deposit(f"record{number}")
    world.publish()
    client = client_of(world)
    token = ask(client, verb="ListRecords", metadataPrefix="oai_dc").findtext(".//o:resumptionToken", "", NS)
    assert len(ask(client, verb="ListRecords", resumptionToken=token).findall(".//o:record", NS)) == 2
    for name in ("another", "onemore"):
        world.wait(days=1)
        world.deposit(name)
        world.publish()
    assert error(client, verb="ListRecords", resumptionToken=token) == "badResumptionToken"


def test_what_was_withdrawn_meanwhile_is_not_given_out_by_an_old_token(seven: World) -> None:
    client = client_of(seven)
    token = ask(client, verb="ListRecords", metadataPrefix="oai_dc").findtext(".//o:resumptionToken", "", NS)
    seven.wait(days=1)
    seven.withdraw("record5")
    seven.publish()
    answers = [ask(client, verb="ListRecords", resumptionToken=token)]
    token = answers[0].findtext(".//o:resumptionToken", "", NS)
    answers.append(ask(client, verb="ListRecords", resumptionToken=token))
    found = {
        record.findtext(".//o:identifier", "", NS).rpartition(":")[2]: record.find("o:metadata", NS)
        is not None
        for answer in answers
        for record in answer.iterfind(".//o:record", NS)
    }
    assert found["record5"] is False
    assert sum(found.values()) == 2


def test_sickle_and_scythe_harvest_everything_in_every_format(seven: World) -> None:
    with served(seven) as address:
        client = sickle.Sickle(f"{address}/oai")
        prefixes = {item.metadataPrefix for item in client.ListMetadataFormats()}
        assert (
            prefixes
            == set(harvested())
            == {*("oai_dc", "datacite", "oai_datacite", "jpcoar_1.0", "jpcoar_2.0", "dcat", "schemaorg")}
        )
        for prefix in sorted(prefixes):
            records = list(client.ListRecords(metadataPrefix=prefix))
            assert len(records) == 7
            assert [record.header.identifier for record in records if record.deleted] == [
                "oai:example.org:record3"
            ]
            with oaipmh_scythe.Scythe(f"{address}/oai") as scythe:
                other = [record.header.identifier for record in scythe.list_records(metadata_prefix=prefix)]
            assert other == [record.header.identifier for record in records]
        assert client.Identify().deletedRecord == "persistent"
        assert len(list(client.ListSets())) >= 10
        with oaipmh_scythe.Scythe(f"{address}/oai") as scythe:
            assert len(list(scythe.list_identifiers())) == 7


def test_a_harvester_that_is_killed_while_releases_are_published_ends_equal(
    make_world: Callable[..., World],
) -> None:
    """Fifty times a harvest stops somewhere; it goes on with its token, or from its last complete harvest."""
    world = make_world(keep=2)
    chance = random.Random(7)
    for number in range(12):
        world.deposit(f"record{number:03}")
    world.publish()
    client = client_of(world)
    copy: dict[str, str] = {}
    since, token, begun = "", "", ""
    numbers = itertools.count(12)
    killed = 0
    while killed < 50:
        arguments = {"resumptionToken": token} if token else {"metadataPrefix": "oai_dc"}
        if not token and since:
            arguments["from_"] = since
        answer = ask(client, verb="ListRecords", **arguments)
        problem = answer.find("o:error", NS)
        if problem is not None:
            assert problem.get("code") in {"badResumptionToken", "noRecordsMatch"}
            token = ""
            continue
        begun = begun if token else answer.findtext("o:responseDate", "", NS)
        for record in answer.iterfind(".//o:record", NS):
            title = record.findtext(".//{http://purl.org/dc/elements/1.1/}title") or ""
            copy[record.findtext(".//o:identifier", "", NS).rpartition(":")[2]] = title
        token = answer.findtext(".//o:resumptionToken", "", NS)
        since = since if token else begun
        if chance.random() < 0.8:
            killed += 1
            if killed % 5 == 0:
                world.wait(seconds=chance.choice([0, 1, 4000]))
                ids = [identifier for identifier, title in copy.items() if title]
                world.deposit(f"record{next(numbers):03}")
                chosen = chance.choice(ids)
                world.update(chosen, title=f"Example data: changed {killed}")
                world.publish()
    token = ""
    while True:
        arguments = {"resumptionToken": token} if token else {"metadataPrefix": "oai_dc", "from_": since}
        answer = ask(client, verb="ListRecords", **arguments)
        for record in answer.iterfind(".//o:record", NS):
            title = record.findtext(".//{http://purl.org/dc/elements/1.1/}title") or ""
            copy[record.findtext(".//o:identifier", "", NS).rpartition(":")[2]] = title
        token = answer.findtext(".//o:resumptionToken", "", NS)
        if not token:
            break
    release = world.release()
    expected = {entry.id: next(iter(entry.document["title"].values())) for entry in release.entries()}
    release.close()
    assert copy == expected
    everything = [identifier for identifier, _, _ in listed(client)]
    assert sorted(everything) == sorted(expected)


def test_who_harvests_while_releases_are_published_misses_nothing(world: World) -> None:
    """Each harvest goes on from the ``responseDate`` of the one before, whatever is published meanwhile."""
    for number in range(7):
        world.deposit(f"record{number}")
    world.publish()
    client = client_of(world)
    copy: dict[str, str] = {}
    ended = threading.Event()
    rounds = []

    def harvest(since: str) -> str:
        answer = ask(
            client, verb="ListRecords", metadataPrefix="oai_dc", **({"from_": since} if since else {})
        )
        begun = answer.findtext("o:responseDate", "", NS)
        while True:
            for record in answer.iterfind(".//o:record", NS):
                name = record.findtext(".//o:identifier", "", NS).rpartition(":")[2]
                deleted = record.find("o:header", NS).get("status") == "deleted"
                copy[name] = "" if deleted else record.findtext(f".//{{{DC}}}title")
            token = answer.findtext(".//o:resumptionToken", "", NS)
            if not token:
                return begun
            answer = ask(client, verb="ListRecords", resumptionToken=token)
            if answer.find("o:error", NS) is not None:  # its release is gone: from the last whole harvest
                return since

    def follow() -> None:
        since = ""
        while not ended.is_set():
            since = harvest(since)
            rounds.append(since)
        last = harvest(since)
        while since != last:
            since, last = last, harvest(last)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        for step in range(6):
            # In the same second as well.
            world.wait(seconds=step % 2)
            world.deposit(f"later{step}")
            world.update(f"record{step}", title=f"Example data: changed {step}")
            if step % 3 == 2:
                world.withdraw("record6" if step == 2 else "later0")
            before = len(rounds)
            world.publish()
            while len(rounds) == before and thread.is_alive():
                thread.join(0.01)
    finally:
        ended.set()
        thread.join()
    release = world.release()
    titles = {
        item.id: [""] if item.state == "withdrawn" else [*item.document["title"].values()]
        for item in release.entries()
    }
    release.close()
    assert copy.keys() == titles.keys()
    assert [name for name, title in copy.items() if title not in titles[name]] == []
    assert len(set(rounds)) >= 2


def doors(client: FlaskClient) -> dict[str, bytes]:
    """All bytes of all doors, headers included."""
    addresses = [
        *("/sitemap.xml", "/robots.txt", "/.well-known/api-catalog", "/", "/records"),
        *("/round/foil", "/round/foil.html", "/round/secret", "/round/secret.html"),
        *("/material/iron", "/material/iron.ttl", "/material/xenon", "/records?q=secret"),
        *(f"/catalog.{ending}?page={page}" for ending in ("ttl", "rdf", "jsonld") for page in (1, 2)),
        "/oai?verb=Identify",
        "/oai?verb=ListSets",
        "/oai?verb=ListMetadataFormats",
        "/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:example.org:secret0001",
        "/oai?verb=ListRecords&metadataPrefix=oai_dc&set=element:Xe",
        *("/record/secret0001", "/record/secret0001.datacite", "/record/secret0001/linkset.json"),
    ]
    addresses += [f"/oai?verb=ListRecords&metadataPrefix={prefix}" for prefix in harvested()]
    found: dict[str, bytes] = {}
    while addresses:
        address = addresses.pop()
        response = client.get(address)
        headers = sorted((name, value) for name, value in response.headers if name != "Date")
        found[address] = f"{response.status} {headers}\n".encode() + response.data
        if token := re.search(rb"<resumptionToken[^>]*>([^<]+)<", response.data):
            addresses.append(f"/oai?verb=ListRecords&resumptionToken={token[1].decode()}")
    return found


def test_hidden_records_leave_no_trace_in_any_door(make_world: Callable[..., World]) -> None:
    seen = []
    for hidden in (0, 3):
        world = make_world(f"world{hidden}")
        for step in range(2):
            for number in range(4):
                shared_round = {"id": "foil", "name": "Example round"} if number < 2 else {}
                world.deposit(f"record{step}{number}", data=f"71{step}{number} 1.0", round=shared_round)
            for number in range(hidden):
                world.wait(seconds=7)
                world.deposit(
                    f"secret{step}00{number}",
                    data=f"secret {number}",
                    draft=number == 0,
                    hidden_until=date(2030, 1, 1) if number else None,
                    spectra=[{"element": "Xe", "edge": "K"}],
                    kind="user",
                    round={"id": "foil" if number else "secret", "name": "Secret round"},
                    funding=[{"funder": "Secret fund", "funder_id": "10.13039/501100000000"}],
                )
            world.wait(seconds=60 - 7 * hidden)
            world.publish()
        seen.append(doors(client_of(world, portal_page=5)))
    assert seen[0].keys() == seen[1].keys()
    for address in seen[0]:
        assert seen[0][address] == seen[1][address], address
    assert len(seen[0]) > 30
    assert b"Example round" in seen[0]["/round/foil"]
    assert seen[0]["/round/foil.html"].count(b'<th scope="row">') == 4
    assert seen[0]["/round/secret"].startswith(b"404 ")


def test_one_deletion_is_everywhere_at_once(seven: World) -> None:
    client = client_of(seven)
    record = "/record/record1"
    assert f"{BASE}{record}<" in client.get("/sitemap.xml").text
    assert f"<{BASE}{record}>" in client.get("/catalog.ttl").text
    seven.withdraw("record1")
    seven.wait(days=1)
    seven.publish()
    assert f"{BASE}{record}<" not in client.get("/sitemap.xml").text
    assert f"{BASE}{record}>" not in client.get("/catalog.ttl").text
    assert record not in client.get("/records", headers={"Accept": "text/html"}).text
    for ending in ("", ".ttl", ".datacite", ".jpcoar2", ".bib", "/linkset.json"):
        assert client.get(f"{record}{ending}").status_code == 410, ending
    assert ("record1", "2026-05-03T03:00:00Z", "deleted") in listed(client)
    assert seven.ask(f"SELECT ?o WHERE {{ <{BASE}{record}> ?p ?o }}") == []


def test_pages_of_the_catalog_are_whole_stable_and_end(seven: World) -> None:
    import rdflib
    from rdflib.namespace import DCAT, DCTERMS

    client = client_of(seven, portal_page=2)
    hydra = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
    visited, seen = [], set()
    address = "/catalog.ttl?page=1"
    while address:
        assert address not in visited
        visited.append(address)
        response = client.get(address)
        again = client.get(address, headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304
        graph = rdflib.Graph().parse(data=response.data, format="turtle")
        catalog = rdflib.URIRef(f"{BASE}/catalog")
        assert graph.value(catalog, DCTERMS.publisher)
        assert graph.value(catalog, DCTERMS.license)
        assert len(list(graph.objects(catalog, DCAT.service))) == 2
        seen |= set(graph.objects(catalog, DCAT.dataset))
        view = graph.value(catalog, hydra.view)
        following = graph.value(view, hydra.next)
        assert following is None or str(following).startswith(f"{BASE}/catalog?page=")
        address = str(following).replace(f"{BASE}/catalog?", "/catalog.ttl?") if following else ""
    assert len(visited) == 3
    assert {str(iri).rpartition("/")[2] for iri in seen} == {
        f"record{number}" for number in (0, 1, 2, 4, 5, 6)
    }
    tags = [client.get(address).headers["ETag"] for address in visited]
    seven.wait(days=1)
    seven.update("record6", title="Example data: a third title")
    seven.publish()
    after = [client.get(address).headers["ETag"] for address in visited]
    assert after[:2] == tags[:2]
    assert after[2] != tags[2]
    assert client.get("/catalog.ttl?page=4").status_code == 404
    for text in ("0", "x", "-1", "１", "9" * 30, ""):
        assert client.get("/catalog.ttl", query_string={"page": text}).status_code == 400


def test_the_sitemap_is_split_and_dated(seven: World) -> None:
    client = client_of(seven, sitemap_size=4)
    index = etree.fromstring(client.get("/sitemap.xml").data)
    parts = [item.text.removeprefix(BASE) for item in index.iterfind(".//s:loc", NS)]
    assert parts == ["/sitemap-1.xml", "/sitemap-2.xml", "/sitemap-3.xml"]
    dated = {}
    for part in parts:
        for url in etree.fromstring(client.get(part).data).iterfind("s:url", NS):
            dated[url.findtext("s:loc", "", NS).removeprefix(BASE)] = url.findtext("s:lastmod", "", NS)
    assert dated.pop("/") == ""
    assert {key: item for key, item in dated.items() if key.startswith("/record/")} == {
        f"/record/record{number}": f"2026-05-0{2 if number == 5 else 1}T03:00:00Z"
        for number in (0, 1, 2, 4, 5, 6)
    }
    assert client.get("/sitemap-4.xml").status_code == 404
    assert client.get("/sitemap-0.xml").status_code == 404
    assert f"Sitemap: {BASE}/sitemap.xml" in client.get("/robots.txt").text


def test_signposts_lead_from_the_page_to_everything(seven: World) -> None:
    with served(seven) as address:
        for path in ("/record/record1", "/record/record1.html"):
            found = signposting.find_signposting_http(address + path)
            assert str(found.citeAs.target) == f"{BASE}/record/record1"
            assert {str(item.target) for item in found.types} == {
                "https://schema.org/AboutPage",
                "https://schema.org/Dataset",
            }
            assert {str(item.target) for item in found.authors} == {"https://orcid.org/0000-0002-1825-0097"}
            assert len(found.describedBy) >= 14
            assert len(found.items) == 1
            assert found.linksets
    client = client_of(seven)
    head = client.head("/record/record1", headers={"Accept": "text/html"})
    assert head.headers.getlist("Link") == client.get("/record/record1.html").headers.getlist("Link")
    linkset = client.get("/record/record1/linkset.json")
    assert linkset.mimetype == "application/linkset+json"
    anchors = {item["anchor"]: item for item in linkset.get_json(force=True)["linkset"]}
    own = anchors[f"{BASE}/record/record1"]
    assert own["cite-as"] == [{"href": f"{BASE}/record/record1"}]
    for item in own["describedby"]:
        assert anchors[item["href"]]["describes"][0]["href"] == f"{BASE}/record/record1"
        assert client.get(item["href"].removeprefix(BASE)).status_code == 200, item
    listing = client.get("/.well-known/api-catalog").get_json(force=True)["linkset"]
    assert {item["href"] for item in listing[0]["item"]} >= {OAI, f"{BASE}/sparql", f"{BASE}/catalog"}


def protocol_schema(shared: Path) -> etree.XMLSchema:
    """The XSD of OAI-PMH with that of Dublin Core."""
    if not (shared / SCHEMA).exists():
        pytest.skip("the schema of OAI-PMH is not on this machine")
    # The payload's schema is imported beside it, as the protocol's wildcard is strict.
    text = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        f'<xs:import namespace="{NS["o"]}" schemaLocation="{(shared / SCHEMA).as_uri()}"/>'
        f'<xs:import namespace="http://www.openarchives.org/OAI/2.0/oai_dc/"'
        f' schemaLocation="{(shared / SCHEMA).with_name("oai_dc.xsd").as_uri()}"/></xs:schema>'
    )
    return etree.XMLSchema(etree.fromstring(text, Local.parser(shared)))


def test_answers_before_the_first_release_obey_the_schema_of_the_protocol(world: World, shared: Path) -> None:
    schema, client = protocol_schema(shared), client_of(world)
    for verb in ("Identify", "ListMetadataFormats", "ListSets", "None"):
        schema.assertValid(ask(client, verb=verb))
    schema.assertValid(ask(client, verb="ListRecords", metadataPrefix="oai_dc"))


def test_answers_obey_the_schema_of_the_protocol(seven: World, shared: Path) -> None:
    schema, client = protocol_schema(shared), client_of(seven)
    for arguments in (
        {"verb": "ListMetadataFormats"},
        {"verb": "ListSets"},
        {"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"},
        {"verb": "ListRecords", "metadataPrefix": "oai_dc"},
        {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:example.org:record3"},
        {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:example.org:record5"},
        {"verb": "None"},
    ):
        schema.assertValid(ask(client, **arguments))


class Local(etree.Resolver):
    """Gives the schemas on this machine for those on the net."""

    def __init__(self, shared: Path) -> None:
        self.folder = shared / "data/schemas"

    @classmethod
    def parser(cls, shared: Path) -> etree.XMLParser:
        parser = etree.XMLParser(no_network=True)
        parser.resolvers.add(cls(shared))
        return parser

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:
        for name, path in (
            ("xml.xsd", "datacite/include/xml.xsd"),
            ("simpledc20021212.xsd", "oai/simpledc20021212.xsd"),
        ):
            if system_url.endswith(name):
                return self.resolve_filename(str(self.folder / path), context)
        return None


def test_sickle_sees_a_stale_token_as_what_it_is(seven: World) -> None:
    with served(seven) as address, pytest.raises(BadResumptionToken):
        next(sickle.Sickle(f"{address}/oai").ListRecords(resumptionToken="x"))


def test_answers_are_packed_for_who_likes_it_and_otherwise_the_same(seven: World) -> None:
    client = client_of(seven)
    oai = "/oai?verb=ListRecords&metadataPrefix=datacite"
    stated = [item.text for item in ask(client, verb="Identify").iterfind(".//o:compression", NS)]
    assert stated == ["gzip", "zstd"]
    unpack = {"gzip": gzip.decompress, "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body)}
    for address in (oai, "/catalog.ttl", "/record/record1.html", "/record/record1.jpcoar2", "/sitemap.xml"):
        plain = client.get(address)
        assert "Content-Encoding" not in plain.headers
        for name in stated:
            accepted = {"Accept-Encoding": name}
            answer = client.get(address, headers=accepted)
            assert answer.headers["Content-Encoding"] == name, address
            assert "Accept-Encoding" in answer.headers["Vary"]
            assert unpack[name](answer.data) == plain.data, address
            assert int(answer.headers["Content-Length"]) == len(answer.data) < len(plain.data)
            tagged = {**accepted, "If-None-Match": answer.headers["ETag"]}
            assert client.get(address, headers=tagged).status_code == 304, address
    assert "Content-Encoding" not in client.get(oai, headers={"Accept-Encoding": "br, gzip;q=0"}).headers
