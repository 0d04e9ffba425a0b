"""Identifiers: minting record ids, and the checks of DOI, ORCID, ROR and CAS numbers.

Normalised identifiers are bare (``10.x/y``, ``0000-...``); the ``..._iri`` functions make the IRIs.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from contextlib import suppress
from typing import ClassVar
from urllib.parse import quote, unquote

from catalog.errors import InputError
from catalog.wording import Sentence

# The publisher of a catalog whose operator says nothing of one.
NO_PUBLISHER = {"en": "Publisher not stated", "ja": "公開者の記載なし"}


class IdError(InputError):
    """A text is not the identifier it should be, or its check digit is wrong."""

    code: ClassVar[str] = "identifier"


_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_LENGTH = 10
_MAX_TEXT = 300
_MAX_NAME_BYTES = 180
_ID = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")
_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/\S+")
_DOI_PREFIX = re.compile(
    r"(?:https?://(?:dx\.|www\.)?doi\.org/|doi\s*:?\s*(?:https?://doi\.org/)?)", re.IGNORECASE
)
_ORCID = re.compile(
    r"(?:https?://(?:www\.)?orcid\.org/|orcid\s*:?\s*)?([0-9]{4})-?([0-9]{4})-?([0-9]{4})-?([0-9]{3}[0-9X])/?",
    re.I,
)
_ROR = re.compile(r"(?:https?://ror\.org/|ror\.org/|ror\s*:?\s*)?(0[0-9a-hjkmnp-tv-z]{6}[0-9]{2})/?", re.I)
_CAS = re.compile(r"(?:CAS\s*(?:RN|No\.?|#)?\s*:?\s*)?\[?([0-9]{2,7})-([0-9]{2})-([0-9])\]?", re.I)
# What ``_own_iri`` writes, code points included.
_WRITTEN = re.compile(r"(?:[A-Za-z0-9_-]|~[0-9a-f]{2,6}~){1,1000}")
_CODE_POINT = re.compile(r"~([0-9a-f]{2,6})~")
# Crossref's register of funders stands under one prefix of DOI.
_FUNDERS = "10.13039/"
_UNSAFE = re.compile(r'[<>:"|?*%#&;`$\\/]')


def mint_id() -> str:
    """A new record id: 10 random characters of Crockford's base 32 in lower case, telling nothing."""
    return "".join(secrets.choice(_CROCKFORD) for _ in range(_ID_LENGTH))


def record_iri(base: str, record_id: str) -> str:
    """The IRI of a record, ``{base}/record/{id}``. Raises IdError unless the id is of a-z, 0-9 and "-"."""
    if not _ID.fullmatch(record_id):
        raise IdError(Sentence("{record_id!r} is no record id", record_id=record_id))
    return f"{base.rstrip('/')}/record/{record_id}"


def specimen_iri(base: str, identity: str) -> str:
    """The IRI of the physical sample that a depositor calls ``identity``.

    Two samples never share one: letters, digits, ``-`` and ``_`` stay as they are, any other character stands
    as its code point in hexadecimal between tildes. Raises IdError for an id that is empty, longer than 80
    characters, or holds what cannot be printed.

    >>> specimen_iri("https://xafs.example.org", "PF 12")
    'https://xafs.example.org/sample/PF~20~12'
    """
    return _own_iri(base, "sample", identity)


def round_iri(base: str, identity: str) -> str:
    """The IRI of the round-robin that a depositor calls ``identity``, or whose address here it is.

    Characters are written as in ``specimen_iri``. Raises IdError for what that refuses, and for an address elsewhere.

    >>> round_iri("https://xafs.example.org", "https://xafs.example.org/round/cu-foil-2026")
    'https://xafs.example.org/round/cu-foil-2026'
    """
    stated = identity.strip()
    own = stated.removeprefix(f"{base}/round/")
    if own != stated and _WRITTEN.fullmatch(own):
        return stated
    if "://" in stated:
        raise IdError(
            Sentence(
                "{stated!r} is no round of this catalog; write a short id such as cu-foil-2026",
                stated=stated[:80],
            )
        )
    return _own_iri(base, "round", stated)


def _own_iri(base: str, kind: str, identity: str) -> str:
    stated = unicodedata.normalize("NFC", identity).strip()
    if not 0 < len(stated) <= 80 or not stated.isprintable():
        raise IdError(Sentence("an id has 1 to 80 printable characters"), where=identity[:80])
    kept = (char if char in _PLAIN else f"~{ord(char):x}~" for char in stated)
    return f"{base}/{kind}/{''.join(kept)}"


def stated_identity(text: str) -> str:
    """``text`` with what ``specimen_iri`` and ``round_iri`` wrote as code points read again.

    >>> stated_identity("PF~20~12")
    'PF 12'
    """
    return _CODE_POINT.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), text)


def normalise_doi(text: str) -> str:
    """The DOI ``10.x/y`` in lower case from a DOI, ``doi:...`` or a doi.org address. Raises IdError.

    >>> normalise_doi("https://doi.org/10.18434/MDS2-4032")
    '10.18434/mds2-4032'
    """
    name = _bounded(text)
    prefix = _DOI_PREFIX.match(name)
    if prefix:
        name = name[prefix.end() :]
        if prefix[0].lower().startswith("http"):
            name = unquote(name)
    if not _DOI.fullmatch(name) or not name.isprintable():
        raise IdError(
            Sentence("{text!r} is no DOI; write for example '10.48505/nims.1447'", text=text.strip())
        )
    return name.lower()


def doi_iri(doi: str) -> str:
    """``https://doi.org/10.x/y`` with the characters an IRI may not hold percent-encoded."""
    return doi_address(normalise_doi(doi))


def doi_address(doi: str) -> str:
    """The address of a DOI that is taken as it is written, whether it is one or not."""
    return "https://doi.org/" + quote(doi, safe="/:;()._-~!$&'*+,=@")


def normalise_orcid(text: str) -> str:
    """The ORCID ``0000-0000-0000-000X`` from an ORCID or its address.

    Raises IdError, also for a wrong check digit (ISO 7064 mod 11-2). The example is ORCID's own.

    >>> normalise_orcid("https://orcid.org/0000-0002-1825-0097")
    '0000-0002-1825-0097'
    """
    match = _ORCID.fullmatch(_bounded(text))
    if match is None:
        raise IdError(Sentence("{text!r} is no ORCID; write four groups of four digits", text=text.strip()))
    orcid = "-".join(match.groups()).upper()
    digits = orcid.replace("-", "")
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if digits[-1] != ("X" if check == 10 else str(check)):
        raise IdError(
            Sentence(
                "{orcid}: the check digit of this ORCID is wrong; compare it with the person's ORCID page",
                orcid=orcid,
            )
        )
    return orcid


def orcid_iri(orcid: str) -> str:
    """``https://orcid.org/0000-...``; raises IdError as normalise_orcid does."""
    return "https://orcid.org/" + normalise_orcid(orcid)


def normalise_ror(text: str) -> str:
    """The nine characters of a ROR id from the id or its address.

    Raises IdError, also for a wrong checksum (ISO 7064 mod 97-10).

    >>> normalise_ror("https://ror.org/026v1ze26")
    '026v1ze26'
    """
    match = _ROR.fullmatch(_bounded(text))
    if match is None:
        raise IdError(
            Sentence(
                "{text!r} is no ROR id; write for example 'https://ror.org/026v1ze26'", text=text.strip()
            )
        )
    ror = match[1].lower()
    number = 0
    for char in ror[:7]:
        number = number * 32 + _CROCKFORD.index(char)
    if int(ror[7:]) != 98 - (number * 100) % 97:
        raise IdError(
            Sentence(
                "{ror}: the checksum of this ROR id is wrong; look the organisation up at ror.org", ror=ror
            )
        )
    return ror


def ror_iri(ror: str) -> str:
    """``https://ror.org/0...``; raises IdError as normalise_ror does."""
    return "https://ror.org/" + normalise_ror(ror)


def funder_iri(text: str) -> str:
    """The IRI of a funder from its ROR or its Crossref Funder ID, bare or as an address. Raises IdError.

    >>> funder_iri("http://dx.doi.org/10.13039/501100001691"), funder_iri("ror.org/00hhkn466")
    ('https://doi.org/10.13039/501100001691', 'https://ror.org/00hhkn466')
    """
    with suppress(IdError):
        if (doi := normalise_doi(text)).startswith(_FUNDERS):
            return doi_iri(doi)
    if _ROR.fullmatch(_bounded(text)):
        return ror_iri(text)
    raise IdError(
        Sentence(
            "{text!r} is neither a ROR id nor a Crossref Funder ID; write for example "
            "'https://ror.org/00hhkn466' or '10.13039/501100001691'",
            text=text.strip()[:80],
        )
    )


def check_cas(text: str) -> str:
    """The CAS registry number in ``text``, check digit verified. Raises IdError.

    >>> check_cas("CAS 7439-89-6")
    '7439-89-6'
    """
    match = _CAS.fullmatch(_bounded(text))
    if match is None:
        raise IdError(Sentence("{text!r} is no CAS number; write for example '7439-89-6'", text=text.strip()))
    number = "-".join(match.groups())
    digits = (match[1] + match[2])[::-1]
    if sum(position * int(digit) for position, digit in enumerate(digits, 1)) % 10 != int(match[3]):
        raise IdError(
            Sentence(
                "{number}: the check digit of this CAS number is wrong; compare it with the supplier's label",
                number=number,
            )
        )
    return number


def safe_file_name(text: str) -> str:
    """A name fit to be stored, served and shown: the last path part of ``text``.

    Control, formatting and reserved characters are gone; at most 180 bytes of UTF-8 with the extension kept;
    ``file`` when nothing is left.

    >>> safe_file_name("/data/2024/鉄箔 Fe K.xdi")
    '鉄箔 Fe K.xdi'
    """
    last = re.split(r"[/\\]", text)[-1][-4 * _MAX_NAME_BYTES :]
    shown = "".join(char for char in unicodedata.normalize("NFC", last) if char.isprintable())
    name = re.sub(r"\s+", " ", _UNSAFE.sub("_", shown)).strip(" .")
    if len(name.encode()) > _MAX_NAME_BYTES:
        stem, dot, extension = name.rpartition(".")
        tail = f".{extension}" if dot and len(extension.encode()) <= 12 else ""
        stem = stem if tail else name
        name = (
            stem.encode()[: _MAX_NAME_BYTES - len(tail.encode())].decode(errors="ignore").rstrip(" .") + tail
        )
    return name or "file"


def _bounded(text: str) -> str:
    if len(text) > _MAX_TEXT:
        raise IdError(Sentence("the text is too long for an identifier"))
    return unicodedata.normalize("NFKC", text).strip().translate(_DASHES)


_DASHES = {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2212"}
