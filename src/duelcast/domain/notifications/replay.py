"""Recomputes the achievements from the whole history, and finds stored ones that differ."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, field

from duelcast.domain.achievement_rules import counted, is_win, unlocked
from duelcast.domain.notifications.notifier import NotifierProgress, find_progress
from duelcast.store import achievements as store
from duelcast.store.achievements import AchievementRow, ProgressRow
from duelcast.store.beside import Read
from duelcast.store.contests import participants_after
from duelcast.store.database import Database, Transaction
from duelcast.store.events import StoredEvent, events_after

PAGE = 500
"""How many events or entries are read at once, and how many rows are written at once."""

K = TypeVar("K", str, tuple[str, str])
T = TypeVar("T")


class Differences(Struct, frozen=True):
    """Rows that are stored but should not be (`surplus…`), and rows that should be stored but are not (`missing…`). If
    a row is stored with wrong contents, the stored row is surplus, and the correct one is missing."""

    surplus: list[AchievementRow]
    missing: list[AchievementRow]
    surplus_progress: list[ProgressRow]
    missing_progress: list[ProgressRow]

    @property
    def any(self) -> bool:
        return bool(self.surplus or self.missing or self.surplus_progress or self.missing_progress)


class _Standing(Struct):
    """The recomputed progress by wallet, and achievements by wallet and name. `held` has the names by wallet."""

    progress: dict[str, ProgressRow] = field(default_factory=dict)
    achievements: dict[tuple[str, str], AchievementRow] = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)

    def count(self, event: StoredEvent, wallet: str, *, won: bool) -> None:
        progress = counted(self.progress.get(wallet) or ProgressRow(wallet), won=won)
        self.progress[wallet] = progress
        held = self.held.setdefault(wallet, set())
        for rule in unlocked(progress, held):
            name = rule.achievement
            held.add(name)
            self.achievements[wallet, name] = AchievementRow(wallet, name, event.id, event.at_ms)


async def find_differences(read: Read, advanced: Callable[[float], None]) -> Differences:
    """Replay the events that the notifier has processed, and compare the results with the stored ones. `advanced` is
    called with the fraction done, from 0 to 1.

    Events are read page by page, since they never change; the stored results are all read as of the same moment.
    """
    async with read() as transaction:
        position = await find_progress(transaction)
        progress = await store.all_progress(transaction)
        achievements = await store.all_achievements(transaction)
    due = await _replay(read, position, advanced)
    return Differences(
        surplus=_without(achievements, due.achievements),
        missing=_without(due.achievements, achievements),
        surplus_progress=_without(progress, due.progress),
        missing_progress=_without(due.progress, progress),
    )


async def apply(database: Database, differences: Differences) -> None:
    """Correct the stored rows. If this is interrupted, find the differences again before the next call. Nobody else may
    write achievements meanwhile. Raises `Unavailable`."""
    keys = [(row.wallet, row.achievement) for row in differences.surplus]
    wallets = [row.wallet for row in differences.surplus_progress]
    await _write(database, store.delete_achievements, keys)
    await _write(database, store.add_achievements, differences.missing)
    await _write(database, store.delete_progress, wallets)
    await _write(database, store.put_progress, differences.missing_progress)


async def _write(
    database: Database, function: Callable[[Transaction, Sequence[T]], Awaitable[None]], rows: Sequence[T]
) -> None:
    async def write(some: Sequence[T]) -> None:
        await database.write(lambda transaction: function(transaction, some))

    for start in range(0, len(rows), PAGE):
        await write(rows[start : start + PAGE])


async def _replay(read: Read, position: NotifierProgress, advanced: Callable[[float], None]) -> _Standing:
    standing = _Standing()
    last = position.event + (position.entry > 0)
    done = 0
    while events := await _events(read, done):
        for event in events:
            if event.id > last:
                return standing
            if event.kind == "contest_completed":
                last_entry = None if event.id <= position.event else position.entry
                await _replay_completion(read, standing, event, last_entry)
            advanced(event.id / last)
        done = events[-1].id
    return standing


async def _events(read: Read, after_id: int) -> list[StoredEvent]:
    async with read() as transaction:
        return await events_after(transaction, after_id, PAGE)


async def _replay_completion(read: Read, standing: _Standing, event: StoredEvent, last_entry: int | None) -> None:
    after = 0
    while True:
        async with read() as transaction:
            entries = await participants_after(transaction, event.contest_id, after, PAGE)
        for entry in entries:
            if last_entry is not None and entry.id > last_entry:
                return
            standing.count(event, entry.wallet, won=is_win(entry.final_rank, event.data["participants"]))
        if len(entries) < PAGE:
            return
        after = entries[-1].id


def _without(rows: Mapping[K, T], others: Mapping[K, T]) -> list[T]:
    """The rows that `others` lacks or has with different contents, sorted by key."""
    return [row for key, row in sorted(rows.items()) if others.get(key) != row]
