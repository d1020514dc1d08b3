"""Waits for tasks, and ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any


async def cancel(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel `tasks`, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def retrieve(ended: asyncio.Future[Any]) -> None:
    """Retrieve the exception of `ended`, which asyncio would log otherwise. A done callback for a future that may fail
    after its last waiter has left."""
    if not ended.cancelled():
        ended.exception()


async def first_ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Wait until one of `tasks` has ended; raises its exception, if it has one."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
