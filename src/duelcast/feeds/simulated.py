"""The feed `simulated`: a market that needs no network."""

from __future__ import annotations

import itertools
import math
import random

from duelcast.clock import Clock
from duelcast.domain.market.ticks import Ticker, TokenInfo, Trade
from duelcast.feeds.known_tokens import KNOWN_TOKENS, KnownToken, synthetic_token
from duelcast.feeds.options import FeedOptions
from duelcast.feeds.simulated_day import Day, rounded
from duelcast.feeds.source import Sink

MAX_SYMBOLS = 9_999
DEFAULT_INTERVAL_MS = 250
YIELD_EVERY = 200
"""How many symbols are processed, within one interval, before other tasks run."""
TRADE_PROBABILITY = 0.6
MEDIAN_TRADE_USD = 400.0
LIQUIDITY_SHARE = 0.01
"""Liquidity as a share of the market capitalisation."""


class SimulatedFeed:
    """Every `interval_ms`, `due` symbols move (None: a random number, up to half of all); most moves include a trade.

    The feed is deterministic for a `seed`: if the clock advances in the same way, it makes the same ticks in the same
    order, except for `venue_time`. The 24 h before the start are made up, and the same for every seed and start; the
    volume is left to the server. If `conflate` is false, as in benchmarks, the server must publish every price instead
    of the newest one per interval. If `trades` is false, prices move without trades. If `walk` is false, each price is
    unrelated to the one before, so that its digits cannot be compressed.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        seed: int | None = None,
        symbol_count: int = len(KNOWN_TOKENS),
        interval_ms: int = DEFAULT_INTERVAL_MS,
        due: int | None = None,
        conflate: bool = True,
        trades: bool = True,
        walk: bool = True,
    ) -> None:
        self.name = name
        self.conflate = conflate
        self._clock = clock
        self._seed = seed
        self.tokens = _tokens(symbol_count)
        self._interval_s = interval_ms / 1000
        self._due = due
        self._trades = trades
        self._walk = walk
        self.symbols = frozenset(token.symbol for token in self.tokens)

    async def run(self, sink: Sink) -> None:
        market = _Market(self.tokens, self._clock, self._seed, trades=self._trades, walk=self._walk)
        sink.connected()
        for number, token in enumerate(self.tokens, start=1):
            sink.accept(token_info(token))
            sink.accept(market.ticker(token))
            if number % YIELD_EVERY == 0:
                await self._clock.sleep(0)
        due_at = self._clock.monotonic()
        while True:
            # An interval that was missed is skipped, not made up for in a burst.
            due_at = max(due_at + self._interval_s, self._clock.monotonic())
            await self._clock.sleep(due_at - self._clock.monotonic())
            for number, token in enumerate(market.choose(self._due), start=1):
                for tick in market.move(token):
                    sink.accept(tick)
                if number % YIELD_EVERY == 0:
                    await self._clock.sleep(0)


class _Market:
    """The price walks of all tokens, and the trades made along them."""

    def __init__(self, tokens: list[KnownToken], clock: Clock, seed: int | None, *, trades: bool, walk: bool) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - makes prices, guards nothing
        self._clock = clock
        self._tokens = tokens
        self._walk = walk
        self._trade_probability = TRADE_PROBABILITY if trades else 0.0
        self._factor = MarketFactor(self._rng)
        self._factor_updated = now = clock.monotonic()
        self._walks = {
            token.symbol: PriceWalk(token.price, token.daily_volatility, self._factor, self._rng, now)
            for token in tokens
        }
        self._days = {token.symbol: Day(token, now) for token in tokens}
        self._trade_ids = itertools.count(1)

    def choose(self, due: int | None) -> list[KnownToken]:
        """The tokens that move in this interval. Also advances the market factor."""
        now = self._clock.monotonic()
        self._factor.advance(now - self._factor_updated)
        self._factor_updated = now
        count = self._rng.randint(1, max(1, len(self._tokens) // 2)) if due is None else min(due, len(self._tokens))
        return self._rng.sample(self._tokens, count)

    def move(self, token: KnownToken) -> list[Ticker | Trade]:
        walk = self._walks[token.symbol]
        now = self._clock.monotonic()
        change = walk.advance(now) if self._walk else walk.jump()
        self._days[token.symbol].add(now, walk.price)
        ticks: list[Ticker | Trade] = [self.ticker(token)]
        if self._rng.random() < self._trade_probability:
            ticks.append(self._trade(token.symbol, walk.price, change))
        return ticks

    def ticker(self, token: KnownToken) -> Ticker:
        price, day = self._walks[token.symbol].price, self._days[token.symbol]
        return Ticker(
            symbol=token.symbol,
            price=price,
            change_24h=round((price / day.open - 1) * 100, 2),
            high_24h=day.high,
            low_24h=day.low,
            market_cap=price * token.circulating,
            fdv=price * token.total,
            liquidity=token.price * token.circulating * LIQUIDITY_SHARE,
            venue_time=self._clock.time(),
        )

    def _trade(self, symbol: str, price: float, change: float) -> Trade:
        """A trade of log-normal size; a buy is likelier if the price rose."""
        buys = self._rng.random() < (0.65 if change > 0 else 0.35)
        usd = MEDIAN_TRADE_USD * self._rng.lognormvariate(0.0, 1.2)
        return Trade(
            symbol=symbol,
            price=price,
            quantity=float(f"{usd / price:.6g}"),
            side="buy" if buys else "sell",
            trade_id=str(next(self._trade_ids)),
            venue_time=self._clock.time(),
        )


def _tokens(count: int) -> list[KnownToken]:
    """The first `count` known tokens, followed by synthetic ones if more are needed."""
    known = KNOWN_TOKENS[:count]
    return [*known, *map(synthetic_token, range(len(known) + 1, count + 1))]


def token_info(token: KnownToken) -> TokenInfo:
    """The metadata of a token as a feed delivers it."""
    return TokenInfo(
        symbol=token.symbol,
        name=token.name,
        address=token.address,
        decimals=token.decimals,
        description=token.description,
        color=token.color,
        socials={"x": token.x_account} if token.x_account else {},
        websites=[{"label": "Website", "url": token.website}] if token.website else [],
        active=True,
    )


def build(name: str, rest: str, options: FeedOptions, clock: Clock) -> SimulatedFeed:
    """Build the feed `simulated[?seed=&symbols=&interval_ms=&due=&conflate=&trades=&walk=]`. Raises ValueError if the
    specification is invalid."""
    if rest:
        raise ValueError(f"Feed 'simulated' takes only options, such as simulated?seed=1, not '{rest}'.")
    return SimulatedFeed(
        name,
        clock,
        seed=options.integer("seed", least=0, most=2**53),
        symbol_count=options.integer("symbols", least=1, most=MAX_SYMBOLS) or len(KNOWN_TOKENS),
        interval_ms=options.integer("interval_ms", least=1, most=3_600_000) or DEFAULT_INTERVAL_MS,
        due=options.integer("due", least=0, most=MAX_SYMBOLS),
        conflate=options.flag("conflate", True),
        trades=options.flag("trades", True),
        walk=options.flag("walk", True),
    )


# ── prices ────────────────────────────────────────────────────────────────────────────────────────────────────────────

DAY_S = 5_400.0
"""The length of a simulated day. Prices move in 90 minutes as much as real ones do in a day, so that movement is
visible."""
CORRELATION = 0.6
"""The correlation of every token's moves with the market's; the correlation of two tokens with each other is the square
of this."""
REVERSION_PER_DAY = 0.05
"""Per simulated day, the logarithm of a price is pulled back by this share of its distance from the start, so that
prices stay plausible in a server that runs for months."""


class MarketFactor:
    """The move that all tokens share: a random walk, in units of a day's standard deviation."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.level = 0.0

    def advance(self, seconds: float) -> None:
        """Advance by `seconds`."""
        self.level += self._rng.gauss(0.0, math.sqrt(seconds / DAY_S))


class PriceWalk:
    """The price of one token (USD), rounded to 6 significant digits: a geometric random walk."""

    __slots__ = ("_factor", "_log_anchor", "_log_price", "_market_seen", "_rng", "_updated", "_volatility", "price")

    def __init__(
        self, price: float, daily_volatility: float, factor: MarketFactor, rng: random.Random, now: float
    ) -> None:
        self.price = price
        self._log_anchor = self._log_price = math.log(price)
        self._volatility = daily_volatility
        self._factor = factor
        self._rng = rng
        self._market_seen = factor.level
        self._updated = now

    def advance(self, now: float) -> float:
        """Move to the time `now` (monotonic seconds); returns the relative change since the last move."""
        elapsed_days = max(now - self._updated, 0.0) / DAY_S
        market = self._factor.level - self._market_seen
        own = self._rng.gauss(0.0, math.sqrt(elapsed_days))
        pull = min(REVERSION_PER_DAY * elapsed_days, 1.0) * (self._log_anchor - self._log_price)
        move = self._volatility * (CORRELATION * market + math.sqrt(1 - CORRELATION**2) * own) + pull
        self._log_price += move
        self.price = rounded(math.exp(self._log_price))
        self._market_seen = self._factor.level
        self._updated = now
        return math.expm1(move)

    def jump(self) -> float:
        """Move to a random price around the first one; returns the relative change."""
        before, self._log_price = self._log_price, self._log_anchor + self._rng.uniform(-1.0, 1.0)
        self.price = rounded(math.exp(self._log_price))
        return math.expm1(self._log_price - before)
