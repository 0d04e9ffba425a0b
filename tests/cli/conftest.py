"""A catalog of its own for each test, and the command that works on it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from catalog.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "deposits"


@dataclass
class Command:
    """The command ``xafscat --home HOME``; ``err`` is what the last call wrote to standard error."""

    home: Path
    err: str = ""

    def __call__(self, *arguments: str | Path, code: int = 0, stdin: str | None = None) -> str:
        """The standard output of a call that ends with the exit code ``code``."""
        result = CliRunner().invoke(main, ["--home", str(self.home), *map(str, arguments)], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, f"{arguments}: {result.exit_code}\n{result.stdout}\n{result.stderr}"
        self.err = result.stderr
        return result.stdout

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """The JSON document that a call prints."""
        return json.loads(self(*arguments, "--json", code=code))

    def lines(self, *arguments: str | Path, code: int = 0) -> list[dict[str, Any]]:
        """The JSON objects that a call prints, one a line."""
        return [json.loads(line) for line in self(*arguments, "--json", code=code).splitlines()]

    def states(self) -> dict[str, int]:
        """How many records there are in each state that has any."""
        counts = self.json("status")["records"]
        return {state: count for state, count in counts.items() if count}


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The command with a home folder that does not exist yet."""
    return Command(tmp_path / "home")


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new catalog, to be copied."""
    command = Command(tmp_path_factory.mktemp("empty") / "home")
    command("init", "--base", "https://xafs.example.org")
    return command.home


@pytest.fixture(scope="session")
def foil_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with one published record, to be copied."""
    command = Command(tmp_path_factory.mktemp("foil") / "home")
    shutil.copytree(empty_home, command.home)
    command("ingest", EXAMPLES / "fe-foil-pf9c.yaml", "--publish")
    return command.home


@pytest.fixture
def catalog(command: Command, empty_home: Path) -> Command:
    """The command with an empty catalog of the base https://xafs.example.org."""
    shutil.copytree(empty_home, command.home)
    return command


@pytest.fixture
def deposits() -> Path:
    """The folder of the bundled example deposits."""
    return EXAMPLES


@pytest.fixture
def foil(catalog: Command, foil_home: Path) -> str:
    """The id of the one record in ``catalog``: published, made from the bundled iron foil."""
    shutil.rmtree(catalog.home)
    shutil.copytree(foil_home, catalog.home, symlinks=True)
    (line,) = catalog.lines("list")
    return str(line["record"])


@pytest.fixture
def form(tmp_path: Path) -> Path:
    """A small deposit form that reaches the findable level (example data)."""
    path = tmp_path / "form.yaml"
    path.write_text(
        "title: {en: Example foil, ja: 例の箔}\naccess: open\nlicense: CC-BY-4.0\n"
        "creators: [{name: Example Researcher A}]\nfacility: Photon Factory\n"
        "sample: {name: iron foil, formula: Fe}\nspectra: [{element: Fe, edge: K}]\n",
        encoding="utf-8",
    )
    return path
