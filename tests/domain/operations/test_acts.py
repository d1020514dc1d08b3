"""Acts of operators reach the audit trail in their order, also where the store was out of reach meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import duelcast.domain.operations.audit_backlog as module
from duelcast.domain.audit import AuditTrail
from duelcast.store.savepoints import CutOff
from tests.domain.operations.operators import BOSS, Operators, operators
from tests.storing import moved_away


@pytest_asyncio.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Operators]:
    async with operators(tmp_path) as made:
        yield made


async def act(floor: Operators, *targets: str) -> None:
    for target in targets:
        await floor.audit_backlog.record(BOSS, "services.stop", target, {"force": False}, "ok")


async def targets(floor: Operators) -> list[str]:
    return [row.target for row in await floor.acts_stored()]


async def test_an_act_is_stored_when_record_returns(floor: Operators) -> None:
    await act(floor, "a")
    (row,) = await floor.acts_stored()
    assert (row.wallet, row.action, row.target, row.outcome) == ("boss", "services.stop", "a", "ok")
    assert (row.at_ms, row.details) == (int(floor.clock.time() * 1000), {"force": False})
    assert floor.figure("waiting_entries") == 0


async def test_acts_wait_for_the_store_and_keep_their_order_and_their_times(floor: Operators) -> None:
    began_ms = int(floor.clock.time() * 1000)
    with moved_away(floor.path):
        await act(floor, "a")
        await floor.clock.advance(1)
        await act(floor, "b")
    assert floor.figure("waiting_entries") == 2
    await act(floor, "c")
    assert await targets(floor) == [], "later acts wait behind earlier ones"
    async with floor.storing():
        await floor.settled()
    rows = await floor.acts_stored()
    assert [row.target for row in rows] == ["a", "b", "c"]
    assert [row.at_ms - began_ms for row in rows] == [0, 1_000, 1_000]


async def test_while_the_store_is_away_it_is_tried_again_and_again(floor: Operators) -> None:
    async with floor.storing():
        with moved_away(floor.path):
            await act(floor, "a")
            await floor.clock.advance(5)
            await act(floor, "b")
        await floor.settled()
    assert await targets(floor) == ["a", "b"]


async def test_at_most_so_many_wait_and_those_beyond_are_counted(
    floor: Operators, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    with moved_away(floor.path):
        await act(floor, "a", "b", "c", "d")
    assert (floor.figure("waiting_entries"), floor.figure("dropped_entries_total")) == (2, 2)
    async with floor.storing():
        await floor.settled()
    assert await targets(floor) == ["a", "b"]


async def test_an_act_whose_write_is_cut_off_waits_like_any_other(
    floor: Operators, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, attempts = AuditTrail.record, 0

    async def cut_off_twice(*args: Any, **keywords: Any) -> None:
        nonlocal attempts
        attempts += 1
        if attempts <= 2:
            raise CutOff
        await record(*args, **keywords)

    monkeypatch.setattr(AuditTrail, "record", cut_off_twice)
    await act(floor, "a")
    async with floor.storing():
        await floor.settled()
    assert attempts == 3
    assert await targets(floor) == ["a"]
