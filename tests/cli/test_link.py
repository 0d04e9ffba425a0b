"""The commands for links, as a curator without a network uses them: an index of COD is at hand, nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLES, Command

CURATOR = "Example Curator <0000-0002-1825-0097>"
LISTING = """file,formula,sgNumber,mineral,title
9004141,- O2 Ti -,136,Rutile,Example
9008213,- O2 Ti -,141,Anatase,Example
9009999,- O2 Ti -,,,Example
"""


@pytest.fixture
def curator(command: Command, tmp_path: Path) -> Command:
    """The command, in a catalog that has an index of COD."""
    command("init", "--base", "https://xafs.example.org")
    listing = tmp_path / "listing.csv"
    listing.write_text(LISTING, encoding="utf-8")
    assert "3 entries of COD" in command("link", "cod-index", listing)
    return command


def ids(curator: Command, *arguments: str) -> dict[str, str]:
    """The ids of links that a command lists, by the number of the entry."""
    return {item["object"].rpartition("/")[2]: item["id"] for item in curator.json("link", *arguments)}


def test_a_round_without_a_network(curator: Command, tmp_path: Path) -> None:
    made = curator.json("link", "propose", "rutile", "--database", "cod", code=1)
    assert (made["materials"], made["requests"]) == (1, 0)
    assert "the mode is offline" in made["unreachable"]["optimade"]
    states = {item["object"].rpartition("/")[2]: item["state"] for item in made["links"]}
    assert states == {"9004141": "unreviewed", "9008213": "queued", "9009999": "queued"}
    waiting = ids(curator, "queue", "--material", "rutile")
    assert waiting.keys() == {"9008213", "9009999"}

    shown = curator("link", "show", waiting["9008213"])
    assert "136" in shown
    assert "141" in shown
    assert "the entry has another space group (space-group)" in shown
    curator("link", "accept", waiting["9008213"], "--as", CURATOR, code=1)
    assert "another space group" in curator.err

    sure = ids(curator, "queue", "--state", "unreviewed", "--database", "cod")["9004141"]
    curator("link", "accept", sure, "--as", CURATOR, "--predicate", "exactMatch", code=2)
    assert "allow: referenceStructure" in curator.err
    (accepted,) = curator.json("link", "accept", sure, "--as", CURATOR)
    assert (accepted["state"], accepted["reviewer"]) == (
        "accepted",
        "Example Curator <https://orcid.org/0000-0002-1825-0097>",
    )
    curator("link", "reject", waiting["9008213"], "--as", CURATOR, "--because", "this is anatase")
    again = curator.json("link", "propose", "rutile", "--database", "cod", code=1)
    assert again["settled"] == 2
    assert [item["object"][-7:] for item in again["links"]] == ["9009999"]

    counts = curator.json("link", "status")["databases"]["cod"]
    assert (counts["accepted"], counts["rejected"], counts["queued"]) == (1, 1, 1)


def test_a_table_goes_to_another_catalog_and_back(curator: Command, tmp_path: Path) -> None:
    curator.json("link", "propose", "titanium-dioxide", "--database", "cod", code=1)
    waiting = ids(curator, "queue", "--material", "rutile")
    curator("link", "reject", waiting["9008213"], "--as", CURATOR, "--because", "this is anatase")
    table = tmp_path / "links.sssom.tsv"
    curator("link", "export", "-o", table)
    curator("link", "export", "-o", table, code=2)
    assert "0 stored" in curator("link", "import", table)

    other = Command(tmp_path / "other")
    other("init", "--base", "https://other.example.org")
    assert other.json("link", "import", table)["refused"] == {}
    assert ids(other, "queue", "--state", "rejected") == {"9008213": waiting["9008213"]}
    first, second = (
        {
            line.split("\t")[0] + line.split("\t")[4]
            for line in each.splitlines()
            if line.startswith("xmaterial:")
        }
        for each in (table.read_text(encoding="utf-8"), other("link", "export"))
    )
    assert first == second

    bad = tmp_path / "bad.sssom.tsv"
    text = table.read_text(encoding="utf-8")
    bad.write_text(text.replace("cod:9008213", "http://127.0.0.1:5000/Q1"), encoding="utf-8")
    assert "is not the IRI of an entry of a known database" in json.dumps(
        curator.json("link", "import", bad, code=1)
    )


def test_a_check_without_a_network_finds_no_rot(curator: Command) -> None:
    curator.json("link", "propose", "rutile", "--database", "cod", code=1)
    found = curator.json("link", "check")
    outcomes = {item["outcome"] for item in found}
    assert outcomes == {"good", "unreachable"}
    assert {item["database"] for item in found if item["outcome"] == "good"} == {"cod"}


def test_wrong_calls_say_what_to_do(curator: Command) -> None:
    for arguments, code, words in (
        (("propose",), 2, "name materials"),
        (("propose", "rutil"), 1, "did you mean rutile"),
        (("propose", "rutile", "--database", "icd"), 2, "there are: cod, mp"),
        (("queue", "--state", "waiting"), 2, "a link is queued"),
        (("show", "nothing"), 1, "xafscat link queue"),
        (("export", "--state", "waiting"), 2, "no state 'waiting'"),
    ):
        curator("link", *arguments, code=code)
        assert words in curator.err, arguments


def test_an_id_in_a_narrow_table_can_be_copied(curator: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = curator("link", "propose", "rutile", "--database", "cod", code=1)
    for identifier in ids(curator, "queue"):
        assert f"cod {identifier}" in " ".join(shown.split())
    for identifier in ids(curator, "queue").values():
        assert identifier in shown


SAMPLE = """#curie_map:
#  record: https://xafs.example.org/record/
subject_id\tpredicate_id\tobject_id\tmapping_justification\treviewer_label
record:{}#sample\txafs:sampleMaterial\txmaterial:{}\tsemapv:ManualMappingCuration\tExample Curator
"""


def test_a_curator_s_word_on_a_sample_is_public_with_the_next_release(
    curator: Command, tmp_path: Path
) -> None:
    curator("ingest", EXAMPLES / "fe-foil-pf9c.yaml", "--publish")
    (record,) = curator.lines("list")
    table = tmp_path / "sample.sssom.tsv"
    table.write_text(SAMPLE.format(record["record"], "copper"), encoding="utf-8")
    assert curator.json("link", "import", table) == {"stored": 1, "same": 0, "refused": {}}
    made = curator.json("publish")
    assert made["changed"] == 1
    assert curator.json("publish")["release"] is None
    assert "link-accepted" in curator("history", record["record"])
    assert "Registry, files, release, manifest and store agree" in curator("verify")
