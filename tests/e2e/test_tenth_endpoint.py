"""A tenth endpoint is one file: nothing else is edited to reach it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

import duelcast.endpoints
from tests.serving import client, http_client, running

MODULE = "tenth"
SOURCE = '''
"""Lights that are on or off."""

from __future__ import annotations

from duelcast.channels.names import Family, Kind
from duelcast.channels.publisher import Publisher
from duelcast.endpoints.context import Context
from duelcast.endpoints.kit import KIB, Auth, Endpoint
from duelcast.wire.messages import Command, Event


class LightChanged(Event, tag="light_changed"):
    """A light went on or off."""

    on: bool


LIGHTS = Family("light", Kind.LATEST, (LightChanged,), "A light.", parameter=r"(?P<light>[a-z]{1,8})")

endpoint = Endpoint("lights", "Lights.", auth=Auth.PUBLIC, max_message_bytes=4 * KIB, messages_per_minute=77)
endpoint.opens(LIGHTS)


class Switch(Command, tag="switch"):
    """Switches a light."""

    name: str
    on: bool


class Switched(Event, tag="switched"):
    """It is done."""


@endpoint.command(Switch)
def switch(context: Context, command: Switch) -> Switched:
    context.service(Publisher).publish(LIGHTS.channel(command.name), LightChanged(on=command.on))
    return Switched()
'''


@pytest.fixture(autouse=True)
def tenth_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file lies in a folder that belongs to the package of the endpoints, and is forgotten afterwards."""
    (tmp_path / f"{MODULE}.py").write_text(dedent(SOURCE))
    monkeypatch.setattr(duelcast.endpoints, "__path__", [*duelcast.endpoints.__path__, str(tmp_path)])
    yield
    sys.modules.pop(f"duelcast.endpoints.{MODULE}", None)
    vars(duelcast.endpoints).pop(MODULE, None)


async def test_its_command_is_answered_and_its_channel_followed() -> None:
    async with running() as app, client(app, "lights", "?channel=light.hall") as reader, client(app, "lights") as other:
        assert (await other.ask(type="switch", name="hall", on=True))["type"] == "switched"
        (push,) = await reader.drain()
        assert (push["type"], push["on"], push["channel"]) == ("light_changed", True, "light.hall")
        later = await other.ask(type="subscribe", channel="light.hall")
        assert (later["kind"], later["seq"]) == ("latest", push["seq"])
        assert [frame["on"] for frame in await other.drain()] == [True]


async def test_it_understands_what_every_endpoint_understands_and_checks_its_own() -> None:
    async with running() as app, client(app, "lights") as sender:
        assert (await sender.ask(type="heartbeat"))["type"] == "heartbeat_ack"
        assert (await sender.ask(type="get_subscriptions"))["data"] == []
        unknown = await sender.ask(type="swich", name="hall", on=True)
        assert (unknown["code"], "switch" in unknown["message"]) == ("UNKNOWN_MESSAGE_TYPE", True)
        wrong = await sender.ask(type="switch", name="hall", on="yes")
        assert (wrong["code"], wrong["field"]) == ("INVALID_REQUEST", "on")
        assert (await sender.ask(type="subscribe", channel="market.SOL"))["code"] == "UNKNOWN_CHANNEL"


async def test_its_limits_hold() -> None:
    async with running() as app, client(app, "lights", greeted=False) as sender:
        limits = (await sender.receive())["limits"]
    assert (limits["maxMessageBytes"], limits["messagesPerMinute"]) == (4096, 77)


async def test_it_stands_in_the_document_and_in_the_metrics() -> None:
    async with running() as app, client(app, "lights"), http_client(app, "") as http:
        document = (await http.get("/asyncapi.json")).json()
        metrics = (await http.get("/metrics")).text
    assert "/api/v69/ws/lights" in {channel["address"] for channel in document["channels"].values()}
    names = {message["name"] for message in document["components"]["messages"].values()}
    assert names >= {"switch", "switched", "light_changed"}
    assert 'duelcast_connections{endpoint="lights"} 1.0' in metrics


async def test_the_other_endpoints_are_still_there() -> None:
    async with running() as app, client(app, "market-data") as one, client(app, "token-data") as other:
        assert (await one.ask(type="heartbeat"))["type"] == "heartbeat_ack"
        assert (await other.ask(type="heartbeat"))["type"] == "heartbeat_ack"
