"""A client without manners: hand-made requests and frames (RFC 6455), for what a library would not send."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from duelcast.app import App

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = bytes(4)
"""A mask of zeros, so that payloads stay readable."""
TIMEOUT_S = 60.0

Headers = dict[str, str]


class RawFrame(NamedTuple):
    """A frame of the server; `is_compressed` is RSV1 (RFC 7692, 6)."""

    opcode: int
    payload: bytes
    is_compressed: bool


class Answer(NamedTuple):
    """An HTTP answer without its body; header names in lower case."""

    status: int
    headers: Headers


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved_bits: int = 0) -> bytes:
    """A masked frame of a client. `reserved_bits` is 0…7 (RSV1 is 4)."""
    first = (0x80 if fin else 0) | reserved_bits << 4 | opcode
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    return head + MASK + payload


def fragments(payload: bytes, size: int) -> bytes:
    """A text message in fragments of `size` bytes."""
    parts = [payload[start : start + size] for start in range(0, len(payload), size)]
    last = len(parts) - 1
    return b"".join(
        frame(TEXT if index == 0 else CONTINUATION, part, fin=index == last) for index, part in enumerate(parts)
    )


class RawSocket:
    """An upgraded socket. Nothing is answered by itself, not even a PING."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send bytes as they are. A server that went away is no error: what it said can still be read."""
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError:
            return

    async def send_json(self, **message: Any) -> None:
        await self.send(frame(TEXT, json.dumps(message).encode()))

    async def receive(self) -> RawFrame:
        """The next frame, of whatever kind. Raises `EOFError` where there is none any more."""
        async with asyncio.timeout(TIMEOUT_S):
            first, second = await self._reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", await self._reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self._reader.readexactly(8))
            return RawFrame(first & 0x0F, await self._reader.readexactly(size), bool(first & 0x40))

    async def receive_message(self) -> dict[str, Any]:
        """The next text message; other frames are skipped."""
        while True:
            received = await self.receive()
            if received.opcode == TEXT:
                message: dict[str, Any] = json.loads(received.payload)
                return message

    async def receive_kind(self, opcode: int) -> bytes:
        """The payload of the next frame of a kind; others are skipped."""
        while True:
            received = await self.receive()
            if received.opcode == opcode:
                return received.payload

    async def ending(self) -> tuple[int, str]:
        """Read up to the close: its code and reason."""
        payload = await self.receive_kind(CLOSE)
        return struct.unpack("!H", payload[:2])[0], payload[2:].decode()


def upgrade_request(
    app: App, endpoint: str, query: str = "", headers: Headers | None = None, extra: Iterable[str] = ()
) -> bytes:
    """An upgrade. `headers` replace the usual ones of the same name; an empty value leaves one out."""
    fields = {
        "Host": f"127.0.0.1:{app.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    } | (headers or {})
    lines = [f"GET /api/v69/ws/{endpoint}{query} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value]
    lines += extra
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n"


async def _read_answer(reader: asyncio.StreamReader) -> Answer:
    async with asyncio.timeout(TIMEOUT_S):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    return Answer(int(head[0].split(" ")[1]), headers)


async def answer_to(app: App, request: bytes) -> Answer:
    """What the server answers to the bytes of a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    try:
        writer.write(request)
        return await _read_answer(reader)
    finally:
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def raw_socket(
    app: App, endpoint: str, query: str = "", headers: Headers | None = None, *, greeted: bool = True
) -> AsyncIterator[RawSocket]:
    """An upgraded socket, past `connection_established` where `greeted`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    try:
        writer.write(upgrade_request(app, endpoint, query, headers))
        answer = await _read_answer(reader)
        assert answer.status == 101, answer
        made = RawSocket(reader, writer)
        while greeted and (await made.receive_message())["type"] != "connection_established":
            pass
        yield made
    finally:
        writer.transport.abort()
