"""Defaults: what an operator knows about a batch of files that the files themselves do not say.

A defaults file holds rules; each names files by path and header and sets values that are still absent. It
never overrides what a person, a header or a sidecar said, only what a reader inferred. ``docs/deposit.md`` shows one.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePath

from catalog.axis import is_inferred
from catalog.document import Form, join_pointer
from catalog.errors import UnreadableInput, UsageError, reason_of
from catalog.findings import Finding, define, finding
from catalog.form import Key, Kind, suggestions
from catalog.globs import glob_defect, path_matches
from catalog.plain_fields import form_table
from catalog.readers import Reading, Source
from catalog.readers._forms import documents, fill
from catalog.readers._nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from catalog.resources import data_root
from catalog.vocabulary import vocabulary
from catalog.wording import Sentence, Words

define(
    "defaults-rule-unused",
    "warning",
    "Rule {value} of the defaults file selected no file; check its path and header tests.",
    "既定値ファイルの規則 {value} に当てはまるファイルがありませんでした。"
    "path と header の条件を確かめてください。",
)
define(
    "defaults-over-words",
    "warning",
    "The header says {value!r} in words, the defaults {filled!r}; the defaults were used. Check that they agree.",
    "ヘッダーには言葉で「{value}」とありますが、既定値の「{filled}」を使いました。一致するか確かめてください。",
)
define(
    "defaults-no-spectrum",
    "warning",
    "The default for {value!r} belongs to a spectrum, but the deposit has none; it was not used.",
    "「{value}」の既定値はスペクトルの項目ですが、この登録にはスペクトルがないため使いませんでした。",
)

define(
    "template-elsewhere",
    "warning",
    "The file states {stated!r}, but the beamline template is that of {value!r}; nothing was taken from the template.",
    "ファイルは「{stated}」ですが、ビームラインのテンプレートは「{value}」のものです。テンプレートは使いませんでした。",
)

MAX_BYTES = 1024 * 1024
ABSENT, PRESENT = "absent", "present"


@cache
def _per_spectrum() -> Mapping[str, Key]:
    # Two spectra cannot share an id, a file or header pairs, and no default invents a spectrum.
    form = form_table().keys
    left_out = form.keys() | {"id", "files", "header"}
    return {name: key for name, key in _spectrum_keys().items() if name not in left_out}


@cache
def _settable() -> Key:
    keys = {name: key for name, key in form_table().keys.items() if name != "spectra"}
    return Key((Kind.GROUP,), keys={**keys, **_per_spectrum()})


def _spectrum_keys() -> Mapping[str, Key]:
    spectrum = form_table().keys["spectra"].item
    assert spectrum is not None  # the form's table has it
    return spectrum.keys


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: path globs and header tests (any of a list suffices, all keys must hold) and what it sets."""

    line: int
    paths: tuple[str, ...]
    header: Mapping[str, tuple[str, ...]]
    template: Form

    def selects(self, path: str, header: Mapping[str, set[str]]) -> bool:
        """Whether the rule applies to the file ``path`` with these header values by case-folded key."""
        if self.paths and not any(path_matches(path, glob) for glob in self.paths):
            return False
        return all(
            any(_holds(test, header.get(key, set())) for test in tests) for key, tests in self.header.items()
        )


@dataclass(slots=True)
class Defaults:
    """The rules of a defaults file. ``used`` holds the numbers (from 0) of the rules that selected a file.

    When files are read in several processes, unite their ``used`` before asking for ``unused_rules``.
    """

    name: str
    rules: tuple[Rule, ...]
    used: set[int] = field(default_factory=set)
    # So many of the rules are a person's, who wants to know when one selects nothing; the others are a template's.
    own: int | None = None

    def before(self, template: Defaults) -> Defaults:
        """These rules, and for what they leave absent those of ``template``."""
        return Defaults(self.name, (*self.rules, *template.rules), self.used, len(self.rules))

    def apply(self, form: Form, reading: Reading, path: str | PurePath) -> list[Finding]:
        """Fill what ``form``, read from ``path``, leaves absent; the first rule that sets a key wins.

        Groups (sample, monochromator ...) are filled key by key; texts by language and lists are taken as one
        value. Keys of a spectrum are set on every spectrum. Each value gets the origin ``template``.
        """
        findings = []
        header = header_values(form, reading)
        given = path.as_posix() if isinstance(path, PurePath) else path
        for number, rule in enumerate(self.rules):
            if not rule.selects(given, header):
                continue
            if self.own is not None and number >= self.own and (told := _elsewhere(form, rule, self.name)):
                findings.append(told)
                continue
            self.used.add(number)
            for name in rule.template.values:
                if name not in _per_spectrum():
                    _fill(form, join_pointer(name), rule.template, join_pointer(name), _settable().keys[name])
                    continue
                spectra = form.values.get("spectra") or []
                if not spectra:
                    line = rule.template.origins[join_pointer(name)].line
                    findings.append(finding("defaults-no-spectrum", file=self.name, line=line, value=name))
                for index in range(len(spectra)):
                    target = join_pointer("spectra", index, name)
                    _fill(form, target, rule.template, join_pointer(name), _settable().keys[name])
        return findings + _over_words(form, reading)

    def unused_rules(self) -> list[Finding]:
        """A finding for each rule that has selected no file so far."""
        return [
            finding("defaults-rule-unused", file=self.name, line=rule.line, value=str(number + 1))
            for number, rule in enumerate(self.rules[: self.own])
            if number not in self.used
        ]


def _over_words(form: Form, reading: Reading) -> list[Finding]:
    """Findings for values of rules where the file's header says something in words, such as "room temperature"."""
    found = []
    for item in reading.findings:
        origin = form.origin(item.path) if item.code.endswith("-value-in-words") else None
        if origin and origin.kind == "template":
            filled = str(form.get(item.path))
            found.append(
                finding(
                    "defaults-over-words", path=item.path, file=origin.source, line=origin.line,
                    value=item.value, filled=filled,
                )
            )  # fmt: skip
    return found


def load_defaults(path: Path) -> Defaults:
    """The rules of the YAML or JSON file at ``path``.

    Raises UnreadableInput, with file and line, for unknown keys, a malformed glob or a rule that sets nothing.
    """
    return _loaded(path, ("rules",), str(path))


@cache
def template_titles() -> Mapping[str, Mapping[str, str]]:
    """The beamline templates by name, each with its title by language."""
    titles = {}
    for path in sorted(_templates().glob("*.yaml")):
        (node,) = documents(path.read_bytes(), path.name)
        entry = _Loader(path.name).entries(node, ("title", "rules"))["title"].value
        assert isinstance(entry, MappingNode)
        titles[path.stem] = {
            each.key: each.value.text or "" for each in entry.entries if isinstance(each.value, ScalarNode)
        }
    return titles


def load_template(name: str) -> Defaults:
    """The rules of the beamline template ``name``. Raises UsageError, with the nearest names, if there is none."""
    if name not in template_titles():
        near = difflib.get_close_matches(name.casefold(), template_titles(), n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(near)}?" if near else "xafscat templates lists them."
        raise UsageError(f"there is no beamline template {name!r}; {hint}")
    return replace(_loaded(_templates() / f"{name}.yaml", ("title", "rules"), f"template {name}"), own=0)


def chosen_defaults(path: Path | None, template: str | None) -> Defaults | None:
    """The rules of a defaults file, and behind them those of a beamline template; None where neither is given."""
    rules = load_defaults(path) if path else None
    if template is None:
        return rules
    known = load_template(template)
    return rules.before(known) if rules else known


def _templates() -> Path:
    return data_root() / "ontology" / "templates"


def _loaded(path: Path, keys: tuple[str, ...], name: str) -> Defaults:
    source = Source(path, name, MAX_BYTES)
    try:
        content = source.content()
    except OSError as error:
        raise UnreadableInput(
            Sentence("the defaults file cannot be read: {reason}", reason=reason_of(error)),
            where=source.name,
        ) from error
    nodes = list(documents(content, source.name))
    if len(nodes) != 1:
        raise UnreadableInput(
            Sentence("a defaults file is one mapping with the key rules"), where=source.name
        )
    loader = _Loader(source.name)
    rules = loader.entries(nodes[0], keys).get("rules")
    if rules is None or not isinstance(rules.value, SequenceNode) or not rules.value.items:
        raise loader.refusal(
            nodes[0], Sentence("a defaults file holds rules: a list of {{when: ..., set: ...}}")
        )
    return Defaults(source.name, tuple(loader.rule(node) for node in rules.value.items))


def header_values(form: Form, reading: Reading) -> dict[str, set[str]]:
    """The header values of a file as written, mapped by its reader or not, by case-folded ``Family.key``."""
    values: dict[str, set[str]] = {}
    for origin in form.origins.values():
        if origin.kind == "header" and origin.key and origin.raw is not None:
            values.setdefault(origin.key.casefold(), set()).add(origin.raw.strip())
    for pair in reading.private:
        values.setdefault(pair.key.casefold(), set()).add(pair.value.strip())
    return values


def _elsewhere(form: Form, rule: Rule, file: str) -> Finding | None:
    """A finding when the file states another facility or beamline than the template's."""
    words = vocabulary()
    place = words.facility(str(rule.template.get("/facility") or ""))
    for key in ("facility", "beamline"):
        stated, known = (each.get(f"/{key}") for each in (form, rule.template))
        if not isinstance(stated, str) or not isinstance(known, str) or is_inferred(form, f"/{key}"):
            continue
        here, there = (
            words.facility(text) if key == "facility" else words.beamline(text, place)
            for text in (stated, known)
        )
        # What the vocabulary does not know cannot be told apart.
        if here and there and here != there:
            return finding("template-elsewhere", path=f"/{key}", file=file, value=known, stated=stated)
    return None


def _holds(test: str, values: set[str]) -> bool:
    if test == ABSENT:
        return not values
    if test == PRESENT:
        return bool(values)
    return any(value == test or fnmatch.fnmatchcase(value, test) for value in values)


def _fill(form: Form, target: str, template: Form, source: str, key: Key) -> None:
    present = form.get(target)
    value = template.get(source)
    if isinstance(present, dict) and present and isinstance(value, dict) and Kind.GROUP in key.kinds:
        for name in value:
            _fill(form, target + join_pointer(name), template, source + join_pointer(name), key.keys[name])
    elif value and (not present or is_inferred(form, target)):
        form.put(target, deepcopy(value), template.origins[source])
        for pointer, origin in template.origins.items():
            if pointer.startswith(f"{source}/"):
                form.origins[target + pointer[len(source) :]] = origin


class _Loader:
    """The rules of a file made from its nodes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def refusal(self, node: Node | Entry, detail: Sentence) -> UnreadableInput:
        return UnreadableInput(detail, where=f"{self._name}:{node.line}")

    def entries(self, node: Node, allowed: tuple[str, ...]) -> dict[str, Entry]:
        if not isinstance(node, MappingNode):
            raise self.refusal(
                node,
                Sentence("a mapping with the keys {allowed} is expected here", allowed=", ".join(allowed)),
            )
        keys = Key((Kind.GROUP,), keys=dict.fromkeys(allowed, Key((Kind.TEXT,))))
        for entry in node.entries:
            if entry.key not in allowed:
                choices = ", ".join(name for name in suggestions(entry.key, keys) if name in allowed)
                hint = choices or ", ".join(allowed)
                raise self.refusal(
                    entry,
                    Sentence(
                        "{key!r} is not a key of a defaults file here; use: {hint}", key=entry.key, hint=hint
                    ),
                )
        return {entry.key: entry for entry in node.entries}

    def rule(self, node: Node) -> Rule:
        parts = self.entries(node, ("when", "set"))
        if "set" not in parts:
            raise self.refusal(node, Sentence("the rule sets nothing; write set: {{license: ...}}"))
        when = self.entries(parts["when"].value, ("path", "header")) if "when" in parts else {}
        paths = tuple(self._glob(*given) for given in self._texts(when["path"])) if "path" in when else ()
        header: dict[str, tuple[str, ...]] = {}
        if "header" in when:
            tests = when["header"].value
            if not isinstance(tests, MappingNode):
                raise self.refusal(
                    when["header"], Sentence("header tests are a mapping, such as {{Facility.name: absent}}")
                )
            for entry in tests.entries:
                if entry.key.casefold() in header:
                    raise self.refusal(
                        entry,
                        Sentence("the header {key!r} occurs twice; case does not matter", key=entry.key),
                    )
                header[entry.key.casefold()] = tuple(text for text, _ in self._texts(entry))
        return Rule(node.line, paths, header, self._template(parts["set"]))

    def _template(self, entry: Entry) -> Form:
        if isinstance(entry.value, MappingNode):
            for below in entry.value.entries:
                if below.key in _spectrum_keys() and below.key not in _settable().keys:
                    raise self.refusal(
                        below,
                        Sentence("{key!r} differs for every spectrum and has no default", key=below.key),
                    )
                if below.key == "spectra":
                    raise self.refusal(
                        below,
                        Sentence(
                            "write the keys of a spectrum directly under set; they apply to each spectrum"
                        ),
                    )
        template, findings = fill(entry.value, self._name, kind="template", root=_settable())
        for problem in findings:
            if problem.severity == "error":
                said = Sentence("{text}", text=Words(problem.text(), problem.text("ja")))
                raise UnreadableInput(said, where=f"{self._name}:{problem.line}")
        if not template.values:
            raise self.refusal(entry, Sentence("the rule sets nothing; write set: {{license: ...}}"))
        return template

    def _texts(self, entry: Entry) -> Iterator[tuple[str, Node]]:
        """The text, or each text of the list, under a key of ``when``."""
        items = entry.value.items if isinstance(entry.value, SequenceNode) else [entry.value]
        if not items:
            raise self.refusal(entry, Sentence("{key!r} has no value", key=entry.key))
        for item in items:
            if not isinstance(item, ScalarNode) or item.text is None:
                raise self.refusal(
                    item,
                    Sentence(
                        "{key!r} takes a text or a list of texts; quote a text such as '*'", key=entry.key
                    ),
                )
            yield item.text, item

    def _glob(self, glob: str, node: Node) -> str:
        if defect := glob_defect(glob):
            raise self.refusal(node, defect)
        return glob
