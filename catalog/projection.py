"""What the world sees of a record: the one function every public output is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from catalog.mapping import RecordDocument, part_fragment
from catalog.states import Standing, State

COAR = "http://purl.org/coar/access_right/"
OPEN = COAR + "c_abf2"
EMBARGOED = COAR + "c_f1cf"

# Keys of the record document that are never public, whatever the state.
PRIVATE_KEYS = frozenset({"private_note", "facility_name"})
AGENT_TYPES = ["foaf:Agent", "prov:Agent"]


def public_document(
    document: RecordDocument,
    standing: Standing,
    today: date,
    is_public: Callable[[str], bool],
) -> RecordDocument | None:
    """The public document of a record on ``today`` (the date in the catalog's zone), or None.

    A published record shows everything but private notes, hidden credits and files that name who is hidden; a
    withdrawn one a tombstone, if it was ever issued; any other state nothing. ``is_public`` tells whether a record IRI
    of this catalog may be named: a reference to a hidden record is dropped, and the referring record is projected
    again when its target appears. Files get a ``download_url`` only when they are open, or when the date
    ``available`` has come.
    """
    if standing.state is State.WITHDRAWN:
        # A record withdrawn before any release showed it was never public: not even a tombstone may tell of it.
        return _tombstone(document, standing) if standing.issued else None
    if standing.state is not State.PUBLISHED:
        return None
    public = {key: item for key, item in document.items() if key not in PRIVATE_KEYS}
    _end_embargo(public, today)
    public["credits"], public["creators"] = _credits(document)
    public["spectra"] = [
        _spectrum(spectrum, document["id"], public.get("access") == OPEN, is_public)
        for spectrum in document.get("spectra", [])
    ]
    return {key: item for key, item in public.items() if item not in ([], {})}


def stamped(
    public: RecordDocument,
    *,
    issued: date,
    modified: datetime,
    levels: Iterable[str],
    base: str,
    metadata_license: str,
) -> RecordDocument:
    """The public document with its catalog entry: publication dates, the levels reached, the metadata's own licence.

    ``levels`` are level IRIs, ``metadata_license`` a licence IRI. A tombstone is returned as it is.
    """
    if public.get("type") == "xafs:Withdrawn":
        return public
    iri = public["id"]
    reached = sorted(levels)
    entry: RecordDocument = {
        "id": f"{iri}#{part_fragment('', 'about')}",
        "type": "dcat:CatalogRecord",
        "primary_topic": iri,
        "issued": issued.isoformat(),
        "modified": modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "license": metadata_license,
    }
    stamp: RecordDocument = {
        "issued": issued.isoformat(),
        "catalog": f"{base}/catalog",
        "publisher": f"{base}/catalog#publisher",
        "about": entry,
    }
    if reached:
        stamp["conforms_to"] = entry["conforms_to"] = reached
    return {**public, **stamp}


def _tombstone(document: RecordDocument, standing: Standing) -> RecordDocument:
    tombstone: RecordDocument = {"id": document["id"], "type": "xafs:Withdrawn"}
    if standing.issued:
        tombstone["issued"] = standing.issued.isoformat()
    if standing.withdrawn_on:
        tombstone["withdrawn"] = standing.withdrawn_on.isoformat()
    if standing.reason:
        tombstone["reason"] = dict(standing.reason)
    return tombstone


def _end_embargo(public: RecordDocument, today: date) -> None:
    available = public.get("available")
    if public.get("access") == EMBARGOED and available and date.fromisoformat(available) <= today:
        public["access"] = OPEN


def _credits(document: RecordDocument) -> tuple[list[RecordDocument], list[str]]:
    """Shown credits, numbered now that hidden ones are gone; the facility's when none is left."""
    shown = [credit for credit in document.get("credits", []) if credit.get("hidden") != "true"]
    if not shown and document.get("credits"):
        shown = _facility_credit(document)
    numbered, creators = [], []
    for number, credit in enumerate(shown, 1):
        iri = f"{document['id']}#{part_fragment('', 'credits', str(number))}"
        agent: Any = credit.get("agent")
        if agent is None:
            agent = {"id": f"{iri}.agent", "type": AGENT_TYPES, "name": credit["credit_name"]}
        body = {key: item for key, item in credit.items() if key not in {"hidden", "agent"}}
        numbered.append(
            {"id": iri, "type": "prov:Attribution", "position": str(number), **body, "agent": agent}
        )
        creators.append(agent["id"] if isinstance(agent, dict) else agent)
    return numbered, sorted(set(creators))


def _facility_credit(document: RecordDocument) -> list[RecordDocument]:
    facility = document.get("facility")
    name = document.get("facility_name")
    if facility is None or name is None:
        return []
    return [{"credit_name": name, "agent": facility["id"] if isinstance(facility, dict) else facility}]


def _spectrum(
    spectrum: RecordDocument, iri: str, files_open: bool, is_public: Callable[[str], bool]
) -> RecordDocument:
    public = dict(spectrum)
    calibration = dict(public.get("calibration", {}))
    reference = calibration.get("reference", "")
    if reference.startswith(iri.rpartition("/")[0] + "/") and not is_public(reference.partition("#")[0]):
        del calibration["reference"]
        public["calibration"] = calibration
    if "files" in public:
        # What names somebody whose credit is hidden is not even told of: its name may say who.
        public["files"] = [file for file in public["files"] if file.get("withheld") != "true"]
        if not public["files"]:
            del public["files"]
    if files_open and "files" in public:
        public["files"] = [
            {**file, "download_url": f"{iri}/files/{file['checksum']['digest'][:16]}"}
            if "checksum" in file
            else file
            for file in public["files"]
        ]
    return public
