"""Groups of equal errors. Errors that occur within a short time become one record with a count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from duelcast.channels.publisher import Broadcast
from duelcast.domain.operations.error_events import SYSTEM_ERRORS, ErrorAlert, ErrorRecord
from duelcast.store.errors import ErrorLevel, ErrorRow
from duelcast.wire.timestamps import format_ms

GROUP_S = 10.0
MAX_OPEN_GROUPS = 1_000


class ErrorKey(NamedTuple):
    """The fields that equal errors share; the texts are scrubbed."""

    service: str
    source: str
    level: ErrorLevel
    error: str


@dataclass(slots=True, eq=False)
class ErrorGroup:
    """A group of `count` equal errors, of which `stored_count` are stored. `details` are those of the first error.

    `id` is the time of the first error (epoch µs), increased if needed to be unique; `opened_s` is the same time on the
    monotonic clock. `posts` is the number of errors whose callers wait for the store. `ended` means that no more errors
    are counted, `pushed` that the first alert has been published, and `publishing` that the first alert is being stored
    together with the group's row.
    """

    key: ErrorKey
    details: dict[str, Any]
    id: int
    opened_s: float
    count: int = 0
    stored_count: int = 0
    ended: bool = False
    pushed: bool = False
    publishing: bool = False
    posts: int = 0

    def row(self, count: int) -> ErrorRow:
        return ErrorRow(self.id, *self.key, self.details, count)

    def alert(self, count: int) -> Broadcast:
        """The alert to admins about `count` equal errors."""
        return Broadcast(SYSTEM_ERRORS.channel(), ErrorAlert(data=error_record(self.row(count))))


class OpenGroups:
    """The groups that still count errors. If there are too many, the oldest ends early."""

    def __init__(self) -> None:
        self._groups: dict[ErrorKey, ErrorGroup] = {}

    def find(self, key: ErrorKey) -> ErrorGroup | None:
        return self._groups.get(key)

    def add(self, group: ErrorGroup) -> ErrorGroup | None:
        """Open `group`; returns the group that had to end to make room for it, if any."""
        oldest = None
        if len(self._groups) >= MAX_OPEN_GROUPS:
            oldest = self._groups.pop(next(iter(self._groups)))
        self._groups[group.key] = group
        return oldest

    def remove(self, group: ErrorGroup) -> None:
        """Remove `group`, unless it has already been removed."""
        if self._groups.get(group.key) is group:
            del self._groups[group.key]

    def next_end_s(self) -> float:
        """The time at which the next group ends, on the monotonic clock; infinite if none is open."""
        return next((group.opened_s + GROUP_S for group in self._groups.values()), float("inf"))

    def take_ended(self, now_s: float) -> list[ErrorGroup]:
        """Remove the groups whose time is over at `now_s`, and return them, oldest first."""
        ended = []
        while self._groups and self.next_end_s() <= now_s:
            ended.append(self._groups.pop(next(iter(self._groups))))
        return ended

    def counts(self) -> dict[int, int]:
        """The present count of each of these groups, by id."""
        return {group.id: group.count for group in self._groups.values()}


def error_record(row: ErrorRow, count: int | None = None) -> ErrorRecord:
    """The record of a row for clients; `count` replaces the row's own count."""
    return ErrorRecord(
        id=row.id,
        service=row.service,
        source=row.source,
        level=row.level,
        error=row.error,
        timestamp=format_ms(row.id // 1000),
        details=row.details,
        count=row.count if count is None else count,
    )
