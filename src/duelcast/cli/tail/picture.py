"""Writes the output of `duelcast tail market-data` to standard output, as a picture (SVG)."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr
from rich.console import Console

from duelcast.app import App
from duelcast.cli.tail.board import PriceBoard
from duelcast.cli.tail.client import follow
from duelcast.cli.tail.destination import Destination
from duelcast.cli.tail.targets import Targets
from duelcast.clock import SystemClock
from duelcast.logs import configure_logging
from duelcast.settings import Settings

SYMBOLS = ("BONK", "BTC", "ETH", "JUP", "SOL", "WIF")
FEED = "simulated?seed=7"
LASTS_S = 75.0
"""Long enough for volumes and sentiment, which cover a minute."""
WIDTH = 94
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


class _Last:
    """Keeps the board, which is drawn once, at the end."""

    def __init__(self) -> None:
        self.board = PriceBoard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing is shown before the end."""

    def message(self, frame: str, message: Mapping[str, Any]) -> None:
        self.board.take(message, SystemClock.monotonic())

    def notice(self, sentence: str) -> None:
        """The picture does not show notices about the connection."""

    def tick(self) -> None:
        """Nothing is shown before the end."""


async def picture(lasts_s: float) -> str:
    """The output of the command after `lasts_s` seconds, for a server with the simulated market."""
    last = _Last()
    with TemporaryDirectory(prefix="duelcast-") as folder:
        secret = SecretStr("nobody signs in to the server of a picture")
        app = App(Settings(port=0, feed=FEED, data_dir=Path(folder), jwt_secret=secret))
        await app.start()
        try:
            destination = Destination(f"ws://127.0.0.1:{app.port}", "market-data", None)
            async with asyncio.timeout(lasts_s):
                await follow(destination, Targets.parse("market-data", SYMBOLS), last, SystemClock())
        except TimeoutError:
            pass
        finally:
            await app.stop()
    return draw(last.board)


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
