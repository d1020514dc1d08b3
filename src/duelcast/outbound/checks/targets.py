"""Decides which addresses checks may contact: never those that only this machine should reach, such as cloud
metadata."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host and port, in order of preference. Raises OSError if there are none."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


_NEVER = _networks(
    "169.254.0.0/16",  # link-local, including 169.254.169.254, the metadata of most clouds
    "fe80::/10",
    "fd00:ec2::/32",  # metadata of Amazon
    "fd20:ce::/32",  # Google
    "fd00:c1::/32",  # Oracle
    "fd00:42::/32",  # Scaleway
    "100.100.100.200/32",  # Alibaba
    "168.63.129.16/32",  # Azure
    "192.0.0.192/32",  # Oracle, formerly
    "0.0.0.0/8",  # this machine, by another name
    "224.0.0.0/4",
    "255.255.255.255/32",
    "ff00::/8",
    # Addresses that stand for an IPv4 address, which a gateway or this machine would contact instead: RFC 4291 (2.5.5),
    # RFC 2765 (2.1), RFC 8215, RFC 4380, RFC 3056 with RFC 7526.
    "::/96",
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "64:ff9b:1::/48",
    "2001::/32",
    "2002::/16",
    "192.88.99.0/24",
)
_LOOPBACK6 = IPv6Address("::1")  # an exception from ::/96
_LOCAL = _networks(
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7"
)
"""Loopback, and addresses private to a network: RFC 1122, RFC 1918, RFC 6598, RFC 4193."""
_GLOBAL6 = IPv6Network("2000::/3")
_RESERVED = _networks("192.0.0.0/24", "3fff::/20")
"""Networks of the special-purpose registries (RFC 6890) that `is_global` of some Python releases does not know."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""The addresses that DNS64 creates (RFC 6052): each is allowed or refused like the IPv4 address in it."""
_NEVER_NAMED = frozenset({"metadata.google.internal", "metadata.goog", "metadata"})


class TargetRefused(Exception):
    """Raised for a target that must not be contacted."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """A `Resolver` that uses the name resolution of this machine."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class TargetRules:
    """Decides whether an address is allowed. Every address of a network in `allowed` (`10.0.0.0/8`) is allowed. Global,
    private and loopback addresses are allowed if `allowed` is empty, or contains the host (`db.example`) or a suffix of
    it (`*.example`).

    Link-local, metadata, multicast and unspecified addresses, and IPv6 addresses that stand for an IPv4 address, are
    never allowed, even if `allowed` lists them. A NAT64 address (`64:ff9b::/96`) counts as the IPv4 address in it.
    Raises ValueError if an entry of `allowed` is not a host, a suffix, an address or a network.
    """

    def __init__(self, allowed: Sequence[str] = (), resolver: Resolver = resolve) -> None:
        self._resolve = resolver
        self._names: set[str] = set()
        self._suffixes: list[str] = []
        self._networks: list[Network] = []
        for entry in allowed:
            self._allow(entry.strip().lower())

    def refuse_early(self, host: str) -> None:
        """Raise `TargetRefused` if `host` itself shows that it will never be allowed."""
        if host.rstrip(".") in _NEVER_NAMED:
            raise TargetRefused
        address = _address(host)
        if address is not None:
            self._check(host, [address])

    async def addresses(self, host: str, port: int) -> list[str]:
        """The current addresses of `host`, each checked: connect to these and to nothing else.

        Raises `TargetRefused` if one of them is not allowed, or OSError if there is none.
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
            raise ValueError("A target is a host, a suffix after `*.`, an address or a network.")

    def _check(self, host: str, addresses: Sequence[Address | None]) -> None:
        """Raise `TargetRefused` if one of `addresses` is not allowed; None stands for an address that could not be
        parsed."""
        takes_usual = not (self._names or self._suffixes or self._networks) or self._is_named(host.rstrip("."))
        for address in addresses:
            if address is None or _is_forbidden(address):
                raise TargetRefused
            is_listed = any(address in network for network in self._networks)
            if not is_listed and not (takes_usual and _is_usual(address)):
                raise TargetRefused

    def _is_named(self, host: str) -> bool:
        return host in self._names or any(host.endswith(suffix) for suffix in self._suffixes)


def _is_forbidden(address: Address) -> bool:
    return address != _LOOPBACK6 and any(address in network for network in _NEVER)


def _is_usual(address: Address) -> bool:
    """Whether a service may be expected at `address`, that is, whether it is a global, private or loopback address."""
    if any(address in network for network in _LOCAL):
        return True
    is_unicast = isinstance(address, IPv4Address) or address in _GLOBAL6
    return is_unicast and address.is_global and not any(address in network for network in _RESERVED)


def _address(text: str) -> Address | None:
    """The address that `text` denotes, or None if it is not an address; a NAT64 address becomes the IPv4 address in
    it."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address
