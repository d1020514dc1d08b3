"""Fixtures of the market's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.domain.market.market_room import MarketRoom, market_room


@pytest.fixture
async def room() -> AsyncIterator[MarketRoom]:
    """A market that does its background work."""
    async with market_room() as room, room.running():
        yield room
