"""Archives: their files are read as if they lay in a folder, and nothing they hold does any harm."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.archives import MAX_MEMBERS, Workspace
from catalog.bounded import Limits
from catalog.checking import check
from catalog.config import load_settings
from catalog.findings import Finding
from catalog.intake import find, ingest
from catalog.registry import create_registry, open_registry
from catalog.walk import FoundFile, walk

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
LIMITS = Limits(20, 1 << 30)
XDI = b"""\
# XDI/1.0
# Element.symbol: Fe
# Element.edge: K
# Column.1: energy eV
# Column.2: mutrans
#---
7000.0 0.0
7200.0 1.0
"""


@pytest.fixture
def workspace() -> Any:
    made = Workspace(LIMITS, 1 << 20, 4 << 20)
    yield made
    made.close()


def zipped(path: Path, members: dict[str, bytes], **options: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, *members: tarfile.TarInfo, content: bytes = XDI, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member in members:
            if member.isreg():
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return path


def unpacked(workspace: Workspace, path: Path) -> tuple[list[str], list[str]]:
    """The names of the files, and the sentences of the findings, without the archive's own path."""
    names, said = [], []
    for item in walk([path], workspace):
        if isinstance(item, FoundFile):
            assert item.path.is_file()
            names.append(item.name.removeprefix(f"{path}!/"))
        else:
            said.append(item.text().replace(str(path), path.name))
    return names, said


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz"])
def test_members_are_named_by_their_archive(workspace: Workspace, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data.{suffix}"
    if suffix == "zip":
        zipped(path, {"b/Fe.xdi": XDI, "a.xdi": XDI, "empty/": b"", "__MACOSX/._a": b"x", ".hidden": b"x"})
    else:
        mode = "w:gz" if suffix.endswith("gz") else "w"
        folder = tarfile.TarInfo("b")
        folder.type = tarfile.DIRTYPE
        tarred(path, folder, tarfile.TarInfo("b/Fe.xdi"), tarfile.TarInfo("./a.xdi"), mode=mode)
    names, said = unpacked(workspace, path)
    assert ([name.removeprefix("./") for name in names], said) == (["a.xdi", "b/Fe.xdi"], [])


def test_without_a_workspace_an_archive_is_a_file(tmp_path: Path) -> None:
    path = zipped(tmp_path / "data.zip", {"a": XDI})
    assert list(walk([path])) == [FoundFile(path, str(path))]


def test_packed_files_of_a_format_are_no_archives(workspace: Workspace, tmp_path: Path) -> None:
    project = tmp_path / "athena.prj"
    project.write_bytes(gzip.compress(b"# Athena project file -- Demeter version 0.9.26\n"))
    sheet = zipped(tmp_path / "sheet.xlsx", {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"})
    for path in (project, sheet):
        assert unpacked(workspace, path) == ([str(path)], [])


def test_nothing_is_written_outside(workspace: Workspace, tmp_path: Path) -> None:
    evil = ["../up.xdi", "/abs.xdi", "a/../../up.xdi", "..\\win.xdi", "C:\\win.xdi", "C:/win.xdi"]
    for path in (
        zipped(tmp_path / "slip.zip", dict.fromkeys([*evil, "good.xdi"], XDI)),
        tarred(tmp_path / "slip.tar", *map(tarfile.TarInfo, [*evil, "good.xdi"])),
    ):
        before = sorted(tmp_path.rglob("*"))
        names, said = unpacked(workspace, path)
        assert names == ["good.xdi"]
        assert len(said) == len(evil)
        assert all("leads out of the archive" in sentence for sentence in said)
        assert sorted(tmp_path.rglob("*")) == before
    assert workspace._folder
    inside = [each for each in workspace._folder.rglob("*") if each.is_file()]
    assert {each.name for each in inside} == {"good.xdi"}


def test_links_and_devices_are_left_out(workspace: Workspace, tmp_path: Path) -> None:
    made = []
    for name, kind in [
        ("sym", tarfile.SYMTYPE),
        ("hard", tarfile.LNKTYPE),
        ("dev", tarfile.CHRTYPE),
        ("pipe", tarfile.FIFOTYPE),
    ]:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        made.append(member)
    # A link first, and then a file below it: the classic way out of the folder.
    below = tarfile.TarInfo("sym/file.xdi")
    names, said = unpacked(workspace, tarred(tmp_path / "links.tar", *made, below))
    assert names == ["sym/file.xdi"]
    assert len(said) == 4
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    names, said = unpacked(workspace, tmp_path / "links.zip")
    assert names == []
    assert "link or a device" in said[0]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"zeros.xdi": bytes(1 << 20 << 1)}, "200 times"),
        ({f"{number}.bin": os.urandom(900_000) for number in range(6)}, "max_archive_bytes"),
        ({str(number): b"" for number in range(MAX_MEMBERS + 1)}, "10,000 members"),
        ({}, "no file"),
    ],
)
def test_bombs_are_refused(
    workspace: Workspace, tmp_path: Path, members: dict[str, bytes], reason: str
) -> None:
    _, said = unpacked(workspace, zipped(tmp_path / "bomb.zip", members))
    assert len(said) == 1
    assert reason in said[0]
    assert workspace._folder
    written = sum(each.stat().st_size for each in workspace._folder.rglob("*") if each.is_file())
    assert written <= workspace.max_archive_bytes


def test_a_member_over_the_limit_of_a_file_is_left_out_alone(workspace: Workspace, tmp_path: Path) -> None:
    path = zipped(tmp_path / "large.zip", {"large.bin": os.urandom((1 << 20) + 1), "good.xdi": XDI})
    names, said = unpacked(workspace, path)
    assert names == ["good.xdi"]
    assert "1,048,576 bytes" in said[0]


def test_archives_in_archives_end_somewhere(workspace: Workspace, tmp_path: Path) -> None:
    content, name = XDI, "Fe.xdi"
    for depth in range(3):
        path = zipped(tmp_path / f"{depth}.zip", {name: content})
        content, name = path.read_bytes(), path.name
    assert unpacked(workspace, tmp_path / "1.zip") == (["0.zip!/Fe.xdi"], [])
    names, said = unpacked(workspace, tmp_path / "2.zip")
    assert names == []
    assert "nested more than 2 deep" in said[0]


def test_encrypted_and_damaged_members_are_named_and_the_others_read(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = zipped(tmp_path / "a.zip", {"locked.xdi": XDI, "broken.xdi": XDI * 9, "good.xdi": XDI})
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1  # the first member says that it is encrypted
    broken = content.index(b"broken.xdi") + len("broken.xdi") + 4
    content[broken] ^= 0xFF
    path.write_bytes(content)
    names, said = unpacked(workspace, path)
    assert names == ["good.xdi"]
    assert sorted("encrypted" in each for each in said) == [False, True]
    assert any("damaged" in each for each in said)
    path.write_bytes(bytes(content[:200]))
    names, said = unpacked(workspace, path)
    assert names == []
    assert "damaged" in said[0]


def test_names_in_shift_jis_are_read(workspace: Workspace, tmp_path: Path) -> None:
    path = zipped(tmp_path / "jp.zip", {"??.xdi": XDI})
    raw = "鉄箔.xdi".encode("cp932")
    placeholder = b"??.xdi".replace(b"??", b"????")
    zipped(path, {placeholder.decode(): XDI})
    path.write_bytes(path.read_bytes().replace(placeholder, raw))
    assert unpacked(workspace, path) == (["鉄箔.xdi"], [])
    member = tarfile.TarInfo("鉄箔.xdi")
    with tarfile.open(tmp_path / "jp.tar", "w", encoding="cp932", format=tarfile.GNU_FORMAT) as archive:
        member.size = len(XDI)
        archive.addfile(member, io.BytesIO(XDI))
    assert unpacked(workspace, tmp_path / "jp.tar") == (["鉄箔.xdi"], [])


def test_names_with_line_breaks_and_direction_marks_are_made_printable(
    workspace: Workspace, tmp_path: Path
) -> None:
    names, _ = unpacked(workspace, zipped(tmp_path / "a.zip", {"a\nb\u202excod.xdi": XDI}))
    assert names == ["a�b�xcod.xdi"]


def test_two_members_of_one_name(workspace: Workspace, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive, pytest.warns(UserWarning):
        archive.writestr("a.xdi", XDI)
        archive.writestr("a.xdi", b"other")
    names, said = unpacked(workspace, tmp_path / "twice.zip")
    assert names == ["a.xdi"]
    assert "came before" in said[0]


def test_the_folder_goes_with_the_workspace(tmp_path: Path) -> None:
    workspace = Workspace(LIMITS, 1 << 20, 4 << 20)
    (item,) = walk([zipped(tmp_path / "a.zip", {"a.xdi": XDI})], workspace)
    assert not isinstance(item, Finding)
    folder = workspace._folder
    assert folder
    assert folder.is_dir()
    del workspace
    assert not folder.exists()


def test_a_zip_is_ingested_with_its_forms_and_validated(tmp_path: Path) -> None:
    form = b"title: Iron foil\nspectra:\n  - {element: Fe, edge: K, files: [data/Fe.xdi]}\n"
    path = zipped(tmp_path / "set.zip", {"iron.yaml": form, "data/Fe.xdi": XDI, "Cu.xdi": XDI + b"\n"})
    home = tmp_path / "home"
    home.mkdir()
    create_registry(home, "http://127.0.0.1:8000", now=NOW)
    settings = load_settings(home, environ={})
    with open_registry(settings.registry_path) as registry:
        for expected in ("stored", "duplicate"):
            found = find([path], settings)
            receipts = ingest(found, registry=registry, settings=settings, now=NOW, actor="test")
            results = {receipt.file.rpartition("!/")[2]: receipt.result for receipt in receipts}
            assert results == {"iron.yaml": expected, "data/Fe.xdi": "attached", "Cu.xdi": expected}
    reports = check([path], today=NOW.date(), max_bytes=1 << 20)
    assert [report.file.rpartition("!/")[2] for report in reports] == ["Cu.xdi", "data/Fe.xdi", "iron.yaml"]


def renamed(path: Path, names: dict[str, bytes]) -> Path:
    """The zip at ``path`` with members' names replaced by bytes of the same length."""
    content = path.read_bytes()
    for name, raw in names.items():
        content = content.replace(name.encode(), raw)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("raw", [b"\0.xdi", b"\0\0\0\0\0"])
def test_a_name_that_is_none_harms_no_other_member(workspace: Workspace, tmp_path: Path, raw: bytes) -> None:
    path = renamed(zipped(tmp_path / "a.zip", {"1.xdi": XDI, "ok.xdi": XDI}), {"1.xdi": raw})
    names, said = unpacked(workspace, path)
    assert names == ["ok.xdi"]
    assert "leads out" in said[0]


def test_an_empty_name_harms_no_other_member(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = info.orig_filename = ""
        archive.writestr(info, XDI)
        archive.writestr("ok.xdi", XDI)
    names, said = unpacked(workspace, path)
    assert names == ["ok.xdi"]
    assert len(said) == 1


def test_folders_written_with_a_backslash(workspace: Workspace, tmp_path: Path) -> None:
    path = renamed(zipped(tmp_path / "a.zip", {"dir?": b"", "dir?a.xdi": XDI}), {"dir?": b"dir\\"})
    assert unpacked(workspace, path) == (["dir\\a.xdi"], [])


def test_what_cannot_be_written_is_told_without_the_place(workspace: Workspace, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a": XDI, "a/b.xdi": XDI, f"{'x' * 300}.xdi": XDI, "ok.xdi": XDI})
    names, said = unpacked(workspace, path)
    assert names == ["a", "ok.xdi"]
    assert "(there is a file of that name)" in said[0]
    assert "(the name is too long)" in said[1]
    assert not any("xafscat-" in each for each in said)
