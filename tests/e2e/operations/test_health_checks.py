"""Asking how a service is (protocol §6, `service:health_check`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.operations.control_room import (
    FAILED,
    FAILURES_TO_OPEN,
    PARTS,
    RECOVERED,
    ControlRoom,
    alerts,
    of_service,
    of_type,
)
from tests.e2e.operations.patient import Patient, patient
from tests.serving import Client, Frame

pytestmark = pytest.mark.asyncio(loop_scope="module")

CIRCUIT_BREAKER = "circuit-breaker"


@pytest_asyncio.fixture(name="asked", loop_scope="module")
async def one_patient() -> AsyncIterator[Patient]:
    async with patient() as made:
        yield made


async def put_and_checked(room: ControlRoom, name: str, asked: Patient) -> None:
    """A probe that was checked once."""
    async with room.socket(CIRCUIT_BREAKER) as witness:
        await witness.ask(type="subscribe:services")
        await room.put_probe(name, asked)
        while not any(
            update["status"] != "unknown" for update in of_service([await witness.receive()], "service:update", name)
        ):
            pass


async def check(member: Client, name: str) -> Frame:
    return await member.ask(type="service:health_check", service=name)


async def test_a_healthy_service(room: ControlRoom, asked: Patient) -> None:
    await put_and_checked(room, "well", asked)
    await room.clock.advance(1)
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann, room.socket(CIRCUIT_BREAKER) as admin:
        await ann.ask(type="subscribe:service", service="well")
        await room.drain(ann)
        result = await check(admin, "well")
        assert (result["type"], result["service"]) == ("service:health_check_result", "well")
        assert (result["healthy"], result["status"]) == (True, "healthy")
        assert result["latency_ms"] > 0
        assert result["circuit_breaker"]["status"] == "closed"
        update = await ann.receive_until(type="service:update")
        assert update[-1]["checked_by"] == "admin"
        assert update[-1]["operations"]["successful"] == 2
    assert asked.asked == 2


async def test_that_a_service_is_not_healthy_is_a_result(room: ControlRoom, asked: Patient) -> None:
    await put_and_checked(room, "ill", asked)
    await room.clock.advance(1)
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann, room.socket(CIRCUIT_BREAKER) as admin:
        asked.status = 503
        result = await check(admin, "ill")
        assert (result["healthy"], result["status"]) == (False, "unhealthy")
        assert result["circuit_breaker"]["status"] == "degraded"
        asked.status = 200
        await room.clock.advance(1)
        result = await check(admin, "ill")
        assert (result["healthy"], result["status"]) == (True, "healthy")
        assert alerts(await room.drain(ann), "ill") == [FAILED, RECOVERED]


async def test_an_admin_asks_at_most_once_a_second(room: ControlRoom, asked: Patient) -> None:
    await put_and_checked(room, "seldom", asked)
    await room.clock.advance(1)
    async with room.socket(CIRCUIT_BREAKER) as admin:
        for _ in range(3):
            assert (await check(admin, "seldom"))["healthy"]
        assert asked.asked == 2
        await room.clock.advance(1)
        assert (await check(admin, "seldom"))["healthy"]
        assert asked.asked == 3


async def test_others_get_a_result_of_up_to_10_seconds(room: ControlRoom, asked: Patient) -> None:
    await put_and_checked(room, "seldomer", asked)
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann:
        await ann.ask(type="subscribe:service", service="seldomer")
        await room.clock.advance(9)
        await room.drain(ann)
        assert (await check(ann, "seldomer"))["healthy"]
        assert asked.asked == 1
        assert of_type(await room.drain(ann), "service:update") == []
        await room.clock.advance(1)
        await room.drain(ann)
        assert (await check(ann, "seldomer"))["healthy"]
        assert asked.asked == 2


async def test_who_asks_at_once_shares_a_check(room: ControlRoom, asked: Patient) -> None:
    await put_and_checked(room, "shared", asked)
    await room.clock.advance(60)
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann, room.socket(CIRCUIT_BREAKER) as admin:
        asked.may_answer.clear()
        for member in (ann, admin):
            await member.send(type="service:health_check", service="shared", requestId="check")
            assert of_type(await room.drain(member), "service:health_check_result") == []
        asked.may_answer.set()
        results = [(await member.receive_until(requestId="check"))[-1] for member in (ann, admin)]
        assert [result["healthy"] for result in results] == [True, True]
        assert results[0]["latency_ms"] == results[1]["latency_ms"]
    assert asked.asked == 2


async def test_a_check_holds_up_no_other_command(room: ControlRoom, asked: Patient) -> None:
    await put_and_checked(room, "slow", asked)
    await room.clock.advance(60)
    asked.may_answer.clear()
    async with room.socket(CIRCUIT_BREAKER) as admin:
        await admin.send(type="service:health_check", service="slow", requestId="slow")
        assert (await admin.ask(type="subscribe:service", service="store"))["type"] == "subscription_confirmed"
        asked.may_answer.set()
        (result,) = (await admin.receive_until(requestId="slow"))[-1:]
        assert result["healthy"]


async def test_who_leaves_takes_the_check_from_nobody(room: ControlRoom, asked: Patient) -> None:
    await put_and_checked(room, "left", asked)
    await room.clock.advance(60)
    asked.may_answer.clear()
    async with room.socket(CIRCUIT_BREAKER) as admin:
        async with room.socket(CIRCUIT_BREAKER, "ann") as ann:
            await ann.send(type="service:health_check", service="left")
            await asked.asked_times(2)
            answer = asyncio.create_task(check(admin, "left"))
            await room.drain(ann)
        asked.may_answer.set()
        assert (await answer)["healthy"]
    assert asked.asked == 2


async def test_a_service_that_reports_itself_answers_by_its_last_report(room: ControlRoom) -> None:
    await room.put_reported("reporter", silentAfterMs=5_000)
    async with room.socket(CIRCUIT_BREAKER) as admin:
        assert (await check(admin, "reporter"))["code"] == "HEALTH_CHECK_FAILED"
        await room.report("reporter", True)
        assert (await check(admin, "reporter"))["healthy"]
        await room.report("reporter", False)
        result = await check(admin, "reporter")
        assert (result["healthy"], result["status"], result["latency_ms"]) == (False, "degraded", 5)
        await room.report("reporter", True)
        await room.clock.advance(6)
        result = await check(admin, "reporter")
        assert (result["healthy"], result["status"]) == (False, "unhealthy")


async def test_an_open_breaker_is_a_result_and_nobody_is_asked(room: ControlRoom, asked: Patient) -> None:
    asked.status = 500
    await put_and_checked(room, "opened", asked)
    async with room.socket(CIRCUIT_BREAKER) as admin:
        for _ in range(FAILURES_TO_OPEN - 1):
            await room.clock.advance(1)
            result = await check(admin, "opened")
        assert (result["healthy"], result["status"]) == (False, "circuit_open")
        await room.clock.advance(1)
        result = await check(admin, "opened")
        assert (result["healthy"], result["status"]) == (False, "circuit_open")
        assert result["circuit_breaker"]["is_open"]
    assert asked.asked == FAILURES_TO_OPEN
    assert (await room.do("GET", "/services/opened"))["metrics"]["rejected"] == 1


@pytest.mark.parametrize("wallet", ["ann", "boss"])
async def test_what_is_stopped_cannot_be_checked(room: ControlRoom, asked: Patient, wallet: str) -> None:
    name = f"stopped-for-{wallet}"
    await put_and_checked(room, name, asked)
    async with room.socket("skyduel") as admin, room.socket(CIRCUIT_BREAKER, wallet) as member:
        await admin.ask(type="service_command", serviceName=name, command="stop")
        await room.clock.advance(60)
        assert (await check(member, name))["code"] == "HEALTH_CHECK_FAILED"
    assert asked.asked == 1


async def test_the_parts_of_the_server_are_checked_too(room: ControlRoom) -> None:
    await room.clock.advance(60)
    async with room.socket(CIRCUIT_BREAKER) as admin:
        for name in PARTS:
            result = await check(admin, name)
            assert (result["service"], result["healthy"], result["status"]) == (name, True, "healthy")
