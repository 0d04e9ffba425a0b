"""Walking given paths: order, links, and everything in a folder that is no file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from catalog.findings import Finding
from catalog.walk import FoundFile, walk


def tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def split(root: Path, *given: Path | str) -> tuple[list[str], list[tuple[str, str]]]:
    """Names of the files relative to ``root``, and (code, name) of the findings."""
    files, findings = [], []
    for item in walk(given or [root]):
        if isinstance(item, Finding):
            findings.append((item.code, item.file.removeprefix(f"{root}/")))
        else:
            assert item.path.is_file()
            files.append(item.name.removeprefix(f"{root}/"))
    return files, findings


def test_files_come_in_sorted_order_and_hidden_ones_not_at_all(tmp_path: Path) -> None:
    tree(tmp_path, "b/2.xdi", "b/10.xdi", "a.xdi", "c/d/e.xdi", ".git/config", "b/.hidden", ".x/y", "b.xdi")
    assert split(tmp_path) == (["a.xdi", "b/10.xdi", "b/2.xdi", "b.xdi", "c/d/e.xdi"], [])


def test_given_paths_keep_their_order_and_their_spelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, "b/x", "a", ".hidden")
    monkeypatch.chdir(tmp_path)
    found = list(walk(["b", "a", tmp_path / "a", ".hidden"]))
    assert found == [
        FoundFile(Path("b/x"), "b/x"),
        FoundFile(Path("a"), "a"),
        FoundFile(tmp_path / "a", str(tmp_path / "a")),
        FoundFile(Path(".hidden"), ".hidden"),
    ]


def test_a_missing_path_is_a_finding_and_the_rest_is_walked(tmp_path: Path) -> None:
    tree(tmp_path, "a")
    given = [tmp_path / "nothing", tmp_path / "a", tmp_path / "a" / "below-a-file", "nul\0"]
    files, findings = split(tmp_path, *given)
    assert files == ["a"]
    assert [code for code, _ in findings] == ["path-not-found", "path-unreadable", "path-unreadable"]


def test_a_loop_of_folders_ends(tmp_path: Path) -> None:
    tree(tmp_path, "a/b/file")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "self").symlink_to(".")
    files, findings = split(tmp_path)
    assert files == ["a/b/file"]
    assert sorted(findings) == [("path-repeated", "a/b/up"), ("path-repeated", "a/self")]


def test_a_link_to_itself_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "ouroboros").symlink_to("ouroboros")
    (tmp_path / "broken").symlink_to("nowhere")
    assert split(tmp_path) == ([], [("path-unreadable", "broken"), ("path-unreadable", "ouroboros")])
    assert split(tmp_path, tmp_path / "ouroboros")[1] == [("path-unreadable", "ouroboros")]


def test_links_within_the_tree_are_followed_under_the_own_name_of_their_target_first(tmp_path: Path) -> None:
    tree(tmp_path, "root/z/file", "root/.store/object", "root/.store/deep/object2")
    (tmp_path / "root" / "a-link").symlink_to("z")
    (tmp_path / "root" / "b-link").symlink_to(".store")
    (tmp_path / "root" / "c.xdi").symlink_to(".store/object")
    files, findings = split(tmp_path / "root")
    assert files == ["c.xdi", "z/file", "b-link/deep/object2", "b-link/object"]
    assert findings == [("path-repeated", "a-link")]


def test_links_that_leave_the_given_folder_are_not_followed(tmp_path: Path) -> None:
    tree(tmp_path, "outside/secret", "root/file", "root-beside/file")
    (tmp_path / "root" / "secret").symlink_to(tmp_path / "outside" / "secret")
    (tmp_path / "root" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "root" / "prefix").symlink_to(tmp_path / "root-beside")
    files, findings = split(tmp_path / "root")
    assert files == ["file"]
    assert findings == [("path-link-outside", name) for name in ("folder", "prefix", "secret")]


def test_a_given_link_is_followed(tmp_path: Path) -> None:
    tree(tmp_path, "real/file")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file-link").symlink_to("real/file")
    assert split(tmp_path, tmp_path / "link", tmp_path / "file-link") == (["link/file", "file-link"], [])


def test_overlapping_paths_are_walked_once(tmp_path: Path) -> None:
    tree(tmp_path, "a/b/file")
    assert split(tmp_path, tmp_path / "a", tmp_path / "a" / "b") == (["a/b/file"], [("path-repeated", "a/b")])


def test_pipes_sockets_and_devices_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "file")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pipe-link").symlink_to("pipe")
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        files, findings = split(tmp_path, tmp_path, tmp_path / "pipe", "/dev/null")
    assert files == ["file"]
    assert findings == [
        ("path-special", "pipe"),
        ("path-special", "pipe-link"),
        ("path-special", "socket"),
        ("path-special", "pipe"),
        ("path-special", "/dev/null"),
    ]


def test_what_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may read everything; the next test covers this without permissions")
    tree(tmp_path, "closed/file", "secret", "open")
    (tmp_path / "secret").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        assert split(tmp_path) == (["open"], [("path-unreadable", "closed"), ("path-unreadable", "secret")])
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_what_the_system_refuses_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "closed/file", "secret", "open")
    access, scandir = os.access, os.scandir

    def refusing_scandir(path: Path) -> object:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "secret" and access(path, mode))
    monkeypatch.setattr(os, "scandir", refusing_scandir)
    assert split(tmp_path) == (["open"], [("path-unreadable", "closed"), ("path-unreadable", "secret")])


def test_a_very_deep_tree_ends_in_a_finding_at_worst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Deeper than Python's recursion limit and than the longest path of the system.
    monkeypatch.chdir(tmp_path)
    depth = 2500
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    files, findings = split(tmp_path)
    for _ in range(depth):
        os.chdir("..")
        Path("d").rmdir()
    assert files == []
    assert [code for code, _ in findings] == ["path-unreadable"]


def test_a_name_that_is_no_utf_8_can_still_be_printed(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/foil-\xe9.xdi"
    try:
        Path(os.fsdecode(raw)).write_text("x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    ((path, name),) = walk([tmp_path])  # type: ignore[misc]
    assert os.fsencode(path) == raw
    assert name == f"{tmp_path}/foil-\\xe9.xdi"
    name.encode("utf-8")


def test_what_a_catalog_keeps_is_left_out_and_said(tmp_path: Path) -> None:
    own = ("registry.sqlite", "registry.sqlite-wal", "settings.toml", "files/ab/cd", "public/x", "run/x")
    tree(tmp_path, *(f"data/{name}" for name in own), "data/mine.xdi", "files/no-catalog.xdi")
    (tmp_path / "link").symlink_to(tmp_path / "data" / "files")
    assert split(tmp_path) == (
        ["data/mine.xdi", "files/no-catalog.xdi"],
        [("path-catalog", "data"), ("path-catalog", "link")],
    )
    given = [tmp_path / "data" / "files", tmp_path / "data" / "files" / "ab" / "cd", tmp_path / "data"]
    files, findings = split(tmp_path, *given)
    assert files == ["data/mine.xdi"]
    assert [code for code, _ in findings] == ["path-catalog"] * 3
