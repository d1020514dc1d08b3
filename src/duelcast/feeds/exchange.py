"""The feed `exchange`: tickers and trades of a venue through ccxt's websockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from duelcast.backoff import Backoff
from duelcast.clock import Clock
from duelcast.feeds.ccxt_client import Exchange, forget_dial_delay, open_exchange, require_exchange
from duelcast.feeds.exchange_stream import Stream, streams_of
from duelcast.feeds.options import FeedOptions
from duelcast.feeds.pairs import Pair, parse_pairs
from duelcast.feeds.source import Sink

_log = structlog.get_logger()

_REASONS = {
    "RateLimitExceeded": "The venue limits our requests.",
    "DDoSProtection": "The venue limits our requests.",
    "RequestTimeout": "The venue does not answer.",
    "ExchangeNotAvailable": "The venue cannot be reached.",
    "OnMaintenance": "The venue is under maintenance.",
    "NetworkError": "The connection to the venue failed.",
    "CancelledError": "The connection to the venue was closed.",
    "AuthenticationError": "The venue wants credentials.",
    "BadSymbol": "The venue does not know a pair.",
}
OTHER_REASON = "The venue answered with an error."
NO_PAIR_REASON = "The venue lists none of the pairs."


class ExchangeFeed:
    """Reads `pairs` of `venue` (a ccxt id), each stream of each pair by a task of its own.

    A pair that the venue does not list is reported in the log and left out; a stream that fails is tried again with
    back-off while the others go on. The feed counts as failed while no stream works.
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
    ) -> None:
        self.name = name
        self.symbols = frozenset(pair.symbol for pair in pairs)
        self._venue = venue
        self._pairs = pairs
        self._clock = clock
        self._ws_url = ws_url
        self._http_url = http_url
        self._new_backoff = new_backoff

    async def run(self, sink: Sink) -> None:
        exchange = open_exchange(self._venue, ws_url=self._ws_url, http_url=self._http_url)
        try:
            pairs = await self._listed_pairs(exchange, sink)
            health = _Health(sink)
            async with asyncio.TaskGroup() as tasks:
                for pair in pairs:
                    for stream in streams_of(exchange, pair):
                        tasks.create_task(self._follow(exchange, stream, pair, sink, health))
        finally:
            await exchange.close()

    async def _listed_pairs(self, exchange: Exchange, sink: Sink) -> list[Pair]:
        """Those of the pairs that the venue lists, at least one; tries until there is."""
        backoff = self._new_backoff(self._clock)
        while True:
            error = await _failure_of(exchange.load_markets, True)
            if error is not None:
                self._report(sink, error)
            else:
                listed = [pair for pair in self._pairs if pair.name in exchange.markets]
                if len(listed) < len(self._pairs):
                    unknown = [pair.name for pair in self._pairs if pair not in listed]
                    _log.warning("exchange_pairs_unknown", feed=self.name, pairs=unknown)
                if listed:
                    return listed
                sink.failed(NO_PAIR_REASON)
            await backoff.wait()

    async def _follow(self, exchange: Exchange, stream: Stream, pair: Pair, sink: Sink, health: _Health) -> None:
        backoff = self._new_backoff(self._clock)
        while True:
            error = await _failure_of(stream.wait)
            _bring(stream, sink)
            if error is None:
                backoff.reset()
                health.works(stream)
                continue
            _log.info("exchange_stream_failed", feed=self.name, pair=pair.name, error_type=type(error).__name__)
            health.fails(stream, _reason(error))
            await backoff.wait()
            forget_dial_delay(exchange)
            # A venue that refuses one pair makes ccxt fail the waiters of all pairs of the connection, which goes on.
            if _bring(stream, sink):
                health.works(stream)

    def _report(self, sink: Sink, error: BaseException) -> None:
        _log.warning("exchange_markets_failed", feed=self.name, error_type=type(error).__name__)
        sink.failed(_reason(error))


class _Health:
    """Tells the sink when the first stream works and when the last one fails."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._working: set[Stream] = set()

    def works(self, stream: Stream) -> None:
        if not self._working:
            self._sink.connected()
        self._working.add(stream)

    def fails(self, stream: Stream, reason: str) -> None:
        self._working.discard(stream)
        if not self._working:
            self._sink.failed(reason)


def _bring(stream: Stream, sink: Sink) -> bool:
    """Give the sink what it has not got yet; returns whether there was anything."""
    brought = False
    for tick in stream.unread():
        sink.accept(tick)
        brought = True
    return brought


async def _failure_of(call: Callable[..., Awaitable[object]], *arguments: object) -> BaseException | None:
    """What awaiting the call raised, None where it returned.

    ccxt cancels the futures of a connection that it closes: a cancellation that nobody asked this task for is a
    failure too.
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


def _reason(error: BaseException) -> str:
    """A sentence of ours for the kind of error: that of the nearest class that has one."""
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((_REASONS[name] for name in names if name in _REASONS), OTHER_REASON)


def build(name: str, rest: str, options: FeedOptions, clock: Clock) -> ExchangeFeed:
    """`exchange:NAME:SYM/QUOTE,…[?ws_url=&http_url=]`. Raises ValueError, also where ccxt is absent."""
    ws_url, http_url = options.url("ws_url", ("ws", "wss")), options.url("http_url", ("http", "https"))
    venue, separator, pairs = rest.partition(":")
    if not separator:
        raise ValueError("Feed 'exchange' needs an exchange and pairs, such as exchange:kraken:BTC/USD,ETH/USD.")
    require_exchange(venue)
    return ExchangeFeed(name, venue, parse_pairs(f"exchange:{venue}", pairs), clock, ws_url=ws_url, http_url=http_url)
