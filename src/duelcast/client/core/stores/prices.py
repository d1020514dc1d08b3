"""The newest prices."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ..frames import Frame, read
from .base import Store

FAMILY = "market."
ALL = "*"


class _Price(Struct):
    data: dict[str, Any]


class Prices(Store):
    """The newest `MARKET_PRICE` of a symbol, or of every symbol (`*`). The keys of its changes are symbols."""

    endpoint = "market-data"

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self.channel = FAMILY + symbol
        self.newest: dict[str, dict[str, Any]] = {}
        """The `data` of the newest price, by symbol."""
        self._is_group = symbol == ALL
        self._snapshots: dict[str, set[str]] = {}
        """The symbols that the snapshot of a channel or group has contained so far."""

    def takes(self, channel: str) -> bool:
        return channel.startswith(FAMILY) if self._is_group else channel == self.channel

    def receive(self, frame: Frame) -> None:
        if frame.head.type != "MARKET_PRICE" or frame.head.channel is None:
            return
        price = read(frame.text, _Price)
        if price is None:
            return
        symbol = frame.head.channel[len(FAMILY) :]
        self.newest[symbol] = price.data
        for seen in self._snapshots.values():
            seen.add(symbol)
        self.changed(symbol)

    def lost(self) -> None:
        self._snapshots.clear()
        super().lost()

    def _snapshot_begins(self, part: str) -> None:
        self._snapshots[part] = set()

    def _snapshot_ends(self, part: str) -> None:
        seen = self._snapshots.pop(part, None)
        if seen is None:
            return
        symbol = part[len(FAMILY) :]
        for missing in (set(self.newest) if symbol == ALL else {symbol}) - seen:
            if self.newest.pop(missing, None) is not None:
                self.changed(missing)
