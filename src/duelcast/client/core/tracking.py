"""Events that the application tracks: kept until the server has stored them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from ..generated.contract import CommandFacts
from .frames import Failure, Frame, read
from .offset import ClockOffset
from .requests import Outcome, Requests
from .timers import Timer, Timers

MOST_EVENTS = 1_000
MOST_PER_COMMAND = 100
DEFAULT_MAX_BYTES = 65_536
MOST_OTHER_BYTES = 256
"""A command has at most so many bytes besides its events."""
REPEAT_AFTER_MS = 1_000
ANSWER_WITHIN_MS = 10_000

_FACTS = CommandFacts()
_LAST_MS = 253_402_300_799_999
"""The last millisecond that a time of four-digit years can name."""


class Stored(Struct, frozen=True):
    """An event is stored. `duplicate` is true if it had been stored before, by a repeat whose answer was lost."""

    event: str
    eventId: str
    duplicate: bool = False


class _Reply(Struct):
    events: list[Stored]


class Tracked:
    """An event, the time of the client's clock at which it occurred, and what becomes of it."""

    __slots__ = ("bytes", "event", "settled", "wall_ms")

    def __init__(self, event: dict[str, Any], wall_ms: int, settled: Callable[[Stored | Failure], None]) -> None:
        self.event = event
        self.wall_ms = wall_ms
        self.settled = settled
        self.bytes = len(msgspec.json.encode({**event, "occurredAt": _time(0)})) + len(",")
        """The size of the event in a command."""


class Tracking:
    """Sends events in batches, one batch at a time, each event again with the same id until it is confirmed."""

    def __init__(
        self,
        timers: Timers,
        requests: Requests,
        offset: ClockOffset,
        new_uuid: Callable[[], str],
        emptied: Callable[[], None],
    ) -> None:
        self.dropped = 0
        """How many events were dropped because too many waited."""
        self._timers = timers
        self._requests = requests
        self._offset = offset
        self._new_uuid = new_uuid
        self._emptied = emptied
        self._queue: deque[Tracked] = deque()
        self._under_way: list[Tracked] = []
        self._is_open = False
        self._max_bytes = DEFAULT_MAX_BYTES
        self._pause: Timer | None = None

    def __bool__(self) -> bool:
        """Whether any event is not confirmed yet."""
        return bool(self._queue)

    def track(self, event: str, data: dict[str, Any] | None, settled: Callable[[Stored | Failure], None]) -> None:
        """Keep an event and send it as soon as possible. Raises `TypeError` if `data` cannot be JSON, and
        `UnicodeEncodeError` for text that is not Unicode."""
        members: dict[str, Any] = {"event": event, "eventId": self._new_uuid()}
        if data is not None:
            members["data"] = msgspec.Raw(msgspec.json.encode(data))  # the caller may change `data` later
        tracked = Tracked(members, self._timers.wall_ms, settled)
        if len(self._queue) >= MOST_EVENTS:
            oldest = self._queue.popleft()
            self.dropped += 1
            oldest.settled(Failure("EVENT_DROPPED", f"More than {MOST_EVENTS} events were waiting."))
        self._queue.append(tracked)
        self._send()

    def opened(self, max_bytes: int | None) -> None:
        """The connection is established, and the server accepts messages of `max_bytes`; None if it does not say."""
        self._is_open, self._max_bytes = True, max_bytes or DEFAULT_MAX_BYTES
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
        self._under_way = batch = self._next_batch()
        offset_ms = self._offset.ms or 0
        events = [{**one.event, "occurredAt": _time(one.wall_ms + offset_ms)} for one in batch]
        command = {"type": "track_event", "events": events}
        self._requests.add(command, _FACTS, lambda outcome: self._answered(batch, outcome), ANSWER_WITHIN_MS)

    def _next_batch(self) -> list[Tracked]:
        """The oldest events that fit into a command, and at least one."""
        batch, left = [self._queue[0]], self._max_bytes - MOST_OTHER_BYTES - self._queue[0].bytes
        for tracked in islice(self._queue, 1, MOST_PER_COMMAND):
            left -= tracked.bytes
            if left < 0:
                break
            batch.append(tracked)
        return batch

    def _answered(self, batch: list[Tracked], outcome: Outcome) -> None:
        if batch is not self._under_way:
            return
        self._under_way = []
        if isinstance(outcome, Frame):
            reply = read(outcome.text, _Reply)
            stored = {one.eventId: one for one in reply.events} if reply is not None else {}
            self._remove(batch, lambda event: stored.get(event["eventId"]) or Stored(event["event"], event["eventId"]))
            self._send()
        elif outcome.retriable:
            delay_ms = REPEAT_AFTER_MS if outcome.retry_after_ms is None else outcome.retry_after_ms
            self._pause = self._timers.after(delay_ms, self._resume)
        else:
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


def _time(time_ms: float) -> str:
    """An ISO-8601 time. If the server's clock is absurd, it is the nearest time that has such a form."""
    seconds = min(max(round(time_ms), 0), _LAST_MS) / 1000
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
