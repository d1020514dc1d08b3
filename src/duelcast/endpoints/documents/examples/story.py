"""The story that the examples of messages and of the HTTP API tell, and the form in which a file declares messages.

Mira, an admin, organises a contest with SOL and BTC, in which Ada, Bruno and Chidi take part. The messages are those of
`NOW`, six minutes after its start; those of the HTTP API are from the whole evening.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from duelcast.wire.messages import Event
from duelcast.wire.timestamps import format_time, parse_time

ADA = "5HsU4UXXD4SEwJV2X91YfcVNqnmdkmXH5jNC4QDitJWV"
"""The participant in front; the messages are those of her connections, if they are not for admins."""
BRUNO = "85tS3GF9XCKDjNVA3NbJuuwyYuE6BLwbSNj9DaSiZKLZ"
"""Another participant, without a nickname."""
CHIDI = "8Z1E7yFVkkGkrjjHnkfHLxfinCJqAfzjgSsXkDxJX8YC"
"""The participant who entered first."""
MIRA = "SqDCAxRBotopkgdYAy8qzaoWZDJagh5ES2GnymPUPBr"
"""An admin."""

CONTEST = 2

PREPARED = "2026-11-27T16:00:00.000Z"
"""When Mira described SOL and created the contest."""
ENTERED = "2026-11-27T16:41:07.318Z"
"""When Ada and Bruno entered."""
STARTED = "2026-11-27T16:59:00.000Z"
"""When Mira started the contest, a little earlier than planned."""
START = "2026-11-27T17:00:00.000Z"
NOW = "2026-11-27T17:05:01.000Z"
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
