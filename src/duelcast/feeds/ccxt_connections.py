"""Makes ccxt's connections treat each stream separately, instead of all together.

This is the only file that reaches into `ccxt.async_support.base.ws.client.Client`, which is why ccxt's version is
bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from duelcast.feeds.subscription import KeptSubscriptions, Subscription, asking_now, on_behalf_of_nobody, refused_by
from duelcast.feeds.venue_answers import is_error

_log = structlog.get_logger()

Exchange = Any
"""An instance of a class of `ccxt.pro`, which has no usable type annotations."""


def guard_connections(exchange: Exchange, venue: str, subscriptions: Sequence[Subscription]) -> None:
    """Let an error that names a pair fail only the `subscriptions` of that pair, and skip frames that ccxt cannot read.

    By itself, ccxt fails everybody who waits on the connection, or nobody. After a frame that it cannot read, it stops
    reading the connection, and asyncio logs the error with its text.
    """
    make_client = exchange.client
    unreadable = _Unreadable(venue)

    def make_guarded_client(url: str) -> Any:
        is_new = url not in (exchange.clients or {})
        client = make_client(url)
        if is_new:
            _guard(client, subscriptions, unreadable)
        return client

    exchange.client = make_guarded_client


def _guard(client: Any, subscriptions: Sequence[Subscription], unreadable: _Unreadable) -> None:
    opening, sending, reading, failing = client.open, client.send, client.on_message_callback, client.reject
    decoding = client.handle_text_or_binary_message
    is_answer_to_nobody = False

    async def open_for_all(*arguments: Any, **options: Any) -> None:
        # The connection's pings and reader must not act on behalf of the stream that happens to dial.
        on_behalf_of_nobody()
        await opening(*arguments, **options)

    async def send(message: Any) -> None:
        asking = asking_now()
        await sending(message)
        if asking is not None:
            asking.asked(client, message)

    def read(of_client: Any, message: Any) -> None:
        nonlocal is_answer_to_nobody
        if not is_error(message):
            reading(of_client, message)
            return
        refused = refused_by(message, (one for one in subscriptions if one.is_asked_over(client)))
        for one in refused:
            one.refuse()
        if not refused:
            unreadable.count("an error")
            is_answer_to_nobody = True
            try:
                reading(of_client, message)
            finally:
                is_answer_to_nobody = False

    def reject(error: Any, message_hash: str | None = None) -> Any:
        # An error that names no pair leaves the connection open, so that the other streams keep reading.
        if message_hash is None and is_answer_to_nobody and client.error is None:
            return error
        return failing(error, message_hash)

    def decode(data: Any) -> None:
        try:
            decoding(data)
        except Exception as error:
            unreadable.count(type(error).__name__)

    client.subscriptions = KeptSubscriptions(client)
    client.open, client.send, client.reject = open_for_all, send, reject
    client.on_message_callback, client.handle_text_or_binary_message = read, decode


class _Unreadable:
    """Counts the frames of a venue that could not be read, and logs the 1st, 2nd, 4th, 8th and so on with the count so
    far, so that a venue that sends nothing else cannot flood the log."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._frames = 0

    def count(self, kind: str) -> None:
        self._frames += 1
        if self._frames & (self._frames - 1) == 0:
            _log.warning("exchange_frames_unreadable", venue=self._venue, frames=self._frames, error_type=kind)
