from __future__ import annotations

from ipaddress import ip_network

import pytest

from duelcast.peers.addresses import address_bucket, client_address, is_loopback

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("198.51.100.7", None, "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "1.1.1.1, garbage, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("fd00::1", "[2001:db8::5]:4711", "2001:db8::5"),
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (None, "203.0.113.9", "unknown"),
    ],
)
def test_the_client_is_the_right_most_address_that_is_no_configured_proxy(
    peer: str | None, forwarded_for: str | None, client: str
) -> None:
    assert client_address(peer, forwarded_for, PROXIES) == client


def test_without_configured_proxies_nothing_is_believed() -> None:
    assert client_address("127.0.0.1", "203.0.113.9", []) == "127.0.0.1"


def test_ipv6_neighbours_of_one_network_share_a_bucket() -> None:
    assert address_bucket("2001:db8:1:2:3::4") == address_bucket("2001:db8:1:2:ffff::") == "2001:db8:1:2::/64"
    assert address_bucket("2001:db8:1:3::1") != address_bucket("2001:db8:1:2::1")


def test_an_ipv4_address_counts_alone_however_it_is_written() -> None:
    assert address_bucket("::ffff:203.0.113.9") == address_bucket("203.0.113.9") == "203.0.113.9"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback_has_no_bucket(address: str) -> None:
    assert is_loopback(address)
    assert address_bucket(address) is None


def test_clients_without_an_address_share_a_bucket() -> None:
    assert not is_loopback("unknown")
    assert address_bucket("unknown") == "unknown"
