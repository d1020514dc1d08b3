"""The requests of the application on an endpoint, from the call to the answer (protocol §1.1, §1.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from ..generated.contract import CommandFacts
from .contract import channels_in
from .frames import Error, Failure, Frame, read
from .timers import Timer, Timers

DEFAULT_TIMEOUT_MS = 10_000
RETRY_AFTER_MS = 1_000
MOST_REQUESTS = 1_000
REPEATED_CODES = frozenset({"UNAVAILABLE", "OUTCOME_UNKNOWN"})
"""After these a request that may be repeated is repeated."""

Outcome = Frame | Failure


class Request:
    """A command, and what becomes of it."""

    __slots__ = ("command", "deadline", "facts", "id", "retry", "sent", "settled", "text")

    def __init__(
        self, request_id: str, command: dict[str, Any], facts: CommandFacts, settled: Callable[[Outcome], None]
    ) -> None:
        self.id = request_id
        self.command = command
        self.facts = facts
        self.text = msgspec.json.encode({**command, "requestId": request_id}).decode()
        self.settled = settled
        self.sent = False
        self.deadline: Timer | None = None
        self.retry: Timer | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """How requests leave. `send` sends a text on the established connection; `joined` and `left` hear of the channels
    that answered requests joined and left, and `read` of those that were joined by a mere question; `settled` is called
    after each request."""

    send: Callable[[str], None]
    joined: Callable[[list[str]], None]
    read: Callable[[list[str]], None]
    left: Callable[[list[str]], None]
    settled: Callable[[], None]


class Requests:
    """Sends requests while the connection is established, repeats those that may be repeated, and settles each once."""

    def __init__(self, timers: Timers, new_id: Callable[[], str], new_uuid: Callable[[], str], line: Line) -> None:
        self._timers = timers
        self._new_id = new_id
        self._new_uuid = new_uuid
        self._line = line
        self._waiting: dict[str, Request] = {}
        """In the order of the calls, by `requestId`."""
        self._is_open = False
        self._max_bytes: int | None = None

    def __bool__(self) -> bool:
        """Whether any request waits."""
        return bool(self._waiting)

    def add(
        self,
        command: dict[str, Any],
        facts: CommandFacts,
        settled: Callable[[Outcome], None],
        timeout_ms: int | None = DEFAULT_TIMEOUT_MS,
    ) -> Request:
        """Make a request. `settled` is called once, with the answer or the failure. Without a `timeout_ms`, the request
        waits as long as it takes."""
        if facts.key is not None and command.get(facts.key) is None and "events" not in command:
            command = {**command, facts.key: self._new_uuid()}
        request = Request(self._new_id(), command, facts, settled)
        if len(self._waiting) >= MOST_REQUESTS:
            settled(Failure("TOO_MANY_REQUESTS", f"{MOST_REQUESTS} requests are waiting for answers already."))
            return request
        self._waiting[request.id] = request
        if timeout_ms is not None:
            request.deadline = self._timers.after(timeout_ms, lambda: self._time_out(request))
        self._send(request)
        return request

    def abort(self, request: Request) -> None:
        """Forget a request; an answer that arrives later is ignored."""
        self._settle(request, Failure("ABORTED", "The request was cancelled."))

    def opened(self, max_bytes: int | None) -> None:
        """The connection is established: send everything that waits."""
        self._is_open, self._max_bytes = True, max_bytes
        for request in list(self._waiting.values()):
            self._send(request)

    def lost(self) -> None:
        """The connection was lost. Requests whose outcome nobody knows, and that must not be repeated, fail."""
        self._is_open = False
        for request in list(self._waiting.values()):
            if request.sent and not _is_repeatable(request.facts):
                self._settle(
                    request,
                    Failure("OUTCOME_UNKNOWN", "The connection was lost before the answer; look before repeating."),
                )
            request.sent = False
            _cancel(request.retry)

    def fail_all(self, failure: Failure) -> None:
        for request in list(self._waiting.values()):
            self._settle(request, failure)

    def answered(self, frame: Frame) -> bool:
        """Take a message with a `requestId`. Returns whether it answers a request."""
        request = self._waiting.get(frame.head.requestId or "")
        if request is None:
            return False
        if frame.head.type not in ("error", "ERROR"):
            self._settle(request, frame)
            return True
        error = read(frame.text, Error) or Error("UNKNOWN")
        if error.code in REPEATED_CODES and _is_repeatable(request.facts):
            request.sent = False
            delay_ms = RETRY_AFTER_MS if error.retryAfterMs is None else error.retryAfterMs
            request.retry = self._timers.after(delay_ms, lambda: self._send(request))
        else:
            self._settle(request, Failure.of(error))
        return True

    def _send(self, request: Request) -> None:
        if not self._is_open or request.sent or request.id not in self._waiting:
            return
        _cancel(request.retry)
        if self._max_bytes is not None and len(request.text.encode()) > self._max_bytes:
            self._settle(
                request, Failure("MESSAGE_TOO_BIG", f"A message on this endpoint has at most {self._max_bytes} bytes.")
            )
            return
        request.sent = True
        self._line.send(request.text)

    def _time_out(self, request: Request) -> None:
        self._settle(request, Failure("TIMEOUT", "The server did not answer in time."))

    def _settle(self, request: Request, outcome: Outcome) -> None:
        if self._waiting.pop(request.id, None) is None:
            return
        _cancel(request.deadline)
        _cancel(request.retry)
        if isinstance(outcome, Frame):
            if joined := list(channels_in(request.facts.joins, request.command)):
                is_question = str(request.command["type"]).startswith("get_")
                (self._line.read if is_question else self._line.joined)(joined)
            if left := list(channels_in(request.facts.leaves, request.command)):
                self._line.left(left)
        request.settled(outcome)
        self._line.settled()


def _is_repeatable(facts: CommandFacts) -> bool:
    return facts.safe or facts.key is not None


def _cancel(timer: Timer | None) -> None:
    if timer is not None:
        timer.cancel()
