"""WebSockets of other programs decode, byte for byte, what clients without compression receive."""

from __future__ import annotations

import os
import random

import pytest

from tests.clients.talking_programs import missing, openers
from tests.e2e.talkers import talk_at_random

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("seed", range(3))
async def test_other_programs_and_uncompressed_clients_get_the_same_bytes(seed: int) -> None:
    lacking = missing()
    if lacking is not None:
        # FULL=1 leaves nothing out, since its success is recorded.
        decline = pytest.fail if os.environ.get("FULL") else pytest.skip
        decline(f"it needs {lacking}")
    await talk_at_random(openers(), random.Random(seed))
