"""What is known of feeds, for readiness and metrics."""

from __future__ import annotations

from duelcast.domain.market.sink import FeedState
from duelcast.domain.market.ticks import TokenInfo
from duelcast.feeds.source import Sink
from tests.domain.market.market_room import MarketRoom, ticker, trade


async def test_a_feed_is_starting_until_it_reads_its_venue(room: MarketRoom) -> None:
    sink: Sink = room.feed("venue", "SOL", "BTC")
    starting = FeedState(name="venue", status="starting", reason=None, age_ms=None, symbols=2, records=0)
    assert room.market.feed_states() == [starting]
    sink.connected()
    assert room.market.feed_states()[0].status == "running"


async def test_a_failed_feed_says_why_until_it_is_connected_again(room: MarketRoom) -> None:
    sink = room.feed()
    sink.failed("the venue refused the connection")
    (failed,) = room.market.feed_states()
    assert (failed.status, failed.reason) == ("failed", "the venue refused the connection")
    sink.connected()
    (running,) = room.market.feed_states()
    assert (running.status, running.reason) == ("running", None)


async def test_the_age_of_a_feed_is_that_of_its_newest_record(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0))
    await room.advance(1.5)
    (state,) = room.market.feed_states()
    assert (state.status, state.age_ms, state.symbols) == ("running", 1_500, 1)


async def test_metrics_count_records_by_feed_and_kind(room: MarketRoom) -> None:
    sink = room.feed("venue")
    sink.accept(ticker(1.0))
    sink.accept(ticker(2.0))
    sink.accept(trade())
    sink.accept(TokenInfo(symbol="SOL", name="Solana"))
    sink.accept(ticker(0.0))
    await room.advance(2)
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in room.market.collect()
        for sample in metric.samples
    }
    assert values == {
        ("duelcast_feed_records_total", "venue", "ticker"): 2,
        ("duelcast_feed_records_total", "venue", "trade"): 1,
        ("duelcast_feed_records_total", "venue", "token"): 1,
        ("duelcast_feed_dropped_total", "venue", "invalid"): 1,
        ("duelcast_feed_age_seconds", "venue"): 2,
        ("duelcast_feed_up", "venue"): 1,
        ("duelcast_market_symbols",): 1,
        ("duelcast_market_unstored",): 1,
        ("duelcast_market_lost_minutes_total",): 0,
    }
