"""Managing services (protocol §8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from duelcast.channels.names import Role
from tests.e2e.ending import ending_of
from tests.e2e.following import held
from tests.e2e.operations.control_room import ControlRoom, of_service, of_type
from tests.e2e.operations.patient import Patient, patient
from tests.serving import Client, Frame, client, token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

SKYDUEL = "skyduel"
SERVICE_FIELDS = {
    *("name", "displayName", "description", "version", "kind", "layer", "status", "isRunning"),
    *("hasActiveCircuitBreaker", "dependencies", "dependents", "commands", "lastUpdate", "startedAt", "restarts"),
    "metrics",
}
SWITCHES = ["start", "stop", "restart"]
RESET, CHECK = "reset_circuit_breaker", "health_check"


@pytest_asyncio.fixture(name="asked", loop_scope="module")
async def one_patient() -> AsyncIterator[Patient]:
    async with patient() as made:
        yield made


async def command(operator: Client, service: str, command: str, **params: Any) -> Frame:
    more = {"params": params} if params else {}
    return await operator.ask(type="service_command", serviceName=service, command=command, **more)


async def follow(operator: Client, service: str) -> None:
    assert (await operator.ask(type="subscribe_service", serviceName=service))["type"] == "service_subscribed"
    await operator.drain()


# ── coming ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("wallet", ["boss", "root"])
async def test_admins_are_greeted_with_all_services(room: ControlRoom, wallet: str) -> None:
    async with room.socket(SKYDUEL, wallet, greeted=False) as operator:
        welcome, data, established = await operator.receive_many(3)
        assert [welcome["type"], data["type"]] == ["welcome", "service_data"]
        assert established["type"] == "connection_established"
        assert isinstance(welcome["message"], str)
        assert welcome["connectionId"] == established["connectionId"]
        assert data["services"]
        for service in data["services"]:
            assert service.keys() == SERVICE_FIELDS
        assert established["positions"] == {}
        assert await held(operator) == []
        again = await operator.ask(type="get_services")
        assert again["type"] == "service_data"
        assert [service["name"] for service in again["services"]] == [service["name"] for service in data["services"]]


async def test_the_parts_of_the_server_say_what_may_be_done_with_them(room: ControlRoom) -> None:
    async with room.socket(SKYDUEL) as operator:
        data = await operator.ask(type="get_services")
    found = {service["name"]: service for service in data["services"] if service["kind"] == "internal"}
    assert {name: service["commands"] for name, service in found.items()} == {
        "store": [RESET, CHECK],
        "broker": [CHECK],
        "settings": [CHECK],
        "feed_simulated": [*SWITCHES, RESET, CHECK],
        "scorer": [*SWITCHES, CHECK],
        "contest_clock": [*SWITCHES, CHECK],
        "notifier": [*SWITCHES, CHECK],
        "analytics_writer": [*SWITCHES, CHECK],
    }
    assert found["store"]["dependents"] == [
        *("analytics_writer", "contest_clock", "feed_simulated", "notifier", "scorer", "settings")
    ]
    assert found["scorer"]["dependents"] == []
    assert all(service["isRunning"] and service["startedAt"] for service in found.values())
    assert {service["restarts"] for service in found.values()} == {0}


@pytest.mark.parametrize("query", ["", "?endpoint=public.background_scene", "?channel=skyduel.*"])
async def test_users_are_refused(room: ControlRoom, query: str) -> None:
    async with room.socket(SKYDUEL, "ann", query, greeted=False) as user:
        ending = await ending_of(user)
    assert [frame["code"] for frame in ending.frames] == ["PERMISSION_DENIED"]
    assert (ending.code, ending.reason) == (4003, "PERMISSION_DENIED")


async def test_nobody_comes_without_a_token(room: ControlRoom) -> None:
    async with room.socket(SKYDUEL, None, greeted=False) as stranger:
        ending = await ending_of(stranger)
    assert ([frame["code"] for frame in ending.frames], ending.code) == (["UNAUTHORIZED"], 4001)


async def test_a_machine_does_not_come_in(room: ControlRoom) -> None:
    token = token_for(room.app, "bot", Role.ADMIN, scopes=["operations"])
    async with client(room.app, SKYDUEL, token=token, greeted=False) as machine:
        ending = await ending_of(machine)
    assert ([frame["code"] for frame in ending.frames], ending.code) == (["PERMISSION_DENIED"], 4003)


# ── following ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_service_is_followed_and_left(room: ControlRoom) -> None:
    await room.put_reported("followed")
    async with room.socket(SKYDUEL) as operator:
        for _ in range(2):
            answer = await operator.ask(type="subscribe_service", serviceName="followed")
            assert (answer["type"], answer["serviceName"]) == ("service_subscribed", "followed")
            (snapshot,) = await operator.drain()
            assert (snapshot["type"], snapshot["channel"]) == ("service_update", "skyduel.followed")
            assert snapshot["service"].keys() == SERVICE_FIELDS
        await room.report("followed", False)
        (update,) = of_type(await operator.drain(), "service_update")
        assert (update["service"]["status"], update["seq"] > snapshot["seq"]) == ("degraded", True)
        for _ in range(2):
            answer = await operator.ask(type="unsubscribe_service", serviceName="followed")
            assert (answer["type"], answer["serviceName"]) == ("service_unsubscribed", "followed")
        await room.report("followed", True)
        assert await operator.drain() == []


async def test_all_services_are_followed_as_one(room: ControlRoom) -> None:
    await room.put_reported("before")
    async with room.socket(SKYDUEL) as operator:
        await follow(operator, "before")
        answer = await operator.ask(type="subscribe_service", serviceName="*")
        assert (answer["type"], answer["serviceName"]) == ("service_subscribed", "*")
        (snapshot,) = await operator.drain()
        assert (snapshot["type"], snapshot["channel"], "seq" in snapshot) == ("service_data", "skyduel.*", False)
        assert await held(operator) == ["skyduel.*"]
        await room.put_reported("after")
        for name in ("before", "after"):
            await room.report(name, True)
        frames = await operator.drain()
        assert [frame["service"]["status"] for frame in of_service(frames, "service_update", "before")] == ["healthy"]
        assert of_service(frames, "service_update", "after")[-1]["service"]["status"] == "healthy"
        assert (await operator.ask(type="unsubscribe_service", serviceName="*"))["type"] == "service_unsubscribed"
        await room.report("before", False)
        assert await operator.drain() == []


async def test_a_service_that_goes_says_so_and_its_neighbours_with_it(room: ControlRoom) -> None:
    await room.put_reported("needed")
    await room.put_reported("needing", dependencies=["needed"])
    assert (await room.do("GET", "/services/needed"))["dependents"] == ["needing"]
    async with room.socket(SKYDUEL) as operator:
        await follow(operator, "*")
        await room.do("DELETE", "/services/needing")
        (gone,) = of_service(await operator.drain(), "service_update", "needing")
        assert gone["removed"] is True
        await room.clock.advance(1)
        updates = of_service(await operator.drain(), "service_update", "needed")
        assert updates[-1]["service"]["dependents"] == []


# ── commanding ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_probe_is_stopped_and_started(room: ControlRoom, asked: Patient) -> None:
    await room.put_probe("switched", asked)
    async with room.socket(SKYDUEL) as operator, room.socket(SKYDUEL, "chief") as witness:
        await follow(witness, "switched")
        seen, statuses = [], []
        for what in ("stop", "stop", "start", "start", "restart"):
            answer = await command(operator, "switched", what)
            assert (answer["type"], answer["serviceName"], answer["command"]) == (
                "service_command_result",
                "switched",
                what,
            )
            assert answer["result"]["success"] is True
            assert answer["result"]["message"]
            assert answer["durationMs"] >= 0
            shown = await room.do("GET", "/services/switched")
            seen.append((shown["isRunning"], shown["restarts"]))
            statuses += [frame["service"]["status"] for frame in of_type(await witness.drain(), "service_update")]
        assert seen == [(False, 0), (False, 0), (True, 1), (True, 1), (True, 2)]
        assert "stopped" in statuses
        assert statuses[-1] != "stopped"
    acts = (await room.audit("switched"))[1:]
    assert acts == [
        ("boss", "admin", f"services.{what}", "ok") for what in ("stop", "stop", "start", "start", "restart")
    ]


async def test_while_it_is_stopped_nobody_asks(room: ControlRoom, asked: Patient) -> None:
    await room.put_probe("left-alone", asked, interval_ms=1_000)
    await asked.asked_times(1)
    async with room.socket(SKYDUEL) as operator:
        await command(operator, "left-alone", "stop")
        before = asked.asked
        await room.clock.advance(10)
        await operator.drain()
        assert asked.asked == before
        await command(operator, "left-alone", "start")
        await asked.asked_times(before + 1)
        await command(operator, "left-alone", "stop")


async def test_a_check_is_a_command_too(room: ControlRoom, asked: Patient) -> None:
    await room.put_probe("checked", asked)
    async with room.socket(SKYDUEL, "root") as operator:
        await room.clock.advance(2)
        answer = await command(operator, "checked", CHECK)
        assert answer["result"]["success"] is True
        assert answer["result"]["data"]["healthy"] is True
        await room.clock.advance(2)
        asked.status = 500
        answer = await command(operator, "checked", CHECK)
        assert (answer["type"], answer["result"]["success"]) == ("service_command_result", False)
        assert answer["result"]["data"]["healthy"] is False
    acts = (await room.audit("checked"))[1:]
    assert acts == [("root", "superadmin", "services.health_check", outcome) for outcome in ("ok", "failed")]


async def test_a_breaker_is_reset(room: ControlRoom) -> None:
    await room.open_breaker("reset")
    async with room.socket(SKYDUEL) as operator, room.socket(SKYDUEL) as witness:
        await follow(witness, "reset")
        assert (await room.do("GET", "/services/reset"))["hasActiveCircuitBreaker"] is True
        assert (await command(operator, "reset", RESET))["result"]["success"] is True
        (update,) = of_type(await witness.drain(), "service_update")
        assert (update["service"]["status"], update["service"]["hasActiveCircuitBreaker"]) == ("healthy", False)


@pytest.mark.parametrize(
    ("service", "what", "known"),
    [
        ("store", "stop", [RESET, CHECK]),
        ("store", "restart", [RESET, CHECK]),
        ("broker", RESET, [CHECK]),
        ("settings", "start", [CHECK]),
        ("scorer", RESET, [*SWITCHES, CHECK]),
        ("scorer", "Stop", [*SWITCHES, CHECK]),
        ("scorer", "rm -rf /", [*SWITCHES, CHECK]),
    ],
)
async def test_a_command_that_a_service_does_not_know(
    room: ControlRoom, service: str, what: str, known: list[str]
) -> None:
    async with room.socket(SKYDUEL) as operator:
        refused = await command(operator, service, what, force=True)
        assert (refused["code"], refused["field"], refused["commands"]) == ("INVALID_COMMAND", "command", known)
        assert all(one in refused["message"] for one in known)
        assert (await room.do("GET", f"/services/{service}"))["isRunning"]


async def test_what_there_is_not(room: ControlRoom) -> None:
    async with room.socket(SKYDUEL) as operator:
        assert (await command(operator, "nobody", "stop"))["code"] == "SERVICE_NOT_FOUND"
        for message in (
            {"type": "subscribe_service", "serviceName": "nobody"},
            {"type": "subscribe", "channel": "skyduel.nobody"},
        ):
            assert (await operator.ask(**message))["code"] in ("SERVICE_NOT_FOUND", "UNKNOWN_CHANNEL")
        left = await operator.ask(type="unsubscribe_service", serviceName="nobody")
        assert left["type"] == "service_unsubscribed"
        assert await held(operator) == []


async def test_what_others_depend_on_is_stopped_by_force_alone(room: ControlRoom, asked: Patient) -> None:
    await room.put_probe("floor", asked)
    await room.put_probe("wall", asked, dependencies=["floor"])
    async with room.socket(SKYDUEL) as operator:
        refused = await command(operator, "floor", "stop")
        assert (refused["code"], refused["dependents"]) == ("DEPENDENCY_ERROR", ["wall"])
        assert "wall" in refused["message"]
        assert (await command(operator, "floor", "stop", force=False))["code"] == "DEPENDENCY_ERROR"
        assert (await room.do("GET", "/services/floor"))["isRunning"]
        assert (await command(operator, "floor", "restart"))["result"]["success"]
        assert (await command(operator, "floor", "stop", force=True))["result"]["success"]
        assert not (await room.do("GET", "/services/floor"))["isRunning"]
        assert (await room.do("GET", "/services/wall"))["isRunning"]
        await command(operator, "floor", "start")
        await command(operator, "wall", "stop")
        assert (await command(operator, "floor", "stop"))["result"]["success"]
    outcomes = [outcome for _, _, action, outcome in await room.audit("floor") if action == "services.stop"]
    assert outcomes == ["dependency_error", "dependency_error", "ok", "ok"]


async def test_one_command_of_a_service_at_a_time(room: ControlRoom, asked: Patient) -> None:
    await room.put_probe("busy", asked)
    await room.clock.advance(2)
    async with room.socket(SKYDUEL) as operator, room.socket(SKYDUEL, "chief") as other:
        await command(operator, "busy", CHECK)
        await room.clock.advance(2)
        asked.may_answer.clear()
        await operator.send(type="service_command", serviceName="busy", command=CHECK, requestId="slow")
        assert of_type(await operator.drain(), "service_command_result") == []
        for member in (operator, other):
            assert (await command(member, "busy", "stop"))["code"] == "COMMAND_IN_PROGRESS"
        assert (await command(other, "scorer", CHECK))["result"]["success"]
        asked.may_answer.set()
        assert (await operator.receive_until(requestId="slow"))[-1]["result"]["success"]
        assert (await command(other, "busy", "stop"))["result"]["success"]
    acts = (await room.audit("busy"))[1:]
    assert sorted(acts) == sorted(
        [
            ("boss", "admin", "services.health_check", "ok"),
            ("boss", "admin", "services.health_check", "ok"),
            ("boss", "admin", "services.stop", "command_in_progress"),
            ("chief", "admin", "services.stop", "command_in_progress"),
            ("chief", "admin", "services.stop", "ok"),
        ]
    )


async def test_a_command_goes_on_when_its_operator_leaves(room: ControlRoom, asked: Patient) -> None:
    await room.put_probe("abandoned", asked)
    async with room.socket(SKYDUEL) as operator:
        await command(operator, "abandoned", CHECK)
        await room.clock.advance(2)
        asked.may_answer.clear()
        await operator.send(type="service_command", serviceName="abandoned", command=CHECK)
        await asked.asked_times(2)
    async with room.socket(SKYDUEL, "chief") as other:
        assert (await command(other, "abandoned", "stop"))["code"] == "COMMAND_IN_PROGRESS"
        asked.may_answer.set()
        while (await command(other, "abandoned", "start")).get("code") == "COMMAND_IN_PROGRESS":
            pass
    checks = [act for act in await room.audit("abandoned") if act[2] == "services.health_check"]
    assert checks == [("boss", "admin", "services.health_check", "ok")] * 2


async def test_a_check_that_cannot_be_run_is_told_as_such(room: ControlRoom, asked: Patient) -> None:
    await room.put_reported("unheard")
    await room.put_probe("off", asked)
    async with room.socket(SKYDUEL) as operator:
        await command(operator, "off", "stop")
        for name in ("unheard", "off"):
            assert (await command(operator, name, CHECK))["code"] == "HEALTH_CHECK_FAILED"
            assert (await room.audit(name))[-1] == ("boss", "admin", "services.health_check", "health_check_failed")
