"""Examples of contests: contest 2 from its creation to its settlement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import to_builtins

from duelcast.domain.contests.terms import NewContest
from duelcast.endpoints.documents.examples.contest import ADAS_ROW, FRIDAY_SHOOTOUT, LEADERBOARD
from duelcast.endpoints.documents.examples.story import ADA, BRUNO, END, ENTERED, MIRA, PREPARED
from duelcast.http.examples.example import Example

_ACTIVE: dict[str, Any] = to_builtins(FRIDAY_SHOOTOUT)
_EDITED = _ACTIVE | {
    "status": "pending",
    "participantCount": 0,
    "spectatorCount": 0,
    "hasAdminPresence": False,
    "updated_at": "2026-11-27T16:05:00.000Z",
}
_PENDING = _EDITED | {"prize_pool": "4", "updated_at": PREPARED}
_TERMS = {name: _PENDING[name] for name in NewContest.__struct_fields__}
_COMPLETED = _ACTIVE | {"status": "completed", "participantCount": 2, "updated_at": "2026-11-27T17:45:00.000Z"}
_CANCELLED = _PENDING | {
    "id": 1,
    "contest_code": "M4TZ8RBD",
    "status": "cancelled",
    "cancellation_reason": "It has the wrong date.",
}


def _for_admins(contest: Mapping[str, Any], muted: tuple[str, ...] = ()) -> dict[str, Any]:
    return {**contest, "created_by": MIRA, "created_at": PREPARED, "muted": [*muted]}


_CHOSEN = {"portfolio": [{"symbol": "SOL", "weight": 60}, {"symbol": "BTC", "weight": 40}]}
_CHOSEN_LATER = {"portfolio": [{"symbol": "SOL", "weight": 50}, {"symbol": "BTC", "weight": 50}]}
_TRADED: dict[str, Any] = to_builtins(ADAS_ROW)
_ENTERED = _TRADED | {
    "status": "registered",
    "portfolioValue": 1000,
    "returnPct": 0,
    "totalParticipants": 1,
    "portfolio": [
        {"symbol": "BTC", "weight": 40, "quantity": None, "price": None, "value": None},
        {"symbol": "SOL", "weight": 60, "quantity": None, "price": None, "value": None},
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
    "getLeaderboard": Example("Ada is in front of Bruno and Chidi.", to_builtins(LEADERBOARD)),
    "updateEntry": Example("Mira disqualifies Bruno for a second wallet.", _DISQUALIFIED, {"status": "disqualified"}),
    "getEntry": Example("Mira looks at Bruno's row.", _DISQUALIFIED),
    "listEntries": Example(
        "Mira sees that Bruno is disqualified.",
        {
            "data": [
                {"wallet": ADA, "nickname": "Ada", "entryTime": ENTERED, "status": "active"},
                {"wallet": BRUNO, "nickname": None, "entryTime": ENTERED, "status": "disqualified"},
            ],
            "count": 2,
        },
    ),
    "putMute": Example(
        "Mira mutes Bruno until the evening is over.",
        {"wallet": BRUNO, "until": END},
        {"until": END},
    ),
    "listMutes": Example(
        "Bruno is muted until the evening is over.",
        {"data": [{"wallet": BRUNO, "until": END, "nickname": None}], "count": 1},
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
