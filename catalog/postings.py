"""Postings: which records say a word, as the bits of whole numbers, compressed in blocks of keys.

A word that all records say costs some twenty bytes a block, one that a single record says no more, and a record that
comes or goes changes one block of each of its words.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

# Keys a block: 1 KiB of bits at most, so that a change stays small and a common word has few rows.
BLOCK = 8192


def pack(bits: int) -> bytes:
    """The bits of a block as they are stored."""
    return zlib.compress(bits.to_bytes((bits.bit_length() + 7) // 8, "little"))


def unpack(stored: bytes) -> int:
    """The bits of a block; bit n stands for the nth key. Raises zlib.error when they are damaged."""
    return int.from_bytes(zlib.decompress(stored), "little")


def with_keys(keys: Iterable[int]) -> dict[int, int]:
    """The bits of these keys by block."""
    found: dict[int, int] = {}
    for key in keys:
        block, bit = divmod(key, BLOCK)
        found[block] = found.get(block, 0) | 1 << bit
    return found


def keys_of(blocks: dict[int, int]) -> list[int]:
    """The keys whose bits are set in some blocks, ascending."""
    return [
        block * BLOCK + number
        for block, bits in sorted(blocks.items())
        for number, bit in enumerate(reversed(f"{bits:b}"))
        if bit == "1"
    ]


class Changes:
    """What records say and say no more, gathered until it is written; the last word on a key counts."""

    def __init__(self) -> None:
        self._bits: dict[tuple[str, int], tuple[int, int]] = {}

    def __len__(self) -> int:
        """How many blocks of words have changed."""
        return len(self._bits)

    def note(self, words: Iterable[str], key: int, says: bool) -> None:
        """The record of that key says these words, or says them no more."""
        block, number = divmod(key, BLOCK)
        mask = 1 << number
        for word in words:
            more, less = self._bits.get((word, block), (0, 0))
            if says:
                self._bits[word, block] = more | mask, less & ~mask
            else:
                self._bits[word, block] = more & ~mask, less | mask

    def take(self) -> Iterator[tuple[str, int, int, int]]:
        """Word, block, and the bits to set and to clear there, in order; they are forgotten."""
        changed, self._bits = self._bits, {}
        for word, block in sorted(changed):
            yield word, block, *changed[word, block]
