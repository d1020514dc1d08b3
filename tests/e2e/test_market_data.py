"""Market data (protocol §3), as a client sees it."""

from __future__ import annotations

from typing import Any

import pytest

from duelcast.app import App
from tests.e2e.market import (
    INTERVALS,
    advance,
    data_of,
    platform,
    post_price,
    post_trade,
    prices,
    put_token,
    subscribed,
)
from tests.serving import Frame, client

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENDPOINT = "market-data"


def kinds(frames: list[Frame]) -> list[str]:
    return [each["type"] for each in frames]


# ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_nothing_is_sent_on_connect_but_connection_established(app: App) -> None:
    await post_price(app, "HELLO", 1.0)
    async with client(app, ENDPOINT, greeted=False) as newcomer:
        frames = await newcomer.drain()
    assert kinds(frames) == ["connection_established"]


# ── SUBSCRIBE_SYMBOLS ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_symbols_come_in_any_case_and_are_answered_in_upper_case_without_repeats(app: App) -> None:
    await post_price(app, "UP", 1.0)
    await post_price(app, "DOWN", 1.0)
    async with client(app, ENDPOINT) as follower:
        answer, _ = await subscribed(follower, "up", "DOWN", "Up", "dOWN", "UP")
    assert answer["type"] == "symbols_subscribed"
    assert (answer["symbols"], answer["unknown"]) == (["UP", "DOWN"], [])


async def test_the_current_state_of_each_symbol_follows_symbol_by_symbol(app: App) -> None:
    for symbol in ("FIRST", "SECOND"):
        await post_price(app, symbol, 5.0)
        await post_trade(app, symbol, 5.0, 2.0, "buy")
    await advance(app, 6)
    async with client(app, ENDPOINT) as follower:
        _, state = await subscribed(follower, "SECOND", "FIRST")
    half = len(state) // 2
    for symbol, frames in (("SECOND", state[:half]), ("FIRST", state[half:])):
        assert {each["channel"] for each in frames} == {f"market.{symbol}", f"metadata.{symbol}"}
        assert sorted(kinds(frames)) == [
            "MARKET_PRICE",
            "MARKET_SENTIMENT",
            *["MARKET_VOLUME"] * 6,
            "token_update",
        ]
        assert [data["interval"] for data in data_of(frames, "MARKET_VOLUME")] == list(INTERVALS)


async def test_the_state_consists_of_the_messages_as_they_were_pushed(app: App) -> None:
    await post_price(app, "PUSHED", 1.0)
    async with client(app, ENDPOINT) as early, client(app, ENDPOINT) as late:
        await subscribed(early, "PUSHED")
        await advance(app, 1)
        await post_price(app, "PUSHED", 2.0)
        (push,) = await early.drain()
        _, state = await subscribed(late, "PUSHED")
    assert push in state


async def test_a_symbol_without_a_price_has_its_metadata_alone(app: App) -> None:
    await put_token(app, "PRICELESS")
    async with client(app, ENDPOINT) as follower:
        _, state = await subscribed(follower, "PRICELESS")
    assert kinds(state) == ["token_update"]


async def test_a_symbol_that_never_had_a_trade_has_no_volume(app: App) -> None:
    await post_price(app, "UNTRADED", 1.0)
    await advance(app, 6)
    async with client(app, ENDPOINT) as follower:
        _, state = await subscribed(follower, "UNTRADED")
    assert "MARKET_VOLUME" not in kinds(state)


async def test_subscribing_again_repeats_the_state(app: App) -> None:
    await post_price(app, "AGAIN", 1.0)
    async with client(app, ENDPOINT) as follower:
        first, second = await subscribed(follower, "AGAIN"), await subscribed(follower, "AGAIN")
    assert second[1] == first[1]


@pytest.mark.parametrize("command", ["SUBSCRIBE_SYMBOLS", "UNSUBSCRIBE_SYMBOLS"])
@pytest.mark.parametrize("symbols", [[], ["S"] * 1001, "SOL", None, {}])
async def test_symbols_are_a_list_of_1_to_1000(app: App, command: str, symbols: Any) -> None:
    async with client(app, ENDPOINT) as follower:
        answer = await follower.ask(type=command, symbols=symbols)
    assert (answer["type"], answer["code"], answer["field"]) == ("ERROR", "INVALID_REQUEST", "symbols")


async def test_1000_symbols_are_taken_at_once(app: App) -> None:
    await post_price(app, "ONE", 1.0)
    symbols = ["ONE", *(f"NONE{number}" for number in range(999))]
    async with client(app, ENDPOINT) as follower:
        answer, _ = await subscribed(follower, *symbols)
    assert (answer["symbols"], len(answer["unknown"])) == (["ONE"], 999)


@pytest.mark.parametrize("command", ["SUBSCRIBE_SYMBOLS", "UNSUBSCRIBE_SYMBOLS"])
@pytest.mark.parametrize("bad", ["", "x" * 33, "SOL USDC", "SOL/USDC", "**", "sôl", "SOL\n", "SOL*", 7, None])
async def test_a_string_outside_the_grammar_is_an_invalid_request_with_its_place(
    app: App, command: str, bad: object
) -> None:
    async with client(app, ENDPOINT) as follower:
        answer = await follower.ask(type=command, symbols=["OK", "OK", "OK", bad])
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "symbols[3]")


async def test_a_message_with_a_bad_symbol_subscribes_none(app: App) -> None:
    await post_price(app, "FINE", 1.0)
    async with client(app, ENDPOINT) as follower:
        await follower.ask(type="SUBSCRIBE_SYMBOLS", symbols=["FINE", "not fine"])
        assert (await follower.ask(type="get_subscriptions"))["data"] == []


@pytest.mark.parametrize("symbol", ["YFI-BTC", "$WIF", "A_B.C", "x" * 32, "9"])
async def test_all_of_the_grammar_is_taken(app: App, symbol: str) -> None:
    await post_price(app, symbol, 1.0)
    async with client(app, ENDPOINT) as follower:
        answer, _ = await subscribed(follower, symbol)
    assert answer["symbols"] == [symbol.upper()]


async def test_where_all_symbols_are_unknown_the_answer_is_invalid_symbols(app: App) -> None:
    async with client(app, ENDPOINT) as follower:
        answer = await follower.ask(type="SUBSCRIBE_SYMBOLS", symbols=["NOPE", "NOPE2"])
    assert (answer["type"], answer["code"]) == ("ERROR", "INVALID_SYMBOLS")


async def test_unknown_symbols_are_listed_and_not_remembered(app: App) -> None:
    await post_price(app, "KNOWN", 1.0)
    async with client(app, ENDPOINT) as follower:
        answer, _ = await subscribed(follower, "KNOWN", "later", "LATER")
        await post_price(app, "LATER", 1.0)
        assert await follower.drain() == []
    assert (answer["symbols"], answer["unknown"]) == (["KNOWN"], ["LATER"])


async def test_an_asterisk_is_every_symbol_now_and_later(app: App) -> None:
    await post_price(app, "NOW", 1.0)
    async with client(app, ENDPOINT) as follower:
        answer, state = await subscribed(follower, "*")
        await post_price(app, "LATERON", 2.0)
        later = await follower.drain()
    assert (answer["symbols"], answer["unknown"]) == (["*"], [])
    assert ("NOW", 1.0) in prices(state)
    assert prices(later) == [("LATERON", 2.0)]
    assert {"market.LATERON", "metadata.LATERON"} == {each["channel"] for each in later}


async def test_other_names_beside_an_asterisk_are_ignored(app: App) -> None:
    async with client(app, ENDPOINT) as follower:
        answer, _ = await subscribed(follower, "SOMETHING", "*", "UNKNOWN")
        held = (await follower.ask(type="get_subscriptions"))["data"]
    assert (answer["symbols"], answer["unknown"]) == (["*"], [])
    assert [each["channel"] for each in held] == ["market.*", "metadata.*"]


async def test_a_symbol_beside_everything_is_confirmed_with_its_state_and_pushed_once(app: App) -> None:
    await post_price(app, "BESIDE", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "*")
        answer, state = await subscribed(follower, "BESIDE")
        await advance(app, 1)
        await post_price(app, "BESIDE", 2.0)
        pushes = await follower.drain()
    assert answer["symbols"] == ["BESIDE"]
    assert prices(state) == [("BESIDE", 1.0)]
    assert prices(pushes) == [("BESIDE", 2.0)]


async def test_everything_takes_the_place_of_single_symbols(app: App) -> None:
    await post_price(app, "SINGLE", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "SINGLE")
        await subscribed(follower, "*")
        await advance(app, 1)
        await post_price(app, "SINGLE", 2.0)
        assert prices(await follower.drain()) == [("SINGLE", 2.0)]


# ── UNSUBSCRIBE_SYMBOLS ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_after_unsubscribing_nothing_of_the_symbol_follows(app: App) -> None:
    await post_price(app, "LEFT", 1.0)
    await post_price(app, "KEPT", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "LEFT", "KEPT")
        answer = await follower.ask(type="UNSUBSCRIBE_SYMBOLS", symbols=["left"])
        await advance(app, 1)
        await post_price(app, "LEFT", 2.0)
        await put_token(app, "LEFT", "renamed")
        await post_price(app, "KEPT", 2.0)
        pushes = await follower.drain()
    assert (answer["type"], answer["symbols"]) == ("symbols_unsubscribed", ["LEFT"])
    assert {each["channel"] for each in pushes} == {"market.KEPT"}


async def test_unsubscribing_what_was_not_subscribed_is_answered_the_same(app: App) -> None:
    async with client(app, ENDPOINT) as follower:
        answer = await follower.ask(type="UNSUBSCRIBE_SYMBOLS", symbols=["NEVER", "never"])
    assert (answer["type"], answer["symbols"]) == ("symbols_unsubscribed", ["NEVER"])


@pytest.mark.parametrize("followed", [("ENDING",), ("*",)])
async def test_an_asterisk_ends_all(app: App, followed: tuple[str, ...]) -> None:
    await post_price(app, "ENDING", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, *followed)
        answer = await follower.ask(type="UNSUBSCRIBE_SYMBOLS", symbols=["*"])
        assert (await follower.ask(type="get_subscriptions"))["data"] == []
    assert answer["symbols"] == ["*"]


async def test_leaving_one_symbol_of_everything_changes_nothing(app: App) -> None:
    await post_price(app, "ONEOFALL", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "*")
        answer = await follower.ask(type="UNSUBSCRIBE_SYMBOLS", symbols=["ONEOFALL"])
        await advance(app, 1)
        await post_price(app, "ONEOFALL", 2.0)
        pushes = await follower.drain()
    assert answer["type"] == "symbols_unsubscribed"
    assert prices(pushes) == [("ONEOFALL", 2.0)]


# ── MARKET_PRICE ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_price_posted_over_http_is_pushed_with_all_that_was_told(app: App) -> None:
    await post_price(app, "TOLD", 1.0)
    told = {"change_24h": -1.5, "volume_24h": 1e6, "high_24h": 130.0, "low_24h": 110.0}
    async with client(app, ENDPOINT) as follower, platform(app) as caller:
        await subscribed(follower, "TOLD")
        await advance(app, 1)
        body = [{"symbol": "told", "price": 123.5, "timestamp": "2027-01-15T09:59:59.5+02:00", **told}]
        answer = await caller.post("/tokens/prices", json=body)
        (push,) = await follower.drain()
    assert answer.status_code == 200
    assert push["channel"] == "market.TOLD"
    assert push["data"] == told | {
        "symbol": "TOLD",
        "price": 123.5,
        "timestamp": "2027-01-15T07:59:59.500Z",
        "source": "http",
        "stale": False,
    }


async def test_the_time_of_a_price_without_one_is_that_of_receipt(app: App) -> None:
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "*")
        await post_price(app, "TIMELESS", 1.0)
        frames = await follower.drain()
    (push,) = [each for each in frames if each["type"] == "MARKET_PRICE"]
    assert push["data"]["timestamp"] == push["timestamp"]


async def test_a_value_that_nobody_told_is_null(app: App) -> None:
    await post_price(app, "NULLS", 1.0)
    async with client(app, ENDPOINT) as follower:
        _, state = await subscribed(follower, "NULLS")
    (data,) = data_of(state, "MARKET_PRICE")
    assert data["volume_24h"] is None


async def test_a_price_that_did_not_change_is_not_pushed(app: App) -> None:
    await post_price(app, "SAME", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "SAME")
        await advance(app, 1)
        await post_price(app, "SAME", 1.0)
        assert await follower.drain() == []


async def test_of_prices_within_100_ms_the_newest_is_pushed(app: App) -> None:
    await post_price(app, "BUSY", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "BUSY")
        await advance(app, 1)
        await post_price(app, "BUSY", 2.0)
        first = await follower.drain()
        await post_price(app, "BUSY", 3.0)
        await advance(app, 0.09)
        await post_price(app, "BUSY", 4.0)
        early = await follower.drain()
        await advance(app, 0.01)
        late = await follower.drain()
    assert (prices(first), prices(early), prices(late)) == ([("BUSY", 2.0)], [], [("BUSY", 4.0)])


async def test_a_posted_price_is_pushed_as_stale_after_5_minutes_and_fresh_with_the_next(app: App) -> None:
    await post_price(app, "OLD", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "OLD")
        await advance(app, 299)
        assert await follower.drain() == []
        await advance(app, 2)
        turned = await follower.drain()
        await post_price(app, "OLD", 1.0)
        await advance(app, 1)
        fresh = await follower.drain()
    assert [(data["price"], data["stale"]) for data in data_of(turned, "MARKET_PRICE")] == [(1.0, True)]
    assert [data["stale"] for data in data_of(fresh, "MARKET_PRICE")] == [False]


# ── MARKET_VOLUME ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_trades_posted_over_http_become_volumes_of_every_interval(app: App) -> None:
    await post_price(app, "TRADED", 10.0)
    async with client(app, ENDPOINT) as follower, platform(app) as caller:
        await subscribed(follower, "TRADED")
        await advance(app, 1)
        trade = {"symbol": "TRADED", "price": 10.0}
        trades = [trade | {"quantity": 3, "side": "buy", "id": 1}, trade | {"quantity": 0.5, "side": "sell", "id": "2"}]
        answer = await caller.post("/tokens/trades", json=[*trades, trades[0]])
        await advance(app, 1)
        volumes = data_of(await follower.drain(), "MARKET_VOLUME")
    assert answer.json() == {"accepted": 2, "dropped": 0, "duplicate": 1}
    assert [data["interval"] for data in volumes] == list(INTERVALS)
    for data in volumes:
        assert (data["symbol"], data["volume"], data["trades_count"]) == ("TRADED", 35.0, 2)
        assert (data["buy_volume"], data["sell_volume"]) == (30.0, 5.0)


async def test_volumes_are_pushed_at_most_once_a_second(app: App) -> None:
    await post_trade(app, "SECONDS", 1.0, 1.0, "buy")
    await advance(app, 2)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "SECONDS")
        counts = []
        for _ in range(4):
            await post_trade(app, "SECONDS", 1.0, 1.0, "buy")
            await advance(app, 0.5)
            counts.append(len(data_of(await follower.drain(), "MARKET_VOLUME")))
    assert sorted(counts) == [0, 0, 6, 6]


async def test_a_volume_that_did_not_change_is_not_pushed(app: App) -> None:
    await post_trade(app, "QUIET", 1.0, 1.0, "buy")
    await advance(app, 2)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "QUIET")
        await advance(app, 30)
        assert data_of(await follower.drain(), "MARKET_VOLUME") == []


async def test_a_trade_that_leaves_a_window_is_a_change_of_its_volume(app: App) -> None:
    await post_trade(app, "LEAVING", 1.0, 1.0, "buy")
    await advance(app, 2)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "LEAVING")
        await advance(app, 60)
        volumes = data_of(await follower.drain(), "MARKET_VOLUME")
    assert [(data["interval"], data["volume"], data["trades_count"]) for data in volumes] == [("1m", 0, 0)]


# ── MARKET_SENTIMENT ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_symbol_with_a_price_and_no_trade_is_neutral(app: App) -> None:
    await post_price(app, "NEUTRAL", 1.0)
    async with client(app, ENDPOINT) as follower:
        _, state = await subscribed(follower, "NEUTRAL")
    (data,) = data_of(state, "MARKET_SENTIMENT")
    assert (data["sentiment_score"], data["buy_pressure"], data["sell_pressure"]) == (0, 0, 0)
    assert data["volume_trend"] == "stable"


async def test_sentiment_is_the_balance_of_buying_and_selling_and_comes_within_5_seconds(app: App) -> None:
    await post_price(app, "BALANCE", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "BALANCE")
        await post_trade(app, "BALANCE", 1.0, 3.0, "buy")
        await post_trade(app, "BALANCE", 1.0, 1.0, "sell")
        await advance(app, 5)
        (data,) = data_of(await follower.drain(), "MARKET_SENTIMENT")
        await advance(app, 30)
        assert data_of(await follower.drain(), "MARKET_SENTIMENT") == []
    assert (data["symbol"], data["volume_trend"]) == ("BALANCE", "increasing")
    assert (data["sentiment_score"], data["buy_pressure"], data["sell_pressure"]) == (0.5, 0.75, 0.25)


# ── token_update ────────────────────────────────────────────────────────────────────────────────────────────────────

METADATA_FIELDS = {
    "symbol",
    "name",
    "address",
    "decimals",
    "image_url",
    "description",
    "color",
    "socials",
    "websites",
    "status",
    "updated_at",
}


async def test_metadata_put_over_http_is_pushed_as_an_array_of_one_without_market_fields(app: App) -> None:
    await post_price(app, "META", 1.0)
    metadata = {
        "name": "Meta",
        "address": "So1ana",
        "decimals": 9,
        "image_url": "https://example.org/meta.png",
        "description": "A token.",
        "color": "#00ff00",
        "socials": {"forum": "https://example.org/forum"},
        "websites": [{"label": "Home", "url": "https://example.org"}],
    }
    async with client(app, ENDPOINT) as follower, platform(app) as caller:
        await subscribed(follower, "META")
        assert (await caller.put("/tokens/meta", json=metadata)).status_code == 200
        (push,) = await follower.drain()
    assert (push["type"], push["channel"]) == ("token_update", "metadata.META")
    (token,) = push["data"]
    assert token.keys() == METADATA_FIELDS
    assert token.items() >= {**metadata, "symbol": "META", "status": "active"}.items()


async def test_an_added_token_is_told_to_who_follows_everything(app: App) -> None:
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "*")
        await put_token(app, "ADDED")
        frames = await follower.drain()
    assert [[token["symbol"] for token in data] for data in data_of(frames, "token_update")] == [["ADDED"]]


async def test_a_token_that_becomes_inactive_is_told(app: App) -> None:
    await put_token(app, "RETIRED")
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "RETIRED")
        await put_token(app, "RETIRED", status="inactive")
        frames = await follower.drain()
    assert [data[0]["status"] for data in data_of(frames, "token_update")] == ["inactive"]


async def test_metadata_that_did_not_change_is_not_pushed(app: App) -> None:
    await put_token(app, "UNCHANGED")
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "UNCHANGED")
        await put_token(app, "UNCHANGED")
        assert await follower.drain() == []


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_symbols_are_channels_that_subscribe_and_get_subscriptions_know(app: App) -> None:
    await post_price(app, "CHANNEL", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "CHANNEL")
        held = (await follower.ask(type="get_subscriptions"))["data"]
        assert (await follower.ask(type="unsubscribe", channel="market.CHANNEL"))["type"] == "unsubscription_confirmed"
        rest = (await follower.ask(type="get_subscriptions"))["data"]
    assert [(each["channel"], each["kind"]) for each in held] == [
        ("market.CHANNEL", "latest"),
        ("metadata.CHANNEL", "latest"),
    ]
    assert [each["channel"] for each in rest] == ["metadata.CHANNEL"]


@pytest.mark.parametrize("channel", ["market.UNHEARD", "metadata.UNHEARD", "token.HELLO", "public.tokens", "market"])
async def test_a_channel_of_an_unknown_symbol_or_of_another_endpoint_is_unknown(app: App, channel: str) -> None:
    async with client(app, ENDPOINT) as follower:
        answer = await follower.ask(type="subscribe", channel=channel)
    assert (answer["type"], answer["code"]) == ("ERROR", "UNKNOWN_CHANNEL")


async def test_a_client_that_comes_back_gets_what_changed_meanwhile(app: App) -> None:
    await post_price(app, "BACK", 1.0)
    async with client(app, ENDPOINT) as first:
        _, state = await subscribed(first, "BACK")
        confirmed = await first.ask(type="subscribe", channel="market.BACK")
        last_seq = max(each["seq"] for each in state if each["channel"] == "market.BACK")
    await advance(app, 1)
    await post_price(app, "BACK", 2.0)
    position = f"market.BACK,{confirmed['epoch']},{last_seq}"
    async with client(app, ENDPOINT, f"?since={position}", greeted=False) as second:
        answer, *missed, _ = await second.receive_until(type="connection_established")
    assert answer["recovered"] is True
    assert prices(missed) == [("BACK", 2.0)]
    assert kinds(missed) == ["MARKET_PRICE"]
