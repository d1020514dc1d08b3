"""The loads that are measured. Each is a `Work`, described once for all servers."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from duelcast.feeds.known_tokens import KNOWN_TOKENS, synthetic_token

Beside = Literal["all", "C", "nobody"]
Mode = Literal["push", "ping", "connect", "idle", "reconnect"]
SIZES = (100, 1_000, 5_000)
EVERYTHING: Literal["*"] = "*"
QUICK_ROUNDS = 2
"""Few are enough, because works that miss a guard are measured again."""


@dataclass(frozen=True)
class Work:
    """One load, identified by `key` and `connections`.

    `follow` is how many random symbols each connection follows; with `EVERYTHING` it subscribes to `*`, and with
    None to nothing. Every `interval_ms`, `due` of the `symbols` symbols get a new price.
    """

    key: str
    title: str
    connections: int
    mode: Mode = "push"
    symbols: int = 1
    due: int = 0
    interval_ms: int = 1_000
    follow: int | Literal["*"] | None = None
    stalled: int = 0
    rate: int = 0
    """Requests per second over all connections; if 0, each connection of a `ping` sends its next request when it gets
    an answer."""
    seconds: float = 1.2
    warmup_s: float = 0.3
    rounds: int = 5
    offers_deflate: bool = False
    """Whether the connections offer permessage-deflate."""
    is_random: bool = False
    """Whether each price is unrelated to the one before, so that its digits cannot be compressed."""
    trades: bool = False
    """Whether trades change the volume."""
    beside: Beside = "all"
    """The servers that are compared with ours; some loads are too heavy for servers that send once per message."""

    @property
    def name(self) -> str:
        return f"{self.key} @ {self.connections:,}"

    @property
    def symbol_names(self) -> list[str]:
        """The symbols of the feed `simulated`."""
        known = KNOWN_TOKENS[: self.symbols]
        made = [synthetic_token(number) for number in range(len(known) + 1, self.symbols + 1)]
        return [token.symbol for token in (*known, *made)]

    def subscriptions(self) -> list[list[str]]:
        """The symbols of each subscription, the same in each run. The connections take the subscriptions in turn."""
        if self.follow is None:
            return []
        if self.follow == "*":
            return [[EVERYTHING]]
        if self.follow >= self.symbols:
            return [self.symbol_names]
        rng = random.Random(self.connections)
        return [rng.sample(self.symbol_names, self.follow) for _ in range(self.connections)]


def one_symbol(connections: int) -> Work:
    """With 1,000 connections or more, 50,000 deliveries per second, which the slower servers can handle too.

    With fewer there are fewer deliveries (5,000 per second with 100 connections), so that ticks are not closer than our
    flush interval.
    """
    interval_ms = max(20, connections // 50)
    return Work(
        "a", "one symbol, one update per tick", connections, symbols=1, due=1, interval_ms=interval_ms, follow=1
    )


def many_due(connections: int) -> Work:
    interval_ms = connections // 2
    return Work(
        "b",
        "20 symbols, all due per tick",
        connections,
        symbols=20,
        due=20,
        interval_ms=interval_ms,
        follow=20,
        seconds=max(1.2, interval_ms / 450),
        beside="C" if connections > 1_000 else "all",
    )


def mixed(connections: int) -> Work:
    return Work(
        "c",
        "20 random of 500 symbols each, 10 % change per tick",
        connections,
        symbols=500,
        due=50,
        interval_ms=max(20, connections // 50),
        follow=20,
    )


def request_reply(connections: int) -> Work:
    """Pings at a rate that leaves the load client idle most of the time."""
    return Work("d", "request and reply: 40,000 pings a second", connections, mode="ping", rate=40_000)


def request_after_reply(connections: int) -> Work:
    """Pings as fast as they are answered; with the fastest servers, the load client is the bottleneck."""
    return Work("d+", "request and reply: the next ping on the answer", connections, mode="ping")


def everybody_on_all(connections: int, symbols: int = 100, due: int = 100, key: str = "i") -> Work:
    interval_ms = max(20, connections * due // 60)
    return Work(
        key,
        f"everybody on all of {symbols:,} symbols, {due} due per tick",
        connections,
        symbols=symbols,
        due=due,
        interval_ms=interval_ms,
        follow=EVERYTHING,
        seconds=max(1.2, interval_ms / 900),
        beside="C" if connections > 1_000 or key != "i" else "all",
    )


def paced(connections: int, stalled: int = 0, key: str = "p", due: int = 1) -> Work:
    title = (
        f"paced: {due} of {due} symbols due, 20 ticks a second" if due > 1 else "paced: one symbol, 20 ticks a second"
    )
    return Work(
        key,
        title + (", 10 % of the readers stalled" if stalled else ""),
        connections,
        symbols=due,
        due=due,
        interval_ms=50,
        follow=due,
        stalled=stalled,
        seconds=3.0,
        warmup_s=2.0 if due > 1 else 0.3,
        rounds=7,
        beside="nobody" if due > 1 else "all",
    )


def trickle(connections: int) -> Work:
    return Work(
        "t",
        "everybody on all of 100 symbols, one due each millisecond",
        connections,
        symbols=100,
        due=1,
        interval_ms=1,
        follow=EVERYTHING,
        beside="C",
    )


def egress(
    key: str, title: str, *, offers_deflate: bool = True, is_random: bool = False, rate: int = 0, beside: Beside = "all"
) -> Work:
    """Everybody on all of the demo's symbols, at a pace that servers that compress once per client can keep."""
    return Work(
        key,
        f"egress: everybody on 40 symbols, 20 due each second{title}",
        1_000,
        symbols=40,
        due=20,
        interval_ms=1_000,
        follow=EVERYTHING,
        seconds=4.0,
        rate=rate,
        offers_deflate=offers_deflate,
        is_random=is_random,
        trades=True,
        beside=beside,
    )


EGRESS = [
    egress("j0", "", offers_deflate=False),
    egress("j", ", compressed"),
    egress("jr", ", random prices, compressed", is_random=True, beside="nobody"),
    egress("jc", ", compressed, a command per client and second", rate=1_000, beside="nobody"),
]
CONNECTS = Work("e", "connects, with a token verified", 64, mode="connect")
IDLE = Work("f", "memory of an idle connection", 10_000, mode="idle", seconds=2.0, rounds=5)
RECONNECT = Work(
    "k",
    "everybody connects at once, with a token and a position",
    5_000,
    mode="reconnect",
    symbols=1,
    due=1,
    seconds=1.0,
    beside="nobody",
)
GROWING_SYMBOLS = [partial(everybody_on_all, symbols=count, due=10, key=f"h{count}") for count in (10, 100, 1_000)]


def full() -> list[list[Work]]:
    """All works, for `make bench`, in groups. Within each round, the works of a group are measured in turn."""
    of_each_size = (one_symbol, many_due, mixed, request_reply, everybody_on_all)
    by_size = [[make(size) for size in SIZES] for make in of_each_size]
    stalled = [[paced(size, key="g0", due=20), paced(size, key="g", due=20, stalled=size // 10)] for size in SIZES]
    growing = [make(1_000) for make in GROWING_SYMBOLS]
    return [
        *by_size,
        [request_after_reply(1_000)],
        EGRESS,
        [CONNECTS],
        [RECONNECT],
        [IDLE],
        *stalled,
        growing,
        [paced(1_000)],
        [trickle(100)],
        [trickle(1_000)],
    ]


def quick() -> list[list[Work]]:
    """The works that CI measures, in shorter windows and fewer rounds."""
    works = [one_symbol(1_000), many_due(1_000), mixed(1_000), everybody_on_all(1_000), request_reply(1_000), CONNECTS]
    short = [replace(work, seconds=max(1.0, work.interval_ms / 900), rounds=QUICK_ROUNDS) for work in works]
    return [[work] for work in short] + [[replace(IDLE, rounds=1)]]
