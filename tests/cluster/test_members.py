"""What the leader knows of the nodes and of their users, and shows to admins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Any

import msgspec
import pytest

import duelcast
from duelcast.channels.names import Role
from duelcast.cluster import wallet_reporter
from duelcast.cluster.finding import Address
from duelcast.cluster.leader_link import LeaderLink
from duelcast.cluster.reports import TRAFFIC
from duelcast.cluster.wallet_reporter import WalletReporter
from duelcast.cluster.wallet_reports import UNITS, WALLETS, WALLETS_PER_NOTICE
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.operations.nodes import NodeState
from duelcast.domain.users.service import UserChange
from duelcast.errors import Unavailable
from duelcast.tasks import cancel
from tests.cluster.nodes import LOCALHOST, Cluster, cluster
from tests.e2e.slow import until
from tests.serving import Client, Frame, client, token_for
from tests.three_nodes import CLUSTER_SECRET

pytestmark = pytest.mark.postgres

AT_ONCE_MS = 10
AT_ONCE_S = 0.05
LONG_S = 30.0
SUPERADMIN = Identity("boss", Role.SUPERADMIN, None, 2**40)


def nodes_of(place: Cluster) -> dict[str, NodeState]:
    """The nodes that the leader lists, by name."""
    return {node.name: node for node in place.leader.leader.nodes()}


def admin_of(place: Cluster, endpoint: str) -> Any:
    node = place.gateways[0]
    return client(node, endpoint, token=token_for(node, "boss", Role.ADMIN))


async def reported(place: Cluster, *names: str) -> dict[str, NodeState]:
    """Wait until the leader lists these nodes and no others."""
    await until(lambda: nodes_of(place).keys() == set(names))
    return nodes_of(place)


@asynccontextmanager
async def peer(place: Cluster, name: str, introduced: Callable[[], None] = lambda: None) -> AsyncIterator[LeaderLink]:
    """A link to the leader, of a node that a test makes up. `introduced` is called for each new link."""

    async def find_leader() -> Address:
        return Address(LOCALHOST, place.leader.port)

    link = LeaderLink(
        find_leader, name, CLUSTER_SECRET.encode(), place.leader.clock, wait_s=LONG_S, connect_timeout_s=LONG_S
    )
    link.introduce = lambda _peer: introduced()
    running = asyncio.create_task(link.run())
    try:
        await until(lambda: link.is_linked)
        yield link
    finally:
        await cancel([running])


# ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_leader_lists_every_node_with_its_state() -> None:
    async with cluster() as place, place.candidate(), client(place.gateways[1], "market-data"):
        nodes = await reported(place, "leader-1", "leader-2", "gateway-0", "gateway-1")
        await until(lambda: nodes_of(place)["gateway-1"].connections == 1)
        assert {name: node.role for name, node in nodes.items()} == {
            "leader-1": "leader",
            "leader-2": "candidate",
            "gateway-0": "gateway",
            "gateway-1": "gateway",
        }
        for node in nodes.values():
            assert node.version == duelcast.__version__
            assert 0 < node.since_ms <= place.leader.clock.time() * 1000
            assert node.term == place.leader.writer.made.term


async def test_a_call_that_the_leader_does_not_know_has_changed_nothing() -> None:
    async with cluster() as place, peer(place, "newer") as link:
        with pytest.raises(Unavailable):
            await link.call("unheard_of", b"", repeatable=False)
        with pytest.raises(Unavailable):
            await anext(link.stream("unheard_of", b"", repeatable=False))


async def test_a_node_that_does_not_read_the_log_lags_behind_it() -> None:
    async with cluster() as place:
        await reported(place, "leader-1", "gateway-0", "gateway-1")
        place.views[0].is_away = True
        await place.price("SOL", 100.0)
        await until(lambda: (nodes_of(place)["gateway-0"].lag_ms or 0) > 0)
        place.views[0].is_away = False
        await until(lambda: nodes_of(place)["gateway-0"].lag_ms == 0)


async def test_a_node_that_stays_away_is_no_longer_listed() -> None:
    async with cluster(gateway_absence_s=AT_ONCE_S) as place:
        await reported(place, "leader-1", "gateway-0", "gateway-1")
        await place.cut(0)
        await reported(place, "leader-1", "gateway-1")
        place.mend(0)
        await reported(place, "leader-1", "gateway-0", "gateway-1")


async def test_a_node_without_a_link_is_listed_until_it_counts_as_gone() -> None:
    async with cluster(gateway_absence_s=LONG_S) as place:
        await reported(place, "leader-1", "gateway-0", "gateway-1")
        await place.cut(0)
        await until(lambda: not nodes_of(place)["gateway-0"].is_linked)


async def test_a_report_of_an_earlier_version_is_read() -> None:
    async with cluster(gateways=0) as place, peer(place, "old") as link:
        link.notify(TRAFFIC, msgspec.msgpack.encode([0, 0, 0.0, [["market-data", Role.USER, 3]], {}]))
        nodes = await reported(place, "leader-1", "old")
        assert (nodes["old"].role, nodes["old"].connections, nodes["old"].lag_ms) == ("gateway", 3, None)


async def test_a_report_of_a_later_version_is_read() -> None:
    async with cluster(gateways=0) as place, peer(place, "new") as link:
        report = [0, 0, 0.0, [["later-endpoint", Role.USER, 3]], {}, "gateway", "99.0", 1, [1, 0], "a field more"]
        link.notify(TRAFFIC, msgspec.msgpack.encode(report))
        nodes = await reported(place, "leader-1", "new")
        assert nodes["new"].version == "99.0"
        assert (await place.leader.leader.analytics.stats()).connections.total == 3


async def test_server_stats_count_the_nodes() -> None:
    async with cluster() as place, admin_of(place, "analytics") as admin:
        await reported(place, "leader-1", "gateway-0", "gateway-1")
        assert (await admin.ask(type="get_server_stats"))["stats"]["nodes"] == 3


async def test_skyduel_shows_each_node_as_a_service() -> None:
    async with cluster(gateway_absence_s=AT_ONCE_S) as place, admin_of(place, "skyduel") as admin:
        await until(lambda: "node_gateway-1" in place.leader.leader.operations.registry)
        services = {one["name"]: one for one in (await admin.ask(type="get_services"))["services"]}
        node = services["node_gateway-1"]
        assert node["displayName"] == "Gateway gateway-1"
        assert (node["kind"], node["status"], node["version"]) == ("internal", "healthy", duelcast.__version__)
        assert node["metrics"]["term"] == place.leader.writer.made.term
        assert services["node_leader-1"]["displayName"] == "Leader leader-1"
        await admin.ask(type="subscribe_service", serviceName="node_gateway-1")
        await place.cut(1)
        while not (await admin.receive_until(type="service_update"))[-1].get("removed"):
            pass


async def test_skyduel_shows_how_many_connections_a_node_has() -> None:
    async with cluster() as place, admin_of(place, "skyduel") as admin:
        await until(lambda: "node_gateway-1" in place.leader.leader.operations.registry)
        await admin.ask(type="subscribe_service", serviceName="node_gateway-1")
        async with client(place.gateways[1], "market-data"):
            while (await admin.receive_until(type="service_update"))[-1]["service"]["metrics"]["connections"] != 1:
                pass


async def test_skyduel_removes_the_leader_that_was_replaced() -> None:
    async with cluster(gateway_absence_s=AT_ONCE_S, leader_wait_s=LONG_S) as place, admin_of(place, "skyduel") as admin:
        await until(lambda: "node_gateway-1" in place.leader.leader.operations.registry)
        await admin.ask(type="subscribe_service", serviceName="node_leader-1")
        await place.replace_leader()
        while not (await admin.receive_until(type="service_update"))[-1].get("removed"):
            pass


# ── active users ────────────────────────────────────────────────────────────────────────────────────────────────────


async def active(admin: Client, is_wanted: Callable[[Frame], bool]) -> Frame:
    """The first answer to `get_active_users` that is wanted."""
    while not is_wanted(answer := await admin.ask(type="get_active_users")):
        pass
    return answer


def wallets_of(answer: Frame) -> set[str]:
    return {user["wallet_address"] for user in answer["users"]}


def latest_of(wallet: str, answer: Frame) -> int:
    (at_ms,) = [user["lastActivityMs"] for user in answer["users"] if user["wallet_address"] == wallet]
    return int(at_ms)


async def test_the_users_of_all_gateways_are_active() -> None:
    async with cluster(wallet_report_interval_ms=AT_ONCE_MS) as place, admin_of(place, "analytics") as admin:
        one, other = place.gateways
        async with (
            client(one, "contest", token=token_for(one, "ann")),
            client(other, "contest", token=token_for(one, "ann")),
            client(other, "notifications", token=token_for(one, "ann")),
            client(other, "contest", token=token_for(one, "bob")),
        ):
            answer = await active(admin, lambda answer: sum(user["connections"] for user in answer["users"]) == 5)
            assert (wallets_of(answer), answer["count"]) == ({"ann", "bob", "boss"}, 3)
            (ann,) = [user for user in answer["users"] if user["wallet_address"] == "ann"]
            assert (ann["connections"], ann["endpoints"]) == (3, ["contest", "notifications"])
        await active(admin, lambda answer: wallets_of(answer) == {"boss"})


async def test_an_active_user_has_the_present_role() -> None:
    async with cluster(wallet_report_interval_ms=AT_ONCE_MS) as place, admin_of(place, "analytics") as admin:
        node = place.gateways[1]
        async with client(node, "contest", token=token_for(node, "ann")):
            await active(admin, lambda answer: "ann" in wallets_of(answer))
            await place.leader.leader.users.put(SUPERADMIN, "ann", UserChange(role=Role.ADMIN))
            await active(admin, lambda answer: {user["role"] for user in answer["users"]} == {"admin"})


async def test_a_message_makes_its_sender_the_latest_active_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wallet_reporter, "ACTIVITY_INTERVAL_S", 0.0)
    async with cluster(wallet_report_interval_ms=AT_ONCE_MS) as place, admin_of(place, "analytics") as admin:
        node = place.gateways[1]
        async with client(node, "contest", token=token_for(node, "ann")) as ann:
            await active(admin, lambda answer: "ann" in wallets_of(answer))
            before_ms = place.leader.clock.time() * 1000
            await ann.ask(type="heartbeat")
            await active(admin, lambda answer: latest_of("ann", answer) >= before_ms - 1)


async def test_the_users_of_a_gateway_without_a_link_are_not_active() -> None:
    async with cluster(wallet_report_interval_ms=AT_ONCE_MS) as place, admin_of(place, "analytics") as admin:
        node = place.gateways[1]
        async with client(node, "contest", token=token_for(node, "ann")):
            await active(admin, lambda answer: "ann" in wallets_of(answer))
            await place.cut(1)
            await active(admin, lambda answer: "ann" not in wallets_of(answer))
            place.mend(1)
            await active(admin, lambda answer: "ann" in wallets_of(answer))


async def test_the_next_leader_knows_the_active_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wallet_reporter, "ACTIVITY_INTERVAL_S", inf)
    async with cluster(wallet_report_interval_ms=AT_ONCE_MS, leader_wait_s=LONG_S) as place:
        node = place.gateways[1]
        async with client(node, "contest", token=token_for(node, "ann")), admin_of(place, "analytics") as admin:
            await active(admin, lambda answer: "ann" in wallets_of(answer))
            await place.replace_leader()
            await active(admin, lambda answer: wallets_of(answer) == {"ann", "boss"})


# ── cost ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_connections_that_only_read_are_not_reported_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wallet_reporter, "ACTIVITY_INTERVAL_S", 0.0)
    notices: list[str] = []
    rounds = 0
    notify, report = LeaderLink.notify, WalletReporter.report

    def record(link: LeaderLink, method: str, body: bytes) -> None:
        notices.append(method)
        notify(link, method, body)

    async def count(reporter: WalletReporter) -> None:
        nonlocal rounds
        await report(reporter)
        rounds += 1

    monkeypatch.setattr(LeaderLink, "notify", record)
    monkeypatch.setattr(WalletReporter, "report", count)
    async with cluster(wallet_report_interval_ms=AT_ONCE_MS) as place:
        one, other = place.gateways
        async with (
            client(one, "contest", token=token_for(one, "ann")),
            client(other, "contest", token=token_for(one, "ann")),
        ):
            await until(lambda: one.node.gateway.elsewhere == other.node.gateway.elsewhere == {"ann": 1})
            settled = rounds + 4
            await until(lambda: rounds > settled)
            del notices[:]
            settled = rounds + 10
            await until(lambda: rounds > settled)
            assert not {WALLETS, UNITS} & set(notices)


# ── peers that send what they should not ────────────────────────────────────────────────────────────────────────────

TOO_MANY = [[f"wallet-{number}"] for number in range(WALLETS_PER_NOTICE + 1)]


@pytest.mark.parametrize(
    "body",
    [
        msgspec.msgpack.encode([TOO_MANY]),
        msgspec.msgpack.encode([[["w" * 65]]]),
        msgspec.msgpack.encode([[["ann", "x" * 1_000]]]),
        msgspec.msgpack.encode([[["ann", None, 1, [["contest", -1, 0, 0]]]]]),
        b"\xc1",
    ],
    ids=["too many wallets", "a long wallet", "a long nickname", "a negative count", "torn"],
)
async def test_a_peer_with_an_invalid_report_is_cut_off(body: bytes) -> None:
    links = 0

    def introduced() -> None:
        nonlocal links
        links += 1

    async with cluster(gateways=1) as place, peer(place, "liar", introduced) as link:
        link.notify(WALLETS, body)
        await until(lambda: links == 2)
        async with client(place.gateways[0], "contest", token=token_for(place.gateways[0], "ann")) as ann:
            assert (await ann.ask(type="get_contest_state", contestId=1))["code"] == "CONTEST_NOT_FOUND"


async def test_the_leader_keeps_only_so_many_wallets_of_a_gateway() -> None:
    async with cluster(gateways=1, gateway_max_wallets=1, wallet_report_interval_ms=AT_ONCE_MS) as place:
        node = place.gateways[0]
        async with client(node, "contest", token=token_for(node, "ann")):
            await until(lambda: place.leader.wallets.wallets() == ["ann"])
            async with client(node, "contest", token=token_for(node, "bob")):
                await until(lambda: place.leader.wallets.ignored == 1)
                assert place.leader.wallets.wallets() == ["ann"]
