"""House rules a machine can check: clean text, whole pins, small files, a command that starts at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PEERS = "requirements-peers.lock"
PACKAGES = ("catalog", "server")
MOST_LINES = 400

# Files that may be longer than MOST_LINES, each with the reason why cutting it would not help its reader.
LONG_FILES = {
    "server/public/view.py": "what a record's page says, a method for each part of the record",
}

# Not written here: their style is their authors'.
VENDORED = ("server/public/static/uplot/",)
# In these a # before digits is a colour, a comment or data.
NO_ISSUE_NUMBERS_IN = {".css", ".js", ".svg", ".xdi", ".csv", ".ttl", ".lock", ".json"}

MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|work|builds)/[\w.-]{2,}|\b[A-Z]:\\[A-Za-z]")
LEFT_OVER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b")
ISSUE_NUMBER = re.compile(
    r"(?i:\b(?:issue|ticket|pull request|pr|fixes|closes)\s+#?\d)|(?<![\w&/#(])#\d{1,4}\b"
)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@pytest.fixture(scope="module")
def texts(repository_files: list[Path]) -> dict[str, str]:
    """The text files of the repository by their name, without vendored ones."""
    found = {}
    for path in repository_files:
        name = path.relative_to(ROOT).as_posix()
        content = path.read_bytes()
        if b"\0" not in content and not name.startswith(VENDORED):
            found[name] = content.decode("utf-8")
    return found


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def occurrences(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {found[0]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        for found in pattern.finditer(line)
    ]


def pins(lock: str) -> dict[str, list[tuple[str, str, int]]]:
    """Package -> (version, marker, number of hashes), several where a marker chooses."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in filter(None, map(str.strip, text.splitlines())):
        head, *hashes = re.split(r"\s+(?=--hash)", line)
        pinned = re.fullmatch(r"([a-z0-9][a-z0-9-]*)==([\w.]+)(?:\s*;\s*(.+))?", head)
        assert pinned, f"{lock}: this is no pin: {line[:100]}"
        assert all(HASH.fullmatch(each) for each in hashes), f"{lock}: a hash of {head} is malformed"
        found.setdefault(pinned[1], []).append((pinned[2], pinned[3] or "", len(hashes)))
    return found


def test_the_text_files_are_found(texts: dict[str, str]) -> None:
    assert {"README.md", "catalog/errors.py", "ontology/xafscat.ttl", ".ci/run"} <= texts.keys()
    assert not [name for name in texts if "__pycache__" in name or name.startswith((".git/", ".venv/"))]


def test_no_file_names_a_place_on_somebodys_machine(texts: dict[str, str]) -> None:
    here = re.compile("|".join(rf"{re.escape(str(place))}(?![\w-])" for place in (ROOT, Path.home())))
    assert occurrences(texts, MACHINE_PATH) == []
    assert occurrences(texts, here) == []


def test_nothing_is_left_to_do_in_a_comment(texts: dict[str, str]) -> None:
    assert occurrences(texts, LEFT_OVER) == []


def test_no_file_refers_to_an_issue_by_number(texts: dict[str, str]) -> None:
    wanted = {name: text for name, text in texts.items() if Path(name).suffix not in NO_ISSUE_NUMBERS_IN}
    assert occurrences(wanted, ISSUE_NUMBER) == []


@pytest.mark.parametrize(
    ("pattern", "bad"),
    [
        (MACHINE_PATH, "see /ho" + "me/anna/data"),
        (MACHINE_PATH, "open C:" + "\\Users"),
        (LEFT_OVER, "# TO" + "DO later"),
        (ISSUE_NUMBER, "as in iss" + "ue 12"),
        (ISSUE_NUMBER, "see #" + "12"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], bad: str) -> None:
    assert pattern.search(bad)


def test_text_files_end_with_a_line_end_and_have_unix_line_ends(texts: dict[str, str]) -> None:
    ours = {name: text for name, text in texts.items() if not name.startswith("tests/data/")}
    assert [name for name, text in ours.items() if text and not text.endswith("\n")] == []
    assert [name for name, text in ours.items() if "\r" in text] == []


def test_files_stay_short() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    long = {name for name, lines in lengths.items() if lines > MOST_LINES}
    assert len(lengths) > 50
    assert sorted(long - LONG_FILES.keys()) == [], "divide the file, or say above why not"
    assert sorted(LONG_FILES.keys() - lengths.keys()) == []


def test_every_module_has_its_floor_in_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    block = text.partition("```\nfloor 0")[2].partition("```")[0]
    words = set(re.findall(r"[a-z][a-z_/]*\*?", block))
    for package in PACKAGES:
        for path in (ROOT / package).iterdir():
            name = path.stem if package == "catalog" and path.stem != "cli" else f"{package}/{path.stem}"
            if path.stem.startswith("_") or not (path.suffix == ".py" or (path / "__init__.py").exists()):
                continue
            starred = any(word.endswith("*") and name.startswith(word[:-1]) for word in words)
            assert name in words or starred, f"{name} stands on no floor in ARCHITECTURE.md"


@pytest.mark.parametrize("lock", [*LOCKS, PEERS])
def test_every_pin_has_its_hashes_and_no_host_is_named(lock: str) -> None:
    found = pins(lock)
    assert len(found) > 20
    assert [name for name, entries in found.items() if any(hashes == 0 for _, _, hashes in entries)] == []
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|trusted-host| @ |^-[ef]", text, re.MULTILINE)


def test_both_locks_pin_the_same_versions() -> None:
    run, develop = map(pins, LOCKS)
    both = run.keys() & develop.keys()
    assert both == run.keys(), "the development lock holds what the program needs as well"
    assert [name for name in both if run[name] != develop[name]] == []


def test_the_locks_satisfy_the_bounds(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    run, develop = map(pins, LOCKS)
    for lock, wanted in (
        (
            run,
            chain(project["project"]["dependencies"], extras["build"], project["build-system"]["requires"]),
        ),
        (develop, extras["dev"]),
    ):
        for requirement in map(Requirement, wanted):
            entries = lock[canonicalize_name(requirement.name)]
            assert all(version in requirement.specifier for version, _, _ in entries), str(requirement)


def test_the_lock_of_peers_holds_each_peer() -> None:
    lines = (ROOT / "tests" / "peers.in").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(stated) for line in lines if (stated := line.partition("#")[0].strip())]
    found = pins(PEERS)
    assert wanted
    for requirement in wanted:
        entries = found[canonicalize_name(requirement.name)]
        assert all(version in requirement.specifier for version, _, _ in entries), str(requirement)


def test_licence_files_say_which_licence_holds(project: dict[str, Any]) -> None:
    first_words = {
        name: (ROOT / name).read_text(encoding="utf-8")[:400] for name in project["project"]["license-files"]
    }
    assert first_words.keys() == {"LICENSE", "ontology/LICENSE", "shapes/LICENSE"}
    assert "Apache License" in first_words["LICENSE"]
    for part in ("ontology", "shapes"):
        assert "Attribution 4.0 International" in first_words[f"{part}/LICENSE"]
    for vendored in VENDORED:
        assert (ROOT / vendored / "LICENSE").stat().st_size > 500


def test_continuous_integration_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert re.search(r"\n(?:[A-Z_]+=\w+ )*make test\n\Z", text)
    assert "\nmake setup-peers &\n" in text
    assert '\nwait "$peers"\n' in text
    targets = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert {"setup", "demo", "test", "lint", "bench", "docs"} <= set(targets)


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["ingest", "--help"]], ids=["import", "help", "ingest"]
)
def test_the_command_starts_without_heavy_libraries(arguments: list[str]) -> None:
    heavy = {"flask", "granian", "pyoxigraph", "pyshacl", "rdflib", "rich", "sqlalchemy", "yaml"}
    program = (
        "import sys, catalog.cli\n"
        "if sys.argv[1:]: catalog.cli.main(standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stderr.split())
    assert "catalog.cli.deposits" in loaded
    assert loaded & heavy == set()
    assert ("Usage:" in done.stdout) == bool(arguments)
