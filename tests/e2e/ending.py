"""How a connection ended."""

from __future__ import annotations

import re
from typing import NamedTuple

from websockets.exceptions import ConnectionClosed

from tests.serving import Client, Frame


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
    while True:
        try:
            frames.append(await client.receive())
        except ConnectionClosed as closed:
            assert closed.rcvd is not None, "the connection ended without a close frame"
            return Ending(frames, closed.rcvd.code, closed.rcvd.reason)


def retry_after_ms(reason: str) -> int:
    """The delay that a reason names."""
    found = re.fullmatch(r"retry_after_ms=(\d+)", reason)
    assert found is not None, reason
    return int(found[1])
