"""HTTP requests across a link: the gateway's side looks like the HTTP API of the leader."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from duelcast.channels.log_reader import LogReader, NotApplied
from duelcast.channels.log_writer import LogWriter
from duelcast.channels.records import BEGINNING, EntryId
from duelcast.channels.shared_log import Fenced
from duelcast.cluster.calls import CallFailed, Methods, Peer
from duelcast.cluster.leader_link import LeaderLink
from duelcast.http.upstream import ForwardedAnswer, ForwardedRequest, Headers, Upstream

METHOD = "http"
PIECE_BYTES = 64 * 1024


class WireAnswer(Struct, array_like=True, frozen=True):
    """The first piece of a stream; the others are the pieces of the body that follow `body`. The answer depends on the
    entry `after`."""

    status: int
    headers: Headers
    after: EntryId
    body: bytes


class RequestServer:
    """The leader's side. The answer to a request that may have changed something leaves once the log has everything
    that it depends on; other answers do not wait, so that clients can read while the log is away."""

    def __init__(self, upstream: Upstream, writer: LogWriter) -> None:
        self._upstream = upstream
        self._writer = writer

    def add_to(self, methods: Methods) -> None:
        """Offer the requests."""
        methods.streaming[METHOD] = self._answer

    async def _answer(self, _peer: Peer, encoded: bytes) -> AsyncIterator[bytes]:
        request = _decode_request(encoded)
        answer = await self._upstream.answer(request)
        after = BEGINNING if request.is_safe else await self._logged()
        body = memoryview(answer.body)
        yield _encode(WireAnswer(answer.status, answer.headers, after, bytes(body[:PIECE_BYTES])))
        for begin in range(PIECE_BYTES, len(body), PIECE_BYTES):
            yield bytes(body[begin : begin + PIECE_BYTES])

    async def _logged(self) -> EntryId:
        after = self._writer.newest
        try:
            await self._writer.appended(after)
        except Fenced:
            raise CallFailed("The term of this leader is over.") from None
        return after


class RemoteApplication:
    """The gateway's side. An answer is handed over once the entry that it depends on is applied, so that no answer
    overtakes a push; it is handed over even so if this node cannot read the log."""

    def __init__(self, link: LeaderLink, reader: LogReader) -> None:
        self._link = link
        self._reader = reader

    async def answer(self, request: ForwardedRequest) -> ForwardedAnswer:
        """See `Upstream.answer`."""
        pieces = self._link.stream(METHOD, _encode(request), repeatable=request.is_safe)
        try:
            head = _decode_answer(await anext(pieces))
            with suppress(NotApplied):
                await self._reader.applied(head.after)
        except BaseException:
            await pieces.aclose()
            raise
        return ForwardedAnswer(head.status, head.headers, head.body, pieces)


_encode = msgspec.msgpack.Encoder().encode
_decode_request = msgspec.msgpack.Decoder(ForwardedRequest).decode
_decode_answer = msgspec.msgpack.Decoder(WireAnswer).decode

if TYPE_CHECKING:
    _conforms: type[Upstream] = RemoteApplication
