from __future__ import annotations

from typing import Any

import pytest

from duelcast.cli.tail.asked import Asked, names
from duelcast.cli.tail.targets import Item

Message = dict[str, Any]


def symbol(name: str) -> Item:
    return Item(name, is_symbol=True)


def channel(name: str) -> Item:
    return Item(name, is_symbol=False)


def symbols(*wanted: str) -> Message:
    return {"type": "SUBSCRIBE_SYMBOLS", "symbols": list(wanted)}


def channels(*wanted: str) -> Message:
    return {"type": "subscribe", "channels": [{"channel": name} for name in wanted]}


def confirmed(request_id: str, name: str) -> Message:
    return {"type": "subscription_confirmed", "channel": name, "requestId": request_id}


def error(request_id: str, **more: object) -> Message:
    return {"type": "error", "code": "UNKNOWN_CHANNEL", "requestId": request_id, **more}


def after(command: Message, *answers: Message, refusals_last: bool = True) -> Asked:
    asked = Asked()
    assert asked.asking(command) == {**command, "requestId": "tail-1"}
    for answer in answers:
        asked.answered(answer, refusals_last=refusals_last)
    return asked


def test_every_command_has_an_id_of_its_own() -> None:
    asked = Asked()
    assert asked.asking(symbols("A"))["requestId"] != asked.asking(symbols("B"))["requestId"]


def test_symbols_are_followed_but_for_the_unknown_ones() -> None:
    asked = after(
        symbols("SOL", "NOPE"),
        {"type": "symbols_subscribed", "symbols": ["SOL"], "unknown": ["NOPE"], "requestId": "tail-1"},
    )
    assert (asked.followed, asked.refused) == ({symbol("SOL")}, {symbol("NOPE")})
    assert not asked.nothing_is_left


def test_answers_of_channels_come_in_the_order_asked() -> None:
    asked = after(channels("a", "b", "c"), confirmed("tail-1", "a"), error("tail-1", field="channels[1].channel"))
    assert (asked.followed, asked.refused) == ({channel("a")}, {channel("b")})


def test_an_error_of_the_whole_command_concerns_all_of_it() -> None:
    assert after(channels("a", "b"), error("tail-1", field="channels")).refused == {channel("a"), channel("b")}
    assert after(symbols("A", "B"), error("tail-1", field="symbols")).refused == {symbol("A"), symbol("B")}


@pytest.mark.parametrize("passing", [{"retryAfterMs": 0}, {"code": "INTERNAL_ERROR"}], ids=str)
def test_what_may_pass_is_asked_for_later(passing: Message) -> None:
    asked = after(symbols("A"), error("tail-1", **passing))
    assert (asked.later, asked.refused) == ({symbol("A")}, set())
    assert not asked.nothing_is_left


def test_where_refusals_are_not_the_last_word_they_are_asked_for_later() -> None:
    asked = after(channels("a"), error("tail-1"), refusals_last=False)
    assert (asked.later, asked.refused) == ({channel("a")}, set())


def test_what_is_asked_for_again_is_open_again() -> None:
    asked = after(channels("a"), error("tail-1", retryAfterMs=1))
    asked.asking(channels("a"))
    assert asked.later == set()
    assert not asked.nothing_is_left


def test_nothing_is_left_when_all_is_refused_or_ended() -> None:
    assert after(symbols("A"), error("tail-1")).nothing_is_left
    ended = {"type": "unsubscription_confirmed", "channel": "a", "reason": "rights"}
    assert after(channels("a"), confirmed("tail-1", "a"), ended).nothing_is_left


def test_something_is_left_before_the_answer_and_where_nothing_was_asked_for() -> None:
    assert not after(channels("a", "b"), error("tail-1", field="channels[0].channel")).nothing_is_left
    assert not Asked().nothing_is_left


def test_messages_that_answer_nothing_of_ours_change_nothing() -> None:
    asked = after(channels("a"), error("other"), {"type": "error"}, {"type": "pong", "requestId": "tail-1"})
    assert (asked.followed, asked.later, asked.refused) == (set(), set(), set())
    assert asked.answered(confirmed("tail-1", "a"), refusals_last=True) == []
    assert asked.followed == {channel("a")}


def test_a_new_connection_forgets_all_but_what_was_refused() -> None:
    asked = after(channels("a", "b"), confirmed("tail-1", "a"), error("tail-1"))
    asked.connecting()
    assert (asked.followed, asked.later, asked.refused) == (set(), set(), {channel("b")})


def test_many_names_are_told_in_part() -> None:
    assert names([symbol("B"), symbol("A")]) == "A, B"
    assert names(symbol(f"S{number}") for number in range(7)) == "S0, S1, S2, S3, S4 and 2 more"
