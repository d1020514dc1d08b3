"""The server's own notifications, about contests, achievements and levels (protocol §10)."""

from __future__ import annotations

from typing import Any, Final

from duelcast.domain.achievement_rules import Rule
from duelcast.domain.contests.scoring import return_pct
from duelcast.domain.notifications.inboxes import NewNotification
from duelcast.store.contests import ContestRow, EntryRow

_DEEDS: Final = {
    "contests_entered": "You completed {contests}.",
    "contests_won": "You won {contests}.",
    "win_streak": "You won {contests} in a row.",
}


def contest_started(contest: ContestRow, wallet: str) -> NewNotification:
    return NewNotification(
        wallet=wallet,
        type="CONTEST_STARTED",
        title="Contest started",
        content=f"{contest.name} has started.",
        data=_contest(contest),
    )


def contest_completed(contest: ContestRow, entry: EntryRow, participants: int) -> NewNotification:
    """`entry` has its final rank and value; `participants` is the number of those who were not disqualified."""
    assert entry.final_value is not None
    change_pct = return_pct(entry.final_value, contest.starting_balance)
    data = _contest(contest) | {
        "status": "completed",
        "finalRank": entry.final_rank,
        "totalParticipants": participants,
        "returnPct": change_pct,
    }
    content = f"You finished {contest.name} at rank {entry.final_rank} of {participants}, with {change_pct:+.2f} %."
    if entry.prize is not None:
        data |= {"prize": entry.prize, "currency": contest.currency}
        content += f" Your prize: {entry.prize} {contest.currency}."
    return NewNotification(
        wallet=entry.wallet,
        type="CONTEST_RESULT",
        title="Contest completed",
        content=content,
        priority="medium" if entry.prize is None else "high",
        data=data,
    )


def contest_cancelled(contest: ContestRow, wallet: str, reason: str) -> NewNotification:
    return NewNotification(
        wallet=wallet,
        type="CONTEST_RESULT",
        title="Contest cancelled",
        content=f"{contest.name} was cancelled: {reason}",
        priority="high",
        data=_contest(contest) | {"status": "cancelled", "reason": reason},
    )


def participant_disqualified(contest: ContestRow, wallet: str) -> NewNotification:
    return NewNotification(
        wallet=wallet,
        type="CONTEST_RESULT",
        title="Disqualified",
        content=f"You were disqualified from {contest.name}.",
        priority="high",
        data=_contest(contest) | {"status": "disqualified"},
    )


def achievement_unlocked(rule: Rule, wallet: str) -> NewNotification:
    contests = "your first contest" if rule.threshold == 1 else f"{rule.threshold} contests"
    return NewNotification(
        wallet=wallet,
        type="ACHIEVEMENT_UNLOCK",
        title="Achievement unlocked",
        content=f"{_DEEDS[rule.category].format(contests=contests)} {rule.tier.name.title()}, {rule.tier.xp} XP.",
        data={
            "achievement": rule.achievement,
            "tier": rule.tier.name,
            "category": rule.category,
            "xp_awarded": rule.tier.xp,
        },
    )


def level_up(wallet: str, level: int, xp: int) -> NewNotification:
    return NewNotification(
        wallet=wallet,
        type="LEVEL_UP",
        title="Level up",
        content=f"You reached level {level}.",
        data={"level": level, "xp": xp},
    )


def _contest(contest: ContestRow) -> dict[str, Any]:
    return {"contestId": contest.id, "name": contest.name}
