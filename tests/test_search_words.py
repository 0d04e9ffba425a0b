"""What a record is found by, and what a search asks for."""

from __future__ import annotations

import pytest

from catalog.search_words import MOST_TERMS, search_terms, words_of
from catalog.vocabulary import vocabulary

DOCUMENT = {
    "id": "https://example.org/record/abc1234567",
    "type": ["xafs:Deposit"],
    "title": {"en": "Iron(III) oxide", "ja": "酸化鉄の粉末"},
    "doi": "https://doi.org/10.48505/NIMS.1447",
    "facility": vocabulary().facility("Photon Factory"),
    "sample": {
        "id": "https://example.org/record/abc1234567#sample",
        "formula": "Fe₂O₃",
        "supplier": "Example Supply",
    },
    "spectra": [{"temperature": {"value": "298", "in_unit": "unit:K", "stated": "298 K"}, "edge": "K"}],
}


def found(text: str) -> bool:
    words = words_of(DOCUMENT, vocabulary())
    terms = search_terms(text)
    return bool(terms) and all(
        any(word.startswith(term) if longer else word == term for word in words) for term, longer in terms
    )


@pytest.mark.parametrize(
    "text",
    [
        "iron", "OXIDE", "ｏｘｉｄｅ", "oxi", "Fe2O3", "Fe₂O₃", "鉄", "酸化鉄", "粉末", "酸化鉄 粉末", "Example Supply",
        "Photon Factory", "フォトンファクトリー", "10.48505/nims.1447",
        "https://doi.org/10.48505/nims.1447",
    ],
)  # fmt: skip
def test_it_is_found_by(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text", ["copper", "ron", "oxi iron-y", "鉄箔", "末粉", "Deposit", "unit", "---", "example.org"]
)
def test_it_is_not_found_by(text: str) -> None:
    assert not found(text)


def test_a_search_is_bounded_and_says_each_word_once() -> None:
    assert len(search_terms(" ".join(f"word{number}" for number in range(1000)))) == MOST_TERMS
    assert search_terms("iron Iron IRON") == [("iron", False), ("iron", True)]
