"""Texts that name somebody: an e-mail address, an ORCID, a folder of a user. They are kept out of public records."""

from __future__ import annotations

import re

_PERSONAL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.\w"
    r"|(?:^|[\s\"'=:(])(?:/home/|/users/|/export/|/mnt/)\S"
    r"|\\users\\|documents and settings\\|_user/|\b0000-000[0-9]-[0-9]{4}-",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\b[Cc]ourtesy\b|\b(?:[Pp]repp?ed|[Pp]repared|[Mm]ade|[Cc]ollected|[Mm]easured|[Tt]aken)\s{1,4}by\s{1,4}[A-Z][a-z]"
)


def names_somebody(text: str) -> bool:
    """Whether ``text`` names a person or a person's folder, as far as its form can tell."""
    return bool(_PERSONAL.search(text) or _THANKS.search(text))
