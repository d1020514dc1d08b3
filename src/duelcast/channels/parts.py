"""The parts of an answer: frames, and messages whose frames are built when they are written."""

from __future__ import annotations

from duelcast.channels.broker import Message
from duelcast.wire.frames import push_body, text_frame

Part = bytes | Message

_FRAME_OVERHEAD_BYTES = 36
"""The bytes of a push besides its body and channel: head, `seq` and brackets."""


def part_size(part: Part) -> int:
    """The size of the frame of `part` in bytes; an upper bound if the frame is not built yet."""
    if isinstance(part, bytes):
        return len(part)
    return len(part.body) + len(part.channel.suffix) + _FRAME_OVERHEAD_BYTES


def part_frame(part: Part) -> bytes:
    """The frame of `part`."""
    if isinstance(part, bytes):
        return part
    return text_frame(push_body(part.body, part.channel.suffix, part.seq))
