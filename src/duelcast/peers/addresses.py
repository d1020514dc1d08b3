"""The address to which a connection or request is attributed (protocol §1.2, §1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

_UNKNOWN = "unknown"
_IPV6_BUCKET_BITS = 64
_MAX_LENGTH = 64
"""The maximum length of an address, including an IPv6 zone; a longer text is neither parsed nor cached."""


def client_address(peer: str | None, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """The address of the client: the peer of the socket, or the address that trusted proxies vouch for.

    `forwarded_for` is the value of `X-Forwarded-For`; repeated headers are joined by commas. It is read from right to
    left, as long as the address read last (at first the peer) belongs to a `trusted` proxy, because everything further
    left may have been made up by the client. Reading also stops at anything that is not an address. Returns `unknown`
    if the socket has no address.
    """
    current = _parse(peer or "")
    if current is None:
        return _UNKNOWN
    if forwarded_for is None:
        return _written(current)
    for entry in reversed(forwarded_for.split(",")):
        if not any(current in network for network in trusted):
            break
        previous = _parse(_without_port(entry.strip()))
        if previous is None:
            break
        current = previous
    return _written(current)


@lru_cache(4096)
def address_bucket(address: str) -> str | None:
    """The key for limits per address: the address itself or, for IPv6, its /64 network. None for loopback, to which
    most of these limits do not apply."""
    parsed = _parse(address)
    if parsed is None:
        return address
    if parsed.is_loopback:
        return None
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed), _IPV6_BUCKET_BITS), strict=False))
    return str(parsed)


def is_in(address: str, networks: Sequence[Network]) -> bool:
    """Whether `address` belongs to one of `networks`; False if it is not an address."""
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


@lru_cache(1024)
def is_loopback(address: str) -> bool:
    """Whether `address` is a loopback address (127.0.0.0/8 or ::1); an IPv4-mapped IPv6 address counts as IPv4."""
    parsed = _parse(address)
    return parsed is not None and parsed.is_loopback


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    return _parse_short(text) if len(text) <= _MAX_LENGTH else None


@lru_cache(4096)
def _written(address: IPv4Address | IPv6Address) -> str:
    return str(address)


@lru_cache(4096)
def _parse_short(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _without_port(entry: str) -> str:
    """`192.0.2.1:4711` → `192.0.2.1`, `[2001:db8::1]:4711` → `2001:db8::1`; some proxies add the port."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    host, _, _ = entry.partition(":")
    return host if entry.count(":") == 1 else entry
