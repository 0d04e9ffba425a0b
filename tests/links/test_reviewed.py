"""What a person's review adds to the confidence of a link."""

import pytest

from catalog.errors import UsageError
from catalog.link_reviewing import reviewer_of
from catalog.linking.scoring import reviewed_confidence


@pytest.mark.parametrize(
    ("confidence", "matched", "reviewed"),
    [
        (0.4, ("formula",), 0.4),
        (0.5, ("formula", "name"), 0.5),
        (0.9, ("formula", "space_group"), 0.9),
        (0.7, ("cas", "formula"), 0.95),
    ],
)
def test_a_review_gives_what_was_compared(
    confidence: float, matched: tuple[str, ...], reviewed: float
) -> None:
    assert reviewed_confidence(confidence, matched) == reviewed


@pytest.mark.parametrize("name", ["unknown", "N/A", "不明"])
def test_a_placeholder_is_no_reviewer(name: str) -> None:
    with pytest.raises(UsageError, match="placeholder"):
        reviewer_of(name)
