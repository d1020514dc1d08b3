"""The parts of a join in an answer: the snapshot or replay, and the news, which are the messages published after it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from duelcast.channels.broker import Message
from duelcast.channels.names import Role
from duelcast.channels.parts import Part, push_frame
from duelcast.endpoints.context import Joined
from duelcast.gateway.hub import Hub
from duelcast.gateway.streams import GroupStream


def without_news(joined: Joined) -> Joined:
    """The snapshot or replay without the news, which have a later place in the answer."""
    return replace(joined, base=sys.maxsize, news=())


def news_alone(joined: Joined) -> Joined:
    """The news without the snapshot or replay, which has an earlier place in the answer."""
    return replace(joined, frames=())


def parted(joined: Joined, frames: int) -> tuple[Joined, Joined]:
    """The first `frames` frames of a snapshot, and the others."""
    return replace(joined, frames=joined.frames[:frames]), replace(joined, frames=joined.frames[frames:])


def answering(part: Part, connection_id: str) -> Part:
    """The part with the `requestId`, if it is a message that answers a command of the connection."""
    if isinstance(part, bytes) or part.origin is None or part.origin.connection_id != connection_id:
        return part
    request_id = part.origin.request_id
    return part if request_id is None else push_frame(part, request_id)


def all_frames(joined: Joined, hub: Hub, role: Role) -> Sequence[Part]:
    """The snapshot or replay, and those messages published after it that `role` may see."""
    frames = [part for part in (*joined.frames, *joined.news) if isinstance(part, bytes) or _may_see(role, part)]
    followed = hub.find(joined.target)
    for stream in followed.streams if isinstance(followed, GroupStream) else (followed,):
        if role >= stream.channel.least_role:
            frames += hub.since(joined.base, stream, joined.floors.get(stream.channel, 0), role)
    return frames


def _may_see(role: Role, message: Message) -> bool:
    return role >= message.least_role and role >= message.channel.least_role
