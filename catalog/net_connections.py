"""Connections of ``catalog.net``: none lasts longer than it may, none leads into the operator's own network.

A timeout of a socket bounds the wait for the next bytes, not for all of them: a server that sends one byte now and
then would hold us for hours. So a timer shuts the connection that is in use.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError


class PrivateAddress(NewConnectionError):
    """A host of the public net has an address of this machine or of a network around it."""


class Expired(Exception):
    """The time for an answer is over."""


class Connections(HTTPAdapter):
    """The connections of one session. ``private`` allows addresses that are not of the public net."""

    def __init__(self, *, private: bool) -> None:
        self.private = private
        self.in_use: socket.socket | None = None
        super().__init__()

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        """As requests has it, with connections of our own."""
        super().init_poolmanager(*args, **named)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _with(HTTPConnectionPool, HTTPConnection, self),
            "https": _with(HTTPSConnectionPool, HTTPSConnection, self),
        }

    @contextlib.contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Raise Expired, whatever else was raised, when what is done within takes longer."""
        over = threading.Event()

        def shut() -> None:
            over.set()
            if self.in_use is not None:
                with contextlib.suppress(OSError):
                    # Of the plain socket: TLS has no time to say goodbye, and another thread is reading.
                    socket.socket.shutdown(self.in_use, socket.SHUT_RDWR)

        self.in_use = None
        timer = threading.Timer(seconds, shut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if over.is_set():
                raise Expired from error
            raise
        finally:
            timer.cancel()
        if over.is_set():
            # An answer of unknown length ends where the connection was shut.
            raise Expired


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public net.

    >>> is_public("140.98.193.141"), is_public("169.254.169.254"), is_public("::ffff:127.0.0.1")
    (True, False, False)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (inner or ip).is_global


def _with(pool: type[Any], connection: type[Any], owner: Connections) -> type[Any]:
    class Watched(connection):  # type: ignore[misc]
        def _new_conn(self) -> socket.socket:
            made: socket.socket = super()._new_conn()
            # The address it has now, not the one that a name had a moment ago.
            if not owner.private and not is_public(made.getpeername()[0]):
                made.close()
                raise PrivateAddress(self, "the address is not of the public net")
            return made

        def request(self, *args: Any, **named: Any) -> None:
            super().request(*args, **named)
            owner.in_use = self.sock

    return type(pool.__name__, (pool,), {"ConnectionCls": Watched})
