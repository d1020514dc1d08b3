"""The audit trail: an act is recorded where it is committed, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.audit import DENIED, Actor, AuditTrail
from duelcast.errors import InvalidState
from duelcast.store.audit import AuditFilter
from duelcast.store.database import Database, Transaction
from tests.domain.users.registry import ADMIN
from tests.storing import opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Database]:
    async with opened(tmp_path / "audit.db", clock) as made:
        yield made


@pytest.fixture
def trail(database: Database, clock: ManualClock) -> AuditTrail:
    return AuditTrail(database, clock)


async def test_an_act_says_who_did_what_and_when(database: Database, trail: AuditTrail, clock: ManualClock) -> None:
    async def work(transaction: Transaction) -> None:
        await trail.record(transaction, Actor.of(ADMIN), "tokens.put", "SOL", {"name": "Solana"})
        await trail.record(transaction, Actor("w1", Role.USER), "tokens.put", "BTC", outcome=DENIED)

    await database.write(work)
    denied, done = await trail.newest(AuditFilter(), limit=10)
    assert (done.wallet, done.role, done.action, done.target) == ("admin", Role.ADMIN, "tokens.put", "SOL")
    assert (done.at_ms, done.outcome, done.details) == (int(clock.time() * 1000), "ok", {"name": "Solana"})
    assert (denied.wallet, denied.role, denied.outcome, denied.details) == ("w1", Role.USER, "denied", {})


async def test_an_act_that_is_not_committed_is_not_recorded(database: Database, trail: AuditTrail) -> None:
    async def work(transaction: Transaction) -> None:
        await trail.record(transaction, Actor.of(ADMIN), "tokens.put", "SOL")
        raise InvalidState("It is not to be.")

    with pytest.raises(InvalidState):
        await database.write(work)
    assert await trail.newest(AuditFilter(), limit=10) == []


async def test_acts_are_read_page_by_page_while_others_are_added(database: Database, trail: AuditTrail) -> None:
    async def add(target: str) -> None:
        await database.write(lambda transaction: trail.record(transaction, Actor.of(ADMIN), "tokens.put", target))

    for number in range(5):
        await add(str(number))
    first = await trail.newest(AuditFilter(), limit=2)
    await add("later")
    second = await trail.newest(AuditFilter(), limit=2, before_id=first[-1].id)
    third = await trail.newest(AuditFilter(), limit=2, before_id=second[-1].id)
    assert [[act.target for act in page] for page in (first, second, third)] == [["4", "3"], ["2", "1"], ["0"]]
