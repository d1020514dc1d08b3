"""Where `duelcast tail` shows what it reads: raw frames, lines, or a table that updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TextIO

from rich.live import Live
from rich.text import Text

from duelcast.cli.tail.board import PriceBoard
from duelcast.cli.tail.lines import line, printable
from duelcast.clock import Clock


class Output(Protocol):
    """Shows messages."""

    def message(self, frame: str, message: Mapping[str, Any]) -> None:
        """Show a message; `frame` is its text as received."""

    def notice(self, sentence: str) -> None:
        """Report on the connection, apart from the messages."""

    def tick(self) -> None:
        """Called a few times per second, to show the passing of time."""


class Lines:
    """Prints a line per message on `out` and notices on `err`; with `raw`, the lines are the frames as received."""

    def __init__(self, out: TextIO, err: TextIO, *, raw: bool) -> None:
        self._out = out
        self._err = err
        self._raw = raw

    def message(self, frame: str, message: Mapping[str, Any]) -> None:
        # In JSON, line breaks can only occur between values, where a space means the same.
        text = frame.replace("\r", " ").replace("\n", " ") if self._raw else line(message)
        print(text, file=self._out, flush=True)

    def notice(self, sentence: str) -> None:
        print(f"# {printable(sentence)}", file=self._err, flush=True)

    def tick(self) -> None:
        """Nothing to do: printed lines do not change."""


class Board:
    """A table of prices that `live` shows at the bottom of a terminal; everything else scrolls by above it."""

    def __init__(self, live: Live, clock: Clock) -> None:
        self.prices = PriceBoard()
        self._live = live
        self._clock = clock

    def message(self, frame: str, message: Mapping[str, Any]) -> None:
        if not self.prices.take(message, self._clock.monotonic()):
            self._live.console.print(Text(line(message)))

    def notice(self, sentence: str) -> None:
        self._live.console.print(Text(f"# {printable(sentence)}", style="dim"))

    def tick(self) -> None:
        if not self.prices.is_empty:
            table = self.prices.table(self._clock.monotonic(), self._live.console.width)
            self._live.update(table, refresh=True)
