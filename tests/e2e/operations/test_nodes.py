"""The nodes of a server of one process."""

from __future__ import annotations

import pytest

import duelcast
from tests.e2e.operations.control_room import ControlRoom

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_single_process_is_one_node(room: ControlRoom) -> None:
    async with room.socket("market-data", None):
        answer = await room.do("GET", "/nodes")
    (node,) = answer["data"]
    assert answer["count"] == 1
    assert (node["role"], node["version"]) == ("all", duelcast.__version__)
    assert (node["connections"], node["lagMs"]) == (1, 0)
    assert node["name"]
    assert node["since"] == (await room.do("GET", "/nodes"))["data"][0]["since"]
