"""Maintenance: users read, and admins alone write (protocol §1.4)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.wire.timestamps import format_time
from tests.e2e.contest.contest_room import Stage, join, stage
from tests.serving import SECRET, client
from tests.store.facts import LIMIT_S

WRITES: list[tuple[str, str, Any]] = [
    ("PATCH", "/users/me", {"nickname": "Ann"}),
    ("POST", "/contests/1/entries", {"portfolio": []}),
    ("PUT", "/contests/1/entries/me/portfolio", {"portfolio": []}),
    ("DELETE", "/contests/1/entries/me", None),
    ("PUT", "/settings/a.b", {"value": 1}),
]


async def begin(scene: Stage, **value: Any) -> None:
    await scene.do("PUT", "/settings/maintenance_mode", {"value": {"enabled": True, **value}})


async def is_on(scene: Stage) -> bool:
    """By what happens to a user; what is stored follows."""
    enabled = await refuses(scene)
    async with asyncio.timeout(LIMIT_S):
        while bool((await scene.do("GET", "/settings/maintenance_mode"))["value"]["enabled"]) is not enabled:
            pass
    return enabled


async def refuses(scene: Stage) -> bool:
    """Whether a user may not write."""
    answer = await scene.call("PATCH", "/users/me", {"nickname": "Writer"}, by="writer")
    return answer.status_code == 503 and answer.json()["code"] == "MAINTENANCE"


async def end(scene: Stage) -> None:
    await scene.do("PUT", "/settings/maintenance_mode", {"value": {"enabled": False}})


async def test_users_may_not_chat_and_admins_may() -> None:
    async with stage() as scene:
        contest = await scene.contest()
        async with scene.socket("ann") as ann, scene.socket("boss") as boss:
            await join(ann, contest)
            await join(boss, contest)
            await begin(scene)
            refused = await ann.ask(type="send_chat_message", contestId=contest, text="hi")
            assert (refused["code"], refused["retryAfterMs"]) == ("MAINTENANCE", 60_000)
            assert (await boss.ask(type="send_chat_message", contestId=contest, text="hi"))["type"] == "chat_message"
            assert (await ann.ask(type="get_chat_messages", contestId=contest))["type"] == "chat_messages"
            assert (await ann.ask(type="join_contest_room", contestId=contest))["type"] == "contest_room_joined"
            await end(scene)
            sent = await ann.ask(type="send_chat_message", contestId=contest, text="again")
            assert sent["type"] == "chat_message"


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_every_write_of_a_user_is_refused(method: str, path: str, body: Any) -> None:
    async with stage() as scene:
        until_s = scene.clock.time() + 90
        await begin(scene, until=format_time(until_s))
        for by in ("ann", None):
            answer = await scene.call(method, path, body, by=by)
            assert (answer.status_code, answer.json()["code"]) == (503, "MAINTENANCE")
            assert (answer.headers["Retry-After"], answer.json()["retryAfterMs"]) == ("90", 90_000)
        assert (await scene.call(method, path, body)).status_code != 503


async def test_machines_are_refused_and_signing_in_goes_on() -> None:
    async with stage() as scene:
        await begin(scene)
        price = [{"symbol": "SOL", "price": 1.0}]
        for role in (Role.USER, Role.ADMIN):
            machine = TokenIssuer(scene.clock, SECRET).issue("bot", role, scopes=["prices"])
            answer = await scene.call("POST", "/tokens/prices", price, by=None, Authorization=f"Bearer {machine}")
            assert (answer.status_code, answer.json()["code"]) == (503, "MAINTENANCE")
            assert answer.headers["Retry-After"] == "60"
        assert (await scene.call("POST", "/tokens/prices", price)).status_code == 200
        assert (await scene.call("POST", "/auth/challenge", {"wallet": "x"}, by=None)).json()["code"] != "MAINTENANCE"
        assert (await scene.call("GET", "/contests", by="ann")).status_code == 200


async def test_it_ends_by_itself_and_says_so() -> None:
    async with stage() as scene, client(scene.app, "system-settings", token=scene.token("ann")) as ann:
        await ann.ask(type="subscribe_setting", key="maintenance_mode")
        await begin(scene, message="Back soon.", until=format_time(scene.clock.time() + 60))
        assert await is_on(scene)
        await scene.pass_time(59)
        assert (await ann.drain())[-1]["setting"]["value"]["enabled"]
        await scene.pass_time(1)
        frames = await ann.receive_until(type="setting_update")
        assert frames[-1]["setting"]["value"] == {"enabled": False}
        setting = await scene.do("GET", "/settings/maintenance_mode")
        assert (setting["version"], setting["updatedBy"]) == (2, "system")
        audit = (await scene.do("GET", "/audit?wallet=system"))["data"]
        assert [(row["action"], row["target"]) for row in audit] == [("settings.put", "maintenance_mode")]


async def test_a_later_end_counts() -> None:
    async with stage() as scene:
        await begin(scene, until=format_time(scene.clock.time() + 60))
        await begin(scene, until=format_time(scene.clock.time() + 120))
        await scene.pass_time(119)
        assert await is_on(scene)
        await scene.pass_time(1)
        assert not await is_on(scene)


async def test_it_ends_after_a_restart_too(tmp_path: Path) -> None:
    clock = ManualClock()
    async with stage(clock, data_dir=tmp_path) as scene:
        await begin(scene, until=format_time(clock.time() + 60))
    await clock.advance(61)
    async with stage(clock, data_dir=tmp_path) as scene:
        assert not await refuses(scene)
        async with asyncio.timeout(60):
            while (await scene.do("GET", "/settings/maintenance_mode"))["version"] < 2:
                await clock.advance(0)
        assert (await scene.do("GET", "/settings/maintenance_mode"))["value"] == {"enabled": False}


async def test_without_it_nobody_is_refused() -> None:
    async with stage() as scene:
        assert not await refuses(scene)
