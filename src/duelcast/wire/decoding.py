"""Strictly decodes messages into commands; a refusal says what is wrong.

Two paths lead to the same commands. The fast path is a single pass of msgspec into the union of the endpoint's structs.
If msgspec refuses the message, or may have been laxer than the contract, the slow path decides. It reads the whole
message, and every refusal that a client receives comes from the slow path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Union

import msgspec
from msgspec import inspect

from duelcast.errors import AppError, InvalidMessage, UnknownMessageType
from duelcast.wire.json_rules import (
    check_values,
    demand_few_values,
    has_more_values,
    is_shallow_and_small,
    is_text,
    parse_object,
    printable,
)
from duelcast.wire.messages import MAX_SAFE_INTEGER, Command, message_type
from duelcast.wire.refusals import invalid_request, nearest, unknown_field, unknown_name

_REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AppError)
_MAX_REQUEST_ID_CHARACTERS = 64
_BACKSLASH = ord("\\")
"""Searching for a number takes a fifth of the time that searching for a byte string of length 1 takes."""
_LONG_BYTES = 2_048
"""Messages up to this size are quick to refuse, whatever they contain."""
MAX_FAST_VALUES = 2_500
"""The fast path decodes at most this many values, which is more than any command needs. msgspec decodes a whole list
before it counts the members; the slow path counts first."""
_FEW_VALUES_BYTES = 2 * MAX_FAST_VALUES
"""A message of this size cannot have more values: each has at least one byte and a comma."""


class CommandDecoder:
    """Decodes the commands of one endpoint.

    `commands` maps each `type`, including old names, to its command class. `successors` maps each refused name to the
    name to send instead.
    """

    __slots__ = ("_commands", "_decode_fast", "_lax", "_successors", "_types")

    def __init__(self, commands: Mapping[str, type[Command]], successors: Mapping[str, str] | None = None) -> None:
        self._commands = dict(commands)
        self._successors = dict(successors or {})
        self._types = {command: message_type(command) for command in commands.values()}
        self._decode_fast: Callable[[bytes], Command] = msgspec.json.Decoder(Union[tuple(self._types)]).decode  # noqa: UP007  # `|` needs the members written out
        self._lax = {command for command in self._types if not is_as_strict_as_the_contract(command)}
        """The commands of which msgspec also accepts messages that are too deep or have integers that are too large."""

    def decode(self, data: bytes) -> Command:
        """Return the command in `data`, a JSON object in UTF-8.

        Raises `InvalidMessage`, `UnknownMessageType` or `InvalidRequest`. The error carries the `requestId` of the
        message if that is valid.
        """
        if len(data) > _FEW_VALUES_BYTES and has_more_values(data, MAX_FAST_VALUES):
            return self._decode_slowly(data)
        if _BACKSLASH in data and b"\\u0000" in data:
            return self._decode_slowly(data)
        decode = self._decode_fast  # a local name is called faster
        try:
            command = decode(data)
        except _REFUSALS:
            return self._decode_slowly(data)
        if type(command) in self._lax and not is_shallow_and_small(data):
            return self._decode_slowly(data)
        timestamp = command.timestamp
        if timestamp is not None:
            # msgspec reads an integer of more than 64 bits as a float.
            if type(timestamp) is float and not -MAX_SAFE_INTEGER <= timestamp <= MAX_SAFE_INTEGER:
                return self._decode_slowly(data)
            if not command.uses_timestamp:
                command.timestamp = None
        return command

    def _decode_slowly(self, data: bytes) -> Command:
        demand_few_values(data)
        if len(data) > _LONG_BYTES:
            data = self._shortened(data)
        message = parse_object(data)
        try:
            return self._convert(message)
        except AppError as refusal:
            refusal.request_id = _request_id(message.get("requestId"))
            raise

    def _shortened(self, data: bytes) -> bytes:
        """Remove the client's own fields (those that begin with `_`) from a long message. Their content is not parsed,
        because that may take long.

        Raises `UnknownMessageType`, or `InvalidRequest` for the first field that the command does not have.
        """
        try:
            head = _decode_head(data)
        except _REFUSALS:
            return data  # the parser will say what is wrong
        if not isinstance(head.type, str):
            return data
        try:
            return self._without_own(head.type, data)
        except AppError as refusal:
            refusal.request_id = _request_id(head.requestId)
            raise
        except _REFUSALS:
            return data

    def _without_own(self, name: str, data: bytes) -> bytes:
        command = self._commands.get(name)
        if command is None:
            raise self._unknown(name)
        unknown = _first_unknown(command, data)
        if unknown is None:
            return data
        if not unknown.startswith("_"):
            raise unknown_field(command, unknown)
        values = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        values = {key: value for key, value in values.items() if not key.startswith("_")}
        members = _members(command).type.__struct_fields__
        unknown = next((key for key in values if key not in members), None)
        if unknown is not None:
            raise unknown_field(command, unknown)
        return msgspec.json.encode(values)

    def _convert(self, message: dict[str, Any]) -> Command:
        name = message.get("type")
        if not isinstance(name, str):
            hint = ", not in `action`" if "action" in message else ""
            raise InvalidMessage(f"Name the command in the string `type`{hint}.")
        fields = {key: value for key, value in message.items() if not key.startswith("_")}
        check_values(fields)
        command = self._commands.get(name)
        if command is None:
            raise self._unknown(name)
        fields["type"] = self._types[command]
        if not command.uses_timestamp:
            fields.pop("timestamp", None)
        for ignored in command.ignored_fields:
            fields.pop(ignored, None)
        try:
            return msgspec.convert(fields, command)
        except msgspec.ValidationError as error:
            raise invalid_request(command, error) from None

    def _unknown(self, name: str) -> UnknownMessageType:
        shown = printable(name)
        sentence = f"There is no message type `{shown}` on this endpoint."
        if successor := self._successors.get(name):
            return UnknownMessageType(f"{sentence} Its successor is `{successor}`.")
        near = nearest(shown, self._commands)
        if near is None:
            return UnknownMessageType(sentence)
        return UnknownMessageType(f"{sentence} Did you mean `{self._types[self._commands[near]]}`?")


class _Head(msgspec.Struct):
    type: Any = None
    requestId: Any = None


_decode_head = msgspec.json.Decoder(_Head).decode


@cache
def _members(command: type[Command]) -> msgspec.json.Decoder[Any]:
    """A decoder that checks the field names of a message without decoding their values."""
    names = dict.fromkeys(("type", *command.__struct_encode_fields__, *command.ignored_fields))
    fields = [(name, msgspec.Raw, msgspec.field(default=msgspec.Raw())) for name in names]
    return msgspec.json.Decoder(msgspec.defstruct("Members", fields, forbid_unknown_fields=True))


def _first_unknown(command: type[Command], data: bytes) -> str | None:
    """The first field in `data` that the command does not have."""
    try:
        _members(command).decode(data)
    except msgspec.ValidationError as error:
        return unknown_name(error)
    return None


def _request_id(sent: object) -> str | None:
    if isinstance(sent, str) and 1 <= len(sent) <= _MAX_REQUEST_ID_CHARACTERS and is_text(sent):
        return sent
    return None


@cache
def is_as_strict_as_the_contract(command: type[Command]) -> bool:
    """Whether msgspec, when it decodes `command`, refuses everything that protocol §1.1 refuses, except U+0000 and a
    huge `timestamp`.

    A free-form field, or a struct that contains itself, may be nested to any depth. A free-form field, a float, or an
    integer without bounds accepts integers beyond ±(2^53 − 1). If a command has no such fields, a message that msgspec
    accepts needs no further check.
    """
    declared = inspect.type_info(command)
    assert isinstance(declared, inspect.StructType)
    return all(_is_strict(field.type, ()) for field in declared.fields if field.name != "timestamp")


def _is_strict(declared: inspect.Type, inside: tuple[type, ...]) -> bool:
    match declared:
        case inspect.StrType() | inspect.BoolType() | inspect.NoneType() | inspect.LiteralType() | inspect.EnumType():
            return True
        case inspect.UUIDType():
            return True
        case inspect.IntType(ge=low, le=high):
            return low is not None and low >= -MAX_SAFE_INTEGER and high is not None and high <= MAX_SAFE_INTEGER
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return _is_strict(item, inside)
        case inspect.UnionType(types=types):
            return all(_is_strict(each, inside) for each in types)
        case inspect.Metadata(type=plain):
            return _is_strict(plain, inside)
        case inspect.StructType(cls=cls, fields=fields):
            # A struct that contains itself can be nested to any depth.
            return cls not in inside and all(_is_strict(each.type, (*inside, cls)) for each in fields)
    return False
