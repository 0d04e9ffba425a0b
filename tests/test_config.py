from __future__ import annotations

import re
import tomllib
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from catalog.config import Settings, describe, load_settings, settings_template
from catalog.errors import UsageError

DOCS = Path(__file__).parents[1] / "docs" / "settings.md"


def load(home: Path, overrides: dict[str, Any] | None = None, **environ: str) -> Settings:
    return load_settings(home, overrides, environ=environ)


def write(home: Path, text: str) -> None:
    (home / "settings.toml").write_text(text, encoding="utf-8")


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings(home=tmp_path)
    assert load(tmp_path).zone.key == "UTC"
    assert load(tmp_path).publisher_iri is None


def test_each_layer_wins_over_the_one_before(tmp_path: Path) -> None:
    assert load(tmp_path).port == 8000
    write(tmp_path, "port = 8001\n")
    assert load(tmp_path).port == 8001
    assert load(tmp_path, XAFSCAT_PORT="8002").port == 8002
    assert load(tmp_path, {"port": 8003}, XAFSCAT_PORT="8002").port == 8003
    assert load(tmp_path, {"port": None}, XAFSCAT_PORT="8002").port == 8002


def test_the_home_folder_comes_from_the_call_or_the_environment(tmp_path: Path) -> None:
    assert load_settings(environ={}).home == Path("xafscat-data")
    assert load_settings(environ={"XAFSCAT_HOME": "/srv/x"}).home == Path("/srv/x")
    assert load_settings(tmp_path, environ={"XAFSCAT_HOME": "/srv/x"}).home == tmp_path
    assert load_settings(str(tmp_path), environ={}).registry_path == tmp_path / "registry.sqlite"


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(FrozenInstanceError):
        load(tmp_path).port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "size"),
    [("1000", 1000), ("16 kB", 16_000), ("64 MiB", 64 * 2**20), ("1.5GiB", 3 * 2**29), (4096, 4096)],
)
def test_sizes_may_have_units(tmp_path: Path, text: object, size: int) -> None:
    assert load(tmp_path, {"max_file_bytes": text}).max_file_bytes == size


def test_texts_of_a_layer_add_to_those_stated_before_and_replace_the_default(tmp_path: Path) -> None:
    write(tmp_path, 'title = {en = "Example", ja = "例"}\n')
    assert load(tmp_path, XAFSCAT_TITLE_EN="Other").title == {"en": "Other", "ja": "例"}
    # Not {"en": ..., "ja": <the default's>}: the two would name different catalogs.
    write(tmp_path, 'title = "Example"\n')
    assert load(tmp_path).title == {"en": "Example"}


def test_an_english_text_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="publisher_name needs an English text"):
        load(tmp_path, XAFSCAT_PUBLISHER_NAME_JA="例")


@pytest.mark.parametrize(
    ("name", "near"), [("prot", "port"), ("query_timeout", "query_timeout_s"), ("time_zone", "timezone")]
)
def test_an_unknown_setting_is_named_with_the_nearest(tmp_path: Path, name: str, near: str) -> None:
    wanted = f"no setting '{name}'; did you mean {near}\\?"
    with pytest.raises(UsageError, match=f"environment.*{wanted}"):
        load(tmp_path, **{f"XAFSCAT_{name.upper()}": "1"})
    with pytest.raises(UsageError, match=f"command line.*{wanted}"):
        load(tmp_path, {name: 1})
    write(tmp_path, f"{name} = 1\n")
    with pytest.raises(UsageError, match=f"settings.toml.*{wanted}"):
        load(tmp_path)


def test_an_unknown_setting_like_no_other_points_to_the_documentation(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"docs/settings\.md"):
        load(tmp_path, {"zzzzzz": 1})


def test_the_home_folder_is_no_setting_of_its_own_file(tmp_path: Path) -> None:
    write(tmp_path, 'home = "/srv"\n')
    with pytest.raises(UsageError, match="--home"):
        load(tmp_path)


def test_variables_of_test_programs_are_no_settings(tmp_path: Path) -> None:
    assert load(tmp_path, XAFSCAT_TEST_KILLS="3", XAFSCAT_BENCH_SIZE="3", PATH="/bin") == Settings(
        home=tmp_path
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timezone", "Asia/Tokio"),
        ("timezone", "../../etc/passwd"),
        ("timezone", "Asia"),
        ("timezone", 9),
        ("title", {"en": ""}),
        ("title", {"en": "two\nlines"}),
        ("title", {"English": "x"}),
        ("title", ["x"]),
        ("publisher_iri", "javascript:alert(1)"),
        ("publisher_iri", "https://example.org/<script>"),
        ("publisher_iri", "https://example.org/\n"),
        ("contact", "nobody"),
        ("metadata_license", "CC0 1.0"),
        ("max_file_bytes", "64 megs"),
        ("max_file_bytes", -1),
        ("max_file_bytes", True),
        ("keep_releases", 0),
        ("keep_releases", "many"),
        ("keep_releases", 1.5),
        ("query_timeout_s", "nan"),
        ("query_timeout_s", 0),
        ("query_timeout_s", False),
        ("query_memory_bytes", "1 MiB"),
        ("query_workers", 0),
        ("host", "a b"),
        ("port", 70000),
        ("port", ""),
        ("workers", "2; rm"),
    ],
)
def test_an_ill_typed_value_is_named_with_what_is_expected(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"command line: setting {name} is .* expected: .+"):
        load(tmp_path, {name: value})


def test_an_empty_value_takes_an_optional_setting_away(tmp_path: Path) -> None:
    write(tmp_path, 'contact = "desk@example.org"\n')
    assert load(tmp_path).contact == "desk@example.org"
    assert load(tmp_path, XAFSCAT_CONTACT="").contact is None


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe", b"port = 1\nport = 2\n"])
def test_a_broken_settings_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "settings.toml").write_bytes(content)
    with pytest.raises(UsageError, match=r"settings\.toml.*TOML"):
        load(tmp_path)


def test_the_template_states_every_setting_at_its_default(tmp_path: Path) -> None:
    write(tmp_path, settings_template())
    assert load(tmp_path) == Settings(home=tmp_path)
    write(tmp_path, re.sub(r"(?m)^#(?=\w)", "", settings_template()))
    assert set(tomllib.loads((tmp_path / "settings.toml").read_text(encoding="utf-8"))) == names()
    assert load(tmp_path) == Settings(home=tmp_path)


def names() -> set[str]:
    return {entry.name for entry in fields(Settings)} - {"home"}


def test_every_setting_is_described() -> None:
    assert {entry.name for entry in describe()} == names()
    assert all(entry.sentence.endswith(".") and entry.kind for entry in describe())


def test_every_setting_is_documented_with_its_default() -> None:
    sections = dict(re.findall(r"(?ms)^### `(\w+)`\n(.*?)(?=^##|\Z)", DOCS.read_text(encoding="utf-8")))
    assert set(sections) == names()
    for entry in describe():
        text = sections[entry.name]
        assert entry.sentence in text, entry.name
        assert f"`{entry.default_text}`" in text, entry.name
        assert f"`XAFSCAT_{entry.name.upper()}" in text, entry.name
