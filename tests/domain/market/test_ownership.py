"""Where several feeds give one symbol, the one named first is used."""

from __future__ import annotations

from duelcast.domain.market.posted import PostedPrice, PostedTrade, TokenMetadataInput
from duelcast.domain.market.ticks import TokenInfo
from tests.domain.market.market_room import ADMIN, MarketRoom, ticker, trade


def sources(room: MarketRoom) -> list[str]:
    return [push.data["source"] for push in room.pushes("MARKET_PRICE", "SOL")]


async def test_the_records_of_a_feed_named_later_are_dropped_and_counted(room: MarketRoom) -> None:
    first, second = room.feed("first"), room.feed("second")
    first.accept(ticker(1.0))
    second.accept(ticker(2.0))
    second.accept(trade(price=2.0))
    second.accept(TokenInfo(symbol="SOL", name="Other"))
    token = room.market.token("SOL")
    assert (token.price, token.name) == (1.0, None)
    counted = {
        (sample.labels["feed"], sample.labels["reason"]): sample.value
        for metric in room.market.collect()
        for sample in metric.samples
        if sample.name == "duelcast_feed_dropped_total"
    }
    assert counted == {("second", "not_owner"): 3}


async def test_a_claim_counts_before_the_first_record(room: MarketRoom) -> None:
    room.feed("first", "SOL")
    room.feed("second", "SOL").accept(ticker(2.0))
    assert not room.market.knows("SOL")


async def test_a_feed_named_first_takes_a_symbol_over_when_it_first_brings_it(room: MarketRoom) -> None:
    first, second = room.feed("first"), room.feed("second")
    second.accept(ticker(2.0, market_cap=5.0))
    await room.advance(1)
    first.accept(ticker(1.0))
    second.accept(ticker(3.0))
    await room.advance(1)
    assert room.prices() == [2.0, 1.0]
    assert sources(room) == ["second", "first"]
    assert room.market.token("SOL").market_cap is None
    assert [state.symbols for state in room.market.feed_states()] == [1, 0]


async def test_a_new_owner_is_told_also_where_its_price_is_the_same(room: MarketRoom) -> None:
    first, second = room.feed("first"), room.feed("second")
    second.accept(ticker(2.0))
    await room.advance(1)
    first.accept(ticker(2.0))
    assert sources(room) == ["second", "first"]


async def test_the_silence_of_a_former_owner_does_not_make_a_symbol_stale(room: MarketRoom) -> None:
    first, second = room.feed("first"), room.feed("second")
    second.accept(ticker(2.0))
    await room.advance(20)
    first.accept(ticker(1.0))
    await room.advance(15)
    assert [push.data["stale"] for push in room.pushes("MARKET_PRICE", "SOL")] == [False, False]


async def test_what_is_posted_for_a_symbol_of_a_feed_is_dropped(room: MarketRoom) -> None:
    room.feed("venue", "SOL")
    prices = await room.market.post_prices([PostedPrice(symbol="sol", price=1.0), PostedPrice(symbol="abc", price=1.0)])
    trades = await room.market.post_trades([PostedTrade(symbol="SOL", price=1.0, quantity=1.0, side="buy")])
    assert (prices.accepted, prices.dropped) == (1, 1)
    assert (trades.accepted, trades.dropped, trades.duplicate) == (0, 1, 0)
    assert room.market.symbols() == ["ABC"]


async def test_a_feed_takes_over_what_was_posted(room: MarketRoom) -> None:
    sink = room.feed("venue")
    await room.market.post_prices([PostedPrice(symbol="SOL", price=1.0)])
    await room.advance(1)
    sink.accept(ticker(2.0))
    assert sources(room) == ["http", "venue"]
    assert (await room.market.post_prices([PostedPrice(symbol="SOL", price=3.0)])).dropped == 1


async def test_trade_ids_of_a_former_owner_are_no_duplicates(room: MarketRoom) -> None:
    first, second = room.feed("first"), room.feed("second")
    second.accept(trade(trade_id="1"))
    first.accept(trade(trade_id="1"))
    await room.advance(1)
    assert room.volumes("1m")[0].data["trades_count"] == 2


async def test_metadata_that_was_put_wins_over_that_of_the_feed(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(TokenInfo(symbol="SOL", name="Venue's name", image_url="https://venue.example/sol.png"))
    await room.market.put_token("sol", TokenMetadataInput(name="Solana", address="So111", decimals=9), ADMIN)
    sink.accept(TokenInfo(symbol="SOL", name="Venue's name", color="#00ffa3"))
    token = room.market.token("SOL")
    assert (token.name, token.image_url, token.color) == ("Solana", "https://venue.example/sol.png", "#00ffa3")


async def test_putting_again_removes_what_is_left_out(room: MarketRoom) -> None:
    described = TokenMetadataInput(name="S", address="a", decimals=9, description="Old")
    await room.market.put_token("SOL", described, ADMIN)
    token = await room.market.put_token("SOL", TokenMetadataInput(name="S", address="a", decimals=9), ADMIN)
    assert token.description is None
