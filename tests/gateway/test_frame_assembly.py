"""Whatever frames come, in whatever order: whole messages come out, or the close that RFC 6455 asks for."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from picows import WSMsgType
from picows.picows import _make_test_ws_frame

from duelcast.clock import ManualClock
from duelcast.gateway.control_frames import WebSocketTransport
from duelcast.gateway.socket import MessageSocket, SocketOptions
from duelcast.gateway.timers import TimerWheel
from tests.examples import examples

MAX_BYTES = 40
BUDGET_BYTES = 60

Sent = tuple[WSMsgType, bytes, bool, bool]


class Wire:
    """Stands where picows' transport does, and remembers what was done to it."""

    def __init__(self) -> None:
        self.closes: list[int] = []
        self.pongs: list[bytes] = []
        self.disconnects = 0
        self.underlying_transport = self

    def send_close(self, code: Any, _reason: bytes = b"") -> None:
        self.closes.append(int(code.value if isinstance(code, WSMsgType) else getattr(code, "value", code)))

    def send_pong(self, payload: bytes) -> None:
        self.pongs.append(payload)

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def disconnect(self, graceful: bool = True) -> None:
        self.disconnects += 1


class Collector(MessageSocket):
    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options, MAX_BYTES)
        self.messages: list[tuple[bool, bytes]] = []

    def text_received(self, data: bytes, now: float) -> None:
        self.messages.append((True, data))

    def binary_received(self, data: bytes) -> None:
        self.messages.append((False, data))


def expected(frames: list[Sent]) -> tuple[list[tuple[bool, bytes]], int | None]:
    """Messages and close code by the letter of RFC 6455, 5.4, 5.5, 5.6, 8.1."""
    messages: list[tuple[bool, bytes]] = []
    unfinished: bytes | None = None
    is_text = True
    for kind, payload, fin, rsv in frames:
        if rsv:
            return messages, 1002
        if kind in (WSMsgType.PING, WSMsgType.PONG):
            continue
        if (kind is WSMsgType.CONTINUATION) == (unfinished is None):
            return messages, 1002
        if kind is not WSMsgType.CONTINUATION:
            unfinished, is_text = b"", kind is WSMsgType.TEXT
            if fin:
                unfinished = None
                if is_text and not valid(payload):
                    return messages, 1007
                messages.append((is_text, payload))
                continue
        assert unfinished is not None
        unfinished += payload
        if len(unfinished) > MAX_BYTES:
            return messages, 1009
        if fin:
            if is_text and not valid(unfinished):
                return messages, 1007
            messages.append((is_text, unfinished))
            unfinished = None
    return messages, None


def valid(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def options() -> SocketOptions:
    clock = ManualClock()
    return SocketOptions(clock, TimerWheel(clock.monotonic()), fragments_max_bytes=BUDGET_BYTES)


def feed(socket: MessageSocket, wire: Wire, frames: list[Sent]) -> None:
    transport = cast("WebSocketTransport", wire)
    socket.on_ws_connected(transport)
    for kind, payload, fin, rsv in frames:
        socket.on_ws_frame(transport, _make_test_ws_frame(kind, payload, fin, rsv))
        socket.has_read(frames=True)


KINDS = (WSMsgType.TEXT, WSMsgType.BINARY, *(WSMsgType.CONTINUATION,) * 2, WSMsgType.PING, WSMsgType.PONG)
PAYLOADS = st.one_of(st.binary(max_size=20), st.text(max_size=8).map(str.encode))
FRAMES = st.lists(
    st.tuples(st.sampled_from(KINDS), PAYLOADS, st.booleans(), st.integers(0, 9).map(lambda n: n == 0)), max_size=20
)


@settings(max_examples=examples(1000))
@given(FRAMES)
def test_frames_become_messages_or_the_close_of_the_standard(frames: list[Sent]) -> None:
    shared, wire = options(), Wire()
    socket = Collector(shared)
    feed(socket, wire, frames)
    messages, code = expected(frames)
    assert socket.messages == messages
    assert wire.closes == ([] if code is None else [code])
    assert socket.close_code == code


@settings(max_examples=examples(200))
@given(FRAMES)
def test_what_unfinished_messages_hold_is_given_back(frames: list[Sent]) -> None:
    shared, wire = options(), Wire()
    socket = Collector(shared)
    feed(socket, wire, frames)
    assert 0 <= shared.unfinished.held_bytes <= MAX_BYTES
    socket.on_ws_disconnected(cast("WebSocketTransport", wire))
    assert shared.unfinished.held_bytes == 0


def test_unfinished_messages_of_all_connections_share_a_bound() -> None:
    shared = options()
    first, second = Collector(shared), Collector(shared)
    wire = Wire()
    feed(first, wire, [(WSMsgType.TEXT, b"x" * MAX_BYTES, False, False)])
    feed(second, Wire(), [(WSMsgType.TEXT, b"x" * (MAX_BYTES - 1), False, False)])
    assert wire.closes == [1013]
    assert second.is_open
    assert shared.unfinished.held_bytes == MAX_BYTES - 1


def test_every_ping_is_answered_with_its_payload() -> None:
    wire = Wire()
    feed(Collector(options()), wire, [(WSMsgType.PING, b"a", True, False), (WSMsgType.PING, b"", True, False)])
    assert wire.pongs == [b"a", b""]
