"""The parts of a join in an answer: the snapshot or replay, and the news, which are the messages published after it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from duelcast.channels.names import Role
from duelcast.channels.parts import Part
from duelcast.endpoints.context import Joined
from duelcast.gateway.hub import Hub
from duelcast.gateway.streams import GroupStream


def without_news(joined: Joined) -> Joined:
    """The snapshot or replay without the news, which have a later place in the answer."""
    return replace(joined, base=sys.maxsize)


def news_alone(joined: Joined) -> Joined:
    """The news without the snapshot or replay, which has an earlier place in the answer."""
    return replace(joined, frames=())


def parted(joined: Joined, frames: int) -> tuple[Joined, Joined]:
    """The first `frames` frames of a snapshot, and the others."""
    return replace(joined, frames=joined.frames[:frames]), replace(joined, frames=joined.frames[frames:])


def all_frames(joined: Joined, hub: Hub, role: Role) -> Sequence[Part]:
    """The snapshot or replay, and those messages published after it that `role` may see."""
    frames = list(joined.frames)
    followed = hub.find(joined.target)
    for stream in followed.streams if isinstance(followed, GroupStream) else (followed,):
        if role >= stream.channel.least_role:
            frames += hub.since(joined.base, stream, joined.floors.get(stream.channel, 0), role)
    return frames
