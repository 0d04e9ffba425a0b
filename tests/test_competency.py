"""The example queries, run on the example catalog: each answers what is written beside it.

``examples/queries/expected/<name>.csv`` holds the rows without the columns that name records, whose ids are random;
that of a graph, ``<name>.nt``, has ID in their place.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from catalog.config import load_settings
from catalog.engines import StoreReader, engine
from catalog.examples import make_demo
from catalog.registry import open_registry
from catalog.releases import open_current
from catalog.resources import data_root
from catalog.states import State
from catalog.verification import verify
from catalog.vocabulary import vocabulary

QUERIES = sorted((data_root() / "examples" / "queries").glob("*.rq"))
RECORD_COLUMNS = {"spectrum", "first", "second", "file", "record", "specimen"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("demo") / "demo-data"
    assert make_demo(home, now=datetime(2026, 11, 20, 3, 0, tzinfo=UTC))
    return home


@pytest.fixture(scope="module")
def store(demo: Path) -> Iterator[StoreReader]:
    with (
        closing(open_current(load_settings(demo, environ={}).public_path)) as release,
        closing(engine().read(release.store_path)) as opened,
    ):
        yield opened


def answer(store: StoreReader, query: Path) -> list[list[str]]:
    """The rows as text with a header, without the columns that name records; of a graph its triples, a row each."""
    result = store.query(query.read_text(encoding="utf-8"))
    if not hasattr(result, "variables"):
        return sorted([re.sub("/record/[0-9a-z]+", "/record/ID", f"{triple} .")] for triple in set(result))
    names = [variable.value for variable in result.variables]
    kept = [index for index, name in enumerate(names) if name not in RECORD_COLUMNS]
    rows = [[row[index].value if row[index] is not None else "" for index in kept] for row in result]
    return [[names[index] for index in kept], *sorted(rows)]


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
def test_the_answer_is_the_expected_one(store: StoreReader, query: Path) -> None:
    (expected,) = (query.parent / "expected").glob(f"{query.stem}.*")
    text = expected.read_text(encoding="utf-8")
    rows = (
        list(csv.reader(io.StringIO(text)))
        if expected.suffix == ".csv"
        else [[line] for line in text.splitlines()]
    )
    assert len(rows) > 1, "an example without rows shows nothing"
    assert answer(store, query) == rows


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
def test_each_query_says_what_it_asks_in_both_languages(query: Path) -> None:
    lines = query.read_text(encoding="utf-8").splitlines()
    head = yaml.safe_load("\n".join(line[3:] for line in lines if line.startswith("#+ ")))
    assert {"en", "ja"} == set(head["title"]) == set(head["description"])
    assert head["keywords"]


def test_there_are_enough_examples() -> None:
    assert len(QUERIES) >= 6


def test_the_demo_is_whole_and_hides_what_it_should(demo: Path, store: StoreReader) -> None:
    settings = load_settings(demo, environ={})
    with open_registry(settings.registry_path) as registry:
        assert verify(settings, registry) == []
        counts = registry.counts()
    assert (counts[State.SCHEDULED], counts[State.WITHDRAWN], counts[State.DRAFT]) == (1, 1, 0)
    assert counts[State.PUBLISHED] >= 40
    shipped = set(vocabulary().shipped_triples())
    told = "\n".join(str(triple) for triple in store.triples() if triple not in shipped)
    for secret in ("Carberry", "0000-0002-1825-0097", "LiMn2O4", "mislabelled"):
        assert secret not in told, secret
    assert "LiNiO2" in told, "the embargoed record's metadata is public"
    assert "nothing was measured" in told


def test_making_the_demo_again_loses_nothing(demo: Path) -> None:
    before = (demo / "registry.sqlite").stat().st_mtime_ns
    assert make_demo(demo, now=datetime(2026, 11, 21, tzinfo=UTC)) is False
    assert (demo / "registry.sqlite").stat().st_mtime_ns == before


def test_the_examples_cover_what_they_promise(store: StoreReader) -> None:
    def count(pattern: str) -> int:
        query = f"PREFIX xafs: <https://w3id.org/xafscat/ns#> SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {pattern} }}"
        return int(next(iter(store.query(query)))["n"].value)

    assert count("?x a xafs:Deposit") >= 40
    assert count("?s xafs:element ?x") >= 15
    assert count("?s a xafs:Spectrum ; xafs:facility ?x") >= 6
    assert (
        count(
            '?s xafs:element "Cu" ; xafs:beamline ?x ; xafs:ofSample/xafs:sampleForm <https://w3id.org/xafscat/form/foil>'
        )
        >= 4
    )
    assert count('?x xafs:edge "L3"') >= 5


def test_the_committed_examples_are_those_the_script_makes() -> None:
    import importlib.util

    pytest.importorskip("xraydb", reason="the example spectra are calculated with xraydb")
    script = data_root() / "examples" / "build.py"
    if not script.exists():
        pytest.skip("the script that makes the examples is not in an installed package")
    spec = importlib.util.spec_from_file_location("examples_build", script)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    made = module.build()
    committed = {
        path.name: path.read_text(encoding="utf-8")
        for path in (script.parent / "deposits").iterdir()
        if path.is_file()
    }
    assert committed == made
