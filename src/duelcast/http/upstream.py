"""The port through which a node has the leader answer a request (a gateway's inbound side, RFC 9110, 3.7)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from msgspec import Struct

from duelcast.domain.accounts.claims import Claims

Headers = list[tuple[bytes, bytes]]


class ForwardedRequest(Struct, array_like=True, frozen=True):
    """A complete request, which the client's own node has limited and checked.

    `request_id` is the one that the client receives. `path` is without the prefix of a proxy, `address` is the client's
    own, behind all trusted proxies, and `claims` are those of the verified token, which is not in `headers`. A HEAD is
    forwarded as a GET that wants no body.
    """

    request_id: str
    method: str
    path: str
    query: bytes
    scheme: str
    address: str
    headers: Headers
    claims: Claims | None
    body: bytes
    wants_body: bool = True

    @property
    def is_safe(self) -> bool:
        """Whether the request changes nothing (RFC 9110, 9.2.1), so that it may be sent again."""
        return self.method in ("GET", "OPTIONS")


class ForwardedAnswer(Struct, frozen=True):
    """The answer to a request: `body` is followed by the pieces of `rest`, which the caller must close."""

    status: int
    headers: Headers
    body: bytes
    rest: AsyncGenerator[bytes, None]


class AnswerCutOff(Exception):
    """The leader was lost before the rest of an answer arrived."""


class Upstream(Protocol):
    """The node that runs the handlers."""

    async def answer(self, request: ForwardedRequest) -> ForwardedAnswer:
        """The answer to a request; its `rest` may raise `AnswerCutOff`.

        Raises `Unavailable` if there is no leader in time, and `OutcomeUnknown` if the leader was lost after the
        request had been sent, unless the request is safe: that is sent again.
        """


async def nothing_more() -> AsyncGenerator[bytes, None]:
    """The rest of an answer that is complete."""
    for piece in tuple[bytes, ...]():
        yield piece
