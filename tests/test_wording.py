"""Sentences of findings: each one of the source and of the shipped tables is translated, and survives a process."""

from __future__ import annotations

import ast
import pickle
import re
import string
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir

from catalog.alias_tables import alias_table
from catalog.errors import UnreadableInput
from catalog.findings import finding
from catalog.inspection import inspect_file, refusal
from catalog.states import State
from catalog.vocabulary import vocabulary
from catalog.wording import FOLDER, Sentence, Words, read_messages

ROOT = Path(__file__).resolve().parents[1]
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
# Nothing of these is words.
SAME = {"DOI", "ORCID", "ROR id", "{detail}; {hint}", "{label}", "{reason}", "{text}"}


def in_source() -> set[str]:
    found = extract_from_dir(ROOT / "catalog", [("**.py", "python")], keywords={"Sentence": None})
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def in_data() -> set[str]:
    return {
        *(row["defect"] for row in alias_table("spellings")["edges"] if "defect" in row),
        *(row["because"] for row in alias_table("mdr")["doubtful"]),
        *(row["means"] for row in alias_table("columns")["processed"]),
        *(state.value for state in State),
        *(scheme.replace("-", " ") for scheme in vocabulary()._schemes),
    }


def translations() -> dict[str, Any]:
    return read_messages(FOLDER / "ja.po")


def fields(message: str) -> set[tuple[str, str]]:
    """The names of the fields of a template, with their format."""
    return {(name, spec or "") for _, name, spec, _ in string.Formatter().parse(message) if name is not None}


def test_every_sentence_is_in_japanese_and_none_is_left_over() -> None:
    assert len(in_source()) > 250
    assert len(in_data()) > 15
    assert sorted((in_source() | in_data()) - translations().keys()) == []
    assert sorted(translations().keys() - in_source() - in_data()) == []


def test_translations_are_japanese_and_fill_the_same_fields() -> None:
    for message, translated in translations().items():
        assert fields(translated) == fields(message), message
        assert message in SAME or JAPANESE.search(translated), message
        assert not translated.endswith("。"), "the sentence of the finding ends itself"


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / "catalog").rglob("*.py")):
        if path.name == "wording.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Sentence":
                yield path.name, node


def test_every_sentence_stands_in_the_source_as_it_is_looked_up() -> None:
    found = list(calls())
    assert len(found) > 250
    assert [
        f"{name}:{call.lineno}"
        for name, call in found
        if not (call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str))
    ] == []


def test_no_finding_is_given_an_untranslated_text_for_a_detail() -> None:
    """Details, reasons and names of kinds are sentences: a bare text there would stay English."""
    wrong = []
    for path in sorted((ROOT / "catalog").rglob("*.py")):
        if path.parent.name == "cli" or path.name in {"verification.py", "release_checking.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                wrong += [
                    f"{path.name}:{node.lineno}"
                    for keyword in node.keywords
                    if keyword.arg in {"detail", "reason", "what"}
                    and isinstance(keyword.value, ast.Constant | ast.JoinedStr)
                ]
    assert wrong == []


def test_a_sentence_is_said_in_each_language_with_its_values() -> None:
    said = Sentence("{text!r} is not {expected}", text="x", expected=Sentence("a number"))
    assert said == "'x' is not a number"
    assert said.text("en") == said
    assert said.text("ja") == "「x」は数値ではありません"
    assert Sentence("{reason}", reason=Words("why", "なぜ")).text("ja") == "なぜ"
    assert Sentence.of_data("a {brace}").text("ja") == "a {brace}"


def test_a_language_nobody_translated_into_is_english() -> None:
    assert Sentence("a number").text("fr") == "a number"


def test_a_sentence_survives_a_process() -> None:
    said = pickle.loads(pickle.dumps(Sentence("the line has more than {most:,} characters", most=2000)))
    assert said == "the line has more than 2,000 characters"
    assert said.text("ja") == "行の文字数が 2,000 を超えています"


def test_a_refusal_is_a_finding_in_both_languages() -> None:
    error = UnreadableInput(Sentence("the file ends without a row of numbers"), where="scan.dat:7")
    (told,) = refusal(error, "scan.dat")
    assert (told.line, told.text()) == (7, "the file ends without a row of numbers")
    assert told.text("ja") == "読み込めません: 数値の行がないままファイルが終わっています。"


def test_what_the_system_says_is_translated() -> None:
    (told,) = refusal(PermissionError(13, "Permission denied"), "scan.dat")
    assert told.text() == "permission denied"
    assert told.text("ja") == "読み込めません: 読む権限がありません。"


def test_a_value_that_is_a_sentence_is_shown_in_the_language_and_kept_in_english() -> None:
    told = finding("not-xafs", value=Sentence("energy without unit"))
    assert told.value == "energy without unit"
    assert told.shown_value("ja") == "エネルギーに単位がありません"
    assert told.as_json("ja")["value"] == "energy without unit"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("# XDI/1.0\n# Element.symbol: Fe\n", "読み込めません: ヘッダーの後に数値の表がありません。"),
        ("# XDI/1.0\n# Element: Fe\n# ---\n1 2\n", "「Element」に点がありません。"),
        ("title: [a\n", "YAML として正しくありません（"),
        ('{"title": "a" "b"}', "JSON として正しくありません。コンマまたは }が必要なところに"),
    ],
)
def test_inspect_words_a_refusal_in_japanese(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(content, encoding="utf-8")
    seen = inspect_file(path, path.name, today=date(2026, 9, 1), language="ja")
    assert seen["outcome"] == "refuse"
    assert said in seen["findings"][0]["message"]


def test_the_reason_in_a_document_of_others_is_translated_with_its_own_reason(tmp_path: Path) -> None:
    sample = (ROOT / "tests" / "data" / "samples" / "mdr.json").read_text(encoding="utf-8")
    path = tmp_path / "mdr.json"
    path.write_text(sample.replace('"Cu K"', '"Pb L21-edge"'), encoding="utf-8")
    seen = inspect_file(path, path.name, today=date(2026, 9, 1), language="ja")
    (told,) = [item["message"] for item in seen["findings"] if item["code"] == "document-edge"]
    assert "IUPAC 表記の吸収端ではありません（L1、L2、その両方のどれにもとれます。例: L3、L2,3）" in told
