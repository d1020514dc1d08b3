"""A database of the version that knew keys of contests only: they go on being known."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from duelcast.clock import ManualClock
from duelcast.domain.contests.terms import NewContest
from duelcast.wire.timestamps import format_ms
from tests.e2e.contest.contest_room import ADMIN, Stage, stage
from tests.storing import make_earlier

DAY_MS = 24 * 3_600_000
BODY: dict[str, Any] = {
    "name": "Grüße an alle",
    "description": "One\ntwo",
    "start_time": "2029-01-01T00:00:00.500Z",
    "end_time": "2029-02-01T00:00:00Z",
    "payout": [{"place": 1, "percent": 62.5}, {"place": 2, "percent": 37.5}],
    "allowed_symbols": ["BTC", "SOL"],
    "prize_pool": "1000.123456789",
    "max_participants": 10,
}


def fill(path: Path, created: dict[str, Any], keys: list[tuple[str, str, int]]) -> None:
    """Make the database as the earlier version did, with the contest `created`, and (wallet, key, time) of its keys."""
    make_earlier(path, "0006")
    digest = sha256(msgspec.json.encode(msgspec.convert(BODY, NewContest))).hexdigest()
    values = {
        "id": created["id"],
        "contest_code": created["contest_code"],
        "name": created["name"],
        "description": created["description"],
        "start_ms": 1_861_920_000_500,
        "end_ms": 1_864_598_400_000,
        "status": "pending",
        "entry_fee": created["entry_fee"],
        "prize_pool": created["prize_pool"],
        "currency": created["currency"],
        "payout": "[[1, 62.5], [2, 37.5]]",
        "min_participants": 1,
        "max_participants": 10,
        "starting_balance": 1000.0,
        "allowed_symbols": '["BTC", "SOL"]',
        "created_by": ADMIN,
        "created_ms": now_ms(),
        "updated_ms": now_ms(),
    }
    names = ", ".join(values)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"insert into contests ({names}) values ({', '.join('?' * len(values))})", list(values.values())
        )
        connection.executemany(
            "insert into idempotency_keys (wallet, key, body_digest, contest_id, at_ms) values (?, ?, ?, ?, ?)",
            [(wallet, key, digest, created["id"], at_ms) for wallet, key, at_ms in keys],
        )
    path.chmod(0o600)


def now_ms() -> int:
    return int(ManualClock().time() * 1000)


async def create(hall: Stage, key: str, body: Any = BODY) -> Any:
    return await hall.call("POST", "/contests", body, Idempotency_Key=key)


async def test_a_repeat_gets_the_contest_that_the_earlier_version_created(tmp_path: Path) -> None:
    async with stage(data_dir=tmp_path / "as-it-is-now") as hall:
        created = (await create(hall, "k")).json()
    keys = [(ADMIN, "k", now_ms() - 1_000), (ADMIN, "old", now_ms() - DAY_MS - 1_000)]
    fill(tmp_path / "duelcast.db", created, keys)
    async with stage(data_dir=tmp_path) as hall:
        again = await create(hall, "k")
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert again.json() == created
        assert (again.json()["created_at"], again.json()["start_time"]) == (format_ms(now_ms()), BODY["start_time"])
        other = await create(hall, "k", BODY | {"name": "Other"})
        assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_CONFLICT")
        assert (await create(hall, "old")).json()["id"] != created["id"], "its time is over"
    with closing(sqlite3.connect(tmp_path / "duelcast.db")) as connection:
        assert connection.execute("select count(*) from idempotency_keys").fetchone() == (0,)
        answers = [json.loads(answer) for (answer,) in connection.execute("select answer from idempotent_requests")]
        assert [answer["id"] for answer in answers] == [created["id"], created["id"] + 1]
