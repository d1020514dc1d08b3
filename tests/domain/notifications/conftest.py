from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.domain.notifications.mailroom import Mailroom, mailroom


@pytest_asyncio.fixture
async def room(tmp_path: Path) -> AsyncIterator[Mailroom]:
    async with mailroom(tmp_path / "duelcast.db") as made:
        yield made
