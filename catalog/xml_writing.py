"""Writing XML: one element after another, in the order the schemas ask for.

Harvesters are given hundreds of thousands of these elements. Made as texts they cost less than a tree of lxml,
which is built, moved into the answer and written; that they say the same is tested by parsing them.
Names are ours; texts and attributes may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from xml.sax.saxutils import escape

from catalog.facts import xml_text

LANG = "xml:lang"
DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
# What a reader would normalise away, in texts and in attributes (XML 1.0, 2.11 and 3.3.3).
_TEXT = {"\r": "&#13;"}
_ATTRIBUTE = {"\r": "&#13;", "\t": "&#9;", "\n": "&#10;"}
# Most of what a record says others say as well: licence, elements, places; a long text hardly comes again. Keeping more
# meets little more, and what is kept should stay in the processor's own memory.
KEPT, LONG = 1024, 200


class Element:
    """An element: its name and attributes as they are written, and what stands in it.

    ``prefixes`` are those of its namespaces, each with its colon, "" for the default one.
    """

    __slots__ = ("name", "opening", "parts", "prefixes")

    def __init__(self, name: str, prefixes: Mapping[str, str], opening: str = "") -> None:
        self.name = name
        self.opening = opening or name
        self.prefixes = prefixes
        self.parts: list[Element | str] = []

    def set(self, key: str, value: str) -> None:
        """Add an attribute, named as it is written."""
        self.opening += _attribute(key, value)

    def append(self, part: Element | str) -> None:
        """Put an element with its own namespaces at the end, or one that is written already."""
        self.parts.append(part)


def root(namespace: str, name: str, schema: str, prefixes: Mapping[str, str]) -> Element:
    """An element that states its namespaces (by prefix, "" for the default one) and its schema's place."""
    return Element(*_root(namespace, name, schema, tuple(prefixes.items())))


def add(
    parent: Element, namespace: str, name: str, text: str = "", lang: str = "", **attributes: str
) -> None:
    """Put an element of a text at the end of ``parent``; attributes that are "" are left out."""
    written = leaf if len(text) < LONG else leaf.__wrapped__
    parent.parts.append(written(parent.prefixes[namespace] + name, text, lang, *attributes.items()))


@lru_cache(maxsize=KEPT)
def leaf(name: str, text: str, lang: str, *attributes: tuple[str, str]) -> str:
    """An element of a text as it is written, kept for the next who says it; attributes that are "" are left out."""
    opening = name + (_attribute(LANG, lang) if lang else "")
    for key, value in attributes:
        if value:
            opening += _attribute(key, value)
    return f"<{opening}>{_escaped(text, _TEXT)}</{name}>" if text else f"<{opening}/>"


def nest(parent: Element, namespace: str, name: str, **attributes: str) -> Element:
    """Put an element at the end of ``parent`` that others are added to; attributes that are "" are left out."""
    made = Element(parent.prefixes[namespace] + name, parent.prefixes)
    for key, value in attributes.items():
        if value:
            made.set(key, value)
    parent.parts.append(made)
    return made


def to_text(element: Element) -> str:
    """The element without any white space between its parts."""
    pieces: list[str] = []
    _write(element, pieces)
    return "".join(pieces)


def to_bytes(element: Element) -> bytes:
    """The document of an element for people as well: UTF-8 with a declaration, a line an element."""
    return (DECLARATION + "".join(_lines(element, ""))).encode()


def _write(element: Element, pieces: list[str]) -> None:
    if not element.parts:
        pieces.append(f"<{element.opening}/>")
        return
    pieces.append(f"<{element.opening}>")
    for part in element.parts:
        if isinstance(part, str):
            pieces.append(part)
        else:
            _write(part, pieces)
    pieces.append(f"</{element.name}>")


def _lines(element: Element, indent: str) -> Iterator[str]:
    if not element.parts:
        yield f"{indent}<{element.opening}/>\n"
        return
    yield f"{indent}<{element.opening}>\n"
    for part in element.parts:
        if isinstance(part, str):
            yield f"{indent}  {part}\n"
        else:
            yield from _lines(part, indent + "  ")
    yield f"{indent}</{element.name}>\n"


@lru_cache(maxsize=256)
def _root(
    namespace: str, name: str, schema: str, prefixes: tuple[tuple[str, str], ...]
) -> tuple[str, dict[str, str], str]:
    own = {uri: f"{prefix}:" if prefix else "" for prefix, uri in prefixes}
    opening = own[namespace] + name
    for prefix, uri in {**dict(prefixes), "xsi": XSI}.items():
        opening += _attribute(f"xmlns:{prefix}" if prefix else "xmlns", uri)
    opening += _attribute("xsi:schemaLocation", f"{namespace} {schema}")
    return own[namespace] + name, own, opening


def _attribute(key: str, value: str) -> str:
    stated = _escaped(value, _ATTRIBUTE).replace('"', "&quot;")
    return f' {key}="{stated}"'


def _escaped(text: str, white: dict[str, str]) -> str:
    # All but a few texts can be printed: nothing else need be looked for in them.
    return escape(text) if text.isprintable() else escape(xml_text(text), white)
