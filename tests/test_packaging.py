"""The wheel: nothing of the checkout is missing in it, and it works where no checkout is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BUNDLED = ("ontology", "shapes", "examples")


def clean_environment() -> dict[str, str]:
    """Nothing of this environment but what any program needs."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


def run(*command: str | Path, cwd: Path) -> str:
    """The standard output of a command that must succeed."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(target: str, source: Path, folder: Path) -> Path:
    """The one file that hatchling builds of the project in ``source``."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder, cwd=source)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that holds the wheel, and sees the libraries of this one but not the checkout."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
    target = ("--python", folder / "bin" / "python")
    run(*pip, *target, "install", "-q", "--no-deps", "--no-index", "--no-compile", wheel, cwd=folder.parent)
    (site,) = folder.glob("lib/python*/site-packages")
    libraries = {
        str(distribution(Requirement(line).name).locate_file("")) for line in PROJECT["dependencies"]
    }
    # Folders named here are searched last, and their own .pth files (the editable install's) are not read.
    (site / "libraries.pth").write_text("\n".join(sorted(libraries)) + "\n", encoding="utf-8")
    return folder


def test_the_wheel_holds_every_file_of_the_data_folders(
    names: set[str], repository_files: list[Path]
) -> None:
    files = [path.relative_to(ROOT).as_posix() for path in repository_files]
    wanted = {
        f"catalog/_data/{name}" for name in files if name.startswith(tuple(f"{each}/" for each in BUNDLED))
    }
    assert len(wanted) > 150
    assert sorted(wanted - names) == []


def test_the_wheel_holds_every_file_of_the_packages(names: set[str], repository_files: list[Path]) -> None:
    files = {path.relative_to(ROOT).as_posix() for path in repository_files}
    wanted = {name for name in files if name.startswith(("catalog/", "server/"))}
    assert {"catalog/py.typed", "server/py.typed", "server/public/templates/record.html"} <= wanted
    assert [name for name in wanted if name.startswith("server/public/translations/")]
    assert sorted(wanted - names) == []


def test_the_wheel_holds_nothing_else(names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"catalog", "server", f"xafscat-{PROJECT['version']}.dist-info"}
    assert [name for name in names if name.endswith((".pyc", ".orig", ".rej", ".db"))] == []


def test_the_wheel_holds_the_licences(names: set[str]) -> None:
    folder = f"xafscat-{PROJECT['version']}.dist-info/licenses"
    assert {f"{folder}/{name}" for name in PROJECT["license-files"]} <= names


def test_a_wheel_made_from_the_source_distribution_is_the_same(names: set[str], tmp_path: Path) -> None:
    packed = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    assert (source / "tests" / "test_packaging.py").is_file()
    with zipfile.ZipFile(build("wheel", source, tmp_path / "wheel")) as archive:
        assert set(archive.namelist()) == names


def test_both_packages_come_from_the_wheel(environment: Path, tmp_path: Path) -> None:
    program = """
import json, catalog, server
from importlib.metadata import packages_distributions
from catalog.resources import data_root
owners = packages_distributions()
# The developer's editable install is seen as well; it is the same distribution.
owned = [sorted(set(owners[name])) for name in ("catalog", "server")]
print(json.dumps([catalog.__file__, server.__file__, str(data_root()), *owned]))
"""
    found = json.loads(run(environment / "bin" / "python", "-c", program, cwd=tmp_path))
    (site,) = environment.glob("lib/python*/site-packages")
    assert found == [
        str(site / "catalog" / "__init__.py"),
        str(site / "server" / "__init__.py"),
        str(site / "catalog" / "_data"),
        ["xafscat"],
        ["xafscat"],
    ]


def test_the_installed_command_takes_a_deposit_to_an_answer(environment: Path, tmp_path: Path) -> None:
    command = environment / "bin" / "xafscat"
    (site,) = environment.glob("lib/python*/site-packages")
    deposits = site / "catalog" / "_data" / "examples" / "deposits"
    assert run(command, "--version", cwd=tmp_path).split()[-1] == PROJECT["version"]
    run(command, "init", "--base", "https://xafs.example.org", cwd=tmp_path)
    receipts = run(
        command, "ingest", deposits / "fe-foil-pf9c.yaml", deposits / "feo.yaml", "--json", cwd=tmp_path
    )
    ids = [json.loads(line)["record"] for line in receipts.splitlines()]
    assert len(ids) == 2
    made = json.loads(run(command, "publish", "--json", cwd=tmp_path))
    assert (made["release"], made["added"], made["left"]) == (1, 2, {})
    assert f"https://xafs.example.org/record/{ids[0]}" in run(
        command, "show", ids[0], "--format", "turtle", cwd=tmp_path
    )
    query = "PREFIX xafs: <https://w3id.org/xafscat/ns#> SELECT (COUNT(*) AS ?n) { ?s a xafs:Spectrum }"
    assert run(command, "query", query, "--format", "csv", cwd=tmp_path).split() == ["n", "2"]
    assert json.loads(run(command, "verify", "--json", cwd=tmp_path))["good"]
    assert {entry.name for entry in tmp_path.iterdir()} == {"xafscat-data"}


class Served(NamedTuple):
    """A catalog served by the installed command: its address, its one record, the folder it runs in."""

    address: str
    record: str
    folder: Path


@pytest.fixture(scope="module")
def served(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    command = environment / "bin" / "xafscat"
    folder = tmp_path_factory.mktemp("served")
    (site,) = environment.glob("lib/python*/site-packages")
    form = site / "catalog" / "_data" / "examples" / "deposits" / "fe-foil-pf9c.yaml"
    run(command, "init", cwd=folder)
    receipt = json.loads(run(command, "ingest", form, "--publish", "--json", cwd=folder).splitlines()[0])
    process = subprocess.Popen(
        [command, "serve", "--port", "0"],
        cwd=folder,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Serving http://127.0.0.1:"), line
        yield Served(line.split()[1].rstrip("/"), receipt["record"], folder)
    finally:
        process.terminate()
        _, complaints = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in complaints


def get(address: str, accept: str, language: str = "en") -> str:
    request = Request(address, headers={"Accept": accept, "Accept-Language": language})
    # No proxy: the address is this machine's own.
    with build_opener(ProxyHandler({})).open(request, timeout=30) as response:
        assert response.status == 200
        content: str = response.read().decode()
        return content


def test_the_installed_command_serves_pages_data_and_answers(served: Served) -> None:
    record = f"{served.address}/record/{served.record}"
    page = get(record, "text/html")
    assert "<html" in page
    assert "鉄箔" in get(record, "text/html", "ja")
    statics = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(statics) >= 3
    for linked in statics:
        assert get(f"{served.address}{linked}", "*/*")
    assert f"/record/{served.record}" in get(record, "text/turtle")
    asked = urlencode({"query": "ASK { ?s a <https://w3id.org/xafscat/ns#Spectrum> }"})
    assert "true" in get(f"{served.address}/sparql?{asked}", "application/sparql-results+json")
    for path in ("/", "/ontology", "/shapes", "/context.jsonld", "/sparql"):
        assert get(f"{served.address}{path}", "text/html,*/*;q=0.1")


def documented(page: str, language: str) -> str:
    """The first block of a page in a language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(rf"(?ms)^```{language}\n(.*?)^```$", text)
    assert found, f"{page} has no block in {language}"
    return found[1]


def test_the_documented_python_client_works(served: Served) -> None:
    program = f"{documented('docs/query.md', 'python')}\nprint(rows({served.address + '/sparql'!r}, QUERY))"
    assert f"/record/{served.record}" in run(sys.executable, "-c", program, cwd=served.folder)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_documented_calls_of_curl_work(served: Served) -> None:
    (served.folder / "coverage.rq").write_text(documented("README.md", "sparql"), encoding="utf-8")
    calls = [documented("docs/query.md", "sh")]
    for page in ("README.md", "README.ja.md"):
        calls += re.findall(r"(?m)^\$ (curl .*)$", (ROOT / page).read_text(encoding="utf-8"))
    assert len(calls) == 3
    for call in calls:
        local = call.replace("http://127.0.0.1:8000", served.address)
        assert local != call
        answer = run(
            "/bin/sh", "-c", f"{local.strip()} --silent --show-error --noproxy '*'", cwd=served.folder
        )
        assert answer.split() == ["element,edge,spectra", "Fe,K,1"]
