from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import UnreadableInput
from catalog.readers._encoding import decode, decode_head, encoding_findings, lines

WESTERN = [
    "numéro créée à 25 °C",
    "Scan N° 3, mer. 26 mai 2021",
    "Fe3+5HO8•4H2O",
    "5HO8•nH2O",
    "Å",
    "5 µm",
    "J. Mössbauer, Größe für Überprüfung",
    "±0.1 × 10²",
    "d'énergie: été, forêt, Noël",
]
JAPANESE = [
    "Zr箔",
    "銅 表面",
    "コメント:,Muscovite",
    "ﾃｽﾄ",
    "試料 ソフト",
    "25℃",
    "測定",
    "4軸ステージ φ, 光学定盤 Z, Δθ1",
    "Calculatedθ(deg.),hν(eV)",
    "5\N{ANGSTROM SIGN} 試料",
]


@pytest.mark.parametrize("text", WESTERN)
def test_western_text_is_not_taken_for_japanese(text: str) -> None:
    assert decode(text.encode("cp1252")) == decode(text.encode("cp1252"), "name")
    assert (decode(text.encode("cp1252")).text, decode(text.encode("cp1252")).encoding) == (text, "cp1252")


@pytest.mark.parametrize("text", JAPANESE)
def test_japanese_text_is_not_taken_for_western(text: str) -> None:
    found = decode(text.encode("cp932"))
    assert (found.text, found.encoding) == (text, "cp932")


@pytest.mark.parametrize("text", [*WESTERN, *JAPANESE, "plain"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_needs_no_guess(text: str, encoding: str) -> None:
    found = decode(text.encode(encoding))
    assert found.text == text
    assert found.encoding == {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(
        encoding, "ascii" if text.isascii() else "utf-8"
    )


def test_bytes_that_only_latin_1_has_are_latin_1() -> None:
    # 0x81 is nothing in Windows-1252, and before a blank nothing in Shift_JIS.
    found = decode(b"\xb0 \x81 \xe9t\xe9")
    assert (found.text, found.encoding) == ("° \x81 été", "latin-1")


def test_only_what_is_not_utf_8_is_reported() -> None:
    (told,) = encoding_findings(decode("Zr箔".encode("cp932")), "a.dat")
    assert (told.code, told.file, told.value) == ("text-encoding", "a.dat", "cp932")
    assert encoding_findings(decode("Zr箔".encode()), "a.dat") == []
    assert encoding_findings(decode(b"Zr"), "a.dat") == []


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"1 2\n\x1a", "1 2\n"),
        (b"1 2\n\x1a\n", "1 2\n"),
        (b"1 2\n\x1a" + b"\0" * 900, "1 2\n"),
        (b"1 2\n\x1a" + b"rest of an older file" * 20, "1 2\n"),
        (b"1 2\n" + b"\0" * 900, "1 2\n"),
        (b"", ""),
    ],
)
def test_what_dos_leaves_at_the_end_is_cut_off(content: bytes, text: str) -> None:
    assert decode(content).text == text


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a\nb\nc\0d", 3),
        (b"a\r\nb\r\n\xff\0d", 3),
        (b"a\rb\r\xe9\0d", 3),
        (b"\x89HDF\r\n\x1a\n" + bytes(range(1, 256)) * 8, 2),
        ("é\0a".encode("utf-16"), 1),
    ],
)
def test_binary_content_is_refused_at_its_line(content: bytes, line: int) -> None:
    with pytest.raises(UnreadableInput) as caught:
        decode(content, "file.dat")
    assert caught.value.where == f"file.dat:{line}"


def test_damaged_utf_16_is_refused() -> None:
    with pytest.raises(UnreadableInput, match="UTF-16"):
        decode(b"\xff\xfea", "file.dat")


def test_a_head_is_read_whatever_it_is() -> None:
    assert decode_head("箔箔箔".encode()[:-1]) == "箔箔"
    assert (decode_head("測定試料".encode("cp932")[:-1]) or "").startswith("測定試")
    assert decode_head(b"a\0b") is None
    assert decode_head(b"") == ""
    assert decode_head("\ufeff9809".encode("utf-16-le")) == "9809"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    decode_head(content)
    try:
        found = decode(content)
    except UnreadableInput:
        return
    assert "\0" not in found.text
    assert "\x1a" not in found.text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_at_line_ends_only(end: str) -> None:
    text = end.join(["a\u2028b\x0cc\x85d", "", "e"])
    assert list(lines(text, "x")) == [(1, "a\u2028b\x0cc\x85d"), (2, ""), (3, "e")]


def test_lines_are_bounded() -> None:
    with pytest.raises(UnreadableInput, match="characters"):
        list(lines("a\n" + "b" * 70_000, "x"))
    with pytest.raises(UnreadableInput, match="lines"):
        list(lines("\n" * 2_000_001, "x"))


def test_every_text_of_the_corpus_gets_the_encoding_it_has(shared: Path) -> None:
    corpus = shared / "data" / "corpus"
    found: Counter[str] = Counter()
    legacy: dict[str, str] = {}
    for path in sorted(corpus.rglob("*")):
        if not path.is_file() or path.suffix in {".h5", ".hdf5", ".xlsx"}:
            continue
        content = path.read_bytes()
        decode_head(content[:65_536])
        try:
            encoding = decode(content, path.name).encoding
        except UnreadableInput:
            encoding = "refused"
        found[encoding] += 1
        if encoding in {"cp932", "cp1252", "latin-1"}:
            legacy[path.relative_to(corpus).as_posix()] = encoding
    assert {name.split("/")[0]: encoding for name, encoding in legacy.items()} == {
        "als-1032-e": "cp1252",
        "jp-9809": "cp932",
        "soleil-lucia": "cp1252",
    }
    assert found["cp932"] == 1
    assert found["cp1252"] == 2 + 30
    # Gzipped projects and two binary beamline files.
    assert found["refused"] == 71 + 2
