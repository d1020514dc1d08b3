"""Base classes of the generated types.

Structs are frozen, so that several tasks may share a message. Messages contain no cycles, so the garbage collector need
not track them (`gc=False`). Members that this version does not know are ignored.
"""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct


class Record(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A part of a message. A member that is absent is None."""


class Message(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag_field="type"):
    """A message of the server. A member that is absent is None.

    `requestId` is that of the command that the message answers. A message of a channel has `channel` and, unless it is
    part of a snapshot without numbers, `seq`.
    """

    requestId: str | None = None
    channel: str | None = None
    seq: int | None = None


R = TypeVar("R", bound=Message, covariant=True)
E = TypeVar("E", bound=str, contravariant=True)
"""The names of the endpoints that accept something."""


class Command(Struct, Generic[R, E], frozen=True, kw_only=True, gc=False, omit_defaults=True, tag_field="type"):
    """A message of the client to an endpoint in `E`, which answers with an `R` or with an error. None leaves a member
    out.

    The client sets `requestId`, which the answer returns.
    """

    requestId: str | None = None


M = TypeVar("M", bound=Message, covariant=True)


class Channel(str, Generic[E, M]):
    """The name of a channel or group of an endpoint in `E`, which brings messages `M`.

    `channels` has all that are known. The type of any other name is `Channel[Any, Any]`.
    """

    __slots__ = ()

    def __new__(cls, name: str) -> Channel[Any, Any]:
        return super().__new__(cls, name)


A = TypeVar("A", covariant=True)


class Operation(Struct, Generic[A], frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A request of the HTTP API, which is answered with an `A`. None leaves a parameter out.

    Apart from `body` and `Idempotency-Key`, which is a header, the members are parameters: those that `path` has in
    braces are part of it, and the others belong to the query. `response` is `A` at run time.
    """

    method: ClassVar[str]
    path: ClassVar[str]
    response: ClassVar[Any]
