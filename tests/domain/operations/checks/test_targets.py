"""Which addresses a check may go to."""

from __future__ import annotations

import socket

import pytest

from duelcast.domain.operations.checks.targets import TargetRefused, TargetRules, resolve
from tests.domain.operations.checks.probing import resolving_to


@pytest.mark.parametrize(
    "address",
    [
        "169.254.0.1",
        "169.254.169.254",
        "fe80::1",
        "fe80::1%lo",
        "febf::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "ff02::1",
        "no address",
    ],
)
@pytest.mark.parametrize("allowed", [[], ["trick.example"], ["0.0.0.0/0", "::/0"]])
async def test_never_asked_whatever_is_allowed(address: str, allowed: list[str]) -> None:
    rules = TargetRules(allowed, resolving_to("192.0.2.1", address))
    with pytest.raises(TargetRefused):
        await rules.addresses("trick.example", 80)


@pytest.mark.parametrize("host", ["metadata.google.internal", "metadata.google.internal.", "metadata.goog"])
async def test_the_names_of_metadata_are_not_even_resolved(host: str) -> None:
    with pytest.raises(TargetRefused):
        await TargetRules(resolver=resolving_to("192.0.2.1")).addresses(host, 80)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "fc00::1", "192.0.2.1", "2001:db8::1"])
async def test_without_a_list_all_others_are_allowed(address: str) -> None:
    assert await TargetRules(resolver=resolving_to(address)).addresses("any.example", 80) == [address]


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("db.example", "192.0.2.1", True),
        ("db.example.", "192.0.2.1", True),
        ("db.example.org", "192.0.2.1", False),
        ("xdb.example", "192.0.2.1", False),
        ("a.inner.example", "192.0.2.1", True),
        ("a.b.inner.example", "192.0.2.1", True),
        ("inner.example", "192.0.2.1", False),
        ("ainner.example", "192.0.2.1", False),
        ("other.example", "10.1.2.3", True),
        ("other.example", "::ffff:10.1.2.3", True),
        ("other.example", "11.1.2.3", False),
        ("other.example", "192.0.2.7", True),
        ("other.example", "2001:db8::7", True),
    ],
)
async def test_with_a_list_only_what_it_has(host: str, address: str, allowed: bool) -> None:
    entries = ["DB.example", "*.inner.example", "10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]
    rules = TargetRules(entries, resolving_to(address))
    if allowed:
        assert await rules.addresses(host, 80) == [address]
    else:
        with pytest.raises(TargetRefused):
            await rules.addresses(host, 80)


async def test_a_host_with_one_address_outside_the_allowed_networks_is_refused() -> None:
    rules = TargetRules(["10.0.0.0/8"], resolving_to("10.0.0.1", "192.0.2.1"))
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
