"""Those who follow prices: on market-data, and on token-data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tests.rehearsal.visitor import Visitor
from tests.serving import Frame


class PriceWatcher(Visitor):
    """Follows `symbols`, by position once it has any; None is all of them. `prices` are what it shows."""

    endpoint = "market-data"

    def __init__(self, base_url: str, symbols: Sequence[str] | None, **options: Any) -> None:
        super().__init__(base_url, **options)
        self.prices: dict[str, Frame] = {}
        self._symbols = symbols
        self._followed: list[str] = []

    def wishes(self) -> Sequence[dict[str, Any]]:
        if self._followed:
            return ()
        return [{"type": "SUBSCRIBE_SYMBOLS", "symbols": ["*"] if self._symbols is None else self._symbols}]

    def channels(self) -> Iterable[str]:
        return self._followed

    def take(self, frame: Frame) -> None:
        match frame["type"]:
            case "symbols_subscribed":
                assert not frame["unknown"], frame
                # A group has no position: joining it again brings what is there.
                if self._symbols is not None:
                    self._followed = [f"market.{symbol}" for symbol in self._symbols]
                    self._positions |= dict.fromkeys(self._followed, (self.epoch, 0))
            case "MARKET_PRICE":
                self.prices[frame["data"]["symbol"]] = frame["data"]
        if frame.get("channel") in self._followed and "seq" in frame:
            self._positions[frame["channel"]] = self.epoch, frame["seq"]


class TokenWatcher(Visitor):
    """Has the list of all tokens, and follows their market fields. `tokens` are what it shows."""

    endpoint = "token-data"

    def __init__(self, base_url: str, **options: Any) -> None:
        super().__init__(base_url, **options)
        self.tokens: dict[str, Frame] = {}

    def wishes(self) -> Sequence[dict[str, Any]]:
        return [{"type": "SUBSCRIBE_SYMBOLS", "symbols": ["*"]}]

    def take(self, frame: Frame) -> None:
        if frame["type"] == "token_update":
            self.tokens = {token["symbol"]: token for token in frame["data"]}
        elif frame["type"] == "token_data":
            self.tokens[frame["symbol"]] = frame["data"]
