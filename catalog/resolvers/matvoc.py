"""MatVoc, the materials vocabulary of NIMS: items are named, and read to see whether they are still there.

It moved from ``matvoc.nims.go.jp`` to ``matvoc.wikibase.cloud``; both addresses name the same item. No licence is
stated, so nothing of it is shown but the identifier.
"""

from __future__ import annotations

from catalog.linking.databases import DATABASES
from catalog.linking.model import Facts, Gone, Moved
from catalog.resolvers import Http, Policy, Resolver
from catalog.resolvers._wikibase import read_item

MATVOC = DATABASES["matvoc"]
_POLICY = Policy(hosts=("matvoc.wikibase.cloud",), per_second=1.0, days=90.0)


def _read(iri: str, http: Http) -> Facts | Gone | Moved:
    return read_item(
        iri, http, database=MATVOC, site="https://matvoc.wikibase.cloud", policy=_POLICY, chemical=False
    )


RESOLVER = Resolver(
    name="matvoc",
    title={"en": "MatVoc of NIMS", "ja": "NIMSの材料語彙MatVoc"},
    databases=(MATVOC,),
    policy=_POLICY,
    read=_read,
    order=70,
)
