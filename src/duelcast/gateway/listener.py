"""Accepts the connections of a port, for as long as there are descriptors for them.

It replaces `loop.create_server`, which fails once the process is out of descriptors: aiofastnet 1.2 then calls
`remove_reader` on the listening socket, which has no such method. The loop tries again and again to accept the waiting
connection, and logs an error each time.

This is the only file that knows `SelectorSocketTransport`, which is not public, so the project bounds the version of
aiofastnet. The public alternative, `connect_accepted_socket`, would cost each connection one more task and future; it
is used only for TLS.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from ssl import SSLContext
from typing import Any

import structlog
from aiofastnet import connect_accepted_socket
from aiofastnet.selector_transport import (  # type: ignore[import-not-found]  # it comes without a stub
    SelectorSocketTransport,
)

from duelcast.gateway.http_connections import HttpConnections, Place
from duelcast.gateway.refusals import RefusedRequest, answer_to
from duelcast.sampling import LogSampler

ACCEPTS_PER_TURN = 64
"""At most this many connections are accepted in one loop iteration; the others wait in the kernel."""
RETRY_INTERVAL_S = 0.1
"""How often to check whether descriptors are free again."""
REFUSED_READ_BYTES = 64 * 1024

log = structlog.get_logger("duelcast.gateway")

ProtocolOf = Callable[[Place], asyncio.BaseProtocol]


class _AcceptedSocket(socket.socket):
    """A socket that answers by itself what aiofastnet asks of each: the kernel would take 0.5 µs for the address of the
    peer, and the standard library 0.5 µs to make a member of an enumeration of each of the other two."""

    __slots__ = ("_peer", "family", "type")

    def __init__(self, family: int, type_: int, proto: int, descriptor: int, peer: Any) -> None:
        super().__init__(family, type_, proto, descriptor)
        self.family: Any = family
        self.type: Any = type_
        self._peer = peer

    def getpeername(self) -> Any:
        return self._peer


class Listener:
    """A bound socket, and the connections that it accepts.

    The kernel gives each descriptor the lowest free number. If that is `max_descriptor` or higher, at least
    `max_descriptor` descriptors are open; nothing is then accepted until a lower number is free. The timeouts apply to
    TLS only.
    """

    def __init__(
        self,
        sock: socket.socket,
        protocol_of: ProtocolOf,
        connections: HttpConnections,
        sampler: LogSampler,
        *,
        max_descriptor: int,
        handshake_timeout_s: float,
        shutdown_timeout_s: float,
        tls: SSLContext | None = None,
    ) -> None:
        self._sock: Any = sock
        self._kind = int(sock.family), int(sock.type), sock.proto
        self._protocol_of = protocol_of
        self._connections = connections
        self._sampler = sampler
        self._max_descriptor = max_descriptor
        self._handshake_timeout_s = handshake_timeout_s
        self._shutdown_timeout_s = shutdown_timeout_s
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._pauses = LogSampler(self._loop.time, per_minute=1)
        self._arriving: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self, backlog: int) -> None:
        """Listen; at most `backlog` connections may wait to be accepted."""
        self._sock.setblocking(False)
        self._sock.listen(backlog)
        self._loop.add_reader(self._sock, self._accept)

    def close(self) -> None:
        """Stop listening. Existing connections stay open."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._sock)
            self._sock.close()

    async def wait_closed(self) -> None:
        """Return at once: there is nothing to wait for."""

    def _accept(self) -> None:
        for _ in range(ACCEPTS_PER_TURN):
            try:
                # Not public, but what `accept` itself calls; that would also make a socket of another class.
                descriptor, address = self._sock._accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # the client is gone
            except OSError as error:
                self._pause(error.strerror or type(error).__name__)
                return
            sock = _AcceptedSocket(*self._kind, descriptor, address)
            place = self._connections.enter(address[0])
            if place is None:
                self._refuse(sock, address[0])
            elif self._tls is None:
                self._take(sock, place)
            else:
                arriving = self._loop.create_task(self._shake_hands(sock, place, self._tls))
                self._arriving.add(arriving)
                arriving.add_done_callback(self._arriving.discard)
            if descriptor >= self._max_descriptor:
                self._pause("The remaining descriptors are for files, the database and outgoing connections.")
                return

    def _take(self, sock: socket.socket, place: Place) -> None:
        try:
            SelectorSocketTransport(self._loop, sock, self._protocol_of(place))
        except OSError:  # the client is gone
            sock.close()
            place.leave()

    async def _shake_hands(self, sock: socket.socket, place: Place, tls: SSLContext) -> None:
        try:
            transport, _ = await connect_accepted_socket(
                self._loop,
                partial(self._protocol_of, place),
                sock,
                ssl=tls,
                ssl_handshake_timeout=self._handshake_timeout_s,
                ssl_shutdown_timeout=self._shutdown_timeout_s,
            )
        except BaseException as error:
            sock.close()
            place.leave()
            # A TLS handshake that the client did not complete is not an error.
            if not isinstance(error, OSError):
                raise
        else:
            if self._closed:
                transport.abort()

    def _refuse(self, sock: socket.socket, peer: str) -> None:
        refused = RefusedRequest(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Your address has reached its limit of connections: close another connection, or try again later.",
            ["Retry-After: 10"],
        )
        answer = answer_to(refused, peer, self._sampler)
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            if self._tls is None:
                sock.send(answer)
                # Unread bytes would make the kernel reset the connection, and the answer might be lost.
                sock.recv(REFUSED_READ_BYTES)
        sock.close()

    def _pause(self, reason: str) -> None:
        self._connections.pauses += 1
        self._loop.remove_reader(self._sock)
        self._loop.call_later(RETRY_INTERVAL_S, self._try_again)
        sample = self._pauses.admit("", "")
        if sample is not None:
            log.warning("accepting_paused", reason=reason, retry_s=RETRY_INTERVAL_S, **sample)

    def _try_again(self) -> None:
        if self._closed:
            return
        if self._has_room():
            self._loop.add_reader(self._sock, self._accept)
        else:
            self._loop.call_later(RETRY_INTERVAL_S, self._try_again)

    def _has_room(self) -> bool:
        try:
            free = os.dup(self._sock.fileno())
        except OSError:
            return False
        os.close(free)
        return free < self._max_descriptor
