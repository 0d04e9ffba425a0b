from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import UnreadableInput
from catalog.readers import Reading, Source
from catalog.readers.xdi import READER

SPECTRUM = "/spectra/0"


def codes(reading: Reading) -> set[str]:
    return {item.code for item in reading.findings}


def the(reading: Reading, code: str) -> Any:
    (found,) = [item for item in reading.findings if item.code == code]
    return found


# Hostile input


@pytest.mark.parametrize(
    "content",
    [
        b"# XDI/1.0\n" + b"# A.b: c\n" * 6000 + b"1 2\n",
        b"# XDI/1.0\n" + b"# ///\n" + b"# c\n" * 6000 + b"1 2\n",
        b"# XDI/1.0\n" + b"; c\n" * 200 + b"1 2\n",
        b"# XDI/1.0\n# A.b: " + b"x" * 20_000 + b"\n1 2\n",
        b"# XDI/1.0\n" + b"1 " * 5000 + b"\n",
        b"# XDI/1.0\n" + b"1 " * 200_000 + b"\n",
        b"# XDI/1.0\n#----\n" + b"1\n" * 1_000_001,
        b"# XDI/1.0\n#----\n1 2\n" + b"\n" * 2_000_001,
        b"# XDI/1.0\n\x7fELF\x02\x01\x01\x00\x00",
        b"\xff\xfe# XDI/1.0",
    ],
    ids=[
        "entries",
        "comments",
        "ignored",
        "value",
        "columns",
        "line",
        "rows",
        "lines",
        "binary",
        "odd-utf-16",
    ],
)
def test_limits(xdi: Any, content: bytes) -> None:
    with pytest.raises(UnreadableInput):
        xdi.read(content)


def test_patterns_do_not_run_away(xdi: Any) -> None:
    long = [
        "a" * 8000,
        "a." * 4000,
        "room" + " " * 8000 + "x",
        "Si" + " " * 8000,
        "$1" + "+$1" * 2600,
        "L1" + ",1" * 4000,
    ]
    keys = [
        "Sample.temperature",
        "Mono.name",
        "Element.edge",
        "Scan.start_time",
        "Scan.mode",
        "Scan.plot_hint",
        "Any.thing",
    ]
    entries = [f"{key}: {value}" for key in keys for value in long] * 20
    source = xdi.source(xdi.text(*entries))
    started = time.process_time()
    READER.read(source)
    assert time.process_time() - started < 2


def test_control_characters_do_not_reach_the_form(xdi: Any) -> None:
    reading = xdi.read(xdi.swapped("Sample.name", "Cu\x1b[31m\x07\x0bfoil\u2028\x85end"))
    name = reading.forms[0].get("/sample/name")
    assert name == "Cu [31m  foil  end"
    assert all(char.isprintable() for item in reading.findings for char in item.text("en"))


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.xdi"
    with path.open("wb") as stream:
        stream.write(b"# XDI/1.0\n")
        stream.truncate(3 * 1024**3)
    source = Source(path, "sparse.xdi")
    assert READER.sniff(source) == 100
    with pytest.raises(UnreadableInput, match="max_file_bytes"):
        READER.read(source)


def read_or_refuse(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    source = Source(path, path.name)
    READER.sniff(source)
    try:
        reading = READER.read(source)
    except UnreadableInput as error:
        assert error.detail
        return
    assert len(reading.forms) == (1 if reading.is_xafs else 0)
    for item in reading.findings:
        assert item.text("ja")


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    read_or_refuse(tmp_path_factory.getbasetemp() / "any.xdi", b"# XDI/1.0\n" + content)


LINE = st.one_of(
    st.sampled_from(
        ["# Column.1: energy eV", "# Element.edge: K", "# ///", "#----", "% x", "8779 1 2", "# A.b: c"]
    ),
    st.text(max_size=30).map(lambda value: f"# Element.edge: {value}"),
    st.text(max_size=30).map(lambda value: f"# Scan.start_time: {value}"),
    st.text(max_size=30).map(lambda value: f"# Scan.plot_hint: x -- {value}"),
    st.text("0123456789.-+eE n", max_size=40),
    st.builds(
        "# Column.{}: {}".format,
        st.integers(0, 99999),
        st.sampled_from(["energy eV", "angle deg", "k", "i0", "it"]),
    ),
)


@given(st.lists(LINE, max_size=40))
def test_any_lines_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    content = "\n".join(["# XDI/1.1 x", *lines, "8779 1 2", "8780 1 2"]).encode()
    read_or_refuse(tmp_path_factory.getbasetemp() / "lines.xdi", content)


def test_damaged_files_are_read_or_refused(xdi: Any, tmp_path: Path) -> None:
    chance = random.Random(1)
    splices = [
        b"\0",
        b"\x1a",
        b"\r",
        b"||",
        b"# ///\n",
        b"#---\n",
        b"nan",
        b"\xc5",
        b"# Outer.name: x\n",
        b":",
        b"-",
    ]
    for _ in range(400):
        content = bytearray(xdi.text().encode())
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(content))
            content[at : at + chance.choice([0, 0, 1, 30])] = chance.choice(splices)
        read_or_refuse(tmp_path / "damaged.xdi", bytes(content))
