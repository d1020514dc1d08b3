"""Starts, ends and cancellations, each exactly once (protocol §5, Life cycle)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.contests.contest import Contest, ContestBook
from duelcast.domain.contests.errors import NoPrice
from duelcast.domain.contests.events import Payout
from duelcast.domain.contests.final_rows import FinalRows
from duelcast.domain.contests.outlet import ContestOutlet
from duelcast.domain.contests.payout import format_amount, prizes
from duelcast.domain.contests.scorer import THREAD_PARTICIPANTS, Scorer
from duelcast.domain.contests.scoring import Board
from duelcast.domain.market.marks import PricePoint
from duelcast.domain.market.service import Market
from duelcast.errors import InvalidState
from duelcast.store import contests as store
from duelcast.store.contests import ACTIVE, CANCELLED, COMPLETED, PENDING, BoundaryPrice, ContestRow, FinalResult
from duelcast.store.database import Database, Transaction
from duelcast.store.events import NewEvent, add_events

_ROWS_PER_TURN = 500
"""Computing this many results takes a few milliseconds, during which nothing else is served."""

Prices = dict[str, PricePoint | None]
"""Prices by symbol; None for a token without a price."""

T = TypeVar("T")


class _Outdated(Exception):
    """Somebody holds a token whose price was not looked up."""


class _Moved(Exception):
    """The boundary that the clock was settling was moved."""


class _Missing(Exception):
    """Some tokens have no price, so the contest cannot be settled."""

    def __init__(self, symbols: Sequence[str]) -> None:
        super().__init__()
        self.reason = f"No price is known for {', '.join(symbols[:5])}."


class _Ranking(Struct, frozen=True):
    """The result of a contest before it is stored; `winners` are the results with a prize, each with the winner's
    wallet."""

    results: list[FinalResult]
    winners: list[tuple[str, FinalResult]]


class Lifecycle:
    """Starts, ends and cancels contests. `boundary_us` is the scheduled moment whose prices are used (epoch µs); if it
    is None, the prices at the moment of the commit are used. `actor` is the admin who acts, or None if the clock acts.

    Ending a contest takes two transactions. The first stores the closing prices, after which no portfolio changes; the
    second stores the ranking that follows from these prices. A server that stopped in between continues with the second
    transaction after its restart.

    `final_rows` publishes the final rows of participants. Make only one call at a time per contest. All methods raise
    `Unavailable`.
    """

    def __init__(
        self,
        database: Database,
        market: Market,
        audit: AuditTrail,
        book: ContestBook,
        scorer: Scorer,
        outlet: ContestOutlet,
        final_rows: FinalRows,
    ) -> None:
        self._database = database
        self._market = market
        self._audit = audit
        self._book = book
        self._scorer = scorer
        self._outlet = outlet
        self._final_rows = final_rows

    def asked_now(self) -> AbstractContextManager[None]:
        """Count the writes in the `with` block as requested now, even if they wait for something else first."""
        return self._database.asked_since(self._database.moment())

    # ── start ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(
        self, contest: Contest, boundary_us: int | None, actor: Actor | None = None, reason: str | None = None
    ) -> None:
        """Start a contest and buy all portfolios. If the clock acts and the contest has too few participants, or a held
        token has no price, the contest is cancelled instead.

        With an `actor`, raises `InvalidState` if the contest is not pending, if its start has passed, or if nobody
        entered, and `NoPrice` if a held token has no price.
        """

        async def work(known: Prices | None, transaction: Transaction) -> tuple[ContestRow, dict[str, float]]:
            row = await self._locked(transaction, contest.id)
            moment_us = self._market.wall_us() if boundary_us is None else boundary_us
            if row.status != PENDING:
                raise InvalidState("Only a pending contest can be started.")
            _check_boundary(row.start_ms, boundary_us, moment_us)
            participants = await store.count_participants(transaction, row.id)
            if actor is not None and not participants:
                raise InvalidState("Nobody takes part: a contest needs at least one entry to start.")
            if actor is None and participants < row.min_participants:
                return await self._cancel(transaction, row, moment_us, _too_few(row, participants)), {}
            try:
                points = await self._prices(transaction, row.id, known)
            except _Missing as missing:
                if actor is not None:
                    raise NoPrice(missing.reason) from None
                return await self._cancel(transaction, row, moment_us, missing.reason), {}
            prices = {symbol: point.price for symbol, point in points.items()}
            await store.store_prices(transaction, row.id, "start", _boundary_prices(points))
            await store.buy_portfolios(transaction, row.id, row.starting_balance)
            await self._record(transaction, actor, "contests.start", row.id, reason)
            data = {"participants": participants, "by": None if actor is None else actor.wallet}
            await self._add_event(transaction, "contest_started", row.id, data)
            started = await store.update_contest(
                transaction, row.id, status=ACTIVE, started_ms=moment_us // 1000, updated_ms=self._now_ms()
            )
            return started, prices

        def committed(stored: tuple[ContestRow, dict[str, float]]) -> None:
            row, prices = stored
            if row.status == CANCELLED:
                self._cancelled(contest, row)
                return
            assert contest.board is not None
            # Every portfolio is worth what was paid for it; the scorer ranks the contest next.
            contest.board.buy(prices)
            self._book.update(row)
            self._outlet.participants_changed(contest)
            self._scorer.touch(contest)
            self._book.event_stored()

        await self._settle(contest, boundary_us, work, committed)

    # ── end ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def end(
        self, contest: Contest, boundary_us: int | None, actor: Actor | None = None, reason: str | None = None
    ) -> None:
        """Store the closing prices; `complete` does the rest. If the clock acts and a held token has no price, the
        contest is cancelled instead.

        With an `actor`, raises `InvalidState` if the contest is not active or if its end has passed, and `NoPrice` if a
        held token has no price.
        """

        async def work(known: Prices | None, transaction: Transaction) -> ContestRow:
            row = await self._locked(transaction, contest.id)
            moment_us = self._market.wall_us() if boundary_us is None else boundary_us
            if row.status != ACTIVE or row.ended_ms is not None:
                raise InvalidState("Only an active contest can be ended.")
            _check_boundary(row.end_ms, boundary_us, moment_us)
            try:
                points = await self._prices(transaction, row.id, known)
            except _Missing as missing:
                if actor is not None:
                    raise NoPrice(missing.reason) from None
                return await self._cancel(transaction, row, moment_us, missing.reason)
            await store.store_prices(transaction, row.id, "end", _boundary_prices(points))
            await self._record(transaction, actor, "contests.end", row.id, reason)
            return await store.update_contest(
                transaction, row.id, ended_ms=moment_us // 1000, updated_ms=self._now_ms()
            )

        def committed(row: ContestRow) -> None:
            if row.status == CANCELLED:
                self._cancelled(contest, row)
            else:
                self._book.update(row)

        await self._settle(contest, boundary_us, work, committed)

    async def complete(self, contest: Contest) -> None:
        """Store the final ranks and prizes of a contest whose closing prices have been stored."""
        board = contest.board
        assert board is not None
        async with self._database.read() as transaction:
            prices = {one.symbol: one.price for one in await store.prices_of(transaction, contest.id, "end")}
        await _rank(board, prices)
        ranking = await self._ranking(contest.row, board)
        total = board.total

        async def work(transaction: Transaction) -> ContestRow:
            await store.store_results(transaction, ranking.results)
            events = [
                self._event(
                    "prize_won", contest.id, {"rank": one.rank, "prize": one.prize, "currency": currency}, wallet
                )
                for wallet, one in ranking.winners
            ]
            await self._add_event(transaction, "contest_completed", contest.id, {"participants": total})
            await add_events(transaction, events)
            return await store.update_contest(transaction, contest.id, status=COMPLETED, updated_ms=self._now_ms())

        def committed(row: ContestRow) -> None:
            top = board.take_top()
            self._book.update(row)
            if top is not None:
                self._outlet.leaderboard(contest, top, total, contest.final_version)
            self._final_rows.add(contest.id)
            self._book.event_stored()

        currency = contest.row.currency
        await self._database.write(work, committed)

    async def _ranking(self, row: ContestRow, board: Board) -> _Ranking:
        payout = [Payout(place=int(place), percent=percent) for place, percent in row.payout]
        won = prizes(Decimal(row.prize_pool), payout, board.ranks())
        ranking = _Ranking([], [])
        for number, standing in enumerate(board.standings()):
            assert standing.rank is not None
            prize = won.get(standing.entry_id)
            result = FinalResult(
                standing.entry_id,
                standing.value,
                standing.rank,
                standing.rank_change,
                None if prize is None else format_amount(prize),
            )
            ranking.results.append(result)
            if prize is not None:
                ranking.winners.append((standing.wallet, result))
            if number % _ROWS_PER_TURN == 0:
                await asyncio.sleep(0)
        return ranking

    # ── cancel ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def cancel(self, contest: Contest, reason: str, actor: Actor) -> None:
        """Cancel a contest. Raises `InvalidState` if the contest is neither pending nor active, or if its closing
        prices have been stored."""

        async def work(transaction: Transaction) -> ContestRow:
            row = await self._locked(transaction, contest.id)
            if row.status not in (PENDING, ACTIVE) or row.ended_ms is not None:
                raise InvalidState("Only a pending or active contest can be cancelled.")
            await self._record(transaction, actor, "contests.cancel", row.id, reason)
            return await self._cancel(transaction, row, self._market.wall_us(), reason)

        await self._database.write(work, lambda row: self._cancelled(contest, row))

    async def _cancel(self, transaction: Transaction, row: ContestRow, moment_us: int, reason: str) -> ContestRow:
        await self._add_event(transaction, "contest_cancelled", row.id, {"reason": reason})
        return await store.update_contest(
            transaction,
            row.id,
            status=CANCELLED,
            cancellation_reason=reason,
            ended_ms=moment_us // 1000,
            updated_ms=self._now_ms(),
        )

    def _cancelled(self, contest: Contest, row: ContestRow) -> None:
        self._book.update(row)
        self._outlet.leaderboard(contest, [], 0, contest.final_version)
        self._final_rows.add(contest.id)
        self._book.event_stored()

    # ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _locked(self, transaction: Transaction, contest_id: int) -> ContestRow:
        row = await store.find_contest(transaction, contest_id)
        assert row is not None
        return row

    async def _settle(
        self,
        contest: Contest,
        boundary_us: int | None,
        work: Callable[[Prices | None, Transaction], Awaitable[T]],
        committed: Callable[[T], None],
    ) -> None:
        """Commit `work`, which gets the prices at `boundary_us` (None if `boundary_us` is None). These are looked up
        before the transaction, because the lookup may wait for another write. Commits nothing if the boundary was
        moved."""
        while True:
            known: Prices | None = None
            if boundary_us is not None:
                assert contest.board is not None
                symbols = contest.board.symbols()
                found = await self._market.prices_at(symbols, boundary_us)
                known = {symbol: found.get(symbol) for symbol in symbols}
            try:
                await self._database.write(partial(work, known), committed)
            except _Outdated:
                continue
            except _Moved:
                pass  # the boundary is no longer due
            return

    async def _prices(self, transaction: Transaction, contest_id: int, known: Prices | None) -> dict[str, PricePoint]:
        """The prices of all held tokens, taken from `known` (the prices at a boundary), or the newest ones if `known`
        is None. Raises `_Missing`, `_Outdated`."""
        symbols = await store.held_symbols(transaction, contest_id)
        if known is None:
            known = dict(self._market.newest(symbols))
        elif any(symbol not in known for symbol in symbols):
            raise _Outdated
        points = {symbol: point for symbol in symbols if (point := known.get(symbol)) is not None}
        missing = [symbol for symbol in symbols if symbol not in points]
        if missing:
            raise _Missing(missing)
        return points

    async def _record(
        self, transaction: Transaction, actor: Actor | None, action: str, contest_id: int, reason: str | None
    ) -> None:
        if actor is not None:
            details = {} if reason is None else {"reason": reason}
            await self._audit.record(transaction, actor, action, f"contests/{contest_id}", details)

    async def _add_event(self, transaction: Transaction, kind: str, contest_id: int, data: dict[str, Any]) -> None:
        await add_events(transaction, [self._event(kind, contest_id, data)])

    def _event(self, kind: str, contest_id: int, data: dict[str, Any], wallet: str | None = None) -> NewEvent:
        return NewEvent(kind=kind, contest_id=contest_id, wallet=wallet, data=data, at_ms=self._now_ms())

    def _now_ms(self) -> int:
        return self._market.wall_us() // 1000


def _check_boundary(stored_ms: int, boundary_us: int | None, moment_us: int) -> None:
    """Raises `_Moved` if the clock is settling a boundary that was moved, and `InvalidState` if an admin acts after the
    boundary has passed."""
    if boundary_us is not None and boundary_us != stored_ms * 1000:
        raise _Moved
    if boundary_us is None and moment_us // 1000 > stored_ms:
        raise InvalidState("The contest is starting or ending by itself: look again in a moment.", retry_after_ms=1_000)


def _too_few(row: ContestRow, participants: int) -> str:
    needed = "1 participant was" if row.min_participants == 1 else f"{row.min_participants} participants were"
    return f"{needed} needed, and {participants or 'nobody'} took part."


async def _rank(board: Board, prices: dict[str, float]) -> None:
    scoring = board.prepare(prices)
    if board.total > THREAD_PARTICIPANTS:
        await asyncio.to_thread(scoring.compute)
    else:
        scoring.compute()
    board.apply(scoring)


def _boundary_prices(points: dict[str, PricePoint]) -> list[BoundaryPrice]:
    return [BoundaryPrice(symbol, point.price, point.received_us) for symbol, point in points.items()]
