"""The hand-over: uvicorn owns the port and reads the request, an upgrade goes to picows on the same transport."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from duelcast.gateway.upgrade import MAX_HEAD_BYTES, RefusedUpgrade, UpgradeRequest, head_too_large

HEAD_TIMEOUT_S = 10.0

_quiet_logger = logging.getLogger("duelcast.http_protocol")
_quiet_logger.setLevel(logging.ERROR)

Accept = Callable[[asyncio.Transport, UpgradeRequest], asyncio.BufferedProtocol]
"""Takes a transport and the upgrade request; gives the protocol that goes on, or raises `RefusedUpgrade`."""


def accept_or_refuse(
    accept: Accept, transport: asyncio.Transport, request: UpgradeRequest
) -> asyncio.BufferedProtocol | None:
    """What goes on with `transport`, or None where the request was refused and answered."""
    try:
        return accept(transport, request)
    except RefusedUpgrade as refused:
        _refuse(transport, refused)
        return None


def _refuse(transport: asyncio.Transport, refused: RefusedUpgrade) -> None:
    transport.write(refused.response())
    transport.close()


def upgrade_protocol(accept: Accept) -> type[asyncio.Protocol]:
    """The class that uvicorn makes for an upgrade: it gets the request, and steps aside."""

    class UpgradeProtocol(asyncio.Protocol):
        def __init__(self, **_uvicorn: Any) -> None:
            self._transport: asyncio.Transport

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport = cast("asyncio.Transport", transport)

        def data_received(self, data: bytes) -> None:
            # uvicorn sets this object as the protocol when this call returns. What goes on must be the protocol before
            # anything is written: it is the one that hears when the socket is full.
            asyncio.get_running_loop().call_soon(self._go_on, data)

        def _go_on(self, data: bytes) -> None:
            if len(data) > MAX_HEAD_BYTES:
                _refuse(self._transport, head_too_large())
                return
            protocol = accept_or_refuse(accept, self._transport, _parse(data))
            if protocol is not None:
                self._transport.set_protocol(protocol)

    return UpgradeProtocol


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP with a bound on the size of a request's head, and on the time that it may take."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        # A stranger must not be able to write warnings into the log, one per malformed request.
        self.logger = _quiet_logger
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(HEAD_TIMEOUT_S, self._head_is_late)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Of what came with the end of the head nothing is counted: it may be the body.
        if self._head_bytes >= 0:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self._refuse_head()

    def send_400_response(self, msg: str) -> None:
        refused = RefusedUpgrade(HTTPStatus.BAD_REQUEST, "This is not a request of HTTP/1.1 (RFC 9112).")
        _refuse(self.transport, refused)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = max(self._head_bytes, 0)
        self._head_timer.cancel()
        self._head_timer = self.loop.call_later(HEAD_TIMEOUT_S, self._head_is_late)

    def on_headers_complete(self) -> None:
        self._head_bytes = -1
        self._head_timer.cancel()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_timer.cancel()
        super().connection_lost(exc)

    def _head_is_late(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _refuse_head(self) -> None:
        _refuse(self.transport, head_too_large())


def _parse(request: bytes) -> UpgradeRequest:
    """A request that uvicorn has read and written anew."""
    lines = request.decode("latin-1").split("\r\n")
    method, target, _version = lines[0].split(" ", 2)
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, separator, value = line.partition(": ")
        value = value.rstrip(" \t")  # optional white space (RFC 9110, 5.5), which uvicorn's parser leaves
        if separator:
            separator = "; " if name == "cookie" else ", "
            headers[name] = f"{headers[name]}{separator}{value}" if name in headers else value
    return UpgradeRequest(method, target, headers)
