"""`websocket`: whether a WebSocket can be opened."""

from __future__ import annotations

import ssl

from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.uri import WebSocketURI

from duelcast.outbound.checks.check_url import CheckUrl
from duelcast.outbound.checks.dialing import READ_LIMIT_BYTES, Dialer
from duelcast.outbound.checks.running import Finding, Unhealthy

PORTS = {"ws": 80, "wss": 443}


class WebSocketProbe:
    """Healthy if the opening handshake succeeds; redirections are not followed.

    Only the protocol class of the library is used, because the library's connection class follows redirections to any
    address.
    """

    def __init__(self, url: CheckUrl, dialer: Dialer) -> None:
        self._dialer = dialer
        self._context = ssl.create_default_context() if url.scheme == "wss" else None
        self._uri = WebSocketURI(
            url.scheme == "wss", url.host, url.port, url.path or "/", url.query, url.user, url.password or ""
        )

    async def __call__(self) -> Finding:
        protocol = ClientProtocol(self._uri)
        async with self._dialer.stream(self._context) as (reader, writer):
            protocol.send_request(protocol.connect())
            writer.writelines(protocol.data_to_send())
            while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
                # No limit is needed here, because the library refuses heads that are too long.
                received = await reader.read(READ_LIMIT_BYTES)
                if received:
                    protocol.receive_data(received)
                else:
                    protocol.receive_eof()
            if protocol.handshake_exc is not None:
                raise Unhealthy("The WebSocket handshake failed.") from None
            protocol.send_close(1000)
            writer.writelines(protocol.data_to_send())
            return Finding(True, "The WebSocket handshake succeeded.")
