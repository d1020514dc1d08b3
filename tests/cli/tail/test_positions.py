from __future__ import annotations

from typing import Any

import pytest

from duelcast.channels.broker import Position
from duelcast.cli.tail.positions import Positions

NAME = "chat.1"
Message = dict[str, Any]


def established(epoch: str = "e1", positions: dict[str, int] | None = None) -> Message:
    return {"type": "connection_established", "epoch": epoch, "positions": positions or {}}


def confirmed(seq: int | None, epoch: str = "e1", channel: str = NAME, **more: object) -> Message:
    return {"type": "subscription_confirmed", "channel": channel, "epoch": epoch, "seq": seq, **more}


def push(seq: int, channel: str = NAME) -> Message:
    return {"type": "chat_message", "channel": channel, "seq": seq}


SNAPSHOT = {"type": "chat_history", "channel": NAME}
OTHER = {"type": "heartbeat_ack"}


def after(*messages: Message) -> Position | None:
    positions = Positions()
    positions.connecting()
    for message in messages:
        positions.observe(message)
    return positions.since(NAME)


@pytest.mark.parametrize(
    ("messages", "position"),
    [
        ([established()], None),
        ([established(), push(7)], ("e1", 7)),
        ([established(), push(7), push(8, "chat.2")], ("e1", 7)),
        ([push(7), established("e2")], ("e2", 7)),
        ([established(positions={NAME: 5})], ("e1", 5)),
        ([established(), {"type": "joined", "positions": {NAME: 6}}], ("e1", 6)),
        ([established(), confirmed(9)], None),
        ([established(), confirmed(9), SNAPSHOT], None),
        ([established(), confirmed(9), SNAPSHOT, OTHER], ("e1", 9)),
        ([established(), confirmed(9), confirmed(3, channel="chat.2")], ("e1", 9)),
        ([established(), confirmed(9), push(4)], ("e1", 4)),
        ([established(), push(7), confirmed(9, recovered=True), OTHER], ("e1", 7)),
        ([established(), push(7), confirmed(9, recovered=False)], None),
        ([established(), push(7), confirmed(9, recovered=False), SNAPSHOT, OTHER], ("e1", 9)),
        ([established(), push(7), {"type": "unsubscription_confirmed", "channel": NAME}], None),
        ([established(), confirmed(None), OTHER], None),
    ],
    ids=[
        "nothing is known of a channel without messages",
        "the number of the last message handled",
        "of that channel alone",
        "a message before the epoch is told belongs to it",
        "those that are told on connect",
        "those that are told by a reply",
        "not that of a confirmation alone",
        "nor while its snapshot comes",
        "that of the confirmation once the snapshot has come",
        "which the next confirmation shows",
        "a snapshot of pushes is handled one by one",
        "while a replay runs what was asked with",
        "none while a snapshot makes good a loss",
        "that of the confirmation after the loss",
        "none of a channel that was left",
        "none of a group",
    ],
)
def test_a_position_is(messages: list[Message], position: tuple[str, int] | None) -> None:
    assert after(*messages) == position


def test_a_position_outlives_its_connection_with_its_epoch() -> None:
    positions = Positions()
    positions.observe(established("e1"))
    positions.observe(push(7))
    positions.connecting()
    positions.observe(established("e2"))
    assert positions.since(NAME) == ("e1", 7)


def test_a_confirmation_whose_snapshot_never_came_is_forgotten_with_its_connection() -> None:
    positions = Positions()
    positions.observe(established())
    positions.observe(confirmed(9))
    positions.connecting()
    positions.observe(OTHER)
    assert positions.since(NAME) is None
