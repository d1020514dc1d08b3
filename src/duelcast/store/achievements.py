"""Achievements of wallets in contests, and the progress towards them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs
from sqlalchemy import bindparam, delete, insert, select

from duelcast.store.database import Transaction
from duelcast.store.statements import allow_long_statements, execute_many, portions, upsert
from duelcast.store.tables import achievements, contest_progress


class ProgressRow(Struct, frozen=True):
    """How many completed contests a wallet `entered` without being disqualified, how many of them it `won`, and its
    current winning `streak`."""

    wallet: str
    entered: int = 0
    won: int = 0
    streak: int = 0


class AchievementRow(Struct, frozen=True):
    """An achievement of a wallet. `event_id` is the domain event of the contest completion that unlocked it."""

    wallet: str
    achievement: str
    event_id: int
    unlocked_ms: int


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def progress_of(transaction: Transaction, wallets: Sequence[str]) -> dict[str, ProgressRow]:
    """The progress of these wallets, by wallet; wallets without any are left out."""
    found: dict[str, ProgressRow] = {}
    for some in portions(wallets):
        query = select(contest_progress).where(contest_progress.c.wallet.in_(some))
        found |= {row.wallet: ProgressRow(*row) for row in await transaction.execute(query)}
    return found


async def achievements_of(transaction: Transaction, wallets: Sequence[str]) -> dict[str, list[AchievementRow]]:
    """The achievements of these wallets, by wallet, in the order of unlocking; wallets without any are left out."""
    found: dict[str, list[AchievementRow]] = {}
    for some in portions(wallets):
        query = (
            select(achievements)
            .where(achievements.c.wallet.in_(some))
            .order_by(achievements.c.event_id, achievements.c.achievement)
        )
        for row in await transaction.execute(query):
            found.setdefault(row.wallet, []).append(AchievementRow(*row))
    return found


async def all_progress(transaction: Transaction) -> dict[str, ProgressRow]:
    """The progress of all wallets, by wallet."""
    await allow_long_statements(transaction)
    return {row.wallet: ProgressRow(*row) for row in await transaction.execute(select(contest_progress))}


async def all_achievements(transaction: Transaction) -> dict[tuple[str, str], AchievementRow]:
    """All achievements, by wallet and achievement."""
    await allow_long_statements(transaction)
    rows = [AchievementRow(*row) for row in await transaction.execute(select(achievements))]
    return {(row.wallet, row.achievement): row for row in rows}


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_DELETE_PROGRESS = delete(contest_progress).where(contest_progress.c.wallet == bindparam("key"))
_DELETE_ACHIEVEMENT = delete(achievements).where(
    achievements.c.wallet == bindparam("key"), achievements.c.achievement == bindparam("key_achievement")
)


async def put_progress(transaction: Transaction, rows: Sequence[ProgressRow]) -> None:
    """Store the progress of wallets, replacing what was stored."""
    await execute_many(transaction, upsert(contest_progress), [structs.asdict(row) for row in rows])


async def delete_progress(transaction: Transaction, wallets: Iterable[str]) -> None:
    await execute_many(transaction, _DELETE_PROGRESS, [{"key": wallet} for wallet in wallets])


async def add_achievements(transaction: Transaction, rows: Sequence[AchievementRow]) -> None:
    """Store achievements. Raises `IntegrityError` if a wallet already has one of them."""
    await execute_many(transaction, insert(achievements), [structs.asdict(row) for row in rows])


async def delete_achievements(transaction: Transaction, keys: Iterable[tuple[str, str]]) -> None:
    """Delete achievements; `keys` are pairs of wallet and achievement."""
    parameters = [{"key": wallet, "key_achievement": achievement} for wallet, achievement in keys]
    await execute_many(transaction, _DELETE_ACHIEVEMENT, parameters)
