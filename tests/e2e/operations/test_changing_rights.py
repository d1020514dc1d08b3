"""Rights that change while a connection is open (protocol §1.2)."""

from __future__ import annotations

import pytest

from tests.e2e.ending import ending_of
from tests.e2e.following import held
from tests.e2e.operations.control_room import PUBLIC, ControlRoom, of_type

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADMIN_CHANNELS = ["system.settings", "system.services", "system.errors"]


async def set_role(room: ControlRoom, wallet: str, role: str) -> None:
    await room.do("PUT", f"/users/{wallet}", {"role": role}, by="root")


async def test_who_is_no_admin_any_more_leaves_skyduel(room: ControlRoom) -> None:
    await set_role(room, "dismissed", "admin")
    async with room.socket("skyduel", "dismissed") as operator:
        await operator.ask(type="subscribe_service", serviceName="*")
        await set_role(room, "dismissed", "user")
        ending = await ending_of(operator)
    assert (ending.code, ending.reason) == (4003, "PERMISSION_DENIED")
    assert (ending.error["type"], ending.error["code"]) == ("error", "PERMISSION_DENIED")
    async with room.socket("skyduel", "dismissed", greeted=False) as operator:
        assert (await ending_of(operator)).code == 4003


async def test_a_role_that_stays_one_of_admins_changes_nothing_on_skyduel(room: ControlRoom) -> None:
    await set_role(room, "promoted", "admin")
    async with room.socket("skyduel", "promoted") as operator:
        await operator.ask(type="subscribe_service", serviceName="*")
        await set_role(room, "promoted", "superadmin")
        (told,) = of_type(await operator.drain(), "session_updated")
        assert told["user"]["role"] == "superadmin"
        assert await held(operator) == ["skyduel.*"]


async def test_who_is_no_admin_any_more_loses_the_channels_of_admins_on_monitor(room: ControlRoom) -> None:
    await set_role(room, "demoted", "admin")
    async with room.socket("monitor", "demoted") as member:
        await member.drain()
        await set_role(room, "demoted", "user")
        frames = await member.receive_until(type="session_updated")
        ended = of_type(frames, "unsubscription_confirmed")
        assert [(frame["channel"], frame["reason"]) for frame in ended] == [
            (channel, "rights") for channel in ADMIN_CHANNELS
        ]
        assert frames[-1]["user"]["role"] == "user"
        assert await held(member) == ["system.status", "system.maintenance", "public.background_scene"]
        await room.do("PUT", "/settings/after.demotion", {"value": 1}, by="root")
        await room.open_breaker("after-demotion")
        await room.do("POST", "/errors", {"service": "x", "level": "error", "error": "Later."})
        assert await member.drain() == []
        assert (await member.ask(type="get_all_services"))["code"] == "PERMISSION_DENIED"
        assert (await member.ask(type="get_recent_errors"))["code"] == "PERMISSION_DENIED"


async def test_who_is_no_admin_any_more_follows_services_but_resets_none(room: ControlRoom) -> None:
    await room.open_breaker("still-seen")
    await set_role(room, "reduced", "admin")
    async with room.socket("circuit-breaker", "reduced") as member:
        await member.ask(type="subscribe:services")
        await member.drain()
        await set_role(room, "reduced", "user")
        frames = await member.receive_until(type="session_updated")
        assert of_type(frames, "unsubscription_confirmed") == []
        assert await held(member) == ["alerts", "services"]
        refused = await member.ask(type="service:reset_circuit_breaker", service="still-seen")
        assert refused["code"] == "PERMISSION_DENIED"


async def test_a_new_admin_may_follow_and_act_at_once(room: ControlRoom) -> None:
    await room.open_breaker("to-be-reset")
    async with room.socket("monitor", "newcomer") as watcher, room.socket("circuit-breaker", "newcomer") as member:
        await set_role(room, "newcomer", "admin")
        await watcher.receive_until(type="session_updated")
        await member.receive_until(type="session_updated")
        confirmed = await watcher.ask(type="subscribe", channel="system.services")
        assert confirmed["type"] == "subscription_confirmed"
        assert of_type(await watcher.drain(), "all_services")
        assert (await watcher.ask(type="get_recent_errors"))["type"] == "recent_errors"
        reset = await member.ask(type="service:reset_circuit_breaker", service="to-be-reset")
        assert reset["success"] is True


@pytest.mark.parametrize("endpoint", ["circuit-breaker", "monitor", "skyduel"])
async def test_who_is_banned_leaves(room: ControlRoom, endpoint: str) -> None:
    wallet = f"banned-{endpoint}"
    await set_role(room, wallet, "admin")
    async with room.socket(endpoint, wallet) as member:
        await room.do("PUT", f"/users/{wallet}", {"banned": True}, by="root")
        ending = await ending_of(member)
    assert (ending.error["code"], ending.code) == ("PERMISSION_DENIED", 4003)


async def test_a_stranger_who_signs_in_may_do_more_and_is_greeted_no_second_time(room: ControlRoom) -> None:
    async with room.socket("monitor", None, PUBLIC) as stranger:
        await stranger.drain()
        answer = await stranger.ask(type="auth", token=room.token("boss"))
        assert (answer["type"], answer["user"]["role"]) == ("auth_success", "admin")
        assert await stranger.drain() == []
        assert (await stranger.ask(type="get_all_services"))["type"] == "all_services"
        assert (await stranger.ask(type="get_system_status"))["data"].keys() >= {"version", "affected"}
