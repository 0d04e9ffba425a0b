"""A small catalog to publish from: deposits by a line, a clock that is set, and what the world sees of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from catalog import curation
from catalog.config import Settings, load_settings
from catalog.document import Form
from catalog.engines import engine
from catalog.exports import write_triples
from catalog.filestore import FileStore
from catalog.normalise import StoredFile, normalise
from catalog.portal import PREFIXES, page_triples, pages_of
from catalog.postings import keys_of, unpack
from catalog.publishing import Publication, frame_of, publish
from catalog.registry import Attachment, NewDeposit, create_registry, open_registry
from catalog.release_dumps import dump, expected_dump
from catalog.releases import Release, open_current
from catalog.vocabulary import vocabulary

BASE = "https://example.org/xafs"
START = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
# ORCID's own documentation example; the organisations are examples as well.
ORCID = "0000-0002-1825-0097"
SYNTAXES = {
    "turtle": ox.RdfFormat.TURTLE,
    "json-ld": ox.RdfFormat.JSON_LD,
    "xml": ox.RdfFormat.RDF_XML,
}
RORS = ("https://ror.org/0117jxy09", "https://ror.org/019wvm592")


class World:
    """A catalog in a folder. ``now`` is its clock; every change and publication happens at it."""

    def __init__(self, home: Path, *, timezone: str = "Asia/Tokyo", keep: int = 3) -> None:
        if not home.exists():
            home.mkdir()
            create_registry(home, BASE, now=START)
        self.settings: Settings = load_settings(
            home, {"timezone": timezone, "keep_releases": keep}, environ={}
        )
        self.registry = open_registry(home)
        self.files = FileStore(self.settings.files_path)
        self.now = START

    @property
    def public(self) -> Path:
        return self.settings.public_path

    def wait(self, **amount: float) -> None:
        self.now += timedelta(**amount)

    def deposit(
        self,
        identifier: str,
        *,
        data: str = "",
        hidden_until: date | None = None,
        draft: bool = False,
        **form: Any,
    ) -> NewDeposit:
        """Save a new record, approved unless it is to stay a draft."""
        made = self._made(identifier, data, hidden_until, form)
        self.registry.save_deposit(made, now=self.now, actor="test")
        if not draft:
            self.approve(identifier)
        return made

    def approve(self, identifier: str) -> None:
        curation.approve(self.registry, identifier, zone=self.settings.zone, now=self.now, actor="test")

    def update(self, identifier: str, *, data: str = "", **form: Any) -> None:
        self.registry.save_version(self._made(identifier, data, None, form), now=self.now, actor="test")

    def withdraw(self, identifier: str) -> None:
        reason = {"en": "Measured at the wrong edge.", "ja": "吸収端の誤り。"}
        curation.withdraw(
            self.registry, identifier, reason=reason, zone=self.settings.zone, now=self.now, actor="test"
        )

    def publish(self) -> Publication:
        return publish(self.settings, self.registry, now=self.now, actor="test")

    def release(self) -> Release:
        return open_current(self.public)

    def release_number(self) -> int:
        release = self.release()
        release.close()
        return release.number

    def shown(self) -> dict[str, Any]:
        """All the public folder says, without what differs by number or by chance (file names inside stores)."""
        release = self.release()
        try:
            own_number = f'"{release.number}" .'.encode()
            lines = dump(release, self.settings.run_path)
            entries = list(release.entries())
            return {
                "dump": [line for line in lines if not line.endswith(own_number)],
                "hash": release.hash,
                "totals": dict(release.manifest.totals),
                "entries": [
                    (item.id, item.state, item.document, item.issued, item.datestamp) for item in entries
                ],
                "authorities": list(release.authorities()),
                "files": {item.id: [file.name for file in release.files(item.id)] for item in entries},
                "curves": {item.id: release.curves(item.id) for item in entries},
                "latest": [item.id for item in release.latest(100)],
                "counts": release.counts(),
                "by": {
                    column: release.spectra_by(column) for column in ("element", "edge", "facility", "mode")
                },
                "index": index_rows(release.path / "index.sqlite"),
                "links": release.links,
                "statistics": set(release.statistics),
                "pages": pages_of_catalog(release),
            }
        finally:
            release.close()

    def agrees(self) -> bool:
        """Whether the canonical dump of the store is the one made from the public documents."""
        release = self.release()
        try:
            folder, frame = self.settings.run_path, frame_of(self.settings, BASE)
            return list(dump(release, folder)) == list(expected_dump(release, frame, folder))
        finally:
            release.close()

    def ask(self, query: str) -> list[tuple[str, ...]]:
        """The rows of a SPARQL query on the store of the current release, as text."""
        release = self.release()
        store = engine().read(release.store_path)
        try:
            return sorted(tuple(str(value) for value in row) for row in store.query(query))
        finally:
            store.close()
            release.close()

    def close(self) -> None:
        self.registry.close()

    def _made(
        self, identifier: str, data: str, hidden_until: date | None, changes: dict[str, Any]
    ) -> NewDeposit:
        values = {**example_form(identifier), **changes}
        attachments, stored = [], {}
        if data:
            blob = self.files.put_bytes(data.encode())
            name = f"{identifier}.dat"
            values["spectra"] = [{**values["spectra"][0], "files": [name]}, *values["spectra"][1:]]
            stored[name] = StoredFile(blob.sha256, blob.size, "text/plain")
            curve = self.files.put_bytes(json.dumps({"energy_ev": [1], "signal": [len(data)]}).encode())
            attachments = [
                Attachment("spectrum-1.file-1", "data", name, blob.sha256, blob.size, "text/plain"),
                Attachment(
                    "spectrum-1", "curve", "spectrum-1.json", curve.sha256, curve.size, "application/json"
                ),
            ]
        iri = f"{BASE}/record/{identifier}"
        document = normalise(
            Form(values), iri=iri, base=BASE, vocabulary=vocabulary(), attachments=stored
        ).document
        source = hashlib.sha256(
            json.dumps([identifier, values, data, str(self.now)], default=str).encode()
        ).hexdigest()
        return NewDeposit(
            identifier,
            document,
            values,
            {},
            source,
            identifier,
            attachments=attachments,
            hidden_until=hidden_until,
        )


def example_form(identifier: str) -> dict[str, Any]:
    """A deposit form that reaches the findable level."""
    return {
        "title": {"en": f"Example data: foil {identifier}", "ja": "例示データ: 鉄箔"},
        "kind": "standard",
        "access": "open",
        "license": "CC-BY-4.0",
        "creators": [{"name": "Example Person", "orcid": ORCID}],
        "facility": "Photon Factory",
        "beamline": "BL-9C",
        "sample": {"name": {"en": "iron foil", "ja": "鉄箔"}, "formula": "Fe", "form": "foil"},
        "spectra": [{"element": "Fe", "edge": "K", "mode": "transmission", "temperature": "298.150 K"}],
    }


def pages_of_catalog(release: Release, size: int = 2) -> dict[str, list[bytes]]:
    """The bytes of all pages of ``/catalog`` in each syntax."""
    pages = [page_triples(release, number, size) for number in range(1, pages_of(release, size) + 1)]
    return {
        name: [write_triples(page, rdf_format, PREFIXES) for page in pages]
        for name, rdf_format in SYNTAXES.items()
    }


def index_rows(path: Path) -> dict[str, list[Any]]:
    """The rows of an index as they mean something, without the keys and places history has given them."""
    queries = {
        "records": "SELECT id, state, sha256, issued, modified, triples FROM records ORDER BY id",
        "spectra": "SELECT r.id, s.part, e.text, f.text, b.text, m.text, a.text, s.formula, s.curve FROM spectra s"
        " JOIN records r ON r.key = s.record LEFT JOIN terms e ON e.key = s.element LEFT JOIN terms f"
        " ON f.key = s.facility LEFT JOIN terms b ON b.key = s.beamline LEFT JOIN terms m ON m.key = s.mode"
        " LEFT JOIN terms a ON a.key = s.material ORDER BY 1, 2",
        "edges": "SELECT r.id, e.number, t.text FROM edges e JOIN records r ON r.key = e.record"
        " JOIN terms t ON t.key = e.edge ORDER BY 1, 2, 3",
        "facts": "SELECT iri, text, uses FROM facts ORDER BY 1, 2",
        "learned": "SELECT r.id, f.iri, f.text FROM learned l JOIN records r ON r.key = l.record"
        " JOIN facts f ON f.key = l.fact ORDER BY 1, 2, 3",
        "authorities": "SELECT iri, sha256, triples FROM authorities ORDER BY 1",
        "terms": "SELECT text, uses FROM terms ORDER BY 1",
        "served": "SELECT sha256, uses FROM served ORDER BY 1",
        "files": "SELECT r.id, f.number, f.spectrum, f.sha256, f.name, f.bytes, t.text FROM files f JOIN records r"
        " ON r.key = f.record LEFT JOIN terms t ON t.key = f.media_type ORDER BY 1, 2",
        "sets": "SELECT spec, uses FROM sets ORDER BY 1",
        "members": "SELECT r.id, s.spec FROM members m JOIN records r ON r.key = m.record JOIN sets s"
        ' ON s.key = m."set" ORDER BY 1, 2',
        "tallies": "SELECT kind, name, value FROM tallies ORDER BY 1, 2",
        "hashes": "SELECT sorted FROM hashes",
        "meta": "SELECT name, value FROM meta WHERE name NOT IN ('release', 'made') ORDER BY 1",
        "totals": "SELECT name, value FROM totals WHERE value > 0 ORDER BY 1",
    }
    with closing(sqlite3.connect(path)) as connection:
        found = {name: connection.execute(query).fetchall() for name, query in queries.items()}
        ids = dict(connection.execute("SELECT key, id FROM records"))
        words = connection.execute("SELECT word, block, bits FROM words ORDER BY 1, 2").fetchall()
    said: dict[str, list[str]] = {}
    for word, block, bits in words:
        said.setdefault(word, []).extend(sorted(ids[key] for key in keys_of({block: unpack(bits)})))
    return {**found, "words": list(said.items())}


@pytest.fixture(scope="session")
def two_releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """The home folder of a catalog with two releases, and what its clock shows; to be copied, not changed."""
    world = World(tmp_path_factory.mktemp("template") / "home")
    world.deposit("aaaaaaaaaa", data="7112 1.0", sample={"name": "foil", "formula": "Fe", "id": "foil-1"})
    world.deposit("bbbbbbbbbb")
    world.publish()
    world.wait(days=1)
    world.deposit("cccccccccc", data="8979 1.0")
    world.update("bbbbbbbbbb", title="Example data: another title")
    world.publish()
    world.close()
    return world.settings.home, world.now


@pytest.fixture
def make_world(tmp_path: Path, two_releases: tuple[Path, datetime]) -> Iterator[Callable[..., World]]:
    """A function that makes a catalog in a folder of its own; all are closed at the end.

    ``filled`` gives it two releases with the records aaaaaaaaaa, bbbbbbbbbb and cccccccccc.
    """
    made: list[World] = []

    def make(name: str | Path = "home", *, filled: bool = False, **options: Any) -> World:
        template, moment = two_releases
        if filled:
            shutil.copytree(template, tmp_path / name, symlinks=True)
        made.append(World(tmp_path / name, **options))
        if filled:
            made[-1].now = moment
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB; skipped where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    able = os.geteuid() == 0 and shutil.which("mount") is not None
    if not able or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A fresh catalog."""
    return make_world()


@pytest.fixture
def filled(make_world: Callable[..., World]) -> World:
    """A catalog with two releases and the records aaaaaaaaaa, bbbbbbbbbb and cccccccccc."""
    return make_world(filled=True)
