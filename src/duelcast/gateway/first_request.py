"""What a connection begins with: a plain upgrade is taken at once, everything else is left to uvicorn's HTTP.

Most connections to this server are upgrades, and most of those are alike: one segment, no header twice. Such a one is
read here, without the parser and the objects of an HTTP connection.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast

from duelcast.gateway.http_protocol import HEAD_TIMEOUT_S, Accept, BoundedHttpProtocol, accept_or_refuse
from duelcast.gateway.upgrade import MAX_HEAD_BYTES, UpgradeRequest

# No line can be read in two ways, so that it takes linear time to find out that something does not match.
_PLAIN_HEAD = re.compile(r"GET (/[!-~]*) HTTP/1\.1\r\n((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*\r\n)+)\r\n")
_UNUSUAL = frozenset({"content-length", "transfer-encoding", "expect"})


def plain_upgrade(data: bytes) -> UpgradeRequest | None:
    """The request in `data`, where that is one whole upgrade to a WebSocket (RFC 6455, 4.1; RFC 9112, 3 and 5) and
    nothing else. None where anything about it is unusual."""
    if len(data) > MAX_HEAD_BYTES or not data.startswith(b"GET "):
        return None
    found = _PLAIN_HEAD.fullmatch(data.decode("latin-1"))
    if found is None:
        return None
    headers: dict[str, str] = {}
    for line in found[2][:-2].split("\r\n"):
        name, _, value = line.partition(":")
        name = name.lower()
        if name in headers or name in _UNUSUAL or value.endswith((" ", "\t")):
            return None
        headers[name] = value.lstrip(" \t")
    if headers.get("upgrade", "").lower() != "websocket":
        return None
    if "upgrade" not in [token.strip(" \t") for token in headers.get("connection", "").lower().split(",")]:
        return None
    return UpgradeRequest("GET", found[1], headers)


def first_request_protocol(accept: Accept) -> type[asyncio.Protocol]:
    """The class that uvicorn makes for each connection."""

    class FirstRequestProtocol(asyncio.Protocol):
        def __init__(self, server_state: Any, _loop: asyncio.AbstractEventLoop | None = None, **uvicorn: Any) -> None:
            self._uvicorn = {"server_state": server_state, "_loop": _loop, **uvicorn}
            self._connections: set[Any] = server_state.connections

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport = cast("asyncio.Transport", transport)
            self._connections.add(self)
            self._timer = asyncio.get_running_loop().call_later(HEAD_TIMEOUT_S, transport.close)

        def data_received(self, data: bytes) -> None:
            self._step_aside()
            transport = self._transport
            request = plain_upgrade(data)
            if request is None:
                http = BoundedHttpProtocol(**self._uvicorn)
                transport.set_protocol(http)
                http.connection_made(transport)
                http.data_received(data)
            else:
                protocol = accept_or_refuse(accept, transport, request)
                if protocol is not None:
                    transport.set_protocol(protocol)

        def connection_lost(self, exc: Exception | None) -> None:
            self._step_aside()

        def shutdown(self) -> None:
            """uvicorn stops."""
            self._transport.close()

        def _step_aside(self) -> None:
            self._timer.cancel()
            self._connections.discard(self)

    return FirstRequestProtocol
