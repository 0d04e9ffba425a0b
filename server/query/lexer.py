"""What a stranger's query may not say, found before any engine sees it.

The lexer reads a query the way the engine does, which is not always the way the grammar is printed: the engine
takes keywords without a blank after them (``SERVICESILENT<...>``, ``1SERVICE <...>``), and where a token turns out
invalid it tries again with a shorter one. Wherever the two readings differ, the suspicious one counts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

QueryKind: TypeAlias = Literal["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"]

# The engine's parser is recursive: about 4 kB of stack a bracket and 2 kB an operator. Both bounds together stay
# below half of the stack a worker has (worker.STACK_BYTES).
MAX_DEPTH = 250
MAX_OPERATORS = 10_000

_BASE_CHARS = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME_CHARS = _BASE_CHARS + r"_0-9\-\u00b7\u0300-\u036f\u203f-\u2040"
_VARIABLE_CHARS = _BASE_CHARS + r"_0-9\u00b7\u0300-\u036f\u203f-\u2040"
# Surrogates and code points beyond the last are no characters: the engine takes the token for something else.
_CODE_POINT = (
    r"\\u(?![dD][89a-fA-F])[0-9A-Fa-f]{4}|\\U00(?:0[0-9A-Fa-f]|10)(?!(?<=00)[dD][89a-fA-F])[0-9A-Fa-f]{4}"
)
_ESCAPE = rf"\\[tbnrf\"'\\]|{_CODE_POINT}"
_BLANK = r"[ \t\r\n]++|\#[^\r\n]*+"
_IRI = rf"""<(?:[^\x00-\x20<>"{{}}|^`\\]++|{_CODE_POINT})*+>"""
_NAMESPACE = rf"(?:[{_BASE_CHARS}][{_NAME_CHARS}.]*+)?+:"
_LOCAL_ESCAPE = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
_LOCAL = rf"(?:[{_BASE_CHARS}_0-9:]|{_LOCAL_ESCAPE})(?:[{_NAME_CHARS}.:]++|{_LOCAL_ESCAPE})*+"
_STRING = (
    rf'"""(?:"{{0,2}}(?:[^"\\]|{_ESCAPE}))*+"""|'
    rf"'''(?:'{{0,2}}(?:[^'\\]|{_ESCAPE}))*+'''|"
    rf'"(?:[^"\\\r\n]++|{_ESCAPE})*+"|'
    rf"'(?:[^'\\\r\n]++|{_ESCAPE})*+'"
)

_TOKEN = re.compile(
    rf"(?P<blank>(?:{_BLANK})++)|(?P<iri>{_IRI})|(?P<string>{_STRING})"
    rf"|(?P<variable>[?$][{_BASE_CHARS}_0-9][{_VARIABLE_CHARS}]*+)"
    rf"|(?P<node>_:[{_BASE_CHARS}_0-9][{_NAME_CHARS}.]*+)"
    rf"|(?P<name>(?P<namespace>{_NAMESPACE})(?P<local>{_LOCAL})?+)"
    rf"|(?P<word>[{_BASE_CHARS}][{_NAME_CHARS}.]*+)"
    r"|(?P<number>[0-9]++(?:\.[0-9]*+)?(?:[eE][+\-]?[0-9]++)?|\.[0-9]++(?:[eE][+\-]?[0-9]++)?)"
    r"|(?P<tag>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)"
    r"|(?P<mark>&&|\|\||[{}()\[\].,;=!<>&|+\-*/^?~])"
)
_PROLOGUE = re.compile(
    rf"(?:{_BLANK}|(?i:BASE)(?:{_BLANK})*+{_IRI}|(?i:PREFIX)(?:{_BLANK})*+{_NAMESPACE}(?:{_BLANK})*+{_IRI}"
    rf"|(?i:VERSION)(?:{_BLANK})*+(?:{_STRING}))*+"
)
_KIND = re.compile(r"(?i:SELECT|ASK|CONSTRUCT|DESCRIBE)")
_UPDATE = re.compile(r"(?i:INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|ADD|MOVE|COPY|WITH)")
_CODE_POINT_ANYWHERE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_DECLARATION = re.compile(
    rf"(?:BASE|PREFIX(?:{_BLANK})*+({_NAMESPACE}))(?:{_BLANK})*+({_IRI})", re.IGNORECASE
)
# An IRI to which letters can be added without making it invalid: its authority, if it has one, is closed.
_EXTENSIBLE = re.compile(r"<(?:[A-Za-z][A-Za-z0-9+.\-]*+:)?+(?://[^/?#]*[/?#]|(?!//)).*>", re.DOTALL)
_SERVICE = (
    "SERVICE is not evaluated here, because this endpoint contacts no other server. "
    "Send the query to an endpoint of your own and name this one in its SERVICE"
)
_CHAIN_WORDS = frozenset(
    {"UNION", "OPTIONAL", "MINUS", "LATERAL", "FILTER", "BIND", "VALUES", "IN", "EXISTS"}
)
_OUTLINE_WORDS = frozenset(
    {
        "DISTINCT",
        "REDUCED",
        "FROM",
        "GROUP",
        "HAVING",
        "ORDER",
        "LIMIT",
        "OFFSET",
        "UNION",
        "OPTIONAL",
        "MINUS",
    }
    | {"FILTER", "BIND", "VALUES", "GRAPH", "EXISTS", "IN", "REGEX", "CONCAT", "CONTAINS", "REPLACE"}
    | {"COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP_CONCAT"}
)
_CLOSES = {"}": "{", ")": "(", "]": "["}
_OPERATORS = frozenset({"&&", "||", "=", "!", "<", ">", "|", "+", "-", "*", "/", "^"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a query is not evaluated: a stable code, a sentence, and the place (both counted from 1)."""

    code: str
    detail: str
    line: int
    column: int


class Token(NamedTuple):
    """One token that is no blank: its kind (a group of ``_TOKEN``), its text and where it begins."""

    kind: str
    text: str
    offset: int


class _Refused(Exception):
    def __init__(self, code: str, detail: str, offset: int) -> None:
        self.code = code
        self.detail = detail
        self.offset = offset
        super().__init__(detail)


def refusals(query: str) -> Refusal | None:
    """Why the endpoint refuses ``query``, or None when the engine may have it.

    Codes: ``query-refused-service``, ``query-refused-update``, ``query-too-complex`` and, where the text cannot
    even be cut into tokens, ``query-malformed``. Linear in the length of the text; never raises.

    >>> refusals("SELECT * { ?s ?p 'customer service' }") is None
    True
    >>> refusals("SELECT * { SERVICESILENT<http://a/> {} }").code
    'query-refused-service'
    """
    plain = _code_points(query)
    if plain is not None:
        # By the specification escapes count before anything else is read; this engine reads them later.
        refused = _refusal(plain)
        if refused is not None and refused.code in {"query-refused-service", "query-refused-update"}:
            return refused
    return _refusal(query)


def query_kind(query: str) -> QueryKind | None:
    """The form of the query, read from its first keyword; None when there is none."""
    found = _KIND.match(query, _prologue_end(query))
    return found[0].upper() if found else None  # type: ignore[return-value]


def outline(query: str) -> str:
    """The form of a query and the keywords in it, without a word of its content; "?" for what is no query.

    >>> outline("SELECT * { ?s ?p 'Fe' OPTIONAL { ?s ?q ?r } } LIMIT 5")
    'SELECT LIMIT OPTIONAL'
    """
    try:
        words = {token.text.upper() for token in tokens(query) if token.kind == "word"}
    except _Refused:
        words = set()
    return " ".join([query_kind(query) or "?", *sorted(words & _OUTLINE_WORDS)])


def mistake(query: str, known: Collection[str] = ()) -> Refusal | None:
    """The first plain mistake in a query that the engine could not read; None when it is a subtler one.

    Looks for prefixes that are not declared (``known`` are those that need no declaration) and for brackets that do
    not match: of both the engine only says that it cannot read on, often from another place.
    """
    start = _prologue_end(query)
    declared = {found[1][:-1] for found in _DECLARATION.finditer(query, 0, start) if found[1]}
    opened: list[Token] = []
    try:
        for token in tokens(query):
            kind, text, offset = token
            namespace = text.partition(":")[0]
            if kind == "name" and offset >= start and namespace not in declared and namespace not in known:
                raise _Refused("query-malformed", f"the prefix {namespace}: is not declared", offset)
            if text in _CLOSES.values():
                opened.append(token)
            elif text in _CLOSES and (not opened or opened.pop().text != _CLOSES[text]):
                raise _Refused("query-malformed", f"this {text!r} closes nothing", offset)
        if opened:
            raise _Refused("query-malformed", f"this {opened[-1].text!r} is never closed", opened[-1].offset)
    except _Refused as found:
        return _at(query, found.offset, found.code, found.detail)
    return None


def tokens(query: str) -> Iterator[Token]:
    """The tokens of ``query`` without blanks and comments; raises ``_Refused`` where there is none."""
    offset, end, match = 0, len(query), _TOKEN.match
    while offset < end:
        found = match(query, offset)
        if found is None:
            raise _Refused("query-malformed", _unreadable(query, offset), offset)
        kind = found.lastgroup or ""
        if kind in {"namespace", "local"}:
            kind = "name"
        text = found[0]
        if kind in {"name", "node"} and text[-1] == "." and text[-2:] != "\\.":
            # A name may hold dots but not end with one.
            text = text.rstrip(".")
        if kind != "blank":
            yield Token(kind, text, offset)
        offset += len(text)


def _refusal(query: str) -> Refusal | None:
    start = _prologue_end(query)
    update = _UPDATE.match(query, start)
    if update:
        detail = f"this endpoint only answers queries, and {update[0].upper()} is an update"
        return _at(query, start, "query-refused-update", detail)
    if _harmless(query):
        return None
    try:
        _check(query, start)
    except _Refused as found:
        return _at(query, found.offset, found.code, found.detail)
    return None


def _harmless(query: str) -> bool:
    # Most queries: no such word anywhere, and too few brackets and characters to reach a bound.
    brackets = query.count("{") + query.count("(") + query.count("[")
    return brackets <= MAX_DEPTH and len(query) <= MAX_OPERATORS and "service" not in query.lower()


def _check(query: str, start: int) -> None:
    depth = parentheses = operators = 0
    risky = _risky_namespaces(query[:start])
    # The last name, and whether GRAPH stands before it: what a following brace makes of it depends on that.
    name: Token | None = None
    after_graph = False
    for token in tokens(query):
        kind, text, offset = token
        graph, after_graph = after_graph, False
        if kind == "mark":
            if text in "{([":
                depth += 1
                parentheses += text == "("
                if depth > MAX_DEPTH:
                    raise _Refused(
                        "query-too-complex", f"brackets are nested more than {MAX_DEPTH} deep", offset
                    )
                if text == "{" and name is not None and "service" in name.text.partition(":")[0].lower():
                    # ``service:x {`` is the keyword and the name ``:x`` to the engine.
                    raise _Refused("query-refused-service", _SERVICE, name.offset)
            elif text in "})]":
                depth -= 1
                parentheses -= text == ")"
            operators += text in _OPERATORS
        elif kind == "word":
            if "service" in text.lower():
                raise _Refused("query-refused-service", _SERVICE, offset)
            operators += text.upper() in _CHAIN_WORDS
            after_graph = text.upper() == "GRAPH"
        elif kind == "iri" and parentheses > 0 and _closes_more(text):
            raise _Refused("query-malformed", "write a blank after '<' where it means 'less than'", offset)
        elif kind == "name":
            namespace, _, local = text.partition(":")
            if "service" in local.lower() and (risky is None or namespace in risky):
                raise _Refused("query-refused-service", _SERVICE, offset)
        if operators > MAX_OPERATORS:
            raise _Refused("query-too-complex", f"there are more than {MAX_OPERATORS} operators", offset)
        name = token if kind == "name" and not graph else None


def _risky_namespaces(prologue: str) -> frozenset[str] | None:
    # If prefix and local name make no valid IRI, the engine takes the prefix alone and reads on behind the colon:
    # the prefixes with which that can happen (None: all).
    risky = set()
    for declared in _DECLARATION.finditer(prologue):
        if not _EXTENSIBLE.fullmatch(declared[2]):
            if declared[1] is None:
                return None
            risky.add(declared[1][:-1])
    return frozenset(risky)


def _closes_more(text: str) -> bool:
    # Inside an expression ``<?b)...>`` could also be "less than" and the end of the expression.
    balance = 0
    for bracket in re.findall(r"[()]", text):
        balance += 1 if bracket == "(" else -1
        if balance < 0:
            return True
    return False


def _prologue_end(query: str) -> int:
    found = _PROLOGUE.match(query)
    return found.end() if found else 0


def _code_points(query: str) -> str | None:
    if "\\" not in query:
        return None
    plain = _CODE_POINT_ANYWHERE.sub(_character, query)
    return plain if plain != query else None


def _character(found: re.Match[str]) -> str:
    number = int(found[1] or found[2], 16)
    return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else found[0]


def _unreadable(query: str, offset: int) -> str:
    character = query[offset]
    if character in "\"'":
        return "this string has no end, or holds a line break or an escape that SPARQL does not know"
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return f"no SPARQL token begins with {shown!r}"


def _at(query: str, offset: int, code: str, detail: str) -> Refusal:
    before = query[:offset]
    line = before.count("\n") + 1
    return Refusal(code, detail, line, offset - (before.rfind("\n") + 1) + 1)
