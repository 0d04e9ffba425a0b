"""The OAI-PMH sets a published record is in, from its public document alone.

A set's name is an IRI's last part, so a record moves between sets only when its document changes.
"""

from __future__ import annotations

import re
from typing import Any

from catalog.mapping import RecordDocument
from catalog.vocabulary import vocabulary

OPEN = "http://purl.org/coar/access_right/c_abf2"
# OpenAIRE harvests this one: data that are open.
OPEN_AIRE = "openaire_data"
# The groups that sets stand in, each a set itself, with their names.
GROUPS = {
    "edge": "Absorption edges",
    "element": "Elements",
    "facility": "Facilities",
    "kind": "Kinds of data",
    "licence": "Licences",
    OPEN_AIRE: "Open data (OpenAIRE)",
}
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9\-_.!~*'()]+")
_PLACE = "https://w3id.org/xafscat/"


def sets_of(document: RecordDocument) -> list[str]:
    """The specs of the sets of a public document, sorted; none for a tombstone, which keeps those it had."""
    if document.get("type") == "xafs:Withdrawn":
        return []
    found = {OPEN_AIRE} if document.get("access") == OPEN else set()
    for spectrum in document.get("spectra", []):
        if element := spectrum.get("element"):
            found.add(f"element:{_part(element)}")
            found.update(f"edge:{_part(f'{element}-{shell}')}" for shell in _list(spectrum.get("edge")))
        found.update(_shipped("facility", spectrum.get("facility")))
    found.update(_shipped("facility", document.get("facility")))
    found.update(_shipped("kind", document.get("kind")))
    if licence := document.get("license"):
        found.add(f"licence:{_part(vocabulary().notation(licence) or licence.partition('://')[2])}")
    return sorted(found)


def set_name(spec: str) -> str:
    """What a set is called."""
    group, _, part = spec.partition(":")
    if not part:
        return GROUPS.get(group, group)
    label = (
        vocabulary().label(f"{_PLACE}{spec.replace(':', '/', 1)}", "en")
        if group in {"facility", "kind"}
        else None
    )
    return label or part


def with_groups(specs: list[str]) -> list[str]:
    """The specs and the groups they stand in, sorted so that each group comes before its members."""
    return sorted({*specs, *(spec.partition(":")[0] for spec in specs)})


def _shipped(group: str, iri: Any) -> set[str]:
    prefix = f"{_PLACE}{group}/"
    return (
        {f"{group}:{_part(iri.removeprefix(prefix))}"}
        if isinstance(iri, str) and iri.startswith(prefix)
        else set()
    )


def _part(text: str) -> str:
    return _NOT_ALLOWED.sub("-", text).strip("-") or "-"


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
