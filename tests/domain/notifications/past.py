"""Contests and what happened in them, written straight into a database; and the notifier that reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from duelcast.clock import ManualClock
from duelcast.domain.notifications.inboxes import Added, Inboxes, NewNotification
from duelcast.domain.notifications.notifier import Notifier, NotifierProgress, find_progress
from duelcast.store import achievements as achievements_store
from duelcast.store import contests as store
from duelcast.store.achievements import ProgressRow
from duelcast.store.contests import ContestRow, FinalResult
from duelcast.store.database import Database, Transaction
from duelcast.store.events import NewEvent, add_events, events_after
from duelcast.store.tables import notifications
from tests.domain.contests.contest_room import Pushes
from tests.store.contest_rows import CODES, CONTEST, do
from tests.storing import bus_of

Ranks = Mapping[str, int | None]
"""The final rank of each wallet, None for the disqualified."""


class Past:
    """All that it writes happens now, by `clock`."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self._clock = clock

    async def contest(self, wallets: Sequence[str], *, disqualified: Sequence[str] = (), **terms: Any) -> ContestRow:
        """A contest with these entries."""
        return await do(self.database, _insert, wallets, disqualified, terms)

    async def completed(self, ranks: Ranks, prizes: Mapping[str, str] | None = None, **terms: Any) -> ContestRow:
        """A contest that ended so; of 10,000 rank 1 made 10,900, rank 2 made 10,800 and so on."""
        return await self.database.write(lambda transaction: self._complete(transaction, ranks, prizes or {}, terms))

    async def completed_all(self, history: Sequence[Ranks]) -> None:
        """Contests that ended so, one behind the other; each with a start, which achieves nothing."""

        async def work(transaction: Transaction) -> None:
            for ranks in history:
                contest = await self._complete(transaction, ranks, {}, {})
                await add_events(transaction, [self._event("contest_started", contest, {})])

        await self.database.write(work)

    async def _complete(
        self, transaction: Transaction, ranks: Ranks, prizes: Mapping[str, str], terms: Mapping[str, Any]
    ) -> ContestRow:
        out = [wallet for wallet, rank in ranks.items() if rank is None]
        contest = await _insert(transaction, list(ranks), out, {"status": "completed", **terms})
        results = [
            FinalResult(entry.id, 11_000 - 100 * rank, rank, 0, prizes.get(entry.wallet))
            for entry in await store.entries_of(transaction, contest.id)
            if (rank := ranks[entry.wallet]) is not None
        ]
        await store.store_results(transaction, results)
        told = [self._event("contest_completed", contest, {"participants": len(results)})]
        told += [self._event("prize_won", contest, {"prize": prize}, wallet) for wallet, prize in prizes.items()]
        await add_events(transaction, told)
        return contest

    async def happened(self, kind: str, contest: ContestRow, wallet: str | None = None, **data: Any) -> None:
        await do(self.database, add_events, [self._event(kind, contest, data, wallet)])

    def _event(self, kind: str, contest: ContestRow, data: dict[str, Any], wallet: str | None = None) -> NewEvent:
        at_ms = int(self._clock.time() * 1000)
        return NewEvent(kind=kind, contest_id=contest.id, wallet=wallet, data=data, at_ms=at_ms)

    # ── what became of it ───────────────────────────────────────────────────────────────────────────────────────

    async def notices(
        self, wallet: str | None = None, kind: str | None = None
    ) -> list[tuple[str, str, dict[str, Any]]]:
        """(wallet, type, data) of the stored notifications, in their order; of one wallet, of one type."""
        query = select(notifications.c.wallet, notifications.c.type, notifications.c.data).order_by(notifications.c.id)
        async with self.database.read() as transaction:
            rows = [(row[0], row[1], row[2]) for row in await transaction.execute(query)]
        return [row for row in rows if wallet in (None, row[0]) and kind in (None, row[1])]

    async def achieved(self) -> dict[str, list[str]]:
        """The achievements of each wallet, sorted."""
        found: dict[str, list[str]] = {}
        for wallet, name in sorted(await do(self.database, achievements_store.all_achievements)):
            found.setdefault(wallet, []).append(name)
        return found

    async def progress(self) -> dict[str, ProgressRow]:
        return await do(self.database, achievements_store.all_progress)

    async def position(self) -> NotifierProgress:
        return await do(self.database, find_progress)

    async def last_event(self) -> int:
        return max(event.id for event in await do(self.database, events_after, 0, 10_000))


async def _insert(
    transaction: Transaction, wallets: Sequence[str], disqualified: Sequence[str], terms: Mapping[str, Any]
) -> ContestRow:
    contest = await store.insert_contest(transaction, {**CONTEST, "contest_code": next(CODES), **terms})
    for wallet in wallets:
        entry = await store.insert_entry(transaction, contest.id, wallet, None, 0, {"SOL": 100})
        if wallet in disqualified:
            await store.set_disqualified(transaction, entry.id, disqualified=True)
    return contest


class Fragile(Inboxes):
    """Breaks off at those calls of `add` whose numbers are in `breaks_at`, when all is written but not committed."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        super().__init__(database, clock)
        self.breaks_at: set[int] = set()
        self.portions: list[int] = []
        """How many notifications each call was given."""

    async def add(self, transaction: Transaction, new: Sequence[NewNotification]) -> Added:
        added = await super().add(transaction, new)
        self.portions.append(len(new))
        if len(self.portions) in self.breaks_at:
            raise Broken
        return added


class Broken(Exception):
    """The process ended."""


class Office(Past):
    """A notifier at work on that past, and `pushes` of what it tells."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        super().__init__(database, clock)
        self.clock = clock
        self.pushes = Pushes()
        broker = bus_of(database, clock)
        broker.attach(self.pushes)
        self.inboxes = Fragile(database, clock)
        self.notifier = self.another_notifier()

    def another_notifier(self) -> Notifier:
        return Notifier(self.database, self.inboxes, self.clock)

    def told(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(wallet, type, data) of the notifications that were pushed, in their order."""
        return [
            (channel.rpartition(".")[2], body["data"]["type"], body["data"]["data"])
            for channel, body in self.pushes.all
            if body["type"] == "notification"
        ]


def figures(progress: Mapping[str, ProgressRow]) -> dict[str, tuple[int, int, int]]:
    """Entered, won and streak of each wallet."""
    return {wallet: (row.entered, row.won, row.streak) for wallet, row in progress.items()}
