"""The SPARQL rules of shapes, made fit to be asked once of many deposits.

SHACL asks a rule of one focus node at a time, with ``$this`` bound beforehand. Here every deposit is a named graph and
one query answers for all of them. That gives the same answers only for queries in which a variable bound
beforehand and one bound by a first triple pattern are alike, so everything else is refused when the shapes are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

import pyoxigraph as ox

GRAPH = "xafscat_graph"
FOCUS = "urn:xafscat:focus"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
MAX_LENGTH = 20_000

Refuse: TypeAlias = Callable[[str, str], NoReturn]
Token: TypeAlias = tuple[str, str, int, int]  # kind, text, where it begins and ends

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n\r]*)
    |(?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    |(?P<string>\"{3}(?:(?:\"|\"\")?(?:[^\"\\]|\\.))*\"{3}|'{3}(?:(?:'|'')?(?:[^'\\]|\\.))*'{3}
        |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
    |(?P<variable>[?$]\w+)
    |(?P<blank>_:\w[\w.-]*)
    |(?P<name>[^\W\d_][\w.-]*(?<!\.):(?:[\w:%-](?:[\w.:%-]*[\w:%-])?)?|:[\w:%-](?:[\w.:%-]*[\w:%-])?)
    |(?P<language>@[a-zA-Z]+(?:-[a-zA-Z0-9]+)*)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>\^\^|&&|\|\||[<>!]=|[-{}()\[\];,.=<>!+*/|^?])""",
    re.VERBOSE | re.DOTALL,
)
_REASONS = {
    "SERVICE": "validation asks no other server",
    "GRAPH": "a deposit is one graph",
    "FROM": "a rule asks the deposit that is validated",
    "MINUS": "SHACL does not allow it; use FILTER NOT EXISTS",
    "VALUES": "SHACL does not allow it; use FILTER (?x IN (...))",
    "UNION": "write a rule for each case",
    "PREFIX": "declare prefixes with sh:prefixes and sh:declare",
    "BASE": "write IRIs in full, or with a prefix",
    "DISTINCT": "equal results are reported once in any case",
    "REDUCED": "equal results are reported once in any case",
    **dict.fromkeys(("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET"), "each result is one violation"),
    **dict.fromkeys(
        ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH", "USING"),
        "a rule changes nothing",
    ),
    **dict.fromkeys(("ASK", "CONSTRUCT", "DESCRIBE"), "a rule is a SELECT"),
    **dict.fromkeys(
        ("NOW", "RAND", "UUID", "STRUUID", "BNODE"), "the verdict would differ from one run to the next"
    ),
}
_TERMS = {"variable", "blank", "iri", "name", "string", "number"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A SPARQL rule: its query over many graphs, and the properties it looks at (None is all)."""

    head: str
    body: str
    properties: frozenset[ox.NamedNode] | None

    def query(self, focus: str) -> str:
        """The query over all graphs; in each the node ``focus`` has the focus nodes for its property FOCUS."""
        return (
            f"{self.head} ?{GRAPH} WHERE {{ GRAPH ?{GRAPH} {{ <{focus}> <{FOCUS}> $this . {self.body} }} }}"
        )


def read_rule(text: str, prefixes: Mapping[str, str], refuse: Refuse) -> Rule:
    """The rule of a ``sh:select`` text; ``refuse`` is told the construct and the reason for what cannot be used."""
    if len(text) > MAX_LENGTH:
        refuse("a query of that length", f"at most {MAX_LENGTH} characters are read")
    if re.search(r"\\[uU]", text):
        refuse("an escaped character in a query", "write the character itself")
    tokens = list(_tokens(text, refuse))
    _refuse_words(tokens, refuse)
    begin, end = _body(tokens, refuse)
    _check_groups(tokens[begin:end], refuse)
    used = {token[1].partition(":")[0] for token in tokens if token[0] == "name"}
    if unknown := used - prefixes.keys():
        refuse(f"the prefix {min(unknown)}:", "no sh:declare of the rule's sh:prefixes names it")
    if not any(_is_this(token) for token in tokens[begin:end]):
        refuse("a rule without $this", "it would report the same for every deposit")
    declared = "".join(f"PREFIX {name}: <{prefixes[name]}> " for name in sorted(used))
    head = (
        declared
        + text[tokens[0][2] : tokens[begin - 2 if _word(tokens[begin - 2]) == "WHERE" else begin - 1][2]]
    )
    rule = Rule(
        head, text[tokens[begin][2] : tokens[end - 1][3]], _properties(tokens[begin:end], prefixes, refuse)
    )
    try:
        ox.Store().query(rule.query(FOCUS))
    except SyntaxError as error:
        refuse("a query that is not valid SPARQL", str(error.msg))
    return rule


def _tokens(text: str, refuse: Refuse) -> Iterator[Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            refuse(f"{text[place]!r} in a query", "it is not understood here")
        place = found.end()
        if found.lastgroup != "space":
            yield str(found.lastgroup), found[0], found.start(), place


def _word(token: Token) -> str:
    return token[1].upper() if token[0] == "word" else ""


def _is_this(token: Token) -> bool:
    return token[0] == "variable" and token[1][1:] == "this"


def _refuse_words(tokens: Sequence[Token], refuse: Refuse) -> None:
    for number, token in enumerate(tokens):
        word = _word(token)
        if word in _REASONS:
            refuse(word, _REASONS[word])
        if word == "SELECT" and number:
            refuse("a query in a query", "write it as one")
        if token[0] == "variable" and token[1][1:] == GRAPH:
            refuse(token[1], "that variable is the evaluator's own")
        if token[0] == "variable" and token[1][1:] in {"PATH", "shapesGraph", "currentShape"}:
            refuse(token[1], "only $this is bound beforehand")
    if not tokens or _word(tokens[0]) != "SELECT":
        refuse("a query that is no SELECT", "a rule is a SELECT")


def _body(tokens: Sequence[Token], refuse: Refuse) -> tuple[int, int]:
    """Where the pattern in the outermost braces begins and ends; what stands before and behind is checked."""
    begin = next((number for number, token in enumerate(tokens) if token[1] == "{"), 0)
    head = [token for token in tokens[1:begin] if _word(token) != "WHERE"]
    names = [token[1][1:] for token in head if token[0] == "variable"]
    if len(names) != len(head) or "this" not in names or set(names) - {"this", "value"}:
        refuse("a SELECT of something else", "select $this, or $this and ?value")
    if tokens[-1][1] != "}" or len(tokens) - begin < 3:
        refuse("a query without a pattern", "write SELECT $this WHERE { ... }")
    return begin + 1, len(tokens) - 1


def _check_groups(tokens: Sequence[Token], refuse: Refuse) -> None:
    """Refuse groups in which a variable bound beforehand would be seen and one bound by a pattern would not."""
    depth = 0
    for number, token in enumerate(tokens):
        if token[1] == "{":
            depth += 1
            if depth > 1 or number == 0 or _word(tokens[number - 1]) not in {"OPTIONAL", "EXISTS"}:
                refuse(
                    "braces in braces", "one OPTIONAL { } or FILTER (NOT) EXISTS { } may stand beside another"
                )
        elif token[1] == "}":
            depth -= 1
            if depth < 0:
                refuse("a query that goes on after its pattern", "write SELECT $this WHERE { ... }")
        elif depth and _word(token) == "BIND":
            refuse("BIND in OPTIONAL or EXISTS", "bind it before")
        elif _word(token) == "AS" and number + 1 < len(tokens) and _is_this(tokens[number + 1]):
            refuse("AS $this", "it is bound beforehand")


def _properties(
    tokens: Sequence[Token], prefixes: Mapping[str, str], refuse: Refuse
) -> frozenset[ox.NamedNode] | None:
    """The IRIs the pattern names, among them all its properties; None where a property may be any."""
    kept = list(_without_conditions(tokens, refuse))
    found: set[ox.NamedNode] = set()
    for number, (kind, text, _, _) in enumerate(kept):
        before = kept[number - 1] if number else ("sign", "{", 0, 0)
        after = kept[number + 1] if number + 1 < len(kept) else ("sign", "}", 0, 0)
        if kind == "iri":
            found.add(ox.NamedNode(text[1:-1]))
        elif kind == "name":
            prefix, _, local = text.partition(":")
            found.add(ox.NamedNode(prefixes[prefix] + local))
        elif kind == "word" and text == "a":
            found.add(ox.NamedNode(RDF_TYPE))
        elif (kind == "sign" and text in {"!", "*", "?"}) or (
            kind == "variable" and _ends_term(before) and _begins_term(after)
        ):
            return None
    return frozenset(found)


def _without_conditions(tokens: Sequence[Token], refuse: Refuse) -> Iterator[Token]:
    """The tokens without what stands in the parentheses of FILTER and BIND, unless there are patterns in them."""
    number = 0
    while number < len(tokens):
        yield tokens[number]
        number += 1
        if _word(tokens[number - 1]) not in {"FILTER", "BIND"} or number == len(tokens):
            continue
        start = number
        if (
            number < len(tokens)
            and tokens[number][0] in {"word", "name", "iri"}
            and _word(tokens[number]) not in {"NOT", "EXISTS"}
        ):
            number += 1  # a function: FILTER REGEX(...)
        if number >= len(tokens) or tokens[number][1] != "(":
            number = start
            continue
        depth = 0
        while number < len(tokens):
            depth += {"(": 1, ")": -1}.get(tokens[number][1], 0)
            number += 1
            if depth == 0:
                break
        if any(token[1] == "{" for token in tokens[start:number]):
            number = start
        elif any(token[1] == "/" for token in tokens[start:number]):
            # 0.0 / 29.49 is an error in Oxigraph 0.5: the rule would pass over it.
            refuse("a division", "engines differ; multiply the other side instead")


def _ends_term(token: Token) -> bool:
    return token[0] in _TERMS or token[1] in {"]", ")", ";", "["} or token[0] == "language"


def _begins_term(token: Token) -> bool:
    return token[0] in _TERMS or token[1] in {"[", "(", "^", "!", "a"}
