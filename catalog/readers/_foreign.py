"""Metadata documents other catalogs write in JSON or YAML: their values by path, each with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from catalog.readers import Source
from catalog.readers._forms import documents
from catalog.readers._nodes import MappingNode, Node, ScalarNode, SequenceNode, decode_head
from catalog.readers._yaml import first_keys


@dataclass(frozen=True, slots=True)
class Stated:
    """A text of the document, where it stands (``sample[0].name``) and on which line."""

    path: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A node of a document and its path from the root. Paths given to the methods are dotted and relative.

    A path goes through lists by itself: ``sample.name`` is the name of every sample.
    """

    node: Node
    path: str = ""

    @property
    def line(self) -> int:
        """The line the node begins on."""
        return self.node.line

    def groups(self, path: str = "") -> list[Tree]:
        """The mappings at ``path``, a list being its items."""
        return [each for each in self._at(path) if isinstance(each.node, MappingNode)]

    def every(self, path: str = "") -> list[Stated]:
        """The texts at ``path``; what was left empty or holds no text is left out."""
        return [
            Stated(each.path, each.node.text, each.node.line)
            for each in self._at(path)
            if isinstance(each.node, ScalarNode) and each.node.text is not None
        ]

    def first(self, *paths: str) -> Stated | None:
        """The first text at the first of ``paths`` that has one."""
        return next((found for path in paths for found in self.every(path)), None)

    def names(self) -> list[str]:
        """The keys of a mapping."""
        return [entry.key for entry in self.node.entries] if isinstance(self.node, MappingNode) else []

    def leaves(self) -> Iterator[Stated]:
        """Every text below, in the order of the document."""
        if isinstance(self.node, ScalarNode):
            if self.node.text is not None:
                yield Stated(self.path, self.node.text, self.node.line)
        else:
            for child in self._children():
                yield from child.leaves()

    def child(self, key: str) -> Tree | None:
        """What stands under ``key`` of a mapping, whatever characters the key has."""
        return next(iter(self._keyed(key)), None)

    def _at(self, path: str) -> list[Tree]:
        found = _spread(self)
        for key in path.split(".") if path else ():
            found = [item for each in found for below in each._keyed(key) for item in _spread(below)]
        return found

    def _keyed(self, key: str) -> Iterator[Tree]:
        if isinstance(self.node, MappingNode):
            path = f"{self.path}.{key}" if self.path else key
            yield from (Tree(entry.value, path) for entry in self.node.entries if entry.key == key)

    def _children(self) -> Iterator[Tree]:
        if isinstance(self.node, SequenceNode):
            for number, item in enumerate(self.node.items):
                yield Tree(item, f"{self.path}[{number}]")
        elif isinstance(self.node, MappingNode):
            for entry in self.node.entries:
                yield Tree(entry.value, f"{self.path}.{entry.key}" if self.path else entry.key)


def trees(source: Source) -> list[Tree]:
    """The documents of a file. Raises UnreadableInput, with the line, for what is no safe JSON or YAML."""
    return [Tree(node) for node in documents(source.content(), source.name, foreign=True)]


def outline(source: Source, *signs: bytes) -> frozenset[str]:
    """The outermost keys at the beginning of a file; empty unless all ``signs`` stand there (cheaper to see)."""
    if not all(sign in source.head for sign in signs):
        return frozenset()
    head = decode_head(source.head)
    return _keys(head) if head and _begins_like_a_document(head) else frozenset()


@lru_cache(maxsize=4)
def _keys(head: str) -> frozenset[str]:
    # Blanks indent JSON as well as tabs do, and libyaml takes only the former.
    return frozenset(first_keys(head.replace("\t", " "))[0])


def _begins_like_a_document(head: str) -> bool:
    start = head.lstrip()[:1]
    return start in {"{", "[", "#", "-", '"', "'"} or start.isalpha()


def _spread(tree: Tree) -> list[Tree]:
    if isinstance(tree.node, SequenceNode):
        return [below for child in tree._children() for below in _spread(child)]
    return [tree]
