"""Whoever follows the pushes has the table that `get_leaderboard` gives, and that a slow reckoning gives."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.events import LEADERBOARD, PARTICIPANT
from tests.domain.contests.contest_room import START_S, ContestRoom, contest_room
from tests.examples import examples

WALLETS = ("ann", "bob", "cat", "dan", "eve")
SYMBOLS = ("A", "B", "C")
BALANCE = 1_000.0

prices = st.sampled_from([0.1, 1.0, 3.0, 0.7]) | st.floats(1e-6, 1e6)
weights = st.integers(1, 99).map(lambda first: (first, 100 - first))
portfolios = st.one_of(
    st.sampled_from(SYMBOLS).map(lambda symbol: {symbol: 100}),
    st.tuples(st.permutations(SYMBOLS), weights).map(lambda drawn: dict(zip(drawn[0], drawn[1], strict=False))),
)
entries = st.dictionaries(st.sampled_from(WALLETS), portfolios, min_size=2)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("price"), st.sampled_from(SYMBOLS), prices),
        st.tuples(st.just("change"), st.sampled_from(WALLETS), portfolios),
        st.tuples(st.just("disqualify"), st.sampled_from(WALLETS)),
        st.tuples(st.just("admit"), st.sampled_from(WALLETS)),
        st.tuples(st.just("wait"), st.sampled_from([0.3, 1.0, 61.0])),
    ),
    max_size=12,
)


class Reckoning:
    """Plain Python, from the sentences of the contract."""

    def __init__(self, entered: dict[str, dict[str, int]], prices: dict[str, float]) -> None:
        self.prices = prices
        self.order = list(entered)
        self.disqualified: set[str] = set()
        self.held = {wallet: self.bought(BALANCE, chosen) for wallet, chosen in entered.items()}

    def bought(self, balance: float, chosen: dict[str, int]) -> dict[str, float]:
        return {symbol: balance * weight / 100 / self.prices[symbol] for symbol, weight in chosen.items()}

    def worth(self, wallet: str) -> float:
        total = 0.0
        for symbol in sorted(self.held[wallet]):
            total += self.held[wallet][symbol] * self.prices[symbol]
        return total

    def change(self, wallet: str, chosen: dict[str, int]) -> None:
        self.held[wallet] = self.bought(self.worth(wallet), chosen)

    def rows(self) -> list[tuple[int, str, float, float]]:
        """Rank, wallet, value and return."""
        values = {wallet: round(self.worth(wallet), 8) for wallet in self.order if wallet not in self.disqualified}
        ranked = sorted(values, key=lambda wallet: (-values[wallet], self.order.index(wallet)))
        return [
            (
                1 + sum(other > values[wallet] for other in values.values()),
                wallet,
                values[wallet],
                round((values[wallet] - BALANCE) / BALANCE * 100, 2) + 0.0,
            )
            for wallet in ranked
        ]


@settings(max_examples=examples(40))
@given(entries, steps)
def test_pushes_the_reply_and_a_slow_reckoning_agree(
    entered: dict[str, dict[str, int]], chosen: list[tuple[Any, ...]]
) -> None:
    uvloop.run(_play(entered, chosen))


async def _play(entered: dict[str, dict[str, int]], chosen: list[tuple[Any, ...]]) -> None:
    with TemporaryDirectory() as folder:
        async with contest_room(Path(folder)) as room:
            now = {"A": 1.0, "B": 2.0, "C": 0.3}
            await room.prices(**now)
            contest = await room.create(end_time="2030-01-01T00:00:00Z")
            for wallet, portfolio in entered.items():
                await room.enter(contest, wallet, portfolio)
                room.broker.follow(PARTICIPANT.channel(f"{wallet}.{contest.id}"))
                await room.clock.advance(0.01)
            await room.advance(START_S + 1)
            slow = Reckoning(entered, now)
            for name, *arguments in chosen:
                await _step(room, contest, slow, name, *arguments)
            await room.advance(1.5)
            await _compare(room, contest, slow)


async def _step(room: ContestRoom, contest: Contest, slow: Reckoning, name: str, *arguments: Any) -> None:
    if name == "price":
        symbol, price = arguments
        slow.prices[symbol] = price
        await room.prices(**{symbol: price})
    elif name == "wait":
        await room.advance(*arguments)
    elif arguments[0] not in slow.held:
        return
    elif name == "change":
        wallet, portfolio = arguments
        if wallet not in slow.disqualified:
            slow.change(wallet, portfolio)
            await room.change(contest, wallet, portfolio)
    else:
        (wallet,) = arguments
        (slow.disqualified.add if name == "disqualify" else slow.disqualified.discard)(wallet)
        await room.disqualify(contest, wallet, disqualified=name == "disqualify")


async def _compare(room: ContestRoom, contest: Contest, slow: Reckoning) -> None:
    reply = await room.contests.standings.leaderboard(contest.id)
    rows = [(row.rank, row.wallet, row.value, row.returnPct) for row in reply.entries]
    assert rows == slow.rows()
    pushed = room.pushes.newest[(LEADERBOARD.channel(str(contest.id)).name, "leaderboard_update")]["data"]
    assert [(row["rank"], row["wallet"], row["value"], row["returnPct"]) for row in pushed["entries"]] == rows
    assert [row["rankChange"] for row in pushed["entries"]] == [row.rankChange for row in reply.entries]
    assert pushed["total"] == reply.total == len(rows)
    for rank, wallet, value, _ in rows:
        own = room.pushes.newest[(f"participant.{wallet}.{contest.id}", "participant_update")]["data"]
        assert (own["rank"], own["portfolioValue"], own["status"]) == (rank, value, "active")
    for wallet in slow.disqualified:
        own = room.pushes.newest[(f"participant.{wallet}.{contest.id}", "participant_update")]["data"]
        assert (own["rank"], own["status"]) == (None, "disqualified")
