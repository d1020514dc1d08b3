"""People whom events are tracked of, who are notified and who mark what they read, while their server is killed."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any

from tests.rehearsal.desk import Desk
from tests.rehearsal.inboxes import Device
from tests.rehearsal.tracking import Tracked

OWNERS = ("ann", "bob", "cat")
"""Each has two devices."""
TRACKED = ("dan", "eve", "fay", "gus")
PAUSE_S = 0.02


class Townspeople:
    """They are busy until `over` is set, and note what was acknowledged: `posted` are the titles that each wallet was
    sent, `marked` the notifications that were marked as read."""

    def __init__(self, url: str, desk: Desk, chance: random.Random) -> None:
        self.posted: dict[str, list[str]] = defaultdict(list)
        self.marked: set[int] = set()
        self.tracked = [Tracked(url, wallet) for wallet in TRACKED]
        self.devices = [Device(url, wallet) for wallet in OWNERS * 2]
        self.over = asyncio.Event()
        self._desk = desk
        self._chance = chance

    @property
    def visitors(self) -> list[Tracked | Device]:
        return [*self.tracked, *self.devices]

    def acts(self) -> list[Coroutine[Any, Any, None]]:
        """To be run at the same time."""
        return [*map(self._report, self.tracked), *map(self._mark, self.devices), self._post(), self._post()]

    async def _report(self, tracked: Tracked) -> None:
        while not self.over.is_set():
            await tracked.report(self._chance.choice([1, 1, 5]))
            if self._chance.random() < 0.1:
                await tracked.repeat()
            await asyncio.sleep(PAUSE_S)

    async def _post(self) -> None:
        while not self.over.is_set():
            title = f"News {self._chance.getrandbits(64):x}"
            wallets = self._chance.sample(OWNERS, 2)
            body = {"wallets": wallets, "type": "NEWS", "title": title, "content": "It rains.", "dedupeKey": title}
            for _ in range(self._chance.choice([1, 1, 2])):
                answer = await self._desk.do("POST", "/notifications", body)
                assert answer["created"] + answer["duplicate"] == len(wallets), answer
            for wallet in wallets:
                self.posted[wallet].append(title)
            await asyncio.sleep(PAUSE_S)

    async def _mark(self, device: Device) -> None:
        while not self.over.is_set():
            unread = [number for number, read in device.read.items() if not read]
            if unread:
                ids = self._chance.sample(unread, min(3, len(unread)))
                await device.mark(ids)
                self.marked.update(ids)
            await asyncio.sleep(PAUSE_S)
