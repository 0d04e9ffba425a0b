"""Content codings: zstd and gzip for who accepts them, chosen by quality (RFC 9110, 12.5.3)."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from functools import lru_cache
from tempfile import SpooledTemporaryFile
from typing import IO, Literal, TypeAlias

import zstandard

Coding: TypeAlias = Literal["", "gzip", "zstd"]

# What answers are packed in.
CODINGS: tuple[Coding, ...] = ("gzip", "zstd")
# A shorter body gains nothing.
MIN_BYTES = 860
_ZSTD_LEVEL = 3
# For a page of records, level 5 takes two to four times as long and saves a fifth to a third of the bytes.
_GZIP_LEVEL = 3
_PART = re.compile(r"\s*([A-Za-z0-9*-]+)\s*(?:;\s*[qQ]\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$")
_MAX_HEADER = 1024


@lru_cache(maxsize=256)
def coding(header: str | None) -> Coding:
    """The coding for a client; "" (none) for one that names none.

    >>> coding("gzip, deflate, br, zstd"), coding("gzip;q=1, zstd;q=0.5"), coding("identity"), coding(None)
    ('zstd', 'gzip', '', '')
    """
    qualities: dict[str, float] = {}
    for part in (header or "")[:_MAX_HEADER].split(","):
        if found := _PART.match(part):
            qualities[found[1].lower()] = float(found[2] or 1)
    anything = qualities.get("*", 0.0)
    zstd = qualities.get("zstd", anything)
    packed = qualities.get("gzip", qualities.get("x-gzip", anything))
    if max(zstd, packed) <= 0 or qualities.get("identity", 0.0) > max(zstd, packed):
        return ""
    return "zstd" if zstd >= packed else "gzip"


def packed_whole(body: bytes, chosen: Coding) -> bytes:
    """A body in a coding."""
    if chosen == "zstd":
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)
    # The time in a gzip header would make the same answer different bytes.
    return gzip.compress(body, _GZIP_LEVEL, mtime=0) if chosen == "gzip" else body


def packed_stream(chunks: Iterable[bytes], chosen: Coding, in_memory: int) -> tuple[IO[bytes], int]:
    """A long body in a coding, whole before the first byte is sent: a file at its start, and its size."""
    target: IO[bytes] = SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115 - the caller's to close
    try:
        if chosen == "zstd":
            with zstandard.ZstdCompressor(level=_ZSTD_LEVEL).stream_writer(target, closefd=False) as writer:
                for chunk in chunks:
                    writer.write(chunk)
        else:
            with gzip.GzipFile(
                filename="", mode="wb", fileobj=target, compresslevel=_GZIP_LEVEL, mtime=0
            ) as packer:
                for chunk in chunks:
                    packer.write(chunk)
        size = target.tell()
        target.seek(0)
    except BaseException:
        target.close()
        raise
    return target, size
