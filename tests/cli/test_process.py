"""The installed command as a shell meets it: exit codes, the two outputs, a pipe that closes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalog import __version__

XAFSCAT = Path(sys.executable).with_name("xafscat")


def call(folder: Path, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XAFSCAT_")}
    return subprocess.run(
        [XAFSCAT, *map(str, arguments)],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert call(tmp_path, "init").returncode == 0
    return tmp_path / "xafscat-data"


def test_the_version_is_the_distribution_s(tmp_path: Path) -> None:
    done = call(tmp_path, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"xafscat, version {__version__}\n", "")


def test_good_calls_end_with_0(home: Path, form: Path) -> None:
    for arguments in (
        ["formats"],
        ["inspect", form],
        ["validate", form],
        ["ingest", form, "--publish"],
        ["verify"],
    ):
        done = call(home.parent, *arguments)
        assert (done.returncode, done.stderr) == (0, ""), arguments


@pytest.mark.parametrize(
    "arguments", [["inspect", "bad.yaml"], ["validate", "bad.yaml"], ["ingest", "bad.yaml"], ["show", "x"]]
)
def test_findings_and_failures_end_with_1(home: Path, arguments: list[str]) -> None:
    (home.parent / "bad.yaml").write_text("spectra: [\n", encoding="utf-8")
    done = call(home.parent, *arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "bad.yaml" in done.stdout or "error:" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["nosuchcommand"],
        ["inspect"],
        ["inspect", "x", "--nosuchoption"],
        ["list", "--state", "x"],
        ["init", "--base", "x"],
    ],
)
def test_wrong_calls_end_with_2(tmp_path: Path, arguments: list[str]) -> None:
    done = call(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "rror: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_home_folder_comes_from_option_variable_or_here(home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert call(elsewhere, "status").returncode == 2
    assert json.loads(call(elsewhere, "status", "--json", XAFSCAT_HOME=str(home)).stdout)["home"] == str(home)
    assert call(elsewhere, "--home", home, "status", XAFSCAT_HOME=str(elsewhere)).returncode == 0
    assert list(elsewhere.iterdir()) == []


def test_a_wrong_setting_in_the_environment_is_named(home: Path) -> None:
    done = call(home.parent, "status", XAFSCAT_PROT="8001")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean port?" in done.stderr


def test_a_reader_of_the_output_may_leave(home: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{XAFSCAT}' formats --json | head -c 1"],
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("{", "")
