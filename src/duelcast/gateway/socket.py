"""WebSocket messages over picows frames: the parts of RFC 6455 beyond single frames.

picows parses and unmasks single frames (`frame_parsers`). This file assembles fragments, checks UTF-8 and reserved
bits, and implements the closing handshake and the heartbeat.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Hashable

from picows import WSCloseCode, WSFrame, WSMsgType

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
from duelcast.gateway.compression import inflated
from duelcast.gateway.control_frames import WebSocketTransport
from duelcast.gateway.frame_parsers import FrameParsers
from duelcast.gateway.reading import READ_TURN_BYTES, BoundedReader, UnfinishedBudget, resume_reading
from duelcast.gateway.timers import TimerWheel
from duelcast.ratelimit import TokenBucket

MAX_REASON_BYTES = 123

_CONTINUATION = WSMsgType.CONTINUATION
_TEXT = WSMsgType.TEXT
_BINARY = WSMsgType.BINARY
_PING = WSMsgType.PING
_PONG = WSMsgType.PONG
_MESSAGE_TOO_BIG = int(WSCloseCode.MESSAGE_TOO_BIG.value)


SMALL_FRAME_BYTES = 64
"""Fragments smaller than this, except the last one of a message, are counted like PINGs, because receiving one costs
more than handling its content."""

# Reasons why reading is paused, as bits of `MessageSocket._pauses`.
_FULL = 1
_TURN = 2
_LIMIT = 4


class SocketOptions:
    """Options shared by all sockets. Durations are in seconds.

    `small_frames_per_minute` limits the PING, PONG and small fragments that a connection may send; None means no limit.
    `close_timeout_s` is how long a client may take to read what was sent before a close and to answer the close. A
    client whose connection is closed because it reads too slowly has `slow_close_timeout_s` instead.
    `limited_read_bytes` is how much is read in all from a client before its greeting, and how much again while its
    connection is being closed.
    """

    def __init__(
        self,
        clock: Clock,
        wheel: TimerWheel,
        *,
        fragments_max_bytes: int = 16 * 1024 * 1024,
        fragment_timeout_s: float = 30,
        small_frames_per_minute: float | None = None,
        read_turn_bytes: int = READ_TURN_BYTES,
        limited_read_bytes: int = 16 * 1024,
        heartbeat_interval_s: float = 30,
        heartbeat_timeout_s: float = 60,
        close_timeout_s: float = 10,
        slow_close_timeout_s: float = 30,
    ) -> None:
        self.clock = clock
        self.monotonic = clock.monotonic
        """Saves each message the way through `clock`."""
        self.wheel = wheel
        self.unfinished = UnfinishedBudget(fragments_max_bytes)
        self.fragment_timeout_s = fragment_timeout_s
        self.small_frames_per_minute = small_frames_per_minute
        self.read_turn_bytes = read_turn_bytes
        self.limited_read_bytes = limited_read_bytes
        self._parsers: dict[int, FrameParsers] = {}
        self.sent_away = 0
        """The number of connections closed because unfinished messages held too much memory."""
        self.heartbeat_interval_s = heartbeat_interval_s
        self.heartbeat_timeout_s = heartbeat_timeout_s
        self.close_timeout_s = close_timeout_s
        self.slow_close_timeout_s = slow_close_timeout_s

    def parsers(self, max_frame_bytes: int) -> FrameParsers:
        """The parsers that all sockets with this limit share."""
        parsers = self._parsers.get(max_frame_bytes)
        if parsers is None:
            parsers = self._parsers[max_frame_bytes] = FrameParsers(max_frame_bytes, self.read_turn_bytes)
        return parsers


class MessageSocket:
    """One WebSocket. Subclasses receive whole messages in `text_received` and `binary_received`.

    A `Disconnect` raised by either closes the connection with its code.
    """

    __slots__ = (
        "__weakref__",
        "_closing_deadline_s",
        "_fragments",
        "_fragments_are_compressed",
        "_fragments_are_text",
        "_is_full",
        "_last_frame_s",
        "_owed_pong",
        "_pauses",
        "_reader",
        "_small_frames",
        "_unfinished_bytes",
        "_unfinished_is_watched",
        "_unfinished_since_s",
        "close_code",
        "inflates",
        "is_unfinished",
        "max_message_bytes",
        "options",
        "tail_bytes",
        "ws",
    )

    def __init__(self, options: SocketOptions, max_message_bytes: int, *, inflates: bool = False) -> None:
        self.options = options
        self.inflates = inflates
        """Whether permessage-deflate was negotiated."""
        self.max_message_bytes = max_message_bytes
        self.ws: WebSocketTransport | None = None
        self.close_code: int | None = None
        """The code with which this side closed; None while the connection is open."""
        self._fragments: bytearray | None = None
        self._fragments_are_text = True
        self._fragments_are_compressed = False
        self.tail_bytes = 0
        """How many bytes of an incomplete frame have been read."""
        self.is_unfinished = False
        """Whether a message was incomplete after the last read; true at once when a fragmented message begins."""
        self._unfinished_bytes = 0
        self._unfinished_since_s: float | None = None
        self._unfinished_is_watched = False
        self._reader: BoundedReader | None = None
        self._pauses = 0
        self._small_frames: TokenBucket | None = None
        self._last_frame_s = options.clock.monotonic()
        self._closing_deadline_s = 0.0
        self._is_full = False
        self._owed_pong: bytes | None = None

    # ── for subclasses ──────────────────────────────────────────────────────────────────────────────────────────

    def connected(self) -> None:
        """Called when the socket is ready; frames may be written after `upgraded`."""

    def upgraded(self, head: bytes) -> None:
        """Write the head of the answer to the upgrade, before anything else."""
        assert self.ws is not None
        self.ws.underlying_transport.write(head)

    def text_received(self, data: bytes, now: float) -> None:
        """Called with a whole text message, valid UTF-8, and the monotonic time at which it arrived."""

    def binary_received(self, data: bytes) -> None:
        """Called with a whole binary message."""

    def disconnected(self) -> None:
        """Called when the socket is gone, once for each `connected`."""

    def before_close(self) -> None:
        """Called before a close is sent, because nothing may be written after the close."""

    @property
    def address_key(self) -> Hashable:
        """A key that all connections from the same address share."""
        return None

    def read_limit_reached(self) -> None:
        """Called when as much has been read from the client as the current limit allows."""

    def write_paused(self) -> None:
        """Called when the socket is full."""

    def write_resumed(self) -> None:
        """Called when the socket has drained."""

    # ── closing ─────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_open(self) -> bool:
        return self.close_code is None and self.ws is not None

    def close(self, disconnect: Disconnect, *, timeout_s: float | None = None) -> None:
        """Send a close, and end the connection once the client answers or `timeout_s` has passed."""
        if self.ws is None or self.close_code is not None:
            return
        self.before_close()
        self.close_code = disconnect.close_code
        self._read_no_more()
        if timeout_s is None:
            options = self.options
            timeout_s = options.slow_close_timeout_s if isinstance(disconnect, SlowReader) else options.close_timeout_s
        reason = disconnect.reason.encode()[:MAX_REASON_BYTES]
        self.ws.send_close(disconnect.close_code, reason)
        self._closing_deadline_s = self.options.clock.monotonic() + timeout_s
        self.options.wheel.schedule(self._closing_deadline_s, self._end_closing)

    def abort(self) -> None:
        """End the connection at once."""
        if self.ws is not None:
            self.ws.disconnect(graceful=False)

    def _end_closing(self, _now: float) -> None:
        self.abort()

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

    def read_with(self, reader: BoundedReader) -> None:
        """Set the `reader` of this socket."""
        self._reader = reader

    def limit_reading(self, *, limited: bool) -> None:
        """Limit further reading to `limited_read_bytes`, or lift that limit."""
        if self._reader is not None:
            self._reader.allow(self.options.limited_read_bytes if limited else None)
            self._resume_reading(_LIMIT)

    def stop_reading(self, *, full: bool) -> None:
        """Pause reading if too much is waiting (`full`), or resume it if not."""
        if full:
            self._pause_reading(_FULL)
        else:
            self._resume_reading(_FULL)

    def wait_for_turn(self) -> None:
        """Read nothing more in this loop iteration, so that others have their turn."""
        if self.ws is not None:
            self._pause_reading(_TURN)
            asyncio.get_running_loop().call_soon(self._resume_reading, _TURN)

    def limit_reached(self) -> None:
        """Read nothing more, because the limit for the present state of the connection is reached."""
        self._pause_reading(_LIMIT)
        if self.is_open:
            self.read_limit_reached()

    def _pause_reading(self, why: int) -> None:
        if self.ws is not None and not self._pauses:
            self.ws.underlying_transport.pause_reading()
        self._pauses |= why

    def _resume_reading(self, why: int) -> None:
        if self._pauses & why:
            self._pauses ^= why
            if self.ws is not None and not self._pauses:
                resume_reading(self.ws.underlying_transport)

    def _read_no_more(self) -> None:
        """From now on, read only as much as an answer to the close may need. A client in the middle of a long frame
        must end that frame before it can answer, so everything that it still sends is discarded."""
        self._resume_reading(_FULL)
        self.limit_reading(limited=True)
        if self.tail_bytes > self.options.limited_read_bytes and self._reader is not None:
            self._reader.discard()
        self._drop_fragments()
        self._hold_unfinished(0)

    # ── from the reader and its parser ───────────────────────────────────────────────────────────────────────────

    def on_ws_connected(self, transport: WebSocketTransport) -> None:
        self.ws = transport
        now = self.options.clock.monotonic()
        self.options.wheel.schedule(now + self.options.heartbeat_interval_s, self._beat)
        self.connected()

    def on_ws_disconnected(self, _transport: WebSocketTransport | None) -> None:
        self.ws = None
        self._reader = None
        self._drop_fragments()
        self._hold_unfinished(0)
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

    def _answer_ping(self, transport: WebSocketTransport, payload: bytes) -> None:
        """Answer a PING. While the socket is full, remember only the newest PING, and answer that one later (RFC 6455,
        5.5.3)."""
        if self._is_full:
            self._owed_pong = payload
        else:
            transport.send_pong(payload)

    def on_ws_frame(self, transport: WebSocketTransport, frame: WSFrame) -> None:
        self.tail_bytes = frame.tail_size
        monotonic = self.options.monotonic  # a local name is called faster
        self._last_frame_s = now = monotonic()
        kind = frame.msg_type
        if self.close_code is not None:
            if kind is WSMsgType.CLOSE:
                transport.disconnect()
            return
        try:
            reserved = frame.rsv1 or frame.rsv2 or frame.rsv3
            if kind is _TEXT and frame.fin and not reserved and self._fragments is None:
                data = frame.get_payload_as_bytes()
                self.text_received(data if data.isascii() else _checked_text(data), now)
                return
            if reserved:
                self._demand_compressed(kind, frame)
            if kind is _TEXT or kind is _BINARY or kind is _CONTINUATION:
                self._data_frame(kind, frame)
            elif kind is _PING:
                self._count_small_frame()
                self._answer_ping(transport, frame.get_payload_as_bytes())
            elif kind is _PONG:
                self._count_small_frame()
            else:
                self._close_received(frame.get_payload_as_bytes())
        except Disconnect as disconnect:
            self.close(disconnect)

    def _demand_compressed(self, kind: WSMsgType, frame: WSFrame) -> None:
        """Raise `ProtocolViolation` unless the reserved bits of `frame` only say that a message is compressed."""
        if frame.rsv2 or frame.rsv3 or not (self.inflates and (kind is _TEXT or kind is _BINARY)):
            raise ProtocolViolation("reserved bits are set")

    def parser_failed(self, refused_with: int, unanswered_close: int | None) -> None:
        """Close the connection when picows has refused a frame.

        picows parses one frame ahead, so the refused frame may follow a CLOSE that has not been handled yet, and whose
        code, or 0, is `unanswered_close`. In that case, the CLOSE is answered, and the refused frame is ignored.
        """
        if self.close_code is None and unanswered_close is not None:
            self._answer_close(unanswered_close or None)
            return
        if refused_with == _MESSAGE_TOO_BIG:
            self.close(MessageTooBig(f"a message may have at most {self.max_message_bytes} bytes"))
        elif refused_with == InvalidText.close_code:
            self.close(InvalidText("the text is not UTF-8"))
        else:
            self.close(ProtocolViolation("the frame violates RFC 6455"))

    def _close_received(self, payload: bytes) -> None:
        """Answer a close with the code that it carries (RFC 6455, 5.5.1)."""
        code = struct.unpack_from("!H", payload)[0] if len(payload) >= 2 else None
        if code is None or _may_be_received(code):
            self._answer_close(code)
        elif self.ws is not None:
            self.close(ProtocolViolation("that close code may not be sent"))
            self.ws.disconnect()

    def _answer_close(self, code: int | None) -> None:
        assert self.ws is not None
        self.before_close()
        self.close_code = code or 1005
        self.ws.send_close(1000 if code is None else code)
        self.ws.disconnect()
        self._closing_deadline_s = self.options.clock.monotonic() + self.options.close_timeout_s
        self.options.wheel.schedule(self._closing_deadline_s, self._end_closing)

    # ── messages ────────────────────────────────────────────────────────────────────────────────────────────────

    def _data_frame(self, kind: WSMsgType, frame: WSFrame) -> None:
        """Assemble a fragmented message (RFC 6455, 5.4), which has the same size limit as a whole one."""
        fragments = self._fragments
        if kind is _CONTINUATION:
            if fragments is None:
                raise ProtocolViolation("a continuation without a beginning")
        elif fragments is not None:
            raise ProtocolViolation("a new message inside a fragmented one")
        elif frame.fin:
            self._message(frame.get_payload_as_bytes(), is_text=kind is _TEXT, is_compressed=frame.rsv1)
            return
        else:
            fragments = self._fragments = bytearray()
            self.is_unfinished = True
            self._fragments_are_text = kind is _TEXT
            self._fragments_are_compressed = frame.rsv1
            self._watch_unfinished()
        payload = frame.get_payload_as_bytes()
        if len(fragments) + len(payload) > self.max_message_bytes:
            raise MessageTooBig(f"a message may have at most {self.max_message_bytes} bytes")
        if len(payload) < SMALL_FRAME_BYTES and not frame.fin:
            self._count_small_frame()
        fragments += payload
        if frame.fin:
            message = bytes(fragments)
            is_text, is_compressed = self._fragments_are_text, self._fragments_are_compressed
            self._drop_fragments()
            self._message(message, is_text=is_text, is_compressed=is_compressed)

    def _message(self, data: bytes, *, is_text: bool, is_compressed: bool) -> None:
        if is_compressed:
            data = self._inflated(data)
        if not is_text:
            self.binary_received(data)
            return
        self.text_received(_checked_text(data), self._last_frame_s)

    def _inflated(self, data: bytes) -> bytes:
        try:
            message = inflated(data, self.max_message_bytes)
        except zlib.error:
            raise ProtocolViolation("the message is not compressed as it says") from None
        if message is None:
            raise MessageTooBig(f"a message may have at most {self.max_message_bytes} bytes")
        return message

    def _drop_fragments(self) -> None:
        self._fragments = None
        self._unfinished_since_s = None

    def _count_small_frame(self) -> None:
        """Count a small frame. Raises `PolicyViolation` if there were too many."""
        per_minute = self.options.small_frames_per_minute
        if per_minute is None:
            return
        now, bucket = self._last_frame_s, self._small_frames
        if bucket is None:
            bucket = self._small_frames = TokenBucket(per_minute, now=now)
        if not bucket.ready(now):
            raise PolicyViolation("rate_limit")
        bucket.take(now)

    # ── unfinished messages ─────────────────────────────────────────────────────────────────────────────────────

    def has_read(self, *, frames: bool) -> None:
        """Called after a read that left a message incomplete, or completed one; `frames` says whether the read
        completed a frame."""
        if not self.is_open:
            return
        fragments = self._fragments
        size = self.tail_bytes if fragments is None else self.tail_bytes + len(fragments)
        self.is_unfinished = size > 0 or fragments is not None
        if fragments is None:
            if not self.tail_bytes:
                self._unfinished_since_s = None
            elif frames or self._unfinished_since_s is None:
                self._watch_unfinished()
        self._hold_unfinished(size)
        excessive = self.options.unfinished.excessive()
        if isinstance(excessive, MessageSocket):
            self.options.sent_away += 1
            excessive.close(OverCapacity("retry_after_ms=5000"))

    def _hold_unfinished(self, size_bytes: int) -> None:
        if size_bytes != self._unfinished_bytes:
            self._unfinished_bytes = size_bytes
            self.options.unfinished.hold(self, size_bytes)

    def _watch_unfinished(self) -> None:
        """Start the deadline for completing a message."""
        now = self._unfinished_since_s = self.options.clock.monotonic()
        if not self._unfinished_is_watched:
            self._unfinished_is_watched = True
            self.options.wheel.schedule(now + self.options.fragment_timeout_s, self._check_unfinished)

    def _check_unfinished(self, now: float) -> None:
        self._unfinished_is_watched = False
        since = self._unfinished_since_s
        if since is None or not self.is_open:
            return
        if self._pauses & ~_TURN:
            since = self._unfinished_since_s = now  # the rest may have arrived, but has not been read
        due = since + self.options.fragment_timeout_s
        if now >= due:
            self.close(PolicyViolation("incomplete_message"))
        else:
            self._unfinished_is_watched = True
            self.options.wheel.schedule(due, self._check_unfinished)

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _beat(self, now: float) -> None:
        if self.is_open:
            self.options.wheel.schedule(self.beat(now), self._beat)

    def beat(self, now: float) -> float:
        """Ping a silent client, and disconnect it if it stays silent. Returns the time of the next check."""
        options = self.options
        if self._pauses & ~_TURN:
            # A client cannot show that it is alive while nothing is read from it.
            self._last_frame_s = now
        silent_s = now - self._last_frame_s
        if silent_s >= options.heartbeat_timeout_s:
            self.close(PolicyViolation("heartbeat"))
        elif silent_s >= options.heartbeat_interval_s and self.ws is not None:
            self.ws.send_ping()
            return min(now + options.heartbeat_interval_s / 3, self._last_frame_s + options.heartbeat_timeout_s)
        return self._last_frame_s + options.heartbeat_interval_s


def _checked_text(data: bytes) -> bytes:
    """Return `data`. Raises `InvalidText` if it is not UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        raise InvalidText("the text is not UTF-8") from None
    return data


def _may_be_received(code: int) -> bool:
    """Whether an endpoint may send this close code (RFC 6455, 7.4; 1012–1014 are from the IANA registry)."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
