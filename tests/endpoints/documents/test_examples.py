"""Every message has an example, which could be a frame of a real conversation."""

from __future__ import annotations

import msgspec
import pytest

from duelcast.endpoints.documents import messages
from duelcast.endpoints.documents.example_frames import all_examples, example_frames
from duelcast.endpoints.documents.messages import Form, Message, all_messages
from duelcast.endpoints.documents.schemas import Schemas
from duelcast.endpoints.kit import Endpoint
from duelcast.endpoints.registry import find_endpoints
from duelcast.wire.decoding import CommandDecoder
from duelcast.wire.messages import Command, message_type
from duelcast.wire.timestamps import format_time
from tests.e2e.contest.contest_room import ADMIN, Stage, stage
from tests.endpoints.documents.described import Document
from tests.endpoints.documents.real_frames import RealFrames
from tests.serving import Frame, client

ENDPOINTS = sorted(find_endpoints().values(), key=lambda endpoint: endpoint.name)
MESSAGES = list(dict.fromkeys(message for endpoint in ENDPOINTS for message in all_messages(endpoint)))
SCHEMAS = Schemas(MESSAGES)
DOCUMENT = Document(ENDPOINTS)


def name_of(message: Message) -> str:
    return SCHEMAS.name(message)


# ── examples ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_message_in_the_document_has_examples(endpoint: Endpoint) -> None:
    assert not [key for key, message in DOCUMENT.messages(endpoint.name).items() if not message.get("examples")]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_an_example_is_valid_by_the_schema_of_its_message_and_of_no_other(endpoint: Endpoint) -> None:
    for key, message in DOCUMENT.messages(endpoint.name).items():
        for example in message["examples"]:
            assert DOCUMENT.keys_of(endpoint.name, example["payload"]) == [key]


@pytest.mark.parametrize("message", MESSAGES, ids=name_of)
def test_an_example_is_decoded(message: Message) -> None:
    for frame in example_frames(message):
        if issubclass(message.struct, Command):
            decoded: object = CommandDecoder({message.type: message.struct}).decode(msgspec.json.encode(frame))
        else:
            own = {name: value for name, value in frame.items() if name in message.struct.__struct_encode_fields__}
            decoded = msgspec.convert({**own, "type": message_type(message.struct)}, message.struct)
        assert type(decoded) is message.struct


def test_every_declared_example_is_one_of_a_message() -> None:
    structs = {message.struct for message in MESSAGES}
    assert not [struct for each in all_examples() for struct in each.said if type(struct) not in structs]
    pushes = {
        (rule.family, message.struct)
        for endpoint in ENDPOINTS
        for rule in endpoint.access_rules.values()
        for message in messages.pushes(rule)
    }
    for each in all_examples():
        for channel, events in each.pushed.items():
            families = {
                family for family, _ in pushes if family.match(channel) is not None or family.group_named(channel)
            }
            assert not [event for event in events if not pushes & {(family, type(event)) for family in families}]


# ── real frames ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_example_has_the_shape_of_real_frames() -> None:
    real = RealFrames(SCHEMAS)
    for endpoint in ENDPOINTS:
        real.take_golden(endpoint)
    for name, frames in (await what_no_recording_has()).items():
        real.take(find_endpoints()[f"/api/v69/ws/{name}"], frames)
    sent = [message for message in MESSAGES if message.form is not Form.COMMAND]
    assert not [name_of(message) for message in sent if message not in real.messages]
    assert not [
        f"{name_of(message)}: {difference}"
        for message in sent
        for example in example_frames(message)
        for difference in real.differences(message, example)
    ]


async def what_no_recording_has() -> dict[str, list[Frame]]:
    """Frames by endpoint, of an evening in which a service fails and a contest ends."""
    heard: dict[str, list[Frame]] = {}
    async with stage() as arena:
        await talk_of_a_room(arena, heard)
        await arena.do("PUT", "/tokens/SOL", {"name": "Solana", "address": "a", "decimals": 9, "websites": WEBSITES})
        await arena.do("PUT", "/services/wallet", {"kind": "reported", "layer": "wallet", "silentAfterMs": 60_000})
        await arena.do("POST", "/services/wallet/operations", [{"ok": False, "durationMs": 3}] * 5)
        await arena.pass_time(30)
        await talk_of_operators(arena, heard)
    return heard


WEBSITES = [{"label": "Website", "url": "https://example.org"}]


async def talk_of_operators(arena: Stage, heard: dict[str, list[Frame]]) -> None:
    for name in ("analytics", "circuit-breaker", "skyduel", "monitor", "token-data", "system-settings"):
        async with client(arena.app, name, token=arena.token(ADMIN), greeted=False) as admin:
            frames = heard[name] = await admin.receive_until(type="connection_established")
            if name == "system-settings":
                await admin.send(type="subscribe_setting", key="chat.max_characters")
                until = format_time(arena.clock.time() + 600)
                await admin.send(type="update_setting", key="maintenance_mode", value={"enabled": True, "until": until})
                frames += await admin.drain()
            if name == "circuit-breaker":
                await admin.send(type="subscribe:service", service="wallet")
                frames += await admin.drain()
    async with client(arena.app, "monitor", token=arena.token(ADMIN), greeted=False) as admin:
        await admin.send(type="get_maintenance_status")
        await admin.send(type="get_service_status", service="store")
        heard["monitor"] += await admin.drain()


async def talk_of_a_room(arena: Stage, heard: dict[str, list[Frame]]) -> None:
    contest = await arena.contest(starts_in_s=10, lasts_s=60)
    async with arena.socket("ann") as ann:
        await ann.send(type="get_all_contests")
        await ann.send(type="join_contest_room", contestId=contest)
        await ann.send(type="send_chat_message", contestId=contest, text="hello")
        await ann.send(type="subscribe", channel=f"chat.{contest}")
        await ann.send(type="join_contest_room", contestId=contest, since={"epoch": ann.epoch, "seq": 0})
        heard["contest"] = await ann.drain()
    await arena.act(contest, "cancel", reason="Rain.")
    await arena.clock.jump(24 * 3600 - 10)
    async with arena.socket() as visitor:
        await visitor.send(type="get_all_contests")
        heard["contest"] += await visitor.drain()
        await arena.pass_time(12)
        heard["contest"] += await visitor.drain()
