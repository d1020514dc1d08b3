"""Names of earlier versions (protocol §14)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.market import post_price, put_token
from tests.e2e.metrics import connections
from tests.e2e.slow import until
from tests.serving import Client, Frame, client, running, token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN_LIST = "public.token_list"


def without_volatile(frame: Frame) -> Frame:
    return {name: value for name, value in frame.items() if name not in {"requestId", "timestamp"}}


async def answer_of(app: App, endpoint: str, **message: Any) -> list[Frame]:
    """What a new connection is answered, and what follows, but for the list of tokens that clients of old get."""
    async with client(app, endpoint) as sender:
        answer = await sender.ask(**message)
        follows = [frame for frame in await sender.drain() if frame.get("channel") != TOKEN_LIST]
    return [without_volatile(answer), *follows]


@pytest.mark.parametrize(
    ("old", "new"),
    [("subscribe_tokens", "SUBSCRIBE_SYMBOLS"), ("unsubscribe_tokens", "UNSUBSCRIBE_SYMBOLS")],
)
async def test_an_old_name_of_token_data_is_answered_as_the_new_one(app: App, old: str, new: str) -> None:
    await post_price(app, "OLDNAME", 1.0)
    old_answer = await answer_of(app, "token-data", type=old, symbols=["oldname"])
    assert old_answer == await answer_of(app, "token-data", type=new, symbols=["oldname"])


@pytest.mark.parametrize("endpoint", ["market-data", "token-data"])
@pytest.mark.parametrize(
    ("old", "symbols"),
    [
        ({"symbols": ["oldform", "NOWHERE"]}, ["OLDFORM", "NOWHERE"]),
        ({"symbols": ["*"]}, ["*"]),
        ({"tokens": ["oldform"]}, ["OLDFORM"]),
        ({"tokens": "all"}, ["*"]),
    ],
)
async def test_subscribe_with_symbols_or_tokens_is_answered_as_subscribe_symbols(
    app: App, endpoint: str, old: dict[str, Any], symbols: list[str]
) -> None:
    await post_price(app, "OLDFORM", 1.0)
    old_answer = await answer_of(app, endpoint, type="subscribe", **old)
    assert old_answer == await answer_of(app, endpoint, type="SUBSCRIBE_SYMBOLS", symbols=symbols)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"symbols": ["SOL"], "tokens": "all"}, "symbols"),
        ({"channel": "market.SOL", "tokens": "all"}, "channel"),
        ({"symbols": ["SOL"], "since": {"epoch": "e", "seq": 1}}, "symbols"),
        ({"tokens": "some"}, "tokens"),
        ({"tokens": []}, "tokens"),
        ({}, "channel"),
    ],
)
async def test_subscribe_names_one_thing(app: App, message: dict[str, Any], field: str) -> None:
    async with client(app, "market-data") as sender:
        answer = await sender.ask(type="subscribe", **message)
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", field)


async def test_subscribe_takes_channels_by_their_names_alone(app: App) -> None:
    await post_price(app, "BYNAME", 1.0)
    async with client(app, "market-data") as sender:
        await sender.send(type="subscribe", channels=["market.BYNAME", {"channel": "metadata.BYNAME"}, "nowhere"])
        answers = [frame for frame in await sender.drain() if "seq" not in frame or "kind" in frame]
    assert [(frame.get("channel"), frame.get("field")) for frame in answers] == [
        ("market.BYNAME", None),
        ("metadata.BYNAME", None),
        (None, "channels[2]"),
    ]


@pytest.mark.parametrize("path", sorted(find_endpoints()))
async def test_ping_takes_and_ignores_data(app: App, path: str) -> None:
    endpoint = path.rpartition("/")[2]
    async with client(app, endpoint, token=token_for(app, "veteran", Role.ADMIN)) as sender:
        answer = await sender.ask(type="ping", timestamp=7, data={"deep": [1, {"any": None}]})
        refused = await sender.ask(type="ping", date=1)
    assert (answer["type"], answer["timestamp"]) == ("pong", 7)
    assert (refused["code"], refused["field"]) == ("INVALID_REQUEST", "date")


# ── the list of those who live on it ────────────────────────────────────────────────────────────────────────────────

OLD_MESSAGES: list[dict[str, Any]] = [
    {"type": "get_all_tokens"},
    {"type": "subscribe_tokens", "symbols": ["*"]},
    {"type": "unsubscribe_tokens", "symbols": ["*"]},
    {"type": "subscribe", "tokens": "all"},
    {"type": "subscribe", "symbols": ["OLD"]},
]


def prices_of(frames: list[Frame]) -> list[dict[str, float]]:
    """The prices in each list of tokens."""
    lists = [frame["data"] for frame in frames if frame["type"] == "token_update"]
    return [{token["symbol"]: token["price"] for token in tokens} for tokens in lists]


async def followed_by(follower: Client) -> list[str]:
    held = (await follower.ask(type="get_subscriptions"))["data"]
    return [each["channel"] for each in held if each["channel"].startswith("public.")]


async def position_of(follower: Client, channel: str) -> int:
    held = {each["channel"]: each["seq"] for each in (await follower.ask(type="get_subscriptions"))["data"]}
    seq: int = held[channel]
    return seq


@pytest.mark.parametrize("message", OLD_MESSAGES)
async def test_a_client_of_old_sees_moved_prices_in_the_list_every_10_seconds(message: dict[str, Any]) -> None:
    clock = ManualClock()
    async with running(clock) as app:
        await post_price(app, "OLD", 1.0)
        await put_token(app, "QUIET")
        await clock.advance(20)
        async with client(app, "token-data") as veteran:
            answer = await veteran.ask(**message)
            assert prices_of([answer, *await veteran.drain()]) == [{"OLD": 1.0, "QUIET": None}]
            assert await followed_by(veteran) == [TOKEN_LIST]
            await clock.advance(20)
            await veteran.drain()
            seen = []
            for price in (2.0, 3.0, 4.0):
                await post_price(app, "OLD", price)
                await clock.advance(5)
                await post_price(app, "OLD", price + 0.5)
                await clock.advance(5)
                frames = [frame for frame in await veteran.drain() if frame.get("channel") == TOKEN_LIST]
                assert all(frame["seq"] for frame in frames)
                seen += prices_of(frames)
            await clock.advance(60)
            assert prices_of(await veteran.drain())[1:] == []
    assert len(seen) in (3, 4)
    assert all(tokens["OLD"] > 1 and tokens["QUIET"] is None for tokens in seen)
    assert [tokens["OLD"] for tokens in seen] == sorted({tokens["OLD"] for tokens in seen})


async def test_the_list_of_old_brings_the_last_change_and_then_rests() -> None:
    clock = ManualClock()
    async with running(clock) as app:
        await post_price(app, "OLD", 1.0)
        await clock.advance(20)
        async with client(app, "token-data") as veteran:
            await veteran.ask(type="get_all_tokens")
            await clock.advance(30)
            await veteran.drain()
            await post_price(app, "OLD", 2.0)
            await clock.advance(0.2)
            await veteran.ask(type="get_all_tokens")  # which builds the list that is next to be published
            await post_price(app, "OLD", 3.0)
            await clock.advance(60)
            seen = prices_of(await veteran.drain())
    assert seen[-1] == {"OLD": 3.0}
    assert len(seen) <= 2


async def test_who_does_not_ask_for_the_list_is_not_sent_moved_prices_in_it(app: App) -> None:
    await post_price(app, "NEWSTYLE", 1.0)
    async with client(app, "token-data") as newcomer:
        await newcomer.ask(type="authenticate", token=token_for(app, "newcomer"))
        await newcomer.ask(type="ping", data={})
        await newcomer.ask(type="SUBSCRIBE_SYMBOLS", symbols=["NEWSTYLE"])
        await newcomer.ask(type="subscribe", channel="market.NEWSTYLE")
        assert await followed_by(newcomer) == ["public.tokens"]


async def test_the_list_of_old_is_made_only_while_it_is_followed() -> None:
    clock = ManualClock()
    async with running(clock) as app:
        await post_price(app, "OLD", 1.0)
        async with client(app, "token-data") as veteran:
            await veteran.ask(type="get_all_tokens")
            await clock.advance(20)
            before = await position_of(veteran, TOKEN_LIST)
        await until(lambda: not connections(app))
        for price in (2.0, 3.0, 4.0):
            await post_price(app, "OLD", price)
            await clock.advance(20)
        async with client(app, "token-data") as veteran:
            answer = await veteran.ask(type="get_all_tokens")
            after = await position_of(veteran, TOKEN_LIST)
    assert prices_of([answer]) == [{"OLD": 4.0}]
    assert after <= before + 1  # nobody recovers what came before the pause: that takes a number


# ── others ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_old_name_demands_the_fields_of_the_new_one(app: App) -> None:
    async with client(app, "token-data") as sender:
        answer = await sender.ask(type="subscribe_tokens", tokens=["SOL"])
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "tokens")


@pytest.mark.parametrize("old", ["subscribe_tokens", "unsubscribe_tokens"])
async def test_an_old_name_of_token_data_is_unknown_on_market_data(app: App, old: str) -> None:
    async with client(app, "market-data") as sender:
        answer = await sender.ask(type=old, symbols=["SOL"])
    assert (answer["type"], answer["code"]) == ("ERROR", "UNKNOWN_MESSAGE_TYPE")


@pytest.mark.parametrize("endpoint", ["market-data", "token-data", "arena"])
async def test_authenticate_is_auth_everywhere(app: App, endpoint: str) -> None:
    async with client(app, endpoint) as visitor:
        answer = await visitor.ask(type="authenticate", token=token_for(app, "veteran"))
    assert (answer["type"], answer["user"]["wallet_address"]) == ("auth_success", "veteran")


async def test_an_old_name_that_an_endpoint_declares_is_answered_as_the_new_one(app: App) -> None:
    async with client(app, "arena") as visitor:
        answer = await visitor.ask(type="proclaim", text="hear")
    assert answer["code"] == "UNAUTHORIZED"


async def test_an_old_name_that_is_refused_is_told_its_successor(app: App) -> None:
    async with client(app, "arena") as sender:
        answer = await sender.ask(type="OLD_WRITE", room="r", text="t")
    assert answer["code"] == "UNKNOWN_MESSAGE_TYPE"
    assert "`OLD_WRITE`" in answer["message"]
    assert "`write`" in answer["message"]


SUCCESSORS = {
    "contest": {
        "JOIN_ROOM": "join_contest_room",
        "LEAVE_ROOM": "leave_contest_room",
        "SEND_CHAT_MESSAGE": "send_chat_message",
    },
    "market-data": {"subscribe_tokens": "SUBSCRIBE_SYMBOLS", "unsubscribe_tokens": "UNSUBSCRIBE_SYMBOLS"},
    "monitor": {
        "GET_SYSTEM_SETTINGS": "get_system_settings",
        "get_status": "get_system_status",
        "get_metrics": "get_system_status",
    },
    "system-settings": {"GET_SYSTEM_SETTINGS": "get_all_settings"},
    "skyduel": {"command": "service_command"},
}
OLD_NAMES = sorted({name for names in SUCCESSORS.values() for name in names if not name.endswith("_tokens")})


@pytest.mark.parametrize("path", sorted(find_endpoints()))
async def test_a_refused_old_name_is_told_a_successor_that_this_endpoint_understands(app: App, path: str) -> None:
    endpoint = path.rpartition("/")[2]
    known = find_endpoints()[path].commands
    async with client(app, endpoint, token=token_for(app, "veteran", Role.ADMIN)) as sender:
        for name in OLD_NAMES:
            answer = await sender.ask(type=name)
            assert answer["code"] == "UNKNOWN_MESSAGE_TYPE"
            hints = re.findall(r"`([^`]+)`", answer["message"])[1:]
            successor = SUCCESSORS.get(endpoint, {}).get(name)
            assert set(hints) <= known.keys()
            assert ("successor" in answer["message"]) == (successor is not None)
            if successor is not None:
                assert hints == [successor]
