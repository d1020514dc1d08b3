"""Every message of circuit-breaker, monitor and skyduel, member by member; see `tests.e2e.test_golden_frames`.

Figures that are measured, and numbers that follow from how many writes shared a commit, are left out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.audit import Actor
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.outside import Operation, ServiceDefinition
from duelcast.domain.settings.changing import SettingChange
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.ending import ending_of
from tests.e2e.test_golden_frames import commands_of, events_of
from tests.e2e.transcript import Transcript
from tests.serving import Client, Frame, client, running, token_for

MEASURED = (
    "operations",
    "performance",
    "metrics",
    "latency_ms",
    "durationMs",
    "seq",
    "id",
    "failure_rate",
    "last_success",
)
BOSS = Actor("boss", Role.ADMIN)
COMMON = {"heartbeat", "ping", "subscribe", "unsubscribe", "get_subscriptions", "auth", "authenticate"}
COMMON_ANSWERS = {"heartbeat_ack", "pong", "unsubscription_confirmed", "subscriptions", "auth_success"}
GOOD, BAD = Operation(ok=True, duration_ms=12.5), Operation(ok=False, duration_ms=30.0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest_asyncio.fixture
async def app(clock: ManualClock) -> AsyncIterator[App]:
    """A server with one service outside of it; all of the others were looked at once."""
    async with running(clock) as app:
        for service in app.leader.operations.registry:
            await app.leader.operations.health.check(service, "system")
        definition = ServiceDefinition(
            kind="reported",
            layer="wallet",
            displayName="Wallet gateway",
            description="Signs transactions.",
            version="2.1",
            dependencies=("store",),
            circuit_breaker=BreakerSettings(failure_threshold=2, half_open_calls=1),
        )
        await app.leader.operations.outside.put("wallet", definition, BOSS)
        await clock.advance(1)
        yield app


async def order(transcript: Transcript, admin: Client, request_id: str, **command: object) -> None:
    """Send a command, and hear everything up to its answer, which may be behind that of later messages."""
    transcript.lines.append({"client": {"type": "service_command", **command, "requestId": request_id}})
    await admin.send(type="service_command", **command, requestId=request_id)
    transcript.take(without_outdated(await admin.receive_until(requestId=request_id)))


def without_outdated(frames: list[Frame]) -> list[Frame]:
    """Of the updates of a service the last one: whether those before are sent, or conflated, is a matter of speed."""
    last = {frame["channel"]: frame for frame in frames if frame["type"] == "service_update"}
    return [frame for frame in frames if frame["type"] != "service_update" or frame is last[frame["channel"]]]


def without_other_services(frames: list[Frame]) -> list[Frame]:
    """Those of the server itself are told of when their figures change, which is when something was stored."""
    return [frame for frame in frames if frame["type"] != "service_status" or frame["service"] == "wallet"]


async def test_circuit_breaker(app: App, clock: ManualClock) -> None:
    transcript = Transcript(*MEASURED, settled=app.leader.database.probe)
    user, boss = token_for(app, "ann"), token_for(app, "boss", Role.ADMIN)
    async with (
        client(app, "circuit-breaker", token=user, greeted=False) as ann,
        client(app, "circuit-breaker", token=boss) as admin,
    ):
        await transcript.hear(ann)
        await transcript.say(ann, type="subscribe:layer", layer="wallet", requestId="u1")
        await transcript.say(ann, type="subscribe:layer", layer="moon", requestId="u2")
        await transcript.say(ann, type="subscribe:service", service="wallet", requestId="u3")
        await transcript.say(ann, type="subscribe:service", service="nobody", requestId="u4")
        await transcript.say(ann, type="service:health_check", service="wallet", requestId="u5")
        transcript.note("it fails twice")
        app.leader.operations.outside.report("wallet", [BAD, BAD])
        await transcript.hear(ann)
        await transcript.say(ann, type="service:health_check", service="wallet", requestId="u6")
        await transcript.say(ann, type="service:reset_circuit_breaker", service="wallet", requestId="u7")
        transcript.note("an admin")
        await app.leader.database.probe()
        await admin.drain()
        await transcript.say(admin, type="service:reset_circuit_breaker", service="wallet", requestId="a1")
        await transcript.say(admin, type="service:reset_circuit_breaker", service="broker", requestId="a2")
        await transcript.say(admin, type="subscribe_all", requestId="a3")
        await transcript.say(admin, type="subscribe:services", requestId="a4")
        transcript.note("it works, and then is silent")
        await ann.drain()
        app.leader.operations.outside.report("wallet", [GOOD])
        await clock.advance(1)
        await transcript.hear(ann)
        await clock.advance(60)
        await transcript.hear(ann)
    transcript.check("circuit_breaker")
    endpoint = find_endpoints()["/api/v69/ws/circuit-breaker"]
    assert transcript.types("client") >= commands_of(endpoint) - COMMON
    assert transcript.types("server") >= events_of(endpoint) - COMMON_ANSWERS


async def test_skyduel(app: App, clock: ManualClock) -> None:
    transcript = Transcript(*MEASURED)
    user, boss = token_for(app, "ann"), token_for(app, "boss", Role.ADMIN)
    async with client(app, "skyduel", token=user, greeted=False) as ann:
        transcript.take((await ending_of(ann)).frames)
    async with client(app, "skyduel", token=boss, greeted=False) as admin:
        await transcript.hear(admin)
        await transcript.say(admin, type="get_services", requestId="a1")
        await transcript.say(admin, type="subscribe_service", serviceName="scorer", requestId="a2")
        await transcript.say(admin, type="subscribe", channel="skyduel.store", requestId="a2b")
        for number, command in enumerate(("stop", "start", "restart", "health_check", "fly"), start=3):
            await order(transcript, admin, f"a{number}", serviceName="scorer", command=command)
        await order(transcript, admin, "a8", serviceName="nobody", command="stop")
        await order(transcript, admin, "a9", serviceName="scorer", command="stop", params={"when": 1})
        await transcript.say(admin, type="unsubscribe_service", serviceName="scorer", requestId="a10")
        await transcript.say(admin, type="subscribe_service", serviceName="*", requestId="a11")
        await order(transcript, admin, "a12", serviceName="wallet", command="reset_circuit_breaker")
    transcript.check("skyduel")
    endpoint = find_endpoints()["/api/v69/ws/skyduel"]
    assert transcript.types("client") >= commands_of(endpoint) - COMMON
    assert transcript.types("server") >= events_of(endpoint) - COMMON_ANSWERS


async def test_monitor(app: App, clock: ManualClock) -> None:
    transcript = Transcript(*MEASURED, "version")
    boss = token_for(app, "boss", Role.ADMIN)
    async with (
        client(app, "monitor", "?endpoint=public.background_scene", greeted=False) as guest,
        client(app, "monitor", token=token_for(app, "ann"), greeted=False) as ann,
        client(app, "monitor", token=boss, greeted=False) as admin,
    ):
        for who, one in (("a guest", guest), ("a user", ann), ("an admin", admin)):
            transcript.note(who)
            await transcript.hear(one)
        transcript.note("what a guest may ask for")
        for number, kind in enumerate(("get_system_status", "get_maintenance_status", "get_system_settings"), start=1):
            await transcript.say(guest, type=kind, requestId=f"g{number}")
        await transcript.say(guest, type="get_system_settings", key="chat.max_characters", requestId="g4")
        await transcript.say(guest, type="get_all_services", requestId="g5")
        await transcript.say(guest, type="subscribe", channel="public.status", requestId="g6")
        await transcript.say(guest, type="subscribe", channel="system.services", requestId="g7")
        transcript.note("what an admin may ask for")
        await transcript.say(admin, type="get_system_settings", key="chat.max_characters", requestId="a1")
        await transcript.say(admin, type="get_service_status", service="wallet", requestId="a2")
        await transcript.say(admin, type="get_service_status", service="nobody", requestId="a3")
        await transcript.say(admin, type="get_all_services", requestId="a4")
        transcript.note("an error that comes twice")
        for _ in range(2):
            app.leader.operations.errors.take(
                "wallet", "signer", "error", "It refused password=hunter2", {"attempt": 1}
            )
        await app.leader.database.probe()
        transcript.take(without_other_services(await admin.drain()))
        await clock.advance(10)
        await app.leader.database.probe()
        transcript.take(without_other_services(await admin.drain()))
        await transcript.say(admin, type="get_recent_errors", service="wallet", requestId="a5")
        transcript.note("maintenance, a scene, and a service that is silent")
        settings = app.leader.system_settings
        await settings.update(BOSS, "maintenance_mode", SettingChange(value={"enabled": True, "message": "Soon back."}))
        await settings.update(BOSS, "background_scene", SettingChange(value={"sky": "dusk"}))
        app.leader.operations.outside.report("wallet", [GOOD])
        await clock.advance(3)
        for one in (guest, ann, admin):
            transcript.take(without_other_services(await one.drain()))
    transcript.check("monitor")
    endpoint = find_endpoints()["/api/v69/ws/monitor"]
    assert transcript.types("client") >= commands_of(endpoint) - COMMON
    assert transcript.types("server") >= events_of(endpoint) - COMMON_ANSWERS
