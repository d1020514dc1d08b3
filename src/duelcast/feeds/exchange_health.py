"""Tracks which streams of an exchange work, and reports the state of the feed and of its pairs to the sink."""

from __future__ import annotations

import asyncio

from duelcast.feeds.exchange_stream import VenueStream
from duelcast.feeds.pairs import Pair
from duelcast.feeds.source import Sink
from duelcast.feeds.subscription import Refused

_REASONS = {
    "RateLimitExceeded": "The venue limits our requests.",
    "DDoSProtection": "The venue limits our requests.",
    "RequestTimeout": "The venue does not answer.",
    "ExchangeNotAvailable": "The venue cannot be reached.",
    "OnMaintenance": "The venue is under maintenance.",
    "NetworkError": "The connection to the venue failed.",
    "CancelledError": "The connection to the venue was closed.",
    "AuthenticationError": "The venue requires credentials.",
    "BadSymbol": "The venue does not know a pair.",
}
OTHER_REASON = "The venue answered with an error."
ALL_REFUSED_REASON = "The venue refuses every pair."
NOT_LISTED_REASON = "The venue does not list it."


class ExchangeHealth:
    """A stream counts as working once it was requested over an open connection, whether or not the market moves. After
    an error that concerns only its pair, such as a refusal, it counts as working only once it delivers something.

    The feed is connected while any stream works. While no stream works, a failure of the feed is reported once per
    round of attempts; but as long as some streams are untried, an error that concerns only one pair is not reported as
    a failure of the feed. A pair fails with the first error that concerns only that pair, and works again once every
    stream that had such an error has delivered something.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._untried: set[VenueStream] = set()
        self._working: set[VenueStream] = set()
        self._failing: dict[Pair, dict[VenueStream, str]] = {}
        self._failed_this_round: set[VenueStream] = set()
        self._is_connected = False

    def add(self, stream: VenueStream) -> None:
        """Add a stream that will be tried."""
        self._untried.add(stream)

    def asked(self, stream: VenueStream, pair: Pair) -> None:
        """Record that the stream has been requested from the venue, and has not been refused so far."""
        if stream not in self._failing.get(pair, ()):
            self._works(stream)

    def brought(self, stream: VenueStream, pair: Pair) -> None:
        """Record that the stream delivered something."""
        self._works(stream)
        failing = self._failing.get(pair, {})
        if failing.pop(stream, None) is not None:
            self._report_pair(pair)

    def fails(self, stream: VenueStream, pair: Pair, error: BaseException) -> None:
        """Record that an attempt at the stream failed."""
        self._working.discard(stream)
        self._untried.discard(stream)
        is_of_pair = concerns_one_pair(error)
        if is_of_pair:
            self._failing.setdefault(pair, {})[stream] = _reason_of_pair(error, stream)
            self._report_pair(pair)
        if self._working or (is_of_pair and self._untried):
            return
        if not self._failed_this_round or stream in self._failed_this_round:
            self._failed_this_round = {stream}
            self._is_connected = False
            self._sink.failed(ALL_REFUSED_REASON if isinstance(error, Refused) else reason_of(error))
        else:
            self._failed_this_round.add(stream)

    def _report_pair(self, pair: Pair) -> None:
        """Report the state of a pair. The reason is that of the stream that failed first, so that it does not change
        with every attempt."""
        for reason in self._failing[pair].values():
            self._sink.pair_failed(pair.name, reason)
            return
        del self._failing[pair]
        self._sink.pair_works(pair.name)

    def _works(self, stream: VenueStream) -> None:
        if not self._is_connected:
            self._is_connected = True
            self._failed_this_round.clear()
            self._sink.connected()
        self._untried.discard(stream)
        self._working.add(stream)


def concerns_one_pair(error: BaseException) -> bool:
    """Whether the error concerns only one pair and leaves the connection intact, unlike a network error or a
    cancellation of the wait."""
    return not isinstance(error, asyncio.CancelledError) and "NetworkError" not in _kinds(error)


def reason_of(error: BaseException) -> str:
    """Our own sentence for the kind of error, taken from the nearest class that has one."""
    return next((_REASONS[kind] for kind in _kinds(error) if kind in _REASONS), OTHER_REASON)


def _reason_of_pair(error: BaseException, stream: VenueStream) -> str:
    return f"The venue refuses its {stream.kind}." if isinstance(error, Refused) else reason_of(error)


def _kinds(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]
