from __future__ import annotations

import asyncio
from pathlib import Path

from tests.domain.operations.operators import BOSS, Stubborn, operators


async def test_a_command_whose_client_has_gone_ends_before_the_server_does(tmp_path: Path) -> None:
    async with operators(tmp_path) as floor:
        may_go_on = asyncio.Event()
        service = floor.add("a", work=Stubborn(floor, may_go_on.wait))
        asked = asyncio.create_task(floor.commands.run("a", "stop", {}, BOSS))
        await floor.clock.advance(0)
        asked.cancel()
        closing = asyncio.create_task(floor.commands.close())
        await floor.clock.advance(0)
        assert not closing.done()
        may_go_on.set()
        await closing
        assert not service.work.running
        assert await floor.outcomes() == [("services.stop", "a", "ok")]
        await floor.commands.close()
