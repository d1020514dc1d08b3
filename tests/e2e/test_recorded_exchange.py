"""Real input, from the socket of a venue to that of a client: through ccxt, the market, channels and the gateway."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable

import pytest

from tests.feeds.recorded_exchange import SESSIONS, RecordedExchange, recorded_exchange
from tests.feeds.recorded_sessions import RecordedTime, Session
from tests.serving import Client, Frame, client, running

INTERVALS = {"1m", "5m", "15m", "1h", "4h", "1d"}
PATIENCE_S = 60


class Watch:
    """What a client was pushed, by symbol."""

    def __init__(self) -> None:
        self.prices: defaultdict[str, list[float]] = defaultdict(list)
        self.volumes: dict[tuple[str, str], Frame] = {}

    def take(self, frame: Frame) -> None:
        data: Frame = frame.get("data", {})
        if frame["type"] == "MARKET_PRICE":
            self.prices[data["symbol"]].append(data["price"])
        elif frame["type"] == "MARKET_VOLUME":
            self.volumes[data["symbol"], data["interval"]] = data

    def has_all(self, session: Session) -> bool:
        """Whether the last price of each symbol and every trade has come."""
        return all(
            self.prices[symbol] and self.prices[symbol][-1] == session.tickers_of(symbol)[-1].price
            for symbol in session.symbols
        ) and all(
            (self.volumes.get((symbol, interval)) or {}).get("trades_count") == len(session.trades_of(symbol))
            for symbol in {trade.symbol for trade in session.trades}
            for interval in INTERVALS
        )


async def watched(trader: Client, venue: RecordedExchange) -> Watch:
    """Everything that a follower of all symbols is pushed while the venue plays its session."""
    watch = Watch()
    await venue.subscribed.wait()
    venue.start.set()
    async with asyncio.timeout(PATIENCE_S):
        while not watch.has_all(venue.session):
            watch.take(await trader.receive())
    return watch


def changes(prices: list[float]) -> list[float]:
    return [price for number, price in enumerate(prices) if number == 0 or price != prices[number - 1]]


@pytest.mark.parametrize("make_session", SESSIONS.values(), ids=SESSIONS)
async def test_a_client_gets_the_prices_and_volumes_of_a_venue(make_session: Callable[[], Session]) -> None:
    session = make_session()
    async with (
        recorded_exchange(session, lockstep=True) as venue,
        running(RecordedTime(session), feed=venue.feed, price_interval_ms=0, flush_interval_ms=0) as app,
        client(app, "market-data") as trader,
    ):
        await trader.ask(type="SUBSCRIBE_SYMBOLS", symbols=["*"])
        watch = await watched(trader, venue)
    for symbol in session.symbols:
        assert changes(watch.prices[symbol]) == changes([ticker.price for ticker in session.tickers_of(symbol)])
    assert len(watch.volumes) == len({trade.symbol for trade in session.trades}) * len(INTERVALS)
    for symbol, interval in watch.volumes:
        trades = session.trades_of(symbol)
        volume = watch.volumes[symbol, interval]
        assert volume["volume"] == pytest.approx(math.fsum(trade.price * trade.quantity for trade in trades))
        for side in ("buy", "sell"):
            expected = math.fsum(trade.price * trade.quantity for trade in trades if trade.side == side)
            assert volume[f"{side}_volume"] == pytest.approx(expected)
