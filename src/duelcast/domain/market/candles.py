"""Minute rows of a symbol's price, for the history and for 24 h figures that a feed does not give."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from duelcast.domain.market.ticks import MAX_AMOUNT
from duelcast.wire.messages import Record, Timestamp
from duelcast.wire.timestamps import format_time

MINUTES_KEPT = 1_440
CANDLE_MINUTES: Mapping[str, int] = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": 1_440}


class Candle(Record):
    """The prices of an interval."""

    timestamp: Timestamp
    """When the interval begins."""
    open: float
    """The first price."""
    high: float
    """The highest price."""
    low: float
    """The lowest price."""
    close: float
    """The last price, or the newest if the interval is not over."""


class Row(NamedTuple):
    """A minute with a price; `minute` counts from the Unix epoch."""

    minute: int
    open: float
    high: float
    low: float
    close: float

    def with_price(self, price: float) -> Row:
        """The row after one more price in the same minute."""
        high = price if price > self.high else self.high
        low = price if price < self.low else self.low
        return Row(self.minute, self.open, high, low, price)


class Extremes(NamedTuple):
    """The highest and the lowest price of a span."""

    high: float
    low: float


_NO_EXTREMES = Extremes(0.0, MAX_AMOUNT)


class MinuteRows:
    """The last 1,440 minutes of one price, including the current minute. Minutes without a price have no row.

    `received_s` is when the newest price was received (epoch seconds).
    """

    __slots__ = (
        "_before",
        "_close",
        "_complete",
        "_current",
        "_high",
        "_low",
        "_minute",
        "_open",
        "received_s",
    )

    def __init__(self) -> None:
        self._minute = array("q")
        self._open = array("d")
        self._high = array("d")
        self._low = array("d")
        self._close = array("d")
        self._current: Row | None = None
        self.received_s = 0.0
        self._before: float | None = None  # the price at the beginning of the kept minutes
        self._complete: Extremes | None = _NO_EXTREMES  # of the complete minutes; None until recomputed

    def __len__(self) -> int:
        return len(self._minute) + (self._current is not None)

    def add(self, now_s: float, price: float) -> Row | None:
        """Take a price received at `now_s`, which must not be earlier than in previous calls. Returns the row that is
        now complete, if any."""
        minute = int(now_s // 60)
        row = self._current
        self.received_s = now_s
        if row is None or minute > row.minute:
            self._begin(Row(minute, price, price, price, price))
            return row
        if price != row.close:
            self._current = row.with_price(price)
        return None

    def restore(self, rows: Iterable[Row], received_s: float) -> None:
        """Fill an empty instance with the rows of the last 24 h and the row before them, oldest first. The last price
        was received at `received_s`."""
        for row in rows:
            if self._current is not None:
                self._keep(self._current)
            self._current = row
        self.received_s = received_s

    def fork(self) -> MinuteRows:
        """An independent copy that has only the newest row."""
        fork = MinuteRows()
        fork._current = self._current
        fork.received_s = self.received_s
        return fork

    def put(self, row: Row, received_s: float) -> None:
        """Take over a row of a fork; the last price in the row was received at `received_s`. Rows must be passed in
        order."""
        self.received_s = received_s
        if self._current is None or row.minute > self._current.minute:
            self._begin(row)
        else:
            self._current = row

    def newest(self) -> Row | None:
        """The row of the newest price."""
        return self._current

    def oldest(self) -> Row | None:
        """The oldest row that is kept."""
        if not self._minute:
            return self._current
        return Row(self._minute[0], self._open[0], self._high[0], self._low[0], self._close[0])

    def change(self, now_s: float) -> float | None:
        """The change in percent over the 24 h before `now_s`; None if the price at the beginning of these 24 h is not
        known."""
        row = self._current
        oldest = self._drop_passed(now_s)
        if row is None or row.minute < oldest:
            return None if row is None else 0.0
        return None if self._before is None else (row.close - self._before) / self._before * 100

    def extremes(self, now_s: float) -> Extremes:
        """The highest and the lowest known price of the 24 h before `now_s`, or the last price if there was none in
        that time. At least one price must have been added."""
        row = self._current
        assert row is not None
        oldest = self._drop_passed(now_s)
        if row.minute < oldest:
            return Extremes(row.close, row.close)
        if self._complete is None:
            self._complete = Extremes(max(self._high, default=0.0), min(self._low, default=MAX_AMOUNT))
        return _widened(self._complete, row)

    def rows(self, now_s: float) -> Iterator[Row]:
        """The rows of the last 24 h, oldest first."""
        oldest = self._drop_passed(now_s)
        yield from map(Row, self._minute, self._open, self._high, self._low, self._close)
        if self._current is not None and self._current.minute >= oldest:
            yield self._current

    def closes(self, now_s: float, minutes: int) -> list[float]:
        """The price at the end of each interval of `minutes` minutes, aligned to the epoch, oldest first. The last
        interval contains `now_s`, and the first begins within the 24 h before that, once a price is known."""
        row = self._current
        self._drop_passed(now_s)
        if row is None:
            return []
        end = (int(now_s // 60) // minutes + 1) * minutes
        found = []
        place = 0
        for minute in range(end - MINUTES_KEPT + minutes, end + 1, minutes):
            place = bisect_left(self._minute, minute, place)
            price = row.close if row.minute < minute else self._close[place - 1] if place else self._before
            if price is not None:
                found.append(price)
        return found

    def _begin(self, row: Row) -> None:
        if self._current is not None:
            self._keep(self._current)
        self._current = row
        self._drop_passed(row.minute * 60)

    def _keep(self, complete: Row) -> None:
        self._minute.append(complete.minute)
        self._open.append(complete.open)
        self._high.append(complete.high)
        self._low.append(complete.low)
        self._close.append(complete.close)
        if self._complete is not None:
            self._complete = _widened(self._complete, complete)

    def _drop_passed(self, now_s: float) -> int:
        """Drop the complete minutes that are not in the 24 h before `now_s`; returns the oldest minute of these 24
        h."""
        oldest = int(now_s // 60) - MINUTES_KEPT + 1
        if self._minute and self._minute[0] < oldest:
            self._drop_before(oldest)
        return oldest

    def _drop_before(self, oldest: int) -> None:
        gone = bisect_right(self._minute, oldest - 1)
        self._before = self._close[gone - 1]
        highest, lowest = max(self._high[:gone]), min(self._low[:gone])
        for column in (self._minute, self._open, self._high, self._low, self._close):
            del column[:gone]
        if self._complete is not None and (highest >= self._complete.high or lowest <= self._complete.low):
            self._complete = None


def _widened(extremes: Extremes, row: Row) -> Extremes:
    return Extremes(max(extremes.high, row.high), min(extremes.low, row.low))


def by_interval(rows: Iterable[Row], minutes: int) -> list[Row]:
    """Merge `rows`, oldest first, into rows that cover `minutes` minutes each and are aligned to the epoch."""
    merged: dict[int, Row] = {}
    for row in rows:
        start = row.minute // minutes * minutes
        known = merged.get(start)
        merged[start] = (
            row._replace(minute=start)
            if known is None
            else Row(start, known.open, max(known.high, row.high), min(known.low, row.low), row.close)
        )
    return list(merged.values())


def candle(row: Row) -> Candle:
    """The candle of a row."""
    return Candle(timestamp=format_time(row.minute * 60), open=row.open, high=row.high, low=row.low, close=row.close)
