"""Limits, heartbeats, slow writers and close codes (protocol §1.5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from tests.e2e.arena import make_arena
from tests.e2e.ending import ending_of, retry_after_ms
from tests.e2e.market import advance, list_tokens
from tests.e2e.raw import CLOSE, CONTINUATION, PING, PONG, TEXT, fragments, frame, raw_socket
from tests.serving import Client, Frame, client, running, token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROXY: dict[str, Any] = {"trusted_proxies": ("127.0.0.0/8",)}
ARENA_OF_SIX = {"/api/v69/ws/arena": make_arena(messages_per_minute=6)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def small() -> AsyncIterator[App]:
    """One server with arenas for 2, 3 and 6 messages a minute; each test has wallets and addresses of its own."""
    arenas = [make_arena(name, messages_per_minute=count) for name, count in (("two", 2), ("three", 3), ("six", 6))]
    async with running(ManualClock(), endpoints={arena.path: arena for arena in arenas}, **PROXY) as app:
        yield app


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def listing() -> AsyncIterator[App]:
    """One server with 301 tokens, T000 and so on, for 60 messages a minute."""
    async with running(ManualClock(), rate_limit_factor=0.1) as app:
        await list_tokens(app, 301)
        await advance(app, 2)
        yield app


def behind(address: str) -> dict[str, str]:
    """The headers of a client that a proxy vouches for."""
    return {"X-Forwarded-For": address}


async def spend(sender: Client, count: int) -> list[Frame]:
    """Send messages of one unit each; their answers."""
    for _ in range(count):
        await sender.send(type="free")
    return await sender.receive_many(count)


def codes(answers: list[Frame]) -> list[str]:
    """The code of each error, and the type of everything else."""
    return [each["code"] if "code" in each else each["type"] for each in answers]


async def left(sender: Client) -> int:
    """How many messages of one unit are still let through."""
    count = 0
    while (await spend(sender, 1))[0]["type"] == "freed":
        count += 1
    return count


# ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("endpoint", ["market-data", "token-data"])
async def test_the_public_endpoints_take_128_kib_and_600_messages_a_minute(endpoint: str) -> None:
    async with running(ManualClock()) as app, client(app, endpoint, greeted=False) as newcomer:
        limits = (await newcomer.receive_until(type="connection_established"))[-1]["limits"]
    assert limits == {"maxMessageBytes": 128 * 1024, "messagesPerMinute": 600, "maxSubscriptions": 2000}


async def test_a_message_of_the_maximum_is_taken_and_one_byte_more_closes_with_1009(app: App) -> None:
    async with client(app, "market-data") as sender:
        padding = "x" * (128 * 1024 - len('{"type":"heartbeat","_":""}'))
        await sender.ws.send(f'{{"type":"heartbeat","_":"{padding}"}}')
        assert (await sender.receive())["type"] == "heartbeat_ack"
        await sender.ws.send(f'{{"type":"heartbeat","_":"{padding}x"}}')
        assert (await ending_of(sender)).code == 1009


async def test_the_factor_multiplies_the_limits() -> None:
    async with (
        running(ManualClock(), endpoints=ARENA_OF_SIX, rate_limit_factor=0.5) as app,
        client(app, "arena") as sender,
    ):
        assert await left(sender) == 3


async def test_the_factor_0_switches_the_limits_off() -> None:
    async with (
        running(ManualClock(), endpoints=ARENA_OF_SIX, rate_limit_factor=0) as app,
        client(app, "arena", greeted=False) as sender,
    ):
        established = (await sender.receive_until(type="connection_established"))[-1]
        assert established["limits"]["messagesPerMinute"] is None
        assert set(codes(await spend(sender, 100))) == {"freed"}


# ── the bucket of messages ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_over_the_limit_is_dropped_and_told_when_to_come_back(small: App) -> None:
    async with client(small, "six") as sender:
        await spend(sender, 6)
        answer = await sender.ask(type="subscribe", channel="note.dropped")
        assert answer["code"] == "RATE_LIMIT_EXCEEDED"
        assert answer["retryAfterMs"] == 10_000
        assert (await sender.ask(type="heartbeat"))["type"] == "heartbeat_ack"


async def test_a_dropped_message_has_no_effect(small: App) -> None:
    async with client(small, "six") as sender:
        await spend(sender, 6)
        await sender.ask(type="subscribe", channel="note.dropped")
        await advance(small, 10)
        assert (await sender.ask(type="get_subscriptions"))["data"] == []


async def test_the_bucket_is_refilled_evenly(small: App) -> None:
    async with client(small, "six") as sender:
        await spend(sender, 6)
        await advance(small, 9.9)
        assert codes(await spend(sender, 1)) == ["RATE_LIMIT_EXCEEDED"]
        await advance(small, 0.1)
        assert codes(await spend(sender, 2)) == ["freed", "RATE_LIMIT_EXCEEDED"]


async def test_the_bucket_never_holds_more_than_its_capacity(small: App) -> None:
    async with client(small, "six") as sender:
        await advance(small, 600)
        assert await left(sender) == 6


async def test_an_error_counts_like_any_message(small: App) -> None:
    async with client(small, "three") as sender:
        await sender.ws.send("not json")
        await sender.send(type="nonsense")
        await sender.send(type="announce", text="needs an admin")
        await sender.send(type="free")
        answers = await sender.receive_many(4)
    assert codes(answers) == ["INVALID_MESSAGE", "UNKNOWN_MESSAGE_TYPE", "UNAUTHORIZED", "RATE_LIMIT_EXCEEDED"]


async def test_a_wallet_has_one_bucket_over_all_its_connections_to_the_endpoint(small: App) -> None:
    token = token_for(small, "busy")
    async with client(small, "six", token=token) as one, client(small, "six", token=token) as other:
        assert set(codes([*await spend(one, 3), *await spend(other, 3)])) == {"freed"}
        assert codes([*await spend(one, 1), *await spend(other, 1)]) == ["RATE_LIMIT_EXCEEDED"] * 2


async def test_wallets_and_endpoints_do_not_share_a_bucket(small: App) -> None:
    token = token_for(small, "here-and-there")
    async with client(small, "two", token=token) as busy:
        await spend(busy, 2)
    async with (
        client(small, "three", token=token) as elsewhere,
        client(small, "two", token=token_for(small, "calm")) as another,
    ):
        assert await left(elsewhere) == 3
        assert await left(another) == 2


async def test_reconnecting_does_not_refill_the_bucket_of_a_wallet(small: App) -> None:
    token = token_for(small, "comes-back")
    async with client(small, "two", token=token) as first:
        await spend(first, 2)
    async with client(small, "two", token=token, greeted=False) as second:
        ending = await ending_of(second)
    assert (ending.error["code"], ending.code) == ("RATE_LIMIT_EXCEEDED", 1008)


async def test_an_anonymous_client_has_a_bucket_per_connection(small: App) -> None:
    async with (
        client(small, "two") as one,
        client(small, "two") as other,
    ):
        assert await left(one) == 2
        assert await left(other) == 2


async def spend_from(app: App, address: str) -> int:
    """How many messages a new anonymous connection of `address` gets through."""
    async with client(app, "two", greeted=False, additional_headers=behind(address)) as sender:
        while (frame := await sender.receive())["type"] != "connection_established":
            if frame.get("code") == "RATE_LIMIT_EXCEEDED":
                return 0
        return await left(sender)


async def test_anonymous_clients_of_one_address_share_ten_times_the_limit(small: App) -> None:
    # Of 20 units each connection takes one, and each message.
    passed = [await spend_from(small, "192.0.2.1") for _ in range(9)]
    assert passed == [2] * 6 + [1] + [0] * 2
    assert await spend_from(small, "192.0.2.2") == 2


async def test_an_ipv6_address_shares_the_bucket_of_its_64(small: App) -> None:
    passed = [await spend_from(small, f"2001:db8:0:1::{index:x}") for index in range(1, 9)]
    assert passed == [2] * 6 + [1, 0]
    assert await spend_from(small, "2001:db8:0:2::1") == 2


async def test_loopback_has_no_bucket_of_an_address(small: App) -> None:
    assert [await spend_from(small, "127.0.0.1") for _ in range(12)] == [2] * 12


# ── the price of rows ───────────────────────────────────────────────────────────────────────────────────────────────


async def units_of(app: App, command: Frame, endpoint: str = "market-data") -> int:
    """What a command takes from a full bucket of 60."""
    async with client(app, endpoint) as sender:
        await sender.ask(**command)
        await sender.drain()
        passed = 0
        while (await sender.ask(type="unsubscribe", channel="market.T000"))["type"] == "unsubscription_confirmed":
            passed += 1
        return 60 - passed


@pytest.mark.parametrize(("count", "units"), [(1, 2), (100, 2), (101, 3), (250, 4)])
async def test_a_message_takes_one_and_one_more_per_started_100_symbols_of_its_answer(
    listing: App, count: int, units: int
) -> None:
    symbols = [f"T{number:03}" for number in range(count)]
    assert await units_of(listing, {"type": "SUBSCRIBE_SYMBOLS", "symbols": symbols}) == units


async def test_every_symbol_costs_as_many_as_there_are(listing: App) -> None:
    assert await units_of(listing, {"type": "SUBSCRIBE_SYMBOLS", "symbols": ["*"]}) == 5


async def test_a_list_of_tokens_costs_its_rows(listing: App) -> None:
    assert await units_of(listing, {"type": "get_all_tokens"}, "token-data") == 5


async def test_joining_a_group_costs_at_least_the_symbols_of_its_snapshot(listing: App) -> None:
    assert await units_of(listing, {"type": "subscribe", "channel": "market.*"}) >= 5


async def test_a_list_of_channels_costs_its_rows(listing: App) -> None:
    channels = [{"channel": f"market.T{number:03}"} for number in range(250)]
    assert await units_of(listing, {"type": "subscribe", "channels": channels}) >= 4


async def test_the_price_of_rows_may_make_the_bucket_negative_and_is_taken_afterwards() -> None:
    clock = ManualClock()
    async with running(clock, rate_limit_factor=0.01) as app:
        await list_tokens(app, 900)
        async with client(app, "market-data") as sender:
            answer = await sender.ask(type="SUBSCRIBE_SYMBOLS", symbols=["*"])
            assert answer["type"] == "symbols_subscribed"
            await sender.drain()
            refused = await sender.ask(type="get_subscriptions")
    assert refused["code"] == "RATE_LIMIT_EXCEEDED"
    assert refused["retryAfterMs"] == 50_000


# ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_client_that_refusals_do_not_stop_is_closed_with_1008(small: App) -> None:
    async with client(small, "three") as flood:
        for _ in range(7):
            await flood.send(type="free")
        ending = await ending_of(flood)
    assert codes(ending.frames) == ["freed"] * 3 + ["RATE_LIMIT_EXCEEDED"] * 3
    assert ending.code == 1008
    assert ending.reason.startswith("rate_limit")


async def test_the_bucket_of_refusals_is_refilled_too(small: App) -> None:
    async with client(small, "two") as eager:
        await spend(eager, 4)
        await advance(small, 30)
        assert codes(await spend(eager, 2)) == ["freed", "RATE_LIMIT_EXCEEDED"]


async def test_a_flood_on_one_connection_does_not_close_another_of_the_wallet_that_sends_nothing(small: App) -> None:
    token = token_for(small, "both")
    async with client(small, "two", token=token) as quiet, client(small, "two", token=token) as flood:
        for _ in range(5):
            await flood.send(type="free")
        assert (await ending_of(flood)).code == 1008
        assert (await quiet.ask(type="heartbeat"))["type"] == "heartbeat_ack"


# ── heartbeat and ping ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_heartbeat_and_ping_do_not_count_as_messages(small: App) -> None:
    async with client(small, "two") as sender:
        for _ in range(10):
            await sender.ask(type="heartbeat")
            await sender.send(type="ping")
            await sender.receive()
        assert await left(sender) == 2


async def test_heartbeat_and_ping_have_60_a_minute_per_connection(small: App) -> None:
    token = token_for(small, "lively")
    async with client(small, "six", token=token) as one, client(small, "six", token=token) as other:
        for number in range(61):
            await one.send(type="ping" if number % 2 else "heartbeat")
        answers = await one.receive_many(61)
        assert (await other.ask(type="heartbeat"))["type"] == "heartbeat_ack"
        await advance(small, 1)
        assert (await one.ask(type="heartbeat"))["type"] == "heartbeat_ack"
    assert codes(answers[:60]).count("RATE_LIMIT_EXCEEDED") == 0
    assert (answers[60]["code"], answers[60]["retryAfterMs"]) == ("RATE_LIMIT_EXCEEDED", 1000)


async def test_the_server_pings_after_30_seconds_of_silence_then_every_10_and_closes_after_60() -> None:
    clock = ManualClock()
    async with running(clock) as app, raw_socket(app, "market-data") as silent:
        moments = []
        for second in range(1, 61):
            await clock.advance(1)
            if second in (30, 40, 50, 60):
                received = await silent.receive()
                moments.append((second, received.opcode))
        closed = received.payload
    assert moments == [(30, PING), (40, PING), (50, PING), (60, CLOSE)]
    assert closed[:2] == (1008).to_bytes(2, "big")
    assert closed[2:].decode().startswith("heartbeat")


@pytest.mark.parametrize("life", [frame(PONG), frame(PING, b"x"), frame(TEXT, b"{"), frame(TEXT, b"", fin=False)])
async def test_any_whole_frame_of_the_client_begins_the_silence_anew(life: bytes) -> None:
    clock = ManualClock()
    async with running(clock, fragment_timeout_s=300) as app, raw_socket(app, "market-data") as lively:
        await clock.advance(25)
        await lively.send(life)
        async with client(app, "market-data") as witness:
            await witness.drain()
        await clock.advance(29)
        await lively.send(frame(PING, b"marker"))
        first = await lively.receive()
        while first.opcode == TEXT or first.payload == b"x":
            first = await lively.receive()
    assert (first.opcode, first.payload) == (PONG, b"marker")


async def test_a_part_of_a_frame_is_no_sign_of_life() -> None:
    clock = ManualClock()
    async with running(clock, fragment_timeout_s=300) as app, raw_socket(app, "market-data") as trickling:
        whole = frame(TEXT, b'{"type":"heartbeat"}')
        for second in range(10):
            await trickling.send(whole[second : second + 1])
            await clock.advance(6)
        code, reason = await trickling.ending()
    assert (code, reason.split()[0]) == (1008, "heartbeat")


async def test_a_client_that_answers_pings_stays_and_need_not_send_anything() -> None:
    clock = ManualClock()
    async with running(clock) as app, client(app, "market-data") as quiet:
        for _ in range(60):
            await clock.advance(10)
            await quiet.ws.ping()
        assert (await quiet.ask(type="heartbeat"))["type"] == "heartbeat_ack"


async def test_a_ping_of_the_client_is_answered_with_its_payload(app: App) -> None:
    async with raw_socket(app, "market-data") as pinging:
        await pinging.send(frame(PING, b"payload"))
        assert await pinging.receive_kind(PONG) == b"payload"


# ── fragments ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_fragmented_message_is_one_message_with_pings_between(app: App) -> None:
    async with raw_socket(app, "market-data") as sender:
        await sender.send(frame(TEXT, b'{"type":', fin=False) + frame(PING, b"between"))
        await sender.send(frame(CONTINUATION, b'"heartbeat"}'))
        assert await sender.receive_kind(PONG) == b"between"
        assert (await sender.receive_message())["type"] == "heartbeat_ack"


async def test_a_fragmented_message_has_30_seconds() -> None:
    clock = ManualClock()
    async with running(clock) as app, raw_socket(app, "market-data") as slow:
        await slow.send(frame(TEXT, b'{"type":', fin=False) + frame(PING))
        await slow.receive_kind(PONG)
        await clock.advance(29)
        await slow.send(frame(CONTINUATION, b'"heartbeat"', fin=False) + frame(PING))
        await slow.receive_kind(PONG)
        await clock.advance(2)
        code, reason = await slow.ending()
    assert (code, reason) == (1008, "incomplete_message")


async def test_the_sum_of_the_fragments_is_bounded_like_a_whole_message(app: App) -> None:
    async with raw_socket(app, "market-data") as sender:
        await sender.send(frame(TEXT, b"x" * 70_000, fin=False))
        await sender.send(frame(CONTINUATION, b"x" * 70_000, fin=False))
        code, _ = await sender.ending()
    assert code == 1009


async def test_fragments_of_all_connections_together_are_bounded_and_a_client_beyond_is_sent_away() -> None:
    async with (
        running(ManualClock(), fragments_max_bytes=100_000) as app,
        raw_socket(app, "market-data") as first,
        raw_socket(app, "token-data") as second,
    ):
        await first.send(frame(TEXT, b"x" * 30_000, fin=False) + frame(PING))
        await first.receive_kind(PONG)
        await second.send(frame(TEXT, b"x" * 80_000, fin=False))
        code, reason = await second.ending()
        assert code == 1013
        assert retry_after_ms(reason) > 0
        await first.send(frame(CONTINUATION, b"x"))
        assert (await first.receive_message())["code"] == "INVALID_MESSAGE"


async def test_what_fragments_held_is_free_again_once_they_are_complete_or_their_connection_is_gone() -> None:
    async with running(ManualClock(), fragments_max_bytes=100_000) as app:
        async with raw_socket(app, "market-data") as leaver:
            await leaver.send(frame(TEXT, b"x" * 90_000, fin=False) + frame(PING))
            await leaver.receive_kind(PONG)
            await leaver.send(frame(CLOSE))
            await leaver.receive_kind(CLOSE)
        async with raw_socket(app, "market-data") as sender:
            for _ in range(3):
                await sender.send(fragments(b"x" * 90_000, 30_000))
                assert (await sender.receive_message())["code"] == "INVALID_MESSAGE"


# ── closing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "bytes_sent",
    [
        pytest.param(frame(TEXT, b"{}", reserved_bits=4), id="a reserved bit"),
        pytest.param(frame(0x3, b"{}"), id="an unknown opcode"),
        pytest.param(frame(CONTINUATION, b"{}"), id="a continuation without a beginning"),
        pytest.param(frame(TEXT, b"{", fin=False) + frame(TEXT, b"{}"), id="a message inside a message"),
        pytest.param(frame(PING, b"x" * 126), id="a ping of more than 125 bytes"),
        pytest.param(frame(PING, b"x", fin=False), id="a ping in fragments"),
        pytest.param(b"\x81\x02{}", id="a frame without a mask"),
        pytest.param(frame(CLOSE, b"\x03"), id="a close of one byte"),
        pytest.param(frame(CLOSE, (1005).to_bytes(2, "big")), id="a close code that is not for the wire"),
    ],
)
async def test_a_broken_frame_closes_with_1002(app: App, bytes_sent: bytes) -> None:
    async with raw_socket(app, "market-data") as sender:
        await sender.send(bytes_sent)
        code, _ = await sender.ending()
    assert code == 1002


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
async def test_a_close_is_answered_with_its_code(app: App, code: int) -> None:
    async with raw_socket(app, "market-data") as leaver:
        await leaver.send(frame(CLOSE, code.to_bytes(2, "big") + b"done"))
        assert (await leaver.ending())[0] == code


async def test_a_stopping_server_sends_its_clients_away_with_1012_and_a_delay() -> None:
    async with running(ManualClock()) as app, client(app, "market-data") as one, client(app, "token-data") as other:
        await app.node.gateway.drain()
        endings = [await ending_of(each) for each in (one, other)]
    assert [each.code for each in endings] == [1012, 1012]
    assert all(0 <= retry_after_ms(each.reason) <= 5000 for each in endings)


async def test_an_admin_is_limited_like_everybody(small: App) -> None:
    async with (
        client(small, "two", token=token_for(small, "boss", Role.ADMIN)) as admin,
    ):
        assert await left(admin) == 2
