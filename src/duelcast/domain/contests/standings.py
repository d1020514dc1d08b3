"""Leaderboards, rows of participants, trades and boundary prices. Leaderboards and rows of live contests come from
memory, everything else from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import UNSET, Struct

from duelcast.clock import Clock
from duelcast.domain.accounts.accounts import Accounts
from duelcast.domain.contests.contest import Contest, ContestBook
from duelcast.domain.contests.errors import NotEntered
from duelcast.domain.contests.events import EntryStatus, Holding, Leaderboard, LeaderboardRow, Participant
from duelcast.domain.contests.price_vector import PriceVector
from duelcast.domain.contests.scoring import Board, return_pct
from duelcast.domain.contests.valuation import VALUE_DECIMALS
from duelcast.store import contests as store
from duelcast.store.contests import COMPLETED, PENDING, BoundaryPrice, EntryRow, HoldingRow, TradeRow
from duelcast.store.database import Database, Transaction
from duelcast.wire.messages import Timestamp
from duelcast.wire.timestamps import format_ms, format_time


class SettledPrice(Struct, frozen=True):
    """A price that was used at the start or the end of a contest."""

    symbol: str
    """The symbol of the token."""
    price: float
    """The price, in the quote currency."""
    receivedAt: Timestamp
    """When the server received the price."""


class Boundary(Struct, frozen=True):
    """The moment of a start or an end, and the prices that were used."""

    at: Timestamp
    """The moment."""
    prices: list[SettledPrice]
    """The prices of the tokens in the portfolios."""


class Settlement(Struct, frozen=True):
    """The prices at the start and the end, which, with the trades, determine a result."""

    contestId: int
    """The id of the contest."""
    start: Boundary | None
    """The start; null if no prices were used there."""
    end: Boundary | None
    """The end; null if no prices were used there."""


class ListedEntry(Struct, frozen=True):
    """A wallet that has entered a contest."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    entryTime: Timestamp
    """When the wallet entered."""
    status: EntryStatus
    """`registered` before the start, `active` until the end, then `finished`; or `disqualified`."""


class Standings:
    """Reads standings and changes nothing. Methods that read the store raise `Unavailable`."""

    def __init__(
        self, database: Database, clock: Clock, accounts: Accounts, book: ContestBook, prices: PriceVector
    ) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._book = book
        self._prices = prices

    # ── leaderboards ────────────────────────────────────────────────────────────────────────────────────────────

    async def leaderboard(
        self, contest_id: int, *, offset: int = 0, limit: int = 100, around: str | None = None
    ) -> Leaderboard:
        """A page of the leaderboard; with `around`, the page that has that wallet in its middle.

        Raises `ContestNotFound`, and `NotEntered` if `around` is not ranked.
        """
        contest = self._book[contest_id]
        if contest.board is not None:
            return self._page(contest, contest.board, offset, limit, around)
        if contest.row.status != COMPLETED:
            if around is not None:
                raise _not_ranked()
            return self._leaderboard(contest, [], 0, limit, self._book.final_version(contest))
        async with self._database.read() as transaction:
            if around is not None:
                entry = await store.find_entry(transaction, contest_id, around)
                if entry is None or entry.final_rank is None:
                    raise _not_ranked()
                place = await store.final_position(transaction, entry)
                offset = max(0, min(place - limit // 2, contest.participants - limit))
            entries = await store.final_page(transaction, contest_id, offset, limit)
        rows = [self._final_row(contest, entry) for entry in entries]
        return self._leaderboard(contest, rows, offset, limit, self._book.final_version(contest))

    def _page(self, contest: Contest, board: Board, offset: int, limit: int, around: str | None) -> Leaderboard:
        if around is not None:
            found = board.around(around, limit) if around in board else None
            if found is None:
                raise _not_ranked()
            offset = found
        return self._leaderboard(contest, board.page(offset, limit), offset, limit, board.version)

    def _leaderboard(
        self, contest: Contest, rows: list[LeaderboardRow], offset: int, limit: int, version: int
    ) -> Leaderboard:
        return Leaderboard(
            contestId=contest.id,
            entries=rows,
            offset=offset,
            limit=limit,
            total=contest.participants if contest.row.status != store.CANCELLED else 0,
            version=version,
            updatedAt=format_time(self._clock.time()) if contest.is_live else format_ms(contest.row.updated_ms),
        )

    def _final_row(self, contest: Contest, entry: EntryRow) -> LeaderboardRow:
        assert entry.final_rank is not None
        assert entry.final_value is not None
        return LeaderboardRow(
            rank=entry.final_rank,
            wallet=entry.wallet,
            nickname=self._accounts.shown_nickname(entry.wallet, entry.nickname),
            value=entry.final_value,
            returnPct=return_pct(entry.final_value, contest.row.starting_balance),
            rankChange=entry.final_rank_change or 0,
            entryTime=format_ms(entry.entered_ms),
        )

    # ── participants ────────────────────────────────────────────────────────────────────────────────────────────

    def live_row(
        self, contest: Contest, wallet: str, portfolio: Sequence[HoldingRow] | None = None
    ) -> Participant | None:
        """The row of a participant in a pending or active contest, with the portfolio, or the one that is about to
        replace it; None if the contest is over or the wallet has not entered it."""
        board = contest.board
        if board is None or wallet not in board:
            return None
        standing = board.standing(wallet)
        held = board.portfolio(wallet) if portfolio is None else sorted(portfolio, key=lambda one: one.symbol)
        prices = {one.symbol: self._prices.price(one.symbol) for one in held}
        return Participant(
            isParticipant=True,
            walletAddress=wallet,
            nickname=board.nickname(wallet),
            status=_status(contest, disqualified=standing.rank is None),
            entryTime=format_ms(board.entered_ms(wallet)),
            initialBalance=board.starting_balance,
            portfolioValue=standing.value,
            returnPct=standing.return_pct,
            rank=standing.rank,
            totalParticipants=board.total,
            portfolio=_holdings(held, prices),
        )

    async def participant(self, contest_id: int, wallet: str) -> Participant:
        """The row of a wallet, with its portfolio; `isParticipant` is false if the wallet did not enter.

        Raises `ContestNotFound`.
        """
        contest = self._book[contest_id]
        row = self.live_row(contest, wallet)
        if row is None and contest.board is None:
            async with self._database.read() as transaction:
                entry = await store.find_entry(transaction, contest_id, wallet)
                if entry is not None:
                    return await self._ended_row(transaction, contest, entry)
        return row or Participant(isParticipant=False, walletAddress=wallet)

    async def _ended_row(self, transaction: Transaction, contest: Contest, entry: EntryRow) -> Participant:
        held = await store.holdings_of(transaction, entry.id)
        prices: dict[str, float | None]
        if contest.row.status == COMPLETED:
            prices = {one.symbol: one.price for one in await store.prices_of(transaction, contest.id, "end")}
        else:
            prices = {one.symbol: self._prices.price(one.symbol) for one in held}
        portfolio = _holdings(held, prices)
        initial = contest.row.starting_balance
        value = entry.final_value if entry.final_value is not None else _value(held, prices, initial)
        return Participant(
            isParticipant=True,
            walletAddress=entry.wallet,
            nickname=self._accounts.shown_nickname(entry.wallet, entry.nickname),
            status=_status(contest, disqualified=entry.disqualified),
            entryTime=format_ms(entry.entered_ms),
            initialBalance=initial,
            portfolioValue=value,
            returnPct=return_pct(value, initial),
            rank=entry.final_rank,
            totalParticipants=contest.participants,
            portfolio=portfolio,
            prize=UNSET if entry.prize is None else entry.prize,
            finalRank=UNSET if entry.final_rank is None else entry.final_rank,
        )

    async def entries(
        self, contest_id: int, *, disqualified: bool | None, after_wallet: str, limit: int
    ) -> list[ListedEntry]:
        """The first `limit` entries after `after_wallet`, sorted by wallet: all, or only those that are disqualified,
        or only those that are not. Raises `ContestNotFound`."""
        contest = self._book[contest_id]
        async with self._database.read() as transaction:
            found = await store.entries_after(transaction, contest.id, disqualified, after_wallet, limit)
        return [
            ListedEntry(
                wallet=entry.wallet,
                nickname=self._accounts.shown_nickname(entry.wallet, entry.nickname),
                entryTime=format_ms(entry.entered_ms),
                status=_status(contest, disqualified=entry.disqualified),
            )
            for entry in found
        ]

    async def entries_of(self, wallet: str, *, limit: int, before_id: int | None = None) -> list[tuple[int, Contest]]:
        """The contests that a wallet entered, newest entry first, with the ids of the entries."""
        async with self._database.read() as transaction:
            entries = await store.entries_of_wallet(transaction, wallet, limit=limit, before_id=before_id)
        return [(entry.id, self._book[entry.contest_id]) for entry in entries]

    async def trades(self, contest_id: int, wallet: str, *, after_id: int = 0, limit: int = 100) -> list[TradeRow]:
        """The trades of a participant, oldest first. Raises `ContestNotFound`, `NotEntered`."""
        contest = self._book[contest_id]
        async with self._database.read() as transaction:
            if await store.find_entry(transaction, contest.id, wallet) is None:
                raise NotEntered("This wallet did not enter the contest.")
            return await store.trades_of(transaction, contest.id, wallet, after_id, limit)

    async def settlement(self, contest_id: int) -> Settlement:
        """The prices used at the start and at the end. Raises `ContestNotFound`."""
        row = self._book[contest_id].row
        async with self._database.read() as transaction:
            start = await store.prices_of(transaction, contest_id, "start")
            end = await store.prices_of(transaction, contest_id, "end")
        return Settlement(contest_id, _boundary(row.started_ms, start), _boundary(row.ended_ms, end))

    async def took_part(self, contest_id: int, wallet: str) -> bool:
        """Whether the contest is over, and the wallet took part and was not disqualified. Raises `ContestNotFound`."""
        if self._book[contest_id].is_live:
            return False
        async with self._database.read() as transaction:
            entry = await store.find_entry(transaction, contest_id, wallet)
        return entry is not None and not entry.disqualified


def _status(contest: Contest, *, disqualified: bool) -> EntryStatus:
    if disqualified:
        return "disqualified"
    if contest.row.status == PENDING:
        return "registered"
    return "active" if contest.is_live else "finished"


def _boundary(at_ms: int | None, prices: Sequence[BoundaryPrice]) -> Boundary | None:
    if at_ms is None or not prices:
        return None
    settled = [SettledPrice(one.symbol, one.price, format_ms(one.received_us // 1000)) for one in prices]
    return Boundary(format_ms(at_ms), settled)


def _holdings(held: Sequence[HoldingRow], prices: Mapping[str, float | None]) -> list[Holding]:
    """The records of a portfolio; quantity, price and value are null before the start."""
    return [_holding(one, prices.get(one.symbol)) for one in held]


def _holding(one: HoldingRow, price: float | None) -> Holding:
    if one.quantity is None:
        return Holding(symbol=one.symbol, weight=one.weight, quantity=None, price=None, value=None)
    value = None if price is None else round(one.quantity * price, VALUE_DECIMALS)
    return Holding(symbol=one.symbol, weight=one.weight, quantity=one.quantity, price=price, value=value)


def _value(held: Sequence[HoldingRow], prices: Mapping[str, float | None], initial: float) -> float:
    """The value of a portfolio for which no final value is stored: `initial` if the portfolio was never bought, or if a
    price is missing."""
    total = 0.0
    for one in held:
        price = prices.get(one.symbol)
        if one.quantity is None or price is None:
            return initial
        total += one.quantity * price
    return round(total, VALUE_DECIMALS)


def _not_ranked() -> NotEntered:
    return NotEntered("This wallet is not on the leaderboard.", field="around")
