"""What admins see of the users and of the server (protocol §11, §12 ServerStats)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from duelcast.channels.names import Role
from duelcast.wire.timestamps import format_time
from tests.e2e.market import post_price
from tests.e2e.people.observatory import ADMIN, DASHBOARD, Observatory, observatory, of_type, pushes
from tests.serving import Client, Frame, client

pytestmark = pytest.mark.asyncio(loop_scope="module")

METRICS = ("event", "event:page.view", "active_users", "connections", "messages_in", "messages_out", "events")
ENDPOINTS = {
    "analytics",
    "circuit-breaker",
    "contest",
    "market-data",
    "monitor",
    "skyduel",
    "system-settings",
    "token-data",
}


@pytest_asyncio.fixture(name="place", scope="module", loop_scope="module")
async def one_observatory() -> AsyncIterator[Observatory]:
    """One server for most tests, each of which leaves it as empty as it was."""
    async with observatory() as made:
        yield made


def wallets(active: Frame) -> list[str]:
    return [user["wallet_address"] for user in active["users"]]


async def seen(admin: Client) -> dict[str, Frame]:
    """The active users by wallet."""
    answer = await admin.ask(type="get_active_users")
    assert answer["count"] == len(answer["users"])
    return {user["wallet_address"]: user for user in answer["users"]}


# ── coming ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_everybody_is_welcome_and_admins_are_told_what_the_server_does(place: Observatory) -> None:
    async with place.socket("ann", greeted=False) as ann:
        welcome, established = await ann.receive_many(2)
        assert (welcome["type"], welcome["isAdmin"]) == ("welcome", False)
        assert established["type"] == "connection_established"
        assert established["limits"]["maxMessageBytes"] == 512 * 1024
    async with place.socket(greeted=False) as admin:
        welcome, stats, established = await admin.receive_many(3)
        assert (welcome["type"], welcome["isAdmin"]) == ("welcome", True)
        assert (stats["type"], stats["stats"]["activeUsers"]) == ("server_stats", 1)
        assert (await admin.ask(type="get_subscriptions"))["data"] == []


async def test_the_endpoint_takes_300_messages_a_minute_and_heartbeats_beside() -> None:
    async with observatory(rate_limit_factor=1) as place, place.socket("ann", greeted=False) as ann:
        established = (await ann.receive_until(type="connection_established"))[-1]
        assert established["limits"]["messagesPerMinute"] == 300
        for _ in range(300):
            await ann.send(type="unsubscribe_dashboard")
        await ann.send(type="heartbeat", zone="LOBBY")
        frames = [await ann.receive() for _ in range(301)]
        assert [frame["type"] for frame in frames] == ["unsubscribed"] * 300 + ["heartbeat_ack"]
        assert (await ann.ask(type="unsubscribe_dashboard"))["code"] == "RATE_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "subscribe_dashboard"},
        {"type": "subscribe_metric", "metric": "events"},
        {"type": "subscribe_metric", "metric": "nonsense"},
        {"type": "get_active_users"},
        {"type": "get_server_stats"},
    ],
)
async def test_what_admins_may_is_denied_to_users(place: Observatory, message: Frame) -> None:
    async with place.socket("ann") as ann:
        assert (await ann.ask(**message))["code"] == "PERMISSION_DENIED"
        assert (await ann.ask(type="get_subscriptions"))["data"] == []


async def test_a_denied_channel_does_not_tell_whether_it_exists(place: Observatory) -> None:
    async with place.socket("ann") as ann, place.socket() as admin:
        for channel in (DASHBOARD, "analytics.metric.events", "analytics.metric.nonsense"):
            assert (await ann.ask(type="subscribe", channel=channel))["code"] == "SUBSCRIPTION_DENIED"
        answer = await admin.ask(type="subscribe", channel="analytics.metric.nonsense")
        assert answer["code"] == "UNKNOWN_CHANNEL"


async def test_without_a_token_nobody_is_let_in(place: Observatory) -> None:
    async with client(place.app, "analytics", "?endpoint=public", greeted=False) as nobody:
        assert (await nobody.receive())["code"] == "UNAUTHORIZED"


# ── active users ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_user_is_one_over_all_connections_and_endpoints(place: Observatory) -> None:
    async with place.socket() as admin:
        came_ms = int(place.clock.time() * 1000)
        async with place.socket("ann", "contest"), place.socket("ann") as ann:
            await place.clock.advance(10)
            async with place.socket("ann", "market-data"), client(place.app, "market-data"):
                await ann.ask(type="heartbeat", zone="TRADING")
                assert (await seen(admin))["ann"] == {
                    "wallet_address": "ann",
                    "nickname": "N-ann",
                    "role": "user",
                    "zone": "TRADING",
                    "lastActivityMs": came_ms + 10_000,
                    "connectedAtMs": came_ms,
                    "connections": 3,
                    "endpoints": ["analytics", "contest", "market-data"],
                }
                stats = (await admin.ask(type="get_server_stats"))["stats"]
                assert stats["activeUsers"] == 2
                assert (stats["connections"]["total"], stats["connections"]["anonymous"]) == (5, 1)
        assert set(await seen(admin)) == {ADMIN}


async def test_a_user_is_active_for_five_minutes_after_a_message_also_a_refused_one(place: Observatory) -> None:
    async with place.socket() as admin, place.socket("ann", "contest") as ann:
        await place.clock.advance(200)
        await ann.ask(type="nonsense")
        await place.clock.advance(299)
        assert set(await seen(admin)) == {ADMIN, "ann"}
        await place.clock.advance(1)
        assert set(await seen(admin)) == {ADMIN}
        await ann.ask(type="heartbeat")
        assert set(await seen(admin)) == {ADMIN, "ann"}


async def test_a_pong_is_no_sign_of_activity() -> None:
    settings = {"heartbeat_interval_s": 60, "heartbeat_timeout_s": 120}
    async with observatory(**settings) as place, place.socket() as admin, place.socket("ann", "contest") as ann:
        for _ in range(6):
            # The socket answers PINGs by itself.
            await place.clock.advance(50)
            await admin.drain()
            waiter = await ann.ws.ping()
            await waiter
        assert set(await seen(admin)) == {ADMIN}


async def test_a_connection_that_is_being_closed_is_none_any_more(place: Observatory) -> None:
    async with place.socket() as admin, place.socket("ann", "contest") as ann:
        # It does not answer the close that its binary frame is followed by.
        ann.ws.transport.pause_reading()
        await ann.ws.send(b"binary")
        async with asyncio.timeout(60):
            while "ann" in await seen(admin):
                pass
        ann.ws.transport.resume_reading()


async def test_the_latest_are_first_and_the_count_is_exact(place: Observatory) -> None:
    async with place.socket() as admin, AsyncExitStack() as crowd:
        for name in ("ann", "bob", "cat"):
            await place.clock.advance(1)
            await crowd.enter_async_context(place.socket(name, "contest"))
        await place.clock.advance(1)
        answer = await admin.ask(type="get_active_users")
        assert (wallets(answer), answer["count"]) == ([ADMIN, "cat", "bob", "ann"], 4)


async def test_the_zone_named_last_counts_for_as_long_as_its_connection_is_open(place: Observatory) -> None:
    async with place.socket() as admin, place.socket("ann") as first:
        assert (await seen(admin))["ann"]["zone"] is None
        await first.ask(type="heartbeat", zone="LOBBY")
        async with place.socket("ann") as second:
            await second.ask(type="heartbeat", zone="TRADING")
            await first.ask(type="heartbeat")
            assert (await seen(admin))["ann"]["zone"] == "TRADING"
            await first.ask(type="heartbeat", zone="CHAT")
            assert (await seen(admin))["ann"]["zone"] == "CHAT"
            await second.ask(type="heartbeat", zone="TRADING")
            assert (await seen(admin))["ann"]["zone"] == "TRADING"
        await admin.drain()
        assert (await seen(admin))["ann"]["zone"] == "CHAT"


@pytest.mark.parametrize("zone", ["", "lobby", "A" * 33, "A B", "A\n", 5])
async def test_a_zone_of_another_form_is_refused(place: Observatory, zone: object) -> None:
    async with place.socket("ann") as ann:
        answer = await ann.ask(type="heartbeat", zone=zone)
        assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "zone")


# ── dashboard ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_dashboard_begins_with_how_things_are_and_is_repeated_every_five_seconds(
    place: Observatory,
) -> None:
    await place.clock.advance(1)  # what others followed is forgotten by then
    async with place.socket() as admin:
        await admin.send(type="subscribe_dashboard", requestId="r")
        update, active = await admin.receive_many(2)
        assert (update["type"], update["requestId"], update["activeUsers"]) == ("dashboard_update", "r", 1)
        assert "channel" not in update
        assert (active["type"], active["requestId"], wallets(active)) == ("active_users", "r", [ADMIN])
        assert len(update["eventsPerMinute"]) == 60
        await place.clock.advance(4.9)
        assert of_type(await admin.drain(), "dashboard_update") == []
        await place.clock.advance(0.1)
        (again,) = await admin.drain()
        assert (again["type"], again["channel"]) == ("dashboard_update", DASHBOARD)
        assert again["stats"]["uptimeMs"] == update["stats"]["uptimeMs"] + 5_000
        await place.clock.advance(5)
        assert [frame["type"] for frame in await admin.drain()] == ["dashboard_update"]


async def test_the_channel_by_its_name_brings_the_same(place: Observatory) -> None:
    async with place.socket() as admin:
        await admin.send(type="subscribe", channel=DASHBOARD)
        confirmed, update, active = await admin.receive_many(3)
        assert (confirmed["type"], confirmed["kind"]) == ("subscription_confirmed", "latest")
        assert [(frame["type"], frame["channel"]) for frame in (update, active)] == [
            ("dashboard_update", DASHBOARD),
            ("active_users", DASHBOARD),
        ]


async def test_who_comes_goes_and_moves_is_told_at_most_once_a_second(place: Observatory) -> None:
    await place.clock.advance(1)  # what others followed is forgotten by then
    async with place.socket() as admin:
        await admin.ask(type="subscribe_dashboard")
        await admin.drain()
        await place.clock.advance(1)
        assert await admin.drain() == []
        async with place.socket("ann") as ann, place.socket("bob", "contest"):
            assert await admin.drain() == [], "it is looked at once a second"
            await place.clock.advance(1)
            active, update = await admin.drain()
            assert (set(wallets(active)), active["count"], active["channel"]) == ({ADMIN, "ann", "bob"}, 3, DASHBOARD)
            assert (update["type"], update["activeUsers"]) == ("dashboard_update", 3)
            # Nothing but the time of the last message is another.
            await ann.ask(type="ping")
            await place.clock.advance(1)
            assert await admin.drain() == []
            await ann.ask(type="heartbeat", zone="TRADING")
            await place.clock.advance(1)
            (active,) = await admin.drain()
            assert {user["zone"] for user in active["users"]} == {None, "TRADING"}
            async with place.socket("ann", "contest"):
                await place.clock.advance(1)
                (active,) = await pushes(admin, "active_users")
                (user,) = [user for user in active["users"] if user["wallet_address"] == "ann"]
                assert user["endpoints"] == ["analytics", "contest"]
            async with place.socket("ann"):
                await place.clock.advance(1)
                (active,) = await pushes(admin, "active_users")
                assert (
                    "contest"
                    not in next(user for user in active["users"] if user["wallet_address"] == "ann")["endpoints"]
                )
        await place.clock.advance(1)
        active, update = await admin.drain()
        assert (wallets(active), update["activeUsers"]) == ([ADMIN], 1)


async def test_a_new_role_is_told(place: Observatory) -> None:
    await place.clock.advance(1)  # what others followed is forgotten by then
    async with place.socket() as admin, place.socket("ann", "contest") as ann:
        await admin.ask(type="subscribe_dashboard")
        await admin.drain()
        await ann.ask(type="auth", token=place.token("ann", Role.SUPERADMIN))
        await place.clock.advance(1)
        (active,) = await admin.drain()
        assert {user["wallet_address"]: user["role"] for user in active["users"]} == {
            ADMIN: "admin",
            "ann": "superadmin",
        }


async def test_the_stream_ends_with_the_subscription(place: Observatory) -> None:
    async with place.socket() as admin:
        await admin.ask(type="subscribe_dashboard")
        await admin.drain()
        answer = await admin.ask(type="unsubscribe_dashboard")
        assert (answer["type"], answer["dashboard"]) == ("unsubscribed", True)
        assert (await admin.ask(type="unsubscribe_dashboard"))["type"] == "unsubscribed"
        await place.clock.advance(10)
        assert await admin.drain() == []
        assert (await admin.ask(type="get_subscriptions"))["data"] == []


async def test_a_lost_role_ends_subscriptions_with_rights(place: Observatory) -> None:
    async with place.socket() as admin:
        await admin.ask(type="subscribe_dashboard")
        await admin.ask(type="subscribe_metric", metric="connections")
        await admin.drain()
        await admin.send(type="auth", token=place.token(ADMIN, Role.USER))
        frames = (await admin.receive_until(type="auth_success"))[:-1]
        ended = {(frame["channel"], frame["reason"]) for frame in of_type(frames, "unsubscription_confirmed")}
        assert ended == {(DASHBOARD, "rights"), ("analytics.metric.connections", "rights")}
        await place.clock.advance(10)
        assert await admin.drain() == []


async def test_events_are_on_the_dashboard() -> None:
    async with observatory() as place, place.socket("ann") as ann, place.socket() as admin:
        await ann.ask(type="track_event", events=[{"event": "buy"}] * 3 + [{"event": "view"}] * 5)
        await place.clock.advance(60)
        await ann.ask(type="track_event", event="buy")
        update = await admin.ask(type="subscribe_dashboard")
        assert update["eventsPerMinute"] == [0] * 58 + [8, 1]
        assert update["topEvents"] == [{"event": "view", "count": 5}, {"event": "buy", "count": 4}]
        assert update["stats"]["events"] == {"received": 9, "stored": 9}


# ── metrics ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_metric_begins_with_its_value_and_is_told_every_second(place: Observatory) -> None:
    async with place.socket() as admin:
        for metric in (*METRICS, *(f"connections:{name}" for name in sorted(ENDPOINTS))):
            await admin.send(type="subscribe_metric", metric=metric, requestId="r")
            subscribed, update = await admin.receive_many(2)
            assert (subscribed["type"], subscribed["metric"], subscribed["requestId"]) == (
                "subscribed_metric",
                metric,
                "r",
            )
            assert (update["type"], update["metric"]) == ("metric_update", metric)
            assert update["channel"] == f"analytics.metric.{metric}"
            assert {"value", "timestamp"} <= set(update["data"])
            await place.clock.advance(1)
            assert len(await pushes(admin, "metric_update")) == (0 if metric == "event" else 1)
            await place.clock.advance(1)
            assert len(await pushes(admin, "metric_update")) == (0 if metric == "event" else 1)
            answer = await admin.ask(type="unsubscribe_metric", metric=metric)
            assert (answer["type"], answer["metric"]) == ("unsubscribed_metric", metric)
            await place.clock.advance(2)
            assert await admin.drain() == []


async def test_an_unknown_metric_is_answered_with_the_known_ones(place: Observatory) -> None:
    async with place.socket() as admin:
        for kind in ("subscribe_metric", "unsubscribe_metric"):
            for metric in ("nonsense", "connections:nonsense", "event:", "event:a b", "events ", "event:" + "a" * 65):
                answer = await admin.ask(type=kind, metric=metric)
                assert (answer["code"], answer["field"]) == ("UNKNOWN_METRIC", "metric")
                named = ("`event`", "`event:<name>`", "`active_users`", "`connections:skyduel`", "`messages_in`")
                assert all(name in answer["message"] for name in named)
        assert (await admin.ask(type="subscribe_metric", metric=""))["code"] == "INVALID_REQUEST"


async def test_the_values_are_those_of_the_server() -> None:
    async with observatory() as place, place.socket() as admin, place.socket("ann") as ann:

        async def value(metric: str) -> float | None:
            await admin.send(type="subscribe_metric", metric=metric)
            data = (await admin.receive_until(type="metric_update", metric=metric))[-1]["data"]
            await admin.ask(type="unsubscribe_metric", metric=metric)
            found: float | None = data["value"]
            return found

        await ann.ask(type="track_event", events=[{"event": "buy"}] * 30)
        await place.clock.advance(3)
        assert await value("event:buy") == 30
        assert await value("event:never") == 0
        assert await value("active_users") == 2
        assert await value("connections") == 2
        assert await value("connections:analytics") == 2
        assert await value("connections:contest") == 0
        assert await value("events") == 10
        await place.clock.advance(60)
        assert await value("events") == 0
        assert await value("event:buy") == 30


async def test_stored_events_are_shown_ten_times_a_second_at_most_fifty_each(place: Observatory) -> None:
    async with place.socket() as admin, place.socket("ann") as ann:
        await ann.ask(type="track_event", event="unseen")
        await admin.ask(type="subscribe_metric", metric="event")
        first = await admin.receive()
        assert first["data"]["events"] == []
        assert (first["data"]["value"], first["data"]["skipped"]) == (0, 0)
        await ann.ask(type="track_event", event="first")
        (update,) = await pushes(admin, "metric_update")
        assert update["data"]["events"] == [
            {"wallet": "ann", "event": "first", "timestamp": format_time(place.clock.time())}
        ]
        await ann.ask(type="track_event", events=[{"event": "many"}] * 60)
        assert await admin.drain() == []
        await place.clock.advance(0.1)
        (update,) = await pushes(admin, "metric_update")
        assert (len(update["data"]["events"]), update["data"]["skipped"], update["data"]["value"]) == (50, 10, 60)
        await ann.ask(type="track_event", event="dup", eventId="0f8fad5b-d9cb-469f-a165-70867728950e")
        await place.clock.advance(0.1)
        await admin.drain()
        await ann.ask(type="track_event", event="dup", eventId="0f8fad5b-d9cb-469f-a165-70867728950e")
        await place.clock.advance(0.2)
        assert await admin.drain() == []


async def test_a_connection_follows_as_many_metrics_as_the_setting_says(place: Observatory) -> None:
    async with place.socket() as admin, place.socket("boss", "system-settings") as office:
        key = "limits.metrics_per_connection"
        await office.ask(type="update_setting", key=key, value=2)
        for metric in ("events", "connections", "events"):
            assert (await admin.ask(type="subscribe_metric", metric=metric))["type"] == "subscribed_metric"
        assert (await admin.ask(type="subscribe_metric", metric="event:a"))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        assert (await admin.ask(type="subscribe_dashboard"))["type"] == "dashboard_update"
        await office.ask(type="update_setting", key=key, value=4)
        names = [f"analytics.metric.event:{name}" for name in ("a", "b", "c")]
        answer = await admin.ask(type="subscribe", channels=[{"channel": name} for name in names])
        assert answer["code"] == "TOO_MANY_SUBSCRIPTIONS"
        held = {one["channel"] for one in (await admin.ask(type="get_subscriptions"))["data"]}
        assert held == {DASHBOARD, "analytics.metric.events", "analytics.metric.connections"}
        await admin.ask(type="subscribe", channels=[{"channel": name} for name in names[:2]])
        held = {one["channel"] for one in (await admin.ask(type="get_subscriptions"))["data"]}
        assert set(names[:2]) < held


# ── server stats ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_stats_have_all_that_the_contract_says() -> None:
    async with (
        observatory() as place,
        place.socket() as admin,
        place.socket("ann", "contest"),
        client(place.app, "market-data") as nobody,
    ):
        start_ms = int(place.clock.time() * 1000)
        await place.clock.advance(2)
        stats = (await admin.ask(type="get_server_stats"))["stats"]
        assert (stats["startTimeMs"], stats["uptimeMs"], stats["nodes"]) == (start_ms, 2_000, 1)
        by_endpoint = stats["connections"].pop("byEndpoint")
        assert stats["connections"] == {"total": 3, "admin": 1, "user": 1, "anonymous": 1}
        assert set(by_endpoint) >= ENDPOINTS
        there = {name: count for name, count in by_endpoint.items() if count}
        assert there == {"analytics": 1, "contest": 1, "market-data": 1}
        assert set(stats["messages"]) == {"received", "sent", "perSecondIn", "perSecondOut"}
        assert stats["process"]["memoryBytes"] > 10_000_000
        assert stats["process"]["cpuPercent"] >= 0
        assert stats["process"]["eventLoopLagMs"] >= 0
        assert await nobody.drain() == []


async def test_all_frames_count_replies_and_pushes(place: Observatory) -> None:
    async with place.socket() as admin, client(place.app, "market-data") as nobody:

        async def messages() -> tuple[int, int]:
            counts = (await admin.ask(type="get_server_stats"))["stats"]["messages"]
            return counts["received"], counts["sent"]

        received, sent = await messages()
        assert await messages() == (received + 1, sent + 1), "the reply before this one"
        await post_price(place.app, "SOL", 1.0)
        await nobody.send(type="SUBSCRIBE_SYMBOLS", symbols=["SOL"])
        frames = 1 + len(await nobody.drain()) + 1
        received, sent = received + 2, sent + 2
        assert await messages() == (received + 2, sent + frames - 1)
        await place.clock.advance(1)
        await post_price(place.app, "SOL", 2.0)
        pushed = len(await nobody.drain()) + 1
        assert pushed > 1
        assert await messages() == (received + 2 + 1 + 1, sent + frames - 1 + pushed + 1)


async def test_rates_are_of_the_last_few_seconds(place: Observatory) -> None:
    async with place.socket() as admin:
        await place.clock.advance(10)
        for _ in range(50):
            await admin.send(type="heartbeat")
        await admin.drain()
        await place.clock.advance(2)
        stats = (await admin.ask(type="get_server_stats"))["stats"]["messages"]
        assert 8 <= stats["perSecondIn"] <= 12
        assert 8 <= stats["perSecondOut"] <= 12
        await place.clock.advance(7)
        stats = (await admin.ask(type="get_server_stats"))["stats"]["messages"]
        assert stats["perSecondIn"] < 1


async def test_metrics_of_prometheus_and_the_endpoint_agree() -> None:
    async with observatory() as place, place.socket("ann") as ann, place.socket() as admin:
        await ann.ask(type="track_event", events=[{"event": "buy"}] * 7)
        for _ in range(2):
            await ann.ask(type="track_event", event="view", eventId="0f8fad5b-d9cb-469f-a165-70867728950e")
        stats = (await admin.ask(type="get_server_stats"))["stats"]
        metrics = await place.metrics()
        assert metrics["duelcast_events_received_total"] == stats["events"]["received"] == 9
        assert metrics["duelcast_events_stored_total"] == stats["events"]["stored"] == 8
        assert metrics["duelcast_events_duplicate_total"] == 1
        assert metrics["duelcast_events_refused_total"] == 0
        assert metrics["duelcast_active_users"] == stats["activeUsers"] == 2
        assert metrics['duelcast_events_kept{event="buy"}'] == 7
        assert metrics['duelcast_events_kept{event="view"}'] == 1
        received = sum(value for name, value in metrics.items() if name.startswith("duelcast_messages_received_total"))
        assert received == stats["messages"]["received"]
        sent = sum(value for name, value in metrics.items() if name.startswith("duelcast_messages_sent_total"))
        assert sent == stats["messages"]["sent"] + 1, "the stats themselves"
        connections = sum(value for name, value in metrics.items() if name.startswith("duelcast_connections{"))
        assert connections == stats["connections"]["total"] == 2


async def test_counts_are_there_again_after_a_restart(tmp_path: object) -> None:
    async with observatory(data_dir=tmp_path) as place, place.socket("ann") as ann:
        await ann.ask(type="track_event", events=[{"event": "buy"}] * 7)
        now = place.clock.time()
    async with observatory(data_dir=tmp_path) as place, place.socket() as admin:
        assert place.clock.time() == now
        update = await admin.ask(type="subscribe_dashboard")
        assert update["topEvents"] == [{"event": "buy", "count": 7}]
        assert update["eventsPerMinute"][-1] == 7
        assert update["stats"]["events"] == {"received": 0, "stored": 0}
