"""The lexer finds what may not be evaluated, however it is spelled, and nothing else."""

from __future__ import annotations

import random
import time

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.query.lexer import MAX_DEPTH, MAX_OPERATORS, mistake, query_kind, refusals

FORBIDDEN = "http://127.0.0.1:1/"  # a port nothing may contact: the engine says so instead of trying

SERVICES = [
    "SELECT * { SERVICE <http://a/> { ?s ?p ?o } }",
    "SELECT * { service <http://a/> { ?s ?p ?o } }",
    "SELECT * { SeRvIcE SILENT <http://a/> { ?s ?p ?o } }",
    "SELECT * { SERVICESILENT<http://a/>{ ?s ?p ?o } }",
    "SELECT * { SERVICE<http://a/>{ ?s ?p ?o } }",
    "SELECT * { ?s ?p 1SERVICE <http://a/> { ?a ?b ?c } }",
    "SELECT * { ?s ?p 1.5e3SERVICE <http://a/> { ?a ?b ?c } }",
    "SELECT * { ?s ?p 1.SERVICE <http://a/> { ?a ?b ?c } }",
    "SELECT * { ?s ?p trueSERVICE SILENT <http://a/> { ?a ?b ?c } }",
    "SELECT * { ?s ?p ?o.SERVICE ?o { ?a ?b ?c } }",
    "SELECT * { SERVICE?x{ ?a ?b ?c } }",
    "SELECT * { SERVICE#comment\n#another\n<http://a/> { ?a ?b ?c } }",
    "SELECT * { SERVICE # SILENT\n SILENT # x\n <http://a/> { ?a ?b ?c } }",
    "SELECT * { { SELECT * { { SERVICE <http://a/> { ?a ?b ?c } } } } }",
    "SELECT * { ?s ?p 'a'SERVICE <http://a/> { ?a ?b ?c } }",
    'SELECT * { ?s ?p """a"b""c"""SERVICE <http://a/> { ?a ?b ?c } }',
    "SELECT * { ?s ?p 'a'@en SERVICE <http://a/> { ?a ?b ?c } }",
    "SELECT * { ?s ?p '# no comment' . SERVICE <http://a/> { ?a ?b ?c } }",
    "SELECT * { ?s <http://e/#no-comment> ?o . SERVICE <http://a/> { ?a ?b ?c } }",
    "SELECT * { ?s ?p ?o # a comment\rSERVICE <http://a/> { ?a ?b ?c } }",
    "PREFIX ex: <http://a/> SELECT * { SERVICE ex:x { ?a ?b ?c } }",
    "PREFIX ex: <http://a/> SELECT * { SERVICESILENTex:x { ?a ?b ?c } }",
    "PREFIX : <http://a/> SELECT * { service:x { ?a ?b ?c } }",
    "PREFIX : <http://a/> PREFIX service: <http://b/> SELECT * { ?s ?p ?o service:x { ?a ?b ?c } }",
    "PREFIX : <http://a/> SELECT * { ?s ?p trueserviceSILENT:x { ?a ?b ?c } }",
    "PREFIX e: <http://h:> SELECT * { ?s ?p e:SERVICE <http://a/> { ?a ?b ?c } }",
    "PREFIX e: <http://e/> SELECT * { ?s ?p e:.SERVICE <http://a/> { ?a ?b ?c } }",
    'SELECT * { VALUES ?v {"""x"} SERVICE <http://a/> { ?a ?b ?c } # \\uD800 """\n}',
    "SELECT * { \\u0053ERVICE <http://a/> { ?a ?b ?c } }",
    "SELECT * { \\u0053\\u0045\\u0052\\u0056\\u0049\\u0043\\u0045 <http://a/> { ?a ?b ?c } }",
    "SELECT * { SERVI\\U00000043E <http://a/> { ?a ?b ?c } }",
    "SELECT * { ?s ?p 'a\\u0027 SERVICE <http://a/> { ?a ?b ?c } }",
]

UPDATES = [
    "INSERT DATA { <a:b> <a:b> 1 }",
    "insert { ?s ?p 1 } where { ?s ?p ?o }",
    "DELETE WHERE { ?s ?p ?o }",
    "DELETEDATA{<a:b><a:b>1}",
    "# a comment\nPREFIX ex: <http://e/>\nBASE <http://e/>\nLOAD <http://a/>",
    "LOADSILENT<http://a/>",
    "CLEAR ALL",
    "DROP GRAPH <http://a/>",
    "CREATE GRAPH <http://a/>",
    "ADD <http://a/> TO <http://b/>",
    "MOVE <http://a/> TO <http://b/>",
    "COPY DEFAULT TO <http://b/>",
    "WITH <http://a/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "\\u0049NSERT DATA { <a:b> <a:b> 1 }",
]

GOOD = [
    "SELECT ?service { ?service ?p 'customer service' }",
    'SELECT * { ?s ?p "SERVICE <http://a/> {}" } # SERVICE <http://a/>',
    "PREFIX ex: <http://e/> SELECT * { ?s ex:service ?o ; ex:SERVICE ?x . ex:a.service ?p ?service }",
    "PREFIX service: <http://e/> SELECT * { service:x service:y ?o . GRAPH service:g { ?a ?b ?c } }",
    "SELECT * { ?s <http://service/> <http://e/SERVICE#service> }",
    "SELECT * { ?s ?p '''it's a SERVICE''', \"\"\"SERVICE \" {\"\"\" }",
    "SELECT * { ?s ?p 'escaped \\' SERVICE <http://a/> ' , \"\\\"SERVICE\" }",
    "SELECT * { ?s ?p 'x'@service }",
    "SELECT * { ?s ?p _:service }",
    "PREFIX e: <http://e/> SELECT * { ?s ?p e:a\\-service , e:%41service }",
    "SELECT * { ?s ?service ?o FILTER(?o<?s&&?s>?o) }",
    "SELECT * { ?s ?service (<http://en.example/x_(service)> 1) }",
    "SELECT * { ?service ?p ?o } LIMIT 1",
    "PREFIX load: <http://e/> SELECT ?insert { ?insert load:clear 'DROP' }",
    "select*{?service?p?o}",
]


@pytest.mark.parametrize("query", SERVICES)
def test_service_is_refused_in_every_spelling(query: str) -> None:
    found = refusals(query)
    assert found is not None
    assert found.code == "query-refused-service"


@pytest.mark.parametrize("query", UPDATES)
def test_updates_are_refused(query: str) -> None:
    found = refusals(query)
    assert found is not None
    assert found.code == "query-refused-update"


@pytest.mark.parametrize("query", GOOD)
def test_harmless_words_are_not_taken_for_service(query: str) -> None:
    assert refusals(query) is None


def test_the_place_is_told() -> None:
    found = refusals("SELECT *\n{ ?s ?p ?o .\n  SERVICE <http://a/> {} }")
    assert found is not None
    assert (found.line, found.column) == (3, 3)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT * {}", "SELECT"),
        ("  # SELECT\n aSk {}", "ASK"),
        ("BASE <http://e/>PREFIX a: <b> PREFIX select:<c>\nCONSTRUCT WHERE {}", "CONSTRUCT"),
        ("PREFIXex:<http://e/>DESCRIBEex:s", "DESCRIBE"),
        ('VERSION "1.2" SELECTDISTINCT?s{}', "SELECT"),
        ("", None),
        ("PREFIX a <b> SELECT * {}", None),
        ("INSERT DATA {}", None),
        ("?select", None),
    ],
)
def test_the_kind_is_read_from_the_first_keyword(query: str, kind: str | None) -> None:
    assert query_kind(query) == kind


@pytest.mark.parametrize("opening", ["{", "(", "[", "{ SELECT * {", "FILTER EXISTS {", "IF(1,1,"])
def test_deep_nesting_is_refused(opening: str) -> None:
    found = refusals("SELECT * " + opening * (MAX_DEPTH + 1))
    assert found is not None
    assert found.code == "query-too-complex"
    assert refusals("SELECT * " + opening * (MAX_DEPTH // 2)) is None


@pytest.mark.parametrize("link", ["+1", "||1", "!", "UNION{}", " MINUS{}"])
def test_endless_chains_are_refused(link: str) -> None:
    found = refusals("SELECT * { FILTER(1" + link * (MAX_OPERATORS + 1))
    assert found is not None
    assert found.code == "query-too-complex"


@pytest.mark.parametrize(
    "text", ["SELECT * { ?service ?p 'no end }", "SELECT * { ?service \\ }", "SELECT ?service '\\q'"]
)
def test_what_cannot_be_cut_into_tokens_is_malformed(text: str) -> None:
    found = refusals(text)
    assert found is not None
    assert found.code == "query-malformed"


@pytest.mark.parametrize(
    ("query", "detail", "place"),
    [
        ("SELECT * { ?s ex:p 1 }", "the prefix ex: is not declared", (1, 15)),
        ("PREFIX ex: <a:b>\nSELECT * { ?s ex:p :o }", "the prefix : is not declared", (2, 20)),
        ("SELECT * {\n ?s ?p ?o", "this '{' is never closed", (1, 10)),
        ("SELECT * { FILTER(1 }", "this '}' closes nothing", (1, 21)),
        ("SELECT * {} }", "this '}' closes nothing", (1, 13)),
        ("SELECT * { ?s ?p 'x }", "this string has no end", (1, 18)),
    ],
)
def test_plain_mistakes_are_named(query: str, detail: str, place: tuple[int, int]) -> None:
    found = mistake(query, {"known"})
    assert found is not None
    assert detail in found.detail
    assert (found.line, found.column) == place


@pytest.mark.parametrize("query", ["SELECT * { ?s known:p ?o }", "SELECT * { ?s ?p ?o } LIMIT x", *GOOD[:1]])
def test_there_need_be_no_plain_mistake(query: str) -> None:
    assert mistake(query, {"known"}) is None


SPELLED = ["SERVICE", "service", "PREFIX ", "BASE", "SELECT ", "GRAPH ", "true", "ex:", "?s", "1e5", "é", "𐀀"]
ESCAPED = ["\\u0053", "\\uD800", '"""', "'''", "<http://a/>", "\ud800", "\x00"]
WORDS = st.sampled_from([*"{}()[].,;<>'\"\\#\n\r ?$@:_=|^&!+-*/", *SPELLED, *ESCAPED])


@given(st.one_of(st.text(), st.lists(WORDS, max_size=60).map("".join)))
def test_any_text_gets_an_answer(text: str) -> None:
    found = refusals(text)
    assert found is None or (found.line >= 1 and found.column >= 1)
    assert query_kind(text) in {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE", None}


REPEATED = [
    "a.",
    "?service ",
    "<a",
    "'a",
    "'''a'",
    "PREFIX a:",
    "BASE <",
    "a:service ",
    "\\u0041",
    "(service:<",
]
REPEATED += [
    "_:a....",
    "service:a..b",
    "x@a-a",
    "PREFIX #\n",
    '"""a""',
    "é",
    "1.",
    "<(",
    "PREFIX a:<http://h:>",
    "#\n",
]


@pytest.mark.parametrize("piece", REPEATED)
def test_time_grows_with_the_length_only(piece: str) -> None:
    small, large = (timed(piece * (size // len(piece))) for size in (100_000, 1_000_000))
    assert large < 30 * small + 0.2


def timed(text: str) -> float:
    """Seconds of this process's own work, whatever else the machine does; the best of three."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        refusals("SELECT * {service:x " + text)
        query_kind(text)
        times.append(time.process_time() - begun)
    return min(times)


def test_whatever_the_engine_takes_for_service_is_refused() -> None:
    """Random texts around the keyword: each that makes the engine contact somebody must be refused."""
    store = ox.Store()
    for value in (ox.Literal("x"), ox.Literal(1), ox.NamedNode("http://h:")):
        store.add(ox.Quad(ox.NamedNode("http://e/s"), ox.NamedNode("http://e/p"), value))
    prologue = f"PREFIX e:<http://e/>PREFIX w:<http://h:>PREFIX x:<{FORBIDDEN}>PREFIX :<{FORBIDDEN}>"
    before = ["?s ?p ?o . ", "?s ?p ?o", "?s ?p ", "{} ", "VALUES ?v {", "?s ?p ?o FILTER(1<?s", "?s e:p ?o,"]
    pieces = [
        '"',
        '"""',
        "'",
        "'''",
        "\\uD800",
        "#",
        "\n",
        "\r",
        "<",
        ">",
        "<?s",
        "#>",
        "(",
        ")",
        "{",
        "}",
        ".",
    ]
    pieces += [";", ",", " ", "1", "1.", "1e5", "?s", "true", "e:", "e:a", "w:", "x:", "_:b", "@en", "GRAPH"]
    keywords = ["SERVICE", "service", "SERVICESILENT", "SERVICE ", "SERVICE#\n"]
    targets = [f"<{FORBIDDEN}>", "x:", "x:a", ":"]
    after = ["{?a ?b ?c}", "{}", "{?a ?b ?c}'''}", "{?a ?b ?c} # \"\"\" ' '''\n"]
    ends = ["}", "}", "}", "}}", '"}', '""" }', "''' }", ")}"]
    draw = random.Random(7)
    evaluated = 0
    for _ in range(20_000):
        noise = "".join(draw.choice(pieces) for _ in range(draw.choice([0, 0, 1, 1, 2])))
        parts = [draw.choice(before), noise, draw.choice(keywords), draw.choice(targets), draw.choice(after)]
        query = f"{prologue}SELECT * {{{''.join(parts)}\n{draw.choice(ends)}"
        try:
            list(store.query(query))  # type: ignore[arg-type]
        except SyntaxError:
            continue
        except OSError:
            evaluated += 1
            assert refusals(query) is not None, query
    assert evaluated > 200
