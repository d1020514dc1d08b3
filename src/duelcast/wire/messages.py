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
    """Says why a message had no effect, or why the connection ends (protocol §1.4).

    `field` is the path of the invalid field. `errorId` is the id of the defect's log entry. `scope` is the limit that
    was reached (`server`, `ip` or `user`). `current` is the stored setting that a change conflicts with. `commands` are
    the commands that the service accepts, and `dependents` are the services that depend on the service.
    """

    code: str
    message: str
    field: str | UnsetType = UNSET
    retryAfterMs: int | UnsetType = UNSET
    errorId: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    current: dict[str, Any] | UnsetType | None = UNSET
    commands: list[str] | UnsetType = UNSET
    dependents: list[str] | UnsetType = UNSET


def message_type(message: type[Struct]) -> str:
    """The `type` of a command or event class."""
    tag = message.__struct_config__.tag
    assert isinstance(tag, str)
    return tag
