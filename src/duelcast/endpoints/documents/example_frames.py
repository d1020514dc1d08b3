"""The frames of the declared examples, as a server or a client sends them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from duelcast.endpoints.documents import examples
from duelcast.endpoints.documents.examples.story import NOW_S, Examples
from duelcast.endpoints.documents.messages import Form, Message
from duelcast.wire import frames
from duelcast.wire.messages import Command, Event

Frame = dict[str, Any]

_REQUEST_ID = "r1"
_LATEST_SEQ = int(NOW_S * 1_000_000)
"""*Latest* channels are numbered from the time of the server's start, in microseconds."""
_EVERY_SEQ = 43

_PUSHES = (Form.LATEST_PUSH, Form.EVERY_PUSH, Form.SNAPSHOT)


def example_frames(message: Message) -> list[Frame]:
    """The examples of `message`; empty if none is declared."""
    return [_frame(message, struct, channel) for struct, channel in _declared(message)]


def _declared(message: Message) -> Sequence[tuple[Struct, str]]:
    """The instances that are declared for `message`, each with the name of its channel if it is pushed."""
    said = [(struct, "") for each in all_examples() for struct in each.said if type(struct) is message.struct]
    pushed = [
        (struct, channel)
        for each in all_examples()
        for channel, structs in each.pushed.items()
        for struct in structs
        if type(struct) is message.struct
    ]
    return pushed if message.form in _PUSHES else said or pushed


@cache
def all_examples() -> Sequence[Examples]:
    """The examples that the files of `examples` declare."""
    return list(_modules())


def _modules() -> Iterator[Examples]:
    for module in pkgutil.iter_modules(examples.__path__):
        found = getattr(importlib.import_module(f"{examples.__name__}.{module.name}"), "EXAMPLES", None)
        if isinstance(found, Examples):
            yield found


def _frame(message: Message, struct: Struct, channel: str) -> Frame:
    if isinstance(struct, Command):
        encoded = frames.encode_value(struct)
        body = frames.with_request_id(encoded, _REQUEST_ID)
    else:
        assert isinstance(struct, Event)
        body = _event_body(message.form, struct, channel)
    frame: Frame = msgspec.json.decode(body)
    return {**frame, "type": message.type}


def _event_body(form: Form, event: Event, channel: str) -> bytes:
    if form in (Form.REPLY, Form.NOTICE):
        return frames.reply_body(event, NOW_S, _REQUEST_ID if form is Form.REPLY else None)
    seq = {Form.LATEST_PUSH: _LATEST_SEQ, Form.EVERY_PUSH: _EVERY_SEQ}.get(form)
    return frames.push_body(frames.encode_body(event, NOW_S), frames.channel_suffix(channel), seq)
