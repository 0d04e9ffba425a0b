"""ICSD: collection codes are named, nothing is asked and nothing of it is kept, as it is proprietary."""

from __future__ import annotations

from catalog.linking.databases import DATABASES
from catalog.resolvers import Policy, Resolver

RESOLVER = Resolver(
    name="icsd",
    title={"en": "Inorganic Crystal Structure Database", "ja": "無機結晶構造データベース（ICSD）"},
    databases=(DATABASES["icsd"],),
    policy=Policy(hosts=(), per_second=1.0, days=36500.0),
    order=90,
)
