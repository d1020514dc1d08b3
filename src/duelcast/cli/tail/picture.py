"""Writes the output of `duelcast tail market-data` to standard output, as a picture (SVG)."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr
from rich.console import Console
from rich.live import Live

from duelcast.app import App
from duelcast.cli.tail.board import PriceBoard
from duelcast.cli.tail.follower import follow
from duelcast.cli.tail.outputs import Board
from duelcast.cli.tail.targets import channels_of
from duelcast.clock import SystemClock
from duelcast.logs import configure_logging
from duelcast.settings import Settings

SYMBOLS = ("BONK", "BTC", "ETH", "JUP", "SOL", "WIF")
FEED = "simulated?seed=7"
LASTS_S = 75.0
"""Long enough for volumes and sentiment, which cover a minute."""
WIDTH = 94
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


async def picture(lasts_s: float) -> str:
    """The output of the command after `lasts_s` seconds, for a server with the simulated market."""
    clock = SystemClock()
    board = Board(Live(console=Console(file=io.StringIO())), clock)
    with TemporaryDirectory(prefix="duelcast-") as folder:
        secret = SecretStr("nobody signs in to the server of a picture")
        app = App(Settings(port=0, feed=FEED, data_dir=Path(folder), jwt_secret=secret))
        await app.start()
        try:
            url, channels = f"ws://127.0.0.1:{app.port}", channels_of("market-data", SYMBOLS)
            async with asyncio.timeout(lasts_s):
                await follow(url, "market-data", channels, None, board, clock)
        except TimeoutError:
            pass
        finally:
            await app.stop()
    return draw(board.prices)


def draw(board: PriceBoard) -> str:
    """An SVG picture of a terminal that shows the board."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(board.table(SystemClock.monotonic(), WIDTH))
    svg = console.export_svg(title=f"duelcast tail market-data {' '.join(SYMBOLS)}", unique_id="tail")
    # The rules for fonts are removed, so that viewers of the picture do not fetch fonts from elsewhere.
    return _FONTS.sub("", svg)


if __name__ == "__main__":
    configure_logging("warning", "console")
    sys.stdout.write(asyncio.run(picture(LASTS_S)))
