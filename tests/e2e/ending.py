"""How a connection ended."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple

from websockets.exceptions import ConnectionClosed

from tests.serving import Client, Frame

NO_CLOSE_FRAME = 1006
"""RFC 6455, 7.1.5."""


class Ending(NamedTuple):
    """The frames before the close, and what the close said."""

    frames: list[Frame]
    code: int | None
    reason: str

    @property
    def error(self) -> Frame:
        """The last frame."""
        return self.frames[-1]


async def ending_of(client: Client) -> Ending:
    """Read up to the close, which the server must send."""
    frames: list[Frame] = []
    with suppress(ConnectionClosed):
        while True:
            frames.append(await client.receive())
    code, reason = client.ws.close_code, client.ws.close_reason
    assert code != NO_CLOSE_FRAME, "the connection ended without a close frame"
    return Ending(frames, code, reason or "")


def retry_after_ms(reason: str) -> int:
    """The delay that a reason names."""
    found = re.fullmatch(r"retry_after_ms=(\d+)", reason)
    assert found is not None, reason
    return int(found[1])
