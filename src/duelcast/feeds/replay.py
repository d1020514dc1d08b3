"""The feed `replay`: ticks from a recorded file, at the pace at which they were received."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import structlog
from msgspec.structs import replace

from duelcast.backoff import Backoff
from duelcast.clock import Clock
from duelcast.domain.market.ticks import Tick, TokenInfo
from duelcast.feeds.options import FeedOptions
from duelcast.feeds.recording import Record, read_records
from duelcast.feeds.source import Sink

YIELD_EVERY = 100
"""How many records are played before other tasks run, if no waiting is needed."""
PAUSE_BETWEEN_LOOPS_S = 1.0
"""The pause, in recorded time, between the last record and the first of the next round."""

_log = structlog.get_logger()


class ReplayFeed:
    """Reads `path` once, or again and again with `loop`. `speed` 2 is twice as fast as recorded, and 0 is as fast as
    possible.

    The venue's times are shifted into the present; each stays as far before the time of receipt as in the recording. A
    line that is not a record is skipped and counted. If the file cannot be read, or has no records, the feed fails and
    retries.
    """

    def __init__(self, name: str, path: Path, clock: Clock, *, speed: float = 1.0, loop: bool = False) -> None:
        self.name = name
        self.symbols: frozenset[str] = frozenset()
        self._path = path
        self._clock = clock
        self._speed = speed
        self._loop = loop

    async def run(self, sink: Sink) -> None:
        backoff = Backoff(self._clock)
        while True:
            reason = None
            try:
                with self._path.open("rb") as file:
                    if await self._play(file, sink) == 0:
                        reason = "The recording contains no records."
            except OSError:
                reason = "The recording cannot be read."
            if reason is not None:
                sink.failed(reason)
                await backoff.wait()
                continue
            backoff.reset()
            if not self._loop:
                return
            await self._clock.sleep(PAUSE_BETWEEN_LOOPS_S / self._speed if self._speed else 0)

    async def _play(self, file: BinaryIO, sink: Sink) -> int:
        """Play one round; returns the number of records."""
        played, bad = 0, 0
        pace = _Pace(self._clock, self._speed)
        for record in read_records(file):
            if record is None:
                bad += 1
                continue
            await pace.wait_for(record)
            if played == 0:
                sink.connected()
            sink.accept(_moved(record.tick, self._clock.time() - record.received))
            played += 1
        if bad:
            sink.unreadable(bad)
            _log.warning("replay_lines_skipped", feed=self.name, lines=bad)
        return played


def _moved(tick: Tick, by_s: float) -> Tick:
    """The tick with its `venue_time`, if it has one, moved `by_s` seconds later."""
    if isinstance(tick, TokenInfo) or tick.venue_time is None:
        return tick
    return replace(tick, venue_time=tick.venue_time + by_s)


class _Pace:
    """Waits until a record is due: the record's delay after the first record is the recorded delay, divided by the
    speed."""

    def __init__(self, clock: Clock, speed: float) -> None:
        self._clock = clock
        self._speed = speed
        self._first: tuple[float, float] | None = None
        self._since_yield = 0

    async def wait_for(self, record: Record) -> None:
        delay_s = self._delay_s(record.received) if self._speed else 0.0
        self._since_yield += 1
        if delay_s > 0 or self._since_yield >= YIELD_EVERY:
            self._since_yield = 0
            await self._clock.sleep(delay_s)

    def _delay_s(self, received: float) -> float:
        now = self._clock.monotonic()
        if self._first is None:
            self._first = (received, now)
        first_received, started = self._first
        return started + (received - first_received) / self._speed - now


def build(name: str, rest: str, options: FeedOptions, clock: Clock) -> ReplayFeed:
    """Build the feed `replay:FILE[?speed=&loop=]`; `rest` is the file. Raises ValueError if the specification is
    invalid."""
    speed, loop = options.number("speed", 1.0), options.flag("loop", False)
    if not rest:
        raise ValueError("Feed 'replay' needs a file, such as replay:session.jsonl.")
    return ReplayFeed(name, Path(rest), clock, speed=speed, loop=loop)
