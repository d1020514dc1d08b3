from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.operations.control_room import ControlRoom, control_room


@pytest_asyncio.fixture(name="room", scope="module", loop_scope="module")
async def one_room() -> AsyncIterator[ControlRoom]:
    """One server for all tests of a module, each with services of its own."""
    async with control_room() as made:
        yield made
