"""Actions of users: enter a contest, change the portfolio, withdraw (protocol §5)."""

from __future__ import annotations

from collections.abc import Sequence

from duelcast.domain.accounts.accounts import Accounts
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.contests.contest import Contest, ContestBook
from duelcast.domain.contests.errors import AlreadyEntered, ContestFull, ContestStarted, NotEntered
from duelcast.domain.contests.outlet import ContestOutlet
from duelcast.domain.contests.portfolio import Choice, Holding, Trade, rebalance, usable_price, validate
from duelcast.domain.contests.rooms import Rooms
from duelcast.domain.contests.scorer import Scorer
from duelcast.domain.contests.standings import Standings
from duelcast.domain.contests.terms import places_of
from duelcast.domain.idempotency import Once
from duelcast.domain.market.service import Market
from duelcast.errors import InvalidState
from duelcast.ratelimit import Allowance
from duelcast.store import contests as store
from duelcast.store.contests import CANCELLED, PENDING, ContestRow, EntryRow, HoldingRow
from duelcast.store.database import Database, Transaction


class Entering:
    """Each action is checked against the stored contest in the transaction that commits it; memory and clients are
    updated after the commit. All methods raise `ContestNotFound` and `Unavailable`."""

    def __init__(
        self,
        database: Database,
        market: Market,
        book: ContestBook,
        accounts: Accounts,
        rooms: Rooms,
        scorer: Scorer,
        outlet: ContestOutlet,
        standings: Standings,
        changes: Allowance,
    ) -> None:
        self._database = database
        self._market = market
        self._book = book
        self._accounts = accounts
        self._rooms = rooms
        self._scorer = scorer
        self._outlet = outlet
        self._standings = standings
        self._changes = changes

    async def enter(self, contest_id: int, identity: Identity, portfolio: Sequence[Choice]) -> None:
        """Enter the contest. Raises `InvalidPortfolio`, `NoPrice`, `AlreadyEntered`, `ContestFull`, `ContestStarted`,
        and `InvalidState` if the contest was cancelled."""
        contest = self._book[contest_id]
        wallet = identity.wallet

        async def work(transaction: Transaction) -> tuple[EntryRow, list[HoldingRow]]:
            row = await self._pending(transaction, contest_id)
            if await store.find_entry(transaction, contest_id, wallet) is not None:
                raise AlreadyEntered("You have already entered; change your portfolio instead.")
            chosen = self._chosen(row, portfolio)
            if await store.count_participants(transaction, contest_id) >= places_of(row):
                raise ContestFull("Every place of this contest is taken.")
            weights = {choice.symbol: choice.weight for choice in chosen}
            entered_ms = self._now_ms()
            entry = await store.insert_entry(
                transaction, contest_id, wallet, identity.claimed_nickname, entered_ms, weights
            )
            return entry, [HoldingRow(*item, None) for item in weights.items()]

        def committed(stored: tuple[EntryRow, list[HoldingRow]]) -> None:
            entry, held = stored
            assert contest.board is not None
            nickname = self._accounts.shown_nickname(wallet, entry.nickname)
            contest.board.add(wallet, nickname, entry.id, entry.entered_ms, held, entry.nickname)
            self._entries_changed(contest, wallet)

        await self._database.write(work, committed)

    async def withdraw(self, contest_id: int, wallet: str) -> None:
        """Withdraw from the contest. Raises `NotEntered`, `ContestStarted`, and `InvalidState` if the wallet was
        disqualified or the contest was cancelled."""
        contest = self._book[contest_id]

        async def work(transaction: Transaction) -> None:
            await self._pending(transaction, contest_id)
            await store.delete_entry(transaction, (await _own_entry(transaction, contest_id, wallet)).id)

        def committed(_nothing: None) -> None:
            assert contest.board is not None
            contest.board.remove(wallet)
            self._entries_changed(contest, wallet)

        await self._database.write(work, committed)

    async def change_portfolio(
        self, contest_id: int, wallet: str, portfolio: Sequence[Choice], once: Once | None = None
    ) -> None:
        """Choose another portfolio; while the contest is active, trade into it at the current prices. The row of the
        participant is the answer of `once`.

        A choice that would leave all weights and quantities as they are changes nothing, and does not count against the
        rate. Raises `RateLimitExceeded`, `NotEntered`, `InvalidPortfolio`, `NoPrice`, `InvalidState`.
        """
        contest = self._book[contest_id]
        key = f"{contest_id} {wallet}"
        refusal = self._changes.take(key)
        if refusal is not None:
            raise refusal

        async def work(transaction: Transaction) -> list[HoldingRow] | None:
            row = await store.find_contest(transaction, contest_id)
            assert row is not None
            entry = await _own_entry(transaction, contest_id, wallet)
            if not self._is_open(row):
                raise InvalidState("The contest is over, or about to start: portfolios cannot be changed now.")
            if row.status == PENDING:
                held = [HoldingRow(choice.symbol, choice.weight, None) for choice in self._chosen(row, portfolio)]
            else:
                held = await self._trade(transaction, row, entry, portfolio)
            is_change = held != await store.holdings_of(transaction, entry.id)
            if is_change:
                await store.replace_holdings(transaction, entry.id, held)
            if once is not None:
                await once.store(transaction, self._standings.live_row(contest, wallet, held))
            return held if is_change else None

        def committed(held: list[HoldingRow] | None) -> None:
            if held is None:
                self._changes.give_back(key)
                return
            assert contest.board is not None
            contest.board.set_portfolio(wallet, held)
            self._scorer.touch(contest)
            self._outlet.participant_changed(contest, wallet)

        await self._database.write(work, committed, lambda _refusal: self._changes.give_back(key))

    async def _trade(
        self, transaction: Transaction, row: ContestRow, entry: EntryRow, portfolio: Sequence[Choice]
    ) -> list[HoldingRow]:
        """Store the trades that turn the present holdings into `portfolio`, and return the new holdings."""
        market = self._market
        chosen = validate(
            portfolio, allowed_symbols=row.allowed_symbols, price_of=market.price, is_stale=market.is_stale
        )
        held = [Holding(one.symbol, one.quantity or 0.0) for one in await store.holdings_of(transaction, entry.id)]
        symbols = {one.symbol for one in held} | {choice.symbol for choice in chosen}
        prices = {symbol: usable_price(symbol, market.price, market.is_stale) for symbol in symbols}
        positions, trades = rebalance(held, chosen, prices)
        rows = [_trade_values(trade) for trade in trades]
        await store.insert_trades(transaction, row.id, entry.wallet, self._now_ms(), rows)
        weights = {choice.symbol: choice.weight for choice in chosen}
        return [HoldingRow(one.symbol, weights[one.symbol], one.quantity) for one in positions]

    def _chosen(self, row: ContestRow, portfolio: Sequence[Choice]) -> list[Choice]:
        return validate(portfolio, allowed_symbols=row.allowed_symbols, price_of=self._market.price)

    async def _pending(self, transaction: Transaction, contest_id: int) -> ContestRow:
        """The row of the contest. Raises `ContestStarted` if the start time has passed, and `InvalidState` if the
        contest was cancelled."""
        row = await store.find_contest(transaction, contest_id)
        assert row is not None
        if row.status == CANCELLED:
            raise InvalidState("The contest was cancelled.")
        if row.status != PENDING or not self._is_open(row):
            raise ContestStarted("The contest has begun.")
        return row

    def _is_open(self, row: ContestRow) -> bool:
        """Whether the next start or end of the contest is still ahead."""
        boundary_ms = Contest(row, None).boundary_ms
        return boundary_ms is not None and self._now_ms() < boundary_ms

    def _now_ms(self) -> int:
        return self._market.wall_us() // 1000

    def _entries_changed(self, contest: Contest, wallet: str) -> None:
        self._rooms.entry_changed(contest.id, wallet)
        self._book.entries_changed(contest)
        self._scorer.touch(contest)
        self._outlet.participant_changed(contest, wallet)


async def _own_entry(transaction: Transaction, contest_id: int, wallet: str) -> EntryRow:
    entry = await store.find_entry(transaction, contest_id, wallet)
    if entry is None:
        raise NotEntered("You do not take part in this contest.")
    if entry.disqualified:
        raise InvalidState("You were disqualified from this contest.")
    return entry


def _trade_values(trade: Trade) -> dict[str, object]:
    return {"symbol": trade.symbol, "side": trade.side, "quantity": trade.quantity, "price": trade.price}
