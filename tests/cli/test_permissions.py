"""A catalog on folders and files that may not be read or written: the command says which, and stores nothing half."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLES, Command

XAFSCAT = Path(sys.executable).with_name("xafscat")
FORM = EXAMPLES / "nio.yaml"

# The superuser's right to pass over permissions is taken away.
_BOUND = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
pytestmark = pytest.mark.skipif(
    bool(_BOUND) and shutil.which("setpriv") is None,
    reason="the superuser may do everything, and setpriv is missing",
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(foil: str, catalog: Command) -> Iterator[Run]:
    """A catalog with one published record, and the command without the right to pass over permissions."""
    del foil

    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [
            *_BOUND,
            sys.executable,
            "-c",
            "from catalog.cli import main; main()",
            "--home",
            catalog.home,
            *arguments,
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    yield call
    for folder, _, names in os.walk(catalog.home):
        Path(folder).chmod(0o700)
        for name in names:
            Path(folder, name).chmod(0o600)


def closed(path: Path, mode: int) -> None:
    """Take rights away from ``path`` and all that is in it."""
    inside = [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    folders = [Path(folder) for folder, _, _ in os.walk(path)]
    for each in [*inside, *reversed(folders)] if path.is_dir() else [path]:
        each.chmod(mode if each.is_dir() or each == path else mode & 0o666)


@pytest.mark.parametrize(
    ("place", "mode", "arguments"),
    [
        ("", 0o500, ["ingest", FORM]),
        ("", 0o500, ["publish"]),
        ("", 0o500, ["status"]),
        ("registry.sqlite", 0o000, ["list"]),
        ("registry.sqlite", 0o000, ["verify"]),
        ("registry.sqlite", 0o400, ["ingest", FORM]),
        ("files", 0o500, ["ingest", FORM]),
        ("files", 0o000, ["verify"]),
        ("public/releases", 0o500, ["rebuild"]),
        ("public", 0o000, ["query", "ASK {}"]),
        ("run", 0o500, ["rebuild"]),
        ("run", 0o500, ["serve", "--port", "0"]),
    ],
)
def test_what_may_not_be_read_or_written_is_named(
    run: Run, catalog: Command, place: str, mode: int, arguments: list[str]
) -> None:
    before = catalog.states()
    target = catalog.home / place
    closed(target, mode)
    ended = run(*arguments)
    assert ended.returncode == 1, ended
    assert "[no-access]" in ended.stderr
    assert str(target) in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    closed(target, 0o700)
    assert catalog.states() == before
    assert catalog("verify")


@pytest.mark.parametrize("called", ["init", "backup", "restore"])
def test_a_folder_that_may_not_be_written_to(run: Run, catalog: Command, tmp_path: Path, called: str) -> None:
    catalog("backup", tmp_path / "copy")
    kept = tmp_path / "kept"
    kept.mkdir()
    kept.chmod(0o500)
    home = [] if called == "backup" else ["--home", str(kept / "home")]
    arguments = {"init": [], "backup": [kept / "copy"], "restore": [tmp_path / "copy"]}[called]
    ended = run(*home, called, *arguments)
    assert (ended.returncode, list(kept.iterdir())) == (1, [])
    assert f"error: {kept}" in ended.stderr
    assert "[no-access]" in ended.stderr


def test_a_data_file_that_cannot_be_kept_stops_the_call_and_stores_no_form_without_it(
    run: Run, catalog: Command
) -> None:
    before = catalog.states()
    closed(catalog.home / "files", 0o500)
    assert "[no-access]" in run("ingest", EXAMPLES / "nio.yaml").stderr
    closed(catalog.home / "files", 0o700)
    assert catalog.states() == before


def test_a_query_that_is_not_utf_8_is_a_wrong_call(catalog: Command, tmp_path: Path) -> None:
    query = tmp_path / "query.rq"
    query.write_bytes(b'ASK { ?s ?p "\xe9" }')
    catalog("query", "-f", query, code=2)
    assert f"error: {query}: the query is not UTF-8" in catalog.err
