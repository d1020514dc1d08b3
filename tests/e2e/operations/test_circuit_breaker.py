"""Following services and their breakers (protocol §6)."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.ending import ending_of
from tests.e2e.following import held
from tests.e2e.operations.control_room import (
    CLOSED,
    FAILED,
    FAILURES_TO_OPEN,
    HALF_OPENED,
    OPENED,
    PARTS,
    RECOVERED,
    RESET_TIMEOUT_S,
    ControlRoom,
    alerts,
    of_service,
    of_type,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

CIRCUIT_BREAKER = "circuit-breaker"
STATE_FIELDS = {
    *("service", "displayName", "layer", "status", "circuit_breaker", "operations", "performance"),
    *("config", "dependencies", "updated_at"),
}
BREAKER_FIELDS = {
    *("status", "details", "is_open", "failures", "failure_rate", "last_failure", "last_success", "opened_at"),
    *("next_attempt_at", "recovery_attempts", "last_reset"),
}


# ── coming ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("wallet", "is_admin"), [("ann", False), ("boss", True), ("root", True)])
async def test_everybody_is_greeted_with_all_services(room: ControlRoom, wallet: str, is_admin: bool) -> None:
    async with room.socket(CIRCUIT_BREAKER, wallet, greeted=False) as member:
        welcome, state, established = await member.receive_many(3)
        assert [welcome["type"], state["type"]] == ["welcome", "services:state"]
        assert established["type"] == "connection_established"
        assert welcome["capabilities"] == {
            "subscribe": True,
            "healthCheck": True,
            "resetCircuitBreaker": is_admin,
            "adminAccess": is_admin,
        }
        services = {service["service"]: service for service in state["services"]}
        assert services.keys() >= set(PARTS)
        assert list(services) == welcome["channels"]["services"]
        assert welcome["channels"]["all"] == "services"
        assert welcome["channels"]["layers"][:4] == ["data", "contest", "wallet", "infrastructure"]
        for service in services.values():
            assert service.keys() == STATE_FIELDS
            assert service["circuit_breaker"].keys() == BREAKER_FIELDS
        assert established["positions"].keys() == {"alerts"}
        assert await held(member) == ["alerts"]


async def test_the_parts_of_the_server_depend_on_store_and_broker_alone(room: ControlRoom) -> None:
    async with room.socket(CIRCUIT_BREAKER, "ann", greeted=False) as ann:
        (_, state) = await ann.receive_many(2)
    services = {service["service"]: service for service in state["services"]}
    for part in PARTS:
        foundation = part in ("store", "broker")
        assert services[part]["dependencies"] == ([] if foundation else ["store", "broker"])
        guarded = part in ("store", "feed_simulated")
        assert (services[part]["circuit_breaker"]["status"] == "disabled") is not guarded


@pytest.mark.parametrize("query", ["", "?endpoint=services", "?endpoint=public.background_scene"])
async def test_nobody_comes_without_a_token(room: ControlRoom, query: str) -> None:
    async with room.socket(CIRCUIT_BREAKER, None, query, greeted=False) as stranger:
        ending = await ending_of(stranger)
    assert [frame["code"] for frame in ending.frames] == ["UNAUTHORIZED"]
    assert ending.code == 4001


# ── following ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", ["subscribe_all", "subscribe:services"])
async def test_all_services_are_followed_as_one(room: ControlRoom, command: str) -> None:
    name = f"all-{len(command)}"
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann:
        for _ in range(2):
            confirmed = await ann.ask(type=command)
            assert confirmed["type"] == "subscription_confirmed"
            assert (confirmed["channel"], confirmed["kind"], confirmed["seq"]) == ("services", "latest", None)
            (state,) = await room.drain(ann)
            assert (state["type"], state["channel"], "seq" in state) == ("services:state", "services", False)
            assert {service["service"] for service in state["services"]} >= set(PARTS)
        assert await held(ann) == ["alerts", "services"]
        await room.put_reported(name)
        await room.report(name, True)
        updates = of_service(await room.drain(ann), "service:update", name)
        assert (updates[-1]["channel"], updates[-1]["status"]) == (f"service.{name}", "healthy")
        assert updates[-1]["previousStatus"] == "unknown"
        assert updates[-1].keys() >= STATE_FIELDS | {"timestamp", "seq"}


async def test_a_service_is_followed_alone(room: ControlRoom) -> None:
    await room.put_reported("followed")
    await room.put_reported("not-followed")
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann:
        confirmed = await ann.ask(type="subscribe:service", service="followed")
        assert (confirmed["type"], confirmed["channel"]) == ("subscription_confirmed", "service.followed")
        (snapshot,) = await room.drain(ann)
        assert (snapshot["type"], snapshot["seq"], snapshot["status"]) == (
            "service:update",
            confirmed["seq"],
            "unknown",
        )
        for name in ("followed", "not-followed"):
            await room.report(name, False)
        (update,) = of_type(await room.drain(ann), "service:update")
        assert (update["service"], update["status"], update["previousStatus"]) == ("followed", "degraded", "unknown")
        assert (update["circuit_breaker"]["status"], update["circuit_breaker"]["failures"]) == ("degraded", 1)
        await ann.ask(type="unsubscribe", channel="service.followed")
        await room.report("followed", True)
        assert of_type(await room.drain(ann), "service:update") == []


async def test_figures_alone_are_told_once_a_second(room: ControlRoom) -> None:
    await room.put_reported("counting")
    await room.report("counting", True)
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann:
        await ann.ask(type="subscribe:service", service="counting")
        await room.drain(ann)
        for _ in range(10):
            await room.report("counting", True)
        assert await room.drain(ann) == []
        await room.clock.advance(1)
        (update,) = of_type(await room.drain(ann), "service:update")
        assert update["operations"] == {"total": 11, "successful": 11, "failed": 0, "rejected": 0}
        assert "previousStatus" not in update


async def test_a_layer_is_told_with_each_change_of_its_services(room: ControlRoom) -> None:
    layer = "depot"
    await room.put_reported("depot-one", layer=layer)
    await room.put_reported("depot-two", layer=layer)
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann:
        confirmed = await ann.ask(type="subscribe:layer", layer=layer)
        assert (confirmed["type"], confirmed["channel"]) == ("subscription_confirmed", "layer.depot")
        (snapshot,) = await room.drain(ann)
        assert (snapshot["type"], snapshot["status"]) == ("layer:status", "unknown")
        breaker = {"status": "initializing", "is_open": False}
        assert snapshot["services"] == [
            {"service": name, "status": "unknown", "circuit_breaker": breaker} for name in ("depot-one", "depot-two")
        ]
        told = []
        for name, outcomes in (
            ("depot-one", [True]),
            ("depot-two", [False]),
            ("depot-two", [False] * (FAILURES_TO_OPEN - 1)),
        ):
            await room.report(name, *outcomes)
            (status,) = of_type(await room.drain(ann), "layer:status")
            told.append((status["status"], [one["status"] for one in status["services"]]))
        assert told == [
            ("operational", ["healthy", "unknown"]),
            ("warning", ["healthy", "degraded"]),
            ("critical", ["healthy", "circuit_open"]),
        ]
        assert status["services"][1]["circuit_breaker"] == {"status": "open", "is_open": True}


async def test_a_layer_that_is_always_there_may_be_empty(room: ControlRoom) -> None:
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann:
        await ann.ask(type="subscribe:layer", layer="wallet")
        (snapshot,) = await room.drain(ann)
        assert (snapshot["status"], snapshot["services"]) == ("unknown", [])


async def test_what_there_is_not_cannot_be_followed(room: ControlRoom) -> None:
    async with room.socket(CIRCUIT_BREAKER) as admin:
        for message, code in (
            ({"type": "subscribe:layer", "layer": "nowhere"}, "INVALID_LAYER"),
            ({"type": "subscribe:service", "service": "nobody"}, "INVALID_SERVICE"),
            ({"type": "service:health_check", "service": "nobody"}, "INVALID_SERVICE"),
            ({"type": "service:reset_circuit_breaker", "service": "nobody"}, "INVALID_SERVICE"),
            ({"type": "subscribe", "channel": "service.nobody"}, "UNKNOWN_CHANNEL"),
            ({"type": "subscribe", "channel": "layer.nowhere"}, "UNKNOWN_CHANNEL"),
            ({"type": "subscribe", "channel": "skyduel.store"}, "UNKNOWN_CHANNEL"),
        ):
            assert (await admin.ask(**message))["code"] == code
        assert await held(admin) == ["alerts"]


async def test_a_service_that_goes_says_so_and_is_followed_no_more_than_its_name(room: ControlRoom) -> None:
    await room.put_reported("leaving", layer="annex")
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann:
        await ann.ask(type="subscribe:service", service="leaving")
        await room.drain(ann)
        await room.do("DELETE", "/services/leaving")
        (gone,) = of_type(await room.drain(ann), "service:update")
        assert (gone["service"], gone["removed"]) == ("leaving", True)
        assert (await ann.ask(type="subscribe:layer", layer="annex"))["code"] == "INVALID_LAYER"
        assert (await ann.ask(type="subscribe:service", service="leaving"))["code"] == "INVALID_SERVICE"


# ── alerts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_turn_of_a_breaker_is_told_once_in_order_to_everybody(room: ControlRoom) -> None:
    await room.put_reported("turning")
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann, room.socket(CIRCUIT_BREAKER) as admin:
        await room.report("turning", *[False] * (FAILURES_TO_OPEN + 2))
        await room.clock.advance(RESET_TIMEOUT_S)
        await room.report("turning", False)
        await room.clock.advance(2 * RESET_TIMEOUT_S)
        await room.report("turning", True, True)
        frames = await room.drain(ann)
        told = of_service(frames, "service:alert", "turning")
        assert alerts(frames, "turning") == [OPENED, HALF_OPENED, OPENED, HALF_OPENED, CLOSED]
        assert [frame["circuit_breaker"]["status"] for frame in told] == [
            "open",
            "half_open",
            "open",
            "half_open",
            "closed",
        ]
        assert [frame["circuit_breaker"]["recovery_attempts"] for frame in told] == [0, 0, 1, 1, 0]
        assert len({frame["alert"]["id"] for frame in told}) == 5
        assert {frame["channel"] for frame in told} == {"alerts"}
        numbers = [frame["seq"] for frame in of_type(frames, "service:alert")]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert of_service(await room.drain(admin), "service:alert", "turning") == told


async def test_missed_alerts_are_recovered(room: ControlRoom) -> None:
    await room.put_reported("missed")
    async with room.socket(CIRCUIT_BREAKER, "ann", greeted=False) as ann:
        established = (await ann.receive_until(type="connection_established"))[-1]
    await room.report("missed", *[False] * FAILURES_TO_OPEN)
    await room.settled()
    query = f"?since=alerts,{established['epoch']},{established['positions']['alerts']}"
    async with room.socket(CIRCUIT_BREAKER, "ann", query, greeted=False) as ann:
        frames = await ann.receive_until(type="connection_established")
        (confirmed,) = of_type(frames, "subscription_confirmed")
        assert (confirmed["channel"], confirmed["recovered"]) == ("alerts", True)
        assert alerts(frames, "missed") == [OPENED]


async def test_silence_and_its_end_are_told_once(room: ControlRoom) -> None:
    await room.put_reported("silent", silentAfterMs=5_000)
    await room.report("silent", True)
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann:
        await ann.ask(type="subscribe:service", service="silent")
        await room.drain(ann)
        await room.clock.advance(4.9)
        assert alerts(await room.drain(ann), "silent") == []
        await room.clock.advance(0.2)
        frames = await room.drain(ann)
        assert alerts(frames, "silent") == [FAILED]
        (update,) = of_type(frames, "service:update")
        assert (update["status"], update["previousStatus"], update["alert"]["type"]) == (
            "unhealthy",
            "healthy",
            "health_failed",
        )
        await room.clock.advance(60)
        assert alerts(await room.drain(ann), "silent") == []
        await room.report("silent", True)
        frames = await room.drain(ann)
        assert alerts(frames, "silent") == [RECOVERED]
        assert of_type(frames, "service:update")[-1]["status"] == "healthy"


# ── resetting ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("wallet", "role"), [("boss", "admin"), ("root", "superadmin")])
async def test_an_admin_closes_a_breaker(room: ControlRoom, wallet: str, role: str) -> None:
    name = f"closed-by-{wallet}"
    await room.open_breaker(name)
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann, room.socket(CIRCUIT_BREAKER, wallet) as admin:
        await ann.ask(type="subscribe:service", service=name)
        await room.drain(ann)
        for _ in range(2):
            answer = await admin.ask(type="service:reset_circuit_breaker", service=name)
            assert answer["type"] == "service:circuit_breaker_reset_result"
            assert (answer["service"], answer["success"], answer["status"]) == (name, True, "closed")
        frames = await room.drain(ann)
        assert alerts(frames, name) == [CLOSED]
        update = of_type(frames, "service:update")[-1]
        assert (update["status"], update["circuit_breaker"]["status"], update["reset_by"]) == (
            "healthy",
            "closed",
            "admin",
        )
        assert update["circuit_breaker"]["last_reset"] is not None
        assert wallet not in repr(frames).replace(name, "")
    assert (await room.audit(name))[1:] == [(wallet, role, "services.reset_circuit_breaker", "ok")] * 2


async def test_a_user_closes_none(room: ControlRoom) -> None:
    await room.open_breaker("kept-open")
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann:
        for name in ("kept-open", "nobody"):
            refused = await ann.ask(type="service:reset_circuit_breaker", service=name)
            assert refused["code"] == "PERMISSION_DENIED"
    assert (await room.do("GET", "/services/kept-open"))["status"] == "circuit_open"
    assert [action for _, _, action, _ in await room.audit("kept-open")] == ["services.put"]


async def test_what_has_no_breaker_cannot_be_reset(room: ControlRoom) -> None:
    async with room.socket(CIRCUIT_BREAKER) as admin:
        refused = await admin.ask(type="service:reset_circuit_breaker", service="scorer")
        assert refused["code"] == "RESET_FAILED"
    assert (await room.audit("scorer"))[-1][3] == "reset_failed"


async def test_commands_of_a_connection_are_answered_in_their_order(room: ControlRoom) -> None:
    await room.open_breaker("ordered")
    async with room.socket(CIRCUIT_BREAKER) as admin:
        for number, kind in enumerate(("subscribe:service", "service:reset_circuit_breaker", "subscribe:service")):
            await admin.send(type=kind, service="ordered", requestId=f"r{number}")
        frames = await room.drain(admin)
        assert [frame["requestId"] for frame in frames if "requestId" in frame] == ["r0", "r1", "r2"]


async def test_many_admins_reset_at_once(room: ControlRoom) -> None:
    await room.open_breaker("contended")
    async with room.socket(CIRCUIT_BREAKER, "ann") as ann, room.socket(CIRCUIT_BREAKER) as boss:
        async with room.socket(CIRCUIT_BREAKER, "chief") as chief:
            answers = await asyncio.gather(
                *(one.ask(type="service:reset_circuit_breaker", service="contended") for one in (boss, chief))
            )
        assert all(one.get("success") or one["code"] == "COMMAND_IN_PROGRESS" for one in answers)
        assert any(one.get("success") for one in answers)
        assert alerts(await room.drain(ann), "contended") == [CLOSED]
    assert len(await room.audit("contended")) == 3
