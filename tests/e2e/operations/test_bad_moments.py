"""Operators act while the server drains, or while its store is out of reach."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from duelcast.app import App
from duelcast.wire.timestamps import format_time
from tests.e2e.contest.contest_room import Stage, join, stage
from tests.e2e.ending import ending_of
from tests.e2e.operations.control_room import CLOSED, OPENED, ControlRoom, alerts, control_room
from tests.e2e.operations.patient import patient
from tests.serving import Client, Frame
from tests.storing import moved_away

FEED = "feed_simulated"
FAILURES_TO_OPEN = 5
RESET = ("root", "superadmin", "services.reset_circuit_breaker", "ok")
PATIENCE_S = 60.0


def step_s(app: App) -> float:
    """How far to move the clock: while somebody tries the store, little enough for them to be done in time."""
    return 0.5 if app.leader.operations.registry["store"].status == "circuit_open" else 0.01


async def command(operator: Client, service: str, what: str) -> Frame:
    return await operator.ask(type="service_command", serviceName=service, command=what)


async def test_a_command_under_way_when_the_server_drains_ends_and_is_audited(tmp_path: Path) -> None:
    async with patient() as asked:
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(AsyncExitStack())
            room = await server.enter_async_context(control_room(data_dir=tmp_path))
            await room.put_probe("slow", asked)
            await asked.asked_times(1)
            operator = await stack.enter_async_context(room.socket("skyduel"))
            await command(operator, "slow", "health_check")
            await room.clock.advance(2)
            asked.may_answer.clear()
            await operator.send(type="service_command", serviceName="slow", command="health_check")
            await asked.asked_times(2)
            stopping = asyncio.create_task(server.aclose())
            assert (await ending_of(operator)).code == 1012
            asked.may_answer.set()
            await stopping
        async with control_room(data_dir=tmp_path) as room:
            acts = [act for act in await room.audit("slow") if act[2] == "services.health_check"]
            assert acts == [("boss", "admin", "services.health_check", "ok")] * 2


async def test_a_command_whose_operator_has_gone_is_waited_for_too(tmp_path: Path) -> None:
    async with patient() as asked:
        async with AsyncExitStack() as server:
            room = await server.enter_async_context(control_room(data_dir=tmp_path))
            await room.put_probe("slow", asked)
            async with room.socket("skyduel") as operator:
                await command(operator, "slow", "health_check")
                await room.clock.advance(2)
                asked.may_answer.clear()
                await operator.send(type="service_command", serviceName="slow", command="health_check")
                await asked.asked_times(2)
            async with room.socket("circuit-breaker", "ann") as ann:
                stopping = asyncio.create_task(server.aclose())
                assert (await ending_of(ann)).code == 1012
            # Without the wait it would be done by then, and the act lost.
            done, _ = await asyncio.wait({stopping}, timeout=1)
            assert not done
            asked.may_answer.set()
            await stopping
        async with control_room(data_dir=tmp_path) as room:
            acts = [act for act in await room.audit("slow") if act[2] == "services.health_check"]
            assert acts == [("boss", "admin", "services.health_check", "ok")] * 2


async def fail_until_open(room: ControlRoom, watcher: Client) -> list[Frame]:
    """Writes that fail, until the breaker of the store opens: what is told meanwhile."""
    told: list[Frame] = []
    async with asyncio.timeout(PATIENCE_S):
        while OPENED not in alerts(told, "store"):
            refused = await room.refusal("PUT", "/settings/some.thing", {"value": 1})
            assert refused == (503, "UNAVAILABLE")
            told += await watcher.drain()
    return told


async def until_closed(room: ControlRoom, watcher: Client, told: list[Frame]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while CLOSED not in alerts(told, "store"):
            await room.clock.advance(step_s(room.app))
            told += await watcher.drain()


async def test_commands_act_while_the_store_is_away_and_are_audited_later(tmp_path: Path) -> None:
    async with (
        control_room(data_dir=tmp_path) as room,
        room.socket("skyduel", "root") as operator,
        room.socket("circuit-breaker", "ann") as watcher,
    ):
        with moved_away(tmp_path / "duelcast.db"):
            told = await fail_until_open(room, watcher)
            assert (await command(operator, FEED, "stop"))["result"]["success"] is True
            assert (await room.do("GET", f"/services/{FEED}"))["isRunning"] is False
            acted_s = room.clock.time()
            assert (await command(operator, FEED, "start"))["result"]["success"] is True
            assert (await command(operator, "store", "reset_circuit_breaker"))["result"]["success"] is True
            async with room.socket("monitor", greeted=False) as admin:
                types = [frame["type"] for frame in await admin.receive_until(type="connection_established")]
                assert "all_services" in types
        await until_closed(room, watcher, told)
        async with asyncio.timeout(PATIENCE_S):
            while RESET not in await room.audit("store"):
                await room.clock.advance(step_s(room.app))
        acts = [("root", "superadmin", f"services.{what}", "ok") for what in ("stop", "start")]
        assert await room.audit(FEED) == acts
        (started, _) = (await room.do("GET", f"/audit?target={FEED}"))["data"]
        assert started["timestamp"] == format_time(acted_s)


async def test_acts_that_wait_are_stored_when_the_server_stops_behind_the_outage(tmp_path: Path) -> None:
    async with (
        control_room(data_dir=tmp_path) as room,
        room.socket("skyduel") as operator,
        room.socket("circuit-breaker", "ann") as watcher,
    ):
        with moved_away(tmp_path / "duelcast.db"):
            await fail_until_open(room, watcher)
            assert (await command(operator, FEED, "restart"))["result"]["success"] is True
    async with control_room(data_dir=tmp_path) as room:
        assert await room.audit(FEED) == [("boss", "admin", "services.restart", "ok")]


async def test_chat_is_refused_at_once_while_the_breaker_is_open_and_works_again(tmp_path: Path) -> None:
    async with stage(data_dir=tmp_path) as scene, scene.socket("ann") as ann:
        contest = await scene.contest(starts_in_s=86_400, lasts_s=86_400)
        await join(ann, contest)
        with moved_away(tmp_path / "duelcast.db"):
            for number in range(FAILURES_TO_OPEN):
                refused = await ann.ask(type="send_chat_message", contestId=contest, text=f"lost {number}")
                assert refused["code"] == "UNAVAILABLE"
            assert scene.app.readiness().missing
        # The store is back, and only time lets somebody try it.
        refused = await ann.ask(type="send_chat_message", contestId=contest, text="refused at once")
        assert (refused["code"], refused["retryAfterMs"] > 0) == ("UNAVAILABLE", True)
        assert store_status(scene) == "circuit_open"
        async with asyncio.timeout(PATIENCE_S):
            while store_status(scene) != "healthy":
                await scene.clock.advance(step_s(scene.app))
                await ann.drain()
        sent = await ann.ask(type="send_chat_message", contestId=contest, text="again")
        assert (sent["type"], sent["data"]["text"]) == ("chat_message", "again")
        assert not scene.app.readiness().missing
        asked = await ann.ask(type="get_chat_messages", contestId=contest)
        assert [message["text"] for message in asked["data"]] == ["again"]


def store_status(scene: Stage) -> str:
    return scene.app.leader.operations.registry["store"].status
