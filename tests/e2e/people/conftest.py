from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.people.post_office import PostOffice, post_office


@pytest_asyncio.fixture(name="office", scope="module", loop_scope="module")
async def one_post_office() -> AsyncIterator[PostOffice]:
    """One server for all tests of a module, each with wallets of its own."""
    async with post_office() as made:
        yield made
