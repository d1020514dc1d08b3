"""Closings that the suite found to be wrong once, so that they are tested without it."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest

from tests.conformance.echo_server import echo_server

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TEXT, CLOSE = 0x81, 0x88
SOON_S = 60.0
"""Well below the time that the gateway gives a client to answer a close."""


def frame(first_byte: int, payload: bytes = b"") -> bytes:
    """A short frame of a client, masked with zeros."""
    return bytes([first_byte, 0x80 | len(payload), 0, 0, 0, 0]) + payload


def code(number: int) -> bytes:
    return struct.pack("!H", number)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with echo_server() as listening:
        yield listening


async def answer(port: int, frames: bytes) -> bytes:
    """All that the server sends, up to its end of the connection, after `frames` came in one write."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(REQUEST)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frames)
        async with asyncio.timeout(SOON_S):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_close_is_answered_with_its_own_code(port: int) -> None:
    assert await answer(port, frame(CLOSE, code(1000) + b"bye")) == bytes([CLOSE, 2]) + code(1000)


async def test_what_came_before_a_close_in_the_same_read_is_answered_first(port: int) -> None:
    received = await answer(port, frame(TEXT, b"hello") + frame(CLOSE, code(1001)))
    assert received == b"\x81\x05hello" + bytes([CLOSE, 2]) + code(1001)


@pytest.mark.parametrize("later", [frame(CLOSE), frame(CLOSE, code(1001)), frame(TEXT, b"late"), b"\xff" * 20])
async def test_what_follows_a_close_does_not_count(port: int, later: bytes) -> None:
    assert await answer(port, frame(CLOSE, code(1000)) + later) == bytes([CLOSE, 2]) + code(1000)


@pytest.mark.parametrize("number", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
async def test_a_close_code_that_is_not_for_the_wire_is_a_protocol_error_and_the_end(port: int, number: int) -> None:
    received = await answer(port, frame(CLOSE, code(number)))
    assert received[0] == CLOSE
    assert received[2:4] == code(1002)
