"""``/catalog`` for portals: the same bytes for the same records, one graph in three syntaxes, pages that end."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
import rdflib
from lxml import etree
from rdflib import RDF, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT

from catalog.exports import write_triples
from catalog.portal import PREFIXES, page_triples
from catalog.verification import rebuild

from .conftest import BASE, SYNTAXES, World, pages_of_catalog
from .test_harvest import client_of

HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
CATALOG = URIRef(f"{BASE}/catalog")
SERIES, IN_SERIES = URIRef(f"{DCAT}DatasetSeries"), URIRef(f"{DCAT}inSeries")
ENDINGS = {"turtle": ".ttl", "json-ld": ".jsonld", "xml": ".rdf"}
IDS = ("record1", "record2", "record3")


def deposit(world: World, identifier: str) -> None:
    """A record whose page has something of everything: an open file, a sample that others measured as well."""
    world.deposit(identifier, data="7112 1.0", sample={"name": "foil", "formula": "Fe", "id": "foil-1"})


def pages(world: World) -> dict[str, list[bytes]]:
    release = world.release()
    try:
        return pages_of_catalog(release)
    finally:
        release.close()


def test_the_same_records_give_the_same_bytes_whatever_the_way_to_them(
    make_world: Callable[..., World],
) -> None:
    at_once, by_steps = make_world("at-once"), make_world("by-steps")
    for identifier in IDS:
        deposit(at_once, identifier)
    at_once.publish()
    for identifier in reversed(IDS):
        deposit(by_steps, identifier)
        if identifier == IDS[1]:
            by_steps.deposit("secret", draft=True)
        by_steps.publish()
    expected = pages(at_once)
    assert by_steps.release_number() == len(IDS)
    assert pages(by_steps) == expected
    assert [len(found) for found in expected.values()] == [2, 2, 2]
    by_steps.wait(days=1)
    assert by_steps.publish().number is None
    rebuild(by_steps.settings, by_steps.registry, now=by_steps.now, actor="test")
    assert by_steps.release_number() == len(IDS) + 1
    assert pages(by_steps) == expected


def test_bytes_do_not_depend_on_the_order_in_which_triples_are_made(filled: World) -> None:
    release = filled.release()
    triples = page_triples(release, 1)
    release.close()
    for rdf_format in SYNTAXES.values():
        first = write_triples(triples, rdf_format, PREFIXES)
        for seed in range(3):
            shuffled = random.Random(seed).sample(triples, len(triples))
            assert write_triples(shuffled, rdf_format, PREFIXES) == first


@pytest.mark.filterwarnings(
    "ignore:ConjunctiveGraph is deprecated:DeprecationWarning"
)  # rdflib's own use of it
def test_the_three_syntaxes_say_the_same(filled: World) -> None:
    client = client_of(filled, portal_page=2)
    for number in (1, 2):
        graphs = []
        for syntax, ending in ENDINGS.items():
            response = client.get(f"/catalog{ending}?page={number}")
            assert response.status_code == 200
            graphs.append(rdflib.Graph().parse(data=response.data, format=syntax))
        assert len(graphs[0]) > 50
        assert isomorphic(graphs[0], graphs[1])
        assert isomorphic(graphs[0], graphs[2])
    release = filled.release()
    assert pages_of_catalog(release) == {
        syntax: [client.get(f"/catalog{ending}?page={number}").data for number in (1, 2)]
        for syntax, ending in ENDINGS.items()
    }
    release.close()


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_lead_through_all_data_sets_once(filled: World, size: int) -> None:
    filled.update(
        "aaaaaaaaaa", sample={"name": "foil", "formula": "Fe", "id": "foil-1"}, round={"id": "foils"}
    )
    filled.publish()
    records = [f"/record/{letter * 10}" for letter in "abc"]
    walk(client_of(filled, portal_page=size), size, [*records, "/round/foils", "/sample/foil-1#datasets"])


def test_a_series_is_listed_while_a_record_names_it(filled: World) -> None:
    client = client_of(filled)
    addresses = [f"{BASE}/round/foils", f"{BASE}/sample/foil-1"]
    filled.update("bbbbbbbbbb", round={"id": "foils", "name": {"en": "Example foils", "ja": "例示箔"}})
    filled.publish()
    graph = rdflib.Graph().parse(data=client.get("/catalog.ttl").data, format="turtle")
    for iri, page in ((addresses[0], addresses[0]), (f"{addresses[1]}#datasets", addresses[1])):
        assert {SERIES, DCAT.Dataset} <= set(graph.objects(URIRef(iri), RDF.type))
        assert str(graph.value(URIRef(iri), DCAT.landingPage)) == page
        assert client.get(page.removeprefix(BASE) + ".html").status_code == 200
    sitemap = etree.fromstring(client.get("/sitemap.xml").data)
    dated = {url[0].text: len(url) == 2 for url in sitemap}
    assert [dated[page] for page in addresses] == [False, False]
    assert dated[f"{BASE}/record/bbbbbbbbbb"]
    for identifier in ("aaaaaaaaaa", "bbbbbbbbbb"):
        filled.withdraw(identifier)
    filled.wait(days=1)
    filled.publish()
    for content in (client.get("/catalog.ttl").text, client.get("/sitemap.xml").text):
        assert not any(page in content for page in addresses)


def test_an_empty_catalog_has_one_page(world: World) -> None:
    world.publish()
    walk(client_of(world, portal_page=2), 2, [])


def walk(client: Any, size: int, expected: list[str]) -> None:
    """From the first page to the last by what each says of the next, and every word of theirs checked on the way."""
    last = f"{BASE}/catalog?page={max(1, -(-len(expected) // size))}"
    before, address, visited, found = None, f"{BASE}/catalog?page=1", list[str](), list[str]()
    while address:
        assert address not in visited
        visited.append(address)
        response = client.get(address.replace(f"{BASE}/catalog", "/catalog.ttl"))
        graph = rdflib.Graph().parse(data=response.data, format="turtle")
        (view,) = graph.objects(CATALOG, HYDRA.view)
        assert (str(view), (view, RDF.type, HYDRA.PartialCollectionView) in graph) == (address, True)
        following = graph.value(view, HYDRA.next)
        assert {name: str(graph.value(view, HYDRA[name])) for name in ("first", "last", "previous")} == {
            "first": f"{BASE}/catalog?page=1",
            "last": last,
            "previous": str(before),
        }
        (total,) = graph.objects(CATALOG, HYDRA.totalItems)
        assert total.toPython() == len(expected)
        links = {
            name: target for target, name in re.findall(r'<([^>]*)>; rel="(\w+)"', str(response.headers))
        }
        assert (links["first"], links["last"], links.get("prev"), links.get("next")) == (
            *(f"{BASE}/catalog?page=1", last),
            *(str(item) if item else None for item in (before, following)),
        )
        here = sorted(str(item).removeprefix(BASE) for item in graph.objects(CATALOG, DCAT.dataset))
        assert len(here) <= size
        assert set(graph.subjects(RDF.type, DCAT.Dataset)) >= {URIRef(BASE + path) for path in here}
        assert set(graph.objects(None, IN_SERIES)) >= {
            item for item in graph.subjects(RDF.type, SERIES) if (CATALOG, DCAT.dataset, item) not in graph
        }
        found += here
        before, address = address, str(following) if following else ""
    assert before == last
    assert found == expected
