"""Texts that name somebody: an address, an ORCID, a folder, a proposal. They are kept out of public records."""

from __future__ import annotations

import re

_PERSONAL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.\w"
    r"|(?:^|[\s\"'=:(])(?:/home/|/users/|/export/|/mnt/|/volumes/|~/)\S"
    r"|\\users\\|documents and settings\\|_user/|\b0000-000[0-9]-[0-9]{4}-",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\b[Cc]ourtesy\b|\b(?:[Pp]repp?ed|[Pp]repared|[Mm]ade|[Cc]ollected|[Mm]easured|[Tt]aken)\s{1,4}by\s{1,4}[A-Z][a-z]"
)
# Roles with a name or a number behind them, titles, and the numbers that facilities give to beamtime (2019A1234).
_ROLE = re.compile(
    r"\b(?:PI|P\.I\.)\s{0,3}[:=]?\s{0,3}[A-Z][a-z]"
    r"|\b(?i:user|operator|experimenters?|investigator|observer)\s{0,3}[:=]\s{0,3}\S"
    r"|\b(?i:proposal|gup|saf)\b\s{0,3}(?i:no|number|id)?\.?\s{0,3}[:=#]?\s{0,3}[\w-]{0,20}\d"
    r"|\b(?:19|20)\d\d[A-Z]{1,2}\d{3,4}\b"
    r"|\bby\s{1,3}(?:[A-Z]\.\s{0,2}){1,3}[A-Z][a-z]"
    r"|\b(?:Prof|Dr|Mr|Mrs|Ms)\.?\s{1,3}[A-Z]"
    r"|[A-Za-z]-san\b"
    r"|[\u3040-\u30ff\u3400-\u9fff](?:先生|さん|氏|教授|博士)"
    r"|測定者|実験者|担当者|責任者|利用者|課題番号"
)
# A folder of somebody's computer, whose names are nobody else's business.
_PATH = re.compile(r"(?:^|[\s\"'=:(,;])(?:[A-Za-z]:\\|\\\\\w)\S")


def is_private(text: str) -> bool:
    """Whether ``text`` is not for the public: it names somebody, or a place on a computer."""
    return names_somebody(text) or bool(_PATH.search(text))


def names_somebody(text: str) -> bool:
    """Whether ``text`` names a person or a person's folder, as far as its form can tell."""
    return bool(_PERSONAL.search(text) or _THANKS.search(text) or _ROLE.search(text))
