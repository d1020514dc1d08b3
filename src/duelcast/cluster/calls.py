"""Calls, streams and notices between two nodes, over the frames of a link.

Every payload is MessagePack, `[kind, number, method, body]`. `number` is that of the call; 0 for notices. The receiver
of a stream confirms its pieces, so that neither side stores more than `WINDOW` of them. An answer or piece that is too
long for a frame is sent in several, of which all but the last name the method `MORE`. A node that stops announces
that it is closing; it still answers the calls before, and refuses those after it, until its peer makes no more.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Protocol

import msgspec

from duelcast.clock import Clock
from duelcast.cluster.frames import MAX_FRAME_BYTES, TAG_BYTES, Fault
from duelcast.desk.defect import defect

MAX_BODY_BYTES = MAX_FRAME_BYTES - TAG_BYTES - 64
MAX_WHOLE_BYTES = 512 * 1024 * 1024
"""A longer answer, or piece of one, is cut off."""
MORE = "more"
MAX_CALLS = 20_000
"""How many calls of a peer may be under way."""
WINDOW = 16
"""The most pieces of a stream that may be sent ahead of the receiver's confirmations."""
CONFIRMED_PIECES = WINDOW // 2
"""How many pieces a confirmation covers."""
PING_INTERVAL_S = 1.0
SILENCE_LIMIT_S = 3.0
"""A peer that has sent nothing for so long is taken for dead."""


class Kind(enum.IntEnum):
    """The kinds of payloads."""

    CALL = 1
    ANSWER = 2
    FAILURE = 3
    NOTICE = 4
    PIECE = 5
    PING = 6
    CANCEL = 7
    CONFIRMATION = 8
    CLOSING = 9
    REFUSAL = 10
    UNRUN = 11
    """A failure before the call has begun."""
    NO_MORE = 12
    """The answer to `CLOSING`: the sender makes no more calls."""


class Parcel(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A payload."""

    kind: int
    number: int
    method: str = ""
    body: bytes = b""


class LinkLost(Exception):
    """The link ended while a call was under way; its outcome is unknown. If `was_sent` is false, the peer has not run
    the call."""

    def __init__(self, *, was_sent: bool) -> None:
        super().__init__()
        self.was_sent = was_sent


class CallFailed(Exception):
    """The peer could not carry out the call; the text is a sentence for operators. If `has_begun` is false, it has not
    run any of it."""

    def __init__(self, reason: str, *, has_begun: bool = True) -> None:
        super().__init__(reason)
        self.has_begun = has_begun


Answering = Callable[["Peer", bytes], Awaitable[bytes]]
Streaming = Callable[["Peer", bytes], AsyncIterator[bytes]]
Noticing = Callable[["Peer", bytes], None]


class Methods:
    """The methods that a node offers its peers, by name."""

    def __init__(self) -> None:
        self.answering: dict[str, Answering] = {}
        self.streaming: dict[str, Streaming] = {}
        self.noticing: dict[str, Noticing] = {}


class Wire(Protocol):
    """The frames of a link; see `frames.FrameProtocol`."""

    peer: str
    is_connected: bool

    def send(self, payload: bytes) -> None: ...

    async def drained(self) -> None: ...

    def cut_off(self, fault: Fault) -> None: ...


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Parcel).decode
_PING = _encode(Parcel(Kind.PING, 0))


class Peer:
    """The other node of a link. `received` takes the payloads of the wire, `lost` its end, and `watch` ends a link
    whose peer has fallen silent."""

    def __init__(self, wire: Wire, methods: Methods, clock: Clock) -> None:
        self.wire = wire
        self._methods = methods
        self._clock = clock
        self._next = 1
        self._calls: dict[int, asyncio.Future[bytes]] = {}
        self._streams: dict[int, asyncio.Queue[bytes | Exception | None]] = {}
        self._answering: dict[int, asyncio.Task[None]] = {}
        self._windows: dict[int, asyncio.Semaphore] = {}
        self._parts: dict[int, bytearray] = {}
        """By call, the beginning of a body that is sent in several payloads."""
        self._heard_s = clock.monotonic()
        self._is_closing = False
        self._takes_calls = True
        """Whether the other node takes calls."""
        self._makes_no_more = asyncio.Event()
        """Set once the other node makes no more calls."""
        self.closing: Callable[[], None] = lambda: None
        """Called once the peer has announced that it takes no more calls."""

    @property
    def name(self) -> str:
        return self.wire.peer

    # ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def call(self, method: str, body: bytes = b"") -> bytes:
        """The answer of the peer. Raises `LinkLost` and `CallFailed`."""
        if not self.wire.is_connected or not self._takes_calls:
            raise LinkLost(was_sent=False)
        number = self._number()
        waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._calls[number] = waiting
        self._send(Kind.CALL, number, method, body)
        try:
            return await waiting
        except asyncio.CancelledError:
            self._send(Kind.CANCEL, number)
            raise
        finally:
            self._calls.pop(number, None)
            self._parts.pop(number, None)

    async def stream(self, method: str, body: bytes = b"") -> AsyncGenerator[bytes, None]:
        """The pieces of the peer's answer. Raises `LinkLost` and `CallFailed`."""
        await self.wire.drained()
        if not self.wire.is_connected or not self._takes_calls:
            raise LinkLost(was_sent=False)
        number = self._number()
        pieces = self._streams[number] = asyncio.Queue()
        self._send(Kind.CALL, number, method, body)
        try:
            taken = 0
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
                taken += 1
                if taken % CONFIRMED_PIECES == 0:
                    self._send(Kind.CONFIRMATION, number)
        finally:
            self._parts.pop(number, None)
            if self._streams.pop(number, None) is not None:
                self._send(Kind.CANCEL, number)

    def notify(self, method: str, body: bytes = b"") -> None:
        """Tell the peer something that needs no answer; lost with the link."""
        self._send(Kind.NOTICE, 0, method, body)

    async def close(self) -> None:
        """Take no more calls, and return once those under way are answered, and the peer makes no more."""
        self._is_closing = True
        self._send(Kind.CLOSING, 0)
        await asyncio.gather(*self._answering.values(), return_exceptions=True)
        await self._makes_no_more.wait()

    # ── the wire ────────────────────────────────────────────────────────────────────────────────────────────────

    def received(self, payload: bytes) -> None:
        """Take a payload; a malformed one ends the link."""
        self._heard_s = self._clock.monotonic()
        try:
            parcel = _decode(payload)
            kind = Kind(parcel.kind)
        except (msgspec.DecodeError, ValueError):
            self.wire.cut_off("payload")
            return
        if kind is Kind.CALL:
            self._take_call(parcel)
        elif kind is Kind.NOTICE:
            # In its turn: the calls before it have begun by then, and those after it have not.
            asyncio.get_running_loop().call_soon(self._take_notice, parcel)
        elif kind is Kind.CANCEL:
            if (task := self._answering.get(parcel.number)) is not None:
                task.cancel()
        elif kind is Kind.CONFIRMATION:
            self._take_confirmation(parcel.number)
        elif kind is Kind.CLOSING:
            self._takes_calls = False
            self._send(Kind.NO_MORE, 0)
            self.closing()
        elif kind is Kind.NO_MORE:
            self._makes_no_more.set()
        elif kind is not Kind.PING:
            self._take_answer(kind, parcel)

    def lost(self) -> None:
        """End everything that is under way, because the wire has ended."""
        for waiting in self._calls.values():
            if not waiting.done():
                waiting.set_exception(LinkLost(was_sent=True))
        for pieces in self._streams.values():
            pieces.put_nowait(LinkLost(was_sent=True))
        for task in self._answering.values():
            task.cancel()
        self._makes_no_more.set()

    async def watch(self) -> None:
        """Send a ping each second; return once the peer has been silent for too long, having ended the link."""
        while self.wire.is_connected:
            self.wire.send(_PING)
            await self._clock.sleep(PING_INTERVAL_S)
            if self._clock.monotonic() - self._heard_s > SILENCE_LIMIT_S:
                self.wire.cut_off("silent")
                return

    # ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _number(self) -> int:
        number, self._next = self._next, self._next + 1
        return number

    def _send(self, kind: Kind, number: int, method: str = "", body: bytes = b"") -> None:
        self.wire.send(_encode(Parcel(kind, number, method, body)))

    async def _send_whole(self, kind: Kind, number: int, body: bytes) -> None:
        begin = 0
        while len(body) - begin > MAX_BODY_BYTES:
            self._send(kind, number, MORE, body[begin : begin + MAX_BODY_BYTES])
            begin += MAX_BODY_BYTES
            await self.wire.drained()
        self._send(kind, number, body=body[begin:])

    def _take_call(self, parcel: Parcel) -> None:
        number = parcel.number
        if number in self._answering:
            self.wire.cut_off("payload")
            return
        if self._is_closing:
            self._send(Kind.REFUSAL, number)
            return
        if len(self._answering) >= MAX_CALLS:
            self._fail(number, CallFailed("Too many calls are under way.", has_begun=False))
            return
        task = asyncio.get_running_loop().create_task(self._answer(parcel))
        self._answering[number] = task
        task.add_done_callback(lambda _task: self._answering.pop(number, None))

    async def _answer(self, parcel: Parcel) -> None:
        try:
            if (answer := self._methods.answering.get(parcel.method)) is not None:
                await self._send_whole(Kind.ANSWER, parcel.number, await answer(self, parcel.body))
            elif (stream := self._methods.streaming.get(parcel.method)) is not None:
                await self._send_pieces(parcel.number, stream(self, parcel.body))
            else:
                raise CallFailed("The peer knows no such call: is it of another version?", has_begun=False)
        except CallFailed as failure:
            self._fail(parcel.number, failure)
        except Exception as error:
            defect(error)
            self._fail(parcel.number, CallFailed("The peer failed."))

    async def _send_pieces(self, number: int, pieces: AsyncIterator[bytes]) -> None:
        window = self._windows[number] = asyncio.Semaphore(WINDOW)
        try:
            async for piece in pieces:
                await window.acquire()
                await self.wire.drained()
                await self._send_whole(Kind.PIECE, number, piece)
        finally:
            del self._windows[number]
        self._send(Kind.ANSWER, number)

    def _take_confirmation(self, number: int) -> None:
        window = self._windows.get(number)
        if window is not None:
            for _ in range(CONFIRMED_PIECES):
                window.release()

    def _fail(self, number: int, failure: CallFailed) -> None:
        self._send(Kind.FAILURE if failure.has_begun else Kind.UNRUN, number, body=str(failure).encode())

    def _take_notice(self, parcel: Parcel) -> None:
        handler = self._methods.noticing.get(parcel.method)
        if handler is not None and self.wire.is_connected:
            try:
                handler(self, parcel.body)
            except msgspec.DecodeError:
                self.wire.cut_off("payload")
            except Exception as error:
                defect(error)

    def _take_part(self, parcel: Parcel) -> None:
        part = self._parts.setdefault(parcel.number, bytearray())
        part += parcel.body
        if len(part) > MAX_WHOLE_BYTES:
            self.wire.cut_off("payload")

    def _take_answer(self, kind: Kind, parcel: Parcel) -> None:
        if parcel.number not in self._streams and parcel.number not in self._calls:
            return
        if parcel.method == MORE:
            self._take_part(parcel)
            return
        body = bytes(self._parts.pop(parcel.number, b"")) + parcel.body
        failure = _failure_of(kind, parcel)
        if (pieces := self._streams.get(parcel.number)) is not None:
            if kind is Kind.PIECE:
                if pieces.qsize() >= WINDOW:
                    self.wire.cut_off("payload")
                else:
                    pieces.put_nowait(body)
                return
            del self._streams[parcel.number]
            pieces.put_nowait(failure)
        elif (waiting := self._calls.get(parcel.number)) is not None and not waiting.done():
            if failure is not None:
                waiting.set_exception(failure)
            else:
                waiting.set_result(body)


def _failure_of(kind: Kind, parcel: Parcel) -> Exception | None:
    if kind is Kind.FAILURE or kind is Kind.UNRUN:
        return CallFailed(parcel.body.decode(errors="replace"), has_begun=kind is Kind.FAILURE)
    return LinkLost(was_sent=False) if kind is Kind.REFUSAL else None
