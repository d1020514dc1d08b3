"""The board of a contest: its participants, the values of their portfolios, and their ranks (protocol §5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from duelcast.domain.accounts.nicknames import shapes
from duelcast.domain.contests.columns import Columns, Rows, rank
from duelcast.domain.contests.events import LeaderboardRow
from duelcast.domain.contests.price_vector import CASH, PriceVector
from duelcast.domain.contests.valuation import Line, Lines, Positions, value_of_owners
from duelcast.store.contests import HoldingRow
from duelcast.wire.timestamps import format_ms

TOP_ROWS = 100
_RETURN_DECIMALS = 2


def return_pct(value: float, initial: float) -> float:
    """(value − initial) / initial × 100 to two decimals, without a negative zero."""
    return round((value - initial) / initial * 100, _RETURN_DECIMALS) + 0.0


class Standing(NamedTuple):
    """A participant as of the last ranking; `rank` is None while the participant is disqualified. `rank_change` = rank
    at the last full minute − rank now; 0 for new participants."""

    wallet: str
    entry_id: int
    rank: int | None
    value: float
    return_pct: float
    rank_change: int


class Scoring:
    """One valuation and ranking of all participants. `Board.prepare` creates it, `compute` may run in any thread, and
    `Board.apply` takes the result."""

    __slots__ = ("_columns", "_lines", "_prices", "_rows", "membership", "order", "ranks", "values")

    def __init__(
        self,
        columns: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]],
        lines: Sequence[Lines],
        prices: NDArray[np.float64],
        rows: Rows,
        membership: int,
    ) -> None:
        self._columns = columns
        self._lines = lines
        self._prices = prices
        self._rows = rows
        self.membership = membership
        self.values: NDArray[np.float64] = columns[0]
        self.order = rows
        self.ranks: NDArray[np.int32] | None = None

    def compute(self) -> None:
        """Value and rank the participants. This slow part reads nothing that the board may change meanwhile.

        A participant who holds a token without a price keeps the previous value.
        """
        before, entry_times_ms, entry_ids = self._columns
        values = value_of_owners(self._lines, self._prices, len(before))
        self.values = np.where(np.isnan(values), before, values)
        self.order, self.ranks = rank(self._rows, self.values, entry_times_ms, entry_ids)


class Board:
    """The participants of one contest, in compact arrays (for measurements, see `benchmarks/contest`).

    Before the start, every participant holds the starting balance as cash, so that everybody has rank 1.
    Entering and leaving change the ranks at once, with the values of the last scoring. Methods that take a `wallet`
    raise `KeyError` if it is not in the contest, unless they say otherwise. Everything but `Scoring.compute` must run
    on one thread.
    """

    def __init__(self, starting_balance: float, prices: PriceVector, *, version: int = 0) -> None:
        self.starting_balance = starting_balance
        self.total = 0
        """The number of ranked participants."""
        self._prices = prices
        self._rows: dict[str, int] = {}
        self._wallets: list[str] = []
        self._nicknames: list[str | None] = []
        self._claimed_nicknames: list[str | None] = []
        self._claimants: dict[str, tuple[str, ...]] = {}
        """Wallets by the `shapes` of the nicknames that they claim."""
        self._columns = Columns()
        self._positions = Positions()
        self._free_rows: list[int] = []
        self._order: Rows = np.zeros(0, np.intp)
        self._version = version
        self._membership = 0
        self._ranked_membership = 0
        self._under_way: Scoring | None = None
        self._top: list[LeaderboardRow] = []

    def __contains__(self, wallet: str) -> bool:
        return wallet in self._rows

    @property
    def version(self) -> int:
        """A number that grows whenever a row may have changed, so that two pages of the same version agree."""
        self._settle()
        return self._version

    @property
    def portfolio_bytes(self) -> int:
        """The size of all positions, in bytes."""
        return self._positions.nbytes

    def add(
        self,
        wallet: str,
        nickname: str | None,
        entry_id: int,
        entry_time_ms: int,
        portfolio: Iterable[HoldingRow] = (),
        claimed_nickname: str | None = None,
    ) -> None:
        """Add a wallet with its portfolio; `claimed_nickname` is the nickname in the wallet's access token. Raises
        `ValueError` if the wallet is already in the contest.
        """
        if wallet in self._rows:
            raise ValueError("a wallet enters once")
        row = self._new_row()
        self._rows[wallet] = row
        self._wallets[row] = wallet
        self._nicknames[row] = nickname
        self._claimed_nicknames[row] = claimed_nickname
        if claimed_nickname is not None:
            for shape in shapes(claimed_nickname):
                self._claimants[shape] = (*self.claimants(shape), wallet)
        columns = self._columns
        columns.entry_ids[row] = entry_id
        columns.entry_times_ms[row] = entry_time_ms
        columns.values[row] = self.starting_balance
        columns.marked_ranks[row] = columns.published_ranks[row] = 0
        self._positions.set(row, self._lines(portfolio))
        self._enter_ranks(row)

    def remove(self, wallet: str) -> None:
        """Forget a wallet that withdrew."""
        row = self._rows.pop(wallet)
        self._leave_ranks(row)
        self._positions.clear(row)
        claimed = self._claimed_nicknames[row]
        if claimed is not None:
            for shape in shapes(claimed):
                self._forget_claim(shape, wallet)
        self._wallets[row] = ""
        self._nicknames[row] = self._claimed_nicknames[row] = None
        self._free_rows.append(row)

    def is_ranked(self, wallet: str) -> bool:
        """Whether the wallet is in the contest and not disqualified."""
        row = self._rows.get(wallet)
        return row is not None and bool(self._columns.ranked[row])

    def entered_ms(self, wallet: str) -> int:
        """The time at which the wallet entered, in epoch ms."""
        return int(self._columns.entry_times_ms[self._rows[wallet]])

    def nickname(self, wallet: str) -> str | None:
        return self._nicknames[self._rows[wallet]]

    def claimed_nickname(self, wallet: str) -> str | None:
        return self._claimed_nicknames[self._rows[wallet]]

    def claimants(self, shape: str) -> tuple[str, ...]:
        """The wallets that claim a nickname of this shape."""
        return self._claimants.get(shape, ())

    def disqualify(self, wallet: str) -> None:
        """Take a wallet out of the ranks. The value of its portfolio is still computed."""
        self._leave_ranks(self._rows[wallet])

    def restore(self, wallet: str) -> None:
        """Let a disqualified wallet back into the ranks."""
        self._enter_ranks(self._rows[wallet])

    def set_nickname(self, wallet: str, nickname: str | None) -> bool:
        """Show `nickname`; returns whether it differs from the previous one."""
        row = self._rows[wallet]
        if self._nicknames[row] == nickname:
            return False
        self._nicknames[row] = nickname
        self._version += 1
        return True

    def set_portfolio(self, wallet: str, portfolio: Iterable[HoldingRow]) -> None:
        """Replace the portfolio. `portfolio` has each symbol once, with quantities for all of them or for none. The
        next scoring computes the new value."""
        self._positions.set(self._rows[wallet], self._lines(portfolio))

    def portfolio(self, wallet: str) -> list[HoldingRow]:
        """The portfolio sorted by symbol; without quantities before the start."""
        lines = self._positions.of(self._rows[wallet])
        is_bought = not any(line.token == CASH and line.quantity for line in lines)
        return [
            HoldingRow(self._prices.symbol(line.token), line.weight, line.quantity if is_bought else None)
            for line in lines
            if line.token != CASH
        ]

    def buy(self, prices: Mapping[str, float]) -> None:
        """Start the contest: everybody buys the chosen portfolio at `prices`, which cover all held tokens."""
        self._positions.buy(self.starting_balance, self._prices.snapshot_of(prices))

    def symbols(self) -> list[str]:
        """The tokens that somebody holds, sorted."""
        return sorted(self._prices.symbol(token) for token in self._positions.held() if token != CASH)

    def concerned(self, changed: AbstractSet[int]) -> bool:
        """Whether somebody holds one of the `changed` tokens, which come from `PriceVector.take_changed`."""
        return self._positions.any_held(changed)

    def prepare(self, prices: Mapping[str, float] | None = None) -> Scoring:
        """Begin a scoring at the newest prices or, if given, at `prices` (for example the closing prices). A scoring in
        progress becomes void."""
        self._settle()
        columns, size = self._columns, self._columns.size
        self._under_way = Scoring(
            (columns.values[:size], columns.entry_times_ms[:size], columns.entry_ids[:size]),
            self._positions.lines(),
            self._prices.snapshot() if prices is None else self._prices.snapshot_of(prices),
            self._order,
            self._membership,
        )
        return self._under_way

    def apply(self, scoring: Scoring) -> bool:
        """Take over the computed values. Returns False and changes nothing if another scoring has begun since."""
        if scoring is not self._under_way or scoring.ranks is None:
            return False
        self._under_way = None
        self._columns.values[: len(scoring.values)] = scoring.values
        if scoring.membership == self._membership:
            self._take_ranking(scoring.order, scoring.ranks)
        else:
            self._rank_members()
        return True

    def score(self, prices: Mapping[str, float] | None = None) -> None:
        """Value and rank everybody at once; for a small board."""
        scoring = self.prepare(prices)
        scoring.compute()
        self.apply(scoring)

    def minute_mark(self) -> None:
        """Call this at each full minute: from now on `rankChange` counts from the current ranks."""
        self._settle()
        columns = self._columns
        marked, ranks = columns.marked_ranks, columns.ranks
        if np.any((marked != ranks) & (marked > 0) & (ranks > 0)):
            self._version += 1
        columns.marked_ranks[:] = ranks

    def page(self, offset: int, limit: int) -> list[LeaderboardRow]:
        """At most `limit` rows from `offset` on (0 is the first row)."""
        self._settle()
        return [self._leaderboard_row(row) for row in self._order[offset : offset + limit].tolist()]

    def around(self, wallet: str, limit: int) -> int | None:
        """The offset of the page of `limit` rows that has `wallet` in its middle, or as near to the middle as the ends
        of the list allow.

        None if the wallet is not ranked.
        """
        self._settle()
        row = self._rows[wallet]
        first = int(self._columns.ranks[row]) - 1
        if first < 0:
            return None
        position = first + int(np.argmax(self._order[first:] == row))
        return max(0, min(position - limit // 2, self.total - limit))

    def standing(self, wallet: str) -> Standing:
        """Rank and value of one participant."""
        self._settle()
        return self._standing(self._rows[wallet])

    def standings(self) -> Iterator[Standing]:
        """All ranked participants, in listing order. The board must not change during the iteration."""
        self._settle()
        return map(self._standing, self._order.tolist())

    def ranks(self) -> Iterable[tuple[int, int]]:
        """Entry id and rank of all ranked participants, in listing order."""
        self._settle()
        columns = self._columns
        return zip(columns.entry_ids[self._order].tolist(), columns.ranks[self._order].tolist(), strict=True)

    def take_top(self) -> list[LeaderboardRow] | None:
        """The first 100 rows if they changed since the last call; else None."""
        top = self.page(0, TOP_ROWS)
        if top == self._top:
            return None
        self._top = top
        return top

    def take_changed(self, wallets: Collection[str]) -> list[str]:
        """Those of `wallets` that are new in the contest, or whose rank or value changed since the last call.

        Wallets that are not in the contest are skipped.
        """
        self._settle()
        present = [wallet for wallet in wallets if wallet in self._rows]
        rows = np.array([self._rows[wallet] for wallet in present], np.intp)
        columns = self._columns
        ranks, values = columns.ranks[rows], columns.values[rows]
        differ = (columns.published_ranks[rows] != ranks) | (columns.published_values[rows] != values)
        # Store the figures of all rows, so that a wallet that is first asked about in the next call is compared with
        # these figures.
        columns.published_ranks[:] = columns.ranks
        columns.published_values[:] = columns.values
        return [present[number] for number in np.flatnonzero(differ).tolist()]

    def mark_published(self, wallet: str) -> None:
        """Count this wallet's present rank and value as published, so that `take_changed` skips the wallet. Does
        nothing if the wallet is not in the contest."""
        self._settle()
        row = self._rows.get(wallet)
        if row is not None:
            columns = self._columns
            columns.published_ranks[row] = columns.ranks[row]
            columns.published_values[row] = columns.values[row]

    def _lines(self, portfolio: Iterable[HoldingRow]) -> list[Line]:
        held = sorted((one.symbol, one) for one in portfolio)
        lines = [Line(self._prices.index(symbol), one.quantity or 0.0, one.weight) for symbol, one in held]
        if not held or held[0][1].quantity is None:
            lines.insert(0, Line(CASH, self.starting_balance))
        return lines

    def _forget_claim(self, key: str, wallet: str) -> None:
        others = tuple(one for one in self._claimants[key] if one != wallet)
        if others:
            self._claimants[key] = others
        else:
            del self._claimants[key]

    def _new_row(self) -> int:
        # A scoring in progress will store a value in each row that it knows, even if the row has been freed since.
        if self._free_rows and self._under_way is None:
            return self._free_rows.pop()
        self._wallets.append("")
        self._nicknames.append(None)
        self._claimed_nicknames.append(None)
        return self._columns.new_row()

    def _enter_ranks(self, row: int) -> None:
        if not self._columns.ranked[row]:
            self._columns.ranked[row] = True
            self.total += 1
            self._membership += 1

    def _leave_ranks(self, row: int) -> None:
        if self._columns.ranked[row]:
            self._columns.ranked[row] = False
            self._columns.ranks[row] = 0
            self.total -= 1
            self._membership += 1

    def _settle(self) -> None:
        if self._ranked_membership != self._membership:
            self._rank_members()

    def _rank_members(self) -> None:
        columns, size = self._columns, self._columns.size
        staying = self._order[columns.ranks[self._order] > 0]
        coming = np.flatnonzero(columns.ranked[:size] & (columns.ranks[:size] == 0))
        rows = np.concatenate((staying, coming))
        values, entry_times_ms = columns.values[:size], columns.entry_times_ms[:size]
        self._take_ranking(*rank(rows, values, entry_times_ms, columns.entry_ids[:size]))

    def _take_ranking(self, order: Rows, ranks: NDArray[np.int32]) -> None:
        self._order = order
        self._columns.ranks[: len(ranks)] = ranks
        self._ranked_membership = self._membership
        self._version += 1

    def _standing(self, row: int) -> Standing:
        columns = self._columns
        value = float(columns.values[row])
        return Standing(
            self._wallets[row],
            int(columns.entry_ids[row]),
            int(columns.ranks[row]) or None,
            value,
            return_pct(value, self.starting_balance),
            self._rank_change(row),
        )

    def _rank_change(self, row: int) -> int:
        marked, now = int(self._columns.marked_ranks[row]), int(self._columns.ranks[row])
        return marked - now if marked and now else 0

    def _leaderboard_row(self, row: int) -> LeaderboardRow:
        columns = self._columns
        value = float(columns.values[row])
        return LeaderboardRow(
            rank=int(columns.ranks[row]),
            wallet=self._wallets[row],
            nickname=self._nicknames[row],
            value=value,
            returnPct=return_pct(value, self.starting_balance),
            rankChange=self._rank_change(row),
            entryTime=format_ms(int(columns.entry_times_ms[row])),
        )
