"""All links: those of the registry, and the shipped ones that it says nothing of."""

from __future__ import annotations

from catalog.engines import n_triples
from catalog.linking.listing import shipped_links
from catalog.linking.model import Link
from catalog.linking.triples import link_triples, search_triples
from catalog.registry import Registry


def all_links(registry: Registry) -> list[Link]:
    """The links of the registry, and the shipped ones that it says nothing of, by their ids."""
    own = {link.id: link for link in registry.links()}
    return sorted(
        [*own.values(), *(item for item in shipped_links() if item.id not in own)], key=lambda link: link.id
    )


def find_link(registry: Registry, identifier: str) -> Link:
    """The link of this id: the registry's, or the one that is shipped. Raises NotFound."""
    shipped = next((link for link in shipped_links() if link.id == identifier), None)
    if shipped is not None:
        return next(
            (link for link in registry.links(subjects=[shipped.subject]) if link.id == identifier), shipped
        )
    return registry.link(identifier)


def public_links(registry: Registry) -> str:
    """The public links of materials as sorted N-Triples: the registry's, other shipped ones, and searches."""
    triples = [*link_triples(all_links(registry)), *search_triples()]
    return n_triples(sorted(triples, key=str)).decode()
