"""The first request of a connection: an upgrade to a WebSocket is accepted here, and everything else goes to uvicorn.

Upgrades are accepted nowhere else: `BoundedHttpProtocol` refuses an upgrade that comes later or in another form.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

from duelcast.gateway.http_connections import HttpLimits, Place
from duelcast.gateway.http_protocol import MAX_HEAD_BYTES, BoundedHttpProtocol
from duelcast.gateway.refusals import RefusedRequest, answer_to, bad_request, head_too_large
from duelcast.gateway.upgrade import UpgradeRequest
from duelcast.sampling import LogSampler

# No line can be matched in two ways, so a mismatch is found in linear time.
_UPGRADE = re.compile(r"GET (/[!-~]*) HTTP/1\.1\r\n((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*\r\n)+)\r\n")
_HEAD_END = b"\r\n\r\n"
_METHOD = b"GET "

Accept = Callable[[asyncio.Transport, UpgradeRequest], asyncio.BufferedProtocol]
"""Takes a transport and the upgrade request; returns the protocol that takes over, or raises `RefusedRequest`."""


def upgrade_request(head: bytes) -> UpgradeRequest | None:
    """The upgrade to a WebSocket in `head`, which ends with the empty line (RFC 6455, 4.1; RFC 9112, 2 to 5).

    None if `head` is not an upgrade. Raises `RefusedRequest` for an upgrade with a body.
    """
    found = _UPGRADE.fullmatch(head.decode("latin-1"))
    if found is None:
        return None
    headers: dict[str, str] = {}
    for line in found[2][:-2].split("\r\n"):
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        if name in headers:
            value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
        headers[name] = value
    if headers.get("upgrade", "").lower() != "websocket":
        return None
    if "upgrade" not in [token.strip(" \t") for token in headers.get("connection", "").lower().split(",")]:
        return None
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise bad_request("An upgrade to a WebSocket has no body.")
    return UpgradeRequest(found[1], headers)


class FirstRequestProtocol(asyncio.Protocol):
    """A connection until the head of its first request is complete."""

    def __init__(
        self,
        accept: Accept,
        *,
        limits: HttpLimits,
        place: Place,
        sampler: LogSampler,
        server_state: Any,
        **uvicorn: Any,
    ) -> None:
        self._accept = accept
        self._limits = limits
        self._place = place
        self._sampler = sampler
        self._uvicorn = {"server_state": server_state, **uvicorn}
        self._connections: set[Any] = server_state.connections
        self._pieces = bytearray()
        """The beginning of a head that did not arrive in one piece."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)
        self._timer = asyncio.get_running_loop().call_later(self._limits.head_timeout_s, transport.close)

    def data_received(self, data: bytes) -> None:
        if self._pieces or (_HEAD_END not in data and _METHOD.startswith(data[: len(_METHOD)])):
            before = len(self._pieces)
            self._pieces += data
            if self._pieces.find(_HEAD_END, max(0, before - len(_HEAD_END))) < 0 and len(self._pieces) < MAX_HEAD_BYTES:
                return
            data = bytes(self._pieces)
        self._step_aside()
        try:
            request = self._upgrade_in(data)
            if request is not None:
                self._transport.set_protocol(self._accept(self._transport, request))
        except RefusedRequest as refused:
            self._refuse(refused)
        else:
            if request is None:
                self._go_on_with_http(data)
            else:
                self._place.leave()

    def connection_lost(self, exc: Exception | None) -> None:
        self._step_aside()
        self._place.leave()

    def shutdown(self) -> None:
        """Called when uvicorn stops."""
        self._transport.close()

    def _step_aside(self) -> None:
        self._timer.cancel()
        self._connections.discard(self)

    def _upgrade_in(self, data: bytes) -> UpgradeRequest | None:
        """The upgrade request in `data`; None if `data` is something else. Raises `RefusedRequest`."""
        end = data.find(_HEAD_END) + len(_HEAD_END)
        if end > MAX_HEAD_BYTES or (end < len(_HEAD_END) and len(data) >= MAX_HEAD_BYTES):
            raise head_too_large()
        request = upgrade_request(data[:end])
        if request is not None and end < len(data):
            raise bad_request("Wait for the answer to the upgrade before you send frames.")
        return request

    def _go_on_with_http(self, data: bytes) -> None:
        http = BoundedHttpProtocol(limits=self._limits, place=self._place, sampler=self._sampler, **self._uvicorn)
        self._transport.set_protocol(http)
        http.connection_made(self._transport)
        http.data_received(data)

    def _refuse(self, refused: RefusedRequest) -> None:
        self._transport.write(answer_to(refused, self._place.peer, self._sampler))
        self._transport.close()
