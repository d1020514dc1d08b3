"""Times the client without a socket: market messages decoded, stored and read, beside bare decoding in the same run.

python -m benchmarks.client [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Callable

import msgspec

from duelcast.client.core.actions import Dial
from duelcast.client.core.core import Core
from duelcast.client.core.tokens import Token
from duelcast.client.generated.records import Price
from duelcast.client.streams import Newest
from duelcast.client.types import record_of

MESSAGES = 10_000
SYMBOLS = 300
TARGET_US = 15.0
"""A market message decoded, stored and read may cost this much,"""
MOST_TIMES_BARE = 10
"""or, on a machine that is slow or busy, so many times as much as bare decoding."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    arguments = parser.parse_args()
    rounds = 3 if arguments.quick else 21
    texts = [_price(number) for number in range(MESSAGES)]
    figures = {
        "msgspec.json.decode": _cost(lambda: _decode(texts), rounds),
        "decoded and stored": _cost(lambda: _store(texts, read=False), rounds),
        "decoded, stored and read": _cost(lambda: _store(texts, read=True), rounds),
    }
    print(f"{MESSAGES} prices of {SYMBOLS} symbols, median of {rounds} rounds, microseconds per message:")
    for name, cost_us in figures.items():
        print(f"  {name:25} {cost_us:6.2f}")
    print(f"  target                    {TARGET_US:6.2f}")
    cost_us, bare_us = figures["decoded, stored and read"], figures["msgspec.json.decode"]
    if cost_us > TARGET_US and cost_us > MOST_TIMES_BARE * bare_us:
        sys.exit("the target is missed")


def _cost(work: Callable[[], float], rounds: int) -> float:
    """The median of `rounds` of `work`, which returns seconds, in microseconds per message."""
    return statistics.median(work() for _ in range(rounds)) / MESSAGES * 1e6


def _decode(texts: list[str]) -> float:
    began_s = time.perf_counter()
    for text in texts:
        msgspec.json.decode(text)
    return time.perf_counter() - began_s


def _store(texts: list[str], *, read: bool) -> float:
    """A client that follows all symbols. If `read`, an iterator takes each price before the next message arrives."""
    core, connection = asyncio.run(_connected())
    (store,) = core.prices(["*"])
    feed = Newest(lambda channel: record_of(store.newest.get(channel), Price))
    store.watchers.append(feed.change)
    began_s = time.perf_counter()
    for text in texts:
        core.timers.set(int(time.monotonic() * 1000), int(time.time() * 1000))
        core.received(connection, text)
        core.take_actions()
        core.timers.next_due_ms()
        if read:
            feed.take()
    took_s = time.perf_counter() - began_s
    assert len(store.newest) == SYMBOLS
    return took_s


async def _connected() -> tuple[Core, int]:
    """A core whose connection to market-data is established, and the number of the connection."""
    core = Core(0, 0, jitter=random.random, new_uuid=str)
    core.prices(["*"])
    core.token_answered(1, Token(None))
    (connection,) = (action.connection for action in core.take_actions() if isinstance(action, Dial))
    core.opened(connection)
    core.received(connection, json.dumps({"type": "connection_established", "epoch": "E1"}))
    core.received(
        connection,
        json.dumps({"type": "subscription_confirmed", "channel": "market.*", "kind": "latest", "epoch": "E1"}),
    )
    return core, connection


def _price(number: int) -> str:
    symbol = f"SYM{number % SYMBOLS}"
    data = {
        "symbol": symbol,
        "price": 150.0 + number / 1000,
        "change_24h": 1.25,
        "volume_24h": 123_456_789.5,
        "high_24h": 160.5,
        "low_24h": 140.25,
        "timestamp": "2026-01-01T00:00:00.000Z",
        "source": "simulated",
        "stale": False,
    }
    timestamp = "2026-01-01T00:00:00.000Z"
    message = {
        "type": "MARKET_PRICE",
        "data": data,
        "timestamp": timestamp,
        "channel": f"market.{symbol}",
        "seq": number,
    }
    return json.dumps(message, separators=(",", ":"))


if __name__ == "__main__":
    main()
