"""The members of server messages that the core reads. Everything else is left to the types of the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ..generated.contract import RETRIABLE

DecodeFailed = (msgspec.DecodeError, RecursionError, UnicodeError)
"""Decoding raises these for text that is not a message of the expected shape."""

_OWN_RETRIABLE = frozenset({"TIMEOUT", "TOO_MANY_REQUESTS"})

T = TypeVar("T")


class Head(Struct, gc=False):
    """The members that any message may have."""

    type: str
    channel: str | None = None
    seq: int | None = None
    requestId: str | None = None
    positions: dict[str, int] | None = None


class Limits(Struct):
    maxMessageBytes: int | None = None


class Established(Struct):
    """`connection_established`. Members that servers of earlier contracts lack are optional."""

    epoch: str
    timestamp: str | None = None
    expiresAt: str | None = None
    heartbeatIntervalMs: int | None = None
    limits: Limits | None = None
    positions: dict[str, int] | None = None


class Identity(Struct):
    """The user of a connection."""

    wallet_address: str | None = None


class AuthSuccess(Struct):
    """`auth_success`"""

    user: Identity | None = None
    timestamp: str | None = None
    expiresAt: str | None = None


class Confirmed(Struct):
    """`subscription_confirmed`. `seq` is null for a group."""

    channel: str
    epoch: str
    kind: str | None = None
    seq: int | None = None
    recovered: bool | None = None


class Ended(Struct):
    """`unsubscription_confirmed`. `reason` is present if the server itself ended the subscription."""

    channel: str
    reason: str | None = None


class RoomJoined(Struct):
    """`contest_room_joined`"""

    contestId: int
    recovered: bool | None = None


class Pong(Struct):
    """`pong`"""

    serverTime: str | None = None


class Error(Struct):
    """`error` or `ERROR`"""

    code: str
    message: str | None = None
    field: str | None = None
    retryAfterMs: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request, or joining a channel, failed. `code` is one of the server, or one that the client itself gives:
    `ABORTED`, `CLOSED`, `EVENT_DROPPED`, `MESSAGE_TOO_BIG`, `OUTCOME_UNKNOWN`, `PERMISSION_DENIED`, `REFUSED`,
    `TIMEOUT`, `TOO_MANY_REQUESTS`, `UNAUTHORIZED` or `UNKNOWN_REPLY`."""

    code: str
    message: str
    field: str | None = None
    retry_after_ms: int | None = None

    @property
    def retriable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.retry_after_ms is not None or self.code in RETRIABLE or self.code in _OWN_RETRIABLE

    @classmethod
    def of(cls, error: Error) -> Failure:
        return cls(error.code, error.message or error.code, error.field, error.retryAfterMs)


@dataclass(frozen=True, slots=True)
class Frame:
    """A message of the server as it arrived, with its head."""

    head: Head
    text: str

    def json(self) -> dict[str, Any]:
        """The whole message. Raises one of `DecodeFailed`."""
        return msgspec.json.decode(self.text, type=dict[str, Any])


_HEAD = msgspec.json.Decoder(Head)


def frame_of(text: str) -> Frame | None:
    """The frame of a text; None if it is not a message."""
    try:
        return Frame(_HEAD.decode(text), text)
    except DecodeFailed:
        return None


def read(text: str, kind: type[T]) -> T | None:
    """`text` as `kind`; None if it has another shape."""
    try:
        return msgspec.json.decode(text, type=kind)
    except DecodeFailed:
        return None
