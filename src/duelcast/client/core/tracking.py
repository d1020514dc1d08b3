"""Events that the application tracks: kept until the server has stored them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from ..generated.contract import RETRIABLE, CommandFacts
from .frames import Failure, Frame, read
from .requests import Outcome, Requests
from .timers import Timer, Timers

MOST_EVENTS = 1_000
MOST_PER_COMMAND = 100
REPEAT_AFTER_MS = 1_000
ANSWER_WITHIN_MS = 10_000

_FACTS = CommandFacts()
_PASSING_CODES = RETRIABLE | {"TIMEOUT", "TOO_MANY_REQUESTS"}
_WAITING_CODES = frozenset({"PERMISSION_DENIED", "REFUSED", "UNAUTHORIZED"})
"""The connection may return with another token."""


class Stored(Struct, frozen=True):
    """An event is stored. `duplicate` is true if it had been stored before, by a repeat whose answer was lost."""

    event: str
    eventId: str
    duplicate: bool = False


class _Reply(Struct):
    events: list[Stored]


class Tracked:
    """An event, and what becomes of it."""

    __slots__ = ("event", "settled")

    def __init__(self, event: dict[str, Any], settled: Callable[[Stored | Failure], None]) -> None:
        self.event = event
        self.settled = settled


class Tracking:
    """Sends events in batches, one batch at a time, each event again with the same id until it is confirmed."""

    def __init__(
        self, timers: Timers, requests: Requests, new_uuid: Callable[[], str], emptied: Callable[[], None]
    ) -> None:
        self.dropped = 0
        """How many events were dropped because too many waited."""
        self._timers = timers
        self._requests = requests
        self._new_uuid = new_uuid
        self._emptied = emptied
        self._queue: deque[Tracked] = deque()
        self._under_way: list[Tracked] = []
        self._is_open = False
        self._pause: Timer | None = None

    def __bool__(self) -> bool:
        """Whether any event is not confirmed yet."""
        return bool(self._queue)

    def track(self, event: str, data: dict[str, Any] | None, settled: Callable[[Stored | Failure], None]) -> None:
        """Keep an event and send it as soon as possible."""
        members: dict[str, Any] = {
            "event": event,
            "eventId": self._new_uuid(),
            "occurredAt": _time(self._timers.wall_ms),
        }
        if data is not None:
            members["data"] = data
        if len(self._queue) >= MOST_EVENTS:
            oldest = self._queue.popleft()
            self.dropped += 1
            oldest.settled(Failure("DROPPED", f"More than {MOST_EVENTS} events were waiting."))
        self._queue.append(Tracked(members, settled))
        self._send()

    def opened(self) -> None:
        self._is_open = True
        self._send()

    def lost(self) -> None:
        """The connection was lost. Events under way are sent again on the next one."""
        self._is_open = False
        self._under_way = []
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def fail_all(self, failure: Failure) -> None:
        queue, self._queue = list(self._queue), deque()
        self._under_way = []
        for tracked in queue:
            tracked.settled(failure)

    def _send(self) -> None:
        if not self._is_open or self._under_way or self._pause is not None or not self._queue:
            return
        self._under_way = batch = [self._queue[index] for index in range(min(len(self._queue), MOST_PER_COMMAND))]
        command = {"type": "track_event", "events": [tracked.event for tracked in batch]}
        self._requests.add(command, _FACTS, lambda outcome: self._answered(batch, outcome), ANSWER_WITHIN_MS)

    def _answered(self, batch: list[Tracked], outcome: Outcome) -> None:
        if batch is not self._under_way:
            return
        self._under_way = []
        if isinstance(outcome, Frame):
            reply = read(outcome.text, _Reply)
            stored = {one.eventId: one for one in reply.events} if reply is not None else {}
            self._remove(batch, lambda event: stored.get(event["eventId"]) or Stored(event["event"], event["eventId"]))
            self._send()
        elif outcome.retry_after_ms is not None or outcome.code in _PASSING_CODES:
            delay_ms = REPEAT_AFTER_MS if outcome.retry_after_ms is None else outcome.retry_after_ms
            self._pause = self._timers.after(delay_ms, self._resume)
        elif outcome.code not in _WAITING_CODES:
            self._remove(batch, lambda _event: outcome)
            self._send()
        if not self._queue:
            self._emptied()

    def _remove(self, batch: list[Tracked], result: Callable[[dict[str, Any]], Stored | Failure]) -> None:
        settled = [tracked for tracked in batch if tracked in self._queue]
        for tracked in settled:
            self._queue.remove(tracked)
        for tracked in settled:
            tracked.settled(result(tracked.event))

    def _resume(self) -> None:
        self._pause = None
        self._send()


def _time(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
