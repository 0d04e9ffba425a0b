"""The pages in English and Japanese: nothing untranslated, every title marked with its language."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from flask.testing import FlaskClient

from server.public.languages import Languages, read_languages
from server.public.site import HERE

FIELD = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def languages() -> Languages:
    return read_languages(HERE / "translations")


def messages() -> dict[str, str]:
    """Every message of the pages by its English text, with the file it stands in."""
    found = extract_from_dir(
        HERE,
        method_map=[("**.py", "python"), ("**.html", "jinja2.ext.babel_extract")],
        options_map={"**.html": {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "silent": "false"}},
        keywords={"gettext": None, "_": None, "ngettext": (1, 2), "mark": None},
    )
    return {(text if isinstance(text, str) else text[0]): name for name, _, text, _, _ in found}


def test_everything_is_translated_and_nothing_else(languages: Languages) -> None:
    assert len(messages()) > 150
    assert languages.codes == ["en", "ja"]
    missing = {text: name for text, name in messages().items() if text not in languages.messages["ja"]}
    assert missing == {}
    assert set(languages.messages["ja"]) - set(messages()) == set()


def test_translations_keep_the_fields_of_the_text(languages: Languages) -> None:
    for text in languages.messages["ja"]:
        translated = languages.text("ja", text)
        assert Counter(FIELD.findall(translated)) == Counter(FIELD.findall(text)), text
        assert translated != text or text in {"IRI"}


def test_fuzzy_and_empty_entries_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "ja.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "a"\nmsgstr "あ"\n\n#, fuzzy\nmsgid "b"\nmsgstr "い"\n\nmsgid "c"\nmsgstr ""\n',
        encoding="utf-8",
    )
    assert dict(read_languages(tmp_path).messages["ja"]) == {"a": "あ"}


@pytest.mark.parametrize(
    ("path", "accept", "language"),
    [
        ("/", None, "en"),
        ("/", "ja", "ja"),
        ("/", "ja-JP,en;q=0.5", "ja"),
        ("/?lang=en", "ja", "en"),
        ("/?lang=ja", "en", "ja"),
        ("/?lang=fr", "ja", "ja"),
        ("/?lang=<script>", None, "en"),
    ],
)
def test_the_language_is_asked_for_or_preferred(
    client: FlaskClient, path: str, accept: str | None, language: str
) -> None:
    response = client.get(path, headers={"Accept-Language": accept} if accept else {})
    assert response.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in response.text
    assert ("レコード" in response.text) is (language == "ja")


def test_a_language_chosen_in_the_address_is_kept_by_the_links(client: FlaskClient) -> None:
    chosen = client.get("/?lang=ja").text
    assert 'href="/record/foil7k3m9q?lang=ja"' in chosen
    assert 'href="/records?lang=ja"' in chosen
    assert "lang=ja" not in client.get("/", headers={"Accept-Language": "ja"}).text.replace(
        'href="?lang=ja"', ""
    )


def test_text_in_another_language_is_marked(client: FlaskClient) -> None:
    english = client.get("/record/foil7k3m9q.html").text
    assert '<p class="other-title" lang="ja">鉄箔 Fe K吸収端</p>' in english
    japanese = client.get("/record/foil7k3m9q.html?lang=ja").text
    assert '<p class="other-title" lang="en">Iron foil, Fe K edge</p>' in japanese
    assert "<h1>鉄箔 Fe K吸収端</h1>" in japanese


@pytest.mark.parametrize(
    "path", ["/", "/records", "/record/foil7k3m9q.html", "/sparql?format=html", "/shapes.html"]
)
def test_the_switch_keeps_the_page(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert re.search(r'<a href="\?[^"]*lang=ja" lang="ja" hreflang="ja">日本語</a>', page)
    assert re.search(
        r'<a href="\?[^"]*lang=en" lang="en" hreflang="en" aria-current="true">English</a>', page
    )
