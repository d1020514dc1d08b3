"""Messages of the operations endpoints that make no sense: each is named, and nothing happens (protocol §1.1, §1.4)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.operations.control_room import ControlRoom

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMAND = {"type": "service_command", "serviceName": "scorer", "command": "stop"}
BAD_NAMES: list[Any] = ["", "Store", "sto re", "store\n", "x" * 65, "störe", "../store", None, 7, True, ["store"], {}]

BAD: list[tuple[str, dict[str, Any], str]] = [
    *(
        (endpoint, message, next(iter(message.keys() - {"type"})))
        for name in BAD_NAMES
        for endpoint, message in (
            ("circuit-breaker", {"type": "subscribe:layer", "layer": name}),
            ("circuit-breaker", {"type": "subscribe:service", "service": name}),
            ("circuit-breaker", {"type": "service:health_check", "service": name}),
            ("circuit-breaker", {"type": "service:reset_circuit_breaker", "service": name}),
            ("monitor", {"type": "get_service_status", "service": name}),
            ("skyduel", {"type": "subscribe_service", "serviceName": name}),
            ("skyduel", {"type": "unsubscribe_service", "serviceName": name}),
        )
    ),
    ("circuit-breaker", {"type": "subscribe_all", "layer": "data"}, "layer"),
    ("circuit-breaker", {"type": "subscribe:service"}, "service"),
    ("circuit-breaker", {"type": "service:health_check", "service": "store", "force": True}, "force"),
    ("monitor", {"type": "get_system_status", "service": "store"}, "service"),
    ("monitor", {"type": "get_system_settings", "key": "Upper"}, "key"),
    ("monitor", {"type": "get_system_settings", "key": "x" * 129}, "key"),
    ("monitor", {"type": "get_system_settings", "key": 7}, "key"),
    ("monitor", {"type": "get_service_status"}, "service"),
    ("monitor", {"type": "get_recent_errors", "limit": 0}, "limit"),
    ("monitor", {"type": "get_recent_errors", "limit": 101}, "limit"),
    ("monitor", {"type": "get_recent_errors", "limit": "20"}, "limit"),
    ("monitor", {"type": "get_recent_errors", "limit": 1.5}, "limit"),
    ("monitor", {"type": "get_recent_errors", "level": "fatal"}, "level"),
    ("monitor", {"type": "get_recent_errors", "service": "No Such"}, "service"),
    ("skyduel", {"type": "subscribe_service"}, "serviceName"),
    ("skyduel", {"type": "subscribe_service", "service": "store"}, "service"),
    ("skyduel", {"type": "subscribe_service", "serviceName": "**"}, "serviceName"),
    ("skyduel", {"type": "service_command", "serviceName": "scorer"}, "command"),
    ("skyduel", {"type": "service_command", "command": "stop"}, "serviceName"),
    ("skyduel", COMMAND | {"serviceName": "*"}, "serviceName"),
    ("skyduel", COMMAND | {"command": ""}, "command"),
    ("skyduel", COMMAND | {"command": "x" * 65}, "command"),
    ("skyduel", COMMAND | {"command": ["stop"]}, "command"),
    ("skyduel", COMMAND | {"params": []}, "params"),
    ("skyduel", COMMAND | {"params": "force"}, "params"),
    ("skyduel", COMMAND | {"params": {"force": "yes"}}, "params.force"),
    ("skyduel", COMMAND | {"params": {"force": 1}}, "params.force"),
    ("skyduel", COMMAND | {"params": {"force": None}}, "params.force"),
    ("skyduel", COMMAND | {"params": {"Force": True}}, "params.Force"),
    ("skyduel", COMMAND | {"params": {"n": 2**53}}, "params.n"),
    ("skyduel", COMMAND | {"parameters": {}}, "parameters"),
    ("skyduel", COMMAND | {"requestId": "x" * 65}, "requestId"),
]


@pytest.mark.parametrize("endpoint", ["circuit-breaker", "monitor", "skyduel"])
async def test_what_makes_no_sense_is_named_and_nothing_happens(room: ControlRoom, endpoint: str) -> None:
    bad = [(message, field) for one, message, field in BAD if one == endpoint]
    assert len(bad) > 10
    async with room.socket(endpoint) as admin:
        for message, field in bad:
            await admin.send(**message)
            refused = (await admin.receive_until(type="error"))[-1]
            assert refused["code"] == "INVALID_REQUEST", message
            assert refused["field"] == field, message
    for name in ("scorer", "store"):
        assert (await room.do("GET", f"/services/{name}"))["isRunning"]
    assert await room.audit("scorer") == []


@pytest.mark.parametrize("endpoint", ["circuit-breaker", "monitor", "skyduel"])
async def test_the_answer_to_an_old_or_misspelt_name_says_the_right_one(room: ControlRoom, endpoint: str) -> None:
    """Of old names only if this endpoint has the new one."""
    async with room.socket(endpoint) as admin:
        unknown = await admin.ask(type="heartbeet")
        assert (unknown["code"], "heartbeat" in unknown["message"]) == ("UNKNOWN_MESSAGE_TYPE", True)
        for home, old, new in (
            ("skyduel", "command", "service_command"),
            ("monitor", "GET_SYSTEM_SETTINGS", "get_system_settings"),
        ):
            unknown = await admin.ask(type=old)
            assert (unknown["code"], new in unknown["message"]) == ("UNKNOWN_MESSAGE_TYPE", endpoint == home)


@pytest.mark.parametrize("endpoint", ["circuit-breaker", "monitor", "skyduel"])
async def test_what_is_no_message_is_refused_and_the_connection_stays(room: ControlRoom, endpoint: str) -> None:
    deep = '{"type":"service_command","serviceName":"scorer","command":"stop","params":' + "[" * 40 + "]" * 40 + "}"
    async with room.socket(endpoint) as admin:
        for text in ("", "[]", "{", '{"type":7}', '{"action":"subscribe"}', deep, '{"type":"a","x":NaN}'):
            await admin.ws.send(text)
            (refused,) = await admin.drain()
            assert refused["code"] == "INVALID_MESSAGE", text
        assert (await admin.ask(type="heartbeat"))["type"] == "heartbeat_ack"


async def test_own_fields_of_a_client_are_ignored_and_the_last_of_equal_keys_counts(room: ControlRoom) -> None:
    async with room.socket("skyduel") as admin:
        answer = await admin.ask(type="subscribe_service", serviceName="store", _mine={"deep": [1]})
        assert answer["type"] == "service_subscribed"
        await admin.ws.send('{"type":"subscribe_service","serviceName":7,"serviceName":"broker"}')
        assert (await admin.receive_until(type="service_subscribed"))[-1]["serviceName"] == "broker"


@pytest.mark.parametrize(
    ("endpoint", "limit"), [("circuit-breaker", 64 * 1024), ("monitor", 64 * 1024), ("skyduel", 1024 * 1024)]
)
async def test_a_message_is_as_big_as_the_endpoint_says(room: ControlRoom, endpoint: str, limit: int) -> None:
    async with room.socket(endpoint) as admin:
        text = json.dumps({"type": "heartbeat", "_": ""})
        padded = text[:-2] + "x" * (limit - len(text)) + text[-2:]
        await admin.ws.send(padded)
        assert (await admin.receive_until(type="heartbeat_ack"))[-1]
        await admin.ws.send(padded.replace("x", "xx", 1))
        await admin.ws.wait_closed()
        assert admin.ws.close_code == 1009
