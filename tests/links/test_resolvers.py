"""What resolvers make of answers: entries found, read, gone, moved, malformed; identifiers in their one form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.errors import CatalogError, Unreachable, UnreadableInput
from catalog.linking.databases import DATABASES
from catalog.linking.listing import MATERIAL, entries
from catalog.linking.model import Facts, Gone, Moved
from catalog.resolvers import Answer, Policy, readers_of, resolvers
from catalog.resolvers.cod_index import import_index
from tests.links.far import COD_BASE, MP_BASE, WHEN, Far

RUTILE = entries()[f"{MATERIAL}rutile"].query
TITANIA = entries()[f"{MATERIAL}titanium-dioxide"].query
COPPER = entries()[f"{MATERIAL}copper"].query
OPTIMADE = {"optimade:cod": COD_BASE, "optimade:mp": MP_BASE}


@pytest.mark.parametrize(
    ("database", "written", "iri"),
    [
        ("cod", "9004141", "https://www.crystallography.net/cod/9004141"),
        ("cod", "http://crystallography.net/cod/9004141.html", "https://www.crystallography.net/cod/9004141"),
        ("mp", "mp-149", "https://materialsproject.org/materials/mp-149"),
        ("mp", "https://next-gen.materialsproject.org/materials/mp-aaaaft", "https://materialsproject.org/materials/mp-149"),
        ("mp", "mp-zzzzzz", "https://materialsproject.org/materials/mp-zzzzzz"),
        ("pubchem", "https://pubchem.ncbi.nlm.nih.gov/compound/26042", "http://rdf.ncbi.nlm.nih.gov/pubchem/compound/CID26042"),
        ("wikidata", "https://www.wikidata.org/wiki/Q753", "http://www.wikidata.org/entity/Q753"),
        ("wikidata", "https://m.wikidata.org/entity/Q753", "http://www.wikidata.org/entity/Q753"),
        ("wikidata", "https://www.wikidata.org/wiki/Special:EntityData/Q753.json", "http://www.wikidata.org/entity/Q753"),
        ("wikidata", "http://wikidata.org/wiki/Special:EntityPage/Q753", "http://www.wikidata.org/entity/Q753"),
        ("wikidata", "wd:q753", "http://www.wikidata.org/entity/Q753"),
        ("chebi", "CHEBI:30052", "http://purl.obolibrary.org/obo/CHEBI_30052"),
        ("matvoc", "https://matvoc.nims.go.jp/entity/Q2057", "https://matvoc.wikibase.cloud/entity/Q2057"),
        ("icsd", "ICSD 64918", "https://icsd.fiz-karlsruhe.de/linkicsd.xhtml?coll_code=64918"),
        ("oqmd", "oqmd-16974", "https://oqmd.org/materials/entry/16974"),
        ("doi", "doi:10.48505/nims.1447", "https://doi.org/10.48505/nims.1447"),
        ("ror", "026v1ze26", "https://ror.org/026v1ze26"),
        ("orcid", "0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097"),
        ("cas", "13463-67-7", "https://commonchemistry.cas.org/detail?cas_rn=13463-67-7"),
    ],
)  # fmt: skip
def test_identifiers_have_one_form(database: str, written: str, iri: str) -> None:
    assert DATABASES[database].canonical(written) == iri
    assert DATABASES[database].canonical(iri) == iri
    assert DATABASES[database].owns(iri)


@pytest.mark.parametrize(
    ("database", "written"),
    [
        ("wikidata", "http://127.0.0.1:5000/entity/Q1"),
        ("wikidata", "Q0753x"),
        ("cod", "900414"),
        ("mp", "mvc-123"),
        ("orcid", "0000-0002-1825-0098"),
        ("cas", "13463-67-8"),
        ("pubchem", "CID0"),
        ("mdr", "https://mdr.nims.go.jp/concern/datasets/8623j306b"),
    ],
)
def test_what_is_no_identifier_is_refused(database: str, written: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        DATABASES[database].canonical(written)


def test_pubchem_finds_by_key_and_number_and_reads_one() -> None:
    far = Far().put("pubchem", "23978", formula="Cu", label="Copper", inchikey="RYGMFSIKBFXOCR-UHFFFAOYSA-N")
    far.find("pubchem", "RYGMFSIKBFXOCR-UHFFFAOYSA-N", "23978").find("pubchem", "7440-50-8", "23978")
    resolver = resolvers()["pubchem"]
    assert resolver.find is not None
    assert resolver.read is not None
    found = list(resolver.find(COPPER, far))
    assert [(item.matched, item.facts.reduced if item.facts else "") for item in found] == [
        (("inchikey",), "Cu"),
        (("cas",), "Cu"),
    ]
    assert resolver.read("http://rdf.ncbi.nlm.nih.gov/pubchem/compound/CID999", far) == Gone(
        "http://rdf.ncbi.nlm.nih.gov/pubchem/compound/CID999", "HTTP 404"
    )


def test_wikidata_reads_subscripts_and_follows_mergers() -> None:
    far = Far().put("wikidata", "Q753", label="copper", formula="Cu", cas="7440-50-8")
    far.put("wikidata", "Q419170", label="iron(III) oxide", formula="Fe₂O₃", cas="1309-37-1")
    far.put("wikidata", "Q1", moved="Q753").find("wikidata", "7440-50-8", "Q753")
    resolver = resolvers()["wikidata"]
    assert resolver.find is not None
    assert resolver.read is not None
    assert [item.iri for item in resolver.find(COPPER, far)] == ["http://www.wikidata.org/entity/Q753"]
    facts = resolver.read("http://www.wikidata.org/entity/Q419170", far)
    assert isinstance(facts, Facts)
    assert (facts.reduced, facts.cas, facts.label["en"]) == ("Fe2O3", ("1309-37-1",), "iron(III) oxide")
    assert (facts.retrieved, len(facts.sha256)) == (datetime.fromisoformat(WHEN), 64)
    assert resolver.read("http://www.wikidata.org/entity/Q1", far) == Moved(
        "http://www.wikidata.org/entity/Q1", "http://www.wikidata.org/entity/Q753"
    )
    assert isinstance(resolver.read("http://www.wikidata.org/entity/Q2", far), Gone)


def test_the_materials_project_merges_and_deprecates() -> None:
    far = Far().put("mp", "mp-2657", formula="TiO2", space_group=136).find("mp", "O2Ti", "mp-2657")
    far.put("mp", "mp-9999", moved="mp-2657").put("mp", "mp-7", formula="TiO2", deprecated=True)
    resolver = resolvers()["materials_project"]
    assert resolver.find is not None
    assert resolver.read is not None
    (found,) = resolver.find(RUTILE, far)
    assert (found.iri, found.matched) == (
        "https://materialsproject.org/materials/mp-2657",
        ("formula", "space_group"),
    )
    where = "https://materialsproject.org/materials/"
    assert resolver.read(f"{where}mp-9999", far) == Moved(f"{where}mp-9999", f"{where}mp-2657")
    assert resolver.read(f"{where}mp-7", far) == Gone(f"{where}mp-7", "deprecated")
    far.put("mp", "mp-10", formula="TiO2", unlisted=True)
    assert isinstance(resolver.read(f"{where}mp-10", far), Gone)
    assert isinstance(resolver.read(f"{where}mp-8", far), Gone)
    # A service that passes over the question answers with any materials: none of them is where this one went.
    others = b'{"data": [{"material_id": "mp-149", "formula_pretty": "Si", "task_ids": ["mp-149", "mp-12"]}]}'
    with pytest.raises(Unreachable, match="other materials"):
        resolver.read(f"{where}mp-8", Saying(others))
    assert resolver.read(f"{where}mp-12", Saying(others)) == Moved(f"{where}mp-12", f"{where}mp-149")


def test_chebi_reads_primary_identifiers() -> None:
    far = Far().put("chebi", "30052", label="copper(0)", formula="Cu").put("chebi", "1", moved="30052")
    far.find("chebi", "7440-50-8", "30052")
    resolver = resolvers()["chebi"]
    assert resolver.find is not None
    assert resolver.read is not None
    assert [item.iri for item in resolver.find(COPPER, far)] == ["http://purl.obolibrary.org/obo/CHEBI_30052"]
    assert isinstance(resolver.read("http://purl.obolibrary.org/obo/CHEBI_30052", far), Facts)
    assert isinstance(resolver.read("http://purl.obolibrary.org/obo/CHEBI_1", far), Moved)
    assert isinstance(resolver.read("http://purl.obolibrary.org/obo/CHEBI_2", far), Gone)


def test_people_organisations_publications_and_datasets_are_read() -> None:
    uuid = "12345678-1234-1234-1234-123456789abc"
    far = Far().put("orcid", "0000-0002-1825-0097").put("ror", "026v1ze26", label="An institute")
    far.put("ror", "0aaaaaa42", moved="026v1ze26").put("ror", "0bbbbbb17", withdrawn=True)
    far.put("jalc", "10.48505/nims.1447", label="A dataset").put("mdr", uuid, label="A dataset")
    far.put("matvoc", "Q2057", label="copper")

    def read(iri: str) -> Facts | Gone | Moved:
        (resolver,) = readers_of(iri)
        assert resolver.read is not None
        return resolver.read(iri, far)

    assert isinstance(read("https://orcid.org/0000-0002-1825-0097"), Facts)
    assert isinstance(read("https://orcid.org/0000-0001-5109-3700"), Gone)
    assert read("https://ror.org/0aaaaaa42") == Moved(
        "https://ror.org/0aaaaaa42", "https://ror.org/026v1ze26"
    )
    assert isinstance(read("https://ror.org/0bbbbbb17"), Gone)
    facts = read("https://doi.org/10.48505/nims.1447")
    assert isinstance(facts, Facts)
    assert facts.label == {"en": "A dataset"}
    assert isinstance(read("https://doi.org/10.5555/nobody"), Gone)
    assert isinstance(read(f"https://mdr.nims.go.jp/datasets/{uuid}"), Facts)
    assert isinstance(read("https://matvoc.wikibase.cloud/entity/Q2057"), Facts)
    far.down = {"crossref"}
    with pytest.raises(Unreachable):
        read("https://doi.org/10.5555/nobody")  # the agency that did not answer may have it


def test_icsd_is_named_and_never_asked() -> None:
    resolver = resolvers()["icsd"]
    assert resolver.find is None
    assert resolver.read is None
    assert readers_of("https://icsd.fiz-karlsruhe.de/linkicsd.xhtml?coll_code=64918") == []
    assert DATABASES["icsd"].publish == ()


def test_optimade_asks_by_reduced_formula_and_falls_back() -> None:
    far = Far(options=OPTIMADE).put("cod", "9004141", formula="O2Ti", space_group=136)
    far.put("cod", "9008213", formula="O2Ti", space_group=141)
    resolver = resolvers()["optimade"]
    assert resolver.find is not None
    assert {item.iri[-7:] for item in resolver.find(TITANIA, far)} == {"9004141", "9008213"}
    assert [item.iri[-7:] for item in resolver.find(RUTILE, far)] == ["9004141"]

    class Refusing(Far):
        def _optimade(self, database: str, path: str, asked: dict[str, str]) -> tuple[int, object]:
            if "space_group" in asked.get("filter", ""):
                return 501, {"errors": [{"detail": "unknown property"}]}
            return super()._optimade(database, path, asked)

    refusing = Refusing(entries=far.entries, options=OPTIMADE)
    found = list(resolver.find(RUTILE, refusing))
    assert [(item.iri[-7:], item.matched) for item in found] == [
        ("9004141", ("formula", "space_group")),
        ("9008213", ("formula",)),
    ]


def test_one_provider_that_is_down_keeps_no_other_from_answering() -> None:
    far = Far(options=OPTIMADE).put("cod", "9004141", formula="O2Ti", space_group=136)
    far.put("mp", "mp-2657", formula="O2Ti", space_group=136)
    far.down = {"cod"}
    resolver = resolvers()["optimade"]
    assert resolver.find is not None
    assert resolver.read is not None
    found = []
    with pytest.raises(Unreachable, match="cod: no answer"):
        found.extend(resolver.find(RUTILE, far))
    assert isinstance(resolver.read("https://materialsproject.org/materials/mp-2657", far), Facts)
    far.options = {"optimade:aaa": "", **OPTIMADE}
    with pytest.raises(Unreachable, match="names no provider 'aaa'"):
        found.extend(resolver.find(RUTILE, far))
    assert [item.iri for item in found] == ["https://materialsproject.org/materials/mp-2657"] * 2


def test_a_provider_without_space_groups_is_asked_by_formula() -> None:
    class Without(Far):
        def _structure(self, identifier: str, entry: dict[str, object]) -> dict[str, object]:
            body = super()._structure(identifier, {**entry, "space_group": None})
            return body if self.entries["cod"][identifier] is entry else {}

        def _optimade(self, database: str, path: str, asked: dict[str, str]) -> tuple[int, object]:
            if "space_group" in asked.get("filter", ""):
                return 200, {"data": [], "meta": {"data_returned": 0}}
            return super()._optimade(database, path, asked)

    resolver = resolvers()["optimade"]
    assert resolver.find is not None
    without = Without(options={"optimade:cod": COD_BASE}).put("cod", "9004141", formula="O2Ti")
    assert [item.matched for item in resolver.find(RUTILE, without)] == [("formula",)]
    # One that knows them has said with an empty list that it has no such phase.
    far = Far(options={"optimade:cod": COD_BASE}).put("cod", "9008213", formula="O2Ti", space_group=141)
    assert list(resolver.find(RUTILE, far)) == []
    errors = Saying(b'{"errors": [{"detail": "unknown property"}]}')
    with pytest.raises(Unreachable, match="no list of structures"):
        list(resolver.find(RUTILE, errors))


def test_a_provider_is_looked_up_in_the_list_and_only_on_the_public_net() -> None:
    far = Far(options={"optimade:cod": ""}).put("providers", "cod", base="https://cod.example.org")
    far.put("children", "cod", main=COD_BASE).put("cod", "9004141", formula="O2Ti", space_group=136)
    resolver = resolvers()["optimade"]
    assert resolver.find is not None
    assert resolver.read is not None
    assert [item.sources for item in resolver.find(RUTILE, far)] == [("optimade:cod",)]
    assert isinstance(resolver.read("https://www.crystallography.net/cod/9004141", far), Facts)
    for base in (
        "http://169.254.169.254/",
        "file:///etc",
        "https://u:p@cod.example.org",
        "http://[::1",
        None,
    ):
        hostile = Far(options={"optimade:cod": ""}).put("providers", "cod", base=base)
        with pytest.raises(Unreachable, match="names no provider"):
            list(resolver.find(RUTILE, hostile))
        hostile = Far(options={"optimade:cod": ""}).put("providers", "cod", base="https://cod.example.org")
        hostile.put("children", "cod", main=base)
        with pytest.raises(Unreachable, match="names no provider"):
            list(resolver.find(RUTILE, hostile))


class Saying:
    """Answers everything with the same bytes."""

    options: Mapping[str, str] = OPTIMADE

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.body, self.status = body, status

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        policy: Policy,
        accept: str = "application/json",
    ) -> Answer:
        return Answer(url, self.status, {}, self.body, hashlib.sha256(self.body).hexdigest(), WHEN)


READABLE = {
    "optimade": "https://www.crystallography.net/cod/9004141",
    "materials_project": "https://materialsproject.org/materials/mp-149",
    "wikidata": "http://www.wikidata.org/entity/Q753",
    "pubchem": "http://rdf.ncbi.nlm.nih.gov/pubchem/compound/CID23978",
    "chebi": "http://purl.obolibrary.org/obo/CHEBI_30052",
    "matvoc": "https://matvoc.wikibase.cloud/entity/Q2057",
    "mdr": "https://mdr.nims.go.jp/datasets/12345678-1234-1234-1234-123456789abc",
    "doi": "https://doi.org/10.48505/nims.1447",
    "ror": "https://ror.org/026v1ze26",
    "orcid": "https://orcid.org/0000-0002-1825-0097",
}


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize(
    "body",
    [
        b"<html>maintenance</html>",
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"data": 7, "entities": [], "PropertyTable": null, "names": {"a": 1}, "name": [1], "orcid-identifier": 3}',
        b'{"data": [{"material_id": {"a": 1}, "id": [], "attributes": "x"}], "entities": {"Q1": 3, "Q2": 4}}',
        b"\xff\xfe\x00",
    ],
    ids=["html", "empty", "list", "deep", "types", "other types", "no utf-8"],
)
def test_malformed_answers_say_nothing_or_little(name: str, body: bytes) -> None:
    resolver = resolvers()[name]
    assert resolver.read is not None
    try:
        said = resolver.read(READABLE[name], Saying(body))
    except Unreachable:
        return
    # What is well-formed and empty may be an entry without facts, or none; never one with facts.
    assert isinstance(said, Gone) or (isinstance(said, Facts) and not said.formula and not said.label), said


@pytest.mark.parametrize("name", READABLE)
def test_an_answer_about_nothing_is_no_presence(name: str) -> None:
    resolver = resolvers()[name]
    assert resolver.read is not None
    with pytest.raises(Unreachable):
        resolver.read(READABLE[name], Saying(b"{}"))


@pytest.mark.parametrize("name", READABLE)
def test_trouble_of_a_server_is_no_absence(name: str) -> None:
    resolver = resolvers()[name]
    assert resolver.read is not None
    with pytest.raises(Unreachable):
        resolver.read(READABLE[name], Saying(b"{}", status=400))


def test_the_index_of_cod_is_made_of_its_listing(tmp_path: Path) -> None:
    listing = tmp_path / "result.csv"
    listing.write_text(
        "file,a,b,formula,sg,sgNumber,mineral,title\n"
        '9004141,4.6,4.6,- O2 Ti -,P 42/m n m,136,Rutile,"Rutile, refined"\n'
        "9008213,3.8,3.8,- O2 Ti -,I 41/a m d,141,Anatase,Anatase\n"
        "1000001,1,1,- Fe0.95 O -,,,,\n"
        "1000002,1,1,?,,,,\n",
        encoding="utf-8",
    )
    index = tmp_path / "links" / "cod.sqlite"
    assert import_index(listing, index, now=datetime(2026, 1, 1, tzinfo=UTC)) == (3, 1)
    far = Far(options={"cod_index": str(index)})
    resolver = resolvers()["cod_index"]
    assert resolver.find is not None
    assert resolver.read is not None
    first, second = resolver.find(RUTILE, far)
    assert (first.iri[-7:], first.matched, second.matched) == (
        "9004141",
        ("formula", "space_group"),
        ("formula",),
    )
    assert first.facts is not None
    assert first.facts.mineral == "Rutile"
    assert isinstance(resolver.read("https://www.crystallography.net/cod/9008213", far), Facts)
    with pytest.raises(Unreachable, match="not in the index"):
        resolver.read("https://www.crystallography.net/cod/7777777", far)
    listing.write_text("file,formula\n90041,- O2 Ti -\n", encoding="utf-8")
    with pytest.raises(UnreadableInput, match=r"result\.csv:2"):
        import_index(listing, index, now=datetime(2026, 1, 1, tzinfo=UTC))
    listing.write_bytes(b"\x00\xff\x00")
    with pytest.raises(UnreadableInput):
        import_index(listing, index, now=datetime(2026, 1, 1, tzinfo=UTC))
    # The index of before is still there, whole.
    assert isinstance(resolver.read("https://www.crystallography.net/cod/9008213", far), Facts)
    index.write_bytes(b"damaged" * 1000)
    with pytest.raises(CatalogError, match="make it again"):
        resolver.read("https://www.crystallography.net/cod/9008213", far)
    with pytest.raises(Unreachable, match="cod-index"):
        resolver.read("https://www.crystallography.net/cod/9008213", Far())
