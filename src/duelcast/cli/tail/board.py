"""The table of prices that `duelcast tail` shows on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from duelcast.cli.tail.lines import number, percent, printable

COLUMNS = ("symbol", "price", "24 h", "volume 24 h", "trades 1m", "sentiment", "age", "source", "")


@dataclass(slots=True)
class _Row:
    """The newest of each kind that is known of a symbol; `received_s` is steady time."""

    price: Mapping[str, Any] | None = None
    minute: Mapping[str, Any] | None = None
    sentiment: Mapping[str, Any] | None = None
    received_s: float = 0.0
    rising: bool | None = None


class PriceBoard:
    """Newest price, volume and sentiment per symbol."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    @property
    def is_empty(self) -> bool:
        return not any(row.price for row in self._rows.values())

    def take(self, message: Mapping[str, Any], now_s: float) -> bool:
        """Take a message about a market; False for every other, which the caller shows in another way."""
        kind, data = message.get("type"), message.get("data")
        if kind not in ("MARKET_PRICE", "MARKET_VOLUME", "MARKET_SENTIMENT") or not isinstance(data, dict):
            return False
        row = self._rows.setdefault(str(data.get("symbol")), _Row())
        if kind == "MARKET_PRICE":
            before = row.price["price"] if row.price else data["price"]
            row.rising = None if before == data["price"] else data["price"] > before
            row.price, row.received_s = data, now_s
        elif kind == "MARKET_SENTIMENT":
            row.sentiment = data
        elif data.get("interval") == "1m":
            row.minute = data
        return True

    def table(self, now_s: float) -> Table:
        """The table as it stands at `now_s`, by symbol."""
        table = Table(*COLUMNS)
        for column in table.columns[1:7]:
            column.justify = "right"
        for symbol, row in sorted(self._rows.items()):
            if row.price is not None:
                table.add_row(*_cells(symbol, row, row.price, now_s))
        return table


def _cells(symbol: str, row: _Row, price: Mapping[str, Any], now_s: float) -> list[Text]:
    change = price.get("change_24h")
    return [
        Text(printable(symbol), style="bold"),
        Text(number(price.get("price")), style={True: "green", False: "red", None: ""}[row.rising]),
        Text(percent(change), style="" if change is None else "green" if change >= 0 else "red"),
        Text(number(price.get("volume_24h"), digits=0)),
        Text(number(row.minute.get("trades_count"), digits=0) if row.minute else "–"),
        Text(f"{row.sentiment.get('sentiment_score', 0):+.2f}" if row.sentiment else "–"),
        Text(f"{max(0.0, now_s - row.received_s):.0f} s"),
        Text(printable(str(price.get("source")))),
        Text("stale" if price.get("stale") else "", style="yellow"),
    ]
