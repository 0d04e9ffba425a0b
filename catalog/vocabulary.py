"""The vocabulary of the catalog: its context, terms, concepts, edges, facilities and beamlines, ready to ask.

Everything comes from the folder ``ontology``; ``docs/vocabulary.md`` explains it to those who query. A name is
looked up leniently in its spelling and strictly in its meaning: what is ambiguous or unknown gives None.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from catalog.resources import data_root
from catalog.vocabulary_graph import BASE, NS, SKOS, Graph, Term, object_of, owner_of, subject_of
from catalog.vocabulary_names import MAX_NAME, Names, code_key, is_telling_code, splits

DOCUMENTS = ("xafscat.ttl", "schemes.ttl", "facilities.ttl", "beamlines.ttl")
EDGES = "edges.ttl"
MATERIALS = "materials.ttl"

_NAMES = {f"{SKOS}prefLabel", f"{SKOS}altLabel", f"{SKOS}hiddenLabel", f"{SKOS}notation"}
_OBO = "http://purl.obolibrary.org/obo/"
_FURTHER_PREFIXES = {
    "coar": "http://purl.org/coar/access_right/",
    "cxedge": "https://w3id.org/cdif/xas/edge/",
    "cxmode": "https://w3id.org/cdif/xas/detectionmode/",
    "obo": _OBO,
    "owl": "http://www.w3.org/2002/07/owl#",
    "panet": "http://purl.org/pan-science/PaNET/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "wd": "http://www.wikidata.org/entity/",
    "xbeamline": f"{BASE}beamline/",
    "xedge": f"{BASE}edge/",
    "xfacility": f"{BASE}facility/",
    "xfeature": f"{BASE}calibration-feature/",
    "xform": f"{BASE}form/",
    "xkind": f"{BASE}kind/",
    "xmaterial": f"{BASE}material/",
    "xmode": f"{BASE}mode/",
    "xshape": f"{BASE}shapes/",
}
_CC_URL = re.compile(
    r"(?:https?:)?//(?:www\.)?creativecommons\.org/(licenses/[a-z-]+/[0-9]\.[0-9]|publicdomain/zero/1\.0)"
    r"(?:/(?:deed|legalcode)(?:\.[a-z_-]+)?|/)?",
    re.IGNORECASE,
)
_SPDX_URL = re.compile(r"https?://spdx\.org/licenses/([A-Za-z0-9.-]+?)(?:\.html|\.json)?", re.IGNORECASE)
_LICENCE_WORD = re.compile(r"[\s,]+(?:public\s+)?licen[sc]e$", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"(.+?)\s*[(（](.+)[)）]\s*")


class Vocabulary:
    """What the folder ``ontology`` says. Edges and materials are read when first asked for; nothing is ever written.

    >>> vocabulary().facility("KEK-PF")
    'https://w3id.org/xafscat/facility/photon-factory'
    >>> vocabulary().edge_energy("Fe", "K")
    Decimal('7112')
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.context: dict[str, Any] = json.loads((folder / "context.jsonld").read_text(encoding="utf-8"))
        self._graph = Graph(folder / name for name in DOCUMENTS)
        self._schemes: dict[str, Names] = {}
        self._members: dict[str, list[str]] = {}
        self._facilities = Names()
        self._beamlines = Names()
        self._codes: defaultdict[str, Names] = defaultdict(lambda: Names(code_key))
        self._place_of: dict[str, str] = {}
        self._read_schemes()
        self._read_places()

    def _read_schemes(self) -> None:
        for scheme in self._graph.typed(f"{SKOS}ConceptScheme"):
            name = scheme.removeprefix(BASE)
            members = self._members[name] = self._graph.values(scheme, f"{SKOS}hasTopConcept")
            names = self._schemes[name] = Names()
            for member in members:
                for text in self._graph.values(member, *_NAMES):
                    names.add(text, member)

    def _read_places(self) -> None:
        for facility in self._graph.typed(f"{NS}Facility"):
            for text in self._graph.values(facility, *_NAMES):
                self._facilities.add(text, facility)
        for beamline in self._graph.typed(f"{NS}Beamline"):
            place = self._place_of[beamline] = self._graph.values(beamline, f"{NS}facility")[0]
            for text in self._graph.values(beamline, f"{SKOS}notation", f"{SKOS}hiddenLabel"):
                self._codes[place].add(text, beamline)
            for text in self._graph.values(beamline, f"{SKOS}prefLabel", f"{SKOS}altLabel"):
                self._beamlines.add(text, beamline)

    @cached_property
    def _edges(self) -> Graph:
        return Graph([self._folder / EDGES])

    @cached_property
    def materials(self) -> Graph:
        """The substances and phases that samples are linked to, read when first asked for."""
        return Graph([self._folder / MATERIALS])

    @cached_property
    def _energies(self) -> dict[str, Decimal]:
        numeric = "http://qudt.org/schema/qudt/numericValue"
        return {
            owner_of(subject_of(triple)): Decimal(object_of(triple))
            for triple in self._edges.triples
            if triple.predicate.value == numeric
        }

    def facility(self, text: str) -> str | None:
        """The IRI of the facility that ``text`` names: name, acronym, "name (acronym)"; None if not known."""
        if found := self._facilities.find(text):
            return found
        if len(text) <= MAX_NAME and (both := _IN_BRACKETS.fullmatch(text)):
            outer, inner = (self._facilities.find(part) for part in both.groups())
            return outer if outer == inner else None
        return None

    def beamline(self, text: str, facility_iri: str | None = None) -> str | None:
        """The IRI of the beamline that ``text`` names at the facility.

        A bare code ("6BM", "9C") needs ``facility_iri``; a full name, or a code beside the name of its facility
        ("APS 13-BM-D"), does not. None when unknown, ambiguous, or said to be at another facility.
        """
        if len(text) > MAX_NAME:
            return None
        found = {self._beamlines.find(text), self._code(facility_iri, text)}
        for first, second in splits(text):
            found.add(self._code(self._facilities.find(first), second))
            found.add(self._code(self._facilities.find(second), first))
        here = {iri for iri in found if iri and facility_iri in {None, self._place_of[iri]}}
        return here.pop() if len(here) == 1 else None

    def beamline_elsewhere(self, text: str, facility_iri: str) -> str | None:
        """The IRI of the beamline that ``text`` names at another facility than the one stated; None where none is sure.

        A full name is sure, and a code of its own ("BL01B1") that only one facility has; many facilities have a "9C".
        """
        found = self.beamline(text)
        if found is None and self.beamline(text, facility_iri) is None and is_telling_code(text):
            known = {iri for codes in self._codes.values() if (iri := codes.find(text))}
            found = known.pop() if len(known) == 1 else None
        return found if found and self._place_of[found] != facility_iri else None

    def _code(self, facility_iri: str | None, text: str) -> str | None:
        codes = self._codes.get(facility_iri) if facility_iri else None
        return codes.find(text) if codes else None

    def beamline_facility(self, beamline_iri: str) -> str | None:
        """The IRI of the facility that a registered beamline stands at."""
        return self._place_of.get(beamline_iri)

    def license(self, text: str) -> str | None:
        """The IRI of the licence that ``text`` names: SPDX id, full name, or address; never one without a version."""
        stated = text.strip()
        if len(stated) > MAX_NAME:
            return None
        if address := _CC_URL.fullmatch(stated):
            return self.concept("license", f"http://creativecommons.org/{address[1].lower()}/")
        if address := _SPDX_URL.fullmatch(stated):
            stated = address[1]
        return self.concept("license", stated) or self.concept("license", _LICENCE_WORD.sub("", stated))

    def concept(self, scheme: str, text: str) -> str | None:
        """The IRI of the concept that ``text`` names in ``scheme`` (``kind``, ``form``, ``calibration-feature``,
        ``technique``, ``mode``, ``access``, ``monochromator``, ``license``, ``media-type``, ``edge-type``).

        ``text`` is a notation, a label in either language, another spelling, or the IRI itself.
        Raises KeyError for a scheme that does not exist.
        """
        names = self._schemes[scheme]
        stated = text.strip()
        return stated if stated in self._members[scheme] else names.find(stated)

    def choices(self, scheme: str) -> tuple[str, ...]:
        """The words of the deposit form for ``scheme``, in the order of the scheme. Raises KeyError as above."""
        return tuple(word for member in self._members[scheme] if (word := self.notation(member)))

    def unit(self, symbol: str) -> str | None:
        """The QUDT IRI of a unit symbol, exact in case: "eV", "Å", "µm"."""
        return next((unit for unit in self._members["unit"] if self.notation(unit) == symbol), None)

    def notation(self, iri: str) -> str | None:
        """The notation of a concept, licence, edge, unit or beamline: the short word or symbol it goes by."""
        return next(iter(self._graph_of(iri).values(iri, f"{SKOS}notation")), None)

    def broader(self, iri: str) -> str | None:
        """The general detection mode that a particular one belongs to (fluorescence, electron yield); else None."""
        general = (
            mode for mode in self._members["mode"] if iri in self._graph.values(mode, f"{SKOS}narrower")
        )
        return next(general, None)

    def label(self, iri: str, lang: str) -> str | None:
        """The label of a shipped thing in ``lang`` (``en`` or ``ja``; English for any other); None if not shipped."""
        labels = self._graph_of(iri).labels.get(iri, {})
        return labels.get(lang) or labels.get("en")

    def edge_iri(self, element: str, shell: str) -> str | None:
        """The IRI of the edge, ``("Fe", "K")``; None where no such edge is tabulated."""
        iri = f"{BASE}edge/{element}-{shell}"
        return iri if iri in self._energies else None

    def edge_energy(self, element: str, shell: str) -> Decimal | None:
        """The tabulated energy of the edge in eV; None where no such edge is tabulated."""
        return self._energies.get(f"{BASE}edge/{element}-{shell}")

    def authority_triples(self, iri: str) -> list[ox.Triple]:
        """The triples that describe a shipped thing, its fragments included; empty if it is not shipped."""
        return list(self._graph_of(iri).owned.get(iri, ()))

    def shipped_triples(self) -> list[ox.Triple]:
        """Everything that is always public: terms, schemes, facilities, beamlines, elements, edges, materials."""
        return self._graph.triples + self._edges.triples + self.materials.triples

    def terms(self) -> tuple[Term, ...]:
        """The classes and properties of the ontology, in the order of its file."""
        return self._graph.terms()

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """Every prefix used here and its namespace: those of the context and those of the authorities."""
        stated = self.context["@context"].items()
        own = {key: item for key, item in stated if isinstance(item, str) and item.endswith(("#", "/"))}
        return dict(sorted({**own, **_FURTHER_PREFIXES}.items()))

    def _graph_of(self, iri: str) -> Graph:
        # Edges and materials are many and asked for by few: only what can be among them makes them load.
        if iri.startswith(f"{BASE}material/"):
            return self.materials
        if iri in self._graph.owned or not iri.startswith((f"{BASE}edge/", f"{BASE}source/", _OBO)):
            return self._graph
        return self._edges


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary that ships with the package, loaded once."""
    return Vocabulary(data_root() / "ontology")
