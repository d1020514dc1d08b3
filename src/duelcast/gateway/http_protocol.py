"""uvicorn's HTTP protocol, with limits and a deadline for each state that a connection can be in.

| state | ends after |
|---|---|
| the head of a request is arriving | `http_head_timeout_s` |
| the body of a request is arriving and being read | the time that `http.edge` allows |
| the answer is complete, but the request's body is not | `http_linger_timeout_s`, or `http_linger_max_bytes` |
| between two requests | `http_idle_timeout_s`, unless a request begins |
| an answer waits for the client to read it, even after a close | `http_write_timeout_s` without progress |

While a handler works, no deadline of the connection runs, because the handler has its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from duelcast.gateway.http_connections import HttpLimits, Place
from duelcast.gateway.refusals import RefusedRequest, answer_to, bad_request, head_too_large, not_http
from duelcast.sampling import LogSampler

MAX_HEAD_BYTES = 64 * 1024
"""The limit for a request line with its headers, and for anything else that is neither a body nor the start of a
chunk."""

FREE_CHUNKS = 1_000
"""This many chunks of a body may be of any size. A chunk costs the event loop as much time as 4 KiB of an unchunked
body."""

_quiet_logger = logging.getLogger("duelcast.http_protocol")
_quiet_logger.setLevel(logging.ERROR)


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. Every request that uvicorn's parser accepts is answered before the connection ends."""

    def __init__(self, *, limits: HttpLimits, place: Place, sampler: LogSampler, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        # A stranger must not be able to fill the log with warnings, one per malformed request.
        self.logger = _quiet_logger
        self._limits = limits
        self._place = place
        self._sampler = sampler
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._in_head = False
        self._in_request = False
        self._parsed = 0
        """Counts the heads, chunks, pieces of bodies and ends of requests that the parser has recognised."""
        self._unparsed_bytes = 0
        """Bytes that have arrived since the parser last recognised something."""
        self._lingering_bytes = 0
        self._chunks = 0
        self._body_bytes = 0
        """The size of the arriving body so far; `_chunks` counts its chunks."""
        self._refusal: RefusedRequest | None = None
        """The refusal after which nothing more is read; it is sent once the earlier requests are answered."""

    # ── from the transport ──────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)  # as uvicorn declares it
        super().connection_made(transport)
        # Makes the transport call `pause_writing` as soon as any byte is left unsent.
        transport.set_write_buffer_limits(high=0)
        self._read_within(self._limits.head_timeout_s, self._close)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        parsed = self._parsed
        super().data_received(data)
        self._unparsed_bytes = 0 if self._parsed != parsed else self._unparsed_bytes + len(data)
        if self._lingers:
            self._lingering_bytes += len(data)
        if self._unparsed_bytes > MAX_HEAD_BYTES:
            self._refuse(head_too_large())
        elif self._lingering_bytes > self._limits.linger_max_bytes:
            self._close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        super().resume_writing()
        _stop(self._writing)

    def connection_lost(self, exc: Exception | None) -> None:
        _stop(self._reading)
        _stop(self._writing)
        self._place.leave()
        super().connection_lost(exc)

    # ── from the parser: an exception refuses the request ───────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= self._limits.max_pipelined:
            raise self._refused(bad_request("Wait for answers before you send further requests."))
        super().on_message_begin()
        self._in_head = self._in_request = True
        self._chunks = self._body_bytes = 0
        self._read_within(self._limits.head_timeout_s, self._head_is_late)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            raise self._refused(bad_request("Send all headers before the body: trailers are not accepted."))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() and _asks_for_websocket(self.headers):
            raise self._refused(
                bad_request(
                    "A WebSocket must begin with the first request of a connection: an HTTP/1.1 GET in origin form, "
                    "with no body, and with nothing sent after it before the answer."
                )
            )
        super().on_headers_complete()
        self._parsed += 1
        self._in_head = False
        _stop(self._reading)

    def on_chunk_header(self) -> None:
        self._parsed += 1
        self._chunks += 1
        if (self._chunks - FREE_CHUNKS) * self._limits.chunk_min_bytes > self._body_bytes:
            raise self._refused(bad_request("Send the body in larger chunks, or with a Content-Length."))

    def on_body(self, body: bytes) -> None:
        self._parsed += 1
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._parsed += 1
        self._in_request = False
        super().on_message_complete()
        self._await_client()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal or not_http())

    def _unsupported_upgrade_warning(self) -> None:
        # For the parser, whatever follows is of the other protocol, so the connection ends after the answer.
        self.cycle.keep_alive = False

    # ── from uvicorn ────────────────────────────────────────────────────────────────────────────────────────────

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # Our own deadline replaces uvicorn's timer, because the next byte, whatever it is, would stop that timer.
        self._unset_keepalive_if_required()
        if self._refusal is not None and self._all_answered:
            self._end_with(self._refusal)
        self._await_client()

    # ── deadlines ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _all_answered(self) -> bool:
        return self._parsed == 0 or self.cycle.response_complete  # without a head there is no cycle

    @property
    def _lingers(self) -> bool:
        """Whether the body of an already answered request is still arriving."""
        return self._in_request and not self._in_head and self._all_answered

    def _await_client(self) -> None:
        """If everything is answered, give the client a deadline."""
        if not self._all_answered or self._in_head or self.transport.is_closing():
            return
        if self._in_request:
            self._lingering_bytes = 0
            self._read_within(self._limits.linger_timeout_s, self._close)
        else:
            self._read_within(self._limits.idle_timeout_s, self._close)

    def _read_within(self, seconds: float, otherwise: Callable[[], None]) -> None:
        _stop(self._reading)
        self._reading = self.loop.call_later(seconds, otherwise)

    def _head_is_late(self) -> None:
        self._refuse(RefusedRequest(HTTPStatus.REQUEST_TIMEOUT, "The head of the request took too long."))

    def _watch_writing(self) -> None:
        waiting_bytes = self.transport.get_write_buffer_size()
        self._writing = self.loop.call_later(self._limits.write_timeout_s, self._check_writing, waiting_bytes)

    def _check_writing(self, waited_bytes: int) -> None:
        taken_bytes = waited_bytes - self.transport.get_write_buffer_size()
        # Once everything is sent, `resume_writing` stops this timer.
        if taken_bytes < self._limits.write_min_bytes:
            self.transport.abort()
        else:
            self._watch_writing()

    # ── endings ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _close(self) -> None:
        """End the connection once the client has read what was written."""
        if not self.transport.is_closing():
            self.transport.close()

    def _refused(self, refusal: RefusedRequest) -> RefusedRequest:
        self._refusal = refusal
        return refusal

    def _refuse(self, refusal: RefusedRequest) -> None:
        """Read nothing more, and end with `refusal` once the earlier requests are answered."""
        self._refusal = refusal
        _stop(self._reading)
        own_body = self._in_request and not self._in_head
        if self._all_answered or (own_body and not self.pipeline and not self.cycle.response_started):
            self._end_with(refusal)
        elif own_body:
            self._close()

    def _end_with(self, refusal: RefusedRequest) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer_to(refusal, self._place.peer, self._sampler))
            self.transport.close()
        if not self._all_answered:
            self.cycle.disconnected = True


def _asks_for_websocket(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"upgrade" and b"websocket" in value.lower() for name, value in headers)


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
