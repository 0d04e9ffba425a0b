"""Postings: bits by block, and what records say and say no more."""

from __future__ import annotations

import random
import zlib

import pytest

from catalog.postings import BLOCK, Changes, keys_of, pack, unpack, with_keys


@pytest.mark.parametrize("keys", [[], [0], [1, BLOCK - 1, BLOCK, 5 * BLOCK + 7], list(range(3 * BLOCK))])
def test_keys_come_back_from_their_bits(keys: list[int]) -> None:
    blocks = with_keys(reversed(keys))
    assert keys_of({block: unpack(pack(bits)) for block, bits in blocks.items()}) == keys


def test_a_block_is_small_whether_all_records_say_the_word_or_one_does() -> None:
    assert len(pack((1 << BLOCK) - 1)) < 32
    assert len(pack(1 << (BLOCK - 1))) < 32


def test_damaged_bits_are_noticed() -> None:
    with pytest.raises(zlib.error):
        unpack(pack(12345)[:-1])


@pytest.mark.parametrize("seed", range(20))
def test_the_last_word_on_a_key_counts(seed: int) -> None:
    chance = random.Random(seed)
    said: set[tuple[str, int]] = set()
    stored: dict[tuple[str, int], int] = {}
    changes = Changes()
    for _ in range(300):
        words, key = chance.sample("abcde", 2), chance.choice([1, 2, 3, BLOCK, BLOCK + 1])
        says = chance.random() < 0.6
        changes.note(words, key, says)
        pairs = {(word, key) for word in words}
        said = said | pairs if says else said - pairs
        if chance.random() < 0.05:
            for word, block, more, less in changes.take():
                stored[word, block] = stored.get((word, block), 0) & ~less | more
            assert len(changes) == 0
    for word, block, more, less in changes.take():
        stored[word, block] = stored.get((word, block), 0) & ~less | more
    assert {(word, key) for (word, block), bits in stored.items() for key in keys_of({block: bits})} == said
