"""What a message is, and what every endpoint understands (protocol §1.1, §1.3, §1.4)."""

from __future__ import annotations

import io
import json
import linecache
import re
from typing import Any

import pytest

from duelcast.app import App
from duelcast.channels.names import Role
from tests.e2e import arena
from tests.e2e.arena import Notebook
from tests.e2e.ending import ending_of
from tests.e2e.raw import TEXT, frame, raw_socket
from tests.serving import Client, Frame, client, token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAX_INTEGER = 2**53 - 1
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def answer_to_text(app: App, text: str, endpoint: str = "arena") -> Frame:
    """The answer to the text of one message."""
    async with client(app, endpoint) as sender:
        await sender.ws.send(text)
        return await sender.receive()


async def answer_to_value(app: App, json_text: str) -> Frame:
    """The answer to a message with a field of free form."""
    return await answer_to_text(app, f'{{"type":"free","value":{json_text},"requestId":"q"}}')


async def follow(follower: Client, channel: str, **more: Any) -> list[Frame]:
    """Subscribe; the confirmation and what came with it."""
    confirmed = await follower.ask(type="subscribe", channel=channel, **more)
    return [confirmed, *await follower.drain()]


# ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_every_message_of_the_server_has_a_type_and_a_time_in_utc_with_milliseconds(app: App) -> None:
    async with client(app, "arena", "?channel=note.times", greeted=False) as sender:
        frames = await sender.receive_until(type="connection_established")
        await sender.send(type="heartbeat")
        await sender.send(type="ping")
        await sender.send(type="nonsense")
        await sender.send(type="write", room="times", text="a push")
        frames += await sender.receive_many(4)
    assert len(frames) == 7
    assert all(isinstance(each["type"], str) and TIME.fullmatch(each["timestamp"]) for each in frames)


@pytest.mark.parametrize("text", ["", "hello", "{", '{"type":"heartbeat"} {}', "{'type':'heartbeat'}", "\ufeff{}"])
async def test_what_is_not_json_is_an_invalid_message(app: App, text: str) -> None:
    answer = await answer_to_text(app, text)
    assert (answer["type"], answer["code"]) == ("error", "INVALID_MESSAGE")


@pytest.mark.parametrize("text", ["[]", '[{"type":"heartbeat"}]', '"heartbeat"', "1", "null", "true"])
async def test_what_is_not_an_object_is_an_invalid_message(app: App, text: str) -> None:
    assert (await answer_to_text(app, text))["code"] == "INVALID_MESSAGE"


@pytest.mark.parametrize("text", ["{}", '{"type":null}', '{"type":7}', '{"type":["heartbeat"]}'])
async def test_an_object_without_a_string_type_is_an_invalid_message(app: App, text: str) -> None:
    assert (await answer_to_text(app, text))["code"] == "INVALID_MESSAGE"


async def test_a_client_that_names_its_command_in_action_is_told_so(app: App) -> None:
    answer = await answer_to_text(app, '{"action":"heartbeat","requestId":"q"}')
    assert (answer["code"], answer["requestId"]) == ("INVALID_MESSAGE", "q")
    assert "action" in answer["message"]
    assert "type" in answer["message"]


async def test_a_message_that_cannot_be_read_leaves_the_connection_open(app: App) -> None:
    async with client(app, "arena") as sender:
        await sender.ws.send("{")
        assert (await sender.receive())["code"] == "INVALID_MESSAGE"
        assert (await sender.ask(type="heartbeat"))["type"] == "heartbeat_ack"


async def test_a_binary_frame_is_answered_and_closed_with_1003(app: App) -> None:
    async with client(app, "arena") as sender:
        await sender.ws.send(b'{"type":"heartbeat"}')
        ending = await ending_of(sender)
    assert (ending.error["code"], ending.code) == ("INVALID_MESSAGE", 1003)


async def test_text_that_is_not_utf_8_closes_with_1007(app: App) -> None:
    async with raw_socket(app, "arena") as sender:
        await sender.send(frame(TEXT, b'{"type":"\xff\xfe"}'))
        code, _ = await sender.ending()
    assert code == 1007


# ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def nested(levels: int) -> str:
    """A value so deep that its message has so many levels."""
    return "[" * (levels - 1) + "]" * (levels - 1)


async def test_a_message_of_32_levels_is_taken(app: App) -> None:
    assert (await answer_to_value(app, nested(32)))["type"] == "freed"


async def test_a_message_of_33_levels_is_an_invalid_message(app: App) -> None:
    answer = await answer_to_value(app, nested(33))
    assert (answer["code"], answer["requestId"]) == ("INVALID_MESSAGE", "q")
    assert "32" in answer["message"]


@pytest.mark.parametrize("value", [MAX_INTEGER, -MAX_INTEGER, 0, 1.5, -1e300])
async def test_numbers_in_range_come_back_as_they_were(app: App, value: float) -> None:
    answer = await answer_to_value(app, json.dumps(value))
    assert (answer["type"], answer["value"]) == ("freed", value)


@pytest.mark.parametrize("value", [str(MAX_INTEGER + 1), str(-MAX_INTEGER - 1), str(2**63), "1" + "0" * 400])
async def test_an_integer_beyond_2_to_the_53_is_an_invalid_request_that_names_the_field(app: App, value: str) -> None:
    answer = await answer_to_value(app, value)
    assert (answer["code"], answer["field"], answer["requestId"]) == ("INVALID_REQUEST", "value", "q")


@pytest.mark.parametrize("value", ["1e400", "-1e400"])
async def test_a_number_that_is_not_finite_is_an_invalid_request_that_names_the_field(app: App, value: str) -> None:
    answer = await answer_to_value(app, f"[1,{value}]")
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "value[1]")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
async def test_a_number_that_json_does_not_have_is_an_invalid_message(app: App, value: str) -> None:
    assert (await answer_to_value(app, value))["code"] == "INVALID_MESSAGE"


@pytest.mark.parametrize("escape", ["\\ud800", "\\udfff", "a\\udc00b", "\\u0000", "x\\u0000y"])
async def test_a_lone_surrogate_or_nul_in_a_string_is_an_invalid_request(app: App, escape: str) -> None:
    answer = await answer_to_value(app, f'{{"deep":["{escape}"]}}')
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "value.deep[0]")


@pytest.mark.parametrize("escape", ["\\ud800", "\\u0000"])
async def test_a_lone_surrogate_or_nul_in_a_key_is_an_invalid_request(app: App, escape: str) -> None:
    assert (await answer_to_value(app, f'{{"{escape}":1}}'))["code"] == "INVALID_REQUEST"


async def test_a_pair_of_surrogates_is_one_character(app: App) -> None:
    assert (await answer_to_value(app, '"\\ud83d\\ude00"'))["value"] == "\U0001f600"


async def test_of_equal_keys_the_last_counts(app: App) -> None:
    answer = await answer_to_text(app, '{"type":"nonsense","type":"free","value":1,"value":2,"value":3}')
    assert (answer["type"], answer["value"]) == ("freed", 3)


async def test_of_equal_keys_within_a_value_the_last_counts(app: App) -> None:
    assert (await answer_to_value(app, '{"a":1,"a":2}'))["value"] == {"a": 2}


# ── requestId, timestamp, unknown and absent fields ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("request_id", ["a", "x" * 64, "ünïcode \U0001f600", '"quoted"\n'])
async def test_a_reply_carries_the_request_id_back(app: App, request_id: str) -> None:
    async with client(app, "arena") as sender:
        answer = await sender.ask(type="heartbeat", requestId=request_id)
    assert answer["type"] == "heartbeat_ack"


@pytest.mark.parametrize("request_id", ["", "x" * 65, 7, ["a"], {}])
async def test_a_request_id_is_a_string_of_1_to_64_characters(app: App, request_id: object) -> None:
    answer = await answer_to_text(app, json.dumps({"type": "heartbeat", "requestId": request_id}))
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "requestId")
    assert "requestId" not in answer


@pytest.mark.parametrize(
    "message",
    [
        {"type": "nonsense"},
        {"type": "write", "room": "errors"},
        {"type": "heartbeat", "beat": 1},
        {"type": "announce", "text": "needs an admin"},
        {"type": "subscribe", "channel": "nowhere"},
        {"type": "auth", "token": "no.good.token"},
        {"type": "fail"},
        {"data": "no type"},
    ],
)
async def test_every_error_carries_the_request_id_of_its_cause(app: App, message: Frame) -> None:
    answer = await answer_to_text(app, json.dumps(message | {"requestId": "cause"}))
    assert (answer["type"], answer["requestId"]) == ("error", "cause")


async def test_an_answer_without_a_request_id_has_none(app: App) -> None:
    assert set(await answer_to_text(app, '{"type":"heartbeat"}')) == {"type", "timestamp"}


@pytest.mark.parametrize("timestamp", [1, -1.5, "yesterday", None, True, [1, {"a": []}], {"seconds": 1}])
async def test_a_client_timestamp_may_be_anything_and_is_ignored(app: App, timestamp: object) -> None:
    answer = await answer_to_text(app, json.dumps({"type": "heartbeat", "timestamp": timestamp}))
    assert answer["type"] == "heartbeat_ack"
    assert TIME.fullmatch(answer["timestamp"])


async def test_an_unknown_field_is_refused_with_its_name_and_the_nearest_known_one(app: App) -> None:
    answer = await answer_to_text(app, '{"type":"SUBSCRIBE_SYMBOLS","symbol":["SOL"]}', "market-data")
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "symbol")
    assert "`symbols`" in answer["message"]


async def test_an_unknown_field_of_a_part_is_refused_with_its_path(app: App) -> None:
    text = '{"type":"subscribe","channels":[{"channel":"note.a"},{"channel":"note.b","sinse":null}]}'
    answer = await answer_to_text(app, text)
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "channels[1].sinse")
    assert "`since`" in answer["message"]


async def test_fields_that_begin_with_an_underscore_are_the_clients_own(app: App) -> None:
    answer = await answer_to_text(app, '{"type":"heartbeat","_trace":{"any":["thing"]},"_":1}')
    assert answer["type"] == "heartbeat_ack"


async def test_null_means_that_an_optional_field_is_absent(app: App) -> None:
    text = '{"type":"subscribe","channel":"note.nulls","since":null,"channels":null,"requestId":null}'
    answer = await answer_to_text(app, text)
    assert answer["type"] == "subscription_confirmed"
    assert "requestId" not in answer
    assert "recovered" not in answer


async def test_null_does_not_stand_for_a_field_that_is_needed(app: App) -> None:
    answer = await answer_to_text(app, '{"type":"write","room":null,"text":"x"}')
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "room")


# ── replies and pushes ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_push_has_channel_and_seq_and_no_request_id(app: App) -> None:
    async with client(app, "arena", "?channel=note.pushes") as reader, client(app, "arena") as writer:
        await writer.send(type="write", room="pushes", text="hello", requestId="w")
        push = await reader.receive()
    assert (push["channel"], push["text"]) == ("note.pushes", "hello")
    assert isinstance(push["seq"], int)
    assert "requestId" not in push


async def test_a_reply_has_no_channel_of_a_push_and_no_seq(app: App) -> None:
    answer = await answer_to_value(app, "1")
    assert set(answer) == {"type", "value", "requestId", "timestamp"}


async def test_a_caller_that_follows_the_channel_of_its_answer_gets_one_frame_with_all_three(app: App) -> None:
    async with (
        client(app, "arena", "?channel=note.origin") as writer,
        client(app, "arena", "?channel=note.origin") as other,
    ):
        await writer.send(type="write", room="origin", text="once", requestId="w")
        mine, plain = await writer.drain(), await other.receive()
    assert [(each["channel"], each["seq"], each["requestId"]) for each in mine] == [("note.origin", plain["seq"], "w")]
    assert "requestId" not in plain


async def test_the_first_frame_of_an_answer_is_the_reply_and_snapshots_follow_as_pushes(app: App) -> None:
    app.leader.services[Notebook].add("snapshot", "stored before")
    async with client(app, "arena") as follower:
        confirmed, *rest = await follow(follower, "stored.snapshot", requestId="s")
    assert confirmed["type"] == "subscription_confirmed"
    assert [(each["type"], each["channel"], "requestId" in each) for each in rest] == [
        ("note", "stored.snapshot", False)
    ]


async def test_commands_are_answered_in_the_order_sent(app: App) -> None:
    async with client(app, "arena") as sender:
        for number in range(20):
            kind = ("free", "subscribe", "ping", "nonsense")[number % 4]
            more: dict[str, Any] = {"channel": "note.order"} if kind == "subscribe" else {}
            await sender.send(type=kind, requestId=f"{number}", **more)
        answers = await sender.receive_many(20)
    assert [each["requestId"] for each in answers] == [f"{number}" for number in range(20)]


async def test_commands_take_effect_in_the_order_sent(app: App) -> None:
    async with client(app, "arena") as sender:
        await sender.send(type="subscribe", channel="note.effect")
        await sender.send(type="write", room="effect", text="followed")
        await sender.send(type="unsubscribe", channel="note.effect")
        await sender.send(type="write", room="effect", text="not followed")
        kinds = [each["type"] for each in await sender.drain()]
    assert kinds == ["subscription_confirmed", "note", "unsubscription_confirmed"]


# ── messages that every endpoint understands ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("endpoint", ["market-data", "token-data", "arena"])
async def test_heartbeat_is_acknowledged(app: App, endpoint: str) -> None:
    async with client(app, endpoint) as sender:
        assert (await sender.ask(type="heartbeat"))["type"] == "heartbeat_ack"


@pytest.mark.parametrize("timestamp", [0, 1764000000000, 1.25, "t1", "x" * 64, ""])
async def test_ping_gives_the_timestamp_of_the_client_back(app: App, timestamp: object) -> None:
    async with client(app, "arena") as sender:
        answer = await sender.ask(type="ping", timestamp=timestamp)
    assert (answer["type"], answer["timestamp"]) == ("pong", timestamp)
    assert TIME.fullmatch(answer["serverTime"])


@pytest.mark.parametrize("text", ['{"type":"ping"}', '{"type":"ping","timestamp":null}'])
async def test_ping_without_a_timestamp_is_answered_with_now(app: App, text: str) -> None:
    answer = await answer_to_text(app, text)
    assert answer["timestamp"] == answer["serverTime"]


@pytest.mark.parametrize("timestamp", ["x" * 65, True, [], {}, 2**53])
async def test_the_timestamp_of_a_ping_is_a_number_or_a_short_string(app: App, timestamp: object) -> None:
    answer = await answer_to_text(app, json.dumps({"type": "ping", "timestamp": timestamp}))
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "timestamp")


async def test_subscribe_confirms_with_kind_epoch_and_position(app: App) -> None:
    async with client(app, "arena") as follower:
        confirmed = await follower.ask(type="subscribe", channel="note.confirm")
    assert set(confirmed) == {"type", "channel", "kind", "epoch", "seq", "requestId", "timestamp"}
    assert (confirmed["channel"], confirmed["kind"]) == ("note.confirm", "every")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", confirmed["epoch"])


async def test_subscribe_with_since_brings_what_was_missed(app: App) -> None:
    async with client(app, "arena", "?channel=note.missed") as writer, client(app, "arena") as late:
        await writer.send(type="write", room="missed", text="seen")
        seen = await writer.receive()
        await writer.send(type="write", room="missed", text="missed")
        missed = await writer.receive()
        epoch = (await late.ask(type="subscribe", channel="note.other"))["epoch"]
        confirmed, *replay = await follow(late, "note.missed", since={"epoch": epoch, "seq": seen["seq"]})
    assert (confirmed["recovered"], confirmed["seq"]) == (True, missed["seq"])
    assert replay == [missed]


async def test_subscribe_to_several_channels_answers_each_and_an_error_does_not_stop_the_others(app: App) -> None:
    async with client(app, "arena") as follower:
        await follower.send(
            type="subscribe",
            channels=[{"channel": "note.one"}, {"channel": "nowhere"}, {"channel": "note.two"}],
            requestId="s",
        )
        answers = await follower.drain()
    assert [(each["type"], each.get("channel"), each["requestId"]) for each in answers] == [
        ("subscription_confirmed", "note.one", "s"),
        ("error", None, "s"),
        ("subscription_confirmed", "note.two", "s"),
    ]
    assert (answers[1]["code"], answers[1]["field"]) == ("UNKNOWN_CHANNEL", "channels[1].channel")


@pytest.mark.parametrize("count", [0, 501])
async def test_subscribe_takes_1_to_500_channels(app: App, count: int) -> None:
    channels = [{"channel": f"note.n{index}"} for index in range(count)]
    answer = await answer_to_text(app, json.dumps({"type": "subscribe", "channels": channels}))
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "channels")


async def test_subscribe_takes_500_channels_at_once(app: App) -> None:
    async with client(app, "arena") as follower:
        await follower.send(type="subscribe", channels=[{"channel": f"note.n{index}"} for index in range(500)])
        answers = await follower.receive_many(500)
    assert {each["type"] for each in answers} == {"subscription_confirmed"}


@pytest.mark.parametrize("command", ["subscribe", "unsubscribe"])
async def test_one_channel_or_a_list_must_be_named_and_not_both(app: App, command: str) -> None:
    channels: list[Any] = ["note.b"] if command == "unsubscribe" else [{"channel": "note.b"}]
    for fields in ({}, {"channel": "note.a", "channels": channels}):
        answer = await answer_to_text(app, json.dumps({"type": command, **fields}))
        assert answer["code"] == "INVALID_REQUEST"
        assert "field" in answer


@pytest.mark.parametrize(
    "since",
    [
        {"epoch": "e"},
        {"seq": 1},
        {"epoch": "e", "seq": -1},
        {"epoch": "e", "seq": 2**53},
        {"epoch": "e", "seq": "1"},
        {"epoch": "e", "seq": 1.5},
        {"epoch": "", "seq": 1},
        {"epoch": "x" * 33, "seq": 1},
        {"epoch": "a b", "seq": 1},
        5,
    ],
)
async def test_a_position_has_an_epoch_and_a_seq(app: App, since: object) -> None:
    answer = await answer_to_text(app, json.dumps({"type": "subscribe", "channel": "note.since", "since": since}))
    assert answer["code"] == "INVALID_REQUEST"
    assert answer["field"].startswith("since")


async def test_unsubscribe_is_confirmed_and_nothing_follows(app: App) -> None:
    async with client(app, "arena", "?channel=note.leave") as leaver:
        confirmed = await leaver.ask(type="unsubscribe", channel="note.leave")
        await leaver.send(type="write", room="leave", text="unheard")
        rest = await leaver.drain()
    assert (confirmed["type"], confirmed["channel"]) == ("unsubscription_confirmed", "note.leave")
    assert rest == []


async def test_unsubscribe_is_confirmed_also_where_nothing_was_subscribed(app: App) -> None:
    async with client(app, "arena") as leaver:
        await leaver.send(type="unsubscribe", channels=["note.never", "board.*"], requestId="u")
        answers = await leaver.drain()
    assert [(each["type"], each["channel"], each["requestId"]) for each in answers] == [
        ("unsubscription_confirmed", "note.never", "u"),
        ("unsubscription_confirmed", "board.*", "u"),
    ]


async def test_a_confirmation_of_leaving_comes_after_the_last_message(app: App) -> None:
    async with client(app, "arena", "?channel=note.last") as leaver:
        await leaver.send(type="write", room="last", text="the last")
        await leaver.send(type="unsubscribe", channel="note.last")
        kinds = [each["type"] for each in await leaver.drain()]
    assert kinds == ["note", "unsubscription_confirmed"]


async def test_get_subscriptions_lists_channels_with_kind_and_position(app: App) -> None:
    async with client(app, "arena", "?channel=note.list&channel=board.*") as follower:
        await follower.send(type="write", room="list", text="moves the position")
        push = (await follower.drain())[-1]
        answer = await follower.ask(type="get_subscriptions")
    assert answer["type"] == "subscriptions"
    assert answer["data"] == [
        {"channel": "note.list", "kind": "every", "seq": push["seq"]},
        {"channel": "board.*", "kind": "latest", "seq": None},
    ]


async def test_auth_on_an_open_connection_is_answered_with_the_user_and_the_end_of_the_token(app: App) -> None:
    async with client(app, "arena") as visitor:
        answer = await visitor.ask(type="auth", token=token_for(app, "signin", Role.USER, nickname="Comet"))
    assert answer["type"] == "auth_success"
    assert answer["user"] == {"wallet_address": "signin", "nickname": "Comet", "role": "user"}
    assert TIME.fullmatch(answer["expiresAt"])


# ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_error_has_a_code_and_a_sentence_and_nothing_that_was_not_asked_for(app: App) -> None:
    answer = await answer_to_text(app, '{"type":"nonsense"}')
    assert set(answer) == {"type", "code", "message", "timestamp"}
    assert answer["message"].endswith((".", "?"))


async def test_errors_of_market_data_have_the_type_in_capitals(app: App) -> None:
    assert (await answer_to_text(app, "{", "market-data"))["type"] == "ERROR"


async def test_errors_of_token_data_have_the_usual_type(app: App) -> None:
    assert (await answer_to_text(app, "{", "token-data"))["type"] == "error"


async def test_an_unknown_type_is_named_with_the_nearest_known_one(app: App) -> None:
    answer = await answer_to_text(app, '{"type":"hartbeat"}')
    assert answer["code"] == "UNKNOWN_MESSAGE_TYPE"
    assert "`hartbeat`" in answer["message"]
    assert "`heartbeat`" in answer["message"]


async def test_the_nearest_known_type_is_found_whatever_the_case(app: App) -> None:
    answer = await answer_to_text(app, '{"type":"subscribe_symbols"}', "market-data")
    assert "`SUBSCRIBE_SYMBOLS`" in answer["message"]


async def test_an_unknown_type_with_nothing_near_is_named_alone(app: App) -> None:
    answer = await answer_to_text(app, '{"type":"zzzzzzzz"}')
    assert answer["message"].count("`") == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"room": "r"}, "text"),
        ({"room": 5, "text": "x"}, "room"),
        ({"room": "r", "text": ["x"]}, "text"),
    ],
)
async def test_a_field_that_is_missing_or_of_another_type_is_named(app: App, fields: Frame, field: str) -> None:
    answer = await answer_to_text(app, json.dumps({"type": "write", **fields}))
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", field)
    assert f"`{field}`" in answer["message"]


async def test_a_command_that_needs_a_role_is_unauthorized_for_nobody_and_denied_to_a_user(app: App) -> None:
    codes = []
    for token in (None, token_for(app, "mere-user"), token_for(app, "some-admin", Role.ADMIN)):
        async with client(app, "arena", token=token) as caller:
            answer = await caller.ask(type="announce", text="hear")
            codes.append(answer.get("code", answer["type"]))
    assert codes == ["UNAUTHORIZED", "PERMISSION_DENIED", "announced"]


@pytest.mark.parametrize("name", ["nowhere", "note", "note.", "note.UPPER", "board.none", "market.SOL", "note.a.b"])
async def test_what_is_no_channel_of_the_endpoint_is_an_unknown_channel(app: App, name: str) -> None:
    answer = await answer_to_text(app, json.dumps({"type": "subscribe", "channel": name}))
    assert (answer["code"], answer["field"]) == ("UNKNOWN_CHANNEL", "channel")


@pytest.mark.parametrize("command", ["subscribe", "unsubscribe"])
async def test_the_right_to_a_channel_is_checked_before_its_existence(app: App, command: str) -> None:
    token = token_for(app, "snoop")
    async with client(app, "arena", token=token) as snoop:
        answers = [
            await snoop.ask(type=command, channel=name)
            for name in ("private.somebody", "private.nobodyatall", "backstage")
        ]
    assert {each["code"] for each in answers} == {"SUBSCRIPTION_DENIED"}
    assert len({each["message"] for each in answers}) == 1


async def test_a_channel_with_a_least_role_is_denied_below_it(app: App) -> None:
    async with client(app, "arena", token=token_for(app, "too-low")) as user:
        assert (await user.ask(type="subscribe", channel="board.x1"))["code"] == "SUBSCRIPTION_DENIED"
    async with client(app, "arena", token=token_for(app, "high-enough", Role.ADMIN)) as admin:
        assert (await admin.ask(type="subscribe", channel="board.x1"))["type"] == "subscription_confirmed"


async def test_a_defect_is_told_with_an_error_id_and_its_text_nowhere(app: App, log: io.StringIO) -> None:
    async with client(app, "arena") as unlucky:
        answer = await unlucky.ask(type="fail")
        assert (await unlucky.ask(type="heartbeat"))["type"] == "heartbeat_ack"
    assert answer["code"] == "INTERNAL_ERROR"
    assert "nobody may see" not in json.dumps(answer) + log.getvalue()
    assert "ValueError" in log.getvalue()
    assert "ValueError" not in json.dumps(answer)


async def test_the_error_id_leads_to_the_file_line_and_function_of_a_defect(app: App, log: io.StringIO) -> None:
    async with client(app, "arena") as unlucky:
        answer = await unlucky.ask(type="fail")
    entries = [json.loads(line) for line in log.getvalue().splitlines()]
    (entry,) = [entry for entry in entries if entry.get("error_id") == answer["errorId"]]
    place, _, function = entry["traceback"][-1].partition(" in ")
    file, _, line = place.rpartition(":")
    assert (file, function) == ("tests/e2e/arena.py", "make_arena.<locals>.fail")
    assert "nobody may see" in linecache.getline(str(arena.__file__), int(line))
    assert entry["traceback"][0].startswith("desk/desk.py:")
