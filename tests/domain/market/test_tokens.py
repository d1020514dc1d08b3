"""Tokens: metadata, token_data, the complete list."""

from __future__ import annotations

import pytest

from duelcast.domain.market.errors import TokenNotFound
from duelcast.domain.market.posted import TokenMetadataInput, WebsiteInput
from duelcast.domain.market.settings import MarketSettings
from duelcast.domain.market.ticks import TokenInfo
from duelcast.errors import InvalidRequest
from tests.domain.market.market_room import ADMIN, MarketRoom, market_room, ticker

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
MARKET_FIELDS = {"price", "change_24h", "volume_24h", "market_cap", "fdv", "liquidity"}


def metadata_updates(room: MarketRoom) -> list[dict[str, object]]:
    found = [push for push in room.pushes("token_update") if push.channel.startswith("metadata.")]
    assert all(len(push.data) == 1 for push in found)
    return [push.data[0] for push in found]


def lists(room: MarketRoom) -> list[tuple[float, list[str]]]:
    """When the complete list was pushed, and its symbols."""
    return [
        (push.at_s, [token["symbol"] for token in push.data])
        for push in room.pushes("token_update")
        if push.channel == "public.tokens"
    ]


async def test_an_added_token_is_told_on_both_channels(room: MarketRoom) -> None:
    room.feed().accept(ticker(1.5))
    (metadata,) = metadata_updates(room)
    assert set(metadata) == METADATA_FIELDS
    assert (metadata["symbol"], metadata["name"], metadata["status"]) == ("SOL", None, "active")
    (token,) = room.pushes("token_data")
    assert token.channel == "token.SOL"
    assert token.body["symbol"] == "SOL"
    assert set(token.data) == METADATA_FIELDS | MARKET_FIELDS
    assert token.data["price"] == 1.5


async def test_metadata_alone_makes_a_token_without_price(room: MarketRoom) -> None:
    room.feed().accept(TokenInfo(symbol="SOL", name="Solana"))
    token = room.market.token("SOL")
    assert (token.name, token.price, token.volume_24h) == ("Solana", None, None)
    assert room.pushes("token_data")[0].data["price"] is None
    assert room.pushes("MARKET_PRICE") == []


async def test_metadata_is_told_where_it_changed(room: MarketRoom) -> None:
    sink = room.feed()
    for name in ("Solana", "Solana", "Wrapped Solana"):
        sink.accept(TokenInfo(symbol="SOL", name=name))
    assert [update["name"] for update in metadata_updates(room)] == ["Solana", "Wrapped Solana"]


async def test_what_a_feed_does_not_know_leaves_what_is_known(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(TokenInfo(symbol="SOL", name="Solana", decimals=9))
    sink.accept(TokenInfo(symbol="SOL", active=False))
    token = room.market.token("SOL")
    assert (token.name, token.decimals, token.status) == ("Solana", 9, "inactive")
    assert metadata_updates(room)[-1]["status"] == "inactive"


async def test_metadata_of_a_feed_that_breaks_the_bounds_counts_as_unknown(room: MarketRoom) -> None:
    room.feed().accept(
        TokenInfo(
            symbol="SOL",
            name="x" * 101,
            decimals=256,
            image_url="http://venue.example/sol.png",
            socials={"twitter": "javascript:alert(1)"},
            websites=[{"label": "Home", "url": "https://sol.example"}],
        )
    )
    token = room.market.token("SOL")
    assert (token.name, token.decimals, token.image_url, token.socials) == (None, None, None, {})
    assert [(site.label, site.url) for site in token.websites] == [("Home", "https://sol.example")]


async def test_token_data_comes_at_most_once_a_second_with_the_newest(room: MarketRoom) -> None:
    sink = room.feed()
    for price in range(1, 21):
        sink.accept(ticker(float(price)))
        await room.advance(0.0625)
    await room.advance(5)
    pushes = room.pushes("token_data")
    assert [push.at_s for push in pushes] == [0, 1, 2]
    assert pushes[-1].data["price"] == 20.0


async def test_an_unchanged_token_is_not_told_again(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0))
    await room.advance(2)
    sink.accept(ticker(1.0))
    await room.advance(2)
    assert len(room.pushes("token_data")) == 1


async def test_the_list_is_published_from_the_start_and_then_where_tokens_came_or_changed(room: MarketRoom) -> None:
    await room.advance(2)
    assert lists(room) == [(1, [])]
    sink = room.feed()
    sink.accept(ticker(1.0, symbol="SOL"))
    sink.accept(ticker(1.0, symbol="BTC"))
    await room.advance(30)
    assert lists(room) == [(1, []), (11, ["BTC", "SOL"])]
    sink.accept(ticker(2.0, symbol="SOL"))
    await room.advance(30)
    assert len(lists(room)) == 2
    sink.accept(TokenInfo(symbol="SOL", active=False))
    await room.advance(30)
    assert len(lists(room)) == 3


async def test_the_list_is_published_at_most_once_per_interval(room: MarketRoom) -> None:
    sink = room.feed()
    for number in range(100):
        sink.accept(ticker(1.0, symbol=f"T{number}"))
        await room.advance(0.5)
    times_s = [at_s for at_s, _ in lists(room)]
    assert times_s == [1, 11, 21, 31, 41]


async def test_the_list_knows_a_new_token_at_once_and_a_new_price_within_a_second(room: MarketRoom) -> None:
    sink = room.feed()
    assert room.market.token_list().data == []
    sink.accept(ticker(1.0))
    listed = room.market.token_list()
    assert [token.price for token in listed.data] == [1.0]
    sink.accept(ticker(2.0))
    assert room.market.token_list() is listed
    await room.advance(1)
    assert [token.price for token in room.market.token_list().data] == [2.0]


async def test_putting_a_token_takes_all_its_metadata(room: MarketRoom) -> None:
    token = await room.market.put_token(
        "sol",
        TokenMetadataInput(
            name="Solana",
            address="So11111111111111111111111111111111111111112",
            decimals=9,
            image_url="https://sol.example/sol.png",
            description="A chain.",
            color="#14f195",
            socials={"twitter": "https://twitter.example/sol"},
            websites=[WebsiteInput(label="Home", url="https://sol.example")],
            status="inactive",
        ),
        ADMIN,
    )
    assert token == room.market.token("SOL")
    assert (token.name, token.decimals, token.status) == ("Solana", 9, "inactive")
    assert token.socials == {"twitter": "https://twitter.example/sol"}
    assert [(site.label, site.url) for site in token.websites] == [("Home", "https://sol.example")]
    assert metadata_updates(room)[0]["color"] == "#14f195"


async def test_a_token_that_cannot_be_put_is_refused() -> None:
    given = TokenMetadataInput(name="A", address="a", decimals=0)
    async with market_room(MarketSettings(max_symbols=1)) as room:
        await room.market.put_token("A", given, ADMIN)
        await room.market.put_token("A", given, ADMIN)
        with pytest.raises(InvalidRequest, match=r"the limit is 1\."):
            await room.market.put_token("B", given, ADMIN)
        with pytest.raises(InvalidRequest, match="A symbol has"):
            await room.market.put_token("B/C", given, ADMIN)


async def test_symbols_are_found_in_any_case_and_listed_in_order(room: MarketRoom) -> None:
    sink = room.feed()
    for symbol in ("SOL", "BTC", "ETH"):
        sink.accept(ticker(1.0, symbol=symbol))
    assert room.market.knows("sol")
    assert not room.market.knows("DOGE")
    assert list(room.market.symbols()) == ["BTC", "ETH", "SOL"]
    assert [token.symbol for token in room.market.tokens()] == ["BTC", "ETH", "SOL"]
    assert room.market.token("eth").symbol == "ETH"


async def test_an_unknown_token_is_not_found(room: MarketRoom) -> None:
    with pytest.raises(TokenNotFound):
        room.market.token("DOGE")
    with pytest.raises(TokenNotFound):
        await room.market.history("DOGE", None, None, "1m")


async def test_history_gives_candles_of_the_interval(room: MarketRoom) -> None:
    sink = room.feed()
    for price in (1.0, 2.0, 3.0):
        sink.accept(ticker(price))
        await room.advance(60)
    assert [candle.close for candle in (await room.market.history("sol", None, None, "1m")).candles] == [1.0, 2.0, 3.0]
    (candle,) = (await room.market.history("SOL", None, None, "1h")).candles
    assert (candle.timestamp, candle.open, candle.close) == ("2027-01-15T00:00:00.000Z", 1.0, 3.0)
    with pytest.raises(InvalidRequest, match="`interval` must be one of"):
        await room.market.history("SOL", None, None, "2m")
