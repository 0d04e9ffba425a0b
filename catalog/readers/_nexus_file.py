"""An HDF5 file of a stranger, read within bounds: nothing outside the file, nothing larger than a spectrum needs.

External links, external storage and virtual data sets lead to other files and are never followed; soft links are
resolved step by step and only so often; shapes, chunks, texts and attributes are measured before they are read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

from catalog.errors import UnreadableInput
from catalog.readers import Source
from catalog.wording import Sentence

SIGNATURE = b"\x89HDF\r\n\x1a\n"
# The signature may stand behind a block of the user's own, at doubling places.
OFFSETS = (0, 512, 1024, 2048, 4096, 8192, 16384, 32768)

MAX_VALUES = 2_000_000
MAX_BYTES = 64 * 1024 * 1024
_MAX_TEXT_BYTES = 65_536
_MAX_TEXT = 10_000
_MAX_MEMBERS = 5_000
_MAX_STEPS = 200_000
_MAX_DEPTH = 6
_MAX_LINKS = 8

Node: TypeAlias = Any


@dataclass(slots=True)
class Hdf5:
    """An open file. ``elsewhere`` says where what leads to other files leads, by its place here."""

    root: Node
    name: str
    elsewhere: dict[str, str] = field(default_factory=dict)
    steps: int = 0
    classes: dict[int, list[tuple[str, Node]]] = field(default_factory=dict)

    def entries(self) -> Iterator[Node]:
        """The NXentry groups that hold no other NXentry, in the order of the file."""
        yield from self._entries(self.root, 0, {_address(self.root)})

    def _entries(self, group: Node, depth: int, above: set[int]) -> Iterator[Node]:
        for _, member in self.members(group):
            if not _is_group(member) or _address(member) in above:
                continue
            kind = self.attribute(member, "NX_class")
            if kind == "NXentry":
                inner = list(self._entries(member, depth + 1, above | {_address(member)}))
                if inner:
                    yield from inner
                else:
                    yield member
            elif not kind and depth < _MAX_DEPTH:
                yield from self._entries(member, depth + 1, above | {_address(member)})

    def members(self, group: Node) -> Iterator[tuple[str, Node]]:
        """Name and node of each member that lies in this file; the others are noted in ``elsewhere``."""
        for name in islice(group, _MAX_MEMBERS):
            node = self.child(group, name)
            if node is not None:
                yield name, node

    def child(self, group: Node, name: str, followed: int = 0) -> Node | None:
        """The member ``name`` of a group; None where there is none, or where it leads out of the file."""
        import h5py

        self._step()
        try:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                self.elsewhere[f"{group.name.rstrip('/')}/{name}"] = f"{link.filename}:{link.path}"
                return None
            if isinstance(link, h5py.SoftLink):
                return self._follow(group, link.path, followed + 1)
            return group[name] if isinstance(link, h5py.HardLink) else None
        except (KeyError, OSError, RuntimeError, ValueError):
            return None

    def _follow(self, group: Node, path: str, followed: int) -> Node | None:
        if followed > _MAX_LINKS or len(path) > 1_000:
            return None
        node = self.root if path.startswith("/") else group
        for part in filter(None, path.split("/")):
            if part == ".":
                continue
            node = self.child(node, part, followed) if _is_group(node) else None
            if node is None:
                return None
        return node

    def find(self, entry: Node, path: str) -> Node | None:
        """What stands at ``path`` below ``entry``; a part such as ``NXsource`` is the first member of that class."""
        return next(self._find(entry, path.split("/")), None)

    def _find(self, node: Node, parts: list[str]) -> Iterator[Node]:
        if not parts:
            yield node
        elif _is_group(node):
            if not parts[0].startswith("NX"):
                below = self.child(node, parts[0])
                if below is not None:
                    yield from self._find(below, parts[1:])
                return
            for kind, member in self._groups(node):
                if kind == parts[0]:
                    yield from self._find(member, parts[1:])

    def _groups(self, group: Node) -> list[tuple[str, Node]]:
        """Class and node of each member that is a group with a class; asked for once, since every place needs it."""
        address = _address(group)
        if address not in self.classes:
            self.classes[address] = [
                (kind, member)
                for _, member in self.members(group)
                if _is_group(member) and (kind := self.attribute(member, "NX_class"))
            ]
        return self.classes[address]

    def attribute(self, node: Node, name: str) -> str:
        """A short text attribute; an empty text for what is none."""
        self._step()
        try:
            if name not in node.attrs:
                return ""
            identity = node.attrs.get_id(name)
            if math.prod(identity.shape) * identity.dtype.itemsize > _MAX_TEXT_BYTES:
                return ""
            return _as_text(node.attrs[name])[:200]
        except (KeyError, OSError, RuntimeError, TypeError, ValueError):
            return ""

    def text(self, node: Node | None) -> str:
        """The text or number of a data set with one value; an empty text for anything else."""
        if (
            node is None
            or not self._is_readable(node)
            or node.size != 1
            or node.dtype.itemsize > _MAX_TEXT_BYTES
        ):
            return ""
        try:
            return _as_text(node[()])[:_MAX_TEXT].strip()
        except (OSError, RuntimeError, TypeError, ValueError):
            return ""

    def array(self, node: Node | None) -> Any | None:
        """The numbers of a data set of one or two dimensions, as a numpy array of floats; None for anything else.

        Raises UnreadableInput for a shape or a chunk beyond what a spectrum can have, before anything is read.
        """
        if (
            node is None
            or not self._is_readable(node)
            or node.dtype.kind not in "iuf"
            or node.ndim not in (1, 2)
        ):
            return None
        if node.size > MAX_VALUES or node.size * node.dtype.itemsize > MAX_BYTES:
            raise self._too_large(
                node,
                Sentence(
                    "has {size:,} values ({shape})", size=node.size, shape=" x ".join(map(str, node.shape))
                ),
            )
        chunk = math.prod(node.chunks) * node.dtype.itemsize if node.chunks else 0
        if chunk > MAX_BYTES:
            raise self._too_large(node, Sentence("is stored in pieces of {chunk:,} bytes", chunk=chunk))
        try:
            return node[()]
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            raise UnreadableInput(
                Sentence("the data set {name} cannot be read: {error}", name=node.name, error=error),
                where=self.name,
            ) from error

    def _is_readable(self, node: Node) -> bool:
        import h5py

        if not isinstance(node, h5py.Dataset) or node.shape is None:
            return False
        if node.external or node.is_virtual:
            self.elsewhere[str(node.name)] = _target(node)
            return False
        return True

    def _too_large(self, node: Node, what: Sentence) -> UnreadableInput:
        return UnreadableInput(
            Sentence(
                "the data set {name} {what}; at most {most:,} values and {max_bytes:,} bytes are read",
                name=node.name,
                what=what,
                most=MAX_VALUES,
                max_bytes=MAX_BYTES,
            ),
            where=self.name,
        )

    def _step(self) -> None:
        self.steps += 1
        if self.steps > _MAX_STEPS:
            raise UnreadableInput(
                Sentence("the file has more groups and data sets than are read"), where=self.name
            )


@contextmanager
def opened(source: Source) -> Iterator[Hdf5]:
    """The file, open for reading. Raises UnreadableInput for a file that is too large, or that HDF5 finds damaged."""
    import h5py

    if source.size > source.max_bytes:
        raise UnreadableInput(
            Sentence(
                "the file has {size:,} bytes; at most {most:,} are read (setting max_file_bytes)",
                size=source.size,
                most=source.max_bytes,
            ),
            where=source.name,
        )
    try:
        file = h5py.File(source.path, "r", locking=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise UnreadableInput(
            Sentence("the file is damaged: HDF5 cannot open it ({error})", error=error), where=source.name
        ) from error
    try:
        with file:
            yield Hdf5(file, source.name)
    except (KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        # HDF5 checks what it reads only when it reads it.
        raise UnreadableInput(
            Sentence("the file is damaged: {error}", error=error), where=source.name
        ) from error


def _is_group(node: Node) -> bool:
    import h5py

    return isinstance(node, h5py.Group)


def _target(node: Node) -> str:
    """The file that holds the values of a data set stored elsewhere; of a virtual one also the place in it."""
    if node.external:
        return str(node.external[0][0])
    mapped = node.virtual_sources()
    return f"{mapped[0].file_name}:{mapped[0].dset_name}" if mapped else "-"


def _address(node: Node) -> int:
    import h5py

    return int(h5py.h5o.get_info(node.id).addr)


def _as_text(value: Any) -> str:
    """A text, a number, or the only one of an array, as text; anything else is an empty text."""
    if hasattr(value, "shape"):
        if getattr(value, "size", 0) != 1:
            return ""
        value = value.reshape(-1)[0] if value.shape else value[()]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value
    # Bound to numbers: a reference or a record is nothing to show.
    return str(value) if getattr(getattr(value, "dtype", None), "kind", "") in tuple("iufb") else ""
