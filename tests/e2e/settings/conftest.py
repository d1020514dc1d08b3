from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.settings.office import Office, office


@pytest_asyncio.fixture(name="office", scope="module", loop_scope="module")
async def one_office() -> AsyncIterator[Office]:
    """One server for all tests of a module, each with keys of its own."""
    async with office() as made:
        yield made
