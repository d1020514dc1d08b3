"""Commands of operators: their effect, what is refused, and that each of them is in the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

import duelcast.domain.operations.commands as module
from duelcast.channels.names import Role
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.errors import (
    CommandFailed,
    CommandInProgress,
    DependencyError,
    HealthCheckFailed,
    InvalidCommand,
    ResetFailed,
    ServiceNotFound,
)
from duelcast.domain.operations.runner import Runner
from duelcast.errors import InvalidRequest
from tests.domain.operations.floor import BAD, GOOD, Doctor
from tests.domain.operations.operators import BOSS, Operators, Stubborn, operators
from tests.store.facts import figure, until
from tests.storing import moved_away

SOON = BreakerSettings(failure_threshold=1)
SECRET = "password of the venue"


@pytest_asyncio.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Operators]:
    async with operators(tmp_path) as made:
        yield made


async def run(floor: Operators, name: str, command: str, **params: Any) -> module.CommandResult:
    return await floor.commands.run(name, command, params, BOSS)


# ── switching ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_start_stop_and_restart_have_taken_effect_when_they_return(floor: Operators) -> None:
    service = floor.add("a")
    for command, running, restarts in (("stop", False, 0), ("start", True, 1), ("restart", True, 2)):
        result = await run(floor, "a", command)
        assert (result.success, service.work.running, service.work.restarts) == (True, running, restarts)
        assert "`a` was" in result.message
    assert floor.statuses("a") == ["unknown", "stopped", "unknown"]
    assert floor.on("skyduel.a")[-1]["service"]["isRunning"]


@pytest.mark.parametrize("command", ["start", "stop"])
async def test_what_is_so_already_succeeds_and_says_so(floor: Operators, command: str) -> None:
    service = floor.add("a")
    if command == "stop":
        await service.work.stop()
    result = await run(floor, "a", command)
    assert result.success
    assert "already" in result.message
    assert service.work.restarts == 0


async def test_a_part_of_the_server_is_switched_with_its_work(floor: Operators) -> None:
    began = asyncio.Event()

    async def work() -> None:
        began.set()
        await asyncio.Event().wait()

    runner = Runner("a", work, floor.clock, lambda: None)
    floor.add("a", work=runner)
    await run(floor, "a", "start")
    assert began.is_set()
    await run(floor, "a", "stop")
    assert not runner.running


async def test_a_service_is_checked_as_soon_as_it_is_started(floor: Operators) -> None:
    doctor = Doctor(floor.clock)
    floor.add("a", check=doctor, check_interval_s=1_000.0)
    async with floor.working():
        await run(floor, "a", "stop")
        await floor.clock.advance(5)
        await run(floor, "a", "start")
        await floor.clock.advance(0)
    assert doctor.asked_s == [0.0, 5.0]


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_unknown_services_commands_and_params_are_refused(floor: Operators) -> None:
    floor.add("a", can_be_switched=False)
    with pytest.raises(ServiceNotFound):
        await run(floor, "b", "start")
    with pytest.raises(InvalidCommand) as refused:
        await run(floor, "a", "start")
    assert refused.value.extra == {"commands": ["health_check"]}
    with pytest.raises(InvalidRequest) as unknown:
        await run(floor, "a", "health_check", forse=True)
    assert unknown.value.field == "params.forse"
    with pytest.raises(InvalidRequest) as mistyped:
        await run(floor, "a", "health_check", force=1)
    assert mistyped.value.field == "params.force"


async def test_what_others_that_run_depend_on_is_not_stopped_without_force(floor: Operators) -> None:
    service = floor.add("a")
    floor.add("c", dependencies=("a",))
    other = floor.add("b", dependencies=("a",))
    with pytest.raises(DependencyError) as refused:
        await run(floor, "a", "stop")
    assert refused.value.extra == {"dependents": ["b", "c"]}
    assert "`a` is needed by b, c" in refused.value.message
    assert service.work.running
    await other.work.stop()
    with pytest.raises(DependencyError) as refused:
        await run(floor, "a", "stop", force=False)
    assert refused.value.extra == {"dependents": ["c"]}
    assert (await run(floor, "a", "stop", force=True)).success
    assert not service.work.running


async def test_a_restart_needs_no_force(floor: Operators) -> None:
    floor.add("a")
    floor.add("b", dependencies=("a",))
    assert (await run(floor, "a", "restart")).success


async def test_of_many_dependents_the_message_names_ten(floor: Operators) -> None:
    floor.add("a")
    for number in range(12):
        floor.add(f"s{number:02}", dependencies=("a",))
    with pytest.raises(DependencyError) as refused:
        await run(floor, "a", "stop")
    assert "s09 and others:" in refused.value.message
    assert "s10" not in refused.value.message
    assert len(refused.value.extra["dependents"]) == 12


async def test_one_command_at_a_time_per_service(floor: Operators) -> None:
    may_end = asyncio.Event()
    floor.add("a", work=Stubborn(floor, may_end.wait))
    floor.add("b")
    stopping = asyncio.create_task(run(floor, "a", "stop"))
    await floor.clock.advance(0)
    for command in ("restart", "health_check"):
        with pytest.raises(CommandInProgress):
            await run(floor, "a", command)
    assert (await run(floor, "b", "stop")).success
    may_end.set()
    await stopping
    assert (await run(floor, "a", "start")).success


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_command_that_takes_too_long_fails_and_leaves_the_service_free(
    floor: Operators, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.TIME_LIMIT_S == 30.0
    monkeypatch.setattr(module, "TIME_LIMIT_S", 0.01)
    may_end = asyncio.Event()
    floor.add("a", work=Stubborn(floor, may_end.wait))
    with pytest.raises(CommandFailed, match="took longer than"):
        await run(floor, "a", "stop")
    may_end.set()
    assert (await run(floor, "a", "stop")).success
    assert await floor.outcomes() == [("services.stop", "a", "timeout"), ("services.stop", "a", "ok")]


async def test_a_part_that_takes_too_long_to_end_ends_all_the_same(
    floor: Operators, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIME_LIMIT_S", 0.01)
    may_end = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await may_end.wait()

    runner = Runner("a", work, floor.clock, lambda: floor.registry.mark_dirty(service))
    service = floor.add("a", work=runner)
    await runner.start()
    with pytest.raises(CommandFailed):
        await run(floor, "a", "stop")
    assert floor.statuses("a")[-1] == "unknown"
    may_end.set()
    await floor.clock.advance(0)
    assert floor.statuses("a")[-1] == "stopped"


async def test_a_defect_fails_the_command_without_its_text(floor: Operators) -> None:
    async def fail() -> None:
        raise ValueError(SECRET)

    floor.add("a", work=Stubborn(floor, fail))
    with capture_logs() as logs, pytest.raises(CommandFailed) as failed:
        await run(floor, "a", "stop")
    assert SECRET not in f"{logs}{failed.value.message}{failed.value.extra}"
    assert [log["service"] for log in logs if log["event"] == "command_crashed"] == ["a"]
    assert await floor.outcomes() == [("services.stop", "a", "failed")]
    with pytest.raises(CommandFailed):
        await run(floor, "a", "stop")


async def test_the_effect_and_its_record_are_there_where_who_asked_is_gone(floor: Operators) -> None:
    may_end = asyncio.Event()
    service = floor.add("a", work=Stubborn(floor, may_end.wait))
    stopping = asyncio.create_task(run(floor, "a", "stop"))
    await floor.clock.advance(0)
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    before = figure(floor.database, "commits_total")
    may_end.set()
    await until(lambda: figure(floor.database, "commits_total") > before)
    assert not service.work.running
    assert await floor.outcomes() == [("services.stop", "a", "ok")]


# ── breakers and checks ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_reset_closes_the_breaker(floor: Operators) -> None:
    service = floor.add("a", breaker=SOON)
    assert service.breaker is not None
    for reset in (run(floor, "a", "reset_circuit_breaker"), floor.commands.reset("a", BOSS)):
        service.breaker.record(False, 1.0)
        assert service.breaker_status == "open"
        assert (await reset).success
        assert service.breaker_status != "open"
    assert [turn for _, turn in floor.alerts()] == ["circuit_open", "circuit_closed"] * 2
    assert floor.on("service.a")[-1]["reset_by"] == "admin"
    assert await floor.outcomes() == [("services.reset_circuit_breaker", "a", "ok")] * 2


async def test_without_a_breaker_a_reset_is_refused_and_recorded(floor: Operators) -> None:
    floor.add("a")
    with pytest.raises(InvalidCommand):
        await run(floor, "a", "reset_circuit_breaker")
    with pytest.raises(ResetFailed):
        await floor.commands.reset("a", BOSS)
    with pytest.raises(ServiceNotFound):
        await floor.commands.reset("b", BOSS)
    assert await floor.outcomes() == [("services.reset_circuit_breaker", "a", "reset_failed")]


@pytest.mark.parametrize("healthy", [True, False])
async def test_a_health_check_gives_what_was_found(floor: Operators, healthy: bool) -> None:
    floor.add("a", check=Doctor(floor.clock, healthy=healthy))
    result = await run(floor, "a", "health_check")
    assert (result.success, result.message) == (healthy, GOOD if healthy else BAD)
    assert result.data == {"healthy": healthy, "latency_ms": 3.0}
    assert await floor.outcomes() == [("services.health_check", "a", "ok" if healthy else "failed")]


async def test_a_health_check_of_what_is_stopped_cannot_be_made(floor: Operators) -> None:
    service = floor.add("a", check=Doctor(floor.clock))
    await service.work.stop()
    with pytest.raises(HealthCheckFailed):
        await run(floor, "a", "health_check")
    assert await floor.outcomes() == [("services.health_check", "a", "health_check_failed")]


# ── the audit trail ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_command_is_recorded_with_who_when_and_what_became_of_it(floor: Operators) -> None:
    may_end = asyncio.Event()
    floor.add("a", work=Stubborn(floor, may_end.wait))
    floor.add("b", dependencies=("a",))
    with pytest.raises(DependencyError):
        await run(floor, "a", "stop")
    await floor.clock.advance(1.5)
    stopping = asyncio.create_task(run(floor, "a", "stop", force=True))
    await floor.clock.advance(0)
    with pytest.raises(CommandInProgress):
        await run(floor, "a", "start")
    may_end.set()
    await stopping
    acts = await floor.acts_stored()
    assert [(act.action, act.outcome, act.details) for act in acts] == [
        ("services.stop", "dependency_error", {"command": "stop", "force": False}),
        ("services.start", "command_in_progress", {"command": "start", "force": False}),
        ("services.stop", "ok", {"command": "stop", "force": True}),
    ]
    assert {(act.wallet, act.role, act.target) for act in acts} == {("boss", Role.ADMIN, "a")}
    assert [act.at_ms - acts[0].at_ms for act in acts] == [0, 1_500, 1_500]


async def test_a_command_has_its_effect_while_the_store_is_out_of_reach_and_is_recorded_later(floor: Operators) -> None:
    service = floor.add("a")
    async with floor.storing():
        with moved_away(floor.path):
            assert (await run(floor, "a", "stop")).success
        assert not service.work.running
        await floor.settled()
    assert await floor.outcomes() == [("services.stop", "a", "ok")]


async def test_the_duration_is_that_of_the_effect(floor: Operators) -> None:
    floor.add("a", work=Stubborn(floor, lambda: floor.clock.sleep(1.25)))
    stopping = asyncio.create_task(run(floor, "a", "stop"))
    await floor.clock.advance(2)
    assert (await stopping).duration_ms >= 1_250.0
