"""`duelcast` with a watch on its event loop: the CPU time of its longest turn is in the file that `TURNS` names."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from duelcast.app import App
from duelcast.cli import main
from tests.hostile.gauges import Worst

TURNS = "TURNS_FILE"
LOOK_EVERY_S = 0.001
"""Between two looks lies at most this much, and one turn."""

_start = App.start


def _watch(turns: Worst) -> None:
    loop = asyncio.get_running_loop()
    last_s = time.thread_time()

    def look() -> None:
        nonlocal last_s
        now_s = time.thread_time()
        turns.observe(now_s - last_s)
        last_s = now_s
        loop.call_later(LOOK_EVERY_S, look)

    look()


async def _start_watched(self: App) -> None:
    await _start(self)
    _watch(Worst(Path(os.environ[TURNS])))


if __name__ == "__main__":
    App.start = _start_watched  # type: ignore[method-assign]  # in the process of a test alone
    main()
