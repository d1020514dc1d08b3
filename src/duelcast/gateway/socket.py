"""WebSocket messages over picows frames: what RFC 6455 asks of a server beyond single frames.

picows parses and masks frames; the assembly of fragments, UTF-8, reserved bits, the closing handshake and the
heartbeat are here.
"""

from __future__ import annotations

import struct
from typing import Any

from picows import (
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
)

from duelcast.clock import Clock
from duelcast.errors import (
    Disconnect,
    InvalidText,
    MessageTooBig,
    OverCapacity,
    PolicyViolation,
    ProtocolViolation,
    SlowReader,
)
from duelcast.gateway.timers import TimerWheel

CLOSE_TIMEOUT_S = 10.0
"""How long a client has to answer a close, or to take what was sent before it."""
SLOW_CLOSE_TIMEOUT_S = 30.0
MAX_REASON_BYTES = 123

_CONTINUATION = WSMsgType.CONTINUATION
_TEXT = WSMsgType.TEXT
_BINARY = WSMsgType.BINARY
_PING = WSMsgType.PING
_PONG = WSMsgType.PONG
_MESSAGE_TOO_BIG = int(WSCloseCode.MESSAGE_TOO_BIG.value)


class FragmentBudget:
    """Bytes of unfinished messages that all connections together may hold."""

    __slots__ = ("held_bytes", "max_bytes")

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.held_bytes = 0

    def take(self, size: int) -> None:
        """Raises `OverCapacity` where `size` more bytes do not fit."""
        if self.held_bytes + size > self.max_bytes:
            raise OverCapacity("retry_after_ms=5000")
        self.held_bytes += size


class SocketOptions:
    """What all sockets share. Durations are in seconds."""

    def __init__(
        self,
        clock: Clock,
        wheel: TimerWheel,
        *,
        fragments_max_bytes: int = 64 * 1024 * 1024,
        fragment_timeout_s: float = 30,
        heartbeat_interval_s: float = 30,
        heartbeat_timeout_s: float = 60,
    ) -> None:
        self.clock = clock
        self.wheel = wheel
        self.fragments = FragmentBudget(fragments_max_bytes)
        self.fragment_timeout_s = fragment_timeout_s
        self.heartbeat_interval_s = heartbeat_interval_s
        self.heartbeat_timeout_s = heartbeat_timeout_s


class MessageSocket(WSListener):
    """One WebSocket. Subclasses take whole messages in `text_received` and `binary_received`.

    A `Disconnect` raised by either closes the connection with its code.
    """

    __slots__ = (
        "_closing_deadline_s",
        "_fragments",
        "_fragments_are_text",
        "_fragments_started_s",
        "_is_full",
        "_last_frame_s",
        "_owed_pong",
        "close_code",
        "max_message_bytes",
        "options",
        "ws",
    )

    def __init__(self, options: SocketOptions, max_message_bytes: int) -> None:
        self.options = options
        self.max_message_bytes = max_message_bytes
        self.ws: WSTransport | None = None
        self.close_code: int | None = None
        """The code that this side closed with, None while open."""
        self._fragments: bytearray | None = None
        self._fragments_are_text = True
        self._fragments_started_s = 0.0
        self._last_frame_s = options.clock.monotonic()
        self._closing_deadline_s = 0.0
        self._is_full = False
        self._owed_pong: bytes | None = None

    # ── for subclasses ──────────────────────────────────────────────────────────────────────────────────────────

    def connected(self) -> None:
        """The socket is there; it may be written to after `upgraded`."""

    def upgraded(self, head: bytes) -> None:
        """Write the head of the answer to the upgrade, before anything else."""
        assert self.ws is not None
        self.ws.underlying_transport.write(head)

    def text_received(self, data: bytes) -> None:
        """A whole text message, valid UTF-8."""

    def binary_received(self, data: bytes) -> None:
        """A whole binary message."""

    def disconnected(self) -> None:
        """The socket is gone; called once for each `connected`."""

    def before_close(self) -> None:
        """A close is about to be sent: nothing may be written after it."""

    def heartbeat_rests(self) -> bool:
        """Whether the client cannot be expected to show life, because nothing is read from it."""
        return False

    def write_paused(self) -> None:
        """The socket is full."""

    def write_resumed(self) -> None:
        """The socket has drained."""

    # ── closing ─────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_open(self) -> bool:
        return self.close_code is None and self.ws is not None

    def close(self, disconnect: Disconnect, *, timeout_s: float | None = None) -> None:
        """Send a close, and end the connection when the client has answered it or `timeout_s` has passed."""
        if self.ws is None or self.close_code is not None:
            return
        self.before_close()
        self.close_code = disconnect.close_code
        self._drop_fragments()
        if timeout_s is None:
            timeout_s = SLOW_CLOSE_TIMEOUT_S if isinstance(disconnect, SlowReader) else CLOSE_TIMEOUT_S
        reason = disconnect.reason.encode()[:MAX_REASON_BYTES]
        self.ws.send_close(disconnect.close_code, reason)  # type: ignore[arg-type]  # picows takes any code
        self.ws.underlying_transport.resume_reading()
        self._closing_deadline_s = self.options.clock.monotonic() + timeout_s
        self.options.wheel.schedule(self._closing_deadline_s, self._end_closing)

    def abort(self) -> None:
        """End the connection at once."""
        if self.ws is not None:
            self.ws.disconnect(graceful=False)

    def _end_closing(self, _now: float) -> None:
        self.abort()

    # ── from picows ─────────────────────────────────────────────────────────────────────────────────────────────

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.ws = transport
        now = self.options.clock.monotonic()
        self.options.wheel.schedule(now + self.options.heartbeat_interval_s, self._beat)
        self.connected()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.ws = None
        self._drop_fragments()
        self.disconnected()

    def pause_writing(self) -> None:
        self._is_full = True
        self.write_paused()

    def resume_writing(self) -> None:
        self._is_full = False
        if self._owed_pong is not None and self.ws is not None and self.is_open:
            self.ws.send_pong(self._owed_pong)
            self._owed_pong = None
        self.write_resumed()

    def _answer_ping(self, transport: WSTransport, payload: bytes) -> None:
        """While the socket is full only the newest PING is answered, later (RFC 6455, 5.5.3)."""
        if self._is_full:
            self._owed_pong = payload
        else:
            transport.send_pong(payload)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self._last_frame_s = self.options.clock.monotonic()
        kind = frame.msg_type
        if self.close_code is not None:
            if kind is WSMsgType.CLOSE:
                transport.disconnect()
            return
        try:
            if frame.rsv1 or frame.rsv2 or frame.rsv3:
                raise ProtocolViolation("reserved bits are set")
            if kind is _TEXT and frame.fin and self._fragments is None:
                self.text_received(_checked_text(frame.get_payload_as_bytes()))
            elif kind is _TEXT or kind is _BINARY or kind is _CONTINUATION:
                self._data_frame(kind, frame)
            elif kind is _PING:
                self._answer_ping(transport, frame.get_payload_as_bytes())
            elif kind is not _PONG:
                self._close_received(frame.get_payload_as_bytes())
        except Disconnect as disconnect:
            self.close(disconnect)

    def parser_failed(self, refused_with: int) -> None:
        """picows refused a frame; it would close with a text of its own, which this close comes before.

        picows parses one frame ahead: what it refuses may stand behind a CLOSE, and then does not count.
        """
        handshake = None if self.ws is None else self.ws.close_handshake
        if self.close_code is None and handshake is not None and handshake.recv is not None:
            code: Any = handshake.recv.code  # a number, whatever picows' stub says; 0 for none
            self._answer_close(code or None)
            return
        if refused_with == _MESSAGE_TOO_BIG:
            self.close(MessageTooBig(f"a message may have {self.max_message_bytes} bytes"))
        elif refused_with == InvalidText.close_code:
            self.close(InvalidText("the text is not UTF-8"))
        else:
            self.close(ProtocolViolation("the frame breaks RFC 6455"))

    def _close_received(self, payload: bytes) -> None:
        """Answer a close with its own code (RFC 6455, 5.5.1)."""
        code = struct.unpack_from("!H", payload)[0] if len(payload) >= 2 else None
        if code is None or _may_be_received(code):
            self._answer_close(code)
        elif self.ws is not None:
            self.close(ProtocolViolation("that close code is not for the wire"))
            self.ws.disconnect()

    def _answer_close(self, code: Any) -> None:
        assert self.ws is not None
        self.before_close()
        self.close_code = code or 1005
        if code is None:
            self.ws.send_close(WSCloseCode.OK)
        else:
            self.ws.send_close(code)
        self.ws.disconnect()
        self._closing_deadline_s = self.options.clock.monotonic() + CLOSE_TIMEOUT_S
        self.options.wheel.schedule(self._closing_deadline_s, self._end_closing)

    # ── messages ────────────────────────────────────────────────────────────────────────────────────────────────

    def _data_frame(self, kind: WSMsgType, frame: WSFrame) -> None:
        """Assemble a fragmented message (RFC 6455, 5.4), whose sum is bounded like a whole one."""
        fragments = self._fragments
        if kind is _CONTINUATION:
            if fragments is None:
                raise ProtocolViolation("a continuation without a beginning")
        elif fragments is not None:
            raise ProtocolViolation("a new message inside a fragmented one")
        elif frame.fin:
            self._message(frame.get_payload_as_bytes(), is_text=kind is _TEXT)
            return
        else:
            fragments = self._fragments = bytearray()
            self._fragments_are_text = kind is _TEXT
            self._fragments_started_s = self._last_frame_s
            self.options.wheel.schedule(
                self._fragments_started_s + self.options.fragment_timeout_s, self._check_fragments
            )
        payload = frame.get_payload_as_bytes()
        if len(fragments) + len(payload) > self.max_message_bytes:
            raise MessageTooBig(f"a message may have {self.max_message_bytes} bytes")
        self.options.fragments.take(len(payload))
        fragments += payload
        if frame.fin:
            message = bytes(fragments)
            is_text = self._fragments_are_text
            self._drop_fragments()
            self._message(message, is_text=is_text)

    def _message(self, data: bytes, *, is_text: bool) -> None:
        if not is_text:
            self.binary_received(data)
            return
        self.text_received(_checked_text(data))

    def _drop_fragments(self) -> None:
        if self._fragments is not None:
            self.options.fragments.held_bytes -= len(self._fragments)
            self._fragments = None

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_fragments(self, now: float) -> None:
        timeout_s = self.options.fragment_timeout_s
        if self._fragments is not None and now - self._fragments_started_s >= timeout_s:
            self.close(PolicyViolation("incomplete_message"))

    def _beat(self, now: float) -> None:
        if self.is_open:
            self.options.wheel.schedule(self.beat(now), self._beat)

    def beat(self, now: float) -> float:
        """Ping a silent client, and close one that stays silent. Returns when to look again."""
        options = self.options
        if self.heartbeat_rests():
            self._last_frame_s = now
        silent_s = now - self._last_frame_s
        if silent_s >= options.heartbeat_timeout_s:
            self.close(PolicyViolation("heartbeat"))
        elif silent_s >= options.heartbeat_interval_s and self.ws is not None:
            self.ws.send_ping()
            return min(now + options.heartbeat_interval_s / 3, self._last_frame_s + options.heartbeat_timeout_s)
        return self._last_frame_s + options.heartbeat_interval_s


def _checked_text(data: bytes) -> bytes:
    """Raises `InvalidText` where `data` is not UTF-8."""
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            raise InvalidText("the text is not UTF-8") from None
    return data


def _may_be_received(code: int) -> bool:
    """Close codes that an endpoint may send (RFC 6455, 7.4; 1012–1014 from its registry)."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
