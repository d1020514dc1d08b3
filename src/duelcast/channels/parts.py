"""The parts of an answer: frames, and messages whose frames are built when they are written."""

from __future__ import annotations

from duelcast.channels.broker import Message
from duelcast.wire.frames import push_body, text_frame, with_request_id

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
    return push_frame(part)


def push_frame(message: Message, request_id: str | None = None) -> bytes:
    """The frame of a push, which answers the command with `request_id`, if one is given."""
    body = push_body(message.body, message.channel.suffix, message.seq)
    return text_frame(body if request_id is None else with_request_id(body, request_id))
