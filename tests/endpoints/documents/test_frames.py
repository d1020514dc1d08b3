"""What a server sends and takes is what its document says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.endpoints.registry import find_endpoints
from duelcast.errors import AppError
from duelcast.wire.decoding import CommandDecoder
from tests.e2e.arena import Notebook, make_arena
from tests.e2e.market import post_price, post_trade, put_token
from tests.e2e.users import put_user
from tests.endpoints.documents.described import Document
from tests.serving import Frame, client, running, token_for

ENDPOINTS = find_endpoints()
ARENA = make_arena()
DOCUMENT = Document([*ENDPOINTS.values(), ARENA])

SYMBOL_COMMANDS: list[Frame] = [
    {"type": "SUBSCRIBE_SYMBOLS", "symbols": ["sol", "NONE"], "requestId": "1"},
    {"type": "UNSUBSCRIBE_SYMBOLS", "symbols": ["*"], "_mine": {"any": "thing"}},
    {"type": "SUBSCRIBE_SYMBOLS", "symbols": ["*"], "timestamp": {"any": "thing"}},
    {"type": "SUBSCRIBE_SYMBOLS", "symbols": ["NONE"]},
]
COMMON_COMMANDS: list[Frame] = [
    {"type": "heartbeat", "requestId": None},
    {"type": "ping", "timestamp": 17.5},
    {"type": "subscribe", "channel": "market.SOL", "since": {"epoch": "another", "seq": 1}},
    {"type": "subscribe", "channels": [{"channel": "market.*"}, {"channel": "nonsense", "since": None}]},
    {"type": "unsubscribe", "channel": "market.SOL", "requestId": "2"},
    {"type": "unsubscribe", "channels": ["market.*", "nonsense"], "requestId": "3"},
    {"type": "get_subscriptions"},
]
COMMANDS: dict[str, list[Frame]] = {
    "market-data": [*COMMON_COMMANDS, *SYMBOL_COMMANDS],
    "token-data": [
        *COMMON_COMMANDS,
        *SYMBOL_COMMANDS,
        {"type": "unsubscribe_tokens", "symbols": ["SOL"]},
        {"type": "subscribe_tokens", "symbols": ["*"]},
        {"type": "get_token", "symbol": "SOL"},
        {"type": "get_token", "symbol": "NONE", "requestId": "4"},
        {"type": "get_all_tokens", "requestId": "5"},
    ],
}


async def trade(app: App, clock: ManualClock, price: float) -> None:
    """A market in which everything that is pushed has changed."""
    await put_token(app, "SOL", f"Sol at {price}")
    await post_price(app, "SOL", price, market_cap=1e9)
    await post_trade(app, "SOL", price, 2.0, "buy")
    await clock.advance(11)


async def conversation(endpoint: str) -> tuple[list[Frame], list[Frame]]:
    """Everything that a client of `endpoint` can send, and all that it was sent."""
    clock = ManualClock()
    async with running(clock, rate_limit_factor=0) as app:
        await trade(app, clock, 150.0)
        token = token_for(app, "w1", Role.USER, ttl_s=3600)
        signing_in = [{"type": "auth", "token": token}, {"type": "authenticate", "token": token}]
        sent = [*COMMANDS[endpoint], *signing_in, {"type": "nonsense"}, {"type": "auth", "token": "bad"}]
        async with client(app, endpoint, "?channel=market.SOL&channel=nonsense", greeted=False) as talker:
            received = await talker.receive_until(type="connection_established")
            for message in sent:
                await talker.send(**message)
                received += await talker.drain()
            await trade(app, clock, 151.0)
            received += await talker.drain()
            await put_user(app, "w1", nickname="another")
            received += await talker.receive_until(type="session_updated")
    return sent, received


@pytest.mark.parametrize("endpoint", COMMANDS)
async def test_every_frame_of_a_conversation_is_exactly_one_message_of_the_document(endpoint: str) -> None:
    sent, received = await conversation(endpoint)
    keys: set[str] = set()
    for frame in received:
        found = DOCUMENT.keys_of(endpoint, frame)
        assert len(found) == 1, frame
        assert DOCUMENT.keys_of(endpoint, {**frame, "grown": 1}, growing=True) == found
        keys |= set(found)
    assert keys == DOCUMENT.operation_messages(endpoint, "send")
    for message in sent:
        if message["type"] != "nonsense":
            assert DOCUMENT.keys_of(endpoint, message) == [message["type"]]
    assert {message["type"] for message in sent} - {"nonsense"} == DOCUMENT.operation_messages(endpoint, "receive")


@pytest.mark.parametrize("endpoint", COMMANDS)
async def test_every_error_of_a_conversation_has_a_code_of_the_document(endpoint: str) -> None:
    _, received = await conversation(endpoint)
    codes = {frame["code"] for frame in received if frame["type"] in ("error", "ERROR")}
    assert {"UNKNOWN_CHANNEL", "INVALID_SYMBOLS", "UNKNOWN_MESSAGE_TYPE", "UNAUTHORIZED"} <= codes
    assert codes <= set(DOCUMENT.root["channels"][endpoint]["x-error-codes"])


async def test_the_answer_that_is_published_and_snapshots_without_a_position_are_described() -> None:
    async with running(ManualClock(), endpoints={ARENA.path: ARENA}) as app:
        notebook = app.leader.services[Notebook] = Notebook(app.leader.broker, app.clock)
        notebook.broadcast(notebook.add("a", "kept"))
        async with client(app, "arena", greeted=False) as talker:
            greeted = await talker.receive_until(type="connection_established")
            await talker.send(type="subscribe", channels=[{"channel": "note.a"}, {"channel": "stored.a"}])
            await talker.drain()
            written = await talker.ask(type="write", room="a", text="hello")
            await talker.send(type="subscribe", channel="stored.a")
            stored = (await talker.drain())[-1]
    assert [DOCUMENT.keys_of("arena", frame) for frame in greeted] == [
        ["welcome.notice"],
        ["connection_established.notice"],
    ]
    assert DOCUMENT.keys_of("arena", written) == ["note.numberedpush"]
    assert DOCUMENT.keys_of("arena", stored) == ["note.snapshot"]


@pytest.mark.parametrize(
    ("message", "is_valid"),
    [
        ({"type": "heartbeat"}, True),
        ({"type": "heartbeat", "extra": 1}, False),
        ({"type": "heartbeat", "_extra": 1, "timestamp": [], "requestId": None}, True),
        ({"type": "heartbeat", "requestId": ""}, False),
        ({"type": "heartbeat", "requestId": "x" * 65}, False),
        ({"type": "heartbeat", "requestId": 7}, False),
        ({"type": "ping", "timestamp": []}, False),
        ({"type": "ping", "timestamp": "x" * 64}, True),
        ({"type": "ping", "timestamp": "x" * 65}, False),
        ({"type": "ping", "timestamp": None}, True),
        ({"type": "get_token"}, False),
        ({"type": "get_token", "symbol": "So1"}, True),
        ({"type": "get_token", "symbol": "so l"}, False),
        ({"type": "SUBSCRIBE_SYMBOLS", "symbols": []}, False),
        ({"type": "SUBSCRIBE_SYMBOLS", "symbols": ["*"], "symbol": "SOL"}, False),
        ({"type": "subscribe_tokens", "symbols": ["*"] * 1000}, True),
        ({"type": "subscribe_tokens", "symbols": ["*"] * 1001}, False),
        ({"type": "subscribe", "channels": [{"channel": "a", "since": {"epoch": "e", "seq": 1}}]}, True),
        ({"type": "subscribe", "channels": [{"channel": "a", "since": {"epoch": "e", "seq": -1}}]}, False),
        ({"type": "subscribe", "channels": [{"channel": "a", "sinse": {"epoch": "e", "seq": 1}}]}, False),
        ({"type": "subscribe", "channel": "a", "since": {"epoch": "e", "seq": 2**53}}, False),
        ({"type": "subscribe", "channel": "a", "since": {"epoch": "e"}}, False),
        ({"type": "auth", "token": ""}, False),
    ],
)
def test_the_schema_of_a_command_takes_what_the_server_takes(message: dict[str, Any], is_valid: bool) -> None:
    endpoint = ENDPOINTS["/api/v69/ws/token-data"]
    decoder = CommandDecoder(
        {name: spec.command for spec in endpoint.commands.values() for name in (spec.name, *spec.old_names)}
    )
    try:
        decoder.decode(msgspec.json.encode(message))
        taken = True
    except AppError:
        taken = False
    assert taken is is_valid
    assert bool(DOCUMENT.keys_of("token-data", message)) is is_valid


def test_records_of_the_server_may_grow() -> None:
    assert "additionalProperties" not in DOCUMENT.root["components"]["schemas"]["Token"]
