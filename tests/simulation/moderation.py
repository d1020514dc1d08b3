"""Bans, and what they must bring about on every node."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from tests.simulation.checker import View
from tests.simulation.clients import Client
from tests.simulation.loop import until
from tests.simulation.network import SLOW_DELAY_S

MEAN_INTERVAL_S = 5.0
LONGEST_BAN_S = 3.0
RETRY_S = 0.3


class Moderator:
    """Bans the clients of `views` for a while, one at a time, through the connection of another client."""

    def __init__(self, by: Client, views: Sequence[View], rng: random.Random) -> None:
        self.is_done = False
        """Whether everybody is pardoned, once `by` has ceased to talk."""
        self._by = by
        self._views = views
        self._rng = rng

    async def run(self) -> None:
        """Ban while `by` talks, and pardon everybody then."""
        while self._by.is_talking:
            await asyncio.sleep(self._rng.expovariate(1 / MEAN_INTERVAL_S))
            view = self._rng.choice(self._views)
            await self.ban(view)
            await asyncio.sleep(self._rng.uniform(0, LONGEST_BAN_S))
            await self._pardon(view)
        # A ban may have been executed late, by a leader from which nobody expected an answer.
        for view in self._views:
            await self._pardon(view)
        self.is_done = True
        await asyncio.Event().wait()

    async def ban(self, view: View) -> None:
        """Ban a client. The gateway that answers lets it hear nothing more."""
        view.has_been_banned = True
        promotions = view.promotions
        gateway = await self._moderate(view, banned=True)
        # A standby that was promoted meanwhile may know nothing of the ban.
        view.banned_by = gateway if promotions == view.promotions else None
        view.banned_from_s = asyncio.get_running_loop().time() + SLOW_DELAY_S

    async def _pardon(self, view: View) -> None:
        view.banned_by = None
        await self._moderate(view, banned=False)

    async def _moderate(self, view: View, *, banned: bool) -> str:
        """Repeat a command until it is acknowledged; returns the name of the gateway that has done so."""
        command = {"type": "moderate", "wallet": view.client.name, "banned": banned}
        while True:
            await until(lambda: self._by.established)
            assert self._by.gateway is not None
            gateway = self._by.gateway.name
            answer = await self._by.ask(command)
            if answer is not None and answer["type"] == "moderated":
                return gateway
            await asyncio.sleep(RETRY_S)
