"""The market: takes records of feeds and platforms, and publishes prices, volumes, sentiment and tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from prometheus_client.core import Metric

from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.idempotency import Once
from duelcast.domain.market.book import TokenBook
from duelcast.domain.market.events import Token, TokenListUpdate
from duelcast.domain.market.feeds import FeedState, MarketSink, feed_state, gap_metrics, gaps, market_metrics
from duelcast.domain.market.history import MAX_CANDLES, History, Sparkline, candle_span, history, sparkline
from duelcast.domain.market.intake import Intake
from duelcast.domain.market.journal import Flushing, Journal, Settle, Unstored
from duelcast.domain.market.marks import Marks, PricePoint, Prices
from duelcast.domain.market.moments import PricesAt
from duelcast.domain.market.outlet import MarketOutlet
from duelcast.domain.market.ownership import Ownership
from duelcast.domain.market.posted import PostedPrice, PostedTrade, PostResult, TokenMetadataInput
from duelcast.domain.market.posting import PostedTicks, Posting, PutMetadata
from duelcast.domain.market.receipt import ReceiptTime, to_us
from duelcast.domain.market.restoring import Restoring
from duelcast.domain.market.retention import MarketRetention
from duelcast.domain.market.settings import MarketSettings, ReceiptSettings
from duelcast.domain.market.staleness import Staleness
from duelcast.domain.market.ticks import Ticker, Trade
from duelcast.domain.market.volumes import TradeBoard
from duelcast.errors import InvalidRequest
from duelcast.store.database import Database


class Market:
    """The market, held in memory and also stored. `settings` may be replaced at any time, without a restart.

    Symbols are upper-case; HTTP requests may name them in upper or lower case.

    A component that needs the prices at a moment (`mark`, `prices_at`) sets `settle_first`, a function that reads these
    prices and stores them. Once a marked moment has passed, `settle_first` is awaited before later prices are stored.
    `oldest_needed_ms` returns the oldest moment (epoch) whose stored prices are still needed, or None.
    """

    def __init__(
        self,
        publisher: Publisher,
        clock: Clock,
        limits: MarketSettings,
        database: Database,
        audit: AuditTrail,
        receipt: ReceiptSettings | None = None,
    ) -> None:
        self.settings = limits
        self.settle_first: Settle | None = None
        self.oldest_needed_ms: Callable[[], int | None] = lambda: None
        self._clock = clock
        self._database = database
        self._audit = audit
        self._receipt = ReceiptTime(clock, receipt or ReceiptSettings())
        self._ownership = Ownership()
        self._book = TokenBook(lambda: self.settings.max_symbols)
        self._marks = Marks(self._prices, lambda moment_us: self._receipt.scale.until(moment_us))
        self._receipt.on_step.append(self._marks.rescale)
        self._unstored = Unstored()
        self._outlet = MarketOutlet(publisher, clock, self._receipt, self._book, lambda: self.settings)
        self._board = TradeBoard(publisher, clock, self._receipt, self._outlet, lambda: self.settings)
        self._staleness = Staleness(clock, self._book, self._ownership, self._outlet, lambda: self.settings)
        self._intake = Intake(
            clock,
            self._receipt,
            self._book,
            self._ownership,
            self._outlet,
            self._marks,
            self._unstored,
            self._board.traded,
        )
        journal = Journal(self._receipt, self._marks, lambda: self.settle_first)
        self._posting = Posting(database, journal, self._book, self._ownership, self._intake)
        self._flushing = Flushing(database, clock, journal, self._unstored)
        self.retention = MarketRetention(database, self._receipt, lambda: self.oldest_needed_ms())
        self._prices_at = PricesAt(database, self._receipt, self._book, self._marks, self._posting, self._unstored)

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def load(self) -> None:
        """Load the stored market. Call this once, before anything else. Raises `errors.Unavailable`."""
        restoring = Restoring(self._database, self._clock, self._receipt, self._book, self._ownership)
        for entry in await restoring.restore(self.settings):
            if entry.windows is not None:
                self._board.traded(entry, entry.windows)
            self._outlet.restored(entry)

    def sink(self, feed_name: str, symbols: frozenset[str]) -> MarketSink:
        """The sink for a feed. Feeds rank in the order of these calls. `symbols` are those that the feed should
        deliver."""
        return MarketSink(self._intake, self._ownership.add_feed(feed_name, symbols))

    async def run(self) -> None:
        """Do all background work until cancelled. Call this once. An exception is a defect."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._receipt.watch(), name="market-clock")
            tasks.create_task(self._outlet.prices.run(), name="market-prices")
            tasks.create_task(self._outlet.tokens.run(), name="market-tokens")
            tasks.create_task(self._outlet.run_token_list(), name="market-token-list")
            tasks.create_task(self._outlet.run_moving_list(), name="market-moving-list")
            tasks.create_task(self._board.run_volumes(), name="market-volumes")
            tasks.create_task(self._board.run_sentiment(), name="market-sentiment")
            tasks.create_task(self._staleness.run(), name="market-staleness")
            tasks.create_task(self._flushing.run(), name="market-flushing")

    async def close(self) -> None:
        """Store the remaining rows. Call this after the feeds and `run` have ended."""
        await self._posting.finish()
        await self._flushing.flush()

    # ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────

    def knows(self, symbol: str) -> bool:
        """Whether a token `symbol` exists."""
        return symbol.upper() in self._book

    def symbols(self) -> Sequence[str]:
        """All symbols, sorted. The caller must not change the list."""
        return self._book.symbols()

    def token(self, symbol: str) -> Token:
        """The token `symbol`. Raises `errors.TokenNotFound`."""
        return self._book[symbol.upper()].token(self._receipt.now_s())

    def tokens(self) -> list[Token]:
        """All tokens, sorted by symbol."""
        return self._book.tokens(self._receipt.now_s())

    def token_list(self) -> TokenListUpdate:
        """All tokens. The set of tokens and their metadata are up to date; market fields are at most a second old.
        Returns the same object until its contents change."""
        return self._outlet.token_list()

    async def history(
        self,
        symbol: str,
        from_s: float | None,
        to_s: float | None,
        interval: str,
        limit: int = MAX_CANDLES,
    ) -> History:
        """At most `limit` candles that begin at `from_s` or later and before `to_s` (epoch seconds), oldest first; see
        `candle_span` for the defaults.

        `interval` is one of `CANDLE_MINUTES`. An interval without a price has no candle.
        Raises `errors.TokenNotFound`, `errors.InvalidRequest` and `errors.Unavailable`.
        """
        entry = self._book[symbol.upper()]
        now_s = self._receipt.now_s()
        return await history(self._database, entry, candle_span(interval, from_s, to_s, now_s, limit), now_s)

    def sparklines(self, symbols: Iterable[str]) -> list[Sparkline]:
        """The prices of these tokens in the last 24 h, sorted by symbol. Unknown tokens, and tokens that never had a
        price, are left out."""
        now_s = self._receipt.now_s()
        entries = (self._book.get(symbol) for symbol in sorted({symbol.upper() for symbol in symbols}))
        lines = (sparkline(entry, now_s) for entry in entries if entry is not None)
        return [line for line in lines if line is not None]

    # ── posting ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def post_prices(self, prices: Sequence[PostedPrice]) -> PostResult:
        """Take prices in order; a price for an unknown symbol adds the token. The prices are stored when this returns.

        Raises `errors.Unavailable` if they cannot be stored; nothing is changed then.
        """
        return (await self._posting.post(PostedTicks(prices, _ticker))).result

    async def post_trades(self, trades: Sequence[PostedTrade], once: Once | None = None) -> PostResult:
        """Take trades in order; a trade of an unknown symbol adds the token. The trades are stored when this returns,
        and the result is also the answer of `once`.

        Raises `errors.Unavailable` if they cannot be stored; nothing is changed then.
        """
        return (await self._posting.post(PostedTicks(trades, _trade, once))).result

    async def put_token(self, symbol: str, metadata: TokenMetadataInput, by: Actor) -> Token:
        """Replace the metadata that an earlier PUT set for a token, or add a token. A field that is left out
        comes from the token's feed. The metadata and its audit record are stored when this returns.

        Raises `errors.Unavailable`, and `errors.InvalidRequest` if `symbol` is invalid or there is no room for another
        token.
        """
        symbol = symbol.upper()
        refusal = (await self._posting.post(PutMetadata(symbol, metadata, by, self._audit))).refusal
        if refusal is not None:
            if refusal.reason == "bad_symbol":
                raise InvalidRequest("A symbol has 1 to 32 characters of A-Z 0-9 _ $ . -", field="symbol")
            raise InvalidRequest(
                f"There is no room for another token: the limit is {self.settings.max_symbols}.", field="symbol"
            )
        return self.token(symbol)

    # ── prices for other parts of the server; symbols are upper-case ───────────────────────────────────────────

    def listen(self, listener: Callable[[str, float], None]) -> None:
        """From now on, call `listener` with the symbol and price of each change as soon as it happens. Loaded prices
        are not changes; posts that share a commit cause one change per symbol."""
        self._intake.listeners.append(listener)

    def price(self, symbol: str) -> float | None:
        """The newest price, or None if there is none yet."""
        entry = self._book.get(symbol)
        return None if entry is None or entry.quote is None else entry.quote.price

    def is_stale(self, symbol: str) -> bool:
        """Whether there is no fresh price."""
        entry = self._book.get(symbol)
        return entry is None or entry.quote is None or entry.stale

    def wall_us(self) -> int:
        """The current wall time (epoch µs), which may be set back; marked and requested moments are wall times too."""
        return to_us(self._receipt.wall_s())

    def receipt_us(self) -> int:
        """The current time of receipt (epoch µs), which never goes back."""
        return to_us(self._receipt.now_s())

    def on_clock_step(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each step of the wall clock."""
        self._receipt.on_step.append(listener)

    def mark(self, moment_us: int) -> None:
        """Keep the prices at a moment (epoch µs) until `unmark` has been called as often as `mark`."""
        self._marks.mark(moment_us)

    def unmark(self, moment_us: int) -> None:
        """Undo a `mark`; nothing happens if the moment is not marked."""
        self._marks.unmark(moment_us)

    async def prices_at(self, symbols: Collection[str], moment_us: int) -> dict[str, PricePoint]:
        """The last price of each symbol received at or before a past moment (epoch µs); if there is none, the first
        later price. A symbol that never had a price is missing.

        The result is exact if the moment was marked before it passed. Must not be called within a write to the
        database. Raises `errors.Unavailable`.
        """
        return await self._prices_at.find(symbols, moment_us)

    def newest(self, symbols: Iterable[str]) -> dict[str, PricePoint]:
        """The newest price of each symbol, with its wall time of receipt; symbols without a price are missing."""
        prices, scale = self._prices(), self._receipt.scale
        points = {symbol: prices[symbol] for symbol in symbols if symbol in prices}
        return {symbol: PricePoint(point.price, scale.wall(point.received_us)) for symbol, point in points.items()}

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────

    def feed_states(self) -> list[FeedState]:
        """The state of each feed, in the order of the settings."""
        monotonic_s = self._clock.monotonic()
        return [feed_state(feed, monotonic_s) for feed in self._ownership.feeds]

    def feed_gaps(self) -> Iterator[tuple[str, str]]:
        """The failing pairs and missing symbols of running feeds: the name of each such feed, with a sentence."""
        for state in self.feed_states():
            for sentence in gaps(state):
                yield state.name, sentence

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield from market_metrics(
            self._ownership.feeds, self._ownership.posted, len(self._book), self._clock.monotonic()
        )
        yield from gap_metrics(self._ownership.feeds)
        yield from self._unstored.collect()
        yield from self._receipt.collect()

    def _prices(self) -> Prices:
        return {
            entry.symbol: PricePoint(entry.quote.price, to_us(entry.rows.received_s))
            for entry in self._book.entries()
            if entry.quote is not None
        }


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
