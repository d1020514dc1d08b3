"""The link between two nodes, over real sockets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest

from duelcast.clock import SystemClock
from duelcast.cluster.calls import WINDOW, CallFailed, Kind, LinkLost, Methods, Peer
from duelcast.cluster.frames import DRAINED_BYTES, MAX_FRAME_BYTES, MAX_UNSENT_BYTES, Fault, FrameProtocol

SECRET = b"a secret that both nodes share"
LONG_S = 30.0
LONG_BODY = bytes(range(256)) * 4096 * 20
"""20 MiB, more than a frame."""


class Frames(FrameProtocol):
    """Says when its connection is gone."""

    def __init__(self, secret: bytes, name: str, *, listens: bool, faults: Counter[Fault]) -> None:
        super().__init__(secret, name, listens=listens, faults=faults)
        self.gone = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.gone.set()


class Node:
    """One end of a link."""

    def __init__(self, secret: bytes, name: str, *, listens: bool, methods: Methods | None = None) -> None:
        self.faults: Counter[Fault] = Counter()
        self.frames = Frames(secret, name, listens=listens, faults=self.faults)
        self.peer = Peer(self.frames, methods or Methods(), SystemClock())
        self.connected = asyncio.Event()
        self.ended = asyncio.Event()
        self.frames.connected = self.connected.set
        self.frames.received = self.peer.received
        self.frames.lost = self._lost

    def _lost(self) -> None:
        self.peer.lost()
        self.ended.set()


@asynccontextmanager
async def listening(node: Node) -> AsyncIterator[int]:
    """Yields the port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: node.frames, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        with suppress(AttributeError):
            node.frames.abort()


@asynccontextmanager
async def linked(methods: Methods | None = None) -> AsyncIterator[tuple[Node, Node]]:
    """A leader that has `methods`, and a gateway."""
    leader = Node(SECRET, "leader", listens=True, methods=methods)
    gateway = Node(SECRET, "gateway", listens=False)
    async with listening(leader) as port, asyncio.timeout(LONG_S):
        await asyncio.get_running_loop().create_connection(lambda: gateway.frames, "127.0.0.1", port)
        await gateway.connected.wait()
        await leader.connected.wait()
        try:
            yield leader, gateway
        finally:
            gateway.frames.abort()


async def _echo(_peer: Peer, body: bytes) -> bytes:
    return body


async def _count(_peer: Peer, body: bytes) -> AsyncIterator[bytes]:
    for number in range(int(body)):
        yield b"%d" % number


async def _fail(_peer: Peer, _body: bytes) -> bytes:
    raise CallFailed("It cannot.")


async def _break(_peer: Peer, _body: bytes) -> bytes:
    raise ValueError("a secret text")


def methods_of(**answering: Callable[[Peer, bytes], Awaitable[bytes]]) -> Methods:
    methods = Methods()
    methods.answering |= answering
    return methods


async def test_a_call_is_answered_and_both_know_whom_they_talk_to() -> None:
    async with linked(methods_of(echo=_echo)) as (leader, gateway):
        assert leader.peer.name == "gateway"
        bodies = [b"", b"\x00\xff" * 10, b"x" * 1_000_000]
        assert await asyncio.gather(*(gateway.peer.call("echo", body) for body in bodies)) == bodies


async def test_answers_and_pieces_may_be_longer_than_a_frame() -> None:
    async def pieces(_peer: Peer, body: bytes) -> AsyncIterator[bytes]:
        yield body
        yield LONG_BODY

    async def answer(_peer: Peer, _body: bytes) -> bytes:
        return LONG_BODY

    methods = methods_of(answer=answer)
    methods.streaming["pieces"] = pieces
    async with linked(methods) as (_, gateway):
        assert await gateway.peer.call("answer") == LONG_BODY
        assert [piece async for piece in gateway.peer.stream("pieces", b"first")] == [b"first", LONG_BODY]


async def test_a_stream_comes_in_order_and_ends() -> None:
    methods = Methods()
    methods.streaming["count"] = _count
    async with linked(methods) as (_, gateway):
        assert [piece async for piece in gateway.peer.stream("count", b"500")] == [b"%d" % n for n in range(500)]
        assert [piece async for piece in gateway.peer.stream("count", b"0")] == []


async def test_a_peer_sends_no_more_of_a_stream_than_its_receiver_can_store() -> None:
    sent = 0
    is_blocked = asyncio.Event()

    async def endless(_peer: Peer, _body: bytes) -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            if sent == WINDOW:
                is_blocked.set()
            sent += 1
            yield b"piece"

    methods = methods_of(echo=_echo)
    methods.streaming["endless"] = endless
    async with linked(methods) as (_, gateway):
        pieces = gateway.peer.stream("endless")
        await anext(pieces)
        await is_blocked.wait()
        await gateway.peer.call("echo")
        # The last one waits for a confirmation.
        assert sent == WINDOW + 1
        for _ in range(10 * WINDOW):
            await anext(pieces)
        assert sent <= 12 * WINDOW
        await pieces.aclose()


async def test_a_peer_that_sends_more_of_a_stream_than_was_confirmed_is_cut_off() -> None:
    async with linked() as (leader, gateway):

        def send_all(_payload: bytes) -> None:
            for _ in range(WINDOW + 1):
                leader.frames.send(msgspec.msgpack.encode([Kind.PIECE, 1, "", b"piece"]))

        leader.frames.received = send_all
        pieces = gateway.peer.stream("anything")
        with pytest.raises(LinkLost):
            await drain(pieces, hold=gateway.ended)


async def drain(pieces: AsyncIterator[bytes], *, hold: asyncio.Event) -> None:
    """Take one piece, and the others only after `hold`."""
    await anext(pieces)
    await hold.wait()
    async for _ in pieces:
        pass


async def test_many_large_calls_at_once_do_not_cut_the_link_off() -> None:
    async def measure(_peer: Peer, body: bytes) -> AsyncIterator[bytes]:
        yield b"%d" % len(body)

    methods = Methods()
    methods.streaming["measure"] = measure
    async with linked(methods) as (leader, gateway):
        body = bytes(4 * DRAINED_BYTES)

        async def call() -> list[bytes]:
            return [piece async for piece in gateway.peer.stream("measure", body)]

        calls = 2 * MAX_UNSENT_BYTES // len(body)
        assert await asyncio.gather(*(call() for _ in range(calls))) == [[b"%d" % len(body)]] * calls
        assert not gateway.faults
        assert not leader.faults


async def test_a_failure_is_a_sentence_and_a_defect_shows_nothing() -> None:
    async with linked(methods_of(fail=_fail, broken=_break)) as (_, gateway):
        with pytest.raises(CallFailed, match="It cannot"):
            await gateway.peer.call("fail")
        with pytest.raises(CallFailed, match="The peer failed"):
            await gateway.peer.call("broken")
        with pytest.raises(CallFailed, match="another version"):
            await gateway.peer.call("unheard_of")
        with pytest.raises(CallFailed, match="another version"):
            async for _ in gateway.peer.stream("unheard_of"):
                pass


async def test_notices_arrive_in_order() -> None:
    heard: list[bytes] = []
    methods = methods_of(echo=_echo)
    methods.noticing["hear"] = lambda _peer, body: heard.append(body)
    async with linked(methods) as (_, gateway):
        for number in range(100):
            gateway.peer.notify("hear", b"%d" % number)
        await gateway.peer.call("echo")
        assert heard == [b"%d" % number for number in range(100)]


async def test_calls_under_way_have_an_unknown_outcome_once_the_link_is_lost() -> None:
    began = asyncio.Event()

    async def never(_peer: Peer, _body: bytes) -> bytes:
        began.set()
        await asyncio.Event().wait()
        return b""

    async with linked(methods_of(never=never)) as (leader, gateway):
        calling = asyncio.ensure_future(gateway.peer.call("never"))
        await began.wait()
        leader.frames.abort()
        with pytest.raises(LinkLost) as lost:
            await calling
        assert lost.value.was_sent
        with pytest.raises(LinkLost) as lost:
            await gateway.peer.call("never")
        assert not lost.value.was_sent


async def test_a_node_that_closes_answers_earlier_calls_and_refuses_later_ones() -> None:
    arrived, may_answer, announced = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer(_peer: Peer, body: bytes) -> bytes:
        arrived.set()
        await may_answer.wait()
        return body

    async with linked(methods_of(answer=answer)) as (leader, gateway):
        gateway.peer.closing = announced.set
        early = asyncio.create_task(gateway.peer.call("answer", b"early"))
        await arrived.wait()
        closing = asyncio.create_task(leader.peer.close())
        await announced.wait()
        with pytest.raises(LinkLost) as lost:
            await gateway.peer.call("answer", b"late")
        assert not lost.value.was_sent, "it was not run"
        assert not closing.done()
        may_answer.set()
        assert await early == b"early"
        await closing


async def test_a_call_that_crosses_the_announcement_of_the_close_is_refused() -> None:
    async with linked(methods_of(echo=_echo)) as (leader, gateway):

        async def close() -> None:
            await leader.peer.close()
            leader.frames.close()

        closing = asyncio.create_task(close())
        with pytest.raises(LinkLost) as lost:
            await gateway.peer.call("echo", b"late")
        assert not lost.value.was_sent
        await closing


async def test_a_call_that_is_cancelled_is_cancelled_at_the_peer() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def never(_peer: Peer, _body: bytes) -> bytes:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return b""

    async with linked(methods_of(never=never)) as (_, gateway):
        calling = asyncio.ensure_future(gateway.peer.call("never"))
        await began.wait()
        calling.cancel()
        await ended.wait()


@pytest.mark.parametrize("listens", [True, False])
async def test_a_peer_without_the_secret_is_cut_off(listens: bool) -> None:
    ours = Node(SECRET, "ours", listens=listens)
    theirs = Node(b"another secret of theirs, as long", "theirs", listens=not listens)
    async with listening(ours if listens else theirs) as port, asyncio.timeout(LONG_S):
        connecting = theirs if listens else ours
        await asyncio.get_running_loop().create_connection(lambda: connecting.frames, "127.0.0.1", port)
        await ours.frames.gone.wait()
        await theirs.frames.gone.wait()
    # The connecting side proves itself first.
    assert (ours if listens else theirs).faults == {"secret": 1}
    assert not ours.connected.is_set()


async def _talk(port: int, *parts: bytes) -> bytes:
    """Send raw bytes after the nonce has come; returns everything until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = await reader.readexactly(4)
    received += await reader.readexactly(int.from_bytes(received))
    for part in parts:
        writer.write(part)
    try:
        return received + await reader.read()
    except ConnectionResetError:
        return received
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"\xff\xff\xff\xff", "size"),
        ((513).to_bytes(4), "size"),
        ((3).to_bytes(4) + b"abc", "greeting"),
        ((1).to_bytes(4) + b"\xc0", "greeting"),
        ((0).to_bytes(4), "greeting"),
        ((7).to_bytes(4) + b"\x94\x01\xa1a\xc4\x00\xc0", "greeting"),
        ((9).to_bytes(4) + b"\x94\x63\xa1a\xc4\x00\xc4\x00\x00", "greeting"),
        ((8).to_bytes(4) + b"\x94\x63\xa1a\xc4\x00\xc4\x00", "version"),
        ((8).to_bytes(4) + b"\x94\x01\xa1a\xc4\x00\xc4\x00", "greeting"),
        (b"GET / HTTP/1.1\r\n\r\n", "size"),
    ],
)
async def test_a_greeting_that_is_none_is_cut_off_and_counted(sent: bytes, fault: Fault) -> None:
    node = Node(SECRET, "ours", listens=True)
    async with listening(node) as port, asyncio.timeout(LONG_S):
        await _talk(port, sent)
    assert node.faults == {fault: 1}
    assert not node.connected.is_set()


@pytest.mark.parametrize("way", ["changed", "repeated", "reordered", "of another connection", "huge"])
async def test_frames_that_the_peer_did_not_just_send_are_cut_off(way: str) -> None:
    """Somebody between the nodes, who sees everything, can only end the link."""
    leader = Node(SECRET, "leader", listens=True, methods=methods_of(echo=_echo))
    gateway = Node(SECRET, "gateway", listens=False)
    frames: list[bytes] = []
    async with listening(leader) as port, asyncio.timeout(LONG_S):

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
            back = asyncio.ensure_future(_copy(there_reader, writer))
            there_writer.write(await _frame(reader))
            frames.extend([await _frame(reader) for _ in range(2)])
            there_writer.writelines(_tampered(way, frames))
            with suppress(ConnectionError):
                await back
            for end in (there_writer, writer):
                end.close()
            relayed.set()

        relayed = asyncio.Event()
        between = await asyncio.start_server(relay, "127.0.0.1", 0)
        await asyncio.get_running_loop().create_connection(
            lambda: gateway.frames, "127.0.0.1", between.sockets[0].getsockname()[1]
        )
        await gateway.connected.wait()
        calls = [asyncio.ensure_future(gateway.peer.call("echo", b"%d" % number)) for number in range(2)]
        await leader.ended.wait()
        await relayed.wait()
        between.close()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await gateway.frames.gone.wait()
    assert leader.faults == {"size" if way == "huge" else "tag": 1}


def _tampered(way: str, frames: list[bytes]) -> list[bytes]:
    first, second = frames
    match way:
        case "changed":
            return [first[:-1] + bytes([first[-1] ^ 1])]
        case "repeated":
            return [first, first]
        case "reordered":
            return [second, first]
        case "huge":
            return [(MAX_FRAME_BYTES + 1).to_bytes(4)]
        case _:
            return [len(first[4:]).to_bytes(4) + bytes(len(first) - 4)]


async def _frame(reader: asyncio.StreamReader) -> bytes:
    size = await reader.readexactly(4)
    return size + await reader.readexactly(int.from_bytes(size))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
