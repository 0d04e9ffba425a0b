"""What all tests share: real data, deterministic examples, and proof that no test reaches the network."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_socket
from hypothesis import settings

if TYPE_CHECKING:
    from catalog.registry import NewDeposit, Registry

PROJECT = Path(__file__).resolve().parents[1]

settings.register_profile("suite", derandomize=True, database=None, deadline=None, max_examples=200)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files beside the project; tests that need it are skipped where it is absent."""
    folder = PROJECT.parent / "shared"
    if not (folder / "data" / "corpus").is_dir():
        pytest.skip("the shared folder with the corpus of real files is not beside the project")
    return folder


@pytest.fixture(scope="session")
def peer() -> Callable[[str], Path]:
    """A function that finds a program of others: in .venv-peers, else on the PATH; without it the test is skipped."""

    def find(name: str) -> Path:
        program = PROJECT / ".venv-peers" / "bin" / name
        found = str(program) if program.is_file() else shutil.which(name)
        if found is None:
            pytest.skip(f"the program {name} is in neither .venv-peers nor the PATH: run make setup-peers")
        return Path(found)

    return find


@pytest.fixture(scope="session")
def repository_files() -> list[Path]:
    """The files of the project's repository, sorted: all but what .gitignore and git itself keep out."""
    lines = (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()
    left_out = [".git", *(line.strip("/") for line in lines if line.strip())]
    found: list[Path] = []
    for folder, folders, names in os.walk(PROJECT):
        kept = [name for name in folders if not any(fnmatch.fnmatch(name, each) for each in left_out)]
        folders[:] = kept
        found += [Path(folder) / name for name in names]
    return sorted(found)


@pytest.fixture(scope="session", autouse=True)
def _network_is_blocked() -> None:
    """Fails the session unless a connection to an outside address is refused before it leaves the process."""
    with socket.socket() as probe:
        probe.settimeout(0.05)
        refused = pytest.raises(pytest_socket.SocketConnectBlockedError)
        with pytest.warns(UserWarning, match="192.0.2.1"), refused:
            probe.connect(("192.0.2.1", 80))


@pytest.fixture(scope="session")
def make_deposit() -> Callable[..., NewDeposit]:
    """A function that makes a small deposit of the base https://example.org/xafs; keywords replace its fields."""
    from catalog.document import Origin
    from catalog.registry import NewDeposit

    def make(record_id: str, *, extra: dict[str, Any] | None = None, **fields: Any) -> NewDeposit:
        title = {"en": f"Example data: foil {record_id}", "ja": "例示データ: 鉄箔"}
        given = {
            "document": {
                "id": f"https://example.org/xafs/record/{record_id}",
                "title": title,
                **(extra or {}),
            },
            "form": {"title": title, "facility": "Photon Factory"},
            "origins": {"/facility": Origin("header", "foil.xdi", 3, "Facility.name", "Photon Factory")},
            "source_sha256": hashlib.sha256(record_id.encode()).hexdigest(),
            "source_name": f"{record_id}.xdi",
        }
        return NewDeposit(record_id, **{**given, **fields})

    return make


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A fresh registry in ``tmp_path`` with the base https://example.org/xafs."""
    from catalog.registry import create_registry, open_registry

    create_registry(tmp_path, "https://example.org/xafs", now=datetime(2026, 5, 1, tzinfo=UTC))
    with open_registry(tmp_path) as opened:
        yield opened
