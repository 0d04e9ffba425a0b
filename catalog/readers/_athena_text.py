"""An Athena project file: unpacked within bounds, and read as the notation it is in, Perl data text or JSON."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from typing import Any

from catalog.errors import UnreadableInput
from catalog.readers._athena_groups import MAX_GROUPS, MAX_POINTS, Group, Project
from catalog.readers._athena_perl import read_perl
from catalog.readers._encoding import decode
from catalog.wording import Sentence

FIRST_LINE = "# Athena project file"
GZIP = b"\x1f\x8b"


def unpacked(content: bytes, name: str, limit: int) -> bytes:
    """The content without its gzip packing. Raises UnreadableInput for what is damaged or unpacks beyond ``limit``."""
    if not content.startswith(GZIP):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            text = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableInput(
            Sentence("the gzip packing is damaged: {error}", error=error), where=name
        ) from error
    if len(text) > limit:
        raise UnreadableInput(
            Sentence("the file unpacks to more than {most:,} bytes (setting max_file_bytes)", most=limit),
            where=name,
        )
    return text


def unpacked_head(head: bytes) -> bytes:
    """The first bytes of a file, unpacked where they are packed; what is damaged gives what could be read."""
    if not head.startswith(GZIP):
        return head
    try:
        return zlib.decompressobj(31).decompress(head, 4_096)
    except zlib.error:
        return b""


def read_project(content: bytes, name: str, limit: int) -> Project:
    """The project. Raises UnreadableInput, with the line, for what is no plain data."""
    decoded = decode(unpacked(content, name, limit), name)
    text = decoded.text
    project = _json(text, name) if text.lstrip().startswith("{") else read_perl(text, name)
    project.decoded = decoded
    return project


def _json(text: str, name: str) -> Project:
    try:
        parsed = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        where = f"{name}:{line}" if line else name
        raise UnreadableInput(
            Sentence("the project is no valid JSON: {error}", error=error), where=where
        ) from error
    project = Project()
    if not isinstance(parsed, dict):
        raise UnreadableInput(Sentence("the project is no JSON object"), where=name)
    order = parsed.get("_____order")
    keys = [key for key in order if isinstance(key, str)] if isinstance(order, list) else []
    for key in dict.fromkeys([*keys, *parsed]):
        entry = parsed.get(key)
        if key.startswith("_____"):
            _head(project, key, entry)
        elif isinstance(entry, dict) and isinstance(entry.get("args"), dict):
            if len(project.groups) == MAX_GROUPS:
                raise UnreadableInput(
                    Sentence("the project has more than {most:,} groups", most=MAX_GROUPS), where=name
                )
            project.groups.append(_json_group(key, entry, name))
    return project


def _head(project: Project, key: str, entry: Any) -> None:
    if key.startswith("_____header") and isinstance(entry, str):
        project.head.append(entry.lstrip("# "))
    elif key == "_____journal" and isinstance(entry, list):
        project.journal = [item for item in entry if isinstance(item, str)]


def _json_group(key: str, entry: dict[str, Any], name: str) -> Group:
    group = Group(key, None, args=entry["args"])
    for field_name, value in entry.items():
        if field_name == "xdi" and isinstance(value, dict):
            group.xdi = value
        elif isinstance(value, list):
            if len(value) > MAX_POINTS:
                raise UnreadableInput(
                    Sentence("the array has more than {most:,} values", most=MAX_POINTS), where=name
                )
            group.arrays[field_name] = [item for item in value if isinstance(item, str)]
    return group
