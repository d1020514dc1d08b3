from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.contest.contest_room import Stage, stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall() -> AsyncIterator[Stage]:
    """One server for all tests of a module, without rate limits.

    Its tests need `pytest.mark.asyncio(loop_scope="module")`, and contests and wallets of their own.
    """
    async with stage() as made:
        yield made
