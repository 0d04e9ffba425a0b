"""Two public sites: one over a hand-made release, whatever documents a test needs; one published for real."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from flask import Flask
from flask.testing import FlaskClient

from catalog.approval import approve_ready
from catalog.config import Settings, load_settings
from catalog.curation import withdraw
from catalog.document import Form
from catalog.errors import CatalogError
from catalog.intake import find, ingest
from catalog.linking.listing import shipped_links
from catalog.linking.triples import link_triples
from catalog.normalise import normalise
from catalog.normalise_values import StoredFile
from catalog.projection import public_document, stamped
from catalog.publishing import publish
from catalog.registry import create_registry, open_registry
from catalog.releases import Entry, OpenFile, open_current
from catalog.resources import data_root
from catalog.states import Standing, State
from catalog.vocabulary import vocabulary
from server.limits import limits_of
from server.public.app import create_app
from server.public.environment import site_of
from server.public.languages import read_languages
from server.public.site import CC0, HERE, Site

BASE = "http://127.0.0.1:8000"
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
DATA = b"# energy mu\n7000 0.1\n7200 1.1\n"
SHA = hashlib.sha256(DATA).hexdigest()
AWARD = json.loads((Path(__file__).parents[1] / "data" / "award.json").read_text(encoding="utf-8"))

FOIL: dict[str, Any] = {
    "title": {"en": "Iron foil, Fe K edge", "ja": "鉄箔 Fe K吸収端"},
    "description": {
        "en": "A 5 µm iron foil measured as a standard.",
        "ja": "標準試料として測定した厚さ5 µmの鉄箔。",
    },
    "note": "Example data, not a measurement.",
    "kind": "standard",
    "access": "open",
    "license": "CC-BY-4.0",
    "doi": "10.99999/example.foil",
    "papers": ["10.99999/example.paper"],
    "round": {"id": "foil-2026", "name": {"en": "Example round-robin", "ja": "例示ラウンドロビン"}},
    "funding": [
        AWARD,
        {"funder": "Example Trust"},
    ],
    "facility": "Photon Factory",
    "beamline": "BL-9C",
    "creators": [
        {
            "name": {"en": "Example Person", "ja": "例示 太郎"},
            "orcid": "0000-0002-1825-0097",
            "affiliation": "Photon Factory",
        }
    ],
    "sample": {
        "id": "foil-set-7",
        "name": {"en": "iron foil", "ja": "鉄箔"},
        "formula": "Fe",
        "form": "foil",
        "thickness": "5 µm",
        "cas": "7439-89-6",
        "preparation": "As received.",
    },
    "spectra": [
        {
            "element": "Fe",
            "edge": "K",
            "technique": "XAFS",
            "mode": "transmission",
            "temperature": "25 °C",
            "pressure": "unknown",
            "ring_energy": "2.5 GeV",
            "ring_current": "450 mA",
            "monochromator": {
                "type": "crystal",
                "crystal": "Si",
                "reflection": "111",
                "d_spacing": "3.13551 Å",
            },
            "started": "2020-05-21T13:00:00+09:00",
            "energy": {"first": "6612 eV", "last": "8112 eV", "points": "676"},
            "calibration": {
                "standard": {"en": "iron foil", "ja": "鉄箔"},
                "edge": "Fe K",
                "feature": "first-derivative maximum",
                "assigned_energy": "7112.0 eV",
                "simultaneous": "true",
                "hc": "12398.52",
            },
            "files": ["Fe_foil.xdi"],
            "header": [{"key": "Beamline.focusing", "value": "parabolic mirror"}],
        }
    ],
}
OXIDE: dict[str, Any] = {
    **FOIL,
    "title": {"en": "Lead oxide, Pb L3 edge", "ja": "酸化鉛 Pb L3吸収端"},
    "description": {"en": "Powder in boron nitride.", "ja": "窒化ホウ素で希釈した粉末。"},
    "kind": "user",
    "access": "embargoed",
    "available": "2027-04-01",
    "doi": "10.99999/example.oxide",
    "sample": {"name": {"en": "lead oxide", "ja": "酸化鉛"}, "formula": "PbO2", "form": "powder"},
    "spectra": [{**FOIL["spectra"][0], "element": "Pb", "edge": ["L2", "L3"], "calibration": {}}],
}


@dataclass
class FakeRelease:
    """What a release answers, from a dict of documents."""

    entries: dict[str, Entry]
    paths: dict[str, OpenFile] = field(default_factory=dict)
    curves: dict[str, bytes] = field(default_factory=dict)
    number: int = 7
    hash: str = "ab" * 32
    base: str = BASE

    def record(self, identifier: str) -> Entry | None:
        return self.entries.get(identifier)

    def latest(self, limit: int) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.state == "published"][:limit]

    def listed(
        self,
        *,
        element: str = "",
        edge: str = "",
        text: str = "",
        offset: int = 0,
        limit: int = 50,
        **_: str,
    ) -> tuple[int, list[Entry]]:
        found = [
            entry
            for entry in self.latest(10**6)
            if text.casefold() in str(entry.document).casefold()
            and any(
                element in {"", item.get("element")} and (not edge or edge in item.get("edge", ""))
                for item in entry.document["spectra"]
            )
        ]
        return len(found), found[offset : offset + limit]

    def shown(self, offset: int, limit: int) -> list[Entry]:
        return self.latest(10**6)[offset : offset + limit]

    def series(self, offset: int, limit: int) -> tuple[int, list[str]]:
        return 0, []

    def entry(self, row: Entry) -> Entry:
        return row

    def counts(self) -> dict[str, int]:
        return {
            "records": len(self.latest(10**6)),
            "spectra": 2,
            "elements": 2,
            "facilities": 1,
            "triples": 321,
        }

    def spectra_by(self, column: str) -> dict[str, int]:
        counts = {"element": {"Fe": 31, "Pb": 1, "Cu": 12, "Mn": 4}, "edge": {"K": 12, "L3": 3}}
        return counts.get(column, {})

    def describe(self, iri: str) -> dict[str, Any] | None:
        found = self.entries.get(iri.removeprefix(f"{BASE}/record/"))
        return found.document if found else self.authority(iri)

    def file(self, identifier: str, sha_prefix: str) -> OpenFile | None:
        found = self.paths.get(identifier)
        return found if found and found.path.name.startswith(sha_prefix) else None

    def curve(self, identifier: str, part: str) -> bytes | None:
        return self.curves.get(identifier) if part == "spectrum-1" else None

    def authority(self, iri: str) -> dict[str, Any] | None:
        if iri == f"{BASE}/sample/foil-set-7":
            return {"id": iri, "type": ["prov:Entity", "sosa:Sample"], "sample_name": {"en": "iron foil"}}
        if iri == f"{BASE}/round/foil-2026":
            return {"id": iri, "type": "dcat:DatasetSeries", "title": {"en": "Example round-robin"}}
        return None

    def naming(self, authority: str, *, offset: int, limit: int) -> tuple[int, list[Entry]]:
        del authority
        return 1, [self.entries["foil7k3m9q"]][offset : offset + limit]

    @property
    def statistics(self) -> list[Any]:
        return []

    @property
    def link_graph(self) -> dict[str, list[ox.Triple]]:
        found: dict[str, list[ox.Triple]] = {}
        for triple in link_triples(shipped_links()):
            found.setdefault(triple.subject.value, []).append(triple)
        return found

    def links_of(self, material: str) -> list[ox.Triple]:
        return [triple for triple in link_triples(shipped_links()) if triple.subject.value == material]

    def of_materials(self, materials: list[str], *, offset: int, limit: int) -> tuple[int, list[Entry]]:
        del materials, offset, limit
        return 0, []

    @property
    def catalog(self) -> dict[str, Any]:
        return {
            "id": f"{BASE}/catalog",
            "type": ["dcat:Catalog", "dcat:Dataset"],
            "title": {"en": "Test catalog"},
        }


def document(record_id: str, values: dict[str, Any]) -> dict[str, Any]:
    """The public document of a deposit form."""
    attached = {"Fe_foil.xdi": StoredFile(SHA, len(DATA), "text/plain")}
    made = normalise(
        Form(values),
        iri=f"{BASE}/record/{record_id}",
        base=BASE,
        vocabulary=vocabulary(),
        attachments=attached,
    )
    public = public_document(made.document, Standing(State.PUBLISHED), TODAY, lambda iri: True)
    assert public is not None
    return stamped(
        public,
        issued=TODAY,
        modified=NOW,
        levels=["https://w3id.org/xafscat/shapes/findable"],
        base=BASE,
        metadata_license=CC0,
    )


def entry(record_id: str, values: dict[str, Any]) -> Entry:
    """A published record."""
    return Entry(record_id, "published", document(record_id, values), TODAY, NOW, 7, "0" * 64)


def gone(record_id: str) -> Entry:
    """A withdrawn record."""
    tombstone = {
        "id": f"{BASE}/record/{record_id}",
        "type": "xafs:Withdrawn",
        "issued": "2026-11-01",
        "withdrawn": "2026-11-19",
        "reason": {"en": "The wrong sample was described.", "ja": "試料の記載に誤りがあったため。"},
    }
    return Entry(record_id, "withdrawn", tombstone, date(2026, 11, 1), NOW, 7, "0" * 64)


def curve() -> bytes:
    """A made-up spectrum with an edge and some oscillation."""
    steps = [1.5 * number - 162 for number in range(600)]
    signal = [
        0.2 + 1 / (1 + math.exp(-step / 2)) * (1 + 0.25 * math.exp(-abs(step) / 120) * math.sin(step / 14))
        for step in steps
    ]
    energies = [7112 + step for step in steps]
    return json.dumps({"energy_ev": energies, "signal": signal, "label": "µt"}).encode()


@pytest.fixture
def fake_release(tmp_path: Path) -> FakeRelease:
    path = tmp_path / SHA
    path.write_bytes(DATA)
    foil, oxide, withdrawn = entry("foil7k3m9q", FOIL), entry("oxide8x2w0", OXIDE), gone("gone4x9p2a")
    return FakeRelease(
        {item.id: item for item in (foil, oxide, withdrawn)},
        {"foil7k3m9q": OpenFile(path, "Fe_foil.xdi", "text/plain")},
        {"foil7k3m9q": curve()},
    )


def site_over(release: Any, **options: Any) -> Site:
    def current() -> Any:
        if isinstance(release, CatalogError):
            raise release
        return release

    options.setdefault("title", {"en": "XAFS catalog", "ja": "XAFSカタログ"})
    options.setdefault("query_off", "switched off for this test")
    languages = read_languages(HERE / "translations")
    return Site(release=current, vocabulary=vocabulary(), languages=languages, **options)


@pytest.fixture
def app(fake_release: FakeRelease) -> Flask:
    return create_app(site_over(fake_release))


@pytest.fixture
def make_site() -> Callable[..., Site]:
    return site_over


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@dataclass(frozen=True)
class Published:
    """The bundled examples, published by the real path, and queries answered by a real broker."""

    app: Flask
    ids: dict[str, str]
    hidden: str
    withdrawn: str
    embargoed: str


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    home = tmp_path_factory.mktemp("catalog")
    create_registry(home, BASE, now=NOW)
    # All tests ask from one address.
    generous = {"client_queries": 0, "client_seconds": 0, "client_errors": 0}
    settings = load_settings(home, generous, environ={})
    with open_registry(settings.registry_path) as registry:
        found = find([data_root() / "examples" / "deposits"], settings)
        receipts = list(ingest(found, registry=registry, settings=settings, now=NOW, actor="test"))
        ids = {
            Path(receipt.file).stem: receipt.record_id
            for receipt in receipts
            if receipt.result == "stored" and receipt.record_id
        }
        approve_ready(registry, list(ids.values()), settings=settings, now=NOW, actor="test")
        publish(settings, registry, now=NOW, actor="test")
        released = open_current(settings.public_path)
        public = {item.id: item.document for item in released.entries()}
        released.close()
        # Record ids are random: the one withdrawn is chosen by its file, a record no example query asks for by itself.
        withdrawn = ids["goethite"]
        reason = {"en": "An example of a withdrawal.", "ja": "取り下げの例。"}
        withdraw(registry, withdrawn, reason=reason, zone=settings.zone, now=NOW, actor="test")
        publish(settings, registry, now=NOW, actor="test")
    # Paths of sockets are short by law, those of tests are not.
    with tempfile.TemporaryDirectory(prefix="xafs") as run, broker(settings, Path(run) / "q.sock") as socket:
        site = site_of(settings, read_languages(HERE / "translations"), socket=socket)
        assert site.query is not None
        with site.query:
            assert site.query.wait_ready(20)["state"] == "ready"
            yield Published(
                create_app(site),
                ids,
                hidden=next(key for key in ids.values() if key not in public),
                withdrawn=withdrawn,
                embargoed=next(key for key, item in public.items() if item["access"].endswith("c_f1cf")),
            )
            site.release.close()  # type: ignore[attr-defined]


@contextmanager
def broker(settings: Settings, socket: Path) -> Iterator[Path]:
    """A query broker for a catalog, ended with the test."""
    limits = limits_of(settings)
    options = ["--public", settings.public_path, "--socket", socket, "--limits", limits.as_json()]
    command = [sys.executable, "-m", "server.query.broker", *map(str, options), "--parent", str(os.getpid())]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=data_root()) as process:
        try:
            yield socket
        finally:
            process.terminate()


@pytest.fixture
def live(published: Published) -> FlaskClient:
    return published.app.test_client()
