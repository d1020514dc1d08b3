"""Connections share parsers, but never bytes: each gets its own frames, whatever arrives between them."""

from __future__ import annotations

from collections import deque
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.clock import ManualClock
from duelcast.gateway.control_frames import WebSocketTransport
from duelcast.gateway.frame_parsers import MAX_SPARE
from duelcast.gateway.reading import READ_TURN_BYTES, BoundedReader
from duelcast.gateway.socket import MessageSocket, SocketOptions
from duelcast.gateway.timers import TimerWheel
from tests.examples import examples
from tests.gateway.test_frame_assembly import Wire

MAX_BYTES = 20_000


class Collector(MessageSocket):
    """Keeps the texts that it receives."""

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options, MAX_BYTES)
        self.texts: list[bytes] = []
        self.wire = Wire()
        self.reader = BoundedReader(self, options.parsers(MAX_BYTES), options.read_turn_bytes)
        self.on_ws_connected(cast("WebSocketTransport", self.wire))

    def text_received(self, data: bytes, now: float) -> None:
        self.texts.append(data)

    def read(self, data: bytes) -> None:
        """What a transport does when `data` has arrived."""
        while data:
            buffer = self.reader.get_buffer(-1)
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            self.reader.buffer_updated(size)
            data = data[size:]


class ReadsAnother(Collector):
    """Reads from `other` while it handles a message."""

    other: Collector

    def text_received(self, data: bytes, now: float) -> None:
        with pytest.raises(AssertionError):
            self.other.reader.get_buffer(-1)
        self.texts.append(b"refused")


def options() -> SocketOptions:
    clock = ManualClock()
    return SocketOptions(clock, TimerWheel(clock.monotonic()))


def masked(payload: bytes, opcode: int = 1) -> bytes:
    size, mask = len(payload), b"\x12\x34\x56\x78"
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return bytes((0x80 | opcode,)) + length + mask + body


@settings(max_examples=examples(100))
@given(st.data())
async def test_each_connection_gets_its_own_messages(data: st.DataObject) -> None:
    shared = options()
    sizes = st.lists(st.sampled_from([0, 1, 50, 125, 126, 3_000, 4_090, 9_000]), max_size=5)
    connections = [
        (Collector(shared), [bytes([65 + number]) * size for size in data.draw(sizes)])
        for number in range(data.draw(st.integers(1, 4)))
    ]
    streams = deque((socket, b"".join(map(masked, texts))) for socket, texts in connections)
    while streams:
        socket, rest = streams.popleft()
        size = data.draw(st.sampled_from([1, 2, 5, 100, 4_000, READ_TURN_BYTES, 10_000]))
        socket.read(rest[:size])
        if rest[size:]:
            streams.append((socket, rest[size:]))
    assert [socket.texts for socket, _ in connections] == [texts for _, texts in connections]
    assert [socket.wire.closes for socket, _ in connections] == [[] for _ in connections]


async def test_idle_connections_have_no_parser_of_their_own() -> None:
    shared = options()
    parsers = shared.parsers(MAX_BYTES)
    first = parsers.shared
    for _ in range(3):
        Collector(shared).read(masked(b"text"))
    assert parsers.shared is first
    assert first.receiver is None

    halves = [(Collector(shared), masked(b"text")) for _ in range(2 * MAX_SPARE)]
    for socket, frame in halves:
        socket.read(frame[:3])
    assert parsers.shared is not first
    for socket, frame in halves:
        socket.read(frame[3:])
        assert socket.texts == [b"text"]
    assert len(parsers._spare) == MAX_SPARE


async def test_a_parser_that_has_grown_is_not_kept() -> None:
    shared = options()
    Collector(shared).read(masked(b"x" * 15_000))
    assert len(shared.parsers(MAX_BYTES).shared.get_buffer(-1)) == READ_TURN_BYTES


@pytest.mark.parametrize(
    "end",
    [masked(b"\x03\xe8", 8), masked(b"", 8), b"\xff\xff\xff", masked(b"", 8) * 2],
    ids=["a close", "a close without a code", "no frame", "two closes"],
)
async def test_the_end_of_a_connection_concerns_no_other(end: bytes) -> None:
    shared = options()
    for _ in range(3):
        ending, other = Collector(shared), Collector(shared)
        ending.read(end)
        assert ending.close_code is not None
        other.read(masked(b"text"))
        other.read(masked(b"\x03\xe8", 8))
        assert (other.texts, other.wire.closes, other.close_code) == ([b"text"], [1000], 1000)


async def test_a_read_within_a_read_is_refused() -> None:
    """It would put the bytes of one connection into the frame of another."""
    shared = options()
    socket, other = ReadsAnother(shared), Collector(shared)
    socket.other = other
    socket.read(masked(b"text"))
    assert socket.texts == [b"refused"]
