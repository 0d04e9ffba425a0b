"""The funding of a form as parts of the record document: who paid, under which award."""

from __future__ import annotations

from catalog.findings import define
from catalog.ids import funder_iri
from catalog.mapping import RecordDocument, part_fragment
from catalog.normalise_values import Work
from catalog.wording import Sentence

define(
    "funder-unnamed",
    "error",
    "A funding entry has no funder; write funder: with the name to be printed (an id or an award alone is not shown).",
    "研究資金の提供者がありません。表示する名前を funder: に書いてください（ID や課題番号だけでは表示できません）。",
)

# As a learned organisation has them, so that one query finds both.
FUNDER_TYPES = ["foaf:Agent", "foaf:Organization", "org:Organization", "prov:Agent", "prov:Organization"]


def normalise_funding(work: Work) -> list[RecordDocument]:
    """A part for each funding entry, numbered as they stand; one without a funder's name is a finding."""
    entries = work.form.values.get("funding") or []
    made = (_grant(work, f"/funding/{index}", str(index + 1)) for index in range(len(entries)))
    return [grant for grant in made if grant]


def _grant(work: Work, pointer: str, number: str) -> RecordDocument | None:
    stated = work.form.get(pointer)
    group = stated if isinstance(stated, dict) else {"funder": stated}
    name = work.language_map(group.get("funder"), f"{pointer}/funder")
    if not name:
        work.report("funder-unnamed", pointer)
        return None
    grant = work.part("", "funding", pointer, "schema:Grant", number)
    grant["funder_name"] = name
    funder = work.identifier(f"{pointer}/funder_id", Sentence("id of a funder"), funder_iri)
    if funder:
        grant["funder"] = funder
    else:
        path = part_fragment("", "funding", number)
        grant["funder"] = work.part(path, "funder", f"{pointer}/funder", FUNDER_TYPES)
        grant["funder"]["name"] = name
    if award := work.text(f"{pointer}/award"):
        grant["award"] = award
    if title := work.language_map(group.get("award_title"), f"{pointer}/award_title"):
        grant["award_title"] = title
    if address := work.address(f"{pointer}/award_uri"):
        grant["award_uri"] = address
    return grant
