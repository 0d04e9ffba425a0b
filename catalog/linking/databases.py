"""The databases that links lead to: how their entries are named, on which level they are, what may be shown of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from catalog.ids import (
    IdError,
    check_cas,
    doi_iri,
    normalise_doi,
    normalise_orcid,
    normalise_ror,
    orcid_iri,
    ror_iri,
)

_OPEN_FACTS = ("label", "formula", "reduced", "space_group", "phase", "mineral", "version", "retrieved")
# Until this number the Materials Project counted in decimals; an id in letters below it is the same one.
_LAST_NUMERIC_MP = 3_347_529
# What a part of a path is made of in an IRI (RFC 3986); anything else would be refused by the store.
_SIGN = r"(?:[A-Za-z0-9_.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"


@dataclass(frozen=True, slots=True)
class Database:
    """A database: its ``name`` in commands and links, titles, the level its entries are on.

    ``pattern`` matches the whole canonical IRI of an entry; ``forms`` are regular expressions for what people write,
    the first group being the identifier; ``template`` makes the IRI of it. ``level`` is "substance", "phase" or ""
    (people, organisations, publications). ``license`` is that of the contents, ``publish`` the fields of Facts
    we may show.
    """

    name: str
    title: dict[str, str]
    level: str
    license: str
    template: str
    pattern: str
    forms: tuple[str, ...]
    publish: tuple[str, ...] = ()
    tidy: Callable[[str], str] = field(default=str)

    def canonical(self, text: str) -> str:
        """The one IRI of an entry, of an IRI or bare identifier as people write it. Raises ValueError.

        >>> DATABASES["cod"].canonical("http://crystallography.net/cod/9004141.cif")
        'https://www.crystallography.net/cod/9004141'
        """
        stripped = text.strip()
        for form in self.forms:
            if found := re.fullmatch(form, stripped, re.IGNORECASE):
                iri = self.template.format(self.tidy(found[1]))
                if re.fullmatch(self.pattern, iri):
                    return iri
        raise ValueError(f"{stripped[:200]!r} is no identifier of {self.title['en']}")

    def owns(self, iri: str) -> bool:
        """Whether this is the canonical IRI of one of its entries."""
        return re.fullmatch(self.pattern, iri) is not None

    def identifier(self, iri: str) -> str:
        """The identifier in a canonical IRI.

        >>> DATABASES["cod"].identifier("https://www.crystallography.net/cod/9004141")
        '9004141'
        """
        start, _, end = self.template.partition("{}")
        return iri.removeprefix(start).removesuffix(end)

    def label(self, iri: str) -> str:
        """The entry's short name on pages."""
        return f"{self.title['en']} {self.identifier(iri)}"


def _mp(text: str) -> str:
    """The canonical id of the Materials Project: since 2026 letters (base 26), decimals up to the last old one.

    >>> _mp("mp-149"), _mp("mp-aaaaft")
    ('mp-149', 'mp-149')
    """
    digits = text.lower().removeprefix("mp-")
    if digits.isdigit():
        return f"mp-{int(digits)}"
    number = 0
    for letter in digits:
        number = number * 26 + ord(letter) - ord("a")
    return f"mp-{number}" if number <= _LAST_NUMERIC_MP else f"mp-{digits}"


def _checked(check: Callable[[str], str]) -> Callable[[str], str]:
    def tidy(text: str) -> str:
        try:
            return check(text)
        except IdError as error:
            raise ValueError(error.detail) from error

    return tidy


def _both(name: str) -> dict[str, str]:
    return {"en": name, "ja": name}


_SHIPPED = (
    Database(
        *("cod", {"en": "COD", "ja": "COD（結晶構造オープンデータベース）"}, "phase", "CC0-1.0"),
        template="https://www.crystallography.net/cod/{}",
        pattern=r"https://www\.crystallography\.net/cod/\d{7}",
        forms=(r"(?:https?://(?:www\.)?crystallography\.net/cod/|cod:)?(\d{7})(?:\.(?:html|cif))?(?:@\d+)?",),
        publish=_OPEN_FACTS,
    ),
    Database(
        *("mp", _both("Materials Project"), "phase", "CC-BY-4.0"),
        template="https://materialsproject.org/materials/{}",
        pattern=r"https://materialsproject\.org/materials/mp-(?:\d{1,7}|[a-z]{5,10})",
        forms=(
            r"(?:https?://(?:(?:www|legacy|next-gen)\.)?materialsproject\.org/materials/)?(mp-(?:\d{1,7}|[a-z]{5,10}))/?",
        ),
        publish=_OPEN_FACTS,
        tidy=_mp,
    ),
    Database(
        *("icsd", _both("ICSD"), "phase", "proprietary: identifiers only"),
        template="https://icsd.fiz-karlsruhe.de/linkicsd.xhtml?coll_code={}",
        pattern=r"https://icsd\.fiz-karlsruhe\.de/linkicsd\.xhtml\?coll_code=\d{1,6}",
        forms=(r"(?:https?://icsd\.fiz-karlsruhe\.de/linkicsd\.xhtml\?coll_code=|icsd[: -]?)?(\d{1,6})",),
    ),
    Database(
        *("oqmd", _both("OQMD"), "phase", "CC-BY-4.0"),
        template="https://oqmd.org/materials/entry/{}",
        pattern=r"https://oqmd\.org/materials/entry/\d{1,9}",
        forms=(r"(?:https?://(?:www\.)?oqmd\.org/materials/entry/|oqmd-)?(\d{1,9})",),
        publish=_OPEN_FACTS,
    ),
    Database(
        *(
            "optimade",
            {"en": "OPTIMADE provider", "ja": "OPTIMADE提供者"},
            "phase",
            "per provider: identifiers only",
        ),
        template="{}",
        pattern=rf"https?://[A-Za-z0-9.-]+(?::\d{{1,5}})?(?:/(?:{_SIGN}|/)*)?/v1/structures/{_SIGN}+",
        forms=(r"(\S+)",),
    ),
    Database(
        *("pubchem", _both("PubChem"), "substance", "public domain"),
        template="http://rdf.ncbi.nlm.nih.gov/pubchem/compound/CID{}",
        pattern=r"http://rdf\.ncbi\.nlm\.nih\.gov/pubchem/compound/CID[1-9]\d*",
        forms=(
            r"(?:https?://rdf\.ncbi\.nlm\.nih\.gov/pubchem/compound/)?(?:CID ?)?([1-9]\d*)",
            r"https?://pubchem\.ncbi\.nlm\.nih\.gov/compound/([1-9]\d*)/?",
        ),
        publish=(*_OPEN_FACTS, "inchikey"),
    ),
    Database(
        *("wikidata", _both("Wikidata"), "substance", "CC0-1.0"),
        template="http://www.wikidata.org/entity/{}",
        pattern=r"http://www\.wikidata\.org/entity/Q[1-9]\d*",
        forms=(
            r"(?:https?://(?:www\.|m\.)?wikidata\.org/(?:entity|wiki)/|wd:)?(Q[1-9]\d*)",
            r"https?://(?:www\.|m\.)?wikidata\.org/(?:entity|wiki/Special:Entity(?:Data|Page))/(Q[1-9]\d*)(?:\.[a-z]+)?",
        ),
        publish=(*_OPEN_FACTS, "inchikey", "cas"),
        tidy=str.upper,
    ),
    Database(
        *("chebi", _both("ChEBI"), "substance", "CC-BY-4.0"),
        template="http://purl.obolibrary.org/obo/CHEBI_{}",
        pattern=r"http://purl\.obolibrary\.org/obo/CHEBI_[1-9]\d*",
        forms=(
            r"(?:https?://purl\.obolibrary\.org/obo/)?(?:CHEBI[_:])?([1-9]\d*)",
            r"https?://www\.ebi\.ac\.uk/chebi/(?:searchId\.do\?chebiId=|)CHEBI:([1-9]\d*)",
        ),
        publish=(*_OPEN_FACTS, "inchikey"),
    ),
    Database(
        *(
            "matvoc",
            {"en": "MatVoc", "ja": "MatVoc（材料語彙）"},
            "substance",
            "not stated: identifiers only",
        ),
        # The Wikibase moved once; what was named at its first address is the same item at the second.
        template="https://matvoc.wikibase.cloud/entity/{}",
        pattern=r"https://matvoc\.wikibase\.cloud/entity/Q[1-9]\d*",
        forms=(
            r"https?://matvoc\.(?:nims\.go\.jp|wikibase\.cloud)/(?:entity|wiki/Item:|explore/)/?(Q[1-9]\d*)",
            r"(?:matvoc:)?(Q[1-9]\d*)",
        ),
        tidy=str.upper,
    ),
    Database(
        *("mdr", _both("NIMS MDR"), "", "per dataset: identifiers only"),
        template="https://mdr.nims.go.jp/datasets/{}",
        pattern=r"https://mdr\.nims\.go\.jp/datasets/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        forms=(
            r"(?:https?://mdr\.nims\.go\.jp/(?:en/)?datasets/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        ),
        tidy=str.lower,
    ),
    Database(
        *("doi", _both("DOI"), "", "CC0-1.0"),
        template="{}",
        pattern=r"https://doi\.org/10\.\d{4,9}/\S+",
        forms=(r"(\S+)",),
        publish=("label",),
        tidy=_checked(lambda text: doi_iri(normalise_doi(text))),
    ),
    Database(
        *("ror", _both("ROR"), "", "CC0-1.0"),
        template="{}",
        pattern=r"https://ror\.org/0[a-z0-9]{6}\d{2}",
        forms=(r"(\S+)",),
        publish=("label",),
        tidy=_checked(lambda text: ror_iri(normalise_ror(text))),
    ),
    Database(
        *("orcid", _both("ORCID"), "", "CC0-1.0"),
        template="{}",
        pattern=r"https://orcid\.org/\d{4}-\d{4}-\d{4}-\d{3}[0-9X]",
        forms=(r"(\S+)",),
        tidy=_checked(lambda text: orcid_iri(normalise_orcid(text))),
    ),
    Database(
        *("cas", _both("CAS Common Chemistry"), "substance", "CC-BY-NC-4.0: identifiers only"),
        template="https://commonchemistry.cas.org/detail?cas_rn={}",
        pattern=r"https://commonchemistry\.cas\.org/detail\?cas_rn=\d{2,7}-\d{2}-\d",
        forms=(r"(?:https?://commonchemistry\.cas\.org/detail\?cas_rn=)?(\d{2,7}-\d{2}-\d)",),
        tidy=_checked(check_cas),
    ),
)
DATABASES = {item.name: item for item in _SHIPPED}


@lru_cache(maxsize=50_000)
def database_of(iri: str) -> Database | None:
    """The database whose entry this canonical IRI names, or None."""
    return next((item for item in _SHIPPED if item.owns(iri)), None)


def canonical_iri(text: str) -> str:
    """The canonical IRI of an entry whose address was given as people copy it; any other text as it is.

    >>> canonical_iri("https://matvoc.nims.go.jp/entity/Q2057")
    'https://matvoc.wikibase.cloud/entity/Q2057'
    """
    if not text.startswith(("http://", "https://")):
        return text
    for item in _SHIPPED:
        # A template that is all of the IRI takes any text; those have one form only.
        if item.template != "{}":
            try:
                return item.canonical(text)
            except ValueError:
                continue
    return text
