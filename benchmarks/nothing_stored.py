"""An empty message store, for a bus without a database."""

from __future__ import annotations

from collections.abc import Sequence

from duelcast.channels.broker import StoredMessage
from duelcast.channels.names import Channel


class NothingStored:
    """The stored messages that `MemoryBroker` asks for: always none, for benchmarks that need no database."""

    async def position(self, channel: Channel) -> int:
        return 0

    async def messages(self, channel: Channel) -> Sequence[StoredMessage]:
        return ()
