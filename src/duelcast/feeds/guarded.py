"""A feed behind a circuit breaker: while the breaker is open, the venue is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

from duelcast.clock import Clock
from duelcast.domain.market.ticks import Tick
from duelcast.domain.operations.breaker import Breaker
from duelcast.domain.operations.check import CheckResult
from duelcast.domain.operations.transitions import BreakerState, Transition
from duelcast.feeds.source import Feed, Sink

CRASH_REASON = "The feed stopped because of a defect; it is started again."
LEFT_ALONE_REASON = "The venue failed too often, and is left alone for a while."
READS = "It reads its venue."
NOTHING_YET = "It has not reached its venue yet."
NO_OUTCOME_REASON = "The feed neither reached its venue nor failed to; it is started again."
CHECK_TIMEOUT_S = 8.0
"""How long a check waits for a feed that has just begun. A check only observes, so a slower feed is not interrupted."""


class GuardedFeed:
    """Runs a feed. Whenever the feed reaches its venue, or fails to, the breaker records a call. An attempt without an
    outcome within `attempt_timeout_s` is given up and counts as a failure. A venue that is reached but stays quiet is
    not a failure."""

    def __init__(
        self,
        feed: Feed,
        sink: Sink,
        clock: Clock,
        breaker: Callable[[Callable[[Transition], None]], Breaker],
        *,
        attempt_timeout_s: float,
    ) -> None:
        self._feed = feed
        self._attempt_timeout_s = attempt_timeout_s
        self._sink = sink
        self._clock = clock
        self.breaker = breaker(self._on_turn)
        self._turned = asyncio.Event()
        self._tried = asyncio.Event()
        self._failure: str | None = None
        """Why the last attempt failed; None if it did not fail."""
        self._attempt_s = clock.monotonic()

    async def run(self) -> None:
        """Read until cancelled, or to the end of a finite feed; an exception is a defect of the feed."""
        while True:
            self._turned.clear()
            if self._is_open():
                self._sink.failed(LEFT_ALONE_REASON)
                await self._turned.wait()
                continue
            self._begin_attempt()
            reading = asyncio.create_task(self._read())
            overdue = asyncio.create_task(self._overdue())
            try:
                while not (reading.done() or overdue.done() or self._is_open()):
                    turned = asyncio.create_task(self._turned.wait())
                    try:
                        await asyncio.wait({reading, overdue, turned}, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        turned.cancel()
                    self._turned.clear()
            finally:
                overdue.cancel()
                reading.cancel()
                await asyncio.wait({reading, overdue})
            if not reading.cancelled():
                reading.result()
                return

    async def _overdue(self) -> None:
        """If the attempt has no outcome in time, report that as a failure and return; otherwise wait until
        cancelled."""
        await self._clock.sleep(self._attempt_timeout_s)
        if self._tried.is_set():
            await asyncio.Event().wait()
        self._sink.failed(NO_OUTCOME_REASON)
        self._notify(NO_OUTCOME_REASON)

    async def check(self) -> CheckResult:
        """Whether the feed reads its venue. If the feed has just begun, this waits for the first outcome."""
        began_s = perf_counter()
        if self._is_open():
            return CheckResult(healthy=False, latency_ms=0.0, details=LEFT_ALONE_REASON)
        if not self._tried.is_set():
            try:
                async with asyncio.timeout(CHECK_TIMEOUT_S):
                    await self._tried.wait()
            except TimeoutError:
                return CheckResult(healthy=False, latency_ms=_since_ms(began_s), details=NOTHING_YET)
        return CheckResult(healthy=self._failure is None, latency_ms=_since_ms(began_s), details=self._failure or READS)

    async def _read(self) -> None:
        try:
            await self._feed.run(_GuardedSink(self._sink, self._notify))
        except Exception:
            self._sink.failed(CRASH_REASON)
            self._notify(CRASH_REASON)
            raise

    def _is_open(self) -> bool:
        return self.breaker.state is BreakerState.OPEN

    def _begin_attempt(self) -> None:
        self._tried.clear()
        self._attempt_s = self._clock.monotonic()

    def _notify(self, failure: str | None) -> None:
        now_s = self._clock.monotonic()
        duration_ms = (now_s - self._attempt_s) * 1000
        self._attempt_s = now_s
        self._failure = failure
        self._tried.set()
        self.breaker.record(failure is None, duration_ms)

    def _on_turn(self, transition: Transition) -> None:
        if transition.after is not BreakerState.CLOSED:
            # Earlier outcomes say nothing about the next attempt.
            self._tried.clear()
        self._turned.set()


class _GuardedSink:
    """Passes on the feed's ticks, and reports the outcomes of the feed's attempts."""

    __slots__ = ("_notify", "_sink", "accept")

    def __init__(self, sink: Sink, notify: Callable[[str | None], None]) -> None:
        self._sink = sink
        self._notify = notify
        # Every tick takes this path, so the breaker must not add a call to it.
        self.accept: Callable[[Tick], None] = sink.accept

    def unreadable(self, records: int) -> None:
        self._sink.unreadable(records)

    def connected(self) -> None:
        self._sink.connected()
        self._notify(None)

    def failed(self, reason: str) -> None:
        self._sink.failed(reason)
        self._notify(reason)

    def pair_failed(self, pair: str, reason: str) -> None:
        self._sink.pair_failed(pair, reason)

    def pair_works(self, pair: str) -> None:
        self._sink.pair_works(pair)


def _since_ms(began_s: float) -> float:
    return (perf_counter() - began_s) * 1000


if TYPE_CHECKING:
    _conforms: type[Sink] = _GuardedSink
