"""What all clients together have received: a position names one message, whichever gateway and leader it comes from."""

from __future__ import annotations

import hashlib
import json
from typing import Any

Frame = dict[str, Any]
Position = tuple[str, str, int]
"""Channel, epoch, number."""
OF_ONE_CLIENT = ("requestId", "duplicate")


def digest_of(frame: Frame) -> bytes:
    """The message in a frame, without what differs between those who receive it."""
    kept = {key: value for key, value in frame.items() if key not in OF_ONE_CLIENT}
    return hashlib.blake2b(json.dumps(kept, sort_keys=True).encode(), digest_size=12).digest()


class Broadcasts:
    """The message at each position."""

    def __init__(self) -> None:
        self._messages: dict[Position, tuple[bytes, Frame]] = {}

    def check(self, epoch: str, frame: Frame) -> None:
        """Raises `AssertionError` if somebody has received another message with this number."""
        position = (frame["channel"], epoch, frame["seq"])
        digest = digest_of(frame)
        known = self._messages.setdefault(position, (digest, frame))
        assert known[0] == digest, f"Two messages have the position {position}: {known[1]} and {frame}"

    def __len__(self) -> int:
        return len(self._messages)
