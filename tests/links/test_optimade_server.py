"""The resolver for OPTIMADE against the reference server of OPTIMADE, over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from catalog.link_proposing import propose
from catalog.linking.listing import MATERIAL, entries
from catalog.linking.model import Facts, Gone, LinkState
from catalog.net import CachedHttp
from catalog.registry import create_registry, open_registry
from catalog.resolvers import resolvers

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUTILE, TITANIA = (entries()[MATERIAL + name] for name in ("rutile", "titanium-dioxide"))
# Two structures for when the collected ones are not there: cells and sites shortened, not to be calculated with.
FEW = {"9004141": ("Ti2O4", "O2Ti", 136), "9008213": ("Ti4O8", "O2Ti", 141), "9008468": ("Cu4", "Cu", 225)}


def structure(identifier: str, descriptive: str, reduced: str, group: int) -> dict[str, object]:
    elements = ["O", "Ti"] if "Ti" in descriptive else ["Cu"]
    return {
        "type": "structures",
        "id": identifier,
        "attributes": {
            "last_modified": "2026-01-01T00:00:00Z",
            "elements": elements,
            "nelements": len(elements),
            "elements_ratios": [2 / 3, 1 / 3] if len(elements) == 2 else [1.0],
            "chemical_formula_descriptive": descriptive,
            "chemical_formula_reduced": reduced,
            "chemical_formula_anonymous": "A2B" if len(elements) == 2 else "A",
            "dimension_types": [1, 1, 1],
            "nperiodic_dimensions": 3,
            "lattice_vectors": [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]],
            "space_group_it_number": group,
            "cartesian_site_positions": [[0.0, 0.0, float(place)] for place in range(len(elements))],
            "nsites": len(elements),
            "species": [
                {"name": name, "chemical_symbols": [name], "concentration": [1.0]} for name in elements
            ],
            "species_at_sites": elements,
            "structure_features": [],
        },
    }


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = Path(__file__).resolve().parent.parent.parent
    python = root / ".venv-peers" / "bin" / "python"
    asked = [python, "-c", "import optimade.server"]
    found = python.is_file() and subprocess.run(asked, check=False, capture_output=True).returncode == 0
    if not found:
        pytest.skip("the OPTIMADE reference server is not installed: make setup-peers")
    folder = tmp_path_factory.mktemp("optimade")
    collected = root.parent / "shared" / "data" / "links" / "optimade_xafs_cod.jsonl"
    if not collected.is_file():
        collected = folder / "few.jsonl"
        lines = [{"x-optimade": {"meta": {"api_version": "1.2.0"}}}]
        lines += [structure(identifier, *facts) for identifier, facts in FEW.items()]
        collected.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "config.json"
    config.write_text(
        json.dumps(
            {
                "debug": False,
                "base_url": f"http://127.0.0.1:{port}",
                "insert_test_data": False,
                "insert_from_jsonl": str(collected),
                "provider": {
                    "name": "test",
                    "description": "test",
                    "prefix": "exmpl",
                    "homepage": "https://example.com",
                },
                "provider_fields": {"structures": ["mp_id", "source_file"]},
            }
        ),
        encoding="utf-8",
    )
    log = (folder / "log").open("wb")
    command = [
        python,
        "-m",
        "uvicorn",
        "optimade.server.main:app",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    server = subprocess.Popen(
        command, cwd=folder, env={**os.environ, "OPTIMADE_CONFIG_FILE": str(config)}, stdout=log, stderr=log
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            assert server.poll() is None, (folder / "log").read_text(encoding="utf-8")[-2000:]
            assert time.monotonic() < deadline, "the server did not come up"
            try:
                if requests.get(f"{address}/v1/info", timeout=5).status_code == 200:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait()
        log.close()


@pytest.fixture
def http(base: str, tmp_path: Path) -> Iterator[CachedHttp]:
    with CachedHttp(
        tmp_path / "cache.sqlite", "record", options={"optimade:cod": base}, sleep=lambda _: None
    ) as client:
        yield client


def test_polymorphs_of_a_formula_are_candidates_and_none_is_accepted(
    http: CachedHttp, tmp_path: Path
) -> None:
    resolver = resolvers()["optimade"]
    assert resolver.find is not None
    # Asked as the specification writes it, though people write TiO2.
    assert TITANIA.query.reduced == "O2Ti"
    assert {item.iri.rpartition("/")[2] for item in resolver.find(TITANIA.query, http)} == {
        "9004141",
        "9008213",
    }
    create_registry(tmp_path, "https://example.org", now=NOW)
    with open_registry(tmp_path) as registry:
        made = propose(registry, http, [TITANIA], databases=["cod"], now=NOW, actor="test")
        assert {link.object[-7:] for link in made.links} == {"9004141", "9008213"}
        assert all(link.state is LinkState.QUEUED and "phase-unknown" in link.vetoes for link in made.links)


def test_with_the_phase_named_one_is_sure(http: CachedHttp, tmp_path: Path) -> None:
    create_registry(tmp_path, "https://example.org", now=NOW)
    with open_registry(tmp_path) as registry:
        made = propose(registry, http, [RUTILE], databases=["cod"], now=NOW, actor="test")
        assert [(link.object[-7:], link.confidence, link.vetoes) for link in made.links] == [
            ("9004141", 0.9, ())
        ]
    sent = http.sent
    with CachedHttp(tmp_path / "cache.sqlite", "offline", options=http.options) as offline:
        (tmp_path / "again").mkdir()
        create_registry(tmp_path / "again", "https://example.org", now=NOW)
        with open_registry(tmp_path / "again") as registry:
            again = propose(registry, offline, [RUTILE], databases=["cod"], now=NOW, actor="test")
        assert again.links == made.links
        assert offline.sent == 0
    assert sent > 0


def test_one_entry_is_read_and_an_unknown_one_is_gone(http: CachedHttp) -> None:
    resolver = resolvers()["optimade"]
    assert resolver.read is not None
    facts = resolver.read("https://www.crystallography.net/cod/9004141", http)
    assert isinstance(facts, Facts)
    assert (facts.reduced, facts.space_group) == ("O2Ti", 136)
    assert isinstance(resolver.read("https://www.crystallography.net/cod/1000000", http), Gone)
