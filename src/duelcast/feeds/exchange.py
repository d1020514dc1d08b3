"""The feed `exchange`: tickers and trades of a venue through ccxt's WebSockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog

from duelcast.backoff import Backoff
from duelcast.clock import Clock
from duelcast.feeds.ccxt_client import forget_dial_delay, open_exchange, require_exchange
from duelcast.feeds.ccxt_connections import Exchange
from duelcast.feeds.exchange_health import NOT_LISTED_REASON, ExchangeHealth, concerns_one_pair, reason_of
from duelcast.feeds.exchange_stream import VenueStream, streams_of
from duelcast.feeds.options import FeedOptions
from duelcast.feeds.pairs import Pair, parse_pairs
from duelcast.feeds.source import Sink
from duelcast.feeds.subscription import Subscription
from duelcast.feeds.venue_answers import names_of

_log = structlog.get_logger()

NO_PAIR_REASON = "The venue lists none of the pairs."
FIRST_LISTING_WAIT_S = 300.0
LONGEST_LISTING_WAIT_S = 6 * 3_600.0
"""The longest wait between two checks of whether a pair is listed. It is long because the list of a large venue is
megabytes long, and parsing it blocks the event loop."""


def listing_backoff(clock: Clock) -> Backoff:
    """The delays between two checks of the venue's list while it lacks some of the pairs."""
    return Backoff(clock, first_s=FIRST_LISTING_WAIT_S, longest_s=LONGEST_LISTING_WAIT_S)


class ExchangeFeed:
    """Reads `pairs` of `venue` (a ccxt id), with a task for each stream of each pair.

    If the venue does not list a pair, or refuses it, only that pair fails; it is retried with back-off while the others
    continue. The feed counts as failed while no stream works.
    """

    def __init__(
        self,
        name: str,
        venue: str,
        pairs: Sequence[Pair],
        clock: Clock,
        *,
        ws_url: str | None = None,
        http_url: str | None = None,
        new_backoff: Callable[[Clock], Backoff] = Backoff,
        new_listing_backoff: Callable[[Clock], Backoff] = listing_backoff,
    ) -> None:
        self.name = name
        self.symbols = frozenset(pair.symbol for pair in pairs)
        self._venue = venue
        self._pairs = pairs
        self._clock = clock
        self._ws_url = ws_url
        self._http_url = http_url
        self._new_backoff = new_backoff
        self._new_listing_backoff = new_listing_backoff

    async def run(self, sink: Sink) -> None:
        subscriptions: list[Subscription] = []
        exchange = open_exchange(self._venue, ws_url=self._ws_url, http_url=self._http_url, subscriptions=subscriptions)
        try:
            health = ExchangeHealth(sink)
            listed = await self._first_listed(exchange, sink)
            async with asyncio.TaskGroup() as tasks:
                while True:
                    for pair in listed:
                        names = names_of(pair.name, exchange.markets[pair.name])
                        for stream in streams_of(exchange, pair):
                            asked = partial(health.asked, stream, pair)
                            subscription = Subscription(stream.wait, names, asked)
                            subscriptions.append(subscription)
                            health.add(stream)
                            tasks.create_task(self._follow(exchange, stream, subscription, pair, sink, health))
                    unlisted = [pair for pair in self._pairs if pair.name not in exchange.markets]
                    if not unlisted:
                        break
                    listed = await self._newly_listed(exchange, unlisted, sink)
        finally:
            await exchange.close()

    async def _first_listed(self, exchange: Exchange, sink: Sink) -> list[Pair]:
        """Those of the feed's pairs that the venue lists. Retries until it lists at least one of them."""
        backoff = self._new_backoff(self._clock)
        while True:
            if await self._list(exchange, sink.failed):
                listed = self._listed(exchange, self._pairs, sink)
                if listed:
                    return listed
                sink.failed(NO_PAIR_REASON)
            await backoff.wait()

    async def _newly_listed(self, exchange: Exchange, unlisted: Sequence[Pair], sink: Sink) -> list[Pair]:
        """Those of `unlisted` that the venue lists by now. Retries until it lists at least one of them."""
        backoff = self._new_listing_backoff(self._clock)
        while True:
            await backoff.wait()
            if await self._list(exchange, _ignore):
                listed = self._listed(exchange, unlisted, sink)
                if listed:
                    return listed

    async def _list(self, exchange: Exchange, failed: Callable[[str], None]) -> bool:
        """Load the venue's list of markets; returns whether that succeeded."""
        error = await _failure_of(partial(exchange.load_markets, True))
        if error is None:
            return True
        _log.warning("exchange_markets_failed", feed=self.name, error_type=type(error).__name__)
        failed(reason_of(error))
        return False

    @staticmethod
    def _listed(exchange: Exchange, pairs: Sequence[Pair], sink: Sink) -> list[Pair]:
        """The `pairs` that are in the loaded list; the others are reported as failed."""
        listed = []
        for pair in pairs:
            if pair.name in exchange.markets:
                listed.append(pair)
                sink.pair_works(pair.name)
            else:
                sink.pair_failed(pair.name, NOT_LISTED_REASON)
        return listed

    async def _follow(
        self,
        exchange: Exchange,
        stream: VenueStream,
        subscription: Subscription,
        pair: Pair,
        sink: Sink,
        health: ExchangeHealth,
    ) -> None:
        backoff = self._new_backoff(self._clock)
        while True:
            error = await _failure_of(subscription.wait)
            if _bring(stream, sink) or error is None:
                health.brought(stream, pair)
            if error is None:
                backoff.reset()
                continue
            _log.info("exchange_stream_failed", feed=self.name, pair=pair.name, error_type=type(error).__name__)
            health.fails(stream, pair, error)
            await backoff.wait()
            forget_dial_delay(exchange)
            if concerns_one_pair(error):
                subscription.forget()
            elif subscription.is_open:
                health.asked(stream, pair)
            # Another stream may have restored the connection meanwhile, so that ticks for this one have arrived.
            if _bring(stream, sink):
                health.brought(stream, pair)


def _ignore(_reason: str) -> None:
    """Ignore the failure, because the listed pairs continue."""


def _bring(stream: VenueStream, sink: Sink) -> bool:
    """Give the sink every tick that it has not received; returns whether there were any."""
    brought = False
    for tick in stream.unread():
        sink.accept(tick)
        brought = True
    return brought


async def _failure_of(call: Callable[..., Awaitable[object]], *arguments: object) -> BaseException | None:
    """The exception that awaiting the call raised, or None if it returned.

    ccxt cancels the futures of a connection that it closes. A cancellation is therefore a failure too, unless somebody
    has requested the cancellation of this task.
    """
    try:
        await call(*arguments)
    except asyncio.CancelledError as cancelled:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return cancelled
    except Exception as error:
        return error
    return None


def build(name: str, rest: str, options: FeedOptions, clock: Clock) -> ExchangeFeed:
    """Build the feed `exchange:VENUE:SYM/QUOTE,…[?ws_url=&http_url=]`; `rest` is the part between `exchange:` and `?`.
    Raises ValueError if the specification is invalid or ccxt is not installed."""
    ws_url, http_url = options.url("ws_url", ("ws", "wss")), options.url("http_url", ("http", "https"))
    venue, separator, pairs = rest.partition(":")
    if not separator:
        raise ValueError("Feed 'exchange' needs an exchange and pairs, such as exchange:kraken:BTC/USD,ETH/USD.")
    require_exchange(venue)
    return ExchangeFeed(name, venue, parse_pairs(f"exchange:{venue}", pairs), clock, ws_url=ws_url, http_url=http_url)
