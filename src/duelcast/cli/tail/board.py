"""The table of prices that `duelcast tail` shows on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table
from rich.text import Text

from duelcast.cli.tail.lines import is_number, number, printable, signed

COLUMNS = ("symbol", "price", "24 h", "volume 24 h", "trades 1m", "sentiment", "age", "source")
DISPENSABLE = ("source", "sentiment", "trades 1m", "volume 24 h", "age", "24 h")
"""The columns that are dropped, in this order, if a terminal is too narrow for all columns, so that no price is cut."""
BORDER_CELLS = 3
"""The width that a column needs besides its text: for a line, and for a space on each side."""

_WORDS = ("symbol", "source")


@dataclass(slots=True)
class _Row:
    """The newest message of each kind about a symbol; `received_s` is the monotonic time at which the price was
    received."""

    price: Mapping[str, Any] = field(default_factory=dict)
    minute: Mapping[str, Any] = field(default_factory=dict)
    sentiment: Mapping[str, Any] = field(default_factory=dict)
    received_s: float = 0.0
    rising: bool | None = None


class PriceBoard:
    """The newest price, volume and sentiment per symbol."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    @property
    def is_empty(self) -> bool:
        return not any(row.price for row in self._rows.values())

    def take(self, message: Mapping[str, Any], now_s: float) -> bool:
        """Handle a message about a market; returns False for any other message, which the board does not show."""
        kind, data = message.get("type"), message.get("data")
        if kind not in ("MARKET_PRICE", "MARKET_VOLUME", "MARKET_SENTIMENT") or not isinstance(data, dict):
            return False
        row = self._rows.setdefault(str(data.get("symbol")), _Row())
        if kind == "MARKET_PRICE":
            row.rising = _is_rising(row.price.get("price"), data.get("price"))
            row.price, row.received_s = data, now_s
        elif kind == "MARKET_SENTIMENT":
            row.sentiment = data
        elif data.get("interval") == "1m":
            row.minute = data
        return True

    def table(self, now_s: float, width: int) -> Table:
        """The table at the time `now_s`, sorted by symbol, in `width` cells of a terminal."""
        rows = [_cells(name, row, now_s) for name, row in sorted(self._rows.items()) if row.price]
        shown = _fitting(rows, width)
        table = Table()
        for name in shown:
            table.add_column(name, justify="left" if name in _WORDS else "right", no_wrap=True)
        for row in rows:
            table.add_row(*(row[name] for name in shown))
        return table


def _is_rising(before: object, now: object) -> bool | None:
    """Whether the price rose; None if it did not change, or if either price is unknown."""
    if not (is_number(before) and is_number(now)) or before == now:
        return None
    return now > before


def _fitting(rows: list[dict[str, Text]], width: int) -> list[str]:
    """The columns for which there is room."""
    cells = {name: max([len(name), *(row[name].cell_len for row in rows)]) + BORDER_CELLS for name in COLUMNS}
    shown = list(COLUMNS)
    for name in DISPENSABLE:
        if sum(cells[column] for column in shown) + 1 <= width:
            break
        shown.remove(name)
    return shown


def _cells(symbol: str, row: _Row, now_s: float) -> dict[str, Text]:
    change = row.price.get("change_24h")
    age = f"{max(0.0, now_s - row.received_s):.0f} s"
    return {
        "symbol": Text(printable(symbol), style="bold"),
        "price": Text(number(row.price.get("price")), style=_style(row.rising)),
        "24 h": Text(signed(change, " %"), style=_style(change >= 0 if is_number(change) else None)),
        "volume 24 h": Text(number(row.price.get("volume_24h"), digits=0)),
        "trades 1m": Text(number(row.minute.get("trades_count"), digits=0)),
        "sentiment": Text(signed(row.sentiment.get("sentiment_score"))),
        "age": Text(f"{age} stale", style="yellow") if row.price.get("stale") else Text(age),
        "source": Text(printable(str(row.price.get("source")))),
    }


def _style(up: bool | None) -> str:
    return "" if up is None else "green" if up else "red"
