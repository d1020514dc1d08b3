"""A server that is broken, or of another time, does the client no harm."""

from __future__ import annotations

import json
import random

import pytest

from duelcast.client.core.actions import End
from duelcast.client.core.core import Core
from duelcast.client.core.frames import Failure, Frame
from tests.client.cores import ESTABLISHED, open_core
from tests.client.scripted import arrives, next_price, watching

STRANGE = [
    "",
    "null",
    "[]",
    "7",
    "{}",
    '{"type":7}',
    '{"type":"MARKET_PRICE"}',
    "not JSON",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "[" * 100_000,
    '{"type":"MARKET_PRICE","channel":"market.SOL","seq":"9","data":{}}',
    '{"type":"MARKET_PRICE","channel":"market.SOL","seq":9,"data":[1]}',
    '{"type":"MARKET_PRICE","channel":"market.SOL","seq":1e400,"data":{}}',
    '{"type":"subscription_confirmed","channel":"market.SOL","epoch":null}',
    '{"type":"connection_established"}',
    '{"type":"connection_established","epoch":"E2","positions":[1]}',
    '{"type":"pong","requestId":"none","serverTime":"yesterday"}',
    '{"type":"auth_success","expiresAt":"soon","timestamp":"now"}',
    '{"type":"error","code":7}',
    '{"type":"contest_room_joined","contestId":"2"}',
    '{"type":"unsubscription_confirmed","channel":"market.SOL","reason":[]}',
    '{"type":"chat_message","channel":"chat.2","data":{"id":"x"}}',
]


@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
async def test_a_strange_message_is_ignored(text: str) -> None:
    async with watching() as watched, watched.client as client:
        first = next_price(client)
        peer = await watched.greeted()
        await peer.socket.send(text)
        await arrives(peer, first)
        assert client.states["market-data"].status == "open"


async def test_a_binary_message_is_ignored() -> None:
    async with watching() as watched, watched.client as client:
        first = next_price(client)
        peer = await watched.greeted()
        await peer.socket.send(b"\xff\x00")
        await arrives(peer, first)


async def test_a_message_without_end_costs_the_connection_and_nothing_else() -> None:
    async with watching() as watched, watched.client as client:
        first = next_price(client)
        peer = await watched.greeted()
        await peer.socket.send(" " * (16 * 1024 * 1024 + 1))
        await watched.retry()
        peer = await watched.greeted()
        await arrives(peer, first)


def test_channels_that_nobody_asked_for_are_not_remembered() -> None:
    core, connection = _connected()
    for number in range(30_000):
        core.received(connection, json.dumps({"type": "x", "channel": f"chat.{number}", "seq": number}))
        core.received(
            connection, json.dumps({"type": "subscription_confirmed", "channel": f"c.{number}", "epoch": "E", "seq": 1})
        )
    following = core._connection("market-data").following
    assert len(following._routes) <= 10_000
    assert following._positions._tracks == {}


def test_random_messages_never_raise_and_settle_each_request_once() -> None:
    """Members of the right names with values of any type, in any order."""
    chance = random.Random(1)
    names = [
        "channel",
        "seq",
        "epoch",
        "kind",
        "recovered",
        "positions",
        "data",
        "code",
        "field",
        "retryAfterMs",
        "ids",
        "contestId",
        "members",
        "count",
        "version",
        "action",
        "user",
        "id",
        "expiresAt",
        "timestamp",
        "limits",
    ]
    kinds = [
        "connection_established",
        "subscription_confirmed",
        "unsubscription_confirmed",
        "contest_room_joined",
        "pong",
        "error",
        "chat_message",
        "chat_message_deleted",
        "user_presence",
        "contest_state",
        "unread_count",
        "notification",
        "notification_batch",
        "read_confirmed",
        "auth_success",
        "leaderboard_update",
    ]
    values: list[object] = [
        None,
        0,
        -1,
        7,
        2**60,
        1.5,
        "",
        "E1",
        "chat.2",
        "market.SOL",
        [],
        [1],
        {},
        {"id": 1},
        {"chat.2": 5},
        True,
    ]
    for _ in range(300):
        core, connection = _connected(endpoint="contest")
        outcomes: list[Frame | Failure] = []
        core.room(2)
        core.leaderboard(2)
        core.request("contest", {"type": "get_chat_messages", "contestId": 2}, outcomes.append)
        for _ in range(40):
            message = {name: chance.choice(values) for name in chance.sample(names, chance.randint(0, 8))}
            message |= {"type": chance.choice(kinds), "requestId": chance.choice([None, *map(str, range(9))])}
            core.received(connection, json.dumps(message))
        assert len(outcomes) <= 1
        core.close()
        assert len(outcomes) == 1
        assert core.timers.next_due_ms() is None
        assert [action for action in core.take_actions() if isinstance(action, End)]


def _connected(endpoint: str = "market-data") -> tuple[Core, int]:
    """A core with an established connection, and its number."""
    core, connection = open_core(endpoint, token=None)
    core.received(connection, ESTABLISHED)
    return core, connection
