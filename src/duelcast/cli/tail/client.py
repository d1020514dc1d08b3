"""Opens, reads and reopens the connection of `duelcast tail`."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.frames import Close

from duelcast import __version__
from duelcast.cli.tail.destination import Destination, no_such_endpoint
from duelcast.cli.tail.follower import ASK_AGAIN_INTERVAL_S, Follower
from duelcast.cli.tail.outputs import Output
from duelcast.cli.tail.reconnect import CONNECTION_LOST, Retry, Stop, after_close, after_no_answer, after_refusal
from duelcast.cli.tail.targets import Command, Targets
from duelcast.clock import Clock

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
STEADY_CONNECTION_S = 5.0
"""A connection that lasted this long resets the back-off."""
REFRESH_INTERVAL_S = 0.25


async def follow(destination: Destination, targets: Targets, output: Output, clock: Clock) -> int:
    """Show what the endpoint sends until there is a reason to stop. Returns the exit code."""
    async with _beside(_refresh(output, clock)):
        stop = await _connect_again_and_again(destination, Follower(targets), output, clock)
    output.notice(stop.sentence)
    return 1 if stop.failed else 0


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work`, which never ends by itself, during the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _refresh(output: Output, clock: Clock) -> None:
    while True:
        await clock.sleep(REFRESH_INTERVAL_S)
        output.tick()


async def _connect_again_and_again(destination: Destination, follower: Follower, output: Output, clock: Clock) -> Stop:
    attempt = 0
    while True:
        began_s = clock.monotonic()
        decision = await _one_connection(destination, follower, output, clock, attempt)
        if isinstance(decision, Stop):
            return decision
        attempt = 0 if clock.monotonic() - began_s >= STEADY_CONNECTION_S else attempt + 1
        output.notice(f"{decision.reason}, trying again in {decision.delay_s:.1f} s")
        await clock.sleep(decision.delay_s)


async def _one_connection(
    destination: Destination, follower: Follower, output: Output, clock: Clock, attempt: int
) -> Retry | Stop:
    jitter = random.random()  # noqa: S311 - spreads reconnects, guards nothing
    follower.connecting()
    try:
        socket = await _open(destination)
    except InvalidStatus as refused:
        status = refused.response.status_code
        if status == 404:
            return Stop(await no_such_endpoint(destination), failed=True)
        return after_refusal(status, attempt, jitter)
    except ssl.SSLCertVerificationError:
        return Stop("This machine does not trust the server's certificate.", failed=True)
    except (OSError, TimeoutError, InvalidHandshake):
        return after_no_answer(destination.shown, attempt, jitter)
    async with socket, _beside(_ask_again(socket, follower, clock)):
        end = await _read(socket, follower, output)
    return end if isinstance(end, Stop) else after_close(end.code, end.reason, attempt, jitter)


def _open(destination: Destination) -> connect:
    return connect(
        destination.url,
        additional_headers=destination.headers,
        user_agent_header=f"duelcast-tail/{__version__}",
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
        proxy=None if destination.is_local else True,
    )


async def _ask_again(socket: ClientConnection, follower: Follower, clock: Clock) -> None:
    while True:
        await clock.sleep(ASK_AGAIN_INTERVAL_S)
        await _send(socket, follower.again())


async def _read(socket: ClientConnection, follower: Follower, output: Output) -> Close | Stop:
    """Read until the connection ends or nothing is left to follow. Returns the close of the connection, or the reason
    to stop."""
    try:
        while True:
            frame = await socket.recv(decode=True)
            message = _decode(frame)
            if message is None:
                output.notice("the server sent something that is not a message")
                continue
            output.message(frame, message)
            step = follower.receive(message)
            for notice in step.notices:
                output.notice(notice)
            if step.stop is not None:
                return step.stop
            await _send(socket, step.commands)
    except ConnectionClosed as closed:
        return closed.rcvd or Close(CONNECTION_LOST, "")


async def _send(socket: ClientConnection, commands: list[Command]) -> None:
    for command in commands:
        await socket.send(msgspec.json.encode(command).decode())


def _decode(frame: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(frame, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return None
