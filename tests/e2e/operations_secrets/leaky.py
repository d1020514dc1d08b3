"""Defects whose texts hold what clients sent. The server of the test takes this file for one of its endpoints."""

from __future__ import annotations

import asyncio
import logging

from duelcast.endpoints.context import Context
from duelcast.endpoints.kit import KIB, Auth, Endpoint
from duelcast.wire.messages import Command, Event

endpoint = Endpoint("leaky", "Defects.", auth=Auth.PUBLIC, max_message_bytes=4 * KIB, messages_per_minute=600)


class Fail(Command, tag="fail"):
    """Raises."""

    text: str


class Lose(Command, tag="lose"):
    """Leaves a task behind that raises."""

    text: str


class Complain(Command, tag="complain"):
    """Logs as a library does."""

    text: str


class Done(Event, tag="done"):
    """It is done."""


@endpoint.command(Fail)
def fail(_context: Context, command: Fail) -> Done:
    raise ValueError(command.text) from RuntimeError(command.text)


@endpoint.command(Lose)
async def lose(_context: Context, command: Lose) -> Done:
    async def raise_it(text: str) -> None:
        raise ValueError(text)

    asyncio.get_running_loop().call_soon(asyncio.create_task, raise_it(command.text))
    return Done()


@endpoint.command(Complain)
def complain(_context: Context, command: Complain) -> Done:
    logging.getLogger("library").error("login failed with password=%s", command.text)
    return Done()
