from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import UsageError
from catalog.patterns import MAX_CACHED, Pattern, PatternError

ATOMS = st.sampled_from(
    ["a", "b", "1", ".", r"\d", r"\W", r"\s", "[ab]", "[^a]", r"[a-c\d]", "[]a]", "^", "$", "(?:)"]
)
QUANTIFIERS = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "{0}", "*?", "+?"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda both: f"({both[0]}|{both[1]})"),
        st.tuples(inner, QUANTIFIERS).map(lambda both: f"(?:{both[0]}){both[1]}"),
    )


@given(
    st.recursive(ATOMS, _larger, max_leaves=8),
    st.sampled_from(["", "i", "s", "is"]),
    st.lists(st.text(alphabet="abcAB1 鉄-_]", max_size=7), min_size=3, max_size=3),
)
def test_agrees_with_a_backtracking_engine(text: str, flags: str, values: list[str]) -> None:
    expected = re.compile(text, (re.I if "i" in flags else 0) | (re.S if "s" in flags else 0))
    pattern = Pattern(text, flags)
    for value in values:
        assert pattern.search(value) == bool(expected.search(value)), (text, flags, value)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a" * 50_000 + "b"),
        ("^(a|aa)*$", "a" * 50_000 + "b"),
        ("^((a?){20}a*)*$", "a" * 5_000 + "b"),
        ("(x+x+)+y", "x" * 5_000),
    ],
)
def test_what_backtracking_never_finishes_is_quick(pattern: str, text: str) -> None:
    started = time.process_time()
    assert not Pattern(pattern).search(text)
    assert time.process_time() - started < 5


def test_cached_states_stay_bounded() -> None:
    pattern = Pattern("(a|b)*a(a|b){11}c")
    number = 1
    letters = []
    for _ in range(20_000):
        number = (number * 1_103_515_245 + 12_345) % 2**31
        letters.append("ab"[number >> 16 & 1])
    assert not pattern.search("".join(letters))
    assert pattern.search("".join(letters) + "a" * 12 + "c")
    assert len(pattern._table.sets) <= MAX_CACHED + 2


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"\S", "\u3000 \t", False),  # the ideographic space is blank
        (r"^.$", "\n", False),
        (r"a$", "a\n", False),  # unlike re, the very end
        (r"^10\.\d{4,9}(\.\d+)*/\S+$", "10.48505/nims.0000", True),
        (r"^([A-Z][a-z]?\d*)+$", "LiNi0", True),
        (r"^[\w.+-]+$", "鉄箔-1", True),
        (r"\^\$\\", "^$\\", True),
        ("", "", True),
    ],
)
def test_meaning(pattern: str, text: str, found: bool) -> None:
    assert Pattern(pattern).search(text) is found


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)", "(?P<n>a)", "(?i)a", r"(a)\1", r"\bword", r"\p{L}", "(a", "a)", "[a", "a{2", "*a", "a**", "a{3,2}",
        "[z-a]", "[a[b]]", "(a{1000}){1000}", "((){1000}){1000}", "(" * 60 + ")" * 60, "a\\",
    ],
)  # fmt: skip
def test_unsupported_patterns_are_refused_with_the_place(pattern: str) -> None:
    with pytest.raises(PatternError) as caught:
        Pattern(pattern)
    assert isinstance(caught.value, UsageError)
    assert "pattern" in caught.value.detail


def test_unsupported_flag_is_refused() -> None:
    with pytest.raises(PatternError, match="'x'"):
        Pattern("a", "x")
