"""Contests that end while the leader dies: their ranks and prizes are those of an undisturbed run."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.cluster_kills.evidence import Evidence
from tests.cluster_kills.office import Office

POOL = 10
PERCENTS = (50, 30, 20)
BALANCE = 1000.0
FIRST_PRICE = 100.0
LASTS_S = 4.0
PORTFOLIOS = ((100, 0, 0), (0, 100, 0), (0, 0, 100), (60, 30, 10), (10, 60, 30), (20, 5, 75))
"""The weights of three symbols."""
LOOK_EVERY_S = 0.1
SETTLED_TIMEOUT_S = 60.0
DAY_S = 86_400
NOTIFIED = "select wallet from notifications where type = 'CONTEST_RESULT' and data->>'contestId' = $1"
STATUS = "select status from contests where id = $1"


class Cup:
    """A contest with symbols of its own, in which each of `wallets` has another portfolio.

    The prices change for the last time before the end, and after the end to others that would turn the ranks round.
    """

    def __init__(self, office: Office, name: str, wallets: Sequence[str], chance: random.Random) -> None:
        self.number = 0
        self.ends_s = 0.0
        """When it ends, by the clock of the machine."""
        self._entered: set[str] = set()
        self.is_decided = False
        """Whether the prices of the end were acknowledged in time."""
        self._office = office
        self._name = name
        self._symbols = [f"{name}{letter}" for letter in "ABC"]
        self._wallets = wallets
        self._final = [round(chance.uniform(50, 90), 2), round(chance.uniform(95, 130), 2), 140.0]
        chance.shuffle(self._final)

    async def begin(self) -> None:
        """Open it, let everybody enter, and start it."""
        await self._post([FIRST_PRICE] * 3)
        begins_s = time.time() + LASTS_S / 2
        self.ends_s = begins_s + LASTS_S
        self.number = await open_contest(self._office, self._name, begins_s, self.ends_s)
        for wallet, weights in zip(self._wallets, PORTFOLIOS, strict=True):
            weighed = zip(self._symbols, weights, strict=True)
            portfolio = [{"symbol": symbol, "weight": weight} for symbol, weight in weighed if weight]
            entry = await self._office.insist(
                "POST",
                f"/contests/{self.number}/entries",
                {"portfolio": portfolio},
                wallet=wallet,
                refusals=("CONTEST_STARTED", "ALREADY_ENTERED"),
            )
            if entry.get("code") != "CONTEST_STARTED":
                self._entered.add(wallet)
        await self._office.insist("POST", f"/contests/{self.number}/start", refusals=("INVALID_STATE",))
        await self._post(self._final)
        self.is_decided = time.time() < self.ends_s

    async def finish(self) -> None:
        """Change the prices after the end."""
        await asyncio.sleep(max(0.0, self.ends_s + 0.05 - time.time()))
        await self._post([10_000 / price for price in self._final])

    async def settled(self, database: Evidence) -> None:
        """Wait until it is completed, and compare the result. Raises `AssertionError`."""
        async with asyncio.timeout(SETTLED_TIMEOUT_S):
            while await database.column(STATUS, self.number) != ["completed"]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(LOOK_EVERY_S)
        rows = await database.rows(
            "select wallet, final_rank, prize, final_value from contest_entries where contest_id = $1", self.number
        )
        kinds = await database.column("select kind from domain_events where contest_id = $1", self.number)
        assert kinds.count("contest_completed") == 1, kinds
        assert kinds.count("contest_started") == 1, kinds
        assert kinds.count("prize_won") == min(len(rows), len(PERCENTS)), kinds
        found = {wallet: (rank, prize) for wallet, rank, prize, _ in rows}
        assert self._entered <= found.keys(), f"{self._entered} and not {found}"
        if self.is_decided:
            values = self._values()
            expected = _results({wallet: values[wallet] for wallet in found})
            assert found == expected, f"{self._name}: {found} and not {expected}"
            assert all(math.isclose(value, values[wallet]) for wallet, _, _, value in rows), f"{rows}, {values}"

    async def is_announced(self, database: Evidence) -> bool:
        """Whether each wallet was notified of its result. Raises `AssertionError` if one was notified twice."""
        wallets = await database.column(NOTIFIED, str(self.number))
        assert len(wallets) == len(set(wallets)), f"{self._name}: notified twice: {wallets}"
        return set(wallets) >= self._entered

    def _values(self) -> Mapping[str, float]:
        changes = [price / FIRST_PRICE for price in self._final]
        return {
            wallet: BALANCE / 100 * sum(weight * change for weight, change in zip(weights, changes, strict=True))
            for wallet, weights in zip(self._wallets, PORTFOLIOS, strict=True)
        }

    async def _post(self, prices: Sequence[float]) -> None:
        body = [{"symbol": symbol, "price": price} for symbol, price in zip(self._symbols, prices, strict=True)]
        await self._office.insist("POST", "/tokens/prices", body)


def _results(values: Mapping[str, float]) -> Mapping[str, tuple[int, str | None]]:
    """The rank and the prize of each wallet."""
    ranked = sorted(values, key=lambda wallet: -values[wallet])
    prizes = [str(POOL * percent // 100) for percent in PERCENTS]
    return {wallet: (rank, prizes[rank - 1] if rank <= len(prizes) else None) for rank, wallet in enumerate(ranked, 1)}


async def open_room(office: Office) -> int:
    """Create a contest that begins a day after the test, so that it has only a room; returns its id."""
    begins_s = time.time() + DAY_S
    return await open_contest(office, "Cup", begins_s, begins_s + DAY_S)


async def open_contest(office: Office, name: str, begins_s: float, ends_s: float) -> int:
    """Create a contest; returns its id."""
    made: dict[str, Any] = await office.insist(
        "POST",
        "/contests",
        {
            "name": name,
            "start_time": _time_of(begins_s),
            "end_time": _time_of(ends_s),
            "prize_pool": str(POOL),
            "payout": [{"place": place, "percent": percent} for place, percent in enumerate(PERCENTS, 1)],
            "starting_balance": BALANCE,
        },
    )
    number: int = made["id"]
    return number


def _time_of(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
