"""What the things of a result are called: records, their spectra, samples, people; and whatever the catalog ships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from server.public.languages import choice

if TYPE_CHECKING:
    from catalog.releases import Release
    from catalog.vocabulary import Vocabulary

# A look-up takes microseconds; a result of a million IRIs has more of them than anybody reads.
MAX_LOOKUPS = 2000
NAMES = ("title", "sample_name", "name", "label")


class Labels:
    """Labels for a reader of ``language``, from one release and the vocabulary; each document is read once."""

    def __init__(self, release: Release, vocabulary: Vocabulary, language: str) -> None:
        self._release = release
        self._vocabulary = vocabulary
        self._language = language
        self._known: dict[str, dict[str, tuple[str, str]]] = {}

    def of(self, iri: str) -> tuple[str, str]:
        """The label of an IRI and its language ("" when it has none); two empty texts for an unknown one."""
        if label := self._vocabulary.label(iri, self._language):
            return label, self._language
        if not iri.startswith(self._release.base + "/"):
            return "", ""
        owner = iri.partition("#")[0]
        if owner not in self._known and len(self._known) < MAX_LOOKUPS:
            document = self._release.describe(owner)
            self._known[owner] = dict(self._named(document)) if document else {}
        return self._known.get(owner, {}).get(iri, ("", ""))

    def _named(self, part: Any) -> Iterator[tuple[str, tuple[str, str]]]:
        if isinstance(part, Mapping):
            texts = next((part[key] for key in NAMES if isinstance(part.get(key), Mapping)), None)
            if isinstance(part.get("id"), str) and texts:
                yield part["id"], choice(texts, self._language)
            for item in part.values():
                yield from self._named(item)
        elif isinstance(part, list):
            for item in part:
                yield from self._named(item)
