"""Nodes made into a deposit form: each value with its origin, each key checked against the form's table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from catalog.document import Form, FormValue, Origin, OriginKind, join_pointer
from catalog.errors import UnreadableInput
from catalog.findings import Finding, define, finding
from catalog.form import UNKNOWN, FormRefused, Key, Kind, check_keys, check_text
from catalog.plain_fields import form_table
from catalog.readers import _json, _yaml
from catalog.readers._nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode, decode
from catalog.wording import Sentence

define(
    "form-value-split",
    "warning",
    "{value!r} was read as a key without a value: if a comma belongs to the value of {before!r}, put quotes "
    "around that whole value.",
    "「{value}」は値のないキーとして読まれました。"
    "「{before}」の値にコンマが含まれる場合は、値全体を引用符で囲んでください。",
)
define(
    "form-key-split",
    "error",
    "{value!r} is a key without a value, because a comma split the value of {before!r}: put quotes around that "
    "whole value.",
    "「{value}」は値のないキーです。「{before}」の値がコンマで分かれたためです。値全体を引用符で囲んでください。",
)
define(
    "form-more",
    "error",
    "{value} more places of the form are wrong; correct these first.",
    "ほかにも{value}か所に誤りがあります。まず上の箇所を直してください。",
)
define(
    "form-value-empty",
    "info",
    "{value!r} has no value and counts as not said; write unknown to state that it is not known, "
    "or put the value in quotes.",
    "「{value}」に値がないため、記載なしとして扱います。"
    "不明であることを示すには unknown と書き、文字列の場合は引用符で囲んでください。",
)

_REPORTED = 20


@dataclass(slots=True)
class _Filling:
    """A form under construction: texts with their origins, and what the notation alone tells."""

    source: str
    kind: OriginKind
    form: Form = field(default_factory=Form)
    findings: list[Finding] = field(default_factory=list)
    empty: list[tuple[str, Entry]] = field(default_factory=list)

    def value(
        self, node: Node, key: Key | None, pointer: str = "", name: str | None = None
    ) -> FormValue | None:
        if isinstance(node, ScalarNode):
            if node.text is not None:
                self.form.origins[pointer] = Origin(self.kind, self.source, node.line, name, node.text)
            if node.text is None or not _is_single_item(node, key):
                return node.text
        self.form.origins[pointer] = Origin(self.kind, self.source, node.line, name)
        if isinstance(node, MappingNode) and not _is_single_item(node, key):
            return {entry.key: self.entry(entry, key, pointer) for entry in node.entries}  # type: ignore[misc]
        items: list[FormValue] = []
        for item in node.items if isinstance(node, SequenceNode) else [node]:
            value = self.value(item, key.item if key else None, f"{pointer}/{len(items)}", name)
            if value is not None:
                items.append(value)
        return items

    def entry(self, entry: Entry, key: Key | None, parent: str) -> FormValue | None:
        pointer = parent + join_pointer(entry.key)
        value = self.value(entry.value, key.child(entry.key) if key else None, pointer, entry.key)
        if value is None:
            # Until the keys are checked, so that an unknown key without a value has its line as well.
            self.form.origins[pointer] = Origin(self.kind, self.source, entry.line, entry.key)
            self.empty.append((pointer, entry))
        return value


def documents(content: bytes, name: str, *, foreign: bool = False) -> Iterator[Node]:
    """The documents of a YAML or JSON file, without empty ones. Raises UnreadableInput with file and line.

    ``foreign`` is for what is no deposit form (see ``Guard``).
    """
    text = decode(content, name)
    parse = _json.parse if _looks_like_json(text) else _yaml.parse
    nodes = parse(text, name, foreign=foreign)
    return (node for node in nodes if not (isinstance(node, ScalarNode) and node.text is None))


def fill(
    node: Node, source: str, *, kind: OriginKind = "person", root: Key | None = None
) -> tuple[Form, list[Finding]]:
    """The form that ``node`` of the file ``source`` writes, and findings about single values.

    Raises FormRefused, naming file and line of each, when a key is unknown or takes another kind of value: a form
    that says something nobody understands is not stored in part. Raises UnreadableInput for what is no form.
    ``root`` is the form's table unless given.
    """
    root = root or form_table()
    filling = _Filling(source, kind)
    values = filling.value(node, root)
    if not isinstance(values, dict):
        raise UnreadableInput(
            Sentence(
                "a deposit form is a mapping of keys to values; separate several deposits by --- "
                "lines (YAML) or write one object after the other (JSON)"
            ),
            where=f"{source}:{node.line}",
        )
    form = filling.form
    form.values = values
    if problems := check_keys(form, root):
        raise _refused(problems, source, dict(filling.empty))
    for pointer, entry in filling.empty:
        del form.origins[pointer]
        code = "form-value-split" if entry.split_after else "form-value-empty"
        before = entry.split_after or ""
        filling.findings.append(
            finding(code, path=pointer, file=source, line=entry.line, value=entry.key, before=before)
        )
    _prune(values)
    return form, filling.findings + check_text(form, root)


def _looks_like_json(text: str) -> bool:
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        return False
    inner = text.lstrip()[1:65_536].lstrip(" \t\r\n[{")[:1]
    return inner in ('"', "}", "]", "") or (start == "[" and inner.isdigit())


def _is_single_item(node: Node, key: Key | None) -> bool:
    """Whether ``node`` stands for a list of one: a key that takes only a list was given its single item."""
    if key is None or key.kinds != (Kind.LIST,) or key.item is None:
        return False
    if isinstance(node, ScalarNode):
        fits = Kind.TEXT in key.item.kinds
        return fits and (node.text or "").strip().casefold() not in UNKNOWN
    return Kind.GROUP in key.item.kinds


def _refused(problems: list[Finding], source: str, empty: dict[str, Entry]) -> FormRefused:
    """One error for all key problems of a form, so that a person corrects them in one go."""
    told = []
    for problem in problems[:_REPORTED]:
        entry = empty.get(problem.path)
        if entry and entry.split_after:
            split = finding("form-key-split", value=entry.key, before=entry.split_after)
            told.append(replace(split, path=problem.path, file=problem.file, line=problem.line))
        else:
            told.append(problem)
    if len(problems) > _REPORTED:
        line = problems[_REPORTED].line
        told.append(finding("form-more", file=source, line=line, value=str(len(problems) - _REPORTED)))
    return FormRefused(told, source)


def _prune(values: dict[str, Any]) -> None:
    for key, value in list(values.items()):
        if value is None:
            del values[key]
        elif isinstance(value, dict):
            _prune(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    _prune(item)
