"""Actions of admins: set up and edit contests, disqualify participants and readmit them."""

from __future__ import annotations

from typing import Any

from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.contests.contest import Contest, ContestBook
from duelcast.domain.contests.errors import ContestFull, NotEntered
from duelcast.domain.contests.outlet import ContestOutlet
from duelcast.domain.contests.price_vector import PriceVector
from duelcast.domain.contests.rooms import Rooms
from duelcast.domain.contests.scorer import Scorer
from duelcast.domain.contests.scoring import Board
from duelcast.domain.contests.terms import (
    ContestPatch,
    NewContest,
    changes_of,
    columns_of,
    differences,
    new_code,
    places_of,
)
from duelcast.domain.idempotency import Once
from duelcast.domain.market.service import Market
from duelcast.errors import InvalidState
from duelcast.store import contests as store
from duelcast.store.contests import ACTIVE, PENDING, ContestRow, EntryRow
from duelcast.store.database import Database, Transaction
from duelcast.store.events import NewEvent, add_events


class Organising:
    """Each action is checked against the stored contest and recorded in the audit trail in the transaction that commits
    it. All methods raise `ContestNotFound` and `Unavailable`."""

    def __init__(
        self,
        database: Database,
        market: Market,
        audit: AuditTrail,
        book: ContestBook,
        rooms: Rooms,
        scorer: Scorer,
        outlet: ContestOutlet,
        prices: PriceVector,
    ) -> None:
        self._database = database
        self._market = market
        self._audit = audit
        self._book = book
        self._rooms = rooms
        self._scorer = scorer
        self._outlet = outlet
        self._prices = prices

    async def create(self, given: NewContest, actor: Actor, once: Once | None = None) -> Contest:
        """Create a contest; its view is the answer of `once`. Raises `InvalidRequest`."""

        async def work(transaction: Transaction) -> Contest:
            values = await self._new_row(transaction, given, actor, self._now_ms())
            row = await store.insert_contest(transaction, values)
            await self._audit.record(transaction, actor, "contests.create", f"contests/{row.id}", {"name": row.name})
            contest = Contest(row, Board(row.starting_balance, self._prices, version=row.created_ms))
            if once is not None:
                await once.store(transaction, contest.view(self._rooms, muted=[]))
            return contest

        return await self._database.write(work, self._book.create)

    async def edit(self, contest_id: int, patch: ContestPatch, actor: Actor) -> Contest:
        """Change the terms of a contest. Raises `InvalidRequest`, and `InvalidState` if a change is no longer
        possible."""
        contest = self._book[contest_id]

        async def work(transaction: Transaction) -> ContestRow:
            row = await self._open(transaction, contest_id)
            changes = changes_of(
                patch,
                row,
                self._now_ms(),
                participants=await store.count_participants(transaction, contest_id),
                has_entries=await store.has_entries(transaction, contest_id),
            )
            if not changes:
                return row
            await self._audit.record(
                transaction, actor, "contests.edit", f"contests/{contest_id}", differences(row, changes)
            )
            return await store.update_contest(transaction, contest_id, **changes, updated_ms=self._now_ms())

        def committed(row: ContestRow) -> None:
            if row == contest.row:
                return
            if row.starting_balance != contest.row.starting_balance:
                assert contest.board is not None
                version = contest.board.version
                contest.board = Board(row.starting_balance, self._prices, version=version)
            self._book.update(row)
            self._scorer.touch(contest)

        await self._database.write(work, committed)
        return contest

    async def set_disqualified(self, contest_id: int, wallet: str, *, disqualified: bool, actor: Actor) -> None:
        """Remove a participant from the ranking, or readmit the participant. Repeating the call does nothing.

        Raises `NotEntered`, `InvalidState` if the contest is over or about to start or end, and `ContestFull` if there
        is no free place.
        """
        contest = self._book[contest_id]

        async def work(transaction: Transaction) -> bool:
            row = await self._open(transaction, contest_id)
            entry = await store.find_entry(transaction, contest_id, wallet)
            if entry is None:
                raise NotEntered("This wallet does not take part in the contest.")
            if entry.disqualified == disqualified:
                return False
            if not disqualified and await store.count_participants(transaction, contest_id) >= places_of(row):
                raise ContestFull("Every place of this contest is taken.")
            await store.set_disqualified(transaction, entry.id, disqualified=disqualified)
            await self._record_entry(transaction, entry, actor, disqualified=disqualified)
            return True

        def committed(is_news: bool) -> None:
            if not is_news:
                return
            assert contest.board is not None
            if disqualified:
                contest.board.disqualify(wallet)
            else:
                contest.board.restore(wallet)
            self._rooms.entry_changed(contest_id, wallet)
            self._book.entries_changed(contest)
            self._scorer.touch(contest)
            self._outlet.participant_changed(contest, wallet)
            self._book.event_stored()

        await self._database.write(work, committed)

    async def _record_entry(
        self, transaction: Transaction, entry: EntryRow, actor: Actor, *, disqualified: bool
    ) -> None:
        verb = "disqualify" if disqualified else "admit"
        target = f"contests/{entry.contest_id}/entries/{entry.wallet}"
        await self._audit.record(transaction, actor, f"contests.{verb}", target, {})
        event = NewEvent(
            kind="participant_disqualified" if disqualified else "participant_admitted",
            contest_id=entry.contest_id,
            wallet=entry.wallet,
            data={"by": actor.wallet},
            at_ms=self._now_ms(),
        )
        await add_events(transaction, [event])

    async def _open(self, transaction: Transaction, contest_id: int) -> ContestRow:
        """The row of the contest. Raises `InvalidState` if the contest is over, or if its next start or end is due."""
        row = await store.find_contest(transaction, contest_id)
        assert row is not None
        if row.status not in (PENDING, ACTIVE):
            raise InvalidState("The contest is over.")
        boundary_ms = Contest(row, None).boundary_ms
        if boundary_ms is None or self._now_ms() >= boundary_ms:
            raise InvalidState("The contest is about to start or to end: try again in a moment.", retry_after_ms=1_000)
        return row

    async def _new_row(self, transaction: Transaction, given: NewContest, actor: Actor, now_ms: int) -> dict[str, Any]:
        code = new_code()
        while await store.code_exists(transaction, code):
            code = new_code()
        return columns_of(given, now_ms) | {
            "contest_code": code,
            "status": PENDING,
            "created_by": actor.wallet,
            "created_ms": now_ms,
            "updated_ms": now_ms,
        }

    def _now_ms(self) -> int:
        return self._market.wall_us() // 1000
