"""The far side of the net: databases that answer in the shapes their documentation shows, from a few entries.

The envelopes are synthetic; what is in them are single facts, or made up for a case and then impossible on purpose.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from catalog.errors import Unreachable
from catalog.resolvers import Answer, Policy

WHEN = "2026-11-20T00:00:00+00:00"
COD_BASE, MP_BASE = "https://cod.example.org/optimade", "https://mp.example.org/optimade"


@dataclass
class Far:
    """``entries`` by database and identifier; ``found`` the identifiers that a search by a value gives.

    An entry is a mapping of facts; ``gone`` (a status) and ``moved`` (another identifier) say what became of it.
    """

    entries: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    found: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    options: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, database: str, identifier: str, **facts: Any) -> Far:
        self.entries.setdefault(database, {})[identifier] = facts
        return self

    def find(self, database: str, value: str, *identifiers: str) -> Far:
        self.found[database, value] = list(identifiers)
        return self

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        policy: Policy,
        accept: str = "application/json",
    ) -> Answer:
        parts, asked = urlsplit(url), dict(params or {})
        assert parts.netloc in policy.hosts or f"{parts.scheme}://{parts.netloc}" in policy.hosts, url
        assert accept
        self.asked.append(url)
        database = {
            "pubchem.ncbi.nlm.nih.gov": "pubchem",
            "www.wikidata.org": "wikidata",
            "query.wikidata.org": "wikidata",
            "www.ebi.ac.uk": "chebi",
            "api.materialsproject.org": "mp",
            "matvoc.wikibase.cloud": "matvoc",
            "mdr.nims.go.jp": "mdr",
            "api.ror.org": "ror",
            "pub.orcid.org": "orcid",
            "api.datacite.org": "datacite",
            "api.crossref.org": "crossref",
            "api.japanlinkcenter.org": "jalc",
            "cod.example.org": "cod",
            "mp.example.org": "mp",
            "providers.optimade.org": "providers",
        }[parts.netloc]
        if database in self.down:
            raise Unreachable("no answer: ConnectTimeout", where=url)
        handler = getattr(self, f"_{database}" if ".example." not in parts.netloc else "_optimade")
        status, body = handler(database, unquote(parts.path), asked)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        moved = self.entries.get(database, {}).get(parts.path.rpartition("/")[2], {}).get("redirect", "")
        return Answer(url, status, {}, content, hashlib.sha256(content).hexdigest(), WHEN, moved)

    def _entry(self, database: str, identifier: str) -> dict[str, Any] | None:
        entry = self.entries.get(database, {}).get(identifier)
        return None if entry is None or "gone" in entry else entry

    def _pubchem(self, database: str, path: str, _: dict[str, str]) -> tuple[int, Any]:
        _, way, value, *_ = path.removeprefix("/rest/pug/").split("/")
        numbers = [value] if way == "cid" else self.found.get((database, value), [])
        rows = [
            {
                "CID": int(number),
                "MolecularFormula": entry.get("formula"),
                "InChIKey": entry.get("inchikey"),
                "Title": entry.get("label"),
            }
            for number in numbers
            if (entry := self._entry(database, number)) is not None
        ]
        if not rows:
            return 404, {"Fault": {"Code": "PUGREST.NotFound"}}
        return 200, {"PropertyTable": {"Properties": rows}}

    def _wikidata(self, database: str, path: str, asked: dict[str, str]) -> tuple[int, Any]:
        if path == "/sparql":
            items = [
                item
                for value in re.findall(r'"([^"]*)"', asked["query"])
                for item in self.found.get((database, value), [])
            ]
            rows = [
                {"item": {"type": "uri", "value": f"http://www.wikidata.org/entity/{item}"}} for item in items
            ]
            return 200, {"head": {"vars": ["item"]}, "results": {"bindings": rows}}
        return self._wikibase(database, path)

    def _providers(self, database: str, path: str, _: dict[str, str]) -> tuple[int, Any]:
        rows = [
            {"id": name, "attributes": {"base_url": entry["base"], "link_type": "external"}}
            for name, entry in self.entries.get(database, {}).items()
        ]
        assert path == "/v1/links"
        return 200, {"data": rows}

    def _matvoc(self, database: str, path: str, _: dict[str, str]) -> tuple[int, Any]:
        return self._wikibase(database, path)

    def _wikibase(self, database: str, path: str) -> tuple[int, Any]:
        item = path.rpartition("/")[2].removesuffix(".json")
        entry = self._entry(database, item)
        if entry is None:
            return 404, b"<html>"
        now = entry.get("moved", item)
        claims = {
            number: [{"rank": "normal", "mainsnak": {"datavalue": {"value": value}}}]
            for number, key in {"P274": "formula", "P231": "cas", "P235": "inchikey"}.items()
            if (value := entry.get(key))
        }
        labels = {
            tag: {"language": tag, "value": text}
            for tag, text in {"en": entry.get("label", "")}.items()
            if text
        }
        return 200, {"entities": {now: {"id": now, "labels": labels, "claims": claims, "lastrevid": 7}}}

    def _chebi(self, database: str, path: str, asked: dict[str, str]) -> tuple[int, Any]:
        if path.endswith("/es_search/"):
            numbers = self.found.get((database, asked["term"]), [])
            return 200, {
                "results": [{"_source": {"chebi_accession": f"CHEBI:{number}"}} for number in numbers]
            }
        number = path.rstrip("/").rpartition("/")[2]
        entry = self._entry(database, number)
        if entry is None:
            return 404, {}
        return 200, {
            "chebi_accession": f"CHEBI:{entry.get('moved', number)}",
            "ascii_name": entry.get("label", ""),
            "is_released": True,
            "chemical_data": {"formula": entry.get("formula")},
            "default_structure": {"standard_inchi_key": entry.get("inchikey")},
            "database_accessions": {"CAS": [{"accession_number": entry["cas"]}] if "cas" in entry else []},
        }

    def _mp(self, database: str, path: str, asked: dict[str, str]) -> tuple[int, Any]:
        if path.endswith("/core/"):
            # Each end point passes over the parameters that only the other one knows.
            assert "material_ids" not in asked
            tasks = self.entries.get(database, {})
            moved = tasks.get(asked["task_ids"], {}).get("moved")
            rows = [{"material_id": moved, "task_ids": [moved, asked["task_ids"]]}] if moved else []
            return 200, {"data": rows, "meta": {"total_doc": len(rows)}}
        assert "task_ids" not in asked
        if "material_ids" in asked:
            wanted = [asked["material_ids"]]
        else:
            wanted = self.found.get((database, asked["formula"]), [])
        # What is deprecated is not among what is answered, unless one asks for it.
        rows = [
            {
                "material_id": identifier,
                "formula_pretty": entry.get("formula"),
                "symmetry": {"number": entry.get("space_group")},
                "deprecated": entry.get("deprecated", False),
            }
            for identifier in wanted
            if (entry := self._entry(database, identifier)) is not None
            and not {"moved", "unlisted"} & entry.keys()
        ]
        return 200, {"data": rows, "meta": {"total_doc": len(rows)}}

    def _optimade(self, database: str, path: str, asked: dict[str, str]) -> tuple[int, Any]:
        if path.endswith("/links"):
            rows = [
                {"id": child, "attributes": {"base_url": base, "link_type": "child"}}
                for child, base in self.entries.get("children", {}).get(database, {}).items()
            ]
            return 200, {"data": rows}
        if path.endswith("/structures"):
            formula = re.search(r'chemical_formula_reduced="([^"]*)"', asked["filter"])
            assert formula
            group = re.search(r"space_group_it_number=(\d+)", asked["filter"])
            rows = [
                self._structure(identifier, entry)
                for identifier, entry in self.entries.get(database, {}).items()
                if entry.get("formula") == formula[1]
                and (not group or entry.get("space_group") == int(group[1]))
            ]
            return 200, {"data": rows, "meta": {"data_returned": len(rows)}, "links": {"next": None}}
        identifier = path.rpartition("/")[2]
        found = self._entry(database, identifier)
        return (404, {"errors": []}) if found is None else (200, {"data": self._structure(identifier, found)})

    def _structure(self, identifier: str, entry: dict[str, Any]) -> dict[str, Any]:
        attributes = {
            "chemical_formula_reduced": entry.get("formula"),
            "space_group_it_number": entry.get("space_group"),
            "last_modified": "2026-01-01T00:00:00Z",
        }
        return {"id": identifier, "type": "structures", "attributes": attributes}

    def _mdr(self, database: str, path: str, _: dict[str, str]) -> tuple[int, Any]:
        entry = self._entry(database, path.rpartition("/")[2])
        return (404, {}) if entry is None else (200, {"@type": "Dataset", "name": entry.get("label")})

    def _ror(self, database: str, path: str, _: dict[str, str]) -> tuple[int, Any]:
        entry = self._entry(database, path.rpartition("/")[2])
        if entry is None:
            return 404, {"errors": ["not found"]}
        successor = (
            [{"type": "successor", "id": f"https://ror.org/{entry['moved']}"}] if "moved" in entry else []
        )
        return 200, {
            "id": f"https://ror.org/{path.rpartition('/')[2]}",
            "status": "withdrawn" if "moved" in entry or entry.get("withdrawn") else "active",
            "names": [{"value": entry.get("label"), "lang": "en", "types": ["ror_display", "label"]}],
            "relationships": successor,
        }

    def _orcid(self, database: str, path: str, _: dict[str, str]) -> tuple[int, Any]:
        entry = self._entry(database, path.split("/")[2])
        if entry is None:
            return 404, {}
        return 200, {"orcid-identifier": {"path": entry.get("moved", path.split("/")[2])}}

    def _datacite(self, database: str, path: str, _: dict[str, str]) -> tuple[int, Any]:
        entry = self._entry(database, path.removeprefix("/dois/"))
        if entry is None:
            return 404, {}
        return 200, {"data": {"attributes": {"titles": [{"title": entry.get("label")}]}}}

    def _crossref(self, database: str, path: str, _: dict[str, str]) -> tuple[int, Any]:
        entry = self._entry(database, path.removeprefix("/works/"))
        return (404, {}) if entry is None else (200, {"message": {"title": [entry.get("label")]}})

    def _jalc(self, database: str, path: str, _: dict[str, str]) -> tuple[int, Any]:
        entry = self._entry(database, path.removeprefix("/dois/"))
        return (
            (404, {}) if entry is None else (200, {"data": {"title_list": [{"title": entry.get("label")}]}})
        )
