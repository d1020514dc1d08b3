"""Token data (protocol §4), as a client sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.clock import ManualClock
from tests.e2e.market import INTERVALS, advance, data_of, post_price, post_trade, prices, put_token, subscribed
from tests.serving import Frame, client, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENDPOINT = "token-data"
TOKEN_FIELDS = {
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
    "price",
    "change_24h",
    "volume_24h",
    "market_cap",
    "fdv",
    "liquidity",
    "updated_at",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app() -> AsyncIterator[App]:
    """One server for the tests that look at tokens of their own."""
    async with running(ManualClock(), rate_limit_factor=0) as app:
        yield app


def symbols_of(frame: Frame) -> list[str]:
    """The symbols of a `token_update`."""
    return [token["symbol"] for token in frame["data"]]


# ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_all_tokens_are_sent_on_connect() -> None:
    async with running(ManualClock()) as app:
        await put_token(app, "META")
        await post_price(app, "PRICED", 2.0)
        async with client(app, ENDPOINT, greeted=False) as newcomer:
            listed, established = await newcomer.drain()
    assert (listed["type"], listed["channel"]) == ("token_update", "public.tokens")
    assert isinstance(listed["seq"], int)
    assert symbols_of(listed) == ["META", "PRICED"]
    assert all(token.keys() == TOKEN_FIELDS for token in listed["data"])
    assert [token["price"] for token in listed["data"]] == [None, 2.0]
    assert established["type"] == "connection_established"


async def test_without_tokens_the_list_is_empty() -> None:
    async with running(ManualClock()) as app, client(app, ENDPOINT, greeted=False) as newcomer:
        listed = await newcomer.receive()
    assert (listed["type"], listed["data"]) == ("token_update", [])


async def test_the_connection_is_on_the_channel_of_all_tokens(app: App) -> None:
    async with client(app, ENDPOINT) as follower:
        held = (await follower.ask(type="get_subscriptions"))["data"]
    assert [(each["channel"], each["kind"]) for each in held] == [("public.tokens", "latest")]


# ── the list ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_list_is_pushed_complete_at_most_every_10_seconds_where_tokens_change() -> None:
    clock = ManualClock()
    async with running(clock) as app:
        await put_token(app, "FIRST")
        await clock.advance(20)
        async with client(app, ENDPOINT) as follower:
            moments = []
            for second in range(30):
                if second in (0, 3, 6):
                    await put_token(app, f"ADDED{second}")
                await clock.advance(1)
                moments += [(second, symbols_of(each)) for each in await follower.drain()]
    (first, first_list), (second, second_list) = moments
    assert first <= 1
    assert 9 <= second - first <= 11
    assert first_list == ["ADDED0", "FIRST"]
    assert second_list == ["ADDED0", "ADDED3", "ADDED6", "FIRST"]


@pytest.mark.parametrize("change", [{"name": "Renamed"}, {"status": "inactive"}])
async def test_a_change_of_metadata_or_status_is_a_change_of_the_list(change: dict[str, str]) -> None:
    clock = ManualClock()
    async with running(clock) as app:
        await put_token(app, "CHANGING")
        await clock.advance(20)
        async with client(app, ENDPOINT) as follower:
            await put_token(app, "CHANGING", **change)
            await clock.advance(11)
            (listed,) = await follower.drain()
    assert listed["data"][0].items() >= change.items()


async def test_a_price_is_no_change_of_the_list() -> None:
    clock = ManualClock()
    async with running(clock) as app:
        await post_price(app, "MOVING", 1.0)
        await clock.advance(20)
        async with client(app, ENDPOINT) as follower:
            await post_price(app, "MOVING", 2.0)
            await clock.advance(25)
            assert await follower.drain() == []


# ── SUBSCRIBE_SYMBOLS ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_following_a_symbol_brings_its_market_and_its_token(app: App) -> None:
    await post_price(app, "BOTH", 3.0, liquidity=5.0)
    await post_trade(app, "BOTH", 3.0, 1.0, "buy")
    await advance(app, 6)
    async with client(app, ENDPOINT) as follower:
        answer, state = await subscribed(follower, "both", "nowhere")
    assert answer["type"] == "symbols_subscribed"
    assert (answer["symbols"], answer["unknown"]) == (["BOTH"], ["NOWHERE"])
    assert sorted(each["type"] for each in state) == [
        "MARKET_PRICE",
        "MARKET_SENTIMENT",
        *["MARKET_VOLUME"] * len(INTERVALS),
        "token_data",
    ]
    (token,) = [each for each in state if each["type"] == "token_data"]
    assert (token["channel"], token["symbol"]) == ("token.BOTH", "BOTH")
    assert token["data"].keys() == TOKEN_FIELDS
    assert (token["data"]["price"], token["data"]["liquidity"]) == (3.0, 5.0)


async def test_it_follows_the_channels_of_market_and_token(app: App) -> None:
    await post_price(app, "TWO", 3.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "TWO")
        held = (await follower.ask(type="get_subscriptions"))["data"]
    assert [each["channel"] for each in held] == ["public.tokens", "market.TWO", "token.TWO"]


async def test_where_all_symbols_are_unknown_the_answer_has_the_usual_type_of_errors(app: App) -> None:
    async with client(app, ENDPOINT) as follower:
        answer = await follower.ask(type="SUBSCRIBE_SYMBOLS", symbols=["NOPE"])
    assert (answer["type"], answer["code"]) == ("error", "INVALID_SYMBOLS")


async def test_an_asterisk_is_every_symbol_now_and_later(app: App) -> None:
    async with client(app, ENDPOINT) as follower:
        answer, _ = await subscribed(follower, "*")
        await post_price(app, "NEWCOMER", 2.0)
        frames = await follower.drain()
    assert answer["symbols"] == ["*"]
    assert prices(frames) == [("NEWCOMER", 2.0)]
    assert [each["symbol"] for each in frames if each["type"] == "token_data"] == ["NEWCOMER"]


async def test_a_changed_token_is_pushed_at_most_once_a_second_with_the_newest(app: App) -> None:
    await post_price(app, "ONCE", 1.0)
    await advance(app, 2)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "ONCE")
        pushed = []
        for price in (2.0, 3.0, 4.0, 5.0):
            await post_price(app, "ONCE", price)
            await advance(app, 0.4)
            pushed += [data["price"] for data in data_of(await follower.drain(), "token_data")]
        await advance(app, 1)
        pushed += [data["price"] for data in data_of(await follower.drain(), "token_data")]
    assert pushed == [2.0, 4.0, 5.0]


async def test_a_token_that_the_connection_did_not_subscribe_to_is_not_pushed(app: App) -> None:
    await post_price(app, "MINE", 1.0)
    await post_price(app, "OTHERS", 1.0)
    await advance(app, 2)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "MINE")
        await post_price(app, "OTHERS", 2.0)
        await post_price(app, "MINE", 2.0)
        frames = await follower.drain()
    assert {each["channel"] for each in frames} == {"market.MINE", "token.MINE"}


async def test_after_unsubscribing_nothing_of_the_symbol_follows_but_the_list_stays(app: App) -> None:
    await post_price(app, "GONE", 1.0)
    async with client(app, ENDPOINT) as follower:
        await subscribed(follower, "GONE")
        answer = await follower.ask(type="UNSUBSCRIBE_SYMBOLS", symbols=["*"])
        held = (await follower.ask(type="get_subscriptions"))["data"]
        await advance(app, 2)
        await post_price(app, "GONE", 2.0)
        assert [each["type"] for each in await follower.drain() if each["type"] != "token_update"] == []
    assert (answer["type"], answer["symbols"]) == ("symbols_unsubscribed", ["*"])
    assert [each["channel"] for each in held] == ["public.tokens"]


# ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_get_token_answers_with_the_token(app: App) -> None:
    await post_price(app, "ASKED", 4.0)
    async with client(app, ENDPOINT) as asker:
        answer = await asker.ask(type="get_token", symbol="asked")
    assert (answer["type"], answer["symbol"]) == ("token_data", "ASKED")
    assert answer["data"].keys() == TOKEN_FIELDS
    assert answer["data"]["price"] == 4.0
    assert "channel" not in answer


async def test_get_token_of_an_unknown_symbol_is_token_not_found(app: App) -> None:
    async with client(app, ENDPOINT) as asker:
        answer = await asker.ask(type="get_token", symbol="UNHEARD")
    assert (answer["type"], answer["code"]) == ("error", "TOKEN_NOT_FOUND")


@pytest.mark.parametrize("symbol", ["", "x" * 33, "*", "a b", 7])
async def test_get_token_needs_a_symbol(app: App, symbol: object) -> None:
    async with client(app, ENDPOINT) as asker:
        answer = await asker.ask(type="get_token", symbol=symbol)
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "symbol")


async def test_get_all_tokens_answers_with_the_list_and_no_channel(app: App) -> None:
    await put_token(app, "LISTED")
    async with client(app, ENDPOINT) as asker:
        answer = await asker.ask(type="get_all_tokens")
    assert answer["type"] == "token_update"
    assert "LISTED" in symbols_of(answer)
    assert "channel" not in answer
    assert "seq" not in answer
