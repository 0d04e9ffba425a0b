"""Where the files of releases are, and the manifest that says which they are.

Everything below ``public`` is open to the public process, and nothing else is:
``releases/<number>/`` (``store/``, ``index.sqlite``, ``manifest.json``), ``current`` (a link to one of them),
``documents/`` (packs shared by releases) and ``files/<2 hex>/<sha256>`` (the open data files).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from catalog.document import canonical_json
from catalog.errors import FULL, Damaged, StorageFull, refused_by_system
from catalog.mapping import RecordDocument

FORMAT = 6
UNFINISHED = ".tmp"
STORE, INDEX, MANIFEST = "store", "index.sqlite", "manifest.json"
# Another file system, one without hard links, or too many links to one file.
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK}
_REBUILD = "run 'xafscat rebuild'"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below a catalog's public folder."""

    public: Path

    @property
    def releases(self) -> Path:
        """The folder of all releases."""
        return self.public / "releases"

    @property
    def current(self) -> Path:
        """The link to the release that is shown."""
        return self.public / "current"

    @property
    def documents(self) -> Path:
        """The folder of the packs of public documents."""
        return self.public / "documents"

    def release(self, number: int) -> Path:
        """The folder of a release."""
        return self.releases / str(number)

    def file(self, sha256: str) -> Path:
        """An open data file."""
        return self.public / "files" / sha256[:2] / sha256

    def numbers(self) -> list[int]:
        """The numbers of the releases on disk, ascending."""
        if not self.releases.is_dir():
            return []
        return sorted(int(entry.name) for entry in self.releases.iterdir() if entry.name.isdigit())

    def current_number(self) -> int | None:
        """The number of the release that is shown, None before the first. Raises Damaged for a strange link."""
        try:
            # Asked with every request: a path object would cost several times the call.
            target = os.readlink(f"{self.public}/current")  # noqa: PTH115
        except FileNotFoundError:
            return None
        except OSError as error:
            where = str(self.current)
            wrong = Damaged(f"this is no link to a release; {_REBUILD}", where=where)
            raise refused_by_system(error, where) or wrong from error
        folder, _, name = target.partition("/")
        if folder != "releases" or not (name.isascii() and name.isdigit()):
            raise Damaged(f"the link leads elsewhere, to {target}; {_REBUILD}", where=str(self.current))
        return int(name)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release consists of.

    ``hash`` is over the sorted hashes of all its documents, so equal content has an equal hash. ``recipe`` is the
    hash of what else its triples depend on: ontology, shapes and program. ``documents`` maps pack numbers to
    the bytes in use; ``files`` maps the name of each file of the release to its SHA-256 and size.
    """

    number: int
    hash: str
    base: str
    made: str
    recipe: str
    engine: str
    totals: dict[str, int]
    documents: dict[str, int]
    files: dict[str, tuple[str, int]]
    format: int = FORMAT

    def write(self, path: Path) -> None:
        """Write the manifest and bring it to the disk."""
        with path.open("w", encoding="utf-8") as stream:
            json.dump(asdict(self), stream, ensure_ascii=False, indent=1, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the release in ``folder``. Raises Damaged when there is none, or one of another format."""
    path = folder / MANIFEST
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        form = content.get("format")
        if form != FORMAT:
            text = f"the release is of format {form}, this program reads {FORMAT}; {_REBUILD}"
            raise Damaged(text, where=str(path))
        files = {name: (str(sha), int(size)) for name, (sha, size) in content.pop("files").items()}
        manifest = Manifest(files=files, **content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged(f"the manifest cannot be read ({error}); {_REBUILD}", where=str(path)) from error
    if str(manifest.number) != folder.name:
        raise Damaged(f"the manifest is of another release; {_REBUILD}", where=str(path))
    return manifest


def missing_files(layout: Layout, manifest: Manifest) -> list[str]:
    """The names of a release's files that are not there in their size: a look that costs next to nothing."""
    folder = layout.release(manifest.number)
    found = [name for name, (_, size) in manifest.files.items() if _size(folder / name) != size]
    packs = ((layout.documents / f"{number}.pack", used) for number, used in manifest.documents.items())
    # A pack goes on growing with the releases to come.
    return found + [path.name for path, used in packs if _size(path) < used]


def changed_files(layout: Layout, manifest: Manifest) -> list[str]:
    """The names of a release's own files whose content is not the recorded one; reads every byte of them."""
    missing = missing_files(layout, manifest)
    folder = layout.release(manifest.number)
    return missing + [
        name
        for name, (sha, _) in manifest.files.items()
        if name not in missing and file_sha256(folder / name) != sha
    ]


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync(paths: Iterable[Path]) -> None:
    """Bring files and folders to the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace_link(link: Path, target: str) -> None:
    """Let ``link`` point to ``target`` at once: whoever looks sees the old or the new one."""
    fresh = link.with_name(link.name + UNFINISHED)
    with suppress(FileNotFoundError):
        fresh.unlink()
    fresh.symlink_to(target)
    fresh.rename(link)
    sync([link.parent])


def show(layout: Layout, number: int) -> None:
    """Make a sealed release the one the world sees, in one step."""
    replace_link(layout.current, f"releases/{number}")


def link_files(layout: Layout, files: Iterable[str], private: Path) -> list[str]:
    """Let the public folder have these files: hard links of the private ones, copies on another file system.

    Gives those that are missing.
    """
    folders, missing = set(), []
    for sha in sorted(files):
        target, source = layout.file(sha), private / sha[:2] / sha
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        folders.add(target.parent)
        try:
            os.link(source, target)
        except FileNotFoundError:
            missing.append(sha)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            fresh = target.with_name(target.name + UNFINISHED)
            shutil.copyfile(source, fresh)
            sync([fresh])
            fresh.rename(target)
    sync(sorted(folders))
    return missing


def remove(folder: Path) -> None:
    """Remove a folder and all in it; one that is being removed has no name anybody would read."""
    if folder.exists():
        if not folder.name.endswith(UNFINISHED):
            hidden = folder.with_name(folder.name + UNFINISHED)
            remove(hidden)
            folder.rename(hidden)
            folder = hidden
        shutil.rmtree(folder)


def manifests(layout: Layout) -> dict[int, Manifest]:
    """The manifests of all releases on disk that have one, by number."""
    found = {}
    for number in layout.numbers():
        with suppress(Damaged):
            found[number] = read_manifest(layout.release(number))
    return found


def write_whole(path: Path, text: str) -> None:
    """Replace a small file durably: after a crash it is the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + UNFINISHED)
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.rename(path)
    sync([path.parent])


@contextmanager
def full_disk_translated(where: Path) -> Iterator[None]:
    """A full disk becomes StorageFull; nothing else is touched."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(
                "the disk is full; nothing was published, the release before is still shown", where=str(where)
            ) from error
        raise


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def open_files(document: dict[str, Any]) -> set[str]:
    """The SHA-256 in hex of the files of a public document that are open to everybody."""
    return {
        file["checksum"]["digest"]
        for spectrum in document.get("spectra", [])
        for file in spectrum.get("files", [])
        if "download_url" in file and "checksum" in file
    }


def documents_hash(recipe: str, catalog: RecordDocument, hashes: Iterable[bytes], links: str) -> str:
    """The hash of a release, in hex: over its recipe, the catalog's document, the links as N-Triples, and the sorted
    hashes of all other documents."""
    digest = hashlib.sha256(f"{recipe}\n{canonical_json(catalog)}\n{links}\n".encode())
    digest.update(b"".join(sorted(hashes)))
    return digest.hexdigest()
