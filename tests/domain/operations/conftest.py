from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.domain.operations.error_room import ErrorRoom, error_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ErrorRoom]:
    async with error_room(tmp_path / "errors.db") as opened:
        yield opened
