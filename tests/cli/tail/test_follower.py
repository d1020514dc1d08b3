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
    assert step.commands == [{"type": "SUBSCRIBE_SYMBOLS", "symbols": ["SOL"], "requestId": "tail-1"}]
    assert step.notices == ["connected"]


def test_a_reconnect_is_told_as_recovered_when_every_channel_was() -> None:
    follower = reconnecting("a", "b", a=1, b=2)
    assert follower.receive(established("e1")).notices == []
    assert follower.receive(confirmed("a", recovered=True)).notices == []
    assert follower.receive(confirmed("b", recovered=True)).notices == ["reconnected: recovered=true (2 channels)"]


def test_a_message_that_comes_before_it_can_ask_again_does_not_end_it() -> None:
    follower = reconnecting("a", a=1)
    assert follower.receive({"type": "welcome"}).stop is None
    assert follower.receive(established("e1")).commands == [
        {"type": "subscribe", "channels": [{"channel": "a", "since": {"epoch": "e1", "seq": 1}}], "requestId": "tail-2"}
    ]


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
    follower = Follower(Targets.parse("market-data", ["SOL"]))
    message = {"type": "ERROR", "code": "RATE_LIMIT_EXCEEDED", "message": "Slow down."}
    assert follower.receive(message).notices == ["RATE_LIMIT_EXCEEDED: Slow down."]


def refused(number: int, **more: object) -> dict[str, Any]:
    return {"type": "error", "code": "UNKNOWN_CHANNEL", "message": "No.", "requestId": f"tail-{number}", **more}


def test_unknown_symbols_are_told_and_not_asked_for_again() -> None:
    follower = Follower(Targets.parse("market-data", ["SOL", "NOPE"]))
    follower.connecting()
    follower.receive(established("e1"))
    step = follower.receive({"type": "symbols_subscribed", "unknown": ["NOPE"], "requestId": "tail-1"})
    assert (step.notices, step.stop) == (["unknown: NOPE"], None)
    follower.connecting()
    assert [command["symbols"] for command in follower.receive(established("e1")).commands] == [["SOL"]]


def test_it_ends_when_the_first_connection_refuses_everything() -> None:
    follower = Follower(Targets.parse("circuit-breaker", ["a", "b"]))
    follower.connecting()
    follower.receive(established("e1"))
    assert follower.receive(refused(1, field="channels[0].channel")).stop is None
    step = follower.receive(refused(1, field="channels[1].channel"))
    assert step.notices == ["UNKNOWN_CHANNEL: No. (b)"]
    assert step.stop is not None
    assert step.stop.failed


def test_an_endpoint_without_targets_is_followed_whatever_it_says() -> None:
    follower = Follower(Targets.parse("circuit-breaker", []))
    follower.connecting()
    assert follower.receive(established("e1")).stop is None
    assert follower.receive({"type": "error", "code": "UNAVAILABLE", "message": "m"}).stop is None


def test_what_a_later_connection_refuses_is_asked_for_again_and_told_once() -> None:
    follower = reconnecting("a", a=1)
    follower.receive(established("e2"))
    first = follower.receive(refused(2))
    assert (first.stop, first.notices[0]) == (None, "UNKNOWN_CHANNEL: No. (a)")
    assert follower.again()[0]["channels"] == [{"channel": "a", "since": {"epoch": "e1", "seq": 1}}]
    assert follower.receive(refused(3)).notices == []
    follower.again()
    told = follower.receive(confirmed("a", recovered=False, requestId="tail-4")).notices
    assert told == ["a: recovered=false, going on with a snapshot"]
    assert follower.again() == []


def test_a_channel_that_is_refused_counts_as_not_recovered() -> None:
    follower = reconnecting("a", "b", a=1, b=2)
    follower.receive(established("e2"))
    follower.receive(confirmed("a", recovered=True, requestId="tail-2"))
    assert follower.receive(refused(2, field="channels[1].channel")).notices == [
        "UNKNOWN_CHANNEL: No. (b)",
        "reconnected: recovered=false (1 of 2 channels), going on with a snapshot",
    ]


def test_positions_that_come_on_the_first_connect_are_no_reconnect() -> None:
    follower = Follower(Targets.parse("token-data", ["public.tokens"]))
    follower.connecting()
    follower.receive({"type": "token_update", "channel": "public.tokens", "seq": 4})
    assert follower.receive(established("e1")).notices == ["connected"]
    message = confirmed("public.tokens", recovered=True, requestId="tail-1")
    assert follower.receive(message).notices == []
