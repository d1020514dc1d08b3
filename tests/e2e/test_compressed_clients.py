"""Independent clients decode, byte for byte, what clients without compression receive."""

from __future__ import annotations

import random

import pytest

from tests.e2e.talkers import by_aiohttp, by_websockets, talk_at_random, uncompressed

OPENERS = [by_websockets, by_aiohttp, uncompressed] * 3


@pytest.mark.parametrize("seed", range(3))
async def test_compressed_and_uncompressed_clients_get_the_same_bytes(seed: int) -> None:
    await talk_at_random(OPENERS, random.Random(seed))
