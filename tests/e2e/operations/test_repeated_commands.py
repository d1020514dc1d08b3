"""Commands with a `commandId` run once, and repeats get the first result (protocol §8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from duelcast.domain.operations import commands
from duelcast.store.database import Transaction
from duelcast.store.tables import idempotent_requests
from tests.e2e.metrics import find_metric, metric
from tests.e2e.operations.control_room import ControlRoom, control_room
from tests.e2e.operations.patient import patient
from tests.failpoints import failing_commits
from tests.serving import Client, Frame
from tests.store.facts import until

DAY_S = 24 * 3600


async def command(operator: Client, service: str, what: str, command_id: str, **more: Any) -> Frame:
    return await operator.ask(type="service_command", serviceName=service, command=what, commandId=command_id, **more)


def answer_of(frame: Frame) -> Frame:
    """What a repeat has in common with the first answer."""
    return {name: value for name, value in frame.items() if name not in ("requestId", "timestamp")}


@asynccontextmanager
async def staffed(folder: Path, **settings: Any) -> AsyncIterator[tuple[ControlRoom, Client]]:
    """A server whose scorer an operator restarts, once what a start writes by itself is written."""
    async with control_room(data_dir=folder, **settings) as room, room.socket("skyduel") as operator:
        last_run = "duelcast_retention_last_run_timestamp_seconds"
        await until(lambda: bool(find_metric(room.app, last_run)))
        yield room, operator


async def restarts(room: ControlRoom) -> int:
    count: int = (await room.do("GET", "/services/scorer"))["restarts"]
    return count


async def test_a_repeat_gets_the_first_result_and_runs_nothing(tmp_path: Path) -> None:
    async with staffed(tmp_path) as (room, operator):
        name = str(uuid4())
        first = await command(operator, "scorer", "restart", name)
        assert first["result"]["success"] is True
        again = await command(operator, "scorer", "restart", name)
        assert answer_of(again) == answer_of(first)
        assert answer_of(await command(operator, "scorer", "restart", name.upper())) == answer_of(first)
        assert await restarts(room) == 1
        assert await room.audit("scorer") == [("boss", "admin", "services.restart", "ok")]
        assert answer_of(await command(operator, "scorer", "restart", str(uuid4())))["result"]["success"] is True
        assert await restarts(room) == 2


async def test_a_repeat_on_another_connection_waits_for_the_command_that_is_under_way(tmp_path: Path) -> None:
    async with patient() as asked, staffed(tmp_path) as (room, operator), room.socket("skyduel") as second:
        asked.may_answer.clear()
        await room.put_probe("slow", asked)
        await asked.asked_times(1)
        name = str(uuid4())
        asking = [asyncio.create_task(command(one, "slow", "health_check", name)) for one in (operator, second)]
        await until(lambda: room.app.leader.operations.commands._busy == {"slow"})
        asked.may_answer.set()
        first, again = await asyncio.gather(*asking)
        assert first["result"]["success"] is True
        assert answer_of(again) == answer_of(first)
        assert (await room.audit("slow"))[1:] == [("boss", "admin", "services.health_check", "ok")]


async def test_a_command_goes_on_without_its_caller_who_gets_the_result_later(tmp_path: Path) -> None:
    async with patient() as asked, staffed(tmp_path) as (room, operator):
        asked.may_answer.clear()
        await room.put_probe("slow", asked)
        await asked.asked_times(1)
        name = str(uuid4())
        async with room.socket("skyduel") as leaver:
            await leaver.send(type="service_command", serviceName="slow", command="health_check", commandId=name)
            await until(lambda: room.app.leader.operations.commands._busy == {"slow"})
        asking = asyncio.create_task(command(operator, "slow", "health_check", name))
        asked.may_answer.set()
        assert (await asking)["result"]["success"] is True
        assert len(await room.audit("slow")) == 2, "it was put, and checked once"


async def test_a_restart_of_the_server_makes_no_difference(tmp_path: Path) -> None:
    name = str(uuid4())
    async with staffed(tmp_path) as (room, operator):
        first = await command(operator, "scorer", "restart", name)
    async with staffed(tmp_path) as (room, operator):
        again = await command(operator, "scorer", "restart", name)
        assert answer_of(again) == answer_of(first)
        assert await restarts(room) == 0


async def test_a_repeat_gets_the_result_although_the_service_is_gone(tmp_path: Path) -> None:
    async with patient() as asked, staffed(tmp_path) as (room, operator):
        await room.put_probe("gone", asked)
        name = str(uuid4())
        first = await command(operator, "gone", "stop", name)
        assert first["result"]["success"] is True
        await room.do("DELETE", "/services/gone")
        assert answer_of(await command(operator, "gone", "stop", name)) == answer_of(first)
        assert (await command(operator, "gone", "stop", str(uuid4())))["code"] == "SERVICE_NOT_FOUND"


@pytest.mark.parametrize(
    ("service", "what", "params"),
    [("scorer", "stop", {}), ("notifier", "restart", {}), ("scorer", "restart", {"force": True})],
)
async def test_another_command_with_the_same_id_is_refused(
    service: str, what: str, params: dict[str, Any], tmp_path: Path
) -> None:
    async with staffed(tmp_path) as (room, operator):
        name = str(uuid4())
        await command(operator, "scorer", "restart", name)
        refused = await command(operator, service, what, name, params=params)
        assert (refused["type"], refused["code"]) == ("error", "IDEMPOTENCY_CONFLICT")
        assert "commandId" in refused["message"]
        assert (await room.do("GET", f"/services/{service}"))["isRunning"]


async def test_an_id_belongs_to_its_caller(tmp_path: Path) -> None:
    async with staffed(tmp_path) as (room, operator), room.socket("skyduel", "chief") as other:
        name = str(uuid4())
        for one in (operator, other):
            assert (await command(one, "scorer", "restart", name))["result"]["success"] is True
        assert await restarts(room) == 2


async def test_after_24_hours_an_id_is_free(tmp_path: Path) -> None:
    async with staffed(tmp_path, feed="none") as (room, operator):
        name = str(uuid4())
        await command(operator, "scorer", "restart", name)
        await room.clock.jump(DAY_S + 1)
    async with control_room(data_dir=tmp_path) as room:
        await room.clock.jump(DAY_S + 2)
        async with room.socket("skyduel") as operator:
            assert (await command(operator, "scorer", "restart", name))["result"]["success"] is True
            assert await restarts(room) == 1


@pytest.mark.parametrize("name", ["", "1", "00000000-0000-4000-8000-00000000000g", "0" * 36, 7, "{}" + "0" * 4_000])
async def test_an_id_that_is_no_uuid_is_refused(name: object, tmp_path: Path) -> None:
    async with staffed(tmp_path) as (room, operator):
        refused = await operator.ask(type="service_command", serviceName="scorer", command="restart", commandId=name)
        assert (refused["code"], refused["field"]) == ("INVALID_REQUEST", "commandId")
        assert await restarts(room) == 0


async def test_a_refused_command_uses_no_id(tmp_path: Path) -> None:
    async with staffed(tmp_path) as (room, operator):
        name = str(uuid4())
        for service, what, code in (
            ("nobody", "restart", "SERVICE_NOT_FOUND"),
            ("scorer", "dance", "INVALID_COMMAND"),
            ("scorer", "reset_circuit_breaker", "INVALID_COMMAND"),
        ):
            assert (await command(operator, service, what, name))["code"] == code
        assert (await command(operator, "scorer", "restart", name))["result"]["success"] is True
        assert await restarts(room) == 1


async def test_a_failure_is_a_first_result_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "TIME_LIMIT_S", 0.05)
    async with patient() as asked, staffed(tmp_path) as (room, operator):
        asked.may_answer.clear()
        await room.put_probe("hanging", asked)
        await asked.asked_times(1)
        name = str(uuid4())
        first = await command(operator, "hanging", "health_check", name)
        assert first["code"] == "COMMAND_FAILED"
        asked.may_answer.set()
        again = await command(operator, "hanging", "health_check", name)
        assert (again["code"], again["message"]) == (first["code"], first["message"])
        assert (await room.audit("hanging"))[1:] == [("boss", "admin", "services.health_check", "timeout")]


async def test_a_command_during_which_the_server_died_is_not_run_again(tmp_path: Path) -> None:
    name = str(uuid4())
    async with staffed(tmp_path) as (room, operator):
        await command(operator, "scorer", "restart", name)

        async def forget_the_end(transaction: Transaction) -> None:
            await transaction.execute(idempotent_requests.update().values(answer=None))

        await room.app.leader.database.write(forget_the_end)  # what a killed server leaves of a command under way
    async with staffed(tmp_path) as (room, operator):
        for _ in range(2):
            unknown = await command(operator, "scorer", "restart", name)
            assert (unknown["type"], unknown["code"]) == ("error", "OUTCOME_UNKNOWN")
            assert unknown["retryAfterMs"] > 0
        assert await restarts(room) == 0
        assert (await command(operator, "scorer", "restart", str(uuid4())))["result"]["success"] is True


async def test_a_result_that_cannot_be_stored_at_once_is_stored_later(tmp_path: Path) -> None:
    async with patient() as asked, staffed(tmp_path, database_outcome_wait_ms=0) as (room, operator):
        asked.may_answer.clear()
        await room.put_probe("slow", asked)
        await asked.asked_times(1)
        name = str(uuid4())
        asking = asyncio.create_task(command(operator, "slow", "health_check", name))
        await until(lambda: room.app.leader.operations.commands._busy == {"slow"})
        await room.settled()
        with failing_commits(happen=False):
            asked.may_answer.set()
            first = await asking
            assert first["result"]["success"] is True, "its caller gets it"
            assert (await command(operator, "slow", "health_check", name))["code"] == "OUTCOME_UNKNOWN"
        await room.settled()
        await room.clock.advance(1)
        await until(lambda: not metric(room.app, "duelcast_audit_waiting_entries"))
        assert answer_of(await command(operator, "slow", "health_check", name)) == answer_of(first)
        assert (await room.audit("slow"))[1:] == [("boss", "admin", "services.health_check", "ok")]


@pytest.mark.parametrize("happen", [True, False])
async def test_a_command_whose_beginning_cannot_be_stored_does_not_run_and_may_be_repeated(
    happen: bool, tmp_path: Path
) -> None:
    async with staffed(tmp_path, database_outcome_wait_ms=0) as (room, operator):
        name = str(uuid4())
        with failing_commits(happen=happen):
            refused = await command(operator, "scorer", "restart", name)
            assert refused["code"] == "UNAVAILABLE"
            assert await restarts(room) == 0
        await room.clock.advance(1)
        await until(lambda: not metric(room.app, "duelcast_audit_waiting_entries"))
        assert (await command(operator, "scorer", "restart", name))["result"]["success"] is True
        assert await restarts(room) == 1
        assert await room.audit("scorer") == [
            ("boss", "admin", "services.restart", "unavailable"),
            ("boss", "admin", "services.restart", "ok"),
        ]
