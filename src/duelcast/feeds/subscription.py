"""Tracks which requests each stream sent to a venue, and which of them the venue refused.

ccxt tracks neither, because all streams on a connection share its subscriptions. Each stream therefore runs in its own
task, whose context (`contextvars`) names its subscription; everything that ccxt sends and keeps in that context belongs
to the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import Any

from duelcast.feeds.venue_answers import request_id, words

_asking: ContextVar[Subscription | None] = ContextVar("asking", default=None)


class Refused(Exception):
    """The venue refused a subscription."""


class Subscription:
    """The subscription of one stream, which waits by awaiting `watch()`. `names` are the spellings of its pair;
    `on_asked` is called after each request to the venue."""

    def __init__(
        self, watch: Callable[[], Awaitable[object]], names: frozenset[str], on_asked: Callable[[], None]
    ) -> None:
        self.names = names
        self.request_id: str | None = None
        self.request_words: frozenset[str] = frozenset()
        self._watch = watch
        self._on_asked = on_asked
        self._client: Any = None
        self._keys: set[str] = set()
        self._waiting: asyncio.Task[Any] | None = None
        self._is_refused = False

    async def wait(self) -> None:
        """Return once the venue has sent something. Raises `Refused`, and whatever ccxt raises."""
        if self._take_refusal():
            raise Refused
        task = asyncio.current_task()
        assert task is not None
        asking = _asking.set(self)
        self._waiting = task
        try:
            await self._watch()
        except asyncio.CancelledError:
            # A refusal ends the wait by cancelling the task, which may also have been cancelled by somebody else.
            if self._take_refusal() and task.uncancel() == 0:
                raise Refused from None
            raise
        finally:
            self._waiting = None
            _asking.reset(asking)

    def refuse(self) -> None:
        """End the current wait, or else the next one, because the venue refused the subscription."""
        if not self._is_refused:
            self._is_refused = True
            if self._waiting is not None:
                self._waiting.cancel()

    def forget(self) -> None:
        """Let ccxt send the request again with the next `wait`."""
        if self._client is not None:
            for key in self._keys:
                self._client.subscriptions.pop(key, None)
        self._keys.clear()

    @property
    def is_open(self) -> bool:
        """Whether the request was sent over a connection that is still open, and was not refused."""
        return bool(self._keys) and not self._is_refused and not self._client.closed()

    def is_asked_over(self, client: Any) -> bool:
        """Whether the request was sent over the connection `client`."""
        return self._client is client

    def kept(self, client: Any, key: str) -> None:
        """Record that ccxt will not request `key` again over this connection."""
        if self._client is not client:
            self._client = client
            self._keys.clear()
        self._keys.add(key)

    def asked(self, client: Any, request: object) -> None:
        """Record that `request` was sent to the venue."""
        self._client = client
        self._is_refused = False
        self.request_id = request_id(request)
        self.request_words = words(request)
        self._on_asked()

    def _take_refusal(self) -> bool:
        was_refused, self._is_refused = self._is_refused, False
        return was_refused


class KeptSubscriptions(dict[str, Any]):
    """ccxt's subscriptions of one connection, each of which is reported to the stream that made it."""

    def __init__(self, client: Any) -> None:
        super().__init__(client.subscriptions)
        self._client = client

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        asking = _asking.get()
        if asking is not None:
            asking.kept(self._client, key)


def asking_now() -> Subscription | None:
    """The subscription on whose behalf ccxt acts in this context."""
    return _asking.get()


def on_behalf_of_nobody() -> None:
    """Let this task act for the whole connection from here on."""
    _asking.set(None)


def refused_by(answer: object, subscriptions: Iterable[Subscription]) -> list[Subscription]:
    """Those of `subscriptions` that the error `answer` is about; an empty list if the answer does not say. All
    `subscriptions` must use the connection over which the answer came.

    An error identifies a pair by the id of a request for only that pair, or by the name of the pair. In the second
    case, the error is about those of the pair's streams whose requests have the most words in common with the answer.
    """
    said, number = words(answer), request_id(answer)
    asked = list(subscriptions)
    numbered = [one for one in asked if number is not None and one.request_id == number]
    if len({one.names for one in numbered}) == 1:
        return numbered
    named = [one for one in asked if not said.isdisjoint(one.names)]
    in_common = max((len(said & one.request_words) for one in named), default=0)
    return [one for one in named if len(said & one.request_words) == in_common]
