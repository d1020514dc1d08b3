"""Examples of contests: contest 2 from its creation to its settlement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duelcast.http.examples.story import ADA, BRUNO, CHIDI, MIRA, Example

_TERMS = {
    "name": "Friday Shootout",
    "image_url": "https://example.org/shootout.png",
    "description": "One hour, two coins.",
    "start_time": "2026-11-27T17:00:00.000Z",
    "end_time": "2026-11-27T18:00:00.000Z",
    "entry_fee": "0.1",
    "prize_pool": "4",
    "payout": [{"place": 1, "percent": 69}, {"place": 2, "percent": 20}, {"place": 3, "percent": 11}],
    "min_participants": 2,
    "max_participants": 100,
    "starting_balance": 1000,
    "allowed_symbols": ["BTC", "SOL"],
    "rules": "The highest value at the end wins.",
}
_PENDING = _TERMS | {
    "id": 2,
    "contest_code": "K7RX2MQ9",
    "status": "pending",
    "currency": "SOL",
    "participantCount": 0,
    "spectatorCount": 0,
    "hasAdminPresence": False,
    "cancellation_reason": None,
    "updated_at": "2026-11-27T16:00:00.000Z",
}
_EDITED = _PENDING | {"prize_pool": "5", "updated_at": "2026-11-27T16:05:00.000Z"}
_ACTIVE = _EDITED | {"status": "active", "participantCount": 3, "updated_at": "2026-11-27T16:59:00.000Z"}
_COMPLETED = _ACTIVE | {"status": "completed", "participantCount": 2, "updated_at": "2026-11-27T17:45:00.000Z"}
_CANCELLED = _PENDING | {
    "id": 1,
    "contest_code": "M4TZ8RBD",
    "status": "cancelled",
    "cancellation_reason": "It has the wrong date.",
}


def _for_admins(contest: Mapping[str, Any], muted: tuple[str, ...] = ()) -> dict[str, Any]:
    return {**contest, "created_by": MIRA, "created_at": "2026-11-27T16:00:00.000Z", "muted": [*muted]}


_CHOSEN = {"portfolio": [{"symbol": "SOL", "weight": 60}, {"symbol": "BTC", "weight": 40}]}
_CHOSEN_LATER = {"portfolio": [{"symbol": "SOL", "weight": 50}, {"symbol": "BTC", "weight": 50}]}
_ENTERED = {
    "isParticipant": True,
    "walletAddress": ADA,
    "nickname": "Ada",
    "status": "registered",
    "entryTime": "2026-11-27T16:41:07.318Z",
    "initialBalance": 1000,
    "portfolioValue": 1000,
    "returnPct": 0,
    "rank": 1,
    "totalParticipants": 1,
    "portfolio": [
        {"symbol": "BTC", "weight": 40, "quantity": None, "price": None, "value": None},
        {"symbol": "SOL", "weight": 60, "quantity": None, "price": None, "value": None},
    ],
}
_TRADED = _ENTERED | {
    "status": "active",
    "portfolioValue": 1031.57894737,
    "returnPct": 3.16,
    "totalParticipants": 3,
    "portfolio": [
        {"symbol": "BTC", "weight": 50, "quantity": 0.00537280701754386, "price": 96000, "value": 515.78947368},
        {"symbol": "SOL", "weight": 50, "quantity": 3.43859649122807, "price": 150, "value": 515.78947368},
    ],
}
_FINISHED = _TRADED | {"status": "finished", "totalParticipants": 2, "prize": "3.45", "finalRank": 1}
_DISQUALIFIED = _TRADED | {
    "walletAddress": BRUNO,
    "nickname": None,
    "status": "disqualified",
    "portfolioValue": 1010.52631579,
    "returnPct": 1.05,
    "rank": None,
    "totalParticipants": 2,
    "portfolio": [
        {"symbol": "BTC", "weight": 80, "quantity": 0.008333333333333333, "price": 96000, "value": 800},
        {"symbol": "SOL", "weight": 20, "quantity": 1.4035087719298245, "price": 150, "value": 210.52631579},
    ],
}
_TRADES = {
    "data": [
        {
            "id": 1,
            "timestamp": "2026-11-27T17:05:00.000Z",
            "symbol": "BTC",
            "side": "buy",
            "quantity": 0.0012061403508771933,
            "price": 96000,
        },
        {
            "id": 2,
            "timestamp": "2026-11-27T17:05:00.000Z",
            "symbol": "SOL",
            "side": "sell",
            "quantity": 0.7719298245614032,
            "price": 150,
        },
    ],
    "count": 2,
}


def _row(rank: int, wallet: str, nickname: str | None, value: float, return_pct: float, entered: str) -> dict[str, Any]:
    return {
        "rank": rank,
        "wallet": wallet,
        "nickname": nickname,
        "value": value,
        "returnPct": return_pct,
        "rankChange": 0,
        "entryTime": f"2026-11-27T{entered}Z",
    }


def _boundary(at: str, sol_price: float) -> dict[str, Any]:
    prices = [("BTC", 96000), ("SOL", sol_price)]
    received = f"2026-11-27T{at}:00.000Z"
    return {
        "at": received,
        "prices": [{"symbol": symbol, "price": price, "receivedAt": received} for symbol, price in prices],
    }


CONTESTS = {
    "createContest": Example("Mira creates a contest with SOL and BTC.", _for_admins(_PENDING), _TERMS),
    "cancelContest": Example(
        "Mira cancels an earlier contest.", _for_admins(_CANCELLED), {"reason": "It has the wrong date."}
    ),
    "updateContest": Example("Mira raises the prize pool.", _for_admins(_EDITED), {"prize_pool": "5"}),
    "enterContest": Example("Ada enters contest 2.", _ENTERED, _CHOSEN),
    "startContest": Example(
        "Mira starts contest 2 a little earlier.", _for_admins(_ACTIVE), {"reason": "Everybody is here."}
    ),
    "listContests": Example("Contest 2 is active.", {"data": [_ACTIVE], "count": 1}),
    "getContest": Example("Contest 2 is active.", _ACTIVE),
    "changePortfolio": Example("Ada sells some SOL, which has risen.", _TRADED, _CHOSEN_LATER),
    "getMyEntry": Example("Ada is first.", _TRADED),
    "listMyTrades": Example("Ada has traded twice.", _TRADES),
    "listTrades": Example("Mira looks at Ada's trades.", _TRADES),
    "getLeaderboard": Example(
        "Ada is in front of Bruno and Chidi.",
        {
            "contestId": 2,
            "entries": [
                _row(1, ADA, "Ada", 1031.57894737, 3.16, "16:41:07.318"),
                _row(2, BRUNO, None, 1010.52631579, 1.05, "16:41:07.318"),
                _row(3, CHIDI, "Chidi", 1000, 0, "16:25:42.250"),
            ],
            "offset": 0,
            "limit": 100,
            "total": 3,
            "version": 1795799100007,
            "updatedAt": "2026-11-27T17:05:01.000Z",
        },
    ),
    "updateEntry": Example("Mira disqualifies Bruno for a second wallet.", _DISQUALIFIED, {"status": "disqualified"}),
    "getEntry": Example("Mira looks at Bruno's row.", _DISQUALIFIED),
    "putMute": Example(
        "Mira mutes Bruno until the evening is over.",
        {"wallet": BRUNO, "until": "2026-11-27T18:00:00.000Z"},
        {"until": "2026-11-27T18:00:00.000Z"},
    ),
    "endContest": Example(
        "Mira ends contest 2 a little earlier.",
        _for_admins(_COMPLETED, (BRUNO,)),
        {"reason": "The stream is over."},
    ),
    "getSettlement": Example(
        "Contest 2 was settled with these prices.",
        {"contestId": 2, "start": _boundary("16:59", 142.5), "end": _boundary("17:45", 150)},
    ),
    "listMyContests": Example(
        "Ada has won contest 2.",
        {"data": [{"contest": _COMPLETED, "participant": _FINISHED}], "count": 1},
    ),
}
