"""A connection without a socket: what the gateway writes to it is read back as frames, and it can stop reading."""

from __future__ import annotations

import json
import zlib
from collections.abc import Coroutine, Sequence
from typing import Any

from duelcast.channels.broker import Broker
from duelcast.channels.names import Role
from duelcast.clock import Clock
from duelcast.desk.desk import LocalDesk
from duelcast.desk.first_frames import JoinReader
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.settings.current import CurrentSettings
from duelcast.endpoints.context import Ask, Services, Target
from duelcast.endpoints.kit import MIB, Endpoint
from duelcast.errors import Disconnect
from duelcast.gateway.dispatch import Dispatcher
from duelcast.gateway.hub import Hub
from duelcast.gateway.limits import MessageLimits
from duelcast.gateway.outbox import Outbox
from duelcast.gateway.session import ConnectionSession
from duelcast.gateway.subscriptions import ConnectionSubscriptions
from duelcast.wire.messages import Command

TAIL = b"\x00\x00\xff\xff"


def messages_in(
    data: bytes, window: zlib._Decompress | None = None, inflated: list[bytes] | None = None
) -> list[bytes]:
    """The messages of unmasked text frames (RFC 6455, 5.2). Compressed ones are inflated with `window`, which has all
    that was inflated before (RFC 7692, 7.2.2), and added to `inflated`."""
    messages = []
    while data:
        assert data[0] in (0x81, 0xC1)
        size, start = data[1], 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
        message = data[start : start + size]
        if data[0] == 0xC1:
            assert window is not None, "a compressed message to a client that takes none"
            message = window.decompress(message + TAIL)
            if inflated is not None:
                inflated.append(message)
        messages.append(message)
        data = data[start + size :]
    return messages


class WireClient:
    """Has what a `Dispatcher` and a `Hub` use of a connection."""

    is_open = True

    def __init__(
        self, name: str, endpoint: Endpoint, hub: Hub, broker: Broker, clock: Clock, *, takes_compressed: bool = False
    ) -> None:
        self.clock = clock
        self.last_message_s = clock.monotonic()
        self.received = bytearray()
        self.unread = bytearray()
        self.reads = True
        self.lost = 0
        self.session = ConnectionSession(name, None, self)
        self.outbox = Outbox(hub, name, Role.ANONYMOUS, self, self._lost, takes_compressed=takes_compressed)
        self.inflated: list[bytes] = []
        """The messages that were compressed."""
        self._window = zlib.decompressobj(-12) if takes_compressed else None
        settings = CurrentSettings({}, {}, clock)
        reader = JoinReader(
            endpoint, settings, broker, hub, clock, max_bytes=4 * MIB, unknown_followed=lambda _wallet: 0
        )
        self.desk = LocalDesk(endpoint, Services(), reader, clock)
        self.subscriptions = ConnectionSubscriptions(endpoint, hub, self.session, self.outbox, settings, 1000)
        self.subscriptions.greeting = False
        self._dispatcher = Dispatcher(endpoint, MessageLimits(0, 0), self.desk, clock)

    def ask(self, command: Command | None = None) -> Ask:
        request_id = None if command is None else command.requestId
        return Ask(self.session.connection_id, self.session.identity, self.subscriptions, command, request_id)

    def positions(self) -> Sequence[tuple[Target, int | None]]:
        return self.subscriptions.positions()

    async def sign_in(self, token: str) -> Identity:
        return await self.session.sign_in(token)

    async def send(self, **message: Any) -> None:
        """Handle one command, to its end."""
        rest = self._dispatcher.dispatch(self, json.dumps(message).encode(), self.clock.monotonic())
        if rest is not None:
            await rest

    def run_beside(self, rest: Coroutine[Any, Any, None]) -> bool:
        return False

    def close(self, disconnect: Disconnect) -> None:
        raise AssertionError(disconnect.reason)

    def stop_reading(self) -> None:
        self.reads = False

    def read_on(self) -> None:
        self.reads = True
        self.received += self.unread
        self.unread.clear()
        if self.outbox.blocked:
            self.outbox.unblock()

    def frames(self) -> list[dict[str, Any]]:
        """What was read since the last call."""
        messages = messages_in(bytes(self.received), self._window, self.inflated)
        self.received.clear()
        return list(map(json.loads, messages))

    def get_write_buffer_size(self) -> int:
        return len(self.unread)

    def write_nocheck(self, data: bytes) -> None:
        if self.reads:
            self.received += data
            return
        self.unread += data
        if not self.outbox.blocked:
            self.outbox.block(self.clock.monotonic())

    def _lost(self) -> None:
        self.lost += 1

    async def identify(self, token: str) -> Identity:
        raise AssertionError(token)

    def identity_changing(self, identity: Identity | None) -> None:
        """Every identity will do."""

    def identity_changed(self, before: Identity | None) -> None:
        """Nothing follows from it."""
