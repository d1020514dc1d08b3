"""The generated types of the Python client fit what a real server sent: the recorded conversations of each endpoint."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from types import FunctionType, ModuleType
from typing import Any, Union, get_args, get_type_hints

import msgspec
import pytest

from duelcast.client.generated import channels, common
from duelcast.client.generated.contract import ENDPOINTS
from duelcast.client.messages import Command, Message
from tests.e2e.transcript import GOLDEN
from tests.serving import Frame

PLACEHOLDERS: Frame = {
    "byEndpoint": {"contest": 1},
    "durationMs": 12.5,
    "failure_rate": 50.0,
    "latency_ms": 1.5,
    "messages": {"received": 1, "sent": 2, "perSecondIn": 0.5, "perSecondOut": 1.5},
    "metrics": {"calls": 3.0},
    "operations": {"total": 3, "successful": 2, "failed": 1, "rejected": 0},
    "performance": {"averageOperationTimeMs": 1.5, "lastOperationTimeMs": None, "p95OperationTimeMs": 2.5},
    "process": {"cpuPercent": 1.5, "memoryBytes": 1024, "eventLoopLagMs": 0.5},
    "seq": 7,
}
"""Values for the placeholders in the recordings, which stand for values that differ each time; other placeholders are
texts, as the values are."""

MODULES = {name: importlib.import_module(f"duelcast.client.generated.{name.replace('-', '_')}") for name in ENDPOINTS}


def restored(value: Any) -> Any:
    """`value` with values of the right type in place of placeholders."""
    if isinstance(value, list):
        return [restored(each) for each in value]
    if not isinstance(value, dict):
        return value
    known = PLACEHOLDERS | ({"id": 5} if "level" in value else {})  # errors have numbers as ids, alerts have texts
    return {
        name: known[name] if member == f"<{name}>" and name in known else restored(member)
        for name, member in value.items()
    }


def recording(endpoint: str) -> list[dict[str, Frame]]:
    lines = json.loads((GOLDEN / f"{endpoint.replace('-', '_')}.json").read_text())
    return [{speaker: restored(frame) for speaker, frame in line.items()} for line in lines]


def without_null(value: Any) -> Any:
    """`value` without members that are null: a client does not distinguish them from absent ones."""
    if isinstance(value, list):
        return [without_null(each) for each in value]
    if isinstance(value, dict):
        return {name: without_null(member) for name, member in value.items() if member is not None}
    return value


def commands_of(module: ModuleType) -> dict[str, type[Command[Any, Any]]]:
    """The commands of an endpoint by type; its own ones win over those that endpoints share."""
    found = [each for part in (common, module) for each in vars(part).values()]
    commands = (each for each in found if isinstance(each, type) and issubclass(each, Command) and each is not Command)
    return {str(command.__struct_config__.tag): command for command in commands}


def answers(lines: list[dict[str, Frame]]) -> Iterator[tuple[Frame, Frame]]:
    """Each command that has a `requestId`, with the first frame that returns it."""
    asked: dict[str, Frame] = {}
    for line in lines:
        if "client" in line:
            asked[line["client"].get("requestId", "")] = line["client"]
        elif line.get("server", {}).get("requestId") in asked:
            yield asked.pop(line["server"]["requestId"]), line["server"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_recorded_message_is_decoded_without_loss(endpoint: str) -> None:
    messages: dict[str, type[Message]] = MODULES[endpoint].MESSAGES
    decoder = msgspec.json.Decoder(Union[tuple(messages.values())])  # noqa: UP007 - the union is made at run time
    frames = [line["server"] for line in recording(endpoint) if "server" in line]
    assert len(frames) > 10
    for frame in frames:
        message = decoder.decode(msgspec.json.encode(frame | {"fromTheFuture": {"any": ["thing"]}}))
        assert type(message) is messages[frame["type"]]
        assert without_null(msgspec.to_builtins(message)) == without_null(frame)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_command_is_answered_with_the_declared_reply_or_an_error(endpoint: str) -> None:
    module = MODULES[endpoint]
    commands = commands_of(module)
    checked = set()
    for asked, answer in answers(recording(endpoint)):
        command = commands.get(asked.get("type", ""))
        if command is None or not asked.keys() - {"type"} <= set(command.__struct_fields__):
            continue  # unknown, deprecated or wrong
        reply = module.MESSAGES[answer["type"]]
        if not issubclass(reply, common.ErrorEvent):
            declared, takers = get_args(command.__orig_bases__[0])  # type: ignore[attr-defined]  # generic classes have it
            assert reply is declared
            assert takers is str or endpoint in get_args(takers)
            checked.add(command)
    assert checked


def declared_channels() -> dict[str, Any]:
    """The type of each constant by its name on the wire, and of what each function returns, by a pattern of names."""
    types = {str(vars(channels)[constant]): type_ for constant, type_ in get_type_hints(channels).items()}
    for each in vars(channels).values():
        if isinstance(each, FunctionType):
            hints = get_type_hints(each)
            types.setdefault(str(each(*"*" * (len(hints) - 1))), hints["return"])
    return types


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_channel_brings_the_declared_messages(endpoint: str) -> None:
    types = declared_channels()
    sent = [line["server"] for line in recording(endpoint) if "channel" in line.get("server", ())]
    messages = [message for message in sent if "subscription" not in message["type"]]
    assert messages
    for message in messages:
        name = message["channel"]
        pattern = name if name in types else next(pattern for pattern in types if fnmatchcase(name, pattern))
        takers, brought = get_args(types[pattern])
        assert endpoint in get_args(takers)
        kind = MODULES[endpoint].MESSAGES[message["type"]]
        assert kind in (get_args(brought) or (brought,)), name


def test_a_command_is_encoded_with_its_type_and_the_members_that_are_set() -> None:
    subscribe = common.Subscribe(channel="alerts", requestId="r1")
    assert json.loads(msgspec.json.encode(subscribe)) == {"type": "subscribe", "channel": "alerts", "requestId": "r1"}
