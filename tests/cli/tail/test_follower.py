from __future__ import annotations

from typing import Any

from duelcast.cli.tail.follower import Follower
from duelcast.cli.tail.targets import Targets


def established(epoch: str, **positions: int) -> dict[str, Any]:
    return {"type": "connection_established", "epoch": epoch, "positions": positions}


def confirmed(channel: str, **more: object) -> dict[str, Any]:
    return {"type": "subscription_confirmed", "channel": channel, "epoch": "e2", "seq": 9, **more}


def reconnecting(*arguments: str, **positions: int) -> Follower:
    """A follower whose first connection left it at `positions` of epoch `e1`."""
    follower = Follower(Targets.parse("circuit-breaker", arguments))
    follower.connecting()
    follower.receive(established("e1", **positions))
    follower.connecting()
    return follower


def test_it_asks_once_the_connection_is_established() -> None:
    follower = Follower(Targets.parse("market-data", ["SOL"]))
    follower.connecting()
    assert follower.receive({"type": "token_update", "data": []}).commands == []
    step = follower.receive(established("e1"))
    assert step.commands == [{"type": "SUBSCRIBE_SYMBOLS", "symbols": ["SOL"]}]
    assert step.notices == ["connected"]


def test_a_reconnect_is_told_as_recovered_when_every_channel_was() -> None:
    follower = reconnecting("a", "b", a=1, b=2)
    assert follower.receive(established("e1")).notices == []
    assert follower.receive(confirmed("a", recovered=True)).notices == []
    assert follower.receive(confirmed("b", recovered=True)).notices == ["reconnected: recovered=true (2 channels)"]


def test_a_reconnect_is_told_as_not_recovered_when_one_channel_was_not() -> None:
    follower = reconnecting("a", "b", a=1, b=2)
    follower.receive(established("e2"))
    follower.receive(confirmed("a", recovered=False))
    assert follower.receive(confirmed("b", recovered=True)).notices == [
        "reconnected: recovered=false (1 of 2 channels), going on with a snapshot"
    ]


def test_a_reconnect_without_positions_tells_of_a_new_epoch() -> None:
    assert reconnecting("services").receive(established("e2")).notices == [
        "reconnected, going on with a snapshot: recovered=false (new epoch)"
    ]
    assert reconnecting("services").receive(established("e1")).notices == ["reconnected, going on with a snapshot"]


def test_an_epoch_is_remembered_over_connections_that_failed() -> None:
    follower = reconnecting("services")
    follower.connecting()
    assert "recovered=false" in follower.receive(established("e2")).notices[0]


def test_a_confirmation_that_was_not_asked_for_is_told() -> None:
    follower = reconnecting("a", a=1)
    follower.receive(established("e1"))
    follower.receive(confirmed("a", recovered=True))
    assert follower.receive(confirmed("a", recovered=False)).notices == ["a: recovered=false, going on with a snapshot"]


def test_errors_are_told_with_their_code() -> None:
    follower = Follower(Targets.parse("market-data", ["NOPE"]))
    message = {"type": "ERROR", "code": "INVALID_SYMBOLS", "message": "None of the symbols is known."}
    assert follower.receive(message).notices == ["INVALID_SYMBOLS: None of the symbols is known."]
