"""Which addresses may be asked: a check must not reach what only this machine should (cloud metadata above all)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host and port, in order of preference. Raises OSError where there is none."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local, with 169.254.169.254 of most clouds
        "fe80::/10",
        "fd00:ec2::254/128",  # Amazon
        "fd20:ce::254/128",  # Google
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure
        "192.0.0.192/32",  # Oracle
        "0.0.0.0/8",  # this machine, by another name
        "::/128",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "ff00::/8",
    )
)
_NEVER_NAMED = frozenset({"metadata.google.internal", "metadata.goog", "metadata"})
_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = IPv6Network("::/96")


class TargetRefused(Exception):
    """The target may not be asked."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """By the resolver of this machine."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class TargetRules:
    """Link-local, metadata, multicast and unspecified addresses are never asked; others where `allowed` is empty, or
    has the host (`db.example`), a suffix of it (`*.example`) or a network with all its addresses (`10.0.0.0/8`).

    Raises ValueError where an entry of `allowed` is none of these.
    """

    def __init__(self, allowed: Sequence[str] = (), resolver: Resolver = resolve) -> None:
        self._resolve = resolver
        self._names: set[str] = set()
        self._suffixes: list[str] = []
        self._networks: list[Network] = []
        for entry in allowed:
            self._allow(entry.strip().lower())

    def refuse_early(self, host: str) -> None:
        """Raise `TargetRefused` where `host` itself tells that it will never be asked."""
        if host.rstrip(".") in _NEVER_NAMED:
            raise TargetRefused
        address = _address(host)
        if address is not None:
            self._check(host, [address])

    async def addresses(self, host: str, port: int) -> list[str]:
        """Where `host` is now, each address checked: connect to these and to nothing else.

        Raises `TargetRefused` where one of them may not be asked, OSError where there is none.
        """
        self.refuse_early(host)
        found = list(dict.fromkeys(await self._resolve(host, port)))
        addresses = [_address(text) for text in found]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        self._check(host, addresses)
        return found

    def _allow(self, entry: str) -> None:
        if entry.startswith("*.") and len(entry) > 2:
            self._suffixes.append(entry[1:])
        elif "/" in entry or _address(entry) is not None:
            self._networks.append(ip_network(entry, strict=False))
        elif entry and "*" not in entry:
            self._names.add(entry.rstrip("."))
        else:
            raise ValueError("A target is a host, `*.` and a suffix, an address or a network.")

    def _check(self, host: str, addresses: Sequence[Address | None]) -> None:
        """None is an address that cannot be read."""
        if any(address is None or any(address in network for network in _NEVER) for address in addresses):
            raise TargetRefused
        if not (self._names or self._suffixes or self._networks) or self._is_named(host.rstrip(".")):
            return
        if not all(any(address in network for network in self._networks) for address in addresses if address):
            raise TargetRefused

    def _is_named(self, host: str) -> bool:
        return host in self._names or any(host.endswith(suffix) for suffix in self._suffixes)


def _address(text: str) -> Address | None:
    """The address that `text` leads to: an IPv4 address inside of an IPv6 one counts as itself."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is not None:
        return inner
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 0xFFFF):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
