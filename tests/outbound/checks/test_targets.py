"""Which addresses a check may go to."""

from __future__ import annotations

import socket

import pytest

from duelcast.outbound.checks.targets import TargetRefused, TargetRules, resolve
from tests.outbound.checks.probing import resolving_to


@pytest.mark.parametrize(
    "address",
    [
        "169.254.0.1",
        "169.254.169.254",
        "fe80::1",
        "fe80::1%lo",
        "febf::1",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:c1::a9fe:a9fe",
        "fd00:42::42",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "::ffff:127.0.0.1",
        "::ffff:192.1.2.3",
        "0:0:0:0:0:ffff:c001:203",
        "::ffff:0:169.254.169.254",
        "::ffff:0:192.1.2.3",
        "::192.1.2.3",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::168.63.129.16",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1::192.1.2.3",
        "2001:0:5601:5601::1",
        "2001:0:c001:203:8000:63bf:3fff:fdd2",
        "2002:a9fe:a9fe::1",
        "2002:c001:203::1",
        "192.88.99.1",
        "224.0.0.1",
        "255.255.255.255",
        "ff02::1",
        "no address",
    ],
)
@pytest.mark.parametrize("allowed", [[], ["trick.example"], ["0.0.0.0/0", "::/0"]])
async def test_never_asked_whatever_is_allowed(address: str, allowed: list[str]) -> None:
    rules = TargetRules(allowed, resolving_to("192.1.2.1", address))
    with pytest.raises(TargetRefused):
        await rules.addresses("trick.example", 80)


@pytest.mark.parametrize("host", ["metadata.google.internal", "metadata.google.internal.", "metadata.goog"])
async def test_the_names_of_metadata_are_not_even_resolved(host: str) -> None:
    with pytest.raises(TargetRefused):
        await TargetRules(resolver=resolving_to("192.1.2.1")).addresses(host, 80)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "fc00::1",
        "192.1.2.1",
        "2600:db8::1",
        "64:ff9b::c001:203",
    ],
)
async def test_without_a_list_global_private_and_loopback_addresses_are_allowed(address: str) -> None:
    assert await TargetRules(resolver=resolving_to(address)).addresses("any.example", 80) == [address]


RESERVED = [
    "192.0.2.1",
    "192.0.0.8",
    "198.18.0.1",
    "240.0.0.1",
    "2001:db8::1",
    "2001:20::1",
    "3fff::1",
    "fec0::1",
    "4000::1",
]


@pytest.mark.parametrize("address", RESERVED)
async def test_an_address_that_is_neither_is_allowed_only_where_its_network_is_listed(address: str) -> None:
    for entries in ([], ["any.example"]):
        with pytest.raises(TargetRefused):
            await TargetRules(entries, resolving_to(address)).addresses("any.example", 80)
    assert await TargetRules([address], resolving_to(address)).addresses("any.example", 80) == [address]


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("db.example", "192.1.2.1", True),
        ("db.example.", "192.1.2.1", True),
        ("db.example.org", "192.1.2.1", False),
        ("xdb.example", "192.1.2.1", False),
        ("a.inner.example", "192.1.2.1", True),
        ("a.b.inner.example", "192.1.2.1", True),
        ("inner.example", "192.1.2.1", False),
        ("ainner.example", "192.1.2.1", False),
        ("other.example", "10.1.2.3", True),
        ("other.example", "64:ff9b::10.1.2.3", True),
        ("db.example", "240.0.0.1", False),
        ("other.example", "11.1.2.3", False),
        ("other.example", "192.1.2.7", True),
        ("other.example", "2600:db8::7", True),
    ],
)
async def test_with_a_list_only_what_it_has(host: str, address: str, allowed: bool) -> None:
    entries = ["DB.example", "*.inner.example", "10.0.0.0/8", "192.1.2.7", "2600:db8::/32"]
    rules = TargetRules(entries, resolving_to(address))
    if allowed:
        assert await rules.addresses(host, 80) == [address]
    else:
        with pytest.raises(TargetRefused):
            await rules.addresses(host, 80)


async def test_a_host_with_one_address_outside_the_allowed_networks_is_refused() -> None:
    rules = TargetRules(["10.0.0.0/8"], resolving_to("10.0.0.1", "192.1.2.1"))
    with pytest.raises(TargetRefused):
        await rules.addresses("mixed.example", 80)


@pytest.mark.parametrize("entry", ["", "*", "*.", "a*.example", "10.0.0.0/33", "example/8"])
def test_what_is_no_entry_of_a_list_is_refused(entry: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - ipaddress has texts of its own
        TargetRules([entry])


async def test_a_host_without_addresses() -> None:
    with pytest.raises(socket.gaierror):
        await TargetRules(resolver=resolving_to()).addresses("none.example", 80)


async def test_other_spellings_of_an_address_are_resolved_before_they_are_checked() -> None:
    """169.254.169.254 as one number, which the resolvers of most machines read as an address."""
    with pytest.raises((TargetRefused, socket.gaierror)):
        await TargetRules().addresses("2852039166", 80)


async def test_the_resolver_of_this_machine() -> None:
    assert list(await resolve("127.0.0.1", 80)) == ["127.0.0.1"]
