"""The states that a connection can be in, how to get there, and the bytes that would come next.

The address of a client is in `X-Forwarded-For`: the server trusts loopback as a proxy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.e2e.raw import CLOSE, CONTINUATION, KEY, PING, TEXT, frame

KIB = 1024
API = "/api/v69"


class State(NamedTuple):
    """One row of the matrix: `opening` is sent, the answer is read up to `awaited`, then `last` is sent.

    `more` is the unit that an impolite client goes on with. `reads` is False for a client that takes nothing once it
    is in the state.
    """

    surface: str
    name: str
    opening: bytes = b""
    awaited: bytes = b""
    last: bytes = b""
    more: bytes = b""
    reads: bool = True

    @property
    def title(self) -> str:
        return f"{self.surface}: {self.name}"


def http_states(address: str, token: str) -> Iterator[State]:
    """Of a request, from the first byte to behind its answer."""

    def state(name: str, opening: bytes, more: bytes, *, awaited: bytes = b"", reads: bool = True) -> State:
        return State("http", name, opening, awaited, b"", more, reads)

    get = _head("GET /healthz", address) + b"\r\n"
    tokens = _head(f"GET {API}/tokens", address) + b"\r\n"
    patch = _head(f"PATCH {API}/users/me", address, f"Authorization: Bearer {token}", "Content-Type: application/json")
    chunked = patch + b"Transfer-Encoding: chunked\r\n\r\n"
    done = b"2\r\n{}\r\n0\r\n"
    yield state("nothing was sent", b"", b"\r\n")
    yield state("in the request line", b"GET /", b"a")
    yield state("in the headers", _head("GET /healthz", address), b"X-More: 1\r\n")
    yield state("in a header", _head("GET /healthz", address) + b"X-More: ", b"a")
    yield state("in a body", patch + b"Content-Length: 60000\r\n\r\n", b"{}")
    yield state("in a chunked body", chunked, b"1\r\n[\r\n")
    yield state("in the size of a chunk", chunked, b"0")
    yield state("in the trailers", chunked + done, b"X-More: 1\r\n")
    yield state("in a trailer", chunked + done + b"X-More: ", b"a")
    yield state("behind an answer", get, b"\r\n", awaited=b'"ok"')
    yield state("behind an answer, requests", get, get, awaited=b'"ok"')
    yield state("behind an answer, a body", get, b"a", awaited=b'"ok"')
    yield state("unknown paths", b"", _head(f"GET {API}/nothing", address) + b"\r\n")
    yield state("metrics", b"", _head("GET /metrics", address) + b"\r\n")
    yield state("answers that nobody reads", tokens * 20, tokens, reads=False)
    yield state("bodies of objects", b"", _objects(patch))


def _objects(patch: bytes) -> bytes:
    body = b"[" + b"{}," * 5_000 + b"{}]"
    return patch + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def websocket_states(endpoint: str, address: str, token: str | None) -> Iterator[State]:
    """Of a WebSocket, from the upgrade to the close. `token` is None if the endpoint needs none."""
    path = f"GET {API}/ws/{endpoint}"
    signed = _head(path, address, *_UPGRADE, *([] if token is None else [f"Authorization: Bearer {token}"])) + b"\r\n"
    by_message = _head(f"{path}?auth=message", address, *_UPGRADE) + b"\r\n"
    refused = _head(path, address, *_UPGRADE, "Authorization: Bearer no.such.token") + b"\r\n"

    def upgraded(name: str, opening: bytes, more: bytes, last: bytes = b"") -> State:
        return State(endpoint, name, opening, b" 101 ", last, more)

    def greeted(name: str, more: bytes, last: bytes = b"", *, reads: bool = True) -> State:
        return State(endpoint, f"greeted, {name}", signed, b"connection_established", last, more, reads)

    yield State(endpoint, "in the head of the upgrade", _head(path, address, *_UPGRADE), more=b"X-More: 1\r\n")
    yield upgraded("asked for a token", by_message, frame(PING))
    yield upgraded("in a large token", by_message, frame(CONTINUATION, bytes(KIB), fin=False), _START)
    yield upgraded("refused", refused, frame(TEXT, bytes(KIB)))
    yield greeted("control frames", frame(PING))
    yield greeted("large control frames", frame(PING, bytes(125)))
    yield greeted("commands", _text(type="get_subscriptions"))
    yield greeted("repeated channels", _text(type="subscribe", channels=["market.SOL"] * 500))
    yield greeted("commands with many objects", _text(type="ping", _own=[{}] * 10_000))
    yield greeted("commands whose answers nobody reads", _text(type="get_subscriptions"), reads=False)
    yield greeted("in a frame", b"a", frame(TEXT, bytes(60 * KIB))[:8])
    yield greeted("at the end of a frame", b"", frame(TEXT, bytes(60 * KIB))[:-1])
    yield greeted("in fragments", frame(CONTINUATION, fin=False), _START)
    yield greeted("closing", frame(PING), frame(CLOSE, b"\x03\xe8"))


_UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}")
_START = frame(TEXT, b"{", fin=False)


def _head(line: str, address: str, *headers: str) -> bytes:
    fields = ["Host: 127.0.0.1", f"X-Forwarded-For: {address}", *headers]
    return "\r\n".join([f"{line} HTTP/1.1", *fields]).encode() + b"\r\n"


def _text(**message: Any) -> bytes:
    return frame(TEXT, json.dumps(message).encode())
