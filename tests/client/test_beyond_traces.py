"""Behaviour of the core that the traces leave open, or do not reach."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from duelcast.client.core.actions import Send
from duelcast.client.core.core import Core
from duelcast.client.core.frames import Failure, Frame
from duelcast.client.core.tracking import Stored
from tests.client.cores import ESTABLISHED, open_core
from tests.client.trace_runner import Runner

Step = dict[str, Any]

OPENED: Step = {"opened": True}
LOST: Step = {"lost": {"code": 1006}}


def established(**members: Any) -> Step:
    return {"type": "connection_established", "epoch": "E1"} | members


def sends(*commands: Step, ping: str | None = None) -> Step:
    """The commands, each with a `requestId` that nothing refers to unless it has one, and a ping with the id `ping`."""
    listed = [{"requestId": "$_"} | command for command in commands]
    return {"sends": listed + ([{"type": "ping", "timestamp": "$_", "requestId": ping}] if ping else [])}


def pong(ping: str) -> Step:
    return {"type": "pong", "requestId": ping, "serverTime": "2026-01-01T00:00:00.000Z"}


def confirmed(channel: str, seq: int | None, *, every: bool = False, **members: Any) -> Step:
    kind = "every" if every else "latest"
    return {"type": "subscription_confirmed", "channel": channel, "kind": kind, "epoch": "E1", "seq": seq} | members


def dialled(path: str, *query: list[str]) -> Step:
    return {"dials": {"path": f"/api/v69/ws/{path}", "query": list(query)}}


def run(endpoint: str, *steps: Step, token: str | None = None) -> None:
    Runner({"endpoint": endpoint, "token": token, "steps": steps}).run()


AUTH = ["auth", "message"]
SINCE_4 = {"channel": "alerts", "since": {"epoch": "E1", "seq": 4}}
SEND_AUTH: Step = {"type": "auth", "token": "t1"}


def live(endpoint: str, channel: str, **greeting: Any) -> list[Step]:
    """A client with the token `t1` follows a channel, whose position is 4."""
    return [
        {"want": {"channel": channel}},
        dialled(endpoint, AUTH),
        OPENED,
        sends(SEND_AUTH, {"type": "subscribe", "channels": [channel], "requestId": "$s"}, ping="$p"),
        {"frames": [established(**greeting), confirmed(channel, 4, every=True, requestId="$s"), pong("$p")]},
        {"holds": {"channel": channel, "status": "live"}},
    ]


def test_a_channel_that_the_url_did_not_resume_is_subscribed_to() -> None:
    run(
        "circuit-breaker",
        *live("circuit-breaker", "alerts", positions={"alerts": 4}),
        LOST,
        {"advance": 375},
        dialled("circuit-breaker", AUTH, ["since", "alerts,E1,4"]),
        OPENED,
        sends(SEND_AUTH, ping="$q"),
        {"frames": [established(positions={})]},
        sends({"type": "subscribe", "channels": [SINCE_4]}, ping="$_"),
        token="t1",
    )


def test_leaving_a_group_keeps_the_channels_in_it_that_are_wanted() -> None:
    run(
        "market-data",
        {"want": {"market": "*"}},
        {"want": {"market": "SOL"}},
        dialled("market-data"),
        OPENED,
        sends({"type": "subscribe", "channels": ["market.*", "market.SOL"], "requestId": "$s"}, ping="$p"),
        {
            "frames": [
                established(),
                confirmed("market.*", None, requestId="$s"),
                confirmed("market.SOL", 5, requestId="$s"),
                pong("$p"),
            ]
        },
        {"drop": {"market": "*"}},
        {"advance": 5000},
        sends(
            {"type": "unsubscribe", "channels": ["market.*"]},
            {"type": "subscribe", "channels": [{"channel": "market.SOL", "since": {"epoch": "E1", "seq": 5}}]},
            ping="$_",
        ),
    )


def test_a_request_that_leaves_a_channel_does_not_take_it_from_others() -> None:
    leave = {"type": "unsubscribe_setting", "key": "a.b"}
    run(
        "system-settings",
        {"want": {"channel": "setting.a.b"}},
        dialled("system-settings", AUTH),
        OPENED,
        sends(SEND_AUTH, {"type": "subscribe", "channels": ["setting.a.b"]}, ping="$_"),
        {"frames": [established()]},
        {"request": {"as": "r1", "command": leave}},
        sends(leave | {"requestId": "$r"}),
        {"frames": [{"type": "unsubscribed", "requestId": "$r"}]},
        sends({"type": "subscribe", "channels": ["setting.a.b"]}, ping="$_"),
        token="t1",
    )


def test_a_category_brings_the_settings_in_it() -> None:
    update = {"type": "setting_update", "channel": "setting.chat.size", "seq": 3, "key": "chat.size"}
    run(
        "system-settings",
        {"want": {"channel": "category.chat"}},
        dialled("system-settings", AUTH),
        OPENED,
        sends(SEND_AUTH, {"type": "subscribe", "channels": ["category.chat"], "requestId": "$s"}, ping="$_"),
        {"frames": [established(), confirmed("category.chat", None, requestId="$s"), update]},
        {"holds": {"channel": "category.chat", "messages": [{"key": "chat.size"}]}},
        token="t1",
    )


def test_a_lost_right_refuses_the_channel() -> None:
    run(
        "monitor",
        *live("monitor", "system.errors"),
        {"frames": [{"type": "unsubscription_confirmed", "channel": "system.errors", "reason": "rights"}]},
        {"holds": {"channel": "system.errors", "status": "refused"}},
        token="t1",
    )


def test_a_gap_whose_replay_is_refused_is_asked_for_again() -> None:
    run(
        "circuit-breaker",
        *live("circuit-breaker", "alerts"),
        {"frames": [{"type": "service:alert", "channel": "alerts", "seq": 6}]},
        sends({"type": "subscribe", "channels": [SINCE_4], "requestId": "$t"}, ping="$_"),
        {"frames": [{"type": "error", "code": "INTERNAL_ERROR", "requestId": "$t"}]},
        {"advance": 10_000},
        sends({"type": "subscribe", "channels": [SINCE_4]}, ping="$_"),
        token="t1",
    )


def test_a_thousand_requests_wait_and_no_more() -> None:
    core, _ = open_core("contest")
    outcomes: list[Frame | Failure] = []
    for _ in range(1_001):
        core.request("contest", {"type": "get_all_contests"}, outcomes.append)
    (refused,) = outcomes
    assert isinstance(refused, Failure)
    assert refused.code == "TOO_MANY_REQUESTS"
    assert refused.retriable


def test_a_thousand_events_wait_and_the_oldest_is_dropped() -> None:
    core, connection = open_core("analytics")
    outcomes: dict[int, Stored | Failure] = {}
    for number in range(1_002):
        core.track(f"event{number}", None, partial(outcomes.__setitem__, number))
    assert set(outcomes) == {0, 1}
    assert core.dropped_events == 2
    core.received(connection, ESTABLISHED)
    sent = [action.text for action in core.take_actions() if isinstance(action, Send)]
    assert sent[-1].count("eventId") == 100


def test_events_that_do_not_fit_into_one_message_are_sent_in_several() -> None:
    core, connection = open_core("analytics")
    outcomes: list[Stored | Failure] = []
    for number in range(10):
        core.track(f"event{number}", {"text": "x" * 16_000}, outcomes.append)
    core.received(connection, '{"type":"connection_established","epoch":"E1","limits":{"maxMessageBytes":65536}}')
    for sent in iter(lambda: _last_text(core), ""):
        assert len(sent) <= 65_536
        command = json.loads(sent)
        stored = [{"event": one["event"], "eventId": one["eventId"]} for one in command["events"]]
        core.received(connection, _reply(command, "event_tracked", events=stored))
    assert [one.event for one in outcomes if isinstance(one, Stored)] == [f"event{number}" for number in range(10)]


def test_an_event_that_cannot_be_json_is_refused_at_once_and_hinders_no_other() -> None:
    core, connection = open_core("analytics")
    outcomes: list[Stored | Failure] = []
    with pytest.raises(TypeError):
        core.track("broken", {"what": object()}, outcomes.append)
    core.track("sound", None, outcomes.append)
    core.received(connection, ESTABLISHED)
    (event,) = json.loads(_last_text(core))["events"]
    assert event["event"] == "sound"


def test_the_data_of_an_event_is_that_of_the_moment_at_which_it_was_tracked() -> None:
    core, connection = open_core("analytics")
    data = {"symbols": ["SOL"]}
    core.track("traded", data, lambda _outcome: None)
    data["symbols"].append("BTC")
    core.received(connection, ESTABLISHED)
    (event,) = json.loads(_last_text(core))["events"]
    assert event["data"] == {"symbols": ["SOL"]}


def test_an_absurd_time_of_the_server_does_not_stop_events() -> None:
    core, connection = open_core("analytics")
    ping = json.loads(_last_text(core))
    assert ping["type"] == "ping"
    core.received(connection, _reply(ping, "pong", serverTime="9999-12-31T23:59:59Z"))
    core.timers.set(86_400_000, 86_400_000)
    core.track("opened", None, lambda _outcome: None)
    core.received(connection, ESTABLISHED)
    (event,) = json.loads(_last_text(core))["events"]
    assert datetime.fromisoformat(event["occurredAt"]).year == 9999


def _last_text(core: Core) -> str:
    """The last message that the core has sent since it was last asked for actions; empty if there is none."""
    return next((action.text for action in reversed(core.take_actions()) if isinstance(action, Send)), "")


def _reply(command: Step, kind: str, **members: Any) -> str:
    return json.dumps({"type": kind, "requestId": command["requestId"]} | members)


def test_own_messages_that_failed_are_forgotten_one_day() -> None:
    core, _ = open_core("contest")
    room = core.room(2)
    for number in range(200):
        core.say(room, str(number), lambda _outcome: None, 1)
        core.timers.set(number * 10 + 10, 0)
        core.timers.run_due()
    texts = [item.text for item in room.chat]
    assert texts[-1] == "199"
    assert len(texts) == 101


def test_the_chat_keeps_the_newest_thousand() -> None:
    core, connection = open_core("contest")
    room = core.room(2)
    core.received(connection, '{"type":"contest_room_joined","contestId":2,"positions":{"chat.2":1101}}')
    for number in range(1, 1_102):
        core.received(connection, f'{{"type":"chat_message","channel":"chat.2","data":{{"id":{number},"text":"x"}}}}')
    assert [item.id for item in room.chat] == list(range(102, 1_102))
