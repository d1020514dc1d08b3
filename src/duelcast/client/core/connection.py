"""The connection to an endpoint: when it is dialled, ended and dialled again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from ..generated.contract import ENDPOINTS, FINAL
from .actions import Action, ConnectionState, ConnectionStatus, Dial, End, Refusal, Send
from .backoff import asked_wait_ms, backoff_ms
from .following import Following
from .frames import AuthSuccess, Error, Established, Failure, frame_of, read
from .liveness import Liveness
from .offset import ClockOffset
from .pings import Pings
from .refresh import Refresh
from .requests import Line, Requests
from .timers import Timer, Timers
from .tokens import Answer, NoToken, Tokens
from .tracking import Tracking
from .wanted import LINGER_MS

ESTABLISH_WITHIN_MS = 10_000
STEADY_MS = 1_000
"""A connection that was established for this long resets the back-off."""
WAKE_WITHIN_MS = 3_000
LOST = 1006
"""The code of a connection that ended without a close frame (RFC 6455, 7.4.1)."""

_SENTENCES = {
    1000: "The server closed the connection normally.",
    1002: "The server refused this client: protocol error.",
    1003: "The server refused this client: binary frame.",
    1007: "The server refused this client: text that is not UTF-8.",
    1009: "The server refused this client: message too big.",
    1011: "The server failed.",
    1012: "The server restarts.",
    1013: "The server is full.",
    4003: "Access denied: this endpoint needs another role, or the wallet is banned.",
    4008: "This client read too slowly.",
}
_SIGNED_OUT = "Authentication failed or expired; a new token is needed."


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The things that the connections of a client share. `new_id` gives ids that are unique in the client, `new_uuid`
    ids that are unique everywhere, and `jitter` random numbers from 0 to 1."""

    timers: Timers
    tokens: Tokens
    offset: ClockOffset
    act: Callable[[Action], None]
    new_id: Callable[[], str]
    new_uuid: Callable[[], str]
    new_connection: Callable[[], int]
    jitter: Callable[[], float]


class Connection:
    """At most one connection at a time to the endpoint `name`, as long as something is wanted there."""

    def __init__(self, name: str, around: Surroundings) -> None:
        self.name = name
        self.id: int | None = None
        """The number of the current connection or attempt; None if there is none."""
        self._around = around
        self._timers = around.timers
        self._facts = ENDPOINTS[name]
        self._pings = Pings(around.timers, around.offset, self._command)
        self._liveness = Liveness(around.timers, self._ping, lambda: self._give_up("The server does not answer."))
        self._refresh = Refresh(around.timers, around.tokens, self._use_token)
        self.following = Following(name, around.timers, self._pings, self._command, self._report_refusal)
        following = self.following
        line = Line(
            self._send_text,
            following.requests_joined,
            following.requests_read,
            following.requests_left,
            self.wishes_changed,
        )
        self.requests = Requests(around.timers, around.new_id, around.new_uuid, line)
        self.tracking = Tracking(around.timers, self.requests, around.offset, around.new_uuid, self.wishes_changed)
        self._state = ConnectionState(name, "idle")
        self._retry_timer: Timer | None = None
        self._dial_timer: Timer | None = None
        self._linger_timer: Timer | None = None
        self._idle_since_ms: int | None = None
        self._is_hidden = False
        self._token: str | None = None
        self._wallet: str | None = None
        """The user of the last connection; None if that was anonymous, or there was none."""
        self._attempt = 0
        """Counts attempts, so that an answer to the question for an abandoned one is recognised."""
        self._failed = 0
        self._established_ms: int | None = None
        self._refused_tokens = 0
        """How many connections ended with 4001 since one was established."""
        self._last_error = ""
        """The error in the last message, if that was one about the connection."""

    @property
    def state(self) -> ConnectionState:
        """The state, with the time that is left until the next attempt."""
        timer = self._retry_timer
        if self._state.status != "waiting" or timer is None:
            return self._state
        left_s = max(timer.due_ms - self._timers.now_ms, 0) / 1000
        return ConnectionState(self.name, "waiting", self._state.reason, self._state.code, left_s)

    # ── the application ───────────────────────────────────────────────────────────────────────────────────────────

    def refusal(self) -> Failure | None:
        """Why a request cannot be sent, and could not be by waiting; None if it could."""
        match self._state.status:
            case "signed_out":
                return Failure("UNAUTHORIZED", self._state.reason or _SIGNED_OUT)
            case "refused" if self._state.code == 4003:
                return Failure("PERMISSION_DENIED", self._state.reason)
            case "refused":
                return Failure("REFUSED", self._state.reason)
            case "closed":
                return Failure("CLOSED", "The client is closed.")
        return None

    def token_was_set(self) -> None:
        """The application set another token: begin anew with it."""
        if self._state.status == "closed":
            return
        self._refused_tokens = self._failed = 0
        self._end(1000)
        # Nothing of the former user is sent in the name of the next one.
        self.requests.fail_all(Failure("ABORTED", "The user changed."))
        self.following.start()
        self._set_state("idle")
        self.wishes_changed()

    def hide(self) -> None:
        """The page is hidden: do not dial."""
        self._is_hidden = True

    def wake(self, *, visible: bool = False) -> None:
        """The page is visible, the machine is online again, or its clock jumped."""
        self._is_hidden = self._is_hidden and not visible
        if self._state.status == "waiting":
            self._connect()
        elif self._state.status == "open":
            self._liveness.probe(WAKE_WITHIN_MS)

    def close(self) -> None:
        """End for good."""
        failure = Failure("CLOSED", "The client is closed.")
        self.requests.fail_all(failure)
        self.tracking.fail_all(failure)
        self._end(1000)
        self._set_state("closed")

    # ── the socket ────────────────────────────────────────────────────────────────────────────────────────────────

    def opened(self) -> None:
        """The socket is open."""
        if self._token is not None:
            self._use_token(self._token)
        else:
            self._identify(None)
        self.following.opened()

    def received(self, text: str) -> None:
        """A message arrived."""
        self._liveness.heard()
        self._last_error = ""
        frame = frame_of(text)
        if frame is None:
            return
        head = frame.head
        match head.type:
            case "connection_established":
                if message := read(text, Established):
                    self._established(message)
            case "auth_success":
                if success := read(text, AuthSuccess):
                    if self._established_ms is None and success.user is not None:
                        self._identify(success.user.wallet_address)
                    self._refresh.before(success.expiresAt, success.timestamp)
            case "subscription_confirmed":
                self.following.confirmed(frame)
            case "unsubscription_confirmed":
                self.following.ended(frame)
            case "contest_room_joined":
                self.following.joined(frame)
            case "pong":
                if (number := self._pings.answered(frame)) is not None:
                    self.following.settle(number)
            case "error" | "ERROR":
                if not self.following.refused(frame) and not self.requests.answered(frame):
                    error = read(text, Error)
                    self._last_error = f"{error.code}: {error.message or ''}" if error is not None else ""
                return
            case _ if head.channel is not None:
                self.following.pushed(frame, head.channel)
            case _ if head.positions:
                self.following.replied(frame)
        if head.requestId is not None:
            self.requests.answered(frame)

    def lost(self, code: int, reason: str) -> None:
        """The connection ended, or the attempt failed."""
        was_brief = self._was_brief()
        sentence = self._last_error or _SENTENCES.get(code) or reason or "The connection was lost."
        self._forget_connection()
        if code in FINAL:
            self._stop("refused", sentence, code)
        elif code == 4001:
            self._token_refused(sentence, was_brief=was_brief)
        elif (asked_ms := asked_wait_ms(code, reason)) is not None:
            self._wait(asked_ms, sentence, code)
        else:
            self._back_off(sentence, code)

    def distrusted(self, reason: str) -> None:
        """The server cannot be trusted; another attempt would not help."""
        self._forget_connection()
        self._stop("refused", reason, LOST)

    # ── connecting ────────────────────────────────────────────────────────────────────────────────────────────────

    def _connect(self) -> None:
        _cancel(self._retry_timer)
        self._retry_timer = None
        if self._is_hidden:
            self._set_state("waiting", self._state.reason, self._state.code)
            return
        self._attempt += 1
        attempt = self._attempt
        self._set_state("connecting", self._state.reason, self._state.code)
        self._around.tokens.ask(lambda answer: self._token_known(attempt, answer))

    def _token_known(self, attempt: int, answer: Answer) -> None:
        if attempt != self._attempt or self._state.status != "connecting" or self.id is not None:
            return
        if isinstance(answer, NoToken):
            self._back_off(answer.reason, None)
        elif answer.value is None and self._facts.auth != "public" and self._facts.public_name is None:
            self._stop("signed_out", "This endpoint needs a token.", None)
        else:
            self._dial(answer.value)

    def _dial(self, token: str | None) -> None:
        query: list[tuple[str, str]] = []
        if self._facts.auth != "public":
            has_token = token is not None
            query.append(("auth", "message") if has_token else ("endpoint", self._facts.public_name or ""))
        query += [("since", f"{name},{at.epoch},{at.seq}") for name, at in self.following.resume_in_url()]
        self._token, self._last_error = token, ""
        self.id = self._around.new_connection()
        self._dial_timer = self._timers.after(
            ESTABLISH_WITHIN_MS, lambda: self._give_up("The server did not answer in time.")
        )
        self._around.act(Dial(self.name, self.id, self._facts.path, tuple(query)))

    def _established(self, message: Established) -> None:
        _cancel(self._dial_timer)
        self._established_ms = self._timers.now_ms
        self._refused_tokens = 0
        self._liveness.start(message.heartbeatIntervalMs)
        self._refresh.before(message.expiresAt, message.timestamp)
        self.following.established(message)
        self._set_state("open")
        max_bytes = message.limits.maxMessageBytes if message.limits is not None else None
        self.requests.opened(max_bytes)
        self.tracking.opened(max_bytes)

    # ── the end of a connection ───────────────────────────────────────────────────────────────────────────────────

    def _was_brief(self) -> bool:
        """Whether the connection was established, but not for long enough to reset the back-off."""
        if self._established_ms is None:
            return False
        if self._timers.now_ms - self._established_ms < STEADY_MS:
            return True
        self._failed = 0
        return False

    def _give_up(self, reason: str) -> None:
        if self.id is not None:
            self._around.act(End(self.id, lost=True))
            self.lost(LOST, reason)

    def _identify(self, wallet: str | None) -> None:
        """The user of the connection is known."""
        if self._wallet is not None and wallet != self._wallet:
            self.following.user_changed()
        self._wallet = wallet

    def _end(self, code: int) -> None:
        """End the connection or the attempt, if there is one."""
        if self.id is not None:
            self._around.act(End(self.id, code))
        self._forget_connection()

    def _forget_connection(self) -> None:
        self.id = self._established_ms = None
        self._attempt += 1
        for timer in (self._dial_timer, self._retry_timer, self._linger_timer):
            _cancel(timer)
        self._retry_timer = self._linger_timer = None
        self._liveness.stop()
        self._refresh.stop()
        self._pings.lost()
        self.following.lost()
        self.tracking.lost()
        self.requests.lost()

    def _token_refused(self, sentence: str, *, was_brief: bool) -> None:
        self._refused_tokens += 1
        if self._refused_tokens > 1:
            self._stop("signed_out", sentence, 4001)
        elif was_brief:
            self._back_off(sentence, 4001)
        else:
            self._set_state("waiting", sentence, 4001)
            self._connect()

    def _back_off(self, reason: str, code: int | None) -> None:
        delay_ms = backoff_ms(self._failed, self._around.jitter())
        self._failed += 1
        self._wait(delay_ms, reason, code)

    def _wait(self, delay_ms: int, reason: str, code: int | None) -> None:
        self._retry_timer = self._timers.after(delay_ms, self._connect)
        self._set_state("waiting", reason, code)
        self.wishes_changed()

    def _stop(self, name: ConnectionStatus, reason: str, code: int | None) -> None:
        self._set_state(name, reason, code)
        failure = self.refusal()
        if failure is not None:
            self.following.stop(failure)
            self.requests.fail_all(failure)

    # ── what is wanted ────────────────────────────────────────────────────────────────────────────────────────────

    def _is_wanted(self) -> bool:
        return bool(self.following.wanted or self.requests or self.tracking)

    def wishes_changed(self) -> None:
        """Something is wanted that was not before, or the other way round."""
        now_ms = self._timers.now_ms
        if self._is_wanted():
            self._idle_since_ms = None
            if self._state.status == "idle":
                self._connect()
        elif self._idle_since_ms is None:
            self._idle_since_ms = now_ms
        due = [self.following.wanted.next_leave_ms()]
        if self._idle_since_ms is not None and self._state.status in ("connecting", "open", "waiting"):
            due.append(self._idle_since_ms + LINGER_MS)
        _cancel(self._linger_timer)
        times = [time_ms for time_ms in due if time_ms is not None]
        self._linger_timer = self._timers.after(max(min(times) - now_ms, 0), self._linger) if times else None

    def _linger(self) -> None:
        """Leave what has not been wanted for a while; if that is everything, end the connection."""
        wanted, now_ms = self.following.wanted, self._timers.now_ms
        if self._idle_since_ms is not None and now_ms - self._idle_since_ms >= LINGER_MS:
            left = wanted.take_unwanted()
            if self._state.status in ("connecting", "open", "waiting"):
                self._end(1000)
                self._set_state("idle")
            self.following.leave(left)
        else:
            self.following.leave(wanted.take_due(now_ms))
        self.wishes_changed()

    # ── sending ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _report_refusal(self, name: str, failure: Failure, asks_again: bool) -> None:
        self._around.act(Refusal(self.name, name, failure, asks_again))

    def _use_token(self, token: str) -> None:
        self._token = token
        self._command({"type": "auth", "token": token})

    def _ping(self) -> None:
        self._pings.ping()

    def _command(self, command: dict[str, Any]) -> str:
        """Send a command of the client's own. Returns its `requestId`."""
        request_id = self._around.new_id()
        self._send_text(msgspec.json.encode({**command, "requestId": request_id}).decode())
        return request_id

    def _send_text(self, text: str) -> None:
        if self.id is not None:
            self._around.act(Send(self.id, text))

    def _set_state(self, name: ConnectionStatus, reason: str = "", code: int | None = None) -> None:
        self._state = ConnectionState(self.name, name, reason, code)
        self._around.act(self.state)


def _cancel(timer: Timer | None) -> None:
    if timer is not None:
        timer.cancel()
