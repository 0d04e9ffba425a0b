"""Who asks, as far as the quotas need to know: an address, which is counted and never written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

# A household has a network of this many bits, and may take any address in it.
_IPV6_PREFIX = 64
# A longer chain of proxies is made up.
_MAX_HOPS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """Networks of addresses; two of the same ones are not equal, so that to remember by them costs nothing."""

    parts: tuple[IPv4Network | IPv6Network, ...] = ()

    def __contains__(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in part for part in self.parts)


NOBODY = Networks()


def networks(text: str) -> Networks:
    """The networks of a setting, addresses being networks of one."""
    return Networks(tuple(ip_network(part.strip()) for part in text.split(",") if part.strip()))


def client_of(environ: Mapping[str, Any], trusted: Networks) -> str:
    """The address a request came from: the peer's or, where that is a trusted proxy, the one it names.

    Of a chain in X-Forwarded-For the last address counts that is not a trusted proxy's: what stands before it, the
    client may have written itself.
    """
    return _client(str(environ.get("REMOTE_ADDR", "")), str(environ.get("HTTP_X_FORWARDED_FOR", "")), trusted)


@lru_cache(maxsize=4096)
def _client(peer: str, forwarded: str, trusted: Networks) -> str:
    name, known = peer, _named(peer, trusted)
    hops = [hop.strip() for hop in forwarded.split(",")][-_MAX_HOPS:] if forwarded else []
    while hops and known is not None and known[1]:
        hop = hops.pop()
        found = _named(hop, trusted)
        if found is None:
            break
        name, known = hop, found
    return known[0] if known else name


def _named(text: str, trusted: Networks) -> tuple[str, bool] | None:
    """The name the quotas know an address by, and whether it is a trusted proxy's; None for what is no address."""
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    inside = address in trusted
    if isinstance(address, IPv6Address) and not inside:
        return str(ip_network((address, _IPV6_PREFIX), strict=False)), inside
    return str(address), inside
