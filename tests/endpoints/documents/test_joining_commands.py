"""Commands join and leave the channels that the document says, shown with their examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from duelcast.endpoints.documents.examples.story import ADA
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.contest.contest_room import ADMIN, Stage, stage
from tests.endpoints.documents.described import Document
from tests.serving import Client, Frame, client

ENDPOINTS = sorted(find_endpoints().values(), key=lambda endpoint: endpoint.name)
DOCUMENT = Document(ENDPOINTS)
OPERATIONS = {
    (endpoint.name, name): DOCUMENT.root["operations"][f"{endpoint.name}.{name.replace(':', '_')}"]
    for endpoint in ENDPOINTS
    for name in endpoint.commands
}
JOINING = [place for place, operation in OPERATIONS.items() if operation["x-joins"]]
LEAVING = [place for place, operation in OPERATIONS.items() if operation["x-leaves"]]


def named(templates: list[str], command: Frame, wallet: str) -> set[str]:
    """The names that templates stand for, as a client makes them."""
    return {name for template in templates for name in filled(template, {"wallet": wallet} | command)}


def filled(template: str, fields: Frame) -> Iterator[str]:
    found = re.search(r"\{(\w+)\}", template)
    if found is None:
        yield template
        return
    value = fields.get(found[1], [])
    for one in value if isinstance(value, list) else [value]:
        name = one["channel"] if isinstance(one, dict) else str(one)
        yield from filled(template.replace(found[0], name), fields)


@pytest.mark.parametrize(("endpoint", "name"), [*JOINING, *LEAVING], ids="-".join)
def test_a_template_has_the_form_of_a_channel_of_the_endpoint_and_names_fields_of_the_command(
    endpoint: str, name: str
) -> None:
    operation = OPERATIONS[endpoint, name]
    schema = DOCUMENT.resolve(DOCUMENT.messages(endpoint)[name.replace(":", "_")]["payload"]["$ref"])
    rows = DOCUMENT.root["channels"][endpoint]["x-channels"]
    forms = {re.sub(r"\{\w+\}|\*", "?", form) for row in rows for form in (row["name"], row["group"]) if form}
    for template in [*operation["x-joins"], *operation["x-leaves"]]:
        assert set(re.findall(r"\{(\w+)\}", template)) <= schema["properties"].keys() | {"wallet"}
        assert template in ("{channel}", "{channels}") or re.sub(r"\{\w+\}|\*", "?", template) in forms


async def prepare(arena: Stage) -> None:
    """Make what the examples name: contest 2 with Ada, a service in the layer wallet, an event with a metric."""
    await arena.do("PUT", "/services/wallet", {"kind": "reported", "layer": "wallet", "silentAfterMs": 60_000})
    assert [await arena.contest(), await arena.contest()] == [1, 2]
    await arena.enter(2, ADA)
    async with client(arena.app, "analytics", token=arena.token(ADMIN)) as admin:
        await admin.ask(type="track_event", event="contest.view")


CHANNELS: dict[str, list[Any]] = {
    "analytics": ["analytics.dashboard", {"channel": "analytics.metric.event:contest.view"}],
    "circuit-breaker": ["services", {"channel": "layer.wallet"}],
    "contest": [
        *("public.contests", "contest.1", "leaderboard.1", f"participant.{ADMIN}.1", "participant.ann.2"),
        *("contest.2", "presence.2", "chat.2", {"channel": "leaderboard.2"}, f"participant.{ADMIN}.2"),
    ],
    "market-data": ["market.SOL", "metadata.SOL", "market.BTC", {"channel": "metadata.BTC"}],
    "monitor": ["public.status"],
    "notifications": ["system.announcements"],
    "skyduel": ["skyduel.*"],
    "system-settings": ["setting.chat.max_characters", {"channel": "category.market"}],
    "token-data": ["market.SOL", "token.SOL", "market.BTC", {"channel": "token.BTC"}],
}
"""Channels that a client follows before it leaves some of them."""


def examples(endpoint: str, name: str) -> list[Frame]:
    """The examples of a command; those of `subscribe` and `unsubscribe` are for another endpoint."""
    if name in ("subscribe", "unsubscribe"):
        return [{"type": name, "channels": CHANNELS[endpoint]}, {"type": name, "channel": CHANNELS[endpoint][0]}]
    found = DOCUMENT.messages(endpoint)[name.replace(":", "_")]["examples"]
    return [example["payload"] for example in found]


async def held(admin: Client) -> set[str]:
    await admin.drain()
    return {row["channel"] for row in (await admin.ask(type="get_subscriptions"))["data"]}


@pytest.mark.parametrize("endpoint", [endpoint.name for endpoint in ENDPOINTS])
async def test_commands_join_and_leave_what_the_document_says(endpoint: str) -> None:
    async with stage() as arena:
        await prepare(arena)
        for name in (name for place, name in dict.fromkeys(JOINING + LEAVING) if place == endpoint):
            for command in examples(endpoint, name):
                async with client(arena.app, endpoint, token=arena.token(ADMIN)) as admin:
                    await check(admin, OPERATIONS[endpoint, name], command, CHANNELS[endpoint])


async def check(admin: Client, operation: dict[str, Any], command: Frame, channels: list[Any]) -> None:
    joined, left = (named(operation[name], command, ADMIN) for name in ("x-joins", "x-leaves"))
    if left and command["type"] != "get_all_tokens":
        await admin.send(type="subscribe", channels=channels)
        if command["type"] == "unsubscribe_category":
            await admin.send(type="subscribe", channel="category.chat")
    before = await held(admin)
    assert (await admin.ask(**command))["type"] not in ("error", "ERROR")
    after = await held(admin)
    assert after - before == joined - before, command
    assert before - after == {each for each in before if any(fnmatchcase(each, pattern) for pattern in left)}, command
    assert joined | (before - after), command
