"""Examples of signing in, of users and notifications, and of the audit trail."""

from __future__ import annotations

from typing import Any

from duelcast.endpoints.documents.examples.story import ADA, CHIDI, MIRA, PREPARED, START, STARTED
from duelcast.http.examples.example import Example

_CHALLENGE = "q77GcmWu6AKLBI2_Qjh3yrI6VotwpybcsTcw8v0lqj-gJSom2EM-bGVHHb5Wm-M_AAABoxhg4-BkdWVsY2FzdC5leGFtcGxl"
_NEW_TOKEN = {
    "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb2xlIjoidXNlciIsImV4cCI6MTgwMDAzNjAwMH0.suiGUVKx0hdR0G8pc24D",
    "expiresAt": START,
    "user": {"wallet_address": ADA, "nickname": None, "role": "user"},
}
_NEWCOMER = {
    "wallet": ADA,
    "nickname": "Ada",
    "xp": 0,
    "level": 1,
    "contests": 0,
    "wins": 0,
    "achievements": [],
}


def _achievement(category: str) -> dict[str, Any]:
    return {
        "achievement": f"{category}_1",
        "tier": "BRONZE",
        "category": category,
        "xp_awarded": 50,
        "unlocked_at": "2026-11-27T17:45:00.000Z",
    }


_WINNER = _NEWCOMER | {
    "xp": 100,
    "level": 2,
    "contests": 1,
    "wins": 1,
    "achievements": [_achievement("contests_entered"), _achievement("contests_won")],
}

PEOPLE = {
    "createChallenge": Example(
        "Ada begins to sign in.",
        {
            "challengeId": _CHALLENGE,
            "message": "duelcast.example wants you to sign in with your Solana account:\n"
            f"{ADA}\n\nSigning in costs nothing and moves nothing.\n\n"
            "Version: 1\nNonce: a0252a26d8433e6c65471dbe569be33f\n"
            "Issued At: 2026-11-27T16:00:00.000Z\nExpiration Time: 2026-11-27T16:05:00.000Z",
            "expiresAt": "2026-11-27T16:05:00.000Z",
        },
        {"wallet": ADA},
    ),
    "verifyChallenge": Example(
        "Ada's wallet has signed the message.",
        _NEW_TOKEN,
        {
            "challengeId": _CHALLENGE,
            "wallet": ADA,
            "signature": "3EhJMvk4A3VSNLgews2xWsWW1VckmeNLV5WdUzgRnFgSqh7g3Djq1aKHQZTNpyYCA9yXo8sEfKCcYy1yZrbVTa1J",
        },
    ),
    "refreshToken": Example("Ada stays signed in.", _NEW_TOKEN),
    "updateMe": Example("Ada chooses a nickname.", _NEWCOMER | {"role": "user"}, {"nickname": "Ada"}),
    "listUsers": Example(
        "Ada and Chidi have nicknames.",
        {
            "data": [
                {"wallet": ADA, "nickname": "Ada", "role": None, "banned": False, "createdAt": PREPARED},
                {"wallet": CHIDI, "nickname": "Chidi", "role": None, "banned": False, "createdAt": PREPARED},
            ],
            "count": 2,
        },
    ),
    "putUser": Example(
        "Mira gives Chidi a nickname.",
        {"wallet": CHIDI, "nickname": "Chidi", "role": None, "banned": False},
        {"nickname": "Chidi"},
    ),
    "getMe": Example("Ada has won contest 2.", _WINNER | {"role": "user"}),
    "getUser": Example("Ada has won contest 2.", _WINNER),
    "createNotifications": Example(
        "The platform congratulates Ada.",
        {"created": 1, "duplicate": 0, "invalid": 0},
        {
            "wallets": [ADA],
            "type": "CONTEST_WON",
            "title": "You have won the Friday Shootout",
            "content": "The prize is 3.45 SOL.",
            "priority": "high",
            "link": "/contests/2",
            "data": {"contestId": 2, "prize": "3.45"},
            "expires_at": "2026-12-27T18:00:00.000Z",
            "dedupeKey": "contest-2-won",
        },
    ),
    "listAuditEntries": Example(
        "Mira started contest 2.",
        {
            "data": [
                {
                    "id": 8,
                    "timestamp": STARTED,
                    "wallet": MIRA,
                    "role": "admin",
                    "action": "contests.start",
                    "target": "contests/2",
                    "outcome": "ok",
                    "details": {"reason": "Everybody is here."},
                }
            ],
            "count": 1,
        },
    ),
}
