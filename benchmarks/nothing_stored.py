"""A bus without a database: nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence

from duelcast.channels.broker import StoredMessage
from duelcast.channels.names import Channel


class NothingStored:
    """What the broker in memory asks for, for measurements that need no database."""

    async def position(self, channel: Channel) -> int:
        return 0

    async def messages(self, channel: Channel) -> Sequence[StoredMessage]:
        return ()
