"""Requests to an endpoint, and its channels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast, overload

import msgspec

from .core.frames import Failure, Frame
from .core.requests import DEFAULT_TIMEOUT_MS, Request
from .core.stores.channel import Pushes
from .driver import Driver
from .errors import error_of
from .messages import Channel, Command, Message
from .streams import Every, Stream
from .types import message_of
from .wish import Wish

E = TypeVar("E", bound=str, covariant=True)
R = TypeVar("R", bound=Message)
M = TypeVar("M", bound=Message)
A = TypeVar("A", bound=Message)

DEFAULT_TIMEOUT_S = DEFAULT_TIMEOUT_MS / 1000
DEFAULT_MAXSIZE = 1_000


class Endpoint(Generic[E]):
    """The endpoint of the server with the name `E`. It is connected while something is requested or followed there."""

    def __init__(self, driver: Driver, name: E) -> None:
        self.name: E = name
        self._driver = driver

    async def request(self, command: Command[R, E], *, timeout: float | None = DEFAULT_TIMEOUT_S) -> R:
        """Send a command and return its answer. `timeout` is in seconds.

        A command that may be repeated is repeated after a lost connection. Raises `RequestFailed` if the server refuses
        it, or cannot be reached in time, and `Closed`. Cancelling concerns this request alone; the server may have
        received it.
        """
        reply = await self._send(msgspec.to_builtins(command, enc_hook=_plain), timeout)
        return cast("R", reply_of(self.name, reply, Message))

    @overload
    def follow(self, *, maxsize: int = DEFAULT_MAXSIZE) -> Stream[Message]: ...

    @overload
    def follow(
        self, channel: Channel[E, M], /, *channels: Channel[E, M], maxsize: int = DEFAULT_MAXSIZE
    ) -> Stream[M]: ...

    def follow(self, *channels: Channel[E, M], maxsize: int = DEFAULT_MAXSIZE) -> Stream[M]:
        """The messages of channels and groups, in order, beginning with snapshots, which every stream gets of its own.
        Those of unknown types are left out. `channels` has the names, such as `channels.chat(2)`; a name from elsewhere
        is made one by `Channel(name)`. Without arguments, the messages are those of all channels that the connection
        follows: because the endpoint joins them by itself, or because requests joined them.

        A reader that is more than `maxsize` messages late gets `Overflow`. Messages that were missed while the
        connection was lost are recovered; if the server cannot, the channel begins with its snapshot again.
        """
        driver, endpoint = self._driver, self.name

        def begin() -> tuple[Every[M], Wish]:
            feed: Every[M] = Every(maxsize)

            def read(frame: Frame) -> None:
                if (message := message_of(endpoint, frame)) is not None:
                    feed.put(cast("M", message))  # what the server declares for the channel

            stores: list[Pushes] = []
            with driver.turn() as core:
                if not channels:
                    stores.append(core.pushes(endpoint))
                stores += [core.channel(endpoint, channel) for channel in dict.fromkeys(map(str, channels))]
            for store in stores:
                store.readers.append(read)

            def stop() -> None:
                for store in stores:
                    store.readers.remove(read)

            return feed, Wish(driver, endpoint, stores, feed.bell.ring, feed.bell.ring, stop)

        return Stream(begin)

    async def _send(self, command: dict[str, Any], timeout: float | None) -> Frame:
        return await outcome_of(
            self._driver,
            lambda settled: self._driver.core.request(self.name, command, settled, milliseconds(timeout)),
            lambda request: self._driver.core.abort(self.name, request),
        )


async def outcome_of(
    driver: Driver,
    start: Callable[[Callable[[Frame | Failure], None]], Request | None],
    abort: Callable[[Request], None],
) -> Frame:
    """Start a request, and wait for its answer. Raises what it fails with."""
    future: asyncio.Future[Frame | Failure] = asyncio.get_running_loop().create_future()

    def settled(outcome: Frame | Failure) -> None:
        if not future.done():
            future.set_result(outcome)

    with driver.turn():
        request = start(settled)
    try:
        outcome = await future
    finally:
        if request is not None:
            with driver.turn():
                abort(request)
    if isinstance(outcome, Failure):
        raise error_of(outcome)
    return outcome


def reply_of(endpoint: str, frame: Frame, kind: type[A]) -> A:
    """The answer to a request. Raises `RequestFailed` if it is not a `kind`."""
    message = message_of(endpoint, frame)
    if not isinstance(message, kind):
        raise error_of(Failure("UNKNOWN_REPLY", f"The server answered with a {frame.head.type} of another shape."))
    return message


def milliseconds(timeout: float | None) -> int | None:
    return None if timeout is None else round(timeout * 1000)


def _plain(value: Any) -> str:
    """The name of a channel as a string that can be encoded. Raises `TypeError` for anything else."""
    if isinstance(value, Channel):
        return str(value)
    raise TypeError(f"a command cannot contain this: {type(value).__name__}")
