"""Counts a completed contest towards the achievements of those who took part to the end."""

from __future__ import annotations

from collections.abc import Sequence

from duelcast.domain.achievements import counted, is_win, level_of, unlocked, xp_of
from duelcast.domain.notifications.inboxes import NewNotification
from duelcast.domain.notifications.notices import achievement_unlocked, contest_completed, level_up
from duelcast.store import achievements as store
from duelcast.store.achievements import AchievementRow, ProgressRow
from duelcast.store.contests import ContestRow, EntryRow
from duelcast.store.database import Transaction
from duelcast.store.events import StoredEvent


async def count_completion(
    transaction: Transaction, event: StoredEvent, contest: ContestRow, entries: Sequence[EntryRow]
) -> list[NewNotification]:
    """Store the progress of some of its participants, once each, and the achievements that they unlock by it; returns
    the notifications for them."""
    participants: int = event.data["participants"]
    wallets = [entry.wallet for entry in entries]
    progress = await store.progress_of(transaction, wallets)
    achieved = await store.achievements_of(transaction, wallets)
    notices: list[NewNotification] = []
    advanced: list[ProgressRow] = []
    added: list[AchievementRow] = []
    for entry in entries:
        wallet = entry.wallet
        now = counted(progress.get(wallet) or ProgressRow(wallet), won=is_win(entry.final_rank, participants))
        held = {row.achievement for row in achieved.get(wallet, ())}
        rules = unlocked(now, held)
        advanced.append(now)
        added += [AchievementRow(wallet, rule.achievement, event.id, event.at_ms) for rule in rules]
        notices.append(contest_completed(contest, entry, participants))
        notices += [achievement_unlocked(rule, wallet) for rule in rules]
        xp_before = xp_of(held)
        xp = xp_before + sum(rule.tier.xp for rule in rules)
        if level_of(xp) > level_of(xp_before):
            notices.append(level_up(wallet, level_of(xp), xp))
    await store.put_progress(transaction, advanced)
    await store.add_achievements(transaction, added)
    return notices
