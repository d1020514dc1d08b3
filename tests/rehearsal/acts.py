"""What people do all evening, each for as long as it lasts, and what was acknowledged to them."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.rehearsal.cast import PARTICIPANTS, Cast, user
from tests.rehearsal.desk import Desk
from tests.rehearsal.inboxes import Device

WRITERS = 20
SETTING = "scene.colour"
"""A setting that the platform's own clients obey."""


@dataclass
class Acknowledged:
    """What the server took, as those who asked know it."""

    said: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    """Texts by contest and id."""
    posted: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Titles of the notifications of each wallet; those for everybody have the wallet ""."""
    colour: int = 0
    """The newest value of `SETTING`."""


class Acts:
    """Goes on until `over` is set; then each ends with what it has begun."""

    def __init__(self, cast: Cast, desk: Desk, contests: tuple[int, int], chance: random.Random) -> None:
        self.acknowledged = Acknowledged()
        self.over = asyncio.Event()
        self._cast = cast
        self._desk = desk
        self._contests = contests
        self._chance = chance

    def all(self) -> list[Coroutine[Any, Any, None]]:
        """To be run at the same time."""
        return [
            *(self._chat(number) for number in range(WRITERS)),
            *(self._report(number) for number in range(len(self._cast.tracked))),
            self._post(),
            self._mark(),
            self._trade(),
            self._paint(),
        ]

    async def _pause(self, mean_s: float) -> bool:
        """Whether there is time for another act, after a while."""
        try:
            async with asyncio.timeout(self._chance.uniform(0, 2 * mean_s)):
                await self.over.wait()
        except TimeoutError:
            return True
        return False

    async def _chat(self, writer: int) -> None:
        member = self._cast.members[writer]
        for number in itertools.count():
            if not await self._pause(1.5):
                return
            contest = self._chance.choice(self._contests)
            text = f"{member.wallet} says {number}"
            self.acknowledged.said[contest][await member.write(contest, text)] = text

    async def _report(self, number: int) -> None:
        tracked = self._cast.tracked[number]
        while await self._pause(0.5):
            await tracked.report(self._chance.choice([1, 1, 1, 10]))
            if self._chance.random() < 0.1:
                await tracked.repeat()

    async def _post(self) -> None:
        for number in itertools.count():
            if not await self._pause(0.15):
                return
            wallets = [""] if number % 10 == 9 else self._chance.sample(self._cast.owners, 3)
            title = f"News {number}"
            body: dict[str, Any] = {"type": "NEWS", "title": title, "content": "It rains.", "dedupeKey": title}
            body |= {"broadcast": True} if wallets == [""] else {"wallets": wallets}
            for _ in range(self._chance.choice([1, 1, 2])):
                answer = await self._desk.do("POST", "/notifications", body)
                assert answer["created"] + answer["duplicate"] == len(wallets), answer
            for wallet in wallets:
                self.acknowledged.posted[wallet].append(title)

    async def _mark(self) -> None:
        while await self._pause(0.2):
            devices = self._cast.devices_of(self._chance.choice(self._cast.owners))
            device = self._chance.choice(devices)
            unread = [number for number, read in device.read.items() if not read]
            if self._chance.random() < 0.1:
                # While another device still asks for its pages it could not tell what "all" was.
                await asyncio.gather(*map(Device.present, devices))
                await device.mark_all()
            elif unread:
                await device.mark(self._chance.sample(unread, min(2, len(unread))))

    async def _trade(self) -> None:
        symbols = list(self._cast.prices[-1].prices)
        while await self._pause(0.6):
            wallet, contest = user(self._chance.randrange(PARTICIPANTS)), self._chance.choice(self._contests)
            portfolio = portfolio_of(self._chance, symbols)
            path = f"/contests/{contest}/entries/me/portfolio"
            # One of the contests ends by itself.
            await self._desk.do("PUT", path, {"portfolio": portfolio}, wallet=wallet, refusal="INVALID_STATE")

    async def _paint(self) -> None:
        for number in itertools.count(1):
            if not await self._pause(1.0):
                return
            body = {"value": number, "visibility": "public", "expectedVersion": number - 1}
            answer = await self._desk.do("PUT", f"/settings/{SETTING}", body, repeated="VERSION_CONFLICT")
            assert answer.get("current", answer)["value"] == number, answer
            self.acknowledged.colour = number


def portfolio_of(chance: random.Random, symbols: Sequence[str]) -> list[dict[str, Any]]:
    """One that may be sent."""
    first, second = chance.sample(symbols, 2)
    weight = chance.randrange(1, 100)
    return [{"symbol": first, "weight": weight}, {"symbol": second, "weight": 100 - weight}]
