from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.http.serving import Serving, serving


@pytest.fixture
async def server() -> AsyncIterator[Serving]:
    """A server with default settings on loopback."""
    async with serving() as running:
        yield running
