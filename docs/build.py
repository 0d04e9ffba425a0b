"""Writes what is made from the code, the shapes and the ontology: the tables of docs/findings.md (what stands above
them is written by hand), docs/fields.md, and the JSON Schema of the deposit form.

docs/sites.md is made from the corpus of real files, where that is beside the project.

Run ``python docs/build.py`` after a change of a finding or a field; tests compare the files with what this makes.
"""

from __future__ import annotations

import ast
import csv
import fnmatch
import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "findings.md"
MARKER = "<!-- From here on: made by docs/build.py, never by hand. -->"
CHAPTERS = {
    "walk": "Files and folders",
    "archives": "Archives",
    "inspection": "Any file",
    "readers": "Reading",
    "sidecars": "Sidecars",
    "naming": "Names of files",
    "form": "Deposit forms",
    "normalise": "Values",
    "defaults": "Defaults files",
    "preparing": "Files a form names",
    "privacy": "Files that name somebody",
    "arranging": "Many spectra in a file",
    "intake": "Storing",
    "likeness": "Spectra that are there already",
    "validation": "Validation as a whole",
    "checking": "RDF of others",
}
# Helpers of the deposit form's reader; those of no single reader are told under the readers' common chapter.
FORM_HELPERS = {"forms", "json", "nodes", "yaml"}
LAST_CHAPTER = "Publishing and verifying"
SITES_HEAD = """\
# What a person still has to type

For each site of the corpus of 762 real files: how many files are read, how many leave element or edge to be asked,
how many are refused, and the most fields that a file of the site still needs before it can be published. Element and
edge are one field (`Fe K`), and a title is made from them and the sample's name. Licence, access and credit are never
assumed: a [defaults file](deposit.md#a-defaults-file) states them once for a whole batch. The facility comes from the
site's [template](cli.md#templates); where a collection holds files of many beamlines, from the template of each, and
for files that tell of no beamline, such as bare columns, from a rule of a defaults file that states the place.

Made by docs/build.py from the files themselves, which are not part of the project.

| site | template | read | ask | refuse | most fields | which |
|---|---|---|---|---|---|---|"""
HEAD = "| code | severity | English | Japanese |\n|---|---|---|---|"


def page() -> str:
    """The text docs/findings.md should have."""
    written, marker, _ = PAGE.read_text(encoding="utf-8").partition(MARKER)
    assert marker, f"{PAGE} has lost its marker: {MARKER}"
    return f"{written}{MARKER}\n\n" + "\n\n".join([*_code_chapters(), *_shape_chapters()]) + "\n"


def sites_page(inspected: Iterable[dict[str, Any]]) -> str:
    """The text docs/sites.md should have, from what ``xafscat inspect`` says of the files of the corpus."""
    with (ROOT / "docs" / "sites.csv").open(encoding="utf-8", newline="") as stream:
        sites = list(csv.DictReader(stream))
    found: dict[str, list[tuple[str, list[str]]]] = {row["site"]: [] for row in sites}
    for seen in inspected:
        site = next(row for row in sites if fnmatch.fnmatchcase(seen["file"], row["pattern"]))
        found[site["site"]].append((seen["outcome"], typed(seen["missing"], site["template"])))
    lines = [SITES_HEAD]
    for row in sites:
        files = found[row["site"]]
        outcomes = Counter(outcome for outcome, _ in files)
        fields = [each for outcome, each in files if outcome != "refuse"]
        most = max(fields, key=len, default=[])
        counts = " | ".join(str(outcomes[each]) for each in ("read", "ask", "refuse"))
        name = f"`{row['template']}`" if row["template"] else ""
        lines.append(f"| {row['site']} | {name} | {counts} | {len(most)} | {', '.join(most)} |")
    return "\n".join(lines) + "\n"


def typed(missing: Iterable[str], template: str) -> list[str]:
    """The fields a person has to type of a file, when the template of its beamline states the place."""
    from catalog.defaults import load_template
    from catalog.inspection import still_typed

    stated = set(load_template(template).rules[0].template.values) if template else {"facility", "beamline"}
    return [name for name in still_typed(missing) if name not in stated]


def inspected_corpus() -> list[dict[str, Any]]:
    """What ``xafscat inspect`` says of each file of the corpus beside the project; nothing where there is none."""
    from catalog.inspection import DEFAULT_LIMITS, inspect_files

    corpus = ROOT.parent / "shared" / "data" / "corpus"
    manifest = corpus / "MANIFEST-open.tsv"
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8", newline="") as stream:
        names = [f"{row['corpus']}/{row['file']}" for row in csv.DictReader(stream, delimiter="\t")]
    items = ((corpus / name, name) for name in names)
    return list(inspect_files(items, DEFAULT_LIMITS, today=date(2026, 11, 20), jobs=2))


def defined_codes() -> dict[str, str]:
    """Each finding code and the module that defines it, found without running anything."""
    found = {}
    for package in ("catalog", "server"):
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(func=ast.Name(id="define"), args=[ast.Constant(value=str(code)), *_]):
                        found[code] = module
    return found


def _code_chapters() -> Iterator[str]:
    from catalog.findings import CODES

    places = defined_codes()
    for module in sorted(set(places.values())):
        importlib.import_module(module)
    rows: dict[str, list[str]] = {}
    for code, module in sorted(places.items()):
        kind = CODES[code]
        row = f"| `{code}` | {kind.severity} | {_sentence(kind.en)} | {_sentence(kind.ja)} |"
        rows.setdefault(_chapter(module), []).append(row)
    for title in (*CHAPTERS.values(), LAST_CHAPTER):
        readers = sorted(name for name in rows if name == title or name.startswith(f"{title}: "))
        for name in readers:
            yield "\n".join([f"## {name}", "", HEAD, *rows[name]])


def _chapter(module: str) -> str:
    from catalog.readers import readers

    parts = module.split(".")[1:]
    if parts[0] == "readers":
        # A reader's helpers are named after it.
        word = parts[-1].lstrip("_").partition("_")[0]
        reader = readers().get(parts[-1]) or readers().get(word)
        if word in FORM_HELPERS or (reader and reader.name == "record"):
            return CHAPTERS["form"]
        return f"{CHAPTERS['readers']}: {reader.title['en']}" if reader else CHAPTERS["readers"]
    return next((title for key, title in CHAPTERS.items() if parts[0].startswith(key)), LAST_CHAPTER)


def _shape_chapters() -> Iterator[str]:
    from catalog.validation import LEVELS, PLAUSIBILITY, level_shapes

    severities = {"Violation": "error", "Warning": "warning", "Info": "info"}
    for level in (*LEVELS, PLAUSIBILITY):
        rows = []
        for iri, shape in sorted(level_shapes(level).by_iri.items()):
            text = {message.language: message.value for message in shape.messages}
            if text:
                code = iri.rpartition("/")[2].replace("#", "-")
                severity = severities[shape.severity.value.rpartition("#")[2]]
                rows.append(f"| `{code}` | {severity} | {_text(text['en'])} | {_text(text['ja'])} |")
        title = f"Shapes of the level `{level}`" if level in LEVELS else "Warnings of plausibility"
        yield "\n".join([f"## {title}", "", HEAD, *rows])


def _sentence(template: str) -> str:
    """A sentence template fit for a table: what is filled in stands in italics."""
    text = re.sub(r"(?<!\{)\{(\w+)(![rs])?\}(?!\})", r"*\1*", _text(template))
    return text.replace("{{", "{").replace("}}", "}")


def _text(sentence: str) -> str:
    """A sentence fit for a table."""
    return sentence.replace("*", "\\*").replace("|", "\\|").replace("<", "&lt;")


LEVELS_HEAD = """# What real files reach

The open XDI files of four collections, each judged as `ingest` would judge it. The licence, the facility where only
the beamline is named, and placeholders for credit and sample name come from `tests/data/corpus-defaults.yaml`; all
else is what the file says. The level of each file is in `tests/data/levels-xdi.csv`; a test that has the files at hand
compares both tables with what the program says.
Made by docs/build.py, never by hand.
"""


def levels_page() -> str:
    """The text docs/levels-xdi.md should have: levels by collection, and the commonest findings with their words."""
    from catalog.findings import CODES
    from catalog.validation import LEVELS, PLAUSIBILITY, level_shapes

    words = {code: kind.en for code, kind in CODES.items()}
    for level in (*LEVELS, PLAUSIBILITY):
        for iri, shape in level_shapes(level).by_iri.items():
            text = {message.language: message.value for message in shape.messages}
            words[iri.rpartition("/")[2].replace("#", "-")] = text.get("en", "")
    reached = _rows("levels-xdi.csv")
    kinds = ("refused", "none", *LEVELS)
    counted = Counter((row["file"].partition("/")[0], row["level"]) for row in reached)
    lines = [LEVELS_HEAD, f"| collection | {' | '.join(kinds)} |", "|---|" + "---:|" * len(kinds)]
    lines += [
        f"| `{folder}` | {' | '.join(str(counted[folder, kind]) for kind in kinds)} |"
        for folder in sorted({folder for folder, _ in counted})
    ]
    refused = [f"`{row['file']}`" for row in reached if row["level"] == "refused"]
    lines += ["", f"Refused, since they hold no absorption spectrum or several: {', '.join(refused)}.", ""]
    lines += ["## The ten commonest findings", "", "| files | code | what to do |", "|---:|---|---|"]
    lines += [
        f"| {row['files']} | `{row['code']}` | {_sentence(words[row['code']])} |"
        for row in _rows("levels-xdi-findings.csv")
    ]
    return "\n".join(lines) + "\n"


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "tests" / "data" / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def files() -> dict[Path, str]:
    """Every file that is made, and the text it should have."""
    from catalog.template import template
    from catalog.template_guide import guide

    schema = template("schema").decode()
    return {
        PAGE: page(),
        ROOT / "docs" / "fields.md": guide(),
        ROOT / "docs" / "levels-xdi.md": levels_page(),
        ROOT / "ontology" / "deposit-form.schema.json": schema,
    }


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
    if corpus := inspected_corpus():
        (ROOT / "docs" / "sites.md").write_text(sites_page(corpus), encoding="utf-8")
