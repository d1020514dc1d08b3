"""The time of receipt (the clock of windows and minute rows), and its scale relative to the wall clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, floor, inf

import msgspec
import structlog
from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.clock import Clock
from duelcast.domain.market.settings import ReceiptSettings
from duelcast.store.database import Transaction
from duelcast.store.key_values import RECEIPT, find_value, put_value

_STEP_S = 0.1
"""A smaller difference between two readings is not a step: a wall clock that is adjusted gradually drifts from the
monotonic clock by less than this."""
_LOOK_INTERVAL_S = 1.0
_LOG_INTERVAL_S = 60.0
_TOLERANCE_S = 1e-6
"""A time that is rounded to whole microseconds may be slightly later than the wall clock it was read from."""
_GAP_US = 2
"""The gap at a bend, so that records after the bend have later times of receipt than all records before it."""
_BENDS_KEPT = 16
"""The newest bend determines all future times; earlier bends are needed for past boundaries that are not settled
yet."""

_log = structlog.get_logger("duelcast.market")


def to_us(epoch_s: float) -> int:
    """Convert to epoch microseconds, which are as exact as epoch seconds in a float, and sort in the same order."""
    return round(epoch_s * 1_000_000)


class Bend(Struct, frozen=True):
    """A bend of the time scale: when the wall clock is set to `wall_us`, times of receipt continue from `receipt_us`,
    at `pace` (0 to 1) times the speed of the wall clock, until that clock has caught up. The newest time of receipt
    before the bend is `last_us`."""

    wall_us: int
    receipt_us: int
    last_us: int
    pace: float

    def receipt_at(self, wall_us: int) -> int:
        return max(wall_us, self.receipt_us + floor((wall_us - self.wall_us) * self.pace))

    def wall_at(self, receipt_us: int) -> int:
        return min(receipt_us, self.wall_us + ceil((receipt_us - self.receipt_us) / self.pace))


class TimeScale(Struct, frozen=True):
    """Converts between wall time and time of receipt, both in epoch µs. They are equal until the first bend. Bends are
    in the order in which they occurred."""

    bends: tuple[Bend, ...] = ()

    def until(self, wall_us: int) -> int:
        """The newest time of receipt that a record could get before the wall clock passed `wall_us` for the last
        time."""
        newest: float = inf
        for bend in reversed(self.bends):
            if bend.wall_us <= wall_us:
                return int(min(newest, bend.receipt_at(wall_us)))
            newest = min(newest, bend.last_us)
        return int(min(newest, wall_us))

    def wall(self, receipt_us: int) -> int:
        """The wall time that corresponds to a time of receipt. Records received while the wall clock was ahead count as
        received no later than the time to which that clock was set back."""
        latest: float = inf
        for bend in reversed(self.bends):
            if bend.receipt_us <= receipt_us:
                return int(min(latest, bend.wall_at(receipt_us)))
            latest = min(latest, bend.wall_us)
        return int(min(latest, receipt_us))


async def load_scale(transaction: Transaction) -> TimeScale:
    """The scale of the stored times of receipt."""
    stored = await find_value(transaction, RECEIPT)
    return TimeScale() if stored is None else msgspec.convert(stored, TimeScale)


async def store_scale(transaction: Transaction, scale: TimeScale) -> None:
    await put_value(transaction, RECEIPT, msgspec.to_builtins(scale))


class ReceiptTime:
    """The wall clock, except that it never goes back.

    After the wall clock is set back, the time of receipt runs slower until the wall clock has caught up, so that a
    correction neither reopens a counted minute nor makes the windows stand still. Events at times that people chose,
    such as the start of a contest, follow the wall clock (`wall_s`); `scale` determines which records had been received
    by such a time. `on_step` listeners are called after each step of the wall clock.
    """

    __slots__ = (
        "_clock",
        "_last_s",
        "_logged_s",
        "_monotonic",
        "_monotonic_s",
        "_settings",
        "_slewing",
        "_steps",
        "_time",
        "_wall_s",
        "on_step",
        "scale",
    )

    def __init__(self, clock: Clock, settings: ReceiptSettings) -> None:
        self.scale = TimeScale()
        self.on_step: list[Callable[[], None]] = []
        self._clock = clock
        self._time, self._monotonic = clock.time, clock.monotonic
        self._settings = settings
        self._wall_s = self._last_s = clock.time()
        self._monotonic_s = clock.monotonic()
        self._slewing: Bend | None = None
        self._steps = 0
        self._logged_s = -_LOG_INTERVAL_S

    def go_on(self, scale: TimeScale, newest_us: int) -> None:
        """Continue on the `scale` of the records received before the server started, of which the newest was received
        at `newest_us` (epoch). Call this before anything else is received. If `newest_us` is too far ahead of the wall
        clock, it is considered wrong, and the time of receipt continues from the wall clock."""
        wall_us, bends = to_us(self.wall_s()), scale.bends
        if newest_us > wall_us + self._settings.max_ahead_s * 1_000_000:
            bends = (*bends, Bend(wall_us, wall_us, newest_us, self._settings.pace))
            newest_us = wall_us
        self.scale = TimeScale(bends[-_BENDS_KEPT:])
        self._slewing = bends[-1] if bends else None
        self._last_s = newest_us / 1_000_000
        self.now_s()

    def now_s(self) -> float:
        """The time of receipt of a record received now, in epoch seconds."""
        wall_s, monotonic_s = self._time(), self._monotonic()
        step_s = wall_s - self._wall_s - (monotonic_s - self._monotonic_s)
        if self._slewing is not None or wall_s < self._last_s or not -_STEP_S < step_s < _STEP_S:
            return self._corrected_s()
        # Nearly every tick takes this path.
        self._wall_s = self._last_s = wall_s
        self._monotonic_s = monotonic_s
        return wall_s

    def wall_s(self) -> float:
        """The wall clock, in epoch seconds."""
        self.now_s()
        return self._wall_s

    def at_wall(self, wall_s: float) -> float:
        """The newest time of receipt at a wall time, both in epoch seconds."""
        return self.scale.until(to_us(wall_s)) / 1_000_000 if self.scale.bends else wall_s

    def seconds_until(self, receipt_s: float) -> float:
        """The seconds until `receipt_s`, if nobody sets the wall clock meanwhile."""
        now_s = self.now_s()
        if self._slewing is None:
            return receipt_s - now_s
        return self.scale.wall(to_us(receipt_s)) / 1_000_000 - self._wall_s

    async def watch(self) -> None:
        """Check every second whether the wall clock was set, even while nothing is received, until cancelled."""
        while True:
            await self._clock.sleep(_LOOK_INTERVAL_S)
            self.now_s()

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily(
            "duelcast_clock_ahead_seconds",
            "How far the time of receipt is ahead of the wall clock after the wall clock was set back.",
            value=self.now_s() - self._wall_s,
        )
        yield CounterMetricFamily("duelcast_clock_steps", "How often the wall clock was set.", value=self._steps)

    def _corrected_s(self) -> float:
        step_s, bend = self._look(), self._slewing
        if bend is None:
            receipt_s, is_bent = self._wall_s, self._wall_s < self._last_s - _TOLERANCE_S
        else:
            wall_us = to_us(self._wall_s)
            receipt_us = bend.receipt_at(wall_us)
            has_met = receipt_us <= wall_us
            self._slewing = None if has_met else bend
            receipt_s = receipt_us / 1_000_000
            # If the wall clock is set forward while it lags, the time of receipt does not jump with it, so the lag
            # shrinks by as much.
            is_bent = receipt_s < self._last_s or (step_s > 0 and not has_met)
        if is_bent:
            receipt_s = self._bend()
        self._last_s = max(receipt_s, self._last_s)
        if step_s or is_bent:
            self._stepped(step_s)
        return self._last_s

    def _look(self) -> float:
        """Read the clocks again, because a process that was paused between reading the two clocks sees a step that did
        not happen. Returns the seconds by which the wall clock was set since the last look, or 0 if it ran as usual."""
        wall_s, monotonic_s = self._time(), self._monotonic()
        step_s = wall_s - self._wall_s - (monotonic_s - self._monotonic_s)
        self._wall_s, self._monotonic_s = wall_s, monotonic_s
        return 0.0 if -_STEP_S < step_s < _STEP_S else step_s

    def _bend(self) -> float:
        """Begin to slew from the newest time of receipt, at the current wall time."""
        wall_us, last_us = to_us(self._wall_s), to_us(self._last_s)
        receipt_us = max(wall_us, last_us + _GAP_US)
        self._slewing = Bend(wall_us, receipt_us, last_us, self._settings.pace)
        self.scale = TimeScale((*self.scale.bends, self._slewing)[-_BENDS_KEPT:])
        return receipt_us / 1_000_000

    def _stepped(self, step_s: float) -> None:
        for listener in self.on_step:
            listener()
        self._steps += step_s != 0
        if step_s and self._monotonic_s - self._logged_s >= _LOG_INTERVAL_S:
            self._logged_s = self._monotonic_s
            _log.warning(
                "clock_stepped", step_s=round(step_s, 3), receipts_ahead_s=round(self._last_s - self._wall_s, 3)
            )
