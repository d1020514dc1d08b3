"""Fixtures of the market's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.domain.market.market_room import MarketRoom


@pytest.fixture
async def room() -> AsyncIterator[MarketRoom]:
    """A market that does its background work."""
    room = MarketRoom()
    async with room.running():
        yield room
