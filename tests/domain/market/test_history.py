"""Candles over memory and store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duelcast.domain.market.candles import CANDLE_MINUTES, Candle, Row, by_interval, candle
from duelcast.domain.market.posted import PostedPrice
from duelcast.errors import InvalidRequest
from tests.domain.market.market_room import DAY_BEGIN_S, MarketRoom, market_room, ticker

MINUTE = int(DAY_BEGIN_S // 60)
STEPS_MINUTES = (0, 1, 3, 59, 2, 720, 30, 719, 1_441, 7, 61, 1, 1_439, 5)


@pytest.fixture(params=["running", "restarted"])
async def lived(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[MarketRoom, list[Row]]]:
    """A market that has had prices for days, in one life or two, and a row of each of their minutes."""
    path = tmp_path / "duelcast.db"
    rows = []
    async with market_room(path=path) as room:
        feed = room.feed("venue", "FEED")
        minute = MINUTE
        for number, step in enumerate(STEPS_MINUTES):
            await room.advance(step * 60)
            minute += step
            prices = (10.0 + number, 50.0 - number, 1.0 + number, 20.0 + number)
            rows.append(Row(minute, prices[0], max(prices), min(prices), prices[-1]))
            await room.market.post_prices([PostedPrice(symbol="SOL", price=price) for price in prices])
            for price in prices:
                feed.accept(ticker(price, symbol="FEED"))
            if number % 2:
                await room.market.close()
        if request.param == "running":
            yield room, rows
    if request.param == "restarted":
        async with market_room(path=path, clock=room.clock) as again:
            yield again, rows


def expected(rows: list[Row], minutes: int, from_s: float, to_s: float) -> list[Candle]:
    return [candle(row) for row in by_interval(rows, minutes) if from_s <= row.minute * 60 < to_s]


@pytest.mark.parametrize("symbol", ["SOL", "FEED"])
@pytest.mark.parametrize("interval", CANDLE_MINUTES)
async def test_any_span_is_made_of_all_minutes(lived: tuple[MarketRoom, list[Row]], interval: str, symbol: str) -> None:
    room, rows = lived
    for from_s in (0.0, DAY_BEGIN_S, DAY_BEGIN_S + 1, DAY_BEGIN_S + 86_340, DAY_BEGIN_S + 100_000):
        for to_s in (DAY_BEGIN_S + 60, DAY_BEGIN_S + 90_001, DAY_BEGIN_S + 400_000.5, 1e11):
            if from_s < to_s:
                page = await room.market.history(symbol, from_s, to_s, interval)
                assert page.candles == expected(rows, CANDLE_MINUTES[interval], from_s, to_s)
                assert page.next_minute is None


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_pages_follow_one_another_without_gap_or_repetition(
    lived: tuple[MarketRoom, list[Row]], limit: int
) -> None:
    room, rows = lived
    seen: list[Candle] = []
    from_s = 0.0
    while True:
        page = await room.market.history("SOL", from_s, None, "1m", limit)
        assert len(page.candles) <= limit
        seen += page.candles
        if page.next_minute is None:
            break
        from_s = page.next_minute * 60.0
    assert seen == [candle(row) for row in rows]


async def test_without_a_beginning_it_is_the_last_day_before_the_end(lived: tuple[MarketRoom, list[Row]]) -> None:
    room, rows = lived
    newest = rows[-1].minute
    page = await room.market.history("SOL", None, None, "1m")
    assert page.candles == [candle(row) for row in rows if row.minute > newest - 1_440]
    end_s = (MINUTE + 1_500) * 60.0
    page = await room.market.history("SOL", None, end_s, "1m")
    assert page.candles == [candle(row) for row in rows if MINUTE + 60 <= row.minute < MINUTE + 1_500]


@pytest.mark.parametrize(
    ("from_s", "to_s", "interval", "limit", "field"),
    [
        (None, None, "2m", 10, "interval"),
        (10.0, 10.0, "1m", 10, "from"),
        (11.0, 10.0, "1m", 10, "from"),
        (None, None, "1m", 0, "limit"),
        (None, None, "1m", 1_441, "limit"),
    ],
)
async def test_a_span_that_is_none_is_refused(
    from_s: float | None, to_s: float | None, interval: str, limit: int, field: str
) -> None:
    async with market_room() as room:
        room.feed().accept(ticker(1.0))
        with pytest.raises(InvalidRequest) as refusal:
            await room.market.history("SOL", from_s, to_s, interval, limit)
        assert refusal.value.field == field
