"""How many chat messages per second one process stores if each is acknowledged once it is on the disk."""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from pathlib import Path

import uvloop

from benchmarks.measuring import Failed
from benchmarks.rows import Row, Target, row
from duelcast.app.running import spare_the_collector
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import AuditTrail
from duelcast.domain.contests.chat import Chat, ChatSettings
from duelcast.store.contests import ACTIVE, insert_contest
from duelcast.store.database import Database, Transaction
from duelcast.store.sqlite.file import SqliteFile
from duelcast.store.stored_log import StoredLog

SENDERS = 1_000
MESSAGES_PER_SENDER = 20
LEAST_PER_S = 2_000


def measure(rounds: int, messages_per_sender: int = MESSAGES_PER_SENDER) -> list[Row]:
    """Each sender sends a message with a `messageId`, and the next one when it is acknowledged. Raises `Failed`."""
    spare_the_collector()
    values = [_round(messages_per_sender) for _ in range(rounds)]
    return [row(f"chat: durable messages of {SENDERS} senders", "1/s", values, Target("least", LEAST_PER_S))]


def _round(messages_per_sender: int) -> float:
    with tempfile.TemporaryDirectory(prefix="duelcast-bench-") as folder:
        return uvloop.run(_measure(Path(folder), messages_per_sender))


async def _measure(folder: Path, messages_per_sender: int) -> float:
    clock = SystemClock()
    database = Database(SqliteFile(folder / "duelcast.db", busy_timeout_ms=2_000), clock)
    await database.open()
    database.log.bus = MemoryBroker(clock, StoredLog(database, clock, max_age_s=24 * 3600))
    writing = asyncio.create_task(database.run())
    try:
        contest_id = await database.write(_add_contest)
        chat = Chat(
            clock,
            database,
            AuditTrail(database, clock),
            lambda: ChatSettings(rate_limit_factor=0),
            lambda _contest_id: None,
        )
        began_s = time.perf_counter()
        await asyncio.gather(
            *(_write(chat, contest_id, f"wallet-{number}", messages_per_sender) for number in range(SENDERS))
        )
        elapsed_s = time.perf_counter() - began_s
        sent = SENDERS * messages_per_sender
        stored = len((await chat.page(contest_id, limit=sent + 1))[0])
        if stored != sent:
            raise Failed(f"{sent} messages were sent, and {stored} are stored")
        return stored / elapsed_s
    finally:
        database.stop_writing()
        await writing
        await database.close()


async def _write(chat: Chat, contest_id: int, wallet: str, messages: int) -> None:
    sender = Identity(wallet, Role.USER, nickname=None, expires_at=float("inf"))
    for number in range(messages):
        await chat.send(contest_id, sender, f"message {number} of {wallet}", str(uuid.uuid4()))


async def _add_contest(transaction: Transaction) -> int:
    contest = await insert_contest(
        transaction,
        {
            "contest_code": "CHATTERS",
            "name": "Chatters",
            "start_ms": 0,
            "end_ms": 1,
            "status": ACTIVE,
            "entry_fee": "0",
            "prize_pool": "0",
            "currency": "SOL",
            "payout": [],
            "min_participants": 1,
            "starting_balance": 1_000.0,
            "allowed_symbols": [],
            "created_by": "admin",
            "created_ms": 0,
            "updated_ms": 0,
        },
    )
    return contest.id
