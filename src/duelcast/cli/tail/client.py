"""The connection of `duelcast tail`: opens it, reads it, and opens it again."""

from __future__ import annotations

import asyncio
import random
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.frames import Close

from duelcast import __version__
from duelcast.cli.tail.follower import Follower
from duelcast.cli.tail.outputs import Output
from duelcast.cli.tail.reconnect import CONNECTION_LOST, Retry, Stop, after_close, after_refusal
from duelcast.cli.tail.targets import Targets
from duelcast.clock import Clock
from duelcast.settings import is_loopback_host

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
STEADY_CONNECTION_S = 5.0
"""A connection that lasted so long begins the back-off anew."""
REFRESH_INTERVAL_S = 0.25


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to connect: the full address of the endpoint, and a token (None: anonymous)."""

    url: str
    token: str | None


async def follow(destination: Destination, targets: Targets, output: Output, clock: Clock) -> int:
    """Show what the endpoint sends until the server ends it for good. Returns the exit code."""
    refreshing = asyncio.create_task(_refresh(output, clock))
    try:
        stop = await _connect_again_and_again(destination, Follower(targets), output, clock)
    finally:
        refreshing.cancel()
        await asyncio.gather(refreshing, return_exceptions=True)
    output.notice(stop.sentence)
    return 1 if stop.failed else 0


async def _refresh(output: Output, clock: Clock) -> None:
    while True:
        await clock.sleep(REFRESH_INTERVAL_S)
        output.tick()


async def _connect_again_and_again(destination: Destination, follower: Follower, output: Output, clock: Clock) -> Stop:
    attempt = 0
    while True:
        began_s = clock.monotonic()
        decision = await _one_connection(destination, follower, output, attempt)
        if isinstance(decision, Stop):
            return decision
        attempt = 0 if clock.monotonic() - began_s >= STEADY_CONNECTION_S else attempt + 1
        output.notice(f"connection lost, trying again in {decision.delay_s:.1f} s")
        await clock.sleep(decision.delay_s)


async def _one_connection(destination: Destination, follower: Follower, output: Output, attempt: int) -> Retry | Stop:
    jitter = random.random()  # noqa: S311 - spreads reconnects, guards nothing
    follower.connecting()
    try:
        socket = await _open(destination)
    except InvalidStatus as refused:
        return after_refusal(refused.response.status_code, attempt, jitter)
    except ssl.SSLCertVerificationError:
        return Stop("The server's certificate is not one that this machine trusts.", failed=True)
    except (OSError, TimeoutError, InvalidHandshake):
        # Nobody there, or not yet: the same as a lost connection.
        return after_close(CONNECTION_LOST, "", attempt, jitter)
    async with socket:
        close = await _read(socket, follower, output)
    return after_close(close.code, close.reason, attempt, jitter)


def _open(destination: Destination) -> connect:
    host = urlsplit(destination.url).hostname or ""
    return connect(
        destination.url,
        additional_headers={"Authorization": f"Bearer {destination.token}"} if destination.token else None,
        user_agent_header=f"duelcast-tail/{__version__}",
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
        proxy=None if is_loopback_host(host) else True,
    )


async def _read(socket: ClientConnection, follower: Follower, output: Output) -> Close:
    """Read until the connection ends; returns how."""
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
            for command in step.commands:
                await socket.send(msgspec.json.encode(command).decode())
    except ConnectionClosed as closed:
        return closed.rcvd or Close(CONNECTION_LOST, "")


def _decode(frame: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(frame, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return None
