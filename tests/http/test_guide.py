"""What the guide for client developers says, tried on a server."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.endpoints.registry import find_endpoints
from duelcast.wire.frames import encode_value
from tests.e2e.market import post_prices
from tests.serving import Frame, client, running, token_for

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
ENDPOINTS = list(find_endpoints().values())
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
ADDRESSES = re.findall(r"`GET (/\S+)`", GUIDE)


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running() as started:
        await post_prices(started, {"symbol": "SOL", "price": 1.0}, {"symbol": "BTC", "price": 2.0})
        yield started


def commands() -> list[Frame]:
    """Each command that the guide shows, in a line or in a block."""
    known = {name for endpoint in ENDPOINTS for name in endpoint.commands}
    shown = re.findall(r'`(\{"type":[^`]*\})`|^(\{"type":.*\})$', GUIDE, re.MULTILINE)
    found = []
    for text in filter(None, itertools.chain.from_iterable(shown)):
        with suppress(json.JSONDecodeError):  # an answer that is cut short
            found.append(json.loads(text))
    return [command for command in found if command["type"] in known]


async def refusals(app: App, command: Frame) -> list[str]:
    """What is wrong with a command, on each endpoint that has one of the name."""
    token = token_for(app, "reader", Role.ADMIN)
    sent = command | {"requestId": "r"} | ({"token": token} if "token" in command else {})
    codes = []
    for endpoint in ENDPOINTS:
        if command["type"] in endpoint.commands:
            async with client(app, endpoint.name, token=token) as reader:
                codes.append((await reader.ask(**sent)).get("code"))
    return [code for code in codes if code in ("INVALID_MESSAGE", "INVALID_REQUEST", "UNKNOWN_CHANNEL")]


async def test_every_command_of_the_guide_is_taken_somewhere(app: App) -> None:
    assert len(commands()) >= 16
    for command in commands():
        having = [endpoint for endpoint in ENDPOINTS if command["type"] in endpoint.commands]
        assert len(await refusals(app, command)) < len(having), command


async def test_the_error_of_the_guide_is_what_the_server_says(app: App) -> None:
    (shown,) = re.findall(r"^```json\n(.*?)\n```$", GUIDE, re.DOTALL | re.MULTILINE)
    async with client(app, "market-data") as reader:
        answer = await reader.ask(type="SUBSCRIBE_SYMBOLS", symbols=["NOPE"], requestId="a1")
    assert re.fullmatch(TIMESTAMP, answer["timestamp"])
    assert shown.encode() == encode_value(answer | {"timestamp": json.loads(shown)["timestamp"]})


async def test_every_address_of_the_guide_answers(app: App) -> None:
    assert len(ADDRESSES) >= 2
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{app.port}") as reader:
        for address in ADDRESSES:
            assert (await reader.get(address)).status_code == 200, address


async def test_a_token_may_come_as_a_sub_protocol_beside_another(app: App) -> None:
    token = token_for(app, "reader")
    async with client(app, "market-data", greeted=False, subprotocols=["duelcast", token]) as reader:
        established = (await reader.receive_until(type="connection_established"))[-1]
        assert reader.ws.subprotocol == "duelcast"
    assert established["authenticated"] is True


async def test_a_command_sent_at_once_is_handled_after_the_greeting(app: App) -> None:
    async with client(app, "market-data", greeted=False) as reader:
        await reader.send(type="SUBSCRIBE_SYMBOLS", symbols=["SOL"])
        first, second = await reader.receive_many(2)
    assert (first["type"], second["type"]) == ("connection_established", "symbols_subscribed")
