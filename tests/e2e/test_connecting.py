"""From the request to `connection_established` (protocol §1.2), without tokens."""

from __future__ import annotations

import re
import socket
import uuid
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

import duelcast
from duelcast.app import App
from duelcast.clock import ManualClock
from tests.e2e.arena import make_arena
from tests.e2e.ending import ending_of, retry_after_ms
from tests.e2e.market import post_price
from tests.e2e.raw import answer_to, raw_socket, upgrade_request
from tests.serving import Client, Frame, client, running, token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def greeting(app: App, endpoint: str, query: str = "") -> list[Frame]:
    """All frames up to `connection_established`."""
    async with client(app, endpoint, query, greeted=False) as newcomer:
        return await newcomer.receive_until(type="connection_established")


async def noted(writer: Client, room: str, text: str) -> Frame:
    """Write a note on a channel that `writer` follows; its push, as others get it."""
    await writer.send(type="write", room=room, text=text)
    return (await writer.receive_until(type="note", room=room, text=text))[-1]


# ── the request ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["nowhere", "", "market-data/", "Market-Data", "market-data/more"])
async def test_an_unknown_path_is_http_404(app: App, path: str) -> None:
    assert (await answer_to(app, upgrade_request(app, path))).status == 404


async def test_a_socket_has_the_configured_send_buffer() -> None:
    async with running(send_buffer_bytes=64 * 1024) as app, client(app, "market-data"):
        (connection,) = app.node.gateway.sockets
        assert connection.ws is not None
        raw = connection.ws.underlying_transport.get_extra_info("socket")
        # Linux tells twice what it was asked for (socket(7)).
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) in (64 * 1024, 128 * 1024)


async def test_unknown_query_parameters_are_ignored(app: App) -> None:
    frames = await greeting(app, "market-data", "?v=1&debug&token=&endpoint=nowhere&auth=other&x=%00%ff")
    assert [each["type"] for each in frames] == ["connection_established"]


async def test_unknown_extensions_are_accepted_and_not_negotiated(app: App) -> None:
    offers = {"Sec-WebSocket-Extensions": "x-webkit-deflate-frame, x-unknown; a=1"}
    answer = await answer_to(app, upgrade_request(app, "market-data", headers=offers))
    assert answer.status == 101
    assert "sec-websocket-extensions" not in answer.headers


async def test_a_connection_header_of_several_entries_is_understood(app: App) -> None:
    headers = {"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket"}
    assert (await answer_to(app, upgrade_request(app, "market-data", headers=headers))).status == 101


async def test_another_version_of_the_protocol_is_http_426_and_names_ours(app: App) -> None:
    answer = await answer_to(app, upgrade_request(app, "market-data", headers={"Sec-WebSocket-Version": "8"}))
    assert (answer.status, answer.headers["sec-websocket-version"]) == (426, "13")


@pytest.mark.parametrize("key", ["", "short", "!" * 24, "AAAA"])
async def test_a_handshake_without_a_key_of_16_bytes_is_http_400(app: App, key: str) -> None:
    assert (await answer_to(app, upgrade_request(app, "market-data", headers={"Sec-WebSocket-Key": key}))).status == 400


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("v69", "v69"),
        ("v69, v70", "v69"),
        ("aa.bb.cc, v69", "v69"),
        ("v69, aa.bb.cc", "v69"),
        ("aa.bb.cc", "aa.bb.cc"),
    ],
)
async def test_the_first_protocol_that_is_not_the_token_is_answered_else_the_token(
    app: App, offered: str, answered: str
) -> None:
    answer = await answer_to(app, upgrade_request(app, "arena", headers={"Sec-WebSocket-Protocol": offered}))
    assert answer.headers["sec-websocket-protocol"] == answered


async def test_without_an_offer_no_protocol_is_answered(app: App) -> None:
    assert "sec-websocket-protocol" not in (await answer_to(app, upgrade_request(app, "arena"))).headers


# ── origin and host ─────────────────────────────────────────────────────────────────────────────────────────────────


async def status_for(app: App, **headers: str) -> int:
    return (await answer_to(app, upgrade_request(app, "market-data", headers=headers))).status


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8443", "http://app.localhost:1", "HTTP://LOCALHOST"],
)
async def test_a_server_on_loopback_takes_any_loopback_origin(app: App, origin: str) -> None:
    assert await status_for(app, Origin=origin) == 101


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "localhost"],
)
async def test_another_origin_is_http_403_before_the_upgrade(app: App, origin: str) -> None:
    assert await status_for(app, Origin=origin) == 403
    headers = {"Origin": origin, "Connection": "Upgrade", "Upgrade": "websocket"}
    async with httpx.AsyncClient() as caller:
        answer = await caller.get(f"http://127.0.0.1:{app.port}/api/v69/ws/market-data", headers=headers)
    assert "DUELCAST_ALLOWED_ORIGINS" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["localhost", "localhost:{port}", "[::1]:{port}", "127.0.0.1:1", "LOCALHOST."])
async def test_a_server_on_loopback_answers_to_any_loopback_host(app: App, host: str) -> None:
    assert await status_for(app, Host=host.format(port=app.port)) == 101


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "localhost.evil.example", "192.0.2.1", "@"])
async def test_a_server_on_loopback_refuses_a_foreign_host(app: App, host: str) -> None:
    host = host.format(port=app.port)
    assert await status_for(app, Host=host, Origin="http://localhost") == 403
    async with httpx.AsyncClient() as caller:
        answer = await caller.get(f"http://127.0.0.1:{app.port}/healthz", headers={"Host": host})
    assert answer.status_code == 403
    assert "DUELCAST_ALLOWED_ORIGINS" in answer.json()["detail"]


async def test_an_allowed_origin_may_connect_and_its_host_is_answered_to() -> None:
    async with running(ManualClock(), allowed_origins=("https://play.example.org",)) as app:
        assert await status_for(app, Origin="https://play.example.org") == 101
        assert await status_for(app, Origin="https://play.example.org:443", Host="play.example.org") == 101
        assert await status_for(app, Origin="http://play.example.org") == 403
        assert await status_for(app, Origin="https://play.example.org:8443") == 403
        assert await status_for(app, Host="other.example.org") == 403


async def test_a_server_for_all_takes_the_origin_of_its_own_host_and_port() -> None:
    async with running(ManualClock(), host="0.0.0.0") as app:
        host = f"duel.example.org:{app.port}"
        assert await status_for(app, Host=host) == 101
        assert await status_for(app, Host=host, Origin=f"http://{host}") == 101
        assert await status_for(app, Host=host, Origin="http://duel.example.org") == 403
        assert await status_for(app, Host=host, Origin=f"http://localhost:{app.port}") == 403


# ── the greeting ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_connection_established_tells_all_that_a_client_needs(app: App) -> None:
    (established,) = await greeting(app, "market-data")
    assert uuid.UUID(established.pop("connectionId")).version == 4
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", established.pop("epoch"))
    assert established == {
        "type": "connection_established",
        "endpoint": "market-data",
        "authenticated": False,
        "user": None,
        "expiresAt": None,
        "positions": {},
        "heartbeatIntervalMs": 30_000,
        "serverVersion": duelcast.__version__,
        "contract": 2,
        "limits": {"maxMessageBytes": 128 * 1024, "messagesPerMinute": None, "maxSubscriptions": 2_000},
        "timestamp": "2027-01-15T08:00:00.000Z",
    }


async def test_two_connections_have_different_ids_and_the_same_epoch(app: App) -> None:
    one, other = [(await greeting(app, "market-data"))[-1] for _ in range(2)]
    assert one["connectionId"] != other["connectionId"]
    assert one["epoch"] == other["epoch"]


async def test_the_endpoints_own_frames_come_first_then_what_the_url_asks_for_then_established(app: App) -> None:
    frames = await greeting(app, "arena", "?channel=note.first&channel=board.b1")
    assert [(each["type"], each.get("channel")) for each in frames] == [
        ("welcome", None),
        ("subscription_confirmed", "note.first"),
        ("subscription_confirmed", "board.b1"),
        ("connection_established", None),
    ]


async def test_a_channel_of_the_url_brings_its_snapshot_behind_its_confirmation(app: App) -> None:
    await post_price(app, "SNAP", 2.0)
    frames = await greeting(app, "market-data", "?channel=market.SNAP&channel=metadata.SNAP")
    kinds = [each["type"] for each in frames]
    assert sorted(kinds[1:3]) == ["MARKET_PRICE", "MARKET_SENTIMENT"]
    assert [kinds[0], *kinds[3:]] == [
        "subscription_confirmed",
        "subscription_confirmed",
        "token_update",
        "connection_established",
    ]


async def test_a_channel_named_twice_in_the_url_is_joined_once(app: App) -> None:
    frames = await greeting(app, "arena", "?channel=note.twice&channel=note.twice")
    assert [each["type"] for each in frames].count("subscription_confirmed") == 1


async def test_a_position_in_the_url_brings_what_was_missed(app: App) -> None:
    async with client(app, "arena", "?channel=note.back") as writer:
        seen, *missed = [await noted(writer, "back", text) for text in ("seen", "missed", "missed too")]
        epoch = (await greeting(app, "arena"))[-1]["epoch"]
        frames = await greeting(app, "arena", f"?since=note.back,{epoch},{seen['seq']}")
    _, confirmed, *replay, established = frames
    assert (confirmed["recovered"], confirmed["seq"]) == (True, missed[-1]["seq"])
    assert replay == missed
    assert established["positions"] == {"note.back": missed[-1]["seq"]}


async def test_a_position_of_another_epoch_is_not_recovered(app: App) -> None:
    frames = await greeting(app, "arena", "?since=note.epoch,another,1")
    assert [each["recovered"] for each in frames if each["type"] == "subscription_confirmed"] == [False]


async def test_a_channel_and_its_position_in_the_url_are_one_subscription(app: App) -> None:
    frames = await greeting(app, "arena", "?channel=note.both&since=note.both,another,1")
    assert [each["recovered"] for each in frames if each["type"] == "subscription_confirmed"] == [False]


async def test_a_recovered_position_replaces_the_connect_frames_of_its_channel(app: App) -> None:
    before = await greeting(app, "token-data")
    listed, established = before[-2:]
    frames = await greeting(app, "token-data", f"?since=public.tokens,{established['epoch']},{listed['seq']}")
    assert [each["type"] for each in frames] == ["subscription_confirmed", "connection_established"]
    assert frames[0]["recovered"] is True


async def test_a_lost_position_leaves_the_connect_frames_of_its_channel(app: App) -> None:
    frames = await greeting(app, "token-data", "?since=public.tokens,another,1")
    kinds = [each["type"] for each in frames]
    assert (kinds[0], kinds[-1]) == ("token_update", "connection_established")
    assert [each["recovered"] for each in frames if each["type"] == "subscription_confirmed"] == [False]


@pytest.mark.parametrize(
    "position", ["garbage", "", "note.a", "note.a,epoch", "note.a,epoch,-1", "note.a,epoch,x", "note.a,e%20e,1"]
)
async def test_a_position_that_is_none_is_told_and_the_others_are_taken(app: App, position: str) -> None:
    frames = await greeting(app, "arena", f"?since={position}&since=note.fine,another,1")
    errors = [each for each in frames if each["type"] == "error"]
    assert [(each["code"], each["field"]) for each in errors] == [("INVALID_REQUEST", "since[0]")]
    assert frames[-1]["positions"].keys() == {"note.fine"}


async def test_positions_name_the_numbered_channels_that_were_joined(app: App) -> None:
    async with client(app, "arena", "?channel=note.numbered") as writer:
        push = await noted(writer, "numbered", "one")
        established = (await greeting(app, "arena", "?channel=note.numbered&channel=board.*"))[-1]
    assert established["positions"] == {"note.numbered": push["seq"]}


@pytest.mark.parametrize(
    ("channel", "code"), [("nowhere", "UNKNOWN_CHANNEL"), ("backstage", "SUBSCRIPTION_DENIED"), ("", "UNKNOWN_CHANNEL")]
)
async def test_a_channel_of_the_url_that_cannot_be_followed_is_told_and_the_others_are_joined(
    app: App, channel: str, code: str
) -> None:
    frames = await greeting(app, "arena", f"?channel={channel}&channel=note.fine")
    errors = [each for each in frames if each["type"] == "error"]
    assert [(each["code"], each["field"]) for each in errors] == [(code, "channel[0]")]
    assert frames[-1]["positions"].keys() == {"note.fine"}


async def test_pushes_come_after_connection_established(app: App) -> None:
    async with client(app, "arena") as writer:
        for _ in range(5):
            await writer.send(type="write", room="after", text="before or after")
            frames = await greeting(app, "arena", "?channel=note.after")
            assert frames[-1]["type"] == "connection_established"
            assert "note" not in [each["type"] for each in frames]


async def test_what_is_sent_before_the_greeting_is_answered_after_it(app: App) -> None:
    async with raw_socket(app, "arena", greeted=False) as hasty:
        await hasty.send_json(type="heartbeat")
        kinds = [(await hasty.receive_message())["type"] for _ in range(3)]
    assert kinds == ["welcome", "connection_established", "heartbeat_ack"]


# ── connection limits ───────────────────────────────────────────────────────────────────────────────────────────────


async def refused_connection(app: App, endpoint: str = "market-data", **options: Any) -> Frame:
    """The error of a connection over a limit, which must be the only frame, and is closed with 1013."""
    async with client(app, endpoint, greeted=False, **options) as extra:
        ending = await ending_of(extra)
    assert (len(ending.frames), ending.code) == (1, 1013)
    assert ending.error["code"] == "TOO_MANY_CONNECTIONS"
    assert retry_after_ms(ending.reason) == ending.error["retryAfterMs"] > 0
    return ending.error


async def test_over_the_limit_of_the_server_a_client_is_told_and_closed_with_1013() -> None:
    async with running(ManualClock(), max_connections=2) as app, client(app, "market-data"):
        async with client(app, "token-data"):
            assert (await refused_connection(app))["scope"] == "server"
        async with client(app, "market-data"):
            pass


async def test_over_the_limit_of_an_address_only_that_address_is_refused() -> None:
    async with (
        running(ManualClock(), max_connections_per_ip=1, trusted_proxies=("127.0.0.0/8",)) as app,
        client(app, "market-data", additional_headers={"X-Forwarded-For": "192.0.2.1"}),
    ):
        error = await refused_connection(app, additional_headers={"X-Forwarded-For": "192.0.2.1"})
        assert error["scope"] == "ip"
        async with client(app, "market-data", additional_headers={"X-Forwarded-For": "192.0.2.2"}):
            pass


async def test_an_ipv6_address_counts_as_its_64() -> None:
    async with (
        running(ManualClock(), max_connections_per_ip=1, trusted_proxies=("127.0.0.0/8",)) as app,
        client(app, "market-data", additional_headers={"X-Forwarded-For": "2001:db8:0:1::1"}),
    ):
        error = await refused_connection(app, additional_headers={"X-Forwarded-For": "2001:db8:0:1:ffff::2"})
        assert error["scope"] == "ip"
        async with client(app, "market-data", additional_headers={"X-Forwarded-For": "2001:db8:0:2::1"}):
            pass


async def test_loopback_has_no_limit_per_address_whatever_an_unknown_proxy_says() -> None:
    async with (
        running(ManualClock(), max_connections_per_ip=1) as app,
        client(app, "market-data", additional_headers={"X-Forwarded-For": "192.0.2.1"}),
        client(app, "market-data", additional_headers={"X-Forwarded-For": "192.0.2.1"}),
    ):
        pass


async def test_over_the_limit_of_a_wallet_only_that_wallet_is_refused() -> None:
    async with running(ManualClock(), max_connections_per_user=1) as app:
        token = token_for(app, "collector")
        async with client(app, "market-data", token=token):
            assert (await refused_connection(app, "token-data", token=token))["scope"] == "user"
            async with client(app, "market-data"), client(app, "market-data", token=token_for(app, "other")):
                pass
        async with client(app, "market-data", token=token):
            pass


async def test_what_is_refused_behind_a_first_auth_carries_its_request_id() -> None:
    async with running(ManualClock(), max_connections_per_user=1) as app:
        token = token_for(app, "collector")
        async with (
            client(app, "notifications", token=token),
            client(app, "notifications", "?auth=message", greeted=False) as second,
        ):
            answer = await second.ask(type="auth", token=token)
    assert (answer["code"], answer["scope"]) == ("TOO_MANY_CONNECTIONS", "user")


async def test_signing_in_over_the_limit_of_a_wallet_is_refused_and_changes_nothing() -> None:
    async with running(ManualClock(), max_connections_per_user=1) as app:
        token = token_for(app, "collector")
        async with client(app, "market-data", token=token), client(app, "market-data") as second:
            answer = await second.ask(type="auth", token=token)
            assert (answer["code"], answer["scope"]) == ("TOO_MANY_CONNECTIONS", "user")
            assert (await second.ask(type="heartbeat"))["type"] == "heartbeat_ack"


async def test_server_and_address_are_checked_before_the_token() -> None:
    arena = make_arena()
    async with (
        running(ManualClock(), endpoints={arena.path: arena}, max_connections=1, max_connections_per_user=1) as app,
        client(app, "arena", token=token_for(app, "both")),
    ):
        assert (await refused_connection(app, "arena", token=token_for(app, "both")))["scope"] == "server"


async def test_channels_joined_by_connecting_do_not_count_towards_the_limit() -> None:
    arena = make_arena()
    async with (
        running(ManualClock(), endpoints={arena.path: arena}, max_subscriptions=1) as app,
        client(app, "arena", "?channel=note.a&channel=note.b&since=note.c,e,1") as follower,
    ):
        assert len((await follower.ask(type="get_subscriptions"))["data"]) == 3
        assert (await follower.ask(type="subscribe", channel="note.d"))["type"] == "subscription_confirmed"
        assert (await follower.ask(type="subscribe", channel="note.e"))["code"] == "TOO_MANY_SUBSCRIPTIONS"


async def test_a_stopping_server_refuses_upgrades() -> None:
    async with running(ManualClock()) as app:
        app.node.gateway.draining = True
        with pytest.raises(InvalidStatus) as refused:
            async with client(app, "market-data"):
                pass
    assert refused.value.response.status_code == 503
    assert "Retry-After" in refused.value.response.headers
