"""Cores without sockets."""

from __future__ import annotations

from itertools import count

from duelcast.client.core.actions import Dial
from duelcast.client.core.core import Core
from duelcast.client.core.tokens import Token

ESTABLISHED = '{"type":"connection_established","epoch":"E1"}'


def open_core(endpoint: str, token: str | None = "t1") -> tuple[Core, int]:
    """A core with an open connection to the endpoint, and the number of the connection."""
    numbers = count()
    core = Core(0, 0, jitter=lambda: 0.5, new_uuid=lambda: f"uuid{next(numbers)}")
    core.channel(endpoint, "x")
    core.token_answered(1, Token(token))
    (connection,) = (action.connection for action in core.take_actions() if isinstance(action, Dial))
    core.opened(connection)
    return core, connection
