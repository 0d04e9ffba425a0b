"""The documents say everything there is and nothing that is not: what a machine can check of that."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import unquote

import click
import pyoxigraph as ox
import pytest
import yaml
from rdflib.plugins.sparql import prepareQuery

import catalog
import server
from catalog.checking import check
from catalog.cli import main
from catalog.config import describe
from catalog.defaults import load_defaults
from catalog.engines import engines
from catalog.errors import CatalogError
from catalog.exports import exports
from catalog.findings import CODES
from catalog.readers import readers
from catalog.resolvers import resolvers
from catalog.resources import data_root
from catalog.validation import LEVELS, level_shapes
from catalog.vocabulary import vocabulary

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TODAY = date(2026, 5, 1)
TOP_FOLDERS = {"catalog", "server", "ontology", "shapes", "examples", "docs", "tests", "bench", ".ci"}
BLOCK = re.compile(r"(?ms)^```([\w-]*)[^\n]*\n(.*?)^```$")
HEADING = re.compile(r"(?m)^#{1,6} +(.+?)\s*$")


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str


def pages() -> list[Path]:
    """The Markdown files of the repository."""
    found = [
        *ROOT.glob("*.md"),
        *(path for name in sorted(TOP_FOLDERS) for path in (ROOT / name).rglob("*.md")),
    ]
    return sorted(found)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(*languages: str) -> list[Block]:
    """The fenced blocks of all pages in one of these languages."""
    found = []
    for path in pages():
        text = path.read_text(encoding="utf-8")
        found += [
            Block(name_of(path), text[: match.start()].count("\n") + 1, match[1], match[2])
            for match in BLOCK.finditer(text)
            if match[1] in languages
        ]
    return found


def prose(path: Path) -> str:
    """The text of a page without its fenced blocks."""
    return BLOCK.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    plain = [re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", text) for text in HEADING.findall(prose(path))]
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in plain}


def sections(page: str, level: int = 2) -> dict[str, str]:
    """Heading -> text below it, of the headings of one level."""
    text = (DOCS / page).read_text(encoding="utf-8")
    parts = re.split(rf"(?m)^{'#' * level} (.+)$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def modules() -> list[ModuleType]:
    """Every module of both packages, imported."""
    return [
        importlib.import_module(module.name)
        for package in (catalog, server)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]


def subclasses(kind: type[CatalogError]) -> Iterator[type[CatalogError]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def documented_codes(page: str) -> set[str]:
    """The codes in the first columns of a page's tables."""
    rows = re.findall(r"(?m)^\| ((?:`[\w-]+`(?:, )?)+) \|", (DOCS / page).read_text(encoding="utf-8"))
    return {code for row in rows for code in re.findall(r"`([\w-]+)`", row)}


# What there is, is documented.


def test_every_setting_has_a_heading() -> None:
    headings = re.findall(r"(?m)^### `(\w+)`$", (DOCS / "settings.md").read_text(encoding="utf-8"))
    assert sorted(headings) == sorted(entry.name for entry in describe())


def test_every_command_has_a_chapter_and_no_chapter_lacks_its_command() -> None:
    chapters = set(sections("cli.md")) - {"What all commands share"}
    assert chapters == set(main.commands)


@pytest.mark.parametrize("name", main.commands)
def test_every_option_is_explained_with_its_default(name: str) -> None:
    chapter = sections("cli.md")[name]
    rows = dict(re.findall(r"(?m)^\| ((?:`-[\w-]+`(?:, )?)+) \| (.+) \|$", chapter))
    documented = {option for row in rows for option in re.findall(r"`(-[\w-]+)`", row)}
    options = [each for each in main.commands[name].params if isinstance(each, click.Option)]
    assert documented == {option for each in options for option in each.opts}
    for each in options:
        row = next(text for names, text in rows.items() if f"`{each.opts[-1]}`" in names)
        if isinstance(each.default, str | int) and not each.is_flag:
            assert row.endswith(f"`{each.default}`"), f"{name} {each.opts}: the default {each.default}"
        if isinstance(each.type, click.Choice):
            for choice in each.type.choices:
                assert f"`{choice}`" in row, f"{name} {each.opts}: the choice {choice}"


def test_the_group_s_own_options_are_explained() -> None:
    shared = sections("cli.md")["What all commands share"]
    for parameter in main.params:
        assert all(re.search(rf"[` ]{option}[` ]", shared) for option in parameter.opts), parameter.opts


def test_the_keys_of_json_output_are_explained(tmp_path: Path) -> None:
    from catalog.inspection import inspect_file
    from catalog.intake import Receipt

    chapters = sections("cli.md")
    example = data_root() / "examples" / "deposits" / "fe-foil-pf9c.yaml"
    seen = inspect_file(example, example.name, today=TODAY)
    for key in (*seen, *seen["facts"]):
        assert f"`{key}`" in chapters["inspect"], key
    for key in Receipt("a", "stored").as_json():
        assert f"`{key}`" in chapters["ingest"], key


def test_the_findings_page_is_what_its_script_makes() -> None:
    path = DOCS / "build.py"
    spec = importlib.util.spec_from_file_location("docs_build", path)
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    modules()
    assert build.defined_codes().keys() == CODES.keys()
    assert (DOCS / "findings.md").read_text(encoding="utf-8") == build.page(), "run: python docs/build.py"
    made = (DOCS / "levels-xdi.md").read_text(encoding="utf-8")
    assert made == build.levels_page(), "run: python docs/build.py"


def test_every_finding_code_is_documented_with_its_severity_in_both_languages() -> None:
    modules()
    text = (DOCS / "findings.md").read_text(encoding="utf-8")
    for code, kind in CODES.items():
        rows = re.findall(rf"(?m)^\| `{code}` \| (\w+) \| (.+?) \| (.+?) \|$", text)
        assert [row[0] for row in rows] == [kind.severity], code
        assert re.search(r"[ぁ-んァ-ン一-龥]", rows[0][2]), f"{code} has no Japanese sentence"
    for level in LEVELS:
        codes = {
            iri.rpartition("/")[2].replace("#", "-")
            for iri, shape in level_shapes(level).by_iri.items()
            if shape.messages
        }
        assert len(codes) > 10
        assert codes <= documented_codes("findings.md")


def test_every_error_code_is_documented() -> None:
    modules()
    codes = {kind.code for kind in subclasses(CatalogError)} | {CatalogError.code}
    assert len(codes) > 20
    assert sorted(codes - documented_codes("errors.md")) == []


def test_every_http_error_is_documented_with_its_status() -> None:
    from server.public.errors import ANSWERS
    from server.query.errors import PROBLEMS

    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    assert sorted(ANSWERS.keys() - documented_codes("errors.md")) == []
    for code, answer in ANSWERS.items():
        rows = re.findall(rf"(?m)^\|[^|]*`{code}`[^|]* \| (\d{{3}}) \|", text)
        assert rows == [str(answer.status)], code
    for code, problem in PROBLEMS.items():
        assert ANSWERS[code].status == problem.status, code


def test_no_page_documents_a_code_that_is_gone() -> None:
    from server.public.errors import ANSWERS

    modules()
    errors = {kind.code for kind in subclasses(CatalogError)} | {CatalogError.code} | ANSWERS.keys()
    assert sorted(documented_codes("errors.md") - errors) == []


@pytest.mark.parametrize(
    ("members", "chapter"),
    [(readers(), "Readers"), (exports(), "Exports"), (engines(), "Engines"), (resolvers(), "Resolvers")],
    ids=["readers", "exports", "engines", "resolvers"],
)
def test_every_plugin_is_documented(members: dict[str, Any], chapter: str) -> None:
    text = sections("extend.md")[chapter]
    rows = dict(re.findall(r"(?m)^\| `([\w-]+)` \| (.+) \|$", text))
    assert rows.keys() == members.keys()
    for name, member in members.items():
        for attribute in ("media_type", "extension"):
            if hasattr(member, attribute):
                assert f"`{getattr(member, attribute)}`" in rows[name]


def test_every_entry_point_group_is_documented() -> None:
    text = (DOCS / "extend.md").read_text(encoding="utf-8")
    sources = {
        module.__name__: Path(str(module.__file__)).read_text(encoding="utf-8") for module in modules()
    }
    groups = set(re.findall(r'entry_points\(group="([\w.]+)"\)', "".join(sources.values())))
    families = [name for name, source in sources.items() if "plugins(__name__, " in source]
    groups |= {f"xafscat.{name.rpartition('.')[2]}" for name in families}
    assert len(groups) == 5
    assert [group for group in groups if f"`{group}`" not in text] == []


# What is documented, is there.


def test_links_lead_somewhere() -> None:
    dead = []
    for path in pages():
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = unquote(target).partition("#")
            linked = (path.parent / name).resolve() if name else path
            if not linked.exists() or (anchor and linked.suffix == ".md" and anchor not in anchors(linked)):
                dead.append(f"{name_of(path)}: {target}")
    assert dead == []


def test_every_page_of_docs_can_be_found_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md" or not path.exists():
            continue
        reached.add(path)
        links = re.findall(r"\]\(([^)\s:#]+)", prose(path))
        waiting += [(path.parent / unquote(link)).resolve() for link in links]
    assert sorted(map(name_of, set(DOCS.glob("*.md")) - reached)) == []


def test_files_named_in_a_page_exist() -> None:
    missing = []
    for path in pages():
        for named in re.findall(r"`([\w./-]+/[\w./-]*|[\w-]+\.(?:py|toml|md|ttl|lock))`", prose(path)):
            top = named.partition("/")[0]
            if "/" in named and top not in TOP_FOLDERS:
                continue
            candidates = [ROOT / named, path.parent / named]
            if "/" not in named:
                candidates = [*candidates, *ROOT.glob(f"*/{named}"), *(ROOT / "catalog").rglob(named)]
            if not any(each.exists() for each in candidates) and named not in NOT_OURS:
                missing.append(f"{name_of(path)}: {named}")
    assert missing == []


# Files that a page names and that others have or make.
NOT_OURS = {"settings.toml", "example_xas.py", "rules.yaml"}


def commands_of(block: Block) -> Iterator[list[str]]:
    """The commands of a console block, cut into words; comments and outputs are left out."""
    lines = block.text.splitlines()
    prompted = any(line.startswith("$ ") for line in lines)
    for line in lines:
        text = line.removeprefix("$ ")
        if not prompted or line.startswith("$ "):
            text = re.sub(r"\s#\s.*$", "", text)
            for part in re.split(r"&&|\|", text):
                words = re.findall(r"'[^']*'|\"[^\"]*\"|\S+", part)
                if words:
                    yield words


def xafscat_calls() -> list[tuple[Block, list[str]]]:
    found = []
    for block in blocks("console", "bash", "sh"):
        for words in commands_of(block):
            for number, word in enumerate(words[:2]):
                if word.rpartition("/")[2] == "xafscat":
                    found.append((block, words[number + 1 :]))
                    break
    return found


def options_of(name: str, words: list[str]) -> set[str]:
    """The options of a command; for a group, those of the one of its commands that the first word names."""
    command = main.commands[name]
    if isinstance(command, click.Group) and words:
        assert words[0] in command.commands, f"xafscat {name} {words[0]}"
        command = command.commands[words[0]]
    return {option for each in command.params for option in each.opts}


def test_console_blocks_call_commands_and_options_that_exist() -> None:
    calls = xafscat_calls()
    assert len(calls) > 10
    for block, words in calls:
        where = f"{block.page}:{block.line}: xafscat {' '.join(words)}"
        name, *rest = words[2:] if words[0] == "--home" else words
        if name.startswith("-"):
            assert name in {"--version", "--help"}, where
            continue
        assert name in main.commands, where
        known = options_of(name, rest)
        for word in rest:
            if word.startswith("-") and word != "-":
                assert word.partition("=")[0] in known, where


@pytest.mark.parametrize("name", ["README.md", "README.ja.md", "docs/cli.md"])
def test_the_first_round_of_a_page_works(name: str, tmp_path: Path) -> None:
    """Its commands run one after the other, in a folder with some deposits and the page's query."""
    deposits = data_root() / "examples" / "deposits"
    (tmp_path / "my_data").mkdir()
    for path in (*deposits.glob("fe*"), *deposits.glob("au*")):
        shutil.copy(path, tmp_path / "my_data")
    for block in blocks("sparql"):
        if block.page == name:
            (tmp_path / "coverage.rq").write_text(block.text, encoding="utf-8")
    last = ""
    ran = []
    for _, words in [(block, words) for block, words in xafscat_calls() if block.page == name]:
        arguments = [word.strip("'") for word in words]
        if (
            arguments[0] not in {"init", "inspect", "ingest", "query"}
            or "beamtime/" in arguments
            or "--json" in arguments
        ):
            continue
        if arguments[0] == "init" and ran:
            continue
        ran.append(arguments[0])
        done = subprocess.run(
            [Path(sys.executable).with_name("xafscat"), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        last = done.stdout
    assert ran == ["init", "inspect", "ingest", "query"]
    assert "Fe" in last


def test_console_blocks_use_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    used = {
        words[1]
        for block in blocks("console", "bash", "sh")
        for words in commands_of(block)
        if words[0] == "make"
    }
    used |= {target for path in pages() for target in re.findall(r"`make ([a-z-]+)`", prose(path))}
    assert {"demo", "test", "setup"} <= used
    assert used <= targets


def test_inline_commands_exist() -> None:
    options = {
        name: {
            option
            for one in (command, *getattr(command, "commands", {}).values())
            for each in one.params
            for option in each.opts
        }
        for name, command in main.commands.items()
    }
    wrong = []
    for path in pages():
        called = re.findall(r"`xafscat (?!--)([\w-]+)((?: [\w./*-]+)*)`", prose(path))
        called += re.findall(rf"`({'|'.join(options)})( --[\w-]+[^`]*)`", prose(path))
        for name, rest in called:
            unknown = [
                word
                for word in rest.split()
                if word.startswith("-")
                and word not in {*(options_of(name, rest.split()) if name in options else ()), "--help"}
            ]
            if name not in options and name != "COMMAND":
                unknown.append(name)
            wrong += [f"{name_of(path)}: {name}: {word}" for word in unknown]
    assert wrong == []


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: f"{block.page}:{block.line}")
def test_yaml_blocks_are_deposits_or_rules_that_are_taken(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "form.yaml"
    text = block.text
    if "rules" in yaml.safe_load(text):
        path.write_text(text, encoding="utf-8")
        assert load_defaults(path).rules
        return
    path.write_text(text, encoding="utf-8")
    for spectrum in yaml.safe_load(text).get("spectra", []):
        for name in spectrum.get("files", []):
            (tmp_path / name).write_text("# a data file\n", encoding="utf-8")
    (report,) = check([path], today=TODAY, max_bytes=10**6)
    assert [item.text() for item in report.findings if item.severity != "info"] == []
    assert report.levels[:1] == ("findable",)


@pytest.fixture(scope="module")
def store() -> ox.Store:
    """The shipped vocabulary and one bundled example, in memory."""
    from catalog.inspection import assess, look
    from catalog.mapping import to_triples
    from catalog.projection import public_document
    from catalog.states import Standing, State

    words = vocabulary()
    found = ox.Store()
    found.extend(ox.Quad(*triple, ox.DefaultGraph()) for triple in words.shipped_triples())
    path = data_root() / "examples" / "deposits" / "fe-foil-pf9c.yaml"
    reading = look(path, path.name).reading
    assert reading is not None
    document = assess(
        reading.forms[0], today=TODAY, iri="https://xafs.example.org/record/7k3m9q2xw0"
    ).document
    public = public_document(document, Standing(State.PUBLISHED), TODAY, lambda _iri: True)
    assert public is not None
    found.extend(ox.Quad(*triple, ox.DefaultGraph()) for triple in to_triples(public))
    return found


@pytest.mark.parametrize("block", blocks("sparql"), ids=lambda block: f"{block.page}:{block.line}")
def test_sparql_blocks_run(block: Block, store: ox.Store) -> None:
    if "SERVICE <https:" in block.text:
        # It names other servers: tests/clients runs it against some.
        assert prepareQuery(block.text).algebra
        return
    results = store.query(block.text, prefixes=vocabulary().prefixes)
    if isinstance(results, ox.QuerySolutions):
        assert list(results.variables)
        list(results)


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: f"{block.page}:{block.line}")
def test_python_blocks_compile(block: Block) -> None:
    compile(block.text, f"{block.page}:{block.line}", "exec")


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: f"{block.page}:{block.line}")
def test_toml_blocks_are_toml(block: Block, tmp_path: Path) -> None:
    from catalog.config import load_settings

    content = tomllib.loads(block.text)
    if "project" not in content:
        (tmp_path / "settings.toml").write_text(block.text, encoding="utf-8")
        load_settings(tmp_path, environ={})


def test_both_readmes_say_the_same() -> None:
    english, japanese = (ROOT / name for name in ("README.md", "README.ja.md"))
    shapes = [[len(mark) for mark in re.findall(r"(?m)^(#+) ", prose(path))] for path in (english, japanese)]
    assert shapes[0] == shapes[1]
    calls = []
    for path in (english, japanese):
        own = [block for block in blocks("console", "sparql", "yaml") if block.page == path.name]
        calls.append(
            [
                [
                    list(commands_of(block)) if block.language == "console" else block.language
                    for block in own
                ],
                [block.text for block in own if block.language == "sparql"],
            ]
        )
    assert calls[0] == calls[1]
    counts = [re.findall(r"\b\d{2,}\b", prose(path)) for path in (english, japanese)]
    assert set(counts[0]) == set(counts[1])


def test_the_readme_counts_the_examples_right() -> None:
    forms = list((data_root() / "examples" / "deposits").glob("*.yaml"))
    assert f"{len(forms)} deposits" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{len(forms)} 件" in (ROOT / "README.ja.md").read_text(encoding="utf-8")


def test_the_documents_are_plain_text_that_a_terminal_shows() -> None:
    for path in pages():
        text = path.read_text(encoding="utf-8")
        assert [line for line in text.splitlines() if "\t" in line or line != line.rstrip()] == [], name_of(
            path
        )
        assert text.count("```") % 2 == 0, name_of(path)


def test_the_python_that_is_documented_is_the_one_required() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "requires-python"
    ]
    assert required == ">=3.11"
    assert sys.version_info >= (3, 11)
    for name in ("README.md", "README.ja.md", "docs/operate.md"):
        assert "Python 3.11" in (ROOT / name).read_text(encoding="utf-8"), name
