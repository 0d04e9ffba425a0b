"""OpenAIRE's own words for access, which its guidelines ask for in DataCite and simple Dublin Core.

Source: https://guidelines.openaire.eu/en/latest/data/field_rights.html .
"""

from __future__ import annotations

from catalog.facts import Facts

EMBARGO_END = "info:eu-repo/date/embargoEnd/"
_WORDS = {
    "c_abf2": "openAccess",
    "c_f1cf": "embargoedAccess",
    "c_16ec": "restrictedAccess",
    "c_14cb": "closedAccess",
}


def openaire_access(fact: Facts) -> str:
    """The access right of a record; "" where it states none."""
    word = _WORDS.get(fact.access.rpartition("/")[2], "closedAccess")
    return f"info:eu-repo/semantics/{word}" if fact.access else ""
