"""The bots: they enter, trade and chat."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct

from duelcast.cli.demo.api import Api, Refused
from duelcast.cli.demo.people import BOTS, Person
from duelcast.cli.demo.seat import Seat
from duelcast.cli.demo.small_talk import line
from duelcast.clock import Clock
from duelcast.wire.timestamps import parse_time

PARTICIPANTS = 20
"""The number of bots in each contest."""
ENTRY_ATTEMPTS = 3
MOST_ENTRIES = 100
"""The longest page of a leaderboard."""
LIVELY_S = 60.0
"""Bots trade only tokens whose price is at most this old. With an older price, the trade may be refused."""
MAX_TOKENS = 5
"""A bot puts at most this many tokens into a portfolio."""
STEP = 5
"""Weights are multiples of this, because people choose such weights."""


class _Token(Struct):
    symbol: str
    price: float | None
    updated_at: str


class _Tokens(Struct):
    data: list[_Token]


class _Entry(Struct):
    wallet: str


class _Leaderboard(Struct):
    entries: list[_Entry]


class Crowd:
    """Acts for the bots. A refused trade or chat message is dropped; a bot that could not enter tries again."""

    def __init__(self, api: Api, seats: Sequence[Seat], clock: Clock, rng: random.Random) -> None:
        self._api = api
        self._seats = seats
        self._clock = clock
        self._rng = rng
        self._waiting: dict[int, list[Person]] = {}
        """The bots that have yet to enter, by contest id."""
        self.symbols: list[str] = []
        """Tokens that can be bought."""

    async def look_at_market(self) -> None:
        """Set `symbols` to the tokens with a recent price; if there are none, keep the old ones. Raises `Refused`."""
        since_s = self._clock.time() - LIVELY_S
        tokens = (await self._api.get(BOTS[0], "/tokens", _Tokens)).data
        lively = [one.symbol for one in tokens if one.price and parse_time(one.updated_at) >= since_s]
        self.symbols = lively or self.symbols

    async def go_to(self, contest_ids: Sequence[int]) -> None:
        """Let every bot with a seat join the rooms of these contests, and leave all others. Raises `Refused`."""
        for seat in self._seats:
            await seat.go_to(contest_ids)
        self._waiting = {contest_id: await self._yet_to_enter(contest_id) for contest_id in contest_ids}

    async def enter_all(self, contest_id: int) -> None:
        """Let the bots chosen for the contest enter; those that are refused, or get no answer, try again. Raises
        `Refused`."""
        entering = await self._yet_to_enter(contest_id)
        self._waiting[contest_id] = []  # so that `enter_one` meanwhile picks none of them
        for _ in range(ENTRY_ATTEMPTS):
            entered = await asyncio.gather(*(self._enter(contest_id, bot) for bot in entering))
            entering = [bot for bot, is_in in zip(entering, entered, strict=True) if not is_in]
        self._waiting.setdefault(contest_id, []).extend(entering)

    async def enter_one(self, contest_id: int) -> None:
        """Let one more bot enter, if any is left; it remains if it is refused, or gets no answer."""
        if waiting := self._waiting.get(contest_id):
            bot = waiting.pop()
            if not await self._enter(contest_id, bot):
                self._waiting.setdefault(contest_id, []).insert(0, bot)

    async def trade(self, contest_id: int) -> None:
        """Let a bot change its portfolio."""
        with suppress(Refused):
            await self._choose(
                "PUT", f"/contests/{contest_id}/entries/me/portfolio", self._rng.choice(_chosen(contest_id))
            )

    async def chat(self, contest_id: int) -> None:
        """Let a bot say something."""
        seat, other = self._rng.sample(self._seats, 2)
        await seat.say(contest_id, line(self._rng, self.symbols, [other.person.nickname]))

    async def _yet_to_enter(self, contest_id: int) -> list[Person]:
        """The bots chosen for the contest that are not in it. Those of an earlier run may be. Raises `Refused`."""
        if (waiting := self._waiting.get(contest_id)) is not None:
            return waiting
        path = f"/contests/{contest_id}/leaderboard"
        entries = (await self._api.get(BOTS[0], path, _Leaderboard, limit=MOST_ENTRIES)).entries
        entered = {entry.wallet for entry in entries}
        return [bot for bot in _chosen(contest_id) if bot.wallet not in entered]

    async def _enter(self, contest_id: int, bot: Person) -> bool:
        """Returns whether the bot is in the contest."""
        try:
            await self._choose("POST", f"/contests/{contest_id}/entries", bot)
        except Refused as refused:
            return refused.code == "ALREADY_ENTERED"
        return True

    async def _choose(self, method: str, path: str, bot: Person) -> None:
        """Send a random portfolio in the name of `bot`. Raises `Refused`."""
        portfolio = random_portfolio(self._rng, self.symbols)
        await self._api.send(bot, method, path, {"portfolio": portfolio}, kind=dict[str, Any])


def _chosen(contest_id: int) -> list[Person]:
    """The participants of a contest. The choice depends only on the id of the contest, so it need not be stored."""
    return random.Random(contest_id).sample(BOTS, PARTICIPANTS)  # noqa: S311 - draws lots, guards nothing


def random_portfolio(rng: random.Random, symbols: Sequence[str]) -> list[dict[str, Any]]:
    """2 to 5 of `symbols`, or the only one, with weights that sum to 100; `symbols` must not be empty."""
    chosen = rng.sample(symbols, rng.randint(min(2, len(symbols)), min(MAX_TOKENS, len(symbols))))
    cuts = sorted(rng.sample(range(STEP, 100, STEP), len(chosen) - 1))
    weights = [end - begin for begin, end in zip([0, *cuts], [*cuts, 100], strict=True)]
    return [{"symbol": symbol, "weight": weight} for symbol, weight in zip(chosen, weights, strict=True)]
