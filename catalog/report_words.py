"""What every rendering of a report says, in the same words: sentences, causes, places, what the next level needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.errors import UsageError
from catalog.findings import Finding, shorten
from catalog.shacl_shapes import VIOLATION, Shape
from catalog.validation import Report, level_iri

# Files named for one cause before the rest is only counted.
MAX_FILES = 5
MAX_MESSAGE = 2_000
SEVERITIES = ("error", "warning", "info")

TEXT = {
    "en": {
        "title": "Validation report",
        "checked": "Checked {deposits}: {clean} without findings, {rest} with findings.",
        "deposits": "{count} deposits",
        "deposit": "1 deposit",
        "causes": "By cause",
        "details": "Deposit by deposit",
        "more": "and {count} more",
        "reached": "Level reached: {levels}.",
        "none": "none",
        "example": "for example",
        "next": "For {level}: {fields}.",
        "needed": "What {level} still needs",
        "error": "error",
        "warning": "warning",
        "info": "note",
        "line": "line {line}",
        "value": "value: {value}",
        "comma": ", ",
        "colon": ": ",
        "since": "Since the report before: {new} new, {gone} gone, {same} unchanged.",
        "skipped": "{count} of its deposits were not checked this time.",
        "new": "new",
        "gone": "gone",
        "severity": "Severity",
        "place": "Where",
        "message": "What to do",
        "code": "Code",
        "stated": "Value",
        "skip": "Skip to the deposits",
        "good": "No findings.",
    },
    "ja": {
        "title": "検査報告",
        "checked": "{deposits}を検査しました: 指摘なし {clean}件、指摘あり {rest}件。",
        "deposits": "{count}件の登録",
        "deposit": "1件の登録",
        "causes": "原因別",
        "details": "登録別",
        "more": "ほか{count}件",
        "reached": "到達レベル: {levels}。",
        "none": "なし",
        "example": "例",
        "next": "{level} に必要な項目: {fields}。",
        "needed": "{level} に必要な項目",
        "error": "エラー",
        "warning": "警告",
        "info": "注記",
        "line": "{line}行目",
        "value": "値: {value}",
        "comma": "、",
        "colon": ": ",
        "since": "前回の報告との比較: 新規 {new}件、解消 {gone}件、変化なし {same}件。",
        "skipped": "前回の登録のうち {count}件は今回検査していません。",
        "new": "新規",
        "gone": "解消",
        "severity": "重さ",
        "place": "場所",
        "message": "対応",
        "code": "コード",
        "stated": "値",
        "skip": "登録別の結果へ移動",
        "good": "指摘はありません。",
    },
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause and the deposits it concerns: ``text`` with its title, ``names`` of files or records, each once."""

    code: str
    severity: str
    text: str
    names: tuple[str, ...]

    def shown(self, language: str) -> str:
        """The first names, and how many there are besides."""
        words = TEXT[language]
        names = words["comma"].join(self.names[:MAX_FILES])
        rest = len(self.names) - MAX_FILES
        return names + (words["comma"] + words["more"].format(count=rest) if rest > 0 else "")


def words_of(language: str) -> dict[str, str]:
    """The words of reports in ``language``. Raises UsageError where there are none."""
    if language not in TEXT:
        raise UsageError(f"there are no reports in {language!r}; use one of: {', '.join(TEXT)}")
    return TEXT[language]


def name_of(report: Report) -> str:
    """What a deposit goes by in a report: its file, else its IRI."""
    return shorten(report.file or report.iri)


def summary(reports: Sequence[Report], language: str) -> str:
    """How many were checked, how many of them have findings."""
    faulty = sum(bool(report.findings) for report in reports)
    return TEXT[language]["checked"].format(
        deposits=count_deposits(len(reports), language), clean=len(reports) - faulty, rest=faulty
    )


def count_deposits(count: int, language: str) -> str:
    """``1 deposit``, ``2 deposits``."""
    return TEXT[language]["deposit" if count == 1 else "deposits"].format(count=count)


def causes(reports: Sequence[Report], language: str) -> list[Cause]:
    """The findings grouped by cause: errors first, then the commonest."""
    words = TEXT[language]
    found: dict[str, list[tuple[Report, Finding]]] = {}
    for report in reports:
        for item in report.findings:
            found.setdefault(item.code, []).append((report, item))
    made = []
    for code, group in found.items():
        report, item = group[0]
        # A message that names its value is one of several.
        alike = len({other.text(language) for _, other in group}) == 1
        title = _title(item, report, language) if alike else words["example"]
        said = message(item, language)
        text = f"{title}{words['colon']}{said}" if title else said
        names = tuple(dict.fromkeys(name_of(each) for each, _ in group))
        made.append(Cause(code, item.severity, text, names))
    return sorted(made, key=lambda cause: (SEVERITIES.index(cause.severity), -len(cause.names), cause.code))


def level_line(report: Report, language: str) -> str:
    """The level reached, and the names of what the next one needs."""
    words = TEXT[language]
    line = words["reached"].format(levels=words["comma"].join(report.levels) or words["none"])
    following = report.next_level
    if following is None:
        return line
    # From the results: a finding may have given way to what the normaliser said of the same value.
    needed = [
        result.shape
        for result in (*report.results, *report.needed)
        if result.shape.severity == VIOLATION and result.shape.iri.startswith(level_iri(following) + "#")
    ]
    names = dict.fromkeys(shape_name(shape, language) or shape.key for shape in needed)
    if names:
        line += " " + words["next"].format(level=following, fields=words["comma"].join(names))
    return line


def message(item: Finding, language: str) -> str:
    """The sentence of a finding; a group's shapes may have put anything into theirs."""
    return shorten(item.text(language), MAX_MESSAGE)


def place(item: Finding, language: str) -> str:
    """Where a finding applies: path, line and value, as far as they are known."""
    words = TEXT[language]
    parts = [shorten(item.path)] if item.path else []
    if item.line is not None:
        parts.append(words["line"].format(line=item.line))
    if (value := item.shown_value(language)) is not None:
        parts.append(words["value"].format(value=shorten(value)))
    return words["comma"].join(parts)


def shape_name(shape: Shape, language: str) -> str:
    """The name of what a shape is about, in ``language`` or in English."""
    return shape.names.get(language) or shape.names.get("en", "")


def _title(item: Finding, report: Report, language: str) -> str:
    """What the finding is about, in the words of its shape; nothing for findings of other kinds."""
    return next((shape_name(r.shape, language) for r in report.results if r.shape.iri == item.shape), "")
