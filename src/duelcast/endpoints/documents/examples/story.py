"""The people and times of the story that the examples tell, and the form in which a file declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from duelcast.wire.messages import Event
from duelcast.wire.timestamps import format_time, parse_time

ADA = "ada-lindqvist"
"""A participant of contest 2; the messages are those of her connections, if they are not for admins."""
BRUNO = "bruno-okafor"
"""Another participant, without a nickname."""
CHIDI = "chidi-marsh"
"""The participant on the first place."""
MIRA = "mira-admin"
"""An admin."""

CONTEST = 2

ENTERED = "2026-11-27T16:41:07.318Z"
START = "2026-11-27T17:00:00.000Z"
NOW = "2026-11-27T17:10:42.250Z"
END = "2026-11-27T18:00:00.000Z"

NOW_S = parse_time(NOW)
EPOCH = "d3b07384d1"


def before(seconds: float) -> str:
    """The time that many seconds before `NOW`."""
    return format_time(NOW_S - seconds)


@dataclass(frozen=True)
class Examples:
    """The examples of an endpoint. `said` are commands, replies and notices; `pushed` are the messages of channels and
    groups, by name. An event that is only in `pushed` is an example of a reply, too.
    """

    said: Sequence[Struct] = ()
    pushed: Mapping[str, Sequence[Event]] = field(default_factory=dict)
