"""Questions across databases at 100,000 records: the example queries about materials, on ours and on oxigraph's server.

Each is asked as nobody asked it before, so that no cache knows it.
"""

from __future__ import annotations

import os
import statistics
from itertools import count

from bench._catalogs import published, store_of
from bench._http import Server, ask, ours, oxigraph, program
from bench._measure import Row, seconds
from catalog.resources import data_root

SIZE, QUICK_SIZE = int(os.environ.get("XAFSCAT_BENCH_RECORDS", "100000")), 200
ROUNDS = 3
NAMES = (
    "spectra-of-a-database-entry",
    "spectra-by-cas-number",
    "structures-for-feff",
    "polymorph-coverage",
    "link-coverage-by-database",
    "records-without-a-material",
    "training-set-of-binary-oxides",
    "structure-but-no-spectrum",
)
# Where the example asks for what no generated deposit is of: what it asks for, and what is asked instead.
INSTEAD = {
    "spectra-by-cas-number": ('"1308-38-9"', '"7439-89-6"'),
    "structures-for-feff": ('"Zn"', '"Fe"'),
}
_NUMBERS = count()


def run(quick: bool) -> list[Row]:
    """Milliseconds of each question, and how many times as long oxigraph takes."""
    rows: list[Row] = []
    with published(QUICK_SIZE if quick else SIZE) as home, ours(home) as own:
        if program() is None:
            return [Row("oxigraph program", 0, "found", "pip install oxigraph")]
        with oxigraph(store_of(home)) as theirs:
            for name in NAMES:
                text = _question(name)
                found = ask(own, _anew(text)).count(b'"type"')
                pairs = [(_seconds(own, text), _seconds(theirs, text)) for _ in range(ROUNDS)]
                mine, peer = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
                rows.append(
                    Row(name, mine * 1000, "ms", f"{found:,} values; oxigraph {peer / mine:.2f} times ours")
                )
    return rows


def _question(name: str) -> str:
    text = (data_root() / "examples" / "queries" / f"{name}.rq").read_text(encoding="utf-8")
    example, asked = INSTEAD.get(name, ("", ""))
    if example not in text:
        raise ValueError(f"{name} does not ask for {example} any more")
    return text.replace(example, asked) if example else text


def _seconds(server: Server, text: str) -> float:
    return seconds(lambda: ask(server, _anew(text)))


def _anew(text: str) -> str:
    # A comment makes it another query to every cache, and the same one to the engine.
    return f"{text}\n#{os.getpid()}.{next(_NUMBERS)}"
