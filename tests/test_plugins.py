"""The plugin families: every member keeps its family's contract, and a stranger's is found by its entry point."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pyoxigraph as ox
import pytest

import catalog.engines
import catalog.exports
import catalog.readers
import catalog.resolvers
from catalog.engines import Engine, canonical_dump, engine, engines, n_triples
from catalog.errors import Conflict, Damaged, NotFound
from catalog.exports import Export, exports
from catalog.inspection import assess, look
from catalog.mapping import RecordDocument, from_triples, to_triples
from catalog.projection import public_document
from catalog.readers import Reader, Source, choose, readers
from catalog.resolvers import resolvers
from catalog.states import Standing, State

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = sorted(
    path
    for folder in ("examples/deposits", "tests/data")
    for path in (ROOT / folder).rglob("*")
    if path.is_file() and path.parent.name != "expect"  # tables of what readers make of other files
)
TODAY = date(2026, 5, 1)
EN, JA = "en", "ja"
HOSTILE = [
    b"",
    b"\0" * 100,
    b"\xff\xfe",
    bytes(range(256)),
    b"{" * 5000,
    b"- " * 5000,
    b"#" * 70_000,
    "\u2028鉄".encode(),
]

FAMILIES: list[tuple[ModuleType, Callable[[], dict[str, Any]], str]] = [
    (catalog.readers, readers, "READER"),
    (catalog.exports, exports, "EXPORT"),
    (catalog.engines, engines, "ENGINE"),
    (catalog.resolvers, resolvers, "RESOLVER"),
]
NAMES = ["readers", "exports", "engines", "resolvers"]


def public(name: str) -> RecordDocument:
    """The public document of a bundled example, as it would be if it were published."""
    path = ROOT / "examples" / "deposits" / name
    reading = look(path, path.name).reading
    assert reading is not None
    found = public_document(
        assess(reading.forms[0], today=TODAY).document, Standing(State.PUBLISHED), TODAY, lambda _iri: True
    )
    assert found is not None
    return found


DOCUMENTS = ["linimno2-cathode.yaml", "hidden-credit-nb2o5.yaml", "embargoed-linio2.yaml"]


@pytest.mark.parametrize(
    ("package", "members", "constant"), FAMILIES, ids=["readers", "exports", "engines", "resolvers"]
)
def test_each_file_of_a_family_is_a_member_under_its_own_name(
    package: ModuleType, members: Callable[[], dict[str, Any]], constant: str
) -> None:
    folder = Path(str(package.__file__)).parent
    files = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert files == set(members())
    for name, member in members().items():
        assert member.name == name
        source = (folder / f"{name}.py").read_text(encoding="utf-8")
        assert len(re.findall(rf"(?m)^{constant} = ", source)) == 1


@pytest.mark.parametrize(
    "member",
    [*readers().values(), *exports().values(), *engines().values(), *resolvers().values()],
    ids=lambda each: each.name,
)
def test_a_member_has_a_name_and_a_title_in_both_languages(member: Any) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_-]*", member.name)
    assert member.title.keys() == {EN, JA}
    assert all(text.strip() == text and text for text in member.title.values())


@pytest.mark.parametrize(
    ("package", "members", "constant"), FAMILIES, ids=["readers", "exports", "engines", "resolvers"]
)
def test_no_member_of_a_family_needs_another(
    package: ModuleType, members: Callable[[], dict[str, Any]], constant: str
) -> None:
    for name in members():
        module = f"{package.__name__}.{name}"
        program = f"import sys, {module}\nassert {module}.{constant}\nprint(*sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
        )
        loaded = {other for other in members() if f"{package.__name__}.{other}" in done.stdout.split()}
        assert loaded == {name}


@pytest.mark.parametrize("reader", readers().values(), ids=lambda each: each.name)
def test_a_reader_knows_its_own_bundled_files_and_no_others(reader: Reader) -> None:
    own = [path for path in SAMPLES if choose(Source(path, path.name)) is reader]
    assert own, f"no bundled sample is read by {reader.name}"
    for path in SAMPLES:
        scores = {name: each.sniff(Source(path, path.name)) for name, each in readers().items()}
        assert all(isinstance(score, int) and 0 <= score <= 100 for score in scores.values())
        if path in own:
            best, second = sorted(scores.values(), reverse=True)[:2]
            assert scores[reader.name] == best > second


@pytest.mark.parametrize("reader", readers().values(), ids=lambda each: each.name)
def test_a_reader_reads_its_bundled_files(reader: Reader) -> None:
    for path in (path for path in SAMPLES if choose(Source(path, path.name)) is reader):
        reading = reader.read(Source(path, path.name))
        assert reading.is_xafs
        assert reading.forms
        for form in reading.forms:
            assert form.values["spectra"]
            # Binary and JSON files have no lines; the place in them is the key.
            assert all(
                origin.source == path.name and (origin.line or origin.key) for origin in form.origins.values()
            )
        assert bool(reading.curves) == reader.is_data


@pytest.mark.parametrize("reader", readers().values(), ids=lambda each: each.name)
def test_a_reader_states_where_its_format_is_specified(reader: Reader) -> None:
    assert reader.specification.startswith("https://") or (ROOT / reader.specification).is_file()


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_no_reader_claims_what_is_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "Fe_foil.xdi"  # a name proves nothing
    path.write_bytes(content)
    assert {name: each.sniff(Source(path, path.name)) for name, each in readers().items()} == dict.fromkeys(
        readers(), 0
    )


def test_a_reader_that_fails_is_named_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(source: Source) -> catalog.readers.Reading:
        raise ZeroDivisionError(source.name)

    broken = Reader("broken", {EN: "Broken", JA: "故障"}, "https://example.org", lambda _source: 100, read)
    monkeypatch.setattr("catalog.inspection.choose", lambda _source: broken)
    path = tmp_path / "a.dat"
    path.write_text("x", encoding="utf-8")
    seen = look(path, path.name)
    assert (seen.outcome, [item.code for item in seen.findings]) == ("refuse", ["reader-failed"])
    assert "broken" in seen.findings[0].text()
    assert "ZeroDivisionError: a.dat" in seen.findings[0].text(JA)


def test_readers_decide_by_content_and_not_by_name(tmp_path: Path) -> None:
    for path in SAMPLES:
        known = choose(Source(path, path.name))
        renamed = tmp_path / "data.bin"
        renamed.write_bytes(path.read_bytes())
        assert choose(Source(renamed, renamed.name)) is known, path.name


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("export", exports().values(), ids=lambda each: each.name)
def test_an_export_says_the_same_as_the_document(export: Export, name: str) -> None:
    document = public(name)
    content = export.write(document)
    assert content == export.write(public(name)), "equal documents give equal bytes"
    assert content.strip()
    if export.rdf_format is not None:
        parsed = [quad.triple for quad in ox.parse(content, format=export.rdf_format)]
        assert sorted(map(str, parsed)) == sorted(map(str, to_triples(document)))
        assert from_triples(parsed, document["id"]) == from_triples(to_triples(document), document["id"])


def test_hidden_credit_is_in_no_export() -> None:
    name = "hidden-credit-nb2o5.yaml"
    assert "{name: Josiah Carberry, orcid: 0000-0002-1825-0097, credit: hidden}" in (
        ROOT / "examples" / "deposits" / name
    ).read_text(encoding="utf-8")
    for export in exports().values():
        content = export.write(public(name)).decode()
        if export.rdf_format is not None:
            assert "xafscat example data" in content
        assert not re.search("Carberry|0000-0002-1825-0097", content), export.name


def test_exports_can_be_told_apart() -> None:
    for told in (lambda each: (each.media_type, each.profile), lambda each: each.extension):
        assert len({told(each) for each in exports().values()}) == len(exports())
    for export in exports().values():
        assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", export.media_type)
        assert re.fullmatch(r"[a-z0-9]+", export.extension)
        if export.rdf_format is not None:
            assert (export.rdf_format.media_type, export.rdf_format.file_extension) == (
                export.media_type,
                export.extension,
            )


@pytest.mark.parametrize("kind", engines().values(), ids=lambda each: each.name)
def test_an_engine_keeps_what_it_was_given(kind: Engine, tmp_path: Path) -> None:
    first, second = (to_triples(public(name)) for name in DOCUMENTS[:2])
    writer = kind.create(tmp_path / "one")
    (tmp_path / "one.nt").write_bytes(n_triples(first))
    writer.load(tmp_path / "one.nt")
    writer.flush()
    writer.close()
    if kind.capabilities.checkpoints:
        kind.checkpoint(tmp_path / "one", tmp_path / "two")
        writer = kind.edit(tmp_path / "two")
        writer.apply(first[:5], second)
        writer.flush()
        writer.close()
        assert dump(kind, tmp_path / "two") == expected(kind, [*first[5:], *second], tmp_path)
    assert dump(kind, tmp_path / "one") == expected(kind, first, tmp_path), (
        "a checkpoint leaves its source alone"
    )
    reader = kind.read(tmp_path / "one")
    assert reader.count() == len(kind.canonical(first))
    subject = public(DOCUMENTS[0])["id"]
    assert {triple.subject.value for triple in reader.triples(subject)} == {subject}
    assert bool(reader.query(f"ASK {{ <{subject}> ?p ?o }}"))
    reader.close()


def dump(kind: Engine, folder: Path) -> list[bytes]:
    reader = kind.read(folder)
    try:
        return list(canonical_dump(reader.triples(), folder.parent))
    finally:
        reader.close()


def expected(kind: Engine, triples: list[ox.Triple], scratch: Path) -> list[bytes]:
    return list(canonical_dump(kind.canonical(triples), scratch))


@pytest.mark.parametrize("kind", engines().values(), ids=lambda each: each.name)
def test_an_engine_refuses_what_is_no_store(kind: Engine, tmp_path: Path) -> None:
    kind.create(tmp_path / "store").close()
    with pytest.raises(Conflict):
        kind.create(tmp_path / "store")
    (tmp_path / "empty").mkdir()
    for open_it in (kind.edit, kind.read):
        with pytest.raises(Damaged):
            open_it(tmp_path / "empty")


def test_an_unknown_engine_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="oxigraph"):
        engine("nonesuch")


def documented(heading: str) -> tuple[str, dict[str, str]]:
    """The Python of a chapter of docs/extend.md, and its entry points."""
    page = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
    chapter = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    (code,) = re.findall(r"(?s)```python\n(.*?)```", chapter)
    (toml,) = re.findall(r"(?s)```toml\n(.*?)```", chapter)
    return code, tomllib.loads(toml)["project"]["entry-points"]


def installed(folder: Path, heading: str) -> Path:
    """A folder that holds the documented plugin as an installed distribution would."""
    code, groups = documented(heading)
    ((group, points),) = groups.items()
    ((name, target),) = points.items()
    (folder / f"{target.partition(':')[0]}.py").write_text(code, encoding="utf-8")
    info = folder / "stranger-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n", encoding="utf-8")
    with (info / "entry_points.txt").open("a", encoding="utf-8") as stream:
        stream.write(f"[{group}]\n{name} = {target}\n")
    return folder


def xafscat(plugins: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = f"import sys; sys.path.insert(0, {str(plugins)!r}); from catalog.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "--home", str(plugins / "home"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_documented_plugins_work_from_a_distribution_of_their_own(tmp_path: Path) -> None:
    installed(tmp_path, "Readers")
    installed(tmp_path, "Exports")
    done = xafscat(tmp_path, "formats", "--json")
    listed = json.loads(done.stdout)
    assert "example-xas" in [each["name"] for each in listed["readers"]]
    assert "credit-line" in [each["name"] for each in listed["exports"]]

    data = tmp_path / "foil.dat"
    rows = "".join(f"{7100 + step} {step / 20:.3f}\n" for step in range(20))
    data.write_text(
        f"# EXAMPLE-XAS 1\n# sample: iron foil\n# element: Fe\n# edge: K\n# shift: 3\n{rows}",
        encoding="utf-8",
    )
    seen = json.loads(xafscat(tmp_path, "inspect", "--json", str(data)).stdout)
    assert (seen["reader"], seen["outcome"]) == ("example-xas", "read")
    assert seen["facts"] == {"element": "Fe", "edge": "K", "sample_name": "iron foil", "n_spectra": 1}

    data.write_text(f"# EXAMPLE-XAS 1\n# element: Fe\n{rows}", encoding="utf-8")
    seen = json.loads(xafscat(tmp_path, "inspect", "--json", str(data)).stdout)
    assert seen["outcome"] == "ask"
    assert "example-no-edge" in [each["code"] for each in seen["findings"]]

    data.write_text("# EXAMPLE-XAS 1\n1 2 3\n", encoding="utf-8")
    done = xafscat(tmp_path, "inspect", "--json", str(data))
    refused = json.loads(done.stdout)
    assert (done.returncode, refused["outcome"], refused["findings"][0]["line"]) == (1, "refuse", 2)


def test_the_documented_export_credits_a_record() -> None:
    namespace: dict[str, Any] = {}
    exec(documented("Exports")[0], namespace)
    document = public("linimno2-cathode.yaml")
    line = namespace["EXPORT"].write(document).decode()
    assert line == f"xafscat example data (n.d.). {document['title']['en']}. {document['id']}\n"
