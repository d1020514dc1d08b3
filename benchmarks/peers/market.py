"""Shared by the Python peers: the command line, the followers of each symbol, the schedule and the messages."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

HOST = "127.0.0.1"
BACKLOG = 2048
"""Many clients connect at once, and the libraries' defaults differ."""
ALL = "*"
LOW, HIGH, YESTERDAY = 149.1, 159.9, 152.5

ClientT = TypeVar("ClientT", bound=Hashable)


@dataclass(frozen=True)
class Options:
    """The command line of a peer."""

    port: int
    interval_s: float
    due: int
    symbols: list[str]
    deflates: bool


def read_options(description: str | None) -> Options:
    """The options that the program was called with. Ends the program if they are invalid."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("port", type=int)
    parser.add_argument("interval_ms", type=float)
    parser.add_argument("due", type=int, help="number of symbols that get a message in each interval")
    parser.add_argument("symbols", help="separated by commas")
    parser.add_argument("--deflate", action="store_true", help="compress messages, with the library's defaults")
    arguments = parser.parse_args()
    symbols = arguments.symbols.split(",")
    return Options(arguments.port, arguments.interval_ms / 1000, arguments.due, symbols, arguments.deflate)


class Market(Generic[ClientT]):
    """The symbols, their followers and their messages."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._numbers = Counter[str]()
        self._followers: dict[str, set[ClientT]] = {symbol: set() for symbol in options.symbols}

    def follow(self, client: ClientT, symbols: Iterable[str]) -> None:
        """Let `client` follow `symbols` too; unknown ones are ignored."""
        for symbol in self._followers if ALL in symbols else symbols:
            if symbol in self._followers:
                self._followers[symbol].add(client)

    def forget(self, client: ClientT) -> None:
        """Let `client` follow nothing any more."""
        for followers in self._followers.values():
            followers.discard(client)

    async def messages(self) -> AsyncIterator[tuple[set[ClientT], str]]:
        """Each new message when it is due, with its symbol's followers. Never ends, unless no message is ever due."""
        options = self._options
        if options.due == 0:
            return
        loop = asyncio.get_running_loop()
        symbols = itertools.cycle(options.symbols)
        start = loop.time()
        interval = 0
        while True:
            # Missed intervals are skipped, and not made up for in a burst.
            interval = max(interval + 1, int((loop.time() - start) / options.interval_s))
            await asyncio.sleep(start + interval * options.interval_s - loop.time())
            for symbol in itertools.islice(symbols, options.due):
                yield self._followers[symbol], self._next_message(symbol)

    def _next_message(self, symbol: str) -> str:
        self._numbers[symbol] += 1
        price = round(random.uniform(LOW, HIGH), 4)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return _encode(
            {
                "type": "MARKET_PRICE",
                "data": {
                    "symbol": symbol,
                    "price": price,
                    "change_24h": round((price / YESTERDAY - 1) * 100, 2),
                    "volume_24h": None,
                    "high_24h": HIGH,
                    "low_24h": LOW,
                    "timestamp": now,
                    "source": "simulated",
                    "stale": False,
                },
                "timestamp": now,
                "channel": f"market.{symbol}",
                "seq": self._numbers[symbol],
            }
        )


def wanted_symbols(text: str) -> list[str] | None:
    """The symbols that the message `text` subscribes to; None if it is not a subscription."""
    if "SUBSCRIBE_SYMBOLS" not in text:
        return None
    try:
        command = json.loads(text)
    except ValueError:
        return None
    match command:
        case {"type": "SUBSCRIBE_SYMBOLS", "symbols": [*symbols]} if all(isinstance(each, str) for each in symbols):
            return symbols
    return None


def answer(symbols: list[str]) -> str:
    """The answer to a subscription to `symbols`."""
    return _encode({"type": "symbols_subscribed", "symbols": symbols, "unknown": []})


def _encode(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"))
