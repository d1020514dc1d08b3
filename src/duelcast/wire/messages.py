"""Base structs of all messages, and the types that commands share.

Messages contain no cycles, so the garbage collector need not track them (`gc=False`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

MAX_SAFE_INTEGER = 2**53 - 1

RequestId = Annotated[str, Meta(min_length=1, max_length=64, description="Returned in every direct answer.")]
# `(?!\n)` because `$` alone also matches before a line break at the end.
Symbol = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_$.\-]{1,32}(?!\n)$", description="1 to 32 of A-Z a-z 0-9 _ $ . -")]
SymbolOrAll = Annotated[
    str, Meta(pattern=r"^(\*|[A-Za-z0-9_$.\-]{1,32})(?!\n)$", description="1 to 32 of A-Z a-z 0-9 _ $ . -, or `*`")
]
ChannelName = Annotated[str, Meta(min_length=1, max_length=256, description="A channel or group name.")]
UuidText = Annotated[
    str,
    Meta(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?!\n)$", description="A UUID."),
]
Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""A time that the server sends: ISO-8601 in UTC with milliseconds."""
ClientTime = (
    Annotated[int, Meta(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)] | float | Annotated[str, Meta(max_length=64)]
)
"""The usual types of `timestamp`. A value of another type takes the slow path of `wire.decoding`, which ignores it
unless the command uses it."""


class Command(Struct, kw_only=True, gc=False, tag_field="type", forbid_unknown_fields=True, omit_defaults=True):
    """A message from a client. An absent optional field is `None`.

    `timestamp` is None on every command that does not set `uses_timestamp`. A command's `__post_init__` raises
    `errors.InvalidRequest` if fields contradict each other.
    """

    uses_timestamp: ClassVar[bool] = False
    """Whether this command uses `timestamp`; other commands accept any value and ignore it."""
    ignored_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that clients of earlier versions send, and that are ignored."""

    requestId: RequestId | None = None
    timestamp: ClientTime | None = None
    """The client's time; `pong` returns it, and other commands ignore it."""


class Event(Struct, kw_only=True, gc=False, tag_field="type", forbid_unknown_fields=True):
    """A message to a client, without `timestamp`, `requestId`, `channel` and `seq`, which are added on encoding.

    A field that may be missing has the default `UNSET`; an unknown value is `None` (JSON null).
    """

    has_own_timestamp: ClassVar[bool] = False
    """Whether `timestamp` is a field of the event itself; true only for `pong`."""
    names_positions: ClassVar[bool] = False
    """Whether the gateway fills in `positions` and `recovered` for the channels that the command joined."""


class Record(Struct, kw_only=True, gc=False, forbid_unknown_fields=True):
    """A part of an event (protocol §12)."""


class ErrorEvent(Event, tag="error"):
    """Says why a message had no effect, or why the connection ends (protocol §1.4)."""

    code: str
    """Says what is wrong, such as `INVALID_REQUEST`; the document lists all codes."""
    message: str
    """A sentence for people that says what to do."""
    field: str | UnsetType = UNSET
    """The path of the invalid field, such as `symbols[3]`; absent if no single field is to blame."""
    retryAfterMs: int | UnsetType = UNSET
    """The time after which the same request may succeed, in milliseconds."""
    errorId: str | UnsetType = UNSET
    """The id of the log entry about the defect; present with `INTERNAL_ERROR`."""
    scope: str | UnsetType = UNSET
    """The limit that was reached (`server`, `ip` or `user`); present with `TOO_MANY_CONNECTIONS`."""
    current: dict[str, Any] | UnsetType | None = UNSET
    """The stored setting that the change conflicts with; present with `VERSION_CONFLICT`, and null if nothing is
    stored."""
    commands: list[str] | UnsetType = UNSET
    """The commands that the service accepts; present with `INVALID_COMMAND`."""
    dependents: list[str] | UnsetType = UNSET
    """The services that depend on the service, at most 100; present with `DEPENDENCY_ERROR`."""


def message_type(message: type[Struct]) -> str:
    """The `type` of a command or event class."""
    tag = message.__struct_config__.tag
    assert isinstance(tag, str)
    return tag
