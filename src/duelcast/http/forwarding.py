"""Has the leader answer the requests that a gateway has checked, and passes its answers on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress

from litestar.types import Receive, Send
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from duelcast.errors import InvalidMessage, Unavailable
from duelcast.http.callers import AnyRequest, caller_of, client_of
from duelcast.http.upstream import AnswerCutOff, ForwardedAnswer, ForwardedRequest, Upstream
from duelcast.peers.addresses import Network

RETRY_MS = 1_000
WATCHED_AFTER_S = 0.05
"""Most requests are answered sooner, so that watching their clients would be wasted effort."""
_KEPT_BACK = frozenset({b"authorization", b"cookie", b"x-forwarded-for"})
"""Headers that the leader has no use for, because it receives the claims and the address that they stand for."""


class Forwarding:
    """Forwards requests to `upstream`. At most `max_waiting` requests wait until their answer begins."""

    def __init__(self, upstream: Upstream, trusted_proxies: Sequence[Network], *, max_waiting: int) -> None:
        self._upstream = upstream
        self._trusted_proxies = trusted_proxies
        self._max_waiting = max_waiting
        self._waiting = 0
        self._refused = 0
        self._cut_off = 0

    async def __call__(self, request: AnyRequest, receive: Receive, send: Send) -> None:
        """Answer a request whose body has arrived. Raises as `Upstream.answer` does, as long as nothing was sent.

        If the client disconnects, a safe request is given up, unless it has a body; any other is run to its end, as on
        a single node.
        """
        forwarded = await self._forwarded(request)
        if not forwarded.is_safe or _announces_body(request):
            await self._answer(forwarded, send)
            return
        async with _until_disconnected(receive):
            await self._answer(forwarded, send)

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily(
            "duelcast_http_forwarded_waiting", "HTTP requests that wait for the leader's answer.", self._waiting
        )
        yield CounterMetricFamily(
            "duelcast_http_forwarded_refused",
            "HTTP requests refused because too many were waiting for the leader.",
            self._refused,
        )
        yield CounterMetricFamily(
            "duelcast_http_forwarded_cut_off", "Answers that ended early because the leader was lost.", self._cut_off
        )

    async def _forwarded(self, request: AnyRequest) -> ForwardedRequest:
        scope = request.scope
        has_body = request.route_handler.parsed_data_field is not None
        return ForwardedRequest(
            request_id=scope["state"]["request_id"],
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"],
            scheme=scope["scheme"],
            address=client_of(request, self._trusted_proxies),
            headers=[header for header in scope["headers"] if header[0] not in _KEPT_BACK],
            claims=caller_of(request).claims,
            body=await request.body() if has_body else b"",
            wants_body=scope["state"]["wants_body"],
        )

    async def _answer(self, request: ForwardedRequest, send: Send) -> None:
        answer = await self._wait_for_answer(request)
        async with aclosing(answer.rest):
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            try:
                await _send_body(answer, send)
            except AnswerCutOff:
                # The connection ends, because the answer is shorter than its head says.
                self._cut_off += 1

    async def _wait_for_answer(self, request: ForwardedRequest) -> ForwardedAnswer:
        if self._waiting >= self._max_waiting:
            self._refused += 1
            raise Unavailable(
                "Too many requests are waiting for the leader; nothing was changed. Try again.", retry_after_ms=RETRY_MS
            )
        self._waiting += 1
        try:
            return await self._upstream.answer(request)
        finally:
            self._waiting -= 1


async def _send_body(answer: ForwardedAnswer, send: Send) -> None:
    body = answer.body
    async for piece in answer.rest:
        await send({"type": "http.response.body", "body": body, "more_body": True})
        body = piece
    await send({"type": "http.response.body", "body": body, "more_body": False})


@asynccontextmanager
async def _until_disconnected(receive: Receive) -> AsyncIterator[None]:
    """Ends the block early, and without an exception, if the client of a request without a body disconnects."""
    loop = asyncio.get_running_loop()
    limit = asyncio.timeout(None)
    watching: asyncio.Task[None] | None = None

    async def watch() -> None:
        # The exception means that the client disconnected before this began.
        with suppress(InvalidMessage):
            while (await receive())["type"] != "http.disconnect":
                pass
        limit.reschedule(loop.time())

    def begin() -> None:
        nonlocal watching
        watching = loop.create_task(watch())

    beginning = loop.call_later(WATCHED_AFTER_S, begin)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
    finally:
        beginning.cancel()
        if watching is not None:
            watching.cancel()


def _announces_body(request: AnyRequest) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers
