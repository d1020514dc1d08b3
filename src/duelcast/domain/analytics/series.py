"""Counts of events: in total, in the last 24 hours, and minute by minute."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from duelcast.clock import Clock
from duelcast.store.analytics import MINUTES_PER_DAY, EventTotal, MinuteKey

MAX_NAMES = 1_000
OTHER = "_other"
"""The name under which events of all names beyond `MAX_NAMES` are counted."""
SHOWN_MINUTES = 60


class Series:
    """Counts of stored events by name and by minute of receipt (a number of minutes since the Unix epoch), in a fixed
    amount of memory.

    The first `MAX_NAMES` names are known; events of all later names are counted as `OTHER`. The last 24 hours are the
    current minute and the 1,439 before it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[str, int] = {OTHER: 0}
        self._totals = [0] * (1 + MAX_NAMES)
        self._minutes = np.zeros((1 + MAX_NAMES, MINUTES_PER_DAY), dtype=np.uint32)
        """A row for each name. The column of a minute is the minute modulo `MINUTES_PER_DAY`, so that columns are
        reused in turn."""
        self._day = np.zeros(1 + MAX_NAMES, dtype=np.int64)
        """The sum of each row of `_minutes`."""
        self._newest = self._this_minute()

    def restore(self, totals: list[EventTotal], of_all: int) -> None:
        """Begin with the `totals` of the earliest names and with `of_all`, the total over all names. Call
        `restore_minutes` next."""
        for known in totals:
            row = self._row(known.event)
            self._totals[row] += known.total
        self._totals[0] += of_all - sum(known.total for known in totals)

    def restore_minutes(self, counts: Mapping[MinuteKey, int], sums: Mapping[int, int]) -> None:
        """Add counts per minute, which the totals already include. `counts` are the counts of the known names, `sums`
        those of all names together."""
        others = dict(sums)
        for (minute, event), count in counts.items():
            self._count_minute(self._row(event), minute, count)
            others[minute] -= count
        for minute, count in others.items():
            self._count_minute(0, minute, count)

    def add(self, counts: Mapping[MinuteKey, int]) -> None:
        """Count events that were stored."""
        for (minute, event), count in counts.items():
            row = self._row(event)
            self._totals[row] += count
            self._count_minute(row, minute, count)

    def forget(self, deleted: EventTotal) -> None:
        """Subtract events from the totals, because their stored counts were deleted."""
        self._totals[self._rows.get(deleted.event, 0)] -= deleted.total

    def counted_as(self, event: str) -> str:
        """Register the name `event` if there is room. Returns the name under which its events are counted, here and in
        the store."""
        return event if self._row(event) else OTHER

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

    def total(self, event: str) -> int | None:
        """How many events with the name `event` were stored, without those whose counts were deleted. None if the
        number is unknown because the name is counted as `OTHER`."""
        row = self._rows.get(event)
        if row is not None:
            return self._totals[row]
        return 0 if len(self._rows) <= MAX_NAMES else None

    def totals(self) -> dict[str, int]:
        """All totals by name; `OTHER` is included only if its total is not 0."""
        return {name: self._totals[row] for name, row in self._rows.items() if row or self._totals[row]}

    def top(self, limit: int) -> list[tuple[str, int]]:
        """The most frequent names of the last 24 hours with their counts, the most frequent first."""
        self._turn_to(self._this_minute())
        counts = self._day.tolist()
        came = [(name, counts[row]) for name, row in self._rows.items() if counts[row]]
        return sorted(came, key=lambda one: (-one[1], one[0]))[:limit]

    def last_minutes(self) -> list[int]:
        """How many events were received in each of the last `SHOWN_MINUTES` minutes, the current one last."""
        now = self._this_minute()
        self._turn_to(now)
        columns = np.arange(now - SHOWN_MINUTES + 1, now + 1) % MINUTES_PER_DAY
        counts: list[int] = self._minutes[:, columns].sum(axis=0, dtype=np.int64).tolist()
        return counts

    # ── minutes ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _this_minute(self) -> int:
        return int(self._clock.time() // 60)

    def _row(self, event: str) -> int:
        row = self._rows.get(event)
        if row is None:
            if len(self._rows) > MAX_NAMES:
                return 0
            row = self._rows[event] = len(self._rows)
        return row

    def _count_minute(self, row: int, minute: int, count: int) -> None:
        self._turn_to(minute)
        if minute > self._newest - MINUTES_PER_DAY:
            self._minutes[row, minute % MINUTES_PER_DAY] += count
            self._day[row] += count

    def _turn_to(self, minute: int) -> None:
        """Advance to `minute`, and clear the minutes that are now at least 24 hours old."""
        passed = min(minute - self._newest, MINUTES_PER_DAY)
        if passed <= 0:
            return
        columns = np.arange(minute - passed + 1, minute + 1) % MINUTES_PER_DAY
        self._day -= self._minutes[:, columns].sum(axis=1, dtype=np.int64)
        self._minutes[:, columns] = 0
        self._newest = minute
