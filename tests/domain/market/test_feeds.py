"""What is known of feeds, for readiness and metrics."""

from __future__ import annotations

from prometheus_client.samples import Sample
from structlog.testing import capture_logs

from duelcast.domain.market.feeds import FeedState
from duelcast.domain.market.ticks import TokenInfo
from duelcast.feeds.source import Sink
from tests.domain.market.market_room import MarketRoom, ticker, trade


async def test_a_feed_is_starting_until_it_reads_its_venue(room: MarketRoom) -> None:
    sink: Sink = room.feed("venue", "SOL", "BTC")
    starting = FeedState(
        name="venue", status="starting", reason=None, age_ms=None, symbols=2, records=0, awaited=["BTC", "SOL"]
    )
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


async def test_what_a_lively_feed_never_brought_and_what_fails_in_it_is_named(room: MarketRoom) -> None:
    sink: Sink = room.feed("venue", "SOL", "BTC", "ETH")
    assert list(room.market.feed_gaps()) == []
    sink.connected()
    sink.accept(ticker(1.0, symbol="SOL"))
    sink.pair_failed("ETH/USD", "The venue does not list it.")
    assert list(room.market.feed_gaps()) == [
        ("venue", "ETH/USD: The venue does not list it."),
        ("venue", "No price has been received for BTC, ETH."),
    ]
    assert gap_series(room) == {("pair_failed", "ETH/USD"), ("symbol_awaited", "BTC"), ("symbol_awaited", "ETH")}
    sink.failed("The venue cannot be reached.")
    assert list(room.market.feed_gaps()) == []
    sink.connected()
    sink.pair_works("ETH/USD")
    for symbol in ("BTC", "ETH"):
        sink.accept(trade(symbol=symbol))
    assert list(room.market.feed_gaps()) == []
    assert gap_series(room) == set()


async def test_many_gaps_are_named_in_part_and_counted(room: MarketRoom) -> None:
    room.feed("venue", *(f"T{number:03}" for number in range(130))).connected()
    ((_, sentence),) = room.market.feed_gaps()
    assert sentence.startswith("No price has been received for T000, T001")
    assert sentence.endswith("T009 and 120 more.")
    values = {sample.labels["symbol"]: sample.value for sample in gap_samples(room)}
    assert (len(values), values["_other"]) == (101, 30)


async def test_a_pair_that_fails_is_in_the_log_once_until_it_works(room: MarketRoom) -> None:
    sink: Sink = room.feed("venue")
    with capture_logs() as logs:
        for _ in range(3):
            sink.pair_failed("ETH/USD", "The venue refuses its ticker.")
        for _ in range(2):
            sink.pair_works("ETH/USD")
    assert [(log["event"], log["pair"]) for log in logs] == [
        ("feed_pair_failed", "ETH/USD"),
        ("feed_pair_recovered", "ETH/USD"),
    ]


def gap_samples(room: MarketRoom) -> list[Sample]:
    names = ("duelcast_feed_pair_failed", "duelcast_feed_symbol_awaited")
    return [sample for metric in room.market.collect() if metric.name in names for sample in metric.samples]


def gap_series(room: MarketRoom) -> set[tuple[str, str]]:
    return {
        (sample.name.removeprefix("duelcast_feed_"), list(sample.labels.values())[1]) for sample in gap_samples(room)
    }


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
        ("duelcast_clock_ahead_seconds",): 0,
        ("duelcast_clock_steps_total",): 0,
        ("duelcast_market_symbols",): 1,
        ("duelcast_market_unstored",): 1,
        ("duelcast_market_lost_minutes_total",): 0,
    }
