"""Limits per wallet hold over all gateways."""

from __future__ import annotations

from typing import Any

import pytest

from duelcast.app.gateway_node import GatewayNode
from duelcast.cluster.shared_limits import SharedLimits
from duelcast.cluster.wallet_reporter import WalletReporter
from tests.cluster.nodes import cluster
from tests.cluster.test_nodes import expect_close
from tests.e2e.slow import until
from tests.serving import Client, Frame, client, token_for

pytestmark = pytest.mark.postgres

AT_ONCE_MS = 10
LONG_S = 30.0
ONE_UNIT: dict[str, Any] = {"rate_limit_factor": 1 / 120, "wallet_report_interval_ms": AT_ONCE_MS}
"""A wallet may send one unit a minute to the contests."""
ADDRESS = {"X-Forwarded-For": "192.0.2.1"}
UNITS = 4
"""The cost of `spend`."""
ROUNDS = 5


def member_of(node: GatewayNode, wallet: str = "ann", **options: Any) -> Any:
    return client(node, "contest", token=token_for(node, wallet), **options)


async def spend(member: Client) -> Frame:
    """Send a message that costs so much that the bucket takes minutes to be ready again."""
    return await member.ask(type="get_contest_state", contestId=1, _padding="x" * (UNITS * 16 * 1024 - 1_000))


def debt_of(node: GatewayNode, wallet: str = "ann") -> float:
    """How many units the wallet's bucket lacks at a gateway."""
    runtime = next(one for one in node.node.gateway.endpoints.values() if one.endpoint.name == "contest")
    return runtime.dispatcher.limits.debts(wallet, node.clock.monotonic()).taken


async def shared(*nodes: GatewayNode, connections: int = 1) -> None:
    """Wait until each gateway knows how many connections the wallet has elsewhere."""
    for node in nodes:
        await until(lambda node=node: node.node.gateway.elsewhere == {"ann": connections})  # type: ignore[misc]  # mypy infers no type for the default


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_a_wallet_sends_to_one_gateway_counts_at_the_other() -> None:
    async with cluster(**ONE_UNIT) as place:
        one, other = place.gateways
        async with member_of(one) as first, member_of(other) as second, member_of(other, "bob") as bob:
            await shared(one, other)
            assert (await spend(first))["code"] == "CONTEST_NOT_FOUND"
            await until(lambda: debt_of(other) > 2)
            assert (await second.ask(type="get_contest_state", contestId=1))["code"] == "RATE_LIMIT_EXCEEDED"
            assert (await bob.ask(type="get_contest_state", contestId=1))["code"] == "CONTEST_NOT_FOUND"


async def test_what_a_wallet_has_sent_before_it_comes_to_another_gateway_counts_there() -> None:
    async with cluster(**ONE_UNIT) as place:
        one, other = place.gateways
        async with member_of(one) as first:
            assert (await spend(first))["code"] == "CONTEST_NOT_FOUND"
            async with member_of(other) as second:
                await until(lambda: debt_of(other) > 2)
                assert (await second.ask(type="get_contest_state", contestId=1))["code"] == "RATE_LIMIT_EXCEEDED"


async def test_a_wallet_that_goes_from_one_gateway_to_the_next_takes_what_it_has_sent_along() -> None:
    async with cluster(gateways=3, **ONE_UNIT) as place:
        one, other, third = place.gateways
        async with member_of(one) as first:
            assert (await spend(first))["code"] == "CONTEST_NOT_FOUND"
        async with member_of(other):
            await until(lambda: debt_of(other) > 2)
        async with member_of(third) as ann:
            await until(lambda: debt_of(third) > 2)
            assert (await ann.ask(type="get_contest_state", contestId=1))["code"] == "RATE_LIMIT_EXCEEDED"


async def test_what_a_wallet_has_sent_counts_at_the_next_gateway_even_if_that_one_reports_it_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late: list[GatewayNode] = []
    report = WalletReporter.report

    async def report_unless_late(reporter: WalletReporter) -> None:
        if not any(reporter._gateway is node.node.gateway for node in late):
            await report(reporter)

    monkeypatch.setattr(WalletReporter, "report", report_unless_late)
    async with cluster(**ONE_UNIT) as place:
        one, other = place.gateways
        late.append(one)
        async with member_of(one) as first:
            assert (await spend(first))["code"] == "CONTEST_NOT_FOUND"
        async with member_of(other):
            await until(lambda: "ann" in place.leader.wallets.wallets())
            late.clear()
            await until(lambda: debt_of(other) > 2)


async def test_what_a_wallet_has_sent_counts_once_however_often_it_comes_and_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    debts_taken = 0
    take = SharedLimits._take_debts

    def count(limits: SharedLimits, *args: Any) -> None:
        nonlocal debts_taken
        take(limits, *args)
        debts_taken += 1

    monkeypatch.setattr(SharedLimits, "_take_debts", count)
    async with cluster(rate_limit_factor=1, wallet_report_interval_ms=AT_ONCE_MS) as place:
        one, other = place.gateways
        async with member_of(one) as first:
            for _ in range(ROUNDS):
                await spend(first)
            for round_ in range(1, ROUNDS + 1):
                async with member_of(other):
                    await shared(one, other)
                    await until(lambda least=round_: debts_taken >= least)  # type: ignore[misc]  # mypy infers no type for the default
                await until(lambda: not one.node.gateway.elsewhere)
            assert debt_of(one) <= ROUNDS * UNITS
            assert debt_of(other) <= ROUNDS * UNITS


async def test_the_refusals_of_one_gateway_count_at_the_other() -> None:
    async with cluster(**ONE_UNIT) as place:
        one, other = place.gateways
        async with member_of(one) as first, member_of(other) as second:
            await shared(one, other)
            await spend(first)
            assert (await spend(first))["code"] == "RATE_LIMIT_EXCEEDED"
            limits = next(
                runtime.dispatcher.limits
                for runtime in other.node.gateway.endpoints.values()
                if runtime.endpoint.name == "contest"
            )
            await until(lambda: limits.debts("ann", other.clock.monotonic()).refused > 2)
            await second.send(type="get_contest_state", contestId=1)
            await expect_close(second, 1008)


async def test_limits_hold_under_the_next_leader() -> None:
    async with cluster(**ONE_UNIT, leader_wait_s=LONG_S) as place:
        one, other = place.gateways
        async with member_of(one) as first, member_of(other) as second:
            await shared(one, other)
            await place.replace_leader()
            await until(lambda: one.link.is_linked and other.link.is_linked)
            await shared(one, other)
            assert (await spend(first))["code"] == "CONTEST_NOT_FOUND"
            await until(lambda: debt_of(other) > 2)
            assert (await second.ask(type="get_contest_state", contestId=1))["code"] == "RATE_LIMIT_EXCEEDED"


# ── connections ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def refused(member: Client, scope: str = "user") -> None:
    """Expect the wallet to have too many connections, or the address or the server if that is the `scope`."""
    frame = (await member.receive_until(type="error"))[-1]
    assert (frame["code"], frame["scope"]) == ("TOO_MANY_CONNECTIONS", scope)
    await expect_close(member, 1013)


async def test_a_wallet_with_too_many_connections_elsewhere_is_refused() -> None:
    async with cluster(max_connections_per_user=2, wallet_report_interval_ms=AT_ONCE_MS) as place:
        one, other = place.gateways
        async with member_of(one), member_of(other):
            await shared(one, other)
            for node in (one, other):
                async with member_of(node, greeted=False) as third:
                    await refused(third)


async def test_connections_beyond_the_limit_are_closed_at_the_gateway_that_came_later() -> None:
    async with cluster(max_connections_per_user=2, wallet_report_interval_ms=AT_ONCE_MS) as place:
        one, other = place.gateways
        async with member_of(one) as first, member_of(one) as second:
            await until(lambda: sum(one.count for one in place.leader.wallets.connections_of("ann")) == 2)
            async with member_of(other, greeted=False) as third:
                await refused(third)
            for member in (first, second):
                assert (await member.ask(type="ping"))["type"] == "pong"


async def test_connections_that_have_ended_elsewhere_make_room() -> None:
    async with cluster(max_connections_per_user=2, wallet_report_interval_ms=AT_ONCE_MS) as place:
        one, other = place.gateways
        async with member_of(other):
            async with member_of(one):
                await shared(one, other)
            await until(lambda: not other.node.gateway.elsewhere)
            async with member_of(other) as member:
                assert (await member.ask(type="ping"))["type"] == "pong"


async def test_connections_of_a_gateway_that_was_lost_make_room() -> None:
    async with cluster(max_connections_per_user=2, wallet_report_interval_ms=AT_ONCE_MS) as place:
        one, other = place.gateways
        async with member_of(one), member_of(other):
            await shared(one, other)
            await place.cut(0)
            await until(lambda: not other.node.gateway.elsewhere)


@pytest.mark.parametrize(
    ("limit", "scope"), [("max_connections_per_ip", "ip"), ("max_connections", "server")], ids=["address", "server"]
)
async def test_each_gateway_counts_the_connections_of_an_address_and_of_the_server_on_its_own(
    limit: str, scope: str
) -> None:
    async with cluster(trusted_proxies=("127.0.0.0/8",), **{limit: 1}) as place:
        one, other = place.gateways
        async with (
            member_of(one, additional_headers=ADDRESS),
            member_of(other, additional_headers=ADDRESS),
        ):
            for node in (one, other):
                async with member_of(node, additional_headers=ADDRESS, greeted=False) as extra:
                    await refused(extra, scope)


# ── names of settings that do not exist ─────────────────────────────────────────────────────────────────────────────


def follower_of(node: GatewayNode, wallet: str) -> Any:
    return client(node, "system-settings", token=token_for(node, wallet))


async def follow(member: Client, numbers: range) -> Frame:
    """Follow settings that do not exist; the answer."""
    return await member.ask(type="subscribe", channels=[f"setting.made-up.{number}" for number in numbers])


async def test_a_wallet_follows_a_thousand_settings_that_do_not_exist_over_all_gateways() -> None:
    async with cluster() as place:
        one, other = place.gateways
        async with follower_of(one, "ann") as first, follower_of(other, "ann") as second:
            for member, begin in ((first, 0), (second, 500)):
                assert (await follow(member, range(begin, begin + 500)))["type"] == "subscription_confirmed"
            await until(lambda: place.leader._traffic.unknown_followed("ann") == 1_000)
            for member in (first, second):
                assert (await follow(member, range(1_000, 1_001)))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        async with follower_of(other, "bob") as bob:
            assert (await follow(bob, range(1)))["type"] == "subscription_confirmed"
