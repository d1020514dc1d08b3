"""The market: records of feeds and of platforms in, prices, volumes, sentiment and tokens out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from prometheus_client.core import Metric

from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.market.book import TokenBook
from duelcast.domain.market.candles import CANDLE_MINUTES, Candle, candles
from duelcast.domain.market.events import Token, TokenListUpdate
from duelcast.domain.market.intake import Intake
from duelcast.domain.market.metrics import market_metrics
from duelcast.domain.market.outlet import MarketOutlet
from duelcast.domain.market.ownership import Dropped, Ownership
from duelcast.domain.market.posted import PostedPrice, PostedTrade, PostResult, TokenMetadataInput
from duelcast.domain.market.receipt import ReceiptTime
from duelcast.domain.market.settings import MarketSettings
from duelcast.domain.market.sink import FeedState, MarketSink, feed_state
from duelcast.domain.market.staleness import Staleness
from duelcast.domain.market.ticks import Tick, Ticker, Trade
from duelcast.domain.market.volumes import TradeBoard
from duelcast.errors import InvalidRequest


class Market:
    """Everything is held in memory. `settings` may be replaced at any time, and acts without restart.

    Symbols are upper-case; what is posted, put or asked for may name them in any case.
    """

    def __init__(self, publisher: Publisher, clock: Clock, limits: MarketSettings) -> None:
        self.settings = limits
        self._clock = clock
        self._receipt = ReceiptTime(clock)
        self._ownership = Ownership()
        self._book = TokenBook(lambda: self.settings.max_symbols)
        self._outlet = MarketOutlet(publisher, clock, self._receipt, self._book, lambda: self.settings)
        self._board = TradeBoard(publisher, clock, self._receipt, self._outlet, lambda: self.settings)
        self._staleness = Staleness(clock, self._book, self._ownership, self._outlet, lambda: self.settings)
        self._intake = Intake(clock, self._receipt, self._book, self._ownership, self._outlet, self._board.traded)

    def sink(self, feed_name: str, symbols: frozenset[str]) -> MarketSink:
        """The way in for a feed. The first feed that asks ranks first; `symbols` are those it is known to bring."""
        return MarketSink(self._intake, self._ownership.add_feed(feed_name, symbols))

    async def run(self) -> None:
        """Do all background work until cancelled; once per market. What it raises is a defect."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outlet.prices.run(), name="market-prices")
            tasks.create_task(self._outlet.tokens.run(), name="market-tokens")
            tasks.create_task(self._outlet.run_token_list(), name="market-token-list")
            tasks.create_task(self._board.run_volumes(), name="market-volumes")
            tasks.create_task(self._board.run_sentiment(), name="market-sentiment")
            tasks.create_task(self._staleness.run(), name="market-staleness")

    def knows(self, symbol: str) -> bool:
        """Whether there is a token `symbol`."""
        return symbol.upper() in self._book

    def symbols(self) -> Sequence[str]:
        """All symbols, sorted; not to be changed."""
        return self._book.symbols()

    def token(self, symbol: str) -> Token:
        """Raises `errors.TokenNotFound`."""
        return self._book[symbol.upper()].token(self._receipt.now_s())

    def tokens(self) -> list[Token]:
        """All tokens, sorted by symbol."""
        return self._book.tokens(self._receipt.now_s())

    def token_list(self) -> TokenListUpdate:
        """All tokens: added ones and metadata at once, market fields at most a second old. The same object until it is
        built anew."""
        return self._outlet.token_list()

    def post_prices(self, prices: list[PostedPrice]) -> PostResult:
        """Take prices in their order; one for an unknown symbol adds the token."""
        return self._post([_ticker(price) for price in prices])

    def post_trades(self, trades: list[PostedTrade]) -> PostResult:
        """Take trades in their order; one for an unknown symbol adds the token."""
        return self._post([_trade(trade) for trade in trades])

    def put_token(self, symbol: str, metadata: TokenMetadataInput) -> Token:
        """Replace what was put of a token, or add one; a field that is left out is as its feed tells.

        Raises `errors.InvalidRequest` where `symbol` is none, or there is no room for another.
        """
        try:
            entry = self._intake.put_metadata(symbol.upper(), metadata)
        except Dropped as dropped:
            if dropped.reason == "bad_symbol":
                raise InvalidRequest("A symbol has 1 to 32 of A-Z 0-9 _ $ . -", field="symbol") from None
            limit = self.settings.max_symbols
            raise InvalidRequest(f"At most {limit} tokens are kept.", field="symbol") from None
        return entry.token(self._receipt.now_s())

    def history(self, symbol: str, from_s: float | None, to_s: float | None, interval: str) -> list[Candle]:
        """Candles of the last 24 h that begin at `from_s` or later and before `to_s` (epoch seconds), oldest first.

        `interval` is one of `CANDLE_MINUTES`. An interval without a price has no candle.
        Raises `errors.TokenNotFound`, and `errors.InvalidRequest` for another interval.
        """
        entry = self._book[symbol.upper()]
        minutes = CANDLE_MINUTES.get(interval)
        if minutes is None:
            raise InvalidRequest(f"`interval` is one of {', '.join(CANDLE_MINUTES)}.", field="interval")
        return candles(entry.rows.rows(self._receipt.now_s()), minutes, from_s, to_s)

    def feed_states(self) -> list[FeedState]:
        """How each feed is, in the order of naming."""
        steady_s = self._clock.monotonic()
        return [feed_state(feed, steady_s) for feed in self._ownership.feeds]

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        return market_metrics(self._ownership.feeds, self._ownership.posted, len(self._book), self._clock.monotonic())

    def _post(self, ticks: Sequence[Tick]) -> PostResult:
        accepted = dropped = duplicate = 0
        for tick in ticks:
            try:
                self._intake.take(self._ownership.posted, tick)
            except Dropped as reason:
                duplicate += reason.reason == "duplicate"
                dropped += reason.reason != "duplicate"
            else:
                accepted += 1
        return PostResult(accepted=accepted, dropped=dropped, duplicate=duplicate)


def _ticker(price: PostedPrice) -> Ticker:
    return Ticker(
        symbol=price.symbol.upper(),
        price=price.price,
        change_24h=price.change_24h,
        volume_24h=price.volume_24h,
        high_24h=price.high_24h,
        low_24h=price.low_24h,
        market_cap=price.market_cap,
        fdv=price.fdv,
        liquidity=price.liquidity,
        venue_time=None if price.timestamp is None else price.timestamp.timestamp(),
    )


def _trade(trade: PostedTrade) -> Trade:
    return Trade(
        symbol=trade.symbol.upper(),
        price=trade.price,
        quantity=trade.quantity,
        side=trade.side,
        trade_id=None if trade.id is None else str(trade.id),
        venue_time=None if trade.timestamp is None else trade.timestamp.timestamp(),
    )
