"""All clients of a cluster: followers of every channel, and those who send commands."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, Protocol

from tests.cluster_kills.acts import Ledger
from tests.cluster_kills.broadcasts import Broadcasts
from tests.cluster_kills.client import Client
from tests.cluster_kills.followers import EveryChannel, Follower, LatestChannel
from tests.cluster_kills.office import BOSS, Breaker, Notifier, Office, Reporter, Ticker, Trader
from tests.cluster_kills.senders import Reader, Speaker, Tracked

SPEAKERS = ("bob", "cat", "dan", "eve", "fay", "gus")
TRACKED = ("hal", "ida", "joe")
READERS = ("ann", "kim")
"""Each has two devices."""
SYMBOLS = ("BTC", "SOL", "ETH")
WANDERING_S = (1.0, 6.0)
"""How long a follower stays at a gateway."""


class Sender(Protocol):
    """Counts the commands that were acknowledged."""

    @property
    def acknowledged(self) -> int: ...


class Company:
    """Clients of two gateways. `over` ends the commands. The chat is that of `contest`."""

    def __init__(self, gateways: Sequence[str], office: Office, contest: int, chance: random.Random) -> None:
        self.over = asyncio.Event()
        self.broadcasts = Broadcasts()
        self.chat = Ledger("chat messages")
        self.events = Ledger("tracked events")
        self.notifications = {wallet: Ledger(f"notifications of {wallet}") for wallet in READERS}
        self.announcements = Ledger("announcements")
        self.trades = Ledger("trades")
        self.errors = Ledger("errors")
        self._chance = chance
        own = self._own

        def follower(endpoint: str, every: Sequence[str], latest: Sequence[str], **options: Any) -> Follower:
            return Follower(endpoint, every, latest, self.broadcasts, gateways, own(), **options)

        room = [f"chat.{contest}"], [f"contest.{contest}", f"leaderboard.{contest}", "public.contests"]
        self.readers = [Reader(self.broadcasts, gateways, own(), wallet) for wallet in READERS * 2]
        self.followers = [
            *(follower("contest", *room, public_name="public.contests") for _ in range(4)),
            *(follower("market-data", [], [f"market.{symbol}" for symbol in SYMBOLS]) for _ in range(4)),
            *(follower("circuit-breaker", ["alerts"], ["service.wire"], wallet=wallet) for wallet in READERS),
            *(follower("monitor", ["system.errors"], [], wallet=BOSS, role="admin") for _ in range(2)),
            *self.readers,
        ]
        self.speakers = [Speaker(contest, self.chat, self.broadcasts, gateways, own(), name) for name in SPEAKERS]
        self.tracked = [Tracked(self.events, gateways, own(), wallet) for wallet in TRACKED]
        self.ticker = Ticker(office, SYMBOLS, own())
        self._posters = [
            *(Notifier(office, ledger, own(), wallet) for wallet, ledger in self.notifications.items()),
            Notifier(office, self.announcements, own(), None),
            Trader(office, self.trades, own(), "TRADED"),
            Reporter(office, self.errors, own()),
        ]
        self._breaker = Breaker(office)

    def _own(self) -> random.Random:
        """A sequence for one of them, so that it does the same whatever the others do."""
        return random.Random(self._chance.getrandbits(64))

    @property
    def clients(self) -> Sequence[Client]:
        return [*self.followers, *self.speakers, *self.tracked]

    @property
    def ledgers(self) -> Sequence[Ledger]:
        return [self.chat, self.events, *self.notifications.values(), self.announcements, self.trades, self.errors]

    @property
    def senders(self) -> Sequence[Sender]:
        return [*self.speakers, *self.tracked, *self.readers, self.ticker, *self._posters, self._breaker]

    def every_channels(self) -> Iterator[EveryChannel]:
        """All channels of kind *every*, as each follower knows them."""
        for one in (*self.followers, *self.speakers):
            yield from one.every.values()

    def latest_channels(self) -> dict[str, list[LatestChannel]]:
        """Each channel of kind *latest*, as each of its followers knows it."""
        found: dict[str, list[LatestChannel]] = {}
        for one in self.followers:
            for name, channel in one.latest.items():
                found.setdefault(name, []).append(channel)
        return found

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """What all do until it is over."""
        return [
            *(speaker.speak(self.over) for speaker in self.speakers),
            *(tracked.report(self.over) for tracked in self.tracked),
            *(reader.mark(self.over) for reader in self.readers),
            *(poster.work(self.over) for poster in self._posters),
            self.ticker.work(self.over),
            self._breaker.work(self.over),
            self._wander(self._own()),
        ]

    async def _wander(self, chance: random.Random) -> None:
        """Let one follower after another lose its connection, and go on at the other gateway."""
        while not self.over.is_set():
            await asyncio.sleep(chance.uniform(*WANDERING_S) / len(self.followers))
            chance.choice(self.followers).lose_connection()
