"""A plain upgrade is read as uvicorn reads it; whatever else is left to uvicorn."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from hypothesis import example, given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from duelcast.gateway.first_request import plain_upgrade
from duelcast.gateway.http_protocol import BoundedHttpProtocol, upgrade_protocol
from duelcast.gateway.upgrade import MAX_HEAD_BYTES, UpgradeRequest

USUAL = [
    b"Host: 127.0.0.1:8069",
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Version: 13",
]
FIREFOX = [
    b"Host: localhost:8069",
    b"Accept: */*",
    b"Accept-Language: en-US,en;q=0.5",
    b"Sec-WebSocket-Extensions: permessage-deflate",
    b"Cookie: session=abc; theme=dark",
    b"Connection: keep-alive, Upgrade",
    b"Pragma: no-cache",
    *USUAL[3:],
    b"Upgrade: websocket",
]


def request(headers: list[bytes], line: bytes = b"GET /api/v69/ws/market-data?a=b HTTP/1.1") -> bytes:
    return b"\r\n".join([line, *headers]) + b"\r\n\r\n"


class Transport:
    """Stands where a socket's transport does."""

    closed = False

    def get_extra_info(self, _name: str) -> None:
        return None

    def write(self, _data: bytes) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def set_protocol(self, _protocol: object) -> None:
        pass

    def pause_reading(self) -> None:
        pass


async def _as_uvicorn_reads(data: bytes) -> UpgradeRequest | None:
    taken: list[UpgradeRequest] = []

    def accept(_transport: Any, read: UpgradeRequest) -> Any:
        taken.append(read)
        return None

    async def no_http(_scope: Any, _receive: Any, _send: Any) -> None:
        return

    config = uvicorn.Config(no_http, ws=upgrade_protocol(accept), lifespan="off", log_config=None, access_log=False)
    config.load()
    http = BoundedHttpProtocol(config=config, server_state=ServerState(), app_state={})
    transport: Any = Transport()
    http.connection_made(transport)
    http.data_received(data)
    await asyncio.sleep(0)
    http.connection_lost(None)
    return taken[0] if taken else None


def as_uvicorn_reads(data: bytes) -> UpgradeRequest | None:
    return asyncio.run(_as_uvicorn_reads(data))


@pytest.mark.parametrize("headers", [USUAL, FIREFOX], ids=["usual", "firefox"])
def test_what_clients_send_is_read_at_once_and_as_uvicorn_does(headers: list[bytes]) -> None:
    read = plain_upgrade(request(headers))
    assert read is not None
    assert read == as_uvicorn_reads(request(headers))


@pytest.mark.parametrize(
    "data",
    [
        request(USUAL)[:-1],
        request(USUAL) + b"\x81\x80\0\0\0\0",
        request(USUAL, b"POST / HTTP/1.1"),
        request(USUAL, b"GET / HTTP/1.0"),
        request(USUAL, b"GET  / HTTP/1.1"),
        request(USUAL, b"GET /a b HTTP/1.1"),
        request(USUAL, b"GET evil:80 HTTP/1.1"),
        request([*USUAL[:2], b"Connection: \xa0Upgrade", *USUAL[3:]]),
        request(USUAL[:1]),
        request([*USUAL, b"Content-Length: 0"]),
        request([*USUAL, b"Transfer-Encoding: chunked"]),
        request([*USUAL, b"Expect: 100-continue"]),
        request([*USUAL, b"host: other"]),
        request([*USUAL, b" folded"]),
        request([*USUAL, b"X: a "]),
        request([*USUAL, b"X: a\t"]),
        request([*USUAL, b"Bad Name: x"]),
        request([*USUAL, b"Name : x"]),
        request([*USUAL, b"X: a\0b"]),
        request([*USUAL, b"X: a\nY: b"]),
        request([*USUAL, b"X: " + b"x" * MAX_HEAD_BYTES]),
        request([b"Upgrade: h2c", *USUAL[:1], *USUAL[2:]]),
        request([b"Connection: close", *USUAL[:2], *USUAL[3:]]),
        request(USUAL).replace(b"\r\n", b"\n"),
        b"",
        b"\x16\x03\x01",
    ],
)
def test_whatever_is_unusual_is_left_to_uvicorn(data: bytes) -> None:
    assert plain_upgrade(data) is None


header_lines = st.one_of(
    st.sampled_from(USUAL + FIREFOX),
    st.builds(
        lambda name, space, value: name + b":" + space + value,
        st.from_regex(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,8}", fullmatch=True),
        st.sampled_from([b"", b" ", b"\t", b"  \t"]),
        st.binary(max_size=8),
    ),
    st.binary(max_size=12),
)


@given(st.permutations(USUAL), st.lists(header_lines, max_size=3), st.integers(0, 5))
@example(USUAL, [b"X: \xff\x80"], 0)
@example(USUAL, [b"X:\t a \t"], 0)
@example(USUAL, [b"X:"], 0)
def test_whatever_is_read_at_once_is_read_as_uvicorn_does(usual: list[bytes], more: list[bytes], at: int) -> None:
    data = request([*usual[:at], *more, *usual[at:]])
    read = plain_upgrade(data)
    if read is not None:
        assert read == as_uvicorn_reads(data)


def test_a_head_that_does_not_match_at_its_end_is_found_out_in_linear_time() -> None:
    lines = [b"X%d:%b" % (number, b" \t" * 100) for number in range(300)]
    assert plain_upgrade(request([*lines, b"\0"])) is None
